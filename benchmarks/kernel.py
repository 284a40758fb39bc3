"""How fast the kernel is: arrays in memory to the columns of the verdict, on one core.

``python benchmarks/kernel.py [SITES] [CENTERS ...]``, by default 1,000,000 sites against 1,000 and
10,000 centers. Sites come in blocks as the batch job hands them on. The first pass meets a matcher
that knows no cell yet; the others are the same sites again.
"""

import datetime
import statistics
import sys
import time
from collections.abc import Iterator

import numpy as np
from workload import Places, centers, sites

from coverage_analyzer import countries
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy

RUNS = 5
BLOCK = 65_536
DAY = datetime.date(2026, 12, 1)


def network(places: Places) -> Centers:
    """Return places as centers that are all open."""
    blank = [""] * len(places.country)
    texts = {"center_id": places.identifier, "country": places.country}
    texts |= {"opens_on": blank, "closes_on": blank}
    where = [f"line {i}" for i in range(2, len(blank) + 2)]
    return Centers.from_texts(texts, places.longitude, places.latitude, where)


def judged(places: Places, names: countries.Names) -> Sites:
    """Return places as sites."""
    texts, at = np.unique(places.country, return_inverse=True)
    nowhere = np.full(len(at), np.nan)
    return Sites(places.longitude, places.latitude, names.numbers(texts)[at], nowhere)


def blocks(subset: Sites) -> Iterator[Sites]:
    """Yield sites block by block."""
    for start in range(0, len(subset), BLOCK):
        yield Sites(*(v[start : start + BLOCK] for v in vars(subset).values()))


def seconds(matcher: Matcher, subset: Sites) -> float:
    """Return the CPU seconds of judging sites and making their columns."""
    start = time.process_time()
    for block in blocks(subset):
        matcher.columns(matcher.match(block))
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    count, *networks = (int(a) for a in (sys.argv[1:] or ("1000000", "1000", "10000")))
    world, policy = countries.load(), Policy.load("appliance-maintenance")
    subset = judged(sites(count), world.names)
    for size in networks or [1000]:
        serving = network(centers(size))
        for trust in (True, False):
            matcher = Matcher(serving, policy, world, as_of=DAY, trust_declared=trust)
            first = seconds(matcher, subset)
            again = statistics.median(seconds(matcher, subset) for _ in range(RUNS))
            how = "trusted" if trust else "located"
            print(
                f"{count:,} sites x {size:,} centers, countries {how}: {again:.3f} CPU s, "
                f"{count / again / 1e6:.2f} M sites/s; first pass {first:.3f} CPU s"
            )


if __name__ == "__main__":
    main()
