"""Every question against all plans of random problems: same optimum, and a bound that holds."""

import os
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from planning import Case

from coverage_analyzer.errors import InfeasibleError
from coverage_analyzer.siting import infeasible, optimise
from coverage_analyzer.siting.question import Question

CASES: Final = int(os.environ.get("SITING_CASES", "15"))
"""Problems for each question; ``make fuzz-siting`` takes 500."""


def _drawn(case: Case) -> tuple[str, ...]:
    return (str(case.random.choice(case.ids)),)


QUESTIONS: Final[dict[str, Callable[[Case], Question]]] = {
    "new": lambda c: Question(new=int(c.random.integers(0, 5))),
    "budget": lambda c: Question(budget=float(c.random.integers(0, 12))),
    "new_and_budget": lambda c: Question(new=2, budget=float(c.random.integers(0, 8))),
    "max_per_country": lambda c: Question(new=4, max_per_country=int(c.random.integers(0, 3))),
    "min_number": lambda _: Question(new=4, min_per_country=1),
    "min_share": lambda c: Question(
        new=4, min_per_country=float(c.random.uniform(0.1, 0.9)), min_is_share=True
    ),
    "force": lambda c: Question(new=2, force=_drawn(c)),
    "forbid": lambda c: Question(new=2, forbid=_drawn(c)),
    "cover": lambda c: Question(cover=float(c.random.choice([0.3, 0.8, 0.95, 1.0]))),
    "cover_per_country": lambda _: Question(cover=0.8, per_country=True),
    "cover_capped": lambda _: Question(cover=0.7, max_per_country=2),
    "backup": lambda _: Question(new=3, backup=True),
    "close": lambda c: Question(close=int(c.random.integers(0, 3))),
    "swap": lambda c: Question(swap=int(c.random.integers(0, 3))),
}


def _case(name: str, seed: int) -> Case:
    existing = 3 if name in {"close", "swap"} else 0
    case = Case(seed, existing=existing, backup=name == "backup")
    if name == "close":
        case.reach, case.country = case.reach[:, :3], case.country[:3]
        case.cost, case.existing = case.cost[:3], case.existing[:3]
    return case


@pytest.mark.parametrize("name", QUESTIONS)
def test_optimum_of_each_question(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other problem takes the way of large ones: linear program, fixing, what is left."""
    small = optimise.SMALL_PAIRS
    for seed in range(CASES):
        monkeypatch.setattr(optimise, "SMALL_PAIRS", small if seed % 2 else -1)
        case = _case(name, seed)
        question = QUESTIONS[name](case)
        plans = list(case.plans(question))
        try:
            setting = case.setting(question)
            infeasible.check(setting)
            setting, solution = case.solve(question)
        except InfeasibleError:
            assert not plans, (name, seed)
            continue
        if not plans:
            assert solution.plan is None, (name, seed)
            continue
        assert solution.plan is not None, (name, seed)
        plan = tuple(solution.plan.tolist())
        assert plan in plans or question.min_per_country, (name, seed, plan)
        if question.cover is not None:
            fewest = min(map(len, plans))
            assert (len(plan), -solution.bound) == (fewest, fewest), (name, seed)
            continue
        best = max(map(case.value, plans))
        assert np.isclose(case.value(plan), best, rtol=1e-12, atol=1e-9), (name, seed)
        assert np.isclose(solution.bound / setting.scale, best, rtol=1e-9, atol=1e-9), (name, seed)


def test_the_search_alone_is_often_not_optimal() -> None:
    """Otherwise these problems would show nothing of the proof."""
    missed = 0
    for seed in range(200):
        case = Case(seed)
        order: list[int] = []
        for _ in range(2):
            rest = [i for i in range(len(case.ids)) if i not in order]
            if rest:
                order.append(max(rest, key=lambda i: case.value((*order, i))))
        best = max(map(case.value, case.plans(Question(new=2))))
        missed += case.value(tuple(order)) < best - 1e-9
    assert missed >= 10


@pytest.mark.parametrize("seed", range(20))
def test_alternatives_are_the_next_best_plans(seed: int) -> None:
    """The second plan is the best of those that lack a center of the first, twins being one."""
    from coverage_analyzer.siting.clock import Clock
    from coverage_analyzer.siting.planner import alternatives

    case = Case(seed)
    question = Question(new=2, alternatives=3)
    setting, first = case.solve(question)
    result: tuple[Any, ...] = alternatives(setting, first, Clock())
    own = {int(i) for i in setting.twin}
    every = [p for p in case.plans(Question(new=2)) if set(p) <= own]
    earlier: list[set[int]] = []
    for solution in result:
        left = [p for p in every if all(e - set(p) for e in earlier)]
        assert np.isclose(solution.objective / setting.scale, max(map(case.value, left)))
        assert np.isclose(solution.bound, solution.objective)
        earlier.append(set(solution.plan.tolist()))
    assert len(result) >= 1
