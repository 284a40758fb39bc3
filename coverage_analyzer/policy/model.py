"""A policy: levels, and the rules that decide which sites get them, as data from TOML."""

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

import numpy as np
import pydantic
from pydantic import Field

from coverage_analyzer.countries import names
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import visible
from coverage_analyzer.policy import in_force, relocation
from coverage_analyzer.policy.areas import Area, bands_in_place, of_country
from coverage_analyzer.policy.clock_keys import Side
from coverage_analyzer.policy.clock_text import clock_text, subject_text
from coverage_analyzer.policy.clocks import Replacement, Vendor, calendar_side, zone_side
from coverage_analyzer.policy.consistency import policy_warnings
from coverage_analyzer.policy.distances import Unit, stated_units
from coverage_analyzer.policy.document import FORMAT_2, Document, Identifier, Kind
from coverage_analyzer.policy.due_times import CommitmentRules
from coverage_analyzer.policy.eligibility import GateRules, NotOffered
from coverage_analyzer.policy.in_force import InForceAfter
from coverage_analyzer.policy.offers import Offer
from coverage_analyzer.policy.relocation import RELOCATION_COLUMNS, Relocation
from coverage_analyzer.policy.rules import (
    ALL_OTHERS,
    NOT_COVERED,
    Band,
    CountryRules,
    LeadTime,
    Level,
    Qualification,
    Warranty,
)
from coverage_analyzer.policy.validation import faults
from coverage_analyzer.schema import notebook

DEFAULT: Final = "appliance-maintenance"
"""The default policy."""

PRINTED_MILES: Final = 0.001
"""Last decimal of a limit that a report prints."""


class Policy(Document):
    """Levels and rules of one maintenance programme.

    Load one with `Policy.load`; `builtin` lists the built-in ones. Each key of the TOML document is
    described on its table: here and in the classes named here.

    Attributes
    ----------
    format
        Integer, the version of the format, ``1`` or ``2``; required. Some keys need ``2``.
    name
        Text of lower-case letters, digits and single hyphens; required. Your own policy needs its
        own name. Example: ``"example-support"``.
    title
        Text; required. Reports and letters print it. Example: ``"Example Hardware Support"``.
    source
        Table `Source`; required.
    levels
        List of tables `Level`, the best first, not empty; required.
    warranty
        Table `Warranty`; none by default.
    qualification
        Table `Qualification`; required.
    bands
        List of tables `Band`. Empty by default, which needs format 2 and ``offers`` or
        ``gates.request``: then no level depends on a distance.
    offers
        List of tables `Offer`: levels without a distance; empty by default.
    lead_times
        List of tables `LeadTime`; empty by default.
    in_force_after
        List of tables `InForceAfter`; empty by default. Needs format 2.
    relocation
        Table `Relocation`; no rule by default. Needs format 2.
    countries
        Table `CountryRules`; by default each country counts as itself.
    areas
        List of tables `Area`; empty by default.
    gates
        Table `GateRules`; no eligibility rules by default.
    commitments
        Table `CommitmentRules`; no rule on addresses and calendars by default.
    vendor
        Table `Vendor`: whose calendar and time zone ``"vendor"`` means in a clock; none by default.
    clauses
        Table of texts by name, ``[clauses]``; required. The keys that end with ``clause`` and
        ``footnotes`` refer to these names. Example:
        ``{ radius = "A site qualifies within 50 miles of a service center." }``.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> policy = ca.Policy.load()  # or the path of a TOML file, or a name of `Policy.builtin`
    >>> policy.title, [level.title for level in policy.levels]
    ('Citrix Appliance Maintenance', ['Gold Plus', 'Gold', 'Silver', 'Bronze'])
    >>> [(band.level, band.countries, band.up_to_miles) for band in policy.bands]
    [('gold-plus', ('US',), 70.0), ('gold-plus', ('*',), 50.0)]
    >>> policy.offered("gold-plus", "US"), len(policy.sha256)
    (True, 64)
    """

    kind: ClassVar[Kind] = "policy"

    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    warranty: Warranty | None = None
    qualification: Qualification
    bands: tuple[Band, ...] = ()
    offers: Annotated[tuple[Offer, ...], FORMAT_2] = ()
    lead_times: tuple[LeadTime, ...] = ()
    in_force_after: Annotated[tuple[InForceAfter, ...], FORMAT_2] = ()
    relocation: Annotated[Relocation | None, FORMAT_2] = None
    countries: CountryRules = CountryRules()
    areas: Annotated[tuple[Area, ...], FORMAT_2] = ()
    gates: GateRules = GateRules()
    commitments: CommitmentRules = CommitmentRules()
    vendor: Annotated[Vendor | None, FORMAT_2] = None
    clauses: dict[Identifier, str]

    @pydantic.model_validator(mode="after")
    def _agrees(self) -> "Policy":
        """Validate what no part can check alone, and report all problems at once.

        Raises
        ------
        ValueError
            Which pydantic converts.
        """
        problems = list(faults(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @classmethod
    def load(cls, source: "str | Path | Self" = DEFAULT) -> Self:
        """Load a policy: by its built-in name, or from the path of a TOML file.

        A policy is returned unchanged, so that callers may pass either.

        Raises
        ------
        PolicyError
            If the policy is unknown, or it is invalid; the message names the key.

        Examples
        --------
        >>> policy = Policy.load("appliance-maintenance")
        >>> [level.title for level in policy.levels]
        ['Gold Plus', 'Gold', 'Silver', 'Bronze']
        """
        return super().load(source)

    @functools.cached_property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about a valid policy, which every command that loads it prints."""
        return tuple(policy_warnings(self))

    def level(self, identifier: str) -> Level:
        """Return a level by its ``id``."""
        return next(level for level in self.levels if level.id == identifier)

    def level_position(self, identifier: str) -> int:
        """Return the position of a level in `levels` by its ``id``; 0 is the best."""
        return next(n for n, level in enumerate(self.levels) if level.id == identifier)

    @functools.cached_property
    def unit(self) -> Unit:
        """The unit of its distances: ``miles``, or ``km`` where it states any in kilometres."""
        return next((unit for _, unit in stated_units(self)), "miles")

    @property
    def printed_units(self) -> tuple[Unit, ...]:
        """The units of the distances in a report: miles, and its own unit if another."""
        return ("miles",) if self.unit == "miles" else ("miles", self.unit)

    @property
    def band_levels(self) -> tuple[Level, ...]:
        """Levels of the bands, the best first."""
        bought = {band.level for band in self.bands}
        return tuple(level for level in self.levels if level.id in bought)

    def drive_limit_minutes(self, level: str) -> float | None:
        """Return the drive-time limit of a level (by its ``id``) in minutes.

        This is its delivery clock: the hours within which the replacement has to arrive, the
        shortest of several. A level that only ships, that counts business days, or that has only a
        target or an average, has no limit.

        Examples
        --------
        >>> policy = Policy.load()
        >>> policy.drive_limit_minutes("gold-plus"), policy.drive_limit_minutes("gold")
        (240.0, None)
        """
        clocks = self.level(level).all_clocks
        return min((clock.amount * 60.0 for clock in clocks if clock.limits_drive), default=None)

    def calendar_side(self, clock: Replacement) -> Side:
        """Return whose business days count for a clock."""
        return calendar_side(clock, self.format)

    def zone_side(self, clock: Replacement) -> Side:
        """Return whose local time counts for the days and hours of a clock."""
        return zone_side(clock, self.format)

    def _told_side(self, clock: Replacement) -> Side | None:
        """Return whose business days a text names; none in format 1: all are the center's."""
        return None if self.format == 1 else self.calendar_side(clock)

    def clock_text(self, clock: Replacement, *, subject: bool = False) -> str:
        """Return a clock as text, optionally with what it is about.

        Examples
        --------
        >>> policy = Policy.load()
        >>> policy.clock_text(policy.levels[0].replacement)
        'delivered within 4 hours of authorisation'
        """
        text = subject_text if subject else clock_text
        return text(clock, self._told_side(clock))

    def clock_texts(self, level: Level) -> list[str]:
        """Return all clocks of a level as text, the main one first; empty if it has none."""
        texts = [(clock.name, self.clock_text(clock)) for clock in level.all_clocks]
        return [f"{name}: {text}" if name else text for name, text in texts]

    @functools.cached_property
    def titles(self) -> tuple[str, ...]:
        """Titles of the levels, the best first, followed by that of `NOT_COVERED`."""
        return (*(level.title for level in self.levels), NOT_COVERED.title)

    def level_at(self, position: int) -> Level:
        """Return the level at a position in `titles`, as verdicts store it."""
        return (*self.levels, NOT_COVERED)[position]

    def titled(self, title: str) -> Level:
        """Return a level, or `NOT_COVERED`, by its title.

        Raises
        ------
        ValueError
            If the level is unknown.
        """
        return self.level_at(self.titles.index(title))

    def bands_in(self, country: str) -> tuple[Band, ...]:
        """Return the bands of a country (alpha-2) outside all areas, the nearest first."""
        return bands_in_place(self.general_bands, country, frozenset())

    def bands_at(
        self, country: str, inside: frozenset[str], center_id: str = ""
    ) -> tuple[Band, ...]:
        """Return the bands of a center in a place, the nearest first; none if it serves none there.

        Parameters
        ----------
        country
            Alpha-2 code.
        inside
            Each ``id`` of an area in which the place is.
        center_id
            The center; by default one that no band names.
        """
        own = [band for band in self.bands if center_id in band.centers]
        own_bands = bands_in_place(own, country, inside) if own else ()
        return own_bands or bands_in_place(self.general_bands, country, inside)

    def possible_bands(self, country: str) -> tuple[Band, ...]:
        """Return each band that may apply in a country: in any area of it, of any center."""
        groups: dict[tuple[frozenset[str], frozenset[str]], list[Band]] = {}
        for band in self.bands:
            groups.setdefault((frozenset(band.areas), frozenset(band.centers)), []).append(band)
        return tuple(band for bands in groups.values() for band in of_country(bands, country))

    @functools.cached_property
    def general_bands(self) -> tuple[Band, ...]:
        """The bands that name no centers."""
        return tuple(band for band in self.bands if not band.centers)

    @property
    def by_area(self) -> bool:
        """Whether a verdict may depend on the areas in which a site is."""
        return any(names for _, names in self.area_rules)

    @property
    def area_rules(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The clause of each rule, and each ``id`` of an area that it names."""
        return (
            *((band.clause, (*band.areas, *band.except_areas)) for band in self.bands),
            *((offer.clause, (*offer.areas, *offer.except_areas)) for offer in self.offers),
            *((rule.clause, rule.areas) for rule in self.gates.excluded_areas),
        )

    @property
    def by_center(self) -> bool:
        """Whether centers have bands of their own."""
        return any(band.centers for band in self.bands)

    @property
    def area_columns(self) -> tuple[str, ...]:
        """The columns of sites that areas need."""
        names = {name for area in self.areas for name in area.columns} if self.by_area else set()
        return tuple(name for name in ("region", "postcode") if name in names)

    def excluded_levels(self, inside: frozenset[str]) -> frozenset[str]:
        """Return each ``id`` of a level that is not offered in some areas."""
        kept = {self.qualification.fallback, self.qualification.interim}
        every = tuple(level.id for level in self.band_levels if level.id not in kept)
        return frozenset(
            level
            for rule in self.gates.excluded_areas
            if not inside.isdisjoint(rule.areas)
            for level in rule.stated_levels or every
        )

    def band_for(self, country: str, limit_miles: float) -> Band | None:
        """Return the band of a country (alpha-2) with an upper limit, if any.

        Parameters
        ----------
        country
            Alpha-2 code.
        limit_miles
            The ``limit_miles`` of a verdict, also as printed in a report: with 3 decimals.
        """
        bands = self.possible_bands(country)
        if not bands:
            return None
        nearest = min(bands, key=lambda band: abs(band.limit_in("miles") - limit_miles))
        return nearest if abs(nearest.limit_in("miles") - limit_miles) < PRINTED_MILES else None

    def offered(self, level: str, country: str) -> bool:
        """Return whether a level (by its ``id``) is offered in a country (alpha-2).

        Examples
        --------
        >>> policy = Policy.load("watchguard-premium-rma")
        >>> [policy.offered("premium", country) for country in ("US", "JP")]
        [True, False]
        """
        return self.not_offered_rule(level, country) is None

    def offers_in(self, country: str) -> tuple[Offer, ...]:
        """Return the offers that apply in a country (alpha-2), the best level first."""
        offers = [
            o for o in self.offers if o.applies_in(country) and self.offered(o.level, country)
        ]
        return tuple(sorted(offers, key=lambda offer: self.level_position(offer.level)))

    def fallback_in(self, country: str) -> Level:
        """Return the level of sites without a band in a country (alpha-2), whatever the product.

        Examples
        --------
        >>> Policy.load().fallback_in("US").title
        'Gold'
        """
        levels = [offer.level for offer in self.offers_in(country) if offer.products is None]
        positions = map(self.level_position, (*levels, self.qualification.fallback))
        return self.levels[min(positions)]

    def not_offered_rule(self, level: str, country: str) -> NotOffered | None:
        """Return the first rule by which a level is not offered in a country, if any."""
        rules = self.gates.not_offered
        return next((r for r in rules if r.level == level and r.closes_in(country)), None)

    @property
    def restricts_offers(self) -> bool:
        """Whether any level is not offered in some country."""
        return bool(self.gates.not_offered)

    @property
    def export_approval_countries(self) -> frozenset[str]:
        """The countries (alpha-2) that require export approval."""
        rule = self.gates.export_approval
        return frozenset(rule.countries if rule else ())

    def offer_text(self, level: str) -> str:
        """Return the countries in which a level (by its ``id``) is offered, as text.

        Examples
        --------
        >>> Policy.load().offer_text("gold-plus")
        'all'
        """
        rules = [rule.offer_text for rule in self.gates.not_offered if rule.level == level]
        return "; ".join(rules) or "all"

    @property
    def not_offered_text(self) -> str:
        """All rules on levels that are not offered everywhere, as text; empty if there are none."""
        return "; ".join(map(str, self.gates.not_offered))

    @property
    def has_export_rule(self) -> bool:
        """Whether the policy mentions export approval, even if it names no country."""
        return self.gates.export_approval is not None

    def lead_time_countries(self, per: str = "center") -> tuple[tuple[str, ...], ...]:
        """Return the countries of each lead time of a center, or of another item."""
        return tuple(time.countries for time in self.lead_times if time.per == per)

    @property
    def unapplied_clauses(self) -> tuple[str, ...]:
        """Clauses of lead times that no rule uses, because they do not concern centers."""
        return tuple(time.clause for time in self.lead_times if time.per != "center")

    def lead_time_in(self, country: str, per: str = "center") -> LeadTime | None:
        """Return the lead time of a new center in a country (alpha-2), if the policy has one.

        Parameters
        ----------
        country
            Alpha-2, or `ALL_OTHERS`.
        per
            Subject of the lead time, as in `LeadTime.per`.
        """
        times = [t for t in self.lead_times if t.per == per]
        own = [t for t in times if country in t.countries]
        others = [t for t in times if ALL_OTHERS in t.countries]
        return next(iter(own or others), None)

    def described(self, *, clauses: bool = False) -> str:
        """Return the policy as text, one rule per line, optionally with its clauses."""
        lines = [
            f"{self.name}: {self.title}",
            f"  source    {self.source.address or self.source.title}",
        ]
        lines += [
            f"  level     {level.title}: {'; '.join(texts) or 'no replacement promise'}"
            for level, texts in ((level, self.clock_texts(level)) for level in self.levels)
        ]
        if self.vendor:
            where = self.vendor.region or self.vendor.country
            lines.append(f"  vendor    calendar of {where}, time of {self.vendor.time_zone}")
        everywhere = self.format > 1 and all(b.countries == (ALL_OTHERS,) for b in self.bands)
        others = "all countries" if everywhere else "all other countries"
        for band in self.bands:
            where = ", ".join(band.countries).replace(ALL_OTHERS, others)
            text = f"{band.text} in {where}{band.where_text}"
            lines.append(f"  band      {self.level(band.level).title}: {text}")
        for offer in self.offers:
            lines.append(f"  offer     {self.level(offer.level).title}: {offer.where}")
        same = "the same country" if self.qualification.same_country else "any country"
        lines.append(f"  center    in {same}")
        lines.append(f"  fallback  {self.level(self.qualification.fallback).title}")
        for time in self.lead_times:
            where = ", ".join(time.countries).replace(ALL_OTHERS, "all other countries")
            each = "" if time.per == "center" else f" per {time.per} (not applied)"
            lines.append(f"  lead time {time.span} in {where}{each}")
        lines += [f"  area      {area}" for area in self.areas]
        lines += [
            f"  in force  {line}" for line in in_force.described(self.in_force_after, self.levels)
        ]
        lines += [
            f"  moved     {line}" for line in relocation.described(self.relocation, self.levels)
        ]
        rules = self.countries
        lines += [
            f"  country   territories of {code} count as {code}" for code in rules.fold_territories
        ]
        lines += [f"  country   {code} counts as {other}" for code, other in rules.fold.items()]
        lines.append(f"  country   contested areas: {rules.contested}")
        lines += [f"  rule      {line}" for line in self.gates.described()]
        lines += [f"  due time  {line}" for line in self.commitments.described()]
        lines += [f"  warning   {line}" for line in self.warnings]
        if clauses:
            lines += [f"  clause    {name}: {text}" for name, text in self.clauses.items()]
        return "\n".join(map(visible, lines))

    def _repr_html_(self) -> str:
        """Return the policy for a notebook."""
        return notebook.labelled_lines(self.described())

    def convention(self, table: names.Names, *, trust_declared: bool = False) -> Convention:
        """Return how the policy interprets countries, as table numbers."""
        fold = np.arange(len(table.codes), dtype=np.int16)
        for code in self.countries.fold_territories:
            number = table.known(code)
            fold[table.sovereign == number] = number
        for code, other in self.countries.fold.items():
            fold[table.known(code)] = table.known(other)
        return Convention(fold, self.countries.contested, trust_declared)

    @property
    def needs_country(self) -> bool:
        """Whether any verdict depends on the country of a site."""
        everywhere = all(b.countries == (ALL_OTHERS,) for b in self.bands)
        everywhere &= all(rule.countries == (ALL_OTHERS,) for rule in self.in_force_after)
        everywhere &= all(ALL_OTHERS in offer.countries for offer in self.offers)
        everywhere &= not self.area_columns
        return self.qualification.same_country or self.restricts_offers or not everywhere

    def _hashed(self) -> dict[str, Any]:
        """Return what the hash is made of: of a file of areas its content, not its name."""
        data = super()._hashed()
        for area in data.get("areas", ()):
            if area.get("sha256"):
                area["file"] = None
        return data

    @property
    def has_start_rules(self) -> bool:
        """Whether a level may start on a day of the site's own: in force later, or moved."""
        return bool(self.in_force_after) or self.relocation is not None

    @property
    def start_columns(self) -> tuple[str, ...]:
        """The columns of sites that rules on the start of levels read."""
        names = [column for rule in self.in_force_after for column in rule.columns]
        names += RELOCATION_COLUMNS if self.relocation else ()
        return tuple(dict.fromkeys(names))


def builtin() -> dict[str, Policy]:
    """Return the built-in policies, by name."""
    return Policy.builtin()


def register(folder: str | Path) -> tuple[str, ...]:
    """Register the policies of a folder, so that their names load like built-in ones.

    Each ``*.toml`` file is loaded once, immediately; a file of a programme is left to
    `Programme.register`. Either all policies are registered or, after an error, none. Registration
    lasts as long as the process. A folder may be registered again, for instance after a change.

    Parameters
    ----------
    folder
        The folder; its subfolders are ignored.

    Returns
    -------
    tuple of str
        The registered names, sorted: the key ``name`` of each file.

    Raises
    ------
    PolicyError
        If the folder cannot be read or has no policy, a policy is invalid, or a name belongs to a
        built-in document or to another file.

    Examples
    --------
    >>> import tempfile
    >>> own = text("hp-call-to-repair").replace('"hp-call-to-repair"', '"our-terms"', 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "terms.toml").write_text(own, encoding="utf-8")
    ...     register(folder)
    ('our-terms',)
    >>> Policy.load("our-terms").title == Policy.load("hp-call-to-repair").title
    True
    >>> Policy.unregister("our-terms")
    """
    return Policy.register(folder)


def text(source: str | Path) -> str:
    """Return the TOML text of a built-in policy or a file, as a template.

    Raises
    ------
    PolicyError
        If it is missing.
    """
    return Policy.text(source)
