"""How promises are counted: business days of a country, and which address a request may give."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.policy.parts import ALL_OTHERS, CountryCode, Identifier, Level, Model

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
"""As `datetime.date.weekday` counts them."""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
IsoDay = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class CalendarRule(Model):
    """What is a business day for centers in some countries, where it is not the country's own.

    ``weekend`` replaces that of the country; ``public_holidays`` lets them be ordinary days;
    ``closures`` are further days without service.
    """

    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    weekend: tuple[Weekday, ...] | None = None
    public_holidays: bool = True
    closures: tuple[IsoDay, ...] = ()
    clause: Identifier | None = None


class CommitmentRules(Model):
    """How commitments are made.

    ``accept`` says which likeness to the registered address a request may have: only an
    ``identical`` one, or also one that is ``equivalent`` but for case, accents, punctuation and
    abbreviations. Without it a policy has no rule on addresses, but for one that names an
    ``address_clause``, which asks for an identical one.
    """

    accept: Literal["identical", "equivalent"] | None = None
    address_clause: Identifier | None = None
    calendars: tuple[CalendarRule, ...] = ()

    @property
    def accepted(self) -> Literal["identical", "equivalent"] | None:
        """The likeness that an address needs to have; None without a rule on addresses."""
        return self.accept or ("identical" if self.address_clause else None)

    def calendar_of(self, country: str) -> CalendarRule | None:
        """Return the rule for centers of a country (alpha-2): its own, else that of all others."""
        by_country = {code: rule for rule in self.calendars for code in rule.countries}
        return by_country.get(country, by_country.get(ALL_OTHERS))

    def described(self) -> list[str]:
        """Return the rules in words, one a line."""
        lines = ["no rule on the address of a request"]
        if self.accepted:
            lines = [f"an address that is {self.accepted} to the registered one is accepted"]
        for rule in self.calendars:
            where = ", ".join(rule.countries).replace(ALL_OTHERS, "all others")
            told = []
            if rule.weekend is not None:
                told.append(f"weekend {', '.join(rule.weekend) or 'none'}")
            if not rule.public_holidays:
                told.append("public holidays count")
            told += [f"closed on {day}" for day in rule.closures]
            lines.append(f"business days in {where}: {'; '.join(told) or 'those of the country'}")
        return lines


def faults(levels: tuple[Level, ...], rules: CommitmentRules) -> Iterator[str]:
    """Yield what is wrong with the clocks of levels and with calendars, in words."""
    for number, level in enumerate(levels):
        yield from _clock_faults(f"levels.{number}.replacement", level)
    named = Counter(code for rule in rules.calendars for code in rule.countries)
    for code, times in named.items():
        if times > 1:
            yield f"commitments.calendars: {code!r} stands in {times} of them; name it once."
    for number, rule in enumerate(rules.calendars):
        where = f"commitments.calendars.{number}"
        if rule.weekend is not None and len(set(rule.weekend)) == len(WEEKDAYS):
            yield f"{where}.weekend: no day of the week is left to work on."
        yield from (
            f"{where}.closures: {text!r} is no day of the calendar."
            for text in rule.closures
            if not _is_day(text)
        )


def _clock_faults(where: str, level: Level) -> Iterator[str]:
    clock = level.replacement
    if clock is None:
        return
    if clock.cut_off and clock.unit == "hours":
        yield f"{where}.cut_off: a clock of hours has none; it belongs to business days."
    if clock.hours and clock.unit != "hours":
        yield f"{where}.hours: a clock of business days has none; set cut_off."
    if clock.hours and clock.hours.closes <= clock.hours.opens:
        yield f"{where}.hours: closes must be later than opens."


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
