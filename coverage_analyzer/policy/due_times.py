"""Rules for due times: business days of a country, and the allowed address of a request."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from coverage_analyzer.countries import regions
from coverage_analyzer.policy.clock_checks import clock_faults
from coverage_analyzer.policy.clock_keys import WEEKDAYS, Weekday
from coverage_analyzer.policy.clocks import Vendor
from coverage_analyzer.policy.document import Identifier, Model
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode, Level

RegionCode = Annotated[str, Field(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")]
Category = Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
IsoDay = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class CalendarRule(Model):
    """Business days that differ from those of their country: ``[[commitments.calendars]]``.

    Attributes
    ----------
    countries
        List of ISO 3166-1 alpha-2 codes, not empty; required. ``"*"`` stands for all countries that
        no other rule names. Example: ``["DE"]``.
    regions
        List of ISO 3166-2 codes in ``countries``; empty by default. It limits the rule to these
        regions, where it overrides the country's rule; closures and workdays are added. Example:
        ``["DE-BY"]``.
    follows
        Whether the holidays of each ``"region"`` count, or only those of the ``"country"``. By
        default as usual in the country. Not together with ``regions``.
    categories
        List of categories of the package `holidays` that are days off, not empty. By default those
        usual in the country. Not together with ``regions``. Example: ``["public", "bank"]``.
    weekend
        List of days of the week, which may be empty. By default the country's weekend. Example:
        ``["friday", "saturday"]``.
    public_holidays
        Boolean; by default ``true``. With ``false`` public holidays are business days.
    closures
        List of days as text, ISO 8601, without service; empty by default. Example:
        ``["2026-12-24"]``.
    workdays
        List of days as text, ISO 8601, that are business days in any case; empty by default.
        Example: ``["2026-12-19"]``.
    clause
        Name of a clause in ``[clauses]``; none by default. Example: ``"business-days"``.
    """

    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    regions: tuple[RegionCode, ...] = ()
    follows: Literal["country", "region"] | None = None
    categories: Annotated[tuple[Category, ...], Field(min_length=1)] | None = None
    weekend: tuple[Weekday, ...] | None = None
    public_holidays: bool = True
    closures: tuple[IsoDay, ...] = ()
    workdays: tuple[IsoDay, ...] = ()
    clause: Identifier | None = None

    def over(self, country: "CalendarRule | None") -> "CalendarRule":
        """Return the rule of a region, completed by that of its country."""
        if country is None:
            return self
        own = {name: getattr(self, name) for name in self.model_fields_set}
        own["closures"] = (*country.closures, *self.closures)
        own["workdays"] = (*country.workdays, *self.workdays)
        return country.model_copy(update=own)

    def described(self) -> str:
        """Return the rule as text."""
        places = self.regions or self.countries
        parts = []
        if self.follows:
            national = self.follows == "country"
            parts.append("only national holidays" if national else "holidays of each region")
        if self.categories is not None:
            parts.append(f"holidays of the categories {', '.join(self.categories)}")
        if self.weekend is not None:
            parts.append(f"weekend {', '.join(self.weekend) or 'none'}")
        if not self.public_holidays:
            parts.append("public holidays are business days")
        parts += [f"closed on {day}" for day in self.closures]
        parts += [f"open on {day}" for day in self.workdays]
        where = ", ".join(places).replace(ALL_OTHERS, "all other countries")
        return f"business days in {where}: {'; '.join(parts) or 'national calendar'}"


class CommitmentRules(Model):
    """Rules for due times, and for the address of a request: ``[commitments]``.

    Attributes
    ----------
    accept
        How the address of a request has to match the registered one: ``"identical"``, or
        ``"equivalent"``, which ignores case, accents, punctuation and abbreviations. By default
        ``"identical"`` with an ``address_clause``, otherwise no rule on addresses.
    address_clause
        Name of a clause in ``[clauses]``; none by default. Example: ``"address-registered"``.
    calendars
        List of tables `CalendarRule`; empty by default.
    """

    accept: Literal["identical", "equivalent"] | None = None
    address_clause: Identifier | None = None
    calendars: tuple[CalendarRule, ...] = ()

    @property
    def accepted(self) -> Literal["identical", "equivalent"] | None:
        """The required address match; None without an address rule."""
        return self.accept or ("identical" if self.address_clause else None)

    def calendar_of(self, country: str) -> CalendarRule | None:
        """Return the rule for a country (alpha-2): its own, else that of all others."""
        national = [rule for rule in self.calendars if not rule.regions]
        by_country = {code: rule for rule in national for code in rule.countries}
        return by_country.get(country, by_country.get(ALL_OTHERS))

    def regional_calendars(self, country: str) -> tuple[CalendarRule, ...]:
        """Return the rules for regions of a country (alpha-2)."""
        return tuple(rule for rule in self.calendars if any(r[:2] == country for r in rule.regions))

    def described(self) -> list[str]:
        """Return the rules as text, one per line."""
        lines = ["no rule for the address of a request"]
        if self.accepted:
            lines = [f"the address of a request must be {self.accepted} to the registered one"]
        return lines + [rule.described() for rule in self.calendars]


def faults(
    levels: tuple[Level, ...], rules: CommitmentRules, vendor: Vendor | None, version: int
) -> Iterator[str]:
    """Yield the problems of level clocks and calendars, as text.

    Parameters
    ----------
    levels, rules, vendor
        Parts of the policy.
    version
        Its format.
    """
    yield from clock_faults(levels, vendor, version)
    times_of = Counter(code for rule in rules.calendars for code in rule.regions or rule.countries)
    for code, times in times_of.items():
        if times > 1:
            yield f"commitments.calendars: {code!r} appears in {times} of them. Name it once."
    for number, rule in enumerate(rules.calendars):
        yield from _calendar_faults(f"commitments.calendars.{number}", rule)


def _calendar_faults(where: str, rule: CalendarRule) -> Iterator[str]:
    if rule.weekend is not None and len(set(rule.weekend)) == len(WEEKDAYS):
        yield f"{where}.weekend: covers all days of the week. Leave at least one out."
    for name in ("closures", "workdays"):
        yield from (
            f"{where}.{name}: {text!r} is not a date."
            for text in getattr(rule, name)
            if not _is_day(text)
        )
    for text in sorted(set(rule.closures) & set(rule.workdays)):
        yield f"{where}: {text!r} is in both closures and workdays. Name it once."
    yield from _region_faults(where, rule)


def _region_faults(where: str, rule: CalendarRule) -> Iterator[str]:
    if rule.regions and (rule.follows or rule.categories is not None):
        yield f"{where}: follows and categories are only allowed in a rule without regions."
    for code in rule.regions:
        if code not in regions.load():
            yield f"{where}.regions: {code!r} is not an ISO 3166-2 code."
        elif code[:2] not in rule.countries:
            yield f"{where}.regions: {code!r} is not in {', '.join(rule.countries)}."


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
