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
from coverage_analyzer.schema.columns import FOR_REQUESTS, site_columns
from coverage_analyzer.schema.coordinates import coordinates
from coverage_analyzer.schema.verdict import VERDICT

MOST: Final = 0.5
"""At least such a share of the rows has to be in their countries the other way round."""

FEW: Final = 0.1
"""At most such a share may be in their countries as they are."""

PARTS: Final = ("sheet", "layer", "member")
"""What is detected about which part of a file is a table."""


def open_sites(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
    *,
    unread: Collection[str] = FOR_REQUESTS,
    centers: Table | None = None,
    read: Collection[str] = (),
) -> Table:
    """Open a table of sites (`files.table.open_table`), with a notice if coordinates look swapped.

    Parameters
    ----------
    path, columns, dialect, unread
        As for `files.table.open_table`.
    centers
        The open table of centers, which must be another one.
    read
        Columns that only some policies read, and this one does (`Policy.start_columns`).

    Raises
    ------
    InputError
        If it cannot be read, columns are missing or ambiguous, or the centers, if given, are the
        same table.
    MissingExtraError
        If it is a workbook or a database, and the extra for it is not installed.
    """
    table = open_table(path, site_columns(read), columns, dialect, unread=unread)
    if centers is not None:
        check_two_tables(table, centers)
    if "country" not in table.columns:
        return table
    swapped = swapped_coordinates(table, countries.load())
    return dataclasses.replace(table, notices=(*table.notices, *swapped))


def check_two_tables(sites: Table, centers: Table, *, in_common: bool | None = None) -> None:
    """Raise if sites and centers are the same rows: each site would be at a center, and qualify.

    Files are compared by what the file system said when they were opened; nothing is read.

    Parameters
    ----------
    sites, centers
        Open tables.
    in_common
        Whether they have a file in common, if the caller knows better than the tables.

    Raises
    ------
    InputError
        If so. One file is allowed if sheets, layers or columns of coordinates differ.
    """
    if in_common is None:
        in_common = _is_same_place(sites, centers)
    if not in_common or not _is_same_part(sites, centers):
        return
    part = next((name for name in PARTS if name in centers.source.detected), "")
    part_text = f", {part} {centers.source.detected[part]!r}" if part else ""
    choice = {
        "sheet": ", or choose a sheet with --sheet or --center-sheet",
        "layer": ", or choose a layer with --layer or --center-layer",
    }.get(part, "")
    same = "" if str(sites.path) == str(centers.path) else f" (sites: {sites.path})"
    msg = (
        f"The sites and the centers are the same table: {centers.path}{part_text}{same}. Each site "
        f"would be at a center. Name the file of the centers with --centers{choice}."
    )
    raise InputError(msg)


def _is_same_place(sites: Table, centers: Table) -> bool:
    """Return whether two tables have a file in common, or are the same rows of a database."""
    if isinstance(sites.path, Address) or isinstance(centers.path, Address):
        return sites.path == centers.path
    return bool(_files(sites) & _files(centers))


def _files(table: Table) -> set[tuple[int, int]]:
    """Return the device and the inode of each regular file of a table."""
    fingerprint = table.source.fingerprint
    states = fingerprint.states.values() if fingerprint is not None else ()
    return {(state.device, state.inode) for state in states if state is not None}


def _is_same_part(sites: Table, centers: Table) -> bool:
    """Return whether sheet, layer, member and columns of coordinates are the same."""
    for name in PARTS:
        parts = [_values(table.source.detected.get(name, "")) for table in (sites, centers)]
        if not parts[0] & parts[1]:
            return False
    names = [table.matched_columns for table in (sites, centers)]
    return all(names[0].get(axis) == names[1].get(axis) for axis in ("latitude", "longitude"))


def _values(detected: str | list[str]) -> set[str]:
    """Return what was detected in one file, or in each of several."""
    return {detected} if isinstance(detected, str) else set(detected)


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


def is_report(table: Table) -> bool:
    """Return whether sites are the rows of a report."""
    return set(VERDICT) <= set(table.headers)


def assessed_again(table: Table, what: str) -> list[str]:
    """Return a warning if the sites are a report, whose verdicts and drive times are not used.

    Parameters
    ----------
    table
        The sites.
    what
        What is made of them, such as ``The timeline``.
    """
    if not is_report(table):
        return []
    return [f"The input is a report. {what} assesses it again and ignores its drive times."]
