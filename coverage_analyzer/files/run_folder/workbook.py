"""``report.xlsx``: the sheets *Summary*, *Report*, *Rejects* and *Centers* of a run.

The file is sent around without its folder, so that it says itself which day, policy and files it is
for, what came out, and what to do about it. The rows of the report wait on the disk until all is
known.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.countries import Names
from coverage_analyzer.errors import require
from coverage_analyzer.files import formulas
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect
from coverage_analyzer.files.run_folder.contents import Counts
from coverage_analyzer.files.run_folder.summary_sheet import SummarySheet
from coverage_analyzer.files.writers import excel, formats
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import REJECTS, Style
from coverage_analyzer.files.writers.spool import RowSpool
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.actions import REJECT_ACTIONS
from coverage_analyzer.schema.cell_types import NO_TEXT, OwnText
from coverage_analyzer.schema.verdict import (
    TEXT_BESIDE,
    VERDICT,
    Reason,
    decimals_of,
    unit_of,
    verdict_names,
)

SUMMARY: Final = "Summary"
REPORT: Final = "Report"
REJECTED: Final = "Rejects"
CENTERS: Final = "Centers"
"""The sheets, in this order."""

TEXT_WIDTH: Final = 40
"""Characters of a column of text; what is longer is cut where it is shown."""


@dataclass(frozen=True, kw_only=True)
class RunContents:
    """What a workbook holds in addition to the rows of the report.

    Attributes
    ----------
    manifest
        As ``run.json`` holds it.
    counts
        The number of sites by country, level and status.
    names
        Of countries.
    rejects
        The file of rejected rows, if any.
    centers
        The centers as used, if they are known.
    """

    manifest: Mapping[str, Any]
    counts: Counts
    names: Names
    rejects: Path | None = None
    centers: pa.RecordBatch | None = None


def report_writer(
    path: Path,
    kind: formats.Format,
    schema: pa.Schema,
    style: Style,
    own: OwnText = NO_TEXT,
) -> Writer:
    """Return a writer of the report of a run; a workbook has to be finished with `finish`.

    The parameters are those of `formats.report_writer`.
    """
    if kind == "xlsx":
        return ReportWorkbook(path, schema, style, own)
    return formats.report_writer(path, kind, schema, style, own)


def finish(writer: Writer | None, run: RunContents) -> None:
    """Write the workbook of a report, if it is one.

    Raises
    ------
    InputError
        If a cell of the report cannot be written as it is.
    OSError
        If the disk refuses.
    """
    if isinstance(writer, ReportWorkbook):
        writer.finish(run)


class ReportWorkbook(Writer):
    """A report as a workbook; `finish` writes it.

    Parameters
    ----------
    path
        The file. The rows wait in the same folder, whose owner removes it after a failure.
    schema
        Of the rows of the report.
    style
        How text files of the run are written: by it rejects are read, and text is marked.
    own
        The columns of text that become numbers or days if every cell plainly is one.

    Raises
    ------
    MissingExtraError
        If XlsxWriter is not installed.
    OSError
        If the disk refuses.
    """

    def __init__(self, path: Path, schema: pa.Schema, style: Style, own: OwnText = NO_TEXT) -> None:
        require("excel", "xlsxwriter")
        self._path, self._style = path, style
        # Of a report that is read again, the columns of texts are made again from the codes.
        names = schema.names
        verdict = names.index(VERDICT[0])
        ours = verdict_names(unit_of(names))
        self._kept = [n for i, n in enumerate(names) if i < verdict or n in ours]
        kept = pa.schema([schema.field(name) for name in self._kept])
        self._spool = RowSpool(path.parent, kept, own)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        InputError
            If there are more than a sheet has.
        OSError
            If the disk refuses.
        """
        excel.check_rows(self._spool.rows + len(batch))
        self._spool.write(batch.select(self._kept))

    def close(self) -> None:
        """Finish the rows; the workbook is written by `finish`.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        self._spool.close()

    def finish(self, run: RunContents) -> None:
        """Write the workbook.

        Raises
        ------
        InputError
            If a cell of the report cannot be written as it is.
        OSError
            If the disk refuses.
        """
        manifest = run.manifest
        title, day = str(manifest["policy"]["title"]), str(manifest["as_of"])
        page = excel.Page(title=title, note=day)
        properties = _properties(manifest)
        with excel.Workbook(self._path, self._style.shown, properties) as book:
            SummarySheet(book, book.add_sheet(SUMMARY, page)).write(manifest, run.counts, run.names)
            self._add_report(book, run, page)
            if run.rejects is not None:
                _add_rejects(book, run.rejects, self._style, page)
            if run.centers is not None:
                _add_centers(book, run.centers, page)

    def _add_report(self, book: excel.Workbook, run: RunContents, page: excel.Page) -> None:
        text_columns = _TextColumns.of(self._spool.schema.names, run)
        layout = excel.Layout(
            widths=text_columns.widths(self._spool.widths()),
            decimals=decimals_of(text_columns.headers),
            fills={"status": theme.FILLS},
            page=page,
        )
        book.add_table(
            REPORT, text_columns.headers, map(text_columns.add, self._spool.batches()), layout
        )


@dataclass(frozen=True)
class _TextColumns:
    """Columns of text that stand behind the codes of a report.

    Attributes
    ----------
    headers
        Of all columns.
    texts
        The text of each code, by the position of the column of codes among those of the report.
    """

    headers: list[str]
    texts: Mapping[int, Mapping[str, str]]

    @classmethod
    def of(cls, names: list[str], run: RunContents) -> "_TextColumns":
        """Return those of a report with columns of some names."""
        same_country = bool(run.manifest["policy"]["same_country"])
        texts_by_code = {
            "reason": {r.name: r.text_for(same_country=same_country) for r in Reason},
            "site_country": dict(zip(run.names.codes, run.names.titles, strict=True)),
        }
        headers: list[str] = []
        texts = {}
        for at, name in enumerate(names):
            headers.append(name)
            if name in TEXT_BESIDE:
                texts[at] = texts_by_code[name]
                headers.append(_free(TEXT_BESIDE[name], names))
        return cls(headers, texts)

    def add(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows with the columns of text."""
        columns: list[pa.Array] = []
        for at, cells in enumerate(batch.columns):
            columns.append(cells)
            if at in self.texts:
                texts = self.texts[at]
                column = [texts.get(code or "", "") for code in cells.to_pylist()]
                columns.append(arrays.text_array(column))
        return pa.RecordBatch.from_arrays(columns, names=self.headers)

    def widths(self, widths: Mapping[str, float]) -> dict[str, float]:
        """Return the widths of all columns, from those of the report."""
        return {name: min(widths.get(name, TEXT_WIDTH), TEXT_WIDTH) for name in self.headers}


def _free(name: str, names: Collection[str]) -> str:
    """Return a name that is not among others: an own column keeps its name."""
    number = 2
    free = name
    while free in names:
        free, number = f"{name}_{number}", number + 1
    return free


def _properties(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of the document: day, policy, hashes and files."""
    policy, day = manifest["policy"], manifest["as_of"]
    notes = [f"as_of {day}", f"policy {policy['name']} sha256 {policy['sha256']}"]
    for name, file in manifest.get("inputs", {}).items():
        notes.append(f"{name} {file['path']} sha256 {file['sha256'] or 'none (database)'}")
    texts = {
        "title": f"{policy['title']}, as of {day}",
        "subject": str(policy["title"]),
        "comments": "; ".join(notes),
    }
    return {name: excel.faithful(text) for name, text in texts.items()}


def _add_rejects(book: excel.Workbook, path: Path, style: Style, page: excel.Page) -> None:
    """Write the rejected rows, as many as a sheet has room for; all are in the file."""
    headers = [REJECTS[0], REJECTS[1], "what_to_do", *REJECTS[2:]]
    widths = {"line": 8, "reason": 26, "what_to_do": 44, "detail": 50, "raw": 60}
    layout = excel.Layout(widths=widths, page=page, lenient=True)
    book.add_table(REJECTED, headers, read_rejects(path, style, excel.ROWS - 1), layout)


def read_rejects(path: Path, style: Style, most: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of ``rejects.csv`` with what to do about each, at most a number of them.

    Parameters
    ----------
    path
        The file.
    style
        How it is written.
    most
        The number.
    """
    actions = {reason.value: text for reason, text in REJECT_ACTIONS.items()}
    for block in DelimitedFile(path, Dialect(delimiter=style.delimiter)).blocks():
        cells = block.columns.slice(0, most).columns
        most -= len(cells[0])
        line, reason, detail, raw = cells if style.raw_text else map(_unescape, cells)
        texts = [actions.get(code, "") for code in reason.to_pylist()]
        columns = [line.cast(pa.int64()), reason, arrays.text_array(texts), detail, raw]
        yield pa.RecordBatch.from_arrays(columns, names=[str(n) for n in range(5)])
        if not most:
            return


def _unescape(cells: pa.Array) -> pa.Array:
    return formulas.unescape_formulas(cells)


def _add_centers(book: excel.Workbook, centers: pa.RecordBatch, page: excel.Page) -> None:
    """Write the centers as they were used."""
    widths = {}
    for name, cells in zip(centers.schema.names, centers.columns, strict=True):
        longest = pc.max(pc.utf8_length(cells.cast(pa.string()))).as_py() or 0
        widths[name] = min(longest, 12) if pa.types.is_floating(cells.type) else longest
    layout = excel.Layout(widths=widths, page=page, lenient=True)
    book.add_table(CENTERS, centers.schema.names, [centers], layout)
