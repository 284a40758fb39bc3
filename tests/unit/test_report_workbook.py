"""``report.xlsx`` as a planner opens it: what it is for, and numbers and days that are so."""

import datetime
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
import xlsxwriter
from running import AS_OF, CENTERS, centers_file, judged

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.countries import load
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder import workbook
from coverage_analyzer.files.writers import excel
from coverage_analyzer.files.writers.excel import Layout, WorkbookWriter
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.actions import REASON_ACTIONS, REJECT_ACTIONS, STATUS_ACTIONS
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

XLSX = batch.Options(format="xlsx", areas=False, map=False)

OWN = """\
site_id,country,latitude,longitude,revenue,since,zip,account,mixed,empty,phone
0001,US,40.0,-75.0,1000.5,2024-01-31,07102,12345678901234567,1,,+49 89
0002,FR,48.85,2.35,-20,2025-12-01,10001,1,n/a,,1
0003,Atlantis,40,-75,7,,99999,2,3,,2
"""


def sheet(path: Path, name: str) -> list[list[Any]]:
    """Return the cells of a sheet by a library that is not ours."""
    return python_calamine.load_workbook(path).get_sheet_by_name(name).to_python()


def by_header(path: Path, name: str = "Report") -> dict[str, list[Any]]:
    """Return the columns of a sheet."""
    header, *rows = sheet(path, name)
    return {title: [row[at] for row in rows] for at, title in enumerate(header)}


def report(folder: Path, text: str = OWN, **options: Any) -> Path:
    """Return the workbook of a run over small files."""
    chosen = batch.Options(format="xlsx", areas=False, map=False, **options)
    judged(folder, text, options=chosen)
    return folder / "out" / "report.xlsx"


def part(path: Path, name: str) -> str:
    """Return a part of a workbook as text."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def test_plain_own_columns_can_be_summed_and_sorted(tmp_path: Path) -> None:
    """Revenue sums, days are days; what has a leading zero, 17 digits or a plus stays text."""
    columns = by_header(report(tmp_path))
    assert sum(columns["revenue"]) == 987.5
    assert columns["latitude"] == [40.0, 48.85, 40.0]
    assert columns["since"] == [datetime.date(2024, 1, 31), datetime.date(2025, 12, 1), ""]
    assert columns["zip"] == ["07102", "10001", "99999"]
    assert columns["account"] == ["12345678901234567", "1", "2"]
    assert columns["mixed"] == ["1", "n/a", "3"]
    assert columns["phone"] == ["+49 89", "1", "2"]
    assert columns["site_id"] == ["0001", "0002", "0003"]
    assert columns["distance_miles"][1] == pytest.approx(0.49, abs=0.5)


def test_types_do_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that is not plain decides for all, also if it comes in the last block."""
    rows = "".join(f"{n},40,-75,{n}.5,{n}\n" for n in range(1, 200))
    text = f"site_id,latitude,longitude,sum,code\n{rows}last,40,-75,2.5,x7\n"
    whole = by_header(report(tmp_path, text))
    monkeypatch.setattr("coverage_analyzer.files.readers.delimited.BLOCK_BYTES", 256)
    pieces = by_header(report(tmp_path, text))
    assert pieces == whole
    assert whole["sum"][0] == 1.5
    assert whole["code"][0] == "1"


def test_typed_input_keeps_its_types(tmp_path: Path) -> None:
    """Numbers, days and texts of Parquet are what they were, numbers in text too."""
    moment = datetime.datetime(2026, 11, 3, 14, 30)  # noqa: DTZ001 (a cell has no zone)
    table = pa.table(
        {
            "site_id": ["1", "2"],
            "latitude": [40.0, 41.0],
            "longitude": [-75.0, -75.0],
            "code": ["12", "13"],
            "sum": [1.25, None],
            "day": pa.array([datetime.date(2024, 1, 31), None]),
            "seen": pa.array([moment, None], pa.timestamp("us")),
            "seen_utc": pa.array([moment, None], pa.timestamp("ns", "UTC")),
        }
    )
    pq.write_table(table, tmp_path / "s.parquet")
    centers = centers_file(tmp_path)
    batch.run(tmp_path / "s.parquet", centers, tmp_path / "out", as_of=AS_OF, options=XLSX)
    columns = by_header(tmp_path / "out" / "report.xlsx")
    assert columns["code"] == ["12", "13"]
    assert columns["sum"] == [1.25, ""]
    assert columns["day"] == [datetime.date(2024, 1, 31), ""]
    assert columns["seen"] == [moment, ""]
    assert columns["seen_utc"] == [moment, ""]
    assert 'hh:mm:ss"Z"'.replace('"', "&quot;") in part(
        tmp_path / "out" / "report.xlsx", "xl/styles.xml"
    )


def test_cells_of_a_workbook_keep_their_types(tmp_path: Path) -> None:
    """Ids that are numbers stay numbers, text stays text, whatever is in the header's row."""
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as result:
        page = result.add_worksheet()
        page.write_row(0, 0, ["site_id", "lat", "lon", "revenue", "code", "both", "since", "ok"])
        day = result.add_format({"num_format": "yyyy-mm-dd"})
        for row, revenue in ((1, 1000.5), (2, 2)):
            page.write_row(row, 0, [100 + row, 40.5, -75, revenue])
            page.write_string(row, 4, "12")
            page.write(row, 5, "n/a" if row == 1 else 3)
            page.write_datetime(row, 6, datetime.date(2024, 1, 31), day)
            page.write_boolean(row, 7, row == 1)
    batch.run(path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF, options=XLSX)
    columns = by_header(tmp_path / "out" / "report.xlsx")
    assert columns["site_id"] == [101, 102]
    assert sum(columns["revenue"]) == 1002.5
    assert columns["code"] == ["12", "12"]
    assert columns["both"] == ["n/a", "3"]
    assert columns["since"] == [datetime.date(2024, 1, 31)] * 2
    assert columns["ok"] == [True, False]


def test_decimal_commas_and_german_days_are_numbers_and_days(tmp_path: Path) -> None:
    """As a German program exports them, thousands and all."""
    text = (
        "site_id;latitude;longitude;Umsatz;seit\n"
        "1;48,85;2,35;1.234,50;31.12.2025\n"
        "2;40,0;-75,0;7,25;1.2.2024\n"
    )
    columns = by_header(report(tmp_path, text, dialect=ca.Dialect(decimal=",")))
    assert columns["latitude"] == [48.85, 40.0]
    assert columns["Umsatz"] == [1234.5, 7.25]
    assert columns["seit"] == [datetime.date(2025, 12, 31), datetime.date(2024, 2, 1)]


def test_the_summary_says_what_the_file_is_for(tmp_path: Path) -> None:
    """Day, policy, files, totals by status and country with its name, meaning and action."""
    cells = [c for row in sheet(report(tmp_path), "Summary") for c in row]
    texts = [c for c in cells if isinstance(c, str) and c]
    assert texts[:2] == [
        "Citrix Appliance Maintenance",
        "2 of 3 sites qualify for Gold Plus (66.7 %)",
    ]
    assert datetime.date(2026, 12, 1) in cells
    assert str(tmp_path / "sites.csv") in texts
    assert {"France", "United States", "(no country)"} <= set(texts)
    assert STATUS_ACTIONS[Status.review] in texts
    assert REASON_ACTIONS[Reason.country_unknown] in texts
    assert "Its country could not be determined." in texts
    core = part(tmp_path / "out" / "report.xlsx", "docProps/core.xml")
    assert "as of 2026-12-01" in core
    assert load().names.titles[0] == ""


def test_codes_have_their_text_beside_them(tmp_path: Path) -> None:
    """Reason and country; an own column of that name keeps it."""
    text = OWN.replace("revenue", "reason_text")
    columns = by_header(report(tmp_path, text))
    assert columns["reason_text"] == [1000.5, -20, 7]
    assert columns["reason_text_2"][2] == "its country could not be determined"
    assert columns["site_country_name"] == ["United States", "France", ""]


def test_rejects_and_centers_have_sheets(tmp_path: Path) -> None:
    """With what to do about each row, and with days that are days."""
    text = OWN + "0004,US,x40,-75,=1+1,2024-01-31,1,1,1,,1\n"
    path = report(tmp_path, text, dialect=ca.Dialect())
    rejects, centers = by_header(path, "Rejects"), by_header(path, "Centers")
    assert rejects["line"] == [5]
    assert rejects["what_to_do"] == [REJECT_ACTIONS[Rejected.coordinate_not_a_number]]
    assert rejects["raw"] == ["0004,US,x40,-75,=1+1,2024-01-31,1,1,1,,1"]
    assert len(centers["center_id"]) == CENTERS.count("\n") - 1
    assert centers["opens_on"].count(datetime.date(2026, 12, 15)) == 1
    assert "Namibia" in centers["center_country_name"]


def test_pages_are_printed_across_with_their_header(tmp_path: Path) -> None:
    """One page wide, the first row on each, frozen and filtered; no width shows ### for a day."""
    path = report(tmp_path)
    for number in (2, 3, 4):
        xml = part(path, f"xl/worksheets/sheet{number}.xml")
        assert re.search(r'<pageSetup fitToHeight="0" orientation="landscape"', xml)
        assert '<pageSetUpPr fitToPage="1"/>' in xml
        assert re.search(r'<pane ySplit="1" topLeftCell="A2"', xml)
        assert "<autoFilter " in xml
        assert "&amp;R2026-12-01" in xml
    names = part(path, "xl/workbook.xml")
    assert names.count("_xlnm.Print_Titles") == 3
    assert re.findall(r'<sheet name="(\w+)"', names) == ["Summary", "Report", "Rejects", "Centers"]
    xml = part(path, "xl/worksheets/sheet2.xml")
    pattern = r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"'
    widths = {
        at: float(width)
        for first, last, width in re.findall(pattern, xml)
        for at in range(int(first), int(last) + 1)
    }
    header = by_header(path)
    assert len(widths) == len(header)
    assert widths[list(header).index("since") + 1] > 11
    assert max(widths.values()) < 60


def test_a_status_has_the_colour_of_the_map(tmp_path: Path) -> None:
    """And a letter that is read on it."""
    styles = part(report(tmp_path), "xl/styles.xml")
    for status in (Status.qualified, Status.review):
        assert f'<fgColor rgb="FF{theme.MARKS[status].color[1:].upper()}"/>' in styles.replace(
            "ff", "FF"
        )


HOSTILE = ["=1+1", "=HYPERLINK(B2)", "\x00=1+1", "@SUM(1)", "+1+1", "http://x.example", "{=1}"]


def test_hostile_text_is_literal_in_every_sheet(tmp_path: Path) -> None:
    """Nothing runs, nothing is a link, in cells, headers, rejects, file names and centers."""
    rows = "".join(f'"{t}","{t}",40,-75\n"{t}","{t}",x,-75\n' for t in HOSTILE)
    folder = tmp_path / "=1+1"
    folder.mkdir()
    path = report(folder, f'id,"=note",lat,lon\n{rows}')
    assert by_header(path)["=note"] == HOSTILE
    assert len(by_header(path, "Rejects")["raw"]) == len(HOSTILE)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert "externalLink" not in name
            text = archive.read(name).decode()
            assert "<f>" not in text
            assert "<f " not in text
            assert "<hyperlink" not in text


def test_rejects_that_no_cell_holds_are_shown_otherwise(tmp_path: Path) -> None:
    """They do not keep the report from being written; all of them are in the file."""
    text = f'{OWN}"{"x" * 40_000}",US,north,-75,1,,1,1,1,,1\n'
    raw = by_header(report(tmp_path, text), "Rejects")["raw"]
    assert len(raw[0]) < 32_767
    assert raw[0].endswith("…")


def test_more_rejects_than_a_sheet_has_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report counts; the rest is in rejects.csv, which the sheet says."""
    monkeypatch.setattr(excel, "ROWS", 8)
    text = OWN + "".join(f"{n},US,x,-75,1,,1,1,1,,1\n" for n in range(9))
    path = report(tmp_path, text, max_rejects="100%")
    assert len(by_header(path, "Rejects")["line"]) == 7
    notes = [row[0] for row in sheet(path, "Summary")]
    assert "The sheet Rejects has the first 7 of 9 rows; all are in rejects.csv." in notes


def test_a_row_too_many_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the input does not tell how many rows it has, it is refused at that row."""
    before = report(tmp_path).read_bytes()
    monkeypatch.setattr(excel, "ROWS", 3)
    with pytest.raises(InputError, match="more than the 2 rows of an Excel sheet"):
        report(tmp_path)
    assert (tmp_path / "out" / "report.xlsx").read_bytes() == before


def test_a_folder_with_a_workbook_is_read_again(tmp_path: Path) -> None:
    """The map, and the report as sites: the sheet of the report is taken."""
    path = report(tmp_path)
    assert redrawn(tmp_path / "out").meta["total"] == 3
    assert ca.read_sites(path)["site_id"].tolist() == ["0001", "0002", "0003"]
    batch.run(path, centers_file(tmp_path), tmp_path / "again", as_of=AS_OF, options=XLSX)
    again = by_header(tmp_path / "again" / "report.xlsx")
    assert again["revenue"] == [1000.5, -20, 7]
    assert again["zip"] == ["07102", "10001", "99999"]
    assert again["reason_text"] == again["reason_text_2"]


def test_each_code_has_an_action() -> None:
    """A new status, reason or reject needs a sentence."""
    assert set(STATUS_ACTIONS) == set(Status)
    assert set(REASON_ACTIONS) == set(Reason)
    assert set(REJECT_ACTIONS) == set(Rejected)
    assert all(text.endswith(".") for text in REASON_ACTIONS.values())


def test_columns_beside_codes_get_free_names() -> None:
    """However often a report was read as sites."""
    assert workbook._free("a", ["a", "a_2"]) == "a_3"


def test_a_timeline_is_a_workbook(tmp_path: Path) -> None:
    """Its days are days."""
    (tmp_path / "s.csv").write_text(OWN, "utf-8")
    days = (AS_OF, "2027-01-31")
    batch.timeline(tmp_path / "s.csv", centers_file(tmp_path), tmp_path / "t.xlsx", days=days)
    columns = by_header(tmp_path / "t.xlsx", "Timeline")
    assert columns["from_day"][0] == datetime.date(2026, 12, 1)


def test_finer_moments_than_a_cell_holds_are_text(tmp_path: Path) -> None:
    """A column with one is text in all rows; nothing is rounded."""
    cells = pa.array([1_000, None, 1], pa.timestamp("us"))
    result = pa.RecordBatch.from_arrays([cells, cells.cast(pa.timestamp("ns"))], names=["a", "b"])
    with WorkbookWriter(tmp_path / "x.xlsx", result.schema, Layout()) as writer:
        writer.write(result.slice(0, 1))
        writer.write(result.slice(1))
    rows = sheet(tmp_path / "x.xlsx", "Report")
    assert rows[1][0] == "1970-01-01 00:00:00.001000"
    assert rows[3][1] == "1970-01-01 00:00:00.000001000"


def test_days_and_moments_that_no_cell_holds_are_text(tmp_path: Path) -> None:
    """Sentinels of databases, in a column of their own or beside days."""
    far = pa.array([4_000_000, 0, None], pa.int32()).cast(pa.date32())
    moments = pa.array([10**15, 0, None], pa.int64()).cast(pa.timestamp("ms"))
    early = pa.array([-80_000, 0, None], pa.int32()).cast(pa.date32())
    result = pa.RecordBatch.from_arrays([far, moments, early], names=["far", "at", "early"])
    with WorkbookWriter(tmp_path / "x.xlsx", result.schema, Layout()) as writer:
        writer.write(result)
    columns = by_header(tmp_path / "x.xlsx")
    assert columns["far"][1] == "1970-01-01"
    assert "1000000000000000" in columns["at"][0]
    assert columns["early"][:2] == ["1750-12-20", datetime.date(1970, 1, 1)]


def test_a_file_name_that_is_not_utf8_is_shown(tmp_path: Path) -> None:
    """In the summary and in the properties of the document."""
    path = tmp_path / os.fsdecode(b"s\xff.csv")
    try:
        path.write_text(OWN, encoding="utf-8")
    except OSError:
        pytest.skip("the file system has only names in UTF-8")
    batch.run(path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF, options=XLSX)
    texts = [row[1] for row in sheet(tmp_path / "out" / "report.xlsx", "Summary")]
    assert any(str(text).endswith("s\\udcff.csv") for text in texts)


def test_a_long_title_fits_above_the_pages(tmp_path: Path) -> None:
    """Marks that begin codes there are doubled, and the line stays within what Excel allows."""
    page = excel.Page(title="&" * 300, note="&" * 300, sheet="S")
    result = pa.RecordBatch.from_pydict({"a": ["x"]})
    with WorkbookWriter(tmp_path / "x.xlsx", result.schema, Layout(page=page)) as writer:
        writer.write(result)
    assert "&amp;L&amp;&amp;" in part(tmp_path / "x.xlsx", "xl/worksheets/sheet1.xml")


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_reads_numbers_days_and_text(tmp_path: Path) -> None:
    """Saved again by LibreOffice, sums, days and texts are what they were."""
    path = report(tmp_path)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    outdir = tmp_path / "lo"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", outdir, path],
        check=True,
        capture_output=True,
        timeout=180,
    )
    columns = by_header(outdir / "report.xlsx")
    assert sum(columns["revenue"]) == 987.5
    assert columns["since"][0] == datetime.date(2024, 1, 31)
    assert columns["zip"][0] == "07102"
    assert columns["distance_miles"] == by_header(path)["distance_miles"]
