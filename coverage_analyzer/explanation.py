"""The story of one point: where it lies, which centers are near, what decided, by which clause."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.countries import NONE, UNKNOWN
from coverage_analyzer.countries.decision import Ground, decided
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.matching import Matcher, Reason, Sites
from coverage_analyzer.nearness import NOBODY

LISTED: Final = 10
"""So many centers in reach the text lists; it counts the rest."""

REASONS: Final = {
    Reason.within_radius: "an open center of its country lies within the limit",
    Reason.center_opens_later: "a center of its country lies within the limit, but opens later",
    Reason.beyond_radius: "no center of its country lies within the limit",
    Reason.no_center_in_country: "no open center stands in its country",
    Reason.country_conflict: "it declares one country and lies in another, or far from its own",
    Reason.country_unknown: "its country cannot be told",
    Reason.borderline: "the limit is nearer than its coordinates are exact",
    Reason.null_island: "it lies at 0, 0, where geocoders put what they did not find",
    Reason.road_over_budget: "the drive takes too long: a second look is due",
    Reason.road_unreachable: "no road leads there on the map asked: a second look is due",
    Reason.road_unchecked: "a center may be within the limit by road, which no map has been asked",
}

REASONS_ANYWHERE: Final = REASONS | {
    Reason.within_radius: "an open center lies within the limit",
    Reason.center_opens_later: "a center lies within the limit, but opens later",
    Reason.beyond_radius: "no center lies within the limit",
    Reason.no_center_in_country: "no center is open",
}
"""The same where a policy lets the centers of any country serve."""

GROUNDS: Final = {
    Ground.AGREED: "declared and located agree",
    Ground.INFERRED: "none is declared; it lies clearly in one",
    Ground.OFFSHORE: "it lies in no country, within 200 nautical miles of the one declared",
    Ground.NULL_ISLAND: "it lies at 0, 0",
    Ground.UNKNOWN: "what is declared is no country that the tables know",
    Ground.CONFLICT: "declared and located contradict each other",
}
"""In short; `_ground_words` tells the finer cases apart."""


@dataclass(frozen=True)
class NearCenter:
    """A center, how far it is, and whether it may serve the site."""

    center_id: str
    name: str
    country: str
    distance_miles: float
    margin_miles: float | None
    refused: str = ""
    closes: str = ""

    def __str__(self) -> str:
        """Return it on one line."""
        named = f" ({self.name})" if self.name else ""
        words = [f"{self.center_id}{named}, {self.country}: {self.distance_miles:.3f} miles"]
        if self.margin_miles is not None:
            side = "beyond" if self.margin_miles < 0 else "within"
            words.append(f", {abs(self.margin_miles):.3f} miles {side} the limit")
        return "; ".join(["".join(words), *filter(None, (self.refused, self.closes))])


@dataclass(frozen=True)
class Explanation:
    """Why a site gets its level; ``print`` tells it in words, `to_dict` gives it as data."""

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
    clauses: tuple[str, ...]
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, ready for JSON."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """Return the story in words."""
        declared, located = self.declared or "nothing", self.located or "no country"
        words = REASONS if self.same_country else REASONS_ANYWHERE
        lines = [
            f"{self.level} ({self.status}): {words[Reason[self.reason]]}.",
            f"  promise   {self.promise}",
            f"  point     latitude {self.latitude}, longitude {self.longitude}, on {self.as_of}",
            f"  country   {self.country or 'none'}: {self.ground}",
            f"            declared {declared}, located in {located}",
        ]
        if self.limit_miles is not None:
            lines.append(f"  limit     {self.limit_miles:g} miles")
        if self.center:
            lines.append(f"  center    {self.center}")
        listed = self.in_reach[:LISTED]
        lines += [f"  in reach  {c.center_id}: {c.distance_miles:.3f} miles" for c in listed]
        if len(self.in_reach) > LISTED:
            lines.append(f"            and {len(self.in_reach) - LISTED} more")
        if self.accuracy_m is not None:
            lines.append(f"  accuracy  {self.accuracy_m:g} m")
        if self.refused:
            lines.append(f"  refused   {self.refused}")
        lines += [f"  clause    {clause}" for clause in self.clauses]
        return "\n".join(map(visible, [*lines, f"  source    {self.source}"]))


def explanation(
    matcher: Matcher, lon: float, lat: float, *, country: str = "", accuracy_m: float = np.nan
) -> Explanation:
    """Return why a site at a point gets its level.

    Parameters
    ----------
    matcher
        Centers, policy and day.
    lon, lat
        Degrees on WGS 84.
    country
        As the site declares it, if it does.
    accuracy_m
        How far off the coordinates may be, if known.

    Raises
    ------
    InputError
        If the point is out of range.
    """
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        msg = f"latitude {lat}, longitude {lon} is no place: they reach to 90 and 180 degrees."
        raise InputError(msg)
    world, codes = matcher.world, matcher.world.names.codes
    declared = world.names.number(country)
    sites = Sites(
        np.array([lon], float),
        np.array([lat], float),
        np.array([declared], np.int16),
        np.array([accuracy_m], float),
    )
    number, ground = decided(sites.lon, sites.lat, sites.declared, world, matcher.convention)
    located = world.locate(lon, lat)
    verdicts = matcher.match(sites)
    row = {name: values[0].as_py() for name, values in matcher.columns(verdicts).items()}
    level = matcher.policy.levels[verdicts.level[0]]
    ground_words = "the policy does not ask for one"
    if matcher.policy.needs_country:
        ground_words = _ground_words(matcher, Ground(ground[0]), declared, str(located))
    near = _centers(matcher, lon, lat, int(number[0]), row["limit_miles"])
    at = int(verdicts.center[0])
    return Explanation(
        latitude=lat,
        longitude=lon,
        as_of=matcher.as_of.isoformat(),
        policy=matcher.policy.title,
        same_country=matcher.policy.qualification.same_country,
        declared=_named(country, declared, codes),
        located=str(located),
        country=codes[number[0]],
        ground=ground_words,
        level=level.title,
        promise=str(level.replacement or "nothing"),
        status=row["status"],
        reason=row["reason"],
        accuracy_m=None if np.isnan(accuracy_m) else accuracy_m,
        limit_miles=row["limit_miles"],
        center=near[at] if at != NOBODY else None,
        in_reach=_in_reach(near, matcher.policy.bands_in(codes[number[0]])[-1].up_to_miles),
        refused=_first_refused(near, at) if number[0] != NONE else None,
        available_on=str(row["available_on"] or ""),
        clauses=tuple(_clauses(matcher, Reason[row["reason"]], codes[number[0]], level.id)),
        source=f"{matcher.policy.source.title}, {matcher.policy.source.address}",
    )


def _ground_words(matcher: Matcher, ground: Ground, declared: int, located: str) -> str:
    """Return on what ground the country was decided, in words that fit the case."""
    names = matcher.world.names
    code = names.codes[max(declared, 0)]
    if ground == Ground.UNKNOWN and declared == NONE:
        where = "a border is within 250 m" if located else "it lies in no country"
        return f"none is declared, and {where}: declare one"
    if ground != Ground.AGREED or declared == NONE or code == located:
        return GROUNDS[ground]
    if matcher.convention.trust_declared:
        return "the declared one stands, as it is trusted"
    there = names.known(located) if located else NONE
    if located and names.sovereign[there] == declared:
        return f"{located} is a territory of {code}, which is declared"
    if located and names.sovereign[declared] == there:
        return f"{code} is a territory of {located}, in whose polygon it lies"
    near = "so near that border" if located else "within 5 km of it, in no country"
    return f"the declared one stands: it lies {near}"


def _named(text: str, number: int, codes: tuple[str, ...]) -> str:
    known = {UNKNOWN: f"{text!r}, which no table knows", NONE: ""}
    return known.get(number, codes[number])


def _centers(
    matcher: Matcher, lon: float, lat: float, country: int, limit: float | None
) -> list[NearCenter]:
    """Return all centers with their exact distance, in the matcher's order."""
    centers, day = matcher.centers, np.datetime64(matcher.as_of, "D")
    miles = geodesy.distance_m(lon, lat, centers.lon, centers.lat) / MILE_M
    opened, planned = centers.is_open(day), centers.is_planned(day)
    same = matcher.policy.qualification.same_country
    result = []
    for i, away in enumerate(miles.tolist()):
        refused = closes = ""
        if same and matcher.center_country[i] != country:
            refused = "in another country"
        elif planned[i]:
            refused = f"opens on {centers.opens_on[i]}"
        elif not opened[i]:
            refused = f"closed on {centers.closes_on[i]}"
        elif not np.isnat(centers.closes_on[i]):
            closes = f"closes on {centers.closes_on[i]}"
        code = matcher.world.names.codes[matcher.center_country[i]]
        margin = None if limit is None else limit - away
        known = (centers.center_id[i], centers.name[i], code, away, margin)
        result.append(NearCenter(*known, refused, closes))
    return result


def _in_reach(near: list[NearCenter], reach_miles: float) -> tuple[NearCenter, ...]:
    most = reach_miles + geodesy.ROUNDING_M / MILE_M
    reaching = [c for c in near if not c.refused and c.distance_miles <= most]
    return tuple(sorted(reaching, key=lambda c: (c.distance_miles, c.center_id)))


def _first_refused(near: list[NearCenter], chosen: int) -> NearCenter | None:
    """Return the nearest center that may not serve, if it is nearer than all that may."""
    first = min(near, key=lambda c: (c.distance_miles, c.center_id))
    told = chosen != NOBODY and first is near[chosen]
    return first if first.refused and not told else None


def _clauses(matcher: Matcher, reason: Reason, country: str, level: str) -> list[str]:
    """Return the clauses of the policy that decided, each once."""
    policy = matcher.policy
    rules = policy.qualification
    bands = policy.bands_in(country)
    names = [b.clause for b in bands if b.level == level] or [bands[-1].clause]
    if reason in {Reason.no_center_in_country, Reason.country_conflict, Reason.country_unknown}:
        names = []
    if rules.clause:
        names.append(rules.clause)
    if reason == Reason.center_opens_later:
        times = policy.lead_times
        named = [t for t in times if country in t.countries] or list(times)
        names += [t.clause for t in named]
    elif reason != Reason.within_radius:
        names.append(rules.fallback_clause)
    replacement = policy.level(level).replacement
    names += [replacement.clause] if replacement else []
    return [policy.clauses[name] for name in dict.fromkeys(names)]
