"""Date and time arithmetic of promises: from an event to its due time.

All arithmetic uses instants (UTC), so clock changes do not lengthen or shorten days; dates,
cut-offs and hours of service are interpreted in a time zone. Each calculation lists its steps as
text.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coverage_analyzer.due_times.calendars import ESTIMATED, Calendar, days_on
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.policy.rules import Hours, Replacement

ISO_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII
)
"""ISO 8601 with a time of day; the UTC offset is optional."""

WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

YEARS: Final = range(1970, 2100)
"""Timestamps in other years are typing errors, and the holiday calendars end there."""


@dataclass(frozen=True)
class Due:
    """The due time of a promise: the first moment that is too late.

    Attributes
    ----------
    at
        With its UTC offset, in the zone of the clock.
    steps
        The steps of the calculation, as text.
    estimated
        The holidays used whose date is not final.
    notes
        What may still change the result, as text: estimated holidays nearby, years whose holidays
        are not yet published.
    """

    at: datetime.datetime
    steps: tuple[str, ...]
    estimated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def stamp(text: str, form: str = "") -> datetime.datetime:
    """Parse a timestamp, with its UTC offset or without one if it has none.

    Parameters
    ----------
    text
        ISO 8601 with a time of day, such as ``2026-12-04T16:30`` or ``2026-12-04T16:30+01:00``.
    form
        Another format, in the directives of `datetime.strptime`.

    Raises
    ------
    DoubtError
        If it has another format, the date or time does not exist, or its year is not in `YEARS`.

    Examples
    --------
    >>> stamp("2026-12-04T16:30Z").isoformat()
    '2026-12-04T16:30:00+00:00'
    """
    cell = text.strip()
    if not cell:
        raise DoubtError(Doubt.moment_missing, "no date and time given")
    expected = f"in the format {form!r}" if form else "a date and time like 2026-12-04T16:30+01:00"
    read = None
    try:
        if form:
            read = datetime.datetime.strptime(cell, form)  # noqa: DTZ007 - it may tell no zone
        elif ISO_MOMENT.fullmatch(cell):
            read = datetime.datetime.fromisoformat(re.sub(r" ?Z$", "+00:00", cell))
    except ValueError:  # 2026-02-30
        read = None
    if read is not None and read.year in YEARS:
        return read
    hint = "" if form else "; give its format with --moment-format"
    raise DoubtError(Doubt.moment_not_readable, f"{cell[:40]!r} is not {expected}{hint}")


def check_form(form: str) -> None:
    """Raise if a timestamp format is ambiguous.

    Parameters
    ----------
    form
        In the directives of `datetime.strptime`; empty for ISO 8601.

    Raises
    ------
    InputError
        If it has no time of day, or names a zone, which `strptime` accepts but discards.
    """
    if form and not re.search(r"%[HIXc]", form):
        msg = f"{form!r} has no time of day. Write it like '%d.%m.%Y %H:%M'."
        raise InputError(msg)
    if "%Z" in form:
        msg = f"{form!r} reads names of time zones, which are ambiguous. Read offsets, with %z."
        raise InputError(msg)
    try:
        datetime.datetime.strptime("", form)  # noqa: DTZ007 - nothing is read
    except ValueError as error:
        if "directive" in str(error) or "stray" in str(error):
            msg = f"{form!r} is not a date format: {error}."
            raise InputError(msg) from None


def moment(stamped: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """Return a timestamp in a zone; one without an offset is local to the zone.

    Raises
    ------
    DoubtError
        If that local time occurs twice or never in the zone.

    Examples
    --------
    >>> moment(stamp("2026-12-04T16:30"), ZoneInfo("Europe/Zurich")).isoformat()
    '2026-12-04T16:30:00+01:00'
    """
    if stamped.tzinfo is not None:
        return _shown(stamped, zone)
    local = stamped.replace(tzinfo=zone, fold=0)
    if local.utcoffset() == local.replace(fold=1).utcoffset():
        return local
    there = f"{stamped.isoformat(' ', 'minutes')} (local time in {zone.key})"
    if _shown(local, zone).replace(tzinfo=None) != stamped:
        raise DoubtError(
            Doubt.moment_does_not_exist,
            f"{there} does not exist: the clocks go forward; add the offset from UTC",
        )
    raise DoubtError(
        Doubt.moment_ambiguous,
        f"{there} occurs twice: the clocks go back; add the offset from UTC",
    )


def start_of_day(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """Return the first moment of a day in a zone: 00:00, or later where clocks skip it.

    Examples
    --------
    >>> start_of_day(datetime.date(2026, 9, 6), ZoneInfo("America/Santiago")).isoformat()
    '2026-09-06T01:00:00-03:00'
    """
    return _shown(datetime.datetime.combine(day, datetime.time(), zone), zone)


def due(
    clock: Replacement, start: datetime.datetime, zone: ZoneInfo, calendar: Calendar | None
) -> Due:
    """Return the due time of a promise that began at a given time.

    Parameters
    ----------
    clock
        The promise.
    start
        The event that starts the clock, with its UTC offset.
    zone
        Zone of the clock: the site's for hours, the center's for business days.
    calendar
        Calendar of the center; not required for a clock that runs around the clock.

    Raises
    ------
    DoubtError
        If the calendar ends too early, or is missing.
    """
    local = _shown(start, zone)
    if calendar is None and clock.counts_business_days:
        raise DoubtError(
            Doubt.calendar_unknown, "no center ships the part, so its business days are unknown"
        )
    if clock.unit == "business_days" and calendar is not None:
        return _after_days(clock, local, zone, calendar)
    if clock.hours:
        return _after_open_hours(clock, clock.hours, local, zone, calendar)
    at = _shown(local.astimezone(UTC) + timedelta(hours=clock.amount), zone)
    step = f"{quantity(clock.amount, 'hour')} around the clock, after {shown_time(local)}"
    return Due(at, (step, f"due before {shown_time(at)}"))


def _after_days(
    clock: Replacement, local: datetime.datetime, zone: ZoneInfo, calendar: Calendar
) -> Due:
    """Return the end of the n-th business day after the day on which an event counts."""
    late = clock.cut_off is not None and _is_late(local, clock.cut_off, zone)
    first = local.date() + timedelta(days=1 if late else 0)
    steps = [_counting(clock, local, late=late)]
    skipped: list[str] = []
    estimated: list[str] = []
    left = clock.amount + 1
    days = _open_days(calendar, first, zone)
    while True:
        day, why = next(days)
        if why:
            skipped.append(f"{_day(day)} ({why})")
            estimated += [f"{day} {why}"] if ESTIMATED in why else []
            continue
        if skipped:
            steps.append(f"not a business day in {calendar.place}: {', '.join(skipped)}")
            skipped = []
        left -= 1
        number = clock.amount - left
        steps.append(
            f"business day {number}: {_day(day)}"
            if number
            else f"counts as received on {_day(day)}"
        )
        if not left:
            at = start_of_day(day + timedelta(days=1), zone)
            steps.append(f"due before {shown_time(at)}, the end of that day at the center")
            notes = _notes(calendar, first, day, estimated)
            return Due(at, tuple(steps), tuple(estimated), notes)


def _notes(
    calendar: Calendar | None, first: datetime.date, last: datetime.date, counted: list[str]
) -> tuple[str, ...]:
    """Return what may still change a due time besides the estimated holidays it counts.

    An estimated holiday next to the period, or on a weekend in it, may move by a day.
    """
    if calendar is None:
        return ()
    span = (first + timedelta(days=n) for n in range(-1, (last - first).days + 2))
    named = (f"{day} {name}" for day in span if (name := calendar.estimated(day)))
    notes = [
        f"the date of an estimated holiday may move by a day: {text}"
        for text in named
        if text not in counted
    ]
    return (*notes, *calendar.projections(first.year, last.year))


def _counting(clock: Replacement, local: datetime.datetime, *, late: bool) -> str:
    if clock.cut_off is None:
        return f"{shown_time(local)} at the center; no cut-off: the whole day counts"
    side = "after" if late else "not after"
    return f"{shown_time(local)} at the center, {side} the cut-off at {clock.cut_off}"


def _is_late(local: datetime.datetime, cut_off: str, zone: ZoneInfo) -> bool:
    """Return whether a timestamp is after the cut-off of its day.

    If the cut-off occurs twice by the local clock, the second time applies; otherwise a later event
    could count for an earlier day.
    """
    time = datetime.time.fromisoformat(cut_off)
    last = datetime.datetime.combine(local.date(), time, zone).replace(fold=1)
    return local.time() > time and local.astimezone(UTC) > last.astimezone(UTC)


def _open_days(
    calendar: Calendar, first: datetime.date, zone: ZoneInfo
) -> Iterator[tuple[datetime.date, str]]:
    """Yield days with why each is not a business day; a day skipped by the zone is not one."""
    for day, why in days_on(calendar, first):
        there = start_of_day(day, zone) < start_of_day(day + timedelta(days=1), zone)
        yield day, why if there else "skipped by the time zone"


def _after_open_hours(
    clock: Replacement,
    hours: Hours,
    local: datetime.datetime,
    zone: ZoneInfo,
    calendar: Calendar | None,
) -> Due:
    """Return when the given number of service hours has passed."""
    left = timedelta(hours=clock.amount)
    now = local.astimezone(UTC)
    amount = quantity(clock.amount, "hour")
    steps = [f"{amount} between {hours.opens} and {hours.closes}, after {shown_time(local)}"]
    estimated: list[str] = []
    first = day = local.date()
    counts = hours.days == "business_days"
    while True:
        opens, closes = _service(hours, day, zone)
        run, closed = max(closes - max(now, opens), timedelta()), ""
        # after the hours of service it does not matter whether a day is a business day
        if run and counts and calendar is not None:
            closed = calendar.closed(day)
        if closed:
            run = timedelta()
            steps.append(f"the clock is stopped on {_day(day)} ({closed})")
            estimated += [f"{day} {closed}"] if ESTIMATED in closed else []
        elif run >= left:
            at = _shown(max(now, opens) + left, zone)
            notes = _notes(calendar if counts else None, first, day, estimated)
            return Due(at, (*steps, f"due before {shown_time(at)}"), tuple(estimated), notes)
        elif run:
            steps.append(f"{run} on {_day(day)}")
        left -= run
        day += timedelta(days=1)


def _service(
    hours: Hours, day: datetime.date, zone: ZoneInfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """Return when service begins and ends on a day, in UTC."""
    opens = datetime.datetime.combine(day, datetime.time.fromisoformat(hours.opens), zone)
    if hours.closes == "24:00":
        closes = start_of_day(day + timedelta(days=1), zone)
    else:
        until = datetime.time.fromisoformat(hours.closes)
        closes = datetime.datetime.combine(day, until, zone).replace(fold=1)
    return opens.astimezone(UTC), closes.astimezone(UTC)


def _shown(moment: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """Return a timestamp in local time of a zone, even if the input had an offset."""
    return moment.astimezone(UTC).astimezone(zone)


def shown_time(moment: datetime.datetime) -> str:
    """Return a timestamp as steps show it: weekday, ISO 8601, zone."""
    zone = f" {moment.tzinfo.key}" if isinstance(moment.tzinfo, ZoneInfo) else ""
    exact = "auto" if moment.second or moment.microsecond else "minutes"
    return f"{WEEK[moment.weekday()]} {moment.isoformat(timespec=exact)}{zone}"


def _day(day: datetime.date) -> str:
    return f"{WEEK[day.weekday()]} {day}"
