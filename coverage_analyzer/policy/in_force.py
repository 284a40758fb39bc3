"""When a level comes into force: some time after the purchase, the installation or an audit."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy.document import Identifier, Model
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode, Level
from coverage_analyzer.policy.suggestions import nearest

Event = Literal["purchased", "installed", "registered", "audited"]
Period = Literal["days", "business_days", "weeks", "months"]

COLUMN_OF_EVENT: Final[dict[str, str]] = {
    "purchased": "purchased_on",
    "installed": "installed_on",
    "registered": "registered_on",
    "audited": "audited_on",
}
"""Column of the sites with the day of each event."""

MAX_PERIOD: Final = 1_000
"""Maximum number of days, weeks or months until a level is in force."""


class InForceAfter(Model):
    """Some time until levels are in force, and the level until then: ``[[in_force_after]]``.

    Attributes
    ----------
    levels
        List, not empty, of each ``id`` of a level that the rule defers; required. Example:
        ``["on-site"]``.
    countries
        List of ISO 3166-1 alpha-2 codes of sites, not empty; by default ``["*"]``, which stands for
        all countries that no other of these rules names for the level. Example: ``["US"]``.
    amount
        Integer from 0 to 1,000, in ``unit``; required. Example: ``30``.
    unit
        ``"days"``, ``"business_days"``, ``"weeks"`` or ``"months"``; required. Business days are
        those of the country of the site.
    start
        List, not empty, of ``"purchased"``, ``"installed"``, ``"registered"`` and ``"audited"``;
        required. The time starts on the latest of these days that a site has, in the columns
        ``purchased_on``, ``installed_on``, ``registered_on`` and ``audited_on``; a site without
        such a day is not deferred. Example: ``["purchased"]``.
    interim
        ``id`` of a level that is worse than each of ``levels``; required. The level until then.
        Example: ``"spare"``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"in-force"``.
    """

    levels: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)] = (ALL_OTHERS,)
    amount: Annotated[int, Field(ge=0, le=MAX_PERIOD)]
    unit: Period
    start: Annotated[tuple[Event, ...], Field(min_length=1)]
    interim: Identifier
    clause: Identifier

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of sites that the rule reads."""
        return tuple(COLUMN_OF_EVENT[event] for event in self.start)

    @property
    def period(self) -> str:
        """The time as text, such as ``30 days after the purchase``."""
        return f"{period_text(self.amount, self.unit)} after {events_text(self.start)}"


EVENT_TEXTS: Final[dict[str, str]] = {
    "purchased": "the purchase",
    "installed": "the installation",
    "registered": "the registration",
    "audited": "the audit",
}
"""Each event, as text."""


def period_text(amount: int, unit: str) -> str:
    """Return a period as text.

    Examples
    --------
    >>> period_text(1, "months"), period_text(5, "business_days")
    ('1 month', '5 business days')
    """
    return quantity(amount, unit.replace("_", " ").removesuffix("s"))


def events_text(events: Sequence[str]) -> str:
    """Return events as text.

    Examples
    --------
    >>> events_text(["purchased", "audited"])
    'the purchase or the audit, whichever is later'
    """
    text = " or ".join(EVENT_TEXTS[event] for event in events)
    return f"{text}, whichever is later" if len(events) > 1 else text


def rules_in(rules: Sequence[InForceAfter], level: str, country: str) -> tuple[InForceAfter, ...]:
    """Return the rules that defer a level in a country: those that name it, else those for others.

    Parameters
    ----------
    rules
        Of a policy.
    level
        ``id`` of a level.
    country
        Alpha-2.
    """
    about = [rule for rule in rules if level in rule.levels]
    own = [rule for rule in about if country in rule.countries]
    return tuple(own or (rule for rule in about if ALL_OTHERS in rule.countries))


def described(rules: Sequence[InForceAfter], levels: Sequence[Level]) -> Iterator[str]:
    """Yield each rule of a policy as text, by titles of levels."""
    titles = {level.id: level.title for level in levels}
    everywhere = all(rule.countries == (ALL_OTHERS,) for rule in rules)
    others = "all countries" if everywhere else "all other countries"
    for rule in rules:
        names = ", ".join(titles[level] for level in rule.levels)
        where = ", ".join(rule.countries).replace(ALL_OTHERS, others)
        yield f"{names} in {where}: {rule.period}; until then {titles[rule.interim]}"


def faults(rules: Sequence[InForceAfter], levels: Sequence[Level]) -> Iterator[str]:
    """Yield the problems of the rules: levels, their order, and an interim level not offered.

    Levels and clauses that the policy does not have are reported with those of all its parts.
    """
    position_of = {level.id: n for n, level in enumerate(levels)}
    for number, rule in enumerate(rules):
        where = f"in_force_after.{number}"
        for level in rule.levels:
            if level not in position_of:
                yield f"{where}.levels: unknown level {level!r}.{nearest(level, position_of)}"
            elif position_of[level] >= position_of.get(rule.interim, len(position_of)):
                yield (
                    f"{where}.interim: {rule.interim!r} is not worse than {level!r}, which it is "
                    f"to replace. Name a later level."
                )
        yield from _repeated(where, rule)


def _repeated(where: str, rule: InForceAfter) -> Iterator[str]:
    for name in ("levels", "countries", "start"):
        values = getattr(rule, name)
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield f"{where}.{name}: {value!r} appears more than once. Name it once."
