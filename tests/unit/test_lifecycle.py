"""A product past its phases has no level: whatever was bought, in every command and format."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from running import records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._commitments import CommitmentOptions, answer_requests
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.maps import page
from coverage_analyzer.maps.sites import STATUSES
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.schema.verdict import Reason, Status

AS_OF = "2026-12-01"

CENTERS = """\
center_id,country,latitude,longitude,opens_on
KC,US,39.0997,-94.5786,
BER,DE,52.52,13.405,
BOI,US,43.615,-116.2023,2027-02-01
"""

PRODUCTS = """\
product,version,mainstream_ends_on,extended_ends_on,life_ends_on
Past,,2018-12-31,2020-12-31,2021-12-31
Ended,,2024-06-30,2026-06-30,2028-06-30
Ends soon,,2026-03-31,2026-12-31,2028-06-30
Alive,,2026-03-31,2028-03-31,2029-03-31
Hazy,,2024-06-30,,2028-06-30
XenApp,6.5,2015-01-01,2016-06-30,2018-06-30
"""

SITES = """\
site_id,country,latitude,longitude,product,version,requested_level
plus,US,39.1,-94.6,Past,,Gold Plus
gold,US,39.1,-94.6,Past,,Gold
silver,US,39.1,-94.6,Past,,Silver
bronze-far,US,45.1,-94.6,Past,,Bronze
unsaid,US,39.1,-94.6,Past,,
ended,DE,52.5,13.4,Ended,,Silver
waiting,US,43.6,-116.2,Past,,
no-country,Atlantis,39.1,-94.6,Past,,
no-center,FR,48.85,2.35,Past,,
null,US,0,0,Past,,
xen,US,39.1,-94.6,XenApp,6.5,Gold Plus
alive,US,39.1,-94.6,Alive,,Gold Plus
alive-silver,US,39.1,-94.6,Alive,,Silver
soon-waiting,US,43.6,-116.2,Ends soon,,
hazy,US,39.1,-94.6,Hazy,,Silver
stranger,US,45.1,-94.6,Never heard of,,Bronze
"""

NOT_COVERED = ("Not covered", "not_covered", "lifecycle_phase")

OTHERS = {
    "alive": ("Gold Plus", "qualified", "within_radius"),
    "alive-silver": ("Silver", "fallback", "level_not_requested"),
    "soon-waiting": ("Gold", "fallback", "lifecycle_phase"),  # Gold until the phase ends
    "hazy": ("Silver", "review", "product_undated"),
    "stranger": ("Bronze", "review", "product_undated"),
}

EXPECTED = {
    row["site_id"]: OTHERS.get(row["site_id"], NOT_COVERED)
    for row in csv.DictReader(SITES.splitlines())
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return sites, centers and products as files."""
    texts = {"sites": SITES, "centers": CENTERS, "products": PRODUCTS}
    paths = {name: tmp_path / f"{name}.csv" for name in texts}
    for name, path in paths.items():
        path.write_text(texts[name], encoding="utf-8")
    return paths


def ran(files: dict[str, Path], **arguments: Any) -> tuple[Path, dict[str, Any]]:
    """Run over the files; return the folder and the manifest."""
    out = files["sites"].with_name("out")
    policy = arguments.pop("policy", "appliance-maintenance")
    options = batch.Options(products=files["products"], areas=False, **arguments)
    manifest = batch.run(
        files["sites"], files["centers"], out, policy=policy, as_of=AS_OF, options=options
    )
    return out, manifest


def verdicts(rows: Any) -> dict[str, tuple[str, str, str]]:
    """Return level, status and reason by site."""
    return {r["site_id"]: (r["level"], r["status"], r["reason"]) for r in rows}


def test_a_run_covers_nothing_after_the_extended_phase(files: dict[str, Path]) -> None:
    """In the report, by country, and in the manifest; the nearest center stays a fact."""
    out, result = ran(files)
    rows = records(out / "report.csv")
    assert verdicts(rows) == EXPECTED
    by_id = {row["site_id"]: row for row in rows}
    ended = sum(verdict == NOT_COVERED for verdict in EXPECTED.values())
    assert result["counts"]["level"]["Not covered"] == ended
    assert result["counts"]["status"]["not_covered"] == ended
    summary = records(out / "summary.csv")
    covered = [row for row in summary if row["status"] == "not_covered"]
    assert {row["level"] for row in covered} == {"Not covered"}
    assert sum(int(row["sites"]) for row in covered) == ended
    near = by_id["gold"]
    assert (near["center_id"], near["limit_miles"]) == ("KC", "70")
    assert float(near["margin_miles"]) == pytest.approx(70 - float(near["distance_miles"]))
    assert by_id["waiting"]["center_id"] == "KC"  # not the one that opens in vain
    assert by_id["waiting"]["available_on"] == ""


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_other_formats_say_the_same(files: dict[str, Path], form: Any) -> None:
    """A workbook and Parquet."""
    out, _ = ran(files, format=form, map=False)
    if form == "parquet":
        rows: Any = pq.read_table(out / "report.parquet").to_pylist()
    else:
        rows = ca.read_sites(out / "report.xlsx").to_dict("records")
    assert verdicts(rows) == EXPECTED


def test_the_map_has_the_status(files: dict[str, Path]) -> None:
    """With style, words and order of drawing for each status; drawn again from the folder, too."""
    out, _ = ran(files)
    pages = [(out / "map.html").read_text("utf-8"), str(page.page(redrawn(out)))]
    for text in pages:
        assert "Not covered: no level available" in text
        drawn = text.split('"drawnInOrder": [')[1].split("]")[0]
        assert sorted(json.loads(f"[{drawn}]")) == sorted([*STATUSES, "road"])


def test_a_notebook_says_the_same(files: dict[str, Path]) -> None:
    """Verdicts, their summary, shares of levels over time."""
    sites, centers = ca.read_sites(files["sites"]), ca.read_centers(files["centers"])
    options = {"products": files["products"]}
    result = ca.assess(sites, centers, as_of=AS_OF, **options)
    assert verdicts(result.to_dict("records")) == EXPECTED
    assert ca.summarize(result).loc["DE", "not_covered"] == 1
    changes = ca.timeline(sites, centers, start="2020-12-31", end=AS_OF, **options)
    shares = ca.level_shares(changes)
    assert list(shares)[-1] == "Not covered"
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    silver = changes[changes["site_id"] == "silver"]
    assert silver["from_day"].dt.strftime("%Y-%m-%d").tolist() == ["2020-12-31", "2021-01-01"]
    assert silver["level"].tolist() == ["Silver", "Not covered"]


def test_a_timeline_counts_who_is_not_covered(files: dict[str, Path], tmp_path: Path) -> None:
    """From the day after the phase."""
    data = batch.timeline(
        files["sites"],
        files["centers"],
        tmp_path / "t.csv",
        days=("2026-12-31", "2027-01-01"),
        options=batch.Options(products=files["products"]),
    )
    levels = [day["Not covered"] for day in data["levels"].values()]
    assert levels[1] == levels[0] + 1  # `Ends soon`


@pytest.mark.parametrize("level", ["Gold Plus", "Gold", "Silver", "Bronze", ""])
def test_explain_promises_nothing(files: dict[str, Path], level: str) -> None:
    """And names what may apply, where the programme covers the version."""
    arguments = ["explain", "39.1", "-94.6", "--country", "US", "--as-of", AS_OF]
    arguments += ["--centers", str(files["centers"]), "--products", str(files["products"])]
    arguments += ["--requested-level", level]
    for product, instead in ((("Past", ""), False), (("XenApp", "6.5"), True)):
        more = ["--product", product[0], "--version", product[1]]
        ended = CliRunner().invoke(program, [*arguments, *more])
        assert ended.exit_code == 0
        reason = "the product is past the support phases in which maintenance is available"
        assert ended.stdout.startswith(f"Not covered (not_covered): {reason}.")
        assert "  promise   nothing\n" in ended.stdout
        hint = "  instead   Extended Support may apply: see `entitlements`\n"
        assert (hint in ended.stdout) == instead
        clauses = [line for line in ended.stdout.splitlines() if line.startswith("  clause")]
        assert len(clauses) == 1
        assert "Mainstream and Extended" in clauses[0]


@pytest.mark.parametrize("site", ["plus", "gold", "silver", "bronze-far", "no-center", "xen"])
def test_a_letter_promises_nothing(files: dict[str, Path], site: str) -> None:
    """No clock, no clause on one, and the route where there is one."""
    options = batch.Options(products=files["products"])
    text = batch.site_letter(files["sites"], site, files["centers"], as_of=AS_OF, options=options)
    assert "<h1>Not covered</h1>" in text
    assert "No replacement is promised for this site." in text
    for words in ("hips within", "shipped within", "delivered within", "In force"):
        assert words not in text
    assert ("Extended Support may apply. Please ask us about it." in text) == (site == "xen")


def test_commitments_promise_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    """No due time, the reason, and the route where there is one."""
    ids = [name for name in EXPECTED if name != "null"]  # which is in no time zone
    lines = [f"R-{name},{name},2026-12-01T10:00,2026-12-01T10:00" for name in ids]
    requests = tmp_path / "r.csv"
    header = "request_id,site_id,authorised_at,rma_issued_at"
    requests.write_text("\n".join([header, *lines]), encoding="utf-8")
    options = CommitmentOptions(products=files["products"])
    out = tmp_path / "answers.csv"
    answer_requests(requests, files["sites"], files["centers"], out, options=options)
    answers = {row["site_id"]: row for row in records(out)}
    for name in ids:
        answer, expected = answers[name], EXPECTED[name]
        if expected == NOT_COVERED:
            assert (answer["status"], answer["reason"]) == ("no_promise", "lifecycle_phase")
            assert answer["level"] == "Not covered"
            assert answer["promise"] == answer["due_at"] == answer["clock_start"] == ""
            assert ("Extended Support may apply" in answer["steps"]) == (name == "xen")
        else:
            assert (answer["status"] == "promised") == (expected[1] != "review")


def test_a_request_names_its_own_product(files: dict[str, Path], tmp_path: Path) -> None:
    """The route is that of the product of the request, and the level that of its day."""
    requests = tmp_path / "r.csv"
    text = "request_id,site_id,product,authorised_at,rma_issued_at\n"
    stamps = [f"{day}T10:00" for day in ("2020-12-30", "2021-01-04")]
    lines = [f"{n},silver,Past,{stamp},{stamp}\n" for n, stamp in enumerate(stamps)]
    requests.write_text(text + "".join(lines), encoding="utf-8")
    options = CommitmentOptions(products=files["products"])
    out = tmp_path / "answers.csv"
    answer_requests(requests, files["sites"], files["centers"], out, options=options)
    before, after = records(out)
    assert (before["level"], before["status"]) == ("Silver", "promised")
    assert (after["level"], after["status"]) == ("Not covered", "no_promise")


def test_roads_leave_such_a_row_as_it_is() -> None:
    """Whatever the drive, and whatever the policy measures."""
    policy = Policy.load()
    rows = recheck.VerdictRows(
        level=np.full(3, len(policy.levels), np.int8),
        status=np.full(3, Status.not_covered, np.int8),
        reason=np.full(3, Reason.lifecycle_phase, np.int8),
        country=np.array(["US"] * 3, object),
        limit_miles=np.full(3, 70.0),
        margin_miles=np.full(3, 60.0),
        in_reach=np.ones(3),
    )
    road = np.array([RoadStatus.within, RoadStatus.over_budget, RoadStatus.unreachable], np.int8)
    after = recheck.apply_drive_times(rows, policy, road, np.array([12.0, 300.0, np.nan]))
    assert [policy.titles[n] for n in after.level] == ["Not covered"] * 3
    assert set(after.status.tolist()) == {Status.not_covered}
    assert set(after.reason.tolist()) == {Reason.lifecycle_phase}


def changed(**lifecycle: Any) -> Policy:
    """Return the default rules with another rule on phases; None takes a key away."""
    data = Policy.load().model_dump(mode="json") | {"name": "changed"}
    rule = data["gates"]["lifecycle"] | lifecycle
    data["gates"]["lifecycle"] = {k: v for k, v in rule.items() if v is not None}
    return Policy.from_mapping(data)


def test_a_policy_says_which_levels_end(files: dict[str, Path]) -> None:
    """Those that it does not name are kept; without the key all of them end."""
    out, _ = ran(files, policy=changed(levels=["gold-plus"]), map=False)
    result = verdicts(records(out / "report.csv"))
    assert result["plus"] == result["unsaid"] == ("Gold", "fallback", "lifecycle_phase")
    assert result["silver"] == ("Silver", "fallback", "level_not_requested")
    assert result["bronze-far"] == ("Bronze", "fallback", "beyond_radius")
    assert result["hazy"] == ("Silver", "fallback", "level_not_requested")
    out, _ = ran(files, policy=changed(levels=["gold-plus", "gold"]), map=False)
    result = verdicts(records(out / "report.csv"))
    assert result["plus"] == result["gold"] == NOT_COVERED
    assert result["silver"] == ("Silver", "fallback", "level_not_requested")
    old = changed(levels=None, afterwards=None)  # a copy of the policy as it was
    out, _ = ran(files, policy=old, map=False)
    assert verdicts(records(out / "report.csv")) == EXPECTED
    assert changed(levels=["gold-plus"]).sha256 != old.sha256


@pytest.mark.parametrize("name", ["hp-call-to-repair", "watchguard-premium-rma"])
def test_other_vendors_keep_their_rule(files: dict[str, Path], name: str) -> None:
    """Which is none on phases."""
    out, _ = ran(files, policy=name, map=False)
    rows = records(out / "report.csv")
    assert "not_covered" not in {row["status"] for row in rows}
    assert "lifecycle_phase" not in {row["reason"] for row in rows}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"levels": ["gilt"]}, "gates.lifecycle.levels: unknown level 'gilt'"),
        ({"levels": []}, "gates.lifecycle.levels"),
        ({"afterwards": "extended-suport"}, "Did you mean 'extended-support'"),
    ],
)
def test_a_wrong_rule_is_refused(rule: dict[str, Any], message: str) -> None:
    """By its key."""
    with pytest.raises(PolicyError, match=message):
        changed(**rule)


def test_no_level_is_called_not_covered() -> None:
    """A report could not tell it from none."""
    data = Policy.load().model_dump(mode="json") | {"name": "changed"}
    data["levels"][3]["title"] = "not  Covered"
    with pytest.raises(PolicyError, match=r"levels\.3\.title: 'not  Covered' is reserved"):
        Policy.from_mapping(data)


def test_a_level_without_a_band_is_kept_by_who_bought_it() -> None:
    """It has no radius, so that neither side of one takes it away."""
    data = Policy.load().model_dump(mode="json") | {"name": "three"}
    data["qualification"] |= {"fallback": "silver", "interim": "silver"}
    policy = Policy.from_mapping(data)
    row = {
        "latitude": [39.1, 45.1, 43.6],
        "longitude": [-94.6, -94.6, -116.2],
        "country": ["US"] * 3,
    }
    centers = pd.DataFrame(
        {
            "center_id": ["KC", "BOI"],
            "country": ["US", "US"],
            "latitude": [39.0997, 43.615],
            "longitude": [-94.5786, -116.2023],
            "opens_on": ["", "2027-02-01"],
        }
    )
    sites = pd.DataFrame(row | {"requested_level": ["Gold"] * 3})
    verdicts = ca.assess(sites, centers, policy, as_of=AS_OF)
    assert verdicts["level"].tolist() == ["Gold"] * 3
    assert verdicts["status"].tolist() == ["fallback"] * 3
    assert verdicts["reason"].tolist() == [
        "level_not_requested",
        "beyond_radius",
        "level_not_requested",
    ]
    data["gates"]["not_offered"] = [{"level": "gold", "countries": ["US"], "clause": "ships-1-day"}]
    barred = ca.assess(sites, centers, Policy.from_mapping(data), as_of=AS_OF)
    assert barred["level"].tolist() == ["Silver"] * 3


def test_an_interim_level_that_may_have_ended_does_not_wait() -> None:
    """The phases bound the interim level, not the one of the band: a doubt on it is for review."""
    data = Policy.load().model_dump(mode="json") | {"name": "interim-bounded"}
    data["gates"]["lifecycle"]["levels"] = ["gold"]
    centers = pd.DataFrame(
        {
            "center_id": ["BOI"],
            "country": ["US"],
            "latitude": [43.615],
            "longitude": [-116.2023],
            "opens_on": ["2027-02-01"],
        }
    )
    sites = pd.DataFrame(
        {
            "country": ["US"] * 3,
            "latitude": [43.6] * 3,
            "longitude": [-116.2] * 3,
            "product": ["Hazy", "Never heard of", "Alive"],
        }
    )
    products = pd.DataFrame(list(csv.DictReader(PRODUCTS.splitlines())))
    verdicts = ca.assess(sites, centers, Policy.from_mapping(data), as_of=AS_OF, products=products)
    assert verdicts["status"].tolist() == ["review", "review", "pending"]
    assert verdicts["reason"].tolist()[:2] == ["product_undated"] * 2
    assert verdicts["available_on"].isna().tolist() == [True, True, False]
