"""Which columns of text plainly hold numbers or days: one rule for every typed output.

A column is a number or a day only if every filled cell is one, written in one way. What people read
as text stays text: a cell with a leading zero before a digit (``007``), a plus sign, an exponent or
more than 15 digits makes the whole column text, and so does a column that two ways of writing read
differently (``1.500``, ``01/02/2026``), unless it is said which one holds. The result depends on
the cells alone, not on how they are divided into blocks.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools
from coverage_analyzer.schema import days

Kind = Literal["text", "integer", "number", "day"]

MAX_DIGITS: Final = 15
"""Digits of a number that a double, and so a cell of a spreadsheet, holds exactly."""

DECIMAL_MARKS: Final = {".": ",", ",": "."}
"""Each decimal mark, with the mark that may separate thousands."""

DATE_FORMATS: Final = (
    days.ISO,
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
)
"""How days are written. Where points separate, the day comes before the month everywhere."""

_WHOLE: Final = r"-?(?:0|[1-9][0-9]*)"
_GROUPED: Final = r"-?[1-9][0-9]{0,2}(?:\G[0-9]{3})+"
_BLANKS: Final = " \t"
_GAPS: Final = "' \N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
"""What separates thousands with either decimal mark: in Switzerland, France, Sweden, Poland."""


@dataclass(frozen=True)
class ColumnType:
    """What a column of text plainly holds.

    Attributes
    ----------
    kind
        ``text``, ``integer`` (whole numbers only), ``number`` or ``day``.
    notation
        The decimal mark of numbers, or how days are written, in the directives of
        `datetime.strptime`; empty for text and integers.
    """

    kind: Kind = "text"
    notation: str = ""

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of the column."""
        return _ARROW[self.kind]


_ARROW: Final[Mapping[Kind, pa.DataType]] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "day": pa.date32(),
}

TEXT: Final = ColumnType()


@dataclass(frozen=True, kw_only=True)
class OwnText:
    """Columns of text that may plainly hold something else, and what is known of their notation.

    Attributes
    ----------
    names
        The columns; all others keep their types.
    decimal, date_format
        As for `ColumnTypes`.
    """

    names: Collection[str] = ()
    decimal: str = ""
    date_format: str = ""


NO_TEXT: Final = OwnText()
"""No column of text may be anything else."""


class ColumnTypes:
    """The types of columns whose cells come block by block; memory does not grow with rows.

    Parameters
    ----------
    names
        The columns to look at, which hold text; the type of all others is not asked.
    decimal
        The decimal mark of the file, if it is known: it decides what ``1.500`` is. Empty if not.
    date_format
        How days of the file are written, if it is known: only such days and ISO 8601 count then.

    Examples
    --------
    >>> types = ColumnTypes(["zip", "revenue", "since"])
    >>> types.add(pa.record_batch({"zip": ["07102"], "revenue": ["12.5"], "since": ["2026-12-01"]}))
    >>> types.add(pa.record_batch({"zip": ["10001"], "revenue": [""], "since": [None]}))
    >>> {name: found.kind for name, found in types.result().items()}
    {'zip': 'text', 'revenue': 'number', 'since': 'day'}
    """

    def __init__(self, names: Iterable[str], *, decimal: str = "", date_format: str = "") -> None:
        self._columns = {name: _Column.candidates(decimal, date_format) for name in names}

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at the cells of a block."""
        for name, column in self._columns.items():
            if column.is_open:
                column.add(batch.column(name))

    def result(self) -> dict[str, ColumnType]:
        """Return the type of each column, by the cells so far."""
        return {name: column.result() for name, column in self._columns.items()}


def typed(cells: pa.Array, column: ColumnType) -> pa.Array:
    """Return cells of text as the numbers or days that they hold; empty cells are null.

    Parameters
    ----------
    cells
        Strings, each of which is of the type.
    column
        As `ColumnTypes` returns it.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a cell is not of the type.

    Examples
    --------
    >>> typed(pa.array(["1.234,50", "", "7"]), ColumnType("number", ",")).to_pylist()
    [1234.5, None, 7.0]
    """
    if column.kind == "text":
        return cells
    texts = _filled_or_null(cells)
    if column.kind == "day":
        values, blank = days.days(texts, column.notation)
        missing = np.isnat(values)
        if (missing & ~blank).any():
            at = int(np.flatnonzero(missing & ~blank)[0])
            msg = f"{texts[at].as_py()!r} is not a day like {column.notation}"
            raise pa.ArrowInvalid(msg)
        return arrays.from_numpy(values, missing)
    if column.kind == "number":
        for separator in (DECIMAL_MARKS[column.notation], *_GAPS):
            texts = pc.replace_substring(texts, separator, "")
        texts = pc.replace_substring(texts, column.notation, ".")
    return texts.cast(column.arrow)


@dataclass
class _Column:
    """What the cells of one column may be, as far as they were seen.

    Attributes
    ----------
    decimals, grouped
        The decimal marks by which every cell is a number: without, and also with thousands.
    date_formats
        The forms by which every cell is a day.
    decimal
        The decimal mark of the file, if it is known.
    is_whole, is_filled
        Whether every cell is a whole number, and whether there is a filled cell.
    shown
        The decimal marks that some cell shows together with thousands.
    """

    decimals: set[str]
    grouped: set[str]
    date_formats: set[str]
    decimal: str
    is_whole: bool = True
    is_filled: bool = False
    shown: set[str] = field(default_factory=set)

    @classmethod
    def candidates(cls, decimal: str, date_format: str) -> "_Column":
        """Return a column that may be of any type."""
        marks = set(DECIMAL_MARKS)
        formats = {date_format, days.ISO} if date_format else set(DATE_FORMATS)
        return cls(set(marks), set(marks), formats, decimal)

    @property
    def is_open(self) -> bool:
        """Whether it may still be something else than text."""
        return bool(self.decimals or self.grouped or self.date_formats)

    def add(self, cells: pa.Array) -> None:
        """Look at cells."""
        texts = _filled_or_null(cells).drop_null()
        if not len(texts):
            return
        self.is_filled = True
        first = texts.slice(0, 1)  # most columns of words are known by one cell
        for subset in (first, texts) if len(texts) > 1 else (first,):
            self._add_numbers(subset)
            self._add_days(subset)

    def _add_numbers(self, texts: pa.Array) -> None:
        if not (self.decimals or self.grouped):
            return
        if _most_digits(texts) > MAX_DIGITS:
            self.decimals, self.grouped = set(), set()
            return
        if self.is_whole and _all_match(texts, _WHOLE):
            return
        self.is_whole = False
        self.decimals = {m for m in self.decimals if _all_match(texts, _number(m))}
        self.grouped = {m for m in self.grouped if _all_match(texts, _grouped(m))}
        self.shown |= {m for m in self.grouped if _any_match(texts, _both_marks(m))}

    def _add_days(self, texts: pa.Array) -> None:
        self.date_formats = {f for f in self.date_formats if _all_days(texts, f)}

    def result(self) -> ColumnType:
        """Return the type, by the cells so far."""
        if not self.is_filled:
            return TEXT
        if len(self.date_formats) == 1:
            return ColumnType("day", *self.date_formats)
        if self.date_formats:  # days before all: whole numbers are no days
            return TEXT
        if self.is_whole and self.decimals:
            return ColumnType("integer")
        marks = self._marks()
        return ColumnType("number", *marks) if len(marks) == 1 else TEXT

    def _marks(self) -> set[str]:
        """Return the decimal marks by which the column may be read.

        Cells such as ``1.500`` may be numbers with a decimal mark, or with thousands. The mark of
        the file decides, unless cells show both marks the other way round: exports often have
        coordinates with points and amounts such as ``1.234,50``.
        """
        if self.decimal:
            own = self.decimals | (self.grouped & self.shown)
            return own & {self.decimal} or self.grouped & self.shown
        if self.decimals:
            return self.decimals | self.grouped
        return self.grouped & self.shown


def _filled_or_null(cells: pa.Array) -> pa.Array:
    """Return cells as strings without blanks around them, null where nothing is left."""
    texts = pc.ascii_trim(cells.cast(pa.string()), characters=_BLANKS)
    return arrays.without_empty(texts)


def _number(mark: str) -> str:
    return rf"{_WHOLE}(?:[{mark}][0-9]+)?"


def _groups(mark: str) -> str:
    """Return the pattern of a number with thousands, all separated in the same way."""
    separators = (DECIMAL_MARKS[mark], *_GAPS)
    return "(?:" + "|".join(_GROUPED.replace(r"\G", f"[{each}]") for each in separators) + ")"


def _grouped(mark: str) -> str:
    return rf"(?:{_WHOLE}|{_groups(mark)})(?:[{mark}][0-9]+)?"


def _both_marks(mark: str) -> str:
    return rf"{_groups(mark)}[{mark}][0-9]+"


def _matches(texts: pa.Array, pattern: str) -> Bools:
    return arrays.to_bools(pc.match_substring_regex(texts, pattern=rf"\A(?:{pattern})\z"))


def _all_match(texts: pa.Array, pattern: str) -> bool:
    return bool(_matches(texts, pattern).all())


def _any_match(texts: pa.Array, pattern: str) -> bool:
    return bool(_matches(texts, pattern).any())


def _all_days(texts: pa.Array, form: str) -> bool:
    if not _all_match(texts, days.pattern(form).pattern):
        return False
    return not np.isnat(days.days(texts, form)[0]).any()


def _most_digits(texts: pa.Array) -> int:
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest <= MAX_DIGITS:
        return int(longest)
    return int(pc.max(pc.count_substring_regex(texts, pattern="[0-9]")).as_py())
