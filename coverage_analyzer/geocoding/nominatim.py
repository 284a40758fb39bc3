"""Geocode addresses with a Nominatim server, one at a time."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import numpy as np

from coverage_analyzer import geodesy, http_client
from coverage_analyzer.errors import InputError
from coverage_analyzer.geocoding.cache import Cache
from coverage_analyzer.geocoding.grades import GeocodeOutcome, GeocodeResult, Grade, checked, today
from coverage_analyzer.geocoding.places import Place, place_of
from coverage_analyzer.geocoding.queries import Query
from coverage_analyzer.http_client import HttpError, Request, Retries

T = TypeVar("T")

PUBLIC: Final = "https://nominatim.openstreetmap.org"
"""The server of the OpenStreetMap Foundation: for a few addresses, never for whole lists."""

PUBLIC_HOSTS: Final = ("nominatim.openstreetmap.org", "nominatim.osm.org")
PUBLIC_INTERVAL_S: Final = 1.0
"""Its usage policy: at most one request per second, over all processes of an application."""

NO_STREET: Final = "the street was not found"
MOST_CHARACTERS: Final = 500
TOWNS: Final = ("city", "town", "village", "municipality", "hamlet", "isolated_dwelling")
DISTRICTS: Final = (
    *("city_district", "borough", "suburb", "district", "subdivision", "quarter", "neighbourhood"),
    *("allotments", "city_block", "residential", "farm", "croft", "commercial", "industrial"),
    *("retail", "locality"),
)
REGIONS: Final = ("county", "state_district", "province", "state", "region")
ROADS: Final = ("road", "pedestrian", "footway", "path", "cycleway", "square", "place")
"""Address keys in the server's answers that name a town; all others do not."""

NearAt = Callable[[str, str, float, float], bool | None]
"""Whether a name is that of a town in a country (alpha-2) at a latitude and longitude."""

BRIEF: Final = 100
"""Maximum length used of an address, or of an error, sent by a server."""

UNKNOWN_VERSION: Final = "unknown"
LANGUAGE: Final = "en"
"""Language of place names, independent of the machine, so that results are reproducible."""


@dataclass(frozen=True)
class Limits:
    """Timeouts and retries of requests to a server.

    Attributes
    ----------
    timeout_s
        Timeout without data.
    deadline_s
        Timeout of a whole request.
    attempts
        Timeout of a query, after which its row fails.
    pause_s
        Delay before the second attempt; doubled for each further one.
    longest_wait_s
        Maximum pause demanded by a server that is waited for.
    """

    timeout_s: float = 10.0
    deadline_s: float = 30.0
    attempts: int = 4
    pause_s: float = 1.0
    longest_wait_s: float = 120.0


class Nominatim:
    """A Nominatim server.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:8088``.
    cache
        Rate limit, and cache of the data version.
    contact
        Contact of the user for the server's operator; the public server requires one.
    limits
        Timeouts and retries.
    sleep
        Waits for some seconds.

    Raises
    ------
    InputError
        If the URL is invalid, or the public server would be used without a contact.
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
        self.url = http_client.check_url(url)
        self.interval_s = PUBLIC_INTERVAL_S if is_public(url) else 0.0
        if is_public(url) and "@" not in contact and "://" not in contact:
            msg = (
                "The public server requires a contact: --contact you@example.com "
                "(in Python: contact=...)."
            )
            raise InputError(msg)
        self.name = f"nominatim {self.url}"
        self._cache, self._limits = cache, limits or Limits()
        self._retries = Retries(
            attempts=self._limits.attempts,
            pause_s=self._limits.pause_s,
            max_wait_s=self._limits.longest_wait_s,
            sleep=sleep,
        )
        self._agent = http_client.user_agent(contact)

    def turn(self) -> float:
        """Reserve the next request, over all processes; return the seconds until then."""
        return self._cache.turn(self.name, self.interval_s)

    def hold(self, seconds: float) -> None:
        """Block requests of all processes to this server for some seconds."""
        self._cache.hold(self.name, seconds)

    def version(self) -> str:
        """Return the month of the server's data, requested at most once a day.

        A server that follows the map changes every minute; its results are requested again once a
        month. One that is rebuilt from an extract of another month also counts as new.
        """
        version = self._cache.version(self.name)
        if version is not None:
            return version
        try:
            version = self._asked_version()
        except HttpError:  # the queries will show whether it is available
            return self._cache.version(self.name, fresh=False) or UNKNOWN_VERSION
        self._cache.keep_version(self.name, version)
        return version

    def _asked_version(self) -> str:
        """Request the date of the server's data.

        Raises
        ------
        HttpError
            If it does not answer.
        """
        retries = dataclasses.replace(self._retries, attempts=1)
        try:
            status = self._get("status", {"format": "json"}, lambda value: value, retries)
        except HttpError as error:
            if error.is_about_request:
                return UNKNOWN_VERSION
            raise
        if not isinstance(status, Mapping):
            return UNKNOWN_VERSION
        month = _text(status.get("data_updated"))[:7]
        return month or _text(status.get("database_version")) or UNKNOWN_VERSION

    def answer(self, query: Query, near: NearAt | None = None) -> GeocodeResult:
        """Return the server's result for an address.

        Parameters
        ----------
        query
            The address.
        near
            A list of towns to look up further names, if available.

        Raises
        ------
        HttpError
            If it does not answer within the limits.
        """
        best = None
        for number, step in enumerate(query.steps()):
            place = self._request(step, query.countries)
            if place is None:
                continue
            result = _check(*place, query, near)
            missed = bool(query.street) or (query.is_free and number > 0)
            if missed and result.grade < Grade.street and result.reason == GeocodeOutcome.found:
                result = dataclasses.replace(
                    result, reason=GeocodeOutcome.in_part, detail=NO_STREET
                )
            if result.grade > Grade.none:
                return result
            best = best or result
        return best or GeocodeResult(GeocodeOutcome.not_found, by=self.name, on=today())

    def _request(
        self, step: Mapping[str, str] | str, countries: Iterable[str]
    ) -> tuple[GeocodeResult, Place] | None:
        """Send one query and return the result.

        Raises
        ------
        HttpError
            If it is not answered within the limits.
        """
        search = step if isinstance(step, Mapping) else {"q": step}
        parameters = {
            **search,
            "format": "json",
            "limit": "1",
            "addressdetails": "1",
            "accept-language": LANGUAGE,
        }
        if codes := ",".join(sorted(code.lower() for code in countries)):
            parameters["countrycodes"] = codes
        return self._get("search", parameters, self._first_place, self._retries)

    def _first_place(self, places: Any) -> tuple[GeocodeResult, Place] | None:
        """Return the first place of an answer; None if missing.

        Raises
        ------
        HttpError
            If it is not an answer, or the server rejects the query.
        """
        if isinstance(places, Mapping) and "error" in places:
            if places["error"] == "Unable to geocode":
                return None
            message = _text(places["error"])[:BRIEF]
            raise HttpError(message, is_temporary=False, is_about_request=True)
        try:
            return _graded(places[0], self.name) if places else None
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            raise HttpError("an incomplete answer") from error

    def _get(
        self,
        path: str,
        parameters: Mapping[str, str],
        read: Callable[[Any], T],
        retries: Retries,
    ) -> T:
        """Request JSON, with retries, until a readable answer arrives, and return it.

        Raises
        ------
        HttpError
            If no answer arrives within the limits.
        """
        request = Request(
            url=f"{self.url}/{path}?{urlencode(parameters)}",
            agent=self._agent,
            deadline_s=self._limits.deadline_s,
            idle_s=self._limits.timeout_s,
        )
        return http_client.with_retries(
            lambda: read(http_client.fetch_json(request)), retries, self
        )


def is_public(url: str) -> bool:
    """Return whether a server is that of the OpenStreetMap Foundation."""
    return (urlsplit(url).hostname or "").rstrip(".") in PUBLIC_HOSTS


def _text(value: Any) -> str:
    """Return a server's text on one line, without control characters and lone surrogates."""
    text = str(value or "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:MOST_CHARACTERS]


def _check(answer: GeocodeResult, place: Place, query: Query, near: NearAt | None) -> GeocodeResult:
    """Return a result with the grade that it deserves, compared with the query."""
    lat, lon, country = answer.lat, answer.lon, answer.country or query.country
    if near is None or lat is None or lon is None:
        return checked(answer, query, place)
    return checked(answer, query, place, lambda name: near(name, country, lat, lon))


def _graded(raw: Mapping[str, Any], by: str) -> tuple[GeocodeResult, Place]:
    """Return a result from a server's answer, and its place.

    Raises
    ------
    KeyError, ValueError, TypeError, AttributeError, ArithmeticError
        If half of it is missing.
    """
    address = raw.get("address", {})
    lat, lon = _degrees(raw["lat"], 90), _degrees(raw["lon"], 180)
    answer = GeocodeResult(
        GeocodeOutcome.found,
        grade=_grade(raw, address),
        lat=lat,
        lon=lon,
        reach_m=_reach_m(lat, lon, raw.get("boundingbox")),
        matched=_text(raw["display_name"]),
        house_number=_text(address.get("house_number")),
        postcode=_text(address.get("postcode")),
        country=_text(address.get("country_code")).upper(),
        by=by,
        on=today(),
    )
    return answer, _place(address, answer)


def _place(address: Mapping[str, Any], answer: GeocodeResult) -> Place:
    """Return the place of a result, by the parts of its address."""
    names = {str(key): _text(value) for key, value in address.items()}
    roads = [names[key] for key in ROADS if key in names]
    place = Place(
        country=answer.country,
        postcode=answer.postcode,
        road=roads[0] if roads else "",
        house_number=answer.house_number,
        towns=tuple(names[key] for key in TOWNS if key in names),
        districts=tuple(names[key] for key in DISTRICTS if key in names),
        state=names.get("ISO3166-2-lvl4") or names.get("state", ""),
        regions=tuple(names[key] for key in REGIONS if key in names),
    )
    regions = [value for key, value in names.items() if key not in TOWNS]
    return place_of(place, answer.matched, regions)


def _degrees(value: Any, most: int) -> float:
    """Parse an angle in degrees.

    Raises
    ------
    ValueError
        If it is not a result.
    """
    angle = float(value)
    if not abs(angle) <= most:
        raise ValueError(value)
    return angle


def _grade(raw: Mapping[str, Any], address: Mapping[str, Any]) -> Grade:
    """Return the grade of a result from its rank: 30 is a house, 26 a street, 13 a town.

    Its ``importance`` describes how well known a place is, not the accuracy.
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
    """Return the distance to the corners of a box (south, north, west, east), in metres.

    Raises
    ------
    ValueError
        If it is not a box.
    """
    if box is None:
        return 0.0
    south, north, west, east = map(float, box)
    corners = np.array([(west, south), (west, north), (east, south), (east, north)])
    place = np.full(4, lon), np.full(4, lat)
    reach = float(geodesy.distance_m(*place, corners[:, 0], corners[:, 1]).max())
    if not math.isfinite(reach):
        raise ValueError(box)
    return round(reach, 1)
