"""Contradictions in the clocks of a policy are told, all at once, each with its key."""

from typing import Any

import pytest
from clocked import DENVER, clock, hours, office, policy_of

from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy import Policy

MAIN = "levels.0.replacement"

# fmt: off
FAULTS = {
    "zone-without-cut-off": (clock(cut_off_zone="site"),
                             f"{MAIN}.cut_off_zone: has no effect without cut_off."),
    "before-without-cut-off": (clock(cut_off_counts="before"),
                               f"{MAIN}.cut_off_counts: has no effect without cut_off."),
    "late-start-without-cut-off": (hours(late_start="08:00"),
                                   f"{MAIN}.late_start: has no effect without cut_off."),
    "late-start-of-days": (clock(cut_off="13:00", late_start="08:00"),
                           f"{MAIN}.late_start: only allowed for a clock in hours."),
    "late-start-after-closing": (hours(cut_off="13:00", late_start="15:00",
                                       hours=office(weekdays={"friday": "08:00-14:00"})),
                                 (f"{MAIN}.late_start: must be before the hours close on each day "
                                 "(14:00).")),
    "late-start-in-another-country": (hours(cut_off="13:00", late_start="08:30", hours=office(),
                                            hours_in=[{"countries": ["JP"],
                                                       **office("07:00", "08:30")}]),
                                      "close on each day (08:30)."),
    "no-hours": (hours(amount=0), f"{MAIN}.amount: must be at least 1. The same day is"),
    "by-of-hours": (hours(by="17:00"), f"{MAIN}.by: only allowed for a clock in business days."),
    "hours-of-days": (clock(hours=office()), f"{MAIN}.hours: only allowed for a clock in hours."),
    "unknown-zone": (clock(cut_off="13:00", cut_off_zone="Amerika/Denver"),
                     ("cut_off_zone: 'Amerika/Denver' is not a time zone such as America/Denver or "
                     "one of site, center, vendor. Did you mean 'America/Denver'?")),
    "a-city": (
        clock(cut_off="13:00", cut_off_zone="New York"),
        "Did you mean 'America/New_York'?",
    ),
    "zone-of-the-machine": (clock(cut_off="13:00", cut_off_zone="localtime"),
                            "'localtime' is not a time zone"),
    "no-vendor": (clock(calendar="vendor"),
                  f"{MAIN}.calendar: 'vendor' needs the table [vendor] with country and"),
    "no-vendor-for-the-cut-off": (clock(cut_off="13:00", cut_off_zone="vendor"),
                                  f"{MAIN}.cut_off_zone: 'vendor' needs the table [vendor]"),
    "hours-in-alone": (hours(hours_in=[{"countries": ["JP"], **office()}]),
                       f"{MAIN}.hours_in: has no effect without hours."),
    "hours-in-twice": (hours(hours=office(), hours_in=[{"countries": ["JP", "IL"], **office()},
                                                       {"countries": ["IL"], **office()}]),
                       f"{MAIN}.hours_in: 'IL' appears in 2 of them. Name it once."),
    "hours-in-nowhere": (hours(hours=office(), hours_in=[{"countries": ["XX"], **office()}]),
                         f"{MAIN}.hours_in.0.countries: 'XX' is not an ISO 3166-1"),
    "backward-hours-in": (hours(hours=office(), hours_in=[{"countries": ["JP"],
                                                           **office("18:00", "09:00")}]),
                          f"{MAIN}.hours_in.0: closes must be later than opens."),
    "backward-friday": (hours(hours=office(weekdays={"friday": "14:00-08:00"})),
                        f"{MAIN}.hours.weekdays.friday: closes must be later than opens."),
    "never-open": (hours(hours=office(weekdays=dict.fromkeys(
                       ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
                        "sunday"), "closed"))),
                   f"{MAIN}.hours.weekdays: all days of the week are closed."),
    "received-when-shipped": (clock("shipped", receiving_hours="defer"),
                              f"{MAIN}.receiving_hours: the site receives nothing when the clock"),
}
# fmt: on


@pytest.mark.parametrize(("table", "message"), FAULTS.values(), ids=FAULTS)
def test_a_contradiction_is_told_with_its_key(table: dict[str, Any], message: str) -> None:
    """The key, what is wrong, and what to do."""
    with pytest.raises(PolicyError) as error:
        policy_of(table)
    assert message in str(error.value)


def test_all_contradictions_are_told_at_once() -> None:
    """Those of all clocks, and those of the vendor."""
    vendor = {"country": "US", "region": "CA-ON", "time_zone": "Mountain"}
    further = {**clock(cut_off_zone="Mars"), "id": "clock"}
    with pytest.raises(PolicyError) as error:
        policy_of(hours(by="17:00"), further, further, vendor=vendor)
    text = str(error.value)
    assert text.startswith("The policy has 8 problems:") or "problem" in text
    for part in (
        "levels.0.replacement.by",
        "levels.0.clocks: two clocks have the id 'clock'.",
        "levels.0.clocks: the id 'clock' is reserved.",
        "levels.0.clocks.0.cut_off_zone: has no effect without cut_off.",
        "levels.0.clocks.0.cut_off_zone: 'Mars' is not a time zone",
        "levels.0.clocks.1.cut_off_zone",
        "vendor.time_zone: 'Mountain' is not a time zone such as America/Denver.",
        "vendor.region: 'CA-ON' is not in US.",
    ):
        assert part in text


def test_further_clocks_need_a_main_one() -> None:
    """What is due in the first place is its time."""
    data = policy_of(hours(), {**hours(), "id": "repair"}).to_dict()
    del data["levels"][0]["replacement"]
    with pytest.raises(PolicyError, match=r"levels\.0\.clocks: the main clock is missing"):
        Policy.from_mapping(data)


@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("calendar", clock(start="authorised", calendar="site")),
        ("kind", clock(start="authorised", kind="target")),
        ("by", clock(start="authorised", by="17:00")),
        ("start: 'dispatched'", clock()),
        ("end: 'responded'", clock("responded", start="authorised")),
        ("hours.weekdays", hours(start="authorised", hours=office(weekdays={"friday": "closed"}))),
        ("label", clock(start="authorised", label="RMA approval")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_format_1_has_no_key_of_format_2(key: str, table: dict[str, Any]) -> None:
    """A policy of today cannot mean something new."""
    with pytest.raises(PolicyError) as error:
        policy_of(table, format=1)
    assert f"{MAIN}.{key}" in str(error.value)
    assert "needs format = 2." in str(error.value)


def test_a_cut_off_of_hours_needs_format_2() -> None:
    """Format 1 has it for business days only, as ever."""
    with pytest.raises(PolicyError, match="only allowed for a clock in business days"):
        policy_of(hours(start="authorised", cut_off="13:00"), format=1)


def test_keys_of_format_2_that_are_not_used_change_no_hash() -> None:
    """The same policy, with the defaults written out, has the same content."""
    plain = policy_of(hours())
    written = policy_of(hours(kind="promise", hours_in=[], label="", receiving_hours="warn"))
    assert written.sha256 == plain.sha256 != policy_of(hours(), vendor=DENVER).sha256


def test_a_clause_of_a_further_clock_is_compared_with_its_figure() -> None:
    """A contradiction between words and figure is a warning, wherever the clock stands."""
    further = {**hours("repaired", 24), "id": "repair", "clause": "repair"}
    clauses = {"c": "The clause.", "repair": "Repaired within 6 hours."}
    policy = policy_of(hours(), further, clauses=clauses)
    assert any(text.startswith("levels.0.clocks.0: the clause") for text in policy.warnings)


def test_the_drive_is_limited_by_promises_to_arrive() -> None:
    """The shortest one counts; no target, no answer on the phone, no shipment."""
    minutes = {
        "arrives": policy_of(hours()),
        "shortest": policy_of(hours("repaired", 8), {**hours(amount=6), "id": "visit"}),
        "target": policy_of(hours(kind="target")),
        "average": policy_of(hours(kind="average")),
        "answered": policy_of(hours("responded", 1)),
        "shipped": policy_of(hours("shipped")),
        "days": policy_of(clock()),
    }
    limits = {name: policy.drive_limit_minutes("gold") for name, policy in minutes.items()}
    assert limits == {
        "arrives": 240.0,
        "shortest": 360.0,
        **dict.fromkeys(("target", "average", "answered", "shipped", "days")),
    }
