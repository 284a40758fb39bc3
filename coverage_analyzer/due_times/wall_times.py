"""Local times of day as instants, also where clocks go forward or back.

A time of day that occurs twice begins with the first and ends with the second occurrence; one that
clocks skip is the moment at which they do.
"""

import datetime
from datetime import UTC, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coverage_analyzer.policy.clock_keys import Hours

MIDNIGHT: Final = "24:00"
"""The end of a day, as closing time."""

PRECISION: Final = timedelta(microseconds=1)
"""Precision of the moment at which clocks change."""


def in_zone(moment: datetime.datetime, zone: ZoneInfo) -> datetime.datetime:
    """Return a timestamp in local time of a zone, even if the input had an offset."""
    return moment.astimezone(UTC).astimezone(zone)


def start_of_day(day: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """Return the first moment of a day in a zone: 00:00, or later where clocks skip it.

    Examples
    --------
    >>> start_of_day(datetime.date(2026, 9, 6), ZoneInfo("America/Santiago")).isoformat()
    '2026-09-06T01:00:00-03:00'
    """
    return in_zone(datetime.datetime.combine(day, datetime.time(), zone), zone)


def first_at(day: datetime.date, text: str, zone: ZoneInfo) -> datetime.datetime:
    """Return the first moment of a day whose local time is at least a time of day, in UTC.

    Examples
    --------
    >>> berlin, day = ZoneInfo("Europe/Berlin"), datetime.date(2026, 3, 29)
    >>> in_zone(first_at(day, "02:30", berlin), berlin).isoformat()
    '2026-03-29T03:00:00+02:00'
    """
    return _at(day, text, zone, fold=0)


def last_at(day: datetime.date, text: str, zone: ZoneInfo) -> datetime.datetime:
    """Return the end of the last moment of a day whose local time is before a time of day, in UTC.

    Parameters
    ----------
    day
        In the zone.
    text
        ``HH:MM`` or ``HH:MM:SS``, or `MIDNIGHT`.
    zone
        The zone.

    Examples
    --------
    >>> berlin, day = ZoneInfo("Europe/Berlin"), datetime.date(2026, 10, 25)
    >>> [in_zone(f(day, "02:30", berlin), berlin).isoformat() for f in (first_at, last_at)]
    ['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00']
    """
    if text == MIDNIGHT:
        return start_of_day(day + timedelta(days=1), zone).astimezone(UTC)
    return _at(day, text, zone, fold=1)


def _at(day: datetime.date, text: str, zone: ZoneInfo, *, fold: int) -> datetime.datetime:
    wall = datetime.datetime.combine(day, datetime.time.fromisoformat(text))
    local = wall.replace(tzinfo=zone, fold=fold)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return moment
    # skipped: the change is between the readings by the offset after it and by that before it
    ends = sorted(wall.replace(tzinfo=zone, fold=f).astimezone(UTC) for f in (0, 1))
    return _change(ends[0], ends[1], wall, zone)


def _change(
    low: datetime.datetime, high: datetime.datetime, wall: datetime.datetime, zone: ZoneInfo
) -> datetime.datetime:
    """Return the moment between two at which local time passes a skipped time of day, in UTC."""
    while high - low > PRECISION:
        middle = low + (high - low) / 2
        if middle.astimezone(zone).replace(tzinfo=None, fold=0) < wall:
            low = middle
        else:
            high = middle
    return high


def service(
    hours: Hours, day: datetime.date, zone: ZoneInfo
) -> tuple[datetime.datetime, datetime.datetime] | None:
    """Return when service begins and ends on a day, in UTC; None if that weekday has none."""
    span = hours.span_on(day.weekday())
    if span is None:
        return None
    return first_at(day, span[0], zone), last_at(day, span[1], zone)


def next_receiving(
    moment: datetime.datetime, receives: tuple[str, str], zone: ZoneInfo
) -> datetime.datetime:
    """Return a due time, deferred to the next receiving hours of a site if outside of them.

    A due time at the end of the hours is within them, one at their beginning is their beginning:
    nothing can be received before.

    Parameters
    ----------
    moment
        The due time.
    receives
        When the site begins and ends to receive, on each day, as local times of day.
    zone
        Zone of the site.

    Examples
    --------
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> friday = datetime.datetime(2026, 12, 4, 22, 30, tzinfo=berlin)
    >>> in_zone(next_receiving(friday, ("08:00", "17:00"), berlin), berlin).isoformat()
    '2026-12-05T08:00:00+01:00'
    """
    day = in_zone(moment, zone).date() - timedelta(days=1)
    while True:
        opens, closes = first_at(day, receives[0], zone), last_at(day, receives[1], zone)
        if opens < closes and moment <= closes:
            return max(moment, opens)
        day += timedelta(days=1)
