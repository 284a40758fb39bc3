"""Old path of `coverage_analyzer.roads.network`, available for one release."""

import warnings

from coverage_analyzer.roads.network import Network, load_network

__all__ = ["Network", "load_network"]

warnings.warn(
    "coverage_analyzer.online.roads.network is now coverage_analyzer.roads.network; "
    "the old path goes with the next release.",
    DeprecationWarning,
    stacklevel=2,
)
