"""How days are written is found where only one form fits, and asked where two do."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from running import centers_file, manifest

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.table import open_table, read_products
from coverage_analyzer.schema import columns, day_forms
from coverage_analyzer.schema.day_forms import FoundForm, example, found_form
from coverage_analyzer.schema.days import ISO, MONTHS, day_of, month_of


def form_of(*cells: str | None) -> FoundForm:
    """Return the form of a column of these cells."""
    return found_form(pa.array(cells, pa.string()))


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        ([], ISO),
        (["", None, "soon"], ISO),
        (["2026-12-01", "2026-12-31T08:00Z"], ISO),
        (["31.12.2026", "", "1.2.2026"], "%d.%m.%Y"),
        (["01.02.2026"], "%d.%m.%Y"),  # nobody writes the month first with points
        (["12.31.2026"], "%m.%d.%Y"),
        (["12/31/2026", "01/02/2026"], "%m/%d/%Y"),
        (["31/12/2026", "01/02/2026"], "%d/%m/%Y"),
        (["31-12-2026"], "%d-%m-%Y"),
        (["2026/12/31", "2026/1/2"], "%Y/%m/%d"),
        (["20261231", "20260102"], "%Y%m%d"),
        (["31-Dec-2026", "01-Feb-2026"], "%d-%b-%Y"),
        (["31 décembre 2026"], "%d %b %Y"),
        (["31. Dezember 2026"], "%d. %b %Y"),
        (["Dec 31, 2026"], "%b %d, %Y"),
        (["31 de diciembre de 2026"], "%d de %b de %Y"),
        (["2026年12月31日", "2026年1月2日"], "%Y年%m月%d日"),
        (["2026년 12월 31일"], "%Y년 %m월 %d일"),
        (["31.12.2026 08:15", "1/2/26"], "%d.%m.%Y"),
        (["12/31/2026 6:15 PM"], "%m/%d/%Y"),
        (["31.12.26", "01.02.26"], ISO),  # two digits are never a year
        (["45000", "45001"], ISO),
        (["31.12.2026", "30.12.2026", "2026-01-02"], "%d.%m.%Y"),
    ],
)
def test_the_one_form_that_fits_is_found(cells: list[str | None], form: str) -> None:
    """Other texts among the cells do not matter: they become rejects."""
    result = form_of(*cells)
    assert (result.form, result.rival) == (form, "")


@pytest.mark.parametrize(
    ("cells", "rival"),
    [
        (["01/02/2026", "03/04/2026"], "%m/%d/%Y"),
        (["05/05/2026"], "%m/%d/%Y"),
        (["01-02-2026"], "%m-%d-%Y"),
        (["13/01/2026", "01/13/2026", "14/01/2026"], "%m/%d/%Y"),
    ],
)
def test_two_forms_that_fit_are_not_chosen_from(cells: list[str], rival: str) -> None:
    """Nor are cells that contradict each other."""
    assert form_of(*cells).rival == rival


@given(st.dates(min_value=np.datetime64("1900-01-01").item()), st.sampled_from(day_forms.FORMS))
def test_a_day_is_read_as_it_was_written_or_not_at_all(day: object, form: str) -> None:
    """A column that shows one form is read right; one that shows two says so."""
    texts = [f"{day:{form}}", f"{np.datetime64('2026-12-31').item():{form}}"]
    result = form_of(*texts)
    if not result.rival:
        assert str(day_of(texts[0], result.form)) == f"{day:%Y-%m-%d}"


def test_months_have_one_number_in_every_language() -> None:
    """A name of two months would be a guess."""
    names = [name for month in MONTHS for name in month.split()]
    assert len(names) == len(set(names))
    assert [month_of(n) for n in ("Dez", "DÉC.", "Mai", "sept.", "août", "Foo")] == [
        12,
        12,
        5,
        9,
        8,
        0,
    ]
    assert str(day_of("31-Feb-2026", "%d-%b-%Y")) == "NaT"
    assert example("%b %d, %Y") == "Dec 01, 2026"


SITES = "site_id,lat,lon,country,registered_on\n"
ROWS = "".join(f"S{n},40,-75,US,{n % 28 + 1:02}.11.2026\n" for n in range(1100))


def run(folder: Path, sites: str, **options: object) -> dict[str, object]:
    """Run over sites, and return the manifest."""
    (folder / "s.csv").write_text(sites, encoding="utf-8")
    chosen = batch.Options(map=False, areas=False, **options)  # type: ignore[arg-type]
    centers = centers_file(folder)
    return batch.run(folder / "s.csv", centers, folder / "out", as_of="2026-12-01", options=chosen)


def test_a_later_cell_of_another_form_is_a_reject(tmp_path: Path) -> None:
    """Also ISO 8601: the file has one form, which run.json tells."""
    result = run(tmp_path, f"{SITES}{ROWS}x,40,-75,US,2026-11-01\ny,40,-75,US,11/13/2026\n")
    assert result["ledger"]["rejected"] == 2  # type: ignore[index]
    assert result["inputs"]["sites"]["detected"]["date_format"] == "%d.%m.%Y"  # type: ignore[index]
    rejects = (tmp_path / "out" / "rejects.csv").read_text("utf-8")
    assert rejects.count("not a date like 01.12.2026, the format of the first rows") == 2
    assert manifest(tmp_path / "out")["notation"]["date_formats"] == {"registered_on": "%d.%m.%Y"}


def test_an_ambiguous_column_asks_with_the_option_of_its_file(tmp_path: Path) -> None:
    """Of sites, centers and products; and what is said is taken."""
    sites = f"{SITES}a,40,-75,US,01/02/2026\nb,40,-75,US,03/04/2026\n"
    with pytest.raises(InputError, match=r"'registered_on'.*'01/02/2026'.*--date-format %d/%m/%Y"):
        run(tmp_path, sites)
    manifest = run(tmp_path, sites, dialect=Dialect(date_format="%m/%d/%Y"))
    assert manifest["ledger"]["decided"] == 2  # type: ignore[index]
    assert "date_format" not in manifest["inputs"]["sites"]["detected"]  # type: ignore[index]
    path = tmp_path / "c.csv"
    path.write_text("center_id,lat,lon,opens_on\nC,40,-75,01/02/2026\n", encoding="utf-8")
    with pytest.raises(InputError, match="--center-date-format %d/%m/%Y"):
        open_table(path, columns.CENTERS)
    products = tmp_path / "p.csv"
    products.write_text("product,mainstream_ends_on\nA,01/02/2026\n", encoding="utf-8")
    with pytest.raises(InputError, match="--product-date-format %d/%m/%Y"):
        open_table(products, columns.PRODUCTS)


def test_a_center_opens_on_the_day_that_is_meant(tmp_path: Path) -> None:
    """The first of December with points; a year of two digits is no day."""
    for text, status in (("01.12.2026", "qualified"), ("02.12.2026", "pending")):
        centers = f"center_id,lat,lon,country,opens_on\nC,40,-75,US,{text}\n"
        (tmp_path / "network.csv").write_text(centers, encoding="utf-8")
        (tmp_path / "s.csv").write_text("lat,lon,country\n40,-75,US\n", encoding="utf-8")
        options = batch.Options(map=False, areas=False)
        arguments = (tmp_path / "s.csv", tmp_path / "network.csv", tmp_path / "out")
        manifest = batch.run(*arguments, as_of="2026-12-01", options=options)
        assert manifest["counts"]["status"] == {status: 1}
    (tmp_path / "network.csv").write_text(
        "center_id,lat,lon,country,opens_on\nC,40,-75,US,01.12.26\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"opens_on '01\.12\.26' is not a date like 2026-12-01"):
        batch.run(*arguments, as_of="2026-12-01", options=options)


def test_products_end_on_the_day_that_is_meant(tmp_path: Path) -> None:
    """Each column has its own form."""
    path = tmp_path / "p.csv"
    head = "product,mainstream_ends_on,extended_ends_on\n"
    path.write_text(f"{head}A,31.12.2026,2027-12-31\n", encoding="utf-8")
    table = open_table(path, columns.PRODUCTS)
    cells = {"mainstream_ends_on": "%d.%m.%Y", "extended_ends_on": ISO}
    assert table.detected["date_format"] == cells
    assert "2026-12-31" in json.dumps(read_products(table).to_dict(), default=str)


def test_a_workbook_may_hold_days_beside_texts_of_days(tmp_path: Path) -> None:
    """Cells that are days need no form; those that are text have one."""
    path = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, header in enumerate(("site_id", "lat", "lon", "registered_on")):
            sheet.write(0, at, header)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row in (1, 2):
            sheet.write_row(row, 0, [f"S{row}", 40, -75])
        sheet.write_datetime(1, 3, np.datetime64("2026-11-30T00:00:00").item(), day)
        sheet.write_string(2, 3, "29.11.2026")
    (rows,) = open_table(path, columns.SITES).rows()
    assert rows.days["registered_on"].astype(str).tolist() == ["2026-11-30", "2026-11-29"]
