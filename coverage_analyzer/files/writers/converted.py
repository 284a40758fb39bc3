"""CSV files whose own numbers get another decimal mark than the input gave them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import CsvWriter, Style
from coverage_analyzer.files.writers.spool import RowSpool
from coverage_analyzer.schema.cell_types import DECIMAL_MARKS, ColumnType, OwnText


class ConvertedCsvWriter(Writer):
    """Rows as CSV; plain numbers in columns of text have the decimal mark of the style.

    Which columns hold plain numbers is known only when all rows are: until then they wait on the
    disk.

    Parameters
    ----------
    path
        The file. The rows wait in the same folder, whose owner removes it after a failure.
    schema
        Of the rows.
    style
        How text is written.
    own
        The columns of text that may hold numbers.
    packing
        As for `CsvWriter`.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        style: Style,
        own: OwnText,
        *,
        packing: str = "",
    ) -> None:
        self._path, self._schema, self._style, self._packing = path, schema, style, packing
        self._spool = RowSpool(path.parent, schema, own)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        self._spool.write(batch)

    def close(self) -> None:
        """Write the file.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        self._spool.close()
        types = self._spool.column_types()
        with CsvWriter(
            self._path, self._spool.schema, self._style, packing=self._packing
        ) as writer:
            for batch in self._spool.rows_as_written():
                columns = [
                    self._converted(cells, types.get(name))
                    for name, cells in zip(batch.schema.names, batch.columns, strict=True)
                ]
                writer.write(pa.RecordBatch.from_arrays(columns, names=batch.schema.names))
        self._spool.remove()

    def _converted(self, cells: pa.Array, kind: ColumnType | None) -> pa.Array:
        """Return cells with the decimal mark of the style, if they are plain numbers."""
        if kind is None or kind.kind != "number":
            return cells
        bare = pc.replace_substring(cells, DECIMAL_MARKS[kind.notation], "")
        return pc.replace_substring(bare, kind.notation, self._style.output_decimal)
