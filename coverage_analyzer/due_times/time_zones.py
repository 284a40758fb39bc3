"""The time zone of a place, offline: by name, else by coordinates.

Zones come from the borders of the time zone database (`tzfpy`), which are simplified to about a
hundred metres, so a place has a zone only if all nearby zones agree. Their rules are those of
`zoneinfo`.
"""

import datetime
import functools
import zoneinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.errors import require

NEAR_M: Final = 1000.0
"""Distance in metres to a zone border below which the zone is uncertain if the clocks differ.

The shapes of `tzfpy` are simplified to about a hundred metres; 1 km is a margin above that.
"""

AHEAD_DAYS: Final = 60
"""Days after the given day on which nearby zones must agree, since a promise may last longer."""

OF_THE_MACHINE: Final = frozenset({"localtime", "posixrules", "Factory"})
"""Names accepted by `zoneinfo` that depend on the machine."""

AT_SEA: Final = "Etc/"
"""Prefix of the zones of the high seas, which follow the longitude and no law."""


def zone(lon: float, lat: float, day: datetime.date, *, named: str = "") -> ZoneInfo:
    """Return the time zone of a place, valid on a day and for `AHEAD_DAYS` after it.

    Parameters
    ----------
    lon, lat
        Degrees on WGS 84.
    day
        The day on which nearby zones must agree.
    named
        The zone given by the user, such as ``Europe/Zurich``, which takes precedence.

    Raises
    ------
    DoubtError
        If no zone has that name, the place is in none, or near zones whose clocks differ.
    MissingExtraError
        If `tzfpy` is not installed.

    Examples
    --------
    >>> zone(7.5886, 47.5596, datetime.date(2026, 12, 1)).key
    'Europe/Zurich'
    """
    if named.strip():
        return zone_named(named.strip())
    names = near(round(lon, 6), round(lat, 6))
    if not names or names[0].startswith(AT_SEA):
        raise DoubtError(
            Doubt.zone_unknown,
            f"{lat:g}, {lon:g} is in no time zone of a country; enter one in the column time_zone",
        )
    own, *others = (z for z in names if not z.startswith(AT_SEA))
    apart = [other for other in others if not _agree(own, other, day)]
    if apart:
        raise DoubtError(
            Doubt.zone_ambiguous,
            f"{lat:g}, {lon:g} is within {NEAR_M:g} m of both {own} and {apart[0]}, whose clocks "
            f"differ; enter one in the column time_zone",
        )
    return zone_named(own)


@functools.lru_cache(maxsize=65_536)
def near(lon: float, lat: float) -> tuple[str, ...]:
    """Return the zones within `NEAR_M` of a place, its own ones first.

    Raises
    ------
    MissingExtraError
        If `tzfpy` is not installed.
    """
    require("terms", "tzfpy", otherwise="enter each zone in the column time_zone")
    import tzfpy

    around_lon, around_lat = geodesy.destination(lon, lat, np.arange(0.0, 360.0, 45.0), NEAR_M)
    places = [(lon, lat), *zip(around_lon.tolist(), around_lat.tolist(), strict=True)]
    names = [name for place in places for name in tzfpy.get_tzs(*place) if name]
    return tuple(dict.fromkeys(names))


@functools.lru_cache(maxsize=4096)
def _agree(one: str, other: str, day: datetime.date) -> bool:
    """Return whether two zones have the same local time from a day on."""
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    moments = [midnight + datetime.timedelta(days=d) for d in range(-1, AHEAD_DAYS)]
    zones = zone_named(one), zone_named(other)
    return all(
        zones[0].utcoffset(m.astimezone(zones[0])) == zones[1].utcoffset(m.astimezone(zones[1]))
        for m in moments
    )


@functools.lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return a zone by name.

    Raises
    ------
    DoubtError
        If it is missing.
    """
    unknown = DoubtError(
        Doubt.zone_unknown, f"{name[:40]!r} is not a time zone; write it like Europe/Zurich"
    )
    if name in OF_THE_MACHINE:
        raise unknown
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise unknown from None
