"""Laws of the reader: any table in any dialect is read as it was written; any bytes add up."""

import codecs
import csv
import gzip
import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import delimited, header, records
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect

HEADERS = ["lat", "lon", "c", "d"]

CHARACTERS = st.one_of(
    st.sampled_from(',;|\t"\n\r \\\0\u2028\x85\x0c\ufeffaé€'),
    st.characters(exclude_categories=["Cs"]),
)
CELLS = st.text(CHARACTERS, max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8).map(
        lambda rows: [HEADERS[:width], *rows]
    )
)
SIZES = st.one_of(st.integers(7, 64), st.just(1 << 22))
FEW_LINES = st.sampled_from([1, 2, 3, 1 << 17])


class Way(NamedTuple):
    """How a table becomes bytes."""

    delimiter: str
    quoting: int
    end: str
    encoding: str
    packing: str


WAYS = st.builds(
    Way,
    st.sampled_from(header.DELIMITERS),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "gb18030"]),
    st.sampled_from(["plain", "gzip", "zstd"]),
)
FOUND = {"utf-8", "utf-8-sig", "utf-16"}
"""Encodings that a file shows by itself."""


def text_of(table: list[list[str]], way: Way) -> str:
    """Return a table as Python's `csv` writes it."""
    file = io.StringIO(newline="")
    writer = csv.writer(
        file,
        delimiter=way.delimiter,
        quoting=way.quoting,  # type: ignore[arg-type]
        lineterminator=way.end,
    )
    writer.writerows(table)
    return file.getvalue()


def packed(data: bytes, packing: str) -> bytes:
    """Return bytes as they are, or packed."""
    if packing == "zstd":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as out:
            out.write(data)
        whole: bytes = sink.getvalue().to_pybytes()
        return whole
    return gzip.compress(data) if packing == "gzip" else data


class Read(NamedTuple):
    """What the reader makes of a file: rows with the header, rejects by line, blank rows."""

    rows: list[list[str]]
    rejects: list[int]
    blank: int


def read(data: bytes, dialect: Dialect, size: int, lines: int = 1 << 17) -> Read:
    """Read bytes in blocks of a size and of so many lines; what each block says adds up."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", size)
        patch.setattr(records, "MAX_LINES", lines)
        path = Path(folder) / "x.csv"
        path.write_bytes(data)
        file = DelimitedFile(path, dialect)
        result, seen = Read([file.headers], [], 0), 0
        for block in file.blocks():
            cells = [column.to_pylist() for column in block.columns.columns]
            result.rows.extend(map(list, zip(*cells, strict=True)))
            result.rejects.extend(reject.line for reject in block.rejects)
            result = result._replace(blank=result.blank + block.blank)
            seen += block.records
        assert seen == len(result.rows) - 1 + len(result.rejects) + result.blank
    return result


@settings(max_examples=200)
@given(TABLES, WAYS, SIZES, FEW_LINES)
def test_any_table_in_any_dialect(table: list[list[str]], way: Way, size: int, lines: int) -> None:
    """read(write(t)) = t, and what Python's strict `csv` reads, but for rows of nothing."""
    if way.quoting != csv.QUOTE_ALL:
        way = way._replace(end="\r\n")  # else the writer leaves the other one without quotes
    text = text_of(table, way)
    try:
        data = text.encode(way.encoding)
    except UnicodeEncodeError:
        way = way._replace(encoding="utf-8")
        data = text.encode()
    result = "" if way.encoding in FOUND else way.encoding
    outcome = read(
        packed(data, way.packing), Dialect(delimiter=way.delimiter, encoding=result), size, lines
    )
    filled = [row for row in table if any(row)]
    peer = csv.reader(io.StringIO(text, newline=""), delimiter=way.delimiter, strict=True)
    assert outcome == Read(filled, [], len(table) - len(filled))
    assert [row for row in peer if any(row)] == filled


PARTS = st.one_of(
    st.sampled_from([b",", b";", b'"', b"\n", b"\r", b"\r\n", b"a", b"\xff", b"\0", b"\x81"]),
    st.sampled_from([b"a,a\n", b'"a\na",a\n', b'a","""\n', b"\xef\xbb\xbf", b"\xed\xb2\x81"]),
)


@settings(max_examples=200)
@given(
    st.lists(PARTS, max_size=30),
    st.sampled_from(["", "cp1252", "ascii", "shift_jis", "utf-16-le"]),
    st.integers(10, 64),
    FEW_LINES,
)
@example([b"\n", b"\xef\xbb\xbf", b"a"], "", 64, 1)
def test_any_bytes_add_up_wherever_they_are_cut(
    parts: list[bytes], encoding: str, size: int, lines: int
) -> None:
    """Rows, rejects and blank ones are all there is, and the same for blocks of any size."""
    head = "h,i\n".encode(encoding or "utf-8")
    data = head + b"".join(parts)
    dialect = Dialect(delimiter=",", encoding=encoding)
    assert read(data, dialect, size, lines) == read(data, dialect, 1 << 22)


@given(st.binary(max_size=100), st.sampled_from([b"", codecs.BOM_UTF16_LE, b"\x1f\x8b", b"a,b\n"]))
def test_any_file_is_read_or_refused(data: bytes, first: bytes) -> None:
    """Bytes of any kind add up, or give one InputError; never another error."""
    try:
        read(first + data, delimited.PLAIN, 32)
    except InputError as error:
        assert "x.csv" in str(error)  # noqa: PT017 - either way is fine
