"""Requests for a replacement, the sites they refer to, and the data that apply on the day."""

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast
from zoneinfo import ZoneInfo

from coverage_analyzer.countries import names
from coverage_analyzer.due_times import clocks, time_zones
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.matching.eligibility import TEXTS
from coverage_analyzer.schema.columns import COUNTRY_STATED, header_key
from coverage_analyzer.schema.days import day_of

EVENTS: Final = ("authorised", "rma_issued", "call_acknowledged", "diagnosis_complete")
"""Events that may start a clock; the column of each has the suffix ``_at``."""

SPAN: Final = re.compile(
    r"(?P<opens>(?:[01]\d|2[0-3]):[0-5]\d) ?[-\u2013] ?(?P<closes>(?:[01]\d|2[0-3]):[0-5]\d|24:00)",
    re.ASCII,
)
"""Receiving hours of a site, such as ``08:00-17:00``."""


@dataclass(frozen=True)
class Request:
    """A request for a replacement, as text.

    Attributes
    ----------
    request_id, site_id
        Of the request, and of the site that it names.
    moments
        What is written of each of `EVENTS`, empty where nothing is.
    address
        To which the part is asked for, empty if the request does not say.
    product, component
        What is to be replaced.
    """

    request_id: str
    site_id: str
    moments: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    product: str = ""
    component: str = ""


@dataclass(frozen=True)
class Registered:
    """A site as one row of the sites; a site may have several rows as its address changes.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84.
    country
        As declared.
    accuracy_m
        How far off the coordinates may be, None where not known.
    address, time_zone
        As given, empty where they are not.
    registered_on, installed_on
        None where they are not given.
    receives
        From when until when a site takes deliveries, as local times of day; None if not given.
    stated
        What the row says for the gates, by the names of `matching.eligibility.TEXTS`.
    fault
        What of the row cannot be read, in words; empty if all can.
    """

    lon: float
    lat: float
    country: str = ""
    accuracy_m: float | None = None
    address: str = ""
    time_zone: str = ""
    registered_on: datetime.date | None = None
    installed_on: datetime.date | None = None
    receives: tuple[str, str] | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Case:
    """A request with all data needed to determine its level.

    Attributes
    ----------
    request
        As given.
    site
        The row of its site that holds on the day.
    stamps
        The moments that can be read, each with or without an offset from UTC.
    day
        On which it was made, at the site.
    zone
        Of the site.
    """

    request: Request
    site: Registered
    stamps: Mapping[str, datetime.datetime]
    day: datetime.date
    zone: ZoneInfo

    @property
    def stated(self) -> dict[str, str]:
        """Rule inputs given by the request, else by the row of its site."""
        own = {"product": self.request.product, "component": self.request.component}
        return {**self.site.stated, **{name: text for name, text in own.items() if text}}


def stamps(request: Request, form: str = "") -> dict[str, datetime.datetime]:
    """Return the timestamps of a request, by event.

    Raises
    ------
    DoubtError
        If it gives none, or one of them cannot be read.
    """
    given = {event: text for event in EVENTS if (text := request.moments.get(event, "").strip())}
    if not given:
        columns = ", ".join(f"{event}_at" for event in EVENTS)
        raise DoubtError(Doubt.moment_missing, f"no date and time given in any of {columns}")
    return {event: clocks.stamp(text, form) for event, text in given.items()}


def case(request: Request, history: Sequence[Registered], form: str = "") -> Case:
    """Return a request with the row of its site that applies on its day.

    That is the newest that was registered up to the day; one without a day is older than others.

    Parameters
    ----------
    request
        As given.
    history
        All rows of its site.
    form
        How moments are written; see `clocks.stamp`.

    Raises
    ------
    DoubtError
        If a moment cannot be read, the site is not known, or no row or more than one of it holds.
    MissingExtraError
        If a zone is asked for and `tzfpy` is not installed.
    """
    read = stamps(request, form)
    first = next(iter(read.values()))
    if not history:
        raise DoubtError(
            Doubt.site_unknown, f"no usable row of the sites has the site_id {request.site_id!r}"
        )
    unread = [row.fault for row in history if row.fault]
    if unread:
        raise DoubtError(Doubt.site_not_readable, f"site {request.site_id!r}: {'; '.join(unread)}")
    of_product = _of_product(history, request)
    rows = list(_holding(_of_component(of_product, request), first))
    if not rows:
        newest = max(row.registered_on for row in history if row.registered_on)
        raise DoubtError(
            Doubt.address_not_registered,
            f"the address of {request.site_id!r} was registered on {newest}, after the request",
        )
    site, zone, day = rows[0]
    if any(r.registered_on == site.registered_on and r != site for r, _, _ in rows):
        raise DoubtError(
            Doubt.site_ambiguous,
            f"{request.site_id!r} appears in several different rows, none of them registered last",
        )
    return Case(request, site, read, day, zone)


def _of_product(history: Sequence[Registered], request: Request) -> list[Registered]:
    """Return the rows of a site for the product of a request.

    A site may stand in a row for each of its products; a row that names none is of any.

    Raises
    ------
    DoubtError
        If no row is of that product, or which product is asked for cannot be told.
    """
    named = {header_key(text): text for r in history if (text := r.stated.get("product", ""))}
    wanted = header_key(request.product)
    if not wanted and len(named) > 1:
        told = ", ".join(sorted(named.values()))
        msg = f"{request.site_id!r} has several products ({told}); name one in the request"
        raise DoubtError(Doubt.product_ambiguous, msg)
    if not wanted or not named:
        return list(history)
    exact = [r for r in history if header_key(r.stated.get("product", "")) == wanted]
    found = exact or [r for r in history if "product" not in r.stated]
    if not found:
        told = ", ".join(sorted(named.values()))
        msg = f"{request.site_id!r} has no product {request.product!r}; it has {told}"
        raise DoubtError(Doubt.product_not_at_site, msg)
    return found


def _of_component(history: Sequence[Registered], request: Request) -> list[Registered]:
    """Return the rows of a site for the component of a request, if any name it.

    A product may stand in a row for each of its components; a row that names none is of any.
    """
    wanted = header_key(request.component)
    named = [header_key(row.stated.get("component", "")) for row in history]
    for text in (wanted, ""):
        some = [row for row, name in zip(history, named, strict=True) if name == text]
        if wanted and some:
            return some
    return list(history)


def registered(cells: Mapping[str, str], place: tuple[float, float, float]) -> Registered:
    """Return the registered row of a site from its cells.

    Parameters
    ----------
    cells
        Text by the names of columns: ``country``, ``address``, ``time_zone``, ``registered_on``,
        ``installed_on``, ``receiving_hours`` and those of
        `matching.eligibility.TEXTS`, if there are such columns.
    place
        Longitude and latitude in degrees on WGS 84, and how far off they may be in metres, or NaN.
    """
    days: dict[str, datetime.date | None] = {}
    faults = []
    for name in ("registered_on", "installed_on"):
        text = cells.get(name, "").strip()
        days[name] = cast("datetime.date | None", day_of(text).item())
        if text and days[name] is None:
            faults.append(f"{name} {text!r} is not a date like 2026-12-01")
    lon, lat, accuracy_m = place
    text = cells.get("receiving_hours", "").strip()
    hours = SPAN.fullmatch(text)
    if text and (hours is None or hours["closes"] <= hours["opens"]):
        faults.append(f"receiving_hours {text!r} are not like 08:00-17:00")
    return Registered(
        lon=lon,
        lat=lat,
        accuracy_m=None if math.isnan(accuracy_m) else accuracy_m,
        country=names.load().stated([cells.get(name, "") for name in COUNTRY_STATED]),
        address=cells.get("address", "").strip(),
        time_zone=cells.get("time_zone", "").strip(),
        registered_on=days.get("registered_on"),
        installed_on=days.get("installed_on"),
        receives=(hours["opens"], hours["closes"]) if hours else None,
        stated={name: text for name in TEXTS if (text := cells.get(name, "").strip())},
        fault="; ".join(faults),
    )


def _holding(
    history: Sequence[Registered], stamp: datetime.datetime
) -> Iterator[tuple[Registered, ZoneInfo, datetime.date]]:
    """Yield the rows of a site registered by the local day of a timestamp, the newest first.

    Each with its zone and that day, as a site that moved may have another zone.
    """
    oldest = datetime.date.min
    for row in sorted(history, key=lambda r: r.registered_on or oldest, reverse=True):
        zone = time_zones.zone(row.lon, row.lat, stamp.date(), named=row.time_zone)
        day = (stamp.astimezone(zone) if stamp.tzinfo else stamp).date()
        if (row.registered_on or oldest) <= day:
            yield row, zone, day
