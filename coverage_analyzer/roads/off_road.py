"""Sites and centers that are near no road of a map: number, distance and advice."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from coverage_analyzer.errors import quantity, visible
from coverage_analyzer.roads.drive_times import DriveTimes
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.roads.snapping import OUTSIDE_M

EXAMPLES: Final = 3
"""Maximum number of sites or centers named in a warning."""


@dataclass
class OffRoad:
    """Sites and centers without a drive, because no road of the map is near.

    ``near`` and ``far`` count sites beyond the snapping limit, up to `OUTSIDE_M` from a road and
    beyond; ``examples`` has the first of the former, with metres; ``centers`` has the ids of
    centers.
    """

    near: int = 0
    far: int = 0
    examples: list[tuple[str, float]] = field(default_factory=list)
    centers: set[str] = field(default_factory=set)

    def add(self, ids: tuple[list[str], list[str]], drives: DriveTimes, limit_m: float) -> None:
        """Add the drives of a block, given the ids of its sites and centers."""
        lost = np.isin(drives.status, (RoadStatus.unsnapped, RoadStatus.outside_network))
        away = drives.snap_m > limit_m
        far = lost & (drives.snap_m > OUTSIDE_M)
        near = lost & away & ~far
        self.near, self.far = self.near + int(near.sum()), self.far + int(far.sum())
        rows = np.flatnonzero(near)[: max(0, EXAMPLES - len(self.examples))].tolist()
        self.examples += [(ids[0][n], float(drives.snap_m[n])) for n in rows]
        self.centers.update(ids[1][n] for n in np.flatnonzero(lost & ~away).tolist())
        self.centers.discard("")

    def warnings(self, limit_m: float) -> list[str]:
        """Return warnings about missing drives, with advice."""
        messages = []
        if self.near:
            shown = ", ".join(f"{visible(name)}: {m:,.0f} m" for name, m in self.examples)
            messages.append(
                f"No drive time for {quantity(self.near, 'site')}: the nearest road of the map is "
                f"more than {limit_m:,.0f} m away ({shown}). Their verdicts are unchanged. Check "
                f"their coordinates; if these are right, no road of the map leads there."
            )
        if self.far:
            messages.append(
                f"No drive time for {quantity(self.far, 'site')}: more than {OUTSIDE_M / 1000:g} "
                f"km from every road of the map, which does not cover them. Their verdicts are "
                f"unchanged. Use a larger extract."
            )
        if self.centers:
            shown = ", ".join(map(visible, sorted(self.centers)[:EXAMPLES]))
            messages.append(
                f"No drive time from {quantity(len(self.centers), 'center')}: more than "
                f"{limit_m:,.0f} m from every road of the map ({shown}). Check their coordinates, "
                f"or use an extract that covers them."
            )
        return messages
