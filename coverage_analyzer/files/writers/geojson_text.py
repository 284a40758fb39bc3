"""Geometries as the text of GeoJSON, in as few digits as give their coordinates again.

A corner of a polygon is written as 32 bytes that are looked up in tables, eight at a time of four
bytes each; those that a shorter number does not need are zero, and are left out at the end.
"""

import functools
import itertools
import json
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.geometry import Geometries

DECIMALS: Final = 7
"""Decimals of a degree: a centimetre, as RFC 7946 recommends at most."""

HIGH, LOW = 10_000, 1_000
"""What the first four and the last three decimals count up to."""

MOST_DEGREES: Final = 1000
"""Degrees have at most three digits."""

CORNERS_AT_ONCE: Final = 1 << 13

Words = npt.NDArray[np.uint32]


class _Tables(NamedTuple):
    """Four bytes each for what a number is made of."""

    degrees: Words
    """Whole degrees and the point."""
    high: Words
    """The first four decimals, if others follow."""
    last: Words
    """The first four decimals, if none follow: without zeros at the end, but for the first one."""
    low: Words
    """The last three decimals, without zeros at the end; the fourth byte is free."""
    small: Words
    """Numbers below 0.0001 as a whole, which are written with an exponent. Shape (1000, 3)."""


def geojson(geometry: Geometries) -> list[str]:
    """Return geometries as GeoJSON, their coordinates rounded to `DECIMALS`, without heights.

    Parameters
    ----------
    geometry
        In degrees, shape (n,).
    """
    polygonal = np.isin(
        shapely.get_type_id(geometry),
        (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
    )
    plain = polygonal & ~shapely.is_empty(geometry)
    others = shapely.transform(geometry[~plain], lambda places: np.round(places, DECIMALS))
    result = np.empty(len(geometry), object)
    result[plain] = _polygon_texts(geometry[plain])
    result[~plain] = [shapely.to_geojson(shape) for shape in others]
    texts: list[str] = result.tolist()
    return texts


def _polygon_texts(geometry: Geometries) -> list[str]:
    """Return (multi)polygons that are not empty as GeoJSON."""
    parts, owner = shapely.get_parts(geometry, return_index=True)
    rings, polygon = shapely.get_rings(parts, return_index=True)
    text, ends = _corner_texts(shapely.get_coordinates(rings))
    after = ends[np.cumsum(shapely.get_num_coordinates(rings))].tolist()
    # Each corner has a comma before it: that of the first one is left out.
    texts = [f"[{text[a + 1 : b]}]" for a, b in itertools.pairwise([0, *after])]
    shells = [f"[{','.join(texts[some])}]" for some in _ranges(polygon, len(parts))]
    is_multiple = shapely.get_type_id(geometry) == shapely.GeometryType.MULTIPOLYGON
    return [
        _shape_text(",".join(shells[some]), multiple)
        for some, multiple in zip(_ranges(owner, len(geometry)), is_multiple.tolist(), strict=True)
    ]


def _ranges(owner: Ints, count: int) -> list[slice]:
    """Return the range of parts of each of some owners; parts are sorted by their owner."""
    first = np.searchsorted(owner, np.arange(count + 1)).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(first)]


def _shape_text(polygons: str, is_multiple: bool) -> str:
    if is_multiple:
        return f'{{"type":"MultiPolygon","coordinates":[{polygons}]}}'
    return f'{{"type":"Polygon","coordinates":{polygons}}}'


def _corner_texts(corners: Floats) -> tuple[str, Ints]:
    """Return places as text ``,[x,y]`` each, and where the first ones end, from none to all.

    Parameters
    ----------
    corners
        Shape (n, 2).
    """
    pieces = []
    for part in arrays.slices(len(corners), CORNERS_AT_ONCE):
        words = np.zeros((part.stop - part.start, 8), np.uint32)
        for axis in (0, 1):
            _put_numbers(words[:, 4 * axis : 4 * axis + 4], corners[part, axis])
        characters = words.view(np.uint8)
        for place, character in ((1, ","), (2, "["), (15, ","), (31, "]")):
            characters[:, place] = ord(character)
        pieces.append(words.tobytes().translate(None, b"\0"))
    text = b"".join(pieces)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("]")) + 1
    return text.decode("ascii"), np.append(0, ends)


def _put_numbers(words: Words, values: Floats) -> None:
    """Write numbers into four words each: the sign, degrees, and decimals.

    Parameters
    ----------
    words
        Zeros, shape (n, 4).
    values
        Shape (n,).
    """
    tables = _tables()
    units = np.rint(values * 10.0**DECIMALS)
    count = np.abs(units).astype(np.int64)
    whole = count // (HIGH * LOW)
    count -= whole * (HIGH * LOW)
    high = count // LOW
    low = count - high * LOW
    words[:, 0] = np.where(np.signbit(units), _words(["\0\0\0-"])[0], 0)
    words[:, 1] = tables.degrees.take(whole)
    words[:, 2] = np.where(low > 0, tables.high.take(high), tables.last.take(high))
    words[:, 3] = tables.low.take(low)
    small = np.flatnonzero((whole == 0) & (high == 0))
    words[small, 1:] = tables.small[low[small]]


@functools.cache
def _tables() -> _Tables:
    """Return the tables."""
    high = [f"{number:04}" for number in range(HIGH)]
    small = [json.dumps(number / 10**DECIMALS) for number in range(LOW)]
    return _Tables(
        degrees=_words([f"{number}.".rjust(4, "\0") for number in range(MOST_DEGREES)]),
        high=_words(high),
        last=_words([text[0] + text[1:].rstrip("0") for text in high]),
        low=_words([f"{number:03}".rstrip("0") for number in range(LOW)]),
        small=np.column_stack([_words([t[at : at + 4] for t in small]) for at in (0, 4, 8)]),
    )


def _words(texts: list[str]) -> Words:
    """Return texts of up to four characters as four bytes each."""
    return np.frombuffer(np.array(texts, "S4").tobytes(), np.uint32)
