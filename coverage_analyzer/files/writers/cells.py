"""Cells as formats hold them that have fewer types than Arrow: names that differ, JSON, text."""

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays


def distinct_names(originals: list[str], key: Callable[[str], str] = str) -> list[str]:
    """Return names that differ: an empty one gets a name, a repeated one a number.

    Parameters
    ----------
    originals
        Of all columns.
    key
        Names of one key are one name, such as `str.lower` where case does not matter.

    Examples
    --------
    >>> distinct_names(["id", "", "ID", "id"]), distinct_names(["id", "", "ID"], str.lower)
    (['id', 'column_2', 'ID', 'id_2'], ['id', 'column_2', 'ID_2'])
    """
    names: list[str] = []
    taken = {key(n) for n in originals}
    seen: set[str] = set()
    for at, name in enumerate(originals, 1):
        new, number = name or f"column_{at}", 2
        while key(new) in seen or (new != name and key(new) in taken):
            new, number = f"{name or f'column_{at}'}_{number}", number + 1
        seen.add(key(new))
        names.append(new)
    return names


def json_cells(cells: pa.Array) -> pa.Array:
    """Return values of any type as JSON, null where missing; what JSON lacks is text in it."""
    texts = [json.dumps(v, default=str, ensure_ascii=False) for v in cells.to_pylist()]
    return pc.if_else(cells.is_valid(), arrays.text_array(texts), pa.nulls(len(cells), pa.string()))


def free_name(name: str, taken: list[str]) -> str:
    """Return a name that no column has, whatever its case: with a number if it is taken.

    Examples
    --------
    >>> free_name("geom", ["id", "Geom", "geom_2"])
    'geom_3'
    """
    keys, new, number = {n.lower() for n in taken}, name, 2
    while new.lower() in keys:
        new, number = f"{name}_{number}", number + 1
    return new


def empty_rows(schema: pa.Schema) -> pa.RecordBatch:
    """Return no rows of a schema."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in schema], schema=schema)
