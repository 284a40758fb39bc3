"""Runs with too many rejects: the good report stays, and the new files are kept beside it."""

import json
import logging
import os
import shutil
import signal
import sqlite3
import warnings
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from failing import dies, disturbed, fails
from running import AS_OF, centers_file, contents, every, manifest, records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import FolderBusyError, InputError, PublishError
from coverage_analyzer.files.run_folder import hold
from coverage_analyzer.files.run_folder.hold import RejectLimit
from coverage_analyzer.files.run_folder.publishing import Publication

HEADER: Final = "site_id,country,latitude,longitude\n"
KINDS: Final = ("csv", "parquet", "xlsx")


def sites(good: int, bad: int = 0, blank: int = 0) -> str:
    """Return sites of which some have no coordinates."""
    rows = [f"G{n},US,{40 + n / 1000:.3f},-75.1\n" for n in range(good)]
    rows += [f"B{n},US,n/a,n/a\n" for n in range(bad)]
    return HEADER + "".join(rows) + "\n" * blank


def saved(folder: Path, text: str, kind: str = "csv") -> Path:
    """Write sites as a file of a kind."""
    path = folder / f"sites.{kind}"
    if kind == "csv":
        path.write_text(text, encoding="utf-8")
        return path
    rows = [line.split(",") for line in text.splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    frame.to_parquet(path) if kind == "parquet" else frame.to_excel(path, index=False)
    return path


def inside(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, which may be missing."""
    return contents(folder) if folder.exists() else {}


def shown(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder that a reader sees."""
    return {name: data for name, data in inside(folder).items() if not name.startswith(".")}


def lean(**options: Any) -> batch.Options:
    """Return options of a run without pictures."""
    return batch.Options(**({"areas": False, "map": False} | options))


def run(folder: Path, text: str, kind: str = "csv", **options: Any) -> dict[str, Any]:
    """Judge sites; the report is in ``out``."""
    path = saved(folder, text, kind)
    return batch.run(
        path, centers_file(folder), folder / "out", as_of=AS_OF, options=lean(**options)
    )


def called(folder: Path, text: str, *more: str) -> Result:
    """Run the program over sites."""
    path, centers = saved(folder, text), centers_file(folder)
    arguments = ["run", str(path), "--centers", str(centers), "-o", str(folder / "out")]
    return CliRunner().invoke(
        program,
        [*arguments, "--as-of", AS_OF, "--no-map", "--no-areas", *more],
        standalone_mode=False,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", KINDS)
def test_rejects_nearly_all(tmp_path: Path, kind: str, form: Any) -> None:
    """The good report stays byte for byte, and goes when a good run follows."""
    run(tmp_path, sites(60), kind, format=form)
    good = contents(tmp_path / "out")
    result = run(tmp_path, sites(2, 58), kind, format=form)
    assert result["held"] == ["58 of 60 rows rejected (--max-rejects 50%)"]
    assert contents(tmp_path / "out") == good
    held = tmp_path / "out.held"
    assert manifest(held) == result
    assert sorted(contents(held)) == sorted(result["files"])
    assert len(records(held / "rejects.csv")) == 58
    again = run(tmp_path, sites(59, 1), kind, format=form)
    assert (again["held"], again["max_rejects"]) == ([], "50%")
    assert contents(tmp_path / "out") != good
    assert not held.exists()


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (sites(10, 10), False),
        (sites(10, 11), True),
        (sites(9, 11), True),
        (sites(0, 19), False),
        (sites(0, 20), True),
        (sites(9, 10, 1), True),
        (sites(30, 30, 500), False),
        (sites(1, 30, 500), True),
        (sites(0), False),
    ],
)
def test_from_which_share_on(tmp_path: Path, text: str, held: bool) -> None:
    """Exactly half passes, fewer than 20 rows say nothing, and blank lines dilute nothing."""
    assert bool(run(tmp_path, text)["held"]) is held


@pytest.mark.parametrize(
    ("limit", "bad", "held"),
    [
        (0, 0, False),
        (0, 1, True),
        (3, 3, False),
        ("3", 4, True),
        ("5%", 5, False),
        ("5%", 6, True),
        ("0%", 1, True),
        ("0.5%", 1, True),
        ("100%", 100, False),
        (RejectLimit(count=1), 2, True),
    ],
)
def test_limits(tmp_path: Path, limit: Any, bad: int, held: bool) -> None:
    """A number counts from the first row on, a share is exact."""
    manifest = run(tmp_path, sites(100 - bad, bad), max_rejects=limit)
    assert bool(manifest["held"]) is held
    assert manifest["max_rejects"] == str(limit)


@pytest.mark.parametrize(
    "limit", ["", "-1", "101%", "5,5%", "half", "0.5", 0.5, -1, "1e3", "٣", "5%%", "9" * 5000, True]
)
def test_what_is_no_limit(tmp_path: Path, limit: Any) -> None:
    """It is refused before the work, with an example of one that is."""
    with pytest.raises(InputError, match="Write a number like 10, or a percentage like 5%"):
        run(tmp_path, sites(1), max_rejects=limit)
    assert not (tmp_path / "out").exists()
    ended = called(tmp_path, sites(1), f"--max-rejects={limit}")
    assert "is not a limit" in str(ended.exception)


def test_what_the_program_says(tmp_path: Path) -> None:
    """What happened, where, what to do; the ledger is last, and the exit code is 1."""
    assert called(tmp_path, sites(60)).return_value == 0
    good = contents(tmp_path / "out")
    ended = called(tmp_path, sites(2, 58), "--quiet")
    assert ended.return_value == 1
    *_, notice, last = ended.stderr.splitlines()
    out = tmp_path / "out"
    assert notice == (
        f"Report not replaced: 58 of 60 rows rejected (--max-rejects 50%). {out} is unchanged; the "
        f"files of this run are in {out}.held. Check rejects.csv there, correct the input and "
        f"run again, or allow more rejects (--max-rejects; max_rejects in Python)."
    )
    assert last == "read 60 = decided 2 + rejected 58 + blank 0"
    assert contents(out) == good
    process = called(tmp_path, sites(2, 58), "--json")
    assert json.loads(process.stdout)["held"] == ["58 of 60 rows rejected (--max-rejects 50%)"]
    assert f"{out}.held/report.csv" in process.stderr


def test_a_file_with_other_delimiters(tmp_path: Path) -> None:
    """An export whose columns have moved is held back, and the next good one is not."""
    run(tmp_path, sites(60))
    good = contents(tmp_path / "out")
    rows = "".join(f"S{n},US;40.1;-75.1,x\n" for n in range(60))
    assert run(tmp_path, HEADER + rows)["held"]
    assert contents(tmp_path / "out") == good
    assert run(tmp_path, sites(60))["held"] == []
    assert contents(tmp_path / "out") == good


def test_the_nightly_job_of_an_earlier_version(tmp_path: Path) -> None:
    """A folder whose manifest knows nothing of held runs, and the options of before."""
    run(tmp_path, sites(60))
    path = tmp_path / "out" / "run.json"
    old = json.loads(path.read_text(encoding="utf-8"))
    del old["held"], old["max_rejects"]
    path.write_text(json.dumps(old), encoding="utf-8")
    assert called(tmp_path, sites(58, 2)).return_value == 0
    assert manifest(tmp_path / "out")["ledger"]["rejected"] == 2
    ended = called(tmp_path, sites(57, 3), "--max-rejects", "2")
    assert ended.return_value == 1
    assert manifest(tmp_path / "out")["ledger"]["rejected"] == 2
    assert manifest(tmp_path / "out.held")["max_rejects"] == "2"


def test_python_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """By the manifest and by the log, which Python shows unless it is told otherwise."""
    with caplog.at_level(logging.WARNING):
        path = saved(tmp_path, sites(2, 58))
        manifest = ca.run(path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF)
    assert manifest["held"]
    assert [r.getMessage() for r in caplog.records if "Report not replaced" in r.getMessage()]
    assert not (tmp_path / "out").exists(), "no empty folder looks like a report"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_table_keeps_its_rows(tmp_path: Path, is_there: bool) -> None:
    """Nothing is committed; a database that was not there is not there."""
    address = f"sqlite:///{tmp_path / 'v.db'}?table=verdicts"
    if is_there:
        run(tmp_path, sites(60), table=address)
    manifest = run(tmp_path, sites(2, 58), table=address)
    assert manifest["table"] is None
    if not is_there:
        assert not (tmp_path / "v.db").exists()
        return
    with sqlite3.connect(tmp_path / "v.db") as database:
        assert database.execute("SELECT count(*) FROM verdicts").fetchone() == (60,)
    ended = called(tmp_path, sites(2, 58), "--table", address)
    assert f"{tmp_path / 'out'} and {address} are unchanged" in ended.stderr
    run(tmp_path, sites(50), table=address)
    with sqlite3.connect(tmp_path / "v.db") as database:
        assert database.execute("SELECT count(*) FROM verdicts").fetchone() == (50,)


def frame(folder: Path, text: str) -> Any:
    """Return verdicts of sites, read from a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = ca.read_sites(saved(folder, text))
        return ca.assess(read, ca.read_centers(centers_file(folder)), as_of=AS_OF)


def test_a_report_of_frames(tmp_path: Path) -> None:
    """What `read_sites` rejected counts; of a frame without that, nothing is known."""
    out = tmp_path / "out"
    assert ca.write_report(frame(tmp_path, sites(60)), out) == out
    good, bad = contents(out), frame(tmp_path, sites(2, 58))
    with pytest.warns(
        UserWarning, match=r"Report not replaced: 58 of 60 rows rejected .* are in .*out\.held"
    ):
        assert ca.write_report(bad, out) == tmp_path / "out.held"
    assert contents(out) == good
    assert manifest(tmp_path / "out.held")["held"]
    assert ca.write_report(bad, out, max_rejects=58) == out
    assert manifest(out)["max_rejects"] == "58"
    assert not (tmp_path / "out.held").exists()
    bad.attrs = {}
    assert ca.write_report(bad, out, policy="appliance-maintenance") == out
    with pytest.raises(InputError, match="is not a limit"):
        ca.write_report(bad, out, policy="appliance-maintenance", max_rejects="many")


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    """A good run removes what a held run has made, and nothing else."""
    run(tmp_path, sites(2, 58))
    note = tmp_path / "out.held" / "notes.txt"
    note.write_text("mine", encoding="utf-8")
    run(tmp_path, sites(60))
    assert contents(tmp_path / "out.held") == {"notes.txt": b"mine"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"held": []}', '{"held": [], "files": ["report.csv"]}']
)
def test_a_folder_that_is_not_ours_stays(tmp_path: Path, text: str) -> None:
    """One that no held run has claimed, be it another report."""
    other = tmp_path / "out.held"
    other.mkdir()
    for name in ("report.csv", "run.json"):
        (other / name).write_text(text, encoding="utf-8")
    before = contents(other)
    run(tmp_path, sites(60))
    assert contents(other) == before


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """What a stranger has under the name of the folder is not emptied, and the report stays."""
    run(tmp_path, sites(60))
    good, theirs = contents(tmp_path / "out"), tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "report.csv").write_text("theirs", encoding="utf-8")
    (tmp_path / "out.held").symlink_to(theirs)
    with pytest.raises(PublishError, match=r"58 of 60 rows rejected.*The report is unchanged, but"):
        run(tmp_path, sites(2, 58))
    assert contents(theirs) == {"report.csv": b"theirs"}
    assert contents(tmp_path / "out") == good


@pytest.mark.parametrize("bad", [58, 0])
def test_a_link_to_a_held_run_is_not_followed(tmp_path: Path, bad: int) -> None:
    """What our own run has made elsewhere is neither replaced nor removed through a link."""
    run(tmp_path, sites(60))
    run(tmp_path, sites(2, 58))
    (tmp_path / "out.held").rename(tmp_path / "kept")
    (tmp_path / "out.held").symlink_to(tmp_path / "kept")
    kept = contents(tmp_path / "kept")
    if bad:
        with pytest.raises(PublishError, match=r"58 of 60 .*out\.held is a link"):
            run(tmp_path, sites(2, bad))
    else:
        assert run(tmp_path, sites(60))["held"] == []
    assert contents(tmp_path / "kept") == kept
    assert (tmp_path / "out.held").is_symlink()


def test_names_that_others_have_prepared_in_it(tmp_path: Path) -> None:
    """Links, and folders without our marker, stay as they are, in a held run and in its removal."""
    run(tmp_path, sites(2, 58))
    held, victim = tmp_path / "out.held", tmp_path / "victim"
    victim.mkdir()
    (victim / "thesis.txt").write_text("precious", encoding="utf-8")
    for name in (".report.csv.part", ".run.json.old", ".coverage-analyzer-aaaaaaaa"):
        (held / name).symlink_to(victim)
    forged = held / ".coverage-analyzer-bbbbbbbb"
    (forged / "old").mkdir(parents=True)
    (forged / "old" / "report.csv").write_text("forged", encoding="utf-8")
    journal = json.dumps({"old": ["report.csv"], "new": []})
    (forged / "journal.json").write_text(journal, encoding="utf-8")
    names = {p.name for p in held.iterdir() if p.name.startswith(".")}
    result = run(tmp_path, sites(3, 57))
    assert manifest(held) == result
    assert len(records(held / "report.csv")) == 3
    run(tmp_path, sites(60))
    assert {p.name for p in held.iterdir()} == names
    assert (victim / "thesis.txt").read_text("utf-8") == "precious"
    assert (forged / "journal.json").exists()


@pytest.mark.parametrize("name", ["report.csv", "rejects.csv", "centers.csv"])
def test_a_held_run_that_is_an_input(tmp_path: Path, name: str) -> None:
    """A run that reads a file of ``DIR.held`` would replace or remove it: it is refused before."""
    run(tmp_path, sites(2, 58))
    held, sited = tmp_path / "out.held", saved(tmp_path, sites(60))
    before = contents(held)
    arguments = (
        (sited, held / name) if name == "centers.csv" else (held / name, centers_file(tmp_path))
    )
    with pytest.raises(InputError, match=rf"out\.held/{name} is an input file"):
        batch.run(*arguments, tmp_path / "out", as_of=AS_OF, options=lean())
    assert contents(held) == before


def test_files_of_both_folders_may_be_one_file(tmp_path: Path) -> None:
    """Programs that save space give equal files hard links."""
    run(tmp_path, sites(60))
    run(tmp_path, sites(2, 58))
    good = contents(tmp_path / "out")
    (tmp_path / "out.held" / "centers.csv").unlink()
    (tmp_path / "out.held" / "centers.csv").hardlink_to(tmp_path / "out" / "centers.csv")
    assert run(tmp_path, sites(3, 57))["held"]
    assert contents(tmp_path / "out") == good
    assert run(tmp_path, sites(60))["held"] == []
    assert not (tmp_path / "out.held").exists()


def test_a_file_in_its_place(tmp_path: Path) -> None:
    """It is an error of writing, in words that say both; the report stays."""
    run(tmp_path, sites(60))
    good = contents(tmp_path / "out")
    (tmp_path / "out.held").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match=r"58 of 60 .*out\.held is a file"):
        run(tmp_path, sites(2, 58))
    assert contents(tmp_path / "out") == good
    assert (tmp_path / "out.held").read_text(encoding="utf-8") == "mine"


def test_another_run_has_it(tmp_path: Path) -> None:
    """Its lock counts like that of any folder; a good run leaves it alone."""
    run(tmp_path, sites(2, 58))
    held = contents(tmp_path / "out.held")
    with Publication(tmp_path / "out.held"):
        with pytest.raises(FolderBusyError, match="58 of 60"):
            run(tmp_path, sites(2, 58))
        run(tmp_path, sites(60))
    assert contents(tmp_path / "out.held") == held
    assert manifest(tmp_path / "out")["held"] == []


def test_where_it_is() -> None:
    """Beside the folder, however that is written."""
    assert hold.held_path("a/b") == Path("a/b.held")
    assert hold.held_path("a/b/") == Path("a/b.held")
    assert hold.held_path("b.held") == Path("b.held.held")
    assert hold.held_path(".") == Path.cwd().with_name(f"{Path.cwd().name}.held")
    assert hold.held_path("a/..") == Path.cwd().with_name(f"{Path.cwd().name}.held")


def test_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder is a mount point, files are copied."""
    rename = os.rename

    def refuse(old: Any, new: Any, **options: Any) -> None:
        if str(new).startswith(str(tmp_path / "out.held")) and "out/" in str(old):
            fails(18)()
        rename(old, new, **options)

    run(tmp_path, sites(60))
    good = contents(tmp_path / "out")
    monkeypatch.setattr(os, "rename", refuse)
    manifest = run(tmp_path, sites(2, 58))
    assert sorted(contents(tmp_path / "out.held")) == sorted(manifest["files"])
    assert contents(tmp_path / "out") == good


def test_a_map_and_drive_times_know_it(tmp_path: Path) -> None:
    """A held run is a run: its map can be made."""
    run(tmp_path, sites(2, 58))
    place = str(tmp_path / "m.html")
    ended = CliRunner().invoke(program, ["map", str(tmp_path / "out.held"), "-o", place])
    assert ended.exit_code == 0, ended.output


@pytest.mark.parametrize("before", [False, True])
def test_a_kill_at_any_step(tmp_path: Path, before: bool) -> None:
    """The report is never touched; ``out.held`` has no run, the old one whole, or the new.

    Every day some steps, every night all of them.
    """
    run(tmp_path, sites(60))
    good = contents(tmp_path / "out")
    run(tmp_path, sites(3, 57))
    old = contents(tmp_path / "out.held")
    shutil.copytree(tmp_path / "out.held", tmp_path / "old")
    run(tmp_path, sites(2, 58))
    new = contents(tmp_path / "out.held")
    assert old != new
    seen, number, code = [], 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        shutil.rmtree(tmp_path / "out.held", ignore_errors=True)
        if before:
            shutil.copytree(tmp_path / "old", tmp_path / "out.held")
        code = killed(tmp_path, sites(2, 58), number)
        assert shown(tmp_path / "out") == good, f"step {number}"
        held = tmp_path / "out.held"
        result = shown(held)
        assert "run.json" not in result or result in (old, new), f"step {number}"
        with Publication(tmp_path / "out"), Publication(held):
            pass
        result = inside(held)
        assert result in (({}, new), (old, new))[before], f"step {number}"
        seen.append(result == new)
        number += every(4 if before else 6)
    assert code == 0
    assert number > 40
    assert seen == sorted(seen)


def test_a_kill_while_it_is_removed(tmp_path: Path) -> None:
    """The new report is there; what was held back is whole or gone, and gone after the next run."""
    run(tmp_path, sites(3, 57))
    held = contents(tmp_path / "out.held")
    shutil.copytree(tmp_path / "out.held", tmp_path / "old")
    run(tmp_path, sites(60))
    good = contents(tmp_path / "out")
    number, code, gone = 0, -signal.SIGKILL, 0
    while code == -signal.SIGKILL:
        shutil.rmtree(tmp_path / "out")
        shutil.copytree(tmp_path / "old", tmp_path / "out.held")
        code = killed(tmp_path, sites(60), number, tmp_path / "out.held")
        result = shown(tmp_path / "out.held")
        assert "run.json" not in result or result == held, f"step {number}"
        assert shown(tmp_path / "out") in (({}, good) if result == held else (good,)), (
            f"step {number}"
        )
        gone += not result
        run(tmp_path, sites(60))
        assert not inside(tmp_path / "out.held"), f"step {number}"
        shutil.rmtree(tmp_path / "out.held", ignore_errors=True)
        number += every(2)
    assert number > 15
    assert gone


def killed(folder: Path, text: str, number: int, place: Path | None = None) -> int:
    """Run over sites in a process that is killed at a step on the folders; return how it ended."""
    process = os.fork()
    if not process:
        code = 99
        try:
            logging.disable()
            with disturbed(place or folder / "out", dies, range(number, number + 1)):
                run(folder, text)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_a_disk_that_fails(tmp_path: Path) -> None:
    """An error at any step is one of writing, and the report stays."""
    run(tmp_path, sites(60))
    good, number, failed = contents(tmp_path / "out"), 0, True
    while failed:
        shutil.rmtree(tmp_path / "out.held", ignore_errors=True)
        path, centers = saved(tmp_path, sites(2, 58)), centers_file(tmp_path)
        with disturbed(tmp_path / "out.held", fails(28), range(number, number + 1)) as operations:
            try:
                batch.run(path, centers, tmp_path / "out", as_of=AS_OF, options=lean())
            except PublishError:
                assert not inside(tmp_path / "out.held"), f"step {number}"
            failed = len(operations) > number
        assert contents(tmp_path / "out") == good, f"step {number}"
        number += every(3)
    assert number > 15
