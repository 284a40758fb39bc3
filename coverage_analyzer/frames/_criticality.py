"""What is lost if a center closes, for sites in a notebook."""

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from coverage_analyzer.batch._criticality import CriticalityOptions
from coverage_analyzer.batch._criticality import criticality as of_run
from coverage_analyzer.comparison.criticality import CENTERS, PAIRS, Criticality
from coverage_analyzer.errors import InputError
from coverage_analyzer.frames._assess import build_matcher
from coverage_analyzer.frames._compare import weights_in
from coverage_analyzer.frames.columns import ProductsLike, site_rows
from coverage_analyzer.policy import DEFAULT, Policy


class CriticalityTable(pd.DataFrame):
    """What is lost if a center closes: one row per center, those that lose the most first.

    ``.attrs`` holds the ``policy``, the day, the number of ``sites``, of those ``served`` and of
    those that a single open center reaches (``alone``).

    Attributes
    ----------
    pairs
        What is lost if two neighbouring centers close, if it was asked for.
    """

    _metadata = ("pair_rows",)
    pair_rows: Any

    @property
    def pairs(self) -> pd.DataFrame:
        """Pairs of neighbouring centers, of which each takes over a site of the other.

        Raises
        ------
        InputError
            If pairs were not asked for.
        """
        if self.pair_rows is None:
            msg = "Pairs were not asked for: criticality(..., pairs=True)."
            raise InputError(msg)
        pairs: pd.DataFrame = pa.Table.from_pylist(self.pair_rows, PAIRS).to_pandas()
        return pairs


def criticality(  # noqa: PLR0913 - the question of `assess`, and what is counted
    sites: pd.DataFrame | str | Path,
    centers: pd.DataFrame | None = None,
    policy: Policy | str = DEFAULT,
    as_of: datetime.date | str | None = None,
    *,
    pairs: bool = False,
    weight: str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
) -> CriticalityTable:
    """Compute for each center what is lost if it closes, in one pass over the sites.

    Parameters
    ----------
    sites
        Sites as for `assess`; or a run folder, and then all but `pairs` and `weight` are its own.
    centers, policy, as_of, trust_declared, products
        As for `assess`.
    pairs
        Whether pairs of neighbouring centers are looked at, too.
    weight
        A column of numbers that says how much a site counts; by default each counts 1.

    Returns
    -------
    centers
        One row per center, those that lose the most first: ``sites`` (qualified or pending sites
        that name it), ``lost`` (their level falls), ``waiting`` (of those, for a planned center),
        ``delayed`` (the better level starts later or no longer), ``kept``, ``alone`` (no other open
        center reaches them), ``takes_over`` (`comparison.criticality.CENTERS`). ``.pairs`` is the
        table of pairs.

    Raises
    ------
    InputError
        If the sites, the centers, the weights or the folder cannot be used.
    PolicyError
        If the policy is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> table = ca.criticality(sites, centers, as_of="2026-12-01")
    >>> table[["center_id", "state", "sites", "lost", "delayed"]].head(2).to_numpy().tolist()
    [['DE-FBG-1', 'open', 1, 1, 0], ['US-BOI-1', 'planned', 1, 0, 1]]
    """
    if not isinstance(sites, pd.DataFrame):
        if centers is not None:
            msg = "A run folder has its centers: leave them out."
            raise InputError(msg)
        result = of_run(sites, None, CriticalityOptions(pairs=pairs, weight=weight or ""))
        attrs = {
            n: result[n] for n in ("run", "policy", "as_of", "sites", "served", "alone", "notes")
        }
        table = pa.Table.from_pylist(result["centers"], CENTERS)
        return _table(table, result["pairs"], attrs)
    if centers is None:
        msg = "Pass the centers, or a run folder instead of the sites."
        raise InputError(msg)
    matcher = build_matcher(
        centers, policy, as_of, trust_declared=trust_declared, products=products
    )
    rows, _ = site_rows(sites, matcher.policy.start_columns)
    job = Criticality(matcher, pairs=pairs)
    alone = job.add(*matcher.inputs(rows), weights_in(sites, weight or ""))
    attrs = {
        "policy": {n: getattr(matcher.policy, n) for n in ("name", "title", "sha256")},
        "as_of": matcher.as_of.isoformat(),
        "sites": job.n_sites,
        "served": job.n_served,
        "alone": len(alone.rows),
        "notes": [],
    }
    return _table(job.centers(), job.pairs().to_pylist() if pairs else None, attrs)


def _table(table: pa.Table, pairs: Any, attrs: dict[str, Any]) -> CriticalityTable:
    result = CriticalityTable(table.to_pandas())
    result.pair_rows = pairs
    result.attrs.update(attrs)
    return result
