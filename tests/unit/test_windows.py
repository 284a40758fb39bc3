"""What Windows lacks is never needed: shown here without Windows, by taking it away."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from running import centers_file, sites_file

from coverage_analyzer.errors import FolderBusyError
from coverage_analyzer.files import work_folder

PACKAGE = Path(work_folder.__file__).parents[1]

POSIX_ONLY = ("fcntl", "grp", "posix_ipc", "pty", "pwd", "resource", "syslog", "termios", "tty")
"""Modules that Python has not got on Windows."""

WITHOUT = f"""
import os, sys
for name in {POSIX_ONLY!r}:
    sys.modules[name] = None
for name in ("O_NOFOLLOW", "O_DIRECTORY", "geteuid", "getuid", "getpgid", "killpg", "fork"):
    if hasattr(os, name):
        delattr(os, name)
"""


def test_every_module_is_imported_and_a_run_works_without_what_windows_lacks(
    tmp_path: Path,
) -> None:
    """Modules, flags and functions of Unix are asked for before they are used."""
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    code = (
        WITHOUT
        + f"""
import importlib, pkgutil
import coverage_analyzer
for module in pkgutil.walk_packages(coverage_analyzer.__path__, "coverage_analyzer."):
    if ".spark" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from coverage_analyzer.cli.main import main
sys.argv = ["x", "run", {str(sites)!r}, "--centers", {str(centers)!r}]
sys.argv += ["-o", {str(tmp_path / "o")!r}, "--no-map", "--no-areas"]
main()
"""
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), ended.stderr
    assert (tmp_path / "o" / "report.csv").is_file()


def test_what_only_a_unix_has_is_used_behind_a_question() -> None:
    """No such module is imported at the top of one of ours, no such flag is read unasked."""
    names = "|".join(POSIX_ONLY)
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        assert not re.search(rf"^(?:import|from) (?:{names})\b", text, re.MULTILINE), path
        assert "os.O_NOFOLLOW" not in text, path
        assert not re.search(r"os\.(?:fork|setsid|killpg|getuid|geteuid|mkfifo)\b", text), path


class Locks(types.ModuleType):
    """What `msvcrt` does with files, by the device and inode of each."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, descriptor: int, mode: int, size: int) -> None:
        """Lock a file, or fail if an open descriptor has it.

        Raises
        ------
        PermissionError
            If one has it.
        """
        state = os.fstat(descriptor)
        key = (state.st_dev, state.st_ino)
        other = self.held.get(key)
        if other is not None and other != descriptor and _is_open(other, key):
            raise PermissionError(13, "Permission denied")
        self.held[key] = descriptor
        assert (mode, size) == (self.LK_NBLCK, 1)


def _is_open(descriptor: int, key: tuple[int, int]) -> bool:
    try:
        state = os.fstat(descriptor)
    except OSError:
        return False
    return (state.st_dev, state.st_ino) == key


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Lock as on Windows, with a folder of temporary files of our own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(work_folder.tempfile, "tempdir", str(temporary))
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", Locks())
    monkeypatch.setattr(work_folder, "WINDOWS", True)
    return temporary


def test_a_folder_is_locked_by_a_file_where_folders_have_no_locks(
    windows: Path, tmp_path: Path
) -> None:
    """One at a time; the lock is gone with its descriptor, and is no file of the report."""
    folder = tmp_path / "report"
    folder.mkdir()
    lock = work_folder.locked(folder)
    assert lock is not None
    with pytest.raises(FolderBusyError, match=re.escape(str(folder))):
        work_folder.locked(folder / ".." / "report")
    other = work_folder.locked(windows)
    assert other is not None
    for descriptor in (lock, other):
        os.close(descriptor)
    again = work_folder.locked(folder)
    assert again is not None
    os.close(again)
    assert not any(folder.iterdir())


@pytest.mark.usefixtures("windows")
def test_files_are_synced_and_folders_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows opens no folder, and syncs no file that is open for reading only."""
    opened: list[tuple[str, int]] = []
    real = os.open

    def spy(path: Path, flags: int, *more: Any) -> int:
        opened.append((Path(path).name, flags))
        return real(path, flags, *more)

    monkeypatch.setattr(work_folder.os, "open", spy)
    (tmp_path / "x").write_text("x")
    work_folder.to_disk(tmp_path)
    work_folder.to_disk(tmp_path / "x")
    assert opened == [("x", os.O_RDWR)]


def test_without_any_lock_a_folder_is_still_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A system with neither kind of lock has none."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", None)
    assert work_folder.locked(tmp_path) is None
