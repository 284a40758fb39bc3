"""The rules of policies as table rows: by level, or several policies side by side."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy import ALL_OTHERS, Policy
from coverage_analyzer.policy.rules import NOT_STATED, LeadTime, Level, Warranty
from coverage_analyzer.programmes.rule_rows import rule_rows

NONE: Final = "none"

OFFERED: Final = "Offered without a distance"
"""Name of the row of offers, in tables of policies that have some."""

ABSENT: Final = "not available"
"""Cell of a policy without the level of the row."""

UNNAMED: Final = "not named by the vendor"

NO_RULES: Final = frozenset(
    {NONE, ABSENT, NOT_STATED, "any", "no rule", "not required", "national calendar", "holder"}
)
"""Cells of a policy without the rule of a row, or with what holds without one."""

WHAT: Final = {"center": "New center", "appliance": "Set-up"}
"""Name of each kind of lead time in a row."""


def level_rows(policy: Policy) -> dict[str, list[str]]:
    """Return the promises of each level of a policy, a cell per level, by feature."""
    rows = {
        feature: [_of_level(policy, level)[feature] for level in policy.levels]
        for feature in _of_level(policy, policy.levels[0])
    }
    codes = _band_countries([policy])
    for code in codes:
        rows[f"Radius in {_place(code, codes)}"] = [_radius(policy, v, code) for v in policy.levels]
    if policy.offers:
        rows[OFFERED] = [_offered(policy, level) or NONE for level in policy.levels]
    rows["Countries"] = [policy.offer_text(level.id) for level in policy.levels]
    banded = {band.level for band in policy.bands}
    for feature, cell in _lead_times(policy).items():
        rows[feature] = [cell if level.id in banded else NONE for level in policy.levels]
    if policy.warranty:
        rows["Manufacturer's warranty"] = [_warranty(policy.warranty)] * len(policy.levels)
    return rows


def policy_rows(policies: Sequence[Policy]) -> dict[str, list[str]]:
    """Return the rules of several policies, a cell per policy, by feature.

    A radius applies to the named country, whether a policy names it or includes it in all others.
    A rule that no policy has is no row. Keys that no row has in words follow as they are
    (`rule_rows`).
    """
    every = [level.title for policy in policies for level in policy.levels]
    titles = {title.casefold(): title for title in reversed(every)}
    ordered = [titles[name] for name in dict.fromkeys(title.casefold() for title in every)]
    groups = [[_level_cells(policy, title) for policy in policies] for title in ordered]
    codes = _band_countries(policies)
    groups.append(
        [{f"Radius in {_place(c, codes)}": _bands(policy, c) for c in codes} for policy in policies]
    )
    if any(policy.offers for policy in policies):
        groups.append([{OFFERED: _all_offered(policy)} for policy in policies])
    groups.append([_qualification(policy) for policy in policies])
    for per, what in WHAT.items():
        codes = _lead_countries(policies, per)
        groups.append(
            [
                {f"{what} in {_place(c, codes)}": _lead_time(p, c, per) for c in codes}
                for p in policies
            ]
        )
    groups.append([_eligibility(policy) for policy in policies])
    rows = {
        feature: [cells.get(feature, NONE) for cells in group]
        for group in groups
        for feature in dict.fromkeys(name for cells in group for name in cells)
    }
    used = {feature: cells for feature, cells in rows.items() if not NO_RULES.issuperset(cells)}
    return used | rule_rows(policies)


def _of_level(policy: Policy, level: Level) -> dict[str, str]:
    """Return the promises of a level."""
    return {
        "Promise": "; ".join(policy.clock_texts(level)) or "nothing",
        "Coverage hours": level.coverage_hours,
        "Software updates": level.software_updates,
        "Technical support": level.technical_support,
        "Footnotes": " ".join(policy.clauses[name] for name in level.footnotes) or NONE,
    }


def _level_cells(policy: Policy, title: str) -> dict[str, str]:
    """Return the promises of the level of a title without case, if the policy has it."""
    same = title.casefold()
    levels = [level for level in policy.levels if level.title.casefold() == same]
    cells = _of_level(policy, (levels or policy.levels)[0])
    return {f"{title}: {f.lower()}": cell if levels else ABSENT for f, cell in cells.items()}


def _countries(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return each country named in the lists, followed by all others if they are named."""
    codes = dict.fromkeys(code for codes_of_one in lists for code in codes_of_one)
    return sorted(codes, key=lambda code: (code == ALL_OTHERS, code))


def _band_countries(policies: Sequence[Policy]) -> list[str]:
    return _countries([band.countries for policy in policies for band in policy.bands])


def _lead_countries(policies: Sequence[Policy], per: str) -> list[str]:
    return _countries([codes for p in policies for codes in p.lead_time_countries(per)])


def _place(code: str, codes: Sequence[str]) -> str:
    """Return the label of a country in a row."""
    if code != ALL_OTHERS:
        return code
    return "all other countries" if len(codes) > 1 else "all countries"


def _radius(policy: Policy, level: Level, code: str) -> str:
    """Return the maximum distance to a center for a level in a country."""
    if not any(band.level == level.id for band in policy.bands):
        return "any distance"
    bands = [band for band in policy.possible_bands(code) if band.level == level.id]
    limits = [f"{band.text}{band.where_text}" for band in bands]
    return "; ".join(limits) or "not available"


def _bands(policy: Policy, code: str) -> str:
    """Return all bands of a policy in a country."""
    limits = [
        f"{level.title} {_radius(policy, level, code)}"
        for level in policy.levels
        if any(band.level == level.id for band in policy.possible_bands(code))
    ]
    return "; ".join(limits)


def _offered(policy: Policy, level: Level) -> str:
    """Return where and for what a level is offered without a distance."""
    return "; ".join(offer.where for offer in policy.offers if offer.level == level.id)


def _all_offered(policy: Policy) -> str:
    """Return all offers of a policy without a distance."""
    cells = [f"{level.title} {_offered(policy, level)}" for level in policy.levels]
    offered = {offer.level for offer in policy.offers}
    is_offered = (level.id in offered for level in policy.levels)
    return "; ".join(itertools.compress(cells, is_offered)) or NONE


def _span(time: LeadTime) -> str:
    return time.span if time.per == "center" else f"{time.span} per {time.per}"


def _lead_times(policy: Policy) -> dict[str, str]:
    """Return the lead time of a new center or of the set-up, by country."""
    return {
        f"{what} in {_place(code, codes)}": _lead_time(policy, code, per)
        for per, what in WHAT.items()
        for codes in [_lead_countries([policy], per)]
        for code in codes
    }


def _lead_time(policy: Policy, code: str, per: str) -> str:
    time = policy.lead_time_in(code, per)
    return _span(time) if time else NOT_STATED


def _qualification(policy: Policy) -> dict[str, str]:
    """Return the rules besides the bands."""
    rules = policy.qualification
    return {
        "Center": "in the same country" if rules.same_country else "in any country",
        "Level beyond the radius": policy.level(rules.fallback).title,
        "Level until a center opens": policy.level(rules.interim).title,
    }


def _eligibility(policy: Policy) -> dict[str, str]:
    """Return the eligibility rules of a policy, by name."""
    rules, countries = policy.gates, policy.countries
    phases, components = rules.lifecycle, rules.components
    papers = ", ".join(sorted(policy.export_approval_countries)) or UNNAMED
    folds = [f"territories of {code}" for code in countries.fold_territories]
    folds += [f"{code} as {other}" for code, other in countries.fold.items()]
    cells: dict[str, str] = {
        "Where a level is not offered": policy.not_offered_text,
        "Product phases": ", ".join(phases.phases).replace("_", " ") if phases else "any",
        "Levels only in these phases": ", ".join(_bounded_levels(policy)),
        "Excluded components": ", ".join(components.excluded) or UNNAMED if components else "",
        "Address of a request": policy.commitments.accepted or "no rule",
        "Address registered": "required" if rules.registration else "",
        "Purchased level": "required" if rules.request else "not required",
        "Export approval": papers if policy.has_export_rule else "",
        "Countries that count as others": "; ".join(folds),
        "Contested areas": countries.contested,
        "Business days": "; ".join(policy.commitments.described()[1:]) or "national calendar",
        "Manufacturer's warranty": _warranty(policy.warranty) if policy.warranty else NOT_STATED,
    }
    return {feature: cell or NONE for feature, cell in cells.items()}


def _bounded_levels(policy: Policy) -> Iterator[str]:
    """Yield the titles of the levels that depend on product phases."""
    rule = policy.gates.lifecycle
    return (level.title for level in policy.levels if rule is not None and rule.bounds(level.id))


def _warranty(warranty: Warranty) -> str:
    """Return the warranty periods of hardware and software."""
    hardware, software = _days(warranty.hardware_days), _days(warranty.software_days)
    return f"hardware {hardware}, software {software}"


def _days(days: int) -> str:
    """Return a number of days as text, in years if whole.

    Examples
    --------
    >>> _days(365), _days(1095), _days(90), _days(1)
    ('1 year', '3 years', '90 days', '1 day')
    """
    years, rest = divmod(days, 365)
    amount, unit = (days, "day") if rest or not years else (years, "year")
    return quantity(amount, unit)
