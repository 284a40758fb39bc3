"""Distances of a policy in miles: converted from km, and as text."""

import math
from typing import Final

MILE_KM: Final = 1.609344
"""The international mile of 1959, exactly."""


def miles_of_km(km: float) -> str:
    """Return a distance in km as miles, rounded up so that exactly this distance is within.

    Examples
    --------
    >>> miles_of_km(100), miles_of_km(80)
    ('62.137120', '49.709696')
    """
    return f"{math.ceil(km / MILE_KM * 1e6 - 1e-6) / 1e6:.6f}"


def miles_text(miles: float) -> str:
    """Return a policy distance with all its decimals, up to a millimetre.

    Examples
    --------
    >>> miles_text(70.0), miles_text(62.13712)
    ('70', '62.13712')
    """
    return f"{miles:.6f}".rstrip("0").rstrip(".")
