"""A run on files of a file system that only Java sees, such as ``hdfs:`` and ``s3a:``.

Rows are assessed once and staged as Parquet beside the output; report, rejects and summary are made
from there (Spark's cache takes half as long again). The ledger is checked with two independent
counts. Rows read are counted where they are read, block by block, and staged with the rows. Rows
decided and rejected are counted by Spark as they are written (an observation of the writing job,
exact even if tasks are retried), and must agree with the sums of the summary.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.batch import run_summary
from coverage_analyzer.batch.ledger import FIRST_REJECTS, Ledger, by_country, totals
from coverage_analyzer.batch.network import coverage_areas, write_network
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.stream import log_not_checked
from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.comparison.quantities import Needs
from coverage_analyzer.errors import CoverageError, InputError
from coverage_analyzer.files.mistakes import check_two_tables
from coverage_analyzer.files.run_folder import contents, hold, kept
from coverage_analyzer.files.run_folder.gate import Decision, Gate, note
from coverage_analyzer.files.run_folder.manifest import Origin, Outcome
from coverage_analyzer.files.run_folder.run_record import record_of
from coverage_analyzer.files.writers import delimited
from coverage_analyzer.files.writers.delimited import CsvWriter, Style
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.verdict import verdict_names
from coverage_analyzer.spark import readers, session
from coverage_analyzer.spark._assess import REJECTED, ROWS_AT_ONCE, output_names
from coverage_analyzer.spark.question import Question
from coverage_analyzer.spark.storage import Folder

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext
    from pyspark.sql import DataFrame

REJECTS: Final = pa.schema(
    [(n, pa.int64() if n == "line" else pa.string()) for n in (*delimited.REJECTS, "file")]
)

AT_ONCE: Final = "spark.sql.execution.arrow.maxRecordsPerBatch"

SETTINGS: Final = {
    "spark.sql.caseSensitive": "true",  # headers that differ only in case are distinct
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""Settings of a run's own session, separate from the user's."""


class JavaRun:
    """A run on files that only Java sees.

    Parameters
    ----------
    context
        Of Spark.
    sites
        Path or pattern of the sites, also as a URI supported by Spark.
    question
        What is asked of them.

    Raises
    ------
    InputError
        If the sites cannot be read, or an option needs files that Python sees.
    """

    def __init__(self, context: "SparkContext", sites: str, question: Question) -> None:
        from pyspark.sql import SparkSession

        _refuse_what_needs_files(question)
        spark = (SparkSession.getActiveSession() or SparkSession(context)).newSession()
        for key, value in SETTINGS.items():
            spark.conf.set(key, value)
        self._question, self._sites, self._matcher = question, sites, question.matcher
        columns = self._matcher.policy.start_columns
        self._input = readers.opened(spark, sites, question.options, columns)
        in_common = readers.has_file(self._input, question.centers_path, question.centers.path)
        check_two_tables(self._input.table, question.centers, in_common=in_common)

    def publish(self, folder: Folder, scratch: Path) -> tuple[dict[str, Any], Mapping[str, int]]:
        """Assess all rows, write all files and publish them.

        Parameters
        ----------
        folder
            On any file system that Spark supports.
        scratch
            A folder of the driver alone.

        Returns
        -------
        manifest
            What ``run.json`` holds.
        changes
            None are counted.

        Raises
        ------
        CoverageError
            If rows do not add up.
        InputError
            If a file cannot be read, or changed while it was being read.
        PublishError
            If the folder cannot be written.
        """
        gate, table = self._question.gate, self._input.table
        files = scratch / "files"
        files.mkdir()
        manifest = self._origin()
        options = self._question.options.written_like(table)
        before = folder.earlier(scratch / "earlier") if gate.needs > Needs.run else None
        judged = _staged(self._input, self._matcher, folder)
        counts = _counts(judged)
        ledger = self._write_rows(judged, counts, folder, options)
        self._input.check()
        empty, places = _empty(judged, self._input, self._matcher), by_country(counts.places)
        manifest["warnings"] += self._matcher.gates.warnings(table.columns, empty, places)
        manifest["not_checked"] = log_not_checked(self._matcher.gates, table)
        manifest["warnings"] += self._write_tables(files, counts, options)
        manifest |= self._outcome(ledger, counts, options).to_dict()
        names = [file.name for file in files.iterdir()]
        manifest |= self._facts(folder, names, options)
        held = _decide(gate, files, manifest, before).held
        contents.write_manifest(files / "run.json", manifest)
        if options.summary:
            shown = run_summary.Shown(self._matcher.policy, self._matcher.centers)
            run_summary.write(files / run_summary.NAME, manifest, counts.places, shown)
        folder.put(files)
        published = folder.publish(held=bool(held))
        if held:
            options.warn(hold.notice(held, folder.path, published))
        return manifest, {}

    def _origin(self) -> dict[str, Any]:
        """Return what ``run.json`` says of the inputs."""
        question, source = self._question, self._input
        inputs = source.table, question.centers, self._matcher, question.products
        manifest = Origin.of_tables(*inputs).to_dict()
        manifest["inputs"]["sites"] = {"path": self._sites, "sha256": None}
        manifest["spark"] = {"files": source.files, "bytes": source.bytes}
        manifest["inputs"]["centers"]["path"] = question.centers_path
        if question.products is not None:
            manifest["inputs"]["products"]["path"] = str(question.options.products)
        return manifest

    def _write_rows(
        self, judged: "DataFrame", counts: "Counts", folder: Folder, options: Options
    ) -> Ledger:
        """Write report and rejects, and return the ledger.

        Raises
        ------
        CoverageError
            If rows do not add up.
        """
        rejects = judged.where(judged["status"] == REJECTED)
        unit, columns = self._matcher.policy.unit, rejects.select(*REJECTS.names)
        ledger = Ledger(
            read=counts.read,
            decided=_write_report(judged, self._input, folder, options, unit),
            rejected=_write_csv(columns, REJECTS, folder, "rejects.csv", options.style),
            blank=counts.blank,
            first=_first(rejects),
        )
        _check(ledger, counts)
        return ledger

    def _write_tables(self, files: Path, counts: "Counts", options: Options) -> list[str]:
        """Write all files but those of the rows, and return warnings about areas."""
        matcher, style = self._matcher, options.style
        names = matcher.world.names
        contents.write_summary(files / "summary.csv", counts.places, names, style)
        drawn, undrawn = coverage_areas(matcher) if options.areas else (None, [])
        write_network(matcher, drawn, files.joinpath, style)
        kept.write(files.joinpath, matcher.policy, matcher.gates.products, style)
        return undrawn

    def _outcome(self, ledger: Ledger, counts: "Counts", options: Options) -> Outcome:
        """Return what ``run.json`` says of the rows."""
        return Outcome(
            counts=totals(counts.places, counts.reasons),
            rejects=counts.rejects,
            ledger=ledger.figures(),
            first_rejects=ledger.first,
            on_duplicate=options.on_duplicate,
            duplicates=None,
            style=options.style,
            limit=self._question.gate.limit,
        )

    def _facts(self, folder: Folder, names: list[str], options: Options) -> dict[str, Any]:
        """Return what ``run.json`` says besides.

        Parameters
        ----------
        folder
            With the rows.
        names
            The other files that are written so far.
        options
            Of the run.
        """
        summary = [run_summary.NAME] if options.summary else []
        return {
            "settings": options.settings,
            "options": options.to_dict(),
            "engine": "spark",
            "table": None,
            "files": [*folder.names, *sorted([*names, *summary]), "run.json"],
            "renamed_columns": _renamed(self._input.table.headers, self._matcher.policy.unit),
        }


def _refuse_what_needs_files(question: Question) -> None:
    """Raise if an option is not supported where only Java sees the files.

    Raises
    ------
    InputError
        With what to do.
    """
    joined = [rule.text for rule in question.gate.rules if rule.needs == Needs.rows]
    unsupported = {f"Rule {rule!r}, which compares rows,": True for rule in joined[:1]} | {
        "--on-duplicate": question.options.on_duplicate != "keep"
    }
    for option, is_used in unsupported.items():
        if is_used:
            msg = (
                f"{option} is not supported on a file system that only Spark sees. Omit it, or "
                f"give paths of a disk or mount that driver and workers see."
            )
            raise InputError(msg)


def _decide(
    gate: Gate, files: Path, manifest: dict[str, Any], before: RunRecord | None
) -> Decision:
    """Return whether the run replaces the report, and note that in its manifest."""
    record = record_of(files, manifest) if gate.rules else RunRecord(manifest, {})
    decision = gate.decide(record, before)
    note(manifest, gate, decision)
    return decision


def _staged(source: readers.Input, matcher: Matcher, folder: Folder) -> "DataFrame":
    """Assess all rows, stage them, and return the staged rows."""
    judged = source.judged(MatcherSpec.of(matcher))
    spark = judged.sparkSession
    spark.conf.set(AT_ONCE, source.rows_at_once)
    judged.write.parquet(folder.stage)
    spark.conf.set(AT_ONCE, ROWS_AT_ONCE)
    return spark.read.parquet(folder.stage)


def _renamed(headers: list[str], unit: str) -> dict[str, str]:
    pairs = zip(headers, output_names(headers, unit), strict=True)
    return {old: new for old, new in pairs if old != new}


class Counts:
    """Totals over all rows, computed by Spark.

    Attributes
    ----------
    read, blank
        Number of records read, and of empty ones among them.
    places
        The number of decided rows by country, level and status.
    reasons, rejects
        Number of decided and of rejected rows by reason.
    """

    def __init__(self) -> None:
        self.read = self.blank = 0
        self.places: Counter[tuple[str, str, str]] = Counter()
        self.reasons: Counter[str] = Counter()
        self.rejects: Counter[str] = Counter()


def _counts(judged: "DataFrame") -> Counts:
    """Return the totals of all rows."""
    from pyspark.sql import functions as f

    counts, keys = Counts(), ("site_country", "level", "status", "reason")
    sums = [
        f.count(f.lit(1)).alias("n"),
        f.sum("read").alias("read"),
        f.sum("blank").alias("blank"),
    ]
    for row in judged.groupBy(*keys).agg(*sums).collect():
        country, level, status, reason, n, read, blank = row
        if status is None:
            counts.read, counts.blank = read, blank
        elif status == REJECTED:
            counts.rejects[reason] += n
        else:
            counts.places[country or "", level, status] += n
            counts.reasons[reason] += n
    return counts


def _empty(judged: "DataFrame", source: readers.Input, matcher: Matcher) -> dict[str, int]:
    """Return the number of empty cells of decided rows in each rule column."""
    from pyspark.sql import functions as f

    at = {
        n: source.schema(matcher.policy.unit).names[i]
        for n, i in source.table.columns.items()
        if n in matcher.gates.columns
    }
    if not at:
        return {}
    decided = judged.where((judged["status"] != REJECTED) & judged["status"].isNotNull())
    texts = {n: f.coalesce(f.col(c).cast("string"), f.lit("")) for n, c in at.items()}
    empty = {n: f.trim(text) == "" for n, text in texts.items()}
    if "moved_on" in empty:  # most sites never moved: see `EligibilityChecker.empty`
        still = empty.pop("moved_on")
        if "former_latitude" in empty:
            empty["former_latitude"] = empty["former_latitude"] & ~still
    else:
        empty.pop("former_latitude", None)
    blank = {n: cells.cast("long") for n, cells in empty.items()}
    if not blank:
        return {}
    sums = decided.agg(*(f.sum(cells).alias(n) for n, cells in blank.items())).collect()[0]
    return {n: int(sums[n] or 0) for n in blank}


def _check(ledger: Ledger, counts: Counts) -> None:
    """Raise if rows were lost between reading and writing.

    Raises
    ------
    CoverageError
        If so, which would be a bug in this program.
    """
    ledger.check()
    summed = (counts.places.total(), counts.rejects.total())
    if summed != (ledger.decided, ledger.rejected):
        msg = (
            f"{ledger}, but the summary has {summed}. No report was written. Report this as a bug."
        )
        raise CoverageError(msg)


def _first(rejects: "DataFrame") -> list[str]:
    some = rejects.orderBy("file", "line").limit(FIRST_REJECTS).collect()
    return [f"{r['file']}, line {r['line']}: {r['detail']}" for r in some]


def _write_report(
    judged: "DataFrame", source: readers.Input, folder: Folder, options: Options, unit: str
) -> int:
    """Write the decided rows and return how many were written."""
    headers, schema = source.table.headers, source.schema(unit)
    names = [*output_names(headers, unit), *verdict_names(unit)]
    inner = schema.names[: len(names)]
    decided = judged.where((judged["status"] != REJECTED) & judged["status"].isNotNull())
    decided = decided.select(*inner)
    if options.format == "csv":
        kinds = [schema.field(name).type for name in inner]
        shown = pa.schema(list(zip(names, kinds, strict=True)))
        return _write_csv(decided, shown, folder, "report.csv", options.style)
    watched, rows = _watched(decided)
    watched.toDF(*names).write.parquet(folder.place("report.parquet"))
    return rows()


def _watched(df: "DataFrame") -> tuple["DataFrame", Callable[[], int]]:
    """Return a DataFrame, and a function that returns its number of rows after it is written."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    observation = Observation()
    return df.observe(observation, f.count(f.lit(1)).alias("rows")), lambda: int(
        observation.get["rows"]
    )


def _write_csv(df: "DataFrame", schema: pa.Schema, folder: Folder, name: str, style: Style) -> int:
    """Write rows like the local engine, with a header in each part; return their number."""

    def texts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sink = io.BytesIO()
        writer = CsvWriter(sink, schema, style)
        for batch in batches:
            writer.write(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            yield _take_lines(sink)
        if sink.tell():  # no rows: the header is a separate part
            yield _take_lines(sink)

    watched, rows = _watched(df)
    with session.no_word_on_pandas():
        watched.mapInArrow(texts, "value string").write.text(folder.place(name))
    folder.call_csv(name)
    return rows()


def _take_lines(sink: io.BytesIO) -> pa.RecordBatch:
    """Return the lines in a buffer as one text, without the final line end, and clear it."""
    line = sink.getvalue().decode().removesuffix("\n")
    sink.seek(0)
    sink.truncate()
    return pa.RecordBatch.from_arrays([arrays.text_array([line])], names=["value"])
