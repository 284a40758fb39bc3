"""Distances on the WGS 84 ellipsoid: exact, with bounds, and provably correct decisions.

The straight chord *c* through the earth bounds the geodesic *s* between the same two points on both
sides, since every radius of curvature of the surface is between ``LEAST_RADIUS_M`` (*r*) and
``GREATEST_RADIUS_M`` (*R*)::

    2 R asin(c / 2R)  <=  s  <=  2 r asin(c / 2r)

Upper bound: Schur's comparison theorem for the geodesic as a curve in space, whose curvature is at
most 1/r. Lower bound: the ellipsoid is an intersection of balls of radius R (Blaschke's rolling
theorem), so it contains the spindle of the two points, the intersection of all such balls that
contain both; projecting the geodesic onto that convex spindle does not lengthen it, and no path on
a spindle from tip to tip is shorter than its meridian. At 70 miles the bounds are 3 cm apart:
chords decide all other pairs, and only those between the bounds need Karney's geodesic
(`distance_m`).

Longitudes and latitudes are degrees, in that order; metres are metres along the ellipsoid.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints

Pairs: TypeAlias = Callable[[Ints], Sequence[Floats]]
"""Returns the arguments of `distance_m` for the pairs at some positions."""

MILE_M: Final = 1609.344
"""The international mile in metres, exactly (agreement of 1959)."""

ROUNDING_M: Final = 0.001
"""Tolerance of every limit for rounding: 1 mm.

A site whose coordinates were computed to be at the limit exactly, and printed with 9 decimals
(0.1 mm), is within it. No survey is as good, so no site is served that should not be.
"""

EQUATOR_M: Final = 6_378_137.0
"""The semi-major axis of WGS 84 in metres, by definition (NGA.STND.0036)."""

FLATTENING: Final = 1 / 298.257223563
"""The flattening of WGS 84, by definition (NGA.STND.0036)."""

POLE_M: Final = EQUATOR_M * (1 - FLATTENING)
ECCENTRICITY2: Final = FLATTENING * (2 - FLATTENING)
LEAST_RADIUS_M: Final = POLE_M**2 / EQUATOR_M
GREATEST_RADIUS_M: Final = EQUATOR_M**2 / POLE_M

CHORD_ERROR_M: Final = 1e-6
"""Upper bound of the rounding error of a chord in double precision (about 1e-8 m)."""

ARC_REACH_M: Final = 1_000_000.0
"""Range of validity of `arc_m` in metres; its error there is 3 cm, as the test-suite measures."""


def ecef(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Return earth-centred, earth-fixed coordinates on the ellipsoid.

    Parameters
    ----------
    lon, lat
        Degrees on WGS 84, of shapes that broadcast.

    Returns
    -------
    xyz
        Metres; one more axis, of length 3, than the input. Each coordinate is contiguous.
    """
    lam, phi = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    xyz = np.empty((3, *lam.shape))
    (sin_lam, cos_lam), (north, across) = _sin_cos(lam), _sin_cos(phi)
    normal = np.asarray(north * north)
    normal *= -ECCENTRICITY2
    normal += 1
    np.sqrt(normal, out=normal)
    np.divide(EQUATOR_M, normal, out=normal)
    across *= normal
    np.multiply(across, cos_lam, out=xyz[0, ...])
    np.multiply(across, sin_lam, out=xyz[1, ...])
    normal *= 1 - ECCENTRICITY2
    np.multiply(normal, north, out=xyz[2, ...])
    return np.moveaxis(xyz, 0, -1)


def _sin_cos(degrees: Floats) -> tuple[Floats, Floats]:
    """Return sine and cosine of angles of at most 180 degrees, within 1e-15 each.

    With *t* the tangent of the half angle, they are ``2 t / (1 + t**2)`` and
    ``2 / (1 + t**2) - 1``. One tangent costs no more than sine and cosine; where NumPy has vector
    instructions for it, a tenth. A relative error *e* of *t* changes neither by more than *e*, as
    their derivatives by *t*, times *t*, are at most 1. Near 180 degrees, where *t* is up to 1.6e16,
    the error of the half angle itself, 1e-16, changes both by twice as much.
    """
    sin = np.asarray(np.tan(degrees * (np.pi / 360)))
    cos = np.asarray(sin * sin)
    cos += 1
    np.divide(2, cos, out=cos)
    sin *= cos
    cos -= 1
    return sin, cos


def take(points: Floats, at: npt.NDArray[np.int64]) -> Floats:
    """Return a subset of `ecef` points, with each coordinate contiguous."""
    return points.T.take(at, axis=1).T


picked = take
"""Old name of `take`, available for one release."""


def chord_m(p: Floats, q: Floats) -> Floats:
    """Return the straight-line distance between `ecef` points, in metres."""
    chord: Floats = np.sqrt(square_m2(p, q))
    return chord


def square_m2(p: Floats, q: Floats) -> Floats:
    """Return the square of `chord_m`, which is sufficient for comparisons."""
    step = p - q
    step *= step
    square: Floats = step[..., 0]
    square += step[..., 1]
    square += step[..., 2]
    return square


def most_m(chord: npt.ArrayLike) -> Floats:
    """Return the upper bound of the geodesic for a chord, in metres; infinite near the antipode.

    The proof is in the docstring of the module.
    """
    half = np.divide(chord, 2 * LEAST_RADIUS_M)
    return np.where(half < 1, 2 * LEAST_RADIUS_M * np.arcsin(np.minimum(half, 1)), np.inf)


def chord_limits_m(limit_m: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the two chords that decide a limit on the geodesic.

    Parameters
    ----------
    limit_m
        The limit without the millimetre for rounding, which is added here.

    Returns
    -------
    inner, outer
        Up to the first chord a pair is certainly within the limit, beyond the second certainly not.
    """
    limit = np.add(limit_m, ROUNDING_M)
    inner = 2 * LEAST_RADIUS_M * np.sin(np.minimum(limit / (2 * LEAST_RADIUS_M), np.pi / 2))
    outer = 2 * GREATEST_RADIUS_M * np.sin(np.minimum(limit / (2 * GREATEST_RADIUS_M), np.pi / 2))
    return inner - CHORD_ERROR_M, outer + CHORD_ERROR_M


def rival_chord_m(chord: Floats) -> Floats:
    """Return the chord beyond which no point can be nearer than one at the given chord."""
    most = np.minimum(most_m(chord + CHORD_ERROR_M), np.pi * GREATEST_RADIUS_M)
    return 2 * GREATEST_RADIUS_M * np.sin(most / (2 * GREATEST_RADIUS_M)) + CHORD_ERROR_M


def distance_m(
    lon1: npt.ArrayLike, lat1: npt.ArrayLike, lon2: npt.ArrayLike, lat2: npt.ArrayLike
) -> Floats:
    """Return geodesic distances by Karney's algorithm, accurate to 15 nanometres.

    Parameters
    ----------
    lon1, lat1, lon2, lat2
        Degrees on WGS 84, of shapes that broadcast. Missing values give NaN.

    Returns
    -------
    metres
        Of the common shape.

    References
    ----------
    C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87, 43-55 (2013).

    Examples
    --------
    >>> float(distance_m(7.5886, 47.5596, 7.6614, 47.6156).round(3))  # Basel to Loerrach
    8291.619
    """
    from pyproj import Geod

    (a, b, c, d), shape = _for_geod(lon1, lat1, lon2, lat2)
    _, _, metres = Geod(ellps="WGS84").inv(a, b, c, d)
    return _shaped(metres, shape)


def destination(
    lon: npt.ArrayLike, lat: npt.ArrayLike, azimuth: npt.ArrayLike, metres: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return the end points of geodesics (Karney): longitude and latitude in degrees.

    Parameters
    ----------
    lon, lat
        Start points, degrees on WGS 84, of equal shapes.
    azimuth
        Degrees clockwise from north.
    metres
        Lengths in metres.
    """
    from pyproj import Geod

    (a, b, c, d), shape = _for_geod(lon, lat, azimuth, metres)
    x, y, _ = Geod(ellps="WGS84").fwd(a, b, c, d)
    return _shaped(x, shape), _shaped(y, shape)


def _for_geod(*values: npt.ArrayLike) -> tuple[list[Floats], tuple[int, ...]]:
    """Return values as pyproj expects them, and their common shape.

    pyproj needs writable arrays of its own, with at least two elements: before numpy 2.4 it treats
    an array of one as a number.
    """
    common = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in values))
    return [np.resize(v, max(v.size, 2)) for v in common], common[0].shape


def _shaped(values: npt.ArrayLike, shape: tuple[int, ...]) -> Floats:
    flat: Floats = np.asarray(values, np.float64)[: math.prod(shape)]
    return flat.reshape(shape)


def within(
    lon1: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon2: npt.ArrayLike,
    lat2: npt.ArrayLike,
    limit_m: npt.ArrayLike,
) -> Bools:
    """Return whether pairs are within a limit: the decision used by every engine.

    Parameters
    ----------
    lon1, lat1, lon2, lat2
        Degrees on WGS 84, of shapes that broadcast.
    limit_m
        Metres along the geodesic, included, to which 1 mm is added for rounding.

    Returns
    -------
    within
        Exactly ``distance_m(...) <= limit_m + 0.001``, at the cost of a chord. Missing coordinates
        are never within.

    Examples
    --------
    >>> bool(within(-94.5786, 39.0997, -95.880799335, 39.092427553, 70 * MILE_M))
    True
    """
    values = (lon1, lat1, lon2, lat2, limit_m)
    *pair, limit = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in values))
    return within_chord(chord_m(ecef(*pair[:2]), ecef(*pair[2:])), pair, limit)


def within_chord(chord: Floats, pair: Sequence[Floats], limit_m: Floats) -> Bools:
    """Return `within` for pairs whose chord is already known.

    Parameters
    ----------
    chord
        Metres, shape (n,).
    pair
        ``lon1, lat1, lon2, lat2`` in degrees, each of that shape.
    limit_m
        Metres, of that shape.
    """
    inner, outer = chord_limits_m(limit_m)
    doubtful = (chord > inner) & (chord <= outer)
    result = np.array(chord <= inner)
    if doubtful.any():
        exact = distance_m(*(c[doubtful] for c in pair))
        result[doubtful] = exact <= limit_m[doubtful] + ROUNDING_M
    return result


def arc_m(p: Floats, q: Floats, square: Floats | None = None) -> Floats:
    """Return the distance along the osculating arc, with the error `arc_error_m`.

    The chord between two points of an ellipsoid is parallel to the tangent plane where the line
    from the centre through the chord's middle meets the surface. The arc has the radius of
    curvature there, in the chord's direction (Euler): no angle is required, so the poles and 180
    degrees are not special.

    Parameters
    ----------
    p, q
        `ecef` coordinates in metres, of equal shapes.
    square
        Their `square_m2`, if it is known.

    Returns
    -------
    metres
        NaN where a point is infinitely far.
    """
    stretch = 1 / (1 - ECCENTRICITY2)
    with np.errstate(invalid="ignore"):
        chord = square_m2(p, q) if square is None else square.copy()
        up = np.asarray(p[..., 2] - q[..., 2])
        up *= up
        middle, along = _squares(p + q)
        along *= stretch
        scale = np.asarray(middle + along)  # a scalar, if it is of a single pair
        along *= stretch
        middle += along
        scale /= middle
        np.sqrt(scale, out=scale)
        up /= np.maximum(chord, np.finfo(np.float64).tiny)
        up *= stretch - 1
        up += 1
        scale *= up
        diameter = np.divide(2 * EQUATOR_M, scale, out=scale)
        np.sqrt(chord, out=chord)
        chord /= diameter
        np.minimum(chord, 1, out=chord)
        np.arcsin(chord, out=chord)
        chord *= diameter
    return chord


def _squares(steps: Floats) -> tuple[Floats, Floats]:
    """Return the squared distances of points from the axis, and from the plane of the equator.

    ``steps`` belongs to this function, which uses it as memory.
    """
    steps *= steps
    across = steps[..., 0]
    across += steps[..., 1]
    return across, steps[..., 2]


def arc_error_m(metres: Floats) -> Floats:
    """Return the maximum error of `arc_m`: 10 micrometres up to 200 km, and more beyond.

    The error grows with the fifth power of the distance: the first term in which the arc and the
    geodesic differ. The test-suite measures it up to `ARC_REACH_M`.
    """
    ratio = metres / 200_000
    error = ratio * ratio
    error *= error
    error *= ratio
    error = np.maximum(error, 1)
    error *= 1e-5
    return error
