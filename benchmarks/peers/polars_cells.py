"""Polars, exact: sites and centers meet in cells of a degree, by country; chords, then Karney.

A center is put into each cell that it may reach, so that the join is one of equal keys. A chord is
never longer than its geodesic, so pairs with too long a chord are gone before Karney measures.
"""

import polars as pl
from common import MILE_M, arguments, ecef, read_centers, scan, sink
from pyproj import Geod

LEAST_DEGREE_M = 110_000.0
"""Less than any degree of latitude (110,574 m), to be on the safe side."""

KEY = ["country", "row", "column"]


def celled(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return sites with the cell that each lies in."""
    return frame.with_columns(
        row=pl.col("latitude").floor().cast(pl.Int16),
        column=(pl.col("longitude").floor().cast(pl.Int16) + 360) % 360,
    )


def reached(centers: pl.DataFrame) -> pl.LazyFrame:
    """Return a row for each cell that a center may reach."""
    high = pl.col("limit_m") / LEAST_DEGREE_M
    pole = (pl.col("latitude").abs() + high).clip(0, 89.9)
    wide = (high.radians().sin() / pole.radians().cos()).clip(-1, 1).arcsin().degrees()
    lat, lon = pl.col("latitude"), pl.col("longitude")
    rows = pl.int_ranges((lat - high).floor(), (lat + high).floor() + 1, dtype=pl.Int16)
    columns = pl.int_ranges((lon - wide).floor(), (lon + wide).floor() + 1, dtype=pl.Int16)
    cells = centers.lazy().with_columns(row=rows, column=columns).explode("row").explode("column")
    return cells.with_columns((pl.col("column") + 360) % 360)


def in_space(frame: pl.DataFrame) -> pl.DataFrame:
    """Return places with ``x``, ``y``, ``z`` in metres."""
    points = ecef(*frame.select("longitude", "latitude").to_numpy().T)
    return frame.with_columns(**{c: pl.Series(points[:, i]) for i, c in enumerate("xyz")})


def main() -> None:
    """Read, match, write."""
    files = arguments()
    sites = scan(files.sites).collect(engine="streaming")
    points = in_space(sites.select("country", "longitude", "latitude")).with_row_index("site")
    cells = reached(in_space(read_centers(files.centers)).drop("name"))
    square = sum((pl.col(c) - pl.col(f"{c}_right")) ** 2 for c in "xyz")
    pairs = (
        celled(points.lazy())
        .join(cells, on=KEY)
        .filter(square <= pl.col("limit_m") ** 2)
        .select("site", "center_id", "limit_m", "^l.*itude.*$")
        .collect(engine="streaming")
    )
    ends = ("longitude", "latitude", "longitude_right", "latitude_right")
    _, _, metres = Geod(ellps="WGS84").inv(*(pairs[c].to_numpy() for c in ends))
    best = (
        pairs.select("site", "center_id", "limit_m", metres=pl.Series(metres))
        .filter(pl.col("metres") <= pl.col("limit_m"))
        .group_by("site")
        .agg(pl.col("center_id").sort_by("metres").first(), pl.col("metres").min())
    )
    joined = sites.with_row_index("site").join(best, on="site", how="left", maintain_order="left")
    report = joined.lazy().with_columns(
        qualified=pl.col("center_id").is_not_null(),
        distance_miles=(pl.col("metres") / MILE_M).round(3),
    )
    sink(report.drop("site", "metres"), files.out)


if __name__ == "__main__":
    main()
