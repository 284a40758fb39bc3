"""A policy as a whole: levels, and the rules that say who gets which, as data read from TOML."""

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
import pydantic
from pydantic import Field

from coverage_analyzer import documents
from coverage_analyzer.countries import names
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError, PolicyError, quantity, visible
from coverage_analyzer.policy.consistency import policy_warnings
from coverage_analyzer.policy.document import Model, Source
from coverage_analyzer.policy.due_times import CommitmentRules
from coverage_analyzer.policy.eligibility import GateRules, NotOffered
from coverage_analyzer.policy.rules import (
    ALL_OTHERS,
    NOT_COVERED,
    Band,
    CountryRules,
    Identifier,
    LeadTime,
    Level,
    Qualification,
    Warranty,
    miles_text,
)
from coverage_analyzer.policy.validation import faults
from coverage_analyzer.policy.wording import nearest, validation_faults

DEFAULT: Final = "appliance-maintenance"
"""The policy that applies if none is named."""

PRINTED_MILES: Final = 0.001
"""The last decimal that a report prints of a limit."""


class Policy(Model):
    """Levels and rules of one maintenance programme.

    Load one with `Policy.load`; `builtin` lists those that ship.
    """

    format: Literal[1]
    name: Identifier
    title: str
    source: Source
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    warranty: Warranty | None = None
    qualification: Qualification
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    lead_times: tuple[LeadTime, ...] = ()
    countries: CountryRules = CountryRules()
    gates: GateRules = GateRules()
    commitments: CommitmentRules = CommitmentRules()
    clauses: dict[Identifier, str]

    @pydantic.model_validator(mode="after")
    def _agrees(self) -> "Policy":
        """Check what no part can check alone, and say all that is wrong at once.

        Raises
        ------
        ValueError
            Which pydantic turns into its own.
        """
        found = list(faults(self))
        if found:
            raise ValueError("\n".join(found))
        return self

    @classmethod
    def load(cls, source: "str | Path | Policy" = DEFAULT) -> "Policy":
        """Return a built-in policy by its name, or one from a TOML file by its path.

        A policy is returned as it is, so that whoever takes either need not ask which it is.

        Raises
        ------
        PolicyError
            If there is no such policy, or it breaks a rule; the message names the key.

        Examples
        --------
        >>> policy = Policy.load("appliance-maintenance")
        >>> [level.title for level in policy.levels]
        ['Gold Plus', 'Gold', 'Silver', 'Bronze']
        """
        if isinstance(source, Policy):
            return source
        text, origin = _text(source)
        try:
            data = documents.load_toml(text.encode())
        except InputError as error:
            msg = f"{origin} {error}."
            raise PolicyError(msg) from error
        return cls.from_mapping(data, origin=origin)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any], *, origin: str = "The policy") -> "Policy":
        """Return a policy from nested dictionaries and lists, as TOML or JSON give them.

        Raises
        ------
        PolicyError
            If it breaks a rule; the message names the key.
        """
        try:
            return cls.model_validate(_with_tuples(data))
        except pydantic.ValidationError as error:
            found = validation_faults(error, cls)
            lines = "\n".join(f"  {fault}" for fault in found)
            problems = quantity(len(found), "problem")
            msg = f"{origin} has {problems}:\n{lines}"
            raise PolicyError(msg) from None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, which knows nothing of what was worked out for the original."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("sha256", "titles", "warnings"):
            copied.__dict__.pop(name, None)
        return copied

    @functools.cached_property
    def sha256(self) -> str:
        """The hash of all that the policy says; comments and order of keys do not count."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @functools.cached_property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know that no rule forbids; each command that loads one says it."""
        return tuple(policy_warnings(self))

    def level(self, identifier: str) -> Level:
        """Return a level by its ``id``."""
        return next(level for level in self.levels if level.id == identifier)

    def level_position(self, identifier: str) -> int:
        """Return the position of a level in `levels` by its ``id``; 0 is the best."""
        return next(n for n, level in enumerate(self.levels) if level.id == identifier)

    @property
    def band_levels(self) -> tuple[Level, ...]:
        """The levels that bands buy, the best first."""
        bought = {band.level for band in self.bands}
        return tuple(level for level in self.levels if level.id in bought)

    def drive_limit_minutes(self, level: str) -> float | None:
        """Return how long the drive to a site may take at a level (by its ``id``), in minutes.

        That is its delivery clock: the hours within which the replacement has to arrive. A level
        that only ships, or that counts business days, sets no limit.

        Examples
        --------
        >>> policy = Policy.load()
        >>> policy.drive_limit_minutes("gold-plus"), policy.drive_limit_minutes("gold")
        (240.0, None)
        """
        clock = self.level(level).replacement
        if clock is None or clock.unit != "hours" or clock.end == "shipped":
            return None
        return clock.amount * 60.0

    @functools.cached_property
    def titles(self) -> tuple[str, ...]:
        """The titles of the levels, the best first, and behind them that of `NOT_COVERED`."""
        return (*(level.title for level in self.levels), NOT_COVERED.title)

    def level_at(self, position: int) -> Level:
        """Return the level of a title's position in `titles`, which a verdict holds."""
        return (*self.levels, NOT_COVERED)[position]

    def titled(self, title: str) -> Level:
        """Return a level, or `NOT_COVERED`, by its title.

        Raises
        ------
        ValueError
            If no level has it.
        """
        return self.level_at(self.titles.index(title))

    def bands_in(self, country: str) -> tuple[Band, ...]:
        """Return the bands that hold in a country (alpha-2), the nearest first."""
        named = [b for b in self.bands if country in b.countries]
        others = [b for b in self.bands if ALL_OTHERS in b.countries]
        return tuple(sorted(named or others, key=lambda b: b.up_to_miles))

    def band_for(self, country: str, limit_miles: float) -> Band | None:
        """Return the band of a country (alpha-2) with an upper limit, if there is one.

        Parameters
        ----------
        country
            Alpha-2 code.
        limit_miles
            The ``limit_miles`` of a verdict, also as a report prints it: with 3 decimals.
        """
        bands = self.bands_in(country)
        nearest = min(bands, key=lambda band: abs(band.up_to_miles - limit_miles))
        return nearest if abs(nearest.up_to_miles - limit_miles) < PRINTED_MILES else None

    def offered(self, level: str, country: str) -> bool:
        """Return whether a level (by its ``id``) is offered in a country (alpha-2).

        Examples
        --------
        >>> policy = Policy.load("watchguard-premium-rma")
        >>> [policy.offered("premium", country) for country in ("US", "JP")]
        [True, False]
        """
        return self.not_offered_rule(level, country) is None

    def not_offered_rule(self, level: str, country: str) -> NotOffered | None:
        """Return the first rule by which a level is not offered in a country, if there is one."""
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
        """Return in which countries a level (by its ``id``) is offered, in words.

        Examples
        --------
        >>> Policy.load().offer_text("gold-plus")
        'all'
        """
        rules = [rule.offer_text for rule in self.gates.not_offered if rule.level == level]
        return "; ".join(rules) or "all"

    @property
    def not_offered_text(self) -> str:
        """All rules on levels that are not offered somewhere, in words; empty without one."""
        return "; ".join(map(str, self.gates.not_offered))

    @property
    def has_export_rule(self) -> bool:
        """Whether the policy speaks of export approval, even if it names no country."""
        return self.gates.export_approval is not None

    def lead_time_countries(self, per: str = "center") -> tuple[tuple[str, ...], ...]:
        """Return the countries of each lead time of a center, or of another thing."""
        return tuple(time.countries for time in self.lead_times if time.per == per)

    @property
    def unapplied_clauses(self) -> tuple[str, ...]:
        """The clauses of the lead times that are not of a center, which no rule applies."""
        return tuple(time.clause for time in self.lead_times if time.per != "center")

    def lead_time_in(self, country: str, per: str = "center") -> LeadTime | None:
        """Return how long a new center takes in a country (alpha-2), if the policy says so.

        Parameters
        ----------
        country
            Alpha-2, or `ALL_OTHERS`.
        per
            Of what the time is, as `LeadTime.per` calls it.
        """
        times = [t for t in self.lead_times if t.per == per]
        named = [t for t in times if country in t.countries]
        others = [t for t in times if ALL_OTHERS in t.countries]
        return next(iter(named or others), None)

    def described(self, *, clauses: bool = False) -> str:
        """Return the policy in words, a rule a line, and the clauses if they are asked for."""
        lines = [f"{self.name}: {self.title}", f"  source    {self.source.address}"]
        lines += [
            f"  level     {level.title}: {level.replacement or 'no replacement promise'}"
            for level in self.levels
        ]
        for band in self.bands:
            reach = f"above {miles_text(band.above_miles)}, " if band.above_miles else ""
            where = ", ".join(band.countries).replace(ALL_OTHERS, "all other countries")
            lines.append(
                f"  band      {self.level(band.level).title}: {reach}up to "
                f"{miles_text(band.up_to_miles)} "
                f"miles{' by road' if band.metric == 'road' else ''} in {where}"
            )
        same = "the same country" if self.qualification.same_country else "any country"
        lines.append(f"  center    in {same}")
        lines.append(f"  fallback  {self.level(self.qualification.fallback).title}")
        for time in self.lead_times:
            where = ", ".join(time.countries).replace(ALL_OTHERS, "all other countries")
            each = "" if time.per == "center" else f" per {time.per} (not applied)"
            lines.append(f"  lead time {time.span} in {where}{each}")
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

    def convention(self, table: names.Names, *, trust_declared: bool = False) -> Convention:
        """Return how the policy reads countries, as numbers of a table."""
        fold = np.arange(len(table.codes), dtype=np.int16)
        for code in self.countries.fold_territories:
            number = table.known(code)
            fold[table.sovereign == number] = number
        for code, other in self.countries.fold.items():
            fold[table.known(code)] = table.known(other)
        return Convention(fold, self.countries.contested, trust_declared)

    @property
    def needs_country(self) -> bool:
        """Whether any answer depends on the country of a site."""
        everywhere = all(b.countries == (ALL_OTHERS,) for b in self.bands)
        return self.qualification.same_country or self.restricts_offers or not everywhere


def builtin() -> dict[str, Policy]:
    """Return the policies that ship with the package, by name."""
    return {name: Policy.load(name) for name in builtin_names()}


def builtin_names() -> list[str]:
    """Return the names of the policies that ship with the package, sorted."""
    folder = resources.files("coverage_analyzer") / "resources" / "policies"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir())


def text(source: str | Path) -> str:
    """Return the TOML text of a built-in policy or a file, to start one's own from.

    Raises
    ------
    PolicyError
        If there is none.
    """
    return _text(source)[0]


def _text(source: str | Path) -> tuple[str, str]:
    """Return the text of a policy and how to call it in a message.

    Raises
    ------
    PolicyError
        If there is none.
    """
    folder, names = resources.files("coverage_analyzer") / "resources" / "policies", builtin_names()
    if source in names:
        text = (folder / f"{source}.toml").read_text(encoding="utf-8")
        return text, f"Policy {source!r}"
    path = Path(source)
    try:
        return documents.read_text(path), str(path)
    except InputError as error:
        msg = f"{path} {error}."
        raise PolicyError(msg) from error
    except (OSError, ValueError) as error:  # none there, a folder, a name too long or with a NUL
        msg = (
            f"Unknown policy {str(source)!r}: not a built-in policy ({', '.join(names)}) and not a "
            f"readable file.{nearest(str(source), names)}"
        )
        raise PolicyError(msg) from error


def _with_tuples(data: Any) -> Any:
    """Return the data with lists as tuples, which a strict and frozen model wants."""
    if isinstance(data, Mapping):
        return {k: _with_tuples(v) for k, v in data.items()}
    return tuple(map(_with_tuples, data)) if isinstance(data, list) else data
