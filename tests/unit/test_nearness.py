"""The index of centers: candidates by cells, against distances to all."""

import concurrent.futures
import pickle

import numpy as np
import pytest
from building import EARTH, Floats, moved

from coverage_analyzer import geodesy
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.matching.nearest import NO_CENTER, Groups, NearestIndex, ReachIndex


def group_of(lon: list[float], lat: list[float], miles: float = 50) -> Groups:
    """Return one group of centers."""
    place = np.array(lon, np.float64), np.array(lat, np.float64)
    return Groups(*place, [np.arange(len(lon))], np.array([miles * MILE_M]))


def index_of(lon: list[float], lat: list[float], *, miles: float = 50) -> NearestIndex:
    """Return an index of one group."""
    return NearestIndex(*group_of(lon, lat, miles))


def nearest(index: NearestIndex, lon: list[float], lat: list[float]) -> tuple[list[int], list[int]]:
    """Return the nearest center, and how many reach, of sites in the first group."""
    x, y = np.array(lon, np.float64), np.array(lat, np.float64)
    center, count = index.nearest(x, y, geodesy.ecef(x, y), np.zeros(len(x), np.int64))
    return center.tolist(), count.tolist()


def test_an_empty_group_has_nobody() -> None:
    """Find nobody where nobody is, and no site where none is asked for."""
    assert nearest(index_of([], []), [0.0, 8.0], [0.0, 47.0]) == ([NO_CENTER, NO_CENTER], [0, 0])
    assert nearest(index_of([8.0], [47.0]), [], []) == ([], [])


def test_no_group_at_all() -> None:
    """Bear a world without groups."""
    index = NearestIndex(np.zeros(0), np.zeros(0), [], np.zeros(0))
    assert nearest(index, [], []) == ([], [])


def test_the_only_center_is_the_nearest_from_the_antipode() -> None:
    """Find the nearest center however far it is."""
    assert nearest(index_of([8.0], [47.0]), [-172.0], [-47.0]) == ([0], [0])


def test_sites_ask_only_their_own_group() -> None:
    """Pass over a center next door that belongs to another group."""
    lon, lat = np.array([8.0, 9.0]), np.array([47.0, 47.0])
    groups = [np.array([0]), np.array([1])]
    index = NearestIndex(lon, lat, groups, np.array([100 * MILE_M] * 2))
    site = np.array([8.01, 8.01]), np.array([47.0, 47.0])
    center, count = index.nearest(*site, geodesy.ecef(*site), np.array([0, 1]))
    assert center.tolist() == [0, 1]
    assert count.tolist() == [1, 1]


def test_groups_have_limits_of_their_own() -> None:
    """Count by the limit of the site's group, not by the greatest."""
    lon, lat = np.array([8.0]), np.array([47.0])
    one = [np.array([0]), np.array([0])]
    index = NearestIndex(lon, lat, one, np.array([10 * MILE_M, 70 * MILE_M]))
    x, y = moved(8.0, 47.0, 77.0, 50 * MILE_M)
    site = np.array([x, x]), np.array([y, y])
    assert index.nearest(*site, geodesy.ecef(*site), np.array([0, 1]))[1].tolist() == [0, 1]


def test_of_equally_near_ones_the_first() -> None:
    """Give ties to the first: at one place, and mirrored in east and west, north and south."""
    assert nearest(index_of([8.0, 8.0, 8.0], [47.0] * 3), [8.1], [47.1]) == ([0], [3])
    assert nearest(index_of([8.5, 7.5], [47.0, 47.0]), [8.0], [47.0]) == ([0], [2])
    assert nearest(index_of([7.5, 8.5], [47.0, 47.0]), [8.0], [47.0]) == ([0], [2])
    assert nearest(index_of([20.0, 20.0], [-0.5, 0.5]), [20.0], [0.0]) == ([0], [2])
    assert nearest(index_of([-179.5, 179.5], [10.0, 10.0]), [180.0], [10.0]) == ([0], [2])


def test_nearest_on_the_ellipsoid_not_on_a_sphere() -> None:
    """Choose by the geodesic: here a sphere would choose the other center.

    At the equator a degree north is 110.6 km, a degree east 111.3 km; a sphere makes them one.
    """
    assert nearest(index_of([1.0, 0.0], [0.0, 1.005]), [0.0], [0.0]) == ([1], [0])
    assert nearest(index_of([1.0, 0.0], [0.0, 1.007]), [0.0], [0.0]) == ([0], [0])


def test_nearest_along_the_ground_not_through_the_earth() -> None:
    """Choose by the geodesic where chords choose the other center, whichever is looked at first.

    The meridian is bent more than the equator: 112 km of it have a chord that is 2 cm shorter.
    """
    east, north = moved(0.0, 0.0, 90.0, 112_000.0), moved(0.0, 0.0, 0.0, 112_000.005)
    straight = [geodesy.chord_m(geodesy.ecef(0.0, 0.0), geodesy.ecef(*p)) for p in (north, east)]
    assert straight[0] < straight[1]
    for first, second, nearer in ((east, north, 0), (north, east, 1)):
        index = index_of([first[0], second[0]], [first[1], second[1]], miles=80)
        assert nearest(index, [0.0], [0.0]) == ([nearer], [2])


@pytest.mark.parametrize("offset_m", [-0.01, -1e-6, 0.0, 9e-4, 1.1e-3, 0.01])
def test_counting_includes_the_limit(offset_m: float) -> None:
    """Count a center on the limit, and up to 1 mm beyond."""
    x, y = moved(8.0, 47.0, 200.0, 50 * MILE_M + offset_m)
    assert nearest(index_of([8.0], [47.0]), [x], [y]) == ([0], [int(offset_m <= 1e-3)])


def test_among_several_the_limit_is_as_sharp() -> None:
    """Count to the millimetre where single precision compares the centers, and is wrong by more."""
    centers: Floats = np.array([[8.0, 47.0], [8.05, 47.02], [7.9, 46.9]])
    index = index_of(*centers.T.tolist())
    rng = np.random.default_rng(17)
    away = 50 * MILE_M + rng.choice([-0.1, -0.02, -0.002, 0.0005, 0.0015, 0.01, 0.1], 500)
    lon, lat, _ = EARTH.fwd(*np.repeat(centers[:1].T, 500, axis=1), rng.uniform(0, 360, 500), away)
    metres = [EARTH.inv(lon, lat, *np.repeat(c[:, None], 500, axis=1))[2] for c in centers]
    expected = np.sum(np.array(metres) <= 50 * MILE_M + geodesy.ROUNDING_M, axis=0)
    assert nearest(index, lon.tolist(), lat.tolist())[1] == expected.tolist()
    assert len(set(expected.tolist())) > 1


@pytest.mark.parametrize("scale_km", [0.001, 5.0, 80.0, 4_000.0])
def test_near_ties_are_decided_by_the_geodesic(scale_km: float) -> None:
    """Choose the nearer of two centers that single precision cannot tell apart."""
    rng = np.random.default_rng(18)
    site: Floats = np.array([[8.1], [47.1]])
    azimuth, step = rng.uniform(0, 360, 100), rng.normal(0, 1, 100) * rng.choice([1e-6, 0.01], 100)
    for turn, more in zip(azimuth.tolist(), step.tolist(), strict=True):
        ends = [moved(*site[:, 0], turn + d, scale_km * 1000 + m) for d, m in ((0, 0), (70, more))]
        x, y = (list(values) for values in zip(*ends, strict=True))
        metres = EARTH.inv(*np.repeat(site, 2, axis=1), x, y)[2]
        found, _ = nearest(index_of(x, y), *site.tolist())
        assert found == [int(np.argmin(metres))]


def test_centers_that_surely_reach_are_counted_all_the_same() -> None:
    """Count a crowd round the corner, which is no candidate for the nearest."""
    rng = np.random.default_rng(1)
    lon, lat = 8 + rng.uniform(-0.2, 0.2, 200), 47 + rng.uniform(-0.2, 0.2, 200)
    assert nearest(index_of(lon.tolist(), lat.tolist()), [8.0], [47.0])[1] == [200]


def test_in_reach_lists_every_pair() -> None:
    """List all centers in reach with Karney's distances, in order of the sites."""
    index = ReachIndex(*group_of([8.0, 8.2, 20.0], [47.0, 47.0, 47.0]))
    lon, lat = np.array([8.1, 40.0, 20.0]), np.array([47.0, 47.0, 47.0])
    site, center, metres = index.in_reach(lon, lat, np.zeros(3, np.int64))
    assert sorted(zip(site.tolist(), center.tolist(), strict=True)) == [(0, 0), (0, 1), (2, 2)]
    assert site.tolist() == sorted(site.tolist())
    expected = EARTH.inv(lon[site], lat[site], np.array([8.0, 8.2, 20.0])[center], [47.0] * 3)[2]
    np.testing.assert_array_equal(metres, expected)


def test_an_index_answers_one_question() -> None:
    """The nearest center may be out of reach, and whoever reaches a cell need not be listed.

    One index for both would silently find no center here, or one of the two in reach.
    """
    group = group_of([8.0, 8.01, 20.0], [47.0, 47.0, 47.0])
    assert nearest(NearestIndex(*group), [8.0, 25.0], [47.0, 47.0]) == ([0, 2], [2, 0])
    lon, lat = np.array([8.0, 25.0]), np.array([47.0, 47.0])
    site, center = ReachIndex(*group).reaching(lon, lat, np.zeros(2, np.int64))
    assert (site.tolist(), center.tolist()) == ([0, 0], [0, 1])
    assert not hasattr(ReachIndex, "search")
    assert not hasattr(NearestIndex, "reaching")


def test_the_index_remembers_without_changing_its_mind() -> None:
    """Answer the same from a warm index, in whatever order cells were seen."""
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(-180, 180, 300), np.degrees(np.arcsin(rng.uniform(-1, 1, 300)))
    x, y = rng.uniform(-180, 180, 500), rng.uniform(-90, 90, 500)
    cold = index_of(lon.tolist(), lat.tolist(), miles=500)
    warm = index_of(lon.tolist(), lat.tolist(), miles=500)
    for start in (400, 0, 250, 100):
        nearest(warm, x[start : start + 100].tolist(), y[start : start + 100].tolist())
    assert nearest(warm, x.tolist(), y.tolist()) == nearest(cold, x.tolist(), y.tolist())


def test_the_corners_of_the_globe_have_cells() -> None:
    """Answer at 180 degrees and at the poles, where a cell's number could run over."""
    corners: Floats = np.array([[x, y] for x in (-180.0, 180.0) for y in (-90.0, 0.0, 90.0)])
    lon, lat = corners.T.tolist()
    index = index_of([179.9, 0.0, 0.0], [0.0, 89.9, -89.9])
    assert nearest(index, lon, lat) == ([2, 0, 1, 2, 0, 1], [1] * 6)


def crowd(seed: int, number: int) -> tuple[list[float], list[float]]:
    """Return places, evenly over the globe."""
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, number)))
    return rng.uniform(-180, 180, number).tolist(), lat.tolist()


def test_more_candidates_than_a_byte_can_count() -> None:
    """Count all of 400 centers round a rim, where each may reach a part of the cell only."""
    rim = [moved(8.1, 47.1, azimuth, 50 * MILE_M - 5) for azimuth in np.linspace(-180, 179, 400)]
    index = index_of([x for x, _ in rim], [y for _, y in rim])
    assert nearest(index, [8.1, 8.1], [47.1, 47.2])[1][0] == 400


def test_groups_on_one_cell_keep_notes_of_their_own() -> None:
    """Answer three groups on the same cells, whoever asked first."""
    lon, lat = crowd(3, 90)
    groups = [np.arange(start, 90, 3) for start in range(3)]
    reach_m = np.full(3, 3e6)
    x, y = (np.array(v) for v in crowd(4, 50))
    calls = [(x, y, np.full(50, group)) for group in (1, 0, 2, 0)]
    calls.append((np.repeat(x, 3), np.repeat(y, 3), np.tile([2, 0, 1], 50)))
    warm = NearestIndex(np.array(lon), np.array(lat), groups, reach_m)
    for subset in calls:
        cold = NearestIndex(np.array(lon), np.array(lat), groups, reach_m)
        result, expected = (
            i.nearest(*subset[:2], geodesy.ecef(*subset[:2]), subset[2]) for i in (warm, cold)
        )
        np.testing.assert_array_equal(result, expected)
        assert (result[0] % 3 == subset[2]).all()


def test_many_threads_may_ask_at_once() -> None:
    """Give every thread the answers that one alone would get, while all fill the notebooks."""
    lon, lat = crowd(5, 200)
    shared, alone = index_of(lon, lat, miles=400), index_of(lon, lat, miles=400)
    parts = [crowd(seed, 2_000) for seed in range(6, 14)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        result = list(pool.map(lambda part: nearest(shared, *part), parts * 3))
    assert result == [nearest(alone, *part) for part in parts] * 3


def test_a_pickle_forgets_the_cells() -> None:
    """Carry the centers only, and answer the same on the other side."""
    lon, lat = crowd(15, 200)
    index = index_of(lon, lat, miles=400)
    x, y = crowd(16, 5_000)
    before = nearest(index, x, y)
    carried = pickle.dumps(index)
    assert len(carried) < 100_000
    assert nearest(pickle.loads(carried), x, y) == before  # noqa: S301 - of our own making


def test_the_squared_chord_is_that_of_the_center_found() -> None:
    """Return the chord of the center that the geodesic chose, not of the one nearer by chord."""
    east, north = moved(0.0, 0.0, 90.0, 112_000.0), moved(0.0, 0.0, 0.0, 112_000.005)
    index = index_of([north[0], east[0]], [north[1], east[1]], miles=80)
    x, y = np.zeros(1), np.zeros(1)
    found = index.search(x, y, geodesy.ecef(x, y), np.zeros(1, np.int64))
    assert found.center.tolist() == [1]
    away = geodesy.chord_m(geodesy.ecef(0.0, 0.0), geodesy.ecef(*east))
    np.testing.assert_allclose(np.sqrt(found.square_m2), away, rtol=1e-15)


def test_bisectors_drop_no_nearest_center() -> None:
    """Find the nearest of centers on all sides of small and large cells, and at the poles."""
    rng = np.random.default_rng(8)
    for middle, spread in ((0.0, 3.0), (60.0, 0.3), (89.9, 0.2), (-89.99, 20.0)):
        lat = np.clip(middle + rng.normal(0, spread, 60), -90, 90)
        lon = np.where(rng.random(60) < 0.5, 180.0, -180.0) - rng.normal(0, spread, 60)
        lon = (lon + 180) % 360 - 180
        x, y = rng.permutation(lon)[:40], np.clip(middle + rng.normal(0, spread, 40), -90, 90)
        index = index_of(lon.tolist(), lat.tolist())
        away = geodesy.distance_m(x[:, None], y[:, None], lon, lat)
        center, count = nearest(index, x.tolist(), y.tolist())
        np.testing.assert_array_equal(center, away.argmin(axis=1))
        np.testing.assert_array_equal(count, (away <= 50 * MILE_M + 0.001).sum(axis=1))
