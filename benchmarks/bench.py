"""The product beside the floor and its peers, in one sitting: measures, then writes the results.

``python benchmarks/bench.py [--large] [--huge] [--only NAME] [--anew] [--rounds N] [--report]``

Each contestant runs as a process of its own; rounds go through all of them in turn, so that a busy
quarter of an hour does not hit one alone. What has been measured is kept, unless the code measured
is another one: a sitting that was stopped goes on where it was. A contestant that fails is shown as
failed, with its reason.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cases
import drawing
import results
import truth
from cases import Case, Record
from polars.exceptions import PolarsError

ROOT = f"{Path(__file__).parents[1]}/"
MEASURING = Path(__file__).with_name("measuring.py")
SECONDS = 900
"""A contestant that takes longer has failed."""

LATE, SKIPPED = 124, 77


def measure(case: Case, record: Record) -> None:
    """Run a case once and note it in its record."""
    sites, centers = case.files()
    with tempfile.TemporaryDirectory(dir=cases.data.CACHE) as name:
        out, log = Path(name) / f"report.{case.format}", Path(name) / "log.txt"
        command = case.contestant.command(sites, centers, out)
        helper = [sys.executable, "-I", "-S", str(MEASURING), str(SECONDS), str(log), *command]
        manifest = subprocess.run(helper, check=True, capture_output=True, text=True).stdout
        run = json.loads(manifest)
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        code = run.pop("code")
        if code:
            record.skipped = code == SKIPPED
            last = lines[-1] if lines else f"it left with {code}"
            reason = f"it took more than {SECONDS} s" if code == LATE else last
            record.failed = reason.replace(ROOT, "")
            return
        run["told"] = last_object(lines)
        record.runs.append(run)
        if case.checked:
            counts = truth.wrong(case.contestant.report(out), sites, centers)
            record.wrong = asdict(counts)


def last_object(lines: list[str]) -> dict[str, Any]:
    """Return what a contestant printed as JSON."""
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    return objects[-1] if objects else {}


def sit(selected: list[Case], rounds: int) -> None:
    """Measure what is not measured yet, round by round; what was not here may be now."""
    cases.forget([case for case in selected if cases.load(case).skipped])
    for number in range(1, rounds + 1):
        for case in selected:
            record = cases.load(case)
            if record.failed or len(record.runs) >= min(number, case.rounds):
                continue
            attempt(case, record)
            cases.save(case, record)
            print(f"round {number}  {case.key:40} {outcome(record)}", flush=True)


def attempt(case: Case, record: Record) -> None:
    """Measure a case; whatever goes wrong is the failure of that case alone."""
    try:
        measure(case, record)
    except (OSError, ValueError, subprocess.CalledProcessError, PolarsError) as error:
        record.failed = f"{type(error).__name__}: {error}"


def outcome(record: Record) -> str:
    """Return what a run came to, in a line."""
    if record.failed:
        return f"{'skipped' if record.skipped else 'failed'}: {record.failed}"
    run = record.runs[-1]
    wrong = f"  wrong {record.wrong}" if record.wrong else ""
    return f"{run['cpu_s']:7.2f} CPU s {run['wall_s']:7.2f} s {run['peak_mb']:6.0f} MB{wrong}"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="10 million sites, too")
    parser.add_argument("--huge", action="store_true", help="100 million sites, CSV, once")
    parser.add_argument("--only", default="", metavar="NAME", help="part of a contestant's name")
    parser.add_argument("--anew", action="store_true", help="measure again what has been measured")
    parser.add_argument("--rounds", type=int, default=cases.ROUNDS, help="at most so many")
    parser.add_argument("--report", action="store_true", help="write what has been measured")
    args = parser.parse_args()
    selected = cases.plan(large=args.large, huge=args.huge, only=args.only)
    if args.anew:
        cases.forget(selected)
    if not args.report:
        sit(selected, args.rounds)
    results.write()
    drawing.draw()


if __name__ == "__main__":
    main()
