"""Publishing a run's folder: all of its files are replaced, or none is.

Each file is written beside its place (``.NAME.part``) and brought to the disk. Then a `Swap` puts
them in place together:

1. A journal (``.publishing``) names the files that stand and those that come.
2. The old manifest goes aside: from here on none stands beside files that are not its own.
3. Each old file gets a second name (``.NAME.old``), and each new one takes its place in one step,
   the manifest last.
4. The journal goes. That is the moment from which the report is the new one.

What fails or is interrupted before that moment is undone at once, file by file. A process that is
killed between 2 and 4, or a machine that loses its power there, cannot undo anything: then the
journal stands, and the next that opens the folder for writing undoes it first. The window that is
left is that time, which takes less than a millisecond to begin with. A reader knows it by the
manifest: **where it stands, the files that it names stand with it, of one and the same run**;
where it is missing there is no report (yet).

One exchange of the whole folder (``renameat2``) would leave no window, but it is no way to replace
the files of a folder that belongs to the user: it would have to carry along what else is in there,
leaves a shell that stands in the folder in the old one, needs the right to write beside it, and
fails where the folder is a mount point, as in a container. Links into a folder of versions would
give the user links in place of files.

A lock on the folder keeps a second run out.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from coverage_analyzer.errors import FolderBusyError, PublishError
from coverage_analyzer.files import report

PART: Final = ".part"
OLD: Final = ".old"
JOURNAL: Final = ".publishing"
MANIFEST: Final = "run.json"
PROBE: Final = "probe"
WORKBOOK: Final = "workbook"
"""The folder in which one is made: `workbook_writer.FOLDER`."""


class Publication:
    """A folder that is being written; a context that publishes only what `publish` is told.

    Parameters
    ----------
    folder
        Made if it is not there.
    names
        Files that are to come, as far as that is known.

    Raises
    ------
    PublishError
        If it cannot be written to, or holds a file of such a name that no report put there.
    FolderBusyError
        If another run holds it.
    """

    def __init__(self, folder: str | Path, names: Iterable[str] = ()) -> None:
        if not str(folder).strip():
            msg = "The output folder has no name; say where the report is to go."
            raise PublishError(msg)
        self.folder = Path(folder)
        self.names: list[str] = []
        self._is_new = not os.path.lexists(self.folder)
        self._lock = locked(_made(self.folder))
        try:
            _settle(self.folder)
            self._clear()
            self._probe()
            self._earlier = frozenset(report.earlier_files(self.folder))
            self._spare(names, self._earlier)
        except BaseException:
            self._leave()
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
        self._leave()

    def _leave(self) -> None:
        try:
            self._tidy()
        except BaseException:  # Ctrl-C once more, while a first one is being tidied up
            self._tidy()
            raise
        finally:
            if self._is_new:
                with contextlib.suppress(OSError):  # which it is, if a report is in it
                    self.folder.rmdir()
            if self._lock is not None:
                os.close(self._lock)

    def _tidy(self) -> None:
        """Leave no trace of what was not published; where that fails, the next run does it."""
        with contextlib.suppress(PublishError):
            _settle(self.folder)
            self._clear()

    def path(self, name: str) -> Path:
        """Return where to write a file that is to be published under a name."""
        self.names.append(name)
        return _part(self.folder, name)

    def take_over(self, other: "Publication") -> None:
        """Move the files here that another publication has written, to publish them instead.

        Raises
        ------
        PublishError
            If the disk refuses.
        """
        try:
            for name in other.names:
                shutil.move(_part(other.folder, name), self.path(name))
        except OSError as error:
            msg = f"The report could not be put into {self.folder}: {error}."
            raise PublishError(msg) from error

    def remove(self) -> None:
        """Remove the report that stands in the folder, whole or not at all.

        Raises
        ------
        PublishError
            If the disk refuses, or a part of the report is not a plain file. The report stays.
        """
        if not all(_is_plain(self.folder / name) for name in self._earlier):
            msg = f"The report in {self.folder} is not made of plain files; remove it yourself."
            raise PublishError(msg)
        try:
            Swap(self.folder, sorted(self._earlier), []).carry_out()
        except OSError as error:
            msg = f"The report in {self.folder} could not be removed: {error}."
            raise PublishError(msg) from error
        self._earlier = frozenset()

    def publish(
        self, earlier: Iterable[str] = (), commit: Callable[[], None] | None = None
    ) -> None:
        """Put all files in place, the last of their paths as the manifest, and drop older ones.

        Parameters
        ----------
        earlier
            Files that an earlier run has put there, besides those that its manifest names. Of any
            other nothing is touched.
        commit
            Publishes what belongs to the report and stands elsewhere, once all files are on the
            disk. If it raises, no file is put in place. Only renames follow, the manifest last, so
            that a manifest speaks of nothing that is not there; a machine that stops among them
            leaves the new rows elsewhere beside the old manifest, and the next run mends it.

        Raises
        ------
        PublishError
            If the disk refuses, `commit` does, or one of the names has come to be taken. The old
            files stand.
        """
        mine = self._earlier.union(earlier)
        self._spare(self.names, mine)
        old = sorted(name for name in mine if _is_plain(self.folder / name))
        try:
            for name in self.names:
                to_disk(_part(self.folder, name))
            if commit is not None:
                commit()
            Swap(self.folder, old, self.names).carry_out()
        except PublishError:
            raise
        except OSError as error:
            msg = f"The report could not be put into {self.folder}: {error}."
            raise PublishError(msg) from error

    def _spare(self, names: Iterable[str], mine: frozenset[str]) -> None:
        """Raise if a name is taken by what is no file of an earlier run.

        Raises
        ------
        PublishError
            Which names the first.
        """
        for path in (self.folder / name for name in names):
            if os.path.lexists(path) and not (path.name in mine and _is_plain(path)):
                msg = (
                    f"{path} is there, and no report put it there; move it away "
                    f"or name another folder."
                )
                raise PublishError(msg)

    def _clear(self) -> None:
        """Remove what a run that died has left behind; only one run can hold the folder."""
        for left in _leftovers(self.folder, self.names):
            with contextlib.suppress(OSError):
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _probe(self) -> None:
        probe = _part(self.folder, PROBE)
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            msg = f"{self.folder} cannot be written to: {error.strerror}."
            raise PublishError(msg) from error


@dataclass(frozen=True)
class Swap:
    """The step from old files of a folder to new ones, which is made whole or not at all.

    Attributes
    ----------
    folder
        Where they are.
    old
        Names of files that stand; those that do not come again go.
    new
        Names of files of which the parts are on the disk; the last is the manifest. If there are
        none, the old ones go.
    """

    folder: Path
    old: list[str]
    new: list[str]

    @property
    def manifest(self) -> str:
        """The name of the manifest, which goes first and comes last."""
        return self.new[-1] if self.new else MANIFEST

    def carry_out(self) -> None:
        """Make the step; if anything stops it, even an interrupt, the old files stand again."""
        with contextlib.ExitStack() as otherwise:
            otherwise.callback(self._undo_if_it_goes)
            self._note()
            # Stably sorted: the manifest goes aside first.
            for name in sorted(self.old, key=lambda n: n != self.manifest):
                keep = _renamed if name == self.manifest else _linked
                keep(self.folder / name, _aside(self.folder, name))
            for name in self.new:
                _part(self.folder, name).replace(self.folder / name)
            for name in set(self.old).difference(self.new):
                (self.folder / name).unlink(missing_ok=True)
            to_disk(self.folder)
            (self.folder / JOURNAL).unlink()
            to_disk(self.folder)
            otherwise.pop_all()
        for name in self.old:
            with contextlib.suppress(OSError):
                _aside(self.folder, name).unlink()

    def undo(self) -> None:
        """Bring the old files back, from wherever the step was left; twice is as good as once."""
        for name in reversed(self.new):
            part, path = _part(self.folder, name), self.folder / name
            known = name not in self.old or _aside(self.folder, name).exists()
            if known and path.exists() and not part.exists():
                path.replace(part)
        for name in sorted(self.old, key=lambda n: n == self.manifest):
            aside = _aside(self.folder, name)
            if aside.exists():
                aside.replace(self.folder / name)
        to_disk(self.folder)
        (self.folder / JOURNAL).unlink(missing_ok=True)
        to_disk(self.folder)

    def _undo_if_it_goes(self) -> None:
        """Undo; if the disk refuses that, too, the journal stands for the next who comes."""
        with contextlib.suppress(OSError):
            self.undo()

    def _note(self) -> None:
        """Write the journal, whole or not at all."""
        text = json.dumps({"old": self.old, "new": self.new})
        part = _part(self.folder, JOURNAL)
        part.write_text(text, encoding="utf-8")
        to_disk(part)
        part.replace(self.folder / JOURNAL)
        to_disk(self.folder)


def _settle(folder: Path) -> None:
    """Undo what a run that was killed has begun to put in place.

    Raises
    ------
    PublishError
        If the disk refuses.
    """
    swap = _begun(folder)
    try:
        if swap is not None:
            swap.undo()
    except OSError as error:
        msg = f"What a run that was killed left in {folder} could not be undone: {error}."
        raise PublishError(msg) from error


def _begun(folder: Path) -> Swap | None:
    """Return the step that the journal of a folder names, if there is one."""
    try:
        noted = json.loads((folder / JOURNAL).read_text(encoding="utf-8"))
        old, new = ([str(name) for name in noted[kind]] for kind in ("old", "new"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    plain = all(Path(name).name == name for name in (*old, *new))
    return Swap(folder, old, new) if (old or new) and plain else None


def is_interrupted(folder: Path) -> bool:
    """Return whether a run was killed while it put its files into a folder or removed them."""
    return _begun(folder) is not None or any(map(os.path.lexists, _leftovers(folder)))


def _leftovers(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Return where a run keeps what is not published: files of the known names, and of others."""
    known = {*report.FILES, *names, PROBE, JOURNAL, WORKBOOK}
    return [place(folder, name) for name in known for place in (_part, _aside)]


def _made(folder: Path) -> Path:
    """Make a folder if it is not there, and return it.

    Raises
    ------
    PublishError
        If that cannot be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        what = "a link to nothing" if folder.is_symlink() and not folder.exists() else "a file"
        msg = f"{folder} is {what}; name a folder for the report."
        raise PublishError(msg) from error
    except OSError as error:
        msg = f"{folder} cannot be made: {error.strerror}."
        raise PublishError(msg) from error
    return folder


def locked(folder: Path) -> int | None:
    """Return a descriptor that holds the folder's lock until it is closed.

    Raises
    ------
    PublishError
        If the folder cannot be opened.
    FolderBusyError
        If another run holds it.
    """
    try:
        import fcntl
    except ImportError:  # not a Unix: no lock
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        msg = f"{folder} cannot be opened: {error.strerror}."
        raise PublishError(msg) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        msg = f"Another run is writing to {folder}; wait for it, or name another folder."
        raise FolderBusyError(msg) from error
    except OSError as error:
        os.close(descriptor)
        msg = f"{folder} cannot be locked: {error.strerror}."
        raise PublishError(msg) from error
    return descriptor


def _part(folder: Path, name: str) -> Path:
    """Return where a file is written before it is published."""
    return folder / f".{name.removeprefix('.')}{PART}"


def _aside(folder: Path, name: str) -> Path:
    """Return where an old file is while new ones take its place."""
    return folder / f".{name.removeprefix('.')}{OLD}"


def _is_plain(path: Path) -> bool:
    """Return whether there is a file: no folder, no link."""
    return path.is_file() and not path.is_symlink()


def _linked(path: Path, aside: Path) -> None:
    """Give a file a second name; where there are no such links, it moves."""
    try:
        aside.hardlink_to(path)
    except OSError:
        _renamed(path, aside)


def _renamed(path: Path, aside: Path) -> None:
    path.replace(aside)


def to_disk(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
