"""From joined rows to changes: what `pairing` yields, as `tally` takes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.comparison.causes import CauseFinder
from coverage_analyzer.comparison.pairing import AFTER, BEFORE, pairs
from coverage_analyzer.comparison.rows import INPUT, SHOWN, Side, Spool, ranks, split_key
from coverage_analyzer.comparison.tally import Changes, Pairs, Tally
from coverage_analyzer.matching.site_rows import SiteRows


@dataclass(frozen=True)
class SpooledSide:
    """A side with all its rows in a closed spool."""

    side: Side
    spool: Spool


@dataclass(frozen=True)
class Headers:
    """Headers of the columns of a key, and of those that tell the rows of a site apart.

    ``by_header`` says whether those of the key are own columns, not the known ``site_id``.
    """

    key: tuple[str, ...]
    part: tuple[str, ...] = ()
    by_header: bool = False


def tally_of(before: Side, after: Side) -> Tally:
    """Return an empty tally for changes between two sides."""
    is_known = before.is_known and after.is_known
    return Tally(ranks(before, after), CauseFinder(before, after) if is_known else None)


def changes(
    before: SpooledSide, after: SpooledSide, headers: Headers, tally: Tally, folder: Path
) -> Iterator[Changes]:
    """Yield the changes between two spooled reports, in order of the key, and count them.

    Parameters
    ----------
    before, after
        The sides.
    headers
        Of their key.
    tally
        Counts all changes.
    folder
        For temporary files.

    Raises
    ------
    InputError
        If a row of a report can no longer be read.
    MissingExtraError
        If the extra ``compare`` is not installed.
    """
    for batch in pairs(before.spool, after.spool, folder):
        yield tally.add(_pairs(batch, before, after, headers))


def _pairs(
    batch: pa.RecordBatch, before: SpooledSide, after: SpooledSide, headers: Headers
) -> Pairs:
    """Return a batch of joined rows as pairs."""
    a, b = (_side(batch, prefix) for prefix in (BEFORE, AFTER))
    has = arrays.is_valid(a["key"]), arrays.is_valid(b["key"])
    keys = split_key(pc.coalesce(b["key"], a["key"]), len(headers.key))
    parts = []
    if headers.part:
        parts = split_key(pc.coalesce(b["part"], a["part"]), len(headers.part))
    return Pairs(
        key=dict(zip((*headers.key, *headers.part), (*keys, *parts), strict=True)),
        name=pc.coalesce(b["name"], a["name"]),
        country=pc.coalesce(a["site_country"], b["site_country"]),
        before={name: a[name] for name in SHOWN},
        after={name: b[name] for name in SHOWN},
        has_before=has[0],
        has_after=has[1],
        weight=_numbers(pc.coalesce(a["weight"], b["weight"])),
        own={header: a[name] for name, header in before.spool.own.items()},
        sites_before=_site_rows(before.side, a, has[0]),
        sites_after=_site_rows(after.side, b, has[1]),
    )


def _side(batch: pa.RecordBatch, prefix: str) -> dict[str, pa.Array]:
    names = [n for n in batch.schema.names if n.startswith(prefix)]
    return {name.removeprefix(prefix): batch.column(name) for name in names}


def _numbers(cells: pa.Array) -> Floats:
    return arrays.as_numpy(cells).astype(np.float64)


def _site_rows(side: Side, columns: dict[str, pa.Array], has: Bools) -> SiteRows | None:
    """Return what the rows of a side say of their sites; None if its reader is unknown."""
    if side.site_rows is None:
        return None
    at = arrays.from_numpy(np.flatnonzero(has))
    cells = {n.removeprefix(INPUT): c.take(at) for n, c in columns.items() if n.startswith(INPUT)}
    return side.site_rows(pa.RecordBatch.from_arrays(list(cells.values()), names=list(cells)))
