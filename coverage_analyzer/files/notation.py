"""What the first rows of a table show about how it is written, as far as nobody has said it."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.base import TableReader
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.schema import day_forms
from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE, meaning_of_o
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.coordinates import Written, degrees, is_text

_MEANINGS: Final = {"E": "east", "W": "west"}


class FoundNotation(NamedTuple):
    """How a table is written.

    Attributes
    ----------
    dialect
        What was said, completed.
    written
        How the first coordinates are written.
    """

    dialect: Dialect
    written: Written


def found_notation(
    source: TableReader,
    columns: Mapping[str, int],
    day_columns: Iterable[str],
    dialect: Dialect,
    option: str,
) -> FoundNotation:
    """Return how a table is written, by what was said and what its first rows show.

    Parameters
    ----------
    source
        The rows, not read yet.
    columns
        Position of each known column among the headers.
    day_columns
        Those of the known columns that hold days.
    dialect
        What was said.
    option
        The option that says how days are written, for an error.

    Raises
    ------
    InputError
        If days of a column can be read in two ways. The text lacks the subject.
    """
    texts = {name: at for name, at in columns.items() if is_text(source.types[at])}
    day_names = frozenset(day_columns)
    dated = [name for name in texts if name in day_names and not dialect.says_form(name)]
    axes = [axis for axis in (LATITUDE, LONGITUDE) if axis.name in texts]
    if not dated and not axes:
        return FoundNotation(dialect, Written())
    rows = source.preview()
    forms = {
        name: _form(rows.column(texts[name]), name, option, iso_too=source.iso_days)
        for name in dated
    }
    written = Written()
    for axis in axes:
        degrees(as_text(rows.column(texts[axis.name])), axis, written=written)
    letter_o = dialect.letter_o
    if LONGITUDE in axes and not letter_o:
        at = texts[LONGITUDE.name]
        letter_o = meaning_of_o(as_text(rows.column(at)), source.headers[at])
    forms = {**dialect.date_formats, **forms}
    detected = dataclasses.replace(dialect, date_formats=forms, letter_o=letter_o)
    return FoundNotation(detected, written)


def _form(cells: pa.Array, name: str, option: str, *, iso_too: bool) -> str:
    """Return the form of a column of days.

    Raises
    ------
    InputError
        If its cells have two.
    """
    if iso_too:  # in a workbook, cells that are days are written so
        cells = cells.filter(pc.invert(pc.match_substring_regex(cells, r"^\s*\d{4}-\d\d-\d\d")))
    detected = day_forms.found_form(cells)
    if detected.rival:
        first, second = (day_forms.example(form) for form in (detected.form, detected.rival))
        msg = (
            f"The dates in {name!r} have two readings, such as {detected.example!r}. Use {option} "
            f"{detected.form} (1 December 2026 is {first}) or {option} {detected.rival} ({second})."
        )
        raise InputError(msg)
    return detected.form


def detected_notation(dialect: Dialect, notation: Dialect, written: Written) -> dict[str, Any]:
    """Return what the rows show about notation, for ``detected``.

    Parameters
    ----------
    dialect
        What was said.
    notation
        What holds, completed by `found_notation`.
    written
        How the coordinates of the rows read so far are written.
    """
    result: dict[str, Any] = {}
    if written.notation:
        result["coordinates"] = written.notation
    if notation.letter_o and not dialect.letter_o:
        result["letter_o"] = _MEANINGS[notation.letter_o]
    forms = set(notation.date_formats.values())
    if len(forms) == 1:
        (result["date_format"],) = forms
    elif forms:
        result["date_format"] = dict(notation.date_formats)
    return result
