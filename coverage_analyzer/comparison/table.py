"""The rows of ``changes.csv``."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.comparison.causes import Cause
from coverage_analyzer.comparison.changes import Change
from coverage_analyzer.comparison.tally import Changes
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.verdict import DECIMALS

FROM_TO: Final = (
    "level",
    "status",
    "reason",
    "center_id",
    "distance_miles",
    "margin_miles",
    "available_on",
)
"""The columns of a verdict that are shown before and after, as ``level_from``, ``level_to`` ..."""

CHANGE_NAMES: Final = arrays.text_array([change.name for change in Change])
CAUSE_NAMES: Final = arrays.text_array([cause.name for cause in Cause])


def schema(key: Sequence[str], *, weighted: bool) -> pa.Schema:
    """Return the columns of ``changes.csv``.

    Parameters
    ----------
    key
        Headers of the key.
    weighted
        Whether there is a weight.
    """
    fields = [(name, pa.string()) for name in (*map(_key_name, key), "name", "country")]
    for name in FROM_TO:
        fields += [(f"{name}_{end}", _type(name)) for end in ("from", "to")]
    fields += [(name, pa.string()) for name in ("change", "because", "because_set")]
    return pa.schema([*fields, *([("weight", pa.float64())] if weighted else [])])


def _key_name(header: str) -> str:
    """Return the header of a column of the key, which may be called as one of the table."""
    fixed = {"name", "country", "change", "because", "because_set", "weight"}
    fixed |= {f"{name}_{end}" for name in FROM_TO for end in ("from", "to")}
    return f"key_{header}" if header in fixed else header


def _type(name: str) -> pa.DataType:
    if name in DECIMALS:
        return pa.decimal128(18, DECIMALS[name])
    return pa.date32() if name == "available_on" else pa.string()


def rows(changes: Changes, *, weighted: bool) -> pa.RecordBatch:
    """Return the rows that changed as a batch of `schema`.

    Parameters
    ----------
    changes
        Changes, among rows that may be the same.
    weighted
        Whether there is a weight.
    """
    pairs, at = changes.pairs, arrays.from_numpy(changes.rows)
    columns: dict[str, pa.Array] = {
        _key_name(header): cells.take(at) for header, cells in pairs.key.items()
    }
    columns |= {"name": pairs.name.take(at), "country": pairs.country.take(at)}
    for name in FROM_TO:
        columns |= _both(name, pairs.before, pairs.after, at)
    columns["change"] = CHANGE_NAMES.take(arrays.from_numpy(changes.change[changes.rows]))
    columns["because"] = CAUSE_NAMES.take(arrays.from_numpy(changes.cause[changes.rows]))
    columns["because_set"] = arrays.text_array([changes.sets[i] for i in changes.rows.tolist()])
    if weighted:
        columns["weight"] = arrays.from_numpy(pairs.weight[changes.rows])
    return pa.RecordBatch.from_arrays(
        list(columns.values()), schema=schema(tuple(pairs.key), weighted=weighted)
    )


def _both(
    name: str, before: Mapping[str, pa.Array], after: Mapping[str, pa.Array], at: pa.Array
) -> dict[str, pa.Array]:
    """Return a column of a verdict before and after."""
    cells = {f"{name}_from": before[name].take(at), f"{name}_to": after[name].take(at)}
    if name in DECIMALS:
        return {
            n: arrays.decimals(arrays.as_numpy(c).astype(np.float64), DECIMALS[name])
            for n, c in cells.items()
        }
    return cells if name == "available_on" else {n: as_text(c) for n, c in cells.items()}
