"""What is lost if a center closes, from a run folder: in one pass over its report."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.batch.run_again import (
    ResultFolder,
    RunAgain,
    open_run,
    published,
    write_table,
)
from coverage_analyzer.comparison.criticality import Alone, Criticality
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.table import ParsedRows
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.schema.columns import as_text

NAME: Final = "criticality.json"

FILES: Final = ("criticality.csv", "take_over.csv", "alone.csv", "pairs.csv", NAME)
"""What is written; ``pairs.csv`` only on request."""

ALONE: Final = pa.schema(
    [(name, pa.string()) for name in ("site_id", "name", "center_id")] + [("weight", pa.float64())]
)
"""Columns of ``alone.csv``: qualified sites that a single open center reaches."""

FOLDER: Final = ResultFolder("criticality", FILES)


@dataclass(frozen=True, kw_only=True)
class CriticalityOptions:
    """Options of `criticality`.

    Attributes
    ----------
    pairs
        Whether pairs of neighbouring centers are looked at, too.
    weight
        Header of a column of numbers that says how much a site counts; empty if each counts 1.
    style
        Style of the text files.
    progress
        Called with the number of rows read so far, and their share.
    """

    pairs: bool = False
    weight: str = ""
    style: Style = SAFE
    progress: Callable[[int, float], None] | None = None


def criticality(
    run: str | Path,
    output: str | Path | None = None,
    options: CriticalityOptions | None = None,
) -> dict[str, Any]:
    """Compute for each center of a run what is lost if it closes.

    Parameters
    ----------
    run
        The run folder.
    output
        The folder for `FILES`, which are replaced atomically; if it is left out, nothing is
        written.
    options
        Pairs, weight and style.

    Returns
    -------
    result
        What ``criticality.json`` holds: ``run``, ``policy``, ``as_of``, the number of ``sites`` and
        of those ``served``, ``alone``, ``centers`` and ``pairs`` (rows of the tables, those that
        lose the most first), ``notes`` and ``files``.

    Raises
    ------
    CoverageError
        One of these.
    InputError
        If the folder is not a run folder, its run was held back, a file of it is damaged or changes
        meanwhile, or the weights cannot be used.
    MissingExtraError
        If the report is a workbook and the extra ``excel`` is not installed.
    PublishError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from coverage_analyzer import batch
    >>> files, few = ("data/customer_sites.csv", "data/service_centers.csv"), {"map": False}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = batch.run(*files, folder, as_of="2026-12-01", options=batch.Options(**few))
    ...     found = criticality(folder)
    >>> found["served"], found["alone"]
    (1602, 1356)
    >>> [(c["center_id"], c["sites"], c["lost"]) for c in found["centers"][:2]]
    [('US-ANC-1', 52, 52), ('US-CHI-1', 45, 45)]
    """
    options = options or CriticalityOptions()
    if output is not None:
        FOLDER.check(output, {"run": run})
    opened = open_run(run)
    return published(FOLDER, output, lambda publication: _write(opened, options, publication))


def _write(
    opened: RunAgain, options: CriticalityOptions, publication: Publication | None
) -> dict[str, Any]:
    """Read all rows, write the files if there is a place for them, and return the result."""
    matcher = opened.spec.build()
    job, n_alone, n_read = Criticality(matcher, pairs=options.pairs), 0, 0
    with ExitStack() as stack:
        writer = None
        if publication is not None:
            writer = CsvWriter(publication.path("alone.csv"), ALONE, options.style)
            stack.callback(writer.close)
        for rows in opened.rows():
            inputs = matcher.inputs(opened.report.table.site_rows(rows))
            weight = opened.weights(rows, options.weight)
            alone = job.add(*inputs, weight)
            n_alone, n_read = n_alone + len(alone.rows), n_read + len(inputs.sites)
            if writer is not None:
                writer.write(_alone(opened, rows, alone, weight, matcher))
            if options.progress:
                options.progress(n_read, opened.report.table.source.share())
    centers, pairs = job.centers(), job.pairs() if options.pairs else None
    results = {
        "sites": job.n_sites,
        "served": job.n_served,
        "alone": n_alone,
        "centers": centers.to_pylist(),
        "pairs": None if pairs is None else pairs.to_pylist(),
    }
    record = opened.record(options.weight, results)
    if publication is not None:
        tables = {"criticality.csv": centers, "take_over.csv": job.take_over()}
        tables |= {} if pairs is None else {"pairs.csv": pairs}
        for name, table in tables.items():
            write_table(publication.path(name), table, options.style)
        FOLDER.write_manifest(publication, record)
    return record


def _alone(
    opened: RunAgain, rows: ParsedRows, alone: Alone, weight: Any, matcher: Matcher
) -> pa.RecordBatch:
    """Return the rows of ``alone.csv`` of a block."""
    ids, names = opened.report.table.labels(rows.block)
    at = arrays.from_numpy(alone.rows)
    center = matcher.texts["center_id"].take(arrays.from_numpy(alone.center))
    weights = pa.array([1.0] * len(alone.rows) if weight is None else weight[alone.rows])
    columns = [as_text(ids).take(at), as_text(names).take(at), center, weights.cast(pa.float64())]
    return pa.RecordBatch.from_arrays(columns, schema=ALONE)
