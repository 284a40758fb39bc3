"""Our notebook's way: `read_sites`, `assess`, and the verdicts as GeoParquet."""

from common import arguments

import coverage_analyzer as ca

files = arguments()
centers = ca.read_centers(files.centers)
verdicts = ca.assess(ca.read_sites(files.sites), centers, as_of="2026-12-01")
verdicts.to_parquet(files.out)
