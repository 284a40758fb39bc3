"""Open tables by their names, and read centers and sites from them."""

import dataclasses
import functools
import re
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Countries, names
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError, quantity, refuse
from coverage_analyzer.files import notation, opening
from coverage_analyzer.files.database.address import Address, address, is_address
from coverage_analyzer.files.duplicates import DuplicateFinder, DuplicateLines
from coverage_analyzer.files.readers.base import RowBlock, TableReader
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.readers.point_columns import with_points
from coverage_analyzer.files.readers.streams import GUESSED
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.products import ENDS, Products
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.schema import columns as known_columns
from coverage_analyzer.schema import day_forms, days
from coverage_analyzer.schema.column_evidence import Evidence
from coverage_analyzer.schema.column_matching import (
    Headers,
    check_repeated,
    find_columns,
    match_columns,
    n_known_columns,
    notices,
    options_of,
)
from coverage_analyzer.schema.columns import (
    COUNTRY_STATED,
    FOR_AREAS,
    FOR_REQUESTS,
    LABELS,
    PARTS,
    SITES,
    Column,
    as_text,
    check_types,
)
from coverage_analyzer.schema.coordinates import Coordinates, Written, coordinates, fault_detail
from coverage_analyzer.schema.days import Days
from coverage_analyzer.schema.rejects import Reject, Rejected
from coverage_analyzer.schema.table_names import name_test

_DAY_NUMBER: Final = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
"""A spreadsheet's day number, from a cell that is not formatted as a date."""

DAYS: Final = ("opens_on", "closes_on", "ordered_on", *ENDS)
DAY_COLUMNS: Final = frozenset((*DAYS, *eligibility.DAYS))


@dataclass(frozen=True)
class ParsedRows:
    """The usable rows of a block, with their coordinates, and the rejected ones.

    Attributes
    ----------
    days
        The dates of each row by known column, ``NaT`` where a cell is empty.
    """

    block: RowBlock
    coordinates: Coordinates
    rejects: list[Reject]
    days: Mapping[str, Days] = field(default_factory=dict)

    def take(self, rows: Ints) -> "ParsedRows":
        """Return some of the rows, without what was counted of the others."""
        where = self.coordinates
        block = dataclasses.replace(self.block.take(rows), rejects=[], blank=0, records=len(rows))
        days = {name: values[rows] for name, values in self.days.items()}
        taken = Coordinates(
            where.lon[rows], where.lat[rows], where.accuracy_m[rows], where.fault[rows]
        )
        return ParsedRows(block, taken, [], days)


@dataclass(frozen=True)
class Table:
    """An open table with its known columns matched.

    Attributes
    ----------
    path
        The file, or the address of the rows in a database.
    source
        Reader of the rows.
    columns
        Position of each known column among the headers.
    notation
        Notation of coordinates, numbers and dates: as given, completed by what the first rows show.
    refused
        Rows rejected because another row has their id.
    notices
        What a reader of the results should know about how the table was understood.
    known
        The columns that were looked for, such as `schema.columns.SITES`.
    dialect
        The notation as given.
    decimal_option
        The option for the decimal mark of numbers; if empty, there is none, and a number with two
        readings makes its row a reject.
    encoding_option
        The option for the encoding of the file.
    written
        Decimal marks of the coordinates read so far.
    area_columns
        Position of region and postcode, which only some policies read (`FOR_AREAS`), unless they
        are among ``columns``.
    """

    path: Path | Address
    source: TableReader
    columns: Mapping[str, int]
    notation: Dialect = PLAIN
    refused: DuplicateLines = field(default_factory=DuplicateLines)
    notices: tuple[str, ...] = ()
    known: Sequence[Column] = SITES
    dialect: Dialect = PLAIN
    decimal_option: str = ""
    encoding_option: str = "--encoding"
    written: Written = field(default_factory=Written)
    area_columns: Mapping[str, int] = field(default_factory=dict)

    @property
    def headers(self) -> list[str]:
        """The headers as in the file."""
        return self.source.headers

    @property
    def matched_columns(self) -> dict[str, str]:
        """Header of each known column in the file."""
        return {name: self.headers[at] for name, at in self.columns.items()}

    @property
    def decimal_mark(self) -> str:
        """Decimal mark of numbers in text: the given one, or that of the coordinates."""
        return self.dialect.decimal or ("," if self.written.comma else ".")

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the file, as JSON values.

        Complete once all rows have been read. ``run.json`` has it for each input; keys that do not
        apply to a format are missing.
        """
        written = notation.detected_notation(self.dialect, self.notation, self.written)
        return {**self.source.detected, **written}

    @property
    def guesses(self) -> list[str]:
        """Warnings about what was guessed; complete after all rows have been read."""
        return [
            f"{self.path}: the encoding {encoding} is a guess. If letters are wrong, use "
            f"{self.encoding_option} NAME."
            for encoding in _guessed_encodings(self.detected)
        ]

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
        place, detail = self.source.place(reject.line), options_of(self.known, reject.detail)
        return dataclasses.replace(reject, detail=f"{place}: {detail}" if place else detail)

    def site_ids(self, block: RowBlock) -> pa.Array:
        """Return the ``site_id`` of the rows of a block as text, empty where missing."""
        cells = self.column(block, "site_id")
        return arrays.text_array([""] * len(block.lines)) if cells is None else as_text(cells)

    def row_ids(self, block: RowBlock) -> pa.Array:
        """Return what each row of a block is called: its ``site_id``, else its line, as text."""
        if "site_id" in self.columns:
            return self.site_ids(block)
        return arrays.from_numpy(block.lines).cast(pa.string())

    def labels(self, block: RowBlock) -> tuple[pa.Array, pa.Array]:
        """Return what a map calls the sites of a block: id (else the line) and name."""
        name = self.column(block, "name")
        names = pa.nulls(len(block.lines), pa.string()) if name is None else as_text(name)
        return self.row_ids(block), names

    def keys(self, block: RowBlock) -> pa.Array:
        """Return the unique key of each row as text: ``site_id``, or ``site_id`` and product.

        A site may have several products, and those several components, each in its own row.
        """
        ids = self.site_ids(block)
        cells = [self.column(block, name) for name in PARTS]
        texts = [as_text(c) for c in cells if c is not None]
        if not texts:
            return ids
        nothing, mark = arrays.text_array(["", "\0"])
        blank = pc.equal(pc.utf8_trim_whitespace(ids), nothing)
        return pc.if_else(blank, ids, pc.binary_join_element_wise(ids, *texts, mark))

    def site_rows(self, rows: ParsedRows) -> SiteRows:
        """Return what usable rows say of their sites, as the kernel takes it."""
        where = rows.coordinates
        return SiteRows(
            where.lon,
            where.lat,
            where.accuracy_m,
            list(self._text_columns(rows.block, COUNTRY_STATED).values()),
            self._text_columns(rows.block, eligibility.TEXTS) | dict(rows.days),
        )

    def _text_columns(self, block: RowBlock, names: Sequence[str]) -> dict[str, pa.Array]:
        """Return those known columns of a block as text that the file has."""
        columns = {name: self.column(block, name) for name in names}
        return {name: as_text(cells) for name, cells in columns.items() if cells is not None}

    def column(self, block: RowBlock, name: str) -> pa.Array | None:
        """Return a known column of a block, if the table has it."""
        at = {**self.area_columns, **self.columns}.get(name)
        return None if at is None else block.columns.column(at)


def open_table(
    path: str | Path,
    table: Sequence[Column],
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
    *,
    unread: Collection[str] = FOR_REQUESTS,
) -> Table:
    """Open a table of sites or centers.

    Parameters
    ----------
    path
        One file, or a folder or pattern (``2026-*.csv``) of files with the same columns. Text (also
        compressed, or ``-`` for standard input), Excel (``.xlsx``, ``.xlsm``), Parquet
        (``.parquet``, ``.geoparquet``), GeoJSON (``.geojson``, ``.json``), GeoPackage (``.gpkg``)
        or Shapefile (``.shp``, ``.zip``). In the last three and GeoParquet, points in any CRS are
        read, and provide latitude and longitude. Or rows of a database, as ``postgresql://...`` or
        ``sqlite:///...`` (`database.address`).
    table
        `schema.columns.SITES` or `schema.columns.CENTERS`.
    columns
        The header to use for a column where names are ambiguous.
    dialect
        The dialect of the table, where it cannot be detected.
    unread
        Optional columns that the caller does not read: that two headers fit is no error.

    Raises
    ------
    InputError
        If the file is missing or unreadable, or columns are missing or ambiguous.
    MissingExtraError
        If it is a workbook or a database, and its extra is not installed.
    """
    place = address(str(path)) if is_address(path) else Path(path)
    columns = read_columns(table, columns)
    set_aside = FOR_AREAS if known_columns.is_of_sites(table) else ()

    def n_known(headers: Sequence[str]) -> int:
        return n_known_columns(headers, table, columns)

    try:
        source = opening.source(place, dialect, n_known, name_test(table))
    except InputError as error:
        raise InputError(options_of(table, str(error))) from None
    try:
        overrides = {**source.known, **(columns or {})}
        check_repeated(source.headers)
        query = Headers(
            source.headers,
            table,
            overrides,
            source.cut_at,
            Evidence(source.preview, dialect, are_countries),
            frozenset({*unread, *set_aside}),
        )
        source, query = _with_points(source, query)
        matched = match_columns(query)
        _check_equal_headers(source, matched, overrides)
        dated = {at for name, at in matched.items() if name in DAY_COLUMNS}
        source.days_as_text([source.headers[at] for at in sorted(dated)])
        chosen = {n: at for n, at in matched.items() if n in overrides or n not in set_aside}
        area_columns = {n: at for n, at in matched.items() if n not in chosen}
        source.columns_read(frozenset(matched.values()))
        matched = chosen
        check_types({name: source.types[at] for name, at in matched.items()})
        notes = (*_skipped(source, place), *notices(query, matched))
        option = functools.partial(known_columns.option, table)
        detected = notation.found_notation(
            source, matched, DAY_COLUMNS, dialect, option("date-format")
        )
        return Table(
            place,
            source,
            matched,
            detected.dialect,
            notices=tuple(options_of(table, text) for text in notes),
            known=table,
            dialect=dialect,
            decimal_option=option("decimal"),
            encoding_option=option("encoding"),
            written=detected.written,
            area_columns=area_columns,
        )
    except InputError as error:
        guess = "".join(
            f" The encoding {encoding} is a guess; if letters are wrong, use --encoding NAME, such "
            f"as cp1250."
            for encoding in _guessed_encodings(source.detected)[:1]
        )
        msg = options_of(table, f"{place}: {error}{source.hint}{guess}")
        raise InputError(msg) from None


def reopened(
    table: Table,
    path: Path,
    columns: Mapping[str, str] | None = None,
    source: TableReader | None = None,
) -> Table:
    """Open a further file of an open table of several, which is read as the others are.

    Parameters
    ----------
    table
        The table; of its reader only headers and what was detected matter.
    path
        The file.
    columns
        As given to `open_table`.
    source
        Reads the file; by default the reader for its name.

    Raises
    ------
    InputError
        If it cannot be read, or has other columns.
    """

    def n_known(headers: Sequence[str]) -> int:
        return n_known_columns(headers, table.known, read_columns(table.known, columns))

    try:
        if source is None:
            source = opening.source(path, table.dialect, n_known, name_test(table.known))
        if "points" in table.source.detected:
            source = with_points(source)
    except InputError as error:
        raise InputError(options_of(table.known, str(error))) from None
    if source.headers != table.headers:
        msg = (
            f"{path}: its columns are {source.headers}, those of the first file {table.headers}. "
            f"They must be the same."
        )
        raise InputError(msg)
    read = {**table.area_columns, **table.columns}
    source.days_as_text([source.headers[at] for n, at in read.items() if n in DAY_COLUMNS])
    source.columns_read(frozenset(read.values()))
    return dataclasses.replace(table, path=path, source=source, written=Written())


def read_columns(
    table: Sequence[Column], columns: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """Return the given headers of columns, without those of columns that the policy does not read.

    One file of settings serves several policies, of which some read more columns of sites.
    """
    if not columns or not known_columns.is_of_sites(table):
        return columns
    names = {column.name for column in table}
    left_out = {column.name for column in known_columns.OF_START_RULES} - names
    return {name: header for name, header in columns.items() if name not in left_out}


def _guessed_encodings(detected: Mapping[str, Any]) -> list[str]:
    """Return the encodings that were guessed; several files may have several."""
    encoding = detected.get("encoding", "")
    encodings = encoding if isinstance(encoding, list) else [encoding]
    return [each.removesuffix(GUESSED) for each in encodings if each.endswith(GUESSED)]


def are_countries(texts: pa.Array) -> Bools:
    """Return which texts name a country that is known."""
    return names.load().named(texts) > names.NONE


def _with_points(source: TableReader, query: Headers) -> tuple[TableReader, Headers]:
    """Return a table with coordinates out of a column of points, if it has no others.

    Raises
    ------
    InputError
        If two headers could be meant, or the CRS of the points cannot be used.
    """
    coordinates = {"latitude", "longitude"} & {column.name for column in query.table}
    if not coordinates or coordinates & {*find_columns(query), *query.overrides}:
        return source, query
    source = with_points(source)
    overrides = {**source.known, **query.overrides}
    return source, dataclasses.replace(query, names=source.headers, overrides=overrides)


def _skipped(source: TableReader, place: object) -> list[str]:
    """Return how many lines above the header are not read, and where points come from."""
    n_lines = source.detected.get("lines_before_header", 0)
    unit = "row" if "sheet" in source.detected else "line"
    notes = []
    if n_lines:
        notes.append(
            f"{place}: skipped {quantity(n_lines, unit)} above the header, which is "
            f"{unit} {source.detected['header_line']}."
        )
    if others := source.detected.get("other_sheets"):
        notes.append(
            f"The sheet {source.detected['sheet']!r} is read; {', '.join(map(repr, others))} could "
            f"be meant, too: choose with --sheet."
        )
    if layers := source.detected.get("other_layers"):
        notes.append(
            f"The layer {source.detected['layer']!r} is read; {', '.join(map(repr, layers))} could "
            f"be meant, too: choose with --layer."
        )
    if points := source.detected.get("points"):
        notes.append(f"Points are read from the column {points['column']!r} ({points['form']}).")
    return notes


def _check_equal_headers(
    source: TableReader, matched: Mapping[str, int], overrides: Mapping[str, str]
) -> None:
    """Raise if a column that verdicts depend on has a header that another column has, too.

    Raises
    ------
    InputError
        Which names the header.
    """
    for name, at in matched.items():
        header = source.headers[at]
        twins = [numbered for numbered, was in source.repeated.items() if was == header]
        if twins and name not in overrides and name not in LABELS:
            msg = (
                f"{header!r} appears {len(twins) + 1} times in the header, and could each time be "
                f"the column {name!r}. Choose one as {name}={header} or {name}={twins[0]}, or "
                f"rename one."
            )
            raise InputError(msg)


def duplicates(table: Table, *, keep_first: bool, folder: Path | None = None) -> DuplicateLines:
    """Return the rows that share a ``site_id`` and are to be rejected.

    Parameters
    ----------
    table
        The sites, which must be opened again to read the other rows.
    keep_first
        Whether to keep the first usable row of an id.
    folder
        Folder for a temporary file.
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
        Label of each row in errors.
    unread
        Problems of rows and cells that could not be read.
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
        One error that names every unusable row, every duplicate id, and every country that is
        unknown or contradicts the location.
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
        msg = options_of(table.known, f"{table.path}: {error}")
        raise InputError(msg) from None


def read_products(table: Table) -> Products:
    """Read products and their life-cycle phases from an open table.

    Raises
    ------
    InputError
        One error that names every unusable row.
    """
    whole = _WholeTable({name: [] for name in table.columns})
    for block in table.source.blocks():
        whole.add(table, block)
    try:
        refuse(whole.unread, len(whole.lines) + len(whole.unread), "product")
        return Products.from_texts(whole.texts, whole.lines)
    except InputError as error:
        msg = options_of(table.known, f"{table.path}: {error}")
        raise InputError(msg) from None


def _texts(table: Table, block: RowBlock, name: str) -> tuple[pa.Array, list[str]]:
    """Return the cells of a known column as text, and the problems of invalid dates.

    Dates are written as ISO 8601, whatever their type or format.
    """
    cells = block.columns.column(table.columns[name])
    if name not in DAYS:
        return as_text(cells), []
    read, blank = _days(cells, table, name)
    texts = ["" if np.isnat(day) else str(day) for day in read]
    bad = np.flatnonzero(np.isnat(read) & ~blank).tolist()
    return arrays.text_array(texts), [
        f"line {block.lines[row]}: {name} {_cell(cells, row)!r} is not {_like(table, name)[0]}"
        for row in bad
    ]


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])


def _coordinates(block: RowBlock, table: Table) -> Coordinates:
    """Return the coordinates of the rows of a block.

    Raises
    ------
    InputError
        If an accuracy can be read in two ways.
    """
    cells = [table.column(block, n) for n in ("latitude", "longitude", "accuracy_m")]
    marks = "," if table.source.iso_days else ".,"  # numbers of a workbook are written with a point
    read = coordinates(*cells, notation=table.notation, written=table.written, thousands=marks)
    if len(read.two_readings) and table.decimal_option:
        row = int(read.two_readings[0])
        line = int(block.lines[row])
        where = table.source.place(line) or f"line {line}"
        msg = (
            f"{table.path}, {where}: accuracy_m is {_cell(cells[2], row)!r}, which is one number "
            f"with a decimal point and another with a decimal comma. Use {table.decimal_option} . "
            f"or {table.decimal_option} ,"
        )
        raise InputError(msg)
    return read


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
    rows_kept = np.flatnonzero(fits)
    rejects = sorted(rejects, key=lambda reject: reject.line)
    left = dataclasses.replace(block.take(rows_kept), rejects=rejects)
    kept_coordinates = Coordinates(
        read.lon[rows_kept], read.lat[rows_kept], read.accuracy_m[rows_kept], read.fault[rows_kept]
    )
    left_days = {name: values[rows_kept] for name, values in days_by_column.items()}
    return ParsedRows(left, kept_coordinates, rejects, left_days)


def _known_days(block: RowBlock, table: Table) -> tuple[dict[str, Days], Bools]:
    """Return the dates of a block by column, and which rows have an invalid one."""
    days_by_column, bad = {}, np.zeros(len(block.lines), np.bool_)
    for name in eligibility.DAYS:
        cells = table.column(block, name)
        if cells is not None:
            days_by_column[name], blank = _days(cells, table, name)
            bad |= np.isnat(days_by_column[name]) & ~blank
    return days_by_column, bad


def _days(cells: pa.Array, table: Table, name: str) -> tuple[Days, Bools]:
    """Parse dates by the format of a column or as workbook dates; also return which are empty."""
    result, blank = days.days(cells, table.notation.form_of(name))
    if table.source.iso_days:
        result = np.where(np.isnat(result), days.days(cells)[0], result)
    return result, blank


def _fault(block: RowBlock, table: Table, row: int, fault: int, first: int) -> tuple[Rejected, str]:
    """Return the reject reason and detail of a row."""
    if fault < 0:
        site_id = _cell(table.column(block, "site_id"), row)
        twin = table.refused.describe_twin(int(block.lines[row]), first)
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
    wrong = [
        n for n, t in filled.items() if np.isnat(_days(arrays.text_array([t]), table, n)[0][0])
    ]
    like, hint = _like(table, wrong[0])
    if hint and any(_DAY_NUMBER.fullmatch(texts[name].strip()) for name in wrong):
        hint = "; if this is a spreadsheet's date number, format the cells as dates and save again"
    cells = " and ".join(f"{name} is {texts[name]!r}" for name in wrong)
    return f"{cells}, not {like}{hint}"


def _like(table: Table, name: str) -> tuple[str, str]:
    """Return an example of a column's date format, and advice for other formats."""
    form = table.notation.form_of(name)
    if table.notation.date_format and form != days.ISO:
        return f"a date in --date-format {form}", ""
    if form != days.ISO:
        return f"a date like {day_forms.example(form)}, the format of the first rows", ""
    hint = "; for another format, use --date-format, such as %d.%m.%Y"
    return "a date like 2026-12-01", hint


def _cell(cells: pa.Array | None, row: int) -> str:
    value = None if cells is None else cells[row].as_py()
    return "" if value is None else str(value)
