"""The bands of a policy as tables by country, for vectorised look-ups."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import Unit

Levels: TypeAlias = npt.NDArray[np.int8]


class Bands:
    """The bands of all countries.

    Attributes
    ----------
    number
        Maximum number of bands of a country.
    edges
        Upper limits in metres, ascending, shape (countries, bands); NaN where there are fewer.
    widest
        The greatest limit of each country, in metres.
    """

    def __init__(self, policy: Policy, world: Countries) -> None:
        self.edges = edges = band_edges(policy, world)
        self.number, self.widest = edges.shape[1], np.nanmax(edges, axis=1)
        limits = geodesy.chord_limits_m(edges.T)
        self._inner, self._outer = (np.ascontiguousarray(chord**2) for chord in limits)
        self._limits = {unit: limit_table(policy, world, unit) for unit in policy.printed_units}
        levels = band_levels(policy, world)
        self._level = np.column_stack([levels, levels[:, -1]])
        fits = levels[:, None, :] >= np.arange(len(policy.levels))[:, None]
        fits &= ~np.isnan(edges)[:, None, :]
        self._first = fits.argmax(axis=2)
        by_road = bands_by_road(policy, world)
        self._by_road = np.column_stack([by_road, np.zeros(len(by_road), np.bool_)])

    def of(self, square: Floats, country: Numbers, pair: Sequence[Floats]) -> Ints:
        """Return the band of each site from its squared chord in m2; `number` beyond all bands.

        ``pair`` has the arguments of `geodesy.within`, which is called where the chord does not
        decide.
        """
        band = np.full(len(square), self.number, np.int64)
        for number in reversed(range(self.number)):
            within = square <= self._inner[number].take(country)
            doubtful = np.flatnonzero((square <= self._outer[number].take(country)) & ~within)
            if len(doubtful):
                limit_m = self.edges[country[doubtful], number]
                lon1, lat1, lon2, lat2 = (c[doubtful] for c in pair)
                within[doubtful] = geodesy.within(lon1, lat1, lon2, lat2, limit_m)
            band[within] = number
        return band

    def limit(self, country: Numbers, band: Ints, unit: Unit) -> Floats:
        """Return the upper limit of bands in a unit; the greatest one beyond all bands."""
        return self._limits[unit].take(self._place(country, band))

    def level(self, country: Numbers, band: Ints) -> Levels:
        """Return the level positions of bands; beyond all bands the value is meaningless."""
        return self._level.take(self._place(country, band))

    def first(self, country: Numbers, level: Levels) -> Ints:
        """Return the nearest band with a level no better than a given one; 0 without one."""
        band: Ints = self._first[country, level]
        return band

    def by_road(self, country: Numbers, band: Ints) -> Bools:
        """Return whether bands are decided by road; beyond all bands, no road is shorter."""
        return self._by_road.take(self._place(country, band))

    def _place(self, country: Numbers, band: Ints) -> Ints:
        """Return the index into the tables, which have one column more than there are bands."""
        return country * np.int64(self.number + 1) + band


def band_edges(policy: Policy, world: Countries) -> Floats:
    """Return the upper limits of the bands of each country in metres, NaN where it has fewer."""
    bands = [policy.bands_in(code) for code in world.names.codes]
    result = np.full((len(bands), max(map(len, bands))), np.nan)
    for number, country_bands in enumerate(bands):
        result[number, : len(country_bands)] = [band.up_to_m for band in country_bands]
    return result


def limit_table(policy: Policy, world: Countries, unit: Unit) -> Floats:
    """Return the upper limits of the bands of each country in a unit, and last the greatest."""
    bands = [policy.bands_in(code) for code in world.names.codes]
    result = np.full((len(bands), max(map(len, bands)) + 1), np.nan)
    for number, country_bands in enumerate(bands):
        limits = [band.limit_in(unit) for band in country_bands]
        result[number, : len(limits)] = limits
        result[number, -1] = limits[-1]
    return result


def band_levels(policy: Policy, world: Countries) -> Levels:
    """Return the positions of the levels of each country's bands."""
    result = np.zeros(band_edges(policy, world).shape, np.int8)
    for number, code in enumerate(world.names.codes):
        levels = [policy.level_position(band.level) for band in policy.bands_in(code)]
        result[number, : len(levels)] = levels
    return result


def bands_by_road(policy: Policy, world: Countries) -> Bools:
    """Return whether the bands of each country are decided by road, not by the geodesic."""
    result = np.zeros(band_edges(policy, world).shape, np.bool_)
    for number, code in enumerate(world.names.codes):
        metrics = [band.metric != "geodesic" for band in policy.bands_in(code)]
        result[number, : len(metrics)] = metrics
    return result
