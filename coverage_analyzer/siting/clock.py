"""The time that an answer may take."""

import time
from dataclasses import dataclass, field
from typing import Self

import numpy as np


@dataclass
class Clock:
    """Ends the work when the time is over; without a limit nothing depends on time.

    Attributes
    ----------
    limit_s
        Seconds; infinite without a limit.
    """

    limit_s: float = np.inf
    _start: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, limit_s: float | None) -> Self:
        """Return a clock with a limit in seconds, or without one."""
        return cls(np.inf if limit_s is None else limit_s)

    @property
    def left_s(self) -> float:
        """Seconds that are left, not negative."""
        return max(self.limit_s - (time.monotonic() - self._start), 0.0)

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return bool(np.isfinite(self.limit_s)) and self.left_s <= 0
