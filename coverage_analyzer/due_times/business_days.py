"""The table of business days: regional calendars, and the holidays observed."""

import datetime
import functools
import json
import re
import tomllib
from collections.abc import Collection, Mapping
from importlib import resources
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.policy.clock_keys import Weekday
from coverage_analyzer.policy.document import Model
from coverage_analyzer.policy.rules import IsoCode

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.date.weekday`."""

FIXED: Final = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
EASTER: Final = re.compile(r"easter(?P<offset>[+-]\d{1,3})", re.ASCII)
NTH: Final = re.compile(
    rf"(?P<nth>[1-5]|last) (?P<weekday>{'|'.join(WEEK)}) (?P<month>\d{{2}})(?: (?P<offset>-\d))?",
    re.ASCII,
)
NEAR: Final = re.compile(
    rf"(?P<weekday>{'|'.join(WEEK)}) near (?P<month>\d{{2}})-(?P<day>\d{{2}})", re.ASCII
)


class CountryCalendar(Model):
    """How the business days of a country are determined; see ``business_days.toml``."""

    code: IsoCode
    follows: Literal["country", "region"] = "country"
    off: tuple[str, ...] = ("public",)
    in_part: tuple[str, ...] = ()
    part_names: str = ""
    municipal: tuple[str, ...] = ()
    localities: dict[str, str] = Field(default_factory=dict)
    same_as: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    without: tuple[str, ...] = ()
    incomplete: bool = False
    published_until: int = 9999
    weekend: tuple[Weekday, ...] | None = None
    source: Annotated[str, Field(min_length=1)]
    note: str = ""

    def is_municipal(self, region: str) -> bool:
        """Return whether the own holidays of a region are those of its capital city."""
        return "*" in self.municipal or region in self.municipal


class SingleDay(Model):
    """A holiday, yearly or once, that `holidays` lacks or assigns too widely."""

    name: Annotated[str, Field(min_length=1)]
    on: Annotated[str, Field(min_length=5)]
    where: Annotated[tuple[str, ...], Field(min_length=1)]
    but: tuple[str, ...] = ()
    effect: Literal["off", "open", "part"]
    first_year: Annotated[int, Field(alias="from")] = 1
    last_year: Annotated[int, Field(alias="until")] = 9999
    source: Annotated[str, Field(min_length=1)]

    def holds_in(self, places: Collection[str]) -> bool:
        """Return whether the day applies in any given place and is excluded in none."""
        return not set(self.where).isdisjoint(places) and set(self.but).isdisjoint(places)

    def falls_on(self, year: int) -> datetime.date | None:
        """Return the date in a year; None if that year has none."""
        return day_in(self.on, year) if self.first_year <= year <= self.last_year else None


class BusinessDays(Model):
    """The table of business days."""

    format: Literal[1]
    countries: tuple[CountryCalendar, ...]
    days: tuple[SingleDay, ...]

    @functools.cached_property
    def by_country(self) -> Mapping[str, CountryCalendar]:
        """Countries by code."""
        return {country.code: country for country in self.countries}


@functools.cache
def load() -> BusinessDays:
    """Return the table bundled with the package."""
    path = resources.files("coverage_analyzer") / "resources" / "calendars" / "business_days.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return BusinessDays.model_validate_json(json.dumps(data))


@functools.cache
def single_days(country: str, year: int) -> Mapping[datetime.date, tuple[SingleDay, ...]]:
    """Return the single days of a country (alpha-2) and its regions in a year."""
    result: dict[datetime.date, tuple[SingleDay, ...]] = {}
    for single in load().days:
        if any(place[:2] == country for place in single.where):
            day = single.falls_on(year)
            if day is not None:
                result[day] = (*result.get(day, ()), single)
    return result


def day_in(on: str, year: int) -> datetime.date | None:
    """Return the date of a rule in a year; None if missing.

    Parameters
    ----------
    on
        ``MM-DD``, ``YYYY-MM-DD``, ``easter+1``, ``2 mon 11`` (the second Monday of November),
        ``last fri 11``, ``4 sat 10 -2`` (two days before the fourth Saturday of October) or
        ``mon near 01-29``.
    year
        In the Gregorian calendar.

    Examples
    --------
    >>> [str(day_in(on, 2026)) for on in ("easter+1", "4 sat 10 -2", "mon near 01-29")]
    ['2026-04-06', '2026-10-22', '2026-01-26']
    """
    if match := FIXED.fullmatch(on):
        return _fixed_date(match, year)
    if match := EASTER.fullmatch(on):
        return _easter(year) + datetime.timedelta(days=int(match["offset"]))
    if match := NEAR.fullmatch(on):
        near = datetime.date(year, int(match["month"]), int(match["day"]))
        ahead = (WEEK.index(match["weekday"]) - near.weekday() + 3) % 7 - 3
        return near + datetime.timedelta(days=ahead)
    match = NTH.fullmatch(on)
    return _nth(match, year) if match else None


def _fixed_date(match: re.Match[str], year: int) -> datetime.date | None:
    if match["year"] and int(match["year"]) != year:
        return None
    try:
        return datetime.date(year, int(match["month"]), int(match["day"]))
    except ValueError:  # 29 February
        return None


def _nth(match: re.Match[str], year: int) -> datetime.date:
    month, weekday = int(match["month"]), WEEK.index(match["weekday"])
    if match["nth"] == "last":
        after = datetime.date(year + month // 12, month % 12 + 1, 1)
        day = after - datetime.timedelta(days=(after.weekday() - weekday - 1) % 7 + 1)
    else:
        first = datetime.date(year, month, 1)
        weeks = 7 * (int(match["nth"]) - 1)
        day = first + datetime.timedelta(days=(weekday - first.weekday()) % 7 + weeks)
    return day + datetime.timedelta(days=int(match["offset"] or 0))


def _easter(year: int) -> datetime.date:
    """Return Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    letter = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * letter) // 451
    month, day = divmod(epact + letter - 7 * late + 114, 31)
    return datetime.date(year, month, day + 1)
