"""Cases of gates that all engines share: rows, a policy with all gates, products in each state."""

import csv
from pathlib import Path
from typing import Any

from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy

HERE = Path(__file__).parent

PLACES = {
    ("US", "open"): (-94.5786, 39.0997),
    ("US", "planned"): (-116.2023, 43.6150),
    ("US", "far"): (-100.0, 45.0),
    ("CA", "open"): (-79.3832, 43.6532),
    ("CA", "planned"): (-123.1207, 49.2827),
}
"""Longitude and latitude of a site, by its country and what center stands there."""

CENTERS = "center_id,country,latitude,longitude,opens_on\n" + "".join(
    f"{country}-{kind},{country},{lat},{lon},{'2027-02-01' if kind == 'planned' else ''}\n"
    for (country, kind), (lon, lat) in PLACES.items()
    if kind != "far"
)

PRODUCTS = """\
product,version,mainstream_ends_on,extended_ends_on,life_ends_on
Today,,2026-12-01,2027-12-01,
Extended,,2026-01-01,2027-01-01,2028-01-01
Yesterday,,,2026-11-30,2027-01-01
Relic,,2001-01-01,,2003-01-01
Ended,,2024-06-30,2026-06-30,2028-06-30
Extended last day,,2026-01-01,2026-12-01,2028-01-01
Hazy,,,2026-12-01,
Half,,2026-11-30,,2027-01-01
Bare,,,,
Versioned,12,,,2020-01-01
Versioned,,2030-01-01,,
"""

SAID = ("product", "version", "component", "requested_level", "registered_on", "installed_on")
"""The columns that gates look at."""

Row = dict[str, str]


def cases() -> dict[str, Row]:
    """Return the cases by name."""
    path = HERE / "golden" / "gates.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def policy() -> Policy:
    """Return the default rules with all that the vendor leaves to be filled in."""
    data = Policy.load().model_dump(mode="json") | {"name": "gated"}
    gates: dict[str, Any] = data["gates"]
    gates["components"] |= {"excluded": ["SSD"], "known": ["power supply", "fan"]}
    gates["registration"] |= {"grace_days": 30}
    barred = {"level": "gold-plus", "countries": ["CA"], "clause": "components-excluded"}
    gates["not_offered"] = [barred]
    gates["export_approval"]["countries"] = ["CA"]
    return Policy.from_mapping(data)


def products() -> Products:
    """Return the products as the gates have them."""
    rows = list(csv.DictReader(PRODUCTS.splitlines()))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Products.from_texts(columns, [f"line {n}" for n in range(2, len(rows) + 2)])


def sites() -> str:
    """Return the rows of all cases as a file; the last one has a day that is none."""
    header = ["site_id", "latitude", "longitude", "country", *SAID]
    lines = [",".join(header)]
    for name, case in cases().items():
        lon, lat = PLACES[case["country"], case["center"]]
        cells = [case[column] for column in SAID]
        lines.append(",".join([name, str(lat), str(lon), case["country"], *cells]))
    lon, lat = PLACES["US", "open"]
    lines.append(f"undated,{lat},{lon},US,,,,,31.12.2026,")
    return "\n".join(lines) + "\n"
