"""How coverage areas follow the areas of a policy, as far as the outlines of these are known.

Polygons and places have an outline, regions and postcodes have none here. What cannot be cut is
drawn whole, and said (`note`); no verdict depends on it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import shapely

from coverage_analyzer.geometry import discs
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.area_files import shapes
from coverage_analyzer.policy.areas import Area


class Sector(NamedTuple):
    """A band of a center where it applies.

    Attributes
    ----------
    band
        The band.
    areas
        Each ``id`` of an area whose bands these are; empty outside of all.
    within
        The outline to which its disc is cut; None for none.
    without
        Outlines that are cut out of its disc.
    """

    band: Band
    areas: tuple[str, ...]
    within: Any
    without: tuple[Any, ...]


class Outlines:
    """The outlines of the areas of a policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._known = {area.id: _outline(area) for area in policy.areas if area.has_shape}

    def sectors(self, country: str, center_id: str) -> Iterator[Sector]:
        """Yield the bands of a center in its country, each with where it applies.

        Parameters
        ----------
        country
            Alpha-2 code.
        center_id
            The center.
        """
        policy = self._policy
        base = policy.bands_at(country, frozenset(), center_id)
        groups = [
            group
            for group in dict.fromkeys(frozenset(band.areas) for band in policy.bands if band.areas)
            if policy.bands_at(country, group, center_id) != base
        ]
        before: list[Any] = []
        for group in groups:
            outline = self._union(group)
            for band in policy.bands_at(country, group, center_id):
                yield self._sector(band, tuple(sorted(group)), outline, before)
            before += [] if outline is None else [outline]
        for band in base:
            yield self._sector(band, (), None, before)

    def _sector(self, band: Band, areas: tuple[str, ...], within: Any, before: list[Any]) -> Sector:
        closed = [
            name
            for rule in self._policy.gates.excluded_areas
            for name in rule.areas
            if band.level in self._policy.excluded_levels(frozenset([name]))
        ]
        names = dict.fromkeys([*band.except_areas, *closed])
        cut = [self._known[name] for name in names if name in self._known]
        return Sector(band, areas, within, (*before, *cut))

    def _union(self, names: Iterable[str]) -> Any:
        """Return the outline of areas together; None if that of one is not known."""
        parts = [self._known.get(name) for name in names]
        return None if any(part is None for part in parts) else shapely.union_all(parts)


def cut(disc: Any, sector: Sector) -> Any:
    """Return a disc, or what the nearer band leaves of one, where its band applies."""
    if sector.within is not None:
        disc = shapely.intersection(disc, sector.within)
    return shapely.difference(disc, shapely.union_all(sector.without)) if sector.without else disc


def note(policy: Policy) -> list[str]:
    """Return a warning about areas that coverage areas cannot follow, if there are any."""
    used = {name for _, names in policy.area_rules for name in names}
    vague = [area.id for area in policy.areas if area.id in used and not area.has_shape]
    if not vague:
        return []
    words = (
        f"Coverage areas are not cut to the areas {', '.join(vague)}: the outlines of regions and "
        f"postcodes are not known. Their bands are drawn whole."
    )
    return [words]


def _outline(area: Area) -> Any:
    """Return the outline of an area of polygons and places."""
    lon, lat, radius = (
        np.array([getattr(place, name) for place in area.places], np.float64)
        for name in ("longitude", "latitude", "radius_m")
    )
    around = discs(lon, lat, radius).tolist() if len(lon) else []
    return shapely.union_all([*shapes(area.polygons), *around])
