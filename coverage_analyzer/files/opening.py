"""Choose the reader of a file by its name, and restore text that our own writer escaped.

The reader of a format is imported when there is a file of that format, as each costs time at every
start.
"""

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import formulas
from coverage_analyzer.files.database.address import Address
from coverage_analyzer.files.formulas import unescape_formulas
from coverage_analyzer.files.readers import many, partitions, zipped
from coverage_analyzer.files.readers.base import (
    PREVIEW_ROWS,
    RowBlock,
    TableReader,
    WrappedReader,
)
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect
from coverage_analyzer.files.readers.header_row import HeaderTest
from coverage_analyzer.schema.table_names import NameTest, neutral

WORKBOOKS: Final = (".xlsx", ".xlsm")


def source(
    path: Path | Address, dialect: Dialect, n_known: HeaderTest, fits: NameTest = neutral
) -> TableReader:
    """Return the reader of a file, or of all files of a folder or pattern.

    Parameters
    ----------
    path
        The input.
    dialect
        The dialect of text, where it cannot be detected.
    n_known
        Returns how many columns of the required table some headers name.
    fits
        Returns how well the name of a sheet or layer fits the required table.

    Raises
    ------
    InputError
        If it cannot be read.
    MissingExtraError
        If it is a workbook or a database, and its extra is not installed.
    """
    if isinstance(path, Address):
        from coverage_analyzer.files.database.reader import DatabaseTable

        return DatabaseTable(path)
    if many.is_many(path):
        opened = functools.partial(_file, dialect=dialect, n_known=n_known, fits=fits)
        return many.Many(many.files(path), opened)
    return _file(path, dialect, n_known, fits)


def paths(path: Path) -> list[Path]:
    """Return the files that a path refers to.

    Raises
    ------
    InputError
        If it is a folder or pattern without files of one type.
    """
    return many.files(path) if many.is_many(path) else [path]


def _file(
    path: Path, dialect: Dialect, n_known: HeaderTest, fits: NameTest = neutral
) -> TableReader:
    """Return the reader for the name of a file.

    Raises
    ------
    InputError
        If it cannot read the file.
    MissingExtraError
        If it is a workbook and the extra ``excel`` is not installed.
    """
    reader: TableReader
    suffix = path.suffix.lower()
    _check_parts(path, dialect)
    match suffix:
        case ".geojson" | ".json" | ".geojsonl" | ".geojsons" | ".ndjson" | ".jsonl":
            from coverage_analyzer.files.readers.geojson import geojson

            reader = geojson(path)
        case ".gpkg":
            from coverage_analyzer.files.readers.gdal import geopackage

            reader = geopackage(path, dialect.layer, fits)
        case ".shp":
            from coverage_analyzer.files.readers.gdal import shapefile

            reader = shapefile(path, dialect.encoding)
        case ".zip":
            reader = _zip_reader(path, dialect, n_known)
        case ".parquet" | ".geoparquet" | ".pq":
            reader = _parquet_reader(path)
        case _ if suffix in WORKBOOKS:
            from coverage_analyzer.files.readers.excel import WorkbookFile

            reader = WorkbookFile(
                path, dialect.sheet, dialect.decimal or ".", n_known=n_known, fits=fits
            )
        case _:
            reader = DelimitedFile(path, dialect, n_known)
    if formulas.is_escaped(path, reader.headers):
        reader = UnescapedReader(reader)
    return partitions.with_keys(reader, path)


def _parquet_reader(path: Path) -> TableReader:
    """Return the reader of a Parquet file: of its geometry if it has one.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from coverage_analyzer.files.readers.parquet import ParquetFile

    plain = ParquetFile(path)
    if not plain.spatial:
        return plain
    from coverage_analyzer.files.readers.spatial import geoparquet

    return geoparquet(path)


def _check_parts(path: Path, dialect: Dialect) -> None:
    """Raise if a sheet or a layer is named, and the file has none.

    Raises
    ------
    InputError
        If so.
    """
    suffix = path.suffix.lower()
    if dialect.layer and suffix != ".gpkg":
        msg = f"{path} is not a GeoPackage and has no layer {dialect.layer!r}. Omit the name."
        raise InputError(msg)
    if dialect.sheet and suffix not in WORKBOOKS:
        msg = f"{path} is not a workbook and has no sheet {dialect.sheet!r}. Omit the sheet name."
        raise InputError(msg)


def _zip_reader(path: Path, dialect: Dialect, n_known: HeaderTest) -> TableReader:
    """Return the reader of a zip archive: of its Shapefile, or of its table of text.

    Raises
    ------
    InputError
        If it holds neither, or several.
    """
    members = zipped.tables(path)
    if not members:
        from coverage_analyzer.files.readers.gdal import shapefile

        return shapefile(path, dialect.encoding)

    def fits(member: str) -> bool:
        try:
            return DelimitedFile(path, dialect, n_known, member=member).is_complete
        except InputError:
            return False

    return DelimitedFile(path, dialect, n_known, member=zipped.choose(path, members, fits))


class UnescapedReader(WrappedReader):
    """A reader that unescapes each text escaped by `formulas.escape_formulas`."""

    def __init__(self, source: TableReader) -> None:
        super().__init__(source)
        self.headers = [
            unescape_formulas(arrays.text_array([h]))[0].as_py() for h in source.headers
        ]

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows without consuming them."""
        rows = _unescape(self._source.preview(n_rows))
        return pa.RecordBatch.from_arrays(rows.columns, names=self.headers)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order."""
        for block in self._source.blocks():
            yield dataclasses.replace(block, columns=_unescape(block.columns))


def _unescape(rows: pa.RecordBatch) -> pa.RecordBatch:
    cells = [unescape_formulas(c) for c in rows.columns]
    return pa.RecordBatch.from_arrays(cells, names=rows.schema.names)
