"""The floor in DuckDB: read the sites, write the columns of our report, match nothing."""

import duckdb
from common import arguments

REPORT = """
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
    ) TO '{out}' (FORMAT {kind})
"""

files = arguments()
texts = "types={'country': 'VARCHAR', 'name': 'VARCHAR'}"
source = f"read_csv('{files.sites}', {texts})" if files.csv else f"'{files.sites}'"
duckdb.sql(REPORT.format(source=source, out=files.out, kind="csv" if files.csv else "parquet"))
