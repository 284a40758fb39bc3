"""What a settings file may contain: closed models, one per TOML table.

Every key is optional and has a description, which ``init`` writes as a comment and ``docs`` print.
A key is called like the option that it replaces. Paths are relative to the file.
"""

import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, Self, get_args

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from coverage_analyzer.comparison.rules import NO_RULE, SEPARATOR, parse_rules
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.duplicates import OnDuplicate
from coverage_analyzer.files.readers.encodings import codec
from coverage_analyzer.files.run_folder.hold import RejectLimit
from coverage_analyzer.files.writers.formats import Format
from coverage_analyzer.policy.document import Identifier
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.schema import days
from coverage_analyzer.schema.cell_types import Kind
from coverage_analyzer.schema.columns import (
    ADDRESSES,
    CENTERS,
    OF_START_RULES,
    REQUESTS,
    SITES,
    Column,
)
from coverage_analyzer.settings import discovery

STREAM: Final = "-"
"""Standard input or output, which no settings file names."""


class Role(enum.Enum):
    """What a value is besides text."""

    path = "a file or folder"
    address = "the address of a database"
    server = "a server"


def _no_stream(value: str) -> str:
    if value == STREAM:
        msg = "standard input and output cannot be set here; pass '-' as an argument"
        raise ValueError(msg)
    return value


def _delimiter(value: str) -> str:
    if len(value) != 1 or not value.isascii() or value in '"\r\n':
        msg = f"{value!r} is not one ASCII character, such as ; or |"
        raise ValueError(msg)
    return value


def _encoding(value: str) -> str:
    try:
        codec(value)
    except InputError:
        msg = f"unknown encoding {value!r}"
        raise ValueError(msg) from None
    return value


def _date_format(value: str) -> str:
    days.pattern(value)
    return value


def _locale(value: str) -> str:
    if not (len(value) == 2 and value.isascii() and value.isalpha()):
        msg = f"expected a country of two letters, found {value!r}"
        raise ValueError(msg)
    return value


def _limit(value: Any) -> str:
    if not isinstance(value, (int, str)) or isinstance(value, bool):
        msg = 'expected a number of rows, or a percentage in quotes such as "2.5%"'
        raise ValueError(msg)  # noqa: TRY004 - pydantic collects these
    return str(RejectLimit.parse(value))


def _rules(value: Any) -> str:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        msg = 'expected rules in quotes, such as ["rows_fall > 10%"]'
        raise ValueError(msg)
    return f"{SEPARATOR} ".join(rule.text for rule in parse_rules(texts)) or NO_RULE


class Names(NamedTuple):
    """The keys that a table of values may have."""

    names: tuple[str, ...]


def _check_names(names: Sequence[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what checks that a table of values has no other keys."""

    def check(values: dict[str, Any]) -> dict[str, Any]:
        for name in values:
            if name not in names:
                hint = nearest(name, names) or f" Keys: {', '.join(names)}."
                raise PydanticCustomError(
                    "unknown", "unknown key.{hint}", {"key": name, "hint": hint}
                )
        return values

    return check


def _names(table: Sequence[Column]) -> Names:
    return Names(tuple(column.name for column in table))


GRADES: Final = Names(("rooftop", "street", "postcode", "city", "region"))
"""How precise a geocoded point is."""

OF_SITES: Final = _names((*SITES, *OF_START_RULES))
OF_CENTERS: Final = _names(CENTERS)
OF_REQUESTS: Final = _names(REQUESTS)
OF_ADDRESSES: Final = _names(ADDRESSES)

Text = Annotated[str, Field(min_length=1)]
FilePath = Annotated[Text, AfterValidator(_no_stream), Role.path]
InputPath = Annotated[Text, AfterValidator(_no_stream), Role.path, Role.address]
Address = Annotated[Text, Role.address]
Server = Annotated[Text, Role.server]
Delimiter = Annotated[Text, AfterValidator(_delimiter)]
Encoding = Annotated[Text, AfterValidator(_encoding)]
DateFormat = Annotated[Text, AfterValidator(_date_format)]
Limit = Annotated[str, BeforeValidator(_limit)]
RuleTexts = Annotated[str, BeforeValidator(_rules)]
Metres = Annotated[float, Field(ge=0)]
Minutes = Annotated[float, Field(gt=0)]
Decimal = Literal[".", ","]
ExcelLocale = Annotated[Text, AfterValidator(_locale)]
SiteHeaders = Annotated[dict[str, Text], AfterValidator(_check_names(OF_SITES.names)), OF_SITES]
CenterHeaders = Annotated[
    dict[str, Text], AfterValidator(_check_names(OF_CENTERS.names)), OF_CENTERS
]
RequestHeaders = Annotated[
    dict[str, Text], AfterValidator(_check_names(OF_REQUESTS.names)), OF_REQUESTS
]
AddressHeaders = Annotated[
    dict[str, Text], AfterValidator(_check_names(OF_ADDRESSES.names)), OF_ADDRESSES
]
Accuracy = Annotated[dict[str, Metres], AfterValidator(_check_names(GRADES.names)), GRADES]


class SettingsTable(pydantic.BaseModel):
    """What all tables share: frozen, closed, and strict about types."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


def key(text: str, **constraints: Any) -> Any:
    """Return an optional key of a table with its description."""
    return Field(default=None, description=text, **constraints)


class InputTable(SettingsTable):
    """An input file, and how it is written. Its keys apply to that file only."""

    file: InputPath | None = key("File, folder or pattern; or the address of a database.")
    delimiter: Delimiter | None = key("Field separator of a text file.")
    decimal: Decimal | None = key("Decimal separator of numbers.")
    encoding: Encoding | None = key("Encoding of a text file, such as cp1252.")
    sheet: Text | None = key("Sheet of a workbook.")
    layer: Text | None = key("Layer of a GeoPackage.")
    date_format: DateFormat | None = key("Format of dates, such as %d.%m.%Y.")


class PointsTable(InputTable):
    """An input file whose coordinates may be written in several ways."""

    dms: bool | None = key("Whether to read degrees, minutes and seconds, too.")
    wrap_longitude: bool | None = key("Whether longitudes from 180 to 360 are western ones.")


class SitesTable(PointsTable):
    """``[sites]``: the customer sites."""

    columns: SiteHeaders | None = key("Header of the file for each column.")
    on_duplicate: OnDuplicate | None = key(
        "Rows with the same site_id: keep all, keep the first, or reject all."
    )


class CentersTable(InputTable):
    """``[centers]``: the service centers."""

    columns: CenterHeaders | None = key("Header of the file for each column.")


class ProductsTable(SettingsTable):
    """``[products]``: products, with the end dates of their support phases."""

    file: InputPath | None = key("File of products.")
    encoding: Encoding | None = key("Encoding of a text file, such as cp1252.")
    date_format: DateFormat | None = key("Format of dates, such as %d.%m.%Y.")


class AddressesTable(PointsTable):
    """``[addresses]``: the addresses that ``geocode`` reads."""

    columns: AddressHeaders | None = key("Header of the file for each column.")


class RequestsTable(SettingsTable):
    """``[requests]``: the replacement requests that ``commitments`` reads."""

    file: InputPath | None = key("File of requests.")
    columns: RequestHeaders | None = key("Header of the file for each column.")
    moment_format: Text | None = key("Format of dates with times, such as %d.%m.%Y %H:%M.")


class PolicyTable(SettingsTable):
    """``[policy]``: the rules of the vendor."""

    name: Identifier | None = key("Name of a built-in policy.")
    file: FilePath | None = key("TOML file of an own policy, instead of a name.")
    trust_declared: bool | None = key(
        "Whether the declared country is used even where it disagrees with the coordinates."
    )

    @pydantic.model_validator(mode="after")
    def _check_one(self) -> Self:
        """Raise if it names two policies.

        Raises
        ------
        ValueError
            If so.
        """
        if self.name is not None and self.file is not None:
            msg = "set either name or file, not both"
            raise ValueError(msg)
        return self


class OutputTable(SettingsTable):
    """``[output]``: what ``run`` writes. ``map`` and ``drive-times`` read its folder."""

    folder: FilePath | None = key("Run folder.")
    format: Format | None = key("Report format.")
    table: Address | None = key("Table of a database that gets the report, too.")
    areas: bool | None = key("Whether to write areas.geojson.")
    map: bool | None = key("Whether to write map.html.")
    summary: bool | None = key("Whether to write summary.html.")
    map_columns: Text | None = key(
        "Columns of the sites that the map shows of a site, separated by commas."
    )
    metrics: FilePath | None = key("File for the figures of the run, for Prometheus: .prom.")
    raw_text: bool | None = key(
        "Whether text that a spreadsheet would run as a formula is left unescaped."
    )
    excel: bool | None = key("Whether CSV files are written as Excel opens them correctly.")
    excel_locale: ExcelLocale | None = key(
        "Country of Excel's settings for CSV files, such as de or us."
    )


class ThresholdsTable(SettingsTable):
    """``[thresholds]``: limits beyond which a run does not replace the previous report."""

    max_rejects: Limit | None = key(
        "Rejected rows that are allowed: a number, or a percentage in quotes."
    )
    hold_if: RuleTexts | None = key(
        'Rules that compare a run with the previous report, such as "rows_fall > 10%". If one '
        "fires, the report is not replaced."
    )


class RunTable(SettingsTable):
    """``[run]``: further options of ``run``."""

    engine: Annotated[Literal["local", "spark"], Role.server] | None = key(
        "Run locally or on Apache Spark."
    )
    threads: Annotated[int, Field(ge=1)] | None = key(
        "Number of threads among which the work is divided; up to 4 are used."
    )


class CheckTable(SettingsTable):
    """``[check]``: options of ``check``."""

    rejects: FilePath | None = key("CSV file that gets the rejected rows.")


class TimelineTable(SettingsTable):
    """``[timeline]``: options of ``timeline``."""

    output: FilePath | None = key("File to write.")
    to: Text | None = key("Last day, such as 2027-12-31.")
    plot: FilePath | None = key("Picture of the share of sites per level.")


class LetterTable(SettingsTable):
    """``[letter]``: options of ``letter``."""

    output: FilePath | None = key("HTML or PDF file to write, or the folder for several letters.")
    letterhead: FilePath | None = key("TOML file with sender, logo, addressee, dates and contact.")
    paper: Literal["A4", "Letter"] | None = key("Sheet of a PDF.")


class CommitmentsTable(SettingsTable):
    """``[commitments]``: options of ``commitments``."""

    output: FilePath | None = key("CSV file to write.")
    rejects: FilePath | None = key("CSV file that gets the rows without an answer.")
    max_rejects: Limit | None = key("Rows without an answer that are allowed.")


class CriticalityTable(SettingsTable):
    """``[criticality]``: options of ``criticality``."""

    output: FilePath | None = key("Folder to write.")
    weight: Text | None = key("Column of the sites' weights.")
    pairs: bool | None = key("Whether pairs of neighbouring centers are looked at, too.")


class SensitivityTable(SettingsTable):
    """``[sensitivity]``: options of ``sensitivity``."""

    output: FilePath | None = key("Folder to write.")
    weight: Text | None = key("Column of the sites' weights.")
    plot: FilePath | None = key("Picture of gained and lost sites.")
    near: Metres | None = key("Distance from the limit in miles within which sites are listed.")


class WhatIfTable(SettingsTable):
    """``[what_if]``: options of ``what-if``."""

    output: FilePath | None = key("Folder to write.")
    weight: Text | None = key("Column of the sites' weights.")


class MapTable(SettingsTable):
    """``[map]``: options of ``map``."""

    output: FilePath | None = key("HTML, PDF or PNG file to write.")
    paper: Literal["A4", "Letter"] | None = key("Paper size of a PDF.")
    title: Text | None = key("Title of the map.")
    tiles: Server | None = key("Address of map tiles, which the reader's browser loads.")
    tiles_credit: Text | None = key("Credit for the tiles.")


class AreasTable(SettingsTable):
    """``[areas]``: options of ``areas``."""

    output: FilePath | None = key("GIS file to write.")
    merge: Literal["union", "depth"] | None = key(
        "Join the areas of each country, or split them by how many overlap."
    )


class GeocodeTable(SettingsTable):
    """``[geocode]``: options of ``geocode``."""

    output: FilePath | None = key("File to write.")
    server: Server | None = key("Nominatim server.")
    public: Annotated[bool, Role.server] | None = key("Whether to use the public server.")
    offline: bool | None = key("Whether to make no network requests.")
    contact: Text | None = key("Email or address of the operator, sent to the server.")
    cache: FilePath | None = key("File of cached answers.")
    accuracy: Accuracy | None = key("Accuracy in metres for each grade.")
    rejects: FilePath | None = key("CSV file that gets the rows that cannot be read.")
    max_unfound: Annotated[int, Field(ge=0)] | None = key(
        "Addresses without a place that are allowed."
    )


class DriveTimesTable(SettingsTable):
    """``[drive_times]``: options of ``drive-times``."""

    osm: FilePath | None = key("Roads: an OpenStreetMap extract, or .graphml.")
    overpass: Server | None = key("Box to download roads for: WEST,SOUTH,EAST,NORTH.")
    overpass_url: Server | None = key("Overpass server.")
    minutes: Minutes | None = key("Drive-time limit.")
    minutes_factor: Minutes | None = key("Factor on all minutes.")
    all_sites: bool | None = key("Whether to measure drives that cannot change a verdict, too.")
    processes: Annotated[int, Field(ge=1)] | None = key("Maximum number of processes.")


class CompareTable(SettingsTable):
    """``[compare]``: options of ``compare``."""

    output: FilePath | None = key("Folder to write.")
    weight: Text | None = key("Column of the sites' weights.")
    fail_if: RuleTexts | None = key('Rules that make the comparison fail, such as "lost > 0".')
    warn_if: RuleTexts | None = key('Rules that give a warning, such as "review_share > 2%".')
    key: Text | None = key("Column that identifies a site, if not site_id.")


class Key(NamedTuple):
    """A key of a settings file.

    Attributes
    ----------
    name
        Its table and its name in it, such as ``sites.columns.latitude``.
    description
        What it is for.
    annotation
        The type of its value.
    roles
        What its value is besides text.
    """

    name: str
    description: str
    annotation: Any
    roles: frozenset[Role]

    @property
    def table(self) -> str:
        """The table that it is in, such as ``sites``."""
        return self.name.partition(".")[0]

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{discovery.PREFIX}{self.name.replace('.', '_').upper()}"


class Tables(SettingsTable):
    """All tables of a settings file. A table or key that is missing sets nothing."""

    sites: SitesTable = SitesTable()
    centers: CentersTable = CentersTable()
    products: ProductsTable = ProductsTable()
    policy: PolicyTable = PolicyTable()
    output: OutputTable = OutputTable()
    thresholds: ThresholdsTable = ThresholdsTable()
    types: dict[Text, Kind] = Field(
        default={},
        description="What own columns of the sites file hold, by header, for typed formats.",
    )
    run: RunTable = RunTable()
    check: CheckTable = CheckTable()
    timeline: TimelineTable = TimelineTable()
    letter: LetterTable = LetterTable()
    requests: RequestsTable = RequestsTable()
    commitments: CommitmentsTable = CommitmentsTable()
    map: MapTable = MapTable()
    areas: AreasTable = AreasTable()
    addresses: AddressesTable = AddressesTable()
    geocode: GeocodeTable = GeocodeTable()
    drive_times: DriveTimesTable = DriveTimesTable()
    compare: CompareTable = CompareTable()
    what_if: WhatIfTable = WhatIfTable()
    criticality: CriticalityTable = CriticalityTable()
    sensitivity: SensitivityTable = SensitivityTable()

    def value(self, name: str) -> Any:
        """Return the value of a key by its name, such as ``sites.file``; None if it is not set."""
        value: Any = self
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
        return value


def _metadata(annotation: Any) -> Iterator[Any]:
    """Yield what the parts of a type are annotated with."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _metadata(part)


def _keys() -> Iterator[Key]:
    for table, field in Tables.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, SettingsTable)):
            continue  # own columns, whose names are anybody's
        for name, inner in kind.model_fields.items():
            marks = [*inner.metadata, *_metadata(inner.annotation)]
            roles = frozenset(mark for mark in marks if isinstance(mark, Role))
            named = [mark for mark in marks if isinstance(mark, Names)]
            text = inner.description or ""
            for full in [f"{name}.{each}" for each in named[0].names] if named else [name]:
                yield Key(f"{table}.{full}", text, inner.annotation, roles)


KEYS: Final = tuple(_keys())
"""All keys but those of ``[types]``, in the order of the documentation."""
