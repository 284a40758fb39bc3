"""SciPy, exact: a k-d tree a country over points in space; the two nearest by chord, then a proof.

A chord orders distances up to the ellipsoid's bend. Where the second chord is so near to the first
that the geodesics could be in the other order, all centers that could be nearest are measured.
"""

import numpy as np
import polars as pl
from common import MILE_M, Floats, arguments, ecef, longest_m, read_centers, scan, sink
from pyproj import Geod
from scipy.spatial import cKDTree

GEOD = Geod(ellps="WGS84")


def nearest(
    points: Floats, lonlat: Floats, targets: Floats, there: Floats, limit: float
) -> tuple[np.ndarray, Floats]:
    """Return for each site of a country the nearest center and its distance, where in reach."""
    tree = cKDTree(targets)
    chord, center = tree.query(points, k=2)
    near = np.flatnonzero(chord[:, 0] <= limit)
    best, metres = np.full(len(points), -1), np.full(len(points), np.inf)
    best[near] = center[near, 0]
    metres[near] = _measured(lonlat[near], there[center[near, 0]])
    most = longest_m(chord[:, 0])
    for i in near[chord[near, 1] <= most[near]]:
        rivals = np.array(tree.query_ball_point(points[i], most[i]))
        away = _measured(np.broadcast_to(lonlat[i], (len(rivals), 2)), there[rivals])
        best[i], metres[i] = rivals[away.argmin()], away.min()
    best[metres > limit] = -1
    return best, metres


def _measured(ours: Floats, other: Floats) -> Floats:
    return GEOD.inv(ours[:, 0], ours[:, 1], other[:, 0], other[:, 1])[2]


def main() -> None:
    """Read, match, write."""
    files = arguments()
    sites, centers = scan(files.sites).collect(), read_centers(files.centers)
    here, there = (f.select("longitude", "latitude").to_numpy() for f in (sites, centers))
    points, targets = ecef(*here.T), ecef(*there.T)
    best, metres = np.full(len(sites), -1), np.full(len(sites), np.inf)
    rows_of = sites.select("country").with_row_index().group_by("country").agg("index")
    own = centers.with_row_index().group_by("country").agg("index", pl.col("limit_m").first())
    for _, rows, members, limit in rows_of.join(own, on="country").iter_rows():
        at, mine = np.array(rows), np.array(members)
        position, away = nearest(points[at], here[at], targets[mine], there[mine], limit)
        best[at], metres[at] = np.where(position < 0, -1, mine[position]), away
    inside = best >= 0
    report = sites.with_columns(
        qualified=pl.Series(inside),
        center_id=centers["center_id"].gather(pl.Series(np.where(inside, best, 0))),
        distance_miles=pl.Series(metres / MILE_M).round(3),
    ).with_columns(pl.when("qualified").then(pl.col("center_id", "distance_miles")))
    sink(report.lazy(), files.out)


if __name__ == "__main__":
    main()
