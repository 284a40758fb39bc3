"""Golden cases, each named after its trap; answers worked out by hand and by Karney's geodesic."""

import csv
import datetime
from pathlib import Path

import pytest
from building import Center, Site, centers_of, sites_of

from coverage_analyzer.countries import Countries
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import Policy

AS_OF = datetime.date(2026, 12, 1)
EXPECTED = ("level", "status", "reason", "distance_miles", "limit_miles", "margin_miles")


def cases() -> dict[str, dict[str, str]]:
    """Return the cases by name."""
    with Path(__file__).with_name("cases.csv").open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


CASES = cases()


def printed(value: object, places: int = 3) -> str:
    """Return a cell as the table of cases has it."""
    if value is None:
        return ""
    return f"{value:.{places}f}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", CASES)
def test_golden(world: Countries, name: str) -> None:
    """Give the verdict of the table: level, status, reason, numbers to the last digit, country."""
    case = CASES[name]
    center = Center(
        "C",
        float(case["center_longitude"]),
        float(case["center_latitude"]),
        case["center_country"],
        case["opens_on"],
        case["closes_on"],
    )
    place = float(case["site_longitude"]), float(case["site_latitude"])
    site = Site(*place, case["site_country"], float(case["accuracy_m"] or "nan"))
    matcher = Matcher(centers_of([center]), Policy.load(case["policy"]), world, as_of=AS_OF)
    table = matcher.columns(matcher.match(sites_of([site], world)))
    row = {column: values.to_pylist()[0] for column, values in table.items()}
    row["limit_miles"] = None if row["limit_miles"] is None else f"{row['limit_miles']:g}"
    assert {c: printed(row[c]) for c in EXPECTED} == {c: case[c] for c in EXPECTED}
    assert printed(row["site_country"]) == case["decided_country"]
    assert printed(row["center_id"]) == ("C" if case["distance_miles"] else "")
    assert row["centers_in_reach"] == (case["margin_miles"] >= "0" and case["status"] != "pending")


def test_each_case_has_its_own_name() -> None:
    """Lose no case to another of the same name."""
    lines = Path(__file__).with_name("cases.csv").read_text(encoding="utf-8").splitlines()
    assert len(CASES) == len(lines) - 1
