"""Text files in every dialect: the same rows."""

import codecs
import csv
import gzip
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import centers_file, manifest

from coverage_analyzer.errors import InputError
from coverage_analyzer.files import delimited
from coverage_analyzer.files.delimited import DelimitedFile, Dialect

ROWS = [
    ["id", "name", "lat", "lon"],
    ["1", 'Ünal, "Co"; a|b\tc', "40.5", "-75"],
    ["2", "東", "1", "2"],
]
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)


def read(data: bytes, dialect: Dialect = delimited.PLAIN) -> list[list[str]]:
    """Return header and rows of a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(data)
        file = DelimitedFile(path, dialect)
        rows = [file.headers]
        for block in file.blocks():
            assert block.rejects == []
            rows += map(list, zip(*(c.to_pylist() for c in block.columns.columns), strict=True))
    return rows


def written(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Return rows as text."""
    buffer = io.StringIO()
    quoting = csv.QUOTE_ALL  # else Python leaves a CR within a cell bare
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return buffer.getvalue()


@pytest.mark.parametrize("delimiter", delimited.DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(delimiter: str, end: str) -> None:
    """The header tells, whatever stands in names."""
    assert read(written(ROWS, delimiter, end).encode()) == ROWS


@given(
    st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5),
    st.sampled_from(delimited.DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_table_in_any_dialect(
    rows: list[list[str]], delimiter: str, end: str, encoding: str
) -> None:
    """read(write(t)) = t, but for rows in which nothing stands."""
    header = ["lat", "lon"]
    text = written([header, *rows], delimiter, end)
    filled = [row for row in rows if any(row)]
    assert read(text.encode(encoding)) == [header, *filled]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "latin-1", "utf-8-sig"])
def test_encodings(encoding: str) -> None:
    """UTF-16 with its mark is found; others are said."""
    rows = [["id", "naïve"], ["1", "Müller"]]
    data = written(rows).encode(encoding)
    said = "" if encoding in {"utf-16", "utf-8-sig"} else encoding
    assert read(data, Dialect(encoding=said)) == rows


def test_big_endian_utf16_is_found() -> None:
    """Its mark is the other way round."""
    data = codecs.BOM_UTF16_BE + written(ROWS).encode("utf-16-be")
    assert read(data) == ROWS


def test_archives_are_unpacked_whatever_their_name() -> None:
    """A gzip or zstd file called .csv is read; a damaged one is named."""
    data = written(ROWS).encode()
    assert read(gzip.compress(data)) == ROWS
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    assert read(sink.getvalue().to_pybytes()) == ROWS
    with pytest.raises(InputError, match=r"x\.csv cannot"):
        read(gzip.compress(written(ROWS * 50).encode())[:-12])


def test_an_unknown_encoding_is_named() -> None:
    """The message tells some that there are."""
    with pytest.raises(InputError, match="cp1252"):
        read(b"a,b\n", Dialect(encoding="cp9999"))


def test_blocks_do_not_matter_in_other_encodings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A character may stand across two reads."""
    data = written(ROWS * 3).encode("utf-16")
    whole = read(data)
    for size in (3, 7, 64):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        assert read(data) == whole


def run(tmp_path: Path, data: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program with data on standard input."""
    command = [sys.executable, "-m", "coverage_analyzer", "run", "-", *arguments]
    command += ["--centers", str(centers_file(tmp_path)), "-o", str(tmp_path / "out"), "--no-map"]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(tmp_path: Path, pack: type[bytes]) -> None:
    """``-`` reads what another program writes, packed or not."""
    ended = run(tmp_path, pack(b"lat,lon\n40,-75\n48.85,2.35\n"))
    assert ended.returncode == 0, ended.stderr
    assert manifest(tmp_path / "out")["ledger"]["decided"] == 2


def test_a_decimal_comma_is_read_when_it_is_said(tmp_path: Path) -> None:
    """And then a point parts thousands, so that it is no number."""
    ended = run(tmp_path, b"id;lat;lon\n1;40,5;-75,1\n2;40.5;1\n", "--decimal", ",")
    assert ended.returncode == 0, ended.stderr
    ledger = manifest(tmp_path / "out")["ledger"]
    assert (ledger["decided"], ledger["rejected"]) == (1, 1)


def test_rejects_of_decimal_commas_say_what_is_wrong(tmp_path: Path) -> None:
    """Out of range, and no number: the right cell is named, and no traceback shown."""
    ended = run(tmp_path, b"id;lat;lon\n1;140,5;-74,1\n2;40,5;abc\n", "--decimal", ",")
    assert ended.returncode == 0, ended.stderr
    assert b"out of range; latitude and longitude look swapped" in ended.stderr
    assert b"longitude is 'abc'" in ended.stderr


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex"])
def test_a_codec_of_no_text_is_named(encoding: str) -> None:
    """Python knows codecs that are no encodings of text."""
    with pytest.raises(InputError, match="no encoding"):
        read(b"a,b\n", Dialect(encoding=encoding))


@pytest.mark.parametrize("delimiter", ["ab", "\u00a7", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_named(delimiter: str) -> None:
    """One ASCII character that is neither quote nor line end."""
    with pytest.raises(InputError, match="delimiter"):
        read(b"a,b\n", Dialect(delimiter=delimiter))
