"""Golden cases of gates, each named after its trap; answers worked out by hand."""

import csv
import datetime
from pathlib import Path
from typing import Any

import gated
import numpy as np
import pytest
from building import Center, Site, centers_of, sites_of

from coverage_analyzer import arrays
from coverage_analyzer.countries import Countries
from coverage_analyzer.matching.eligibility import DAYS, TEXTS
from coverage_analyzer.matching.explanation import explanation
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.days import day_of

AS_OF = datetime.date(2026, 12, 1)

CASES = gated.cases()


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return rules with all gates."""
    return gated.policy()


@pytest.fixture(scope="module")
def products() -> Products:
    """Return products in each state that a product can be in."""
    return gated.products()


@pytest.fixture(scope="module")
def gate_matcher(world: Countries, policy: Policy, products: Products) -> Matcher:
    """Return a matcher of all centers."""
    return Matcher(centers_of(centers()), policy, world, as_of=AS_OF, products=products)


def centers() -> list[Center]:
    """Return all centers."""
    return [
        Center(
            row["center_id"],
            float(row["longitude"]),
            float(row["latitude"]),
            row["country"],
            row["opens_on"],
        )
        for row in csv.DictReader(gated.CENTERS.splitlines())
    ]


def cells(case: dict[str, str]) -> dict[str, Any]:
    """Return what the row says, as columns."""
    texts, days = ([n for n in names if n in case] for names in (TEXTS, DAYS))
    columns: dict[str, Any] = {name: arrays.text_array([case[name]]) for name in texts}
    return columns | {n: np.array([day_of(case[n])], "datetime64[D]") for n in days}


@pytest.mark.parametrize("name", CASES)
def test_gate(world: Countries, gate_matcher: Matcher, name: str) -> None:
    """Give level, status and reason of the table, and the center and day that go with them."""
    case = CASES[name]
    place = gated.PLACES[case["country"], case["center"]]
    sites = sites_of([Site(*place, case["country"])], world)
    table = gate_matcher.columns(gate_matcher.match(sites, gate_matcher.gates.facts(cells(case))))
    row = {column: values.to_pylist()[0] for column, values in table.items()}
    assert (row["level"], row["status"], row["reason"]) == (
        case["level"],
        case["status"],
        case["reason"],
    )
    waits = row["status"] == "pending"
    assert (row["available_on"] is not None) == waits
    assert (row["center_id"] == f"{case['country']}-planned") == waits
    assert (row["distance_miles"] == 0) == (waits or case["center"] == "open")


@pytest.mark.parametrize("name", CASES)
def test_the_story_agrees(policy: Policy, gate_matcher: Matcher, name: str) -> None:
    """Tell in words what the table says, and cite the clause of the gate."""
    case = CASES[name]
    stated = {column: case[column] for column in (*TEXTS, *DAYS) if column in case}
    where = gated.PLACES[case["country"], case["center"]]
    story = explanation(gate_matcher, *where, country=case["country"], stated=stated)
    assert (story.level, story.status, story.reason) == (
        case["level"],
        case["status"],
        case["reason"],
    )
    gates = policy.gates
    cited = {
        "component_excluded": gates.components,
        "component_unknown": gates.components,
        "lifecycle_phase": gates.lifecycle,
        "product_undated": gates.lifecycle,
        "address_not_registered": gates.registration,
        "level_not_requested": gates.request,
        "not_offered_in_country": gates.not_offered[0],
    }
    if rule := cited.get(case["reason"]):
        assert policy.clauses[rule.clause] == story.clauses[0]
    assert bool(story.warnings) == (case["country"] == "CA")


def test_each_case_has_its_own_name() -> None:
    """Lose no case to another of the same name."""
    lines = Path(__file__).with_name("gates.csv").read_text(encoding="utf-8").splitlines()
    assert len(CASES) == len(lines) - 1


@pytest.fixture(scope="module")
def silver_otherwise(world: Countries, products: Products) -> Matcher:
    """Return a matcher whose fallback is below Gold, a level that no distance bounds."""
    rules = gated.policy()
    fallback = rules.qualification.model_copy(update={"fallback": "silver", "interim": "silver"})
    policy = rules.model_copy(update={"name": "silver-otherwise", "qualification": fallback})
    return Matcher(centers_of(centers()), policy, world, as_of=AS_OF, products=products)


@pytest.mark.parametrize(
    ("center", "product", "requested", "expected"),
    [
        ("far", "", "Gold", ("Gold", "fallback", "beyond_radius")),
        ("open", "", "Gold", ("Gold", "fallback", "level_not_requested")),
        ("planned", "", "Gold", ("Gold", "fallback", "level_not_requested")),
        ("far", "", "Bronze", ("Bronze", "fallback", "beyond_radius")),
        ("far", "", "Gold Plus", ("Silver", "fallback", "beyond_radius")),
        ("far", "", "", ("Silver", "fallback", "beyond_radius")),
        ("far", "Half", "Gold", ("Gold", "review", "product_undated")),
        ("far", "Yesterday", "Gold", ("Not covered", "not_covered", "lifecycle_phase")),
    ],
)
def test_a_purchased_level_that_no_distance_bounds_is_kept_above_the_fallback(
    world: Countries,
    silver_otherwise: Matcher,
    center: str,
    product: str,
    requested: str,
    expected: tuple[str, str, str],
) -> None:
    """Who bought Gold, which needs no center, has Gold although the fallback is only Silver."""
    sites = sites_of([Site(*gated.PLACES["US", center], "US")], world)
    cells = {"product": product, "requested_level": requested}
    facts = silver_otherwise.gates.facts({n: arrays.text_array([v]) for n, v in cells.items()})
    row = silver_otherwise.columns(silver_otherwise.match(sites, facts))
    assert tuple(row[n][0].as_py() for n in ("level", "status", "reason")) == expected
