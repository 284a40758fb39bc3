"""The base map: what is in it, and what a page gets of it."""

import json
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from coverage_analyzer import countries
from coverage_analyzer.arrays import Floats
from coverage_analyzer.countries import Names
from coverage_analyzer.maps import base_cut, base_layer, base_map
from coverage_analyzer.maps.base_layer import Plane
from coverage_analyzer.maps.base_map import CELLS, FINE, SIDE, WORLD, LineKind, PlaceKind
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.schema.verdict import COLUMNS

NO_CAPITAL = {"AQ", "BV", "EH", "HM", "IL", "IO", "PS", "TK", "UM"}
"""Without a town that is one, or (EH, IL, PS) where its country or rank is contested."""


@pytest.fixture(scope="module")
def world() -> countries.Countries:
    """Give the countries."""
    return countries.load()


def faces(world: countries.Countries, lon: Floats, lat: Floats) -> list[str]:
    """Return the face of each place."""
    return [world.borders.faces[face] for face in world.borders.located(lon, lat).tolist()]


def sites_at(lon: Floats, lat: Floats, country: str = "several") -> DrawnSites:
    """Return sites without centers."""
    n = len(lon)
    result = DrawnSites()
    verdict = {column.name: pa.nulls(n, column.type) for column in COLUMNS}
    verdict["status"] = pa.array(["fallback"] * n)
    codes = ("DE", "US") if country == "several" else (country, country)
    verdict["site_country"] = pa.array([codes[i % 2] for i in range(n)])
    texts = pa.array([str(i) for i in range(n)])
    result.add(np.asarray(lon, float), np.asarray(lat, float), texts, texts, verdict)
    return result


def no_centers() -> Centers:
    """Return an empty list of centers."""
    return Centers.from_texts({"center_id": []}, np.zeros(0), np.zeros(0), [])


def cut(lon: Floats, lat: Floats, names: Names, country: str = "several") -> base_cut.BaseBlock:
    """Return the base map of a page with sites at these places."""
    return base_cut.cut(sites_at(lon, lat, country), no_centers(), names)


def columns_of(block: base_cut.BaseBlock) -> dict[str, int]:
    """Return the number of values of each column."""
    return {spec["name"]: spec["count"] for spec in block.block.specs}


# Content


def test_each_capital_once(world: countries.Countries) -> None:
    """Each country has one capital; a US town called Washington is not one for its name."""
    places = base_map.places()
    capitals = places.take(np.flatnonzero(places.kind == PlaceKind.capital))
    codes = capitals.country.to_pylist()
    assert max(Counter(codes).values()) == 1
    assert set(world.names.codes[1:]) - set(codes) == NO_CAPITAL
    names = dict(zip(codes, capitals.name.to_pylist(), strict=True))
    assert (names["US"], names["JP"], names["TW"]) == ("Washington", "Tokyo", "Taipei")


def test_no_town_in_a_contested_zone_has_a_country(world: countries.Countries) -> None:
    """The country of a town is that of the package's own borders, whatever GeoNames says."""
    places = base_map.places()
    towns = places.take(np.flatnonzero(places.kind != PlaceKind.country))
    located = faces(world, *base_map.degrees_of(towns.x + 0.5, towns.y + 0.5))
    codes, names = towns.country.to_pylist(), towns.name.to_pylist()
    contested = {
        name: code for name, code, face in zip(names, codes, located, strict=True) if "+" in face
    }
    assert {"Simferopol", "Laayoune"} <= set(contested)
    # At its accuracy of 38 m a town may be just across the line of a zone.
    assert sum(bool(code) for code in contested.values()) <= 1 + len(contested) // 200
    wrong = [
        n
        for n, code, face in zip(names, codes, located, strict=True)
        if len(face) == 2 and code != face
    ]
    assert len(wrong) <= len(names) // 2000


def test_each_country_has_a_label(world: countries.Countries) -> None:
    """All countries are named but the islands of the US that have no polygon."""
    places = base_map.places()
    labels = places.take(np.flatnonzero(places.kind == PlaceKind.country))
    assert set(world.names.codes[1:]) - set(labels.country.to_pylist()) == {"UM"}
    assert faces(world, *base_map.degrees_of(labels.x, labels.y)) == labels.country.to_pylist()


def test_no_boundary_of_a_region_in_a_contested_zone(world: countries.Countries) -> None:
    """Who draws provinces there takes a side."""
    base, middles = base_map.load(), []
    for row in np.flatnonzero(base.level == FINE)[::5].tolist():
        for kind, line in base.shapes(row).lines:
            if kind < LineKind.border:
                middles.append((line[1:] + line[:-1]) / 2)
    x, y = np.concatenate(middles).T
    located = np.array(faces(world, *base_map.degrees_of(x, y)))
    assert len(located) > 10_000
    assert np.char.count(located, "+").mean() < 0.001  # the ends of a cut, at 100 m


def test_contested_borders_are_lines_of_their_own() -> None:
    """Crimea's border is dashed, Germany's is not."""
    base = base_map.load()
    rows = base.rows(1)
    kinds = [
        {
            k
            for c in base_map.cells_within(*box)
            if rows[c] >= 0
            for k, _ in base.shapes(int(rows[c])).lines
            if k >= LineKind.border
        }
        for box in ((33.2, 45.8, 34.8, 46.3), (7.5, 47.5, 8.2, 49.1))
    ]
    assert kinds == [{LineKind.contested}, {LineKind.border}]


@pytest.mark.parametrize(
    ("place", "is_land"),
    [
        ((-73.9654, 40.7829), True),  # Central Park
        ((-73.87, 40.61), False),  # Jamaica Bay
        ((-87.0, 42.0), False),  # Lake Michigan
        ((11.575, 48.137), True),
        ((-179.97, -16.85), True),  # Taveuni, on both sides of 180
        ((50.0, 40.0), False),  # the Caspian Sea, which has no outlet
        ((9.4, 47.62), False),  # Lake Constance
    ],
)
def test_land_is_good_to_about_100_metres(place: tuple[float, float], *, is_land: bool) -> None:
    """Manhattan is an island, bays and lakes are water."""
    base = base_map.load()
    x, y = base_map.units_of(*place)
    cell = int(y // SIDE * CELLS + x // SIDE)
    row = max(base.rows(FINE)[cell], base.rows(1)[cell])
    rings = base.shapes(row).polygons if row >= 0 else []
    land = shapely.union_all([shapely.make_valid(shapely.Polygon(r[0], r[1:])) for r in rings])
    assert land.contains(shapely.Point(x, y)) == is_land


def test_shapes_survive_packing() -> None:
    """Rings and lines come back as they were, without repeated vertices and empty rings."""
    ring = np.array([[0, 0], [300, -4], [300, -4], [70_000, 900], [5, 8]])
    line = np.array([[9, 9], [-2, 3], [1 << 20, 0]])
    bits = base_map.encoded([[ring], [ring[:2]]], [(LineKind.border, line), (4, line[:1])])
    arrays = [pa.array([b], pa.large_binary()) for b in bits]
    base = base_map.BaseMap(np.array([2]), np.array([257]), *arrays)
    shapes = base.shapes(0)
    step = 1 << base_map.SHIFTS[2]
    assert np.array_equal(shapes.polygons[0][0], ring[[0, 1, 3, 4]] * step + SIDE)
    assert [(k, p.tolist()) for k, p in shapes.lines] == [
        (LineKind.border, (line * step + SIDE).tolist())
    ]
    assert len(shapes.polygons) == 1


# What a page gets


def coast_of(box: tuple[float, float, float, float], n: int) -> tuple[Floats, Floats]:
    """Return places at towns of a rectangle, the most important ones."""
    result = base_map.places_within(*box, 10)
    lon, lat = base_map.degrees_of(result.x, result.y)
    return lon[:n], lat[:n]


@pytest.mark.parametrize(
    ("box", "n", "country", "most"),
    [
        ((-125.0, 24.0, -66.0, 50.0), 5000, "US", base_cut.REGION_BYTES),
        ((-12.0, 34.0, 33.0, 71.0), 20_000, "several", base_cut.REGION_BYTES),
        ((19.0, 41.0, 180.0, 80.0), 5000, "RU", base_cut.REGION_BYTES),
        ((-180.0, -60.0, 179.99, 80.0), 50_000, "several", base_cut.WORLD_BYTES),
        ((11.0, 48.0, 12.0, 48.5), 5, "DE", base_cut.REGION_BYTES),
    ],
)
def test_limit_of_bytes(
    world: countries.Countries,
    box: tuple[float, float, float, float],
    n: int,
    country: str,
    most: int,
) -> None:
    """The base map keeps its limit, and uses most of it where there is enough to show."""
    block = cut(*coast_of(box, n), world.names, country)
    size = len(block.block.packed())
    assert size <= most
    assert size >= 0.8 * most or n < 100


def test_region_on_both_sides_of_180_is_a_region() -> None:
    """Fiji and New Zealand are a region; so are the two ends of a chain of islands."""
    weights = np.zeros((CELLS, CELLS), np.int64)
    weights[140, [2, 250]] = 1
    assert base_cut.is_region(weights)
    weights[140, 128] = 1
    assert not base_cut.is_region(weights)
    weights[140, 2] = 50  # a single site far away changes nothing
    assert base_cut.is_region(weights)
    assert base_cut.is_region(np.zeros((CELLS, CELLS), np.int64))


def test_small_island_with_a_site_is_kept(world: countries.Countries) -> None:
    """Heligoland is there in detail beside a world full of other sites."""
    lon, lat = coast_of((-180.0, -60.0, 179.99, 80.0), 40_000)
    sites = sites_at(np.append(lon, 7.8857), np.append(lat, 54.1825))
    weights = base_cut.cell_weights(sites, no_centers())
    x, y = base_map.units_of(7.8857, 54.1825)
    cell = int(y // SIDE * CELLS + x // SIDE)
    assert weights.ravel()[cell]
    base = base_map.load()
    rows = [r for level in (1, FINE) if (r := base.rows(level)[cell]) >= 0]
    for row in rows:
        polygons = [shapely.Polygon(p[0]) for p in base.shapes(int(row)).polygons]
        near = min(p.distance(shapely.Point(x, y)) for p in polygons)
        assert near < 10
    assert cut(lon, lat, world.names).block.specs


def test_cells_of_sites_as_by_the_projection() -> None:
    """The quick look-up agrees with the projection, but for 0.01 degree at a border of cells."""
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(-180, 180, 2000), rng.uniform(-84, 84, 2000)
    sites = sites_at(np.append(lon, [180.0, -180.0]), np.append(lat, [-90.0, 90.0]))
    weights = base_cut.cell_weights(sites, no_centers())
    x, y = base_map.units_of(lon, lat)
    expected = np.bincount((y // SIDE * CELLS + x // SIDE).astype(int), minlength=CELLS * CELLS)
    assert np.abs(weights.ravel() - expected).sum() <= 2 + 0.03 * 2000
    assert weights.sum() == 2002


def test_countries_and_columns_of_the_block(world: countries.Countries) -> None:
    """Columns of rows, and of places, have one length each; an empty code is no country."""
    block = cut(np.array([11.5]), np.array([48.1]), world.names, "DE")
    counts = columns_of(block)
    assert counts["cell"] == counts["level"] == counts["counts_size"] == counts["x_size"]
    assert counts["place_x"] == counts["place_zoom"] == counts["place_name"]
    assert counts["country_name"] == len(world.names.codes) - 1  # the empty one, without UM
    assert json.loads(json.dumps(block.page_data()))["shifts"] == list(base_map.SHIFTS)


# On a plane


def test_towns_and_detail_on_a_plane() -> None:
    """Names and lines around Basel, where three countries meet."""
    box = (-40_000.0, -30_000.0, 40_000.0, 30_000.0)
    plane = Plane(7.5886, 47.5596)
    towns = base_layer.towns(plane, box)
    names = [town.name for town in towns]
    assert names[0] == "Basel"
    assert "Mulhouse" in names
    assert max(abs(towns[0].x), abs(towns[0].y)) < 2_000
    result = base_layer.detail(plane, box)
    area = sum(p.area for p in result.land)
    assert area == pytest.approx(80_000 * 60_000, rel=0.01)
    assert result.borders
    assert result.regions
    assert not result.contested


def test_detail_across_180() -> None:
    """Land on both sides of 180 is in one picture, and no line crosses it for that."""
    plane = Plane(179.99, -16.5)
    result = base_layer.detail(plane, (-60_000.0, -60_000.0, 60_000.0, 60_000.0))
    west, east = (sum(p.area for p in result.land if side * p.centroid.x > 0) for side in (-1, 1))
    assert west > 1e8
    assert east > 1e7
    assert max(line.length for line in result.coasts) < 400_000
    assert (
        "Waiyevo" in [t.name for t in base_layer.towns(plane, (-60e3, -60e3, 60e3, 60e3))] or west
    )


def test_near_the_pole_there_is_nothing() -> None:
    """The plane of the base map ends at 85 degrees."""
    assert base_layer.towns(Plane(0.0, 89.9), (-1e4, -1e4, 1e4, 1e4)) == []


def test_origin_is_stated() -> None:
    """Each file is named with its licence."""
    folder = Path(base_map.__file__).parents[1] / "resources" / "base_map"
    text = (folder / "SOURCE.md").read_text("utf-8")
    for needed in ("ODbL", "CC BY 4.0", "public domain", "base_map.arrow", "towns.arrow"):
        assert needed in text
    size = sum(len(zlib.compress(path.read_bytes())) for path in folder.iterdir())
    assert size < 5_500_000  # the wheel, which is compressed, is to stay below 11 MB
    assert WORLD == 1 << 20


def test_a_page_without_data_shows_the_world(world: countries.Countries) -> None:
    """No site and no center: level 0, and the places of a region."""
    block = base_cut.cut(DrawnSites(), no_centers(), world.names)
    counts = columns_of(block)
    assert counts["cell"] == 1
    assert counts["place_x"] > 500


def test_too_many_sites_are_weighed_by_density(
    world: countries.Countries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where sites are counted in a grid only, the same cells get detail."""
    lon, lat = coast_of((-12.0, 34.0, 33.0, 71.0), 400)
    single = base_cut.cell_weights(sites_at(lon, lat), no_centers())
    monkeypatch.setattr("coverage_analyzer.maps.sites.MOST_SITES", 100)
    dense = sites_at(lon, lat)
    assert dense.density is not None
    weights = base_cut.cell_weights(dense, no_centers())
    assert weights.sum() == single.sum() == 400
    assert np.abs(weights - single).sum() <= 0.05 * 400  # cells of the quick look-up
    assert columns_of(base_cut.cut(dense, no_centers(), world.names))["cell"] > 100


def test_busiest_cells_come_first(world: countries.Countries) -> None:
    """A center's cell is fine although sites elsewhere fill the limit."""
    lon, lat = coast_of((-180.0, -60.0, 179.99, 80.0), 60_000)
    center = {"center_id": ["X"], "latitude": ["-17.8"], "longitude": ["178"]}
    centers = Centers.from_texts(center, np.array([178.0]), np.array([-17.8]), ["1"])
    sites = sites_at(lon, lat)
    weights = base_cut.cell_weights(sites, centers)
    x, y = base_map.units_of(178.0, -17.8)
    cell = int(y // SIDE * CELLS + x // SIDE)
    assert weights.ravel()[cell] >= base_cut.CENTER_WEIGHT
    base = base_map.load()
    costs = base_cut._costs(base)
    rows = base_cut._rows(base, costs, weights, 300_000.0)
    assert int(base.rows(FINE)[cell]) in rows.tolist()
    assert costs[rows].sum() <= 300_000
    assert len(set(base.cell[rows].tolist())) == len(rows)
