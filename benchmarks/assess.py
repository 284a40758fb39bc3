"""How much `assess` costs in memory: CPU seconds and peak memory, country rules included.

``python benchmarks/assess.py [SITES] [CENTERS]``, by default 1,000,000 sites x 1,000 centers.
"""

import resource
import statistics
import sys
import time

import geopandas as gpd
import pandas as pd
from workload import Places, centers, sites

import coverage_analyzer as ca

RUNS = 3


def frame(places: Places, identifier: str) -> gpd.GeoDataFrame:
    """Return places as a GeoDataFrame."""
    table = pd.DataFrame({identifier: places.identifier, "country": places.country})
    points = gpd.points_from_xy(places.longitude, places.latitude)
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")


def main() -> None:
    """Measure and print."""
    count, network = (int(a) for a in (*sys.argv[1:], "1000000", "1000")[:2])
    subset, serving = frame(sites(count), "site_id"), frame(centers(network), "center_id")
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        verdicts = ca.assess(subset, serving, as_of="2026-12-01")
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{count:,} sites x {network:,} centers")
    print(f"CPU seconds: first {seconds[0]:.2f}, median of {RUNS} {statistics.median(seconds):.2f}")
    print(f"peak memory of the process: {peak:.2f} GB")
    print(verdicts["status"].value_counts().to_string())


if __name__ == "__main__":
    main()
