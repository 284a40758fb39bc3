"""Folders named ``key=value``, as written by Hive and Spark: columns of all rows below them."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, documents
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.base import (
    PREVIEW_ROWS,
    RowBlock,
    TableReader,
    WrappedReader,
)
from coverage_analyzer.schema.columns import as_text

NOTHING: Final = "__HIVE_DEFAULT_PARTITION__"
"""Value of rows without one."""

_KEY: Final = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_LOGS: Final = {
    "_delta_log": "a Delta table, whose files also contain deleted rows",
    ".hoodie": "a Hudi table, whose files also contain deleted rows",
    "_spark_metadata": "written by a stream, whose log lists the valid files",
    "_temporary": "incomplete",
}
"""Entries of a folder whose files are not exactly the rows of a table."""


def is_key(name: str) -> bool:
    """Return whether the name of a folder is a column value."""
    return not name.startswith(".") and bool(_KEY.fullmatch(name))


def is_hidden(name: str) -> bool:
    """Return whether an entry is not data, such as ``_SUCCESS`` or ``.crc`` files."""
    return name.startswith(".") or (name.startswith("_") and not is_key(name))


def keys(path: PurePath) -> dict[str, str | None]:
    """Return the columns of the folders above a file; None where they have no value.

    Raises
    ------
    InputError
        If two folders have different values for a column, or a name is not text.

    Examples
    --------
    >>> keys(PurePath("/data/country=C%C3%B4te/day=__HIVE_DEFAULT_PARTITION__/part-0.csv"))
    {'country': 'Côte', 'day': None}
    """
    columns: dict[str, str | None] = {}
    for name in path.parts[:-1]:
        match = _KEY.fullmatch(name) if is_key(name) else None
        if match is None:
            continue
        try:
            key, value = (unquote(part, errors="strict") for part in match.groups())
            (key + value).encode()
        except UnicodeError:
            msg = f"The folder {name!r} of {str(path)!r} is not UTF-8 text, escaped by %."
            raise InputError(msg) from None
        cell = None if value in {NOTHING, ""} else value
        if columns.setdefault(key, cell) != cell:
            msg = f"{path}: two folders have different values of {key!r}. Move the file."
            raise InputError(msg)
    return columns


def check_folder(folder: Path) -> None:
    """Raise if the files of a folder are not exactly the rows of a table.

    Raises
    ------
    InputError
        With its type.
    """
    for name, what in _LOGS.items():
        if (folder / name).exists():
            msg = f"{folder} is {what} ({name}). Export it to Parquet or CSV, and read that file."
            raise InputError(msg)
    with contextlib.suppress(OSError):
        if any((folder / "metadata").glob("*.metadata.json")):
            msg = f"{folder} is an Iceberg table. Export it to Parquet or CSV, and read that file."
            raise InputError(msg)


def with_keys(source: TableReader, path: Path) -> TableReader:
    """Return a reader with a column for each folder ``key=value`` above its file.

    A file that a run wrote to its run folder is read unchanged, whatever the name of the folder.

    Raises
    ------
    InputError
        If folders contradict each other.
    """
    columns = keys(path.absolute())
    of_run = any(map(_is_of_run, (path, path.parent)))  # a report of Spark is a folder of parts
    return Partitioned(source, path, columns) if columns and not of_run else source


def _is_of_run(path: Path) -> bool:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return path.name in documents.read_json(path.parent / "run.json")["files"]
    return False


class Partitioned(WrappedReader):
    """A reader with additional columns that are constant in all rows.

    Parameters
    ----------
    source
        The file.
    path
        Its name in messages.
    constant
        The columns and their value.
    """

    def __init__(self, source: TableReader, path: Path, constant: Mapping[str, str | None]) -> None:
        super().__init__(source)
        self._path, self._constant = path, constant
        added = [key for key in constant if key not in source.headers]
        self.headers = [*source.headers, *added]
        self.types = [*source.types, *[pa.string()] * len(added)]

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows of the file without consuming them, with the columns added."""
        rows = self._source.preview(n_rows)
        added = self.headers[len(self._source.headers) :]
        constants = [constant(self._constant[key], len(rows)) for key in added]
        return pa.RecordBatch.from_arrays([*rows.columns, *constants], names=self.headers)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield all rows, in order.

        Raises
        ------
        InputError
            If a row has a different value from its folder.
        """
        for block in self._source.blocks():
            columns = added_columns(
                dict(zip(self._source.headers, block.columns.columns, strict=True)),
                {key: constant(value, len(block.lines)) for key, value in self._constant.items()},
                block.lines,
                str(self._path),
            )
            names = [str(n) for n in range(len(columns))]
            if block.columns.schema.names == self._source.headers:
                names = self.headers
            yield replace(block, columns=pa.RecordBatch.from_arrays(columns, names=names))


def constant(value: str | None, rows: int) -> pa.Array:
    """Return a constant column of text."""
    return arrays.from_bytes([None if value is None else value.encode()] * rows, pa.string())


def added_columns(
    own: Mapping[str, pa.Array], keyed: Mapping[str, pa.Array], lines: Ints, path: str
) -> list[pa.Array]:
    """Return the columns of a file, then those of its folders that it lacks.

    Parameters
    ----------
    own
        The columns of the file, by name.
    keyed
        The columns of its folders, by name.
    lines
        The line or row of each. Shape (n,).
    path
        Name of the file in messages.

    Raises
    ------
    InputError
        If both have a column, and a row has a different value.
    """
    for key, cells in keyed.items():
        if key in own:
            odd = np.flatnonzero(_differs(own[key], cells))
            if len(odd):
                row = int(odd[0])
                mine, said = as_text(own[key])[row].as_py(), cells[row].as_py()
                msg = (
                    f"{path}, line {lines[row]}: {key!r} is {mine!r}, but the folder says "
                    f"{said!r}. Correct the column, or rename the folder without '='."
                )
                raise InputError(msg)
    return [*own.values(), *(cells for key, cells in keyed.items() if key not in own)]


def _differs(own: pa.Array, said: pa.Array) -> Bools:
    return arrays.to_bools(pc.not_equal(as_text(own), as_text(said)))
