"""Read the rows of a query or table of a database, batch by batch and read-only.

Numbers, booleans, dates, times and bytes keep their types. All other types (numeric, uuid, json,
arrays, intervals ...) are read as the text that the database itself writes, so that no digit is
lost.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.database import connection as connecting
from coverage_analyzer.files.database.address import Address, check_name, quoted
from coverage_analyzer.files.readers import arrow_rows, utf8
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows

if TYPE_CHECKING:
    from adbc_driver_manager import AdbcStatement

TYPED: Final = frozenset(
    {"int2", "int4", "int8", "float4", "float8", "bool", "bytea"}
    | {"text", "varchar", "bpchar", "name", "date", "timestamp", "timestamptz"}
)
"""PostgreSQL types that Arrow also has."""

OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "postgresql": {"adbc.postgresql.batch_size_hint_bytes": 8 << 20},
    "sqlite": {"adbc.sqlite.query.batch_rows": arrow_rows.ROWS_AT_ONCE},
}
"""Size hint for the batches of a query."""

DAYS: Final = (-719_162, 2_932_896)
"""The years 1 to 9999 in days since 1970; infinity, which Arrow lacks, is outside."""

DAY_US: Final = 86_400_000_000

SQLITE_TEXT: Final = (
    "CASE WHEN typeof({0}) = 'real' AND CAST(CAST({0} AS TEXT) AS REAL) <> {0} "
    "THEN printf('%!.17g', {0}) ELSE CAST({0} AS TEXT) END"
)
"""A value as text; numbers with enough digits to restore them."""

SQLITE_RANK: Final = (
    "max(CASE typeof({0}) WHEN 'integer' THEN 1 WHEN 'real' THEN 2 WHEN 'text' THEN 3 "
    "WHEN 'blob' THEN 4 ELSE 0 END)"
)

SQLITE_COLUMN: Final = (
    ("''", SQLITE_TEXT),
    ("0", "{0}"),
    ("0.5", "{0}"),
    ("''", SQLITE_TEXT),
    ("x''", "CAST({0} AS BLOB)"),
)
"""For each rank, a value that shows the driver a type, and a column cast to that type."""


class DatabaseTable(TableReader):
    """The rows of a query or table, counted from 1.

    Parameters
    ----------
    address
        The location of the rows.

    Raises
    ------
    InputError
        If the database cannot be reached, or the query does not return rows of named columns.
    MissingExtraError
        If the drivers are not installed.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._statement: AdbcStatement | None = None
        self.geometries: list[str] = []
        """Columns of PostGIS geometry, which are not read as coordinates."""
        with connecting.translate_errors(address, InputError):
            query = _query(address)
            with connecting.reading(address) as connection:
                if address.kind == "postgresql":
                    self._sql, schema, self.geometries = _postgresql(connection, query)
                else:
                    self._sql, schema = _sqlite(connection, query)
        if self.geometries:
            point = f"ST_Transform({self.geometries[0]}::geometry, 4326)"
            self.hint = f" In a query, write ST_Y({point}) AS latitude, ST_X({point}) AS longitude."
        self.headers: list[str] = schema.names
        self.types = [arrow_rows.plain_type(kind) for kind in schema.types]
        self.known: dict[str, str] = {}

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows that the database gives, by a query of their own.

        Raises
        ------
        InputError
            If the database fails, or a value cannot be read.
        """
        address, options = self._address, OPTIONS[self._address.kind]
        skipped = address.kind == "sqlite"
        sql = f"SELECT * FROM (\n{self._sql}\n) AS preview LIMIT {n_rows + skipped}"
        with (
            connecting.translate_errors(address, InputError),
            connecting.reading(address) as connection,
            connecting.batches(connection, sql, options, self._keep_statement) as (schema, batches),
        ):
            rows = pa.Table.from_batches(list(batches), schema).combine_chunks().slice(skipped)
            batch = (rows.to_batches() or [arrow_rows.empty(schema)])[0]
            return first_rows(arrow_rows.block(batch, 1).columns, self.headers, n_rows)

    def _keep_statement(self, statement: "AdbcStatement") -> None:
        self._statement = statement

    def cancel(self) -> bool:
        """Cancel the query if it is running; return whether that is supported."""
        if self._statement is None:
            return False
        with contextlib.suppress(Exception):  # some drivers cannot cancel
            self._statement.cancel()
        return True

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order.

        Raises
        ------
        InputError
            If the database fails meanwhile, or a value cannot be read.
        """
        row = 1
        options, address = OPTIONS[self._address.kind], self._address
        with (
            connecting.translate_errors(address, InputError),
            connecting.reading(address) as connection,
            connecting.batches(connection, self._sql, options, self._keep_statement) as (
                schema,
                batches,
            ),
        ):
            yield arrow_rows.block(arrow_rows.empty(schema).rename_columns(self.headers), row)
            skipped = address.kind == "sqlite"
            for batch in batches:
                rows = batch.slice(1) if skipped else batch
                skipped = False
                for at in range(0, len(rows), arrow_rows.ROWS_AT_ONCE):
                    part = rows.slice(at, arrow_rows.ROWS_AT_ONCE)
                    _check(part, row)
                    yield arrow_rows.block(part, row)
                    row += len(part)

    def sha256(self) -> None:
        """Return None: a database has no bytes to hash, and its rows may change."""


def _query(address: Address) -> str:
    """Return the query to run.

    Raises
    ------
    InputError
        If the address has both a query and a table, or neither.
    """
    if bool(address.query) == bool(address.table) or (address.schema and not address.table):
        msg = "the address names no rows; add ?table=NAME (and &schema=NAME), or ?query=SELECT ..."
        raise InputError(msg)
    if address.query:
        return address.query.rstrip().rstrip(";")
    for name in filter(None, (address.table, address.schema)):
        check_name(name, "The name", address.kind)
    return f"SELECT * FROM {'.'.join(map(quoted, filter(None, (address.schema, address.table))))}"


def _check_names(names: Sequence[str]) -> Sequence[str]:
    """Return the column names of a query, checked.

    Raises
    ------
    InputError
        If it is missing, or two are equal.
    """
    if not names:
        msg = "the query returns no rows; write a SELECT that names its columns."
        raise InputError(msg)
    twice = sorted({n for n in names if list(names).count(n) > 1})
    if twice:
        msg = f"two columns have the name {twice[0]!r}; rename one of them with AS."
        raise InputError(msg)
    return names


def _postgresql(connection: Any, query: str) -> tuple[str, pa.Schema, list[str]]:
    """Return the query with types unknown to Arrow cast to text, its columns, and geometries."""
    types = connecting.schema(connection, query)
    _check_names(utf8.column_names(types))
    columns, geometries = [], []
    for field in types:
        kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
        name = quoted(field.name)
        geometries += [field.name] if kind in {"geometry", "geography"} else []
        columns.append(f"q.{name}" if kind in TYPED else f"q.{name}::text AS {name}")
    # On lines of its own: a query may end with a comment.
    sql = f"SELECT {', '.join(columns)} FROM (\n{query}\n) AS q"
    return sql, connecting.schema(connection, sql), geometries


def _sqlite(connection: Any, query: str) -> tuple[str, pa.Schema]:
    """Return the query with one type per column, and its columns.

    SQLite has a type per value. The driver uses that of the first rows for a column and fails on
    others, so the widest type of each column is determined first, and given to it by a row before
    all others.
    """
    with connecting.batches(connection, f"SELECT * FROM (\n{query}\n) LIMIT 0", {}) as (
        result_schema,
        _,
    ):
        names = utf8.column_names(result_schema)
    _check_names(
        [re.sub(r":\d+$", "", n) if re.sub(r":\d+$", "", n) in names else n for n in names]
    )
    ranks = ", ".join(SQLITE_RANK.format(f"q.{quoted(n)}") for n in names)
    widest = connecting.first_row(connection, f"SELECT {ranks} FROM (\n{query}\n) AS q") or ()
    kinds = [SQLITE_COLUMN[rank or 0] for rank in widest]
    first_row = ", ".join(
        f"{value} AS {quoted(n)}" for n, (value, _) in zip(names, kinds, strict=True)
    )
    columns = ", ".join(c.format(f"q.{quoted(n)}") for n, (_, c) in zip(names, kinds, strict=True))
    with connecting.batches(connection, f"SELECT {first_row}", {}) as (schema, _):
        pass
    return f"SELECT {first_row} UNION ALL SELECT {columns} FROM (\n{query}\n) AS q", schema


def _check(rows: pa.RecordBatch, row: int) -> None:
    """Raise if rows contain dates outside the calendar.

    Raises
    ------
    InputError
        With the column and the first row.
    """
    for name, cells in zip(rows.schema.names, rows.columns, strict=True):
        if pa.types.is_date32(cells.type):
            days = cells.cast(pa.int32()).cast(pa.int64())
            least, most = DAYS
        elif pa.types.is_timestamp(cells.type):
            days = cells.cast(pa.int64())
            least, most = DAYS[0] * DAY_US, (DAYS[1] + 1) * DAY_US - 1
        else:
            continue
        values = arrays.as_numpy(days)
        wrong = np.flatnonzero((values < least) | (values > most))
        if len(wrong):
            msg = (
                f"row {row + int(wrong[0])}: {name!r} is infinite or outside the years 1 to "
                f"9999; replace it in a query, such as NULLIF({name}, 'infinity')."
            )
            raise InputError(msg)
