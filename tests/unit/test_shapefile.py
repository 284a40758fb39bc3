"""Shapefiles: whole or not at all, beside each other or in one archive."""

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from running import AS_OF, centers_file, judged, records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table
from coverage_analyzer.files.readers import arrow_rows
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.verdict import VERDICT

SITES = """\
site_id,name,country,longitude,latitude
0001,Alpha,US,-75.0,40.0
0002,Bêta,FR,2.35,48.85
0003,Weil,DE,7.611,47.593
0004,Null,NA,17.09,-22.57
"""

PARTS = (".shp", ".shx", ".dbf", ".prj")
NAMES = ["sites.shp", "sites.zip"]


def frame_of() -> gpd.GeoDataFrame:
    """Return the sites as points, the coordinates in the geometry only."""
    header, *rows = [line.split(",") for line in SITES.splitlines()]
    frame = pd.DataFrame(rows, columns=header)
    lon, lat = (frame.pop(name).astype(float) for name in ("longitude", "latitude"))
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def saved(frame: gpd.GeoDataFrame, path: Path, inside: str = "", **options: Any) -> Path:
    """Save a frame as geopandas does; for a ``.zip`` pack all parts, maybe into a folder."""
    shp = path.with_suffix(".shp")
    frame.to_file(shp, driver="ESRI Shapefile", **options)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(shp.parent.glob(f"{shp.stem}.*")):
                if part != path:
                    archive.write(part, f"{inside}{part.name}")
                    part.unlink()
    return path


def run(folder: Path, sites: Path) -> dict[str, Any]:
    """Run over a file of sites; the report is in the folder's ``out``."""
    chosen = batch.Options(map=False, areas=False)
    return batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=chosen)


def report(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the report."""
    return records(folder / "out" / "report.csv")


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:4258"])
@pytest.mark.parametrize("name", NAMES)
def test_a_shapefile_gives_the_verdicts_of_csv(tmp_path: Path, name: str, crs: str) -> None:
    """Whatever its CRS; ids keep their zeros, and text its letters."""
    (tmp_path / "csv").mkdir()
    judged(tmp_path / "csv", SITES)
    result = run(tmp_path, saved(frame_of().to_crs(crs), tmp_path / name, "a folder/"))
    for ours, theirs in zip(report(tmp_path), report(tmp_path / "csv"), strict=True):
        assert [ours[n] for n in VERDICT] == [theirs[n] for n in VERDICT]
        assert [ours[n] for n in ("site_id", "name")] == [theirs[n] for n in ("site_id", "name")]
        assert float(ours["longitude"]) == pytest.approx(float(theirs["longitude"]), abs=1e-9)
    assert result["columns"]["latitude"] == "latitude"


def test_the_hash_is_that_of_all_parts(tmp_path: Path) -> None:
    """Of points, index, table, CRS and encoding, one behind the other; of an archive its own."""
    result = run(tmp_path, saved(frame_of(), tmp_path / "sites.shp"))
    parts = [*PARTS, ".cpg"]
    whole = b"".join((tmp_path / f"sites{suffix}").read_bytes() for suffix in parts)
    assert result["inputs"]["sites"]["sha256"] == hashlib.sha256(whole).hexdigest()
    path = saved(frame_of(), tmp_path / "sites.zip")
    result = run(tmp_path, path)
    assert result["inputs"]["sites"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".shx", ".dbf", ".prj"])
@pytest.mark.parametrize("name", NAMES)
def test_a_missing_part_is_named(tmp_path: Path, name: str, suffix: str) -> None:
    """GDAL would do without the ids, and no CRS means that nobody knows where the points are."""
    path = saved(frame_of(), tmp_path / name)
    if path.suffix == ".zip":
        kept = tmp_path / "kept.zip"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(kept, "w") as new:
            for part in old.namelist():
                if not part.endswith(suffix):
                    new.writestr(part, old.read(part))
        kept.replace(path)
    else:
        (tmp_path / f"sites{suffix}").unlink()
    with pytest.raises(InputError, match=rf"{name}.*sites\{suffix} is missing"):
        ca.read_sites(path)


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("left", [0, 50, 0.5, 0.9])
def test_a_part_that_is_cut_short_is_refused(tmp_path: Path, suffix: str, left: float) -> None:
    """GDAL reads what there is, and says nothing of the rest."""
    path = saved(frame_of(), tmp_path / "sites.shp")
    part = tmp_path / f"sites{suffix}"
    whole = part.read_bytes()
    part.write_bytes(whole[: int(left if left >= 1 else left * len(whole))])
    with pytest.raises(InputError, match=r"sites\.shp.*damaged"):
        ca.read_sites(path)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    """Or none at all: with its name."""
    path = saved(frame_of(), tmp_path / "sites.shp")
    (tmp_path / name).write_bytes(b"lat,lon\n1,2\n" * 99)
    with pytest.raises(InputError, match=name):
        ca.read_sites(tmp_path / name)
    path.unlink()
    (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(InputError, match=name):
        ca.read_sites(tmp_path / name)


def test_one_shapefile_of_an_archive_is_read(tmp_path: Path) -> None:
    """Of several none is guessed; what a Mac adds does not count, and a zipped CSV is read."""
    path = saved(frame_of(), tmp_path / "sites.zip", "a/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/a/._sites.shp", b"x")
    assert len(ca.read_sites(path)) == 4
    saved(frame_of(), path, "b/")
    with pytest.raises(InputError, match=r"'a/sites\.shp', 'b/sites\.shp'.*Unpack"):
        ca.read_sites(path)
    with zipfile.ZipFile(tmp_path / "csv.zip", "w") as archive:
        archive.writestr("sites.csv", SITES)
    assert len(ca.read_sites(tmp_path / "csv.zip")) == len(SITES.splitlines()) - 1


def test_names_may_be_odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Capitals, blanks, braces, and a bare name in the working folder."""
    path = saved(frame_of(), tmp_path / "sites.zip")
    for name in ("a {b} c.zip", "S.ZIP", "x}y.zip", "ä&?#.zip"):
        shutil.copy(path, tmp_path / name)
        assert len(ca.read_sites(tmp_path / name)) == 4
    saved(frame_of(), tmp_path / "sites.shp")
    for part in PARTS:
        (tmp_path / f"sites{part}").rename(tmp_path / f"SITES{part.upper()}")
    monkeypatch.chdir(tmp_path)
    assert len(ca.read_sites("SITES.SHP")) == 4


def test_encodings_are_those_of_the_cpg(tmp_path: Path) -> None:
    """The table of an older program, which says so; bytes that are none cost their row."""
    path = saved(frame_of(), tmp_path / "sites.shp", encoding="ISO-8859-1")
    assert ca.read_sites(path)["name"].tolist()[1] == "Bêta"
    (tmp_path / "sites.cpg").write_text("UTF-8")
    run(tmp_path, path)
    (reject,) = records(tmp_path / "out" / "rejects.csv")
    assert (reject["line"], reject["reason"]) == ("2", "not_utf8")


def test_rows_without_a_point_become_rejects(tmp_path: Path) -> None:
    """Null shapes and multipoints, each with its row; rows go on from batch to batch."""
    points = [shapely.Point(-75, 40), None, shapely.Point(2.35, 48.85, 70)]
    frame = gpd.GeoDataFrame({"id": list("abc")}, geometry=points, crs=4326)
    run(tmp_path, saved(frame, tmp_path / "sites.zip"))
    assert [r["id"] for r in report(tmp_path)] == ["a", "c"]
    (reject,) = records(tmp_path / "out" / "rejects.csv")
    assert (reject["line"], reject["reason"]) == ("2", "coordinate_missing")
    many = gpd.GeoDataFrame({"id": ["m"]}, geometry=[shapely.MultiPoint([(1, 2)])], crs=4326)
    run(tmp_path, saved(many, tmp_path / "many.shp"))
    (reject,) = records(tmp_path / "out" / "rejects.csv")
    assert reject["reason"] == "geometry_not_a_point"


def test_many_batches_and_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Memory holds one batch; a layer of no points is a table of no sites."""
    frame = gpd.GeoDataFrame({"id": range(50)}, geometry=shapely.points(range(50), 1), crs=4326)
    path = saved(frame, tmp_path / "sites.zip")
    monkeypatch.setattr(arrow_rows, "ROWS_AT_ONCE", 8)
    rows = list(table.open_table(path, columns.SITES).rows())
    assert len(rows) == 7
    assert [int(n) for block in rows for n in block.block.lines] == list(range(1, 51))
    saved(frame.iloc[:0], tmp_path / "none.shp", geometry_type="Point")
    assert len(ca.read_sites(tmp_path / "none.shp")) == 0


def test_centers_come_from_a_shapefile(tmp_path: Path) -> None:
    """The network as a GIS keeps it: names of ten letters do for all of its columns."""
    centers = ca.read_centers(centers_file(tmp_path))
    frame = centers.drop(columns=["latitude", "longitude", "center_country"])
    for name in ("opens_on", "closes_on"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    result = ca.read_centers(saved(frame, tmp_path / "centers.zip"))
    assert result["center_id"].tolist() == centers["center_id"].tolist()
    assert result["opens_on"].tolist() == centers["opens_on"].tolist()
