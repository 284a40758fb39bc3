"""Golden cases of a policy in kilometres, each named after its trap; answers worked out by hand.

The centers are on the equator, where a degree is 111,319.49079327358 m: the distance along it is
exact by definition of WGS 84.
"""

import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from small_policies import policy_text

import coverage_analyzer as ca
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy import Policy

DEGREE_M: Final = 6_378_137.0 * np.pi / 180
"""Of longitude, on the equator."""

POLICY: Final = policy_text(
    "metric-terms",
    """
[[bands]]
level = "fast"
countries = ["*"]
up_to_km = 100
clause = "near"

[[bands]]
level = "middle"
countries = ["*"]
above_km = 100
up_to_km = 250
clause = "far"

[clauses]
near = "Up to 100 km."
far = "Above 100 and up to 250 km."
beyond = "Beyond 250 km."
""",
    otherwise="beyond",
)

CASES: Final = {
    "exactly at the limit": (100_000.0, "Fast", "qualified", (100.0, 100.0, 0.0)),
    "a millimetre of rounding": (100_000.000_9, "Fast", "qualified", (100.0, 100.0, 0.0)),
    "two millimetres beyond": (100_000.002, "Middle", "qualified", (100.0, 250.0, 150.0)),
    "a metre within": (99_999.0, "Fast", "qualified", (99.999, 100.0, 0.001)),
    "62.137 miles are too short": (99_999.9, "Fast", "qualified", (100.0, 100.0, 0.001)),
    "at the wide limit": (250_000.0, "Middle", "qualified", (250.0, 250.0, 0.0)),
    "beyond the wide limit": (250_000.002, "Slow", "fallback", (250.0, 250.0, -0.001)),
    "far": (300_000.0, "Slow", "fallback", (300.0, 250.0, -50.0)),
}
"""By trap: metres from the center, level, status, and distance, limit and margin in km."""


@pytest.fixture(scope="module")
def metric() -> Policy:
    """Return the policy."""
    return Policy.from_mapping(tomllib.loads(POLICY))


@pytest.fixture(scope="module")
def centers() -> pd.DataFrame:
    """Return one center in Kenya."""
    return pd.DataFrame(
        {"center_id": ["C"], "country": ["KE"], "latitude": [0.0], "longitude": [37.0]}
    )


@pytest.fixture(scope="module")
def sites() -> pd.DataFrame:
    """Return a site east of it for each case."""
    east = [37.0 + case[0] / DEGREE_M for case in CASES.values()]
    return pd.DataFrame(
        {"site_id": list(CASES), "country": "KE", "latitude": 0.0, "longitude": east}
    )


@pytest.fixture(scope="module")
def verdicts(sites: pd.DataFrame, centers: pd.DataFrame, metric: Policy) -> Any:
    """Return the verdicts on all cases, by site."""
    return ca.assess(sites, centers, metric, as_of="2026-12-01").set_index("site_id")


@pytest.mark.parametrize("name", CASES)
def test_the_limit_in_kilometres_is_exact(verdicts: Any, name: str) -> None:
    """Level, status, and the three columns in km, rounded as those in miles."""
    _, level, status, km = CASES[name]
    row = verdicts.loc[name]
    assert (row["level"], row["status"]) == (level, status)
    assert tuple(row[["distance_km", "limit_km", "margin_km"]]) == km
    assert row["limit_miles"] == round(km[1] / 1.609344, 6)
    assert (row["margin_miles"] < 0) == (row["margin_km"] < 0)


@pytest.mark.parametrize("name", CASES)
def test_one_point_is_explained_as_it_is_judged(
    centers: pd.DataFrame, metric: Policy, name: str
) -> None:
    """The same level by `explain`."""
    metres, level, status, _ = CASES[name]
    east = 37.0 + metres / DEGREE_M
    story = ca.explain(
        centers, metric, latitude=0.0, longitude=east, country="KE", as_of="2026-12-01"
    )
    assert (story.level, story.status) == (level, status)
    assert len(story.in_reach) == (status == "qualified")


def test_the_columns_in_km_follow_those_in_miles(verdicts: Any) -> None:
    """Right after ``margin_miles``, and only in a policy in kilometres."""
    names = list(verdicts.columns)
    at = names.index("margin_miles")
    assert names[at + 1 : at + 5] == ["distance_km", "limit_km", "margin_km", "site_country"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("up_to_km = 100", "up_to_miles = 62", "bands.1.above_km: the policy states distances in "),
        ("above_km = 100", "above_km = 90", "90 to 250 km overlaps the previous band: above_km "),
        ("above_km = 100", "above_km = 110", "110 to 250 km leaves a gap after the previous band"),
        ("above_km = 100", "above_km = 260", "up_to_km must be greater than above_km"),
        ("above_km = 100", "above_miles = 62", "bands.1: above_miles does not fit"),
        ("up_to_km = 100", "up_to_km = 100\nup_to_miles = 62", "has one limit, up_to_miles or up"),
        (
            "up_to_km = 100\n",
            "",
            "bands.0: the upper limit is missing: add up_to_miles or ",
        ),
        ("up_to_km = 100", "up_to_km = 20001", "bands.0.up_to_km"),
        ("up_to_km = 100", "up_to_minutes = 90", "has one limit, up_to_miles or up_to_km, not up_"),
        ("format = 2", "format = 1", "bands.0.up_to_km: needs format = 2."),
    ],
)
def test_mistakes_in_units(old: str, new: str, told: str) -> None:
    """Each message names the key in the unit of the policy."""
    assert POLICY.count(old) == 1
    with pytest.raises(PolicyError) as error:
        Policy.from_mapping(tomllib.loads(POLICY.replace(old, new)))
    assert told in str(error.value)


def test_a_policy_in_kilometres_survives_its_dump(metric: Policy, tmp_path: Path) -> None:
    """As data, and as it describes itself."""
    again = Policy.from_mapping(metric.to_dict())
    assert (again, again.sha256, again.unit) == (metric, metric.sha256, "km")
    assert "Middle: above 100, up to 250 km in all countries" in metric.described()
    assert "miles" not in metric.described()
    assert not metric.warnings
