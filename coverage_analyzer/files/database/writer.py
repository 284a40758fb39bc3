"""Write the rows of a report to a database table, replacing the old one atomically.

PostgreSQL receives the rows in one transaction, in a table that is invisible before its end. SQLite
receives them in a temporary table of the connection, so that its file is locked only at the end,
and may be the file from which sites are read.

A table of that name is replaced if it carries our mark. Any other is never changed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from coverage_analyzer.errors import InputError, PublishError, visible
from coverage_analyzer.files.database import connection
from coverage_analyzer.files.database.address import Address, address, check_name, quoted
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import distinct_names, json_cells

TABLE_COMMENT: Final = "Report of coverage-analyzer, replaced whole by its next run."
"""Start of the comment on a table that a run may replace; `TableWriter.describe` adds the day."""

POSTGRESQL_TABLE: Final = """
SELECT starts_with(coalesce(obj_description(c.oid, 'pg_class'), ''), $3) AND c.relkind = 'r'
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2
"""

POSTGRESQL_TYPES: Final = """
SELECT old.attname::text, format_type(old.atttypid, old.atttypmod),
    format_type(new.atttypid, new.atttypmod)
FROM pg_catalog.pg_attribute AS old
JOIN pg_catalog.pg_class AS o ON o.oid = old.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = o.relnamespace
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid
JOIN pg_catalog.pg_attribute AS new ON new.attrelid = c.oid AND new.attname = old.attname
WHERE n.nspname = $1 AND o.relname = $2 AND c.relname = $3 AND old.attnum > 0 AND new.attnum > 0
    AND old.atttypid <> new.atttypid
ORDER BY old.attnum
"""
"""The columns of two tables that have one name and different types."""

SQLITE_TYPES: Final = "SELECT name, type FROM pragma_table_info(?1, 'main')"
"""The columns of a table, and their types."""

SQLITE_TABLE: Final = """
SELECT type = 'table' AND instr(sql, ?2) > 0 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE
"""
"""SQLite names are case-insensitive."""

WAIT_MS: Final = 30_000
"""How long to wait for a lock on the table or the SQLite file."""


class TableWriter(Writer):
    """Writer of rows into a table; a context that keeps the old table unless `commit` is called.

    Parameters
    ----------
    place
        The address of the table.

    Raises
    ------
    InputError
        If the address names no table.
    PublishError
        If the database cannot be written to, or a table of that name is not ours.
    MissingExtraError
        If the drivers are not installed.
    """

    def __init__(self, place: Address) -> None:
        with connection.translate_errors(place, InputError):
            _check(place)
        self._place = place
        self._new = f"coverage_analyzer_{os.urandom(8).hex()}"
        self._columns: pa.Schema | None = None
        self._comment = TABLE_COMMENT
        self._is_new_file = place.kind == "sqlite" and not Path(place.connection).exists()
        self._opened = connection.connected(place)
        with connection.translate_errors(place, PublishError):
            self._connection = self._opened.__enter__()
            try:
                self._schema = self._begin()
                self._old()
            except BaseException:
                self.close()
                raise

    def __str__(self) -> str:
        """Return the address of the table, without passwords."""
        return str(self._place)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows.

        Raises
        ------
        PublishError
            If the database refuses them.
        """
        with connection.translate_errors(self._place, PublishError):
            rows = storable(batch, self._place.kind)
            first, self._columns = self._columns is None, rows.schema
            if first:
                for name in rows.schema.names:
                    check_name(name, "The column", self._place.kind)
            connection.ingest(self._connection, rows, self._ingest_options(first=first))
            if first:
                self._check_types()

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the table is to say of itself: in its comment."""
        self._comment = f"{TABLE_COMMENT} {about(metadata)}"

    def ready(self) -> None:
        """Replace the old rows, as far as possible without being visible.

        Raises
        ------
        PublishError
            If the database refuses.
        """
        with connection.translate_errors(self._place, PublishError):
            if self._place.kind == "postgresql":
                self._swap_postgresql()
            else:
                self._swap_sqlite()

    def commit(self) -> None:
        """Make the new rows visible.

        Raises
        ------
        PublishError
            If the database refuses.
        """
        with connection.translate_errors(self._place, PublishError):
            if self._place.kind == "postgresql":
                self._connection.commit()
            else:
                connection.execute(self._connection, "COMMIT")
        self._is_new_file = False

    def close(self) -> None:
        """Close the connection; uncommitted rows are discarded."""
        self._opened.__exit__(None, None, None)
        path = Path(self._place.connection)
        if self._is_new_file and path.exists() and not path.stat().st_size:
            path.unlink()  # SQLite makes an empty file when it opens one

    def _begin(self) -> str:
        """Check that the database accepts rows, and return the schema used.

        Raises
        ------
        PublishError
            If no schema is given or found.
        """
        run = connection.execute
        if self._place.kind == "sqlite":
            run(self._connection, f"PRAGMA busy_timeout = {WAIT_MS}")
            run(self._connection, "BEGIN IMMEDIATE")
            run(self._connection, "ROLLBACK")
            return ""
        self._connection.set_autocommit(False)
        row = connection.first_row(self._connection, "SELECT current_schema()::text")
        schema = self._place.schema or (row or ("",))[0]
        if not schema:
            msg = "the search path has no schema; name one: &schema=NAME."
            raise PublishError(msg)
        return str(schema)

    def _old(self) -> bool:
        """Return whether the table contains a report.

        Raises
        ------
        PublishError
            If another table exists there.
        """
        table = self._place.table
        if self._place.kind == "postgresql":
            values = (self._schema, table, TABLE_COMMENT)
            row = connection.first_row(self._connection, POSTGRESQL_TABLE, values)
        else:
            row = connection.first_row(self._connection, SQLITE_TABLE, (table, TABLE_COMMENT))
        if row is not None and not row[0]:
            msg = (
                f"the table {table!r} exists and was not written by this program; choose a "
                "different table, or drop it yourself."
            )
            raise PublishError(msg)
        return row is not None

    def _check_types(self) -> None:
        """Raise if the table that is there has other types: programs that read it would fail.

        Raises
        ------
        PublishError
            With the columns, and what to do.
        """
        changed = self._changed_types()
        if changed:
            types = ", ".join(f"{name!r} is {old}, now {new}" for name, old, new in changed[:5])
            more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
            msg = (
                f"columns of the table {self._place.table!r} would get another type: "
                f"{types}{more}. Drop the table if its readers can take the new types, name "
                "another table, or state the type of an own column in the settings ([types])."
            )
            raise PublishError(msg)

    def _changed_types(self) -> list[tuple[str, str, str]]:
        """Return the columns of the old table whose type differs, with the old and the new type."""
        table = self._place.table
        if self._place.kind == "postgresql":
            values = (self._schema, table, self._new)
            return connection.all_rows(self._connection, POSTGRESQL_TYPES, values)
        old = connection.all_rows(self._connection, SQLITE_TYPES, (table,))
        new = {f.name.lower(): _affinity(f.type) for f in self._columns or ()}
        types = [(name, kind, new.get(name.lower(), kind)) for name, kind in old]
        return [row for row in types if row[1] != row[2]]

    def _ingest_options(self, *, first: bool) -> dict[str, str]:
        """Return the driver options for writing rows: create the table, then append."""
        where = (
            {"adbc.ingest.target_db_schema": self._schema}
            if self._place.kind == "postgresql"
            else {"adbc.ingest.temporary": "true"}
        )
        mode = "create" if first else "append"
        return {
            "adbc.ingest.target_table": self._new,
            "adbc.ingest.mode": f"adbc.ingest.mode.{mode}",
            **where,
        }

    def _swap_postgresql(self) -> None:
        schema, table, run = quoted(self._schema), quoted(self._place.table), connection.execute
        run(self._connection, f"SET LOCAL lock_timeout = {WAIT_MS}")
        if self._old():
            run(self._connection, f"LOCK TABLE {schema}.{table}")
            self._old()  # another table may have been created while we waited for the lock
            run(self._connection, f"DROP TABLE {schema}.{table}")
        run(self._connection, f"ALTER TABLE {schema}.{quoted(self._new)} RENAME TO {table}")
        run(self._connection, f"COMMENT ON TABLE {schema}.{table} IS {_literal(self._comment)}")

    def _swap_sqlite(self) -> None:
        table, run = quoted(self._place.table), connection.execute
        run(self._connection, "BEGIN IMMEDIATE")
        if self._old():
            run(self._connection, f"DROP TABLE main.{table}")
        columns = ", ".join(f"{quoted(f.name)} {_affinity(f.type)}" for f in self._columns or ())
        # SQLite has no table comments; it stores the statement that created the table.
        comment = self._comment.replace("*/", "* /")
        run(self._connection, f"CREATE TABLE main.{table} (/* {comment} */ {columns})")
        run(self._connection, f"INSERT INTO main.{table} SELECT * FROM temp.{quoted(self._new)}")


def about(metadata: Mapping[str, str]) -> str:
    """Return metadata as one line.

    Examples
    --------
    >>> about({"as_of": "2026-12-01", "policy": "p"})
    'as_of: 2026-12-01; policy: p'
    """
    return "; ".join(f"{key}: {visible(text)}" for key, text in metadata.items())


def _literal(text: str) -> str:
    """Return a text as a literal of SQL.

    Examples
    --------
    >>> _literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def open_writer(text: str) -> TableWriter:
    """Return a writer for the table named by an address.

    Raises
    ------
    InputError
        If it is not the address of a table.
    PublishError
        If the database cannot be written to, or a table of that name is not ours.
    MissingExtraError
        If the drivers are not installed.
    """
    return TableWriter(address(text))


def _check(place: Address) -> None:
    """Raise if an address does not name a table.

    Raises
    ------
    InputError
        With the correct form.
    """
    if not place.table or place.query:
        msg = "name the table for the report: ?table=NAME."
        raise InputError(msg)
    if place.schema and place.kind == "sqlite":
        msg = "SQLite has no schemas; give only the table."
        raise InputError(msg)
    for name in (place.table, place.schema):
        check_name(name, "The name", place.kind)


def storable(batch: pa.RecordBatch, kind: str) -> pa.RecordBatch:
    """Return rows with names and types that the database stores without loss.

    Columns without a name get one, and a duplicate name gets a number (ignoring case in SQLite).
    Lists and other nested values become JSON; types that SQLite lacks become text.
    """
    cells = [_storable(c, kind) for c in batch.columns]
    key = str.lower if kind == "sqlite" else str
    names = distinct_names(batch.schema.names, key)
    return pa.RecordBatch.from_arrays(cells, names=names)


def _storable(cells: pa.Array, kind: str) -> pa.Array:
    dtype = cells.type
    if pa.types.is_dictionary(dtype):
        return _storable(cells.cast(dtype.value_type), kind)
    if pa.types.is_nested(dtype):
        return json_cells(cells)
    if pa.types.is_date64(dtype):
        cells, dtype = cells.cast(pa.date32()), pa.date32()
    if pa.types.is_uint64(dtype) and kind == "postgresql":
        return cells.cast(pa.decimal128(20, 0))  # bigint has half the range
    return cells.cast(pa.string()) if _as_text(dtype, kind) else cells


def _as_text(dtype: pa.DataType, kind: str) -> bool:
    types = pa.types
    if types.is_null(dtype) or types.is_duration(dtype) or types.is_decimal256(dtype):
        return True
    no_type = types.is_uint64(dtype) or types.is_decimal(dtype) or types.is_temporal(dtype)
    return kind == "sqlite" and no_type


def _affinity(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    if pa.types.is_floating(kind):
        return "REAL"
    return "BLOB" if "binary" in str(kind) else "TEXT"
