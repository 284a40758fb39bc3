"""The floor in DuckDB: read the sites, write the columns of our report, match nothing."""

import duckdb
from common import arguments

files = arguments()
source = (
    f"read_csv('{files.sites}', types={{'country': 'VARCHAR', 'name': 'VARCHAR'}})"
    if files.csv
    else f"read_parquet('{files.sites}')"
)
to = "FORMAT csv" if files.csv else "FORMAT parquet"
duckdb.sql(f"""
    COPY (
        SELECT *,
            'Gold' AS level, 'fallback' AS status, 'beyond_radius' AS reason,
            country || '-1' AS center_id,
            round(abs(longitude) * 37, 3) AS distance_miles,
            CASE country WHEN 'US' THEN 70.0::DOUBLE ELSE 50.0::DOUBLE END AS limit_miles,
            round(limit_miles - distance_miles, 3) AS margin_miles,
            country AS site_country,
            NULL::DATE AS available_on,
            abs(latitude)::INTEGER AS centers_in_reach
        FROM {source}
    ) TO '{files.out}' ({to})
""")
