"""Roads in tiles: the answers of the whole network, whatever the tiles, processes and accidents."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from roads import TOWN, sites_around

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.distances import TOP_M_PER_S
from coverage_analyzer.roads import cubes, network
from coverage_analyzer.roads.cubes import Area
from coverage_analyzer.roads.engine import Drives, Places, RoadEngine
from coverage_analyzer.roads.search import Routes
from coverage_analyzer.roads.snapping import Snapper
from coverage_analyzer.roads.tiles import regions, search_processes, search_tasks, store
from coverage_analyzer.roads.tiles.engine import TiledEngine
from coverage_analyzer.roads.ways import building, speeds
from coverage_analyzer.roads.ways import compressed as compression
from coverage_analyzer.roads.ways.compressed import Network, compressed
from coverage_analyzer.roads.ways.extract import read_extract, stream_extract
from coverage_analyzer.roads.ways.graph import SPEEDS, graph_of, timed

SIDE, HOUR_S = 40, 3600.0


@pytest.fixture(scope="module")
def lattice() -> Network:
    """Return streets 2 km apart: some closed, some one-way, a river with a bridge, an island."""
    random = np.random.default_rng(5)
    at = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    places = np.stack(np.divmod(at.ravel(), SIDE)[::-1], axis=1) * 0.02 + [30.0, 10.0]
    one = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    other = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    row, column = np.divmod(one, SIDE)
    across = other == one + SIDE
    kept = random.random(len(one)) > 0.15
    kept &= ~(across & (row == 20) & (column != 3))  # a river with a bridge
    kept &= ~(~across & (column == 34))  # a strait
    one, other = one[kept], other[kept]
    back = random.random(len(one)) > 0.2
    links = np.concatenate([one, other[back]]), np.concatenate([other, one[back]])
    seconds = random.integers(5, 60, len(links[0])).astype(np.float64)
    metres = random.uniform(90, 130, len(seconds))
    order = cubes.cube_keys(*places.T)
    order = np.argsort(order, kind="stable")
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    ends = tuple(number[end].astype(np.int32) for end in links)
    ferry = random.random(len(seconds)) < 0.01
    return compressed(places[order], (ends[0], ends[1]), (seconds, metres, ferry), "lattice")


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut even few streets into tiles."""
    for module in (cubes, store, network):
        monkeypatch.setattr(module, "ONE_TILE", 10, raising=False)
    monkeypatch.setattr(regions, "FIRST_M", 100.0)


@pytest.fixture
def roads(lattice: Network, tmp_path: Path) -> store.TiledRoads:
    """Return the streets in tiles on disk."""
    order = cubes.cube_order(lattice.lon, lattice.lat)
    number = np.argsort(order)
    begin = np.repeat(np.arange(len(lattice)), np.diff(lattice.start))
    ends = number[begin].astype(np.int32), number[lattice.end].astype(np.int32)
    places = np.column_stack([lattice.lon, lattice.lat])[order]
    attrs = lattice.seconds, lattice.metres, lattice.ferry
    tiled = store.TiledRoads.of(compressed(places, ends, attrs, "lattice"))
    assert len(tiled) > 4
    return store.write_store(tiled, tmp_path / "roads-lattice")


def centers_and_sites(lattice: Network) -> tuple[Places, Places]:
    """Return places near junctions, some far off."""
    centers, sites = sites_around(lattice, 6, seed=1), sites_around(lattice, 80, seed=2)
    near = lattice.lon[::320], lattice.lat[::320]
    return Places(*(np.append(a, b) for a, b in zip(centers, near, strict=True))), sites


def same(first: Drives, second: Drives) -> bool:
    """Return whether drives have the same bytes."""
    values = ("seconds", "metres", "ferry", "status")
    return all(getattr(first, n).tobytes() == getattr(second, n).tobytes() for n in values)


@pytest.mark.parametrize("limit_s", [300.0, 1200.0, HOUR_S, np.inf])
def test_tiles_give_the_drives_of_the_whole_network(
    roads: store.TiledRoads, lattice: Network, limit_s: float
) -> None:
    """Across tiles, a river with one bridge, one-way streets, and to an island without a road."""
    centers, sites = centers_and_sites(lattice)
    expected = RoadEngine(roads.network).matrix(centers, sites, limit_s)
    found = TiledEngine(roads, reach_m=2e5).matrix(centers, sites, limit_s)
    beside = np.isfinite(found.snap_m) & (found.snap_m < cubes.CUBE_M)
    assert same(
        *(
            Drives(d.seconds[:, beside], d.metres[:, beside], d.ferry[:, beside],
                   d.status[:, beside], d.snap_m[beside])
            for d in (expected, found)
        )
    )  # fmt: skip
    assert np.array_equal(found.snap_m[beside], expected.snap_m[beside])
    assert len(np.unique(expected.status)) > 2


def test_tiles_have_the_road_area_of_the_whole_network(roads: store.TiledRoads) -> None:
    """Without an index of all nodes, which would not fit in memory for a country."""
    expected = RoadEngine(roads.network, snap_m=5_000.0).road_area()
    found = TiledEngine(roads, snap_m=5_000.0).road_area()
    assert not found.is_empty
    assert shapely.to_wkb(found) == shapely.to_wkb(expected)


def test_a_region_grows_no_further_than_is_needed(
    roads: store.TiledRoads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site next to its center costs the search of few tiles."""
    sizes = []
    real = regions.shortest
    monkeypatch.setattr(
        regions, "shortest", lambda g, *rest: sizes.append(g.shape[0]) or real(g, *rest)
    )
    node = int(np.argmin(np.hypot(roads.network.lon - 30.2, roads.network.lat - 10.2)))
    end = int(roads.network.end[roads.network.start[node]])
    regions.Regions(roads).routes(node, np.array([end]), HOUR_S, 2e5)
    assert sizes[0] < len(roads.network) / 2


def test_speeds_are_those_of_osmnx() -> None:
    """For each kind and sign once what osmnx adds to every edge; also where it takes a mean."""
    signs = [("primary", "50 mph"), ("primary", ""), ("primary", "30|60"), ("ferry", ""),
             ("motorway", "none"), ("road", "walk"), ("trunk", "300"), ("service", "RU:urban"),
             ("trunk", "70"), ("trunk", "")]  # fmt: skip
    times = np.array([1, 2, 3, 1, 1, 1, 4, 1, 2, 1])
    for usual in (SPEEDS, {n: s for n, s in SPEEDS.items() if n not in ("trunk", "ferry")}):
        graph = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
        for n, ((kind, sign), count) in enumerate(zip(signs, times.tolist(), strict=True)):
            graph.add_node(n, x=0.0, y=0.0)
            for _ in range(count):
                tag = {"maxspeed": sign} if sign else {}
                graph.add_edge(n, n, highway=kind, length=100.0, **tag)
        graph = timed(graph, usual)
        expected = [graph.edges[n, n, 0]["speed_kph"] for n in range(len(signs))]
        assert speeds.speeds_kmh(signs, times, usual) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n_points", "error"), [(500_000, 0.0), (5, 1e-9)])
def test_a_network_is_that_of_the_graph_of_osmnx(
    n_points: int, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built from arrays: every array has the same bytes, and the same values if read in parts."""
    monkeypatch.setattr(cubes, "ONE_TILE", 1000)
    expected = building.network_of_graph(graph_of(read_extract(TOWN)), "")
    real = stream_extract
    monkeypatch.setattr(building, "stream_extract", lambda path: real(path, n_points))
    found = building.build_network(TOWN, "")
    for name, values in vars(expected).items():
        if name in ("seconds", "metres"):
            assert np.abs(values / getattr(found, name) - 1).max() <= error
        else:
            assert np.array_equal(values, getattr(found, name)), name


def test_of_a_large_file_only_roads_near_centers_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roads of another town are left out, and another area is another store."""
    monkeypatch.setattr(network, "LARGE_BYTES", 0)
    monkeypatch.setattr(cubes, "CUBE_M", 2_000.0)
    places = np.array([9.52]), np.array([47.12])
    near = Area.around(*places, np.array([500.0]))
    part = network.open_roads(TOWN, cache=tmp_path, area=near).network
    whole = network.open_roads(TOWN, cache=tmp_path).network
    assert 0 < len(part) < len(whole)
    assert part.fingerprint != whole.fingerprint
    assert bool(near.contains(*places)[0])
    far = Area.around(np.array([0.0]), np.array([0.0]), np.array([500.0]))
    with pytest.raises(InputError, match="no road for cars near the centers"):
        network.open_roads(TOWN, cache=tmp_path, area=far)


@pytest.mark.parametrize("lon", [179.99, -60.0])
@pytest.mark.parametrize("lat", [0.0, 89.99])
def test_an_area_holds_all_places_within_its_distance(lon: float, lat: float) -> None:
    """Also across 180 degrees and at a pole."""
    from coverage_analyzer.geodesy import destination

    area = Area.around(np.array([lon]), np.array([lat]), np.array([9_000.0]))
    edge = destination(np.full(8, lon), np.full(8, lat), np.arange(8) * 45.0, np.full(8, 8_990.0))
    assert area.contains(edge[0], edge[1]).all()


RESUME = """
import os, signal, sys
import numpy as np
from coverage_analyzer.roads.tiles import regions, store
from coverage_analyzer.roads.engine import Places
from coverage_analyzer.roads.tiles.engine import TiledEngine
from pathlib import Path
real, calls = regions.Regions.routes, []
def routes(*given):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given)
regions.Regions.routes = routes
with np.load(sys.argv[2]) as held:
    centers, sites = (Places(*held[n]) for n in ("centers", "sites"))
roads = store.read_store(Path(sys.argv[1]), "lattice")
TiledEngine(roads, reach_m=2e5).matrix(centers, sites, 3600.0)
"""


def test_a_killed_run_continues_with_the_centers_that_are_missing(
    roads: store.TiledRoads, lattice: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL in the middle: three centers are not searched again, and all bytes are the same."""
    centers, sites = centers_and_sites(lattice)
    expected = TiledEngine(roads, reach_m=2e5).matrix(centers, sites, HOUR_S)
    TiledEngine(roads).discard_results()
    folder = tmp_path / "drives-lattice"
    for path in folder.glob("*.npz"):
        path.unlink()
    np.savez(tmp_path / "places.npz", centers=np.stack(centers), sites=np.stack(sites))
    assert roads.folder is not None
    arguments = [sys.executable, "-c", RESUME, str(roads.folder), str(tmp_path / "places.npz")]
    killed = subprocess.run(arguments, check=False, env=os.environ.copy())
    assert killed.returncode == -signal.SIGKILL
    assert len(list(folder.glob("*.npz"))) == 3
    calls = []
    real = regions.Regions.routes
    monkeypatch.setattr(regions.Regions, "routes", lambda *given: calls.append(1) or real(*given))
    engine = TiledEngine(roads, reach_m=2e5)
    found = engine.matrix(centers, sites, HOUR_S)
    searched = len(calls)
    assert same(found, expected)
    first = next(folder.glob("*.npz"))
    n_results = len(list(folder.glob("*.npz")))
    assert searched == n_results - 3
    first.write_bytes(first.read_bytes()[:50])  # damaged: searched again
    assert same(TiledEngine(roads, reach_m=2e5).matrix(centers, sites, HOUR_S), expected)
    assert len(calls) == searched + 1
    engine.discard_results()
    assert not folder.exists()


def test_any_number_of_processes_gives_the_same_bytes(
    roads: store.TiledRoads, lattice: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process searches some centers; a process that cannot start costs time only."""
    monkeypatch.setattr(search_processes, "FEWEST_TASKS", 2)
    centers, sites = centers_and_sites(lattice)
    calls = []
    real = regions.Regions.routes
    monkeypatch.setattr(regions.Regions, "routes", lambda *g: calls.append(1) or real(*g))
    expected = TiledEngine(roads, reach_m=2e5).matrix(centers, sites, HOUR_S)
    alone = len(calls)
    counts = []
    for code in (search_processes.CODE, "raise SystemExit(1)"):
        monkeypatch.setattr(search_processes, "CODE", code)
        for path in roads.folder.parent.glob("drives-*/*.npz") if roads.folder else ():
            path.unlink()
        calls.clear()
        found = TiledEngine(roads, reach_m=2e5, processes=2).matrix(centers, sites, HOUR_S)
        assert same(found, expected)
        counts.append(len(calls))
    assert counts[0] < alone == counts[1]


def test_without_space_answers_are_the_same(
    roads: store.TiledRoads, lattice: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a store nor a result can be written: roads stay in memory, and nothing is left."""
    centers, sites = centers_and_sites(lattice)
    expected = TiledEngine(roads, reach_m=2e5).matrix(centers, sites, HOUR_S)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    monkeypatch.setattr(search_tasks.np, "savez", full)
    other = tmp_path / "full"
    kept = store.write_store(store.TiledRoads.of(roads.network), other / "roads-lattice")
    assert kept.folder is None
    assert same(TiledEngine(kept, reach_m=2e5).matrix(centers, sites, HOUR_S), expected)
    on_disk = TiledEngine(roads, reach_m=2e5)
    on_disk.discard_results()
    assert same(
        on_disk.matrix(centers, sites, 2 * HOUR_S),
        TiledEngine(kept, reach_m=2e5).matrix(centers, sites, 2 * HOUR_S),
    )
    assert not list(other.iterdir())


def test_two_processes_may_build_the_same_store(roads: store.TiledRoads) -> None:
    """The second one finds the first one's, and a damaged one is replaced; nothing else is left."""
    assert roads.folder is not None
    again = store.write_store(store.TiledRoads.of(roads.network), roads.folder)
    assert again.folder == roads.folder
    (roads.folder / "end.npy").write_bytes(b"\x93NUMPY")
    assert store.read_store(roads.folder, "lattice") is None
    again = store.write_store(again, roads.folder)
    assert again.folder == roads.folder
    assert list(roads.folder.parent.iterdir()) == [roads.folder]


def test_two_roads_along_the_same_line_are_snapped_alike_in_any_tiles(tmp_path: Path) -> None:
    """A site between their ends gets the same of the two nodes there, however they are indexed."""
    # The index of all nodes, and that of one tile, order equal places differently.
    ways = "".join(
        f'<way id="{n}"><nd ref="{n}1"/><nd ref="{n}2"/><tag k="highway" v="{kind}"/></way>'
        for n, kind in ((1, "residential"), (2, "primary"), (3, "tertiary"))
    )
    nodes = "".join(
        f'<node id="{n}{end}" lon="{9.5 + lon:.1f}" lat="47"/>'
        for n in (1, 2, 3)
        for end, lon in ((1, 0.0), (2, 0.8))
    )
    path = tmp_path / "parallel.osm"
    path.write_text(f'<osm version="0.6">{nodes}{ways}</osm>', encoding="utf-8")
    roads = store.TiledRoads.of(building.build_network(path, ""))
    places = np.linspace(9.5, 10.3, 57), np.full(57, 47.001)
    tiled = TiledEngine(roads)
    assert len(roads) > 1
    found, whole = tiled._snapper.snapped(*places), Snapper(roads.network).snapped(*places)
    assert np.array_equal(found.node, whole.node)


@pytest.mark.parametrize("array", ["end", "lon", "tile_key"])
def test_a_damaged_store_is_built_again_whatever_the_damage(
    roads: store.TiledRoads, array: str
) -> None:
    """A flipped bit anywhere in a header, or a file of another kind, is no traceback."""
    assert roads.folder is not None
    path = roads.folder / f"{array}.npy"
    whole = path.read_bytes()
    damaged = [bytes([*whole[:n], whole[n] ^ 0x01, *whole[n + 1 :]]) for n in range(0, 128, 3)]
    damaged += [whole.replace(b"(", b"[", 1), whole.replace(b"}", b" "), b"PK\x03\x04" + whole[4:]]
    for data in [*damaged, b"", whole[:-1]]:
        path.write_bytes(data)
        kept = store.read_store(roads.folder, "lattice")
        assert kept is None or np.array_equal(kept.network.end, roads.network.end)
    assert kept is None


def test_a_damaged_result_is_searched_again_whatever_the_damage(tmp_path: Path) -> None:
    """Also if the archive then claims to be encrypted, or compressed in an unknown way."""
    routes = Routes(np.ones(2), np.ones(2), np.ones(2, np.bool_), np.ones(2, np.bool_))
    path = tmp_path / "one.npz"
    search_tasks._write(path, routes)
    whole = path.read_bytes()
    assert search_tasks._read(path, 2) is not None
    central = whole.index(b"PK\x01\x02")
    places = [*range(central, central + 46), *range(30)]
    for data in [bytes([*whole[:n], whole[n] ^ 0x21, *whole[n + 1 :]]) for n in places]:
        path.write_bytes(data)
        found = search_tasks._read(path, 2)
        assert found is None or all(map(np.array_equal, found, routes))
    np.save(tmp_path / "other.npy", np.ones(2))
    assert search_tasks._read(tmp_path / "other.npy", 2) is None


def test_results_that_cannot_be_removed_do_not_matter(
    roads: store.TiledRoads, lattice: Network, tmp_path: Path
) -> None:
    """A file in place of their folder: nothing is kept, and the run is complete all the same."""
    (tmp_path / "drives-lattice").write_text("a file", encoding="utf-8")
    centers, sites = centers_and_sites(lattice)
    engine = TiledEngine(roads, reach_m=2e5)
    engine.matrix(centers, sites, HOUR_S)
    engine.discard_results()
    assert (tmp_path / "drives-lattice").read_text("utf-8") == "a file"


def test_a_site_far_from_all_tiles_has_no_distance_in_files() -> None:
    """Its distance from the roads is not known, and no number stands for it."""
    assert arrays.decimals(np.array([np.inf, 12.0, np.nan]), 0).to_pylist() == [None, 12, None]


@pytest.mark.parametrize("sign", ["0", "0 mph", "0.0"])
def test_a_speed_limit_of_zero_is_a_mistake_of_the_map(sign: str) -> None:
    """The usual speed applies; otherwise the drive would never end. Also in a graph of osmnx."""
    signs = [("primary", sign), ("primary", ""), ("primary", "30")]
    found = speeds.speeds_kmh(signs, np.ones(3, np.int64), SPEEDS)
    assert found.tolist() == [SPEEDS["primary"], SPEEDS["primary"], 30.0]
    graph: Any = nx.MultiDiGraph(crs="EPSG:4326", simplified=True)
    for node in (0, 1):
        graph.add_node(node, x=0.0, y=0.0)
    graph.add_edge(0, 1, highway=["primary", "trunk"], length=100.0, maxspeed=sign)
    assert timed(graph).edges[0, 1, 0]["speed_kph"] == SPEEDS["primary"]


def test_no_ferry_is_faster_than_the_roads_of_a_policy(tmp_path: Path) -> None:
    """A tagged duration of a minute for 76 km: otherwise a bound by the geodesic would not hold."""
    path = tmp_path / "ferry.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lon="9" lat="47"/><node id="2" lon="10" lat="47"/>'
        '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="route" v="ferry"/>'
        '<tag k="duration" v="00:01"/></way></osm>',
        encoding="utf-8",
    )
    found = building.build_network(path, "")
    assert (found.metres / found.seconds).tolist() == pytest.approx([TOP_M_PER_S] * 2)
    graph = building.network_of_graph(graph_of(read_extract(path)), "")
    assert np.array_equal(graph.seconds, found.seconds)


def test_what_a_killed_process_was_writing_is_removed_a_day_later(
    roads: store.TiledRoads, tmp_path: Path
) -> None:
    """The store of a country is large; one that is being written now is kept."""
    assert roads.folder is not None
    old, new = tmp_path / ".roads-old.part", tmp_path / ".roads-new.part"
    for path in (old, new):
        path.mkdir()
        (path / "lon.npy").write_bytes(b"half")
    os.utime(old, (0, 0))
    store.write_store(roads, tmp_path / "roads-lattice")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".roads-new.part", "roads-lattice"]
    results = search_tasks.SearchResults(tmp_path / "drives-lattice", "lattice")
    results.folder.mkdir()
    half = results.folder / "half.part"
    half.write_bytes(b"half")
    results.discard()
    assert half.exists()
    os.utime(half, (0, 0))
    results.discard()
    assert not results.folder.exists()


@pytest.mark.parametrize("n_nodes", [1, 3, 1000])
def test_edges_sorted_in_parts_are_those_sorted_at_once(
    n_nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loops, parallel roads and nodes without a road, however many nodes are sorted together."""
    monkeypatch.setattr(compression, "NODES_AT_ONCE", n_nodes)
    random = np.random.default_rng(3)
    u, v = random.integers(0, 9, (2, 60)).astype(np.int32)
    seconds, metres = random.integers(1, 4, (2, 60)).astype(np.float64)
    ferry = random.random(60) < 0.5
    net = compressed(np.zeros((11, 2)), (u, v), (seconds, metres, ferry), "any")
    best: dict[tuple[int, int], tuple[float, float, int]] = {}
    for n, pair in enumerate(zip(u.tolist(), v.tolist(), strict=True)):
        if pair[0] != pair[1]:
            edge = (float(seconds[n]), float(metres[n]), n)
            best[pair] = min(edge, best.get(pair, edge))
    begin = np.repeat(np.arange(len(net)), np.diff(net.start))
    pairs = list(zip(begin.tolist(), net.end.tolist(), strict=True))
    assert pairs == sorted(best)
    kept = [best[pair] for pair in pairs]
    assert net.seconds.tolist() == [edge[0] for edge in kept]
    assert net.metres.tolist() == [edge[1] for edge in kept]
    assert net.ferry.tolist() == [bool(ferry[edge[2]]) for edge in kept]
