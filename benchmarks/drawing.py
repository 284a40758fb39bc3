"""The picture of growth: CPU seconds by number of sites, and by number of centers."""

from pathlib import Path

import cases
import figures
import matplotlib as mpl
from cases import Case
from contestants import CONTESTANTS, Contestant, Kind, Sitting

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "coverage_analyzer"  # the same figures give the same file

from matplotlib import pyplot as plt  # noqa: E402  # after its settings
from matplotlib.axes import Axes  # noqa: E402  # likewise

PATH = Path(__file__).parents[1] / "docs" / "img" / "growth.svg"
SITES = (cases.CHECKED, cases.MAIN, cases.LARGE)
COLOURS = {
    "floor-polars": "#888888",
    "run": "#c2185b",
    "scipy": "#1b6ca8",
    "polars": "#2e8b57",
    "duckdb": "#d08700",
    "geopandas": "#6a4fb3",
    "sedona": "#0b8a8f",
    "postgis": "#7a5230",
}


def draw() -> None:
    """Draw from the records in the cache."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    by_sites = [(sites, cases.NETWORK) for sites in SITES]
    by_centers = [(cases.MAIN, centers) for centers in cases.NETWORKS]
    picture, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    _panel(left, by_sites, 0, f"sites, with {cases.NETWORK:,} centers")
    _panel(right, by_centers, 1, f"centers, with {cases.MAIN:,} sites")
    left.set_ylabel("CPU seconds, Parquet to Parquet")
    lines, titles = left.get_legend_handles_labels()
    picture.legend(lines, titles, loc="outside lower center", ncols=3, frameon=False)
    picture.savefig(PATH, metadata={"Date": None})
    plt.close(picture)


def _panel(axes: Axes, workloads: list[tuple[int, int]], of: int, title: str) -> None:
    """Draw one line a contestant over the workloads; ``of`` says which of its numbers grows."""
    for who in CONTESTANTS:
        if who.name in COLOURS:
            floor = who.kind == Kind.FLOOR  # it does not know the centers
            cases_ = [
                (sites, cases.NETWORK if floor else n_centers) for sites, n_centers in workloads
            ]
            result = [figures.figure(Case(who, "parquet", *w)) for w in cases_]
            points = [(w[of], f.cpu_s) for w, f in zip(workloads, result, strict=True) if f]
            if points:
                _line(axes, who, points)
    axes.set(xscale="log", yscale="log", xlabel=title)
    axes.set_xticks([w[of] for w in workloads], [f"{w[of]:,}" for w in workloads])
    axes.minorticks_off()
    axes.grid(alpha=0.25)
    axes.yaxis.set_major_formatter("{x:g}")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _line(axes: Axes, who: Contestant, points: list[tuple[int, float]]) -> None:
    ours = who.kind == Kind.OURS
    axes.plot(
        *zip(*points, strict=True),
        marker="o",
        markersize=6 if ours else 4,
        linewidth=3 if ours else 1.5,
        linestyle="--" if Sitting.CHECKED not in who.sittings else "-",
        color=COLOURS[who.name],
        label=who.title.strip("`"),
        zorder=3 if ours else 2,
    )
