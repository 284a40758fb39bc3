"""CSV files as text: no character lost or changed, every line accounted for, memory constant.

Bytes are read in blocks that end between two records. A block in which every line holds an even
number of quotes goes to pyarrow, where each line is one record. Any other goes through `csv` in its
strict mode, record by record; after a broken record reading goes on at the line after the one where
that record began, so that a quote left open costs one row and not the rest of the file.
"""

import csv
import functools
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.blocks import Block, Reject
from coverage_analyzer.tables import Rejected

BLOCK_BYTES: Final = 4 << 20
RECORD_BYTES: Final = 16 << 20
"""A record that has not ended after so many bytes has a quote left open."""

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
            self._file = path.open("rb")
        except OSError as error:
            msg = f"{path} cannot be opened: {error.strerror}."
            raise InputError(msg) from error
        self._ahead, self._first_line = b"", 1
        self.headers = self._header()

    def sha256(self) -> str:
        """Return the hash of the file, after the last block."""
        return self._hash.hexdigest()

    def _read(self) -> bytes:
        data = self._file.read(BLOCK_BYTES)
        self._hash.update(data)
        return data

    def _header(self) -> list[str]:
        """Return the first record, and leave what follows it to be read.

        Raises
        ------
        InputError
            If there is none.
        """
        data = self._read().removeprefix(b"\xef\xbb\xbf")
        if not data.strip():
            msg = f"{self._path} is empty: it needs a header line and rows."
            raise InputError(msg)
        lines = data.splitlines(keepends=True)
        try:
            with _long_fields():
                reader = csv.reader((line.decode() for line in lines), strict=True)
                headers = next(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            msg = f"{self._path}, line 1: the header is no UTF-8 comma-separated text ({error})."
            raise InputError(msg) from error
        taken = sum(map(len, lines[: reader.line_num]))
        self._ahead, self._first_line = data[taken:], reader.line_num + 1
        return headers

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, in order, as blocks of text columns."""
        with self._file:
            first = line = self._first_line
            at_end = False
            while not at_end:
                data = self._ahead + (more := self._read())
                at_end = not more
                cut = len(data) if at_end else _last_record_end(data)
                if not cut and len(data) > RECORD_BYTES:
                    cut = data.rfind(b"\n") + 1
                self._ahead = data[cut:]
                if cut or (at_end and line == first):
                    block, lines = self._block(data[:cut], line)
                    line += lines
                    yield block

    def _block(self, data: bytes, line: int) -> tuple[Block, int]:
        """Return the rows of whole records, and how many lines they take."""
        block = None if _needs_care(data) else _read_at_once(data, len(self.headers), line)
        if block is None:
            block = _read_with_care(data, len(self.headers), line)
        return _without_blank(block), _line_count(data)


def _line_count(data: bytes) -> int:
    if not data:
        return 0
    ends = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    return ends + (not data.endswith((b"\n", b"\r")))


def _last_record_end(data: bytes) -> int:
    """Return where the last record ends for sure: behind a line end that is not inside quotes."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    ends, open_ = _line_ends(data)
    closed = ends[~open_]
    return int(closed[-1]) + 1 if len(closed) else 0


def _line_ends(data: bytes) -> tuple[Ints, Bools]:
    """Return where lines end, and whether an odd number of quotes stands before."""
    codes = np.frombuffer(data, np.uint8)
    ends, quotes = (np.flatnonzero(codes == ord(c)) for c in '\n"')
    return ends, np.searchsorted(quotes, ends) % 2 == 1


def _needs_care(data: bytes) -> bool:
    """Return whether lines end otherwise than with a newline, or quotes are not plainly right.

    They are if every line has an even number of them, each first one of a pair begins a field and
    each second one ends it (or stands doubled, for one quote).
    """
    if data.count(b"\r") != data.count(b"\r\n"):
        return True
    if b'"' not in data:
        return False
    codes = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    if len(quotes) % 2 or _line_ends(data)[1].any():
        return True
    begins = np.isin(codes[quotes[::2] - 1], np.frombuffer(b',\n"', np.uint8))
    ends = np.isin(codes[quotes[1::2] + 1], np.frombuffer(b',\r\n"', np.uint8))
    return not (begins.all() and ends.all())


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
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
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
        if text.strip(",")
    ]
    lines = np.delete(np.arange(table.num_rows + len(odd)) + line, numbers - 1)
    (batch,) = table.combine_chunks().to_batches() or [_empty(names)]
    raw = functools.partial(_raw_line, data, lines - line)
    return Block(lines, batch, raw, rejects, len(odd) - len(rejects), _line_count(data))


def _raw_line(data: bytes, lines: Ints, row: int) -> str:
    text: bytes = data.split(b"\n")[int(lines[row])]
    return text.rstrip(b"\r").decode()


def _wrong_width(found: int, width: int) -> tuple[Rejected, str]:
    return Rejected.wrong_number_of_fields, f"{found} fields where the header has {width}"


def _read_with_care(data: bytes, width: int, line: int) -> Block:
    """Return rows read one by one, whatever their quotes and line ends."""
    lines = data.splitlines(keepends=True)
    rows: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    rejects: list[Reject] = []
    blank = records = start = 0
    with _long_fields():
        while start < len(lines):
            for fields, stop, fault in _records(lines, start, width):
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
    return Block(begins, batch, raw, rejects, blank, records)


def _raw_lines(lines: list[bytes], spans: list[tuple[int, int]], row: int) -> str:
    return b"".join(lines[slice(*spans[row])]).decode().rstrip("\r\n")


def _records(
    lines: list[bytes], start: int, width: int
) -> Iterator[tuple[list[str], int, tuple[Rejected, str] | None]]:
    """Yield records from a line on, up to the first that is wrong.

    Of each: its fields (none if all are empty), the line after it, what is wrong with it.
    """
    reader = csv.reader((line.decode() for line in lines[start:]), strict=True)
    while True:
        try:
            fields = next(reader, None)
        except UnicodeDecodeError as error:
            yield [], 0, (Rejected.not_utf8, f"not UTF-8 text: {error.reason}")
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
        before = csv.field_size_limit(RECORD_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(before)
