"""Pictures of verdicts and plans, in the colours of the map."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from coverage_analyzer.errors import InputError
from coverage_analyzer.frames._assess import summarize
from coverage_analyzer.frames._best_centers import PlanTable
from coverage_analyzer.frames._timeline import timeline_plot
from coverage_analyzer.frames.figure import new_figure
from coverage_analyzer.schema.theme import LIGHT, MARKS
from coverage_analyzer.schema.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS: Final = 40
"""Bars of a histogram of distances."""

FARTHEST: Final = 3.0
"""Distances beyond this multiple of the greatest limit share the last bar."""


def plot_shares(
    verdicts: pd.DataFrame, *, by: str = "site_country", top: int = 20, title: str = ""
) -> "Figure":
    """Plot the share of each status in the largest groups, such as countries.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    by
        Column to group by.
    top
        How many groups are drawn, the largest first; the others are one bar.
    title
        Above the plot.

    Returns
    -------
    figure
        Of matplotlib: a stacked bar for each group, in per cent, with its number of sites.

    Raises
    ------
    InputError
        If the column is unknown, or there are no sites.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/town_centers.csv")
    >>> verdicts = ca.assess(ca.read_sites("data/town_sites.csv"), centers, as_of="2026-12-01")
    >>> figure = ca.plot_shares(verdicts)  # figure.savefig("shares.png") writes it
    >>> figure.axes[0].get_xlabel()
    'share of the sites, %'
    """
    counts = summarize(verdicts, by=by)
    if not len(counts):
        msg = "No site to plot."
        raise InputError(msg)
    names = [status.name for status in Status]
    rows = counts[[*names, "sites"]].head(top)
    rows.index = rows.index.map(str)
    if len(counts) > top:
        rest = counts[[*names, "sites"]].iloc[top:].sum().rename(f"{len(counts) - top} others")
        rows = pd.concat([rows, rest.to_frame().T])
    figure = new_figure(8, 1.2 + 0.28 * len(rows))
    axes = figure.subplots()
    left = np.zeros(len(rows))
    for status in Status:
        share = 100 * rows[status.name].to_numpy(float) / rows["sites"].to_numpy(float)
        if share.any():
            axes.barh(
                range(len(rows)), share, left=left, color=MARKS[status].color, label=status.name
            )
        left += share
    labels = [f"{name} ({n:,})" for name, n in zip(rows.index, rows["sites"], strict=True)]
    axes.set_yticks(range(len(rows)), labels)
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="share of the sites, %")
    axes.legend(ncols=len(names), loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure


def plot_distances(verdicts: pd.DataFrame, *, title: str = "") -> "Figure":
    """Plot how far the sites are from the center of their verdict, by status.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    title
        Above the plot.

    Returns
    -------
    figure
        Of matplotlib: a stacked histogram of miles, with a line at each limit. Sites beyond three
        times the greatest limit are in the last bar.

    Raises
    ------
    InputError
        If these are no verdicts, or no site has a distance.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/town_centers.csv")
    >>> verdicts = ca.assess(ca.read_sites("data/town_sites.csv"), centers, as_of="2026-12-01")
    >>> ca.plot_distances(verdicts).axes[0].get_xlabel()
    'miles to the center'
    """
    missing = {"distance_miles", "limit_miles", "status"} - set(verdicts.columns)
    if missing:
        msg = f"Column {min(missing)!r} not found: these are no verdicts of assess()."
        raise InputError(msg)
    rows = verdicts[verdicts["distance_miles"].notna()]
    if not len(rows):
        msg = "No site has a distance to plot."
        raise InputError(msg)
    limits = np.unique(rows["limit_miles"].dropna().to_numpy(float))
    end = FARTHEST * limits.max() if len(limits) else float(rows["distance_miles"].max())
    edges = np.linspace(0, end, BINS + 1)
    statuses = [s for s in Status if (rows["status"] == s.name).any()]
    miles = [
        np.minimum(rows.loc[rows["status"] == s.name, "distance_miles"].to_numpy(float), end)
        for s in statuses
    ]
    figure = new_figure(8, 3.6)
    axes = figure.subplots()
    axes.hist(
        miles,
        bins=edges.tolist(),
        stacked=True,
        color=[MARKS[s].color for s in statuses],
        label=[s.name for s in statuses],
    )
    for limit in limits:
        axes.axvline(limit, color=LIGHT["ink"], linewidth=1)
        axes.annotate(
            f" {limit:g}", (limit, 1), xycoords=("data", "axes fraction"), va="top", fontsize=9
        )
    axes.set(xlim=(0, end), xlabel="miles to the center", ylabel="sites", title=title)
    axes.legend(frameon=False)
    return figure


def plot_curve(plan: pd.DataFrame, *, title: str = "") -> "Figure":
    """Plot what a plan gains by its number of new centers, with the bound that none exceeds.

    Parameters
    ----------
    plan
        As returned by `best_centers`, best with ``curve=True``.
    title
        Above the plot.

    Returns
    -------
    figure
        Of matplotlib.

    Raises
    ------
    InputError
        If it is not a plan.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> sites = ca.read_sites("data/town_sites.csv")
    >>> centers = ca.read_centers("data/town_centers.csv")
    >>> plan = ca.best_centers(
    ...     sites, centers, new=2, candidates=sites.head(3), as_of="2026-12-01", curve=True
    ... )
    >>> ca.plot_curve(plan).axes[0].get_xlabel()
    'new centers'
    """
    if not isinstance(plan, PlanTable):
        msg = "plot_curve() takes a plan, as best_centers() returns it."
        raise InputError(msg)
    figure = new_figure(6, 3.8)
    axes = figure.subplots()
    plan.draw_curve(axes)
    axes.set_title(title)
    return figure


plot_timeline = timeline_plot
"""The same function under a name like those of the other plots."""
