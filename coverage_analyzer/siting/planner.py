"""From sites, centers and candidates to a plan that the matcher has verified."""

import dataclasses
import logging
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import CoverageError, require
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.siting import infeasible
from coverage_analyzer.siting.candidates import Candidates, generated
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Side, Solution
from coverage_analyzer.siting.curve import Point, curve
from coverage_analyzer.siting.demand import (
    WANTING,
    Demand,
    SiteTable,
    joined,
    with_centers,
)
from coverage_analyzer.siting.fewest import few
from coverage_analyzer.siting.optimise import Effort, optimise
from coverage_analyzer.siting.pairs import plan_sites
from coverage_analyzer.siting.question import Question
from coverage_analyzer.siting.setting import Places, Setting

log = logging.getLogger(__name__)

NO_CANDIDATES: Final = Candidates(
    (), (), np.zeros(0), np.zeros(0), np.zeros(0, np.int16), np.zeros(0, np.int8), np.zeros(0)
)


@dataclass(frozen=True)
class Gains:
    """The sites that a plan gains, in the order of the sites; shape (n,) each.

    Attributes
    ----------
    site
        Position of the site.
    rank
        Position in the order of the plan of the first center that reaches it.
    """

    site: Ints
    rank: Ints


@dataclass(frozen=True)
class Plan:
    """An answer.

    Attributes
    ----------
    setting
        The question in numbers.
    candidates
        All candidates.
    order
        Positions of the chosen places: opened ones, the one that gains most first; for ``close``
        and ``swap`` behind them the closed ones, the one that loses least first.
    closed
        How many of them, at the end, are closed.
    gains
        The sites that opened centers gain.
    objective, bound
        In weights as given, or numbers of centers for ``cover``.
    stopped_by
        As in `Solution`.
    curve
        The best plans of 1, 2 ... centers, if asked.
    alternatives
        Further plans with their bounds, the best first, if asked.
    """

    setting: Setting
    candidates: Candidates
    order: Ints
    closed: int
    gains: Gains
    objective: float
    bound: float
    stopped_by: str
    curve: tuple[Point, ...] = ()
    alternatives: tuple[Solution, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def gap(self) -> float:
        """Share of the bound that is not proved to be out of reach; 0 where nothing is gained."""
        if self.setting.question.kind == "cover":
            return (self.objective - self.bound) / self.objective if self.objective else 0.0
        return (self.bound - self.objective) / self.bound if self.bound > 0 else 0.0

    @property
    def opened(self) -> Ints:
        """Positions of the opened places, by rank."""
        return self.order[: len(self.order) - self.closed]


def plan(
    table: SiteTable,
    matcher: Matcher,
    candidates: Candidates | None,
    question: Question,
) -> Plan:
    """Return the best plan with its proof.

    Parameters
    ----------
    table
        The sites.
    matcher
        The existing and planned centers, and the rules.
    candidates
        Places where centers may be opened; None to generate them (`candidates.generated`).
    question
        What is wanted.

    Raises
    ------
    CoverageError
        If the matcher counts other sites than the plan, which would be a fault of this program.
    InfeasibleError
        If no plan keeps all limits.
    InputError
        If the question contradicts itself, or the policy measures by road.
    MissingExtraError
        If the extra ``siting`` is not installed.
    """
    question.check()
    require("siting", "highspy", "scipy")
    clock = Clock.of(question.time_limit_s)
    demand = Demand.of(table, matcher)
    log.info("sites: %s", np.bincount(demand.state, minlength=4).tolist())
    if candidates is None:
        candidates = NO_CANDIDATES if question.kind == "close" else _generate(demand)
    places = Places.of(candidates, matcher, question)
    setting = Setting.of(demand, places, question)
    log.info("rows: %d of %d sites", len(setting.cover), len(setting.rows))
    infeasible.check(setting)
    solution = solved(setting, clock)
    if solution.plan is None:
        infeasible.explain(setting, solution)
    answer = _answer(setting, candidates, solution)
    if question.curve or question.nested:
        points = curve(setting, clock, answer.order)
        answer = dataclasses.replace(answer, curve=tuple(points))
    if question.alternatives:
        answer = dataclasses.replace(answer, alternatives=alternatives(setting, solution, clock))
    verify(answer)
    return answer


def _generate(demand: Demand) -> Candidates:
    rows = demand.rows(WANTING)
    sites, weight = demand.table.sites, demand.table.weight
    places = (sites.lon[rows], sites.lat[rows], demand.country[rows], weight[rows])
    return generated(places, demand.matcher.world, demand.matcher.convention)


def solved(setting: Setting, clock: Clock) -> Solution:
    """Return the optimiser's answer."""
    program, rules = setting.program(), setting.rules()
    start = None
    if setting.question.kind == "swap":
        start = np.flatnonzero(setting.places.existing)
    if setting.question.kind == "cover":
        start = few(program, setting.cover_rules(), clock)
    return optimise(program, rules, effort=Effort(), clock=clock, start=start)


def _answer(setting: Setting, candidates: Candidates, solution: Solution) -> Plan:
    """Return the plan in the order of opening, with the sites that it gains."""
    question, places = setting.question, setting.places
    chosen = solution.plan if solution.plan is not None else np.zeros(0, np.int64)
    opened = ranked(setting, chosen[~places.existing[chosen]])
    if not question.min_per_country:
        opened = _without_idle(setting, opened)
    everything = np.flatnonzero(places.existing & ~places.fixed)
    closed = _closing_order(setting, opened, np.setdiff1d(everything, chosen))
    if question.kind == "swap":  # a center that serves nobody need not close
        closed = closed[: len(opened)]
    gains = _gains(setting, opened)
    weight = setting.demand.table.weight
    if question.kind == "cover":
        objective, bound = float(len(opened)), min(-solution.bound, float(len(opened)))
    else:
        objective, bound = solution.objective / setting.scale, solution.bound / setting.scale
    if question.kind in {"new", "budget"}:
        exact = float(weight[gains.site].sum())
        _same(exact, objective)
        proved = solution.bound <= solution.objective
        objective, bound = exact, exact if proved else max(bound, exact)
    order = np.concatenate([opened, closed])
    return Plan(
        setting, candidates, order, len(closed), gains, objective, bound, solution.stopped_by
    )


def _gains(setting: Setting, opened: Ints) -> Gains:
    """Return the sites that opened places gain, each with the rank of the one that completes it."""
    demand = setting.demand
    wanting = demand.state[setting.rows] == WANTING
    at = np.arange(len(setting.rows)) if setting.question.backup else np.flatnonzero(wanting)
    site, place = plan_sites(demand, setting.rows[at], _spots(setting.places, opened))
    starts = np.flatnonzero(np.diff(site, prepend=-1))
    sizes = np.diff(starts, append=len(site))
    need = setting.need[at[site[starts]]].astype(np.int64)
    enough = sizes >= need
    last = starts[enough] + need[enough] - 1
    return Gains(setting.rows[at[site[last]]], place[last])


def _same(counted: float, planned: float) -> None:
    """Raise if two figures that must be equal are not.

    Raises
    ------
    CoverageError
        Which would be a fault of this program.
    """
    if abs(counted - planned) > 1e-6 * max(1.0, abs(planned)):
        msg = (
            f"The plan gains {planned:g}, but its centers reach {counted:g}. This is a fault of "
            f"the program; nothing was written."
        )
        raise CoverageError(msg)


def _spots(places: Places, at: Ints) -> tuple[Floats, Floats, Any]:
    return places.lon[at], places.lat[at], places.country[at]


def ranked(setting: Setting, chosen: Ints) -> Ints:
    """Return chosen places in the order of opening: always the one that gains most next.

    Ties go to the first id. Of a backup the gain is of sites that get their second center; where
    none does, half of what it prepares counts.
    """
    cover, order, left = setting.cover, [], chosen.tolist()
    turned = cover.matrix().T.tocsr()[chosen]
    counts = np.zeros(len(cover), np.int64)
    position = {place: i for i, place in enumerate(left)}
    while left:
        missing = cover.need - counts
        credit = np.where(missing == 1, 1.0, np.where(missing > 1, 1e-6, 0.0))
        score = np.asarray(turned @ (credit * cover.weight))
        best = max(left, key=lambda place: (score[position[place]], -place))
        order.append(best)
        left.remove(best)
        row = turned[position[best]]
        counts[row.indices] += 1
    return np.array(order, np.int64)


def _without_idle(setting: Setting, order: Ints) -> Ints:
    """Return an order without places at its end that gain nothing, except forced ones."""
    cover = setting.cover
    kept = order.tolist()
    while kept and kept[-1] not in setting.forced:
        if cover.value(np.array(kept[:-1], np.int64)) < cover.value(np.array(kept, np.int64)):
            break
        kept.pop()
    return np.array(kept, np.int64)


def _closing_order(setting: Setting, opened: Ints, closed: Ints) -> Ints:
    """Return closed centers in the order of closing: always the one that loses least next."""
    cover, left, order = setting.cover, closed.tolist(), []
    standing = np.concatenate([opened, np.flatnonzero(setting.places.existing)])
    while left:
        values = [cover.value(standing[standing != place]) for place in left]
        best = left[int(np.argmax(values))]
        order.append(best)
        left.remove(best)
        standing = standing[standing != best]
    return np.array(order, np.int64)


def alternatives(setting: Setting, first: Solution, clock: Clock) -> tuple[Solution, ...]:
    """Return plans that differ from each better one, the best first."""
    question, program = setting.question, setting.program()
    solutions = [first]
    while len(solutions) < question.alternatives and not clock.over:
        best = solutions[-1].plan
        if best is None or len(best) < question.differ:
            break
        other = Side(best, np.ones(len(best)), -np.inf, float(len(best) - question.differ))
        program = dataclasses.replace(program, sides=(*program.sides, other))
        solution = optimise(program, None, effort=Effort(rounds=0), clock=clock)
        if solution.plan is None or not solution.objective > 0:
            break
        least = first.objective * (1 - (question.within or 1.0))
        if question.within is not None and solution.objective < least - 1e-9:
            break
        solutions.append(solution)
    return tuple(solutions)


def verify(answer: Plan) -> None:
    """Raise if the deciding function does not give the level to the sites that the plan serves.

    Raises
    ------
    CoverageError
        Which would be a fault of this program.
    """
    setting, demand = answer.setting, answer.setting.demand
    centers = planned_centers(answer)
    if not len(centers):
        return
    rows = setting.rows
    after = with_centers(demand.matcher, centers)
    verdicts = after.match(*demand.table.part(rows))
    served = demand.reach.has_level(verdicts, demand.zone[rows])
    if setting.question.backup:
        rough = ~np.isnan(demand.table.sites.accuracy_m[rows])
        served &= (verdicts.centers_in_reach >= 2) | rough
    if setting.question.kind in {"close", "swap"}:
        _same(float(demand.table.weight[rows[served]].sum()), answer.objective)
        return
    odd = np.setxor1d(rows[served], answer.gains.site)
    if setting.question.backup:
        odd = np.setdiff1d(answer.gains.site, rows[served])
    if len(odd):
        names = ", ".join(repr(demand.table.site_id[i].as_py()) for i in odd[:3].tolist())
        msg = (
            f"The plan gains {len(answer.gains.site):,} sites, but the deciding function differs "
            f"in {len(odd):,} ({names}). Nothing was written."
        )
        raise CoverageError(msg)


def planned_centers(answer: Plan) -> Centers:
    """Return the centers of the plan as if all were open: fixed and opened, without closed ones."""
    setting, places = answer.setting, answer.setting.places
    centers = setting.demand.matcher.centers
    opened = answer.opened
    if answer.closed:
        closed = {places.ids[i] for i in answer.order[len(opened) :].tolist()}
        remaining = [i for i, name in enumerate(centers.center_id) if name not in closed]
        centers = subset(centers, remaining)
    codes = setting.demand.matcher.world.names.codes
    return joined(
        centers,
        tuple(places.ids[i] for i in opened.tolist()),
        places.lon[opened],
        places.lat[opened],
        [codes[places.country[i]] for i in opened.tolist()],
    )


def subset(centers: Centers, kept: list[int]) -> Centers:
    """Return some of the centers, by position."""
    values: dict[str, Any] = {}
    for item in dataclasses.fields(Centers):
        old = getattr(centers, item.name)
        if isinstance(old, tuple):
            values[item.name] = tuple(old[i] for i in kept) if old else old
        else:
            values[item.name] = old[kept]
    return Centers(**values)
