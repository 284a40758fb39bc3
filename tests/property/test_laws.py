"""Laws that hold for all networks and sites, wherever they lie."""

import datetime
import itertools
from typing import Any

import numpy as np
import pytest
from building import (
    EARTH,
    Center,
    Site,
    centers_of,
    karney_m,
    least_m,
    moved,
    picked,
    rows_of,
    sites_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    ANYWHERE,
    AZIMUTHS,
    HOMES,
    LATITUDES,
    POINTS,
    Pair,
    Point,
    cases,
    columns,
    networks,
    pairs_at,
    sites_round,
)

from coverage_analyzer import countries, geodesy
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.nearest import NO_CENTER, NearestIndex, ReachIndex
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import Status

WORLD = countries.load()
POLICY = Policy.load("appliance-maintenance")
HP = Policy.load("hp-call-to-repair")
DAY = datetime.date(2026, 12, 1)

Case = tuple[list[Center], list[Site]]
Rows = list[tuple[object, ...]]


def matcher(centers: list[Center], policy: Policy = POLICY) -> Matcher:
    """Return a matcher with nothing in its index yet."""
    return Matcher(centers_of(centers), policy, WORLD, as_of=DAY)


def judged(centers: list[Center], sites: list[Site], policy: Policy = POLICY) -> Rows:
    """Return verdicts as rows that compare."""
    result = matcher(centers, policy)
    return rows_of(result.match(sites_of(sites, WORLD)), result.centers.center_id)


# ----------------------------------------------------------------------------- sites and centers


@given(cases(), st.data(), st.sampled_from([POLICY, HP]))
def test_parts_make_the_whole(case: Case, data: st.DataObject, policy: Policy) -> None:
    """Match a batch in any split, one matcher for all parts, as at once."""
    centers, rows = case
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    sites, result = sites_of(rows, WORLD), matcher(centers, policy)
    bounds = [0, *cuts, len(rows)]
    parts: Rows = []
    for start, stop in itertools.pairwise(bounds):
        subset = result.match(picked(sites, slice(start, stop)))
        parts += rows_of(subset, result.centers.center_id)
    assert parts == judged(centers, rows, policy)


@given(cases(), st.data())
def test_the_order_of_sites_does_not_matter(case: Case, data: st.DataObject) -> None:
    """Judge each site as if it were the only one: in any order, with others or without."""
    centers, rows = case
    order = data.draw(st.permutations(range(len(rows))))
    whole = judged(centers, rows)
    assert judged(centers, [rows[i] for i in order]) == [whole[i] for i in order]
    one = data.draw(st.integers(0, len(rows) - 1))
    assert judged(centers, [rows[one]]) == [whole[one]]


@given(cases(), st.data())
def test_the_order_of_centers_does_not_matter(case: Case, data: st.DataObject) -> None:
    """Judge alike however the file of centers is sorted."""
    centers, sites = case
    assert judged(data.draw(st.permutations(centers)), sites) == judged(centers, sites)


@given(cases(), st.sampled_from(HOMES))
def test_one_more_center_never_loses_a_site(case: Case, home: tuple[float, float, str]) -> None:
    """Add an open center: who qualified still does, no nearest is farther, no count smaller.

    But for sites whose coordinates are too rough for the limit of the center that is now nearer.
    """
    centers, rows = case
    sites = [row._replace(accuracy_m=float("nan")) for row in rows]
    lon, lat, code = home
    more = [*centers, Center("new", lon, lat, code)]
    before = matcher(centers).match(sites_of(sites, WORLD))
    after = matcher(more).match(sites_of(sites, WORLD))
    had = before.status == Status.qualified
    assert (after.status[had] == Status.qualified).all()
    assert (after.distance_miles[had] <= before.distance_miles[had]).all()
    assert (after.centers_in_reach >= before.centers_in_reach).all()
    assert (after.level <= before.level).all()


def wider(factor: float) -> Policy:
    """Return the policy with all its limits changed."""
    data: dict[str, Any] = POLICY.model_dump()
    bands = [{**b, "up_to_miles": b["up_to_miles"] * factor} for b in data["bands"]]
    return Policy.from_mapping({**data, "bands": bands})


@given(cases(), st.sampled_from([1.0, 1.0000001, 1.01, 2.0, 100.0]))
def test_a_larger_radius_never_loses_a_site(case: Case, factor: float) -> None:
    """Widen the limits: who qualified still does, with the same center and distance."""
    centers, rows = case
    sites = sites_of([row._replace(accuracy_m=float("nan")) for row in rows], WORLD)
    before = matcher(centers).match(sites)
    after = matcher(centers, wider(factor)).match(sites)
    had = before.status == Status.qualified
    assert (after.status[had] == Status.qualified).all()
    np.testing.assert_array_equal(after.center[had], before.center[had])
    np.testing.assert_array_equal(after.distance_miles[had], before.distance_miles[had])
    assert (after.margin_miles[had] >= before.margin_miles[had]).all()
    assert (after.centers_in_reach >= before.centers_in_reach).all()


@given(networks(), st.data())
def test_verdicts_keep_their_promises(centers: list[Center], data: st.DataObject) -> None:
    """Print a consistent row whatever comes: center, distance, margin and day belong together."""
    rows = data.draw(st.lists(sites_round(centers), min_size=1, max_size=15))
    result = matcher(centers)
    v = result.match(sites_of(rows, WORLD))
    qualified, pending = v.status == Status.qualified, v.status == Status.pending
    assert ((v.level == 0) == qualified).all()
    assert (np.isnat(v.available_on) == ~pending).all()
    assert (np.isnan(v.distance_miles) == (v.center == NO_CENTER)).all()
    assert (np.isnan(v.margin_miles) == (v.center == NO_CENTER)).all()
    assert (v.center[qualified | pending] != NO_CENTER).all()
    assert (v.margin_miles[qualified | pending] >= 0).all()
    assert (v.margin_miles[v.status == Status.fallback] < 0).sum() == (
        (v.status == Status.fallback) & (v.center != NO_CENTER)
    ).sum()
    assert (v.centers_in_reach[qualified] >= 1).all()
    assert (v.centers_in_reach[pending] == 0).all()
    own = v.center != NO_CENTER
    assert (result.center_country[v.center[own]] == v.country[own]).all()
    open_ = result.centers.is_open(np.datetime64(DAY, "D"))
    assert open_[v.center[qualified]].all()
    assert not open_[v.center[pending]].any()
    for i in np.flatnonzero(own):
        center = result.centers.lon[v.center[i]], result.centers.lat[v.center[i]]
        miles = karney_m(rows[i].lon, rows[i].lat, *center) / MILE_M
        assert v.distance_miles[i] == round(miles * 1000) / 1000


# ----------------------------------------------------------------------------- geodesy


def turned(lon: float, by: float) -> float:
    """Return a longitude turned with the globe."""
    return (lon + by + 180) % 360 - 180


@settings(max_examples=200)
@given(pairs_at(), st.integers(-720, 720))
def test_turning_the_globe_changes_nothing(drawn: tuple[Pair, float], quarters: int) -> None:
    """Add degrees to all longitudes: distance and decision stay, also across 180 degrees.

    Rounded longitudes move a point by 4 nanometres, so a pair that near the limit is let off.
    """
    ((lon1, lat1), (lon2, lat2)), limit_m = drawn
    by = quarters / 2
    there = turned(lon1, by), lat1, turned(lon2, by), lat2
    away, turned_away = karney_m(lon1, lat1, lon2, lat2), float(geodesy.distance_m(*there))
    assert abs(turned_away - away) < 3e-8
    if abs(away - limit_m - 0.001) > 1e-7:
        assert geodesy.within(*there, limit_m) == geodesy.within(lon1, lat1, lon2, lat2, limit_m)


@settings(max_examples=200)
@given(pairs_at())
def test_within_is_karneys_distance_up_to_the_limit(drawn: tuple[Pair, float]) -> None:
    """Decide as the exact distance does, to the last bit, in both directions."""
    ((lon1, lat1), (lon2, lat2)), limit_m = drawn
    there = float(geodesy.distance_m(lon1, lat1, lon2, lat2)) <= limit_m + 0.001
    back = float(geodesy.distance_m(lon2, lat2, lon1, lat1)) <= limit_m + 0.001
    assert bool(geodesy.within(lon1, lat1, lon2, lat2, limit_m)) == there
    assert bool(geodesy.within(lon2, lat2, lon1, lat1, limit_m)) == back


@given(st.lists(st.tuples(ANYWHERE, ANYWHERE), min_size=1, max_size=30), st.floats(0, 12_000))
def test_within_is_karneys_distance_at_any_limit(pairs: list[Pair], miles: float) -> None:
    """Decide pairs all over the globe, at limits up to the largest that a policy may have."""
    lon1, lat1 = columns([p for p, _ in pairs])
    lon2, lat2 = columns([q for _, q in pairs])
    exact = geodesy.distance_m(lon1, lat1, lon2, lat2)
    for limit in (miles * MILE_M, exact, exact - 0.0011, exact + 1e-3):
        result = geodesy.within(lon1, lat1, lon2, lat2, limit)
        np.testing.assert_array_equal(result, exact <= np.add(limit, 0.001))


@settings(max_examples=200)
@given(st.one_of(st.tuples(ANYWHERE, ANYWHERE), pairs_at().map(lambda drawn: drawn[0])))
def test_bounds_hold(pair: Pair) -> None:
    """Keep Karney's distance between the two bounds over the chord."""
    (lon1, lat1), (lon2, lat2) = pair
    chord = geodesy.chord_m(geodesy.ecef(lon1, lat1), geodesy.ecef(lon2, lat2))
    exact = karney_m(lon1, lat1, lon2, lat2)
    slack = geodesy.CHORD_ERROR_M
    assert float(least_m(np.maximum(chord - slack, 0))) <= exact
    assert exact <= float(geodesy.most_m(chord + slack))


@settings(max_examples=200)
@given(ANYWHERE, AZIMUTHS, st.one_of(st.floats(0, 1e6), st.floats(0, 200_000), st.floats(0, 1)))
def test_the_arc_is_as_good_as_it_says(start: Point, azimuth: float, metres: float) -> None:
    """Measure the arc's error up to 1,000 km, at all latitudes and in all directions."""
    end = moved(*start, azimuth, metres)
    arc = geodesy.arc_m(geodesy.ecef(*start), geodesy.ecef(*end))
    assert abs(arc - karney_m(*start, *end)) <= geodesy.arc_error_m(arc)


@pytest.mark.parametrize("metres", [2e5, 5e5, geodesy.ARC_REACH_M])
def test_the_arc_is_good_everywhere(metres: float) -> None:
    """Measure the worst error of 100,000 arcs, evenly over latitudes; the bound is near to it."""
    rng = np.random.default_rng(200)
    lon, lat = rng.uniform(-180, 180, 100_000), rng.uniform(-90, 90, 100_000)
    x, y, _ = EARTH.fwd(lon, lat, rng.uniform(-180, 180, 100_000), np.full(100_000, metres))
    arc = geodesy.arc_m(geodesy.ecef(lon, lat), geodesy.ecef(x, y))
    worst = (np.abs(arc - metres) / geodesy.arc_error_m(arc)).max()
    assert 0.7 < worst < 0.95


@given(ANYWHERE, st.floats(0, 1e6), st.lists(st.tuples(AZIMUTHS, st.floats(0, 1.1e6)), max_size=20))
def test_no_rival_beyond_its_chord_is_nearer(
    start: Point, metres: float, others: list[tuple[float, float]]
) -> None:
    """Rule out by chords only who really is farther: the certificate of the nearest one."""
    here = geodesy.ecef(*start)
    first = moved(*start, 12.0, metres)
    chord = geodesy.chord_m(here, geodesy.ecef(*first))
    rival = geodesy.rival_chord_m(chord)
    nearest = karney_m(*start, *first)
    for azimuth, away in others:
        place = moved(*start, azimuth, away)
        if geodesy.chord_m(here, geodesy.ecef(*place)) > rival:
            assert karney_m(*start, *place) > nearest


# ----------------------------------------------------------------------------- nearness


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[Point], list[Point], float]:
    """Draw centers, sites of which some are at the reach of a center, and the reach."""
    centers = draw(st.lists(POINTS, min_size=1, max_size=15))
    centers += draw(st.lists(st.sampled_from(centers), max_size=3))
    reach_m = draw(st.sampled_from([0.0, 1000.0, 50 * MILE_M, 100 * MILE_M, 2000 * MILE_M]))
    edge = st.builds(
        lambda p, azimuth, offset: moved(p[0], p[1], azimuth, max(reach_m + offset, 0)),
        st.sampled_from(centers),
        AZIMUTHS,
        st.sampled_from([0.0, 1e-6, -1e-6, 9e-4, 1.1e-3, 1.0, -1.0, 10_000.0]),
    )
    between = st.builds(
        lambda p, q: tuple(EARTH.npts(p[0], p[1], q[0], q[1], 1)[0]) if p != q else p,
        st.sampled_from(centers),
        st.sampled_from(centers),
    )
    sites = draw(st.lists(st.one_of(edge, between, POINTS), min_size=1, max_size=15))
    return centers, [(float(x), float(y)) for x, y in sites], reach_m


@settings(max_examples=200)
@given(crowds())
def test_the_index_is_brute_force(drawn: tuple[list[Point], list[Point], float]) -> None:
    """Find the nearest, the count in reach and the list in reach as all distances have them."""
    centers, sites, reach_m = drawn
    lon, lat = columns(centers)
    x, y = columns(sites)
    x = np.where(np.abs(x) > 180, np.sign(x) * 180, x)
    exact = geodesy.distance_m(x[:, None], y[:, None], lon[None, :], lat[None, :])
    everyone, group = [np.arange(len(lon))], np.zeros(len(x), np.int64)
    reach = np.array([reach_m])
    index = NearestIndex(lon, lat, everyone, reach)
    nearest, count = index.nearest(x, y, geodesy.ecef(x, y), group)
    np.testing.assert_array_equal(nearest, exact.argmin(axis=1))
    near = exact <= reach_m + 0.001
    np.testing.assert_array_equal(count, near.sum(axis=1))
    site, center, away = ReachIndex(lon, lat, everyone, reach).in_reach(x, y, group)
    assert sorted(zip(site.tolist(), center.tolist(), strict=True)) == [
        (int(i), int(j)) for i, j in np.argwhere(near)
    ]
    np.testing.assert_array_equal(away, exact[site, center])


# ----------------------------------------------------------------------------- countries


@given(st.lists(LATITUDES, min_size=1, max_size=50))
def test_180_east_is_180_west(lat: list[float]) -> None:
    """Locate one meridian alike by both its names."""
    east, west = WORLD.locate(180.0, lat), WORLD.locate(-180.0, lat)
    np.testing.assert_array_equal(east, west)


@given(st.lists(POINTS, min_size=1, max_size=50), st.data())
def test_where_a_point_lies_does_not_depend_on_others(
    points: list[Point], data: st.DataObject
) -> None:
    """Locate and measure many points as each alone."""
    lon, lat = columns(points)
    one = data.draw(st.integers(0, len(points) - 1))
    assert WORLD.locate(lon, lat)[one] == WORLD.locate(*points[one])
    number = WORLD.names.numbers(["DE"] * len(points))
    itself = np.eye(len(WORLD.names.codes), dtype=np.bool_)
    alone = WORLD.near_m(lon[[one]], lat[[one]], number[:1], itself, 50_000.0)
    assert WORLD.near_m(lon, lat, number, itself, 50_000.0)[one] == alone[0]


@settings(max_examples=40)
@given(st.lists(POINTS, min_size=1, max_size=20), st.sampled_from([250.0, 5000.0, 44_448.0]))
def test_a_wider_search_finds_the_same_border(points: list[Point], reach_m: float) -> None:
    """Find within a short reach what a long one finds there, and nothing else."""
    lon, lat = columns(points)
    country = np.zeros(len(lon), np.int16)
    everyone = np.ones((1, len(WORLD.names.codes)), np.bool_)
    short = WORLD.near_m(lon, lat, country, everyone, reach_m)
    long = WORLD.near_m(lon, lat, country, everyone, 370_400.0)
    assert (short <= reach_m)[~np.isinf(short)].all()
    np.testing.assert_array_equal(np.isinf(short), long > reach_m)
    result = ~np.isinf(short)
    np.testing.assert_allclose(short[result], long[result], rtol=1e-9, atol=1e-6)
