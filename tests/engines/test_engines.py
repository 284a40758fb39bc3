"""Every engine gives the table of ``expected.csv``: notebook, batch job, Spark."""

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from running import records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.schema.verdict import VERDICT

pytestmark = pytest.mark.xdist_group("spark")

AS_OF = "2026-12-01"

Row = dict[str, str]


def text(name: str, value: Any) -> str:
    """Return a cell as the table has it: miles with three places, a whole limit without."""
    if pd.isna(value):
        return ""
    if name in {"distance_miles", "margin_miles"}:
        return f"{value:.3f}"
    if name == "limit_miles":
        return f"{value:g}"
    return value.date().isoformat() if isinstance(value, datetime.datetime) else str(value)


def verdicts(rows: Iterable[Mapping[str, Any]]) -> dict[str, Row]:
    """Return the verdict of each row by its site, as text."""
    return {row["site_id"]: {n: text(n, row[n]) for n in VERDICT} for row in rows}


def decided(expected: dict[str, Row]) -> dict[str, Row]:
    """Return the rows of the table that are no rejects."""
    return {k: row for k, row in expected.items() if row["status"] != "rejected"}


@pytest.fixture
def parquet(sites: Path, tmp_path: Path) -> Path:
    """Return the sites as Parquet, all columns text."""
    path = tmp_path / "sites.parquet"
    pq.write_table(pyarrow.csv.read_csv(sites, convert_options=ALL_TEXT), path)
    return path


ALL_TEXT = pyarrow.csv.ConvertOptions(
    column_types=dict.fromkeys(
        ("site_id", "name", "country", "latitude", "longitude", "accuracy_m"), "string"
    ),
    strings_can_be_null=False,
)


def test_the_table_holds_every_reason(expected: dict[str, Row]) -> None:
    """Leave no reason out, nor a code of a reject that every engine can meet."""
    reasons = {row["reason"] for row in expected.values()}
    rejects = {"coordinate_missing", "coordinate_not_a_number", "coordinate_out_of_range"}
    assert reasons == {
        "within_radius",
        "center_opens_later",
        "beyond_radius",
        "no_center_in_country",
        "country_conflict",
        "country_unknown",
        "borderline",
        "null_island",
        "accuracy_not_a_number",
        *rejects,
    }


def test_notebook(sites: Path, network: Path, expected: dict[str, Row], tmp_path: Path) -> None:
    """Give the table from GeoDataFrames."""
    with pytest.warns(UserWarning, match="6 rows"):
        some = ca.read_sites(sites, rejects=tmp_path / "rejects.csv")
    result = ca.assess(some, ca.read_centers(network), as_of=AS_OF)
    rows = pd.DataFrame(result).astype(object).where(result.notna(), None).to_dict("records")
    assert verdicts(rows) == decided(expected)


def test_batch_on_csv(sites: Path, network: Path, expected: dict[str, Row], tmp_path: Path) -> None:
    """Give the table from a text file."""
    batch.run(sites, network, tmp_path, as_of=AS_OF, options=QUICK)
    rows = {r["site_id"]: {n: r[n] for n in VERDICT} for r in records(tmp_path / REPORT)}
    assert {k.lstrip("'"): v for k, v in rows.items()} == decided(expected)


QUICK = batch.Options(areas=False, map=False)
REPORT = "report.csv"


def test_batch_on_parquet(
    parquet: Path, network: Path, expected: dict[str, Row], tmp_path: Path
) -> None:
    """Give the table from Parquet, as Parquet."""
    options = batch.Options(format="parquet", areas=False, map=False)
    batch.run(parquet, network, tmp_path, as_of=AS_OF, options=options)
    rows = pq.read_table(tmp_path / "report.parquet").to_pylist()
    assert verdicts(rows) == decided(expected)


@pytest.mark.parametrize(
    ("partitions", "at_once", "shuffled"),
    [(1, 10_000, False), (1, 1, False), (3, 7, True), (12, 10_000, False)],
    ids=["as-read", "batches-of-1", "shuffled", "empty-partitions"],
)
def test_spark(
    spark: Any,
    sites: Path,
    network: Path,
    expected: dict[str, Row],
    partitions: int,
    at_once: int,
    shuffled: bool,
) -> None:
    """Give the table on Spark, rejects in it, however the rows are spread."""
    from pyspark.sql import functions as f

    from coverage_analyzer.spark import assess

    mine = spark.newSession()
    mine.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", at_once)
    df = mine.read.csv(str(sites), header=True)
    if partitions > 1:  # all in one of them, unless they are shuffled
        df = df.repartition(partitions, f.md5("site_id") if shuffled else f.lit(1))
    rows = assess(df, network, as_of=AS_OF).toArrow().to_pylist()
    assert len(rows) == len(expected)
    assert verdicts(rows) == expected
