"""One file that is published whole, or not at all."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from coverage_analyzer.errors import CoverageError, PublishError
from coverage_analyzer.files.publishing import to_disk


@contextlib.contextmanager
def whole(path: Path, *, what: str) -> Iterator[Path]:
    """Give a place beside a file to write to, which takes the file's place if all goes well.

    Parameters
    ----------
    path
        Where the file is to be; what stands there is replaced, or stays.
    what
        What a message calls it, such as ``map``.

    Raises
    ------
    CoverageError
        If the work within raises it.
    PublishError
        If the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        try:
            yield part
            to_disk(part)
            part.replace(path)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    except CoverageError:
        raise
    except OSError as error:
        msg = f"The {what} could not be written to {path}: {error}."
        raise PublishError(msg) from error


def publish(path: Path, text: str, *, what: str) -> None:
    """Write a text as `whole` does.

    Raises
    ------
    PublishError
        If it cannot be written.
    """
    with whole(path, what=what) as part:
        part.write_text(text, encoding="utf-8", newline="")
