"""A policy with areas of each kind, and sites at their edges; answers worked out by hand."""

import csv
import io
import json
from pathlib import Path

from small_policies import policy_text

from coverage_analyzer.policy import Policy

POLICY = policy_text(
    "zoned",
    """
[[areas]]
id = "texas"
regions = ["US-TX"]
[[areas]]
id = "freiburg"
postcodes = ["DE:79", "DE:80995-80999"]
[[areas]]
id = "london"
postcodes = ["GB:EC", "GB:SW1"]
[[areas]]
id = "ring"
places = [{ name = "Zurich", latitude = 47.3769, longitude = 8.5417, up_to_miles = 20 }]
[[areas]]
id = "islands"
file = "islands.geojson"
[[bands]]
level = "gold-plus"
countries = ["US"]
up_to_miles = 70
clause = "radius"
[[bands]]
level = "next-day"
countries = ["US"]
above_miles = 70
up_to_miles = 150
clause = "radius"
[[bands]]
level = "gold-plus"
countries = ["*"]
except_areas = ["ring"]
up_to_miles = 50
clause = "radius"
[[bands]]
level = "gold-plus"
countries = ["US"]
areas = ["texas"]
up_to_miles = 100
clause = "in-texas"
[[bands]]
level = "gold-plus"
countries = ["*"]
centers = ["CH-A"]
up_to_miles = 10
clause = "small"
[[bands]]
level = "next-day"
countries = ["*"]
centers = ["CH-A"]
above_miles = 10
up_to_miles = 40
clause = "small"
[[gates.excluded_areas]]
areas = ["freiburg", "london"]
level = "gold-plus"
clause = "excluded"
[[gates.excluded_areas]]
areas = ["islands"]
clause = "excluded"
[clauses]
radius = "Sites near a center."
in-texas = "Texas is large."
small = "This center is small."
excluded = "Not everywhere."
otherwise = "All other sites."
""",
    levels=["gold-plus", "next-day", "gold"],
    otherwise="otherwise",
)


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Return the ring of a box."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


ISLANDS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[box(179, -18, 180, -16)], [box(-180, -18, -179, -16)]],
            },
        },
        {
            "type": "Feature",
            "properties": {"name": "Svalbard, with a hole"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [box(10, 76, 34, 81), box(15, 78, 16.5, 78.5)[::-1]],
            },
        },
    ],
}

CENTERS = """center_id,latitude,longitude,country
US-DAL,32.7767,-96.797,US
DE-FRB,47.999,7.842,DE
GB-LON,51.5074,-0.1278,GB
CH-A,47.05,8.31,CH
CH-B,46.95,7.44,CH
FJ-1,-16.8,179.34,FJ
NO-LYR,78.22,15.65,NO
"""

HEADER = (
    "site_id,latitude,longitude,country,accuracy_m,state,zip,"
    "level,status,reason,center_id,limit_miles\n"
)
CASES = """texas-code,34.1,-96.8,US,,TX,,Gold Plus,qualified,within_radius,US-DAL,100
texas-whole-code,34.1,-96.8,US,,us - tx,,Gold Plus,qualified,within_radius,US-DAL,100
texas-name,34.1,-96.8,US,,Texas,,Gold Plus,qualified,within_radius,US-DAL,100
not-texas,34.1,-96.8,US,,OK,,Next Day,qualified,within_radius,US-DAL,150
texas-unknown,34.1,-96.8,US,,,,Gold,review,area_unknown,US-DAL,150
texas-not-read,34.1,-96.8,US,,Tejas,,Gold,review,area_unknown,US-DAL,150
texas-other-country,34.1,-96.8,US,,MX-CHH,,Gold,review,area_unknown,US-DAL,150
unknown-but-near,33,-96.8,US,,,,Gold Plus,qualified,within_radius,US-DAL,70
unknown-but-far,36.5,-96.8,US,,,,Gold,fallback,beyond_radius,US-DAL,150
postcode-in,48,7.85,DE,,,79098,Gold,fallback,area_excluded,DE-FRB,50
postcode-written,48,7.85,DE,,,D-79098 Freiburg,Gold,fallback,area_excluded,DE-FRB,50
postcode-in-range,48,7.85,DE,,,80995,Gold,fallback,area_excluded,DE-FRB,50
postcode-after-range,48,7.85,DE,,,81000,Gold Plus,qualified,within_radius,DE-FRB,50
postcode-lost-zero,48,7.85,DE,,,1067,Gold Plus,qualified,within_radius,DE-FRB,50
postcode-missing,48,7.85,DE,,,,Gold,review,area_unknown,DE-FRB,50
postcode-too-short,48,7.85,DE,,,7,Gold,review,area_unknown,DE-FRB,50
postcode-missing-far,52.5,13.4,DE,,,,Gold,fallback,beyond_radius,DE-FRB,50
outward-code,51.5,-0.12,GB,,,sw1a 1aa,Gold,fallback,area_excluded,GB-LON,50
outward-code-alone,51.5,-0.12,GB,,,SW1,Gold,fallback,area_excluded,GB-LON,50
other-outward-code,51.5,-0.12,GB,,,SW10 9AA,Gold Plus,qualified,within_radius,GB-LON,50
postcode-area,51.5,-0.12,GB,,,EC1A1BB,Gold,fallback,area_excluded,GB-LON,50
other-area,51.5,-0.12,GB,,,E1 6AN,Gold Plus,qualified,within_radius,GB-LON,50
letters-alone,51.5,-0.12,GB,,,SW,Gold,review,area_unknown,GB-LON,50
nearer-serves-less,47.05,8.05,CH,,,,Gold Plus,qualified,within_radius,CH-B,50
nearer-of-equals,47.05,8.2,CH,,,,Gold Plus,qualified,within_radius,CH-A,10
no-band-but-own,47.3769,8.5417,CH,,,,Next Day,qualified,within_radius,CH-A,40
beyond-its-own-band,47.52,8.85,CH,,,,Gold,fallback,beyond_radius,CH-A,40
edge,-17,179,FJ,,,,Gold,fallback,area_excluded,FJ-1,50
off-the-edge,-17,178.999999,FJ,,,,Gold Plus,qualified,within_radius,FJ-1,50
rough-at-the-edge,-17,178.999,FJ,500,,,Gold,review,borderline,FJ-1,50
rough-but-clear,-17,178.99,FJ,500,,,Gold Plus,qualified,within_radius,FJ-1,50
at-180,-16.8,180,FJ,,,,Gold,fallback,area_excluded,FJ-1,50
at-180-west,-16.8,-180,FJ,,,,Gold,fallback,area_excluded,FJ-1,50
in-a-hole,78.22,15.6,NO,,,,Gold Plus,qualified,within_radius,NO-LYR,50
beside-a-hole,78.6,15.65,NO,,,,Gold,fallback,area_excluded,NO-LYR,50
"""
"""Distances: by Karney's geodesic. The columns of regions and postcodes have common synonyms."""

GIVEN = ("site_id", "latitude", "longitude", "country", "accuracy_m", "state", "zip")
ANSWER = ("level", "status", "reason", "center_id")


def cases() -> dict[str, dict[str, str]]:
    """Return the cases by name."""
    return {row["site_id"]: row for row in csv.DictReader(io.StringIO(HEADER + CASES))}


def write_policy(folder: Path, text: str = POLICY) -> Path:
    """Write the policy and its file of areas."""
    (folder / "islands.geojson").write_text(json.dumps(ISLANDS), encoding="utf-8")
    path = folder / "zoned.toml"
    path.write_text(text, encoding="utf-8")
    return path


def policy(folder: Path) -> Policy:
    """Return the policy, from files."""
    return Policy.load(write_policy(folder))


def sites() -> str:
    """Return the sites as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, GIVEN, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(cases().values())
    return out.getvalue()
