"""Levels that start on a day of the site's own: each row is a trap, worked out by hand.

``starts.csv`` holds the rows with their answer and why; the policy is ``starts.toml``. The answer
has to be the same in each of the ways to ask for it.
"""

import datetime
import functools
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from running import AS_OF, manifest, records
from starts import ANSWER, CASES, EXPECTED, POLICY, written

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._commitments import answer_requests
from coverage_analyzer.policy import Policy

for library in ("holidays", "tzfpy"):
    pytest.importorskip(library, reason="the extra terms is not installed")


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return the policy."""
    return Policy.load(POLICY)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the rows, without their answers, the centers and the products."""
    folder = tmp_path_factory.mktemp("starts")
    sites, _, _ = written(folder)
    names = [name for name in CASES[0] if name not in {*ANSWER, "why"}]
    frame = pd.DataFrame(CASES)[names].replace("", None)
    for name in names:
        if name.endswith("_on"):
            frame[name] = pd.to_datetime(frame[name])
    frame.to_parquet(sites.with_suffix(".parquet"))
    return folder


@pytest.fixture(scope="module")
def run(files: Path, policy: Policy) -> Path:
    """Return a run folder."""
    options = batch.Options(products=files / "products.csv", areas=False)
    batch.run(
        files / "sites.csv",
        files / "centers.csv",
        files / "run",
        policy=policy,
        as_of=AS_OF,
        options=options,
    )
    return files / "run"


def answers(rows: Any) -> dict[str, tuple[str, ...]]:
    """Return the answer of each row, by site."""
    return {row["site_id"]: tuple(str(row[name]) for name in ANSWER) for row in rows}


def test_a_run_gives_the_answers_by_hand(run: Path) -> None:
    """From text."""
    assert answers(records(run / "report.csv")) == EXPECTED


def test_typed_cells_give_the_same_answers(files: Path, policy: Policy) -> None:
    """From Parquet with columns of timestamps."""
    batch.run(
        files / "sites.parquet",
        files / "centers.csv",
        files / "typed",
        policy=policy,
        as_of=AS_OF,
        options=batch.Options(products=files / "products.csv", map=False, areas=False),
    )
    assert answers(records(files / "typed" / "report.csv")) == EXPECTED


def test_frames_give_the_same_answers(files: Path, policy: Policy) -> None:
    """From a frame, and for each day of its timeline."""
    sites = ca.read_sites(files / "sites.csv", policy=policy)
    centers = ca.read_centers(files / "centers.csv", policy=policy)
    verdicts = ca.assess(sites, centers, policy, as_of=AS_OF, products=str(files / "products.csv"))
    days = verdicts["available_on"].dt.strftime("%Y-%m-%d").fillna("")
    assert answers(verdicts.assign(available_on=days).to_dict("records")) == EXPECTED


def test_explain_gives_the_same_answers(files: Path, policy: Policy) -> None:
    """For one point at a time, with the level that it waits for."""
    centers = ca.read_centers(files / "centers.csv")
    explain = functools.partial(
        ca.explain, centers, policy, as_of=AS_OF, products=files / "products.csv"
    )
    labels = {"site_id", "country", "latitude", "longitude", "accuracy_m", "why", *ANSWER}
    for row in CASES:
        if row["accuracy_m"]:
            continue
        stated = {name: text for name, text in row.items() if name not in labels and text}
        place = {name: float(row[name]) for name in ("latitude", "longitude")}
        story = explain(**place, country=row["country"], stated=stated)
        assert tuple(getattr(story, name) for name in ANSWER) == EXPECTED[row["site_id"]]
        waits = story.reason in {"not_yet_in_force", "relocated"} and bool(story.available_on)
        assert bool(story.coming) == waits, row["site_id"]
        assert ("coming" in story.to_dict()) == waits


WAITS: Final = [name for name, answer in EXPECTED.items() if answer[1] == "pending"]


def test_on_its_day_a_site_has_what_the_timeline_says(files: Path, policy: Policy) -> None:
    """No site that waits still waits on its day, and none waits for a lower level."""
    sites = ca.read_sites(files / "sites.csv", policy=policy)
    centers = ca.read_centers(files / "centers.csv")
    products = str(files / "products.csv")
    line = ca.timeline(sites, centers, policy, start=AS_OF, end="2027-06-30", products=products)
    titles = list(policy.titles)
    for name in WAITS:
        day = datetime.date.fromisoformat(EXPECTED[name][3])
        mine = line[line["site_id"] == name]
        then = mine[pd.to_datetime(mine["from_day"]).dt.date == day].iloc[0]
        assert then["status"] != "pending", name
        assert titles.index(then["level"]) < titles.index(EXPECTED[name][0]), name
        before = mine[pd.to_datetime(mine["from_day"]).dt.date < day]
        assert set(before["status"]) == {"pending"}, name


def test_a_level_that_starts_later_is_not_promised_to_a_request(
    files: Path, policy: Policy
) -> None:
    """A request gets the level of its day, and is told from when on a higher one applies."""
    requests = "request_id,site_id,product,authorised_at,rma_issued_at\n"
    for name in ("on the day", "a day before", "moved far", "in force later"):
        requests += f"{name},{name},,2026-12-01T09:00:00-05:00,2026-12-01T09:00:00-05:00\n"
    (files / "requests.csv").write_text(requests, encoding="utf-8")
    answer_requests(
        files / "requests.csv",
        files / "sites.csv",
        files / "centers.csv",
        files / "commitments.csv",
        policy=policy,
    )
    result = {row["request_id"]: row for row in records(files / "commitments.csv")}
    levels = {name: (row["level"], row["status"]) for name, row in result.items()}
    assert levels == {
        "on the day": ("Premium", "promised"),
        "a day before": ("Express", "no_promise"),
        "moved far": ("Spare", "no_promise"),
        "in force later": ("Ground", "promised"),
    }
    assert (
        "a higher level from 2026-12-02: the level is not in force yet"
        in (result["a day before"]["warnings"])
    )
    assert "a higher level from 2026-12-20: the site has moved" in result["moved far"]["warnings"]
    assert "opens" not in result["in force later"]["warnings"]


def test_what_is_missing_is_reported(run: Path) -> None:
    """Empty days are counted; of former places only those of moved sites."""
    (warning,) = (w for w in manifest(run)["warnings"] if w.startswith("Not checked"))
    n_moved = sum(bool(row["moved_on"]) and not row["former_latitude"] for row in CASES)
    n_bought = sum(not row["purchased_on"] for row in CASES)
    assert f"former_latitude in {n_moved} rows" in warning
    assert f"purchased_on in {n_bought} rows" in warning
    assert "moved_on" not in warning
    assert manifest(run)["not_checked"] == []


@pytest.mark.parametrize(
    ("site", "sentences"),
    [
        ("a day before", ["From 2 December 2026: Premium.", "comes into force for this site"]),
        ("in force later", ["From 30 December 2026: Premium.", "US-P is to open, if all goes"]),
        ("moved far", ["From 20 December 2026: Premium.", "is to be set up anew"]),
        ("beyond and deferred", ["From 15 December 2026: Ground.", "Basic as of 1 December"]),
        ("center closes before", ["A better level is not in force for this site yet."]),
        ("half a place", ["cannot be confirmed yet", "from where the product was moved"]),
    ],
)
def test_a_letter_says_what_starts_later(
    files: Path, policy: Policy, site: str, sentences: list[str]
) -> None:
    """With the day, the level and the clause; never a promise of the later level today."""
    page = batch.site_letter(
        files / "sites.csv", site, files / "centers.csv", policy=policy, as_of=AS_OF
    )
    for sentence in sentences:
        assert sentence in page
    level = EXPECTED[site][0]
    if EXPECTED[site][1] != "review":
        assert f"<h1>{level}" in page or f"{level}: {site}" in page


def test_a_policy_without_such_rules_reads_no_such_columns(files: Path) -> None:
    """A column that nothing reads is the user's own: its cells reject no row."""
    text = "site_id,latitude,longitude,country,purchased_on,date of purchase,former_latitude\n"
    text += "A,40.2,-75,US,soon,later,forty\n"
    (files / "own.csv").write_text(text, encoding="utf-8")
    manifest = batch.run(
        files / "own.csv",
        files / "centers.csv",
        files / "own",
        as_of=AS_OF,
        options=batch.Options(map=False, areas=False, columns={"purchased_on": "purchased_on"}),
    )
    assert manifest["ledger"]["rejected"] == 0
    assert set(manifest["columns"]) == {"site_id", "latitude", "longitude", "country"}
    (row,) = records(files / "own" / "report.csv")
    assert (row["level"], row["purchased_on"], row["former_latitude"]) == (
        "Gold Plus",
        "soon",
        "forty",
    )


def test_headers_in_other_languages(files: Path, policy: Policy) -> None:
    """Days of such columns are read like those of others, in the form that the rows show."""
    text = "Kundennummer;Breitengrad;Längengrad;Land;Kaufdatum;Umzugsdatum;früheres Land\n"
    text += "A;40,2;-75;USA;25.11.2026;;\nB;47,6145;7,6645;DE;;20.11.2026;Schweiz\n"
    (files / "deutsch.csv").write_text(text, encoding="utf-8")
    batch.run(
        files / "deutsch.csv",
        files / "centers.csv",
        files / "deutsch",
        policy=policy,
        as_of=AS_OF,
        options=batch.Options(map=False, areas=False),
    )
    result = [
        tuple(row[name] for name in ANSWER) for row in records(files / "deutsch" / "report.csv")
    ]
    assert result == [EXPECTED["interim not in force"], EXPECTED["across the border"]]


def test_a_better_level_that_was_not_purchased_delays_nothing(files: Path, policy: Policy) -> None:
    """An offer of a better level, later in force: the site purchased the level of its band."""
    data = policy.to_dict()
    clause = next(iter(data["clauses"]))
    levels = [{"id": name, "title": name.upper()} for name in ("best", "near", "rest")]
    rule = {"levels": ["best"], "amount": 60, "unit": "days", "start": ["purchased"]}
    band = {"level": "near", "countries": ["*"], "up_to_miles": 50, "clause": clause}
    own = {
        **{name: data[name] for name in ("format", "name", "title", "source", "clauses")},
        "levels": levels,
        "qualification": {**data["qualification"], "fallback": "rest", "interim": "rest"},
        "bands": [band],
        "offers": [{"level": "best", "clause": clause}],
        "in_force_after": [{**rule, "interim": "rest", "clause": clause}],
        "gates": {"request": {"clause": clause}},
    }
    rows = "A,US,40.2,-75,near,2026-11-01\nB,US,40.2,-75,best,2026-11-01\n"
    head = "site_id,country,latitude,longitude,requested_level,purchased_on\n"
    (files / "bought.csv").write_text(head + rows, encoding="utf-8")
    batch.run(
        files / "bought.csv",
        files / "centers.csv",
        files / "bought",
        policy=Policy.from_mapping(own),
        as_of=AS_OF,
        options=batch.Options(map=False, areas=False),
    )
    assert answers(records(files / "bought" / "report.csv")) == {
        "A": ("NEAR", "qualified", "within_radius", ""),
        "B": ("REST", "pending", "not_yet_in_force", "2026-12-31"),
    }
