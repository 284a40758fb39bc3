"""Whether the kernel is ever wrong: its verdicts against Karney's geodesic of all pairs.

``python benchmarks/brute_force.py [SITES] [CENTERS]``, by default 1,000,000 sites x 1,000 centers,
and a tenth as many sites within 0.5 % of the limit of a center. Each site is measured to every
center of its country. Minutes, not seconds; the exit code is 1 if one answer differs.
"""

import sys

import numpy as np
from kernel import DAY, judged, network
from pyproj import Geod
from workload import SEED, centers, sites

from coverage_analyzer import countries
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy

EARTH = Geod(ellps="WGS84")
MILE_M = 1609.344
SITES_AT_ONCE = 20_000


def band(matcher: Matcher, count: int) -> Sites:
    """Return sites at the limit of a center of their country, give or take 0.5 %."""
    random = np.random.default_rng(SEED)
    serving = matcher.centers
    at = random.integers(0, len(serving), count)
    limit_m = limits_m(matcher)[matcher.center_country[at]]
    away = limit_m * (1 + random.uniform(-0.005, 0.005, count))
    azimuth = random.uniform(-180, 180, count)
    lon, lat, _ = EARTH.fwd(serving.lon[at], serving.lat[at], azimuth, away)
    return Sites(lon, lat, matcher.center_country[at], np.full(count, np.nan))


def limits_m(matcher: Matcher) -> np.ndarray:
    """Return the limit of each country in metres, with the millimetre for rounding."""
    bands = [matcher.policy.bands_in(code) for code in matcher.world.names.codes]
    return np.array([levels[-1].up_to_miles * MILE_M + 0.001 for levels in bands])


def wrong(matcher: Matcher, subset: Sites) -> np.ndarray:
    """Return how many centers, distances, decisions and counts differ from those of all pairs."""
    verdicts, serving, limit = matcher.match(subset), matcher.centers, limits_m(matcher)
    errors = np.zeros(4, np.int64)
    for country in np.unique(verdicts.country).tolist():
        own = np.flatnonzero(matcher.center_country == country)
        theirs = np.flatnonzero(verdicts.country == country)
        for at in np.array_split(theirs, len(theirs) // SITES_AT_ONCE + 1):
            nearest, metres, reaching = all_pairs(subset, at, serving, own, limit[country])
            miles = np.where(nearest >= 0, np.round(metres / MILE_M * 1000) / 1000, np.nan)
            errors += [
                (verdicts.center[at] != nearest).sum(),
                (
                    ~np.isclose(verdicts.distance_miles[at], miles, rtol=0, atol=0, equal_nan=True)
                ).sum(),
                ((verdicts.status[at] == 0) != (metres <= limit[country])).sum(),
                (verdicts.centers_in_reach[at] != reaching).sum(),
            ]
    return errors


def all_pairs(
    subset: Sites, at: np.ndarray, serving: Centers, own: np.ndarray, limit_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nearest center, its distance and how many reach each site, one center at a time."""
    nearest, metres = np.full(len(at), -1), np.full(len(at), np.inf)
    reaching = np.zeros(len(at), np.int64)
    for center in own.tolist():
        there = np.full(len(at), serving.lon[center]), np.full(len(at), serving.lat[center])
        away = EARTH.inv(subset.lon[at], subset.lat[at], *there)[2]
        nearest = np.where(away < metres, center, nearest)
        metres = np.minimum(metres, away)
        reaching += away <= limit_m
    return nearest, metres, reaching


def main() -> int:
    """Compare and print."""
    count, size = (int(a) for a in (*sys.argv[1:], "1000000", "1000")[:2])
    world, policy = countries.load(), Policy.load("appliance-maintenance")
    serving = network(centers(size))
    matcher = Matcher(serving, policy, world, as_of=DAY, trust_declared=True)
    total = 0
    for name, subset in (
        ("ordinary sites", judged(sites(count), world.names)),
        ("sites at limits", band(matcher, count // 10)),
    ):
        errors = wrong(matcher, subset)
        total += int(errors.sum())
        words = ("centers", "distances", "decisions", "counts")
        counts_text = ", ".join(f"{n} {w}" for n, w in zip(errors, words, strict=True))
        print(f"{len(subset):,} {name} x {size:,} centers: wrong are {counts_text}")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
