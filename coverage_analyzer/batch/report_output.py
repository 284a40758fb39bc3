"""The report of a job on files: opened with its first rows, whatever its format."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from coverage_analyzer.files.run_folder import workbook
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.typed_rows import own_text_columns, typed_rows
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
    """

    def __init__(
        self, path: Path, kind: formats.Format, style: Style, table: Table, stack: ExitStack
    ) -> None:
        self._path, self._kind, self._style = path, kind, style
        self._table, self._stack = table, stack
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
        if self._kind == "xlsx":
            batch = typed_rows(batch, rows, self._table)
        if self.writer is None:
            made = workbook.report_writer(
                self._path,
                self._kind,
                batch.schema,
                self._style,
                own_text_columns(batch, self._table),
            )
            self.writer = self._stack.enter_context(made)
        self.writer.write(batch)
