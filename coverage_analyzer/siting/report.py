"""What a plan says, as rows of tables and as plain data."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.geodesy import MILE_M, distance_m
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.lead_times import lead_time, window
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.siting.candidates import TOWNS_CREDIT
from coverage_analyzer.siting.curve import flattening
from coverage_analyzer.siting.demand import COVERED, STATES, WANTING, joined
from coverage_analyzer.siting.pairs import plan_sites
from coverage_analyzer.siting.planner import Plan, planned_centers, ranked, subset

PLAN: Final = (
    "rank",
    "candidate_id",
    "latitude",
    "longitude",
    "country",
    "gained_sites",
    "gained_weight",
    "cumulative_weight",
    "action",
    "name",
    "same_sites_as",
    "opens_earliest_on",
    "opens_latest_on",
)
"""Columns of ``plan.csv``."""

GAINS: Final = ("site_id", "candidate_id", "rank", "distance_miles", "weight")
"""Columns of ``gains.csv``."""

CURVE: Final = ("new", "gained_weight", "bound", "gap", "plan_weight", "nesting_cost")
"""Columns of ``curve.csv``."""

WHY_NOT: Final = (
    "candidate_id",
    "country",
    "status",
    "because_of",
    "sites_in_reach",
    "weight_in_reach",
    "gain_after_plan",
    "enters_at",
)
"""Columns of ``why_not.csv``."""

ALTERNATIVES: Final = (
    "alternative",
    "rank",
    "candidate_id",
    "same_sites_as",
    "gained_weight",
    "bound",
    "gap",
)
"""Columns of ``alternatives.csv``."""

ENTERING: Final = 25
"""Number of further centers that ``why_not.csv`` looks ahead."""

LISTED_TWINS: Final = 4
"""Candidates that ``same_sites_as`` names at most; ``why_not.csv`` has all."""

SHIFT_MILES: Final = 5.0
"""By how much the limits are moved to see how the plan does."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Tables:
    """All tables of a plan, each as rows in the order of its columns."""

    plan: list[Row]
    gains: list[Row]
    curve: list[Row]
    why_not: list[Row]
    alternatives: list[Row]


def tables(answer: Plan) -> Tables:
    """Return the tables of a plan."""
    return Tables(
        plan_rows(answer),
        gain_rows(answer),
        curve_rows(answer),
        why_not_rows(answer),
        alternative_rows(answer),
    )


def plain(value: float) -> float | int:
    """Return a number without a fraction as an integer; noise of sums is rounded away."""
    rounded = round(float(value), 9)
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def plan_rows(answer: Plan) -> list[Row]:
    """Return the rows of ``plan.csv``: openings by rank, then closings."""
    places, rows, total = answer.setting.places, [], 0.0
    for rank, (place, sites, weight) in enumerate(_changes(answer), 1):
        total += weight
        closing = rank > len(answer.opened)
        rows.append(
            (
                rank,
                places.ids[place],
                float(places.lat[place]),
                float(places.lon[place]),
                _code(answer, place),
                sites,
                plain(weight),
                plain(total),
                "close" if closing else "open",
                places.names[place],
                listed_twins(answer, place),
                *(("", "") if closing else opening_days(answer, place)),
            )
        )
    return rows


def _changes(answer: Plan) -> list[tuple[int, int, float]]:
    """Return each place of the plan with the sites and the weight that it adds or takes."""
    weight, n = answer.setting.demand.table.weight, len(answer.opened)
    rank = answer.gains.rank
    sites = np.bincount(rank, minlength=n)
    gained = np.bincount(rank, weights=weight[answer.gains.site], minlength=n)
    opened = zip(answer.opened.tolist(), sites.tolist(), gained.tolist(), strict=True)
    return [*opened, *_losses(answer)]


def _losses(answer: Plan) -> list[tuple[int, int, float]]:
    """Return each closed place with the sites and the weight that are lost, as negative numbers."""
    setting, places, result = answer.setting, answer.setting.places, []
    if not answer.closed:
        return []
    standing = np.concatenate([answer.opened, np.flatnonzero(places.existing)])
    spots = places.lon[standing], places.lat[standing], places.country[standing]
    site, place = plan_sites(setting.demand, setting.rows, spots)
    counts = np.bincount(site, minlength=len(setting.rows))
    for closed in answer.order[len(answer.opened) :].tolist():
        mine = site[standing[place] == closed]
        counts[mine] -= 1
        lost = setting.rows[mine[counts[mine] == 0]]
        result.append((closed, -len(lost), -float(setting.demand.table.weight[lost].sum())))
    return result


def label(answer: Plan, place: int) -> str:
    """Return how a place is called where people read: its name, country and id."""
    places = answer.setting.places
    name, code = places.names[place], _code(answer, place) if places.usable[place] else ""
    if not name:
        return f"{places.ids[place]}, {code}" if code else places.ids[place]
    return f"{', '.join(filter(None, [name, code]))} ({places.ids[place]})"


def listed_twins(answer: Plan, place: int) -> str:
    """Return the first candidates that could be opened instead of one, and how many more."""
    same = twins(answer, place)
    names = [f"{t} {answer.setting.places.names[i]}".strip() for i, t in same[:LISTED_TWINS]]
    more = [f"and {len(same) - LISTED_TWINS} more"] if len(same) > LISTED_TWINS else []
    return "; ".join([*names, *more])


def twins(answer: Plan, place: int) -> list[tuple[int, str]]:
    """Return the candidates that reach the same sites as one: their positions and ids."""
    setting = answer.setting
    same = np.flatnonzero(setting.twin == setting.twin[place])
    usable = setting.places.usable & ~np.isin(np.arange(len(setting.places)), setting.forbidden)
    return [(i, setting.places.ids[i]) for i in same.tolist() if i != place and usable[i]]


def opening_days(answer: Plan, place: int) -> tuple[str, str]:
    """Return the days between which a center opens that is ordered on the day of the plan."""
    matcher = answer.setting.demand.matcher
    time = lead_time(matcher.policy, _code(answer, place))
    if time is None:
        return "", ""
    earliest, latest = window(time, np.datetime64(matcher.as_of, "D"))
    return str(earliest), str(latest)


def _code(answer: Plan, place: int) -> str:
    codes = answer.setting.demand.matcher.world.names.codes
    return str(codes[answer.setting.places.country[place]])


def gain_rows(answer: Plan) -> list[Row]:
    """Return the rows of ``gains.csv``, in the order of the sites."""
    setting, gains = answer.setting, answer.gains
    table, places = setting.demand.table, setting.places
    at = answer.opened[gains.rank]
    metres = distance_m(
        table.sites.lon[gains.site], table.sites.lat[gains.site], places.lon[at], places.lat[at]
    )
    miles = np.rint(metres / MILE_M * 1000) / 1000
    ids = table.site_id.take(gains.site).to_pylist()
    weights = [plain(w) for w in table.weight[gains.site].tolist()]
    names = [places.ids[i] for i in at.tolist()]
    ranks = (gains.rank + 1).tolist()
    return list(zip(ids, names, ranks, miles.tolist(), weights, strict=True))


def curve_rows(answer: Plan) -> list[Row]:
    """Return the rows of ``curve.csv``: the best plan of each size, or the plan as it grows."""
    if answer.curve:
        return [
            (
                point.new,
                plain(point.gained),
                plain(point.bound),
                _share(point.bound - point.gained, point.bound),
                plain(point.nested),
                plain(max(point.gained - point.nested, 0.0)),
            )
            for point in answer.curve
        ]
    if answer.setting.question.kind in {"close", "swap"}:
        return []
    total, rows = 0.0, []
    gained = [weight for _, _, weight in _changes(answer)]
    for new, weight in enumerate(gained, 1):
        total += weight
        last = new == len(gained) and answer.setting.question.kind != "cover"
        proof = (plain(answer.bound), answer.gap) if last else ("", "")
        rows.append((new, plain(total), *proof, plain(total), ""))
    return rows


def _share(part: float, whole: float) -> float:
    return max(part, 0.0) / whole if whole > 0 else 0.0


def why_not_rows(answer: Plan) -> list[Row]:
    """Return the rows of ``why_not.csv``: each candidate, by id."""
    setting, places = answer.setting, answer.setting.places
    candidates = np.flatnonzero(~places.existing)
    alone = setting.cover.alone() / setting.scale
    after = _gain_after(answer)
    enters = _entering(answer, after)
    rank = {place: n for n, place in enumerate(answer.opened.tolist(), 1)}
    rows = []
    for place in candidates.tolist():
        status, because = _status(answer, place, rank, alone)
        rows.append(
            (
                places.ids[place],
                _code(answer, place) if places.usable[place] else "",
                status,
                because,
                int(setting.covering.n_sites[place]),
                plain(alone[place]),
                plain(after[place]),
                enters.get(place, ""),
            )
        )
    return rows


def _status(answer: Plan, place: int, rank: Mapping[int, int], alone: Floats) -> tuple[str, str]:
    """Return what became of a candidate, and the candidate that is the cause, if one is."""
    setting, places = answer.setting, answer.setting.places
    dominator, twin = int(setting.dominator[place]), int(setting.twin[place])
    if place in rank:
        return ("forced" if place in setting.forced else "chosen"), ""
    for applies, status, other in (
        (not places.usable[place], "country_uncertain", -1),
        (place in setting.forbidden, "forbidden", -1),
        (not alone[place] > 0, "no_gain", -1),
        (twin != place, "same_sites", twin),
        (dominator >= 0, "dominated", dominator),
    ):
        if applies:
            return status, places.ids[other] if other >= 0 else ""
    return "not_chosen", ""


def _gain_after(answer: Plan) -> Floats:
    """Return what each place would gain in addition to the plan, in weights as given."""
    setting, cover = answer.setting, answer.setting.cover
    standing = np.concatenate([answer.opened, _kept_places(answer)])
    left = cover.need - cover.counts(standing)
    lengths = np.diff(cover.start)
    weights = np.repeat(np.where(left == 1, cover.weight, 0.0), lengths)
    gain = np.bincount(cover.candidate, weights=weights, minlength=len(setting.places))
    return np.asarray(gain / setting.scale, np.float64)


def _kept_places(answer: Plan) -> Ints:
    """Return the existing places that stay open."""
    existing = np.flatnonzero(answer.setting.places.existing)
    return np.setdiff1d(existing, answer.order[len(answer.opened) :])


def _entering(answer: Plan, after: Floats) -> dict[int, int]:
    """Return with how many centers each further candidate would join, if the plan went on."""
    setting = answer.setting
    places, allowed = setting.places, setting.allowed & ~setting.places.existing
    allowed[answer.opened] = False
    if not allowed.any() or not after[allowed].max() > 0:
        return {}
    cover, plan = setting.cover, np.concatenate([answer.opened, _kept_places(answer)])
    turned, result = cover.matrix().T.tocsr(), {}
    counts, base = cover.counts(plan), len(answer.opened)
    for number in range(base + 1, base + 1 + min(ENTERING, len(places))):
        gain = np.asarray(turned @ np.where(cover.need - counts == 1, cover.weight, 0.0))
        gain[~allowed] = -np.inf
        best = int(gain.argmax())
        if not gain[best] > 0:
            break
        result[best] = number
        allowed[best] = False
        counts[turned[best].indices] += 1
    return result


def alternative_rows(answer: Plan) -> list[Row]:
    """Return the rows of ``alternatives.csv``."""
    setting, rows = answer.setting, []
    for number, solution in enumerate(answer.alternatives, 1):
        if solution.plan is None:
            continue
        gap = _share(solution.bound - solution.objective, solution.bound)
        for rank, place in enumerate(ranked(setting, solution.plan).tolist(), 1):
            rows.append(
                (
                    number,
                    rank,
                    setting.places.ids[place],
                    listed_twins(answer, place),
                    plain(solution.objective / setting.scale),
                    plain(solution.bound / setting.scale),
                    gap,
                )
            )
    return rows


def words(answer: Plan) -> str:
    """Return what is proved, in one sentence."""
    question, n = answer.setting.question, len(answer.opened)
    if question.kind == "cover":
        least = int(np.ceil(answer.bound - 1e-9))
        if not answer.gap > 0:
            return f"{_centers(n)} are enough, and fewer are not (proved)."
        return f"{_centers(n)} are enough; at least {least} are needed (proved)."
    if question.kind == "close":
        if not answer.gap > 0:
            return "No other choice of centers to close loses less (proved)."
        return f"No other choice keeps more than {_percent(answer.gap)} more (proved)."
    limit = f"at most {_centers(question.new)}" if question.new is not None else "these limits"
    if not answer.gap > 0:
        return f"No plan with {limit} gains more (proved)."
    extra = (answer.bound - answer.objective) / answer.objective if answer.objective else np.inf
    return f"No plan with {limit} can gain more than {_percent(extra)} more (proved)."


def _centers(number: int | None) -> str:
    return f"{number} center" if number == 1 else f"{number} centers"


def _sites(number: int) -> str:
    return "1 site" if number == 1 else f"{number:,} sites"


def _percent(share: float) -> str:
    return f"{max(share * 100, 0.001):.2g}%" if np.isfinite(share) else "any amount"


def notes(answer: Plan) -> list[str]:
    """Return what a planner has to know in addition to the plan."""
    setting, question = answer.setting, answer.setting.question
    result = []
    left_out = answer.candidates.left_out
    if left_out:
        names = "; ".join(left_out[:5])
        more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        result.append(f"Candidates left out ({len(left_out)}): {names}{more}.")
    result += _shortfall(answer)
    unreached = setting.rows[(setting.covering.reached < setting.need)]
    wanting = unreached[setting.demand.state[unreached] == WANTING]
    if len(wanting) and question.kind != "close":
        result.append(f"No candidate can give the level to {_sites(len(wanting))} without it.")
    for state in (2, 3):
        rows = setting.demand.rows(state)
        if len(rows):
            what = {2: "for manual review", 3: "kept from the level by a rule"}[state]
            result.append(f"Not counted, as they are {what}: {_sites(len(rows))}.")
    column = setting.demand.table.weight_column
    if column:
        result.append(f"Weight is the sum of the column {column!r} of the sites.")
    return [*result, *answer.notes]


def _shortfall(answer: Plan) -> list[str]:
    """Return why a plan opens fewer centers than it may, if it does."""
    setting, question = answer.setting, answer.setting.question
    if question.kind != "close" and not (setting.useful & ~setting.places.existing).any():
        return ["No candidate gains anything."]
    if question.budget is not None and _cheapest(answer) > question.budget:
        cost = f"{_cheapest(answer):g}, more than the budget of {question.budget:g}"
        return [f"The cheapest candidate that gains anything costs {cost}."]
    if question.new is not None and len(answer.opened) < question.new:
        opened = f"The plan has {_centers(len(answer.opened))}, not {question.new}"
        return [f"{opened}: no further candidate gains anything within the limits."]
    return []


def _cheapest(answer: Plan) -> float:
    """Return the least cost of a candidate that may be chosen and gains anything."""
    setting = answer.setting
    costs = setting.places.cost[setting.allowed & setting.useful & ~setting.places.existing]
    return float(costs.min(initial=np.inf))


def summary(answer: Plan) -> dict[str, Any]:
    """Return the plan as plain data, without what only files know."""
    setting, demand = answer.setting, answer.setting.demand
    question = setting.question
    weight = demand.table.weight
    gained = float(weight[answer.gains.site].sum())
    before = demand.weight(COVERED)
    after = answer.objective if question.kind in {"close", "swap"} else before + gained
    result = {
        "question": {
            k: v for k, v in dataclasses.asdict(question).items() if v not in (None, False, (), 0)
        }
        | {"kind": question.kind},
        "objective": plain(answer.objective),
        "bound": plain(answer.bound),
        "gap": answer.gap,
        "stopped_by": answer.stopped_by,
        "proof": words(answer),
        "plan": [setting.places.ids[i] for i in answer.opened.tolist()],
        "close": [setting.places.ids[i] for i in answer.order[len(answer.opened) :].tolist()],
        "places": [label(answer, i) for i in answer.order.tolist()],
        "gained_sites": len(answer.gains.site),
        "gained_weight": plain(gained),
        "weight_column": demand.table.weight_column,
        "coverable_weight": plain(setting.cover.total / setting.scale),
        "sites": _states(answer),
        "covered_weight_before": plain(before),
        "covered_weight_after": plain(before if question.backup else after),
        "candidates": {
            "source": answer.candidates.source,
            "given": len(answer.candidates),
            "left_out": len(answer.candidates.left_out),
            "useful": int((setting.useful & ~setting.places.existing).sum()),
        },
        "limit_changes": shifted(answer),
        "notes": notes(answer),
        "attribution": ATTRIBUTION
        + (f"; {TOWNS_CREDIT}" if answer.candidates.source == "generated" else ""),
    }
    if answer.curve:
        result["flattens"] = flattening(np.array([point.gained for point in answer.curve]))
    if answer.alternatives:
        result["alternatives"] = len(answer.alternatives)
    return result


def _states(answer: Plan) -> dict[str, dict[str, float]]:
    demand = answer.setting.demand
    return {
        name: {"sites": len(demand.rows(state)), "weight": plain(demand.weight(state))}
        for state, name in enumerate(STATES)
    }


def shifted(answer: Plan) -> dict[str, dict[str, float]]:
    """Return how the plan does if all limits were 5 miles shorter or longer.

    Returns
    -------
    changes
        By ``minus_5_miles`` and ``plus_5_miles``: the sites that have the level with the opened
        centers and lack it without them, and their weight.
    """
    opened = answer.opened
    if not len(opened) or answer.closed or answer.setting.question.backup:
        return {}
    result = {}
    for name, miles in (("minus_5_miles", -SHIFT_MILES), ("plus_5_miles", SHIFT_MILES)):
        rows = _gained_at(answer, miles)
        weight = float(answer.setting.demand.table.weight[rows].sum())
        result[name] = {"gained_sites": len(rows), "gained_weight": plain(weight)}
    return result


def _gained_at(answer: Plan, miles: float) -> Ints:
    """Return the sites that the plan gains if each limit were longer by `miles`."""
    demand = answer.setting.demand
    rows = np.flatnonzero(_near(answer))
    if not len(rows):
        return rows
    without = _longer_limits(demand.matcher, demand.matcher.centers, miles)
    with_plan = _longer_limits(demand.matcher, planned_centers(answer), miles)
    part = demand.table.part(rows)
    zone = demand.zone[rows]
    gained = demand.reach.has_level(with_plan.match(*part), zone)
    gained &= ~demand.reach.has_level(without.match(*part), zone)
    return rows[gained]


def _near(answer: Plan) -> Bools:
    """Return which sites may have a chosen place within the longer limit, by latitude alone."""
    demand, places = answer.setting.demand, answer.setting.places
    far = (np.nanmax(demand.reach.limit_m) + SHIFT_MILES * MILE_M) / 110_000
    lat = np.sort(places.lat[answer.opened])
    sites = demand.table.sites.lat
    at = np.searchsorted(lat, sites)
    low, high = lat[np.maximum(at - 1, 0)], lat[np.minimum(at, len(lat) - 1)]
    near: Bools = np.minimum(np.abs(sites - low), np.abs(sites - high)) <= far
    near &= np.isin(demand.country, places.country[answer.opened]) | ~np.bool_(
        demand.reach.same_country
    )
    return near


def _longer_limits(matcher: Matcher, centers: Centers, miles: float) -> Matcher:
    """Return a matcher whose limits are longer by `miles`."""
    bands = tuple(band.longer_by(miles * MILE_M) for band in matcher.policy.bands)
    policy = matcher.policy.model_copy(update={"bands": bands})
    spec = dataclasses.replace(MatcherSpec.of(matcher), centers=centers, policy=policy)
    return spec.build(matcher.world)


def with_plan(answer: Plan, matcher: Matcher) -> Centers:
    """Return the centers for the next run: those given, and the opened ones as ordered.

    An opened center is ordered on the day of the plan where the policy has a lead time in its
    country; elsewhere it has no day, and is open at once. A closed one closes on that day.

    Parameters
    ----------
    answer
        The plan.
    matcher
        With the centers as given.
    """
    places, opened = answer.setting.places, answer.opened
    codes = [_code(answer, place) for place in opened.tolist()]
    centers = joined(
        matcher.centers,
        tuple(places.ids[i] for i in opened.tolist()),
        places.lon[opened],
        places.lat[opened],
        codes,
    )
    day = np.datetime64(matcher.as_of, "D")
    position = {name: i for i, name in enumerate(centers.center_id)}
    ordered, closes, names = centers.ordered_on.copy(), centers.closes_on.copy(), [*centers.name]
    for place, code in zip(opened.tolist(), codes, strict=True):
        at = position[places.ids[place]]
        names[at] = places.names[place]
        if lead_time(matcher.policy, code) is not None:
            ordered[at] = day
    for place in answer.order[len(opened) :].tolist():
        closes[position[places.ids[place]]] = day
    kept = np.flatnonzero(~(closes <= centers.opens_on)).tolist()
    changed = dataclasses.replace(centers, ordered_on=ordered, closes_on=closes, name=tuple(names))
    return subset(changed, kept)
