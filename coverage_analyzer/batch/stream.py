"""Assess rows: blocks of a table pass through the kernel and become report rows.

The only way from text to verdicts, whichever engine provides the blocks.
"""

import dataclasses
import datetime
import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.mistakes import read_network
from coverage_analyzer.files.outputs import renamed
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.table import ParsedRows, Table, open_table, read_products
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.eligibility import EligibilityChecker, EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, MatcherInputs, Verdicts
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.column_matching import Headers, find_columns
from coverage_analyzer.schema.columns import PRODUCTS, SITES


def build_matcher(
    centers: Table,
    policy: Policy,
    *,
    as_of: datetime.date | None = None,
    trust_declared: bool = False,
    products: Products | None = None,
) -> Matcher:
    """Build the matcher of a policy and the centers of an open table, for a day.

    Raises
    ------
    InputError
        If a row of the centers cannot be used, or its country is unknown or contradicts its
        location.
    """
    checked = checked_centers(centers, policy, trust_declared=trust_declared)
    return MatcherSpec(checked, policy, as_of, trust_declared, products).build()


def checked_centers(centers: Table, policy: Policy, *, trust_declared: bool = False) -> Centers:
    """Return the centers of an open table, the country of each checked by a policy's convention.

    Raises
    ------
    InputError
        If a row of the centers cannot be used, or its country is unknown or contradicts its place.
    """
    world = countries.load()
    convention = policy.convention(world.names, trust_declared=trust_declared)
    return read_network(centers, world, convention)


def products_of(path: str | Path | None, dialect: Dialect = PLAIN) -> Products | None:
    """Return the products of a file, if given.

    Raises
    ------
    InputError
        If it is standard input, which is reserved for sites or centers, or one of its rows cannot
        be used.
    """
    table = open_products(path, dialect)
    return None if table is None else read_products(table)


def open_products(path: str | Path | None, dialect: Dialect = PLAIN) -> Table | None:
    """Open a table of products, if given.

    Raises
    ------
    InputError
        If it is standard input, which is reserved for sites or centers, or cannot be used.
    """
    if not path:
        return None
    if str(path) == streams.STANDARD_INPUT:
        msg = "Products cannot be read from standard input. Give a file."
        raise InputError(msg)
    return open_table(path, PRODUCTS, dialect=dialect)


log = logging.getLogger(__name__)


def with_area_columns(rules: EligibilityChecker, table: Table) -> Table:
    """Return a table whose columns include region and postcode if the policy needs them.

    For other policies they are not read, so that it is no error if several headers fit.

    Raises
    ------
    InputError
        With the headers, and how to choose one.
    """
    known = {**table.area_columns, **table.columns}
    for column in SITES:
        if column.name in rules.area_columns and column.name not in known:
            find_columns(Headers(table.headers, (column,)))
    needed = {n: at for n, at in table.area_columns.items() if n in rules.area_columns}
    return dataclasses.replace(table, columns={**table.columns, **needed}) if needed else table


def log_not_checked(rules: EligibilityChecker, table: Table) -> list[str]:
    """Return the columns of eligibility rules that a table does not have, and log them."""
    absent = rules.not_checked(with_area_columns(rules, table).columns)
    if absent:
        log.info("not checked (columns missing from %s): %s", table.path, ", ".join(absent))
    return absent


@dataclass(frozen=True)
class Judged:
    """A block with its verdicts (as numbers, columns and report rows) and what they are made of."""

    rows: ParsedRows
    verdicts: Verdicts
    columns: Mapping[str, pa.Array]
    report: pa.RecordBatch
    inputs: MatcherInputs

    @property
    def facts(self) -> EligibilityInputs | None:
        """Inputs of eligibility rules, if a rule has a column."""
        return self.inputs.facts


def judged(
    blocks: Generator[ParsedRows, None, None],
    table: Table,
    matcher: Matcher,
    *,
    coded: bool = False,
) -> Generator[Judged, None, None]:
    """Yield blocks of a table with their verdicts, in order; closing this closes the blocks.

    Parameters
    ----------
    blocks
        Of the table.
    table, matcher
        The table and the matcher.
    coded
        Whether text of verdicts is in dictionary arrays (`Matcher.coded_columns`).
    """
    columns = matcher.coded_columns if coded else matcher.columns
    names = renamed(table.headers, matcher.policy.unit)
    headers = [names.get(h, h) for h in table.headers]
    with closing(blocks):
        for rows in blocks:
            inputs = matcher.inputs(table.site_rows(rows))
            verdicts = matcher.match(*inputs)
            yield _judged_block(rows, headers, columns(verdicts), verdicts, inputs)
            del inputs, verdicts
            del rows  # while the next ones are waited for, these may go


def _judged_block(
    rows: ParsedRows,
    headers: Sequence[str],
    columns: Mapping[str, pa.Array],
    verdicts: Verdicts,
    inputs: MatcherInputs,
) -> Judged:
    """Return a block with its verdicts; ``headers`` are those of its columns in the report."""
    batch = pa.RecordBatch.from_arrays(
        [*rows.block.columns.columns, *columns.values()], names=[*headers, *columns]
    )
    return Judged(rows, verdicts, columns, batch, inputs)
