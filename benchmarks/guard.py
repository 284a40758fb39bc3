"""Fail if `run` has become slower, measured as a multiple of the floor in the same minutes.

``python benchmarks/guard.py``

A small sibling of `bench.py` for every change: the command line tool and the polars floor read and
write the same million sites, in turn, as CSV and as Parquet. Only ratios of CPU seconds are
compared (`targets.GUARD`), since seconds depend on the machine and on what else it does. Other
work on the machine can only add to a time, so the least of all rounds counts, and a ratio above
its limit is measured again before it fails.
"""

import sys

import bench
import cases
import figures
import targets
from cases import MAIN, Case

ROUNDS = 2
AT_MOST = 8
"""Number of rounds measured before a ratio above its limit is a failure."""


def measured(program: str, kind: str) -> tuple[Case, Case]:
    """Return what is measured of a program: the work, and its start alone."""
    contestant = figures.contestant(program)
    work, start = (
        Case(contestant, kind, *size, rounds=AT_MOST)
        for size in ((MAIN, cases.NETWORK), (cases.FEW, cases.FEW))
    )
    return work, start


def cpu_s(program: str, kind: str) -> float | None:
    """Return the least CPU seconds of the work without the start, None if it was not measured."""
    work, start = (cases.load(case) for case in measured(program, kind))
    return work.least("cpu_s") - start.least("cpu_s") if work.runs and start.runs else None


def ratio(kind: str) -> float | None:
    """Return how many times the floor `run` takes, None if one of them was not measured."""
    run, floor = cpu_s("run", kind), cpu_s(figures.FLOOR, kind)
    return run / floor if run is not None and floor is not None and floor > 0 else None


def above(kinds: list[str]) -> dict[str, str]:
    """Return what is wrong with each format whose ratio is above its limit or not known."""
    wrong = {}
    for kind in kinds:
        times, limit = ratio(kind), targets.GUARD[kind]
        if times is None:
            wrong[kind] = f"{kind}: not measured; see the lines above"
        elif times > limit:
            wrong[kind] = f"{kind}: {times:.1f} x the polars floor, above {limit}"
        else:
            print(f"{kind}: {times:.1f} x the polars floor; at most {limit}", flush=True)
    return wrong


def main() -> None:
    """Measure, print each ratio beside its limit, and exit with 1 if one is exceeded."""
    kinds = list(targets.GUARD)
    every = [
        case for kind in kinds for name in ("run", figures.FLOOR) for case in measured(name, kind)
    ]
    cases.forget(every)
    wrong = dict.fromkeys(kinds, "")
    for rounds in range(ROUNDS, AT_MOST + 1, ROUNDS):
        bench.sit([case for case in every if case.format in wrong], rounds)
        wrong = above(list(wrong))
        if not wrong:
            break
    sys.exit("\n".join(wrong.values()) or 0)


if __name__ == "__main__":
    main()
