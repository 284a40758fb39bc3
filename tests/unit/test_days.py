"""Days are read by one grammar, and nothing is guessed."""

import sqlite3
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._letter import site_letter
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.table import open_table, read_products
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.days import ISO, day_of, days, pattern


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2026-12-01", ISO, "2026-12-01"),
        (" 2024-02-29 ", ISO, "2024-02-29"),
        ("2025-02-29", ISO, "NaT"),
        ("2026-2-3", ISO, "NaT"),
        ("01.12.2026", ISO, "NaT"),
        ("12/01/2026", ISO, "NaT"),
        ("2026-12-01T08:00", ISO, "2026-12-01"),
        ("", ISO, "NaT"),
        ("1.12.2026", "%d.%m.%Y", "2026-12-01"),
        ("13.13.2026", "%d.%m.%Y", "NaT"),
        ("1.12.26", "%d.%m.%Y", "NaT"),
        ("12/1/2026", "%m/%d/%Y", "2026-12-01"),
        ("20261201", "%Y%m%d", "2026-12-01"),
        ("2026111", "%Y%m%d", "NaT"),
        ("2026-12-01", "%d.%m.%Y", "NaT"),
        ("0000-01-01", ISO, "NaT"),
        ("\u0662\u0660\u0662\u0666-12-01", ISO, "NaT"),
    ],
)
def test_a_day_is_read_by_its_form(text: str, form: str, day: str) -> None:
    """Only what is written in the form, and only what is in the calendar."""
    assert str(day_of(text, form)) == day


@pytest.mark.parametrize("form", ["", "%d.%m", "%d.%m.%y", "%d.%m.%Y %H", "%d.%d.%Y", "%Y-%m-%d%"])
def test_a_form_says_year_month_and_day(form: str) -> None:
    """A form that leaves one open is refused, with one that does not."""
    with pytest.raises(InputError, match=r"such as\s+%d.%m.%Y"):
        pattern(form)


def test_columns_of_any_kind() -> None:
    """Text, days and times, with cells that are empty."""
    text, blank = days(pa.array(["2026-12-01", None, " ", "soon", "2026-12-02T00:00:00Z"]))
    assert text.astype(str).tolist() == ["2026-12-01", "NaT", "NaT", "NaT", "2026-12-02"]
    assert blank.tolist() == [False, True, True, False, False]
    for kind in (pa.date32(), pa.timestamp("ms")):
        cells = pa.array(["2026-12-01", None, "1969-07-20"], pa.string()).cast(kind)
        result, empty = days(cells.slice(0, 3))
        assert result.astype(str).tolist() == ["2026-12-01", "NaT", "1969-07-20"]
        assert empty.tolist() == [False, True, False]


def test_a_column_may_be_cut_out_of_another() -> None:
    """Rows are read where they stand, not where the buffer begins."""
    cells = pa.array(["x", "2026-12-01", "2026-12-02"]).slice(1)
    assert days(cells)[0].tolist() == np.array(["2026-12-01", "2026-12-02"], "M8[D]").tolist()


@pytest.mark.parametrize(
    "time",
    [
        *("T10:15:00.000Z", " 10:15", "T00:00:00+01:00", " 00:00:00+14:00", "T23:59:59.999999999"),
        *("T10:15:00-0530", "T10:15+01", " 9:05", "T10:15:00,5", " 10:15:00 UTC", "t10:15z"),
        *(" 10:15:00 AM", " 1:05 pm", "  00:00", "T10:15:00-12:00", " 23:59 GMT"),
    ],
)
@pytest.mark.parametrize(
    ("day", "form"), [("2026-03-01", ISO), ("1.3.2026", "%d.%m.%Y"), ("20260301", "%Y%m%d")]
)
def test_a_day_with_a_time_is_the_day_that_is_stated(day: str, form: str, time: str) -> None:
    """Whatever day it is in UTC at that moment: the first of March is the first where it is."""
    assert str(day_of(f"{day}{time}", form)) == "2026-03-01"


@pytest.mark.parametrize(
    "time",
    [
        *(
            "T25:61",
            "T24:00",
            " 10:60",
            "T10",
            "T",
            " ",
            "x",
            "T10:15:61",
            "T10:15:00.",
            " 13:05 PM",
        ),
        *("T10:15+25:00", "T10:15+01:60", "T10:15+15:00", "T10:15-13:00", "T10:15+1", "T10:15 CET"),
        *("T10:15ZZ", "T10:15+14:30", "T-1:00", " 0:05 AM", "10:15", "T10:15:00 Europe/Berlin"),
        "T\u0661\u0660:00",
    ],
)
def test_what_is_no_time_or_zone_makes_the_day_invalid(time: str) -> None:
    """A damaged cell is a reject, not a day with something behind it."""
    text = f"2026-03-01{time}"
    assert str(day_of(text)) == ("2026-03-01" if not time.strip() else "NaT")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+01:00", "America/New_York", "UTC"])
def test_timestamps_with_a_zone_are_the_local_day_of_the_column(zone: str) -> None:
    """Half past midnight and before are two days there, and one in UTC."""
    utc = pa.array(["2026-11-30T23:30:00", "2026-12-01T05:30:00", None]).cast(pa.timestamp("us"))
    cells = utc.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=zone))
    expected = {
        "UTC": ["2026-11-30", "2026-12-01"],
        "America/New_York": ["2026-11-30", "2026-12-01"],
    }.get(zone, ["2026-12-01", "2026-12-01"])
    result, blank = days(cells)
    assert result.astype(str).tolist() == [*expected, "NaT"]
    assert blank.tolist() == [False, False, True]
    assert columns.as_text(cells).to_pylist() == [*expected, ""]


def test_a_zone_that_is_none_is_an_error() -> None:
    """In words, with the zone."""
    cells = pa.array([0], pa.timestamp("us", tz="Mars/Olympus"))
    with pytest.raises(InputError, match="Mars/Olympus"):
        days(cells)


KINDS = ["csv", "xlsx", "parquet", "geojson", "gpkg", "geoparquet", "sqlite", "folder"]
STATED = pd.Timestamp("2026-12-01T00:30", tz="Europe/Berlin")
"""The first of December where it is, the last of November in UTC."""


def written(folder: Path, frame: pd.DataFrame, kind: str) -> str:
    """Write rows as some kind of file, the days in it as the kind holds a moment with a zone."""
    path = folder / f"{frame.columns[0]}.{kind}"
    column = next(name for name in frame if name.endswith("_on"))
    texts = frame.assign(**{column: frame[column].map(lambda t: t.isoformat())})
    points = gpd.points_from_xy(frame["longitude"], frame["latitude"], crs="EPSG:4326")
    plain = frame.drop(columns=["latitude", "longitude"])
    match kind:
        case "csv":
            texts.to_csv(path, index=False)
        case "xlsx":  # a cell at half past midnight: Excel knows no zones
            local = frame.assign(**{column: frame[column].dt.tz_localize(None)})
            local.to_excel(path, index=False, engine="xlsxwriter")
        case "parquet":
            frame.to_parquet(path)
        case "geojson":
            gpd.GeoDataFrame(
                texts.drop(columns=["latitude", "longitude"]), geometry=points
            ).to_file(path)
        case "geoparquet":
            gpd.GeoDataFrame(plain, geometry=points).to_parquet(path)
        case "sqlite":
            with sqlite3.connect(path) as database:
                texts.to_sql("t", database, index=False)
            return f"sqlite:///{path}?table=t"
        case _:
            path = path.with_suffix("")
            path.mkdir()
            for name in ("1.gpkg", "2.gpkg")[: 1 + (frame.columns[0] == "site_id")]:
                subset = frame if frame.columns[0] != "site_id" else frame.assign(site_id=name)
                left = subset.drop(columns=["latitude", "longitude"])
                gpd.GeoDataFrame(left, geometry=points).to_file(path / name)
            return str(path if kind == "folder" else path / "1.gpkg")
    return str(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_center_opens_on_its_stated_day_in_every_format(tmp_path: Path, kind: str) -> None:
    """A GeoPackage let a center of Berlin open a day early; others refused the cell."""
    frame = pd.DataFrame({"center_id": ["B"], "country": ["DE"], "opens_on": [STATED]})
    frame["latitude"], frame["longitude"] = 52.52, 13.4
    centers = written(tmp_path, frame, kind)
    (tmp_path / "s.csv").write_text("site_id,latitude,longitude\na,52.5,13.4\n", encoding="utf-8")
    for as_of, status in (("2026-11-30", "pending"), ("2026-12-01", "qualified")):
        options = batch.Options(map=False, areas=False)
        manifest = batch.run(
            tmp_path / "s.csv", centers, tmp_path / "r", as_of=as_of, options=options
        )
        assert manifest["counts"]["status"] == {status: 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_is_registered_on_its_stated_day_in_every_format(tmp_path: Path, kind: str) -> None:
    """On the day after, an address has to be older than a day: one rule, whatever the file."""
    frame = pd.DataFrame({"site_id": ["a"], "country": ["DE"], "registered_on": [STATED]})
    frame["latitude"], frame["longitude"] = 52.5, 13.4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sites = ca.read_sites(written(tmp_path, frame, kind))
    assert {str(day)[:10] for day in sites["registered_on"]} == {"2026-12-01"}


def test_products_and_centers_are_read_by_the_declared_form_too(tmp_path: Path) -> None:
    """With a time behind; what is written otherwise is an error that names the line."""
    form = Dialect(date_format="%d.%m.%Y")
    path = tmp_path / "c.csv"
    head = "center_id,latitude,longitude,country,opens_on\n"
    path.write_text(f"{head}B,52.52,13.4,DE,1.12.2026 00:30\n", encoding="utf-8")
    assert str(ca.read_centers(path, dialect=form)["opens_on"][0])[:10] == "2026-12-01"
    path.write_text(f"{head}B,52.52,13.4,DE,2026-12-01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2.*opens_on '2026-12-01' is not a date in"):
        ca.read_centers(path, dialect=form)
    products = tmp_path / "p.csv"
    products.write_text("product,mainstream_ends_on\nX,2026-12-01T10:15Z\n", encoding="utf-8")
    table = open_table(products, columns.PRODUCTS)
    assert str(read_products(table).ends[0][0]) == "2026-12-01"


def test_a_day_with_a_time_that_is_none_is_a_reject(tmp_path: Path) -> None:
    """In a file of sites the row, in a frame and of centers an error."""
    rows = "a,52.5,13.4,2026-12-01T25:61\nb,52.5,13.4,2026-12-01T10:15+25:00\n"
    path = tmp_path / "s.csv"
    path.write_text(f"site_id,latitude,longitude,registered_on\n{rows}", encoding="utf-8")
    with pytest.warns(UserWarning, match=r"rejected 2 rows \(line 2: registered_on"):
        assert len(ca.read_sites(path)) == 0
    frame = pd.read_csv(path)
    centers = pd.DataFrame({"center_id": ["B"], "latitude": [52.5], "longitude": [13.4]})
    with pytest.raises(InputError, match="without a date like"):
        ca.assess(frame, centers, as_of="2026-12-01")


def test_frames_with_a_zone_are_the_stated_day() -> None:
    """As pandas, as Arrow, and as text."""
    sites = pd.DataFrame({"latitude": [52.5], "longitude": [13.4], "country": ["DE"]})
    arrow = pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin"))
    for cells in (
        pd.Series([STATED]),
        pd.Series([STATED], dtype=arrow),
        pd.Series([STATED], dtype="object"),
        pd.Series([STATED]).astype("category"),
        pd.Series([STATED.isoformat()]),
        pd.Series([STATED.to_pydatetime()], dtype="object"),
    ):
        centers = sites.assign(center_id="B", opens_on=cells)
        verdicts = [ca.assess(sites, centers, as_of=d)["status"][0] for d in ("2026-11-30", STATED)]
        assert verdicts == ["pending", "qualified"]


def test_a_letter_reads_days_by_the_declared_form(tmp_path: Path) -> None:
    """It answered with an error on a file that run judges."""
    sites, centers = tmp_path / "s.csv", tmp_path / "c.csv"
    head = "site_id,latitude,longitude,registered_on,installed_on\n"
    sites.write_text(f"{head}a,39.9,-75.1,1.11.2026 10:15,1.11.2026\n", encoding="utf-8")
    centers.write_text("center_id,latitude,longitude\nP,39.95,-75.16\n", encoding="utf-8")
    options = batch.Options(dialect=Dialect(date_format="%d.%m.%Y"))
    page = site_letter(sites, "a", centers, as_of="2026-12-01", options=options)
    assert "Gold Plus" in page


@pytest.mark.parametrize("cell", ["46357", "46357.0", "46357.64583"])
def test_a_number_of_a_spreadsheet_is_named_and_not_taken_for_a_form(
    tmp_path: Path, cell: str
) -> None:
    """46357 is 2026-12-01 or, counted from 1904, another day: nobody guesses, and no form helps."""
    path = tmp_path / "sites.csv"
    path.write_text(f"site_id,latitude,longitude,registered_on\na,40,-75,{cell}\nb,40,-75,soon\n")
    with pytest.warns(UserWarning, match="rejected 2 rows"):
        frame = ca.read_sites(path, rejects=tmp_path / "rejects.csv")
    assert frame.empty
    first, second = (tmp_path / "rejects.csv").read_text("utf-8").splitlines()[1:]
    assert "spreadsheet's date number" in first
    assert "--date-format" not in first
    assert "--date-format" in second
