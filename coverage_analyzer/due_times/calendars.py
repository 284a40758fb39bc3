"""Business days of a place: weekends, regional public holidays, closures of the policy.

Where regions of a country differ and that of the place is unknown, or a holiday applies only in a
part of its region, it is uncertain whether a day is a business day; this is reported, never
guessed.
"""

import datetime
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from coverage_analyzer.countries import regions
from coverage_analyzer.due_times import business_days
from coverage_analyzer.due_times.business_days import CountryCalendar, SingleDay
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.errors import require
from coverage_analyzer.policy.clock_keys import WEEKDAYS, Side, Weekday
from coverage_analyzer.policy.due_times import CalendarRule

MOST_CLOSED: Final = 60
"""Maximum closed days in a row; more indicate an error in a calendar."""

ESTIMATED: Final = "estimated"
"""Suffix of a holiday whose date depends on a later sighting of the moon."""

MAX_LISTED: Final = 6
"""Maximum number of regions named in a message; the rest is counted."""

REGION: Final = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
"""A `holidays` subdivision that is an ISO 3166-2 code without its country."""


class Effect(NamedTuple):
    """Status of a day in one calendar: ``off``, ``part`` (of the region only) or ``open``."""

    kind: str
    name: str = ""


class Status(NamedTuple):
    """Status of a day at a center: closed with a reason, open (both empty), or uncertain."""

    closed: str = ""
    doubt: str = ""


OPEN: Final = Effect("open")

SETTLED_BY_POLICY: Final = (
    "add the day to closures or workdays in [[commitments.calendars]] of the policy"
)

REGION_OF: Final[Mapping[Side, str]] = {
    "center": "the column region of the centers",
    "site": "the column region of the sites",
    "vendor": "the key region of [vendor] in the policy",
}
"""Where the region of a place is given, by whose calendar counts."""


@dataclass(frozen=True, eq=False)
class RegionCalendar:
    """The business days of one region, city or country.

    Attributes
    ----------
    label
        Label in messages.
    codes
        The region and those that contain it, as ISO 3166-2 codes; empty for the whole country.
    entry
        Calendar entry of the country.
    rule
        Overrides by a policy.
    holidays
        Days off by the package `holidays`, including weekends.
    in_part
        Holidays of only a part of the region, None if there are none.
    service_days
        Days of the week that are not on the weekend, whatever the country says.
    """

    label: str
    codes: tuple[str, ...]
    entry: CountryCalendar
    rule: CalendarRule | None
    holidays: Any
    in_part: Any
    service_days: tuple[Weekday, ...] = ()

    def effect(self, day: datetime.date, singles: Sequence[SingleDay]) -> Effect:
        """Return the status of a day, given the single days of the country that fall on it."""
        rule = self.rule
        if rule and day.isoformat() in rule.workdays:
            return OPEN
        if rule and day.isoformat() in rule.closures:
            return Effect("off", "closed")
        name = self.holidays.get(day) or ""  # must precede the weekend
        if self._rests(day):
            return Effect("off", "weekend")
        if rule and not rule.public_holidays:
            return OPEN
        own = next((single for single in singles if self._applies(single)), None)
        return Effect(own.effect, own.name) if own else self._holiday(day, name)

    def _holiday(self, day: datetime.date, name: str) -> Effect:
        """Return the status of a day by `holidays`, given the single day that is off."""
        if name:
            in_part = self.entry.part_names and re.search(self.entry.part_names, name)
            return Effect("part" if in_part else "off", name)
        partial = self.in_part.get(day) if self.in_part is not None else None
        return Effect("part", partial) if partial else OPEN

    def _rests(self, day: datetime.date) -> bool:
        """Return whether a day is on the weekend."""
        if WEEKDAYS[day.weekday()] in self.service_days:
            return False
        weekend = self.entry.weekend
        if self.rule and self.rule.weekend is not None:
            weekend = self.rule.weekend
        if weekend is not None:
            return WEEKDAYS[day.weekday()] in weekend
        # some countries work on a Saturday to make up for a holiday
        return self.holidays.is_weekend(day) and day not in self.holidays.weekend_workdays

    def _applies(self, single: SingleDay) -> bool:
        if self.rule and self.rule.follows == "country" and single.effect == "part":
            return False
        places = {self.entry.code, *self.codes}
        return single.holds_in(places)


@dataclass(frozen=True, eq=False)
class Calendar:
    """The business days in a country, or in a region of it.

    Attributes
    ----------
    country
        Alpha-2.
    region
        ISO 3166-2, empty if unknown.
    calendars
        One calendar for each region in which the place may be.
    side
        Whose calendar it is, for messages.
    """

    country: str
    region: str
    calendars: tuple[RegionCalendar, ...]
    side: Side = "center"
    _statuses: dict[datetime.date, Status] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The region if known, else the country."""
        return self.region or self.country

    def closed(self, day: datetime.date) -> str:
        """Return why a day is not a business day; empty if it is one.

        Raises
        ------
        DoubtError
            If the calendar of the country is unknown for that year, or only parts of the country,
            or of the region, have the day off.
        """
        status = self._statuses.get(day)
        if status is None:
            status = self._statuses[day] = self._status(day)
        if status.doubt:
            raise DoubtError(Doubt.regional_holiday, status.doubt)
        return status.closed

    def estimated(self, day: datetime.date) -> str:
        """Return the holiday on a day if its date is an estimate, also on weekends; else empty."""
        names = (calendar.holidays.get(day) or "" for calendar in self.calendars)
        return next((name for name in names if ESTIMATED in name), "")

    def projections(self, first: int, last: int) -> list[str]:
        """Return a note if the holidays of some years are not yet published; else empty."""
        published = min(calendar.entry.published_until for calendar in self.calendars)
        if max(first, last) <= published:
            return []
        note = (
            f"holidays in {self.place} after {published} are projected; the official calendar is "
            f"published each year"
        )
        return [note]

    def _status(self, day: datetime.date) -> Status:
        first = max(calendar.holidays.start_year for calendar in self.calendars)
        last = min(calendar.holidays.end_year for calendar in self.calendars)
        if not first <= day.year <= last:
            raise DoubtError(
                Doubt.calendar_unknown,
                f"the public holidays in {self.country} are known for {first} to {last}, not for "
                f"{day.year}: {_told_by_policy(self.country)}",
            )
        singles = business_days.single_days(self.country, day.year).get(day, ())
        effects = [calendar.effect(day, singles) for calendar in self.calendars]
        kinds = {effect.kind for effect in effects}
        if kinds == {"open"}:
            return Status()
        if kinds == {"off"}:
            return Status(closed=_names(effects))
        return Status(doubt=self._doubt(day, effects))

    def _doubt(self, day: datetime.date, effects: Sequence[Effect]) -> str:
        """Return why the status of a day is uncertain, and how to resolve it."""
        kinds: dict[str, set[str]] = {}
        for calendar, effect in zip(self.calendars, effects, strict=True):
            kinds.setdefault(calendar.label, set()).add(effect.kind)
        off = [label for label, effects_there in kinds.items() if effects_there == {"off"}]
        partly = [
            label for label, effects_there in kinds.items() if effects_there & {"off", "part"}
        ]
        partly = [label for label in partly if label not in off]
        name = _names([effect for effect in effects if effect.kind != "open"])
        where = [f"in {_list_text(off)}"] if off else []
        where += [f"in a part of {_list_text(partly)}"] if partly else []
        named = f"{WEEKDAYS[day.weekday()][:3].title()} {day} ({name}) is a day off"
        named = f"{named} {' and '.join(where)} only"
        if len(kinds) == 1:
            return f"{named}: {SETTLED_BY_POLICY}"
        smaller = "a smaller region" if self.region else f"the {self.side}'s region"
        within = f"; within {partly[0]}, {SETTLED_BY_POLICY}" if partly else ""
        return (
            f"{named}: enter the ISO 3166-2 code of {smaller}, such as {[*off, *partly][0]}, in "
            f"{REGION_OF[self.side]}{within}"
        )


def _names(effects: Sequence[Effect]) -> str:
    """Return the names of a day without duplicates."""
    return ", ".join(dict.fromkeys(effect.name for effect in effects))


def _list_text(labels: Sequence[str]) -> str:
    text = ", ".join(labels[:MAX_LISTED])
    rest = len(labels) - MAX_LISTED
    return f"{text} and {rest} more" if rest > 0 else text


@functools.cache
def calendar(
    country: str,
    rule: CalendarRule | None = None,
    *,
    region: str = "",
    regional: tuple[CalendarRule, ...] = (),
    side: Side = "center",
    service_days: tuple[Weekday, ...] = (),
) -> Calendar:
    """Return the calendar of a country, or of a region of it.

    Parameters
    ----------
    country
        Alpha-2.
    rule
        Overrides by the policy.
    region
        ISO 3166-2 region of the place, empty if unknown.
    regional
        Overrides by the policy for regions of the country.
    side
        Whose calendar it is, for messages.
    service_days
        Days of the week that are not on the weekend, whatever country and policy say.

    Raises
    ------
    DoubtError
        If the holidays of the country are unknown.
    MissingExtraError
        If the package `holidays` is not installed.

    Examples
    --------
    >>> calendar("US").closed(datetime.date(2026, 11, 26))
    'Thanksgiving Day'
    >>> calendar("DE", region="DE-BY").closed(datetime.date(2027, 1, 6))
    'Epiphany'
    """
    if _is_without_holidays(rule) and not regional:  # nothing that only the package knows
        entry = CountryCalendar(code=country, source="the policy")
        calendars = [RegionCalendar(country, (), entry, rule, _NoHolidays(), None, service_days)]
        return Calendar(country, region, tuple(calendars), side)
    _package()
    entry = _entry(country, rule)
    calendars = [
        _region_calendar(entry, place, _rule_of(place.codes, rule, regional), service_days)
        for place in _places(entry, region, regional)
    ]
    return Calendar(country, region, tuple(calendars), side)


class _NoHolidays(dict[datetime.date, str]):
    """Holidays of a country whose business days the policy tells alone."""

    start_year = datetime.MINYEAR
    end_year = datetime.MAXYEAR - 1


def _told_by_policy(country: str) -> str:
    """Return how a policy tells the business days of a country that are unknown otherwise."""
    return (
        f'add [[commitments.calendars]] with countries = ["{country}"], weekend, public_holidays = '
        f"false and the holidays as closures to the policy"
    )


def _is_without_holidays(rule: CalendarRule | None) -> bool:
    """Return whether a rule says all of a country: its weekend, and that it has no holidays."""
    return rule is not None and rule.weekend is not None and not rule.public_holidays


def _entry(country: str, rule: CalendarRule | None) -> CountryCalendar:
    """Return the calendar entry of a country, with the overrides of a policy."""
    table = business_days.load().by_country
    entry = table.get(country) or CountryCalendar(code=country, source="national calendar")
    changes: dict[str, Any] = {}
    if rule and rule.follows:
        changes["follows"] = rule.follows
    if rule and (rule.follows == "country" or rule.categories is not None):
        changes |= {"in_part": (), "part_names": ""}
    if rule and rule.categories is not None:
        changes["off"] = rule.categories
    return entry.model_copy(update=changes)


class _Place(NamedTuple):
    """A possible place of a center: a `holidays` entry (empty: the country), a label, its codes."""

    subdivision: str
    label: str
    codes: tuple[str, ...]


def _places(entry: CountryCalendar, region: str, regional: Sequence[CalendarRule]) -> list[_Place]:
    """Return the possible places of a center whose calendars differ."""
    places = list(_places_in(entry, region))
    covered = {code for place in places for code in place.codes}
    ruled = dict.fromkeys(code for rule in regional for code in rule.regions)
    for code in ruled:
        if code not in covered and (not region or region in regions.containing(code)):
            places += _places_in(entry, code)
    return places


def _places_in(entry: CountryCalendar, region: str) -> Iterator[_Place]:
    """Yield the parts of a region (of the country if unknown) whose calendars may differ."""
    codes = regions.containing(region) if region else ()
    if entry.follows == "country":
        yield _Place("", region or entry.code, codes)
        return
    subdivisions = _subdivisions(entry)
    if region:
        names = _resolve(entry, region, subdivisions)
    else:
        names = [*subdivisions, *([""] if entry.incomplete else [])]
    for name in names:
        yield from _with_localities(entry, name, codes)


def _with_localities(
    entry: CountryCalendar, subdivision: str, codes: tuple[str, ...]
) -> Iterator[_Place]:
    """Yield a `holidays` region and its parts with calendars of their own."""
    own = f"{entry.code}-{subdivision}" if subdivision else entry.code
    if subdivision and own not in codes:
        codes = (*regions.containing(own), *codes)
    label = codes[0] if own in codes else own  # the smaller one if both are equal
    yield _Place(subdivision, label, codes)
    if entry.is_municipal(subdivision) and subdivision:
        yield _Place("", label, codes)
    for name, region in entry.localities.items():
        if region == subdivision:
            yield _Place(name, label, codes)


def _subdivisions(entry: CountryCalendar) -> list[str]:
    """Return the `holidays` regions of a country."""
    listed = _library(entry.code, "", entry.off).subdivisions
    return [s for s in listed if REGION.fullmatch(s) and s not in entry.without]


def _resolve(entry: CountryCalendar, region: str, subdivisions: Sequence[str]) -> list[str]:
    """Return the `holidays` regions that share the calendar of a region; empty is the country."""
    suffix = region[3:]
    if suffix in entry.same_as:
        return list(entry.same_as[suffix])
    for code in regions.containing(region):
        if code[3:] in subdivisions or code[3:] in entry.without:
            return [code[3:]]
    within = [code[3:] for code in regions.contained(region)]
    same = [code for code in within if code in subdivisions]
    return [*same, *([] if same and len(same) == len(within) else [""])]


def _rule_of(
    codes: tuple[str, ...], rule: CalendarRule | None, regional: Sequence[CalendarRule]
) -> CalendarRule | None:
    """Return the policy rule of a region: its own, merged over that of the country."""
    for code in codes:
        for own in regional:
            if code in own.regions:
                return own.over(rule)
    return rule


def _region_calendar(
    entry: CountryCalendar,
    place: _Place,
    rule: CalendarRule | None,
    service_days: tuple[Weekday, ...],
) -> RegionCalendar:
    in_locality = place.subdivision in entry.localities
    partly = entry.in_part and not in_locality
    return RegionCalendar(
        label=place.label,
        codes=place.codes,
        entry=entry,
        rule=rule,
        holidays=_library(entry.code, place.subdivision, entry.off),
        in_part=_library(entry.code, place.subdivision, entry.in_part) if partly else None,
        service_days=service_days,
    )


def _package() -> Any:
    """Return the package `holidays`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    require("terms", "holidays")
    import holidays

    return holidays


@functools.cache
def _library(country: str, subdivision: str, categories: tuple[str, ...]) -> Any:
    """Return days of the package `holidays`, named in English where possible.

    Raises
    ------
    DoubtError
        If the holidays of the country, or of a category, are unknown.
    MissingExtraError
        If the package is not installed.
    """
    holidays = _package()
    options: dict[str, Any] = {"subdiv": subdivision or None, "categories": categories}
    try:
        result = holidays.country_holidays(country, **options)
    except NotImplementedError:
        raise DoubtError(
            Doubt.calendar_unknown,
            f"the public holidays in {country} are unknown: {_told_by_policy(country)}",
        ) from None
    except ValueError as error:
        raise DoubtError(
            Doubt.calendar_unknown, f"the calendar of {country} has no such category: {error}"
        ) from None
    if "en_US" in result.supported_languages:
        result = holidays.country_holidays(country, language="en_US", **options)
    return result


def days_on(calendar: Calendar, day: datetime.date) -> Iterator[tuple[datetime.date, str]]:
    """Yield the days from a given day on, each with why it is not a business day, else empty.

    Raises
    ------
    DoubtError
        If more than `MOST_CLOSED` days in a row are closed, the calendar ends, or it is uncertain
        whether a day is a business day.
    """
    closed = 0
    while True:
        why = calendar.closed(day)
        closed = closed + 1 if why else 0
        if closed > MOST_CLOSED:
            raise DoubtError(
                Doubt.calendar_unknown,
                f"{calendar.side}s in {calendar.place} have no business day for {MOST_CLOSED} days",
            )
        yield day, why
        day += datetime.timedelta(days=1)
