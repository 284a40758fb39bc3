"""Distances to borders, and rules a to i, against shapely and a projection that keeps distances."""

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from building import EARTH
from pyproj import Proj

from coverage_analyzer.countries import NONE, UNKNOWN, Countries
from coverage_analyzer.countries.assignment import CountryBasis, assign_country
from coverage_analyzer.policy import Policy

Floats = npt.NDArray[np.float64]

SEED = 250

CODES = (
    *("CH", "DE", "FJ", "RU", "SJ", "AQ", "US", "PR"),
    *("MC", "HK", "NO", "GL", "CY", "UA", "CL", "TV"),
)
"""Large and small, at 180 degrees, polar, contested."""


def edges(world: Countries, code: str) -> Floats:
    """Return the border of a country as segments in degrees, shape (n, 2, 2)."""
    lines = shapely.get_parts(shapely.boundary(shapely.get_parts(world.polygon(code))))
    parts = [shapely.get_coordinates(line) for line in lines]
    return np.concatenate([np.stack([p[:-1], p[1:]], axis=1) for p in parts])


def border_m(segments: Floats, lon: float, lat: float) -> float:
    """Return how far the nearest of some segments is: true along rays from the point."""
    flat = Proj(proj="aeqd", lat_0=lat, lon_0=lon, ellps="WGS84")
    x, y = flat(segments[..., 0].ravel(), segments[..., 1].ravel())
    lines = shapely.linestrings(np.stack([x, y], axis=-1).reshape(-1, 2, 2))
    return float(shapely.distance(lines, shapely.Point(0, 0)).min())


def near(rng: np.random.Generator, segments: Floats, number: int) -> tuple[Floats, Floats]:
    """Return points near some of the segments: half within a kilometre, half within 400 km.

    The cut along 180 degrees and the pole is no border: nobody asks how far it is.
    """
    real = segments[(np.abs(segments[:, 0, 0]) < 180) & (segments[:, 0, 1] > -90)]
    subset = real[rng.integers(len(real), size=number), 0]
    far = np.where(rng.random(number) < 0.5, 1_000.0, 400_000.0) * rng.random(number)
    lon, lat, _ = EARTH.fwd(subset[:, 0], subset[:, 1], rng.uniform(-180, 180, number), far)
    return np.asarray(lon), np.asarray(lat)


@pytest.mark.parametrize("code", CODES)
def test_distance_to_the_border(world: Countries, code: str) -> None:
    """Measure to 0.1 % and half a metre, from both sides, up to 200 nautical miles."""
    rng = np.random.default_rng([SEED, *code.encode()])
    segments = edges(world, code)
    lon, lat = near(rng, segments, 24)
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    number = world.names.numbers([code] * len(lon))
    result = world.near_m(lon, lat, number, itself, 370_400.0)
    box = np.abs(segments[:, 0, 1][:, None] - lat) < 5
    expected = [
        border_m(segments[b], x, y) if b.any() else np.inf
        for b, x, y in zip(box.T, lon, lat, strict=True)
    ]
    for got, true in zip(result.tolist(), expected, strict=True):
        if np.isinf(got):
            assert true > 370_400.0 * 0.999
        else:
            assert got == pytest.approx(true, rel=1e-3, abs=0.5)


class Oracle:
    """The rules as they read, a point at a time."""

    def __init__(self, world: Countries) -> None:
        self.world = world
        self._edges: dict[str, Floats] = {}

    def away(self, code: str, lon: float, lat: float) -> float:
        """Return how far a country is, infinite if it has no polygon."""
        if code == "UM":
            return np.inf
        if code not in self._edges:
            self._edges[code] = edges(self.world, code)
        segments = self._edges[code]
        close = segments[np.abs(segments[:, 0, 1] - lat) < 5]
        return border_m(close, lon, lat) if len(close) else np.inf

    def decide(
        self, text: str, lon: float, lat: float, neighbours: tuple[str, ...]
    ) -> tuple[str, CountryBasis]:
        """Return country and ground; ``neighbours`` are all countries that could be near."""
        names = self.world.names
        number = names.number(text)
        located = str(self.world.locate(lon, lat))
        if number in {NONE, UNKNOWN}:
            others = [c for c in neighbours if c != located]
            close = any(self.away(c, lon, lat) <= 250 for c in others)
            clear = number == NONE and located and not close
            return (located, CountryBasis.INFERRED) if clear else ("", CountryBasis.UNKNOWN)
        code = names.codes[number]
        sovereign = names.codes[names.sovereign[names.known(located)]] if located else ""
        if code in {located, sovereign}:
            return located, CountryBasis.AGREED
        away = self.away(code, lon, lat)
        territory = bool(located) and names.codes[names.sovereign[number]] == located
        reach = 24 * 1852 if territory else 250 if located else 5000
        if away <= reach or (territory and code == "UM"):
            return code, CountryBasis.AGREED
        offshore = not located and away <= 200 * 1852
        return code, CountryBasis.OFFSHORE if offshore else CountryBasis.CONFLICT


REGIONS = {
    "Basel": (7.59, 47.58, ("CH", "DE", "FR")),
    "Hong Kong": (114.05, 22.52, ("HK", "CN", "MO")),
    "Saint Martin": (-63.06, 18.06, ("MF", "SX", "AI", "BL")),
    "Virgin Islands": (-64.75, 18.36, ("VI", "VG", "PR", "US")),
    "Rome": (12.452, 41.903, ("IT", "VA")),
    "Detroit": (-83.05, 42.32, ("US", "CA")),
    "Oregon": (-124.9, 43.0, ("US", "UM", "CA", "GU")),
    "Copenhagen": (12.75, 55.65, ("DK", "SE", "FO")),
    "Taveuni": (180.0, -16.8, ("FJ", "WF", "TO")),
    "Wake": (166.6, 19.3, ("US", "UM", "MH")),
}


@pytest.mark.parametrize("region", REGIONS)
def test_rules_a_to_i(world: Countries, policy: Policy, region: str) -> None:
    """Decide as the rules read, point by point, with distances of shapely and Karney."""
    lon, lat, neighbours = REGIONS[region]
    rng = np.random.default_rng([SEED, *region.encode()])
    number = 60
    reach = 10 ** rng.uniform(2, 5.7, number)
    x, y, _ = EARTH.fwd([lon] * number, [lat] * number, rng.uniform(-180, 180, number), reach)
    x, y = np.asarray(x), np.asarray(y)
    texts = rng.choice([*neighbours, *neighbours, "", "Atlantis"], number).tolist()
    rules = policy.convention(world.names)
    country, ground = assign_country(x, y, world.names.numbers(texts), world, rules)
    oracle = Oracle(world)
    near_enough = tuple({*neighbours, *set(world.locate(x, y).tolist())} - {"", "UM"})
    wrong = []
    for i, text in enumerate(texts):
        expected = oracle.decide(text, float(x[i]), float(y[i]), near_enough)
        result = (world.names.codes[country[i]], CountryBasis(ground[i]))
        if result != expected:
            wrong.append((text, float(y[i]), float(x[i]), result, expected))
    assert not wrong
