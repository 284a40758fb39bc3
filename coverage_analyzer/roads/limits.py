"""Drive-time limits: how long a drive from a center to its site may take, by level.

A level whose replacement has to *arrive* within hours (delivered, on site, repaired) limits the
drive to these hours: a longer drive alone breaks the promise. A level that counts business days,
that only ships, or that promises nothing has no limit. A number of minutes given by the user
applies to every level instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coverage_analyzer.arrays import Floats
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy import Policy


@dataclass(frozen=True)
class DriveLimits:
    """The drive-time limits of a policy.

    Attributes
    ----------
    minutes
        Limit of each level of the policy, infinite if the level has none, shape (levels,).
    titles
        Titles of the levels whose limit applies: those of bands; length n.
    positions
        Their positions in ``policy.levels``, length n.
    is_given
        Whether the user gave the minutes; otherwise they come from the policy's clocks.
    of_bands
        Titles of the levels without such a clock whose bands are drive times, and limit the drive.
    widest
        The widest band of drive times in minutes, 0 without one: up to it drives are measured.
    """

    minutes: Floats
    titles: tuple[str, ...]
    positions: tuple[int, ...]
    is_given: bool
    of_bands: tuple[str, ...] = ()
    widest: float = 0.0

    @property
    def longest(self) -> float:
        """The longest limit of any site in minutes; infinite if a level has none."""
        return max(float(self.minutes[list(self.positions)].max()), self.widest)

    @property
    def distinct(self) -> list[float]:
        """The limits that apply, in minutes, without duplicates, ascending."""
        applied = self.minutes[list(self.positions)]
        return [float(m) for m in np.unique(applied[np.isfinite(applied)])]

    def of_title(self, title: str) -> float:
        """Return the limit of a level by its title; infinite if it has none."""
        return float(self.minutes[self.positions[self.titles.index(title)]])

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``run.json``: ``minutes``, and the source."""
        distinct = self.distinct
        return {
            "minutes": distinct[0] if len(distinct) == 1 else distinct,
            "minutes_from": "option" if self.is_given else "policy",
            "minutes_by_level": {
                title: minutes if np.isfinite(minutes) else None
                for title, minutes in zip(self.titles, map(self.of_title, self.titles), strict=True)
            },
            **({"minutes_of_bands": list(self.of_bands)} if self.of_bands else {}),
        }

    def __str__(self) -> str:
        """Return the limits as text, such as ``180 minutes (delivery clock of Gold Plus)``."""
        return limits_text(self.to_dict())


def limits_text(limits: Mapping[str, Any]) -> str:
    """Return the limits as text, from `DriveLimits.to_dict` as in ``run.json``."""
    if limits["minutes_from"] == "option":
        return f"{limits['minutes']:g} minutes (as given)"
    of_bands = limits.get("minutes_of_bands", ())
    return ", ".join(
        f"none for {title} (no delivery clock in hours)"
        if minutes is None
        else f"{minutes:g} minutes ({'band' if title in of_bands else 'delivery clock'} of {title})"
        for title, minutes in limits["minutes_by_level"].items()
    )


def drive_limits(policy: Policy, minutes: Any = None) -> DriveLimits:
    """Return the drive-time limits of a policy, or those given instead.

    Parameters
    ----------
    policy
        The policy with the delivery clocks.
    minutes
        One limit for every level, in minutes; by default the policy's clocks.

    Raises
    ------
    InputError
        If the policy has no delivery clock in hours and no minutes are given, or these are not a
        number above 0; or its bands differ by area or center, which a report does not say.

    Examples
    --------
    >>> str(drive_limits(Policy.load()))
    '240 minutes (delivery clock of Gold Plus)'
    """
    if policy.by_center or any(band.areas or band.except_areas for band in policy.bands):
        msg = (
            f"The bands of the policy {policy.name!r} differ by area or center, and a report does "
            f"not say which of them applied. Drive times are measured for bands by country only."
        )
        raise InputError(msg)
    levels = policy.band_levels
    positions = tuple(policy.level_position(level.id) for level in levels)
    titles = tuple(level.title for level in levels)
    by_level = _band_minutes(policy)
    widest = max(by_level.values(), default=0.0)
    if minutes is not None:
        limit = np.full(len(policy.levels), checked_minutes(minutes))
        return DriveLimits(limit, titles, positions, is_given=True, widest=widest)
    clocks = [policy.drive_limit_minutes(level.id) for level in policy.levels]
    of_bands = tuple(
        level.title
        for level, clock in zip(policy.levels, clocks, strict=True)
        if clock is None and level.id in by_level
    )
    of_level = [by_level.get(level.id, np.inf) for level in policy.levels]
    limits = np.array(
        [other if m is None else m for m, other in zip(clocks, of_level, strict=True)], np.float64
    )
    if not np.isfinite(limits[list(positions)]).any():
        msg = (
            f"The policy {policy.name!r} has no delivery clock in hours, so it sets no drive-time "
            f"limit. Give one: --minutes N (in Python: minutes=N)."
        )
        raise InputError(msg)
    return DriveLimits(limits, titles, positions, is_given=False, of_bands=of_bands, widest=widest)


def _band_minutes(policy: Policy) -> dict[str, float]:
    """Return the widest band of drive times of each level that has one, by its id."""
    result: dict[str, float] = {}
    for band in policy.bands:
        if band.metric == "drive_time":
            result[band.level] = max(band.up_to, result.get(band.level, 0.0))
    return result


def minutes_shown(minutes: float | Sequence[float]) -> float | str:
    """Return one limit unchanged, several as text.

    Examples
    --------
    >>> minutes_shown(180.0), minutes_shown([120.0, 240.0])
    (180.0, '120 or 240')
    """
    if not isinstance(minutes, Sequence):
        return minutes
    return minutes[0] if len(minutes) == 1 else " or ".join(f"{m:g}" for m in minutes)


def checked_minutes(minutes: Any) -> float:
    """Return one drive-time limit as a number.

    Raises
    ------
    InputError
        If it is not one finite number above 0.
    """
    number = as_number(minutes)
    if not 0 < number < np.inf:
        msg = f"{minutes!r} minutes is not a drive-time limit. Give a number above 0."
        raise InputError(msg)
    return number


def many_minutes(minutes: Any) -> list[float]:
    """Return one or several drive-time limits as numbers, without duplicates, in order.

    Parameters
    ----------
    minutes
        A number, or any sequence of numbers: a list, a tuple, a range, a generator, an array, a
        Series.

    Raises
    ------
    InputError
        If there are none, or one is not a finite number above 0.
    """
    single = not isinstance(minutes, Iterable) or isinstance(minutes, (str, bytes))
    if single or (isinstance(minutes, np.ndarray) and minutes.ndim == 0):
        return [checked_minutes(minutes)]
    numbers = [checked_minutes(m) for m in minutes]
    if not numbers:
        msg = "minutes is empty: give at least one drive-time limit."
        raise InputError(msg)
    return list(dict.fromkeys(numbers))


def as_number(value: Any) -> float:
    """Return one number; NaN for text, booleans and anything else.

    Examples
    --------
    >>> as_number(np.float32(1.5)), as_number("1.5"), as_number(True), as_number([1.5])
    (1.5, nan, nan, nan)
    """
    if isinstance(value, (str, bytes, bool, np.bool_)):
        return np.nan
    if isinstance(value, np.ndarray) and value.ndim:
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan
