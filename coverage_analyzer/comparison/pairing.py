"""Which rows of two reports differ, joined by DuckDB.

Rows are compared as multisets: of rows with the same key and verdict, as many as both sides have
are the same, and only the others remain. These are paired within their key (and product, version
and component, if there are any), then within the key alone: a site whose product has changed is one
change, not a site that left and another that entered. Several rows of a key are paired in the order
of their verdicts and cells. The order of rows in the files does not matter.

DuckDB sorts and hashes on disk where memory does not suffice (`MEMORY`).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.comparison.rows import Spool
from coverage_analyzer.errors import require

MEMORY: Final = "600MB"
"""Memory that DuckDB may use before it writes to disk."""

ROWS_AT_ONCE: Final = 50_000
"""Pairs per batch."""

BEFORE: Final = "a_"
AFTER: Final = "b_"
"""Prefixes of the columns of the two sides in a batch of pairs."""

ORDER: Final = "level, status, reason, center_id, available_on"


def pairs(before: Spool, after: Spool, folder: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows that differ, each with the row that it is paired with, in order of the key.

    Parameters
    ----------
    before, after
        Closed spools with the same codes.
    folder
        For temporary files.

    Yields
    ------
    batch
        The columns of both spools, prefixed by `BEFORE` and `AFTER`; those of one side are null
        where only the other side has the row. A pair may be equal but for its part.

    Raises
    ------
    MissingExtraError
        If the extra ``compare`` is not installed.
    """
    with open_connection(folder) as connection:
        by_part = before.has_parts or after.has_parts
        key = "key, part, code" if by_part else "key, code"
        connection.register("a", before.keys())
        connection.register("b", after.keys())
        connection.execute(_differences(key))
        for side, spool, sign in (("a", before, 1), ("b", after, -1)):
            connection.register(f"all_{side}", _different(connection, spool, key, sign))
            connection.execute(_excess(side, sign, _tie_breakers(connection, side)))
            connection.unregister(f"all_{side}")
        connection.execute(_PAIRED)
        if by_part:
            connection.execute(_PAIRED_BY_KEY)
        relation = connection.sql(
            f"SELECT {_columns(connection)} FROM paired p LEFT JOIN rest_a a ON a.id = p.a "
            "LEFT JOIN rest_b b ON b.id = p.b "
            "ORDER BY coalesce(a.key, b.key), coalesce(a.part, b.part), p.a, p.b"
        )
        yield from relation.to_arrow_reader(ROWS_AT_ONCE)


def open_connection(folder: Path) -> Any:
    """Return a connection that writes to a folder what does not fit in memory.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    """
    require("compare", "duckdb")
    import duckdb

    scratch = folder / "duckdb"
    scratch.mkdir(exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(config=config)
    # It would write to standard output. DuckDB 2 does not take it as an option of a database.
    with contextlib.suppress(duckdb.Error):  # in notebooks without ipywidgets there is no bar
        connection.execute("SET enable_progress_bar = false")
    return connection


def _differences(key: str) -> str:
    """Return what makes the table of keys and codes that one side has more often."""
    return f"""
CREATE TEMP TABLE differences AS
SELECT {key}, sum(side)::BIGINT AS excess
FROM (SELECT {key}, 1 AS side FROM a UNION ALL SELECT {key}, -1 FROM b)
GROUP BY ALL HAVING sum(side) <> 0
"""


def _different(connection: Any, spool: Spool, key: str, sign: int) -> pa.Table:
    """Return the rows of a side whose key and code it has more often than the other side."""
    connection.register("side", spool.keys())
    result = connection.sql(
        "SELECT row, key, part, code, excess FROM side "
        f"JOIN (FROM differences WHERE excess * {sign} > 0) USING ({key}) ORDER BY row"
    ).to_arrow_table()
    connection.unregister("side")
    rows, codes = (
        arrays.as_numpy(result.column(name).combine_chunks()).astype(np.int64)
        for name in ("row", "code")
    )
    cells = spool.take(rows, codes)
    for name in ("key", "part", "code", "excess"):
        cells = cells.append_column(name, result.column(name))
    return cells


_PAIRED: Final = """
CREATE TEMP TABLE paired AS
SELECT a.id AS a, b.id AS b
FROM rest_a a FULL JOIN rest_b b ON a.key = b.key AND a.part = b.part AND a.place = b.place
"""

_PAIRED_BY_KEY: Final = """
CREATE OR REPLACE TEMP TABLE paired AS
WITH alone_a AS (
  SELECT id, key, row_number() OVER (PARTITION BY key ORDER BY part, place) AS nth
  FROM rest_a WHERE id IN (SELECT a FROM paired WHERE b IS NULL)
), alone_b AS (
  SELECT id, key, row_number() OVER (PARTITION BY key ORDER BY part, place) AS nth
  FROM rest_b WHERE id IN (SELECT b FROM paired WHERE a IS NULL)
)
SELECT a, b FROM paired WHERE a IS NOT NULL AND b IS NOT NULL
UNION ALL
SELECT a.id, b.id FROM alone_a a FULL JOIN alone_b b ON a.key = b.key AND a.nth = b.nth
"""


def _excess(side: str, sign: int, cells: str) -> str:
    """Return what makes the table of the rows of a side that the other side does not have.

    Of rows with the same key, part and code, the last ones by their cells are in excess. ``place``
    numbers the rows within key and part, ``id`` all rows; neither depends on the order of rows.
    """
    return f"""
CREATE TEMP TABLE rest_{side} AS
SELECT *, row_number() OVER (PARTITION BY key, part ORDER BY {ORDER}, {cells}) AS place,
  row_number() OVER (ORDER BY key, part, {ORDER}, {cells}) AS id
FROM (
  SELECT * EXCLUDE (excess, code) FROM all_{side}
  QUALIFY row_number() OVER (PARTITION BY key, part, code ORDER BY {cells}) <= excess * {sign}
)
"""


def _tie_breakers(connection: Any, side: str) -> str:
    """Return the columns of a side that tell rows with the same verdict apart."""
    names = _names(connection, f"all_{side}")
    return ", ".join(f'"{n}"' for n in names if n not in {"key", "part", "code", "excess"})


def _names(connection: Any, table: str) -> list[str]:
    return [str(name) for name in connection.table(table).columns]


def _columns(connection: Any) -> str:
    """Return the columns of both sides with their prefixes."""
    return ", ".join(
        f'{side}."{name}" AS "{prefix}{name}"'
        for side, prefix in (("a", BEFORE), ("b", AFTER))
        for name in _names(connection, f"rest_{side}")
    )
