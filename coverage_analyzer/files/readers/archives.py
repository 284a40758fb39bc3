"""Zip archives of others, looked at before anything in them is unpacked."""

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
"""What opening an archive, or unpacking a part of it, raises where it is damaged or of odd form."""

UNPACKED_BYTES: Final = 4 << 30
"""More than any workbook or Shapefile holds: both formats end at about this."""

SMALL_BYTES: Final = 16 << 20
"""What unpacks to so little does no harm, however well it is packed."""

MAX_RATIO: Final = 100
"""How many times its size a workbook may unpack to; honest ones reach 30."""

PARTS: Final = 10_000
"""So many files are in no archive that is meant to be read."""


def open_archive(path: Path, kind: str, *, ratio: int = MAX_RATIO) -> zipfile.ZipFile:
    """Open an archive of others.

    Parameters
    ----------
    path
        The file.
    kind
        What it should be, for the error.
    ratio
        How many times its size it may unpack to. `zipfile` gives no more of a part than the
        archive's index says, so the index can be believed.

    Raises
    ------
    InputError
        If it is no archive, or would unpack to what no honest one holds.
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
