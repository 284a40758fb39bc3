"""The files that make up a Shapefile, beside each other or in one archive, looked at before use.

GDAL reads what it can of a Shapefile that is cut short or lacks a part, and says nothing: sites
would be lost, or lose their ids. What is there is therefore compared with what the headers say.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZipFile

from coverage_analyzer.errors import InputError
from coverage_analyzer.files import archives
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.paths import utf8_name

MAGIC: Final = 9994
"""How a .shp begins (ESRI Shapefile Technical Description, 1998)."""

HEADER_BYTES: Final = 100
PARTS: Final = {
    ".shx": "the index of its points",
    ".dbf": "the table with ids, names and countries",
    ".prj": "the CRS, without which its coordinates mean nothing",
}
"""What a Shapefile is no use without, besides the .shp itself."""

MAC: Final = "__MACOSX"
"""The folder in which archives made on a Mac keep what only a Mac can use."""


@dataclass(frozen=True)
class Shapefile:
    """A Shapefile that is whole: what GDAL calls it, and the fingerprint of its files."""

    source: str
    fingerprint: WatchedFiles


def checked(path: Path) -> Shapefile:
    """Return the one Shapefile that a ``.shp`` or a ``.zip`` stands for.

    Raises
    ------
    InputError
        If there is none or several, a part is missing, or one is cut short.
    OSError
        If it cannot be read.
    """
    if path.suffix.lower() == ".zip":
        fingerprint = WatchedFiles(path)
        with archives.opened(path, "zipped Shapefile", ratio=RATIO) as archive:
            inside = _only(path, archive)
            parts = _parts(inside, archive.namelist(), path)
            _check(path, {s: _part_of(archive, part) for s, part in parts.items()})
        whole = utf8_name(path.absolute())
        outer = whole if "}" in whole else f"{{{whole}}}"  # braces, lest a name in it ends it
        return Shapefile(f"/vsizip/{outer}/{inside}", fingerprint)
    beside = [str(other) for other in path.parent.iterdir()]
    parts = _parts(str(path), beside, path)
    encoding = sorted(p for p in map(Path, beside) if p.stem == path.stem and _is_encoding(p))
    fingerprint = WatchedFiles(*map(Path, parts.values()), optional=tuple(encoding))
    _check(path, {suffix: _file(Path(part)) for suffix, part in parts.items()})
    return Shapefile(utf8_name(path.absolute()), fingerprint)


def _is_encoding(path: Path) -> bool:
    """Return whether a file says how the text of a table is encoded."""
    return path.suffix.lower() == ".cpg"


RATIO: Final = 1032
"""All that deflate can do: a table pads its cells with blanks, and is read as a stream."""


def _only(path: Path, archive: ZipFile) -> str:
    """Return the one ``.shp`` of an archive.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    names = [n for n in archive.namelist() if n.lower().endswith(".shp") and MAC not in n]
    if len(names) != 1:
        listed = f"the Shapefiles {', '.join(map(repr, names[:10]))}" if names else "no Shapefile"
        msg = f"{path} has {listed} in it; one is read. Unpack it, and name the file you mean."
        raise InputError(msg)
    return names[0]


def _parts(shp: str, names: list[str], path: Path) -> dict[str, str]:
    """Return the names of all parts, by their suffixes.

    Raises
    ------
    InputError
        If one is missing.
    """
    stem = PurePosixPath(shp).stem
    folder = shp[: len(shp) - len(PurePosixPath(shp).name)]
    found = {name.casefold(): name for name in names if name.startswith(f"{folder}{stem}.")}
    parts = {".shp": shp}
    for suffix, what in PARTS.items():
        name = found.get(f"{folder}{stem}{suffix}".casefold())
        if name is None:
            msg = f"{path}: {stem}{suffix} is missing beside {stem}.shp. It holds {what}."
            raise InputError(msg)
        parts[suffix] = name
    return parts


Part = tuple[bytes, int]
"""The first bytes of a file, and how many there are."""


def _part_of(archive: ZipFile, name: str) -> Part:
    with archive.open(name) as stream:
        return stream.read(HEADER_BYTES), archive.getinfo(name).file_size


def _file(path: Path) -> Part:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES), path.stat().st_size


def _check(path: Path, parts: Mapping[str, Part]) -> None:
    """Raise if a file is not as long as its header says.

    Raises
    ------
    InputError
        If one is not, or is no part of a Shapefile.
    """
    try:
        for suffix in (".shp", ".shx"):
            data, size = parts[suffix]
            magic, words = struct.unpack(">i20xi", data[:28])
            if magic != MAGIC:
                msg = f"{path}: its {suffix} is none of a Shapefile."
                raise InputError(msg)
            _check_size(path, suffix, size, 2 * words)
        data, size = parts[".dbf"]
        rows, header, width = struct.unpack("<4xIHH", data[:12])
        _check_size(path, ".dbf", size, header + rows * width)
    except struct.error:
        msg = f"{path} is damaged: a part of it has no header."
        raise InputError(msg) from None


def _check_size(path: Path, suffix: str, size: int, told: int) -> None:
    """Raise if a file is shorter than it has to be.

    Raises
    ------
    InputError
        If it is.
    """
    if size < told:
        msg = f"{path} is damaged: its {suffix} has {size:,} of {told:,} bytes."
        raise InputError(msg)
