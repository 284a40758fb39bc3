"""What the map's page gets to try changes of centers: the rule, its refusals, and the script."""

import dataclasses
import hashlib
import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
import what_if_cases
from running import judged

from coverage_analyzer import batch, countries
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.files import formulas
from coverage_analyzer.maps import page, page_data, scripts
from coverage_analyzer.maps.page_data import Heading, Network, Payload
from coverage_analyzer.maps.sites import Details, DrawnSites, Kept, WhatIfSites
from coverage_analyzer.maps.what_if import (
    BY_ROAD,
    LEVELS_AND_RULES,
    NO_DISTANCE,
    NOT_KEPT,
    ONE_BY_ONE,
    STARTS,
    WhatIfRules,
)
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.outlook import held_back
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import Reason

SOURCE = resources.files("coverage_analyzer") / "resources" / "geodesic"


def matcher_of(policy: str = "appliance-maintenance", **options: object) -> Matcher:
    """Return a matcher of a few centers."""
    rules, world = Policy.load(policy), countries.load()
    return Matcher(what_if_cases.centers(), rules, world, as_of=what_if_cases.DAY, **options)  # type: ignore[arg-type]


def payload_of(rules: WhatIfRules | None, sites: DrawnSites | None = None) -> Payload:
    """Return the payload of a map without sites."""
    matcher = matcher_of()
    day = np.datetime64(what_if_cases.DAY)
    network = Network(matcher.centers, matcher.center_country, None, day, what_if=rules)
    drawn = DrawnSites() if sites is None else sites
    return page_data.payload(Heading("Title"), drawn, network, matcher.world.names)


def test_the_cases_of_the_script_are_what_the_kernel_says() -> None:
    """``python tests/what_if_cases.py`` renews them."""
    kept = what_if_cases.FILE.read_text("utf-8")
    assert json.loads(kept) == json.loads(what_if_cases.text())


def test_the_script_of_geodesics_is_the_published_one() -> None:
    """Version and hash are recorded beside it, and its licence comes with it."""
    source = (SOURCE / "SOURCE.md").read_text("utf-8")
    text = (SOURCE / "geographiclib-geodesic.min.js").read_bytes()
    (recorded,) = re.findall(r"`([0-9a-f]{64})`", source)
    assert hashlib.sha256(text).hexdigest() == recorded
    (version,) = re.findall(r'version_string="([\d.]+)"', text.decode())
    assert f"version {version} of" in source
    assert "Charles Karney" in (SOURCE / "MIT.txt").read_text("utf-8")
    assert "resources/geodesic/MIT.txt" in Path("pyproject.toml").read_text("utf-8")


def test_only_a_page_that_can_try_changes_has_the_script() -> None:
    """No other page becomes larger by it."""
    with_rule = str(page.page(payload_of(WhatIfRules.of(matcher_of(), has_rules=False))))
    assert with_rule.count(page.geodesic()) == 1
    for rules in (None, WhatIfRules(None)):
        assert page.geodesic() not in str(page.page(payload_of(rules)))
    assert len(page.geodesic()) < 35_000
    assert "Copyright (c) 2011-2022, Charles Karney" in page.geodesic()[:200]


def test_the_payload_keeps_to_its_schema() -> None:
    """With the rule, and refused."""
    schema = json.loads(scripts.asset("payload.schema.json"))
    for rules in (None, WhatIfRules(None), WhatIfRules.of(matcher_of(), has_rules=True)):
        jsonschema.validate(json.loads(json.dumps(payload_of(rules).meta)), schema)


@pytest.mark.parametrize(
    ("policy", "has_rules", "refused"),
    [
        ("appliance-maintenance", True, ""),
        ("hp-call-to-repair", False, ""),
        ("hp-call-to-repair", True, LEVELS_AND_RULES),
        ("cisco-smart-net", False, NO_DISTANCE),
        ("check-point-on-site", True, NO_DISTANCE),
        ("watchguard-premium-rma", False, BY_ROAD),
        (None, False, NOT_KEPT),
    ],
)
def test_what_the_page_cannot_know_is_refused_in_words(
    policy: str | None, has_rules: bool, refused: str
) -> None:
    """Roads, no distance, several ones with rules on columns, and a policy that was not kept."""
    rules = WhatIfRules(None if policy is None else Policy.load(policy), has_rules=has_rules)
    assert rules.refused == refused


def test_several_distances_with_a_level_that_is_not_sold_everywhere_are_refused(
    tmp_path: Path,
) -> None:
    """Where the nearer band is not sold, the farther one may serve, which the page cannot know."""
    rule = '[[gates.not_offered]]\nlevel = "six-hours"\ncountries = ["FJ"]\nclause = "zone-50"'
    text = Policy.text("hp-call-to-repair")
    file = tmp_path / "policy.toml"
    file.write_text(text.replace("[clauses]", f"{rule}\n\n[clauses]"), encoding="utf-8")
    assert WhatIfRules(Policy.load(file), has_rules=False).refused == LEVELS_AND_RULES


def test_a_policy_that_starts_levels_on_days_of_sites_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the sites have such days; without them nothing but distance decides."""
    monkeypatch.setattr(Policy, "has_start_rules", True)
    policy = Policy.load()
    assert WhatIfRules(policy, has_rules=True).refused == STARTS
    assert WhatIfRules(policy, has_rules=False).refused == ""


def test_a_map_without_all_sites_refuses() -> None:
    """Where sites are only counted, nobody knows which ones a center reaches."""
    drawn = DrawnSites()
    drawn.kept = Kept.none
    rules = WhatIfRules.of(matcher_of(), has_rules=False)
    trial = page_data.what_if_data(
        Network(
            matcher_of().centers,
            matcher_of().center_country,
            None,
            np.datetime64("2026-12-01"),
            what_if=rules,
        ),
        drawn,
        countries.load().names,
    )
    assert trial == {"refused": ONE_BY_ONE, "rule": None}


def test_bands_are_those_of_each_country() -> None:
    """Countries that share their bands are one group; all others are the last one."""
    rule = WhatIfRules.of(matcher_of(), has_rules=False).page_data(
        matcher_of().centers, matcher_of().center_country, countries.load().names
    )
    assert rule["bands"] == [
        {"countries": ["US"], "up_to": [70.0], "levels": [0]},
        {"countries": ["*"], "up_to": [50.0], "levels": [0]},
    ]
    assert [rule["ranks"][rule[name]] for name in ("fallback", "interim")] == ["Gold", "Gold"]
    assert rule["header"] == ["center_id", "name", "country", "latitude", "longitude", "opens_on"]
    assert rule["rows"][4] == ["FJ-2", "", "FJ", "-17.0", "-179.9", "2027-03-01"]


def test_a_derived_opening_day_is_not_saved_as_given() -> None:
    """A center with an order opens when its lead time says; the order is what a run reads."""
    edited = dataclasses.replace(
        what_if_cases.centers(),
        ordered_on=np.array(["2026-11-20"] * 9, "datetime64[D]"),
        opens_on=np.full(9, "NaT", "datetime64[D]"),
    )
    matcher = Matcher(edited, Policy.load(), countries.load(), as_of=what_if_cases.DAY)
    assert matcher.centers.is_planned(np.datetime64("2026-12-01")).all()
    rule = WhatIfRules.of(matcher, has_rules=False).page_data(
        matcher.centers, matcher.center_country, matcher.world.names
    )
    assert "opens_on" not in rule["header"]
    assert rule["rows"][0][rule["header"].index("ordered_on")] == "2026-11-20"


def test_a_center_in_reach_does_not_help_everybody() -> None:
    """Who did not purchase the level, or is off the coast, is held back; a near site is not."""
    matcher = matcher_of()
    rows = SiteRows(
        np.array([-100.0, -100.0, -100.0, 178.0, 7.6]),
        np.array([40.0, 40.0, 40.0, -15.2, 47.56]),
        np.full(5, np.nan),
        [pa.array(["US", "US", "", "FJ", "CH"])],
        {"requested_level": pa.array(["Gold", "Gold Plus", "", "", "Gold"])},
    )
    inputs = matcher.inputs(rows)
    verdicts = matcher.match(*inputs)
    assigned = verdicts.country, verdicts.country_basis
    held = held_back(matcher, inputs.facts, assigned, verdicts.reason)
    assert [Reason(r).name for r in verdicts.reason.tolist()] == [
        *["beyond_radius"] * 4,
        "level_not_requested",
    ]
    assert held.tolist() == [True, False, False, True, False]
    none = verdicts.take(slice(0))
    assigned = none.country, none.country_basis
    assert not held_back(matcher, inputs.facts, assigned, none.reason).size


def test_columns_are_only_there_where_a_site_needs_them() -> None:
    """Unknown accuracies and free sites cost nothing; metres keep their decimals."""
    for accuracy, held, names in (
        (np.nan, False, set()),
        (12.34, False, {"accuracy"}),
        (np.nan, True, {"held"}),
        (1e30, True, {"accuracy", "held"}),
    ):
        drawn = DrawnSites()
        matcher = matcher_of()
        inputs = matcher.inputs(SiteRows(np.array([7.6]), np.array([47.56]), np.array([accuracy])))
        verdict = matcher.columns(matcher.match(*inputs))
        trial = WhatIfSites(np.array([accuracy]), np.array([held]))
        text = pa.array(["S"])
        drawn.add(
            *inputs.sites.lon[None],
            *inputs.sites.lat[None],
            text,
            text,
            verdict,
            Details(what_if=trial),
        )
        data = payload_of(WhatIfRules.of(matcher, has_rules=False), drawn)
        result = {spec["name"] for spec in data.meta["places"]} & {"accuracy", "held"}
        assert result == names


def test_the_map_drawn_again_can_try_the_same(tmp_path: Path) -> None:
    """Rule and facts are those of the run; a run of an earlier version says why it cannot."""
    text = "site_id,latitude,longitude,country,accuracy_m,requested_level\n"
    text += "A,48.1,11.5,DE,,Gold\nB,48.2,11.5,DE,30.5,\nC,52,8,DE,,Gold\n"
    judged(tmp_path, text, options=batch.Options(areas=False))
    folder = tmp_path / "out"
    shown = (folder / "map.html").read_text("utf-8")
    again = redrawn(folder)
    assert again.meta["what_if"]["rule"]["ranks"][0] == "Gold Plus"
    assert {"accuracy", "held"} <= {spec["name"] for spec in again.meta["places"]}
    assert again.places.packed() in shown
    manifest = json.loads((folder / "run.json").read_text("utf-8"))
    manifest["files"].remove("policy.toml")
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert redrawn(folder).meta["what_if"] == {"refused": NOT_KEPT, "rule": None}


def test_centers_that_a_map_saved_lose_their_escapes() -> None:
    """Their last column says what they are."""
    headers = ["center_id", "latitude", "longitude", "tried_in_map"]
    assert formulas.is_escaped(Path("centers-tried.csv"), headers)
    assert not formulas.is_escaped(Path("centers-tried.csv"), headers[::-1])
    assert not formulas.is_escaped(Path("centers-tried.parquet"), headers)
