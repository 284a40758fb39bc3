"""Contradictions in the clocks of a policy: keys that do not go together, unknown time zones."""

import zoneinfo
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from coverage_analyzer.countries import regions
from coverage_analyzer.policy.clock_keys import CLOSED, WEEKDAYS, Hours, HoursIn
from coverage_analyzer.policy.clocks import (
    ENDS_OF_FORMAT_2,
    STARTS_OF_FORMAT_2,
    Clock,
    Replacement,
    Vendor,
)
from coverage_analyzer.policy.suggestions import nearest

if TYPE_CHECKING:
    from coverage_analyzer.policy.rules import Level

SIDES: Final = ("site", "center", "vendor")

TAKEN: Final = frozenset({"clock"})
"""Ids whose columns in commitments would be those of the main clock."""

WITHOUT_RECEIPT: Final = frozenset({"shipped", "responded"})
"""Ends at which nothing is received."""


def clock_faults(levels: tuple["Level", ...], vendor: Vendor | None, version: int) -> Iterator[str]:
    """Yield the problems of all clocks, as text.

    Parameters
    ----------
    levels
        The levels of the policy.
    vendor
        Its table ``[vendor]``, if any.
    version
        Its format.
    """
    for number, level in enumerate(levels):
        where = f"levels.{number}"
        if level.clocks and level.replacement is None:
            yield f"{where}.clocks: the main clock is missing. Add [levels.replacement]."
        yield from _id_faults(where, level.clocks)
        for path, clock in named_clocks(where, level):
            yield from _newer_values(path, clock, version)
            yield from _unit_faults(path, clock, version)
            yield from _cut_off_faults(path, clock)
            yield from _hours_faults(path, clock)
            yield from _vendor_missing(path, clock, vendor)
            yield from _receiving_faults(path, clock)
    if vendor is not None:
        yield from _vendor_faults(vendor)


def named_clocks(where: str, level: "Level") -> Iterator[tuple[str, Replacement]]:
    """Yield the clocks of a level, the main one first, each with the path of its table."""
    if level.replacement is not None:
        yield f"{where}.replacement", level.replacement
    yield from ((f"{where}.clocks.{n}", clock) for n, clock in enumerate(level.clocks))


def _id_faults(where: str, clocks: tuple[Clock, ...]) -> Iterator[str]:
    for name, times in Counter(clock.id for clock in clocks).items():
        if times > 1:
            yield f"{where}.clocks: two clocks have the id {name!r}."
        if name in TAKEN:
            yield f"{where}.clocks: the id {name!r} is reserved. Choose a different one."


def _newer_values(where: str, clock: Replacement, version: int) -> Iterator[str]:
    """Yield each event that a policy of format 1 may not name."""
    if version == 1 and clock.start in STARTS_OF_FORMAT_2:
        yield f"{where}.start: {clock.start!r} needs format = 2."
    if version == 1 and clock.end in ENDS_OF_FORMAT_2:
        yield f"{where}.end: {clock.end!r} needs format = 2."


def _unit_faults(where: str, clock: Replacement, version: int) -> Iterator[str]:
    """Yield keys of a clock that its unit does not allow."""
    if clock.amount == 0 and (clock.unit == "hours" or version == 1):
        also = "" if clock.unit == "hours" else " and format = 2"
        yield f"{where}.amount: must be at least 1. The same day is 0 business_days{also}."
    if clock.unit == "hours":
        if clock.cut_off and version == 1:
            yield (
                f"{where}.cut_off: only allowed for a clock in business days. Remove it, or set "
                f"format = 2."
            )
        if clock.by:
            yield f"{where}.by: only allowed for a clock in business days. Remove it."
        return
    if clock.hours:
        yield f"{where}.hours: only allowed for a clock in hours. Set cut_off instead."
    if clock.late_start:
        yield f"{where}.late_start: only allowed for a clock in hours. Remove it."


def _cut_off_faults(where: str, clock: Replacement) -> Iterator[str]:
    """Yield keys that need a cut-off, and an unknown zone."""
    if not clock.cut_off:
        keys = {
            "cut_off_zone": clock.cut_off_zone is not None,
            "cut_off_counts": clock.cut_off_counts != "at",
            "late_start": clock.late_start is not None,
        }
        for key in (key for key, is_given in keys.items() if is_given):
            yield f"{where}.{key}: has no effect without cut_off. Add cut_off, or remove {key}."
    if clock.cut_off_zone and clock.cut_off_zone not in SIDES:
        yield from _zone_faults(f"{where}.cut_off_zone", clock.cut_off_zone, SIDES)


def _hours_faults(where: str, clock: Replacement) -> Iterator[str]:
    """Yield impossible hours of a clock, in general and of some countries."""
    if clock.hours is None:
        if clock.hours_in:
            yield f"{where}.hours_in: has no effect without hours. Add the hours of all others."
        return
    yield from _span_faults(f"{where}.hours", clock.hours)
    for number, own in enumerate(clock.hours_in):
        yield from _span_faults(f"{where}.hours_in.{number}", own)
    times_of = Counter(code for own in clock.hours_in for code in own.countries)
    for code, times in times_of.items():
        if times > 1:
            yield f"{where}.hours_in: {code!r} appears in {times} of them. Name it once."
    yield from _late_start_faults(where, clock)


def _span_faults(where: str, hours: Hours | HoursIn) -> Iterator[str]:
    """Yield hours that end before they begin, or that no day has."""
    if hours.closes <= hours.opens:
        yield f"{where}: closes must be later than opens."
    for day, span in hours.weekdays.items():
        opens, _, closes = span.partition("-")
        if span != CLOSED and closes <= opens:
            yield f"{where}.weekdays.{day}: closes must be later than opens."
    if len(hours.weekdays) == len(WEEKDAYS) and set(hours.weekdays.values()) == {CLOSED}:
        yield f"{where}.weekdays: all days of the week are closed. Leave at least one open."


def _late_start_faults(where: str, clock: Replacement) -> Iterator[str]:
    """Yield a late start after the end of the hours of some day."""
    if clock.late_start is None or clock.hours is None:
        return
    codes = [code for own in clock.hours_in for code in own.countries]
    tables = [clock.hours, *(c.hours for code in codes if (c := clock.in_country(code)))]
    ends = [closes for hours in tables if hours for _, closes in hours.spans]
    if any(clock.late_start >= closes for closes in ends):
        yield f"{where}.late_start: must be before the hours close on each day ({min(ends)})."


def _vendor_missing(where: str, clock: Replacement, vendor: Vendor | None) -> Iterator[str]:
    if vendor is None:
        for key in ("calendar", "cut_off_zone"):
            if getattr(clock, key) == "vendor":
                yield (
                    f"{where}.{key}: 'vendor' needs the table [vendor] with country and time_zone."
                )


def _receiving_faults(where: str, clock: Replacement) -> Iterator[str]:
    if clock.receiving_hours == "defer" and clock.end in WITHOUT_RECEIPT:
        yield (
            f"{where}.receiving_hours: the site receives nothing when the clock ends "
            f"({clock.end}). Remove it."
        )


def _vendor_faults(vendor: Vendor) -> Iterator[str]:
    yield from _zone_faults("vendor.time_zone", vendor.time_zone)
    if not vendor.region:
        return
    if vendor.region not in regions.load():
        yield f"vendor.region: {vendor.region!r} is not an ISO 3166-2 code."
    elif not vendor.region.startswith(f"{vendor.country}-"):
        yield f"vendor.region: {vendor.region!r} is not in {vendor.country}."


def _zone_faults(where: str, name: str, others: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a name that is not a time zone."""
    if is_time_zone(name):
        return
    also = f" or one of {', '.join(others)}" if others else ""
    zone_names = zoneinfo.available_timezones()
    city = name.strip().replace(" ", "_").casefold()
    zones = sorted(zone for zone in zone_names if zone.casefold().endswith(f"/{city}"))
    near = f" Did you mean {zones[0]!r}?" if zones else nearest(name, [*others, *zone_names])
    yield f"{where}: {name!r} is not a time zone such as America/Denver{also}.{near}"


def is_time_zone(name: str) -> bool:
    """Return whether a name is a time zone that is the same on each machine.

    Where the machine has no time zones at all, any name may be one.

    Examples
    --------
    >>> [is_time_zone(name) for name in ("America/Denver", "Mountain Time", "localtime")]
    [True, False, False]
    """
    if name in {"localtime", "posixrules", "Factory"}:
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError:
        return not zoneinfo.available_timezones()
    except (ValueError, OSError):
        return False
    return True
