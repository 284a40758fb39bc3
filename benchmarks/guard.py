"""Fail if `run` has become slower, measured as a multiple of the floor in the same minutes.

``python benchmarks/guard.py``

A small sibling of `bench.py` for every change: the command line tool and the polars floor read and
write the same 500,000 sites, in turn, as CSV and as Parquet. Only ratios of CPU seconds are
compared (`targets.GUARD`), since seconds depend on the machine and on what else it does.
"""

import sys

import bench
import cases
import figures
import targets
from cases import Case

SITES = 500_000
ROUNDS = 3


def measured(kind: str) -> list[Case]:
    """Return what is measured for a format: tool and floor, with their start."""
    programs = [figures.contestant(name) for name in (figures.FLOOR, "run")]
    return [
        Case(program, kind, *size, rounds=ROUNDS)
        for program in programs
        for size in ((cases.FEW, cases.FEW), (SITES, cases.NETWORK))
    ]


def main() -> None:
    """Measure, print each ratio beside its limit, and exit with 1 if one is exceeded."""
    every = [case for kind in targets.GUARD for case in measured(kind)]
    cases.forget(every)
    bench.sit(every, ROUNDS)
    failed = []
    for kind, limit in targets.GUARD.items():
        figure = figures.figure(Case(figures.contestant("run"), kind, SITES, cases.NETWORK))
        ratio = figure.times_floor if figure else None
        if ratio is None:
            failed.append(f"{kind}: not measured; see the lines above")
            continue
        print(f"{kind}: {ratio:.1f} x the polars floor; at most {limit}")
        if ratio > limit:
            failed.append(f"{kind}: {ratio:.1f} x the polars floor, above {limit}")
    sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
