"""Plans by greedy choice and exchange: fast and good, proved by others (`bounds`, `mip`).

For each row the search keeps the number of open centers that reach it and the sum of their slots,
so that with one center its slot is known. For each candidate ``gain`` is the weight of the rows
without a center that it reaches; for each slot ``loss`` is the weight that only that slot serves,
and ``shared[slot, candidate]`` the part of it that the candidate reaches, too. To put candidate i
into slot a then gains exactly ``gain[i] + shared[a, i] - loss[a]``: all exchanges are one scan of a
table, and an exchange changes only the rows of two candidates. No choice depends on time; ties go
to the first candidate.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Places

EMPTY: Final = -1
"""A slot without a candidate."""

DRAWN: Final = 40
"""Random candidates of which a disturbed slot takes the best."""

KEEP_WORSE: Final = 0.3
"""Share of slightly worse plans from which the search goes on."""


COUNTED: Final = 4
"""Entries of the table for each change of one, up to which all are counted at once."""

TINY: Final = 1e-9
"""Relative differences that are only rounding."""


@dataclass(frozen=True)
class Rules:
    """What an exchange must keep.

    Attributes
    ----------
    size
        Number of slots.
    forced
        Candidates that stay, ascending.
    allowed
        Whether a candidate may be chosen, shape (candidates,).
    group, cap
        Group of each candidate, and the greatest number of chosen ones in each group; None without
        caps.
    cost, budget
        Cost of each candidate, and what all may cost together; None without a budget.
    """

    size: int
    forced: Ints
    allowed: Bools
    group: Ints | None = None
    cap: Ints | None = None
    cost: Floats | None = None
    budget: float = np.inf


class Exchange:
    """A plan that is being improved.

    Parameters
    ----------
    cover
        Who reaches whom; rows need one center.
    rules
        What holds for the plan.
    """

    def __init__(self, cover: Cover, rules: Rules) -> None:
        self.cover, self.rules = cover, rules
        self._first, self._rows = cover.by_candidate()
        m, p = cover.n_candidates, rules.size
        self.slots = np.full(p, EMPTY, np.int64)
        self.count = np.zeros(len(cover), np.int64)
        self.owner = np.zeros(len(cover), np.int64)
        self.gain = cover.alone()
        self.loss = np.zeros(p)
        self.shared = np.zeros((p, m))
        self.value = 0.0
        self._open = np.zeros(m, np.bool_)
        self.fixed = np.zeros(p, np.bool_)
        for slot, candidate in enumerate(rules.forced.tolist()):
            self.put(slot, candidate)
            self.fixed[slot] = True

    @property
    def plan(self) -> Ints:
        """The chosen candidates, ascending."""
        return np.sort(self.slots[self.slots != EMPTY])

    def rows_of(self, candidate: int) -> Places:
        """Return the rows that a candidate reaches."""
        return self._rows[self._first[candidate] : self._first[candidate + 1]]

    def put(self, slot: int, candidate: int) -> None:
        """Put a candidate, or `EMPTY`, into a slot in place of what is there."""
        old = int(self.slots[slot])
        if old != EMPTY:
            self._change(self.rows_of(old), slot, -1)
            self._open[old] = False
        if candidate != EMPTY:
            self._change(self.rows_of(candidate), slot, 1)
            self._open[candidate] = True
        self.slots[slot] = candidate

    def _change(self, rows: Places, slot: int, by: int) -> None:
        """Count a center of a slot more or less for some rows."""
        if not len(rows):
            return
        before = self.count[rows]
        single = rows[before == 1]
        if by > 0:
            fresh = rows[before == 0]
            self._add_gain(fresh, -1)
            self._add_shared(single, -1)
        else:
            self._add_shared(single, -1)
            fresh = single
            self._add_gain(fresh, 1)
        self.count[rows] = before + by
        self.owner[rows] += by * slot
        weight = float(self.cover.weight[fresh].sum())
        self.value += by * weight
        if by > 0:
            self._add_shared(fresh, 1)
        else:
            self._add_shared(rows[before == 2], 1)

    def _pairs(self, rows: Places) -> tuple[Ints, Places]:
        """Return all pairs of some rows: the position in ``rows``, and the candidate."""
        first = self.cover.start[rows]
        place, at = expand_ranges(first, self.cover.start[rows + 1] - first)
        return place, self.cover.candidate[at]

    def _add_gain(self, rows: Places, sign: int) -> None:
        place, candidate = self._pairs(rows)
        weights = (sign * self.cover.weight[rows])[place]
        self.gain += np.bincount(candidate, weights=weights, minlength=len(self.gain))

    def _add_shared(self, rows: Places, sign: int) -> None:
        """Add or remove rows that exactly one slot serves."""
        if not len(rows):
            return
        slots, weights = self.owner[rows], sign * self.cover.weight[rows]
        self.loss += np.bincount(slots, weights=weights, minlength=len(self.loss))
        place, candidate = self._pairs(rows)
        at = slots[place] * len(self.gain) + candidate
        flat = self.shared.reshape(-1)
        if flat.size < COUNTED * len(at):
            flat += np.bincount(at, weights=weights[place], minlength=flat.size)
        else:
            np.add.at(flat, at, weights[place])

    def fill(self) -> None:
        """Fill empty slots, each with the candidate that gains most."""
        for slot in np.flatnonzero(self.slots == EMPTY).tolist():
            score = np.where(self.may_enter(EMPTY), self._by_cost(self.gain), -np.inf)
            best = int(score.argmax())
            if not score[best] > 0:
                return
            self.put(slot, best)

    def _by_cost(self, gain: Floats) -> Floats:
        cost = self.rules.cost
        return gain if cost is None else gain / np.maximum(cost, 1e-9)

    def may_enter(self, leaving: int) -> Bools:
        """Return which candidates may take the place of one, shape (candidates,)."""
        rules, may = self.rules, self.rules.allowed & ~self._open
        plan = self.slots[(self.slots != EMPTY) & (self.slots != leaving)]
        if rules.group is not None and rules.cap is not None:
            used = np.bincount(rules.group[plan], minlength=len(rules.cap))
            may &= (used < rules.cap)[rules.group]
        if rules.cost is not None:
            may &= rules.cost <= rules.budget - rules.cost[plan].sum() + TINY
        return may

    def exchange(self) -> bool:
        """Make the best exchange; return whether there was one that gains."""
        gains = self.shared + self.gain
        gains -= self.loss[:, None]
        gains[:, ~self.rules.allowed | self._open] = -np.inf
        gains[self.fixed | (self.slots == EMPTY)] = -np.inf
        if self.rules.group is not None or self.rules.cost is not None:
            for slot in np.flatnonzero(~self.fixed & (self.slots != EMPTY)).tolist():
                gains[slot, ~self.may_enter(int(self.slots[slot]))] = -np.inf
        if not gains.size:
            return False
        slot, candidate = divmod(int(gains.argmax()), gains.shape[1])
        if not gains[slot, candidate] > TINY * max(1.0, self.value):
            return False
        self.put(slot, candidate)
        return True

    def descend(self) -> None:
        """Exchange and fill until nothing gains."""
        self.fill()
        while self.exchange():
            self.fill()

    def state(self) -> tuple[Any, ...]:
        """Return what `restore` brings back."""
        kept = (self.slots, self.count, self.owner, self.gain, self.loss, self.shared, self._open)
        return (*(a.copy() for a in kept), self.value)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Bring back an earlier state."""
        kept = (self.slots, self.count, self.owner, self.gain, self.loss, self.shared, self._open)
        for array, old in zip(kept, state, strict=False):
            np.copyto(array, old)
        self.value = float(state[-1])

    def disturb(self, random: np.random.Generator) -> None:
        """Put other candidates into two to four neighbouring slots, each the best of some."""
        movable = np.flatnonzero(~self.fixed & (self.slots != EMPTY))
        if not len(movable):
            return
        first = int(random.choice(movable))
        near = self._near(first, movable)[: int(random.integers(2, 5))]
        for slot in near.tolist():
            may = np.flatnonzero(self.may_enter(int(self.slots[slot])))
            if not len(may):
                continue
            sample = random.choice(may, min(DRAWN, len(may)), replace=False)
            score = self.gain[sample] + self.shared[slot, sample]
            self.put(slot, int(sample[score.argmax()]))

    def _near(self, slot: int, movable: Ints) -> Ints:
        """Return movable slots, those that could serve most of a slot's rows first."""
        overlap = self.shared[slot, self.slots[movable]] + self.shared[movable, self.slots[slot]]
        overlap[movable == slot] = np.inf
        return np.asarray(movable[np.argsort(-overlap, kind="stable")])


def search(
    cover: Cover, rules: Rules, *, rounds: int, seed: int, clock: Clock, start: Ints | None = None
) -> Ints:
    """Return a good plan: greedy, exchanges, then disturbed and improved a number of times.

    Parameters
    ----------
    cover
        Rows that need one center.
    rules
        What holds for the plan.
    rounds
        How often it is disturbed.
    seed
        Of the random numbers.
    clock
        Ends the search early if the time is over.
    start
        A plan that keeps the rules, to begin with; by default the forced candidates.
    """
    work = Exchange(cover, rules)
    if start is not None:
        more = np.setdiff1d(start, rules.forced)
        for slot, candidate in enumerate(more.tolist(), len(rules.forced)):
            work.put(slot, candidate)
    work.descend()
    best, best_plan = work.value, work.plan
    random = np.random.default_rng(seed)
    base = work.state()
    for _ in range(rounds):
        if clock.over:
            break
        value = float(base[-1])
        work.disturb(random)
        work.descend()
        if work.value > best * (1 + TINY):
            best, best_plan = work.value, work.plan
        near = work.value >= best * 0.999 and random.random() < KEEP_WORSE
        if work.value >= value or near:
            base = work.state()
        else:
            work.restore(base)
    return best_plan


def first_of_equals(cover: Cover, rules: Rules, plan: Ints) -> Ints:
    """Return the first of equal plans: each center in turn is the first that is as good.

    A center is replaced by the first candidate before it with which the plan gains as much, until
    none can be. So the choice among equal plans depends on the ids alone.

    Parameters
    ----------
    cover, rules
        As for `search`.
    plan
        A plan that keeps the rules.
    """
    work = Exchange(cover, dataclasses.replace(rules, size=max(len(plan), len(rules.forced))))
    for slot, candidate in enumerate(np.setdiff1d(plan, rules.forced), len(rules.forced)):
        work.put(slot, int(candidate))
    changed = True
    while changed:
        changed = False
        for slot in np.flatnonzero(~work.fixed & (work.slots != EMPTY)).tolist():
            now = int(work.slots[slot])
            less = work.loss[slot] - work.gain[:now] - work.shared[slot, :now]
            may = work.may_enter(now)[:now] & (less <= TINY * max(1.0, work.value))
            if may.any():
                work.put(slot, int(may.argmax()))
                changed = True
    return work.plan


def search_backup(cover: Cover, rules: Rules, *, clock: Clock) -> Ints:
    """Return a good plan where rows may need two centers: greedy with half credit, exchanges.

    Parameters
    ----------
    cover, rules, clock
        As for `search`.
    """
    matrix = cover.matrix()
    turned = matrix.T.tocsr()
    plan = rules.forced.tolist()
    while len(plan) < rules.size:
        left = cover.need - cover.counts(np.array(plan, np.int64))
        credit = np.where(left == 1, 1.0, np.where(left > 1, 0.5, 0.0))
        score = np.asarray(turned @ (credit * cover.weight))
        score[~enterable(rules, plan)] = -np.inf
        best = int(score.argmax())
        if not score[best] > 0:
            break
        plan.append(best)
    return np.sort(np.array(_improve(cover, rules, turned, plan, clock), np.int64))


def enterable(rules: Rules, plan: list[int]) -> Bools:
    """Return which candidates may join a plan, shape (candidates,)."""
    may = rules.allowed.copy()
    may[plan] = False
    if rules.group is not None and rules.cap is not None:
        may &= (np.bincount(rules.group[plan], minlength=len(rules.cap)) < rules.cap)[rules.group]
    if rules.cost is not None:
        may &= rules.cost <= rules.budget - rules.cost[plan].sum() + TINY
    return may


def _improve(cover: Cover, rules: Rules, turned: Any, plan: list[int], clock: Clock) -> list[int]:
    """Return a plan after exchanges of one center, each the best for its place."""
    value, changed = cover.value(np.array(plan, np.int64)), True
    while changed and not clock.over:
        changed = False
        for at in range(len(rules.forced), len(plan)):
            rest = plan[:at] + plan[at + 1 :]
            left = cover.need - cover.counts(np.array(rest, np.int64))
            gain = np.asarray(turned @ np.where(left == 1, cover.weight, 0.0))
            gain[~enterable(rules, rest)] = -np.inf
            best = int(gain.argmax())
            new = cover.value(np.array([*rest, best], np.int64)) if gain[best] > 0 else value
            if new > value * (1 + TINY):
                plan[at], value, changed = best, new, True
    return plan
