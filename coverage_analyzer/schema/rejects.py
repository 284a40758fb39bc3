"""Rejects: rows that could not be decided, and why."""

import enum
from dataclasses import dataclass


class Rejected(enum.StrEnum):
    """Why a row was rejected: the codes in ``rejects.csv``."""

    wrong_number_of_fields = enum.auto()
    broken_quotes = enum.auto()
    not_utf8 = enum.auto()
    coordinate_missing = enum.auto()
    coordinate_not_a_number = enum.auto()
    coordinate_out_of_range = enum.auto()
    accuracy_not_a_number = enum.auto()
    geometry_not_a_point = enum.auto()
    duplicate_site_id = enum.auto()
    date_not_a_day = enum.auto()
    request_without_id = enum.auto()
    duplicate_request_id = enum.auto()
    site_unknown = enum.auto()
    site_not_readable = enum.auto()
    moment_not_readable = enum.auto()


@dataclass(frozen=True)
class Reject:
    """A rejected row: its line, code, detail and raw text."""

    line: int
    reason: Rejected
    detail: str
    raw: str
