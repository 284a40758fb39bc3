"""Prevent an output from replacing an input.

Every command and every function that writes files calls this first.
"""

import contextlib
import fnmatch
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.database.address import Address, address, is_address
from coverage_analyzer.files.readers import many
from coverage_analyzer.policy import Policy

STREAM: Final = "-"
"""Standard input or output, which replaces nothing."""

URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
LOCAL_URI: Final = re.compile(r"file:/+", re.IGNORECASE)

SHAPEFILE: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj")


@dataclass(frozen=True)
class RunFolder:
    """A run folder as an output: its files of these names are replaced."""

    path: str | Path
    names: Sequence[str]


@dataclass(frozen=True)
class _Written:
    """A file, or a database table, that will be written."""

    what: str
    path: Path
    database: Address | None = None
    folder: Path | None = None

    @property
    def advice(self) -> str:
        """What to do if the output is refused."""
        if self.database:
            return "Choose a different table of a database."
        other = "folder" if self.folder else "output file"
        return f"Choose a different {other} for the {self.what}."


@dataclass
class _Read:
    """The inputs that will be read.

    Attributes
    ----------
    files
        By real path, and by device and inode, which hard links share; values are the given paths.
    above
        The folders of the inputs, as real paths.
    many
        Folders and patterns of files.
    addresses
        Addresses of database tables and queries.
    """

    files: dict[object, Path] = field(default_factory=dict)
    above: dict[str, Path] = field(default_factory=dict)
    many: list[Path] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)

    def add(self, place: str | Path | Address) -> None:
        """Add an input with all its files."""
        if isinstance(place, Address):
            self.addresses.append(place)
            if place.kind == "sqlite":
                self._add_file(Path(place.connection))
            return
        path = Path(place)
        members = [path]
        if many.is_many(path):
            self.many.append(path)
            with contextlib.suppress(OSError, ValueError):
                members += many.members(path)
        elif path.suffix.lower() == ".shp":
            members += [path.with_suffix(s) for s in SHAPEFILE]
        for member in members:
            self._add_file(member)

    def _add_file(self, path: Path) -> None:
        real = _real(path)
        self.files[real] = path
        for folder in Path(real).parents:
            self.above.setdefault(str(folder), path)
        if (number := _inode(path)) is not None:
            self.files[number] = path

    def holds(self, written: _Written) -> Path | None:
        """Return the input that a file would replace, if any."""
        real = _real(written.path)
        path = self.files.get(real) or self.above.get(real)
        number = _inode(written.path)
        path = path or self.files.get(number)
        if path is not None and written.database is not None:
            return None if self._is_shared(written.database) else path
        return path

    def _is_shared(self, output: Address) -> bool:
        """Return whether only tables of a database file are read, so that others may be written."""
        mine = _real(Path(output.connection))
        places = [a for a in self.addresses if a.kind == "sqlite"]
        return any(_real(Path(a.connection)) == mine for a in places)

    def same_table(self, output: Address) -> Address | None:
        """Return the input that is the given table, if any."""
        return next((a for a in self.addresses if _is_same_table(a, output)), None)

    def would_read(self, path: Path) -> Path | None:
        """Return the folder or pattern that a file would become part of."""
        if path.name[:1] in {".", "_"}:
            return None
        return next((m for m in self.many if _belongs(path, m)), None)


def refuse_overwriting(outputs: Mapping[str, object], inputs: Iterable[object]) -> None:
    """Raise if an output would replace an input, or another output.

    Symbolic links, hard links and case-insensitive file systems are resolved. A file in a folder,
    or of a pattern, that is an input would be read by the next run, and is also refused.

    Parameters
    ----------
    outputs
        By purpose ("timeline"): paths, URIs, `RunFolder`, addresses of tables, or a tuple of them.
        None, empty text and open files are ignored.
    inputs
        All inputs, in the same forms, with folders, file patterns and links. Values that are not
        paths or addresses (a frame, a policy) are ignored.

    Raises
    ------
    InputError
        With the name of the file and advice; also if an address is invalid, or an output is ``-``:
        only `commitments` writes to standard output.
    """
    written = [w for what, place in outputs.items() for w in _output_files(what, place)]
    _refuse_twins(written)
    read = _Read()
    for source in inputs:
        if (place := _place(source)) is not None:
            read.add(place)
    for output in written:
        _refuse(output, read)


def _refuse(output: _Written, read: _Read) -> None:
    """Raise if one output would replace an input.

    Raises
    ------
    InputError
        With its name.
    """
    if output.database is not None and read.same_table(output.database):
        msg = f"{output.database} is an input table. {output.advice}"
        raise InputError(msg)
    if output.database is not None and output.database.kind != "sqlite":
        return
    if read.holds(output) is not None:
        msg = f"{output.path} is an input file. {output.advice}"
        raise InputError(msg)
    if (many_files := read.would_read(output.path)) is not None:
        place = output.folder or output.path
        msg = (
            f"{place} is within the input {many_files}: the next run would read "
            f"{output.path.name!r} as input, too. {output.advice}"
        )
        raise InputError(msg)


def _refuse_twins(written: Sequence[_Written]) -> None:
    """Raise if two outputs are one file.

    Raises
    ------
    InputError
        With its name.
    """
    seen: dict[object, _Written] = {}
    for output in written:
        if output.database is not None and output.database.kind != "sqlite":
            continue
        name = unicodedata.normalize("NFC", output.path.name).casefold()
        keys = [(_real(output.path.parent), name), _real(output.path), _inode(output.path)]
        for key in filter(None, keys):
            other = seen.setdefault(key, output)
            if other.what != output.what:
                msg = (
                    f"{output.path} is the output file for the {other.what} and for the "
                    f"{output.what}. {output.advice}"
                )
                raise InputError(msg)


def _output_files(what: str, place: object) -> Iterator[_Written]:
    """Yield the files of an output."""
    if isinstance(place, tuple):
        for one in place:
            yield from _output_files(what, one)
        return
    if isinstance(place, RunFolder):
        _refuse_stream(what, place.path)
        if (folder := _place(place.path)) is not None and not isinstance(folder, Address):
            yield from (_Written(what, folder / n, folder=folder) for n in place.names)
        return
    _refuse_stream(what, place)
    path = _place(place)
    if isinstance(path, Address):
        yield _Written(what, Path(path.connection), database=path)
    elif path is not None:
        yield _Written(what, path)


def _refuse_stream(what: str, place: object) -> None:
    """Raise if an output is ``-``, which would become a file of that name.

    Raises
    ------
    InputError
        If so.
    """
    if isinstance(place, (str, os.PathLike)) and os.fspath(place) == STREAM:
        msg = f"The {what} cannot be written to standard output ({STREAM}). Give a name."
        raise InputError(msg)


def _place(value: object) -> Path | Address | None:
    """Return a local path or an address; None for anything else."""
    if isinstance(value, Address):
        return value
    if isinstance(value, bytes):
        value = os.fsdecode(value)
    if not isinstance(value, (str, os.PathLike)):
        return None
    text = os.fsdecode(value)
    if is_address(text):
        return address(text)
    if LOCAL_URI.match(text):
        return Path(LOCAL_URI.sub("/", text))
    is_no_file = not text.strip() or text == STREAM or URI.match(text) or "\0" in text
    return None if is_no_file else Path(text)


def policy_file(policy: object) -> Path | None:
    """Return the file of a policy, as an input; None for a built-in one or a `Policy`."""
    return Policy.file_of(policy)


def _real(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))


def _inode(path: Path) -> tuple[int, int] | None:
    """Return a key shared by all names of one file; None if there is no file."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return (state.st_dev, state.st_ino) if stat.S_ISREG(state.st_mode) and state.st_ino else None


def _is_same_table(one: Address, other: Address) -> bool:
    """Return whether two addresses name the same table of the same database."""
    if one.kind != other.kind or not one.table or not other.table:
        return False
    if one.kind == "sqlite":
        same_file = _real(Path(one.connection)) == _real(Path(other.connection))
        return same_file and one.table.lower() == other.table.lower()
    schemas = {one.schema, other.schema} - {""}
    places = {a.connection.partition("?")[0].rpartition("@")[2] for a in (one, other)}
    return len(places) == 1 and one.table == other.table and len(schemas) < 2


def _belongs(path: Path, many_files: Path) -> bool:
    """Return whether a file would be read as part of a folder (with partitions) or a pattern."""
    if many_files.is_dir():
        folder = Path(_real(many_files))
        inner = Path(_real(path.parent))
        if inner != folder and folder not in inner.parents:
            return False
        return all("=" in part for part in inner.relative_to(folder).parts)
    pattern = Path(os.path.normpath(Path.cwd() / many_files)).parts
    names = (os.path.normpath(Path.cwd() / path), Path(_real(path.parent)) / path.name)
    return any(_fits(Path(name).parts, pattern) for name in names)


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path match those of a pattern; ``**`` matches any folders.

    Examples
    --------
    >>> [_fits(("a", "b", "x.csv"), p) for p in (("a", "*.csv"), ("a", "**", "x*"), ("**", "c"))]
    [False, True, False]
    """
    if not pattern:
        return not parts
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return any(_fits(parts[n:], rest) for n in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatch(parts[0], first) and _fits(parts[1:], rest)
