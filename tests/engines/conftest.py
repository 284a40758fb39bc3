"""The golden set that all engines share, and a session of Spark for a process."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import records

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def sites() -> Path:
    """Return the file of sites: golden cases and rows of the sample data for every reason."""
    return HERE / "sites.csv"


@pytest.fixture(scope="session")
def network() -> Path:
    """Return the file of centers: those of the golden cases and of the sample data."""
    return HERE / "centers.csv"


@pytest.fixture(scope="session")
def expected() -> dict[str, dict[str, str]]:
    """Return the verdict of each site by its id, as text."""
    return {row.pop("site_id"): row for row in records(HERE / "expected.csv")}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Return a session of Spark on two cores, or skip where there is none to be had."""
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark wants Java, and there is none")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "Asia/Tokyo",
    }
    from coverage_analyzer.spark.session import (
        ONE_COMPILER,
        SUBMIT_OPTIONS,
        no_word_on_pandas,
    )

    os.environ[SUBMIT_OPTIONS] = ONE_COMPILER  # tests are short
    with no_word_on_pandas():
        session = sql.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
