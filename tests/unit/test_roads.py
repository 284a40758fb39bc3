"""Roads: which ways a car may use, how a network is made of them, and what drives it tells."""

import gzip
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely
from roads import TOWN, line_of, nodes_at, reference

from coverage_analyzer import geodesy
from coverage_analyzer.errors import InputError, MissingExtraError
from coverage_analyzer.roads import network
from coverage_analyzer.roads.engine import Drives, Places, RoadEngine, RoadStatus
from coverage_analyzer.roads.network import Network, built, cache_folder, compressed, load_network
from coverage_analyzer.roads.ways import edges
from coverage_analyzer.roads.ways.extract import kind_of, read_extract
from coverage_analyzer.roads.ways.graph import SPEEDS, graph_of

HOURS = 4 * 3600.0

WAY_BEFORE_NODES = """\
<osm version="0.6">
<way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
<node id="1" version="1" lat="47.1" lon="9.5"/><node id="2" version="1" lat="47.2" lon="9.5"/>
</osm>"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Give the town of ``data/town.osm``."""
    return load_network(TOWN, cache=tmp_path_factory.mktemp("cache"))


def at(lat: float, lon: float) -> Places:
    """Return one place."""
    return Places(np.array([lon]), np.array([lat]))


def drive(town: Network, start: Places, goal: Places, budget_s: float = HOURS) -> Drives:
    """Return one drive."""
    return RoadEngine(town).matrix(start, goal, budget_s)


def test_a_car_takes_only_what_it_may() -> None:
    """The most special key of access decides; a footway is no road, a car park's area neither."""
    assert kind_of({"highway": "footway"}) is None
    assert kind_of({"highway": "service", "access": "no"}) is None
    assert kind_of({"highway": "service", "access": "no", "motor_vehicle": "yes"}) is not None
    assert kind_of({"highway": "primary", "motorcar": "no", "motor_vehicle": "yes"}) is None
    assert kind_of({"highway": "service", "area": "yes"}) is None
    assert kind_of({"route": "ferry", "motor_vehicle": "no"}) is None
    assert kind_of({"route": "bus"}) is None


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "tertiary", "junction": "roundabout"}, 1),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "-1"}, -1),
        ({"highway": "tertiary", "oneway": "yes"}, 1),
        ({"highway": "tertiary"}, 0),
    ],
)
def test_one_way_roads_have_their_direction(tags: dict[str, str], direction: int) -> None:
    """Said or implied."""
    kind = kind_of(tags)
    assert kind is not None
    assert kind.direction == direction


def test_a_cut_way_is_kept_as_far_as_it_is_whole(tmp_path: Path) -> None:
    """Extracts are cut through ways: the missing node is no road, and no error."""
    cut = TOWN.read_text("utf-8").replace('<node id="3" lat="47.10" lon="9.52"/>', "")
    path = tmp_path / "cut.osm"
    path.write_text(cut, encoding="utf-8")
    extract = read_extract(path)
    assert read_extract(TOWN).clipped == 1
    assert extract.clipped == 4
    assert 3 not in extract.node
    assert {1, 2, 6, 9} <= set(extract.node.tolist())


def test_a_packed_extract_is_read_likewise(tmp_path: Path) -> None:
    """The same ways, whatever packs them."""
    path = tmp_path / "town.osm.gz"
    path.write_bytes(gzip.compress(TOWN.read_bytes()))
    assert read_extract(path).node.tolist() == read_extract(TOWN).node.tolist()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.osm", None, "cannot be read"),
        ("broken.osm", "<osm><node", "cannot be read as an OpenStreetMap extract"),
        ("noise.osm.pbf", "no extract at all", "cannot be read as an OpenStreetMap extract"),
        ("unsorted.osm", WAY_BEFORE_NODES, "lacks nodes of most of its roads"),
        ("empty.osm", '<osm version="0.6"></osm>', "no road for cars"),
        ("broken.graphml", "<graphml", "cannot be read as GraphML"),
    ],
)
def test_a_file_that_is_no_network_is_an_input_error(
    tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    """It names the file, and shows no traceback."""
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        load_network(path, cache=tmp_path)
    assert name in str(caught.value)


def test_the_fastest_of_parallel_ways_is_taken(town: Network) -> None:
    """From 1 to 2 the longer way is the faster one; a sum of both would be neither."""
    result = drive(town, at(47.10, 9.50), at(47.10, 9.51))
    bent = 2 * geodesy.distance_m(9.50, 47.10, 9.505, 47.1005)
    assert result.metres[0, 0] == pytest.approx(bent, rel=1e-6)
    assert result.seconds[0, 0] == pytest.approx(bent / (80 / 3.6), rel=1e-6)
    assert result.status[0, 0] == RoadStatus.within


def test_a_sign_in_miles_an_hour_is_read_as_such(town: Network) -> None:
    """Osmnx reads it: 50 mph are 80.47 km/h."""
    result = drive(town, at(47.10, 9.52), at(47.12, 9.52))
    metres = geodesy.distance_m(9.52, 47.10, 9.52, 47.12)
    assert result.seconds[0, 0] == pytest.approx(metres / (50 * 1.609344 / 3.6), rel=1e-3)


def test_one_way_there_is_another_way_back(town: Network) -> None:
    """From 7 to 5 along way 112, from 5 to 7 round the corner."""
    there = drive(town, at(47.12, 9.50), at(47.11, 9.51))
    back = drive(town, at(47.11, 9.51), at(47.12, 9.50))
    assert there.seconds[0, 0] < back.seconds[0, 0]


def test_no_part_takes_a_closed_road(town: Network) -> None:
    """Way 111 would be the shortest from 1 to 5."""
    result = drive(town, at(47.10, 9.50), at(47.11, 9.51))
    assert result.metres[0, 0] > geodesy.distance_m(9.50, 47.10, 9.51, 47.11) * 1.3


def test_a_dead_end_that_leads_in_only_is_reached_and_not_left(town: Network) -> None:
    """The part travels from the center to the site, so the direction matters."""
    assert drive(town, at(47.10, 9.52), at(47.10, 9.53)).status[0, 0] == RoadStatus.within
    # Near 10 the only other road that leads anywhere is farther than a snap may be.
    near = RoadEngine(town, snap_m=300)
    back = near.matrix(at(47.10, 9.53), at(47.10, 9.52), HOURS)
    assert back.status[0, 0] == RoadStatus.unreachable
    assert np.isnan(back.seconds[0, 0])


def test_a_ferry_takes_as_long_as_it_tells_and_is_told(town: Network) -> None:
    """20 minutes for six kilometres; beyond it there are roads again."""
    result = drive(town, at(47.12, 9.52), at(47.12, 9.60))
    assert result.seconds[0, 0] == pytest.approx(20 * 60)
    assert result.ferry[0, 0]
    beyond = drive(town, at(47.12, 9.52), at(47.11, 9.61))
    assert beyond.ferry[0, 0]
    assert not drive(town, at(47.12, 9.60), at(47.11, 9.61)).ferry[0, 0]


def test_an_island_without_a_ferry_is_unreachable_and_not_snapped_ashore(town: Network) -> None:
    """No road leads there: that is the finding, and within it roads are roads."""
    assert drive(town, at(47.12, 9.52), at(47.20, 9.51)).status[0, 0] == RoadStatus.unreachable
    assert drive(town, at(47.20, 9.50), at(47.20, 9.51)).status[0, 0] == RoadStatus.within


def test_the_budget_parts_within_from_over_budget(town: Network) -> None:
    """To the minute, the limit included; up to twice the budget the time is told."""
    start, goal = at(47.12, 9.52), at(47.12, 9.60)
    exact = drive(town, start, goal, 1200.0)
    late = drive(town, start, goal, 1199.0)
    far = drive(town, start, goal, 500.0)
    assert exact.status[0, 0] == RoadStatus.within
    assert late.status[0, 0] == RoadStatus.over_budget
    assert late.seconds[0, 0] == pytest.approx(1200)
    assert far.status[0, 0] == RoadStatus.over_budget
    assert np.isnan(far.seconds[0, 0])


def test_a_place_off_the_roads_is_unsnapped_and_a_far_one_outside(town: Network) -> None:
    """A kilometre is the limit of a snap; ten kilometres from any road the map ends."""
    near, off, out = at(47.095, 9.50), at(47.06, 9.50), at(46.5, 9.5)
    start = at(47.10, 9.50)
    assert drive(town, start, near).status[0, 0] == RoadStatus.within
    assert drive(town, start, near).snap_m[0] == pytest.approx(556, abs=1)
    assert drive(town, start, off).status[0, 0] == RoadStatus.unsnapped
    assert drive(town, start, out).status[0, 0] == RoadStatus.outside_network
    assert drive(town, off, start).status[0, 0] == RoadStatus.unsnapped
    assert drive(town, out, start).status[0, 0] == RoadStatus.outside_network


def test_drives_are_those_of_networkx(town: Network) -> None:
    """All pairs of the town: times, miles, ferries."""
    every = np.arange(len(town))
    result = drive(town, nodes_at(town, every), nodes_at(town, every))
    graph_ = reference(town)
    starts = np.unique(RoadEngine(town)._snapper.snapped(*nodes_at(town, every)).node)
    assert len(starts) > 15
    for u in starts.tolist():
        seconds, paths = nx.single_source_dijkstra(graph_, u, weight="seconds")
        for v in starts.tolist():
            if v not in seconds:
                assert result.status[u, v] == RoadStatus.unreachable
                continue
            assert result.seconds[u, v] == pytest.approx(seconds[v], rel=1e-12)
            steps = [graph_.edges[e] for e in nx.utils.pairwise(paths[v])]
            assert result.metres[u, v] == pytest.approx(sum(e["metres"] for e in steps))
            assert result.ferry[u, v] == any(e["ferry"] for e in steps)


def test_the_order_of_rows_changes_nothing(town: Network) -> None:
    """A permutation of the sites is a permutation of the answers."""
    random = np.random.default_rng(1)
    order = random.permutation(len(town))
    whole = drive(town, at(47.10, 9.50), nodes_at(town, np.arange(len(town))))
    mixed = drive(town, at(47.10, 9.50), nodes_at(town, order))
    for name in ("seconds", "metres", "ferry", "status"):
        assert np.array_equal(
            getattr(mixed, name), getattr(whole, name)[:, order], equal_nan=name != "ferry"
        )


def test_no_detour_is_faster_than_the_way(town: Network) -> None:
    """The triangle inequality, over all triples of the town."""
    every = nodes_at(town, np.flatnonzero(town.part == 0))
    seconds = drive(town, every, every).seconds
    best = (seconds[:, :, None] + seconds[None, :, :]).min(axis=1)
    assert (seconds <= best + 1e-6).all()


def test_faster_roads_make_no_drive_slower(tmp_path: Path) -> None:
    """Monotone in the speeds."""
    faster = {kind: speed * 1.5 for kind, speed in SPEEDS.items()}
    networks = [load_network(TOWN, cache=tmp_path, speeds=subset) for subset in (SPEEDS, faster)]
    slow, fast = (
        drive(n, nodes_at(n, np.arange(len(n))), nodes_at(n, np.arange(len(n)))).seconds
        for n in networks
    )
    names = np.isfinite(slow)
    assert (fast[names] <= slow[names] + 1e-9).all()
    assert fast[names].sum() < slow[names].sum() * 0.95
    assert networks[0].fingerprint != networks[1].fingerprint


def test_the_second_time_a_network_comes_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a look at the file but for its hash; a broken file of the cache is made again."""
    first = load_network(TOWN, cache=tmp_path)
    monkeypatch.setattr(network, "build_network", lambda *_, **__: pytest.fail("made again"))
    second = load_network(TOWN, cache=tmp_path)
    assert all(np.array_equal(v, getattr(second, n)) for n, v in vars(first).items())
    monkeypatch.undo()
    (kept,) = tmp_path.iterdir()
    for damage in (b"", b"123", (kept / "seconds.npy").read_bytes()[:-1] + b"?"):
        (kept / "seconds.npy").write_bytes(damage)
        third = load_network(TOWN, cache=tmp_path)
        assert np.array_equal(third.seconds, first.seconds)
        assert list(tmp_path.iterdir()) == [kept]


def test_a_changed_file_is_another_network(tmp_path: Path) -> None:
    """The cache goes by what is in a file, not by its name."""
    path = tmp_path / "town.osm"
    path.write_bytes(TOWN.read_bytes())
    first = load_network(path, cache=tmp_path)
    path.write_text(TOWN.read_text("utf-8").replace("00:20", "00:30"), encoding="utf-8")
    second = load_network(path, cache=tmp_path)
    assert second.fingerprint != first.fingerprint
    assert second.seconds.max() == pytest.approx(1800)


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """A file where the folder should be."""
    blocked = tmp_path / "file"
    blocked.touch()
    assert len(load_network(TOWN, cache=blocked))


def test_the_cache_lies_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a variable of our own, else where the user's caches are."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("COVERAGE_ANALYZER_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/coverage-analyzer")


def test_graphml_of_osmnx_is_the_same_network(tmp_path: Path) -> None:
    """A graph saved by osmnx, with its own tags, gives the drives of the extract."""
    result = graph_of(read_extract(TOWN))
    osmnx.save_graphml(result, tmp_path / "town.graphml")
    first, second = built(result, ""), load_network(tmp_path / "town.graphml", cache=tmp_path)
    assert np.array_equal(second.end, first.end)
    assert second.seconds == pytest.approx(first.seconds, rel=1e-9)
    assert second.ferry.sum() == first.ferry.sum() == 2


def test_an_edge_that_takes_no_time_is_not_lost() -> None:
    """Two nodes in one place: a weight of zero would vanish from a sparse matrix."""
    places = np.zeros((2, 2))
    links = (np.array([0, 1], np.int32), np.array([1, 0], np.int32))
    net = compressed(places, links, (np.zeros(2), np.zeros(2), np.zeros(2, np.bool_)), "")
    result = RoadEngine(net)._search(0, 60)[0]
    assert np.isfinite(result).all()


def test_edges_keep_their_order_in_time_and_lose_loops() -> None:
    """Of three edges between two nodes the fastest stays, and one from a node to itself goes."""
    places = np.array([[0.0, 0.0], [0.01, 0.0]])
    links = (np.array([0, 0, 0, 1], np.int32), np.array([1, 1, 0, 0], np.int32))
    result = (np.array([9.0, 5.0, 1.0, 7.0]), np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, np.bool_))
    net = compressed(places, links, result, "")
    assert (net.seconds.tolist(), net.metres.tolist()) == ([5.0, 7.0], [2.0, 4.0])


def test_long_bends_keep_nodes_for_sites_to_find() -> None:
    """A road of 3 km with bends has a node every 250 m or so, not its two ends only."""
    extract = read_extract(TOWN)
    n = 61
    lon = np.linspace(9.4, 9.44, n)
    kinds = {
        "highway": ("road",),
        "maxspeed": ("",),
        "direction": np.zeros(1, np.int8),
        "duration_s": np.array([np.nan]),
    }
    long = type(extract)(
        node=np.arange(n),
        lon=lon,
        lat=np.full(n, 47.0),
        way=np.zeros(n, np.int64),
        clipped=0,
        **kinds,
    )
    result = graph_of(long)
    lengths = [output["length"] for _, _, output in result.edges(data=True)]
    assert max(lengths) < edges.STRIDE_M * 1.3
    assert sum(lengths) / 2 == pytest.approx(geodesy.distance_m(9.4, 47, 9.44, 47), rel=1e-6)


@pytest.mark.parametrize("lon", [179.98, -179.98])
def test_an_isochrone_crosses_180_degrees(lon: float) -> None:
    """Split there, valid, and on both sides of it."""
    east = [179.97, 179.98, 179.99, 180.0, -179.99, -179.98, -179.97]
    shape = RoadEngine(line_of(east)).isochrone(lon, 0.0, 10)
    assert shape.is_valid
    west, low, right, _ = shape.bounds
    assert (west, right) == (-180, 180)
    assert shape.geom_type == "MultiPolygon"
    assert shapely.intersects_xy(shape, [179.975, -179.975], [0.0, 0.0]).all()
    assert not shapely.intersects_xy(shape, [0.0], [0.0]).any()
    assert low == pytest.approx(-1000 / 110574, rel=0.08)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_isochrone_of_a_node_or_two_is_a_polygon(count: int) -> None:
    """Not a point or a line; it ends halfway to the next node, whose sites are not in time."""
    net = line_of([9.5, 9.51, 9.52], 47.0, seconds=600)
    shape = RoadEngine(net).isochrone(9.5, 47.0, 10 * (count - 1) + 1)
    assert shape.is_valid
    assert shape.geom_type == "Polygon"
    wide = (shape.bounds[2] - shape.bounds[0]) * 76_000
    beyond = 1000 if count == 3 else 380
    assert wide == pytest.approx(1000 + 760 * (count - 1) + beyond, abs=130)


def test_an_isochrone_holds_what_is_reached_and_grows_with_time(town: Network) -> None:
    """Every site within the minutes, also over the ferry; no road under the water."""
    engine = RoadEngine(town)
    shapes = [engine.isochrone(9.52, 47.12, minutes) for minutes in (2, 5, 25)]
    assert shapes[0].area < shapes[1].area < shapes[2].area
    every = nodes_at(town, np.arange(len(town)))
    result = engine.matrix(at(47.12, 9.52), every, 25 * 60)
    inside = shapely.intersects_xy(shapes[2], every.lon, every.lat)
    assert inside[result.status[0] == RoadStatus.within].all()
    assert not inside[result.status[0] == RoadStatus.unreachable].any()
    assert not shapely.intersects_xy(shapes[2], 9.56, 47.12)


def test_an_isochrone_from_nowhere_is_empty(town: Network) -> None:
    """A center outside of the map reaches nothing that is known."""
    shape = RoadEngine(town).isochrone(0.0, 0.0, 60)
    assert shape.is_empty
    assert shape.geom_type == "Polygon"


def test_the_fingerprint_tells_what_answers_depend_on(town: Network) -> None:
    """The network's, and how far places may be from it."""
    one, other = RoadEngine(town), RoadEngine(town, snap_m=50)
    assert town.fingerprint in one.fingerprint()
    assert one.fingerprint() != other.fingerprint()


def test_without_the_extra_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each library is imported where it is needed."""
    for name in ("osmium", "networkx", "osmnx"):
        with monkeypatch.context() as patch:
            patch.setitem(__import__("sys").modules, name, None)
            with pytest.raises(MissingExtraError, match=r"\[roads\]"):
                load_network(TOWN, cache=tmp_path)


@pytest.mark.parametrize("lon", [9.4, 179.98])
def test_a_long_straight_road_has_nodes_for_sites_to_find(lon: float) -> None:
    """Two points 4 km apart, also across 180 degrees: a site in the middle is on the road."""
    extract = read_extract(TOWN)
    straight = type(extract)(
        node=np.array([7, 8]),
        lon=np.array([lon, (lon + 0.04 + 180) % 360 - 180]),
        lat=np.full(2, 0.0),
        way=np.zeros(2, np.int64),
        highway=("road",),
        maxspeed=("",),
        direction=np.zeros(1, np.int8),
        duration_s=np.array([np.nan]),
        clipped=0,
    )
    result = built(graph_of(straight), "straight")
    end_lon, middle_lon = (float((lon + d + 180) % 360 - 180) for d in (0.04, 0.02))
    outcome = RoadEngine(result).matrix(
        at(0, lon), Places(np.array([end_lon, middle_lon]), np.zeros(2)), HOURS
    )
    assert outcome.status.tolist() == [[RoadStatus.within] * 2]
    assert outcome.snap_m[1] < edges.STRIDE_M
    whole = geodesy.distance_m(lon, 0.0, end_lon, 0.0)
    assert outcome.metres[0, 0] == pytest.approx(whole, rel=1e-6)
    water = graph_of(replace(straight, highway=("ferry",)))
    assert len(water) == 2
