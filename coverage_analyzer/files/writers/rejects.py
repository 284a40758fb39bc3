"""A separate file of rejected rows, beside the output of a job."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.writers.delimited import SAFE, RejectsWriter, Style

CSV: Final = ".csv"


def check_rejects(path: object) -> None:
    """Raise if the rejects file has the extension of a format other than CSV.

    Raises
    ------
    InputError
        With its name.
    """
    if isinstance(path, (str, Path)):
        kind_of(path, [CSV], what="Rejected rows are", default=CSV)


@contextmanager
def rejects_file(path: Path, style: Style = SAFE) -> Iterator[RejectsWriter]:
    """Open a rejects file; it is published when the context ends without an error.

    Raises
    ------
    FolderBusyError
        If another process is writing the file.
    PublishError
        If it cannot be written.
    """
    with replacing(path) as part, closing(RejectsWriter(part, style)) as writer:
        yield writer
