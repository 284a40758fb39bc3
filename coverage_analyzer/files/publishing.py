"""Publishing a run's folder: all of its files appear whole, or what stood there stays.

Each file is written beside its place under a name of its own, brought to the disk, and put in place
in one step, the manifest last. A lock on the folder keeps a second run out.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from coverage_analyzer.errors import FolderBusyError, PublishError

PART: Final = ".part"


class Publication:
    """A folder that is being written; a context that publishes only what `publish` is told.

    Parameters
    ----------
    folder
        Made if it is not there.

    Raises
    ------
    PublishError
        If it cannot be written to.
    FolderBusyError
        If another run holds it.
    """

    def __init__(self, folder: str | Path) -> None:
        if not str(folder).strip():
            msg = "The output folder has no name; say where the report is to go."
            raise PublishError(msg)
        self.folder = Path(folder)
        self.names: list[str] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.folder)
        except FileExistsError as error:
            msg = f"{self.folder} is a file; name a folder for the report."
            raise PublishError(msg) from error
        except FolderBusyError:
            raise
        except OSError as error:
            msg = f"{self.folder} cannot be made: {error.strerror}."
            raise PublishError(msg) from error
        try:
            self._clear()
            self._probe()
        except PublishError:
            self._release()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Throw away what was not published, and let the folder go."""
        self._clear()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def path(self, name: str) -> Path:
        """Return where to write a file that is to be published under a name."""
        self.names.append(name)
        return self.folder / f".{name}{PART}"

    def publish(
        self, earlier: Iterable[str] = (), commit: Callable[[], None] | None = None
    ) -> None:
        """Put all files in place, in the order of their paths; then drop what they supersede.

        Parameters
        ----------
        earlier
            Files that an earlier run has put there. Of any other nothing is touched.
        commit
            Publishes what belongs to the report and stands elsewhere, once all files are on the
            disk. If it raises, no file is put in place. Only renames follow, the manifest last, so
            that a manifest speaks of nothing that is not there; a machine that stops among them
            leaves the new rows elsewhere beside the old manifest, and the next run mends it.

        Raises
        ------
        PublishError
            If the disk refuses, or `commit` does.
        """
        mine = set(earlier)
        foreign = [n for n in self.names if n not in mine and (self.folder / n).exists()]
        if foreign:
            msg = (
                f"{self.folder / foreign[0]} is there, and no report put it there; move it away "
                f"or name another folder."
            )
            raise PublishError(msg)
        try:
            for name in self.names:
                _to_disk(self.folder / f".{name}{PART}")
            if commit is not None:
                commit()
            self._claim()
            for name in self.names:
                (self.folder / f".{name}{PART}").replace(self.folder / name)
            for name in mine - set(self.names):
                (self.folder / name).unlink(missing_ok=True)
            _to_disk(self.folder)
        except PublishError:
            raise
        except OSError as error:
            msg = f"The report could not be put into {self.folder}: {error}."
            raise PublishError(msg) from error

    def _claim(self) -> None:
        """Say whose the files are, so that a run that is killed now does not lock out the next."""
        manifest = self.folder / self.names[-1]
        if not manifest.exists():
            claim = self.folder / f".claim{PART}"
            claim.write_text(json.dumps({"files": self.names}), encoding="utf-8")
            claim.replace(manifest)

    def _clear(self) -> None:
        """Remove what a run that died has left behind; only one run can hold the folder."""
        for left in self.folder.glob(f".*{PART}"):
            with contextlib.suppress(OSError):
                left.unlink()

    def _probe(self) -> None:
        probe = self.folder / f".probe{PART}"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            msg = f"{self.folder} cannot be written to: {error.strerror}."
            raise PublishError(msg) from error


def _locked(folder: Path) -> int | None:
    """Return a descriptor that holds the folder's lock until it is closed.

    Raises
    ------
    FolderBusyError
        If another run holds it.
    """
    try:
        import fcntl
    except ImportError:  # not a Unix: no lock
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        msg = f"Another run is writing to {folder}; wait for it, or name another folder."
        raise FolderBusyError(msg) from error
    return descriptor


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
