"""Outputs that are inputs, links in their place, names of other kinds: nothing of the user's goes.

Each case is run as a user would run it; every file that was there has to be there afterwards.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from running import AS_OF, CENTERS, SITES, contents, judged, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._commitments import CommitmentOptions, answer_requests
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.atomic import publish, replacing
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.overwriting import RunFolder, refuse_overwriting
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.work_folder import WorkFolder
from coverage_analyzer.policy import text

REQUESTS: Final = "request_id,site_id,requested_at\n1,0001,2026-12-01T10:00:00-05:00\n"
PRODUCTS: Final = "product,version,end_of_mainstream\nX,1,2030-01-01\n"
DAYS: Final = ("--from", "2026-12-01", "--to", "2027-06-30")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with inputs of each kind; it is where commands are run."""
    (tmp_path / "in").mkdir()
    for name in ("s.csv", "in/a.csv", "in/b.csv"):
        (tmp_path / name).write_text(SITES, encoding="utf-8")
    (tmp_path / "c.csv").write_text(CENTERS, encoding="utf-8")
    (tmp_path / "r.csv").write_text(REQUESTS, encoding="utf-8")
    (tmp_path / "p.csv").write_text(PRODUCTS, encoding="utf-8")
    (tmp_path / "own.toml").write_text(text("appliance-maintenance"), encoding="utf-8")
    (tmp_path / "addresses.csv").write_text("city,country\nVaduz,LI\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to("s.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "s.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(folder: Path, work: Callable[[], Any], name: str) -> None:
    """Do work that has to be refused with a name of a file, and see that nothing has changed."""
    before = contents(folder)
    with pytest.raises(InputError) as error:
        work()
    assert name in str(error.value)
    assert "Choose a different" in str(error.value)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("run in --centers c.csv -o in", "in"),
        ("run in/*.csv --centers c.csv -o in", "in"),
        ("run s.csv --centers c.csv -o out --table sqlite:///c.csv?table=t", "c.csv"),
        (
            "run sqlite:///x.db?table=t --centers c.csv -o out --table sqlite:///x.db?table=T",
            "x.db",
        ),
        ("check s.csv --rejects s.csv", "s.csv"),
        ("check s.csv --rejects link.csv", "link.csv"),
        ("check link.csv --rejects s.csv", "s.csv"),
        ("check s.csv --rejects hard.csv", "hard.csv"),
        ("check in --rejects in/a.csv", "a.csv"),
        ("check in --rejects in/new.csv", "new.csv"),
        ("check in/*.csv --rejects in/new.csv", "new.csv"),
        ("check sqlite:///x.db?table=t --rejects x.db", "x.db"),
        ("check s.csv --policy own.toml --rejects own.toml", "own.toml"),
        (f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o c.csv", "c.csv"),
        (f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o in/../c.csv", "c.csv"),
        (f"timeline s.csv --centers c.csv --products p.csv {' '.join(DAYS)} -o p.csv", "p.csv"),
        (f"timeline in --centers c.csv {' '.join(DAYS)} -o in/b.csv", "b.csv"),
        (f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o t.csv --plot t.csv", "t.csv"),
        ("letter in --site 0001 --centers c.csv -o in/a.csv", "a.csv"),
        ("letter s.csv --site 0001 --centers c.csv --policy own.toml -o own.toml", "own.toml"),
        ("commitments r.csv --sites in --centers c.csv -o in/a.csv", "a.csv"),
        ("commitments r.csv --sites s.csv --centers c.csv --products p.csv -o p.csv", "p.csv"),
        ("commitments r.csv --sites s.csv --centers c.csv -o o.csv --rejects O.csv", "O.csv"),
        ("geocode addresses.csv --offline --cache k.db -o o.csv --rejects o.csv", "o.csv"),
        ("geocode addresses.csv --offline --cache o.csv -o o.csv", "o.csv"),
        ("geocode addresses.csv --offline --cache addresses.csv -o o.csv", "addresses.csv"),
        ("areas c.csv -o c.csv", "c.csv"),
        ("areas c.csv --policy own.toml -o own.toml", "own.toml"),
    ],
)
def test_an_output_that_is_an_input(folder: Path, command: str, name: str) -> None:
    """Refused before any work, whatever the way in which both are named."""
    refused(folder, lambda: program.main(command.split(), standalone_mode=False), name)


@pytest.mark.filterwarnings("ignore:.*rejected")
def test_an_output_that_is_an_input_in_python(folder: Path) -> None:
    """The same rule."""
    policy = ca.Policy.load("own.toml")
    sites, centers = ca.read_sites("in/a.csv"), ca.read_centers("c.csv")
    verdicts = ca.assess(sites, centers, policy)
    (folder / "out").mkdir()
    (folder / "out" / "report.csv").write_text(text("appliance-maintenance"), encoding="utf-8")
    own = str(folder / "out" / "report.csv")
    twice = CommitmentOptions(rejects="o.csv")
    for name, work in {
        "s.csv": lambda: ca.read_sites("s.csv", rejects="link.csv"),
        "x.csv": lambda: ca.read_sites("in", rejects="in/x.csv"),
        "out/report.csv": lambda: ca.write_report(verdicts, "out", policy=own),
        "c.csv": lambda: batch.timeline("s.csv", "c.csv", "c.csv", days=(AS_OF, AS_OF)),
        "o.csv": lambda: answer_requests("r.csv", "s.csv", "c.csv", "o.csv", options=twice),
        "in": lambda: batch.run("in", "c.csv", "in"),
    }.items():
        refused(folder, work, name if name != "s.csv" else "link.csv")


def test_a_run_folder_is_spared(folder: Path) -> None:
    """Its report as sites or its centers as centers: the run would take them away."""
    judged(folder)
    for command in (
        "run out/report.csv --centers c.csv -o out",
        "run s.csv --centers out/centers.csv -o out",
        "run s.csv --centers c.csv --products out/rejects.csv -o out",
        "map out -o out/report.csv",
        "map out -o out/run.json",
        "drive-times out --osm out/map.html",
    ):
        name = "rejects.csv" if "products" in command else "out"
        refused(folder, lambda c=command: program.main(c.split(), standalone_mode=False), name)


def test_what_is_no_input_is_written(folder: Path) -> None:
    """A folder below the input, a hidden file in it, another table of the same database."""
    with sqlite3.connect("x.db") as base:
        base.execute(
            "CREATE TABLE t AS SELECT 'A' AS site_id, 40.0 AS latitude, -75.0 AS longitude"
        )
    base.close()
    base_ = "sqlite:///x.db"
    for command in (
        "run in --centers c.csv -o in/out --no-map --no-areas",
        "run in/a.csv --centers c.csv -o in/out2 --no-map --no-areas",
        "check in --rejects in/.rejects.csv",
        "check in/a*.csv --rejects in/rejects.csv",
        f"run {base_}?table=t --centers c.csv -o out --no-map --no-areas --table {base_}?table=v",
        "check s.csv --policy appliance-maintenance --rejects appliance-maintenance",
    ):
        program.main(command.split(), standalone_mode=False)
    assert (folder / "in" / "a.csv").read_text("utf-8") == SITES
    assert (folder / "in" / "rejects.csv").is_file()


@pytest.mark.parametrize(
    "command",
    [
        "run s.csv --centers c.csv -o -",
        "letter s.csv --site 0001 --centers c.csv -o -",
        "map out -o -",
        "areas c.csv -o -",
        f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o -",
        f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o t.csv --plot -",
        "check s.csv --rejects -",
        "commitments r.csv --sites s.csv --centers c.csv -o o.csv --rejects -",
        "geocode addresses.csv --offline --cache k.db -o -",
    ],
)
def test_standard_output_is_no_file_of_that_name(folder: Path, command: str) -> None:
    """Only `commitments` writes its result there; a file called ``-`` is a mistake."""
    judged(folder)
    before = contents(folder)
    with pytest.raises(InputError, match="cannot be written to standard output"):
        program.main(command.split(), standalone_mode=False)
    assert contents(folder) == before


def test_commitments_go_to_standard_output_by_a_dash(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """As they do without ``-o``."""
    shown = []
    for output in ([], ["-o", "-"]):
        command = ["commitments", "r.csv", "--sites", "s.csv", "--centers", "c.csv", *output]
        program.main(command, standalone_mode=False)
        shown.append(capfdbinary.readouterr().out)
    assert shown[0] == shown[1] != b""
    assert not (folder / "-").exists()


def test_parts_of_a_shapefile_and_uris_are_inputs(tmp_path: Path) -> None:
    """What is read beside the file that is named, and what Spark names with its scheme."""
    for suffix in (".shp", ".dbf"):
        (tmp_path / f"a{suffix}").write_bytes(b"x")
    with pytest.raises(InputError, match=r"a\.dbf is an input file"):
        refuse_overwriting({"rejects": tmp_path / "a.dbf"}, [tmp_path / "a.shp"])
    out = (tmp_path / "out").as_uri()
    with pytest.raises(InputError, match=r"part-0\.csv|report\.csv"):
        refuse_overwriting({"report": RunFolder(out, ["report.csv"])}, [f"{out}/report.csv/part-0"])
    refuse_overwriting({"report": RunFolder("s3a://b/out", ["report.csv"])}, ["s3a://b/out", "-"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("postgresql://a:b@h/d?table=t", "postgresql://c@h/d?table=t"),
        ("postgresql://h/d?table=t&schema=s", "postgresql://h/d?table=t"),
    ],
)
def test_a_table_that_is_read_is_not_replaced(one: str, other: str) -> None:
    """The report of a report would take away what it was made of."""
    with pytest.raises(InputError, match="is an input table"):
        refuse_overwriting({"report": other}, [one])
    refuse_overwriting({"report": other.replace("table=t", "table=u")}, [one])


@pytest.mark.parametrize(
    "command",
    [
        "letter s.csv --site 0001 --centers c.csv -o l.docx",
        "map out -o m.svg",
        "areas c.csv -o a.shp",
        f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o t.pdf",
        f"timeline s.csv --centers c.csv {' '.join(DAYS)} -o t.csv --plot t.docx",
        "check s.csv --rejects r.xlsx",
        "check s.csv --rejects r.csv.gz",
        "commitments r.csv --sites s.csv --centers c.csv -o o.json",
        "geocode addresses.csv --offline --cache k.db -o o.ods",
    ],
)
def test_a_name_of_another_kind(folder: Path, command: str) -> None:
    """A .pdf that no reader opens is refused before any work."""
    judged(folder)
    before = contents(folder)
    with pytest.raises(InputError, match="unsupported extension"):
        program.main(command.split(), standalone_mode=False)
    assert contents(folder) == before


def test_a_name_that_says_nothing_is_taken() -> None:
    """``letter.2026`` and ``rejects`` promise no format."""
    for name in ("rejects", "rejects.2026", "St. 5", "x.CSV"):
        assert kind_of(name, [".csv"], what="They are", default=".csv") == ".csv"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Return a folder of somebody else."""
    (tmp_path / "victim" / "sub").mkdir(parents=True)
    (tmp_path / "victim" / "thesis.txt").write_text("precious", encoding="utf-8")
    (tmp_path / "victim" / "sub" / "f").write_text("1", encoding="utf-8")
    return tmp_path / "victim"


@pytest.mark.parametrize("kind", ["link", "folder", "file", "work folder", "link to a work folder"])
def test_a_name_that_was_prepared(tmp_path: Path, victim: Path, kind: str) -> None:
    """Whoever may write into a folder shared by a group gets nothing removed that is not ours."""
    shared, before = tmp_path / "shared", contents(victim)
    shared.mkdir()
    names = [
        ".letter.html.part",
        ".report.csv.part",
        ".report.csv.old",
        ".publishing",
        ".run.json.old",
    ]
    names += [".workbook.part", ".areas-1", ".coverage-analyzer-aaaaaaaa", ".probe.part"]
    for name in names:
        match kind:
            case "link":
                (shared / name).symlink_to(victim)
            case "folder":
                (shared / name).mkdir()
                (shared / name / "mine").write_text("mine", encoding="utf-8")
            case "file":
                (shared / name).write_text("mine", encoding="utf-8")
            case "work folder":  # a marker of another name, and a mode that ours have not
                (shared / name).mkdir(mode=0o755)
                marker = {"folder": name, "target": ""}
                (shared / name / "work-folder.json").write_text(json.dumps(marker))
            case _:
                (victim / "work-folder.json").write_text(json.dumps({"folder": name, "target": ""}))
                (shared / name).symlink_to(victim)
    before, there = contents(victim), contents(shared)
    publish(shared / "letter.html", "new")
    with Publication(shared / "."):
        pass
    judged(tmp_path, options=batch.Options(areas=False, map=False))
    batch.run(tmp_path / "sites.csv", tmp_path / "network.csv", shared, as_of=AS_OF)
    assert contents(victim) == before
    assert {n: contents(shared).get(n) for n in there} == there


def test_a_marker_proves_its_own_folder_only(tmp_path: Path) -> None:
    """A private folder that was moved here is not ours, whatever lies in it."""
    work = WorkFolder.create(tmp_path, "a.html")
    moved = work.path.with_name(".coverage-analyzer-moved_00")
    os.close(work.lock or 0)
    work.path.rename(moved)
    (moved / "thesis.txt").write_text("precious", encoding="utf-8")
    publish(tmp_path / "a.html", "new")
    with Publication(tmp_path):
        pass
    assert (moved / "thesis.txt").read_text("utf-8") == "precious"


def test_a_link_in_place_of_an_output_is_replaced(tmp_path: Path) -> None:
    """Never followed: what it points to stays."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "rejects.csv").symlink_to("mine.txt")
    batch.check(sites_file(tmp_path), rejects=tmp_path / "rejects.csv")
    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"
    assert not (tmp_path / "rejects.csv").is_symlink()


def test_standard_output_that_is_a_file_is_written_to(tmp_path: Path) -> None:
    """``-o /dev/stdout > file`` replaces no name in ``/dev``."""
    before = sorted(Path("/dev").iterdir())
    script = "from pathlib import Path; from coverage_analyzer.files.atomic import publish; "
    script += "publish(Path('/dev/stdout'), 'rows')"
    with (tmp_path / "o.csv").open("wb") as file:
        subprocess.run([sys.executable, "-c", script], stdout=file, check=True)
    assert (tmp_path / "o.csv").read_bytes() == b"rows"
    assert Path("/dev/stdout").is_symlink()
    assert sorted(Path("/dev").iterdir()) == before


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    """So is ``/dev/null``, which root would otherwise replace by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    publish(pipe, "rows")
    assert os.read(reader, 100) == b"rows"
    os.close(reader)
    assert pipe.is_fifo()
    with replacing(Path(os.devnull)) as part:
        part.write_text("x", encoding="utf-8")
    assert Path(os.devnull).is_char_device()
