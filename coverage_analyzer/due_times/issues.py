"""Why a request has no due time: nothing is guessed, so each issue has a code."""

import enum

from coverage_analyzer.errors import InputError


class Doubt(enum.StrEnum):
    """Codes of request issues, as in the column ``reason`` of commitments."""

    request_without_id = enum.auto()
    duplicate_request_id = enum.auto()
    moment_missing = enum.auto()
    moment_not_readable = enum.auto()
    moment_ambiguous = enum.auto()
    moment_does_not_exist = enum.auto()
    zone_unknown = enum.auto()
    zone_ambiguous = enum.auto()
    calendar_unknown = enum.auto()
    regional_holiday = enum.auto()
    request_before_installation = enum.auto()
    address_not_registered = enum.auto()
    site_ambiguous = enum.auto()
    product_ambiguous = enum.auto()
    product_not_at_site = enum.auto()
    site_unknown = enum.auto()
    site_not_readable = enum.auto()
    center_unknown = enum.auto()


class DoubtError(InputError):
    """A request has an issue: `code` identifies it, the message describes it."""

    def __init__(self, code: Doubt, detail: str) -> None:
        super().__init__(detail)
        self.code = code
