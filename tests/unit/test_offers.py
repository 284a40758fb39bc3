"""The policy alone answers which level is offered where, and what a band or a lead time is."""

import ast
import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from small_policies import policy_text

import coverage_analyzer
from coverage_analyzer import arrays
from coverage_analyzer.countries import Countries
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.matching.areas import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.explanation import explanation
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.schema.verdict import Reason, Status

PACKAGE: Final = Path(coverage_analyzer.__file__).parent

OWN: Final = {"not_offered", "closes_in", "but", "export_approval", "lead_times"}
"""Fields of a policy by country that only `policy/` reads: each has a method of `Policy`."""

TOML: Final = policy_text(
    "offers",
    """
[[bands]]
level = "fast"
countries = ["*"]
up_to_miles = 20
clause = "all"
[[bands]]
level = "middle"
countries = ["*"]
above_miles = 20
up_to_miles = 62.137120
clause = "all"
[[gates.not_offered]]
level = "fast"
countries = ["LI"]
clause = "fast-not-here"
[[gates.not_offered]]
level = "middle"
countries = ["*"]
but = ["US"]
clause = "middle-only-us"
[clauses]
all = "All."
fast-not-here = "Fast is not sold in Liechtenstein."
middle-only-us = "Middle is sold in the US only."
""",
    version=1,
)


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """Return a policy with two rules on what is not offered."""
    path = tmp_path / "offers.toml"
    path.write_text(TOML, encoding="utf-8")
    return Policy.load(path)


def centers(country: str, lon: float, lat: float) -> Centers:
    """Return one center."""
    cells = {"center_id": ["C"], "country": [country]}
    return Centers.from_texts(cells, np.array([lon]), np.array([lat]), ["row 1"])


def test_only_the_policy_reads_its_fields_by_country() -> None:
    """A test of its own elsewhere would forget `*` and `but`, as one once did."""
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} .{node.attr}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name != "policy"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in OWN
        if not (isinstance(node.value, ast.Name) and node.value.id in {"coverage_analyzer", "self"})
    ]
    assert found == []


def test_a_star_but_some_means_every_other_country(policy: Policy) -> None:
    """`*` closes everywhere, `but` opens again, a named country closes."""
    told = {
        (level, code): policy.offered(level, code)
        for level in ("fast", "middle", "slow")
        for code in ("US", "LI", "DE")
    }
    assert [key for key, offered in told.items() if not offered] == [
        ("fast", "LI"),
        ("middle", "LI"),
        ("middle", "DE"),
    ]
    rule = policy.not_offered_rule("middle", "DE")
    assert rule is not None
    assert rule.clause == "middle-only-us"


def test_the_clause_is_that_of_the_level_that_is_not_offered(
    policy: Policy, world: Countries
) -> None:
    """Two rules close in Liechtenstein: the one on the level of the site's band is named."""
    matcher = Matcher(centers("LI", 9.52, 47.14), policy, world, as_of=datetime.date(2026, 12, 1))
    near = explanation(matcher, 9.53, 47.15, country="LI")
    assert near.reason == "not_offered_in_country"
    assert "Fast is not sold in Liechtenstein." in near.clauses
    assert "Middle is sold in the US only." not in near.clauses


def test_a_band_is_found_by_its_limit_as_printed(policy: Policy) -> None:
    """Three decimals of 100 km in miles name the band; another number names none."""
    for limit in (62.137120, 62.137, 62.138):
        band = policy.band_for("DE", limit)
        assert band is not None
        assert band.level == "middle"
    assert policy.band_for("DE", 63) is None
    assert policy.band_for("DE", float("nan")) is None


@pytest.mark.parametrize(
    ("country", "lon", "lat", "levels"),
    [("LI", 9.52, 47.14, ()), ("DE", 11.5, 48.1, ("Fast",)), ("US", -96, 40, ("Fast", "Middle"))],
)
def test_no_area_promises_a_level_that_is_not_offered(
    policy: Policy, world: Countries, country: str, lon: float, lat: float, levels: tuple[str, ...]
) -> None:
    """A center has areas of the levels that are sold in its country only."""
    network = centers(country, lon, lat)
    number = network.assigned_countries(world, policy.convention(world.names))
    made = areas(network, number, policy, world, np.datetime64("2026-12-01"))
    assert made.level == levels
    assert len(made.geometry) == len(levels)


def bought(policy: Policy, world: Countries, *levels: str, place: str) -> list[tuple[str, ...]]:
    """Return level, status and reason of sites beside the center, of Germany or of the US."""
    lon, lat = {"DE": (11.5, 48.1), "US": (-96.0, 40.0)}[place]
    matcher = Matcher(centers(place, lon, lat), policy, world, as_of=datetime.date(2026, 12, 1))
    facts = matcher.gates.facts({"requested_level": arrays.text_array(list(levels))})
    many = np.ones(len(levels))
    number = np.full(len(levels), world.names.number(place), np.int16)
    made = matcher.match(Sites(lon * many, lat * many, number, np.nan * many), facts)
    columns = matcher.columns(made)
    names = ("level", "status", "reason")
    return list(zip(*(columns[name].to_pylist() for name in names), strict=True))


def with_gates(policy: Policy, **changes: Any) -> Policy:
    """Return the policy with a gate on what was bought, and other changes of its gates."""
    data = policy.model_dump(mode="json")
    data["gates"] |= {"request": {"clause": "all"}} | changes
    return Policy.from_mapping(data)


def test_a_fallback_that_is_not_offered_everywhere_is_refused(policy: Policy) -> None:
    """A row beyond all bands would be given a level that nobody sells there."""
    for key, rule in (
        ("fallback", {"level": "slow", "countries": ["CN"], "clause": "all"}),
        ("interim", {"level": "slow", "countries": ["*"], "but": ["US"], "clause": "all"}),
    ):
        with pytest.raises(PolicyError, match=rf"qualification\.{key}: sites get 'slow'"):
            with_gates(policy, not_offered=[rule])


def test_a_level_bought_without_a_band_is_none_where_it_is_not_offered(
    policy: Policy, world: Countries
) -> None:
    """Neither beside a center nor by what the cell says: somebody has to look."""
    data = policy.model_dump(mode="json")
    data["levels"].append({"id": "slowest", "title": "Slowest"})
    data["gates"] |= {"request": {"clause": "all"}}
    data["gates"]["not_offered"] = [{"level": "slowest", "countries": ["DE"], "clause": "all"}]
    made = Policy.from_mapping(data)
    assert bought(made, world, "Slowest", place="DE") == [
        ("Slow", "review", "not_offered_in_country")
    ]
    assert bought(made, world, "Slowest", place="US") == [
        ("Slowest", "fallback", "level_not_requested")
    ]


def test_a_band_below_the_fallback_is_not_given_where_it_is_not_offered(
    policy: Policy, world: Countries
) -> None:
    """The band buys a worse level than the fallback, and that is not sold there."""
    data = policy.model_dump(mode="json")
    data["levels"].append({"id": "slowest", "title": "Slowest"})
    data["bands"] = [{"level": "slowest", "countries": ["*"], "up_to_miles": 50, "clause": "all"}]
    data["gates"] |= {"request": {"clause": "all"}}
    data["gates"]["not_offered"] = [{"level": "slowest", "countries": ["DE"], "clause": "all"}]
    made = Policy.from_mapping(data)
    assert bought(made, world, "", "Slowest", place="DE") == [
        ("Slow", "fallback", "not_offered_in_country"),
        ("Slow", "review", "not_offered_in_country"),
    ]


def test_no_road_opens_what_a_run_refused_while_a_center_was_planned(policy: Policy) -> None:
    """Its limit is that of the nearest open center, whose band is offered and is too far away."""
    data = policy.model_dump(mode="json")
    data["bands"][1] |= {"metric": "road"}
    made = Policy.from_mapping(data)
    row = recheck.VerdictRows(
        level=np.array([2], np.int8),
        status=np.array([Status.fallback], np.int8),
        reason=np.array([Reason.not_offered_in_country], np.int8),
        country=np.array(["US"], object),
        limit_miles=np.array([62.137120]),
        margin_miles=np.array([-0.4]),
        in_reach=np.array([0.0]),
    )
    after = recheck.apply_drive_times(
        row, made, np.array([RoadStatus.within], np.int8), np.array([62.0])
    )
    assert after.status.tolist() == [Status.fallback]
    assert after.level.tolist() == [2]
