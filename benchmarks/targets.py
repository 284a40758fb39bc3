"""What the product promises of its speed and memory, and whether the records keep it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cases
import figures
from cases import Case
from contestants import CONTESTANTS, Kind
from figures import Figure

FORMATS: Final = {"csv": "CSV to CSV", "parquet": "Parquet to Parquet"}

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


PEERS: Final = tuple(who.name for who in CONTESTANTS if who.kind == Kind.EXACT)
LOCATED: Final = "countries located"
TRUSTED: Final = "declared countries trusted"


def targets() -> Iterator[Target]:
    """Yield all promises."""
    for kind, trusted, located in (("parquet", 1.0, 1.2), ("csv", 1.2, 1.4)):
        yield _over_peer("run-trusted", TRUSTED, kind, trusted)
        yield _over_peer("run", LOCATED, kind, located)
    for kind, million, ten_million in (("parquet", 1.9, 1.6), ("csv", 2.5, 2.2)):
        yield _times_floor(kind, cases.MAIN, million)
        yield _times_floor(kind, cases.LARGE, ten_million)
    yield from (_whole(kind, 1.5) for kind in ("parquet", "csv"))
    yield _rate("kernel-trusted", TRUSTED, 4.0)
    yield _rate("kernel-located", LOCATED, 2.5)
    yield from (_network(name, 40, 60) for name in figures.KERNELS)
    yield _both_cores(0.58)
    yield _peak(600)
    yield _linear(1.1)
    yield _start(0.75)
    yield _assess(3.0, 800)


def _measured(name: str, kind: str, sites: int = cases.MAIN) -> Figure | None:
    return figures.figure(Case(figures.contestant(name), kind, sites, cases.NETWORK))


def _over_peer(name: str, title: str, kind: str, most: float) -> Target:
    promise = (
        f"{FORMATS[kind]}, 1 million sites x 1,000 centers, {title}: at most {most} x the best "
        f"exact peer"
    )
    ours = _measured(name, kind)
    peers = [figure for peer in PEERS if (figure := _measured(peer, kind))]
    if not ours or not peers:
        return Target(promise, "not measured", None)
    best = min(peers, key=lambda figure: figure.cpu_s)
    ratio = ours.cpu_s / best.cpu_s
    words = f"{ratio:.2f} x ({ours.cpu_s:.2f} CPU s; {best.case.contestant.name} {best.cpu_s:.2f})"
    return Target(promise, words, ratio <= most)


def _times_floor(kind: str, sites: int, most: float) -> Target:
    promise = f"{FORMATS[kind]}, {sites:,} sites x 1,000 centers: at most {most} x the polars floor"
    ours = _measured("run", kind, sites)
    if not ours or not ours.times_floor:
        return Target(promise, "not measured", None)
    words = f"{ours.times_floor:.2f} x, {ours.cpu_s:.1f} CPU s"
    return Target(promise, words, ours.times_floor <= most)


def _whole(kind: str, most: float) -> Target:
    promise = (
        f"{FORMATS[kind]}, 1 million sites x 1,000 centers, areas and map with it: at most "
        f"{most} x the run without them"
    )
    whole, plain = _measured("run-whole", kind), _measured("run", kind)
    if not whole or not plain:
        return Target(promise, "not measured", None)
    ratio = whole.cpu_s / plain.cpu_s
    return Target(promise, f"{ratio:.2f} x, {whole.cpu_s:.2f} CPU s", ratio <= most)


def _both_cores(most: float) -> Target:
    promise = f"Wall seconds of 10 million sites, CSV to CSV: at most {most} of the CPU seconds"
    record = cases.load(Case(figures.contestant("run"), "csv", cases.LARGE, cases.NETWORK))
    if not record.runs:
        return Target(promise, "not measured", None)
    ratio = record.median("wall_s") / record.median("cpu_s")
    return Target(promise, f"{ratio:.2f}, {record.median('wall_s'):.1f} s", ratio <= most)


def _linear(most: float) -> Target:
    promise = f"100 million sites, CSV to CSV: at most {most} x ten times the cost of 10 million"
    huge, large = (_measured("run", "csv", sites) for sites in (cases.HUGE, cases.LARGE))
    if not huge or not large:
        return Target(promise, "not measured", None)
    ratio = huge.cpu_s / large.cpu_s / 10
    words = f"{ratio:.2f} x, {huge.cpu_s:.0f} CPU s, {huge.record.median('wall_s'):.0f} s"
    return Target(promise, words, ratio <= most)


def _assess(most: float, peak_mb: int) -> Target:
    promise = (
        f"`assess` of 1 million sites in a notebook: at most {most} x the polars floor and "
        f"{peak_mb} MB"
    )
    ours = _measured("assess", "parquet")
    if not ours or not ours.times_floor:
        return Target(promise, "not measured", None)
    peak = ours.record.median("peak_mb")
    met = ours.times_floor <= most and peak <= peak_mb
    return Target(promise, f"{ours.times_floor:.2f} x, {peak:.0f} MB", met)


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


def _network(name: str, later_most: float, first_most: float) -> Target:
    promise = (
        f"10,000 centers instead of 1,000: at most {later_most:.0f} % more time of the kernel, "
        f"{first_most:.0f} % in the first pass ({name})"
    )
    few, many = kernel(name, 1_000), kernel(name, 10_000)
    if not few or not many:
        return Target(promise, "not measured", None)
    first, later = ((b / a - 1) * 100 for a, b in zip(few, many, strict=True))
    words = f"{later:+.0f} %; {first:+.0f} % in the first pass"
    return Target(promise, words, later <= later_most and first <= first_most)


def _peak(most: int) -> Target:
    promise = f"Peak memory of `run`, whatever the number of sites: at most {most} MB"
    who = figures.contestant("run")
    workloads = [
        (sites, cases.NETWORK) for sites in (cases.CHECKED, cases.MAIN, cases.LARGE, cases.HUGE)
    ]
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
