"""Formulas made inert, and text brought back."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coverage_analyzer as ca
from coverage_analyzer import arrays, batch
from coverage_analyzer.files import guard

ODD = st.text(alphabet=st.sampled_from("=+-@\t\r'\uff1d\uff0b\uff0d\uff20 1.e,\"xé"), max_size=6)
FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\uff1d1", "=cmd|' /C calc'!A0", "'=x"]
NUMBERS = ["-75.5", "+1", "-.5e3", "40", " -7"]


@given(st.lists(st.text() | ODD))
def test_what_is_guarded_can_be_brought_back(texts: list[str]) -> None:
    """No character is lost, whatever the text, and no guarded text begins a formula."""
    texts = [t.encode(errors="replace").decode() for t in texts]
    made = guard.guarded(arrays.text(texts))
    assert guard.unguarded(made).to_pylist() == texts
    assert made.to_pylist() == [guard.guarded_text(t) for t in texts]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_made_inert(text: str) -> None:
    """Also tabs, full-width forms, and what looks guarded already."""
    assert guard.guarded_text(text) == f"'{text}"


@pytest.mark.parametrize("text", [*NUMBERS, "", "O'Hare", "'", "a=b"])
def test_numbers_and_other_text_stay(text: str) -> None:
    """A negative longitude must stay a number."""
    assert guard.guarded_text(text) == text


def run(folder: Path, **options: Any) -> Path:
    """Judge sites whose every text is a formula, by a center with one."""
    rows = "".join(f'"{t}","{t}",40,-75,US\n' for t in FORMULAS)
    (folder / "s.csv").write_text(f"id,=header,lat,lon,country\n{rows}", encoding="utf-8")
    center = "center_id,name,lat,lon,country\n=1+1,@x,40,-75,US\n"
    (folder / "c.csv").write_text(center, encoding="utf-8")
    out = folder / "out"
    batch.run(folder / "s.csv", folder / "c.csv", out, options=batch.Options(**options))
    return out


def cells(path: Path) -> list[str]:
    """Return all cells of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def test_no_file_of_a_run_holds_a_formula(tmp_path: Path) -> None:
    """Report, rejects, summary and centers, headers too; numbers stay numbers."""
    out = run(tmp_path)
    assert json.loads((out / "run.json").read_text("utf-8"))["spreadsheet_guard"] is True
    for name in ("report.csv", "rejects.csv", "summary.csv", "centers.csv"):
        assert [c for c in cells(out / name) if guard.guarded_text(c) != c and c[0] != "'"] == []
    assert "-75" in cells(out / "report.csv")


def test_our_own_readers_take_the_guard_off(tmp_path: Path) -> None:
    """A report is input for the next one: the text is the true text again."""
    out = run(tmp_path)
    options = batch.Options(raw_text=True)
    batch.run(out / "report.csv", tmp_path / "c.csv", tmp_path / "again", options=options)
    again = cells(tmp_path / "again" / "report.csv")
    assert set(FORMULAS) | {"=header"} <= set(again)


def test_raw_text_stays_as_it_is(tmp_path: Path) -> None:
    """Who feeds another program says so, and the manifest says it, too."""
    out = run(tmp_path, raw_text=True)
    assert set(FORMULAS) <= set(cells(out / "report.csv"))
    assert json.loads((out / "run.json").read_text("utf-8"))["spreadsheet_guard"] is False


def test_every_kind_of_text_is_guarded_by_the_notebook_too(tmp_path: Path) -> None:
    """Categories and objects are text as well, in the report and in the centers."""
    texts = ["=1+1", "'=x"]
    sites = pd.DataFrame({"q": texts, "k": pd.Categorical(texts), "lat": 40.0, "lon": -75.0})
    centers = pd.DataFrame({"center_id": ["=HYP"], "lat": 40.0, "lon": -75.0, "o": ["@x"]})
    centers["o"] = centers["o"].astype("object")
    verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers)
    for name in ("report.csv", "centers.csv"):
        assert [c for c in cells(folder / name) if guard.guarded_text(c) != c and c[0] != "'"] == []
    again = ca.read_sites(folder / "report.csv", columns={"latitude": "lat", "longitude": "lon"})
    assert again["q"].tolist() == again["k"].tolist() == texts


def test_a_parquet_report_is_verbatim_both_ways(tmp_path: Path) -> None:
    """No guard goes in, so none is taken off."""
    out = run(tmp_path, format="parquet")
    assert ca.read_sites(out / "report.parquet")["site_id"].tolist() == FORMULAS
