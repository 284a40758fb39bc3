"""Which country a site or center counts as: what is declared, held against where it lies."""

import enum
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats
from coverage_analyzer.countries import NONE, UNKNOWN, Countries, Numbers

NULL_ISLAND_DEGREES: Final = 0.0005
"""A geocoder that fails says 0, 0, or something that rounds to it."""

BORDER_ERROR_M: Final = 250.0
"""The layer's error near a border, with what the coordinates of a building are wrong by."""

OFFSHORE_M: Final = 5_000.0
"""Piers, bridges, wind parks: so far outside all countries the declared one stands."""

NAUTICAL_MILE_M: Final = 1852.0

TERRITORY_M: Final = 24 * NAUTICAL_MILE_M
"""A contiguous zone (UNCLOS, article 33)."""

ECONOMIC_ZONE_M: Final = 200 * NAUTICAL_MILE_M
"""An exclusive economic zone (UNCLOS, article 57)."""


class Ground(enum.IntEnum):
    """On what ground a country was decided."""

    AGREED = 0
    """It lies in the country it declares, or near enough."""
    INFERRED = 1
    """It declares none, and lies clearly in one."""
    OFFSHORE = 2
    """It lies in no country, 5 km to 200 nautical miles off the one it declares."""
    NULL_ISLAND = 3
    """It lies at 0, 0."""
    UNKNOWN = 4
    """It declares what no table knows, or nothing where two countries are near, or none is."""
    CONFLICT = 5
    """It declares one country and lies in another, or far from all."""


Grounds = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Convention:
    """How a policy reads countries.

    Attributes
    ----------
    fold
        For each country the number it counts as, mostly its own. Shape (countries,).
    contested
        In an area that two countries hold: only the ``holder`` is right, either ``declared`` one
        is, or all is for ``review``.
    trust_declared
        Whether a declared country stands wherever the point lies.
    """

    fold: Numbers
    contested: Literal["holder", "declared", "review"] = "holder"
    trust_declared: bool = False


def decided(
    lon: Floats, lat: Floats, declared: Numbers, world: Countries, convention: Convention
) -> tuple[Numbers, Grounds]:
    """Return the country that each point counts as, and on what ground.

    Parameters
    ----------
    lon, lat
        Finite degrees on WGS 84 within their range, shape (n,).
    declared
        Numbers of countries (`countries.Names`), `NONE` or `UNKNOWN`, shape (n,).
    world, convention
        Where countries are, and how the policy reads them.

    Returns
    -------
    country
        After folding; `NONE` where none can be told (null island, unknown). Shape (n,).
    ground
        `Ground` of each, shape (n,).
    """
    country, ground = convention.fold[declared], np.full(len(lon), Ground.AGREED, np.int8)
    if convention.trust_declared:
        ask = np.flatnonzero(declared == NONE)
    else:  # most lie where the grid alone says so, in the country they declare
        ask = np.flatnonzero(country != world.plain_country(lon, lat, convention.fold))
    if len(ask):
        place = lon[ask], lat[ask], declared[ask]
        found, ground[ask] = _held_against(*place, world, convention)
        country[ask] = convention.fold[found]
    ground[declared == UNKNOWN] = Ground.UNKNOWN
    small = NULL_ISLAND_DEGREES
    ground[(np.abs(lon) < small) & (np.abs(lat) < small)] = Ground.NULL_ISLAND
    country[(ground == Ground.NULL_ISLAND) | (ground == Ground.UNKNOWN)] = NONE
    return country, ground


def _held_against(
    lon: Floats, lat: Floats, declared: Numbers, world: Countries, convention: Convention
) -> tuple[Numbers, Grounds]:
    """Return the country and ground, where it matters in which country the point lies."""
    face = world.borders.located(lon, lat)
    located, claimant = world.holder[face], world.claimant[face]
    sovereign, fold = world.names.sovereign, convention.fold
    same = (fold[declared] == fold[located]) | ((sovereign[located] == declared) & (declared > 0))
    country = np.where(same, located, declared)
    ground = np.where(same, Ground.AGREED, Ground.CONFLICT).astype(np.int8)

    blank = np.flatnonzero(declared == NONE)
    country[blank] = located[blank]
    ground[blank] = _inferred(lon[blank], lat[blank], located[blank], world, fold)
    open_ = np.flatnonzero((declared > 0) & ~same)
    ground[open_] = _reconciled(lon[open_], lat[open_], declared[open_], located[open_], world)

    zone = claimant != NONE
    if convention.contested == "review":
        ground[zone] = Ground.CONFLICT
    elif convention.contested == "declared":
        ground[zone & (declared == claimant)] = Ground.AGREED
        ground[zone & (declared == NONE)] = Ground.UNKNOWN
    return country, ground


def _inferred(
    lon: Floats, lat: Floats, located: Numbers, world: Countries, fold: Numbers
) -> Grounds:
    """Return whether an undeclared point lies clearly in the country where it lies."""
    others = (fold != fold[:, None]) & (np.arange(len(fold)) != NONE)
    near = world.near_m(lon, lat, located, others, BORDER_ERROR_M) <= BORDER_ERROR_M
    clear = (located != NONE) & ~near
    return np.where(clear, Ground.INFERRED, Ground.UNKNOWN).astype(np.int8)


def _reconciled(
    lon: Floats, lat: Floats, declared: Numbers, located: Numbers, world: Countries
) -> Grounds:
    """Return what to think of points that declare another country than they lie in."""
    nowhere = located == NONE
    territory = ~nowhere & (world.names.sovereign[declared] == located)
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    reach_m = np.where(territory, TERRITORY_M, BORDER_ERROR_M)
    reach_m[nowhere] = ECONOMIC_ZONE_M
    away = world.near_m(lon, lat, declared, itself, reach_m)
    placeless = ~np.isin(declared, world.holder)
    stands = np.where(nowhere, away <= OFFSHORE_M, np.isfinite(away) | (territory & placeless))
    doubt = np.where(nowhere & np.isfinite(away), Ground.OFFSHORE, Ground.CONFLICT)
    return np.where(stands, Ground.AGREED, doubt).astype(np.int8)


__all__ = ["Convention", "Ground", "Grounds", "decided"]
