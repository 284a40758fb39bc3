"""Support programmes as data from TOML: offers, conditions and clauses.

A programme is a closed, frozen model like a policy. Content lost in its source is ``not stated``.
"""

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import pydantic
from pydantic import Field

from coverage_analyzer.countries import names
from coverage_analyzer.errors import visible
from coverage_analyzer.policy.document import Document, Identifier, Kind, Model, mentions
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode
from coverage_analyzer.policy.suggestions import nearest

Text = Annotated[str, Field(min_length=1)]

Holding = Literal[
    "software_maintenance",
    "appliance_maintenance",
    "success_services",
    "priority",
    "priority_plus",
    "os_vendor_support",
    "relationship_management",
]
"""Facts about a customer: the fields of `entitlements.Customer` used by conditions."""


class Offer(Model):
    """An offer of a programme; one column of the comparison.

    ``described_in`` names the programme that describes how to get it, if that is another one.
    """

    id: Identifier
    title: Text
    described_in: Identifier | None = None


class Region(Model):
    """Countries, and whether a programme is offered there."""

    title: Text
    offered: Literal["yes", "no", "in some countries"]
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]


class Markets(Model):
    """Where a programme is offered, from a day on."""

    valid_from: datetime.date
    regions: Annotated[tuple[Region, ...], Field(min_length=1)]
    clause: Identifier

    def region(self, country: str) -> Region | None:
        """Return the region of a country (alpha-2); None if the programme omits it."""
        for code in (country, ALL_OTHERS):
            for region in self.regions:
                if code in region.countries:
                    return region
        return None


class Product(Model):
    """A product line with its covered versions; ``5.x`` is any version 5.

    ``names`` are its other names.
    """

    title: Text
    names: tuple[str, ...] = ()
    versions: Annotated[tuple[Text, ...], Field(min_length=1)]
    clause: Identifier


class InMarket(Model):
    """The programme is offered in the country."""

    kind: Literal["market"]


class Has(Model):
    """The customer has one of these items on the day."""

    kind: Literal["has"]
    any_of: Annotated[tuple[Holding, ...], Field(min_length=1)]
    clause: Identifier


class HasNot(Model):
    """The customer has not done this before."""

    kind: Literal["has_not"]
    what: Literal["relationship_management_renewed"]
    clause: Identifier


class By(Model):
    """The day is not later than this one."""

    kind: Literal["by"]
    last_day: datetime.date
    clause: Identifier


class Covered(Model):
    """The product and version are covered."""

    kind: Literal["product"]


class Milestone(Model):
    """The version has reached its End of Maintenance or End of Life."""

    kind: Literal["milestone"]
    clause: Identifier


class BaseSupport(Model):
    """The customer has a base support agreement for the product line, on the day."""

    kind: Literal["base_support"]
    clause: Identifier


class NotStated(Model):
    """A condition that the source does not state."""

    kind: Literal["not_stated"]
    what: Text
    clause: Identifier


Condition = Annotated[
    InMarket | Has | HasNot | By | Covered | Milestone | BaseSupport | NotStated,
    Field(discriminator="kind"),
]


class Way(Model):
    """One route to an offer, all of whose conditions must be met."""

    offer: Identifier
    title: Text
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Figure(Model):
    """A figure with its unit, exact or as a bound."""

    bound: Annotated[Literal["exactly", "under", "at least"], Field(alias="is")]
    amount: Annotated[int, Field(ge=1)]
    unit: Literal["minutes", "hours", "region", "year"]

    def __str__(self) -> str:
        """Return it as text, such as ``under 15 minutes``."""
        return f"{self.bound.removeprefix('exactly')} {self.amount} {self.unit}".strip()


class Feature(Model):
    """A row of the comparison, with a value for each offer compared."""

    title: Text
    clause: Identifier
    values: dict[Identifier, Text | Figure]


class Programme(Document):
    """A support programme.

    Load one with `Programme.load`; `Programme.builtin` lists the built-in ones.

    Examples
    --------
    >>> programme = Programme.load("extended-support")
    >>> [product.title for product in programme.products]
    ['XenDesktop', 'XenApp', 'XenServer']
    """

    kind: ClassVar[Kind] = "programme"

    title: Text
    offers: Annotated[tuple[Offer, ...], Field(min_length=1)]
    markets: Markets | None = None
    products: tuple[Product, ...] = ()
    ways: tuple[Way, ...]
    features: tuple[Feature, ...]
    clauses: dict[Identifier, Text]

    @pydantic.model_validator(mode="after")
    def _agrees(self) -> "Programme":
        """Validate what no part can check alone.

        Raises
        ------
        ValueError
            Which pydantic converts.
        """
        problems = list(_faults(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @classmethod
    def _validated(cls, data: Mapping[str, Any], folder: Path | None) -> Self:
        """Validate by way of JSON, where a text may be a date; programmes name no files."""
        del folder
        return cls.model_validate_json(json.dumps(data, default=_as_text))

    @property
    def compared(self) -> tuple[Offer, ...]:
        """Offers with a column in the comparison: those of the first feature."""
        named = self.features[0].values if self.features else {}
        return tuple(offer for offer in self.offers if offer.id in named)

    def described(self, *, clauses: bool = False) -> str:
        """Return the programme as text, one rule per line, optionally with its clauses."""
        lines = [
            f"{self.name}: {self.title}",
            f"  source    {self.source.address or self.source.title}",
        ]
        lines += [f"  offer     {offer.title}" for offer in self.offers]
        if self.markets:
            since = self.markets.valid_from
            regions = self.markets.regions
            lines += [f"  market    {r.title}: {r.offered}, from {since}" for r in regions]
        lines += [f"  covers    {p.title} {', '.join(p.versions)}" for p in self.products]
        titles = {offer.id: offer.title for offer in self.offers}
        lines += [f"  route     {titles[way.offer]}: {way.title}" for way in self.ways]
        lines += [
            f"  feature   {feature.title}: "
            + "; ".join(f"{titles[o]} {value}" for o, value in feature.values.items())
            for feature in self.features
        ]
        if clauses:
            lines += [f"  clause    {name}: {words}" for name, words in self.clauses.items()]
        return "\n".join(map(visible, lines))


def _as_text(value: Any) -> str:
    """Return a TOML date as JSON writes it.

    Raises
    ------
    TypeError
        If it has another type, which no programme contains.
    """
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    msg = f"{type(value).__name__} has no place in a programme"
    raise TypeError(msg)


def _faults(programme: Programme) -> Iterator[str]:
    """Yield all inconsistencies between the parts of a programme, as text that names the key."""
    offers = [offer.id for offer in programme.offers]
    yield from (f"offers: two offers have the id {o!r}." for o in sorted(_twice(offers)))
    for number, way in enumerate(programme.ways):
        if way.offer not in offers:
            near = nearest(way.offer, offers)
            yield f"ways.{number}.offer: unknown offer {way.offer!r}.{near}"
        yield from _unfounded(programme, number, way)
    columns = [offer.id for offer in programme.compared]
    for number, feature in enumerate(programme.features):
        if list(feature.values) != columns:
            yield f"features.{number}.values: give one value for each of {', '.join(columns)}."
    rules = programme.model_dump(exclude={"clauses"})
    for named in sorted({value for _, _, value in mentions(rules)} - programme.clauses.keys()):
        yield f"unknown clause {named!r}.{nearest(named, programme.clauses)}"
    if programme.markets:
        yield from _market_faults(programme.markets)
    versions = [v for product in programme.products for v in product.versions]
    yield from (f"products: {v!r} is not a version." for v in versions if not VERSION.match(v))


VERSION: Final = re.compile(
    r"\s*v?(\d+(?:\.\d+)*(?:\.x\b)?)(?!\.?\d)\s*(.*)", re.IGNORECASE | re.DOTALL
)
"""A version: figures, the last of which may be a wildcard (``5.x``), and words."""


def _twice(values: list[str]) -> set[str]:
    return {value for value in values if values.count(value) > 1}


def _unfounded(programme: Programme, number: int, way: Way) -> Iterator[str]:
    """Yield each condition on a part that the programme does not have."""
    kinds = {condition.kind for condition in way.conditions}
    if "market" in kinds and programme.markets is None:
        yield f"ways.{number}: has a market condition, but the programme lists no markets."
    if {"product", "base_support"} & kinds and not programme.products:
        yield f"ways.{number}: has a product condition, but the programme lists no products."


def _market_faults(markets: Markets) -> Iterator[str]:
    codes = [code for region in markets.regions for code in region.countries]
    yield from (
        f"markets: {code!r} is in two regions. Name it once." for code in sorted(_twice(codes))
    )
    for code in codes:
        if code not in (ALL_OTHERS, *names.load().codes[1:]):
            yield f"markets: {code!r} is not an ISO 3166-1 alpha-2 code."
