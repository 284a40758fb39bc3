"""What the product promises of its speed and memory, and whether the records keep it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cases
import figures
from cases import Case

GUARD: Final = {"csv": 5.5, "parquet": 5.0}
"""At most so many times the polars floor `run` may need on the small workload of `guard.py`."""


@dataclass(frozen=True)
class Target:
    """A promise and what was measured.

    Attributes
    ----------
    promise, result
        As text.
    met
        Whether it is kept; None where nothing was measured.
    """

    promise: str
    result: str
    met: bool | None


def targets() -> Iterator[Target]:
    """Yield all promises."""
    yield _times_floor("parquet", 2.5)
    yield _times_floor("csv", 4.5)
    yield _rate("kernel-trusted", "declared countries trusted", 4.0)
    yield _rate("kernel-located", "countries located", 2.5)
    yield from (_network(name) for name in figures.KERNELS)
    yield _peak(600)
    yield _start(1.6)


def _times_floor(kind: str, most: float) -> Target:
    title = {"csv": "CSV to CSV", "parquet": "Parquet to Parquet"}[kind]
    promise = f"{title}, 10 million sites x 1,000 centers: at most {most} x the polars floor"
    for sites in (cases.LARGE, cases.MAIN):
        result = figures.figure(Case(figures.contestant("run"), kind, sites, cases.NETWORK))
        if result and result.times_floor:
            where = "" if sites == cases.LARGE else " (at 1 million)"
            words = f"{result.times_floor:.1f} x, {result.cpu_s:.1f} CPU s{where}"
            return Target(promise, words, result.times_floor <= most)
    return Target(promise, "not measured", None)


def kernel(name: str, centers: int) -> tuple[float, float] | None:
    """Return CPU seconds of a million sites: of the first pass, and of a later one."""
    record = cases.load(Case(figures.contestant(name), "parquet", cases.MAIN, centers))
    return (record.told("first_s"), record.told("later_s")) if record.runs else None


def _rate(name: str, title: str, least: float) -> Target:
    promise = f"The kernel alone, {title}: at least {least} million sites a CPU second"
    taken = kernel(name, cases.NETWORK)
    if not taken:
        return Target(promise, "not measured", None)
    first, later = (cases.MAIN / 1e6 / seconds for seconds in taken)
    words = f"{later:.1f} million; {first:.1f} in the first pass, which finds the cells"
    return Target(promise, words, later >= least)


def _network(name: str) -> Target:
    promise = f"10,000 centers instead of 1,000: at most 60 % more time of the kernel ({name})"
    few, many = kernel(name, 1_000), kernel(name, 10_000)
    if not few or not many:
        return Target(promise, "not measured", None)
    first, later = ((b / a - 1) * 100 for a, b in zip(few, many, strict=True))
    return Target(promise, f"{later:+.0f} %; {first:+.0f} % in the first pass", later <= 60)


def _peak(most: int) -> Target:
    promise = f"Peak memory of `run`, whatever the number of sites: at most {most} MB"
    who = figures.contestant("run")
    workloads = [(sites, cases.NETWORK) for sites in (cases.CHECKED, cases.MAIN, cases.LARGE)]
    peaks = {}
    for sites, centers in (*workloads, (cases.MAIN, max(cases.NETWORKS))):
        records = [cases.load(Case(who, kind, sites, centers)) for kind in who.formats]
        result = [record.median("peak_mb") for record in records if record.runs]
        if result:
            peaks[f"{sites:,} x {centers:,}"] = max(result)
    words = ", ".join(f"{peak:.0f} MB at {workload}" for workload, peak in peaks.items())
    return Target(promise, words or "not measured", max(peaks.values()) <= most if peaks else None)


def _start(most: float) -> Target:
    promise = f"Start of `run`, ten sites, areas and map with it: at most {most} CPU s"
    record = figures.start("run-whole", "csv")
    if not record.runs:
        return Target(promise, "not measured", None)
    cpu_s = record.median("cpu_s")
    return Target(promise, f"{cpu_s:.2f} CPU s", cpu_s <= most)
