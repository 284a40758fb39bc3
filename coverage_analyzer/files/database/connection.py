"""Connect to databases by their ADBC drivers, and translate the drivers' errors.

The drivers' own DB-API interfaces are not used: they import pandas, which the batch job does not
need.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import CoverageError, require
from coverage_analyzer.files.database.address import HIDDEN, Address

if TYPE_CHECKING:
    from adbc_driver_manager import AdbcConnection, AdbcStatement

CONNECT_TIMEOUT_S: Final = 15
"""Default connection timeout in seconds."""


@contextlib.contextmanager
def translate_errors(address: Address, kind: type[CoverageError]) -> Iterator[None]:
    """Turn errors of drivers and our own into one that names the address, without passwords.

    Raises
    ------
    CoverageError
        The database, of the required kind.
    MissingExtraError
        If the drivers are not installed.
    """
    manager = _driver(address.kind)[0]
    try:
        yield
    except CoverageError as error:
        msg = f"{address}: {error}"
        raise kind(msg) from None
    except (manager.Error, pa.ArrowException, OSError) as error:
        msg = f"{address}: {redact(str(error), address)}"
        raise kind(msg) from None


def redact(message: str, address: Address) -> str:
    r"""Return a driver's message on one line, without passwords.

    Examples
    --------
    >>> address = Address("sqlite", "f.db", "f.db", secrets=("hunter2",))
    >>> redact("NOT_FOUND: [libpq] Failed: ERROR:  no user hunter2\nLINE 1: x\n", address)
    'no user ***.'
    """
    match = re.search(r"(?:ERROR|FATAL): +(.*)", message)
    text = match[1] if match else re.sub(r"^[A-Z_]+: |\[\w+\] ", "", message).split("\n")[0]
    hint = re.search(r"HINT: +(.*)", message)
    text = f"{text.strip().rstrip('.')}." + (f" {hint[1].strip()}" if hint else "")
    for secret in sorted(address.secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


@contextlib.contextmanager
def reading(address: Address) -> Iterator["AdbcConnection"]:
    """Open a read-only connection, so that a mistyped statement changes nothing."""
    with connected(address, "ro") as connection:
        connection.set_autocommit(False)
        if address.kind == "postgresql":
            execute(connection, "SET TRANSACTION READ ONLY")
        yield connection


@contextlib.contextmanager
def connected(address: Address, mode: str = "rwc") -> Iterator["AdbcConnection"]:
    """Open a connection that commits each statement; SQLite opens its file in the given mode."""
    manager, driver = _driver(address.kind)
    uri = _uri(address) if address.kind == "postgresql" else _file(address, mode)
    with driver.connect(uri) as database, manager.AdbcConnection(database) as connection:
        yield connection


def execute(connection: "AdbcConnection", sql: str) -> None:
    """Run a statement that returns no rows."""
    with _statement(connection) as statement:
        statement.set_sql_query(sql)
        statement.execute_update()


def schema(connection: "AdbcConnection", sql: str) -> pa.Schema:
    """Return the columns of a query without running it."""
    with _statement(connection) as statement:
        statement.set_sql_query(sql)
        return pa.schema(statement.execute_schema())


@contextlib.contextmanager
def batches(
    connection: "AdbcConnection",
    sql: str,
    options: dict[str, Any],
    started: Callable[["AdbcStatement"], None] = lambda _: None,
) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Run a query; return its columns and its rows, prefetched by one batch.

    The driver waits in its own thread, so that an interrupt is noticed and cancels the query;
    `started` receives an object that another thread can cancel.
    """
    with _statement(connection) as statement:
        started(statement)
        statement.set_options(**options)
        statement.set_sql_query(sql)
        with _waiter(statement) as waiter:
            handle, _ = _submit(waiter, statement.execute_query)()
        with pa.RecordBatchReader.from_stream(handle) as reader, _waiter(statement) as waiter:
            yield reader.schema, _prefetch(reader, waiter)


@contextlib.contextmanager
def _waiter(statement: "AdbcStatement") -> Iterator[ThreadPoolExecutor]:
    """Provide a thread that waits for the driver; leaving the context early cancels the query."""
    with ThreadPoolExecutor(1) as waiter:
        try:
            yield waiter
        except BaseException:
            with contextlib.suppress(Exception):  # some drivers cannot cancel
                statement.cancel()
            raise


def _prefetch(reader: Any, waiter: ThreadPoolExecutor) -> Iterator[pa.RecordBatch]:
    """Yield all batches, prefetching the next one."""
    coming = _submit(waiter, reader.read_next_batch)
    while True:
        try:
            batch = coming()
        except StopIteration:
            return
        coming = _submit(waiter, reader.read_next_batch)
        yield batch


def _submit(waiter: ThreadPoolExecutor, call: Callable[[], Any]) -> Callable[[], Any]:
    """Start a call in a thread and return a function that waits for its result.

    If the system provides no further thread, the call is made when its result is requested.
    """
    try:
        return waiter.submit(call).result
    except RuntimeError:  # "can't start new thread"
        return call


def first_row(
    connection: "AdbcConnection", sql: str, values: Sequence[str] = ()
) -> tuple[Any, ...] | None:
    """Return the first row of a query with text parameters; None if missing."""
    rows = all_rows(connection, sql, values)
    return rows[0] if rows else None


def all_rows(
    connection: "AdbcConnection", sql: str, values: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """Return the rows of a query with text parameters; all are held in memory."""
    with _statement(connection) as statement:
        statement.set_sql_query(sql)
        if values:
            statement.prepare()
            cells = [arrays.text_array([v]) for v in values]
            statement.bind(
                pa.RecordBatch.from_arrays(cells, names=list(map(str, range(len(cells)))))
            )
        handle, _ = statement.execute_query()
        with pa.RecordBatchReader.from_stream(handle) as reader:
            columns = [batch.columns for batch in reader]
    return [row for cells in columns for row in zip(*(c.to_pylist() for c in cells), strict=True)]


def ingest(connection: "AdbcConnection", batch: pa.RecordBatch, options: dict[str, str]) -> None:
    """Insert rows into a table."""
    with _statement(connection) as statement:
        statement.set_options(**options)
        statement.bind(batch)
        statement.execute_update()


def _statement(connection: "AdbcConnection") -> "AdbcStatement":
    from adbc_driver_manager import AdbcStatement

    return AdbcStatement(connection)


def _driver(kind: str) -> tuple[Any, Any]:
    """Return the driver manager and the driver of a database kind.

    Raises
    ------
    MissingExtraError
        If they are not installed.
    """
    require("database", "adbc_driver_manager", f"adbc_driver_{kind}")
    import adbc_driver_manager

    if kind == "postgresql":
        import adbc_driver_postgresql as driver
    else:
        import adbc_driver_sqlite as driver
    return adbc_driver_manager, driver


def _uri(address: Address) -> str:
    """Return the URI for PostgreSQL's client with a timeout; its default is minutes."""
    uri = address.connection
    if "connect_timeout=" in uri or "PGCONNECT_TIMEOUT" in os.environ:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}connect_timeout={CONNECT_TIMEOUT_S}"


def _file(address: Address, mode: str) -> str:
    """Return the address of a file in SQLite's form.

    Raises
    ------
    FileNotFoundError
        If the file or its folder does not exist; SQLite itself would report a lack of memory.
    """
    path = Path(address.connection).absolute()
    required = path if mode == "ro" else path.parent
    if not required.exists():
        msg = (
            f"{required} does not exist; an absolute path begins with four slashes, "
            "sqlite:////absolute/file.db"
        )
        raise FileNotFoundError(msg)
    return f"file:{quote(os.fsencode(path))}?mode={mode}"
