"""The best plan of each size: how much more each further center gains, and where that flattens."""

import dataclasses
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.siting.bounds import Master
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Program, Solution
from coverage_analyzer.siting.optimise import SMALL_PAIRS, TABLE, Effort, Shared, optimise
from coverage_analyzer.siting.search import Rules, first_of_equals, search
from coverage_analyzer.siting.setting import Setting

BLOCKS: Final = 250
"""Columns of weight: fewer than for one question, as each size runs the linear program again."""


class Point(NamedTuple):
    """The best plan of a size, in weights as given.

    Attributes
    ----------
    new
        Number of new centers.
    gained, bound
        What the best plan that was found gains; no plan of this size gains more than the bound.
    nested
        What the plan gains with its first ``new`` centers.
    plan
        The chosen places, ascending.
    """

    new: int
    gained: float
    bound: float
    nested: float
    plan: Ints


def curve(setting: Setting, clock: Clock, order: Ints) -> list[Point]:
    """Return the best plans of 1, 2 ... centers.

    All sizes share one linear program: a cut does not depend on how many centers there may be.

    Parameters
    ----------
    setting
        The question, with the greatest number.
    clock
        Ends the work early; sizes that it leaves out are not returned.
    order
        The opening order of the plan.
    """
    program, shared = setting.program(), None
    if len(program.cover.candidate) > SMALL_PAIRS:
        shared = Shared(Master(program, BLOCKS), 0)
    sizes = np.arange(max(len(setting.forced), 1), setting.most() + 1)
    bounds = np.full(len(sizes), np.inf)
    points: list[Point] = []
    start: Ints | None = None
    for at, size in enumerate(sizes.tolist()):
        if clock.over:
            break
        sized, rules = _of_size(setting, program, size)
        solution = _at_bound(sized, rules, start, float(bounds[at]))
        if solution is None:
            effort = Effort(rounds=0, shared=shared)
            solution = optimise(sized, rules, effort=effort, clock=clock, start=start)
            if shared is not None:
                bounds = np.minimum(bounds, shared.last.for_sizes(sized, 0, sizes))
        if solution.plan is None:
            break
        start = solution.plan
        points.append(_point(setting, size, solution, order))
        if len(points) > 1 and not points[-1].bound > points[-2].gained:
            break  # nothing more can be gained
    return points


def _at_bound(
    program: Program, rules: Rules | None, start: Ints | None, bound: float
) -> Solution | None:
    """Return the answer where exchanges reach a bound that is known from another size."""
    if rules is None or not np.isfinite(bound):
        return None
    if rules.size * program.cover.n_candidates > TABLE:
        return None
    plan = search(program.cover, rules, rounds=0, seed=1, clock=Clock(), start=start)
    if not program.allows(plan) or not program.is_best(program.objective(plan), bound):
        return None
    plan = first_of_equals(program.cover, rules, plan)
    value = program.objective(plan)
    return Solution(plan, value, value, "proved")


def _of_size(setting: Setting, program: Program, size: int) -> tuple[Program, Rules | None]:
    """Return the question and the rules for a number of centers."""
    first, *others = program.sides
    sides = (dataclasses.replace(first, upper=float(size)), *others)
    rules = setting.rules()
    own = None if rules is None else dataclasses.replace(rules, size=size)
    return dataclasses.replace(program, sides=sides), own


def _point(setting: Setting, size: int, solution: Solution, order: Ints) -> Point:
    plan = solution.plan if solution.plan is not None else np.zeros(0, np.int64)
    return Point(
        size,
        solution.objective / setting.scale,
        solution.bound / setting.scale,
        setting.cover.value(order[:size]) / setting.scale,
        plan,
    )


def flattening(gained: Floats) -> dict[str, int]:
    """Return with how many centers half, 90 % and all of the greatest gain are reached.

    Examples
    --------
    >>> flattening(np.array([50.0, 80.0, 95.0, 100.0]))
    {'half': 1, 'most': 3, 'all': 4}
    """
    if not len(gained) or not gained.max() > 0:
        return {}
    shares = {"half": 0.5, "most": 0.9, "all": 1.0}
    top = float(gained.max())
    return {
        name: int(np.flatnonzero(gained >= share * top * (1 - 1e-12))[0]) + 1
        for name, share in shares.items()
    }
