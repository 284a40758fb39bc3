"""The page of a plan: what is proved, a map of the new areas and the gained sites, curve, tables.

The map is that of a run with all its sites: gained ones are ``pending`` there, and new areas are
planned ones, until the centers open. Centers that the plan opens or closes have marks of their own.
All text of the user is in encoded blocks, as everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.maps import page_data
from coverage_analyzer.maps.packing import packed_json
from coverage_analyzer.maps.page import sealed, theme_script, with_leaflet
from coverage_analyzer.maps.scripts import asset, bundled
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher, chunks
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.siting import report
from coverage_analyzer.siting.demand import with_centers
from coverage_analyzer.siting.planner import Plan, ranked

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
    block = packed_json(_data(answer, matcher, manifest))
    script = bundled("plan.js", "showPlan", {"theme.js": theme_script()})
    shell = with_leaflet(asset("plan.html"))
    shell = shell.replace("</head>", f"<style>\n{asset('plan.css')}</style>\n</head>", 1)
    shell = shell.replace(
        "</body>",
        f'<script type="application/octet-stream" id="plan-data">{block}</script>\n'
        f"<script>\n{script}\nshowPlan();\n</script>\n</body>",
        1,
    )
    return str(sealed(shell, "map", map_data(answer, matcher)))


def map_data(answer: Plan, matcher: Matcher) -> page_data.Payload:
    """Return what the map of a plan shows: all sites, as the plan changes them.

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
    drawn = DrawnSites()
    for run in chunks(len(table)):
        at = np.arange(run.start, run.stop)
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
    heading = page_data.Heading(after.policy.title, promise(after.policy))
    data = page_data.payload(heading, drawn, network, after.world.names)
    _mark_changes(data.meta["centers"], answer)
    places, chosen = answer.setting.places, answer.order
    if len(chosen):  # a view of the plan, not of the world
        lon, lat = places.lon[chosen], places.lat[chosen]
        if np.ptp(lon) < MAX_VIEW_DEGREES:
            south, north = max(lat.min() - EDGE_DEGREES, -85), min(lat.max() + EDGE_DEGREES, 85)
            west, east = lon.min() - EDGE_DEGREES, lon.max() + EDGE_DEGREES
            data.meta["bounds"] = [[float(south), float(west)], [float(north), float(east)]]
    return data


def _mark_changes(centers: list[dict[str, Any]], answer: Plan) -> None:
    """Give the centers that the plan opens or closes states of their own."""
    ids, n = answer.setting.places.ids, len(answer.opened)
    states = {ids[i]: "new" for i in answer.opened.tolist()}
    states |= {ids[i]: "closing" for i in answer.order[n:].tolist()}
    for center in centers:
        center["state"] = states.get(center["id"], center["state"])


def _areas(matcher: Matcher) -> Areas | None:
    """Return the coverage areas; none where they cannot be drawn."""
    day = np.datetime64(matcher.as_of, "D")
    network = (matcher.centers, matcher.center_country, matcher.policy, matcher.world, day)
    try:
        return areas.areas(*network, trust_declared=matcher.convention.trust_declared)
    except InputError:
        return None


def _data(answer: Plan, matcher: Matcher, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands above and below the map."""
    flattens = manifest.get("flattens")
    return {
        "title": _title(answer, manifest),
        "subtitle": f"{manifest['policy']['title']}, as of {manifest['as_of']}",
        "proof": manifest["proof"],
        "facts": _facts(answer, manifest),
        "notes": [*manifest["notes"], *_changes(answer, manifest)],
        "legend": _legend(answer, matcher),
        "curve": _curve(answer),
        "counted": _counted(answer),
        "flattens": _flattening(flattens) if flattens else "",
        "tables": _tables(answer),
        "attribution": manifest["attribution"],
    }


def _title(answer: Plan, manifest: Mapping[str, Any]) -> str:
    opened, closed = len(answer.opened), answer.closed
    what = [(opened, "open"), (closed, "close")]
    doing = " and ".join(f"{verb} {quantity(n, 'center')}" for n, verb in what if n)
    doing = doing or "change nothing"
    gained = manifest["gained_sites"]
    return f"Plan: {doing}" + (f", gain {quantity(gained, 'site')}" if gained else "")


def _counted(answer: Plan) -> str:
    """Return what is counted, in words: sites, or the weight of a column."""
    column = answer.setting.demand.table.weight_column
    return f"weight ({column})" if column else "sites"


def _facts(answer: Plan, manifest: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Return the key figures: a value and its words each."""
    sites = manifest["sites"]
    before, after = manifest["covered_weight_before"], manifest["covered_weight_after"]
    facts: list[tuple[Any, str]] = [(manifest["gained_sites"], "sites gained")]
    counted = _counted(answer)
    if counted != "sites":
        facts.append((manifest["gained_weight"], f"{counted} gained"))
    total = sum(state["weight"] for state in sites.values()) or 1
    facts.append(
        (
            f"{before / total:.1%} to {after / total:.1%}",
            f"of all {counted} with the level, planned centers counted",
        )
    )
    return facts


def _changes(answer: Plan, manifest: Mapping[str, Any]) -> list[str]:
    """Return what the plan gains if limits were longer or shorter, in words."""
    result = []
    in_km = answer.setting.demand.matcher.policy.unit == "km"
    step = "8.047 km (5 miles)" if in_km else "5 miles"
    for name, words in (("minus_5_miles", "shorter"), ("plus_5_miles", "longer")):
        change = manifest["limit_changes"].get(name)
        if change:
            what = f"{change['gained_weight']:,} {_counted(answer)}"
            result.append(f"If all limits were {step} {words}, this plan would gain {what}.")
    return result


def _legend(answer: Plan, matcher: Matcher) -> list[tuple[str, str]]:
    """Return the marks of the map that need words: a state of centers each."""
    legend = [("open", "existing center")]
    if len(answer.opened):
        legend.insert(0, ("new", "new: opened by this plan"))
    if answer.closed:
        legend.append(("closing", "closed by this plan"))
    if matcher.centers.is_planned(np.datetime64(matcher.as_of, "D")).any():
        legend.append(("planned", "planned before: opens later"))
    return legend


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


STATUS_WORDS: Final = {
    "not_chosen": "not needed in the best plan",
    "same_sites": "reaches the same sites as",
    "dominated": "all its sites, and more, are reached by",
    "no_gain": "reaches no site that lacks the level",
    "forbidden": "forbidden",
    "country_uncertain": "its country is uncertain",
}
"""Why a candidate is not in the plan, in words, before the candidate that is the cause."""


def _tables(answer: Plan) -> list[dict[str, Any]]:
    return [
        _plan_table(answer),
        *([_alternatives(answer)] if answer.alternatives else []),
        *_why_not(answer),
        _gains(answer),
    ]


def _by_id(answer: Plan) -> dict[str, str]:
    """Return what each place is called, by id."""
    places = answer.setting.places
    return {name: report.label(answer, i) for i, name in enumerate(places.ids)}


PLAN_CELLS: Final = (
    "rank",
    "action",
    "candidate_id",
    "gained_sites",
    "gained_weight",
    "cumulative_weight",
    "opens_earliest_on",
    "opens_latest_on",
    "same_sites_as",
)
"""Columns of ``plan.csv`` that the page shows, in its order."""


def _plan_table(answer: Plan) -> dict[str, Any]:
    """Return the centers of the plan by rank."""
    weighed = _counted(answer) != "sites"
    header = ["order", "what", "place", "sites gained"]
    header += [f"{_counted(answer)} gained"] if weighed else []
    header += ["total so far", "ready from", "ready until", "as good instead"]
    rows = []
    for row in report.plan_rows(answer):
        cells = dict(zip(report.PLAN, row, strict=True))
        rows.append([cells[n] for n in PLAN_CELLS if weighed or n != "gained_weight"])
    called = _by_id(answer)
    for line in rows:
        line[2] = called[line[2]]
    return _table("The centers of the plan, in the order of opening", header, rows)


def _alternatives(answer: Plan) -> dict[str, Any]:
    """Return the plans that differ, a row for each."""
    setting, rows = answer.setting, []
    for number, solution in enumerate(answer.alternatives, 1):
        if solution.plan is not None:
            names = [report.label(answer, i) for i in ranked(setting, solution.plan).tolist()]
            gained, bound = (v / setting.scale for v in (solution.objective, solution.bound))
            rows.append([number, report.plain(gained), report.plain(bound), "; ".join(names)])
    header = ("plan", f"{_counted(answer)} gained", "no such plan gains more than", "centers")
    return _table("Plans that are as good, or nearly", header, rows)


def _why_not(answer: Plan) -> list[dict[str, Any]]:
    """Return the candidates that are not in the plan, those that would gain most first."""
    rows = [row for row in report.why_not_rows(answer) if row[2] not in {"chosen", "forced"}]
    rows.sort(key=lambda row: (-row[6], -row[5], row[0]))
    rows = [row for row in rows if row[2] not in {"no_gain", "country_uncertain"}] or rows
    called = _by_id(answer)
    shown = [
        [
            called[row[0]],
            " ".join(filter(None, [STATUS_WORDS[row[2]], called.get(row[3], "")])),
            row[4],
            row[6],
            row[7],
        ]
        for row in rows
    ]
    header = (
        "place",
        "why it is not in the plan",
        "sites in reach",
        f"{_counted(answer)} that it would still gain",
        "would be center number",
    )
    return [_table("Candidates that are not in the plan", header, shown)] if rows else []


def _gains(answer: Plan) -> dict[str, Any]:
    """Return the sites that the plan gains."""
    called, weighed = _by_id(answer), _counted(answer) != "sites"
    rows = [
        [site, called[center], miles, *([weight] if weighed else [])]
        for site, center, _, miles, weight in report.gain_rows(answer)
    ]
    header = ["site", "by the new center", "miles", *([_counted(answer)] if weighed else [])]
    return _table("Sites that the plan gains", header, rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return the first rows of a table, without columns that are empty."""
    kept = [i for i in range(len(header)) if any(row[i] != "" for row in rows)] if rows else []
    return {
        "title": title,
        "columns": [header[i] for i in kept],
        "rows": [[row[i] for i in kept] for row in rows[:MAX_ROWS]],
        "more": f"{len(rows):,} rows in all, in the files." if len(rows) > MAX_ROWS else "",
    }
