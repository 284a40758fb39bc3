"""The clock of a level as text: every output that prints a promise takes its words from here.

A target or an average is named as such, and never reads as a promise.
"""

from typing import Final, NamedTuple

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy.clock_keys import ClockKeys, Hours, HoursIn, Side


class StartWords(NamedTuple):
    """An event that starts a clock: as a noun, and as a clause of a letter."""

    noun: str
    clause: str


STARTS: Final = {
    "authorised": StartWords("authorisation", "the replacement is authorised"),
    "rma_issued": StartWords("the RMA number", "the RMA (return) number is issued"),
    "call_acknowledged": StartWords("acknowledgement of the call", "your call is acknowledged"),
    "diagnosis_complete": StartWords("the diagnosis", "the diagnosis is complete"),
    "dispatched": StartWords("dispatch", "the dispatch"),
    "registered": StartWords("registration of the request", "your request is registered"),
    "deemed_necessary": StartWords(
        "the decision that it is necessary", "it is found to be necessary"
    ),
}
"""Events that start a clock, unless it has a ``label``."""

SUBJECTS: Final = {
    "delivered": "replacement",
    "shipped": "replacement",
    "on_site": "technician",
    "repaired": "product",
    "responded": "support",
}
"""What a clock is about, by the event that stops it."""

SENTENCES: Final = {
    "delivered": "a replacement is delivered to this site {when}",
    "shipped": "a replacement is shipped {when}",
    "on_site": "a technician is on site {when}",
    "repaired": "the product works again {when}",
    "responded": "support responds {when}",
}
"""What a clock says in a letter, by the event that stops it."""

NOT_PROMISED: Final = {
    "target": "Target, not a promise: {sentence}.",
    "average": "Average, not a promise: {sentence}.",
}
"""Sentences of clocks that are not promises, by kind."""

SAME_DAY: Final = "on the same business day as"
"""How long a clock of no business day is."""

DAY_SHORT: Final = 3
"""Letters of a day of the week in a text."""


def clock_text(clock: ClockKeys, side: Side | None = None) -> str:
    """Return a clock as text, such as ``delivered within 4 hours of authorisation``.

    Parameters
    ----------
    clock
        The clock.
    side
        Whose business days count; by default the text does not say.

    Examples
    --------
    >>> clock = ClockKeys(
    ...     start="dispatched", end="on_site", kind="target", amount=1, unit="business_days",
    ...     cut_off="17:00", by="12:00", clause="c",
    ... )
    >>> clock_text(clock, "site")
    'target: on site within 1 business day of dispatch, by 12:00, cut-off at 17:00, business days \
of the site'
    """
    return f"{_kind(clock)}{_phrase(clock, side)}"


def subject_text(clock: ClockKeys, side: Side | None = None) -> str:
    """Return a clock as text with its subject, such as ``replacement delivered within 4 hours``."""
    return f"{_kind(clock)}{SUBJECTS[clock.end]} {_phrase(clock, side)}"


def clock_line(text: str) -> str:
    """Return a line of an explanation, named by the kind of the clock, from `clock_text`.

    Examples
    --------
    >>> clock_line("target: on site within 4 hours of dispatch")
    '  target    on site within 4 hours of dispatch'
    """
    kind, _, rest = text.partition(": ")
    return f"  {kind:<10}{rest}" if kind in NOT_PROMISED else f"  promise   {text}"


def clock_sentence(clock: ClockKeys, name: str = "") -> str:
    """Return a clock as a sentence of a letter, with its name if it is not the main one.

    A delivery is never printed as a shipment, nor the other way round.

    Examples
    --------
    >>> clock = ClockKeys(
    ...     start="authorised", end="delivered", amount=4, unit="hours", clause="c"
    ... )
    >>> clock_sentence(clock)
    'A replacement is delivered to this site within 4 hours after the replacement is authorised.'
    """
    when = f"within {quantity(clock.amount, _unit(clock))} after "
    when += clock.label or STARTS[clock.start].clause
    if not clock.amount:
        when = f"{SAME_DAY} {_start(clock)}"
    text = SENTENCES[clock.end].format(when=when) + _letter_hours(clock)
    if name:
        text = f"{name}: {text}"
    if not clock.is_promise:
        return NOT_PROMISED[clock.kind].format(sentence=text)
    return f"{text[0].upper()}{text[1:]}."


def _kind(clock: ClockKeys) -> str:
    return "" if clock.is_promise else f"{clock.kind}: "


def _unit(clock: ClockKeys) -> str:
    return clock.unit.replace("_", " ").removesuffix("s")


def _start(clock: ClockKeys) -> str:
    """Return the event that starts a clock as a noun, in the vendor's words if it has them."""
    return clock.label or STARTS[clock.start].noun


def _phrase(clock: ClockKeys, side: Side | None) -> str:
    when = f"within {quantity(clock.amount, _unit(clock))} of" if clock.amount else SAME_DAY
    parts = [f"{clock.end.replace('_', ' ')} {when} {_start(clock)}", *_hours(clock)]
    parts += [f"by {clock.by}"] if clock.by else []
    parts += _cut_off(clock)
    if side is not None and clock.counts_business_days:
        parts.append(f"business days of the {side}")
    if clock.receiving_hours == "defer":
        parts.append("deferred to the receiving hours of the site")
    return ", ".join(parts)


def _hours(clock: ClockKeys) -> list[str]:
    """Return the hours in which a clock runs, those of some countries last."""
    if clock.hours is None:
        return []
    own = [f"{', '.join(h.countries)} {_span(h)}" for h in clock.hours_in]
    return [f"counted from {_span(clock.hours)}", *own]


def _span(hours: Hours | HoursIn) -> str:
    """Return hours as text, such as ``08:00 to 17:00 (Fri 08:00-14:00)``."""
    days = [f"{day[:DAY_SHORT].title()} {span}" for day, span in hours.weekdays.items()]
    days_text = f" ({', '.join(days)})" if days else ""
    return f"{hours.opens} to {hours.closes}{days_text}"


def _cut_off(clock: ClockKeys) -> list[str]:
    if not clock.cut_off:
        return []
    text = f"cut-off {clock.cut_off_counts} {clock.cut_off}"
    if clock.cut_off_zone:
        text += f" {zone_text(clock.cut_off_zone)}"
    later = f"later events from {clock.late_start} on the next business day"
    return [text, *([later] if clock.late_start else [])]


def zone_text(zone: str) -> str:
    """Return whose time a cut-off is, from its zone.

    Examples
    --------
    >>> zone_text("vendor"), zone_text("America/Denver")
    ('time of the vendor', 'time of America/Denver')
    """
    sides = ("site", "center", "vendor")
    return f"time of the {zone}" if zone in sides else f"time of {zone}"


def _letter_hours(clock: ClockKeys) -> str:
    """Return hours, closing time and cut-off of a clock as a letter says them."""
    parts = []
    if clock.hours:
        days = " on business days" if clock.hours.days == "business_days" else ""
        where = _zone(clock.calendar)
        parts.append(f", counted {_hours(clock)[0].removeprefix('counted ')}{days}{where}")
        parts += [f", {text}" for text in _hours(clock)[1:]]
    if clock.by:
        parts.append(f", by {clock.by} on that day{_zone(clock.calendar)}")
    if clock.cut_off:
        parts.append(f"; {_late(clock)}")
    if clock.receiving_hours == "defer":
        parts.append("; outside the receiving hours of the site it is due when they next begin")
    return "".join(parts)


def _zone(side: Side | None) -> str:
    """Return whose time a time of day is, if not that of the site, in parentheses."""
    return "" if side in {None, "site"} else f" ({zone_text(str(side))})"


def _late(clock: ClockKeys) -> str:
    """Return what becomes of an event after the cut-off."""
    zone = f" ({zone_text(clock.cut_off_zone)})" if clock.cut_off_zone else _zone(clock.calendar)
    if clock.cut_off_counts == "before":
        events = f"events from {clock.cut_off}{zone} on"
    else:
        events = f"events after {clock.cut_off}{zone}"
    if clock.unit == "business_days":
        return f"{events} count as the next day's"
    at = f" at {clock.late_start}" if clock.late_start else ""
    return f"{events} start the time on the next business day{at}"
