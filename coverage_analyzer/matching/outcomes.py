"""Determine status and reason, and the printed distances."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.countries.assignment import CountryBases, CountryBasis
from coverage_analyzer.policy.distances import METRES, Unit
from coverage_analyzer.schema.verdict import Reason, Status


def _outcomes() -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Return status and reason of each case, for all inputs of `statuses`."""
    basis, no_center, inside, pending, borderline = np.indices((len(CountryBasis), 2, 2, 2, 2))
    cases: list[tuple[Any, Status, Reason]] = [
        (basis == CountryBasis.NULL_ISLAND, Status.review, Reason.null_island),
        (basis == CountryBasis.UNKNOWN, Status.review, Reason.country_unknown),
        (basis == CountryBasis.CONFLICT, Status.review, Reason.country_conflict),
        (
            (basis == CountryBasis.OFFSHORE) & (inside | pending),
            Status.review,
            Reason.country_conflict,
        ),
        (borderline, Status.review, Reason.borderline),
        (pending, Status.pending, Reason.center_opens_later),
        (no_center, Status.fallback, Reason.no_center_in_country),
        (inside, Status.qualified, Reason.within_radius),
    ]
    when = [np.asarray(case, np.bool_).ravel() for case, _, _ in cases]
    status = np.select(when, [s for _, s, _ in cases], Status.fallback)
    reason = np.select(when, [r for _, _, r in cases], Reason.beyond_radius)
    return status.astype(np.int8), reason.astype(np.int8)


STATUS_OF, REASON_OF = _outcomes()
"""Status and reason by case number."""


def statuses(
    basis: CountryBases, no_center: Bools, inside: Bools, pending: Bools, borderline: Bools
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Return status and reason; the first matching case applies."""
    case = basis
    for more in (no_center, inside, pending, borderline):
        case = 2 * case + more
    return STATUS_OF.take(case), REASON_OF.take(case)


def printed_metres(arc_m: Floats, limits: Mapping[Unit, Floats], pairs: geodesy.Pairs) -> Floats:
    """Return distances accurate enough for every printed digit, and for those of the margin.

    Karney's algorithm is used where an arc is long, or within its error of a rounding step in one
    of the units.

    Parameters
    ----------
    arc_m
        Length of the arcs, shape (n,).
    limits
        The limit of each, by unit in which distance and margin are printed.
    pairs
        Returns the arguments of `geodesy.distance_m` for the arcs at some positions.
    """
    ask = arc_m > geodesy.ARC_REACH_M
    error_m = geodesy.arc_error_m(arc_m)
    for unit, limit in limits.items():
        away, error = arc_m / METRES[unit], error_m * (2000 / METRES[unit])
        ask |= _near_step(away + 0.0005, error) | _near_step(limit - away, error)
    rows = np.flatnonzero(ask)
    metres = arc_m.copy()
    metres[rows] = geodesy.distance_m(*pairs(rows))
    return metres


def _near_step(amount: Floats, error: Floats) -> Bools:
    """Return where a number is near a multiple of 0.001, within an error in such steps.

    ``amount`` belongs to this function, which uses it as memory.
    """
    amount *= 1000
    amount -= np.rint(amount)
    np.abs(amount, out=amount)
    near: Bools = amount < error
    return near


def away_from_zero(amount: Floats) -> Floats:
    """Round numbers to 3 decimals away from zero, so that only zero prints as zero."""
    steps = np.asarray(np.abs(amount))
    steps *= 1000
    np.round(steps, 6, out=steps)
    np.ceil(steps, out=steps)
    return np.copysign(steps / 1000, amount)
