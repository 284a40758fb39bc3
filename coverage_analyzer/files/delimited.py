"""CSV files as text: no character lost or changed, every line accounted for, memory constant.

Bytes are read in blocks that begin with a record. A block in which every line plainly is a record
goes to pyarrow at once. Any other goes through `csv` in its strict mode, record by record; a record
that the block does not end waits for the next one; after a broken record reading goes on at the
line after the one where that record began, so that a quote left open costs one row and not the
rest of the file. What is read does not depend on where blocks end.
"""

import csv
import functools
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.blocks import Block, Reject
from coverage_analyzer.tables import Rejected

BLOCK_BYTES: Final = 4 << 20
FIELD_BYTES: Final = 4 << 20
"""A field that has not ended after so many characters has a quote left open."""

MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some programs put before UTF-8."""

UNFINISHED: Final = "unexpected end of data"
"""What `csv` says of a record that goes on behind the last line."""

_FIELD_LIMIT = threading.Lock()


class DelimitedFile:
    """A CSV file: UTF-8, with a header, separated by commas.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be opened, is empty, or its header is no line of UTF-8 text.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        try:
            with path.open("rb") as file:
                self.headers, self._header_bytes, self._header_lines = _header(file, path)
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            msg = f"{path} cannot be opened: {error}."
            raise InputError(msg) from error
        self.types = [pa.string()] * len(self.headers)
        self.known: dict[str, str] = {}

    def sha256(self) -> str:
        """Return the hash of the file, after the last block."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, in order, as blocks of text columns; one block at least."""
        width, line, rest = len(self.headers), self._header_lines + 1, b""
        with self._path.open("rb") as file:
            self._hash.update(file.read(self._header_bytes))
            while True:
                more = file.read(BLOCK_BYTES)
                self._hash.update(more)
                data = rest + more
                cut = _last_line_end(data) if more else len(data)
                block, lines, rest = _block(data[:cut], width, line, at_end=not more)
                rest += data[cut:]
                line += lines
                if block.records or not more:
                    yield _without_blank(block)
                if not more:
                    return


def _header(file: BinaryIO, path: Path) -> tuple[list[str], int, int]:
    """Return the first record of a file, and how many bytes and lines it takes.

    Raises
    ------
    InputError
        If there is none.
    """
    data = b""
    while True:
        more = file.read(BLOCK_BYTES)
        data += more
        text = data.removeprefix(MARK)
        lines = text[: _last_line_end(text) if more else None].splitlines(keepends=True)
        try:
            with _long_fields():
                reader = csv.reader((line.decode() for line in lines), strict=True)
                headers = next(reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            if more and UNFINISHED in str(error) and len(data) < FIELD_BYTES:
                continue
            msg = f"{path}, line 1: {_misread(data) or f'the header cannot be read: {error}'}."
            raise InputError(msg) from error
        if headers is None and more:
            continue
        if not headers or not any(h.strip() for h in headers):
            msg = f"{path} is empty in line 1: it needs a header line and rows."
            raise InputError(msg)
        size = len(data) - len(text) + sum(map(len, lines[: reader.line_num]))
        return headers, size, reader.line_num


def _misread(data: bytes) -> str:
    """Return what a file seems to be that is no UTF-8 text, if it shows."""
    known = {
        b"\xff\xfe": "this is UTF-16 text; save it as UTF-8",
        b"\xfe\xff": "this is UTF-16 text; save it as UTF-8",
        b"\x1f\x8b": "this is a gzip archive; unpack it",
        b"PK\x03\x04": "this is a workbook or a zip archive; save it as CSV",
        b"PAR1": "this is Parquet; name it .parquet",
    }
    return next((what for magic, what in known.items() if data.startswith(magic)), "")


def _last_line_end(data: bytes) -> int:
    """Return where the last whole line ends; a final CR may be half of a line end."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _block(data: bytes, width: int, line: int, *, at_end: bool) -> tuple[Block, int, bytes]:
    """Return the rows of some whole lines, how many lines they take, and what is left over."""
    block = None if _needs_care(data) else _read_at_once(data, width, line)
    if block is not None:
        return block, block.records, b""
    return _read_with_care(data, width, line, at_end=at_end)


def _needs_care(data: bytes) -> bool:
    """Return whether a block is not plainly one record a line, in UTF-8.

    Quotes are plain if every line has an even number of them, each first one of a pair begins a
    field and each second one ends it (or stands doubled, for one quote).
    """
    if data.count(b"\r") != data.count(b"\r\n") or data.startswith(MARK):
        return True  # pyarrow would take the mark away
    if not _is_utf8(data):
        return True
    if b'"' not in data:
        return False
    codes = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    ends_of_lines = np.flatnonzero(codes == ord("\n"))
    if np.any(np.searchsorted(quotes, ends_of_lines) % 2):
        return True
    begins = np.isin(codes[quotes[::2] - 1], np.frombuffer(b',\n"', np.uint8))
    ends = np.isin(codes[quotes[1::2] + 1], np.frombuffer(b',\r\n"', np.uint8))
    return not (begins.all() and ends.all())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_at_once(data: bytes, width: int, line: int) -> Block | None:
    """Return rows that are one line each; nothing if pyarrow finds fault with the text."""
    odd: list[pyarrow.csv.InvalidRow] = []

    def kept(row: pyarrow.csv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

    names = [str(n) for n in range(width)]
    if not data:
        return Block(np.zeros(0, np.int64), _empty(names), lambda _: "")
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            pyarrow.csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=kept),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    numbers = np.array([row.number for row in odd], np.int64)
    texts = [row.text.rstrip("\r") for row in odd]
    at = numbers - 1 + line
    rejects = [
        Reject(int(n), *_wrong_width(row.actual_columns, width), text)
        for n, row, text in zip(at, odd, texts, strict=True)
        if _any_cell(text)
    ]
    lines = np.delete(np.arange(table.num_rows + len(odd)) + line, numbers - 1)
    (batch,) = table.combine_chunks().to_batches() or [_empty(names)]
    raw = functools.partial(_raw_line, data, lines - line)
    records = table.num_rows + len(odd)
    return Block(lines, batch, raw, rejects, len(odd) - len(rejects), records)


def _any_cell(text: str) -> bool:
    return any(next(csv.reader([text]), []))


def _raw_line(data: bytes, lines: Ints, row: int) -> str:
    text: bytes = data.split(b"\n")[int(lines[row])]
    return text.rstrip(b"\r").decode()


def _wrong_width(found: int, width: int) -> tuple[Rejected, str]:
    return Rejected.wrong_number_of_fields, f"{found} fields where the header has {width}"


def _read_with_care(
    data: bytes, width: int, line: int, *, at_end: bool
) -> tuple[Block, int, bytes]:
    """Return rows read one by one, whatever their quotes and line ends."""
    lines = data.splitlines(keepends=True)
    rows: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    rejects: list[Reject] = []
    blank = records = start = 0
    waiting = False
    with _long_fields():
        while start < len(lines) and not waiting:
            for fields, stop, fault in _records(lines, start, width):
                if fault and UNFINISHED in fault[1] and not at_end:
                    waiting = True
                    break
                records += 1
                if fault:
                    text = lines[start].decode(errors="backslashreplace").rstrip("\r\n")
                    rejects.append(Reject(line + start, *fault, text))
                    start += 1
                    break
                if fields:
                    rows.append(fields)
                    spans.append((start, stop))
                else:
                    blank += 1
                start = stop
    batch = pa.RecordBatch.from_arrays(
        [arrays.text([row[c] for row in rows]) for c in range(width)],
        names=[str(c) for c in range(width)],
    )

    begins = np.array([first for first, _ in spans], np.int64) + line
    raw = functools.partial(_raw_lines, lines, spans)
    block = Block(begins, batch, raw, rejects, blank, records)
    return block, start, b"".join(lines[start:])


def _raw_lines(lines: list[bytes], spans: list[tuple[int, int]], row: int) -> str:
    return b"".join(lines[slice(*spans[row])]).decode().rstrip("\r\n")


def _records(
    lines: list[bytes], start: int, width: int
) -> Iterator[tuple[list[str], int, tuple[Rejected, str] | None]]:
    """Yield records from a line on, up to the first that is wrong.

    Of each: its fields (none if all are empty), the line after it, what is wrong with it.
    """
    rest = (lines[i].decode() for i in range(start, len(lines)))
    reader = csv.reader(rest, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except UnicodeDecodeError as error:
            odd = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
            yield [], 0, (Rejected.not_utf8, f"{odd}; save the file as 'CSV UTF-8'")
            return
        except csv.Error as error:
            yield [], 0, (Rejected.broken_quotes, f"quotes that do not match: {error}")
            return
        if fields is None:
            return
        if not any(fields):
            fields = []
        if fields and len(fields) != width:
            yield [], 0, _wrong_width(len(fields), width)
            return
        yield fields, start + reader.line_num, None


def _without_blank(block: Block) -> Block:
    """Return the block without the rows in which every cell is empty, which it counts."""
    empty = np.ones(len(block.lines), np.bool_)
    for column in block.columns.columns:
        if not empty.any():
            return block
        offsets = np.frombuffer(column.buffers()[1], np.int32)
        sizes = np.diff(offsets[column.offset : column.offset + len(column) + 1])
        empty &= sizes == 0
    if not empty.any():
        return block
    kept = np.flatnonzero(~empty)
    return Block(
        block.lines[kept],
        block.columns.take(arrays.arrow(kept)),
        lambda row: block.raw(int(kept[row])),
        block.rejects,
        block.blank + int(empty.sum()),
        block.records,
    )


def _empty(names: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([arrays.text([]) for _ in names], names=names)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let `csv` take long fields meanwhile: its limit is one for the whole process."""
    with _FIELD_LIMIT:
        before = csv.field_size_limit(FIELD_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(before)
