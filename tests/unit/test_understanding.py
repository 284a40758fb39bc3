"""A planner's own export is understood: header, columns, points, faults of the whole file."""

import zipfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import xlsxwriter
from running import AS_OF, CENTERS, centers_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.schema.columns import CENTERS as CENTER_COLUMNS
from coverage_analyzer.schema.columns import PRODUCTS, SITES, Column
from coverage_analyzer.schema.rejects import Reject

POINT: Final = shapely.Point(-94.6, 39.1)
PLACE: Final = (-94.6, 39.1)


def csv_file(folder: Path, *lines: str, name: str = "sites.csv") -> Path:
    """Write lines of text."""
    path = folder / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def rows_of(table: Table) -> tuple[list[tuple[float, float]], list[Reject], list[int]]:
    """Return longitudes and latitudes of usable rows, the rejects, and the lines of the former."""
    places, rejects, lines = [], [], []
    for rows in table.rows():
        where = rows.coordinates
        places += list(zip(where.lon.tolist(), where.lat.tolist(), strict=True))
        rejects += rows.rejects
        lines += rows.block.lines.tolist()
    return places, rejects, lines


def refused(path: Path, names: tuple[Column, ...] = SITES, **options: Any) -> str:
    """Return why a table is refused."""
    with pytest.raises(InputError) as caught:
        open_table(path, names, **options)
    return str(caught.value)


class TestHeader:
    """The header is the first row that names known columns."""

    @pytest.mark.parametrize(
        ("before", "n_lines"),
        [
            (["sep=;"], 1),
            (["", "", ""], 3),
            (["Customer list 2026;;", ";;", "As of 2026-11-28;;"], 3),
            (['Customers "North"'], 1),
            (["sep=;", "Customers", ""], 3),
        ],
    )
    def test_titles_before_it_are_counted(
        self, tmp_path: Path, before: list[str], n_lines: int
    ) -> None:
        """Lines of rejects stay those of the file, and the lines before are told."""
        path = csv_file(tmp_path, *before, "site_id;lat;lon", "A;39.1;-94.6", "B;x;-94.6")
        table = open_table(path, SITES)
        places, rejects, lines = rows_of(table)
        assert (places, lines) == ([PLACE], [n_lines + 2])
        assert [reject.line for reject in rejects] == [n_lines + 3]
        assert table.detected["lines_before_header"] == n_lines
        assert table.detected["header_line"] == n_lines + 1
        assert any("above the header" in notice for notice in table.notices)

    def test_a_title_with_more_cells_than_the_header_is_no_title(self, tmp_path: Path) -> None:
        """Rows of data are never taken for titles, and lost."""
        path = csv_file(tmp_path, "a,b,c,d", "1,2,3,4", "id,lat,lon,", "A,39.1,-94.6,")
        assert "'a', 'b', 'c', 'd'" in refused(path)

    def test_a_first_row_of_numbers_is_no_header(self, tmp_path: Path) -> None:
        """It is said in those words, and no row is lost."""
        path = csv_file(tmp_path, "0001,Alpha,40.0,-75.0,US", "0002,Beta,41.0,-75.0,US")
        assert "has no header" in refused(path)

    def test_a_header_far_down_is_not_looked_for(self, tmp_path: Path) -> None:
        """Behind 30 rows the first one counts."""
        path = csv_file(tmp_path, *["Title"] * 30, "id,lat,lon", "A,39.1,-94.6")
        assert "'Title'" in refused(path)

    def test_titles_of_a_workbook(self, tmp_path: Path) -> None:
        """Rows are numbered as Excel shows them."""
        path = tmp_path / "sites.xlsx"
        with xlsxwriter.Workbook(path) as result:
            sheet = result.add_worksheet("Sites")
            sheet.write_row(0, 0, ["Customers"])
            sheet.write_row(2, 0, ["Kundennummer", "Breitengrad", "Längengrad"])
            sheet.write_row(3, 0, ["A", 39.1, -94.6])
        table = open_table(path, SITES)
        assert rows_of(table) == ([PLACE], [], [4])
        where = {"sheet": "Sites", "header_line": 3, "lines_before_header": 2}
        assert table.detected == {**where, "coordinates": "point"}
        assert f"{path}: skipped 2 rows above the header, which is row 3." in table.notices

    def test_equal_headers_are_numbered_and_kept(self, tmp_path: Path) -> None:
        """Both phones are in the report, whatever else is called like the second."""
        path = csv_file(tmp_path, "id,lat,lon,phone,phone,phone_2", "A,39.1,-94.6,1,2,3")
        assert open_table(path, SITES).headers[3:] == ["phone", "phone_3", "phone_2"]

    def test_a_coordinate_twice_is_an_error(self, tmp_path: Path) -> None:
        """Nobody can tell which one is right; either can be chosen."""
        path = csv_file(tmp_path, "id,lat,lat,lon", "A,39.1,40.0,-94.6")
        assert "'lat' appears 2 times" in refused(path)
        table = open_table(path, SITES, {"latitude": "lat_2"})
        assert rows_of(table)[0] == [(-94.6, 40.0)]

    def test_cells_that_a_spreadsheet_left_off(self, tmp_path: Path) -> None:
        """Empty cells at the end of a row are no fault; a row without its place is one."""
        path = csv_file(
            tmp_path,
            "id,lat,lon,note,more",
            "A,39.1,-94.6",
            "B,39.1,-94.6,x,y,,",
            "C,39.1",
            "D,39.1,-94.6,x,y,z",
        )
        places, rejects, lines = rows_of(open_table(path, SITES))
        assert (places, lines) == ([PLACE, PLACE], [2, 3])
        assert [(r.line, r.reason.value) for r in rejects] == [
            (4, "wrong_number_of_fields"),
            (5, "wrong_number_of_fields"),
        ]
        assert rejects[0].raw == "C,39.1"

    def test_two_time_zones_do_not_stop_a_run(self, tmp_path: Path) -> None:
        """A run reads none; due times of requests do, and ask."""
        path = csv_file(tmp_path, "id,lat,lon,tz,timezone", "A,39.1,-94.6,America/Chicago,CST")
        assert "time_zone" not in open_table(path, SITES).columns
        assert "'tz' and 'timezone'" in refused(path, unread=())


class TestColumns:
    """Names count, and cells where names leave a doubt."""

    def test_the_pair_of_one_owner_is_taken(self, tmp_path: Path) -> None:
        """Of two addresses, the one that has coordinates, and its country."""
        header = "Id,BillingLatitude,BillingLongitude,ShippingLatitude,ShippingLongitude"
        path = csv_file(tmp_path, f"{header},BillingCountry,ShippingCountry", "A,,,1.5,2.5,US,DE")
        assert open_table(path, SITES).matched_columns == {
            "site_id": "Id",
            "latitude": "ShippingLatitude",
            "longitude": "ShippingLongitude",
            "country": "ShippingCountry",
        }

    def test_two_pairs_are_asked_about_in_one_line(self, tmp_path: Path) -> None:
        """Both options of a pair are in the message."""
        header = "BillingLatitude,BillingLongitude,ShippingLatitude,ShippingLongitude"
        message = refused(csv_file(tmp_path, header, "1.5,2.5,3.5,4.5"))
        pair = "--column latitude=BillingLatitude --column longitude=BillingLongitude"
        assert pair in message

    def test_metres_are_not_degrees(self, tmp_path: Path) -> None:
        """X and Y of a projection are named, and not taken."""
        path = csv_file(tmp_path, "X,Y,NAME", "-10530823.8,4737000.1,a")
        assert "out of the range of degrees" in refused(path)

    def test_x_and_y_beside_names_that_say_it(self, tmp_path: Path) -> None:
        """The columns that are called so are meant."""
        path = csv_file(tmp_path, "X,Y,LATITUDE,LONGITUDE", "-10530823.8,4737000.1,39.1,-94.6")
        assert rows_of(open_table(path, SITES))[0] == [PLACE]

    def test_all_missing_columns_are_in_one_message(self, tmp_path: Path) -> None:
        """With one line to paste; nothing whose cells cannot be meant."""
        path = csv_file(tmp_path, "site_id,place,remark", "A,Main Street,blue")
        message = refused(path)
        assert "'latitude'" in message
        assert "'longitude'" in message
        assert "--column latitude=HEADER --column longitude=HEADER" in message

    def test_columns_of_degrees_are_suggested_by_their_cells(self, tmp_path: Path) -> None:
        """A number beyond 90 is a longitude."""
        path = csv_file(tmp_path, "a,b", "-94.6,39.1", "-95.5,38.2")
        assert "--column latitude=b --column longitude=a" in refused(path)

    def test_land_is_a_country_only_by_its_cells(self, tmp_path: Path) -> None:
        """It may be the area of land, or a state of Austria."""
        path = csv_file(tmp_path, "lat,lon,Land", "39.1,-94.6,USA")
        assert open_table(path, SITES).matched_columns["country"] == "Land"
        path = csv_file(tmp_path, "lat,lon,Land", "39.1,-94.6,12.5")
        assert "country" not in open_table(path, SITES).columns

    def test_both_from_one_column(self, tmp_path: Path) -> None:
        """It was a typing error without a word."""
        path = csv_file(tmp_path, "a,b", "1.5,2.5")
        cells = refused(path, columns={"latitude": "a", "longitude": "a"})
        assert "both taken from 'a'" in cells

    def test_no_id_is_told_with_the_candidates(self, tmp_path: Path) -> None:
        """So that duplicates are counted, and maps can be searched."""
        path = csv_file(tmp_path, "lat,lon,Vorgang", "39.1,-94.6,V1", "39.1,-94.7,V2")
        (notice,) = open_table(path, SITES).notices
        assert "'site_id'" in notice
        assert "--column site_id=Vorgang" in notice

    def test_hints_name_the_option_of_that_file(self, tmp_path: Path) -> None:
        """Of centers, the options of centers; of products there are none."""
        path = csv_file(tmp_path, "a,b", "1.5,2.5")
        assert "--center-column latitude=" in refused(path, CENTER_COLUMNS)
        assert "rename" in refused(path, PRODUCTS)


class TestPoints:
    """Points in one column are read where there are no columns of coordinates."""

    @pytest.mark.parametrize(
        ("header", "cell"),
        [
            ("wkt", "POINT (-94.6 39.1)"),
            ("geom", "SRID=4326;POINT Z (-94.6 39.1 300)"),
            ("the_geom", shapely.to_wkb(POINT, hex=True)),
            ("geom", shapely.to_wkb(shapely.set_srid(POINT, 4326), hex=True, include_srid=True)),
            ("where", '{"type": "Point", "coordinates": [-94.6, 39.1]}'),
            ("Coordinates", "39.1, -94.6"),
            ("Coordinates", "39.1,-94.6"),
            ("Koordinaten", "39,1; -94,6"),
            ("Location 1", "(39.1, -94.6)"),
            ("lonlat", "-94.6, 39.1"),
            ("geopoint", "-94.6, 39.1"),
        ],
    )
    def test_a_column_of_points(self, tmp_path: Path, header: str, cell: str) -> None:
        """Its cells decide, not its name; it is told."""
        quoted = cell.replace('"', '""')
        path = csv_file(tmp_path, f"site_id,{header}", f'A,"{quoted}"', 'B,""')
        table = open_table(path, SITES)
        places, rejects, _ = rows_of(table)
        assert places == [PLACE]
        assert [reject.reason.value for reject in rejects] == ["coordinate_missing"]
        assert any(repr(header) in notice for notice in table.notices)
        frame = pd.DataFrame({"site_id": ["A"], header: [cell], "country": ["US"]})
        assessed = ca.assess(frame, ca.read_centers(centers_file(tmp_path)), as_of=AS_OF)
        assert len(assessed) == 1

    def test_another_crs_is_transformed(self, tmp_path: Path) -> None:
        """By the SRID that the cells state; a cell of another one is a reject."""
        path = csv_file(
            tmp_path,
            "site_id,geom",
            *["A,SRID=3857;POINT(-10530823.8 4735964.8)"] * 9,
            "B,SRID=25832;POINT(690000 5330000)",
        )
        places, rejects, _ = rows_of(open_table(path, SITES))
        assert places[0] == pytest.approx(PLACE, abs=1e-2)
        assert [reject.reason.value for reject in rejects] == ["geometry_not_a_point"]

    def test_lines_are_no_points(self, tmp_path: Path) -> None:
        """A column of areas is named; a line among points is a reject."""
        path = csv_file(tmp_path, "site_id,wkt", 'A,"POLYGON((1 2,3 4,5 6,1 2))"')
        assert "'wkt' are no points" in refused(path)

    def test_two_numbers_that_are_no_pair(self, tmp_path: Path) -> None:
        """A decimal comma is one number."""
        assert "'size'" in refused(csv_file(tmp_path, "site_id,size", 'A,"3,5"'))

    def test_columns_of_coordinates_count_first(self, tmp_path: Path) -> None:
        """A column of points beside them is carried along."""
        path = csv_file(tmp_path, "lat,lon,wkt", "1.5,2.5,POINT(3 4)")
        assert rows_of(open_table(path, SITES))[0] == [(2.5, 1.5)]

    def test_binary_in_parquet(self, tmp_path: Path) -> None:
        """Well-known binary in a file that is no GeoParquet."""
        path = tmp_path / "sites.parquet"
        pd.DataFrame({"id": ["A"], "geom": [shapely.to_wkb(POINT)]}).to_parquet(path)
        assert rows_of(open_table(path, SITES))[0] == [PLACE]


class TestFiles:
    """Zip archives, sheets, layers."""

    def zipped(self, folder: Path, **members: str) -> Path:
        """Write an archive of text files."""
        path = folder / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(f"{name}.csv", text)
        return path

    def test_a_zipped_table_is_read(self, tmp_path: Path) -> None:
        """What a Mac adds does not count; the member is told."""
        path = self.zipped(tmp_path, sites="site_id,lat,lon\nA,39.1,-94.6\n")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("__MACOSX/._sites.csv", "x")
        table = open_table(path, SITES)
        assert rows_of(table)[0] == [PLACE]
        assert table.detected["member"] == "sites.csv"
        assert len(table.source.sha256() or "") == 64

    def test_of_several_members_the_one_with_coordinates(self, tmp_path: Path) -> None:
        """As in a GTFS feed; of two such none is guessed."""
        stops, routes = "stop_id,stop_lat,stop_lon\nA,39.1,-94.6\n", "route_id,name\n1,a\n"
        path = self.zipped(tmp_path, stops=stops, routes=routes)
        assert open_table(path, SITES).detected["member"] == "stops.csv"
        path = self.zipped(tmp_path, a=stops, b=stops)
        assert "'a.csv', 'b.csv'" in refused(path)

    def test_a_damaged_archive_is_named(self, tmp_path: Path) -> None:
        """In words."""
        path = self.zipped(tmp_path, sites="site_id,lat,lon\n" + "A,39.1,-94.6\n" * 9)
        path.write_bytes(path.read_bytes()[:40])
        assert "export.zip" in refused(path)

    def test_the_sheet_with_the_columns_is_read(self, tmp_path: Path) -> None:
        """A cover sheet before it does not count; of two that fit the other is told."""
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path) as result:
            result.add_worksheet("Cover").write(0, 0, "Customers")
            for name in ("Sites", "Älter"):
                sheet = result.add_worksheet(name)
                sheet.write_row(0, 0, ["id", "lat", "lon"])
                sheet.write_row(1, 0, [name, 39.1, -94.6])
        table = open_table(path, SITES)
        assert table.detected["sheet"] == "Sites"
        assert any("'Älter'" in notice and "--sheet" in notice for notice in table.notices)
        other = open_table(path, SITES, dialect=Dialect(sheet="Älter"))
        assert other.detected["sheet"] == "Älter"

    def test_the_layer_with_points_is_read(self, tmp_path: Path) -> None:
        """Of two layers with points one has to be chosen."""
        path = tmp_path / "sites.gpkg"
        frame = gpd.GeoDataFrame({"site_id": ["A"]}, geometry=[POINT], crs="EPSG:4326")
        frame.to_file(path, layer="points")
        area = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
        area.to_file(path, layer="areas")
        assert open_table(path, SITES).detected["layer"] == "points"
        frame.to_file(path, layer="more")
        assert "--layer" in refused(path)
        assert "--center-layer" in refused(path, CENTER_COLUMNS)
        table = open_table(path, SITES, dialect=Dialect(layer="more"))
        assert table.detected["layer"] == "more"

    def test_a_feature_per_line_is_read_by_its_endings(self, tmp_path: Path) -> None:
        """As tippecanoe and GDAL write it."""
        line = (
            '{"type": "Feature", "properties": {"site_id": "A"}, '
            '"geometry": {"type": "Point", "coordinates": [-94.6, 39.1]}}'
        )
        for name in ("a.geojsonl", "a.ndjson", "a.geojsons"):
            assert rows_of(open_table(csv_file(tmp_path, line, name=name), SITES))[0] == [PLACE]


class TestMistakes:
    """Mistakes of a whole file are named."""

    def test_sites_and_centers_swapped(self, tmp_path: Path) -> None:
        """Both ways."""
        sites = csv_file(tmp_path, "site_id,lat,lon", "A,39.1,-94.6")
        assert "swapped" in refused(sites, CENTER_COLUMNS)
        centers = csv_file(tmp_path, "center_id,lat,lon", "A,39.1,-94.6")
        assert any("swapped" in notice for notice in open_table(centers, SITES).notices)

    def test_addresses_lead_to_geocode(self, tmp_path: Path) -> None:
        """Whole or in parts, in other languages, too."""
        for header in ("site_id,Adresse,PLZ,Ort", "id,street,city", "id,住所"):
            assert "geocode" in refused(csv_file(tmp_path, header, "A" + ",x" * header.count(",")))

    def test_latitude_and_longitude_swapped(self, tmp_path: Path) -> None:
        """A warning; rows are assessed as they are."""
        path = csv_file(
            tmp_path, "site_id,country,lat,lon", "A,DE,13.4,52.5", "B,DE,11.5,48.1", "C,DE,9,53.5"
        )
        result = batch.check(path)
        assert any("look swapped" in warning for warning in result["warnings"])
        assert result["countries"] == {"conflict": 3}
        with pytest.warns(UserWarning, match="look swapped"):
            ca.read_sites(path)
        right = csv_file(tmp_path, "site_id,country,lat,lon", "A,DE,52.5,13.4")
        assert not any("look swapped" in warning for warning in batch.check(right)["warnings"])

    def test_swapped_centers_say_so(self, tmp_path: Path) -> None:
        """Beside the rows that cannot be used."""
        path = csv_file(tmp_path, "center_id,country,lat,lon", "A,DE,13.4,52.5")
        with pytest.raises(InputError, match="look swapped"):
            ca.read_centers(path)

    def test_check_reads_the_centers_and_lists_countries(self, tmp_path: Path) -> None:
        """Conflicts by pair, unknown names with the nearest known one."""
        path = csv_file(
            tmp_path,
            "site_id,country,lat,lon",
            "A,FR,52.5,13.4",
            "B,FR,52.5,13.4",
            "C,Deutchland,52.5,13.4",
            "D,DE,52.5,13.4",
        )
        result = batch.check(path, centers=centers_file(tmp_path))
        assert result["country_conflicts"] == [
            {
                "declared": "FR",
                "located": "DE",
                "text": "declared France (FR), located in Germany (DE)",
                "sites": 2,
            }
        ]
        assert result["unknown_countries"] == [
            {"text": "Deutchland", "sites": 1, "nearest": "Deutschland"}
        ]
        assert result["centers"]["given"] == len(CENTERS.splitlines()) - 1
        assert result["centers"]["columns"]["center_id"] == "center_id"
        with pytest.raises(InputError, match="center_id"):
            batch.check(path, centers=path)
