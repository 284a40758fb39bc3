"""Small networks with known answers, each named after its trap."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from running import AS_OF

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._criticality import NAME, CriticalityOptions, criticality
from coverage_analyzer.batch._sensitivity import sensitivity
from coverage_analyzer.batch._what_if import WhatIfChange, what_if
from coverage_analyzer.comparison.sensitivity import Question
from coverage_analyzer.comparison.what_if import NewCenter, parse_move
from coverage_analyzer.errors import InputError

CENTERS: Final = """\
center_id,country,latitude,longitude,opens_on,closes_on
US-A,US,40.0,-75.0,,
US-B,US,40.5,-75.0,,
US-P,US,40.0,-76.2,2027-03-01,
US-OLD,US,40.0,-75.0,2020-01-01,2026-06-30
CH-BSL,CH,47.5596,7.5886,,
DE-FBG,DE,47.9990,7.8421,,
"""

SITES: Final = """\
site_id,name,country,latitude,longitude,contract
both,between A and B,US,40.25,-75.0,10
only-a,A alone,US,39.4,-75.0,20
a-then-p,A or later P,US,39.7,-75.9,40
only-p,waits for P,US,40.0,-77.2,80
border,Weil by Basel,DE,47.5930,7.6110,160
basel,Basel,CH,47.5600,7.5900,320
far,nobody,US,45.0,-100.0,640
edge,69.5 miles from A,US,38.9926,-75.0,1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run folder."""
    folder = tmp_path_factory.mktemp("what-if")
    (folder / "centers.csv").write_text(CENTERS, encoding="utf-8")
    (folder / "sites.csv").write_text(SITES, encoding="utf-8")
    options = batch.Options(map=False, areas=False)
    files = folder / "sites.csv", folder / "centers.csv"
    batch.run(*files, folder / "run", as_of=AS_OF, options=options)
    return folder / "run"


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


GOLDEN: Final = {
    # sites, lost, waiting, delayed, kept, alone, lost weight, takes over
    "DE-FBG": (1, 1, 0, 0, 0, 1, 160.0, ""),  # Basel is nearer, but across the border
    "CH-BSL": (1, 1, 0, 0, 0, 1, 320.0, ""),
    "US-A": (4, 3, 1, 0, 1, 3, 61.0, ""),  # B takes over 1, P one that has to wait
    "US-P": (1, 0, 0, 1, 0, 0, 0.0, ""),  # nobody loses what nobody has
    "US-B": (0, 0, 0, 0, 0, 0, 0.0, ""),
    "US-OLD": (0, 0, 0, 0, 0, 0, 0.0, ""),  # closed centers serve nobody
}


def test_what_each_center_is_worth(run: Path, tmp_path: Path) -> None:
    """The table by hand; the files say the same as the result."""
    options = CriticalityOptions(weight="contract", pairs=True)
    result = criticality(run, tmp_path / "out", options)
    names = ("sites", "lost", "waiting", "delayed", "kept", "alone", "lost_weight")
    table = {row["center_id"]: tuple(row[n] for n in names) for row in result["centers"]}
    assert table == {center: row[:-1] for center, row in GOLDEN.items()}
    assert [row["center_id"] for row in result["centers"]][:3] == ["CH-BSL", "DE-FBG", "US-A"]
    assert (result["served"], result["alone"], result["sites"]) == (7, 5, 8)
    written = {row["center_id"]: row for row in rows(tmp_path / "out" / "criticality.csv")}
    assert all(int(written[center]["lost"]) == row[1] for center, row in GOLDEN.items())
    heirs = [
        (r["center_id"], r["takes_over"], r["status"])
        for r in rows(tmp_path / "out" / "take_over.csv")
    ]
    assert heirs == [("US-A", "US-B", "qualified"), ("US-A", "US-P", "pending")]
    assert [r["site_id"] for r in rows(tmp_path / "out" / "alone.csv")] == [
        "only-a", "a-then-p", "border", "basel", "edge"]  # fmt: skip
    assert json.loads((tmp_path / "out" / "criticality.json").read_text("utf-8")) == result


def test_two_that_back_each_other_up(run: Path) -> None:
    """A and B lose one site more together; A and P not, since a wait is lost already."""
    result = criticality(run, options=CriticalityOptions(pairs=True))
    pairs = {(p["center_id"], p["other_id"]): (p["together"], p["extra"]) for p in result["pairs"]}
    assert pairs == {("US-A", "US-B"): (4, 1), ("US-A", "US-P"): (3, 0)}


def test_sites_near_the_limit_and_who_flips(run: Path, tmp_path: Path) -> None:
    """A site 69.5 miles away is near the limit of 70, and lost at 65 and 60."""
    question = Question(change_miles=(-10, -5, 5), accuracy_m=(0, 2000))
    result = sensitivity(run, tmp_path / "out", question)
    near = rows(tmp_path / "out" / "near_limit.csv")
    assert [(r["site_id"], r["center_id"], r["status"]) for r in near] == [
        ("edge", "US-A", "qualified")
    ]
    flips = {
        (r["site_id"], r["scenario"], r["level_to"]) for r in rows(tmp_path / "out" / "flips.csv")
    }
    assert flips == {
        ("edge", "limits -5 miles", "Gold"),
        ("edge", "limits -10 miles", "Gold"),
        ("edge", "coordinates within 2000 m", "Gold"),
    }
    total = {r["scenario"]: r for r in result["table"] if not r["country"]}
    assert total["as in the run"]["qualified"] == 6
    assert total["limits -5 miles"]["lost"] == 1
    assert total["coordinates within 2000 m"]["review"] == 1
    us = next(r for r in result["table"] if r["country"] == "US" and r["kind"] == "run")
    assert (us["sites"], us["qualified"]) == (6, 4)


def test_what_if_is_the_comparison_with_a_run_on_edited_centers(run: Path, tmp_path: Path) -> None:
    """Closing A: the same changes as of two runs, and the cause is the centers."""
    pytest.importorskip("duckdb", reason="the extra compare is not installed")
    change = WhatIfChange(close=["US-A"], open=[NewCenter.parse("44.9,-100.1,US,US-N")])
    result = what_if(run, change, tmp_path / "out").manifest
    text = CENTERS.replace("US-A,US,40.0,-75.0,,\n", "") + "US-N,US,44.9,-100.1,,\n"
    centers = tmp_path / "centers.csv"
    centers.write_text(text, encoding="utf-8")
    options = batch.Options(map=False, areas=False)
    sites = run.parent / "sites.csv"
    batch.run(sites, centers, tmp_path / "run", as_of=AS_OF, options=options)
    compared = ca.compare(run, tmp_path / "run", output=tmp_path / "compared")
    for name in ("ledger", "changes", "because"):
        assert result[name] == compared.attrs[name]
    assert result["because"] == {"centers": result["ledger"]["changed"]}
    files = (tmp_path / name / "changes.csv" for name in ("out", "compared"))
    assert len({json.dumps(sorted(rows(file), key=str)) for file in files}) == 1
    assert any("US-A closes; US-N opens at 44.9, -100.1" in note for note in result["notes"])


def test_frames_and_folders_say_the_same(run: Path) -> None:
    """In a notebook without files, and for a run folder."""
    centers = ca.read_centers(run.parent / "centers.csv")
    sites = ca.read_sites(run.parent / "sites.csv")
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    change: dict[str, Any] = {"close": "US-A", "move": {"CH-BSL": (46.9, 7.4)}}
    for weight in (None, "contract"):
        framed = ca.what_if(verdicts, centers, weight=weight, **change)
        filed = ca.what_if(run, weight=weight, **change).sort_values("site_id")
        columns = ["site_id", "change", "because", "level_to", "center_id_to"]
        expected = framed.sort_values("site_id")[columns].to_numpy().tolist()
        assert filed[columns].to_numpy().tolist() == expected
        assert framed.attrs["changes"] == filed.attrs["changes"]
    tables = [
        ca.criticality(*arguments, pairs=True, weight="contract")
        for arguments in ((run,), (sites, centers, ca.Policy.load(), AS_OF))
    ]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, tables))
    pd.testing.assert_frame_equal(tables[0].pairs, tables[1].pairs)
    tables = [ca.sensitivity(run), ca.sensitivity(sites, centers, as_of=AS_OF)]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, tables))
    assert list(tables[1].near_limit["site_id"]) == ["edge"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: WhatIfChange(close=["US-a"]), ["'US-a'", "Did you mean 'US-A'"]),
        (lambda: WhatIfChange(move=dict([parse_move("XX=1,2")])), ["'XX'"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("30,-40,US")]), ["'US'", "no country"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("30,-40")]), ["no country"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("49.61,6.13,FR")]), ["'FR'", "is in LU"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("95,6.13")]), ["out of range"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("40,-75,US,US-A")]), ["more than once"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("40,-75,US,N,soon")]), ["'soon'"]),
        (lambda: WhatIfChange(move=dict([parse_move("US-A=47.6,7.6")])), ["'US'", "is in"]),
        (lambda: WhatIfChange(open=[NewCenter.parse("40")]), ["LATITUDE,LONGITUDE"]),
        (WhatIfChange, ["Nothing is changed"]),
        (lambda: WhatIfChange(as_of="soon"), ["'soon'"]),
        (
            lambda: WhatIfChange(close=["US-A", "US-B", "US-P", "US-OLD", "CH-BSL", "DE-FBG"]),
            ["No center is left"],
        ),
    ],
)
def test_a_change_that_cannot_be_is_one_clear_error(
    run: Path, tmp_path: Path, change: Callable[[], WhatIfChange], words: list[str]
) -> None:
    """Nothing is written."""
    with pytest.raises(InputError) as error:
        what_if(run, change(), tmp_path / "out")
    assert all(word in str(error.value) for word in words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("job", [criticality, sensitivity])
def test_folders_that_are_no_runs(run: Path, tmp_path: Path, job: Callable[..., Any]) -> None:
    """No run, a held one, an output that is a run: one error each, nothing written."""
    with pytest.raises(InputError, match="not a run folder"):
        job(tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match="is a run folder"):
        job(run, run)
    manifest = json.loads((run / "run.json").read_text("utf-8"))
    for name, value, words in (
        ("held", ["too many"], "held back"),
        ("files", [n for n in manifest["files"] if n != "policy.toml"], "does not keep the policy"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        for file in run.iterdir():
            if file.is_file() and not file.name.startswith("."):
                (folder / file.name).write_bytes(file.read_bytes())
        (folder / "run.json").write_text(json.dumps(manifest | {name: value}), "utf-8")
        with pytest.raises(InputError, match=words):
            job(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "question",
    [
        {"miles": (0,)},
        {"miles": (float("nan"),)},
        {"accuracy_m": (-1,)},
        {"change_miles": (-50,)},
        {"change_miles": tuple(range(60))},
    ],
)
def test_a_question_that_cannot_be_asked(run: Path, question: dict[str, Any]) -> None:
    """A limit that is not above 0, no number, too many."""
    with pytest.raises(InputError):
        sensitivity(run, question=Question(**question))


def test_a_second_result_replaces_the_first(run: Path, tmp_path: Path) -> None:
    """Files of an earlier result that the new one does not have are removed; others are kept."""
    out = tmp_path / "out"
    criticality(run, out, CriticalityOptions(pairs=True))
    (out / "notes.txt").write_text("mine", "utf-8")
    criticality(run, out)
    left = sorted(f.name for f in out.iterdir() if not f.name.startswith("."))
    assert left == ["alone.csv", "criticality.csv", NAME, "notes.txt", "take_over.csv"]
