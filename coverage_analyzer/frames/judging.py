"""Sites judged: verdicts, their summary, and why."""

import datetime
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_analyzer import countries, tables
from coverage_analyzer.centers import day
from coverage_analyzer.errors import InputError
from coverage_analyzer.explanation import Explanation, explanation
from coverage_analyzer.files import report
from coverage_analyzer.frames.columns import (
    WGS84,
    accuracy,
    centers_of,
    known_columns,
    points_name,
    positions,
    texts,
    wgs84_points,
)
from coverage_analyzer.matching import Matcher, Sites, Status
from coverage_analyzer.policy import DEFAULT, Policy


def assess(
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
) -> gpd.GeoDataFrame:
    """Judge sites: one verdict a row.

    Parameters
    ----------
    sites
        A GeoDataFrame of points in any CRS, or a DataFrame with ``latitude`` and ``longitude`` in
        degrees on WGS 84. ``country`` and ``accuracy_m`` (metres) are read if they are there.
    centers
        Likewise, with ``center_id`` and optionally ``name``, ``country``, ``opens_on``,
        ``closes_on``; as `read_centers` gives them.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day to judge, by default today in UTC.
    trust_declared
        Whether a declared country stands wherever a point lies.

    Returns
    -------
    verdicts
        The sites with their index, points in EPSG:4326, and the columns of the verdict:
        ``level``, ``status``, ``reason``, ``center_id``, ``distance_miles`` (geodesic),
        ``limit_miles``, ``margin_miles`` (negative outside), ``site_country``, ``available_on``,
        ``centers_in_reach``. Neither input is changed.

    Raises
    ------
    InputError
        If a row has no usable coordinates, a frame has no CRS, or a center's country is doubtful.
    PolicyError
        If there is no such policy.
    """
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    matcher = Matcher(
        centers_of(centers),
        rules,
        countries.load(),
        as_of=day(as_of),
        trust_declared=trust_declared,
    )
    lon, lat = positions(sites, "sites")
    known = known_columns(sites, tables.SITES)
    text = texts(sites, known["country"]) if "country" in known else None
    declared = np.zeros(len(sites), np.int16) if text is None else matcher.world.names.named(text)
    verdicts = matcher.match(Sites(lon, lat, declared, accuracy(sites, known)))
    names = report.renamed([str(c) for c in sites.columns])
    if names:
        warnings.warn(f"Input columns renamed beside the verdict's: {names}.", stacklevel=2)
    frame = pd.DataFrame(sites.drop(columns=points_name(sites)).rename(columns=names))
    for name, values in matcher.columns(verdicts).items():
        frame[name] = values.to_pandas(date_as_object=False).array
    points = (
        wgs84_points(sites) if isinstance(sites, gpd.GeoDataFrame) else shapely.points(lon, lat)
    )
    result = gpd.GeoDataFrame(frame, geometry=points, crs=WGS84)
    counts = {n: sites.attrs[n] for n in ("decided", "rejected", "blank") if n in sites.attrs}
    told = {"policy": rules.name, "policy_title": rules.title, "policy_sha256": rules.sha256}
    result.attrs = counts | told | {"as_of": matcher.as_of.isoformat()}
    return result


def summarize(verdicts: pd.DataFrame, by: str | list[str] = "site_country") -> pd.DataFrame:
    """Count verdicts by status in groups.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    by
        One or more columns to group by.

    Returns
    -------
    summary
        One row a group, the largest first: a column of counts for each status, ``sites`` in all,
        and ``qualified_share`` between 0 and 1.

    Raises
    ------
    InputError
        If there is no such column.
    """
    keys = [by] if isinstance(by, str) else list(by)
    missing = [k for k in (*keys, "status") if k not in verdicts]
    if missing:
        there = ", ".join(map(str, verdicts.columns))
        msg = f"There is no column {missing[0]!r} in the verdicts; there are {there}."
        raise InputError(msg)
    plain = pd.DataFrame(verdicts[[*keys, "status"]])
    plain[keys] = plain[keys].astype("object").where(plain[keys].notna(), "")
    for status in Status:
        plain[status.name] = (plain["status"] == status.name).astype(np.int64)
    counts = plain.drop(columns="status").groupby(keys).sum()
    counts["sites"] = counts.sum(axis=1)
    counts["qualified_share"] = counts["qualified"] / counts["sites"]
    return counts.sort_values("sites", ascending=False, kind="stable")


def explain(
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    latitude: float,
    longitude: float,
    country: str = "",
    as_of: datetime.date | str | None = None,
) -> Explanation:
    """Tell why a site at a point gets its level; ``print`` it, or take its ``to_dict()``.

    Parameters
    ----------
    centers
        As `read_centers` gives them.
    policy
        A policy, or the name of a built-in one.
    latitude, longitude
        Degrees on WGS 84.
    country
        As the site declares it, if it does.
    as_of
        The day to judge, by default today in UTC.

    Raises
    ------
    InputError
        If the point is out of range, or the centers cannot be used.
    PolicyError
        If there is no such policy.
    """
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    matcher = Matcher(centers_of(centers), rules, countries.load(), as_of=day(as_of))
    return explanation(matcher, longitude, latitude, country=country)
