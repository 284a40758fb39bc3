"""The floor in polars, streaming: read the sites, write the columns of our report, match nothing.

The numbers come from the coordinates, so that they are as long to write as those of a real report.
"""

import polars as pl
from common import MILES, US_MILES, arguments, scan, sink

files = arguments()
country = pl.col("country")
distance = (pl.col("longitude").abs() * 37).round(3)
limit = pl.when(country == "US").then(float(US_MILES)).otherwise(float(MILES))
report = scan(files.sites).with_columns(
    level=pl.lit("Gold"),
    status=pl.lit("fallback"),
    reason=pl.lit("beyond_radius"),
    center_id=pl.concat_str(country, pl.lit("-1")),
    distance_miles=distance,
    limit_miles=limit,
    margin_miles=(limit - distance).round(3),
    site_country=country,
    available_on=pl.lit(None, pl.Date),
    centers_in_reach=pl.col("latitude").abs().cast(pl.Int32),
)
sink(report, files.out)
