"""What the records say: CPU seconds without the program's start, and multiples of the floor."""

from collections.abc import Iterator
from dataclasses import dataclass

import cases
from cases import Case, Record
from contestants import CONTESTANTS, Contestant

FLOOR = "floor-polars"
KERNELS = ("kernel-trusted", "kernel-located")


@dataclass(frozen=True)
class Figure:
    """What a case came to.

    Attributes
    ----------
    case, record
        What was measured.
    cpu_s
        Median, less that of the same program on ten sites and ten centers; not below 0.
    times_floor
        Multiples of the floor of the same format and number of sites, None without one.
    """

    case: Case
    record: Record
    cpu_s: float
    times_floor: float | None


def contestant(name: str) -> Contestant:
    """Return a contestant by its name."""
    return next(who for who in CONTESTANTS if who.name == name)


def figure(case: Case) -> Figure | None:
    """Return what a case came to, None if it or its start was not measured."""
    record, cpu_s = cases.load(case), _less_start(case)
    if cpu_s is None:
        return None
    floor = _less_start(Case(contestant(FLOOR), case.format, case.sites, cases.NETWORK))
    return Figure(case, record, cpu_s, cpu_s / floor if floor else None)


def figures(kind: str, sites: int, centers: int) -> Iterator[Figure]:
    """Yield what all programs came to with a workload; the kernel alone is none."""
    for who in CONTESTANTS:
        whole = kind in who.formats and who.name not in KERNELS
        result = figure(Case(who, kind, sites, centers)) if whole else None
        if result:
            yield result


def start(name: str, kind: str) -> Record:
    """Return the record of a program on ten sites and ten centers."""
    return cases.load(Case(contestant(name), kind, cases.FEW, cases.FEW))


def _less_start(case: Case) -> float | None:
    record, first = cases.load(case), start(case.contestant.name, case.format)
    if not record.runs or not first.runs:
        return None
    return max(record.median("cpu_s") - first.median("cpu_s"), 0.0)
