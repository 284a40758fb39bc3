"""``RESULTS.md``: all tables, from the records in the cache."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cases
import figures
import machine
import targets
from cases import Case, Record
from contestants import CONTESTANTS, Kind
from figures import Figure

import data

PATH = Path(__file__).with_name("RESULTS.md")

INTRODUCTION = """\
# What it costs, and who is wrong

Written by `make bench` and `make bench-large`; [README.md](README.md) tells how they measure.

- Measured {days} on: {machine}.
- Versions: {versions}.
- The load average was {load:.1f} in the median of the runs, {most:.1f} at most. Beside other work
  CPU seconds grow, too, though less than wall seconds.

**CPU s** is user and system time of a program and all that it started, less that of the same
program on ten sites and ten centers; **x floor** is that beside polars, which reads the sites and
writes the columns of our report, with nothing matched. Medians of up to {rounds} runs; one run in
the tables of growth, and for peers on 10 million sites. Peak is the resident memory of the largest
process.
"""

WRONG = """\
## Wrong decisions

Held against Karney's geodesic from every site to every center of its country: on the first
{sites:,} sites of the workload, and on {band:,} sites within half a percent of the limit, with
{centers:,} centers. *Yes* and *no* are sites promised wrongly and refused wrongly; *center* are
sites in reach that are given another than the nearest center. Peers go by the declared country; so
do we where it is trusted. Else we send the sites to review whose country does not fit the place
where they lie: they are left out of the count.
"""

KERNEL = """\
## The kernel alone

A million sites in memory, one thread: CPU seconds of `Matcher.match`, first pass and next. In the
first one all cells of the globe are new to it.
"""

GROWTH = """\
## How the cost grows

CPU seconds, Parquet to Parquet; a dash is no measurement.

![CPU seconds by number of sites and of centers](../docs/img/growth.svg)
"""


def write() -> None:
    """Write the file."""
    parts = [
        _introduction(),
        _targets(),
        *(_workload(sites) for sites in (cases.MAIN, cases.LARGE, cases.HUGE)),
        _wrong(),
        _kernel(),
        _growth(),
        _missing(),
    ]
    PATH.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Return a table of Markdown; all columns but the first texts are to the right."""
    lines = [head, [*["---"] * texts, *["--:"] * (len(head) - texts)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _introduction() -> str:
    records = [r for r in map(cases.load, cases.plan(large=True, huge=True)) if r.runs]
    days = sorted({record.day for record in records})
    loads = [run["load"] for record in records for run in record.runs] or [0.0]
    return INTRODUCTION.format(
        days=" to ".join(dict.fromkeys((days[0], days[-1]))) if days else "never",
        machine=machine.described(),
        versions=machine.versions(),
        load=statistics.median(loads),
        most=max(loads),
        rounds=max((len(record.runs) for record in records), default=0),
    )


def _targets() -> str:
    met = {True: "yes", False: "**no**", None: "-"}
    rows = [(t.promise, t.result, met[t.met]) for t in targets.targets()]
    return "## Promises\n\n" + table(("promise", "found", "kept"), rows, texts=3)


def _workload(sites: int) -> str:
    parts = []
    for kind, title in (("parquet", "Parquet to Parquet"), ("csv", "CSV to CSV")):
        rows = [_cost(figure) for figure in figures.figures(kind, sites, cases.NETWORK)]
        if rows:
            head = ("", "what", "CPU s", "x floor", "wall s", "peak MB")
            parts.append(f"## {title}: {sites:,} sites, {cases.NETWORK:,} centers\n")
            parts.append(table(head, rows, texts=2))
    return "\n".join(parts)


def _cost(figure: Figure) -> tuple[str, ...]:
    times = "-" if figure.times_floor is None else f"{figure.times_floor:.1f}"
    who, record = figure.case.contestant, figure.record
    wall, peak = f"{record.median('wall_s'):.1f}", f"{record.median('peak_mb'):.0f}"
    return _titled(who.title, who.kind), who.kind, f"{figure.cpu_s:.2f}", times, wall, peak


def _titled(title: str, kind: Kind) -> str:
    return f"**{title}**" if kind == Kind.OURS else title


def _wrong() -> str:
    head = ("", "yes", "no", "center", "review", "band: yes", "no", "center", "review")
    rows = list(_wrong_rows())
    text = WRONG.format(sites=cases.CHECKED, band=data.BAND_SITES, centers=data.BAND_CENTERS)
    return f"{text}\n{table(head, rows)}" if rows else ""


def _wrong_rows() -> Iterator[tuple[str, ...]]:
    for who in CONTESTANTS:
        for kind in who.formats:
            plain, band = (
                cases.load(Case(who, kind, sites, data.BAND_CENTERS)).wrong
                for sites in (cases.CHECKED, cases.BAND)
            )
            if plain and band:
                names = ("yes", "no", "nearest", "review")
                counts = [f"{counts_of[name]:,}" for counts_of in (plain, band) for name in names]
                title = f"{who.title}, {kind}" if who.kind == Kind.OURS else who.title
                yield _titled(title, who.kind), *counts


def _kernel() -> str:
    rows = [
        (name, f"{centers:,}", f"{taken[0]:.2f}", f"{taken[1]:.2f}")
        for name in figures.KERNELS
        for centers in cases.NETWORKS
        if (taken := targets.kernel(name, centers))
    ]
    return f"{KERNEL}\n{table(('', 'centers', 'first s', 'next s'), rows)}" if rows else ""


def _growth() -> str:
    workloads = [(sites, cases.NETWORK) for sites in (cases.CHECKED, cases.MAIN, cases.LARGE)]
    workloads += [(cases.MAIN, centers) for centers in (100, 10_000)]
    head = ["", *(f"{sites:,} x {centers:,}" for sites, centers in workloads)]
    rows = []
    for who in CONTESTANTS:
        row = [figures.figure(Case(who, "parquet", *workload)) for workload in workloads]
        if sum(map(bool, row)) > 1 and who.name not in figures.KERNELS:
            cells = [f"{f.cpu_s:.2f}" if f else "-" for f in row]
            rows.append([_titled(who.title, who.kind), *cells])
    return f"{GROWTH}\n{table(head, rows)}" if rows else ""


def _missing() -> str:
    result: dict[tuple[str, str], Record] = {}
    for case in cases.plan(large=True, huge=True):
        record = cases.load(case)
        if record.failed:
            result.setdefault((case.contestant.title, record.failed), record)
    lines = [
        f"- {title}: {'skipped' if record.skipped else 'failed'}, {reason}"
        for (title, reason), record in result.items()
    ]
    return "\n".join(("## Who did not run\n", *lines, "")) if lines else ""
