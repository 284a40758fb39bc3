"""Frames as notebooks make them: they work, or an error says in words what is odd about them."""

import datetime
import decimal
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from running import AS_OF, cells, centers_file, manifest, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer.errors import InputError
from coverage_analyzer.schema.verdict import VERDICT

DAY = datetime.date(2020, 1, 1)


def sites(**more: Any) -> pd.DataFrame:
    """Return three sites, with more columns or other ones."""
    values = {
        "site_id": ["a", "b", "c"],
        "latitude": [40.0, 48.85, 47.593],
        "longitude": [-75.0, 2.35, 7.611],
        "country": ["US", "FR", None],
    }
    return pd.DataFrame(values | more)


def centers(**more: Any) -> pd.DataFrame:
    """Return two centers, with more columns or other ones."""
    values = {
        "center_id": ["PHL", "PAR"],
        "latitude": [39.95, 48.8566],
        "longitude": [-75.16, 2.3522],
        "country": ["US", "FR"],
    }
    return pd.DataFrame(values | more)


def verdicts(frame: pd.DataFrame | None = None) -> gpd.GeoDataFrame:
    """Return verdicts on sites."""
    return ca.assess(sites() if frame is None else frame, centers(), as_of=AS_OF)


def written(folder: Path, judged: pd.DataFrame, **options: Any) -> Path:
    """Write a report, and return its folder."""
    return ca.write_report(judged, folder / "r", **options)


ODD_CELLS: dict[str, tuple[Any, str]] = {
    "mixed": ([1, "x", None], "1"),
    "mixed, a formula": (["=1+1", 2, None], "'=1+1"),
    "objects": ([shapely.Point(1, 2), None, 3.5], "POINT (1 2)"),
    "lists": ([[1], [2, "x"], None], "[1]"),
    "records": ([{"a": 1}, {"b": "x"}, None], '{"a": 1}'),
    "huge numbers": ([10**30, 1, 2], "1" + "0" * 30),
    "complex numbers": ([1j, 2j, 3j], "1j"),
    "spans": (pd.to_timedelta([1, 2, None], unit="h"), "0 days 01:00:00"),
    "months": (pd.period_range("2020-01", periods=3, freq="M"), "2020-01"),
    "intervals": (pd.interval_range(0, 3), "(0, 1]"),
    "sparse": (pd.arrays.SparseArray([1, 0, 0]), "1"),
    "categories": (pd.Categorical(["=1", "b", None]), "'=1"),
    "categories of numbers": (pd.Categorical([1, 2, None]), "1"),
    "decimals": ([decimal.Decimal("1.5"), None, None], "1.5"),
    "nothing": ([None, None, None], ""),
    "truth": ([True, None, False], "true"),
}


@pytest.mark.parametrize(("column", "shown"), ODD_CELLS.values(), ids=ODD_CELLS)
def test_a_report_holds_cells_of_any_kind(tmp_path: Path, column: Any, shown: str) -> None:
    """What Arrow or CSV has no type for is text; no formula slips in that way."""
    judged = verdicts(sites(extra=column))
    assert records(written(tmp_path, judged) / "report.csv")[0]["extra"] == shown


BYTES = {
    "bytes": pd.Series([b"=1", None, b"x"]),
    "large": pd.Series([b"=1", None, b"x"], dtype=pd.ArrowDtype(pa.large_binary())),
    "of one length": pd.Series([b"=1", None, b"xx"], dtype=pd.ArrowDtype(pa.binary(2))),
    "views": pd.Series([b"=1", None, b"x"], dtype=pd.ArrowDtype(pa.binary_view())),
}


@pytest.mark.parametrize("column", BYTES.values(), ids=BYTES)
def test_bytes_are_left_out_with_a_word(tmp_path: Path, column: Any) -> None:
    """A CSV cannot hold them; the warning stands in the manifest, too."""
    judged = verdicts(sites(photo=column))
    with pytest.warns(UserWarning, match="'photo' contains bytes") as caught:
        folder = written(tmp_path, judged)
    assert caught[0].filename == __file__
    assert "photo" not in cells(folder / "report.csv")[0]
    assert any("'photo' contains bytes" in warning for warning in manifest(folder)["warnings"])


@pytest.mark.parametrize(
    "index",
    [
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)]),
        pd.Index([7, 7, 7]),
        pd.Index([None, "a", 1.5], dtype=object),
        pd.date_range("2020-01-01", periods=3),
    ],
    ids=["two levels", "all the same", "mixed", "days"],
)
def test_any_index_will_do(tmp_path: Path, index: pd.Index) -> None:
    """Labels name rows; they need not be unique, nor of one kind."""
    judged = verdicts(sites().drop(columns="site_id").set_axis(index))
    assert judged.index.equals(index)
    assert ca.coverage_map(judged, centers()).html()
    assert len(cells(written(tmp_path, judged, centers=centers()) / "report.csv")) == 4
    assert ca.summarize(judged)["sites"].sum() == 3


def levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns have two levels."""
    return frame.set_axis(pd.MultiIndex.from_product([["x"], frame.columns]), axis=1)


def twins(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame in which two columns have the same name."""
    return pd.concat([pd.DataFrame(frame), pd.DataFrame(frame)["country"]], axis=1)


CALLS: dict[str, Callable[[Callable[[Any], Any]], Any]] = {
    "assess sites": lambda odd: ca.assess(odd(sites()), centers()),
    "assess centers": lambda odd: ca.assess(sites(), odd(centers())),
    "areas": lambda odd: ca.coverage_areas(odd(centers())),
    "explain": lambda odd: ca.explain(odd(centers()), latitude=1, longitude=1),
    "summarize": lambda odd: ca.summarize(odd(verdicts())),
    "map": lambda odd: ca.coverage_map(odd(verdicts()), centers()),
    "report": lambda odd: ca.write_report(odd(verdicts()), "never"),
}


@pytest.mark.parametrize("judge", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (levels, "2 levels"),
        (twins, "have the name 'country'"),
        (list, "are a list, not a pandas DataFrame"),
    ],
)
def test_columns_that_cannot_be_told_apart(
    judge: Callable[[Any], Any], odd: Callable[[Any], Any], words: str
) -> None:
    """An error that says so, from whichever function sees them first."""
    with pytest.raises(InputError, match=re.escape(words)):
        judge(odd)


def test_columns_need_no_text_as_name(tmp_path: Path) -> None:
    """A column called 7 comes out as such."""
    folder = written(tmp_path, verdicts(sites(x=["p", "q", "r"]).rename(columns={"x": 7})))
    assert records(folder / "report.csv")[0]["7"] == "p"


def test_a_column_called_geometry_makes_way(tmp_path: Path) -> None:
    """The points of the verdicts stand there; the text is not lost."""
    with pytest.warns(UserWarning, match="input_geometry"):
        judged = verdicts(sites(geometry=["p", "q", "r"]))
    assert judged["input_geometry"].tolist() == ["p", "q", "r"]
    assert manifest(written(tmp_path, judged))["renamed_columns"] == {"geometry": "input_geometry"}


@pytest.mark.parametrize("missing", [np.nan, None])
def test_whole_numbers_with_gaps_are_whole(missing: Any) -> None:
    """Pandas turns 840 into 840.0 where a cell is missing; it is still the United States."""
    for column in ([840.0, 250.0, missing], pd.Series([840.0, 250.0, missing], dtype=object)):
        judged = ca.assess(sites(country=column), centers(), as_of=AS_OF)
        assert judged["site_country"].tolist() == ["US", "FR", "DE"]
    numbered = centers(center_id=[1.0, 2.0], country=[840.0, missing])
    judged = ca.assess(sites(site_id=[7.0, 8.0, missing]), numbered, as_of=AS_OF)
    assert judged["center_id"].tolist()[:2] == ["1", "2"]
    areas = ca.coverage_areas(numbered, as_of=AS_OF)
    assert areas["center_id"].tolist() == ["1", "2"]
    assert ca.coverage_map(judged, numbered, areas).html()


@pytest.mark.parametrize(
    "day",
    [
        DAY,
        datetime.datetime(2020, 1, 1, 9, 30, tzinfo=datetime.UTC),
        pd.Timestamp("2020-01-01"),
        np.datetime64("2020-01-01"),
        pd.Period("2020-01-01"),
        "2020-01-01",
    ],
    ids=lambda d: type(d).__name__,
)
def test_opening_days_as_objects(day: Any) -> None:
    """A day is a day, beside a missing one."""
    column = pd.Series([day, None], dtype=object)
    for name, status in (("opens_on", "qualified"), ("closes_on", "fallback")):
        judged = ca.assess(sites(), centers(**{name: column}), as_of=AS_OF)
        assert judged["status"].tolist()[0] == status
    arrow = pd.Series([DAY, None], dtype=pd.ArrowDtype(pa.date32()))
    assert ca.assess(sites(), centers(opens_on=arrow), as_of=AS_OF)["status"][0] == "qualified"


@pytest.mark.parametrize("day", [pd.NaT, np.datetime64("NaT"), np.nan, pd.NA, 5, [1]])
def test_a_missing_day_is_not_today(day: Any) -> None:
    """A lookup that found no day must not judge by today."""
    with pytest.raises(InputError, match="is not a date"):
        ca.assess(sites(), centers(), as_of=day)


def test_summaries_by_any_column() -> None:
    """By the status itself, by cells of several kinds, by a column twice."""
    judged = verdicts().assign(mixed=[1, "x", None], kind=pd.Categorical(["p", None, "p"]))
    by_status = ca.summarize(judged, by="status")
    assert by_status["sites"].to_dict() == {"qualified": 2, "fallback": 1}
    assert by_status.loc["qualified", "qualified"] == 2
    both = ca.summarize(judged, by=["status", "level"])
    assert both.loc[("fallback", "Gold"), "fallback"] == 1
    assert set(ca.summarize(judged, by="mixed").index) == {1, "x", ""}
    assert ca.summarize(judged, by="kind")["sites"].to_dict() == {"p": 2, "": 1}
    twice = ca.summarize(judged, by=["level", "level"])
    pd.testing.assert_frame_equal(twice, ca.summarize(judged, by="level"))


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ([], "Name a column"),
        ("sites", "Column 'sites' not found"),
        (5, "Column 5 not found"),
        ("m", "grouped"),
    ],
)
def test_summaries_that_cannot_be(by: Any, words: str) -> None:
    """The message names the column."""
    with pytest.raises(InputError, match=words):
        ca.summarize(verdicts().assign(m=[[1], [2], [1]]), by=by)


def test_verdicts_by_other_centers_are_refused(tmp_path: Path) -> None:
    """The map and the report name the centers that are missing."""
    fewer = centers()[:1]
    for draw in (
        lambda: ca.coverage_map(verdicts(), fewer),
        lambda: written(tmp_path, verdicts(), centers=fewer),
    ):
        with pytest.raises(InputError, match=r"1 center not among .* 'PAR'"):
            draw()
    assert not (tmp_path / "r" / "run.json").exists()


def test_a_report_writes_the_centers_as_used(tmp_path: Path) -> None:
    """With place and country, though the frame has only points and declares nothing."""
    points = gpd.points_from_xy([-75.16, 2.3522], [39.95, 48.8566])
    frame = gpd.GeoDataFrame({"center_id": ["PHL", "PAR"]}, geometry=points, crs="EPSG:4326")
    judged = ca.assess(sites(), frame.to_crs("EPSG:3857"), as_of=AS_OF)
    (_, phl) = records(written(tmp_path, judged, centers=frame) / "centers.csv")
    assert (phl["center_id"], phl["latitude"], phl["longitude"]) == ("PHL", "39.95", "-75.16")
    assert phl["center_country"] == "US"


def test_a_map_needs_no_column_called_geometry(tmp_path: Path) -> None:
    """Points under another name are points; where there are none, the manifest says so."""
    judged = verdicts()
    folder = written(tmp_path, judged.rename_geometry("place"), centers=centers())
    assert (folder / "map.html").exists()
    plain = judged.drop(columns="geometry")
    plain.attrs = judged.attrs
    folder = written(tmp_path, plain, centers=centers())
    assert not (folder / "map.html").exists()
    assert any("No map" in warning for warning in manifest(folder)["warnings"])


def test_run_json_of_a_notebook_is_that_of_a_run(tmp_path: Path) -> None:
    """The same keys in the same order; what a notebook knows is the same."""
    ca.run(sites_file(tmp_path), centers_file(tmp_path), tmp_path / "out", as_of=AS_OF)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = ca.read_sites(sites_file(tmp_path))
    network = ca.read_centers(centers_file(tmp_path))
    written(tmp_path, ca.assess(read, network, as_of=AS_OF), centers=network)
    run, notebook = manifest(tmp_path / "out"), manifest(tmp_path / "r")
    assert list(notebook) == [key for key in run if key in notebook]
    result = ("coverage_analyzer", "python", "libraries", "policy", "as_of", "trust_declared")
    counted = ("centers", "countries", "ledger", "spreadsheet_guard")
    assert {k: notebook[k] for k in (*result, *counted)} == {k: run[k] for k in (*result, *counted)}
    assert run["counts"].items() >= notebook["counts"].items()
    assert notebook["inputs"] == {}
    assert notebook["columns"]["country"] == "country"
    assert set(VERDICT).isdisjoint(notebook["columns"])


def test_read_sites_takes_a_dialect(tmp_path: Path) -> None:
    """What the command line can say of a text file, a notebook can."""
    text = "Straße|lat|lon\nÄcker|48,85|2,35\n".encode("cp1252")
    dialect = ca.Dialect(delimiter="|", decimal=",", encoding="cp1252")
    frame = ca.read_sites(sites_file(tmp_path, text), dialect=dialect)
    assert frame[["latitude", "longitude"]].to_numpy().tolist() == [[48.85, 2.35]]
    assert frame["Straße"].tolist() == ["Äcker"]


def inactive(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a frame with geometry that is not active, without columns of coordinates."""
    points = gpd.GeoSeries(gpd.points_from_xy(frame["longitude"], frame["latitude"], crs=4326))
    left = frame.drop(columns=["latitude", "longitude"]).assign(place=points)
    return gpd.GeoDataFrame(left)


def test_a_frame_without_an_active_geometry_is_read_by_its_columns() -> None:
    """What merge and read_csv leave; without such columns the geometry is named."""
    frame = gpd.GeoDataFrame(sites())
    plain = verdicts()
    assert verdicts(frame)["status"].tolist() == plain["status"].tolist()
    assert ca.assess(sites(), gpd.GeoDataFrame(centers()), as_of=AS_OF)["status"].tolist() == (
        plain["status"].tolist()
    )
    with pytest.raises(InputError, match=r"the geometry 'place'.*geometry='place'"):
        verdicts(inactive(sites()))
    with pytest.raises(InputError, match="the geometry 'place'"):
        ca.coverage_areas(inactive(centers()))
    assert len(verdicts(inactive(sites()).set_geometry("place"))) == 3


def test_a_geometry_may_have_a_label_that_is_no_text(tmp_path: Path) -> None:
    """GeoSeries.to_frame() labels it 0; verdicts, timeline, map and report take it."""
    points = gpd.points_from_xy([-75.0, 2.35], [40.0, 48.85], crs="EPSG:4326")
    frame = gpd.GeoSeries(points).to_frame()
    assert frame.columns.tolist() == [0]
    judged = verdicts(frame)
    assert judged["status"].tolist() == ["qualified", "qualified"]
    assert 0 not in judged.columns
    assert len(ca.timeline(frame, centers(), start=AS_OF)) == 2
    located = centers(geometry=points).drop(columns=["latitude", "longitude"])
    network = gpd.GeoDataFrame(located, geometry="geometry", crs=4326).rename_geometry(7)
    assert len(ca.coverage_areas(network, as_of=AS_OF)) == 2
    folder = written(tmp_path, ca.assess(frame, network, as_of=AS_OF), centers=network)
    assert len(records(folder / "report.csv")) == 2


class Foreign:
    """A frame of another library, which can be made one of pandas."""

    def to_pandas(self) -> pd.DataFrame:
        """Return it as one of pandas."""
        return sites()


@pytest.mark.parametrize(
    "ask",
    [
        lambda other: ca.assess(other, centers(), as_of=AS_OF),
        lambda other: ca.assess(sites(), other, as_of=AS_OF),
        lambda other: ca.assess(sites(), centers(), as_of=AS_OF, products=other),
        lambda other: ca.timeline(other, centers(), start=AS_OF),
        lambda other: ca.commitments(other, sites(), centers()),
        ca.coverage_areas,
        ca.summarize,
        lambda other: ca.geocode(other, server="http://127.0.0.1:9"),
        lambda other: ca.write_report(other, "nowhere"),
    ],
)
@pytest.mark.parametrize("other", [Foreign(), pa.table({"site_id": ["a"]})])
def test_a_frame_of_another_library_is_told_how_to_become_one(
    ask: Callable[[Any], Any], other: Any
) -> None:
    """The message names the library, since its frames may be called the same."""
    kind = f"{type(other).__module__.partition('.')[0]}.{type(other).__name__}"
    with pytest.raises(
        InputError, match=rf"are a {re.escape(kind)}, not a pandas.*\.to_pandas\(\)"
    ):
        ask(other)


def test_swapped_coordinates_are_told() -> None:
    """In columns and in points; what is only partly out of range is not called swapped."""
    swapped = sites(latitude=[-118.2, 151.2, 139.7], longitude=[34.0, -33.9, 35.7])
    with pytest.raises(InputError, match=r"3 of the 3 sites .* look swapped"):
        verdicts(swapped)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([34.0], [-118.2], crs=4326))
    with pytest.raises(InputError, match=r"1 of the 1 sites .* look swapped"):
        verdicts(points)
    with pytest.raises(InputError) as caught:
        verdicts(sites(latitude=[95.0, 48.85, np.nan]))
    assert "swapped" not in str(caught.value)


def test_new_rows_put_behind_centers_that_were_read(tmp_path: Path) -> None:
    """They have no point and no decided country, but coordinates: the columns are taken."""
    path = tmp_path / "c.csv"
    centers().to_csv(path, index=False)
    read = ca.read_centers(path)
    new = pd.DataFrame(
        {"center_id": ["BSL"], "latitude": [47.5596], "longitude": [7.5886], "country": ["CH"]}
    ).assign(opens_on="2020-01-02")
    expected = ca.assess(sites(), pd.concat([centers(), new]), as_of=AS_OF)
    for joined in (
        pd.concat([read, new]),
        pd.concat([new, read], ignore_index=True),
        pd.concat([pd.DataFrame(read), new]),
        pd.concat([read, gpd.GeoDataFrame(new)]),
    ):
        judged = ca.assess(sites(), joined, as_of=AS_OF)
        assert judged["center_id"].tolist() == expected["center_id"].tolist()
        assert len(ca.coverage_areas(joined, as_of=AS_OF)) == 3
        folder = ca.write_report(judged, tmp_path / "r", centers=joined)
        assert len(records(folder / "centers.csv")) == 3
    more = pd.concat([verdicts().drop(columns=list(VERDICT)), sites()])
    assert verdicts(more.reset_index(drop=True)).geometry.notna().all()


@pytest.mark.parametrize("column", ["country", "product", "registered_on", "requested_level"])
def test_text_that_is_not_unicode_is_an_error_in_words(column: str) -> None:
    """Python keeps bytes that it cannot decode as halves of surrogate pairs; Arrow has none."""
    odd = pd.Series(["x", "caf\udce9", "x"], dtype=object)
    with pytest.raises(InputError, match=rf"1 cells in '{column}' .* not Unicode .* row 1"):
        ca.assess(sites(**{column: odd}), centers())


@pytest.mark.parametrize("column", ["center_id", "country", "name", "opens_on", "time_zone"])
def test_centers_that_are_not_unicode_are_an_error_in_words(column: str) -> None:
    """The same for centers."""
    odd = pd.Series(["caf\udce9", "x"], dtype=object)
    with pytest.raises(InputError, match=rf"1 cells in '{column}' .* not Unicode .* row 0"):
        ca.assess(sites(), centers(**{column: odd}))


@pytest.mark.parametrize("note", [["x", "caf\udce9", "x"], [1, "caf\udce9", ["caf\udce9"]]])
def test_a_report_of_text_that_is_not_unicode_is_not_written(
    tmp_path: Path, note: list[object]
) -> None:
    """A column that nobody looks at reaches the report, and nothing is published."""
    odd = pd.Series(note, dtype=object)
    verdicts = ca.assess(sites(note=odd), centers())
    with pytest.raises(InputError, match=r"cells in 'note' .* not Unicode .* row 1"):
        ca.write_report(verdicts, tmp_path / "out", centers=ca.read_centers(centers_file(tmp_path)))
    assert not (tmp_path / "out").exists()


def test_a_report_is_for_one_day(tmp_path: Path) -> None:
    """The day is that of the rows, also where a merge lost the attributes; two are refused."""
    merged = verdicts()
    merged.attrs = {}
    later = merged.assign(as_of=pd.Timestamp("2027-01-15"))
    folder = ca.write_report(later, tmp_path / "later", policy="appliance-maintenance")
    assert json.loads((folder / "run.json").read_text("utf-8"))["as_of"] == "2027-01-15"
    with pytest.raises(
        InputError, match=r"for 2 days .*verdicts\[verdicts.as_of == '2027-01-15'\]"
    ):
        ca.write_report(
            pd.concat([verdicts(), later]), tmp_path / "both", policy="appliance-maintenance"
        )
