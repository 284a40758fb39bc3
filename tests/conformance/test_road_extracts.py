"""Real extracts: each loads, and its drives are those of networkx and of osmnx's own network."""

from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest
import shapely
from roads import extract_file, nodes_at, polygon_error_m, reference, sites_around

from coverage_analyzer.roads.engine import ROAD_CELLS, RoadEngine, RoadStatus
from coverage_analyzer.roads.isochrones import TOLERANCE, cell_m
from coverage_analyzer.roads.network import Network, built, load_network
from coverage_analyzer.roads.ways.extract import kind_of, read_extract
from coverage_analyzer.roads.ways.graph import SPEEDS, graph_of, timed

SMALL = ("liechtenstein", "baltimore", "fiji-ferry")
HOURS = 4 * 3600.0


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that all tests here keep networks in."""
    return tmp_path_factory.mktemp("roads")


def sampled(network: Network, count: int, seed: int = 0) -> np.ndarray:
    """Return some nodes of the largest part."""
    return np.random.default_rng(seed).choice(np.flatnonzero(network.part == 0), count)


@pytest.mark.parametrize("name", SMALL)
def test_drives_are_those_of_networkx(name: str, cache: Path) -> None:
    """Times to the last digit; miles and ferries of the way that networkx takes."""
    network = load_network(extract_file(name), cache=cache)
    starts, goals = sampled(network, 4), sampled(network, 300, 1)
    result = RoadEngine(network).matrix(nodes_at(network, starts), nodes_at(network, goals), HOURS)
    graph = reference(network)
    for row, u in enumerate(starts.tolist()):
        seconds, paths = nx.single_source_dijkstra(graph, u, weight="seconds")
        assert result.seconds[row] == pytest.approx([seconds[v] for v in goals.tolist()], rel=1e-9)
        miles = [
            sum(graph.edges[e]["metres"] for e in nx.utils.pairwise(paths[v]))
            for v in goals.tolist()
        ]
        # Two ways may take as long, to the last bit; then either's miles are right.
        assert np.mean(np.isclose(result.metres[row], miles, rtol=1e-9)) > 0.99


@pytest.mark.parametrize("name", SMALL)
def test_the_laws_hold_on_real_roads(name: str, cache: Path) -> None:
    """The triangle inequality, any order of rows, and isochrones that are valid and grow."""
    network = load_network(extract_file(name), cache=cache)
    engine, subset = RoadEngine(network), sampled(network, 40)
    seconds = engine.matrix(nodes_at(network, subset), nodes_at(network, subset), HOURS).seconds
    best = (seconds[:, :, None] + seconds[None, :, :]).min(axis=1)
    assert (seconds <= best + 1e-6).all()
    mixed = np.random.default_rng(2).permutation(len(subset))
    again = engine.matrix(
        nodes_at(network, subset), nodes_at(network, subset[mixed]), HOURS
    ).seconds
    assert np.array_equal(again, seconds[:, mixed])
    place = network.lon[subset[0]], network.lat[subset[0]]
    shapes = [engine.isochrone(*place, minutes) for minutes in (0.1, 2, 5, 10)]
    assert all(shape.is_valid and not shape.is_empty for shape in shapes)
    assert all(a.area < b.area for a, b in pairwise(shapes))
    reached = subset[seconds[0] <= 600]
    assert shapely.intersects_xy(shapes[3], network.lon[reached], network.lat[reached]).all()


@pytest.mark.parametrize("name", SMALL)
def test_our_cut_is_as_good_as_the_simplification_of_osmnx(
    name: str, cache: Path, tmp_path: Path
) -> None:
    """The network that osmnx reads and simplifies itself from the same ways has the same drives.

    Its lengths are on a sphere, which is up to 0.56 % off the ellipsoid.
    """
    path = extract_file(name)
    network = load_network(path, cache=cache)
    theirs = built(_by_osmnx(path, tmp_path), "")
    places = nodes_at(theirs, sampled(theirs, 200))
    starts = nodes_at(theirs, sampled(theirs, 3, 1))
    one = RoadEngine(network, snap_m=1).matrix(starts, places, HOURS)
    other = RoadEngine(theirs, snap_m=1).matrix(starts, places, HOURS)
    both = np.isfinite(one.seconds) & np.isfinite(other.seconds)
    assert both.mean() > 0.97
    assert one.seconds[both] == pytest.approx(other.seconds[both], rel=6e-3, abs=0.5)


def _by_osmnx(path: Path, folder: Path) -> nx.MultiDiGraph:
    """Return the network that osmnx makes of the ways a car may use."""
    xml = folder / "ways.osm"
    with osmium.BackReferenceWriter(str(xml), path, overwrite=True) as writer:
        for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
            if kind_of(dict(way.tags)) is not None:
                writer.add(way)
    useful = [*osmnx.settings.useful_tags_way, "route", "duration"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(osmnx.settings, "useful_tags_way", useful)
        graph = osmnx.graph_from_xml(xml, simplify=False, retain_all=True)
    for _, _, edge in graph.edges(data=True):
        edge.setdefault("highway", "ferry")
    return timed(osmnx.simplify_graph(graph, edge_attrs_differ=["highway", "maxspeed"]), SPEEDS)


def test_ferries_are_part_of_a_network(cache: Path) -> None:
    """Thirteen ways across the harbour of Baltimore, which drives may take."""
    extract = read_extract(extract_file("baltimore"))
    assert extract.highway.count("ferry") == 13
    network = load_network(extract_file("baltimore"), cache=cache)
    begin = np.repeat(np.arange(len(network)), np.diff(network.start))
    ends = begin[network.ferry], network.end[network.ferry].astype(np.int64)
    pairs = zip(*(end.tolist() for end in ends), strict=True)
    engine = RoadEngine(network, snap_m=5)
    taken = [
        engine.matrix(nodes_at(network, [u]), nodes_at(network, [v]), HOURS).ferry[0, 0]
        for u, v in pairs
    ]
    assert any(taken)


def test_roads_on_both_sides_of_180_are_one_network(cache: Path) -> None:
    """Fiji: places west and east of the line are put on roads alike, and shapes are split."""
    network = load_network(extract_file("fiji-ferry"), cache=cache)
    assert network.lon.min() < -179
    assert network.lon.max() > 178
    engine = RoadEngine(network)
    for side in (network.lon > 0, network.lon < 0):
        subset = np.flatnonzero(side)[:50]
        result = engine.matrix(nodes_at(network, subset[:1]), nodes_at(network, subset), HOURS)
        assert result.status[0, 0] == RoadStatus.within
        assert (result.snap_m <= 1000).all()
        shape = engine.isochrone(network.lon[subset[0]], network.lat[subset[0]], 30)
        assert shape.is_valid
        assert -180 <= shape.bounds[0] <= shape.bounds[2] <= 180


def test_speeds_are_those_of_osmnx() -> None:
    """Each edge of the graph has what osmnx says of its sign, else what its kind allows."""
    graph = graph_of(read_extract(extract_file("liechtenstein")))
    for _, _, edge in graph.edges(data=True):
        assert edge["travel_time"] == pytest.approx(
            edge["length"] / (edge["speed_kph"] / 3.6), rel=1e-6
        )
        if "maxspeed" not in edge:
            assert edge["speed_kph"] == SPEEDS[edge["highway"]]


@pytest.mark.parametrize(
    ("name", "minutes"), [("liechtenstein", 4), ("liechtenstein", 15), ("fiji-ferry", 10)]
)
def test_polygons_agree_with_drives_on_real_roads(name: str, minutes: float, cache: Path) -> None:
    """No served area holds a site whose own drive takes too long, but by its tolerance."""
    network = load_network(extract_file(name), cache=cache)
    engine = RoadEngine(network)
    subset = sampled(network, 1)
    extent = float(np.ptp(network.lat)) * 111_000
    start = nodes_at(network, subset)
    error = polygon_error_m(engine, start, minutes, sites_around(network, 5000))
    assert error <= TOLERANCE * cell_m(extent, engine.snap_limit_m, ROAD_CELLS)
