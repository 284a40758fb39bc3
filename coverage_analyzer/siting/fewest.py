"""As few centers as possible that serve enough weight: a good plan, before it is proved."""

from typing import Final

import numpy as np

from coverage_analyzer.arrays import Ints
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Program
from coverage_analyzer.siting.search import Rules, enterable, search

ROUNDS: Final = 30
"""How often a plan of one center fewer is disturbed before the search gives up."""


MOST_ENTRIES: Final = 500_000
"""Entries of the table of exchanges; larger ones are not searched."""


def few(program: Program, rules: Rules, clock: Clock) -> Ints | None:
    """Return a plan that keeps all least weights, of few centers; None if none is found.

    Parameters
    ----------
    program
        The question, with `Program.cost`.
    rules
        Forced candidates and caps; the size is ignored.
    clock
        Ends the search early.
    """
    plan = _greedy(program, rules)
    if plan is None:
        return None
    plan = _prune(program, plan, rules.forced)
    while len(program.floors) == 1 and len(plan) > max(len(rules.forced), 1) and not clock.over:
        smaller = Rules(len(plan) - 1, rules.forced, rules.allowed, rules.group, rules.cap)
        if smaller.size * program.cover.n_candidates > MOST_ENTRIES:
            break
        plan_found = search(program.cover, smaller, rounds=ROUNDS, seed=1, clock=clock)
        if not program.allows(plan_found):
            break
        plan = _prune(program, plan_found, rules.forced)
    return plan


def _greedy(program: Program, rules: Rules) -> Ints | None:
    """Return a plan: always the candidate that adds most where weight is missing."""
    cover = program.cover
    if not program.floors:
        return rules.forced
    inside = np.stack([floor.rows(cover) for floor in program.floors])
    turned = cover.matrix().T.tocsr()
    plan = rules.forced.tolist()
    counts = cover.counts(rules.forced)
    while True:
        served = counts >= cover.need
        missing = [
            floor.weight - cover.weight[rows & served].sum() > 1e-9 * max(floor.weight, 1)
            for floor, rows in zip(program.floors, inside, strict=True)
        ]
        if not any(missing):
            return np.sort(np.array(plan, np.int64))
        missing_sites = inside[np.array(missing)].any(axis=0) & ~served
        score = np.asarray(turned @ np.where(missing_sites, cover.weight, 0.0))
        score[~enterable(rules, plan)] = -np.inf
        best = int(score.argmax())
        if not score[best] > 0:
            return None
        plan.append(best)
        start, end = turned.indptr[best], turned.indptr[best + 1]
        counts[turned.indices[start:end]] += 1


def _prune(program: Program, plan: Ints, forced: Ints) -> Ints:
    """Return a plan without centers that it does not need, the least useful first."""
    cover, kept = program.cover, plan
    alone = cover.alone()
    for candidate in plan[np.argsort(alone[plan], kind="stable")].tolist():
        if candidate not in forced and program.allows(kept[kept != candidate]):
            kept = kept[kept != candidate]
    return kept
