"""Publish a run folder: replace all of its files, or none.

Each file is written to a work folder within the folder, under a random name, and synced to disk.
Then a `Swap` moves all of them to their final names:

1. A journal in the work folder names the old and the new files. 2. The old manifest is moved away:
from now on no manifest describes files that are not its own. 3. Each old file gets a second name in
the work folder, and each new one takes its place in one
   step, the manifest last.
4. The journal is removed. From that moment the report is the new one.

A failure or interrupt before that moment is rolled back at once, file by file. A process killed
between 2 and 4, or a machine that loses power, cannot roll back: the journal remains, and the next
process that opens the folder for writing rolls back first, if the work folder is provably ours. The
remaining window is that time, which usually takes less than a millisecond. Readers recognise it by
the manifest: **where there is a manifest, the files that it names are those of the same run**;
where it is missing there is no report (yet).

Exchanging the whole folder (``renameat2``) would leave no window, but is not suitable for a folder
that belongs to the user: it would have to copy all other content, leaves a shell whose current
folder it is in the old one, needs write permission in its parent, and fails where the folder is a
mount point, as in a container. Links into a folder of versions would give the user links instead of
files.

A lock on the folder excludes a second run.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coverage_analyzer import documents
from coverage_analyzer.errors import PublishError
from coverage_analyzer.files.run_folder import contents
from coverage_analyzer.files.work_folder import WorkFolder, locked, to_disk

NEW: Final = "new"
OLD: Final = "old"
"""Subfolders of the work folder: for new files, and for the old ones."""

JOURNAL: Final = "journal.json"
MANIFEST: Final = "run.json"


class Publication:
    """A folder being written; a context that publishes only the files passed to `publish`.

    Parameters
    ----------
    folder
        Created if missing.
    names
        Names of the new files, as far as known.

    Raises
    ------
    PublishError
        If it cannot be written to, or contains a file of such a name that is not of a report.
    FolderBusyError
        If another run has locked it.
    """

    def __init__(self, folder: str | Path, names: Iterable[str] = ()) -> None:
        if not str(folder).strip():
            msg = "The output folder has no name. Give a folder for the report."
            raise PublishError(msg)
        self.folder = Path(folder)
        self.names: list[str] = []
        self._new_folders = _new_folders(self.folder)
        self._work: WorkFolder | None = None
        self._lock: int | None = None
        try:
            self._lock = locked(self.folder)
            self._work = WorkFolder.create(self.folder)
            for kind in (NEW, OLD):
                self._create_folder(kind)
            for left in self._work.left_behind():
                _settle(left)
            self._earlier = frozenset(contents.earlier_files(self.folder))
            self._spare(names, self._earlier)
        except BaseException:
            self._leave()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Discard what was not published, and release the folder."""
        self._leave()

    def _leave(self) -> None:
        try:
            self._tidy()
        except BaseException:  # another Ctrl-C during the clean-up of the first
            self._tidy()
            raise
        finally:
            for lock in (self._work.lock if self._work else None, self._lock):
                if lock is not None:
                    os.close(lock)

    def _tidy(self) -> None:
        """Remove the work folder; if that fails, the next run does it."""
        with contextlib.suppress(PublishError):
            if self._work is not None:
                _settle(self._work)
        with contextlib.suppress(OSError):
            for folder in self._new_folders:  # non-empty ones are kept
                folder.rmdir()

    def path(self, name: str) -> Path:
        """Return the path to write a file that will be published under a name."""
        self.names.append(name)
        return self.scratch / NEW / name

    def written(self, name: str) -> Path:
        """Return where a file is that was written to be published under a name."""
        return self.scratch / NEW / name

    @property
    def scratch(self) -> Path:
        """A temporary folder of this run, removed with the context.

        Raises
        ------
        PublishError
            If the context has ended.
        """
        if self._work is None:
            msg = f"{self.folder} is not open for writing."
            raise PublishError(msg)
        return self._work.path

    def take_over(self, other: "Publication") -> None:
        """Take over the files written by another publication, to publish them here instead.

        Raises
        ------
        PublishError
            If the disk refuses.
        """
        try:
            for name in other.names:
                shutil.move(other.scratch / NEW / name, self.path(name))
        except OSError as error:
            msg = f"The report could not be written to {self.folder}: {error}."
            raise PublishError(msg) from error

    def remove(self) -> None:
        """Remove the report in the folder atomically.

        Raises
        ------
        PublishError
            If the disk refuses, or a part of the report is not a regular file. The report is kept.
        """
        if not all(_is_plain(self.folder / name) for name in self._earlier):
            msg = (
                f"The report in {self.folder} contains entries other than files. Remove it "
                f"yourself."
            )
            raise PublishError(msg)
        try:
            Swap(self.folder, self.scratch, sorted(self._earlier), []).carry_out()
        except OSError as error:
            msg = f"The report in {self.folder} could not be removed: {error}."
            raise PublishError(msg) from error
        self._earlier = frozenset()

    def publish(
        self, earlier: Iterable[str] = (), commit: Callable[[], None] | None = None
    ) -> None:
        """Publish all files, the last path being the manifest, and remove obsolete ones.

        Parameters
        ----------
        earlier
            Files of an earlier run, besides those that its manifest names. Nothing else is touched.
        commit
            Publishes parts of the report stored elsewhere, once all files are on disk. If it
            raises, no file is moved to its final name. Only renames follow, the manifest last, so
            that a manifest never names missing files; a machine that stops among them leaves the
            new rows elsewhere with the old manifest, which the next run corrects.

        Raises
        ------
        PublishError
            If the disk refuses, `commit` raises, or one of the names is taken meanwhile. The old
            files are kept.
        """
        mine = self._earlier.union(earlier)
        self._spare(self.names, mine)
        old = sorted(name for name in mine if _is_plain(self.folder / name))
        try:
            for name in self.names:
                to_disk(self.scratch / NEW / name)
            if commit is not None:
                commit()
            Swap(self.folder, self.scratch, old, self.names).carry_out()
        except PublishError:
            raise
        except OSError as error:
            msg = f"The report could not be written to {self.folder}: {error}."
            raise PublishError(msg) from error

    def _spare(self, names: Iterable[str], mine: frozenset[str]) -> None:
        """Raise if a name is taken by a file that is not of an earlier run.

        Raises
        ------
        PublishError
            With the first one.
        """
        for path in (self.folder / name for name in names):
            if os.path.lexists(path) and not (path.name in mine and _is_plain(path)):
                msg = (
                    f"{path} exists and was not written by this program. Move it away "
                    f"or choose a different folder."
                )
                raise PublishError(msg)

    def _create_folder(self, kind: str) -> None:
        """Create a folder in the work folder.

        Raises
        ------
        PublishError
            If the disk refuses.
        """
        try:
            (self.scratch / kind).mkdir()
        except OSError as error:
            msg = f"{self.folder} cannot be written to: {error.strerror}."
            raise PublishError(msg) from error


@dataclass(frozen=True)
class Swap:
    """The replacement of a folder's old files by new ones, as a single atomic step.

    Attributes
    ----------
    folder
        The location of the rows.
    work
        The work folder of the run.
    old
        Names of the old files; those without a new version are removed.
    new
        Names of files whose parts are on disk; the last is the manifest. If empty, the old ones are
        removed.
    """

    folder: Path
    work: Path
    old: list[str]
    new: list[str]

    @property
    def manifest(self) -> str:
        """Name of the manifest, which is removed first and added last."""
        return self.new[-1] if self.new else MANIFEST

    def carry_out(self) -> None:
        """Carry out the step; on any failure or interrupt, restore the old files."""
        with contextlib.ExitStack() as otherwise:
            otherwise.callback(self._undo_if_it_goes)
            self._note()
            # Stable sort: the manifest is moved first.
            for name in sorted(self.old, key=lambda n: n != self.manifest):
                keep = _rename if name == self.manifest else _link
                keep(self.folder / name, self._aside(name))
            for name in self.new:
                self._part(name).replace(self.folder / name)
            for name in set(self.old).difference(self.new):
                (self.folder / name).unlink(missing_ok=True)
            to_disk(self.folder)
            (self.work / JOURNAL).unlink()
            to_disk(self.work)
            otherwise.pop_all()

    def undo(self) -> None:
        """Restore the old files from any state of the step; repeating it is harmless."""
        for name in reversed(self.new):
            part, path = self._part(name), self.folder / name
            is_ours = name not in self.old or self._aside(name).exists()
            if is_ours and path.exists() and not part.exists():
                path.replace(part)
        for name in sorted(self.old, key=lambda n: n == self.manifest):
            aside = self._aside(name)
            if aside.exists():
                aside.replace(self.folder / name)
        to_disk(self.folder)
        (self.work / JOURNAL).unlink(missing_ok=True)
        to_disk(self.work)

    def _undo_if_it_goes(self) -> None:
        """Undo; if the disk refuses, too, the journal is kept for the next run."""
        with contextlib.suppress(OSError):
            self.undo()

    def _note(self) -> None:
        """Write the journal atomically."""
        text = json.dumps({"old": self.old, "new": self.new})
        part = self.work / f"{JOURNAL}.new"
        part.write_text(text, encoding="utf-8")
        to_disk(part)
        part.replace(self.work / JOURNAL)
        to_disk(self.work)
        to_disk(self.folder)

    def _part(self, name: str) -> Path:
        """Return the path of a file before it is published."""
        return self.work / NEW / name

    def _aside(self, name: str) -> Path:
        """Return the path of an old file while new ones replace it."""
        return self.work / OLD / name


def _settle(work: WorkFolder) -> None:
    """Roll back an unfinished publication and remove its work folder.

    Raises
    ------
    PublishError
        If the disk refuses to roll back; the work folder is kept.
    """
    swap = _journal_step(work.path)
    try:
        if swap is not None:
            swap.undo()
    except OSError as error:
        folder = work.path.parent
        msg = f"The remains of an interrupted run in {folder} could not be removed: {error}."
        raise PublishError(msg) from error
    work.remove()


def _journal_step(work: Path) -> Swap | None:
    """Return the step recorded in the journal of a work folder, if any."""
    try:
        noted = documents.read_json(work / JOURNAL)
        old, new = ([str(name) for name in noted[kind]] for kind in (OLD, NEW))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    plain = all(Path(name).name == name for name in (*old, *new))
    return Swap(work.parent, work, old, new) if (old or new) and plain else None


def _new_folders(folder: Path) -> list[Path]:
    """Create a folder and its parents if missing; return those created, deepest first.

    Raises
    ------
    PublishError
        If that fails.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            for path in missing:
                path.rmdir()
        if not isinstance(error, FileExistsError):
            msg = f"{folder} cannot be created: {error.strerror}."
            raise PublishError(msg) from error
        what = "a broken link" if folder.is_symlink() and not folder.exists() else "a file"
        msg = f"{folder} is {what}. Choose a folder for the report."
        raise PublishError(msg) from error
    return missing


def _is_plain(path: Path) -> bool:
    """Return whether a path is a regular file: not a folder, not a link."""
    return path.is_file() and not path.is_symlink()


def _link(path: Path, aside: Path) -> None:
    """Hard-link a file; move it where hard links are not supported."""
    try:
        aside.hardlink_to(path)
    except OSError:
        _rename(path, aside)


def _rename(path: Path, aside: Path) -> None:
    path.replace(aside)
