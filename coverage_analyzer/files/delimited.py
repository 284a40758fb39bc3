"""Delimited files as text: no character lost or changed, every line accounted for, memory constant.

Bytes are read in blocks that begin with a record. A block in which every line plainly is a record
goes to pyarrow at once. Any other goes through `csv` in its strict mode, record by record; a record
that the block does not end waits for the next one; after a broken record reading goes on at the
line after the one where that record began, so that a quote left open costs one row and not the
rest of the file. What is read does not depend on where blocks end.
"""

import csv
import dataclasses
import functools
import hashlib
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.coordinates import Notation
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import streams
from coverage_analyzer.files.blocks import Block, Reject, Source
from coverage_analyzer.tables import Rejected

BLOCK_BYTES: Final = 4 << 20
FIELD_BYTES: Final = 4 << 20
"""A field that has not ended after so many characters has a quote left open."""

MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that some programs put before UTF-8."""

UNFINISHED: Final = "unexpected end of data"
"""What `csv` says of a record that goes on behind the last line."""

_FIELD_LIMIT = threading.Lock()


DELIMITERS: Final = (",", ";", "\t", "|")
"""What may stand between fields; the header tells which one does."""


@dataclass(frozen=True, kw_only=True)
class Dialect(Notation):
    """How a text file is written, and the coordinates in it.

    Attributes
    ----------
    delimiter
        Between fields; if empty, the one of `DELIMITERS` that parts the header into most.
    encoding
        If empty, UTF-8, or UTF-16 where a file begins with its mark.
    """

    delimiter: str = ""
    encoding: str = ""


PLAIN: Final = Dialect()
"""Nothing is known but what the file shows."""


@dataclass(frozen=True)
class Header:
    """The first record: its fields, what parts them, and how many bytes and lines it takes."""

    fields: list[str]
    delimiter: str
    size: int
    lines: int


class DelimitedFile(Source):
    """A text file with a header, its fields separated; plain, or packed with gzip or zstd.

    Parameters
    ----------
    path
        The file, or ``-`` for standard input.
    dialect
        What is known of how it is written.

    Raises
    ------
    InputError
        If it cannot be opened, is empty, or its header is no line of text.
    """

    def __init__(self, path: Path, dialect: Dialect = PLAIN) -> None:
        mark = dialect.delimiter
        if mark and (len(mark) != 1 or not mark.isascii() or mark in '"\r\n'):
            msg = f"The delimiter {mark!r} is not one ASCII character, such as ; or |."
            raise InputError(msg)
        self._path, self._encoding = path, dialect.encoding
        self._hash = hashlib.sha256()
        with self._readable("be opened"):
            stream = streams.utf8_bytes(path, dialect.encoding)
            try:
                self._header, begun = _header(stream, path, dialect.delimiter)
            finally:
                if not streams.is_standard_input(path):
                    stream.close()
        # Standard input cannot be read twice: what has been read of it is kept.
        self._begun = streams.Ahead(begun, stream)
        self.headers = self._header.fields
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
            msg = f"{self._path} cannot {what}: {error}."
            raise InputError(msg) from error

    def sha256(self) -> str:
        """Return the hash of the file, after the last block; of standard input, of its text."""
        if streams.is_standard_input(self._path):
            return self._hash.hexdigest()
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, in order, as blocks of text columns; one block at least."""
        form = Form(len(self.headers), self._header.delimiter)
        line, rest = self._header.lines + 1, b""
        with closing(self._behind_header()) as stream:
            while True:
                with self._readable(f"be read on from line {line}"):
                    more = stream.read(BLOCK_BYTES)
                self._hash.update(more)
                data = rest + more
                cut = _last_line_end(data) if more else len(data)
                block, lines, rest = _block(data[:cut], form, line, at_end=not more)
                rest += data[cut:]
                line += lines
                if block.records or not more:
                    yield _without_blank(block)
                if not more:
                    return

    def _behind_header(self) -> streams.Stream:
        """Return a stream of the rows."""
        if streams.is_standard_input(self._path):
            return self._begun
        with self._readable("be opened again"):
            stream, data = streams.utf8_bytes(self._path, self._encoding), b""
            while len(data) < self._header.size and (more := stream.read(BLOCK_BYTES)):
                data += more
        return streams.Ahead(data[self._header.size :], stream)


def _header(stream: streams.Stream, path: Path, delimiter: str) -> tuple[Header, bytes]:
    """Return the header of a file, and what has been read behind it.

    Raises
    ------
    InputError
        If there is none.
    """
    data = b""
    while True:
        more = stream.read(BLOCK_BYTES)
        data += more
        text = data.removeprefix(MARK)
        lines = text[: _last_line_end(text) if more else None].splitlines(keepends=True)
        try:
            found = _first_record(lines, delimiter)
        except (csv.Error, UnicodeDecodeError) as error:
            if more and UNFINISHED in str(error) and len(data) < FIELD_BYTES:
                continue
            msg = f"{path}, line 1: {_misread(data) or f'the header cannot be read: {error}'}."
            raise InputError(msg) from error
        if found is None and more:
            continue
        if found is None or not any(h.strip() for h in found.fields):
            msg = f"{path} is empty in line 1: it needs a header line and rows."
            raise InputError(msg)
        size = len(data) - len(text) + found.size
        return dataclasses.replace(found, size=size), data[size:]


def _first_record(lines: list[bytes], delimiter: str) -> Header | None:
    """Return the first record of some lines, by the delimiter that parts it into most fields.

    Raises
    ------
    csv.Error
        If it is one by no delimiter.
    """
    found, errors = [], []
    with _long_fields():
        for mark in delimiter or DELIMITERS:
            reader = csv.reader((line.decode() for line in lines), delimiter=mark, strict=True)
            try:
                fields = next(reader, None)
            except csv.Error as error:
                errors.append(error)
                continue
            size = sum(map(len, lines[: reader.line_num]))
            found += [Header(fields, mark, size, reader.line_num)] if fields is not None else []
    if errors and not found:
        raise errors[0]
    return max(found, key=lambda header: len(header.fields), default=None)


def _misread(data: bytes) -> str:
    """Return what a file seems to be that is no text, if it shows."""
    known = {
        b"PK\x03\x04": "this is a workbook or a zip archive; name it .xlsx, or save it as CSV",
        b"\xd0\xcf\x11\xe0": "this is an old Excel workbook; save it as CSV",
        b"PAR1": "this is Parquet; name it .parquet",
    }
    odd = "this is not UTF-8 text; say which with --encoding, such as cp1252"
    return next((what for magic, what in known.items() if data.startswith(magic)), odd)


class Form(NamedTuple):
    """How many fields a record has, and what parts them."""

    width: int
    delimiter: str


def _last_line_end(data: bytes) -> int:
    """Return where the last whole line ends; a final CR may be half of a line end."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _block(data: bytes, form: Form, line: int, *, at_end: bool) -> tuple[Block, int, bytes]:
    """Return the rows of some whole lines, how many lines they take, and what is left over."""
    block = None if _needs_care(data, form.delimiter) else _read_at_once(data, form, line)
    if block is not None:
        return block, block.records, b""
    return _read_with_care(data, form, line, at_end=at_end)


def _needs_care(data: bytes, delimiter: str) -> bool:
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
    begins = np.isin(codes[quotes[::2] - 1], np.frombuffer(f'{delimiter}\n"'.encode(), np.uint8))
    ends = np.isin(codes[quotes[1::2] + 1], np.frombuffer(f'{delimiter}\r\n"'.encode(), np.uint8))
    return not (begins.all() and ends.all())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_at_once(data: bytes, form: Form, line: int) -> Block | None:
    """Return rows that are one line each; nothing if pyarrow finds fault with the text."""
    odd: list[pyarrow.csv.InvalidRow] = []

    def kept(row: pyarrow.csv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

    names = [str(n) for n in range(form.width)]
    if not data:
        return Block(np.zeros(0, np.int64), _empty(names), lambda _: "")
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            pyarrow.csv.ParseOptions(
                delimiter=form.delimiter, ignore_empty_lines=False, invalid_row_handler=kept
            ),
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
        Reject(int(n), *_wrong_width(row.actual_columns, form.width), text)
        for n, row, text in zip(at, odd, texts, strict=True)
        if _any_cell(text, form.delimiter)
    ]
    lines = np.delete(np.arange(table.num_rows + len(odd)) + line, numbers - 1)
    (batch,) = table.combine_chunks().to_batches() or [_empty(names)]
    raw = functools.partial(_raw_line, data, functools.cache(_line_starts), lines - line)
    records = table.num_rows + len(odd)
    return Block(lines, batch, raw, rejects, len(odd) - len(rejects), records)


def _any_cell(text: str, delimiter: str) -> bool:
    return any(next(csv.reader([text], delimiter=delimiter), []))


def _raw_line(data: bytes, starts_of: Callable[[bytes], Ints], lines: Ints, row: int) -> str:
    """Return the text of a row; where lines start is found once, when the first is asked for."""
    start, stop = starts_of(data)[int(lines[row]) :][:2].tolist()
    return data[start:stop].rstrip(b"\r\n").decode()


def _line_starts(data: bytes) -> Ints:
    """Return where each line starts, and the end."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    return np.unique(np.concatenate([[0], ends, [len(data)]]))


def _wrong_width(found: int, width: int) -> tuple[Rejected, str]:
    return Rejected.wrong_number_of_fields, f"{found} fields where the header has {width}"


def _read_with_care(
    data: bytes, form: Form, line: int, *, at_end: bool
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
            for fields, stop, fault in _records(lines, start, form):
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
        [arrays.text([row[c] for row in rows]) for c in range(form.width)],
        names=[str(c) for c in range(form.width)],
    )

    begins = np.array([first for first, _ in spans], np.int64) + line
    raw = functools.partial(_raw_lines, lines, spans)
    block = Block(begins, batch, raw, rejects, blank, records)
    return block, start, b"".join(lines[start:])


def _raw_lines(lines: list[bytes], spans: list[tuple[int, int]], row: int) -> str:
    return b"".join(lines[slice(*spans[row])]).decode().rstrip("\r\n")


def _records(
    lines: list[bytes], start: int, form: Form
) -> Iterator[tuple[list[str], int, tuple[Rejected, str] | None]]:
    """Yield records from a line on, up to the first that is wrong.

    Of each: its fields (none if all are empty), the line after it, what is wrong with it.
    """
    rest = (lines[i].decode() for i in range(start, len(lines)))
    reader = csv.reader(rest, delimiter=form.delimiter, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except UnicodeDecodeError as error:
            odd = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
            yield (
                [],
                0,
                (Rejected.not_utf8, f"{odd}; save the file as 'CSV UTF-8', or say its --encoding"),
            )
            return
        except csv.Error as error:
            yield [], 0, (Rejected.broken_quotes, f"quotes that do not match: {error}")
            return
        if fields is None:
            return
        if not any(fields):
            fields = []
        if fields and len(fields) != form.width:
            yield [], 0, _wrong_width(len(fields), form.width)
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
