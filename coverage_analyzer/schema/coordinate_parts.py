"""Coordinates that a table spreads over several columns: minutes, seconds and hemispheres.

Such a table would be read wrong without a word: 52 degrees and 58 minutes as 52, 0.9 W as 0.9 E.
"""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer.schema import column_names
from coverage_analyzer.schema.column_evidence import Evidence
from coverage_analyzer.schema.column_names import name_key, words

_PARTS: Final = frozenset(
    [
        *("min", "mins", "minute", "minutes", "minuten", "minuto", "minutos", "minuti", "minut"),
        *("sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden", "seconde", "secondes"),
        *("segundo", "segundos", "secondi", "secondo", "分", "秒", "минуты", "секунды", "m", "s"),
    ]
)
"""Words of a header that say that it holds minutes or seconds of a coordinate."""

_COMPOUNDS: Final = re.compile(r"(breiten?|längen?|langen?|laengen?)(minuten?|sekunden?)")

_SIDES: Final = {
    "latitude": frozenset(
        ("n", "s", "north", "south", "nord", "süd", "sued", "sud", "norte", "sur")
    )
    | frozenset(("sul", "noord", "zuid", "北", "南")),
    "longitude": frozenset(("e", "w", "o", "east", "west", "ost", "est", "ouest", "oeste", "este"))
    | frozenset(("leste", "oost", "ovest", "東", "西")),
}
"""What cells of a column of hemispheres hold."""

_MARKS: Final = frozenset(("dir", "direction", "hem", "hemi", "hemisphere", "hemisphare", "ref"))
"""Words of a header that say that it holds the hemisphere of a coordinate."""

_BARE: Final = frozenset(("ns", "ew", "eo", "wo", "we", "nsindicator", "ewindicator"))


def minutes_columns(headers: list[str], free: list[int], evidence: Evidence) -> list[int]:
    """Return the columns that hold minutes or seconds of a coordinate.

    Parameters
    ----------
    headers
        As the file has them.
    free
        The positions of those that are not used.
    evidence
        The first cells: minutes and seconds are numbers from 0 to 60.
    """
    if any({"max", "maximum"} & set(words(header)) for header in headers):
        return []  # the least and the greatest of a box
    return [at for at in free if _names_part(headers[at]) and _is_sexagesimal(evidence, at)]


def _names_part(header: str) -> bool:
    """Return whether a header names minutes or seconds of a coordinate."""
    if _COMPOUNDS.fullmatch(name_key(header)):
        return True
    rest = [word for word in words(header) if word not in _PARTS]
    if len(rest) == len(words(header)) or not rest:
        return False
    name = " ".join(rest)
    return column_names.latitude(name) is not None or column_names.longitude(name) is not None


def _is_sexagesimal(evidence: Evidence, at: int) -> bool:
    cells = evidence.filled(at)
    if not len(cells):
        return False
    values = evidence.values(cells)
    return bool(np.all((values >= 0) & (values < 60)))


def hemisphere_columns(headers: list[str], free: list[int], evidence: Evidence) -> list[int]:
    """Return the columns that hold the hemispheres of coordinates.

    Parameters
    ----------
    headers, free, evidence
        As for `minutes_columns`. A column counts if all its cells are hemispheres, and its name
        says so, or that of the column with those of the other coordinate.
    """
    by_name = {at for at in free if _names_hemisphere(headers[at])}
    if not by_name:  # the usual case, for which no cell is read
        return []
    by_axis = {axis: [at for at in free if _all_in(evidence, at, axis)] for axis in _SIDES}
    columns = [at for axis in by_axis for at in by_axis[axis]]
    return (
        columns
        if all(by_axis.values()) and by_name & set(columns)
        else sorted(by_name & set(columns))
    )


def _names_hemisphere(header: str) -> bool:
    parts = words(header)
    rest = " ".join(part for part in parts if part not in _MARKS)
    marked = len(rest.split()) < len(parts)
    of_axis = bool(column_names.latitude(rest) or column_names.longitude(rest))
    return name_key(header) in _BARE or (marked and (of_axis or not rest))


def _all_in(evidence: Evidence, at: int, axis: str) -> bool:
    """Return whether all filled cells of a column are hemispheres of an axis."""
    cells = evidence.filled(at)
    if not len(cells) or not pa.types.is_string(cells.type):
        return False
    distinct = pc.unique(pc.utf8_lower(pc.utf8_trim_whitespace(cells))).to_pylist()
    return set(distinct) <= _SIDES[axis]
