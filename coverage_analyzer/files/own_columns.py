"""Own columns of a table, chosen by their headers: those that a map shows of a site."""

from collections.abc import Sequence

import pyarrow as pa

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.table import Table
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.schema.columns import as_text


def named(columns: Sequence[str] | str) -> tuple[str, ...]:
    """Return names of columns, given one by one or as one text with commas.

    Examples
    --------
    >>> named("segment, owner"), named(["a,b"])
    (('segment', 'owner'), ('a,b',))
    """
    names = columns.split(",") if isinstance(columns, str) else columns
    return tuple(dict.fromkeys(filter(None, (name.strip() for name in names))))


def check(names: Sequence[str], headers: Sequence[str], what: str) -> None:
    """Raise if a table does not have some columns.

    Parameters
    ----------
    names
        The columns.
    headers
        Those that there are.
    what
        The table, for the message.

    Raises
    ------
    InputError
        With the first that is missing, and the most similar one.
    """
    for name in names:
        if name not in headers:
            hint = nearest(name, headers) or f" Columns: {', '.join(headers[:20])}."
            msg = f"{what} has no own column {name!r} to show on the map (--map-columns).{hint}"
            raise InputError(msg)


def texts(table: Table, block: RowBlock, names: Sequence[str]) -> list[pa.Array]:
    """Return the cells of some columns of a block as text, empty where missing."""
    return [as_text(block.columns.column(table.headers.index(name))) for name in names]
