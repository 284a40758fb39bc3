"""What Hypothesis draws: points at 180 degrees, at poles, at borders, and pairs at the limit."""

import functools
from collections.abc import Sequence

import numpy as np
import shapely
from building import Center, Floats, Site, moved
from hypothesis import strategies as st

from coverage_analyzer import countries
from coverage_analyzer.geodesy import MILE_M

Point = tuple[float, float]
Pair = tuple[Point, Point]

LIMITS_M = (50 * MILE_M, 70 * MILE_M, 100 * MILE_M)

OFFSETS_M = tuple(
    sign * size
    for size in (0.0, 1e-9, 1e-7, 1e-6, 1e-4, 9e-4, 1.1e-3, 1e-2, 0.1, 1.0, 10.0, 1000.0)
    for sign in (1, -1)
)
"""How far a pair lies off the limit: from nothing to a kilometre, on both sides."""

SMALL = st.sampled_from([0.0, 1e-12, 1e-9, 1e-7, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.25, 1.0])
SIGN = st.sampled_from([1.0, -1.0])

LONGITUDES = st.one_of(
    st.floats(-180, 180),
    st.builds(lambda sign, off: sign * (180 - off), SIGN, SMALL),
    st.builds(lambda sign, off: sign * off, SIGN, SMALL),
    st.integers(-720, 720).map(lambda quarter: quarter / 4),  # on the edges of cells
)
LATITUDES = st.one_of(
    st.floats(-90, 90),
    st.builds(lambda sign, off: sign * (90 - off), SIGN, SMALL),
    st.builds(lambda sign, off: sign * off, SIGN, SMALL),
    st.integers(-360, 360).map(lambda quarter: quarter / 4),
)
ANYWHERE: st.SearchStrategy[Point] = st.tuples(LONGITUDES, LATITUDES)
AZIMUTHS = st.one_of(st.sampled_from([0.0, 90.0, 180.0, -90.0, 45.0]), st.floats(-180, 180))


@functools.cache
def _vertices(face: int) -> Floats:
    """Return the corners of a face of the layer, degrees."""
    corners: Floats = shapely.get_coordinates(countries.load().borders.polygon(face))
    return corners


@st.composite
def border_points(draw: st.DrawFn) -> Point:
    """Draw a point at a vertex of a real border, or up to a kilometre off it."""
    faces = len(countries.load().borders.faces)
    corners = _vertices(draw(st.integers(1, faces - 1)))
    lon, lat = corners[draw(st.integers(0, len(corners) - 1))].tolist()
    off = draw(st.sampled_from([0.0, 0.01, 1.0, 100.0, 249.0, 251.0, 1000.0]))
    return moved(lon, lat, draw(AZIMUTHS), off) if off else (lon, lat)


POINTS: st.SearchStrategy[Point] = st.one_of(ANYWHERE, ANYWHERE, border_points())


@st.composite
def pairs_at(draw: st.DrawFn, limits_m: Sequence[float] = LIMITS_M) -> tuple[Pair, float]:
    """Draw two points at a limit, give or take a little; and the limit in metres."""
    start, limit_m = draw(ANYWHERE), draw(st.sampled_from(limits_m))
    end = moved(*start, draw(AZIMUTHS), limit_m + draw(st.sampled_from(OFFSETS_M)))
    return (start, end), limit_m


HOMES: tuple[tuple[float, float, str], ...] = (
    (7.5886, 47.5596, "CH"),  # Basel: three countries
    (7.8421, 47.9990, "DE"),
    (7.3300, 47.7500, "FR"),
    (-83.0458, 42.3314, "US"),  # Detroit and Windsor
    (-83.0200, 42.2800, "CA"),
    (179.3410, -16.8028, "FJ"),  # beside 180 degrees
    (-179.8770, -16.6906, "FJ"),
    (179.2592, 51.3778, "US"),
    (-66.1057, 18.4655, "PR"),  # a territory
    (15.6300, 78.2200, "SJ"),
    (17.0658, -22.5609, "NA"),
    (0.0, -89.99, "AQ"),
    (32.98, 34.59, "CY"),  # contested
)
"""Places of centers, each in its country; close enough that circles overlap."""

OPENINGS = st.sampled_from([("", ""), ("", ""), ("2026-12-01", ""), ("2026-12-02", "")])
CLOSINGS = st.sampled_from([("2020-01-01", "2026-12-01"), ("", "2026-12-02"), ("2027-05-01", "")])
IDS = ["".join(f"{a}{b}") for a in "CAB" for b in range(12)]


@st.composite
def networks(draw: st.DrawFn, most: int = 12) -> list[Center]:
    """Draw centers: open, planned, closed; some at one place, some mirrored about another."""
    ids = draw(st.permutations(IDS))
    rows: list[Center] = []
    for center_id in ids[: draw(st.integers(1, most))]:
        lon, lat, country = draw(st.sampled_from(HOMES))
        days = draw(st.one_of(OPENINGS, CLOSINGS))
        kind = draw(st.sampled_from(["there", "there", "near", "east", "west"]))
        if kind == "near" and country in {"DE", "NA", "AQ"}:
            lon, lat = moved(lon, lat, draw(st.sampled_from([200.0, 210.0])), 3000.0)
        elif kind in {"east", "west"} and country in {"US", "AQ", "NA"}:
            lon += 0.005 if kind == "east" else -0.005
        rows.append(Center(center_id, lon, lat, country, *days))
    return rows


DECLARED = st.sampled_from(["US", "DE", "FR", "CH", "PR", "FJ", "GB", "", "", "Atlantis", "UM"])
ACCURACIES = st.sampled_from([float("nan"), float("nan"), 0.0, 1.0, 30.0, 5000.0])


@st.composite
def sites_round(draw: st.DrawFn, centers: Sequence[Center]) -> Site:
    """Draw a site: at the limit of a center, near it, at a border, anywhere; declared as may be."""
    center = draw(st.sampled_from(centers))
    limit_m = (70 if center.country == "US" else 50) * MILE_M
    kind = draw(st.sampled_from(["limit", "near", "border", "anywhere"]))
    if kind == "limit":
        away = limit_m + draw(st.sampled_from(OFFSETS_M))
        place = moved(center.lon, center.lat, draw(AZIMUTHS), away)
    elif kind == "near":
        place = moved(center.lon, center.lat, draw(AZIMUTHS), draw(st.floats(0, 150_000)))
    else:
        place = draw(border_points() if kind == "border" else ANYWHERE)
    country = draw(st.one_of(st.just(center.country), st.just(center.country), DECLARED))
    return Site(*place, country, draw(ACCURACIES))


@st.composite
def cases(draw: st.DrawFn, most: int = 15) -> tuple[list[Center], list[Site]]:
    """Draw a network and sites round it."""
    centers = draw(networks())
    return centers, draw(st.lists(sites_round(centers), min_size=1, max_size=most))


def columns(points: Sequence[Point]) -> tuple[Floats, Floats]:
    """Return points as longitudes and latitudes."""
    both = np.array(points, np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
