"""The notebook's face of the kernel: GeoDataFrames in, GeoDataFrames out."""

from coverage_analyzer.frames.committing import commitments
from coverage_analyzer.frames.drawing import coverage_areas, coverage_map
from coverage_analyzer.frames.driving import drive_times, service_areas, unserved_areas
from coverage_analyzer.frames.geocoding import geocode
from coverage_analyzer.frames.judging import assess, explain, summarize
from coverage_analyzer.frames.reading import read_centers, read_sites
from coverage_analyzer.frames.reporting import write_report
from coverage_analyzer.frames.timing import level_shares, timeline, timeline_plot

__all__ = [
    "assess",
    "commitments",
    "coverage_areas",
    "coverage_map",
    "drive_times",
    "explain",
    "geocode",
    "level_shares",
    "read_centers",
    "read_sites",
    "service_areas",
    "summarize",
    "timeline",
    "timeline_plot",
    "unserved_areas",
    "write_report",
]
