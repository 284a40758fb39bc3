"""The words of a letter: promises, hours, dates and distances as a customer reads them."""

import datetime
import re
from collections.abc import Sequence
from typing import Final

from coverage_analyzer.policy.clock_text import clock_sentence
from coverage_analyzer.policy.distances import MILE_KM, Unit
from coverage_analyzer.policy.rules import NOT_STATED, Level, Replacement

MILE_COUNTRIES: Final = frozenset(
    ("US", "PR", "GU", "VI", "AS", "MP", "UM", "GB", "GG", "IM", "JE", "LR")
)
"""Countries whose road distances are in miles; all others get kilometres, too."""

NO_PROMISE: Final = "This level includes no replacement."

NO_TIME: Final = "No time is promised with this level."
"""In place of `NO_PROMISE` for a policy of format 2, whose levels may include other service."""

MEANINGS: Final = {
    "delivered": "",
    "shipped": "This is the time until the replacement is shipped, not until it arrives.",
    "on_site": "This is the time until the technician arrives, not until the repair is done.",
    "repaired": "",
    "responded": "This is the time until support responds, not until a replacement arrives.",
}
"""What a promise does not mean."""

_HOURS: Final = re.compile(
    r"\s*(\d{1,2})\s*[x\u00d7/]\s*(\d)(?:\s*[x\u00d7/]\s*365)?\s*", re.IGNORECASE
)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
NEAR_LIMIT_MILES: Final = 0.1
"""Distances nearer to a limit are printed with three decimals."""


def promises(clocks: Sequence[Replacement], without: str = NO_PROMISE) -> list[str]:
    """Return what a level promises, as one sentence for each of its clocks.

    A target or an average is named as such. ``without`` is what a level without a clock says.
    """
    return [clock_sentence(clock, clock.name) for clock in clocks] or [without]


def meaning(level: Level) -> str:
    """Return what the promise of a level does not mean; empty if it needs no explanation."""
    return "" if level.replacement is None else MEANINGS[level.replacement.end]


def service_hours(level: Level) -> str:
    """Return the service hours of a level in words; empty if they are not stated.

    Examples
    --------
    >>> service_hours(Level(id="a", title="A", coverage_hours="24x7x365"))
    '24 hours a day, 7 days a week, all year round'
    >>> service_hours(Level(id="a", title="A", coverage_hours="9 x 5"))
    '9 hours a day, 5 days a week'
    """
    text = level.coverage_hours
    if text in {NOT_STATED, "none"}:
        return ""
    match = _HOURS.fullmatch(text)
    if match is None:
        return text
    always = ", all year round" if "365" in text else ""
    return f"{match[1]} hours a day, {match[2]} days a week{always}"


def date(day: datetime.date | str) -> str:
    """Return a date whose parts cannot be taken for each other.

    Examples
    --------
    >>> date("2026-12-01")
    '1 December 2026'
    """
    found = datetime.date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def distance(amount: float, country: str, decimals: int = 1, unit: Unit = "miles") -> str:
    """Return a distance in the unit of the policy, and in that of the site's country if another.

    Parameters
    ----------
    amount
        The distance in the unit.
    country
        Of the site (alpha-2).
    decimals
        At most so many are printed.
    unit
        The unit of the policy's distances.

    Examples
    --------
    >>> distance(50, "CH"), distance(70, "US"), distance(12.34, "DE")
    ('50 miles (80.5 km)', '70 miles', '12.3 miles (19.9 km)')
    >>> distance(100, "CH", unit="km"), distance(100, "US", unit="km")
    ('100 km', '100 km (62.1 miles)')
    """
    miles = amount if unit == "miles" else amount / MILE_KM
    km = amount if unit == "km" else amount * MILE_KM
    in_miles = f"{_number(miles, decimals)} {'mile' if miles == 1 else 'miles'}"
    in_km = f"{_number(km, decimals)} km"
    first, other = (in_miles, in_km) if unit == "miles" else (in_km, in_miles)
    local = "miles" if country in MILE_COUNTRIES else "km"
    return first if local == unit else f"{first} ({other})"


def decimals_for(margin_miles: float | None) -> int:
    """Return how many decimals a distance needs, so that it does not look like its limit."""
    near = margin_miles is not None and abs(margin_miles) < NEAR_LIMIT_MILES
    return 3 if near else 1


def _number(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
