"""Laws of comparisons, for random reports and random changes of what they were made of."""

import datetime
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from building import Center, Site, centers_of, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cases

import coverage_analyzer as ca
from coverage_analyzer import arrays
from coverage_analyzer.comparison.causes import Cause, CauseFinder, ChangedRows, take_sites
from coverage_analyzer.comparison.changes import Change, LevelRanks, classify
from coverage_analyzer.comparison.rows import Side
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import SCHEMA

POLICY = Policy.load()
DAY = datetime.date(2026, 12, 1)

VERDICTS: Final = (
    ("Gold Plus", "qualified", "within_radius", "A", None),
    ("Gold Plus", "qualified", "within_radius", "B", None),
    ("Gold", "pending", "center_opens_later", "A", "2027-01-01"),
    ("Gold", "pending", "center_opens_later", "A", "2027-02-01"),
    ("Gold", "fallback", "beyond_radius", "A", None),
    ("Gold", "fallback", "level_not_requested", "A", None),
    ("Gold", "review", "borderline", "A", None),
    ("Not covered", "not_covered", "lifecycle_phase", "A", None),
)
"""Level, status, reason, center and day."""

ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, len(VERDICTS) - 1)), max_size=12)
"""Rows as the number of the site, and of its verdict: ids repeat."""

MIRROR: Final = {
    "gained": "lost",
    "lost": "gained",
    "sooner": "delayed",
    "delayed": "sooner",
    "left": "entered",
    "entered": "left",
}


def report(rows: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return a frame of verdicts."""
    frame = pd.DataFrame({"site_id": [f"S{site}" for site, _ in rows]}, dtype="string")
    given_names = ("level", "status", "reason", "center_id", "available_on")
    for i, name in enumerate(given_names):
        frame[name] = pd.Series([VERDICTS[v][i] for _, v in rows], dtype="string")
    frame["available_on"] = pd.to_datetime(frame["available_on"])
    frame["site_country"] = pd.Series(["US"] * len(rows), dtype="string")
    for name in set(SCHEMA.names) - set(frame.columns):
        kind = SCHEMA.field(name).type
        frame[name] = pd.NaT if pa.types.is_date(kind) else np.zeros(len(rows))
    frame["as_of"] = pd.to_datetime(frame["as_of"])
    frame.attrs = {"policy": POLICY.name, "policy_sha256": POLICY.sha256}
    return frame


def reference(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> dict[str, int]:
    """Return the ledger by multisets of Python."""
    same = (Counter(a) & Counter(b)).total()
    rest = [Counter(site for site, _ in (Counter(x) - Counter(y)).elements())
            for x, y in ((a, b), (b, a))]  # fmt: skip
    changed = (rest[0] & rest[1]).total()
    left, entered = (r.total() - changed for r in rest)
    return {
        "a": len(a), "b": len(b), "same": same, "changed": changed, "left": left,
        "entered": entered,
    }  # fmt: skip


@settings(max_examples=6)
@given(a=ROWS, b=ROWS, seed=st.integers(0, 99))
def test_ledgers_add_up_swapping_mirrors_and_the_order_of_rows_does_not_matter(
    a: list[tuple[int, int]], b: list[tuple[int, int]], seed: int
) -> None:
    """The ledger is that of multisets: no duplicate is collapsed."""
    result = ca.compare(report(a), report(b))
    assert result.attrs["ledger"] == reference(a, b)
    assert len(result) == sum(result.attrs["changes"].values())
    back = ca.compare(report(b), report(a)).attrs["changes"]
    assert back == {MIRROR.get(n, n): c for n, c in result.attrs["changes"].items()}
    order = random.Random(seed)  # noqa: S311 - of rows
    shuffled = [order.sample(rows, len(rows)) for rows in (a, b)]
    again = ca.compare(report(shuffled[0]), report(shuffled[1]))
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(result))
    n_from = result.flows.query("`from` != ''").groupby("from")["sites"].sum().to_dict()
    assert n_from == Counter(VERDICTS[v][0] for _, v in a)


@given(rows=ROWS)
@settings(max_examples=3)
def test_a_report_does_not_differ_from_itself(rows: list[tuple[int, int]]) -> None:
    """Nor from its rows in another order."""
    for other in (rows, rows[::-1]):
        result = ca.compare(report(rows), report(other))
        assert len(result) == 0
        assert result.attrs["ledger"]["same"] == len(rows)


def spec(centers: list[Center], policy: Policy = POLICY, day: datetime.date = DAY) -> MatcherSpec:
    """Return what verdicts are made of."""
    return MatcherSpec(centers_of(centers), policy, day)


def site_rows(sites: Sequence[Site]) -> SiteRows:
    """Return sites as rows of a table."""
    return SiteRows(
        np.array([s.lon for s in sites], np.float64),
        np.array([s.lat for s in sites], np.float64),
        np.array([s.accuracy_m for s in sites], np.float64),
        [arrays.text_array([s.country for s in sites])],
    )


def narrowed() -> Policy:
    """Return a policy with other limits and the levels of the default one."""
    data = POLICY.to_dict()
    for band in data["bands"]:
        band["up_to_miles"] /= 2
    return Policy.from_mapping(data | {"name": "narrow"})


def closed(centers: list[Center]) -> list[Center]:
    """Return centers of which the first is closed."""
    return [centers[0]._replace(opens_on="", closes_on="2026-01-01"), *centers[1:]]


def opened_later(centers: list[Center]) -> list[Center]:
    """Return centers of which the first one opens between the days of two runs."""
    return [centers[0]._replace(opens_on="2026-12-20", closes_on=""), *centers[1:]]


CHANGES: Final[dict[Cause, Any]] = {
    Cause.centers: lambda c, s: ((spec(c), s), (spec(closed(c)), s)),
    Cause.policy: lambda c, s: ((spec(c), s), (spec(c, narrowed()), s)),
    Cause.day: lambda c, s: (
        (spec(opened_later(c)), s),
        (spec(opened_later(c), day=datetime.date(2027, 1, 10)), s),
    ),
    Cause.site_moved: lambda c, s: (
        (spec(c), s),
        (spec(c), [x._replace(lon=y[0], lat=y[1])
                   for x in s for y in [moved(x.lon, x.lat, 90, 60_000)]]),
    ),
    Cause.site_data: lambda c, s: (
        (spec(c), s),
        (spec(c), [x._replace(country="AQ", accuracy_m=50_000.0) for x in s]),
    ),
}  # fmt: skip
"""A change in one place, by the cause that it has to be."""


@pytest.mark.parametrize("cause", CHANGES, ids=lambda cause: str(cause.name))
@settings(max_examples=5)
@given(case=cases())
def test_a_change_made_in_one_place_is_named(
    cause: Cause, case: tuple[list[Center], list[Site]]
) -> None:
    """For random centers and sites: each row that changes has that cause and no other."""
    result = CHANGES[cause](*case)
    sides, rows = [], []
    for inputs, sites in result:
        matcher, own = inputs.build(), site_rows(sites)
        sides.append(Side({}, (), inputs, site_rows=lambda _cells, own=own: own))
        rows.append(ChangedRows(own, matcher.columns(matcher.match(*matcher.inputs(own)))))
    kinds = classify(rows[0].verdict, rows[1].verdict, LevelRanks(POLICY.titles, POLICY.titles))
    at = np.flatnonzero(kinds != Change.same)
    picked = [
        ChangedRows(
            take_sites(r.sites, at),
            {n: c.take(arrays.from_numpy(at)) for n, c in r.verdict.items()},
        )
        for r in rows
    ]
    outcome = CauseFinder(sides[0], sides[1]).find(picked[0], picked[1])
    assert outcome.cause.tolist() == [cause] * len(at)
    assert set(outcome.sets) <= {cause.name}


@settings(max_examples=6)
@given(case=cases(), seed=st.integers(0, 99))
def test_closing_and_opening_the_same_center_is_no_change(
    case: tuple[list[Center], list[Site]], seed: int
) -> None:
    """The order of centers in their file and a second spelling of it do not matter either."""
    centers, sites = case
    again = random.Random(seed).sample(centers, len(centers))  # noqa: S311 - of rows
    specs = [spec(centers), spec(closed(centers)), spec([*again])]
    verdicts = []
    for inputs in specs:
        matcher = inputs.build()
        verdicts.append(matcher.columns(matcher.match(*matcher.inputs(site_rows(sites)))))
    ranks = LevelRanks(POLICY.titles, POLICY.titles)
    assert (classify(verdicts[0], verdicts[2], ranks) == Change.same).all()
    there, back = classify(verdicts[0], verdicts[1], ranks), classify(*verdicts[1:], ranks)
    mirrored = [Change[MIRROR.get(Change(kind).name, Change(kind).name)] for kind in there.tolist()]
    assert back.tolist() == mirrored
