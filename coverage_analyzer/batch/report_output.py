"""The report of a job on files: opened with its first rows, whatever its format."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from coverage_analyzer.files.run_folder import workbook
from coverage_analyzer.files.run_folder.file_metadata import file_metadata
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.typed_rows import RowTyper, own_text_columns
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import Style

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
    table
        The table whose rows they are.
    stack
        Closes the file when it ends.
    types
        What own columns hold, by header, for formats with types (`RowTyper`).

    Raises
    ------
    InputError
        If a type is stated of a column that is not there, or there is no such type.
    """

    def __init__(
        self,
        path: Path,
        kind: formats.Format,
        style: Style,
        table: Table,
        stack: ExitStack,
        types: Mapping[str, str] | None = None,
    ) -> None:
        self._path, self._kind, self._style = path, kind, style
        self._table, self._stack = table, stack
        self._typer = RowTyper(table, types)
        self.writer: Writer | None = None

    def write(self, batch: pa.RecordBatch, rows: ParsedRows) -> None:
        """Append rows.

        Parameters
        ----------
        batch
            Rows of the report.
        rows
            The same rows as they were parsed.

        Raises
        ------
        InputError
            If the format has no room for them.
        OSError
            If the disk refuses.
        """
        if formats.PROPERTIES[self._kind].has_types:
            batch = self.typed(batch, rows)
        batch = formats.with_points(self._kind, batch, rows.coordinates.lon, rows.coordinates.lat)
        if self.writer is None:
            made = workbook.report_writer(
                self._path,
                self._kind,
                batch.schema,
                self._style,
                self._plain(batch),
            )
            self.writer = self._stack.enter_context(made)
        self.writer.write(batch)

    def typed(self, batch: pa.RecordBatch, rows: ParsedRows) -> pa.RecordBatch:
        """Return rows with their types, as for `write`.

        Raises
        ------
        InputError
            If a cell does not fit the type that is stated of its column.
        """
        return self._typer.typed(batch, rows)

    def describe(self, manifest: Mapping[str, Any]) -> None:
        """Note what the file is to say of itself, before it is closed (`file_metadata`)."""
        if self.writer is not None:
            self.writer.describe(file_metadata(manifest))

    def _plain(self, batch: pa.RecordBatch) -> list[str]:
        """Return the columns of text whose type nobody has stated."""
        stated = {batch.schema.names[at] for at in self._typer.stated}
        return [name for name in own_text_columns(batch, self._table) if name not in stated]
