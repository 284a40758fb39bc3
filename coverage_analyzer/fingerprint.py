"""Detect changes of input files during reading, and hash the bytes read.

`HashedFile` is a file read through one handle: its bytes are hashed as they are read. Another
program that replaces the file (by a rename, as careful exports do) changes nothing for the handle,
so only the size and time of the handle count. `WatchedFiles` are files that a library opens by
path, possibly several times: there the inode counts, too, and they are hashed when the hash is
requested. `unchanged` makes a reader check its fingerprint after the last row.

The hash is `hashlib`'s. No library serves for the rest: `hashlib.file_digest` reads a file a second
time, which a pipe does not allow and which may then be another file; watchers (watchdog) report
events of folders and miss those of network drives.
"""

import functools
import hashlib
import os
import stat
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Protocol, TypeVar

from coverage_analyzer.errors import InputError

HASHED_BYTES: Final = 1 << 20
"""Bytes per read of a file that is read only for its hash."""

T = TypeVar("T")


class FileState(NamedTuple):
    """File system state of a regular file; it differs after a change."""

    device: int
    inode: int
    size: int
    modified_ns: int


class Fingerprint(Protocol):
    """The states and hashes of the files of a table."""

    @property
    def states(self) -> Mapping[str, FileState | None]:
        """State of each file when it was opened.

        None means a file that is missing or not regular, such as a pipe.
        """

    def check(self) -> None:
        """Raise if a file has changed since it was opened.

        Raises
        ------
        InputError
            With the file.
        """

    def sha256(self) -> str:
        """Return the hash of the bytes read, after the last of them.

        Raises
        ------
        InputError
            If a file has changed since it was opened.
        """


class HashedFile:
    """An open file whose bytes are hashed as they are read.

    Parameters
    ----------
    path
        Path of the file, or name of the stream.
    stream
        Read instead of the file, and not closed, because it belongs to the program.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """

    def __init__(self, path: Path, stream: IO[bytes] | None = None) -> None:
        self.path = path
        self._file = path.open("rb") if stream is None else stream
        # Closes the file without a warning if a reader is discarded before its last row.
        self._close = weakref.finalize(self, self._file.close) if stream is None else None
        self._digest = hashlib.sha256()
        self._read = 0
        self._state = self._last = _state_of_handle(self._file)
        self._is_closed = False

    @property
    def states(self) -> dict[str, FileState | None]:
        """State of the file when it was opened."""
        return {str(self.path): self._state}

    @property
    def size(self) -> int:
        """Size of the file in bytes when it was opened; 0 if it is not a regular file."""
        return self._state.size if self._state else 0

    def read(self, size: int = -1, /) -> bytes:
        """Return at most the given number of bytes; none at the end."""
        data = self._file.read(size)
        self._digest.update(data)
        self._read += len(data)
        return data

    def tell(self) -> int:
        """Return the number of bytes read."""
        return self._read

    def read_rest(self) -> None:
        """Read to the end, so that the hash covers the data after the last record."""
        while self.read(HASHED_BYTES):
            pass

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self._is_closed:
            self._last = _state_of_handle(self._file)
            self._is_closed = True
            if self._close is not None:
                self._close()

    def check(self) -> None:
        """Raise if the file has changed since it was opened.

        Raises
        ------
        InputError
            With its path.
        """
        if not self._is_closed:
            self._last = _state_of_handle(self._file)
        if self._last != self._state:
            raise InputError(changed(self.path))

    def sha256(self) -> str:
        """Return the hash of all bytes, reading the rest first.

        Raises
        ------
        InputError
            If the file has changed since it was opened.
        """
        if not self._is_closed:
            self.read_rest()
        self.check()
        return self._digest.hexdigest()


class WatchedFiles:
    """Files opened by path, in their current state.

    Parameters
    ----------
    paths
        The files.
    optional
        Optional further files; an empty one counts as missing.
    """

    def __init__(self, *paths: Path, optional: tuple[Path, ...] = ()) -> None:
        self._paths, self._optional = paths, optional
        self.states = self._now()
        self._digest: Any = None

    def _now(self) -> dict[str, FileState | None]:
        states = {str(path): state_of(path) for path in self._paths}
        for path in self._optional:
            state = state_of(path)
            states[str(path)] = state if state and state.size else None
        return states

    def check(self) -> None:
        """Raise if a file has changed or been replaced.

        Raises
        ------
        InputError
            With its path.
        """
        compare_states(self.states, self._now())

    def digest(self) -> Any:
        """Return a copy of the hash object over all bytes, one file after the other.

        Raises
        ------
        InputError
            If a file has changed since it was opened.
        OSError
            If one cannot be read.
        """
        if self._digest is None:
            digest = hashlib.sha256()
            for path in self._paths + self._optional:
                if path not in self._optional or self.states[str(path)] is not None:
                    _hash(path, self.states[str(path)], digest)
            self.check()
            self._digest = digest
        return self._digest.copy()

    def sha256(self) -> str:
        """Return the hash over all bytes, one file after the other; it is computed once.

        Raises
        ------
        InputError
            If a file has changed since it was opened, or cannot be read.
        """
        try:
            return str(self.digest().hexdigest())
        except OSError as error:
            self.check()
            msg = f"{error.filename} cannot be read: {error.strerror}."
            raise InputError(msg) from error


def check_same(first: Fingerprint | None, second: Fingerprint | None) -> None:
    """Raise if files that are read twice differ the second time.

    Parameters
    ----------
    first, second
        Fingerprints of the two readings; None if there are no files, as for a database.

    Raises
    ------
    InputError
        With a file that has changed, is new or is missing.
    """
    if first is not None and second is not None:
        compare_states(first.states, second.states)


def unchanged(blocks: Callable[[Any], Iterator[T]]) -> Callable[[Any], Iterator[T]]:
    """Make the ``blocks`` of a reader end with a check of its ``fingerprint``."""

    @functools.wraps(blocks)
    def checked(reader: Any) -> Iterator[T]:
        with unchanged_during(reader.fingerprint):
            yield from blocks(reader)

    return checked


@contextmanager
def unchanged_during(fingerprint: Fingerprint) -> Iterator[None]:
    """Check a fingerprint at the end of a context that reads its files.

    A change also explains an error during the work, such as a truncated line.

    Raises
    ------
    InputError
        If a file has changed; otherwise that of the work.
    """
    try:
        yield
    except Exception:
        fingerprint.check()
        raise
    fingerprint.check()


def compare_states(
    before: Mapping[str, FileState | None], after: Mapping[str, FileState | None]
) -> None:
    """Raise if a file has changed, is new or is missing.

    Raises
    ------
    InputError
        With the first such file.
    """
    for path in [*before, *after]:
        if path not in before or path not in after or before[path] != after[path]:
            raise InputError(changed(path))


def changed(path: Path | str) -> str:
    """Return the message that a file has changed."""
    return f"{path} changed while it was being read. Run again when it is complete."


def _hash(path: Path, state: FileState | None, digest: Any) -> None:
    """Add the bytes of a file to a hash.

    Raises
    ------
    InputError
        If it is not in the given state before and after.
    """
    with path.open("rb") as file:
        before = _state_of_handle(file)
        while data := file.read(HASHED_BYTES):
            digest.update(data)
        after = _state_of_handle(file)
    if not before == after == state:
        raise InputError(changed(path))


def state_of(path: Path) -> FileState | None:
    """Return the state of a file; None if it is missing or not regular."""
    try:
        return _state(path.stat())
    except (OSError, ValueError):
        return None


def _state_of_handle(file: IO[bytes]) -> FileState | None:
    try:
        return _state(os.fstat(file.fileno()))
    except (OSError, ValueError, AttributeError):  # an in-memory stream
        return None


def _state(status: os.stat_result) -> FileState | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
