"""Locate points in countries, name countries, and assign a country to each site.

Examples
--------
>>> from coverage_analyzer import countries
>>> world = countries.load()
>>> [str(code) for code in world.locate([7.5886, -157.0963, -30.0], [47.5596, 21.1529, 30.0])]
['CH', 'US', '']
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import borders, names
from coverage_analyzer.countries.borders import Borders
from coverage_analyzer.countries.names import NONE, UNKNOWN, Names, Numbers
from coverage_analyzer.errors import InputError

if TYPE_CHECKING:
    import shapely

__all__ = ["ATTRIBUTION", "NONE", "UNKNOWN", "Countries", "Names", "Numbers", "load"]

ATTRIBUTION = "Borders © OpenStreetMap contributors (ODbL)"
"""Attribution for everything that shows or derives from the country layer."""


@dataclass(frozen=True)
class Countries:
    """The countries of the world: their names (`names`) and their polygons (`borders`)."""

    names: Names
    borders: Borders

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle as a reference: the bundled layer is loaded on unpickling, not stored."""
        return (load, ()) if self is load() else super().__reduce__()

    @functools.cached_property
    def holder(self) -> Numbers:
        """Country of each face of the layer. Shape (faces,)."""
        codes = [self.names.codes.index(face[:2]) for face in self.borders.faces]
        return np.array(codes, np.int16)

    @functools.cached_property
    def claimant(self) -> Numbers:
        """Other claimant of each face of the layer, usually none. Shape (faces,)."""
        codes = [self.names.codes.index(face[3:]) for face in self.borders.faces]
        return np.array(codes, np.int16)

    def locate(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """Return the country of each point, including territorial waters.

        Parameters
        ----------
        lon, lat
            Degrees on WGS 84, of equal shapes.

        Returns
        -------
        codes
            ISO 3166-1 alpha-2 and ``XK``, empty where there is no country; of the same shape. Where
            two countries claim an area, the smaller one.

        Raises
        ------
        InputError
            If a coordinate is missing or out of range.
        """
        x, y = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        bad = ~((np.abs(x) <= 180) & (np.abs(y) <= 90))
        if bad.any():
            at = np.argwhere(bad)[0].tolist()
            msg = (
                f"{bad.sum()} points have no longitude and latitude in degrees, the first at {at}."
            )
            raise InputError(msg)
        faces = self.borders.located(x.ravel(), y.ravel())
        return np.array(self.names.codes)[self.holder[faces]].reshape(x.shape)

    def country_by_grid(self, lon: Floats, lat: Floats, fold: Numbers) -> Numbers:
        """Return the country of each point where the grid alone decides it; -2 elsewhere.

        Where there is no country, or two claim an area, the grid alone does not decide.

        Parameters
        ----------
        lon, lat
            Finite degrees on WGS 84 within their range, shape (n,).
        fold
            The country that each country counts as, by number, shape (countries,).
        """
        plain = (self.holder != NONE) & (self.claimant == NONE)
        by_face = np.append(np.where(plain, fold[self.holder], -2), -2).astype(np.int16)
        face = self.borders.face_by_grid(lon, lat)
        return by_face.take(np.minimum(face, len(plain)))

    plain_country = country_by_grid
    """Old name of `country_by_grid`, available for one release."""

    def near_m(
        self, lon: Floats, lat: Floats, country: Numbers, wanted: Bools, reach_m: npt.ArrayLike
    ) -> Floats:
        """Return the distance to the nearest border of the given countries; infinite beyond reach.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).
        country
            Row of each point in ``wanted``, shape (n,).
        wanted
            Countries in each set, shape (sets, countries).
        reach_m
            Search radius in metres, for all points or for each.
        """
        faces, reach = wanted[:, self.holder], np.broadcast_to(reach_m, lon.shape)
        return self.borders.border_m(lon, lat, faces, country.astype(np.int64), reach)

    def polygon(self, code: str) -> "shapely.MultiPolygon":
        """Return a country with its waters as a multipolygon in degrees, split at 180.

        Raises
        ------
        InputError
            If the code is not a country's, or the country has no polygon of its own (``UM``).
        """
        import shapely

        faces: Ints = np.flatnonzero(self.holder == self.names.known(code))
        if not len(faces):
            msg = f"{code} has no polygon of its own; it is within the polygon of its sovereign."
            raise InputError(msg)
        shape: Any = shapely.union_all([self.borders.polygon(face) for face in faces])
        return shape if isinstance(shape, shapely.MultiPolygon) else shapely.MultiPolygon([shape])


@functools.cache
def load() -> Countries:
    """Return the countries bundled with the package: about 0.2 CPU seconds, then cached."""
    return Countries(names.load(), borders.load())
