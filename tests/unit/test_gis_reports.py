"""Reports with points: what a GIS reads in them is what the CSV says, and our readers read them."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from running import AS_OF, SITES, centers_file, judged, manifest, records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.writers import formats, geojson, styles
from coverage_analyzer.files.writers.points import coordinates_of, wkb_points
from coverage_analyzer.maps import page
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status

GIS: list[formats.Format] = [k for k, p in formats.PROPERTIES.items() if p.has_points]

HOSTILE = """\
site_id,Title,title ,fid,geom,geometry,bbox,"we ""ird'; DROP TABLE sites; --",lat,lon,country,level
001,"a ""b"" \\ 'c'",x,7,g,h,i,"=1+1",40.0,-75.0,US,mine
002,"line
two\ttab é 東京 😀",y,8,g,h,i,"]]><b>&",89.999999,180,,mine
003,{long},z,9,g,h,i,,-90,-180,,mine
004,null island,z,9,g,h,i,,0,0,US,mine
"""


def read(path: Path) -> gpd.GeoDataFrame:
    """Return the sites of a report as geopandas reads them."""
    if path.suffix == ".geoparquet":
        return gpd.read_parquet(path)
    layer = {"layer": "sites"} if path.suffix == ".gpkg" else {}
    return gpd.read_file(path, **layer)


def run(folder: Path, kind: formats.Format, text: str = SITES, **options: Any) -> Path:
    """Run over small files and return the report."""
    judged(folder, text, options=batch.Options(format=kind, **options))
    return folder / "out" / f"report.{kind}"


@pytest.mark.parametrize("kind", GIS)
def test_a_gis_reads_what_the_csv_says(tmp_path: Path, kind: formats.Format) -> None:
    """Rows, order and values are those of the CSV; coordinates are numbers, and the points."""
    (tmp_path / "gis").mkdir()
    result = read(run(tmp_path / "gis", kind))
    run(tmp_path, "csv")
    rows = records(tmp_path / "out" / "report.csv")
    assert result.crs.equals("EPSG:4326", ignore_axis_order=True)
    assert list(result.drop(columns="geometry").columns) == list(rows[0])
    for name in ("site_id", "name", "level", "status", "reason", "site_country"):
        assert result[name].fillna("").tolist() == [row[name] for row in rows], name
    assert result["latitude"].tolist() == [float(row["latitude"]) for row in rows]
    assert result.geometry.x.tolist() == [float(row["longitude"]) for row in rows]
    miles = [f"{m:.3f}".replace("nan", "") for m in result["distance_miles"].astype(float)]
    assert miles == [row["distance_miles"] for row in rows]
    assert result["available_on"].notna().sum() == 1
    assert {str(day)[:10] for day in result["as_of"]} == {AS_OF}


@pytest.mark.parametrize("kind", GIS)
def test_hostile_text_names_and_places_come_back(tmp_path: Path, kind: formats.Format) -> None:
    """Quotes, markup, long text, names that differ in case, the antimeridian and the poles."""
    text = HOSTILE.replace("{long}", "x" * 100_000)
    result = read(run(tmp_path, kind, text))
    assert len(result) == 4
    own = result.columns.tolist()
    assert [n for n in own if n.lower().startswith("title")] == ["Title", "title "]
    assert result["Title"].str.len().tolist()[2] == 100_000
    assert result["Title"][1] == "line\ntwo\ttab é 東京 😀"
    assert result["input_level"].tolist() == ["mine"] * 4
    assert result["fid"].tolist() == ["7", "8", "9", "9"]
    assert result["bbox"].tolist() == ["i"] * 4
    weird = "we \"ird'; DROP TABLE sites; --"
    assert result[weird].tolist()[:2] == ["=1+1", "]]><b>&"]
    xy = shapely.get_coordinates(result.geometry)
    assert xy.tolist() == [[-75, 40], [180, 89.999999], [-180, -90], [0, 0]]


@pytest.mark.filterwarnings("ignore:Columns renamed")  # latitude is there as a column, too
@pytest.mark.parametrize("kind", [*GIS, "parquet"])
def test_our_own_commands_read_it_back(tmp_path: Path, kind: formats.Format) -> None:
    """The map of the folder and the sites of the report are those of a CSV report."""
    (tmp_path / "csv").mkdir()
    run(tmp_path / "csv", "csv")
    path = run(tmp_path, kind)
    maps = [str(page.page(redrawn(folder / "out"))) for folder in (tmp_path / "csv", tmp_path)]
    assert maps[0] == maps[1]
    sites = ca.read_sites(path)
    assert sites["site_id"].tolist() == [
        r["site_id"] for r in records(tmp_path / "csv" / "out" / "report.csv")
    ]


def test_the_layers_of_a_geopackage(tmp_path: Path) -> None:
    """Sites, centers (open, planned, closed) and areas, each with a style that QGIS takes."""
    path = run(tmp_path, "gpkg")
    layers = dict(pyogrio.list_layers(path).tolist())
    spatial = {"sites": "Point", "centers": "Point", "areas": "MultiPolygon"}
    assert {k: v for k, v in layers.items() if v} == spatial
    centers = gpd.read_file(path, layer="centers").set_index("center_id")
    assert centers["state"].to_dict() == {
        "BSL": "open",
        "PAR": "open",
        "PHL": "open",
        "WDH": "open",
        "BOI": "planned",
        "BGO": "closed",
    }
    areas = gpd.read_file(path, layer="areas").set_index("center_id")
    assert areas["planned"].to_dict()["BOI"]
    assert set(areas.index) == {"BSL", "PAR", "PHL", "WDH", "BOI"}
    with sqlite3.connect(path) as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
        (types,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'sites'").fetchone()
        moments = database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert {name: (column, default) for name, column, _, default in rows} == dict.fromkeys(
        spatial, ("geom", 1)
    )
    assert '"available_on" DATE' in types
    assert '"as_of" DATE' in types
    assert moments == [(f"{AS_OF}T00:00:00.000Z",)]
    style = {name: ET.fromstring(qml.partition("\n")[2]) for name, _, qml, _ in rows}  # noqa: S314
    categories = style["sites"].findall(".//category")
    assert [c.get("value") for c in categories] == [status.name for status in Status]
    dashed = style["areas"].findall(".//symbol[@name='1']//prop[@k='outline_style']")
    assert [p.get("v") for p in dashed] == ["dash"]


def test_without_areas_there_is_no_layer_of_them(tmp_path: Path) -> None:
    """`--no-areas` leaves them out of the report, too."""
    path = run(tmp_path, "gpkg", areas=False)
    assert {name for name, kind in pyogrio.list_layers(path) if kind} == {"sites", "centers"}


def test_styles_have_the_colours_of_the_map() -> None:
    """Each status has its colour, and the few are drawn above the many."""
    root = ET.fromstring(styles.sites().partition("\n")[2])  # noqa: S314
    for status, mark in theme.MARKS.items():
        layer = root.find(f".//symbol[@name='{int(status)}']/layer")
        assert layer is not None
        look = {p.get("k"): p.get("v") for p in layer.findall("prop")}
        red, green, blue, _ = (int(part) for part in str(look["color"]).split(","))
        assert f"#{red:02x}{green:02x}{blue:02x}" == mark.color.lower()
        assert look["name"] == styles.SHAPES[mark.shape]
        assert layer.get("pass") == str(theme.DRAWN_IN_ORDER.index(status))


@pytest.mark.parametrize("kind", [*GIS, "parquet"])
def test_a_file_says_what_it_is_for(tmp_path: Path, kind: formats.Format) -> None:
    """Day, policy, its hash, the source and its hash, software and credits, in each format."""
    path = run(tmp_path, kind)
    result = manifest(tmp_path / "out")
    expected = {
        "as_of": AS_OF,
        "policy": result["policy"]["name"],
        "policy_title": result["policy"]["title"],
        "policy_sha256": result["policy"]["sha256"],
        "source": "sites.csv",
        "source_sha256": result["inputs"]["sites"]["sha256"],
        "software": f"coverage-analyzer {result['coverage_analyzer']}",
        "attribution": result["countries"],
    }
    if kind == "gpkg":
        for layer in ("sites", "centers", "areas"):
            outcome = pyogrio.read_info(path, layer=layer)["layer_metadata"]
            assert expected.items() <= outcome.items()
    elif kind == "geojson":
        outcome = json.loads(path.read_text("utf-8"))
        assert expected.items() <= outcome.items()
    else:
        metadata = pq.read_metadata(path).metadata
        assert {k: metadata[k.encode()].decode() for k in expected} == expected


@pytest.mark.parametrize("kind", [*GIS, "parquet"])
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, kind: formats.Format) -> None:
    """No file holds the time at which it was made."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    assert len({run(folder, kind).read_bytes() for folder in folders}) == 1


@pytest.mark.parametrize("kind", GIS)
def test_no_sites_are_a_file_without_rows(tmp_path: Path, kind: formats.Format) -> None:
    """A GIS opens it."""
    assert len(read(run(tmp_path, kind, "site_id,latitude,longitude\n"))) == 0


def test_geoparquet_has_boxes(tmp_path: Path) -> None:
    """Metadata of version 1.1 with a covering, by which geopandas reads a part of the rows."""
    path = run(tmp_path, "geoparquet")
    geo = json.loads(pq.read_schema(path).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert column["geometry_types"] == ["Point"]
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    part = gpd.read_parquet(path, bbox=(-80, 35, -70, 45))
    assert part["site_id"].tolist() == ["0001", "0009"]
    assert (
        "bbox"
        not in batch.run(path, centers_file(tmp_path), tmp_path / "again", as_of=AS_OF)[
            "renamed_columns"
        ]
    )
    assert "bbox" not in records(tmp_path / "again" / "report.csv")[0]


def test_geojson_follows_the_rfc(tmp_path: Path) -> None:
    """One feature a line, no CRS, points with all digits."""
    text = "site_id,latitude,longitude\na,40.123456789012,-75.000000000001\n"
    path = run(tmp_path, "geojson", text)
    collection = json.loads(path.read_text("utf-8"))
    assert "crs" not in collection
    (feature,) = collection["features"]
    assert feature["geometry"]["coordinates"] == [-75.000000000001, 40.123456789012]
    assert len(re.findall(r'^\{"type":"Feature"', path.read_text("utf-8"), re.MULTILINE)) == 1


def test_a_nul_is_refused_before_anything_is_published(tmp_path: Path) -> None:
    """GDAL ends text at it; the error names column and way out, and the old report stays."""
    pq.write_table(
        pa.table({"site_id": ["a"], "note": ["x\0y"], "latitude": [1.0], "longitude": [2.0]}),
        tmp_path / "s.parquet",
    )
    with pytest.raises(InputError, match=r"'note' holds 'x\\x00y'.*NUL.*--format parquet"):
        batch.run(
            tmp_path / "s.parquet",
            centers_file(tmp_path),
            tmp_path / "out",
            options=batch.Options(format="gpkg"),
        )
    assert not (tmp_path / "out" / "run.json").exists()


def test_types_of_parquet_stay_in_a_geopackage(tmp_path: Path) -> None:
    """Days are DATE, zoned moments DATETIME, numbers numbers; what it cannot hold is text."""
    utc = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "site_id": pa.array([1], pa.int64()),
            "day": pa.array([20000], pa.int32()).cast(pa.date32()),
            "zoned": pa.array([1_700_000_000_123_456], pa.int64()).cast(utc),
            "naive": pa.array([1_700_000_000_123_456], pa.int64()).cast(pa.timestamp("us")),
            "amount": pa.array(["12.50"]).cast(pa.decimal128(20, 2)),
            "many": pa.array([[1, 2]]),
            "code": pa.array(["x"]).dictionary_encode(),
            "huge": pa.array([2**63], pa.uint64()),
            "half": pa.array([1.5], pa.float16()),
            "flag": pa.array([True]),
            "nothing": pa.nulls(1),
            "latitude": pa.array([48.85], pa.float32()),
            "longitude": [2.35],
        }
    )
    pq.write_table(table, tmp_path / "s.parquet")
    out = tmp_path / "out"
    options = batch.Options(format="gpkg")
    batch.run(tmp_path / "s.parquet", centers_file(tmp_path), out, as_of=AS_OF, options=options)
    with sqlite3.connect(out / "report.gpkg") as database:
        (row,) = database.execute(
            'SELECT site_id, day, zoned, naive, amount, many, code, huge, half, flag, "nothing"'
            " FROM sites"
        ).fetchall()
        (types,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'sites'").fetchone()
    assert row == (
        *(1, "2024-10-04", "2023-11-14T22:13:20.123Z", "2023-11-14 22:13:20.123456", "12.50"),
        *("[1, 2]", "x", str(2**63), 1.5, 1, None),
    )
    assert '"day" DATE' in types
    assert '"zoned" DATETIME' in types


def test_a_row_without_a_point_has_none() -> None:
    """NaN gives a null, in the binary and in GeoJSON."""
    points = wkb_points(np.array([1.5, np.nan]), np.array([2.5, 3.0]))
    assert points.null_count == 1
    assert [c.to_pylist() for c in coordinates_of(points)] == [[1.5, None], [2.5, None]]
    sliced = points.slice(1).take(pa.array([0]))
    assert coordinates_of(sliced)[0].to_pylist() == [None]


@pytest.mark.parametrize(
    "values",
    [
        ['q"', "back\\slash", "\x00\x1f\x7f", "é\u2028", None, ""],
        [1, -(2**53) - 1, None],
        [0.1, 1e300, -0.0, float("nan"), float("inf"), None],
        [True, None],
        [{"a": [1, None]}, None],
    ],
)
def test_json_of_columns_is_that_of_cells(values: list[Any]) -> None:
    """Whatever Python's own reader says of it."""
    cells = pa.array(values)
    data = [json.loads(text) for text in geojson.json_texts(cells).to_pylist()]
    finite = [None if isinstance(v, float) and not np.isfinite(v) else v for v in values]
    assert data == finite


@pytest.mark.parametrize("kind", GIS)
def test_a_notebook_writes_them_too(tmp_path: Path, kind: formats.Format) -> None:
    """`write_report` gives the file of a run."""
    run(tmp_path, kind)
    centers = ca.read_centers(centers_file(tmp_path))
    with pytest.warns(UserWarning, match="2 row"):
        sites = ca.read_sites(tmp_path / "sites.csv")
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    folder = ca.write_report(verdicts, tmp_path / "frames", centers=centers, kind=kind)
    ours, theirs = (read(f / f"report.{kind}") for f in (folder, tmp_path / "out"))
    assert ours["status"].tolist() == theirs["status"].tolist()
    assert ours.geometry.geom_equals(theirs.geometry).all()
    if kind == "gpkg":
        assert set(pyogrio.list_layers(folder / "report.gpkg")[:, 0]) >= {"centers", "areas"}
