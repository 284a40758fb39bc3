"""Verdicts: their columns, statuses and reasons."""

import enum
from typing import Final

VERDICT: Final = (
    "level",
    "status",
    "reason",
    "center_id",
    "distance_miles",
    "limit_miles",
    "margin_miles",
    "site_country",
    "available_on",
    "centers_in_reach",
)
"""What a report adds to each site, in this order."""


class Status(enum.IntEnum):
    """What a verdict comes to."""

    qualified = 0
    pending = 1
    fallback = 2
    review = 3
    not_covered = 4


class Reason(enum.IntEnum):
    """Why: the code in the report."""

    within_radius = 0
    center_opens_later = 1
    beyond_radius = 2
    no_center_in_country = 3
    country_conflict = 4
    country_unknown = 5
    borderline = 6
    null_island = 7
    level_not_requested = 8
    not_offered_in_country = 9
    component_excluded = 10
    component_unknown = 11
    lifecycle_phase = 12
    product_undated = 13
    address_not_registered = 14
    road_over_budget = 15
    road_unreachable = 16
    road_unchecked = 17
