"""Verdicts: the single definition of their columns, statuses and reasons.

The writers of CSV and Excel, Spark, and the readers of a report take type and decimals from here;
the texts are also in the README and in ``docs/reasons.md``, which tests compare with them.
"""

import enum
from collections.abc import Sequence
from typing import Final, NamedTuple, Self

import pyarrow as pa


class VerdictColumn(NamedTuple):
    """A column that a report adds to each site.

    Attributes
    ----------
    name
        Its header.
    type
        Its Arrow type in typed formats.
    text
        Meaning, as text.
    unit
        Unit of a number; empty for a count, and for values that are not numbers.
    decimals
        Number of decimals in CSV and Excel; None for as many as required.
    """

    name: str
    type: pa.DataType
    text: str
    unit: str = ""
    decimals: int | None = None


COLUMNS: Final = (
    VerdictColumn("level", pa.string(), "the level in force on the day, or `Not covered`"),
    VerdictColumn("status", pa.string(), "what the verdict comes to"),
    VerdictColumn("reason", pa.string(), "why, as a code"),
    VerdictColumn(
        "center_id",
        pa.string(),
        "the open center that serves the site; for pending sites the center that will serve it; "
        "otherwise the nearest open center that may serve it",
    ),
    VerdictColumn(
        "distance_miles", pa.float64(), "geodesic distance to that center", "miles", decimals=3
    ),
    VerdictColumn("limit_miles", pa.float64(), "the limit that applied", "miles"),
    VerdictColumn(
        "margin_miles",
        pa.float64(),
        "the limit minus the distance (negative: beyond), rounded away from zero so that a miss is "
        "never shown as 0.000",
        "miles",
        decimals=3,
    ),
    VerdictColumn("site_country", pa.string(), "ISO code of the assigned country"),
    VerdictColumn(
        "available_on", pa.date32(), "for pending sites, the day on which the level starts"
    ),
    VerdictColumn(
        "centers_in_reach",
        pa.int32(),
        "number of open centers that may serve the site and reach it",
    ),
    VerdictColumn("as_of", pa.date32(), "the day for which the verdict holds"),
)
"""In report order."""

VERDICT: Final = tuple(column.name for column in COLUMNS)
"""The names of `COLUMNS`."""

KM_COLUMNS: Final = (
    VerdictColumn(
        "distance_km",
        pa.float64(),
        "geodesic distance to that center, where the policy states its limits in kilometres",
        "km",
        decimals=3,
    ),
    VerdictColumn("limit_km", pa.float64(), "the limit that applied", "km"),
    VerdictColumn(
        "margin_km",
        pa.float64(),
        "the limit minus the distance, rounded away from zero as `margin_miles`",
        "km",
        decimals=3,
    ),
)
"""Columns behind ``margin_miles`` if the policy states its limits in kilometres."""

TEXT_BESIDE: Final = {"reason": "reason_text", "site_country": "site_country_name"}
"""The columns of text that workbooks have behind a code, by the column of the code."""

SCHEMA: Final = pa.schema([(column.name, column.type) for column in COLUMNS])
"""The names and types of `COLUMNS`."""

TYPES: Final = {column.name: column.type for column in (*COLUMNS, *KM_COLUMNS)}
"""The type of each column that a verdict may have, by name."""

DECIMALS: Final = {c.name: c.decimals for c in COLUMNS if c.decimals is not None}
"""The columns printed with fixed decimals in CSV and Excel, and their number."""


def distance_columns(unit: str) -> tuple[str, str, str]:
    """Return the names of the columns of distance, limit and margin in a unit.

    Examples
    --------
    >>> distance_columns("km")
    ('distance_km', 'limit_km', 'margin_km')
    """
    return f"distance_{unit}", f"limit_{unit}", f"margin_{unit}"


def verdict_columns(unit: str) -> tuple[VerdictColumn, ...]:
    """Return the columns of a verdict, in report order.

    Parameters
    ----------
    unit
        The unit of the policy's distances: ``miles`` or ``km``.
    """
    if unit != "km":
        return COLUMNS
    at = VERDICT.index("margin_miles") + 1
    return (*COLUMNS[:at], *KM_COLUMNS, *COLUMNS[at:])


def verdict_names(unit: str) -> tuple[str, ...]:
    """Return the names of `verdict_columns`.

    Examples
    --------
    >>> verdict_names("miles") == VERDICT, len(verdict_names("km")) - len(VERDICT)
    (True, 3)
    """
    return tuple(column.name for column in verdict_columns(unit))


def schema_in(unit: str) -> pa.Schema:
    """Return the names and types of `verdict_columns`."""
    return pa.schema([(column.name, column.type) for column in verdict_columns(unit)])


def names_in(headers: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the verdict columns that a report with some headers has, in order."""
    return verdict_names(unit_of(headers))


def unit_of(headers: Sequence[str]) -> str:
    """Return the unit of the policy behind a report: ``miles`` or ``km``.

    Parameters
    ----------
    headers
        Of the report. Its own columns stand before those of the verdict, so that an own column
        called like one of `KM_COLUMNS` does not count.

    Examples
    --------
    >>> unit_of(("distance_km", *VERDICT)), unit_of(verdict_names("km"))
    ('miles', 'km')
    """
    names = list(headers)
    at = names.index("margin_miles") + 1 if "margin_miles" in names else len(names)
    return "km" if tuple(names[at : at + 3]) == distance_columns("km") else "miles"


def decimals_of(headers: Sequence[str]) -> dict[str, int]:
    """Return the fixed decimals of the columns of a report, by name: `DECIMALS`, also in km."""
    if unit_of(headers) != "km":
        return DECIMALS
    return DECIMALS | {c.name: c.decimals for c in KM_COLUMNS if c.decimals is not None}


def _not_empty(text: str) -> str:
    if not text.strip():
        msg = "a status or reason needs a text"
        raise ValueError(msg)
    return text


class Status(enum.IntEnum):
    """The outcome of a verdict; its name is the code in the report."""

    text: str
    """Meaning, as text."""

    label: str
    """Short text for legends."""

    def __new__(cls, value: int, label: str = "", text: str = "") -> Self:
        """Return a member with its texts.

        Raises
        ------
        ValueError
            If a text is empty.
        """
        member = int.__new__(cls, value)
        member._value_ = value
        member.label, member.text = _not_empty(label), _not_empty(text)
        return member

    qualified = 0, "Qualified", "the level of the band applies on the day"
    pending = (
        1,
        "Pending: center opens later",
        "a center within range opens later; until then the interim level applies",
    )
    fallback = 2, "Fallback", "the fallback level or the purchased level applies"
    review = (
        3,
        "Review: data unclear",
        "the data are not good enough to promise a level; manual review is needed",
    )
    not_covered = (
        4,
        "Not covered: no level available",
        "no level is available: the product is past the phases that the policy covers",
    )


class Reason(enum.IntEnum):
    """Why a site has its status; its name is the code in the report.

    A reason without a text cannot exist.

    Examples
    --------
    >>> Reason.no_center_in_country.text
    'there is no open center in its country'
    >>> Reason.no_center_in_country.text_across_borders
    'no center is open'
    """

    text: str
    """Meaning, as the end of a sentence."""

    text_across_borders: str
    """Meaning under a policy whose centers serve sites in any country."""

    def __new__(cls, value: int, text: str = "", text_across_borders: str | None = None) -> Self:
        """Return a member with its texts.

        Raises
        ------
        ValueError
            If a text is empty.
        """
        member = int.__new__(cls, value)
        member._value_ = value
        member.text = _not_empty(text)
        across = text if text_across_borders is None else text_across_borders
        member.text_across_borders = _not_empty(across)
        return member

    def text_for(self, *, same_country: bool) -> str:
        """Return its text for a policy.

        Parameters
        ----------
        same_country
            Whether centers serve only sites in their own country.
        """
        return self.text if same_country else self.text_across_borders

    within_radius = (
        0,
        "an open center of its country is within the limit",
        "an open center is within the limit",
    )
    center_opens_later = (
        1,
        "a center of its country is within the limit, but opens later",
        "a center is within the limit, but opens later",
    )
    beyond_radius = (
        2,
        "no center of its country is within the limit",
        "no center is within the limit",
    )
    no_center_in_country = 3, "there is no open center in its country", "no center is open"
    country_conflict = (
        4,
        "it declares one country but is located in another, or far from its own",
    )
    country_unknown = 5, "its country could not be determined"
    borderline = (
        6,
        "the coordinates are not accurate enough to tell on which side of the limit the site is",
    )
    null_island = 7, "its coordinates are 0, 0, where geocoders put what they did not find"
    level_not_requested = (
        8,
        "no better level was purchased, or the policy does not have the purchased level",
    )
    not_offered_in_country = 9, "the level is not offered in its country"
    component_excluded = 10, "the component is excluded from the level"
    component_unknown = 11, "the policy does not list this component"
    lifecycle_phase = (
        12,
        (
            "the product is past the support phases in which the level is available, or will be "
            "before a center opens"
        ),
    )
    product_undated = 13, "the support phase of the product could not be determined"
    address_not_registered = 14, "the address was not registered in time"
    road_over_budget = 15, "the drive takes longer than allowed; manual review needed"
    road_unreachable = 16, "no road connects it to its center; manual review needed"
    road_unchecked = (
        17,
        "a center may be within the limit by road; road distance has not been checked",
    )
    not_yet_in_force = 18, "the level is not in force yet at this site"
    relocated = 19, "the site has moved or will move, and the level has to be set up anew"
    no_distance_limit = 20, "the levels of the policy do not depend on a distance"
    area_excluded = 21, "the level is not offered in its area"
    area_unknown = 22, "its area, on which the level depends, is not known"


ROAD_REASONS: Final = (Reason.road_over_budget, Reason.road_unreachable, Reason.road_unchecked)
"""Reasons of rows whose roads, or their manual review, are outstanding."""
