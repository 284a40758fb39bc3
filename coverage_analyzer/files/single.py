"""One file replaced whole, or not at all: what `publishing` is for a folder."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import CoverageError, PublishError
from coverage_analyzer.files.publishing import locked, to_disk

PART: Final = ".part"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield where to write a file; it takes its place when the context ends without an error.

    It is written in a folder beside its place, which holds a lock and is gone in the end; one that
    a process left that was killed is used again.

    Raises
    ------
    CoverageError
        That the caller raised.
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be written.
    """
    folder = path.with_name(f".{path.name}{PART}")
    if path.is_dir():
        msg = f"{path} is a folder; name a file."
        raise PublishError(msg)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}."
        raise PublishError(msg) from error
    lock = locked(folder)
    try:
        part = folder / path.name
        _emptied(folder)
        yield part
        to_disk(part)
        part.replace(path)
        to_disk(path.parent)
    except CoverageError:  # some of which are errors of the system, too
        raise
    except OSError as error:
        msg = f"{path} could not be written: {error}."
        raise PublishError(msg) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(folder)
        if lock is not None:
            os.close(lock)


def _emptied(folder: Path) -> None:
    """Remove what is in a folder."""
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def publish(path: Path, text: str) -> None:
    """Replace a file by a text.

    Raises
    ------
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be written.
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="")
