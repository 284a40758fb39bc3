"""The popular wrong one: the nearest center of the world, and only then its country.

The distance is exact, but the question is another one: where the nearest center stands across a
border, the site's own country may still have one in reach.
"""

import numpy as np
import polars as pl
from common import MILE_M, arguments, ecef, read_centers, scan, sink
from pyproj import Geod
from scipy.spatial import cKDTree


def main() -> None:
    """Read, match, write."""
    files = arguments()
    sites, centers = scan(files.sites).collect(), read_centers(files.centers)
    here, there = (f.select("longitude", "latitude").to_numpy() for f in (sites, centers))
    _, best = cKDTree(ecef(*there.T)).query(ecef(*here.T))
    _, _, metres = Geod(ellps="WGS84").inv(*here.T, *there[best].T)
    own = sites["country"] == centers["country"].gather(pl.Series(best))
    report = sites.with_columns(
        qualified=own & pl.Series(metres <= centers["limit_m"].to_numpy()[best]),
        center_id=centers["center_id"].gather(pl.Series(best)),
        distance_miles=pl.Series(np.asarray(metres) / MILE_M).round(3),
    )
    sink(report.lazy(), files.out)


if __name__ == "__main__":
    main()
