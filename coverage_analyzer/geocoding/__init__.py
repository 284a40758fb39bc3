"""Geocode addresses with known accuracy: from a cache, a server or bundled data."""

from coverage_analyzer.geocoding.geocoder import Geocoder, Service
from coverage_analyzer.geocoding.grades import (
    ACCURACY_M,
    GeocodeOutcome,
    GeocodeResult,
    Grade,
    accuracies,
    accuracy_m,
)
from coverage_analyzer.geocoding.nominatim import PUBLIC, Limits
from coverage_analyzer.geocoding.queries import PARTS, Query, query

__all__ = [
    "ACCURACY_M",
    "PARTS",
    "PUBLIC",
    "GeocodeOutcome",
    "GeocodeResult",
    "Geocoder",
    "Grade",
    "Limits",
    "Query",
    "Service",
    "accuracies",
    "accuracy_m",
    "query",
]
