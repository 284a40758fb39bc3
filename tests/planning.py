"""Small planning problems, and all of their plans: a reference that knows no shortcuts."""

import itertools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from coverage_analyzer.siting import pairs
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Solution
from coverage_analyzer.siting.pairs import Covering
from coverage_analyzer.siting.planner import solved
from coverage_analyzer.siting.question import Question
from coverage_analyzer.siting.reduction import merged
from coverage_analyzer.siting.setting import Places, Setting

Matrix = npt.NDArray[np.bool_]

CODES: Final = ["", "AA", "BB", "CC"]


class Case:
    """Sites that candidates reach, as a matrix; the first ``existing`` columns are open centers."""

    def __init__(self, seed: int, *, existing: int = 0, backup: bool = False) -> None:
        random = np.random.default_rng(seed)
        n, m = int(random.integers(1, 40)), int(random.integers(1, 10)) + existing
        self.country = np.sort(random.integers(1, 4, m)).astype(np.int16)
        if existing or seed % 2:
            self.country[:] = 1
        self.site_country = random.integers(1, 4, n).astype(np.int16)
        self.reach: Matrix = random.random((n, m)) < random.uniform(0.15, 0.45)
        if not existing:
            self.reach &= self.site_country[:, None] == self.country
        self.site_country[:] = np.where(
            self.reach.any(axis=1), self.country[self.reach.argmax(axis=1)], self.site_country
        )
        if m > 3 and seed % 3 == 0:  # a twin
            self.reach[:, m - 1] = self.reach[:, m - 2]
            self.country[m - 1] = self.country[m - 2]
        self.weight = random.integers(0, 12, n).astype(np.float64)
        if seed % 4 == 1:
            self.weight /= 10
        if m > 2 and seed % 3 == 2:
            self._mislead()
        self.need = random.integers(1, 3, n) if backup else np.ones(n, np.int64)
        self.cost = random.integers(1, 5, m).astype(np.float64)
        self.existing = np.arange(m) < existing
        self.random = random

    def _mislead(self) -> None:
        """Let the first place be the best alone, and none of the best two plans have it."""
        n = len(self.weight)
        half, third = n // 2, n // 6
        self.country[:3] = self.country[0]
        self.reach[:, :3] = False
        self.reach[third : n - third, 0] = True
        self.reach[:half, 1] = self.reach[half:, 2] = True
        self.site_country[:] = self.country[0]
        self.reach &= self.site_country[:, None] == self.country

    @property
    def ids(self) -> tuple[str, ...]:
        """What the places are called."""
        return tuple(f"K{i:02d}" for i in range(len(self.country)))

    def setting(self, question: Question) -> Setting:
        """Return a question about the case."""
        m = len(self.country)
        places = Places(
            self.ids,
            ("",) * m,
            np.zeros(m),
            np.zeros(m),
            self.country,
            self.cost,
            np.ones(m, np.bool_),
            self.existing,
            np.zeros(m, np.bool_),
        )
        demand = SimpleNamespace(
            matcher=SimpleNamespace(world=SimpleNamespace(names=SimpleNamespace(codes=CODES)))
        )
        counts = self.reach.sum(axis=1)
        cover = Cover(
            np.concatenate([[0], np.cumsum(counts)]),
            np.nonzero(self.reach)[1].astype(np.int32),
            self.weight,
            self.need.astype(np.int8),
            self.site_country,
            m,
            0.0,
        )
        useful = np.flatnonzero((counts >= self.need) & (self.weight > 0))
        whole, scale = pairs.scaled(merged(cover.take(useful)))
        return Setting(
            question,
            cast("Any", demand),
            places,
            np.arange(len(self.weight)),
            self.need.astype(np.int8),
            Covering(whole, self.reach.sum(axis=0), counts),
            whole,
            scale,
            np.array([self.ids.index(i) for i in question.force], np.int64),
            np.array([self.ids.index(i) for i in question.forbid], np.int64),
            np.arange(m),
            np.full(m, -1),
        ).reduced()

    def solve(self, question: Question) -> tuple[Setting, Solution]:
        """Return the answer of the optimiser."""
        question.check()
        setting = self.setting(question)
        return setting, solved(setting, Clock())

    def value(self, plan: tuple[int, ...]) -> float:
        """Return the weight that a plan serves."""
        return float(self.weight[self.reach[:, list(plan)].sum(axis=1) >= self.need].sum())

    def coverable(self, country: int = 0) -> float:
        """Return the weight that all places together serve, in one country or in all."""
        inside = (self.site_country == country) | (country == 0)
        return float(self.weight[(self.reach.sum(axis=1) >= self.need) & inside].sum())

    def value_in(self, plan: tuple[int, ...], country: int) -> float:
        """Return the weight that a plan serves in a country."""
        served = self.reach[:, list(plan)].sum(axis=1) >= self.need
        return float(self.weight[served & (self.site_country == country)].sum())

    def countries(self) -> list[int]:
        """Return the countries with weight that can be gained."""
        return [c for c in (1, 2, 3) if self.coverable(c) > 0]

    def plans(self, question: Question) -> Iterator[tuple[int, ...]]:
        """Yield every plan that keeps the limits of a question."""
        places = range(len(self.country))
        for size in range(len(self.country) + 1):
            for plan in itertools.combinations(places, size):
                if self._allows(plan, question):
                    yield plan

    def _allows(self, plan: tuple[int, ...], question: Question) -> bool:
        names = {self.ids[i] for i in plan}
        opened = [i for i in plan if not self.existing[i]]
        closed = int(self.existing.sum()) - (len(plan) - len(opened))
        checks = [
            set(question.force) <= names and not set(question.forbid) & names,
            question.new is None or len(opened) <= question.new,
            question.budget is None or self.cost[opened].sum() <= question.budget,
            question.close is None or (closed == question.close and not opened),
            question.swap is None or len(opened) <= min(question.swap, closed),
            *self._by_country(plan, question),
        ]
        return all(checks)

    def _by_country(self, plan: tuple[int, ...], question: Question) -> Iterator[bool]:
        counts = np.bincount(self.country[list(plan)], minlength=4)
        if question.max_per_country is not None:
            yield bool((counts <= question.max_per_country).all())
        share = question.min_per_country if question.min_is_share else question.cover
        if question.min_per_country and not question.min_is_share:
            gains = self.reach & (self.weight > 0)[:, None]
            named = np.unique(self.country[gains.any(axis=0)])
            useful = gains.any(axis=0)
            counts = np.bincount(self.country[[i for i in plan if useful[i]]], minlength=4)
            yield bool((counts[named] >= question.min_per_country).all())
        elif share is not None and (question.per_country or question.cover is None):
            for c in self.countries():
                yield self.value_in(plan, c) >= share * self.coverable(c) - 1e-9
        elif share is not None:
            yield self.value(plan) >= share * self.coverable() - 1e-9
