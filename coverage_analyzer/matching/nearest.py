"""Find the nearest center of each site by shortlists per grid cell, compared in bulk.

*Cells.* A cell is inside a ball of chord radius *p* around its middle. By the triangle inequality
in space, a center at chord *D* from the middle is at *D - p* to *D + p* from every point of the
cell. The *shortlist* of a cell contains the centers that may be the nearest one of some point in
it, or may reach only a part of it. All others either reach the whole cell, and are only counted
(*certain*), or no point of it, and are dropped. The shortlist of a small cell is searched within
that of the larger cell around it, and so on; that of the largest among all centers of the group.
What cannot matter to a cell cannot matter to those inside it. A `ShortlistCache` keeps shortlists.

*Bisectors.* Let *n* be the center nearest to the middle *m*, and *c* another one. For every point
*x* of the ball, ``|x-c|**2 - |x-n|**2 = |m-c|**2 - |m-n|**2 - 2 (x-m).(c-n)``, where the last
product is at most ``p |c-n|``. Divided by ``|x-c| + |x-n|``, which is at most
``|m-c| + |m-n| + 2 p``, this is how much farther *c* is than *n* by chord. If that is more than two
chords of equal geodesics can differ, *c* is the nearest center of no point. The difference of a
chord and its `geodesy.rival_chord_m` grows up to a chord of two least radii, and so is largest at
``|m-n| + p`` or there; the two millionths of a metre in it are more than the rounding of squares.

*Sites.* The squared chords from a site to its shortlist are compared, one center at a time for all
sites with lists of at least that length: first those that may be the nearest, then those that are
only counted. This gives the nearest and the runner-up, and which centers certainly and possibly
reach the site (`geodesy.chord_limits_m`). Where the runner-up could
be nearer along the ground (`geodesy.rival_chord_m`), or certain and possible reach differ, Karney's
geodesic decides: a few sites in a million.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges
from coverage_analyzer.matching.grid import GRIDS, NO_CENTER, ShortlistCache, Shortlists

__all__ = ["NO_CENTER", "Index"]

PAIRS_AT_ONCE: Final = 40_000
"""Pairs of a new cell and a center processed at once, sized to fit into the CPU cache."""

SITES_AT_ONCE: Final = 30_000
"""Sites with several candidates compared at once, sized to fit into the CPU cache."""


class Found(NamedTuple):
    """What `Index.search` finds, shape (n,) each.

    Attributes
    ----------
    center
        `NO_CENTER` if the group is empty; ties go to the first.
    in_reach
        Number of centers of the group that reach the site.
    square_m2
        The squared chord to that center; infinite if there is none.
    """

    center: Ints
    in_reach: Ints
    square_m2: Floats


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
        lon, lat, points, group
            As for `search`.
        """
        found = self.search(lon, lat, points, group)
        return found.center, found.in_reach

    def search(self, lon: Floats, lat: Floats, points: Floats, group: Ints) -> Found:
        """Return the nearest center of each site's group, and how many of the group are in range.

        Parameters
        ----------
        lon, lat, points
            Degrees, and the same points as `geodesy.ecef`; shapes (n,), (n,), (n, 3).
        group
            Shape (n,).
        """
        shortlists, number = self._shortlists(lon, lat, group)
        limits = [square.take(group) for square in self._squares]
        result = _compare(shortlists, number, (points, self.points), limits)
        doubt = _ambiguous(result)
        in_reach = shortlists.certain.take(number)
        in_reach += result.certain
        if len(doubt):
            subset = number[doubt]
            center, reaching = self._resolve_exactly(
                shortlists, subset, lon[doubt], lat[doubt], group[doubt]
            )
            result.center[doubt] = center
            in_reach[doubt] = shortlists.certain[subset] + reaching
            there = geodesy.take(self.points, center)
            result.lower[doubt] = geodesy.square_m2(geodesy.take(points, doubt), there)
        return Found(result.center, in_reach, result.lower)

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
            outer = Shortlists(cell, group, first, sizes, none, none, self._members)
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
        there = geodesy.take(self.points, center)
        away = np.sqrt(geodesy.square_m2(geodesy.take(middle, cell), there))
        inner, outer = (limit.take(shortlists.group) for limit in self._limits)
        partly = away <= np.repeat(outer + radius, shortlists.count)
        certain = near = np.zeros(len(cell), np.bool_)
        if not self._list_all:
            surely = away <= np.repeat(inner - radius, shortlists.count)
            near = _could_be_nearest(cell, away, there, radius)
            certain, partly = surely & ~near, partly & ~surely & ~near
        start, count, listed = _ordered(cells, (cell, center), near, partly)
        return dataclasses.replace(
            shortlists,
            start=start,
            count=count,
            near=np.bincount(cell[near], minlength=cells),
            certain=shortlists.certain + np.bincount(cell[certain], minlength=cells),
            center=listed,
        )


def _ordered(
    cells: int, pairs: tuple[Ints, Ints], near: Bools, partly: Bools
) -> tuple[Ints, Ints, Ints]:
    """Return start, count and centers of shortlists, the near centers of each first.

    Parameters
    ----------
    cells
        Their number.
    pairs
        Pairs of a cell and a center, in order.
    near, partly
        Which may be the nearest of a point in the cell, and which others are only counted.
    """
    cell, center = pairs
    which = [np.flatnonzero(near), np.flatnonzero(partly)]
    own = [cell[at] for at in which]
    sizes = [np.bincount(at, minlength=cells) for at in own]
    count = sizes[0] + sizes[1]
    start = np.cumsum(count) - count
    result = np.empty(len(own[0]) + len(own[1]), np.int64)
    first = start
    for at, where, size in zip(which, own, sizes, strict=True):
        shift = first - (np.cumsum(size) - size)
        result[shift.take(where) + np.arange(len(at))] = center[at]
        first = first + size
    return start, count, result


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
    more = np.flatnonzero(count > 1)
    near = np.maximum(shortlists.near.take(number[more]), 1)
    _compare_near(result, _Candidates(more, start[more], near, shortlists.center), points, limits)
    rest = _Candidates(more, start[more] + near - 1, count[more] - near + 1, shortlists.center)
    _count_others(result, rest, points, limits)
    return result


class _Candidates(NamedTuple):
    """Sites, and for each where its shortlist is in ``center``, and how long it is."""

    site: Ints
    start: Ints
    length: Ints
    center: Ints

    def parts(self) -> "Iterator[_Candidates]":
        """Yield the sites that have a second center, the longest lists first, some at a time."""
        many = np.flatnonzero(self.length > 1)
        if not len(many):
            return
        many = many[_descending(self.length[many])]
        for some in np.array_split(many, len(many) // SITES_AT_ONCE + 1):
            yield _Candidates(self.site[some], self.start[some], self.length[some], self.center)

    def others(self) -> "Iterator[tuple[int, slice, Ints]]":
        """Yield the number of the second center, the third ..., which sites have one, and it."""
        more = len(self.length) - np.cumsum(np.bincount(self.length))  # sites with more than nth
        for nth in range(1, int(self.length[0])):
            subset = slice(int(more[nth]))
            yield nth, subset, self.center.take(self.start[subset] + nth)


def _compare_near(
    result: _Comparison,
    candidates: _Candidates,
    points: tuple[Floats, Floats],
    limits: Sequence[Floats],
) -> None:
    """Compare sites with the centers that may be their nearest, from the second one on.

    The arrays of ``result`` are updated in place.
    """
    for part in candidates.parts():
        sites = geodesy.take(points[0], part.site)
        lower, second, *reached = (v.take(part.site) for v in result[1:])
        best = np.zeros(len(lower), np.min_scalar_type(part.length[0]))
        ends = [limit.take(part.site) for limit in limits]
        for nth, subset, other in part.others():
            square = geodesy.square_m2(sites[subset], geodesy.take(points[1], other))
            for count, end in zip(reached, ends, strict=True):
                count[subset] += (square <= end[subset]).view(np.uint8)
            nearer = (square < lower[subset]).view(np.uint8) * best.dtype.type(nth)
            np.maximum(best[subset], nearer, out=best[subset])
            least, next_ = lower[subset], second[subset]
            np.minimum(next_, np.maximum(least, square), out=next_)
            np.minimum(least, square, out=least)
        center = part.center.take(part.start + best)
        for whole, values in zip(result, (center, lower, second, *reached), strict=True):
            whole[part.site] = values


def _count_others(
    result: _Comparison,
    candidates: _Candidates,
    points: tuple[Floats, Floats],
    limits: Sequence[Floats],
) -> None:
    """Count the centers in reach that are the nearest of no site of their cell.

    The counts in ``result`` are updated in place.
    """
    for part in candidates.parts():
        sites = geodesy.take(points[0], part.site)
        reached = [count.take(part.site) for count in result[3:]]
        ends = [limit.take(part.site) for limit in limits]
        for _, subset, other in part.others():
            square = geodesy.square_m2(sites[subset], geodesy.take(points[1], other))
            for count, end in zip(reached, ends, strict=True):
                count[subset] += (square <= end[subset]).view(np.uint8)
        for whole, values in zip(result[3:], reached, strict=True):
            whole[part.site] = values


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


def _could_be_nearest(cell: Ints, away: Floats, points: Floats, radius: Floats) -> Bools:
    """Return which centers could be the nearest one of some point in their cell.

    Parameters
    ----------
    cell, away, points
        Pairs of a cell and a center in order: number of the cell, the chord between its middle and
        the center in metres, and the center as `geodesy.ecef`; shapes (k,), (k,), (k, 3).
    radius
        Of the ball around each cell in metres, shape (cells,).
    """
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    if not len(starts):
        return np.zeros(0, np.bool_)
    sizes = np.diff(starts, append=len(cell))
    own, least = radius.take(cell[starts]), np.minimum.reduceat(away, starts)
    result: Bools = away <= np.repeat(geodesy.rival_chord_m(least + own) + own, sizes)
    rivals = np.flatnonzero(result)
    place = np.repeat(np.arange(len(starts)), sizes).take(rivals)
    others, chord, near, ball = points[rivals], away[rivals], least[place], own[place]
    first = np.flatnonzero(chord == near)
    nearest = others[first[np.flatnonzero(np.diff(place[first], prepend=-1))]]
    longest = np.minimum(near + ball, 2 * geodesy.LEAST_RADIUS_M)
    slack = (geodesy.rival_chord_m(longest) - longest) * (chord + near + 2 * ball)
    apart = geodesy.chord_m(others, nearest[place])
    result[rivals] = (chord - near) * (chord + near) <= 2 * ball * apart + slack
    return result
