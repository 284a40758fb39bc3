"""``run.json``: what a run was made of and what it came to."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from coverage_analyzer import tables
from coverage_analyzer.coordinates import Notation
from coverage_analyzer.files import opening, report
from coverage_analyzer.files.blocks import file_sha256
from coverage_analyzer.files.database.address import is_address
from coverage_analyzer.files.manifest import Origin
from coverage_analyzer.files.reading import Table
from coverage_analyzer.matching import Matcher


def manifest(
    sites: Table, centers: Table, matcher: Matcher, products: str | Path = ""
) -> dict[str, Any]:
    """Return what the run was made of. No clock time: the same input gives the same bytes."""
    warnings = [
        *matcher.policy.warnings,
        *tables.unnoticed(sites.headers, sites.columns, tables.SITES),
        *tables.unnoticed(centers.headers, centers.columns, tables.CENTERS),
        *matcher.region_warnings,
    ]
    return Origin(
        policy=matcher.policy,
        as_of=matcher.as_of,
        trust_declared=matcher.convention.trust_declared,
        inputs={
            "sites": {"path": str(sites.path), "sha256": sites.source.sha256()},
            "centers": {"path": str(centers.path), "sha256": centers.source.sha256()},
            **(
                {"products": {"path": str(products), "sha256": _hash(products)}} if products else {}
            ),
        },
        columns=sites.recognised,
        center_columns=centers.recognised,
        notation=Notation(**{n.name: getattr(sites.notation, n.name) for n in fields(Notation)}),
        renamed_columns=report.renamed(sites.headers),
        warnings=warnings,
        centers={"given": len(matcher.centers), "open": matcher.open_centers},
    ).to_dict()


def _hash(path: str | Path) -> str | None:
    """Return the hash of a file, or of several; rows of a database have none."""
    return None if is_address(path) else file_sha256(*opening.paths(Path(path)))
