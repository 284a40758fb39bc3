"""Tiles of a network: cubes of 32 km in space, which have no seam at 180 degrees and no poles.

A tile holds the nodes in one cube, so any region of the globe is a set of tiles, and each tile is a
slice of the arrays of a network (`tiles.store`). A network of a city is a single tile.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct, positions_in, slices

CUBE_M: Final = 32_000.0
"""Side of a tile in metres; more than three times the distance that is "outside the network"."""

ONE_TILE: Final = 300_000
"""A network of at most this number of nodes is a single tile, ordered by node number."""

PLACES_AT_ONCE: Final = 1 << 18
"""Places whose coordinates in space are in memory together."""

_SIDE: Final = 1 << 20
"""More cubes than the globe has along an axis."""


def cube_keys(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Ints:
    """Return the number of the cube of each place, in degrees on WGS 84, shape (n,)."""
    lon, lat = np.asarray(lon), np.asarray(lat)
    keys = np.empty(len(lon), np.int64)
    for part in slices(len(lon), PLACES_AT_ONCE):
        cubes = np.floor(geodesy.ecef(lon[part], lat[part]) / CUBE_M)
        keys[part] = _number(cubes.astype(np.int64))
    return keys


def neighbours(key: int) -> Ints:
    """Return the numbers of a cube and the 26 around it, ascending."""
    step = np.arange(-1, 2)
    around = np.stack(np.meshgrid(step, step, step, indexing="ij"), -1).reshape(-1, 3)
    return np.sort(_number(_triples(np.array([key])) + around))


def cube_order(lon: Floats, lat: Floats) -> Ints:
    """Return the order of the nodes of a network in its tiles; stable, shape (n,)."""
    if len(lon) <= ONE_TILE:
        return np.arange(len(lon))
    return np.argsort(cube_keys(lon, lat), kind="stable")


def cubes_within(keys: Ints, center: Floats, radius_m: float) -> Bools:
    """Return which cubes may have a place within a distance of another one.

    Parameters
    ----------
    keys
        Numbers of cubes, shape (n,).
    center
        Earth-centred coordinates in metres, shape (3,).
    radius_m
        Distance along the geodesic, which is not shorter than the straight line.
    """
    low = _triples(keys) * CUBE_M
    nearest = np.clip(center, low, low + CUBE_M)
    within: Bools = ((nearest - center) ** 2).sum(axis=1) <= radius_m**2
    return within


def distance_to_cube(key: int, points: Floats) -> Floats:
    """Return the distance in metres of points in ECEF from a cube; 0 inside; shape (n,)."""
    low = _triples(np.array([key]))[0] * CUBE_M
    return geodesy.chord_m(np.clip(points, low, low + CUBE_M), points)


@dataclass(frozen=True)
class Area:
    """The cubes near centers, where the roads of a large file are kept.

    Attributes
    ----------
    keys
        Numbers of the cubes, ascending, shape (n,).
    """

    keys: Ints

    @classmethod
    def around(cls, lon: Floats, lat: Floats, radius_m: Floats) -> "Area":
        """Return the area within a distance of each center; shape (n,) each."""
        parts = [np.zeros(0, np.int64)]
        for center, radius in zip(geodesy.ecef(lon, lat), radius_m.tolist(), strict=True):
            low = np.floor((center - radius) / CUBE_M).astype(np.int64)
            high = np.floor((center + radius) / CUBE_M).astype(np.int64)
            axes = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
            box = _number(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3))
            parts.append(box[cubes_within(box, center, radius) & _is_at_surface(box)])
        return cls(distinct(np.concatenate(parts)))

    def contains(self, lon: Floats, lat: Floats) -> Bools:
        """Return which places are in it; degrees on WGS 84, shape (n,)."""
        contained: Bools = positions_in(self.keys, cube_keys(lon, lat)) >= 0
        return contained

    @cached_property
    def text(self) -> str:
        """The area as text, for a fingerprint."""
        return ",".join(map(str, self.keys.tolist()))


def _is_at_surface(keys: Ints) -> Bools:
    """Return which cubes may contain a part of the ellipsoid."""
    middle = (_triples(keys) + 0.5) * CUBE_M
    away = np.sqrt((middle**2).sum(axis=1))
    half = CUBE_M * np.sqrt(3) / 2
    at: Bools = (away >= geodesy.POLE_M - half) & (away <= geodesy.EQUATOR_M + half)
    return at


def _number(triples: Ints) -> Ints:
    x, y, z = (triples[..., n] + _SIDE // 2 for n in range(3))
    number: Ints = (x * _SIDE + y) * _SIDE + z
    return number


def _triples(keys: Ints) -> Ints:
    x, rest = np.divmod(keys, _SIDE * _SIDE)
    y, z = np.divmod(rest, _SIDE)
    return np.stack([x, y, z], axis=-1) - _SIDE // 2
