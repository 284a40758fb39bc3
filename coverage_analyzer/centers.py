"""The service centers of a network: checked, as arrays, sorted by ``center_id``."""

import datetime
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.countries import UNKNOWN, Countries, Numbers
from coverage_analyzer.countries.decision import Convention, Ground, decided
from coverage_analyzer.errors import InputError

Days = npt.NDArray[np.datetime64]

ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
LISTED: Final = 20
"""So many faults an error lists; it counts the rest."""


@dataclass(frozen=True)
class Centers:
    """Service centers in the order of their ids, so that ties go to the first.

    Attributes
    ----------
    center_id, name, country
        Texts as given; the country is the declared one. Length n.
    lon, lat
        Degrees on WGS 84, shape (n,).
    opens_on, closes_on
        Days, ``NaT`` where not given: a center serves from the first up to, but without, the last.
    row
        How each is called in messages, such as ``line 7``.
    """

    center_id: tuple[str, ...]
    name: tuple[str, ...]
    country: tuple[str, ...]
    lon: Floats
    lat: Floats
    opens_on: Days
    closes_on: Days
    row: tuple[str, ...]

    @classmethod
    def from_texts(
        cls,
        columns: Mapping[str, Sequence[str]],
        lon: Floats,
        lat: Floats,
        row: Sequence[str],
        further: Callable[["Centers"], list[str]] | None = None,
    ) -> "Centers":
        """Return centers from columns of text and coordinates, sorted by id.

        Parameters
        ----------
        columns
            ``center_id`` and, optionally, ``name``, ``country``, ``opens_on``, ``closes_on``.
        lon, lat
            Degrees on WGS 84, NaN where a row has none that can be used.
        row
            How to call each row in a message.
        further
            Gives the faults that it finds in the rows whose cells can be used, such as
            `country_faults`.

        Raises
        ------
        InputError
            One error that names every unusable row and every id that occurs twice.
        """
        blank = [""] * len(row)
        given = {c: columns.get(c, blank) for c in ("center_id", "name", "country")}
        opens, closes = (days(columns.get(c, blank)) for c in ("opens_on", "closes_on"))
        faults = _faults(columns, lon, lat, opens, closes, row)
        usable = np.flatnonzero(~np.isnan(lon) & ~np.isnan(lat)).tolist()
        order = sorted(usable, key=lambda i: given["center_id"][i])
        texts = {c: tuple(values[i] for i in order) for c, values in given.items()}
        made = cls(
            **texts,
            lon=lon[order],
            lat=lat[order],
            opens_on=opens[order],
            closes_on=closes[order],
            row=tuple(row[i] for i in order),
        )
        refuse([*faults, *(further(made) if further else [])], len(row))
        return made

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.center_id)

    def is_open(self, day: np.datetime64) -> Bools:
        """Return which serve on a day."""
        return ~self.is_planned(day) & ~(self.closes_on <= day)

    def is_planned(self, day: np.datetime64) -> Bools:
        """Return which open after a day."""
        return self.opens_on > day

    def decided(self, world: Countries, convention: Convention) -> Numbers:
        """Return the country that each counts as. Shape (n,).

        Raises
        ------
        InputError
            One error that names every center whose country is unknown or contradicts its place.
        """
        number, faults = self._decided(world, convention)
        refuse(faults, len(self))
        return number

    def country_faults(self, world: Countries, convention: Convention) -> list[str]:
        """Return what is wrong with the country of each center, in words."""
        return self._decided(world, convention)[1]

    def _decided(self, world: Countries, convention: Convention) -> tuple[Numbers, list[str]]:
        declared = world.names.numbers(self.country)
        number, ground = decided(self.lon, self.lat, declared, world, convention)
        located = world.locate(self.lon, self.lat)
        return number, [
            f"{self.row[i]} ({self.center_id[i]!r}): {reason}"
            for i, reason in _country_faults(self.country, declared, located, ground)
        ]


def today() -> datetime.date:
    """Return today in UTC, the day that is judged if none is named."""
    return datetime.datetime.now(datetime.UTC).date()


def days(texts: Sequence[str]) -> Days:
    """Return ISO 8601 days (``2026-12-01``); ``NaT`` for what is blank or none."""
    usable = [t.strip() if ISO_DAY.fullmatch(t.strip()) else "NaT" for t in texts]
    return np.array([_day(t) for t in usable], "datetime64[D]")


def day(value: Any) -> datetime.date | None:
    """Return a day given as ISO 8601 text, date, datetime, timestamp or ``datetime64``.

    Raises
    ------
    InputError
        If it is none; a missing day (``NaT``) is refused, too: it must not become today.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]")
    if isinstance(value, (np.datetime64, datetime.datetime)):  # NaT of pandas is a datetime, too
        value = str(value)[:10]
    if value is None or isinstance(value, datetime.date):
        return value
    parsed = days([value])[0] if isinstance(value, str) else np.datetime64("NaT", "D")
    if np.isnat(parsed):
        msg = f"{value!r} is not a day; write it like 2026-12-01."
        raise InputError(msg)
    return cast("datetime.date", parsed.item())


def _day(text: str) -> np.datetime64:
    try:
        return np.datetime64(text, "D")
    except ValueError:  # 2026-02-30
        return np.datetime64("NaT", "D")


def refuse(faults: Sequence[str], centers: int) -> None:
    """Raise one error that lists the faults of so many centers, if there are any.

    Raises
    ------
    InputError
        With the first faults and the number of all.
    """
    if faults:
        more = f"\n  and {len(faults) - LISTED} more" if len(faults) > LISTED else ""
        listed = "\n".join(f"  {fault}" for fault in faults[:LISTED])
        msg = (
            f"{len(faults)} fault(s) in {centers} centers; mend them and run again:\n{listed}{more}"
        )
        raise InputError(msg)


def _faults(
    columns: Mapping[str, Sequence[str]],
    lon: Floats,
    lat: Floats,
    opens: Days,
    closes: Days,
    row: Sequence[str],
) -> list[str]:
    ids = columns["center_id"]
    often = {k for k, n in Counter(ids).items() if n > 1 and k.strip()}
    faults = []
    for i, center_id in enumerate(ids):
        wrong = [f"the center_id {center_id!r} occurs more than once"] if center_id in often else []
        if not center_id.strip():
            wrong.append("center_id is empty")
        if np.isnan(lon[i]) or np.isnan(lat[i]):
            wrong.append("latitude or longitude is missing, not a number or out of range")
        for name, read in (("opens_on", opens), ("closes_on", closes)):
            text = columns.get(name, [""] * len(ids))[i]
            if text.strip() and np.isnat(read[i]):
                wrong.append(f"{name} {text!r} is not a day like 2026-12-01")
        if closes[i] <= opens[i]:
            wrong.append("closes_on is not after opens_on")
        faults += [f"{row[i]} ({center_id!r}): {w}" for w in wrong]
    return faults


def _country_faults(
    country: tuple[str, ...],
    declared: Numbers,
    located: npt.NDArray[np.str_],
    ground: npt.NDArray[np.int8],
) -> Iterator[tuple[int, str]]:
    for i in np.flatnonzero(ground >= Ground.OFFSHORE).tolist():
        where = f"lies in {located[i]}" if located[i] else "lies in no country"
        if ground[i] == Ground.NULL_ISLAND:
            yield i, "lies at 0, 0, where geocoders put what they did not find"
        elif declared[i] == UNKNOWN:
            yield i, f"no country is called {country[i]!r} (it {where})"
        elif ground[i] == Ground.UNKNOWN:
            yield i, f"says no country and {where}, too near a border to tell"
        else:
            yield i, f"says {country[i]!r} but {where}"
