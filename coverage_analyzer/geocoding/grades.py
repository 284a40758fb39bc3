"""Grades of geocoding results: their accuracy in metres, and plausibility checks."""

import datetime
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.geocoding import places
from coverage_analyzer.geocoding.places import IsNear, Place
from coverage_analyzer.geocoding.queries import Query, compact, tokens


class Grade(enum.IntEnum):
    """What a point represents, the most precise last."""

    none = 0
    region = 1
    city = 2
    postcode = 3
    street = 4
    rooftop = 5


ACCURACY_M: Final[Mapping[Grade, float]] = MappingProxyType(
    {
        Grade.rooftop: 50.0,
        Grade.street: 500.0,
        Grade.postcode: 5_000.0,
        Grade.city: 15_000.0,
        Grade.region: 250_000.0,
    }
)
"""Accuracy of each grade in metres, unless the place itself is larger.

Chosen with care, not measured: calibrate them with addresses of known location. That of a region
exceeds any limit in use, so that no promise depends on one.
"""


class GeocodeOutcome(enum.StrEnum):
    """Outcome of an address: the codes at the start of ``geocode_reason``."""

    found = enum.auto()
    in_part = enum.auto()
    house_number_missing = enum.auto()
    house_number_differs = enum.auto()
    postcode_differs = enum.auto()
    country_differs = enum.auto()
    place_differs = enum.auto()
    offline_data = enum.auto()
    ambiguous = enum.auto()
    not_found = enum.auto()
    no_address = enum.auto()
    not_in_cache = enum.auto()
    not_asked = enum.auto()
    service_failed = enum.auto()


@dataclass(frozen=True)
class GeocodeResult:
    """The geocoding result of an address.

    Attributes
    ----------
    reason, detail
        The outcome, as a code and as text.
    grade
        Grade of the point.
    lat, lon
        Degrees on WGS 84; None if not found.
    reach_m
        Distance from the point to the outline of the place, in metres.
    matched
        The address as the provider writes it.
    house_number, postcode, country
        Parts of the place's address, as far as known; the country as alpha-2 code.
    by, on
        The provider, and the date.
    """

    reason: GeocodeOutcome
    detail: str = ""
    grade: Grade = Grade.none
    lat: float | None = None
    lon: float | None = None
    reach_m: float = 0.0
    matched: str = ""
    house_number: str = ""
    postcode: str = ""
    country: str = ""
    by: str = ""
    on: str = field(default="", compare=False)

    @property
    def reason_text(self) -> str:
        """The reason as text for a cell."""
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


def today() -> str:
    """Return the current date in UTC, for a result."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def accuracies(overrides: Mapping[str, float] | None = None) -> dict[Grade, float]:
    """Return the accuracy of each grade in metres, with the given overrides by name.

    Raises
    ------
    InputError
        If the grade is unknown, or a number is not a distance.

    Examples
    --------
    >>> accuracies({"city": 8000})[Grade.city]
    8000.0
    """
    result = dict(ACCURACY_M)
    for name, metres in (overrides or {}).items():
        if name not in Grade.__members__ or name == "none":
            names = ", ".join(g.name for g in ACCURACY_M)
            msg = f"Unknown grade {name!r}; choose from {names}."
            raise InputError(msg)
        if not 0 <= metres < 1e8:
            msg = f"The accuracy of the grade {name!r} is {metres}. Give metres, such as 500."
            raise InputError(msg)
        result[Grade[name]] = float(metres)
    return result


def accuracy_m(answer: GeocodeResult, by_grade: Mapping[Grade, float]) -> float | None:
    """Return the accuracy of a result in metres: that of its grade, or its extent."""
    if answer.grade == Grade.none:
        return None
    return max(by_grade[answer.grade], answer.reach_m)


def checked(
    answer: GeocodeResult,
    query: Query,
    place: Place | None = None,
    is_near: IsNear = places.nowhere,
) -> GeocodeResult:
    """Return a result with the grade that it deserves, compared with the query.

    A result in a country other than the declared one is discarded. So is a street or house in
    another place (`places.is_there`), because the requested town is more accurate. A different
    postcode in the right town limits the grade to city, since a town may have several streets of
    the same name; a different or missing house number limits it to street.

    Parameters
    ----------
    answer, query
        The result, and the query.
    place
        Place of the result; by default that of its address.
    is_near
        Whether a name is that of a town at the result.
    """
    if query.country and answer.country and answer.country not in query.countries:
        detail = f"asked {query.country}, found {answer.country}"
        return GeocodeResult(GeocodeOutcome.country_differs, detail, by=answer.by, on=answer.on)
    place = place or places.place_of(
        Place(answer.country, answer.postcode, "", answer.house_number), answer.matched
    )
    if answer.grade > Grade.city and not places.is_there(place, query, is_near):
        address = " ".join(part for part in (place.postcode, *place.towns[:1]) if part)
        return GeocodeResult(
            GeocodeOutcome.place_differs, f"found {address}"[:100], by=answer.by, on=answer.on
        )
    if differing := _differing_postcode(answer, query, place):
        detail = f"asked {differing}, found {answer.postcode}"
        return _at_most(answer, Grade.city, GeocodeOutcome.postcode_differs, detail)
    if answer.grade == Grade.rooftop:
        return _checked_number(answer, query)
    if (
        query.house_number
        and answer.grade == Grade.street
        and answer.reason == GeocodeOutcome.found
    ):
        return replace(answer, reason=GeocodeOutcome.house_number_missing)
    return answer


def _checked_number(answer: GeocodeResult, query: Query) -> GeocodeResult:
    """Return a result with grade rooftop, or a lower one if its house number differs."""
    number = compact(answer.house_number)
    if query.house_number:
        same = compact(query.house_number) == number or number in map(
            compact, answer_numbers(query.house_number)
        )
        detail = f"asked {query.house_number}, found {answer.house_number}"
        return (
            answer
            if same
            else _at_most(answer, Grade.street, GeocodeOutcome.house_number_differs, detail)
        )
    if query.is_free and not _stands_in(answer.house_number, query.text):
        if any(t[0].isdigit() for t in tokens(query.text)):
            detail = f"found {answer.house_number}"
            return _at_most(answer, Grade.street, GeocodeOutcome.house_number_differs, detail)
        return _at_most(answer, Grade.street, GeocodeOutcome.found, "")
    return answer


def answer_numbers(text: str) -> list[str]:
    """Return the numbers in a house number: a range, or several.

    Examples
    --------
    >>> answer_numbers("12-14"), answer_numbers("31B")
    (['12', '14'], ['31B'])
    """
    parts = re.split(r"[^\w\s]", text)
    return [part.strip() for part in parts if part.strip()]


def _differing_postcode(answer: GeocodeResult, query: Query, place: Place) -> str:
    """Return the requested postcode if the result has a different one."""
    if not answer.postcode or places.has_postcode(place, query):
        return ""
    if query.postcode or not query.is_free:
        return query.postcode
    house_number = {compact(word) for word in tokens(f"{answer.house_number} {answer.matched}")}
    likely = [code for code in places.asked_codes(place, query) if code not in house_number]
    return likely[-1].upper() if likely else ""


def _stands_in(part: str, text: str) -> bool:
    """Return whether a number or code occurs in a text as separate words."""
    word, words = compact(part), [compact(t) for t in tokens(text)]
    joined = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, i + 4)}
    return bool(word) and (word in joined)


def _at_most(
    answer: GeocodeResult, grade: Grade, reason: GeocodeOutcome, detail: str
) -> GeocodeResult:
    """Return a result with its grade limited, and the reason."""
    return replace(answer, grade=min(answer.grade, grade), reason=reason, detail=detail)
