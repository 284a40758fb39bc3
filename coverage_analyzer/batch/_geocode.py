"""The batch job before a run: read a file of addresses and write it with coordinates.

Rows are read, geocoded and written block by block. Results are cached at once, so a job that is
killed and restarted continues where it stopped; the file is written atomically at the end.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays, geocoding
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.files.outputs import free_names, kind_of
from coverage_analyzer.files.overwriting import refuse_overwriting
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.files.typed_rows import own_text
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import RejectsWriter, Style
from coverage_analyzer.files.writers.rejects import check_rejects, rejects_file
from coverage_analyzer.geocoding import GeocodeOutcome, Geocoder, GeocodeResult, Grade, Service
from coverage_analyzer.schema.columns import (
    ADDRESSES,
    GEOCODED,
    SITES,
    as_text,
    header_key,
)

log = logging.getLogger(__name__)

PLACES: Final = ("address", "street", "city", "postcode")
"""A table of addresses has at least one of these columns."""

AT_ONCE: Final = 5_000
"""Number of rows geocoded together; more would only take memory."""

DEGREES: Final = 7
"""Decimals of coordinates: about a centimetre."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of geocoding.

    Attributes
    ----------
    columns
        The header to use for a column where names are ambiguous.
    accuracy_m
        Accuracy of each grade in metres, where it differs from `geocoding.ACCURACY_M`.
    rejects
        File for the rows that could not be read, if any.
    raw_text
        Whether to leave a matched address unescaped even where a spreadsheet would run it.
    dialect
        The dialect of the addresses, where it cannot be detected.
    progress
        Called with the progress, as in a run.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    accuracy_m: Mapping[str, float] = field(default_factory=dict)
    rejects: str | Path | None = None
    raw_text: bool = False
    dialect: Dialect = PLAIN
    progress: Callable[[int, float], None] | None = None

    @property
    def style(self) -> Style:
        """Text style of the output files."""
        return Style(raw_text=self.raw_text, decimal=self.dialect.decimal or ".")


@dataclass
class Totals:
    """Totals over all rows."""

    ledger: Ledger = field(default_factory=Ledger)
    grades: Counter[Grade] = field(default_factory=Counter)
    reasons: Counter[GeocodeOutcome] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """Number of rows processed."""
        return self.grades.total()

    def add(self, answers: Sequence[GeocodeResult]) -> None:
        """Count results."""
        self.grades.update(a.grade for a in answers)
        self.reasons.update(a.reason for a in answers)


def geocode(
    addresses: str | Path,
    output: str | Path,
    service: Service,
    *,
    options: Options | None = None,
) -> dict[str, Any]:
    """Find the coordinates of each address in a file.

    Parameters
    ----------
    addresses
        A file in any format of `run`, with a column ``address``, or its parts:
        `schema.columns.ADDRESSES`.
    output
        The file to write: ``.csv`` (also ``.csv.gz``, ``.csv.zst``), ``.parquet`` or ``.xlsx``. It
        contains all rows in order, with their columns and those of `schema.columns.GEOCODED`; rows
        without a result have a reason and no coordinates.
    service
        The geocoding service.
    options
        Columns and other options.

    Returns
    -------
    findings
        ``ledger``, ``grades`` and ``reasons`` with their counts, ``questions`` (``asked``,
        ``answered``, ``cached``), ``columns`` as matched, ``renamed_columns``, ``warnings``,
        ``first_rejects``.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If the file, the cache or an option cannot be used.
    MissingExtraError
        If the extra ``geocode``, or that of the file format, is not installed.
    PublishError
        If the file cannot be written.
    ServiceError
        If the server has never answered; nothing is written then.
    """
    options, path = options or Options(), Path(output)
    by_grade = geocoding.accuracies(options.accuracy_m)
    refuse_overwriting(
        {"sites": output, "rejects": options.rejects, "cache": service.cache}, [addresses]
    )
    kind = _kind(path)
    check_rejects(options.rejects)
    table = open_table(addresses, ADDRESSES, options.columns, options.dialect)
    check_columns(table.columns, table.headers)
    totals = Totals()
    with ExitStack() as stack:
        geocoder = stack.enter_context(Geocoder(service))
        part = stack.enter_context(replacing(path))
        rejects = None
        if options.rejects is not None:
            rejects = stack.enter_context(rejects_file(Path(options.rejects), options.style))
        job = Job(table, geocoder, by_grade, options, totals, rejects)
        _write_rows(job, part, kind)
        totals.ledger.check()
        geocoder.check()
    log.info("published %s", path)
    return {
        "addresses": str(table.path),
        "output": str(path),
        "columns": table.matched_columns,
        "renamed_columns": renamed(table.headers),
        "ledger": totals.ledger.figures(),
        "first_rejects": totals.ledger.first,
        "grades": {g.name: totals.grades[g] for g in reversed(Grade) if totals.grades[g]},
        "reasons": {r.value: n for r, n in totals.reasons.most_common()},
        "questions": {n: getattr(geocoder, n) for n in ("asked", "answered", "cached")},
        "warnings": [
            *table.guesses,
            *table.notices,
            *_unanswered_warning(geocoder),
        ],
    }


@dataclass(frozen=True)
class Job:
    """Input and state of `_write_rows`."""

    table: Table
    geocoder: Geocoder
    by_grade: Mapping[Grade, float]
    options: Options
    totals: Totals
    rejects: RejectsWriter | None


def _write_rows(job: Job, part: Path, kind: formats.Format) -> None:
    """Write all rows and count them."""
    table, options = job.table, job.options
    names = renamed(table.headers)
    headers = [names.get(h, h) for h in table.headers]
    writer = None
    with ExitStack() as stack:
        for block in table.blocks():
            for first in range(0, max(len(block.lines), 1), AT_ONCE):
                batch = _with_added_columns(job, block.columns.slice(first, AT_ONCE), headers)
                if writer is None:
                    own = own_text(batch, table)
                    opening = formats.report_writer(part, kind, batch.schema, options.style, own)
                    writer = stack.enter_context(opening)
                writer.write(batch)
                if options.progress:
                    options.progress(job.totals.rows, table.source.share())
            job.totals.ledger.count(block, block.rejects)
            if job.rejects is not None:
                job.rejects.write(block.rejects)
        if options.progress:
            options.progress(job.totals.rows, 1.0)


def _with_added_columns(job: Job, rows: pa.RecordBatch, headers: Sequence[str]) -> pa.RecordBatch:
    """Return rows of the table with the added columns, and count them."""
    at = job.table.columns
    texts = {name: as_text(rows.column(i)).to_pylist() for name, i in at.items()}
    answers = job.geocoder.answers(queries(texts), _ticking(job))
    job.totals.add(answers)
    added = columns(answers, job.by_grade)
    return pa.RecordBatch.from_arrays([*rows.columns, *added.values()], names=[*headers, *added])


def _ticking(job: Job) -> Callable[[], None]:
    """Return a callback that reports progress after each query, since a block may take an hour."""
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if job.options.progress:
            job.options.progress(job.totals.rows + done, float("nan"))

    return tick


def queries(texts: Mapping[str, Sequence[str]]) -> list[geocoding.Query | None]:
    """Return the query of each row, from the cells of its address columns."""
    rows = zip(*texts.values(), strict=True)
    return [geocoding.query(dict(zip(texts, cells, strict=True))) for cells in rows]


def columns(
    answers: Sequence[GeocodeResult], by_grade: Mapping[Grade, float]
) -> dict[str, pa.Array]:
    """Return the columns of `schema.columns.GEOCODED` for results."""
    days = np.array([a.on or "1970-01-01" for a in answers], "datetime64[D]")
    undated = np.array([not a.on for a in answers], np.bool_)
    values = (
        _numbers([a.lat for a in answers], DEGREES),
        _numbers([a.lon for a in answers], DEGREES),
        arrays.text_array([a.grade.name for a in answers]),
        _numbers([geocoding.accuracy_m(a, by_grade) for a in answers], 0),
        arrays.text_array([a.matched for a in answers]),
        arrays.text_array([a.by for a in answers]),
        arrays.from_numpy(days, undated),
        arrays.text_array([a.reason_text for a in answers]),
    )
    return dict(zip(GEOCODED, values, strict=True))


def _numbers(values: Sequence[float | None], decimals: int) -> pa.Array:
    """Return numbers, null where missing."""
    array = np.array([np.nan if v is None else v for v in values], np.float64)
    return arrays.from_numpy(np.round(array, decimals), np.isnan(array))


def renamed(headers: Sequence[str]) -> dict[str, str]:
    """Return new names for input columns that a run would mistake for an added one.

    Examples
    --------
    >>> renamed(["site_id", "Lat", "geocoded_on"])
    {'Lat': 'input_Lat', 'geocoded_on': 'input_geocoded_on'}
    """
    own = [c for c in SITES if c.name in GEOCODED]
    names = {*GEOCODED, *(name for c in own for name in (c.name, *c.synonyms))}
    keys = {header_key(name) for name in names}
    return free_names(headers, {header for header in headers if header_key(header) in keys})


def check_columns(matched: Mapping[str, int] | Mapping[str, str], headers: Sequence[str]) -> None:
    """Raise if a table has no address column.

    Raises
    ------
    InputError
        With the columns of the table.
    """
    if not set(PLACES) & set(matched):
        there = ", ".join(map(repr, headers[:20]))
        msg = (
            f"No address column found ({', '.join(PLACES)}). Columns in the file: {there}. Choose "
            "one with --column address=HEADER (in Python: columns={...})."
        )
        raise InputError(msg)


def _kind(path: Path) -> formats.Format:
    """Return the format of a file by its name.

    Raises
    ------
    InputError
        If the format is not supported.
    """
    endings: dict[str, formats.Format] = {f".{kind}": kind for kind in formats.FORMATS}
    return endings[kind_of(path, list(endings), what="Geocoded sites are")]


def _unanswered_warning(geocoder: Geocoder) -> list[str]:
    """Return a warning about rows for which the server gave no answer."""
    failed = geocoder.unanswered
    if not failed:
        return []
    why = " It stopped answering, so no more were requested." if geocoder.has_stopped else ""
    again = "Run again to request only these."
    lost = quantity(failed, "address", "addresses")
    return [f"No answer from the server for {lost}.{why} {again}"]
