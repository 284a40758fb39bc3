"""Rows of a table with the types that their cells stand for, for outputs that have types.

Coordinates, accuracies and days of known columns were parsed in any case; cells of a workbook come
as text and have types. All other text stays text here.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.schema.cell_types import NO_TEXT, OwnText
from coverage_analyzer.schema.columns import COUNTRY_STATED
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES
from coverage_analyzer.schema.verdict import names_in

KNOWN_AS_TEXT = frozenset(
    {
        *("site_id", "name", "address", "product", "version", "component", "requested_level"),
        *("street", "house_number", "postcode", "city", "state"),
        *("receiving_hours", "time_zone", *COUNTRY_STATED),
    }
)
"""Known columns whose text stays text, whatever it looks like: ids, names, versions."""


def typed_rows(batch: pa.RecordBatch, rows: ParsedRows, table: Table) -> pa.RecordBatch:
    """Return rows whose known columns, and those of a workbook, have their types.

    Parameters
    ----------
    batch
        Rows that begin with the columns of the table, in its order.
    rows
        The same rows as they were parsed.
    table
        The table.
    """
    declared = table.source.declared_types() or []
    columns = list(batch.columns)
    for at, kind in enumerate(declared):
        if pa.types.is_string(columns[at].type) and not pa.types.is_string(kind):
            columns[at] = _from_text(columns[at], kind, table.notation.decimal or ".")
    where = rows.coordinates
    numbers = {"latitude": where.lat, "longitude": where.lon, "accuracy_m": where.accuracy_m}
    values = {n: arrays.from_numpy(v, np.isnan(v)) for n, v in numbers.items()}
    values |= {n: arrays.from_numpy(v, np.isnat(v)) for n, v in rows.days.items()}
    for name, cells in values.items():
        at = table.columns.get(name, -1)
        if at >= 0 and not _is_typed(columns[at].type):
            columns[at] = cells
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def own_text(batch: pa.RecordBatch, table: Table) -> OwnText:
    """Return the columns of rows whose text has no type: it may plainly hold numbers or days.

    Parameters
    ----------
    batch
        As for `typed_rows`.
    table
        The table.
    """
    if table.source.declared_types() is not None:
        return NO_TEXT
    kept_text = {at for name, at in table.columns.items() if name in KNOWN_AS_TEXT}
    headers = batch.schema.names
    ours = names_in(headers)
    names = [n for at, n in enumerate(headers) if at not in kept_text and n not in ours]
    notation = table.notation
    decimal = notation.decimal if notation.decimal != DECIMAL_DEGREES.decimal else ""
    return OwnText(names=names, decimal=decimal, date_format=notation.date_format)


def _is_typed(kind: pa.DataType) -> bool:
    return not (pa.types.is_string(kind) or pa.types.is_null(kind))


def _from_text(cells: pa.Array, kind: pa.DataType, decimal: str) -> pa.Array:
    """Return what the text of a workbook's cells stands for, null for empty cells."""
    texts = arrays.without_empty(cells)
    if pa.types.is_floating(kind) and decimal != ".":
        texts = pc.replace_substring(texts, decimal, ".")
    if pa.types.is_boolean(kind):
        texts = pc.utf8_lower(texts)
    if pa.types.is_date(kind):
        return texts.cast(pa.timestamp("s")).cast(kind)
    return texts.cast(kind)
