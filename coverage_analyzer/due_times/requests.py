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
from coverage_analyzer.matching.eligibility import DAYS, TEXTS
from coverage_analyzer.schema.columns import COUNTRY_STATED, header_key
from coverage_analyzer.schema.days import day_of

EVENTS: Final = (
    "authorised",
    "rma_issued",
    "call_acknowledged",
    "diagnosis_complete",
    "dispatched",
    "registered",
    "deemed_necessary",
)
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
        Ids of the request and its site.
    moments
        Text of each of `EVENTS`, empty if missing.
    address
        Address of delivery, empty if the request has none.
    product, component
        Product and component to be replaced.
    """

    request_id: str
    site_id: str
    moments: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    product: str = ""
    component: str = ""


@dataclass(frozen=True)
class RegisteredSite:
    """A site as one row of the sites; a site may have several rows as its address changes.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84.
    country
        As declared.
    accuracy_m
        Accuracy of the coordinates, None if unknown.
    address, region, time_zone
        As given, empty if missing.
    registered_on, installed_on, purchased_on, audited_on, moved_on
        None if missing.
    receives
        Receiving hours of the site, as local times of day; None if missing.
    stated
        What the row says for eligibility rules, by the names of `matching.eligibility.TEXTS`.
    fault
        What is unreadable in the row, as text; empty if nothing.
    """

    lon: float
    lat: float
    country: str = ""
    accuracy_m: float | None = None
    address: str = ""
    region: str = ""
    time_zone: str = ""
    registered_on: datetime.date | None = None
    installed_on: datetime.date | None = None
    purchased_on: datetime.date | None = None
    audited_on: datetime.date | None = None
    moved_on: datetime.date | None = None
    receives: tuple[str, str] | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class MatchedRequest:
    """A request with all data needed to determine its level.

    Attributes
    ----------
    request
        As given.
    site
        The row of its site that applies on the day.
    stamps
        The readable timestamps, each with or without a UTC offset.
    day
        Local date of the request at the site.
    zone
        Time zone of the site.
    """

    request: Request
    site: RegisteredSite
    stamps: Mapping[str, datetime.datetime]
    day: datetime.date
    zone: ZoneInfo

    @property
    def stated(self) -> dict[str, str]:
        """Rule inputs given by the request, else by the row of its site."""
        own = {"product": self.request.product, "component": self.request.component}
        return {**self.site.stated, **{name: text for name, text in own.items() if text}}


def stamps(
    request: Request, form: str = "", events: Sequence[str] = EVENTS
) -> dict[str, datetime.datetime]:
    """Return the timestamps of a request, by event.

    Parameters
    ----------
    request
        The request.
    form
        Format of timestamps, in the directives of `datetime.strptime`; by default ISO 8601.
    events
        Those that may start a clock, which the message names.

    Raises
    ------
    DoubtError
        If it has none, or one is unreadable.
    """
    texts = {event: text for event in EVENTS if (text := request.moments.get(event, "").strip())}
    if not texts:
        columns = ", ".join(f"{event}_at" for event in events)
        raise DoubtError(Doubt.moment_missing, f"no date and time given in any of {columns}")
    return {event: clocks.stamp(text, form) for event, text in texts.items()}


def matched_request(
    request: Request,
    history: Sequence[RegisteredSite],
    form: str = "",
    events: Sequence[str] = EVENTS,
) -> MatchedRequest:
    """Return a request with the row of its site that applies on its day.

    This is the newest one registered up to the day; rows without a date count as older.

    Parameters
    ----------
    request
        As given.
    history
        All rows of its site.
    form
        Format of timestamps; see `clocks.stamp`.
    events
        Those that may start a clock, which messages name.

    Raises
    ------
    DoubtError
        If a timestamp is unreadable, the site is unknown, or not exactly one of its rows applies.
    MissingExtraError
        If a time zone is required and `tzfpy` is not installed.
    """
    read = stamps(request, form, events)
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
    return MatchedRequest(request, site, read, day, zone)


def _of_product(history: Sequence[RegisteredSite], request: Request) -> list[RegisteredSite]:
    """Return the rows of a site for the product of a request.

    A site may have a row for each product; a row without one applies to any.

    Raises
    ------
    DoubtError
        If no row has that product, or the requested product is ambiguous.
    """
    named = {header_key(text): text for r in history if (text := r.stated.get("product", ""))}
    key = header_key(request.product)
    if not key and len(named) > 1:
        products = ", ".join(sorted(named.values()))
        msg = f"{request.site_id!r} has several products ({products}); name one in the request"
        raise DoubtError(Doubt.product_ambiguous, msg)
    if not key or not named:
        return list(history)
    exact = [r for r in history if header_key(r.stated.get("product", "")) == key]
    rows = exact or [r for r in history if "product" not in r.stated]
    if not rows:
        products = ", ".join(sorted(named.values()))
        msg = f"{request.site_id!r} has no product {request.product!r}; it has {products}"
        raise DoubtError(Doubt.product_not_at_site, msg)
    return rows


def _of_component(history: Sequence[RegisteredSite], request: Request) -> list[RegisteredSite]:
    """Return the rows of a site for the component of a request, if any name it.

    A product may have a row for each component; a row without one applies to any.
    """
    key = header_key(request.component)
    named = [header_key(row.stated.get("component", "")) for row in history]
    for text in (key, ""):
        rows = [row for row, name in zip(history, named, strict=True) if name == text]
        if key and rows:
            return rows
    return list(history)


def registered_site(cells: Mapping[str, str], place: tuple[float, float, float]) -> RegisteredSite:
    """Return the registered row of a site from its cells.

    Parameters
    ----------
    cells
        Text by column name: ``country``, ``address``, ``region``, ``time_zone``,
        ``receiving_hours`` and those of `matching.eligibility.TEXTS` and
        `matching.eligibility.DAYS`, where present.
    place
        Longitude and latitude in degrees on WGS 84, and the accuracy in metres, or NaN.
    """
    days: dict[str, datetime.date | None] = {}
    faults = []
    for name in DAYS:
        text = cells.get(name, "").strip()
        days[name] = cast("datetime.date | None", day_of(text).item())
        if text and days[name] is None:
            faults.append(f"{name} {text!r} is not a date like 2026-12-01")
    lon, lat, accuracy_m = place
    text = cells.get("receiving_hours", "").strip()
    hours = SPAN.fullmatch(text)
    if text and (hours is None or hours["closes"] <= hours["opens"]):
        faults.append(f"receiving_hours {text!r} are not like 08:00-17:00")
    return RegisteredSite(
        lon=lon,
        lat=lat,
        accuracy_m=None if math.isnan(accuracy_m) else accuracy_m,
        country=names.load().stated([cells.get(name, "") for name in COUNTRY_STATED]),
        address=cells.get("address", "").strip(),
        region=cells.get("region", "").strip(),
        time_zone=cells.get("time_zone", "").strip(),
        **days,
        receives=(hours["opens"], hours["closes"]) if hours else None,
        stated={name: text for name in TEXTS if (text := cells.get(name, "").strip())},
        fault="; ".join(faults),
    )


def _holding(
    history: Sequence[RegisteredSite], stamp: datetime.datetime
) -> Iterator[tuple[RegisteredSite, ZoneInfo, datetime.date]]:
    """Yield the rows of a site registered by the local day of a timestamp, the newest first.

    Each with its zone and that date, since a site that moved may have another zone.
    """
    oldest = datetime.date.min
    for row in sorted(history, key=lambda r: r.registered_on or oldest, reverse=True):
        zone = time_zones.zone(row.lon, row.lat, stamp.date(), named=row.time_zone)
        day = (stamp.astimezone(zone) if stamp.tzinfo else stamp).date()
        if (row.registered_on or oldest) <= day:
            yield row, zone, day
