"""Assign verdicts to sites by the centers and a policy. The kernel: arrays in, arrays out.

A `Matcher` is built once from centers, policy and countries, and then matches batch after batch;
only its cache of shortlists outlives a batch. Each batch passes through these steps, for all its
sites at once:

1. *The country* (`countries.assignment`). The grid confirms most declared countries at once: where
   a cell is in one country, so is each of its points. Only the others are examined.
2. *The nearest center* of that country, and how many reach the site (`nearest`). By the triangle
   inequality few centers matter to a cell; squared chords decide among them.
3. *The band* of that center (`bands`), by the two chords between which alone a limit is uncertain
   (`geodesy.chord_limits_m`, with the proof), and there by Karney's geodesic.
4. *The distance*, along an arc with a known error bound (`geodesy.arc_error_m`). Where the error
   could change a printed digit of distance or margin, by Karney's geodesic.
5. *The planned center* to wait for, where no open one reaches the site.
6. *The verdict*: country basis, center, band, level and accuracy make a case, and each case has a
   status and a reason in a table.
7. *The eligibility rules* (`eligibility`), if the policy has any and the rows have their inputs:
   they lower what is qualified or pending, and never raise a level. A product that is past the
   phases of its level has none, wherever the site is and whatever was purchased.

No step rounds before it decides, and the verdict on a site depends only on that site.
"""

import copy
import dataclasses
import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays, geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import (
    CountryBases,
    CountryBasis,
    assign_country,
    without_country,
)
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.bands import Levels
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.eligibility import (
    EligibilityChecker,
    EligibilityInputs,
    FailedRule,
    RuleResult,
)
from coverage_analyzer.matching.in_force import Outcome, StartRules, Starts
from coverage_analyzer.matching.lead_times import with_opening_windows
from coverage_analyzer.matching.nearest import NO_CENTER, Found, NearestIndex, ReachIndex
from coverage_analyzer.matching.outcomes import (
    away_from_zero,
    printed_metres,
    statuses,
)
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.site_areas import Located, Membership
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.zones import SitePlace, Zoned, Zones
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import METRES
from coverage_analyzer.schema.days import NO_DAY, Days
from coverage_analyzer.schema.verdict import Reason, Status, distance_columns, verdict_names

ROWS_AT_ONCE: Final = 100_000
"""Maximum rows per chunk, which bounds memory; the result does not depend on it."""


REASON_OF_RULE: Final = np.array([failed.reason or 0 for failed in FailedRule], np.int8)
"""Reason by failed rule; entry 0 belongs to `FailedRule.none` and is unused."""


NOT_OFFERED: Final = (FailedRule.not_offered_in_country, FailedRule.area_excluded)
"""Rules by which the level of a band is not offered where the site is."""

NOWHERE_M: Final = 1e12
"""Distance to no center, where distances are compared."""

COUNTRY_IN_DOUBT: Final = (Reason.country_conflict, Reason.country_unknown, Reason.null_island)
"""Reasons for which the location of a site is unknown."""


@dataclass(frozen=True)
class Sites:
    """Customer sites in the form used by the kernel.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84, finite and in range, shape (n,).
    declared
        Declared country of each, as a number of `countries.Names`, shape (n,).
    accuracy_m
        Accuracy of the coordinates, NaN if unknown, shape (n,).
    """

    lon: Floats
    lat: Floats
    declared: Numbers
    accuracy_m: Floats

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.lon)

    def take(self, which: "Ints | slice") -> "Sites":
        """Return a subset of the sites."""
        return Sites(*(v[which] for v in vars(self).values()))

    @staticmethod
    def joined(parts: "Sequence[Sites]") -> "Sites":
        """Return the sites of several blocks together, in their order; one block at least."""
        return Sites(*map(np.concatenate, zip(*(vars(p).values() for p in parts), strict=True)))


class MatcherInputs(NamedTuple):
    """What the rule looks at, one entry per site; ``facts`` is None if no rule has a column."""

    sites: Sites
    facts: EligibilityInputs | None


@dataclass(frozen=True)
class Verdicts:
    """One verdict per site, in the order of the sites; each attribute has shape (n,).

    Attributes
    ----------
    level
        Position in ``policy.titles`` of the level in force: in ``policy.levels``, or after them.
    status, reason
        Values of `Status` and `Reason`.
    center
        Position in the centers, or `NO_CENTER`.
    distance_miles
        To that center, rounded to 3 decimals as Karney's geodesic rounds; NaN without one.
    limit_miles, margin_miles
        The limit that applied, and the margin to it, rounded away from zero; NaN without one.
    country
        Number of the assigned country.
    available_on
        Day on which the level starts at pending sites, else ``NaT``: the opening day of that
        center, or a later day on which the level is in force.
    centers_in_reach
        Number of open centers of its country that cover the site.
    country_basis
        Why that country was assigned: values of `CountryBasis`.
    distance_km, limit_km, margin_km
        As in miles, but in kilometres; None unless the policy states its distances in them.
    """

    level: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    center: npt.NDArray[np.int32]
    distance_miles: Floats
    limit_miles: Floats
    margin_miles: Floats
    country: Numbers
    available_on: Days
    centers_in_reach: npt.NDArray[np.int32]
    country_basis: CountryBases
    distance_km: Floats | None = None
    limit_km: Floats | None = None
    margin_km: Floats | None = None

    def take(self, which: "Ints | slice") -> "Verdicts":
        """Return the verdicts on a subset of the sites."""
        columns: dict[str, Any] = {
            name: None if values is None else values[which] for name, values in vars(self).items()
        }
        return Verdicts(**columns)

    @staticmethod
    def joined(parts: "Iterable[Verdicts]", n_rows: int) -> "Verdicts":
        """Return the verdicts of several chunks together, in their order.

        Each is copied before the next one is asked for, so that they need not all exist.

        Parameters
        ----------
        parts
            One at least.
        n_rows
            The number of rows of all.
        """
        columns: dict[str, Any] = {}
        after = 0
        for part in parts:
            first, after = after, after + len(part.level)
            for name, values in vars(part).items():
                if values is not None:
                    whole = columns.setdefault(name, np.empty(n_rows, values.dtype))
                    whole[first:after] = values
        return Verdicts(**columns)

    def changed(self, where: Bools, **values: Any) -> "Verdicts":
        """Return verdicts with the values of some rows replaced.

        Parameters
        ----------
        where
            The rows, shape (n,).
        values
            By attribute: one value, or one for each of the n rows.
        """
        if not where.any():
            return self
        old = {name: getattr(self, name) for name in values}
        new = {n: np.where(where, values[n], v).astype(v.dtype, copy=False) for n, v in old.items()}
        return dataclasses.replace(self, **new)


class Matcher:
    """The rules of a policy for the given centers on a day.

    Parameters
    ----------
    centers
        The centers: open, planned and closed.
    policy
        The levels and rules.
    world
        The country layer.
    as_of
        The day of the assessment; by default today in UTC.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    products
        The phases of products, which a rule of the policy may ask for.

    Raises
    ------
    InputError
        If there is no center, the country of one is unknown, or one is ordered where the policy has
        no lead time.
    """

    def __init__(
        self,
        centers: Centers,
        policy: Policy,
        world: Countries,
        *,
        as_of: datetime.date | None = None,
        trust_declared: bool = False,
        products: Products | None = None,
    ) -> None:
        if not len(centers):
            msg = "The centers are empty: give at least one."
            raise InputError(msg)
        self.policy, self.world = policy, world
        self.as_of = as_of or datetime.datetime.now(datetime.UTC).date()
        self.convention = policy.convention(world.names, trust_declared=trust_declared)
        self.center_country = centers.assigned_countries(world, self.convention)
        self.centers = centers = with_opening_windows(
            centers, policy, self.center_country, world.names
        )
        self.zones = Zones(policy, world, self.convention, centers, self.center_country)
        self._bands = self.zones.bands
        self._lon, self._lat = np.append(centers.lon, np.nan), np.append(centers.lat, np.nan)
        self.texts = {
            "level": arrays.text_array(policy.titles),
            "status": arrays.text_array([status.name for status in Status]),
            "reason": arrays.text_array([reason.name for reason in Reason]),
            "center_id": arrays.text_array(centers.center_id),
            "country": arrays.text_array(world.names.codes),
        }
        day = np.datetime64(self.as_of, "D")
        self.gates = EligibilityChecker(policy, products, world, day, self.zones.areas)
        self._start_rules = None
        if policy.has_start_rules:
            self._start_rules = StartRules(policy, world, self.convention)
        self._open = NearestIndex(*self.zones.groups(centers.is_open(day)))
        self._planned = ReachIndex(*self.zones.groups(centers.is_planned(day)))

    def among(
        self, sites: Sites, facts: EligibilityInputs | None, groups: "CenterGroups", group: Ints
    ) -> Verdicts:
        """Return the verdict on each site, as if only the centers of a group existed.

        Parameters
        ----------
        sites, facts
            As for `match`.
        groups
            The groups of centers.
        group
            That of each site, shape (n,); of each there is one for every kind of `zones`.
        """
        other = copy.copy(self)
        vars(other).update(_open=groups.open, _planned=groups.planned)
        return other.match(sites, facts, group)

    def on(self, day: np.datetime64) -> "Matcher":
        """Return the same rules for another day."""
        return Matcher(
            self.centers,
            self.policy,
            self.world,
            as_of=_date(day),
            trust_declared=self.convention.trust_declared,
            products=self.gates.products,
        )

    def between(self, day: np.datetime64) -> "Matcher":
        """Return the same rules for a day before which no center opens or closes."""
        result = copy.copy(self)
        result.as_of = _date(day)
        result.gates = EligibilityChecker(
            self.policy, self.gates.products, self.world, day, self.zones.areas
        )
        return result

    @property
    def reach_m(self) -> Floats:
        """The widest limit of each country, in any area of it, by its number, in metres."""
        return self.zones.reach_m

    @property
    def open_centers(self) -> int:
        """Number of centers open on the day."""
        return int(self.centers.is_open(np.datetime64(self.as_of, "D")).sum())

    @property
    def region_warnings(self) -> tuple[str, ...]:
        """Warnings about centers: whose region is no code of their country, or that are missing."""
        regions = self.centers.assigned_regions(self.center_country, self.world.names)
        return (*regions.warnings, *self.zones.warnings)

    def inputs(self, rows: SiteRows) -> MatcherInputs:
        """Return rows as `match` takes them: the one way from what rows say to the kernel.

        Parameters
        ----------
        rows
            Usable rows of a table, a frame or requests, or one of a point.
        """
        declared = rows.declared(self.world.names)
        return MatcherInputs(
            Sites(rows.lon, rows.lat, declared, rows.accuracy_m),
            self.gates.facts(rows.cells),
        )

    def match(
        self, sites: Sites, facts: EligibilityInputs | None = None, group: Ints | None = None
    ) -> Verdicts:
        """Return the verdict on each site, independent of the other sites.

        Parameters
        ----------
        sites
            The location of the rows.
        facts
            Rule inputs of their rows: product, component, level and registration
            (`eligibility.facts`).
        group
            The group of centers that each site is compared with, if it is not that of its country
            (`among`), shape (n,).
        """
        group = None if group is None else group.astype(np.int64, copy=False)
        if len(sites) <= ROWS_AT_ONCE:
            return self._match(sites, facts, group)
        parts = (
            self._match(
                sites.take(run),
                None if facts is None else facts.take(run),
                None if group is None else group[run],
            )
            for run in chunks(len(sites))
        )
        return Verdicts.joined(parts, len(sites))

    def _match(
        self, sites: Sites, facts: EligibilityInputs | None, group: Ints | None = None
    ) -> Verdicts:
        """Return the verdict on each site.

        Parameters
        ----------
        sites, facts
            As for `match`.
        group
            The group of centers that each site is compared with, if not those of its country.
        """
        country, basis = self.countries(sites)
        points = geodesy.ecef(sites.lon, sites.lat)
        located = Located(sites.lon, sites.lat, sites.accuracy_m, points, country)
        rows = _Rows(sites, facts, points, AssignedCountries(country, basis, None), group)
        members = self._members(located, facts)
        first, *others = self.zones.options(located, members)
        result = self._match_in(rows, first.zoned)
        if members is None or not others:
            return result.verdicts
        doubt = _Doubt(result)
        for site, zoned in others:
            doubt.compare(site, self._match_in(rows.take(site), zoned))
        return doubt.verdicts(self.zones.doubtful_cells(members))

    def countries(self, sites: Sites) -> tuple[Numbers, CountryBases]:
        """Return the country assigned to each site, and the basis, shape (n,) each.

        Where no limit depends on countries, all agree but for sites at 0, 0.
        """
        place = sites.lon, sites.lat, sites.declared
        country, basis = assign_country(*place, self.world, self.convention)
        if not self.policy.needs_country:
            basis[basis != CountryBasis.NULL_ISLAND] = CountryBasis.AGREED
        return country, basis

    def _members(self, sites: Located, facts: EligibilityInputs | None) -> Membership | None:
        """Return in which areas sites are; None if no verdict depends on it."""
        if not self.policy.by_area:
            return None
        return self.zones.areas.membership(sites, None if facts is None else facts.areas)

    def place_of(
        self, sites: Sites, facts: EligibilityInputs | None, country: Numbers
    ) -> SitePlace:
        """Return in which areas one site is, and which bands apply there.

        Parameters
        ----------
        sites, facts
            As for `match`.
        country
            Its assigned country.
        """
        points = geodesy.ecef(sites.lon, sites.lat)
        located = Located(sites.lon, sites.lat, sites.accuracy_m, points, country)
        return self.zones.place(located, self._members(located, facts))

    def zones_of(
        self, sites: Sites, facts: EligibilityInputs | None, country: Numbers
    ) -> tuple[Ints, Bools]:
        """Return the zone of each site for centers without bands of their own, and where uncertain.

        Parameters
        ----------
        sites, facts
            As for `match`.
        country
            Their assigned country.
        """
        points = geodesy.ecef(sites.lon, sites.lat)
        located = Located(sites.lon, sites.lat, sites.accuracy_m, points, country)
        first, *others = self.zones.options(located, self._members(located, facts))
        uncertain = np.zeros(len(sites), np.bool_)
        for site, _ in others:
            uncertain[site] = True
        return first.zoned.zones[0], uncertain

    def _match_in(self, rows: "_Rows", zoned: Zoned) -> "_Matched":
        """Return the verdict on each site in the zones given, and the level of its band."""
        sites, facts, _, assigned, _ = rows
        found = [self._open_centers(rows, number, zoned) for number in range(len(zoned.zones))]
        now, in_reach = found[0]
        for other, reaching in found[1:]:
            now, in_reach = self._nearer(now, other, rows), in_reach + reaching
        beyond = np.flatnonzero(~now.inside & (assigned.basis < CountryBasis.NULL_ISLAND.value))
        later = PlannedCenters(beyond[:0], now.take(beyond[:0]))
        if len(self._planned) and len(beyond):
            later = self._planned_centers(rows, zoned, beyond)
        shown = _shown(now, later, assigned.basis)
        certain = assigned.basis < CountryBasis.OFFSHORE.value
        offered = self.gates.offered_level(
            facts, assigned.country, certain, zoned.closed, zoned.offers
        )
        assigned = assigned._replace(offered=offered)
        borderline = self._borderline(sites, shown.zone, shown.metres)
        if len(found) > 1:
            open_ = self._borderline_between(sites, [each for each, _ in found])
            open_[later.site] = borderline[later.site]
            borderline = open_
        verdicts = self._verdicts_by_distance(assigned, shown, later.site, in_reach, borderline)
        if facts is not None or self.gates.everywhere:
            waiting = PlannedCenters(later.site, now.take(later.site))
            starts = self.starts(sites, facts, assigned.country)
            rule_basis = RuleBasis(shown.zone, shown.band, zoned.closed, waiting, offered, starts)
            verdicts = self._apply_rules(verdicts, facts, rule_basis)
        position = self.policy.level_position(self.policy.qualification.fallback)
        kept = np.full(len(verdicts.level), position, np.int8)
        kept = kept if offered is None else np.minimum(kept, offered)
        return _Matched(verdicts, self._bands.level(shown.zone, shown.band), kept)

    def _open_centers(
        self, rows: "_Rows", number: int, zoned: Zoned
    ) -> tuple["NearestCenters", Ints]:
        """Return the nearest open center of a class to each site, and how many are in reach."""
        sites, facts, points, (country, basis, _), base = rows
        zone = zoned.zones[number]
        group = self.zones.group(number, zone, country, base)
        found = self._open.search(sites.lon, sites.lat, points, group)
        lost = np.flatnonzero(without_country(basis))
        found.center[lost], found.square_m2[lost] = NO_CENTER, np.inf
        found.points[lost] = np.inf
        in_reach = found.in_reach
        if not self.zones.by_country:
            in_reach = np.where(self._bands.widest.take(zone) > 0, in_reach, 0)
        first_band = self._first_allowed_band(zone, facts)
        place = SitesInZones(sites, points, zone)
        return self._nearest_centers(place, found, first_band), in_reach

    def starts(
        self, sites: Sites, facts: EligibilityInputs | None, country: Numbers
    ) -> Starts | None:
        """Return the rules on the start of levels at some sites; None if there is none.

        Parameters
        ----------
        sites, facts
            As for `match`.
        country
            Number of the country assigned to each.
        """
        if self._start_rules is None or facts is None or facts.starts is None:
            return None
        day = np.datetime64(self.as_of, "D")
        return self._start_rules.of(facts.starts, (sites.lon, sites.lat), country, day)

    def starts_at(self, sites: Sites, facts: EligibilityInputs | None) -> Starts | None:
        """Return the rules on the start of levels at some sites, wherever they are."""
        if self._start_rules is None:
            return None
        return self.starts(sites, facts, self.countries(sites)[0])

    def _nearer(
        self, one: "NearestCenters", other: "NearestCenters", rows: "_Rows"
    ) -> "NearestCenters":
        """Return of two centers the one with the better level, then the nearer, for each site."""
        levels = [self._reached_level(each) for each in (one, other)]
        metres = [np.nan_to_num(each.metres, nan=NOWHERE_M) for each in (one, other)]
        close = np.flatnonzero((levels[0] == levels[1]) & (np.abs(metres[0] - metres[1]) < 1.0))
        for at, each in enumerate((one, other)):  # arcs do not decide near ties
            sites, center = rows.sites, each.center[close]
            pair = sites.lon[close], sites.lat[close], self._lon[center], self._lat[center]
            metres[at][close] = geodesy.distance_m(*pair)
        better = levels[1] < levels[0]
        equal = levels[1] == levels[0]
        better |= equal & (metres[1] < metres[0])
        better |= equal & (metres[1] == metres[0]) & (other.center < one.center)
        better &= other.center != NO_CENTER
        better |= (one.center == NO_CENTER) & (other.center != NO_CENTER)
        chosen = np.flatnonzero(better)
        return one.replaced(chosen, other.take(chosen))

    def _reached_level(self, near: "NearestCenters") -> Levels:
        """Return the level of the band in which each site is; beyond all, one after the last."""
        level = self._bands.level(near.zone, near.band)
        return np.where(near.inside, level, np.int8(len(self.policy.levels))).astype(np.int8)

    def _first_allowed_band(self, zone: Ints, facts: EligibilityInputs | None) -> Ints | None:
        """Return the nearest band allowed for each site by its purchased level; None if all are."""
        if facts is None:
            return None
        return self._bands.first(zone, self.gates.best_level(facts))

    def _apply_rules(
        self,
        verdicts: Verdicts,
        facts: EligibilityInputs | None,
        basis: "RuleBasis",
    ) -> Verdicts:
        """Return verdicts lowered where a rule fails, and where no level is available.

        Parameters
        ----------
        verdicts
            As they are without eligibility rules.
        facts
            Rule inputs of the rows.
        basis
            What the verdicts were made of.
        """
        zone, band, closed, nearest, offered, starts = basis
        band_level = self._bands.level(zone, band)
        dated = self._deferred(verdicts, self._best_level(band_level, facts, offered), starts)
        rule, uncertain = self._failed_rules(dated, facts, band_level, closed)
        open_ = (verdicts.status < Status.fallback) | (verdicts.reason == Reason.road_unchecked)
        lowers = (rule != FailedRule.none) & open_
        status = np.where(lowers, np.where(uncertain, Status.review, Status.fallback), dated.status)
        lowest = self._levels(zone, status, band, offered)
        # The level of a band may be below the fallback; if it is not offered, it does not count.
        not_offered = np.isin(rule, NOT_OFFERED)
        lowered = dated.changed(
            lowers,
            level=np.where(not_offered, lowest, np.maximum(verdicts.level, lowest)),
            status=status,
            reason=REASON_OF_RULE[rule],
            available_on=NO_DAY,
        )
        result = lowered
        if facts is not None:
            result = self._with_purchased_level(lowered, facts, basis)
            result = self._without_ended_levels(self._started(result, facts, starts), facts)
        waited = verdicts.status[nearest.site] == Status.pending
        back = np.flatnonzero((result.status[nearest.site] != Status.pending) & waited)
        return self._with_center(result, nearest.site[back], nearest.nearest.take(back))

    def _with_center(self, verdicts: Verdicts, site: Ints, measured: "NearestCenters") -> Verdicts:
        """Return verdicts with other centers for the sites at some positions."""
        if not len(site):
            return verdicts
        values = self._distances(measured)
        new = {name: _put(getattr(verdicts, name), site, v) for name, v in values.items()}
        center = _put(verdicts.center, site, measured.center)
        return dataclasses.replace(verdicts, center=center, **new)

    def _best_level(
        self, band_level: Levels, facts: EligibilityInputs | None, offered: Levels | None
    ) -> Levels:
        """Return the best level of band and offers, at most the purchased one."""
        best = band_level if offered is None else np.minimum(band_level, offered)
        if facts is None:
            return best
        result: Levels = np.maximum(best, self.gates.best_level(facts)).astype(np.int8)
        return result

    def _deferred(self, verdicts: Verdicts, best: Levels, starts: Starts | None) -> Verdicts:
        """Return verdicts by distance that wait where the best level of each is not in force."""
        if starts is None:
            return verdicts
        closes = np.append(self.centers.closes_on, NO_DAY)[verdicts.center]  # last: `NO_CENTER`
        return _with_outcome(verdicts, starts.deferred(_outcome(verdicts), best, closes))

    def _started(
        self, verdicts: Verdicts, facts: EligibilityInputs, starts: Starts | None
    ) -> Verdicts:
        """Return verdicts that wait where the fallback or purchased level is not in force.

        A product that will be past the phases of that level by then waits for nothing.
        """
        if starts is None:
            return verdicts
        result = _with_outcome(verdicts, starts.lowered(_outcome(verdicts)))
        waiting = (result.status == Status.pending) & (verdicts.status == Status.fallback)
        past = np.zeros(len(waiting), np.bool_)
        for day in distinct(result.available_on[waiting]):
            rows = np.flatnonzero(waiting & (result.available_on == day))
            checker = EligibilityChecker(self.policy, self.gates.products, self.world, day)
            past[rows] = checker.phases(facts.take(rows), verdicts.level[rows]).past
        return result.changed(
            past,
            status=Status.fallback,
            reason=Reason.lifecycle_phase,
            available_on=NO_DAY,
        )

    def _with_purchased_level(
        self, verdicts: Verdicts, facts: EligibilityInputs, basis: "RuleBasis"
    ) -> Verdicts:
        """Return verdicts with the purchased level, where the policy offers it.

        One that the policy does not know is for review, if it could be more than the fallback.
        """
        unknown = self.gates.may_have_unbanded(facts)
        verdicts = verdicts.changed(
            unknown & (verdicts.status == Status.fallback),
            status=Status.review,
            reason=Reason.level_not_requested,
            available_on=NO_DAY,
        )
        level = np.maximum(verdicts.level, self.gates.best_level(facts))
        needs_no_distance = self.gates.without_band(facts, verdicts.country, basis.closed)
        level = np.where(needs_no_distance, facts.requested, level).astype(np.int8)
        bought = dataclasses.replace(verdicts, level=level)
        return self._without_levels_not_offered(bought, facts, basis)

    def _without_ended_levels(self, verdicts: Verdicts, facts: EligibilityInputs) -> Verdicts:
        """Return verdicts without a level for a product that is past its phases.

        A level that may have ended is also for review; it remains in the report.
        """
        phases = self.gates.phases(facts, verdicts.level)
        result = verdicts.changed(
            phases.past,
            level=len(self.policy.levels),
            status=Status.not_covered,
            reason=Reason.lifecycle_phase,
            available_on=NO_DAY,
        )
        return result.changed(
            phases.doubtful & (result.status < Status.review),
            status=Status.review,
            reason=Reason.product_undated,
            available_on=NO_DAY,
        )

    def _without_levels_not_offered(
        self, verdicts: Verdicts, facts: EligibilityInputs, basis: "RuleBasis"
    ) -> Verdicts:
        """Return verdicts moved to review where the purchased level is not offered.

        They keep the fallback, or what is offered instead if that is less than was purchased.
        """
        offered = basis.offered
        concerned = (verdicts.level == facts.requested) | self.gates.has_unbanded(facts)
        there = self.gates.not_offered_there(facts, verdicts.country)
        other = self.gates.not_offered_for_product(facts, verdicts.country)
        excluded = self.gates.excluded_there(facts, basis.closed) & ~there & ~other
        not_offered = concerned & (there | other | excluded)
        not_offered &= ~np.isin(verdicts.reason, COUNTRY_IN_DOUBT)
        position = self.policy.level_position(self.policy.qualification.fallback)
        fallback = np.full(len(verdicts.level), position, np.int8)
        if offered is not None:
            fallback = np.where(offered > facts.requested, np.minimum(offered, position), fallback)
        reason = np.where(other, Reason.level_not_requested, Reason.not_offered_in_country)
        return verdicts.changed(not_offered, level=fallback).changed(
            not_offered & (verdicts.status < Status.review),
            status=Status.review,
            reason=np.where(excluded, Reason.area_excluded, reason),
            available_on=NO_DAY,
        )

    def _failed_rules(
        self,
        verdicts: Verdicts,
        facts: EligibilityInputs | None,
        band_level: Levels,
        closed: Bools | None,
    ) -> RuleResult:
        """Return the rule that fails on each row: today, or on the opening day it waits for.

        The phase of a product may end before a center opens, so that there is nothing to wait for.
        """
        failed = self.gates.failed_rules(facts, verdicts.country, band_level, closed)
        waiting = (verdicts.status == Status.pending) & (failed.rule == FailedRule.none)
        if facts is None or not waiting.any():
            return failed
        rule, uncertain = failed.rule.copy(), failed.uncertain.copy()
        for day in distinct(verdicts.available_on[waiting]):
            rows = np.flatnonzero(waiting & (verdicts.available_on == day))
            checker = EligibilityChecker(self.policy, self.gates.products, self.world, day)
            there = None if closed is None else closed[rows]
            then = checker.failed_rules(
                facts.take(rows), verdicts.country[rows], band_level[rows], there
            )
            rule[rows], uncertain[rows] = then
        return RuleResult(rule, uncertain)

    def _planned_centers(self, rows: "_Rows", zoned: Zoned, beyond: Ints) -> "PlannedCenters":
        """Return the planned center for each site that one will serve.

        It is the first one to open, then the nearest.

        Parameters
        ----------
        rows, zoned
            The sites and their zones.
        beyond
            Positions of those that no open center serves.
        """
        subset = beyond
        sites, country = rows.sites, rows.assigned.country
        base = None if rows.base is None else rows.base[subset]
        parts = []
        for number, zones in enumerate(zoned.zones):
            zone = zones[subset]
            group = self.zones.group(number, zone, country[subset], base)
            lon, lat = sites.lon[subset], sites.lat[subset]
            site, center, away = self._planned.in_reach(lon, lat, group)
            served = self._bands.widest.take(zone[site]) > 0
            parts.append((site[served], center[served], away[served], zone[site[served]]))
        site, center, away, zone = (np.concatenate(c) for c in zip(*parts, strict=True))
        order = np.lexsort((center, away, self.centers.opens_on[center], site))
        first = order[np.flatnonzero(np.diff(site[order], prepend=-1))]
        subset, zone = subset[site[first]], zone[first]
        facts = None if rows.facts is None else rows.facts.take(subset)
        points, center = geodesy.take(rows.points, subset), center[first]
        there = geodesy.take(self._planned.points, center)
        found = Found(center, np.ones_like(center), geodesy.square_m2(points, there), there)
        place = SitesInZones(sites.take(subset), points, zone)
        near = self._nearest_centers(place, found, self._first_allowed_band(zone, facts))
        return PlannedCenters(subset, near)

    def _nearest_centers(
        self, place: "SitesInZones", found: Found, first_band: Ints | None
    ) -> "NearestCenters":
        """Return the distance of one center per site, and the band of that distance.

        A site that purchased the level of a band further out is in that band, within its limit.

        Parameters
        ----------
        place
            The sites.
        found
            The center of each.
        first_band
            The first band allowed for each; None if all are.
        """
        sites, points, zone = place
        center, square = found.center, found.square_m2

        def pairs(rows: Ints) -> tuple[Floats, ...]:
            there = center.take(rows)
            return sites.lon[rows], sites.lat[rows], self._lon[there], self._lat[there]

        band = self._bands.of(square, zone, pairs)
        inside = band < self._bands.number
        if first_band is not None:
            band = np.where(inside, np.maximum(band, first_band), band)
        units = self.policy.printed_units
        limits = {unit: self._bands.limit(zone, band, unit) for unit in units}
        arc_m = geodesy.arc_m(points, found.points, square)
        metres = printed_metres(arc_m, limits, pairs)
        return NearestCenters(center, band, inside, metres, zone)

    def _distances(self, measured: "NearestCenters") -> dict[str, Floats]:
        """Return distance, limit and margin of sites as printed, in each unit of the policy."""
        result = {}
        for unit in self.policy.printed_units:
            limit = self._bands.limit(measured.zone, measured.band, unit)
            away = measured.metres / METRES[unit]
            margin = limit - away
            margin[measured.inside & (margin < 0)] = 0
            away *= 1000
            np.rint(away, out=away)
            away /= 1000
            result[f"distance_{unit}"] = away
            result[f"limit_{unit}"] = limit
            result[f"margin_{unit}"] = away_from_zero(margin)
        return result

    def _verdicts_by_distance(
        self,
        assigned: "AssignedCountries",
        shown: "NearestCenters",
        waiting: Ints,
        in_reach: Ints,
        borderline: Bools,
    ) -> Verdicts:
        """Return the verdicts before any eligibility rule.

        Parameters
        ----------
        assigned
            The country of each site, the basis, and what is offered there.
        shown
            The center that each verdict names (`_shown`).
        waiting
            Positions of the sites that a planned center will reach.
        in_reach
            Number of open centers that may serve each.
        borderline
            Where coordinates are too inaccurate to decide.
        """
        country, ground, offered = assigned
        center, band, inside, _, zone = shown
        pending = np.zeros(len(center), np.bool_)
        pending[waiting] = True
        status, reason = statuses(ground, center == NO_CENTER, inside, pending, borderline)
        if self._bands.is_empty:
            unbound = status == Status.fallback
            reason = np.where(unbound, np.int8(Reason.no_distance_limit), reason)
        elif not self.zones.by_country:  # where no band applies, distance is not what lacks
            nowhere = (status == Status.fallback) & (self._bands.widest.take(zone) == 0)
            nowhere &= reason == Reason.beyond_radius
            reason = np.where(nowhere, np.int8(Reason.area_excluded), reason)
        # The geodesic distance does not decide the longer road distance: see recheck.
        by_road, by_time = self._bands.by_road(zone, band), self._bands.by_time(zone, band)
        if by_road is not None:
            unchecked = (status == Status.qualified) & by_road
            if by_time is not None:  # whose bound is too wide to wait for a center
                unchecked |= (status == Status.pending) & by_time
            status = np.where(unchecked, np.int8(Status.review), status)
            reason = np.where(unchecked, np.int8(Reason.road_unchecked), reason)
        lost = without_country(ground)
        distances = self._distances(shown)
        for unit in self.policy.printed_units:
            distances[f"limit_{unit}"][lost] = np.nan
        opens = np.full(len(center), NO_DAY)
        later = np.flatnonzero(status == Status.pending.value)
        opens[later] = self.centers.opens_on[center[later]]
        return Verdicts(
            level=self._levels(zone, status, band, offered),
            status=status,
            reason=reason,
            center=center.astype(np.int32),
            country=country,
            available_on=opens,
            centers_in_reach=np.where(lost, 0, in_reach).astype(np.int32),
            country_basis=ground,
            **distances,
        )

    def _borderline(self, sites: Sites, zone: Ints, metres: Floats) -> Bools:
        """Return where coordinates are too inaccurate to decide the side of a limit."""
        result = np.zeros(len(sites), np.bool_)
        rough = np.flatnonzero(~np.isnan(sites.accuracy_m))
        edges = self._bands.edges[zone[rough]]
        away = np.abs(edges - metres[rough, None])
        off = away.min(axis=1, initial=np.inf, where=~np.isnan(edges))
        result[rough] = off < sites.accuracy_m[rough]
        return result

    def _borderline_between(self, sites: Sites, near: "Sequence[NearestCenters]") -> Bools:
        """Return where inaccurate coordinates could change the level that centers of classes give.

        Parameters
        ----------
        sites
            The location of the rows.
        near
            The nearest center of each class.
        """
        result = np.zeros(len(sites), np.bool_)
        rough = np.flatnonzero(~np.isnan(sites.accuracy_m))
        accuracy_m, beyond = sites.accuracy_m[rough], len(self.policy.levels)
        ends = []
        for sign in (-1.0, 1.0):
            best = np.full(len(rough), beyond)
            for each in near:
                zone = each.zone[rough]
                edges, away = self._bands.edges[zone], each.metres[rough] + sign * accuracy_m
                outside = edges < away[:, None] if sign < 0 else edges <= away[:, None]
                band = np.where(np.isnan(away), self._bands.number, outside.sum(axis=1))
                inside = band < np.sum(~np.isnan(edges), axis=1)
                level = self._bands.level(zone, np.minimum(band, self._bands.number))
                best = np.minimum(best, np.where(inside, level, beyond))
            ends.append(best)
        result[rough] = ends[0] != ends[1]
        return result

    def _levels(
        self, zone: Ints, status: npt.NDArray[np.int8], band: Ints, offered: Levels | None
    ) -> npt.NDArray[np.int8]:
        """Return the level in force: that of the band, else interim or fallback.

        An offered level takes the place of a worse one.
        """
        rules, position = self.policy.qualification, self.policy.level_position
        less = np.full(len(Status), position(rules.fallback), np.int8)
        less[Status.pending] = position(rules.interim)
        bought = self._bands.level(zone, band)
        level = _chosen(status == Status.qualified.value, bought, less.take(status))
        return level if offered is None else np.minimum(level, offered)

    def columns(self, verdicts: Verdicts) -> dict[str, pa.Array]:
        """Return verdicts as report columns, in the order of `verdict_names`."""
        return {n: arrays.decoded(c) for n, c in self.coded_columns(verdicts).items()}

    def coded_columns(self, verdicts: Verdicts) -> dict[str, pa.Array]:
        """Return verdicts as `columns` does, but text as dictionary arrays.

        Writers that can use the codes, or look at each text once, need not build the text of every
        row.
        """
        days = np.isnat(verdicts.available_on)
        country = np.where(verdicts.country > 0, verdicts.country, -1)
        columns = {
            "level": arrays.coded_texts(verdicts.level, self.texts["level"]),
            "status": arrays.coded_texts(verdicts.status, self.texts["status"]),
            "reason": arrays.coded_texts(verdicts.reason, self.texts["reason"]),
            "center_id": arrays.coded_texts(verdicts.center, self.texts["center_id"]),
            **{
                name: _nullable(getattr(verdicts, name))
                for unit in self.policy.printed_units
                for name in distance_columns(unit)
            },
            "site_country": arrays.coded_texts(country, self.texts["country"]),
            "available_on": arrays.from_numpy(verdicts.available_on, days),
            "centers_in_reach": arrays.from_numpy(verdicts.centers_in_reach),
            "as_of": arrays.from_numpy(np.full(len(days), np.datetime64(self.as_of, "D"))),
        }
        return {name: columns[name] for name in verdict_names(self.policy.unit)}


def _nullable(values: Floats) -> pa.Array:
    return arrays.from_numpy(values, np.isnan(values))


def _date(day: np.datetime64) -> datetime.date:
    return datetime.date.fromisoformat(str(day))


def chunks(n_rows: int) -> Iterator[slice]:
    """Yield rows in chunks of at most `ROWS_AT_ONCE`."""
    return arrays.slices(n_rows, ROWS_AT_ONCE)


class NearestCenters(NamedTuple):
    """One center per site: position or `NO_CENTER`, and the band of its distance; shape (n,) each.

    ``band`` is one more than the last where the site is beyond all bands, as ``inside`` also says;
    ``metres`` is the distance, accurate enough for every printed digit; ``zone`` says which bands
    these are.
    """

    center: Ints
    band: Ints
    inside: Bools
    metres: Floats
    zone: Ints

    def take(self, which: Ints) -> "NearestCenters":
        """Return a subset of the sites."""
        return NearestCenters._make(values[which] for values in self)

    def replaced(self, at: Ints, others: "NearestCenters") -> "NearestCenters":
        """Return them with the values at some positions replaced."""
        return NearestCenters._make(_put(v, at, w) for v, w in zip(self, others, strict=True))


class SitesInZones(NamedTuple):
    """Sites with their `geodesy.ecef` and zones."""

    sites: Sites
    points: Floats
    zone: Ints


class PlannedCenters(NamedTuple):
    """Sites, by position, that a planned center will serve, and that center; shape (k,) each."""

    site: Ints
    nearest: NearestCenters


class AssignedCountries(NamedTuple):
    """The country assigned to each site, the basis, and the level offered; shape (n,) each.

    ``offered`` is that of `EligibilityChecker.offered_level`.
    """

    country: Numbers
    basis: CountryBases
    offered: Levels | None


class RuleBasis(NamedTuple):
    """What verdicts were made of before the eligibility rules.

    Attributes
    ----------
    zone, band
        The zone, and the band of the center that each verdict names.
    closed
        The levels excluded in the areas of each (`Zoned.closed`).
    nearest
        The sites that a planned center will reach, and the nearest one that is open: whom a rule
        keeps from waiting is shown that one.
    offered
        The level offered to each.
    starts
        The rules on the start of levels, if any.
    """

    zone: Ints
    band: Ints
    closed: Bools | None
    nearest: PlannedCenters
    offered: Levels | None
    starts: Starts | None


class CenterGroups(NamedTuple):
    """Groups of open and of planned centers, numbered alike."""

    open: NearestIndex
    planned: ReachIndex


class _Rows(NamedTuple):
    """Sites of a batch: with `geodesy.ecef`, countries, and other groups of centers if given."""

    sites: Sites
    facts: EligibilityInputs | None
    points: Floats
    assigned: AssignedCountries
    base: Ints | None

    def take(self, which: Ints) -> "_Rows":
        """Return a subset of the rows."""
        return _Rows(
            self.sites.take(which),
            None if self.facts is None else self.facts.take(which),
            geodesy.take(self.points, which),
            AssignedCountries(
                self.assigned.country[which], self.assigned.basis[which], self.assigned.offered
            ),
            None if self.base is None else self.base[which],
        )


class _Matched(NamedTuple):
    """Verdicts, the level of the band that each is about, and that of a review; shape (n,)."""

    verdicts: Verdicts
    band_level: Levels
    kept: Levels


class _Doubt:
    """Verdicts on sites of uncertain areas: where their outcomes differ, none is promised.

    Parameters
    ----------
    first
        The verdicts on all sites in their first outcome.
    """

    def __init__(self, first: _Matched) -> None:
        self._first = first
        self._differs = np.zeros(len(first.band_level), np.bool_)
        self._lowest = np.maximum(first.verdicts.level, first.kept)

    def compare(self, site: Ints, other: _Matched) -> None:
        """Compare another outcome of some sites, by their positions."""
        one, two = self._first.verdicts.take(site), other.verdicts
        differs = one.level != two.level
        waits = [v.status == Status.pending for v in (one, two)]
        differs |= waits[0] != waits[1]
        both = waits[0] & waits[1]
        differs |= both & (one.available_on != two.available_on)
        differs |= both & (self._first.band_level[site] != other.band_level)
        self._differs[site] |= differs
        self._lowest[site] = np.maximum(self._lowest[site], np.maximum(two.level, other.kept))

    def verdicts(self, by_cell: Bools) -> Verdicts:
        """Return the verdicts.

        Parameters
        ----------
        by_cell
            Where a cell leaves the areas uncertain, not only the accuracy of coordinates.
        """
        return self._first.verdicts.changed(
            self._differs,
            level=self._lowest,
            status=Status.review,
            reason=np.where(by_cell, Reason.area_unknown, Reason.borderline),
            available_on=NO_DAY,
        )


def _shown(now: NearestCenters, later: PlannedCenters, ground: CountryBases) -> NearestCenters:
    """Return the center named by each verdict: the planned one, else the nearest open one.

    At sea no promise is made, so the nearest open center is shown.
    """
    named = np.flatnonzero(ground[later.site] != CountryBasis.OFFSHORE)
    if not len(named):
        return now
    return now.replaced(later.site[named], later.nearest.take(named))


def _outcome(verdicts: Verdicts) -> Outcome:
    """Return the part of verdicts that rules on the start of levels change."""
    return Outcome(verdicts.level, verdicts.status, verdicts.reason, verdicts.available_on)


def _with_outcome(verdicts: Verdicts, outcome: Outcome) -> Verdicts:
    """Return verdicts with that part replaced."""
    return dataclasses.replace(verdicts, **outcome._asdict())


def _chosen(which: Bools, one: Levels, other: Levels) -> Levels:
    """Return ``np.where`` of bytes, by their bits, which is many times faster."""
    bits = -which.view(np.int8)
    result: Levels = (one & bits) | (other & ~bits)
    return result


def _put(values: npt.NDArray[Any], at: Ints, others: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy of values with those at some positions replaced."""
    result = values.copy()
    result[at] = others
    return result
