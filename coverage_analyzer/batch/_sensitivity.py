"""Who flips if the rule were a little different, from a run folder: in one pass over its report."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer.batch.run_again import (
    ResultFolder,
    RunAgain,
    open_run,
    published,
    write_table,
)
from coverage_analyzer.comparison.sensitivity import (
    FLIPS,
    NEAR,
    NEAR_MILES,
    Question,
    Sensitivity,
    flip_rows,
    near_rows,
    scenarios,
)
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style
from coverage_analyzer.schema.columns import as_text

NAME: Final = "sensitivity.json"

FILES: Final = ("sensitivity.csv", "flips.csv", "near_limit.csv", NAME)
"""What is written."""

FOLDER: Final = ResultFolder("sensitivity", FILES)


@dataclass(frozen=True, kw_only=True)
class SensitivityOptions:
    """Options of `sensitivity`.

    Attributes
    ----------
    near_miles
        Sites within this distance of the limit are listed.
    weight
        Header of a column of numbers that says how much a site counts; empty if each counts 1.
    style
        Style of the text files.
    progress
        Called with the number of rows read so far, and their share.
    """

    near_miles: float = NEAR_MILES
    weight: str = ""
    style: Style = SAFE
    progress: Callable[[int, float], None] | None = None


def sensitivity(
    run: str | Path,
    output: str | Path | None = None,
    question: Question | None = None,
    options: SensitivityOptions | None = None,
) -> dict[str, Any]:
    """Compute which sites of a run flip if the rule is varied.

    Parameters
    ----------
    run
        The run folder.
    output
        The folder for `FILES`, which are replaced atomically; if it is left out, nothing is
        written.
    question
        What is varied.
    options
        Distance from the limit, weight and style.

    Returns
    -------
    result
        What ``sensitivity.json`` holds: ``run``, ``policy``, ``as_of``, the number of ``sites``,
        ``table`` (a row for each scenario and country, and one for all), ``near_miles``, ``near``
        (the number of sites that near to the limit), ``notes`` and ``files``.

    Raises
    ------
    CoverageError
        One of these.
    InputError
        If the folder is not a run folder, its run was held back, a file of it is damaged or changes
        meanwhile, or a number of the question or the weights cannot be used.
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
    ...     found = sensitivity(folder, question=Question(change_miles=(0, 5), accuracy_m=()))
    >>> rows = [row for row in found["table"] if not row["country"]]
    >>> [(row["scenario"], row["qualified"], row["gained"], row["lost"]) for row in rows[1:3]]
    [('limits +0 miles', 1544, 0, 0), ('limits +5 miles', 1691, 147, 0)]
    """
    question, options = question or Question(), options or SensitivityOptions()
    if not 0 <= options.near_miles < float("inf"):
        msg = f"{options.near_miles:g} is not a distance from the limit in miles."
        raise InputError(msg)
    question.check()
    if output is not None:
        FOLDER.check(output, {"run": run})
    opened = open_run(run)
    return published(
        FOLDER, output, lambda publication: _write(opened, question, options, publication)
    )


def _write(
    opened: RunAgain,
    question: Question,
    options: SensitivityOptions,
    publication: Publication | None,
) -> dict[str, Any]:
    """Read all rows, write the files if there is a place for them, and return the result."""
    varied, notes = scenarios(opened.spec, question)
    job, n_near, sites = Sensitivity(varied), 0, opened.report.table
    with ExitStack() as stack:
        lists = _lists(publication, options.style, stack)
        for rows in opened.rows():
            inputs = job.matcher.inputs(sites.site_rows(rows))
            base, flips = job.add(*inputs, opened.weights(rows, options.weight))
            ids, names = sites.labels(rows.block)
            labels = as_text(ids), as_text(names)
            near = near_rows(labels, base, job.matcher, options.near_miles)
            n_near += len(near)
            if lists is not None:
                lists[1].write(near)
                for batch in flip_rows(flips, labels, base, job.matcher):
                    lists[0].write(batch)
            if options.progress:
                options.progress(job.n_sites, sites.source.share())
    table = job.table()
    results = {
        "sites": job.n_sites,
        "table": table.to_pylist(),
        "near_miles": options.near_miles,
        "near": n_near,
    }
    record = opened.record(options.weight, results, notes)
    if publication is not None:
        write_table(publication.path("sensitivity.csv"), table, options.style)
        FOLDER.write_manifest(publication, record)
    return record


def _lists(
    publication: Publication | None, style: Style, stack: ExitStack
) -> tuple[CsvWriter, CsvWriter] | None:
    """Open the lists of sites that flip, and of those near the limit, if they are written."""
    if publication is None:
        return None

    def opened(name: str, schema: pa.Schema) -> CsvWriter:
        writer = CsvWriter(publication.path(name), schema, style)
        stack.callback(writer.close)
        return writer

    return opened("flips.csv", FLIPS), opened("near_limit.csv", NEAR)
