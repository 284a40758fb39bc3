"""Formulas made inert, and text brought back."""

import csv
import json
import sys
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coverage_analyzer as ca
from coverage_analyzer import arrays, batch
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.writers.delimited import RejectsWriter, write_rows
from coverage_analyzer.schema.rejects import Reject, Rejected

ODD = st.text(
    alphabet=st.sampled_from(
        "=+-@\t\r\n\0'\uff1d\uff0b\uff0d\uff20 1.e,\"xé\xa0\x85\ufeff\u200b\u3000\u30ab_"
    ),
    max_size=6,
)
FORMULAS = ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\uff1d1", "=cmd|' /C calc'!A0", "'=x"]
HIDDEN = [  # a control, space or format character before what runs
    *("\n=1+1", "\0=1+1", " =1+1", "\xa0=1+1", "\ufeff=1+1", "\u200b=1+1", "\x0b=1+1", "\x0c=1+1"),
    *(
        "\u3000=1+1",
        "\xad=1+1",
        "\x1b=1+1",
        "\x85@SUM(1)",
        "\u2060\u202a+1+1",
        " \0 -1+1",
        "\uff0d1",
    ),
    *("\U000e0001=1", "\ttext", "\rtext", "\ntext", "\0text", "'\0=1", "''\n", "-1\n=1", "--1"),
    *(
        "+1+1",
        "+49 89/1",
        "+",
        "+(1)",
        "@home.de",
        "@a b",
        "@SUM(1,1)",
        "@",
        "- -",
        "-\n",
        "-116,10",
    ),
]
NUMBERS = ["-75.5", "+1", "-.5e3", "40", " -7"]
HARMLESS = ["-", "---", " - ", "+49 89 123456", "+4989123456", "@home", "@müller_2", "@東京"]


@given(st.lists(st.text() | ODD))
def test_what_is_guarded_can_be_brought_back(texts: list[str]) -> None:
    """No character is lost, whatever the text, and no guarded text begins a formula."""
    texts = [t.encode(errors="replace").decode() for t in texts]
    for decimal in (".", ","):
        result = formulas.escape_formulas(arrays.text_array(texts), decimal=decimal)
        assert formulas.unescape_formulas(result).to_pylist() == texts
        assert result.to_pylist() == [formulas.escape_formula(t, decimal=decimal) for t in texts]


def test_every_character_that_is_not_seen_is_skipped() -> None:
    """All of Unicode's control, separator and format characters, whatever their first bytes."""
    unseen = [
        c
        for c in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(c) in {"Cc", "Zs", "Zl", "Zp", "Cf"}
    ]
    texts = [f"{c}{sign}1+1" for c in unseen for sign in formulas.TRIGGERS]
    assert formulas.escape_formulas(arrays.text_array(texts)).to_pylist() == [
        f"'{t}" for t in texts
    ]


@pytest.mark.parametrize("text", ["-116,10345", "+7,5", "-,5", "-75.5"])
def test_a_number_with_a_decimal_comma_is_no_formula_where_it_was_declared(text: str) -> None:
    """A western longitude of a German file stays a number for QGIS; undeclared it is text."""
    assert formulas.escape_formula(text, decimal=",") == text
    assert (formulas.escape_formula(text) == text) is ("," not in text)
    assert formulas.escape_formula("-1,5,6", decimal=",") == "'-1,5,6"


def test_an_apostrophe_of_an_older_report_is_removed() -> None:
    """Versions before escaped dashes and telephone numbers, too."""
    old = ["'-", "'+49 89 1", "'@home", "'-116,10345"]
    assert formulas.unescape_formulas(arrays.text_array(old)).to_pylist() == [t[1:] for t in old]


@pytest.mark.parametrize("text", [*FORMULAS, *HIDDEN])
def test_formulas_are_made_inert(text: str) -> None:
    """Also tabs, full-width forms, and what looks guarded already."""
    assert formulas.escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", [*NUMBERS, *HARMLESS, "", "O'Hare", "'", "a=b"])
def test_numbers_and_other_text_stay(text: str) -> None:
    """A negative longitude must stay a number."""
    assert formulas.escape_formula(text) == text


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
        assert [
            c for c in cells(out / name) if formulas.escape_formula(c) != c and c[0] != "'"
        ] == []
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
        assert [
            c for c in cells(folder / name) if formulas.escape_formula(c) != c and c[0] != "'"
        ] == []
    columns = {"latitude": "lat", "longitude": "lon"}
    with pytest.warns(UserWarning, match="No column used for 'site_id'"):
        again = ca.read_sites(folder / "report.csv", columns=columns)
    assert again["q"].tolist() == again["k"].tolist() == texts


def test_a_parquet_report_is_verbatim_both_ways(tmp_path: Path) -> None:
    """No guard goes in, so none is taken off."""
    out = run(tmp_path, format="parquet")
    assert ca.read_sites(out / "report.parquet")["site_id"].tolist() == FORMULAS


def test_a_line_feed_or_nul_before_a_formula_is_no_way_round(tmp_path: Path) -> None:
    """In the report, its headers, the rejects, and the centers, whatever the input was."""
    sites = pa.table(
        {
            "id": HIDDEN,
            "\0=h": HIDDEN,
            "lat": ([40.0, 95.0] * len(HIDDEN))[: len(HIDDEN)],
            "lon": [-75.0] * len(HIDDEN),
        }
    )
    pq.write_table(sites, tmp_path / "s.parquet")
    centers = pa.table({"center_id": ["\0=1"], "name": ["\n=1"], "lat": [40.0], "lon": [-75.0]})
    pq.write_table(centers, tmp_path / "c.parquet")
    options = batch.Options(center_columns={}, map=False)
    out = batch_out(tmp_path, options)
    report = cells(out / "report.csv")
    assert {f"'{t}" for t in HIDDEN[::2]} | {"'\0=h"} <= set(report)
    assert {"'\0=1", "'\n=1"} <= set(cells(out / "centers.csv"))
    assert ca.read_sites(out / "report.csv")["\0=h"].tolist() == HIDDEN[::2]


def batch_out(folder: Path, options: batch.Options) -> Path:
    """Run the Parquet files of a folder, and return the folder of the run."""
    out = folder / "out"
    batch.run(folder / "s.parquet", folder / "c.parquet", out, as_of="2026-12-01", options=options)
    return out


def test_a_declared_decimal_comma_is_left_alone_by_run_and_drive_times(tmp_path: Path) -> None:
    """The manifest keeps the notation, so that a later job writes the report as the run did."""
    (tmp_path / "s.csv").write_text("id;lat;lon\na;40,5;-116,10345\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("center_id,lat,lon\nc,40,-116\n", encoding="utf-8")
    options = batch.Options(dialect=Dialect(delimiter=";", decimal=","), map=False, areas=False)
    batch.run(tmp_path / "s.csv", tmp_path / "c.csv", tmp_path / "out", options=options)
    assert "-116,10345" in cells(tmp_path / "out" / "report.csv")
    assert json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["decimal_mark"] == ","


def test_a_carriage_return_in_a_cell_begins_no_row_of_its_own(tmp_path: Path) -> None:
    """Unquoted, what stands behind it would be the first cell of a row, and run."""
    write_rows(tmp_path / "x.csv", ["a", "b"], [["\r=1+1", "x\r=1+1"], ["c", 1]])
    text = (tmp_path / "x.csv").read_bytes().decode()
    assert text == 'a,b\n"\'\r=1+1","x\r=1+1"\nc,1\n'
    assert cells(tmp_path / "x.csv") == ["a", "b", "'\r=1+1", "x\r=1+1", "c", "1"]
    with closing(RejectsWriter(tmp_path / "r.csv")) as writer:
        writer.write([Reject(2, Rejected.not_utf8, "=1.csv line 2: x", "a\r=1+1")])
    assert cells(tmp_path / "r.csv")[-2:] == ["'=1.csv line 2: x", "a\r=1+1"]
    assert (tmp_path / "r.csv").read_bytes().count(b'"a\r=1+1"') == 1
