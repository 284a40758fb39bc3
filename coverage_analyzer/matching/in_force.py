"""Levels that start on a day of the site's own: after a purchase or an audit, or after a move.

`StartRules` are built once from a policy. For a batch they give `Starts`: for each rule the day on
which it ends at each site. From these, `Starts.deferred` and `Starts.lowered` change verdicts:

- A level that is not in force yet is replaced by the interim level of the rule, which may itself
  not be in force yet. The site is pending until the last of the rules ends; if that is after the
  opening of a center for which it waits, until then. The worst of the levels that apply until then
  is in force.
- A site whose center closes before, or that has moved and has no day for its set-up, waits for
  nothing: its status is ``fallback``.
- Where it is uncertain whether a rule applies, the site goes to review.

A rule applies only to data that are present: a site without the day of an event, or without a
former place, is not deferred.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.countries import NONE, Countries, Numbers
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.errors import require
from coverage_analyzer.matching.lead_times import add_periods
from coverage_analyzer.matching.start_inputs import StartInputs
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.in_force import COLUMN_OF_EVENT, InForceAfter
from coverage_analyzer.policy.rules import ALL_OTHERS
from coverage_analyzer.schema.days import NO_DAY, Days
from coverage_analyzer.schema.verdict import Reason, Status

Codes = npt.NDArray[np.int8]

OWN_DAY: Final = (Reason.not_yet_in_force, Reason.relocated)
"""Reasons of sites that wait for a day of their own, not for a center."""

NEVER: Final = np.datetime64("9999-12-31", "D")
"""End of a rule that no known day ends."""

PLACE_IN_DOUBT: Final = (CountryBasis.NULL_ISLAND, CountryBasis.UNKNOWN, CountryBasis.CONFLICT)
"""Bases of a former country that do not tell whether a border was crossed."""


class Outcome(NamedTuple):
    """The part of verdicts that these rules change; each has shape (n,), as in `Verdicts`."""

    level: Codes
    status: Codes
    reason: Codes
    available_on: Days


class Bound(NamedTuple):
    """Where a level is not in force; shape (n,) each.

    ``day`` is the last day on which a rule ends, ``interim`` the worst level until then, and
    ``reason`` that of the rule that ends last; these are meaningless where no rule ``applies``.
    """

    applies: Bools
    day: Days
    interim: Codes
    uncertain: Bools
    reason: Codes


@dataclass(frozen=True)
class Hold:
    """A rule at each site of a batch.

    Attributes
    ----------
    bars
        Which levels it replaces, by country number and position of the level.
    interim
        Position of the level until it ends.
    reason
        Its reason.
    ends
        The day on which it ends at each site, ``NaT`` where it does not apply. Shape (n,).
    uncertain
        Where it is uncertain whether it applies until then. Shape (n,).
    """

    bars: Bools
    interim: int
    reason: Reason
    ends: Days
    uncertain: Bools


class StartRules:
    """The rules of a policy on the start of levels.

    Parameters
    ----------
    policy
        With its levels and rules.
    world, convention
        The country layer, and how the policy interprets countries.

    Raises
    ------
    MissingExtraError
        If a rule counts business days, and the package `holidays` is not installed.
    """

    def __init__(self, policy: Policy, world: Countries, convention: Convention) -> None:
        self._policy, self._world, self._convention = policy, world, convention
        rules = policy.in_force_after
        units = {policy.relocation.unit} if policy.relocation else set()
        if "business_days" in units | {rule.unit for rule in rules}:
            require("terms", "holidays")
        self._bars = [_bars(policy, rule, world) for rule in rules]

    def of(
        self,
        inputs: StartInputs,
        place: tuple[Floats, Floats],
        country: Numbers,
        day: np.datetime64,
    ) -> "Starts":
        """Return the rules at the sites of a batch.

        Parameters
        ----------
        inputs
            What their rows say.
        place
            Their longitudes and latitudes, shape (n,) each.
        country
            Number of the country of each, shape (n,).
        day
            The day of the assessment.
        """
        holds = [
            self._in_force(rule, bars, inputs, country, day)
            for rule, bars in zip(self._policy.in_force_after, self._bars, strict=True)
        ]
        if self._policy.relocation:
            holds.append(self._relocated(inputs, place, country, day))
        return Starts(holds, country, day)

    def _in_force(
        self,
        rule: InForceAfter,
        bars: Bools,
        inputs: StartInputs,
        country: Numbers,
        day: np.datetime64,
    ) -> Hold:
        """Return the rule that a level is in force some time after an event."""
        start = np.full(len(country), NO_DAY)
        for event in rule.start:
            start = np.fmax(start, getattr(inputs, COLUMN_OF_EVENT[event]))
        ends, unknown = self._after(start, rule.amount, rule.unit, country, day)
        interim = self._policy.level_position(rule.interim)
        return Hold(bars, interim, Reason.not_yet_in_force, ends, unknown)

    def _relocated(
        self,
        inputs: StartInputs,
        place: tuple[Floats, Floats],
        country: Numbers,
        day: np.datetime64,
    ) -> Hold:
        """Return the rule on moved sites.

        Raises
        ------
        ValueError
            If the policy has no such rule.
        """
        rule = self._policy.relocation
        if rule is None:
            msg = "the policy has no rule on relocation"
            raise ValueError(msg)
        moved, uncertain = self._moves(inputs, place, country)
        ends = np.full(len(country), NEVER)
        unknown = np.zeros(len(country), np.bool_)
        if rule.amount is not None and rule.unit is not None:
            set_up, unknown = self._after(inputs.moved_on, rule.amount, rule.unit, country, day)
            ends = np.fmin(ends, set_up)
        audited = inputs.audited_on >= inputs.moved_on
        sooner = audited & (inputs.audited_on <= ends)
        ends = np.where(sooner, inputs.audited_on, ends)
        ends = np.where(moved | uncertain, ends, NO_DAY)
        interim = self._policy.level_position(rule.interim)
        better = np.arange(len(self._policy.titles)) < interim
        bars = np.broadcast_to(better, (len(self._world.names.codes), len(better)))
        return Hold(bars, interim, Reason.relocated, ends, uncertain | (unknown & ~sooner))

    def _moves(
        self, inputs: StartInputs, place: tuple[Floats, Floats], country: Numbers
    ) -> tuple[Bools, Bools]:
        """Return which sites moved too far or across a border, and of which it is uncertain."""
        rule, n_rows = self._policy.relocation, len(country)
        moved, uncertain = np.zeros((2, n_rows), np.bool_)
        rows = np.flatnonzero(~np.isnat(inputs.moved_on))
        if rule is None or not len(rows):
            return moved, uncertain
        subset = inputs.take(rows)
        lon, lat = (values[rows] for values in place)
        has_place = ~np.isnan(subset.former_lon) & ~np.isnan(subset.former_lat)
        former, basis = assign_country(
            np.where(has_place, subset.former_lon, lon),
            np.where(has_place, subset.former_lat, lat),
            subset.former_country,
            self._world,
            self._convention,
        )
        declared = subset.former_country != NONE
        # Without a place, the declared country counts, wherever the site is now.
        former = np.where(has_place, former, self._convention.fold[subset.former_country])
        doubt = np.where(has_place, np.isin(basis, PLACE_IN_DOUBT), subset.former_country < NONE)
        doubt |= country[rows] == NONE
        at_zero = has_place & (basis == CountryBasis.NULL_ISLAND)
        pair = subset.former_lon, subset.former_lat, lon, lat
        far = has_place & ~at_zero & ~geodesy.within(*pair, rule.up_to_m)
        crossed = (has_place | declared) & ~doubt & (former != country[rows])
        moved[rows] = far | (crossed & rule.crosses)
        in_doubt = (has_place | declared) & doubt & rule.crosses
        uncertain[rows] = ~moved[rows] & (in_doubt | subset.unread | at_zero)
        return moved, uncertain

    def _after(
        self, start: Days, amount: int, unit: str, country: Numbers, day: np.datetime64
    ) -> tuple[Days, Bools]:
        """Return days some time after others, and where they are unknown.

        A day before that of the assessment matters to nothing, and is not calculated.
        """
        unknown = np.zeros(len(start), np.bool_)
        if unit != "business_days":
            return add_periods(start, amount, unit), unknown
        # Here, as few policies count business days, whose calendars take time at the start.
        from coverage_analyzer.matching.business_days_after import business_days_after, latest

        ends = latest(start, amount)
        rows = np.flatnonzero(ends > day)
        ends[rows], unknown[rows] = business_days_after(
            start[rows], amount, country[rows], self._world.names, self._policy
        )
        return ends, unknown


def _bars(policy: Policy, rule: InForceAfter, world: Countries) -> Bools:
    """Return which levels a rule defers, shape (countries, levels + 1); last: none."""
    codes = np.array(world.names.codes)
    result = np.zeros((len(codes), len(policy.titles)), np.bool_)
    for level in rule.levels:
        about = [other for other in policy.in_force_after if level in other.levels]
        named = {code for other in about for code in other.countries}
        there = np.isin(codes, list(rule.countries))
        if ALL_OTHERS in rule.countries:
            there |= ~np.isin(codes, list(named))
        result[:, policy.level_position(level)] = there
    return result


@dataclass(frozen=True)
class Starts:
    """The rules on the start of levels at the sites of a batch.

    Attributes
    ----------
    holds
        The rules.
    country
        Number of the country of each site, shape (n,).
    day
        The day of the assessment.
    """

    holds: list[Hold]
    country: Numbers
    day: np.datetime64

    @property
    def days(self) -> Days:
        """The days on which a rule ends, shape (rules, n), ``NaT`` or `NEVER` if on none."""
        return np.array([hold.ends for hold in self.holds])

    def bound(self, level: Codes, at: "Days | np.datetime64") -> Bound:
        """Return where a level is not in force on a day.

        Parameters
        ----------
        level
            Position of a level of the policy, or of none, shape (n,).
        at
            The day, or one of each site.
        """
        n_rows = len(level)
        applies, uncertain = np.zeros((2, n_rows), np.bool_)
        day, interim = np.full(n_rows, NO_DAY), level.copy()
        reason = np.zeros(n_rows, np.int8)
        for hold in self.holds:
            on = hold.bars[self.country, level] & (hold.ends > at)
            last = on & (np.isnat(day) | (hold.ends > day))
            day = np.where(last, hold.ends, day)
            reason[last] = hold.reason
            interim = np.where(on, np.maximum(interim, hold.interim), interim).astype(np.int8)
            uncertain |= on & hold.uncertain
            applies |= on
        return Bound(applies, day, interim, uncertain, reason)

    def in_force(self, level: Codes) -> Codes:
        """Return the level in force instead of another one: interim levels may start later, too."""
        while (bound := self.bound(level, self.day)).applies.any():
            level = bound.interim
        return level

    def deferred(self, verdict: Outcome, best: Codes, closes_on: Days) -> Outcome:
        """Return verdicts by distance, of which those with a level not in force wait for it.

        Parameters
        ----------
        verdict
            By distance alone.
        best
            Level of the band of each site, now or once its center opens.
        closes_on
            The day on which the center of each verdict closes, or ``NaT``.
        """
        pending = verdict.status == Status.pending
        # Roads decide later whether it is the level of the band: it is not in force until then.
        has_level = (verdict.status == Status.qualified) | (verdict.reason == Reason.road_unchecked)
        today = self.bound(best, self.day)
        then = self.bound(best, np.where(pending, verdict.available_on, self.day))
        waits = (pending | has_level) & then.applies
        lowered = np.maximum(
            np.where(pending, verdict.level, np.int8(0)), self.in_force(today.interim)
        )
        level = np.where((pending | has_level) & today.applies, lowered, verdict.level)
        return _waiting(verdict._replace(level=level.astype(np.int8)), waits, then, closes_on)

    def lowered(self, verdict: Outcome) -> Outcome:
        """Return verdicts after all other rules, of which those with a level not in force wait."""
        bound = self.bound(verdict.level, self.day)
        result = verdict._replace(level=self.in_force(verdict.level))
        waits = bound.applies & (verdict.status == Status.fallback)
        return _waiting(result, waits, bound, np.full(len(waits), NO_DAY))


def _waiting(verdict: Outcome, waits: Bools, bound: Bound, closes_on: Days) -> Outcome:
    """Return verdicts of which some wait for a day, if there is one on which they get a level."""
    for_nothing = (bound.day >= NEVER) | (closes_on <= bound.day)
    status = np.where(for_nothing, np.int8(Status.fallback), np.int8(Status.pending))
    status = np.where(bound.uncertain, np.int8(Status.review), status)
    starts = np.where(status == Status.pending, bound.day, NO_DAY)
    return Outcome(
        verdict.level,
        np.where(waits, status, verdict.status).astype(np.int8),
        np.where(waits, bound.reason, verdict.reason).astype(np.int8),
        np.where(waits, starts, verdict.available_on),
    )
