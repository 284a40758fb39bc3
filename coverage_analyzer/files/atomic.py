"""Replace a single file atomically, as `publishing` does for a folder."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage_analyzer.errors import CoverageError, FolderBusyError, PublishError, visible
from coverage_analyzer.files.work_folder import WorkFolder, to_disk
from coverage_analyzer.paths import is_utf8


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path; it replaces the file when the context ends without an error.

    It is written in a work folder next to its final path, which is removed at the end. A link is
    replaced, not followed. A device or a pipe, such as ``/dev/stdout``, gets the bytes once they
    are complete.

    Raises
    ------
    CoverageError
        Raised by the caller.
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be written.
    """
    if path.is_dir():
        msg = f"{path} is a folder. Choose a file name."
        raise PublishError(msg)
    try:
        if _is_stream(path):
            with tempfile.TemporaryDirectory() as folder:
                part = Path(folder) / _part_name(path)
                yield part
                with part.open("rb") as source, path.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
            return
        with _work_folder(path) as work:
            part = work.path / _part_name(path)
            yield part
            to_disk(part)
            part.replace(path)
            to_disk(path.parent)
    except CoverageError:  # some of which are also OSErrors
        raise
    except OSError as error:
        msg = f"{path} could not be written: {error}."
        raise PublishError(msg) from error


def _work_folder(path: Path) -> WorkFolder:
    """Create a work folder for a file, and remove those left by killed processes.

    Raises
    ------
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be created.
    """
    try:
        work = WorkFolder.create(path.parent, path.name)
    except PublishError as error:
        cause = error.__cause__
        why = cause.strerror if isinstance(cause, OSError) else str(error)
        msg = f"{path} cannot be written: {why}."
        raise PublishError(msg) from error
    try:
        _check_busy(work, path)
        for left in work.left_behind():
            if left.target:
                left.remove()
    except BaseException:
        work.__exit__()
        raise
    return work


def _part_name(path: Path) -> str:
    """Return the temporary name of a file: its final name if that is UTF-8."""
    return path.name if is_utf8(path.name) else f"{visible(path.stem)}{path.suffix}"


def _check_busy(work: WorkFolder, path: Path) -> None:
    """Raise if another process is writing a file.

    Raises
    ------
    FolderBusyError
        If so.
    """
    if work.is_busy():
        msg = f"Another run is writing {path}. Wait for it, or choose a different file."
        raise FolderBusyError(msg)


def _is_stream(path: Path) -> bool:
    """Return whether a path is a device or pipe, which is written to and never replaced.

    ``/dev/stdout`` is a stream even if it is redirected to a file.
    """
    top = path.absolute().parts[1:3]
    if top[:1] in {("dev",), ("proc",)} and top != ("dev", "shm"):
        return path.exists()
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def publish(path: Path, content: str | bytes) -> None:
    """Replace a file atomically with a text, which is written as UTF-8, or with bytes.

    Raises
    ------
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
