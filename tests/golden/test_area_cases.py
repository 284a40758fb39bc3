"""Golden cases of areas, each named after its trap: in the kernel and in explanations."""

import csv
import datetime
import io
from typing import Any

import areal
import numpy as np
import pytest
from building import Center, centers_of

from coverage_analyzer import arrays
from coverage_analyzer.countries import Countries
from coverage_analyzer.matching.explanation import explanation
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows

AS_OF = datetime.date(2026, 12, 1)
CASES = areal.cases()


@pytest.fixture(scope="module")
def area_matcher(world: Countries, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    """Return the matcher of the policy."""
    rows = csv.DictReader(io.StringIO(areal.CENTERS))
    centers = [
        Center(r["center_id"], float(r["longitude"]), float(r["latitude"]), r["country"])
        for r in rows
    ]
    rules = areal.policy(tmp_path_factory.mktemp("policy"))
    return Matcher(centers_of(centers), rules, world, as_of=AS_OF)


def rows_of(cases: list[dict[str, str]]) -> SiteRows:
    """Return cases as rows of sites."""
    numbers = {
        name: np.array([float(case[name] or "nan") for case in cases])
        for name in ("longitude", "latitude", "accuracy_m")
    }
    texts: dict[str, Any] = {
        name: arrays.text_array([case[header] for case in cases])
        for name, header in (("country", "country"), ("region", "state"), ("postcode", "zip"))
    }
    country = texts.pop("country")
    return SiteRows(
        numbers["longitude"], numbers["latitude"], numbers["accuracy_m"], [country], texts
    )


@pytest.fixture(scope="module")
def answers(area_matcher: Matcher) -> dict[str, dict[str, Any]]:
    """Return the verdict on each case, all matched together."""
    verdicts = area_matcher.columns(
        area_matcher.match(*area_matcher.inputs(rows_of(list(CASES.values()))))
    )
    rows = zip(*(column.to_pylist() for column in verdicts.values()), strict=True)
    return {
        name: dict(zip(verdicts, row, strict=True)) for name, row in zip(CASES, rows, strict=True)
    }


@pytest.mark.parametrize("name", CASES)
def test_area(answers: dict[str, dict[str, Any]], name: str) -> None:
    """Give the level, the reason and the center of the table."""
    case, row = CASES[name], answers[name]
    assert {c: row[c] for c in areal.ANSWER} == {c: case[c] for c in areal.ANSWER}
    assert f"{row['limit_miles']:g}" == case["limit_miles"]


@pytest.mark.parametrize("name", CASES)
def test_the_story_agrees(area_matcher: Matcher, name: str) -> None:
    """Explain the verdict of the table, and name the areas."""
    case = CASES[name]
    story = explanation(
        area_matcher,
        float(case["longitude"]),
        float(case["latitude"]),
        country=case["country"],
        accuracy_m=float(case["accuracy_m"] or "nan"),
        stated={"region": case["state"], "postcode": case["zip"]},
    )
    assert story.center is not None
    result = (story.level, story.status, story.reason, story.center.center_id)
    assert result == tuple(case[c] for c in areal.ANSWER)
    if story.reason == "area_excluded":
        assert story.areas
        assert "Not everywhere." in story.clauses
    if story.reason in {"area_unknown", "borderline"}:
        assert story.areas_unknown
        assert f"not known: {story.areas_unknown[0]}" in str(story)


def test_each_site_is_matched_alone(
    area_matcher: Matcher, answers: dict[str, dict[str, Any]]
) -> None:
    """Give one row the verdict that it has among others."""
    for name, case in CASES.items():
        verdicts = area_matcher.columns(area_matcher.match(*area_matcher.inputs(rows_of([case]))))
        assert {n: c.to_pylist()[0] for n, c in verdicts.items()} == answers[name]


def test_no_column_at_all_is_as_empty_cells(area_matcher: Matcher) -> None:
    """Leave only what the level depends on to a review."""
    plain = [case | {"state": "", "zip": ""} for case in CASES.values()]
    rows = rows_of(plain)
    without = SiteRows(rows.lon, rows.lat, rows.accuracy_m, rows.countries)
    result, same = (area_matcher.match(*area_matcher.inputs(each)) for each in (rows, without))
    for name, values in vars(result).items():
        if values is not None:
            np.testing.assert_array_equal(values, getattr(same, name))
