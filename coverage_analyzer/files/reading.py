"""Opening tables by what their names say, and reading centers and sites out of them."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, tables
from coverage_analyzer.arrays import Floats
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import guard, report, spatial
from coverage_analyzer.files.blocks import Block, Reject, Source
from coverage_analyzer.files.columnar import ParquetFile
from coverage_analyzer.files.database.address import Address, address, is_address
from coverage_analyzer.files.database.source import DatabaseTable
from coverage_analyzer.files.delimited import PLAIN, DelimitedFile, Dialect
from coverage_analyzer.tables import Column, Coordinates, Rejected

DAYS: Final = ("opens_on", "closes_on")
MIDNIGHT: Final = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?\s*$"
"""A day written as the time when it begins."""


@dataclass(frozen=True)
class Rows:
    """The usable rows of a block, with their coordinates, and what became of the others."""

    block: Block
    coordinates: Coordinates
    rejects: list[Reject]


@dataclass(frozen=True)
class Table:
    """An open table whose columns are recognised.

    Attributes
    ----------
    path
        The file, or the address of the rows in a database.
    source
        The rows.
    columns
        Where each known column stands among the headers.
    """

    path: Path | Address
    source: Source
    columns: Mapping[str, int]
    decimal: str = "."

    @property
    def headers(self) -> list[str]:
        """The headers as the file has them."""
        return self.source.headers

    @property
    def recognised(self) -> dict[str, str]:
        """The header that each known column has in the file."""
        return {name: self.headers[at] for name, at in self.columns.items()}

    def rows(self) -> Iterator[Rows]:
        """Yield the rows block by block; those without usable coordinates become rejects."""
        for block in self.source.blocks():
            yield _usable(block, self)

    def column(self, block: Block, name: str) -> pa.Array | None:
        """Return a known column of a block, if the file has it."""
        return block.columns.column(self.columns[name]) if name in self.columns else None


class Unguarded:
    """A source of which each text is as it was before `guard.guarded`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.headers = [guard.unguarded(arrays.text([h]))[0].as_py() for h in source.headers]
        self.types, self.known = source.types, source.known

    def blocks(self) -> Iterator[Block]:
        """Yield all rows, in order."""
        for block in self._source.blocks():
            cells = [guard.unguarded(c) for c in block.columns.columns]
            columns = pa.RecordBatch.from_arrays(cells, names=block.columns.schema.names)
            yield dataclasses.replace(block, columns=columns)

    def sha256(self) -> str | None:
        """Return the hash of the file."""
        return self._source.sha256()


def opened(
    path: str | Path,
    table: Sequence[Column],
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
) -> Table:
    """Open a table of sites or centers.

    Parameters
    ----------
    path
        A text file (also packed, or ``-`` for standard input), Parquet (``.parquet``,
        ``.geoparquet``), GeoJSON (``.geojson``, ``.json``) or GeoPackage (``.gpkg``). Of the last
        two and of GeoParquet, points in any CRS are read, and give latitude and longitude.
        Or rows of a database, as ``postgresql://...`` or ``sqlite:///...`` (`database.address`).
    table
        `tables.SITES` or `tables.CENTERS`.
    columns
        The header to take for a column where names alone do not tell.
    dialect
        How a text file is written, where that cannot be found.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or columns are missing or ambiguous.
    MissingExtraError
        If a database is to be read, and its drivers are not installed.
    """
    place = address(str(path)) if is_address(path) else Path(path)
    source = _source(place, dialect)
    try:
        if isinstance(place, Path) and report.is_guarded(place):
            source = Unguarded(source)
        found = tables.recognised(source.headers, table, {**source.known, **(columns or {})})
        tables.check_types({name: source.types[at] for name, at in found.items()})
        return Table(place, source, found, dialect.decimal)
    except InputError as error:
        msg = f"{place}: {error}{_hint(source)}"
        raise InputError(msg) from None


def _hint(source: Source) -> str:
    """Return what to ask a database for, where it keeps places in a way that is not read."""
    if not (isinstance(source, DatabaseTable) and source.geometries):
        return ""
    point = f"ST_Transform({source.geometries[0]}::geometry, 4326)"
    return f" In a query, write ST_Y({point}) AS latitude, ST_X({point}) AS longitude."


def _source(path: Path | Address, dialect: Dialect) -> Source:
    """Return the reader that the name of a file asks for, or that of a database.

    Raises
    ------
    InputError
        If it cannot read the file.
    """
    if isinstance(path, Address):
        return DatabaseTable(path)
    match path.suffix.lower():
        case ".geojson" | ".json":
            return spatial.geojson(path)
        case ".gpkg":
            return spatial.geopackage(path)
        case ".parquet" | ".geoparquet" | ".pq":
            plain = ParquetFile(path)
            return spatial.geoparquet(path) if plain.spatial else plain
    return DelimitedFile(path, dialect)


def read_centers(table: Table, world: Countries, convention: Convention) -> Centers:
    """Read the service centers of an open table, and check the country of each.

    Raises
    ------
    InputError
        One error that names every row that cannot be used, every id that occurs twice, and every
        country that is unknown or contradicts the place.
    """
    texts: dict[str, list[str]] = {name: [] for name in table.columns}
    lon, lat, lines, unread = [], [], [], []
    for block in table.source.blocks():
        read = _coordinates(block, table)
        lon.append(np.where(read.fault < 0, read.lon, np.nan))
        lat.append(np.where(read.fault < 0, read.lat, np.nan))
        lines += [f"line {n}" for n in block.lines]
        unread += [f"line {r.line}: {r.detail}" for r in block.rejects]
        for name, values in texts.items():
            cells = table.column(block, name)
            values.extend(_texts(cells, name).to_pylist() if cells is not None else [])

    def further(centers: Centers) -> list[str]:
        return [*unread, *centers.country_faults(world, convention)]

    try:
        return Centers.from_texts(texts, _joined(lon), _joined(lat), lines, further)
    except InputError as error:
        msg = f"{table.path}: {error}"
        raise InputError(msg) from None


def _texts(cells: pa.Array, name: str) -> pa.Array:
    """Return cells of a column as text; geopandas keeps and writes opening days as times."""
    if name not in DAYS:
        return tables.as_text(cells)
    return pc.replace_substring_regex(tables.as_text(cells), MIDNIGHT, r"\1")


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])


def _coordinates(block: Block, table: Table) -> Coordinates:
    cells = [table.column(block, n) for n in ("latitude", "longitude", "accuracy_m")]
    return tables.coordinates(*cells, decimal=table.decimal)


def _usable(block: Block, table: Table) -> Rows:
    """Return the rows of a block that have coordinates, and the others with their reasons."""
    read = _coordinates(block, table)
    bad = np.flatnonzero(read.fault >= 0)
    if not len(bad):
        return Rows(block, read, block.rejects)
    codes = list(Rejected)
    rejects = list(block.rejects)
    for row in bad.tolist():
        cells = [table.column(block, n) for n in ("latitude", "longitude", "accuracy_m")]
        texts = ["" if c is None else _cell(c, row) for c in cells]
        fault = codes[read.fault[row]]
        detail = tables.fault_detail(fault, *texts, decimal=table.decimal)
        rejects.append(Reject(int(block.lines[row]), fault, detail, block.raw(row)))
    kept = np.flatnonzero(read.fault < 0)
    left = Block(
        block.lines[kept],
        block.columns.take(arrays.arrow(kept)),
        block.raw,
        rejects,
        block.blank,
        block.records,
    )
    some = Coordinates(read.lon[kept], read.lat[kept], read.accuracy_m[kept], read.fault[kept])
    return Rows(left, some, sorted(rejects, key=lambda r: r.line))


def _cell(cells: pa.Array, row: int) -> str:
    value = cells[row].as_py()
    return "" if value is None else str(value)
