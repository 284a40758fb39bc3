"""Our kernel alone: a `Matcher` over arrays in memory; ``trusted`` or ``located`` countries.

It prints CPU seconds as JSON: of the first pass, in which it meets each cell for the first time,
and of the one after. Reading, coding countries and writing are not in them.
"""

import json
import sys
import time

import numpy as np
import polars as pl
from common import arguments, scan, sink

import coverage_analyzer as ca
from coverage_analyzer import countries
from coverage_analyzer.files import table
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.schema.verdict import Status

AS_OF = "2026-12-01"


def main() -> None:
    """Read, match twice, write."""
    from coverage_analyzer.schema.days import day

    files, trusting = arguments(), sys.argv[4] == "trusted"
    world, policy = countries.load(), ca.Policy.load("appliance-maintenance")
    convention = policy.convention(world.names, trust_declared=trusting)
    network = table.read_centers(table.open_table(files.centers, CENTERS, {}), world, convention)
    frame = scan(files.sites).collect()
    lon, lat = (frame[c].to_numpy().copy() for c in ("longitude", "latitude"))
    declared = world.names.named(frame["country"].to_arrow())
    sites = Sites(lon, lat, declared, np.full(len(lon), np.nan))
    matcher = Matcher(network, policy, world, as_of=day(AS_OF), trust_declared=trusting)
    seconds = []
    for _ in range(2):
        start = time.process_time()
        verdicts = matcher.match(sites)
        seconds.append(time.process_time() - start)
    print(json.dumps({"first_s": seconds[0], "later_s": seconds[1]}))
    columns = {name: pl.from_arrow(c) for name, c in matcher.columns(verdicts).items()}
    qualified = pl.Series(verdicts.status == Status.qualified)
    sink(frame.lazy().with_columns(qualified=qualified, **columns), files.out)


if __name__ == "__main__":
    main()
