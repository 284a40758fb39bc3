"""Old path of `coverage_analyzer.roads.engine`, available for one release."""

import warnings

from coverage_analyzer.roads.engine import Drives, Engine, Places, RoadEngine, RoadStatus

__all__ = ["Drives", "Engine", "Places", "RoadEngine", "RoadStatus"]

warnings.warn(
    "coverage_analyzer.online.roads.engine is now coverage_analyzer.roads.engine; "
    "the old path goes with the next release.",
    DeprecationWarning,
    stacklevel=2,
)
