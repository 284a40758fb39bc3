"""The batch job: read, assess and write sites block by block, and publish at the end.

A block passes through four stages: it is read, assessed, written, counted. Each stage runs ahead of
the next one if there is a thread for it; the order of the blocks is the same for any number of
threads, and so is every file.
"""

import dataclasses
import datetime
import itertools
import logging
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from coverage_analyzer.batch import run_summary
from coverage_analyzer.batch.ledger import Ledger, Tally, by_country
from coverage_analyzer.batch.network import (
    coverage_areas,
    what_if_rules,
    what_if_sites,
    write_network,
)
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead, n_threads
from coverage_analyzer.batch.previous_report import Previous
from coverage_analyzer.batch.report_output import ReportOutput
from coverage_analyzer.batch.stream import (
    Judged,
    build_matcher,
    judged,
    log_not_checked,
    open_products,
    with_area_columns,
)
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.database.address import is_address
from coverage_analyzer.files.duplicates import DuplicateFinder, DuplicateSummary
from coverage_analyzer.files.mistakes import check_two_tables, open_sites
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.row_types import RowTyper
from coverage_analyzer.files.run_folder import contents, hold, kept, report_layers, workbook
from coverage_analyzer.files.run_folder.file_metadata import file_metadata
from coverage_analyzer.files.run_folder.gate import Decision, Gate, RunFiles, decide
from coverage_analyzer.files.run_folder.manifest import Origin, Outcome
from coverage_analyzer.files.run_folder.metrics import Metrics, check_metrics
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.table import Table, duplicates, open_table, read_products
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import SAFE, RejectsWriter, Style
from coverage_analyzer.fingerprint import check_same
from coverage_analyzer.maps import page, page_data
from coverage_analyzer.maps.sites import Details, DrawnSites
from coverage_analyzer.maps.summary_totals import SummaryTotals
from coverage_analyzer.maps.what_if import WhatIfRules
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.schema.days import day
from coverage_analyzer.settings.arguments import (
    input_arguments,
    output_argument,
    policy_argument,
)

if TYPE_CHECKING:
    from coverage_analyzer.files.database.writer import TableWriter
    from coverage_analyzer.settings.model import Settings

log = logging.getLogger(__name__)

ASSESSED, READ, WRITTEN = 1, 2, 3
"""A run with more threads than this has another one for the stage, so that it need not wait."""


def run(  # noqa: PLR0913 - files, rule, day and options, or the settings that have them
    sites: str | Path | None = None,
    centers: str | Path | None = None,
    output: str | Path | None = None,
    *,
    policy: Policy | str | Path = DEFAULT,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
    settings: "Settings | None" = None,
) -> dict[str, Any]:
    """Assess all sites of a file and publish the run folder.

    Parameters
    ----------
    sites, centers
        Text files (``-``: standard input), Excel, Parquet, GeoJSON, GeoPackage; see
        `files.table.open_table`.
    output
        The folder for ``report.csv`` (or ``.csv.gz``, ``.parquet`` ...), ``rejects.csv``,
        ``summary.csv``, ``summary.html``, ``centers.csv``, ``areas.geojson``, ``policy.toml``,
        ``products.csv`` (if there are any), ``map.html`` and ``run.json``. An old report there is
        replaced atomically. If too many rows are rejected (``options.max_rejects``), or a rule of
        ``options.hold_if`` fires, it is kept, and the files are written to ``DIR.held``.
    policy
        A policy, the name of a built-in one, or the path of a TOML file.
    as_of
        The day of the assessment, by default today in UTC.
    options
        Format, columns and other options.
    settings
        Settings of a project (`Settings.load`): arguments that are left out, and options that have
        their default, are taken from there.

    Returns
    -------
    manifest
        What ``run.json`` holds: ``ledger`` (``read``, ``decided``, ``rejected``, ``blank``),
        ``policy``, ``as_of``, ``inputs`` (path, SHA-256, what was detected), ``columns``,
        ``files``, ``warnings`` and more. ``held`` lists why the run was held back; it is empty if
        the report was replaced. ``options.warn`` is told, too.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a file, the day or an option cannot be used, or a file changed while it was being read.
    MissingExtraError
        If a workbook is read or written and the extra ``excel`` is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import coverage_analyzer as ca
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     manifest = ca.run(
    ...         "data/town_sites.csv",
    ...         "data/service_centers.csv",
    ...         f"{parent}/2026-12",
    ...         as_of="2026-12-01",
    ...     )
    >>> manifest["ledger"]
    {'read': 6, 'decided': 6, 'rejected': 0, 'blank': 0}
    >>> manifest["held"], manifest["files"]  # doctest: +NORMALIZE_WHITESPACE
    ([], ['report.csv', 'rejects.csv', 'summary.csv', 'summary.html', 'centers.csv',
    'areas.geojson', 'policy.toml', 'map.html', 'run.json'])

    The files, the limit of rejects and more from a settings file:

    >>> settings = ca.Settings.load("data/settings.toml")
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     manifest = ca.run(output=f"{parent}/2026-12", settings=settings)
    >>> manifest["max_rejects"], manifest["settings"]["path"]
    ('5%', 'data/settings.toml')
    """
    options = options or Options()
    read_sites = input_arguments(settings, "sites", sites, options.columns, options.dialect)
    of_centers = options.center_columns, options.center_dialect
    read_centers = input_arguments(settings, "centers", centers, *of_centers)
    options = options.with_settings(settings, read_sites, read_centers)
    sites, centers = read_sites.path, read_centers.path
    output, policy = output_argument(settings, output), policy_argument(settings, policy)
    _check_inputs(sites, centers, options)
    refuse_overwriting(
        {
            "report": hold.run_folders(output),
            "table": options.table,
            "metrics": check_metrics(options.metrics),
        },
        [sites, centers, options.products, policy_file(policy)],
    )
    as_of_day, rules = day(as_of), Policy.load(policy)
    gate = Gate.of(options.max_rejects, options.hold_if, rules, joins=bool(options.metrics))
    columns, dialect = options.center_columns, options.center_dialect
    centers_table = open_table(centers, CENTERS, columns, dialect)
    products_table = open_products(options.products, options.product_dialect)
    matcher = build_matcher(
        centers_table,
        rules,
        as_of=as_of_day,
        trust_declared=options.trust_declared,
        products=None if products_table is None else read_products(products_table),
    )
    for read in (centers_table, products_table):
        if read is not None:
            read.source.sha256()  # at once: these files may change from here on
    table = _opened_sites(sites, options, rules)
    own_columns.check(own_columns.named(options.map_columns), table.headers, str(table.path))
    check_two_tables(table, centers_table)
    formats.check_rows(options.format, table.source.rows)
    table = with_area_columns(matcher.gates, table)
    log.info("%s: columns %s", table.path, table.matched_columns)
    metrics = Metrics(check_metrics(options.metrics), str(output))
    with (
        Publication(output, _names(options, matcher.policy)) as publication,
        _rows_elsewhere(options) as elsewhere,
        metrics.open(),
    ):
        try:
            if options.on_duplicate != "keep":
                first, folder = options.on_duplicate == "first", publication.scratch
                refused = duplicates(table, keep_first=first, folder=folder)
                first_read = table.source.fingerprint
                table = dataclasses.replace(_opened_sites(sites, options, rules), refused=refused)
                check_same(first_read, table.source.fingerprint)
            inputs = Inputs(table, centers_table, products_table)
            scratch = publication.scratch
            previous = Previous.of(gate, publication.folder, table, matcher, scratch)
            outputs = Outputs(publication, gate, previous, elsewhere, metrics)
            return _published(inputs, matcher, outputs, options)
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The report could not be written to {output}: {error}."
            raise PublishError(msg) from error


def _rows_elsewhere(options: Options) -> AbstractContextManager["TableWriter | None"]:
    """Return a writer of the rows into a database, too, if requested."""
    if not options.table:
        return nullcontext()
    from coverage_analyzer.files.database.writer import open_writer

    return open_writer(options.table)


def _names(options: Options, policy: Policy) -> list[str]:
    """Return the files that a run will write."""
    unwanted = {
        "areas.geojson": not options.areas,
        "map.html": not options.map,
        run_summary.NAME: not options.summary,
    } | dict.fromkeys((kept.PRODUCTS, *kept.AREAS), True)
    unwanted |= dict.fromkeys(kept.names(options.products, policy), False)
    fixed = [n for n in contents.FILES if not n.startswith("report.") and not unwanted.get(n)]
    return [f"report.{options.format}", *fixed]


def _opened_sites(sites: str | Path, options: Options, policy: Policy) -> Table:
    return open_sites(sites, options.columns, options.dialect, read=policy.start_columns)


def _check_inputs(sites: str | Path, centers: str | Path, options: Options) -> None:
    """Raise if a source that provides its rows only once would have to be read twice.

    Raises
    ------
    InputError
        If so.
    """
    streamed = str(sites) == streams.STANDARD_INPUT
    if streamed and str(centers) == streams.STANDARD_INPUT:
        msg = "Sites and centers cannot both come from standard input; give a file for one."
        raise InputError(msg)
    if (streamed or is_address(sites)) and options.on_duplicate != "keep":
        msg = (
            "To find duplicates, the sites are read twice, which standard input and databases "
            "do not allow. Give a file."
        )
        raise InputError(msg)


@dataclass(frozen=True)
class Inputs:
    """The open tables that a run reads."""

    sites: Table
    centers: Table
    products: Table | None


@dataclass(frozen=True)
class FolderOutputs:
    """Where files go, the gate before the report in their place, and what it is compared with."""

    publication: RunFiles
    gate: Gate
    previous: Previous


@dataclass(frozen=True)
class Outputs(FolderOutputs):
    """Outputs of a run: a folder, perhaps a database table, the gate before them, metrics."""

    publication: Publication
    elsewhere: "TableWriter | None"
    metrics: Metrics


@dataclass
class Totals:
    """Totals over all rows."""

    ledger: Ledger = field(default_factory=Ledger)
    tally: Tally = field(default_factory=Tally)
    drawn: DrawnSites = field(default_factory=DrawnSites)
    repeats: DuplicateSummary = field(default_factory=DuplicateSummary)
    empty: Counter[str] = field(default_factory=Counter)
    summary: SummaryTotals | None = None
    report: Writer | None = None
    style: Style = SAFE
    what_if: WhatIfRules | None = None


def _published(
    inputs: Inputs, matcher: Matcher, outputs: Outputs, options: Options
) -> dict[str, Any]:
    """Stream the rows, write all files, publish them, and return the manifest."""
    publication, elsewhere = outputs.publication, outputs.elsewhere
    options_record, options = options.to_dict(), options.written_like(inputs.sites)
    totals = _streamed(inputs.sites, matcher, outputs, options)
    facts = {
        "options": options_record,
        "table": None if elsewhere is None else str(elsewhere),
    }
    written = write_files(totals, inputs, matcher, outputs, options, facts)
    manifest, decision = written.manifest, written.decision
    held = decision.held
    workbook.finish(
        totals.report, _workbook_contents(publication, manifest, written.places, matcher)
    )
    layers = report_layers.LayerContents(
        matcher.centers,
        matcher.center_country,
        written.areas if options.areas else None,
        matcher.world.names,
    )
    report_layers.add_layers(publication.written(f"report.{options.format}"), layers, manifest)
    if elsewhere is not None and not held:
        elsewhere.ready()
    folder = hold.publish(publication, held, None if elsewhere is None else elsewhere.commit)
    if held:
        options.warn(hold.notice(held, publication.folder, folder, str(elsewhere or "")))
    outputs.metrics.write(manifest, decision.changes)
    log.info("published %s", folder)
    return manifest


class Written(NamedTuple):
    """What the files beside the report were made of."""

    manifest: dict[str, Any]
    decision: Decision
    places: contents.Counts
    areas: Areas | None


def write_files(
    totals: "Totals",
    inputs: Inputs,
    matcher: Matcher,
    outputs: "FolderOutputs",
    options: Options,
    facts: Mapping[str, Any],
) -> Written:
    """Write all files beside report and rejects, once all rows are counted.

    Parameters
    ----------
    totals
        Of all rows.
    inputs
        The tables, read to their ends.
    matcher
        Of the run.
    outputs
        Where the files go, and what decides whether they replace the report.
    options
        Written like the sites.
    facts
        What ``run.json`` says besides: ``options``, ``table`` and more.

    Raises
    ------
    CoverageError
        If the rows do not add up.
    InputError
        If a file changed while it was being read.
    """
    publication = outputs.publication
    totals.ledger.check()
    # What the blocks of rows have left free in Arrow's memory is needed for areas and map.
    pa.default_memory_pool().release_unused()
    places = totals.tally.counts(matcher)
    style = totals.style
    contents.write_summary(publication.path("summary.csv"), places, matcher.world.names, style)
    summary = publication.path(run_summary.NAME) if options.summary else None
    drawn, undrawn = coverage_areas(matcher) if options.areas or options.map else (None, [])
    write_network(matcher, drawn if options.areas else None, publication.path, style)
    kept.write(publication.path, matcher.policy, matcher.gates.products, style)
    notes, picture = _write_map(publication, totals, matcher, drawn, options)
    undrawn += notes
    manifest = Origin.of_tables(inputs.sites, inputs.centers, matcher, inputs.products).to_dict()
    gated = matcher.gates.warnings(inputs.sites.columns, totals.empty, by_country(places))
    manifest["warnings"] += [*gated, *undrawn, *_repeated(totals.repeats)]
    manifest["not_checked"] = log_not_checked(matcher.gates, inputs.sites)
    outcome = Outcome(
        counts=totals.tally.totals(matcher),
        rejects=totals.ledger.reasons,
        ledger=totals.ledger.figures(),
        first_rejects=totals.ledger.first,
        on_duplicate=options.on_duplicate,
        duplicates=totals.repeats.figures(),
        style=style,
        limit=outputs.gate.limit,
    )
    if options.excel_locale and options.format.startswith("csv"):
        manifest["notation"]["decimal"] = style.output_decimal
    files = [*publication.names, "run.json"]
    manifest |= outcome.to_dict() | {"settings": options.settings, "options": {}, "files": files}
    manifest |= facts
    previous = outputs.previous
    decision = decide(outputs.gate, publication, manifest, previous.record, previous.changes)
    contents.write_manifest(publication.path("run.json"), manifest)
    if summary is not None:
        shown = run_summary.Shown(matcher.policy, matcher.centers, totals.summary, picture)
        run_summary.write(summary, manifest, places, shown)
    return Written(manifest, decision, places, drawn)


def _write_map(
    publication: RunFiles,
    totals: Totals,
    matcher: Matcher,
    drawn: Areas | None,
    options: Options,
) -> tuple[list[str], str]:
    """Write the map, if requested; return warnings about it, and the static map of the summary."""
    network = _drawn_network(matcher, drawn, totals.what_if)
    if not options.map:
        shown = options.summary
        return [], run_summary.drawn_picture(totals.drawn.sample, network) if shown else ""
    names = matcher.world.names
    heading = page_data.Heading(
        matcher.policy.title, promise(matcher.policy), totals.ledger.figures()["rejected"]
    )
    data = page_data.payload(heading, totals.drawn, network, names)
    page.page(data).write(publication.path("map.html"))
    return [f"The map: {note}" for note in [data.meta["note"]] if note], data.picture


def _workbook_contents(
    publication: RunFiles, manifest: dict[str, Any], places: contents.Counts, matcher: Matcher
) -> workbook.RunContents:
    """Return what a workbook holds beside the rows of the report."""
    names = matcher.world.names
    return workbook.RunContents(
        manifest=manifest,
        counts=places,
        names=names,
        rejects=publication.written("rejects.csv"),
        centers=contents.center_rows(matcher.centers, matcher.center_country, names),
    )


def _repeated(repeats: DuplicateSummary) -> list[str]:
    """Return a warning about rows that share an id and are all in the report."""
    return (
        [f"{repeats}. All are in the report. To change this: --on-duplicate."]
        if repeats.ids
        else []
    )


def _streamed(table: Table, matcher: Matcher, outputs: Outputs, options: Options) -> Totals:
    """Assess all rows block by block, write report and rejects, and count the results."""
    shown = own_columns.named(options.map_columns)
    totals, publication = Totals(drawn=DrawnSites(shown)), outputs.publication
    if options.summary:
        totals.summary = SummaryTotals(len(matcher.centers), matcher.policy.unit)
    totals.what_if = what_if_rules(matcher, table)
    path, typer = publication.path(f"report.{options.format}"), RowTyper(table, options.types)
    threads, cancel = n_threads(options.threads), table.source.cancel
    with ExitStack() as stack:
        ids = stack.enter_context(DuplicateFinder(publication.scratch))
        rows = ahead(table.rows(), cancel) if threads > READ else table.rows()
        work = judged(rows, table, matcher, coded=True)
        blocks = stack.enter_context(closing(ahead(work, cancel) if threads > ASSESSED else work))
        first = next(blocks)  # there is one, be it empty
        totals.style = style = text_style(options.style, options.excel_locale, table, first.rows)
        rejects = RejectsWriter(publication.path("rejects.csv"), style)
        stack.callback(rejects.close)
        converts = bool(options.excel_locale)
        report = ReportOutput(path, options.format, style, typer, stack, converts=converts)
        all_blocks = itertools.chain([first], blocks)
        written = _written(all_blocks, report, rejects, outputs.elsewhere)
        first = next(written)  # opens the file, which is closed after the thread has ended
        rest = stack.enter_context(
            closing(ahead(written, cancel) if threads > WRITTEN else written)
        )
        for some in itertools.chain([first], rest):
            outputs.previous.add(some, table)
            count(totals, table, some, matcher, shown if options.map else None)
            if options.on_duplicate == "keep":  # else the table has lost them, and was asked then
                ids.add(table.keys(some.rows.block), some.rows.block.lines)
            if options.progress:
                options.progress(totals.ledger.read, table.source.share())
        if options.progress:
            options.progress(totals.ledger.read, 1.0)
        totals.repeats, totals.report = ids.repeats(), report.writer
        about = _about(table, matcher)
        report.describe(about)
        if outputs.elsewhere is not None:
            outputs.elsewhere.describe(file_metadata(about))
    return totals


def _written(
    blocks: Iterable[Judged],
    report: ReportOutput,
    rejects: RejectsWriter,
    elsewhere: "TableWriter | None",
) -> Generator[Judged, None, None]:
    """Yield blocks whose rows and rejects have been written."""
    for some in blocks:
        report.write(some.report, some.rows)
        if elsewhere is not None:
            elsewhere.write(report.typed(some.report, some.rows))
        rejects.write(some.rows.rejects)
        yield some
        del some


def count(
    totals: Totals, table: Table, some: Judged, matcher: Matcher, shown: Sequence[str] | None
) -> None:
    """Add a block to all counts, and to what the map shows, with these own columns.

    Without a map, the columns are None.
    """
    totals.ledger.add(some.rows)
    totals.tally.add(some.verdicts)
    totals.empty.update(matcher.gates.empty(some.facts))
    where, verdicts, block = some.rows.coordinates, some.verdicts, some.rows.block
    if shown is not None:
        assigned = verdicts.country, verdicts.country_basis
        trial = what_if_sites(matcher, some.inputs, assigned, verdicts.reason)
        details = Details(own_columns.texts(table, block, shown), what_if=trial)
        totals.drawn.add(where.lon, where.lat, *table.labels(block), some.columns, details)
    if totals.summary is not None:
        totals.summary.add(verdicts.status, verdicts.center, verdicts.distance_miles)
        if shown is None:
            totals.drawn.sample.add(where.lon, where.lat, verdicts.status)


def _about(table: Table, matcher: Matcher) -> dict[str, Any]:
    """Return what is known of a run once its rows are read: the part that its files state."""
    sites = {"path": str(table.path), "sha256": table.source.sha256()}
    trusted = matcher.convention.trust_declared
    inputs = {"sites": sites}
    origin = Origin(
        policy=matcher.policy, as_of=matcher.as_of, trust_declared=trusted, inputs=inputs
    )
    return origin.to_dict()


def _drawn_network(
    matcher: Matcher, drawn: Areas | None, rules: WhatIfRules | None
) -> page_data.Network:
    """Return the centers with their coverage areas and their rule, if any, for a map."""
    return page_data.Network(
        matcher.centers,
        matcher.center_country,
        drawn,
        np.datetime64(matcher.as_of, "D"),
        same_country=matcher.policy.qualification.same_country,
        what_if=rules,
    )
