"""The files of a Shapefile, beside each other or in one archive, checked before use.

GDAL silently reads what it can of a Shapefile that is truncated or lacks a part: sites would be
lost, or lose their ids. Therefore the files are compared with their headers.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZipFile

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import archives, encodings
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.paths import utf8_name

MAGIC: Final = 9994
"""First bytes of a .shp (ESRI Shapefile Technical Description, 1998)."""

HEADER_BYTES: Final = 100
TABLE_BYTES: Final = 1 << 20
"""So much of a table is looked at to find the encoding of its text, if nothing says it."""

PARTS: Final = {
    ".shx": "the index of its points",
    ".dbf": "the table with ids, names and countries",
    ".prj": "the CRS, without which its coordinates cannot be used",
}
"""Files required by a Shapefile besides the .shp itself."""

CODE_PAGE: Final = ".cpg"
"""Suffix of the optional file with the text encoding."""

LANGUAGE_DRIVER: Final = 29
"""Position of the encoding byte in a dBASE table."""

NAME_LETTERS: Final = 10
"""Length in bytes to which a dBASE table truncates column names."""

READ_AT_ONCE: Final = 1 << 20
UNREADABLE_PART: Final = archives.DAMAGED
"""Errors raised by unpacking a part of an archive."""

MAC: Final = "__MACOSX"
"""Folder for Mac-only data in archives made on a Mac."""


@dataclass(frozen=True)
class Shapefile:
    """A complete Shapefile: its GDAL path, its fingerprint and the codec of its text.

    The codec is empty if nothing says which it is, and its first rows are UTF-8 or ASCII.
    """

    source: str
    fingerprint: WatchedFiles
    encoding: str
    guessed: bool = False


def checked(path: Path, encoding: str = "") -> Shapefile:
    """Return the single Shapefile of a ``.shp`` or a ``.zip``.

    Parameters
    ----------
    path
        The file.
    encoding
        Encoding of its text; if empty, as stated by its ``.cpg`` or its table.

    Raises
    ------
    InputError
        If there is not exactly one, or a part is missing or truncated.
    OSError
        If it cannot be read.
    """
    if path.suffix.lower() == ".zip":
        fingerprint = WatchedFiles(path)
        with archives.open_archive(path, "zipped Shapefile", ratio=MAX_RATIO) as archive:
            inside = _only(path, archive)
            parts = _parts(inside, archive.namelist(), path)
            heads = {s: _part_of(archive, part) for s, part in parts.items()}
            _check(path, heads)
            _check_streams(path, archive, parts)
        whole = utf8_name(path.absolute())
        outer = whole if "}" in whole else f"{{{whole}}}"  # braces, lest a name in it ends it
        source = f"/vsizip/{outer}/{inside}"
        return Shapefile(source, fingerprint, *_codec(path, heads, encoding))
    siblings = [str(other) for other in path.parent.iterdir()]
    parts = _parts(str(path), siblings, path)
    code_page = Path(parts.get(CODE_PAGE, path.with_suffix(CODE_PAGE)))
    needed = [Path(part) for suffix, part in parts.items() if suffix != CODE_PAGE]
    fingerprint = WatchedFiles(*needed, optional=(code_page,))
    heads = {suffix: _file(Path(part)) for suffix, part in parts.items()}
    _check(path, heads)
    whole = utf8_name(path.absolute())
    return Shapefile(whole, fingerprint, *_codec(path, heads, encoding))


def _codec(path: Path, heads: "Mapping[str, Part]", encoding: str) -> tuple[str, bool]:
    """Return the codec of a Shapefile's text, and whether it is a guess by its first rows.

    Raises
    ------
    InputError
        If its name is unknown.
    """
    spelling = encoding or heads.get(CODE_PAGE, (b"", 0))[0].decode("ascii", "replace").strip(
        "\0\ufeff \r\n\t"
    )
    if not spelling:
        table = heads[".dbf"][0]
        declared = encodings.LANGUAGE_DRIVERS.get(table[LANGUAGE_DRIVER], "")
        guess = "" if declared else encodings.guessed(table)
        return declared or guess, bool(guess)
    try:
        return encodings.codec(spelling), False
    except InputError as error:
        what = "--encoding" if encoding else f"its {CODE_PAGE} file"
        msg = (
            f"{path}: {what} {error}. Give the encoding of its table with --encoding, or in the "
            f"{CODE_PAGE} file, such as UTF-8 or 1252."
        )
        raise InputError(msg) from None


def _check_streams(path: Path, archive: ZipFile, parts: Mapping[str, str]) -> None:
    """Read all parts of an archive once, since GDAL ignores rows that cannot be unpacked.

    Raises
    ------
    InputError
        If one is damaged.
    """
    for suffix, name in parts.items():
        try:
            with archive.open(name) as stream:
                while stream.read(READ_AT_ONCE):
                    pass
        except UNREADABLE_PART as error:
            msg = f"{path} is damaged: its {suffix} cannot be unpacked ({error}). Save it again."
            raise InputError(msg) from None


MAX_RATIO: Final = 1032
"""Maximum ratio of deflate; tables pad their cells with spaces, and are streamed."""


def _only(path: Path, archive: ZipFile) -> str:
    """Return the single ``.shp`` of an archive.

    Raises
    ------
    InputError
        If there is not exactly one.
    """
    names = [n for n in archive.namelist() if n.lower().endswith(".shp") and MAC not in n]
    if len(names) != 1:
        listed = f"the Shapefiles {', '.join(map(repr, names[:10]))}" if names else "no Shapefile"
        msg = (
            f"{path} contains {listed}; exactly one is required. Unpack it, and name the file to "
            f"read."
        )
        raise InputError(msg)
    return names[0]


def _parts(shp: str, names: list[str], path: Path) -> dict[str, str]:
    """Return the names of all parts, by suffix.

    Raises
    ------
    InputError
        If one is missing.
    """
    stem = PurePosixPath(shp).stem
    folder = shp[: len(shp) - len(PurePosixPath(shp).name)]
    by_key = {name.casefold(): name for name in names if name.startswith(f"{folder}{stem}.")}
    parts = {".shp": shp}
    for suffix, what in PARTS.items():
        name = by_key.get(f"{folder}{stem}{suffix}".casefold())
        if name is None:
            msg = f"{path}: {stem}{suffix} is missing beside {stem}.shp. It contains {what}."
            raise InputError(msg)
        parts[suffix] = name
    if code_page := by_key.get(f"{folder}{stem}{CODE_PAGE}".casefold()):
        parts[CODE_PAGE] = code_page
    return parts


Part = tuple[bytes, int]
"""The first bytes of a file, and its size."""


def _part_of(archive: ZipFile, name: str) -> Part:
    with archive.open(name) as stream:
        return stream.read(_size_of_head(name)), archive.getinfo(name).file_size


def _file(path: Path) -> Part:
    with path.open("rb") as file:
        return file.read(_size_of_head(path.name)), path.stat().st_size


def _size_of_head(name: str) -> int:
    return TABLE_BYTES if name.lower().endswith(".dbf") else HEADER_BYTES


def _check(path: Path, parts: Mapping[str, Part]) -> None:
    """Raise if the length of a file differs from its header.

    Raises
    ------
    InputError
        If one is missing, or is not part of a Shapefile.
    """
    try:
        for suffix in (".shp", ".shx"):
            data, size = parts[suffix]
            magic, words = struct.unpack(">i20xi", data[:28])
            if magic != MAGIC:
                msg = f"{path}: its {suffix} is not part of a Shapefile."
                raise InputError(msg)
            _check_size(path, suffix, size, 2 * words)
        data, size = parts[".dbf"]
        rows, header, width = struct.unpack("<4xIHH", data[:12])
        _check_size(path, ".dbf", size, header + rows * width)
    except struct.error:
        msg = f"{path} is damaged: a part of it has no header."
        raise InputError(msg) from None


def _check_size(path: Path, suffix: str, size: int, expected: int) -> None:
    """Raise if a file is too short.

    Raises
    ------
    InputError
        If so.
    """
    if size < expected:
        msg = f"{path} is damaged: its {suffix} has {size:,} of {expected:,} bytes."
        raise InputError(msg)
