"""The notebook's face: frames in, frames out, and nothing done behind the user's back."""

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from running import (
    AS_OF,
    CENTERS,
    SITES,
    cells,
    centers_file,
    contents,
    judged,
    records,
    sites_file,
)

import coverage_analyzer as ca
from coverage_analyzer.errors import InputError, PolicyError, PolicyWarning
from coverage_analyzer.frames.columns import positions
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.schema.verdict import VERDICT

WARNED = pytest.mark.filterwarnings("ignore:.*rejected")


@pytest.fixture
def centers(tmp_path: Path) -> gpd.GeoDataFrame:
    """Return the small network."""
    return ca.read_centers(centers_file(tmp_path))


@pytest.fixture
def sites() -> gpd.GeoDataFrame:
    """Return three sites under an index of their own."""
    frame = pd.DataFrame(
        {"site_id": ["a", "b", "c"], "country": ["US", "FR", "DE"], "note": ["x", None, "z"]},
        index=[30, 10, 20],
    )
    points = shapely.points([-75.0, 2.35, 7.611], [40.0, 48.85, 47.593])
    return gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")


def test_exported_names_are_frozen() -> None:
    """Other programs import these; a change wants an entry in the change log."""
    assert sorted(ca.__all__) == [
        "CoverageError",
        "Dialect",
        "Policy",
        "Settings",
        "assess",
        "best_centers",
        "commitments",
        "compare",
        "coverage_areas",
        "coverage_map",
        "criticality",
        "drive_times",
        "entitlements",
        "explain",
        "geocode",
        "level_shares",
        "plot_curve",
        "plot_distances",
        "plot_shares",
        "plot_timeline",
        "read_centers",
        "read_sites",
        "run",
        "sensitivity",
        "sensitivity_plot",
        "service_areas",
        "summarize",
        "timeline",
        "timeline_plot",
        "unserved_areas",
        "what_if",
        "write_report",
    ]


def test_exported_names_are_there() -> None:
    """Each resolves, is listed, and a wrong one is an ordinary AttributeError."""
    assert all(getattr(ca, name) for name in ca.__all__)
    assert set(ca.__all__) <= set(dir(ca))
    with pytest.raises(AttributeError, match="no attribute 'asess'"):
        _ = ca.asess


@WARNED
def test_read_sites_gives_known_columns_their_names(tmp_path: Path) -> None:
    """Points in EPSG:4326, text as text, numbers as numbers, others under their own name."""
    text = "Ref,LAT,lng,Country Code,Postcode\n0001,40.0,-75,NA,01067\n\n0002,bad,2,US,x\n"
    frame = ca.read_sites(sites_file(tmp_path, text))
    assert list(frame.columns) == [
        "site_id",
        "latitude",
        "longitude",
        "country",
        "Postcode",
        "geometry",
    ]
    assert frame.crs == "EPSG:4326"
    (row,) = frame.to_dict("records")
    assert (row["site_id"], row["country"], row["Postcode"]) == ("0001", "NA", "01067")
    assert (row["latitude"], row["longitude"]) == (40.0, -75.0)
    assert row["geometry"] == shapely.Point(-75, 40)
    assert frame.attrs == {"decided": 1, "rejected": 1, "blank": 1}


def test_sites_without_an_id_get_their_line(tmp_path: Path) -> None:
    """The line is where the planner finds the row again."""
    frame = ca.read_sites(sites_file(tmp_path, "lat,lon\n40,-75\n\n41,-75\n"))
    assert frame["site_id"].tolist() == ["2", "4"]


def test_read_sites_tells_what_it_left_out(tmp_path: Path) -> None:
    """The warning counts the rows and shows the first, with lines."""
    with pytest.warns(UserWarning, match=r"sites\.csv: rejected 2 rows") as caught:
        ca.read_sites(sites_file(tmp_path))
    (warning,) = caught
    message = str(warning.message)
    assert "line 8: latitude is '40_5'" in message
    assert "line 13" in message
    assert "rejects=" in message
    assert warning.filename == __file__


def test_read_sites_writes_what_it_left_out(tmp_path: Path) -> None:
    """``rejects=PATH`` writes the same rows that a run rejects."""
    with pytest.warns(UserWarning, match=r"r\.csv"):
        ca.read_sites(sites_file(tmp_path), rejects=tmp_path / "r.csv")
    judged(tmp_path)
    assert cells(tmp_path / "r.csv") == cells(tmp_path / "out" / "rejects.csv")


def test_clean_sites_give_no_warning_and_empty_rejects(tmp_path: Path) -> None:
    """No news is good news; the file of rejects has its header."""
    ca.read_sites(sites_file(tmp_path, "lat,lon\n40,-75\n"), rejects=tmp_path / "r.csv")
    assert cells(tmp_path / "r.csv") == [["line", "reason", "detail", "raw"]]


def test_a_file_without_rows_gives_an_empty_frame(tmp_path: Path, centers: Any) -> None:
    """No sites, no verdicts, no error."""
    frame = ca.read_sites(sites_file(tmp_path, "id,lat,lon\n"))
    assert (len(frame), str(frame.crs)) == (0, "EPSG:4326")
    verdicts = ca.assess(frame, centers)
    assert len(verdicts) == 0
    assert set(VERDICT) <= set(verdicts.columns)
    assert len(ca.summarize(verdicts)) == 0
    ca.write_report(verdicts, tmp_path / "out")
    assert len(cells(tmp_path / "out" / "report.csv")) == 1


def test_read_centers_gives_a_frame_sorted_by_id(centers: gpd.GeoDataFrame) -> None:
    """Days are days, the decided country stands beside the declared one, NA is Namibia."""
    assert centers["center_id"].tolist() == ["BGO", "BOI", "BSL", "PAR", "PHL", "WDH"]
    assert centers["center_country"].tolist() == ["NO", "US", "CH", "FR", "US", "NA"]
    assert centers["opens_on"].dtype.kind == "M"
    assert centers["opens_on"].isna().sum() == 4
    assert centers.crs == "EPSG:4326"


BAD_CENTERS = """\
center_id,lat,lon,country,opens_on
A,40,-75,US,
A,41,-75,US,
C,bad,1,FR,
D,48.85,2.35,DE,
E,48.85,2.35,Atlantis,
F,48.85,2.35,FR,2026-02-30
G,0,0,FR,
,48.85,2.35,FR,
I,48.85,2.35,FR
"""


def test_read_centers_names_every_bad_row_in_one_error(tmp_path: Path) -> None:
    """Duplicate, coordinate, conflict, unknown country, day, null island, no id, ragged."""
    with pytest.raises(InputError) as caught:
        ca.read_centers(centers_file(tmp_path, BAD_CENTERS))
    message = str(caught.value)
    assert [n for n in range(2, 11) if f"line {n}" not in message] == []


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("A,40,-75,US,\nA,41,-75,US,", "appears more than once"),
        ("A,bad,-75,US,", "latitude"),
        ("A,48.85,2.35,DE,", "declares 'DE' but is in FR"),
        ("A,48.85,2.35,Atlantis,", "unknown country 'Atlantis'"),
        ("A,40,-75,US,2026-02-30", "opens_on '2026-02-30'"),
        ("A,40,-75,US,soon", "opens_on 'soon'"),
        ("A,0,0,US,", "0, 0"),
        (",40,-75,US,", "center_id is empty"),
        ("A,40,-75,US", "4 fields"),
    ],
)
def test_read_centers_says_what_is_wrong(tmp_path: Path, row: str, part: str) -> None:
    """Each fault has its own words, with the line."""
    text = f"center_id,lat,lon,country,opens_on\n{row}\n"
    with pytest.raises(InputError, match="line 2") as caught:
        ca.read_centers(centers_file(tmp_path, text))
    assert part in str(caught.value)


def test_read_centers_counts_the_faults_beyond_twenty(tmp_path: Path) -> None:
    """A network with the columns swapped does not fill the notebook."""
    rows = "".join(f"C{n},100,10\n" for n in range(50))
    with pytest.raises(InputError, match="and 30 more"):
        ca.read_centers(centers_file(tmp_path, f"center_id,lat,lon\n{rows}"))


def test_trust_declared_lets_a_center_stand(tmp_path: Path) -> None:
    """Then the declared country counts, for centers as for sites; an unknown one still cannot."""
    path = centers_file(tmp_path, "center_id,lat,lon,country\nA,48.85,2.35,DE\n")
    trusted = ca.read_centers(path, trust_declared=True)
    assert trusted["center_country"].tolist() == ["DE"]
    sites = pd.DataFrame({"latitude": [48.85], "longitude": [2.35], "country": ["DE"]})
    with pytest.raises(InputError, match="is in FR"):
        ca.assess(sites, trusted)
    assert ca.assess(sites, trusted, trust_declared=True)["status"].tolist() == ["qualified"]
    unknown = centers_file(tmp_path, "center_id,lat,lon,country\nA,48.85,2.35,Atlantis\n")
    with pytest.raises(InputError, match="Atlantis"):
        ca.read_centers(unknown, trust_declared=True)


def test_assess_keeps_index_order_and_columns(sites: Any, centers: Any) -> None:
    """One verdict a row, under the row's label; the input's columns come first."""
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    assert verdicts.index.tolist() == [30, 10, 20]
    assert list(verdicts.columns) == ["site_id", "country", "note", *VERDICT, "geometry"]
    assert verdicts["status"].tolist() == ["qualified", "qualified", "fallback"]
    assert verdicts["center_id"].tolist()[:2] == ["PHL", "PAR"]
    assert verdicts["center_id"].isna().tolist() == [False, False, True]
    assert verdicts.crs == "EPSG:4326"
    cells = {"policy": "appliance-maintenance", "as_of": AS_OF}
    assert verdicts.attrs.items() >= cells.items()


def test_assess_changes_neither_input(sites: Any, centers: Any) -> None:
    """A notebook's cells can be run again."""
    before = sites.copy(deep=True), centers.copy(deep=True)
    ca.assess(sites, centers, as_of=AS_OF)
    pd.testing.assert_frame_equal(sites, before[0])
    pd.testing.assert_frame_equal(centers, before[1])
    assert sites.attrs == before[0].attrs


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:3395", "EPSG:4269"])
def test_assess_reprojects(sites: Any, centers: Any, crs: str) -> None:
    """Metres of a web map are no degrees: sites and centers in any CRS give the same verdicts."""
    expected = ca.assess(sites, centers, as_of=AS_OF)
    verdicts = ca.assess(sites.to_crs(crs), centers.to_crs(crs), as_of=AS_OF)
    assert verdicts[list(VERDICT[:5])].equals(expected[list(VERDICT[:5])])
    assert verdicts.crs == "EPSG:4326"


def test_assess_does_not_guess_a_crs(sites: Any, centers: Any) -> None:
    """Without a CRS, numbers mean nothing; the message says how to give one."""
    for pair in (
        (sites.set_crs(None, allow_override=True), centers),
        (sites, centers.set_crs(None, allow_override=True)),
    ):
        with pytest.raises(InputError, match=r"no CRS.*set_crs.*EPSG:4326"):
            ca.assess(*pair)


def test_assess_takes_a_plain_frame(sites: Any, centers: Any) -> None:
    """``latitude`` and ``longitude`` are enough, under any of their names, as numbers or text."""
    expected = ca.assess(sites, centers, as_of=AS_OF)
    plain = pd.DataFrame(sites.drop(columns="geometry"))
    for kind in (float, str):
        frame = plain.assign(lat=[40.0, 48.85, 47.593], Long=[-75.0, 2.35, 7.611])
        verdicts = ca.assess(frame.astype({"lat": kind, "Long": kind}), pd.DataFrame(centers))
        assert isinstance(verdicts, gpd.GeoDataFrame)
        assert verdicts["distance_miles"].equals(expected["distance_miles"])
        assert verdicts.geometry.geom_equals(expected.geometry).all()


def test_assess_gives_what_a_run_gives(tmp_path: Path) -> None:
    """The notebook and the batch job are of one mind, to the last digit."""
    judged(tmp_path)
    with pytest.warns(UserWarning, match="rejected"):
        sites = ca.read_sites(sites_file(tmp_path))
    verdicts = ca.assess(sites, ca.read_centers(centers_file(tmp_path)), as_of=AS_OF)
    ca.write_report(verdicts, tmp_path / "frames")
    run, frames = (records(tmp_path / n / "report.csv") for n in ("out", "frames"))
    assert [{c: r[c] for c in VERDICT} for r in frames] == [{c: r[c] for c in VERDICT} for r in run]
    assert cells(tmp_path / "out" / "summary.csv") == cells(tmp_path / "frames" / "summary.csv")


@pytest.mark.parametrize("value", [np.nan, np.inf, 90.001, "40_5", "40.5 E", "", None])
def test_assess_names_the_row_that_it_cannot_use(centers: Any, value: Any) -> None:
    """A missing or wild coordinate is an error that names the label of the row."""
    frame = pd.DataFrame({"lat": [40.0, value], "lon": [-75.0, -75.0]}, index=["good", "bad"])
    with pytest.raises(InputError, match=r"1 of the 2 sites.*'bad'"):
        ca.assess(frame, centers)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [("40,0", "-75,0"), ("40\u00b00'N", "75 0 0 W"), ('="40.0"', "\u221275.0"), (40, "-75")],
)
def test_assess_reads_every_notation_in_columns_of_objects(
    centers: Any, lat: Any, lon: Any
) -> None:
    """The same as in files, cell by cell, beside numbers."""
    frame = pd.DataFrame({"lat": [40.0, lat], "lon": [-75.0, lon]})
    verdicts = ca.assess(frame, centers, as_of=AS_OF)
    assert verdicts["distance_miles"].iloc[0] == verdicts["distance_miles"].iloc[1]


def test_assess_does_not_guess_an_accuracy_in_text(centers: Any) -> None:
    """Text that is two numbers is an error with its row; a number is one."""
    frame = pd.DataFrame({"lat": [40.0, 40.0], "lon": -75.0, "accuracy_m": [1.5, "1.500"]})
    with pytest.raises(InputError, match=r"1 cells in 'accuracy_m'.*row 1"):
        ca.assess(frame, centers, as_of=AS_OF)
    plain = frame.assign(accuracy_m=pd.Series([1.125, "1,5"], dtype="object"))
    assert len(ca.assess(plain, centers, as_of=AS_OF)) == 2


@pytest.mark.parametrize(
    "geometry", [None, shapely.Point(), shapely.Point(500, 0), shapely.LineString([(0, 0), (1, 1)])]
)
def test_assess_names_the_geometry_that_it_cannot_use(centers: Any, geometry: Any) -> None:
    """Missing, empty, out of range, no point: the message names the row."""
    points = [shapely.Point(-75, 40), geometry]
    frame = gpd.GeoDataFrame({"n": [1, 2]}, index=["good", "bad"], geometry=points, crs="EPSG:4326")
    with pytest.raises(InputError, match="'bad'"):
        ca.assess(frame, centers)


def test_edited_columns_of_a_frame_with_points_are_reported(sites: Any, centers: Any) -> None:
    """The points are used, so a moved center would stay where it was; rounding is no edit."""
    edited = centers.assign(latitude=centers["latitude"].round(3))
    ca.assess(sites, edited, as_of=AS_OF)
    edited.loc[edited.index[1], "latitude"] += 0.5
    with pytest.warns(UserWarning, match=r"1 row of the centers, the first .*points_from_xy"):
        ca.assess(sites, edited, as_of=AS_OF)
    points = gpd.points_from_xy(edited.longitude, edited.latitude, crs=4326)
    ca.assess(sites, edited.set_geometry(points), as_of=AS_OF)


def test_points_beside_180_degrees_are_near_their_columns() -> None:
    """180 and -180 are one meridian."""
    points = gpd.points_from_xy([-180.0, 180.0], [-17.0, -17.0], crs=4326)
    frame = gpd.GeoDataFrame({"latitude": -17.0, "longitude": [180.0, -180.0]}, geometry=points)
    assert positions(frame, "sites")[1].tolist() == [-17.0, -17.0]


def test_assess_renames_old_verdicts_with_a_warning(sites: Any, centers: Any) -> None:
    """An input column named like a verdict column is kept as ``input_<name>``."""
    with pytest.warns(UserWarning, match="input_level"):
        verdicts = ca.assess(sites.assign(level="old"), centers, as_of=AS_OF)
    assert verdicts["input_level"].tolist() == ["old"] * 3
    assert "old" not in verdicts["level"].tolist()


def test_assess_reads_countries_and_missing_ones(centers: Any) -> None:
    """NA is Namibia and never missing; a missing cell is no country, whatever pandas calls it."""
    frame = pd.DataFrame({"lat": [-22.57] * 5, "lon": [17.09] * 5})
    declared = ["NA", None, np.nan, pd.NA, " Namibia "]
    for column in (pd.Series(declared, dtype=object), pd.Series(declared, dtype="string")):
        verdicts = ca.assess(frame.assign(country=column), centers, as_of=AS_OF)
        assert verdicts["site_country"].tolist() == ["NA"] * 5
        assert verdicts["status"].tolist() == ["qualified"] * 5


@pytest.mark.parametrize(
    "day",
    [
        "2026-12-01",
        datetime.date(2026, 12, 1),
        datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC),
        pd.Timestamp("2026-12-01"),
        np.datetime64("2026-12-01"),
    ],
    ids=lambda d: type(d).__name__,
)
def test_a_day_may_be_given_as_notebooks_have_it(sites: Any, centers: Any, day: Any) -> None:
    """Text, a date, a timestamp: the day is a day."""
    verdicts = ca.assess(sites, centers, as_of=day)
    assert verdicts.attrs["as_of"] == "2026-12-01"


@pytest.mark.parametrize("day", ["", "soon", "2026-02-30", "01.12.2026"])
def test_a_day_that_is_none_is_refused(sites: Any, centers: Any, day: str) -> None:
    """A wrong day must not become today."""
    with pytest.raises(InputError, match="2026-12-01"):
        ca.assess(sites, centers, as_of=day)


def test_assess_names_a_policy_that_is_not_there(sites: Any, centers: Any) -> None:
    """The error is the policy's."""
    with pytest.raises(PolicyError, match="Unknown policy 'nil'"):
        ca.assess(sites, centers, "nil")


def test_summarize_counts(sites: Any, centers: Any) -> None:
    """A column for each status, the sum and the share; by one column or several."""
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    summary = ca.summarize(verdicts)
    assert list(summary.columns) == [
        *("qualified", "pending", "fallback", "review", "not_covered", "sites", "qualified_share")
    ]
    assert summary["sites"].sum() == 3
    assert summary.loc["DE", "fallback"] == 1
    assert summary.loc["US", "qualified_share"] == 1.0
    both = ca.summarize(verdicts, by=["level", "site_country"])
    assert both.loc[("Gold Plus", "FR"), "sites"] == 1


def test_summarize_keeps_sites_without_a_country(centers: Any) -> None:
    """Sites whose country cannot be told are counted, under an empty name."""
    frame = pd.DataFrame({"lat": [0.0, 40.0], "lon": [0.0, -75.0]})
    summary = ca.summarize(ca.assess(frame, centers))
    assert summary["sites"].sum() == 2
    assert summary.loc["", "review"] == 1


def test_summarize_names_a_column_that_is_not_there(sites: Any, centers: Any) -> None:
    """The message lists what there is."""
    verdicts = ca.assess(sites, centers)
    with pytest.raises(InputError, match=r"Column 'region' not found.*site_country"):
        ca.summarize(verdicts, by="region")


def test_explain_tells_and_gives_data(centers: Any) -> None:
    """The nearest center across the border is named with why it may not serve."""
    story = ca.explain(centers, latitude=47.593, longitude=7.611, country="DE", as_of=AS_OF)
    assert (story.level, story.status, story.reason) == ("Gold", "fallback", "no_center_in_country")
    assert story.refused is not None
    assert story.refused.center_id == "BSL"
    text = str(story)
    for part in ("shipped within 1 business day", "BSL (Basel), CH", "in another country"):
        assert part in text
    data = story.to_dict()
    assert json.loads(json.dumps(data, allow_nan=False))["refused"]["center_id"] == "BSL"
    assert data["clauses"]
    assert "delivered" not in text


def test_explain_and_assess_agree(sites: Any, centers: Any) -> None:
    """A story is about the same verdict."""
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    for row in verdicts.itertuples():
        point = {"latitude": row.geometry.y, "longitude": row.geometry.x}
        story = ca.explain(centers, **point, country=row.country, as_of=AS_OF)
        assert (story.level, story.status, story.reason) == (row.level, row.status, row.reason)


@pytest.mark.parametrize("country", ["Atlantis", ""])
def test_explain_gives_json_without_a_country_too(centers: Any, country: str) -> None:
    """Where there is no limit there is no margin; NaN is no JSON and no word."""
    story = ca.explain(centers, latitude=0, longitude=0, country=country)
    assert not re.search(r"\bnan\b", str(story))
    json.dumps(story.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("lat", "lon"), [(95, 0), (-90.1, 0), (0, 181), (np.nan, 0), (0, np.inf)])
def test_explain_refuses_a_point_out_of_range(centers: Any, lat: float, lon: float) -> None:
    """An InputError, as promised, not a story about nowhere."""
    with pytest.raises(InputError):
        ca.explain(centers, latitude=lat, longitude=lon)


def test_write_report_writes_a_folder(tmp_path: Path, sites: Any, centers: Any) -> None:
    """Report, summary, manifest, and with centers the centers; text without geometry."""
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    policy = ca.Policy.load()
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=policy)
    assert folder == tmp_path / "r"
    names = ["areas.geojson", "centers.csv", "map.html", "policy.toml"]
    names += ["report.csv", "run.json", "summary.csv", "summary.html"]
    assert list(contents(folder)) == names
    header, *rows = cells(folder / "report.csv")
    assert header == ["site_id", "country", "note", *VERDICT]
    assert len(rows) == 3
    assert sum(int(r["sites"]) for r in records(folder / "summary.csv")) == 3
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert run["policy"]["sha256"] == policy.sha256
    assert run["as_of"] == AS_OF
    assert run["ledger"] == {"read": 3, "decided": 3, "rejected": 0, "blank": 0}


def test_write_report_needs_neither_centers_nor_policy(
    tmp_path: Path, sites: Any, centers: Any
) -> None:
    """The policy's name comes along with the verdicts."""
    ca.write_report(ca.assess(sites, centers, as_of=AS_OF), tmp_path / "r")
    run = json.loads((tmp_path / "r" / "run.json").read_text("utf-8"))
    assert run["policy"]["name"] == "appliance-maintenance"


def test_write_report_replaces_an_old_report_whole(
    tmp_path: Path, sites: Any, centers: Any
) -> None:
    """A folder never mixes two runs: rejects and centers of the old one would be taken for new."""
    judged(tmp_path)
    ca.write_report(ca.assess(sites, centers, as_of=AS_OF), tmp_path / "out")
    assert list(contents(tmp_path / "out")) == [
        "policy.toml",
        "report.csv",
        "run.json",
        "summary.csv",
        "summary.html",
    ]


def test_write_report_takes_only_verdicts(tmp_path: Path, sites: Any) -> None:
    """Sites are no verdicts; the message says what makes them."""
    with pytest.raises(InputError, match="assess"):
        ca.write_report(sites, tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_part_of_the_verdicts_can_be_written(tmp_path: Path, sites: Any, centers: Any) -> None:
    """Filtering is what notebooks are for: any rows, in any order, also none pending."""
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    ca.write_report(verdicts[verdicts["status"] == "fallback"], tmp_path / "r")
    assert [r["site_id"] for r in records(tmp_path / "r" / "report.csv")] == ["c"]


def test_the_small_files_are_what_these_tests_think() -> None:
    """The last blank and bad lines of the small sites stand where the tests say."""
    assert SITES.splitlines()[7].startswith("0007")
    assert SITES.splitlines()[12].startswith("0011")
    assert len(CENTERS.splitlines()) == 7


def test_a_policy_of_ones_own_goes_all_the_way(tmp_path: Path, sites: Any, centers: Any) -> None:
    """A map and a report need no policy that is built in."""
    policy = ca.Policy.load().model_copy(update={"name": "mine", "title": "My rules"})
    verdicts = ca.assess(sites, centers, policy, as_of=AS_OF)
    assert len(ca.coverage_map(verdicts, centers).html()) > 0
    ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=policy)
    assert "map.html" in contents(tmp_path / "r")


def test_where_all_centers_are_closed_there_are_no_areas(sites: Any, centers: Any) -> None:
    """An empty frame with its columns, and a map without areas."""
    closed = centers.assign(opens_on=None, closes_on="2020-01-01")
    areas = ca.coverage_areas(closed, as_of=AS_OF)
    assert len(areas) == 0
    assert "limit_miles" in areas
    verdicts = ca.assess(sites, closed, as_of=AS_OF)
    assert len(ca.coverage_map(verdicts, closed, areas).html()) > 0


def test_what_the_reader_was_told_needs_no_second_telling(tmp_path: Path, centers: Any) -> None:
    """A column settled in read_sites is settled in assess, whatever synonyms stand beside it."""
    path = tmp_path / "s.csv"
    path.write_text("id,country,iso2,lat,latitude,lon\n1,US,FR,40,9,-75\n", encoding="utf-8")
    columns = {"country": "country", "latitude": "lat"}
    with pytest.warns(UserWarning, match="input_latitude"):
        sites = ca.read_sites(path, columns=columns)
    assert sites["input_latitude"].tolist() == ["9"]
    assert ca.assess(sites, centers, as_of=AS_OF)["site_country"].tolist() == ["US"]


def test_no_column_is_lost_to_another_of_its_name(tmp_path: Path) -> None:
    """Text called geometry, headers that are blank, a name that a known column takes."""
    path = tmp_path / "s.csv"
    path.write_text("lat,lon,geometry,,,name,Shop\n40,-75,g,a,b,n,s\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="input_geometry"):
        sites = ca.read_sites(path, columns={"name": "Shop"})
    assert {"g", "a", "b", "n", "s"} <= set(sites.drop(columns="geometry").iloc[0])


def test_write_report_knows_the_policy_by_its_figures(
    tmp_path: Path, sites: Any, centers: Any
) -> None:
    """A changed policy under an old name draws other areas: it is refused, and so is none."""
    policy = ca.Policy.load()
    bands = tuple(b.model_copy(update={"up_to_miles": 30.0}) for b in policy.bands)
    own = policy.model_copy(update={"bands": bands})
    assert own.sha256 != policy.sha256
    with pytest.warns(PolicyWarning) as caught:
        verdicts = ca.assess(sites, centers, own, as_of=AS_OF)
    assert verdicts.attrs["warnings"][:3] == [str(w.message) for w in caught]
    assert "has the name of the built-in policy 'appliance-maintenance'" in str(caught[0].message)
    assert "the clause 'radius-us' says 70 miles, the band 30 miles" in str(caught[1].message)
    for source in (None, "appliance-maintenance", policy):
        with pytest.raises(InputError, match="different version or policy"):
            ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=source)
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=own)
    assert '"limit_miles": 30.0' in (folder / "areas.geojson").read_text("utf-8")
    mine = own.model_copy(update={"name": "mine"})
    with pytest.warns(PolicyWarning):  # on the clauses alone
        renamed = ca.assess(sites, centers, mine, as_of=AS_OF)
    with pytest.raises(InputError, match="give policy="):
        ca.write_report(renamed, tmp_path / "r")


ODD_FRAMES: dict[str, Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]] = {
    "as it is": lambda frame: frame,
    "another index": lambda frame: frame.set_index("site_id"),
    "geometry of another name": lambda frame: frame.rename_geometry("place"),
    "another CRS": lambda frame: frame.to_crs(3857),
    "no rows": lambda frame: frame.head(0),
    "a row without a point": lambda frame: frame.set_geometry(
        [None, *frame.geometry[1:]], crs=4326
    ),
    "an empty point": lambda frame: frame.set_geometry(
        [shapely.Point(), *frame.geometry[1:]], crs=4326
    ),
    "a point that is nowhere": lambda frame: frame.set_geometry(
        [shapely.Point(np.nan, 1.0), *frame.geometry[1:]], crs=4326
    ),
    "points with heights": lambda frame: frame.set_geometry(
        shapely.force_3d(frame.geometry.to_numpy(), 7.0), crs=4326
    ),
    "areas": lambda frame: frame.set_geometry(frame.geometry.buffer(0.1)),
    "two geometries": lambda frame: frame.assign(other=frame.geometry),
}


@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS")
@pytest.mark.parametrize("made", ODD_FRAMES.values(), ids=ODD_FRAMES.keys())
def test_geoparquet_is_what_geopandas_writes(
    tmp_path: Path, made: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]
) -> None:
    """Byte for byte, however the points get there."""
    sites = ca.read_sites("data/town_sites.csv")
    verdicts = ca.assess(sites, ca.read_centers("data/town_centers.csv"), as_of="2026-12-01")
    frame = DatedFrame(made(verdicts))
    frame.attrs = verdicts.attrs
    frame.to_parquet(tmp_path / "ours.parquet")
    gpd.GeoDataFrame(frame).to_parquet(tmp_path / "theirs.parquet")
    assert (tmp_path / "ours.parquet").read_bytes() == (tmp_path / "theirs.parquet").read_bytes()
    again = gpd.read_parquet(tmp_path / "ours.parquet")
    assert again.attrs["policy"] == verdicts.attrs["policy"]


def test_a_verdict_that_is_changed_changes_no_input() -> None:
    """The frame of verdicts shares no memory that can be written with that of the sites."""
    sites = ca.read_sites("data/town_sites.csv")
    before = sites.copy(deep=True)
    verdicts = ca.assess(sites, ca.read_centers("data/town_centers.csv"), as_of="2026-12-01")
    verdicts.loc[verdicts.index[0], ["site_id", "latitude"]] = ["changed", 0.0]
    verdicts.loc[verdicts.index[0], "geometry"] = shapely.Point(0, 0)
    pd.testing.assert_frame_equal(pd.DataFrame(sites), pd.DataFrame(before))
