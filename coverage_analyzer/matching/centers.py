"""The service centers: validated, as arrays, sorted by ``center_id``."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import UNKNOWN, Countries, Names, Numbers, names
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.countries.regions import AssignedRegions, assign_regions
from coverage_analyzer.errors import refuse
from coverage_analyzer.schema.columns import COUNTRY_STATED
from coverage_analyzer.schema.coordinates import coordinates, fault_detail
from coverage_analyzer.schema.days import NO_DAY, Days, day_of
from coverage_analyzer.schema.rejects import Rejected

TEXTS: Final = ("center_id", "name", "country", "time_zone", "region")
"""Columns of text."""

DAYS: Final = ("opens_on", "closes_on", "ordered_on")
"""Columns of dates."""


@dataclass(frozen=True)
class Centers:
    """Service centers sorted by id, so that ties go to the first.

    Attributes
    ----------
    center_id, name, country
        Texts as given; the country is the declared one. Length n.
    lon, lat
        Degrees on WGS 84, shape (n,).
    opens_on, closes_on
        Dates, ``NaT`` if missing: a center is open from the first, up to but excluding the last.
    row
        Label of each in messages, such as ``line 7``.
    ordered_on
        Order date of each, ``NaT`` if missing.
    earliest_on
        Earliest opening day of a center whose opening is uncertain, ``NaT`` for all others;
        ``opens_on`` is then the latest one. See `lead_times`.
    time_zone
        As given, such as ``Europe/Zurich``, empty if missing.
    region
        As given, such as ``DE-BY``, empty if missing; see `assigned_regions`.
    """

    center_id: tuple[str, ...]
    name: tuple[str, ...]
    country: tuple[str, ...]
    lon: Floats
    lat: Floats
    opens_on: Days
    closes_on: Days
    row: tuple[str, ...]
    ordered_on: Days
    earliest_on: Days
    time_zone: tuple[str, ...] = ()
    region: tuple[str, ...] = ()

    def take(self, which: Ints) -> "Centers":
        """Return some centers, by their positions, with all that is known of each."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, of_all in values.items():
            if isinstance(of_all, tuple):
                values[name] = tuple(of_all[i] for i in which if of_all)
            else:
                values[name] = of_all[which]
        return Centers(**values)

    @classmethod
    def from_texts(
        cls,
        columns: Mapping[str, Sequence[str]],
        lon: Floats,
        lat: Floats,
        row: Sequence[str],
        further: Callable[["Centers"], list[str]] | None = None,
    ) -> "Centers":
        """Create centers from columns of text and coordinates, sorted by id.

        Parameters
        ----------
        columns
            ``center_id`` and, optionally, the other columns of `TEXTS` (the country also in several
            of `schema.columns.COUNTRY_STATED`) and those of `DAYS`.
        lon, lat
            Degrees on WGS 84, NaN where a row has no usable ones.
        row
            Label of each row in messages.
        further
            Returns the problems of rows whose cells are usable, such as `country_faults`.

        Raises
        ------
        InputError
            One error that names every unusable row and every duplicate id.
        """
        blank = [""] * len(row)
        texts_by_column = {c: columns.get(c, blank) for c in TEXTS}
        texts_by_column["country"] = _stated_countries(columns, blank)
        read = {name: days(columns.get(name, blank)) for name in DAYS}
        faults = _faults(columns, lon, lat, read, row)
        usable = np.flatnonzero(~np.isnan(lon) & ~np.isnan(lat)).tolist()
        order = sorted(usable, key=lambda i: texts_by_column["center_id"][i])
        texts = {c: tuple(values[i] for i in order) for c, values in texts_by_column.items()}
        centers = cls(
            center_id=texts["center_id"],
            name=texts["name"],
            country=texts["country"],
            time_zone=texts["time_zone"],
            region=texts["region"],
            lon=lon[order],
            lat=lat[order],
            opens_on=read["opens_on"][order],
            closes_on=read["closes_on"][order],
            ordered_on=read["ordered_on"][order],
            earliest_on=np.full(len(order), NO_DAY),
            row=tuple(row[i] for i in order),
        )
        refuse([*faults, *(further(centers) if further else [])], len(row), "center")
        return centers

    def __len__(self) -> int:
        """Return the number of centers."""
        return len(self.center_id)

    def is_open(self, day: np.datetime64) -> Bools:
        """Return which centers are open on a day."""
        return ~self.is_planned(day) & ~(self.closes_on <= day)

    def is_planned(self, day: np.datetime64) -> Bools:
        """Return which centers open after a day."""
        return self.opens_on > day

    def assigned_countries(self, world: Countries, convention: Convention) -> Numbers:
        """Return the country assigned to each center. Shape (n,).

        Raises
        ------
        InputError
            One error that names every center whose country is unknown or contradicts its location.
        """
        number, faults = self._assign_countries(world, convention)
        refuse(faults, len(self), "center")
        return number

    def assigned_regions(self, country: Numbers, names: Names) -> AssignedRegions:
        """Return the region of each center, given its assigned country. Shape (n,)."""
        return assign_regions(self.region, [names.codes[n] for n in country.tolist()], self.row)

    def country_faults(self, world: Countries, convention: Convention) -> list[str]:
        """Return the problems with the country of each center, as text."""
        return self._assign_countries(world, convention)[1]

    def _assign_countries(
        self, world: Countries, convention: Convention
    ) -> tuple[Numbers, list[str]]:
        declared = world.names.numbers(self.country)
        number, basis = assign_country(self.lon, self.lat, declared, world, convention)
        located = world.locate(self.lon, self.lat)
        return number, [
            f"{self.row[i]} ({self.center_id[i]!r}): {reason}"
            for i, reason in _country_faults(self.country, declared, located, basis)
        ]


def _stated_countries(columns: Mapping[str, Sequence[str]], blank: Sequence[str]) -> Sequence[str]:
    """Return the country stated by each row in its columns, as one text (`Names.stated`)."""
    several = [columns[name] for name in COUNTRY_STATED if name in columns]
    if len(several) < 2:
        return several[0] if several else blank
    table = names.load()
    return [table.stated(cells) for cells in zip(*several, strict=True)]


def days(texts: Sequence[str]) -> Days:
    """Parse ISO 8601 dates (``2026-12-01``); ``NaT`` if empty or invalid."""
    return np.array([day_of(text) for text in texts], "datetime64[D]")


COORDINATES: Final = ("latitude", "longitude")


def _faults(
    columns: Mapping[str, Sequence[str]],
    lon: Floats,
    lat: Floats,
    days: Mapping[str, Days],
    row: Sequence[str],
) -> list[str]:
    ids = columns["center_id"]
    often = {k for k, n in Counter(ids).items() if n > 1 and k.strip()}
    faults = []
    for i, center_id in enumerate(ids):
        wrong = (
            [f"the center_id {center_id!r} appears more than once"] if center_id in often else []
        )
        if not center_id.strip():
            wrong.append("center_id is empty")
        if np.isnan(lon[i]) or np.isnan(lat[i]):
            wrong.append(_place_fault([columns.get(n, [""] * len(ids))[i] for n in COORDINATES]))
        for name, read in days.items():
            text = columns.get(name, [""] * len(ids))[i]
            if text.strip() and np.isnat(read[i]):
                wrong.append(f"{name} {text!r} is not a date like 2026-12-01")
        if days["closes_on"][i] <= days["opens_on"][i]:
            wrong.append("closes_on is not after opens_on")
        faults += [f"{row[i]} ({center_id!r}): {w}" for w in wrong]
    return faults


def _place_fault(texts: Sequence[str]) -> str:
    """Return what is wrong with a latitude and a longitude that cannot be used."""
    cells = coordinates(*(arrays.text_array([text]) for text in texts))
    if not any(texts) or cells.fault[0] < 0:
        return "its position is missing, not a number or out of range"
    return fault_detail(list(Rejected)[cells.fault[0]], texts[0], texts[1], "")


def _country_faults(
    country: tuple[str, ...],
    declared: Numbers,
    located: npt.NDArray[np.str_],
    basis: npt.NDArray[np.int8],
) -> Iterator[tuple[int, str]]:
    for i in np.flatnonzero(basis >= CountryBasis.OFFSHORE).tolist():
        where = f"is in {located[i]}" if located[i] else "is in no country"
        if basis[i] == CountryBasis.NULL_ISLAND:
            yield i, "its coordinates are 0, 0, which geocoders return for addresses not found"
        elif declared[i] == UNKNOWN:
            yield i, f"unknown country {country[i]!r} (the center {where})"
        elif basis[i] == CountryBasis.UNKNOWN:
            yield i, f"declares no country and {where}, too near a border; declare its country"
        else:
            yield i, f"declares {country[i]!r} but {where}"
