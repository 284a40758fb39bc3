"""The kernel against a loop over centers, bands and areas, written from the words of the guide."""

import itertools
import tomllib
from typing import Any

import areal
import numpy as np
from building import EARTH, Center, centers_of
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_analyzer import arrays, countries
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy

LEVELS = ("gold-plus", "next-day", "gold")
AREAS = ("ring", "one", "twelve")
CELLS: dict[str, dict[str, bool | None]] = {
    "": {"one": None, "twelve": None},
    "1": {"one": True, "twelve": None},
    "12345": {"one": True, "twelve": True},
    "13000": {"one": True, "twelve": False},
    "99999": {"one": False, "twelve": False},
}
"""What a postcode says about the areas ``DE:1`` and ``DE:12``."""

CITY = 10.0, 51.0
RADIUS_KM = 40.0
CENTERS = {"A": (10.0, 51.0), "B": (10.6, 51.1), "C": (9.5, 50.7)}

some_areas = st.lists(st.sampled_from(AREAS), min_size=1, max_size=2, unique=True)


@st.composite
def band_lists(draw: st.DrawFn, where: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw one or two contiguous bands."""
    ends = sorted(draw(st.sets(st.sampled_from((10.0, 25.0, 40.0, 60.0)), min_size=1, max_size=2)))
    levels = ("gold-plus", "next-day") if len(ends) > 1 else (draw(st.sampled_from(LEVELS[:2])),)
    pairs = zip([0.0, *ends], ends, levels, strict=False)
    return [
        {"level": level, "countries": ["*"], "above_km": above, "up_to_km": up_to, "clause": "all"}
        | where
        for above, up_to, level in pairs
    ]


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a policy with areas, and centers that have bands of their own."""
    data = tomllib.loads(areal.POLICY)
    data["clauses"] = {"all": "All.", "otherwise": "Else."}
    place = {"name": "City", "longitude": CITY[0], "latitude": CITY[1], "up_to_km": RADIUS_KM}
    data["areas"] = [
        {"id": "ring", "places": [place]},
        {"id": "one", "postcodes": ["DE:1"]},
        {"id": "twelve", "postcodes": ["DE:12"]},
    ]
    bands = draw(band_lists({}))
    if draw(st.booleans()):
        bands[-1]["except_areas"] = draw(some_areas)
    for _ in range(draw(st.integers(0, 2))):
        names = draw(some_areas)
        if all(set(names) != set(b.get("areas", ())) for b in bands):
            bands += draw(band_lists({"areas": names}))
    if draw(st.booleans()):
        bands += draw(band_lists({"centers": draw(st.sampled_from((["A"], ["B", "C"])))}))
    offers = [{"level": "next-day", "clause": "all"}] if draw(st.booleans()) else []
    for offer in offers:
        offer[draw(st.sampled_from(("areas", "except_areas")))] = draw(some_areas)
    used = {rule["level"] for rule in (*bands, *offers)} | {"gold"}
    rules = [{"areas": draw(some_areas), "clause": "all"}] if draw(st.booleans()) else []
    for rule in rules:
        rule["levels"] = draw(st.sampled_from(([bands[0]["level"]], [bands[-1]["level"]], [])))
    return data | {
        "levels": [level for level in data["levels"] if level["id"] in used],
        "bands": bands,
        "offers": offers,
        "gates": {"excluded_areas": rules},
    }


def bands_of(center: str, bands: list[dict[str, Any]], inside: set[str]) -> list[dict[str, Any]]:
    """Return the bands of a center in a place, by the words of the guide."""
    own = [b for b in bands if center in b.get("centers", ())]
    for pool in (own, [b for b in bands if "centers" not in b]):
        groups = [set(b["areas"]) for b in pool if "areas" in b]
        for group in [g for g in groups if g & inside] + [set()]:
            here = [b for b in pool if set(b.get("areas", ())) == group]
            here = [b for b in here if not inside & set(b.get("except_areas", ()))]
            if here:
                return here
    return []


def level_of(data: dict[str, Any], lon: float, lat: float, inside: set[str]) -> tuple[int, int]:
    """Return the level of a site whose areas are known, and that without any center."""
    best = len(LEVELS)
    for center, place in CENTERS.items():
        away = EARTH.inv(lon, lat, *place)[2]
        for band in bands_of(center, data["bands"], inside):
            if away <= band["up_to_km"] * 1000:
                best = min(best, LEVELS.index(band["level"]))
                break
    closed = set()
    for rule in data["gates"]["excluded_areas"]:
        if inside & set(rule["areas"]):
            closed |= set(rule["levels"] or [b["level"] for b in data["bands"]])
    had = []
    for offer in data["offers"]:
        here = inside & set(offer.get("areas", inside or {"none"})) or "areas" not in offer
        if here and not inside & set(offer.get("except_areas", ())):
            had.append(offer["level"])
    without = min((LEVELS.index(level) for level in had if level not in closed), default=2)
    served = best < 2 and LEVELS[best] not in closed
    return min(best, without) if served else without, without


def expected(data: dict[str, Any], lon: float, lat: float, cell: str) -> tuple[str, bool]:
    """Return the level of a site, and whether it is for review."""
    ring = EARTH.inv(lon, lat, *CITY)[2] <= RADIUS_KM * 1000
    names = {"ring": ring} | CELLS[cell]
    certain = {name for name, member in names.items() if member}
    unknown = [name for name, member in names.items() if member is None]
    result = {
        level_of(data, lon, lat, certain | set(more))
        for size in range(len(unknown) + 1)
        for more in itertools.combinations(unknown, size)
    }
    levels = {level for level, _ in result}
    if len(levels) > 1:
        return LEVELS[max(max(pair) for pair in result)], True
    return LEVELS[levels.pop()], False


PLACES = st.tuples(st.floats(9.2, 11.0), st.floats(50.5, 51.4), st.sampled_from(list(CELLS)))


@settings(max_examples=30)
@given(data=policies(), places=st.lists(PLACES, min_size=5, max_size=25))
def test_a_loop_agrees(data: dict[str, Any], places: list[tuple[float, float, str]]) -> None:
    """The level of each site, and which are for review."""
    centers = centers_of([Center(name, *place, "DE") for name, place in CENTERS.items()])
    matcher = Matcher(centers, Policy.from_mapping(data), countries.load())
    lon, lat = (np.array([place[axis] for place in places]) for axis in (0, 1))
    cells = {"postcode": arrays.text_array([cell for _, _, cell in places])}
    rows = SiteRows(
        lon, lat, np.full(len(lon), np.nan), [arrays.text_array(["DE"] * len(lon))], cells
    )
    verdicts = matcher.columns(matcher.match(*matcher.inputs(rows)))
    ids = {level.title: level.id for level in matcher.policy.levels}
    levels = [ids[title] for title in verdicts["level"].to_pylist()]
    review = [status == "review" for status in verdicts["status"].to_pylist()]
    target = [expected(data, *place) for place in places]
    assert list(zip(levels, review, strict=True)) == target
