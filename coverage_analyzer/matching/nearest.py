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

*Sites.* Squared chords from a site to its shortlist are compared in single precision, one center at
a time for all sites with lists of at least that length. This gives the nearest and the runner-up,
and which centers certainly and possibly reach the site (`geodesy.chord_limits_m`). Coordinates are
whole numbers of 1 / `UNITS` metres, so that differences are exact, and a chord *d* is wrong by at
most ``sqrt(3) / UNITS``. With *u* the unit roundoff, single precision adds ``2.5 u d`` at most: *u*
by conversion, ``3 u`` in the square. Limits are made wider by a little more than both.

The chord to the nearest is computed again in double precision. Where the runner-up could be nearer
along the ground (`geodesy.rival_chord_m`), or certain and possible reach differ, double precision
and Karney's geodesic decide: some ten sites in a million.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct, expand_ranges
from coverage_analyzer.matching.grid import GRIDS, NO_CENTER, ShortlistCache, Shortlists

__all__ = ["NO_CENTER", "Groups", "NearestIndex", "ReachIndex"]

PAIRS_AT_ONCE: Final = 40_000
"""Pairs of a new cell and a center processed at once, sized to fit into the CPU cache."""

UNITS: Final = 128
"""Units of a metre in which coordinates are whole; twice the earth's axis is less than 2**31."""

UNITS_ERROR_M: Final = 0.014
SINGLE_ERROR: Final = 2e-7
"""Upper bounds of the error of a chord in single precision: metres, and relative."""

NOT_FAR_M: Final = 1_000_000.0
"""Up to this chord, its rival is longer by at most 20 m, and thus by less than `NOT_TIED`."""

NOT_TIED: Final = 1e-3
"""A runner-up that is farther by this ratio and a metre is certainly not the nearest."""

Singles = npt.NDArray[np.float32]
Wholes = npt.NDArray[np.int32]
Counts = npt.NDArray[np.unsignedinteger[Any]]


class Groups(NamedTuple):
    """Groups of centers, as an index takes them.

    Attributes
    ----------
    lon, lat
        Coordinates of all centers, degrees on WGS 84, shape (n,).
    members
        Positions of the centers of each group, ascending.
    reach_m
        Reach of a center of each group.
    """

    lon: Floats
    lat: Floats
    members: list[Ints]
    reach_m: Floats


class Found(NamedTuple):
    """What `NearestIndex.search` finds, shape (n,) each if not stated otherwise.

    Attributes
    ----------
    center
        `NO_CENTER` if the group is empty; ties go to the first.
    in_reach
        Number of centers of the group that reach the site.
    square_m2
        The squared chord to that center; infinite if there is none.
    points
        That center as `geodesy.ecef`, infinitely far if there is none; shape (n, 3).
    """

    center: Ints
    in_reach: Ints
    square_m2: Floats
    points: Floats


class _Index:
    """Centers in groups: a site is compared only with those of its own group.

    The shortlists of an index answer one question: where only the nearest matters, others that
    reach a whole cell are counted; where all in reach are asked for, farther ones are dropped, the
    nearest among them.

    Safe for concurrent use, as the caches are: at worst two threads compute the same entries.
    Pickles omit them.

    Parameters
    ----------
    lon, lat, members, reach_m
        As for `Groups`.

    Attributes
    ----------
    lon, lat
        As given.
    points
        `geodesy.ecef` of the centers, and of `NO_CENTER` at the end, shape (n + 1, 3).
    """

    _counts: ClassVar[bool]
    """Whether centers that reach a whole cell are only counted, if they cannot be the nearest."""

    def __init__(self, lon: Floats, lat: Floats, members: list[Ints], reach_m: Floats) -> None:
        self.lon, self.lat = lon, lat
        self.points = geodesy.ecef(np.append(lon, 0), np.append(lat, 0))
        self.points[NO_CENTER] = np.inf
        self._wholes = _in_units(self.points[:NO_CENTER])
        self._sizes = np.array([len(m) for m in members], np.int64)
        self._first = np.cumsum(self._sizes) - self._sizes
        self._members = np.concatenate(members) if members else np.zeros(0, np.int64)
        self._reach_m = reach_m
        self._limits = geodesy.chord_limits_m(reach_m)
        self._squares = [chord**2 for chord in self._limits]
        self._wide_squares = _wider(*self._limits)
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

    def _shortlists(
        self, lon: Floats, lat: Floats, group: Ints, level: int = -1
    ) -> tuple[Shortlists, Ints]:
        """Return shortlists, and the entry of each place's cell for its group."""
        cache = self._caches[level]
        cell = cache.grid.cell(lon, lat)
        shortlists, number = cache.find(cell, group)
        new = np.flatnonzero(number == 0)
        if len(new):
            size = cache.grid.columns * cache.grid.rows
            groups, cells = np.divmod(distinct(group[new] * size + cell[new]), size)
            for more in self._find(cells, groups, level):
                cache.add(more)
            shortlists, number[new] = cache.find(cell[new], group[new])
        return shortlists, number

    def _find(self, cell: Ints, group: Ints, level: int) -> Iterator[Shortlists]:
        """Yield the shortlists of cells that are not cached, a chunk at a time."""
        lon, lat = GRIDS[level].middle(cell)
        points, radius = geodesy.ecef(lon, lat), GRIDS[level].radius_m(lat)
        if level == -len(GRIDS):
            none = np.zeros_like(cell)
            range_ = self._first[group], self._sizes[group]
            outer = Shortlists(cell, group, *range_, none, none, self._members)
        else:
            shortlists, number = self._shortlists(lon, lat, group, level - 1)
            outer = dataclasses.replace(shortlists.take(number), cell=cell, group=group)
        todo = np.arange(len(cell))
        if self._counts:  # what is alone in the larger cell is so in the smaller one
            alone, todo = np.flatnonzero(outer.count <= 1), np.flatnonzero(outer.count > 1)
            yield _listed(outer.take(alone), outer.certain[alone], *_pairs(outer, alone))
        cuts = np.flatnonzero(np.diff(np.cumsum(outer.count[todo]) // PAIRS_AT_ONCE)) + 1
        for part in np.split(todo, cuts):
            yield self._filter(outer.take(part), points[part], radius[part])

    def _filter(self, shortlists: Shortlists, middle: Floats, radius: Floats) -> Shortlists:
        """Return shortlists reduced to the centers that can matter to a ball."""
        cells = len(shortlists.cell)
        cell, center = _pairs(shortlists, np.arange(cells))
        there = geodesy.take(self.points, center)
        away = np.sqrt(geodesy.square_m2(geodesy.take(middle, cell), there))
        inner, outer = (limit.take(shortlists.group) for limit in self._limits)
        listed = away <= np.repeat(outer + radius, shortlists.count)
        certain = shortlists.certain
        if self._counts:
            surely = away <= np.repeat(inner - radius, shortlists.count)
            near = _could_be_nearest(cell, away, there, radius)
            listed &= ~surely
            listed |= near
            certain = certain + np.bincount(cell[surely & ~near], minlength=cells)
        kept = np.flatnonzero(listed)
        return _listed(shortlists, certain, cell.take(kept), center.take(kept))


class NearestIndex(_Index):
    """Centers in groups, of which a site asks for the nearest one and for how many reach it."""

    _counts = True

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
        count = shortlists.count.take(number)
        several = np.flatnonzero(count > 1)
        several = several[_descending(count.take(several))]
        compared = self._compare(shortlists, several, number, points, group)
        center = shortlists.center.take(shortlists.start.take(number))
        center[several] = compared.center
        there = geodesy.take(self.points, center)
        square = geodesy.square_m2(points, there)
        certain, possible = (square <= limit.take(group) for limit in self._squares)
        doubt = certain != possible
        doubt[several] = _ambiguous(square.take(several), compared)
        reached = certain.astype(compared.certain.dtype)
        reached[several] = compared.certain
        in_reach = shortlists.certain.take(number)
        in_reach += reached
        found = Found(center, in_reach, square, there)
        unclear = np.flatnonzero(doubt)
        if len(unclear):
            place = lon[unclear], lat[unclear], group[unclear]
            self._resolve_exactly(found, unclear, shortlists, number[unclear], place)
        return found

    def _compare(
        self, shortlists: Shortlists, several: Ints, number: Ints, points: Floats, group: Ints
    ) -> "_Compared":
        """Return sites compared with all centers of their shortlists, in single precision.

        Parameters
        ----------
        shortlists, number
            The entry of each site, shape (n,).
        several
            Positions of the sites to compare, those with the longest shortlists first.
        points, group
            `geodesy.ecef` and group of all sites, shapes (n, 3) and (n,).
        """
        entry, own = number.take(several), group.take(several)
        start = shortlists.start.take(entry)
        best, second, certain, possible = _nearest_of(
            _Listed(shortlists.center, self._wholes),
            (start, shortlists.count.take(entry)),
            _in_units(geodesy.take(points, several)),
            self._wide_squares.take(own, axis=1),
        )
        return _Compared(shortlists.center.take(start + best), second, certain, possible)

    def _resolve_exactly(
        self,
        found: Found,
        unclear: Ints,
        shortlists: Shortlists,
        number: Ints,
        place: tuple[Floats, Floats, Ints],
    ) -> None:
        """Find the nearest center of ambiguous sites, and how many reach each, by the geodesic.

        Parameters
        ----------
        found
            What is found, which is changed in place.
        unclear
            Positions of the ambiguous sites, shape (k,).
        shortlists, number
            The entry of each, shape (k,).
        place
            Longitude, latitude and group of each, shape (k,).
        """
        lon, lat, group = place
        points = geodesy.ecef(lon, lat)
        site, center = _pairs(shortlists, number)
        pair = (lon[site], lat[site], self.lon[center], self.lat[center])
        chord = geodesy.chord_m(points[site], self.points[center])
        reaching = geodesy.within_chord(chord, pair, self._reach_m[group[site]])
        nearest = _first_of(site, center, chord, pair)
        found.center[unclear] = nearest
        counts = np.bincount(site[reaching], minlength=len(number))
        found.in_reach[unclear] = shortlists.certain[number] + counts
        found.points[unclear] = geodesy.take(self.points, nearest)
        found.square_m2[unclear] = geodesy.square_m2(points, geodesy.take(self.points, nearest))


class ReachIndex(_Index):
    """Centers in groups, of which a site asks for all that reach it."""

    _counts = False

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


def _listed(shortlists: Shortlists, certain: Ints, cell: Ints, center: Ints) -> Shortlists:
    """Return shortlists with other centers.

    Parameters
    ----------
    shortlists
        Their cells and groups, shape (n,).
    certain
        Number of the centers that reach each cell, and are not listed; shape (n,).
    cell, center
        Pairs of a position in ``shortlists`` and a center, in order; shape (k,).
    """
    count = np.bincount(cell, minlength=len(certain))
    start = np.cumsum(count) - count
    return dataclasses.replace(shortlists, start=start, count=count, certain=certain, center=center)


class _Compared(NamedTuple):
    """Sites compared with the centers of their shortlists, by chords in single precision.

    Attributes
    ----------
    center
        The nearest of each.
    second
        The squared chord of the next one, in units.
    certain, possible
        How many certainly and possibly reach the site.
    """

    center: Ints
    second: Singles
    certain: Counts
    possible: Counts


class _Listed(NamedTuple):
    """The centers of all shortlists, and the coordinates of centers in units, shape (3, n)."""

    center: Ints
    wholes: Wholes

    def squares(self, at: Ints, place: Wholes) -> Singles:
        """Return the squared chords from places to centers, by their positions in the lists."""
        wholes = self.wholes.take(self.center.take(at), axis=1)
        wholes -= place
        steps = wholes.astype(np.float32)
        steps *= steps
        square: Singles = steps[0]
        square += steps[1]
        square += steps[2]
        return square


def _nearest_of(
    listed: _Listed,
    ranges: tuple[Ints, Ints],
    place: Wholes,
    limits: Singles,
) -> tuple[Ints, Singles, Counts, Counts]:
    """Return where in each shortlist the nearest center is, and the rest of `_Compared`.

    Parameters
    ----------
    listed
        The centers of all shortlists.
    ranges
        Start and length of the shortlist of each site, the longest first; shape (n,) each.
    place
        The sites in units, shape (3, n).
    limits
        Squared chords in units up to which a center certainly and possibly reaches a site, shape
        (2, n).
    """
    start, length = ranges
    kind = np.min_scalar_type(length[:1].max(initial=0))  # usually a byte, fast to add to
    least, second = np.full((2, len(start)), np.inf, np.float32)
    best, reached = np.zeros(len(start), kind), np.zeros((2, len(start)), kind)
    at = start.copy()
    more = len(length) - np.cumsum(np.bincount(length))  # sites with more than nth
    for nth, size in enumerate(more[:-1].tolist()):
        some = slice(size)
        square = listed.squares(at[some], place[:, some])
        reached[:, some] += (square <= limits[:, some]).view(np.uint8)
        nearer = (square < least[some]).view(np.uint8) * kind.type(nth)
        np.maximum(best[some], nearer, out=best[some])
        np.minimum(second[some], np.maximum(least[some], square), out=second[some])
        np.minimum(least[some], square, out=least[some])
        at[some] += 1
    return best, second, reached[0], reached[1]


def _in_units(points: Floats) -> Wholes:
    """Return `geodesy.ecef` points in whole units, shape (3, n)."""
    return np.rint(points.T * UNITS).astype(np.int32)


def _wider(inner: Floats, outer: Floats) -> Singles:
    """Return the squares in units of two chords that decide a limit also in single precision."""
    inner = (inner * (1 - SINGLE_ERROR) - UNITS_ERROR_M) * UNITS
    outer = (outer * (1 + SINGLE_ERROR) + UNITS_ERROR_M) * UNITS
    low = np.nextafter((inner * inner).astype(np.float32), np.float32(-np.inf))
    high = np.nextafter((outer * outer).astype(np.float32), np.float32(np.inf))
    return np.stack([np.where(inner > 0, low, np.float32(-1)), high])


def _descending(count: Ints) -> Ints:
    """Return the descending order of counts."""
    short = count.astype(np.uint16) if count.max(initial=0) < 2**16 else count  # radix sort
    return np.argsort(short, kind="stable")[::-1]


def _ambiguous(square: Floats, compared: _Compared) -> Bools:
    """Return the sites whose nearest center, or centers in range, single precision leaves open.

    Parameters
    ----------
    square
        The exact squared chord to the center that seems to be the nearest, shape (n,).
    compared
        How they compared.
    """
    result = np.asarray(compared.certain != compared.possible)
    chord = np.sqrt(square)
    bound = chord * (UNITS * (1 + NOT_TIED))
    bound += UNITS
    bound *= bound
    close = np.flatnonzero((compared.second <= bound) | (chord > NOT_FAR_M))
    runner_up = geodesy.rival_chord_m(chord[close]) * (1 + SINGLE_ERROR) + UNITS_ERROR_M
    result[close] |= compared.second[close] <= (runner_up * UNITS) ** 2
    return result


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
