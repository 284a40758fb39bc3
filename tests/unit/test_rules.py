"""The grammar of rules for nightly runs and comparisons."""

import importlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.batch._init import HOLD_IF
from coverage_analyzer.comparison.quantities import QUANTITIES, Needs, quantity_names
from coverage_analyzer.comparison.rules import Evidence, Rule, parse_rules, reasons
from coverage_analyzer.errors import InputError
from coverage_analyzer.schema.verdict import Status

RUN = {
    "rows": 100,
    "decided": 90,
    "rejects": 10,
    "review": 9,
    "decided[US]": 10,
    "review[US]": 6,
    "level[Gold Plus]": 45,
}


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ("rejects > 9", True),
        ("rejects > 10", False),
        ("rejects>=10", True),
        ("rejects_share > 9.9%", True),
        ("rejects_share > 10 %", False),
        ("review_share >= 10%", True),
        ("review[US] == 6", True),
        ("review[us] > 5", True),
        ("review_share[US] > 59%", True),
        ("review_share[US] >= 60.000000001%", False),
        ("review[DE] < 1", True),
        ("level[Gold Plus] < 46", True),
        ("level_share[Gold Plus] < 50%", False),
        ("rejects > 9 and review > 9", False),
        ("rejects > 9 AND review > 8", True),
        ("rows != 100", False),
    ],
)
def test_a_rule_about_one_run(rule: str, *, fires: bool) -> None:
    """Counts, shares of the right whole, and parts; exactly the limit is not above it."""
    assert bool(Rule.parse(rule).reason(Evidence(RUN))) == fires


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ("rows_fall > 10%", True),
        ("rows_fall >= 50%", True),
        ("rows_fall > 50%", False),
        ("rows_fall > 99", True),
        ("rows_fall > 100", False),
        ("rows_rise >= 0", False),
        ("rejects_rise > 400%", False),
        ("rejects_rise >= 400%", True),
        ("duplicates_rise > 1000%", True),
        ("duplicates_rise < 1000%", False),
        ("duplicates_fall > 0%", False),
        ("rejects_share_rise > 8.9%", True),
        ("rejects_share_rise > 9%", False),
        ("centers_vanished > 0", True),
        ("lost > 0", False),
    ],
)
def test_a_rule_about_two_runs(rule: str, *, fires: bool) -> None:
    """Relative to the previous value, in rows or in percentage points; a rise from 0 is endless."""
    before = {"rows": 200, "rejects": 2, "duplicates": 0}
    evidence = Evidence(RUN | {"duplicates": 3}, before, {"centers_vanished": 1})
    assert bool(Rule.parse(rule).reason(evidence)) == fires


def test_a_first_night_has_no_previous_run() -> None:
    """A rule that needs one does not fire, whatever it says; the others do."""
    rules = parse_rules("rows_fall >= 0; centers_vanished >= 0; lost >= 0; rejects > 1")
    assert reasons(rules, Evidence(RUN)) == ["rejected rows: 10; rule: rejects > 1"]


def test_the_reason_tells_both_values() -> None:
    """A reader sees what was measured, before and after, and which rule fired."""
    evidence = Evidence(RUN, {"rows": 1200, "rejects": 12})
    texts = reasons(parse_rules(["rows_fall > 10%", "rejects_share_rise > 5%"]), evidence)
    assert texts == [
        "rows that are not empty: 100, before 1,200; rule: rows_fall > 10%",
        "rejected rows: 10 of 100 (10 %), before 12 of 1,200 (1 %); rule: rejects_share_rise > 5%",
    ]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("revew_share > 2%", ["unknown quantity 'revew_share'", "'review_share'"]),
        ("LOST > 0", ["'lost'"]),
        ("lost_rise > 0", ["unknown quantity", "'lost"]),
        ("review_share > 2", ["2%"]),
        ("review > 2%", ["review_share"]),
        ("rows > 2%", ["rows_fall"]),
        ("centers_vanished > 2%", ["a count"]),
        ("level > 2", ["level[Gold Plus]"]),
        ("reason[bordeline] > 2", ["'borderline'"]),
        ("lost[USA] > 2", ["'USA'", "ISO 3166-1"]),
        ("rows[US] > 2", ["no parts"]),
        ("lost > -1", ["cannot be read"]),
        ("lost", ["cannot be read", "rows_fall > 10%"]),
        ("lost > 0 and", ["cannot be read"]),
        ("lost > 0 or left > 0", ["cannot be read from 'or left > 0' on"]),
        ("lost > 1e3", ["cannot be read"]),
        ("lost > __import__('os')", ["cannot be read"]),
        ("lost > 0 lost > 0", ["cannot be read"]),
    ],
)
def test_what_is_no_rule_is_one_clear_error(rule: str, words: list[str]) -> None:
    """The error quotes the rule, and says what to write instead."""
    with pytest.raises(InputError) as error:
        parse_rules(rule)
    assert all(word in str(error.value) for word in [repr(rule), *words])


def test_rules_about_one_run_know_no_changes() -> None:
    """What a single run cannot know is unknown where there is no other run."""
    with pytest.raises(InputError, match="unknown quantity 'lost'"):
        Rule.parse("lost > 0", Needs.run)
    with pytest.raises(InputError, match="unknown quantity 'rows_fall'"):
        Rule.parse("rows_fall > 10%", Needs.run)


def test_a_level_of_the_rule_is_one_of_the_policy() -> None:
    """Titles belong to the policy, so they are checked when it is known."""
    rule = Rule.parse("level_share[Gold Plos] < 50%")
    with pytest.raises(InputError, match="Did you mean 'Gold Plus'"):
        rule.check_levels(["Gold Plus", "Gold"])
    Rule.parse("level[Gold] > 1").check_levels(["Gold Plus", "Gold"])


@given(st.sampled_from(quantity_names()), st.sampled_from([">", "<="]), st.integers(0, 10**15 - 1))
def test_each_documented_name_is_a_rule(name: str, sign: str, number: int) -> None:
    """Each name parses with a number or a percentage, prints as given, and parses again."""
    base = name.removesuffix("_rise").removesuffix("_fall").removesuffix("_share")
    key = {"level": "[Gold and Plus]", "reason": "[borderline]"}.get(base, "")
    for text in (f"{name}{key} {sign} {number}", f"{name}{key} {sign} {number}%"):
        try:
            rule = Rule.parse(text)
        except InputError as error:
            assert "is a share" in str(error) or "is a count" in str(error)  # noqa: PT017
        else:
            assert Rule.parse(str(rule)) == rule


def test_each_status_is_a_quantity() -> None:
    """A status that is added gets a quantity of its own."""
    assert {status.name for status in Status} <= {each.name for each in QUANTITIES}
    assert all(each.text for each in QUANTITIES)


def test_the_guide_lists_each_quantity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table in the guide is the one that ``tools/build_rules_guide.py`` writes."""
    root = Path(__file__).parents[2]
    monkeypatch.syspath_prepend(str(root / "tools"))
    tool = importlib.import_module("build_rules_guide")
    text = (root / tool.GUIDE).read_text("utf-8")
    assert tool.guide(text) == text
    rules = next(part for part in text.split("```") if "hold_if = [" in part)
    proposed = tomllib.loads(rules.removeprefix("toml"))["thresholds"]["hold_if"]
    assert tuple(proposed) == HOLD_IF
