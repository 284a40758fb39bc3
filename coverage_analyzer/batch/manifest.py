"""``run.json``: what a run was made of and what it came to."""

from dataclasses import fields
from typing import Any

from coverage_analyzer.files.outputs import renamed
from coverage_analyzer.files.run_folder.manifest import Origin
from coverage_analyzer.files.table import Table
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.schema import columns as tables
from coverage_analyzer.schema.coordinates import Notation


def manifest(
    sites: Table, centers: Table, matcher: Matcher, products: Table | None = None
) -> dict[str, Any]:
    """Return what the run was made of. No clock time: the same input gives the same bytes.

    Raises
    ------
    InputError
        If a file changed while it was being read.
    """
    given = {"sites": sites, "centers": centers} | ({"products": products} if products else {})
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
            name: {"path": str(table.path), "sha256": table.source.sha256()}
            for name, table in given.items()
        },
        columns=sites.recognised,
        center_columns=centers.recognised,
        notation=Notation(**{n.name: getattr(sites.notation, n.name) for n in fields(Notation)}),
        renamed_columns=renamed(sites.headers),
        warnings=warnings,
        centers={"given": len(matcher.centers), "open": matcher.open_centers},
    ).to_dict()
