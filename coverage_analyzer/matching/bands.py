"""The bands of a policy as tables by zone, for vectorised look-ups.

A zone is where the same bands apply: a country, or, where the policy has areas or centers with
bands of their own, what `zones` makes of them.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Countries
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.distances import Unit

Levels: TypeAlias = npt.NDArray[np.int8]


BandRows: TypeAlias = Sequence[tuple[Band, ...]]
"""The bands of each zone, the nearest first."""


class Bands:
    """The bands of all zones.

    Parameters
    ----------
    policy
        Of the bands.
    rows
        The bands of each zone; by default those of each country.

    Attributes
    ----------
    number
        Maximum number of bands of a zone.
    edges
        Upper limits in metres, ascending, shape (zones, bands); NaN where there are fewer.
    widest
        The greatest limit of each zone, in metres; 0 where there is no band.
    is_empty
        Whether the policy has no bands: each site is then beyond all bands, and has no limit.
    """

    def __init__(self, policy: Policy, rows: BandRows) -> None:
        self.edges = edges = band_edges(rows)
        self.number, self.widest = edges.shape[1], np.nan_to_num(edges).max(axis=1)
        self.is_empty = not policy.bands
        limits = geodesy.chord_limits_m(edges.T)
        self._inner, self._outer = (np.ascontiguousarray(chord**2) for chord in limits)
        self._limits = {unit: limit_table(rows, unit) for unit in policy.printed_units}
        levels = band_levels(policy, rows)
        self._level = np.column_stack([levels, levels[:, -1]])
        fits = levels[:, None, :] >= np.arange(len(policy.levels))[:, None]
        fits &= ~np.isnan(edges)[:, None, :]
        self._first = fits.argmax(axis=2)
        self._by_road = _with_none(bands_by_road(rows))
        self._by_time = _with_none(bands_by_road(rows, ("drive_time",)))

    def of(self, square: Floats, zone: Ints, pairs: geodesy.Pairs) -> Ints:
        """Return the band of each site from its squared chord in m2; `number` beyond all bands.

        Karney's geodesic between ``pairs`` decides where the chord does not.
        """
        band = np.full(len(square), self.number, np.int64)
        for number in range(self.number):
            within = square <= self._inner[number].take(zone)
            doubtful = np.flatnonzero((square <= self._outer[number].take(zone)) & ~within)
            if len(doubtful):
                limit_m = self.edges[zone[doubtful], number]
                lon1, lat1, lon2, lat2 = pairs(doubtful)
                within[doubtful] = geodesy.within(lon1, lat1, lon2, lat2, limit_m)
            np.minimum(band, np.array([self.number, number]).take(within), out=band)
        return band

    def limit(self, zone: Ints, band: Ints, unit: Unit) -> Floats:
        """Return the upper limit of bands in a unit; the greatest one beyond all bands."""
        return self._limits[unit].take(self._place(zone, band))

    def level(self, zone: Ints, band: Ints) -> Levels:
        """Return the level positions of bands; beyond all bands the value is meaningless."""
        return self._level.take(self._place(zone, band))

    def first(self, zone: Ints, level: Levels) -> Ints:
        """Return the nearest band with a level no better than a given one; 0 without one."""
        band: Ints = self._first[zone, level]
        return band

    def by_road(self, zone: Ints, band: Ints) -> Bools | None:
        """Return whether bands are decided by road; None if the policy has none.

        Beyond all bands, no road is shorter.
        """
        return None if self._by_road is None else self._by_road.take(self._place(zone, band))

    def by_time(self, zone: Ints, band: Ints) -> Bools | None:
        """Return whether bands are decided by drive time; None if the policy has none."""
        return None if self._by_time is None else self._by_time.take(self._place(zone, band))

    def _place(self, zone: Ints, band: Ints) -> Ints:
        """Return the index into the tables, which have one column more than there are bands."""
        return zone * np.int64(self.number + 1) + band


def country_rows(policy: Policy, world: Countries) -> BandRows:
    """Return the bands of each country outside all areas, by its number."""
    return [policy.bands_in(code) for code in world.names.codes]


def band_edges(rows: BandRows) -> Floats:
    """Return the upper limits of the bands of each zone in metres, NaN where it has fewer."""
    return _table(rows, np.nan, lambda band: band.up_to_m)


def limit_table(rows: BandRows, unit: Unit) -> Floats:
    """Return the upper limits of the bands of each zone in a unit, and last the greatest."""
    limits = _table(rows, np.nan, lambda band: band.limit_in(unit))
    greatest = [bands[-1].limit_in(unit) if bands else np.nan for bands in rows]
    return np.column_stack([limits, greatest])


def band_levels(policy: Policy, rows: BandRows) -> Levels:
    """Return the positions of the levels of each zone's bands."""
    return _table(rows, 0, lambda band: policy.level_position(band.level)).astype(np.int8)


BY_ROAD: Final = ("road", "drive_time")
"""Metrics of bands that roads decide."""


def bands_by_road(rows: BandRows, metrics: Sequence[str] = BY_ROAD) -> Bools:
    """Return whether the bands of each zone are decided by road, not by the geodesic."""
    return _table(rows, 0, lambda band: band.metric in metrics).astype(np.bool_)


def _with_none(table: Bools) -> Bools | None:
    """Return a table of bands with a column for what is beyond all; None if nothing is true."""
    return np.column_stack([table, np.zeros(len(table), np.bool_)]) if table.any() else None


def _table(rows: BandRows, empty: float, value: Callable[[Band], float]) -> Floats:
    """Return a value of each band, shape (zones, bands)."""
    result = np.full((len(rows), max(1, *map(len, rows))), empty, np.float64)
    for number, bands in enumerate(rows):
        result[number, : len(bands)] = [value(band) for band in bands]
    return result
