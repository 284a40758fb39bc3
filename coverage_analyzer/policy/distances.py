"""Distances of a policy: their units, exactly, and as text."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.policy.document import Model

Unit = Literal["miles", "km"]

MILE_KM: Final = MILE_M / 1000
"""The international mile of 1959."""

METRES: Final[dict[Unit, float]] = {"miles": MILE_M, "km": 1000.0}
"""Metres of each unit in which a policy may state its distances."""

TOP_KMH: Final = 160.0
"""Speed in km/h that the road model never exceeds, and no policy assumes to be exceeded.

A site farther than this speed takes in the time of a band, along the geodesic, is beyond the band
by any road.
"""

TOP_M_PER_S: Final = TOP_KMH * 1000 / 3600
"""The same in metres per second."""

OFF_ROAD_M: Final = 1_000.0
"""Metres from a road up to which a place counts as on it, at either end of a drive."""


def metres_of(amount: float, unit: Unit) -> float:
    """Return a distance of a policy in metres: the one number that decides.

    Examples
    --------
    >>> metres_of(100, "km"), metres_of(70, "miles")
    (100000.0, 112654.08)
    """
    return amount * METRES[unit]


def reach_of(minutes: float) -> float:
    """Return the metres along the geodesic that no drive of this duration exceeds.

    Examples
    --------
    >>> reach_of(90)
    242000.0
    """
    return minutes * TOP_KMH * 1000 / 60 + 2 * OFF_ROAD_M


def stated_units(part: Any, where: str = "") -> Iterator[tuple[str, Unit]]:
    """Yield path and unit of each key of a model that states a distance.

    Parameters
    ----------
    part
        A model, or a tuple or mapping of models.
    where
        The path of the part.
    """
    if isinstance(part, Model):
        for name, key in type(part).model_fields.items():
            value = getattr(part, name)
            place = f"{where}.{name}" if where else name
            unit = name.rpartition("_")[2]
            if unit not in METRES:
                yield from stated_units(value, place)
            elif value != key.get_default(call_default_factory=True, validated_data={}):
                yield place, unit
    elif isinstance(part, (tuple, Mapping)):
        parts = part.items() if isinstance(part, Mapping) else enumerate(part)
        for at, value in parts:
            yield from stated_units(value, f"{where}.{at}")


def number_text(amount: float) -> str:
    """Return a number of a policy with all its decimals, up to six.

    Examples
    --------
    >>> number_text(70.0), number_text(62.13712)
    ('70', '62.13712')
    """
    return f"{amount:.6f}".rstrip("0").rstrip(".")


def measured_text(miles: float, km: float | None) -> str:
    """Return a measured distance: in kilometres first where the policy has them.

    Parameters
    ----------
    miles
        The distance.
    km
        The same in kilometres; None if the policy states its distances in miles.

    Examples
    --------
    >>> measured_text(62.1371, None), measured_text(62.1371, 99.99999)
    ('62.137 miles', '100.000 km (62.137 miles)')
    """
    return f"{miles:.3f} miles" if km is None else f"{km:.3f} km ({miles:.3f} miles)"


def distance_text(amount: float, unit: str) -> str:
    """Return an amount of a policy with its unit.

    Examples
    --------
    >>> distance_text(70.0, "miles"), distance_text(100.0, "km"), distance_text(90.0, "minutes")
    ('70 miles', '100 km', '90 minutes')
    """
    return f"{number_text(amount)} {unit}"
