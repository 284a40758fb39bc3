"""How much `coverage_areas` costs for the 1,000 largest cities: CPU seconds, the layer loaded."""

import statistics
import time

import pandas as pd
from workload import centers

import coverage_analyzer as ca

RUNS = 3


def main() -> None:
    """Measure and print."""
    places = centers(1000)
    frame = pd.DataFrame(
        {
            "center_id": places.identifier,
            "country": places.country,
            "latitude": places.latitude,
            "longitude": places.longitude,
        }
    )
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        areas = ca.coverage_areas(frame, as_of="2026-12-01")
        seconds.append(time.process_time() - start)
    print(f"{len(areas):,} areas: CPU seconds, median of {RUNS}, {statistics.median(seconds):.2f}")


if __name__ == "__main__":
    main()
