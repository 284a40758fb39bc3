"""Eligibility rules of a policy, applied to product, component, level and registration of sites.

Built once from policy, products and day. The cells of a batch are coded as small numbers
(`EligibilityInputs`), from which the failed rule of each row is computed. A rule fails only on data
that are present: if a cell is empty, or its column is missing, the rule passes.

A definite failure takes precedence over an uncertain one, since resolving the latter would not
change the former; otherwise the order is that of `FailedRule`.
"""

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.errors import quantity
from coverage_analyzer.matching.offers import NO_PRODUCT, Offers
from coverage_analyzer.matching.products import PHASES, Products, name_key
from coverage_analyzer.matching.site_areas import AREA_TEXTS, SiteAreas, States
from coverage_analyzer.matching.start_inputs import (
    FORMER,
    START_DAYS,
    StartInputs,
    start_inputs,
)
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.days import NO_DAY, Days
from coverage_analyzer.schema.verdict import Reason

Codes = npt.NDArray[np.int8]

NOT_GIVEN: Final = -1
"""Code of an empty cell or a missing column."""

UNKNOWN: Final = -2
"""Code of a cell that is not in the table."""

TEXTS: Final = ("component", "product", "version", "requested_level", *FORMER, *AREA_TEXTS)
"""Text columns of eligibility rules, of rules on the start of levels, and of areas."""

DAYS: Final = ("registered_on", "installed_on", "purchased_on", "audited_on", "moved_on")
"""Date columns of these rules."""


COLUMN_OF_RULE: Final = {
    "components": "component",
    "lifecycle": "product",
    "registration": "registered_on",
    "request": "requested_level",
}
"""Column of each rule in ``policy.gates``; ``not_offered`` uses the country."""


class FailedRule(enum.IntEnum):
    """The rule that failed on a row: its rank, its reason and its name.

    ``rule`` is the name in ``policy.gates``; the reason has the text.
    """

    reason: Reason | None
    rule: str

    def __new__(cls, value: int, reason: Reason | None = None, rule: str = "") -> Self:
        """Return a member with its reason and rule."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.reason, member.rule = reason, rule
        return member

    none = 0
    level_not_requested = 1, Reason.level_not_requested, "request"
    not_offered_in_country = 2, Reason.not_offered_in_country, "not_offered"
    component_excluded = 3, Reason.component_excluded, "components"
    lifecycle_phase = 4, Reason.lifecycle_phase, "lifecycle"
    address_not_registered = 5, Reason.address_not_registered, "registration"
    component_unknown = 6, Reason.component_unknown, "components"
    product_undated = 7, Reason.product_undated, "lifecycle"
    area_excluded = 8, Reason.area_excluded, "excluded_areas"


RULE_OF_REASON: Final = {
    failed.reason: failed.rule for failed in FailedRule if failed.reason is not None
}
"""Rule behind each reason, by its name in ``policy.gates``."""


class Component(enum.IntEnum):
    """Classification of a component by the policy."""

    listed = 0
    excluded = 1


class RegistrationTiming(enum.IntEnum):
    """When an address was registered: in time, after the grace period, before the installation."""

    in_time = 0
    late = 1
    early = 2


@dataclass(frozen=True)
class EligibilityInputs:
    """Inputs of eligibility rules as numbers; each attribute has shape (n,).

    Attributes
    ----------
    component
        A `Component`, `NOT_GIVEN` or `UNKNOWN`.
    product
        A position in the products, `NOT_GIVEN` or `UNKNOWN`.
    requested
        The position of a level in the policy, `NOT_GIVEN` or `UNKNOWN`.
    registration
        A `RegistrationTiming`, or `NOT_GIVEN` where only the day of the assessment decides.
    registered_on
        ``NaT`` if unknown.
    areas
        What the cells say of areas (`SiteAreas.states`), shape (n, lists).
    starts
        Inputs of rules on the start of levels; None if the policy has no such rule.
    offer_product
        Code of the product in the offers of the policy (`Offers.codes`).
    """

    component: Codes
    product: npt.NDArray[np.int32]
    requested: Codes
    registration: Codes
    registered_on: Days
    areas: States
    offer_product: Codes
    starts: StartInputs | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.component)

    def take(self, which: "Ints | slice") -> "EligibilityInputs":
        """Return a subset of the rows."""
        starts = None if self.starts is None else self.starts.take(which)
        coded = {n: v[which] for n, v in _coded_inputs(self).items()}
        return EligibilityInputs(**coded, starts=starts)

    @staticmethod
    def joined(parts: "Sequence[EligibilityInputs]") -> "EligibilityInputs":
        """Return the rows of several blocks together, in their order; one block at least."""
        columns = [_coded_inputs(part) for part in parts]
        starts = [part.starts for part in parts if part.starts is not None]
        return EligibilityInputs(
            **{name: np.concatenate([each[name] for each in columns]) for name in columns[0]},
            starts=StartInputs.joined(starts) if starts else None,
        )


def _coded_inputs(inputs: EligibilityInputs) -> dict[str, Any]:
    """Return the inputs of eligibility rules, without those on the start of levels."""
    return {name: values for name, values in vars(inputs).items() if name != "starts"}


class RuleResult(NamedTuple):
    """Which rule fails on each row, and whether that is uncertain; shape (n,) each."""

    rule: Codes
    uncertain: Bools


class Phases(NamedTuple):
    """Where a product is certainly or possibly past the phases of a level; shape (n,) each."""

    past: Bools
    doubtful: Bools


class EligibilityChecker:
    """The eligibility rules of a policy on a day.

    Parameters
    ----------
    policy
        With its levels and eligibility rules.
    products
        The phases of products; without them the rule on phases is not checked.
    world
        Table of country numbers.
    day
        The day of the assessment.
    areas
        The areas of the policy; without them no cell says where a site is.

    Attributes
    ----------
    columns
        Those that eligibility rules read.
    area_columns
        Those that areas read.
    """

    def __init__(
        self,
        policy: Policy,
        products: Products | None,
        world: Countries,
        day: np.datetime64,
        areas: SiteAreas | None = None,
    ) -> None:
        self.rules, self.products, self.day, self.areas = policy.gates, products, day, areas
        self._ids = tuple(level.id for level in policy.levels)
        self._levels = {
            name_key(t): n for n, v in enumerate(policy.levels) for t in (v.id, v.title)
        }
        self._numbers = products.numbers() if products else {}
        self._phases = self._phase_table()
        self._bounded = _bounded(policy)
        self._unbanded = _unbanded(policy)
        fallback = policy.level_position(policy.qualification.fallback)
        self._gives_purchased = policy.format > 1 and np.delete(self._unbanded, fallback).any()
        self._offered = _offered(policy, world)
        self._offers = Offers(policy, world) if policy.offers else None
        self.papers = policy.export_approval_countries
        self._names = world.names if policy.has_start_rules else None
        self.columns = _columns_read(policy, self._offers)
        self.area_columns = policy.area_columns

    @property
    def everywhere(self) -> bool:
        """Whether a rule uses only country or area, so that no column is required."""
        return self._offered is not None or bool(self.rules.excluded_areas)

    def facts(self, columns: Mapping[str, Any]) -> EligibilityInputs | None:
        """Return the rule inputs as numbers; None if no rule has a column.

        Parameters
        ----------
        columns
            The available columns of `TEXTS` as Arrow strings, and of `DAYS` as numpy dates.
        """
        if not any(name in columns for name in (*self.columns, *self.area_columns)):
            return None
        rows = len(next(iter(columns.values())))
        not_given = np.full(rows, NOT_GIVEN, np.int8)
        days = [columns.get(name, np.full(rows, NO_DAY)) for name in DAYS[:2]]
        starts = None if self._names is None else start_inputs(columns, rows, self._names)
        return EligibilityInputs(
            component=self._components(columns["component"])
            if "component" in columns
            else not_given,
            product=self._product(columns, rows),
            requested=_coded(columns["requested_level"], self._levels).astype(np.int8)
            if "requested_level" in columns
            else not_given,
            registration=self._registration(*days),
            registered_on=days[0],
            areas=np.zeros((rows, 0), np.int8)
            if self.areas is None
            else self.areas.states(columns, rows),
            offer_product=self._offers.codes(columns["product"])
            if self._offers and "product" in columns
            else np.full(rows, NO_PRODUCT, np.int8),
            starts=starts,
        )

    def empty(self, facts: EligibilityInputs | None) -> dict[str, int]:
        """Return the number of empty cells in each column of eligibility rules."""
        if facts is None:
            return {}
        cells = {
            "component": facts.component == NOT_GIVEN,
            "product": facts.product == NOT_GIVEN,
            "registered_on": np.isnat(facts.registered_on),
            "requested_level": facts.requested == NOT_GIVEN,
        }
        if facts.starts is not None:
            cells |= {n: np.isnat(getattr(facts.starts, n)) for n in START_DAYS}
            # Most sites never moved: only of those that did, the former place is missing.
            cells["former_latitude"] = facts.starts.placeless & ~cells.pop("moved_on")
        return {n: int(cells[n].sum()) for n in self.columns if n in cells}

    def warnings(
        self,
        columns: Collection[str],
        empty: Mapping[str, int] | None = None,
        places: Mapping[str, int] | None = None,
    ) -> list[str]:
        """Return warnings about empty cells, unchecked rules and countries with export approval.

        A column that the rows do not have is no warning: see `not_checked`.

        Parameters
        ----------
        columns
            The known columns of the rows.
        empty
            Number of empty cells, by column.
        places
            Number of decided rows, by country (alpha-2).
        """
        messages: list[str] = []
        if n_empty := {n: (empty or {}).get(n, 0) for n in self.columns if n in columns}:
            cells = ", ".join(f"{n} in {quantity(k, 'row')}" for n, k in n_empty.items() if k)
            messages += [f"Not checked (cell is empty): {cells}."] if cells else []
        return [*messages, *self.unchecked_rules(columns), *self.paper_warnings(places or {})]

    def not_checked(self, columns: Collection[str]) -> list[str]:
        """Return the columns of eligibility rules that the rows do not have."""
        return [n for n in (*self.columns, *self.area_columns) if n not in columns]

    def unchecked_rules(self, columns: Collection[str]) -> list[str]:
        """Return warnings about rules for which the policy or products lack data."""
        messages = []
        if self.rules.lifecycle and self.products is None and "product" in columns:
            messages.append(
                "Product life cycle not checked: give a product table, --products FILE."
            )
        rule = self.rules.components
        if rule and not rule.excluded and rule.known is None and "component" in columns:
            messages.append("Components not checked: the policy lists none.")
        return messages

    def paper_warnings(self, places: Mapping[str, int]) -> list[str]:
        """Return a warning for each country with sites that requires export approval."""
        return [
            f"{quantity(places[code], 'site')} in {code}: a part ships only after export approval, "
            f"which may delay delivery."
            for code in sorted(self.papers)
            if places.get(code)
        ]

    def failed_rules(
        self,
        facts: EligibilityInputs | None,
        country: Numbers,
        promised: Codes,
        closed: Bools | None = None,
    ) -> RuleResult:
        """Return the rule that fails on each row.

        Parameters
        ----------
        facts
            Rule inputs of the rows, if any.
        country
            Number of the assigned country.
        promised
            Position of the level of a center's band, now or later.
        closed
            Levels excluded in the areas of each row (`Zoned.closed`); None if there is no rule.
        """
        rows = len(country)
        rule, is_uncertain = np.zeros(rows, np.int8), np.zeros(rows, np.bool_)
        cases: list[tuple[FailedRule, Bools, bool]] = []
        if self._offered is not None:
            cases.append(
                (FailedRule.not_offered_in_country, ~self._offered[country, promised], False)
            )
        if closed is not None:
            excluded = closed[np.arange(rows), promised]
            cases.append((FailedRule.area_excluded, excluded, False))
        if facts is not None:
            cases += self._cases(facts, country, promised, closed)
        for code, fails, uncertain in sorted(cases, key=lambda c: (c[2], c[0]), reverse=True):
            rule[fails], is_uncertain[fails] = code, uncertain
        return RuleResult(rule, is_uncertain)

    def best_level(self, facts: EligibilityInputs) -> Codes:
        """Return the best level that each row may have, given its purchased level."""
        return (
            np.maximum(facts.requested, 0) if self.rules.request else np.zeros_like(facts.requested)
        )

    def phases(self, facts: EligibilityInputs, level: Codes) -> Phases:
        """Return where the product of a row is past the phases of its level.

        The only place that evaluates an ended phase: the kernel uses it for the level of a band,
        and for the level that remains in force.

        Parameters
        ----------
        facts
            Rule inputs of the rows.
        level
            Position of a level of the policy, shape (n,).
        """
        if not self.rules.lifecycle or self.products is None:
            none = np.zeros(len(facts), np.bool_)
            return Phases(none, none)
        past, doubtful = (table.take(facts.product, mode="wrap") for table in self._phases)
        bounded = self._bounded.take(level)
        return Phases(past & bounded, doubtful & bounded)

    def offered_level(
        self,
        facts: EligibilityInputs | None,
        country: Numbers,
        certain: Bools,
        closed: Bools | None = None,
        offers: Bools | None = None,
    ) -> Codes | None:
        """Return the best level that an offer gives each row; None if the policy has no offers.

        Where none does, it is one more than the last position. A level of bands is not given by an
        offer either if component or registration exclude it, nor any past its product phases, nor
        any where the purchased level is unknown.

        Parameters
        ----------
        facts
            Rule inputs of the rows, if any.
        country
            Number of the assigned country.
        certain
            Where it is certain; elsewhere only what is offered everywhere counts.
        closed, offers
            Levels excluded, and offers that apply, in the areas of each row (`Zoned`); None if
            there are no such rules.
        """
        if self._offers is None:
            return None
        country = np.where(certain, country, 0)
        usable = np.ones((len(country), len(self._ids)), np.bool_)
        if facts is None:
            none = np.full(len(country), NO_PRODUCT, np.int8)
            return self._offers.best(country, none, _open(usable, closed), offers)
        for level in range(len(self._ids)):
            usable[:, level] = ~self.phases(facts, np.full(len(facts), level, np.int8)).past
        excluded = np.zeros(len(facts), np.bool_)
        for _, fails, _ in self._cases_of_values(facts):
            excluded |= fails
        usable[np.ix_(excluded, self._offers.banded_levels)] = False
        if self.rules.request:
            usable[facts.requested == UNKNOWN] = False
        return self._offers.best(country, facts.offer_product, _open(usable, closed), offers)

    def level_id(self, text: str) -> str | None:
        """Return the id of the level named by a cell of ``requested_level``, if any."""
        position = self._levels.get(name_key(text))
        return None if position is None else self._ids[position]

    def without_band(
        self, facts: EligibilityInputs, country: Numbers, closed: Bools | None = None
    ) -> Bools:
        """Return which rows purchased a level that no distance limits, so that they have it."""
        if not self.rules.request:
            return np.zeros(len(facts), np.bool_)
        barred = self.not_offered_there(facts, country) | self.excluded_there(facts, closed)
        barred |= self.not_offered_for_product(facts, country)
        return self.has_unbanded(facts) & ~barred

    def may_have_unbanded(self, facts: EligibilityInputs) -> Bools:
        """Return which rows purchased a level of unknown name, where a purchase alone gives some.

        A policy of format 1 gives them the fallback.
        """
        if not self.rules.request or not self._gives_purchased:
            return np.zeros(len(facts), np.bool_)
        unknown: Bools = facts.requested == UNKNOWN
        return unknown

    def has_unbanded(self, facts: EligibilityInputs) -> Bools:
        """Return which rows purchased a level that has no band."""
        level = np.maximum(facts.requested, 0)
        result: Bools = (facts.requested >= 0) & self._unbanded.take(level)
        return result

    def not_offered_there(self, facts: EligibilityInputs, country: Numbers) -> Bools:
        """Return which rows purchased a level that the policy does not offer in their country."""
        there = np.zeros(len(facts), np.bool_)
        if not self.rules.request:
            return there
        level = np.maximum(facts.requested, 0)
        if self._offered is not None:
            there |= ~self._offered[country, level]
        if self._offers is not None:
            there |= self._offers.barred(country, facts.offer_product, level).by_country
        return there & (facts.requested >= 0)

    def not_offered_for_product(self, facts: EligibilityInputs, country: Numbers) -> Bools:
        """Return which rows purchased a level that is offered in their country for others only."""
        if not self.rules.request or self._offers is None:
            return np.zeros(len(facts), np.bool_)
        level = np.maximum(facts.requested, 0)
        barred = self._offers.barred(country, facts.offer_product, level).by_product
        return (facts.requested >= 0) & barred & ~self.not_offered_there(facts, country)

    def excluded_there(self, facts: EligibilityInputs, closed: Bools | None) -> Bools:
        """Return which rows purchased a level that is excluded in their area."""
        if not self.rules.request or closed is None:
            return np.zeros(len(facts), np.bool_)
        level = np.maximum(facts.requested, 0)
        there: Bools = (facts.requested >= 0) & closed[np.arange(len(facts)), level]
        return there

    def _cases(
        self,
        facts: EligibilityInputs,
        country: Numbers,
        promised: Codes,
        closed: Bools | None,
    ) -> list[tuple[FailedRule, Bools, bool]]:
        """Return each rule on cells, where it fails, and whether the failure is uncertain."""
        cases: list[tuple[FailedRule, Bools, bool]] = []
        if self.rules.request:
            lower = (facts.requested > promised) | self.has_unbanded(facts)
            barred = self.not_offered_there(facts, country)
            other = self.not_offered_for_product(facts, country)
            excluded = self.excluded_there(facts, closed) & ~barred & ~other
            unclear = (facts.requested == UNKNOWN) | (lower & other)
            plain = lower & ~barred & ~other & ~excluded
            cases.append((FailedRule.level_not_requested, plain, False))
            cases.append((FailedRule.not_offered_in_country, lower & barred, True))
            cases.append((FailedRule.level_not_requested, unclear, True))
            cases.append((FailedRule.area_excluded, lower & excluded, True))
        cases += self._cases_of_values(facts)
        if self.rules.lifecycle and self.products:
            past, doubtful = self.phases(facts, promised)
            cases.append((FailedRule.lifecycle_phase, past, False))
            cases.append((FailedRule.product_undated, doubtful, True))
        return cases

    def _cases_of_values(self, facts: EligibilityInputs) -> list[tuple[FailedRule, Bools, bool]]:
        """Return the rules that exclude a row from the levels of all bands, as `_cases`."""
        cases: list[tuple[FailedRule, Bools, bool]] = []
        if self.rules.components:
            out = facts.component == Component.excluded
            cases.append((FailedRule.component_excluded, out, False))
            cases.append((FailedRule.component_unknown, facts.component == UNKNOWN, True))
        if self.rules.registration:
            late = (facts.registration == RegistrationTiming.late) | (
                facts.registered_on > self.day
            )
            cases.append((FailedRule.address_not_registered, late, False))
            early = facts.registration == RegistrationTiming.early
            cases.append((FailedRule.address_not_registered, early, True))
        return cases

    def _components(self, cells: pa.Array) -> Codes:
        """Return the code of each component; unlisted ones pass unless the list is closed."""
        rule = self.rules.components
        if rule is None:
            return np.full(len(cells), NOT_GIVEN, np.int8)
        codes = {name_key(name): int(Component.listed) for name in rule.known or ()}
        codes |= {name_key(name): int(Component.excluded) for name in rule.excluded}
        result = _coded(cells, codes)
        if rule.known is None:
            result[result == UNKNOWN] = Component.listed
        return result.astype(np.int8)

    def _product(self, columns: Mapping[str, Any], rows: int) -> npt.NDArray[np.int32]:
        """Return the position of each product: of its version, else of all versions."""
        if "product" not in columns:
            return np.full(rows, NOT_GIVEN, np.int32)
        whole = {name: n for (name, version), n in self._numbers.items() if not version}
        result = _coded(columns["product"], whole)
        if "version" in columns and len(whole) < len(self._numbers):
            exact = _coded_pairs(columns["product"], columns["version"], self._numbers)
            result = np.where((exact >= 0) & (result != NOT_GIVEN), exact, result)
        return result.astype(np.int32)

    def _registration(self, registered: Days, installed: Days) -> Codes:
        """Return the timing of each registration, where both dates are known."""
        rule = self.rules.registration
        result = np.full(len(registered), NOT_GIVEN, np.int8)
        if rule is None:
            return result
        result[registered >= installed] = RegistrationTiming.in_time
        if rule.grace_days is not None:
            grace = np.timedelta64(rule.grace_days, "D")
            result[registered > installed + grace] = RegistrationTiming.late
        if rule.before_installation == "review":
            result[registered < installed] = RegistrationTiming.early
        return result

    def _phase_table(self) -> tuple[Bools, Bools]:
        """Return for each product whether no possible phase qualifies, and whether some do.

        Two more rows follow the last product, which `UNKNOWN` and `NOT_GIVEN` index from the end:
        a product that is not in the table is uncertain, an empty cell is not.
        """
        rule, products = self.rules.lifecycle, self.products
        if rule is None or products is None:
            return np.zeros(2, np.bool_), np.zeros(2, np.bool_)
        qualifies = np.isin(PHASES, rule.phases)
        possible = products.possible_phases(self.day)
        qualifying = (possible & qualifies).any(axis=1)
        other = (possible & ~qualifies).any(axis=1)
        return np.append(~qualifying, [False, False]), np.append(qualifying & other, [True, False])


def _open(usable: Bools, closed: Bools | None) -> Bools:
    """Return usable levels without those that are excluded in the areas of each row."""
    return usable if closed is None else usable & ~closed


def _columns_read(policy: Policy, offers: Offers | None) -> tuple[str, ...]:
    """Return the columns whose absence a report names, of all rules of a policy."""
    of_offers = offers is not None and offers.reads_product
    names = [
        column
        for rule, column in COLUMN_OF_RULE.items()
        if getattr(policy.gates, rule) is not None or (column == "product" and of_offers)
    ]
    names += [column for rule in policy.in_force_after for column in rule.columns]
    names += ["moved_on", "former_latitude"] if policy.relocation else []
    return tuple(dict.fromkeys(names))


def _offered(policy: Policy, world: Countries) -> Bools | None:
    """Return the levels offered per country, shape (countries, levels); None if all are."""
    if not policy.restricts_offers:
        return None
    levels = [level.id for level in policy.levels]
    return np.array([[policy.offered(v, code) for v in levels] for code in world.names.codes])


def _bounded(policy: Policy) -> Bools:
    """Return which levels depend on product phases, shape (levels + 1,); last: `NOT_COVERED`."""
    rule = policy.gates.lifecycle
    return np.array([rule is not None and rule.bounds(v.id) for v in policy.levels] + [False])


def _unbanded(policy: Policy) -> Bools:
    """Return which levels have no band, so that no distance limits them; shape (levels,)."""
    banded = {band.level for band in policy.bands}
    return np.array([level.id not in banded for level in policy.levels])


def _coded(cells: pa.Array, codes: Mapping[str, int]) -> Ints:
    """Return the code of each text, ignoring case and spaces; `NOT_GIVEN` where empty."""
    texts, at = _texts(cells)
    code_of_text = [codes.get(text, UNKNOWN) if text else NOT_GIVEN for text in texts]
    return np.array(code_of_text, np.int64).take(at)


def _coded_pairs(first: pa.Array, second: pa.Array, codes: Mapping[tuple[str, str], int]) -> Ints:
    """Return the code of each pair of texts; `UNKNOWN` if not in the table."""
    (texts, at), (others, there) = _texts(first), _texts(second)
    pairs, which = np.unique(at * len(others) + there, return_inverse=True)
    code_of_pair = [
        codes.get((texts[pair // len(others)], others[pair % len(others)]), UNKNOWN)
        for pair in pairs.tolist()
    ]
    result: Ints = np.array(code_of_pair, np.int64)[which.ravel()]
    return result


def _texts(cells: pa.Array) -> tuple[list[str], Ints]:
    """Return the distinct normalised texts, and the index of each cell's; the last is empty."""
    coded = cells.dictionary_encode()
    texts = [*(name_key(text or "") for text in coded.dictionary.to_pylist()), ""]
    at = np.nan_to_num(arrays.as_numpy(coded.indices), nan=len(texts) - 1)
    return texts, at.astype(np.int64)
