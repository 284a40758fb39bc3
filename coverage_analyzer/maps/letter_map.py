"""The map in a letter, as SVG: land around a site, the limit as a circle, centers, a scale.

It is drawn on the plane tangent to the earth at the site, on which distances from the site are
true, also near 180 degrees and at the poles. It is an illustration: nothing is decided by it.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats
from coverage_analyzer.countries import Countries
from coverage_analyzer.errors import visible
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.maps.base_layer import Outlines, Plane, outlines

WIDTH, HEIGHT = 1860, 1100
"""Size of the picture in its own units: tenths of a millimetre on paper."""

MARGIN: Final = 1.15
"""Ratio of the area shown to the area required."""

FAR_MILES: Final = 700.0
"""A center further away is not drawn; the circle is then around the site."""

BARE_MILES: Final = 50.0
"""Half the height of a picture without a limit."""

RIM: Final = np.arange(0.0, 360.0, 1.0)
"""Azimuths of the vertices of a circle; at 70 miles the error is below 5 m."""

STEPS: Final = tuple(m * 10**e for e in range(4) for m in (1, 2, 5))
"""Possible lengths of a scale bar, in miles or kilometres."""

LABEL: Final = 30
"""Maximum characters of a label; the letter's text has the full name."""

COUNTRY_SHARE: Final = 0.06
"""Minimum share of the picture for a country to be named."""


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
        The center named by the verdict, if any.
    others
        Centers to draw if they are within the picture.
    limit_miles
        The limit that applied, if any.
    """

    site: Spot
    center: Spot | None
    others: tuple[Spot, ...]
    limit_miles: float | None


def is_far(site: Spot, center: Spot) -> bool:
    """Return whether a center is too far away to be drawn."""
    away = geodesy.distance_m(site.lon, site.lat, center.lon, center.lat)
    return bool(away > FAR_MILES * MILE_M)


def detail(scene: Scene, world: Countries) -> str:
    """Return the picture as an SVG element with escaped text, which makes no network requests.

    Parameters
    ----------
    scene
        Content of the map.
    world
        Names of countries.
    """
    plane = Plane(scene.site.lon, scene.site.lat)
    center = scene.center
    if center is not None and is_far(scene.site, center):
        center = None
    rim = _rim(scene, center, plane)
    frame = _frame(rim, center, plane)
    shown = outlines(plane, frame.box)
    marks = _marks(scene, center, plane, frame)
    parts = [
        f'<rect class="sea" width="{WIDTH}" height="{HEIGHT}"/>',
        *_land(shown, frame),
        *_country_names(shown, plane, frame, world),
        *([f'<path class="limit" d="{frame.path(rim, closed=True)}"/>'] if len(rim) else []),
        *marks,
        *_scale(frame),
    ]
    label = html.escape(_label(scene.site.label))
    return (
        f'<svg class="detail" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Map of the surroundings of {label}">\n' + "\n".join(parts) + "\n</svg>"
    )


@dataclass(frozen=True)
class _Frame:
    """A rectangle of the plane, and its scale from metres to picture units."""

    box: tuple[float, float, float, float]

    @property
    def units_a_metre(self) -> float:
        return WIDTH / (self.box[2] - self.box[0])

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


def _rim(scene: Scene, center: Spot | None, plane: Plane) -> Floats:
    """Return the circle of the limit around the center, or around the site. Shape (n, 2)."""
    if scene.limit_miles is None:
        return np.zeros((0, 2))
    middle = center or scene.site
    reach = scene.limit_miles * MILE_M
    lon, lat = geodesy.destination(middle.lon, middle.lat, RIM, reach)
    return np.column_stack(plane.metres(lon, lat))


def _frame(rim: Floats, center: Spot | None, plane: Plane) -> _Frame:
    """Return a rectangle with site, center and limit, in the picture's aspect ratio."""
    spots = [np.zeros((1, 2)), rim]
    if center is not None:
        spots.append(np.column_stack(plane.metres([center.lon], [center.lat])))
    if not len(rim):
        spots.append(np.array([[0.0, -BARE_MILES], [0.0, BARE_MILES]]) * MILE_M)
    points = np.concatenate(spots)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2 * MARGIN
    across = max(float(half[0]), float(half[1]) * WIDTH / HEIGHT, 1_000.0)
    down = across * HEIGHT / WIDTH
    x, y = middle.tolist()
    return _Frame((x - across, y - down, x + across, y + down))


def _land(shown: Outlines, frame: _Frame) -> Iterator[str]:
    """Yield land, coasts and borders."""
    for polygon in shown.land:
        rings = (polygon.exterior, *polygon.interiors)
        paths = (frame.path(shapely.get_coordinates(ring), closed=True) for ring in rings)
        yield f'<path class="land" d="{"".join(paths)}"/>'
    for name, lines in (("coast", shown.coasts), ("border", shown.borders)):
        if lines:
            paths = (frame.path(shapely.get_coordinates(line), closed=False) for line in lines)
            yield f'<path class="{name}" d="{"".join(paths)}"/>'


def _country_names(shown: Outlines, plane: Plane, frame: _Frame, world: Countries) -> Iterator[str]:
    """Yield the name of each country that covers enough of the picture, at its largest part."""
    west, south, east, north = frame.box
    least = (east - west) * (north - south) * COUNTRY_SHARE
    named = set()
    for polygon in sorted(shown.land, key=lambda p: -p.area):
        inside: Any = shapely.maximum_inscribed_circle(polygon, tolerance=(east - west) / 100)
        x, y = shapely.get_coordinates(inside)[0].tolist()
        code = str(world.locate(*plane.degrees(x, y)))
        if polygon.area < least or not code or code in named:
            continue
        named.add(code)
        right, down = frame.units(np.array([[x, y]]))[0]
        title = html.escape(world.names.titles[world.names.known(code)])
        yield f'<text class="country" x="{right:.0f}" y="{down:.0f}">{title}</text>'


def _marks(scene: Scene, center: Spot | None, plane: Plane, frame: _Frame) -> Iterator[str]:
    """Yield the centers and the site, with the site last, on top."""
    site = frame.units(np.zeros((1, 2)))[0]
    lon, lat = ([getattr(o, axis) for o in scene.others] for axis in ("lon", "lat"))
    places = frame.units(np.column_stack(plane.metres(lon, lat)))
    for i in np.flatnonzero(((places > 0) & (places < (WIDTH, HEIGHT))).all(axis=1)).tolist():
        yield _mark("other", places[i], scene.others[i].label, above=False)
    above = True
    if center is not None:
        at = frame.units(np.column_stack(plane.metres([center.lon], [center.lat])))[0]
        above = bool(site[1] <= at[1])
        yield (f'<path class="way" d="M{site[0]:.1f},{site[1]:.1f} {at[0]:.1f},{at[1]:.1f}"/>')
        yield _mark("center", at, center.label, above=not above)
    yield _mark("site", site, scene.site.label, above=above)


def _mark(kind: str, at: Floats, label: str, *, above: bool) -> str:
    """Return a mark, with its label on the side that has space."""
    x, y = at.tolist()
    shape = {
        "site": f'<circle class="site" cx="{x:.1f}" cy="{y:.1f}" r="13"/>',
        "center": f'<path class="center" d="M{x - 13:.1f},{y - 13:.1f}h26v26h-26z"/>',
        "other": f'<path class="other" d="M{x - 9:.1f},{y - 9:.1f}h18v18h-18z"/>',
    }[kind]
    end = x > WIDTH * 0.7
    right, down = x + (-24 if end else 24), y + (-20 if above else 42)
    side = ' text-anchor="end"' if end else ""
    text = html.escape(_label(label))
    return f'{shape}<text class="{kind}-name" x="{right:.1f}" y="{down:.1f}"{side}>{text}</text>'


def _label(text: str) -> str:
    """Return a text on one line, truncated for a label."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= LABEL else f"{line[: LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"


def _scale(frame: _Frame) -> Iterator[str]:
    """Yield a scale bar in miles, and one in kilometres below it."""
    yield f'<rect class="scale-back" x="24" y="{HEIGHT - 126}" width="460" height="108"/>'
    for unit, metres, y in (("mi", MILE_M, HEIGHT - 84), ("km", 1000.0, HEIGHT - 36)):
        most = 330 / (metres * frame.units_a_metre)
        miles = max((step for step in STEPS if step <= most), default=0)
        long = miles * metres * frame.units_a_metre
        if miles:
            yield f'<path class="scale" d="M40,{y - 12}V{y}H{40 + long:.1f}V{y - 12}"/>'
            yield f'<text class="scale-name" x="{52 + long:.1f}" y="{y}">{miles} {unit}</text>'
