"""``best_centers``: the table of a plan in a notebook."""

from pathlib import Path

import pandas as pd
import pytest

import coverage_analyzer as ca
from coverage_analyzer.errors import InfeasibleError, InputError

SITES = pd.DataFrame(
    {
        "site_id": ["A", "B", "C", "D", "E"],
        "latitude": [48.10, 48.20, 52.50, 48.85, 47.5596],
        "longitude": [11.50, 11.60, 13.40, 2.35, 7.5886],
        "country": ["DE", "DE", "DE", "FR", "CH"],
        "weight": [5, 1, 4, 7, 3],
    }
)
CENTERS = pd.DataFrame(
    {"center_id": ["KOELN"], "latitude": [50.94], "longitude": [6.95], "country": ["DE"]}
)
CANDIDATES = pd.DataFrame(
    {
        "candidate_id": ["K1", "K2", "K3", "K4"],
        "latitude": [48.15, 52.52, 48.86, 47.60],
        "longitude": [11.55, 13.40, 2.34, 7.66],
        "country": ["DE", "DE", "FR", "DE"],
        "price": [2.0, 1.0, 3.0, 1.0],
    }
)
DAY = "2026-12-01"


def plan(**more: object) -> pd.DataFrame:
    """Return a plan for the small network."""
    arguments = {"candidates": CANDIDATES, "weight": "weight", "as_of": DAY} | more
    return ca.best_centers(SITES, CENTERS, **arguments)


def test_the_table_says_what_is_proved() -> None:
    """In its attributes, above the table in a notebook, and in the other tables."""
    result = ca.best_centers(
        SITES, CENTERS, new=2, candidates=CANDIDATES, weight="weight", as_of=DAY, curve=True
    )
    assert list(result["candidate_id"]) == ["K3", "K1"]
    assert (result.attrs["objective"], result.attrs["bound"], result.attrs["gap"]) == (13, 13, 0)
    assert "No plan with at most 2 centers gains more (proved)." in result._repr_html_()
    assert set(result.gains["site_id"]) == {"A", "B", "D"}
    assert list(result.curve["gained_weight"]) == [7, 13]
    assert list(result.why_not["status"]) == ["chosen", "not_chosen", "chosen", "no_gain"]
    assert type(result[["rank"]]) is pd.DataFrame


def test_the_centers_of_the_plan_can_be_assessed() -> None:
    """What the plan gains is pending on its day, and qualified once the centers are open."""
    result = ca.best_centers(SITES, CENTERS, new=2, candidates=CANDIDATES, as_of=DAY)
    later = ca.assess(SITES, result.centers, as_of="2027-07-01")
    gained = set(later.loc[later["status"].eq("qualified"), "site_id"])
    assert gained == set(result.gains["site_id"])


def test_it_is_drawn_and_written(tmp_path: Path) -> None:
    """The curve as a figure, everything as a page."""
    pytest.importorskip("matplotlib")
    result = ca.best_centers(SITES, CENTERS, new=2, candidates=CANDIDATES, as_of=DAY)
    drawn, curve = result.plot().axes
    assert "new centers (2)" in [text.get_text() for text in drawn.get_legend().get_texts()]
    assert curve.get_xlabel() == "new centers"
    result.to_html_page(tmp_path / "plan.html")
    assert "plan-data" in (tmp_path / "plan.html").read_text("utf-8")


def test_further_questions_are_fields_of_the_question() -> None:
    """A share below 1 is a share, a whole number a number."""
    assert set(plan(cover=0.6)["candidate_id"]) == {"K1", "K3"}
    assert set(plan(budget=3, cost="price")["candidate_id"]) == {"K1", "K2"}
    assert set(plan(new=2, min_per_country=0.5)["candidate_id"]) == {"K1", "K3"}
    with pytest.raises(InfeasibleError, match="2 centers, and 1 may be opened"):
        plan(new=1, min_per_country=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "Say what is wanted"),
        ({"new": 1, "covr": 0.5}, "A question has: new, cover"),
        ({"new": 1, "weight": "size"}, "The sites have no column 'size'"),
        ({"new": 1, "cost": "size"}, "The candidates have no column 'size'"),
        ({"new": 1, "force": ["X"]}, "no candidate has this id"),
    ],
)
def test_what_cannot_be_used_is_named(arguments: dict[str, object], words: str) -> None:
    """As in all functions on frames."""
    with pytest.raises(InputError, match=words):
        plan(**arguments)
    bad = SITES.assign(weight=[5, None, 4, 7, -1])
    with pytest.raises(InputError, match=r"row 1: the weight in 'weight' is missing"):
        ca.best_centers(bad, CENTERS, new=1, candidates=CANDIDATES, weight="weight")
