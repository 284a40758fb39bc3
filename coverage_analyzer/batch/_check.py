"""Check a sites file as a run would read it, but without centers."""

from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.countries.assignment import CountryBasis, assign_country
from coverage_analyzer.files.duplicates import DuplicateFinder
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.table import open_table
from coverage_analyzer.files.writers.rejects import check_rejects, rejects_file
from coverage_analyzer.matching.eligibility import EligibilityChecker
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.days import today

USABLE: Final = (CountryBasis.AGREED, CountryBasis.INFERRED)
"""Bases of the country that are sufficient for a promise."""


def check(
    sites: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    rejects: str | Path | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Read all sites of a file and report which rows a run would reject, and why.

    Parameters
    ----------
    sites
        As for `run`.
    policy
        Its reading of countries counts: what it folds, and what it makes of contested areas.
    rejects
        Where to write the rejected rows as CSV, if at all.
    options
        ``columns``, ``dialect``, ``trust_declared``, ``raw_text``, ``excel``, ``progress`` count.

    Returns
    -------
    findings
        ``columns`` as recognised, ``other_columns``, ``warnings``, ``ledger``, ``rejects`` by
        reason, ``first_rejects``, ``duplicates`` of ``site_id``, ``countries`` by ground, and
        ``usable_country``: the share of the readable sites whose country is clear.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a fault of this program.
    InputError
        If the file cannot be used.
    MissingExtraError
        If it is a workbook and the extra ``excel`` is not installed.
    PolicyError
        If the policy breaks a rule.
    PublishError
        If the rejects cannot be written.
    """
    options = options or Options()
    refuse_overwriting({"rejects": rejects}, [sites, policy_file(policy)])
    check_rejects(rejects)
    world = countries.load()
    rules = Policy.load(policy)
    convention = rules.convention(world.names, trust_declared=options.trust_declared)
    table = open_table(sites, columns.SITES, options.columns, options.dialect)
    ledger, grounds = Ledger(), np.zeros(len(CountryBasis), np.int64)
    with ExitStack() as stack:
        writer = None
        if rejects is not None:
            writer = stack.enter_context(rejects_file(Path(rejects), options.style))
        ids = stack.enter_context(DuplicateFinder())
        for rows in stack.enter_context(closing(ahead(table.rows(), table.source.cancel))):
            where, declared = rows.coordinates, table.declared(rows.block, world.names)
            _, ground = assign_country(where.lon, where.lat, declared, world, convention)
            grounds += np.bincount(ground, minlength=len(CountryBasis))
            ids.add(table.keys(rows.block), rows.block.lines)
            ledger.add(rows)
            if writer is not None:
                writer.write(rows.rejects)
            if options.progress:
                options.progress(ledger.read, table.source.share())
        if options.progress:
            options.progress(ledger.read, 1.0)
        repeats = ids.repeats()
    ledger.check()
    usable = int(grounds[list(USABLE)].sum())
    return {
        "sites": str(table.path),
        "columns": table.matched_columns,
        "other_columns": [h for h in table.headers if h not in table.matched_columns.values()],
        "warnings": [
            *rules.warnings,
            *columns.column_suggestions(table.headers, table.columns, columns.SITES),
            *EligibilityChecker(rules, None, world, np.datetime64(today(), "D")).missing_columns(
                table.columns
            ),
            *([f"{repeats}."] if repeats.ids else []),
        ],
        "ledger": ledger.figures(),
        "rejects": dict(ledger.reasons),
        "first_rejects": ledger.first,
        "duplicates": repeats.figures(),
        "countries": {g.name.lower(): int(n) for g in CountryBasis if (n := grounds[g])},
        "usable_country": usable / ledger.decided if ledger.decided else None,
    }
