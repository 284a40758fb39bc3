"""Sites and centers in one file: names of sheets and layers decide, and one table is no two."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import geopandas as gpd
import pytest
import shapely
import xlsxwriter

from coverage_analyzer import batch
from coverage_analyzer.batch._commitments import answer_requests
from coverage_analyzer.batch._inspect import inspect
from coverage_analyzer.batch._place import PlaceInputs, place
from coverage_analyzer.batch.options import Options
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.table import open_table
from coverage_analyzer.schema import table_names
from coverage_analyzer.schema.columns import CENTERS, PRODUCTS, SITES
from coverage_analyzer.siting.question import Question

SITE: Final = ["S1", "US", 39.1, -94.6]
CENTER: Final = ["C1", "US", 41.9, -87.6]


def book(path: Path, *names: str) -> Path:
    """Write sheets with the same headers; names that begin with C, D or L have a center."""
    with xlsxwriter.Workbook(path) as result:
        for name in names:
            sheet = result.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "country", "lat", "lon"])
            sheet.write_row(1, 0, CENTER if name[0] in "CDL" else SITE)
    return path


def layers(path: Path, *names: str) -> Path:
    """Write layers of points with the same attributes."""
    for name in names:
        gpd.GeoDataFrame(
            {"id": ["X"], "country": ["US"]}, geometry=[shapely.Point(-94.6, 39.1)], crs="EPSG:4326"
        ).to_file(path, layer=name)
    return path


def text(path: Path) -> Path:
    """Write a table of text."""
    path.write_text("id,country,lat,lon\nS1,US,39.1,-94.6\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("names", "sites", "centers"),
    [
        (("Sites", "Centers"), "Sites", "Centers"),
        (("Centers", "Sites"), "Sites", "Centers"),
        (("Depots", "Sheet2"), "Sheet2", "Depots"),
        (("Sheet1", "Lager"), "Sheet1", "Lager"),
        (("Customers", "Data"), "Customers", "Data"),
    ],
)
def test_the_name_of_a_sheet_decides(
    tmp_path: Path, names: tuple[str, ...], sites: str, centers: str
) -> None:
    """In any order."""
    path = book(tmp_path / "a.xlsx", *names)
    assert open_table(path, SITES).detected["sheet"] == sites
    assert open_table(path, CENTERS).detected["sheet"] == centers


def test_a_sheet_of_the_other_kind_is_no_rival(tmp_path: Path) -> None:
    """Notices list only what could be meant."""
    table = open_table(book(tmp_path / "a.xlsx", "Data", "Customers", "Depots"), SITES)
    assert table.detected["sheet"] == "Customers"
    assert table.detected["other_sheets"] == ["Data"]
    assert any("'Data'" in messages and "--sheet" in messages for messages in table.notices)
    only = open_table(book(tmp_path / "b.xlsx", "Depots", "Lager"), SITES)
    assert only.detected["sheet"] == "Depots"


@pytest.mark.parametrize(
    ("names", "sites", "centers"),
    [
        (("sites", "centers"), "sites", "centers"),
        (("depots", "customers"), "customers", "depots"),
        (("agences", "points"), "points", "agences"),
    ],
)
def test_the_name_of_a_layer_decides(
    tmp_path: Path, names: tuple[str, ...], sites: str, centers: str
) -> None:
    """In any order."""
    path = layers(tmp_path / "a.gpkg", *names)
    assert open_table(path, SITES).detected["layer"] == sites
    assert open_table(path, CENTERS).detected["layer"] == centers


def test_areas_of_sites_are_not_replaced_by_centers(tmp_path: Path) -> None:
    """Their layer is an error that tells so, not a reason to read another kind of rows."""
    path = layers(tmp_path / "a.gpkg", "centers")
    area = gpd.GeoDataFrame(
        {"id": ["X"], "country": ["US"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326"
    )
    area.to_file(path, layer="sites")
    table = open_table(path, SITES)
    assert table.detected["layer"] == "sites"
    (rows,) = table.rows()
    assert [reject.line for reject in rows.rejects] == [1]


def test_a_layer_of_any_geometry_is_read_by_its_name(tmp_path: Path) -> None:
    """Not every program declares that a layer has points."""
    path = layers(tmp_path / "a.gpkg", "centers")
    frame = gpd.GeoDataFrame(
        {"id": ["X"], "country": ["US"]}, geometry=[shapely.Point(-94.6, 39.1)], crs="EPSG:4326"
    )
    frame.to_file(path, layer="customers", geometry_type="Unknown")
    assert open_table(path, SITES).detected["layer"] == "customers"


def test_a_layer_that_fits_less_is_told(tmp_path: Path) -> None:
    """As it may have sites, too."""
    table = open_table(layers(tmp_path / "a.gpkg", "sites", "more"), SITES)
    assert table.detected["other_layers"] == ["more"]
    assert any("'more'" in messages and "--layer" in messages for messages in table.notices)


@pytest.mark.parametrize("kind", ["xlsx", "gpkg"])
def test_centers_of_our_own_report(tmp_path: Path, kind: str) -> None:
    """Its centers are those of the run."""
    sites, centers = text(tmp_path / "s.csv"), book(tmp_path / "c.xlsx", "Centers")
    batch.run(sites, centers, tmp_path / "out", options=Options(format=kind))
    report = tmp_path / "out" / f"report.{kind}"
    name = {"xlsx": ("sheet", "Report", "Centers"), "gpkg": ("layer", "sites", "centers")}[kind]
    for names, part in zip((SITES, CENTERS), name[1:], strict=True):
        table = open_table(report, names)
        assert table.detected[name[0]] == part
        assert not table.notices
    assert len(next(iter(open_table(report, CENTERS).rows())).block.lines) == 1


@pytest.mark.parametrize(
    ("result", "advice"),
    [
        (lambda folder: text(folder / "a.csv"), "--centers"),
        (lambda folder: book(folder / "a.xlsx", "Sites"), "--center-sheet"),
        (lambda folder: layers(folder / "a.gpkg", "sites"), "--center-layer"),
    ],
    ids=["csv", "xlsx", "gpkg"],
)
def test_one_table_is_not_both(tmp_path: Path, result: Callable[[Path], Path], advice: str) -> None:
    """Each site would qualify, being at a center; a link to the file is the file."""
    path = result(tmp_path)
    link = tmp_path / f"link{path.suffix}"
    link.symlink_to(path)
    for centers in (path, link):
        with pytest.raises(InputError, match="the same table") as caught:
            batch.run(path, centers, tmp_path / "out")
        assert advice in str(caught.value)


def test_no_command_takes_one_table_for_both(tmp_path: Path) -> None:
    """Nor a folder with the file of the centers."""
    path = text(tmp_path / "a.csv")
    requests = tmp_path / "r.csv"
    requests.write_text("request_id,site_id,requested_at\nR,S1,2026-11-02T10:00:00Z\n")
    inputs = PlaceInputs(sites=path, centers=path)
    for call in (
        lambda: batch.check(path, centers=path),
        lambda: batch.run(tmp_path / "a*.csv", path, tmp_path / "out"),
        lambda: inspect(path, path),
        lambda: batch.site_letter(path, "S1", path),
        lambda: batch.timeline(path, path, tmp_path / "t.csv", days=(None, "2027-01-01")),
        lambda: answer_requests(requests, path, path, tmp_path / "o.csv"),
        lambda: place(inputs, tmp_path / "plan", Question(close=1)),
    ):
        with pytest.raises(InputError, match="the same table"):
            call()


def test_two_sheets_or_columns_of_one_file_are_two_tables(tmp_path: Path) -> None:
    """Whoever names them means them."""
    path = book(tmp_path / "a.xlsx", "Data", "More")
    chosen = Options(dialect=Dialect(sheet="Data"), center_dialect=Dialect(sheet="More"))
    assert batch.run(path, path, tmp_path / "out", options=chosen)["ledger"]["decided"] == 1
    both = tmp_path / "b.csv"
    both.write_text(
        "id,country,lat,lon,depot_lat,depot_lon\nS1,US,39.1,-94.6,41.9,-87.6\n", encoding="utf-8"
    )
    columns = {"latitude": "depot_lat", "longitude": "depot_lon"}
    manifest = batch.run(both, both, tmp_path / "out2", options=Options(center_columns=columns))
    assert manifest["ledger"]["decided"] == 1


@pytest.mark.parametrize(
    ("name", "as_sites", "as_centers"),
    [
        ("Kundenliste", 3, 0),
        ("ServiceCenters2026", 0, 3),
        ("Agencies", 0, 3),
        ("Niederlassungen", 0, 3),
        ("Almacenes", 0, 3),
        ("Клиенты", 3, 0),
        ("склады", 0, 3),
        ("サービス倉庫", 0, 3),
        ("顧客拠点", 3, 0),
        ("拠点", 2, 2),
        ("Sucursales", 2, 2),
        ("Report", 3, 0),
        ("Sheet1", 1, 1),
        ("United States", 1, 1),
    ],
)
def test_what_a_name_says(name: str, as_sites: int, as_centers: int) -> None:
    """In plurals and in other languages."""
    assert table_names.name_test(SITES)(name) == as_sites
    assert table_names.name_test(CENTERS)(name) == as_centers
    assert table_names.name_test(PRODUCTS)(name) == table_names.NEUTRAL
