"""Files as people and machines really break them, each through a whole run."""

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import xlsxwriter
from running import cells

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError

FOLDER: Final = Path(
    os.environ.get("COVERAGE_CASES", Path(__file__).parents[3] / "shared" / "cases")
)

COUNTS: Final = ("decided", "rejected", "blank")

CENTERS = "center_id,lat,lon,country\nPHL,39.95,-75.16,US\nPAR,48.8566,2.3522,FR\n"


class Result(NamedTuple):
    """What a run comes to."""

    exit: int
    message: str
    decided: int = 0
    rejected: int = 0
    blank: int = 0
    rows: Sequence[Sequence[str]] = ()
    rejects: Sequence[Sequence[str]] = ()


def run(sites: Path, folder: Path) -> Result:
    """Run over a file; an error that is no InputError comes through."""
    centers = folder / "network.csv"
    centers.write_text(CENTERS, encoding="utf-8")
    before = csv.field_size_limit(1 << 24)
    try:
        ledger = batch.run(sites, centers, folder / "out", as_of="2026-12-01")["ledger"]
        rows, rejects = (cells(folder / "out" / f"{n}.csv")[1:] for n in ("report", "rejects"))
    except InputError as error:
        return Result(2, str(error))
    finally:
        csv.field_size_limit(before)
    assert ledger["read"] == sum(ledger[c] for c in COUNTS)
    decided, rejected, blank = (ledger[c] for c in COUNTS)
    return Result(0, "", decided, rejected, blank, rows, rejects)


def manifest() -> list[dict[str, Any]]:
    """Return what must happen to each of the shared files; nothing if they are not here.

    The newer folder overrides the older one.
    """
    cases: dict[str, dict[str, Any]] = {}
    for folder in ("faults", "faults-next"):
        path = FOLDER / folder / "MANIFEST.json"
        data = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        cases |= {case["file"]: case | {"folder": folder} for case in data}
    return list(cases.values())


@pytest.mark.skipif(not manifest(), reason=f"no sample cases in {FOLDER}; set COVERAGE_CASES")
@pytest.mark.parametrize("case", manifest(), ids=lambda case: case["file"])
def test_shared_file(case: dict[str, Any], tmp_path: Path) -> None:
    """Exit code and counts are those of the manifest; what is open is refused in words."""
    result = run(FOLDER / case["folder"] / case["file"], tmp_path)
    expected = {name: case[name] for name in ("exit", *COUNTS) if name in case}
    assert {name: getattr(result, name) for name in expected} == expected
    if result.exit:
        assert case["file"] in result.message


class Fault(NamedTuple):
    """A small file of our own, and what must come of it."""

    data: bytes | str
    exit: int = 0
    ids: tuple[str, ...] = ()
    rejects: tuple[tuple[int, str], ...] = ()
    blank: int = 0
    message: str = ""


def fault(rows: str, *, header: str = "id,name,lat,lon,country", **expected: Any) -> Fault:
    """Return a fault below the usual header."""
    return Fault(f"{header}\n{rows}", **expected)


NUMBER, RANGE, MISSING = (
    f"coordinate_{why}" for why in ("not_a_number", "out_of_range", "missing")
)
WIDTH, QUOTES, UTF8 = "wrong_number_of_fields", "broken_quotes", "not_utf8"

OURS = {
    "plain": fault("01,A,40,-75,US\n02,B,48.85,2.35,FR\n", ids=("01", "02")),
    "no-end": fault("01,A,40,-75,US\n02,B,48.85,2.35,FR", ids=("01", "02")),
    "bom": Fault(b"\xef\xbb\xbfid,lat,lon\n01,40,-75\n", ids=("01",)),
    "windows": Fault("id,lat,lon,cc\r\n01,40,-75,US\r\n02,41,-75,US\r\n", ids=("01", "02")),
    "old-mac": Fault("id,lat,lon,cc\r01,40,-75,US\r02,41,-75,US\r", ids=("01", "02")),
    "glued": Fault(
        "id,lat,lon,cc\r\n01,40,-75,US\n02,41,-75,US\r03,42,-75,US", ids=("01", "02", "03")
    ),
    "blank-lines": fault(
        "\n01,A,40,-75,US\n\n,,,,\n02,B,x,2,FR\n", ids=("01",), rejects=((6, NUMBER),), blank=3
    ),
    "latin-1": Fault(
        b"id,name,lat,lon\n01,A,40,-75\n02,M\xfcller,47,8\n03,C,41,-75\n",
        ids=("01", "02", "03"),
    ),
    "latin-1-in-utf-8": Fault(
        "id,name,lat,lon\n01,Ä,40,-75\n".encode() + b"02,M\xfcller,47,8\n03,C,41,-75\n",
        ids=("01", "03"),
        rejects=((3, UTF8),),
    ),
    "nul": fault("01,A\0B,40,-75,US\n", ids=("01",)),
    "quoted-newline": fault(
        '01,"A\nB",40,-75,US\n02,C,x,2,FR\n', ids=("01",), rejects=((4, NUMBER),)
    ),
    "open-quote": fault('01,"A,40,-75,US\n02,B,41,-75,US\n', ids=("02",), rejects=((2, QUOTES),)),
    "open-quote-closed-later": fault(
        '01,"A,40,-75,US\n02,"B",41,-75,US\n03,C,42,-75,US\n',
        ids=("02", "03"),
        rejects=((2, QUOTES),),
    ),
    "inch-mark": fault('01,6" pipe,40,-75,US\n02,4" pipe,41,-75,US\n', ids=("01", "02")),
    "too-long": fault(
        "01,A,40,-75,US\n02,B,48,2,FR,x\n03,C,41,-75,US\n", ids=("01", "03"), rejects=((3, WIDTH),)
    ),
    "too-short": fault(
        "01,A,40,-75,US\n02,B,48\n03,C,41,-75,US\n", ids=("01", "03"), rejects=((3, WIDTH),)
    ),
    "decimal-comma": fault('01,A,"40,5",-75,US\n', ids=("01",)),
    "degrees-minutes": fault("01,A,40\u00b026'N,75 30 0 W,US\n", ids=("01",)),
    "hemisphere": fault("01,A,40.5N,75.25W,US\n", ids=("01",)),
    "hemisphere-of-the-other-axis": fault("01,A,75.5W,40.5N,US\n", rejects=((2, NUMBER),)),
    "minus-sign": fault("01,A,40.5,\u221275.25,US\n", ids=("01",)),
    "thousands": fault('01,A,"1,234.5",-75,US\n', rejects=((2, NUMBER),)),
    "german": fault("01;A;40,5;-75,25;US\n", header="id;name;lat;lon;country", ids=("01",)),
    "accuracy-in-two-readings": fault(
        "01,A,40,-75,1.500\n", header="id,name,lat,lon,accuracy_m", exit=2, message="--decimal"
    ),
    "swapped": fault("01,A,151.2,-33.9,AU\n", rejects=((2, RANGE),), message="swapped"),
    "out-of-range": fault("01,A,90.1,0,US\n02,B,0,180.5,US\n", rejects=((2, RANGE), (3, RANGE))),
    "no-number": fault(
        "01,A,nan,0,US\n02,B,1e400,0,US\n03,C,1_000,0,US\n",
        rejects=((2, NUMBER), (3, NUMBER), (4, NUMBER)),
    ),
    "empty-cell": fault("01,A,,0,US\n02,B, ,0,US\n", rejects=((2, MISSING), (3, MISSING))),
    "null-island": fault("01,A,0,0,US\n", ids=("01",)),
    "duplicates": fault("01,A,40,-75,US\n01,A,40,-75,US\n", ids=("01", "01")),
    "big-ids": fault(
        "9007199254740993,A,40,-75,US\n1e5,B,40,-75,US\n00012,C,40,-75,US\n",
        ids=("9007199254740993", "1e5", "00012"),
    ),
    "namibia": fault("01,Null,-22.56,17.08,NA\n02,None,1,1,NULL\n", ids=("01", "02")),
    "spreadsheet-formula": fault("=1+1,@SUM(1),40,-75,US\n", ids=("'=1+1",)),
    "script": fault('01,"<script>alert(1)</script>",40,-75,US\n', ids=("01",)),
    "path": fault("../../etc/x,A,40,-75,US\n", ids=("../../etc/x",)),
    "header-only": fault(""),
    "synonyms": fault("01,A,40,-75,US\n", header=" ID ,Name,LAT,Long,Country Code", ids=("01",)),
    "spare-columns": fault("01,A,40,-75,US,,\n", header="id,name,lat,lon,cc,,", ids=("01",)),
    "empty": Fault("", exit=2, message="is empty"),
    "no-header": Fault("01,A,40,-75,US\n", exit=2, message="'40'"),
    "title-line": Fault("Sites of 2026\n\nid,lat,lon\n01,40,-75\n", ids=("01",)),
    "header-twice": fault("01,40,41,-75\n", header="id,lat,lat,lon", exit=2, message="'lat'"),
    "two-latitudes": fault(
        "01,40,41,-75\n", header="id,lat,latitude,lon", exit=2, message="--column"
    ),
    "half-a-pair": fault("01,40,41,-75\n", header="id,lat,y,lon", ids=("01",)),
    "no-longitude": fault("01,40\n", header="id,lat", exit=2, message="longitude"),
    "utf-16": Fault("id,lat,lon\n01,40,-75\n".encode("utf-16"), ids=("01",)),
    "damaged gzip": Fault(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\xff", exit=2, message="opened"),
}


@pytest.mark.parametrize("case", OURS.values(), ids=OURS)
def test_our_own_file(case: Fault, tmp_path: Path) -> None:
    """Ids stand verbatim and in order, rejects have their line and reason, refusals their words."""
    path = tmp_path / "ours.csv"
    path.write_bytes(case.data.encode() if isinstance(case.data, str) else case.data)
    result = run(path, tmp_path)
    assert result.exit == case.exit
    assert tuple(row[0] for row in result.rows) == case.ids
    assert tuple((int(line), why) for line, why, _, _ in result.rejects) == case.rejects
    assert result.blank == case.blank
    text = result.message + " ".join(detail for _, _, detail, _ in result.rejects)
    assert case.message in text
    if case.exit:
        assert "ours.csv" in result.message
        assert not (tmp_path / "out" / "report.csv").exists()


def test_a_field_of_two_mebibytes(tmp_path: Path) -> None:
    """Python's limit of 131,072 characters a field is not ours."""
    path = tmp_path / "ours.csv"
    notes = "A" * (2 << 20)
    path.write_text(f'id,name,lat,lon\n01,{notes},40,-75\n02,"x\ny",41,-75\n', encoding="utf-8")
    result = run(path, tmp_path)
    assert (result.decided, result.rejected) == (2, 0)
    assert result.rows[0][1] == notes


def test_five_thousand_columns(tmp_path: Path) -> None:
    """Wide exports are carried along whole."""
    path = tmp_path / "ours.csv"
    names = [f"c{n}" for n in range(5000)]
    path.write_text(
        ",".join(["lat", "lon", *names]) + "\n" + ",".join(["40", "-75", *names]) + "\n",
        encoding="utf-8",
    )
    result = run(path, tmp_path)
    assert result.rows[0][2:5002] == names


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from coverage_analyzer.cli.main import main
main()
"""


def test_a_workbook_that_lies_and_swells_ends_with_2(tmp_path: Path) -> None:
    """The archive says that its sheet is small; what it unpacks to is no matter of the caller."""
    pytest.importorskip("resource")
    bomb, centers = tmp_path / "bomb.xlsx", tmp_path / "network.csv"
    centers.write_text(CENTERS, encoding="utf-8")
    with xlsxwriter.Workbook(bomb) as book:
        book.add_worksheet().write_row(0, 0, ["id", "lat", "lon"])
    with zipfile.ZipFile(bomb) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    rows = b"<row>" + b"<c><v>1</v></c>" * 16_000 + b"</row>"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", rows * 1500 + b"</sheetData>")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    size = len(parts[sheet]).to_bytes(4, "little")
    bomb.write_bytes(bomb.read_bytes().replace(size, (1000).to_bytes(4, "little")))
    arguments = ["run", bomb, "--centers", centers, "-o", tmp_path / "out"]
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert ended.returncode == 2
    assert "bomb.xlsx cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr
