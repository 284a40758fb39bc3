"""Levels that start later, compared with a slow answer for one site at a time."""

import calendar
import datetime
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from coverage_analyzer import arrays, countries
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Verdicts
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import Reason, Status

TODAY: Final = datetime.date(2026, 12, 1)
LEVELS: Final = ("premium", "express", "ground", "spare", "basic")
GEOD: Final = Geod(ellps="WGS84")
NEVER: Final = datetime.date.max

DATA: Final = Policy.load(Path(__file__).parents[1] / "golden" / "starts.toml").to_dict()

OPENS: Final = datetime.date(2026, 12, 20)
CLOSES: Final = datetime.date(2026, 12, 15)

PLACES: Final = {"open": 40.2, "planned": 36.7, "closing": 33.2, "far": 47.0}
"""Latitudes of sites at 100 degrees west, by the center that serves them."""

CENTERS: Final = Centers.from_texts(
    {
        "center_id": ["A", "P", "C"],
        "country": ["US"] * 3,
        "opens_on": ["", str(OPENS), ""],
        "closes_on": ["", "", str(CLOSES)],
    },
    np.full(3, -100.0),
    np.array([40.0, 36.5, 33.0]),
    ["1", "2", "3"],
)

days = st.integers(-70, 70).map(lambda n: TODAY + datetime.timedelta(n))
maybe = st.none() | days
events = st.sampled_from(["purchased", "installed", "registered", "audited"])


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule on levels in force."""
    worst = draw(st.integers(0, 3))
    levels = draw(st.sets(st.sampled_from(LEVELS[: worst + 1]), min_size=1))
    return {
        "levels": sorted(levels),
        "countries": draw(st.sampled_from([["*"], ["US"], ["DE"]])),
        "amount": draw(st.integers(0, 3 if worst % 2 else 40)),
        "unit": draw(st.sampled_from(["days", "weeks", "months"])) if worst % 2 else "days",
        "start": sorted(draw(st.sets(events, min_size=1))),
        "interim": draw(st.sampled_from(LEVELS[worst + 1 :])),
        "clause": "audit",
    }


relocations = st.none() | st.fixed_dictionaries(
    {
        "up_to_miles": st.sampled_from([0.0, 25.0, 60.0]),
        "across_border": st.sampled_from(["interim", "none"]),
        "interim": st.sampled_from(LEVELS[1:]),
        "clause": st.just("relocation"),
    },
    optional={"amount": st.integers(0, 60)},
)

sites = st.fixed_dictionaries(
    {
        "place": st.sampled_from(sorted(PLACES)),
        "bought": st.sampled_from(["", *LEVELS]),
        "purchased": maybe,
        "installed": maybe,
        "registered": maybe,
        "audited": maybe,
        "moved": maybe,
        "off": st.sampled_from([None, 0.1, 0.5, 1.0]),
    }
)


def later(day: datetime.date, amount: int, unit: str) -> datetime.date:
    """Return a day some time after another one."""
    if unit != "months":
        return day + datetime.timedelta(amount * (7 if unit == "weeks" else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def holds_at(policy: dict[str, Any], site: dict[str, Any], level: str) -> list[tuple[Any, ...]]:
    """Return the rules on a level at a site: the day on which each ends, interim and reason."""
    result = []
    about = [rule for rule in policy["in_force_after"] if level in rule["levels"]]
    named = [rule for rule in about if "US" in rule["countries"]]
    for rule in named or [rule for rule in about if "*" in rule["countries"]]:
        given_days = [site[event] for event in rule["start"] if site[event]]
        if given_days:
            end = later(max(given_days), rule["amount"], rule["unit"])
            result.append((end, rule["interim"], "not_yet_in_force"))
    rule = policy["relocation"]
    if rule and site["moved"] and site["off"]:
        lat = PLACES[site["place"]]
        metres = GEOD.inv(-100, lat, -100, lat + site["off"])[2]
        if (
            metres > rule["up_to_miles"] * 1609.344
            and level in LEVELS[: LEVELS.index(rule["interim"])]
        ):
            end = NEVER
            if "amount" in rule:
                end = later(site["moved"], rule["amount"], "days")
            if site["audited"] and site["audited"] >= site["moved"]:
                end = min(end, site["audited"])
            result.append((end, rule["interim"], "relocated"))
    return result


def in_force(policy: dict[str, Any], site: dict[str, Any], level: str) -> str:
    """Return the level in force today instead of another one."""
    active = [interim for end, interim, _ in holds_at(policy, site, level) if end > TODAY]
    if not active:
        return level
    return in_force(policy, site, max(active, key=LEVELS.index))


def slow(policy: dict[str, Any], site: dict[str, Any]) -> tuple[str, str, str, str]:
    """Return level, status, reason and day of a site, by the words of the policy's page."""
    place = site["place"]
    base, status, reason, day = {
        "open": ("premium", "qualified", "within_radius", TODAY),
        "planned": ("ground", "pending", "center_opens_later", OPENS),
        "closing": ("premium", "qualified", "within_radius", TODAY),
        "far": ("ground", "fallback", "beyond_radius", TODAY),
    }[place]
    bought = site["bought"]
    if bought and LEVELS.index(bought) > 1 and place != "far":
        base, status, reason = bought, "fallback", "level_not_requested"
    elif bought and LEVELS.index(bought) > 2:
        base = bought
    elif bought == "express":
        base = "express" if status == "qualified" else base
    waits = status in {"qualified", "pending"}
    best = ("express" if bought == "express" else "premium") if waits else base
    since = OPENS if status == "pending" else TODAY
    level = in_force(policy, site, base)
    if waits and any(end > TODAY for end, _, _ in holds_at(policy, site, best)):
        level = max(level, in_force(policy, site, best), key=LEVELS.index)
    ends = [(end, why) for end, _, why in holds_at(policy, site, best) if end > since]
    if ends:
        last = max(end for end, _ in ends)
        reason = next(why for end, why in ends if end == last)
        status, day = "pending", last
        if last == NEVER or (place == "closing" and waits and last >= CLOSES):
            status = "fallback"
    return level, status, reason, str(day) if status == "pending" else ""


def matched(policy: Policy, table: list[dict[str, Any]]) -> Verdicts:
    """Return the verdicts of the kernel."""
    lat = np.array([PLACES[site["place"]] for site in table])
    off = [site["off"] for site in table]
    cells: dict[str, Any] = {
        f"{event}_on": np.array([site[event] for site in table], "datetime64[D]")
        for event in ("purchased", "installed", "registered", "audited", "moved")
    }
    cells["requested_level"] = arrays.text_array([site["bought"] for site in table])
    cells["former_latitude"] = arrays.text_array(
        [str(y + o) if o else "" for y, o in zip(lat.tolist(), off, strict=True)]
    )
    cells["former_longitude"] = arrays.text_array(["-100" if o else "" for o in off])
    country = arrays.text_array(["US"] * len(table))
    rows = SiteRows(
        np.full(len(table), -100.0), lat, np.full(len(table), math.nan), [country], cells
    )
    matcher = Matcher(CENTERS, policy, countries.load(), as_of=TODAY)
    return matcher.match(*matcher.inputs(rows))


@settings(max_examples=25, deadline=None)
@given(st.lists(rules(), max_size=3), relocations, st.lists(sites, min_size=1, max_size=12))
def test_many_sites_get_what_one_at_a_time_gets(
    in_force_after: list[dict[str, Any]],
    relocation: dict[str, Any] | None,
    table: list[dict[str, Any]],
) -> None:
    """Rules, levels bought, centers that open and close, moves."""
    data = {**DATA, "in_force_after": in_force_after, "gates": {"request": {"clause": "bought"}}}
    del data["relocation"]
    if relocation is not None:
        data["relocation"] = relocation | ({"unit": "days"} if "amount" in relocation else {})
    policy = Policy.from_mapping(data)
    verdicts = matched(policy, table)
    result = [
        (
            LEVELS[verdicts.level[n]],
            Status(verdicts.status[n]).name,
            Reason(verdicts.reason[n]).name,
            "" if np.isnat(verdicts.available_on[n]) else str(verdicts.available_on[n]),
        )
        for n in range(len(table))
    ]
    rules_of = {"in_force_after": in_force_after, "relocation": data.get("relocation")}
    assert result == [slow(rules_of, site) for site in table]
