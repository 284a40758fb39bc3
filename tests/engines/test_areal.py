"""Every engine puts sites into the same areas: notebook, batch job on three formats, Spark."""

import json
import shutil
from pathlib import Path
from typing import Any

import areal
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely
from running import records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch.run_again import open_run
from coverage_analyzer.policy import Policy

pytestmark = pytest.mark.xdist_group("spark")

AS_OF = "2026-12-01"

EXPECTED = {
    name: tuple(case[column] for column in areal.ANSWER) for name, case in areal.cases().items()
}


def verdicts(rows: Any) -> dict[str, tuple[str, ...]]:
    """Return what decided on each row by its site."""
    return {row["site_id"]: tuple(row[column] for column in areal.ANSWER) for row in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with sites, centers, policy, and a run of them on CSV."""
    path = tmp_path_factory.mktemp("areal")
    sites_file(path, areal.sites())
    (path / "centers.csv").write_text(areal.CENTERS, encoding="utf-8")
    areal.write_policy(path)
    run(path / "sites.csv", path)
    return path


def run(sites: Path, folder: Path, **options: Any) -> dict[str, Any]:
    """Run the batch job on sites, and return the manifest."""
    chosen = batch.Options(map=False, **options)
    out = folder / f"out-{sites.suffix[1:]}"
    told: dict[str, Any] = batch.run(
        sites,
        folder / "centers.csv",
        out,
        policy=folder / "zoned.toml",
        as_of=AS_OF,
        options=chosen,
    )
    return told


def test_csv(folder: Path) -> None:
    """From text."""
    assert verdicts(records(folder / "out-csv" / "report.csv")) == EXPECTED


def test_parquet_and_geopackage(folder: Path) -> None:
    """From typed formats, one of them with points."""
    table = pyarrow.csv.read_csv(folder / "sites.csv")
    pq.write_table(table, folder / "sites.parquet")
    run(folder / "sites.parquet", folder, format="parquet")
    rows = pq.read_table(folder / "out-parquet" / "report.parquet").to_pylist()
    assert verdicts(rows) == EXPECTED
    ca.read_sites(folder / "sites.csv").to_file(folder / "sites.gpkg", driver="GPKG")
    run(folder / "sites.gpkg", folder)
    assert verdicts(records(folder / "out-gpkg" / "report.csv")) == EXPECTED


def test_notebook(folder: Path) -> None:
    """From frames."""
    sites, centers = (read(folder / f"{n}.csv") for read, n in READERS)
    found = ca.assess(sites, centers, str(folder / "zoned.toml"), as_of=AS_OF)
    assert verdicts(found.to_dict("records")) == EXPECTED
    assert found.attrs["columns"]["region"] == "state"
    line = ca.timeline(sites, centers, str(folder / "zoned.toml"), AS_OF, "2027-01-01")
    assert verdicts(line.to_dict("records")) == EXPECTED


READERS = ((ca.read_sites, "sites"), (ca.read_centers, "centers"))


def test_spark(spark: Any, folder: Path) -> None:
    """On Spark, whose workers have no file of areas."""
    from coverage_analyzer.spark import assess

    rules = Policy.load(folder / "zoned.toml")
    df = spark.read.csv(str(folder / "sites.csv"), header=True)
    found = assess(df, folder / "centers.csv", rules, as_of=AS_OF)
    assert verdicts(found.toArrow().to_pylist()) == EXPECTED


def test_a_run_keeps_its_areas(folder: Path, tmp_path: Path) -> None:
    """The policy in a run folder loads alone, with the same hash, and matches the sites again."""
    alone = tmp_path / "kept"
    shutil.copytree(folder / "out-csv", alone)
    again = Policy.load(alone / "policy.toml")
    assert again.sha256 == Policy.load(folder / "zoned.toml").sha256
    kept = (alone / "policy_areas_1.geojson").read_bytes()
    assert kept == (folder / "islands.geojson").read_bytes()
    opened = open_run(alone)
    matcher = opened.spec.build()
    found = [
        matcher.columns(matcher.match(*matcher.inputs(opened.report.table.site_rows(rows))))
        for rows in opened.rows()
    ]
    assert [r for f in found for r in f["reason"].to_pylist()] == [e[2] for e in EXPECTED.values()]


def test_a_changed_file_of_areas_in_a_run_is_refused(folder: Path, tmp_path: Path) -> None:
    """Its hash is in the policy that the run keeps."""
    alone = tmp_path / "kept"
    shutil.copytree(folder / "out-csv", alone)
    path = alone / "policy_areas_1.geojson"
    path.write_text(path.read_text("utf-8").replace("179", "178"), encoding="utf-8")
    with pytest.raises(ca.CoverageError, match="has the sha256"):
        open_run(alone).spec.build()


def test_runs_compare_by_area(folder: Path, tmp_path: Path) -> None:
    """What a corrected region changes has its cause in the row of the site."""
    changed = (folder / "sites.csv").read_text("utf-8").replace("US,,,\n", "US,,TX,\n")
    sites = sites_file(tmp_path, changed, "corrected.csv")
    batch.run(
        sites,
        folder / "centers.csv",
        tmp_path / "out",
        policy=folder / "zoned.toml",
        as_of=AS_OF,
        options=batch.Options(map=False),
    )
    told = ca.compare(folder / "out-csv", tmp_path / "out")
    rows = told.set_index("site_id")
    assert rows.loc["texas-unknown", "because"] == "site_data"


def test_coverage_areas_follow_the_outlines(folder: Path) -> None:
    """They are cut where an outline is known, and what cannot be cut is said."""
    centers = ca.read_centers(folder / "centers.csv")
    drawn = ca.coverage_areas(centers, str(folder / "zoned.toml"), as_of=AS_OF)
    own = {c: drawn[drawn["center_id"] == c].union_all() for c in ("FJ-1", "CH-B", "CH-A")}
    at = {name: (c["longitude"], c["latitude"]) for name, c in areal.cases().items()}
    points = {
        name: [float(text) for text in at[name]]
        for name in ("edge", "rough-but-clear", "no-band-but-own", "nearer-serves-less")
    }
    assert own["FJ-1"].contains(shapely.Point(points["rough-but-clear"]))
    assert not own["FJ-1"].contains(shapely.Point(179.5, -16.9))
    assert not own["CH-B"].contains(shapely.Point(points["no-band-but-own"]))
    assert own["CH-A"].contains(shapely.Point(points["no-band-but-own"]))
    told = batch_warnings(folder)
    assert any("not cut to the areas texas, freiburg, london" in words for words in told)


def batch_warnings(folder: Path) -> list[str]:
    """Return the warnings of the run on CSV."""
    manifest = json.loads((folder / "out-csv" / "run.json").read_text("utf-8"))
    warnings: list[str] = manifest["warnings"]
    return warnings
