"""Assess sites in frames: verdicts, their summary and explanations."""

import datetime
import warnings
from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer import arrays, geometry
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.outputs import free_names, renamed
from coverage_analyzer.files.readers.spatial import WGS84
from coverage_analyzer.frames.columns import (
    ProductsLike,
    centers_of,
    check_labels,
    known_columns,
    points_name,
    policy_of,
    products_in,
    site_rows,
)
from coverage_analyzer.frames.crs import geometry_wgs84
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.explanation import Explanation, explanation
from coverage_analyzer.matching.lead_times import opening_windows
from coverage_analyzer.matching.matcher import Matcher, Verdicts
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.programmes.afterwards import with_route
from coverage_analyzer.schema import columns, notebook, theme
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import Status


def assess(
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
) -> gpd.GeoDataFrame:
    """Assess sites: return one verdict per row.

    Parameters
    ----------
    sites
        A GeoDataFrame of points in any CRS, or a DataFrame with ``latitude`` and ``longitude`` in
        degrees on WGS 84. Optional: ``country``, ``accuracy_m`` (metres), and the columns of
        eligibility rules: ``product``, ``version``, ``component``, ``requested_level``,
        ``registered_on``, ``installed_on``.
    centers
        Likewise, with ``center_id`` and optionally ``name``, ``country``, ``opens_on``,
        ``closes_on``, ``ordered_on``; as returned by `read_centers`.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day of the assessment, by default today in UTC.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    products
        A table of products with the last day of each support phase (`schema.columns.PRODUCTS`), or
        the path of such a file.

    Returns
    -------
    verdicts
        The sites with their index, one row each, points in EPSG:4326, and the columns of the
        verdict (`schema.verdict`): ``level``, ``status``, ``reason``, ``center_id``,
        ``distance_miles`` (along the WGS 84 geodesic, 3 decimals as Karney's algorithm rounds; NaN
        without a center), ``limit_miles``, ``margin_miles`` (limit minus distance, negative
        outside), ``site_country`` (ISO 3166-1 alpha-2), ``available_on`` (a day, where pending),
        ``centers_in_reach`` (a count). The inputs are not changed.
        ``.attrs["warnings"]`` lists the rules that were not checked.

    Warns
    -----
    UserWarning
        If rows have a product or component for which neither table nor policy has data.

    Raises
    ------
    InputError
        If a row has no usable coordinates, a date is invalid, a frame has no CRS, a center's
        country is uncertain, or a product cannot be used.
    PolicyError
        If there is no such policy.

    References
    ----------
    C. F. F. Karney, Algorithms for geodesics, J. Geodesy 87, 43-55 (2013). The clauses behind the
    limits are in the policy.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    >>> verdicts[["level", "status", "center_id", "limit_miles"]].to_numpy().tolist()
    [['Gold Plus', 'qualified', 'DE-FBG-1', 50.0], ['Gold', 'pending', 'US-BOI-1', 70.0]]
    """
    matcher = build_matcher(
        centers, policy, as_of, trust_declared=trust_declared, products=products
    )
    rows, known = site_rows(sites, matcher.policy.start_columns)
    inputs = matcher.inputs(rows)
    for warning in matcher.gates.unchecked_rules(known):
        warnings.warn(warning, stacklevel=2)
    verdicts = matcher.match(*inputs)
    about_rules = _gate_warnings(matcher, known, inputs.facts, verdicts)
    points = _points(sites, rows)
    del inputs, rows  # a million rows are 50 MB
    plain = pd.DataFrame(sites.drop(columns=points_name(sites)))
    names = _renamed(plain, matcher.policy.unit)
    if names:
        warnings.warn(
            f"Input columns renamed, because the verdict uses their names: {names}.", stacklevel=2
        )
    of_verdicts = _columns(matcher, verdicts, plain.index)
    frame = pd.concat([plain.rename(columns=names), of_verdicts], axis=1)
    del verdicts, of_verdicts
    pa.default_memory_pool().release_unused()
    # The frame is a new one: geopandas would copy all of it.
    result = DatedFrame(frame, geometry=points, crs=WGS84, copy=False)
    counts = {n: sites.attrs[n] for n in ("decided", "rejected", "blank") if n in sites.attrs}
    result.attrs = (
        counts
        | _provenance(matcher)
        | {
            "columns": {
                name: header
                for name, header in known.items()
                if name not in columns.FOR_AREAS or name in matcher.gates.area_columns
            },
            "center_columns": known_columns(centers, columns.CENTERS),
            "renamed_columns": names,
            "warnings": [
                *matcher.policy.warnings,
                *about_rules,
                *matcher.region_warnings,
            ],
            "not_checked": matcher.gates.not_checked(known),
        }
    )
    return result


def _columns(matcher: Matcher, verdicts: Verdicts, index: "pd.Index[Any]") -> pd.DataFrame:
    """Return the columns of verdicts for the index of their sites, with as few copies as can be."""
    # pandas has its texts with long offsets: made so, they are not copied.
    matcher.texts = {n: texts.cast(pa.large_string()) for n, texts in matcher.texts.items()}
    cells: dict[str, Any] = {}
    coded = matcher.coded_columns(verdicts)
    for name in list(coded):
        column = coded.pop(name)
        if pa.types.is_floating(column.type):  # NaN where Arrow has null: as they are
            cells[name] = getattr(verdicts, name)
        else:
            cells[name] = arrays.decoded(column).to_pandas(date_as_object=False).array
    return pd.DataFrame(cells, index=index, copy=False)


def _points(sites: pd.DataFrame, rows: SiteRows) -> npt.NDArray[np.object_]:
    """Return the points of sites in degrees on WGS 84, shape (n,).

    Those of the frame itself, and new ones only where a row has none: a million points are 200 MB.
    """
    if not points_name(sites):
        return geometry.points(rows.lon, rows.lat)
    points: npt.NDArray[np.object_] = geometry_wgs84(sites, "sites")
    gap = np.flatnonzero(shapely.get_num_coordinates(points) == 0)
    if len(gap):
        points = points.copy()
        points[gap] = geometry.points(rows.lon[gap], rows.lat[gap])
    return points


def _gate_warnings(
    matcher: Matcher, known: Mapping[str, str], facts: EligibilityInputs | None, verdicts: Verdicts
) -> list[str]:
    """Return warnings about rules that were not checked, and about export approval."""
    codes = matcher.world.names.codes
    sites = np.bincount(np.maximum(verdicts.country, 0), minlength=len(codes))
    places = dict(zip(codes, sites.tolist(), strict=True))
    empty = matcher.gates.empty(facts) if facts is not None else {}
    return matcher.gates.warnings(known, empty, places)


def build_matcher(
    centers: pd.DataFrame,
    policy: Policy | str,
    as_of: Any,
    *,
    trust_declared: bool,
    products: ProductsLike = None,
) -> Matcher:
    """Return the matcher for the centers of a frame.

    Raises
    ------
    InputError
        If the centers, the day or the products cannot be used.
    PolicyError
        If there is no such policy.
    """
    return MatcherSpec(
        centers_of(centers), policy_of(policy), day(as_of), trust_declared, products_in(products)
    ).build()


def _renamed(sites: pd.DataFrame, unit: str) -> dict[str, str]:
    """Return new names for columns that collide with verdict columns or their geometry."""
    headers = [str(c) for c in sites.columns]
    return renamed(headers, unit) | free_names(headers, ("geometry",))


def _provenance(matcher: Matcher) -> dict[str, Any]:
    """Return the provenance of verdicts, for `write_report` and `coverage_map`."""
    rules = matcher.policy
    return {
        "policy": rules.name,
        "policy_title": rules.title,
        "policy_promise": promise(rules),
        "policy_sha256": rules.sha256,
        "same_country": rules.qualification.same_country,
        "as_of": matcher.as_of.isoformat(),
        "trust_declared": matcher.convention.trust_declared,
        "centers": {"given": len(matcher.centers), "open": matcher.open_centers},
        "opening_windows": opening_windows(matcher.centers),
    } | ({} if matcher.gates.products is None else {"products": matcher.gates.products.to_dict()})


MAX_GROUPS: Final = 60
"""Groups of a summary that a notebook shows."""

BAR: Final = "\ue000bar\ue000"
"""Where a bar goes in the table; characters that no text of a table has."""


class SummaryTable(pd.DataFrame):
    """Verdicts by status in groups; in a notebook with a bar of shares for each group."""

    @property
    def _constructor(self) -> type["SummaryTable"]:
        """Rows that are taken out of it have bars, too."""
        return SummaryTable

    def _repr_html_(self) -> str:
        """Return the table for a notebook: the largest groups, in the colours of the map."""
        names = [status.name for status in Status if status.name in self]
        if not {"sites", "qualified_share"} <= set(self.columns) or not names:
            return str(pd.DataFrame(self).to_html(max_rows=MAX_GROUPS))
        shown = pd.DataFrame(self).head(MAX_GROUPS)
        bars = [
            notebook.bar({name: row[name] / row["sites"] for name in names}, theme.FILLS)
            for _, row in shown.iterrows()
        ]
        shown = shown.assign(qualified_share=[f"{s:.1%}" for s in shown["qualified_share"]])
        text = shown.assign(shares=BAR).to_html(border=0)  # which escapes all cells
        for each in bars:
            text = text.replace(BAR, each, 1)
        rest = len(self) - len(shown)
        return f"{text}<p>and {rest:,} more</p>" if rest else text


def summarize(verdicts: pd.DataFrame, by: str | list[str] = "site_country") -> pd.DataFrame:
    """Count verdicts by status in groups.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    by
        One or more columns to group by.

    Returns
    -------
    summary
        One row per group, the largest first: a count per status, ``sites`` in total, and
        ``qualified_share`` between 0 and 1.

    Raises
    ------
    InputError
        If there is no such column, or its cells cannot be grouped.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    >>> ca.summarize(verdicts)[["qualified", "pending"]].to_dict("index")
    {'DE': {'qualified': 1, 'pending': 0}, 'US': {'qualified': 0, 'pending': 1}}
    """
    check_labels(verdicts, "verdicts")
    keys = list(dict.fromkeys(by)) if isinstance(by, (list, tuple)) else [by]
    if not keys:
        msg = 'Name a column to group by, such as "site_country".'
        raise InputError(msg)
    missing = [k for k in (*keys, "status") if k not in verdicts]
    if missing:
        there = ", ".join(map(str, verdicts.columns))
        msg = f"Column {missing[0]!r} not found in the verdicts; choose from {there}."
        raise InputError(msg)
    groups = [
        np.where(verdicts[k].notna(), verdicts[k].to_numpy(object), "").astype(object) for k in keys
    ]
    tally = pd.DataFrame({s.name: verdicts["status"].eq(s.name).array for s in Status})
    try:
        counts = tally.astype(np.int64).groupby(groups).sum().rename_axis(keys)
    except TypeError as error:
        msg = f"The cells of {keys} cannot be grouped: {error}."
        raise InputError(msg) from error
    counts["sites"] = counts.sum(axis=1)
    counts["qualified_share"] = counts["qualified"] / counts["sites"]
    return SummaryTable(counts.sort_values("sites", ascending=False, kind="stable"))


def explain(  # noqa: PLR0913 - a place, what is said of it, and the rule are one question
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    latitude: float,
    longitude: float,
    country: str = "",
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
    stated: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain why a site at a point gets its level; ``print`` it, or use its ``to_dict()``.

    Parameters
    ----------
    centers
        As returned by `read_centers`.
    policy
        A policy, or the name of a built-in one.
    latitude, longitude
        Degrees on WGS 84.
    country
        Country declared by the site, if any.
    as_of
        The day of the assessment, by default today in UTC.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    products
        As for `assess`.
    stated
        Rule inputs of the site: ``{"product": "MPX 5900", "component": "fan"}``; see
        `matching.eligibility.TEXTS` and `matching.eligibility.DAYS`.

    Returns
    -------
    explanation
        `matching.explanation.Explanation`: level, status, reason, country and why, the deciding
        center, all centers within range, the nearest one that may not serve, clauses; distances in
        miles along the geodesic.

    Raises
    ------
    InputError
        If the point is out of range, or the centers cannot be used.
    PolicyError
        If there is no such policy.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> story = ca.explain(
    ...     centers, latitude=47.6145, longitude=7.6645, country="DE", as_of="2026-12-01"
    ... )
    >>> story.level, story.status, story.center.center_id, round(story.center.distance_miles, 3)
    ('Gold Plus', 'qualified', 'DE-FBG-1', 27.761)
    """
    matcher = build_matcher(
        centers, policy, as_of, trust_declared=trust_declared, products=products
    )
    explained = explanation(matcher, longitude, latitude, country=country, stated=stated)
    return with_route(explained, matcher.policy)
