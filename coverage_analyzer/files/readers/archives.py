"""Zip archives by other programs, examined before they are unpacked."""

import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError

DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,  # a password
    ValueError,
    OSError,  # of bz2, among others
)
"""Errors raised by a damaged or unusual archive."""

UNPACKED_BYTES: Final = 4 << 30
"""Maximum unpacked size, which no valid workbook or Shapefile exceeds."""

SMALL_BYTES: Final = 16 << 20
"""Unpacked size that is harmless, whatever the compression ratio."""

MAX_RATIO: Final = 100
"""Maximum ratio of the unpacked size of a workbook to its size; valid ones reach 30."""

PARTS: Final = 10_000
"""Maximum number of files in a valid archive."""


def open_archive(path: Path, kind: str, *, ratio: int = MAX_RATIO) -> zipfile.ZipFile:
    """Open an archive by another program.

    Parameters
    ----------
    path
        The file.
    kind
        Expected type, for the error.
    ratio
        Maximum ratio of unpacked size to size. `zipfile` returns no more of a part than the
        archive's index states, so the index can be trusted.

    Raises
    ------
    InputError
        If it is not an archive, or would unpack to more than a valid one.
    OSError
        If it cannot be read.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError:
        raise
    except DAMAGED as error:
        msg = f"{path} cannot be read as {kind}: {error}."
        raise InputError(msg) from error
    sizes = [part.file_size for part in archive.infolist()]
    packed, unpacked = path.stat().st_size, sum(sizes)
    bomb = unpacked > max(SMALL_BYTES, ratio * packed)
    if bomb or unpacked > UNPACKED_BYTES or len(sizes) > PARTS:
        archive.close()
        msg = (
            f"{path} is not opened: its {packed:,} bytes would unpack to {unpacked:,} in "
            f"{len(sizes):,} parts, too many for a valid {kind}. Save the table as CSV."
        )
        raise InputError(msg)
    return archive
