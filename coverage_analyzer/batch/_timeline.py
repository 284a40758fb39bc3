"""The timeline of a sites file: read block by block and assess each block on its event days."""

import datetime
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.batch.stream import build_matcher, log_not_checked, products_of
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.files import atomic
from coverage_analyzer.files.mistakes import assessed_again, open_sites
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.table import ParsedRows, Table, open_table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.excel import Page
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.timeline import Census, Changes, Timeline
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import (
    CENTERS,
    PARTS,
    TIMELINE,
    as_text,
)
from coverage_analyzer.schema.days import day

KINDS: Final[dict[str, formats.Format]] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
"""Format of a timeline by file extension."""


def timeline(
    sites: str | Path,
    centers: str | Path,
    output: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    days: tuple[datetime.date | str | None, datetime.date | str],
    options: Options | None = None,
) -> dict[str, Any]:
    """List the days on which the level of each site in a file changes.

    Parameters
    ----------
    sites, centers, policy
        As for `run`.
    output
        A ``.csv``, ``.parquet`` or ``.xlsx`` file with the columns of `schema.columns.TIMELINE`,
        and those of `schema.columns.PARTS` in the sites.
    days
        The first (by default today in UTC) and the last day.
    options
        ``columns``, ``center_columns``, ``dialect``, ``center_dialect``, ``trust_declared``,
        ``products``, ``raw_text``, ``excel``, ``excel_locale`` and ``progress`` count.

    Returns
    -------
    findings
        ``start``, ``end``, ``rows`` written, ``levels`` (the number of sites with each, by day of a
        change), ``warnings``, ``ledger``, ``rejects`` by reason and ``first_rejects``.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a file or a day cannot be used.
    MissingExtraError
        If a workbook is read or written and the extra ``excel`` is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the file cannot be written.
    """
    options = options or Options()
    refuse_overwriting(
        {"timeline": output}, [sites, centers, options.products, policy_file(policy)]
    )
    ending = kind_of(output, list(KINDS), what="A timeline is")
    center_table = open_table(centers, CENTERS, options.center_columns, options.center_dialect)
    line = _line(center_table, Policy.load(policy), days, options)
    read = line.matcher.policy.start_columns
    table = open_sites(sites, options.columns, options.dialect, centers=center_table, read=read)
    options = options.written_like(table)
    totals, matcher = Totals(Census(len(line.matcher.policy.titles))), line.matcher
    style = text_style(options.style, options.excel_locale, table)
    days_shown = f"{line.start} to {line.end}"
    page = Page(title=matcher.policy.title, note=days_shown, sheet="Timeline")
    with (
        atomic.replacing(Path(output)) as part,
        formats.report_writer(part, KINDS[ending], _schema(table), style, page=page) as writer,
    ):
        _stream(table, line, writer, totals, options)
        totals.ledger.check()
    return {
        "start": str(line.start),
        "end": str(line.end),
        "policy": matcher.policy.title,
        "rows": totals.rows,
        "levels": _levels(totals.census, matcher),
        "warnings": [
            *matcher.policy.warnings,
            *table.guesses,
            *table.notices,
            *assessed_again(table, "The timeline"),
            *matcher.gates.warnings(table.columns, totals.empty),
            *matcher.region_warnings,
        ],
        "not_checked": log_not_checked(matcher.gates, table),
        "ledger": totals.ledger.figures(),
        "rejects": dict(totals.ledger.reasons),
        "first_rejects": totals.ledger.first,
    }


@dataclass
class Totals:
    """Totals over all rows."""

    census: Census
    ledger: Ledger = field(default_factory=Ledger)
    empty: Counter[str] = field(default_factory=Counter)
    rows: int = 0


def _schema(table: Table) -> pa.Schema:
    """Return the columns of the timeline of a table, including partition columns."""
    names = ["site_id", *_parts(table), *TIMELINE[1:]]
    return pa.schema([(n, pa.date32() if n == "from_day" else pa.string()) for n in names])


def _parts(table: Table) -> list[str]:
    return [name for name in PARTS if name in table.columns]


def _line(
    centers: Table,
    policy: Policy,
    days: tuple[datetime.date | str | None, datetime.date | str],
    options: Options,
) -> Timeline:
    """Return the timeline of a policy over some centers, for a period."""
    matcher = build_matcher(
        centers,
        policy,
        as_of=day(days[0]),
        trust_declared=options.trust_declared,
        products=products_of(options.products, options.product_dialect),
    )
    return Timeline(matcher, day(days[1]) or matcher.as_of)


def _stream(table: Table, line: Timeline, writer: Writer, totals: Totals, options: Options) -> None:
    """Write the changes of all rows, block by block, and count them."""
    matcher = line.matcher
    with closing(ahead(table.rows(), table.source.cancel)) as blocks:
        for rows in blocks:
            inputs = matcher.inputs(table.site_rows(rows))
            changes = line.changes(*inputs)
            writer.write(_change_rows(rows, table, matcher, changes))
            totals.census.add(changes)
            totals.ledger.add(rows)
            totals.empty.update(matcher.gates.empty(inputs.facts))
            totals.rows += len(changes)
            if options.progress:
                options.progress(totals.ledger.read, table.source.share())
    if options.progress:
        options.progress(totals.ledger.read, 1.0)


def _change_rows(
    rows: ParsedRows, table: Table, matcher: Matcher, changes: Changes
) -> pa.RecordBatch:
    """Return changes as rows of the file."""
    parts = [table.column(rows.block, name) for name in _parts(table)]
    texts = [as_text(c) for c in (table.row_ids(rows.block), *parts) if c is not None]
    labels = [cells.take(arrays.from_numpy(changes.site)) for cells in texts]
    columns = [*labels, *changes.columns(matcher).values()]
    return pa.RecordBatch.from_arrays(columns, schema=_schema(table))


def _levels(census: Census, matcher: Matcher) -> dict[str, dict[str, int]]:
    """Return the number of sites with each occurring level, by the days of changes."""
    days, counts = census.table()
    titles = matcher.policy.titles
    occur = [n for n in range(len(titles)) if counts[:, n].any()]
    return {
        str(day): {titles[n]: int(row[n]) for n in occur}
        for day, row in zip(days, counts, strict=True)
    }
