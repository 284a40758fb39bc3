"""Delimited files as text: no character lost or changed, every line counted, constant memory.

Bytes are read in blocks that begin with a record. The result does not depend on where they end.
"""

import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import header, records, streams
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows
from coverage_analyzer.files.readers.header_row import (
    COMPLETE,
    HeaderTest,
    anything,
    header_place,
    numbered,
)
from coverage_analyzer.fingerprint import HashedFile, unchanged, unchanged_during
from coverage_analyzer.schema.coordinates import Notation

BLOCK_BYTES: Final = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Dialect(Notation):
    """Format of a table and its coordinates, where it cannot be detected.

    Attributes
    ----------
    delimiter
        Field separator; if empty, the one of `header.DELIMITERS` detected in the header.
    encoding
        Of a text file; if empty, the one whose mark it begins with, else UTF-8 or a guess by its
        first characters that are not ASCII (`guessing`).
    sheet
        Of a workbook; if empty, the first one that has the wanted columns, else the first shown.
    layer
        Of a GeoPackage; if empty, of those with points the one whose name fits.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> german = ca.Dialect(delimiter=";", decimal=",", date_format="%d.%m.%Y")
    >>> german.delimiter, german.decimal
    (';', ',')
    """

    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""
    layer: str = ""


PLAIN: Final = Dialect()
"""Everything is detected."""


class DelimitedFile(TableReader):
    """A delimited text file with a header; plain, or compressed with gzip or zstd.

    Parameters
    ----------
    path
        The file, or ``-`` for standard input.
    dialect
        Its dialect, as far as given.
    n_known
        How many known columns some fields name: so the header and the delimiter are found.
    member
        Of a zip archive, which of its files is read.

    Raises
    ------
    InputError
        If it cannot be opened, is empty, or its header is not a line of text.
    """

    def __init__(
        self,
        path: Path,
        dialect: Dialect = PLAIN,
        n_known: HeaderTest = anything,
        *,
        member: str = "",
    ) -> None:
        mark = dialect.delimiter
        if mark and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n'):
            msg = f"The delimiter {mark!r} is not one ASCII character, such as ; or |."
            raise InputError(msg)
        self._path, self._member = path, member
        with self._readable("be opened"):
            text = streams.utf8_text(path, dialect.encoding, member)
            try:
                first, data = header.read_header(text, path, mark, n_known, BLOCK_BYTES)
            except BaseException:
                text.stream.close()
                raise
        # The file stays open: its rows are of the file that the header is of.
        self._behind_header = text._replace(
            stream=streams.PushbackReader(data[first.size :], text.stream)
        )
        self.fingerprint: HashedFile = text.file
        self.is_text = True
        self._ahead: bytes | None = None
        self._n_required = 0
        self._done = 0
        self._header, self._encoding = first, text.encoding
        self.headers, self.repeated = numbered(first.fields)
        self.types = [pa.string()] * len(self.headers)
        self.known: dict[str, str] = {}

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        """Turn errors of reading bytes into one that names the file.

        Raises
        ------
        InputError
            If any occurs.
        """
        try:
            yield
        except InputError:
            raise
        except (OSError, EOFError, ValueError, zlib.error) as error:
            why = getattr(error, "strerror", None) or error
            msg = f"{self._path} cannot {what}: {why}."
            raise InputError(msg) from error

    @property
    def detected(self) -> dict[str, Any]:
        """The encoding and the delimiter of the file, and where its header is."""
        line = self._header.line
        return {
            **({"member": self._member} if self._member else {}),
            "encoding": str(self._encoding),
            "delimiter": self._header.delimiter,
            **header_place(line, before=line - 1),
        }

    @property
    def is_complete(self) -> bool:
        """Whether the header names all required columns."""
        return self._header.n_known >= COMPLETE

    def declared_types(self) -> None:
        """Return None: text has no types."""

    def share(self) -> float:
        """Return the share of the file that has been read, 0 to 1; NaN for standard input."""
        size = self.fingerprint.size
        return self._done / size if size else float("nan")

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them, as far as they are in the first 4 MiB.

        Raises
        ------
        InputError
            If the file cannot be read so far.
        """
        if self._ahead is None:
            self._ahead = self._read_ahead()
        form = self._form()
        line, data, n_lines = self._header.lines + 1, self._ahead, n_rows
        is_whole = len(data) < BLOCK_BYTES
        if not is_whole:  # it may end within a line, even within a character
            data = data[: records.last_line_end(data)]
        while True:
            part = records.first_lines(data, n_lines)
            at_end = is_whole and len(part) == len(data)
            budget = records.QuoteBudget(self._path)
            block, _, _ = records.read_block(part, form, line, budget, at_end=at_end)
            columns = records.without_blank(block).columns
            if len(columns) >= n_rows or len(part) == len(data):
                return first_rows(columns, self.headers, n_rows)
            n_lines *= 4

    def columns_read(self, at: frozenset[int]) -> None:
        """Read rows that end behind the last of these columns; cells that they lack are empty."""
        self._n_required = max(at, default=-1) + 1

    def _form(self) -> records.Form:
        """Return the form of records, with the encoding as far as the file has been read."""
        encoding = str(self._encoding) if self._encoding.name else ""
        width = len(self.headers)
        return records.Form(width, self._header.delimiter, encoding, self._n_required or width)

    def _read_ahead(self) -> bytes:
        """Return the first block behind the header, whole unless the file ends; put it back.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        stream, data = self._behind_header.stream, b""
        where = f"be read on from line {self._header.lines + 1}"
        try:
            with unchanged_during(self.fingerprint), self._readable(where):
                while len(data) < BLOCK_BYTES and (more := stream.read(BLOCK_BYTES - len(data))):
                    data += more
        except BaseException:
            stream.close()
            raise
        self._behind_header = self._behind_header._replace(
            stream=streams.PushbackReader(data, stream)
        )
        return data

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order, as blocks of text columns; at least one block."""
        line, rest, budget = self._header.lines + 1, b"", records.QuoteBudget(self._path)
        self._ahead, enough = None, 0
        with closing(self._behind_header.stream) as stream:
            while True:
                with self._readable(f"be read on from line {line}"):
                    more, self._done = stream.read(BLOCK_BYTES), self.fingerprint.tell()
                    if not more:
                        self.fingerprint.read_rest()
                data, text, form = rest + more, b"", self._form()
                cut = records.last_line_end(data) if more else len(data)
                for piece, last in records.pieces(data[:cut]):
                    text += piece
                    at_end = last and not more
                    if len(text) < enough and not at_end:
                        continue
                    block, lines, text = records.read_block(text, form, line, budget, at_end=at_end)
                    # A record that waits is tried again when there is twice as much of it.
                    enough = min(2 * len(text), records.RECORD_BYTES)
                    line += lines
                    if block.records or at_end:
                        yield records.without_blank(block)
                if not more:
                    return
                rest = text + data[cut:]
                self._check_end(rest, line)

    def _check_end(self, rest: bytes, line: int) -> None:
        """Raise if a record does not end: the rest of the file would fill the memory.

        Raises
        ------
        InputError
            With its line.
        """
        if len(rest) > records.RECORD_BYTES:
            msg = (
                f"{self._path}, line {line}: the record is longer than "
                f"{records.RECORD_BYTES >> 20} MiB. Check its quotes."
            )
            raise InputError(msg)
