"""A policy in kilometres: each engine and format has the same columns, to the last digit."""

import csv
import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.files.table import open_table
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import SITES

pytestmark = pytest.mark.xdist_group("spark")

DEGREE_M: Final = 6_378_137.0 * np.pi / 180
METRES: Final = {"at": 100_000.0, "past": 100_000.002, "near": 12_345.678_9}
EXPECTED: Final = {
    "at": ("Fast", 100.0, 100.0, 0.0),
    "past": ("Slow", 100.0, 100.0, -0.001),
    "near": ("Fast", 12.346, 100.0, 87.655),
}
"""Level, distance, limit and margin in km, by site."""

POLICY: Final[dict[str, Any]] = {
    "format": 2,
    "name": "hundred-km",
    "title": "A hundred kilometres",
    "source": {"title": "A test"},
    "levels": [{"id": "fast", "title": "Fast"}, {"id": "slow", "title": "Slow"}],
    "qualification": {
        "same_country": True,
        "fallback": "slow",
        "interim": "slow",
        "fallback_clause": "all",
    },
    "bands": [{"level": "fast", "countries": ["*"], "up_to_km": 100, "clause": "all"}],
    "clauses": {"all": "Within 100 km."},
}

COLUMNS: Final = ("distance_km", "limit_km", "margin_km")


@pytest.fixture(scope="module")
def metric() -> Policy:
    """Return the policy."""
    return Policy.from_mapping(POLICY)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return files of sites with an own column that is called like one of ours, and of a center."""
    folder = tmp_path_factory.mktemp("km")
    sites = folder / "sites.csv"
    lines = [f"{s},KE,0,{37 + m / DEGREE_M:.12f},{s} km" for s, m in METRES.items()]
    header = "site_id,country,latitude,longitude,distance_km"
    sites.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    centers = folder / "centers.csv"
    centers.write_text("center_id,country,latitude,longitude\nC,KE,0,37\n", encoding="utf-8")
    return sites, centers


def figures(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Return level and kilometres of each row by its site; the own column is renamed."""
    found = list(rows)
    assert [row["input_distance_km"] for row in found] == [f"{row['site_id']} km" for row in found]
    return {row["site_id"]: (row["level"], *(float(row[n]) for n in COLUMNS)) for row in found}


def written(places: tuple[Path, Path], metric: Policy, folder: Path, kind: Any) -> Path:
    """Run a batch job, and return its report."""
    options = batch.Options(format=kind, areas=False, map=False)
    batch.run(*places, folder, policy=metric, as_of="2026-12-01", options=options)
    return folder / f"report.{kind}"


def test_csv(places: tuple[Path, Path], metric: Policy, tmp_path: Path) -> None:
    """With 3 decimals, right behind the miles, and read back by the map and a comparison."""
    report = written(places, metric, tmp_path / "run", "csv")
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert figures(rows) == EXPECTED
    assert [rows[1][n] for n in COLUMNS] == ["100.000", "100", "-0.001"]
    names = list(rows[0])
    assert names[names.index("margin_miles") + 1 :][:3] == list(COLUMNS)
    assert redrawn(tmp_path / "run").meta["unit"] == "km"
    written(places, metric, tmp_path / "again", "csv")
    assert ca.compare(tmp_path / "run", tmp_path / "again").empty


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "gpkg", "geojson"])
def test_typed_formats(
    places: tuple[Path, Path], metric: Policy, tmp_path: Path, kind: str
) -> None:
    """Numbers, with the same names."""
    report = written(places, metric, tmp_path / "run", kind)
    if kind == "parquet":
        rows = pq.read_table(report).to_pylist()
    elif kind == "geojson":
        features = json.loads(report.read_text(encoding="utf-8"))["features"]
        rows = [feature["properties"] for feature in features]
    elif kind == "gpkg":
        with closing(sqlite3.connect(report)) as opened:
            opened.row_factory = sqlite3.Row
            rows = [dict(row) for row in opened.execute("SELECT * FROM sites")]
    else:
        table = open_table(report, SITES)
        (block,) = table.source.blocks()
        rows = [
            dict(zip(table.headers, cells, strict=True))
            for cells in zip(*(c.to_pylist() for c in block.columns.columns), strict=True)
        ]
    assert figures(rows) == EXPECTED


def test_notebook_and_its_report(places: tuple[Path, Path], metric: Policy, tmp_path: Path) -> None:
    """Frames, and the folder that `write_report` makes of them."""
    sites, centers = ca.read_sites(places[0]), ca.read_centers(places[1])
    with pytest.warns(UserWarning, match="input_distance_km"):
        verdicts = ca.assess(sites, centers, metric, as_of="2026-12-01")
    assert figures(pd.DataFrame(verdicts).to_dict("records")) == EXPECTED
    folder = ca.write_report(
        verdicts, tmp_path / "run", centers=centers, policy=metric, kind="parquet"
    )
    assert figures(pq.read_table(folder / "report.parquet").to_pylist()) == EXPECTED
    assert ca.compare(verdicts, verdicts).empty


def test_spark(spark: Any, places: tuple[Path, Path], metric: Policy, tmp_path: Path) -> None:
    """A DataFrame, and a job."""
    from coverage_analyzer.spark import assess, run

    df = spark.newSession().read.csv(str(places[0]), header=True)
    rows = assess(df, str(places[1]), metric, as_of="2026-12-01").toArrow().to_pylist()
    assert figures(rows) == EXPECTED
    options = batch.Options(format="parquet", areas=False, map=False)
    run(*map(str, places), tmp_path / "run", policy=metric, as_of="2026-12-01", options=options)
    parts = sorted((tmp_path / "run" / "report.parquet").glob("*.parquet"))
    rows = [row for part in parts for row in pq.read_table(part).to_pylist()]
    assert figures(rows) == EXPECTED


def test_a_plan_counts_kilometres(
    places: tuple[Path, Path], metric: Policy, tmp_path: Path
) -> None:
    """A candidate at exactly 100 km gives the level, one 2 mm farther does not."""
    for metres, gained in ((100_000.0, 1), (100_000.002, 0)):
        sites = pd.DataFrame(
            {"site_id": ["S"], "country": ["KE"], "latitude": [0.0], "longitude": [39.0]}
        )
        candidates = pd.DataFrame(
            {
                "candidate_id": ["K"],
                "country": ["KE"],
                "latitude": [0.0],
                "longitude": [39.0 - metres / DEGREE_M],
            }
        )
        plan = ca.best_centers(
            sites,
            ca.read_centers(places[1]),
            metric,
            new=1,
            candidates=candidates,
            as_of="2026-12-01",
        )
        assert len(plan.gains) == gained
