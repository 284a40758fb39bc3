"""Files and frames of requests give the same answers; rows without one are accounted for."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import records

import coverage_analyzer as ca
from coverage_analyzer.batch._commitments import CommitmentOptions, answer_requests
from coverage_analyzer.cli.main import program
from coverage_analyzer.due_times import calendars, time_zones
from coverage_analyzer.errors import InputError, MissingExtraError, PublishError
from coverage_analyzer.schema import columns

CENTERS = "center_id,country,latitude,longitude\nNYC,US,40.7128,-74.006\n"
SITES = """\
site_id,country,latitude,longitude,address,registered_on
S1,US,40.7357,-74.1724,"1 Main St, Newark",2026-01-01
S1,US,40.7357,-74.1724,"2 Main St, Newark",2026-12-05
S2,US,40.44,-80.0,,
S3,US,bad,-80.0,,
"""
REQUESTS = """\
request_id,site_id,authorised_at,rma_issued_at,address
R1,S1,2026-12-04T22:30,,"1 Main St, Newark"
R2,S1,2026-12-05T10:00,,"1 Main St, Newark"

R3,S2,,2026-12-04T22:30,
R4,S2,,4.12.2026,
R5,S3,2026-12-04T22:30,,
=R6,S9,2026-12-04T22:30,,
R7,S2,2026-12-04T22:30
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return requests, sites and centers, as files."""
    texts = {"requests": REQUESTS, "sites": SITES, "centers": CENTERS}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    requests, sites, centers = (tmp_path / f"{name}.csv" for name in texts)
    return requests, sites, centers


def answered(files: tuple[Path, Path, Path], **arguments: Any) -> tuple[dict[str, Any], Path]:
    """Answer the requests of files; return findings, and where the answers are."""
    output = files[0].with_name("out.csv")
    options = CommitmentOptions(rejects=files[0].with_name("rejects.csv"), **arguments)
    return answer_requests(*files, output, options=options), output


def test_every_row_of_a_file_is_accounted_for(files: tuple[Path, Path, Path]) -> None:
    """Answers in the order of the file; each other row with its line, code, reason and raw text."""
    findings, output = answered(files)
    rows = records(output)
    assert list(rows[0]) == list(columns.COMMITMENT)
    assert [(r["request_id"], r["status"], r["due_at"]) for r in rows] == [
        ("R1", "promised", "2026-12-05T02:30:00-05:00"),
        ("R2", "refused", ""),
        ("R3", "promised", "2026-12-08T00:00:00-05:00"),
    ]
    rejects = records(output.with_name("rejects.csv"))
    assert [(r["line"], r["reason"]) for r in rejects] == [
        ("6", "moment_not_readable"),
        ("7", "site_unknown"),
        ("8", "site_unknown"),
        ("9", "wrong_number_of_fields"),
    ]
    assert rejects[0]["raw"] == "R4,S2,,4.12.2026,"
    assert rejects[2]["raw"].startswith("'=R6")  # no spreadsheet runs it
    assert findings["ledger"] == {"read": 8, "decided": 3, "rejected": 4, "blank": 1}
    assert findings["status"] == {"promised": 2, "refused": 1}
    assert any("no column 'installed_on'" in warning for warning in findings["warnings"])


def test_answers_do_not_depend_on_the_kind_of_file(files: tuple[Path, Path, Path]) -> None:
    """Timestamps of Parquet, with a zone or without, are the moments of the text."""
    requests, *others = files
    table = {
        "request_id": ["R1", "R3"],
        "site_id": ["S1", "S2"],
        "authorised_at": pa.array([1796441400, None], pa.timestamp("s", "UTC")),
        "rma_issued_at": pa.array([None, 1796423400], pa.timestamp("s")),
        "address": ["1 Main St, Newark", None],
    }
    pq.write_table(pa.table(table), requests.with_suffix(".parquet"))
    _, output = answered((requests.with_suffix(".parquet"), *others))
    due = [row["due_at"] for row in records(output)]
    assert due == ["2026-12-05T02:30:00-05:00", "2026-12-08T00:00:00-05:00"]


@pytest.mark.filterwarnings("ignore:.* rejected .* rows?")
def test_a_notebook_gets_the_same_answers(files: tuple[Path, Path, Path]) -> None:
    """One row a request with its index, also without an answer; inputs stay as they are."""
    _, output = answered(files)
    sites, centers = ca.read_sites(files[1]), ca.read_centers(files[2])
    requests = pd.read_csv(io.StringIO(REQUESTS), dtype="string").iloc[[0, 1, 2, 4, 3]]
    before = requests.copy()
    with pytest.warns(UserWarning, match=r"No result for 2 requests"):
        answers = ca.commitments(requests, sites, centers)
    pd.testing.assert_frame_equal(requests, before)
    assert answers.index.tolist() == [0, 1, 2, 4, 3]
    assert answers["status"].tolist()[3:] == ["rejected", "rejected"]
    result = answers.iloc[:3].to_dict("records")
    assert result == records(output)


def test_timestamps_of_a_notebook_are_moments(files: tuple[Path, Path, Path]) -> None:
    """With a time zone they need none of the site; without, they are local to it."""
    sites = pd.read_csv(io.StringIO(SITES)).iloc[:3].astype({"latitude": float})
    centers = pd.read_csv(io.StringIO(CENTERS))
    moments = pd.to_datetime(["2026-12-04T22:30", None])
    requests = pd.DataFrame(
        {"request_id": [1, 2], "site_id": ["S1", "S2"], "authorised_at": moments}
    )
    requests["rma_issued_at"] = [pd.NaT, pd.Timestamp("2026-12-05T03:30Z")]
    answers = ca.commitments(requests, sites, centers)
    assert answers["due_at"].tolist() == ["2026-12-05T02:30:00-05:00", "2026-12-08T00:00:00-05:00"]
    assert answers["request_id"].tolist() == ["1", "2"]


def test_a_notebook_needs_the_columns(files: tuple[Path, Path, Path]) -> None:
    """What is not there is named."""
    sites, centers = pd.read_csv(io.StringIO(SITES)).iloc[:3], pd.read_csv(io.StringIO(CENTERS))
    requests = pd.read_csv(io.StringIO(REQUESTS))
    with pytest.raises(InputError, match="site_id"):
        ca.commitments(requests, sites.drop(columns="site_id"), centers)
    with pytest.raises(InputError, match="request_id"):
        ca.commitments(requests.drop(columns="request_id"), sites, centers)


def called(*arguments: str | Path) -> int | None:
    """Call the program with arguments as typed."""
    code: int | None = program.main([str(a) for a in arguments], standalone_mode=False)
    return code


def test_the_verb_writes_answers_to_standard_output(
    files: tuple[Path, Path, Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Data on stdout, talk on stderr, the ledger last."""
    requests, sites, centers = files
    arguments = ("commitments", requests, "--sites", sites, "--centers", centers)
    assert called(*arguments) == 0
    out, err = capsysbinary.readouterr()
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    assert [row["request_id"] for row in rows] == ["R1", "R2", "R3"]
    assert err.decode().splitlines()[-1] == "read 8 = decided 3 + rejected 4 + blank 1"
    assert called(*arguments, "--max-rejects", "3") == 1
    assert called(*arguments, "--max-rejects", "4") == 0


def test_the_verb_tells_machines_what_it_found(
    files: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard output, where then no answers may go."""
    requests, sites, centers = files
    arguments = ("commitments", requests, "--sites", sites, "--centers", centers, "--json")
    assert called(*arguments, "-o", tmp_path / "o.csv") == 0
    assert json.loads(capsys.readouterr().out)["ledger"]["decided"] == 3
    with pytest.raises(click.UsageError, match="-o FILE"):
        called(*arguments)


def test_the_verb_reads_another_form_of_dates(
    files: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """Headers, form and day may be said."""
    requests, sites, centers = files
    requests.write_text("ticket no;site_id;authorised_at\n7;S1;04.12.2026 22:30\n", "utf-8")
    output = tmp_path / "o.csv"
    arguments = ("--sites", sites, "--centers", centers, "-o", output, "--quiet")
    form = ("--moment-format", "%d.%m.%Y %H:%M", "--request-column", "request_id=ticket no")
    assert called("commitments", requests, *arguments, *form) == 0
    assert records(output)[0]["due_at"] == "2026-12-05T02:30:00-05:00"


def test_no_input_is_written_over(files: tuple[Path, Path, Path]) -> None:
    """Nor are answers and rejects one file."""
    requests, sites, centers = files
    with pytest.raises(InputError, match="is an input file"):
        answer_requests(*files, sites)
    twice = CommitmentOptions(rejects=requests.with_name("o.csv"))
    with pytest.raises(InputError, match="is the output file for"):
        answer_requests(*files, requests.with_name("o.csv"), options=twice)
    assert sites.read_text("utf-8") == SITES
    assert centers.read_text("utf-8") == CENTERS


def test_an_old_file_stays_if_the_new_one_cannot_be_written(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half of it either, and nothing is left beside it."""
    output = files[0].with_name("out.csv")
    output.write_text("old", "utf-8")

    def fail(_self: Path, _target: Path) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PublishError, match="no space"):
        answer_requests(*files, output)
    assert output.read_text("utf-8") == "old"
    assert sorted(p.name for p in output.parent.iterdir()) == [
        "centers.csv",
        "out.csv",
        "requests.csv",
        "sites.csv",
    ]
    with pytest.raises(PublishError, match="cannot be written"):
        answer_requests(*files, output.parent / "nowhere" / "out.csv")


@pytest.mark.parametrize("library", ["tzfpy", "holidays"])
def test_a_missing_library_is_named(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """With the command that installs it."""
    calendars.calendar.cache_clear()
    time_zones.near.cache_clear()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=r"install .*\[terms\]'"):
        answered(files)


def test_the_job_needs_no_pandas(files: tuple[Path, Path, Path]) -> None:
    """Half a second of every start."""
    code = (
        "import sys; from coverage_analyzer.batch._commitments import answer_requests; "
        f"answer_requests(*{[str(f) for f in files]}, {str(files[0].with_name('o.csv'))!r}); "
        "assert not {'pandas', 'geopandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / "data").is_dir(), reason="not in the repository")
def test_the_guide_shows_what_the_sample_gives(tmp_path: Path) -> None:
    """Each row of the table in the guide is what the job answers to the sample requests."""
    data = ROOT / "data"
    output, rejects = tmp_path / "o.csv", tmp_path / "r.csv"
    answer_requests(
        data / "requests.csv",
        data / "request_sites.csv",
        data / "service_centers.csv",
        output,
        options=CommitmentOptions(rejects=rejects),
    )
    guide = (ROOT / "docs" / "commitments.md").read_text("utf-8")
    shown = ("request_id", "level", "status", "promise", "due_at", "center_id", "reason")
    for row in records(output):
        assert f"| {' | '.join(row[name] for name in shown)} |" in guide
    for row in records(rejects):
        assert f"| {row['line']} | {row['reason']} | {row['detail']} |" in guide
