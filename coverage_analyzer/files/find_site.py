"""Find the single row of a table that has an id, while the table is streamed."""

import dataclasses
import difflib
import itertools
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.addresses.lines import address_lines
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.table import ParsedRows, Table, usable
from coverage_analyzer.schema.address_columns import address_columns
from coverage_analyzer.schema.column_matching import listed
from coverage_analyzer.schema.columns import as_text, header_key

MAX_LISTED: Final = 5
"""Maximum number of lines listed for an id that appears more than once."""

NAMED: Final = 3
"""Maximum number of similar ids listed."""

POOL: Final = 10_000
"""Maximum number of similar ids kept as candidates for suggestions."""


@dataclass(frozen=True)
class FoundSite:
    """A row of sites: its line, and all of its cells as text, by header.

    Dates are written as ISO 8601, whatever their format in the file. ``columns`` has the header of
    each known column in the table, ``parts`` that of each part of an address, and ``extra`` the
    headers of its further lines.
    """

    site_id: str
    line: int
    lon: float
    lat: float
    accuracy_m: float
    cells: Mapping[str, str]
    columns: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    def cell(self, column: str) -> str:
        """Return the cell of a known column; empty if the table lacks it."""
        return self.cells.get(self.columns.get(column, ""), "").strip()

    def address(self, country: str = "") -> tuple[str, ...]:
        """Return the lines of its address in the order of a country, without that country."""
        parts = {name: self.cells.get(header, "") for name, header in self.parts.items()}
        return address_lines(parts, [self.cells.get(header, "") for header in self.extra], country)


def find_row(table: Table, site_id: str, product: str = "") -> FoundSite:
    """Return the row with an id; without an id column, the row of a line.

    Parameters
    ----------
    table
        Open sites, which are read once to the end.
    site_id
        Compared exactly, ignoring surrounding spaces.
    product
        Product of the row, if a site has a row for each of its products.

    Raises
    ------
    InputError
        If no row has it (with the most similar ids), several have, or its row has no coordinates;
        if a product is given, and the table has no product column, or no row of the id has it.
    """
    if product and "product" not in table.columns:
        msg = (
            f"{table.path} has no column 'product', so no row has the product {product!r}. "
            f"Omit --product, or name the column: --column product=HEADER"
        )
        raise InputError(msg)
    search = _Search(table, site_id.encode(errors="replace").decode().strip(), product)
    for block in table.source.blocks():
        search.add(block)
    if search.first is None:
        raise InputError(search.missing())
    if len(search.lines) > 1:
        raise InputError(search.repeated())
    (site,) = found_sites(table, _usable(table, search.first, search.query))
    return site


@dataclass
class _Search:
    """What is found about an id while the table is streamed.

    Attributes
    ----------
    table, query, product
        The open table, the id (which a text file can contain) and the product, if any.
    first
        The first row of the id and the product, if any.
    lines
        The lines of all such rows.
    products
        The products of all rows of the id.
    pool
        Some similar ids, as keys.
    elsewhere
        Without an id column: the headers under which a cell is the id, each with its line.
    n_unread
        Number of rows that cannot be read.
    """

    table: Table
    query: str
    product: str
    first: RowBlock | None = None
    lines: list[int] = field(default_factory=list)
    products: dict[str, None] = field(default_factory=dict)
    pool: dict[str, None] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)
    n_unread: int = 0

    def add(self, block: RowBlock) -> None:
        """Search the next block."""
        table = self.table
        if "site_id" not in table.columns:
            self.elsewhere = _columns_with(table, block, self.query) | self.elsewhere
        ids = pc.utf8_trim_whitespace(table.row_ids(block))
        hits = np.flatnonzero(arrays.to_bools(pc.equal(ids, arrays.text_array([self.query])[0])))
        self.products |= dict.fromkeys(_products(table, block, hits))
        hits = _of_product(table, block, hits, self.product)
        self.lines += block.lines[hits].tolist()
        self.n_unread += len(block.rejects)
        if self.first is None and len(hits):
            self.first = _cut_block(block, hits[:1])
        if self.first is None and len(self.pool) < POOL:
            self.pool |= dict.fromkeys(_alike(ids, self.query))

    def missing(self) -> str:
        """Return the message that no row has the id, or none of its rows the product."""
        if self.products:
            return _not_of(self.table, self.query, self.product, list(self.products))
        if "site_id" not in self.table.columns and not self.query.isdecimal():
            return _without_ids(self.table, self.query, self.elsewhere)
        return _nowhere(self.table, self.query, list(self.pool), self.n_unread)

    def repeated(self) -> str:
        """Return the message that several rows have the id."""
        table, lines = self.table, self.lines
        more = f" and {len(lines) - MAX_LISTED} more" if len(lines) > MAX_LISTED else ""
        places = ", ".join(table.source.place(n) or f"line {n}" for n in lines[:MAX_LISTED])
        several = "product" in table.columns and not self.product
        which = " Choose one with --product." if several else ""
        return (
            f"{table.path}: {self.query!r} appears in {places}{more}; a letter is about one "
            f"row.{which}"
        )


def _products(table: Table, block: RowBlock, rows: Ints) -> list[str]:
    """Return the product of each of the given rows, as written."""
    cells = table.column(block, "product")
    if cells is None:
        return []
    return [n or "" for n in as_text(cells).take(arrays.from_numpy(rows)).to_pylist()]


def _not_of(table: Table, site_id: str, product: str, others: list[str]) -> str:
    """Return the message that no row of an id has the product."""
    products = ", ".join(
        repr(name) if name.strip() else "no product" for name in others[:MAX_LISTED]
    )
    more = f" and {len(others) - MAX_LISTED} more" if len(others) > MAX_LISTED else ""
    near = difflib.get_close_matches(product, others, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"{table.path}: no row of {site_id!r} has the product {product!r}; "
        f"its products: {products}{more}.{hint}"
    )


def _of_product(table: Table, block: RowBlock, rows: Ints, product: str) -> Ints:
    """Return the rows of the given product, if any is given."""
    cells = table.column(block, "product")
    if not product or cells is None:
        return rows
    names = as_text(cells).take(arrays.from_numpy(rows)).to_pylist()
    same = [header_key(name or "") == header_key(product) for name in names]
    return rows[np.array(same, np.bool_)]


def _cut_block(block: RowBlock, rows: Ints) -> RowBlock:
    """Return the given rows of a block as a new block, without what was counted of the others."""
    return dataclasses.replace(block.take(rows), rejects=[], blank=0, records=len(rows))


def _alike(ids: pa.Array, query: str) -> list[str]:
    """Return some ids that begin or end like the given one."""
    if not query:
        return []
    half = max(1, len(query) // 2)
    low = pc.utf8_lower(ids)
    same = pc.or_(
        pc.starts_with(low, query[:half].lower()), pc.ends_with(low, query[-half:].lower())
    )
    similar: list[str] = ids.take(
        arrays.from_numpy(np.flatnonzero(arrays.to_bools(same))[:POOL])
    ).to_pylist()
    return similar


def _nowhere(table: Table, query: str, pool: list[str], unread: int) -> str:
    """Return the message that no row has the id."""
    near = _nearest(query, pool)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    lost = f" Unreadable: {quantity(unread, 'row')}." if unread else ""
    kind = "site_id" if "site_id" in table.columns else "line"
    return f"{table.path}: no site has the {kind} {query!r}.{hint}{lost}"


def _columns_with(table: Table, block: RowBlock, query: str) -> dict[str, int]:
    """Return the headers of a block under which a cell is the given id, with its line."""
    text = arrays.text_array([query])[0]
    line_of = {}
    for header, cells in zip(table.headers, block.columns.columns, strict=True):
        equal = pc.equal(pc.utf8_trim_whitespace(as_text(_plain(cells))), text)
        hits = np.flatnonzero(arrays.to_bools(equal))
        if len(hits):
            line_of[header] = int(block.lines[hits[0]])
    return line_of


def _without_ids(table: Table, query: str, elsewhere: Mapping[str, int]) -> str:
    """Return the message that no column was understood as ids, with those that may be meant."""
    start = f"{table.path}: no column was understood as the id of the sites, so {query!r} cannot be"
    if elsewhere:
        header, line = next(iter(elsewhere.items()))
        also = "".join(f" or {other!r}" for other in list(elsewhere)[1:MAX_LISTED])
        place = table.source.place(line) or f"line {line}"
        option = shlex.quote(f"site_id={header}")
        return (
            f"{start} looked up. It is in the column {header!r}{also} ({place}). "
            f"Use --column {option} (in Python: columns={{...}})."
        )
    free = [h for i, h in enumerate(table.headers) if i not in table.columns.values()]
    return (
        f"{start} looked up, and no cell of the file is {query!r}. Columns that could hold ids: "
        f"{listed(free) or 'none'}. Name one: --column site_id=HEADER, or give the line of the "
        f"site, such as --site 2."
    )


def _nearest(query: str, pool: list[str]) -> list[str]:
    """Return the most similar ids of a pool; among equals those with a common prefix."""
    lower = {site_id.lower(): site_id for site_id in pool}
    low = query.lower()
    likeness = difflib.SequenceMatcher(b=low)

    def rank(other: str) -> tuple[float, int]:
        likeness.set_seq1(other)
        pairs = zip(other, low, strict=False)
        return likeness.ratio(), sum(1 for _ in itertools.takewhile(lambda p: p[0] == p[1], pairs))

    near = difflib.get_close_matches(low, lower, n=POOL, cutoff=0.6)
    return [lower[other] for other in sorted(near, key=rank, reverse=True)[:NAMED]]


def _usable(table: Table, block: RowBlock, site_id: str) -> ParsedRows:
    """Return the only row of a block, parsed.

    Raises
    ------
    InputError
        If it has no usable coordinates.
    """
    rows = usable(block, table)
    if rows.rejects:
        reject = rows.rejects[0]
        place = table.source.place(reject.line) or f"line {reject.line}"
        msg = f"{table.path}: {place} ({site_id!r}): {reject.detail}."
        raise InputError(msg)
    return rows


def found_sites(table: Table, rows: ParsedRows) -> Iterator[FoundSite]:
    """Yield usable rows as single sites, each with all of its cells as text."""
    block, where, headers = rows.block, rows.coordinates, table.headers
    columns = {
        header: as_text(_plain(cells)).to_pylist()
        for header, cells in zip(headers, block.columns.columns, strict=True)
    }
    for name, days in rows.days.items():
        columns[table.matched_columns[name]] = [
            "" if missing else str(day) for day, missing in zip(days, np.isnat(days), strict=True)
        ]
    ids = pc.utf8_trim_whitespace(table.row_ids(block)).to_pylist()
    parts = address_columns(headers, table.columns)
    matched = {n: headers[at] for n, at in {**table.area_columns, **table.columns}.items()}
    for row, (line, site_id) in enumerate(zip(block.lines.tolist(), ids, strict=True)):
        yield FoundSite(
            site_id or str(line),
            line,
            float(where.lon[row]),
            float(where.lat[row]),
            float(where.accuracy_m[row]),
            {header: texts[row] for header, texts in columns.items()},
            matched,
            {name: headers[at] for name, at in parts.parts.items()},
            tuple(headers[at] for at in parts.extra),
        )


def _plain(cells: pa.Array) -> pa.Array:
    """Return cells that have a text form; nested and binary ones (a geometry) become empty."""
    kind = cells.type
    odd = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return pa.nulls(len(cells), pa.string()) if odd else cells
