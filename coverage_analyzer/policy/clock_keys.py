"""The keys of a clock and of its hours, and the words for days of the week and times of day."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.policy.document import FORMAT_2, Identifier, Model

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

WEEKDAYS: Final[tuple[Weekday, ...]] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
"""In the order of `datetime.date.weekday`."""

CLOSED: Final = "closed"
"""Hours of a weekday without service."""

SPAN: Final = re.compile(
    r"(?P<opens>(?:[01][0-9]|2[0-3]):[0-5][0-9])-(?P<closes>(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)",
    re.ASCII,
)
"""Hours of a weekday, such as ``08:00-14:00``."""

TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]
ClosingTime = Annotated[
    str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00)$")
]
WeekdaySpan = Annotated[
    str,
    Field(
        pattern=r"^(closed|([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00))$"
    ),
]
Side = Literal["site", "center", "vendor"]
"""Whose calendar and time zone count."""

Start = Literal[
    "authorised",
    "rma_issued",
    "call_acknowledged",
    "diagnosis_complete",
    "dispatched",
    "registered",
    "deemed_necessary",
]
End = Literal["delivered", "shipped", "on_site", "repaired", "responded"]


class Hours(Model):
    """Daily hours in which a clock in hours runs: ``[levels.replacement.hours]``.

    Attributes
    ----------
    opens
        Time of day as text, ``HH:MM`` or ``HH:MM:SS``, local to the site (in format 2 to the side
        of ``calendar``); required. Example: ``"08:00"``.
    closes
        Time of day as text, local like ``opens`` and later than it; required. It is the first
        moment outside the hours; ``"24:00"`` is the end of the day. Example: ``"17:00"``.
    days
        ``"business_days"`` (default: the clock stops on all other days) or ``"every_day"``.
    weekdays
        Table of hours by day of the week that differ from ``opens`` and ``closes``, or
        ``"closed"``; empty by default. With business days, a weekday with hours of its own is a
        service day also where it is on the weekend, except on public holidays. Example:
        ``{ friday = "08:00-14:00", saturday = "09:00-12:00" }``.
    """

    opens: TimeOfDay
    closes: ClosingTime
    days: Literal["every_day", "business_days"] = "business_days"
    weekdays: Annotated[dict[Weekday, WeekdaySpan], FORMAT_2] = Field(default_factory=dict)

    def span_on(self, weekday: int) -> tuple[str, str] | None:
        """Return the opening and closing time of a day of the week (0 is Monday), if any."""
        text = self.weekdays.get(WEEKDAYS[weekday])
        if text is None:
            return self.opens, self.closes
        match = SPAN.fullmatch(text)
        return (match["opens"], match["closes"]) if match else None

    @property
    def spans(self) -> tuple[tuple[str, str], ...]:
        """The opening and closing time of each day of the week that has service."""
        return tuple(span for day in range(7) if (span := self.span_on(day)))

    @property
    def extra_days(self) -> tuple[Weekday, ...]:
        """Days of the week with hours of their own, which are service days on weekends, too."""
        return tuple(day for day in WEEKDAYS if self.weekdays.get(day, CLOSED) != CLOSED)


class HoursIn(Model):
    """Hours of a clock in some countries: ``[[levels.replacement.hours_in]]``.

    Attributes
    ----------
    countries
        List of ISO 3166-1 alpha-2 codes of those whose calendar counts, not empty; required.
        Example: ``["JP"]``.
    opens
        Time of day as text, as in `Hours`, whose ``days`` apply; required. Example: ``"09:00"``.
    closes
        Time of day as text, as in `Hours`; required. Example: ``"18:00"``.
    weekdays
        Table of hours by day of the week, as in `Hours`; empty by default.
    """

    countries: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...], Field(min_length=1)
    ]
    opens: TimeOfDay
    closes: ClosingTime
    weekdays: dict[Weekday, WeekdaySpan] = Field(default_factory=dict)


class ClockKeys(Model):
    """The keys of a clock, described on `clocks.Replacement`."""

    start: Start
    label: Annotated[str, FORMAT_2] = ""
    end: End
    kind: Annotated[Literal["promise", "target", "average"], FORMAT_2] = "promise"
    amount: Annotated[int, Field(ge=0, le=10_000)]
    unit: Literal["hours", "business_days"]
    calendar: Annotated[Side | None, FORMAT_2] = None
    hours: Hours | None = None
    hours_in: Annotated[tuple[HoursIn, ...], FORMAT_2] = ()
    cut_off: TimeOfDay | None = None
    cut_off_zone: Annotated[str | None, FORMAT_2] = None
    cut_off_counts: Annotated[Literal["at", "before"], FORMAT_2] = "at"
    late_start: Annotated[TimeOfDay | None, FORMAT_2] = None
    by: Annotated[TimeOfDay | None, FORMAT_2] = None
    receiving_hours: Annotated[Literal["warn", "defer"], FORMAT_2] = "warn"
    clause: Identifier

    @property
    def is_promise(self) -> bool:
        """Whether the clock is a promise, and not only a target or an average."""
        return self.kind == "promise"

    @property
    def counts_business_days(self) -> bool:
        """Whether the due time depends on business days."""
        if self.unit == "business_days":
            return True
        if self.hours is not None:
            return self.hours.days == "business_days"
        return self.cut_off is not None
