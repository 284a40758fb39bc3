"""The batch job: files in, a run's folder out, every row accounted for."""

import csv
import hashlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import (
    CENTERS,
    READ,
    SITES,
    cells,
    centers_file,
    contents,
    judged,
    manifest,
    records,
    sites_file,
)

from coverage_analyzer import Policy, batch, policy
from coverage_analyzer.errors import CoverageError, FolderBusyError, InputError, PolicyError
from coverage_analyzer.files.readers import delimited, parquet
from coverage_analyzer.files.readers.excel import WorkbookFile
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.writers import formats
from coverage_analyzer.schema.verdict import TEXT_BESIDE, VERDICT

FILES = [
    "areas.geojson",
    "centers.csv",
    "map.html",
    "policy.toml",
    "rejects.csv",
    "report.csv",
    "run.json",
    "summary.csv",
    "summary.html",
]

EXPECTED = {
    "0001": ("Gold Plus", "qualified", "within_radius", "PHL", "US"),
    "0002": ("Gold Plus", "qualified", "within_radius", "PAR", "FR"),
    "0003": ("Gold", "fallback", "no_center_in_country", "", "DE"),
    "0004": ("Gold Plus", "qualified", "within_radius", "WDH", "NA"),
    "0005": ("Gold", "pending", "center_opens_later", "BOI", "US"),
    "0006": ("Gold", "fallback", "no_center_in_country", "", "NO"),
    "0008": ("Gold", "review", "null_island", "", ""),
    "0009": ("Gold", "review", "country_unknown", "", ""),
    "0010": ("Gold", "fallback", "beyond_radius", "PHL", "US"),
}
COLUMNS = ("level", "status", "reason", "center_id", "site_country")


def test_a_run_publishes_all_files_and_no_other(tmp_path: Path) -> None:
    """The folder's files are a contract; the manifest lists them."""
    judged(tmp_path)
    assert list(contents(tmp_path / "out")) == FILES
    assert sorted(manifest(tmp_path / "out")["files"]) == FILES


def test_the_verdicts(tmp_path: Path) -> None:
    """One row of each kind: a center across the border, one to open, one closed, no place."""
    judged(tmp_path)
    rows = records(tmp_path / "out" / "report.csv")
    assert {r["site_id"]: tuple(r[c] for c in COLUMNS) for r in rows} == EXPECTED


def test_input_columns_come_first_and_verbatim(tmp_path: Path) -> None:
    """Input columns keep name, order and text; the verdict's follow in their order."""
    judged(tmp_path)
    header, *rows = cells(tmp_path / "out" / "report.csv")
    given_header, *given_rows = [r for r in csv.reader(io.StringIO(SITES)) if r]
    assert header == [*given_header, *VERDICT]
    width = len(given_header)
    assert [r[:width] for r in rows] == [r for r in given_rows if r[0] in EXPECTED]


def test_miles_have_three_decimals(tmp_path: Path) -> None:
    """Distances print alike, whatever they are; where there is none the cell is empty."""
    judged(tmp_path)
    for row in records(tmp_path / "out" / "report.csv"):
        for name in ("distance_miles", "margin_miles"):
            _, point, decimals = row[name].partition(".")
            assert (row[name] == "") == (row["center_id"] == "")
            assert row[name] == "" or (point == "." and len(decimals) == 3)


def test_rejects_have_line_reason_detail_and_raw(tmp_path: Path) -> None:
    """Whoever mends the file finds the row by its line, and sees it as it stands."""
    judged(tmp_path)
    rows = records(tmp_path / "out" / "rejects.csv")
    assert [(r["line"], r["reason"], r["raw"]) for r in rows] == [
        ("8", "coordinate_not_a_number", "0007,bad,US,40_5,-75,"),
        ("13", "coordinate_out_of_range", "0011,swapped,AU,151.2,-33.9,"),
    ]
    assert "'_' is not allowed" in rows[0]["detail"]
    assert "swapped" in rows[1]["detail"]


def test_the_summary_adds_up(tmp_path: Path) -> None:
    """Counts by country, level and status are those of the report."""
    judged(tmp_path)
    keys = ("site_country", "level", "status")
    rows = records(tmp_path / "out" / "report.csv")
    counted = Counter(tuple(r[k] for k in keys) for r in rows)
    cells = records(tmp_path / "out" / "summary.csv")
    assert {tuple(r[k] for k in keys): int(r["sites"]) for r in cells} == counted
    assert list(cells[0]) == ["site_country", "site_country_name", "level", "status", "sites"]
    assert {r["site_country"]: r["site_country_name"] for r in cells}["NA"] == "Namibia"


def test_the_centers_as_used(tmp_path: Path) -> None:
    """All centers, sorted by id, with the country that decided; closed ones too."""
    judged(tmp_path)
    rows = records(tmp_path / "out" / "centers.csv")
    assert [r["center_id"] for r in rows] == ["BGO", "BOI", "BSL", "PAR", "PHL", "WDH"]
    assert [r["center_country"] for r in rows] == ["NO", "US", "CH", "FR", "US", "NA"]
    assert rows[0]["closes_on"] == "2026-06-30"


def test_the_manifest_says_what_the_run_was_made_of(tmp_path: Path) -> None:
    """Versions, policy and its hash, inputs and their hashes, columns, day, counts, ledger."""
    returned = judged(tmp_path)
    run = manifest(tmp_path / "out")
    assert run == returned
    assert run["policy"]["sha256"] == Policy.load().sha256
    assert run["as_of"] == "2026-12-01"
    assert run["inputs"]["sites"]["sha256"] == hashlib.sha256(SITES.encode()).hexdigest()
    assert run["inputs"]["centers"]["sha256"] == hashlib.sha256(CENTERS.encode()).hexdigest()
    assert run["columns"]["latitude"] == "latitude"
    assert run["centers"] == {"given": 6, "open": 4}
    assert run["trust_declared"] is False
    assert "OpenStreetMap" in run["countries"]
    assert run["counts"]["status"] == Counter(v[1] for v in EXPECTED.values())
    assert {"coverage_analyzer", "python", "libraries", "renamed_columns"} <= set(run)


def test_the_ledger_adds_up(tmp_path: Path) -> None:
    """Every record that was read is decided, rejected or blank."""
    ledger = judged(tmp_path)["ledger"]
    assert ledger == {"read": READ, "decided": len(EXPECTED), "rejected": 2, "blank": 1}


def test_a_ledger_that_does_not_add_up_publishes_nothing() -> None:
    """A lost row would be a fault of the program: it says so instead of publishing."""
    with pytest.raises(CoverageError, match="do not add up"):
        batch.Ledger(read=3, decided=1, rejected=1).check()
    ledger = batch.Ledger(read=3, decided=1, rejected=1, blank=1)
    ledger.check()
    assert str(ledger) == "read 3 = decided 1 + rejected 1 + blank 1"


@pytest.mark.parametrize("name", VERDICT)
def test_a_column_named_like_a_verdict_column_is_kept_under_another_name(
    tmp_path: Path, name: str
) -> None:
    """Last month's report is this month's input: old verdicts must not pass for new ones."""
    judged(tmp_path, f"id,{name},lat,lon\n1,old,40,-75\n")
    (row,) = records(tmp_path / "out" / "report.csv")
    assert row[f"input_{name}"] == "old"
    assert row[name] != "old"
    assert manifest(tmp_path / "out")["renamed_columns"] == {name: f"input_{name}"}


def test_a_report_can_be_judged_again(tmp_path: Path) -> None:
    """A report is a table of sites; its sites get the same verdicts, month after month."""
    judged(tmp_path)
    first = records(tmp_path / "out" / "report.csv")
    for _ in range(3):
        judged(tmp_path, (tmp_path / "out" / "report.csv").read_bytes())
        header, *_rows = cells(tmp_path / "out" / "report.csv")
        assert len(set(header)) == len(header)
        again = records(tmp_path / "out" / "report.csv")
        assert [[r[c] for c in VERDICT] for r in again] == [[r[c] for c in VERDICT] for r in first]


def test_a_file_without_country_and_id(tmp_path: Path) -> None:
    """Coordinates are enough: the country is where the point clearly lies."""
    judged(tmp_path, "lat,lon\n40,-75\n48.85,2.35\n")
    rows = records(tmp_path / "out" / "report.csv")
    assert [(r["site_country"], r["center_id"]) for r in rows] == [("US", "PHL"), ("FR", "PAR")]


def test_the_header_to_take_can_be_said(tmp_path: Path) -> None:
    """Headers in other languages are named by the user."""
    options = batch.Options(columns={"latitude": "Breite", "longitude": "L\u00e4nge"})
    judged(tmp_path, "Breite,L\u00e4nge\n40,-75\n", options=options)
    assert manifest(tmp_path / "out")["columns"] == {
        "latitude": "Breite",
        "longitude": "L\u00e4nge",
    }


def test_trust_declared_is_applied_and_written_down(tmp_path: Path) -> None:
    """A declared country that contradicts the place stands only on request."""
    text = "id,lat,lon,country\n1,48.85,2.35,US\n"
    judged(tmp_path, text)
    assert records(tmp_path / "out" / "report.csv")[0]["reason"] == "country_conflict"
    judged(tmp_path, text, options=batch.Options(trust_declared=True))
    assert records(tmp_path / "out" / "report.csv")[0]["site_country"] == "US"
    assert manifest(tmp_path / "out")["trust_declared"] is True


@pytest.mark.parametrize("kind", formats.FORMATS)
@pytest.mark.parametrize("text", ["id,lat,lon", "id,lat,lon\n", "id,lat,lon\n\n\n"])
def test_no_rows_give_an_empty_report(tmp_path: Path, kind: formats.Format, text: str) -> None:
    """A header alone is a table of no sites: the report has its columns and no rows."""
    run = judged(tmp_path, text, options=batch.Options(format=kind))
    names = ["id", "lat", "lon", *VERDICT]
    if kind.startswith("csv"):
        with pa.input_stream(str(tmp_path / "out" / f"report.{kind}"), "detect") as file:
            assert file.read().decode() == ",".join(f'"{name}"' for name in names) + "\n"
    elif kind == "xlsx":
        headers = WorkbookFile(tmp_path / "out" / "report.xlsx").headers
        assert [h for h in headers if h not in TEXT_BESIDE.values()] == names
    elif kind == "parquet":
        table = pq.ParquetFile(tmp_path / "out" / "report.parquet").read()
        assert (table.column_names, table.num_rows) == (names, 0)
    assert run["ledger"]["decided"] == 0


def typed() -> pa.Table:
    """Return sites as Parquet has them, with types that a CSV file cannot hold."""
    return pa.table(
        {
            "site_id": pa.array([7, 8, 9], pa.int64()),
            "latitude": pa.array([40.0, 48.85, None], pa.float64()),
            "longitude": pa.array([-75.0, 2.35, 1.0], pa.float32()),
            "country": pa.array(["US", None, "FR"]).dictionary_encode(),
            "since": pa.array([1, None, 3], pa.date32()),
            "tags": pa.array([["a"], [], None], pa.list_(pa.string())),
            "geometry": pa.array([b"\x01", b"\x02", None]),
        }
    )


def parquet_run(folder: Path, table: pa.Table, kind: formats.Format = "csv") -> dict[str, Any]:
    """Run over a Parquet file."""
    pq.write_table(table, folder / "sites.parquet")
    options = batch.Options(format=kind)
    arguments = (folder / "sites.parquet", centers_file(folder), folder / "out")
    return batch.run(*arguments, as_of="2026-12-01", options=options)


def test_parquet_keeps_types(tmp_path: Path) -> None:
    """Numbers, days, lists and geometry come out of Parquet as they went in."""
    parquet_run(tmp_path, typed(), "parquet")
    out = pq.ParquetFile(tmp_path / "out" / "report.parquet").read()
    assert out.num_rows == 2
    for name in ("site_id", "latitude", "longitude", "since", "tags", "geometry"):
        assert out.schema.field(name).type == typed().schema.field(name).type
        assert out.column(name).to_pylist() == typed().column(name).to_pylist()[:2]
    assert out.column("country").to_pylist() == ["US", None]
    assert out.schema.field("distance_miles").type == pa.float64()
    assert out.schema.field("available_on").type == pa.date32()
    assert out.column("level").to_pylist() == ["Gold Plus", "Gold Plus"]


def test_parquet_to_csv_leaves_geometry_out(tmp_path: Path) -> None:
    """Binary cells have no text; lists are written as JSON; the reject holds the row."""
    run = parquet_run(tmp_path, typed())
    rows = records(tmp_path / "out" / "report.csv")
    assert "geometry" not in rows[0]
    assert [r["tags"] for r in rows] == ['["a"]', "[]"]
    assert [r["since"] for r in rows] == ["1970-01-02", ""]
    (reject,) = records(tmp_path / "out" / "rejects.csv")
    assert (reject["line"], reject["reason"]) == ("3", "coordinate_missing")
    assert '"site_id": 9' in reject["raw"]
    assert run["ledger"] == {"read": 3, "decided": 2, "rejected": 1, "blank": 0}


@pytest.mark.parametrize("kind", formats.FORMATS)
@pytest.mark.parametrize(
    ("name", "cells_"),
    [
        ("latitude", pa.array([1], pa.date32())),
        ("country", pa.array([["US"]])),
        ("note", pa.array(["x"], pa.string_view())),
        ("accuracy_m", pa.array([{"m": 1}])),
    ],
)
def test_types_that_cannot_be_used_end_cleanly(
    tmp_path: Path, name: str, cells_: pa.Array, kind: formats.Format
) -> None:
    """A day as latitude, a list as country: an InputError that says so, or a report."""
    table = {"latitude": pa.array([40.0]), "longitude": pa.array([-75.0])} | {name: cells_}
    refused, read = "", 1
    try:
        read = parquet_run(tmp_path, pa.table(table), kind)["ledger"]["read"]
    except InputError as error:
        refused = str(error)
    assert read == 1
    assert not refused or name in refused


def test_a_truth_value_is_no_latitude(tmp_path: Path) -> None:
    """``true`` is no degree: it must not be read as 1."""
    table = pa.table({"latitude": pa.array([True]), "longitude": pa.array([-75.0])})
    with pytest.raises(InputError, match="latitude"):
        parquet_run(tmp_path, table)


def test_csv_and_parquet_give_the_same_verdicts(tmp_path: Path) -> None:
    """The verdict is on the site, not on the file that it stands in."""
    judged(tmp_path)
    rows = records(tmp_path / "out" / "report.csv")
    text = [r for r in csv.reader(io.StringIO(SITES)) if r]
    columns = {name: [row[i] for row in text[1:]] for i, name in enumerate(text[0])}
    parquet_run(tmp_path, pa.table(columns))
    again = records(tmp_path / "out" / "report.csv")
    assert again == rows


def test_parquet_rows_count_on_over_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reject's line is the row in the file, also behind the first batch."""
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 2)
    latitudes = [40.0, 41.0, 99.0, 42.0, None]
    table = pa.table({"latitude": latitudes, "longitude": [-75.0] * 5})
    run = parquet_run(tmp_path, table, "parquet")
    assert [r["line"] for r in records(tmp_path / "out" / "rejects.csv")] == ["3", "5"]
    assert run["ledger"] == {"read": 5, "decided": 3, "rejected": 2, "blank": 0}


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    """Neither text nor half a file is Parquet."""
    for data in (b"", b"PAR1", b"id,lat\n"):
        path = sites_file(tmp_path, data, "s.parquet")
        with pytest.raises(InputError, match=r"s\.parquet"):
            batch.run(path, centers_file(tmp_path), tmp_path / "out")


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """No clock, no order of hashing: the same input gives the same folder."""
    judged(tmp_path)
    first = contents(tmp_path / "out")
    judged(tmp_path)
    assert contents(tmp_path / "out") == first


@pytest.mark.parametrize("size", [64, 100, 333])
def test_the_size_of_blocks_does_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """All files are the same bytes, wherever blocks end."""
    text = SITES + "".join(SITES.splitlines(keepends=True)[1:]) * 3
    judged(tmp_path, text)
    first = contents(tmp_path / "out")
    monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
    judged(tmp_path, text)
    assert contents(tmp_path / "out") == first


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(EXPECTED))))
def test_the_order_of_rows_does_not_matter(tmp_path: Path, order: list[int]) -> None:
    """A site's verdict does not depend on the sites before it."""
    header, *rows = [r for r in SITES.splitlines() if r and r[:4] not in {"0007", "0011"}]
    judged(tmp_path, "\n".join([header, *(rows[i] for i in order)]))
    result = records(tmp_path / "out" / "report.csv")
    assert [r["site_id"] for r in result] == [rows[i][:4] for i in order]
    assert {r["site_id"]: tuple(r[c] for c in COLUMNS) for r in result} == EXPECTED


def test_duplicates_are_kept(tmp_path: Path) -> None:
    """Ids are the user's: two rows of one id are two rows of the report."""
    judged(tmp_path, "id,lat,lon\n1,40,-75\n1,40,-75\n1,41,-75\n")
    assert len(records(tmp_path / "out" / "report.csv")) == 3


@pytest.mark.parametrize(
    "options",
    [{"as_of": "2026-02-30"}, {"as_of": "soon"}, {"policy": "no-such"}],
)
def test_bad_arguments_do_not_touch_the_folder(tmp_path: Path, options: dict[str, Any]) -> None:
    """What is wrong from the start is told before anything is made."""
    with pytest.raises((InputError, PolicyError)):
        judged(tmp_path, **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nowhere.csv", "no/where", "x" * 300, "a\0b"])
def test_a_sites_file_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    """Whatever is given as a file, the end is an InputError."""
    with pytest.raises(InputError):
        batch.run(tmp_path / name, centers_file(tmp_path), tmp_path / "out")


def test_the_old_report_survives_a_failing_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle of the rows leaves the old folder byte for byte."""
    judged(tmp_path)
    first = contents(tmp_path / "out")

    def fail(_rows: int, _share: float) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(delimited, "BLOCK_BYTES", 100)
    with pytest.raises(RuntimeError, match="boom"):
        judged(tmp_path, options=batch.Options(progress=fail))
    assert contents(tmp_path / "out") == first


def test_progress_counts_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told on the way grows, and ends at what was read."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 100)
    seen: list[int] = []
    shares: list[float] = []

    def progress(rows: int, share: float) -> None:
        seen.append(rows)
        shares.append(share)

    judged(tmp_path, options=batch.Options(progress=progress))
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert (seen[-1], shares[-1]) == (READ, 1)


def test_a_folder_that_another_run_holds(tmp_path: Path) -> None:
    """The second run ends before it writes anything."""
    with Publication(tmp_path / "out"), pytest.raises(FolderBusyError):
        judged(tmp_path)


def test_another_format_replaces_the_report(tmp_path: Path) -> None:
    """A folder never holds two reports of different runs."""
    judged(tmp_path, options=batch.Options(format="parquet"))
    assert "report.csv" not in contents(tmp_path / "out")
    judged(tmp_path)
    assert "report.parquet" not in contents(tmp_path / "out")


@pytest.mark.parametrize("name", ["centers.csv", "summary.csv", "report.csv", "rejects.csv"])
def test_no_input_is_overwritten(tmp_path: Path, name: str) -> None:
    """``--centers centers.csv -o .``: the run's own centers.csv would replace the user's."""
    centers, sites = centers_file(tmp_path), sites_file(tmp_path)
    mine = (centers if name == "centers.csv" else sites).rename(tmp_path / name)
    arguments = (sites, mine) if name == "centers.csv" else (mine, centers)
    before = mine.read_bytes()
    refused = ""
    try:
        batch.run(*arguments, tmp_path, as_of="2026-12-01")
    except CoverageError as error:
        refused = str(error)
    assert mine.read_bytes() == before
    assert not refused or name in refused


def test_all_bad_centers_are_named_at_once(tmp_path: Path) -> None:
    """One error: duplicate id, bad coordinate, conflict, unknown country, bad day, null island."""
    text = (
        "center_id,lat,lon,country,opens_on\nA,40,-75,US,\nA,41,-75,US,\nC,bad,1,FR,\n"
        "D,48.85,2.35,DE,\nE,48.85,2.35,Atlantis,\nF,48.85,2.35,FR,2026-02-30\nG,0,0,FR,\n"
    )
    with pytest.raises(InputError) as caught:
        batch.run(sites_file(tmp_path), centers_file(tmp_path, text), tmp_path / "out")
    message = str(caught.value)
    assert [n for n in range(2, 9) if f"line {n}" not in message] == []


def test_bad_centers_name_their_file(tmp_path: Path) -> None:
    """Two files are read: the message says which one is meant, also for a wrong country."""
    for text in ("center_id,lat,lon\nA,x,1\n", "center_id,lat,lon,country\nA,48.85,2.35,DE\n"):
        with pytest.raises(InputError, match=r"network\.csv"):
            batch.run(sites_file(tmp_path), centers_file(tmp_path, text), tmp_path / "out")


def test_a_network_of_nothing_is_an_error(tmp_path: Path) -> None:
    """Without centers everybody would fall back, in silence."""
    with pytest.raises(InputError, match="centers are empty"):
        batch.run(
            sites_file(tmp_path), centers_file(tmp_path, "center_id,lat,lon\n"), tmp_path / "out"
        )


def test_a_run_where_all_centers_are_closed(tmp_path: Path) -> None:
    """Everybody falls back, and the folder is whole, with no area in it."""
    text = "center_id,lat,lon,country,closes_on\nA,40,-75,US,2020-01-01\n"
    batch.run(sites_file(tmp_path), centers_file(tmp_path, text), tmp_path / "out")
    assert list(contents(tmp_path / "out")) == FILES
    assert '"features":[' in (tmp_path / "out" / "areas.geojson").read_text("utf-8")


@pytest.mark.parametrize("kind", formats.FORMATS)
def test_a_parquet_file_without_rows_gives_an_empty_report(
    tmp_path: Path, kind: formats.Format
) -> None:
    """A nightly export may be empty: that is no error."""
    table = pa.table({"id": ["a"], "latitude": [1.0], "longitude": [2.0], "tags": [["x"]]})
    run = parquet_run(tmp_path, table.slice(0, 0), kind)
    assert run["ledger"] == {"read": 0, "decided": 0, "rejected": 0, "blank": 0}


def test_a_policy_whose_areas_cannot_be_drawn_is_judged(tmp_path: Path) -> None:
    """Limits by country but any country's center: verdicts stand, the map has no areas."""
    text = policy.text("appliance-maintenance")
    rules = tmp_path / "mine.toml"
    rules.write_text(text.replace("same_country = true", "same_country = false"), encoding="utf-8")
    run = judged(tmp_path, policy=rules)
    assert run["ledger"]["decided"] > 0
    assert any("No coverage areas" in warning for warning in run["warnings"])
    assert "areas.geojson" not in contents(tmp_path / "out")
    assert "map.html" in contents(tmp_path / "out")


def test_raw_texts_of_many_rejects(tmp_path: Path) -> None:
    """Each with its own line of the file, the last one without an end."""
    rows = "".join(f"{n},,2\r\n" for n in range(300))
    options = batch.Options(max_rejects="100%")
    judged(tmp_path, f"id,lat,lon\r\n{rows}x,,9", options=options)
    raws = [r["raw"] for r in records(tmp_path / "out" / "rejects.csv")]
    assert raws == [*(f"{n},,2" for n in range(300)), "x,,9"]


def test_parquet_holds_recurring_values_once(tmp_path: Path) -> None:
    """Codes and countries are dictionaries in the file, distances are not; all come back."""
    rows = "".join(f"S{n},{40 + n / 1000},-75,US\n" for n in range(100))
    text = "site_id,latitude,longitude,country\n" + rows
    judged(tmp_path, text, options=batch.Options(format="parquet"))
    file = pq.ParquetFile(tmp_path / "out" / "report.parquet")
    group = file.metadata.row_group(0)
    coded = {
        group.column(n).path_in_schema
        for n in range(group.num_columns)
        if group.column(n).has_dictionary_page
    }
    assert {"country", "level", "status", "reason", "center_id", "longitude"} <= coded
    assert not {"site_id", "latitude", "distance_miles"} & coded
    assert file.read(["site_id"]).column(0).to_pylist() == [f"S{n}" for n in range(100)]


@pytest.mark.parametrize("kind", [pa.null(), pa.binary_view(), pa.list_(pa.int8())])
def test_parquet_of_any_kind_passes_through(tmp_path: Path, kind: pa.DataType) -> None:
    """Kinds of which nothing can be counted are written as they are."""
    columns = {"latitude": [40.0], "longitude": [-75.0], "odd": pa.nulls(1, kind)}
    pq.write_table(pa.table(columns), tmp_path / "s.parquet")
    options = batch.Options(format="parquet")
    batch.run(tmp_path / "s.parquet", centers_file(tmp_path), tmp_path / "out", options=options)
    report = pq.ParquetFile(tmp_path / "out" / "report.parquet").read()
    assert report.column("odd").to_pylist() == [None]
