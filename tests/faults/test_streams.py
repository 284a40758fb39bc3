"""Standard streams that are closed, full or broken; unexpected errors; names that are not UTF-8."""

import errno
import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final, Never

import pytest
from running import AS_OF, READ, centers_file, contents, judged, manifest, sites_file

from coverage_analyzer import batch
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.cli import main
from coverage_analyzer.errors import CoverageError, visible
from coverage_analyzer.paths import utf8_name

FULL: Final = Path("/dev/full")
POINT: Final = "39.1 -94.6 --country US --centers network.csv"

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def shell(folder: Path, command: str) -> tuple[int, str, str]:
    """Run a command of the program with redirections; return its own code, and both streams."""
    sites_file(folder)
    centers_file(folder)
    program = f"{shlex.quote(sys.executable)} -m coverage_analyzer {command}"
    ended = subprocess.run(
        ["bash", "-c", f"{program}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        cwd=folder,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
@pytest.mark.parametrize(
    "command",
    [
        f"explain {POINT}",
        "policies",
        "--help",
        "entitlements --product XenApp",
        f"run sites.csv --centers network.csv -o out --as-of {AS_OF} --no-map --no-areas --json",
        "check sites.csv --max-rejects 99",
    ],
)
def test_results_that_cannot_be_written(tmp_path: Path, command: str, where: str) -> None:
    """74 in words; never 1, which means that there are more rejects."""
    code, _, err = shell(tmp_path, f"{command} {where}")
    assert (code, err.count("Cannot write standard output")) == (74, 1)


@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-", "2>&- <&-"])
def test_messages_that_cannot_be_written_stop_no_run(tmp_path: Path, where: str) -> None:
    """The report is as it is with them, and no file gets what belongs to a stream."""
    run = f"run sites.csv --centers network.csv -o out --as-of {AS_OF} --verbose"
    judged(tmp_path)
    whole = contents(tmp_path / "out")
    assert shell(tmp_path, f"{run} {where}")[0] == 0
    named = {"run.json", "summary.html"}  # they name the inputs as they were given
    assert {n: d for n, d in contents(tmp_path / "out").items() if n not in named} == {
        n: d for n, d in whole.items() if n not in named
    }
    assert shell(tmp_path, f"run {where}")[0] == 2
    code, out, _ = shell(tmp_path, f"check sites.csv {where}")
    assert (code, "columns used" in out) == (1, True)  # there are rejects


@pytest.mark.parametrize("command", ["--help", "policies show", "run --help 2>&1"])
def test_a_reader_that_has_gone(tmp_path: Path, command: str) -> None:
    """``| head -1`` is no error of rejects."""
    assert shell(tmp_path, f"{command} | true")[0] == 74


def test_a_closed_standard_input_is_empty(tmp_path: Path) -> None:
    """In words."""
    code, _, err = shell(tmp_path, "check - <&-")
    assert (code, "is empty" in err) == (2, True)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ZeroDivisionError("division by zero"), 70, "bug in the program: ZeroDivisionError"),
        (RecursionError("too deep"), 70, "bug in the program: RecursionError"),
        (CoverageError("read 3 = decided 2"), 70, "bug in the program"),
        (OSError(errno.ENOSPC, "No space left on device"), 74, "No space left"),
        (OSError(errno.ENOENT, "No such file"), 70, "bug in the program"),
        (ValueError("postgresql://ann:secret@db/x?password=secret"), 70, "ann:***@db"),
        (MemoryError(), 2, "Not enough memory"),
        (EOFError(), 130, "Interrupted"),
    ],
)
@pytest.mark.parametrize("verbose", [False, True])
def test_an_unexpected_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    words: str,
    *,
    verbose: bool,
) -> None:
    """With its own exit code, where to report it, and no password; --verbose has the traceback."""

    def fails(*_: object, **__: object) -> Never:
        raise error

    monkeypatch.setattr(batch, "check", fails)
    monkeypatch.setattr(sys, "argv", ["x", "check", "a.csv", *(["--verbose"] if verbose else [])])
    with pytest.raises(SystemExit) as left:
        main.main()
    err = capsys.readouterr().err
    assert left.value.code == code
    assert words in err
    assert "secret" not in err
    assert ("Traceback" in err) == (verbose and code == 70)
    if not verbose:
        assert len(err.strip().splitlines()) == 1
    if code == 70:
        assert "Report it to the project's maintainers" in err


def test_every_command_can_be_verbose() -> None:
    """So that whoever reports a fault can add its traceback."""
    for name, command in main.program.commands.items():
        assert [p.name for p in command.params].count("verbose") == 1, name


NAME: Final = os.fsdecode(b"caf\xe9")


def odd(folder: Path) -> Path:
    """Return a folder whose name, and the names in which, are Latin-1; skip where none can be."""
    inner = folder / NAME
    try:
        inner.mkdir()
    except OSError:
        pytest.skip("names are UTF-8 here")
    sites_file(inner, name=f"{NAME}.csv")
    centers_file(inner).rename(inner / f"c{NAME}.csv")
    return inner


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "csv.zst", "parquet", "xlsx"])
def test_names_that_are_not_utf8(tmp_path: Path, kind: Any) -> None:
    """Reports of each kind are written into such folders and read from such files."""
    inner = odd(tmp_path)
    sites, centers = inner / f"{NAME}.csv", inner / f"c{NAME}.csv"
    result = batch.run(
        sites, centers, inner / "out", as_of=AS_OF, options=batch.Options(format=kind, areas=False)
    )
    assert manifest(inner / "out")["inputs"]["sites"]["path"] == str(sites)
    assert "caf\\udce9.csv" in (inner / "out" / "run.json").read_text("utf-8")
    report = inner / f"{NAME}.{kind}"
    (inner / "out" / f"report.{kind}").rename(report)
    again = batch.run(
        report, centers, inner / "again", as_of=AS_OF, options=batch.Options(areas=False)
    )
    assert again["counts"]["level"] == result["counts"]["level"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "S", "--centers", "C", "-o", "R", "--as-of", AS_OF, "--json"),
        ("check", "S", "--rejects", "R.csv", "--max-rejects", "9"),
        ("run", "D", "--centers", "C", "-o", "R", "--on-duplicate=first", "--max-rejects=100%"),
        ("areas", "C", "-o", "R.gpkg"),
        ("areas", "C", "-o", "R.parquet"),
        ("letter", "S", "--site", "0001", "--centers", "C", "-o", "R.html"),
        ("timeline", "S", "--centers", "C", "--to", "2099-01-01", "-o", "R.parquet"),
    ],
)
def test_commands_with_names_that_are_not_utf8(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """They work, and what they say of the names is the same escape everywhere."""
    inner = odd(tmp_path)
    (inner / f"many{NAME}").mkdir()
    for name in "ab":
        sites_file(inner / f"many{NAME}", name=f"{name}{NAME}.csv")
    places = {"S": f"{NAME}.csv", "C": f"c{NAME}.csv", "D": f"many{NAME}"}
    words = [
        str(inner / places.get(a, f"{NAME}{a}")) if a in places or a[0] == "R" else a
        for a in arguments
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "coverage_analyzer", *words], capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.decode("utf-8")
    if "--json" in arguments:
        path = json.loads(ended.stdout.decode("utf-8"))["inputs"]["sites"]["path"]
        assert path == str(inner / f"{NAME}.csv")
        assert visible(path).encode() in ended.stdout


def test_a_utf8_name_is_its_own(tmp_path: Path) -> None:
    """No link is made where none is needed; the parts of a shapefile are beside it."""
    assert utf8_name(tmp_path / "é.shp") == str(tmp_path / "é.shp")
    inner = odd(tmp_path)
    for suffix in (".shp", ".dbf"):
        (inner / f"x{NAME}{suffix}").write_text(suffix, encoding="utf-8")
    place = Path(utf8_name(inner / f"x{NAME}.shp"))
    assert place.with_suffix(".dbf").read_text("utf-8") == ".dbf"


def test_no_thread_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain loop then: the same bytes, and errors where they belong."""
    judged(tmp_path)
    whole = contents(tmp_path / "out")

    def none(_: threading.Thread) -> Never:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    manifest = judged(tmp_path)
    assert contents(tmp_path / "out") == whole
    assert manifest["ledger"]["read"] == READ
    assert batch.check(sites_file(tmp_path))["ledger"]["read"] == READ
    place = f"sqlite:///{tmp_path / 'x.db'}"
    judged(tmp_path, options=batch.Options(table=f"{place}?table=t"))
    read = batch.check(f"{place}?table=t")
    assert read["ledger"]["decided"] == manifest["ledger"]["decided"]
    closed = []

    def items() -> Any:
        try:
            yield 1
            raise ZeroDivisionError
        finally:
            closed.append(True)

    with pytest.raises(ZeroDivisionError):
        list(ahead(items()))
    assert closed == [True]


def test_a_full_disk_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that a run has made, and those above it, go if nothing came of it."""

    def full(*_: object, **__: object) -> Never:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    for kind in ("csv", "parquet"):
        with pytest.raises(CoverageError, match="No space left"):
            batch.run(
                sites,
                centers,
                tmp_path / "a" / "b",
                as_of=AS_OF,
                options=batch.Options(format=kind, areas=False, map=False),
            )
        assert contents(tmp_path) == before
    (tmp_path / "mine").mkdir()
    with pytest.raises(CoverageError, match="No space left"):
        batch.run(sites, centers, tmp_path / "mine" / "c", as_of=AS_OF)
    assert (tmp_path / "mine").is_dir()
    assert not (tmp_path / "mine" / "c").exists()
