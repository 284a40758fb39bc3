"""Support programmes available to a customer for a product on a day, and what is missing.

Nothing is guessed. A condition is met, missing or undecided: ``unknown`` if the customer's facts do
not decide it, ``not stated`` if the programme's source does not. An offer applies if all conditions
of one of its routes are met; it does not apply if each of its routes misses one. Otherwise it is
undecided (Kleene's three-valued logic), and the result says why.
"""

import dataclasses
import datetime
import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from coverage_analyzer.countries import NONE, UNKNOWN, names
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.programmes.conditions import Customer, Finding, Question, State, findings
from coverage_analyzer.programmes.model import Programme
from coverage_analyzer.schema.days import day, today


class OfferStatus(enum.StrEnum):
    """Whether an offer applies."""

    applies = "applies"
    does_not = "does not apply"
    unknown = "unknown"
    not_stated = "not stated"


@dataclass(frozen=True)
class OtherWay:
    """An alternative route to an offer: whether it is open, and the result of each condition."""

    way: str
    answer: OfferStatus
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        """Return the result of the route as a sentence."""
        return f"{self.way}: {_outcome(self.answer, self.findings)}"


@dataclass(frozen=True)
class Entitlement:
    """Whether an offer of a programme applies, by which route, and why.

    Attributes
    ----------
    programme, offer, title
        Name of the programme, id and title of its offer.
    answer
        ``applies``, ``does not apply``, ``unknown`` (ask the customer) or ``not stated`` (the
        source does not say).
    way
        The route that counts: an open one, otherwise the one that lacks least.
    findings
        Result of each condition of that route.
    clauses
        The clauses behind them.
    source
        URL of the source.
    others
        The other routes, if the result depends on an unknown fact.
    """

    programme: str
    offer: str
    title: str
    answer: OfferStatus
    way: str
    findings: tuple[Finding, ...]
    clauses: tuple[str, ...]
    source: str
    others: tuple[OtherWay, ...] = ()

    @property
    def summary(self) -> str:
        """Result of each route where it depends on an unknown fact; else empty."""
        if self.answer not in UNDECIDED:
            return ""
        own = _outcome(self.answer, self.findings)
        if not self.others:
            return own
        return "; ".join([*map(str, self.others), f"{self.way}: {own}"])

    @property
    def missing(self) -> tuple[str, ...]:
        """Missing prerequisites, as text."""
        return tuple(f.words for f in self.findings if f.state == State.missing)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Undecided conditions, as text."""
        doubtful = {State.unknown, State.not_stated}
        return tuple(f"{f.state}: {f.words}" for f in self.findings if f.state in doubtful)

    def __str__(self) -> str:
        """Return it as text."""
        lines = [f"{self.title}: {self.answer} ({self.way})"]
        lines += [f"  summary     {self.summary}"] if self.summary else []
        lines += [f"  {f.state:<12}{f.words}" for f in self.findings]
        for other in self.others:
            lines.append(f"  or by       {other.way}: {other.answer}")
            lines += [f"    {f.state:<12}{f.words}" for f in other.findings]
        lines += [f"  clause      {clause}" for clause in self.clauses]
        return "\n".join(map(visible, [*lines, f"  source      {self.source}"]))


@dataclass(frozen=True)
class Entitlements:
    """The offers of all programmes for one query; ``print`` shows them as text."""

    product: str
    version: str
    country: str
    date: str
    offers: tuple[Entitlement, ...]

    def __iter__(self) -> Iterator[Entitlement]:
        """Yield the result for each offer."""
        return iter(self.offers)

    def __len__(self) -> int:
        """Return the number of offers."""
        return len(self.offers)

    def __getitem__(self, offer: str) -> Entitlement:
        """Return the result for an offer by its id.

        Raises
        ------
        InputError
            If it is missing.
        """
        for entitlement in self.offers:
            if entitlement.offer == offer:
                return entitlement
        msg = f"Unknown offer {offer!r}; choose from {', '.join(e.offer for e in self)}."
        raise InputError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        result = dataclasses.asdict(self)
        for entry, offer in zip(result["offers"], self.offers, strict=True):
            entry["summary"] = offer.summary
        return result

    def __str__(self) -> str:
        """Return it as text."""
        thing = " ".join(filter(None, (self.product, self.version))) or "no product given"
        head = visible(f"{thing}, {self.country or 'no country given'}, on {self.date}")
        return "\n\n".join([head, *map(str, self.offers)])


def entitlements(
    customer: Customer | Mapping[str, Any],
    product: str = "",
    version: str = "",
    country: str = "",
    date: datetime.date | str | None = None,
    *,
    end_of_maintenance: datetime.date | str | None = None,
) -> Entitlements:
    """Return which programmes apply, and which prerequisites are missing, with clauses.

    Parameters
    ----------
    customer
        Facts about the customer, as `Customer` or as a mapping of its fields.
    product, version
        As named by the vendor: ``XenApp``, ``7.15 LTSR``. Empty if unknown.
    country
        Code or name. Empty if unknown.
    date
        The day of the assessment, by default today in UTC.
    end_of_maintenance
        The day on which the version reaches its End of Maintenance (or of Life), if known. The
        programmes' source has no such dates; without one this condition is ``not checked``, which
        is reported and otherwise ignored.

    Returns
    -------
    entitlements
        By the name of the offer: an `Entitlement` with the ``answer`` (`OfferStatus`), what is
        ``missing`` or ``undecided``, and the clauses.

    Raises
    ------
    InputError
        If a customer fact, the country or a date cannot be read.

    Examples
    --------
    >>> holds = {"success_services": True, "base_support": True, "os_vendor_support": False}
    >>> offers = entitlements(holds, "XenApp", "6.5", "DE", "2019-06-01")
    >>> str(offers["extended-support"].answer), offers["extended-support"].missing
    ('does not apply', ('equivalent support by the vendor of the operating system',))
    """
    if not isinstance(customer, Customer):
        customer = Customer.from_mapping(customer)
    table = names.load()
    number = table.number(country)
    if number == UNKNOWN:
        msg = f"{country!r} is not a known country. Give its code, such as DE."
        raise InputError(msg)
    on_day = day(date) or today()
    question = Question(
        customer,
        product.strip(),
        version.strip(),
        country.strip(),
        None if number == NONE else table.codes[number],
        on_day,
        day(end_of_maintenance),
    )
    offers = tuple(
        e for programme in Programme.by_name().values() for e in _offers(programme, question)
    )
    return Entitlements(
        question.product, question.version, question.code or "", on_day.isoformat(), offers
    )


def _offers(programme: Programme, question: Question) -> Iterator[Entitlement]:
    """Yield the result for each offer of a programme that has a route."""
    for offer in programme.offers:
        ways = [way for way in programme.ways if way.offer == offer.id]
        if not ways:
            continue
        results = [(way, findings(way, programme, question)) for way in ways]
        way, best = min(results, key=lambda pair: _rank(pair[1]))
        answer = _answer(best)
        others = tuple(
            OtherWay(other.title, _answer(findings_), findings_)
            for other, findings_ in results
            if other is not way and answer in UNDECIDED
        )
        decisive = [*best, *(f for other in others for f in other.findings)]
        yield Entitlement(
            programme.name,
            offer.id,
            offer.title,
            answer,
            way.title,
            best,
            tuple(dict.fromkeys(programme.clauses[f.clause] for f in decisive)),
            str(programme.source),
            others,
        )


UNDECIDED: Final = frozenset({OfferStatus.unknown, OfferStatus.not_stated})
"""Results that depend on an unknown fact."""


def _outcome(answer: OfferStatus, results: tuple[Finding, ...]) -> str:
    """Return the result of a route, with the conditions on which it depends."""
    missing = [f.refusal or f"{f.words} is missing" for f in results if f.state == State.missing]
    if missing:
        return f"{answer}: {', '.join(missing)}"
    parts = []
    if unknown := [f.words for f in results if f.state == State.unknown]:
        parts.append(f"applies only with {' and '.join(unknown)}")
    if silent := [f.words for f in results if f.state == State.not_stated]:
        parts.append(f"not stated: {', '.join(silent)}")
    return ", ".join(parts) or str(answer)


def _answer(results: tuple[Finding, ...]) -> OfferStatus:
    """Return the result of all conditions of a route."""
    states = {finding.state for finding in results}
    for state, answer in (
        (State.missing, OfferStatus.does_not),
        (State.not_stated, OfferStatus.not_stated),
        (State.unknown, OfferStatus.unknown),
    ):
        if state in states:
            return answer
    return OfferStatus.applies


def _rank(results: tuple[Finding, ...]) -> tuple[int, int]:
    """Return a sort key of routes: the best result first, then by missing conditions."""
    order = (OfferStatus.applies, OfferStatus.unknown, OfferStatus.not_stated, OfferStatus.does_not)
    return order.index(_answer(results)), sum(f.state == State.missing for f in results)
