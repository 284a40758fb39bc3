"""Levels over time: the days on which they change, and the number of sites with each."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from coverage_analyzer.errors import CoverageError, InputError
from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.frames._assess import build_matcher
from coverage_analyzer.frames.columns import (
    ProductsLike,
    need,
    site_rows,
    texts,
)
from coverage_analyzer.frames.figure import new_figure
from coverage_analyzer.matching.timeline import Timeline
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.policy.rules import NOT_COVERED
from coverage_analyzer.schema import columns, theme
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKED: Final = 6
"""Maximum number of days labelled in a plot with what the best level gains or loses."""


def timeline(  # noqa: PLR0913 - the question of `assess`, for a span of days
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    start: datetime.date | str | None = None,
    end: datetime.date | str | None = None,
    *,
    trust_declared: bool = False,
    products: ProductsLike = None,
) -> pd.DataFrame:
    """List the days on which the level of each site changes.

    Parameters
    ----------
    sites, centers, policy, trust_declared, products
        As for `assess`.
    start
        The first day, by default today in UTC.
    end
        The last day, by default a year after the first.

    Returns
    -------
    changes
        By site, in the order of the sites, and by day: ``site_id``, ``from_day``, ``level``,
        ``status``, ``reason`` and ``center_id``, which apply from that day to the next row of the
        site. Each site has a row for the first day. ``.attrs`` has ``start``, ``end``, the titles
        of the ``levels`` of the policy, the best first and ``Not covered`` last, and its
        ``policy_title``.

    Raises
    ------
    InputError
        If the sites, the centers, the products or the days cannot be used.
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
    >>> changes = ca.timeline(sites, centers, start="2026-12-01", end="2027-11-30")
    >>> changes["from_day"] = changes["from_day"].astype(str)
    >>> columns = ["site_id", "from_day", "level"]
    >>> changes[columns].to_numpy().tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['Loerrach', '2026-12-01', 'Gold Plus'], ['Boise', '2026-12-01', 'Gold'],
    ['Boise', '2026-12-15', 'Gold Plus']]
    """
    matcher = build_matcher(
        centers, policy, start, trust_declared=trust_declared, products=products
    )
    last = day(end) or matcher.as_of + datetime.timedelta(days=365)
    rows, names = site_rows(sites, matcher.policy.start_columns)
    changes = Timeline(matcher, last).changes(*matcher.inputs(rows))
    ids = texts(sites, names["site_id"]).to_pylist() if "site_id" in names else list(sites.index)
    frame = pd.DataFrame({"site_id": [ids[i] for i in changes.site.tolist()]})
    for name in columns.PARTS:
        if name in names:
            frame[name] = texts(sites, names[name]).take(changes.site).to_pandas().array
    for name, values in changes.columns(matcher).items():
        frame[name] = values.to_pandas(date_as_object=False).array
    frame.attrs = {
        "start": matcher.as_of.isoformat(),
        "end": last.isoformat(),
        "levels": list(matcher.policy.titles),
        "policy_title": matcher.policy.title,
    }
    return frame


def level_shares(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the share of sites with each level, from each day of a change on.

    Parameters
    ----------
    changes
        As returned by `timeline`.

    Returns
    -------
    shares
        One row per day on which a level changes, and one for the last day; one column per occurring
        level, the best first. Shares are between 0 and 1.

    Raises
    ------
    InputError
        If it is not a timeline.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> changes = ca.timeline(sites, centers, start="2026-12-01", end="2027-11-30")
    >>> shares = ca.level_shares(changes)
    >>> shares.iloc[0].to_dict(), shares.iloc[-1].to_dict()
    ({'Gold Plus': 0.5, 'Gold': 0.5}, {'Gold Plus': 1.0, 'Gold': 0.0})
    """
    need(changes, columns.TIMELINE, "timeline", "timeline()")
    attrs = changes.attrs
    if not {"levels", "end"} <= set(attrs) or changes.empty:
        msg = (
            "This timeline has no sites or lost its .attrs. Use the unchanged result of timeline()."
        )
        raise InputError(msg)
    first = changes["from_day"].eq(pd.Timestamp(attrs["start"]))
    before = changes["level"].shift()
    counts = pd.crosstab(changes["from_day"], changes["level"])
    left = pd.crosstab(changes["from_day"][~first], before[~first])
    counts = counts.subtract(left, fill_value=0).fillna(0).cumsum()
    counts.loc[pd.Timestamp(attrs["end"])] = counts.iloc[-1]
    occurring = [level for level in attrs["levels"] if level in counts]
    shares: pd.DataFrame = counts[occurring] / first.sum()
    return shares.rename_axis(index="from_day", columns=None)


def timeline_plot(
    changes: pd.DataFrame, *, title: str = "", path: str | Path | None = None
) -> "Figure":
    """Plot the share of sites with each level over time; also called `plot_timeline`.

    Parameters
    ----------
    changes
        As returned by `timeline`.
    title
        By default that of the policy.
    path
        Image file, whose format is that of its extension; by default none is written.

    Returns
    -------
    figure
        Of matplotlib: shares between 0 and 1 by day, stacked, the best level at the bottom.

    Raises
    ------
    InputError
        If it is not a timeline.
    MissingExtraError
        If matplotlib is not installed.
    PublishError
        If the image cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> changes = ca.timeline(sites, centers, start="2026-12-01", end="2027-11-30")
    >>> figure = ca.timeline_plot(changes, title="Two sites")  # path="shares.svg" writes it
    >>> figure.axes[0].get_title(loc="left"), figure.axes[0].get_ylabel()
    ('Two sites', 'share of the sites')
    >>> ca.plot_timeline is ca.timeline_plot
    True
    """
    return draw_shares(level_shares(changes), title or changes.attrs["policy_title"], path)


def draw_levels(
    levels: Mapping[str, Mapping[str, int]], end: str, title: str, path: str | Path
) -> None:
    """Plot the number of sites by level from `batch.timeline`.

    Raises
    ------
    InputError
        If there are no sites, or no image format has that extension.
    MissingExtraError
        If matplotlib is not installed.
    PublishError
        If the image cannot be written.
    """
    if not levels:
        msg = "No site to plot."
        raise InputError(msg)
    counts = pd.DataFrame([dict(row) for row in levels.values()])
    counts.index = pd.to_datetime(list(levels))
    counts.loc[pd.Timestamp(end)] = counts.iloc[-1]
    draw_shares(counts.div(counts.sum(axis=1), axis=0), title, path)


def draw_shares(shares: pd.DataFrame, title: str, path: str | Path | None = None) -> "Figure":
    """Plot shares by day as stacked areas, the best level at the bottom.

    Raises
    ------
    InputError
        If no image format has that extension.
    MissingExtraError
        If matplotlib is not installed.
    PublishError
        If the image cannot be written.
    """
    figure = new_figure(9, 4)
    from matplotlib.ticker import PercentFormatter

    axes: Any = figure.add_subplot()
    days = shares.index.to_numpy()
    tones = [_color(number, str(level)) for number, level in enumerate(shares)]
    axes.stackplot(days, shares.T.to_numpy(), labels=list(shares), colors=tones, step="post")
    axes.set_xlim(days[0], days[-1])
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylabel("share of the sites")
    axes.set_title(title, loc="left")
    _mark_events(axes, shares)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1, 0.5), frameon=False
    )
    if path is not None:
        save_figure(figure, Path(path))
    return figure


def _mark_events(axes: Any, shares: pd.DataFrame) -> None:
    """Mark each day on which shares change, and label the greatest changes with their size."""
    share_changed = shares.diff().abs().sum(axis=1).to_numpy() / 2
    days, best = shares.index, shares.iloc[:, 0].diff().to_numpy()
    events = np.flatnonzero(share_changed > 0)
    for event in events.tolist():
        axes.axvline(days[event], color="white", linewidth=0.7, linestyle=":")
    apart = (days[-1] - days[0]) / 8
    marked: list[pd.Timestamp] = []
    for event in events[np.argsort(-share_changed[events], kind="stable")].tolist():
        day = days[event]
        if len(marked) < MARKED and all(abs(day - other) >= apart for other in marked):
            marked.append(day)
            text = f"{day:%Y-%m-%d}\n{best[event]:+.2%}"
            place = {"textcoords": "offset points", "ha": "left", "va": "top", "fontsize": 7}
            axes.annotate(text, (day, 1), (2, -3), xycoords=("data", "data"), **place)


def save_figure(figure: "Figure", path: Path) -> None:
    """Save a figure as an image.

    Raises
    ------
    CoverageError
        In one of these formats.
    InputError
        If no image format has that extension.
    PublishError
        If it cannot be written.
    """
    try:
        with replacing(path) as part:
            figure.savefig(part, dpi=150)
    except CoverageError:
        raise
    except ValueError as error:
        msg = f"{path.name!r} is not a file name for an image: {error}."
        raise InputError(msg) from error


def _color(number: int, level: str) -> str:
    """Return the colour of a level by its rank, 0 being the best."""
    if level == NOT_COVERED.title:
        return theme.MARKS[Status.not_covered].color
    return theme.LEVELS[number % len(theme.LEVELS)]
