"""A question about sites and candidates turned into a program of the optimiser."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.countries import Numbers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.siting import pairs, reduction
from coverage_analyzer.siting.candidates import Candidates
from coverage_analyzer.siting.cover import Cover, Floor, Program, Side
from coverage_analyzer.siting.demand import COVERED, RULED_OUT, WANTING, Demand, joined
from coverage_analyzer.siting.question import Question, known_ids
from coverage_analyzer.siting.search import Rules

MAX_SLOTS: Final = 400
"""Slots at most of an exchange search whose number of centers is not given."""


@dataclass(frozen=True)
class Places:
    """Candidates, and for some questions the open centers behind them; length n each.

    Attributes
    ----------
    ids, names
        Texts.
    lon, lat
        Degrees on WGS 84, shape (n,).
    country
        Number of the country of each.
    cost
        Of opening each.
    usable
        Whether it may be chosen as far as its country is concerned.
    existing
        Whether it is a center that there is.
    fixed
        Whether it is one that stays: a planned center.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    lon: Floats
    lat: Floats
    country: Numbers
    cost: Floats
    usable: Bools
    existing: Bools
    fixed: Bools

    @classmethod
    def of(cls, candidates: Candidates, matcher: Matcher, question: Question) -> "Places":
        """Return the places that a question is about."""
        n = len(candidates)
        none = np.zeros(n, np.bool_)
        result = cls(
            candidates.candidate_id,
            candidates.name,
            candidates.lon,
            candidates.lat,
            candidates.country,
            candidates.cost,
            candidates.usable,
            none,
            none,
        )
        if question.kind not in {"close", "swap"}:
            return result
        centers, day = matcher.centers, np.datetime64(matcher.as_of, "D")
        serving = np.flatnonzero(~(centers.closes_on <= day))
        k = len(serving)
        keep = slice(0, 0) if question.kind == "close" else slice(None)
        return cls(
            (*result.ids[keep], *(centers.center_id[i] for i in serving.tolist())),
            (*result.names[keep], *(centers.name[i] for i in serving.tolist())),
            np.concatenate([result.lon[keep], centers.lon[serving]]),
            np.concatenate([result.lat[keep], centers.lat[serving]]),
            np.concatenate([result.country[keep], matcher.center_country[serving]]),
            np.concatenate([result.cost[keep], np.zeros(k)]),
            np.concatenate([result.usable[keep], np.ones(k, np.bool_)]),
            np.concatenate([none[keep], np.ones(k, np.bool_)]),
            np.concatenate([none[keep], centers.is_planned(day)[serving]]),
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.ids)


@dataclass(frozen=True)
class Setting:
    """Everything that the optimiser needs, and what its numbers mean.

    Attributes
    ----------
    question, demand, places
        As given; sites that a rule of eligibility keeps from the level are `RULED_OUT`.
    rows
        Positions of the sites that count.
    need
        How many chosen places must reach each of them, shape (rows,).
    covering
        Their pairs, in weights as given.
    cover
        The same in the units of the optimiser.
    scale
        Units of a weight of 1.
    forced, forbidden
        Positions of places, ascending.
    twin
        For each place the first one that reaches the same sites; itself otherwise.
    dominator
        For each place one that reaches the same sites and more, or -1.
    """

    question: Question
    demand: Demand
    places: Places
    rows: Ints
    need: npt.NDArray[np.int8]
    covering: pairs.Covering
    cover: Cover
    scale: float
    forced: Ints
    forbidden: Ints
    twin: Ints
    dominator: Ints

    @classmethod
    def of(cls, demand: Demand, places: Places, question: Question) -> "Setting":
        """Return the setting of a question about places.

        Raises
        ------
        InputError
            If the question names a candidate that there is not.
        """
        demand = _without_ruled_out(demand, places)
        rows, need = _counting_sites(demand, question)
        index = demand.reach.index(places.lon, places.lat, _group(places))
        covering = pairs.covering(demand, rows, index, need)
        cover, scale = pairs.scaled(covering.cover)
        forced = np.array(known_ids(question.force, places.ids, "--force"), np.int64)
        forbidden = np.array(known_ids(question.forbid, places.ids, "--forbid"), np.int64)
        result = cls(
            question,
            demand,
            places,
            rows,
            need,
            covering,
            cover,
            scale,
            forced,
            forbidden,
            np.arange(len(places)),
            np.full(len(places), -1),
        )
        return result.reduced()

    def reduced(self) -> "Setting":
        """Return the setting with twins and dominated places, where the question allows it."""
        question = self.question
        if question.backup or question.kind in {"close", "swap"}:
            return self
        marks = np.zeros((4, len(self.places)))
        marks[0], marks[1] = self.places.country, self.places.cost
        marks[2][self.forced] = marks[3][self.forbidden] = 1
        _, classes = np.unique(marks, axis=1, return_inverse=True)
        classes = classes.reshape(-1)
        twin = reduction.twins(self.cover, classes)
        spared = np.ones(len(self.places), np.bool_)
        if not question.alternatives and not question.min_per_country:
            spared[:] = False
            spared[self.forced] = True
        dominator = reduction.dominated(self.cover, classes, spared)
        return dataclasses.replace(self, twin=twin, dominator=dominator)

    @property
    def new(self) -> Ints:
        """Positions of the places that are candidates."""
        return np.flatnonzero(~self.places.existing)

    @cached_property
    def useful(self) -> Bools:
        """Whether each place reaches weight that counts, shape (places,)."""
        return self.cover.alone() > 0

    @cached_property
    def allowed(self) -> Bools:
        """Whether each place may be chosen, shape (places,)."""
        useful: Bools = self.useful | self.places.existing
        own: Bools = (self.twin == np.arange(len(self.places))) & (self.dominator < 0)
        if self.question.min_per_country and not self.question.min_is_share:
            own[:] = True  # a number of centers needs the twins, too
        result: Bools = self.places.usable & useful & own
        result[self.forbidden] = False
        result[self.forced] = True
        return result

    def most(self) -> int:
        """Return how many new centers there may be at most."""
        question, candidates = self.question, len(self.new)
        if question.swap is not None:
            return min(question.swap, candidates)
        return candidates if question.new is None else min(question.new, candidates)

    def program(self) -> Program:
        """Return the question as the optimiser takes it."""
        allowed, low = self.allowed, np.zeros(len(self.places))
        low[self.forced] = 1
        low[self.places.fixed] = 1
        program = Program(
            self.cover, low, np.where(allowed | (low > 0), 1.0, 0.0), tuple(self._sides())
        )
        floors = tuple(self._floors())
        if self.question.cover is not None:
            return dataclasses.replace(program, floors=floors, cost=np.ones(len(self.places)))
        return dataclasses.replace(program, floors=floors)

    def _sides(self) -> list[Side]:
        question, sides = self.question, []
        new, old = self.new, np.flatnonzero(self.places.existing & ~self.places.fixed)
        if question.kind != "cover":
            sides.append(Side(new, np.ones(len(new)), -np.inf, float(self.most())))
        if question.close is not None:
            left = float(max(len(old) - question.close, 0))
            sides.append(Side(old, np.ones(len(old)), left, left))
        if question.swap is not None:  # as many centers as there are
            both = np.concatenate([new, old])
            sides.append(Side(both, np.ones(len(both)), -np.inf, float(len(old))))
        if question.budget is not None:
            sides.append(Side(new, self.places.cost[new], -np.inf, question.budget))
        return [*sides, *self._sides_by_country()]

    def _sides_by_country(self) -> list[Side]:
        """Return the limits on the number of centers in each country."""
        question, sides = self.question, []
        allowed = np.flatnonzero(self.allowed & ~self.places.existing)
        least = question.min_per_country if not question.min_is_share else None
        for number in self.countries:
            inside = allowed[self.places.country[allowed] == number]
            most = np.inf if question.max_per_country is None else float(question.max_per_country)
            low = -np.inf if not least else float(least)
            if len(inside) > most or low > 0:
                sides.append(Side(inside, np.ones(len(inside)), low, most))
        return sides

    @property
    def countries(self) -> list[int]:
        """Numbers of the countries with a candidate that gains anything, ascending."""
        places = self.places
        gains = self.useful & places.usable & ~places.existing
        gains[self.forbidden] = False
        numbers: list[int] = distinct(places.country[gains]).tolist()
        return numbers

    def _floors(self) -> list[Floor]:
        question = self.question
        if question.cover is not None and not question.per_country:
            return [Floor((), self.least(question.cover, ()))]
        share = question.cover
        if question.min_is_share:
            share = question.min_per_country
        if share is None:
            return []
        return [Floor((n,), self.least(share, (n,))) for n in distinct(self.cover.group).tolist()]

    def least(self, share: float, groups: tuple[int, ...]) -> float:
        """Return the least weight, in units, that is a share of what can be gained in countries."""
        inside = Floor(groups, 0.0).rows(self.cover)
        weight = float(self.cover.weight[inside].sum()) * share
        return float(np.ceil(weight * (1 - 1e-12) - 1e-9)) if self.cover.step else weight

    def rules(self) -> Rules | None:
        """Return the limits as exchanges keep them; None where they cannot."""
        question, places = self.question, self.places
        if question.kind in {"swap", "cover"} or question.min_per_country:
            return None
        forced = np.union1d(self.forced, np.flatnonzero(places.fixed))
        size = self.most()
        if question.close is not None:
            size = max(int(places.existing.sum()) - question.close, len(forced))
        elif question.new is None:
            size = min(size, MAX_SLOTS)
        rules = Rules(max(size, len(forced)), forced, self.allowed)
        if question.max_per_country is not None:
            cap = np.full(int(places.country.max(initial=0)) + 1, question.max_per_country)
            rules = dataclasses.replace(rules, group=places.country.astype(np.int64), cap=cap)
        if question.budget is not None:
            rules = dataclasses.replace(rules, cost=places.cost, budget=question.budget)
        return rules

    def cover_rules(self) -> Rules:
        """Return what a plan of few centers must keep besides its weight."""
        places, question = self.places, self.question
        rules = Rules(len(places), self.forced, self.allowed)
        if question.max_per_country is None:
            return rules
        cap = np.full(int(places.country.max(initial=0)) + 1, question.max_per_country)
        return dataclasses.replace(rules, group=places.country.astype(np.int64), cap=cap)


def _group(places: Places) -> Numbers:
    """Return the country of each place, none for one that may not be chosen."""
    return np.where(places.usable, places.country, -1).astype(np.int16)


def _without_ruled_out(demand: Demand, places: Places) -> Demand:
    """Return the demand without sites that rules of eligibility keep from the level."""
    new = np.flatnonzero(places.usable & ~places.existing).tolist()
    if not new or (demand.table.facts is None and not demand.matcher.gates.everywhere):
        return demand
    codes = [demand.matcher.world.names.codes[places.country[i]] for i in new]
    centers = joined(
        demand.matcher.centers,
        tuple(places.ids[i] for i in new),
        places.lon[new],
        places.lat[new],
        codes,
    )
    rows = demand.rows(WANTING)
    index = demand.reach.index(places.lon, places.lat, _group(places))
    reached = rows[pairs.covering(demand, rows, index).reached > 0]
    out = demand.ruled_out(reached, centers)
    state = demand.state.copy()
    state[out] = RULED_OUT
    return dataclasses.replace(demand, state=state)


def _counting_sites(demand: Demand, question: Question) -> tuple[Ints, npt.NDArray[np.int8]]:
    """Return the sites that count, and how many more centers each needs."""
    if question.kind in {"close", "swap"}:
        rows = demand.rows(WANTING, COVERED)
        return rows, np.ones(len(rows), np.int8)
    if not question.backup:
        rows = demand.rows(WANTING)
        return rows, np.ones(len(rows), np.int8)
    rows = demand.rows(WANTING, COVERED)
    matcher = demand.matcher
    day = np.datetime64(matcher.as_of, "D")
    serving = np.flatnonzero(matcher.centers.is_open(day))
    index = demand.reach.index(
        matcher.centers.lon[serving],
        matcher.centers.lat[serving],
        matcher.center_country[serving],
    )
    have = pairs.covering(demand, rows, index).reached
    left = np.flatnonzero(have < 2)
    return rows[left], (2 - have[left]).astype(np.int8)
