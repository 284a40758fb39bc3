"""Decide which customer sites qualify for a hardware-support level, and explain why.

Examples
--------
>>> import coverage_analyzer as ca
>>> centers = ca.read_centers("data/service_centers.csv")
>>> story = ca.explain(centers, latitude=47.6145, longitude=7.6645, country="DE")
>>> story.level, story.center.center_id, story.refused.refused
('Gold Plus', 'DE-FBG-1', 'in another country')
"""

from typing import TYPE_CHECKING

from coverage_analyzer.lazy_names import lazy_names

if TYPE_CHECKING:
    from coverage_analyzer import countries as countries
    from coverage_analyzer import geodesy as geodesy
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
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "CoverageError": "errors",
            "Dialect": "files.readers.delimited",
            "Policy": "policy",
            "Settings": "settings.model",
            "assess": "frames",
            "best_centers": "frames",
            "commitments": "frames",
            "compare": "frames",
            "countries": "",
            "coverage_areas": "frames",
            "coverage_map": "frames",
            "criticality": "frames",
            "drive_times": "frames",
            "entitlements": "programmes.entitlements",
            "explain": "frames",
            "geocode": "frames",
            "geodesy": "",
            "level_shares": "frames",
            "plot_curve": "frames",
            "plot_distances": "frames",
            "plot_shares": "frames",
            "plot_timeline": "frames",
            "read_centers": "frames",
            "read_sites": "frames",
            "run": "batch",
            "sensitivity": "frames",
            "sensitivity_plot": "frames",
            "service_areas": "frames",
            "summarize": "frames",
            "timeline": "frames",
            "timeline_plot": "frames",
            "unserved_areas": "frames",
            "what_if": "frames",
            "write_report": "frames",
        },
    )

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
