"""Mistakes that concern a whole table and that its first rows show."""

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.arrays import Bools
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.countries.names import NONE
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.database.address import Address
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.table import ParsedRows, Table, open_table, read_centers
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.schema.columns import FOR_REQUESTS, SITES
from coverage_analyzer.schema.coordinates import coordinates

MOST: Final = 0.5
"""At least such a share of the rows has to be in their countries the other way round."""

FEW: Final = 0.1
"""At most such a share may be in their countries as they are."""


def open_sites(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
    *,
    unread: Collection[str] = FOR_REQUESTS,
) -> Table:
    """Open a table of sites (`files.table.open_table`), with a notice if coordinates look swapped.

    Raises
    ------
    InputError
        If it cannot be read, or columns are missing or ambiguous.
    MissingExtraError
        If it is a workbook or a database, and the extra for it is not installed.
    """
    table = open_table(path, SITES, columns, dialect, unread=unread)
    if "country" not in table.columns:
        return table
    swapped = swapped_coordinates(table, countries.load())
    return dataclasses.replace(table, notices=(*table.notices, *swapped))


def swapped_coordinates(table: Table, world: Countries) -> list[str]:
    """Return a warning if the first rows are in their countries with coordinates swapped.

    Rows are assessed as they are all the same: whoever exports the table has to correct it.

    Parameters
    ----------
    table
        Open and not read yet. Of a database it is not asked: a query may be expensive.
    world
        Where countries are.

    Raises
    ------
    InputError
        If the first rows cannot be read.
    """
    if isinstance(table.path, Address) or "country" not in table.columns:
        return []
    rows = table.source.preview()
    block = RowBlock(np.arange(len(rows)), rows, str)
    cells = [table.column(block, name) for name in ("latitude", "longitude")]
    if any(each is None for each in cells):
        return []
    parsed = ParsedRows(block, coordinates(*cells, notation=table.notation), [])
    declared = table.site_rows(parsed).declared(world.names)
    right = _is_in_country(cells[0], cells[1], declared, table, world)
    swapped = _is_in_country(cells[1], cells[0], declared, table, world)
    n_declared = np.count_nonzero(declared > NONE)
    if not n_declared or swapped.sum() < MOST * n_declared or right.sum() > FEW * n_declared:
        return []
    names = table.matched_columns
    notice = (
        f"Latitude and longitude look swapped: {swapped.sum()} of the first {n_declared} rows are "
        f"in their country if {names['longitude']!r} is the latitude and {names['latitude']!r} "
        f"the longitude. Rows are assessed as they are; correct the columns."
    )
    return [notice]


def _is_in_country(
    lat: pa.Array, lon: pa.Array, declared: Numbers, table: Table, world: Countries
) -> Bools:
    """Return which rows are located in the country that they declare."""
    read = coordinates(lat, lon, notation=table.notation)
    usable = (read.fault < 0) & (declared > NONE)
    lon_used, lat_used = (np.where(usable, values, 0.0) for values in (read.lon, read.lat))
    located: Numbers = world.holder[world.borders.located(lon_used, lat_used)]
    same: Bools = usable & (located == declared)
    return same


def read_network(table: Table, world: Countries, convention: Convention) -> Centers:
    """Read the service centers of an open table (`files.table.read_centers`).

    Raises
    ------
    InputError
        If a row cannot be used; it says, too, if latitude and longitude look swapped.
    """
    notices = swapped_coordinates(table, world)
    try:
        return read_centers(table, world, convention)
    except InputError as error:
        if not notices:
            raise
        msg = f"{error}\n  {notices[0]}"
        raise InputError(msg) from None
