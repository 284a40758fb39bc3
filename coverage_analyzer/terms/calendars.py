"""Business days of a country: its weekend, its public holidays, and closures of the policy."""

import datetime
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from coverage_analyzer.errors import MissingExtraError
from coverage_analyzer.policy.commitments import WEEKDAYS, CalendarRule
from coverage_analyzer.terms.doubts import Doubt, DoubtError

MOST_CLOSED: Final = 60
"""More closed days than that in a row are a fault of a calendar, not a holiday."""

ESTIMATED: Final = "estimated"
"""What a holiday says whose day the moon decides later."""


@dataclass(frozen=True)
class Calendar:
    """The business days of centers in a country.

    Attributes
    ----------
    country
        Alpha-2.
    rule
        What a policy says otherwise.
    holidays
        The public holidays and weekends of the country, as the package `holidays` has them.
    """

    country: str
    rule: CalendarRule | None
    holidays: Any

    def closed(self, day: datetime.date) -> str:
        """Return why a day is no business day, empty if it is one.

        Raises
        ------
        DoubtError
            If the calendar of the country is not known for that year.
        """
        first, last = self.holidays.start_year, self.holidays.end_year
        if not first <= day.year <= last:
            raise DoubtError(
                Doubt.calendar_unknown,
                f"the public holidays of {self.country} are known for {first} to {last}, not for "
                f"{day.year}",
            )
        rule = self.rule
        if rule and day.isoformat() in rule.closures:
            return "closed"
        if rule and rule.weekend is not None:
            rest = WEEKDAYS[day.weekday()] in rule.weekend
        else:  # some countries work on a Saturday to make up for a holiday
            rest = self.holidays.is_weekend(day) and day not in self.holidays.weekend_workdays
        if rest:
            return "weekend"
        return "" if rule and not rule.public_holidays else self.holidays.get(day) or ""


@functools.cache
def calendar(country: str, rule: CalendarRule | None = None) -> Calendar:
    """Return the calendar of centers in a country.

    Parameters
    ----------
    country
        Alpha-2. Holidays of a region within it are not counted: a policy may name them as closures.
    rule
        What the policy says otherwise.

    Raises
    ------
    DoubtError
        If the holidays of the country are not known.
    MissingExtraError
        If the package `holidays` is not installed.

    Examples
    --------
    >>> calendar("US").closed(datetime.date(2026, 11, 26))
    'Thanksgiving Day'
    """
    try:
        import holidays
    except ImportError as error:
        msg = "Business days need holidays: pip install 'coverage-analyzer[terms]'."
        raise MissingExtraError(msg) from error
    try:
        known = holidays.country_holidays(country)
    except NotImplementedError:
        raise DoubtError(
            Doubt.calendar_unknown, f"the public holidays of {country} are not known"
        ) from None
    if "en_US" in known.supported_languages:
        known = holidays.country_holidays(country, language="en_US")
    return Calendar(country, rule, known)


def days_on(calendar: Calendar, day: datetime.date) -> Iterator[tuple[datetime.date, str]]:
    """Yield the days from a day on, each with why it is no business day, empty if it is one.

    Raises
    ------
    DoubtError
        If more than `MOST_CLOSED` days in a row are closed, or the calendar ends.
    """
    closed = 0
    while True:
        why = calendar.closed(day)
        closed = closed + 1 if why else 0
        if closed > MOST_CLOSED:
            raise DoubtError(
                Doubt.calendar_unknown,
                f"centers in {calendar.country} have no business day for {MOST_CLOSED} days",
            )
        yield day, why
        day += datetime.timedelta(days=1)
