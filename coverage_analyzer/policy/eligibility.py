"""Eligibility rules that may deny a level to a site within the limit, each with its clause."""

from typing import Annotated, Literal

from pydantic import Field

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy.areas import ExcludedArea
from coverage_analyzer.policy.document import FORMAT_2, Identifier, Model
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode, IsoCode

Name = Annotated[str, Field(pattern=r"\S")]
Phase = Literal["mainstream", "extended", "end_of_maintenance"]


class ComponentGate(Model):
    """Components excluded from the levels of the bands: ``[gates.components]``.

    Attributes
    ----------
    excluded
        List of names of components, compared without case; empty by default. Example:
        ``["SSD"]``.
    known
        List of the names of all other components, if the vendor has one. A component in neither
        list is then unknown, and its site goes to review. By default no component is unknown.
        Example: ``["power supply", "fan"]``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"components-excluded"``.
    """

    excluded: tuple[Name, ...] = ()
    known: tuple[Name, ...] | None = None
    clause: Identifier


class LifecycleGate(Model):
    """The phases of a product in which levels are available: ``[gates.lifecycle]``.

    Attributes
    ----------
    phases
        List, not empty, of ``"mainstream"``, ``"extended"`` and ``"end_of_maintenance"``; required.
        Example: ``["mainstream", "extended"]``.
    levels
        List, not empty, of each ``id`` of a level that the phases limit. By default they limit
        every level, so that a product past them has none. A product keeps a level that is not
        limited. Example: ``["four-hours"]``.
    afterwards
        Name of a built-in or registered programme that may apply after the phases, for the
        products it covers; none by default. Example: ``"extended-support"``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"lifecycle"``.
    """

    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    levels: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    afterwards: Identifier | None = None
    clause: Identifier

    def bounds(self, level: str) -> bool:
        """Return whether a level, by its id, depends on the product phase."""
        return self.levels is None or level in self.levels


class RegistrationGate(Model):
    """Required registration of a product's address: ``[gates.registration]``.

    Attributes
    ----------
    grace_days
        Integer, in days after the installation, at least 0. By default no registration is too late,
        as an address may be updated at any time; one in the future applies from its day on.
        Example: ``30``.
    before_installation
        Result if the registration is before the installation: ``"review"`` (default) or
        ``"accept"``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"address-registered"``.
    """

    grace_days: Annotated[int, Field(ge=0)] | None = None
    before_installation: Literal["review", "accept"] = "review"
    clause: Identifier


class RequestGate(Model):
    """Limit of each site to its purchased level, however near a center is: ``[gates.request]``.

    Attributes
    ----------
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"level-bought"``.
    """

    clause: Identifier


class NotOffered(Model):
    """A level that is not offered in some countries: ``[[gates.not_offered]]``.

    Attributes
    ----------
    level
        ``id`` of a level; required. Example: ``"four-hours"``.
    countries
        List of ISO 3166-1 alpha-2 codes, not empty; required. ``["*"]`` stands for all countries.
        Example: ``["JP"]``.
    but
        List of ISO 3166-1 alpha-2 codes of countries in which the level is nevertheless offered;
        empty by default. Example: ``["US"]``, with ``countries = ["*"]``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"offered-in"``.
    """

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    but: tuple[IsoCode, ...] = ()
    clause: Identifier

    def closes_in(self, country: str) -> bool:
        """Return whether the level is not offered in a country (alpha-2)."""
        return country not in self.but and not {country, ALL_OTHERS}.isdisjoint(self.countries)

    @property
    def offer_text(self) -> str:
        """Where this rule offers the level, as text."""
        if ALL_OTHERS in self.countries:
            return f"only {', '.join(self.but)}" if self.but else "not in any country"
        return f"not {', '.join(code for code in self.countries if code not in self.but)}"

    def __str__(self) -> str:
        """Return it as text."""
        where = ", ".join(self.countries).replace(ALL_OTHERS, "any country")
        but = f" except {', '.join(self.but)}" if self.but else ""
        return f"{self.level} is not offered in {where}{but}"


class ExportApproval(Model):
    """Countries that require export approval before a part ships: ``[gates.export_approval]``.

    It changes no level, but adds a warning to each promise.

    Attributes
    ----------
    countries
        List of ISO 3166-1 alpha-2 codes; empty by default. Example: ``["CN"]``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"export-approval"``.
    """

    countries: tuple[IsoCode, ...] = ()
    clause: Identifier


class GateRules(Model):
    """All eligibility rules of a policy, each of which is optional: ``[gates]``.

    Attributes
    ----------
    components
        Table `ComponentGate`; no rule by default.
    lifecycle
        Table `LifecycleGate`; no rule by default.
    registration
        Table `RegistrationGate`; no rule by default.
    request
        Table `RequestGate`; no rule by default.
    not_offered
        List of tables `NotOffered`; empty by default.
    export_approval
        Table `ExportApproval`; no rule by default.
    excluded_areas
        List of tables `ExcludedArea`; empty by default.
    """

    components: ComponentGate | None = None
    lifecycle: LifecycleGate | None = None
    registration: RegistrationGate | None = None
    request: RequestGate | None = None
    not_offered: tuple[NotOffered, ...] = ()
    export_approval: ExportApproval | None = None
    excluded_areas: Annotated[tuple[ExcludedArea, ...], FORMAT_2] = ()

    def described(self) -> list[str]:
        """Return the eligibility rules as text, one per line."""
        lines = []
        if self.components:
            names = ", ".join(self.components.excluded) or "not named by the vendor"
            lines.append(f"excluded components: {names}")
        if self.lifecycle:
            names = ", ".join(self.lifecycle.phases).replace("_", " ")
            which = ", ".join(self.lifecycle.levels or ("every level",))
            lines.append(f"product phases in which {which} is available: {names}")
        if self.registration:
            grace = self.registration.grace_days
            within = (
                "" if grace is None else f" within {quantity(grace, 'day')} of the installation"
            )
            lines.append(f"the address must be registered{within}")
        if self.request:
            lines.append("a site gets at most its purchased level")
        lines += map(str, self.not_offered)
        lines += map(str, self.excluded_areas)
        if self.export_approval:
            names = ", ".join(self.export_approval.countries) or "not named by the vendor"
            lines.append(f"countries that require export approval (warning only): {names}")
        return lines
