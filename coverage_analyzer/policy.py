"""Policies: levels, and the rules that say who gets which, as data read from TOML.

A policy is a closed model: an unknown key, a wrong unit or bands that overlap are errors that name
the key. It is frozen, and its hash goes into every report.
"""

import difflib
import functools
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import pydantic
from pydantic import Field

from coverage_analyzer.countries import names
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import PolicyError, visible

ALL_OTHERS: Final = "*"
"""In a list of countries: all that no other entry of the same kind names."""

DEFAULT: Final = "appliance-maintenance"
"""The policy that applies if none is named."""

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
IsoCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CountryCode = Annotated[str, Field(pattern=r"^([A-Z]{2}|\*)$")]
Miles = Annotated[float, Field(ge=0, le=12_000)]


class Model(pydantic.BaseModel):
    """What all parts of a policy share: frozen, closed, and strict about types."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(Model):
    """Where the vendor says it."""

    title: str
    address: str
    note: str = ""


class Replacement(Model):
    """The clock of a replacement: from an event to an event within a time."""

    start: Literal["authorised", "rma_issued", "call_acknowledged", "diagnosis_complete"]
    end: Literal["delivered", "shipped", "on_site", "repaired"]
    amount: Annotated[int, Field(ge=1)]
    unit: Literal["hours", "business_days"]
    clause: Identifier

    def __str__(self) -> str:
        """Return the promise in words, such as ``delivered within 4 hours of authorisation``."""
        unit = self.unit.replace("_", " ")
        start = {
            "authorised": "authorisation",
            "rma_issued": "the RMA number",
            "call_acknowledged": "acknowledging the call",
            "diagnosis_complete": "the diagnosis",
        }[self.start]
        counted = unit.removesuffix("s") if self.amount == 1 else unit
        return f"{self.end.replace('_', ' ')} within {self.amount} {counted} of {start}"


class Level(Model):
    """A maintenance level; without a replacement clock it promises nothing."""

    id: Identifier
    title: Annotated[str, Field(min_length=1)]
    coverage_hours: str = "not stated"
    software_updates: str = "not stated"
    technical_support: str = "not stated"
    replacement: Replacement | None = None
    footnotes: tuple[Identifier, ...] = ()


class Warranty(Model):
    """What the manufacturer warrants, whatever the level."""

    hardware_days: Annotated[int, Field(ge=0)]
    software_days: Annotated[int, Field(ge=0)]
    clause: Identifier


class Qualification(Model):
    """The rules round the bands."""

    same_country: bool
    fallback: Identifier
    interim: Identifier
    clause: Identifier | None = None
    fallback_clause: Identifier


class Band(Model):
    """Distances, above one and up to another (included), that buy a level in some countries."""

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    metric: Literal["geodesic"] = "geodesic"
    above_miles: Miles = 0
    up_to_miles: Miles
    clause: Identifier


class LeadTime(Model):
    """How long a new center takes in some countries."""

    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=0)]
    at_most: Annotated[int, Field(ge=0)]
    unit: Literal["days", "weeks", "months"]
    clause: Identifier


class CountryRules(Model):
    """How countries are read.

    ``fold`` lets a country count as another one (``{PR = "US"}``, or a disputed area with a code
    of its own: ``{EH = "MA"}``), and ``{PR = "PR"}`` keeps one apart. ``fold_territories`` names
    sovereigns all of whose territories count as the sovereign. What others count as may not count
    as something else itself: such a chain can be meant in two ways, and is refused. ``contested``
    says what a site declares rightly in an area that two countries hold: only its ``holder``,
    either ``declared`` one, or nothing without ``review``.
    """

    fold: dict[IsoCode, IsoCode] = {}
    fold_territories: tuple[IsoCode, ...] = ()
    contested: Literal["holder", "declared", "review"] = "holder"


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
    clauses: dict[Identifier, str]

    @pydantic.model_validator(mode="after")
    def _agrees(self) -> "Policy":
        """Check what no part can check alone, and say all that is wrong at once.

        Raises
        ------
        ValueError
            Which pydantic turns into its own.
        """
        faults = [
            *_duplicates(self),
            *_dangling(self),
            *_unknown_countries(self),
            *_chained_folds(self.countries),
            *_backward_times(self.lead_times),
            *_band_faults(self.bands),
        ]
        if faults:
            raise ValueError("\n".join(faults))
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
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"{origin} is not valid TOML: {error}."
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
            errors = error.errors()
            faults = [_fault(e) for e in errors if not _follows(e, errors)]
            lines = "\n".join(f"  {fault}" for fault in faults)
            msg = f"{origin} breaks {len(faults)} rule(s):\n{lines}"
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
                f"miles in {where}"
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
        return self.qualification.same_country or not everywhere


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
        return path.read_text(encoding="utf-8"), str(path)
    except UnicodeDecodeError as error:
        msg = f"{path} cannot be read as UTF-8 text: {error}."
        raise PolicyError(msg) from error
    except (OSError, ValueError) as error:  # none there, a folder, a name too long or with a NUL
        msg = (
            f"There is no policy {str(source)!r}: no built-in one ({', '.join(names)}) "
            f"and no file that can be read.{_nearest(str(source), names)}"
        )
        raise PolicyError(msg) from error


def _with_tuples(data: Any) -> Any:
    """Return the data with lists as tuples, which a strict and frozen model wants."""
    if isinstance(data, Mapping):
        return {k: _with_tuples(v) for k, v in data.items()}
    return tuple(map(_with_tuples, data)) if isinstance(data, list) else data


def _nearest(word: str, words: Iterator[str] | list[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _follows(error: Any, errors: list[Any]) -> bool:
    """Return whether a list is only called too short since something in it is wrong."""
    depth = len(error["loc"])
    inner = [e for e in errors if len(e["loc"]) > depth and e["loc"][:depth] == error["loc"]]
    return error["type"] == "too_short" and bool(inner)


def _fault(error: Any) -> str:
    """Return a validation error in words: the key, what is wrong, the nearest right one."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        near = _nearest(key, _keys_of(parents))
        if str(key).endswith("_km"):
            near = " Distances are in miles: 100 km are 62.137 miles."
        return f"{where}: unknown key.{near}"
    if error["type"] == "string_pattern_mismatch" and "[A-Z]{2}" in error["ctx"]["pattern"]:
        return f"{where}: {error['input']!r} is no country code of two capital letters."
    if error["type"] == "literal_error":
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return (
            f"{where}: {error['input']!r} is not one of {', '.join(allowed)}."
            f"{_nearest(str(error['input']), allowed)}"
        )
    if error["type"] == "missing":
        return f"{where}: is missing."
    if error["type"] == "value_error":
        return str(error["ctx"]["error"]).replace("\n", "\n  ")
    text = error["msg"].replace("Tuple", "List").replace("tuple", "list")
    return f"{where}: {text} (found {error['input']!r})."


def _keys_of(parents: list[str | int]) -> list[str]:
    """Return the keys that the part of a policy at a place may have."""
    model: Any = Policy
    for key in parents:
        if isinstance(key, str):
            kinds = [model.model_fields[key].annotation]
            while not (isinstance(kinds[0], type) and issubclass(kinds[0], Model)):
                kinds = [k for kind in kinds for k in getattr(kind, "__args__", ())]
                if not kinds:
                    return []
            model = kinds[0]
    return list(model.model_fields)


def _duplicates(policy: Policy) -> Iterator[str]:
    for what in ("id", "title"):
        values = [getattr(level, what) for level in policy.levels]
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield f"levels: two have the {what} {value!r}."


def _dangling(policy: Policy) -> Iterator[str]:
    """Yield each mention of a level or clause that the policy does not hold."""
    dump = policy.model_dump(exclude={"clauses", "levels", "source"})
    levels = [level.id for level in policy.levels]
    for where, key, value in _mentions({**dump, "levels": [v.model_dump() for v in policy.levels]}):
        known = levels if key in {"level", "fallback", "interim"} else list(policy.clauses)
        if value is not None and value not in known:
            kind = "level" if known is levels else "clause"
            yield f"{where}: there is no {kind} {value!r}.{_nearest(value, known)}"


def _mentions(part: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            place = f"{where}.{key}" if where else str(key)
            if key in {"level", "fallback", "interim"} or key.endswith("clause"):
                yield place, key, value
            elif key == "footnotes":
                yield from ((place, key, v) for v in value)
            else:
                yield from _mentions(value, place)
    elif isinstance(part, (list, tuple)):
        for number, value in enumerate(part):
            yield from _mentions(value, f"{where}.{number}")


def _unknown_countries(policy: Policy) -> Iterator[str]:
    """Yield each country code that ISO 3166-1 does not have."""
    table = names.load()
    rules = policy.countries
    used = [
        *(
            (f"{w}.{n}.countries", p.countries)
            for w in ("bands", "lead_times")
            for n, p in enumerate(getattr(policy, w))
        ),
        ("countries.fold", (*rules.fold, *rules.fold.values())),
        ("countries.fold_territories", rules.fold_territories),
    ]
    for where, code in ((w, c) for w, codes in used for c in codes):
        if code not in (ALL_OTHERS, *table.codes[1:]):
            meant = table.number(code)
            hint = f" Did you mean {table.codes[meant]!r}?" if meant > 0 else ""
            yield f"{where}: {code!r} is not an ISO 3166-1 alpha-2 code.{hint}"


def _chained_folds(rules: CountryRules) -> Iterator[str]:
    """Yield each country that others count as, and that counts as another one itself."""
    table = names.load()
    sovereigns = dict(zip(table.codes, (table.codes[n] for n in table.sovereign), strict=True))
    counts_as = {c: s for c, s in sovereigns.items() if s in rules.fold_territories} | rules.fold
    for code in sorted(set(counts_as.values())):
        other = counts_as.get(code, code)
        if other != code:
            yield (
                f"countries.fold: {code!r} counts as {other!r}, but "
                f"{', '.join(repr(c) for c, o in counts_as.items() if o == code)} as {code!r}. "
                f"Say for each what it counts as in the end."
            )


def _backward_times(times: tuple[LeadTime, ...]) -> Iterator[str]:
    for number, time in enumerate(times):
        if time.at_least > time.at_most:
            yield f"lead_times.{number}: at_least is greater than at_most."


def _band_faults(bands: tuple[Band, ...]) -> Iterator[str]:
    """Yield what is wrong with bands: in each country they start at 0 and follow on one another."""
    for country in sorted({c for b in bands for c in b.countries}):
        some = sorted((b for b in bands if country in b.countries), key=lambda b: b.up_to_miles)
        reached = 0.0
        for band in some:
            where = f"bands ({country}): {band.above_miles:g} to {band.up_to_miles:g} miles"
            if band.up_to_miles <= band.above_miles:
                yield f"{where}: up_to_miles must be greater than above_miles."
            elif band.above_miles < reached:
                yield f"{where} overlaps the band before: above_miles must be {reached:g}."
            elif band.above_miles > reached:
                yield f"{where} leaves a gap: above_miles must be {reached:g}."
            reached = max(reached, band.up_to_miles)
    if not any(ALL_OTHERS in b.countries for b in bands):
        yield f'bands: no band has countries = ["{ALL_OTHERS}"], for all that no other band names.'
