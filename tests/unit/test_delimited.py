"""CSV files as text: no character changed, every line accounted for, wherever blocks are cut."""

import csv
import hashlib
import io
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import delimited, records
from coverage_analyzer.files.readers.delimited import DelimitedFile

SIZES = (7, 8, 9, 11, 13, 16, 23, 32, 64)
"""Small enough for records to straddle blocks; the first holds a mark and the header ``a,b``."""

MEBIBYTE = 1 << 20


class Read(NamedTuple):
    """All that a reader gives."""

    headers: list[str]
    rows: list[list[str]]
    lines: list[int]
    raws: list[str]
    rejects: list[tuple[int, str, str]]
    blank: int
    records: int
    sha256: str


def read(data: bytes, block_bytes: int = 1 << 22) -> Read:
    """Return what the reader makes of bytes, with blocks of some size, its sum checked."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "x.csv"
        path.write_bytes(data)
        patch.setattr(delimited, "BLOCK_BYTES", block_bytes)
        file = DelimitedFile(path)
        result = Read(file.headers, [], [], [], [], 0, 0, "")
        blank = records = 0
        for block in file.blocks():
            columns = [column.to_pylist() for column in block.columns.columns]
            rows = [list(row) for row in zip(*columns, strict=True)]
            assert len(rows) == len(block.lines)
            result.rows.extend(rows)
            result.lines.extend(block.lines.tolist())
            result.raws.extend(block.raw(i) for i in range(len(rows)))
            result.rejects.extend((r.line, r.reason.value, r.raw) for r in block.rejects)
            blank += block.blank
            records += block.records
            assert block.records == len(rows) + len(block.rejects) + block.blank
        return result._replace(blank=blank, records=records, sha256=file.sha256())


def everywhere(data: bytes) -> Read:
    """Return what the reader makes of bytes, after checking that no size of blocks changes it."""
    whole = read(data)
    for size in SIZES:
        assert read(data, size) == whole, f"blocks of {size} bytes"
    return whole


def rejects(data: bytes) -> list[tuple[int, str]]:
    """Return the lines and reasons of rejects, checked at every size of blocks."""
    return [(line, reason) for line, reason, _ in everywhere(data).rejects]


@pytest.mark.parametrize(
    "cell",
    [
        "00012",
        "1e5",
        "9007199254740993",
        "NA",
        "null",
        "NaN",
        "TRUE",
        " blanks ",
        "\ttab\t",
        "a\x00b",
        "\U0001f600\u00e9e\u0301",
        "\ufeff",
        "\u2028\x85\x0b\x0c\x1c\x1e",  # line ends to str.splitlines, not to CSV
        "'quoted'",
        '6" pipe',
        "back\\slash",
        "#comment",
        "=1+1",
    ],
)
def test_no_character_of_a_plain_cell_is_changed(cell: str) -> None:
    """Text stays text: ids, names and codes that others would type, trim or cut."""
    result = everywhere(f"a,b\n{cell},x\ny,{cell}\n".encode())
    assert result.rows == [[cell, "x"], ["y", cell]]
    assert result.lines == [2, 3]


@pytest.mark.parametrize(
    "cell",
    ["a,b", 'a "b" c', '"', '""', ",", "a\nb", "a\r\nb", "a\rb", "\n", "\n\n,\n", " ", '"\n"'],
)
def test_no_character_of_a_quoted_cell_is_changed(cell: str) -> None:
    """Commas, quotes and line ends within quotes belong to the cell."""
    quoted = '"' + cell.replace('"', '""') + '"'
    result = everywhere(f"a,b\n{quoted},x\ny,{quoted}\nz,w\n".encode())
    assert result.rows == [[cell, "x"], ["y", cell], ["z", "w"]]


def test_a_byte_order_mark_is_no_part_of_the_first_header() -> None:
    """Excel writes one; the id column must not begin with it."""
    result = everywhere(b"\xef\xbb\xbfa,b\n1,2\n")
    assert (result.headers, result.rows) == (["a", "b"], [["1", "2"]])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "unended"])
def test_line_ends_of_all_systems(end: str, last: bool) -> None:
    """Unix, Windows and the old Mac; with or without an end of the last line."""
    data = end.join(["a,b", "1,2", "", "3,4"]) + (end if last else "")
    result = read(data.encode())
    assert result.rows == [["1", "2"], ["3", "4"]]
    assert result.lines == [2, 4]
    assert (result.blank, result.records) == (1, 3)
    assert all(read(data.encode(), size) == result for size in SIZES)


@pytest.mark.parametrize("size", range(1, 12))
def test_a_header_may_be_longer_than_a_block(size: int) -> None:
    """It is read whole, and its CR in one block and LF in the next are one line end, not two."""
    result = read(b"a,b\r\n1,2\r\n3,4\r\n", size)
    assert result == read(b"a,b\r\n1,2\r\n3,4\r\n")
    assert (result.rows, result.lines, result.blank) == ([["1", "2"], ["3", "4"]], [2, 3], 0)


def test_mixed_line_ends() -> None:
    """Files glued together: no cell keeps a CR, and lines count on."""
    result = everywhere(b"a,b\r\n1,2\n3,4\r5,6\r\n\r\n7,8")
    assert result.rows == [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]
    assert (result.lines, result.blank) == ([2, 3, 4, 6], 1)


def test_rows_without_content_are_blank() -> None:
    """An empty line and a line of empty cells, quoted or not, are nothing to decide."""
    result = everywhere(b'a,b\n\n,\n"",""\n1,2\n\n\n')
    assert result.rows == [["1", "2"]]
    assert (result.lines, result.blank, result.records, result.rejects) == ([5], 5, 6, [])


@pytest.mark.parametrize("line", [",,", '"","",""', ",", ""])
def test_a_line_of_empty_cells_is_blank_whatever_stands_elsewhere(line: str) -> None:
    """The way a block is read (at once, or with care) must not show."""
    plain = read(f"a,b\n{line}\n1,2\n".encode())
    careful = read(f'a,b\n{line}\n1,2\n"x\ny",3\n'.encode())
    assert (plain.blank, plain.rejects) == (careful.blank, careful.rejects) == (1, [])


@pytest.mark.parametrize("other", ["", '"q\nr",s\n', "x,y\r"], ids=["plain", "quoted", "CR"])
def test_ragged_rows_are_rejected_alone(other: str) -> None:
    """Too many or too few fields cost one row; neighbours stay, lines count on."""
    result = everywhere(f"a,b\n1,2\n1,2,3\n4\n5,6\n{other}".encode())
    assert result.rows[:2] == [["1", "2"], ["5", "6"]]
    assert result.rejects == [
        (3, "wrong_number_of_fields", "1,2,3"),
        (4, "wrong_number_of_fields", "4"),
    ]
    assert result.lines[:2] == [2, 5]


def test_a_quote_left_open_costs_one_row() -> None:
    """Reading goes on at the line after the one where the broken record began."""
    result = everywhere(b'a,b\n"1,2\n3,4\n5,6\n')
    assert result.rows == [["3", "4"], ["5", "6"]]
    assert result.lines == [3, 4]
    assert result.rejects == [(2, "broken_quotes", '"1,2')]


def test_a_quote_left_open_and_closed_by_a_later_one_costs_one_row() -> None:
    """The later row's quotes are its own."""
    result = everywhere(b'a,b\n"1,2\n"3",4\n5,6\n')
    assert result.rows == [["3", "4"], ["5", "6"]]
    assert [r[:2] for r in result.rejects] == [(2, "broken_quotes")]


@pytest.mark.parametrize("at", range(6))
def test_an_open_quote_anywhere_among_good_rows(at: int) -> None:
    """First, in the middle, last: one reject, on its line, and all others stay."""
    lines = [f"{n},x" for n in range(6)]
    lines[at] = f'"{at},x'
    result = everywhere(("a,b\n" + "\n".join(lines) + "\n").encode())
    assert result.rejects == [(at + 2, "broken_quotes", lines[at])]
    assert [row[0] for row in result.rows] == [str(n) for n in range(6) if n != at]


def test_text_behind_a_closing_quote_is_broken_not_mended() -> None:
    """``"x"y"z"`` could be anything; nothing may be dropped in silence."""
    for tail in ("", '"q\nr",2\n'):
        result = everywhere(f'a,b\n"x"y"z",1\n5,6\n{tail}'.encode())
        assert result.rejects == [(2, "broken_quotes", '"x"y"z",1')]
        assert result.rows[0] == ["5", "6"]


def test_a_bare_quote_does_not_tear_later_records() -> None:
    """An inch mark (``6" pipe``) before quoted line ends: where blocks end must not matter."""
    result = everywhere(b'a,b\nx,6" p\n' + b'"p\nq",1\n' * 6)
    assert result.rows == [["x", '6" p'], *[["p\nq", "1"]] * 6]
    assert result.rejects == []


def test_an_open_quote_does_not_tear_later_records() -> None:
    """One row with a quote left open, then quoted line ends: one reject, at every block size."""
    result = everywhere(b'a,b\n"x,1\n5,6\n' + b'"p\nq",1\n' * 6)
    assert [r[:2] for r in result.rejects] == [(2, "broken_quotes")]
    assert result.rows == [["5", "6"], *[["p\nq", "1"]] * 6]


def test_bad_utf8_costs_one_row() -> None:
    """In a file of UTF-8, a row in another encoding is a reject with its bytes shown."""
    result = everywhere(b"\xc3\xa4,b\n1,2\nM\xfcller,3\n4,5\n")
    assert result.rows == [["1", "2"], ["4", "5"]]
    assert result.rejects == [(3, "not_utf8", "M\\xfcller,3")]


def test_a_ragged_row_in_another_encoding_is_rejected_quietly() -> None:
    """Two faults in one row make one reject, and no traceback on standard error."""
    result = everywhere(b"\xc3\xa4,b\n1,2\nM\xfcller\n4,5\n")
    assert result.rows == [["1", "2"], ["4", "5"]]
    assert [(line, raw) for line, _, raw in result.rejects] == [(3, "M\\xfcller")]


def test_a_byte_order_mark_within_a_file_is_text() -> None:
    """Files glued together keep the second mark; a block that begins with it must not drop it."""
    result = everywhere(b"a,b\n\xef\xbb\xbfx,1\n\xef\xbb\xbfy,2\n")
    assert result.rows == [["\ufeffx", "1"], ["\ufeffy", "2"]]


def test_a_surrogate_is_no_utf8() -> None:
    """Encoded halves of characters come from broken exports."""
    assert rejects(b"a,b\n\xed\xa0\x80,1\n2,3\n") == [(2, "not_utf8")]


def test_a_cut_character_at_the_end() -> None:
    """A file cut in the middle of a character loses that row only."""
    assert rejects(b"a,b\n1,2\n3,\xe2\x82") == [(3, "not_utf8")]


def test_lines_are_physical() -> None:
    """After a cell of three lines, rows and rejects stand where an editor shows them."""
    result = everywhere(b'a,b\n"x\ny\nz",1\n2,3\n4\n"p\r\nq",5\n6,7\n')
    assert result.lines == [2, 5, 7, 9]
    assert [r[0] for r in result.rejects] == [6]


def test_a_header_of_several_lines() -> None:
    """A quoted header may hold a line end; rows count from the line behind it."""
    result = read(b'a,"b\nc"\n1,2\n')
    assert (result.headers, result.lines) == (["a", "b\nc"], [3])


def test_raw_is_the_text_of_the_row() -> None:
    """What goes into ``rejects.csv`` is the row as it stands in the file, without its end."""
    result = everywhere(b'a,b\r\n1,"2"\r\n\r\n"x\ny",3\r\n 4 ,5\r\n')
    assert result.raws == ['1,"2"', '"x\ny",3', " 4 ,5"]


@pytest.mark.parametrize("tail", ["", '"q\nr",s\n'], ids=["at once", "with care"])
def test_a_field_of_two_mebibytes(tail: str) -> None:
    """Python's limit of 131,072 characters is no limit of a site's notes."""
    before = csv.field_size_limit()
    cell = "x" * (2 * MEBIBYTE)
    result = read(f"a,b\n{cell},1\n2,3\n{tail}".encode())
    assert result.rows[:2] == [[cell, "1"], ["2", "3"]]
    assert csv.field_size_limit() == before


def test_a_long_field_over_several_blocks() -> None:
    """A record longer than a block is put together."""
    cell = "x,\n" * 400
    result = read(f'a,b\n"{cell}",1\n2,3\n'.encode(), 64)
    assert result.rows == [[cell, "1"], ["2", "3"]]
    assert result.lines == [2, 402 + 1]


def test_the_limit_of_the_process_is_left_alone_after_errors() -> None:
    """``csv.field_size_limit`` belongs to the user's program."""
    before = csv.field_size_limit()
    read(b'a,b\n"1,2\n3\n\xff,2\n')
    with pytest.raises(InputError):
        read(b'"a,b\n')
    assert csv.field_size_limit() == before


def test_an_endless_record_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote left open at the top of a huge file does not draw all of it into memory."""
    monkeypatch.setattr(records, "FIELD_BYTES", 4096)
    result = read(b'a,b\n"1,2\n' + b"3,4\n" * 5000, 256)
    assert [r[:2] for r in result.rejects] == [(2, "broken_quotes")]
    assert result.rows == [["3", "4"]] * 5000
    assert result.lines == list(range(3, 5003))


def test_a_header_alone_gives_one_empty_block() -> None:
    """The report of an empty table has a header and no rows."""
    for data in (b"a,b", b"a,b\n", b"a,b\r\n"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.csv"
            path.write_bytes(data)
            (block,) = DelimitedFile(path).blocks()
            assert block.columns.num_columns == 2
            assert (len(block.lines), block.records) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_of_nothing_is_named(data: bytes) -> None:
    """An empty file is an error that says so, not an empty report."""
    with pytest.raises(InputError, match=r"x\.csv is empty"):
        read(data)


@pytest.mark.parametrize("data", [b"\xc3\xa4\xff,b\n", b"PK\x03\x04\xff", b'"a,b\n1,2\n'])
def test_a_header_that_is_no_text_is_named(data: bytes) -> None:
    """Another encoding, a compressed file, an open quote: the message says line 1."""
    with pytest.raises(InputError, match="line 1"):
        read(data)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """The reason comes from the system."""
    with pytest.raises(InputError, match="cannot be opened"):
        DelimitedFile(tmp_path / "nowhere.csv")


def test_the_hash_is_of_the_whole_file() -> None:
    """The manifest names the bytes that were read, the byte order mark and all."""
    data = b"\xef\xbb\xbfa,b\n1,2\n3"
    assert everywhere(data).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_empty_lines_count_wherever_they_stand(end: str, mark: str) -> None:
    """At the beginning of a block, in the middle, at its end: rows and rejects keep their lines."""
    lines = ["a,b", "", f"{mark}1,2", "", "", "3", "4,5", "", "x,y,z", "", ""]
    result = everywhere(end.join(lines).encode())
    assert result.rows == [[f"{mark}1", "2"], ["4", "5"]]
    assert result.lines == [3, 7]
    assert result.raws == [f"{mark}1,2", "4,5"]
    assert [(line, raw) for line, _, raw in result.rejects] == [(6, "3"), (9, "x,y,z")]
    assert (result.blank, result.records) == (5, 9)


def test_a_header_of_many_columns_is_refused() -> None:
    """No sheet has so many: what seems to be a header is something else."""
    assert len(read(",".join(["a"] * 16_384).encode()).headers) == 16_384
    with pytest.raises(InputError, match=r"line 1 has 16,385 columns"):
        read(",".join(["a"] * 16_385).encode())


def test_a_record_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its line is named before the memory is full; what ends in time is read."""
    monkeypatch.setattr(records, "RECORD_BYTES", 1000)
    assert read(b"a,b\n1,2\n" + b"x" * 900 + b",2\n", 64).lines == [2, 3]
    for row in (b"," * 5000, b"\0" * 5000, b'"' + b"x,\n" * 2000):
        with pytest.raises(InputError, match=r"line 3: the record is longer than"):
            read(b"a,b\n1,2\n" + row, 64)
    with pytest.raises(InputError, match="line 1 is longer than"):
        read(b"a" * 5000, 64)


CELL = st.text(
    st.one_of(
        st.sampled_from(',"\n\r\t \\;\0\u2028\x85\ufeffaé'),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=6,
)
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=8)
)
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
SIZE = st.sampled_from([16, 19, 32, 64, 1 << 22])


def written(table: list[list[str]], quoting: int, end: str) -> tuple[bytes, list[str]]:
    """Return a table as `csv` writes it, and its headers."""
    headers = [f"h{n}" for n in range(len(table[0]) if table else 2)]
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    file.write(",".join(headers) + end)
    writer.writerows(table)
    return file.getvalue().encode(), headers


@given(TABLE, QUOTING, st.sampled_from(["\n", "\r\n"]), SIZE)
def test_what_csv_writes_is_read_back(
    table: list[list[str]], quoting: int, end: str, size: int
) -> None:
    """Any text survives a way through a file; a row of empty cells counts as blank."""
    if quoting == csv.QUOTE_MINIMAL:
        end = "\r\n"  # else the writer leaves a CR in a cell without quotes
    data, headers = written(table, quoting, end)
    result = read(data, size)
    assert result.headers == headers
    assert result.rows == [row for row in table if any(row)]
    assert result.blank == sum(not any(row) for row in table)
    assert result.rejects == []


@given(TABLE, st.sampled_from(["\n", "\r\n"]), SIZE)
def test_what_has_no_quotes_is_read_back(table: list[list[str]], end: str, size: int) -> None:
    """The dialect without quotes: cells that need none, with quotes inside at most."""
    plain = [[c.translate(dict.fromkeys(map(ord, ',"\n\r'), "_")) for c in row] for row in table]
    data = "".join(
        ",".join(row) + end for row in [["h"] * len(plain[0]) if plain else ["h"], *plain]
    )
    result = read(data.encode(), size)
    assert result.rows == [row for row in plain if any(row)]


@given(TABLE, QUOTING, st.sampled_from(["\n", "\r\n", "\r"]))
def test_the_answer_is_that_of_csv(table: list[list[str]], quoting: int, end: str) -> None:
    """On a well-formed file this reader and Python's strict one are of one mind."""
    data, _ = written(table, quoting, end)
    peer = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    headers, *rows = list(peer)
    result = read(data)
    assert result.headers == headers
    assert result.rows == [row for row in rows if any(row)]


@given(st.lists(st.sampled_from([b",", b'"', b"\n", b"\r", b"\r\n", b"a", b"\xff", b"\0"])), SIZE)
@example([b'"', b"\n"], 16)
@example([b"a", b'"', b"\n", b'"', b"a", b"\n", b"a", b'"'], 16)
def test_any_bytes_add_up(parts: list[bytes], size: int) -> None:
    """Whatever follows a header, each record is a row, a reject or blank, on its own line."""
    result = read(b"h,i\n" + b"".join(parts), size)
    assert result.records == len(result.rows) + len(result.rejects) + result.blank
    lines = sorted([*result.lines, *(line for line, _, _ in result.rejects)])
    assert len(lines) == len(set(lines))
    assert all(line >= 2 for line in lines)


@given(
    st.lists(st.sampled_from([b",", b'"', b"\n", b"\r\n", b"a", b"a,a\n", b'"a\na",a\n', b"\xff"]))
)
@example([b'a"\n', b'"a\na",a\n', b'"a\na",a\n', b'"a\na",a\n'])
def test_no_bytes_are_read_otherwise_for_the_size_of_blocks(parts: list[bytes]) -> None:
    """Where blocks end is chance: it must never show in a report."""
    data = b"h,i\n" + b"".join(parts)
    whole = read(data)
    for size in (8, 16, 21):
        assert read(data, size) == whole, f"blocks of {size} bytes"


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    """Bytes of any kind give blocks that add up, or an InputError; never another error."""
    try:
        result = read(data)
    except InputError:
        return
    assert result.records == len(result.rows) + len(result.rejects) + result.blank


@pytest.mark.parametrize("text", [b"," * 2_000_000, b"," * 1_000_000 + b'"x"', b'"a",' * 400_000])
def test_a_header_of_commas_is_refused_at_once(tmp_path: Path, text: bytes) -> None:
    """Two megabytes of marks are not parsed to be counted."""
    path = tmp_path / "commas.csv"
    path.write_bytes(text + b"\n1\n")
    begin = time.process_time()
    with pytest.raises(InputError, match=r"line 1 has [\d,]+ columns"):
        DelimitedFile(path)
    assert time.process_time() - begin < 2
