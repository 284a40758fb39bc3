"""Reports as workbooks of Excel, which XlsxWriter writes: a row at a time, no text lost or run.

What a workbook cannot hold as it is ends the report with an error; nothing is cut or changed.
"""

import contextlib
import datetime
import decimal
import io
import json
import math
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers.excel_process import EXACT

ROWS: Final = 1_048_576
"""Of a sheet, the header included."""

COLUMNS: Final = 16_384
"""Of a sheet."""

FIRST_DAY: Final = datetime.date(1900, 3, 1)
"""Excel takes 1900 for a leap year: earlier days are written as text."""

MADE: Final = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 (a mark, and no time of anything)
"""When all reports were made, by what they say: the same rows give the same bytes."""

UNFAITHFUL: Final = re.compile(
    r"\A<r>.*</r>\Z"  # written as markup
    r"|_x[0-9a-fA-F]{4}(?=_x[0-9a-fA-F]{4}_|[\x00-\x08\x0b-\x1f])"  # escaped in part
    r"|[\ufffe\uffff]",  # escaped, and never brought back
    re.DOTALL,
)
"""Texts that do not come back as they are."""

OTHER_FORMAT: Final = "use --format csv or parquet"


def check_rows(rows: int) -> None:
    """Raise if a sheet has no room for so many rows below its header.

    Raises
    ------
    InputError
        If it has none.
    """
    if rows >= ROWS:
        msg = f"The report has more than the {ROWS - 1:,} rows of an Excel sheet; {OTHER_FORMAT}."
        raise InputError(msg)


class Kept(io.BytesIO):
    """Bytes that nobody closes: a half-made archive still writes into them when it is dropped."""

    def close(self) -> None:
        """Do nothing."""


class WorkbookWriter:
    """Rows as a sheet with a frozen header and filters; geometry is left out.

    Numbers are numbers of up to 16 digits, whole ones of more are text, and days are days. Text is
    text, whatever it begins with, in cells that stay text when they are edited; what a spreadsheet
    would then run has the mark of a quote, unless it is to stay raw. Rows wait on the disk, and the
    packed file in memory.

    Parameters
    ----------
    path
        The file; temporary ones lie beside it, in a folder of their own.
    schema
        Of the rows.
    decimals
        The columns that show a fixed number of decimals, and that number.
    escaped
        Returns a text as a CSV file would have it: where that differs, the cell has the mark.

    Raises
    ------
    InputError
        If the header cannot be written.
    MissingExtraError
        If XlsxWriter is not installed.
    OSError
        If the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        decimals: Mapping[str, int],
        escaped: Callable[[str], str] = formulas.escape_formula,
    ) -> None:
        require("excel", "xlsxwriter")
        import xlsxwriter

        self._path, self._escaped, self._row = path, escaped, 0
        self._kept = [i for i, f in enumerate(schema) if not arrays.is_bytes(f.type)]
        self._names: list[str] = [schema.field(i).name for i in self._kept]
        if len(self._names) > COLUMNS:
            msg = (
                f"The report has more than the {COLUMNS:,} columns of an Excel sheet; "
                f"{OTHER_FORMAT}."
            )
            raise InputError(msg)
        self._folder = Path(tempfile.mkdtemp(prefix=".workbook-", dir=path.parent))
        self._packed = Kept()
        options = {"constant_memory": True, "tmpdir": str(self._folder)}
        self._book = xlsxwriter.Workbook(self._packed, options)
        self._book.set_properties({"created": MADE})
        self._sheet = self._book.add_worksheet("report")
        self._sheet.freeze_panes(1, 0)
        looks = {
            "text": {"num_format": "@"},
            "inert": {"num_format": "@", "quote_prefix": True},
            "day": {"num_format": "yyyy-mm-dd"},
        }
        self._looks = {name: self._book.add_format(look) for name, look in looks.items()}
        formats = {
            n: self._book.add_format({"num_format": f"{0:.{n}f}"}) for n in decimals.values()
        }
        self._decimals = {name: (n, formats[n]) for name, n in decimals.items()}
        try:
            self._put_row(self._names)
        except BaseException:
            self._clear()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Finish the file, or after a failure leave nothing of it behind."""
        if error[0] is None:
            self.close()
        else:
            self._clear()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        InputError
            If there are more rows than a sheet has, or a cell cannot be written as it is.
        OSError
            If the disk refuses.
        """
        check_rows(self._row - 1 + len(batch))
        for row in zip(*(_values(batch.column(i)) for i in self._kept), strict=True):
            self._put_row(row)

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        from xlsxwriter.exceptions import XlsxFileError

        try:
            area = (0, 0, max(self._row - 1, 1), len(self._names) - 1)
            self._sheet.autofilter(*area)
            self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
            self._book.close()
            self._path.write_bytes(self._packed.getbuffer())
        except XlsxFileError as error:
            raise OSError(str(error)) from error
        finally:
            self._clear()

    def _clear(self) -> None:
        """Remove the temporary files."""
        with contextlib.suppress(OSError):
            self._sheet.row_data_fh.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _put_row(self, row: Collection[Any]) -> None:
        """Write the next row.

        Raises
        ------
        InputError
            If there is a cell that cannot be written as it is.
        """
        for at, (name, value) in enumerate(zip(self._names, row, strict=True)):
            cell = "" if value is None else _plain(value)
            if cell == "":
                continue
            odd = UNFAITHFUL.search(cell) if isinstance(cell, str) else None
            if odd or self._put(at, cell, self._decimals.get(name)):
                what = f"{cell[:60]!r}, which" if odd else "more than 32,767 characters, which"
                msg = f"Row {self._row + 1} of the report: {name!r} contains {what} a workbook"
                raise InputError(f"{msg} cannot store unchanged; {OTHER_FORMAT}.")
        self._row += 1

    def _put(self, at: int, cell: Any, decimals: tuple[int, Any] | None) -> int:
        """Write a cell of the next row; return what the library does: not 0 if it has not."""
        sheet, looks, place = self._sheet, self._looks, (self._row, at)
        match cell:
            case str():
                inert = self._escaped(cell) != cell
                code = sheet.write_string(*place, cell, looks["inert" if inert else "text"])
            case bool():
                code = sheet.write_boolean(*place, cell)
            case datetime.date():
                code = sheet.write_datetime(*place, cell, looks["day"])
            case _ if decimals:
                places, look = decimals
                code = sheet.write_number(*place, round(cell, places), look)
            case _:
                code = sheet.write_number(*place, cell)
        return int(code)


def _values(cells: pa.Array) -> list[Any]:
    """Return the values of a column; moments as text, since Python's have no nanoseconds."""
    if pa.types.is_timestamp(cells.type):
        cells = cells.cast(pa.string())
    values: list[Any] = cells.to_pylist()
    return values


def _plain(value: Any) -> Any:
    """Return a value as one that a cell holds: text, a boolean, a number or a day."""
    match value:
        case bool():
            return value
        case int() | float() | decimal.Decimal():
            return _number(value)
        case datetime.date():
            return value if value >= FIRST_DAY else value.isoformat()
        case dict() | list():
            return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _number(value: float | decimal.Decimal) -> Any:
    """Return a number that a cell holds in all its digits, else its text; nothing for NaN."""
    if math.isnan(value):
        return ""
    if isinstance(value, decimal.Decimal):
        exact = len(value.as_tuple().digits) <= 15
    else:
        exact = abs(value) < EXACT
    return float(value) if exact else str(value)
