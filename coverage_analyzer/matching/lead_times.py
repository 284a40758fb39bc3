"""Opening windows of ordered centers, by the lead times of a policy."""

import dataclasses
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.errors import refuse
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.rules import LeadTime
from coverage_analyzer.schema.days import Days

DAYS_OF: Final = {"days": 1, "weeks": 7}


class Window(NamedTuple):
    """The earliest and latest opening day of a center."""

    earliest_on: np.datetime64
    latest_on: np.datetime64


def lead_time(policy: Policy, country: str) -> LeadTime | None:
    """Return the lead time of a new center in a country (alpha-2), if the policy has one."""
    return policy.lead_time_in(country)


def window(time: LeadTime, ordered_on: np.datetime64) -> Window:
    """Return the opening window of a center ordered on a day.

    Examples
    --------
    >>> from coverage_analyzer.policy import Policy
    >>> elsewhere = lead_time(Policy.load(), "DE")
    >>> [str(day) for day in window(elsewhere, np.datetime64("2026-08-31"))]
    ['2026-11-30', '2027-02-28']
    """
    return Window(*(add_period(ordered_on, n, time.unit) for n in (time.at_least, time.at_most)))


def add_period(day: np.datetime64, amount: int, unit: str) -> np.datetime64:
    """Return the day after a number of days, weeks or months.

    A month later is the same day of the next month, or the last one of a shorter month.
    """
    added: np.datetime64 = add_periods(np.array([day]), amount, unit)[0]
    return added


def add_periods(days: Days, amount: int, unit: str) -> Days:
    """Return the days after a number of days, weeks or months, as `add_period`; shape (n,)."""
    if unit != "months":
        return days + np.timedelta64(amount * DAYS_OF[unit], "D")
    month = days.astype("datetime64[M]")
    number = days - month.astype("datetime64[D]")
    there = month + np.timedelta64(amount, "M")
    last = (there + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    added: Days = np.minimum(there.astype("datetime64[D]") + number, last)
    return added


def with_opening_windows(
    centers: Centers, policy: Policy, country: Numbers, names: Names
) -> Centers:
    """Return centers with windows for those ordered whose opening day is unknown.

    It is assumed to open on the latest day, so that nothing is promised too early.

    Parameters
    ----------
    centers, policy
        The centers and the policy.
    country
        Country number assigned to each center. Shape (n,).
    names
        Table of country numbers.

    Raises
    ------
    InputError
        If the policy has no lead time for the country of such a center, or one closes before it
        opens.
    """
    waiting = np.flatnonzero(np.isnat(centers.opens_on) & ~np.isnat(centers.ordered_on)).tolist()
    if not waiting:
        return centers
    earliest, opens = centers.earliest_on.copy(), centers.opens_on.copy()
    faults = []
    for i in waiting:
        code = names.codes[country[i]]
        time = lead_time(policy, code)
        if time is None:
            faults.append(
                f"{centers.row[i]} ({centers.center_id[i]!r}): it is ordered, but the policy has "
                f"no lead time in {code}; enter the opening date in opens_on"
            )
            continue
        earliest[i], opens[i] = window(time, centers.ordered_on[i])
        if centers.closes_on[i] <= opens[i]:
            faults.append(
                f"{centers.row[i]} ({centers.center_id[i]!r}): closes_on is not after {opens[i]}, "
                f"the latest opening date"
            )
    refuse(faults, len(centers), "center")
    return dataclasses.replace(centers, earliest_on=earliest, opens_on=opens)


def opening_windows(centers: Centers) -> dict[str, tuple[str, str]]:
    """Return the earliest and latest opening day of each center with a window, as ISO 8601."""
    rows = np.flatnonzero(~np.isnat(centers.earliest_on)).tolist()
    earliest, latest = centers.earliest_on.astype(str), centers.opens_on.astype(str)
    return {centers.center_id[i]: (str(earliest[i]), str(latest[i])) for i in rows}
