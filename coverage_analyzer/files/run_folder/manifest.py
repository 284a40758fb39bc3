"""``run.json``: the inputs of a run (`Origin`) and its results (`Outcome`).

Local runs, Spark and frames build it from these two parts, so its keys are equal; drive times of a
run change it. `style_of` reads the text style back.
"""

import dataclasses
import datetime
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import metadata
from typing import Any, Final, Self

from coverage_analyzer import countries
from coverage_analyzer.files.outputs import renamed
from coverage_analyzer.files.run_folder.hold import RejectLimit
from coverage_analyzer.files.table import Table
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation

LIBRARIES: Final = ("numpy", "pyarrow", "pyproj")
"""Packages whose versions can change a result."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The provenance of a run; what is unknown stays empty.

    It contains no timestamps, so equal input gives equal bytes.

    Attributes
    ----------
    policy, as_of, trust_declared
        The policy, the day of the assessment, and whether declared countries are trusted.
    inputs
        For each input file its ``path``, its ``sha256`` (None for a database), and its ``detected``
        properties (`Table.detected`).
    columns, center_columns
        Header of each matched column.
    renamed_columns
        New names of input columns that collide with verdict columns.
    warnings
        As text.
    notation
        How coordinates, numbers and days in the report are written, which is how they were given.
    coordinates
        The decimal mark of the coordinates: ``point``, ``comma`` or ``mixed``; empty if they have
        none, or are no text.
    centers
        Number of centers ``given``, and ``open`` on the day.
    """

    policy: Policy
    as_of: datetime.date
    trust_declared: bool
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    renamed_columns: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    notation: Notation = DECIMAL_DEGREES
    coordinates: str = ""
    centers: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_tables(
        cls, sites: Table, centers: Table, matcher: Matcher, products: Table | None = None
    ) -> Self:
        """Return the origin of a run on these tables.

        Raises
        ------
        InputError
            If a file changed while it was being read.
        """
        inputs = {"sites": sites, "centers": centers} | ({"products": products} if products else {})
        return cls(
            policy=matcher.policy,
            as_of=matcher.as_of,
            trust_declared=matcher.convention.trust_declared,
            inputs={
                name: {
                    "path": str(table.path),
                    "sha256": table.source.sha256(),
                    "detected": table.detected,
                }
                for name, table in inputs.items()
            },
            columns=sites.matched_columns,
            center_columns=centers.matched_columns,
            notation=Notation(
                **{n.name: getattr(sites.notation, n.name) for n in fields(Notation)}
            ),
            coordinates=sites.written.notation,
            renamed_columns=renamed(sites.headers, matcher.policy.unit),
            warnings=[
                *matcher.policy.warnings,
                *(guess for table in inputs.values() for guess in table.guesses),
                *sites.notices,
                *centers.notices,
                *matcher.region_warnings,
            ],
            centers={"given": len(matcher.centers), "open": matcher.open_centers},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the order of ``run.json``."""
        return {
            "coverage_analyzer": metadata.version("coverage-analyzer"),
            "python": platform.python_version(),
            "libraries": {name: metadata.version(name) for name in LIBRARIES},
            "policy": {
                "name": self.policy.name,
                "title": self.policy.title,
                "promise": promise(self.policy),
                "same_country": self.policy.qualification.same_country,
                "sha256": self.policy.sha256,
            },
            "as_of": self.as_of.isoformat(),
            "trust_declared": self.trust_declared,
            "inputs": {name: dict(file) for name, file in self.inputs.items()},
            "columns": dict(self.columns),
            "notation": self._notation(),
            "center_columns": dict(self.center_columns),
            "renamed_columns": dict(self.renamed_columns),
            "warnings": list(self.warnings),
            "centers": dict(self.centers),
            "countries": countries.ATTRIBUTION,
        }

    def _notation(self) -> dict[str, Any]:
        """Return how the report is written, so that `notation_of` reads it back."""
        mark = "," if self.coordinates == "comma" else "."
        return {
            **dataclasses.asdict(self.notation),
            "decimal": self.notation.decimal or mark,
            "decimal_given": bool(self.notation.decimal),
            "coordinates": self.coordinates,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The results of a run on files.

    Attributes
    ----------
    counts
        Number of sites by level, status and reason, as `ledger.totals` returns them.
    rejects
        Number of rejected rows, by reason.
    ledger
        Number of rows ``read``, ``decided``, ``rejected`` and ``blank``.
    first_rejects
        As text.
    on_duplicate
        Treatment of rows with the same id.
    duplicates
        Counts of duplicates; None if not counted.
    style
        Style of the text files.
    limit
        Limit of rejected rows.
    """

    counts: Mapping[str, Mapping[str, int]]
    rejects: Mapping[str, int]
    ledger: Mapping[str, int]
    first_rejects: Sequence[str]
    on_duplicate: str
    duplicates: Mapping[str, Any] | None
    style: Style
    limit: RejectLimit

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the order of ``run.json``, where it follows the origin.

        Whether the run is held is decided after that, by `gate`.
        """
        duplicates = {} if self.duplicates is None else {"duplicates": dict(self.duplicates)}
        return {
            "counts": {**self.counts, "rejects": dict(self.rejects)},
            "ledger": dict(self.ledger),
            "first_rejects": list(self.first_rejects),
            "on_duplicate": self.on_duplicate,
            **duplicates,
            "spreadsheet_guard": not self.style.raw_text,
            "byte_order_mark": self.style.excel,
            "decimal_mark": self.style.decimal,
            "csv_delimiter": self.style.delimiter,
            "csv_decimal_mark": self.style.output_decimal,
            "max_rejects": str(self.limit),
            "hold_if": {"rules": [], "skipped": []},
            "held": [],
        }


def notation_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the report of a run is written, by its manifest, as arguments of `Notation`.

    Raises
    ------
    KeyError
        If the manifest does not say.
    TypeError
        If it says what no run of ours does.
    """
    names = {n.name for n in fields(Notation)}
    notation = dict(manifest["notation"])
    values = {name: value for name, value in notation.items() if name in names}
    if notation.keys() - names - {"decimal_given", "coordinates"}:
        msg = "the manifest has another notation"
        raise TypeError(msg)
    return values if notation.get("decimal_given", True) else values | {"decimal": ""}


def style_of(manifest: Mapping[str, Any]) -> Style:
    """Return the text style of a run's files from its manifest."""
    return Style(
        raw_text=not manifest.get("spreadsheet_guard", True),
        excel=bool(manifest.get("byte_order_mark")),
        decimal=str(manifest.get("decimal_mark", ".")),
        delimiter=str(manifest.get("csv_delimiter", ",")),
        output_decimal=str(manifest.get("csv_decimal_mark", ".")),
    )
