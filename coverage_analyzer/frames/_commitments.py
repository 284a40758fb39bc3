"""Commitments in a notebook: DataFrames in, a DataFrame out."""

import datetime
import warnings
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from coverage_analyzer import countries
from coverage_analyzer.batch.requests import ROW, joined_address, request
from coverage_analyzer.due_times.calculator import CommitmentStatus, Committer, commitment_columns
from coverage_analyzer.due_times.levels import LevelLookup
from coverage_analyzer.due_times.requests import RegisteredSite, registered_site
from coverage_analyzer.errors import quantity
from coverage_analyzer.frames.columns import (
    ProductsLike,
    accuracy,
    as_text,
    centers_of,
    check_labels,
    known_columns,
    policy_of,
    positions,
    products_in,
    texts,
)
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.address_columns import address_columns
from coverage_analyzer.schema.column_matching import Headers, match_columns
from coverage_analyzer.schema.columns import REQUESTS, Column, site_columns
from coverage_analyzer.schema.days import day


def commitments(  # noqa: PLR0913 - what `assess` takes, and the requests
    requests: pd.DataFrame,
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
) -> pd.DataFrame:
    """Calculate commitments: what is promised, from when, until when, by which center.

    Parameters
    ----------
    requests
        ``request_id``, ``site_id``; optionally ``authorised_at``, ``rma_issued_at``,
        ``call_acknowledged_at``, ``diagnosis_complete_at``, ``dispatched_at``, ``registered_at``,
        ``deemed_necessary_at`` (ISO 8601 or timestamps; without an offset they are local to the
        site), ``address``, ``product``, ``component``.
    sites
        As for `assess`, with ``site_id``; optionally ``address``, ``registered_on`` (a site may
        have several rows; the newest one up to the request's day applies), ``installed_on``,
        ``time_zone`` (such as ``Europe/Zurich``), ``receiving_hours`` (``08:00-17:00``).
    centers
        As for `assess`; optionally ``time_zone`` and ``region`` (ISO 3166-2, such as ``DE-BY``),
        which selects the holidays where regions of a country differ.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day whose level applies; by default that of each request, at the site.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    products
        As for `assess`.

    Returns
    -------
    answers
        One row per request, with its index, all text: ``request_id``, ``site_id``, ``level``,
        ``status`` (``promised``, ``target``, ``no_promise``, ``refused``, ``review``,
        ``rejected``), ``promise`` (``delivered``, ``shipped``, ...), ``clock_start`` and ``due_at``
        (ISO 8601 with offset; the first moment that is too late), where the policy has them
        ``target_at`` (of a clock that is not a promise) and the columns of further clocks,
        ``center_id``, ``reason``, ``warnings``, ``steps``.

    Raises
    ------
    InputError
        If a frame lacks a column, or a site or center cannot be used.
    MissingExtraError
        If the extra ``terms`` is not installed.
    PolicyError
        If the policy is unknown.

    Warns
    -----
    UserWarning
        With the number of unreadable requests, and the first ones.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> requests = pd.read_csv("data/requests.csv").head(2)
    >>> answers = ca.commitments(requests, pd.read_csv("data/request_sites.csv"), centers)
    >>> answers.loc[0, ["level", "status", "promise", "due_at", "center_id"]].tolist()
    ['Gold Plus', 'promised', 'delivered', '2026-12-02T02:30:00-05:00', 'US-NYC-1']
    >>> answers.loc[1, ["status", "reason"]].tolist()
    ['refused', 'address_different']
    """
    check_labels(requests, "requests")
    header_of = known_columns(requests, REQUESTS)
    cells = {
        name: [_moment_text(c) for c in requests[header]] for name, header in header_of.items()
    }
    cells["address"] = _addresses(requests, header_of)
    requested = [
        request({name: values[row] for name, values in cells.items()})
        for row in range(len(requests))
    ]
    levels = LevelLookup(
        centers_of(centers),
        policy_of(policy),
        countries.load(),
        trust_declared=trust_declared,
        products=products_in(products),
    )
    committer = Committer(levels, as_of=day(as_of))
    answers = committer.answers(requested, _histories(sites, committer.policy))
    for warning in committer.regions.warnings:
        warnings.warn(warning, stacklevel=2)
    unread = [a for a in answers if a.status is CommitmentStatus.rejected]
    if unread:
        first = "; ".join(f"{a.request_id!r}: {' '.join(a.steps)}" for a in unread[:3])
        warnings.warn(f"No result for {quantity(len(unread), 'request')} ({first}).", stacklevel=2)
    names = commitment_columns(levels.policy)
    return pd.DataFrame(
        [answer.row(names) for answer in answers],
        columns=list(names),
        index=requests.index,
        dtype="string",
    )


def _histories(sites: pd.DataFrame, policy: Policy) -> dict[str, list[RegisteredSite]]:
    """Return the rows of each site, by id, with the columns that a policy reads.

    Raises
    ------
    InputError
        If a row has no usable coordinates, or there is no id column.
    """
    lon, lat = positions(sites, "sites")
    header_of = known_columns(sites, site_columns(policy.start_columns))
    match_columns(Headers(list(header_of), [Column("site_id", required=True)]))
    off = accuracy(sites, header_of)
    ids = texts(sites, header_of["site_id"]).to_pylist()
    columns = {name: texts(sites, header_of[name]).to_pylist() for name in ROW if name in header_of}
    columns["address"] = _addresses(sites, header_of)
    result: dict[str, list[RegisteredSite]] = defaultdict(list)
    for row, site_id in enumerate(ids):
        place = float(lon[row]), float(lat[row]), float(off[row])
        cells = {name: values[row] for name, values in columns.items()}
        result[site_id.strip()].append(registered_site(cells, place))
    return result


def _addresses(frame: pd.DataFrame, header_of: Mapping[str, str]) -> list[str]:
    """Return the address of each row, made of the columns of its parts if it has no whole one."""
    headers = [str(column) for column in frame.columns]
    at = {name: headers.index(header) for name, header in header_of.items()}
    address = address_columns(headers, at)
    whole = (
        texts(frame, header_of["address"]).to_pylist()
        if "address" in header_of
        else [""] * len(frame)
    )
    columns = [frame.columns[i] for i in (*address.parts.values(), *address.extra)]
    cells = [texts(frame, column).to_pylist() for column in columns if address]
    if not cells:
        return whole
    rows = zip(whole, *cells, strict=True)
    return [text if text.strip() else joined_address(address, parts) for text, *parts in rows]


def _moment_text(cell: Any) -> str:
    """Return a cell as text, a timestamp with its time of day."""
    if isinstance(cell, datetime.datetime) and not pd.isna(cell):
        return cell.isoformat()
    return as_text(cell)
