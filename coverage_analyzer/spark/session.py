"""Spark sessions, and readable errors."""

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from coverage_analyzer.errors import InputError, MissingExtraError, require

if TYPE_CHECKING:
    from pyspark.conf import SparkConf
    from pyspark.core.context import SparkContext

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
    r"^coverage_analyzer\.errors\.\w+: (.+?)(?=^\s*at |\Z)", re.DOTALL | re.MULTILINE
)
"""Pattern of our own errors in the trace of a failed task."""


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
    with no_word_on_pandas():
        made = SparkContext.getOrCreate(_conf("" if rows_in_java else ONE_COMPILER))
    made.setLogLevel("ERROR")
    try:
        yield made
    finally:
        session = SparkSession.getActiveSession()
        (made if session is None else session).stop()


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
        with _submit_options(java_options):
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
    """Translate Spark errors: our own from tasks, and the first line of others.

    Raises
    ------
    InputError
        If a file cannot be read, or Spark fails.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise InputError(words(str(error))) from error


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
        return ours[1].strip()
    return f"Spark: {trace.strip().splitlines()[0]}"
