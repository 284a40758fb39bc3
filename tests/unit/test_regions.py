"""Regions of centers: which cells are codes, where they go, and the table of business days."""

import csv
import datetime
import json
import re
import warnings
from pathlib import Path

import holidays
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import coverage_analyzer as ca
from coverage_analyzer.batch._commitments import answer_requests
from coverage_analyzer.cli.main import program
from coverage_analyzer.countries import names, regions
from coverage_analyzer.countries.regions import assign_regions, region_code
from coverage_analyzer.due_times import business_days
from coverage_analyzer.due_times.business_days import day_in
from coverage_analyzer.due_times.calendars import calendar
from coverage_analyzer.due_times.issues import DoubtError
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files.table import open_table
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.column_matching import Headers, match_columns
from coverage_analyzer.schema.columns import CENTERS

REGION_CODE = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


# ------------------------------------------------------------------------------- codes
@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("GB-ENG", "GB", "GB-ENG"),
        (" gb-eng ", "GB", "GB-ENG"),
        ("De - By", "DE", "DE-BY"),
        ("DE BY", "DE", "DE-BY"),
        ("DE\N{EN DASH}BY", "DE", "DE-BY"),
        ("", "DE", ""),
        ("  ", "DE", ""),
        # a sales region, a name, a code of another country, a code that does not exist
        ("EMEA", "DE", None),
        ("Bavaria", "DE", None),
        ("BY", "DE", None),
        ("AT-7", "DE", None),
        ("DE-XX", "DE", None),
        ("UK-ENG", "GB", None),
        # the territory as a whole
        ("US-PR", "PR", ""),
        ("FR-RE", "RE", ""),
        ("FR-974", "RE", ""),
        ("CN-HK", "HK", ""),
        ("NL-AW", "AW", ""),
        # where a policy folds the territory into its sovereign
        ("US-PR", "US", "US-PR"),
        # withdrawn: Beijing was CN-11 until 2017 and is CN-BJ
        ("CN-11", "CN", "CN-BJ"),
    ],
)
def test_a_cell_is_a_code_of_its_country_or_none(text: str, country: str, code: str | None) -> None:
    """Case, spaces and dashes do not matter; everything else counts as no region."""
    assert region_code(text, country) == code


def test_cells_that_are_no_codes_are_one_warning_with_rows_and_count() -> None:
    """Many files have a sales region in a column of that name."""
    texts = ["EMEA", "DE-BY", "APAC", "AMER", "EMEA", ""]
    result = assign_regions(texts, ["DE"] * 6, [f"line {n}" for n in range(2, 8)])
    assert result.codes == ("", "DE-BY", "", "", "", "")
    (warning,) = result.warnings
    assert "4 centers" in warning
    assert "line 2: 'EMEA' in DE; line 4: 'APAC' in DE; line 5: 'AMER' in DE and 1 more" in warning


def test_no_column_means_no_region_and_no_warning() -> None:
    """Old files work as before."""
    assert assign_regions((), ["DE", "GB"], ["a", "b"]) == regions.AssignedRegions(("", ""), ())


def test_the_header_that_names_the_code_counts() -> None:
    """A file with a sales region and a code is read, as it was before."""
    headers = ["center_id", "lat", "lon", "Region", "ISO 3166-2"]
    assert match_columns(Headers(headers, CENTERS))["region"] == 4
    assert match_columns(Headers([*headers[:4], "subdivision"], CENTERS))["region"] == 4
    assert match_columns(Headers(headers[:4], CENTERS))["region"] == 3
    source = match_columns(Headers(headers, CENTERS, {"region": "Region"}))
    assert source["region"] == 3


# ------------------------------------------------------------------------------- ways
@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Write sites, requests and centers near Munich and London."""
    text = {
        "centers": (
            "center_id,latitude,longitude,country,region\n"
            "M,48.137,11.575,DE, de-by\nL,51.5,-0.12,GB,EMEA\n"
        ),
        "sites": "site_id,latitude,longitude,country\nS,48.9,11.9,DE\nT,52.9,-1.2,GB\n",
        "requests": (
            "request_id,site_id,rma_issued_at\n"
            "R,S,2027-01-05T10:00\nG,T,2027-03-25T10:00\nP,T,2026-11-24T10:00\n"
        ),
    }
    paths = {name: tmp_path / f"{name}.csv" for name in text}
    for name, path in paths.items():
        path.write_text(text[name], encoding="utf-8")
    return paths


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_commitments_count_the_days_of_the_region(files: dict[str, Path], tmp_path: Path) -> None:
    """Munich has Epiphany; a British center without a region is certain only where all agree."""
    out = tmp_path / "o.csv"
    manifest = answer_requests(files["requests"], files["sites"], files["centers"], out)
    rows = {row["request_id"]: row for row in rows_of(out)}
    assert rows["R"]["due_at"] == "2027-01-08T00:00:00+01:00"
    assert "not a business day in DE-BY: Wed 2027-01-06 (Epiphany)" in rows["R"]["steps"]
    easter = rows["G"]
    assert (easter["status"], easter["reason"], easter["due_at"]) == (
        *("review", "regional_holiday"),
        "",
    )
    assert "center L: " in easter["steps"]
    assert "GB-ENG" in easter["steps"]
    assert "column region" in easter["steps"]
    assert (rows["P"]["status"], rows["P"]["due_at"]) == ("promised", "2026-11-26T00:00:00+00:00")
    assert [w for w in manifest["warnings"] if "line 3: 'EMEA' in GB" in w]


def test_a_run_writes_the_region_and_warns(files: dict[str, Path], tmp_path: Path) -> None:
    """The code as used is in centers.csv, what was not used is in run.json."""
    folder = tmp_path / "run"
    manifest = ca.run(files["sites"], files["centers"], folder)
    assert {r["center_id"]: r["region"] for r in rows_of(folder / "centers.csv")} == {
        "M": "DE-BY",
        "L": "",
    }
    assert json.loads((folder / "run.json").read_text())["warnings"] == manifest["warnings"]
    assert [w for w in manifest["warnings"] if "'EMEA'" in w]


def test_frames_carry_region_and_time_zone(files: dict[str, Path], tmp_path: Path) -> None:
    """What read_centers gives, commitments can use; a plain frame works, too."""
    with_zone = tmp_path / "zones.csv"
    text = files["centers"].read_text().splitlines()
    zones = ["time_zone", "Europe/Berlin", ""]
    with_zone.write_text("\n".join(f"{a},{b}" for a, b in zip(text, zones, strict=True)))
    with pytest.warns(UserWarning, match="'EMEA' in GB"):
        centers = ca.read_centers(with_zone)
    assert dict(zip(centers["center_id"], centers["region"], strict=True)) == {
        "M": "DE-BY",
        "L": "",
    }
    assert list(centers["time_zone"]) == ["", "Europe/Berlin"]
    requests = pd.read_csv(files["requests"], dtype="string").iloc[[0]]
    sites = ca.read_sites(files["sites"])
    assert ca.commitments(requests, sites, centers)["due_at"].tolist() == [
        "2027-01-08T00:00:00+01:00"
    ]
    plain = pd.read_csv(with_zone)
    with pytest.warns(UserWarning, match="row 1: 'EMEA' in GB"):
        assert ca.commitments(requests, sites, plain)["status"].tolist() == ["promised"]
    with pytest.warns(UserWarning, match="'EMEA'"):
        assert "region" not in ca.read_centers(_without(with_zone, "de-by"))


def _without(path: Path, text: str) -> Path:
    """Write a file again without a text."""
    path.write_text(path.read_text().replace(text, ""))
    return path


def test_old_centers_read_as_before(files: dict[str, Path]) -> None:
    """No column, no warning, no new column."""
    path = files["centers"]
    path.write_text("center_id,latitude,longitude\nM,48.137,11.575\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        centers = ca.read_centers(path)
    assert not {"region", "time_zone"} & set(centers.columns)


def test_explain_names_the_region(files: dict[str, Path]) -> None:
    """In words and as data; the warning goes to stderr."""
    arguments = ["explain", "48.9", "11.9", "--centers", str(files["centers"])]
    process = CliRunner().invoke(program, arguments)
    assert "M, DE-BY: " in process.stdout
    assert "'EMEA' in GB" in process.stderr
    data = json.loads(CliRunner().invoke(program, [*arguments, "--json"]).stdout)
    assert (data["center"]["country"], data["center"]["region"]) == ("DE", "DE-BY")


def test_a_letter_says_whose_business_days_count(files: dict[str, Path], tmp_path: Path) -> None:
    """Beside the clock of a level that ships within business days."""
    page = tmp_path / "letter.html"
    arguments = ["letter", str(files["sites"]), "--site", "S", "--centers", str(files["centers"])]
    process = CliRunner().invoke(program, [*arguments, "-o", str(page)])
    assert process.exit_code == 0, process.output
    assert "those of the service center (DE-BY)" in page.read_text()


# ------------------------------------------------------------------------------- policies
def policy_with(calendars: str) -> Policy:
    """Return the built-in policy with calendars of its own."""
    import tomllib

    data = Policy.load().model_dump(mode="json", exclude_none=True)
    rules = tomllib.loads(calendars)["calendars"]
    data["commitments"]["calendars"] = rules
    return Policy.from_mapping(data)


def test_a_policy_may_settle_a_day_for_a_region(files: dict[str, Path], tmp_path: Path) -> None:
    """A closure of Scotland's makes the center's region matter no more on that day."""
    rules = '[[calendars]]\ncountries = ["GB"]\nclosures = ["2027-03-29"]\n'
    out = tmp_path / "o.csv"
    answer_requests(
        files["requests"], files["sites"], files["centers"], out, policy=policy_with(rules)
    )
    rows = {row["request_id"]: row for row in rows_of(out)}
    # Thu 25 > [Fri 26, Sat, Sun, Mon 29] Tue 30
    assert rows["G"]["due_at"] == "2027-03-31T00:00:00+01:00"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ('countries = ["DE"]\nregions = ["DE-XX"]', "'DE-XX' is not an ISO 3166-2 code"),
        ('countries = ["DE"]\nregions = ["AT-7"]', "'AT-7' is not in DE"),
        ('countries = ["DE"]\nregions = ["by"]', "regions"),
        ('countries = ["DE"]\nfollows = "state"', "follows"),
        (
            'countries = ["DE"]\nregions = ["DE-BY"]\nfollows = "country"',
            "follows and categories are only allowed in a rule without regions",
        ),
        ('countries = ["DE"]\ncategories = []', "categories"),
        ('countries = ["DE"]\nworkdays = ["2026-02-30"]', "'2026-02-30' is not a date"),
        (
            'countries = ["DE"]\nworkdays = ["2026-12-24"]\nclosures = ["2026-12-24"]',
            "in both closures and workdays",
        ),
        ('countries = ["DE"]\nregions = ["DE-BY", "DE-BY"]', "'DE-BY' appears in 2"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(rules: str, words: str) -> None:
    """With the key and what is wrong."""
    with pytest.raises(PolicyError, match=re.escape(words)):
        policy_with(f"[[calendars]]\n{rules}\n")


def test_the_rule_of_a_region_stands_beside_that_of_its_country() -> None:
    """Both are hashed, and both are told."""
    country = '[[calendars]]\ncountries = ["DE"]\nclosures = ["2026-12-24"]\n'
    region = '[[calendars]]\ncountries = ["DE"]\nregions = ["DE-BY"]\nworkdays = ["2028-08-15"]\n'
    both = policy_with(country + region)
    assert both.sha256 != policy_with(country).sha256
    assert "business days in DE-BY: open on 2028-08-15" in both.commitments.described()


def test_a_category_that_a_country_lacks_is_in_doubt() -> None:
    """It cannot be told what closes."""
    rule = policy_with('[[calendars]]\ncountries = ["DE"]\ncategories = ["bank"]\n')
    with pytest.raises(DoubtError, match="bank"):
        calendar("DE", rule.commitments.calendar_of("DE"))


# ------------------------------------------------------------------------------- the table
TABLE = business_days.load()


def test_every_country_that_has_regions_is_decided() -> None:
    """A country that the package divides is in the table, with a source."""
    columns = set(names.load().codes)
    divided = {
        code
        for code, output in holidays.list_supported_countries(include_aliases=False).items()
        if output and code in columns
    }
    assert divided - set(TABLE.by_country) == set()
    assert len(TABLE.by_country) == len(TABLE.countries)


@pytest.mark.parametrize("entry", TABLE.countries, ids=lambda entry: entry.code)
def test_a_country_of_the_table_fits_the_package(entry: business_days.CountryCalendar) -> None:
    """Its categories, cities and regions exist, and every region of ISO 3166-2 has a calendar."""
    names = holidays.country_holidays(entry.code)
    assert {*entry.off, *entry.in_part} <= set(names.supported_categories)
    named = {*entry.localities, *entry.localities.values(), *entry.without}
    named |= {code for codes in entry.same_as.values() for code in codes}
    named |= set(entry.municipal) - {"*"}
    assert named <= set(names.subdivisions)
    day = datetime.date(2027, 6, 9)
    for code, region in regions.load().items():
        if code[:2] == entry.code and not region.stands_for:
            try:
                calendar(entry.code, region=code).closed(day)
            except DoubtError as doubt:
                assert code in str(doubt)  # noqa: PT017 - most regions are not in doubt
    if entry.follows == "region":
        ways = {c.label for c in calendar(entry.code).calendars}
        assert len(ways) > 1


@pytest.mark.parametrize("single", TABLE.days, ids=lambda s: f"{s.where[0]} {s.on} {s.name}")
def test_a_single_day_falls_somewhere_and_on_known_regions(
    single: business_days.SingleDay,
) -> None:
    """Each has a day, a place and a source."""
    assert any(single.falls_on(year) for year in range(2019, 2031))
    for place in (*single.where, *single.but):
        if REGION_CODE.fullmatch(place):
            assert place in regions.load()
        else:
            assert place in names.load().codes
        assert place[:2] in TABLE.by_country


@pytest.mark.parametrize(
    ("on", "year", "day"),
    [
        ("08-15", 2028, "2028-08-15"),
        ("2026-03-23", 2026, "2026-03-23"),
        ("2026-03-23", 2027, "None"),
        ("02-29", 2027, "None"),
        ("easter+0", 2026, "2026-04-05"),
        ("easter-2", 2027, "2027-03-26"),
        ("easter+60", 2027, "2027-05-27"),
        ("easter+0", 2038, "2038-04-25"),  # the latest that it can be
        ("2 mon 11", 2026, "2026-11-09"),
        ("1 mon 06", 2027, "2027-06-07"),
        ("last wed 02", 2028, "2028-02-23"),
        ("last thu 12", 2026, "2026-12-31"),
        ("4 sat 10 -2", 2026, "2026-10-22"),
        ("mon near 01-29", 2027, "2027-02-01"),
        ("mon near 01-22", 2025, "2025-01-20"),
    ],
)
def test_a_rule_names_a_day_of_each_year(on: str, year: int, day: str) -> None:
    """As calendars on paper have it."""
    assert str(day_in(on, year)) == day


def test_a_promise_in_a_year_without_official_calendar_says_so(files: dict[str, Path]) -> None:
    """Spain's regional days are published year by year."""
    assert calendar("ES", region="ES-MD").projections(2026, 2026) == []
    (note,) = calendar("ES", region="ES-MD").projections(2026, 2027)
    assert "ES-MD after 2026" in note


def test_regions_are_sorted_with_their_centers() -> None:
    """Centers are sorted by id; their regions go with them."""
    columns = {"center_id": ["B", "A"], "region": ["GB-SCT", "DE-BY"], "country": ["GB", "DE"]}
    lon, lat = np.array([-3.2, 11.6]), np.array([55.9, 48.1])
    from coverage_analyzer.matching.centers import Centers

    centers = Centers.from_texts(columns, lon, lat, ["1", "2"])
    assert centers.region == ("DE-BY", "GB-SCT")


def test_a_region_column_named_twice_is_an_error(tmp_path: Path) -> None:
    """One header twice cannot be meant: business days depend on it."""
    path = tmp_path / "centers.csv"
    path.write_text("id,lat,lon,region,region\nA,52.5,13.4,DE-BY,DE-BE\n", encoding="utf-8")
    with pytest.raises(InputError, match="'region' appears 2 times"):
        open_table(path, CENTERS)
