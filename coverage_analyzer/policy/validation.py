"""Validate the consistency of the parts of a policy."""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from coverage_analyzer.countries import names
from coverage_analyzer.policy import due_times, in_force, relocation
from coverage_analyzer.policy.areas import area_faults
from coverage_analyzer.policy.clock_checks import named_clocks
from coverage_analyzer.policy.distances import number_text, stated_units
from coverage_analyzer.policy.document import known_names, mentions, newer_keys
from coverage_analyzer.policy.eligibility import GateRules
from coverage_analyzer.policy.rules import (
    ALL_OTHERS,
    NOT_COVERED,
    Band,
    CountryRules,
    LeadTime,
)
from coverage_analyzer.policy.suggestions import nearest

SOME: Final = 12
"""Maximum number of countries named in a message."""

LEVEL_KEYS: Final = frozenset({"level", "fallback", "interim"})
"""Keys of a policy that name a level."""

if TYPE_CHECKING:
    from coverage_analyzer.policy.model import Policy


def faults(policy: "Policy") -> Iterator[str]:
    """Yield all inconsistencies between the parts of a policy, as text that names the key."""
    yield from _newer_keys(policy)
    yield from _duplicates(policy)
    yield from _dangling(policy)
    yield from _unknown_countries(policy)
    yield from _chained_folds(policy.countries)
    yield from _backward_times(policy.lead_times)
    yield from _mixed_units(policy)
    yield from area_faults(policy.areas, _area_uses(policy))
    yield from _excluded_level_faults(policy)
    has_rules = policy.bands or (policy.format > 1 and (policy.offers or policy.gates.request))
    if not has_rules:
        yield "bands: name at least one; format 2 allows [[offers]] or [gates.request] instead."
    yield from _band_faults(policy.bands)
    if policy.format > 1:
        yield from level_faults(policy)
    yield from _gate_faults(policy.gates)
    yield from in_force.faults(policy.in_force_after, policy.levels)
    yield from relocation.faults(policy.relocation)
    yield from _fallback_not_offered(policy)
    yield from due_times.faults(policy.levels, policy.commitments, policy.vendor, policy.format)


def _newer_keys(policy: "Policy") -> Iterator[str]:
    """Yield each key that a policy of format 1 may not have."""
    if policy.format == 1:
        yield from (f"{key}: needs format = 2." for key in newer_keys(policy))


def _duplicates(policy: "Policy") -> Iterator[str]:
    for what in ("id", "title"):
        values = [getattr(level, what) for level in policy.levels]
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield f"levels: two levels have the {what} {value!r}."
    for number, level in enumerate(policy.levels):
        if " ".join(level.title.split()).casefold() == NOT_COVERED.title.casefold():
            yield (
                f"levels.{number}.title: {level.title!r} is reserved for sites without a level. "
                f"Choose a different title."
            )


def _dangling(policy: "Policy") -> Iterator[str]:
    """Yield each reference to a level or clause that the policy does not have."""
    dump = policy.model_dump(exclude={"clauses", "levels", "source"})
    levels = [level.id for level in policy.levels]
    bounded = policy.gates.lifecycle.levels if policy.gates.lifecycle else None
    for value in bounded or ():
        if value not in levels:
            yield f"gates.lifecycle.levels: unknown level {value!r}.{nearest(value, levels)}"
    whole = {**dump, "levels": [v.model_dump() for v in policy.levels]}
    for where, key, value in mentions(whole, also=LEVEL_KEYS):
        names = levels if key in LEVEL_KEYS else list(policy.clauses)
        if value is not None and value not in names:
            kind = "level" if names is levels else "clause"
            yield f"{where}: unknown {kind} {value!r}.{nearest(value, names)}"


def _unknown_countries(policy: "Policy") -> Iterator[str]:
    """Yield each country code that is not in ISO 3166-1."""
    table = names.load()
    rules = policy.countries
    used = [
        *(
            (f"{w}.{n}.countries", p.countries)
            for w in ("bands", "offers", "lead_times", "in_force_after")
            for n, p in enumerate(getattr(policy, w))
        ),
        *(
            (f"gates.not_offered.{n}.countries", (*p.countries, *p.but))
            for n, p in enumerate(policy.gates.not_offered)
        ),
        *(
            (f"gates.{name}.countries", p.countries)
            for name, p in [("export_approval", policy.gates.export_approval)]
            if p is not None
        ),
        *(
            (f"commitments.calendars.{n}.countries", c.countries)
            for n, c in enumerate(policy.commitments.calendars)
        ),
        *(
            (f"{where}.hours_in.{m}.countries", own.countries)
            for n, level in enumerate(policy.levels)
            for where, clock in named_clocks(f"levels.{n}", level)
            for m, own in enumerate(clock.hours_in)
        ),
        ("vendor.country", (policy.vendor.country,) if policy.vendor else ()),
        ("countries.fold", (*rules.fold, *rules.fold.values())),
        ("countries.fold_territories", rules.fold_territories),
    ]
    for where, code in ((w, c) for w, codes in used for c in codes):
        if code not in (ALL_OTHERS, *table.codes[1:]):
            number = table.number(code)
            hint = f" Did you mean {table.codes[number]!r}?" if number > 0 else ""
            yield f"{where}: {code!r} is not an ISO 3166-1 alpha-2 code.{hint}"


def _chained_folds(rules: CountryRules) -> Iterator[str]:
    """Yield each country that others count as, but that itself counts as another one."""
    table = names.load()
    sovereigns = dict(zip(table.codes, (table.codes[n] for n in table.sovereign), strict=True))
    counts_as = {c: s for c, s in sovereigns.items() if s in rules.fold_territories} | rules.fold
    for code in sorted(set(counts_as.values())):
        other = counts_as.get(code, code)
        if other != code:
            yield (
                f"countries.fold: {code!r} counts as {other!r}, but "
                f"{', '.join(repr(c) for c, o in counts_as.items() if o == code)} as {code!r}. "
                f"Name for each the country that it finally counts as."
            )


def _area_uses(policy: "Policy") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the path of each key that names areas, and the names."""
    for n, band in enumerate(policy.bands):
        yield f"bands.{n}.areas", band.areas
        yield f"bands.{n}.except_areas", band.except_areas
    for n, offer in enumerate(policy.offers):
        yield f"offers.{n}.areas", offer.areas
        yield f"offers.{n}.except_areas", offer.except_areas
    for n, rule in enumerate(policy.gates.excluded_areas):
        yield f"gates.excluded_areas.{n}.areas", rule.areas


def _excluded_level_faults(policy: "Policy") -> Iterator[str]:
    """Yield each level that is excluded in areas, but is unknown or what sites get there."""
    levels, rules = [level.id for level in policy.levels], policy.qualification
    for n, rule in enumerate(policy.gates.excluded_areas):
        where = f"gates.excluded_areas.{n}.levels"
        for value in rule.levels:
            if value not in levels:
                yield f"{where}: unknown level {value!r}.{nearest(value, levels)}"
        for key in ("fallback", "interim"):
            if getattr(rules, key) in rule.stated_levels:
                yield (
                    f"{where}: sites there get qualification.{key}, {getattr(rules, key)!r}, which "
                    f"cannot be excluded, too."
                )


def _backward_times(times: tuple[LeadTime, ...]) -> Iterator[str]:
    for number, time in enumerate(times):
        if time.at_least > time.at_most:
            yield f"lead_times.{number}: at_least is greater than at_most."


def _mixed_units(policy: "Policy") -> Iterator[str]:
    """Yield the first key in another unit of distance than the first distance of the policy."""
    units = list(stated_units(policy))
    for key, unit in units:
        if unit != units[0][1]:
            yield (
                f"{key}: the policy states distances in {units[0][1]}, as in {units[0][0]}. "
                f"Use one unit for all distances."
            )
            return


def _band_faults(bands: tuple[Band, ...]) -> Iterator[str]:
    """Yield problems of bands: in each place they must start at 0 and be contiguous."""
    for place, here in _bands_by_place(bands):
        if len({b.unit == "minutes" for b in here}) > 1:
            yield (
                f"bands ({place}): some are in minutes of driving, others in {here[0].unit}. "
                f"Use one of them for all bands of a country."
            )
        else:
            yield from _gaps(here, place)
            yield from _left_out(here, place)
    plain = [band for band in bands if not band.areas and not band.centers]
    if bands and not any(ALL_OTHERS in band.countries for band in plain):
        yield f'bands: one band must have countries = ["{ALL_OTHERS}"], for all other countries.'


def _bands_by_place(bands: tuple[Band, ...]) -> Iterator[tuple[str, list[Band]]]:
    """Yield each country, with area and center, as text, and its bands, the nearest first."""
    for group, where in _band_groups(bands):
        for country in sorted({c for b in group for c in b.countries}):
            here = (b for b in group if country in b.countries)
            yield f"{country}{where}", sorted(here, key=lambda b: b.up_to_m)


def _band_groups(bands: tuple[Band, ...]) -> Iterator[tuple[list[Band], str]]:
    """Yield the bands that apply together: those of an area, and of a center; and their place."""
    groups: list[list[Band]] = []
    for center in ("", *sorted({name for band in bands for name in band.centers})):
        own = [b for b in bands if (center in b.centers if center else not b.centers)]
        if own in groups:
            continue
        groups.append(own)
        for areas in dict.fromkeys(frozenset(b.areas) for b in own):
            place = f", areas {', '.join(sorted(areas))}" if areas else ""
            place += f", center {center}" if center else ""
            yield [b for b in own if frozenset(b.areas) == areas], place


def _left_out(bands: list[Band], place: str) -> Iterator[str]:
    """Yield each area in which a band does not apply, but one farther out does."""
    for area in dict.fromkeys(name for band in bands for name in band.except_areas):
        applies = [area not in band.except_areas for band in bands]
        if applies != sorted(applies, reverse=True):
            yield (
                f"bands ({place}): in the area {area!r} a band does not apply, but one farther out "
                f"does. Give the area bands of its own (areas), or name it in each of them."
            )


def _gaps(bands: list[Band], country: str) -> Iterator[str]:
    """Yield each band of a country that does not start where the one before it ends."""
    reached = 0.0
    for band in bands:
        ended, unit = number_text(reached), band.unit
        where = f"bands ({country}): {number_text(band.above)} to {band.limit_text}"
        if band.up_to <= band.above:
            yield f"{where}: up_to_{unit} must be greater than above_{unit}."
        elif band.above < reached:
            yield f"{where} overlaps the previous band: above_{unit} must be {ended}."
        elif band.above > reached:
            yield f"{where} leaves a gap after the previous band: above_{unit} must be {ended}."
        reached = max(reached, band.up_to)


GIVING: Final = ("bands", "offers", "qualification", "relocation", "in_force_after")
"""Tables of a policy that give a level to sites."""


def level_faults(policy: "Policy") -> Iterator[str]:
    """Yield each level out of order, and each that no rule gives to any site.

    They are errors of a policy of format 2; an older one, which was accepted, gets a warning.
    """
    order = {level.id: n for n, level in enumerate(policy.levels)}
    if not {band.level for band in policy.bands} <= order.keys():
        return
    for place, here in _bands_by_place(policy.bands):
        for near, far in itertools.pairwise(here):
            if order[far.level] < order[near.level]:
                yield (
                    f"bands ({place}): {far.level!r} up to {far.limit_text} is a better level "
                    f"than {near.level!r} up to {near.limit_text}. Levels are listed from the "
                    f"best: a better one ends nearer."
                )
    if policy.gates.request:  # a site has the level that was purchased
        return
    dump = policy.model_dump(include=set(GIVING))
    mentioned = {level for _, _, level in mentions(dump, also=LEVEL_KEYS)}
    for number, level in enumerate(policy.levels):
        if level.id not in mentioned:
            yield (
                f"levels.{number}: no site can have {level.id!r}: no band, offer or fallback gives "
                f"it. Add one, or remove the level."
            )


def _gate_faults(gates: GateRules) -> Iterator[str]:
    """Yield an unknown programme, and each component that is both excluded and known."""
    phases, programmes = gates.lifecycle, known_names("programme")
    if phases and phases.afterwards and phases.afterwards not in programmes:
        near = nearest(phases.afterwards, programmes)
        yield f"gates.lifecycle.afterwards: unknown programme {phases.afterwards!r}.{near}"
    rule = gates.components
    for name in rule.excluded if rule else ():
        if rule and rule.known and name in rule.known:
            yield f"gates.components: {name!r} is in both known and excluded. Name it once."


def _fallback_not_offered(policy: "Policy") -> Iterator[str]:
    """Yield each level that replaces another one, but is not offered in some country."""
    for where, why, level, codes in _replacing_levels(policy):
        if closed := [code for code in codes if not policy.offered(level, code)]:
            places = f"{len(closed)} countries" if len(closed) > SOME else ", ".join(closed)
            yield (
                f"{where}: sites get {level!r} {why}, but "
                f"gates.not_offered says that it is not offered in {places}. Name a level that is "
                f"offered in each country; one without a replacement makes no promise."
            )


def _replacing_levels(policy: "Policy") -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """Yield the key of each such level, when sites get it, the level, and in which countries."""
    codes = names.load().codes[1:]
    for key in ("fallback", "interim"):
        level = getattr(policy.qualification, key)
        yield f"qualification.{key}", "where no band serves them", level, codes
    for number, rule in enumerate(policy.in_force_after):
        there = [
            code
            for code in codes
            if any(
                rule in in_force.rules_in(policy.in_force_after, level, code)
                and policy.offered(level, code)
                for level in rule.levels
            )
        ]
        where = f"in_force_after.{number}.interim"
        yield where, "until a level is in force", rule.interim, there
    if policy.relocation:
        yield "relocation.interim", "after a move", policy.relocation.interim, codes
