"""The page of a plan: what is proved, a map of the new areas and the gained sites, curve, tables.

The map is that of a run: gained sites are ``pending`` there, and new areas are planned ones, until
the centers open. All text of the user is in encoded blocks, as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import page_data
from coverage_analyzer.maps.packing import packed_json
from coverage_analyzer.maps.page import sealed, with_leaflet
from coverage_analyzer.maps.scripts import asset, bundled
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher, chunks
from coverage_analyzer.siting import report
from coverage_analyzer.siting.demand import COVERED, with_centers
from coverage_analyzer.siting.planner import Plan

MAX_ROWS: Final = 200
"""Rows of a table on the page at most; the files have all."""

EDGE_DEGREES: Final = 1.5
"""What the map shows round the places of the plan."""

MAX_VIEW_DEGREES: Final = 300.0
"""Places that span more degrees of longitude are shown as the run's map shows them."""


def page(answer: Plan, matcher: Matcher, manifest: Mapping[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    answer
        The plan.
    matcher
        With the centers as given.
    manifest
        What ``plan.json`` says.
    """
    block = packed_json(_data(answer, manifest))
    shell = with_leaflet(asset("plan.html"))
    shell = shell.replace("</head>", f"<style>\n{asset('plan.css')}</style>\n</head>", 1)
    shell = shell.replace(
        "</body>",
        f'<script type="application/octet-stream" id="plan-data">{block}</script>\n'
        f"<script>\n{bundled('plan.js', 'showPlan', {})}\nshowPlan();\n</script>\n</body>",
        1,
    )
    return sealed(shell, "map", map_data(answer, matcher))


def map_data(answer: Plan, matcher: Matcher) -> page_data.Payload:
    """Return what the map of a plan shows: the sites without the level, as the plan changes them.

    Parameters
    ----------
    answer
        The plan.
    matcher
        With the centers as given.
    """
    centers = report.with_plan(answer, matcher)
    after = with_centers(matcher, centers) if len(centers) else matcher
    table = answer.setting.demand.table
    rows = np.flatnonzero(answer.setting.demand.state != COVERED)
    if answer.closed:
        rows = np.arange(len(table))
    drawn = DrawnSites()
    for run in chunks(len(rows)):
        at = rows[run]
        sites, facts = table.part(at)
        verdicts = after.columns(after.match(sites, facts))
        ids = table.site_id.take(arrays.from_numpy(at))
        drawn.add(sites.lon, sites.lat, ids, pa.nulls(len(at), pa.string()), verdicts)
    network = page_data.Network(
        after.centers,
        after.center_country,
        _areas(after),
        np.datetime64(after.as_of, "D"),
        same_country=after.policy.qualification.same_country,
    )
    data = page_data.payload(after.policy.title, drawn, network, after.world.names)
    places, chosen = answer.setting.places, answer.order
    if len(chosen):  # a view of the plan, not of the world
        lon, lat = places.lon[chosen], places.lat[chosen]
        if np.ptp(lon) < MAX_VIEW_DEGREES:
            south, north = max(lat.min() - EDGE_DEGREES, -85), min(lat.max() + EDGE_DEGREES, 85)
            west, east = lon.min() - EDGE_DEGREES, lon.max() + EDGE_DEGREES
            data.meta["bounds"] = [[float(south), float(west)], [float(north), float(east)]]
    return data


def _areas(matcher: Matcher) -> Areas | None:
    """Return the coverage areas; none where they cannot be drawn."""
    day = np.datetime64(matcher.as_of, "D")
    network = (matcher.centers, matcher.center_country, matcher.policy, matcher.world, day)
    try:
        return areas.areas(*network, trust_declared=matcher.convention.trust_declared)
    except InputError:
        return None


def _data(answer: Plan, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands above and below the map."""
    flattens = manifest.get("flattens")
    return {
        "title": _title(answer, manifest),
        "proof": manifest["proof"],
        "facts": _facts(answer, manifest),
        "notes": manifest["notes"],
        "curve": _curve(answer),
        "flattens": _flattening(flattens) if flattens else "",
        "tables": _tables(answer),
        "attribution": manifest["attribution"],
    }


def _title(answer: Plan, manifest: Mapping[str, Any]) -> str:
    opened, closed = len(answer.opened), answer.closed
    what = [f"open {opened}" if opened else "", f"close {closed}" if closed else ""]
    doing = " and ".join(filter(None, what)) or "change nothing"
    return f"{manifest['policy']['title']}: {doing} (as of {manifest['as_of']})"


def _facts(answer: Plan, manifest: Mapping[str, Any]) -> list[tuple[Any, str]]:
    facts = [
        (manifest["gained_sites"], "sites gained"),
        (manifest["gained_weight"], "weight gained"),
        (manifest["covered_weight_before"], "weight with the level before"),
        (manifest["covered_weight_after"], "weight with the level after"),
        (f"{answer.gap:.3%}", "proved gap"),
    ]
    for name, words in (("minus_5_miles", "5 miles shorter"), ("plus_5_miles", "5 miles longer")):
        change = manifest["limit_changes"].get(name)
        if change:
            facts.append((change["gained_weight"], f"weight gained if limits were {words}"))
    return facts


def _curve(answer: Plan) -> list[dict[str, Any]]:
    return [
        {"new": row[0], "gained": row[1], "bound": None if row[2] == "" else row[2]}
        for row in report.curve_rows(answer)
    ]


def _flattening(flattens: Mapping[str, int]) -> str:
    """Return where the curve flattens, in words.

    Examples
    --------
    >>> _flattening({"half": 2, "most": 6, "all": 10})
    'Half of the gain needs 2 centers, 90 % of it 6, all of it 10.'
    """
    half, most, whole = (flattens[name] for name in ("half", "most", "all"))
    return f"Half of the gain needs {half} centers, 90 % of it {most}, all of it {whole}."


def _tables(answer: Plan) -> list[dict[str, Any]]:
    chosen = {"chosen", "forced"}
    why_not = [row for row in report.why_not_rows(answer) if row[2] not in chosen]
    why_not.sort(key=lambda row: (-row[6], -row[5], row[0]))
    kept = ("no_gain", "country_uncertain")
    why_not = [row for row in why_not if row[2] not in kept] or why_not
    return [
        _table("Plan", report.PLAN, report.plan_rows(answer)),
        *(
            [_table("Alternatives", report.ALTERNATIVES, report.alternative_rows(answer))]
            if answer.alternatives
            else []
        ),
        *([_table("Why not", report.WHY_NOT, why_not)] if why_not else []),
        _table("Gained sites", report.GAINS, report.gain_rows(answer)),
    ]


def _table(title: str, header: Sequence[str], rows: list[report.Row]) -> dict[str, Any]:
    """Return the first rows of a table, with its columns in words."""
    return {
        "title": title,
        "columns": [name.replace("_", " ") for name in header],
        "rows": [list(row) for row in rows[:MAX_ROWS]],
        "more": f"{len(rows):,} rows in all, in the files." if len(rows) > MAX_ROWS else "",
    }
