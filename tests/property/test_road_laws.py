"""Laws of what is drawn by road: polygons say of a site what its own drive says."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from roads import TOWN, polygon_error_m, sites_around

from coverage_analyzer.roads.engine import Places, RoadEngine
from coverage_analyzer.roads.isochrones import TOLERANCE, cell_m, parts_not_served
from coverage_analyzer.roads.network import compressed, load_network
from coverage_analyzer.roads.snapping import SNAP_M


def tolerance_m(engine: RoadEngine) -> float:
    """Return how far the rim of a polygon of small roads may be off."""
    return TOLERANCE * cell_m(0.0, engine.snap_limit_m)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> RoadEngine:
    """Give the roads of ``data/town.osm``."""
    return RoadEngine(load_network(Path(TOWN), cache=tmp_path_factory.mktemp("cache")))


@pytest.mark.parametrize("minutes", [1, 3, 8, 15, 30, 600])
def test_no_served_area_holds_a_site_whose_drive_takes_too_long(
    town: RoadEngine, minutes: int
) -> None:
    """Nor leaves out one whose drive does not, beyond the tolerance of drawing."""
    sites = sites_around(town.network, 3000, minutes)
    start = Places(np.array([9.52]), np.array([47.12]))
    assert polygon_error_m(town, start, minutes, sites) <= tolerance_m(town)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    nodes=st.lists(
        st.tuples(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03)), min_size=2, max_size=12
    ),
    lon=st.sampled_from([0.0, 9.5, 179.999, -180.0]),
    lat=st.sampled_from([0.0, 47.0, -77.0]),
    minutes=st.floats(0.5, 20),
    snap_m=st.sampled_from([SNAP_M, 200.0]),
)
def test_polygons_agree_with_drives_on_any_roads(
    nodes: list[tuple[float, float]], lon: float, lat: float, minutes: float, snap_m: float
) -> None:
    """Also across 180 degrees, where roads lie close together, and with another snap."""
    places = np.array(nodes) * [1 / np.cos(np.radians(lat)), 1] + [lon, lat]
    places[:, 0] = (places[:, 0] + 180) % 360 - 180
    n = len(places)
    one, other = np.arange(n - 1, dtype=np.int32), np.arange(1, n, dtype=np.int32)
    links = (np.concatenate([one, other]), np.concatenate([other, one]))
    edges = np.full(2 * n - 2, 120.0), np.full(2 * n - 2, 1000.0), np.zeros(2 * n - 2, np.bool_)
    engine = RoadEngine(compressed(places, links, edges, "any"), snap_m=snap_m)
    start = Places(places[:1, 0], places[:1, 1])
    sites = sites_around(engine.network, 400)
    assert polygon_error_m(engine, start, minutes, sites) <= tolerance_m(engine)


def test_served_unserved_and_no_data_make_up_an_area(town: RoadEngine) -> None:
    """They do not overlap, and nothing is left; of a center on no road nothing is known."""
    area = shapely.box(9.3, 46.9, 9.8, 47.3)
    served, roads = town.isochrone(9.52, 47.12, 8), town.road_area()
    unserved, unknown = parts_not_served(area, served, roads)
    whole = shapely.area([shapely.intersection(area, served), unserved, unknown])
    assert whole.sum() == pytest.approx(area.area, rel=1e-6)
    assert shapely.intersection(unserved, unknown).area < 1e-9
    assert (whole > 0).all()
    nothing, everything = parts_not_served(area, shapely.Polygon(), roads)
    assert nothing.is_empty
    assert everything.equals(area)
