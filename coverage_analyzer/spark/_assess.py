"""Assess the sites of a Spark DataFrame: the kernel on Arrow batches in Spark's Python workers.

What a task needs is a `Recipe`: centers, policy and day, some hundred bytes a center. It rides with
the function that Spark ships (which Spark itself turns into a broadcast from 1 MB on), so this
works on Spark Connect, too, where there is no ``sparkContext``. The matcher is built from it, and
the countries are loaded, once in each Python worker, and stay there from task to task.
"""

import dataclasses
import datetime
import functools
import hashlib
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, countries
from coverage_analyzer.batch.stream import Judged, judged, products_of
from coverage_analyzer.errors import PolicyWarning
from coverage_analyzer.files.outputs import free_names
from coverage_analyzer.files.readers import parquet
from coverage_analyzer.files.readers.base import RowBlock, TableReader
from coverage_analyzer.files.table import Table, open_table, read_centers
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import CENTERS, SITES, check_types, match_columns
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import SCHEMA, VERDICT
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


@dataclass(frozen=True)
class Recipe:
    """Everything needed to build a `Matcher`, small enough to be sent; equal if the key is.

    Attributes
    ----------
    key
        The hash of all else.
    centers, policy, as_of, trust_declared, products
        As for `Matcher`.
    """

    key: str
    centers: Centers = field(compare=False)
    policy: Policy = field(compare=False)
    as_of: datetime.date = field(compare=False)
    trust_declared: bool = field(compare=False)
    products: Products | None = field(default=None, compare=False)

    @classmethod
    def of(cls, matcher: Matcher) -> "Recipe":
        """Return the recipe of a matcher."""
        trust = matcher.convention.trust_declared
        network = {k: np.asarray(v).astype(str).tolist() for k, v in vars(matcher.centers).items()}
        products = matcher.gates.products
        dated = products.to_dict() if products else None
        told = [network, matcher.policy.sha256, matcher.as_of.isoformat(), trust, dated]
        key = hashlib.sha256(json.dumps(told).encode()).hexdigest()
        return cls(key, matcher.centers, matcher.policy, matcher.as_of, trust, products)


@functools.lru_cache(maxsize=4)
def matcher_of(recipe: Recipe) -> Matcher:
    """Return the matcher of a recipe, built once per process and cached with its index."""
    return Matcher(
        recipe.centers,
        recipe.policy,
        countries.load(),
        as_of=recipe.as_of,
        trust_declared=recipe.trust_declared,
        products=recipe.products,
    )


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
        A GeoDataFrame or DataFrame of pandas as `coverage_analyzer.read_centers` gives it, or the
        path of a file that the driver sees.
    policy
        A policy, the name of a built-in one, or the path of a TOML file.
    as_of
        The day to judge, by default today in UTC (when this is called, not when Spark runs it).
    trust_declared
        Whether a declared country stands wherever a point lies.
    columns
        The column to take for a known one where names alone do not tell.
    products
        The phases of products, or the path of a file of them that the driver sees.

    Returns
    -------
    verdicts
        The columns of the sites with name, order and type; then those of the verdict (see
        `schema`), by which input columns of the same name, be it in other case, are renamed
        ``input_<name>``. Rows stay in order within their partition. A row that cannot be
        decided has the status ``rejected``, the code of ``rejects.csv`` as its reason, and nulls
        in the other columns of the verdict; a row without anything in it is one of them
        (``coordinate_missing``). What is wrong in words is written by `run`; the cells of the row
        show it, too.

    Raises
    ------
    InputError
        If a column is missing, ambiguous or of a type that cannot be meant, or centers or the day
        cannot be used.
    PolicyError
        If there is no such policy.
    """
    with session.no_word_on_pandas():
        arrow = arrow_schema(df)
    known = recognised(arrow, columns)
    rules = Policy.load(policy)
    for told in rules.warnings:
        warnings.warn(told, PolicyWarning, stacklevel=2)
    network = _centers(centers, rules, trust_declared=trust_declared)
    wanted, world = day(as_of), countries.load()
    dated = products if isinstance(products, Products) else products_of(products)
    matcher = Matcher(
        network, rules, world, as_of=wanted, trust_declared=trust_declared, products=dated
    )
    recipe, names = Recipe.of(matcher), output_names(df.columns)

    def verdicts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in gathered(batches):
            yield _with_verdicts(batch, names, known, matcher_of(recipe))

    with session.no_word_on_pandas():
        return plainly_named(df).mapInArrow(verdicts, schema(df.schema, names))


def schema(sites: "StructType", names: Sequence[str]) -> "StructType":
    """Return the columns of sites under their new names, and the verdict columns.

    Their types are those of `schema.verdict.COLUMNS`; all are null where a row is rejected, but
    ``status`` and ``reason``, which are never null.
    """
    from pyspark.sql import types

    kinds: dict[pa.DataType, types.DataType] = {
        pa.string(): types.StringType(),
        pa.float64(): types.DoubleType(),
        pa.int32(): types.IntegerType(),
        pa.date32(): types.DateType(),
    }
    given = [
        types.StructField(name, f.dataType, f.nullable, f.metadata)
        for name, f in zip(names, sites.fields, strict=True)
    ]
    added = [
        types.StructField(field.name, kinds[field.type], field.name not in ALWAYS)
        for field in SCHEMA
    ]
    return types.StructType([*given, *added])


ALWAYS: Final = ("status", "reason")
"""Verdict columns that every row has."""


def arrow_schema(df: "DataFrame") -> pa.Schema:
    """Return the Arrow schema of a DataFrame's batches, without running it."""
    found = plainly_named(df).limit(0).toArrow().schema
    return pa.schema([f.with_name(n) for f, n in zip(found, df.columns, strict=True)])


def plainly_named(df: "DataFrame") -> "DataFrame":
    """Return a DataFrame with safe column names: Spark reads a dot as a field of a struct."""
    return df.toDF(*(f"c{n}" for n in range(len(df.columns))))


def recognised(sites: pa.Schema, columns: Mapping[str, str] | None) -> dict[str, int]:
    """Return the positions of the known columns of sites.

    Raises
    ------
    InputError
        If one is missing, ambiguous or of a type that cannot be meant.
    """
    known = match_columns(sites.names, SITES, columns)
    types = {name: parquet.plain_type(sites.field(at).type) for name, at in known.items()}
    check_types(types)
    return known


def output_names(headers: Sequence[str]) -> list[str]:
    """Return names of input columns that do not collide with the verdict's, ignoring case.

    Examples
    --------
    >>> output_names(["site_id", "Level", "input_level"])
    ['site_id', 'input_input_Level', 'input_level']
    """
    names = free_names(headers, VERDICT, str.lower)
    return [names.get(header, header) for header in headers]


def _centers(
    centers: "pd.DataFrame | Centers | str | Path", policy: Policy, *, trust_declared: bool
) -> Centers:
    """Return centers from any supported type."""
    if isinstance(centers, Centers):
        return centers
    if isinstance(centers, (str, Path)):
        world = countries.load()
        convention = policy.convention(world.names, trust_declared=trust_declared)
        return read_centers(open_table(centers, CENTERS), world, convention)
    from coverage_analyzer.frames.columns import centers_of

    return centers_of(centers)


class Frame(TableReader):
    """One batch of Spark as a `TableReader`; its rows count from 1."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self.headers: list[str] = batch.schema.names
        self.types = [parquet.plain_type(kind) for kind in batch.schema.types]
        self.known: dict[str, str] = {}

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the batch, without the raw text of rows, which is costly and unused."""
        yield dataclasses.replace(parquet.block(self._batch, 1), raw=str)

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
    batch: pa.RecordBatch, names: Sequence[str], known: Mapping[str, int], matcher: Matcher
) -> pa.RecordBatch:
    table = Table(FRAME, Frame(batch), known)
    (some,) = judged(table.rows(), table, matcher)
    added = _for_all_rows(some, len(batch))
    return pa.RecordBatch.from_arrays([*batch.columns, *added.values()], names=[*names, *added])


def _for_all_rows(some: Judged, rows: int) -> dict[str, pa.Array]:
    """Return the verdict columns for all rows of a batch, including rejected ones."""
    columns: dict[str, Any] = dict(some.columns)
    if rejects := some.rows.rejects:
        codes = list(Rejected)
        place, code = np.full(rows, -1), np.full(rows, -1)
        place[some.rows.block.lines - 1] = np.arange(len(some.rows.block.lines))
        code[[r.line - 1 for r in rejects]] = [codes.index(r.reason) for r in rejects]
        take = arrays.from_numpy(place, place < 0)
        columns = {name: cells.take(take) for name, cells in columns.items()}
        columns["status"] = pc.fill_null(columns["status"], arrays.text_array([REJECTED])[0])
        columns["reason"] = pc.coalesce(
            columns["reason"], arrays.take_texts(code, arrays.text_array(codes))
        )
    return columns
