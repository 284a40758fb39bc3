"""Explain one point: its country, the nearby centers, the verdict and its clauses."""

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer import arrays, geodesy
from coverage_analyzer.countries import NONE, UNKNOWN
from coverage_analyzer.countries.assignment import CountryBasis, assign_country
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.matching.eligibility import (
    COLUMN_OF_RULE,
    DAYS,
    RULE_OF_REASON,
    TEXTS,
    EligibilityInputs,
)
from coverage_analyzer.matching.in_force import OWN_DAY
from coverage_analyzer.matching.lead_times import lead_time, window
from coverage_analyzer.matching.matcher import COUNTRY_IN_DOUBT, Matcher, Sites, Verdicts
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.matching.outcomes import away_from_zero
from coverage_analyzer.matching.products import name_key
from coverage_analyzer.matching.site_areas import AREA_TEXTS
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.zones import SitePlace
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.clock_text import clock_line
from coverage_analyzer.policy.distances import METRES, measured_text, number_text
from coverage_analyzer.policy.in_force import rules_in
from coverage_analyzer.policy.rules import NOT_COVERED, Level
from coverage_analyzer.schema import notebook
from coverage_analyzer.schema.days import day_of
from coverage_analyzer.schema.verdict import Reason, Status

MAX_LISTED: Final = 10
"""Maximum number of centers in range listed in the text; the rest is counted."""

OPENS: Final = "opens"
"""First word of why a planned center may not serve yet."""

NOTHING_LEFT: Final = "the product is past the support phases in which maintenance is available"
"""Why no level is available, in more detail than `Reason.lifecycle_phase`."""

GROUNDS: Final = {
    CountryBasis.AGREED: "the declared country and the coordinates agree",
    CountryBasis.INFERRED: "no country is declared; the site is clearly in one",
    CountryBasis.OFFSHORE: "the site is at sea, within 200 nautical miles of the declared one",
    CountryBasis.NULL_ISLAND: "the coordinates are 0, 0",
    CountryBasis.UNKNOWN: "the declared country is not a known country",
    CountryBasis.CONFLICT: "the declared country and the coordinates disagree",
}
"""Short texts; `_basis_text` distinguishes more cases."""


@dataclass(frozen=True)
class NearCenter:
    """A center, its distance, and whether it may serve the site."""

    center_id: str
    name: str
    country: str
    distance_miles: float
    margin_miles: float | None
    refused: str = ""
    closes: str = ""
    region: str = ""
    """ISO 3166-2, empty if unknown."""
    distance_km: float | None = None
    margin_km: float | None = None
    """In kilometres; None unless the policy states its distances in them."""

    @property
    def opens(self) -> bool:
        """Whether it may not serve yet because it opens later."""
        return self.refused.startswith(OPENS)

    def __str__(self) -> str:
        """Return it on one line."""
        named = f" ({self.name})" if self.name else ""
        place = self.region or self.country
        away = measured_text(self.distance_miles, self.distance_km)
        words = [f"{self.center_id}{named}, {place}: {away}"]
        if self.margin_miles is not None:
            side = "beyond" if self.margin_miles < 0 else "within"
            margin, unit = self.margin_miles, "miles"
            if self.margin_km is not None:
                margin, unit = self.margin_km, "km"
            words.append(f", {abs(margin):.3f} {unit} {side} the limit")
        return "; ".join(["".join(words), *filter(None, (self.refused, self.closes))])


@dataclass(frozen=True)
class Explanation:
    """Why a site gets its level; ``print`` shows it as text, `to_dict` returns it as data."""

    latitude: float
    longitude: float
    as_of: str
    policy: str
    same_country: bool
    declared: str
    located: str
    country: str
    ground: str
    level: str
    promise: str
    status: str
    reason: str
    accuracy_m: float | None
    limit_miles: float | None
    center: NearCenter | None
    in_reach: tuple[NearCenter, ...]
    refused: NearCenter | None
    available_on: str
    available_from: str
    """Earliest opening day of a pending site, if uncertain; ``available_on`` is the latest."""
    window: tuple[str, str] | None
    """Opening window of a center that would be ordered on the given day."""
    stated: dict[str, str]
    warnings: tuple[str, ...]
    unseen: tuple[str, ...]
    """Given values that no rule could check."""
    clauses: tuple[str, ...]
    notes: tuple[str, ...]
    """Clauses that did not decide, but apply to the level and the given values."""
    source: str
    afterwards: str = ""
    """What may apply where no level is available, and the command that explains it."""
    limit_km: float | None = None
    """The limit in kilometres; None unless the policy states its distances in them."""
    limit_minutes: float | None = None
    """The limit of the drive; None unless the band has one. ``limit_miles`` then is its bound."""

    further_clocks: tuple[str, ...] = ()
    """What the level says besides its main clock, as text."""
    coming: str = ""
    """Level from ``available_on`` on, where the site waits for a day of its own; else empty."""
    areas: tuple[str, ...] | None = None
    """The areas of the policy in which the site is; None if no verdict depends on areas."""
    areas_unknown: tuple[str, ...] | None = None
    """The areas of which the data leave open whether the site is in them."""
    bands: tuple[Band, ...] = ()
    """The bands of the center of the verdict, where the site is."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON; without what only some policies have."""
        plain = dataclasses.asdict(dataclasses.replace(self, bands=()))
        data: dict[str, Any] = _without_unset(plain)
        del data["bands"]
        for name in ("further_clocks", "coming"):
            if not getattr(self, name):
                data.pop(name, None)
        if self.areas is None:
            for name in ("areas", "areas_unknown"):
                data.pop(name, None)
        return data

    def _repr_html_(self) -> str:
        """Return the explanation for a notebook."""
        return notebook.labelled_lines(str(self))

    @property
    def limit_words(self) -> str:
        """The limit that applied, in the unit of the policy; empty without one."""
        if self.limit_minutes is not None:
            return f"{number_text(self.limit_minutes)} minutes of driving"
        if self.limit_km is not None:
            return f"{number_text(self.limit_km)} km"
        return "" if self.limit_miles is None else f"{number_text(self.limit_miles)} miles"

    @property
    def reason_words(self) -> str:
        """The reason as text."""
        if self.status == Status.not_covered.name:
            return NOTHING_LEFT
        return Reason[self.reason].text_for(same_country=self.same_country)

    def _verdict_lines(self) -> list[str]:
        """Return the lines on the level, and on what may apply instead."""
        lines = [
            f"{self.level} ({self.status}): {self.reason_words}.",
            clock_line(self.promise),
            *(f"  clock     {text}" for text in self.further_clocks),
        ]
        return [*lines, f"  instead   {self.afterwards}"] if self.afterwards else lines

    def _area_lines(self) -> list[str]:
        """Return the line on areas, if verdicts depend on them."""
        if self.areas is None:
            return []
        unknown = f"; not known: {', '.join(self.areas_unknown)}" if self.areas_unknown else ""
        return [f"  area      {', '.join(self.areas) or 'none'}{unknown}"]

    def _later_lines(self) -> Iterator[str]:
        """Yield the lines on later days."""
        if self.available_from:
            yield f"  opens     between {self.available_from} and {self.available_on}"
        if self.coming:
            yield f"  in force  {self.coming} from {self.available_on} on"
        if self.window:
            days = " and ".join(self.window)
            yield f"  ordered   a center ordered then would open between {days}"

    def __str__(self) -> str:
        """Return the explanation as text."""
        declared, located = self.declared or "none", self.located or "none"
        lines = [
            *self._verdict_lines(),
            f"  point     latitude {self.latitude}, longitude {self.longitude}, on {self.as_of}",
            f"  country   {self.country or 'none'}: {self.ground}",
            f"            declared: {declared}; located in: {located}",
            *self._area_lines(),
        ]
        if self.limit_words:
            lines.append(f"  limit     {self.limit_words}")
        if self.center:
            lines.append(f"  center    {self.center}")
        listed = self.in_reach[:MAX_LISTED]
        lines += [
            f"  in reach  {c.center_id}: {measured_text(c.distance_miles, c.distance_km)}"
            for c in listed
        ]
        if len(self.in_reach) > MAX_LISTED:
            lines.append(f"            and {len(self.in_reach) - MAX_LISTED} more")
        if self.accuracy_m is not None:
            lines.append(f"  accuracy  {self.accuracy_m:g} m")
        if self.refused:
            lines.append(f"  not used  {self.refused}")
        lines += [f"  given     {name.replace('_', ' ')}: {v}" for name, v in self.stated.items()]
        lines += self._later_lines()
        messages = (*self.warnings, *self.unseen)
        lines += [f"  warning   {warning}" for warning in messages]
        lines += [f"  clause    {clause}" for clause in self.clauses]
        lines += [f"  note      {note}" for note in self.notes]
        return "\n".join(map(visible, [*lines, f"  source    {self.source}"]))


def explanation(  # noqa: PLR0913 - a place and what is said of it are one question
    matcher: Matcher,
    lon: float,
    lat: float,
    *,
    country: str = "",
    accuracy_m: float = np.nan,
    stated: Mapping[str, str] | None = None,
    ordered_on: datetime.date | None = None,
) -> Explanation:
    """Explain why a site at a point gets its level.

    Parameters
    ----------
    matcher
        Centers, policy and day.
    lon, lat
        Degrees on WGS 84.
    country
        Country declared by the site, if any.
    accuracy_m
        Accuracy of the coordinates, if known.
    stated
        What the row says for eligibility rules: texts by the names of
        `eligibility.TEXTS` and `eligibility.DAYS`.
    ordered_on
        Also calculate when a center ordered on this day would open.

    Raises
    ------
    InputError
        If the point is out of range, or a given value has an unknown name or an invalid date.
    """
    world, codes = matcher.world, matcher.world.names.codes
    said = {
        name: text
        for name, text in (stated or {}).items()
        if text.strip() and (name not in AREA_TEXTS or name in matcher.gates.area_columns)
    }
    sites, facts = matcher.inputs(site_row(lon, lat, accuracy_m, country, said))
    declared = int(sites.declared[0])
    number, basis = assign_country(sites.lon, sites.lat, sites.declared, world, matcher.convention)
    located = world.locate(lon, lat)
    verdicts = matcher.match(sites, facts)
    row = {name: cells[0].as_py() for name, cells in matcher.columns(verdicts).items()}
    level = matcher.policy.level_at(verdicts.level[0])
    coming = _coming(matcher, verdicts, (sites, facts))
    context = row | {"said": said, "coming": coming}
    basis_text = "the policy does not require one"
    if matcher.policy.needs_country:
        basis_text = _basis_text(matcher, CountryBasis(basis[0]), declared, str(located))
    at = int(verdicts.center[0])
    place = matcher.place_of(sites, facts, number)
    near = _centers(matcher, lon, lat, int(number[0]), _measures(matcher, place, at, row))
    return Explanation(
        latitude=lat,
        longitude=lon,
        as_of=matcher.as_of.isoformat(),
        policy=matcher.policy.title,
        same_country=matcher.policy.qualification.same_country,
        declared=_named(country, declared, codes),
        located=str(located),
        country=codes[number[0]],
        ground=basis_text,
        level=level.title,
        promise=matcher.policy.clock_text(level.replacement) if level.replacement else "nothing",
        further_clocks=tuple(matcher.policy.clock_texts(level)[1:]),
        status=row["status"],
        reason=row["reason"],
        accuracy_m=None if np.isnan(accuracy_m) else accuracy_m,
        limit_miles=row["limit_miles"],
        center=near[at] if at != NO_CENTER else None,
        in_reach=_in_reach(near, _reaches(matcher, place)),
        refused=_first_refused(near, at) if number[0] != NONE else None,
        available_on=str(row["available_on"] or ""),
        available_from=_available_from(matcher, verdicts, (sites, facts)),
        window=_window(matcher, codes[number[0]], ordered_on),
        stated=said,
        warnings=tuple(matcher.gates.paper_warnings({codes[number[0]]: 1})),
        unseen=tuple(matcher.gates.unchecked_rules(said)),
        clauses=tuple(_clauses(matcher, context, place, level)),
        notes=tuple(_notes(matcher, context, level)),
        source=str(matcher.policy.source),
        areas=place.areas if matcher.policy.by_area else None,
        areas_unknown=place.uncertain if matcher.policy.by_area else None,
        bands=_bands_of_verdict(matcher, row, place),
        limit_km=row.get("limit_km"),
        limit_minutes=_limit_minutes(matcher.policy, row),
        coming=coming,
    )


def _coming(
    matcher: Matcher, verdicts: Verdicts, inputs: tuple[Sites, EligibilityInputs | None]
) -> str:
    """Return the title of the level that a site waits for on a day of its own; else empty."""
    if verdicts.status[0] != Status.pending or verdicts.reason[0] not in OWN_DAY:
        return ""
    then = matcher.on(verdicts.available_on[0]).match(*inputs)
    return matcher.policy.level_at(then.level[0]).title


def site_row(
    lon: float, lat: float, accuracy_m: float, country: str, said: Mapping[str, str]
) -> SiteRows:
    """Return one site as a table of one row.

    Raises
    ------
    InputError
        If the point is out of range, a value has no rule, or a date is invalid.
    """
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        msg = f"latitude {lat}, longitude {lon} is out of range: use -90 to 90 and -180 to 180."
        raise InputError(msg)
    return SiteRows(
        np.array([lon], float),
        np.array([lat], float),
        np.array([accuracy_m], float),
        [arrays.text_array([country])],
        _cells(said),
    )


def _basis_text(matcher: Matcher, basis: CountryBasis, declared: int, located: str) -> str:
    """Return the basis of the country as text for this case."""
    names = matcher.world.names
    code = names.codes[max(declared, 0)]
    if basis == CountryBasis.UNKNOWN and declared == NONE:
        where = "a border is within 250 m" if located else "the site is in no country"
        return f"no country is declared, and {where}; declare one"
    if basis != CountryBasis.AGREED or declared == NONE or code == located:
        return GROUNDS[basis]
    if matcher.convention.trust_declared:
        return "the declared country is used, because declared countries are trusted"
    there = names.known(located) if located else NONE
    if located and names.sovereign[there] == declared:
        return f"the site is in {located}, a territory of the declared {code}"
    if located and names.sovereign[declared] == there:
        return (
            f"the site is in the polygon of {located}, of which the declared {code} is a territory"
        )
    near = "near its border" if located else "within 5 km of it, in no country"
    return f"the declared country is used: the site is {near}"


def _cells(said: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row as columns of one cell.

    Raises
    ------
    InputError
        If no rule reads such a column, or a day is invalid.
    """
    columns: dict[str, Any] = {}
    for name, text in said.items():
        if name not in (*TEXTS, *DAYS):
            msg = f"Unknown value {name!r}; choose from {', '.join((*TEXTS, *DAYS))}."
            raise InputError(msg)
        columns[name] = arrays.text_array([text])
        if name in DAYS:
            columns[name] = np.array([day_of(text)], "datetime64[D]")
            if np.isnat(columns[name][0]):
                msg = f"{name} {text!r} is not a date. Write it like 2026-12-01."
                raise InputError(msg)
    return columns


def _available_from(
    matcher: Matcher, verdicts: Verdicts, inputs: tuple[Sites, EligibilityInputs | None]
) -> str:
    """Return the first possible day of a level that waits for a center, if it is uncertain.

    A level that is in force only later than a center may open does not start before.
    """
    if verdicts.reason[0] != Reason.center_opens_later:
        return ""
    earliest = _earliest(matcher, int(verdicts.center[0]))
    starts = matcher.starts(*inputs, verdicts.country)
    if not earliest or starts is None:
        return earliest
    days = [str(d) for d in starts.days.ravel() if not np.isnat(d) and d <= verdicts.available_on]
    first = max([earliest, *days])
    return "" if first == str(verdicts.available_on[0]) else first


def _earliest(matcher: Matcher, center: int) -> str:
    """Return the first possible opening day of a center whose opening is uncertain, if any."""
    day = matcher.centers.earliest_on[center]
    return "" if np.isnat(day) else str(day)


def _window(
    matcher: Matcher, country: str, ordered_on: datetime.date | None
) -> tuple[str, str] | None:
    time = lead_time(matcher.policy, country)
    if ordered_on is None or time is None:
        return None
    earliest, latest = window(time, np.datetime64(ordered_on, "D"))
    return str(earliest), str(latest)


def _named(text: str, number: int, codes: tuple[str, ...]) -> str:
    texts = {UNKNOWN: f"{text!r} (unknown country)", NONE: ""}
    return texts.get(number, codes[number])


ONLY_IF_SET: Final = frozenset({"limit_km", "limit_minutes", "distance_km", "margin_km"})
"""Keys that the data of an explanation have only where the policy has such a limit."""


def _without_unset(data: Any) -> Any:
    """Return nested data without those of `ONLY_IF_SET` that are None."""
    if isinstance(data, dict):
        kept = ((k, v) for k, v in data.items() if v is not None or k not in ONLY_IF_SET)
        return {name: _without_unset(value) for name, value in kept}
    return type(data)(map(_without_unset, data)) if isinstance(data, (list, tuple)) else data


def _limit_minutes(policy: Policy, row: Mapping[str, Any]) -> float | None:
    """Return the limit of the drive, if the band of a row has one."""
    if row["limit_miles"] is None:
        return None
    band = policy.band_for(row["site_country"], row["limit_miles"])
    return band.up_to_minutes if band else None


def _centers(
    matcher: Matcher,
    lon: float,
    lat: float,
    country: int,
    measures: "Sequence[Callable[[float], Measured]]",
) -> list[NearCenter]:
    """Return all centers with their exact distance and the margin to their limits, in order."""
    centers, day = matcher.centers, np.datetime64(matcher.as_of, "D")
    metres = geodesy.distance_m(lon, lat, centers.lon, centers.lat)
    opened, planned = centers.is_open(day), centers.is_planned(day)
    same = matcher.policy.qualification.same_country
    region = centers.assigned_regions(matcher.center_country, matcher.world.names).codes
    result = []
    for i, away_m in enumerate(metres.tolist()):
        refused = closes = ""
        if same and matcher.center_country[i] != country:
            refused = "in another country"
        elif planned[i]:
            refused = f"{OPENS} on {centers.opens_on[i]}"
            if earliest := _earliest(matcher, i):
                refused = f"{OPENS} between {earliest} and {centers.opens_on[i]}"
        elif not opened[i]:
            refused = f"closed on {centers.closes_on[i]}"
        elif not np.isnat(centers.closes_on[i]):
            closes = f"closes on {centers.closes_on[i]}"
        code = matcher.world.names.codes[matcher.center_country[i]]
        miles, margin, km, margin_km = measures[i](away_m)
        fields = (centers.center_id[i], centers.name[i], code, miles, margin)
        result.append(NearCenter(*fields, refused, closes, region[i], km, margin_km))
    return result


Measured = tuple[float, float | None, float | None, float | None]
"""Distance and margin in miles, and in kilometres where the policy has them."""


def _measures(
    matcher: Matcher, place: SitePlace, chosen: int, row: Mapping[str, Any]
) -> list[Callable[[float], Measured]]:
    """Return what measures each center: by the limit of the verdict, or its own greatest one."""
    own = matcher.zones.class_of(chosen) if chosen != NO_CENTER else 0
    by_class = {}
    for number, bands in place.bands.items():
        limits: dict[str, float | None] = {}
        if number != own and row["limit_miles"] is not None:
            last = bands[-1] if bands else None
            limits = {
                f"limit_{unit}": last.limit_in(unit) if last else None
                for unit in matcher.policy.printed_units
            }
        by_class[number] = _measured(matcher.policy, {**row, **limits})
    return [by_class[matcher.zones.class_of(i)] for i in range(len(matcher.centers))]


def _measured(policy: Policy, row: Mapping[str, Any]) -> Callable[[float], Measured]:
    """Return what gives the distance of a center, and the margin to the limit of a row."""
    in_km, unit = policy.unit == "km", METRES[policy.unit]
    limit = row["limit_km" if in_km else "limit_miles"]
    if _limit_minutes(policy, row) is not None:  # a time has no margin in miles
        limit = None

    def measured(metres: float) -> Measured:
        margin = None if limit is None else limit - metres / unit
        margin_miles = None if margin is None else margin * unit / MILE_M
        km, margin_km = (metres / 1000, _printed(margin)) if in_km else (None, None)
        return metres / MILE_M, _printed(margin_miles), km, margin_km

    return measured


def _printed(margin: float | None) -> float | None:
    """Return a margin rounded away from zero."""
    return None if margin is None else float(away_from_zero(np.array(margin)))


def _reaches(matcher: Matcher, place: SitePlace) -> list[float]:
    """Return how far each center reaches, in metres; less than nothing if it has no band there."""
    reach = {number: bands[-1].up_to_m if bands else -1.0 for number, bands in place.bands.items()}
    return [reach[matcher.zones.class_of(i)] for i in range(len(matcher.centers))]


def _in_reach(near: list[NearCenter], reach_m: list[float]) -> tuple[NearCenter, ...]:
    reaching = [
        center
        for center, reach in zip(near, reach_m, strict=True)
        if not center.refused and center.distance_miles <= (reach + geodesy.ROUNDING_M) / MILE_M
    ]
    return tuple(sorted(reaching, key=lambda c: (c.distance_miles, c.center_id)))


def _first_refused(near: list[NearCenter], chosen: int) -> NearCenter | None:
    """Return the nearest ineligible center, if it is nearer than all eligible ones."""
    first = min(near, key=lambda c: (c.distance_miles, c.center_id))
    is_shown = chosen != NO_CENTER and first is near[chosen]
    return first if first.refused and not is_shown else None


def _clauses(matcher: Matcher, row: Mapping[str, Any], place: SitePlace, level: Level) -> list[str]:
    """Return the policy clauses that decided, without duplicates."""
    policy, reason = matcher.policy, Reason[row["reason"]]
    rules = policy.qualification
    rule_clause = _rule_clause(matcher, row, place.areas)
    if level == NOT_COVERED and rule_clause:  # whatever the distance
        return [policy.clauses[rule_clause]]
    bands = _bands_of_verdict(matcher, row, place)
    names = [b.clause for b in bands if b.level == level.id] or [b.clause for b in bands[-1:]]
    if reason == Reason.no_center_in_country or reason in COUNTRY_IN_DOUBT:
        names = []
    if rule_clause:
        names.insert(0, rule_clause)
    if reason == Reason.area_unknown:
        names = [*_area_clauses(matcher, place.uncertain), *names]
    if rules.clause:
        names.append(rules.clause)
    if reason == Reason.center_opens_later:
        time = policy.lead_time_in(row["site_country"])
        names += [time.clause] if time else []
    elif reason != Reason.within_radius and not rule_clause:
        offer_clause = _offer_clause(matcher, row, level, frozenset(place.areas))
        names.append(offer_clause or rules.fallback_clause)
    names += [clock.clause for clock in level.all_clocks]
    return [policy.clauses[name] for name in dict.fromkeys(names)]


def _bands_of_verdict(
    matcher: Matcher, row: Mapping[str, Any], place: SitePlace
) -> tuple[Band, ...]:
    """Return the bands of the center that a verdict names, where the site is."""
    centers = matcher.centers.center_id
    at = centers.index(row["center_id"]) if row["center_id"] else NO_CENTER
    return place.bands[matcher.zones.class_of(at) if at != NO_CENTER else 0]


def _area_clauses(matcher: Matcher, areas: Sequence[str]) -> Iterator[str]:
    """Yield the clauses of the rules that name some areas."""
    for clause, names in matcher.policy.area_rules:
        if not set(names).isdisjoint(areas):
            yield clause


def _rule_clause(matcher: Matcher, row: Mapping[str, Any], areas: Sequence[str] = ()) -> str | None:
    """Return the clause of the failed rule, if any; ``areas`` are those of the site."""
    reason = Reason[row["reason"]]
    if reason in OWN_DAY:
        return _start_clause(matcher, row)
    name = RULE_OF_REASON.get(reason)
    if name is None:
        return None
    if reason == Reason.area_excluded:
        rules = matcher.policy.gates.excluded_areas
        return next((r.clause for r in rules if not set(r.areas).isdisjoint(areas)), None)
    by_country = reason == Reason.not_offered_in_country
    rule = _offer_rule(matcher, row) if by_country else getattr(matcher.policy.gates, name)
    return rule.clause if rule else None


def _start_clause(matcher: Matcher, row: Mapping[str, Any]) -> str | None:
    """Return the clause of the rule because of which a level is not in force, if any."""
    policy, country = matcher.policy, row["site_country"]
    if row["reason"] == Reason.relocated.name:
        return policy.relocation.clause if policy.relocation else None
    position = policy.titles.index(row["level"])
    better = [level for level in policy.levels[:position] if row["coming"] in ("", level.title)]
    rules = [r for v in better for r in rules_in(policy.in_force_after, v.id, country or "")]
    applicable = [rule for rule in rules if any(row["said"].get(name) for name in rule.columns)]
    return next((rule.clause for rule in applicable or rules), None)


def _offer_rule(matcher: Matcher, row: Mapping[str, Any]) -> Any:
    """Return the rule by which the level of the band, or the purchased one, is not offered."""
    policy, country = matcher.policy, row["site_country"]
    band = policy.band_for(country, row["limit_miles"]) if row["limit_miles"] else None
    bought = matcher.gates.level_id(row["said"].get("requested_level", ""))
    levels = [*([band.level] if band else []), *([bought] if bought else [])]
    rules = (policy.not_offered_rule(level, country) for level in levels)
    offers = (offer for offer in policy.offers if offer.level in levels)
    return next((rule for rule in rules if rule), next(offers, None))


def _offer_clause(
    matcher: Matcher, row: Mapping[str, Any], level: Level, inside: frozenset[str]
) -> str | None:
    """Return the clause of the offer that gives a site its level, if one does."""
    product = name_key(row["said"].get("product", ""))
    for offer in matcher.policy.offers_in(row["site_country"] or ""):
        named = offer.products is None or product in map(name_key, offer.products)
        if offer.level == level.id and named and offer.applies_at(inside):
            return offer.clause
    return None


def _notes(matcher: Matcher, row: Mapping[str, Any], level: Level) -> Iterator[str]:
    """Yield the clauses on the level and the given values, except that of a failed rule."""
    policy, gates = matcher.policy, matcher.policy.gates
    about = [getattr(gates, n) for n, column in COLUMN_OF_RULE.items() if column in row["said"]]
    names = [rule.clause for rule in about if rule]
    names += [
        rule.clause
        for rule in rules_in(policy.in_force_after, level.id, row["site_country"] or "")
        if any(row["said"].get(name) for name in rule.columns)
    ]
    names += [policy.relocation.clause] if policy.relocation and "moved_on" in row["said"] else []
    names += level.footnotes
    names += policy.unapplied_clauses
    names += [policy.warranty.clause] if policy.warranty else []
    decided_by = _rule_clause(matcher, row)
    return (policy.clauses[name] for name in dict.fromkeys(names) if name != decided_by)
