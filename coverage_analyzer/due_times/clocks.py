"""Date and time arithmetic of promises: from an event to its due time.

All arithmetic uses instants (UTC), so clock changes do not lengthen or shorten days; dates,
cut-offs and hours of service are interpreted in a time zone. Each calculation lists its steps as
text.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coverage_analyzer.due_times.calendars import ESTIMATED, MOST_CLOSED, Calendar, days_on
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.due_times.wall_times import (
    first_at,
    in_zone,
    last_at,
    next_receiving,
    service,
    start_of_day,
)
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.policy.clock_keys import Hours, Side
from coverage_analyzer.policy.clocks import Replacement

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
        return in_zone(stamped, zone)
    local = stamped.replace(tzinfo=zone, fold=0)
    if local.utcoffset() == local.replace(fold=1).utcoffset():
        return local
    there = f"{stamped.isoformat(' ', 'minutes')} (local time in {zone.key})"
    if in_zone(local, zone).replace(tzinfo=None) != stamped:
        raise DoubtError(
            Doubt.moment_does_not_exist,
            f"{there} does not exist: the clocks go forward; add the offset from UTC",
        )
    raise DoubtError(
        Doubt.moment_ambiguous,
        f"{there} occurs twice: the clocks go back; add the offset from UTC",
    )


def due(
    clock: Replacement,
    start: datetime.datetime,
    zone: ZoneInfo,
    calendar: Calendar | None,
    *,
    cut_off_zone: ZoneInfo | None = None,
    side: Side = "center",
) -> Due:
    """Return the due time of a clock that began at a given time.

    Parameters
    ----------
    clock
        The clock, with the hours of the country whose calendar counts.
    start
        The event that starts the clock, with its UTC offset.
    zone
        Zone in which days and hours are counted.
    calendar
        The business days that count; not required for a clock that runs around the clock.
    cut_off_zone
        Zone in which the cut-off is local; by default ``zone``.
    side
        Whose calendar and zone these are, for the steps.

    Raises
    ------
    DoubtError
        If the calendar ends too early, or is missing.
    """
    local = in_zone(start, zone)
    if calendar is None and clock.counts_business_days:
        raise DoubtError(
            Doubt.calendar_unknown, "no center ships the part, so its business days are unknown"
        )
    count = _Count(clock, local, zone, calendar, cut_off_zone or zone, side)
    if clock.unit == "business_days" and calendar is not None:
        return _after_days(count, calendar)
    begun, steps = _begin(count) if clock.cut_off else (local.astimezone(UTC), [])
    if clock.hours:
        return _after_open_hours(count, clock.hours, begun, steps)
    at = in_zone(begun + timedelta(hours=clock.amount), zone)
    after = shown_time(in_zone(begun, zone))
    step = f"{quantity(clock.amount, 'hour')} around the clock, after {after}"
    return Due(at, (*steps, step, f"due before {shown_time(at)}"))


@dataclass(frozen=True)
class _Count:
    """What a due time is counted with; ``local`` is the start in ``zone``."""

    clock: Replacement
    local: datetime.datetime
    zone: ZoneInfo
    calendar: Calendar | None
    cut_off_zone: ZoneInfo
    side: Side

    @property
    def at_cut_off(self) -> datetime.datetime:
        """The start where the cut-off is local."""
        return in_zone(self.local, self.cut_off_zone)

    @property
    def is_late(self) -> bool:
        """Whether the start is after the cut-off of its day.

        If the cut-off occurs twice by the local clock, the second time applies; otherwise a later
        event could count for an earlier day.
        """
        text = self.clock.cut_off
        return text is not None and _is_late(self.at_cut_off, text, self.clock.cut_off_counts)

    @property
    def first_day(self) -> datetime.date:
        """The first day for which the start may count.

        The day of the start by the local time of the calendar, or that of the cut-off, and the next
        one after the cut-off: the later one.
        """
        if self.clock.cut_off is None:
            return self.local.date()
        by_cut_off = self.at_cut_off.date() + timedelta(days=1 if self.is_late else 0)
        return max(self.local.date(), by_cut_off)


def _after_days(count: _Count, calendar: Calendar) -> Due:
    """Return the end of the n-th business day after the day on which an event counts."""
    clock, zone, first = count.clock, count.zone, count.first_day
    steps = [_counting(count)]
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
        if left <= 0:
            at, until = _end_of(clock, day, zone)
            if at <= count.local:  # of a clock of the same day, whose closing time has passed
                steps.append(f"{until} has passed")
                continue
            steps.append(f"due before {shown_time(at)}, {until} at the {count.side}")
            notes = _notes(calendar, first, day, estimated)
            return Due(at, tuple(steps), tuple(estimated), notes)


def _end_of(
    clock: Replacement, day: datetime.date, zone: ZoneInfo
) -> tuple[datetime.datetime, str]:
    """Return when a clock of business days ends on its last one, and what that is as text."""
    if clock.by is None:
        return start_of_day(day + timedelta(days=1), zone), "the end of that day"
    return in_zone(last_at(day, clock.by, zone), zone), f"{clock.by} of that day"


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


def _counting(count: _Count) -> str:
    clock = count.clock
    if clock.cut_off is None:
        return f"{shown_time(count.local)} at the {count.side}; no cut-off: the whole day counts"
    side = "after" if count.is_late else "not after"
    if clock.cut_off_counts == "before":
        side = "not before" if count.is_late else "before"
    where = f" at the {count.side}" if count.cut_off_zone.key == count.zone.key else ""
    return f"{shown_time(count.at_cut_off)}{where}, {side} the cut-off at {clock.cut_off}"


def _is_late(local: datetime.datetime, cut_off: str, counts: str = "at") -> bool:
    """Return whether a timestamp is after the cut-off of its day, or at it if that is too late."""
    time = datetime.time.fromisoformat(cut_off)
    last = datetime.datetime.combine(local.date(), time, local.tzinfo).replace(fold=1)
    now, until = local.astimezone(UTC), last.astimezone(UTC)
    if counts == "before":
        return local.time() >= time and now >= until
    return local.time() > time and now > until


def _open_days(
    calendar: Calendar, first: datetime.date, zone: ZoneInfo
) -> Iterator[tuple[datetime.date, str]]:
    """Yield days with why each is not a business day; a day skipped by the zone is not one."""
    for day, why in days_on(calendar, first):
        there = start_of_day(day, zone) < start_of_day(day + timedelta(days=1), zone)
        yield day, why if there else "skipped by the time zone"


def _begin(count: _Count) -> tuple[datetime.datetime, list[str]]:
    """Return when a clock of hours with a cut-off starts, in UTC, and the steps to it."""
    clock, zone = count.clock, count.zone
    day, steps = _service_day(count)
    opens = "00:00"
    if clock.hours and (span := clock.hours.span_on(day.weekday())):
        opens = span[0]
    begun = max(count.local.astimezone(UTC), first_at(day, clock.late_start or opens, zone))
    if begun > count.local.astimezone(UTC):
        steps.append(f"the clock starts at {shown_time(in_zone(begun, zone))}")
    return begun, steps


def _service_day(count: _Count) -> tuple[datetime.date, list[str]]:
    """Return the first day of service for which the start of a clock of hours may count.

    Raises
    ------
    DoubtError
        If none is within `MOST_CLOSED` days, or it is uncertain.
    """
    day, steps = count.first_day, [_counting(count)]
    while why := _why_closed(count, day):
        steps.append(f"no service on {_day(day)} ({why})")
        day += timedelta(days=1)
        _check_open(count, (day - count.first_day).days)
    return day, steps


def _why_closed(count: _Count, day: datetime.date) -> str:
    """Return why a clock of hours cannot start on a day; empty if it can."""
    clock, zone = count.clock, count.zone
    if start_of_day(day, zone) >= start_of_day(day + timedelta(days=1), zone):
        return "skipped by the time zone"
    if clock.hours and clock.hours.span_on(day.weekday()) is None:
        return "closed"
    if clock.counts_business_days and count.calendar is not None:
        return count.calendar.closed(day)
    return ""


def _check_open(count: _Count, days: int) -> None:
    """Raise if there was no service for more than `MOST_CLOSED` days.

    Raises
    ------
    DoubtError
        If so.
    """
    if days > MOST_CLOSED:
        raise DoubtError(
            Doubt.calendar_unknown,
            f"the {count.side} has no hours of service for {MOST_CLOSED} days",
        )


def _after_open_hours(
    count: _Count, hours: Hours, now: datetime.datetime, steps: Sequence[str]
) -> Due:
    """Return when the given number of service hours has passed since a moment in UTC.

    Raises
    ------
    DoubtError
        If there are no service hours for `MOST_CLOSED` days, or a day is uncertain.
    """
    left = timedelta(hours=count.clock.amount)
    amount, local = quantity(count.clock.amount, "hour"), in_zone(now, count.zone)
    between = " and ".join(hours.span_on(local.weekday()) or (hours.opens, hours.closes))
    steps = [*steps, f"{amount} between {between}, after {shown_time(local)}"]
    estimated: list[str] = []
    calendar = count.calendar if hours.days == "business_days" else None
    first = day = local.date()
    last_run = day
    while True:
        _check_open(count, (day - last_run).days)
        span = service(hours, day, count.zone)
        begins = max(now, span[0]) if span else now
        run = max(span[1] - begins, timedelta()) if span else timedelta()
        # after the hours of service it does not matter whether a day is a business day
        closed = calendar.closed(day) if run and calendar is not None else ""
        if closed:
            run = timedelta()
            steps.append(f"the clock is stopped on {_day(day)} ({closed})")
            estimated += [f"{day} {closed}"] if ESTIMATED in closed else []
        elif run >= left:
            at = in_zone(begins + left, count.zone)
            notes = _notes(calendar, first, day, estimated)
            return Due(at, (*steps, f"due before {shown_time(at)}"), tuple(estimated), notes)
        elif run:
            steps.append(f"{run} on {_day(day)}")
        left -= run
        last_run = day if run else last_run
        day += timedelta(days=1)


def deferred(due: Due, receives: tuple[str, str], zone: ZoneInfo) -> Due:
    """Return a due time, deferred to the next receiving hours of a site if outside of them.

    Parameters
    ----------
    due
        The due time by the clock alone.
    receives
        When the site begins and ends to receive, on each day, as local times of day.
    zone
        Zone of the site.
    """
    at = in_zone(next_receiving(due.at, receives, zone), zone)
    if at == due.at:
        return due
    opens, closes = receives
    step = f"deferred to the receiving hours of the site, {opens} to {closes}: due as they begin"
    return replace(due, at=at, steps=(*due.steps, f"{step}, {shown_time(at)}"))


def shown_time(moment: datetime.datetime) -> str:
    """Return a timestamp as steps show it: weekday, ISO 8601, zone."""
    zone = f" {moment.tzinfo.key}" if isinstance(moment.tzinfo, ZoneInfo) else ""
    exact = "auto" if moment.second or moment.microsecond else "minutes"
    return f"{WEEK[moment.weekday()]} {moment.isoformat(timespec=exact)}{zone}"


def _day(day: datetime.date) -> str:
    return f"{WEEK[day.weekday()]} {day}"
