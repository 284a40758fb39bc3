"""Output folders as machines really have them: full, read-only, links, files, taken names."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import AS_OF, centers_file, contents, judged, manifest, sites_file

from coverage_analyzer import batch
from coverage_analyzer.errors import PublishError
from coverage_analyzer.files.run_folder.publishing import Publication


def program(
    folder: Path, out: Path, *options: str, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the program over small files of a folder into another, behind another command."""
    sites, centers = sites_file(folder), centers_file(folder)
    command = [*before, sys.executable, "-m", "coverage_analyzer", "run", str(sites)]
    command += ["--centers", str(centers), "-o", str(out), "--as-of", AS_OF, *options]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 512 KB, which is full with a map and a report."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if not (mount and umount) or subprocess.run([mount, *options], check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run([umount, "--lazy", str(disk)], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """A map of 800 KB does not fit: 74, the old report as it was, and room again afterwards."""
    assert program(tmp_path, small_disk / "out", "--no-map").returncode == 0
    first, free = contents(small_disk / "out"), shutil.disk_usage(small_disk).free
    ended = program(tmp_path, small_disk / "out")
    assert (ended.returncode, "Traceback" in ended.stderr) == (74, False)
    assert "No space left" in ended.stderr
    assert contents(small_disk / "out") == first
    assert shutil.disk_usage(small_disk).free == free
    assert program(tmp_path, small_disk / "out", "--no-map").returncode == 0


def somebody_else() -> tuple[str, ...]:
    """Return a command that takes from root what only root may; nothing for any other user."""
    if os.geteuid():
        return ()
    drop = shutil.which("setpriv") or "setpriv"
    command = (drop, "--reuid=65534", "--regid=65534", "--clear-groups")
    load = [*command, sys.executable, "-c", "import coverage_analyzer"]
    try:
        subprocess.run(load, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("root may write everywhere, and nobody else can run this program")
    return command


def test_a_read_only_folder() -> None:
    """Told before the work, with 74; what stands there stays."""
    before = somebody_else()
    with tempfile.TemporaryDirectory() as name:  # as nobody else may look into pytest's own
        folder, out = Path(name), Path(name) / "out"
        judged(folder)
        first = contents(out)
        folder.chmod(0o755)
        out.chmod(0o555)
        ended = program(folder, out, before=before)
        assert contents(out) == first
        out.chmod(0o755)
    assert (ended.returncode, "Traceback" in ended.stderr) == (74, False)
    assert "cannot be written to" in ended.stderr


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    """``reports/latest`` may point anywhere; the files go where it points."""
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    judged(tmp_path)
    assert (tmp_path / "out").readlink() == Path("real")
    assert "report.csv" in contents(tmp_path / "real")


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    """No folder is made where a link happens to point."""
    (tmp_path / "out").symlink_to(tmp_path / "gone")
    with pytest.raises(PublishError, match="a broken link"):
        judged(tmp_path)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "link to nothing"])
@pytest.mark.parametrize("name", ["report.csv", "centers.csv", "run.json"])
def test_a_name_that_is_taken(tmp_path: Path, name: str, kind: str) -> None:
    """What no report put there is not touched, whatever it is, and nothing is put beside it."""
    out, elsewhere = tmp_path / "out", tmp_path / "mine.csv"
    out.mkdir()
    elsewhere.write_text("mine", encoding="utf-8")
    match kind:
        case "file":
            (out / name).write_text("mine", encoding="utf-8")
        case "folder":
            (out / name).mkdir()
        case "link":
            (out / name).symlink_to(elsewhere)
        case _:
            (out / name).symlink_to(tmp_path / "gone")
    with pytest.raises(PublishError, match=f"{name} exists"):
        judged(tmp_path)
    assert [path.name for path in out.iterdir()] == [name]
    assert elsewhere.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "gone").exists()


def test_a_taken_name_is_told_before_the_work(tmp_path: Path) -> None:
    """Not after all rows have been read: the names that are to come are checked at the start."""
    (tmp_path / "centers.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match=r"centers\.csv exists"):
        Publication(tmp_path, ["report.csv", "centers.csv"])
    with Publication(tmp_path, ["report.csv"]):
        pass  # and the folder was let go
    assert contents(tmp_path) == {"centers.csv": b"mine"}


def test_a_report_that_became_a_folder_is_not_touched(tmp_path: Path) -> None:
    """The manifest names a file: a folder of that name is somebody's own."""
    judged(tmp_path)
    (tmp_path / "out" / "report.csv").unlink()
    (tmp_path / "out" / "report.csv").mkdir()
    (tmp_path / "out" / "report.csv" / "mine").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match=r"report\.csv exists"):
        judged(tmp_path)
    assert (tmp_path / "out" / "report.csv" / "mine").read_text(encoding="utf-8") == "mine"
    judged(tmp_path, options=batch.Options(format="parquet"))
    assert (tmp_path / "out" / "report.csv" / "mine").read_text(encoding="utf-8") == "mine"
    assert manifest(tmp_path / "out")["files"][0] == "report.parquet"


def test_hidden_files_of_others_are_spared(tmp_path: Path) -> None:
    """Downloads of another program end in ``.part``, too."""
    others = dict.fromkeys(
        (".movie.part", ".notes.old", ".publishing.bak", ".report.csv.part", ".run.json.old"),
        b"theirs",
    )
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    with Publication(tmp_path):
        pass
    assert contents(tmp_path) == others


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", '{"old": ["../mine.csv"], "new": ["report.csv", "../mine.csv"]}']
)
def test_a_journal_that_is_none_moves_nothing(tmp_path: Path, text: str) -> None:
    """A folder from elsewhere may hold any text under that name; it names no file outside."""
    out, mine = tmp_path / "out", tmp_path / "mine.csv"
    out.mkdir()
    mine.write_text("mine", encoding="utf-8")
    (out / "report.csv").write_text("theirs", encoding="utf-8")
    (out / ".publishing").write_text(text, encoding="utf-8")
    with Publication(out):
        pass
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (out / "report.csv").read_text(encoding="utf-8") == "theirs"
