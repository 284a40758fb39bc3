"""A run folder on any file system that Spark supports, published atomically.

Everything is written to a hidden work folder beside the output, with a random name; a folder in it
finally replaces the old one: two renames, the first of which is rolled back if the second fails. On
HDFS and disks each is one step. An object store copies instead; readers must then wait for
``run.json``.

The remains of a killed run are removed by the next one, behind the lock, if they are provably ours:
a folder and not a link, containing the marker with its name, both owned by our own user.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.errors import FolderBusyError, InputError, PublishError
from coverage_analyzer.files.run_folder import contents, hold
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.run_folder.run_record import RECORD, read_record
from coverage_analyzer.spark.session import in_a_thread

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext

WORK: Final = ".work"
"""Suffix of work folders, after a random part."""

TOKEN_BYTES: Final = 8
TOKEN: Final = re.compile(rf"[0-9a-f]{{{2 * TOKEN_BYTES}}}{re.escape(WORK)}")
"""Full pattern of the suffix: `.out.held.*.work` does not belong to `.out.*.work`."""

OLD: Final = ("old", "held")
"""Names in a work folder for the report being replaced, and for a held run."""

TRIES: Final = 20
PAUSE_S: Final = 0.25
"""How often, and after what pause, a work folder is deleted again; then the next run does it."""

PART_OF_CSV: Final = "part-{:05}.csv"


LOCAL: Final = "file:"
"""Start of the URI of a file on a disk."""


def local_path(uri: str) -> Path:
    """Return the path of a URI of a file on a disk."""
    return Path("/" + uri.removeprefix(LOCAL).lstrip("/"))


def is_on_disk(context: "SparkContext", path: str) -> bool:
    """Return whether a path is on a disk or mount, which Python sees, too.

    Raises
    ------
    InputError
        If Spark has no such file system.
    """
    return FileSystem(context, path).absolute(path).startswith(LOCAL)


class FileSystem:
    """The file system of a path, as seen by Spark.

    Parameters
    ----------
    context
        Of Spark, with its own Java process, not Spark Connect.
    path
        A URI, or a path on Spark's default file system.

    Raises
    ------
    InputError
        If Spark has no such file system.
    """

    def __init__(self, context: "SparkContext", path: str) -> None:
        from py4j.protocol import Py4JJavaError

        # Spark has no public API for its file system.
        self._jvm: Any = context._jvm  # noqa: SLF001
        conf: Any = context._jsc.hadoopConfiguration()  # noqa: SLF001
        try:
            self._fs: Any = self._path(path).getFileSystem(conf)
        except Py4JJavaError as error:
            msg = f"{path} is not on a file system that Spark supports: {message_of(error)}."
            raise InputError(msg) from error
        self._fs.setWriteChecksum(False)

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(path)

    def absolute(self, path: str) -> str:
        """Return an absolute path with its scheme."""
        return str(self._fs.makeQualified(self._path(path)).toString())

    def exists(self, path: str) -> bool:
        """Return whether a name exists."""
        return bool(self._fs.exists(self._path(path)))

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; for a file, its own name."""
        files = self._fs.listStatus(self._path(folder))
        return sorted(str(f.getPath().getName()) for f in files)

    def make(self, folder: str) -> None:
        """Create a folder and its parents."""
        self._fs.mkdirs(self._path(folder))

    def claim(self, path: str) -> bool:
        """Create an empty file if the name is free; return whether it was created."""
        return bool(self._fs.createNewFile(self._path(path)))

    def matching(self, start: str, end: str) -> list[str]:
        """Return the names in a folder with a prefix and suffix, sorted."""
        pattern = re.sub(r"([\\*?\[\]{},])", r"\\\1", start) + "*" + end
        files = self._fs.globStatus(self._path(pattern)) or ()
        return sorted(str(f.getPath().toString()) for f in files)

    def owner(self, path: str, *, is_folder: bool) -> str | None:
        """Return the owner of a file or folder; None if missing, a link, or of another kind."""
        if not self.exists(path):
            return None
        # With its scheme, a local path is never detected as a link.
        plain_path = self._jvm.org.apache.hadoop.fs.Path.getPathWithoutSchemeAndAuthority
        state = self._fs.getFileLinkStatus(plain_path(self._path(path)))
        plain = not state.isSymlink() and bool(state.isDirectory()) == is_folder
        return str(state.getOwner()) if plain else None

    def drop(self, path: str) -> None:
        """Delete a file, or a folder with its content, if it exists."""
        self._fs.delete(self._path(path), True)

    def move(self, old: str, new: str) -> bool:
        """Rename to a free name; return whether it succeeded."""
        return bool(self._fs.rename(self._path(old), self._path(new)))

    def put(self, local: Path, path: str) -> None:
        """Copy a local file to the file system."""
        self._fs.copyFromLocalFile(self._path(local.absolute().as_uri()), self._path(path))

    def get(self, path: str, local: Path) -> None:
        """Copy a file to the local disk."""
        self._fs.copyToLocalFile(
            False,
            self._path(path),
            self._path(local.absolute().as_uri()),
            True,
        )


def message_of(error: Any) -> str:
    """Return the message of a Java exception, without its trace."""
    inner = error.java_exception
    return str(inner.getMessage() or inner.getClass().getName()).strip().rstrip(".")


class Folder:
    """A run folder being written; a context that publishes only the files passed to `publish`.

    Parameters
    ----------
    context
        Of Spark.
    path
        Path of the folder, which may not exist yet. One that contains anything but an earlier run
        is refused.

    Attributes
    ----------
    stage
        A temporary folder beside it, which does not exist yet, removed with the context.

    Raises
    ------
    PublishError
        If it cannot be written to, or holds other files.
    FolderBusyError
        If another run has locked it.
    """

    def __init__(self, context: "SparkContext", path: str) -> None:
        if not path.strip():
            msg = "The output folder has no name. Give a folder for the report."
            raise PublishError(msg)
        self._fs = FileSystem(context, path)
        self.path = self._fs.absolute(path).rstrip("/")
        self._held = f"{self.path}{hold.SUFFIX}"
        self._work = f"{_hidden_name(self.path, secrets.token_hex(TOKEN_BYTES))}{WORK}"
        self.part, self._gone, self.stage = (
            f"{self._work}/{kind}" for kind in ("part", "gone", "stage")
        )
        parent = self.path.rpartition("/")[0]
        self.names: list[str] = []
        with _java_in_words(self.path):
            self._refuse_others(self.path)
            self._fs.make(parent)
            self._claim(self.path)
            try:
                self._fs.make(self._work)
                self._fs.claim(_marker(self._work))
                self._recover()
                self._fs.make(self.part)
            except BaseException:
                in_a_thread(self._clear)
                raise

    def _old(self, path: str) -> str:
        """Return the path in the work folder to which a replaced folder is moved."""
        return f"{self._work}/{OLD[path == self._held]}"

    def _recover(self) -> None:
        """Restore what a killed run had moved away, and remove its remains."""
        mine, start = self._owners(self._work), _hidden_name(self.path, "")
        for left in self._fs.matching(start, WORK):
            is_other = left != self._work and TOKEN.fullmatch(left.removeprefix(start))
            if not is_other or None in mine or self._owners(left) != mine:
                continue
            for path, old in zip((self.path, self._held), OLD, strict=True):
                if not self._fs.exists(path) and self._fs.exists(f"{left}/{old}"):
                    self._fs.move(f"{left}/{old}", path)
            self._fs.drop(left)

    def _owners(self, work: str) -> tuple[str | None, str | None]:
        """Return the owners of a work folder and its marker."""
        return (
            self._fs.owner(work, is_folder=True),
            self._fs.owner(_marker(work), is_folder=False),
        )

    def _claim(self, path: str) -> None:
        """Acquire the lock of a folder.

        Raises
        ------
        FolderBusyError
            If another run has locked it.
        """
        lock = _hidden_name(path, "lock")
        if not self._fs.claim(lock):
            msg = f"Another run is writing {path}. If not, a run was interrupted: delete {lock}."
            raise FolderBusyError(msg)

    def _others(self, path: str) -> list[str]:
        """Return the names in a folder that no run has written."""
        if not self._fs.exists(path):
            return []
        return [name for name in self._fs.names(path) if name not in contents.FILES]

    def _refuse_others(self, path: str) -> None:
        """Raise if a folder contains files that no run has written.

        Raises
        ------
        PublishError
            With the first such file.
        """
        if others := self._others(path):
            msg = (
                f"{path} contains {others[0]!r}, which was not written by a run. Choose a "
                f"different folder."
            )
            raise PublishError(msg)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Discard what was not published, and release the folder."""
        with _java_in_words(self.path):
            in_a_thread(self._clear)

    def _clear(self) -> None:
        """Delete the work folder, in which tasks of a run that failed may still write, and go."""
        for _ in range(TRIES):
            self._fs.drop(self._work)
            if not self._fs.exists(self._work):
                break
            time.sleep(PAUSE_S)
        self._fs.drop(_hidden_name(self.path, "lock"))

    def place(self, name: str) -> str:
        """Return where Spark writes a folder that will be published under a name."""
        self.names.append(name)
        return f"{self.part}/{name}"

    def put(self, files: Path) -> None:
        """Add all files of a local folder.

        Raises
        ------
        PublishError
            If one cannot be written.
        """
        with _java_in_words(self.path):
            for file in sorted(files.iterdir()):
                self._fs.put(file, self.place(file.name))

    def call_csv(self, name: str) -> None:
        """Rename the parts of a text folder, which Spark names ``.txt``.

        Raises
        ------
        PublishError
            If one cannot be renamed.
        """
        folder = f"{self.part}/{name}"
        with _java_in_words(self.path):
            parts = [n for n in self._fs.names(folder) if n.startswith("part-")]
            for number, part in enumerate(parts):
                self._fs.move(f"{folder}/{part}", f"{folder}/{PART_OF_CSV.format(number)}")

    def earlier(self, local: Path) -> RunRecord | None:
        """Return the record of the run in the folder; None if there is none.

        Parameters
        ----------
        local
            A folder for copies of its small files, which does not exist yet.

        Raises
        ------
        InputError
            If a file of the run is damaged.
        PublishError
            If one cannot be read.
        """
        local.mkdir()
        with _java_in_words(self.path):
            for name in RECORD:
                if self._fs.exists(f"{self.path}/{name}"):
                    self._fs.get(f"{self.path}/{name}", local / name)
        return read_record(local, self.path)

    def publish(self, *, held: bool = False) -> str:
        """Replace the old folder by the new one, delete the old one, and return the path.

        Parameters
        ----------
        held
            Whether the run is held (`files.hold`): then the folder with the suffix ``.held`` is
            replaced instead. Otherwise that folder is deleted, if it contains a run.

        Raises
        ------
        FolderBusyError
            If another run writes to that folder.
        PublishError
            If the file system refuses.
        """
        with _java_in_words(self.path):
            if not held:
                self._replace(self.path)
                with suppress(PublishError), _java_in_words(self._held):  # else the next run
                    self._drop_held()
                return self.path
            if self._is_link(self._held):
                msg = f"{self._held} is a link or a file. Move it away."
                raise PublishError(msg)
            self._refuse_others(self._held)
            self._claim(self._held)
            try:
                self._replace(self._held)
            finally:
                self._fs.drop(_hidden_name(self._held, "lock"))
            return self._held

    def _replace(self, path: str) -> None:
        """Replace a folder by the new one.

        Raises
        ------
        PublishError
            If the file system refuses.
        """
        had = self._fs.exists(path)
        if had and not self._fs.move(path, self._old(path)):
            msg = f"{path} cannot be moved away; it is unchanged."
            raise PublishError(msg)
        if not self._fs.move(self.part, path):
            if had:
                self._fs.move(self._old(path), path)
            msg = f"{path} cannot be replaced; it is unchanged."
            raise PublishError(msg)

    def _drop_held(self) -> None:
        """Delete an earlier held run, if its folder contains nothing else."""
        manifest = f"{self._held}/{MANIFEST}"
        if self._is_link(self._held) or self._others(self._held) or not self._fs.exists(manifest):
            return
        with tempfile.TemporaryDirectory() as scratch:
            self._fs.get(manifest, Path(scratch) / MANIFEST)
            is_held = hold.is_held(Path(scratch))
        if is_held:
            self._fs.move(self._held, self._gone)  # removed with the work folder

    def _is_link(self, path: str) -> bool:
        """Return whether a name exists but is not a folder itself."""
        return self._fs.exists(path) and self._fs.owner(path, is_folder=True) is None


def _hidden_name(path: str, kind: str) -> str:
    """Return a hidden name beside a folder."""
    parent, _, name = path.rpartition("/")
    return f"{parent}/.{name}.{kind}"


def _marker(work: str) -> str:
    """Return the marker of a work folder, which has its name and is no proof for another."""
    return f"{work}/coverage-analyzer-{work.rpartition('/')[2].strip('.')}"


@contextmanager
def _java_in_words(path: str) -> Iterator[None]:
    """Translate Java exceptions.

    Raises
    ------
    PublishError
        With the Java message.
    """
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        msg = f"{path} cannot be written: {message_of(error)}."
        raise PublishError(msg) from error
