"""One row is found by its id while the table streams by; what cannot be told is refused."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import sites_file

from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table
from coverage_analyzer.files.find_site import FoundSite, find_row
from coverage_analyzer.schema.columns import SITES

ROWS = "site_id,name,lat,lon,country,city\n"


def looked_up(folder: Path, text: str, site_id: str) -> FoundSite:
    """Return the row of an id in a file."""
    return find_row(table.open_table(sites_file(folder, text), SITES), site_id)


def refusal(folder: Path, text: str, site_id: str) -> str:
    """Return why no row is given."""
    with pytest.raises(InputError) as caught:
        looked_up(folder, text, site_id)
    return str(caught.value)


def test_a_row_is_found_with_all_its_cells(tmp_path: Path) -> None:
    """By its id, letter by letter but for blanks round it; text stays text."""
    text = ROWS + "0012,a,1,2,US,x\n 12 , b ,-17.8,178.5,FJ,Suva\n"
    site = looked_up(tmp_path, text, "12")
    assert (site.line, site.lon, site.lat) == (3, 178.5, -17.8)
    assert (site.cell("name"), site.cell("country"), site.cell("accuracy_m")) == ("b", "FJ", "")
    assert site.cells["city"] == "Suva"
    assert looked_up(tmp_path, text, " 0012 ").line == 2


def test_without_ids_the_line_is_one(tmp_path: Path) -> None:
    """As in the report."""
    assert looked_up(tmp_path, "lat,lon\n1,2\n3,4\n", "3").lat == 3
    assert "no site has the line '9'" in refusal(tmp_path, "lat,lon\n1,2\n", "9")


def test_an_id_that_stands_twice_is_refused_with_its_lines(tmp_path: Path) -> None:
    """All are told, up to a few; a letter is on one site."""
    text = ROWS + "A,,1,2,US,\nB,,1,2,US,\nA,,3,4,US,\n"
    assert "'A' appears in line 2, line 4;" in refusal(tmp_path, text, "A")
    many = ROWS + "A,,1,2,US,\n" * 9
    assert "line 5, line 6 and 4 more" in refusal(tmp_path, many, "A")


def test_an_id_that_stands_in_two_files_is_refused_with_both(tmp_path: Path) -> None:
    """A folder of files is one table; each line is told with its file."""
    for name in ("a", "b"):
        sites_file(tmp_path, ROWS + "A,,1,2,US,\n", f"{name}.csv")
    with pytest.raises(InputError, match=r"appears in a\.csv line 2, b\.csv line 2;"):
        find_row(table.open_table(tmp_path, SITES), "A")


def test_an_unknown_id_names_its_like(tmp_path: Path) -> None:
    """In any case, whether it begins or ends alike; and rows that could not be read are told."""
    text = ROWS + "LSZH,,1,2,US,\nEDDF,,1,2,US,\nKJFK,,1,2,US,\n"
    assert "Did you mean 'LSZH'?" in refusal(tmp_path, text, "lszx")
    assert "Did you mean 'LSZH'?" in refusal(tmp_path, text, "xsZH")
    assert "Did you mean" not in refusal(tmp_path, text, "0000")
    numbered = ROWS + "".join(f"S{n},,1,2,US,\n" for n in range(7000, 8000))
    assert "Did you mean 'S7779' or 'S7778' or" in refusal(tmp_path, numbered, "S777x")
    assert "Unreadable: 1 row" in refusal(tmp_path, f"{text}x,1\n", "0000")
    assert "no site has the site_id ''" in refusal(tmp_path, text, " ")


def test_what_no_file_can_hold_is_not_found(tmp_path: Path) -> None:
    """An argument may hold bytes that are no text."""
    assert "no site has" in refusal(tmp_path, ROWS + "A,,1,2,US,\n", "\udcff")


def test_a_row_without_usable_coordinates_says_why(tmp_path: Path) -> None:
    """With its line, as in the rejects of a run."""
    message = refusal(tmp_path, ROWS + "A,,40_5,2,US,\n", "A")
    assert "line 2 ('A')" in message
    assert "'_' is not allowed" in message


def test_a_typed_table_is_read_too(tmp_path: Path) -> None:
    """Numbers as their text; a column that nests says nothing."""
    path = tmp_path / "s.parquet"
    columns = {"id": [7, 8], "lat": [1.5, 2.5], "lon": [3.0, 4.0], "tags": [["a"], ["b"]]}
    pq.write_table(pa.table(columns), path)
    site = find_row(table.open_table(path, SITES), "8")
    assert (site.lat, site.cells["id"], site.cells["tags"]) == (2.5, "8", "")


def test_the_row_of_a_product_is_found(tmp_path: Path) -> None:
    """A site may stand in a row for each of its products; which one is never guessed."""
    text = "site_id,product,lat,lon\nA,MPX 1,40,-75\nA,SDX,41,-75\n"
    path = sites_file(tmp_path, text)
    assert find_row(table.open_table(path, SITES), "A", "mpx-1").lat == 40
    with pytest.raises(InputError, match=r"line 2, line 3; a letter is about one row\. Choose one"):
        find_row(table.open_table(path, SITES), "A")
    with pytest.raises(
        InputError, match=r"no row of 'A' has the product 'VPX'; its products: 'MPX 1'"
    ):
        find_row(table.open_table(path, SITES), "A", "VPX")
    with pytest.raises(InputError, match="no site has the site_id 'B'"):
        find_row(table.open_table(path, SITES), "B", "VPX")


def test_a_product_is_never_ignored(tmp_path: Path) -> None:
    """A table without a column of products cannot tell which row is meant."""
    path = sites_file(tmp_path, "site_id,thing,lat,lon\nA,MPX 1,40,-75\n")
    with pytest.raises(InputError, match=r"no column 'product'.*--column product=HEADER"):
        find_row(table.open_table(path, SITES), "A", "MPX 1")
    columns = {"product": "thing"}
    assert find_row(table.open_table(path, SITES, columns), "A", "MPX 1").lat == 40


def test_an_id_in_a_file_without_ids_names_the_column_that_has_it(tmp_path: Path) -> None:
    """No column was understood as ids: the message says so, and which column has the id."""
    path = tmp_path / "s.csv"
    path.write_text("Anlage;Zweitname;lat;lon\nA-1001;x;47;8\nA-1001;y;48;8\n", encoding="utf-8")
    opened = table.open_table(path, SITES)
    with pytest.raises(InputError) as error:
        find_row(opened, "A-1001")
    text = str(error.value)
    assert "no column was understood as the id of the sites, so 'A-1001' cannot be" in text
    assert "It is in the column 'Anlage' (line 2)" in text
    assert "--column site_id=Anlage" in text
    with pytest.raises(InputError, match=r"Columns that could hold ids: 'Anlage', 'Zweitname'"):
        find_row(table.open_table(path, SITES), "B-7")
    assert find_row(table.open_table(path, SITES), "3").line == 3
