"""Laws of clocks: the sum is what counting minute by minute gives, and later is never earlier."""

import datetime
import functools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coverage_analyzer.due_times import clocks
from coverage_analyzer.due_times.calendars import Calendar, calendar
from coverage_analyzer.policy.clock_keys import WEEKDAYS, Hours
from coverage_analyzer.policy.clocks import Replacement
from coverage_analyzer.policy.due_times import CalendarRule

PLACES = (
    ("US", "America/New_York"),
    ("IL", "Asia/Jerusalem"),
    ("CL", "America/Santiago"),  # leaves out the first hour of a day
    ("JP", "Australia/Lord_Howe"),  # puts its clocks back by half an hour
    ("WS", "Pacific/Apia"),  # left out a day
)
ZONES = ("Europe/Berlin", "America/Denver", "Pacific/Kiritimati", "Asia/Tokyo")
CHANGES = (  # about them, clocks are put forward or back in some of the zones
    datetime.datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime.datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime.datetime(2026, 10, 24, 23, tzinfo=UTC),
    datetime.datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime.datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime.datetime(2011, 12, 30, 10, tzinfo=UTC),
)
MINUTE = timedelta(minutes=1)
CASES = int(os.environ.get("CLOCK_CASES", "40"))
"""Examples of each law; `make fuzz-clocks` tries many more."""

SPANS = st.sampled_from(["closed", "08:00-14:00", "01:30-02:30", "00:00-24:00"])
TIMES = st.sampled_from(["00:00", "00:30", "01:45", "02:15", "13:00", "23:59"])

starts = st.builds(
    lambda change, minutes: change + minutes * MINUTE,
    st.sampled_from(CHANGES),
    st.integers(-3 * 1440, 2 * 1440),
)


@st.composite
def clock_tables(draw: st.DrawFn) -> Replacement:
    """Draw a clock with keys that go together."""
    unit = draw(st.sampled_from(["hours", "business_days"]))
    cut_off = draw(st.none() | TIMES)
    opens, closes = draw(st.sampled_from([("08:00", "17:00"), ("01:30", "02:30")]))
    hours = Hours(
        opens=opens,
        closes=closes,
        days=draw(st.sampled_from(["every_day", "business_days"])),
        weekdays=draw(st.dictionaries(st.sampled_from(WEEKDAYS[3:]), SPANS, max_size=3)),
    )
    by_hours = unit == "hours"
    return Replacement(
        start="authorised",
        end="delivered",
        amount=draw(st.integers(1 if unit == "hours" else 0, 3)),
        unit=unit,
        hours=draw(st.sampled_from([None, hours])) if by_hours else None,
        cut_off=cut_off,
        cut_off_counts=draw(st.sampled_from(["at", "before"])),
        late_start=draw(st.sampled_from([None, "01:45"])) if by_hours and cut_off else None,
        by=None if by_hours else draw(st.none() | TIMES.filter(lambda text: text != "00:00")),
        clause="c",
    )


def calendar_for(clock: Replacement, country: str) -> Calendar:
    """Return a calendar without public holidays, the weekend of which may have service."""
    rule = CalendarRule(
        countries=(country,),
        weekend=("friday", "saturday"),
        public_holidays=False,
        closures=("2026-03-09", "2026-11-02", "2012-01-02"),
    )
    days = clock.hours.extra_days if clock.hours else ()
    return calendar(country, rule, service_days=days)


@functools.lru_cache(maxsize=500)
def minutes_of(day: datetime.date, key: str) -> tuple[datetime.datetime, ...]:
    """Return all minutes of a day in a zone, each in local time."""
    zone, noon = ZoneInfo(key), datetime.datetime.combine(day, datetime.time(12), UTC)
    subset = ((noon + n * MINUTE).astimezone(zone) for n in range(-27 * 60, 27 * 60))
    return tuple(local for local in subset if local.date() == day)


def after_last(day: datetime.date, key: str, fits: Callable[[str], bool]) -> datetime.datetime:
    """Return the minute after the last one of a day whose time of day fits, else its first."""
    minutes = minutes_of(day, key)
    last = next((m for m in reversed(minutes) if fits(f"{m:%H:%M}")), None)
    return minutes[0].astimezone(UTC) if last is None else last.astimezone(UTC) + MINUTE


def first_of(day: datetime.date, key: str, text: str) -> datetime.datetime:
    """Return the first minute of a day that is not before a time, else the end of the day."""
    result = next((m for m in minutes_of(day, key) if f"{m:%H:%M}" >= text), None)
    return after_last(day, key, lambda _: True) if result is None else result.astimezone(UTC)


def is_too_late(clock: Replacement, start: datetime.datetime, key: str) -> bool:
    """Return whether no minute of the day from the start on is still within the cut-off."""
    local, at = start.astimezone(ZoneInfo(key)), clock.cut_off or "24:00"
    rest = [m for m in minutes_of(local.date(), key) if m.astimezone(UTC) >= start]
    if clock.cut_off_counts == "before":
        return all(f"{m:%H:%M}" >= at for m in rest)
    return all(f"{m:%H:%M}" > at for m in rest)


def spans_of(
    clock: Replacement, day: datetime.date, key: str, days: Calendar
) -> tuple[datetime.datetime, datetime.datetime] | None:
    """Return when a clock may run on a day: from the first to the last minute of service."""
    if not minutes_of(day, key) or (clock.counts_business_days and days.closed(day)):
        return None
    if clock.hours is None:
        return first_of(day, key, "00:00"), after_last(day, key, lambda _: True)
    text = clock.hours.weekdays.get(WEEKDAYS[day.weekday()])
    if text == "closed":
        return None
    opens, closes = text.split("-") if text else (clock.hours.opens, clock.hours.closes)
    return first_of(day, key, opens), after_last(day, key, lambda time: time < closes)


def days_from(day: datetime.date) -> Iterator[datetime.date]:
    """Yield a day and all after it."""
    return (day + timedelta(days=n) for n in range(60))


def counted(
    clock: Replacement, start: datetime.datetime, key: str, cut_off: str, days: Calendar
) -> datetime.datetime:
    """Return the due time of a clock, by counting days and minutes."""
    day = start.astimezone(ZoneInfo(key)).date()
    if clock.cut_off:
        at_cut_off = start.astimezone(ZoneInfo(cut_off)).date()
        day = max(day, at_cut_off + timedelta(days=is_too_late(clock, start, cut_off)))
    if clock.unit == "business_days":
        working = [d for d in days_from(day) if minutes_of(d, key) and not days.closed(d)]
        by = clock.by or "24:00"
        ends = (after_last(d, key, lambda time: time < by) for d in working[clock.amount :])
        return next(end for end in ends if end > start)
    began = start
    if clock.cut_off:
        first = next(d for d in days_from(day) if spans_of(clock, d, key, days))
        opens = (spans_of(clock, first, key, days) or (start, start))[0]
        late = first_of(first, key, clock.late_start) if clock.late_start else opens
        began = max(start, late)
    if clock.hours is None:
        return began + timedelta(hours=clock.amount)
    left = clock.amount * 60
    for day in days_from(began.astimezone(ZoneInfo(key)).date()):
        span = spans_of(clock, day, key, days)
        minute = max(began, span[0]) if span else began
        while span and minute < span[1]:
            minute, left = minute + MINUTE, left - 1
            if not left:
                return minute
    pytest.fail("the clock never ends")


def due(
    clock: Replacement, start: datetime.datetime, key: str, cut_off: str, days: Calendar
) -> datetime.datetime:
    """Return the due time of a clock as the package has it."""
    zones = ZoneInfo(key), ZoneInfo(cut_off)
    return clocks.due(clock, start, zones[0], days, cut_off_zone=zones[1]).at.astimezone(UTC)


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clock_tables(), starts, st.sampled_from(PLACES), st.sampled_from(ZONES) | st.none())
def test_a_due_time_is_what_counting_minutes_gives(
    clock: Replacement, start: datetime.datetime, place: tuple[str, str], cut_off: str | None
) -> None:
    """Through changes of clocks, left out days, weekends, cut-offs elsewhere, hours by weekday."""
    country, key = place
    days = calendar_for(clock, country)
    assume(clock.hours is None or clock.hours.spans)
    expected = counted(clock, start, key, cut_off or key, days)
    assert due(clock, start, key, cut_off or key, days) == expected


@settings(max_examples=CASES, deadline=None)
@given(
    clock_tables(),
    starts,
    st.integers(0, 3 * 1440),
    st.sampled_from(PLACES),
    st.sampled_from(ZONES) | st.none(),
)
def test_a_later_start_is_never_due_earlier(
    clock: Replacement,
    start: datetime.datetime,
    minutes: int,
    place: tuple[str, str],
    cut_off: str | None,
) -> None:
    """Whatever the keys, and wherever the cut-off is local; nor is it due before it starts."""
    country, key = place
    days = calendar_for(clock, country)
    assume(clock.hours is None or clock.hours.spans)
    later = start + minutes * MINUTE
    first, second = (due(clock, at, key, cut_off or key, days) for at in (start, later))
    assert start < first <= second


@settings(max_examples=CASES, deadline=None)
@given(starts, st.integers(0, 2000), st.sampled_from(PLACES), st.sampled_from(["00:30", "08:00"]))
def test_a_deferred_time_is_never_earlier(
    at: datetime.datetime, minutes: int, place: tuple[str, str], opens: str
) -> None:
    """It is within the receiving hours, not before the due time, and in the same order."""
    zone = ZoneInfo(place[1])
    times = [clocks.Due(at + m * MINUTE, ("due",)) for m in (0, minutes)]
    first, second = (clocks.deferred(time, (opens, "17:00"), zone).at for time in times)
    assert at <= first <= second
    assert f"{first.astimezone(zone):%H:%M}" <= "17:00"
