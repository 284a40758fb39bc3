"""A table of text in a zip archive: which member it is, and its bytes as they are decompressed.

Like gzip it is read as a stream, in constant memory, whatever it decompresses to.
"""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import archives
from coverage_analyzer.fingerprint import FileState, WatchedFiles, compare_states

TEXT: Final = frozenset({".csv", ".txt", ".tsv", ".tab", ".dat", ".psv"})
"""What members are called that hold text."""

OTHERS: Final = frozenset(
    {".xlsx", ".xlsm", ".parquet", ".geojson", ".json", ".gpkg", ".geoparquet", ".ndjson", ".gz"}
)
"""Members that hold a table, too, and have to be unpacked first."""

MAX_MEMBERS: Final = 100
"""Among so many members the table is looked for."""


def tables(path: Path) -> list[str]:
    """Return the members of an archive that hold text; none if it holds a Shapefile.

    Raises
    ------
    InputError
        If it cannot be read, or holds only tables that have to be unpacked.
    """
    with _open(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
    names = [name for name in names if not _is_hidden(name)]
    endings = {name: PurePosixPath(name).suffix.lower() for name in names}
    if ".shp" in endings.values():
        return []
    texts = [name for name, ending in endings.items() if ending in TEXT]
    others = [name for name, ending in endings.items() if ending in OTHERS]
    if others and not texts:
        msg = f"{path} holds {others[0]!r}: unpack it, and name that file."
        raise InputError(msg)
    return texts[:MAX_MEMBERS]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def choose(path: Path, members: list[str], fits: Callable[[str], bool]) -> str:
    """Return the one member that is the wanted table.

    Parameters
    ----------
    path
        The archive.
    members
        Those that hold text.
    fits
        Returns whether a member has all required columns.

    Raises
    ------
    InputError
        If none is, or several are.
    """
    if len(members) == 1:
        return members[0]
    fitting = [member for member in members if fits(member)]
    if len(fitting) == 1:
        return fitting[0]
    shown = ", ".join(map(repr, (fitting or members)[:10]))
    what = "several tables that fit" if fitting else "several tables, of which none fits"
    msg = f"{path} holds {what}: {shown}. Unpack it, and name the one you mean."
    raise InputError(msg)


class ZipMember:
    """The bytes of a member, decompressed as they are read.

    Parameters
    ----------
    path, member
        The archive, and which of its members.
    states
        The state that the archive has to be in.

    Raises
    ------
    InputError
        If there is no such member, or the archive is another one now.
    """

    def __init__(self, path: Path, member: str, states: Mapping[str, FileState | None]) -> None:
        self._path, self._member = path, member
        self._archive = _open(path)
        compare_states(states, WatchedFiles(path).states)
        try:
            self._stream: IO[bytes] = self._archive.open(member)
        except archives.DAMAGED as error:
            self._archive.close()
            msg = f"{path} cannot be read: {member!r} is damaged or protected: {error}."
            raise InputError(msg) from error

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, none at the end.

        Raises
        ------
        InputError
            If the archive is damaged.
        """
        try:
            return self._stream.read(size)
        except archives.DAMAGED as error:
            msg = f"{self._path} cannot be read on: {self._member!r} is damaged: {error}."
            raise InputError(msg) from error

    def close(self) -> None:
        """Close the archive."""
        self._stream.close()
        self._archive.close()


def _open(path: Path) -> zipfile.ZipFile:
    """Open an archive.

    Raises
    ------
    InputError
        If it is none, or cannot be read.
    """
    try:
        return zipfile.ZipFile(path)
    except archives.DAMAGED as error:
        why = getattr(error, "strerror", None) or error
        msg = f"{path} cannot be read as a zip archive: {why}."
        raise InputError(msg) from error
