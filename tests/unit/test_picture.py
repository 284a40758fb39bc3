"""The static map: what it shows, whatever the number of sites, and the land that it starts from."""

import gzip
import json
import re
from importlib import resources

import numpy as np
import pytest
import shapely
from building import Center, centers_of

from coverage_analyzer.maps import land
from coverage_analyzer.maps import picture as module
from coverage_analyzer.maps.base_map import WORLD, units_of
from coverage_analyzer.maps.picture import TINY, WIDTH, Scene, picture
from coverage_analyzer.maps.site_sample import MOST_KEPT, EveryNth, SiteSample
from coverage_analyzer.schema.verdict import Status

DAY = np.datetime64("2026-12-01", "D")
NETWORK = centers_of([Center("A", -75.16, 39.95), Center("B", 178.4, -18.1)])
DOT = re.compile(r"[Mm](-?\d+) ?(-?\d+)h0")


def lines_of(given: land.Land) -> np.ndarray:
    """Return the arcs of land in the plane of the picture, in units of the least coarse one."""
    x, y = units_of(given.lon, given.lat)
    scale = WIDTH / (WORLD * land.COARSE_DEGREES / 360)
    number = np.repeat(np.arange(len(given.first)), given.after - given.first)
    return np.asarray(shapely.linestrings(np.column_stack([x, y]) * scale, indices=number))


def test_coarse_land_is_the_land_within_half_a_pixel() -> None:
    """No arc has moved, and no ring that a picture of a third of the world shows is missing."""
    fine, coarse = lines_of(land.land()), lines_of(land.coarse_land())
    vertices = shapely.points(shapely.get_coordinates(coarse)[::20])
    _, away = shapely.STRtree(fine).query_nearest(vertices, return_distance=True, all_matches=False)
    assert away.max() < 0.5  # the coordinates are rounded, to a 200th of a degree
    tree, shown = shapely.STRtree(coarse), land.land()
    low, high = shapely.bounds(fine)[:, :2], shapely.bounds(fine)[:, 2:]
    large = [
        ring
        for ring in ([max(n, ~n) for n in ring] for ring in shown.rings)
        if (high[ring].max(axis=0) - low[ring].min(axis=0) >= TINY).any()
    ]
    assert len(large) == len(land.coarse_land().rings)
    arcs = fine[sorted({n for ring in large for n in ring})]
    places = shapely.points(shapely.get_coordinates(arcs)[::20])
    _, away = tree.query_nearest(places, return_distance=True, all_matches=False)
    assert away.max() < 1.5


@pytest.mark.parametrize(("east", "is_coarse"), [(20.0, False), (100.0, False), (119.0, True)])
def test_wide_pictures_have_the_coarse_land(
    east: float, is_coarse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a third of the world on, margins included."""
    monkeypatch.setattr(module, "coarse_land", lambda: pytest.fail("coarse") and land.land())
    sites = sample([(0.0, 10.0, Status.qualified), (east, 20.0, Status.fallback)])
    if is_coarse:
        with pytest.raises(pytest.fail.Exception, match="coarse"):
            drawn(sites)
    else:
        assert 'class="land"' in drawn(sites)


def sample(places: list[tuple[float, float, Status]]) -> SiteSample:
    """Return a sample of sites: longitude, latitude, status."""
    result = SiteSample()
    lon, lat, status = (np.array(column) for column in zip(*places, strict=True))
    result.add(lon.astype(float), lat.astype(float), status)
    return result


def dots(svg: str, name: str) -> np.ndarray:
    """Return where the dots of a class are, in units. Shape (n, 2)."""
    result = []
    for path in re.findall(rf'<path class="{name}"[^>]* d="([^"]*)"/>', svg):
        steps = np.array(DOT.findall(path), int)
        result.append(np.cumsum(steps, axis=0))
    return np.concatenate(result) if result else np.zeros((0, 2), int)


def drawn(sites: SiteSample) -> str:
    """Return the picture of some sites."""
    return picture(Scene(sites, NETWORK, None, DAY))


def test_land_is_read_as_json_reads_it() -> None:
    """Arc by arc, place by place; and its rings are closed."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    text = gzip.decompress((folder / "land.topojson.gz").read_bytes())
    steps, counts, rest = land.split_topology(text)
    whole = json.loads(text)
    assert counts.tolist() == [len(arc) for arc in whole["arcs"]]
    assert steps.tolist() == [place for arc in whole["arcs"] for place in arc]
    assert rest | {"arcs": whole["arcs"]} == whole
    result = land.land()
    ring = result.rings[0]
    ends = [
        (n >= 0, result.first[max(n, ~n)], result.after[max(n, ~n)] - 1)
        for n in (ring[0], ring[-1])
    ]
    begin, end = (ends[0][1 if ends[0][0] else 2], ends[1][2 if ends[1][0] else 1])
    assert result.lon[begin] == pytest.approx(result.lon[end])
    assert result.lat[begin] == pytest.approx(result.lat[end])


def test_each_site_is_where_it_is() -> None:
    """North above, east right, in Web Mercator, on both sides of 180 degrees."""
    svg = drawn(
        sample(
            [(179, -17, Status.qualified), (-179, -17, Status.fallback), (179, -18, Status.review)]
        )
    )
    west, east, south = (dots(svg, name)[0] for name in ("qualified", "fallback", "review"))
    assert 0 < west[0] < east[0] < WIDTH
    assert west[1] == east[1] < south[1]
    across, down = east[0] - west[0], south[1] - west[1]
    assert down / across == pytest.approx(0.5 / np.cos(np.radians(17.5)), rel=0.02)


def test_a_disc_shows_the_shares_of_its_statuses() -> None:
    """The area of the inner disc is the share of what qualifies; more sites are a larger disc."""
    many = [(10.0, 50.0, Status.fallback)] * 750 + [(10.0, 50.0, Status.qualified)] * 250
    one = [(20.0, 50.0, Status.fallback)]
    svg = drawn(sample([*many, *one]))
    widths = {
        name: sorted(int(w) for w in re.findall(rf'class="{name}" stroke-width="(\d+)"', svg))
        for name in ("fallback", "qualified")
    }
    small, large = widths["fallback"]
    assert small < large
    assert (widths["qualified"][0] / large) ** 2 == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("cuts", [[], [1, 2, 70_000], [33_333, 66_666]])
def test_a_sample_does_not_depend_on_blocks(cuts: list[int]) -> None:
    """Equal input, equal bytes; the few are all there beside the many, and all are counted."""
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-10, 30, 100_000), rng.uniform(35, 60, 100_000)
    status = np.full(100_000, int(Status.fallback))
    status[::20_000] = Status.review
    result, whole = SiteSample(), SiteSample()
    whole.add(lon, lat, status)
    for rows in np.split(np.arange(100_000), cuts):
        result.add(lon[rows], lat[rows], status[rows])
    kept = {each: (len(places), step) for each, places, step in result.places()}
    assert kept[Status.review] == (5, 1)
    assert kept[Status.fallback][0] <= MOST_KEPT
    assert result.counts[Status.fallback] == 99_995
    assert drawn(result) == drawn(whole)


def test_a_sample_keeps_no_more_than_its_places() -> None:
    """A hundred million sites held 800 MB: each few places kept all those of their block."""
    every = EveryNth()
    for _ in range(40):
        every.add(np.zeros(10_000), np.zeros(10_000), np.arange(10_000))
        owners = [part if part.base is None else part.base for part in every.parts]
        assert sum(owner.nbytes for owner in owners) <= 2 * MOST_KEPT * 16


def test_a_picture_has_a_bounded_size() -> None:
    """A quarter of a million sites all over the world, of all statuses, and a thousand centers."""
    rng = np.random.default_rng(3)
    result = SiteSample()
    for _ in range(5):
        lon, lat = rng.uniform(-180, 180, 50_000), rng.uniform(-85, 85, 50_000)
        result.add(lon, lat, rng.integers(0, len(Status), 50_000))
    centers = centers_of(
        Center(f"C{i}", rng.uniform(-180, 180), rng.uniform(-60, 70)) for i in range(1000)
    )
    assert len(picture(Scene(result, centers, None, DAY))) < 400_000


def test_without_any_place_there_is_no_picture() -> None:
    """No site: the centers; no center either: nothing."""
    assert len(dots(drawn(SiteSample()), "center-open")) == 2
    nobody = centers_of([])
    assert picture(Scene(SiteSample(), nobody, None, DAY)) == ""


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(117.97, -11.57), (91.26, 8.41), (-61.3, 47.21), (142.1, -9.48), (-38.0, 28.0)],
)
def test_a_picture_may_show_no_land(lon: float, lat: float) -> None:
    """Not even where the box of a continent contains it, of which nothing is left by cutting."""
    svg = drawn(sample([(lon, lat, Status.review)]))
    assert len(dots(svg, "review")) == 1
    assert '<path class="land" d=""/>' in svg


def test_poles_and_one_site_are_drawn() -> None:
    """Web Mercator ends before the poles; one site is not a point of infinite scale."""
    svg = drawn(sample([(0, 90, Status.qualified), (100, -90, Status.fallback)]))
    ends = np.concatenate([dots(svg, "qualified"), dots(svg, "fallback")])
    assert len(ends) == 2
    alone = drawn(sample([(8.54, 47.37, Status.qualified)]))
    assert len(dots(alone, "qualified")) == 1
    assert 'class="land"' in alone
    assert "nan" not in svg + alone
