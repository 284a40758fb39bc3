"""PostGIS: a join of geographies by country and reach, on a server of its own.

The server runs as a child of this program, in a folder that is thrown away, without fsync, so that
all its CPU seconds are counted and none are spent on safety that no other peer gives. Parquet is
read and written by polars, as PostgreSQL knows CSV only. ``POSTGRES_BIN`` says where the programs
are, if not where Debian puts them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from common import arguments, scan, sink, skip

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "shared_buffers": "1GB",
    "work_mem": "512MB",
    "maintenance_work_mem": "512MB",
    "jit": "off",
}

SCRIPT = r"""
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION postgis;
CREATE EXTENSION btree_gist;
CREATE UNLOGGED TABLE sites (site_id text, name text, country text,
    latitude double precision, longitude double precision, number bigserial,
    place geography GENERATED ALWAYS AS (ST_Point(longitude, latitude)::geography) STORED);
CREATE UNLOGGED TABLE centers (center_id text, name text, country text,
    latitude double precision, longitude double precision,
    place geography GENERATED ALWAYS AS (ST_Point(longitude, latitude)::geography) STORED,
    limit_m double precision GENERATED ALWAYS AS
        (CASE country WHEN 'US' THEN 70 ELSE 50 END * 1609.344 + 0.001) STORED);
\copy sites (site_id, name, country, latitude, longitude) FROM 'sites.csv' CSV HEADER
\copy centers (center_id, name, country, latitude, longitude) FROM 'centers.csv' CSV HEADER
CREATE INDEX ON centers USING gist (country, place);
ANALYZE;
CREATE UNLOGGED TABLE best AS
    SELECT DISTINCT ON (number) number, center_id, ST_Distance(s.place, c.place) AS metres
    FROM sites s JOIN centers c
        ON s.country = c.country AND ST_DWithin(s.place, c.place, c.limit_m)
    ORDER BY number, metres;
CREATE VIEW report AS
    SELECT site_id, name, country, latitude, longitude, center_id IS NOT NULL AS qualified,
        center_id, round((metres / 1609.344)::numeric, 3) AS distance_miles
    FROM sites LEFT JOIN best USING (number);
\copy (SELECT * FROM report) TO 'report.csv' CSV HEADER
"""


def programs() -> Path:
    """Return the folder of the server's programs; leave if there are none, or no PostGIS."""
    places = [Path(p) for p in (os.environ.get("POSTGRES_BIN"),) if p]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not places:
        skip("there is no PostgreSQL server here")
    command = [places[0] / "pg_config", "--sharedir"]
    share = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not (Path(share) / "extension" / "postgis.control").exists():
        skip("the PostgreSQL server here has no PostGIS extension")
    return places[0]


def matched(folder: Path, binaries: Path, script: str = SCRIPT) -> None:
    """Run a script on a server in a folder that holds ``sites.csv`` and ``centers.csv``."""
    # The server refuses to run as root.
    who = {"user": "postgres"} if os.geteuid() == 0 else {}
    if who:
        folder.chmod(0o755)
        shutil.chown(folder, "postgres")
    data, quiet = folder / "server", {"stdout": subprocess.DEVNULL, "cwd": folder, **who}
    init = [binaries / "initdb", "-D", data, "-U", "bench", "-E", "UTF8", "--no-locale", "-N"]
    subprocess.run(init, check=True, **quiet)
    options = [part for k, v in SETTINGS.items() for part in ("-c", f"{k}={v}")]
    server = subprocess.Popen([binaries / "postgres", "-D", data, "-k", folder, *options], **quiet)
    try:
        database = ["-h", folder, "-U", "bench", "-d", "postgres"]
        ready = [binaries / "pg_isready", "-q", *database]
        while subprocess.run(ready, check=False, **quiet).returncode and server.poll() is None:
            time.sleep(0.05)
        psql = [binaries / "psql", "-q", "-X", *database]
        subprocess.run(psql, check=True, input=script, text=True, **quiet)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Read, match, write."""
    files, binaries = arguments(), programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sink(scan(files.sites), str(folder / "sites.csv"))
        sink(scan(files.centers), str(folder / "centers.csv"))
        matched(folder, binaries)
        kinds = {"country": pl.String, "name": pl.String}
        if files.csv:
            shutil.copy(folder / "report.csv", files.out)
        else:
            report = pl.scan_csv(folder / "report.csv", schema_overrides=kinds)
            sink(report.with_columns(pl.col("qualified") == "t"), files.out)


if __name__ == "__main__":
    sys.exit(main())
