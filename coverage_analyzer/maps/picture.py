"""A static map as SVG: land, coverage areas, centers, and sites as discs that show their shares.

It is for readers that run no scripts: the summary of a run, and the page where scripts are off. It
is drawn in Web Mercator, as the page is. Its size has a bound, whatever the number of sites: nearby
sites are one disc, whose size grows with their number and whose rings are the shares of statuses.
"""

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.errors import quantity
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.maps.first_view import first_view
from coverage_analyzer.maps.land import COARSE_DEGREES, Land, coarse_land, land
from coverage_analyzer.maps.site_sample import SiteSample
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.schema.verdict import Status

WIDTH: Final = 1600
HEIGHTS: Final = (760, 1200)
"""Size of the picture in its own units, of which it has about two per pixel of a screen."""

MARGIN: Final = 0.05
"""Share of the extent that is added on each side."""

LEAST_DEGREES: Final = 0.6
"""Minimum extent in degrees of longitude."""

END_LATITUDE: Final = 85.0511
"""Where Web Mercator ends."""

GRAIN: Final = 2
"""Resolution of outlines, in units."""

EDGE: Final = 20
"""Outlines end this far outside of the picture, in units, so that their cuts are not seen."""

TINY: Final = 4
"""Land and areas that are smaller in both directions are left out, in units."""

CELL: Final = 22
FINE_CELL: Final = 14
MOST_FINE: Final = 10_000
"""Sites within a cell of this size are one disc, in units; with few sites, of the finer one."""

CENTER_CELL: Final = 6
MOST_AREAS: Final = 1000
AREA_CELL: Final = 12
"""Of centers in a cell of this size one is drawn; of areas only if there are more than the most."""

RINGS: Final = (
    Status.fallback,
    Status.not_covered,
    Status.review,
    Status.pending,
    Status.qualified,
)
"""The rings of a disc, from its edge to its middle."""

SCALE_STEPS: Final = tuple(step * 10**e for e in range(5) for step in (1, 2, 5))
MOST_SCALE_DEGREES: Final = 30.0
"""If the latitudes of a picture span more, no scale is true for all of it."""

EARTH_M: Final = 40_075_016.7
"""Length of the equator."""


@dataclass(frozen=True)
class Scene:
    """Content of a picture: the sites, the centers that are open or planned, and their areas."""

    sites: SiteSample
    centers: Centers
    areas: Areas | None
    day: np.datetime64


def picture(scene: Scene) -> str:
    """Return the picture as an SVG element, styled by ``picture.css``; empty without any place."""
    frame = _frame(scene)
    if frame is None:
        return ""
    parts = [
        f'<rect class="sea" width="{WIDTH}" height="{frame.height}"/>',
        f'<path class="land" d="{_land_path(_land(frame), frame)}"/>',
        *_areas(scene, frame),
        *_centers(scene, frame),
        *_discs(scene.sites, frame),
        *_scale(frame),
    ]
    counts = scene.sites.counts
    figures = [f"{counts[s]:,} {s.name.replace('_', ' ')}" for s in Status if counts[s]]
    label = f"Map of {quantity(int(counts.sum()), 'site')}: {', '.join(figures) or 'none'}"
    return (
        f'<svg class="picture" viewBox="0 0 {WIDTH} {frame.height}" role="img" '
        f'aria-label="{html.escape(label)}">\n' + "\n".join(parts) + "\n</svg>"
    )


@dataclass(frozen=True)
class _Frame:
    """The part of the world that is drawn.

    Attributes
    ----------
    west, north
        Its corner in the plane of Web Mercator, in which the world is 1 wide; west may be negative.
    units
        Number of units of the picture that the world is wide.
    height
        Of the picture, in units.
    """

    west: float
    north: float
    units: float
    height: int

    def turns(self) -> range:
        """Return the turns round the world of which a part is drawn."""
        return range(int(np.floor(self.west)), int(np.ceil(self.west + WIDTH / self.units)))

    def places(self, lon: Floats, lat: Floats, turn: float = 0) -> Floats:
        """Return places as right and down in the picture. Shape (n, 2)."""
        x = (lon / 360 + (0.5 + turn - self.west)) * self.units
        return np.column_stack([x, (_south(lat) - self.north) * self.units])

    def all_turns(self, lon: Floats, lat: Floats) -> tuple[Floats, Ints]:
        """Return the places in the picture, and the number of each in the input."""
        found, numbers = [], []
        for turn in self.turns():
            places = self.places(lon, lat, turn)
            at = np.flatnonzero(self.holds(places))
            found.append(places[at])
            numbers.append(at)
        return np.concatenate(found), np.concatenate(numbers)

    def holds(self, places: Floats) -> Bools:
        """Return which places are in the picture."""
        return _all((places >= 0) & (places <= (WIDTH, self.height)))

    def latitude(self, down: float) -> float:
        """Return the latitude of a row of the picture."""
        south = self.north + down / self.units
        return float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * south)))))


def _all(conditions: Bools) -> Bools:
    """Return the rows of which all conditions are true."""
    return np.asarray(conditions.all(axis=1), np.bool_)


def _south(lat: Floats) -> Floats:
    """Return Web Mercator's coordinate, from 0 in the north to 1 in the south."""
    sine = np.sin(np.radians(np.clip(lat, -END_LATITUDE, END_LATITUDE)))
    return np.asarray(0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi))


def _frame(scene: Scene) -> _Frame | None:
    """Return a frame with all sites, or with all centers if there are no sites; None if neither."""
    corners = scene.sites.corners() or first_view(scene.centers.lon, scene.centers.lat)
    if corners is None:
        return None
    (south, west), (north, east) = corners
    across = max(east - west, LEAST_DEGREES) * (1 + 2 * MARGIN) / 360
    top, bottom = _south(np.array([north, south])).tolist()
    down = min((bottom - top) * (1 + 2 * MARGIN), 1.0)
    low, high = HEIGHTS
    across = min(max(across, down * WIDTH / high), 1.0)
    units = WIDTH / across
    height = int(np.clip(np.rint(down * units), low, WIDTH))  # all of it, if there are both poles
    down = height / units
    middle = float(np.clip((top + bottom) / 2, down / 2, max(1 - down / 2, down / 2)))
    return _Frame((west + east) / 720 + 0.5 - across / 2, middle - down / 2, units, height)


def _land(frame: _Frame) -> Land:
    """Return the land in the detail that a picture shows."""
    is_wide = WIDTH / frame.units * 360 >= COARSE_DEGREES
    return coarse_land() if is_wide else land()


def _land_path(arcs: Land, frame: _Frame) -> str:
    """Return the outlines of all land in the picture as one path, filled by the even-odd rule."""
    rings: list[Floats] = []
    for turn in frame.turns():
        lines, low, high = _outlines(arcs, frame, turn)
        low, high = (
            extreme.reduceat(ends[arcs.ring_arcs], arcs.ring_first)
            for extreme, ends in ((np.minimum, low), (np.maximum, high))
        )
        seen, inside = _seen(low, high, frame)
        for at in np.flatnonzero(seen).tolist():
            ring = np.concatenate([lines(number) for number in arcs.rings[at]])
            rings.append(ring if inside[at] else _clipped(ring, frame))
    return _path(_rounded(rings))


def _rounded(rings: list[Floats]) -> list[Ints]:
    """Return rings in whole units without repeats, but for those that are too small then."""
    if not rings:
        return []
    number = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    places = np.rint(np.concatenate(rings)).astype(np.int64)
    kept = _is_new(places, number)
    whole = np.split(places[kept], np.flatnonzero(np.diff(number[kept])) + 1)
    return [ring for ring in whole if len(ring) > 3]


def _seen(low: Floats, high: Floats, frame: _Frame) -> tuple[Bools, Bools]:
    """Return which shapes are large enough and in the picture, and which are so with all they have.

    Parameters
    ----------
    low, high
        The extent of each, NaN if it is empty. Shape (n, 2).
    frame
        Of the picture.
    """
    end = np.array([WIDTH, frame.height])
    large = ~_all(~(high - low >= TINY))
    return large & _all((high > 0) & (low < end)), _all((low >= -EDGE) & (high <= end + EDGE))


def _outlines(
    arcs: Land, frame: _Frame, turn: int
) -> tuple[Callable[[int], Floats], Floats, Floats]:
    """Return what gives each arc as drawn, and the extent of each arc. Shapes (m, 2)."""
    places = frame.places(arcs.lon, arcs.lat, turn)
    low, high = (extreme.reduceat(places, arcs.first) for extreme in (np.minimum, np.maximum))
    # Places that no eye tells from their neighbours go at once, but for the ends of arcs.
    coarse = np.rint(places / GRAIN).astype(np.int64)
    kept = np.append(True, (np.diff(coarse, axis=0) != 0).any(axis=1))
    kept[arcs.first] = kept[arcs.after - 1] = True
    number = np.repeat(np.arange(len(arcs.first)), arcs.after - arcs.first)[kept]
    two = np.bincount(number, minlength=len(arcs.first)) > 1
    whole = np.flatnonzero(two[number])
    lines = shapely.linestrings(places[kept][whole], indices=_dense_ranks(number[whole]))
    drawn, at = shapely.get_coordinates(
        shapely.simplify(lines, GRAIN / 2, preserve_topology=False), return_index=True
    )
    after = np.zeros(len(arcs.first), np.int64)
    after[two] = np.cumsum(np.bincount(at, minlength=int(two.sum())))
    first = np.append(0, np.maximum.accumulate(after)[:-1])

    def line(arc: int) -> Floats:
        at = max(arc, ~arc)
        places: Floats = drawn[first[at] : after[at]]
        return places if arc >= 0 else places[::-1]

    return line, low, high


def _dense_ranks(ascending: Ints) -> Ints:
    """Return numbers that ascend without gaps.

    Examples
    --------
    >>> _dense_ranks(np.array([3, 3, 7])).tolist()
    [0, 0, 1]
    """
    ranks: Ints = np.cumsum(np.append(0, np.diff(ascending) > 0))
    return ranks


def _clipped(ring: Floats, frame: _Frame) -> Floats:
    """Return a ring cut to the picture and a little beyond, side by side (Sutherland, Hodgman).

    It also takes rings that touch or cross themselves, as simplified ones may.
    """
    sides = ((0, -EDGE, 1), (1, -EDGE, 1), (0, WIDTH + EDGE, -1), (1, frame.height + EDGE, -1))
    for axis, bound, sign in sides:
        beyond = (ring[:, axis] - bound) * sign
        if (beyond >= 0).all():
            continue
        following = np.roll(np.arange(len(ring)), -1)
        inside = beyond >= 0
        crossing = np.flatnonzero(inside != inside[following])
        share = beyond[crossing] / (beyond[crossing] - beyond[following[crossing]])
        cuts = ring[crossing] + share[:, None] * (ring[following[crossing]] - ring[crossing])
        order = np.concatenate([np.flatnonzero(inside), crossing + 0.5])
        ring = np.concatenate([ring[inside], cuts])[np.argsort(order, kind="stable")]
        if not len(ring):
            break
    return ring


def _path(rings: Iterable[Ints]) -> str:
    """Return closed rings as the data of an SVG path, in steps."""
    given = list(rings)
    if not given:
        return ""
    sizes = np.array([len(ring) for ring in given])
    first = np.cumsum(sizes) - sizes
    places = np.concatenate(given)
    steps = np.diff(places, axis=0, prepend=0)
    steps[first] = places[first]
    words = [*map(str, steps.ravel().tolist())]
    result = []
    for begin, end in zip((2 * first).tolist(), (2 * (first + sizes)).tolist(), strict=True):
        others = " ".join(words[begin + 2 : end])
        result.append(f"M{words[begin]} {words[begin + 1]}l{others}z")
    return "".join(result).replace(" -", "-")


def _areas(scene: Scene, frame: _Frame) -> Iterator[str]:
    """Yield the areas of the open centers, and those of the planned ones."""
    areas = scene.areas
    if areas is None:
        return
    chosen = np.arange(len(areas.center))
    if len(chosen) > MOST_AREAS:
        place = frame.places(scene.centers.lon[areas.center], scene.centers.lat[areas.center])
        cells = np.floor(place / AREA_CELL).astype(np.int64)
        keyed = np.column_stack([cells, areas.planned, np.rint(areas.limit_miles)])
        chosen = np.sort(np.unique(keyed, axis=0, return_index=True)[1])
    for is_planned, name in ((False, "area"), (True, "planned")):
        some = areas.geometry[chosen[areas.planned[chosen] == is_planned]]
        rings = [ring for turn in frame.turns() for ring in _area_rings(some, frame, turn)]
        if rings:
            yield f'<path class="{name}" d="{_path(rings)}"/>'


def _area_rings(geometry: Any, frame: _Frame, turn: int) -> list[Ints]:
    """Return the rings of areas in the picture."""
    bounds = shapely.bounds(geometry)
    low = frame.places(bounds[:, 0], bounds[:, 3], turn)
    high = frame.places(bounds[:, 2], bounds[:, 1], turn)
    seen, inside = _seen(low, high, frame)
    rings, shape = shapely.get_rings(geometry[seen], return_index=True)
    if not len(rings):
        return []
    degrees, number = shapely.get_coordinates(rings, return_index=True)
    places = frame.places(degrees[:, 0], degrees[:, 1], turn)
    kept = _is_new(np.rint(places / GRAIN), number)
    whole = np.split(places[kept], np.flatnonzero(np.diff(number[kept])) + 1)
    for at in np.flatnonzero(~inside[seen][shape]).tolist():
        whole[at] = _clipped(whole[at], frame)
    return _rounded(whole)


def _is_new(places: Floats | Ints, ring: Ints) -> Bools:
    """Return which places of rings differ from the one before in their ring."""
    is_new = np.ones(len(places), np.bool_)
    is_new[1:] = (np.diff(places, axis=0) != 0).any(axis=1) | (np.diff(ring) != 0)
    return is_new


def _centers(scene: Scene, frame: _Frame) -> Iterator[str]:
    """Yield the marks of open centers, and of planned ones."""
    centers = scene.centers
    kinds = (("open", centers.is_open(scene.day)), ("coming", centers.is_planned(scene.day)))
    for name, chosen in kinds:
        places, _ = frame.all_turns(centers.lon[chosen], centers.lat[chosen])
        if len(places):
            cells = np.floor(places / CENTER_CELL).astype(np.int64)
            dots = _dots(places[np.sort(np.unique(cells, axis=0, return_index=True)[1])])
            yield f'<path class="center-edge" d="{dots}"/>'
            yield f'<path class="center-{name}" d="{dots}"/>'


def _dots(places: Floats) -> str:
    """Return places as a path of lines without length, which round ends turn into dots."""
    steps = np.diff(np.rint(places).astype(np.int64), axis=0, prepend=0).tolist()
    x, y = steps[0]
    dots = f"M{x} {y}h0" + "".join(f"m{x} {y}h0" for x, y in steps[1:])
    return dots.replace(" -", "-")


def _discs(sites: SiteSample, frame: _Frame) -> Iterator[str]:
    """Yield the discs, ring by ring, one path for each status and size."""
    cell = FINE_CELL if sites.counts.sum() <= MOST_FINE else CELL
    middle, counts = _cells(sites, frame, cell)
    total = np.maximum(counts.sum(axis=1), 1)
    sparse = float(np.clip(np.sqrt(300 / max(len(total), 1)), 1, 2))
    radius = cell * np.minimum(0.27 + 0.07 * np.log10(total), 0.6) * sparse
    within = np.ones(len(total))
    for status in RINGS:
        drawn = np.flatnonzero(counts[:, status] > 0)
        widths = np.maximum(np.rint(2 * radius * np.sqrt(within)), 2).astype(np.int64)
        for width in distinct(widths[drawn]).tolist():
            dots = _dots(middle[drawn[widths[drawn] == width]])
            yield f'<path class="{status.name}" stroke-width="{width}" d="{dots}"/>'
        within = np.maximum(within - counts[:, status] / total, 0)


def _cells(sites: SiteSample, frame: _Frame, size: int) -> tuple[Floats, Ints]:
    """Return the middle of the sites of each cell, and how many there are of each status.

    Cells are in order from the north-west. Shapes (n, 2) and (n, statuses).
    """
    found = [
        (places, np.full(len(places), int(status)), np.full(len(places), weight))
        for status, sample, weight in sites.places()
        for places, _ in [frame.all_turns(sample[:, 0], sample[:, 1])]
    ]
    place = np.concatenate([np.zeros((0, 2)), *(some for some, _, _ in found)])
    statuses = np.concatenate([np.zeros(0, int), *(some for _, some, _ in found)])
    weights = np.concatenate([np.zeros(0, int), *(some for _, _, some in found)])
    cell = np.floor(place / size).astype(np.int64) @ np.array([1, WIDTH // size + 1])
    cells, at = np.unique(cell, return_inverse=True)
    counts = np.zeros((len(cells), len(Status)), np.int64)
    np.add.at(counts, (at, statuses), weights)
    total = np.maximum(counts.sum(axis=1), 1)
    middle = [np.bincount(at, weights * v, minlength=len(cells)) / total for v in place.T]
    return np.column_stack(middle), counts


def _scale(frame: _Frame) -> Iterator[str]:
    """Yield a scale in miles and in kilometres, where one is true for the whole picture."""
    if frame.latitude(0) - frame.latitude(frame.height) > MOST_SCALE_DEGREES:
        return
    metres = EARTH_M * np.cos(np.radians(frame.latitude(frame.height / 2))) / frame.units
    down = frame.height - 30
    yield f'<rect class="back" x="14" y="{down - 62}" width="420" height="76"/>'
    for unit, length, y in (("mi", MILE_M, down - 30), ("km", 1000.0, down)):
        steps = [step for step in SCALE_STEPS if step * length / metres <= 290]
        if steps:
            long = steps[-1] * length / metres
            yield f'<path class="scale" d="M28 {y - 12}v12h{long:.0f}v-12"/>'
            yield f'<text x="{42 + long:.0f}" y="{y}">{steps[-1]:,} {unit}</text>'
