"""Laws of promises: later is never earlier, a wider calendar never later, digits never alike."""

import datetime
import re
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.addresses.compare import AddressMatch, address_match
from coverage_analyzer.due_times import clocks
from coverage_analyzer.due_times.calendars import Calendar, calendar
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.policy.due_times import WEEKDAYS, CalendarRule
from coverage_analyzer.policy.rules import Hours, Replacement

PLACES = st.sampled_from(
    [
        ("US", "America/New_York"),
        ("DE", "Europe/Berlin"),
        ("IL", "Asia/Jerusalem"),
        ("AE", "Asia/Dubai"),
        ("CL", "America/Santiago"),  # leaves out the first hour of a day
        ("AU", "Australia/Lord_Howe"),  # by half an hour
        ("WS", "Pacific/Apia"),  # left out a day
        ("KI", "Pacific/Kiritimati"),
    ]
)
CHANGES = [  # about them, clocks are put forward or back
    datetime.datetime(2026, 3, 8, 7, tzinfo=datetime.UTC),
    datetime.datetime(2026, 11, 1, 6, tzinfo=datetime.UTC),
    datetime.datetime(2026, 10, 25, 1, tzinfo=datetime.UTC),
    datetime.datetime(2026, 10, 24, 23, tzinfo=datetime.UTC),  # on a business day in Israel
    datetime.datetime(2026, 9, 6, 4, tzinfo=datetime.UTC),
    datetime.datetime(2026, 4, 4, 15, tzinfo=datetime.UTC),
    datetime.datetime(2011, 12, 30, 10, tzinfo=datetime.UTC),
]
NEAR = st.timedeltas(min_value=datetime.timedelta(hours=-6), max_value=datetime.timedelta(hours=6))
MOMENTS = st.one_of(
    st.datetimes(
        datetime.datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        datetime.datetime(2030, 1, 1),  # noqa: DTZ001 - likewise
        timezones=st.just(datetime.UTC),
    ),
    st.builds(lambda moment, off: moment + off, st.sampled_from(CHANGES), NEAR),
)
TIMES = st.sampled_from(["00:00", "01:15", "01:30", "02:30", "15:00", "23:59:59"])


@st.composite
def promises(draw: st.DrawFn) -> Replacement:
    """Draw a clock of hours or of business days."""
    unit = draw(st.sampled_from(["hours", "business_days"]))
    opens, closes = draw(
        st.sampled_from([("09:00", "17:00"), ("00:00", "24:00"), ("01:30", "02:30")])
    )
    hours = Hours(
        opens=opens, closes=closes, days=draw(st.sampled_from(["every_day", "business_days"]))
    )
    return Replacement(
        start="authorised",
        end="delivered",
        amount=draw(st.integers(1, 12)),
        unit=unit,
        hours=draw(st.sampled_from([None, hours])) if unit == "hours" else None,
        cut_off=draw(st.none() | TIMES) if unit == "business_days" else None,
        clause="c",
    )


RULES = st.builds(
    CalendarRule,
    countries=st.just(("US",)),
    weekend=st.none() | st.lists(st.sampled_from(WEEKDAYS), max_size=4, unique=True).map(tuple),
    public_holidays=st.booleans(),
    closures=st.just(()) | st.just(("2026-03-09", "2026-11-02", "2026-09-07")),
)


def calendar_of(country: str, rule: CalendarRule | None = None) -> Calendar:
    """Return a calendar without doubts: that of the place's region where regions differ."""
    return calendar(
        country, rule, region={"AU": "AU-NSW", "CL": "CL-RM", "DE": "DE-BE"}.get(country, "")
    )


def due(
    clock: Replacement, moment: datetime.datetime, zone: str, days: Calendar
) -> datetime.datetime:
    """Return the moment by which a promise is due, in UTC."""
    key = ZoneInfo(zone)
    return clocks.due(clock, moment.astimezone(key), key, days).at.astimezone(datetime.UTC)


@given(promises(), MOMENTS, MOMENTS | NEAR, PLACES, st.none() | RULES)
def test_a_later_start_is_never_due_earlier(
    clock: Replacement,
    one: datetime.datetime,
    other: datetime.datetime | datetime.timedelta,
    place: tuple[str, str],
    rule: CalendarRule | None,
) -> None:
    """Through changes of clocks, weekends, cut-offs: the order of starts is that of due moments."""
    second = one + other if isinstance(other, datetime.timedelta) else other
    days = calendar_of(place[0], rule)
    early, late = sorted([one, second])
    assert due(clock, early, place[1], days) <= due(clock, late, place[1], days)


@given(promises(), MOMENTS, PLACES, RULES, st.data())
def test_a_wider_calendar_is_never_due_later(
    clock: Replacement,
    moment: datetime.datetime,
    place: tuple[str, str],
    rule: CalendarRule,
    data: st.DataObject,
) -> None:
    """More business days bring a promise forward, or leave it."""
    weekend = rule.weekend if rule.weekend is not None else ()
    narrow = rule.model_copy(update={"weekend": weekend})
    fewer = data.draw(st.lists(st.sampled_from(weekend), unique=True) if weekend else st.just([]))
    wide = narrow.model_copy(
        update={"weekend": tuple(fewer), "public_holidays": False, "closures": ()}
    )
    country, zone = place
    wider, narrower = (due(clock, moment, zone, calendar_of(country, r)) for r in (wide, narrow))
    assert wider <= narrower


@given(promises(), MOMENTS, PLACES)
def test_a_promise_is_due_after_it_begins(
    clock: Replacement, moment: datetime.datetime, place: tuple[str, str]
) -> None:
    """By as many hours as it says, or as many whole days at least."""
    least = datetime.timedelta(
        hours=clock.amount if clock.unit == "hours" else 24 * clock.amount - 1
    )
    # A day that is left out or shortened by a change of clocks is no whole one.
    slack = datetime.timedelta(hours=24 if moment.year == 2011 and clock.unit != "hours" else 0)
    assert due(clock, moment, place[1], calendar_of(place[0])) - moment >= least - slack


@given(promises(), MOMENTS, PLACES)
def test_business_days_end_with_a_day(
    clock: Replacement, moment: datetime.datetime, place: tuple[str, str]
) -> None:
    """The second before is in the last business day, the moment itself in the day after."""
    if clock.unit == "hours":
        return
    zone, days = ZoneInfo(place[1]), calendar_of(place[0])
    end = due(clock, moment, place[1], days)
    last = (end - datetime.timedelta(seconds=1)).astimezone(zone).date()
    assert end.astimezone(zone).date() > last
    assert not days.closed(last)


@given(promises(), MOMENTS, PLACES)
def test_the_steps_end_with_the_due_moment(
    clock: Replacement, moment: datetime.datetime, place: tuple[str, str]
) -> None:
    """What is told is what is summed."""
    zone = ZoneInfo(place[1])
    answer = clocks.due(clock, moment.astimezone(zone), zone, calendar_of(place[0]))
    assert clocks.shown_time(answer.at) in answer.steps[-1]


REGIONS = {
    "DE": ("Europe/Berlin", ("DE-BY", "DE-BE", "DE-SN", "DE-HH", "DE-SL")),
    "GB": ("Europe/London", ("GB-ENG", "GB-SCT", "GB-NIR", "GB-WLS", "GB-LND")),
    "CA": ("America/Toronto", ("CA-ON", "CA-QC", "CA-BC", "CA-NU")),
    "FR": ("Europe/Paris", ("FR-67", "FR-75", "FR-GES", "FR-57")),
    "MY": ("Asia/Kuala_Lumpur", ("MY-10", "MY-11", "MY-01")),
    "US": ("America/New_York", ("US-CA", "US-NY")),
}


@given(promises(), MOMENTS, st.sampled_from(sorted(REGIONS)))
def test_a_promise_without_a_region_is_that_of_every_region(
    clock: Replacement, moment: datetime.datetime, country: str
) -> None:
    """It is made only where the region does not matter."""
    zone, regions = REGIONS[country]
    try:
        without = due(clock, moment, zone, calendar(country))
    except DoubtError as doubt:
        assert doubt.code is Doubt.regional_holiday  # noqa: PT017 - the other way is below
        return
    for region in regions:
        assert due(clock, moment, zone, calendar(country, region=region)) == without


STREETS = st.sampled_from(
    ["Main St", "Fifth Avenue", "Kreuzstr.", "rue de l'Opéra", "St Mary's Rd"]
)
COUNTRIES = st.sampled_from(["US", "DE", "FR", "GB", "NL", "JP", "KE", "BR", "SE", ""])


@given(st.integers(1, 9999), st.integers(1, 9999), STREETS, st.integers(10000, 99999), COUNTRIES)
def test_another_number_is_another_address(
    one: int, other: int, street: str, code: int, country: str
) -> None:
    """However alike two addresses are: with another number they are not accepted by any policy."""
    registered, requested = (f"{n} {street}, Springfield {code}" for n in (one, other))
    result = address_match(registered, requested, country)
    assert (result is AddressMatch.identical) == (one == other)
    assert one == other or result is AddressMatch.different


@given(st.text(max_size=60), st.text(max_size=60), COUNTRIES)
def test_any_text_has_a_likeness_that_goes_both_ways(one: str, other: str, country: str) -> None:
    """No text is too odd, and neither of two is the better one."""
    assert address_match(one, other, country) is address_match(other, one, country)
    assert address_match(one, one, country) is AddressMatch.identical


@given(st.text(alphabet="ABCdef 123,.-äß", max_size=40), COUNTRIES)
def test_case_and_blanks_never_make_another_address(text: str, country: str) -> None:
    """Capitals and doubled blanks are a variation, but no other address."""
    varied = re.sub(" ", "  ", text.lower())
    assert address_match(text, varied, country) in {AddressMatch.identical, AddressMatch.equivalent}
