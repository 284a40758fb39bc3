"""What to do about a status, a reason or a rejected row, as a short sentence for people.

``docs/reasons.md`` says the same at length. A test holds that each code has its sentence.
"""

from collections.abc import Mapping
from typing import Final

from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

STATUS_ACTIONS: Final[Mapping[Status, str]] = {
    Status.qualified: "The level can be sold from this day on.",
    Status.pending: (
        "Sell the level printed now; the better one starts on the day in available_on, if the "
        "center opens as planned."
    ),
    Status.fallback: "Sell the level printed; the reason says what would have to change.",
    Status.review: (
        "Promise no more than the level printed. Correct what the reason names, and run again."
    ),
    Status.not_covered: "Sell no level. Check the product's support phase.",
}

REASON_ACTIONS: Final[Mapping[Reason, str]] = {
    Reason.within_radius: "Nothing.",
    Reason.center_opens_later: (
        "Check the center's opening day (opens_on, ordered_on) before naming available_on."
    ),
    Reason.beyond_radius: (
        "Nothing, if the coordinates are right and the list of centers is complete."
    ),
    Reason.no_center_in_country: (
        "Nothing, if the country is right and the list of centers is complete."
    ),
    Reason.country_conflict: "Correct the country or the coordinates of the row.",
    Reason.country_unknown: "Write the country's name or ISO code in the row.",
    Reason.borderline: "Get more accurate coordinates, for example of the building.",
    Reason.null_island: "Geocode the address again.",
    Reason.level_not_requested: "Check the purchased level (requested_level).",
    Reason.not_offered_in_country: "Nothing, if the country is right.",
    Reason.component_excluded: "Nothing, if the component is right.",
    Reason.component_unknown: "Check the spelling of the component.",
    Reason.lifecycle_phase: "Check the product, its version and the dates of its support phases.",
    Reason.product_undated: "Add the product or its dates to the table of products.",
    Reason.address_not_registered: "Check registered_on and installed_on.",
    Reason.road_over_budget: "Confirm the route and the time by hand.",
    Reason.road_unreachable: "Confirm the route by hand, and check the coordinates.",
    Reason.road_unchecked: "Run drive-times on this run, or check the route by hand.",
    Reason.area_excluded: "Nothing, if the region, postcode and coordinates are right.",
    Reason.area_unknown: "Write the region or the postcode in the row.",
    Reason.not_yet_in_force: "Check purchased_on, installed_on, registered_on and audited_on.",
    Reason.no_distance_limit: "Nothing.",
    Reason.relocated: "Check moved_on and the former place; enter audited_on once it is set up.",
}

REJECT_ACTIONS: Final[Mapping[Rejected, str]] = {
    Rejected.wrong_number_of_fields: "Put cells that hold the delimiter in quotes.",
    Rejected.broken_quotes: "Double the quotes inside quoted cells.",
    Rejected.not_utf8: "Save the file as UTF-8, or name its encoding (--encoding).",
    Rejected.coordinate_missing: "Fill in latitude and longitude, or geocode the address.",
    Rejected.coordinate_not_a_number: "Correct the coordinate.",
    Rejected.coordinate_out_of_range: "Check the order of latitude and longitude.",
    Rejected.accuracy_not_a_number: "Write the accuracy in metres, or leave it empty.",
    Rejected.geometry_not_a_point: "Replace the geometry by a point.",
    Rejected.duplicate_site_id: "Keep one row of each site_id, or give each its own.",
    Rejected.date_not_a_day: "Write the day like 2026-12-01, or name its form (--date-format).",
    Rejected.request_without_id: "Give the request an id.",
    Rejected.duplicate_request_id: "Give each request its own id.",
    Rejected.site_unknown: "Check the site_id of the request.",
    Rejected.site_not_readable: "Correct the row of the site.",
    Rejected.moment_not_readable: "Write date and time like 2026-12-01T22:30:00-05:00.",
}

TO_CLEAR: Final[Mapping[Reason, str]] = {
    Reason.area_unknown: (
        "the level depends on the area of the site, which is not certain. Please give its state or "
        "province and its postcode"
    ),
    Reason.country_conflict: (
        "the country given for the site and its coordinates do not match. Please confirm the "
        "country and the exact position"
    ),
    Reason.country_unknown: "the country of the site is not certain. Please confirm it",
    Reason.borderline: (
        "the coordinates are not exact enough to tell whether the site is within the limit. "
        "Please give the position of the building"
    ),
    Reason.null_island: "the position of the site is missing. Please give it",
    Reason.component_unknown: (
        "it is not certain that the component is included. Please confirm its exact name"
    ),
    Reason.product_undated: (
        "the support dates of the product are not known to us. Please confirm the product and its "
        "version"
    ),
    Reason.address_not_registered: (
        "the address of the product is not registered. Please register the address at which it is "
        "installed"
    ),
    Reason.area_excluded: (
        "the purchased level is not offered in the area of the site. Please confirm the state or "
        "province, the postcode and the exact position"
    ),
    Reason.not_offered_in_country: (
        "the level purchased is not offered in the country of the site. Please confirm both"
    ),
    Reason.road_over_budget: (
        "the drive from the service center may take too long. We are checking the route"
    ),
    Reason.road_unreachable: (
        "no road was found from the service center. We are checking the route"
    ),
    Reason.road_unchecked: (
        "the distance by road has not been checked yet. We are checking the route"
    ),
    Reason.not_yet_in_force: (
        "the day on which the level comes into force is not certain. We are checking it"
    ),
    Reason.relocated: (
        "it is not certain from where the product was moved. Please give its former place and "
        "country"
    ),
}
"""What a customer is asked to clear before a level can be confirmed, by the reason of a review."""
