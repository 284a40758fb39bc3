"""Addresses asked of a Nominatim server, one at a time, by geopy."""

import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.errors import InputError
from coverage_analyzer.online.geocoding.cache import Cache
from coverage_analyzer.online.geocoding.extra import check_extra
from coverage_analyzer.online.geocoding.grades import Answer, Found, Grade, checked, today
from coverage_analyzer.online.geocoding.queries import Query

if TYPE_CHECKING:
    import geopy.geocoders

log = logging.getLogger(__name__)

PUBLIC: Final = "https://nominatim.openstreetmap.org"
"""The server of the OpenStreetMap Foundation: for a few addresses, never for a whole list."""

PUBLIC_HOSTS: Final = ("nominatim.openstreetmap.org", "nominatim.osm.org")
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""No proxy stands between us and this machine."""

PUBLIC_INTERVAL_S: Final = 1.0
"""Its rule: at most one question a second, counted over everything that an application runs."""

NO_STREET: Final = "the street was not found"
MOST_CHARACTERS: Final = 500
BRIEF: Final = 100
"""So much is taken of an address, or of an error, that a server sends."""

UNKNOWN_VERSION: Final = "unknown"
LANGUAGE: Final = "en"
"""In which places are named, whatever the machine's; so the same question has the same answer."""


@dataclass(frozen=True)
class Limits:
    """How long and how often a server is asked.

    Attributes
    ----------
    timeout_s
        Without a byte.
    deadline_s
        For one whole exchange.
    attempts
        For one question, before its row is given up.
    pause_s
        Before the second attempt; doubled before each further one.
    longest_wait_s
        A server that wishes to be left alone for longer is not waited for.
    """

    timeout_s: float = 10.0
    deadline_s: float = 30.0
    attempts: int = 4
    pause_s: float = 1.0
    longest_wait_s: float = 120.0


class UnansweredError(Exception):
    """A question had no answer within the limits, which is told in words.

    Attributes
    ----------
    alive
        Whether the server refused this very question, and may well answer others.
    """

    def __init__(self, told: str, *, alive: bool = False) -> None:
        super().__init__(told)
        self.alive = alive


class Nominatim:
    """A server.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:8088``.
    cache
        Where turns are taken, and the version of the data is kept.
    contact
        Of who asks, for whoever runs the server; the public one wants one.
    limits
        How long and how often it is asked.
    sleep
        Waits for some seconds.

    Raises
    ------
    InputError
        If the address is none, or the public server would be asked without a contact.
    MissingExtraError
        If geopy is not installed.
    """

    def __init__(
        self,
        url: str,
        cache: Cache,
        *,
        contact: str = "",
        limits: Limits | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = checked_url(url)
        self.interval_s = PUBLIC_INTERVAL_S if is_public(url) else 0.0
        if is_public(url) and "@" not in contact and "://" not in contact:
            msg = (
                "The public server wants to know who asks: say --contact you@example.com "
                "(in Python: contact=...)."
            )
            raise InputError(msg)
        self.name = f"nominatim {self.url}"
        self._cache, self._contact = cache, contact
        self._limits, self._sleep = limits or Limits(), sleep

    @functools.cached_property
    def _geopy(self) -> "geopy.geocoders.Nominatim":
        """What speaks to the server.

        Raises
        ------
        MissingExtraError
            If geopy is not installed.
        """
        check_extra("geopy")
        import geopy.geocoders

        from coverage_analyzer.online.geocoding.transport import Adapter

        class Timed(Adapter):
            deadline_s = self._limits.deadline_s

        parts = urlsplit(self.url)
        return geopy.geocoders.Nominatim(
            domain=f"{parts.netloc}{parts.path}",
            scheme=parts.scheme,
            user_agent=user_agent(self._contact),
            timeout=self._limits.timeout_s,
            proxies={} if parts.hostname in LOOPBACK else None,
            adapter_factory=Timed,
        )

    def version(self) -> str:
        """Return the month of the server's data; it is asked for it at most once a day.

        A server that follows the map changes by the minute; its answers are asked for anew once a
        month. One that is imported anew from another month's extract counts as new, too.
        """
        version = self._cache.version(self.name)
        if version is not None:
            return version
        try:
            version = self._asked_version()
        except UnansweredError:  # the questions will show whether it is there
            return self._cache.version(self.name, fresh=False) or UNKNOWN_VERSION
        self._cache.keep_version(self.name, version)
        return version

    def _asked_version(self) -> str:
        """Ask the server of when its data are.

        Raises
        ------
        UnansweredError
            If it does not answer.
        """
        url = f"{self.url}/status?format=json"
        get = functools.partial(self._geopy._call_geocoder, url, lambda told: told)  # noqa: SLF001 - geopy has no public call for it
        try:
            told = self._answered(get, attempts=1)
        except UnansweredError as error:
            if error.alive:
                return UNKNOWN_VERSION
            raise
        if not isinstance(told, Mapping):
            return UNKNOWN_VERSION
        month = str(told.get("data_updated") or "")[:7]
        return month or str(told.get("database_version") or UNKNOWN_VERSION)

    def answer(self, query: Query) -> Answer:
        """Return what the server knows of an address.

        Raises
        ------
        UnansweredError
            If it does not answer within the limits.
        """
        best = None
        for number, step in enumerate(query.steps()):
            found = self._answered(functools.partial(self._asked, step, query.countries))
            if found is None:
                continue
            found = checked(found, query)
            missed = bool(query.street) or (query.is_free and number > 0)
            if missed and found.grade < Grade.street and found.reason == Found.found:
                found = dataclasses.replace(found, reason=Found.in_part, detail=NO_STREET)
            if found.grade > Grade.none:
                return found
            best = best or found
        return best or Answer(Found.not_found, by=self.name, on=today())

    def _asked(self, step: Mapping[str, str] | str, countries: Iterable[str]) -> Answer | None:
        """Ask once.

        Raises
        ------
        GeocoderParseError
            If what comes is no answer.
        GeopyError
            If none comes.
        """
        from geopy import exc

        whole = dict(step) if isinstance(step, Mapping) else step
        try:
            found = self._geopy.geocode(
                whole,
                addressdetails=True,
                language=LANGUAGE,
                country_codes=sorted(code.lower() for code in countries),
            )
            return None if found is None else _graded(found.raw, self.name)
        except exc.GeopyError:  # some of which are errors of values, too
            raise
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise exc.GeocoderParseError("half an answer") from error

    def _answered(self, ask: Callable[[], Any], attempts: int = 0) -> Any:
        """Ask until there is an answer, and return it.

        Raises
        ------
        UnansweredError
            If there is none within the limits.
        """
        from geopy import exc

        final = (
            exc.GeocoderQueryError,
            exc.GeocoderAuthenticationFailure,
            exc.GeocoderInsufficientPrivileges,
            exc.GeocoderNotFound,
            exc.ConfigurationError,
        )
        last, attempts = "", attempts or self._limits.attempts
        for attempt in range(attempts):
            if wait := self._cache.turn(self.name, self.interval_s):
                if wait > self._limits.longest_wait_s:
                    raise UnansweredError(f"the server wishes to be left alone for {wait:.0f} s")
                self._sleep(wait)
            try:
                return ask()
            except final as error:
                refused = not isinstance(error, exc.GeocoderQueryError | exc.GeocoderNotFound)
                raise UnansweredError(_brief(error), alive=not refused) from error
            except exc.GeopyError as error:
                last = _brief(error)
                log.info("attempt %d: %s", attempt + 1, error)
                if (wished := _wished(error)) is not None:  # then nobody asks, in no process
                    self._cache.hold(self.name, wished)
                elif attempt + 1 < attempts:
                    self._sleep(self._limits.pause_s * 2**attempt)
        raise UnansweredError(f"{last} ({attempts} attempts)")


def is_public(url: str) -> bool:
    """Return whether a server is that of the OpenStreetMap Foundation."""
    return (urlsplit(url).hostname or "") in PUBLIC_HOSTS


def checked_url(url: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises
    ------
    InputError
        If it is none.
    """
    if _is_plain(url):
        return url.rstrip("/")
    msg = f"{url!r} is no address of a server; write it like http://127.0.0.1:8088."
    raise InputError(msg)


def _is_plain(url: str) -> bool:
    """Return whether an address has a host, and neither a password nor a question in it."""
    try:
        parts = urlsplit(url)
        odd = parts.query or parts.fragment or parts.username or parts.port == 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not odd


def user_agent(contact: str) -> str:
    """Return who asks, as servers want to be told."""
    told = f"coverage-analyzer/{metadata.version('coverage-analyzer')}"
    safe = "".join(c for c in contact if c.isprintable() and c.isascii())
    return f"{told} ({safe})" if safe else told


def _brief(error: Exception) -> str:
    """Return what an error says, in a line that fits into a cell."""
    return " ".join(str(error).split())[:BRIEF]


def _wished(error: BaseException) -> float | None:
    """Return for how many seconds a server wishes to be left alone, if it says so."""
    from geopy import adapters

    headers = getattr(error.__cause__, "headers", None) or {}
    seconds = adapters.get_retry_after(headers)
    return None if seconds is None else float(seconds)


def _graded(raw: Mapping[str, Any], by: str) -> Answer:
    """Return an answer out of what a server told.

    Raises
    ------
    KeyError, ValueError, TypeError, AttributeError
        If half of it is missing.
    """
    address = raw.get("address", {})
    lat, lon = _degrees(raw["lat"], 90), _degrees(raw["lon"], 180)
    return Answer(
        Found.found,
        grade=_grade(raw, address),
        lat=lat,
        lon=lon,
        reach_m=_reach_m(lat, lon, raw.get("boundingbox")),
        matched=str(raw["display_name"])[:MOST_CHARACTERS],
        house_number=str(address.get("house_number", "")),
        postcode=str(address.get("postcode", "")),
        country=str(address.get("country_code", "")).upper(),
        by=by,
        on=today(),
    )


def _degrees(value: Any, most: int) -> float:
    """Return an angle in degrees.

    Raises
    ------
    ValueError
        If it is none.
    """
    angle = float(value)
    if not abs(angle) <= most:
        raise ValueError(value)
    return angle


def _grade(raw: Mapping[str, Any], address: Mapping[str, Any]) -> Grade:
    """Return how precise an answer is, from its rank: 30 is a house, 26 a street, 13 a town.

    Its ``importance`` says how well known a place is, and nothing of precision.
    """
    if raw.get("addresstype") == "postcode":
        return Grade.postcode
    rank = int(raw["place_rank"])
    if rank >= 30 and address.get("house_number"):
        return Grade.rooftop
    if rank >= 26:
        return Grade.street
    return Grade.city if rank >= 13 else Grade.region


def _reach_m(lat: float, lon: float, box: Any) -> float:
    """Return how far the corners of a box (south, north, west, east) are, in metres."""
    if box is None:
        return 0.0
    south, north, west, east = map(float, box)
    corners = np.array([(west, south), (west, north), (east, south), (east, north)])
    here = np.full(4, lon), np.full(4, lat)
    return round(float(geodesy.distance_m(*here, corners[:, 0], corners[:, 1]).max()), 1)
