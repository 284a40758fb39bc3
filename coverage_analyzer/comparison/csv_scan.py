"""The rows of a report's CSV file, scanned by DuckDB.

A report is a file that this program wrote: UTF-8, a record per row, quotes doubled, nothing else.
DuckDB scans such a file in half the time that `files.readers` takes, which read what anybody
writes. It is strict: of any other file the scan fails, or has another number of rows than the run
wrote, and then the caller reads the file with `files.readers`, which say what is wrong and where.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from coverage_analyzer.comparison.pairing import open_connection
from coverage_analyzer.errors import InputError

ROWS_AT_ONCE: Final = 50_000
"""Rows per batch."""

PATTERNS: Final = frozenset("*?[")
"""Characters by which DuckDB would take a path for a pattern of paths."""


def can_scan(path: Path) -> bool:
    """Return whether a report is a file that DuckDB scans, or a folder of such files."""
    files = _files(path)
    texts = [str(file) for file in files]
    is_named = all(t.isprintable() and not PATTERNS & set(t) for t in texts)  # not UTF-8, or many
    return bool(files) and all(f.suffix == ".csv" and f.is_file() for f in files) and is_named


def _files(path: Path) -> list[Path]:
    """Return the files of a report in their order: Spark writes a folder of parts."""
    if path.is_dir() and path.suffix == ".csv":
        return sorted(file for file in path.iterdir() if not file.name.startswith((".", "_")))
    return [path]


def scan(
    path: Path, n_columns: int, delimiter: str, positions: Collection[int], folder: Path
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a report, in order.

    Parameters
    ----------
    path
        A file for which `can_scan` is true.
    n_columns
        How many columns it has.
    delimiter
        Separator of its fields.
    positions
        Positions of the columns that are read.
    folder
        For temporary files.

    Yields
    ------
    batch
        All columns, as text; those that are not read are null.

    Raises
    ------
    InputError
        If it is not such a file, or cannot be read.
    MissingExtraError
        If the extra ``compare`` is not installed.
    """
    import duckdb

    names = [f"c{n}" for n in range(n_columns)]
    read = sorted(positions)
    with open_connection(folder) as connection:
        connection.execute("SET preserve_insertion_order = true")
        try:
            columns = ", ".join(names[n] for n in read)
            rows = connection.sql(
                f"SELECT {columns} FROM read_csv($paths, "
                "auto_detect = false, parallel = false, header = true, compression = 'none', "
                "delim = $delimiter, quote = '\"', escape = '\"', strict_mode = true, "
                "columns = $columns, force_not_null = $names)",
                params={
                    "paths": [str(file.absolute()) for file in _files(path)],
                    "delimiter": delimiter,
                    "columns": dict.fromkeys(names, "VARCHAR"),
                    "names": names,
                },
            )
            for batch in rows.to_arrow_reader(ROWS_AT_ONCE):
                yield _full_width(batch, names, read)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            msg = f"{path} was not scanned: {error}."
            raise InputError(msg) from error


def _full_width(batch: pa.RecordBatch, names: list[str], read: list[int]) -> pa.RecordBatch:
    """Return a batch with all columns."""
    columns = [pa.nulls(len(batch))] * len(names)
    for at, cells in zip(read, batch.columns, strict=True):
        columns[at] = cells.cast(pa.string())
    return pa.RecordBatch.from_arrays(columns, names=names)
