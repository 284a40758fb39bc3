"""Runs that are killed, interrupted or rivalled: the folder holds one report, the old or the new.

The runs are children of one process that has everything loaded, so that their time is that of the
work; each is stopped at another moment of it.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pydantic
import pydantic_core
import pytest
from failing import dies, disturbed, interrupts
from roads import TOWN
from running import AS_OF, SITES, centers_file, contents, every, judged, sites_file

from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.cli import main
from coverage_analyzer.files.atomic import publish
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.roads.drive_times import open_engine

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX processes")

LEAN: Final = batch.Options(areas=False, map=False)
LATER: Final = SITES.replace("Alpha", "Omega")
"""Sites of which the report is another one."""

MANY: Final = LATER + "0012,more,US,40.0,-75.0,\n" * 5_000
"""Sites of which the report takes a while."""

Both = tuple[dict[str, bytes], dict[str, bytes]]


def reports(tmp_path: Path, later: str, options: batch.Options) -> Both:
    """Return what an old run leaves in ``out`` (and ``old``), and what a new one would."""
    judged(tmp_path, options=options)
    first = contents(tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "old")
    judged(tmp_path, later, options=options)
    new = contents(tmp_path / "out")
    assert all(first[name] != new[name] for name in ("report.csv", "run.json"))
    return first, new


def afresh(folder: Path) -> Path:
    """Return ``out`` with the old report in it."""
    shutil.rmtree(folder / "out")
    shutil.copytree(folder / "old", folder / "out")
    return folder / "out"


def child(work: Callable[[], None]) -> int:
    """Start a process that does some work and nothing else, and return its id."""
    number = os.fork()
    if number:
        return number
    code = 99
    try:
        work()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        os._exit(code)


def ended(number: int) -> int:
    """Wait for a process; return its exit code, or the signal that killed it as a negative one."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def shown(folder: Path) -> dict[str, bytes]:
    """Return the files that a reader of a folder sees."""
    return {name: data for name, data in contents(folder).items() if not name.startswith(".")}


def run(folder: Path, options: batch.Options = LEAN) -> None:
    """Judge the later sites."""
    files = (folder / name for name in ("sites.csv", "network.csv", "out"))
    batch.run(*files, as_of=AS_OF, options=options)


def test_a_kill_at_any_moment(tmp_path: Path) -> None:
    """Thirty kills spread over the time of a run: what is seen is the old report or the new."""
    full = batch.Options()
    both = reports(tmp_path, MANY, full)
    chance, seen = random.Random(20), set()  # noqa: S311 - no secret
    start = time.monotonic()
    assert ended(child(lambda: run(tmp_path, full))) == 0
    takes = time.monotonic() - start
    for number in range(30):
        out = afresh(tmp_path)
        process = child(lambda: run(tmp_path, full))
        time.sleep(takes * (number + chance.random()) / 27)
        os.kill(process, signal.SIGKILL)
        seen.add(ended(process))
        result = shown(out)
        assert result in both or "run.json" not in result
        with Publication(out):
            pass
        assert contents(out) in both
    assert -signal.SIGKILL in seen


def test_a_kill_at_any_step(tmp_path: Path) -> None:
    """The moments that chance does not meet: before each thing that is asked of the disk.

    A manifest never stands beside files of another run; who opens the folder next finds one whole
    report, and a run that follows works.
    """
    both = reports(tmp_path, LATER, LEAN)
    seen, number, code = [], 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        out = afresh(tmp_path)

        def work(number: int = number, out: Path = out) -> None:
            with disturbed(out, dies, range(number, number + 1)):
                run(tmp_path)

        code = ended(child(work))
        result = shown(out)
        assert "run.json" not in result or result in both, f"step {number}"
        with Publication(out):
            pass
        assert contents(out) in both, f"step {number}"
        seen.append(both.index(contents(out)))
        number += 1
    assert code == 0
    assert number > 40, "every step was tried"
    assert seen == sorted(seen), "first the old report, from one step on the new"
    run(tmp_path)
    assert contents(tmp_path / "out") == both[1]


def test_a_first_run_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """A folder that held no report holds none afterwards, but what else was in there."""
    judged(tmp_path, options=LEAN)
    whole, out = contents(tmp_path / "out"), tmp_path / "out"
    number, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        shutil.rmtree(out)
        out.mkdir()
        (out / "notes.txt").write_text("mine", encoding="utf-8")

        def work(number: int = number) -> None:
            with disturbed(out, dies, range(number, number + 1)):
                run(tmp_path)

        code = ended(child(work))
        with Publication(out):
            pass
        left = contents(out)
        assert left.pop("notes.txt") == b"mine"
        assert left in ({}, whole), f"step {number}"
        number += 1
    assert left == whole


def test_an_interrupt_at_any_step(tmp_path: Path) -> None:
    """Ctrl-C undoes at once what has been done: no mix, no litter, no lock."""
    both = reports(tmp_path, LATER, LEAN)
    number, seen, stopped = 0, [], True
    while stopped:
        out = afresh(tmp_path)
        with disturbed(out, interrupts, range(number, number + 1)):
            try:
                run(tmp_path)
                stopped = False
            except KeyboardInterrupt:
                pass
        assert contents(out) in both, f"step {number}"
        seen.append(both.index(contents(out)))
        with Publication(out):
            pass
        number += 1
    assert seen == sorted(seen)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_any_moment(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """The program ends with its code, publishes all or nothing, and leaves no part behind."""
    both = reports(tmp_path, MANY, batch.Options())
    chance, seen = random.Random(7), set()  # noqa: S311 - no secret
    out = tmp_path / "out"
    arguments = [str(tmp_path / "sites.csv"), "--centers", str(tmp_path / "network.csv")]

    def work() -> None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["coverage-analyzer", "run", *arguments, "-o", str(out), "--as-of", AS_OF]
        main.main()

    start = time.monotonic()
    assert ended(child(work)) == 0
    takes = time.monotonic() - start
    for number in range(10):
        afresh(tmp_path)
        process = child(work)
        time.sleep(takes * (number + 1 + chance.random()) / 12)
        os.kill(process, sent)
        left = ended(process)
        if left == code:
            assert contents(out) in both
        seen.add(left)
    assert code in seen
    assert seen <= {0, code}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_a_library_makes_another_error_of(sent: signal.Signals, code: int) -> None:
    """A library that calls back into Python wraps what a handler raises, here without a cause."""

    class Interrupted(pydantic.BaseModel):
        @pydantic.model_serializer(mode="wrap")
        def _interrupted(self, _dump: pydantic.SerializerFunctionWrapHandler) -> None:
            os.kill(os.getpid(), sent)
            time.sleep(10)

    class Outer(pydantic.BaseModel):
        inner: tuple[Interrupted, ...] = (Interrupted(),)

    def dump() -> None:
        with pytest.raises(pydantic_core.PydanticSerializationError) as wrapped:
            Outer().model_dump()
        assert wrapped.value.__cause__ is None
        raise wrapped.value

    def work() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(main.program, "main", lambda **_options: dump())
            main.main()

    assert ended(child(work)) == code


def test_two_runs_at_once(tmp_path: Path) -> None:
    """The second leaves with 75 and words; the report is the first one's, whole."""
    judged(tmp_path)
    whole = contents(tmp_path / "out")
    sites, centers = sites_file(tmp_path, SITES), centers_file(tmp_path)
    command = [sys.executable, "-m", "coverage_analyzer", "run", str(sites)]
    command += ["--centers", str(centers), "-o", str(tmp_path / "out"), "--as-of", AS_OF]
    with Publication(tmp_path / "out"):
        second = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, timeout=60
        )
    assert (second.returncode, "Another run" in second.stderr) == (75, True)
    assert contents(tmp_path / "out") == whole


def killed_at_each_step(folder: Path, work: Callable[[], object], stride: int = 1) -> Iterator[int]:
    """Do work that is killed before each thing that it asks of the disk; yield after each kill.

    With a stride, steps are left out; the first and the end never are.
    """
    number, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:

        def step(number: int = number) -> None:
            with disturbed(folder, dies, range(number, number + 1)):
                work()

        code = ended(child(step))
        yield number
        number += stride
    assert code == 0
    assert number > 5, "every step was tried"


def test_a_map_that_is_killed_at_any_step(tmp_path: Path) -> None:
    """The page is the old one or the new one, and the next that writes it leaves no litter."""
    shared = tmp_path / "shared"
    shared.mkdir()
    page = shared / "map.html"
    page.write_text("old", encoding="utf-8")
    (shared / "notes.txt").write_text("mine", encoding="utf-8")
    seen = []
    for number in killed_at_each_step(shared, lambda: publish(page, "new")):
        seen.append(page.read_text("utf-8"))
        publish(shared / "map.html", "old")
        left = {"map.html": b"old", "notes.txt": b"mine"}
        assert contents(shared) == left, f"step {number}"
    assert seen == sorted(seen, reverse=True), "first the old page, from one step on the new"
    assert set(seen) == {"old", "new"}


def test_drive_times_that_are_killed_at_any_step(tmp_path: Path) -> None:
    """The folder holds the run as it was, or with its drive times, whole; never a mix."""
    text = "center_id,name,country,latitude,longitude\nTOWN,Town,LI,47.12,9.52\n"
    (tmp_path / "network.csv").write_text(text, encoding="utf-8")
    text = "site_id,country,latitude,longitude\nnear,LI,47.12,9.51\naway,LI,46.70,9.50\n"
    sites, out = sites_file(tmp_path, text), tmp_path / "out"
    batch.run(sites, tmp_path / "network.csv", out, as_of=AS_OF, options=LEAN)
    engine = open_engine(TOWN)
    first = contents(out)
    shutil.copytree(out, tmp_path / "old")
    drive(out, engine, minutes=15)
    both, seen = (first, contents(out)), []
    afresh(tmp_path)
    for number in killed_at_each_step(out, lambda: drive(out, engine, minutes=15), every(2)):
        result = shown(out)
        assert "run.json" not in result or result in both, f"step {number}"
        with Publication(out):
            pass
        assert contents(out) in both, f"step {number}"
        seen.append(both.index(contents(out)))
        afresh(tmp_path)
    assert seen == sorted(seen)
    assert set(seen) == {0, 1}


def test_a_table_of_sqlite_beside_a_run_that_is_killed(tmp_path: Path) -> None:
    """Rows and folder are old or new; the new folder never stands beside the old rows."""
    base = tmp_path / "x.db"
    options = batch.Options(areas=False, map=False, table=f"sqlite:///{base}?table=verdicts")
    both = reports(tmp_path, LATER, options)
    names = ("Alpha", "Omega")
    judged(tmp_path, options=options)
    old = base.read_bytes()
    sites_file(tmp_path, LATER)
    seen = set()
    for number in killed_at_each_step(tmp_path / "out", lambda: run(tmp_path, options), every(2)):
        with Publication(tmp_path / "out"):
            pass
        with closing(sqlite3.connect(base)) as opened:
            query = "SELECT name FROM verdicts WHERE site_id = '0001'"
            rows = [n in opened.execute(query).fetchone()[0] for n in names].index(True)
        folder = both.index(contents(tmp_path / "out"))
        assert folder <= rows, f"step {number}"
        seen.add((folder, rows))
        afresh(tmp_path)
        base.write_bytes(old)
    assert {(0, 0), (1, 1)} <= seen
