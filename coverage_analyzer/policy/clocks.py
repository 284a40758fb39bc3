"""The clocks of a level: from which event to which, how long, by whose calendar and time zone."""

import inspect
import re
from typing import Annotated, Final, Literal, Self

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

STARTS_OF_FORMAT_2: Final = frozenset({"dispatched", "registered", "deemed_necessary"})
"""Events that a policy of format 1 may not name."""

ENDS_OF_FORMAT_2: Final = frozenset({"responded"})
"""Likewise, of the events that stop a clock."""

ARRIVALS: Final = frozenset({"delivered", "on_site", "repaired"})
"""Events that need a drive to the site, and take place when the site receives."""


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


class Replacement(Model):
    """The main clock of a level, from one event to another: ``[levels.replacement]``.

    Attributes
    ----------
    start
        Event that starts the clock: ``"authorised"``, ``"rma_issued"``, ``"call_acknowledged"`` or
        ``"diagnosis_complete"``, in format 2 also ``"dispatched"``, ``"registered"`` or
        ``"deemed_necessary"``; required. The column of a request has the suffix ``_at``.
    label
        The vendor's own words for the start, without a verb, used in all texts; by default those
        of this program. Example: ``"RMA approval"``.
    end
        Event that stops it: ``"delivered"``, ``"shipped"``, ``"on_site"`` or ``"repaired"``, in
        format 2 also ``"responded"``; required.
    kind
        ``"promise"`` (default), ``"target"`` or ``"average"``; the latter two are never printed as
        a promise.
    amount
        Integer from 1 to 10,000, in ``unit``; required. Example: ``4``.
    unit
        ``"hours"`` or ``"business_days"``; required.
    calendar
        Whose business days and holidays count, and whose local time: those of the ``"site"``, of
        the ``"center"`` or of the ``"vendor"`` (table ``[vendor]``). By default in format 2 those
        of the center for ``shipped``, else those of the site; in format 1 the business days of the
        center.
    hours
        Table `Hours`, for the unit ``hours`` only: the clock runs within these hours. By default it
        runs around the clock.
    hours_in
        List of tables `HoursIn`: the hours where the calendar of some country counts; empty by
        default.
    cut_off
        Time of day as text: the cut-off for an event to count for that business day. In format 1
        for the unit ``business_days`` only. By default the whole day counts. Example: ``"15:00"``.
    cut_off_zone
        Where the cut-off is local: ``"site"``, ``"center"``, ``"vendor"`` or the name of a time
        zone; by default where the calendar is. Example: ``"America/Denver"``.
    cut_off_counts
        Whether an event exactly at the cut-off still counts (``"at"``, the default) or only one
        ``"before"`` it.
    late_start
        Time of day as text, for the unit ``hours`` with a ``cut_off``: a clock starts no earlier on
        its day, and a late event starts it then on the next business day. By default the opening of
        the ``hours``, else ``00:00``. Example: ``"08:00"``.
    by
        Time of day as text, for the unit ``business_days`` only: due by this time of the last
        business day. By default the end of that day. Example: ``"17:00"``.
    receiving_hours
        ``"warn"`` (default) if due outside the receiving hours of the site, or ``"defer"`` the due
        time to the next ones.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"delivery-4-hours"``.
    """

    start: Start
    label: Annotated[str, FORMAT_2] = ""
    end: End
    kind: Annotated[Literal["promise", "target", "average"], FORMAT_2] = "promise"
    amount: Annotated[int, Field(ge=1, le=10_000)]
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

    @property
    def limits_drive(self) -> bool:
        """Whether a drive longer than the clock alone breaks it: a promise to arrive in hours."""
        return self.is_promise and self.unit == "hours" and self.end in ARRIVALS

    def in_country(self, country: str) -> Self:
        """Return the clock where the calendar of a country (alpha-2) counts: with its hours."""
        own = next((h for h in self.hours_in if country in h.countries), None)
        if own is None or self.hours is None:
            return self.model_copy(update={"hours_in": ()}) if self.hours_in else self
        spans = {"opens": own.opens, "closes": own.closes, "weekdays": own.weekdays}
        hours = self.hours.model_copy(update=spans)
        return self.model_copy(update={"hours": hours, "hours_in": ()})

    def __str__(self) -> str:
        """Return the clock as text, such as ``delivered within 4 hours of authorisation``."""
        from coverage_analyzer.policy.clock_text import clock_text

        return clock_text(self)


class Clock(Replacement):
    """A further clock of a level: ``[[levels.clocks]]``. It has all keys of `Replacement`, and two.

    Attributes
    ----------
    id
        Text of lower-case letters, digits and single hyphens, unique in its level; required. The
        columns of commitments begin with it. Example: ``"repair"``.
    title
        Text for readers; by default the ``id``. Example: ``"Committed repair"``.
    """

    id: Identifier
    title: str = ""

    @property
    def name(self) -> str:
        """The title, else the id as text."""
        return self.title or self.id.replace("-", " ").capitalize()

    @property
    def column(self) -> str:
        """The beginning of its columns in commitments."""
        return self.id.replace("-", "_")


Clock.__doc__ = "\n".join(
    [
        *inspect.cleandoc(Clock.__doc__ or "").splitlines()[:4],
        *inspect.cleandoc(Replacement.__doc__ or "").splitlines()[4:],
        *inspect.cleandoc(Clock.__doc__ or "").splitlines()[4:],
    ]
)


class Vendor(Model):
    """Whose calendar and time zone ``"vendor"`` stands for in a clock: ``[vendor]``.

    Attributes
    ----------
    country
        ISO 3166-1 alpha-2 code; required. Example: ``"US"``.
    region
        ISO 3166-2 code, for regional holidays; none by default. Example: ``"US-CO"``.
    time_zone
        Name of a time zone; required. Example: ``"America/Denver"``.
    """

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    region: str = ""
    time_zone: str


def calendar_side(clock: Replacement, version: int) -> Side:
    """Return whose business days count for a clock, in a policy of a format.

    Examples
    --------
    >>> keys = {"start": "authorised", "amount": 1, "unit": "business_days", "clause": "c"}
    >>> [calendar_side(Replacement(end=end, **keys), 2) for end in ("shipped", "on_site")]
    ['center', 'site']
    """
    if clock.calendar is not None:
        return clock.calendar
    return "center" if version == 1 or clock.end == "shipped" else "site"


def zone_side(clock: Replacement, version: int) -> Side:
    """Return whose local time counts for the days and hours of a clock, in a policy of a format."""
    if version == 1:
        return "site" if clock.unit == "hours" else "center"
    around_the_clock = not clock.counts_business_days and clock.hours is None
    return "site" if around_the_clock else calendar_side(clock, version)
