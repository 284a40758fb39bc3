"""The notebook's face of the kernel: GeoDataFrames in, GeoDataFrames out."""

from coverage_analyzer.frames.drawing import coverage_areas, coverage_map
from coverage_analyzer.frames.driving import drive_times, service_areas, unserved_areas
from coverage_analyzer.frames.judging import assess, explain, summarize
from coverage_analyzer.frames.reading import read_centers, read_sites
from coverage_analyzer.frames.reporting import write_report

__all__ = [
    "assess",
    "coverage_areas",
    "coverage_map",
    "drive_times",
    "explain",
    "read_centers",
    "read_sites",
    "service_areas",
    "summarize",
    "unserved_areas",
    "write_report",
]
