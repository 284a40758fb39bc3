"""Find the nearest center of each site by shortlists per grid cell, compared in bulk.

*Cells.* A cell is inside a ball of chord radius *p* around its middle. By the triangle inequality
in space, a center at chord *D* from the middle is at *D - p* to *D + p* from every point of the
cell. The *shortlist* of a cell contains the centers that may be the nearest one of some point in
it, or may reach only a part of it. All others either reach the whole cell, and are only counted
(*certain*), or no point of it, and are dropped. The shortlist of a small cell is searched within
that of the large cell around it, which is searched among all centers of the group: what cannot
matter to the large cell cannot matter to the small one. Shortlists are kept in a `ShortlistCache`.

*Sites.* The squared chords from a site to its shortlist are compared, one center at a time for all
sites with lists of at least that length. This gives the nearest and the runner-up, and which
centers certainly and possibly reach the site (`geodesy.chord_limits_m`). Where the runner-up could
be nearer along the ground (`geodesy.rival_chord_m`), or certain and possible reach differ, Karney's
geodesic decides: a few sites in a million.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges
from coverage_analyzer.matching.grid import GRIDS, NO_CENTER, ShortlistCache, Shortlists

__all__ = ["NO_CENTER", "Index"]

PAIRS_AT_ONCE: Final = 2_000_000
"""Bounds the memory of processing new cells."""

SITES_AT_ONCE: Final = 12_000
"""Sites with several candidates compared at once, sized to fit into the CPU cache."""


class Index:
    """Centers in groups: a site is compared only with those of its own group.

    Safe for concurrent use: the cache is replaced as a whole, never changed, so at worst two
    threads compute the same entries. Pickles omit it.

    Parameters
    ----------
    lon, lat
        Coordinates of all centers, degrees on WGS 84, shape (n,).
    members
        Positions of the centers of each group, ascending.
    reach_m
        Reach of a center of each group.
    list_all
        Whether `in_reach` will be called, which needs the centers that `nearest` only counts.

    Attributes
    ----------
    lon, lat
        As given.
    points
        `geodesy.ecef` of the centers, and of `NO_CENTER` at the end, shape (n + 1, 3).
    """

    def __init__(
        self, lon: Floats, lat: Floats, members: list[Ints], reach_m: Floats, *, list_all: bool
    ) -> None:
        self.lon, self.lat = lon, lat
        self.points = geodesy.ecef(np.append(lon, 0), np.append(lat, 0))
        self.points[NO_CENTER] = np.inf
        self._sizes = np.array([len(m) for m in members], np.int64)
        self._first = np.cumsum(self._sizes) - self._sizes
        self._members = np.concatenate(members) if members else np.zeros(0, np.int64)
        self._reach_m, self._list_all = reach_m, list_all
        self._limits = geodesy.chord_limits_m(reach_m)
        self._squares = [chord**2 for chord in self._limits]
        self._caches = tuple(map(ShortlistCache, GRIDS))

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without caches."""
        return {n: v for n, v in self.__dict__.items() if n != "_caches"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state, with empty caches."""
        self.__dict__.update(state, _caches=tuple(map(ShortlistCache, GRIDS)))

    def __len__(self) -> int:
        """Return the number of centers in all groups."""
        return len(self._members)

    def nearest(self, lon: Floats, lat: Floats, points: Floats, group: Ints) -> tuple[Ints, Ints]:
        """Return the nearest center of each site's group, and how many of the group are in range.

        Parameters
        ----------
        lon, lat, points
            Degrees, and the same points as `geodesy.ecef`; shapes (n,), (n,), (n, 3).
        group
            Shape (n,).

        Returns
        -------
        center
            `NO_CENTER` if the group is empty; ties go to the first.
        in_reach
        """
        shortlists, number = self._shortlists(lon, lat, group)
        limits = [square.take(group) for square in self._squares]
        result = _compare(shortlists, number, (points, self.points), limits)
        doubt = _ambiguous(result)
        in_reach = shortlists.certain.take(number) + result.certain
        if len(doubt):
            subset = number[doubt]
            center, reaching = self._resolve_exactly(
                shortlists, subset, lon[doubt], lat[doubt], group[doubt]
            )
            result.center[doubt] = center
            in_reach[doubt] = shortlists.certain[subset] + reaching
        return result.center, in_reach

    def _resolve_exactly(
        self, shortlists: Shortlists, number: Ints, lon: Floats, lat: Floats, group: Ints
    ) -> tuple[Ints, Ints]:
        """Return the nearest center of ambiguous sites, and how many listed ones reach each."""
        site, center = _pairs(shortlists, number)
        pair = (lon[site], lat[site], self.lon[center], self.lat[center])
        chord = geodesy.chord_m(geodesy.ecef(lon, lat)[site], self.points[center])
        reaching = geodesy.within_chord(chord, pair, self._reach_m[group[site]])
        nearest = _first_of(site, center, chord, pair)
        return nearest, np.bincount(site[reaching], minlength=len(number))

    def in_reach(self, lon: Floats, lat: Floats, group: Ints) -> tuple[Ints, Ints, Floats]:
        """Return all pairs of a site and a center that reaches it, and their distance in metres."""
        site, center = _pairs(*self._shortlists(lon, lat, group))
        there = geodesy.take(self.points, center)
        square = geodesy.square_m2(geodesy.take(geodesy.ecef(lon, lat), site), there)
        possible = square <= self._squares[1].take(group[site])
        site, center = site[possible], center[possible]
        away = geodesy.distance_m(lon[site], lat[site], self.lon[center], self.lat[center])
        near = away <= self._reach_m[group[site]] + geodesy.ROUNDING_M
        return site[near], center[near], away[near]

    def reaching(self, lon: Floats, lat: Floats, group: Ints) -> tuple[Ints, Ints]:
        """Return all pairs of a site and a center that reaches it, ordered by site, then center.

        The pairs of `in_reach`, many times faster: Karney's geodesic is computed only for the pairs
        between the two chords that decide a limit.
        """
        site, center = _pairs(*self._shortlists(lon, lat, group))
        there = geodesy.take(self.points, center)
        square = geodesy.square_m2(geodesy.take(geodesy.ecef(lon, lat), site), there)
        limits = [limit.take(group).take(site) for limit in self._squares]
        within = square <= limits[0]
        unclear = np.flatnonzero((square <= limits[1]) & ~within)
        if len(unclear):
            x, y = site[unclear], center[unclear]
            pair = (lon[x], lat[x], self.lon[y], self.lat[y])
            within[unclear] = geodesy.within(*pair, self._reach_m[group[x]])
        return site[within], center[within]

    def _shortlists(
        self, lon: Floats, lat: Floats, group: Ints, level: int = -1
    ) -> tuple[Shortlists, Ints]:
        """Return shortlists, and the entry of each place's cell for its group."""
        cache = self._caches[level]
        cell = cache.grid.cell(lon, lat)
        number = cache.numbers(cell, group)
        new = np.flatnonzero(number == 0)
        if len(new):
            size = cache.grid.columns * cache.grid.rows
            groups, cells = np.divmod(np.unique(group[new] * size + cell[new]), size)
            cache = cache.with_added(self._find(cells, groups, level))
            caches = list(self._caches)
            caches[level] = cache
            self._caches = tuple(caches)
            number[new] = cache.numbers(cell[new], group[new])
        return cache.shortlists, number

    def _find(self, cell: Ints, group: Ints, level: int) -> list[Shortlists]:
        """Return the shortlists of cells that are not cached, a chunk at a time."""
        lon, lat = GRIDS[level].middle(cell)
        if level == -len(GRIDS):
            first, sizes, none = self._first[group], self._sizes[group], np.zeros_like(cell)
            outer = Shortlists(cell, group, first, sizes, none, self._members)
        else:
            shortlists, number = self._shortlists(lon, lat, group, level - 1)
            outer = dataclasses.replace(shortlists.take(number), cell=cell, group=group)
        cuts = np.flatnonzero(np.diff(np.cumsum(outer.count) // PAIRS_AT_ONCE)) + 1
        parts = np.split(np.arange(len(cell)), cuts)
        radius = GRIDS[level].radius_m(lat)
        points = geodesy.ecef(lon, lat)
        return [self._filter(outer.take(p), points[p], radius[p]) for p in parts]

    def _filter(self, shortlists: Shortlists, middle: Floats, radius: Floats) -> Shortlists:
        """Return shortlists reduced to the centers that can matter to a ball."""
        cells = len(shortlists.cell)
        cell, center = _pairs(shortlists, np.arange(cells))
        away = geodesy.chord_m(middle[cell], self.points[center])
        lower, upper = away - radius[cell], away + radius[cell]
        inner, outer = (limit[shortlists.group][cell] for limit in self._limits)
        if self._list_all:
            kept, certain = lower <= outer, np.zeros(len(cell), np.bool_)
        else:
            could_be_nearest = _could_be_nearest(cell, lower, upper)
            kept = could_be_nearest | ((lower <= outer) & (upper > inner))
            certain = (upper <= inner) & ~could_be_nearest
        count = np.bincount(cell[kept], minlength=cells)
        return dataclasses.replace(
            shortlists,
            start=np.cumsum(count) - count,
            count=count,
            certain=shortlists.certain + np.bincount(cell[certain], minlength=cells),
            center=center[kept],
        )


class _Comparison(NamedTuple):
    """Sites compared with shortlisted centers: the nearest by chord, and how many reach the site.

    ``least`` and ``second`` are the squared chords of the nearest and the next one.
    """

    center: Ints
    lower: Floats
    second: Floats
    certain: npt.NDArray[np.unsignedinteger[Any]]
    possible: npt.NDArray[np.unsignedinteger[Any]]


def _compare(
    shortlists: Shortlists, number: Ints, points: tuple[Floats, Floats], limits: Sequence[Floats]
) -> _Comparison:
    """Return sites compared with all centers of their shortlists.

    Parameters
    ----------
    shortlists, number
        The entry of each site, shape (n,).
    points
        `geodesy.ecef` of sites and centers, shapes (n, 3) and (centers, 3).
    limits
        Squared chords up to which a center certainly and possibly reaches the site.
    """
    sites, centers = points
    start, count = shortlists.start.take(number), shortlists.count.take(number)
    center = shortlists.center.take(start)  # arbitrary if there are no candidates
    lower = geodesy.square_m2(sites, geodesy.take(centers, center))
    kind = np.min_scalar_type(count.max(initial=0))  # usually a byte, which is fast to add to
    reached = ((lower <= limit).astype(kind) for limit in limits)
    result = _Comparison(center, lower, np.full(len(lower), np.inf), *reached)
    many = np.flatnonzero(count > 1)
    if len(many):
        many = many[_descending(count[many])]
        for subset in np.array_split(many, len(many) // SITES_AT_ONCE + 1):
            part = _Comparison._make(v.take(subset) for v in result)
            theirs = geodesy.take(sites, subset), centers
            _compare_remaining(
                part,
                shortlists,
                (start[subset], count[subset]),
                theirs,
                [v[subset] for v in limits],
            )
            for whole, values in zip(result, part, strict=True):
                whole[subset] = values
    return result


def _compare_remaining(
    result: _Comparison,
    shortlists: Shortlists,
    candidates: tuple[Ints, Ints],
    points: tuple[Floats, Floats],
    limits: Sequence[Floats],
) -> None:
    """Compare sites with their shortlists from the second center on, the longest first.

    The arrays of ``result`` belong to this comparison and are updated in place: a copy for each
    center of a shortlist would cost more than to compare with it.
    """
    start, count = candidates
    more = len(count) - np.cumsum(np.bincount(count))  # sites with more than nth candidates
    for nth in range(1, int(count[0])):
        subset = slice(int(more[nth]))
        runner_up = shortlists.center.take(start[subset] + nth)
        square = geodesy.square_m2(points[0][subset], geodesy.take(points[1], runner_up))
        center, lower, second, certain, possible = (v[subset] for v in result)
        np.minimum(second, np.maximum(lower, square), out=second)
        np.copyto(center, runner_up, where=square < lower)
        np.minimum(lower, square, out=lower)
        certain += (square <= limits[0][subset]).view(np.uint8)
        possible += (square <= limits[1][subset]).view(np.uint8)


def _descending(count: Ints) -> Ints:
    """Return the descending order of counts."""
    short = count.astype(np.uint16) if count.max() < 2**16 else count  # radix sort
    return np.argsort(short, kind="stable")[::-1]


def _ambiguous(result: _Comparison) -> Ints:
    """Return the sites whose nearest center, or centers in range, chords cannot decide."""
    several = np.flatnonzero(np.isfinite(result.second))
    runner_up = geodesy.rival_chord_m(np.sqrt(result.lower[several]))
    doubt = result.certain != result.possible
    doubt[several] |= result.second[several] <= runner_up**2
    return np.flatnonzero(doubt)


def _pairs(shortlists: Shortlists, number: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of a position in ``number`` and a center of that shortlist, in order."""
    place, at = expand_ranges(shortlists.start[number], shortlists.count[number])
    return place, shortlists.center[at]


def _first_of(site: Ints, center: Ints, chord: Floats, pair: tuple[Floats, ...]) -> Ints:
    """Return the nearest center of each shortlist by Karney's geodesic; ties go to the first."""
    starts = np.flatnonzero(np.diff(site, prepend=-1))
    lower = np.minimum.reduceat(chord, starts)
    sizes = np.diff(starts, append=len(site))
    runners_up = np.flatnonzero(chord <= np.repeat(geodesy.rival_chord_m(lower), sizes))
    exact = geodesy.distance_m(*(p[runners_up] for p in pair))
    site, center = site[runners_up], center[runners_up]
    order = np.lexsort((center, exact, site))
    best = order[np.flatnonzero(np.diff(site[order], prepend=-1))]
    result: Ints = center[best]
    return result


def _could_be_nearest(cell: Ints, lower: Floats, upper: Floats) -> Bools:
    """Return which centers could be the nearest one of some point in their cell."""
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    if not len(starts):
        return np.zeros(0, np.bool_)
    sizes = np.diff(starts, append=len(cell))
    runner_up = geodesy.rival_chord_m(np.minimum.reduceat(upper, starts))
    return lower <= np.repeat(runner_up, sizes)
