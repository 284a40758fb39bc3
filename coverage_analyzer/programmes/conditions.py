"""Customer facts, and conditions of programmes: met, not met or unknown."""

import datetime
import difflib
import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pydantic

from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.document import Model
from coverage_analyzer.policy.problems import validation_faults
from coverage_analyzer.programmes.model import VERSION, Markets, Product, Programme, Way

LIKE: Final = 0.8
"""Minimum similarity to a known product (`difflib`) for a "Did you mean" suggestion."""


Held = bool | datetime.date | None
"""True: yes; False: no; a date: until that day, included; None: not known."""

HOLDINGS: Final = {
    "software_maintenance": "a software maintenance agreement",
    "appliance_maintenance": "an appliance maintenance agreement",
    "success_services": "a current Customer Success Services subscription",
    "priority": "a Priority subscription",
    "priority_plus": "a Priority Plus subscription",
    "os_vendor_support": "equivalent support by the vendor of the operating system",
    "relationship_management": "a technical relationship management agreement in force",
}


class Customer(Model):
    """Facts about a customer: yes, no, until a day (included), or not known (default).

    Attributes
    ----------
    software_maintenance, appliance_maintenance
        Any agreement of that kind.
    success_services
        A Customer Success Services subscription of any level.
    priority, priority_plus
        A subscription of that level.
    base_support
        Base technical support agreements: of all product lines, or by the title of each
        (``{"XenApp": True}``).
    os_vendor_support
        Support by the vendor of the operating system, at an equivalent level.
    relationship_management
        A technical relationship management agreement.
    relationship_management_renewed
        Whether the additional year of that agreement has been used.
    """

    software_maintenance: Held = None
    appliance_maintenance: Held = None
    success_services: Held = None
    priority: Held = None
    priority_plus: Held = None
    base_support: Held | dict[str, Held] = None
    os_vendor_support: Held = None
    relationship_management: Held = None
    relationship_management_renewed: bool | None = None

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, origin: str = "The customer") -> "Customer":
        """Create a customer from a dictionary, as from TOML.

        Raises
        ------
        InputError
            If a key is unknown, or a value is neither a boolean nor a date.
        """
        try:
            return cls.model_validate(dict(data))
        except pydantic.ValidationError as error:
            listing = "\n".join(f"  {fault}" for fault in dict.fromkeys(_fact_faults(error)))
            msg = (
                f"{origin} cannot be read. Each fact must be true, false, or the last day of an "
                f"agreement:\n{listing}"
            )
            raise InputError(msg) from None


def _fact_faults(error: pydantic.ValidationError) -> Iterator[str]:
    """Yield the problems of a customer's facts, without duplicates."""
    unknown = [e for e in error.errors() if e["type"] == "extra_forbidden"]
    if unknown:
        yield from validation_faults(error, Customer)
    else:
        for fault in error.errors():
            yield f"{fault['loc'][0]}: {fault['input']!r} is not one of these."


class State(enum.StrEnum):
    """Result of a condition; an unchecked one is ignored but reported."""

    met = "met"
    missing = "missing"
    unknown = "unknown"
    not_stated = "not stated"
    not_checked = "not checked"


@dataclass(frozen=True)
class Finding:
    """The result of one condition, as text, and its clause.

    ``refusal`` says why a missing condition excludes the offer, where ``words`` do not.
    """

    state: State
    words: str
    clause: str
    refusal: str = ""


@dataclass(frozen=True)
class Question:
    """Inputs of conditions. ``code`` is the country's alpha-2 code, if known."""

    customer: Customer
    product: str
    version: str
    country: str
    code: str | None
    date: datetime.date
    end_of_maintenance: datetime.date | None = None


def findings(way: Way, programme: Programme, question: Question) -> tuple[Finding, ...]:
    """Return the result of each condition of a route."""
    return tuple(_KINDS[c.kind](c, programme, question) for c in way.conditions)


def _holds(held: Held, date: datetime.date) -> State:
    """Return whether a fact is true on a day."""
    if held is None:
        return State.unknown
    has = held if isinstance(held, bool) else date <= held
    return State.met if has else State.missing


def _has(condition: Any, _programme: Programme, question: Question) -> Finding:
    """Return whether the customer has any of the items."""
    states = {n: _holds(getattr(question.customer, n), question.date) for n in condition.any_of}
    words = " or ".join(HOLDINGS[n] for n in condition.any_of)
    for state in (State.met, State.unknown):
        if state in states.values():
            return Finding(state, words, condition.clause)
    return Finding(State.missing, words, condition.clause)


def _has_not(condition: Any, _programme: Programme, question: Question) -> Finding:
    """Return whether a renewal is the first one."""
    renewed = getattr(question.customer, condition.what)
    state = {None: State.unknown, False: State.met, True: State.missing}[renewed]
    used = "the additional year has been used" if state == State.missing else ""
    return Finding(state, "an additional year that has not been used", condition.clause, used)


def _by(condition: Any, _programme: Programme, question: Question) -> Finding:
    state = State.met if question.date <= condition.last_day else State.missing
    late = f"not available after {condition.last_day}" if state == State.missing else ""
    return Finding(state, f"a date no later than {condition.last_day}", condition.clause, late)


def _not_stated(condition: Any, _programme: Programme, _question: Question) -> Finding:
    return Finding(State.not_stated, condition.what, condition.clause)


def _market(_condition: Any, programme: Programme, question: Question) -> Finding:
    """Return whether the programme is offered in the country on the day."""
    markets = cast("Markets", programme.markets)  # checked on loading
    if question.code is None:
        why = f"unknown country {question.country!r}" if question.country else "no country given"
        return Finding(State.unknown, f"a market in which it is offered: {why}", markets.clause)
    region = markets.region(question.code)
    if region is None:
        return Finding(
            State.not_stated, f"whether it is offered in {question.code}", markets.clause
        )
    if question.date < markets.valid_from:
        words = f"the markets before {markets.valid_from}"
        return Finding(State.not_stated, words, markets.clause)
    state = {
        "yes": State.met,
        "no": State.missing,
        "in some countries": State.not_stated,
    }[region.offered]
    place = f"{question.code} ({region.title})"
    refusal = f"not sold in {place}" if state == State.missing else ""
    words = f"a market in which it is offered: {place}"
    return Finding(state, words, markets.clause, refusal)


def covered_state(programme: Programme, name: str, version: str) -> State:
    """Return whether a programme covers a product version; unknown if it may be the covered one."""
    product = _product(programme, name)
    if product is None:
        return State.missing
    return version_state(version, product.versions)


def _is_covered(_condition: Any, programme: Programme, question: Question) -> Finding:
    """Return whether the product and its version are covered."""
    clause = programme.products[0].clause
    if not question.product:
        return Finding(State.unknown, "a covered product: none given", clause)
    product = _product(programme, question.product)
    if product is None:
        titles = [n.casefold() for p in programme.products for n in (p.title, *p.names)]
        like = difflib.get_close_matches(question.product.casefold(), titles, n=1, cutoff=LIKE)
        state = State.unknown if like else State.missing
        hint = f"; did you mean {like[0]!r}?" if like else ""
        words = f"a covered product: {question.product!r} is not one{hint}"
        refusal = f"{question.product!r} is not a covered product" if state == State.missing else ""
        return Finding(state, words, clause, refusal)
    state = version_state(question.version, product.versions)
    listed = f"{product.title} {', '.join(product.versions)}"
    words = f"a covered version ({listed}): {question.version or 'none given'}"
    refusal = f"version {question.version} is not covered" if state == State.missing else ""
    return Finding(state, words, product.clause, refusal)


def _product(programme: Programme, name: str) -> Product | None:
    """Return the product of a programme by name, ignoring case and spacing."""
    key = " ".join(name.casefold().split())
    for product in programme.products:
        if key in {n.casefold() for n in (product.title, *product.names)}:
            return product
    return None


def version_state(version: str, covered: tuple[str, ...]) -> State:
    """Return whether a version is one of the covered ones.

    The figures decide, then the words after them. A version less exact than the covered one
    (``7.15`` for ``7.15 LTSR``) is unknown; one that is more exact (``7.15 LTSR CU3``) is not
    stated, since the source names no such parts.

    Examples
    --------
    >>> covered = ("7.15 LTSR", "6.5", "5.x")
    >>> [str(version_state(v, covered)) for v in ("7.15 ltsr", "6.50", "5.6", "7.15", "6.5 FP1")]
    ['met', 'missing', 'met', 'unknown', 'not stated']
    """
    parsed = VERSION.match(version)
    if parsed is None:
        return State.unknown
    states = {
        _one_version(*_parts(parsed), *_parts(match)) for match in map(VERSION.match, covered)
    }
    order = (State.met, State.unknown, State.not_stated)
    return next((state for state in order if state in states), State.missing)


def _parts(match: Any) -> tuple[tuple[str, ...], str]:
    """Return the figures of a version, and its words normalised for comparison."""
    figures = tuple(f if f.lower() == "x" else str(int(f)) for f in match[1].lower().split("."))
    return figures, " ".join(match[2].casefold().split())


def _one_version(
    figures: tuple[str, ...], words: str, covered: tuple[str, ...], covered_words: str
) -> State:
    """Compare a version with a covered one."""
    if covered[-1] == "x" and figures[: len(covered) - 1] == covered[:-1]:
        return State.met
    if figures[-1] == "x" and covered[: len(figures) - 1] == figures[:-1]:
        return State.unknown
    padded = figures + ("0",) * (len(covered) - len(figures))
    if padded[: len(covered)] != covered:
        return State.missing
    return State.not_stated if len(padded) > len(covered) else _compare_words(words, covered_words)


def _compare_words(words: str, covered: str) -> State:
    """Compare the words after the figures of a version with those of the covered ones."""
    if words == covered:
        return State.met
    if not words:
        return State.unknown
    return State.not_stated if words.startswith(covered) else State.missing


def _milestone(condition: Any, _programme: Programme, question: Question) -> Finding:
    """Return whether the version is past its milestone, if its date is given."""
    at = question.end_of_maintenance
    if at is None:
        words = "End of Maintenance has been reached: its date is not given"
        return Finding(State.not_checked, words, condition.clause)
    state = State.met if at <= question.date else State.missing
    early = f"End of Maintenance is on {at}" if state == State.missing else ""
    return Finding(state, f"End of Maintenance has been reached: {at}", condition.clause, early)


def _base_support(condition: Any, programme: Programme, question: Question) -> Finding:
    """Return whether the customer has base support for the product line."""
    held = question.customer.base_support
    product = _product(programme, question.product)
    title = product.title if product else question.product or "the product line"
    if isinstance(held, dict):
        by_line = {" ".join(line.casefold().split()): value for line, value in held.items()}
        called = (product.title, *product.names) if product else (question.product,)
        held = next((by_line[n.casefold()] for n in called if n.casefold() in by_line), None)
    words = f"a base technical support agreement for {title}"
    return Finding(_holds(held, question.date), words, condition.clause)


_KINDS: Final[Mapping[str, Callable[[Any, Programme, Question], Finding]]] = {
    "market": _market,
    "has": _has,
    "has_not": _has_not,
    "by": _by,
    "product": _is_covered,
    "milestone": _milestone,
    "base_support": _base_support,
    "not_stated": _not_stated,
}
