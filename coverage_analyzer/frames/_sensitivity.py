"""Who flips if the rule were a little different, for sites in a notebook; with a plot."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from coverage_analyzer.batch._sensitivity import SensitivityOptions
from coverage_analyzer.batch._sensitivity import sensitivity as of_run
from coverage_analyzer.comparison.sensitivity import (
    DEFAULT_ACCURACIES,
    DEFAULT_CHANGES,
    NEAR_MILES,
    TABLE,
    Question,
    Sensitivity,
    near_rows,
    scenarios,
)
from coverage_analyzer.errors import InputError
from coverage_analyzer.frames._compare import weights_in
from coverage_analyzer.frames._timeline import save_figure
from coverage_analyzer.frames.columns import (
    ProductsLike,
    centers_of,
    policy_of,
    products_in,
    site_rows,
    texts,
)
from coverage_analyzer.frames.figure import new_figure
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import Status

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SensitivityTable(pd.DataFrame):
    """Who flips in each scenario, by country; the row of all countries has none.

    ``.attrs`` holds the ``policy``, the day, the number of ``sites``, ``near_miles``, and how many
    sites are that ``near`` to the limit.

    Attributes
    ----------
    near_limit
        Those sites, for a frame of sites.
    """

    _metadata = ("near_table",)
    near_table: Any

    @property
    def near_limit(self) -> pd.DataFrame:
        """Sites near the limit.

        Raises
        ------
        InputError
            If the table was made of a run folder, whose ``near_limit.csv`` lists them.
        """
        if self.near_table is None:
            msg = "Of a run folder, sensitivity writes the sites to near_limit.csv: use output=."
            raise InputError(msg)
        sites: pd.DataFrame = self.near_table.to_pandas()
        return sites


def sensitivity(  # noqa: PLR0913 - the question of `assess`, and what is varied
    sites: pd.DataFrame | str | Path,
    centers: pd.DataFrame | None = None,
    policy: Policy | str = DEFAULT,
    as_of: datetime.date | str | None = None,
    *,
    change_miles: Sequence[float] = DEFAULT_CHANGES,
    miles: Sequence[float] = (),
    accuracy_m: Sequence[float] = DEFAULT_ACCURACIES,
    territories: bool = True,
    any_country: bool = True,
    near_miles: float = NEAR_MILES,
    weight: str | None = None,
    trust_declared: bool = False,
    products: ProductsLike = None,
    output: str | Path | None = None,
) -> SensitivityTable:
    """Compute who flips if the rule is varied: one row per scenario and country.

    Parameters
    ----------
    sites
        Sites as for `assess`; or a run folder, and then centers, policy and day are its own.
    centers, policy, as_of, trust_declared, products
        As for `assess`.
    change_miles
        Miles by which the limits of all countries are changed.
    miles
        Limits that apply in each country instead of its own widest one.
    accuracy_m
        Accuracies in metres that all coordinates have instead of those in the data.
    territories
        Whether territories are folded into their sovereign, or not if the policy does.
    any_country
        Whether a center may serve sites in other countries, too.
    near_miles
        Sites within this distance of the limit are listed.
    weight
        A column of numbers that says how much a site counts; by default each counts 1.
    output
        For a run folder: a folder for the tables as files.

    Returns
    -------
    table
        ``scenario``, ``kind``, ``value``, ``country`` (empty for all), ``sites``, ``qualified``,
        ``gained``, ``lost``, ``review`` and weights (`comparison.sensitivity.TABLE`).
        ``.near_limit`` lists the sites near the limit.

    Raises
    ------
    InputError
        If an input or a number cannot be used.
    PolicyError
        If the policy is unknown.
    PublishError
        If the output cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Basel"], "country": ["DE", "CH"],
    ...      "latitude": [47.6145, 47.56], "longitude": [7.6645, 7.59]}
    ... )
    >>> table = ca.sensitivity(
    ...     sites, centers, as_of="2026-12-01", change_miles=(-30,), accuracy_m=()
    ... )
    >>> rows = table[table["country"] == ""]
    >>> rows[["scenario", "qualified", "gained", "lost"]].to_numpy().tolist()[:2]
    [['as in the run', 2, 0, 0], ['limits -30 miles', 1, 0, 1]]
    """
    question = Question(
        change_miles=change_miles,
        miles=miles,
        accuracy_m=accuracy_m,
        territories=territories,
        any_country=any_country,
    )
    if not isinstance(sites, pd.DataFrame):
        if centers is not None:
            msg = "A run folder has its centers: leave them out."
            raise InputError(msg)
        options = SensitivityOptions(near_miles=near_miles, weight=weight or "")
        result = of_run(sites, output, question, options)
        names = ("run", "policy", "as_of", "sites", "near_miles", "near", "notes")
        table = pa.Table.from_pylist(result["table"], TABLE)
        return _table(table, None, {name: result[name] for name in names})
    if centers is None or output is not None:
        msg = "Pass the centers of the sites and no output, or a run folder instead of the sites."
        raise InputError(msg)
    spec = MatcherSpec(
        centers_of(centers), policy_of(policy), day(as_of), trust_declared, products_in(products)
    )
    varied, notes = scenarios(spec, question)
    job = Sensitivity(varied)
    rows, header_of = site_rows(sites, spec.policy.start_columns)
    base, _ = job.add(*job.matcher.inputs(rows), weights_in(sites, weight or ""))
    labels = _texts(sites, header_of.get("site_id")), _texts(sites, header_of.get("name"))
    near = near_rows(labels, base, job.matcher, near_miles)
    attrs = {
        "policy": {n: getattr(spec.policy, n) for n in ("name", "title", "sha256")},
        "as_of": job.matcher.as_of.isoformat(),
        "sites": job.n_sites,
        "near_miles": near_miles,
        "near": len(near),
        "notes": notes,
    }
    return _table(job.table(), near, attrs)


def _texts(frame: pd.DataFrame, name: str | None) -> pa.Array:
    """Return a column as text; the labels of the rows if missing."""
    return pa.array(map(str, frame.index), pa.string()) if name is None else texts(frame, name)


def _table(table: pa.Table, near: Any, attrs: dict[str, Any]) -> SensitivityTable:
    result = SensitivityTable(table.to_pandas())
    result.near_table = near
    result.attrs.update(attrs)
    return result


def sensitivity_plot(
    table: pd.DataFrame, *, title: str = "", path: str | Path | None = None
) -> "Figure":
    """Plot how many sites gain and lose their level in each scenario.

    Parameters
    ----------
    table
        As returned by `sensitivity`.
    title
        By default that of the policy.
    path
        Image file, whose format is that of its extension; by default none is written.

    Returns
    -------
    figure
        Of matplotlib: one bar per scenario to either side of the run.

    Raises
    ------
    InputError
        If it is not a table of scenarios, or no image format has that extension.
    MissingExtraError
        If matplotlib is not installed.
    PublishError
        If the image cannot be written.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> import pandas as pd
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame({"latitude": [47.56], "longitude": [7.59], "country": ["CH"]})
    >>> table = ca.sensitivity(sites, centers, as_of="2026-12-01", accuracy_m=())
    >>> ca.sensitivity_plot(table, title="One site").axes[0].get_title(loc="left")
    'One site'
    """
    missing = [name for name in TABLE.names if name not in table]
    if missing:
        msg = f"This is not a table of sensitivity(): it has no column {missing[0]!r}."
        raise InputError(msg)
    policy: Mapping[Any, Any] = table.attrs.get("policy", {})
    return draw(table.to_dict("records"), title or policy.get("title", ""), path)


def draw(rows: Sequence[Mapping[Any, Any]], title: str, path: str | Path | None = None) -> "Figure":
    """Plot the rows of a table of scenarios, those of all countries; see `sensitivity_plot`.

    Raises
    ------
    InputError
        If no image format has that extension.
    MissingExtraError
        If matplotlib is not installed.
    PublishError
        If the image cannot be written.
    """
    scenarios = [row for row in rows if not row["country"] and row["kind"] != "run"][::-1]
    figure = new_figure(9, 1.4 + 0.35 * len(scenarios))
    axes: Any = figure.add_subplot()
    labels, places = [row["scenario"] for row in scenarios], range(len(scenarios))
    for name, sign, status in (("gained", 1, Status.qualified), ("lost", -1, Status.fallback)):
        values = [sign * row[name] for row in scenarios]
        bars = axes.barh(places, values, color=theme.MARKS[status].color, label=name)
        axes.bar_label(bars, [f"{abs(v):,}" if v else "" for v in values], padding=3)
    axes.set_yticks(list(places), labels)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter(lambda value, _place: f"{abs(value):,.0f}")
    axes.set_xlabel("sites that lose (left) or gain (right) a level")
    axes.set_title(title, loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    if path is not None:
        save_figure(figure, Path(path))
    return figure
