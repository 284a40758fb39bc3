"""A file of addresses in, a file of sites out: by the job, the verb and the frame."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import stub
from running import AS_OF, cells, centers_file, records
from stub import Stub

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._geocode import Options, geocode
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import FolderBusyError, InputError, PublishError, ServiceError
from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.files.work_folder import WorkFolder
from coverage_analyzer.geocoding import Limits, Service
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.schema import columns

QUICK = Limits(timeout_s=0.3, deadline_s=0.6, attempts=2, pause_s=0.01)

ADDRESSES = """\
id,Lat,street,number,plz,Ort,country,note
1,x,Kreuzstrasse,12,9496,Balzers,LI,"=1+1, ""so"" x"
2,,Kreuzstrasse,12,9490,Balzers,LI,wrong postcode
3,,,,,,LI,no address

4,,Nowhere Road,5,,Nowhere at all,LI,+41 79 1
5,short
"""
COLUMNS = {"house_number": "number"}
ADDED = list(columns.GEOCODED)


@pytest.fixture
def addresses(tmp_path: Path) -> Path:
    """Return a file of addresses."""
    path = tmp_path / "addresses.csv"
    path.write_text(ADDRESSES, encoding="utf-8")
    return path


def service(server: Stub, cache: Path) -> Service:
    """Return a server that is asked with little patience."""
    return Service(server=server.url, cache=cache, limits=QUICK)


def test_every_row_is_kept_with_its_columns(server: Stub, cache: Path, addresses: Path) -> None:
    """In order, formulas escaped; what is added stands behind; a row without a place says why."""
    out = addresses.with_name("sites.csv")
    rejects = addresses.with_name("rejects.csv")
    options = Options(columns=COLUMNS, rejects=rejects)
    result = geocode(addresses, out, service(server, cache), options=options)
    assert result["ledger"] == {"read": 6, "decided": 4, "rejected": 1, "blank": 1}
    header, *rows = cells(out)
    expected = ["id", "input_Lat", "street", "number", "plz", "Ort", "country", "note"]
    assert header == [*expected, *ADDED]
    assert [row[:8] for row in rows] == [
        ["1", "x", "Kreuzstrasse", "12", "9496", "Balzers", "LI", '\'=1+1, "so" x'],
        ["2", "", "Kreuzstrasse", "12", "9490", "Balzers", "LI", "wrong postcode"],
        ["3", "", "", "", "", "", "LI", "no address"],
        ["4", "", "Nowhere Road", "5", "", "Nowhere at all", "LI", "+41 79 1"],
    ]
    by_id = {row["id"]: row for row in records(out)}
    grades = [row["geocode_grade"] for row in by_id.values()]
    assert grades == ["rooftop", "city", "none", "none"]
    one = by_id["1"]
    assert (one["latitude"], one["longitude"]) == ("47.0724487", "9.5103945")
    assert (one["accuracy_m"], one["geocoded_by"]) == ("50", f"nominatim {server.url}")
    assert one["matched_address"].startswith("12, Kreuzstrasse")
    assert by_id["3"]["geocode_reason"] == "no_address"
    assert by_id["4"]["geocode_reason"] == "not_found"
    assert [by_id["4"][c] for c in ("latitude", "longitude", "accuracy_m")] == [""] * 3
    assert [r["line"] for r in records(rejects)] == ["7"]
    assert result["renamed_columns"] == {"Lat": "input_Lat"}


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "csv.gz"])
def test_other_formats_hold_the_same(kind: str, server: Stub, cache: Path, addresses: Path) -> None:
    """Numbers are numbers there, and what is missing is null."""
    out = addresses.with_name(f"sites.{kind}")
    geocode(addresses, out, service(server, cache), options=Options(columns=COLUMNS))
    if kind == "parquet":
        frame = pq.read_table(out).to_pandas()
        assert frame["latitude"].isna().tolist() == [False, False, True, True]
        assert frame["note"][0] == '=1+1, "so" x'
    else:
        read = ca.read_sites
        with pytest.warns(UserWarning, match="2 row"):
            sites = read(out)
        assert sites["accuracy_m"].tolist() == [50.0, 15_000.0]


def test_a_formula_in_an_answer_is_made_inert(server: Stub, cache: Path, addresses: Path) -> None:
    """Neither what the user wrote nor what comes from elsewhere runs; our readers restore it."""
    for places in server.answers.values():
        for place in places:
            place["display_name"] = "=HYPERLINK(1)"
    out = addresses.with_name("sites.csv")
    for raw, shown in ((False, "'=HYPERLINK(1)"), (True, "=HYPERLINK(1)")):
        options = Options(columns=COLUMNS, raw_text=raw)
        geocode(addresses, out, service(server, cache), options=options)
        assert records(out)[0]["matched_address"] == shown
        assert records(out)[0]["note"].startswith("=1+1" if raw else "'=1+1")
        with pytest.warns(UserWarning, match="2 row"):
            assert ca.read_sites(out)["note"][0].startswith("=1+1")


def test_the_geocoded_run(server: Stub, cache: Path, addresses: Path) -> None:
    """A run takes the file as it is: the row without a place is a reject with a reason."""
    out = addresses.with_name("sites.csv")
    geocode(addresses, out, service(server, cache), options=Options(columns=COLUMNS))
    centers = centers_file(addresses.parent, "center_id,lat,lon,country\nV,47.14,9.52,LI\n")
    manifest = batch.run(out, centers, addresses.parent / "run", as_of=AS_OF)
    assert manifest["counts"]["status"] == {"qualified": 2}
    assert manifest["counts"]["rejects"] == {"coordinate_missing": 2}


def test_a_city_near_the_limit_is_no_promise(server: Stub, cache: Path) -> None:
    """The same place, known to a house or to a city: a promise here, a review there."""
    table = pd.DataFrame(
        {
            "street": ["Kreuzstrasse", ""],
            "house_number": ["12", ""],
            "city": ["Balzers", "Vaduz"],
            "postcode": ["9496", ""],
            "country": ["LI", "LI"],
        }
    )
    sites = ca.geocode(table, server=server.url, cache=cache)
    assert sites["geocode_grade"].tolist() == ["rooftop", "city"]
    # 6 km within the limit of 50 miles for both: more than a house is unsure, less than a city.
    north = [point.y + (50 * MILE_M - 6_000) / 111_200 for point in sites.geometry]
    statuses = []
    for row, lat in enumerate(north):
        center = pd.DataFrame(
            {"center_id": ["C"], "latitude": [lat], "longitude": [9.5], "country": ["LI"]}
        )
        verdicts = ca.assess(sites.iloc[[row]], center, as_of=AS_OF, trust_declared=True)
        statuses += verdicts[["level", "status", "reason"]].to_numpy().tolist()
    assert statuses == [
        ["Gold Plus", "qualified", "within_radius"],
        ["Gold", "review", "borderline"],
    ]


def test_frames_keep_index_and_columns(server: Stub, cache: Path) -> None:
    """The input stays as it was; a name that is taken makes way, with a warning."""
    table = pd.DataFrame(
        {"Anschrift ": ["Kreuzstrasse, Balzers", None], "lat": [1, 2]}, index=["a", "b"]
    )
    before = table.copy()
    with pytest.warns(UserWarning, match="input_lat"):
        sites = ca.geocode(table, server=server.url, cache=cache, columns={"address": "Anschrift "})
    pd.testing.assert_frame_equal(table, before)
    assert isinstance(sites, gpd.GeoDataFrame)
    assert sites.index.tolist() == ["a", "b"]
    assert list(sites.columns) == ["Anschrift ", "input_lat", *ADDED, "geometry"]
    assert sites["geocode_grade"].tolist() == ["street", "none"]
    assert sites.geometry.isna().tolist() == [False, True]
    assert sites.crs == "EPSG:4326"


def test_points_of_the_input_make_way(server: Stub, cache: Path) -> None:
    """A frame that was geocoded is geocoded again, and keeps what it had under other names."""
    table = pd.DataFrame({"address": ["Kreuzstrasse, Balzers"]})
    first = ca.geocode(table, server=server.url, cache=cache)
    again = first
    for _ in range(2):
        with pytest.warns(UserWarning, match="input_geometry"):
            again = ca.geocode(again, server=server.url, cache=cache)
    assert again.columns.is_unique
    assert {"input_geometry", "input_input_geometry"} < set(again.columns)
    assert again.geometry.geom_equals(first.geometry).all()


def test_accuracy_can_be_calibrated(server: Stub, cache: Path) -> None:
    """From the cache, too: what is kept is the grade."""
    table = pd.DataFrame({"address": ["Kreuzstrasse, Balzers"]})
    for metres in (500.0, 321.0):
        sites = ca.geocode(table, server=server.url, cache=cache, accuracy_m={"street": metres})
        assert sites["accuracy_m"].tolist() == [metres]
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ["sites.json", "sites", "addresses.csv"])
def test_an_output_that_cannot_be_is_told(
    name: str, server: Stub, cache: Path, addresses: Path
) -> None:
    """Another format, or the file that is read; before anything is asked."""
    with pytest.raises(InputError):
        geocode(addresses, addresses.with_name(name), service(server, cache))
    assert server.asked == []
    assert addresses.read_text("utf-8") == ADDRESSES


def test_a_table_without_addresses_is_told(server: Stub, cache: Path, tmp_path: Path) -> None:
    """With the columns that it has."""
    path = tmp_path / "a.csv"
    path.write_text("id,country\n1,LI\n", encoding="utf-8")
    with pytest.raises(InputError, match="No address column"):
        geocode(path, tmp_path / "b.csv", service(server, cache))
    with pytest.raises(InputError, match="No address column"):
        ca.geocode(pd.DataFrame({"id": [1]}), cache=cache)


def test_a_failure_leaves_the_old_file(server: Stub, cache: Path, addresses: Path) -> None:
    """And nothing beside it."""
    out = addresses.with_name("sites.csv")
    out.write_text("old", encoding="utf-8")
    server.always = stub.broken
    with pytest.raises(ServiceError):
        geocode(addresses, out, service(server, cache), options=Options(columns=COLUMNS))
    assert out.read_text("utf-8") == "old"
    assert {p.name for p in addresses.parent.iterdir()} == {"addresses.csv", "sites.csv"}


def test_a_file_is_replaced_by_one_at_a_time(tmp_path: Path) -> None:
    """Who comes second is told; what a killed process left is removed."""
    path = tmp_path / "a.csv"
    work = WorkFolder.create(tmp_path, "a.csv")
    (work.path / ".workbook-1").mkdir(parents=True)
    (work.path / "a.csv").write_text("half", encoding="utf-8")
    os.close(work.lock or 0)
    with replacing(path) as part:
        assert not part.exists()
        with pytest.raises(FolderBusyError), replacing(path):
            pass
        part.write_text("new", encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text("utf-8") == "new"


def test_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    """A folder, or a place in none."""
    for path in (tmp_path, tmp_path / "nowhere" / "a.csv"):
        with pytest.raises(PublishError), replacing(path):
            pass


def program_process(*arguments: Any) -> "subprocess.Popen[str]":
    """Start the program."""
    command = [sys.executable, "-m", "coverage_analyzer", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


def test_a_killed_job_goes_on_where_it_was(server: Stub, cache: Path, tmp_path: Path) -> None:
    """What was answered before is not asked again; the file comes whole in the end."""
    rows = "".join(f'{n},"Kreuzstrasse {n}, Nowhere {n}"\n' for n in range(40))
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("id,address\n" + rows, encoding="utf-8")

    def slow(handler: stub.Handler) -> None:
        time.sleep(0.05)
        handler.give(200, "[]")

    server.always = slow
    call = ("geocode", path, "-o", out, "--server", server.url, "--cache", cache)
    first = program_process(*call)
    end = time.monotonic() + 60
    while len(server.asked) < 20 and time.monotonic() < end:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    calls = len(set(server.asked))
    assert not out.exists()
    server.always = None
    before = set(server.asked[:-2])  # of the last row, not all questions were answered
    server.asked.clear()
    second = program_process(*call)
    _, output = second.communicate(timeout=60)
    assert second.returncode == 0
    assert output.splitlines()[-1] == "read 40 = decided 40 + rejected 0 + blank 0"
    assert calls >= 20
    assert not before & set(server.asked)
    assert len(records(out)) == 40
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["a.csv", "b.csv"]


def test_the_verb_ends_with_the_ledger(
    server: Stub, cache: Path, addresses: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts by grade and reason, who was asked, and that rows have no place."""
    call = ["geocode", str(addresses), "-o", str(addresses.with_name("s.csv"))]
    call += ["--server", server.url, "--cache", str(cache), "--column", "house_number=number"]
    assert program.main([*call, "--json"], standalone_mode=False) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert data["grades"] == {"rooftop": 1, "city": 1, "none": 2}
    assert data["questions"]["asked"] == 3
    assert err.splitlines()[-1] == "read 6 = decided 4 + rejected 1 + blank 1"
    for part in ("rooftop", "no_address", "'input_Lat'", "OpenStreetMap", "2 addresses"):
        assert part in err
    more = ["--quiet", "--max-unfound", "1", "--accuracy", "rooftop=75"]
    assert program.main([*call, *more], standalone_mode=False) == 1
    assert records(addresses.with_name("s.csv"))[0]["accuracy_m"] == "75"


def ended(*arguments: Any) -> tuple[int, str]:
    """Call the program to its end; return its code and what it said."""
    process = program_process(*arguments)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, err


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--public", "--server", "http://127.0.0.1:9"),
        ("--public", "--offline"),
        ("--public",),
        ("--server", "127.0.0.1:9"),
        ("--offline", "--accuracy", "roof=5"),
        ("--offline", "--accuracy", "city"),
    ],
)
def test_a_slip_of_the_user_is_told(wrong: tuple[str, ...], cache: Path, addresses: Path) -> None:
    """Exit 2, and nothing was fetched that nobody asked for."""
    out = addresses.with_name("s.csv")
    code, err = ended("geocode", addresses, "-o", out, "--cache", cache, *wrong)
    assert code == 2
    assert "Error" in err
    assert not out.exists()


def test_a_service_that_never_answers_has_its_exit_code(cache: Path, addresses: Path) -> None:
    """Exit 3; what to do instead is said."""
    chosen = ("--server", "http://127.0.0.1:9", "--cache", cache, "--column", "house_number=number")
    code, err = ended("geocode", addresses, "-o", addresses.with_name("s.csv"), *chosen)
    assert code == 3
    assert "--offline" in err
