"""What rows say about when the level of a site starts: days of events, and a former place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import NONE, Names, Numbers
from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE
from coverage_analyzer.schema.coordinates import degrees
from coverage_analyzer.schema.days import NO_DAY, Days

START_DAYS: Final = ("purchased_on", "installed_on", "registered_on", "audited_on", "moved_on")
"""Columns of days that rules on the start of a level read."""

FORMER: Final = ("former_latitude", "former_longitude", "former_country")
"""Columns of the place from which a site moved."""


@dataclass(frozen=True)
class StartInputs:
    """Inputs of rules on the start of levels; each attribute has shape (n,).

    Attributes
    ----------
    purchased_on, installed_on, registered_on, audited_on, moved_on
        ``NaT`` if unknown.
    former_lon, former_lat
        Degrees on WGS 84 of the place from which a site moved, NaN if unknown.
    former_country
        Its declared country, as a number of `countries.Names`.
    unread
        Where that place is given, but cannot be read, or only half of it is given.
    placeless
        Where the former latitude is not given.
    """

    purchased_on: Days
    installed_on: Days
    registered_on: Days
    audited_on: Days
    moved_on: Days
    former_lon: Floats
    former_lat: Floats
    former_country: Numbers
    unread: Bools
    placeless: Bools

    def take(self, which: "Ints | slice") -> "StartInputs":
        """Return a subset of the rows."""
        return StartInputs(*(v[which] for v in vars(self).values()))

    @staticmethod
    def joined(parts: "Sequence[StartInputs]") -> "StartInputs":
        """Return the rows of several blocks together, in their order; one block at least."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return StartInputs(*map(np.concatenate, columns))


def start_inputs(columns: Mapping[str, Any], n_rows: int, names: Names) -> StartInputs:
    """Return what rows say about the start of levels.

    Parameters
    ----------
    columns
        The available columns: those of `START_DAYS` as numpy dates, those of `FORMER` as Arrow
        strings.
    n_rows
        Number of rows.
    names
        Table of country numbers.
    """
    days = [columns.get(name, np.full(n_rows, NO_DAY)) for name in START_DAYS]
    lat, no_lat = _degrees(columns, "former_latitude", n_rows)
    lon, no_lon = _degrees(columns, "former_longitude", n_rows)
    country = np.full(n_rows, NONE, np.int16)
    if "former_country" in columns:
        country = names.named(columns["former_country"])
    unread = (np.isnan(lat) & ~no_lat) | (np.isnan(lon) & ~no_lon) | (no_lat != no_lon)
    lon, lat = (np.where(unread, np.nan, values) for values in (lon, lat))
    named = dict(zip(START_DAYS, days, strict=True))
    return StartInputs(
        **named,
        former_lon=lon,
        former_lat=lat,
        former_country=country,
        unread=unread,
        placeless=no_lat,
    )


def _degrees(columns: Mapping[str, Any], name: str, n_rows: int) -> tuple[Floats, Bools]:
    """Return the degrees of one axis, NaN if unreadable or out of range, and which are empty."""
    if name not in columns:
        return np.full(n_rows, np.nan), np.ones(n_rows, np.bool_)
    axis, most = (LATITUDE, 90.0) if name == FORMER[0] else (LONGITUDE, 180.0)
    values, blank = degrees(columns[name], axis)
    return np.where(np.abs(values) <= most, values, np.nan), blank
