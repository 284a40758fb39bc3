"""Questions that fall into parts: each part solved for itself, and the answers put together.

Where the cost of a plan is minimised and each limit is about one country, no center of one country
matters to another one; where every site must be served, no center matters to a site that is not
connected with it by others. Parts are small, and small ones are solved exactly.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Ints, distinct
from coverage_analyzer.siting.cover import Cover, Floor, Program, Solution
from coverage_analyzer.siting.remainder import Remainder

WORST: Final = ("proved", "search_limit", "time_limit", "interrupt")
"""How parts end, the least welcome last."""

Solve = Callable[[Program, Ints | None], Solution]


def solve_apart(program: Program, start: Ints | None, solve: Solve) -> Solution | None:
    """Return the answer from those of the parts; None if the question does not fall into parts.

    Parameters
    ----------
    program
        A question with a cost.
    start
        A plan that keeps all limits.
    solve
        Answers a part, from a plan to begin with.
    """
    part = _parts(program) if program.cost is not None else np.zeros(0, np.int64)
    n_parts = int(part.max(initial=-1)) + 1
    if n_parts < 2:
        return None
    parts = []
    for number in range(n_parts):
        small = Remainder(_part(program, part, number))
        own = None if start is None else small.part(start)
        solution = solve(small.program, own)
        if solution.plan is None:
            return Solution(None, -np.inf, -np.inf, solution.stopped_by)
        parts.append((small, solution))
    return _join(program, parts)


def _join(program: Program, parts: list[tuple[Remainder, Solution]]) -> Solution:
    """Return the answers of all parts as one."""
    none = np.zeros(0, np.int64)
    plan = distinct(
        np.concatenate([none, *(s.plan(x.plan) for s, x in parts if x.plan is not None)])
    )
    bound = sum(x.bound for _, x in parts) - _cost(program, parts)
    ended = max((x.stopped_by for _, x in parts), key=WORST.index)
    value = program.objective(plan)
    return Solution(plan, value, max(float(bound), value), ended)


def _cost(program: Program, parts: list[tuple[Remainder, Solution]]) -> float:
    """Return the cost of the candidates that are fixed, each once."""
    if program.cost is None:
        return 0.0
    fixed = distinct(np.concatenate([small.fixed for small, _ in parts]))
    return float(program.cost[fixed].sum())


def _part(program: Program, part: Ints, number: int) -> Program:
    """Return the question of one part: its rows, its candidates, its limits."""
    cover, mine = program.cover, part == number
    rows = np.flatnonzero(_row_part(cover, part) == number)
    return dataclasses.replace(
        program,
        cover=cover.take(rows),
        high=np.where(mine, program.high, program.low),
        sides=tuple(side for side in program.sides if mine[side.index].any()),
        floors=tuple(_floors(program, rows)),
    )


def _floors(program: Program, rows: Ints) -> list[Floor]:
    """Return the least weights of some rows."""
    cover = program.cover
    if _all_must(program):
        return [Floor((), float(cover.weight[rows].sum()))]
    return [
        floor for floor in program.floors if floor.rows(cover)[rows].any() or not len(floor.groups)
    ]


def _all_must(program: Program) -> bool:
    """Return whether the only least weight is that of all rows."""
    cover = program.cover
    whole = [floor for floor in program.floors if not floor.groups]
    return len(program.floors) == 1 == len(whole) and whole[0].weight >= cover.total * (1 - 1e-12)


def _row_part(cover: Cover, part: Ints) -> Ints:
    """Return the part of each row, -1 for one that nothing reaches; shape (rows,)."""
    full = np.diff(cover.start) > 0
    first = np.append(cover.candidate, 0)[np.minimum(cover.start[:-1], len(cover.candidate))]
    return np.where(full, part[first], -1)


def _parts(program: Program) -> Ints:
    """Return the number of the part of each candidate, -1 for one that reaches nothing.

    Candidates are of one part if they reach one row, if one limit is about them, or if one least
    weight is about rows of theirs.
    """
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    cover, m = program.cover, program.cover.n_candidates
    row = np.repeat(np.arange(len(cover)), np.diff(cover.start))
    ends: list[tuple[Any, Any]] = [(m + row, cover.candidate)]
    node = m + len(cover)
    for side in program.sides:
        ends.append((np.full(len(side.index), node), side.index))
        node += 1
    for floor in () if _all_must(program) else program.floors:
        inside = np.flatnonzero(floor.rows(cover))
        ends.append((np.full(len(inside), node), m + inside))
        node += 1
    a, b = (np.concatenate([pair[i] for pair in ends]) for i in (0, 1))
    graph = sparse.coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(node, node))
    label = connected_components(graph, directed=False)[1][:m]
    used = np.zeros(m, np.bool_)
    used[cover.candidate] = True
    result = np.full(m, -1)
    _, result[used] = np.unique(label[used], return_inverse=True)
    return result
