"""DuckDB with its spatial extension, exact: a join by country and cell, then the spheroid.

A center is put into each cell of a degree that it may reach, so that the join is one of equal keys;
``ST_Distance_Spheroid`` is GeographicLib's geodesic, and takes latitude before longitude.
"""

from pathlib import Path

import duckdb
import duckdb_extension_spatial
from common import arguments

SPATIAL = Path(duckdb_extension_spatial.__file__).parent / "extensions" / f"v{duckdb.__version__}"

CELLS = """
    CREATE TABLE cells AS
    WITH limits AS (
        SELECT *, CASE country WHEN 'US' THEN 70 ELSE 50 END * 1609.344 + 0.001 AS limit_m,
            limit_m / 110000 AS high
        FROM read_csv('{centers}', types={{'country': 'VARCHAR', 'center_id': 'VARCHAR'}})
    ), spans AS (
        SELECT *, degrees(asin(least(1, sin(radians(high))
            / cos(radians(least(abs(latitude) + high, 89.9)))))) AS wide
        FROM limits
    ), rows AS (
        SELECT *, unnest(range(floor(latitude - high)::INT, floor(latitude + high)::INT + 1)) AS y
        FROM spans
    )
    SELECT center_id, country, latitude, longitude, limit_m, high, y,
        unnest(list_transform(
            range(floor(longitude - wide)::INT, floor(longitude + wide)::INT + 1),
            lambda v: (v + 360) % 360)) AS x
    FROM rows
"""

REPORT = """
    COPY (
        WITH sites AS (SELECT *, row_number() OVER () AS row FROM {source}),
        pairs AS (
            SELECT row, center_id, limit_m, ST_Distance_Spheroid(
                ST_Point2D(s.latitude, s.longitude), ST_Point2D(c.latitude, c.longitude)) AS metres
            FROM sites s JOIN cells c ON s.country = c.country
                AND floor(s.latitude)::INT = c.y AND (floor(s.longitude)::INT + 360) % 360 = c.x
                AND abs(s.latitude - c.latitude) <= c.high
        ),
        best AS (
            SELECT row, arg_min(center_id, metres) AS center_id, min(metres) AS metres
            FROM pairs WHERE metres <= limit_m GROUP BY row
        )
        SELECT sites.* EXCLUDE (row), center_id IS NOT NULL AS qualified, center_id,
            round(metres / 1609.344, 3) AS distance_miles
        FROM sites LEFT JOIN best USING (row)
    ) TO '{out}' (FORMAT {kind})
"""


def main() -> None:
    """Read, match, write."""
    files = arguments()
    texts = "types={'country': 'VARCHAR', 'name': 'VARCHAR'}"
    names = {
        "source": f"read_csv('{files.sites}', {texts})" if files.csv else f"'{files.sites}'",
        "centers": files.centers,
        "out": files.out,
        "kind": "csv" if files.csv else "parquet",
    }
    connection = duckdb.connect()
    connection.load_extension(str(SPATIAL / "spatial.duckdb_extension"))
    connection.execute(CELLS.format(**names))
    connection.execute(REPORT.format(**names))


if __name__ == "__main__":
    main()
