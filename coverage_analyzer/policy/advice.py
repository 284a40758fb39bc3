"""What a valid policy may have forgotten: further advice of ``policies check``."""

import re
from collections.abc import Iterator
from typing import Final

from coverage_analyzer.policy.clock_keys import Hours
from coverage_analyzer.policy.document import mentions
from coverage_analyzer.policy.model import Policy
from coverage_analyzer.policy.rules import Level

SERVICE: Final = re.compile(r"(?<!\d)(\d{1,2})\s*[x\u00d7]\s*([5-7])(?!\d)", re.IGNORECASE)
"""Hours of service such as ``24x7`` or ``9 x 5 x 4``: hours of a day, days of a week."""

ALWAYS: Final = (24, 7)

EVERY_DAY: Final = 7
WORK_WEEK: Final = 5
"""Days of a week with service."""


def advice(policy: Policy) -> list[str]:
    """Return what seems to be forgotten in a policy, one sentence each.

    A clause that no rule names; hours of service that differ from the hours in which the clock of
    the level runs.
    """
    return [*_unused_clauses(policy), *_hours_of_service(policy)]


def _unused_clauses(policy: Policy) -> Iterator[str]:
    """Yield each clause that no rule names."""
    rules = policy.model_dump(exclude={"clauses"})
    mentioned_clauses = {name for _, _, name in mentions(rules)}
    for name in policy.clauses:
        if name not in mentioned_clauses:
            yield (
                f"clauses.{name}: no rule names this clause. Name it in the rule that it is "
                f"behind, or remove it."
            )


def _hours_of_service(policy: Policy) -> Iterator[str]:
    """Yield each level whose hours of service differ from those of its clock."""
    for number, level in enumerate(policy.levels):
        match = SERVICE.search(level.coverage_hours)
        clock = level.replacement
        if match is None or clock is None or clock.unit != "hours":
            continue
        expected = (int(match[1]), int(match[2]))
        hours = _hours_of(clock.hours)
        if hours is not None and hours != expected:
            yield (
                f"levels.{number}.coverage_hours: {level.coverage_hours!r} differs from the hours "
                f"of the clock, {_clock_text(level)}. Make them agree."
            )


def _hours_of(hours: Hours | None) -> tuple[int, int] | None:
    """Return the hours of a day and the days of a week in which a clock runs; None if unclear."""
    if hours is None:
        return ALWAYS
    if hours.weekdays:
        return None
    minutes = _minutes(hours.closes) - _minutes(hours.opens)
    return minutes // 60, EVERY_DAY if hours.days == "every_day" else WORK_WEEK


def _minutes(time: str) -> int:
    hour, minute, *_ = time.split(":")
    return int(hour) * 60 + int(minute)


def _clock_text(level: Level) -> str:
    hours = level.replacement.hours if level.replacement else None
    if hours is None:
        return "which runs around the clock without `hours`"
    days = "on business days" if hours.days == "business_days" else "every day"
    return f"{hours.opens} to {hours.closes} {days}"
