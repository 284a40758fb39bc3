"""The report of a job on files: opened with its first rows, whatever its format."""

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.files.row_types import RowTyper
from coverage_analyzer.files.run_folder import workbook
from coverage_analyzer.files.run_folder.file_metadata import file_metadata
from coverage_analyzer.files.table import ParsedRows
from coverage_analyzer.files.typed_rows import own_text
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.converted import ConvertedCsvWriter
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.schema.verdict import names_in

if TYPE_CHECKING:
    from coverage_analyzer.files.writers.base import Writer


class ReportOutput:
    """Rows of the report on their way into a file.

    Parameters
    ----------
    path, kind
        The file and its format.
    style
        How text files are written.
    typer
        Gives the rows of the table their types.
    stack
        Closes the file when it ends.
    converts
        Whether own numbers in CSV get the decimal mark of the style; else they stay as given.
    """

    def __init__(
        self,
        path: Path,
        kind: formats.Format,
        style: Style,
        typer: RowTyper,
        stack: ExitStack,
        *,
        converts: bool = False,
    ) -> None:
        self._path, self._kind, self._style = path, kind, style
        self._typer, self._stack = typer, stack
        self._converts = converts and kind.startswith("csv")
        self.writer: Writer | None = None

    def write(self, batch: pa.RecordBatch, rows: ParsedRows) -> None:
        """Append rows.

        Parameters
        ----------
        batch
            Rows of the report; text of their verdicts may be in dictionary arrays.
        rows
            The same rows as they were parsed.

        Raises
        ------
        InputError
            If the format has no room for them.
        OSError
            If the disk refuses.
        """
        if formats.PROPERTIES[self._kind].has_types or self._converts:
            batch = self._typer.typed(batch, rows)
        if self._converts or not formats.PROPERTIES[self._kind].takes_codes:
            batch = _decoded(batch)
        batch = formats.with_points(self._kind, batch, rows.coordinates.lon, rows.coordinates.lat)
        if self.writer is None:
            self.writer = self._stack.enter_context(self._open_writer(batch))
        self.writer.write(batch)

    def typed(self, batch: pa.RecordBatch, rows: ParsedRows) -> pa.RecordBatch:
        """Return rows of the report with their types (`RowTyper`), text as text."""
        return _decoded(self._typer.typed(batch, rows))

    def describe(self, manifest: Mapping[str, Any]) -> None:
        """Note what the file is to say of itself, before it is closed (`file_metadata`)."""
        if self.writer is not None:
            self.writer.describe(file_metadata(manifest))

    def _open_writer(self, batch: pa.RecordBatch) -> "Writer":
        """Return the writer for rows like some."""
        schema, own = _decoded(batch.slice(0, 0)).schema, own_text(batch, self._typer.table)
        given_columns = {schema.names[at] for at in self._typer.stated}
        own = dataclasses.replace(own, names=[n for n in own.names if n not in given_columns])
        if self._converts:
            packing = formats.packing(self._kind)
            return ConvertedCsvWriter(self._path, schema, self._style, own, packing=packing)
        return workbook.report_writer(self._path, self._kind, schema, self._style, own)


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows of a report with the text of their verdicts as text."""
    ours = set(names_in(batch.schema.names))
    columns = [
        arrays.decoded(cells) if name in ours else cells
        for name, cells in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
