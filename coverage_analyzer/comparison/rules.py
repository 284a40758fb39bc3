"""Rules for nightly runs and comparisons: a small closed grammar over documented quantities.

::

    rule   = term { "and" term }
    term   = NAME [ "[" KEY "]" ] OPERATOR NUMBER [ "%" ]

``NAME`` is one of `QUANTITIES`, or one that is derived from them:

``X_share``
    The share of X in its whole, as a percentage: ``review_share > 2%``.
``X_rise``, ``X_fall``
    How much X is higher or lower than in the previous run: ``rejects_rise > 100`` counts rows,
    ``rows_fall > 10%`` is relative to the previous value. From a previous value of 0 any rise
    exceeds every percentage.
``X_share_rise``, ``X_share_fall``
    The same for a share, in percentage points: ``review_share_rise > 2%``.

``KEY`` selects a part: a country (``lost[US]``), a level by its title (``level[Gold Plus]``), the
code of a reason (``reason[borderline]``) or of a reject reason (``rejects[not_a_number]``).

A rule is data: nothing of it is evaluated as code. What a rule needs and the evidence does not have
(a first night has no previous run) is never a reason to fire.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple, Self

from coverage_analyzer.comparison.quantities import (
    BY_NAME,
    MUST_HAVE_KEY,
    Needs,
    Quantity,
    quantity_names,
)
from coverage_analyzer.countries import names as country_names
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason

NO_RULE: Final = "none"
"""Text that stands for no rule, to switch off those of the settings file once."""

SEPARATOR: Final = ";"
"""Between the rules of one text."""

OPERATORS: Final[Mapping[str, Callable[[Fraction, Fraction], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}

_TERM: Final = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*(?:\[(?P<key>[^\[\]]{1,200})\])?"
    r"\s*(?P<operator>>=|<=|==|!=|>|<)"
    r"\s*(?P<number>[0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(?P<percent>%)?\s*",
    re.ASCII,
)
_AND: Final = re.compile(r"and\b", re.ASCII | re.IGNORECASE)

GRAMMAR: Final = (
    "Write NAME OPERATOR NUMBER, such as 'rows_fall > 10%', with >, >=, <, <=, == or !=; join "
    "several with 'and'."
)

Figures = Mapping[str, int]
"""Counts by the name of a quantity, and by ``NAME[KEY]``; what is missing by a key is 0."""


@dataclass(frozen=True)
class Evidence:
    """What rules are checked against.

    Attributes
    ----------
    after
        Figures of the run: the quantities of `Needs.run`.
    before
        The same of the previous run; None without one.
    changes
        The quantities of `Needs.previous`, and of `Needs.rows` if the rows were joined; None
        without a previous run.
    """

    after: Figures
    before: Figures | None = None
    changes: Figures | None = None


@dataclass(frozen=True)
class Term:
    """One condition of a rule.

    Attributes
    ----------
    quantity
        What is measured.
    key
        The part of it, if any.
    share
        Whether its share is measured.
    change
        ``rise`` or ``fall`` for the change since the previous run; else empty.
    operator
        One of `OPERATORS`.
    limit
        The number; a percentage is divided by 100.
    percent
        Whether the limit is a percentage.
    """

    quantity: Quantity
    key: str
    share: bool
    change: str
    operator: str
    limit: Fraction
    percent: bool

    @property
    def needs(self) -> Needs:
        """What it is computed from."""
        return max(self.quantity.needs, Needs.previous if self.change else Needs.run)

    def finding(self, evidence: Evidence) -> str | None:
        """Return the measured value as text if the condition holds; else None."""
        values = self._values(evidence)
        if values is None:
            return None
        after, before = values
        if not self.change:
            measured = after.share if self.share else Fraction(after.number)
            return after.text(self) if self._holds(measured) else None
        if before is None:
            return None
        difference = self._difference(after, before)
        if difference is not None and not self._holds(difference):
            return None
        if difference is None and self.operator not in {">", ">=", "!="}:
            return None
        return f"{after.text(self)}, before {before.text(self, named=False)}"

    def is_known(self, evidence: Evidence) -> bool:
        """Return whether the evidence has what the term needs."""
        values = self._values(evidence)
        return values is not None and not (self.change and values[1] is None)

    def _holds(self, measured: Fraction) -> bool:
        return OPERATORS[self.operator](measured, self.limit)

    def _difference(self, after: "Measure", before: "Measure") -> Fraction | None:
        """Return rise or fall as the limit counts it; None if it is infinite."""
        sign = 1 if self.change == "rise" else -1
        if self.share:
            return sign * (after.share - before.share)
        difference = Fraction(sign * (after.number - before.number))
        if not self.percent:
            return difference
        if before.number:
            return difference / before.number
        return None if difference > 0 else Fraction(0)

    def _values(self, evidence: Evidence) -> "tuple[Measure, Measure | None] | None":
        """Return the value, and the previous one; None if the evidence does not have it."""
        if self.quantity.needs == Needs.run:
            earlier = None if evidence.before is None else self._measure(evidence.before)
            now = self._measure(evidence.after)
            return None if now is None else (now, earlier)
        now = None if evidence.changes is None else self._measure(evidence.changes)
        return None if now is None else (now, None)

    def _measure(self, figures: Figures) -> "Measure | None":
        """Return the count and its whole; None if they are not among the figures."""
        name, whole = self.quantity.name, self.quantity.whole
        if self.key and self.quantity.part == "country" and whole and BY_NAME[whole].part:
            whole = f"{whole}[{self.key}]"
        is_quantity = name in figures or name in MUST_HAVE_KEY
        if not is_quantity or (self.share and self.quantity.whole not in figures):
            return None
        count = figures.get(self._name, 0) if self.key else figures[name]
        return Measure(count, figures.get(whole, 0))

    @property
    def _name(self) -> str:
        """Name with key, as in figures."""
        return f"{self.quantity.name}[{self.key}]" if self.key else self.quantity.name


class Measure(NamedTuple):
    """A count and the whole it is a part of."""

    number: int
    whole: int

    @property
    def share(self) -> Fraction:
        """The share; 0 of nothing."""
        return Fraction(self.number, self.whole) if self.whole else Fraction(0)

    def text(self, term: Term, *, named: bool = True) -> str:
        """Return it as text, with what was counted if `named`."""
        what = term.quantity.text + (f" ({term.key})" if term.key else "")
        name = f"{what}: " if named else ""
        if not term.share:
            return f"{name}{self.number:,}"
        return f"{name}{self.number:,} of {self.whole:,} ({float(100 * self.share):.4g} %)"


@dataclass(frozen=True)
class Rule:
    """A rule: it fires if all its terms hold.

    Attributes
    ----------
    text
        The rule as given, without needless space.
    terms
        Its conditions, at least one.
    """

    text: str
    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str, most: Needs = Needs.rows) -> Self:
        """Parse one rule.

        Parameters
        ----------
        text
            Such as ``rows_fall > 10% and rows < 1000``.
        most
            Quantities that need more than this are refused, as a single run has no changes.

        Raises
        ------
        InputError
            If it is not a rule, or names an unknown quantity; the error names the nearest one.

        Examples
        --------
        >>> rule = Rule.parse("review_share > 2%")
        >>> rule.reason(Evidence({"review": 3, "decided": 100}))
        'sites in review: 3 of 100 (3 %); rule: review_share > 2%'
        >>> rule.reason(Evidence({"review": 2, "decided": 100}))
        ''
        >>> Rule.parse("revew > 2")
        Traceback (most recent call last):
        coverage_analyzer.errors.InputError: Rule 'revew > 2': unknown quantity 'revew'. Did you \
mean 'review'? All quantities: docs/nightly.md.
        """
        text = " ".join(str(text).split())
        terms, at = [], 0
        while True:
            match = _TERM.match(text, at)
            if match is None:
                msg = f"Rule {text!r} cannot be read from {text[at:]!r} on. {GRAMMAR}"
                raise InputError(msg)
            try:
                terms.append(_term(match, most))
            except InputError as error:
                msg = f"Rule {text!r}: {error}"
                raise InputError(msg) from None
            joined = _AND.match(text, match.end())
            if joined is None:
                break
            at = joined.end()
        if match.end() != len(text):
            msg = f"Rule {text!r} cannot be read from {text[match.end() :]!r} on. {GRAMMAR}"
            raise InputError(msg)
        return cls(text, tuple(terms))

    def __str__(self) -> str:
        """Return the rule as it was given."""
        return self.text

    @property
    def needs(self) -> Needs:
        """What it is computed from."""
        return max(term.needs for term in self.terms)

    def reason(self, evidence: Evidence) -> str:
        """Return why the rule fires, as text; empty if it does not.

        Parameters
        ----------
        evidence
            The figures. A rule that needs what they do not have does not fire.
        """
        findings = [term.finding(evidence) for term in self.terms]
        if None in findings:
            return ""
        return f"{'; '.join(map(str, findings))}; rule: {self.text}"

    def is_known(self, evidence: Evidence) -> bool:
        """Return whether the evidence has what the rule needs; else it does not fire."""
        return all(term.is_known(evidence) for term in self.terms)

    def check_levels(self, titles: Sequence[str]) -> None:
        """Raise if the rule names a level that the policy does not have.

        Parameters
        ----------
        titles
            ``policy.titles``.

        Raises
        ------
        InputError
            With the nearest title.
        """
        for term in self.terms:
            if term.quantity.part == "level" and term.key not in titles:
                hint = nearest(term.key, titles) or f" Levels: {', '.join(titles)}."
                msg = f"Rule {self.text!r}: the policy has no level {term.key!r}.{hint}"
                raise InputError(msg)


def parse_rules(
    rules: "str | Rule | Iterable[str | Rule]", most: Needs = Needs.rows
) -> tuple[Rule, ...]:
    """Parse rules, of which one text may hold several, separated by ``;``.

    Parameters
    ----------
    rules
        Texts or parsed rules. The text ``none`` stands for no rule.
    most
        As for `Rule.parse`.

    Raises
    ------
    InputError
        If one cannot be used.

    Examples
    --------
    >>> [str(rule) for rule in parse_rules("lost>0; rows_fall > 10 %")]
    ['lost>0', 'rows_fall > 10 %']
    >>> parse_rules(["none"])
    ()
    """
    result: list[Rule] = []
    for each in [rules] if isinstance(rules, (str, Rule)) else rules:
        if isinstance(each, Rule):
            result.append(each)
            continue
        texts = [text for text in each.split(SEPARATOR) if text.strip()]
        if not texts:
            msg = f"A rule is empty, so that nothing is checked. {GRAMMAR} Write none for no rule."
            raise InputError(msg)
        result += [Rule.parse(t, most) for t in texts if t.strip().casefold() != NO_RULE]
    return tuple(result)


def most_needed(rules: Iterable[Rule]) -> Needs:
    """Return what has to be computed to check some rules."""
    return max((rule.needs for rule in rules), default=Needs.run)


def reasons(rules: Iterable[Rule], evidence: Evidence) -> list[str]:
    """Return why rules fire, as text; empty if none does."""
    return [reason for rule in rules if (reason := rule.reason(evidence))]


def _term(match: re.Match[str], most: Needs) -> Term:
    """Return a term.

    Raises
    ------
    InputError
        If its quantity, key or limit cannot be used.
    """
    name, key = match["name"], (match["key"] or "").strip()
    names = quantity_names(most)
    if name not in names:
        hint = nearest(name, names) or nearest(name.casefold(), names)
        msg = f"unknown quantity {name!r}.{hint} All quantities: docs/nightly.md."
        raise InputError(msg)
    base, change = _without(name, ("rise", "fall"))
    base, share = _without(base, ("share",))
    quantity, percent = BY_NAME[base], bool(match["percent"])
    limit = Fraction(Decimal(match["number"])) / (100 if percent else 1)
    term = Term(
        quantity, _key(quantity, key), bool(share), change, match["operator"], limit, percent
    )
    _check_limit(term, name, match["number"])
    return term


def _without(name: str, suffixes: Sequence[str]) -> tuple[str, str]:
    """Return a name without one of the suffixes, and the suffix."""
    if name in BY_NAME:
        return name, ""
    start, _, end = name.rpartition("_")
    return (start, end) if end in suffixes else (name, "")


def _check_limit(term: Term, name: str, number: str) -> None:
    """Raise if a share is compared with a count, or a count with a percentage.

    Raises
    ------
    InputError
        With what to write instead.
    """
    if term.share and not term.percent:
        msg = f"{name} is a share; compare it with a percentage such as {number}%."
        raise InputError(msg)
    if term.percent and not term.share and not term.change:
        shares = f"{name}_share" if term.quantity.whole else f"{name}_fall"
        instead = f" For a percentage: {shares}." if term.quantity.needs == Needs.run else ""
        instead = f" For a percentage: {name}_share." if term.quantity.whole else instead
        msg = f"{name} is a count; compare it with a number.{instead}"
        raise InputError(msg)


def _key(quantity: Quantity, key: str) -> str:
    """Return the key of a term as figures have it.

    Raises
    ------
    InputError
        If it is missing, must not be there, or is unknown.
    """
    if not key:
        if quantity.name in MUST_HAVE_KEY:
            example = f"{quantity.name}[{MUST_HAVE_KEY[quantity.name]}]"
            msg = f"{quantity.name} needs a key in brackets, such as {example}."
            raise InputError(msg)
        return ""
    if not quantity.part:
        msg = f"{quantity.name} has no parts; remove [{key}]."
        raise InputError(msg)
    if quantity.part == "level":
        return key
    if quantity.part == "country":
        codes = country_names.load().codes[1:]
        if key.upper() in codes:
            return key.upper()
        msg = f"unknown country {key!r}; write its ISO 3166-1 code, such as DE."
        raise InputError(msg)
    codes = tuple(r.name for r in Reason) if quantity.part == "reason" else tuple(Rejected)
    if key not in codes:
        msg = f"unknown {quantity.part} {key!r}.{nearest(key, codes)}"
        raise InputError(msg)
    return key
