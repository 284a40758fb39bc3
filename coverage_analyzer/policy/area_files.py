"""Files of areas of a policy: GeoJSON next to the policy, read once, checked and hashed.

Nothing is fetched, and no file outside the folder of the policy is read. The polygons are kept as
WKB with the policy, so that workers need no file. Edges are straight lines in longitude and
latitude (RFC 7946, section 3.1.1).
"""

import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any, Final, NamedTuple

import numpy as np

from coverage_analyzer import documents
from coverage_analyzer.arrays import Floats
from coverage_analyzer.errors import InputError, visible

MAX_BYTES: Final = 16 << 20
"""Maximum size of a file of areas; a country by counties needs a tenth of it at 100 m."""

MAX_AREA_FILES: Final = 9
"""Maximum number of different files of areas of a policy, which run folders keep."""

MAX_FAULTS: Final = 5
"""Maximum number of faults of one file in a message; the rest is counted."""

MAX_DEPTH: Final = 8
"""Maximum depth of geometry collections."""

_WGS84: Final = re.compile(r"(CRS:?84|(EPSG|epsg)[:/\w.]*:?4326)$")
"""End of the names of WGS 84 in the ``crs`` member of older files."""


class AreaFile(NamedTuple):
    """A file: its bytes, their hash, and its polygons as WKB."""

    data: bytes
    sha256: str
    polygons: tuple[bytes, ...]


_READ: Final[dict[str, AreaFile]] = {}
"""The files read by this process, by hash: a policy built from data finds its polygons here."""


def known_file(sha256: str | None) -> AreaFile | None:
    """Return a file that this process has read, by its hash."""
    return _READ.get(sha256 or "")


def read_area_file(name: str, folder: Path) -> AreaFile:
    """Read a file of areas.

    Parameters
    ----------
    name
        Path relative to the folder.
    folder
        Folder of the policy.

    Raises
    ------
    InputError
        If it may not be read, cannot be read, or its polygons are invalid. The text lacks the
        subject.
    """
    data = read_bytes(name, folder)
    area_file = AreaFile(data, hashlib.sha256(data).hexdigest(), _wkb(data))
    _READ[area_file.sha256] = area_file
    return area_file


def read_bytes(name: str, folder: Path) -> bytes:
    """Return the bytes of a file of areas.

    Raises
    ------
    InputError
        If it may not be read, or cannot be read. The text lacks the subject.
    """
    problem = _path_fault(name) or _link_fault(name, folder)
    path = folder / name
    try:
        if not problem and path.is_file():
            return documents.read_bytes(path, MAX_BYTES)
    except InputError as error:
        raise InputError(_sentence(str(error))) from None
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {visible(str(error))}."
    raise InputError(problem or f"does not exist in {folder}, or is not a regular file.")


def _path_fault(name: str) -> str:
    """Return why a path may not be read, if so: only files in the folder of the policy may."""
    windows = PureWindowsPath(name)
    if "://" in name:
        return "is a web address, and nothing is fetched. Save the file beside the policy."
    if windows.drive or windows.root or name.startswith(("/", "~")):
        return "is an absolute path. Write it relative to the policy file."
    if "\\" in name:
        return "has a backslash. Write / between folders."
    if ".." in name.split("/"):
        return "is outside the folder of the policy. Put the file beside the policy."
    return "" if name.strip() and "\0" not in name else "is not the path of a file."


def _link_fault(name: str, folder: Path) -> str:
    """Return why a file may not be read, if it is a symbolic link, or in one."""
    parts = name.split("/")
    if any(folder.joinpath(*parts[: n + 1]).is_symlink() for n in range(len(parts))):
        return "is a symbolic link, or in one. Put the file itself beside the policy."
    return ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _wkb(data: bytes) -> tuple[bytes, ...]:
    """Return the polygons of a GeoJSON document as WKB.

    Raises
    ------
    InputError
        With all that is wrong, at most `MAX_FAULTS`. The text lacks the subject.
    """
    import shapely

    if not data.strip():
        msg = "is empty."
        raise InputError(msg)
    try:
        document = documents.load_json(data)
    except InputError as error:
        msg = f"is not GeoJSON: it {_sentence(str(error))}"
        raise InputError(msg) from None
    polygons, faults = [], list(_document_faults(document))
    for where, rings in () if faults else _polygons(document):
        problem = rings if isinstance(rings, str) else next(_ring_faults(rings), "")
        if not problem:
            polygon = shapely.Polygon(rings[0], rings[1:])
            if polygon.is_valid:
                polygons.append(polygon)
                continue
            problem = f"is invalid: {shapely.is_valid_reason(polygon)}"
        faults.append(f"{where} {problem}.")
    if not faults and not polygons:
        faults.append("has no polygon.")
    if faults:
        more = len(faults) - MAX_FAULTS
        message = " ".join(faults[:MAX_FAULTS]) + (f" And {more} more." if more > 0 else "")
        raise InputError(message)
    return tuple(shapely.to_wkb(polygons).tolist())


def _document_faults(document: Any) -> Iterator[str]:
    """Yield what is wrong with a document as a whole."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Topology":
        yield "is TopoJSON. Convert it to GeoJSON."
    elif kind not in ("FeatureCollection", "Feature", *_GEOMETRIES):
        yield "is not GeoJSON: it has no type such as FeatureCollection."
    if isinstance(document, dict) and document.get("crs") is not None:
        crs = document["crs"]
        properties = crs.get("properties", {}) if isinstance(crs, dict) else {}
        name = properties.get("name") if isinstance(properties, dict) else None
        if not (isinstance(name, str) and _WGS84.search(name)):
            what = f"the coordinate reference system {visible(str(name or crs))[:60]!r}"
            yield f"has {what}. Convert it to longitude and latitude on WGS 84."


_GEOMETRIES: Final = ("Polygon", "MultiPolygon", "GeometryCollection")


def _polygons(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the place and the rings of each polygon, or text on what else is there."""
    features = document.get("features") if document["type"] == "FeatureCollection" else [document]
    if not isinstance(features, list):
        yield "", "has no list of features"
        return
    for number, feature in enumerate(features, start=1):
        where = f"feature {number}" if document["type"] == "FeatureCollection" else "the geometry"
        if not isinstance(feature, dict):
            yield where, "is not an object"
            continue
        geometry = feature.get("geometry") if feature.get("type") == "Feature" else feature
        if geometry is not None:
            yield from ((where, rings) for rings in _rings(geometry, 0))


def _rings(geometry: Any, depth: int) -> Iterator[Any]:
    """Yield the rings of each polygon of a geometry, or text on what else is there."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    parts = geometry.get("coordinates", []) if isinstance(geometry, dict) else []
    if kind == "Polygon":
        yield _arrays(parts)
    elif kind == "MultiPolygon" and isinstance(parts, list):
        yield from map(_arrays, parts)
    elif kind == "GeometryCollection" and depth < MAX_DEPTH:
        members = geometry.get("geometries")
        for member in members if isinstance(members, list) else ["members"]:
            yield from _rings(member, depth + 1)
    else:
        yield f"is not a polygon but {visible(str(kind))[:40]!r}"


def _arrays(parts: Any) -> Any:
    """Return rings as arrays of longitude and latitude; further coordinates are left out."""
    try:
        rings = [np.array([position[:2] for position in ring], np.float64) for ring in parts]
        numbers = all(
            isinstance(value, (int, float)) and not isinstance(value, bool)
            for ring in parts
            for position in ring
            for value in position[:2]
        )
    except (TypeError, ValueError, OverflowError):
        numbers, rings = False, []
    if not numbers or any(ring.ndim != 2 or ring.shape[1] != 2 for ring in rings):
        return "has coordinates that are not pairs of numbers"
    return rings or "has no ring"


def _ring_faults(rings: list[Floats]) -> Iterator[str]:
    """Yield what is wrong with the rings of a polygon."""
    for ring in rings:
        lon, lat = ring.T
        if len(ring) < 4 or (ring[0] != ring[-1]).any():
            yield "has a ring that is not closed: its last position must repeat the first"
        elif (np.abs(lat) > 90).any() or (np.abs(lon) > 360).any():
            yield (
                "has coordinates that are not longitude and latitude in degrees (in this order): "
                f"{_positions_text(ring, (np.abs(lat) > 90) | (np.abs(lon) > 360))}"
            )
        elif (np.abs(lon) > 180).any():
            yield f"crosses 180 degrees: {_positions_text(ring, np.abs(lon) > 180)}. {SPLIT}"
        else:
            step = np.abs(np.diff(lon))
            pole = (np.abs(lat[1:]) == 90) & (np.abs(lat[:-1]) == 90)
            jumps = (step > 180) & (step < 360) & ~pole
            if jumps.any():
                yield f"crosses 180 degrees at {_positions_text(ring[:-1], jumps)}. {SPLIT}"


SPLIT: Final = "Split it there into two polygons (RFC 7946, section 3.1.9)"


def _positions_text(ring: Floats, which: Any) -> str:
    """Return the first of some positions as text."""
    lon, lat = ring[np.flatnonzero(which)[0]].tolist()
    return f"{lon:g}, {lat:g}"


@functools.lru_cache(maxsize=64)
def shapes(polygons: tuple[bytes, ...]) -> Any:
    """Return polygons, shape (n,), prepared for tests of many points."""
    import shapely

    result = shapely.from_wkb(list(polygons))
    shapely.prepare(result)
    return result
