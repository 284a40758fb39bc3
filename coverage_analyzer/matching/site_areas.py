"""Which areas of a policy sites are in: certainly, possibly, or not.

Regions and postcodes are read from cells of the row; places are decided by the geodesic, like
limits; polygons by their straight edges in longitude and latitude, which belong to them. Where a
cell is missing or cannot be read, or where rough coordinates do not tell on which side of an edge a
site is, membership is *possible*, and the matcher asks whether that could change the level.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays, geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Countries, Numbers, regions
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.countries.postal_codes import Member, PostcodeList
from coverage_analyzer.geometry import discs, points
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.area_files import shapes
from coverage_analyzer.policy.areas import Area, region_family

AREA_TEXTS: Final = ("region", "postcode")
"""Columns of sites that areas may read."""

MAX_ACCURACY_M: Final = 500_000.0
"""An accuracy beyond which a site may be in any area of polygons or places."""

States = npt.NDArray[np.int8]


class Membership(NamedTuple):
    """Whether sites are in areas; shape (n, areas) each.

    ``possible`` is where neither ``certain`` nor the opposite is known, ``by_cell`` where that is
    because of a cell.
    """

    certain: Bools
    possible: Bools
    by_cell: Bools

    def take(self, which: Ints) -> "Membership":
        """Return a subset of the sites."""
        return Membership._make(values[which] for values in self)


@dataclass(frozen=True)
class Located:
    """Where sites are, for membership.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84, shape (n,).
    accuracy_m
        NaN if unknown, shape (n,).
    points
        `geodesy.ecef` of them, shape (n, 3).
    country
        Number of the assigned country, shape (n,).
    """

    lon: Floats
    lat: Floats
    accuracy_m: Floats
    points: Floats
    country: Numbers

    def take(self, which: Ints) -> "Located":
        """Return a subset of the sites."""
        return Located(*(values[which] for values in vars(self).values()))


@dataclass(frozen=True)
class _Listed:
    """A part of an area that a cell decides, in one country.

    Attributes
    ----------
    area, country
        Position of the area, and number of the country.
    column
        One of `AREA_TEXTS`.
    member
        Returns whether the text of a cell is listed.
    """

    area: int
    country: int
    column: str
    member: Callable[[str], Member]


class SiteAreas:
    """The areas of a policy.

    Parameters
    ----------
    policy
        With its areas.
    world
        Table of country numbers.
    convention
        How the policy interprets countries.

    Attributes
    ----------
    ids
        The ``id`` of each area.
    columns
        Those of `AREA_TEXTS` that are read.
    """

    def __init__(self, policy: Policy, world: Countries, convention: Convention) -> None:
        self._areas = policy.areas
        self.ids = tuple(area.id for area in policy.areas)
        used = {name for area in policy.areas for name in area.columns}
        self.columns = tuple(name for name in AREA_TEXTS if name in used)
        names, fold = world.names, convention.fold
        self._listed = [
            _Listed(number, int(fold[names.known(country)]), column, member)
            for number, area in enumerate(policy.areas)
            for country, column, member in _lists(area)
        ]
        self._whole = np.zeros((len(names.codes), len(self.ids)), np.bool_)
        for number, area in enumerate(policy.areas):
            for country in _whole_countries(area):
                at = names.known(country)
                self._whole[at, number] = fold[at] == at
        self._lone = self._lone_listed()

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self.ids)

    def _lone_listed(self) -> dict[str, list[int]]:
        return {c: [n for n, v in enumerate(self._listed) if v.column == c] for c in AREA_TEXTS}

    def states(self, columns: Mapping[str, Any], n_rows: int) -> States:
        """Return what cells say, as numbers of `Member`, shape (n, lists).

        Parameters
        ----------
        columns
            The available columns of `AREA_TEXTS` as Arrow strings.
        n_rows
            Number of rows.
        """
        result = np.full((n_rows, len(self._listed)), Member.unknown, np.int8)
        for column, lists in self._lone.items():
            if lists and column in columns:
                texts, at = _distinct(columns[column])
                for number in lists:
                    judge = self._listed[number].member
                    members = [judge(text) if text.strip() else Member.unknown for text in texts]
                    result[:, number] = np.array(members, np.int8).take(at)
        return result

    def membership(self, sites: Located, states: States | None) -> Membership:
        """Return in which areas sites are.

        Parameters
        ----------
        sites
            Where they are.
        states
            What their cells say (`states`); None if there are no cells.
        """
        shape = (len(sites.lon), len(self.ids))
        certain: Bools = self._whole[sites.country].copy()
        by_cell, rough = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        for number, listed in enumerate(self._listed):
            rows = np.flatnonzero(sites.country == listed.country)
            state = Member.unknown if states is None else states[rows, number]
            certain[rows, listed.area] |= state == Member.yes
            by_cell[rows, listed.area] |= state == Member.unknown
        for number, area in enumerate(self._areas):
            for inside, doubt in self._located(area, sites):
                certain[:, number] |= inside & ~doubt
                rough[:, number] |= doubt
        return Membership(certain, (by_cell | rough) & ~certain, by_cell & ~certain)

    def _located(self, area: Area, sites: Located) -> Iterator[tuple[Bools, Bools]]:
        """Yield for each part of an area which sites are in it, and where that is doubtful."""
        for place in area.places:
            lon, lat = np.float64(place.longitude), np.float64(place.latitude)
            chord = geodesy.chord_m(sites.points, geodesy.ecef([lon], [lat]))
            pair = (
                sites.lon,
                sites.lat,
                np.full_like(sites.lon, lon),
                np.full_like(sites.lat, lat),
            )
            limit = np.full(len(sites.lon), place.radius_m)
            doubt = np.zeros(len(limit), np.bool_)
            near = np.flatnonzero(sites.accuracy_m > 0)
            if len(near):
                slack = sites.accuracy_m[near]
                some = chord[near], tuple(c[near] for c in pair)
                outer = geodesy.within_chord(*some, limit[near] + slack)
                inner = geodesy.within_chord(*some, np.maximum(limit[near] - slack, 0))
                doubt[near] = outer & (~inner | (slack > limit[near]))
            yield geodesy.within_chord(chord, pair, limit), doubt
        if area.polygons:
            yield _in_polygons(area.polygons, sites)

    def named(self, members: Bools) -> tuple[str, ...]:
        """Return the ids of some areas, shape (areas,)."""
        return tuple(self.ids[n] for n in np.flatnonzero(members).tolist())


def _lists(area: Area) -> Iterator[tuple[str, str, Callable[[str], Member]]]:
    """Yield country, column and judgement of each list of an area."""
    for country in dict.fromkeys(code[:2] for code in area.regions):
        codes = frozenset(code for code in area.regions if code[:2] == country)
        yield country, "region", _region_member(country, codes)
    entries = area.entries
    for country in dict.fromkeys(entry.country for entry in entries):
        listed = PostcodeList(entry for entry in entries if entry.country == country)
        yield country, "postcode", listed.member


def _region_member(country: str, codes: frozenset[str]) -> Callable[[str], Member]:
    """Return the function that says whether a cell names one of some regions of a country."""

    def member(text: str) -> Member:
        code = regions.region_named(text, country)
        if not code:
            return Member.unknown
        if not codes.isdisjoint(regions.containing(code)):
            return Member.yes
        return Member.no if codes.isdisjoint(region_family(code)) else Member.unknown

    return member


def _whole_countries(area: Area) -> Iterator[str]:
    """Yield the countries that are regions of another one, such as ``PR`` for ``US-PR``."""
    for code in area.regions:
        if stands_for := regions.load()[code].stands_for:
            yield stands_for


def _distinct(cells: pa.Array) -> tuple[list[str], Ints]:
    """Return the distinct texts, and the index of each cell's; the last is empty."""
    coded = cells.dictionary_encode()
    texts = [*(text or "" for text in coded.dictionary.to_pylist()), ""]
    at = np.nan_to_num(arrays.as_numpy(coded.indices), nan=len(texts) - 1)
    return texts, at.astype(np.int64)


def _in_polygons(polygons: tuple[bytes, ...], sites: Located) -> tuple[Bools, Bools]:
    """Return which sites are in polygons, edges included, and where accuracy leaves a doubt."""
    import shapely

    inside, doubt = np.zeros((2, len(sites.lon)), np.bool_)
    owner, geometries = _points(sites)
    if len(owner):
        tree = shapely.STRtree(geometries)
        _, hit = tree.query(shapes(polygons), predicate="intersects")
        inside[owner[hit]] = True
    rough = np.flatnonzero(sites.accuracy_m > 0)
    if len(rough):
        doubt[rough] = ~_clear(polygons, sites.take(rough))
    return inside, doubt


def _points(sites: Located) -> tuple[Ints, Any]:
    """Return the geometries of sites, and the site of each.

    A site at 180 degrees is at both ends of the plane, and one at a pole is a whole edge of it.
    """
    import shapely

    owner: Ints = np.arange(len(sites.lon))
    seam = np.flatnonzero(np.abs(sites.lon) == 180)
    poles = np.flatnonzero(np.abs(sites.lat) == 90)
    edges = [[(-180.0, y), (180.0, y)] for y in sites.lat[poles].tolist()]
    parts = [
        points(sites.lon, sites.lat),
        points(-sites.lon[seam], sites.lat[seam]),
        shapely.linestrings(edges) if edges else np.zeros(0, object),
    ]
    return np.concatenate([owner, seam, poles]), np.concatenate(parts)


def _clear(polygons: tuple[bytes, ...], sites: Located) -> Bools:
    """Return where the whole disc of a site's accuracy is on one side of the edge."""
    import shapely

    clear = np.zeros(len(sites.lon), np.bool_)
    small = np.flatnonzero(sites.accuracy_m <= MAX_ACCURACY_M)
    if len(small):
        around = discs(sites.lon[small], sites.lat[small], sites.accuracy_m[small])
        whole = shapely.union_all(shapes(polygons))
        shapely.prepare(whole)
        clear[small] = shapely.covers(whole, around) | ~shapely.intersects(whole, around)
    return clear
