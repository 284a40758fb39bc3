"""Assess the sites of a Spark DataFrame: the kernel on Arrow batches in Spark's Python workers.

What a task needs is a `MatcherSpec`: centers, policy and day, some hundred bytes per center. It is
shipped with the function (which Spark itself turns into a broadcast from 1 MB on), so this works on
Spark Connect, too, where there is no ``sparkContext``. Each Python worker builds the matcher and
loads the countries once, and keeps both from task to task.
"""

import dataclasses
import datetime
import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.batch.stream import Judged, checked_centers, judged, products_of
from coverage_analyzer.errors import PolicyWarning
from coverage_analyzer.files.outputs import free_names
from coverage_analyzer.files.readers import arrow_rows
from coverage_analyzer.files.readers.base import PREVIEW_ROWS, RowBlock, TableReader, first_rows
from coverage_analyzer.files.table import Table, are_countries, open_table, read_columns
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.column_evidence import Evidence
from coverage_analyzer.schema.column_matching import NO_EVIDENCE, Headers, match_columns
from coverage_analyzer.schema.columns import (
    CENTERS,
    FOR_REQUESTS,
    Column,
    check_types,
    site_columns,
)
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import schema_in, verdict_names
from coverage_analyzer.spark import session

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

REJECTED: Final = "rejected"
"""Status of a rejected row."""

ROWS_AT_ONCE: Final = 65_536
"""Spark batches (10,000 rows by default) are combined up to this number of rows."""

BYTES_AT_ONCE: Final = 64 << 20
"""Or up to this size, if rows are long."""

FRAME: Final = Path("the DataFrame")
"""Name of a Spark table in messages."""


@functools.lru_cache(maxsize=4)
def built_once(spec: MatcherSpec) -> Matcher:
    """Return the matcher of a spec, built once per process and cached with its index."""
    return spec.build()


def assess(  # noqa: PLR0913 - the same question as that of the notebook
    df: "DataFrame",
    centers: "pd.DataFrame | Centers | str | Path",
    policy: Policy | str | Path = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
    columns: Mapping[str, str] | None = None,
    products: Products | str | Path | None = None,
) -> "DataFrame":
    """Assess sites on Spark: lazily, without a shuffle, and with the number of rows unchanged.

    Parameters
    ----------
    df
        Sites with ``latitude`` and ``longitude`` in degrees on WGS 84, as numbers or text;
        ``country``, ``accuracy_m`` (metres) and synonyms as in files.
    centers
        A pandas GeoDataFrame or DataFrame as returned by `coverage_analyzer.read_centers`, or the
        path of a file that the driver can read.
    policy
        A policy, the name of a built-in one, or the path of a TOML file.
    as_of
        The day of the assessment, by default today in UTC (when this is called, not when Spark runs
        it).
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    columns
        The column to use for a known one where names are ambiguous.
    products
        Product phases, or the path of a file of them that the driver can read.

    Returns
    -------
    verdicts
        The columns of the sites with name, order and type; then those of the verdict (see
        `schema`). Input columns with the name of a verdict column, in any case, are renamed
        ``input_<name>``. Rows keep their order within their partition. A rejected row has the
        status ``rejected``, the code of ``rejects.csv`` as its reason, and nulls in the other
        verdict columns; this includes empty rows (``coordinate_missing``). The detail is written by
        `run`; the cells of the row also show it.

    Raises
    ------
    InputError
        If a column is missing, ambiguous or of an unusable type, or centers or the day cannot be
        used.
    PolicyError
        If there is no such policy.
    """
    with session.no_word_on_pandas():
        arrow = arrow_schema(df)
    rules = Policy.load(policy)
    matched = recognised(arrow, site_columns(rules.start_columns), columns, evidence(df))
    for warning in rules.warnings:
        warnings.warn(warning, PolicyWarning, stacklevel=2)
    network = _centers(centers, rules, trust_declared=trust_declared)
    checked_products = products if isinstance(products, Products) else products_of(products)
    matcher = MatcherSpec(network, rules, day(as_of), trust_declared, checked_products).build()
    spec, unit = MatcherSpec.of(matcher), rules.unit
    names = output_names(df.columns, unit)

    def verdicts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in gathered(batches):
            yield _with_verdicts(batch, names, matched, built_once(spec))

    with session.no_word_on_pandas():
        return plainly_named(df).mapInArrow(verdicts, schema(df.schema, names, unit))


def schema(sites: "StructType", names: Sequence[str], unit: str = "miles") -> "StructType":
    """Return the columns of sites under their new names, and the verdict columns in a unit.

    Their types are those of `schema.verdict.COLUMNS`; for a rejected row all are null except
    ``status`` and ``reason``, which are never null.
    """
    from pyspark.sql import types

    kinds: dict[pa.DataType, types.DataType] = {
        pa.string(): types.StringType(),
        pa.float64(): types.DoubleType(),
        pa.int32(): types.IntegerType(),
        pa.date32(): types.DateType(),
    }
    input_fields = [
        types.StructField(name, f.dataType, f.nullable, f.metadata)
        for name, f in zip(names, sites.fields, strict=True)
    ]
    added = [
        types.StructField(field.name, kinds[field.type], field.name not in ALWAYS)
        for field in schema_in(unit)
    ]
    return types.StructType([*input_fields, *added])


ALWAYS: Final = ("status", "reason")
"""Verdict columns that every row has."""


def arrow_schema(df: "DataFrame") -> pa.Schema:
    """Return the Arrow schema of a DataFrame's batches, without running it."""
    schema_of_rows = plainly_named(df).limit(0).toArrow().schema
    return pa.schema([f.with_name(n) for f, n in zip(schema_of_rows, df.columns, strict=True)])


def plainly_named(df: "DataFrame") -> "DataFrame":
    """Return a DataFrame with safe column names: Spark reads a dot as a field of a struct."""
    return df.toDF(*(f"c{n}" for n in range(len(df.columns))))


def evidence(df: "DataFrame", notation: Notation = DECIMAL_DEGREES) -> Evidence:
    """Return the first cells of a DataFrame, which are computed only if names leave a doubt."""

    def preview() -> pa.RecordBatch:
        with session.no_word_on_pandas():
            rows = plainly_named(df).limit(PREVIEW_ROWS).toArrow().combine_chunks()
        batch = (rows.to_batches() or [arrow_rows.empty(rows.schema)])[0]
        return Frame(batch).preview()

    return Evidence(preview, notation, are_countries)


def recognised(
    sites: pa.Schema,
    table: Sequence[Column],
    columns: Mapping[str, str] | None,
    cells: Evidence = NO_EVIDENCE,
) -> dict[str, int]:
    """Return the positions of the known columns of sites (`schema.columns.site_columns`).

    Raises
    ------
    InputError
        If one is missing, ambiguous or of an unusable type.
    """
    unread = frozenset(FOR_REQUESTS)
    headers_by_name = read_columns(table, columns) or {}
    query = Headers(sites.names, table, headers_by_name, evidence=cells, unread=unread)
    matched = match_columns(query)
    types = {name: arrow_rows.plain_type(sites.field(at).type) for name, at in matched.items()}
    check_types(types)
    return matched


def output_names(headers: Sequence[str], unit: str = "miles") -> list[str]:
    """Return names of input columns that do not collide with the verdict's, ignoring case.

    Parameters
    ----------
    headers
        Of the input.
    unit
        The unit of the policy's distances.

    Examples
    --------
    >>> output_names(["site_id", "Level", "input_level"])
    ['site_id', 'input_input_Level', 'input_level']
    """
    names = free_names(headers, verdict_names(unit), str.lower)
    return [names.get(header, header) for header in headers]


def _centers(
    centers: "pd.DataFrame | Centers | str | Path", policy: Policy, *, trust_declared: bool
) -> Centers:
    """Return centers from any supported type."""
    if isinstance(centers, Centers):
        return centers
    if isinstance(centers, (str, Path)):
        table = open_table(centers, CENTERS)
        return checked_centers(table, policy, trust_declared=trust_declared)
    from coverage_analyzer.frames.columns import centers_of

    return centers_of(centers)


class Frame(TableReader):
    """One batch of Spark as a `TableReader`; its rows count from 1."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self.headers: list[str] = batch.schema.names
        self.types = [arrow_rows.plain_type(kind) for kind in batch.schema.types]
        self.known: dict[str, str] = {}

    def preview(self, n_rows: int = PREVIEW_ROWS) -> pa.RecordBatch:
        """Return the first rows of the batch."""
        rows = arrow_rows.block(self._batch.slice(0, n_rows), 1).columns
        return first_rows(rows, self.headers, n_rows)

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the batch, without the raw text of rows, which is costly and unused."""
        yield dataclasses.replace(arrow_rows.block(self._batch, 1), raw=str)

    def sha256(self) -> str:
        """Return None: a Spark result has no file to hash."""
        return ""


def gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield combined batches, since each batch has fixed costs."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        rows, size = sum(map(len, waiting)), sum(b.nbytes for b in waiting)
        if rows + len(batch) > ROWS_AT_ONCE or size > BYTES_AT_ONCE:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def _with_verdicts(
    batch: pa.RecordBatch, names: Sequence[str], matched: Mapping[str, int], matcher: Matcher
) -> pa.RecordBatch:
    table = Table(FRAME, Frame(batch), matched)
    (verdicts,) = judged(table.rows(), table, matcher)
    added = _for_all_rows(verdicts, len(batch))
    return pa.RecordBatch.from_arrays([*batch.columns, *added.values()], names=[*names, *added])


def _for_all_rows(verdicts: Judged, rows: int) -> dict[str, pa.Array]:
    """Return the verdict columns for all rows of a batch, including rejected ones."""
    columns: dict[str, Any] = dict(verdicts.columns)
    if rejects := verdicts.rows.rejects:
        codes = list(Rejected)
        place, code = np.full(rows, -1), np.full(rows, -1)
        place[verdicts.rows.block.lines - 1] = np.arange(len(verdicts.rows.block.lines))
        code[[r.line - 1 for r in rejects]] = [codes.index(r.reason) for r in rejects]
        take = arrays.from_numpy(place, place < 0)
        columns = {name: cells.take(take) for name, cells in columns.items()}
        columns["status"] = pc.fill_null(columns["status"], arrays.text_array([REJECTED])[0])
        columns["reason"] = pc.coalesce(
            columns["reason"], arrays.take_texts(code, arrays.text_array(codes))
        )
    return columns
