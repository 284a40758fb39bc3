"""Golden cases of gates, each named after its trap; answers worked out by hand."""

import csv
import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import Center, Site, centers_of, sites_of

from coverage_analyzer import arrays
from coverage_analyzer.countries import Countries
from coverage_analyzer.days import day_of
from coverage_analyzer.explanation import explanation
from coverage_analyzer.gates import DAYS, TEXTS
from coverage_analyzer.matching import Matcher
from coverage_analyzer.policy import Policy
from coverage_analyzer.products import Products

AS_OF = datetime.date(2026, 12, 1)

PLACES = {"US": (-94.5786, 39.0997), "CA": (-79.3832, 43.6532)}

PRODUCTS = {
    "product": ["Today", "Extended", "Yesterday", "Relic", "Hazy", "Half", "Bare", "Versioned"],
    "mainstream_ends_on": ["2026-12-01", "2026-01-01", "", "2001-01-01", "", "2026-11-30", "", ""],
    "extended_ends_on": ["2027-12-01", "2027-01-01", "2026-11-30", "", "2026-12-01", "", "", ""],
    "life_ends_on": ["", "2028-01-01", "2027-01-01", "2003-01-01", "", "2027-01-01", "", ""],
    "version": ["", "", "", "", "", "", "", "12"],
}


def cases() -> dict[str, dict[str, str]]:
    """Return the cases by name."""
    with Path(__file__).with_name("gates.csv").open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


CASES = cases()


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Return the default rules with all that the vendor leaves to be filled in."""
    given = Policy.load().model_dump(mode="json")
    gates: dict[str, Any] = given["gates"]
    gates["components"] |= {"excluded": ["SSD"], "known": ["power supply", "fan"]}
    gates["registration"] |= {"grace_days": 30}
    gates["not_offered"] = [
        {"level": "gold-plus", "countries": ["CA"], "clause": "components-excluded"}
    ]
    gates["export_approval"]["countries"] = ["CA"]
    return Policy.from_mapping(given)


@pytest.fixture(scope="module")
def products() -> Products:
    """Return products in each state that a product can be in."""
    columns = {name: [*values] for name, values in PRODUCTS.items()}
    for name, value in {
        "product": "Versioned",
        "version": "",
        "mainstream_ends_on": "2030-01-01",
        "extended_ends_on": "",
        "life_ends_on": "",
    }.items():
        columns[name].append(value)
    at = columns["product"].index("Versioned")
    columns["life_ends_on"][at] = "2020-01-01"
    return Products.from_texts(columns, [f"line {n}" for n in range(len(columns["product"]))])


def matcher(case: dict[str, str], policy: Policy, products: Products, world: Countries) -> Matcher:
    """Return a matcher whose center stands at the site, opens later, or stands far away."""
    lon, lat = PLACES[case["country"]]
    opens = "2027-02-01" if case["center"] == "planned" else ""
    where = lat + 5 if case["center"] == "far" else lat
    centers = [Center("C", lon, where, "US" if case["center"] == "far" else case["country"], opens)]
    return Matcher(centers_of(centers), policy, world, as_of=AS_OF, products=products)


def cells(case: dict[str, str]) -> dict[str, Any]:
    """Return what the row says, as columns."""
    columns: dict[str, Any] = {name: arrays.text([case[name]]) for name in TEXTS}
    days = {n: np.array([day_of(case[n])], "datetime64[D]") for n in DAYS}
    return columns | days


@pytest.mark.parametrize("name", CASES)
def test_gate(world: Countries, policy: Policy, products: Products, name: str) -> None:
    """Give level, status and reason of the table, and the center and day that go with them."""
    case = CASES[name]
    made = matcher(case, policy, products, world)
    sites = sites_of([Site(*PLACES[case["country"]], case["country"])], world)
    table = made.columns(made.match(sites, made.gates.facts(cells(case))))
    row = {column: values.to_pylist()[0] for column, values in table.items()}
    assert (row["level"], row["status"], row["reason"]) == (
        case["level"],
        case["status"],
        case["reason"],
    )
    waits = row["status"] == "pending"
    assert (row["available_on"] is not None) == waits
    assert row["center_id"] == (None if case["center"] == "planned" and not waits else "C")
    assert (row["distance_miles"] is None) == (row["center_id"] is None)


@pytest.mark.parametrize("name", CASES)
def test_the_story_agrees(world: Countries, policy: Policy, products: Products, name: str) -> None:
    """Tell in words what the table says, and cite the clause of the gate."""
    case = CASES[name]
    made = matcher(case, policy, products, world)
    stated = {column: case[column] for column in (*TEXTS, *DAYS)}
    where = PLACES[case["country"]]
    story = explanation(made, *where, country=case["country"], stated=stated)
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
