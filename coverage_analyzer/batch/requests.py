"""Read requests from a file, and the site rows that they refer to, in one pass over the sites.

Where a table has no column ``address``, or a cell of it is empty, the address is made of the
columns that are its parts (`schema.address_columns`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.addresses.lines import address_lines
from coverage_analyzer.due_times.requests import EVENTS, RegisteredSite, Request, registered_site
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.table import Table
from coverage_analyzer.matching import eligibility
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.address_columns import AddressColumns, address_columns
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.rejects import Reject

ROW: Final[tuple[str, ...]] = (
    *columns.COUNTRY_STATED,
    "address",
    "region",
    "time_zone",
    "receiving_hours",
    *eligibility.TEXTS,
    *eligibility.DAYS,
)
"""Columns read of a site besides its coordinates."""


@dataclass
class Requested:
    """The requests of a file with their line and raw text, and the rows that are not requests."""

    requests: list[Request] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    read: int = 0


def read_requests(table: Table) -> Requested:
    """Return all requests of an open table (`schema.columns.REQUESTS`)."""
    result = Requested()
    for block in table.source.blocks():
        cells = {column.name: _texts(table, block, column.name) for column in columns.REQUESTS}
        cells["address"] = _addresses(table, block, cells["address"])
        for row, line in enumerate(block.lines.tolist()):
            result.requests.append(request({name: texts[row] for name, texts in cells.items()}))
            result.lines.append(line)
            result.raw.append(block.raw(row))
        result.rejects += block.rejects
        result.blank += block.blank
        result.read += block.records
    return result


def request(cells: Mapping[str, str]) -> Request:
    """Return a request from its cells, keyed by `schema.columns.REQUESTS`."""
    return Request(
        request_id=cells["request_id"].strip(),
        site_id=cells["site_id"].strip(),
        moments={event: cells.get(f"{event}_at", "") for event in EVENTS},
        address=cells.get("address", ""),
        product=cells.get("product", ""),
        component=cells.get("component", ""),
    )


def registered_rows(table: Table, site_ids: Iterable[str]) -> dict[str, list[RegisteredSite]]:
    """Return all usable rows of the given sites, by id, of an open table (`schema.columns.SITES`).

    Without an id column the line number is the id. Memory grows with the sites requested, not with
    those read.
    """
    ids = arrays.text_array(sorted(set(site_ids)))
    result: dict[str, list[RegisteredSite]] = defaultdict(list)
    for rows in table.rows():
        block, where = rows.block, rows.coordinates
        names = pc.utf8_trim_whitespace(table.row_ids(block))
        row_at = np.flatnonzero(arrays.to_bools(pc.is_in(names, value_set=ids)))
        indices = arrays.from_numpy(row_at)
        cells = {name: _texts(table, block, name, indices) for name in ROW}
        cells["address"] = _addresses(table, block, cells["address"], indices)
        for name, dates in rows.days.items():
            cells[name] = ["" if np.isnat(day) else str(day) for day in dates[row_at]]
        for number, (at, name) in enumerate(
            zip(row_at.tolist(), names.take(indices).to_pylist(), strict=True)
        ):
            place = float(where.lon[at]), float(where.lat[at]), float(where.accuracy_m[at])
            texts = {column: values[number] for column, values in cells.items()}
            result[name].append(registered_site(texts, place))
    return result


def _texts(
    table: Table, block: RowBlock, name: str, indices: pa.Array | None = None
) -> Sequence[str]:
    """Return a known column as text, empty if the table lacks it; timestamps as ISO 8601."""
    cells = table.column(block, name)
    if cells is None:
        return [""] * len(block.lines if indices is None else indices)
    if indices is not None:
        cells = cells.take(indices)
    return [text or "" for text in cells.cast(pa.string()).to_pylist()]


def has_addresses(table: Table) -> bool:
    """Return whether a table has addresses: whole ones, or their parts."""
    return bool(address_columns(table.headers, table.columns))


def _addresses(
    table: Table, block: RowBlock, whole: Sequence[str], indices: pa.Array | None = None
) -> Sequence[str]:
    """Return the address of each row: the given whole one, else one made of its parts."""
    address = address_columns(table.headers, table.columns)
    at = [*address.parts.values(), *address.extra]
    if not address or all(map(str.strip, whole)):
        return whole
    cells = [block.columns.column(position) for position in at]
    texts = [as_text(c if indices is None else c.take(indices)).to_pylist() for c in cells]
    return [
        text if text.strip() else joined_address(address, parts)
        for text, *parts in zip(whole, *texts, strict=True)
    ]


def joined_address(columns: AddressColumns, cells: Sequence[str]) -> str:
    """Return an address on one line from the cells of its parts and further lines, in that order.

    Examples
    --------
    >>> columns = AddressColumns({"street": 3, "postcode": 5, "city": 4})
    >>> joined_address(columns, ["Hauptstr. 5", "80331", "M\u00fcnchen"])
    'Hauptstr. 5, 80331 M\u00fcnchen'
    """
    parts = dict(zip(columns.parts, cells, strict=False))
    return ", ".join(address_lines(parts, cells[len(columns.parts) :]))
