"""Levels that are offered without a distance: everywhere, by country, by product."""

from typing import Annotated

from pydantic import Field

from coverage_analyzer.policy.document import FORMAT_2, Identifier, Model
from coverage_analyzer.policy.eligibility import Name
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode


class Offer(Model):
    """A level that sites get without a distance to a center: ``[[offers]]``.

    A site beyond all bands, or not served for another reason, gets the best level that an offer
    gives it, else ``qualification.fallback``.

    Attributes
    ----------
    level
        ``id`` of a level; required. Example: ``"next-business-day"``.
    countries
        List of ISO 3166-1 alpha-2 codes, not empty; by default ``["*"]``, all countries. Example:
        ``["DE", "FR"]``.
    products
        List of names of products, not empty, compared without case; by default all products. For a
        site without a product, the offer does not apply. Example: ``["Model 9"]``.
    areas
        List of each ``id`` of an area in ``[[areas]]`` in which the level is offered; empty by
        default, for everywhere. Example: ``["gulf-coast"]``.
    except_areas
        List of each ``id`` of an area in which it is not; empty by default. Example:
        ``["islands"]``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"next-day-everywhere"``.
    """

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)] = (ALL_OTHERS,)
    products: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    areas: Annotated[tuple[Identifier, ...], FORMAT_2] = ()
    except_areas: Annotated[tuple[Identifier, ...], FORMAT_2] = ()
    clause: Identifier

    def applies_at(self, inside: frozenset[str]) -> bool:
        """Return whether the level is offered in a place, given the areas in which it is."""
        return inside.isdisjoint(self.except_areas) and (
            not self.areas or not inside.isdisjoint(self.areas)
        )

    def applies_in(self, country: str) -> bool:
        """Return whether the level is offered in a country (alpha-2), for some product."""
        return not {country, ALL_OTHERS}.isdisjoint(self.countries)

    @property
    def where(self) -> str:
        """The countries and products as text, such as ``in DE, FR, for MPX 9100``."""
        everywhere = ALL_OTHERS in self.countries
        places = "in all countries" if everywhere else f"in {', '.join(self.countries)}"
        places += f", in the areas {', '.join(self.areas)}" if self.areas else ""
        places += f", except in {', '.join(self.except_areas)}" if self.except_areas else ""
        return f"{places}, for {', '.join(self.products)}" if self.products else places
