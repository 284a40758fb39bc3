"""Workbooks of Excel, which XlsxWriter writes: a row at a time, no text lost or run.

What a workbook cannot hold as it is ends the report with an error; nothing is cut or changed. Text
is text, whatever it begins with: no cell is ever a formula or a link.
"""

import contextlib
import dataclasses
import datetime
import decimal
import io
import json
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from coverage_analyzer.errors import InputError, require, visible
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers.excel_process import EXACT
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.spool import RowSpool
from coverage_analyzer.schema.cell_types import NO_TEXT, OwnText
from coverage_analyzer.schema.theme import BLACK, SHEET_HEADER, WHITE

ROWS: Final = 1_048_576
"""Rows of a sheet, including the header."""

ROWS_AT_ONCE: Final = 4_096
"""Rows whose cells are in memory as Python objects."""

COLUMNS: Final = 16_384
"""Columns of a sheet."""

CHARACTERS: Final = 32_767
"""Of a cell."""

FIRST_DAY: Final = datetime.date(1900, 3, 1)
"""First date in a workbook: Excel treats 1900 as a leap year, so earlier ones are text."""

MADE: Final = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 (a mark, and no time of anything)
"""Creation time stored in all reports, so that equal rows give equal bytes."""

UNFAITHFUL: Final = re.compile(
    r"\A<r>.*</r>\Z"  # written as markup
    r"|_x[0-9a-fA-F]{4}(?=_x[0-9a-fA-F]{4}_|[\x00-\x08\x0b-\x1f])"  # escaped in part
    r"|[\ufffe\uffff]",  # escaped, and never brought back
    re.DOTALL,
)
"""Texts that a workbook does not preserve."""

OTHER_FORMAT: Final = "use --format csv or parquet"

DAY: Final = "yyyy-mm-dd"
MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
UTC_MOMENT: Final = 'yyyy-mm-dd hh:mm:ss"Z"'

HEADER: Final = {"bold": True, "bottom": 1, "bg_color": SHEET_HEADER, "valign": "top"}
"""How cells of a header look."""

MIN_WIDTH: Final = 6
MAX_WIDTH: Final = 52
"""Of a column, in characters."""

HEADER_CHARACTERS: Final = 60
"""Of each part of a line above or below the pages; Excel allows 255 in all."""

Cells = tuple[list[Any], Callable[[int, int, Any], int]]
"""The values of a column, and what writes one of them at a row and a column of a sheet."""


def check_rows(rows: int) -> None:
    """Raise if a sheet cannot hold the rows below its header.

    Raises
    ------
    InputError
        If it has none.
    """
    if rows >= ROWS:
        msg = f"The report has more than the {ROWS - 1:,} rows of an Excel sheet; {OTHER_FORMAT}."
        raise InputError(msg)


class Kept(io.BytesIO):
    """Bytes that stay open, because an unfinished archive writes to them when it is discarded."""

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What printed pages of a sheet show above and below the rows.

    Attributes
    ----------
    title, note
        On the left and on the right above the rows; of a workbook of one sheet also its title.
    sheet
        The name of the sheet, for a workbook of one sheet.
    """

    title: str = ""
    note: str = ""
    sheet: str = "Report"

    @property
    def properties(self) -> dict[str, str]:
        """The properties of a document with this page."""
        text = ", ".join(filter(None, (self.title, self.note)))
        return {"title": faithful(text)} if text else {}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a table is shown.

    Attributes
    ----------
    widths
        How many characters the cells of a column take, by its name.
    decimals
        The columns with a fixed number of decimals, and that number.
    fills
        For a column the colour behind a text, by the text.
    page
        Of printed pages.
    lenient
        Whether text that a workbook does not hold as it is may be shown otherwise.
    """

    widths: Mapping[str, float] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    fills: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    page: Page = field(default_factory=Page)
    lenient: bool = False


class Workbook:
    """Sheets that are written one after the other; the packed file waits in memory.

    A context that leaves nothing behind after a failure.

    Parameters
    ----------
    path
        The file; temporary ones are in a folder beside it.
    escaped
        Returns a text as a CSV file would have it: where that differs, the cell has the mark of a
        quote, so that it stays text when it is edited.
    properties
        Of the document: ``title``, ``subject``, ``comments``.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    OSError
        If the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        escaped: Callable[[str], str] = formulas.escape_formula,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        require("excel", "xlsxwriter")
        import xlsxwriter

        self._path, self._escaped = path, escaped
        self._folder = Path(tempfile.mkdtemp(prefix=".workbook-", dir=path.parent))
        self._packed = Kept()
        options = {"constant_memory": True, "tmpdir": str(self._folder)}
        self._book = xlsxwriter.Workbook(self._packed, options)
        self._book.set_properties({"created": MADE, **(properties or {})})
        self._looks: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._sheets: list[Any] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Finish the file; after a failure remove it."""
        if error[0] is None:
            self.close()
        else:
            self.clear()

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        from xlsxwriter.exceptions import XlsxFileError

        try:
            self._book.close()
            self._path.write_bytes(self._packed.getbuffer())
        except XlsxFileError as error:
            raise OSError(str(error)) from error
        finally:
            self.clear()

    def clear(self) -> None:
        """Remove the temporary files."""
        for sheet in self._sheets:
            with contextlib.suppress(OSError):
                sheet.row_data_fh.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def look(self, **properties: Any) -> Any:
        """Return a format of cells, the same one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._looks:
            self._looks[key] = self._book.add_format(properties)
        return self._looks[key]

    def add_sheet(self, name: str, page: Page) -> Any:
        """Return a new sheet, printed across, as wide as a page."""
        sheet = self._book.add_worksheet(name)
        self._sheets.append(sheet)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.6)
        title, note = (_page_text(text) for text in (page.title, page.note))
        sheet.set_header(f"&L{title}&R{note}")
        sheet.set_footer(f"&L{_page_text(name)}&R&P / &N")
        return sheet

    def add_table(
        self, name: str, headers: Sequence[str], batches: Iterable[pa.RecordBatch], layout: Layout
    ) -> None:
        """Write a table as a sheet with a frozen header and filters.

        Parameters
        ----------
        name
            Of the sheet.
        headers
            Of the columns.
        batches
            The rows, with as many columns, none of bytes. Numbers are numbers of up to 16 digits,
            whole ones of more are text; days are days, timestamps moments.
        layout
            How it is shown.

        Raises
        ------
        InputError
            If there are more rows or columns than a sheet has, or a cell that it does not hold as
            it is.
        OSError
            If the disk refuses.
        """
        if len(headers) > COLUMNS:
            msg = (
                f"The report has more than the {COLUMNS:,} columns of an Excel sheet; "
                f"{OTHER_FORMAT}."
            )
            raise InputError(msg)
        sheet = self.add_sheet(name, layout.page)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        table = _Table(self, sheet, headers, layout)
        table.put_header()
        for batch in batches:
            for first in range(0, len(batch), ROWS_AT_ONCE):
                table.put(batch.slice(first, ROWS_AT_ONCE))
        for at, header in enumerate(headers):
            wide = max(layout.widths.get(header, 0) + 1.5, len(header) + 4, MIN_WIDTH)
            sheet.set_column(at, at, min(wide, MAX_WIDTH))
        sheet.autofilter(0, 0, max(table.row - 1, 1), len(headers) - 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def is_inert(self, text: str) -> bool:
        """Return whether a text could run as a formula if somebody edits its cell."""
        return self._escaped(text) != text


class WorkbookWriter(Writer):
    """Rows as the only sheet of a workbook; they wait on the disk until all are known.

    A context that leaves nothing behind after a failure.

    Parameters
    ----------
    path
        The file; temporary ones are in a folder beside it.
    schema
        Of the rows; columns of bytes are left out.
    layout
        How the rows are shown; the widths of columns are those of the cells.
    escaped
        As for `Workbook`.
    own
        The columns of text that become numbers or days if every cell plainly is one.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    OSError
        If the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        layout: Layout | None = None,
        escaped: Callable[[str], str] = formulas.escape_formula,
        own: OwnText = NO_TEXT,
    ) -> None:
        require("excel", "xlsxwriter")
        self._path, self._layout, self._escaped = path, layout or Layout(), escaped
        self._folder = Path(tempfile.mkdtemp(prefix=".workbook-", dir=path.parent))
        try:
            self._spool = RowSpool(self._folder, schema, own)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def __exit__(self, *error: object) -> None:
        """Finish the file; after a failure remove it."""
        try:
            if error[0] is None:
                self.close()
        finally:
            self._clear()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        InputError
            If there are more than a sheet has.
        OSError
            If the disk refuses.
        """
        check_rows(self._spool.rows + len(batch))
        self._spool.write(batch)

    def close(self) -> None:
        """Write the file.

        Raises
        ------
        InputError
            If a cell cannot be written as it is.
        OSError
            If the disk refuses.
        """
        try:
            self._spool.close()
            spool = self._spool
            layout = dataclasses.replace(self._layout, widths=spool.widths())
            page = layout.page
            with Workbook(self._path, self._escaped, page.properties) as book:
                book.add_table(page.sheet, spool.schema.names, spool.batches(), layout)
        finally:
            self._clear()

    def _clear(self) -> None:
        """Remove the temporary files."""
        with contextlib.suppress(OSError):
            self._spool.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class _Table:
    """A table on its way into a sheet."""

    book: Workbook
    sheet: Any
    headers: Sequence[str]
    layout: Layout
    row: int = 0

    def put_header(self) -> None:
        """Write the header.

        Raises
        ------
        InputError
            If a name cannot be written.
        """
        look = self.book.look(**HEADER, num_format="@")
        inert = self.book.look(**HEADER, num_format="@", quote_prefix=True)
        for at, header in enumerate(self.headers):
            if header:
                text = self._faithful(header, header)
                used = inert if self.book.is_inert(text) else look
                self._check(self.sheet.write_string(0, at, text, used), header)
        self.row = 1

    def put(self, batch: pa.RecordBatch) -> None:
        """Write rows.

        Raises
        ------
        InputError
            If there are more than a sheet has, or a cell cannot be written as it is.
        """
        check_rows(self.row - 1 + len(batch))
        columns = [self._cells(n, c) for n, c in zip(self.headers, batch.columns, strict=True)]
        values, puts = [c[0] for c in columns], [c[1] for c in columns]
        for row in zip(*values, strict=True):
            for at, (value, put) in enumerate(zip(row, puts, strict=True)):
                if value is None or value == "":
                    continue
                code = put(self.row, at, value)
                if code:
                    self._check(code, self.headers[at])
            self.row += 1

    def _check(self, code: int, header: str) -> None:
        """Raise if the library has not written a cell.

        Raises
        ------
        InputError
            Which names the row and the column.
        """
        if code:
            self._refuse(header, f"more than {CHARACTERS:,} characters")

    def _refuse(self, header: str, what: str) -> None:
        msg = (
            f"Row {self.row + 1} of the report: {header!r} contains {what}, which a workbook "
            f"cannot store unchanged; {OTHER_FORMAT}."
        )
        raise InputError(msg)

    def _faithful(self, text: str, header: str) -> str:
        """Return a text that a workbook gives back as it is.

        Raises
        ------
        InputError
            If it does not, and the layout is not lenient.
        """
        if self.layout.lenient:
            return faithful(text)
        if UNFAITHFUL.search(text):
            self._refuse(header, f"{text[:60]!r}")
        return text

    def _cells(self, name: str, cells: pa.Array) -> Cells:
        """Return the values of a column and what writes them."""
        kind = cells.type
        if pa.types.is_boolean(kind):
            return cells.to_pylist(), self.sheet.write_boolean
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return [_number(v) for v in cells.to_pylist()], self._put_number(name)
        if pa.types.is_date(kind):
            return cells.to_pylist(), self._put_moment(self.book.look(num_format=DAY))
        if pa.types.is_timestamp(kind):
            look = self.book.look(num_format=UTC_MOMENT if kind.tz else MOMENT)
            return cells.cast(pa.timestamp("ms")).to_pylist(), self._put_moment(look)
        texts = [None if v is None else _text(v) for v in cells.to_pylist()]
        return texts, self._put_text(name)

    def _put_number(self, name: str) -> Callable[[int, int, Any], int]:
        write, write_text = self.sheet.write_number, self._put_text(name)
        places = self.layout.decimals.get(name)
        look = None if places is None else self.book.look(num_format=f"{0:.{places}f}")

        def put(row: int, at: int, value: Any) -> int:
            if isinstance(value, str):
                return write_text(row, at, value)
            if places is not None:
                value = round(value, places)
            return int(write(row, at, value, look))

        return put

    def _put_moment(self, look: Any) -> Callable[[int, int, Any], int]:
        write, write_text = self.sheet.write_datetime, self._put_text("")

        def put(row: int, at: int, value: Any) -> int:
            day = value.date() if isinstance(value, datetime.datetime) else value
            if day < FIRST_DAY:
                return write_text(row, at, value.isoformat())
            return int(write(row, at, value, look))

        return put

    def _put_text(self, name: str) -> Callable[[int, int, Any], int]:
        look, write, is_inert = self.book.look, self.sheet.write_string, self.book.is_inert
        plain, inert = look(num_format="@"), look(num_format="@", quote_prefix=True)
        fills = {
            text: look(num_format="@", bg_color=color, font_color=font_color(color))
            for text, color in self.layout.fills.get(name, {}).items()
        }

        def put(row: int, at: int, value: str) -> int:
            text = self._faithful(value, name)
            return int(write(row, at, text, inert if is_inert(text) else fills.get(text, plain)))

        return put


def font_color(background: str) -> str:
    """Return black or white, whichever is read better on a colour.

    Examples
    --------
    >>> font_color(WHITE) == BLACK, font_color(BLACK) == WHITE
    (True, True)
    """
    red, green, blue = (int(background[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # WCAG 2.2
    return BLACK if (luminance + 0.05) ** 2 > 1.05 * 0.05 else WHITE


def _page_text(text: str) -> str:
    """Return a text for the margin of a page, where ``&`` begins a code."""
    return visible(faithful(text))[:HEADER_CHARACTERS].replace("&", "&&")


def faithful(text: str) -> str:
    """Return a text that a workbook holds: cut, and what it would change as an escape."""
    unicode = text.encode(errors="backslashreplace").decode()  # names of files may not be UTF-8
    plain = UNFAITHFUL.sub(lambda match: match[0].encode("unicode_escape").decode(), unicode)
    if UNFAITHFUL.search(plain):
        plain = f" {plain.replace('_x', '_ x')}"
    return plain if len(plain) * 2 <= CHARACTERS else f"{plain[: CHARACTERS // 2 - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _number(value: Any) -> Any:
    """Return a number that a cell holds in all its digits, else its text; None for NaN."""
    if value is None or math.isnan(value):
        return None
    if isinstance(value, decimal.Decimal):
        exact = len(value.as_tuple().digits) <= 15
    else:
        exact = abs(value) < EXACT
    return float(value) if exact else str(value)
