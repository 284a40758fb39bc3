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
from coverage_analyzer.files.readers import delimited, header
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect
from coverage_analyzer.files.table import open_table
from coverage_analyzer.schema.columns import SITES

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


@pytest.mark.parametrize("delimiter", header.DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found(delimiter: str, end: str) -> None:
    """The header tells, whatever stands in names."""
    assert read(written(ROWS, delimiter, end).encode()) == ROWS


@given(
    st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5),
    st.sampled_from(header.DELIMITERS),
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
    result = "" if encoding in {"utf-16", "utf-8-sig"} else encoding
    assert read(data, Dialect(encoding=result)) == rows


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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "shift_jis", "gb18030", "euc_kr"])
def test_blocks_do_not_matter_in_other_encodings(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """A character may stand across two reads, also where text takes more bytes as UTF-8."""
    rows = [["a", "b"], ["東京", "東"], ["東京x" * 9, "京"]]
    data = written(rows).encode(encoding)
    dialect = Dialect(encoding=encoding)
    for size in (*range(3, 40), 64, 1 << 22):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        assert read(data, dialect) == rows


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


def test_a_decimal_comma_that_is_said_goes_for_numbers_that_are_no_coordinates(
    tmp_path: Path,
) -> None:
    """Coordinates show their mark themselves."""
    ended = run(tmp_path, b"id;lat;lon\n1;40,5;-75,1\n2;40.5;1\n", "--decimal", ",")
    assert ended.returncode == 0, ended.stderr
    ledger = manifest(tmp_path / "out")["ledger"]
    assert (ledger["decided"], ledger["rejected"]) == (2, 0)
    data = b"id;lat;lon;accuracy_m\n1;40,5;-75,1;1,5\n2;40.5;1;1.5\n3;40;1;1.500\n"
    assert run(tmp_path, data, "--decimal", ",").returncode == 0
    assert manifest(tmp_path / "out")["ledger"]["rejected"] == 2
    ended = run(tmp_path, data)
    assert ended.returncode == 2
    assert b"line 4: accuracy_m is '1.500'" in ended.stderr
    assert b"--decimal . or --decimal ," in ended.stderr


def test_rejects_of_decimal_commas_say_what_is_wrong(tmp_path: Path) -> None:
    """Out of range, and no number: the right cell is named, and no traceback shown."""
    ended = run(tmp_path, b"id;lat;lon\n1;140,5;-74,1\n2;40,5;abc\n", "--decimal", ",")
    assert ended.returncode == 0, ended.stderr
    assert b"out of range; latitude and longitude look swapped" in ended.stderr
    assert b"longitude is 'abc'" in ended.stderr


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex"])
def test_a_codec_of_no_text_is_named(encoding: str) -> None:
    """Python knows codecs that are no encodings of text."""
    with pytest.raises(InputError, match="Unknown encoding"):
        read(b"a,b\n", Dialect(encoding=encoding))


@pytest.mark.parametrize("delimiter", ["ab", "\u00a7", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_named(delimiter: str) -> None:
    """One ASCII character that is neither quote nor line end."""
    with pytest.raises(InputError, match="delimiter"):
        read(b"a,b\n", Dialect(delimiter=delimiter))


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("id,lat,lon,a;b;c;d;e|f|g|h|i|j", ","),
        ("id;lat;lon;a, b, c, d, e", ";"),
        ("id|lat|lon|a;b;c;d;e;f", "|"),
        ("id\tlat\tlon\ta,b,c,d,e,f", "\t"),
        ("id,lat,lon", ","),
    ],
)
def test_the_delimiter_is_the_one_by_which_columns_are_known(
    tmp_path: Path, line: str, delimiter: str
) -> None:
    """However many of the others stand in a header of notes."""
    path = tmp_path / "sites.csv"
    cells = delimiter.join(["1", "40", "-75", "x"][: line.count(delimiter) + 1])
    path.write_text(f"{line}\n{cells}\n", encoding="utf-8")
    table = open_table(path, SITES)
    assert table.headers == line.split(delimiter)
    assert [lat for rows in table.rows() for lat in rows.coordinates.lat.tolist()] == [40.0]


def test_a_column_that_is_said_finds_the_delimiter(tmp_path: Path) -> None:
    """What the user says of columns counts for finding out what parts them, too."""
    path = tmp_path / "sites.csv"
    path.write_text("north,east,a;b;c;d\n40,-75,x\n", encoding="utf-8")
    table = open_table(path, SITES, {"latitude": "north", "longitude": "east"})
    assert table.headers == ["north", "east", "a;b;c;d"]


def rejected(data: bytes, encoding: str, size: int = 1 << 22) -> list[tuple[int, str, str, str]]:
    """Return the rejects of a file in an encoding, read in blocks of a size."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "BLOCK_BYTES", size)
        path = Path(folder) / "x.csv"
        path.write_bytes(data)
        blocks = list(DelimitedFile(path, Dialect(encoding=encoding)).blocks())
    assert sum(len(block.lines) for block in blocks) == 2
    return [(r.line, r.reason.value, r.detail, r.raw) for block in blocks for r in block.rejects]


@pytest.mark.parametrize(
    ("encoding", "row", "raw", "byte"),
    [
        ("cp1252", b"M\xfcller \x81", "Müller \\x81", "0x81"),
        ("ascii", "é".encode(), "\\xc3\\xa9", "0xc3"),  # which would be UTF-8 by chance
        ("shift_jis", "東".encode("shift_jis") + b"\xff", "東\\xff", "0xff"),
        ("gbk", b"\xff", "\\xff", "0xff"),
    ],
)
@pytest.mark.parametrize("size", [5, 8, 1 << 22])
def test_a_byte_that_is_none_costs_its_row(
    encoding: str, row: bytes, raw: str, byte: str, size: int
) -> None:
    """Of a file in any encoding, as of one in UTF-8: the row is a reject that shows the byte."""
    data = b"a,b\n1,2\n" + row + b",3\n4,5\n"
    ((line, reason, detail, shown),) = rejected(data, encoding, size)
    assert (line, reason, shown) == (3, "not_utf8", f"{raw},3")
    assert f"byte {byte} is not {encoding}" in detail


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_half_a_character_of_utf16_costs_its_row(encoding: str) -> None:
    """Also the bytes of which are ASCII on their own."""
    parts = ["a,b\n1,2\n", "\ud841", ",3\n4,5\n"]
    data = b"".join(part.encode(encoding, "surrogatepass") for part in parts)
    ((line, reason, _, _),) = rejected(data, encoding)
    assert (line, reason) == (3, "not_utf8")


def test_a_character_cut_at_the_end_of_utf16_costs_its_row() -> None:
    """A file that breaks off in the middle of a character."""
    data = "a,b\n1,2\n3,4\n5,6".encode("utf-16-le")[:-1]
    assert [(line, why) for line, why, _, _ in rejected(data, "utf-16-le")] == [(4, "not_utf8")]


def test_a_header_in_another_encoding_names_it(tmp_path: Path) -> None:
    """The message speaks of the encoding that was said."""
    with pytest.raises(InputError, match=r"line 1: this is not ascii text"):
        read("naïve,b\n1,2\n".encode(), Dialect(encoding="ascii"))


def test_a_header_with_open_quotes_says_so() -> None:
    """It is not taken for a file in another encoding."""
    with pytest.raises(InputError, match="line 1: the header cannot be read: unexpected end"):
        read(b'"a,b\n1,2\n')


def test_the_delimiter_does_not_depend_on_the_size_of_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A header that goes on behind a block by one delimiter only is read to its end first."""
    data = b'id,lat,"lon\n...\n",d\n1,2,3,4\n'
    whole = read(data)
    assert whole[0] == ["id", "lat", "lon\n...\n", "d"]
    for size in range(12, 40):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        assert read(data) == whole


@pytest.mark.parametrize("encoding", ["utf-7", "iso2022_jp", "hz"])
def test_a_byte_that_would_change_others_is_refused(encoding: str) -> None:
    """In an encoding with a state, rows behind a wrong byte might come out as other text."""
    good = "a,b\n1,2\n"
    assert read(good.encode(encoding), Dialect(encoding=encoding)) == [["a", "b"], ["1", "2"]]
    with pytest.raises(InputError, match=r"x\.csv cannot be opened"):
        read(good.encode(encoding) + b"\xff,1\n3,4\n", Dialect(encoding=encoding))
