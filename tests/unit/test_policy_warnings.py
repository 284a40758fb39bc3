"""Policies that break no rule and are odd, and that every command that loads one says so."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import coverage_analyzer as ca
from coverage_analyzer import policy
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import PolicyWarning
from coverage_analyzer.policy import Policy, document

BUILT_IN = policy.text("appliance-maintenance")
OWN = BUILT_IN.replace('name = "appliance-maintenance"', 'name = "mine"', 1)

BORROWED = "The policy has the name of the built-in policy 'appliance-maintenance' but differs"


def loaded(folder: Path, text: str) -> Policy:
    """Return a policy of a file."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return Policy.load(path)


def test_what_ships_contradicts_nothing() -> None:
    """But for the set-up time of an appliance, which nothing applies."""
    cells = {name: rules.warnings for name, rules in policy.builtin().items()}
    (unapplied,) = cells.pop("watchguard-premium-rma")
    assert unapplied.startswith("lead_times.0: the set-up time of each appliance, up to 30 days")
    assert set(cells.values()) == {()}


def test_a_borrowed_name_is_told(tmp_path: Path) -> None:
    """Comments are no difference; a figure is."""
    assert loaded(tmp_path, f"# mine\n{BUILT_IN}").warnings == ()
    assert loaded(tmp_path, OWN).warnings == ()
    changed = BUILT_IN.replace('cut_off = "15:00"', "").replace('"clause"', "")
    assert loaded(tmp_path, changed).warnings == ()  # all of that stands in comments
    graced = BUILT_IN.replace("[gates.registration]", "[gates.registration]\ngrace_days = 9")
    (messages,) = loaded(tmp_path, graced).warnings
    assert messages.startswith(BORROWED)


RADIUS = 'radius-elsewhere = "Outside the United States a site qualifies within 50 miles of a'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("up_to_miles = 50", "up_to_miles = 62.137120", "says 50 miles, the band 62.13712 miles"),
        ("up_to_miles = 50", "up_to_miles = 50.4", "says 50 miles, the band 50.4 miles"),
        (RADIUS, RADIUS.replace("50 miles", "80 km"), ""),
        (RADIUS, RADIUS.replace("50 miles", "100 km"), "says 100 km, the band 50 miles"),
        (RADIUS, RADIUS.replace("50 miles", "50 miles (80 km)"), ""),
        (RADIUS, RADIUS.replace("50 miles", "60 miles (80 km)"), "says 60 miles, the band 50"),
        (RADIUS, RADIUS.replace("50 miles", "fifty miles"), ""),
        (RADIUS, RADIUS.replace("50 miles", "sixty miles"), "says sixty miles, the band 50 miles"),
        (RADIUS, RADIUS.replace("50 miles", "50-mile reach"), ""),
        (RADIUS, RADIUS.replace("50 miles", "the radius"), ""),
        (RADIUS, RADIUS.replace("50 miles", "100 kilomètres"), "says 100 km, the band 50 miles"),
        (RADIUS, RADIUS.replace("50 miles", "100 Kilometern"), "says 100 km, the band 50 miles"),
        ("within 4 hours after", "within 240 minutes after", ""),
        ("within 4 hours after", "within 180 min after", "says 180 minutes, the level 4 hours"),
        ("amount = 4\n", "amount = 6\n", "says 4 hours, the level 6 hours"),
        ("amount = 10\n", "amount = 5\n", "says 10 days, the level 5 days"),
        ('at_most = 6\nunit = "weeks"', 'at_most = 8\nunit = "weeks"', "says 6 weeks, the rule 8"),
        (
            "software_days = 90",
            "software_days = 180",
            "says 90 days and 1 years, software_days 180",
        ),
        ("hardware_days = 365", "hardware_days = 90", ""),
        ("for 1 year and", "for one year and", ""),
    ],
)
def test_a_clause_says_what_its_rule_says(tmp_path: Path, old: str, new: str, words: str) -> None:
    """In miles or km, hours, days, weeks, months, in figures or spelled out."""
    assert OWN.count(old) == 1
    result = loaded(tmp_path, OWN.replace(old, new)).warnings
    assert len(result) == bool(words)
    assert words in "".join(result)


def test_a_clause_in_miles_beside_a_band_in_km(tmp_path: Path) -> None:
    """A policy in kilometres compares those, and only without them the rounded miles."""
    own = OWN.replace("format = 1", "format = 2")
    own = own.replace("up_to_miles = 70", "up_to_km = 112.65").replace(
        "up_to_miles = 50", "up_to_km = 80"
    )
    for words, message in (
        ("80 km", ""),
        ("80 km (49.7 miles)", ""),
        ("50 miles", ""),
        ("81 km (50 miles)", "says 81 km, the band 80 km"),
        ("60 miles", "says 60 miles, the band 80 km"),
    ):
        text = own.replace(RADIUS, RADIUS.replace("50 miles", words))
        result = loaded(tmp_path, text).warnings
        assert [message in f for f in result] == [True] * bool(message), result


def ca_explained(centers: pd.DataFrame, rules: Policy, longitude: float) -> Any:
    """Return the story of a place on the equator in Kenya."""
    with pytest.warns(PolicyWarning):
        return ca.explain(
            centers, rules, latitude=0.0, longitude=longitude, country="KE", as_of="2026-12-01"
        )


COMMANDS = [
    ["run", "SITES", "--centers", "CENTERS", "-o", "OUT/r", "--no-map", "--no-areas"],
    ["check", "SITES"],
    ["explain", "39.1", "-94.6", "--country", "US", "--centers", "CENTERS"],
    ["letter", "SITES", "--site", "S1", "--centers", "CENTERS", "-o", "OUT/l.html"],
    ["areas", "CENTERS", "-o", "OUT/a.geojson"],
    ["timeline", "SITES", "--centers", "CENTERS", "-o", "OUT/t.csv", "--to", "2030-01-01"],
    [
        "commitments",
        "REQUESTS",
        "--sites",
        "SITES",
        "--centers",
        "CENTERS",
        "-o",
        "OUT/answers.csv",
    ],
]


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """Return the paths that commands name."""
    texts = {
        "SITES": "site_id,country,latitude,longitude\nS1,US,39.1,-94.6\n",
        "CENTERS": "center_id,country,latitude,longitude\nKC,US,39.0997,-94.5786\n",
        "REQUESTS": "request_id,site_id,authorised_at\nR1,S1,2026-12-01T10:00\n",
        "POLICY": BUILT_IN.replace("up_to_miles = 70", "up_to_miles = 71"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "SITES").rename(tmp_path / "s.csv")
    (tmp_path / "CENTERS").rename(tmp_path / "c.csv")
    (tmp_path / "REQUESTS").rename(tmp_path / "q.csv")
    names = {"SITES": "s.csv", "CENTERS": "c.csv", "REQUESTS": "q.csv", "POLICY": "POLICY"}
    return {name: str(tmp_path / file) for name, file in names.items()} | {"OUT": str(tmp_path)}


@pytest.mark.parametrize("command", COMMANDS, ids=[c[0] for c in COMMANDS])
def test_every_command_says_it(places: dict[str, str], command: list[str]) -> None:
    """Once, on standard error, and goes on."""
    words = []
    for word in command:
        first, *rest = word.split("/")
        words.append("/".join([places.get(first, first), *rest]))
    ended = CliRunner().invoke(program, [*words, "--policy", places["POLICY"]])
    assert ended.exit_code == 0, ended.output
    assert ended.stderr.count(f"Warning: {BORROWED}") == 1
    assert ended.stderr.count("Warning: bands.0: the clause 'radius-us' says 70 miles") == 1


def test_a_notebook_says_it(places: dict[str, str]) -> None:
    """As warnings of Python, and with the verdicts."""
    rules = Policy.load(places["POLICY"])
    sites, centers = ca.read_sites(places["SITES"]), ca.read_centers(places["CENTERS"])
    with pytest.warns(PolicyWarning) as caught:
        verdicts = ca.assess(sites, centers, rules)
    assert [str(w.message) for w in caught] == list(rules.warnings)
    assert verdicts.attrs["warnings"][: len(caught)] == list(rules.warnings)
    for call in (
        lambda: ca.coverage_areas(centers, rules),
        lambda: ca.timeline(sites, centers, rules),
        lambda: ca.explain(centers, rules, latitude=39.1, longitude=-94.6),
    ):
        with pytest.warns(PolicyWarning) as caught:
            call()
        assert [str(w.message) for w in caught] == list(rules.warnings)


def test_a_copy_is_not_known_by_what_it_was_made_from() -> None:
    """Hash and warnings are those of the copy."""
    rules = Policy.load()
    before = rules.sha256, rules.warnings, rules.titles
    copied = rules.model_copy(update={"levels": rules.levels[:3]})
    assert copied.sha256 != before[0]
    assert copied.warnings != before[1]
    assert copied.titles != before[2]


def test_other_vendors_have_no_rule_on_addresses() -> None:
    """Unless a table says so."""
    assert Policy.load().commitments.accepted == "identical"
    for name in ("hp-call-to-repair", "watchguard-premium-rma"):
        assert Policy.load(name).commitments.accepted is None
    data = Policy.load().model_dump(mode="json")
    data["commitments"] = {"address_clause": "address-registered"}
    assert Policy.from_mapping(data).commitments.accepted == "identical"


def test_only_the_built_in_policy_of_that_name_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are not validated to compare a policy with it."""
    names: list[str] = []

    def read(kind: type[Policy], name: str) -> Policy:
        names.append(name)
        return shipped(kind, name)

    shipped = document._builtin
    monkeypatch.setattr(document, "_builtin", read)
    for text in (OWN, BUILT_IN):
        assert loaded(tmp_path, text).warnings == ()
    assert set(names) == {"appliance-maintenance"}
