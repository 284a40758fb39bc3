"""The batch job on Spark: read files and write a run folder.

Where driver and workers see the files as a path (disks, mounts), the tasks read and write them
themselves (`part_run`). On other file systems, such as ``hdfs:`` and ``s3a:``, only Java does, and
rows pass through it (`through_java`).
"""

import datetime
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.stream import build_matcher, open_products
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files import table
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.run_folder import hold
from coverage_analyzer.files.run_folder.gate import Gate
from coverage_analyzer.files.run_folder.metrics import Metrics, check_metrics
from coverage_analyzer.files.table import Table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.schema.days import day
from coverage_analyzer.spark import readers, session
from coverage_analyzer.spark.part_run import PartRun
from coverage_analyzer.spark.question import Question
from coverage_analyzer.spark.storage import LOCAL, Folder, is_on_disk, local_path
from coverage_analyzer.spark.through_java import JavaRun

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext


def run(
    sites: str | Path,
    centers: str | Path,
    output: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Assess all sites of files on Spark and publish the run folder.

    Parameters
    ----------
    sites
        A file, a folder or a pattern, also as a URI supported by Spark: Parquet, or any format of
        `files.table.open_table` (see `readers`). All files must have the same columns.
    centers
        A file, also as a URI.
    output
        The folder, also as a URI, for ``report.csv`` or ``report.parquet`` and ``rejects.csv``
        (folders of parts; the latter also has the column ``file``), and all other files of
        `coverage_analyzer.run`.
    policy, as_of, options
        As for `coverage_analyzer.run`. If a path is on a file system that only Spark sees, there is
        no map, duplicates are kept and not counted, and no rule of ``hold_if`` compares rows.

    Returns
    -------
    manifest
        The content of ``run.json``. ``held`` lists why the run was held; it is empty if the report
        was replaced. ``options.warn`` is also called.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a file, the day or an option cannot be used, or a file changed while it was being read.
    MissingExtraError
        If pyspark or Java is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the folder cannot be written.
    """
    options = options or Options()
    _refuse_what_spark_does_not(options)
    refuse_overwriting(
        {"report": hold.run_folders(output), "metrics": check_metrics(options.metrics)},
        [sites, centers, options.products, policy_file(policy)],
    )
    if str(sites) == streams.STANDARD_INPUT:
        msg = "Spark does not read standard input. Give a file, or run without Spark."
        raise InputError(msg)
    rules, as_of_day = Policy.load(policy), day(as_of)
    gate = Gate.of(options.max_rejects, options.hold_if, rules)
    rows_in_java = any(map(_is_remote, (str(sites), str(output))))
    with (
        session.opened(rows_in_java=rows_in_java) as context,
        session.in_words(),
        tempfile.TemporaryDirectory() as scratch,
    ):
        centers_table = _opened_centers(context, str(centers), Path(scratch), options)
        path = _fetched_products(context, options, Path(scratch))
        products_table = open_products(path, options.product_dialect)
        matcher = build_matcher(
            centers_table,
            rules,
            as_of=as_of_day,
            trust_declared=options.trust_declared,
            products=None if products_table is None else table.read_products(products_table),
        )
        question = Question(centers_table, products_table, matcher, options, gate, str(centers))
        job = _job(context, str(sites), str(output), question)
        metrics = Metrics(check_metrics(options.metrics), str(output))
        try:
            with Folder(context, str(output)) as folder, metrics.open():
                manifest, changes = job.publish(folder, Path(scratch))
                metrics.write(manifest, changes)
                return manifest
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The report could not be written to {output}: {error}."
            raise PublishError(msg) from error


def _job(context: "SparkContext", sites: str, output: str, question: Question) -> PartRun | JavaRun:
    """Return the run by the file systems of its paths.

    Raises
    ------
    InputError
        If the sites cannot be read, or an option is not supported there.
    """
    if is_on_disk(context, sites) and is_on_disk(context, output):
        local = local_path(sites) if sites.startswith(LOCAL) else Path(sites)
        return PartRun(context, local, question)
    return JavaRun(context, sites, question)


def _is_remote(path: str) -> bool:
    """Return whether a path names a file system other than this machine's disks and mounts."""
    return bool(readers.SCHEME.match(path)) and not path.startswith(LOCAL)


def _refuse_what_spark_does_not(options: Options) -> None:
    """Raise if an option is not supported on Spark.

    Raises
    ------
    InputError
        If so.
    """
    unsupported = {
        "--table": bool(options.table),
        "[types]": bool(options.types),
        "--excel-locale": bool(options.excel_locale),
        f"--format {options.format}": not formats.PROPERTIES[options.format].on_spark,
    }
    for option, is_used in unsupported.items():
        if is_used:
            msg = f"{option} is not supported with Spark. Omit it, or run without Spark."
            raise InputError(msg)


def _opened_centers(context: "SparkContext", centers: str, folder: Path, options: Options) -> Table:
    path = readers.fetched(context, centers, folder)
    columns, dialect = options.center_columns, options.center_dialect
    return table.open_table(path, CENTERS, columns, dialect)


def _fetched_products(context: "SparkContext", options: Options, folder: Path) -> Path | None:
    """Return a local file of products, if one is given."""
    return readers.fetched(context, str(options.products), folder) if options.products else None
