"""Records of delimited text: complete lines in, rows and rejects out, for any quoting.

A block in which every line clearly is a record is parsed by pyarrow at once. Any other is parsed by
`csv` in strict mode, record by record; a record that does not end in the block is continued in the
next one; after a broken record parsing continues at the line after its first one, so that an
unclosed quote costs one row and not the rest of the file.
"""

import csv
import dataclasses
import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.schema.rejects import Reject, Rejected

FIELD_BYTES: Final = 4 << 20
"""Maximum length of a field in characters; a longer one has an unclosed quote."""

RECORD_BYTES: Final = 16 << 20
"""Maximum size of a record, since a longer one would fill the memory."""

MAX_LINES: Final = 1 << 17
"""Maximum lines per block: rejects are objects, and 2 bytes of text may become one of 300."""

UNFINISHED: Final = "unexpected end of data"
"""Message of `csv` about a record that continues after the last line."""

_FIELD_LIMIT = threading.Lock()


class Form(NamedTuple):
    """How a record is written.

    How many fields it has, what parts them, the encoding, empty if it is UTF-8, and how many of its
    fields have to be there: a spreadsheet leaves off empty cells at the end of a row.
    """

    width: int
    delimiter: str
    encoding: str = ""
    n_required: int = 0

    def filled_up(self, fields: list[str]) -> list[str]:
        """Return fields in the width of the header, if only empty cells make the difference."""
        if len(fields) > self.width and not any(fields[self.width :]):
            return fields[: self.width]
        if (self.n_required or self.width) <= len(fields) < self.width:
            return fields + [""] * (self.width - len(fields))
        return fields


def last_line_end(data: bytes) -> int:
    """Return the end of the last complete line; a final CR may be half of a line end."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def first_lines(data: bytes, n_lines: int) -> bytes:
    """Return the first whole lines; all of the data if it has no more, or ends lines with CR."""
    end = 0
    for _ in range(n_lines):
        end = data.find(b"\n", end) + 1
        if not end:
            return data
    return data[:end]


def pieces(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield complete lines in groups of limited size, and whether a group is the last."""
    many = _n_of("\n", data) + _n_of("\r", data) > MAX_LINES
    if not many or not data.strip(b"\r\n"):
        yield data, True
        return
    starts = _line_starts(data)
    cuts = [*starts[:-1:MAX_LINES].tolist(), len(data)]
    for start, stop in itertools.pairwise(cuts):
        yield data[start:stop], stop == len(data)


def _n_of(character: str, data: bytes) -> int:
    """Return how often an ASCII character occurs; several times as fast as `bytes.count`."""
    if character.encode() not in data:
        return 0
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(character)))


class QuoteBudget:
    """Limit on the bytes rescanned because of unclosed quotes.

    In a crafted file every line can open a quote that never closes. Searching each one to the end
    of the file is quadratic. The budget grows with new input and shrinks with each failed search.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._bytes = path, 4 * RECORD_BYTES

    def add(self, size: int) -> None:
        """Credit newly read bytes."""
        self._bytes += 4 * size

    def charge(self, size: int, line: int) -> None:
        """Debit a failed search that began at `line`.

        Raises
        ------
        InputError
            If the budget is exhausted.
        """
        self._bytes -= size
        if self._bytes < 0:
            msg = (
                f"{self._path} has too many unclosed quotes, the last in line {line}. Save it "
                f"again, or give its --delimiter."
            )
            raise InputError(msg)


def read_block(
    data: bytes, form: Form, line: int, budget: QuoteBudget, *, at_end: bool
) -> tuple[RowBlock, int, bytes]:
    """Return the rows of some complete lines, the number of lines used, and the remainder.

    Raises
    ------
    InputError
        If too much is broken.
    """
    budget.add(len(data))
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    is_plain = not _needs_care(data, ends, form.delimiter)
    block = _read_at_once(data, ends, form, line) if is_plain else None
    if block is not None:
        return block, block.records, b""
    return _read_with_care(data, form, line, budget, at_end=at_end)


def _needs_care(data: bytes, ends: Ints, delimiter: str) -> bool:
    """Return whether a block is not simply one record per line, in UTF-8.

    Quotes are simple if every line has an even number of them, each first one of a pair begins a
    field and each second one ends it (or is doubled, for a literal quote).

    Parameters
    ----------
    data
        The block.
    ends
        The position of each line feed.
    delimiter
        Separator of fields.
    """
    if not _is_utf8(data):
        return True
    codes = np.frombuffer(data, np.uint8)
    n_returns = _n_of("\r", data)
    if n_returns and n_returns != np.count_nonzero(codes[ends[ends > 0] - 1] == ord("\r")):
        return True
    if b'"' not in data:  # found in a tenth of the time of the next lines
        return False
    quotes = np.flatnonzero(codes == ord('"'))
    lines = np.searchsorted(ends, quotes)
    if len(quotes) % 2 or not np.array_equal(lines[::2], lines[1::2]):
        return True
    before, after = quotes[::2] - 1, quotes[1::2] + 1
    begin = _are(f'{delimiter}\n"', codes[before[before >= 0]])
    return not (begin and _are(f'{delimiter}\r\n"', codes[after[after < len(codes)]]))


def _are(characters: str, codes: npt.NDArray[np.uint8]) -> bool:
    """Return whether all bytes are one of some ASCII characters."""
    matches = np.zeros(len(codes), np.bool_)
    for character in characters:
        matches |= codes == ord(character)
    return bool(matches.all())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    ends = pa.py_buffer(np.array([0, len(data)], np.int32))
    text = pa.StringArray.from_buffers(1, ends, pa.py_buffer(data))
    try:
        text.validate(full=True)  # several times as fast as bytes.decode
    except pa.ArrowInvalid:
        return False
    return True


def _read_at_once(data: bytes, ends: Ints, form: Form, line: int) -> RowBlock | None:
    """Return rows of one line each; None if pyarrow rejects the text."""
    filled, at = _filled_lines(data, ends)
    parsed = _parsed(filled, form)
    if parsed is not None and (mended := _filled_up(filled, parsed[1], form)):
        parsed = _parsed(mended, form)
    if parsed is None:
        return None
    batch, odd = parsed
    here = np.array([row.number for row in odd], np.int64) - 1
    texts = [row.text.rstrip("\r") for row in odd]
    rejects = [
        Reject(int(n), *_wrong_width(row.actual_columns, form.width), text)
        for n, row, text in zip(at[here] + line, odd, texts, strict=True)
        if _any_cell(text, form.delimiter)
    ]
    rows = np.delete(np.arange(len(at)), here)
    raw = functools.partial(_raw_line, filled, functools.cache(_line_starts), rows)
    records = _n_lines(data, ends)
    blank = records - len(rows) - len(rejects)
    return RowBlock(at[rows] + line, batch, raw, rejects, blank, records)


def _filled_up(data: bytes, odd: list[pyarrow.csv.InvalidRow], form: Form) -> bytes:
    """Return lines with the empty cells added or taken away that make them as wide as the header.

    Nothing is returned where no line changes.
    """
    if not odd:
        return b""
    starts = _line_starts(data)
    changed: list[bytes] = []
    done = 0
    for row in odd:
        at, stop = starts[row.number - 1 : row.number + 1].tolist()
        line = data[at:stop]
        text = line.rstrip(b"\r\n")
        end, extra = line[len(text) :], row.actual_columns - form.width
        ends = form.delimiter.encode() * abs(extra)
        if extra > 0 and text.endswith(ends):
            text = text[: -len(ends)]
        elif (form.n_required or form.width) <= row.actual_columns < form.width:
            text += ends
        else:
            continue
        changed += [data[done:at], text, end]
        done = stop
    return b"".join([*changed, data[done:]]) if changed else b""


def _n_lines(data: bytes, ends: Ints) -> int:
    """Return the number of lines; the last one may lack its end."""
    return len(ends) + (not data.endswith(b"\n") and data != b"")


def _filled_lines(data: bytes, ends: Ints) -> tuple[bytes, Ints]:
    """Return the lines that are not empty, and the number of each, from 0.

    An empty line is an empty row. pyarrow would report each, which takes an hour for a file of
    empty lines.
    """
    if np.all(np.diff(ends, prepend=-1) > len(b"\r\n")):
        return data, np.arange(_n_lines(data, ends))
    if not data.strip(b"\r\n"):
        return b"", np.zeros(0, np.int64)
    codes, starts = np.frombuffer(data, np.uint8), _line_starts(data)
    sizes = np.diff(starts)
    filled = (sizes > 2) | ~np.isin(codes[starts[:-1]], np.frombuffer(b"\r\n", np.uint8))
    return codes[np.repeat(filled, sizes)].tobytes(), np.flatnonzero(filled)


def _parsed(data: bytes, form: Form) -> tuple[pa.RecordBatch, list[pyarrow.csv.InvalidRow]] | None:
    """Return lines as columns, and those with another number of fields; or None."""
    odd: list[pyarrow.csv.InvalidRow] = []

    def kept(row: pyarrow.csv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

    names = [str(n) for n in range(form.width)]
    if not data:
        return _empty(names), odd
    if data.startswith(streams.BOM):
        return None  # pyarrow would take the mark away
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
    (batch,) = table.combine_chunks().to_batches() or [_empty(names)]
    return batch, odd


def _any_cell(text: str, delimiter: str) -> bool:
    try:
        return any(next(csv.reader([text], delimiter=delimiter), []))
    except csv.Error:  # a field beyond all limits
        return True


def _raw_line(
    data: bytes, starts_of: Callable[[bytes], npt.NDArray[np.int32]], lines: Ints, row: int
) -> str:
    """Return the text of a row; line starts are computed once, on the first request."""
    start, stop = starts_of(data)[int(lines[row]) :][:2].tolist()
    return data[start:stop].rstrip(b"\r\n").decode()


FOUND_AT_ONCE: Final = 1 << 19


def _line_starts(data: bytes) -> npt.NDArray[np.int32]:
    """Return the start of each line, and the end; line ends are those of `bytes.splitlines`."""
    codes = np.frombuffer(data, np.uint8)
    ends = codes == ord("\n")
    returns = np.flatnonzero(codes == ord("\r"))
    if len(returns):
        alone = ~np.append(ends, False)[returns + 1]
        ends[returns[alone]] = True
    count = int(np.count_nonzero(ends))
    whole = not data or bool(ends[-1])
    starts = np.zeros(count + (1 if whole else 2), np.int32)  # no block has 2 GiB
    starts[-1] = len(data)
    filled = 1
    for at in range(0, len(data), FOUND_AT_ONCE):  # there may be as many as bytes: no copy of all
        positions = np.flatnonzero(ends[at : at + FOUND_AT_ONCE])
        starts[filled : filled + len(positions)] = positions + (at + 1)
        filled += len(positions)
    return starts


def _wrong_width(n_fields: int, width: int) -> tuple[Rejected, str]:
    return Rejected.wrong_number_of_fields, f"{n_fields} fields where the header has {width}"


class _Lines:
    """Lines of a block, without an object per line: many empty lines would fill the memory."""

    def __init__(self, data: bytes) -> None:
        self._data, self._starts = data, _line_starts(data).data

    def __len__(self) -> int:
        return len(self._starts) - 1

    def text(self, start: int, stop: int) -> bytes:
        """Return some lines unchanged."""
        return self._data[self._starts[start] : self._starts[stop]]

    def from_line(self, start: int) -> Iterator[str]:
        """Yield a line and all following ones, decoded."""
        for line in range(start, len(self)):
            yield self._data[self._starts[line] : self._starts[line + 1]].decode()


def _read_with_care(
    data: bytes, form: Form, line: int, budget: QuoteBudget, *, at_end: bool
) -> tuple[RowBlock, int, bytes]:
    """Return rows read individually, for any quoting and line ends."""
    lines = _Lines(data)
    rows: list[list[str]] = []
    spans: list[tuple[int, int]] = []
    rejects: list[Reject] = []
    blank = records = start = 0
    waiting = False
    with long_fields():
        while start < len(lines) and not waiting:
            for fields, stop, fault in _records(lines, start, form):
                if fault and UNFINISHED in fault[1] and not at_end:
                    waiting = True
                    break
                records += 1
                if fault:
                    shown = _shown(lines.text(start, start + 1), form)
                    rejects.append(Reject(line + start, *fault, shown))
                    budget.charge(len(lines.text(start, stop)), line + start)
                elif fields:
                    rows.append(fields)
                    spans.append((start, stop))
                else:
                    blank += 1
                start = start + 1 if fault else stop
                if fault and start != stop:
                    break
    columns = [arrays.text_array([row[c] for row in rows]) for c in range(form.width)]
    batch = pa.RecordBatch.from_arrays(columns, names=[str(c) for c in range(form.width)])
    begins = np.array([first for first, _ in spans], np.int64) + line

    def raw(row: int) -> str:
        return lines.text(*spans[row]).decode().rstrip("\r\n")

    block = RowBlock(begins, batch, raw, rejects, blank, records)
    return block, start, lines.text(start, len(lines))


def _shown(line: bytes, form: Form) -> str:
    r"""Return an unreadable line, with each byte that is not text escaped as ``\xfc``."""
    shown = streams.undecoded(line) if form.encoding else line.decode(errors="backslashreplace")
    return shown.rstrip("\r\n")


def _no_text(error: UnicodeDecodeError, form: Form) -> tuple[Rejected, str]:
    """Return the problem of a line that is not text."""
    odd = error.object[error.start :]
    if form.encoding:
        byte = ord(odd[:3].decode(errors="surrogatepass")) & 0xFF
        return Rejected.not_utf8, f"byte 0x{byte:02x} is not {form.encoding}; check --encoding"
    what = f"byte 0x{odd[0]:02x} is not UTF-8"
    return Rejected.not_utf8, f"{what}; save the file as 'CSV UTF-8', or give its --encoding"


def _records(
    lines: _Lines, start: int, form: Form
) -> Iterator[tuple[list[str], int, tuple[Rejected, str] | None]]:
    """Yield records from a line on, as long as they can be separated.

    For each: its fields (empty if all are), the line after it, and its problem. A broken one with
    several lines is the last, since the start of the next is unknown.
    """
    reader = csv.reader(lines.from_line(start), delimiter=form.delimiter, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except UnicodeDecodeError as error:
            yield [], start + reader.line_num + 1, _no_text(error, form)
            return
        except csv.Error as error:
            fault = Rejected.broken_quotes, f"unmatched quotes: {error}"
            yield [], start + reader.line_num, fault
            return
        if fields is None:
            return
        stop = start + reader.line_num
        fields = form.filled_up(fields)
        if any(fields) and len(fields) != form.width:
            yield [], stop, _wrong_width(len(fields), form.width)
        else:
            yield fields if any(fields) else [], stop, None


def without_blank(block: RowBlock) -> RowBlock:
    """Return the block without rows in which every cell is empty, which are counted."""
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
    return dataclasses.replace(block.take(kept), blank=block.blank + int(empty.sum()))


def _empty(names: list[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([arrays.text_array([]) for _ in names], names=names)


@contextmanager
def long_fields() -> Iterator[None]:
    """Raise the field size limit of `csv` temporarily, since it applies to the whole process."""
    with _FIELD_LIMIT:
        before = csv.field_size_limit(FIELD_BYTES)
        try:
            yield
        finally:
            csv.field_size_limit(before)
