"""Every engine closes the same gates: notebook, batch job on text and Parquet, Spark."""

from pathlib import Path
from typing import Any

import gated
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import starts
from running import centers_file, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch

pytestmark = pytest.mark.xdist_group("spark")

AS_OF = "2026-12-01"

Verdict = tuple[str, str, str]

EXPECTED: dict[str, Verdict] = {
    name: (case["level"], case["status"], case["reason"]) for name, case in gated.cases().items()
}


def verdicts(rows: Any) -> dict[str, Verdict]:
    """Return level, status and reason of each row by its site."""
    return {r["site_id"]: (r["level"], r["status"], r["reason"]) for r in rows}


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """Return the products as a file."""
    path = tmp_path / "products.csv"
    path.write_text(gated.PRODUCTS, encoding="utf-8")
    return path


def written(folder: Path) -> tuple[Path, Path]:
    """Write the sites and the centers."""
    return sites_file(folder, gated.sites()), centers_file(folder, gated.CENTERS)


def test_notebook(tmp_path: Path, products: Path) -> None:
    """From GeoDataFrames, products from a file and as a table."""
    sites, centers = written(tmp_path)
    with pytest.warns(UserWarning, match="registered_on is '31.12.2026'"):
        some = ca.read_sites(sites)
    for table in (products, pd.read_csv(products)):
        found = ca.assess(
            some, ca.read_centers(centers), gated.policy(), as_of=AS_OF, products=table
        )
        assert verdicts(found.to_dict("records")) == EXPECTED
    assert any(
        "in CA: a part ships only after export approval" in w for w in found.attrs["warnings"]
    )


def test_batch_on_csv(tmp_path: Path, products: Path) -> None:
    """From text: the day that is none is a reject; empty cells and papers are told of once."""
    options = batch.Options(areas=False, map=False, products=products)
    out = tmp_path / "out"
    told = batch.run(*written(tmp_path), out, policy=gated.policy(), as_of=AS_OF, options=options)
    assert verdicts(records(out / "report.csv")) == EXPECTED
    (reject,) = records(out / "rejects.csv")
    assert reject["reason"] == "date_not_a_day"
    assert "--date-format" in reject["detail"]
    assert told["inputs"]["products"]["path"] == str(products)
    empty, papers = told["warnings"]
    assert empty.startswith("Not checked (cell is empty): component in ")
    assert papers.startswith("4 sites in CA: a part ships only after export approval")


def test_batch_on_parquet(tmp_path: Path, products: Path) -> None:
    """From Parquet, where days are days."""
    sites, centers = written(tmp_path)
    days = dict.fromkeys(("registered_on", "installed_on"), pa.date32())
    texts = dict.fromkeys(("product", "version", "component", "requested_level"), pa.string())
    options = pyarrow.csv.ConvertOptions(
        column_types=days | texts, strings_can_be_null=False, null_values=[""]
    )
    lines = sites.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
    table = pyarrow.csv.read_csv(pa.BufferReader("".join(lines).encode()), convert_options=options)
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path)
    chosen = batch.Options(format="parquet", areas=False, map=False, products=products)
    out = tmp_path / "out"
    batch.run(path, centers, out, policy=gated.policy(), as_of=AS_OF, options=chosen)
    assert verdicts(pq.read_table(out / "report.parquet").to_pylist()) == EXPECTED


def test_spark(spark: Any, tmp_path: Path, products: Path) -> None:
    """On Spark, the reject in it."""
    from coverage_analyzer.spark import assess

    sites, centers = written(tmp_path)
    df = spark.read.csv(str(sites), header=True)
    found = assess(df, centers, gated.policy(), as_of=AS_OF, products=products)
    rejected = {"undated": (None, "rejected", "date_not_a_day")}
    assert verdicts(found.toArrow().to_pylist()) == EXPECTED | rejected


def test_spark_warns_as_one_machine_does(spark: Any, tmp_path: Path, products: Path) -> None:
    """Of cells that are empty, of columns that are not there, of export papers."""
    from coverage_analyzer.spark import run

    sites, centers = written(tmp_path)
    bare = tmp_path / "bare.csv"
    bare.write_text("site_id,latitude,longitude,country\na,39.1,-94.6,US\n", encoding="utf-8")
    for path in (sites, bare):
        chosen = batch.Options(areas=False, map=False, products=products)
        given = {"policy": gated.policy(), "as_of": AS_OF, "options": chosen}
        here = batch.run(path, centers, tmp_path / "here", **given)
        there = run(path, centers, tmp_path / f"there-{path.stem}", **given)
        assert there["warnings"] == here["warnings"]
        assert there["counts"] == here["counts"]
        assert there["not_checked"] == here["not_checked"]
    assert here["warnings"] == []
    assert here["not_checked"] == ["component", "product", "registered_on", "requested_level"]


def test_levels_that_start_later_on_spark(spark: Any, tmp_path: Path) -> None:
    """As the golden table has them, in frames and in a run with its warnings."""
    from coverage_analyzer.spark import assess, run

    sites, centers, phases = starts.written(tmp_path)
    frame = spark.read.csv(str(sites), header=True)
    given = {"policy": starts.POLICY, "as_of": AS_OF}
    found = assess(frame, centers, **given, products=phases).toArrow().to_pylist()
    told = {r["site_id"]: tuple(str(r[n] or "") for n in starts.ANSWER) for r in found}
    assert told == starts.EXPECTED
    given["options"] = batch.Options(areas=False, map=False, products=phases)
    here = batch.run(sites, centers, tmp_path / "here", **given)
    there = run(sites, centers, tmp_path / "there", **given)
    for key in ("counts", "warnings", "not_checked", "columns"):
        assert there[key] == here[key], key
