"""Inconsistencies in a valid policy: a reused name, or a clause that contradicts its rule."""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from coverage_analyzer.policy.clock_checks import named_clocks
from coverage_analyzer.policy.distances import METRES, MILE_KM, number_text
from coverage_analyzer.policy.rules import Band
from coverage_analyzer.policy.validation import level_faults

if TYPE_CHECKING:
    from coverage_analyzer.policy.model import Policy

UNITS: Final = {
    "miles": r"miles?|mi",
    "km": r"km|kilom[eè]t(?:re|er)[ns]?",
    "hours": r"hours?|hrs?|h",
    "minutes": r"minutes?|mins?",
    "days": r"(?:business\s+|working\s+|calendar\s+)?days?",
    "weeks": r"weeks?",
    "months": r"months?",
    "years": r"years?",
}
"""Units of figures in the text of a clause."""

USE_IN_FORCE_AFTER: Final = (
    " To apply it, use [[in_force_after]] (format = 2), which counts from the purchase, the "
    "installation or an audit of each site."
)
"""What to do about a lead time that no rule uses."""

SMALLER: Final = {"days": ("hours", 24.0), "hours": ("minutes", 60.0)}
"""Units in which a clause may also state a clock, and how many make one hour or day."""

NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip
"""Numbers that clauses may spell out."""

FIGURE: Final = rf"(?i)\b(\d[\d.,]*|{'|'.join(NUMBERS)})\)?[\s-]*({'|'.join(UNITS.values())})\b"


class Stated(NamedTuple):
    """A figure of a rule, for comparison with the text of its clause.

    ``unit`` is a key of `UNITS`; ``others`` are figures in other units that the same clause may
    state instead; ``what`` is the name of the rule in messages.
    """

    where: str
    what: str
    clause: str
    amount: float
    unit: str
    others: dict[str, float]


def policy_warnings(policy: "Policy") -> list[str]:
    """Return the warnings about a policy, one sentence each.

    It has the name of a built-in policy but differs from it; the text of a clause states a
    different figure from the rule that cites it; a level is out of order or given by no rule; a
    lead time does not concern centers, so that no rule uses it.
    """
    levels = level_faults(policy) if policy.format == 1 else ()
    return [
        *_borrowed_name(policy),
        *_contradictions(policy),
        *levels,
        *_unapplied_warnings(policy),
    ]


def _borrowed_name(policy: "Policy") -> Iterator[str]:
    """Yield a warning if a policy has the name of a built-in one but differs from it."""
    shipped = type(policy).builtin_named(policy.name)
    if shipped and shipped.sha256 != policy.sha256:
        yield (
            f"The policy has the name of the built-in policy {policy.name!r} but differs from it. "
            f"Choose a different name."
        )


def _contradictions(policy: "Policy") -> Iterator[str]:
    """Yield each clause that states a figure of the same kind as its rule, but not the same one."""
    for rule in _figures(policy):
        figures = _clause_figures(policy.clauses[rule.clause])
        expected = {rule.unit: rule.amount, **rule.others}
        units = [unit for unit in expected if figures.get(unit)]
        if rule.unit in ("miles", "km") and rule.unit in units:  # the other may be rounded
            units = [rule.unit]
        if not units or any(
            _agrees(figures[u], expected[u], _tolerance(u, rule.unit)) for u in units
        ):
            continue
        amounts = " and ".join(f"{text} {unit}" for unit in units for text in figures[unit])
        yield (
            f"{rule.where}: the clause {rule.clause!r} says {amounts}, {rule.what} "
            f"{number_text(rule.amount)} {rule.unit}. Make the text of the clause agree with the "
            f"rule."
        )


def _figures(policy: "Policy") -> Iterator[Stated]:
    """Yield the figures of a policy that its clauses may also state."""
    for n, band in enumerate(policy.bands):
        yield Stated(
            f"bands.{n}", "the band", band.clause, band.up_to, band.unit, _in_other_units(band)
        )
    for n, level in enumerate(policy.levels):
        for where, clock in named_clocks(f"levels.{n}", level):
            unit = clock.unit.removeprefix("business_")
            other, factor = SMALLER[unit]
            same = {other: clock.amount * factor}
            yield Stated(where, "the level", clock.clause, clock.amount, unit, same)
    yield from _start_figures(policy)
    for n, time in enumerate(policy.lead_times):
        yield Stated(f"lead_times.{n}", "the rule", time.clause, time.at_most, time.unit, {})
    if policy.warranty:
        for part in ("hardware", "software"):
            days = getattr(policy.warranty, f"{part}_days")
            others = {"years": days / 365, "months": days * 12 / 365}
            yield Stated("warranty", f"{part}_days", policy.warranty.clause, days, "days", others)
    grace = policy.gates.registration
    if grace and grace.grace_days is not None:
        yield Stated("gates.registration", "the rule", grace.clause, grace.grace_days, "days", {})


def _start_figures(policy: "Policy") -> Iterator[Stated]:
    """Yield the figures of the rules on the start of levels."""
    for n, after in enumerate(policy.in_force_after):
        unit = after.unit.removeprefix("business_")
        yield Stated(f"in_force_after.{n}", "the rule", after.clause, after.amount, unit, {})
    rule = policy.relocation
    if rule is None:
        return
    miles = rule.up_to_m / METRES["miles"]
    if rule.up_to_km is None:
        km = {"km": miles * MILE_KM}
        yield Stated("relocation", "the rule", rule.clause, miles, "miles", km)
    else:
        yield Stated("relocation", "the rule", rule.clause, rule.up_to_km, "km", {"miles": miles})
    if rule.amount is not None and rule.unit is not None:
        unit = rule.unit.removeprefix("business_")
        yield Stated("relocation", "the rule", rule.clause, rule.amount, unit, {})


def _in_other_units(band: Band) -> dict[str, float]:
    """Return the upper limit of a band in the other units in which a clause may state it."""
    if band.unit == "minutes":
        return {"hours": band.up_to / 60}
    return {"km": band.up_to * MILE_KM} if band.unit == "miles" else {"miles": band.up_to / MILE_KM}


def _clause_figures(text: str) -> dict[str, list[str]]:
    """Return the figures in a text by unit, as written."""
    result: dict[str, list[str]] = {}
    for number, word in re.findall(FIGURE, text):
        unit = next(u for u, p in UNITS.items() if re.fullmatch(p, word, re.IGNORECASE))
        result.setdefault(unit, []).append(number.rstrip(".,"))
    return result


def _tolerance(unit: str, own: str) -> float:
    """Return how far a figure in a clause may be from that of its rule, relative to it.

    A distance may be rounded: in the unit of the rule by 0.1 %, such as 62.14 for 62.13712 miles;
    in the other by 1 %, as vendors round 50 miles to 80 km.
    """
    if unit not in ("miles", "km"):
        return 1e-9
    return 1e-3 if unit == own else 1e-2


def _agrees(figures: list[str], amount: float, tolerance: float) -> bool:
    """Return whether any of the figures equals an amount within a relative tolerance."""
    return any(
        math.isclose(value, amount, rel_tol=tolerance)
        for text in figures
        for value in _values(text)
    )


def _values(text: str) -> list[float]:
    """Return the possible values of a figure: a comma may group thousands or mark decimals."""
    if text.lower() in NUMBERS:
        return [float(NUMBERS[text.lower()])]
    readings = {text.replace(",", "")}
    if text.count(",") == 1 and "." not in text:
        readings.add(text.replace(",", "."))
    return [float(reading) for reading in readings if reading.count(".") <= 1]


def _unapplied_warnings(policy: "Policy") -> Iterator[str]:
    """Yield a warning for each lead time that no rule uses, and what to write instead.

    Readers of a built-in policy cannot change it: no advice is given.
    """
    own = type(policy).builtin_named(policy.name)
    advice = "" if own and own.sha256 == policy.sha256 else USE_IN_FORCE_AFTER
    for n, time in enumerate(policy.lead_times):
        if time.per != "center":
            yield (
                f"lead_times.{n}: the set-up time of each {time.per}, {time.span}, is not applied: "
                f"levels apply from the first day, as if every {time.per} were already set up."
                f"{advice}"
            )
