"""The parts of a policy: closed, frozen models, as TOML writes them."""

import math
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy.document import Model

ALL_OTHERS: Final = "*"
"""In a list of countries: all that no other entry of the same kind names."""


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
IsoCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CountryCode = Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$")]
Miles = Annotated[float, Field(ge=0, le=12_000)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]


MILE_KM: Final = 1.609344


def miles_of_km(km: float) -> str:
    """Return the miles of a distance in km, rounded up so that the whole of it is within.

    Examples
    --------
    >>> miles_of_km(100), miles_of_km(80)
    ('62.137120', '49.709696')
    """
    return f"{math.ceil(km / MILE_KM * 1e6 - 1e-6) / 1e6:.6f}"


def miles_text(miles: float) -> str:
    """Return a distance of a policy with all of its decimals, up to a millimetre.

    Examples
    --------
    >>> miles_text(70.0), miles_text(62.13712)
    ('70', '62.13712')
    """
    return f"{miles:.6f}".rstrip("0").rstrip(".")


class Hours(Model):
    """The hours of a day in which a clock of hours runs, local to the site.

    ``closes`` is the first moment outside; ``24:00`` is the end of the day. ``days`` says whether
    the clock stands still on what is no business day.
    """

    opens: TimeOfDay
    closes: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00)$")]
    days: Literal["every_day", "business_days"] = "business_days"


class Replacement(Model):
    """The clock of a replacement: from an event to an event within a time.

    ``hours`` lets a clock of hours run within them only; without, it runs day and night.
    ``cut_off`` is the last time of day, local to the center, at which an event counts for that
    business day; without, the whole day counts.
    """

    start: Literal["authorised", "rma_issued", "call_acknowledged", "diagnosis_complete"]
    end: Literal["delivered", "shipped", "on_site", "repaired"]
    amount: Annotated[int, Field(ge=1, le=10_000)]
    unit: Literal["hours", "business_days"]
    hours: Hours | None = None
    cut_off: TimeOfDay | None = None
    clause: Identifier

    @property
    def counts_business_days(self) -> bool:
        """Whether the sum needs to know what a business day is."""
        in_hours = self.hours is not None and self.hours.days == "business_days"
        return self.unit == "business_days" or in_hours

    def __str__(self) -> str:
        """Return the promise in words, such as ``delivered within 4 hours of authorisation``."""
        unit = self.unit.replace("_", " ").removesuffix("s")
        start = {
            "authorised": "authorisation",
            "rma_issued": "the RMA number",
            "call_acknowledged": "acknowledgement of the call",
            "diagnosis_complete": "the diagnosis",
        }[self.start]
        within = f", counted from {self.hours.opens} to {self.hours.closes}" if self.hours else ""
        until = f", cut-off at {self.cut_off}" if self.cut_off else ""
        promise = f"{self.end.replace('_', ' ')} within {quantity(self.amount, unit)} of {start}"
        return f"{promise}{within}{until}"


class Level(Model):
    """A maintenance level; without a replacement clock it promises nothing."""

    id: Identifier
    title: Annotated[str, Field(min_length=1)]
    coverage_hours: str = "not stated"
    software_updates: str = "not stated"
    technical_support: str = "not stated"
    replacement: Replacement | None = None
    footnotes: tuple[Identifier, ...] = ()


NOT_COVERED: Final = Level(
    id="not-covered",
    title="Not covered",
    coverage_hours="none",
    software_updates="none",
    technical_support="none",
)
"""What a site has for which no level is available; its position is behind the policy's levels."""


class Warranty(Model):
    """What the manufacturer warrants, whatever the level."""

    hardware_days: Annotated[int, Field(ge=0)]
    software_days: Annotated[int, Field(ge=0)]
    clause: Identifier


class Qualification(Model):
    """The rules round the bands."""

    same_country: bool
    fallback: Identifier
    interim: Identifier
    clause: Identifier | None = None
    fallback_clause: Identifier


class Band(Model):
    """Distances, above one and up to another (included), that buy a level in some countries.

    By ``road``, the geodesic only tells who is beyond; who is within waits for a look at roads.
    """

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    metric: Literal["geodesic", "road"] = "geodesic"
    above_miles: Miles = 0
    up_to_miles: Miles
    clause: Identifier


class LeadTime(Model):
    """How long a new center takes in some countries, or ``per`` appliance its set-up.

    What is not of a center, no rule applies yet (`consistency.policy_warnings` says so).
    """

    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=0)]
    at_most: Annotated[int, Field(ge=0)]
    unit: Literal["days", "weeks", "months"]
    per: Literal["center", "appliance"] = "center"
    clause: Identifier

    @property
    def span(self) -> str:
        """How long it takes, as text, such as ``3 to 6 months``."""
        span = f"{self.at_least} to {self.at_most}" if self.at_least else f"up to {self.at_most}"
        return f"{span} {self.unit}"


class CountryRules(Model):
    """How countries are read.

    ``fold`` lets a country count as another one (``{PR = "US"}``, or a disputed area with a code
    of its own: ``{EH = "MA"}``), and ``{PR = "PR"}`` keeps one apart. ``fold_territories`` names
    sovereigns all of whose territories count as the sovereign. What others count as may not count
    as something else itself: such a chain can be meant in two ways, and is refused. ``contested``
    says what a site declares rightly in an area that two countries hold: only its ``holder``,
    either ``declared`` one, or nothing without ``review``.
    """

    fold: dict[IsoCode, IsoCode] = Field(default_factory=dict)
    fold_territories: tuple[IsoCode, ...] = ()
    contested: Literal["holder", "declared", "review"] = "holder"
