"""Areas of a policy: regions, postcodes, places with a radius, and polygons from a file."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import pydantic
from pydantic import Field

from coverage_analyzer.countries import names, regions
from coverage_analyzer.countries.postal_codes import PostcodeEntry, postcode_entry
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.area_files import (
    MAX_AREA_FILES,
    AreaFile,
    known_file,
    read_area_file,
)
from coverage_analyzer.policy.distances import metres_of
from coverage_analyzer.policy.document import Identifier, Model
from coverage_analyzer.policy.suggestions import nearest

Degrees90 = Annotated[float, Field(ge=-90, le=90)]
Degrees180 = Annotated[float, Field(ge=-180, le=180)]
Radius = Annotated[float, Field(gt=0, le=20_000)]


class Place(Model):
    """A point with a radius: an entry of ``places`` in ``[[areas]]``.

    Attributes
    ----------
    name
        Text, what the place is called; required. Example: ``"Zurich"``.
    latitude
        Number, in degrees on WGS 84, from -90 to 90; required. Example: ``47.3769``.
    longitude
        Number, in degrees on WGS 84, from -180 to 180; required. Example: ``8.5417``.
    up_to_miles
        Number, the radius in miles along the geodesic, itself included, greater than 0, at most
        20,000; none by default. A place has either this or ``up_to_km``. Example: ``30``.
    up_to_km
        Number, the radius in kilometres, as ``up_to_miles``; none by default. Example: ``30``.
    """

    name: Annotated[str, Field(min_length=1)]
    latitude: Degrees90
    longitude: Degrees180
    up_to_miles: Radius | None = None
    up_to_km: Radius | None = None

    @property
    def radius_m(self) -> float:
        """The radius in metres."""
        if self.up_to_km is not None:
            return metres_of(self.up_to_km, "km")
        return metres_of(self.up_to_miles or 0, "miles")


class Area(Model):
    """A part of the world in which bands or other rules differ: ``[[areas]]``.

    A site is in an area if it is in any of the parts listed; at least one key besides ``id`` is
    required. Bands (``areas``, ``except_areas``) and ``[[gates.excluded_areas]]`` name areas by
    their ``id``.

    Attributes
    ----------
    id
        Text of lower-case letters, digits and single hyphens, unique; required. Example:
        ``"gulf-coast"``.
    regions
        List of ISO 3166-2 codes; empty by default. A region includes those within it. The sites
        need a column ``region``. Example: ``["US-TX", "US-LA"]``.
    postcodes
        List of texts: a country, a colon, and a postcode, the beginning of postcodes, or a range;
        empty by default. British codes are read by their parts: ``"GB:SW1"`` is not ``SW10``. The
        sites need a column ``postcode``. Example: ``["DE:79", "CH:8000-8099", "GB:EC"]``.
    places
        List of tables `Place`; empty by default. Example:
        ``[{ name = "Zurich", latitude = 47.3769, longitude = 8.5417, up_to_km = 30 }]``.
    file
        Text, the path of a GeoJSON file of polygons (RFC 7946), relative to the policy file and in
        its folder or below; none by default. Its edges belong to the area. Example:
        ``"areas/islands.geojson"``.
    sha256
        Text, the hash of the bytes of ``file``; none by default. If it is stated, another
        file is an error. Example:
        ``"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"``.
    """

    id: Identifier
    regions: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    file: Annotated[str, Field(min_length=1)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    _file: AreaFile | None = pydantic.PrivateAttr(default=None)
    _fault: str = pydantic.PrivateAttr(default="")

    @pydantic.model_validator(mode="after")
    def _read(self, info: pydantic.ValidationInfo) -> Self:
        """Read the file, so that the policy needs it no more; its faults are reported later."""
        if self.file is None or self._file is not None:
            return self
        folder = (info.context or {}).get("folder")
        try:
            area_file = None if folder is not None else known_file(self.sha256)
            area_file = area_file or read_area_file(self.file, folder or Path())
        except InputError as error:
            self._fault = f"{self.file!r} {error}"
            return self
        self._file = area_file
        if self.sha256 not in (None, area_file.sha256):
            self._fault = f"{self.file!r} has the sha256 {area_file.sha256}, not the one stated."
        object.__setattr__(self, "sha256", area_file.sha256)
        return self

    @property
    def polygons(self) -> tuple[bytes, ...]:
        """The polygons of the file, as WKB in degrees on WGS 84."""
        return self._file.polygons if self._file else ()

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self._file.data if self._file else b""

    @property
    def entries(self) -> tuple[PostcodeEntry, ...]:
        """The postcodes, read."""
        return tuple(map(postcode_entry, self.postcodes))

    @property
    def has_shape(self) -> bool:
        """Whether the outline of the area is known; that of regions and postcodes is not."""
        return not (self.regions or self.postcodes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of sites that membership depends on."""
        members = {"region": self.regions, "postcode": self.postcodes}
        return tuple(name for name, values in members.items() if values)

    def faults(self, where: str) -> Iterator[str]:
        """Yield what is wrong with the area, as text that names the key.

        Parameters
        ----------
        where
            The path of its table.
        """
        if not (self.regions or self.postcodes or self.places or self.file):
            yield f"{where}: has no part. Give regions, postcodes, places or a file."
        if self.sha256 and not self.file:
            yield f"{where}.sha256: needs a file."
        if self._fault:
            yield f"{where}.file: {self._fault}"
        for n, place in enumerate(self.places):
            if (place.up_to_miles is None) == (place.up_to_km is None):
                yield f"{where}.places.{n}: give either up_to_miles or up_to_km."
        for n, code in enumerate(self.regions):
            yield from _region_fault(code, f"{where}.regions.{n}")
        for n, text in enumerate(self.postcodes):
            yield from _postcode_fault(text, f"{where}.postcodes.{n}")

    def __str__(self) -> str:
        """Return it as text."""
        parts = [*self.regions, *self.postcodes]
        parts += [f"{_amount(p)} around {p.name}" for p in self.places]
        parts += [f"the polygons of {self.file}"] if self.file else []
        return f"{self.id}: {', '.join(parts)}"


class ExcludedArea(Model):
    """Areas in which levels of the bands are not offered: ``[[gates.excluded_areas]]``.

    A site there gets the fallback level, with the reason ``area_excluded``.

    Attributes
    ----------
    areas
        List of each ``id`` of an area, not empty; required. Example: ``["islands"]``.
    level
        ``id`` of a level; none by default. Example: ``"gold-plus"``.
    levels
        List of each ``id`` of a level; empty by default. Without ``level`` and ``levels`` the rule
        is about every level of a band but the fallback and the interim one.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"excluded-areas"``.
    """

    areas: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    level: Identifier | None = None
    levels: tuple[Identifier, ...] = ()
    clause: Identifier

    @property
    def stated_levels(self) -> tuple[str, ...]:
        """The levels that the rule names."""
        return tuple(dict.fromkeys([*([self.level] if self.level else []), *self.levels]))

    def __str__(self) -> str:
        """Return it as text."""
        which = ", ".join(self.stated_levels) or "each level of a band"
        return f"{which} is not offered in the areas {', '.join(self.areas)}"


def _amount(place: Place) -> str:
    if place.up_to_km is not None:
        return f"{place.up_to_km:g} km"
    return f"{place.up_to_miles or 0:g} miles"


def _region_fault(code: str, where: str) -> Iterator[str]:
    """Yield what is wrong with the code of a region, if anything."""
    table = regions.load()
    region = table.get(code)
    if region is None:
        near = nearest(code, (c for c in table if c[:2] == code[:2].upper()))
        yield f"{where}: {code!r} is not an ISO 3166-2 code.{near}"
    elif "-" in region.stands_for:
        yield f"{where}: {code!r} was replaced. Write {region.stands_for!r}."


def _postcode_fault(text: str, where: str) -> Iterator[str]:
    """Yield what is wrong with an entry of postcodes, if anything."""
    try:
        entry = postcode_entry(text)
    except ValueError as error:
        yield f"{where}: {text!r} {error}"
        return
    if entry.country not in names.load().codes[1:]:
        yield f"{where}: {entry.country!r} is not an ISO 3166-1 alpha-2 code."


def area_faults(areas: Sequence[Area], uses: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """Yield what is wrong with areas, and each use of one that does not exist.

    Parameters
    ----------
    areas
        The areas of a policy.
    uses
        Path of each key that names areas, and the names.
    """
    ids = [area.id for area in areas]
    for name in sorted({n for n in ids if ids.count(n) > 1}):
        yield f"areas: two areas have the id {name!r}."
    for number, area in enumerate(areas):
        yield from area.faults(f"areas.{number}")
    if len({area.sha256 for area in areas} - {None}) > MAX_AREA_FILES:
        yield f"areas: more than {MAX_AREA_FILES} different files. Join some of them."
    for where, area_ids in uses:
        for name in area_ids:
            if name not in ids:
                yield f"{where}: unknown area {name!r}.{nearest(name, ids)}"


def bands_in_place(bands: Sequence[Any], country: str, inside: frozenset[str]) -> tuple[Any, ...]:
    """Return the bands that apply in a place, the nearest first.

    Those of an area in which the place is override those of its country; of several areas the one
    that a band names first in the policy counts. A band does not apply in its ``except_areas``.

    Parameters
    ----------
    bands
        Bands of a policy, in its order.
    country
        Alpha-2 code.
    inside
        Each ``id`` of an area in which the place is.
    """
    groups = dict.fromkeys(frozenset(band.areas) for band in bands if band.areas)
    for areas in (*(g for g in groups if not inside.isdisjoint(g)), frozenset()):
        own = [band for band in bands if frozenset(band.areas) == areas]
        chosen = [b for b in of_country(own, country) if inside.isdisjoint(b.except_areas)]
        if chosen:
            return tuple(chosen)
    return ()


def of_country(bands: Sequence[Any], country: str) -> tuple[Any, ...]:
    """Return those of some bands that name a country, else those of all others; nearest first."""
    own = [band for band in bands if country in band.countries]
    others = [band for band in bands if "*" in band.countries]
    return tuple(sorted(own or others, key=lambda band: band.up_to_m))


@functools.cache
def region_family(code: str) -> frozenset[str]:
    """Return a region and all regions within it.

    Examples
    --------
    >>> "GB-LND" in region_family("GB-ENG")
    True
    """
    inner = [region_family(child) for child in regions.contained(code)]
    return frozenset([code]).union(*inner)
