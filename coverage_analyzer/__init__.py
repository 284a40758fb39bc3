"""Decide which customer sites qualify for a hardware-support level, and explain why.

Examples
--------
>>> import coverage_analyzer as ca
>>> centers = ca.read_centers("data/service_centers.csv")
>>> story = ca.explain(centers, latitude=47.6145, longitude=7.6645, country="DE")
>>> story.level, story.center.center_id, story.refused.refused
('Gold Plus', 'DE-FBG-1', 'in another country')
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coverage_analyzer.batch import run
    from coverage_analyzer.errors import CoverageError
    from coverage_analyzer.files.readers.delimited import Dialect
    from coverage_analyzer.frames import (
        assess,
        best_centers,
        commitments,
        compare,
        coverage_areas,
        coverage_map,
        criticality,
        drive_times,
        explain,
        geocode,
        level_shares,
        plot_curve,
        plot_distances,
        plot_shares,
        plot_timeline,
        read_centers,
        read_sites,
        sensitivity,
        sensitivity_plot,
        service_areas,
        summarize,
        timeline,
        timeline_plot,
        unserved_areas,
        what_if,
        write_report,
    )
    from coverage_analyzer.policy import Policy
    from coverage_analyzer.programmes.entitlements import entitlements
    from coverage_analyzer.settings.model import Settings

__all__ = [
    "CoverageError",
    "Dialect",
    "Policy",
    "Settings",
    "assess",
    "best_centers",
    "commitments",
    "compare",
    "coverage_areas",
    "coverage_map",
    "criticality",
    "drive_times",
    "entitlements",
    "explain",
    "geocode",
    "level_shares",
    "plot_curve",
    "plot_distances",
    "plot_shares",
    "plot_timeline",
    "read_centers",
    "read_sites",
    "run",
    "sensitivity",
    "sensitivity_plot",
    "service_areas",
    "summarize",
    "timeline",
    "timeline_plot",
    "unserved_areas",
    "what_if",
    "write_report",
]

_HOMES = {
    "CoverageError": "errors",
    "Dialect": "files.readers.delimited",
    "Policy": "policy",
    "Settings": "settings.model",
    "entitlements": "programmes.entitlements",
    "run": "batch",
}
"""Modules of the public names that are not in ``frames``."""


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562), which keeps start-up fast.

    Raises
    ------
    AttributeError
        If the name is unknown.
    """
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'frames')}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "countries", "geodesy"]
