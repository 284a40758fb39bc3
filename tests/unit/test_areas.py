"""Coverage areas against the rule itself: distances by Karney, countries by the layer."""

import dataclasses
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from building import EARTH, Center, Floats, centers_of, karney_m, moved

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.writers.geojson_text import geojson
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.geometry import area_km2, discs
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import Policy

DAY = np.datetime64("2026-12-01", "D")

CENTERS = (
    Center("AQ-POLE", 0.0, -90.0, "AQ"),
    Center("AQ-RIM", -120.0, -89.27625, "AQ"),  # the pole lies within metres of the rim
    Center("AQ-TURNED", 77.0, -89.9, "AQ"),
    Center("ES-CEUTA", -5.3162, 35.8894, "ES"),
    Center("FJ-SUVA", 178.4419, -18.1416, "FJ"),
    Center("FJ-TAVEUNI", -179.983, -16.796, "FJ"),
    Center("LS-MASERU", 27.48, -29.31, "LS"),
    Center("RU-ANADYR", 177.5, 64.7333, "RU"),
    Center("RU-EGVEKINOT", -179.1, 66.32, "RU"),
    Center("RU-KALININGRAD", 20.4522, 54.7104, "RU"),
    Center("US-AMCHITKA", 179.2592, 51.3778, "US"),
    Center("US-POINT-ROBERTS", -123.0783, 48.9854, "US"),
    Center("ZA-LADYBRAND", 27.457, -29.193, "ZA"),
)
"""At the pole, at 180 degrees from both sides, in exclaves, in an enclave and round one."""


MOST_VERTICES = 200_000
"""A rim that asks for more will never be done."""


@pytest.fixture(scope="module", autouse=True)
def bounded() -> Iterator[None]:
    """Let no rim be refined for ever."""

    def destination(
        lon: Floats, lat: Floats, azimuth: Floats, metres: Floats
    ) -> tuple[Floats, Floats]:
        assert len(azimuth) < MOST_VERTICES, "rims are refined without an end"
        return exact(lon, lat, azimuth, metres)

    exact = geodesy.destination
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coverage_analyzer.geodesy.destination", destination)
        yield


def built(
    rows: list[Center], world: Countries, policy: Policy, day: np.datetime64 = DAY
) -> tuple[areas.Areas, Numbers]:
    """Return areas of a network, and the countries of its centers."""
    centers = centers_of(rows)
    country = centers.assigned_countries(world, policy.convention(world.names))
    return areas.areas(centers, country, policy, world, day), country


@pytest.fixture(scope="module")
def drawn(world: Countries, policy: Policy) -> tuple[areas.Areas, Numbers]:
    """Return the areas of `CENTERS`, which stand in the order of their ids."""
    return built(list(CENTERS), world, policy)


def disc(lon: float, lat: float, radius_m: float) -> Any:
    """Return one disc."""
    return discs(np.array([lon]), np.array([lat]), np.array([radius_m]))[0]


def round_about(lon: float, lat: float, radius_m: float) -> tuple[Floats, Floats, Bools]:
    """Return points 5 m and more from a rim, on both sides, and which lie within the limit."""
    rng = np.random.default_rng(7)
    azimuth = np.concatenate([np.arange(0, 360, 0.05), rng.uniform(0, 360, 4000)])
    off = np.where(np.arange(7200) % 2, 5.01, -5.01)
    wide = radius_m * np.sqrt(rng.uniform(0, 2, 4000))
    away = np.concatenate([radius_m + off, wide])
    away = away[clear := np.abs(away - radius_m) > 5]
    azimuth = azimuth[clear]
    x, y, _ = EARTH.fwd(np.full(len(away), lon), np.full(len(away), lat), azimuth, away)
    return np.asarray(x), np.asarray(y), away < radius_m


@pytest.mark.parametrize("radius_m", [1_000.0, 50 * MILE_M, 70 * MILE_M, 1_000_000.0, 5_000_000.0])
@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        *((13.0, lat) for lat in (-89.0, -70.0, -33.0, 0.0, 12.0, 47.5, 66.0, 80.0, 88.9)),
        (0.0, 90.0),
        (-60.0, -90.0),
        (100.0, 89.99),
        (-77.0, -89.2),
        (20.0, 88.9885),  # the rim of 70 miles passes 20 m from the pole
        (180.0, 0.0),
        (-180.0, 51.0),
        (179.9, -16.8),
        (-179.9, 70.0),
        (179.0, -89.5),
    ],
)
def test_beyond_5_m_a_disc_is_the_limit(lon: float, lat: float, radius_m: float) -> None:
    """Hold, 5 m off the rim and farther, exactly what lies within the limit by Karney."""
    x, y, within = round_about(lon, lat, radius_m)
    result = disc(lon, lat, radius_m)
    assert result.is_valid
    shapely.prepare(result)
    np.testing.assert_array_equal(shapely.intersects_xy(result, x, y), within)
    assert shapely.box(-180, -90, 180, 90).covers(result)


def test_beyond_5_m_an_area_is_the_rule(
    world: Countries, drawn: tuple[areas.Areas, Numbers]
) -> None:
    """Hold, 5 m off the rim and farther, what is within the limit and in the center's country."""
    result, country = drawn
    codes = np.array(world.names.codes)[country]
    for i, row in enumerate(CENTERS):
        x, y, within = round_about(row.lon, row.lat, result.limit_miles[i] * MILE_M)
        rule = within & (world.locate(x, y) == codes[i])
        outcome = shapely.intersects_xy(result.geometry[i], x, y)
        np.testing.assert_array_equal(outcome, rule, err_msg=row.center_id)
        assert rule.any()


def test_areas_are_valid_and_wound_as_geojson_wants(drawn: tuple[areas.Areas, Numbers]) -> None:
    """Wind exterior rings counter-clockwise, holes clockwise; stay in the world; be valid."""
    result, _ = drawn
    assert shapely.is_valid(result.geometry).all()
    assert not shapely.is_empty(result.geometry).any()
    west, south, east, north = shapely.bounds(result.geometry).T
    assert (west >= -180).all()
    assert (east <= 180).all()
    assert (south >= -90).all()
    assert (north <= 90).all()
    parts = shapely.get_parts(result.geometry)
    assert {p.geom_type for p in parts} == {"Polygon"}
    assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()
    holes = [hole for part in parts for hole in part.interiors]
    assert holes  # Lesotho in South Africa
    assert not shapely.is_ccw(holes).any()


def test_areas_lie_in_their_countries(world: Countries, drawn: tuple[areas.Areas, Numbers]) -> None:
    """Leave the country nowhere by more than a micro-degree."""
    result, country = drawn
    for i, geometry in enumerate(result.geometry):
        land = world.polygon(world.names.codes[country[i]])
        west, south, east, north = geometry.bounds
        near = shapely.clip_by_rect(land, west - 1, south - 1, east + 1, north + 1)
        outside = geometry.difference(near.buffer(1e-6))
        assert outside.is_empty, CENTERS[i].center_id


def test_areas_at_180_degrees_have_both_sides(drawn: tuple[areas.Areas, Numbers]) -> None:
    """Split Fiji, Chukotka and the Aleutians at the meridian, and lose neither side."""
    result, _ = drawn
    ids = [row.center_id for row in CENTERS]
    for center_id in ("FJ-TAVEUNI", "RU-EGVEKINOT", "US-AMCHITKA"):
        west, _, east, _ = result.geometry[ids.index(center_id)].bounds
        assert (west, east) == (-180.0, 180.0)
    south = result.geometry[ids.index("AQ-POLE")]
    assert south.bounds[:2] == (-180.0, -90.0)
    assert south.bounds[2] == 180.0


@pytest.mark.parametrize(
    ("center_id", "inside", "outside"),
    [
        ("US-POINT-ROBERTS", (-122.76, 48.99), (-123.1207, 49.2827)),  # Blaine, Vancouver
        ("RU-KALININGRAD", (21.09, 55.0), (20.6, 54.1)),  # towards Tilsit; Poland
        ("ES-CEUTA", (-5.6, 36.02), (-5.35, 36.14)),  # Tarifa; Gibraltar
        ("LS-MASERU", (27.74, -29.45), (27.3, -29.2)),  # Lesotho; South Africa
        ("ZA-LADYBRAND", (27.3, -29.2), (27.74, -29.45)),
        ("RU-EGVEKINOT", (179.9, 66.4), (-179.1, 68.0)),
        ("FJ-TAVEUNI", (179.341, -16.8028), (178.4419, -18.1416)),
    ],
)
def test_areas_at_known_places(
    drawn: tuple[areas.Areas, Numbers],
    center_id: str,
    inside: tuple[float, float],
    outside: tuple[float, float],
) -> None:
    """Cover the own country's other parts, and leave the neighbour next door out."""
    result, _ = drawn
    geometry = result.geometry[[row.center_id for row in CENTERS].index(center_id)]
    assert shapely.intersects_xy(geometry, *inside)
    assert not shapely.intersects_xy(geometry, *outside)


def test_planned_centers_are_marked_and_closed_ones_left_out(
    world: Countries, policy: Policy
) -> None:
    """Draw what is open or to come on the day; what has closed by then has no area."""
    rows = [
        Center("closed", 13.4, 52.5, "DE", "", "2026-12-01"),
        Center("closing", 13.4, 52.5, "DE", "", "2026-12-02"),
        Center("later", 13.4, 52.5, "DE", "2026-12-02"),
        Center("opened", 13.4, 52.5, "DE", "2026-12-01"),
    ]
    result, country = built(rows, world, policy)
    assert result.center.tolist() == [1, 2, 3]
    assert result.planned.tolist() == [False, True, False]
    assert result.limit_miles.tolist() == [50.0] * 3
    assert result.above_miles.tolist() == [0.0] * 3
    assert result.level == ("Gold Plus",) * 3
    centers = list(areas.properties(result, centers_of(rows), country, world.names))
    assert [t["center_id"] for t in centers] == ["closing", "later", "opened"]
    assert [t["opens_on"] for t in centers] == [None, "2026-12-02", "2026-12-01"]
    assert {t["country"] for t in centers} == {"DE"}
    assert centers[0]["area_square_miles"] == pytest.approx(
        centers[0]["area_km2"] / 2.589988, rel=1e-6
    )
    everything, _ = built(rows, world, policy, np.datetime64(datetime.date(2027, 1, 1), "D"))
    assert everything.planned.tolist() == [False, False]


def test_no_center_open_or_planned_gives_no_area(world: Countries, policy: Policy) -> None:
    """Bear a network of closed centers."""
    result, country = built([Center("C", 13.4, 52.5, "DE", "", "2026-01-01")], world, policy)
    assert len(result.center) == len(result.geometry) == len(result.km2) == 0
    assert areas.union_by_country(result, country) == {}
    assert list(areas.overlap_depth(result, country)) == []


def test_two_bands_are_a_disc_and_an_annulus(world: Countries) -> None:
    """Draw 50 to 100 miles without the first 50, over borders where no rule asks for countries."""
    rows = [Center("CH", 7.5886, 47.5596, "CH"), Center("FJ", -179.983, -16.796, "FJ")]
    result, _ = built(rows, world, Policy.load("hp-call-to-repair"))
    assert result.center.tolist() == [0, 0, 1, 1]
    assert result.above_miles.tolist() == [0.0, 50.0] * 2
    assert result.limit_miles.tolist() == [50.0, 100.0] * 2
    assert result.level == ("6-hour call-to-repair", "8-hour call-to-repair") * 2
    for i, row in enumerate(rows):
        near, far = result.geometry[2 * i : 2 * i + 2]
        assert near.intersection(far).area < 1e-12
        x, y, within = round_about(row.lon, row.lat, 50 * MILE_M)
        np.testing.assert_array_equal(shapely.intersects_xy(near, x, y), within)
        np.testing.assert_array_equal(shapely.intersects_xy(far, x, y), ~within)
        x, y, within = round_about(row.lon, row.lat, 100 * MILE_M)
        inner = np.array(
            [karney_m(row.lon, row.lat, *p) for p in zip(x.tolist(), y.tolist(), strict=True)]
        )
        clear = np.abs(inner - 50 * MILE_M) > 5
        annulus = within & (inner > 50 * MILE_M)
        np.testing.assert_array_equal(shapely.intersects_xy(far, x, y)[clear], annulus[clear])
        ratio = result.km2[2 * i + 1] / result.km2[2 * i]
        assert ratio == pytest.approx(3, rel=1e-3)


def test_limits_by_country_have_no_one_area(world: Countries, policy: Policy) -> None:
    """Refuse to draw a policy that serves any country, with limits that differ by country."""
    data = policy.model_dump()
    data["qualification"]["same_country"] = False
    with pytest.raises(InputError, match="depend on the country of the site"):
        built([Center("CH", 7.5886, 47.5596, "CH")], world, Policy.from_mapping(data))


def test_a_folded_territory_belongs_to_the_area(world: Countries, policy: Policy) -> None:
    """Draw over the border of Saint Martin where the policy counts both parts as one country."""
    rows = [Center("SX", -63.06, 18.035, "SX")]
    apart, _ = built(rows, world, policy)
    folded = Policy.from_mapping({**policy.model_dump(), "countries": {"fold": {"MF": "SX"}}})
    joined, _ = built(rows, world, folded)
    marigot = (-63.083, 18.068)
    assert not shapely.intersects_xy(apart.geometry[0], *marigot)
    assert shapely.intersects_xy(joined.geometry[0], *marigot)
    assert joined.km2[0] > apart.km2[0]


def geod_km2(geometry: Any) -> float:
    """Return an area by pyproj, of parts whose edges are short."""
    short = shapely.segmentize(geometry, 0.01)
    return abs(float(EARTH.geometry_area_perimeter(short)[0])) / 1e6


@pytest.mark.parametrize("lat", [-90.0, -89.9, -60.0, 0.0, 47.5, 66.0, 85.0, 90.0])
@pytest.mark.parametrize("lon", [13.0, 179.95])
@pytest.mark.parametrize("miles", [1.0, 50.0, 70.0])
def test_the_area_of_a_disc(lon: float, lat: float, miles: float) -> None:
    """Measure pi r squared within 0.1 %, and what pyproj measures within 1e-4."""
    result = disc(lon, lat, miles * MILE_M)
    km2 = float(area_km2(np.array([result]))[0])
    assert km2 == pytest.approx(np.pi * (miles * MILE_M / 1000) ** 2, rel=1e-3)
    assert km2 == pytest.approx(geod_km2(result), rel=1e-4)


@pytest.mark.parametrize("lon", [179.5, 179.9, 180.0, -180.0, -179.95])
@pytest.mark.parametrize("miles", [1.0, 70.0])
def test_discs_at_180_degrees_keep_their_area(lon: float, miles: float) -> None:
    """Cut discs at the meridian at all latitudes without loss: a ring closes to the last bit."""
    lat = np.arange(-89.5, 90, 0.5)
    result = discs(np.full(len(lat), lon), lat, np.full(len(lat), miles * MILE_M))
    assert shapely.is_valid(result).all()
    expected = np.pi * (miles * MILE_M / 1000) ** 2
    np.testing.assert_allclose(area_km2(result), expected, rtol=1e-3)


def test_the_area_of_the_globe() -> None:
    """Measure 510,065,621.7 square kilometres, as the ellipsoid has."""
    world = np.array([shapely.segmentize(shapely.box(-180, -90, 180, 90), 1.0)])
    assert float(area_km2(world)[0]) == pytest.approx(510_065_621.724, rel=1e-9)


def test_the_areas_of_parts_of_countries(drawn: tuple[areas.Areas, Numbers]) -> None:
    """Measure cut areas as pyproj does, within 1e-4."""
    result, _ = drawn
    expected = [geod_km2(geometry) for geometry in result.geometry]
    np.testing.assert_allclose(result.km2, expected, rtol=1e-4)


def test_union_and_depth_add_up(world: Countries, policy: Policy) -> None:
    """Cover with one, two, three areas what the union covers; count each part as often as it is."""
    places = [(7.8421, 47.999), moved(7.8421, 47.999, 80.0, 40_000.0), (8.4037, 49.0069)]
    rows = [Center(f"DE-{i}", *place, "DE") for i, place in enumerate(places)]
    rows += [Center("CH", 7.5886, 47.5596, "CH"), Center("DE-9", 13.405, 52.52, "DE")]
    result, country = built(rows, world, policy)
    unions = areas.union_by_country(result, country)
    depths = list(areas.overlap_depth(result, country))
    own = country[result.center]
    assert set(unions) == set(own.tolist())
    for number, union in unions.items():
        mine = {deep: part for n, deep, part in depths if n == number}
        covered = area_km2(np.array([union]))[0]
        km2 = area_km2(np.array(list(mine.values()), object))
        assert km2.sum() == pytest.approx(covered, rel=1e-6)
        assert km2 @ list(mine) == pytest.approx(result.km2[own == number].sum(), rel=1e-6)
        for deep, part in mine.items():
            subset = shapely.point_on_surface(shapely.get_parts(part))
            hits = [shapely.intersects(result.geometry[own == number], p).sum() for p in subset]
            assert set(hits) == {deep}
    german = world.names.codes.index("DE")
    assert {deep for n, deep, _ in depths if n == german} == {1, 2, 3}


def test_what_a_box_has_of_a_country_is_the_country_clipped(world: Countries) -> None:
    """Whether grid or polygon finds it: inland, on a border, at sea, at 180 and the poles."""
    west = np.array([98.0, 7.4, -30.0, 179.0, -180.0, -180.0, 20.0, -1.0])
    south = np.array([38.0, 47.4, -30.0, -17.5, 66.0, -90.0, 89.5, 46.0])
    boxes = np.stack([west, south, west + 1, np.minimum(south + 0.5, 90)], axis=1)
    codes = ("CN", "CH", "FR", "DE", "FJ", "RU", "AQ")
    faces = np.array([world.borders.faces.index(code) for code in codes])
    expected = [
        (number, face, shapely.clip_by_rect(world.borders.polygon(face), *box))
        for number, box in enumerate(boxes.tolist())
        for face in faces.tolist()
    ]
    there = [(number, shape) for number, _, shape in expected if not shape.is_empty]
    assert {number for number, _ in there} == {0, 1, 3, 4, 5, 7}
    got = list(world.borders.lands_near(faces, boxes))
    assert [number for number, _ in got] == [number for number, _ in there]
    assert [shape.wkb for _, shape in got] == [shape.wkb for _, shape in there]


def test_a_circle_is_symmetrical() -> None:
    """Its western half mirrors the eastern one, also across 180 degrees."""
    lon, lat = np.array([10.0, 179.5]), np.array([60.0, -17.0])
    around, split = discs(lon, lat, np.array([80_000.0, 80_000.0]))
    points = shapely.get_coordinates(around)
    assert {tuple(p) for p in (np.round(points, 9) * (-1, 1) + (20, 0)).round(9)} == {
        tuple(p) for p in np.round(points, 9)
    }
    east = np.mod(shapely.get_coordinates(split)[:, 0], 360) - lon[1]
    assert east.min() == pytest.approx(-east.max(), abs=1e-12)


def test_no_circles_are_no_areas() -> None:
    """An empty array."""
    assert discs(np.empty(0), np.empty(0), np.empty(0)).shape == (0,)


def test_too_large_a_limit_is_refused(world: Countries, policy: Policy) -> None:
    """Draw up to 5,000 km; beyond, say how far areas are drawn."""
    with pytest.raises(InputError, match=r"limits up to 3,107 miles"):
        disc(13.0, 52.0, 5_000_000.1)
    data = policy.model_dump()
    data["bands"][0]["up_to_miles"] = 4000.0
    with pytest.raises(InputError, match=r"limits up to 3,107 miles"):
        built([Center("US", -104.9903, 39.7392, "US")], world, Policy.from_mapping(data))


def test_attributes_have_one_length(drawn: tuple[areas.Areas, Numbers]) -> None:
    """Give each area all it has."""
    result, _ = drawn
    lengths = {
        len(getattr(result, f.name)) for f in dataclasses.fields(areas.Areas) if f.name != "unit"
    }
    assert lengths == {len(CENTERS)}
    assert result.km2.dtype == np.float64


@pytest.mark.parametrize(
    ("contested", "country", "inside"),
    [("holder", "UA", True), ("declared", "UA", True), ("declared", "RU", True)],
)
def test_a_contested_area_is_drawn_as_it_is_judged(
    world: Countries, contested: str, country: str, inside: bool
) -> None:
    """Being in the area is being within the limit, also where two countries hold the ground."""
    data = Policy.load().model_dump(mode="json")
    data["countries"]["contested"] = contested
    policy = Policy.from_mapping(data)
    texts = {"center_id": ["C"], "country": [country]}
    centers = Centers.from_texts(texts, np.array([34.1]), np.array([44.95]), ["row 1"])
    number = centers.assigned_countries(world, policy.convention(world.names))
    day = np.datetime64("2026-12-01")
    (area,) = areas.areas(centers, number, policy, world, day).geometry
    assert bool(shapely.intersects_xy(area, 34.2, 45.0)) is inside


ODD_SHAPES = (
    "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (1 1, 2 1, 2 2.5, 1 1), (3 3, 4 3, 4 4, 3 3))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 7 5, 0.00001 6, 5 5), (5 5, 6 5, 5 6, 5 5)))",
    "MULTIPOLYGON (((-0.0 -0.0000001, 1 0, 1 1, -0.0 -0.0000001)))",
    "POLYGON ((-180 -90, 180 -90, 0.0001 89.9999999, -180 -90))",
    "POLYGON EMPTY",
    "MULTIPOLYGON EMPTY",
    "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
    "POINT (7.6645 47.6145)",
    "GEOMETRYCOLLECTION (POINT (1 1))",
)


@pytest.mark.parametrize("subset", [slice(None), slice(0, 4), slice(4, None), slice(0, 0)])
def test_shapes_are_written_as_shapely_writes_them(subset: slice) -> None:
    """Whole numbers, small ones with an exponent, and all that is no polygon; without heights."""
    shapes = np.array([shapely.from_wkt(text) for text in ODD_SHAPES[subset]], object)
    assert geojson(shapes) == [shapely.to_geojson(shapely.force_2d(shape)) for shape in shapes]


def test_coordinates_are_rounded_as_numpy_rounds_them() -> None:
    """Of any size, also those that round to whole numbers, to zero, or to one with an exponent."""
    random = np.random.default_rng(1)
    kinds = [random.uniform(-180, 180, 3000), random.integers(-180, 181, 3000).astype(float)]
    kinds += [random.uniform(-b, b, 3000) for b in (1e-2, 1e-4, 1e-6)]
    kinds += [values.round(4) for values in kinds] + [np.array([0.0, -0.0, 1e-4, 9.99999e-5])]
    places = np.concatenate(kinds)
    random.shuffle(places)
    corners = np.column_stack([places, places[::-1]])
    written = geojson(np.array([shapely.Polygon(corners)], object))[0]
    rounded = np.round([*corners, corners[0]], 7).tolist()
    assert written == json.dumps(
        {"type": "Polygon", "coordinates": [rounded]}, separators=(",", ":")
    )


def test_coordinates_have_no_more_digits_than_they_need() -> None:
    """GEOS writes one in a thousand as 34.006183299999996; the value is the same."""
    east = np.round(np.random.default_rng(1).uniform(-180, 180, (30_000, 2)) / (1, 2), 7)
    shape = shapely.Polygon(east)
    written = geojson(np.array([shape], object))[0]
    assert json.loads(written) == json.loads(shapely.to_geojson(shape))
    assert not re.search(r"\.[0-9]{8}", written)
    assert re.search(r"\.[0-9]{8}", shapely.to_geojson(shape))
