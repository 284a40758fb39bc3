"""Folders for files being written, under unpredictable names.

A work folder is created next to its target by `tempfile.mkdtemp`: its name is random and new, and
only its owner can read it. It contains a marker, and its lock while its process runs. No link is
followed, and only work folders are removed.

A process that is killed leaves its work folder behind. The next process that writes there removes
it, if it is provably ours: a directory and not a link, with the name, owner and mode of our own new
folders, containing the marker with its name, and not locked. Nobody else can create one.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coverage_analyzer import documents
from coverage_analyzer.errors import FolderBusyError, PublishError

PREFIX: Final = ".coverage-analyzer-"
MARKER: Final = "work-folder.json"
"""Names the folder that a work folder is for, so that it is no proof for another."""

WINDOWS: Final = os.name == "nt"

ATTEMPTS: Final = 10
"""Attempts to create a folder, if another process removes it before it is locked."""

NAME: Final = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")


@dataclass(frozen=True)
class WorkFolder:
    """A locked folder of this process; a context that removes it at the end.

    Attributes
    ----------
    path
        The folder.
    target
        Name of the file that it is for; empty for the files of a run folder.
    lock
        Descriptor that holds its lock; None without support for locks.
    """

    path: Path
    target: str
    lock: int | None

    @classmethod
    def create(cls, parent: Path, target: str = "") -> Self:
        """Create a work folder in a folder.

        Raises
        ------
        PublishError
            If it cannot be created.
        """
        try:
            for _ in range(ATTEMPTS):
                path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
                if (folder := cls._claim(path, target)) is not None:
                    return folder
        except PublishError:
            raise
        except OSError as error:
            msg = f"{parent} cannot be written to: {error.strerror or error}."
            raise PublishError(msg) from error
        msg = f"{parent} cannot be written to: other processes remove what is written there."
        raise PublishError(msg)

    @classmethod
    def _claim(cls, path: Path, target: str) -> Self | None:
        """Lock and mark a new folder; None if another process removed it as abandoned first.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        lock = None
        try:
            lock = locked(path)
            text = json.dumps({"folder": path.name, "target": target})
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            with open(os.open(path / MARKER, flags, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
                file.write(text)
        except (FolderBusyError, FileNotFoundError):
            _close(lock)
            return None
        except BaseException as error:
            _close(lock)
            _discard(path)
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return cls(path, target, lock)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Remove the folder."""
        try:
            self.remove()
        finally:
            _close(self.lock)

    def remove(self) -> None:
        """Remove the folder with its content; what the disk refuses is left to the next run."""
        _discard(self.path)

    def left_behind(self) -> Iterator["WorkFolder"]:
        """Yield the abandoned work folders next to this one, locked by this process.

        The caller closes, but does not remove them, on taking the next.
        """
        for path in sorted(self.path.parent.glob(f"{PREFIX}*")):
            folder = self._find(path) if path != self.path else None
            if folder is not None:
                try:
                    yield folder
                finally:
                    _close(folder.lock)

    def _find(self, path: Path) -> "WorkFolder | None":
        """Return an abandoned folder next to this one, if it is provably a work folder.

        An empty one was abandoned before its marker was written, and is removed at once.
        """
        target = self._target(path)
        try:
            lock = locked(path) if target is not None else None
        except PublishError:
            return None
        # Again, with the lock: its process may have ended and cleaned up meanwhile.
        target = self._target(path)
        if target is None:
            _close(lock)
            return None
        if not any(path.iterdir()):
            with contextlib.suppress(OSError):
                path.rmdir()
            _close(lock)
            return None
        return WorkFolder(path, target, lock)

    def is_busy(self) -> bool:
        """Return whether another process has a work folder for the same target next to this one."""
        for path in self.path.parent.glob(f"{PREFIX}*"):
            if path != self.path and self._target(path) == self.target:
                try:
                    _close(locked(path))
                except FolderBusyError:
                    return True
                except PublishError:
                    continue
        return False

    def _target(self, path: Path) -> str | None:
        """Return the target of a folder next to this one, if it is provably a work folder.

        An empty folder created like this one is also a work folder, without a target: its marker
        was not yet written.
        """
        try:
            mine, other = self.path.lstat(), path.lstat()
            alike = (mine.st_mode, mine.st_uid) == (other.st_mode, other.st_uid)
            if not (alike and NAME.fullmatch(path.name)):
                return None
            if not any(path.iterdir()):
                return ""
            marker = path / MARKER
            state = marker.lstat()
            if not stat.S_ISREG(state.st_mode) or state.st_uid != mine.st_uid:
                return None
            noted = documents.read_json(marker)
            return str(noted["target"]) if noted["folder"] == path.name else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def has_work_folder(folder: Path) -> bool:
    """Return whether a folder contains a work folder, of a running or dead process."""
    return any(NAME.fullmatch(path.name) for path in folder.glob(f"{PREFIX}*"))


def _discard(path: Path) -> None:
    """Remove a work folder, its marker last, so that remains are still recognisable."""
    with contextlib.suppress(OSError):
        for left in sorted(path.iterdir(), key=lambda p: p.name == MARKER):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()
        path.rmdir()


def _close(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def locked(folder: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder until it is closed.

    Raises
    ------
    PublishError
        If the folder cannot be opened.
    FolderBusyError
        If another run has locked it.
    """
    try:
        import fcntl
    except ImportError:  # not a Unix
        return _locked_elsewhere(folder)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        msg = f"{folder} cannot be opened: {error.strerror}."
        raise PublishError(msg) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        msg = f"Another run is writing to {folder}. Wait for it, or choose a different folder."
        raise FolderBusyError(msg) from error
    except OSError as error:
        os.close(descriptor)
        msg = f"{folder} cannot be locked: {error.strerror}."
        raise PublishError(msg) from error
    return descriptor


def _locked_elsewhere(folder: Path) -> int | None:
    """Return a descriptor that holds the lock of a folder, on Windows, where folders have none.

    The lock is on a file in the user's folder of temporary files, named by the folder.

    Raises
    ------
    PublishError
        If that file cannot be opened.
    FolderBusyError
        If another run holds it.
    """
    try:
        import msvcrt
    except ImportError:  # neither Windows nor a Unix: no lock
        return None
    name = hashlib.sha256(os.path.normcase(folder.resolve()).encode(errors="replace")).hexdigest()
    lock = Path(tempfile.gettempdir()) / f"coverage-analyzer-{name[:32]}.lock"
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        msg = f"{lock} cannot be opened: {error.strerror}."
        raise PublishError(msg) from error
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError as error:
        os.close(descriptor)
        msg = f"Another run is writing to {folder}. Wait for it, or choose a different folder."
        raise FolderBusyError(msg) from error
    return descriptor


def to_disk(path: Path) -> None:
    """Sync a file, or the entries of a folder, to disk.

    Windows syncs only files that are open for writing, and no folders.
    """
    if WINDOWS and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
