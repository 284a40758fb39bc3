"""Parts of the optimiser by themselves: equal plans, questions that fall apart, the tree."""

import dataclasses

import numpy as np
import pytest
from planning import Case

from coverage_analyzer.arrays import Ints
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Floor, Program, Side, Solution
from coverage_analyzer.siting.mip import solve_exactly
from coverage_analyzer.siting.question import Question
from coverage_analyzer.siting.search import Rules, first_of_equals
from coverage_analyzer.siting.separate import solve_apart
from coverage_analyzer.siting.tree import Tree

NONE = np.zeros(0, np.int64)


def cover_of(rows: list[list[int]], weight: list[float], group: list[int], n: int) -> Cover:
    """Return a cover of rows, each the candidates that reach it."""
    return Cover(
        np.concatenate([[0], np.cumsum([len(row) for row in rows])]),
        np.array([c for row in rows for c in row], np.int32),
        np.array(weight, np.float64),
        np.ones(len(rows), np.int8),
        np.array(group, np.int16),
        n,
        1.0,
    )


def test_of_equal_plans_the_first_ids_are_chosen() -> None:
    """0 and 2 gain 5 beside 1, as do 3 and 4; the plan that was found has the last of each."""
    cover = cover_of([[0, 2], [1], [3, 4]], [5.0, 9.0, 5.0], [1, 1, 1], 5)
    rules = Rules(3, NONE, np.ones(5, np.bool_))
    assert first_of_equals(cover, rules, np.array([1, 2, 4])).tolist() == [0, 1, 3]
    capped = dataclasses.replace(rules, group=np.array([0, 1, 1, 2, 2]), cap=np.array([0, 2, 2]))
    assert first_of_equals(cover, capped, np.array([1, 2, 4])).tolist() == [1, 2, 3]
    kept = dataclasses.replace(rules, forced=np.array([2]))
    assert first_of_equals(cover, kept, np.array([1, 2, 4])).tolist() == [1, 2, 3]


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_the_order_of_sites_chooses_no_other_of_equal_plans(seed: int) -> None:
    """Every third case has twins, whose first id stays."""
    case, other = Case(seed), Case(seed)
    order = np.random.default_rng(seed).permutation(len(case.weight))
    other.reach, other.weight = case.reach[order], case.weight[order]
    other.site_country = case.site_country[order]
    (_, one), (_, two) = (c.solve(Question(new=2)) for c in (case, other))
    assert one.plan is not None
    assert two.plan is not None
    assert one.plan.tolist() == two.plan.tolist()


def by_mip(part: Program, start: Ints | None) -> Solution:
    """Solve a part exactly."""
    return solve_exactly(part, start, Clock())


def two_countries(*floors: Floor) -> Program:
    """Return a question about two countries: 0 and 1 serve the first one, 2 and 3 the other."""
    rows = [[0], [0, 1], [1], [2], [2, 3], [3]]
    cover = cover_of(rows, [4.0, 3.0, 2.0, 5.0, 1.0, 5.0], [1, 1, 1, 2, 2, 2], 4)
    return Program(cover, np.zeros(4), np.ones(4), (), floors, np.ones(4))


def test_a_share_in_each_country_is_solved_apart() -> None:
    """One center gives 7 of 9 in the first country; the other one needs both."""
    program = two_countries(Floor((1,), 6.0), Floor((2,), 8.0))
    result = solve_apart(program, None, by_mip)
    assert result is not None
    assert result.plan is not None
    assert result.plan.tolist() == [0, 2, 3]
    assert (result.objective, result.bound, result.stopped_by) == (-3, -3, "proved")


def test_forced_candidates_cost_once_in_questions_that_fall_apart() -> None:
    """They are fixed in each part."""
    program = two_countries(Floor((1,), 6.0), Floor((2,), 8.0))
    program = dataclasses.replace(program, low=np.array([0.0, 1, 0, 0]))
    result = solve_apart(program, None, by_mip)
    assert result is not None
    assert result.plan is not None
    assert result.plan.tolist() == [0, 1, 2, 3]
    assert (result.objective, result.bound) == (-4, -4)


def test_what_cannot_be_kept_in_one_part_cannot_be_kept() -> None:
    """Its only center is forbidden."""
    program = two_countries(Floor((1,), 9.0), Floor((2,), 1.0))
    program = dataclasses.replace(program, high=np.array([0.0, 1, 1, 1]))
    result = solve_apart(program, None, by_mip)
    assert result is not None
    assert (result.plan, result.stopped_by) == (None, "infeasible")


def test_one_limit_about_all_holds_a_question_together() -> None:
    """A share of all sites, or a number of centers in all."""
    assert solve_apart(two_countries(Floor((), 9.0)), None, by_mip) is None
    sides = (Side(np.arange(4), np.ones(4), -np.inf, 3.0),)
    program = dataclasses.replace(two_countries(Floor((1,), 6.0)), sides=sides)
    assert solve_apart(program, None, by_mip) is None
    assert solve_apart(dataclasses.replace(program, cost=None), None, by_mip) is None
    whole = solve_apart(two_countries(Floor((), 20.0)), None, by_mip)  # all sites: falls apart
    assert whole is not None
    assert whole.objective == -4


def test_a_tree_that_is_cut_short_keeps_a_bound_that_holds() -> None:
    """The triangle: each pair of candidates shares a site, so that a point of halves has it all."""
    rows = [[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5]]
    cover = cover_of(rows, [1.0] * 6, [1] * 6, 6)
    side = Side(np.arange(6), np.ones(6), -np.inf, 3.0)
    program = Program(cover, np.zeros(6), np.ones(6), (side,))
    start = np.array([0, 3])
    bounds = [Tree(program, start, Clock()).run(nodes) for nodes in (1, 2, 400)]
    assert [result.objective <= 5 <= result.bound for result in bounds] == [True] * 3
    assert bounds[0].stopped_by == "search_limit"
    assert (bounds[-1].objective, bounds[-1].bound, bounds[-1].stopped_by) == (5, 5, "proved")
