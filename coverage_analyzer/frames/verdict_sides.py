"""Verdicts in a frame as a side of a comparison: what they were made of, and what they are called.

A frame carries its policy (by name and hash), its day and its products in ``.attrs``, but not its
centers. With these, its verdicts can be found again, and so the causes of changes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.comparison.causes import take_sites
from coverage_analyzer.comparison.rows import Side
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.frames.columns import (
    assessed_day,
    centers_of,
    geometries,
    rules_of,
    site_rows,
)
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import names_in

ROW: Final = "row"
"""The input by which the rows of a side find their sites: the position in the frame."""


def side_of(frame: pd.DataFrame, policy: Policy | None, centers: pd.DataFrame | None) -> Side:
    """Return what is known of verdicts besides their rows.

    Parameters
    ----------
    frame
        The verdicts.
    policy
        Of the verdicts, where it is not built in.
    centers
        That they were made with; without them, causes are not known.

    Raises
    ------
    InputError
        If the centers cannot be used, the policy is not known or not that of the verdicts, or a row
        has no usable coordinates.
    """
    attrs = frame.attrs
    facts = {
        "as_of": attrs.get("as_of", ""),
        "policy": {
            "name": attrs.get("policy"),
            "title": attrs.get("policy_title"),
            "sha256": attrs.get("policy_sha256"),
        },
        "trust_declared": bool(attrs.get("trust_declared", False)),
        "centers": dict(attrs.get("centers", {})),
        "columns": [
            str(c) for c in frame.columns if c not in {*verdict_names_in(frame), *geometries(frame)}
        ],
        "roads": "drive_time_limits" in attrs,
        "inputs_known": centers is not None,
    }
    used_policy = policy or _known_policy(attrs)
    titles = () if used_policy is None else used_policy.titles
    if centers is None:
        return Side(facts, titles)
    spec = MatcherSpec(
        centers_of(centers),
        rules_of(frame, policy),
        assessed_day(frame),
        facts["trust_declared"],
        Products.from_dict(attrs["products"]) if "products" in attrs else None,
    )
    return Side(facts, spec.policy.titles, spec, facts["roads"], _site_reader(frame))


def verdict_names_in(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns of the verdict in a frame."""
    return names_in([str(name) for name in frame.columns])


def _known_policy(attrs: Mapping[Any, Any]) -> Policy | None:
    """Return the policy of verdicts, if it is built in or registered and has not changed."""
    try:
        policy = Policy.load(str(attrs.get("policy")))
    except PolicyError:
        return None
    return policy if policy.sha256 == attrs.get("policy_sha256") else None


def sites_in(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the sites that verdicts were made of, with the columns that they had."""
    names = {new: old for old, new in verdicts.attrs.get("renamed_columns", {}).items()}
    return verdicts.drop(columns=list(verdict_names_in(verdicts))).rename(columns=names)


def _site_reader(verdicts: pd.DataFrame) -> Callable[[pa.RecordBatch], SiteRows]:
    """Return what reads the sites of rows from the inputs that `inputs_of` returns.

    Raises
    ------
    InputError
        If a row has no usable coordinates, or a cell of a day or a distance holds none.
    """
    sites, _ = site_rows(sites_in(verdicts))

    def rows(cells: pa.RecordBatch) -> SiteRows:
        return take_sites(sites, arrays.as_numpy(cells.column(ROW)).astype(np.int64))

    return rows


def inputs_of(verdicts: pd.DataFrame) -> dict[str, pa.Array]:
    """Return the position of each row in a frame, as an input of `rows.SideRows`."""
    return {ROW: arrays.from_numpy(np.arange(len(verdicts)))}
