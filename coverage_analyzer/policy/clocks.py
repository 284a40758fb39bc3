"""The clocks of a level: from which event to which, how long, by whose calendar and time zone."""

import inspect
from typing import Annotated, Final, Self

from pydantic import Field

from coverage_analyzer.policy.clock_keys import ClockKeys, Side
from coverage_analyzer.policy.clock_text import clock_text
from coverage_analyzer.policy.document import Identifier, Model

STARTS_OF_FORMAT_2: Final = frozenset({"dispatched", "registered", "deemed_necessary"})
"""Events that a policy of format 1 may not name."""

ENDS_OF_FORMAT_2: Final = frozenset({"responded"})
"""Likewise, of the events that stop a clock."""

ARRIVALS: Final = frozenset({"delivered", "on_site", "repaired"})
"""Events that need a drive to the site, and take place when the site receives."""


class Replacement(ClockKeys):
    """The main clock of a level, from one event to another: ``[levels.replacement]``.

    Attributes
    ----------
    start
        Event that starts the clock: ``"authorised"``, ``"rma_issued"``, ``"call_acknowledged"`` or
        ``"diagnosis_complete"``, in format 2 also ``"dispatched"``, ``"registered"`` or
        ``"deemed_necessary"``; required. The column of a request has the suffix ``_at``.
    label
        The vendor's own words for the start, without a verb, used in all texts; by default those
        of this program. Example: ``"approval of the request"``.
    end
        Event that stops it: ``"delivered"``, ``"shipped"``, ``"on_site"`` or ``"repaired"``, in
        format 2 also ``"responded"``; required.
    kind
        ``"promise"`` (default), ``"target"`` or ``"average"``; the latter two are never printed as
        a promise.
    amount
        Integer from 1 to 10,000, in ``unit``; required. In format 2, ``0`` business days are the
        day for which the event counts. Example: ``4``.
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

    @property
    def name(self) -> str:
        """How texts call the clock; empty for the main one, which has no name."""
        return ""

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
        return clock_text(self)


class Clock(Replacement):
    """A further clock of a level, beside the main one: ``[[levels.clocks]]``.

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
