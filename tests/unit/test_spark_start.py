"""How Java and the Python workers of Spark are started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
