"""Levels that start on a day of the site's own: the golden table, for each engine."""

import csv
from pathlib import Path
from typing import Final

from running import records

GOLDEN: Final = Path(__file__).parent / "golden"

POLICY: Final = GOLDEN / "starts.toml"

ANSWER: Final = ("level", "status", "reason", "available_on")

CENTERS: Final = """\
center_id,country,latitude,longitude,opens_on,closes_on
US-A,US,40.0,-75.0,,
US-P,US,42.5,-75.0,2026-12-20,
US-C,US,38.5,-78.0,,2026-12-15
DE-FBG,DE,47.9990,7.8421,,
CH-BSL,CH,47.5596,7.5886,,
"""

PRODUCTS: Final = """\
product,mainstream_ends_on,extended_ends_on,life_ends_on
old,2026-11-30,2026-11-30,2026-11-30
ending,2026-12-05,2027-01-01,2028-01-01
"""

CASES: Final = records(GOLDEN / "starts.csv")
EXPECTED: Final = {row["site_id"]: tuple(row[name] for name in ANSWER) for row in CASES}


def written(folder: Path) -> tuple[Path, Path, Path]:
    """Write the rows, without their answers, the centers and the products; return the files."""
    headers = [name for name in CASES[0] if name not in {*ANSWER, "why"}]
    sites, centers, products = (folder / f"{name}.csv" for name in ("sites", "centers", "products"))
    with sites.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, headers, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(CASES)
    centers.write_text(CENTERS, encoding="utf-8")
    products.write_text(PRODUCTS, encoding="utf-8")
    return sites, centers, products
