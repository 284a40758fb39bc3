"""The pandas API: GeoDataFrames in, GeoDataFrames out."""

from coverage_analyzer.frames._assess import assess, explain, summarize
from coverage_analyzer.frames._best_centers import best_centers
from coverage_analyzer.frames._commitments import commitments
from coverage_analyzer.frames._compare import compare
from coverage_analyzer.frames._criticality import criticality
from coverage_analyzer.frames._drive_times import drive_times, service_areas, unserved_areas
from coverage_analyzer.frames._geocode import geocode
from coverage_analyzer.frames._map import coverage_areas, coverage_map
from coverage_analyzer.frames._plots import (
    plot_curve,
    plot_distances,
    plot_shares,
    plot_timeline,
)
from coverage_analyzer.frames._read import read_centers, read_sites
from coverage_analyzer.frames._report import write_report
from coverage_analyzer.frames._sensitivity import sensitivity, sensitivity_plot
from coverage_analyzer.frames._timeline import level_shares, timeline, timeline_plot
from coverage_analyzer.frames._what_if import what_if

__all__ = [
    "assess",
    "best_centers",
    "commitments",
    "compare",
    "coverage_areas",
    "coverage_map",
    "criticality",
    "drive_times",
    "explain",
    "geocode",
    "level_shares",
    "plot_curve",
    "plot_distances",
    "plot_shares",
    "plot_timeline",
    "read_centers",
    "read_sites",
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
