"""``run.json``: the inputs of a run (`Origin`) and its results (`Outcome`).

Local runs, Spark and frames build it of these two parts, so that its keys are the same; a run's
drive times change it. `style_of` reads back how the text files of a run are written.
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
from coverage_analyzer.schema.columns import CENTERS, SITES, column_suggestions
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation

LIBRARIES: Final = ("numpy", "pyarrow", "pyproj")
"""Packages whose versions can change a result."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The provenance of a run; what is unknown stays empty.

    It holds no clock time: the same input gives the same bytes.

    Attributes
    ----------
    policy, as_of, trust_declared
        The rule, the day that was judged, and whether declared countries stand anywhere.
    inputs
        For each file that was read its ``path``, its ``sha256`` (None for a database), and what was
        ``detected`` about it (`Table.detected`).
    columns, center_columns
        The header that was taken for each known column.
    renamed_columns
        New names of input columns that are called like a column of the verdict.
    warnings
        In words.
    notation
        How the coordinates in the report are written, which is how they were given.
    centers
        How many were ``given``, and how many are ``open`` on the day.
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
            renamed_columns=renamed(sites.headers),
            warnings=[
                *matcher.policy.warnings,
                *column_suggestions(sites.headers, sites.columns, SITES),
                *column_suggestions(centers.headers, centers.columns, CENTERS),
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
                "same_country": self.policy.qualification.same_country,
                "sha256": self.policy.sha256,
            },
            "as_of": self.as_of.isoformat(),
            "trust_declared": self.trust_declared,
            "inputs": {name: dict(file) for name, file in self.inputs.items()},
            "columns": dict(self.columns),
            "notation": dataclasses.asdict(self.notation),
            "center_columns": dict(self.center_columns),
            "renamed_columns": dict(self.renamed_columns),
            "warnings": list(self.warnings),
            "centers": dict(self.centers),
            "countries": countries.ATTRIBUTION,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The results of a run on files.

    Attributes
    ----------
    counts
        How many sites there are by level, status and reason, as `ledger.totals` returns them.
    rejects
        How many rows were rejected, by reason.
    ledger
        How many rows were ``read``, ``decided``, ``rejected`` and ``blank``.
    first_rejects
        In words.
    on_duplicate
        What became of rows with the same id.
    duplicates
        How many there were; None if they were not counted.
    style
        How the text files are written.
    limit
        How many rows may be rejected.
    held
        Why the run was held back, if it was.
    """

    counts: Mapping[str, Mapping[str, int]]
    rejects: Mapping[str, int]
    ledger: Mapping[str, int]
    first_rejects: Sequence[str]
    on_duplicate: str
    duplicates: Mapping[str, Any] | None
    style: Style
    limit: RejectLimit
    held: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the order of ``run.json``, where it follows the origin."""
        counted = {} if self.duplicates is None else {"duplicates": dict(self.duplicates)}
        return {
            "counts": {**self.counts, "rejects": dict(self.rejects)},
            "ledger": dict(self.ledger),
            "first_rejects": list(self.first_rejects),
            "on_duplicate": self.on_duplicate,
            **counted,
            "spreadsheet_guard": not self.style.raw_text,
            "byte_order_mark": self.style.excel,
            "decimal_mark": self.style.decimal,
            "max_rejects": str(self.limit),
            "held": list(self.held),
        }


def style_of(manifest: Mapping[str, Any]) -> Style:
    """Return the text style of a run's files from its manifest."""
    return Style(
        raw_text=not manifest.get("spreadsheet_guard", True),
        excel=bool(manifest.get("byte_order_mark")),
        decimal=str(manifest.get("decimal_mark", ".")),
    )
