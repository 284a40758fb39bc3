"""``service_areas.geojson``: the areas each center serves by road in time, and the unserved."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import shapely

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.writers.areas import write_geojson
from coverage_analyzer.matching.centers import Centers

NAME: Final = "service_areas.geojson"


class ServicePart(NamedTuple):
    """One part of a center's area on the map.

    ``kind`` is ``served`` (reached within ``minutes``), ``unserved`` (a part of the coverage area
    with roads that is not), or ``no_road_data`` (a part for which the roads have no data).
    """

    center_id: str
    minutes: float
    kind: str
    geometry: Any


def write(path: Path, parts: Sequence[ServicePart], attribution: str) -> None:
    """Write parts as features.

    Parameters
    ----------
    path
        The file.
    parts
        With polygons in degrees, split at 180.
    attribution
        Attribution of their data.
    """
    rows = [{n: getattr(part, n) for n in ("center_id", "minutes", "kind")} for part in parts]
    write_geojson(path, rows, [part.geometry for part in parts], attribution=attribution)


def parts(path: Path, centers: Centers, kind: str) -> dict[int, Any]:
    """Return the parts of one kind (`ServicePart`), by position of the center.

    Raises
    ------
    InputError
        If it cannot be read, or belongs to other centers.
    """
    position = {center_id: n for n, center_id in enumerate(centers.center_id)}
    try:
        features = documents.read_json(path, max_bytes=documents.MAX_AREA_BYTES)["features"]
        shapes_of: dict[int, list[Any]] = {}
        for f in features:
            if f["properties"]["kind"] == kind:
                shape = shapely.from_geojson(json.dumps(f["geometry"]))
                shapes_of.setdefault(position[f["properties"]["center_id"]], []).append(shape)
        return {
            n: shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
            for n, shapes in shapes_of.items()
        }
    except (OSError, ValueError, KeyError, TypeError, shapely.errors.GEOSException) as error:
        msg = (
            f"{path} does not contain the service areas of this run ({error!r}). Run drive-times "
            f"again."
        )
        raise InputError(msg) from None
