"""The columns of each table: names, synonyms, units and valid content."""

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import days
from coverage_analyzer.schema.column_names import spaced


@dataclass(frozen=True)
class Column:
    """A column that a table may have.

    Attributes
    ----------
    name, synonyms
        Its name and its other accepted names.
    required
        Whether a table must have it.
    hint
        A pattern for the beginning of a word: a header that fits may be meant, which is asked and
        never assumed.
    ranked
        Whether, of several matching headers, the first of ``synonyms`` and then ``name`` is used;
        by default they are an error.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""
    ranked: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names by which a header is recognised, in order of precedence."""
        return (*self.synonyms, self.name) if self.ranked else (self.name, *self.synonyms)

    def is_hinted(self, header: str) -> bool:
        """Return whether a word of a header begins as the hint says; never inside of a word."""
        pattern = rf"(?:^|\b)(?:{self.hint})"
        return bool(self.hint and re.search(pattern, spaced(header), re.IGNORECASE))


LATITUDE: Final = Column(
    "latitude", ("lat", "y", "lat_dd", "site_lat", "center_lat"), required=True
)
LONGITUDE: Final = Column(
    "longitude", ("lon", "lng", "long", "x", "lon_dd", "site_lon", "center_lon"), required=True
)
COUNTRY: Final = Column(
    "country",
    ("country_code", "iso2", "iso_a2", "cc", "iso3", "iso_a3", "country_name", "nation"),
    hint="countr|ctry|nation|iso",
)

COUNTRY_CODES: Final = ("iso2", "iso_a2", "country_code", "iso3", "iso_a3")
"""Names of columns of country codes, in order of precedence."""

COUNTRY_BESIDE: Final = ("country_name", "country_name_2", "country_name_3")
"""Names of further country columns, which must not contradict."""

COUNTRY_STATED: Final = ("country", *COUNTRY_BESIDE)
"""Columns that state the country of a row, in order of precedence (`Names.agreed`)."""

COUNTRY_PAIRED: Final = (*COUNTRY_CODES, *COUNTRY_STATED)
"""Names of country columns that are combined, in order of precedence."""

_CODES_OF_REGIONS: Final = ("state_code", "province_code", "region_code")

SITES: Final = (
    Column("site_id", ("id", "customer_id", "account_id", "ref")),
    LATITUDE,
    LONGITUDE,
    Column("name", ("site_name", "customer")),
    COUNTRY,
    Column("accuracy_m", hint="accuracy|precision"),
    Column("address", ("registered_address",)),
    # Of several columns the one that names a code counts; a region may be one of sales.
    Column(
        "region",
        ("iso_3166_2", "subdivision", *_CODES_OF_REGIONS, "state", "province"),
        ranked=True,
    ),
    Column("postcode", ("postal_code", "zip", "zip_code", "plz")),
    Column("product", ("product_name",), hint="^produ[ck]t|^model$"),
    Column("version", ("product_version",)),
    Column("component", ("component_name",), hint="component|^part$|komponente"),
    Column("requested_level", ("level_requested",), hint="(service|support|maintenance).?level"),
    Column("registered_on", ("address_registered_on",), hint="registered"),
    Column("installed_on", ("installation_date",), hint="installed"),
    Column("receiving_hours", ("receiving", "dock_hours")),
    Column("time_zone", ("tz", "tzid")),
)
"""Customer sites. All other columns are copied unchanged."""

OF_START_RULES: Final = (
    Column("purchased_on", ("purchase_date",)),
    Column("audited_on", ("audit_date",)),
    Column("moved_on", ("relocated_on", "relocation_date")),
    Column("former_latitude", ("former_lat", "previous_latitude", "previous_lat")),
    Column("former_longitude", ("former_lon", "previous_longitude", "previous_lon")),
    Column("former_country", ("previous_country",)),
)
"""Columns of sites that only rules of some policies read (`policy.Policy.start_columns`)."""

CENTERS: Final = (
    Column("center_id", ("id", "service_center_id", "ref"), required=True),
    LATITUDE,
    LONGITUDE,
    Column("name", ("center_name", "service_center")),
    COUNTRY,
    # A file may have a sales region in addition to the code: the header that names the code counts.
    Column("region", ("iso_3166_2", "subdivision"), ranked=True),
    Column("opens_on", ("opens", "opening_date", "open_from"), hint="open|live|start|eröffn"),
    Column("closes_on", ("closes", "closing_date", "open_until"), hint="clos|^end|schlie"),
    Column("ordered_on", ("ordered", "order_date")),
    Column("time_zone", ("tz", "tzid")),
)
"""Service centers."""

CANDIDATES: Final = (
    Column("candidate_id", ("id", "ref")),
    LATITUDE,
    LONGITUDE,
    Column("name", ("candidate_name", "city", "town")),
    COUNTRY,
)
"""Places where a center could be opened. Other columns may hold costs."""

PRODUCTS: Final = (
    Column("product", ("product_name", "name"), required=True),
    Column("version", ("product_version",)),
    Column("mainstream_ends_on", ("mainstream_end", "end_of_mainstream")),
    Column("extended_ends_on", ("extended_end", "end_of_maintenance", "eom")),
    Column("life_ends_on", ("life_end", "end_of_life", "eol")),
)
"""Products, with the last day of each support phase."""

REQUESTS: Final = (
    Column("request_id", ("id", "ticket", "case_id"), required=True),
    Column("site_id", ("customer_id", "account_id"), required=True),
    Column("product", ("product_name",)),
    Column("component", ("component_name", "part")),
    Column("authorised_at", ("authorized_at",), hint="authori"),
    Column("rma_issued_at", ("rma_at", "rma_number_issued_at"), hint="rma"),
    Column("call_acknowledged_at", ("acknowledged_at",), hint="acknowledg"),
    Column("diagnosis_complete_at", ("diagnosed_at",), hint="diagnos"),
    Column("dispatched_at", ("dispatch_at",)),
    Column("registered_at", ("call_registered_at", "case_opened_at")),
    Column("deemed_necessary_at", ("visit_necessary_at",)),
    Column("address", ("ship_to", "delivery_address"), hint="address"),
)
"""Requests for a replacement. Columns with the suffix ``_at`` are timestamps."""

COMMITMENT: Final = (
    "request_id",
    "site_id",
    "level",
    "status",
    "promise",
    "clock_start",
    "due_at",
    "center_id",
    "reason",
    "warnings",
    "steps",
)
"""Columns of a commitment, in order."""

ADDRESSES: Final = (
    Column("address", ("full_address", "postal_address", "adresse", "anschrift")),
    Column("street", ("street_address", "address_line_1", "address1", "strasse", "straße", "road")),
    Column("house_number", ("housenumber", "house_no", "street_number", "hausnummer")),
    Column("postcode", ("postal_code", "zip", "zip_code", "plz")),
    Column("city", ("town", "municipality", "ort", "stadt", "ville"), hint="^place$|city"),
    Column("state", ("state_code", "province", "region"), hint="^county$"),
    COUNTRY,
)
"""Addresses to be geocoded: in one column, or in parts. All other columns are copied unchanged."""

TRIED: Final = "tried_in_map"
"""Last column of the centers that the page of a map saves: what was done to each."""

GEOCODED: Final = (
    "latitude",
    "longitude",
    "geocode_grade",
    "accuracy_m",
    "matched_address",
    "geocoded_by",
    "geocoded_on",
    "geocode_reason",
)
"""Columns added by geocoding, in order."""


def site_columns(read: Collection[str] = ()) -> tuple[Column, ...]:
    """Return the columns of sites, with those that only some policies read, if this one does.

    A column that nothing reads is the user's own, whatever its name.

    Parameters
    ----------
    read
        Names of the columns that the policy reads in addition to `SITES`.

    Examples
    --------
    >>> [column.name for column in site_columns(["purchased_on"])[len(SITES) :]]
    ['purchased_on']
    >>> site_columns() is SITES
    True
    """
    more = tuple(column for column in OF_START_RULES if column.name in read)
    return (*SITES, *more) if more else SITES


def is_of_sites(table: Sequence[Column]) -> bool:
    """Return whether known columns are those of sites (`site_columns`)."""
    return tuple(table[: len(SITES)]) == SITES


FOR_REQUESTS: Final = ("receiving_hours", "time_zone")
"""Columns of sites that are read for due times of requests alone."""

FOR_AREAS: Final = ("region", "postcode")
"""Columns of sites that are read only for policies whose areas need them."""

LABELS: Final = frozenset({"site_id", "name", "address", *FOR_REQUESTS})
"""Columns on which neither a verdict nor a business day depends."""

PARTS: Final = ("product", "version", "component")
"""Columns of which a site may have several values, each in its own row."""

TIMELINE: Final = ("site_id", "from_day", "level", "status", "reason", "center_id")
"""Columns of a timeline: the verdict on a site from a day on; its `PARTS` follow its id."""

DRIVE_TIMES: Final = (
    "site_id",
    "center_id",
    "minutes",
    "road_miles",
    "detour_factor",
    "ferry",
    "snap_m",
    "status",
    "limit_minutes",
    "attribution",
    "drive_center_id",
)
"""Columns of the drive to each site from its center, in order."""


def header_key(header: str) -> str:
    """Normalise a header for comparison: no case, spaces, underscores and hyphens."""
    return re.sub(r"[\s_-]", "", header).casefold()


def country_columns(headers: Sequence[str], at: Sequence[int]) -> dict[str, int]:
    """Return the positions of country columns: the decisive one, and the additional ones.

    A code takes precedence over a name. Nothing is returned if the choice is ambiguous.

    Parameters
    ----------
    headers
        As in the file.
    at
        Positions of the headers that `COUNTRY` accepts.

    Examples
    --------
    >>> country_columns(["Country", "x", "Country Code"], [0, 2])
    {'country': 2, 'country_name': 0}
    """
    ranks = {header_key(name): rank for rank, name in enumerate(COUNTRY_PAIRED)}
    names = {header_key(headers[i]) for i in at}
    told_apart = names <= set(ranks) and len(names) == len(at)
    if not told_apart or not 1 < len(at) <= len(COUNTRY_STATED):
        return {}
    ordered = sorted(at, key=lambda i: ranks[header_key(headers[i])])
    return dict(zip(COUNTRY_STATED, ordered, strict=False))


def cut_columns(
    headers: Sequence[str], table: Sequence[Column], columns_found: Mapping[str, int], cut_at: int
) -> dict[str, int]:
    """Return the positions of missing columns whose names were truncated.

    Raises
    ------
    InputError
        If a header may be two columns, or two headers the same one.
    """
    columns: dict[str, int] = {}
    for at, header in enumerate(headers):
        if len(header.encode()) != cut_at or at in columns_found.values():
            continue
        names = {
            column.name: name
            for column in table
            if column.name not in columns_found
            for name in (column.name, *column.synonyms)
            if header_key(name).startswith(header_key(header))
            and header_key(name) != header_key(header)
        }
        # Of two names that are cut alike, the second gets a number: what the first was is lost.
        twin = (
            next((h for h in headers if re.fullmatch(_numbered_pattern(header), h)), "")
            if names
            else ""
        )
        rival = next((headers[columns[name]] for name in names if name in columns), twin)
        if len(names) > 1 or rival:
            what = f"The headers {header!r} and {rival!r} are" if rival else f"{header!r} is"
            names_text = " or ".join(repr(name) for name in names.values())
            msg = (
                f"{what} cut to {cut_at} characters and could be {names_text}. Choose one: "
                f"{_taking(table, next(c for c in table if c.name in names), header)}, "
                f"or save the table in a format without this limit, such as GeoPackage."
            )
            raise InputError(msg)
        columns |= dict.fromkeys(names, at)
    return columns


def _numbered_pattern(header: str) -> str:
    """Return a pattern for the name of a second header that is truncated to the same text."""
    stem = re.escape(header[: len(header) - 2])
    return rf"{stem}_\d|{stem[: len(stem) - 1]}_\d\d"


_PREFIXES: Final = (
    ("center-", CENTERS),
    ("candidate-", CANDIDATES),
    ("product-", PRODUCTS),
    ("request-", REQUESTS),
)
"""What options begin with that are about a table; those about sites and addresses have nothing."""


def _taking(table: Sequence[Column], column: Column, header: str) -> str:
    """Return the option that chooses a header for a column."""
    flag = option(table, "column")
    return f"{flag} {shlex.quote(f'{column.name}={header}')} (in Python: columns={{...}})"


def option(table: Sequence[Column], name: str) -> str:
    """Return the option of a command that says something about a table.

    Examples
    --------
    >>> option(CENTERS, "date-format")
    '--center-date-format'
    """
    prefix = next((text for text, columns in _PREFIXES if columns is table), "")
    return f"--{prefix}{name}"


def check_types(types: Mapping[str, pa.DataType]) -> None:
    """Raise if a known column of a typed table has an unusable type.

    Raises
    ------
    InputError
        If a coordinate is neither number nor text, or another column is neither text, number nor
        date.
    """
    for name, kind in types.items():
        number = (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        )
        fits = number or pa.types.is_string(kind) or pa.types.is_null(kind)
        if name not in {"latitude", "longitude", "accuracy_m"}:
            fits = fits or pa.types.is_temporal(kind)
        if not fits:
            msg = f"The column {name!r} has the type {kind}. It must contain numbers or text."
            raise InputError(msg)


def as_text(cells: pa.Array) -> pa.Array:
    """Return cells as strings, nulls as empty ones."""
    if pa.types.is_timestamp(cells.type):  # a day, as pandas writes it
        cells = days.local_days(cells)
    text: Any = cells.cast(pa.string())
    return text if not text.null_count else pc.fill_null(text, arrays.text_array([""])[0])
