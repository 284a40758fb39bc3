"""One file that is published whole, or not at all."""

import contextlib
import os
from pathlib import Path

from coverage_analyzer.errors import PublishError


def publish(path: Path, text: str, *, what: str) -> None:
    """Write a file beside its place, bring it to the disk, and put it in place in one step.

    Parameters
    ----------
    path
        Where it is to be; what stands there is replaced, or stays.
    text
        All of it.
    what
        What a message calls it, such as ``map``.

    Raises
    ------
    PublishError
        If it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        msg = f"The {what} could not be written to {path}: {error}."
        raise PublishError(msg) from error
