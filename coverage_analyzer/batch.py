"""The batch job: files in, a run's folder out, memory constant in the number of rows.

Blocks of rows stream from the reader through the matcher to the writers; a ledger counts every row.
"""

import contextlib
import datetime
import logging
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

from coverage_analyzer import areas, arrays, countries, tables
from coverage_analyzer.centers import days
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files import reading, report
from coverage_analyzer.files.database import target
from coverage_analyzer.files.database.target import TableWriter
from coverage_analyzer.files.delimited import PLAIN, Dialect
from coverage_analyzer.files.publishing import Publication
from coverage_analyzer.files.reading import Rows, Table
from coverage_analyzer.maps import page, payload
from coverage_analyzer.matching import Matcher, Reason, Sites, Status, Verdicts
from coverage_analyzer.policy import DEFAULT, Policy

log = logging.getLogger(__name__)


FIRST_REJECTS: Final = 3
"""So many a run tells at its end; all are in the file."""


@dataclass(frozen=True)
class Options:
    """What can be chosen about a run.

    Attributes
    ----------
    format
        Of the report: ``csv`` or ``parquet``.
    columns, center_columns
        The header to take for a column of the sites or centers where names do not tell.
    trust_declared
        Whether the declared country stands wherever a point lies.
    areas, map
        Whether to write ``areas.geojson`` and ``map.html``.
    raw_text
        Whether text in CSV files stays as it is even where a spreadsheet would run it.
    table
        The address of a table of a database that is to hold the report, too.
    dialect
        How a text file of sites is written, where that cannot be found.
    progress
        Called with the number of rows read so far.
    """

    format: report.Format = "csv"
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    trust_declared: bool = False
    areas: bool = True
    map: bool = True
    raw_text: bool = False
    table: str = ""
    dialect: Dialect = PLAIN
    progress: Callable[[int], None] | None = None


@dataclass
class Ledger:
    """Where every row went: ``read = decided + rejected + blank``."""

    read: int = 0
    decided: int = 0
    rejected: int = 0
    blank: int = 0
    first: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the line that ends a run."""
        return (
            f"read {self.read} = decided {self.decided} + rejected {self.rejected} "
            f"+ blank {self.blank}"
        )

    def check(self) -> None:
        """Raise if a row is neither decided nor rejected nor blank, or more than one of them.

        Raises
        ------
        CoverageError
            Which would be a fault of this program.
        """
        if self.read != self.decided + self.rejected + self.blank:
            msg = f"The rows do not add up: {self}. Nothing was published; please report this."
            raise CoverageError(msg)

    def add(self, rows: Rows) -> None:
        """Count a block: what its reader saw, and what became of it."""
        self.decided += len(rows.block.lines)
        self.rejected += len(rows.rejects)
        self.blank += rows.block.blank
        self.read += rows.block.records
        spare = FIRST_REJECTS - len(self.first)
        self.first += [f"line {r.line}: {r.detail}" for r in rows.rejects[: max(spare, 0)]]


@dataclass
class Tally:
    """Counts of verdicts, by number."""

    places: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    reasons: Counter[int] = field(default_factory=Counter)

    def add(self, verdicts: Verdicts) -> None:
        """Count verdicts by country, level and status, and by reason."""
        keys = np.stack([verdicts.country, verdicts.level, verdicts.status], axis=1)
        found, counts = np.unique(keys, axis=0, return_counts=True)
        self.places.update(dict(zip(map(tuple, found.tolist()), counts.tolist(), strict=True)))
        reasons, counts = np.unique(verdicts.reason, return_counts=True)
        self.reasons.update(dict(zip(reasons.tolist(), counts.tolist(), strict=True)))

    def counts(self, matcher: Matcher) -> dict[tuple[str, str, str], int]:
        """Return the counts by the names of country, level and status."""
        codes, levels = matcher.world.names.codes, matcher.policy.levels
        return {
            (codes[c], levels[level].title, Status(status).name): n
            for (c, level, status), n in self.places.items()
        }


def run(
    sites: str | Path,
    centers: str | Path,
    output: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Judge all sites of a file and publish the run's folder.

    Parameters
    ----------
    sites, centers
        CSV or Parquet files and the like, or addresses of rows in a database.
    output
        The folder for ``report.csv`` (or ``.parquet``), ``rejects.csv``, ``summary.csv``,
        ``centers.csv``, ``areas.geojson``, ``map.html`` and ``run.json``.
        An old report there is replaced whole, or stays.
    policy
        A policy, the name of a built-in one, or the path of a TOML file.
    as_of
        The day to judge, by default today in UTC.
    options
        Format, columns and the like.

    Returns
    -------
    manifest
        What ``run.json`` holds.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a fault of this program.
    InputError
        If a file or the day cannot be used.
    PolicyError
        If the policy breaks a rule.
    PublishError
        If the folder, or the table of a database, cannot be written.
    MissingExtraError
        If a database is named, and its drivers are not installed.
    """
    options = options or Options()
    judged, world = day(as_of), countries.load()
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    convention = rules.convention(world.names, trust_declared=options.trust_declared)
    given = reading.opened(centers, tables.CENTERS, options.center_columns)
    network = reading.read_centers(given, world, convention)
    trusting = options.trust_declared
    matcher = Matcher(network, rules, world, as_of=judged, trust_declared=trusting)
    table = reading.opened(sites, tables.SITES, options.columns, options.dialect)
    _spare_inputs(Path(output), [t.path for t in (table, given) if isinstance(t.path, Path)])
    with Publication(output) as publication, _rows_elsewhere(options) as elsewhere:
        try:
            return _published((table, given), matcher, publication, elsewhere, options)
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The report could not be written to {output}: {error}."
            raise PublishError(msg) from error


def _rows_elsewhere(options: Options) -> contextlib.AbstractContextManager[TableWriter | None]:
    """Return what writes the rows into a database, too, if that is wanted."""
    return target.opened(options.table) if options.table else contextlib.nullcontext()


def _spare_inputs(folder: Path, inputs: Sequence[Path]) -> None:
    """Raise if a file that is read would be replaced.

    Raises
    ------
    InputError
        If a file that is read has the name and place of one that is written.
    """
    written = {(folder / name).resolve() for name in report.FILES}
    for path in inputs:
        if path.resolve() in written:
            msg = f"{path} would be overwritten by the report; name another folder than {folder}."
            raise InputError(msg)


def day(value: Any) -> datetime.date | None:
    """Return a day given as ISO 8601 text, date, datetime, timestamp or ``datetime64``.

    Raises
    ------
    InputError
        If the text is no day.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]").item()
    if isinstance(value, datetime.datetime):
        value = value.date()
    if value is None or isinstance(value, datetime.date):
        return value
    parsed = days([value])[0] if isinstance(value, str) else np.datetime64("NaT")
    if np.isnat(parsed):
        msg = f"{value!r} is not a day; write it like 2026-12-01."
        raise InputError(msg)
    return cast("datetime.date", parsed.item())


def _published(
    given: tuple[Table, Table],
    matcher: Matcher,
    publication: Publication,
    elsewhere: TableWriter | None,
    options: Options,
) -> dict[str, Any]:
    """Stream the rows, write all files, publish them, and return the manifest."""
    ledger, tally, drawn = _streamed(given[0], matcher, publication, elsewhere, options)
    ledger.check()
    counts = tally.counts(matcher)
    report.write_summary(publication.path("summary.csv"), counts)
    country, names = matcher.center_country, matcher.world.names
    path = publication.path("centers.csv")
    report.write_centers(path, matcher.centers, country, names, raw_text=options.raw_text)
    totals = _totals(counts, tally)
    network, undrawn = _network(matcher, options)
    if options.areas and network.areas is not None:
        features = areas.properties(network.areas, matcher.centers, country, names)
        path = publication.path("areas.geojson")
        report.write_geojson(path, features, network.areas.geometry.tolist())
    if options.map:
        title = matcher.policy.title
        data = payload.payload(title, drawn, totals["status"], network, names)
        publication.path("map.html").write_text(page.page(data), encoding="utf-8")
    manifest = _manifest(*given, matcher)
    manifest["warnings"] += undrawn
    manifest |= {
        "counts": totals,
        "ledger": {n: getattr(ledger, n) for n in ("read", "decided", "rejected", "blank")},
        "first_rejects": ledger.first,
        "spreadsheet_guard": not options.raw_text,
        "files": [*publication.names, "run.json"],
        "table": None if elsewhere is None else str(elsewhere),
    }
    report.write_manifest(publication.path("run.json"), manifest)
    if elsewhere is not None:
        elsewhere.ready()
    earlier = report.earlier_files(publication.folder)
    publication.publish(earlier, None if elsewhere is None else elsewhere.commit)
    return manifest


def _streamed(
    table: Table,
    matcher: Matcher,
    publication: Publication,
    elsewhere: TableWriter | None,
    options: Options,
) -> tuple[Ledger, Tally, payload.DrawnSites]:
    """Judge all rows block by block, write report and rejects, and count what came out."""
    ledger, tally, drawn = Ledger(), Tally(), payload.DrawnSites()
    report_path = publication.path(f"report.{options.format}")
    raw = options.raw_text
    writer, rejects = None, report.RejectsWriter(publication.path("rejects.csv"), raw_text=raw)
    names = report.renamed(table.headers)
    try:
        for rows in table.rows():
            verdicts = matcher.match(_sites(rows, table, matcher))
            columns = matcher.columns(verdicts)
            batch = _report_rows(rows, table, names, columns)
            writer = writer or report.report_writer(
                report_path, options.format, batch.schema, raw_text=raw
            )
            writer.write(batch)
            if elsewhere is not None:
                elsewhere.write(batch)
            rejects.write(rows.rejects)
            ledger.add(rows)
            tally.add(verdicts)
            where = rows.coordinates
            drawn.add(where.lon, where.lat, *_labels(rows, table), columns)
            if options.progress:
                options.progress(ledger.read)
    finally:
        rejects.close()
        if writer is not None:
            writer.close()
    return ledger, tally, drawn


def _labels(rows: Rows, table: Table) -> tuple[pa.Array, pa.Array]:
    """Return what a map calls the sites: id (else the line) and name."""
    site_id, name = (table.column(rows.block, n) for n in ("site_id", "name"))
    lines = arrays.arrow(rows.block.lines).cast(pa.string())
    blank = lines if site_id is None else tables.as_text(site_id)
    return blank, tables.as_text(name) if name is not None else pa.nulls(len(lines), pa.string())


def _network(matcher: Matcher, options: Options) -> tuple[payload.Network, list[str]]:
    """Return the centers with their coverage areas, if wanted, and why there are none."""
    day_ = np.datetime64(matcher.as_of, "D")
    country, covered, warnings = matcher.center_country, None, []
    if matcher.convention.trust_declared:
        warnings.append("Areas are cut at borders, also where declared countries are trusted.")
    if not (options.areas or options.map):
        warnings = []
    else:
        try:
            covered = areas.areas(matcher.centers, country, matcher.policy, matcher.world, day_)
        except InputError as error:  # the verdicts stand without a picture
            warnings.append(f"No coverage areas: {error}")
    return payload.Network(matcher.centers, country, covered, day_), warnings


def _sites(rows: Rows, table: Table, matcher: Matcher) -> Sites:
    """Return the rows of a block as the kernel wants them."""
    cells = table.column(rows.block, "country")
    declared = np.zeros(len(rows.block.lines), np.int16)
    if cells is not None:
        declared = declared_countries(tables.as_text(cells), matcher.world.names)
    where = rows.coordinates
    return Sites(where.lon, where.lat, declared, where.accuracy_m)


def declared_countries(cells: pa.Array, names: countries.Names) -> countries.Numbers:
    """Return the countries that cells of text name; each distinct text is looked up once."""
    coded = cells.dictionary_encode()
    numbers: countries.Numbers = names.numbers(coded.dictionary.to_pylist())
    return numbers.take(arrays.numpy(coded.indices))


def _report_rows(
    rows: Rows, table: Table, names: Mapping[str, str], verdict: Mapping[str, pa.Array]
) -> pa.RecordBatch:
    """Return input columns under their names, then those of the verdict."""
    headers = [names.get(h, h) for h in table.headers]
    return pa.RecordBatch.from_arrays(
        [*rows.block.columns.columns, *verdict.values()], names=[*headers, *verdict]
    )


def _totals(counts: report.Counts, tally: Tally) -> dict[str, dict[str, int]]:
    """Return the number of sites by level, by status and by reason."""
    totals: dict[str, Counter[str]] = {"level": Counter(), "status": Counter()}
    for (_, level, status), n in sorted(counts.items()):
        totals["level"][level] += n
        totals["status"][status] += n
    reasons = {Reason(number).name: n for number, n in sorted(tally.reasons.items())}
    return {**{what: dict(c) for what, c in totals.items()}, "reason": reasons}


def _manifest(sites: Table, centers: Table, matcher: Matcher) -> dict[str, Any]:
    """Return what the run was made of. No clock time: the same input gives the same bytes."""
    warnings = [
        *tables.unnoticed(sites.headers, sites.columns, tables.SITES),
        *tables.unnoticed(centers.headers, centers.columns, tables.CENTERS),
    ]
    libraries = ("numpy", "pyarrow", "pyproj")
    return {
        "coverage_analyzer": metadata.version("coverage-analyzer"),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in libraries},
        "policy": {
            "name": matcher.policy.name,
            "title": matcher.policy.title,
            "sha256": matcher.policy.sha256,
        },
        "as_of": matcher.as_of.isoformat(),
        "trust_declared": matcher.convention.trust_declared,
        "inputs": {
            "sites": {"path": str(sites.path), "sha256": sites.source.sha256()},
            "centers": {"path": str(centers.path), "sha256": centers.source.sha256()},
        },
        "columns": sites.recognised,
        "center_columns": centers.recognised,
        "renamed_columns": report.renamed(sites.headers),
        "warnings": warnings,
        "centers": {"given": len(matcher.centers), "open": matcher.open_centers},
        "countries": countries.ATTRIBUTION,
    }
