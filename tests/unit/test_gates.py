"""Gates at their edges: the policy, tables of products, and what is said of what was not seen."""

import datetime
import warnings
from pathlib import Path
from typing import Any

import gated
import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from click.testing import CliRunner
from running import AS_OF, centers_file, judged, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PolicyError, PolicyWarning
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.matching.eligibility import COLUMN_OF_RULE, DAYS, TEXTS, FailedRule
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import builtin
from coverage_analyzer.policy.eligibility import GateRules

HEADER = "site_id,latitude,longitude,country"
PHILADELPHIA = "40.0,-75.0,US"


def products_file(folder: Path, text: str = gated.PRODUCTS) -> Path:
    """Write a table of products."""
    path = folder / "products.csv"
    path.write_text(text, encoding="utf-8")
    return path


def changed(**gates: Any) -> ca.Policy:
    """Return the default rules with other gates, under a name of their own."""
    data = ca.Policy.load().model_dump(mode="json") | {"name": "changed"}
    return ca.Policy.from_mapping(data | {"gates": data["gates"] | gates})


def test_the_default_policy_has_the_gates_that_the_vendor_states() -> None:
    """And names neither a component nor a country nor days of grace, as the vendor names none."""
    gates = ca.Policy.load().gates
    assert gates.components is not None
    assert gates.components.excluded == ()
    assert gates.components.known is None
    assert gates.lifecycle is not None
    assert gates.lifecycle.phases == ("mainstream", "extended")
    assert gates.registration is not None
    assert gates.registration.grace_days is None
    assert gates.export_approval is not None
    assert gates.export_approval.countries == ()
    assert gates.not_offered == ()


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ({"lifecycle": {"phases": ["mainstreem"], "clause": "lifecycle"}}, "'mainstream'"),
        ({"request": {"clause": "level-bougth"}}, "Did you mean 'level-bought'"),
        (
            {"not_offered": [{"level": "gold", "countries": ["UK"], "clause": "lifecycle"}]},
            "gates.not_offered.0.countries: 'UK' is not",
        ),
        (
            {"not_offered": [{"level": "gilt", "countries": ["FR"], "clause": "lifecycle"}]},
            "unknown level 'gilt'",
        ),
        (
            {"export_approval": {"countries": ["UK"], "clause": "export-approval"}},
            "gates.export_approval.countries: 'UK' is not",
        ),
        (
            {"components": {"excluded": ["a"], "known": ["a"], "clause": "components-excluded"}},
            "'a' is in both known and excluded",
        ),
        ({"component": {}}, "Did you mean 'components'"),
    ],
)
def test_a_wrong_gate_is_refused_by_its_key(gates: dict[str, Any], message: str) -> None:
    """As all else of a policy is."""
    with pytest.raises(PolicyError, match=message):
        changed(**gates)


def test_every_clause_is_cited() -> None:
    """Reach every clause of every policy that ships by a story that cites it."""
    warnings.simplefilter("ignore", PolicyWarning)  # on the set-up time that nothing applies
    cited = {name: set[str]() for name in builtin()}
    columns = {"center_id": ["C", "P"], "country": ["US", "DE"], "latitude": [40.0, 49.0]}
    centers = pd.DataFrame(columns | {"longitude": [-75.0, 8.4], "opens_on": ["", "2027-02-01"]})
    cells = {"component": "fan", "product": "Relic", "registered_on": "2026-01-01"}
    points = [
        (40.0, -75.0, "US", {}),
        (40.0, -75.0, "US", cells),
        (40.0, -76.2, "US", {}),
        (40.0, -77.8, "US", {}),
        (40.0, -79.7, "US", {}),
        (45.0, -100.0, "US", {}),
        (49.0, 8.5, "DE", {}),
        (47.7, 8.64, "CH", {}),
        *((40.0, -75.0, "US", {"requested_level": level}) for level in ("silver", "bronze")),
    ]
    for name, policy in builtin().items():
        bought = [
            (40.0, -75.0, "US", {"requested_level": level.id, "purchased_on": day})
            for level in policy.levels
            for day in ("2020-01-01", AS_OF)
        ]
        for latitude, longitude, country, stated in [*points, *bought]:
            story = ca.explain(
                centers,
                policy,
                latitude=latitude,
                longitude=longitude,
                country=country,
                as_of=AS_OF,
                stated=stated,
            )
            cited[name] |= {*story.clauses, *story.notes}
        assert cited[name] == set(policy.clauses.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product\n\nA\na\n", "'a' appears more than once"),
        ("product,life_ends_on\nA,31-12-26\n", "is not a date like"),
        ("product,life_ends_on\n ,2026-12-31\n", "product is empty"),
        (
            "product,mainstream_ends_on,life_ends_on\nA,2027-01-01,2026-01-01\n",
            "not in the order",
        ),
        ("name_of_it\nA\n", "olumn 'product' .* not found"),
    ],
)
def test_products_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    """Name the row and what is wrong with it."""
    options = batch.Options(products=products_file(tmp_path, text), areas=False, map=False)
    with pytest.raises(InputError, match=message):
        judged(tmp_path, options=options)


def test_products_of_a_frame_are_checked_too() -> None:
    """By the same rules as those of a file."""
    sites = pd.DataFrame({"latitude": [40.0], "longitude": [-75.0], "country": ["US"]})
    centers = sites.assign(center_id=["C"])
    with pytest.raises(InputError, match=r"row 1 \('A'\).*more than once"):
        ca.assess(sites, centers, products=pd.DataFrame({"product": ["A", "A"]}))


def test_what_no_gate_saw_is_listed_once(tmp_path: Path) -> None:
    """Columns that are not there, cells that are empty, a table that is not given."""
    text = f"{HEADER},product,component\n1,{PHILADELPHIA},A,fan\n2,{PHILADELPHIA},,\n"
    manifest = judged(tmp_path, text)
    assert manifest["not_checked"] == ["registered_on", "requested_level"]
    assert manifest["warnings"] == [
        "Not checked (cell is empty): component in 1 row, product in 1 row.",
        "Product life cycle not checked: give a product table, --products FILE.",
        "Components not checked: the policy lists none.",
    ]


def test_a_policy_without_gates_says_nothing_of_them(tmp_path: Path) -> None:
    """There is nothing to be seen."""
    assert judged(tmp_path, policy="hp-call-to-repair")["warnings"] == []


def test_days_are_read_as_said(tmp_path: Path) -> None:
    """A form that is said is the only one that is read."""
    text = f"{HEADER},registered_on\n1,{PHILADELPHIA},1.12.2026\n2,{PHILADELPHIA},2.12.2026\n"
    text += f"3,{PHILADELPHIA},2026-12-01\n"
    sites, centers, out = sites_file(tmp_path, text), centers_file(tmp_path), tmp_path / "out"
    arguments = ["run", str(sites), "--centers", str(centers), "-o", str(out), "--as-of", AS_OF]
    ended = CliRunner().invoke(program, [*arguments, "--no-map", "--date-format", "%d.%m.%Y"])
    assert ended.exit_code == 0, ended.output
    rows = {r["site_id"]: r["reason"] for r in records(out / "report.csv")}
    assert rows == {"1": "within_radius", "2": "address_not_registered"}
    (reject,) = records(out / "rejects.csv")
    assert reject["detail"].endswith("'2026-12-01', not a date in --date-format %d.%m.%Y")
    frame_dialect = Dialect(date_format="%d.%m.%Y")
    with pytest.warns(UserWarning, match="1 row"):
        frame = ca.read_sites(sites, dialect=frame_dialect)
    assert frame["registered_on"].dt.day.tolist() == [1, 2]


def test_a_workbook_holds_days_beside_days_as_text(tmp_path: Path) -> None:
    """The form that is said is that of text; a day that is a day needs none."""
    path = tmp_path / "sites.xlsx"
    with xlsxwriter.Workbook(path) as result:
        sheet, day = result.add_worksheet(), result.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, [*HEADER.split(","), "registered_on"])
        for row in (1, 2, 3):
            sheet.write_row(row, 0, [str(row), 40.0, -75.0, "US"])
        sheet.write_datetime(1, 4, datetime.date(2026, 11, 30), day)
        sheet.write_datetime(2, 4, datetime.date(2026, 12, 24), day)
        sheet.write_string(3, 4, "24.12.2026")
    options = batch.Options(areas=False, map=False, dialect=Dialect(date_format="%d.%m.%Y"))
    manifest = batch.run(
        path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF, options=options
    )
    assert manifest["ledger"]["rejected"] == 0
    reasons = [row["reason"] for row in records(tmp_path / "out" / "report.csv")]
    assert reasons == ["within_radius", "address_not_registered", "address_not_registered"]


def test_a_day_that_is_none_in_a_frame() -> None:
    """An error that names the row, as a frame has no rejects."""
    sites = pd.DataFrame({"latitude": [40.0], "longitude": [-75.0], "installed_on": ["May"]})
    centers = pd.DataFrame({"center_id": ["C"], "latitude": [40.0], "longitude": [-75.0]})
    with pytest.raises(InputError, match=r"'installed_on', the first in row 0"):
        ca.assess(sites, centers)


def test_a_site_may_have_a_row_for_each_product(tmp_path: Path) -> None:
    """Such rows are no duplicates; the same product twice is one."""
    text = f"{HEADER},product\n1,{PHILADELPHIA},A\n1,{PHILADELPHIA},B\n1,{PHILADELPHIA},A\n"
    manifest = judged(tmp_path, text)
    assert manifest["duplicates"]["rows"] == 2
    assert manifest["duplicates"]["first_lines"] == [[2, 4]]


def test_registration_may_come_before_installation() -> None:
    """If the policy says so."""
    gates = {"registration": {"before_installation": "accept", "clause": "address-registered"}}
    row = {"latitude": [40.0], "longitude": [-75.0], "country": ["US"]}
    days = {"registered_on": ["2026-01-01"], "installed_on": ["2026-02-01"]}
    centers = pd.DataFrame(row | {"center_id": ["C"]})
    for policy, status in ((changed(), "review"), (changed(**gates), "qualified")):
        verdicts = ca.assess(pd.DataFrame(row | days), centers, policy, as_of=AS_OF)
        assert verdicts["status"].tolist() == [status]


def test_the_program_explains_a_gate(tmp_path: Path) -> None:
    """With what is stated, the reason in words, and the clause."""
    where = ["explain", "40.0", "-75.0", "--country", "US", "--as-of", AS_OF]
    files = ["--centers", str(centers_file(tmp_path)), "--products", str(products_file(tmp_path))]
    ended = CliRunner().invoke(program, [*where, *files, "--product", "Relic"])
    assert ended.exit_code == 0, ended.output
    reason = "the product is past the support phases in which maintenance is available"
    assert ended.output.startswith(f"Not covered (not_covered): {reason}.")
    assert "there are no security hotfixes, no technical support" in ended.output
    assert "  promise   nothing" in ended.output
    assert "instead" not in ended.output  # no programme covers a product of this name
    assert "  given     product: Relic" in ended.output
    assert "  clause    Maintenance is available in a product's Mainstream" in ended.output
    ended = CliRunner().invoke(program, [*where, *files, "--registered-on", "May 5th"])
    assert "is not a date. Write it like 2026-12-01" in str(ended.exception)


def test_a_story_knows_what_gates_look_at(tmp_path: Path) -> None:
    """Another name is refused with those that there are."""
    centers = ca.read_centers(centers_file(tmp_path))
    with pytest.raises(InputError, match="Unknown value 'colour'"):
        ca.explain(centers, latitude=40.0, longitude=-75.0, stated={"colour": "red"})


def test_phases_that_are_possible() -> None:
    """One where the ends are known; several where one between is not."""
    possible = gated.products().possible_phases(np.datetime64("2026-12-01"))
    names = dict(zip(gated.products().name, possible.astype(int).tolist(), strict=True))
    assert names["Today"] == [1, 0, 0, 0]
    assert names["Extended"] == [0, 1, 0, 0]
    assert names["Yesterday"] == [0, 0, 1, 0]
    assert names["Relic"] == [0, 0, 0, 1]
    assert names["Hazy"] == [1, 1, 0, 0]
    assert names["Half"] == [0, 1, 1, 0]
    assert names["Bare"] == [1, 1, 1, 1]


def test_an_empty_table_of_products_has_none() -> None:
    """No row, no fault."""
    none = Products.from_texts({"product": []}, [])
    assert len(none) == 0
    assert none.possible_phases(np.datetime64("2026-12-01")).shape == (0, 4)


def test_products_are_files(tmp_path: Path) -> None:
    """Standard input is for sites or centers; several files are one table, and hashed as such."""
    with pytest.raises(InputError, match="cannot be read from standard input"):
        judged(tmp_path, options=batch.Options(products="-"))
    folder = tmp_path / "products"
    folder.mkdir()
    for name in "AB":
        (folder / f"{name}.csv").write_text(f"product\n{name}\n", encoding="utf-8")
    manifest = judged(tmp_path, options=batch.Options(products=folder, areas=False, map=False))
    assert len(manifest["inputs"]["products"]["sha256"]) == 64


def test_a_product_of_several_components(tmp_path: Path) -> None:
    """A doubt about one row is none about another of the same site."""
    result = f"{HEADER},product,component\n1,{PHILADELPHIA},Extended,fan\n1,{PHILADELPHIA},Bare,\n"
    options = batch.Options(products=products_file(tmp_path), areas=False, map=False)
    judged(tmp_path, result, options=options)
    rows = records(tmp_path / "out" / "report.csv")
    assert [row["status"] for row in rows] == ["qualified", "review"]


def test_a_level_may_be_offered_in_some_countries_alone() -> None:
    """Where it is not, no road is asked: nothing waits for a promise that cannot come."""
    warnings.simplefilter("ignore", PolicyWarning)  # on the set-up time that nothing applies
    columns = {"center_id": ["C"], "country": ["DE"], "latitude": [48.0], "longitude": [12.0]}
    verdicts = {
        country: ca.explain(
            pd.DataFrame(columns),
            "watchguard-premium-rma",
            latitude=latitude,
            longitude=12.1,
            country=country,
            as_of=AS_OF,
        )
        for country, latitude in (("DE", 48.1), ("AT", 47.4))
    }
    assert {country: (s.level, s.status, s.reason) for country, s in verdicts.items()} == {
        "DE": ("Standard", "review", "road_unchecked"),
        "AT": ("Standard", "fallback", "not_offered_in_country"),
    }
    assert verdicts["AT"].clauses[0].startswith("The service is offered in the United States")


BANDS = [
    {"level": "gold-plus", "countries": ["*"], "up_to_miles": 50, "clause": "radius-elsewhere"},
    {
        "level": "gold",
        "countries": ["*"],
        "above_miles": 50,
        "up_to_miles": 100,
        "clause": "radius-elsewhere",
    },
]
"""Two bands, of which the further one buys a lower level, too."""


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ("Gold Plus", ["Gold Plus", "qualified", "within_radius", "50"]),
        ("Gold", ["Gold", "qualified", "within_radius", "100"]),
        ("Silver", ["Silver", "fallback", "level_not_requested", "50"]),
        ("", ["Gold Plus", "qualified", "within_radius", "50"]),
    ],
)
def test_who_asked_for_the_level_of_a_further_band_has_it(
    tmp_path: Path, calls: str, expected: list[str]
) -> None:
    """Near a center, too: 14 miles lie within the 100 that the level asks for."""
    data = ca.Policy.load().model_dump(mode="json")
    rules = data["qualification"] | {"fallback": "bronze", "interim": "bronze"}
    policy = ca.Policy.from_mapping(data | {"bands": BANDS, "qualification": rules})
    text = f"{HEADER},requested_level\n1,{PHILADELPHIA},{calls}\n2,43.615,-116.2,US,{calls}\n"
    options = batch.Options(areas=False, map=False)
    judged(tmp_path, text, policy=policy, options=options)
    near, waiting = records(tmp_path / "out" / "report.csv")
    names = ("level", "status", "reason", "limit_miles")
    assert [near[name] for name in names] == expected
    assert (waiting["status"] == "pending") == (expected[1] == "qualified")
    judged(tmp_path, text, policy=policy, options=options, as_of="2027-01-01")
    _, opened = records(tmp_path / "out" / "report.csv")
    assert [opened[name] for name in names] == expected


def test_nothing_waits_for_a_day_on_which_a_gate_is_closed(tmp_path: Path) -> None:
    """A product whose phases end before its center opens never has the level of that center."""
    dates = "product,extended_ends_on\nShort,2026-12-10\nLong,2027-12-10\n"
    site = "43.6,-116.2,US"  # its center opens on 2026-12-15
    text = f"{HEADER},product\n1,{site},Short\n2,{site},Long\n"
    options = batch.Options(products=products_file(tmp_path, dates), areas=False, map=False)
    judged(tmp_path, text, options=options)
    short, long = records(tmp_path / "out" / "report.csv")
    assert (short["status"], short["reason"]) == ("fallback", "lifecycle_phase")
    assert (short["level"], short["available_on"]) == ("Gold", "")
    assert (long["status"], long["available_on"]) == ("pending", "2026-12-15")


def test_each_gate_has_a_reason_and_a_rule_of_the_policy() -> None:
    """The table of gates names rules that policies can have, and columns that tables can have."""
    rules = set(GateRules.model_fields) - {"export_approval"}  # which only warns
    by_place = {"not_offered", "excluded_areas"}
    assert {gate.rule for gate in FailedRule if gate} == rules
    assert set(COLUMN_OF_RULE) == rules - by_place
    assert set(COLUMN_OF_RULE.values()) <= {*TEXTS, *DAYS}
    reasons = [gate.reason for gate in FailedRule if gate]
    assert None not in reasons
    assert len(set(reasons)) == len(reasons)
    assert [gate.name for gate in FailedRule if gate] == [r.name for r in reasons if r is not None]
