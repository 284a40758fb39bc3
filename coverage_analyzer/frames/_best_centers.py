"""Plans of new centers in a notebook: frames in, a table with its proof out."""

import datetime
import html
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_analyzer.arrays import Floats
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import atomic
from coverage_analyzer.frames._assess import build_matcher
from coverage_analyzer.frames.columns import (
    ProductsLike,
    check_labels,
    known_columns,
    numbers,
    positions,
    site_rows,
    texts,
)
from coverage_analyzer.frames.figure import new_figure
from coverage_analyzer.maps import plan_page
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema import columns, theme
from coverage_analyzer.schema.verdict import Status
from coverage_analyzer.siting import report
from coverage_analyzer.siting.candidates import Candidates, Places, checked
from coverage_analyzer.siting.demand import COVERED, SiteTable, check_weights
from coverage_analyzer.siting.planner import Plan
from coverage_analyzer.siting.planner import plan as make_plan
from coverage_analyzer.siting.question import Question

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE_DEGREES: Final = 2.0
"""What the map of a plot shows round the places of the plan."""


class PlanTable(pd.DataFrame):
    """A plan: one row for each center, as ``plan.csv`` has them.

    ``.attrs`` holds what ``plan.json`` has: ``objective``, ``bound``, ``gap``, ``proof`` and so on.
    A row or column that is taken out of it is a plain pandas object.

    Attributes
    ----------
    gains, curve, why_not, alternatives
        The other tables, as the files of the same names.
    """

    _metadata = ("answer", "matcher")
    answer: Plan
    matcher: Matcher

    def _table(self, header: tuple[str, ...], rows: list[report.Row]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=list(header))

    @property
    def gains(self) -> pd.DataFrame:
        """The sites that the plan gains, each with its center."""
        return self._table(report.GAINS, report.gain_rows(self.answer))

    @property
    def curve(self) -> pd.DataFrame:
        """The gain by the number of new centers."""
        return self._table(report.CURVE, report.curve_rows(self.answer))

    @property
    def why_not(self) -> pd.DataFrame:
        """Each candidate, and why it is not in the plan."""
        return self._table(report.WHY_NOT, report.why_not_rows(self.answer))

    @property
    def alternatives(self) -> pd.DataFrame:
        """The best plans that differ, if asked for."""
        return self._table(report.ALTERNATIVES, report.alternative_rows(self.answer))

    @property
    def centers(self) -> pd.DataFrame:
        """The centers for the next assessment: those given, and the opened ones as ordered."""
        centers = report.with_plan(self.answer, self.matcher)
        return pd.DataFrame(
            {
                "center_id": list(centers.center_id),
                "name": list(centers.name),
                "country": list(centers.country),
                "latitude": centers.lat,
                "longitude": centers.lon,
                "opens_on": centers.opens_on.astype("datetime64[s]"),
                "closes_on": centers.closes_on.astype("datetime64[s]"),
                "ordered_on": centers.ordered_on.astype("datetime64[s]"),
            }
        )

    def to_html_page(self, path: str | Path) -> None:
        """Write the plan as one page that needs no network: map, curve, tables.

        Raises
        ------
        PublishError
            If it cannot be written.
        """
        attrs = {str(name): value for name, value in self.attrs.items()}
        atomic.publish(Path(path), plan_page.page(self.answer, self.matcher, attrs))

    def plot(self, *, title: str = "") -> "Figure":  # type: ignore[override]
        """Draw the plan on a map, and the gain by the number of new centers with its bound.

        The map has the sites with the level, those that the plan gains and those without it, the
        existing centers, and the new ones with their rank.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        figure = new_figure(12, 4.6)
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        figure.suptitle(title or self.attrs["proof"], x=0.01, ha="left", fontweight="bold")
        self._draw_map(left)
        self.draw_curve(right)
        return figure

    def _draw_map(self, axes: Any) -> None:
        """Draw sites and centers where the plan has centers."""
        answer = self.answer
        demand, places = answer.setting.demand, answer.setting.places
        sites, state = demand.table.sites, demand.state
        gained = np.zeros(len(state), np.bool_)
        gained[answer.gains.site] = True
        for mask, color, label in (
            ((state != COVERED) & ~gained, theme.MARKS[Status.fallback].color, "without the level"),
            (state == COVERED, theme.MARKS[Status.qualified].color, "with the level"),
            (gained, theme.MARKS[Status.pending].color, "gained by the plan"),
        ):
            at = np.flatnonzero(mask)
            text = f"{label} ({len(at):,})"
            axes.scatter(sites.lon[at], sites.lat[at], s=5, color=color, label=text, linewidths=0)
        there = self.matcher.centers
        axes.scatter(
            there.lon,
            there.lat,
            s=18,
            facecolors="white",
            edgecolors=theme.CENTER["line"],
            zorder=3,
        )
        order = answer.order
        lon, lat = places.lon[order], places.lat[order]
        stars = {
            "s": 130,
            "marker": "*",
            "color": theme.CENTER["new"],
            "edgecolors": theme.CENTER["line"],
        }
        axes.scatter(lon, lat, zorder=4, label=f"new centers ({len(answer.opened)})", **stars)
        for rank, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True), 1):
            axes.annotate(str(rank), (x, y), (5, 5), textcoords="offset points", fontsize=9)
        if len(order):
            axes.set_xlim(lon.min() - EDGE_DEGREES, lon.max() + EDGE_DEGREES)
            axes.set_ylim(lat.min() - EDGE_DEGREES, lat.max() + EDGE_DEGREES)
            axes.set_aspect(1 / np.cos(np.radians(lat.mean())))
        axes.set_xticks([])
        axes.set_yticks([])
        legend = axes.legend(frameon=True, fontsize=8, loc="lower left")
        for handle in legend.legend_handles[:3]:
            handle.set_sizes([30])

    def draw_curve(self, axes: Any) -> None:
        """Draw the gain by the number of new centers, with its bound, on axes of matplotlib."""
        curve, column = self.curve, self.answer.setting.demand.table.weight_column
        gained = [0, *curve["gained_weight"]]
        axes.plot([0, *curve["new"]], gained, marker="o", label="gained")
        bound = pd.to_numeric(curve["bound"], errors="coerce")
        if bound.notna().sum() > 1:
            axes.plot(curve["new"], bound, linestyle="--", label="no plan gains more")
        axes.set_xlabel("new centers")
        axes.set_ylabel(f"{column or 'sites'} gained")
        axes.legend(frameon=False)
        axes.set_xlim(0, None)
        axes.set_ylim(0, None)

    def _repr_html_(self) -> str:
        """Return the table for a notebook, with what is proved above it."""
        proof = html.escape(str(self.attrs.get("proof", "")))
        return f"<p><strong>{proof}</strong></p>\n{pd.DataFrame(self).to_html(max_rows=60)}"


def best_centers(  # noqa: PLR0913 - the question of `assess`, and what may be opened
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    new: int | None = None,
    candidates: pd.DataFrame | None = None,
    weight: str | None = None,
    cost: str | None = None,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
    **question: Any,
) -> PlanTable:
    """Plan where new centers should be, and prove how good the plan is.

    Existing and planned centers stay. Only sites that lack the level because of distance count;
    sites for review, and those that a rule of eligibility keeps from the level, do not. Each plan
    is verified by the function behind `assess`.

    Parameters
    ----------
    sites, centers, policy, as_of, trust_declared, products
        As for `assess`.
    new
        How many centers may be opened.
    candidates
        Places where a center could be opened: ``latitude``, ``longitude``, optionally
        ``candidate_id`` (by default the index), ``name``, ``country``. By default they are
        generated of sites and towns (`siting.candidates.generated`).
    weight, cost
        Columns of the sites and of the candidates; by default each counts 1.
    **question
        Other questions and limits, by the fields of `siting.question.Question`: ``cover=0.95``,
        ``budget``, ``close``, ``swap``, ``per_country``, ``max_per_country``, ``min_per_country``,
        ``force``, ``forbid``, ``backup``, ``alternatives``, ``curve``, ``nested``,
        ``time_limit_s`` ...

    Returns
    -------
    plan
        One row for each center: ``rank``, ``candidate_id``, ``latitude``, ``longitude``,
        ``country``, ``gained_sites``, ``gained_weight``, ``cumulative_weight`` ... ``.attrs`` has
        ``objective``, ``bound`` and ``gap``.

    Raises
    ------
    CoverageError
        If the deciding function contradicts the plan, which would be a fault of this program.
    InfeasibleError
        If no plan keeps all limits.
    InputError
        If sites, centers, candidates, weights, costs or the question cannot be used.
    MissingExtraError
        If the extra ``siting`` is not installed.
    PolicyError
        If the policy is unknown.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> sites = ca.read_sites("data/town_sites.csv")
    >>> centers = ca.read_centers("data/town_centers.csv")
    >>> plan = ca.best_centers(sites, centers, new=2, candidates=sites.head(3), as_of="2026-12-01")
    >>> plan.attrs["proof"]
    'No plan with at most 2 centers gains more (proved).'
    """
    plan_question = _question(new, question)
    plan_question.check()
    matcher = build_matcher(
        centers, policy, as_of, trust_declared=trust_declared, products=products
    )
    table = _site_table(sites, matcher, weight)
    places = None if candidates is None else _candidates(candidates, matcher, cost)
    answer = make_plan(table, matcher, places, plan_question)
    result = PlanTable(report.plan_rows(answer), columns=list(report.PLAN))
    result.answer, result.matcher = answer, matcher
    attrs: dict[str, Any] = report.summary(answer)
    attrs |= {"policy": {"title": matcher.policy.title}, "as_of": matcher.as_of.isoformat()}
    result.attrs.update(attrs)
    return result


def _question(new: int | None, others: dict[str, Any]) -> Question:
    """Return the question.

    Raises
    ------
    InputError
        If the field is unknown.
    """
    for name in ("force", "forbid"):
        if name in others:
            others[name] = tuple(map(str, others[name]))
    least = others.get("min_per_country")
    if least is not None and "min_is_share" not in others:
        others["min_is_share"] = isinstance(least, float) and 0 < least < 1
    try:
        return Question(new=new, **others)
    except TypeError as error:
        fields = ", ".join(Question.__dataclass_fields__)
        msg = f"{error}. A question has: {fields}."
        raise InputError(msg) from None


def _site_table(sites: pd.DataFrame, matcher: Matcher, weight: str | None) -> SiteTable:
    rows, names = site_rows(sites, matcher.policy.start_columns)
    where, facts = matcher.inputs(rows)
    if "site_id" in names:
        ids = texts(sites, names["site_id"])
    else:
        ids = pa.array([str(label) for label in sites.index], pa.string())
    weights = np.ones(len(sites))
    if weight is not None:
        weights = _numbers(sites, weight, "sites")
        check_weights(weights, lambda i: f"row {sites.index[i]!r}", weight)
    if not len(sites):
        msg = "There are no sites."
        raise InputError(msg)
    return SiteTable(where, facts, ids, weights, weight or "")


def _numbers(frame: pd.DataFrame, name: str, what: str) -> Floats:
    """Return the numbers of a column.

    Raises
    ------
    InputError
        If the column is unknown.
    """
    if name not in frame:
        listed = ", ".join(map(repr, frame.columns[:20]))
        msg = f"The {what} have no column {name!r}. Columns: {listed}."
        raise InputError(msg)
    return numbers(frame, name)


def _candidates(frame: pd.DataFrame, matcher: Matcher, cost: str | None) -> Candidates:
    check_labels(frame, "candidates")
    lon, lat = positions(frame, "candidates")
    headers = known_columns(frame, columns.CANDIDATES)
    n = len(frame)
    rows = [f"row {label!r}" for label in frame.index]
    ids = [str(label) for label in frame.index]
    if "candidate_id" in headers:
        ids = texts(frame, headers["candidate_id"]).to_pylist()
    names = texts(frame, headers["name"]).to_pylist() if "name" in headers else [""] * n
    costs = np.ones(n) if cost is None else _numbers(frame, cost, "candidates")
    stated = [texts(frame, headers[name]) for name in columns.COUNTRY_STATED if name in headers]
    declared = SiteRows(lon, lat, np.full(n, np.nan), stated).declared(matcher.world.names)
    places = Places(ids, names, rows, lon, lat, declared, costs)
    return checked(places, matcher.world, matcher.convention, matcher.centers.center_id)
