"""Commitments worked out by hand, each named after its trap; the sum stands in the comment.

Weekdays to check by: 2026-12-01 is a Tuesday, 2027-01-01 a Friday, 2028-02-29 a Tuesday. In a sum,
``>`` parts the day that an event counts for from the business days after it, and days in brackets
do not count. Due is the end of the last one: 00:00 of the day after.
"""

from zoneinfo import ZoneInfo

import pytest

from coverage_analyzer.due_times import clocks
from coverage_analyzer.due_times.calendars import calendar
from coverage_analyzer.policy.due_times import CalendarRule
from coverage_analyzer.policy.rules import Hours, Replacement


def days(amount: int, cut_off: str | None = None) -> Replacement:
    """Return a clock of business days."""
    return Replacement(
        start="rma_issued",
        end="shipped",
        amount=amount,
        unit="business_days",
        cut_off=cut_off,
        clause="c",
    )


def hours(
    amount: int, opens: str = "", closes: str = "", *, every_day: bool = False
) -> Replacement:
    """Return a clock of hours, within those of service if they are given."""
    which = "every_day" if every_day else "business_days"
    return Replacement(
        start="authorised",
        end="delivered",
        amount=amount,
        unit="hours",
        hours=Hours(opens=opens, closes=closes, days=which) if opens else None,
        clause="c",
    )


H4, D1, D10, CUT = hours(4), days(1), days(10), days(1, "15:00")
NIGHT = days(1, "01:30")
OFFICE = hours(4, "09:00", "17:00")
DAILY = hours(4, "09:00", "17:00", every_day=True)
ALL_DAY = hours(4, "00:00", "24:00", every_day=True)

NEW_YORK, BERLIN, LONDON = "US America/New_York", "DE Europe/Berlin", "GB Europe/London"
PARIS, DUBAI, JERUSALEM = "FR Europe/Paris", "AE Asia/Dubai", "IL Asia/Jerusalem"
APIA, KIRITIMATI, CAIRO = "WS Pacific/Apia", "KI Pacific/Kiritimati", "EG Africa/Cairo"
BRUNEI, SHANGHAI, RIYADH = "BN Asia/Brunei", "CN Asia/Shanghai", "SA Asia/Riyadh"

# fmt: off
CASES = [
    # -------------------------------------------------------- hours, day and night
    # Friday evening: 22:30 and 4 h is 02:30 on Saturday
    ("friday-evening-hours", H4, "2026-12-04T22:30", NEW_YORK, "2026-12-05T02:30:00-05:00"),
    # a holiday does not stop a clock that runs day and night
    ("christmas-hours", H4, "2026-12-25T10:00", NEW_YORK, "2026-12-25T14:00:00-05:00"),
    ("year-end-hours", H4, "2026-12-31T23:00", BERLIN, "2027-01-01T03:00:00+01:00"),
    # 2028 has a 29 February, 2027 has none
    ("leap-day-hours", H4, "2028-02-28T22:00", BERLIN, "2028-02-29T02:00:00+01:00"),
    ("no-leap-day-hours", H4, "2027-02-28T22:00", BERLIN, "2027-03-01T02:00:00+01:00"),
    # 02:00 to 03:00 is left out: 04:30 in winter time is 05:30 in summer time
    ("spring-new-york", H4, "2026-03-08T00:30", NEW_YORK, "2026-03-08T05:30:00-04:00"),
    # 01:00 to 02:00 comes twice: 04:30 in summer time is 03:30 in winter time
    ("autumn-new-york", H4, "2026-11-01T00:30", NEW_YORK, "2026-11-01T03:30:00-05:00"),
    ("spring-berlin", H4, "2026-03-29T01:30", BERLIN, "2026-03-29T06:30:00+02:00"),
    ("autumn-berlin", H4, "2026-10-25T01:30", BERLIN, "2026-10-25T04:30:00+01:00"),
    # the same wall clock, once in summer and once in winter time: an hour apart
    ("fold-first", H4, "2026-11-01T01:30-04:00", NEW_YORK, "2026-11-01T04:30:00-05:00"),
    ("fold-second", H4, "2026-11-01T01:30-05:00", NEW_YORK, "2026-11-01T05:30:00-05:00"),
    # Lord Howe puts its clocks back by half an hour, at 02:00 on 5 April
    ("half-hour-autumn", H4, "2026-04-05T00:00", "AU Australia/Lord_Howe",
     "2026-04-05T03:30:00+10:30"),
    ("quarter-hour-zone", H4, "2026-12-01T09:00", "NP Asia/Kathmandu",
     "2026-12-01T13:00:00+05:45"),
    ("kiritimati-year-end", H4, "2026-12-31T22:00", KIRITIMATI, "2027-01-01T02:00:00+14:00"),
    ("apia-midnight", H4, "2026-12-04T22:00", APIA, "2026-12-05T02:00:00+13:00"),
    # 30 December 2011 was left out in Samoa: 22:00 on the 29th and 4 h is 02:00 on the 31st
    ("apia-lost-day-hours", H4, "2011-12-29T22:00", APIA, "2011-12-31T02:00:00+14:00"),
    # 22:30 at +01:00 is 16:30 in New York
    ("written-elsewhere", H4, "2026-12-04T22:30+01:00", NEW_YORK, "2026-12-04T20:30:00-05:00"),
    ("written-in-utc", H4, "2026-12-05T03:00Z", NEW_YORK, "2026-12-05T02:00:00-05:00"),

    # -------------------------------------------------------- business days, without a cut-off
    # Mon 7 > Tue 8
    ("monday", D1, "2026-12-07T10:00", BERLIN, "2026-12-09T00:00:00+01:00"),
    # the whole day counts, from its first to its last second
    ("first-second", D1, "2026-12-07T00:00", BERLIN, "2026-12-09T00:00:00+01:00"),
    ("last-second", D1, "2026-12-07T23:59:59", BERLIN, "2026-12-09T00:00:00+01:00"),
    # Fri 4 > [Sat 5, Sun 6] Mon 7
    ("friday-evening", D1, "2026-12-04T22:30", BERLIN, "2026-12-08T00:00:00+01:00"),
    # [Sat 5, Sun 6] Mon 7 > Tue 8
    ("saturday", D1, "2026-12-05T10:00", BERLIN, "2026-12-09T00:00:00+01:00"),
    ("sunday-last-minute", D1, "2026-12-06T23:59", BERLIN, "2026-12-09T00:00:00+01:00"),
    # Wed 25 > [Thu 26: Thanksgiving] Fri 27
    ("before-thanksgiving", D1, "2026-11-25T10:00", NEW_YORK, "2026-11-28T00:00:00-05:00"),
    # [Thu 26] Fri 27 > [Sat, Sun] Mon 30
    ("on-thanksgiving", D1, "2026-11-26T10:00", NEW_YORK, "2026-12-01T00:00:00-05:00"),
    # Germany has no Thanksgiving: Wed 25 > Thu 26
    ("thanksgiving-elsewhere", D1, "2026-11-25T10:00", BERLIN, "2026-11-27T00:00:00+01:00"),
    # Thu 24 > [Fri 25, Sat, Sun] Mon 28
    ("christmas-us", D1, "2026-12-24T10:00", NEW_YORK, "2026-12-29T00:00:00-05:00"),
    # Thu 24 > [Fri 25, Sat 26: second day, Sun] Mon 28: it is not made up for
    ("christmas-de", D1, "2026-12-24T10:00", BERLIN, "2026-12-29T00:00:00+01:00"),
    # Thu 24 > [Fri 25, Sat, Sun, Mon 28: for Boxing Day] Tue 29
    ("christmas-gb", D1, "2026-12-24T10:00", LONDON, "2026-12-30T00:00:00+00:00"),
    # Thu 31 > [Fri 1, Sat, Sun] Mon 4
    ("year-end", D1, "2026-12-31T10:00", NEW_YORK, "2027-01-05T00:00:00-05:00"),
    # Thu 2 > [Fri 3: for Saturday the 4th, Sat, Sun] Mon 6
    ("observed-holiday", D1, "2026-07-02T10:00", NEW_YORK, "2026-07-07T00:00:00-04:00"),
    # Fri 2 > [Sat 3: Unity Day, Sun] Mon 5
    ("holiday-on-a-saturday", D1, "2026-10-02T10:00", BERLIN, "2026-10-06T00:00:00+02:00"),
    # Mon 13 > [Tue 14: Bastille] Wed 15
    ("bastille-day", D1, "2026-07-13T10:00", PARIS, "2026-07-16T00:00:00+02:00"),
    # Thu 2 > [Good Friday, Sat, Sun, Easter Monday] Tue 7
    ("easter-de", D1, "2026-04-02T10:00", BERLIN, "2026-04-08T00:00:00+02:00"),
    # Thu 2 > Fri 3: Good Friday is no federal holiday
    ("easter-us", D1, "2026-04-02T10:00", NEW_YORK, "2026-04-04T00:00:00-04:00"),
    # Mon 28 > Tue 29; Tue 29 > Wed 1
    ("to-the-leap-day", D1, "2028-02-28T10:00", BERLIN, "2028-03-01T00:00:00+01:00"),
    ("on-the-leap-day", D1, "2028-02-29T10:00", BERLIN, "2028-03-02T00:00:00+01:00"),
    # the clocks change in between, a day stays a day
    ("spring-weekend", D1, "2026-03-06T10:00", NEW_YORK, "2026-03-10T00:00:00-04:00"),
    ("autumn-weekend", D1, "2026-10-30T10:00", NEW_YORK, "2026-11-03T00:00:00-05:00"),

    # -------------------------------------------------------- weekends of other countries
    # Thu 3 > [Fri 4, Sat 5] Sun 6
    ("israel-thursday", D1, "2026-12-03T10:00", JERUSALEM, "2026-12-07T00:00:00+02:00"),
    # [Fri 4, Sat 5] Sun 6 > Mon 7
    ("israel-friday", D1, "2026-12-04T10:00", JERUSALEM, "2026-12-08T00:00:00+02:00"),
    # Sun 20 > [Mon 21: Yom Kippur] Tue 22
    ("yom-kippur", D1, "2026-09-20T10:00", JERUSALEM, "2026-09-23T00:00:00+03:00"),
    # Fri 4 > [Sat, Sun] Mon 7: since 2022 Friday is a working day
    ("emirates-friday", D1, "2026-12-04T10:00", DUBAI, "2026-12-08T00:00:00+04:00"),
    # Tue 1 > [Wed 2, Thu 3: National Day] Fri 4
    ("emirates-national-day", D1, "2026-12-01T10:00", DUBAI, "2026-12-05T00:00:00+04:00"),
    # Thu 3 > [Fri, Sat] Sun 6
    ("egypt-thursday", D1, "2026-12-03T10:00", CAIRO, "2026-12-07T00:00:00+02:00"),
    # Tue 22 > [Wed 23: National Day] Thu 24
    ("saudi-national-day", D1, "2026-09-22T10:00", RIYADH, "2026-09-25T00:00:00+03:00"),
    # a weekend in two pieces: Thu 3 > [Fri] Sat 5; Sat 5 > [Sun] Mon 7
    ("brunei-thursday", D1, "2026-12-03T10:00", BRUNEI, "2026-12-06T00:00:00+08:00"),
    ("brunei-saturday", D1, "2026-12-05T10:00", BRUNEI, "2026-12-08T00:00:00+08:00"),
    # Wed 30 > [Thu 1 to Wed 7] Thu 8
    ("golden-week", D1, "2026-09-30T10:00", SHANGHAI, "2026-10-09T00:00:00+08:00"),
    # Fri 9 > Sat 10, on which work is made up for
    ("working-saturday", D1, "2026-10-09T10:00", SHANGHAI, "2026-10-11T00:00:00+08:00"),

    # -------------------------------------------------------- the day is the center's
    # 22:00 UTC on Friday is 11:00 on Saturday in Apia: [Sat 5, Sun 6] Mon 7 > Tue 8
    ("apia-is-a-day-ahead", D1, "2026-12-04T22:00Z", APIA, "2026-12-09T00:00:00+13:00"),
    ("apia-friday", D1, "2026-12-04T10:00", APIA, "2026-12-08T00:00:00+13:00"),
    # 10:30 UTC on Friday is 00:30 on Saturday: Mon 7 > Tue 8
    ("kiritimati-saturday", D1, "2026-12-04T10:30Z", KIRITIMATI, "2026-12-09T00:00:00+14:00"),
    # Tue 8 > [Wed 9: Human Rights Day] Thu 10
    ("kiritimati-holiday", D1, "2026-12-08T10:00", KIRITIMATI, "2026-12-11T00:00:00+14:00"),
    # 21:30 in Los Angeles is 00:30 on Saturday in New York: Mon 7 > Tue 8
    ("saturday-at-the-center", D1, "2026-12-04T21:30-08:00", NEW_YORK,
     "2026-12-09T00:00:00-05:00"),
    # 00:30 on Saturday in Berlin is 23:30 on Friday in London: Fri 4 > Mon 7
    ("friday-at-the-center", D1, "2026-12-05T00:30+01:00", LONDON, "2026-12-08T00:00:00+00:00"),
    ("honolulu", D1, "2026-12-04T23:30", "US Pacific/Honolulu", "2026-12-08T00:00:00-10:00"),

    # -------------------------------------------------------- a cut-off at 15:00
    # Mon 7 > Tue 8
    ("a-second-before", CUT, "2026-12-07T14:59:59", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    ("at-the-cut-off", CUT, "2026-12-07T15:00:00", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    # Tue 8 > Wed 9
    ("a-second-after", CUT, "2026-12-07T15:00:01", NEW_YORK, "2026-12-10T00:00:00-05:00"),
    ("half-a-second-after", CUT, "2026-12-07T15:00:00.5", NEW_YORK, "2026-12-10T00:00:00-05:00"),
    # Fri 4 > Mon 7; a second later Mon 7 > Tue 8
    ("friday-at-the-cut-off", CUT, "2026-12-04T15:00", NEW_YORK, "2026-12-08T00:00:00-05:00"),
    ("friday-after", CUT, "2026-12-04T15:00:01", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    # at the weekend it is all the same: Mon 7 > Tue 8
    ("sunday-before", CUT, "2026-12-06T10:00", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    ("sunday-after", CUT, "2026-12-06T16:00", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    # 12:00 in Los Angeles is 15:00 in New York
    ("the-center's-cut-off", CUT, "2026-12-07T12:00-08:00", NEW_YORK, "2026-12-09T00:00:00-05:00"),
    ("the-center's-cut-off-after", CUT, "2026-12-07T12:00:01-08:00", NEW_YORK,
     "2026-12-10T00:00:00-05:00"),
    # Wed 30 after: Thu 31 > [Fri 1, Sat, Sun] Mon 4
    ("cut-off-at-year-end", CUT, "2026-12-30T16:00", BERLIN, "2027-01-05T00:00:00+01:00"),
    # Wed 25 after: [Thu 26] Fri 27 > [Sat, Sun] Mon 30
    ("cut-off-before-a-holiday", CUT, "2026-11-25T15:01", NEW_YORK, "2026-12-01T00:00:00-05:00"),

    # on a Sunday, a business day in Israel, 01:00 to 02:00 comes twice, and so does 01:30: the
    # second one is the cut-off, or a later moment would count for an earlier day. Sun 25 > Mon 26
    ("cut-off-twice-first", NIGHT, "2026-10-25T01:45+03:00", JERUSALEM,
     "2026-10-27T00:00:00+02:00"),
    ("cut-off-twice-second", NIGHT, "2026-10-25T01:15+02:00", JERUSALEM,
     "2026-10-27T00:00:00+02:00"),
    # Mon 26 > Tue 27
    ("cut-off-twice-after", NIGHT, "2026-10-25T01:45+02:00", JERUSALEM,
     "2026-10-28T00:00:00+02:00"),

    # -------------------------------------------------------- ten business days
    # Mon 7 > 8 9 10 11 14 15 16 17 18 Mon 21
    ("bronze", D10, "2026-12-07T10:00", BERLIN, "2026-12-22T00:00:00+01:00"),
    # Fri 18 > 21 22 23 24 [25] 28 29 30 31 [1] 4 Tue 5
    ("bronze-christmas", D10, "2026-12-18T10:00", BERLIN, "2027-01-06T00:00:00+01:00"),
    # Mon 16 > 17 18 19 20 23 24 25 [26] 27 30 Tue 1
    ("bronze-thanksgiving", D10, "2026-11-16T10:00", NEW_YORK, "2026-12-02T00:00:00-05:00"),
    # Wed 16 > 17 18 21 22 23 24 25 28 29 Wed 1
    ("bronze-leap-day", D10, "2028-02-16T10:00", BERLIN, "2028-03-02T00:00:00+01:00"),

    # -------------------------------------------------------- hours of service, 09:00 to 17:00
    # 2 h on Friday, 2 h on Monday
    ("office-friday", OFFICE, "2026-12-04T15:00", BERLIN, "2026-12-07T11:00:00+01:00"),
    ("office-before-opening", OFFICE, "2026-12-04T08:00", BERLIN, "2026-12-04T13:00:00+01:00"),
    # the last moment of service is in, a second later the second is left for Monday
    ("office-to-the-end", OFFICE, "2026-12-04T13:00", BERLIN, "2026-12-04T17:00:00+01:00"),
    ("office-a-second-over", OFFICE, "2026-12-04T13:00:01", BERLIN, "2026-12-07T09:00:01+01:00"),
    ("office-saturday", OFFICE, "2026-12-05T10:00", BERLIN, "2026-12-07T13:00:00+01:00"),
    # 2 h on Wednesday, none on Thanksgiving, 2 h on Friday
    ("office-holiday", OFFICE, "2026-11-25T15:00", NEW_YORK, "2026-11-27T11:00:00-05:00"),
    # every day: 2 h on Saturday, 2 h on Sunday
    ("daily-saturday", DAILY, "2026-12-05T15:00", BERLIN, "2026-12-06T11:00:00+01:00"),
    # all hours of all days are day and night, also where one has 23 hours
    ("all-day-in-spring", ALL_DAY, "2026-03-08T00:30", NEW_YORK, "2026-03-08T05:30:00-04:00"),
]
# fmt: on


@pytest.mark.parametrize(
    ("clock", "start", "place", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_golden(clock: Replacement, start: str, place: str, expected: str) -> None:
    """The moment by which a promise is due is the one of the sum."""
    country, key = place.split()
    zone = ZoneInfo(key)
    began = clocks.moment(clocks.stamp(start), zone)
    due = clocks.due(clock, began, zone, calendar(country))
    assert due.at.isoformat() == expected


# fmt: off
RULED = [
    # Fri 4 > [Sat, Sun, Mon 7: closed] Tue 8
    ("closure", D1, CalendarRule(countries=("DE",), closures=("2026-12-07",)),
     "2026-12-04T10:00", BERLIN, "2026-12-09T00:00:00+01:00"),
    # Wed 25 > Thu 26: Thanksgiving counts
    ("holidays-count", D1, CalendarRule(countries=("US",), public_holidays=False),
     "2026-11-25T10:00", NEW_YORK, "2026-11-27T00:00:00-05:00"),
    # [Fri 4, Sat 5] Sun 6 > Mon 7, as it was in the Emirates up to 2021
    ("another-weekend", D1, CalendarRule(countries=("AE",), weekend=("friday", "saturday")),
     "2026-12-04T10:00", DUBAI, "2026-12-08T00:00:00+04:00"),
    # Fri 4 > Sat 5, and Sunday begins at 01:00, as the clocks leave its first hour out
    ("no-midnight", D1, CalendarRule(countries=("CL",), weekend=("sunday",)),
     "2026-09-04T10:00", "CL America/Santiago", "2026-09-06T01:00:00-03:00"),
    # on Friday 27 March 02:00 to 03:00 is left out: 03:15 is after it. [Sat] Sun 29 > Mon 30
    ("cut-off-left-out", days(1, "02:30"), CalendarRule(countries=("IL",), weekend=("saturday",)),
     "2026-03-27T03:15", JERUSALEM, "2026-03-31T00:00:00+03:00"),
    # at 01:59 it is before: Fri 27 > [Sat] Sun 29
    ("before-what-is-left-out", days(1, "02:30"),
     CalendarRule(countries=("IL",), weekend=("saturday",)),
     "2026-03-27T01:59", JERUSALEM, "2026-03-30T00:00:00+03:00"),
    # Thu 29 > [Fri 30: not there, Sat, Sun] Mon 2
    ("apia-lost-day", D1, CalendarRule(countries=("WS",), public_holidays=False),
     "2011-12-29T10:00", APIA, "2012-01-03T00:00:00+14:00"),
]
# fmt: on


@pytest.mark.parametrize(
    ("clock", "rule", "start", "place", "expected"),
    [c[1:] for c in RULED],
    ids=[c[0] for c in RULED],
)
def test_golden_under_a_rule(
    clock: Replacement, rule: CalendarRule, start: str, place: str, expected: str
) -> None:
    """A policy may have a calendar of its own."""
    country, key = place.split()
    zone = ZoneInfo(key)
    began = clocks.moment(clocks.stamp(start), zone)
    assert clocks.due(clock, began, zone, calendar(country, rule)).at.isoformat() == expected


def test_each_case_has_its_own_name() -> None:
    """Lose no case to another of the same name; the table is as long as it should be."""
    assert len({c[0] for c in CASES + RULED}) == len(CASES) + len(RULED) >= 60
