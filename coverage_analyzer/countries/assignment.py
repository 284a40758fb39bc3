"""Assign a country to each site or center: the declared one, compared with its location."""

import enum
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.countries import NONE, UNKNOWN, Countries, Numbers

NULL_ISLAND_DEGREES: Final = 0.0005
"""Geocoders that fail return 0, 0, or coordinates that round to it in three decimals.

The place is in the Gulf of Guinea, some 600 km from the next coast: no site is lost.
"""

BORDER_ERROR_M: Final = 250.0
"""Distance in metres from a border within which its side is uncertain; a convention of ours.

It adds the simplification of the layer (25 m), the error of borders in OpenStreetMap (tens of
metres in fields and rivers) and that of the coordinates of a building or of its gate (up to some
100 m), and is the distance above which a newer border replaces an older one in the layer
(``resources/countries/SOURCE.md``).
"""

OFFSHORE_M: Final = 5_000.0
"""Distance in metres outside all countries up to which the declared one is used; a convention.

Piers, bridges and wind farms extend so far. Of towns and airports that are off the coast of a
precise layer, 99.3 % are within 5 km of the land of their country.
"""

NAUTICAL_MILE_M: Final = 1852.0
"""The international nautical mile in metres, exactly (Monaco, 1929)."""

TERRITORY_M: Final = 24 * NAUTICAL_MILE_M
"""Metres from a territory within which its name may be declared beside its sovereign's: 24 nautical
miles, the contiguous zone in which a coastal state still enforces its laws (UNCLOS, article 33)."""

ECONOMIC_ZONE_M: Final = 200 * NAUTICAL_MILE_M
"""Metres off the declared country up to which a site at sea counts as offshore: 200 nautical miles,
the greatest breadth of an exclusive economic zone (UNCLOS, article 57)."""


class CountryBasis(enum.IntEnum):
    """Why a country was assigned or not."""

    AGREED = 0
    """The point is in or near the country that it declares."""
    INFERRED = 1
    """The point declares no country and is clearly in one."""
    OFFSHORE = 2
    """The point is in no country, 5 km to 200 nautical miles from the declared one."""
    NULL_ISLAND = 3
    """The point is at 0, 0."""
    UNKNOWN = 4
    """The declared country is unknown, or none is declared where the location is ambiguous."""
    CONFLICT = 5
    """The point declares one country and is in another, or far from all."""


CountryBases = npt.NDArray[np.int8]


def without_country(basis: CountryBases) -> Bools:
    """Return where no country is known, so that no distance is measured."""
    lost: Bools = (
        basis == CountryBasis.NULL_ISLAND.value
    )  # plain integers: no conversion of the array
    lost |= basis == CountryBasis.UNKNOWN.value
    return lost


@dataclass(frozen=True)
class Convention:
    """How a policy interprets countries.

    Attributes
    ----------
    fold
        The country that each country counts as, by number, usually itself. Shape (countries,).
    contested
        In an area claimed by two countries: ``holder`` accepts only the holder, ``declared``
        accepts either one if declared, ``review`` sends all to review.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    """

    fold: Numbers
    contested: Literal["holder", "declared", "review"] = "holder"
    trust_declared: bool = False


def assign_country(
    lon: Floats, lat: Floats, declared: Numbers, world: Countries, convention: Convention
) -> tuple[Numbers, CountryBases]:
    """Return the country assigned to each point, and the basis.

    Parameters
    ----------
    lon, lat
        Finite degrees on WGS 84 within their range, shape (n,).
    declared
        Country numbers (`countries.Names`), `NONE` or `UNKNOWN`, shape (n,).
    world, convention
        The country layer, and the country rules of the policy.

    Returns
    -------
    country
        After merging territories; `NONE` if undecidable (null island, unknown). Shape (n,).
    ground
        `CountryBasis` of each, shape (n,).
    """
    country = convention.fold.take(declared)
    basis = np.full(len(lon), CountryBasis.AGREED, np.int8)
    if convention.trust_declared:
        ask = np.flatnonzero(declared == NONE)
    else:  # for most the grid alone confirms the declared country
        ask = np.flatnonzero(country != world.country_by_grid(lon, lat, convention.fold))
    if len(ask):
        place = lon[ask], lat[ask], declared[ask]
        assigned, basis[ask] = _compare_with_location(*place, world, convention)
        country[ask] = convention.fold[assigned]
    at_zero = np.flatnonzero(np.abs(lat) < NULL_ISLAND_DEGREES)
    at_zero = at_zero[np.abs(lon[at_zero]) < NULL_ISLAND_DEGREES]
    basis[declared == UNKNOWN] = CountryBasis.UNKNOWN
    basis[at_zero] = CountryBasis.NULL_ISLAND
    country[without_country(basis)] = NONE
    return country, basis


def _compare_with_location(
    lon: Floats, lat: Floats, declared: Numbers, world: Countries, convention: Convention
) -> tuple[Numbers, CountryBases]:
    """Return the country and basis of points whose location matters."""
    face = world.borders.located(lon, lat)
    located, claimant = world.holder[face], world.claimant[face]
    sovereign, fold = world.names.sovereign, convention.fold
    same = (fold[declared] == fold[located]) | ((sovereign[located] == declared) & (declared > 0))
    country = np.where(same, located, declared)
    basis = np.where(same, CountryBasis.AGREED, CountryBasis.CONFLICT).astype(np.int8)

    blank = np.flatnonzero(declared == NONE)
    country[blank] = located[blank]
    basis[blank] = _inferred(lon[blank], lat[blank], located[blank], world, fold)
    open_ = np.flatnonzero((declared > 0) & ~same)
    basis[open_] = _reconciled(lon[open_], lat[open_], declared[open_], located[open_], world)

    zone = claimant != NONE
    if convention.contested == "review":
        basis[zone] = CountryBasis.CONFLICT
    elif convention.contested == "declared":
        basis[zone & (declared == claimant)] = CountryBasis.AGREED
        basis[zone & (declared == NONE)] = CountryBasis.UNKNOWN
    return country, basis


def _inferred(
    lon: Floats, lat: Floats, located: Numbers, world: Countries, fold: Numbers
) -> CountryBases:
    """Return whether an undeclared point is clearly in its country."""
    others = (fold != fold[:, None]) & (np.arange(len(fold)) != NONE)
    near = world.near_m(lon, lat, located, others, BORDER_ERROR_M) <= BORDER_ERROR_M
    clear = (located != NONE) & ~near
    return np.where(clear, CountryBasis.INFERRED, CountryBasis.UNKNOWN).astype(np.int8)


def _reconciled(
    lon: Floats, lat: Floats, declared: Numbers, located: Numbers, world: Countries
) -> CountryBases:
    """Return the country and basis of points that declare a country other than their location."""
    nowhere = located == NONE
    territory = ~nowhere & (world.names.sovereign[declared] == located)
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    reach_m = np.where(territory, TERRITORY_M, BORDER_ERROR_M)
    reach_m[nowhere] = ECONOMIC_ZONE_M
    away = world.near_m(lon, lat, declared, itself, reach_m)
    placeless = ~np.isin(declared, world.holder)
    stands = np.where(nowhere, away <= OFFSHORE_M, np.isfinite(away) | (territory & placeless))
    doubt = np.where(nowhere & np.isfinite(away), CountryBasis.OFFSHORE, CountryBasis.CONFLICT)
    return np.where(stands, CountryBasis.AGREED, doubt).astype(np.int8)


__all__ = ["Convention", "CountryBases", "CountryBasis", "assign_country", "without_country"]
