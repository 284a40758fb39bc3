"""The business day some business days after other days, by the calendar of each row's country.

A day that is off in some regions of a country only does not count: the region of a site is not
known, and nothing may start too early. Where the holidays of a country are unknown, so is the day;
it is then not later than `latest`.
"""

import datetime
import functools
from typing import Final

import numpy as np

from coverage_analyzer.arrays import Bools, distinct
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.due_times import calendars
from coverage_analyzer.due_times.calendars import Calendar
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.days import Days

ONE_DAY: Final = datetime.timedelta(days=1)


def latest(start: Days, amount: int) -> Days:
    """Return days that are not before the day ``amount`` business days after others.

    Each week has a business day, but for at most `calendars.MOST_CLOSED` days in a row.
    """
    return start + np.timedelta64(7 * amount + calendars.MOST_CLOSED, "D")


def business_days_after(
    start: Days, amount: int, country: Numbers, names: Names, policy: Policy
) -> tuple[Days, Bools]:
    """Return the days that are some business days after others.

    Parameters
    ----------
    start
        Days, or ``NaT``, shape (n,).
    amount
        Number of business days after them; 0 is the day itself.
    country
        Number of the country of each row, shape (n,).
    names
        Table of country numbers.
    policy
        With its rules on calendars.

    Returns
    -------
    day
        The day; `latest` where the calendar is unknown; ``NaT`` without a start. Shape (n,).
    unknown
        Where the calendar of the country is unknown. Shape (n,).

    Raises
    ------
    MissingExtraError
        If the package `holidays` is not installed.
    """
    result, unknown = latest(start, amount), np.zeros(len(start), np.bool_)
    started = np.flatnonzero(~np.isnat(start))
    for number in distinct(country[started]).tolist():
        rows = started[country[started] == number]
        days, at = np.unique(start[rows], return_inverse=True)
        calendar = _calendar(names.codes[number], policy)
        days_after = [_nth_after(calendar, day, amount) for day in days.tolist()]
        missing = np.array([day is None for day in days_after])
        calculated = np.array([day or "NaT" for day in days_after], "datetime64[D]")
        result[rows] = np.where(missing, latest(days, amount), calculated)[at]
        unknown[rows] = missing[at]
    return result, unknown


def _calendar(country: str, policy: Policy) -> Calendar | None:
    """Return the calendar of a country (alpha-2, or empty), if its holidays are known.

    Raises
    ------
    MissingExtraError
        If the package `holidays` is not installed.
    """
    rules = policy.commitments
    if not country:
        return None
    try:
        return calendars.calendar(
            country, rules.calendar_of(country), regional=rules.regional_calendars(country)
        )
    except DoubtError:
        return None


@functools.lru_cache(maxsize=100_000)
def _nth_after(
    calendar: Calendar | None, start: datetime.date, amount: int
) -> datetime.date | None:
    """Return the day some business days after another one, None if the calendar is unknown."""
    day, closed = start, 0
    while amount:
        if calendar is None or closed > calendars.MOST_CLOSED or day == datetime.date.max:
            return None
        day += ONE_DAY
        try:
            is_closed = bool(calendar.closed(day))
        except DoubtError as doubt:
            if doubt.code is not Doubt.regional_holiday:
                return None
            is_closed = True
        closed = closed + 1 if is_closed else 0
        amount -= not is_closed
    return day
