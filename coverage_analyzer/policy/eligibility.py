"""Gates: what may keep a level from a site that lies within the limit, each with its clause."""

from typing import Annotated, Literal

from pydantic import Field

from coverage_analyzer.errors import quantity
from coverage_analyzer.policy.document import Model
from coverage_analyzer.policy.rules import ALL_OTHERS, CountryCode, Identifier, IsoCode

Name = Annotated[str, Field(pattern=r"\S")]
Phase = Literal["mainstream", "extended", "end_of_maintenance"]


class ComponentGate(Model):
    """Components that the bands' levels leave out.

    ``known`` is the closed list of all components, where a vendor has one: one that stands neither
    there nor in ``excluded`` is then unknown, which is for somebody to look at. Without such a list
    nothing is said against a component that is not excluded.
    """

    excluded: tuple[Name, ...] = ()
    known: tuple[Name, ...] | None = None
    clause: Identifier


class LifecycleGate(Model):
    """The phases of a product's life in which some levels, or all of them, are available.

    ``levels`` names the levels that the phases bound; without it they bound every level, so that a
    product past them has none (`NOT_COVERED`). A product whose level is not bounded keeps it.
    ``afterwards`` names the programme that may be had after the phases, for the products it covers.
    """

    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    levels: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    afterwards: Identifier | None = None
    clause: Identifier

    def bounds(self, level: str) -> bool:
        """Return whether a level, by its id, is available in the phases only."""
        return self.levels is None or level in self.levels


class RegistrationGate(Model):
    """The address of a product has to be registered, maybe within days of its installation.

    Without ``grace_days`` no registration is too late, as an address may be updated at any time;
    one whose day is still to come closes the gate until then. ``before_installation`` says what a
    registration is worth that is older than the installation.
    """

    grace_days: Annotated[int, Field(ge=0)] | None = None
    before_installation: Literal["review", "accept"] = "review"
    clause: Identifier


class RequestGate(Model):
    """Who has bought a lower level has that one, however near a center is."""

    clause: Identifier


class NotOffered(Model):
    """A level that is not offered in some countries; in ``*``, that is in all ``but`` some."""

    level: Identifier
    countries: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    but: tuple[IsoCode, ...] = ()
    clause: Identifier

    def closes_in(self, country: str) -> bool:
        """Return whether the level is not offered in a country (alpha-2)."""
        return country not in self.but and not {country, ALL_OTHERS}.isdisjoint(self.countries)

    @property
    def offer_text(self) -> str:
        """Where the level is offered as far as this rule goes, in words."""
        if ALL_OTHERS in self.countries:
            return f"only {', '.join(self.but)}" if self.but else "not in any country"
        return f"not {', '.join(code for code in self.countries if code not in self.but)}"

    def __str__(self) -> str:
        """Return it in words."""
        where = ", ".join(self.countries).replace(ALL_OTHERS, "any country")
        but = f" except {', '.join(self.but)}" if self.but else ""
        return f"{self.level} is not offered in {where}{but}"


class ExportApproval(Model):
    """Countries that want papers before a part ships: no gate, but a warning on each promise."""

    countries: tuple[IsoCode, ...] = ()
    clause: Identifier


class GateRules(Model):
    """All gates of a policy. One that is not there closes on nothing."""

    components: ComponentGate | None = None
    lifecycle: LifecycleGate | None = None
    registration: RegistrationGate | None = None
    request: RequestGate | None = None
    not_offered: tuple[NotOffered, ...] = ()
    export_approval: ExportApproval | None = None

    def described(self) -> list[str]:
        """Return the gates in words, one a line."""
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
        if self.export_approval:
            names = ", ".join(self.export_approval.countries) or "not named by the vendor"
            lines.append(f"countries that require export approval (warning only): {names}")
        return lines
