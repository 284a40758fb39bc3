"""``service_areas.geojson``: what each center reaches by road in time, and what it does not."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import shapely

from coverage_analyzer import documents
from coverage_analyzer.centers import Centers
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import report

NAME: Final = "service_areas.geojson"


def write(
    path: Path, reached: Mapping[int, Any], left: Mapping[int, Any], told: Sequence[dict[str, Any]]
) -> None:
    """Write both as features whose ``kind`` is ``served`` or ``unserved``.

    Parameters
    ----------
    path
        The file.
    reached, left
        Polygons in degrees, split at 180, by the position of a center.
    told
        The properties of each center.
    """
    some = [(n, "served", shape) for n, shape in reached.items()]
    some += [(n, "unserved", shape) for n, shape in left.items()]
    rows = [told[n] | {"kind": kind} for n, kind, _ in some]
    report.write_geojson(path, rows, [shape for _, _, shape in some])


def unserved(path: Path, centers: Centers) -> dict[int, Any]:
    """Return what is not served, by the position of its center.

    Raises
    ------
    InputError
        If it cannot be read, or is of other centers.
    """
    position = {center_id: n for n, center_id in enumerate(centers.center_id)}
    try:
        features = documents.read_json(path, max_bytes=documents.MAX_AREA_BYTES)["features"]
        return {
            position[f["properties"]["center_id"]]: shapely.from_geojson(json.dumps(f["geometry"]))
            for f in features
            if f["properties"]["kind"] == "unserved"
        }
    except (OSError, ValueError, KeyError, TypeError, shapely.errors.GEOSException) as error:
        msg = f"{path} does not hold the service areas of this run ({error!r}); look again by road."
        raise InputError(msg) from None
