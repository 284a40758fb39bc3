"""Spark sessions, and readable errors."""

import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from coverage_analyzer import errors
from coverage_analyzer.errors import CoverageError, InputError, MissingExtraError, require

if TYPE_CHECKING:
    from pyspark.conf import SparkConf
    from pyspark.core.context import SparkContext

T = TypeVar("T")

NO_JAVA: Final = (
    "Spark does not start: it requires a Java runtime of version 17 or 21 (Debian: "
    "apt install openjdk-17-jre-headless), found by JAVA_HOME or PATH."
)

LOCAL: Final = {
    "spark.master": "local[*]",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
}
"""Default settings without a configured cluster: local, listening on loopback only."""

SUBMIT_OPTIONS: Final = "SPARK_SUBMIT_OPTS"
"""Environment variable of options of Java, which Spark adds to all others."""

ONE_COMPILER: Final = "-XX:TieredStopAtLevel=1"
"""Without rows, Java runs nothing often enough to repay the second compiler's 4 CPU s."""

DAEMON: Final = "coverage_analyzer.spark.worker_daemon"

OURS: Final = re.compile(
    r"^coverage_analyzer\.errors\.(\w+): (.+?)(?=^\s*(?:at |SQLSTATE)|\Z)", re.DOTALL | re.MULTILINE
)
"""Pattern of our own errors in the trace of a failed task: the class and the message."""

JAVA_TRACE: Final = re.compile(r"^\s*at ", re.MULTILINE)
"""Pattern of the first line of a trace of Java; what follows is of no use to a user."""

NOT_SHOWN: Final = re.compile(r"An error occurred while calling |\s*SQLSTATE: \w+$")
"""Pattern of lines before it that are of no use either."""

TRACEBACK: Final = "Traceback (most recent call last):"

MORE_MEMORY: Final = "If it had not enough memory, give it more: docs/spark.md says how much."

LOST: Final = re.compile("Python worker exited|ExecutorLostFailure|SIGKILL")
"""Pattern of failures of a worker, not of what it does."""


@contextmanager
def opened(*, rows_in_java: bool = True) -> Iterator["SparkContext"]:
    """Provide the context of the active session, or a new one that ends with this.

    A context costs less than a session, whose planner many runs do not need. Settings of
    ``spark-submit`` and ``PYSPARK_SUBMIT_ARGS`` take precedence; if they name no master, Spark runs
    on this machine only.

    Parameters
    ----------
    rows_in_java
        Whether rows pass through Java. Otherwise a new one is started with less.

    Raises
    ------
    MissingExtraError
        If pyspark or Java is not installed.
    """
    require("spark", "pyspark")
    from pyspark.core.context import SparkContext
    from pyspark.sql import SparkSession

    if (active := SparkSession.getActiveSession()) is not None:
        yield active.sparkContext
        return
    with no_word_on_pandas(), _own_interrupts():
        context = SparkContext.getOrCreate(_conf("" if rows_in_java else ONE_COMPILER))
    context.setLogLevel("ERROR")
    try:
        yield context
    finally:
        session = SparkSession._instantiatedSession  # noqa: SLF001
        in_a_thread((context if session is None else session).stop)


def in_a_thread(work: Callable[[], T]) -> T:
    """Return what some work returns that is done in a thread of its own.

    A thread has a connection to Java. If it was interrupted there, it would take the answer that it
    no longer waited for as that to its next question; so what must be done at the end is done over
    a new connection.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Keep the handler of SIGINT: Spark's asks Java, perhaps in the middle of an answer."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if before is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, before)


def _conf(java_options: str) -> "SparkConf":
    """Return the settings of a new session, and start Java for it, if it is not running.

    Parameters
    ----------
    java_options
        Of Java.

    Raises
    ------
    MissingExtraError
        If Java is not installed.
    """
    from pyspark.conf import SparkConf
    from pyspark.core.context import SparkContext
    from pyspark.errors import PySparkRuntimeError

    try:
        with _submit_options(java_options), interrupts_later():
            SparkContext._ensure_initialized()  # noqa: SLF001
    except PySparkRuntimeError as error:
        raise MissingExtraError(NO_JAVA) from error
    conf = SparkConf()  # only now are the spark-submit settings known
    conf.set("spark.ui.showConsoleProgress", "false")  # the last line is the ledger
    conf.setIfMissing("spark.app.name", "coverage-analyzer")
    if str(conf.get("spark.master", "local")).startswith("local"):
        for key, value in LOCAL.items():
            conf.setIfMissing(key, value)
        # Otherwise the workers would use the python3 of the PATH, which may be a different one.
        python = os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if python == sys.executable and not _ships_python(conf):
            conf.setIfMissing("spark.python.daemon.module", DAEMON)
    return conf


def _ships_python(conf: "SparkConf") -> bool:
    """Return whether workers may get this package from Spark, only after they have started."""
    return "PYSPARK_GATEWAY_PORT" in os.environ or bool(conf.get("spark.submit.pyFiles", ""))


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Let a first interrupt wait for the end: a Java that is given up while it starts stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupts: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in interrupts}
    waiting: list[int] = []

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def wait(number: int, _frame: object) -> None:
        waiting.append(number)
        restore()

    for number in before:
        signal.signal(number, wait)
    try:
        yield
    finally:
        restore()
        for caught in waiting:
            signal.raise_signal(caught)


@contextmanager
def _submit_options(java_options: str) -> Iterator[None]:
    """Add options to those that Java is started with; options of the user come last, and apply."""
    before = os.environ.get(SUBMIT_OPTIONS)
    os.environ[SUBMIT_OPTIONS] = f"{java_options} {before or ''}".strip()
    try:
        yield
    finally:
        del os.environ[SUBMIT_OPTIONS]
        if before is not None:
            os.environ[SUBMIT_OPTIONS] = before


@contextmanager
def no_word_on_pandas() -> Iterator[None]:
    """Suppress Spark's warning about new pandas versions, which are not used here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        yield


@contextmanager
def in_words() -> Iterator[None]:
    """Translate Spark errors: our own from tasks, and what Spark says of others.

    Raises
    ------
    CoverageError
        The error of a task.
    InputError
        If Spark fails.
    KeyboardInterrupt, SystemExit
        The interrupt that an error followed.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except Exception as error:
        if (interrupt := interrupt_behind(error)) is not None:
            raise interrupt from error
        if not isinstance(error, (PySparkException, Py4JJavaError)):
            raise
        translated = error_of(str(error))
        raise translated from error


def interrupt_behind(error: BaseException) -> KeyboardInterrupt | SystemExit | None:
    """Return the interrupt during which an error occurred: its connection to Java is closed."""
    before = error.__context__
    while before is not None:
        if isinstance(before, (KeyboardInterrupt, SystemExit)):
            return before
        before = before.__context__
    return None


def error_of(trace: str) -> CoverageError:
    r"""Return the error of a trace of Spark: our own of a task, or an `InputError`.

    Examples
    --------
    >>> error_of("Job aborted\ncoverage_analyzer.errors.PublishError: no room\n\n\tat org.x")
    PublishError('no room')
    """
    ours = OURS.search(trace)
    kind = getattr(errors, ours[1], None) if ours else None
    if isinstance(kind, type) and issubclass(kind, CoverageError):
        return kind(words(trace))
    return InputError(words(trace))


def words(trace: str) -> str:
    r"""Return the message of a Spark error, without its trace.

    Examples
    --------
    >>> words("Job aborted\ncoverage_analyzer.errors.InputError: a.csv: empty\n\n\tat org.x")
    'a.csv: empty'
    >>> words("[PATH_NOT_FOUND] Path does not exist: file:/a. SQLSTATE: 42K03\nJVM stacktrace")
    'Spark: [PATH_NOT_FOUND] Path does not exist: file:/a. SQLSTATE: 42K03'
    """
    if ours := OURS.search(trace):
        return ours[2].strip()
    before_java = JAVA_TRACE.split(trace.strip(), maxsplit=1)[0].splitlines()
    lines = [line for line in before_java if line and not NOT_SHOWN.match(line)] or [trace.strip()]
    if any(TRACEBACK in line for line in lines):
        in_files = [number for number, line in enumerate(lines) if line.startswith("  ")]
        cause = f"a task failed: {' '.join(lines[max(in_files, default=-1) + 1 :])}"
    else:
        cause = lines[0].removeprefix(": ")
    advice = f". {MORE_MEMORY}" if LOST.search(cause) else ""
    return f"Spark: {cause}{advice}"
