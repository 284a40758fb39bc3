"""Check a sites file, and a centers file, as a run would read them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.batch.country_findings import CountryFindings
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.batch.stream import log_not_checked
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.files.duplicates import DuplicateFinder
from coverage_analyzer.files.mistakes import check_two_tables, open_sites, read_network
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.table import Table, open_table
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
    centers: str | Path | None = None,
    policy: Policy | str | Path = DEFAULT,
    rejects: str | Path | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Read all sites of a file and report which rows a run would reject, and why.

    Parameters
    ----------
    sites
        As for `run`.
    centers
        Checked, too, if given, as a run reads them.
    policy
        Its country rules apply: which countries it merges, and how it treats contested areas.
    rejects
        CSV file for the rejected rows, if any.
    options
        ``columns``, ``dialect``, ``trust_declared``, ``raw_text``, ``excel``, ``excel_locale`` and
        ``progress`` count.

    Returns
    -------
    findings
        ``columns`` as matched, ``other_columns``, ``warnings``, ``ledger``, ``rejects`` by reason,
        ``first_rejects``, ``duplicates`` of ``site_id``, ``countries`` by basis,
        ``usable_country``: the share of the readable sites whose country is certain,
        ``country_conflicts`` by pair of countries, ``unknown_countries`` with the nearest known
        name, ``detected``, and ``centers``: how that file was understood.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If the file cannot be used.
    MissingExtraError
        If it is a workbook and the extra ``excel`` is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the rejects cannot be written.
    """
    options = options or Options()
    refuse_overwriting({"rejects": rejects}, [sites, centers, policy_file(policy)])
    check_rejects(rejects)
    world = countries.load()
    rules = Policy.load(policy)
    convention = rules.convention(world.names, trust_declared=options.trust_declared)
    table = open_sites(sites, options.columns, options.dialect, read=rules.start_columns)
    options = options.written_like(table)
    style = text_style(options.style, options.excel_locale, table)
    network = _centers(centers, table, options, (world, convention))
    ledger, tally = Ledger(), CountryFindings(world)
    with ExitStack() as stack:
        writer = None
        if rejects is not None:
            writer = stack.enter_context(rejects_file(Path(rejects), style))
        ids = stack.enter_context(DuplicateFinder())
        for rows in stack.enter_context(closing(ahead(table.rows(), table.source.cancel))):
            places = table.site_rows(rows)
            declared = places.declared(world.names)
            _, ground = assign_country(places.lon, places.lat, declared, world, convention)
            tally.add(table, rows, declared, ground)
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
    usable = sum(tally.basis[basis.name.lower()] for basis in USABLE)
    return {
        "sites": str(table.path),
        "columns": table.matched_columns,
        "other_columns": other_columns(table),
        "warnings": [
            *rules.warnings,
            *table.guesses,
            *table.notices,
            *([f"{repeats}."] if repeats.ids else []),
        ],
        "not_checked": log_not_checked(
            EligibilityChecker(rules, None, world, np.datetime64(today(), "D")), table
        ),
        "detected": table.detected,
        "ledger": ledger.figures(),
        "rejects": dict(ledger.reasons),
        "first_rejects": ledger.first,
        "duplicates": repeats.figures(),
        "countries": _in_order(tally.basis),
        "usable_country": usable / ledger.decided if ledger.decided else None,
        **tally.to_dict(),
        "centers": None if network is None else network.to_dict(),
    }


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts by basis in the order of `CountryBasis`."""
    names = [basis.name.lower() for basis in CountryBasis]
    return {name: counts[name] for name in names if counts.get(name)}


@dataclass(frozen=True)
class CheckedCenters:
    """A file of centers, as it was understood.

    Attributes
    ----------
    table
        The open table, read to its end.
    n_centers
        How many centers it has.
    warnings
        What a reader of the results should know.
    """

    table: Table
    n_centers: int
    warnings: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "path": str(self.table.path),
            "columns": self.table.matched_columns,
            "other_columns": other_columns(self.table),
            "given": self.n_centers,
            "warnings": list(self.warnings),
            "detected": self.table.detected,
        }


def other_columns(table: Table) -> list[str]:
    """Return the headers that were taken for no column."""
    return [header for header in table.headers if header not in table.matched_columns.values()]


def _centers(
    path: str | Path | None,
    sites: Table,
    options: Options,
    judging: tuple[Countries, Convention],
) -> CheckedCenters | None:
    """Return the centers of a file, if one is given, read as a run reads them.

    Raises
    ------
    InputError
        If the file cannot be used, or a row of it, or it is the table of the sites.
    """
    if path is None:
        return None
    world, convention = judging
    table = open_table(path, columns.CENTERS, options.center_columns, options.center_dialect)
    check_two_tables(sites, table)
    centers = read_network(table, world, convention)
    regions = centers.assigned_regions(centers.assigned_countries(world, convention), world.names)
    return CheckedCenters(table, len(centers), [*table.notices, *regions.warnings])
