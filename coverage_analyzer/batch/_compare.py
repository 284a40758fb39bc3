"""Compare two run folders: which sites changed, why, and what that comes to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import pyarrow as pa

from coverage_analyzer import documents
from coverage_analyzer.batch.compare_gates import Gates
from coverage_analyzer.batch.compared_reports import (
    Reading,
    Report,
    check_different,
    headers_of,
    open_report,
    spooled,
)
from coverage_analyzer.comparison import summary, table
from coverage_analyzer.comparison.aligned import Headers, SpooledSide, changes, tally_of
from coverage_analyzer.comparison.rows import VerdictCodes
from coverage_analyzer.comparison.tally import FLOWS, SEGMENTS, Changes, Tally
from coverage_analyzer.errors import CoverageError, InputError, PublishError, require
from coverage_analyzer.files.overwriting import RunFolder, refuse_overwriting
from coverage_analyzer.files.run_folder import contents
from coverage_analyzer.files.run_folder.publishing import MANIFEST, Publication
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style, write_rows
from coverage_analyzer.maps import compare_page

NAME: Final = "compare.json"
"""The manifest of a comparison, which is put in place last."""

FILES: Final = ("changes.csv", "flows.csv", "segments.csv", "compare.html", NAME)
"""What a comparison writes."""


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """Options of a comparison.

    Attributes
    ----------
    key
        Headers of the columns that identify a site; by default its ``site_id``, with product,
        version and component if both reports have them.
    weight
        Header of a column of numbers that says how much a site counts; empty if each counts 1.
    fail_if, warn_if
        Rules (`comparison.rules`); those that fire are in the result.
    style
        Style of the text files.
    keep_rows
        Whether the rows of changes are returned, too.
    progress
        Called with the number of rows read of a report, and their share.
    """

    key: tuple[str, ...] = ()
    weight: str = ""
    fail_if: tuple[str, ...] = ()
    warn_if: tuple[str, ...] = ()
    style: Style = SAFE
    keep_rows: bool = False
    progress: Callable[[int, float], None] | None = None


def compare(
    before: str | Path,
    after: str | Path,
    output: str | Path | None = None,
    options: CompareOptions | None = None,
) -> dict[str, Any]:
    """Compare two run folders, and write which sites changed and why.

    Parameters
    ----------
    before, after
        The run folders of the earlier and the later report, of any format.
    output
        The folder for `FILES`, which are replaced atomically; if it is left out, nothing is
        written.
    options
        Key, weight and style.

    Returns
    -------
    comparison
        What ``compare.json`` holds.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a folder is not a run folder, its run was held back, a file of it is damaged or changes
        meanwhile, or the reports have different keys.
    MissingExtraError
        If the extra ``compare`` is not installed.
    PublishError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from coverage_analyzer import batch
    >>> files = "data/town_sites.csv", "data/service_centers.csv"
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     for day in ("2026-12-01", "2027-12-01"):
    ...         _ = batch.run(*files, f"{parent}/{day}", as_of=day)
    ...     found = batch.compare(f"{parent}/2026-12-01", f"{parent}/2027-12-01")
    >>> found["ledger"]
    {'a': 6, 'b': 6, 'same': 6, 'changed': 0, 'left': 0, 'entered': 0}
    """
    return compared(before, after, output, options).manifest


class Result(NamedTuple):
    """What ``compare.json``, ``flows.csv``, ``segments.csv`` and ``changes.csv`` hold.

    The rows of changes are kept only if the options say so.
    """

    manifest: dict[str, Any]
    flows: list[Any]
    segments: list[Any]
    rows: list[pa.RecordBatch]


def compared(
    before: str | Path,
    after: str | Path,
    output: str | Path | None = None,
    options: CompareOptions | None = None,
) -> Result:
    """Return the comparison of two run folders as `compare` writes it; see there.

    Parameters
    ----------
    before, after, output, options
        As for `compare`.

    Raises
    ------
    CoverageError
        As for `compare`.
    InputError
        Likewise.
    MissingExtraError
        Likewise.
    PublishError
        Likewise.
    """
    require("compare", "duckdb")
    options = options or CompareOptions()
    gates = Gates.of(options.fail_if, options.warn_if)
    _check_folder(output, before, after)
    reports = open_report(before), open_report(after)
    reading = Reading(headers_of(*reports, options.key), options.weight, options.progress)
    job = _Job(reports, reading, options, gates.about(*reports))
    if output is None:
        with TemporaryDirectory() as folder:
            return job.compared(Path(folder), None)
    place = Path(output)
    with Publication(place, _new_names(place)) as publication:
        try:
            result = job.compared(publication.scratch, publication)
            publication.publish(_earlier(place))
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The comparison could not be written to {place}: {error}."
            raise PublishError(msg) from error
    return result


def _check_folder(output: str | Path | None, *inputs: str | Path) -> None:
    """Raise if the output would replace an input, or what is not a comparison.

    Raises
    ------
    InputError
        With what to choose instead.
    """
    if output is None:
        return
    if (Path(output) / MANIFEST).exists():
        msg = f"{output} is a run folder. Choose a different folder for the comparison."
        raise InputError(msg)
    refuse_overwriting({"comparison": RunFolder(output, FILES)}, inputs)


def _earlier(folder: Path) -> list[str]:
    """Return the files that an earlier comparison put into a folder."""
    try:
        names = documents.read_json(folder / NAME)["files"]
        return [name for name in names if name in FILES]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _new_names(folder: Path) -> list[str]:
    earlier = _earlier(folder)
    return [name for name in FILES if name not in earlier]


@dataclass(frozen=True)
class _Job:
    """A comparison of two reports."""

    reports: tuple[Report, Report]
    reading: Reading
    options: CompareOptions
    gates: Gates

    def compared(self, scratch: Path, publication: Publication | None) -> Result:
        """Compare the reports, write the files if there is a place for them, return the result."""
        codes = VerdictCodes()
        before = spooled(self.reports[0], self.reading, codes, scratch / "a.arrow")
        after = spooled(self.reports[1], self.reading, codes, scratch / "b.arrow", beside=before)
        notes = check_different(*self.reports)
        output = Output(publication, self.reading.headers, self.options)
        tally = tally_of(before.side, after.side)
        with output.opened():
            for block in changes(before, after, self.reading.headers, tally, scratch):
                output.add(block)
        for report in self.reports:
            report.watched.check()
        return output.finished((before, after), tally, notes, self.gates)


@dataclass
class Output:
    """The files of a comparison, written from changes batch by batch.

    Attributes
    ----------
    publication
        Where they are written; None if they are not.
    headers
        The columns by which rows are matched.
    options
        Weight and style.
    shown
        What the page shows.
    rows
        The rows of ``changes.csv``, if they are kept.
    """

    publication: Publication | None
    headers: Headers
    options: CompareOptions
    shown: compare_page.Shown = field(default_factory=compare_page.Shown)
    rows: list[pa.RecordBatch] = field(default_factory=list)
    _writer: CsvWriter | None = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Open ``changes.csv`` for the changes."""
        if self.publication is None:
            yield
            return
        keys = (*self.headers.key, *self.headers.part)
        schema = table.schema(keys, weighted=bool(self.options.weight))
        path = self.publication.path("changes.csv")
        self._writer = CsvWriter(path, schema, self.options.style)
        try:
            yield
        finally:
            self._writer.close()

    def add(self, changes: Changes) -> None:
        """Write changes."""
        if not len(changes.rows):
            return
        rows = table.rows(changes, weighted=bool(self.options.weight))
        if self._writer is not None:
            self._writer.write(rows)
        if self.options.keep_rows:
            self.rows.append(rows)
        self.shown.add(changes, rows)

    def finished(
        self,
        sides: tuple[SpooledSide, SpooledSide],
        tally: Tally,
        notes: list[str],
        gates: Gates,
    ) -> Result:
        """Write the other files, the manifest last, and return it.

        Parameters
        ----------
        sides
            The sides, of which facts and counts matter.
        tally
            The counts of all changes.
        notes
            What a reader should know.
        gates
            The rules.

        Raises
        ------
        CoverageError
            If rows do not add up.
        """
        before, after = sides
        counts = before.spool.counts, after.spool.counts
        manifest = summary.comparison(
            summary.Compared(before.side, counts[0]),
            summary.Compared(after.side, counts[1]),
            tally,
            key=(*self.headers.key, *self.headers.part),
            weight=self.options.weight,
        )
        manifest["notes"] = [*notes, *manifest["notes"]]
        manifest["rules"] = gates.fired(tally.figures(*counts))
        flows, segments = tally.flow_rows(counts[0]), tally.segment_rows(counts[0])
        if self.publication is None:
            return Result(manifest, flows, segments, self.rows)
        path, style = self.publication.path, self.options.style
        write_rows(path("flows.csv"), FLOWS, flows, style)
        write_rows(path("segments.csv"), SEGMENTS, segments, style)
        html = compare_page.page(manifest, self.shown, flows, segments)
        path("compare.html").write_text(html, encoding="utf-8")
        manifest["files"] = list(FILES)
        contents.write_manifest(path(NAME), manifest)
        return Result(manifest, flows, segments, self.rows)
