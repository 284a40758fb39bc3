"""A run whose tasks read and write files themselves: what the driver does.

It opens the input as a run without Spark does, sends parts of it to tasks, adds up what they
return, and writes all other files with the code of that run. So the files are the same ones, and
no rows cross to Java.
"""

import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from coverage_analyzer.batch._run import FolderOutputs, Inputs, Totals, write_files
from coverage_analyzer.batch.compared_reports import Report, headers_of, open_report, opened
from coverage_analyzer.batch.network import what_if_rules
from coverage_analyzer.batch.previous_report import Previous
from coverage_analyzer.batch.row_changes import report_changes
from coverage_analyzer.batch.stream import with_area_columns
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.comparison.quantities import Needs
from coverage_analyzer.comparison.rules import Figures
from coverage_analyzer.errors import CoverageError
from coverage_analyzer.files import opening, own_columns
from coverage_analyzer.files.duplicates import DuplicateSummary
from coverage_analyzer.files.mistakes import check_two_tables, open_sites
from coverage_analyzer.files.readers import many
from coverage_analyzer.files.readers.base import (
    PREVIEW_ROWS,
    RowBlock,
    TableReader,
    WrappedReader,
)
from coverage_analyzer.files.run_folder import contents, hold
from coverage_analyzer.files.run_folder.manifest import Origin
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.table import ParsedRows, Table, usable
from coverage_analyzer.files.work_folder import to_disk
from coverage_analyzer.files.writers.delimited import RejectsWriter
from coverage_analyzer.fingerprint import Fingerprint, WatchedFiles, compare_states, state_of
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.coordinates import Written
from coverage_analyzer.spark.part_ids import LINE_BITS, IdsOfParts, LinesOfPart
from coverage_analyzer.spark.part_job import PartJob, PartResult
from coverage_analyzer.spark.part_sample import joined_sample
from coverage_analyzer.spark.parts import Headers, Part, grouped, parts_of
from coverage_analyzer.spark.question import Question
from coverage_analyzer.spark.sealed import read_sealed, write_sealed
from coverage_analyzer.spark.storage import Folder, local_path

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext

T = TypeVar("T")

SEED_BYTES: Final = 16

PART_NAME: Final = "part-{:05}.{}"

TASKS_PER_CORE: Final = 4
"""So that no core waits long for the last task."""


class ReadParts(WrappedReader):
    """The reader of an input that tasks have read.

    Parameters
    ----------
    source
        The reader that the driver has opened.
    detected, sha256
        Of all files.
    """

    def __init__(self, source: TableReader, detected: dict[str, Any], sha256: str | None) -> None:
        super().__init__(source)
        self._detected, self._sha256 = detected, sha256

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in all files."""
        return self._detected

    def sha256(self) -> str | None:
        """Return the hash of the bytes of all files."""
        return self._sha256

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows."""
        return self._source.preview(n_rows)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield nothing: tasks have read all rows."""
        yield from ()


@dataclass
class RunFiles:
    """The files beside report and rejects, in a folder of the driver."""

    folder: Path
    names: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Return where a file is written."""
        if name not in self.names:
            self.names.append(name)
        return self.folder / name

    def written(self, name: str) -> Path:
        """Return where a file has been written."""
        return self.folder / name


class PartRun:
    """A run on files that driver and workers see.

    Parameters
    ----------
    context
        Of Spark.
    sites
        Path of the sites.
    question
        What is asked of them.

    Raises
    ------
    InputError
        If the sites cannot be read.
    """

    def __init__(self, context: "SparkContext", sites: Path, question: Question) -> None:
        options, matcher = question.options, question.matcher
        self._context, self._question = context, question
        self._seeds = secrets.token_bytes(SEED_BYTES)
        read = matcher.policy.start_columns
        table = open_sites(sites, options.columns, options.dialect, read=read)
        own_columns.check(own_columns.named(options.map_columns), table.headers, str(table.path))
        check_two_tables(table, question.centers)
        self._table = with_area_columns(matcher.gates, table)
        self._sites, self._paths = sites, _paths(sites)
        self._names: tuple[str, ...] = ()
        if many.is_many(sites):
            self._names = tuple(many.label(path, self._paths) for path in self._paths)
        self._parts = parts_of(self._paths)
        check_states(table.source.fingerprint)
        self._options = options.written_like(self._table)
        self._style = text_style(self._options.style, "", table, _first_rows(table))

    def publish(self, folder: Folder, scratch: Path) -> tuple[dict[str, Any], Mapping[str, int]]:
        """Assess all parts, write all files and publish them.

        Parameters
        ----------
        folder
            On a disk that the workers see, too.
        scratch
            A folder of the driver alone.

        Returns
        -------
        manifest
            What ``run.json`` holds.
        changes
            Counts of changes, as far as they were needed.

        Raises
        ------
        CoverageError
            If rows do not add up.
        InputError
            If a file cannot be read, or changed while it was being read.
        PublishError
            If the folder cannot be written.
        """
        question = self._question
        previous = self._previous(folder, scratch)
        work = local_path(folder.stage)
        work.mkdir()
        results = self._assessed(work)
        check_parts(self._parts, results)
        read, totals = self._read(results), self._totals(results)
        totals.what_if = what_if_rules(question.matcher, read)
        self._place(results, folder)
        files = RunFiles(scratch / "files", [*folder.names])
        files.folder.mkdir()
        facts = {
            "options": question.options.to_dict(),
            "engine": "spark",
            "spark": self._figures(),
            "table": None,
        }
        inputs = Inputs(read, question.centers, question.products)
        old, join = previous.old, None
        if old is not None:
            join = partial(self._join, old, folder, inputs, totals)
        outputs = FolderOutputs(files, question.gate, Previous(previous.record, join=join))
        written = write_files(totals, inputs, question.matcher, outputs, self._options, facts)
        held = written.decision.held
        folder.put(files.folder)
        published = folder.publish(held=bool(held))
        if held:
            question.options.warn(hold.notice(held, folder.path, published))
        return written.manifest, written.decision.changes

    def _previous(self, folder: Folder, scratch: Path) -> "_Earlier":
        """Return what a gate needs of the report in a folder.

        Raises
        ------
        InputError
            If it is damaged, or a rule compares rows that have no key.
        """
        needs = self._question.gate.needs
        record = folder.earlier(scratch / "earlier") if needs > Needs.run else None
        if record is None or needs < Needs.rows:
            return _Earlier(record)
        old = open_report(local_path(folder.path))
        headers_of(old, Report(old.folder, {}, WatchedFiles(), self._table), ())
        return _Earlier(record, old)

    def _assessed(self, work: Path) -> list[PartResult]:
        """Return the results of all parts, in order."""
        options = dataclasses.replace(self._options, progress=None, warn=bool)
        matcher = self._question.matcher
        job = PartJob(
            MatcherSpec.of(matcher),
            dataclasses.replace(self._table, source=Headers(self._table.source)),
            options,
            self._style,
            work,
            self._about(),
            self._seeds,
        )
        if options.on_duplicate != "keep":
            keep_first = options.on_duplicate == "first"
            ids = IdsOfParts(self._mapped(job.ids), self._context)
            refused = ids.refused(keep_first=keep_first)
            job = dataclasses.replace(job, refused=work)
            for file in range(len(self._paths)):
                lines = LinesOfPart.of_file(refused, file, self._names)
                write_sealed(work / str(file), lines, self._seeds)
        return self._mapped(job)

    def _mapped(self, work: Callable[[Part], T]) -> list[T]:
        """Return what some work gives for each part: one result, however often it was tried."""
        groups = grouped(self._parts, TASKS_PER_CORE * self._context.defaultParallelism)
        tasks = self._context.parallelize(groups, len(groups))
        return tasks.flatMap(lambda parts: map(work, parts)).collect()

    def _about(self) -> dict[str, str]:
        """Return what each part of the report says of itself."""
        matcher = self._question.matcher
        origin = Origin(
            policy=matcher.policy,
            as_of=matcher.as_of,
            trust_declared=matcher.convention.trust_declared,
            inputs={"sites": {"path": str(self._table.path), "sha256": None}},
        )
        return origin.to_dict()

    def _figures(self) -> dict[str, int]:
        n_bytes = sum(path.stat().st_size for path in self._paths)
        return {"files": len(self._paths), "bytes": n_bytes, "parts": len(self._parts)}

    def _read(self, results: Sequence[PartResult]) -> Table:
        """Return the table of the sites as it is after all rows have been read."""
        hashes = [each.sha256 for each in results if each.part.is_first]
        sha256 = hashes[0]
        if self._names and None not in hashes:
            pairs = zip(self._names, map(str, hashes), strict=True)
            sha256 = many.hash_of_many(pairs)
        detected = many.merged(each.detected for each in results)
        written = Written(
            point=self._table.written.point or any(each.written.point for each in results),
            comma=self._table.written.comma or any(each.written.comma for each in results),
        )
        self._check_unchanged()
        source = ReadParts(self._table.source, detected, sha256)
        return dataclasses.replace(self._table, source=source, written=written)

    def _check_unchanged(self) -> None:
        """Raise if a file has changed, is new or is missing since the input was opened.

        Raises
        ------
        InputError
            If so.
        """
        now = {str(path): state_of(path) for path in _paths(self._sites)}
        compare_states({str(part.path): part.state for part in self._parts}, now)

    def _totals(self, results: Sequence[PartResult]) -> Totals:
        """Return the counts of all parts, and the sites of the map."""
        first, *others = (each.totals for each in results)
        for each in results if self._names else []:
            place = f"file:{each.part.path}"
            each.totals.ledger.first = [f"{place}, {t}" for t in each.totals.ledger.first]
        for other in others:
            first.ledger.update(other.ledger)
            first.tally.update(other.tally)
            first.empty.update(other.empty)
            if first.summary is not None and other.summary is not None:
                first.summary.update(other.summary)
        first.drawn, first.style = self._map_sites(results), self._style
        if self._options.on_duplicate == "keep":
            hashes = [each.hashes for each in results if each.hashes is not None]
            repeats = IdsOfParts(hashes, self._context).repeats()
            first.repeats = self._numbered(repeats, results)
        return first

    def _map_sites(self, results: Sequence[PartResult]) -> DrawnSites:
        """Return the sites of the map and of the summary."""
        drawn = DrawnSites(own_columns.named(self._options.map_columns))
        for each in results:
            if each.drawn is not None:
                drawn.update(read_sealed(each.drawn, self._seeds))
                each.drawn.unlink()
        drawn.sample = joined_sample([each.sample for each in results if each.sample is not None])
        return drawn

    def _numbered(
        self, repeats: DuplicateSummary, results: Sequence[PartResult]
    ) -> DuplicateSummary:
        """Return duplicates with the line numbers that all files have one after the other."""
        last = np.zeros(len(self._paths) + 1, np.int64)
        for each in results:
            at = each.part.file + 1
            last[at] = max(last[at], each.last_line)
        begins = np.cumsum(last)
        examples = [
            [int(begins[line >> LINE_BITS]) + line % (1 << LINE_BITS) for line in lines]
            for lines in repeats.examples
        ]
        return dataclasses.replace(repeats, examples=examples)

    def _place(self, results: Sequence[PartResult], folder: Folder) -> None:
        """Move the files of report and rejects to where they are published from."""
        kind = self._options.format
        report = local_path(folder.place(f"report.{kind}"))
        rejects = local_path(folder.place("rejects.csv"))
        report.mkdir()
        rejects.mkdir()
        for number, each in enumerate(results):
            each.report.rename(report / PART_NAME.format(number, kind))
        written = [each.rejects for each in results if each.rejects is not None]
        for number, path in enumerate(written):
            path.rename(rejects / PART_NAME.format(number, "csv"))
        if not written:
            source = f"file:{self._paths[0]}"
            RejectsWriter(rejects / PART_NAME.format(0, "csv"), self._style, source).close()
        for path in (report, rejects):
            to_disk(path)

    def _join(self, old: Report, folder: Folder, inputs: Inputs, totals: Totals) -> Figures:
        """Return the counts of changes between the report in a folder and the new one."""
        part, matcher = local_path(folder.part), self._question.matcher
        origin = Origin.of_tables(inputs.sites, inputs.centers, matcher, inputs.products)
        manifest = origin.to_dict() | {
            "files": [f"report.{self._options.format}"],
            "ledger": totals.ledger.figures(),
            "spreadsheet_guard": not self._style.raw_text,
        }
        contents.write_manifest(part / MANIFEST, manifest)  # reading the report back asks it
        try:
            new = opened(part, manifest)
            return report_changes(old, new, matcher.policy.titles, local_path(folder.stage))
        finally:
            (part / MANIFEST).unlink()


class _Earlier(NamedTuple):
    """The record of the report in the folder, and that report if its rows are needed."""

    record: RunRecord | None = None
    old: Report | None = None


def check_parts(parts: Sequence[Part], results: Sequence[PartResult]) -> None:
    """Raise if a part is missing or twice, or two independent counts of its rows differ.

    Rows are counted where they are read, and verdicts where they are tallied; a Parquet file says
    itself how many rows it has.

    Raises
    ------
    CoverageError
        If so, which would be a bug in this program.
    """
    numbers = [each.part.number for each in results]
    if numbers != list(range(len(parts))):
        msg = f"Spark returned the parts {numbers} of {len(parts)}. Report this as a bug."
        raise CoverageError(msg)
    for each in results:
        ledger, n_rows = each.totals.ledger, each.part.rows
        ledger.check()
        counts = {ledger.read, n_rows}, {ledger.decided, each.totals.tally.total()}
        if len(counts[1]) > 1 or (n_rows is not None and len(counts[0]) > 1):
            msg = (
                f"{each.part.path}: of {n_rows} rows {ledger}, with {each.totals.tally.total()} "
                f"verdicts. No report was written. Report this as a bug."
            )
            raise CoverageError(msg)


def check_states(opened_: Fingerprint | None) -> None:
    """Raise if a file is not the one that was opened any more.

    Raises
    ------
    InputError
        If so.
    """
    states = {} if opened_ is None else opened_.states
    before = {name: state for name, state in states.items() if state is not None}
    compare_states(before, {name: state_of(Path(name)) for name in before})


def _paths(sites: Path) -> list[Path]:
    """Return the files of a path, absolute, in the order in which they are read."""
    return [path.absolute() for path in opening.paths(sites)]


def _first_rows(table: Table) -> ParsedRows:
    """Return the first rows of a table, without consuming them."""
    rows = table.source.preview()
    return usable(RowBlock(np.arange(1, len(rows) + 1), rows, lambda _row: ""), table)
