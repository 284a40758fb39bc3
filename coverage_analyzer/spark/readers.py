"""Files of sites as a DataFrame of assessed rows, rejects and counts.

Spark reads Parquet itself, in parts of a file. All other formats are read as whole files by our own
readers, one file per task, and so give the same rows, lines and rejects as without Spark. Spark's
own CSV reader is not a substitute: it decides on rows before anything can count them (it drops
empty lines, pads and truncates rows of a different length, reads an open quote to the end of the
file, and has no line numbers), so that rows would be lost or changed silently. The price is that a
text file is not split: give Spark many files, or Parquet.

Files that the workers see under the same path (disks, mounts) are streamed, in constant memory.
Those of other file systems (``hdfs:``, ``s3a:``) are passed through Spark with its credentials, as
one value each, and written to the worker's disk; such a value is limited to 2 GB.
"""

import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.stream import Judged, judged
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.database.address import Address
from coverage_analyzer.files.notation import FoundNotation, found_notation
from coverage_analyzer.files.readers import arrow_rows, many, partitions
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, WrappedReader
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.row_types import KNOWN_TYPES, RowTyper
from coverage_analyzer.files.table import DAY_COLUMNS, Table, open_table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.fingerprint import WatchedFiles, changed
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.columns import Column, site_columns
from coverage_analyzer.schema.coordinates import Written, is_text
from coverage_analyzer.schema.rejects import Reject
from coverage_analyzer.schema.verdict import schema_in, unit_of
from coverage_analyzer.spark import session
from coverage_analyzer.spark._assess import (
    REJECTED,
    ROWS_AT_ONCE,
    Frame,
    arrow_schema,
    built_once,
    evidence,
    plainly_named,
    recognised,
)
from coverage_analyzer.spark.storage import LOCAL, FileSystem, local_path

if TYPE_CHECKING:
    from pyspark.core.context import SparkContext
    from pyspark.sql import DataFrame, SparkSession

PARQUET: Final = (".parquet", ".pq")

MOST_BYTES: Final = 2_000_000_000
"""Maximum size of a file that Spark passes as a single value."""

SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")

COUNTS_AND_REJECTS: Final = pa.schema(
    [
        ("file", pa.string()),
        ("line", pa.int64()),
        ("detail", pa.string()),
        ("raw", pa.string()),
        ("read", pa.int64()),
        ("blank", pa.int64()),
    ]
)
"""Columns after input and verdict: four of a reject, two of a count row."""

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Input:
    """Files of sites to be assessed.

    Attributes
    ----------
    table
        Headers, types and matched columns; for many files, those of the first.
    frame
        The DataFrame sent to the workers.
    judging
        Creates the workers' function from a `MatcherSpec`.
    files, bytes
        How many there are.
    paths
        The files as Spark lists them.
    typed
        Whether known columns of text are numbers and days, as formats with types have them.
    rows_at_once
        Number of rows of the frame per batch; 1 if a row is a whole file.
    check
        Raises an `InputError` if a file has changed, is new or is missing since the input was
        opened.
    """

    table: Table
    frame: "DataFrame"
    judging: Callable[[MatcherSpec], Callable[[Iterable[pa.RecordBatch]], Batches]]
    files: int = 0
    bytes: int = 0
    paths: Sequence[str] = ()
    typed: bool = False
    rows_at_once: int = ROWS_AT_ONCE
    check: Callable[[], object] = bool

    def schema(self, unit: str) -> pa.Schema:
        """Return the columns of `judged`.

        They are those of the input as ``c0`` ..., of the verdict, and `COUNTS_AND_REJECTS`.

        Parameters
        ----------
        unit
            The unit of the policy's distances.
        """
        return _schema(_types(self.table, typed=self.typed), unit)

    def judged(self, spec: MatcherSpec) -> "DataFrame":
        """Return decided rows, rejects (by their status) and counts (without a status)."""
        from pyspark.sql.pandas.types import from_arrow_schema

        with session.no_word_on_pandas():
            kinds = from_arrow_schema(self.schema(spec.policy.unit), prefer_timestamp_ntz=True)
            return plainly_named(self.frame).mapInArrow(self.judging(spec), kinds)


def opened(
    spark: "SparkSession", sites: str, options: Options, read: Collection[str] = ()
) -> Input:
    """Open files of sites: a file, a folder, or a pattern such as ``sites/*.csv``.

    Parameters
    ----------
    spark
        The session.
    sites
        The path or pattern.
    options
        ``columns``, ``dialect`` and ``format`` count.
    read
        Columns that only some policies read, and this one does (`Policy.start_columns`).

    Raises
    ------
    InputError
        If there is none, or columns are missing or ambiguous.
    """
    listed = _listed(spark, sites)
    if not listed:
        msg = f"{sites}: no file found."
        raise InputError(msg)
    local = [local_path(path) for path in listed if path.startswith(LOCAL)]
    many.check_folders(local)
    watched = WatchedFiles(*local)

    def check() -> None:
        watched.check()
        if _listed(spark, sites) != listed:
            raise InputError(changed(sites))

    files = {path: length for path, (length, _) in listed.items()}
    keys = _common_keys(files)
    only_parquet = all(Path(path).suffix.lower() in PARQUET for path in files)
    source = (
        _parquet(spark, sites, options, keys, site_columns(read))
        if only_parquet
        else _whole_files(spark, sites, files, options, site_columns(read))
    )
    return replace(source, files=len(files), bytes=sum(files.values()), paths=[*files], check=check)


def has_file(source: Input, path: str, local: Path | Address) -> bool:
    """Return whether a file, given by its path and its local one, is one of the sites' files."""
    if isinstance(local, Address):
        return False
    mine = [local_path(each) for each in source.paths if each.startswith(LOCAL)]
    return path in source.paths or (
        local.exists() and any(file.exists() and file.samefile(local) for file in mine)
    )


def _listed(spark: "SparkSession", sites: str) -> dict[str, tuple[int, Any]]:
    """Return the size and modification time of each file by path, as listed by Spark."""
    names = ("path", "length", "modificationTime")
    listed = spark.read.format("binaryFile").load(sites).select(*names).collect()
    return {row[names[0]]: (row[names[1]], row[names[2]]) for row in sorted(listed)}


def _common_keys(files: Iterable[str]) -> list[str]:
    """Return the columns of the ``key=value`` folders that all files share.

    Raises
    ------
    InputError
        If they are not equal for all.
    """
    first, *others = sorted(files)
    keys = list(partitions.keys(PurePosixPath(first)))
    for path in others:
        if list(partitions.keys(PurePosixPath(path))) != keys:
            msg = f"{path} and {first} are in different 'key=value' folders. Read them separately."
            raise InputError(msg)
    return keys


def _parquet(
    spark: "SparkSession",
    sites: str,
    options: Options,
    keys: Sequence[str],
    table_columns: Sequence[Column],
) -> Input:
    """Return Parquet files, with a text column for each key of their folders.

    Raises
    ------
    InputError
        If columns are missing or ambiguous.
    """
    # Spark would infer the types of the values, and prefer them to a column of the file.
    reader = spark.read.option("recursiveFileLookup", "true") if keys else spark.read
    parquet = reader.parquet(sites)
    with session.no_word_on_pandas():
        file_schema = arrow_schema(parquet)
    arrow = pa.schema(
        [*file_schema, *(pa.field(k, pa.string()) for k in keys if k not in file_schema.names)]
    )
    try:
        columns = recognised(
            arrow, table_columns, options.columns, evidence(parquet, options.dialect)
        )
    except InputError as error:
        msg = f"{sites}: {error}"
        raise InputError(msg) from None
    first = partial(_first_rows, parquet, arrow)
    completed = _notation(first, arrow, columns, options.dialect)
    table = Table(
        Path(sites),
        _empty(arrow.names, arrow.types),
        columns,
        completed.dialect,
        dialect=options.dialect,
        decimal_option="--decimal",
        written=completed.written,
    )
    where = parquet.metadataColumn("_metadata")
    frame = parquet.select("*", where["file_path"], where["row_index"])
    headers = {"own": file_schema.names, "all": arrow.names}
    typed = formats.PROPERTIES[options.format].has_types
    judging = partial(_batches_judged, headers, columns, completed.dialect, typed)
    return Input(table, frame, judging, typed=typed)


def _notation(
    first: Callable[[], pa.RecordBatch],
    schema: pa.Schema,
    columns: Mapping[str, int],
    dialect: Dialect,
) -> FoundNotation:
    """Return how columns of text are written, by the first rows if there are such columns.

    Raises
    ------
    InputError
        If days of a column can be read in two ways.
    """
    positions = {
        columns[name] for name in columns if name in {*DAY_COLUMNS, "latitude", "longitude"}
    }
    if not any(is_text(arrow_rows.plain_type(schema.types[at])) for at in positions):
        return FoundNotation(dialect, Written())
    return found_notation(Frame(first()), columns, DAY_COLUMNS, dialect, "--date-format")


def _first_rows(frame: "DataFrame", schema: pa.Schema) -> pa.RecordBatch:
    """Return the first rows of a DataFrame, with columns of nulls for those that it lacks."""
    with session.no_word_on_pandas():
        rows = plainly_named(frame).limit(PREVIEW_ROWS).toArrow().combine_chunks()
    added = [pa.nulls(len(rows), kind) for kind in schema.types[len(frame.columns) :]]
    columns = [*(c.combine_chunks() for c in rows.columns), *added]
    return pa.RecordBatch.from_arrays(
        [c if isinstance(c, pa.Array) else pa.concat_arrays(c.chunks) for c in columns],
        names=schema.names,
    )


def _empty(headers: list[str], types: list[pa.DataType]) -> Frame:
    """Return a source with columns but no rows: what the driver knows of many files."""
    none = [pa.nulls(0, kind) for kind in types]
    return Frame(pa.RecordBatch.from_arrays(none, names=headers))


class _Opened(WrappedReader):
    """A source without rows, with what was detected in the first of many files."""

    def __init__(self, source: TableReader, detected: dict[str, Any]) -> None:
        super().__init__(source)
        self._detected = detected

    @property
    def detected(self) -> dict[str, Any]:
        """Properties detected in the first file."""
        return self._detected

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return no rows."""
        return self._source.preview(n_rows)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield an empty block."""
        return self._source.blocks()


def _batches_judged(
    headers: Mapping[str, list[str]],
    columns_of_sites: Mapping[str, int],
    dialect: Dialect,
    typed: bool,
    spec: MatcherSpec,
) -> Callable[[Iterable[pa.RecordBatch]], Batches]:
    """Return a function that assesses Parquet batches, which end with file and row number."""

    def judge(batches: Iterable[pa.RecordBatch]) -> Batches:
        for batch in batches:
            file, row = batch.columns[-2:]
            file_columns = dict(zip(headers["own"], batch.columns[:-2], strict=True))
            if not len(batch):
                continue
            columns = _with_keys(file_columns, file, row)
            sites = pa.RecordBatch.from_arrays(columns, names=headers["all"])
            table = Table(
                Path(), Numbered(sites), columns_of_sites, dialect, decimal_option="--decimal"
            )
            for verdicts in judged(table.rows(), table, built_once(spec)):
                at = arrays.from_numpy(
                    np.array([r.line - 1 for r in verdicts.rows.rejects], np.int64)
                )
                lines = arrays.from_numpy(arrays.as_numpy(row.take(at)).astype(np.int64) + 1)
                yield from _packed(verdicts, table, file.take(at), lines, typed=typed)

    return judge


def _with_keys(
    file_columns: Mapping[str, pa.Array], file: pa.Array, row: pa.Array
) -> list[pa.Array]:
    """Return the columns of rows, then those of their files' folders."""
    encoded = file.dictionary_encode()
    paths: list[str] = encoded.dictionary.to_pylist()
    keys = [partitions.keys(PurePosixPath(unquote(path))) for path in paths]  # Spark also quotes
    values = {key: [each[key] for each in keys] for key in keys[0]}
    texts = {
        key: arrays.from_bytes([None if v is None else v.encode() for v in some], pa.string())
        for key, some in values.items()
    }
    keyed = {key: cells.take(encoded.indices) for key, cells in texts.items()}
    lines = arrays.as_numpy(row).astype(np.int64) + 1
    return partitions.added_columns(file_columns, keyed, lines, paths[0])


class Numbered(Frame):
    """A Spark batch that provides the raw text of rejects."""

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the batch."""
        yield arrow_rows.block(self._batch, 1)


def _whole_files(
    spark: "SparkSession",
    sites: str,
    files: Mapping[str, int],
    options: Options,
    table_columns: Sequence[Column],
) -> Input:
    """Return files read by our own readers; the first one defines the columns.

    Raises
    ------
    InputError
        If a file is too large for Spark.
    """
    from pyspark.sql import functions as f

    first = next(iter(files))
    local = all(path.startswith(LOCAL) for path in files)
    largest = max(files, key=lambda path: files[path])
    if not local and files[largest] > MOST_BYTES:
        msg = (
            f"{largest} has {files[largest]:,} bytes; a text file on a file system that only Spark "
            f"sees is limited to {MOST_BYTES:,}. Split it, or save it as Parquet."
        )
        raise InputError(msg)
    with tempfile.TemporaryDirectory() as folder:
        copy = fetched(spark.sparkContext, first, Path(folder))
        table = open_table(copy, table_columns, options.columns, options.dialect)
        none = _empty(table.headers, table.source.types)
        table = replace(table, source=_Opened(none, table.source.detected))
    content = f.lit(None).cast("binary") if local else f.col("content")
    frame = spark.read.format("binaryFile").load(sites).select("path", content)
    at_once = ROWS_AT_ONCE if local else 1
    # All files are read as the first one shows that they are written.
    as_first = replace(options, dialect=table.notation)
    judging = partial(_files_judged, table.headers, as_first, table_columns)
    typed = formats.PROPERTIES[options.format].has_types
    return Input(table, frame, judging, typed=typed, rows_at_once=at_once)


def fetched(context: "SparkContext", path: str, folder: Path) -> Path:
    """Provide a local file: in place, or copied into a folder."""
    if path.startswith(LOCAL):
        return local_path(path)
    if not SCHEME.match(path):
        return Path(path)
    copy = _copy_of(path, folder)
    FileSystem(context, path).get(path, copy)
    return copy


def _copy_of(path: str, folder: Path) -> Path:
    """Return the path for a copy of a file, within the same ``key=value`` folders."""
    keyed = [part for part in PurePosixPath(path).parts[:-1] if partitions.is_key(part)]
    copy = folder.joinpath(*keyed, path.rsplit("/", 1)[1])
    copy.parent.mkdir(parents=True, exist_ok=True)
    return copy


def _files_judged(
    headers: list[str], options: Options, table_columns: Sequence[Column], spec: MatcherSpec
) -> Callable[[Iterable[pa.RecordBatch]], Batches]:
    """Return a function that assesses files, given batches of paths, optionally with bytes."""
    columns, dialect = dict(options.columns), options.dialect
    typed = formats.PROPERTIES[options.format].has_types

    def judge(batches: Iterable[pa.RecordBatch]) -> Batches:
        for batch in batches:
            for path, content in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                with _on_disk(path, content) as file:
                    table = open_table(file, table_columns, columns, dialect)
                    _same_headers(path, table.headers, headers)
                    for verdicts in judged(table.rows(), table, built_once(spec)):
                        rejects = verdicts.rows.rejects
                        lines = arrays.from_numpy(np.array([r.line for r in rejects], np.int64))
                        paths = arrays.text_array([path] * len(rejects))
                        yield from _packed(verdicts, table, paths, lines, typed=typed)

    return judge


@contextmanager
def _on_disk(path: str, content: bytes) -> Iterator[Path]:
    """Provide a file in place, or its bytes in a temporary file with the same extension."""
    if path.startswith(LOCAL):
        yield local_path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = _copy_of(path, Path(folder))
        copy.write_bytes(content)
        yield copy


def _same_headers(path: str, headers: list[str], first_headers: list[str]) -> None:
    """Raise if a file's columns differ from those of the first.

    Raises
    ------
    InputError
        If so.
    """
    if headers != first_headers:
        msg = (
            f"{path}: its columns are {headers}, those of the first file {first_headers}. They "
            f"must be the same."
        )
        raise InputError(msg)


def _schema(types: list[pa.DataType], unit: str) -> pa.Schema:
    plain = [pa.string() if pa.types.is_null(kind) else kind for kind in types]
    input_fields = [pa.field(f"c{n}", kind) for n, kind in enumerate(plain)]
    return pa.schema([*input_fields, *schema_in(unit), *COUNTS_AND_REJECTS])


def _types(table: Table, *, typed: bool) -> list[pa.DataType]:
    """Return the types of the input columns in the report."""
    types = list(table.source.types)
    for name, at in table.columns.items():
        if typed and name in KNOWN_TYPES and not _is_typed(types[at]):
            types[at] = KNOWN_TYPES[name]
    return types


def _is_typed(kind: pa.DataType) -> bool:
    return not (pa.types.is_string(kind) or pa.types.is_null(kind))


def _packed(
    verdicts: Judged, table: Table, file: pa.Array, line: pa.Array, *, typed: bool
) -> Batches:
    """Yield the decided rows of a block, its rejects, and a row of counts."""
    unit, rejects = unit_of(list(verdicts.columns)), verdicts.rows.rejects
    schema = _schema(_types(table, typed=typed), unit)
    rows = RowTyper(table).typed(verdicts.report, verdicts.rows) if typed else verdicts.report
    cells = rows.columns[: len(table.headers)]
    input_columns = {f"c{n}": c.cast(schema.field(n).type) for n, c in enumerate(cells)}
    yield _part(schema, len(verdicts.rows.block.lines), input_columns | dict(verdicts.columns))
    if rejects:
        yield _part(schema, len(rejects), {"file": file, "line": line} | _reject_columns(rejects))
    read, blank = verdicts.rows.block.records, verdicts.rows.block.blank
    counts = {"read": np.array([read], np.int64), "blank": np.array([blank], np.int64)}
    yield _part(schema, 1, {name: arrays.from_numpy(n) for name, n in counts.items()})


def _reject_columns(rejects: list[Reject]) -> dict[str, pa.Array]:
    return {
        "status": arrays.text_array([REJECTED] * len(rejects)),
        "reason": arrays.text_array([r.reason.value for r in rejects]),
        "detail": arrays.text_array([r.detail for r in rejects]),
        "raw": arrays.text_array([r.raw for r in rejects]),
    }


def _part(schema: pa.Schema, rows: int, columns_by_name: Mapping[str, Any]) -> pa.RecordBatch:
    """Return rows with the given columns; the others are null."""
    columns = [
        columns_by_name[f.name] if f.name in columns_by_name else pa.nulls(rows, f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
