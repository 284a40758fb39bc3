"""Commitments for a file of requests: sites are streamed, and only the referenced ones are kept."""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays, countries
from coverage_analyzer.batch.ledger import FIRST_REJECTS, Ledger
from coverage_analyzer.batch.requests import (
    Requested,
    has_addresses,
    read_requests,
    registered_rows,
)
from coverage_analyzer.batch.stream import checked_centers, products_of
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.due_times.calculator import (
    Commitment,
    CommitmentStatus,
    Committer,
    commitment_columns,
)
from coverage_analyzer.due_times.levels import LevelLookup
from coverage_analyzer.files import atomic
from coverage_analyzer.files.mistakes import assessed_again, check_two_tables, open_sites
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import CsvWriter, Style
from coverage_analyzer.files.writers.excel import Page
from coverage_analyzer.files.writers.rejects import CSV, check_rejects, rejects_file
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import (
    CENTERS,
    REQUESTS,
)
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.rejects import Reject, Rejected

XLSX: Final = ".xlsx"

MOMENT_ENDS: Final = ("_start", "due_at", "target_at")
"""How the columns of dates and times end."""


@dataclass(frozen=True, kw_only=True)
class CommitmentOptions:
    """Options of commitments.

    Attributes
    ----------
    rejects
        CSV file for the rows without a result, if any.
    as_of
        The day whose level applies; by default that of each request.
    request_columns, columns, center_columns
        The header to use for a column of the requests, sites or centers, where names are ambiguous.
    request_dialect, dialect, center_dialect, product_dialect
        The dialect of the file, where it cannot be detected.
    moment_format
        Format of timestamps, in the directives of `datetime.strptime`; by default ISO 8601.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    products
        A file of products with the end dates of their support phases (`schema.columns.PRODUCTS`).
    raw_text
        Whether to leave text unescaped even where a spreadsheet would run it.
    excel, excel_locale
        As for a run.
    """

    rejects: str | Path | None = None
    as_of: datetime.date | str | None = None
    request_columns: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    request_dialect: Dialect = PLAIN
    dialect: Dialect = PLAIN
    center_dialect: Dialect = PLAIN
    product_dialect: Dialect = PLAIN
    moment_format: str = ""
    trust_declared: bool = False
    products: str | Path = ""
    raw_text: bool = False
    excel: bool = False
    excel_locale: str = ""

    @property
    def style(self) -> Style:
        """How text files are written."""
        decimal = self.request_dialect.decimal or "."
        return Style(raw_text=self.raw_text, excel=self.excel, decimal=decimal)


def answer_requests(
    requests: str | Path,
    sites: str | Path,
    centers: str | Path,
    output: str | Path | BinaryIO,
    *,
    policy: Policy | str | Path = DEFAULT,
    options: CommitmentOptions | None = None,
) -> dict[str, Any]:
    """Calculate the commitments for all requests in a file.

    Parameters
    ----------
    requests
        A file in any format of `files.table.open_table`, with the columns of
        `schema.columns.REQUESTS`.
    sites, centers
        As for `run`.
    output
        A CSV file or a workbook, which is replaced atomically; or an open file for CSV, such as
        standard output.
    policy
        As for `run`.
    options
        Day, columns and other options.

    Returns
    -------
    findings
        ``ledger``, ``status`` (the number of results by status), ``rejects`` by reason,
        ``first_rejects``, ``warnings``.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a file or the day cannot be used.
    MissingExtraError
        If the extra ``terms``, or that of a file format, is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If a file cannot be written.
    """
    options = options or CommitmentOptions()
    refuse_overwriting(
        {"commitments": output, "rejects": options.rejects},
        [requests, sites, centers, options.products, policy_file(policy)],
    )
    kind = CSV
    if isinstance(output, (str, Path)):
        kind = kind_of(output, [CSV, XLSX], what="Commitments are", default=CSV)
    check_rejects(options.rejects)
    asked_table = open_table(requests, REQUESTS, options.request_columns, options.request_dialect)
    rules = Policy.load(policy)
    site_table = open_sites(
        sites, options.columns, options.dialect, unread=(), read=rules.start_columns
    )
    columns, dialect = options.center_columns, options.center_dialect
    center_table = open_table(centers, CENTERS, columns, dialect, unread=())
    check_two_tables(site_table, center_table)
    committer = _committer(center_table, rules, options)
    requested = read_requests(asked_table)
    rows = registered_rows(site_table, (r.site_id for r in requested.requests))
    answers = committer.answers(requested.requests, rows)
    decided = [a for a in answers if a.status is not CommitmentStatus.rejected]
    refused = _rejects(requested, answers)
    ledger = _ledger(requested, decided, refused)
    style = text_style(options.style, options.excel_locale, asked_table)
    if kind == XLSX:
        _write_workbook(Path(str(output)), decided, style, committer.policy)
    else:
        _write(output, decided, style, commitment_columns(committer.policy))
    if options.rejects is not None:
        _write_rejects(Path(options.rejects), refused, style)
    return {
        "ledger": ledger.figures(),
        "status": dict(Counter(a.status.value for a in decided)),
        "rejects": dict(ledger.reasons),
        "first_rejects": ledger.first,
        "warnings": [
            *committer.policy.warnings,
            *asked_table.guesses,
            *site_table.guesses,
            *_notices(asked_table, site_table),
            *assessed_again(site_table, "The due time of a request"),
            *_unseen(asked_table, site_table, rules),
            *committer.regions.warnings,
        ],
    }


def _committer(
    table: Table,
    policy: Policy,
    options: CommitmentOptions,
) -> Committer:
    """Return the commitment calculator of a policy for an open table of centers.

    Raises
    ------
    InputError
        If a row of the centers cannot be used.
    """
    levels = LevelLookup(
        checked_centers(table, policy, trust_declared=options.trust_declared),
        policy,
        countries.load(),
        trust_declared=options.trust_declared,
        products=products_of(options.products, options.product_dialect),
    )
    return Committer(levels, as_of=day(options.as_of), form=options.moment_format)


def _rejects(requested: Requested, answers: Sequence[Commitment]) -> list[Reject]:
    """Return the rows without a result, in file order."""
    refused = [
        Reject(line, Rejected[answer.reason], "; ".join(answer.steps), raw)
        for line, raw, answer in zip(requested.lines, requested.raw, answers, strict=True)
        if answer.status is CommitmentStatus.rejected
    ]
    return sorted([*requested.rejects, *refused], key=lambda reject: reject.line)


def _ledger(
    requested: Requested, decided: Sequence[Commitment], refused: Sequence[Reject]
) -> Ledger:
    """Return the ledger of the requests.

    Raises
    ------
    CoverageError
        If one is lost.
    """
    ledger = Ledger(requested.read, len(decided), len(refused), requested.blank)
    ledger.reasons.update(reject.reason.value for reject in refused)
    ledger.first += [f"line {r.line}: {r.detail}" for r in refused[:FIRST_REJECTS]]
    ledger.check()
    return ledger


def _write(
    output: str | Path | BinaryIO,
    answers: Sequence[Commitment],
    style: Style,
    names: Sequence[str],
) -> None:
    """Write the results as CSV, atomically.

    Raises
    ------
    PublishError
        If it cannot be written.
    """
    rows = [answer.row(names) for answer in answers]
    columns = [arrays.text_array([row[name] for row in rows]) for name in names]
    batch = pa.RecordBatch.from_arrays(columns, names=list(names))
    if not isinstance(output, (str, Path)):
        with closing(CsvWriter(output, batch.schema, style)) as writer:
            writer.write(batch)
        return
    with (
        atomic.replacing(Path(output)) as part,
        closing(CsvWriter(part, batch.schema, style)) as writer,
    ):
        writer.write(batch)


def _write_workbook(
    path: Path, answers: Sequence[Commitment], style: Style, policy: Policy
) -> None:
    """Write answers as a workbook; it is put in place when it is whole.

    Dates and times are those of the clocks where they are read, and in UTC: a cell has no zone.

    Raises
    ------
    PublishError
        If it cannot be written.
    """
    names = commitment_columns(policy)
    rows = [answer.row(names) for answer in answers]
    columns: dict[str, pa.Array] = {}
    for name in names:
        if not name.endswith(MOMENT_ENDS):
            columns[name] = arrays.text_array([row[name] for row in rows])
            continue
        moments = [answer.moments().get(name) for answer in answers]
        local = [None if m is None else m.replace(tzinfo=None) for m in moments]
        utc = [
            None if m is None else m.astimezone(datetime.UTC).replace(tzinfo=None) for m in moments
        ]
        columns[name] = _timestamps(local)
        columns[f"{name}_utc"] = _timestamps(utc).cast(pa.timestamp("us", "UTC"))
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    page = Page(title=policy.title, sheet="Commitments")
    with (
        atomic.replacing(path) as part,
        formats.report_writer(part, "xlsx", batch.schema, style, page=page) as writer,
    ):
        writer.write(batch)


def _timestamps(moments: Sequence[datetime.datetime | None]) -> pa.Array:
    """Return dates and times without a zone as Arrow has them."""
    values = np.array(moments, "datetime64[us]")
    return arrays.from_numpy(values.view(np.int64), np.isnat(values)).cast(pa.timestamp("us"))


def _write_rejects(path: Path, refused: Sequence[Reject], style: Style) -> None:
    """Write the rows without a result.

    Raises
    ------
    PublishError
        If they cannot be written.
    """
    with rejects_file(path, style) as writer:
        writer.write(refused)


def _notices(requests: Table, sites: Table) -> list[str]:
    """Return a warning for each header that may be meant for a missing column."""
    return [*requests.notices, *sites.notices]


def _unseen(requests: Table, sites: Table, policy: Policy) -> list[str]:
    """Return which checks are skipped because their column is missing.

    A policy of format 2 without a rule on addresses compares none.
    """
    compares = policy.format == 1 or policy.commitments.accepted is not None
    texts = [
        f"The {what} have no column 'address', nor its parts: addresses are not compared."
        for table, what in ((requests, "requests"), (sites, "sites"))
        if compares and not has_addresses(table)
    ]
    if "installed_on" not in sites.columns:
        texts.append("The sites have no column 'installed_on': installation dates are not checked.")
    return texts
