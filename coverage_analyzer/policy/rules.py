"""The parts of a policy: frozen models without extra keys, as in TOML."""

from typing import Annotated, Final, Literal

import pydantic
from pydantic import Field

from coverage_analyzer.policy.clock_keys import Hours
from coverage_analyzer.policy.clocks import Clock, Replacement
from coverage_analyzer.policy.distances import (
    METRES,
    Unit,
    distance_text,
    metres_of,
    number_text,
    reach_of,
)
from coverage_analyzer.policy.document import FORMAT_2, Identifier, Model

__all__ = [
    "ALL_OTHERS",
    "NOT_COVERED",
    "NOT_STATED",
    "Band",
    "CountryCode",
    "CountryRules",
    "Hours",
    "IsoCode",
    "LeadTime",
    "Level",
    "Miles",
    "Qualification",
    "Replacement",
    "Warranty",
]

ALL_OTHERS: Final = "*"
"""In a list of countries: all not named by another entry of the same kind."""

NOT_STATED: Final = "not stated"
"""What a text reads that the source has lost, or never had."""


BAND_UNITS: Final[tuple["BandUnit", ...]] = ("miles", "km", "minutes")
"""Units of the limits of a band."""

METRIC_TEXTS: Final = {"geodesic": "", "road": " by road", "drive_time": " of driving"}
"""What follows the limit of a band in a text, by its metric."""


IsoCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CountryCode = Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$")]
Miles = Annotated[float, Field(ge=0, le=12_000)]
Kilometres = Annotated[float, Field(ge=0, le=20_000)]
Minutes = Annotated[float, Field(ge=0, le=1_440)]
BandUnit = Literal["miles", "km", "minutes"]


class Level(Model):
    """A maintenance level, in order from the best: ``[[levels]]``.

    Attributes
    ----------
    id
        Text of lower-case letters, digits and single hyphens, unique; required. The rules refer to
        the level by it. Example: ``"four-hours"``.
    title
        Text, unique; required. Reports print it. Example: ``"Four hours"``.
    coverage_hours
        Text; by default ``"not stated"``. The hours of service as the contract states them, which
        tables and letters print. Example: ``"24x7x365"``.
    software_updates
        Text; by default ``"not stated"``. What the contract says about new software. Example:
        ``"included"``.
    technical_support
        Text; by default ``"not stated"``. What the contract says about support by phone or web.
        Example: ``"unlimited"``.
    replacement
        Table `Replacement`, the main clock. Without it, which is the default, the level promises
        nothing.
    clocks
        List of tables `Clock`: further clocks beside the main one; empty by default.
    footnotes
        List of names of clauses in ``[clauses]``; empty by default. Example:
        ``["export-approval"]``.
    """

    id: Identifier
    title: Annotated[str, Field(min_length=1)]
    coverage_hours: str = NOT_STATED
    software_updates: str = NOT_STATED
    technical_support: str = NOT_STATED
    replacement: Replacement | None = None
    clocks: Annotated[tuple[Clock, ...], FORMAT_2] = ()
    footnotes: tuple[Identifier, ...] = ()

    @property
    def all_clocks(self) -> tuple[Replacement, ...]:
        """All clocks of the level, the main one first."""
        return (*([self.replacement] if self.replacement else []), *self.clocks)


NOT_COVERED: Final = Level(
    id="not-covered",
    title="Not covered",
    coverage_hours="none",
    software_updates="none",
    technical_support="none",
)
"""The level of sites without an available level; its position follows the policy's levels."""


class Warranty(Model):
    """The manufacturer's warranty, which applies to all levels: ``[warranty]``.

    Attributes
    ----------
    hardware_days
        Integer, in days, at least 0; required. Example: ``365``.
    software_days
        Integer, in days, at least 0; required. Example: ``90``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"warranty"``.
    """

    hardware_days: Annotated[int, Field(ge=0)]
    software_days: Annotated[int, Field(ge=0)]
    clause: Identifier


class Qualification(Model):
    """The rules besides the bands: ``[qualification]``.

    Attributes
    ----------
    same_country
        Boolean; required. Whether a site qualifies only by a center in its own country.
    fallback
        ``id`` of a level; required. The level of sites beyond each band, or without a center.
        Example: ``"basic"``.
    interim
        ``id`` of a level; required. The level until a center within the limit opens. Example:
        ``"basic"``.
    clause
        Name of the clause in ``[clauses]`` behind ``same_country``; none by default. Example:
        ``"same-country"``.
    fallback_clause
        Name of the clause in ``[clauses]`` behind ``fallback``; required. Example:
        ``"outside-radius"``.
    """

    same_country: bool
    fallback: Identifier
    interim: Identifier
    clause: Identifier | None = None
    fallback_clause: Identifier


class Band(Model):
    """A range of distances, or of drive times, with a level, for some countries: ``[[bands]]``.

    Attributes
    ----------
    level
        ``id`` of a level; required. Example: ``"four-hours"``.
    countries
        List of ISO 3166-1 alpha-2 codes, not empty; required. ``"*"`` stands for all countries that
        no other band names; one band without ``areas`` and ``centers`` has to have it. Example:
        ``["US"]``.
    areas
        List of each ``id`` of an area in ``[[areas]]``; empty by default, for everywhere. The bands
        of an area replace those of the country there; of several areas the one that a band names
        first counts. Example: ``["gulf-coast"]``.
    except_areas
        List of each ``id`` of an area in which the band does not apply; empty by default. No band
        farther out may remain there. Example: ``["islands"]``.
    centers
        List of each ``center_id`` of the centers that the band is about; empty by default, for all
        centers. Such a center has these bands instead of the others. Of several centers the one
        with the best level serves a site, then the nearest. Example: ``["US-DAL-1"]``.
    metric
        ``"geodesic"`` (default), ``"road"`` or ``"drive_time"``. By road, and by drive time, the
        geodesic distance only decides which sites are beyond the limit; those within are rechecked
        by road.
    above_miles
        Number, in miles, from 0 to 12,000; by default ``0``. A band starts where the band before
        it ends. Example: ``50``.
    up_to_miles
        Number, in miles, greater than ``above_miles``, at most 12,000, itself included; none by
        default. Each band has one of the keys that start with ``up_to_``. Example: ``70``.
    above_km
        Number, in kilometres, from 0 to 20,000; by default ``0``. A policy states its distances in
        miles or in kilometres, not in both. Example: ``80``.
    up_to_km
        Number, in kilometres, greater than ``above_km``, at most 20,000, itself included; none by
        default. Example: ``100``.
    above_minutes
        Number, in minutes of driving, from 0 to 1,440; by default ``0``. Example: ``60``.
    up_to_minutes
        Number, in minutes of driving, greater than ``above_minutes``, at most 1,440, itself
        included; none by default. The metric ``drive_time`` needs it, and no other has it.
        Example: ``90``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"radius-us"``.
    """

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    areas: Annotated[tuple[Identifier, ...], FORMAT_2] = ()
    except_areas: Annotated[tuple[Identifier, ...], FORMAT_2] = ()
    centers: Annotated[tuple[str, ...], FORMAT_2] = ()
    metric: Literal["geodesic", "road", "drive_time"] = "geodesic"
    above_miles: Miles = 0
    up_to_miles: Miles | None = None
    above_km: Annotated[Kilometres, FORMAT_2] = 0
    up_to_km: Annotated[Kilometres | None, FORMAT_2] = None
    above_minutes: Annotated[Minutes, FORMAT_2] = 0
    up_to_minutes: Annotated[Minutes | None, FORMAT_2] = None
    clause: Identifier

    @pydantic.model_validator(mode="after")
    def _has_one_limit(self) -> "Band":
        """Validate that the band has one upper limit, in the unit of its metric.

        Raises
        ------
        ValueError
            Which pydantic converts.
        """
        units = [unit for unit in BAND_UNITS if getattr(self, f"up_to_{unit}") is not None]
        fits = ("minutes",) if self.metric == "drive_time" else ("miles", "km")
        allowed = " or ".join(f"up_to_{unit}" for unit in fits)
        if not units:
            msg = f"the upper limit is missing: add {allowed}."
            raise ValueError(msg)
        if len(units) > 1 or units[0] not in fits:
            present = " and ".join(f"up_to_{unit}" for unit in units)
            msg = f"a band with metric = {self.metric!r} has one limit, {allowed}, not {present}."
            raise ValueError(msg)
        for unit in BAND_UNITS:
            if unit != units[0] and getattr(self, f"above_{unit}"):
                msg = f"above_{unit} does not fit {allowed}: use above_{units[0]}."
                raise ValueError(msg)
        return self

    @property
    def _replaced_keys(self) -> frozenset[str]:
        return frozenset() if self.unit == "miles" else frozenset({"above_miles", "up_to_miles"})

    @property
    def unit(self) -> "BandUnit":
        """The unit of its limits: ``miles``, ``km`` or ``minutes``."""
        return next(u for u in BAND_UNITS if getattr(self, f"up_to_{u}") is not None)

    @property
    def up_to(self) -> float:
        """The upper limit in `unit`."""
        limit: float = getattr(self, f"up_to_{self.unit}")
        return limit

    @property
    def above(self) -> float:
        """The lower limit in `unit`."""
        limit: float = getattr(self, f"above_{self.unit}")
        return limit

    @property
    def up_to_m(self) -> float:
        """The upper limit in metres along the geodesic, which decides.

        A drive-time band has the distance beyond which no drive is short enough.
        """
        return self._metres(self.up_to)

    @property
    def above_m(self) -> float:
        """The lower limit in metres along the geodesic; for a drive time as `up_to_m`."""
        return self._metres(self.above)

    def limit_in(self, unit: Unit) -> float:
        """Return the upper limit in a unit of distance, to be printed.

        Exactly as given where it is in that unit; otherwise to 6 decimals, while `up_to_m` decides.
        """
        return self.up_to if self.unit == unit else round(self.up_to_m / METRES[unit], 6)

    def above_in(self, unit: Unit) -> float:
        """Return the lower limit in a unit of distance, as `limit_in`."""
        return self.above if self.unit == unit else round(self.above_m / METRES[unit], 6)

    def longer_by(self, metres: float) -> "Band":
        """Return the band with another upper limit, at least 0; a drive time keeps its own."""
        unit = self.unit
        if unit == "minutes":
            return self
        limit = max(self.up_to + metres / METRES[unit], 0.0)
        return self.model_copy(update={f"up_to_{unit}": limit})

    @property
    def limit_text(self) -> str:
        """The upper limit as text, such as ``70 miles``."""
        return distance_text(self.up_to, self.unit)

    @property
    def text(self) -> str:
        """The range as text, such as ``above 50, up to 100 miles by road``."""
        start = f"above {number_text(self.above)}, " if self.above else ""
        return f"{start}up to {self.limit_text}{METRIC_TEXTS[self.metric]}"

    @property
    def where_text(self) -> str:
        """The areas and centers of the band as text; empty if it has none."""
        parts = (
            (" in the areas ", self.areas),
            (" except in ", self.except_areas),
            (" from ", self.centers),
        )
        return "".join(f"{words}{', '.join(names)}" for words, names in parts if names)

    def _metres(self, amount: float) -> float:
        unit = self.unit
        return reach_of(amount) if unit == "minutes" else metres_of(amount, unit)


class LeadTime(Model):
    """Lead time of a new center in some countries: ``[[lead_times]]``.

    Attributes
    ----------
    countries
        List of ISO 3166-1 alpha-2 codes, not empty; required. ``"*"`` stands for all countries that
        no other lead time names. Example: ``["US"]``.
    at_least
        Integer, in ``unit``, at least 0; required. Example: ``3``.
    at_most
        Integer, in ``unit``, not less than ``at_least``; required. Example: ``6``.
    unit
        ``"days"``, ``"weeks"`` or ``"months"``; required.
    per
        ``"center"`` (default) or ``"appliance"``: the time to set up an appliance. No rule uses the
        latter yet, as a warning says.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"lead-time"``.
    """

    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=0)]
    at_most: Annotated[int, Field(ge=0)]
    unit: Literal["days", "weeks", "months"]
    per: Literal["center", "appliance"] = "center"
    clause: Identifier

    @property
    def span(self) -> str:
        """The duration as text, such as ``3 to 6 months``."""
        span = f"{self.at_least} to {self.at_most}" if self.at_least else f"up to {self.at_most}"
        return f"{span} {self.unit}"


class CountryRules(Model):
    """How countries are interpreted: ``[countries]``.

    Attributes
    ----------
    fold
        Table of ISO 3166-1 alpha-2 codes; empty by default. A country counts as another one (``{ PR
        = "US" }``, or a disputed area with its own code: ``{ EH = "MA" }``); ``{ PR = "PR" }``
        keeps one separate from its sovereign. A country that others count as may not count as
        another one itself: such a chain is ambiguous and refused. Example:
        ``{ PR = "US" }``.
    fold_territories
        List of ISO 3166-1 alpha-2 codes of sovereigns all of whose territories count as the
        sovereign; empty by default. Example: ``["US"]``.
    contested
        Which country a site may declare in an area claimed by two countries: only its ``"holder"``
        (default), either with ``"declared"``, or none without a ``"review"``.
    """

    fold: dict[IsoCode, IsoCode] = Field(default_factory=dict)
    fold_territories: tuple[IsoCode, ...] = ()
    contested: Literal["holder", "declared", "review"] = "holder"
