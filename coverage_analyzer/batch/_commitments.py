"""Commitments for a file of requests: sites are streamed, and only the referenced ones are kept."""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from coverage_analyzer import arrays, countries
from coverage_analyzer.batch.ledger import FIRST_REJECTS, Ledger
from coverage_analyzer.batch.requests import Requested, read_requests, registered_rows
from coverage_analyzer.batch.stream import products_of
from coverage_analyzer.due_times.calculator import Answer, Commitment, Committer
from coverage_analyzer.due_times.levels import Levels
from coverage_analyzer.files import atomic
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.table import Table, open_table, read_centers
from coverage_analyzer.files.writers.delimited import CsvWriter, Style
from coverage_analyzer.files.writers.rejects import CSV, check_rejects, rejects_file
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import (
    CENTERS,
    COMMITMENT,
    REQUESTS,
    SITES,
    column_suggestions,
)
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.rejects import Reject, Rejected


@dataclass(frozen=True, kw_only=True)
class CommitmentOptions:
    """Options of commitments.

    Attributes
    ----------
    rejects
        Where to write the rows that cannot be answered, as CSV, if at all.
    as_of
        The day whose level holds; by default that of each request.
    request_columns, columns, center_columns
        The header to take for a column of the requests, sites or centers where names do not tell.
    request_dialect, dialect, center_dialect
        How they are written, where that cannot be found.
    moment_format
        How moments are written, in the directives of `datetime.strptime`; by default ISO 8601.
    trust_declared
        Whether the declared country stands wherever a point lies.
    products
        A file of products with the days on which the phases of their life end
        (`schema.columns.PRODUCTS`).
    raw_text
        Whether text stays as it is even where a spreadsheet would run it.
    """

    rejects: str | Path | None = None
    as_of: datetime.date | str | None = None
    request_columns: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    request_dialect: Dialect = PLAIN
    dialect: Dialect = PLAIN
    center_dialect: Dialect = PLAIN
    moment_format: str = ""
    trust_declared: bool = False
    products: str | Path = ""
    raw_text: bool = False


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
        A file of any kind that `files.table.open_table` takes, with the columns of
        `schema.columns.REQUESTS`.
    sites, centers
        As for `run`.
    output
        A CSV file, which is replaced whole or stays; or an open one, such as standard output.
    policy
        As for `run`.
    options
        The day, columns and the like.

    Returns
    -------
    findings
        ``ledger``, ``status`` (the number of answers by status), ``rejects`` by reason,
        ``first_rejects``, ``warnings``.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a fault of this program.
    InputError
        If a file or the day cannot be used.
    MissingExtraError
        If the extra ``terms`` is not installed, or that of a kind of file.
    PolicyError
        If the policy breaks a rule.
    PublishError
        If a file cannot be written.
    """
    options = options or CommitmentOptions()
    refuse_overwriting(
        {"commitments": output, "rejects": options.rejects},
        [requests, sites, centers, options.products, policy_file(policy)],
    )
    if isinstance(output, (str, Path)):
        kind_of(output, [CSV], what="Commitments are", default=CSV)
    check_rejects(options.rejects)
    asked_table = open_table(requests, REQUESTS, options.request_columns, options.request_dialect)
    site_table = open_table(sites, SITES, options.columns, options.dialect)
    committer = _committer(centers, Policy.load(policy), options)
    asked = read_requests(asked_table)
    rows = registered_rows(site_table, (r.site_id for r in asked.requests))
    answers = committer.answers(asked.requests, rows)
    decided = [a for a in answers if a.status is not Answer.rejected]
    refused = _rejects(asked, answers)
    ledger = _ledger(asked, decided, refused)
    style = Style(raw_text=options.raw_text, decimal=options.request_dialect.decimal)
    _write(output, decided, style)
    if options.rejects is not None:
        _write_rejects(Path(options.rejects), refused, style)
    return {
        "ledger": ledger.figures(),
        "status": dict(Counter(a.status.value for a in decided)),
        "rejects": dict(ledger.reasons),
        "first_rejects": ledger.first,
        "warnings": [
            *committer.policy.warnings,
            *_unnoticed(asked_table, site_table),
            *_unseen(asked_table, site_table),
            *committer.regions.warnings,
        ],
    }


def _committer(
    centers: str | Path,
    policy: Policy,
    options: CommitmentOptions,
) -> Committer:
    """Return the commitment calculator of a policy for the centers of a file.

    Raises
    ------
    InputError
        If a row of the centers cannot be used.
    MissingExtraError
        If the extra for their kind of file is not installed.
    """
    table = open_table(centers, CENTERS, options.center_columns, options.center_dialect)
    world = countries.load()
    convention = policy.convention(world.names, trust_declared=options.trust_declared)
    levels = Levels(
        read_centers(table, world, convention),
        policy,
        world,
        trust_declared=options.trust_declared,
        products=products_of(options.products),
    )
    return Committer(levels, as_of=day(options.as_of), form=options.moment_format)


def _rejects(asked: Requested, answers: Sequence[Commitment]) -> list[Reject]:
    """Return the rows without a result, in file order."""
    refused = [
        Reject(line, Rejected[answer.reason], "; ".join(answer.steps), raw)
        for line, raw, answer in zip(asked.lines, asked.raw, answers, strict=True)
        if answer.status is Answer.rejected
    ]
    return sorted([*asked.rejects, *refused], key=lambda reject: reject.line)


def _ledger(asked: Requested, decided: Sequence[Commitment], refused: Sequence[Reject]) -> Ledger:
    """Return the ledger of the requests.

    Raises
    ------
    CoverageError
        If one is lost.
    """
    ledger = Ledger(asked.read, len(decided), len(refused), asked.blank)
    ledger.reasons.update(reject.reason.value for reject in refused)
    ledger.first += [f"line {r.line}: {r.detail}" for r in refused[:FIRST_REJECTS]]
    ledger.check()
    return ledger


def _write(output: str | Path | BinaryIO, answers: Sequence[Commitment], style: Style) -> None:
    """Write the results as CSV, atomically.

    Raises
    ------
    PublishError
        If it cannot be written.
    """
    rows = [answer.row() for answer in answers]
    columns = [arrays.text_array([row[name] for row in rows]) for name in COMMITMENT]
    batch = pa.RecordBatch.from_arrays(columns, names=list(COMMITMENT))
    if not isinstance(output, (str, Path)):
        with closing(CsvWriter(output, batch.schema, style)) as writer:
            writer.write(batch)
        return
    with (
        atomic.replacing(Path(output)) as part,
        closing(CsvWriter(part, batch.schema, style)) as writer,
    ):
        writer.write(batch)


def _write_rejects(path: Path, refused: Sequence[Reject], style: Style) -> None:
    """Write the rows without a result.

    Raises
    ------
    PublishError
        If they cannot be written.
    """
    with rejects_file(path, style) as writer:
        writer.write(refused)


def _unnoticed(asked: Table, sites: Table) -> list[str]:
    """Return a warning for each header that may be meant for a missing column."""
    pairs = ((asked, REQUESTS), (sites, SITES))
    return [
        w for table, known in pairs for w in column_suggestions(table.headers, table.columns, known)
    ]


def _unseen(asked: Table, sites: Table) -> list[str]:
    """Return which checks are skipped because their column is missing."""
    return [
        f"The {what} have no column {name!r}: {left}."
        for table, what, name, left in (
            (asked, "requests", "address", "addresses are not compared"),
            (sites, "sites", "address", "addresses are not compared"),
            (sites, "sites", "installed_on", "installation dates are not checked"),
        )
        if name not in table.columns
    ]
