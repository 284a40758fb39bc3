"""A request gets what its level promises, or the reason why no moment can be told."""

import dataclasses
import datetime
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from building import Center, centers_of

from coverage_analyzer.countries import Countries
from coverage_analyzer.due_times.calculator import Commitment, CommitmentStatus, Committer
from coverage_analyzer.due_times.levels import LevelLookup
from coverage_analyzer.due_times.requests import RegisteredSite, Request, registered_site
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.due_times import WEEKDAYS

NEWARK = RegisteredSite(-74.1724, 40.7357, "US", address="1 Main St, Newark, NJ 07102")
PITTSBURGH = RegisteredSite(-80.0, 40.44, "US")
CENTERS = (Center("NYC", -74.006, 40.7128, "US"), Center("BER", 13.405, 52.52, "DE"))
FRIDAY = "2026-12-04T22:30"


def answered(
    world: Countries,
    request: Request | Sequence[Request],
    *rows: RegisteredSite,
    centers: Sequence[Center] = CENTERS,
    policy: Policy | None = None,
    **options: Any,
) -> Commitment:
    """Return the answer to the first of some requests of the site ``S``, which has some rows."""
    own = {name: options.pop(name) for name in ("as_of", "form") if name in options}
    levels = LevelLookup(centers_of(centers), policy or Policy.load(), world, **options)
    committer = Committer(levels, **own)
    requests = [request] if isinstance(request, Request) else request
    return committer.answers(requests, {"S": rows} if rows else {})[0]


def request(authorised: str = FRIDAY, rma: str = "", address: str = "", name: str = "R") -> Request:
    """Return a request of the site ``S``."""
    return Request(name, "S", {"authorised": authorised, "rma_issued": rma}, address)


def policy_with(**commitments: Any) -> Policy:
    """Return the default policy with other rules of commitments."""
    data = Policy.load().model_dump()
    data["commitments"] = data["commitments"] | commitments
    return Policy.from_mapping(data)


def test_gold_plus_delivers_in_hours(world: Countries) -> None:
    """Four hours from authorisation, told with clause, zone and each step."""
    answer = answered(world, request(address=NEWARK.address), NEWARK)
    assert answer.row() == {
        "request_id": "R",
        "site_id": "S",
        "level": "Gold Plus",
        "status": "promised",
        "promise": "delivered",
        "clock_start": "2026-12-04T22:30:00-05:00",
        "due_at": "2026-12-05T02:30:00-05:00",
        "center_id": "NYC",
        "reason": "within_radius",
        "warnings": "",
        "steps": "Gold Plus: delivered within 4 hours of authorisation (within_radius); "
        "address: identical; "
        "4 hours around the clock, after Fri 2026-12-04T22:30-05:00 America/New_York; "
        "due before Sat 2026-12-05T02:30-05:00 America/New_York; clause delivery-4-hours",
    }


def test_gold_ships_in_a_business_day(world: Countries) -> None:
    """From the RMA number, by the calendar and clock of the center: never printed as delivered."""
    answer = answered(world, request("", FRIDAY), PITTSBURGH)
    assert (answer.level, answer.promise, answer.reason) == ("Gold", "shipped", "beyond_radius")
    assert answer.row()["due_at"] == "2026-12-08T00:00:00-05:00"
    assert (
        "not a business day in US: Sat 2026-12-05 (weekend), Sun 2026-12-06 (weekend)"
        in answer.steps
    )
    assert answer.steps[-1] == "clause ships-1-day"


def test_the_clock_of_the_level_counts(world: Countries) -> None:
    """Gold Plus does not begin with the RMA number, nor Gold with the authorisation."""
    for row, case, missing in (
        (NEWARK, request("", FRIDAY), "authorised_at"),
        (PITTSBURGH, request(FRIDAY, ""), "rma_issued_at"),
    ):
        answer = answered(world, case, row)
        assert (answer.status, answer.reason) == (CommitmentStatus.review, "moment_missing")
        assert missing in answer.steps[-1]
        assert answer.due_at is answer.clock_start is None


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("2026-03-08T02:30", "moment_does_not_exist"),
        ("2026-11-01T01:30", "moment_ambiguous"),
    ],
)
def test_a_local_time_that_clocks_show_never_or_twice_is_for_review(
    world: Countries, moment: str, reason: str
) -> None:
    """Nothing is guessed; with its offset the same time is fine."""
    answer = answered(world, request(moment), NEWARK)
    assert (answer.status, answer.reason, answer.level) == (
        CommitmentStatus.review,
        reason,
        "Gold Plus",
    )
    assert answered(world, request(f"{moment}-05:00"), NEWARK).status is CommitmentStatus.promised


@pytest.mark.parametrize(
    "text",
    [
        "4.12.2026",
        "12/04/2026 10:00",
        "2026-12-04",  # no time of day
        "2026-13-04T10:00",
        "2026-12-04T24:30",
        "20261204T1000",
        "1812-12-04T10:00",
        "9999-12-31T23:59",
        "２０２６-12-04T10:00",  # noqa: RUF001 - wide digits are the trap
        "tomorrow",
    ],
)
def test_a_moment_in_another_form_is_rejected(world: Countries, text: str) -> None:
    """ISO 8601 with a time of day, of a year in reach, or the row has to be mended."""
    answer = answered(world, request(text), NEWARK)
    assert (answer.status, answer.reason) == (CommitmentStatus.rejected, "moment_not_readable")
    assert answer.level == ""


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-04 22:30",
        "2026-12-05T03:30:00Z",
        "2026-12-04T22:30-0500",
        "2026-12-04T22:30:00.000",
    ],
)
def test_forms_of_iso_8601_are_read(world: Countries, text: str) -> None:
    """With T or a blank, seconds or none, offsets with or without a colon."""
    assert answered(world, request(text), NEWARK).row()["due_at"] == "2026-12-05T02:30:00-05:00"


def test_another_form_is_read_if_it_is_said(world: Countries) -> None:
    """Then that form alone."""
    options = {"form": "%d.%m.%Y %H:%M"}
    assert (
        answered(world, request("04.12.2026 22:30"), NEWARK, **options).status
        is CommitmentStatus.promised
    )
    assert answered(world, request(FRIDAY), NEWARK, **options).reason == "moment_not_readable"


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%d.%m.%Y %H:%M %Z", "%Q %H", "%H:%M %"])
def test_a_form_leaves_nothing_to_be_guessed(world: Countries, form: str) -> None:
    """Neither the time of day nor what a zone's name means; nor has it directives of its own."""
    with pytest.raises(InputError, match=re.escape(repr(form))):
        answered(world, request(), NEWARK, form=form)


def test_an_offset_is_read_by_its_form(world: Countries) -> None:
    """Then it counts, as in ISO 8601."""
    case = request("05.12.2026 03:30 +0000")
    answer = answered(world, case, NEWARK, form="%d.%m.%Y %H:%M %z")
    assert answer.row()["due_at"] == "2026-12-05T02:30:00-05:00"


def test_a_request_has_an_id_and_a_site(world: Countries) -> None:
    """Without one, or with one that another has, it is rejected; so is one of no known site."""
    twice = [request(), request(), request(name="Q")]
    assert answered(world, twice, NEWARK).reason == "duplicate_request_id"
    assert answered(world, request(name=""), NEWARK).reason == "request_without_id"
    assert answered(world, request()).reason == "site_unknown"
    assert answered(world, request("", ""), NEWARK).reason == "moment_missing"


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        ("1 Main St, Newark, NJ 07102", CommitmentStatus.promised, "within_radius"),
        ("1 Main Street, Newark, NJ 07102", CommitmentStatus.refused, "address_equivalent"),
        ("1 Main St Apt 2, Newark, NJ 07102", CommitmentStatus.refused, "address_unit_differs"),
        ("1 Mian St, Newark, NJ 07102", CommitmentStatus.review, "address_unclear"),
        ("2 Main St, Newark, NJ 07102", CommitmentStatus.refused, "address_different"),
        ("1 Main St, Newark, Canada", CommitmentStatus.refused, "address_different_country"),
    ],
)
def test_a_variation_of_the_address_is_not_accepted(
    world: Countries, address: str, status: CommitmentStatus, reason: str
) -> None:
    """The code says how it varies, and the step cites the clause."""
    answer = answered(world, request(address=address), NEWARK)
    assert (answer.status, answer.reason) == (status, reason)
    assert (answer.due_at is None) == (status is not CommitmentStatus.promised)
    assert status is CommitmentStatus.promised or "clause address-registered" in answer.steps[-1]


def test_a_policy_may_accept_an_equivalent_address(world: Countries) -> None:
    """And no other one."""
    lenient = policy_with(accept="equivalent")
    case = request(address="1 Main Street, Newark, NJ 07102")
    assert answered(world, case, NEWARK, policy=lenient).status is CommitmentStatus.promised
    case = request(address="1 Main Street, Unit 2, Newark, NJ 07102")
    assert answered(world, case, NEWARK, policy=lenient).status is CommitmentStatus.refused


def test_an_address_that_is_not_there_is_not_compared(world: Countries) -> None:
    """An empty cell closes nothing, and is told."""
    assert answered(world, request(), NEWARK).warnings == (
        "address not compared: the request has no address",
    )
    answer = answered(world, request(address="1 Main St"), PITTSBURGH)
    assert "address not compared: the site has no registered address" in answer.warnings


def history(*days: str) -> list[RegisteredSite]:
    """Return rows of one site, each at its own address, registered on some days."""
    return [
        registered_site(
            {"country": "US", "address": f"{n} Main St", "registered_on": day},
            (-74.1724, 40.7357, float("nan")),
        )
        for n, day in enumerate(days, start=1)
    ]


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("2026-11-30T10:00", 1),
        ("2026-12-01T00:00", 2),  # on its very day
        ("2026-12-31T23:59", 2),
        ("2027-01-01T04:59Z", 2),  # still 31 December there
        ("2027-01-01T05:00Z", 3),
    ],
)
def test_the_newest_address_of_the_day_holds(world: Countries, moment: str, number: int) -> None:
    """The day is the site's; rows may come in any order; one without a day is the oldest."""
    rows = history("", "2026-12-01", "2027-01-01")
    for order in (rows, rows[::-1]):
        case = request(moment, address=f"{number} Main St")
        assert answered(world, case, *order).status is CommitmentStatus.promised


def test_no_address_may_be_registered_yet(world: Countries) -> None:
    """Then there is none that holds; and two of one day leave it open."""
    answer = answered(world, request(), *history("2026-12-05"))
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "address_not_registered")
    answer = answered(world, request(), *history("2026-12-01", "2026-12-01"))
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "site_ambiguous")
    same = history("2026-12-01") + history("2026-12-01")
    assert answered(world, request(), *same).status is CommitmentStatus.promised


def test_a_day_that_cannot_be_read_leaves_the_site_open(world: Countries) -> None:
    """Which of its addresses holds is then not known, so none does."""
    for day in ("1.12.2026", "2026-02-30", "20261201", "2026-12-01 25:00"):
        answer = answered(world, request(), *history("2026-12-01", day))
        assert (answer.status, answer.reason) == (CommitmentStatus.rejected, "site_not_readable")
        assert f"{day!r} is not a date" in answer.steps[0]
    answer = answered(world, request(), *history("2026-12-01 10:00:00+01:00"))
    assert answer.status is CommitmentStatus.promised


def test_nothing_is_replaced_before_it_is_installed(world: Countries) -> None:
    """A request of the day before is for review, one of the day is not."""
    row = registered_site(
        {"country": "US", "installed_on": "2026-12-05"}, (-74.1724, 40.7357, float("nan"))
    )
    assert answered(world, request(), row).reason == "request_before_installation"
    assert answered(world, request("2026-12-05T00:00"), row).status is CommitmentStatus.promised


@pytest.mark.parametrize(
    ("hours", "moment", "warned"),
    [
        ("08:00-17:00", "2026-12-04T22:30", True),
        ("08:00-17:00", "2026-12-04T13:00", False),  # due when it closes: until then there is time
        ("08:00-17:00", "2026-12-04T13:01", True),
        ("08:00 - 24:00", "2026-12-04T04:00", True),  # due when it opens: there was no time
        ("08:00-24:00", "2026-12-04T04:01", False),
        ("08:00-24:00", "2026-12-04T20:00", False),  # due at midnight
        ("00:00-17:00", "2026-12-04T20:00", True),  # of the day before
        ("", "2026-12-04T22:30", False),
    ],
)
def test_receiving_hours_are_a_warning(
    world: Countries, hours: str, moment: str, *, warned: bool
) -> None:
    """They move no promise: the vendor's clock runs on."""
    row = registered_site(
        {"country": "US", "receiving_hours": hours}, (-74.17, 40.73, float("nan"))
    )
    answer = answered(world, request(moment), row)
    assert answer.status is CommitmentStatus.promised
    assert any("receiving hours" in warning for warning in answer.warnings) == warned


@pytest.mark.parametrize("hours", ["8-17", "17:00-08:00", "08:00-25:00", "Mo-Fr 08:00-17:00"])
def test_receiving_hours_are_written_in_one_way(world: Countries, hours: str) -> None:
    """Else the row of the site has to be mended."""
    row = registered_site(
        {"country": "US", "receiving_hours": hours}, (-74.17, 40.73, float("nan"))
    )
    answer = answered(world, request(), row)
    assert (answer.status, answer.reason) == (CommitmentStatus.rejected, "site_not_readable")


def test_a_site_near_a_border_of_zones_is_for_review(world: Countries) -> None:
    """Unless it names its zone, or the clocks of both are the same."""
    # At the line between Arizona and New Mexico, which agree until New Mexico puts clocks forward.
    border = RegisteredSite(-109.046, 33.5, "US")
    centers = [Center("GUP", -109.3, 33.5, "US")]
    answer = answered(world, request("2026-07-01T10:00"), border, centers=centers)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "zone_ambiguous")
    named = RegisteredSite(-109.046, 33.5, "US", time_zone="America/Phoenix")
    answer = answered(world, request("2026-07-01T10:00"), named, centers=centers)
    assert answer.row()["due_at"] == "2026-07-01T14:00:00-07:00"
    assert answered(world, request(), border, centers=centers).status is CommitmentStatus.promised
    basel = RegisteredSite(7.5886, 47.5596, "CH")  # three zones, one time
    centers = [Center("BSL", 7.59, 47.56, "CH")]
    assert answered(world, request(), basel, centers=centers).status is CommitmentStatus.promised


def test_a_zone_has_a_name_that_is_known(world: Countries) -> None:
    """A wrong name is for review, as is a place on the high seas."""
    for name in ("Newark", "Europe", "../UTC", "/etc/passwd", "localtime", "\0", "x" * 5000):
        wrong = RegisteredSite(-74.1724, 40.7357, "US", time_zone=name)
        assert answered(world, request(), wrong).reason == "zone_unknown"
    assert answered(world, request(), RegisteredSite(-40.0, 30.0, "US")).reason == "zone_unknown"


def test_until_a_center_opens_another_one_ships(world: Countries) -> None:
    """Gold is shipped from the nearest open center, and the day of Gold Plus is told."""
    planned = Center("PIT", -80.0, 40.44, "US", "2026-12-15")
    answer = answered(world, request("", FRIDAY), PITTSBURGH, centers=[*CENTERS, planned])
    assert (answer.level, answer.reason) == ("Gold", "center_opens_later")
    assert answer.center_id == "NYC"
    assert "a higher level from 2026-12-15, when PIT opens" in answer.warnings
    later = request("2026-12-15T10:00", "2026-12-15T10:00")
    assert answered(world, later, PITTSBURGH, centers=[*CENTERS, planned]).level == "Gold Plus"


def test_a_center_that_is_only_ordered_ships_nothing(world: Countries) -> None:
    """Until the latest day on which it opens, the nearest open one does."""
    centers = centers_of([*CENTERS, Center("PIT", -80.0, 40.44, "US")])
    ordered = np.array(["NaT", "NaT", "2026-11-20"], "datetime64[D]")
    network = dataclasses.replace(centers, ordered_on=ordered)
    committer = Committer(LevelLookup(network, Policy.load(), world))
    (answer,) = committer.answers([request("", FRIDAY)], {"S": [PITTSBURGH]})
    assert (answer.level, answer.reason) == ("Gold", "center_opens_later")
    assert answer.center_id == "NYC"


def test_the_level_is_that_of_the_day(world: Countries) -> None:
    """Of the request, unless another day is said."""
    closing = [
        Center("NYC", -74.006, 40.7128, "US", "", "2026-12-05"),
        Center("LAX", -118, 34, "US"),
    ]
    moments = {"authorised": FRIDAY, "rma_issued": FRIDAY}
    case = Request("R", "S", moments)
    assert answered(world, case, NEWARK, centers=closing).level == "Gold Plus"
    later = {"as_of": datetime.date(2026, 12, 5)}
    assert answered(world, case, NEWARK, centers=closing, **later).level == "Gold"


def test_a_planned_center_may_be_too_far_by_road(world: Countries) -> None:
    """Where miles count by road, which nobody has measured yet, the better level is a maybe."""
    planned = [Center("NEW", -74.006, 40.7128, "US", "2026-12-15")]
    road = Policy.load("watchguard-premium-rma")
    answer = answered(world, request(), NEWARK, centers=planned, policy=road)
    (warning,) = (w for w in answer.warnings if "higher level" in w)
    assert warning.endswith("when NEW opens, if its road distance is within the limit")


def test_no_center_means_no_calendar(world: Countries) -> None:
    """Who would ship, and by whose business days, cannot be told."""
    paris = RegisteredSite(2.35, 48.85, "FR")
    answer = answered(world, request("", FRIDAY), paris)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "center_unknown")


def test_a_clock_of_every_day_needs_no_center(world: Countries) -> None:
    """What is a business day is only asked where it counts."""
    data = Policy.load().model_dump()
    clock = {
        "start": "authorised",
        "end": "on_site",
        "amount": 4,
        "unit": "hours",
        "clause": "radius-us",
    }
    hours = {"opens": "09:00", "closes": "17:00"}
    paris = RegisteredSite(2.35, 48.85, "FR")
    for days, reason in (
        ("every_day", "no_center_in_country"),
        ("business_days", "center_unknown"),
    ):
        data["levels"][1]["replacement"] = clock | {"hours": hours | {"days": days}}
        policy = Policy.from_mapping(data)
        assert answered(world, request(), paris, policy=policy).reason == reason


def test_a_verdict_for_review_is_no_promise(world: Countries) -> None:
    """Its reason is the answer's."""
    lost = RegisteredSite(2.35, 48.85, "US", time_zone="Europe/Paris")
    answer = answered(world, request(), lost)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "country_conflict")


def test_a_level_may_promise_nothing(world: Countries) -> None:
    """Beyond 100 miles HP offers no service: no clock, no moment, no doubt."""
    hp = Policy.load("hp-call-to-repair")
    case = Request("R", "S", {"call_acknowledged": FRIDAY})
    answer = answered(world, case, PITTSBURGH, policy=hp)
    assert (answer.status, answer.level) == (CommitmentStatus.no_promise, "Not offered")
    answer = answered(world, case, NEWARK, policy=hp)
    assert (answer.promise, answer.row()["due_at"]) == ("repaired", "2026-12-05T04:30:00-05:00")


def test_a_doubt_is_no_refusal(world: Countries) -> None:
    """Where the level below promises nothing, a verdict for review is for review all the same."""
    case = Request("R", "S", {"call_acknowledged": FRIDAY})
    rough = dataclasses.replace(PITTSBURGH, lon=-76.0, lat=41.0, accuracy_m=50_000.0)
    answer = answered(world, case, rough, policy=Policy.load("hp-call-to-repair"))
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "borderline")
    road = Policy.load("watchguard-premium-rma")
    answer = answered(world, request(), NEWARK, policy=road)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "road_unchecked")


def test_a_center_may_name_its_zone(world: Countries) -> None:
    """A center where zones overlap is for review; one that names its zone is not."""
    urumqi = RegisteredSite(80.0, 42.0, "CN")
    case = request("", "2026-12-07T10:00+08:00")
    row = RegisteredSite(81.3, 43.9, "CN", time_zone="Asia/Shanghai")
    open_one = [Center("URC", 87.6, 43.8, "CN")]
    answer = answered(world, case, row, centers=open_one)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "zone_ambiguous")
    assert "center URC" in answer.steps[-1]
    assert answered(world, case, urumqi, centers=open_one).reason == "zone_ambiguous"


def test_an_estimated_holiday_is_told(world: Countries) -> None:
    """The day of a feast that the moon decides may still move."""
    abu_dhabi = RegisteredSite(54.37, 24.45, "AE")
    centers = [Center("DXB", 55.3, 25.08, "AE")]
    answer = answered(world, request("", "2027-03-08T10:00"), abu_dhabi, centers=centers)
    assert answer.status is CommitmentStatus.promised
    assert any("estimated holiday" in warning for warning in answer.warnings)


def test_events_in_a_strange_order_are_told(world: Countries) -> None:
    """An RMA number from before the authorisation is odd, and no reason to refuse."""
    answer = answered(world, request(FRIDAY, "2026-12-04T22:29"), NEWARK)
    assert "rma_issued_at is before authorised_at" in answer.warnings
    assert answered(world, request(FRIDAY, FRIDAY), NEWARK).warnings == (
        "address not compared: the request has no address",
    )


def test_order_is_kept(world: Countries) -> None:
    """Answers come as the requests do, whatever days they are of."""
    committer = Committer(LevelLookup(centers_of(CENTERS), Policy.load(), world))
    days = ["2026-12-09", "2026-12-01", "x", "2026-12-05", "2026-12-01"]
    requests = [request(f"{day}T10:00", name=str(n)) for n, day in enumerate(days)]
    answers = committer.answers(requests, {"S": [NEWARK]})
    assert [a.request_id for a in answers] == list("01234")
    assert [(a.row()["clock_start"] or "x")[:10] for a in answers] == days


@pytest.mark.parametrize(
    ("level", "change", "message"),
    [
        (0, {"cut_off": "15:00"}, "only allowed for a clock in business days"),
        (1, {"hours": {"opens": "09:00", "closes": "17:00"}}, "only allowed for a clock in hours"),
        (0, {"hours": {"opens": "17:00", "closes": "09:00"}}, "closes must be later than opens"),
        (1, {"cut_off": "3 pm"}, "cut_off"),
    ],
)
def test_a_clock_is_whole(level: int, change: dict[str, Any], message: str) -> None:
    """A cut-off belongs to business days, hours of service to hours."""
    data = Policy.load().model_dump()
    data["levels"][level]["replacement"] |= change
    with pytest.raises(PolicyError, match=message):
        Policy.from_mapping(data)


@pytest.mark.parametrize(
    ("calendars", "message"),
    [
        ([{"countries": ["US"]}, {"countries": ["US"]}], "appears in 2 of them"),
        ([{"countries": ["*"], "closures": ["2026-02-30"]}], "is not a date"),
        ([{"countries": ["XX"]}], "not an ISO 3166-1"),
        ([{"countries": ["US"], "clause": "no-such"}], "unknown clause 'no-such'"),
        ([{"countries": ["US"], "weekend": ["funday"]}], "funday"),
        (
            [
                {"countries": ["US"], "weekend": list(WEEKDAYS)},
            ],
            "covers all days of the week",
        ),
    ],
)
def test_a_calendar_is_whole(calendars: list[dict[str, Any]], message: str) -> None:
    """Each country once, days that exist, and some day to work on."""
    with pytest.raises(PolicyError, match=message):
        policy_with(calendars=calendars)


def test_a_policy_tells_its_clocks_in_words() -> None:
    """With the cut-off and the hours of service, where a level has them."""
    data = Policy.load().model_dump()
    data["levels"][0]["replacement"]["hours"] = {"opens": "09:00", "closes": "17:00"}
    data["levels"][1]["replacement"]["cut_off"] = "15:00"
    text = Policy.from_mapping(data).described()
    assert "delivered within 4 hours of authorisation, counted from 09:00 to 17:00" in text
    assert "shipped within 1 business day of the RMA number, cut-off at 15:00" in text


def test_a_policy_tells_its_calendars_in_words() -> None:
    """What is said in TOML is told by ``policies``."""
    rule = {"countries": ["AE", "*"], "weekend": ["sunday"], "closures": ["2026-12-24"]}
    text = policy_with(calendars=[rule | {"public_holidays": False}]).described()
    assert "the address of a request must be identical to the registered one" in text
    assert (
        "business days in AE, all other countries: weekend sunday; "
        "public holidays are business days; "
        "closed on 2026-12-24" in text
    )


def stating(row: RegisteredSite, **stated: str) -> RegisteredSite:
    """Return a row of a site that says more of itself."""
    return dataclasses.replace(row, stated=stated)


PRODUCTS = Products.from_texts(
    {
        "product": ["MPX", "Old"],
        "mainstream_ends_on": ["2030-01-01", "2020-01-01"],
        "extended_ends_on": ["2031-01-01", "2021-01-01"],
        "life_ends_on": ["2032-01-01", "2022-01-01"],
    },
    ["line 2", "line 3"],
)


@pytest.mark.parametrize(
    ("stated", "product", "component", "reason", "level"),
    [
        ({"product": "MPX"}, "", "", "within_radius", "Gold Plus"),
        ({"product": "Old"}, "", "", "lifecycle_phase", "Not covered"),
        ({}, "Old", "", "lifecycle_phase", "Not covered"),
        ({"product": "MPX"}, "mpx", "fan", "component_excluded", "Gold"),
        ({"product": "MPX", "component": "fan"}, "", "disk", "within_radius", "Gold Plus"),
        ({"requested_level": "Bronze"}, "", "", "level_not_requested", "Bronze"),
    ],
)
def test_gates_close_on_what_request_and_site_say(
    world: Countries, stated: dict[str, str], product: str, component: str, reason: str, level: str
) -> None:
    """What the request names goes before what the row of its site says."""
    data = Policy.load().model_dump()
    data["gates"]["components"]["excluded"] = ("fan",)
    rules = Policy.model_validate(data)
    case = dataclasses.replace(
        request(rma="2026-12-07T10:00"), product=product, component=component
    )
    row = stating(NEWARK, **stated)
    answer = answered(world, case, row, policy=rules, products=PRODUCTS)
    assert (answer.reason, answer.level) == (reason, level)
    promised = {"Gold Plus": "delivered", "Not covered": ""}.get(level, "shipped")
    status = CommitmentStatus.promised if promised else CommitmentStatus.no_promise
    assert (answer.status, answer.promise) == (status, promised)
    assert (answer.due_at is None) == (not promised)


def test_a_product_that_no_table_dates_is_for_review(world: Countries) -> None:
    """No moment is printed on a doubt."""
    answer = answered(world, request(), stating(NEWARK, product="MPX 2"), products=PRODUCTS)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "product_undated")
    assert answer.due_at is None


def test_a_site_with_several_products_is_asked_by_one(world: Countries) -> None:
    """The row of the request's product holds; which one is never guessed."""
    rows = [stating(NEWARK, product=name) for name in ("MPX", "Old")]
    for name, level in (("MPX", "Gold Plus"), ("OLD", "Not covered")):
        case = dataclasses.replace(request(rma="2026-12-07T10:00"), product=name)
        assert answered(world, case, *rows, products=PRODUCTS).level == level
    assert answered(world, request(), *rows).reason == "product_ambiguous"
    case = dataclasses.replace(request(), product="SDX")
    answer = answered(world, case, *rows)
    assert (answer.status, answer.reason) == (CommitmentStatus.review, "product_not_at_site")
    assert answered(world, case, *rows, NEWARK).level == "Gold Plus"


def test_a_product_of_several_components_is_asked_by_one(world: Countries) -> None:
    """The row of the request's component holds, or one that names none; else it is ambiguous."""
    fan, disk = (stating(NEWARK, product="MPX", component=name) for name in ("fan", "disk"))
    case = dataclasses.replace(request(), product="MPX", component="Fan")
    assert answered(world, case, fan, disk).status is CommitmentStatus.promised
    assert answered(world, request(), fan, disk).reason == "site_ambiguous"
    psu = dataclasses.replace(case, component="psu")
    assert answered(world, psu, fan, disk).reason == "site_ambiguous"
    assert (
        answered(world, psu, fan, disk, stating(NEWARK, product="MPX")).status
        is CommitmentStatus.promised
    )
    assert answered(world, psu, fan).status is CommitmentStatus.promised


def test_a_country_that_wants_papers_is_warned_of(world: Countries) -> None:
    """On every promise there, and on no other."""
    data = Policy.load().model_dump()
    data["gates"]["export_approval"]["countries"] = ("US",)
    rules = Policy.model_validate(data)
    assert any(
        "requires export approval" in w
        for w in answered(world, request(), NEWARK, policy=rules).warnings
    )
    assert not any(
        "requires export approval" in w for w in answered(world, request(), NEWARK).warnings
    )


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        ("350 Fifth Avenue, New York", CommitmentStatus.promised, "within_radius"),
        ("350 5th Ave, New York", CommitmentStatus.promised, "within_radius"),
        ("350 5th Ave, Suite 12, New York", CommitmentStatus.promised, "within_radius"),
        ("360 5th Ave, New York", CommitmentStatus.review, "address_different"),
    ],
)
def test_a_policy_without_a_rule_on_addresses_refuses_none(
    world: Countries, address: str, status: CommitmentStatus, reason: str
) -> None:
    """As the vendor states none; another building is no place that was measured."""
    row = dataclasses.replace(NEWARK, address="350 5th Ave, New York")
    case = Request("R", "S", {"call_acknowledged": FRIDAY}, address)
    answer = answered(world, case, row, policy=Policy.load("hp-call-to-repair"))
    assert (answer.status, answer.reason) == (status, reason)
    assert (answer.due_at is None) == (status is not CommitmentStatus.promised)
