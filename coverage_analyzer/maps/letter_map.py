"""The map in a letter, as SVG: land around a site, the coverage area, centers, towns, a scale.

It is drawn on the plane tangent to the earth at the site, on which distances from the site are
true, also near 180 degrees and at the poles. Areas are those of a run, cut at borders. It is an
illustration: nothing is decided by it.
"""

import dataclasses
import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats
from coverage_analyzer.countries.names import NONE
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.geometry import discs
from coverage_analyzer.maps.base_layer import Detail, Outlines, Plane, Town, detail, outlines, towns
from coverage_analyzer.maps.labels import Box, Labels, Placed
from coverage_analyzer.matching.areas import areas
from coverage_analyzer.matching.matcher import Matcher

WIDTH, HEIGHT, LOW = 1860, 1000, 640
"""Width and height of the picture in its own units, tenths of a millimetre on paper; and its height
in a letter with much other text."""

BEYOND: Final = (0.4, 0.45)
"""Land drawn beyond the picture on each side, as shares of its width and height.

The page shows it where the place for the picture has other proportions.
"""

LEAST_UNITS: Final = 3.0
"""Islands, lakes and lines smaller than this are not drawn, in units of the picture."""

MARGIN: Final = 1.15
"""Ratio of the area shown to the area required."""

FAR_MILES: Final = 700.0
"""A center further away is not drawn; the limit is then drawn around the site."""

BARE_MILES: Final = 50.0
"""Half the height of a picture without a limit."""

LEAST_M: Final = 8_000.0
"""Half the width of the smallest picture."""

SEAM_M: Final = 60.0
"""Parts of an area closer than this are joined: they are cut at 180 degrees."""

STEPS: Final = tuple(m * 10**e for e in range(4) for m in (1, 2, 5))
"""Possible lengths of a scale bar, in miles or kilometres."""

LABEL: Final = 26
"""Maximum characters of a label; the letter's text has the full name."""

COUNTRY_SHARE: Final = 0.06
"""Minimum share of the picture for a country to be named."""

MAIN_SIZE, SMALL_SIZE, COUNTRY_SIZE = 56.0, 27.0, 36.0
"""Sizes of fonts for which space is kept: labels of site and center as a phone shows them."""

SCALE_BOX: Final = (430.0, 108.0)

RIM_STEP: Final = 16.0
"""Distance of the places along the boundary of an area that labels must not cover."""

MAX_TOWNS: Final = 14
"""Maximum number of towns that are named."""

MAX_TRIED: Final = 60
"""Maximum number of towns for which a place is sought."""

PIXELS: Final = 703.0
"""Width of the picture on paper, in CSS pixels."""

WORLD_M: Final = 40_075_016.7
"""Length of the equator."""

MAX_OTHERS: Final = 40
"""Maximum number of further centers that are named, the nearest ones."""


@dataclass(frozen=True)
class Spot:
    """A place to be marked, in degrees on WGS 84, with its label."""

    lon: float
    lat: float
    label: str


@dataclass(frozen=True)
class Scene:
    """Content of the map in a letter.

    Attributes
    ----------
    site
        The plane of the map.
    center
        Position of the center named by the verdict, if any.
    limit_miles
        The limit that applied, if any.
    status
        Status of the site, which colours its mark.
    country
        Code of the country of the site; empty if in doubt.
    height
        Height of the picture.
    """

    site: Spot
    center: int | None
    limit_miles: float | None
    status: str = "qualified"
    country: str = ""
    height: int = HEIGHT


def is_far(site: Spot, center: Spot) -> bool:
    """Return whether a center is too far away to be drawn."""
    away = geodesy.distance_m(site.lon, site.lat, center.lon, center.lat)
    return bool(away > FAR_MILES * MILE_M)


@dataclass
class Drawing:
    """Draws the maps of letters about sites that were assessed with one matcher."""

    matcher: Matcher
    _areas: dict[tuple[int, float], Any] = field(default_factory=dict)

    def picture(self, scene: Scene) -> str:
        """Return the picture as an SVG element with escaped text, which fetches nothing."""
        plane = Plane(scene.site.lon, scene.site.lat)
        center = self._near_center(scene)
        area = _projected(self._area(scene, center), plane)
        frame = _frame(area, self._spot(center), plane, scene.height)
        shown = detail(plane, frame.extended, LEAST_UNITS / frame.units_a_metre)
        labels = Labels(Box(0, 0, WIDTH, scene.height))
        marks = list(self._marks(scene, center, frame, labels, plane))
        labels.keep(*_rim_boxes(area, frame))
        scale = list(_scale(frame, labels))
        names = list(self._other_names(center, frame, labels, plane))
        names += self._country_names(outlines(plane, frame.box), plane, frame, labels, area)
        names += _towns(towns(plane, frame.box, frame.zoom(plane.lat)), frame, labels)
        parts = [
            frame.sea,
            *_land(shown, frame),
            *_area_paths(area, frame, self._kind(center)),
            *names,
            *marks,
            *scale,
        ]
        label = html.escape(_label(scene.site.label))
        return (
            f'<svg class="detail {scene.status}-site" viewBox="0 0 {WIDTH} {scene.height}" '
            f'role="img" aria-label="Map of the surroundings of {label}">\n'
            + "\n".join(parts)
            + "\n</svg>"
        )

    def _spot(self, center: int | None) -> Spot | None:
        if center is None:
            return None
        centers = self.matcher.centers
        name = centers.center_id[center]
        return Spot(float(centers.lon[center]), float(centers.lat[center]), name)

    def _near_center(self, scene: Scene) -> int | None:
        """Return the center of the verdict, unless it is too far away to be drawn."""
        spot = self._spot(scene.center)
        return None if spot is None or is_far(scene.site, spot) else scene.center

    def _kind(self, center: int | None) -> str:
        """Return how the area is drawn: of an open or planned center, or a limit around a site."""
        if center is None:
            return "reach"
        day = np.datetime64(self.matcher.as_of, "D")
        return "planned" if self.matcher.centers.is_planned(day)[center] else "limit"

    def _area(self, scene: Scene, center: int | None) -> Any:
        """Return the coverage area of a center, or the limit around a site, in degrees."""
        if scene.limit_miles is None:
            return shapely.MultiPolygon()
        if center is None:
            return self._cut_area(scene, None)
        key = center, scene.limit_miles
        if key not in self._areas:
            self._areas[key] = self._cut_area(scene, center)
        return self._areas[key]

    def _cut_area(self, scene: Scene, center: int | None) -> Any:
        """Return the area within the limit of a center, else of the site, cut as in a run."""
        matcher, limit = self.matcher, scene.limit_miles or 0.0
        names = matcher.world.names
        spot = self._spot(center) or scene.site
        lon, lat = np.array([spot.lon]), np.array([spot.lat])
        no_day = np.array(["NaT"], "datetime64[D]")
        own = matcher.centers.take(np.array([center or 0]))
        own = dataclasses.replace(own, lon=lon, lat=lat, opens_on=no_day, closes_on=no_day)
        number = names.codes.index(scene.country) if scene.country else NONE
        if center is not None:
            number = int(matcher.center_country[center])
        try:
            found = areas(
                own,
                np.array([number], matcher.center_country.dtype),
                matcher.policy,
                matcher.world,
                np.datetime64(matcher.as_of, "D"),
                trust_declared=matcher.convention.trust_declared or number == NONE,
            )
            within = found.limit_miles <= limit + 1e-9
            reached = np.max(found.limit_miles[within], initial=0.0)
            cut = shapely.union_all(found.geometry[within & (reached >= limit - 1e-9)])
        except InputError:  # its limits depend on the country of the site
            cut = shapely.MultiPolygon()
        return discs(lon, lat, np.array([limit * MILE_M]))[0] if cut.is_empty else cut

    def _marks(
        self, scene: Scene, center: int | None, frame: "_Frame", labels: Labels, plane: Plane
    ) -> Iterator[str]:
        """Yield the way, the site and its center with their labels, which come first."""
        site = frame.units(np.zeros((1, 2)))[0]
        spot = self._spot(center)
        spots = [("site", site, scene.site.label, 13.0)]
        if spot is not None:
            at = frame.units(np.column_stack(plane.metres([spot.lon], [spot.lat])))[0]
            yield f'<path class="way" d="M{site[0]:.1f},{site[1]:.1f} {at[0]:.1f},{at[1]:.1f}"/>'
            spots.insert(0, ("center", at, spot.label, 14.0))
            steps = np.linspace(0, 1, 24)[:, None] * (at - site) + site
            labels.keep(*(_box(x, y, 3) for x, y in steps.tolist()))
        labels.keep(*(_box(at[0], at[1], radius + 4) for _, at, _, radius in spots))
        for kind, at, whole, radius in reversed(spots):
            x, y = at.tolist()
            text = _label(whole)
            placed = labels.beside(x, y, radius, text, MAIN_SIZE, always=True)
            yield _shape(kind, x, y) + _name(f"{kind}-name", text, placed)

    def _other_names(
        self, center: int | None, frame: "_Frame", labels: Labels, plane: Plane
    ) -> Iterator[str]:
        """Yield the other centers in the picture that are open or planned, the nearest first."""
        centers, day = self.matcher.centers, np.datetime64(self.matcher.as_of, "D")
        there = np.column_stack(plane.metres(centers.lon, centers.lat))
        west, south, east, north = frame.box
        inside = (there > (west, south)).all(axis=1) & (there < (east, north)).all(axis=1)
        inside &= centers.is_open(day) | centers.is_planned(day)
        if center is not None:
            inside[center] = False
        at = np.flatnonzero(inside)
        at = at[np.argsort(np.hypot(*there[at].T), kind="stable")]
        places = frame.units(there[at])
        labels.keep(*(_box(x, y, 11) for x, y in places.tolist()))
        for rank, (number, (x, y)) in enumerate(zip(at.tolist(), places.tolist(), strict=True)):
            text = _label(centers.center_id[number])
            placed = labels.beside(x, y, 9, text, SMALL_SIZE) if rank < MAX_OTHERS else None
            yield _shape("other", x, y) + _name("other-name", text, placed)

    def _country_names(
        self, shown: Outlines, plane: Plane, frame: "_Frame", labels: Labels, area: Any
    ) -> Iterator[str]:
        """Yield the name of each country with space for it, off the boundary of the area."""
        west, south, east, north = frame.box
        least = (east - west) * (north - south) * COUNTRY_SHARE
        world, named = self.matcher.world, set()
        rim = shapely.boundary(area)
        shapely.prepare(rim)
        for polygon in sorted(_clipped(shown.land, frame.box), key=lambda p: -p.area):
            if polygon.area < least:
                break
            x, y = shapely.get_coordinates(shapely.point_on_surface(polygon))[0].tolist()
            code = str(world.locate(*plane.degrees(x, y)))
            if not code or code in named:
                continue
            title = world.names.titles[world.names.known(code)]
            points = _free_points(polygon, rim, frame, title)
            placed = labels.at(points, title, COUNTRY_SIZE)
            if placed is not None:
                named.add(code)
                yield _name("country", title, placed)


def _rim_boxes(area: Any, frame: "_Frame") -> Iterator[Box]:
    """Yield small boxes along the boundary of an area, which labels must not cross."""
    line = shapely.boundary(area)
    step = RIM_STEP / frame.units_a_metre
    points = shapely.line_interpolate_point(line, np.arange(0, shapely.length(line), step))
    if not shapely.is_empty(line):
        for x, y in frame.units(shapely.get_coordinates(points)).tolist():
            yield _box(x, y, 3)


def _clipped(land: list[Any], box: tuple[float, float, float, float]) -> list[Any]:
    """Return the parts of land that are within the picture."""
    valid = shapely.make_valid(np.array(land, object))
    clipped = shapely.intersection(valid, shapely.box(*box))
    return [part for part in shapely.get_parts(clipped) if part.geom_type == "Polygon"]


def _free_points(
    polygon: Any, rim: Any, frame: "_Frame", text: str
) -> Iterator[tuple[float, float]]:
    """Yield places in the picture for the name of a country, off the boundary of the area."""
    west, south, east, north = frame.box
    columns, rows = np.linspace(west, east, 20)[1:-1], np.linspace(south, north, 16)[1:-1]
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    wide = 0.62 * COUNTRY_SIZE * len(text) / 2 / frame.units_a_metre
    high = COUNTRY_SIZE * 0.8 / frame.units_a_metre
    boxes = shapely.box(x - wide, y - high, x + wide, y + high)
    free = shapely.intersects(polygon, shapely.points(x, y)) & ~shapely.intersects(rim, boxes)
    whole = free & shapely.covers(polygon, boxes)
    best = np.flatnonzero(whole) if whole.any() else np.flatnonzero(free)
    middle = shapely.get_coordinates(shapely.centroid(polygon))[0]
    away = np.hypot(x[best] - middle[0], y[best] - middle[1])
    points = frame.units(np.column_stack([x[best], y[best]]))
    yield from map(tuple, points[np.argsort(away, kind="stable")].tolist())


@dataclass(frozen=True)
class _Frame:
    """A rectangle of the plane, and its scale from metres to picture units."""

    box: tuple[float, float, float, float]

    @property
    def units_a_metre(self) -> float:
        return WIDTH / (self.box[2] - self.box[0])

    @property
    def extended(self) -> tuple[float, float, float, float]:
        """The rectangle with what is drawn beyond the picture."""
        west, south, east, north = self.box
        wide, high = (east - west) * BEYOND[0], (north - south) * BEYOND[1]
        return west - wide, south - high, east + wide, north + high

    def zoom(self, lat: float) -> int:
        """Return the zoom of a web map of about this scale."""
        pixels_a_metre = PIXELS / (self.box[2] - self.box[0])
        at_zero = WORLD_M / 256 * float(np.cos(np.radians(min(abs(lat), 85.0))))
        return max(0, round(float(np.log2(at_zero * pixels_a_metre))))

    @property
    def sea(self) -> str:
        """The background, also beyond the picture."""
        height = (self.box[3] - self.box[1]) * self.units_a_metre
        (wide, high), times = BEYOND, [1 + 2 * share for share in BEYOND]
        return (
            f'<rect class="sea" x="{-wide * WIDTH:.0f}" y="{-high * height:.0f}" '
            f'width="{times[0] * WIDTH:.0f}" height="{times[1] * height:.0f}"/>'
        )

    def units(self, points: Floats) -> Floats:
        """Return points of the plane as right and down in the picture. Shape (n, 2)."""
        west, _, _, north = self.box
        right, down = points[:, 0] - west, north - points[:, 1]
        return np.asarray(np.column_stack([right, down]) * self.units_a_metre)

    def path(self, points: Floats, *, closed: bool) -> str:
        """Return a line of the plane as an SVG path, to a tenth of a unit."""
        rounded = np.round(self.units(points), 1)
        keep = np.append(True, (np.diff(rounded, axis=0) != 0).any(axis=1))
        corners = " ".join(f"{x:g},{y:g}" for x, y in rounded[keep].tolist())
        return f"M{corners}{'Z' if closed else ''}"

    def simplified(self, shape: Any, units: float) -> Any:
        """Return a shape of the plane without details smaller than some units of the picture."""
        return shapely.simplify(shape, units / self.units_a_metre)


def _projected(area: Any, plane: Plane) -> Any:
    """Return an area on a plane, in metres, joined where it is split at 180 degrees."""
    parts = [p for p in shapely.get_parts(area) if not p.is_empty]
    if not parts:
        return shapely.MultiPolygon()
    there = shapely.transform(
        np.array(parts, object), lambda at: np.column_stack(plane.metres(at[:, 0], at[:, 1]))
    )
    whole = [shapely.make_valid(part) for part in there]
    if len(parts) == 1 and whole[0].geom_type == "Polygon" and _is_clear(parts[0]):
        return whole[0]
    return shapely.buffer(shapely.buffer(shapely.union_all(whole), SEAM_M), -SEAM_M)


def _is_clear(part: Any) -> bool:
    """Return whether a part of an area reaches neither 180 degrees nor a pole."""
    west, south, east, north = shapely.bounds(part).tolist()
    return bool(west > -179.99 and east < 179.99 and south > -89.99 and north < 89.99)


def _frame(area: Any, center: Spot | None, plane: Plane, height: int) -> _Frame:
    """Return a rectangle with site, center and area, in the picture's aspect ratio."""
    spots = [np.zeros((1, 2)), shapely.get_coordinates(area)]
    if center is not None:
        spots.append(np.column_stack(plane.metres([center.lon], [center.lat])))
    if area.is_empty:
        spots.append(np.array([[0.0, -BARE_MILES], [0.0, BARE_MILES]]) * MILE_M)
    points = np.concatenate(spots)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2 * MARGIN
    across = max(float(half[0]), float(half[1]) * WIDTH / height, LEAST_M)
    down = across * height / WIDTH
    x, y = middle.tolist()
    return _Frame((x - across, y - down, x + across, y + down))


def _towns(found: list[Town], frame: _Frame, labels: Labels) -> Iterator[str]:
    """Yield the most important towns whose names have a place."""
    n_named = 0
    for town in found[:MAX_TRIED]:
        (x, y), text = frame.units(np.array([[town.x, town.y]]))[0].tolist(), _label(town.name)
        is_free = labels.cost(_box(x, y, 7)) == 0
        placed = labels.beside(x, y, 7 if is_free else 26, text, SMALL_SIZE)
        if placed is None:
            continue
        n_named += 1
        if is_free:
            labels.keep(_box(x, y, 7))
            yield f'<circle class="town" cx="{x:.0f}" cy="{y:.0f}" r="5"/>'
        yield _name("town-name", text, placed)
        if n_named == MAX_TOWNS:
            return


def _land(shown: Detail, frame: _Frame) -> Iterator[str]:
    """Yield land, coasts and borders."""
    land = [_rings(polygon, frame) for polygon in frame.simplified(_array(shown.land), 1.2)]
    if land:
        yield f'<path class="land" d="{"".join(land)}"/>'
    kinds = {
        "coast": shown.coasts,
        "region": shown.regions,
        "border": shown.borders,
        "contested": shown.contested,
    }
    for name, lines in kinds.items():
        if lines:
            some = frame.simplified(_array(lines), 1.2)
            paths = (frame.path(shapely.get_coordinates(line), closed=False) for line in some)
            yield f'<path class="{name}" d="{"".join(paths)}"/>'


def _array(shapes: list[Any]) -> Any:
    """Return shapes as an array."""
    result = np.empty(len(shapes), object)
    result[:] = shapes
    return result


def _area_paths(area: Any, frame: _Frame, kind: str) -> Iterator[str]:
    """Yield the area."""
    paths = [_rings(part, frame) for part in shapely.get_parts(area)]
    if paths:
        yield f'<path class="{kind}" d="{"".join(paths)}"/>'


def _rings(polygon: Any, frame: _Frame) -> str:
    rings = () if polygon.is_empty else (polygon.exterior, *polygon.interiors)
    return "".join(frame.path(shapely.get_coordinates(ring), closed=True) for ring in rings)


def _shape(kind: str, x: float, y: float) -> str:
    """Return the mark of a site or center."""
    return {
        "site": f'<circle class="site" cx="{x:.1f}" cy="{y:.1f}" r="13"/>',
        "center": f'<path class="center" d="M{x - 13:.1f},{y - 13:.1f}h26v26h-26z"/>',
        "other": f'<path class="other" d="M{x - 9:.1f},{y - 9:.1f}h18v18h-18z"/>',
    }[kind]


def _name(kind: str, text: str, placed: Placed | None) -> str:
    """Return a label; empty if it has no place."""
    if placed is None:
        return ""
    side = "" if placed.anchor == "start" else f' text-anchor="{placed.anchor}"'
    at = f'x="{placed.x:.0f}" y="{placed.y:.0f}"'
    return f'<text class="{kind}" {at}{side}>{html.escape(text)}</text>'


def _box(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)


def _label(text: str) -> str:
    """Return a text on one line, truncated for a label."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= LABEL else f"{line[: LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"


def _scale(frame: _Frame, labels: Labels) -> Iterator[str]:
    """Yield a scale bar in miles, and one in kilometres below it, in the freest corner."""
    box = labels.corner(*SCALE_BOX, 24)
    left, top = box.left, box.top
    yield (
        f'<rect class="scale-back" x="{left:.0f}" y="{top:.0f}" '
        f'width="{SCALE_BOX[0]:.0f}" height="{SCALE_BOX[1]:.0f}"/>'
    )
    for unit, metres, y in (("mi", MILE_M, top + 42), ("km", 1000.0, top + 90)):
        most = 300 / (metres * frame.units_a_metre)
        miles = max((step for step in STEPS if step <= most), default=0)
        long = miles * metres * frame.units_a_metre
        first = left + 16
        if miles:
            yield f'<path class="scale" d="M{first:.0f},{y - 12:.0f}v12h{long:.1f}v-12"/>'
            name = f"{miles} {unit}"
            yield f'<text class="scale-name" x="{first + long + 12:.0f}" y="{y:.0f}">{name}</text>'
