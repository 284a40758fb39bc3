"""Laws of criticality, sensitivity and what-if: each is what runs on edited inputs would give."""

import dataclasses
import datetime
import itertools
from typing import Final

import numpy as np
from building import Center, Site, centers_of, rows_of, sites_of
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cases

from coverage_analyzer import countries
from coverage_analyzer.comparison.changes import Change, LevelRanks, classify
from coverage_analyzer.comparison.criticality import Criticality
from coverage_analyzer.comparison.sensitivity import Question, Sensitivity, scenarios
from coverage_analyzer.comparison.what_if import Edit, NewCenter
from coverage_analyzer.matching.matcher import Matcher, Verdicts
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy

WORLD: Final = countries.load()
POLICY: Final = Policy.load("appliance-maintenance")
DAY: Final = datetime.date(2026, 12, 1)
ANYWHERE: Final = Policy.from_mapping(
    {
        **(data := POLICY.model_dump(mode="json", by_alias=True, exclude_none=True)),
        "qualification": {**data["qualification"], "same_country": False},
    }
)
"""The same policy, but centers serve any country."""

POLICIES: Final = st.sampled_from([POLICY, ANYWHERE, Policy.load("hp-call-to-repair")])

Case = tuple[list[Center], list[Site]]

FEW: Final = settings(max_examples=12)
"""Each example makes many matchers."""


def matcher(centers: list[Center], policy: Policy) -> Matcher:
    """Return a matcher of some centers."""
    return Matcher(centers_of(centers), policy, WORLD, as_of=DAY)


def changes(before: tuple[Matcher, Verdicts], after: tuple[Matcher, Verdicts]) -> list[int]:
    """Return the kind of each change as a comparison has it."""
    columns = [matcher.columns(verdicts) for matcher, verdicts in (before, after)]
    titles = before[0].policy.titles
    return list(classify(columns[0], columns[1], LevelRanks(titles, titles)))


@FEW
@given(cases(), POLICIES)
def test_a_center_is_as_critical_as_a_run_without_it(case: Case, policy: Policy) -> None:
    """Lost and delayed sites are those of a comparison with a run that lacks the center."""
    centers, rows = case
    result, sites = matcher(centers, policy), sites_of(rows, WORLD)
    job = Criticality(result)
    job.add(sites, None)
    table = {row["center_id"]: row for row in job.centers().to_pylist()}
    assert sorted(table) == sorted(center.center_id for center in centers)
    before = result, result.match(sites)
    for center in centers:
        others = [other for other in centers if other.center_id != center.center_id]
        row = table[center.center_id]
        assert row["kept"] == row["sites"] - row["lost"] - row["delayed"]
        if not others:
            assert row["lost"] + row["delayed"] == row["sites"]
            continue
        without = matcher(others, policy)
        kinds = changes(before, (without, without.match(sites)))
        assert row["lost"] == kinds.count(Change.lost)
        assert row["delayed"] == kinds.count(Change.delayed)


@FEW
@given(cases(), POLICIES)
def test_pairs_are_as_critical_as_runs_without_both(case: Case, policy: Policy) -> None:
    """A pair that is not in the table loses what its centers lose one by one."""
    centers, rows = case
    centers = centers[:6]
    result, sites = matcher(centers, policy), sites_of(rows, WORLD)
    job = Criticality(result, pairs=True)
    job.add(sites, None)
    lost = {row["center_id"]: row["lost"] for row in job.centers().to_pylist()}
    together = {
        (row["center_id"], row["other_id"]): row["together"] for row in job.pairs().to_pylist()
    }
    before = result.match(sites)
    for one, other in itertools.combinations(sorted(lost), 2):
        rest = [center for center in centers if center.center_id not in {one, other}]
        expected = together.get((one, other), lost[one] + lost[other])
        if rest:
            after = matcher(rest, policy).match(sites)
            assert expected == int((after.level > before.level).sum())


@FEW
@given(cases(), POLICIES, st.data())
def test_criticality_does_not_depend_on_batches(
    case: Case, policy: Policy, data: st.DataObject
) -> None:
    """Sites in two batches count as in one, and weights of 1 are counts."""
    centers, rows = case
    cut = data.draw(st.integers(0, len(rows)))
    whole, parts = (Criticality(matcher(centers, policy), pairs=True) for _ in range(2))
    whole.add(sites_of(rows, WORLD), None)
    for part in (rows[:cut], rows[cut:]):
        parts.add(sites_of(part, WORLD), None, np.ones(len(part)))
    for name in ("centers", "take_over", "pairs"):
        assert getattr(whole, name)().equals(getattr(parts, name)())
    for row in whole.centers().to_pylist():
        assert (row["weight"], row["lost_weight"]) == (row["sites"], row["lost"])


@FEW
@given(cases(), POLICIES)
def test_the_own_limits_change_nothing(case: Case, policy: Policy) -> None:
    """Limits changed by 0 miles, and the accuracy of the data, flip nobody; nor does the run."""
    centers, rows = case
    spec = MatcherSpec(centers_of(centers), policy, DAY)
    question = Question(change_miles=(0.0,), accuracy_m=(), territories=False, any_country=False)
    varied, _ = scenarios(spec, question)
    job = Sensitivity(varied)
    base, flips = job.add(sites_of(rows, WORLD), None)
    assert [len(each.rows) for each in flips] == [0]
    ids = job.matcher.centers.center_id
    assert rows_of(varied[1].match(sites_of(rows, WORLD), None), ids) == rows_of(base, ids)


@FEW
@given(cases(), st.sampled_from([-20.0, 5.0, 30.0]))
def test_other_limits_are_those_of_another_policy(case: Case, miles: float) -> None:
    """A scenario gives the verdicts of a run with a policy that has these limits."""
    centers, rows = case
    spec, sites = MatcherSpec(centers_of(centers), POLICY, DAY), sites_of(rows, WORLD)
    varied, _ = scenarios(spec, Question(change_miles=(miles,), miles=(60.0,), accuracy_m=()))
    for scenario, limits in ((varied[1], (70 + miles, 50 + miles)), (varied[2], (60.0, 60.0))):
        bands = [
            {**band, "up_to_miles": up_to}
            for band, up_to in zip(data["bands"], limits, strict=True)
        ]
        other = dataclasses.replace(spec, policy=Policy.from_mapping({**data, "bands": bands}))
        result, ids = other.build(), scenario.matcher.centers.center_id
        assert rows_of(scenario.match(sites, None), ids) == rows_of(result.match(sites), ids)


@FEW
@given(cases(), st.data())
def test_closing_and_opening_the_same_center_changes_nothing(
    case: Case, data: st.DataObject
) -> None:
    """Each verdict is the same to the last digit."""
    centers, rows = case
    center = data.draw(st.sampled_from(centers))
    spec, sites = MatcherSpec(centers_of(centers), POLICY, DAY), sites_of(rows, WORLD)
    at = spec.centers.center_id.index(center.center_id)
    again = NewCenter(
        repr(center.lat), repr(center.lon), center.country, center.center_id, center.opens_on
    )
    edited = Edit(close=[center.center_id], open=[again]).apply(spec)
    if not center.closes_on:  # an opened center has no day to close
        assert edited.centers.center_id[at] == center.center_id
        before, after = (result.build() for result in (spec, edited))
        ids = spec.centers.center_id
        assert rows_of(before.match(sites), ids) == rows_of(after.match(sites), ids)


@FEW
@given(cases(), st.data())
def test_what_if_is_a_run_with_edited_centers(case: Case, data: st.DataObject) -> None:
    """Close one, move one to where another is: the verdicts of a run with such a file."""
    centers, rows = case
    order = data.draw(st.permutations(range(len(centers))))
    if len(centers) < 3:
        return
    closed, moved, there = (centers[i] for i in order[:3])
    place = NewCenter(repr(there.lat), repr(there.lon))
    if moved.country != there.country:
        return
    spec = MatcherSpec(centers_of(centers), POLICY, DAY)
    edited = Edit(close=[closed.center_id], move={moved.center_id: place}).apply(spec)
    expected = [
        c._replace(lon=there.lon, lat=there.lat) if c.center_id == moved.center_id else c
        for c in centers
        if c.center_id != closed.center_id
    ]
    sites, ids = sites_of(rows, WORLD), edited.centers.center_id
    run = matcher(expected, POLICY)
    assert rows_of(edited.build().match(sites), ids) == rows_of(run.match(sites), ids)
