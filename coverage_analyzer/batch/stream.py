"""Assess rows: blocks of a table pass through the kernel and become report rows.

The one way from text to verdicts, whichever engine brings the blocks.
"""

import datetime
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.outputs import renamed
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.table import ParsedRows, Table, open_table, read_centers, read_products
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import PRODUCTS


def matcher_of(
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
        If a row of the centers cannot be used, or its country is unknown or contradicts its place.
    """
    world = countries.load()
    convention = policy.convention(world.names, trust_declared=trust_declared)
    network = read_centers(centers, world, convention)
    return Matcher(
        network, policy, world, as_of=as_of, trust_declared=trust_declared, products=products
    )


def products_of(path: str | Path | None) -> Products | None:
    """Return the products of a file, if given.

    Raises
    ------
    InputError
        If it is standard input, which is for sites or centers, or a row of it cannot be used.
    """
    table = open_products(path)
    return None if table is None else read_products(table)


def open_products(path: str | Path | None) -> Table | None:
    """Open a table of products, if given.

    Raises
    ------
    InputError
        If it is standard input, which is for sites or centers, or cannot be used.
    """
    if not path:
        return None
    if str(path) == streams.STANDARD_INPUT:
        msg = "Products cannot be read from standard input. Give a file."
        raise InputError(msg)
    return open_table(path, PRODUCTS)


@dataclass(frozen=True)
class Judged:
    """A block with its verdicts (as numbers, columns and report rows) and its rule inputs."""

    rows: ParsedRows
    verdicts: Verdicts
    columns: Mapping[str, pa.Array]
    report: pa.RecordBatch
    facts: EligibilityInputs | None = None


def judged(
    blocks: Generator[ParsedRows, None, None], table: Table, matcher: Matcher
) -> Generator[Judged, None, None]:
    """Yield blocks of a table with their verdicts, in order; closing this closes the blocks."""
    names = renamed(table.headers)
    headers = [names.get(h, h) for h in table.headers]
    with closing(blocks):
        for rows in blocks:
            where, declared = rows.coordinates, table.declared(rows.block, matcher.world.names)
            sites = Sites(where.lon, where.lat, declared, where.accuracy_m)
            facts = matcher.gates.facts(table.facts(rows))
            verdicts = matcher.match(sites, facts)
            columns = matcher.columns(verdicts)
            batch = pa.RecordBatch.from_arrays(
                [*rows.block.columns.columns, *columns.values()], names=[*headers, *columns]
            )
            yield Judged(rows, verdicts, columns, batch, facts)
