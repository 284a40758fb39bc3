"""The first part of ``run.json``: what a run was made of, the same for files and for frames."""

import dataclasses
import datetime
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Final

from coverage_analyzer import countries
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation

LIBRARIES: Final = ("numpy", "pyarrow", "pyproj")
"""Those whose versions can change a figure."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is known of how a run came about; what is not known stays empty.

    It holds no clock time: the same input gives the same bytes.

    Attributes
    ----------
    policy, as_of, trust_declared
        The rule, the day that was judged, and whether declared countries stand anywhere.
    inputs
        For each file that was read its ``path`` and ``sha256``, which a database has not.
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
    inputs: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    renamed_columns: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    notation: Notation = DECIMAL_DEGREES
    centers: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, in the order in which ``run.json`` has it."""
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
