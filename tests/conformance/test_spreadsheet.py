"""No file that is written runs a formula in LibreOffice, opened with its default settings."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._commitments import CommitmentOptions, answer_requests
from coverage_analyzer.batch._timeline import timeline
from coverage_analyzer.files.writers.delimited import Style, write_rows
from tests.unit.test_guard import FORMULAS, HARMLESS, HIDDEN

SOFFICE = shutil.which("soffice")
FORMULA = re.compile(r'table:formula="([^"]*)"')
AS_OF = "2026-12-01"

LIVE = [
    '=HYPERLINK("http://127.0.0.1:9/?"&B2,"click")',
    '=WEBSERVICE("http://127.0.0.1:9/")',
    "=cmd|' /C calc'!A0",
    '=DDE("soffice";"x";"y")',
    "=3+3",
]
PREFIXES = ["", "\0", "\n", "\r", "\t", " ", "  ", "\xa0", "\ufeff", "\u200b", "\u3000", "\xad"]
PREFIXES += ["\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\0\0", "\0 \n", "'", "'\0"]
CELLS = [*FORMULAS, *HIDDEN, *HARMLESS, "a\n=1+1", *(p + f for p in PREFIXES for f in LIVE)]

pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")


def formulas(paths: list[Path], folder: Path) -> list[str]:
    """Return the formulas of all cells of files as LibreOffice reads them."""
    for path in paths:  # equal names of different folders
        shutil.copy(path, folder / f"{path.parent.name}-{path.name}")
    copies = sorted(p for p in folder.iterdir() if p.suffix in {".csv", ".xlsx"})
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "fods", "--outdir"]
    done = subprocess.run(
        [*command, str(folder / "fods"), *map(str, copies)],
        capture_output=True,
        timeout=300,
        check=False,
    )
    result = sorted((folder / "fods").glob("*.fods"))
    assert len(result) == len(copies), done.stderr
    return [f for path in result for f in FORMULA.findall(path.read_text("utf-8"))]


def inputs(folder: Path) -> tuple[Path, Path, Path]:
    """Write sites, centers and requests all of whose texts are hostile, with headers that are."""
    n = len(CELLS)
    lat = [40.0 + (95 if i % 7 == 6 else 0) for i in range(n)]
    sites = {"id": CELLS, "name": CELLS, "\0=3+3": CELLS, "=4+4": CELLS, "lat": lat}
    sites |= {"lon": [-75.0] * n, "country": ["US"] * n, "address": CELLS}
    ids = list(dict.fromkeys(c for c in CELLS if c.strip()))
    centers = {"center_id": ids, "name": ids, "lat": [40.0] * len(ids), "lon": [-75.0] * len(ids)}
    requests = {"request_id": CELLS, "site_id": CELLS, "address": CELLS}
    requests |= {"authorised_at": [f"{AS_OF}T10:00"] * n}
    paths = tuple(folder / f"{name}.parquet" for name in ("sites", "centers", "requests"))
    for path, columns in zip(paths, (sites, centers, requests), strict=True):
        pq.write_table(pa.table(columns), path)
    return paths[0], paths[1], paths[2]


def test_no_cell_of_any_file_is_a_formula(tmp_path: Path) -> None:
    """Runs as CSV and xlsx, rejects, timeline, commitments, and the report of a notebook."""
    sites, centers, requests = inputs(tmp_path)
    written = []
    for kind in ("csv", "xlsx"):
        options = batch.Options(format=kind, map=False, areas=False)  # type: ignore[arg-type]
        batch.run(sites, centers, tmp_path / kind, as_of=AS_OF, options=options)
        written += [*(tmp_path / kind).glob("*.csv"), *(tmp_path / kind).glob("*.xlsx")]
    line = tmp_path / "timeline.csv"
    timeline(sites, centers, line, days=(AS_OF, "2027-01-01"))
    answers = CommitmentOptions(rejects=tmp_path / "commitment_rejects.csv")
    answer_requests(requests, sites, centers, tmp_path / "commitments.csv", options=answers)
    written += [line, tmp_path / "commitments.csv", tmp_path / "commitment_rejects.csv"]
    frame = pd.DataFrame({"q": pd.Categorical(CELLS), "o": CELLS, "lat": 40.0, "lon": -75.0})
    frame["o"] = frame["o"].astype("object")
    network = pd.DataFrame({"center_id": ["\0=1+1"], "lat": 40.0, "lon": -75.0})
    verdicts = ca.assess(frame, network, as_of=AS_OF)
    for kind in ("csv", "xlsx"):
        folder = ca.write_report(verdicts, tmp_path / f"notebook_{kind}", kind=kind)  # type: ignore[arg-type]
        written += [folder / f"report.{kind}", folder / "summary.csv"]
    (tmp_path / "lo").mkdir()
    assert formulas(written, tmp_path / "lo") == []


def test_the_raw_control_does_run(tmp_path: Path) -> None:
    """Unescaped cells are formulas there: the test above would notice."""
    write_rows(tmp_path / "x.csv", ["a"], [["=3+3"], ["\0=3+3"]], Style(raw_text=True))
    (tmp_path / "lo").mkdir()
    assert len(formulas([tmp_path / "x.csv"], tmp_path / "lo")) == 2
