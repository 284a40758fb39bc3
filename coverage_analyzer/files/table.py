"""Open tables by their names, and read centers and sites from them."""

import dataclasses
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.countries import Countries, Names, Numbers
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError, refuse
from coverage_analyzer.files import opening
from coverage_analyzer.files.database.address import Address, address, is_address
from coverage_analyzer.files.duplicates import DuplicateFinder, DuplicateLines
from coverage_analyzer.files.readers.base import RowBlock, TableReader
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.products import ENDS, Products
from coverage_analyzer.schema import days
from coverage_analyzer.schema.columns import (
    COUNTRY_STATED,
    PARTS,
    Column,
    as_text,
    check_types,
    match_columns,
)
from coverage_analyzer.schema.coordinates import Coordinates, Notation, coordinates, fault_detail
from coverage_analyzer.schema.days import Days
from coverage_analyzer.schema.rejects import Reject, Rejected

_DAY_NUMBER: Final = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
"""A spreadsheet's day number, from a cell that is not formatted as a date."""

DAYS: Final = ("opens_on", "closes_on", "ordered_on", *ENDS)


@dataclass(frozen=True)
class ParsedRows:
    """The usable rows of a block, with their coordinates, and the rejected ones.

    Attributes
    ----------
    days
        The days of each row in the known columns that hold some, ``NaT`` where a cell is blank.
    """

    block: RowBlock
    coordinates: Coordinates
    rejects: list[Reject]
    days: Mapping[str, Days] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """An open table with its known columns matched.

    Attributes
    ----------
    path
        The file, or the address of the rows in a database.
    source
        The rows.
    columns
        Where each known column stands among the headers.
    notation
        How coordinates are written.
    refused
        Rows that are rejects since another row has their id.
    """

    path: Path | Address
    source: TableReader
    columns: Mapping[str, int]
    notation: Notation = PLAIN
    refused: DuplicateLines = field(default_factory=DuplicateLines)

    @property
    def headers(self) -> list[str]:
        """The headers as in the file."""
        return self.source.headers

    @property
    def matched_columns(self) -> dict[str, str]:
        """Header of each known column in the file."""
        return {name: self.headers[at] for name, at in self.columns.items()}

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the file, as JSON values.

        Whole once all rows have been read. ``run.json`` has it for each input; keys that do not
        apply to a format are missing.
        """
        return dict(self.source.detected)

    def blocks(self) -> Generator[RowBlock, None, None]:
        """Yield all rows block by block, without validating their cells."""
        for block in self.source.blocks():
            yield dataclasses.replace(block, rejects=[self._placed(r) for r in block.rejects])

    def rows(self) -> Generator[ParsedRows, None, None]:
        """Yield the rows block by block; those without usable coordinates become rejects."""
        for block in self.source.blocks():
            rows = usable(block, self)
            yield dataclasses.replace(rows, rejects=[self._placed(r) for r in rows.rejects])

    def _placed(self, reject: Reject) -> Reject:
        """Return a reject that names its file if there are several."""
        place = self.source.place(reject.line)
        return dataclasses.replace(reject, detail=f"{place}: {reject.detail}") if place else reject

    def site_ids(self, block: RowBlock) -> pa.Array:
        """Return the ``site_id`` of the rows of a block as text, empty where missing."""
        cells = self.column(block, "site_id")
        return arrays.text_array([""] * len(block.lines)) if cells is None else as_text(cells)

    def keys(self, block: RowBlock) -> pa.Array:
        """Return the unique key of each row as text: ``site_id``, or ``site_id`` and product.

        A site may have several products, and those several components, each in a row of its own.
        """
        ids = self.site_ids(block)
        cells = [self.column(block, name) for name in PARTS]
        texts = [as_text(c) for c in cells if c is not None]
        if not texts:
            return ids
        nothing, mark = arrays.text_array(["", "\0"])
        blank = pc.equal(pc.utf8_trim_whitespace(ids), nothing)
        return pc.if_else(blank, ids, pc.binary_join_element_wise(ids, *texts, mark))

    def declared(self, block: RowBlock, names: Names) -> Numbers:
        """Return the number of the country declared by each row of a block (`Names.agreed`)."""
        cells = [self.column(block, name) for name in COUNTRY_STATED]
        stated = [names.named(as_text(c)) for c in cells if c is not None]
        return names.agreed(stated) if stated else np.zeros(len(block.lines), np.int16)

    def facts(self, rows: ParsedRows) -> dict[str, Any]:
        """Return the inputs of eligibility rules in the file: Arrow texts, numpy dates."""
        cells_by_name = {name: self.column(rows.block, name) for name in eligibility.TEXTS}
        texts = {n: as_text(cells) for n, cells in cells_by_name.items() if cells is not None}
        return texts | dict(rows.days)

    def column(self, block: RowBlock, name: str) -> pa.Array | None:
        """Return a known column of a block, if the table has it."""
        return block.columns.column(self.columns[name]) if name in self.columns else None


def open_table(
    path: str | Path,
    table: Sequence[Column],
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
) -> Table:
    """Open a table of sites or centers.

    Parameters
    ----------
    path
        One file, or a folder or pattern (``2026-*.csv``) of files with the same columns. Text
        (also packed, or ``-`` for standard input), Excel (``.xlsx``, ``.xlsm``), Parquet
        (``.parquet``, ``.geoparquet``), GeoJSON (``.geojson``, ``.json``), GeoPackage
        (``.gpkg``) or Shapefile (``.shp``, ``.zip``). Of the last three and of GeoParquet, points
        in any CRS are read, and give latitude and longitude. Or rows of a database, as
        ``postgresql://...`` or ``sqlite:///...`` (`database.address`).
    table
        `schema.columns.SITES` or `schema.columns.CENTERS`.
    columns
        The header to take for a column where names alone do not tell.
    dialect
        How the table is written, where that cannot be found.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or columns are missing or ambiguous.
    MissingExtraError
        If it is a workbook or a database, and the extra for it is not installed.
    """
    place = address(str(path)) if is_address(path) else Path(path)

    def is_header(headers: Sequence[str]) -> bool:
        try:
            return bool(match_columns(headers, table, columns))
        except InputError:
            return False

    source = opening.source(place, dialect, is_header)
    try:
        overrides = {**source.known, **(columns or {})}
        matched = match_columns(source.headers, table, overrides, cut_at=source.cut_at)
        dated = {at for name, at in matched.items() if name in {*DAYS, *eligibility.DAYS}}
        source.days_as_text([source.headers[at] for at in sorted(dated)])
        check_types({name: source.types[at] for name, at in matched.items()})
        return Table(place, source, matched, dialect)
    except InputError as error:
        msg = f"{place}: {error}{source.hint}"
        raise InputError(msg) from None


def duplicates(table: Table, *, keep_first: bool, folder: Path | None = None) -> DuplicateLines:
    """Return the rows that share a ``site_id`` and are to be rejected.

    Parameters
    ----------
    table
        Of sites; to be opened anew by whoever reads the others.
    keep_first
        Whether the first usable row of an id stays.
    folder
        Where a temporary file may lie.
    """
    with DuplicateFinder(folder) as ids:
        for rows in table.rows():
            ids.add(table.keys(rows.block), rows.block.lines)
        return ids.refused(keep_first=keep_first)


@dataclass
class _WholeTable:
    """The cells of a small table, as text, collected block by block.

    Attributes
    ----------
    texts
        The cells of each known column.
    lines
        How each row is named in an error.
    unread
        What is wrong with rows and cells that could not be read.
    """

    texts: dict[str, list[str]]
    lines: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, table: Table, block: RowBlock) -> None:
        """Add the rows of a block."""
        self.lines += [f"line {n}" for n in block.lines]
        self.unread += [f"line {r.line}: {r.detail}" for r in block.rejects]
        for name, values in self.texts.items():
            read_texts, undated = _texts(table, block, name)
            values.extend(read_texts.to_pylist())
            self.unread += undated


def read_centers(table: Table, world: Countries, convention: Convention) -> Centers:
    """Read the service centers of an open table, and assign the country of each.

    Raises
    ------
    InputError
        One error that names every row that cannot be used, every id that occurs twice, and every
        country that is unknown or contradicts the place.
    """
    whole = _WholeTable({name: [] for name in table.columns})
    lon, lat = [], []
    for block in table.source.blocks():
        read = _coordinates(block, table)
        lon.append(np.where(read.fault < 0, read.lon, np.nan))
        lat.append(np.where(read.fault < 0, read.lat, np.nan))
        whole.add(table, block)

    def further(centers: Centers) -> list[str]:
        return [*whole.unread, *centers.country_faults(world, convention)]

    try:
        return Centers.from_texts(whole.texts, _joined(lon), _joined(lat), whole.lines, further)
    except InputError as error:
        msg = f"{table.path}: {error}"
        raise InputError(msg) from None


def read_products(table: Table) -> Products:
    """Read products and their life-cycle phases from an open table.

    Raises
    ------
    InputError
        One error that names every row that cannot be used.
    """
    whole = _WholeTable({name: [] for name in table.columns})
    for block in table.source.blocks():
        whole.add(table, block)
    try:
        refuse(whole.unread, len(whole.lines) + len(whole.unread), "product")
        return Products.from_texts(whole.texts, whole.lines)
    except InputError as error:
        msg = f"{table.path}: {error}"
        raise InputError(msg) from None


def _texts(table: Table, block: RowBlock, name: str) -> tuple[pa.Array, list[str]]:
    """Return the cells of a known column as text, and the problems of invalid dates.

    Days are written as ISO 8601, whatever type they have and by whatever form they are written.
    """
    cells = block.columns.column(table.columns[name])
    if name not in DAYS:
        return as_text(cells), []
    read, blank = _days(cells, table)
    texts = ["" if np.isnat(day) else str(day) for day in read]
    bad = np.flatnonzero(np.isnat(read) & ~blank).tolist()
    return arrays.text_array(texts), [
        f"line {block.lines[row]}: {name} {_cell(cells, row)!r} is not {_like(table)[0]}"
        for row in bad
    ]


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])


def _coordinates(block: RowBlock, table: Table) -> Coordinates:
    cells = [table.column(block, n) for n in ("latitude", "longitude", "accuracy_m")]
    return coordinates(*cells, notation=table.notation)


def usable(block: RowBlock, table: Table) -> ParsedRows:
    """Split the rows of a block into those that can be assessed, and rejects with reasons."""
    read = _coordinates(block, table)
    days_by_column, undated = _known_days(block, table)
    read.fault[(read.fault < 0) & undated] = list(Rejected).index(Rejected.date_not_a_day)
    first = table.refused.first_of(block.lines)
    fits = (read.fault < 0) & (first == 0)
    if fits.all():
        return ParsedRows(block, read, block.rejects, days_by_column)
    rejects = list(block.rejects)
    for row in np.flatnonzero(~fits).tolist():
        line = int(block.lines[row])
        reason = _fault(block, table, row, int(read.fault[row]), int(first[row]))
        rejects.append(Reject(line, *reason, block.raw(row)))
    kept = np.flatnonzero(fits)
    left = RowBlock(
        block.lines[kept],
        block.columns.take(arrays.from_numpy(kept)),
        block.raw,
        rejects,
        block.blank,
        block.records,
    )
    kept_coordinates = Coordinates(
        read.lon[kept], read.lat[kept], read.accuracy_m[kept], read.fault[kept]
    )
    left_days = {name: values[kept] for name, values in days_by_column.items()}
    return ParsedRows(left, kept_coordinates, sorted(rejects, key=lambda r: r.line), left_days)


def _known_days(block: RowBlock, table: Table) -> tuple[dict[str, Days], Bools]:
    """Return the dates of a block by column, and which rows have an invalid one."""
    days_by_column, bad = {}, np.zeros(len(block.lines), np.bool_)
    for name in eligibility.DAYS:
        cells = table.column(block, name)
        if cells is not None:
            days_by_column[name], blank = _days(cells, table)
            bad |= np.isnat(days_by_column[name]) & ~blank
    return days_by_column, bad


def _days(cells: pa.Array, table: Table) -> tuple[Days, Bools]:
    """Parse dates by the table's format or as workbook dates; also return which are empty."""
    result, blank = days.days(cells, table.notation.date_format or days.ISO)
    if table.source.iso_days:
        result = np.where(np.isnat(result), days.days(cells)[0], result)
    return result, blank


def _fault(block: RowBlock, table: Table, row: int, fault: int, first: int) -> tuple[Rejected, str]:
    """Return the reject reason and detail of a row."""
    if fault < 0:
        site_id = _cell(table.column(block, "site_id"), row)
        twin = f"already in line {first}" if first < block.lines[row] else "also in other lines"
        return Rejected.duplicate_site_id, f"site_id {site_id!r} appears {twin}"
    code = list(Rejected)[fault]
    if code is Rejected.date_not_a_day:
        return code, _undated(block, table, row)
    cells = (table.column(block, n) for n in ("latitude", "longitude", "accuracy_m"))
    texts = [_cell(c, row) for c in cells]
    return code, fault_detail(code, *texts, notation=table.notation)


def _undated(block: RowBlock, table: Table, row: int) -> str:
    """Return the invalid date of a row, and how to write dates."""
    texts = {name: _cell(table.column(block, name), row) for name in eligibility.DAYS}
    filled = {n: t for n, t in texts.items() if t.strip()}
    wrong = [n for n, t in filled.items() if np.isnat(_days(arrays.text_array([t]), table)[0][0])]
    like, hint = _like(table)
    if hint and any(_DAY_NUMBER.fullmatch(texts[name].strip()) for name in wrong):
        hint = "; if this is a spreadsheet's date number, format the cells as dates and save again"
    cells = " and ".join(f"{name} is {texts[name]!r}" for name in wrong)
    return f"{cells}, not {like}{hint}"


def _like(table: Table) -> tuple[str, str]:
    """Return an example of the table's date format, and advice for other formats."""
    form = table.notation.date_format or days.ISO
    if form != days.ISO:
        return f"a date in --date-format {form}", ""
    hint = "; for another format, use --date-format, such as %d.%m.%Y"
    return "a date like 2026-12-01", hint


def _cell(cells: pa.Array | None, row: int) -> str:
    value = None if cells is None else cells[row].as_py()
    return "" if value is None else str(value)
