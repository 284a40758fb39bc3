"""Excel workbooks as tables of text, read by python-calamine in a process with a memory limit.

Cells are read as text: integers without a point, other numbers in their shortest form, dates and
times as ISO 8601, booleans as ``TRUE`` and ``FALSE``. The stored values of formulas are used. Cells
with an error such as ``#N/A`` are empty. Numbers of 16 digits and more, whose last digits no
workbook stores, have an exponent, so that they are not mistaken for ids.
"""

import contextlib
import csv
import io
import itertools
import json
import subprocess
import sys
import weakref
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.files.readers import archives, excel_process, header_row
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows
from coverage_analyzer.files.readers.header_row import HeaderTest, anything
from coverage_analyzer.fingerprint import WatchedFiles, unchanged, unchanged_during
from coverage_analyzer.paths import utf8_name
from coverage_analyzer.schema import table_names
from coverage_analyzer.schema.rejects import Reject, Rejected
from coverage_analyzer.schema.table_names import NameTest, neutral

MAX_RATIO: Final = 50
"""Maximum ratio of the unpacked size of a workbook to its size; valid ones reach 30."""

MEMORY_BYTES: Final = 1 << 30
MEMORY_TIMES: Final = 2
"""Memory limit of reading: the latter times the unpacked size, at least the former."""

CHARACTERS_AT_ONCE: Final = 4 << 20
"""Maximum size of a block."""


CELL_TYPES: Final = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("ms"),
}
"""The type of cells, by their kind as `excel_process` names it."""


class WorkbookFile(TableReader):
    """A sheet of a workbook; its header may be below titles (`header_row.find`).

    Lines are row numbers as shown by Excel. A row with cells beyond the header is a reject.

    Parameters
    ----------
    path
        The file.
    sheet
        Name of the sheet; by default, of the visible ones with all required columns, the one whose
        name fits best.
    decimal
        Decimal separator for numbers.
    n_known
        How many known columns some cells name: so the header is found.
    fits
        How well the name of a sheet fits the wanted table.

    Raises
    ------
    InputError
        If it cannot be read, has no such sheet, or is empty.
    MissingExtraError
        If python-calamine is not installed.
    """

    def __init__(
        self,
        path: Path,
        sheet: str = "",
        decimal: str = ".",
        *,
        n_known: HeaderTest = anything,
        fits: NameTest = neutral,
    ) -> None:
        self.iso_days = self.is_text = True
        self.fingerprint: WatchedFiles = WatchedFiles(path)
        self._most = _memory(path)
        self._path = path
        self._other_sheets: list[str] = []
        self._fits = fits
        command = [sys.executable, "-P", excel_process.__file__, str(self._most)]
        self._process = subprocess.Popen(  # noqa: S603 (our own program; no shell reads the names)
            [*command, utf8_name(path), sheet, decimal],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # where a library tells how it ended
            encoding="ascii",
        )
        self._end = weakref.finalize(self, _ended, self._process)
        try:
            self._read_header(sheet, n_known)
        except InputError:
            self._end()
            raise

    def _read_header(self, sheet: str, n_known: HeaderTest) -> None:
        """Read up to the header.

        Raises
        ------
        InputError
            If there is none.
        """
        lines = _lines(self._path, self._process, self._most)
        info = next(lines)
        if "tops" in info:
            info = self._chosen(info["tops"], n_known, lines)
        self._last_rows: list[dict[str, int]] = info.get("kinds", [])
        names = [repr(name) for name in info["sheets"]]
        if not info["sheet"]:
            what = f"the sheet {sheet!r}" if sheet else "a sheet of cells"
            msg = f"{self._path} does not have {what}. Sheets: {', '.join(names) or 'none'}."
            raise InputError(msg)
        others = ", ".join(name for name in names if name != repr(info["sheet"]))
        self.hint = f" This is the sheet {info['sheet']!r}."
        self.hint += f" Other sheets: {others}. Choose one with --sheet." if others else ""
        self._rows: Iterator[tuple[int, list[str]]] = enumerate(lines, 1)
        first = list(itertools.islice(self._rows, header_row.MAX_ROWS))
        rows = [row for _, row in first]
        known = header_row.find(rows, n_known)
        at = header_row.first_filled(rows) if known is None else known
        while at is None:  # many blank rows
            if (numbered := next(self._rows, None)) is None:
                msg = f"{self._path} is empty: a header and rows are required.{self.hint}"
                raise InputError(msg)
            first = [numbered]
            at = header_row.first_filled([numbered[1]])
        if known is None:
            header_row.check_words(first[at][1], n_known, str(self._path))
        self._header, row = first[at]
        self._rows = itertools.chain(first[at + 1 :], self._rows)
        self.headers, self.repeated = header_row.numbered(row[: _filled(row)])
        self._sheet: str = info["sheet"]
        width = len(self.headers)
        self._last_rows = [*self._last_rows, *({} for _ in range(width))][:width]
        self.types = [pa.string()] * width
        self.known: dict[str, str] = {}

    def declared_types(self) -> list[pa.DataType]:
        """Return the type of the cells below the header, by column; text where they differ."""
        return [_declared_type(last, self._header) for last in self._last_rows]

    def _chosen(
        self, tops: Mapping[str, list[list[str]]], n_known: HeaderTest, lines: Iterator[Any]
    ) -> Any:
        """Choose the sheet that has all required columns, by its name, else the first one shown."""
        headers = {name: header_row.find(rows, n_known) for name, rows in tops.items()}
        complete = [
            name
            for name, at in headers.items()
            if at is not None and n_known(tops[name][at]) >= header_row.COMPLETE
        ]
        fitting, others = table_names.best(complete, self._fits)
        self._other_sheets = [*fitting[1:], *others]
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps((fitting or list(tops))[0]) + "\n")
            self._process.stdin.close()
        return next(lines)

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them, at most 4 Mi characters.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        builder, taken = BlockBuilder(len(self.headers)), []
        try:
            with unchanged_during(self.fingerprint):
                while len(builder.lines) < n_rows and builder.size < CHARACTERS_AT_ONCE:
                    if (numbered := next(self._rows, None)) is None:
                        break
                    taken.append(numbered)
                    builder.add(*numbered)
        except BaseException:
            self._end()
            raise
        self._rows = itertools.chain(taken, self._rows)
        return first_rows(builder.block().columns, self.headers, n_rows)

    @property
    def detected(self) -> dict[str, Any]:
        """The sheet, and where its header is."""
        line = self._header
        others = {"other_sheets": self._other_sheets} if self._other_sheets else {}
        return {"sheet": self._sheet, **others, **header_row.header_place(line, before=line - 1)}

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order; at least one block.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        builder = BlockBuilder(len(self.headers))
        try:
            for number, row in self._rows:
                builder.add(number, row)
                if builder.size >= CHARACTERS_AT_ONCE:
                    yield builder.block()
                    builder = BlockBuilder(len(self.headers))
            yield builder.block()
        finally:
            self._end()


@dataclass
class BlockBuilder:
    """Collects rows into a block."""

    width: int
    lines: list[int] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    size: int = 0

    def add(self, number: int, row: list[str]) -> None:
        """Add a row: to the texts, the rejects or the empty ones."""
        filled = _filled(row)
        self.size += sum(map(len, row)) + len(row)
        if not filled:
            self.blank += 1
        elif filled > self.width:
            detail = f"{filled} cells where the header has {self.width}"
            reason = Rejected.wrong_number_of_fields
            self.rejects.append(Reject(number, reason, detail, _line(row[:filled])))
        else:
            self.lines.append(number)
            self.texts.append(row)

    def block(self) -> RowBlock:
        """Return the rows as a block."""
        texts = self.texts
        columns = pa.RecordBatch.from_arrays(
            [arrays.text_array([row[at] for row in texts]) for at in range(self.width)],
            names=[str(at) for at in range(self.width)],
        )
        records = len(texts) + len(self.rejects) + self.blank
        lines = np.array(self.lines, np.int64)
        return RowBlock(
            lines,
            columns,
            lambda at: _line(texts[at][: self.width]),
            self.rejects,
            self.blank,
            records,
        )


def _declared_type(last_rows: dict[str, int], header: int) -> pa.DataType:
    """Return the type of a column's cells below the header, given the last row of each kind."""
    kinds = [kind for kind, row in last_rows.items() if row > header]
    return CELL_TYPES.get(kinds[0], pa.string()) if len(kinds) == 1 else pa.string()


def _filled(row: list[str]) -> int:
    """Return the number of cells up to the last filled one."""
    empty = sum(1 for _ in itertools.takewhile(lambda cell: not cell, reversed(row)))
    return len(row) - empty


def _line(texts: list[str]) -> str:
    """Return cells as a line of CSV."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(texts)
    return buffer.getvalue()


def _memory(path: Path) -> int:
    """Examine a file before it is unpacked; return its memory limit.

    Raises
    ------
    InputError
        If it is missing, or unpacks to too much.
    MissingExtraError
        If python-calamine is not installed.
    """
    require("excel", "python_calamine")
    try:
        if not zipfile.is_zipfile(path):  # one with a password, or none at all: the library tells
            path.open("rb").close()
            return MEMORY_BYTES
        with archives.open_archive(path, "workbook", ratio=MAX_RATIO) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except OSError as error:
        msg = f"{path} cannot be opened: {error}."
        raise InputError(msg) from error
    return max(MEMORY_BYTES, MEMORY_TIMES * unpacked)


def _lines(path: Path, process: "subprocess.Popen[str]", most: int) -> Iterator[Any]:
    """Yield the output lines of the process for a file.

    Raises
    ------
    InputError
        If it reports an error, or ends unexpectedly.
    """
    for line in process.stdout or ():
        message = json.loads(line)
        if isinstance(message, dict) and "error" in message:
            msg = f"{path} cannot be read: {message['error']}."
            raise InputError(msg)
        yield message
    if process.wait():
        msg = (
            f"{path} cannot be read: it is damaged or requires more than "
            f"{most >> 20:,} MiB of memory. Save the sheet as CSV."
        )
        raise InputError(msg)


def _ended(process: "subprocess.Popen[str]") -> None:
    """Terminate a process."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()
