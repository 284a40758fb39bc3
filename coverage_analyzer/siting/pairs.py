"""Who reaches whom: the pairs of sites and candidates, merged as they come.

Sites are taken in the order of their cells, as many at once as keep the pairs within the
memory limit, and sites of the same candidates become one row at once: a million sites in one dense
country are a hundred thousand rows.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.matching.grid import GRIDS
from coverage_analyzer.matching.nearest import ReachIndex
from coverage_analyzer.siting.cover import Cover
from coverage_analyzer.siting.demand import Demand
from coverage_analyzer.siting.reduction import merge_rows

FIRST_SITES: Final = 4_000
MOST_SITES: Final = 100_000
"""Sites of the first part, and of any part."""

PAIRS_AT_ONCE: Final = 1_500_000
"""Pairs in a part, about."""


@dataclass(frozen=True)
class Covering:
    """The pairs of some sites and all candidates.

    Attributes
    ----------
    cover
        Rows of merged sites with a weight, in weights as given.
    n_sites
        How many of the sites each candidate reaches, shape (candidates,).
    reached
        How many candidates reach each of the sites, in their order, shape (n,).
    """

    cover: Cover
    n_sites: Ints
    reached: Ints


def covering(
    demand: Demand, rows: Ints, index: ReachIndex, need: npt.NDArray[np.int8] | None = None
) -> Covering:
    """Return the pairs of sites and candidates.

    Parameters
    ----------
    demand
        The sites.
    rows
        Which of them, shape (n,).
    index
        The candidates (`Reach.index`).
    need
        How many of them must reach each site, shape (n,); by default 1.
    """
    need = np.ones(len(rows), np.int8) if need is None else need
    weight, country = demand.table.weight[rows], demand.country[rows]
    n_candidates = len(index.lon)
    reached, n_sites = np.zeros(len(rows), np.int64), np.zeros(n_candidates, np.int64)
    parts: list[Cover] = []
    for at, site, candidate in _parts(demand, rows, index):
        counts = np.bincount(site, minlength=len(at))
        reached[at] = counts
        n_sites += np.bincount(candidate, minlength=n_candidates)
        part = Cover(
            np.concatenate([[0], np.cumsum(counts)]),
            candidate.astype(np.int32),
            weight[at],
            need[at],
            country[at],
            n_candidates,
            0.0,
        )
        useful = np.flatnonzero((counts >= need[at]) & (weight[at] > 0))
        parts.append(merge_rows(part.take(useful))[0])
    return Covering(merge_rows(stacked(parts, n_candidates))[0], n_sites, reached)


def _parts(demand: Demand, rows: Ints, index: ReachIndex) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield positions in ``rows``, and the pairs of a position in those and a candidate."""
    sites = demand.table.sites
    grid = GRIDS[-1]
    order = np.argsort(grid.cell(sites.lon[rows], sites.lat[rows]), kind="stable")
    start, size = 0, FIRST_SITES
    while start < len(order):
        at = order[start : start + size]
        subset = rows[at]
        site, candidate = demand.reach.pairs(
            index, sites.take(subset), demand.country[subset], demand.zone[subset]
        )
        yield at, site, candidate
        start += size
        per_site = max(len(site) / len(at), 1.0)
        size = int(np.clip(PAIRS_AT_ONCE / per_site, FIRST_SITES // 4, MOST_SITES))


def stacked(parts: Sequence[Cover], n_candidates: int) -> Cover:
    """Return the rows of several covers of the same candidates."""
    none = np.zeros(0)
    counts = [np.diff(part.start) for part in parts]
    return Cover(
        np.concatenate([[0], np.cumsum(np.concatenate([none, *counts]))]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int32), *(part.candidate for part in parts)]),
        np.concatenate([none, *(part.weight for part in parts)]),
        np.concatenate([np.zeros(0, np.int8), *(part.need for part in parts)]),
        np.concatenate([np.zeros(0, np.int16), *(part.group for part in parts)]),
        n_candidates,
        0.0,
    )


def scaled(cover: Cover) -> tuple[Cover, float]:
    """Return a cover in whole weights if decimals allow, and by what they were multiplied.

    Weights with up to six decimals become whole numbers, so that sums are exact and two plans
    differ by at least 1; others stay as they are.
    """
    for places in range(7):
        factor = 10.0**places
        units = np.rint(cover.weight * factor)
        exact = np.abs(units - cover.weight * factor) <= 1e-9 * cover.weight * factor
        if exact.all() and units.sum() < 2.0**52:
            return dataclasses.replace(cover, weight=units, step=1.0), factor
    return cover, 1.0


def plan_sites(
    demand: Demand, rows: Ints, plan: tuple[Floats, Floats, npt.NDArray[np.int16]]
) -> tuple[Ints, Ints]:
    """Return the pairs of some sites and the places of a plan, as positions in both.

    Parameters
    ----------
    demand
        The sites.
    rows
        Which of them, shape (n,).
    plan
        Longitude, latitude and country of its places, shape (k,) each.
    """
    index = demand.reach.index(*plan)
    blocks = [(at[site], place) for at, site, place in _parts(demand, rows, index)]
    none = np.zeros(0, np.int64)
    site = np.concatenate([none, *(s for s, _ in blocks)])
    place = np.concatenate([none, *(p for _, p in blocks)])
    order = np.lexsort((place, site))
    return site[order], place[order]
