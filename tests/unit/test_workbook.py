"""Workbooks in and out: cells as text, no text lost, changed or run, and no bomb goes off."""

import datetime
import decimal
import itertools
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from running import AS_OF, cells, centers_file, contents, judged, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import arrays, batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, MissingExtraError, PublishError
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers import archives, excel, excel_process
from coverage_analyzer.files.readers.excel import WorkbookFile
from coverage_analyzer.files.table import Dialect, open_table
from coverage_analyzer.files.writers import excel as workbook_writer
from coverage_analyzer.files.writers.excel import WorkbookWriter
from coverage_analyzer.schema.columns import SITES

HEADER = ["site_id", "lat", "lon"]
XLSX = batch.Options(format="xlsx", areas=False, map=False)
EVIL = ["=1+1", "+1", "-2+3", "@SUM(1)", "\t=1", "=cmd|' /C calc'!A0", "{=1}", "http://x.example"]


def book(path: Path, *sheets: Sequence[Sequence[Any]], first_row: int = 0) -> Path:
    """Write sheets called a, b, c ... as Excel would."""
    with xlsxwriter.Workbook(path) as result:
        for name, rows in zip("abc", sheets, strict=False):
            sheet = result.add_worksheet(name)
            for at, row in enumerate(rows, first_row):
                sheet.write_row(at, 0, row)
    return path


def table(source: WorkbookFile) -> list[list[str]]:
    """Return header and rows."""
    rows = [source.headers]
    for block in source.blocks():
        rows += map(list, zip(*(c.to_pylist() for c in block.columns.columns), strict=True))
    return rows


def written(folder: Path, columns: dict[str, Any], **options: Any) -> list[list[str]]:
    """Return what a table that our writer has written is by our reader, in this process."""
    batch_ = pa.RecordBatch.from_pydict(columns)
    layout = workbook_writer.Layout(decimals={"miles": 3})
    with WorkbookWriter(folder / "x.xlsx", batch_.schema, layout, **options) as writer:
        writer.write(batch_)
    return list(excel_process.lines(str(folder / "x.xlsx"), "", "."))[1:]


def sheet_xml(path: Path, number: int = 1) -> str:
    """Return the text of a sheet."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


# ----------------------------------------------------------------------------- reading


def test_each_kind_of_cell_has_its_text(tmp_path: Path) -> None:
    """Whole numbers have no point, days are ISO, errors are empty, damaged ids look damaged."""
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as result:
        sheet = result.add_worksheet()
        day, time, long = (
            result.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "hh:mm", "[h]:mm:ss")
        )
        sheet.write_row(0, 0, [f"h{n}" for n in range(13)])
        sheet.write_string(1, 0, "0007")
        for at, number in enumerate([12, 40.1, 1e-05, -0.5, 123456789012345678], 1):
            sheet.write_number(1, at, number)
        sheet.write_boolean(1, 6, True)
        sheet.write_formula(1, 7, "=NA()", None, "#N/A")
        sheet.write_formula(1, 8, "=1+1", None, 2)
        sheet.write_datetime(1, 9, datetime.date(2026, 12, 1), day)
        sheet.write_datetime(1, 10, datetime.datetime(2026, 12, 1, 13, 30), day)  # noqa: DTZ001
        sheet.write_datetime(1, 11, datetime.time(13, 30), time)
        sheet.write_datetime(1, 12, datetime.timedelta(hours=30, seconds=5), long)
    numbers = ["0007", "12", "40.1", "1e-05", "-0.5", "1.23456789012346e+17"]
    days = ["2026-12-01", "2026-12-01T13:30:00", "13:30:00", "30:00:05"]
    assert table(WorkbookFile(path))[1] == [*numbers, "TRUE", "", "2", *days]


def test_the_decimal_mark_of_the_run_is_that_of_numbers(tmp_path: Path) -> None:
    """Who says that coordinates have a comma gets those that are numbers, too."""
    path = book(tmp_path / "x.xlsx", [HEADER, ["1", 47.5, 8], ["2", "47,25", 8]])
    sites = open_table(path, ca_sites(), dialect=Dialect(decimal=","))
    (rows,) = sites.rows()
    assert rows.coordinates.lat.tolist() == [47.5, 47.25]


def ca_sites() -> Any:
    """Return the columns of sites."""
    return SITES


def test_lines_are_the_rows_that_excel_shows(tmp_path: Path) -> None:
    """Empty rows before the header and between rows count, and what is wide is a reject."""
    rows = [HEADER, ["1", 40, -75], [], ["2", 41, -75], ["3", 42, -75, "", "note"], ["4", 1, 'a"b']]
    source = WorkbookFile(book(tmp_path / "x.xlsx", rows, first_row=3))
    (block,) = source.blocks()
    assert block.lines.tolist() == [5, 7, 9]
    assert (block.records, block.blank) == (5, 1)
    (reject,) = block.rejects
    assert (reject.line, reject.reason.value) == (8, "wrong_number_of_fields")
    assert (reject.detail, reject.raw) == ("5 cells where the header has 3", "3,42,-75,,note")
    assert block.raw(2) == '4,1,"a""b"'


def test_blocks_hold_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block ends changes nothing."""
    monkeypatch.setattr(excel, "CHARACTERS_AT_ONCE", 20)
    path = book(tmp_path / "x.xlsx", [HEADER, *([str(n), n, n] for n in range(9))])
    blocks = list(WorkbookFile(path).blocks())
    assert len(blocks) > 2
    assert [n for b in blocks for n in b.lines.tolist()] == list(range(2, 11))
    assert sum(b.records for b in blocks) == 9


def test_the_first_sheet_that_is_shown_is_read(tmp_path: Path) -> None:
    """Hidden ones are read if they are named."""
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as result:
        for name in ("hidden", "shown", "last"):
            result.add_worksheet(name).write(0, 0, name)
        result.get_worksheet_by_name("shown").activate()
        result.get_worksheet_by_name("hidden").hide()
    assert WorkbookFile(path).headers == ["shown"]
    assert WorkbookFile(path, "hidden").headers == ["hidden"]
    with pytest.raises(InputError, match=r"the sheet 'other'. Sheets: 'hidden', 'shown', 'last'"):
        WorkbookFile(path, "other")


def test_missing_columns_point_to_other_sheets(tmp_path: Path) -> None:
    """A workbook often begins with a cover sheet."""
    path = book(tmp_path / "x.xlsx", [["Sites of 2026"]], [HEADER, ["1", 40, -75]])
    assert ca.read_sites(path)["site_id"].tolist() == ["1"]
    bare = book(tmp_path / "y.xlsx", [["Sites of 2026"]], [["id", "name"], ["1", "x"]])
    with pytest.raises(InputError, match=r"y\.xlsx"):
        ca.read_sites(bare)
    assert ca.read_sites(path, dialect=ca.Dialect(sheet="b"))["site_id"].tolist() == ["1"]
    with pytest.raises(InputError, match="not a workbook"):
        ca.read_sites(sites_file(tmp_path), dialect=ca.Dialect(sheet="b"))


def damaged(path: Path) -> bytes:
    """Return a workbook of which the middle is other bytes."""
    data = bytearray(book(path, [HEADER, *([str(n), n, n] for n in range(99))]).read_bytes())
    at = data.index(b"xl/worksheets/sheet1.xml") + 60
    data[at : at + 200] = b"\xff" * 200
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "result"),
    [
        (b"", "cannot be read"),
        (b"id,lat,lon\n1,40,-75\n", "cannot be read"),
        (b"PK\x05\x06" + bytes(18), "cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "cannot be read"),
        (damaged, "cannot be read"),
        (None, "cannot be opened"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(
    tmp_path: Path, data: bytes | Callable[[Path], bytes] | None, result: str
) -> None:
    """The file is named, whatever is wrong with it."""
    path = tmp_path / "odd.xlsx"
    if data is not None:
        path.write_bytes(data(tmp_path / "good.xlsx") if callable(data) else data)
    with pytest.raises(InputError, match=rf"odd\.xlsx {result}"):
        WorkbookFile(path)


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    """As an empty text file is; the other sheets are named."""
    with pytest.raises(InputError, match=r"is empty.*Other sheets: 'b'"):
        WorkbookFile(book(tmp_path / "x.xlsx", [], [["x"]]))


def test_what_would_unpack_to_too_much_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory of the archive tells."""
    path = book(tmp_path / "x.xlsx", [HEADER])
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 1000)
    with pytest.raises(InputError, match=r"x\.xlsx is not opened.*CSV"):
        WorkbookFile(path)


def with_sheet(path: Path, cells_: str, text: str = "") -> Path:
    """Write a workbook whose sheet holds some markup."""
    book(path, [[text or "x"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    inner = f"<sheetData>{cells_}</sheetData>"
    parts[name] = re.sub(rb"<sheetData>.*</sheetData>", inner.encode(), parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


BOMBS = {
    "corners": ('<row><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>', ""),
    "copies": ("<row>" + '<c t="s"><v>0</v></c>' * 16_000 + "</row>", "x" * 32_000),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bomb: tuple[str, str]
) -> None:
    """A file of few bytes that wants gigabytes ends the process that reads it, and no other."""
    monkeypatch.setattr(excel, "MEMORY_BYTES", 400 << 20)
    path = with_sheet(tmp_path / "bomb.xlsx", *bomb)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match=r"bomb\.xlsx cannot be read.*Save the sheet as CSV"):
        WorkbookFile(path)


def test_the_process_ends_with_the_reading(tmp_path: Path) -> None:
    """Also where nobody reads on, or reads at all."""
    path = book(tmp_path / "x.xlsx", [HEADER, *([str(n), n, n] for n in range(30_000))])
    half, unread = WorkbookFile(path), WorkbookFile(path)
    blocks = half.blocks()
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]  # a generator, as those who close it know
    assert half._process.poll() is not None
    process = unread._process
    del unread
    assert process.poll() is not None


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of reading and of writing, with the command that brings it."""
    path = book(tmp_path / "x.xlsx", [HEADER])
    for library in ("python_calamine", "xlsxwriter"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"\[excel\]"):
        WorkbookFile(path)
    with pytest.raises(MissingExtraError, match=r"\[excel\]"):
        WorkbookWriter(tmp_path / "y.xlsx", pa.schema([]), {})


# ----------------------------------------------------------------------------- writing

ODD = st.text(alphabet=st.sampled_from("_x005FAD\x00\x1f\r\n\t <>&\"'/r=\ufffe\uffffé"), max_size=9)
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=9) | ODD


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_any_text_comes_back_as_it_was_or_is_refused(rows: list[tuple[str, str]]) -> None:
    """read(write(t)) = t; what a workbook would change is an error and not a changed text."""
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("p", "q"))}
    with tempfile.TemporaryDirectory() as folder:
        try:
            back = written(Path(folder), {"n": [1.0] * len(rows), **columns})
        except InputError:
            assert any(workbook_writer.UNFAITHFUL.search(text) for row in rows for text in row)
        else:
            assert back == [["n", "p", "q"], *(["1", *row] for row in rows)]


@pytest.mark.parametrize(
    "text",
    ["_x0041__x0042_", "x_x000D_", "\x00_x0000_", "_x004\x01_", " \n a\r\n ", "<r>", "\x1f", "'a"],
)
def test_text_that_looks_like_an_escape_comes_back(tmp_path: Path, text: str) -> None:
    """Each of these is a text that somebody's data may hold."""
    if workbook_writer.UNFAITHFUL.search(text):
        pytest.fail("it would be refused")
    assert written(tmp_path, {"a": [text]}) == [["a"], [text]]


@pytest.mark.parametrize(
    "text",
    [
        "<r></t></is></c><c r='Z1'><f>1+1</f></c></r>",
        "_x0041_x0042_",
        "_x0041\x00",
        "a\uffff",
        "x" * 32_768,
        "\U0001f600" * 16_384,
    ],
)
def test_text_that_no_workbook_gives_back_is_refused(tmp_path: Path, text: str) -> None:
    """The row and the column are named, and nothing is left behind."""
    with pytest.raises(InputError, match=r"Row 3 .*'note' .*use --format csv or parquet"):
        written(tmp_path, {"note": ["fine", text]})
    with pytest.raises(InputError, match="Row 1 "):
        written(tmp_path, {text: ["fine"]})
    assert contents(tmp_path) == {}


def test_the_longest_text_is_whole(tmp_path: Path) -> None:
    """As long as a cell can hold."""
    text = "x" * 32_767
    assert written(tmp_path, {"a": [text]}) == [["a"], [text]]


def test_values_keep_their_kind(tmp_path: Path) -> None:
    """Numbers are numbers if a workbook holds all their digits, days are days, the rest is text."""
    day = datetime.date(2026, 12, 1)
    columns = {
        "text": pa.array(["0007", "12"]),
        "whole": pa.array([7, 9_007_199_254_740_993]),
        "float": pa.array([0.1, float("nan")]),
        "large": pa.array([float("inf"), -1.5]),
        "money": pa.array([decimal.Decimal("1.10"), decimal.Decimal("1234567890123456.78")]),
        "flag": pa.array([True, None]),
        "day": pa.array([day, datetime.date(1899, 12, 31)]),
        "moment": pa.array([1, None], pa.timestamp("ns")),
        "list": pa.array([["a", "é"], None]),
        "coded": pa.array(["x", "x"]).dictionary_encode(),
        "miles": pa.array([1.23456, None]),
        "geometry": pa.array([b"x", b"y"]),
    }
    header, first, second = written(tmp_path, columns)
    assert header == [name for name in columns if name != "geometry"]
    assert first == [
        *("0007", "7", "0.1", "inf", "1.1", "TRUE", "2026-12-01"),
        *("1970-01-01 00:00:00.000000001", '["a", "é"]', "x", "1.235"),
    ]
    assert second == [
        *("12", "9007199254740993", "", "-1.5", "1234567890123456.78", "", "1899-12-31"),
        *("", "", "x", ""),
    ]
    xml = sheet_xml(tmp_path / "x.xlsx")
    assert re.search(r'<c r="B2"><v>7</v>', xml)
    assert re.search(r'<c r="B3"[^>]* t="inlineStr"', xml)
    assert re.search(r'<c r="K2" s="\d+"><v>1.235</v>', xml)


def evil_run(folder: Path, **options: Any) -> Path:
    """Judge sites of which every text is a formula."""
    rows = "".join(f'"{t}","{t}",40,-75,US\n' for t in EVIL)
    text = f"id,=name,lat,lon,country\n{rows}"
    judged(folder, text, options=batch.Options(format="xlsx", areas=False, map=False, **options))
    return folder / "out" / "report.xlsx"


def test_no_cell_is_a_formula_or_a_link(tmp_path: Path) -> None:
    """Text is text, and our own reader gives it back without a mark."""
    path = evil_run(tmp_path)
    for number in (1, 2, 3, 4):
        xml = sheet_xml(path, number)
        assert "<f" not in xml
        assert "hyperlink" not in xml
    with zipfile.ZipFile(path) as archive:
        parts = archive.namelist()
        assert not [name for name in parts if "external" in name or "macro" in name.lower()]
    assert [row[:2] for row in table(WorkbookFile(path))] == [["id", "=name"], *zip2(EVIL)]
    assert ca.read_sites(path)["site_id"].tolist() == EVIL


def zip2(texts: Sequence[str]) -> list[list[str]]:
    """Return rows of two equal cells."""
    return [[t, t] for t in texts]


def test_text_that_would_run_when_edited_has_the_mark_of_a_quote(tmp_path: Path) -> None:
    """But where text is to stay raw."""
    for raw, marked in ((False, True), (True, False)):
        path = evil_run(tmp_path, raw_text=raw)
        with zipfile.ZipFile(path) as archive:
            assert (b"quotePrefix" in archive.read("xl/styles.xml")) is marked
        styles = set(re.findall(r'<c r="A[2-5]" s="(\d+)"', sheet_xml(path, 2)))
        plain = set(re.findall(r'<c r="A9" s="(\d+)"', sheet_xml(path, 2)))
        assert bool(styles - plain) is marked


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says."""
    judged(tmp_path, options=XLSX)
    before = contents(tmp_path / "out")
    clock = itertools.count(2_000_000_000, 100)
    monkeypatch.setattr("time.time", lambda: float(next(clock)))
    judged(tmp_path, options=XLSX)
    assert contents(tmp_path / "out") == before
    assert [n for n in before if n.startswith(".")] == []


def test_more_rows_than_a_sheet_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never cut; before the work if the input tells, and then with the old report in place."""
    monkeypatch.setattr(workbook_writer, "ROWS", 4)
    judged(tmp_path)
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match="3 rows of an Excel sheet; use --format csv"):
        judged(tmp_path, options=XLSX)
    assert contents(tmp_path / "out") == before
    pq.write_table(pa.table({"lat": [1.0] * 4, "lon": [1.0] * 4}), tmp_path / "s.parquet")
    monkeypatch.setattr(batch._run, "_published", lambda *_: pytest.fail("it began"))
    with pytest.raises(InputError, match="3 rows of an Excel sheet"):
        batch.run(tmp_path / "s.parquet", tmp_path / "network.csv", tmp_path / "n", options=XLSX)
    written(tmp_path, {"a": ["1", "2", "3"]})
    monkeypatch.setattr(workbook_writer, "COLUMNS", 2)
    with pytest.raises(InputError, match="more than the 2 columns of an Excel sheet"):
        written(tmp_path, {"a": [1], "b": [1], "c": [1]})


def full(*_: Any) -> None:
    """Refuse, as a full disk does.

    Raises
    ------
    OSError
        Always.
    """
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "place",
    [
        "xlsxwriter.packager.Packager._create_package",
        "xlsxwriter.worksheet.Worksheet._write_single_row",
    ],
)
def test_a_full_disk_is_an_error_of_publishing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """While rows come, and while the parts are made; no temporary file stays."""
    judged(tmp_path)
    before = contents(tmp_path / "out")
    monkeypatch.setattr(place, full)
    with pytest.raises(PublishError, match="No space left"):
        judged(tmp_path, options=XLSX)
    assert contents(tmp_path / "out") == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_is_full_at_the_end(tmp_path: Path) -> None:
    """The packed file is refused, and no temporary file stays."""
    (tmp_path / "x.xlsx").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        written(tmp_path, {"a": ["x"]})
    assert [p.name for p in tmp_path.iterdir()] == ["x.xlsx"]


def test_a_run_from_workbook_to_workbook_is_the_run_of_text(tmp_path: Path) -> None:
    """The verdicts are the same, and a report is input for the next one."""
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    books = []
    for path in (sites, centers):
        rows = [[number(c) for c in row] for row in cells(path)]
        books.append(book(path.with_suffix(".xlsx"), [["cover"]], rows))
    second = ca.Dialect(sheet="b")
    arguments = {"dialect": second, "center_dialect": second, "areas": False, "map": False}
    for kind in ("csv", "xlsx"):
        options = batch.Options(format=kind, **arguments)  # type: ignore[arg-type]
        batch.run(*books, tmp_path / kind, as_of=AS_OF, options=options)
    judged(tmp_path)
    expected = records(tmp_path / "out" / "report.csv")
    assert [drop(r) for r in records(tmp_path / "csv" / "report.csv")] == [
        drop(r) for r in expected
    ]
    header, *rows = table(WorkbookFile(tmp_path / "xlsx" / "report.xlsx"))
    for row, record in zip(rows, expected, strict=True):
        read = dict(zip(header, row, strict=True))
        assert {n: plain(read[n]) for n in record} == {n: plain(c) for n, c in record.items()}
    assert not formulas.is_escaped(tmp_path / "xlsx" / "report.xlsx")
    manifest = json.loads((tmp_path / "xlsx" / "run.json").read_text("utf-8"))
    assert manifest["files"][0] == "report.xlsx"


def drop(record: dict[str, str]) -> dict[str, str]:
    """Return a record without the columns in which a number has no text of its own."""
    return {n: c for n, c in record.items() if n not in {"latitude", "longitude", "accuracy_m"}}


def number(text: str) -> Any:
    """Return what Excel makes of a text that is a number; leading zeros stay."""
    return float(text) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text) else text


def plain(text: str) -> Any:
    """Return a number for the text of one, however it is written."""
    is_number = re.fullmatch(r"-?\d+[.,]?\d*", text) and text[0] != "0"
    return float(text.replace(",", ".")) if is_number else text


def test_frames_write_workbooks(tmp_path: Path) -> None:
    """The notebook's report is of any format."""
    centers = ca.read_centers(centers_file(tmp_path))
    with pytest.warns(UserWarning, match="rejected"):
        sites = ca.read_sites(sites_file(tmp_path))
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    ca.write_report(verdicts, tmp_path / "out", kind="xlsx")
    rows = table(WorkbookFile(tmp_path / "out" / "report.xlsx"))
    assert [row[0] for row in rows[1:]] == verdicts["site_id"].tolist()
    assert arrays.text_array([rows[0][0]]).to_pylist() == ["site_id"]


def test_every_verb_reads_the_sheet_that_is_named(tmp_path: Path) -> None:
    """Sites by ``--sheet``, centers by ``--center-sheet``."""
    sites = book(tmp_path / "s.xlsx", [["cover"]], [HEADER, ["1", 40, -75]])
    centers = book(tmp_path / "c.xlsx", [["x"]], [["center_id", "lat", "lon"], ["A", 40, -75]])
    center_sheet = ["--center-sheet", "b"]
    network = ["--centers", str(centers), *center_sheet]
    calls = [
        ["run", str(sites), "--sheet", "b", "-o", str(tmp_path / "out"), "--no-map", *network],
        ["check", str(sites), "--sheet", "b"],
        ["explain", "40", "-75", *network],
        ["areas", str(centers), "-o", str(tmp_path / "a.geojson"), *center_sheet],
    ]
    for arguments in calls:
        assert not program.main(arguments, standalone_mode=False)
        left_out = [a for a in arguments if a not in {"--sheet", "--center-sheet", "b"}]
        assert not program.main(left_out, standalone_mode=False)
    assert len(records(tmp_path / "out" / "report.csv")) == 1
