"""What a move of an appliance does to its level: ``[relocation]``."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from coverage_analyzer.policy.distances import distance_text, metres_of
from coverage_analyzer.policy.document import Identifier, Model
from coverage_analyzer.policy.in_force import MAX_PERIOD, Period, period_text
from coverage_analyzer.policy.rules import Level

RELOCATION_COLUMNS: Final = (
    "moved_on",
    "audited_on",
    "former_latitude",
    "former_longitude",
    "former_country",
)
"""Columns of sites that the rule reads."""


class Relocation(Model):
    """A move that lowers the level until the site is set up anew: ``[relocation]``.

    A site moved on its ``moved_on``, from ``former_latitude``, ``former_longitude`` and
    ``former_country``. Its level applies again when the set-up time is over, or from an audit on or
    after the move (``audited_on``) on, whichever is first. A site without such values has not
    moved.

    Attributes
    ----------
    up_to_miles
        Number, in miles, from 0 to 12,000; none by default, but either this or ``up_to_km`` has to
        be there. A move up to this geodesic distance changes nothing. Example: ``25.0``.
    up_to_km
        Number, in km, from 0 to 20,000, instead of ``up_to_miles``; none by default. Example:
        ``40.0``.
    across_border
        ``"interim"`` (default): a move to another country counts as one beyond the distance.
        ``"none"``: only the distance counts.
    amount
        Integer from 0 to 1,000, in ``unit``: the set-up time after the move; none by default, so
        that only an audit ends it. Example: ``30``.
    unit
        ``"days"``, ``"business_days"``, ``"weeks"`` or ``"months"``, together with ``amount``; none
        by default. Business days are those of the country of the site.
    interim
        ``id`` of a level; required. The level until the site is set up; a worse level remains.
        Example: ``"next-business-day"``.
    clause
        Name of a clause in ``[clauses]``; required. Example: ``"relocation"``.
    """

    up_to_miles: Annotated[float, Field(ge=0, le=12_000)] | None = None
    up_to_km: Annotated[float, Field(ge=0, le=20_000)] | None = None
    across_border: Literal["interim", "none"] = "interim"
    amount: Annotated[int, Field(ge=0, le=MAX_PERIOD)] | None = None
    unit: Period | None = None
    interim: Identifier
    clause: Identifier

    @property
    def up_to_m(self) -> float:
        """The distance in metres up to which a move changes nothing."""
        if self.up_to_km is not None:
            return metres_of(self.up_to_km, "km")
        return metres_of(self.up_to_miles or 0.0, "miles")

    @property
    def limit(self) -> str:
        """The distance as text, such as ``25 miles``."""
        if self.up_to_km is not None:
            return distance_text(self.up_to_km, "km")
        return distance_text(self.up_to_miles or 0.0, "miles")

    @property
    def crosses(self) -> bool:
        """Whether a move to another country lowers the level, whatever its distance."""
        return self.across_border == "interim"


def described(rule: Relocation | None, levels: Sequence[Level]) -> Iterator[str]:
    """Yield the rule of a policy as text, by titles of levels, if it has one."""
    if rule is None:
        return
    border = " or to another country" if rule.crosses else ""
    until = "until an audit after it"
    if rule.amount is not None and rule.unit is not None:
        until = f"for {period_text(rule.amount, rule.unit)}, or {until}"
    interim = next(level.title for level in levels if level.id == rule.interim)
    yield f"after a move by more than {rule.limit}{border}, at most {interim} {until}"


def faults(rule: Relocation | None) -> Iterator[str]:
    """Yield the problems of the rule: no distance or two, and half a period."""
    if rule is None:
        return
    if (rule.up_to_miles is None) == (rule.up_to_km is None):
        yield "relocation: name either up_to_miles or up_to_km."
    if (rule.amount is None) != (rule.unit is None):
        yield "relocation: amount and unit belong together. Name both, or neither."
