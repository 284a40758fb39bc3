"""How Java and the Python workers of Spark are started, and what is said of their errors."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.spark import _run, session
from coverage_analyzer.spark.worker_daemon import without_archives


def installed(folder: Path) -> list[str]:
    """Return the search path of a worker of an installed Spark, below a folder."""
    for package in ("pyspark", "py4j"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    archives = [str(folder / "pyspark" / "python" / "lib" / name) for name in ("a.zip", "b.zip")]
    return ["", *archives, "/mine.zip", str(folder)]


def test_workers_use_the_installed_modules_of_spark(tmp_path: Path) -> None:
    """Leave out Spark's archives only if all that is in them is installed."""
    path = installed(tmp_path)
    home = str(tmp_path / "pyspark")
    assert without_archives(path, home) == ["", "/mine.zip", str(tmp_path)]
    assert without_archives(path[:-1], home) == path[:-1], "it is not on the path"
    assert without_archives(path, "") == path
    assert without_archives(path, "/opt/spark") == path, "another Spark"
    (tmp_path / "py4j" / "__init__.py").unlink()
    assert without_archives(path, home) == path


def test_the_daemon_has_no_threads_when_it_forks() -> None:
    """Import no library before workers are forked: some start threads, which a fork loses."""
    code = (
        "import coverage_analyzer.spark.worker_daemon, os, sys;"
        "print(len(os.listdir('/proc/self/task')), 'numpy' in sys.modules)"
    )
    if not Path("/proc/self/task").is_dir():
        pytest.skip("threads are counted in /proc")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["1", "False"]


@pytest.mark.parametrize("before", [None, "-Xmx2g"])
def test_options_of_java_are_added_while_it_starts(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    """Put ours before the user's, which so take precedence, and leave the environment alone."""
    monkeypatch.delenv(session.SUBMIT_OPTIONS, raising=False)
    if before is not None:
        monkeypatch.setenv(session.SUBMIT_OPTIONS, before)
    with session._submit_options("-XX:A"):
        assert os.environ[session.SUBMIT_OPTIONS] == ("-XX:A" if before is None else "-XX:A -Xmx2g")
    assert os.environ.get(session.SUBMIT_OPTIONS) == before


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sites/*.csv", False),
        ("file:///srv/sites", False),
        ("C:\\sites.csv", False),
        ("s3a://fleet/sites", True),
        ("hdfs:/sites", True),
    ],
)
def test_paths_that_only_java_sees(path: str, expected: bool) -> None:
    """Tell by the scheme, before Java runs, whether rows will pass through it."""
    assert _run._is_remote(path) is expected


CALLED = (
    "An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.\n"
)
FAILED = f"""{CALLED}: org.apache.spark.api.python.PythonException: [PYTHON_EXCEPTION] Thrown: Traceback (most recent call last):
  File "/opt/worker.py", line 4327, in invoke_udf
    run_process()
    ^^^^^^^^^^^^^
%s
 SQLSTATE: 38000
\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:500)
"""  # noqa: E501 - as Spark writes it


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (FAILED % "coverage_analyzer.errors.InputError: a\nb", InputError("a\nb")),
        (FAILED % "coverage_analyzer.errors.PublishError: full", PublishError("full")),
        (
            FAILED % "ModuleNotFoundError: No module named 'x'",
            InputError("Spark: a task failed: ModuleNotFoundError: No module named 'x'"),
        ),
        (
            f"{CALLED}: org.apache.spark.SparkException: Python worker exited unexpectedly\n\tat x",
            InputError(
                "Spark: org.apache.spark.SparkException: Python worker exited unexpectedly. "
                f"{session.MORE_MEMORY}"
            ),
        ),
        (CALLED, InputError(f"Spark: {CALLED.strip()}")),
    ],
)
def test_errors_of_tasks_keep_their_kind(trace: str, expected: Exception) -> None:
    """Say what the task said, and leave with its exit code; name no frame of Java."""
    found = session.error_of(trace)
    assert (type(found), str(found)) == (type(expected), str(expected))


def test_an_interrupt_is_not_a_fault_of_spark() -> None:
    """Interrupt the run, although leaving a broken connection to Java is an error, too."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    from py4j.protocol import Py4JNetworkError

    def closed() -> None:
        raise Py4JNetworkError

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            closed()

    for work, expected in ((interrupted, KeyboardInterrupt), (closed, Py4JNetworkError)):
        with pytest.raises(expected), session.in_words():
            work()


@pytest.fixture
def interrupted() -> Iterator[Any]:
    """Give Python's own handler of interrupts, which a job in the background may lack."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_a_first_interrupt_waits_for_java(interrupted: Any) -> None:
    """Deliver it when Java has started, which would be left alone else; a second one at once."""
    done = []

    def start(n_signals: int) -> None:
        with session.interrupts_later():
            for _ in range(n_signals):
                signal.raise_signal(signal.SIGINT)
            done.append(n_signals)

    start(0)
    for n_signals in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            start(n_signals)
    assert done == [0, 1]
    assert signal.getsignal(signal.SIGINT) is interrupted
