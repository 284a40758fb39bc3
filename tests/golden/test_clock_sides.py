"""Due times by the calendar and time of site, center or vendor, worked out by hand.

Weekdays to check by: 2026-12-01 is a Tuesday, 2026-07-01 a Wednesday, 2025-10-03 a Friday. In a
sum, ``>`` parts the day that an event counts for from the business days after it, and days in
brackets do not count. All starts without an offset are local to the site.
"""

import dataclasses
import functools
from typing import Any

import pytest
from building import Center, centers_of
from clocked import DENVER, clock, hours, office, policy_of

from coverage_analyzer.countries import Countries
from coverage_analyzer.due_times.calculator import Commitment, CommitmentStatus, Committer
from coverage_analyzer.due_times.levels import LevelLookup
from coverage_analyzer.due_times.requests import RegisteredSite, Request
from coverage_analyzer.policy import Policy

for library in ("holidays", "tzfpy"):
    pytest.importorskip(library, reason="the extra terms is not installed")

DETROIT = Center("DET", -83.0458, 42.3314, "US")
BASEL = Center("BSL", 7.5886, 47.5596, "CH")
NEW_YORK = Center("NYC", -74.006, 40.7128, "US")
HAIFA = Center("HFA", 34.9896, 32.794, "IL")
REGIONS = {"DET": "US-MI", "BSL": "CH-BS", "NYC": "US-NY", "HFA": "IL-HA"}
ORDERED = centers_of((DETROIT, BASEL, NEW_YORK, HAIFA))
CENTERS = dataclasses.replace(ORDERED, region=tuple(REGIONS[name] for name in ORDERED.center_id))

WINDSOR = RegisteredSite(-83.0364, 42.3149, "CA", region="CA-ON")
LOERRACH = RegisteredSite(7.6616, 47.6156, "DE", region="DE-BW")
SEATTLE = RegisteredSite(-122.3321, 47.6062, "US")
NEWARK = RegisteredSite(-74.1724, 40.7357, "US")
TOKYO = RegisteredSite(139.7595, 35.6828, "JP")
JERUSALEM = RegisteredSite(35.2137, 31.7683, "IL")
DOCK = RegisteredSite(-74.1724, 40.7357, "US", receives=("08:00", "17:00"))


def answered(world: Countries, policy: Policy, site: RegisteredSite, **at: str) -> Commitment:
    """Return the answer to a request of a site, given its events."""
    levels = LevelLookup(CENTERS, policy, world)
    return Committer(levels).answers([Request("R", "S", at)], {"S": [site]})[0]


ON_SITE, SHIPPED = clock(), clock("shipped")
NEAR = functools.partial(clock, cut_off="14:30", cut_off_zone="vendor", calendar="site")
DEPOT = functools.partial(hours, cut_off="13:00", hours=office())
FRIDAYS = {"friday": "08:00-14:00", "saturday": "09:00-12:00"}

# fmt: off
CASES = [
    # -------------------------------------------------------- holidays of both sides
    # a technician comes on business days of the site: Tue 30 > [Wed 1: Canada Day] Thu 2
    ("windsor-canada-day-on-site", ON_SITE, WINDSOR, "2026-06-30T10:00",
     "2026-07-03T00:00:00-04:00"),
    # a part ships on those of the center: Tue 30 > Wed 1
    ("windsor-canada-day-shipped", SHIPPED, WINDSOR, "2026-06-30T10:00",
     "2026-07-02T00:00:00-04:00"),
    # dispatched on the day itself: [Wed 1] Thu 2 > Fri 3, a holiday only in Detroit
    ("windsor-on-canada-day", ON_SITE, WINDSOR, "2026-07-01T10:00", "2026-07-04T00:00:00-04:00"),
    # Thu 2 > Fri 3; in Detroit [Fri 3: for Saturday the 4th, Sat, Sun] Mon 6
    ("windsor-fourth-of-july", ON_SITE, WINDSOR, "2026-07-02T10:00", "2026-07-04T00:00:00-04:00"),
    ("windsor-fourth-of-july-shipped", SHIPPED, WINDSOR, "2026-07-02T10:00",
     "2026-07-07T00:00:00-04:00"),
    # the region of the site is not needed where all of the country have the day off
    ("windsor-without-region", ON_SITE, RegisteredSite(-83.0364, 42.3149, "CA"),
     "2026-06-30T10:00", "2026-07-03T00:00:00-04:00"),
    # Thu 2 > [Fri 3: Unity Day, Sat, Sun] Mon 6
    ("loerrach-unity-day-on-site", ON_SITE, LOERRACH, "2025-10-02T10:00",
     "2025-10-07T00:00:00+02:00"),
    # Thu 2 > Fri 3: none in Basel
    ("loerrach-unity-day-shipped", SHIPPED, LOERRACH, "2025-10-02T10:00",
     "2025-10-04T00:00:00+02:00"),
    # a clause may say otherwise for the technician of the depot
    ("loerrach-by-the-center", clock(calendar="center"), LOERRACH, "2025-10-02T10:00",
     "2025-10-04T00:00:00+02:00"),
    # Mon 5 > [Tue 6: Epiphany in Baden-Württemberg] Wed 7; none in Basel
    ("loerrach-epiphany", ON_SITE, LOERRACH, "2026-01-05T10:00", "2026-01-08T00:00:00+01:00"),
    ("loerrach-epiphany-shipped", SHIPPED, LOERRACH, "2026-01-05T10:00",
     "2026-01-07T00:00:00+01:00"),
    # the vendor's: Wed 25 > [Thu 26: Thanksgiving] Fri 27, until its end in Denver
    ("vendor's-thanksgiving", clock(calendar="vendor"), LOERRACH, "2026-11-25T10:00",
     "2026-11-28T00:00:00-07:00"),
    # 06:00 on Thursday in Germany is 22:00 on Wednesday in Denver: Wed 25 > [Thu 26] Fri 27
    ("vendor's-day", clock(calendar="vendor"), LOERRACH, "2026-11-26T06:00",
     "2026-11-28T00:00:00-07:00"),

    # -------------------------------------------------------- a cut-off at 14:30 in Denver
    # 13:30 in Seattle is 14:30 in Denver. Mon 7 > Tue 8; a minute later Tue 8 > Wed 9
    ("cut-off-a-minute-before", NEAR(), SEATTLE, "2026-12-07T13:29", "2026-12-09T00:00:00-08:00"),
    ("cut-off-at", NEAR(), SEATTLE, "2026-12-07T13:30", "2026-12-09T00:00:00-08:00"),
    ("cut-off-a-minute-after", NEAR(), SEATTLE, "2026-12-07T13:31", "2026-12-10T00:00:00-08:00"),
    # "before 14:30" is not at 14:30
    ("before-the-cut-off", NEAR(cut_off_counts="before"), SEATTLE, "2026-12-07T13:29:59",
     "2026-12-09T00:00:00-08:00"),
    ("not-at-the-cut-off", NEAR(cut_off_counts="before"), SEATTLE, "2026-12-07T13:30",
     "2026-12-10T00:00:00-08:00"),
    # in the site's own time 13:31 is early enough
    ("cut-off-of-the-site", NEAR(cut_off_zone="site"), SEATTLE, "2026-12-07T14:30",
     "2026-12-09T00:00:00-08:00"),
    # without a zone it is that of the calendar
    ("cut-off-of-the-calendar", clock(cut_off="14:30"), SEATTLE, "2026-12-07T14:30",
     "2026-12-09T00:00:00-08:00"),
    # the center is in New York, three hours ahead: 11:31 is 14:31
    ("cut-off-of-the-center", NEAR(cut_off_zone="center"), SEATTLE, "2026-12-07T11:31",
     "2026-12-10T00:00:00-08:00"),
    ("cut-off-in-a-named-zone", NEAR(cut_off_zone="America/New_York"), SEATTLE,
     "2026-12-07T11:30", "2026-12-09T00:00:00-08:00"),
    # 06:00 on Tuesday in Tokyo is 14:00 on Monday in Denver, but no request of Monday:
    # Tue 8 > Wed 9
    ("cut-off-a-day-behind", NEAR(), TOKYO, "2026-12-08T06:00", "2026-12-10T00:00:00+09:00"),
    # 15:31 on Monday in Seattle is 00:31 on Tuesday in Berlin: Tue 8 > Wed 9
    ("cut-off-a-day-ahead", NEAR(cut_off_zone="Europe/Berlin"), SEATTLE, "2026-12-07T15:31",
     "2026-12-10T00:00:00-08:00"),
    # in March Denver changes its clocks weeks before Germany: 21:30 is 14:30 there, not 13:30
    ("cut-off-in-summer-time", NEAR(), LOERRACH, "2026-03-09T21:30", "2026-03-11T00:00:00+01:00"),
    ("late-in-summer-time", NEAR(), LOERRACH, "2026-03-09T21:31", "2026-03-12T00:00:00+01:00"),
    # before that 22:30 is 14:30 there
    ("cut-off-in-winter-time", NEAR(), LOERRACH, "2026-03-02T22:30", "2026-03-04T00:00:00+01:00"),

    # -------------------------------------------------------- until a time of the day
    # Mon 7 > Tue 8, 17:00
    ("by-five", clock(by="17:00"), SEATTLE, "2026-12-07T10:00", "2026-12-08T17:00:00-08:00"),
    # Fri 4, late: Mon 7 > Tue 8, noon
    ("by-noon-late", clock(by="12:00", cut_off="15:00"), SEATTLE, "2026-12-04T15:01",
     "2026-12-08T12:00:00-08:00"),
    # 22:00 on Monday in Denver is 14:00 on Tuesday in Tokyo: due on Wednesday, not before it began
    ("by-an-hour-of-the-site", NEAR(by="09:00"), TOKYO, "2026-12-08T14:00",
     "2026-12-09T09:00:00+09:00"),

    # -------------------------------------------------------- the same business day
    # confirmed by noon in Denver, 11:00 in Seattle: shipped on Mon 7, in New York
    ("same-day-at-noon", clock("shipped", 0, cut_off="12:00", cut_off_zone="vendor"), SEATTLE,
     "2026-12-07T11:00", "2026-12-08T00:00:00-05:00"),
    ("same-day-after-noon", clock("shipped", 0, cut_off="12:00", cut_off_zone="vendor"), SEATTLE,
     "2026-12-07T11:01", "2026-12-09T00:00:00-05:00"),
    # on Saturday: [Sat, Sun] Mon 7
    ("same-day-on-saturday", clock("shipped", 0, cut_off="12:00"), NEWARK, "2026-12-05T10:00",
     "2026-12-08T00:00:00-05:00"),
    ("same-day-by-five", clock(amount=0, by="17:00"), NEWARK, "2026-12-07T16:59",
     "2026-12-07T17:00:00-05:00"),
    # at 17:00 it has passed: Tue 8
    ("same-day-too-late", clock(amount=0, by="17:00"), NEWARK, "2026-12-07T17:00",
     "2026-12-08T17:00:00-05:00"),

    # -------------------------------------------------------- a cut-off on a clock of hours
    # four hours of service, 08:00 to 17:00
    ("depot-a-minute-before", DEPOT(), NEWARK, "2026-12-04T12:59", "2026-12-04T16:59:00-05:00"),
    ("depot-at", DEPOT(), NEWARK, "2026-12-04T13:00", "2026-12-04T17:00:00-05:00"),
    # Mon 7 from 08:00
    ("depot-a-minute-after", DEPOT(), NEWARK, "2026-12-04T13:01", "2026-12-07T12:00:00-05:00"),
    ("depot-on-saturday", DEPOT(), NEWARK, "2026-12-05T10:00", "2026-12-07T12:00:00-05:00"),
    # Wed 25, late: [Thu 26: Thanksgiving] Fri 27
    ("depot-before-thanksgiving", DEPOT(), NEWARK, "2026-11-25T13:01",
     "2026-11-27T12:00:00-05:00"),
    # 10:00 in Seattle is 13:00 in New York, where the depot is
    ("depot-time-at", DEPOT(cut_off_zone="center"), SEATTLE, "2026-12-04T10:00",
     "2026-12-04T14:00:00-08:00"),
    ("depot-time-after", DEPOT(cut_off_zone="center"), SEATTLE, "2026-12-04T10:01",
     "2026-12-07T12:00:00-08:00"),
    # day and night, but a late event begins on the next business day at 08:00
    ("night-before", hours(cut_off="13:00", late_start="08:00"), NEWARK, "2026-12-04T12:59",
     "2026-12-04T16:59:00-05:00"),
    ("night-after", hours(cut_off="13:00", late_start="08:00"), NEWARK, "2026-12-04T13:01",
     "2026-12-07T12:00:00-05:00"),
    # an event of that Monday is not due before the one of Friday
    ("night-early", hours(cut_off="13:00", late_start="08:00"), NEWARK, "2026-12-07T02:00",
     "2026-12-07T12:00:00-05:00"),
    ("night-from-midnight", hours(cut_off="13:00"), NEWARK, "2026-12-04T13:01",
     "2026-12-07T04:00:00-05:00"),
    # every day: Sat 5 from 08:00
    ("daily-after", DEPOT(hours=office(days="every_day")), NEWARK, "2026-12-04T13:01",
     "2026-12-05T12:00:00-05:00"),
    # on 8 March 02:00 to 03:00 is left out; 22:00 on Saturday and 6 h is 05:00
    ("spring-night", hours("delivered", 6), NEWARK, "2026-03-07T22:00",
     "2026-03-08T05:00:00-04:00"),

    # -------------------------------------------------------- hours by weekday and by country
    # 2 h on Friday, 2 h on Monday
    ("nine-by-five", hours(hours=office()), NEWARK, "2026-12-04T15:00",
     "2026-12-07T10:00:00-05:00"),
    # Friday 13:00 to 14:00, Saturday 09:00 to 12:00
    ("short-friday", hours(hours=office(weekdays=FRIDAYS)), NEWARK, "2026-12-04T13:00",
     "2026-12-05T12:00:00-05:00"),
    # Saturday 26 December is a holiday in Germany: 1 h on Thu 24, [Fri, Sat, Sun] 3 h on Mon 28
    ("saturday-holiday", hours(hours=office(weekdays=FRIDAYS)), LOERRACH, "2026-12-24T16:00",
     "2026-12-28T11:00:00+01:00"),
    # no service on Wednesdays: 1 h on Tue 8, 3 h on Thu 10
    ("closed-on-wednesday", hours(hours=office(weekdays={"wednesday": "closed"})), NEWARK,
     "2026-12-08T16:00", "2026-12-10T11:00:00-05:00"),
    # in Japan 09:00 to 18:00: 3 h on Friday, 1 h on Monday
    ("hours-of-japan", hours(hours=office(), hours_in=[{"countries": ["JP"], **office("09:00",
     "18:00")}]), TOKYO, "2026-12-04T15:00", "2026-12-07T10:00:00+09:00"),
    ("hours-of-all-others", hours(hours=office(), hours_in=[{"countries": ["JP"],
     **office("09:00", "18:00")}]), NEWARK, "2026-12-04T15:00", "2026-12-07T10:00:00-05:00"),
    # in Israel the week begins on Sunday: 2 h on Thu 3, [Fri, Sat] 2 h on Sun 6
    ("week-of-israel", hours(hours=office()), JERUSALEM, "2026-12-03T15:00",
     "2026-12-06T10:00:00+02:00"),
    # the hours of the vendor: 17:00 in Germany is 09:00 in Denver
    ("hours-of-the-vendor", hours(calendar="vendor", hours=office()), LOERRACH,
     "2026-12-04T17:00", "2026-12-04T13:00:00-07:00"),

    # on 8 March 02:00 to 03:00 is left out: hours from 02:30 begin at 03:00, when clocks go forward
    ("opening-left-out", hours(amount=1, hours=office("02:30", "05:00", days="every_day")), NEWARK,
     "2026-03-08T00:00", "2026-03-08T04:00:00-04:00"),
    # on 1 November 01:00 to 02:00 comes twice: from the first 01:30 to the second there is an hour
    ("opening-twice", hours(amount=2, hours=office("01:30", "05:00", days="every_day")), NEWARK,
     "2026-11-01T00:00", "2026-11-01T02:30:00-05:00"),
    ("closing-twice", hours(amount=2, hours=office("00:30", "01:30", days="every_day")), NEWARK,
     "2026-11-01T00:00", "2026-11-01T01:30:00-05:00"),

    # -------------------------------------------------------- receiving hours, 08:00 to 17:00
    # due at 14:00 and at 17:00: in time to be received
    ("received-at-two", hours("delivered", receiving_hours="defer"), DOCK, "2026-12-04T10:00",
     "2026-12-04T14:00:00-05:00"),
    ("received-at-the-end", hours("delivered", receiving_hours="defer"), DOCK,
     "2026-12-04T13:00", "2026-12-04T17:00:00-05:00"),
    # due at 17:01: when receiving begins on the next day
    ("deferred-a-minute-after", hours("delivered", receiving_hours="defer"), DOCK,
     "2026-12-04T13:01", "2026-12-05T08:00:00-05:00"),
    ("deferred-at-night", hours("delivered", receiving_hours="defer"), DOCK, "2026-12-04T22:30",
     "2026-12-05T08:00:00-05:00"),
    # due at 08:00, when receiving begins
    ("due-as-receiving-begins", hours("delivered", receiving_hours="defer"), DOCK,
     "2026-12-04T04:00", "2026-12-04T08:00:00-05:00"),
    # only a warning, as always
    ("not-deferred", hours("delivered"), DOCK, "2026-12-04T22:30", "2026-12-05T02:30:00-05:00"),
    # the end of a business day is 24:00, after receiving has ended: Mon 7 > Tue 8, deferred to Wed
    ("day-deferred", clock("delivered", receiving_hours="defer"), DOCK, "2026-12-07T10:00",
     "2026-12-09T08:00:00-05:00"),
]
# fmt: on


@pytest.mark.parametrize(
    ("table", "site", "start", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_golden(
    world: Countries, table: dict[str, Any], site: RegisteredSite, start: str, expected: str
) -> None:
    """The due time is the one of the sum."""
    answer = answered(world, policy_of(table, vendor=DENVER), site, dispatched=start)
    assert answer.status is CommitmentStatus.promised, answer.steps
    assert answer.row()["due_at"] == expected
    assert expected[:16] in answer.steps[-2]


def test_each_case_has_its_own_name() -> None:
    """Lose no case to another of the same name; the table is as long as it should be."""
    assert len({c[0] for c in CASES}) == len(CASES) >= 50


def test_a_regional_holiday_of_the_site_is_not_guessed(world: Countries) -> None:
    """Epiphany is a day off in some states of Germany only; the message says where to say which."""
    site = RegisteredSite(7.6616, 47.6156, "DE")
    answer = answered(world, policy_of(ON_SITE), site, dispatched="2026-01-05T10:00")
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "regional_holiday")
    assert answer.due_at is None
    assert "column region of the sites" in answer.steps[-1]
    assert "site S: Tue 2026-01-06 (Epiphany)" in answer.steps[-1]


def test_a_region_of_another_country_counts_as_empty(world: Countries) -> None:
    """It is told; where the day is off everywhere, the due time stands."""
    site = RegisteredSite(7.6616, 47.6156, "DE", region="CH-BS")
    answer = answered(world, policy_of(ON_SITE), site, dispatched="2025-10-02T10:00")
    assert answer.row()["due_at"] == "2025-10-07T00:00:00+02:00"
    assert answer.warnings[-1].startswith("the region 'CH-BS' of the site is not")


def test_format_1_counts_the_days_of_the_center(world: Countries) -> None:
    """As ever: policies of today keep their due times. Tue 30 > Wed 1, as Detroit works."""
    table = clock(start="authorised")
    policy = policy_of(table, format=1)
    answer = answered(world, policy, WINDSOR, authorised="2026-06-30T10:00")
    assert answer.row()["due_at"] == "2026-07-02T00:00:00-04:00"


@pytest.mark.parametrize("kind", ["target", "average"])
def test_what_is_no_promise_has_no_due_time(world: Countries, kind: str) -> None:
    """Its time stands in another column, under another status; each step to it is told."""
    policy = policy_of(hours(kind=kind, start="registered"))
    answer = answered(world, policy, NEWARK, registered="2026-12-04T10:00")
    row = answer.row(("status", "promise", "due_at", "target_at"))
    assert row == {
        "status": "target",
        "promise": f"{kind}: on_site",
        "due_at": "",
        "target_at": "2026-12-04T14:00:00-05:00",
    }
    assert answer.steps[0] == (
        f"Gold: {kind}: on site within 4 hours of registration of the request (within_radius)"
    )
    assert answer.steps[-3] == f"{kind} before Fri 2026-12-04T14:00-05:00 America/New_York"
    assert answer.steps[-2] == f"{kind}, not a promise"


def test_a_level_has_several_clocks(world: Countries) -> None:
    """Each has its own start, calendar and columns. Respond 2 h, repair by the next day's noon."""
    policy = policy_of(
        hours(),
        {**hours("responded", 2, start="registered"), "id": "respond"},
        {**clock("repaired", kind="target", by="12:00"), "id": "repair", "title": "Repair"},
    )
    answer = answered(
        world, policy, NEWARK, dispatched="2026-12-04T10:00", registered="2026-12-04T09:30"
    )
    moments = {name: at.isoformat() for name, at in answer.moments().items() if at}
    assert moments == {
        "clock_start": "2026-12-04T10:00:00-05:00",
        "due_at": "2026-12-04T14:00:00-05:00",
        "respond_start": "2026-12-04T09:30:00-05:00",
        "respond_due_at": "2026-12-04T11:30:00-05:00",
        "repair_start": "2026-12-04T10:00:00-05:00",
        "repair_target_at": "2026-12-07T12:00:00-05:00",
    }
    assert "Repair: target, not a promise" in answer.steps


def test_an_uncertain_further_clock_leaves_the_main_one(world: Countries) -> None:
    """Its columns are empty, and a warning says why."""
    policy = policy_of(hours(), {**hours("repaired", 8, start="registered"), "id": "repair"})
    answer = answered(world, policy, NEWARK, dispatched="2026-12-04T10:00")
    assert answer.row()["due_at"] == "2026-12-04T14:00:00-05:00"
    assert answer.moments()["repair_due_at"] is None
    assert answer.warnings[-1] == (
        "Repair: no due time (moment_missing): the clock of Gold, Repair starts at registered_at, "
        "which is empty"
    )


def test_a_missing_event_is_one_of_the_policy(world: Countries) -> None:
    """No word of the events of other vendors."""
    further = {**hours(start="registered"), "id": "repair"}
    answer = answered(world, policy_of(hours(), further), NEWARK, authorised="")
    assert answer.steps == ("no date and time given in any of dispatched_at, registered_at",)


def test_nothing_is_deferred_without_receiving_hours(world: Countries) -> None:
    """A rule applies only to data that is present, which is told."""
    policy = policy_of(hours("delivered", receiving_hours="defer"))
    answer = answered(world, policy, NEWARK, dispatched="2026-12-04T22:30")
    assert answer.row()["due_at"] == "2026-12-05T02:30:00-05:00"
    assert answer.warnings[-1] == "not deferred: the receiving hours of the site are unknown"


def test_a_site_without_a_country_has_no_business_days(world: Countries) -> None:
    """In the middle of an ocean, under a policy that asks for no country: one clear answer."""
    site = RegisteredSite(-40.0, 30.0, time_zone="Atlantic/Azores")
    answer = answered(world, policy_of(ON_SITE), site, dispatched="2026-12-04T10:00")
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "calendar_unknown")
    assert "enter it in the column country" in answer.steps[-1]


def test_the_policy_tells_the_business_days_of_a_country_alone(world: Countries) -> None:
    """Weekend, no public holidays, closures: no other calendar is needed. Fri > [Sat, Sun] Mon."""
    rule = {
        "countries": ["US"],
        "weekend": ["saturday", "sunday"],
        "public_holidays": False,
        "closures": ["2026-11-26"],
    }
    policy = policy_of(ON_SITE, commitments={"calendars": [rule]})
    # Wed 25 > [Thu 26: closed] Fri 27
    answer = answered(world, policy, NEWARK, dispatched="2026-11-25T10:00")
    assert answer.row()["due_at"] == "2026-11-28T00:00:00-05:00"
