"""Several files as one table: a folder, or all that match a pattern such as ``2026-*.csv``."""

import bisect
import contextlib
import dataclasses
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import partitions
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader
from coverage_analyzer.fingerprint import FileState, Fingerprint, compare_states

MAGIC = "*?["


def is_many(path: Path) -> bool:
    """Return whether a path refers to several files: a folder, or a pattern that is not a file."""
    with contextlib.suppress(OSError, ValueError):  # no name of anything: opening it tells why
        return path.is_dir() or (any(c in str(path) for c in MAGIC) and not path.is_file())
    return False


def members(path: Path) -> list[Path]:
    """Return the files of a folder or pattern by name, without hidden ones (and ``_SUCCESS``).

    Subfolders named ``key=value`` are included, with all their content.

    Raises
    ------
    InputError
        If folders form a cycle.
    """
    root = Path(path.anchor or ".")
    entries = [path] if path.is_dir() else list(root.glob(str(path.relative_to(path.anchor))))
    members_ = sorted({file for each in entries for file in _files(each, named=each == path)})
    return [f for f in members_ if not any(map(partitions.is_hidden, _below(f, path)))]


def files(path: Path) -> list[Path]:
    """Return the files of a folder or pattern by name, without hidden ones (and ``_SUCCESS``).

    Subfolders named ``key=value`` are included, with all their content.

    Raises
    ------
    InputError
        If there is none, they are of several types, or a folder is not a plain set of files.
    """
    paths = members(path)
    check_folders([*paths, path / "any"] if path.is_dir() else paths)
    if not paths:
        msg = f"{path} contains no file." if path.is_dir() else f"No file found: {path}."
        if path.is_dir() and any(entry.is_dir() for entry in path.iterdir()):
            msg = f"{path} contains only folders. Name files, like '{path}/*/*.csv'."
        raise InputError(msg)
    kinds = {"".join(p.suffixes[-2:] if p.suffix in {".gz", ".zst"} else [p.suffix]) for p in paths}
    if len(kinds) > 1:
        names = " and ".join(sorted(kinds))
        msg = (
            f"{path} contains files of several types, {names}. Name one type, like 'folder/*.csv'."
        )
        raise InputError(msg)
    return paths


def _below(file: Path, path: Path) -> Sequence[str]:
    """Return the names of the folders between the literal part of a pattern and a file."""
    spelled = next((n for n, part in enumerate(path.parts) if _is_pattern(part)), len(path.parts))
    return file.parts[spelled:-1]


def _is_pattern(name: str) -> bool:
    return any(c in name for c in MAGIC)


def _files(entry: Path, *, named: bool, inside: bool = False) -> Iterator[Path]:
    """Yield a file, or those of a folder that is named, is ``key=value`` or is inside one.

    Raises
    ------
    InputError
        If folders form a cycle.
    """
    if partitions.is_hidden(entry.name) and not named:
        return
    if not entry.is_dir():
        yield from [entry] if entry.is_file() else []
        return
    inside = inside or partitions.is_key(entry.name)
    if entry.is_symlink() and entry.resolve() in entry.absolute().parents:
        msg = f"{entry} is a link to a folder above it. Remove the link."
        raise InputError(msg)
    for each in entry.iterdir() if named or inside else []:
        yield from _files(each, named=False, inside=inside)


def check_folders(files: Iterable[Path]) -> None:
    """Raise if the folders of some files are not plain sets of files.

    Raises
    ------
    InputError
        With the first.
    """
    folders = {file.absolute().parent for file in files}
    above = {each for folder in folders for each in _above(folder)}
    for folder in sorted(folders | above):
        partitions.check_folder(folder)


def _above(folder: Path) -> list[Path]:
    """Return the consecutive ``key=value`` folders above a folder, and their parent."""
    keyed = list(
        itertools.takewhile(lambda p: partitions.is_key(p.name), [folder, *folder.parents])
    )
    return [p.parent for p in keyed]


class Many(TableReader):
    """Tables with the same headers, one after the other, with continuous line numbers.

    Parameters
    ----------
    paths
        At least one.
    open_one
        Opens a file.

    Raises
    ------
    InputError
        If one cannot be opened, or its headers or types differ from the first.
    """

    def __init__(self, paths: list[Path], open_one: Callable[[Path], TableReader]) -> None:
        self._paths, self._opened = paths, open_one
        self._sizes = np.cumsum([0, *(p.stat().st_size for p in paths)])
        self._begins = [0]
        self._source = open_one(paths[0])
        self._at = 0
        self.headers, self.types = self._source.headers, self._source.types
        self.known, self.iso_days = self._source.known, self._source.iso_days
        self.is_text = self._source.is_text
        self.cut_at, self.repeated = self._source.cut_at, self._source.repeated
        self._columns: frozenset[int] = frozenset()
        self._days: tuple[str, ...] = ()
        self._detected: list[dict[str, Any]] = []
        self.fingerprint: FingerprintOfMany = FingerprintOfMany()
        self.fingerprint.expect(self._source.fingerprint)
        for path in paths[1:]:
            source = open_one(path)
            self._check(path, source)
            self.fingerprint.expect(source.fingerprint)

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the files read so far; a list where they differ."""
        return merged((*self._detected, self._source.detected))

    def days_as_text(self, headers: Sequence[str]) -> None:
        """Read timestamps of some columns as text, in every file."""
        self._days = tuple(headers)
        self._source.days_as_text(headers)
        self.types = self._source.types

    def columns_read(self, at: frozenset[int]) -> None:
        """Read rows that end behind the last of these columns, too, in every file."""
        self._columns = at

    def _check(self, path: Path, source: TableReader) -> None:
        """Raise if a file does not match the first.

        Raises
        ------
        InputError
            If its headers or types differ.
        """
        if source.headers != self.headers:
            odd = set(source.headers) ^ set(self.headers)
            what = f"only one of them has {sorted(odd)[:3]}" if odd else "their order differs"
            msg = f"{path} and {self._paths[0]} have different columns: {what}."
            raise InputError(msg)
        if source.types != self.types:
            pairs = zip(self.headers, self.types, source.types, strict=True)
            name, mine, other = next(t for t in pairs if t[1] != t[2])
            msg = f"{path}: the column {name!r} is {other}, but {mine} in {self._paths[0]}."
            raise InputError(msg)

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows of the first file that has any, without consuming them."""
        rows = self._source.preview(n_rows)
        others = (self._opened(path).preview(n_rows) for path in self._paths[1:])
        return rows if len(rows) else next((some for some in others if len(some)), rows)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order."""
        last = 0
        for number, path in enumerate(self._paths):
            begin, self._at, self._source = last, number, self._opened(path)
            self._source.days_as_text(self._days)
            self._source.columns_read(self._columns)
            self._begins[number:] = [begin]
            self.fingerprint.add(self._label(path), self._source.fingerprint)
            for block in self._source.blocks():
                lines = block.lines + begin
                rejects = [dataclasses.replace(r, line=r.line + begin) for r in block.rejects]
                last = max([last, *lines[-1:].tolist(), *(r.line for r in rejects[-1:])])
                yield dataclasses.replace(block, lines=lines, rejects=rejects)
            self._detected.append(self._source.detected)

    def place(self, line: int) -> str:
        """Return the file, and the line within it, of a continuous line number."""
        at = bisect.bisect_left(self._begins, line) - 1
        return f"{self._label(self._paths[at])} line {line - self._begins[at]}"

    def _label(self, path: Path) -> str:
        """Return the label of a file among the others."""
        return label(path, self._paths)

    def declared_types(self) -> list[pa.DataType] | None:
        """Return the type that the files give each column; None if they give none, or differ."""
        return self.types if self._source.declared_types() == self.types else None

    def share(self) -> float:
        """Return the share of all files that has been read, 0 to 1."""
        here = self._sizes[self._at : self._at + 2]
        done = here[0] + (here[1] - here[0]) * np.nan_to_num(self._source.share())
        return float(done / max(self._sizes[-1], 1))


def label(path: Path, paths: Iterable[Path]) -> str:
    """Return the label of a file among others: its name, and the folders that differ."""
    return str(path.relative_to(os.path.commonpath([p.parent for p in paths])))


def merged(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was detected in several files; a list where they differ."""
    values: dict[str, list[Any]] = {}
    for each in found:
        for key, value in each.items():
            some = values.setdefault(key, [])
            some += [value] if value not in some else []
    return {key: some if len(some) > 1 else some[0] for key, some in values.items()}


class FingerprintOfMany:
    """The fingerprints of several files that are read one after the other."""

    def __init__(self) -> None:
        self.states: dict[str, FileState | None] = {}
        self._expected: list[Mapping[str, FileState | None]] = []
        self._read: list[tuple[str, Fingerprint]] = []

    def expect(self, fingerprint: Fingerprint | None) -> None:
        """Record the state of a file whose header has been read."""
        if fingerprint is not None:
            self.states |= fingerprint.states
            self._expected.append(fingerprint.states)

    def add(self, name: str, fingerprint: Fingerprint | None) -> None:
        """Add the fingerprint of a file that was reopened for its rows.

        Raises
        ------
        InputError
            If it is not the file whose header was read.
        """
        if fingerprint is not None:
            compare_states(self._expected[len(self._read)], fingerprint.states)
            self._read.append((name, fingerprint))

    def check(self) -> None:
        """Raise if a file changed while its rows were read.

        Raises
        ------
        InputError
            With its name.
        """
        for _, fingerprint in self._read:
            fingerprint.check()

    def sha256(self) -> str:
        """Return a hash of the names and hashes of all files, after the last row.

        Raises
        ------
        InputError
            If a file changed while its rows were read.
        """
        return hash_of_many((name, f.sha256()) for name, f in self._read)


def hash_of_many(hashes: Iterable[tuple[str, str]]) -> str:
    """Return one hash for several files, given the name and the hash of each, in their order."""
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in hashes)
    return hashlib.sha256(os.fsencode(text)).hexdigest()
