"""Policies side by side: each rule a row, and what differs is marked."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from coverage_analyzer import policy
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy import Policy
from coverage_analyzer.programmes.entitlements import entitlements
from coverage_analyzer.programmes.offer_table import DIFFERS, side_by_side

GIVEN = Policy.load().model_dump(mode="json") | {"name": "mine"}


def rows_of(*arguments: Policy) -> dict[str, tuple[str, ...]]:
    """Return the rows of a comparison by their feature."""
    return dict(side_by_side({f"p{n}": p for n, p in enumerate(arguments)}).rows)


def with_rules(**rules: Any) -> Policy:
    """Return the default policy with other rules under a name of its own."""
    return Policy.from_mapping(GIVEN | rules)


def test_the_same_rules_differ_in_nothing() -> None:
    """Whatever the name."""
    table = side_by_side({"a": Policy.load(), "b": with_rules()})
    assert not [feature for feature, _ in table.rows if feature.startswith(DIFFERS)]
    assert table.note.startswith(f"{DIFFERS} marks the 0 rows")
    assert table.columns == (
        "Citrix Appliance Maintenance (a)",
        "Citrix Appliance Maintenance (b)",
    )


DE = {"level": "gold-plus", "countries": ["DE"], "up_to_miles": 62.13712, "clause": "radius-us"}


@pytest.mark.parametrize(
    ("rules", "feature", "cells"),
    [
        (
            {"bands": [*GIVEN["bands"], DE]},
            "Radius in DE",
            ("Gold Plus up to 50 miles", "Gold Plus up to 62.13712 miles"),
        ),
        (
            {"lead_times": GIVEN["lead_times"][1:]},
            "New center in US",
            ("up to 6 weeks", "3 to 6 months"),
        ),
        (
            {"qualification": GIVEN["qualification"] | {"same_country": False}},
            "Center",
            ("in the same country", "in any country"),
        ),
        (
            {"qualification": GIVEN["qualification"] | {"interim": "bronze"}},
            "Level until a center opens",
            ("Gold", "Bronze"),
        ),
        (
            {"warranty": GIVEN["warranty"] | {"hardware_days": 1095}},
            "Manufacturer's warranty",
            ("hardware 1 year, software 90 days", "hardware 3 years, software 90 days"),
        ),
        (
            {"commitments": {"accept": "equivalent"}},
            "Address of a request",
            ("identical", "equivalent"),
        ),
        (
            {"countries": {"fold": {"PR": "US"}}},
            "Countries that count as others",
            ("none", "PR as US"),
        ),
        (
            {"gates": GIVEN["gates"] | {"lifecycle": None}},
            "Levels only in these phases",
            ("Gold Plus, Gold, Silver, Bronze", "none"),
        ),
        (
            {"levels": [GIVEN["levels"][0] | {"footnotes": []}, *GIVEN["levels"][1:]]},
            "Gold Plus: footnotes",
            (GIVEN["clauses"]["programme-support"], "none"),
        ),
    ],
)
def test_a_rule_that_differs_is_marked(
    rules: dict[str, Any], feature: str, cells: tuple[str, str]
) -> None:
    """By its row, and no other row but those of the same rule."""
    result = rows_of(Policy.load(), with_rules(**rules))
    assert result[f"{DIFFERS} {feature}"] == cells
    marked = [name for name in result if name.startswith(DIFFERS)]
    assert len(marked) <= 3  # phases have two rows, and what comes afterwards


def test_files_are_told_apart(tmp_path: Path) -> None:
    """The one thing that a policy of one's own changes, in each form of table."""
    own = tmp_path / "mine.toml"
    text = policy.text("appliance-maintenance").replace("up_to_miles = 70", "up_to_miles = 80")
    own.write_text(text, encoding="utf-8")
    arguments = ["policies", "compare", str(own), "appliance-maintenance"]
    for form in ("text", "markdown", "html"):
        ended = CliRunner().invoke(program, [*arguments, "--format", form])
        assert ended.exit_code == 0
        assert f"{DIFFERS} Radius in US" in ended.output
        assert "80 miles" in ended.output
        assert ended.output.count(DIFFERS) == 2  # the row, and the note below
    shown = CliRunner().invoke(program, ["policies", "show", str(own)]).output
    assert (
        "  warning   The policy has the name of the built-in policy 'appliance-maintenance'"
        in shown
    )


def test_programmes_stay_tables_of_their_own() -> None:
    """Beside one of the policies; one policy alone has a column for each level."""
    both = ["appliance-maintenance", "hp-call-to-repair"]
    joined = CliRunner().invoke(program, ["policies", "compare", *both, "priority"]).output
    assert "Policies compared" in joined
    assert "TRM (in limited markets)" in " ".join(joined.split())
    alone = CliRunner().invoke(program, ["policies", "compare", "hp-call-to-repair"]).output
    assert "Radius in all countries" in alone
    assert "above 50, up to 100" in " ".join(alone.split())
    assert "365" not in CliRunner().invoke(program, ["policies", "compare"]).output.replace(
        "24x7x365", ""
    )


def test_both_ways_to_an_offer_are_told() -> None:
    """Not sold in the US, and yet had while an agreement runs: which holds is not known."""
    result = entitlements({}, country="US", date="2026-12-01")["technical-relationship-management"]
    assert result.answer == "unknown"
    assert result.summary == (
        "a new purchase: does not apply: not sold in US (United States and Canada); an agreement "
        "in force: applies only with a technical relationship management agreement in force"
    )
    assert f"  summary     {result.summary}" in str(result)
    assert "  or by       a new purchase: does not apply" in str(result)
    (other,) = result.others
    assert (other.way, other.answer) == ("a new purchase", "does not apply")


def test_a_decided_offer_is_told_by_one_way() -> None:
    """Where the facts decide, nothing depends on the other way."""
    for runs, answer in ((True, "applies"), (False, "does not apply")):
        facts = {"relationship_management": runs, "appliance_maintenance": True}
        offers = entitlements(facts, country="US", date="2026-12-01")
        result = offers["technical-relationship-management"]
        assert (result.answer, result.summary, result.others) == (answer, "", ())
    text = entitlements({}, country="JP", date="2026-12-01").to_dict()["offers"]
    summaries = {offer["offer"]: offer["summary"] for offer in text}
    assert summaries["technical-relationship-management"].count("applies only with") == 2


RICH: dict[str, Any] = GIVEN | {
    "format": 2,
    "vendor": {"country": "US", "time_zone": "America/Denver"},
    "countries": {"fold": {"PR": "US"}, "fold_territories": ["GB"], "contested": "declared"},
    "gates": GIVEN["gates"]
    | {
        "components": {"excluded": ["SSD"], "known": ["fan"], "clause": "components-excluded"},
        "registration": {
            "grace_days": 30,
            "before_installation": "accept",
            "clause": "address-registered",
        },
        "not_offered": [
            {"level": "gold-plus", "countries": ["*"], "but": ["US"], "clause": "radius-us"}
        ],
        "export_approval": {"countries": ["CN"], "clause": "export-approval"},
    },
    "commitments": {
        "accept": "equivalent",
        "calendars": [{"countries": ["DE"], "weekend": ["sunday"], "closures": ["2026-12-24"]}],
    },
}
"""A policy with most tables."""

SKIPPED = ("name", "title", "source", "clauses", "format", "id", "footnotes")
"""Keys that name things, and do not rule."""


def changes(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value that may be left out or changed on its own."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in SKIPPED and not key.endswith("clause"):
                yield (*path, key)
                yield from changes(value, (*path, key))
    elif isinstance(part, list) and part and isinstance(part[0], dict):
        for number, item in enumerate(part):
            yield from changes(item, (*path, number))


def without(path: tuple[Any, ...]) -> Policy | None:
    """Return the policy without a key; None if it needs the key."""
    data = copy.deepcopy(RICH)
    part = data
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    try:
        return Policy.from_mapping(data)
    except PolicyError:
        return None


def test_every_rule_that_one_policy_has_is_a_row_that_differs() -> None:
    """Whichever key is left out of the other one, also if no row has it in words."""
    whole = Policy.from_mapping(RICH)
    tried = 0
    for path in changes(RICH):
        less = without(path)
        every_level = path == ("gates", "lifecycle", "levels")  # says what holds without it
        if less is None or less.sha256 == whole.sha256 or every_level:
            continue
        tried += 1
        rows = rows_of(whole, less)
        assert [name for name in rows if name.startswith(DIFFERS)], path
    assert tried >= 20


def test_what_differs_comes_first_and_rules_that_none_has_are_no_rows() -> None:
    """A reader of two policies of other vendors reads nothing of this one's rules."""
    names = list(rows_of(Policy.load("hp-call-to-repair"), Policy.load("watchguard-premium-rma")))
    marks = [name.startswith(DIFFERS) for name in names]
    assert marks == sorted(marks, reverse=True)
    text = " ".join(names)
    for rule in ("Export", "Contested", "Purchased", "warranty", "registered", "components"):
        assert rule not in text
    assert any(name.endswith("Center") for name in names)


def test_a_key_without_a_row_in_words_has_one_of_its_own() -> None:
    """Named by its tables."""
    result = rows_of(Policy.from_mapping(RICH), Policy.load())
    assert result[f"{DIFFERS} Gates, registration: grace days"] == ("30", "none")
    assert result[f"{DIFFERS} Gates, components: known"] == ("fan", "none")
    assert result[f"{DIFFERS} Vendor: time zone"] == ("America/Denver", "none")


def test_levels_are_compared_without_case_and_named_by_their_titles() -> None:
    """One vendor's "Next Business Day" is another's "Next business day"; ids are for the file."""
    names = ("lenovo-thinkserver", "spectra-logic", "check-point-on-site")
    table = side_by_side({name: Policy.load(name) for name in names})
    text = str(table.rows)
    assert "Next Business Day: promise" not in text
    assert "No level in force" in text
    assert "not-guaranteed" not in text
