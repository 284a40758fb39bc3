"""What changes in a run if a center closes, opens or moves, or with another policy or day."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from coverage_analyzer.batch._compare import FILES as COMPARE_FILES
from coverage_analyzer.batch._compare import CompareOptions, Output, Result
from coverage_analyzer.batch.compare_gates import Gates
from coverage_analyzer.batch.compared_reports import Reading, group_headers, side_of
from coverage_analyzer.batch.run_again import ResultFolder, RunAgain, open_run
from coverage_analyzer.batch.stream import checked_centers
from coverage_analyzer.comparison.aligned import Headers, SpooledSide
from coverage_analyzer.comparison.rows import Counts, Side, Spool, VerdictCodes
from coverage_analyzer.comparison.what_if import Edit, NewCenter, WhatIf, edited_facts
from coverage_analyzer.errors import CoverageError, PublishError
from coverage_analyzer.files.overwriting import policy_file
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.table import ParsedRows, open_table
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import CENTERS, as_text
from coverage_analyzer.schema.days import day

FOLDER: Final = ResultFolder("what-if", COMPARE_FILES)
"""The files of a comparison, of which what-if is one."""


@dataclass(frozen=True, kw_only=True)
class WhatIfChange:
    """What is changed, as files and texts; see `comparison.what_if.Edit`.

    Attributes
    ----------
    close
        Ids of centers that close.
    open
        Centers that open.
    move
        New places of centers, by id.
    centers
        A file of all centers, instead of those of the run.
    center_columns, center_dialect
        How that file is written.
    policy
        A policy, the name of a built-in one, or a TOML file, instead of that of the run.
    as_of
        A day instead of that of the run.
    """

    close: Sequence[str] = ()
    open: Sequence[NewCenter] = ()
    move: Mapping[str, NewCenter] = field(default_factory=dict)
    centers: str | Path = ""
    center_columns: Mapping[str, str] = field(default_factory=dict)
    center_dialect: Dialect = PLAIN
    policy: Policy | str | Path | None = None
    as_of: datetime.date | str | None = None

    def edit(self, spec: MatcherSpec) -> Edit:
        """Return the change, with its files read.

        Parameters
        ----------
        spec
            Of the run.

        Raises
        ------
        InputError
            If the centers or the day cannot be used.
        PolicyError
            If the policy is invalid.
        """
        policy = None if self.policy is None else Policy.load(self.policy)
        centers = None
        if self.centers:
            table = open_table(self.centers, CENTERS, self.center_columns, self.center_dialect)
            rule, trusts = policy or spec.policy, spec.trust_declared
            centers = checked_centers(table, rule, trust_declared=trusts)
        return Edit(
            close=self.close,
            open=self.open,
            move=self.move,
            centers=centers,
            policy=policy,
            as_of=day(self.as_of),
        )


def what_if(
    run: str | Path,
    change: WhatIfChange,
    output: str | Path | None = None,
    options: CompareOptions | None = None,
) -> Result:
    """Assess the sites of a run again under a change, and write the comparison.

    Parameters
    ----------
    run
        The run folder.
    change
        What is changed.
    output
        The folder for the files of `compare`, which are replaced atomically; if it is left out,
        nothing is written.
    options
        Weight, style and progress count.

    Returns
    -------
    result
        ``manifest`` is what ``compare.json`` holds; its ``notes`` say what was changed.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If the folder is not a run folder, a file of it is damaged, nothing is changed, a center
        does not exist, or a new one is not in the country that is stated.
    MissingExtraError
        If a workbook is read and the extra ``excel`` is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from coverage_analyzer import batch
    >>> files, few = ("data/customer_sites.csv", "data/service_centers.csv"), {"map": False}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = batch.run(*files, folder, as_of="2026-12-01", options=batch.Options(**few))
    ...     found = what_if(folder, WhatIfChange(close=["US-DAL-1"]))
    >>> manifest = found.manifest
    >>> manifest["ledger"]["changed"], manifest["changes"]["lost"], manifest["because"]
    (81, 10, {'centers': 81})
    """
    options = options or CompareOptions()
    if output is not None:
        inputs = {"run": run, "centers": change.centers, "policy": policy_file(change.policy)}
        FOLDER.check(output, inputs)
    opened = open_run(run)
    edit = change.edit(opened.spec)
    job = _Job(opened, edit, edit.apply(opened.spec), options)
    if output is None:
        return job.compared(None)
    folder = Path(output)
    with Publication(folder, FOLDER.new(folder)) as publication:
        try:
            result = job.compared(publication)
            publication.publish(FOLDER.earlier(folder))
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The comparison could not be written to {folder}: {error}."
            raise PublishError(msg) from error
    return result


@dataclass(frozen=True)
class _Job:
    """A run and its change."""

    opened: RunAgain
    edit: Edit
    changed: MatcherSpec
    options: CompareOptions

    def compared(self, publication: Publication | None) -> Result:
        """Match all rows, write the files if there is a place for them, and return the result."""
        report, weight = self.opened.report, self.options.weight
        facts = dict(side_of(report).facts) | {"roads": False}
        job = WhatIf(self.opened.spec, self.changed, (facts, edited_facts(facts, self.changed)))
        headers = Headers(("site_id",))
        own = group_headers(report, Reading(headers, weight))
        output = Output(publication, headers, self.options)
        with output.opened():
            for rows in self.opened.rows():
                output.add(
                    job.add(
                        report.table.site_rows(rows),
                        {"site_id": as_text(report.table.row_ids(rows.block))},
                        as_text(report.table.labels(rows.block)[1]),
                        self.opened.weights(rows, weight),
                        self._own(rows, own),
                    )
                )
                if self.options.progress:
                    self.options.progress(job.counts[0].rows, report.table.source.share())
        texts = self.edit.texts(self.opened.spec, self.changed)
        notes = [f"What if: {'; '.join(texts)}.", *self.opened.notes]
        sides = [
            _spooled_side(side, counts) for side, counts in zip(job.sides, job.counts, strict=True)
        ]
        return output.finished((sides[0], sides[1]), job.tally, notes, Gates((), ()))

    def _own(self, rows: ParsedRows, headers: Sequence[str]) -> dict[str, pa.Array]:
        """Return own columns of a block as text, by header."""
        table = self.opened.report.table
        columns = rows.block.columns
        return {h: as_text(columns.column(table.headers.index(h))) for h in headers}


def _spooled_side(side: Side, counts: Counts) -> SpooledSide:
    """Return a side with the counts of its rows, which were not spooled."""
    spool = Spool(Path("not-written"), VerdictCodes())
    spool.counts = counts
    return SpooledSide(dataclasses.replace(side), spool)
