"""What the kernel says of sites at and around limits, for the tests of the map's own rule.

``python tests/what_if_cases.py`` makes ``tests/js/what-if-cases.json``; a test compares it with
what the kernel says today, and `node --test` with what the page says.
"""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.geodesy import ROUNDING_M, destination
from coverage_analyzer.maps.what_if import WhatIfRules
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import Status

FILE: Final = Path(__file__).parent / "js" / "what-if-cases.json"
DAY: Final = datetime.date(2026, 12, 1)
CENTERS: Final = (
    ("AQ-1", "AQ", -89.9, 0.0, ""),
    ("CH-1", "CH", 47.5596, 7.5886, ""),
    ("DE-1", "DE", 47.999, 7.8421, ""),
    ("FJ-1", "FJ", -16.8, 179.98, ""),
    ("FJ-2", "FJ", -17.0, -179.9, "2027-03-01"),
    ("FJ-3", "FJ", -16.7, -179.95, "2027-01-01"),
    ("US-1", "US", 39.0997, -94.5786, ""),
    ("US-2", "US", 39.0997, -93.2, ""),
    ("US-3", "US", 40.2, -95.5, "2027-01-01"),
)
"""On both sides of 180 degrees and of a border, at a pole, with areas that overlap."""
OFF_M: Final = (
    *(-30_000, -1_000, -20, -1.5, -0.6, -0.01, -0.002, -0.0005, -1e-6),
    *(1e-6, 0.0005, 0.002, 0.01, 0.6, 1.5, 20, 1_000, 30_000),
)
"""Metres beyond a limit, of which 1 mm is allowed for rounding."""
POLICIES: Final = ("appliance-maintenance", "hp-call-to-repair")
N_SITES: Final = 400


def cases() -> list[dict[str, Any]]:
    """Return for each policy its rule, and sites with their verdicts."""
    return [_case(name, seed) for seed, name in enumerate(POLICIES)]


def _case(name: str, seed: int) -> dict[str, Any]:
    world, policy, rng = countries.load(), Policy.load(name), np.random.default_rng(seed)
    matcher = Matcher(centers(), policy, world, as_of=DAY, trust_declared=True)
    sites = sites_near(matcher, rng)
    verdicts = matcher.match(sites)
    rule = WhatIfRules.of(matcher, has_rules=False).page_data(
        matcher.centers, matcher.center_country, world.names
    )
    codes = sorted({world.names.codes[n] for n in sites.declared.tolist()})
    planned = matcher.centers.is_planned(np.datetime64(DAY))
    day = matcher.centers.opens_on.astype(str)
    return {
        "policy": name,
        "rule": {k: rule[k] for k in ("same_country", "ranks", "fallback", "interim", "bands")},
        "countries": codes,
        "centers": [
            [
                float(matcher.centers.lat[i]),
                float(matcher.centers.lon[i]),
                rule["center_codes"][i],
                day[i] if planned[i] else "",
            ]
            for i in range(len(planned))
        ],
        "sites": [
            [
                float(sites.lat[i]),
                float(sites.lon[i]),
                codes.index(world.names.codes[sites.declared[i]]),
                -1 if np.isnan(sites.accuracy_m[i]) else float(sites.accuracy_m[i]),
                int(verdicts.level[i]),
                Status(int(verdicts.status[i])).name,
                "" if np.isnat(verdicts.available_on[i]) else str(verdicts.available_on[i]),
                int(verdicts.center[i]),
            ]
            for i in range(len(sites))
        ],
    }


def centers() -> Centers:
    """Return the centers."""
    ids, codes, lat, lon, opens = map(list, zip(*CENTERS, strict=True))
    columns = {"center_id": ids, "country": codes, "opens_on": opens}
    return Centers.from_texts(columns, np.array(lon), np.array(lat), ids)


def sites_near(matcher: Matcher, rng: np.random.Generator, off_m: Sequence[float] = OFF_M) -> Sites:
    """Return sites near the limits of the centers, so many metres beyond, and some anywhere."""
    source, names = matcher.centers, matcher.world.names
    at = rng.integers(len(source), size=N_SITES)
    country = matcher.center_country[at]
    bands = [matcher.policy.bands_in(names.codes[n]) for n in country.tolist()]
    limit = np.array([b[rng.integers(len(b))].up_to_m for b in bands])
    metres = limit + ROUNDING_M + rng.choice(off_m, N_SITES)
    far = rng.random(N_SITES) < 0.25
    metres = np.where(far, rng.uniform(0, 250_000, N_SITES), metres)
    azimuth = rng.uniform(-180, 180, N_SITES)
    lon, lat = destination(source.lon[at], source.lat[at], azimuth, metres)
    accuracy = rng.choice([np.nan, np.nan, np.nan, 1, 20, 1_000, 40_000], N_SITES)
    declared = np.where(rng.random(N_SITES) < 0.1, rng.permutation(country), country)
    return Sites(lon, lat, declared.astype(np.int16), accuracy)


def text() -> str:
    """Return the content of the file."""
    rows = json.dumps(cases(), separators=(",", ":"))
    return rows.replace("],[", "],\n[").replace("},{", "},\n{") + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"Wrote {FILE}")  # noqa: T201 - a script
