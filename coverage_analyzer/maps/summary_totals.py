"""What the summary of a run counts beside its verdicts: sites by distance, and by center."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats
from coverage_analyzer.policy.distances import METRES, Unit
from coverage_analyzer.schema.verdict import Status

STEPS: Final[dict[Unit, int]] = {"miles": 10, "km": 20}
"""Step of distances by the unit of the policy."""

BINS: Final = 21
"""Distances are counted in steps, the last of which has all that are greater."""


class SummaryTotals:
    """Counts over all rows, added block by block.

    Parameters
    ----------
    n_centers
        Number of centers.
    unit
        The unit of the policy's distances.

    Attributes
    ----------
    served
        Number of qualified sites per center, by position. Shape (centers,).
    distances
        Number of sites per step of distance to the center named by the verdict, and status. Shape
        (`BINS`, statuses).
    """

    def __init__(self, n_centers: int, unit: Unit = "miles") -> None:
        self.unit: Unit = unit
        self.served = np.zeros(n_centers, np.int64)
        self.distances = np.zeros((BINS, len(Status)), np.int64)

    def add(
        self,
        status: npt.NDArray[np.integer[Any]],
        center: npt.NDArray[np.integer[Any]],
        distance_miles: Floats,
    ) -> None:
        """Count the verdicts of a block.

        Parameters
        ----------
        status
            Values of `Status`.
        center
            Position of the center; negative without one.
        distance_miles
            To that center; NaN without one.
        """
        known = np.flatnonzero(center >= 0)
        center, status = center.take(known), status.take(known)
        qualified = center[status == Status.qualified]
        self.served += np.bincount(qualified, minlength=len(self.served))
        step = STEPS[self.unit] * METRES[self.unit] / METRES["miles"]
        steps = np.minimum(distance_miles.take(known) / step, BINS - 1).astype(np.int64)
        keys = steps * len(Status) + status
        counts = np.bincount(keys, minlength=self.distances.size)
        self.distances += counts.reshape(self.distances.shape)

    def update(self, other: "SummaryTotals") -> None:
        """Add the counts of other rows, of the same centers and unit."""
        self.served += other.served
        self.distances += other.distances
