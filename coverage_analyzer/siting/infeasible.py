"""Why no plan keeps all limits, in words."""

import dataclasses
from typing import NoReturn

import numpy as np

from coverage_analyzer.arrays import distinct
from coverage_analyzer.errors import InfeasibleError
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Floor, Program, Solution
from coverage_analyzer.siting.fewest import few
from coverage_analyzer.siting.optimise import Effort, optimise
from coverage_analyzer.siting.search import Rules
from coverage_analyzer.siting.setting import Setting


def check(setting: Setting) -> None:
    """Raise if limits contradict each other whatever the optimiser does.

    Raises
    ------
    InfeasibleError
        With the limits, and by how much they contradict each other.
    """
    problems = [*_forced_conflict(setting), *_centers(setting), *_counts(setting)]
    if problems:
        msg = f"No plan keeps all limits: {'; '.join(problems)}. Loosen one of them."
        raise InfeasibleError(msg)


def _forced_conflict(setting: Setting) -> list[str]:
    """Return how forced candidates break a limit."""
    question, places, problems = setting.question, setting.places, []
    forced = setting.forced
    odd = forced[~places.usable[forced]].tolist()
    problems += [
        f"--force {places.ids[i]!r} is not possible, as the country of the candidate is not certain"
        for i in odd
    ]
    if question.kind in {"new", "swap", "budget"} and len(forced) > setting.most():
        problems.append(f"{len(forced)} candidates are forced, and {setting.most()} may be opened")
    if question.budget is not None and places.cost[forced].sum() > question.budget:
        cost = places.cost[forced].sum()
        problems.append(
            f"the forced candidates cost {cost:g}, and the budget is {question.budget:g}"
        )
    if question.max_per_country is not None:
        codes = setting.demand.matcher.world.names.codes
        for number, n in zip(*np.unique(places.country[forced], return_counts=True), strict=True):
            if n > question.max_per_country:
                problems.append(
                    f"{n} candidates are forced in {codes[number]}, and at most "
                    f"{question.max_per_country} may be opened in each country"
                )
    return problems


def _centers(setting: Setting) -> list[str]:
    """Return how closing breaks a limit."""
    places, close = setting.places, setting.question.close
    n_open = int((places.existing & ~places.fixed).sum())
    if close is not None and close > n_open:
        return [f"{close} centers are to be closed, and {n_open} are open"]
    return []


def _counts(setting: Setting) -> list[str]:
    """Return how a least number of centers in each country breaks a limit."""
    question = setting.question
    if not question.min_per_country or question.min_is_share:
        return []
    least, countries = int(question.min_per_country), setting.countries
    codes = setting.demand.matcher.world.names.codes
    named = ", ".join(codes[n] for n in countries[:10])
    problems = []
    if question.new is not None and least * len(countries) > question.new:
        problems.append(
            f"at least {least} in each of {len(countries)} countries ({named}) are "
            f"{least * len(countries)} centers, and {question.new} may be opened"
        )
    if question.max_per_country is not None and least > question.max_per_country:
        problems.append(f"at least {least} and at most {question.max_per_country} in each country")
    allowed = np.flatnonzero(setting.allowed)
    for number in countries:
        n = int((setting.places.country[allowed] == number).sum())
        if n < least:
            problems.append(f"{codes[number]} has {n} candidates that gain anything, not {least}")
    return problems


def explain(setting: Setting, solution: Solution) -> NoReturn:
    """Raise with the limits that cannot be kept together.

    Raises
    ------
    InfeasibleError
        With the number of centers that the least shares need by country, if they are the cause.
    """
    question = setting.question
    if solution.stopped_by != "infeasible":
        msg = (
            "No plan that keeps all limits was found, and it is not proved that there is none. "
            "Loosen a limit, or allow more time with --time-limit."
        )
        raise InfeasibleError(msg)
    if question.min_is_share or question.per_country:
        raise InfeasibleError(_shares(setting))
    if question.cover is not None and question.max_per_country is not None:
        raise InfeasibleError(_capped_gain(setting))
    limits = ", ".join(
        f"--{name.replace('_', '-')}"
        for name in ("cover", "budget", "max_per_country", "min_per_country", "force", "forbid")
        if getattr(question, name)
    )
    msg = f"No plan keeps all limits ({limits}) together. Loosen one of them."
    raise InfeasibleError(msg)


def _capped_gain(setting: Setting) -> str:
    """Return what the allowed number of centers in each country can gain at most, as text."""
    question, cover = setting.question, setting.cover
    program = dataclasses.replace(setting.program(), floors=(), cost=None)
    solution = optimise(program, setting.cover_rules(), effort=Effort(rounds=0), clock=Clock())
    none = np.zeros(0, np.int64)
    served = cover.served(solution.plan if solution.plan is not None else none)
    codes, short = setting.demand.matcher.world.names.codes, []
    for number in distinct(cover.group[~served]).tolist():
        inside = cover.group == number
        gained, whole = (cover.weight[inside & rows].sum() for rows in (served, served | ~served))
        short.append(f"{codes[number]} {gained / setting.scale:g} of {whole / setting.scale:g}")
    more = f" and {len(short) - 20} more" if len(short) > 20 else ""
    needed = setting.least(question.cover or 0.0, ()) / setting.scale
    share = 100 * (question.cover or 0.0)
    return (
        f"--cover {share:.4g}% needs a gain of {needed:g}, and with at most "
        f"{question.max_per_country} centers in each country (--max-per-country) no plan gains "
        f"more than {solution.bound / setting.scale:g}. Such a plan gains, by country: "
        f"{', '.join(short[:20])}{more}. Allow more centers, or a smaller share."
    )


def _shares(setting: Setting) -> str:
    """Return how many centers the least share needs in each country, in words."""
    question, codes = setting.question, setting.demand.matcher.world.names.codes
    share = question.min_per_country if question.min_is_share else question.cover
    needs = {}
    for number in distinct(setting.cover.group).tolist():
        floor = Floor((number,), setting.least(share or 0.0, (number,)))
        n = len(setting.places)
        high = np.where(setting.allowed, 1.0, 0.0)
        low = np.zeros(n)
        low[setting.forced] = 1
        program = Program(setting.cover, low, high, (), (floor,), np.ones(n))
        rules = Rules(n, setting.forced, setting.allowed)
        start = few(program, rules, Clock())
        solution = optimise(program, None, effort=Effort(rounds=0), clock=Clock(), start=start)
        needs[codes[number]] = "?" if solution.plan is None else str(len(solution.plan))
    listed = ", ".join(f"{code} {n}" for code, n in list(needs.items())[:20])
    return (
        f"No plan gains {share:.0%} of what can be gained in each country within the limits. "
        f"New centers needed by country: {listed}. Allow more centers, or a smaller share."
    )
