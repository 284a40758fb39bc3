"""Which centers matter to a place: found once for each cell of the globe, then compared at once.

*Cells.* A cell lies in a ball of chord radius *p* round its middle. So, by the triangle inequality
in space, a center at chord *D* from the middle lies at *D - p* to *D + p* from every point of the
cell. A center is a *candidate* of the cell if it may be the nearest one of some point of it, or may
reach a part of it only. All others reach the whole cell, and are only counted (*surely*), or no
point of it, and are forgotten. Candidates of a small cell are sought among those of the large cell
round it, which are sought among all centers of the group: what does not matter to the large cell
does not matter to the small one. What was found is kept for the next batch, in a `Notebook`.

*Sites.* The chords of a site to its candidates are compared in squares, one candidate at a time for
all sites that have so many. That leaves the least and the second, and who surely and who perhaps
reaches the site (`geodesy.chord_limits_m`). Where the second could still be nearer along the ground
(`geodesy.rival_chord_m`), or sure and perhaps differ, Karney's geodesic settles it: a few sites in
a million.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, spread
from coverage_analyzer.matching.grid import GRIDS, NOBODY, Notebook, Notes

__all__ = ["NOBODY", "Index"]

PAIRS_AT_ONCE: Final = 2_000_000
"""Bounds the memory of looking at new cells."""

SITES_AT_ONCE: Final = 12_000
"""So many sites with several candidates are compared at once: what they need fits into a cache."""


class Index:
    """Centers in groups: a site asks only those of its own group.

    Several threads may ask at once: what is known of cells is replaced as a whole, never changed,
    so the worst that can happen is that two find out the same. A pickle forgets it.

    Parameters
    ----------
    lon, lat
        Of all centers, degrees on WGS 84, shape (n,).
    members
        For each group the positions of its centers, ascending.
    reach_m
        For each group how far a center reaches.
    list_all
        Whether `in_reach` will be asked, which wants the centers that `nearest` only counts.

    Attributes
    ----------
    points
        `geodesy.ecef` of the centers, and of `NOBODY` at the end, shape (n + 1, 3).
    """

    def __init__(
        self, lon: Floats, lat: Floats, members: list[Ints], reach_m: Floats, *, list_all: bool
    ) -> None:
        self._lon, self._lat = lon, lat
        self.points = geodesy.ecef(np.append(lon, 0), np.append(lat, 0))
        self.points[NOBODY] = np.inf
        self._sizes = np.array([len(m) for m in members], np.int64)
        self._first = np.cumsum(self._sizes) - self._sizes
        self._members = np.concatenate(members) if members else np.zeros(0, np.int64)
        self._reach_m, self._list_all = reach_m, list_all
        self._limits = geodesy.chord_limits_m(reach_m)
        self._squares = [chord**2 for chord in self._limits]
        self._notebooks = tuple(map(Notebook, GRIDS))

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle holds: all but what can be found out again."""
        return {n: v for n, v in self.__dict__.items() if n != "_notebooks"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what a pickle held, with empty notebooks."""
        self.__dict__.update(state, _notebooks=tuple(map(Notebook, GRIDS)))

    def __len__(self) -> int:
        """Return how many centers there are in all groups together."""
        return len(self._members)

    def nearest(self, lon: Floats, lat: Floats, points: Floats, group: Ints) -> tuple[Ints, Ints]:
        """Return the nearest center of each site's group, and how many of the group reach it.

        Parameters
        ----------
        lon, lat, points
            Degrees, and the same as `geodesy.ecef`; shapes (n,), (n,), (n, 3).
        group
            Shape (n,).

        Returns
        -------
        center
            `NOBODY` if the group is empty. Of equally near ones the first.
        in_reach
        """
        notes, number = self._notes(lon, lat, group)
        limits = [square.take(group) for square in self._squares]
        found = _compared(notes, number, (points, self.points), limits)
        doubt = _doubtful(found)
        in_reach = notes.surely.take(number) + found.surely
        if len(doubt):
            some = number[doubt]
            center, reaching = self._settled(notes, some, lon[doubt], lat[doubt], group[doubt])
            found.center[doubt] = center
            in_reach[doubt] = notes.surely[some] + reaching
        return found.center, in_reach

    def _settled(
        self, notes: Notes, number: Ints, lon: Floats, lat: Floats, group: Ints
    ) -> tuple[Ints, Ints]:
        """Return the nearest center of sites in doubt, and how many candidates reach each."""
        site, center = _pairs(notes, number)
        pair = (lon[site], lat[site], self._lon[center], self._lat[center])
        chord = geodesy.chord_m(geodesy.ecef(lon, lat)[site], self.points[center])
        reaching = geodesy.within_chord(chord, pair, self._reach_m[group[site]])
        nearest = _first_of(site, center, chord, pair)
        return nearest, np.bincount(site[reaching], minlength=len(number))

    def in_reach(self, lon: Floats, lat: Floats, group: Ints) -> tuple[Ints, Ints, Floats]:
        """Return all pairs of a site and a center that reaches it, and their distance in metres."""
        site, center = _pairs(*self._notes(lon, lat, group))
        there = geodesy.picked(self.points, center)
        square = geodesy.square_m2(geodesy.picked(geodesy.ecef(lon, lat), site), there)
        perhaps = square <= self._squares[1].take(group[site])
        site, center = site[perhaps], center[perhaps]
        away = geodesy.distance_m(lon[site], lat[site], self._lon[center], self._lat[center])
        near = away <= self._reach_m[group[site]] + geodesy.ROUNDING_M
        return site[near], center[near], away[near]

    def _notes(self, lon: Floats, lat: Floats, group: Ints, level: int = -1) -> tuple[Notes, Ints]:
        """Return notes, and the number of the one on the cell of each place for its group."""
        notebook = self._notebooks[level]
        cell = notebook.grid.cell(lon, lat)
        number = notebook.numbers(cell, group)
        new = np.flatnonzero(number == 0)
        if len(new):
            size = notebook.grid.columns * notebook.grid.rows
            groups, cells = np.divmod(np.unique(group[new] * size + cell[new]), size)
            notebook = notebook.fuller(self._examined(cells, groups, level))
            known = list(self._notebooks)
            known[level] = notebook
            self._notebooks = tuple(known)
            number[new] = notebook.numbers(cell[new], group[new])
        return notebook.notes, number

    def _examined(self, cell: Ints, group: Ints, level: int) -> list[Notes]:
        """Return notes on cells not seen before, a part at a time."""
        lon, lat = GRIDS[level].middle(cell)
        if level == -len(GRIDS):
            first, sizes, none = self._first[group], self._sizes[group], np.zeros_like(cell)
            round_ = Notes(cell, group, first, sizes, none, self._members)
        else:
            notes, number = self._notes(lon, lat, group, level - 1)
            round_ = dataclasses.replace(notes.some(number), cell=cell, group=group)
        cuts = np.flatnonzero(np.diff(np.cumsum(round_.count) // PAIRS_AT_ONCE)) + 1
        parts = np.split(np.arange(len(cell)), cuts)
        radius = GRIDS[level].radius_m(lat)
        points = geodesy.ecef(lon, lat)
        return [self._sifted(round_.some(p), points[p], radius[p]) for p in parts]

    def _sifted(self, notes: Notes, middle: Floats, radius: Floats) -> Notes:
        """Return notes with those of their centers only that matter to a ball."""
        cells = len(notes.cell)
        cell, center = _pairs(notes, np.arange(cells))
        away = geodesy.chord_m(middle[cell], self.points[center])
        least, most = away - radius[cell], away + radius[cell]
        inner, outer = (limit[notes.group][cell] for limit in self._limits)
        if self._list_all:
            kept, surely = least <= outer, np.zeros(len(cell), np.bool_)
        else:
            rival = _could_be_nearest(cell, least, most)
            kept = rival | ((least <= outer) & (most > inner))
            surely = (most <= inner) & ~rival
        count = np.bincount(cell[kept], minlength=cells)
        return dataclasses.replace(
            notes,
            start=np.cumsum(count) - count,
            count=count,
            surely=notes.surely + np.bincount(cell[surely], minlength=cells),
            center=center[kept],
        )


class _Compared(NamedTuple):
    """Sites after a look at candidates: the nearest by chord, and how many reach the site.

    ``least`` and ``second`` are the squares of its chord and of the next one's.
    """

    center: Ints
    least: Floats
    second: Floats
    surely: npt.NDArray[np.unsignedinteger[Any]]
    perhaps: npt.NDArray[np.unsignedinteger[Any]]


def _compared(
    notes: Notes, number: Ints, points: tuple[Floats, Floats], limits: Sequence[Floats]
) -> _Compared:
    """Return sites compared with all their candidates.

    Parameters
    ----------
    notes, number
        The note of each site, shape (n,).
    points
        `geodesy.ecef` of sites and centers, shapes (n, 3) and (centers, 3).
    limits
        Squares of the chords up to which a center surely and perhaps reaches the site.
    """
    sites, centers = points
    start, count = notes.start.take(number), notes.count.take(number)
    center = notes.center.take(start)  # nobody's where there are no candidates
    least = geodesy.square_m2(sites, geodesy.picked(centers, center))
    kind = np.min_scalar_type(count.max(initial=0))  # mostly a byte, which is quick to add to
    reached = ((least <= limit).astype(kind) for limit in limits)
    found = _Compared(center, least, np.full(len(least), np.inf), *reached)
    many = np.flatnonzero(count > 1)
    if len(many):
        many = many[_by_falling(count[many])]
        for some in np.array_split(many, len(many) // SITES_AT_ONCE + 1):
            part = _Compared._make(v.take(some) for v in found)
            theirs = geodesy.picked(sites, some), centers
            _look_on(part, notes, (start[some], count[some]), theirs, [v[some] for v in limits])
            for whole, values in zip(found, part, strict=True):
                whole[some] = values
    return found


def _look_on(
    found: _Compared,
    notes: Notes,
    candidates: tuple[Ints, Ints],
    points: tuple[Floats, Floats],
    limits: Sequence[Floats],
) -> None:
    """Compare sites with their candidates from the second on, those with the most first."""
    start, count = candidates
    more = len(count) - np.cumsum(np.bincount(count))  # so many have more candidates than nth
    for nth in range(1, int(count[0])):
        some = slice(int(more[nth]))
        rival = notes.center.take(start[some] + nth)
        square = geodesy.square_m2(points[0][some], geodesy.picked(points[1], rival))
        center, least, second, surely, perhaps = (v[some] for v in found)
        np.minimum(second, np.maximum(least, square), out=second)
        np.copyto(center, rival, where=square < least)
        np.minimum(least, square, out=least)
        surely += (square <= limits[0][some]).view(np.uint8)
        perhaps += (square <= limits[1][some]).view(np.uint8)


def _by_falling(count: Ints) -> Ints:
    """Return the order of counts from the greatest to the least."""
    short = count.astype(np.uint16) if count.max() < 2**16 else count  # sorted by digits
    return np.argsort(short, kind="stable")[::-1]


def _doubtful(found: _Compared) -> Ints:
    """Return which sites chords cannot settle: the nearest, or who reaches it."""
    several = np.flatnonzero(np.isfinite(found.second))
    rival = geodesy.rival_chord_m(np.sqrt(found.least[several]))
    doubt = found.surely != found.perhaps
    doubt[several] |= found.second[several] <= rival**2
    return np.flatnonzero(doubt)


def _pairs(notes: Notes, number: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of a position in ``number`` and a center of that note, in order."""
    place, at = spread(notes.start[number], notes.count[number])
    return place, notes.center[at]


def _first_of(site: Ints, center: Ints, chord: Floats, pair: tuple[Floats, ...]) -> Ints:
    """Return the nearest of each site's candidates by Karney's geodesic; of equals the first."""
    starts = np.flatnonzero(np.diff(site, prepend=-1))
    least = np.minimum.reduceat(chord, starts)
    sizes = np.diff(starts, append=len(site))
    rivals = np.flatnonzero(chord <= np.repeat(geodesy.rival_chord_m(least), sizes))
    exact = geodesy.distance_m(*(p[rivals] for p in pair))
    site, center = site[rivals], center[rivals]
    order = np.lexsort((center, exact, site))
    best = order[np.flatnonzero(np.diff(site[order], prepend=-1))]
    result: Ints = center[best]
    return result


def _could_be_nearest(cell: Ints, least: Floats, most: Floats) -> Bools:
    """Return which centers may be the nearest one of some point of their cell."""
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    if not len(starts):
        return np.zeros(0, np.bool_)
    sizes = np.diff(starts, append=len(cell))
    rival = geodesy.rival_chord_m(np.minimum.reduceat(most, starts))
    return least <= np.repeat(rival, sizes)
