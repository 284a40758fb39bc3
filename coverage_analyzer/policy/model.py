"""A policy as a whole: levels, and the rules that say who gets which, as data read from TOML."""

import functools
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pydantic
from pydantic import Field

from coverage_analyzer import documents
from coverage_analyzer.countries import names
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import InputError, PolicyError, visible
from coverage_analyzer.policy.checks import faults
from coverage_analyzer.policy.commitments import CommitmentRules
from coverage_analyzer.policy.gates import GateRules
from coverage_analyzer.policy.parts import (
    ALL_OTHERS,
    Band,
    CountryRules,
    Identifier,
    LeadTime,
    Level,
    Model,
    Qualification,
    Source,
    Warranty,
)
from coverage_analyzer.policy.wording import nearest, validation_faults

DEFAULT: Final = "appliance-maintenance"
"""The policy that applies if none is named."""


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
            msg = f"{origin} breaks {len(found)} rule(s):\n{lines}"
            raise PolicyError(msg) from None

    @functools.cached_property
    def sha256(self) -> str:
        """The hash of all that the policy says; comments and order of keys do not count."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def level(self, identifier: str) -> Level:
        """Return a level by its ``id``."""
        return next(level for level in self.levels if level.id == identifier)

    def bands_in(self, country: str) -> tuple[Band, ...]:
        """Return the bands that hold in a country (alpha-2), the nearest first."""
        named = [b for b in self.bands if country in b.countries]
        others = [b for b in self.bands if ALL_OTHERS in b.countries]
        return tuple(sorted(named or others, key=lambda b: b.up_to_miles))

    def described(self, *, clauses: bool = False) -> str:
        """Return the policy in words, a rule a line, and the clauses if they are asked for."""
        lines = [f"{self.name}: {self.title}", f"  source    {self.source.address}"]
        lines += [
            f"  level     {level.title}: {level.replacement or 'promises nothing'}"
            for level in self.levels
        ]
        for band in self.bands:
            reach = f"above {band.above_miles:g}, " if band.above_miles else ""
            where = ", ".join(band.countries).replace(ALL_OTHERS, "all others")
            lines.append(
                f"  band      {self.level(band.level).title}: {reach}up to {band.up_to_miles:g} "
                f"miles{' by road' if band.metric == 'road' else ''} in {where}"
            )
        same = "the same country" if self.qualification.same_country else "any country"
        lines.append(f"  center    in {same}")
        lines.append(f"  fallback  {self.level(self.qualification.fallback).title}")
        for time in self.lead_times:
            where = ", ".join(time.countries).replace(ALL_OTHERS, "all others")
            span = (
                f"{time.at_least} to {time.at_most}" if time.at_least else f"up to {time.at_most}"
            )
            lines.append(f"  lead time {span} {time.unit} in {where}")
        rules = self.countries
        lines += [f"  fold      territories of {code}" for code in rules.fold_territories]
        lines += [f"  fold      {code} counts as {other}" for code, other in rules.fold.items()]
        lines.append(f"  contested areas: {rules.contested}")
        lines += [f"  gate      {line}" for line in self.gates.described()]
        lines += [f"  promises  {line}" for line in self.commitments.described()]
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
        offered = bool(self.gates.not_offered)
        return self.qualification.same_country or offered or not everywhere


def builtin() -> dict[str, Policy]:
    """Return the policies that ship with the package, by name."""
    folder = resources.files("coverage_analyzer") / "resources" / "policies"
    names = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
    return {name: Policy.load(name) for name in names}


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
    folder = resources.files("coverage_analyzer") / "resources" / "policies"
    names = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
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
            f"There is no policy {str(source)!r}: no built-in one ({', '.join(names)}) "
            f"and no file that can be read.{nearest(str(source), names)}"
        )
        raise PolicyError(msg) from error


def _with_tuples(data: Any) -> Any:
    """Return the data with lists as tuples, which a strict and frozen model wants."""
    if isinstance(data, Mapping):
        return {k: _with_tuples(v) for k, v in data.items()}
    return tuple(map(_with_tuples, data)) if isinstance(data, list) else data
