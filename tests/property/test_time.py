"""Laws of gates and of time, for all networks, sites and rows."""

import datetime
import itertools
from typing import Any

import numpy as np
from building import Center, Site, centers_of, rows_of, sites_of
from hypothesis import given
from hypothesis import strategies as st
from strategies import cases

from coverage_analyzer import arrays, countries
from coverage_analyzer.matching.eligibility import DAYS, EligibilityInputs
from coverage_analyzer.matching.lead_times import lead_time, window
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.timeline import Timeline
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.days import day_of
from coverage_analyzer.schema.verdict import Reason, Status

WORLD = countries.load()
DAY = datetime.date(2026, 12, 1)

Case = tuple[list[Center], list[Site]]
Row = dict[str, str]


def with_gates() -> Policy:
    """Return the default rules with all gates that there are."""
    data = Policy.load().model_dump(mode="json")
    gates: dict[str, Any] = data["gates"]
    gates["components"] |= {"excluded": ["SSD"], "known": ["fan"]}
    gates["registration"] |= {"grace_days": 30}
    barred = {"level": "gold-plus", "countries": ["CH"], "clause": "components-excluded"}
    return Policy.from_mapping(data | {"gates": gates | {"not_offered": [barred]}})


GATED = with_gates()

PRODUCTS = Products.from_texts(
    {
        "product": ["A", "B", "C"],
        "mainstream_ends_on": ["2026-12-04", "2026-11-30", ""],
        "extended_ends_on": ["2026-12-08", "", "2026-12-02"],
        "life_ends_on": ["2026-12-09", "2026-12-10", ""],
    },
    ["1", "2", "3"],
)

DATES = st.sampled_from(["", *(f"2026-12-{n:02}" for n in range(1, 13)), "2026-10-01"])
ROWS = st.fixed_dictionaries(
    {
        "product": st.sampled_from(["", "A", "B", "C", "D"]),
        "component": st.sampled_from(["", "SSD", "fan", "lid"]),
        "requested_level": st.sampled_from(["", "Gold Plus", "gold", "Silver", "Bronze", "Tin"]),
        "registered_on": DATES,
        "installed_on": DATES,
    }
)


@st.composite
def stated(draw: st.DrawFn) -> tuple[Case, list[Row]]:
    """Draw centers and sites, and what the row of each site says."""
    centers, sites = draw(cases())
    opening = st.sampled_from(["", "2026-12-01", "2026-12-03", "2026-12-08", "2027-06-01"])
    moved = [c._replace(opens_on=draw(opening), closes_on="") for c in centers]
    return (moved, sites), draw(st.lists(ROWS, min_size=len(sites), max_size=len(sites)))


def matcher(centers: list[Center], day: datetime.date = DAY, policy: Policy = GATED) -> Matcher:
    """Return a matcher with all gates."""
    return Matcher(centers_of(centers), policy, WORLD, as_of=day, products=PRODUCTS)


def facts_of(result: Matcher, rows: list[Row]) -> EligibilityInputs | None:
    """Return what rows say, as numbers."""
    columns: dict[str, Any] = {}
    for name in rows[0]:
        texts = [row[name] for row in rows]
        columns[name] = (
            np.array([day_of(t) for t in texts], "datetime64[D]")
            if name in DAYS
            else arrays.text_array(texts)
        )
    return result.gates.facts(columns)


@given(stated())
def test_a_gate_never_raises_a_level(drawn: tuple[Case, list[Row]]) -> None:
    """Only lower what qualifies or waits, and leave all else of the verdict as it is."""
    (centers, sites), rows = drawn
    result, subset = matcher(centers), sites_of(sites, WORLD)
    open_ = matcher(centers, policy=Policy.load()).match(subset)
    shut = result.match(subset, facts_of(result, rows))
    assert (shut.level >= open_.level).all()
    assert (shut.status >= open_.status).all()
    ended = shut.status == Status.not_covered
    doubtful = (shut.status == Status.review) & (open_.status == Status.fallback)
    assert np.isin(shut.reason[ended], Reason.lifecycle_phase).all()
    assert np.isin(shut.reason[doubtful], Reason.product_undated).all()
    assert (shut.level[ended] == len(result.policy.levels)).all()
    same = (shut.status == open_.status) | (open_.status >= Status.fallback)
    same &= ~ended & ~doubtful
    np.testing.assert_array_equal(shut.reason[same], open_.reason[same])
    np.testing.assert_array_equal(shut.center[same], open_.center[same])
    np.testing.assert_array_equal(shut.country, open_.country)
    np.testing.assert_array_equal(shut.centers_in_reach, open_.centers_in_reach)


@given(stated())
def test_rows_that_say_nothing_pass(drawn: tuple[Case, list[Row]]) -> None:
    """Empty cells are as good as no columns."""
    (centers, sites), rows = drawn
    result, subset = matcher(centers), sites_of(sites, WORLD)
    silent = [dict.fromkeys(row, "") for row in rows]
    ids = result.centers.center_id
    said_nothing = rows_of(result.match(subset, facts_of(result, silent)), ids)
    assert said_nothing == rows_of(result.match(subset), ids)


@given(stated(), st.data())
def test_a_row_is_judged_alone(drawn: tuple[Case, list[Row]], data: st.DataObject) -> None:
    """What other rows say changes nothing."""
    (centers, sites), rows = drawn
    result = matcher(centers)
    ids = result.centers.center_id
    whole = rows_of(result.match(sites_of(sites, WORLD), facts_of(result, rows)), ids)
    one = data.draw(st.integers(0, len(rows) - 1))
    alone = result.match(sites_of([sites[one]], WORLD), facts_of(result, [rows[one]]))
    assert rows_of(alone, ids) == [whole[one]]


@given(stated())
def test_a_timeline_agrees_with_a_run_of_each_day(drawn: tuple[Case, list[Row]]) -> None:
    """Fill the days between changes: each verdict is that of the day; and no change is idle."""
    (centers, sites), rows = drawn
    first, subset = matcher(centers), sites_of(sites, WORLD)
    changes = Timeline(first, DAY + datetime.timedelta(days=11)).changes(
        subset, facts_of(first, rows)
    )
    names = ("level", "status", "reason", "center")
    expected = [
        (site, str(day), tuple(int(getattr(changes, n)[i]) for n in names))
        for i, (site, day) in enumerate(zip(changes.site, changes.from_day, strict=True))
    ]
    by_site: dict[int, list[tuple[str, tuple[int, ...]]]] = {}
    for site, day, what in expected:
        by_site.setdefault(int(site), []).append((day, what))
    pairs = [pair for line in by_site.values() for pair in itertools.pairwise(line)]
    assert all(a[0] < b[0] and a[1] != b[1] for a, b in pairs)
    for n in range(12):
        day = DAY + datetime.timedelta(days=n)
        result = matcher(centers, day)
        verdicts = result.match(subset, facts_of(result, rows))
        for site, line in by_site.items():
            holds = [what for since, what in line if since <= day.isoformat()][-1]
            assert holds == tuple(int(getattr(verdicts, name)[site]) for name in names)


@given(st.integers(0, 40_000), st.integers(0, 4000), st.sampled_from(["US", "DE"]))
def test_who_orders_later_opens_no_sooner(ordered: int, more: int, country: str) -> None:
    """Windows keep the order of the days on which centers are ordered, and follow upon them."""
    time = lead_time(Policy.load(), country)
    assert time is not None
    early, late = (window(time, np.datetime64(n, "D")) for n in (ordered, ordered + more))
    assert early.earliest_on <= late.earliest_on
    assert early.latest_on <= late.latest_on
    assert np.datetime64(ordered, "D") <= early.earliest_on <= early.latest_on


@given(cases(), st.integers(1, 30))
def test_a_later_day_without_an_event_changes_nothing(case: Case, days: int) -> None:
    """Where no center opens or closes and no row says anything, a day is as any other."""
    centers, sites = case
    still = [c._replace(opens_on="", closes_on="") for c in centers]
    subset = sites_of(sites, WORLD)
    now, then = matcher(still), matcher(still, DAY + datetime.timedelta(days=days))
    ids = now.centers.center_id
    assert rows_of(now.match(subset), ids) == rows_of(then.match(subset), ids)
