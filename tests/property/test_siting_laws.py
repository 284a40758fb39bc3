"""Laws that every plan keeps, on problems that Hypothesis draws."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from planning import Case

from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover
from coverage_analyzer.siting.curve import curve
from coverage_analyzer.siting.pairs import scaled
from coverage_analyzer.siting.planner import ranked, solved
from coverage_analyzer.siting.question import Question
from coverage_analyzer.siting.reduction import merged

SEEDS = st.integers(0, 10_000)


def value(case: Case, question: Question) -> float:
    """Return the proved optimum of a question, in weights as given."""
    setting, solution = case.solve(question)
    assert solution.plan is not None
    assert np.isclose(solution.bound, solution.objective, rtol=1e-9)
    return solution.objective / setting.scale


@given(SEEDS, st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_one_center_more_gains_no_less(seed: int, new: int) -> None:
    """And what it adds is no more than the sum of all weights."""
    case = Case(seed)
    less, more = (value(case, Question(new=n)) for n in (new, new + 1))
    assert less <= more + 1e-9
    assert more <= case.coverable() + 1e-9


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_longer_limits_gain_no_less(seed: int) -> None:
    """Further pairs are added to those that there are."""
    case, wider = Case(seed), Case(seed)
    more = np.random.default_rng(seed + 1).random(case.reach.shape) < 0.2
    wider.reach = case.reach | (more & (case.site_country[:, None] == case.country))
    assert value(case, Question(new=2)) <= value(wider, Question(new=2)) + 1e-9


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_forcing_what_is_chosen_changes_nothing(seed: int) -> None:
    """Nor does forbidding what is not."""
    case = Case(seed)
    setting, solution = case.solve(Question(new=2))
    assert solution.plan is not None
    chosen = tuple(case.ids[i] for i in solution.plan.tolist())
    others = tuple(i for i in case.ids if i not in chosen)
    best = solution.objective / setting.scale
    assert np.isclose(value(case, Question(new=2, force=chosen)), best)
    assert np.isclose(value(case, Question(new=2, forbid=others)), best)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_merged_sites_are_worth_what_they_were(seed: int) -> None:
    """For every plan, not only for the best."""
    case = Case(seed)
    counts = case.reach.sum(axis=1)
    cover = Cover(
        np.concatenate([[0], np.cumsum(counts)]),
        np.nonzero(case.reach)[1].astype(np.int32),
        case.weight,
        case.need.astype(np.int8),
        case.site_country,
        len(case.ids),
        0.0,
    )
    units, scale = scaled(merged(cover))
    assert len(units) <= len(cover)
    for plan in list(case.plans(Question(new=3)))[:40]:
        at = np.array(plan, np.int64)
        assert np.isclose(units.value(at) / scale, case.value(plan))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_order_of_sites_changes_nothing(seed: int) -> None:
    """Not even which of several best plans is returned."""
    case, other = Case(seed), Case(seed)
    order = np.random.default_rng(seed).permutation(len(case.weight))
    other.reach, other.weight = case.reach[order], case.weight[order]
    other.site_country, other.need = case.site_country[order], case.need[order]
    one, two = (c.solve(Question(new=3)) for c in (case, other))
    assert one[1].plan is not None
    assert np.array_equal(one[1].plan, two[1].plan)
    assert np.array_equal(ranked(one[0], one[1].plan), ranked(two[0], two[1].plan))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_curve_has_the_optimum_of_each_size(seed: int) -> None:
    """It never falls, and its steps are what single questions give."""
    case = Case(seed)
    question = Question(new=4, curve=True)
    setting, solution = case.solve(question)
    assert solution.plan is not None
    points = curve(setting, Clock(), ranked(setting, solution.plan))
    for point in points:
        assert np.isclose(point.gained, value(case, Question(new=point.new)))
        assert np.isclose(point.gained, point.bound)
        assert point.nested <= point.gained + 1e-9
    gained = [0.0, *(point.gained for point in points)]
    assert all(np.diff(gained) >= -1e-9)


@given(SEEDS, st.floats(0.2, 1.0))
@settings(max_examples=25, deadline=None)
def test_fewest_centers_and_most_weight_agree(seed: int, share: float) -> None:
    """One center fewer than the fewest cannot gain the share."""
    case = Case(seed)
    _, solution = case.solve(Question(cover=share))
    assert solution.plan is not None
    n = len(solution.plan)
    assert value(case, Question(new=n)) >= share * case.coverable() - 1e-9
    if n:
        assert value(case, Question(new=n - 1)) < share * case.coverable() + 1e-9


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_dropping_a_candidate_that_is_not_chosen_keeps_the_optimum(seed: int) -> None:
    """Dominated ones and twins among them."""
    case = Case(seed)
    setting, solution = case.solve(Question(new=2))
    assert solution.plan is not None
    rest = [i for i in range(len(case.ids)) if i not in solution.plan]
    if rest:
        smaller = dataclasses.replace(setting.question, forbid=(case.ids[rest[0]],))
        again = solved(case.setting(smaller), Clock())
        assert again.objective == solution.objective
