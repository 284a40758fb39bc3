"""Golden cases of road rulings, each named after its trap; answers worked out by hand."""

import csv
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.drive_times import DriveTimes
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.roads.limits import drive_limits
from coverage_analyzer.schema.verdict import Reason, Status

with (Path(__file__).parent / "roads.csv").open(encoding="utf-8", newline="") as file:
    CASES: Final = {row["case"]: row for row in csv.DictReader(file)}

LEVELS: Final = ("Fast", "Middle", "Slow")

BEFORE: Final = {
    "qualified": (None, Status.qualified, Reason.within_radius),
    "waiting": (2, Status.review, Reason.road_unchecked),
    "fallback": (2, Status.fallback, Reason.beyond_radius),
    "not-offered": (2, Status.fallback, Reason.not_offered_in_country),
}
"""Level (that of the band), status and reason that the run gave."""


def clock(amount: int, unit: str = "hours", end: str = "delivered") -> dict[str, Any]:
    """Return a replacement clock."""
    return {"start": "authorised", "end": end, "amount": amount, "unit": unit, "clause": "all"}


SHIPS: Final = clock(1, "business_days", "shipped")

CLOCKS: Final = {
    "4h": (clock(4), SHIPS),
    "3h": (clock(3), SHIPS),
    "mixed": (clock(2), clock(4)),
    "shipping": (clock(4), SHIPS),
    "ships-hours": (clock(4), clock(2, end="shipped")),
    "road": (clock(4), clock(4)),
    "road-li": (clock(4), clock(4)),
    "road-mixed": (clock(2), clock(4)),
    "km": (clock(4), SHIPS),
}
"""The clocks of the levels of the first and second band, by the name of the policy."""


def policy_of(name: str) -> Policy:
    """Return a policy of two bands, up to 20 (or 100 km) and 50 (or 80) miles."""
    fast, middle = CLOCKS[name]
    metric = "road" if name.startswith("road") else "geodesic"
    first, second = (62.13712, 80.0) if name == "km" else (20.0, 50.0)
    star = {"level": "middle", "countries": ["*"], "but": ["US"], "clause": "all"}
    missing = [star] if metric == "road" else []
    if name == "road-li":
        missing = [{"level": "middle", "countries": ["LI"], "clause": "all"}]
    band = {"countries": ["*"], "metric": metric, "clause": "all"}
    return Policy.from_mapping(
        {
            "format": 1,
            "name": "golden",
            "title": "Golden",
            "source": {"title": "a test", "address": "nowhere"},
            "levels": [
                {"id": "fast", "title": "Fast", "replacement": fast},
                {"id": "middle", "title": "Middle", "replacement": middle},
                {"id": "slow", "title": "Slow", "replacement": SHIPS},
            ],
            "qualification": {
                "same_country": True,
                "fallback": "slow",
                "interim": "slow",
                "fallback_clause": "all",
            },
            "bands": [
                {**band, "level": "fast", "up_to_miles": first},
                {**band, "level": "middle", "above_miles": first, "up_to_miles": second},
            ],
            "gates": {"not_offered": missing},
            "clauses": {"all": "All."},
        }
    )


def rows_of(case: dict[str, str]) -> recheck.VerdictRows:
    """Return the row as the run left it."""
    level, status, reason = BEFORE[case["before"]]
    band = 0 if float(case["band_miles"]) in (20, 62.13712) else 1
    printed = round(float(case["band_miles"]), 3)
    return recheck.VerdictRows(
        level=np.array([band if level is None else level], np.int8),
        status=np.array([status], np.int8),
        reason=np.array([reason], np.int8),
        country=np.array([case["country"]], object),
        limit_miles=np.array([printed]),
        margin_miles=np.array([-1.0 if case["before"] == "fallback" else 1.0]),
        in_reach=np.array([float(case["in_reach"])]),
    )


def drive_of(case: dict[str, str]) -> DriveTimes:
    """Return the drive as an engine measured it."""
    number = {n: np.array([float(case[n] or "nan")]) for n in ("drive_minutes", "road_miles")}
    reached = case["road_status"] == "reached"
    status = RoadStatus.within if reached else RoadStatus[case["road_status"]]
    nothing = np.array([np.nan])
    return DriveTimes(
        minutes=number["drive_minutes"],
        road_miles=number["road_miles"],
        detour_factor=nothing,
        ferry=np.zeros(1, np.bool_),
        snap_m=np.zeros(1),
        status=np.array([status], np.int8),
        limit_minutes=nothing,
        center=np.zeros(1, np.int64),
    )


@pytest.mark.parametrize("name", CASES)
def test_road_ruling(name: str) -> None:
    """Give level, status, reason and limit of the table; a second look comes to the same."""
    case = CASES[name]
    policy, rows, drive = policy_of(case["clocks"]), rows_of(case), drive_of(case)
    limits = drive_limits(policy)
    for _ in range(2):
        limit = recheck.limit_minutes(rows, policy, limits, drive.road_miles)
        measured = drive.compared_with(limit)
        rows = recheck.apply_drive_times(rows, policy, measured.status, drive.road_miles)
        assert LEVELS[rows.level[0]] == case["level"]
        assert Status(rows.status[0]).name == case["status"]
        assert Reason(rows.reason[0]).name == case["reason"]
        assert measured.limit_minutes[0] == pytest.approx(
            float(case["limit_minutes"] or "nan"), nan_ok=True
        )
    unknown = np.array([RoadStatus.unsnapped], np.int8), np.array([np.nan])
    back = recheck.apply_drive_times(rows, policy, *unknown)
    assert all(np.array_equal(v, getattr(back, n)) for n, v in vars(rows_of(case)).items())
