"""Traps of foreign files in which a careless reader would give a wrong yes."""

from pathlib import Path
from typing import Any

import pytest

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.schema.columns import CENTERS, SITES

PARTS = {
    "degrees and minutes": "id;Latitude Grad;Latitude Min;Longitude Grad;Longitude Min\n"
    "1;52;58;13;58\n",
    "seconds": "lat_deg,lat_min,lat_sec,lon_deg,lon_min,lon_sec\n52,58,1,13,5,2\n",
    "compounds": "id;Breitengrad;Breitenminuten;Längengrad;Längenminuten\n1;52;58;13;58\n",
    "hemispheres": "id;latitude;NS;longitude;EW\n1;51.4;N;0.9;W\n",
    "named hemispheres": "id,lat,lat_dir,lon,lon_dir\n1,52.0,N,13.0,E\n",
}


def opened(folder: Path, text: str, table: Any = SITES, **options: Any) -> Table:
    """Return an open table of some text."""
    path = folder / "x.csv"
    path.write_text(text, encoding="utf-8")
    return open_table(path, table, **options)


@pytest.mark.parametrize("name", PARTS)
def test_a_coordinate_in_several_columns_is_refused(tmp_path: Path, name: str) -> None:
    """52 degrees and 58 minutes are not 52; 0.9 W is not 0.9 E."""
    with pytest.raises(InputError, match=r"of the coordinates\. Write each coordinate into one"):
        opened(tmp_path, PARTS[name])


def test_who_names_the_columns_decides(tmp_path: Path) -> None:
    """The columns beside them may mean something else."""
    columns = {"latitude": "lat_deg", "longitude": "lon_deg"}
    assert opened(tmp_path, PARTS["seconds"], columns=columns).matched_columns == columns


@pytest.mark.parametrize(
    "text",
    [
        "lat_min,lat_max,latitude,longitude\n50,54,52.0,13.0\n",  # a box
        "lat,lon,service_min\n52.0,13.0,30\n",
        "lat,lon,NS,EW\n-33.9,151.2,S,E\n",  # signs say it, too
        "lat,lon,Discontinued,Order\n52.0,13.0,N,O\n",
    ],
)
def test_what_is_no_part_of_a_coordinate_is_copied(tmp_path: Path, text: str) -> None:
    """A minimum is no minute, and a letter no hemisphere."""
    assert {"latitude", "longitude"} <= set(opened(tmp_path, text).columns)


def test_sizes_of_a_parcel_are_no_place(tmp_path: Path) -> None:
    """Breite and Länge beside height and weight are width and length; else they are degrees."""
    with pytest.raises(InputError, match=r"'latitude' .* not found"):
        opened(tmp_path, "Sendung;Land;Breite;Länge;Höhe;Gewicht\nP1;DE;52,0;13,0;20;3\n")
    table = opened(tmp_path, "Kunde;Land;Breite;Länge\nP1;DE;52,5;13,5\n")
    assert table.matched_columns["latitude"] == "Breite"


class TestCenters:
    """When a center is open must not go unnoticed."""

    def test_names_of_opening_days_are_known(self, tmp_path: Path) -> None:
        """Under the names that customer systems have for them."""
        table = opened(
            tmp_path,
            "id;lat;lon;Gültig ab;geschlossen am\nD;52,5;13,4;2027-06-01;2028-01-01\n",
            CENTERS,
        )
        assert table.matched_columns["opens_on"] == "Gültig ab"
        assert table.matched_columns["closes_on"] == "geschlossen am"

    def test_other_days_to_come_are_said(self, tmp_path: Path) -> None:
        """Whatever their name; days of the past open nothing later."""
        text = "id,lat,lon,created,phase 2\nD,52.5,13.4,2019-06-01,2999-06-01\n"
        notices = opened(tmp_path, text, CENTERS).notices
        assert any("'phase 2' of the centers is not used" in notice for notice in notices)
        assert not any("created" in notice for notice in notices)

    def test_a_status_is_said(self, tmp_path: Path) -> None:
        """A closed center would count as open."""
        text = "id,lat,lon,Status\nD,52.5,13.4,open\nE,48.5,9.4,closed\n"
        assert any("'Status'" in notice for notice in opened(tmp_path, text, CENTERS).notices)


def test_the_language_of_the_header_says_what_o_is(tmp_path: Path) -> None:
    """O is east below a German header, also where another cell has E."""
    text = "Kundennr.;Breitengrad;Längengrad\n1;52,52 N;13,405 O\n2;52,52 N;13,405 E\n"
    blocks = list(opened(tmp_path, text).rows())
    assert [lon for rows in blocks for lon in rows.coordinates.lon] == [13.405, 13.405]


def test_a_row_of_filters_is_not_the_header(tmp_path: Path) -> None:
    """It names some columns; the header names all that are required."""
    text = "Filter;Land;Name\nAlle;DE;x\n\nid;Name;Land;Breitengrad;Laengengrad\n1;A;DE;52,0;13,0\n"
    assert opened(tmp_path, text).detected["header_line"] == 4


def test_one_bad_point_costs_its_row(tmp_path: Path) -> None:
    """The other points are read."""
    points = ["POINT (13.4 52.5)", "POINT EMPTY", "POINT (13.4 52.5)", "POINT (13.5 52.5)"]
    blocks = list(opened(tmp_path, "id;WKT\n" + "".join(f"1;{p}\n" for p in points)).rows())
    assert sum(len(rows.coordinates.lon) for rows in blocks) == 3
    assert [reject.line for rows in blocks for reject in rows.rejects] == [3]


def test_a_guessed_encoding_is_named_where_headers_are_missing(tmp_path: Path) -> None:
    """The letters may be why."""
    path = tmp_path / "x.csv"
    text = "Nr klienta;Szerokość geograficzna;Długość geograficzna\n1;52,2297;21,0122\n"
    path.write_bytes(text.encode("cp1250"))
    with pytest.raises(InputError, match="The encoding cp1252 is a guess"):
        open_table(path, SITES)
