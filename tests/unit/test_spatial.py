"""GeoJSON, GeoPackage and GeoParquet: the same verdicts, whatever a GIS saves points as."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from running import AS_OF, CENTERS, centers_file, judged, manifest, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli import main
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import atomic
from coverage_analyzer.files.readers import arrow_rows, gdal, geojson, spatial
from coverage_analyzer.files.table import open_table
from coverage_analyzer.files.writers import areas
from coverage_analyzer.geometry import area_km2
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.verdict import VERDICT

FORMATS = ["sites.geojson", "sites.json", "sites.gpkg", "sites.parquet", "sites.geoparquet"]

SITES = """\
site_id,name,country,longitude,latitude
0001,"Alpha, ""A"" B",US,-75.0,40.0
0002,Bêta 東京,FR,2.35,48.85
0003,Weil,DE,7.611,47.593
0004,Null,NA,17.09,-22.57
0005,Boise,US,-116.2,43.6
"""


def frame_of(text: str = SITES) -> gpd.GeoDataFrame:
    """Return rows of a CSV file as points on WGS 84, the coordinates in the geometry only."""
    rows = [line.split(",") for line in text.replace('"Alpha, ""A"" B"', "Alpha").splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    lon, lat = (frame.pop(name).astype(float) for name in ("longitude", "latitude"))
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def saved(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> Path:
    """Save a frame as geopandas does."""
    if path.suffix in {".parquet", ".geoparquet"}:
        frame.to_parquet(path, **options)
    else:
        driver = "GPKG" if path.suffix == ".gpkg" else "GeoJSON"
        frame.to_file(path, driver=driver, **options)
    return path


def run(folder: Path, sites: Path, **options: Any) -> dict[str, Any]:
    """Run over a file of sites; the report is in the folder's ``out``."""
    chosen = batch.Options(map=False, areas=False, **options)
    centers = centers_file(folder)
    return batch.run(sites, centers, folder / "out", as_of=AS_OF, options=chosen)


def report(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the report."""
    return records(folder / "out" / "report.csv")


def verdicts(folder: Path) -> list[tuple[str, ...]]:
    """Return what the report adds to each site."""
    return [tuple(row[name] for name in VERDICT) for row in report(folder)]


@pytest.fixture
def expected(tmp_path: Path) -> list[tuple[str, ...]]:
    """Return the verdicts on the sites as CSV."""
    (tmp_path / "csv").mkdir()
    judged(tmp_path / "csv", SITES)
    return verdicts(tmp_path / "csv")


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_verdicts_of_csv(
    tmp_path: Path, expected: list[tuple[str, ...]], name: str
) -> None:
    """Id, name and country are found among the attributes; the point is the geometry."""
    path = saved(frame_of(), tmp_path / name)
    result = run(tmp_path, path)
    assert verdicts(tmp_path) == expected
    names = ("site_id", "name", "country", "longitude", "latitude")
    assert result["columns"] == {n: n for n in names}
    rows = report(tmp_path)
    assert [n for n in rows[0] if n != "fid"][:5] == list(names)
    assert [r.get("fid") for r in rows] == (list("12345") if name == "sites.gpkg" else [None] * 5)
    assert [r["site_id"] for r in rows] == ["0001", "0002", "0003", "0004", "0005"]
    assert rows[1]["name"] == "Bêta 東京"
    assert [float(rows[0][n]) for n in names[3:]] == [-75.0, 40.0]
    assert result["inputs"]["sites"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:25832", "EPSG:4979", "OGC:CRS84"])
@pytest.mark.parametrize("name", ["sites.gpkg", "sites.parquet"])
def test_any_crs_is_brought_to_wgs84(tmp_path: Path, name: str, crs: str) -> None:
    """Metres of a map, degrees in another order: the same verdicts; a number may round."""
    text = "site_id,longitude,latitude\n1,2.35,48.85\n2,7.611,47.593\n3,7.58,47.56\n"
    judged(tmp_path, text)
    expected = report(tmp_path)
    run(tmp_path, saved(frame_of(text).to_crs(crs), tmp_path / name))
    for result, target in zip(report(tmp_path), expected, strict=True):
        for column in ("longitude", "latitude"):
            assert float(result.pop(column)) == pytest.approx(float(target.pop(column)), abs=1e-9)
        assert result.pop("fid", "") == (target["site_id"] if name == "sites.gpkg" else "")
        assert result == target


def test_a_point_on_the_date_line_stays_in_range(tmp_path: Path) -> None:
    """Reprojection may carry 180 a rounding beyond; that is no coordinate out of range."""
    points = shapely.points([20037508.3427892475, -20037508.342789244], [5, 6])
    frame = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=points, crs="EPSG:3857")
    sites = ca.read_sites(saved(frame, tmp_path / "sites.parquet"))
    assert np.abs(sites.geometry.x).tolist() == [180, 180]


def test_geoparquet_without_the_key_crs_is_degrees(
    tmp_path: Path, expected: list[tuple[str, ...]]
) -> None:
    """GeoParquet 1.1: no key is OGC:CRS84; null is unknown, and nothing is guessed."""
    table = pq.ParquetFile(saved(frame_of(), tmp_path / "with.parquet")).read()
    geo = json.loads(table.schema.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    for crs in ("absent", None):
        column.pop("crs", None)
        if crs is None:
            column["crs"] = None
        cells = {b"geo": json.dumps(geo).encode()}
        pq.write_table(table.replace_schema_metadata(cells), tmp_path / f"{crs}.parquet")
    run(tmp_path, tmp_path / "absent.parquet")
    assert verdicts(tmp_path) == expected
    with pytest.raises(InputError, match="has no CRS"):
        ca.read_sites(tmp_path / "None.parquet")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("name", ["sites.gpkg", "sites.parquet"])
def test_a_file_without_a_crs_is_refused(tmp_path: Path, name: str) -> None:
    """The message says how to state it, in geopandas and in GDAL."""
    path = saved(frame_of().set_crs(None, allow_override=True), tmp_path / name)
    with pytest.raises(InputError, match=r"no CRS.*set_crs\(.EPSG:4326.\).*-a_srs EPSG:4326"):
        ca.read_sites(path)


@pytest.mark.parametrize("undefined", [-1, 0])
def test_what_a_geopackage_calls_undefined_is_no_crs(tmp_path: Path, undefined: int) -> None:
    """GDAL makes an ellipsoid of it; who saved the layer meant that nobody knows."""
    path = saved(frame_of(), tmp_path / "sites.gpkg")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (undefined,))
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="has no CRS"):
        ca.read_sites(path)


@pytest.mark.parametrize(
    ("crs", "message"),
    [
        ("EPSG:4978", "no longitude and latitude"),
        ('LOCAL_CS["Hall",UNIT["metre",1]]', "no longitude and latitude"),
        ({"type": "nonsense"}, "CRS that cannot be used"),
    ],
)
def test_a_crs_that_tells_no_place_is_refused(tmp_path: Path, crs: Any, message: str) -> None:
    """Metres from the middle of the Earth, of a hall, or of nothing."""
    table = pq.ParquetFile(saved(frame_of(), tmp_path / "sites.parquet")).read()
    geo = json.loads(table.schema.metadata[b"geo"])
    geo["columns"]["geometry"]["crs"] = crs
    table = table.replace_schema_metadata({b"geo": json.dumps(geo).encode()})
    pq.write_table(table, tmp_path / "sites.parquet")
    with pytest.raises(InputError, match=message):
        ca.read_sites(tmp_path / "sites.parquet")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("attributes", [("lat", "lon"), ("Latitude", "x"), ("y", "LONGITUDE")])
def test_the_geometry_decides_over_attributes(
    tmp_path: Path, name: str, attributes: tuple[str, str]
) -> None:
    """Columns called like coordinates are carried along, and are neither read nor in doubt."""
    wrong = {attributes[0]: ["40,5", "bad", "", "5", "6"], attributes[1]: ["0"] * 5, "lng": [1] * 5}
    result = run(tmp_path, saved(frame_of().assign(**wrong), tmp_path / name))
    taken = bool({a.casefold() for a in attributes} & {"latitude", "longitude"})
    prefix = "geometry_" if taken else ""
    assert result["columns"]["latitude"] == f"{prefix}latitude"
    assert result["columns"]["longitude"] == f"{prefix}longitude"
    first = report(tmp_path)[0]
    assert (first["status"], first["center_id"]) == ("qualified", "PHL")
    assert first[attributes[0]] == "40,5"
    assert float(first[f"{prefix}latitude"]) == 40.0


def test_made_names_give_way_to_any_attribute(tmp_path: Path) -> None:
    """A report that was given a geometry again has such columns already."""
    frame = frame_of().assign(latitude=1.0, geometry_latitude=2.0, Geometry_Longitude=3.0)
    result = run(tmp_path, saved(frame, tmp_path / "sites.gpkg"))
    assert result["columns"]["latitude"] == "geometry_geometry_latitude"
    assert verdicts(tmp_path)[0][0] == "Gold Plus"


def test_the_user_has_the_last_word(tmp_path: Path) -> None:
    """A header that is named for a column is taken, here as everywhere."""
    frame = frame_of().assign(Breite=48.85, Laenge=2.35, kunde="K")
    path = saved(frame, tmp_path / "sites.gpkg")
    named = {"latitude": "Breite", "longitude": "Laenge", "name": "kunde"}
    assert run(tmp_path, path, columns=named)["columns"].items() >= named.items()
    assert [r["reason"] for r in report(tmp_path)][:2] == ["country_conflict", "within_radius"]
    with pytest.raises(InputError, match="Column 'nil' not found"):
        run(tmp_path, path, columns={"latitude": "nil"})


def test_types_are_kept_in_a_parquet_report(tmp_path: Path) -> None:
    """Numbers, days, flags and text come out as they went in; the geometry stays behind."""
    frame = frame_of().assign(
        n=np.arange(5, dtype=np.int32), flag=[True, False, True, False, True], share=0.5
    )
    frame["since"] = pd.array([pd.Timestamp("2020-01-01").date()] * 5, pd.ArrowDtype(pa.date32()))
    kinds = {
        "site_id": pa.string(),
        "n": pa.int32(),
        "flag": pa.bool_(),
        "share": pa.float64(),
        "since": pa.date32(),
        "longitude": pa.float64(),
        "latitude": pa.float64(),
    }
    for name in ("sites.parquet", "sites.gpkg"):
        by_arrow = {"use_arrow": True} if name == "sites.gpkg" else {}
        run(tmp_path, saved(frame, tmp_path / name, **by_arrow), format="parquet")
        out = pq.ParquetFile(tmp_path / "out" / "report.parquet").read()
        assert {k: out.schema.field(k).type for k in kinds} == kinds
        assert not {"geometry", "geom"} & set(out.column_names)
        assert out.column("n").to_pylist() == [0, 1, 2, 3, 4]
        assert b"geo" not in (out.schema.metadata or {})


def test_text_of_geojson_stays_text(tmp_path: Path) -> None:
    """Ids keep their zeros, days are not typed by a guess, nested values become their text."""
    features = [
        {
            "type": "Feature",
            "properties": {"ref": "007", "day": "2020-01-01", "more": {"a": [1]}, "mix": mix},
            "geometry": {"type": "Point", "coordinates": [-75, 40]},
        }
        for mix in ("x", 3)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    result = run(tmp_path, sites_file(tmp_path, text, "sites.geojson"))
    assert result["columns"]["site_id"] == "ref"
    rows = report(tmp_path)
    assert [(r["ref"], r["day"], r["mix"]) for r in rows] == [
        ("007", "2020-01-01", "x"),
        ("007", "2020-01-01", "3"),
    ]
    assert json.loads(rows[0]["more"]) == {"a": [1]}


ODD = [
    shapely.Point(-75, 40),
    shapely.Polygon([(0, 0), (1, 0), (1, 1)]),
    None,
    shapely.Point(),
    shapely.MultiPoint([(2.35, 48.85)]),
    shapely.Point(2.35, 48.85, 70),
    shapely.Point(10, 95),
]


@pytest.mark.parametrize("name", FORMATS)
def test_other_geometries_become_rejects(tmp_path: Path, name: str) -> None:
    """Each with its row and the reason; the rows around them are judged."""
    frame = gpd.GeoDataFrame({"id": list("abcdefg")}, geometry=ODD, crs="EPSG:4326")
    result = run(tmp_path, saved(frame, tmp_path / name))
    assert [r["id"] for r in report(tmp_path)] == ["a", "f"]
    assert [r["status"] for r in report(tmp_path)] == ["qualified", "qualified"]
    refused = records(tmp_path / "out" / "rejects.csv")
    assert [(r["line"], r["reason"]) for r in refused] == [
        ("2", "geometry_not_a_point"),
        ("3", "coordinate_missing"),
        ("4", "coordinate_missing"),
        ("5", "geometry_not_a_point"),
        ("7", "coordinate_out_of_range"),
    ]
    assert refused[0]["detail"] == "the geometry is a Polygon, not a point"
    assert [json.loads(r["raw"])["id"] for r in refused] == list("bcdeg")
    assert result["ledger"] == {"read": 7, "decided": 2, "rejected": 5, "blank": 0}


def test_binary_that_is_no_geometry_becomes_a_reject(tmp_path: Path) -> None:
    """One broken cell costs one row."""
    table = pq.ParquetFile(saved(frame_of(), tmp_path / "sites.parquet")).read()
    at = table.column_names.index("geometry")
    cells = table.column("geometry").to_pylist()
    broken = pa.array([cells[0], b"\x07nonsense", *cells[2:]])
    pq.write_table(table.set_column(at, "geometry", broken), tmp_path / "sites.parquet")
    with pytest.warns(UserWarning, match="line 2: the geometry is not well-known binary"):
        sites = ca.read_sites(tmp_path / "sites.parquet")
    assert sites["site_id"].tolist() == ["0001", "0003", "0004", "0005"]


def test_a_position_that_gdal_cannot_read_becomes_a_reject(tmp_path: Path) -> None:
    """What GDAL warns of is a reject, not a stray line on the screen."""
    text = """{"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": "a"},
         "geometry": {"type": "Point", "coordinates": [1]}}]}"""
    result = run(tmp_path, sites_file(tmp_path, text, "sites.geojson"))
    assert result["ledger"]["rejected"] == 1


@pytest.mark.parametrize("name", FORMATS)
def test_many_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """Rows count on from batch to batch, rejects keep theirs, memory holds one batch."""
    points = [shapely.Point(-75 + n / 1000, 40) if n % 7 else None for n in range(100)]
    frame = gpd.GeoDataFrame({"id": [f"{n:03}" for n in range(100)]}, geometry=points, crs=4326)
    path = saved(frame, tmp_path / name)
    monkeypatch.setattr(arrow_rows, "ROWS_AT_ONCE", 8)
    monkeypatch.setattr(geojson, "FEATURES_AT_ONCE", 8)
    assert len(list(open_table(path, columns.SITES).rows())) == 13
    result = run(tmp_path, path)
    assert result["ledger"] == {"read": 100, "decided": 85, "rejected": 15, "blank": 0}
    assert [r["id"] for r in report(tmp_path)] == [f"{n:03}" for n in range(100) if n % 7]
    lines = [r["line"] for r in records(tmp_path / "out" / "rejects.csv")]
    assert lines == [str(n + 1) for n in range(0, 100, 7)]


@pytest.mark.parametrize("name", FORMATS)
def test_no_features_give_an_empty_report(tmp_path: Path, name: str) -> None:
    """A layer of no points is a table of no sites."""
    result = run(tmp_path, saved(frame_of().iloc[:0], tmp_path / name))
    assert result["ledger"]["read"] == 0
    assert report(tmp_path) == []
    assert len(ca.read_sites(tmp_path / name)) == 0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("content", [b"", b"lat,lon\n1,2\n", b"{}", b"PAR1", b"\0" * 5000])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """An InputError that names the file."""
    path = sites_file(tmp_path, content, name)
    with pytest.raises(InputError, match=name):
        ca.read_sites(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    """Half a file is no table of half the sites."""
    path = saved(frame_of(), tmp_path / name)
    whole = path.read_bytes()
    for part in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(InputError, match=name):
            ca.read_sites(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    """Also what looks like an address: nothing is fetched."""
    for path in (tmp_path / name, f"https://example.org/{name}", f"/vsicurl/http://[::1]/{name}"):
        with pytest.raises(InputError, match=name):
            ca.read_sites(path)


def test_a_geopackage_with_a_bad_page_is_refused(tmp_path: Path) -> None:
    """GDAL would end at the page as if the layer ended there: rows lost without a word."""
    frame = gpd.GeoDataFrame({"id": range(5000)}, geometry=shapely.points(range(5000), 1), crs=3857)
    path = saved(frame, tmp_path / "sites.gpkg")
    whole = bytearray(path.read_bytes())
    whole[30 * 4096 : 31 * 4096] = b"\xff" * 4096
    path.write_bytes(whole)
    with pytest.raises(InputError, match="damaged"):
        ca.read_sites(path)


def test_rows_that_do_not_come_are_missed(tmp_path: Path) -> None:
    """A layer that ends early is an error, whatever made it end."""
    path = saved(frame_of(), tmp_path / "sites.gpkg")
    source = gdal.geopackage(path)
    source._layer = spatial.Layer(**vars(source._layer) | {"rows": 6})
    with pytest.raises(InputError, match="5 of 6 rows"):
        list(source.blocks())


def test_text_that_is_not_utf8_is_a_reject(tmp_path: Path) -> None:
    """Bytes are no text; they cost the row that holds them."""
    text = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties":
        {"name": "B\u00eata"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}"""
    path = sites_file(tmp_path, text.encode("latin-1"), "sites.geojson")
    assert run(tmp_path, path)["ledger"]["rejected"] == 1
    (row,) = records(tmp_path / "out" / "rejects.csv")
    assert (row["line"], row["reason"]) == ("1", "not_utf8")
    assert r"\xea" in row["raw"]


def test_an_attribute_may_be_called_like_the_geometry(tmp_path: Path) -> None:
    """GDAL calls the geometry of GeoJSON ``wkb_geometry``, whatever else is called so."""
    frame = frame_of().assign(wkb_geometry="mine")
    run(tmp_path, saved(frame, tmp_path / "sites.geojson"))
    assert report(tmp_path)[0]["wkb_geometry"] == "mine"


def test_the_one_layer_with_geometry_is_read(tmp_path: Path) -> None:
    """Styles and other tables do not count; of two layers none is guessed."""
    path = saved(frame_of(), tmp_path / "sites.gpkg", layer='my "points"')
    pyogrio.write_dataframe(pd.DataFrame({"style": ["x"]}), path, layer="styles", append=True)
    assert len(ca.read_sites(path)) == 5
    saved(frame_of(), path, layer="zwei", mode="a")
    with pytest.raises(InputError, match=r"'my \"points\"' \(Point\), 'zwei'.*--layer"):
        ca.read_sites(path)
    bare = tmp_path / "bare.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"style": ["x"]}), bare, layer="styles")
    with pytest.raises(InputError, match="no layer"):
        ca.read_sites(bare)


@pytest.mark.parametrize(
    "change",
    [
        lambda geo: geo.pop("primary_column"),
        lambda geo: geo.update(primary_column="nil"),
        lambda geo: geo.update(columns=[]),
        lambda geo: geo["columns"]["geometry"].pop("encoding"),
    ],
)
def test_damaged_metadata_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    """Metadata that do not lead to a geometry."""
    table = pq.ParquetFile(saved(frame_of(), tmp_path / "sites.parquet")).read()
    geo = json.loads(table.schema.metadata[b"geo"])
    change(geo)
    for text in (json.dumps(geo), "no json"):
        result = table.replace_schema_metadata({b"geo": text.encode()})
        pq.write_table(result, tmp_path / "sites.parquet")
        with pytest.raises(InputError, match="metadata 'geo' is damaged"):
            ca.read_sites(tmp_path / "sites.parquet")


def test_another_encoding_than_wkb_is_refused(tmp_path: Path) -> None:
    """The message says how to write the file."""
    path = saved(frame_of(), tmp_path / "sites.parquet", geometry_encoding="geoarrow")
    with pytest.raises(InputError, match=r"encoded as 'point'.*to_parquet"):
        ca.read_sites(path)


def test_parquet_without_geometry_is_plain(tmp_path: Path) -> None:
    """The suffix alone makes no GeoParquet."""
    pq.write_table(pa.table({"lat": [40.0], "lon": [-75.0]}), tmp_path / "sites.geoparquet")
    assert ca.read_sites(tmp_path / "sites.geoparquet").geometry.x.tolist() == [-75.0]


@pytest.mark.parametrize("name", ["n.geojson", "n.gpkg", "n.parquet"])
def test_centers_come_from_each_format(
    tmp_path: Path, name: str, call: Callable[..., tuple[int, str]]
) -> None:
    """What `read_centers` gives, saved and read again, is the same network; so for the verbs."""
    expected = ca.read_centers(centers_file(tmp_path))
    path = saved(expected, tmp_path / name)
    pd.testing.assert_frame_equal(ca.read_centers(path), expected)
    sites = saved(frame_of(), tmp_path / "sites.geojson")
    code, _ = call("run", sites, "--centers", path, "-o", tmp_path / "o", "--as-of", AS_OF)
    assert code == 0
    assert manifest(tmp_path / "o")["centers"] == {"given": 6, "open": 4}
    code, output = call("explain", "40", "-75", "--centers", path, "--json")
    assert (code, json.loads(output)["status"]) == (0, "qualified")


def test_bad_centers_are_named_by_their_rows(tmp_path: Path) -> None:
    """One error for all, also for those that are no points."""
    frame = gpd.GeoDataFrame({"center_id": list("abcdefg")}, geometry=ODD, crs="EPSG:4326")
    with pytest.raises(InputError, match="line 2: the geometry is a Polygon") as caught:
        ca.read_centers(saved(frame, tmp_path / "centers.gpkg"))
    for line in (3, 4, 5, 7):
        assert f"line {line}" in str(caught.value)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Return a way to call a verb in this process: its exit code, and what it printed."""

    def called(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["coverage-analyzer", *map(str, arguments)])
        monkeypatch.setattr(main.signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as left:
            main.main()
        captured = capsys.readouterr()
        return int(left.value.code or 0), captured.out or captured.err

    return called


@pytest.mark.parametrize("merge", [None, "union", "depth"])
@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.parquet"])
def test_the_verb_areas_writes_each_format(
    tmp_path: Path, call: Callable[..., tuple[int, str]], name: str, merge: Any
) -> None:
    """They open again in geopandas: the geometry, the CRS and the attributes."""
    centers = centers_file(tmp_path)
    options = [] if merge is None else ["--merge", merge]
    code, output = call("areas", centers, "-o", tmp_path / name, "--as-of", AS_OF, *options)
    assert (code, name in output) == (0, True)
    expected = ca.frames.coverage_areas(ca.read_centers(centers), as_of=AS_OF, merge=merge)
    read = gpd.read_parquet if name.endswith(".parquet") else gpd.read_file
    result = read(tmp_path / name)
    assert result.crs == "EPSG:4326"
    assert list(result.columns) == list(expected.columns)
    assert result["country"].tolist() == expected["country"].tolist()
    if name.endswith(".geojson"):
        difference = shapely.symmetric_difference(result.geometry, expected.geometry.to_numpy())
        assert np.max(area_km2(difference)) < 0.1
        assert_right_handed(result.geometry)
    else:
        assert result.geometry.geom_equals(expected.geometry).all()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def assert_right_handed(geometry: gpd.GeoSeries) -> None:
    """Exterior rings of RFC 7946 run counter-clockwise, holes clockwise."""
    for polygon in geometry.explode().tolist():
        assert shapely.is_ccw(polygon.exterior)
        assert not any(shapely.is_ccw(hole) for hole in polygon.interiors)


def square(**attributes: Any) -> gpd.GeoDataFrame:
    """Return one area, its ring clockwise."""
    return gpd.GeoDataFrame(
        {name: [value] for name, value in attributes.items()},
        geometry=[shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])],
        crs="EPSG:4326",
    )


def test_geojson_areas_are_of_rfc_7946(tmp_path: Path) -> None:
    """WGS 84 without a member ``crs``, 7 decimals, right-handed; what is missing is null."""
    day, nothing = pd.Timestamp("2026-12-15"), pd.NaT
    frame = square(name="B\u00eata", n=1, ok=True, share=np.nan, opens_on=day, closes_on=nothing)
    areas.write_areas(frame.to_crs("EPSG:3857"), tmp_path / "a.GeoJSON")
    read = json.loads((tmp_path / "a.GeoJSON").read_text("utf-8"))
    assert "crs" not in read
    (feature,) = read["features"]
    assert feature["properties"] == {
        "name": "B\u00eata",
        "n": 1,
        "ok": True,
        "share": None,
        "opens_on": "2026-12-15",
        "closes_on": None,
    }
    (ring,) = feature["geometry"]["coordinates"]
    assert shapely.is_ccw(shapely.LinearRing(ring))
    assert sorted(map(tuple, ring[:-1])) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.mark.parametrize("name", ["areas.shp", "areas", "areas.csv"])
def test_areas_of_another_suffix_are_refused(tmp_path: Path, name: str) -> None:
    """The message names the three that there are."""
    with pytest.raises(InputError, match=r"\.geojson, \.gpkg or \.parquet"):
        areas.write_areas(square(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_areas_without_a_crs_are_refused(tmp_path: Path) -> None:
    """No file leaves here that we would not read."""
    with pytest.raises(InputError, match="no CRS"):
        areas.write_areas(square().set_crs(None, allow_override=True), tmp_path / "a.gpkg")


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.parquet"])
@pytest.mark.parametrize("step", ["_write", "to_disk"])
def test_a_failing_write_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, step: str
) -> None:
    """A full disk, before or after the bytes: what stood there still stands, and nothing more."""
    path = tmp_path / name
    areas.write_areas(square(n=1), path)
    before = path.read_bytes()
    module = areas if step == "_write" else atomic
    whole = getattr(module, step)

    def failing(*arguments: Any) -> None:
        whole(*arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, step, failing)
    with pytest.raises(PublishError, match="No space left"):
        areas.write_areas(square(n=2), path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {name: before}


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.parquet"])
def test_a_place_that_cannot_be_written_is_a_publish_error(tmp_path: Path, name: str) -> None:
    """A folder that is not there, a folder in the file's place."""
    with pytest.raises(PublishError, match="nowhere"):
        areas.write_areas(square(), tmp_path / "nowhere" / name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "kept").touch()
    with pytest.raises(PublishError, match=name):
        areas.write_areas(square(), tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.parquet"])
def test_an_old_file_is_replaced_whole(tmp_path: Path, name: str) -> None:
    """Not appended to, and no second layer beside the first."""
    for n in (1, 2):
        areas.write_areas(square(n=n), tmp_path / name)
    read = gpd.read_parquet if name.endswith(".parquet") else gpd.read_file
    assert read(tmp_path / name)["n"].tolist() == [2]
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_plain_tables_do_without_gdal(tmp_path: Path) -> None:
    """Runs over CSV and Parquet import no library that only these formats need."""
    sites_file(tmp_path, SITES)
    pq.write_table(pa.table({"lat": [40.0], "lon": [-75.0]}), tmp_path / "sites.parquet")
    centers_file(tmp_path, CENTERS)
    code = f"""
import sys
from coverage_analyzer import batch
options = batch.Options(areas=False, map=False)
for name in ("sites.csv", "sites.parquet"):
    batch.run(name, "network.csv", "out", as_of={AS_OF!r}, options=options)
print(sorted({{"pyogrio", "pandas", "geopandas"}} & set(sys.modules)))
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        encoding="utf-8",
        env=os.environ,
    )
    assert ended.stdout.strip() == "[]"


def test_the_working_folder_may_be_the_file_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bare name is a path; names that GDAL gives a meaning to are names."""
    monkeypatch.chdir(tmp_path)
    for name in ("sites.gpkg", "sites.geojson"):
        saved(frame_of(), tmp_path / name)
        odd = f"a b?c#d&e%20.{name}"
        shutil.copy(name, odd)
        assert len(ca.read_sites(name)) == len(ca.read_sites(odd)) == 5
    areas.write_areas(square(), "areas.gpkg")
    assert len(gpd.read_file("areas.gpkg")) == 1
