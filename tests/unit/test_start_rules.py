"""Rules of a policy on the start of levels: what is valid, what is refused, and in which words."""

import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from coverage_analyzer import countries
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.matching.business_days_after import business_days_after, latest
from coverage_analyzer.matching.lead_times import add_period, add_periods
from coverage_analyzer.policy import Policy

STARTS: Final = Policy.load(Path(__file__).parents[1] / "golden" / "starts.toml").to_dict()
RULE: Final = STARTS["in_force_after"][0]
MOVED: Final = STARTS["relocation"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": 1}, "in_force_after: needs format = 2."),
        ({"format": 1}, "relocation: needs format = 2."),
        (
            {"in_force_after": [RULE | {"interim": "premium"}]},
            "in_force_after.0.interim: 'premium' is not worse than 'premium'",
        ),
        (
            {"in_force_after": [RULE | {"levels": ["ground"], "interim": "express"}]},
            "in_force_after.0.interim: 'express' is not worse than 'ground'",
        ),
        (
            {"in_force_after": [RULE | {"levels": ["prenium"]}]},
            "in_force_after.0.levels: unknown level 'prenium'. Did you mean 'premium'?",
        ),
        (
            {"in_force_after": [RULE | {"interim": "sparse"}]},
            "in_force_after.0.interim: unknown level 'sparse'. Did you mean 'spare'?",
        ),
        (
            {"in_force_after": [RULE | {"clause": "nothing"}]},
            "in_force_after.0.clause: unknown clause 'nothing'.",
        ),
        (
            {"in_force_after": [RULE | {"countries": ["UK"]}]},
            "in_force_after.0.countries: 'UK' is not an ISO 3166-1 alpha-2 code.",
        ),
        (
            {"in_force_after": [RULE | {"start": ["purchased", "purchased"]}]},
            "in_force_after.0.start: 'purchased' appears more than once.",
        ),
        ({"in_force_after": [RULE | {"start": []}]}, "in_force_after.0.start"),
        ({"in_force_after": [RULE | {"start": ["sold"]}]}, "in_force_after.0.start.0"),
        ({"in_force_after": [RULE | {"amount": -1}]}, "in_force_after.0.amount"),
        (
            {"relocation": MOVED | {"up_to_km": 40.0}},
            "relocation: name either up_to_miles or up_to_km.",
        ),
        (
            {"relocation": {n: v for n, v in MOVED.items() if n != "up_to_miles"}},
            "relocation: name either up_to_miles or up_to_km.",
        ),
        (
            {"relocation": {n: v for n, v in MOVED.items() if n != "unit"}},
            "relocation: amount and unit belong together.",
        ),
        ({"relocation": MOVED | {"interim": "gold"}}, "relocation.interim: unknown level 'gold'."),
    ],
)
def test_what_a_policy_may_not_say(changes: dict[str, Any], problem: str) -> None:
    """Each in one message with the key."""
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(STARTS | changes)
    assert problem in str(caught.value)


NOT_OFFERED: Final = {"level": "spare", "countries": ["FR", "US"], "clause": "bought"}


def test_an_interim_level_has_to_be_offered_where_it_may_apply() -> None:
    """Spare replaces Premium in all countries but the US, and any level after a move."""
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(STARTS | {"gates": {"not_offered": [NOT_OFFERED]}})
    text = str(caught.value)
    assert "in_force_after.2.interim: sites get 'spare' until a level is in force" in text
    assert "not offered in FR." in text
    assert "relocation.interim: sites get 'spare' after a move" in text
    assert "not offered in FR, US." in text
    assert "in_force_after.0" not in text
    # Where the levels that it replaces are not offered, nothing needs it.
    rules = [NOT_OFFERED | {"countries": ["FR"]}]
    rules += [NOT_OFFERED | {"level": v, "countries": ["FR"]} for v in ("premium", "express")]
    data = {**STARTS, "gates": {"not_offered": rules}}
    del data["relocation"]
    assert Policy.from_mapping(data).has_start_rules


def test_a_rule_that_is_not_used_changes_no_hash() -> None:
    """An empty list is as none."""
    data = {k: v for k, v in STARTS.items() if k not in {"in_force_after", "relocation"}}
    none = Policy.from_mapping(data)
    assert Policy.from_mapping(data | {"in_force_after": []}).sha256 == none.sha256
    assert none.sha256 != Policy.from_mapping(STARTS).sha256
    assert (none.has_start_rules, none.start_columns) == (False, ())


def test_a_clause_with_another_figure_is_told() -> None:
    """The days of a rule, and the miles and days of a move."""
    clauses = STARTS["clauses"] | {
        "premium-set-up": "Premium is in force 45 days after the purchase.",
        "relocation": "A move by more than 20 miles: Spare for 60 days.",
    }
    text = "\n".join(Policy.from_mapping(STARTS | {"clauses": clauses}).warnings)
    assert "in_force_after.0: the clause 'premium-set-up' says 45 days, the rule 30 days." in text
    assert "relocation: the clause 'relocation' says 20 miles, the rule 25 miles." in text
    assert "relocation: the clause 'relocation' says 60 days, the rule 30 days." in text


PER_APPLIANCE: Final = {
    "per": "appliance",
    "countries": ["*"],
    "at_least": 0,
    "at_most": 30,
    "unit": "days",
    "clause": "premium-set-up",
}


def test_a_lead_time_that_nothing_applies_names_what_does() -> None:
    """A built-in policy, which its reader cannot change, does not."""
    (messages,) = Policy.from_mapping(STARTS | {"lead_times": [PER_APPLIANCE]}).warnings
    assert "is not applied" in messages
    assert "use [[in_force_after]] (format = 2)" in messages
    (of_another,) = Policy.load("watchguard-premium-rma").warnings
    assert "in_force_after" not in of_another


def test_kilometres_are_exact() -> None:
    """40 km are 40,000 m; a policy has one unit."""
    moved = {n: v for n, v in MOVED.items() if n != "up_to_miles"} | {"up_to_km": 40.0}
    bands = [
        {n: v for n, v in band.items() if not n.endswith("_miles")} | {"up_to_km": 80.0}
        for band in STARTS["bands"][:1]
    ]
    policy = Policy.from_mapping(STARTS | {"relocation": moved, "bands": bands})
    assert policy.relocation is not None
    assert policy.relocation.up_to_m == 40_000.0
    assert "by more than 40 km or to another country" in policy.described()
    with pytest.raises(PolicyError, match=r"relocation\.up_to_km"):
        Policy.from_mapping(STARTS | {"relocation": moved})


def test_periods_of_arrays_are_those_of_days() -> None:
    """The end of a month, a leap year; without a day there is none."""
    days = np.array(["2026-01-31", "2028-01-31", "2026-12-01", "NaT"], "datetime64[D]")
    for amount, unit in ((1, "months"), (2, "weeks"), (30, "days")):
        one_by_one = [add_period(day, amount, unit) for day in days[:3]]
        assert add_periods(days, amount, unit)[:3].tolist() == [d.item() for d in one_by_one]
        assert np.isnat(add_periods(days, amount, unit)[3])


def test_business_days_where_the_calendar_is_unknown() -> None:
    """A country without holidays, a year without holidays: no day is certain before `latest`."""
    policy, names = Policy.from_mapping(STARTS), countries.load().names
    start = np.array(["2026-11-25", "2026-11-25", "9998-01-01", "NaT"], "datetime64[D]")
    country = np.where([True, False, True, True], names.numbers(["DE"]), countries.NONE)
    days, unknown = business_days_after(start, 5, country, names, policy)
    assert unknown.tolist() == [False, True, True, False]
    assert days[0] == np.datetime64("2026-12-02")
    assert days[1] == latest(start, 5)[1] == np.datetime64("2026-11-25") + 95
    same, _ = business_days_after(start[:1], 0, country[:1], names, policy)
    assert same[0] == start[0]


def test_business_days_are_those_of_the_policy() -> None:
    """A closure of the policy does not count."""
    closed = {"countries": ["DE"], "closures": ["2026-11-27"]}
    policy = Policy.from_mapping(STARTS | {"commitments": {"calendars": [closed]}})
    names = countries.load().names
    start = np.array([datetime.date(2026, 11, 25)], "datetime64[D]")
    days, _ = business_days_after(start, 5, names.numbers(["DE"]), names, policy)
    assert days[0] == np.datetime64("2026-12-03")
