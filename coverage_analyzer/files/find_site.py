"""Find the single row of a table that has an id, while the table is streamed."""

import dataclasses
import difflib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.table import Table, usable
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
    each known column in the table.
    """

    site_id: str
    line: int
    lon: float
    lat: float
    accuracy_m: float
    cells: Mapping[str, str]
    columns: Mapping[str, str]

    def cell(self, column: str) -> str:
        """Return the cell of a known column; empty if the table lacks it."""
        return self.cells.get(self.columns.get(column, ""), "").strip()


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
    query = site_id.encode(errors="replace").decode().strip()  # which no text file can contain
    lines, first = [], None
    others: dict[str, None] = {}
    pool: dict[str, None] = {}
    unread = 0
    for block in table.source.blocks():
        ids = pc.utf8_trim_whitespace(table.row_ids(block))
        hits = np.flatnonzero(arrays.to_bools(pc.equal(ids, arrays.text_array([query])[0])))
        others |= dict.fromkeys(_products(table, block, hits))
        hits = _of_product(table, block, hits, product)
        lines += block.lines[hits].tolist()
        unread += len(block.rejects)
        if first is None and len(hits):
            first = _cut(block, hits[:1])
        if first is None and len(pool) < POOL:
            pool |= dict.fromkeys(_alike(ids, query))
    if first is None and others:
        raise InputError(_not_of(table, query, product, list(others)))
    if first is None:
        raise InputError(_nowhere(table, query, list(pool), unread))
    if len(lines) > 1:
        more = f" and {len(lines) - MAX_LISTED} more" if len(lines) > MAX_LISTED else ""
        listed = ", ".join(table.source.place(n) or f"line {n}" for n in lines[:MAX_LISTED])
        which = " Choose one with --product." if "product" in table.columns and not product else ""
        msg = (
            f"{table.path}: {query!r} appears in {listed}{more}; a letter is about one row.{which}"
        )
        raise InputError(msg)
    return _site(table, first, query)


def _products(table: Table, block: RowBlock, rows: Ints) -> list[str]:
    """Return the product of each of the given rows, as written."""
    cells = table.column(block, "product")
    if cells is None:
        return []
    return [n or "" for n in as_text(cells).take(arrays.from_numpy(rows)).to_pylist()]


def _not_of(table: Table, site_id: str, product: str, others: list[str]) -> str:
    """Return the message that no row of an id has the product."""
    shown = ", ".join(repr(name) if name.strip() else "no product" for name in others[:MAX_LISTED])
    more = f" and {len(others) - MAX_LISTED} more" if len(others) > MAX_LISTED else ""
    near = difflib.get_close_matches(product, others, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"{table.path}: no row of {site_id!r} has the product {product!r}; "
        f"its products: {shown}{more}.{hint}"
    )


def _of_product(table: Table, block: RowBlock, rows: Ints, product: str) -> Ints:
    """Return the rows of the given product, if any is given."""
    cells = table.column(block, "product")
    if not product or cells is None:
        return rows
    names = as_text(cells).take(arrays.from_numpy(rows)).to_pylist()
    same = [header_key(name or "") == header_key(product) for name in names]
    return rows[np.array(same, np.bool_)]


def _cut(block: RowBlock, rows: Ints) -> RowBlock:
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


def _site(table: Table, block: RowBlock, site_id: str) -> FoundSite:
    """Return the only row of a block as a site.

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
    where = rows.coordinates
    texts = [as_text(_plain(c))[0].as_py() for c in block.columns.columns]
    cells = dict(zip(table.headers, texts, strict=True))
    for name, days in rows.days.items():
        cells[table.matched_columns[name]] = "" if np.isnat(days[0]) else str(days[0])
    return FoundSite(
        site_id,
        int(block.lines[0]),
        float(where.lon[0]),
        float(where.lat[0]),
        float(where.accuracy_m[0]),
        cells,
        table.matched_columns,
    )


def _plain(cells: pa.Array) -> pa.Array:
    """Return cells that have a text form; nested and binary ones (a geometry) become empty."""
    kind = cells.type
    odd = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return pa.nulls(len(cells), pa.string()) if odd else cells
