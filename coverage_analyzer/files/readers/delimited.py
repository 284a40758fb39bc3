"""Delimited files as text: no character lost or changed, every line accounted for, memory constant.

Bytes are read in blocks that begin with a record. What is read does not depend on where they end.
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
from coverage_analyzer.files.readers.base import RowBlock, TableReader
from coverage_analyzer.fingerprint import HashedFile, unchanged
from coverage_analyzer.schema.coordinates import Notation

BLOCK_BYTES: Final = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Dialect(Notation):
    """How a table is written, and the coordinates in it, where that does not show.

    Attributes
    ----------
    delimiter
        Between fields; if empty, the one of `header.DELIMITERS` that the header shows.
    encoding
        Of a text file; if empty, UTF-8, or UTF-16 where a file begins with its mark.
    sheet
        Of a workbook; if empty, the first one that is shown.
    """

    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""


PLAIN: Final = Dialect()
"""Nothing is known but what the file shows."""


class DelimitedFile(TableReader):
    """A text file with a header, its fields separated; plain, or packed with gzip or zstd.

    Parameters
    ----------
    path
        The file, or ``-`` for standard input.
    dialect
        What is known of how it is written.
    is_header
        Whether headers are those that are looked for: among delimiters, which one is meant.

    Raises
    ------
    InputError
        If it cannot be opened, is empty, or its header is no line of text.
    """

    def __init__(
        self, path: Path, dialect: Dialect = PLAIN, is_header: header.HeaderTest = header.anything
    ) -> None:
        mark = dialect.delimiter
        if mark and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n'):
            msg = f"The delimiter {mark!r} is not one ASCII character, such as ; or |."
            raise InputError(msg)
        self._path = path
        with self._readable("be opened"):
            text = streams.utf8_text(path, dialect.encoding)
            try:
                first, data = header.read_header(text, path, mark, is_header, BLOCK_BYTES)
            except BaseException:
                text.stream.close()
                raise
        # The file stays open: its rows are of the file that the header is of.
        self._behind_header = text._replace(
            stream=streams.PushbackReader(data[first.size :], text.stream)
        )
        self.fingerprint: HashedFile = text.file
        self._done = 0
        self._header, self._encoded = first, text.encoding
        self.headers = first.fields
        self.types = [pa.string()] * len(self.headers)
        self.known: dict[str, str] = {}

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        """Turn what can go wrong with bytes into an error that names the file.

        Raises
        ------
        InputError
            If anything does.
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
        """The encoding and the delimiter of the file."""
        return {"encoding": self._encoded or "utf-8", "delimiter": self._header.delimiter}

    def share(self) -> float:
        """Return how much of the file has been read, 0 to 1; NaN for standard input."""
        size = self.fingerprint.size
        return self._done / size if size else float("nan")

    @unchanged
    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order, as blocks of text columns; one block at least."""
        form = records.Form(len(self.headers), self._header.delimiter, self._encoded)
        line, rest, budget = self._header.lines + 1, b"", records.QuoteBudget(self._path)
        enough = 0
        with closing(self._behind_header.stream) as stream:
            while True:
                with self._readable(f"be read on from line {line}"):
                    more, self._done = stream.read(BLOCK_BYTES), self.fingerprint.tell()
                    if not more:
                        self.fingerprint.read_rest()
                data, text = rest + more, b""
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
        """Raise if a record has no end in sight: the rest of the file would fill the memory.

        Raises
        ------
        InputError
            Which names its line.
        """
        if len(rest) > records.RECORD_BYTES:
            msg = (
                f"{self._path}, line {line}: the record is longer than "
                f"{records.RECORD_BYTES >> 20} MiB. Check its quotes."
            )
            raise InputError(msg)
