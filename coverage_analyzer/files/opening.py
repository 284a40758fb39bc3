"""Choose the reader of a file by its name, and restore text that our own writer escaped."""

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import formulas
from coverage_analyzer.files.database.address import Address
from coverage_analyzer.files.database.reader import DatabaseTable
from coverage_analyzer.files.formulas import unescape_formulas
from coverage_analyzer.files.readers import excel, gdal, geojson, many, partitions, spatial
from coverage_analyzer.files.readers.base import RowBlock, TableReader, WrappedReader
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect
from coverage_analyzer.files.readers.header import HeaderTest
from coverage_analyzer.files.readers.parquet import ParquetFile


def source(path: Path | Address, dialect: Dialect, is_header: HeaderTest) -> TableReader:
    """Return the reader of a file, or of all files of a folder or pattern.

    Parameters
    ----------
    path
        What is to be read.
    dialect
        How text is written, where that cannot be found.
    is_header
        Whether some headers are those of the table that is looked for.

    Raises
    ------
    InputError
        If it cannot be read.
    MissingExtraError
        If it is a workbook or a database, and the extra for it is not installed.
    """
    if isinstance(path, Address):
        return DatabaseTable(path)
    if many.is_many(path):
        opened = functools.partial(_file, dialect=dialect, is_header=is_header)
        return many.Many(many.files(path), opened)
    return _file(path, dialect, is_header)


def paths(path: Path) -> list[Path]:
    """Return the files that a path refers to.

    Raises
    ------
    InputError
        If it is a folder or pattern without files of one kind.
    """
    return many.files(path) if many.is_many(path) else [path]


def _file(path: Path, dialect: Dialect, is_header: HeaderTest) -> TableReader:
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
    if dialect.sheet and suffix not in excel.SUFFIXES:
        msg = f"{path} is not a workbook and has no sheet {dialect.sheet!r}. Omit the sheet name."
        raise InputError(msg)
    match suffix:
        case ".geojson" | ".json":
            reader = geojson.geojson(path)
        case ".gpkg":
            reader = gdal.geopackage(path)
        case ".shp" | ".zip":
            reader = gdal.shapefile(path, dialect.encoding)
        case ".parquet" | ".geoparquet" | ".pq":
            plain = ParquetFile(path)
            reader = spatial.geoparquet(path) if plain.spatial else plain
        case _ if suffix in excel.SUFFIXES:
            reader = excel.WorkbookFile(path, dialect.sheet, dialect.decimal)
        case _:
            reader = DelimitedFile(path, dialect, is_header)
    if formulas.is_escaped(path, reader.headers):
        reader = UnescapedReader(reader)
    return partitions.with_keys(reader, path)


class UnescapedReader(WrappedReader):
    """A reader that unescapes each text escaped by `formulas.escape_formulas`."""

    def __init__(self, source: TableReader) -> None:
        super().__init__(source)
        self.headers = [
            unescape_formulas(arrays.text_array([h]))[0].as_py() for h in source.headers
        ]

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order."""
        for block in self._source.blocks():
            cells = [unescape_formulas(c) for c in block.columns.columns]
            columns = pa.RecordBatch.from_arrays(cells, names=block.columns.schema.names)
            yield dataclasses.replace(block, columns=columns)
