"""Service centers: sorted, checked all at once, open or not on a day, in a country."""

import numpy as np
import pytest
from building import Center, centers_of, moved

from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.centers import Centers, days
from coverage_analyzer.policy import Policy

BASEL = (7.5886, 47.5596)
DENVER = (-104.9903, 39.7392)


@pytest.fixture
def strict(world: Countries, policy: Policy) -> Convention:
    """Return how the default policy reads countries."""
    return policy.convention(world.names)


def test_centers_are_sorted_by_id_with_all_they_have() -> None:
    """Sort rows as a whole by ``center_id``, so that ties go to the smaller one."""
    centers = centers_of(
        [
            Center("b", 1.0, 2.0, "CH", "2026-01-01"),
            Center("B", 3.0, 4.0, "DE"),
            Center("10", 5.0, 6.0, "FR"),
            Center("9", 7.0, 8.0, "IT", "", "2027-01-01"),
        ]
    )
    assert centers.center_id == ("10", "9", "B", "b")
    assert centers.country == ("FR", "IT", "DE", "CH")
    assert centers.lon.tolist() == [5.0, 7.0, 3.0, 1.0]
    assert centers.lat.tolist() == [6.0, 8.0, 4.0, 2.0]
    assert np.isnat(centers.opens_on).tolist() == [True, True, True, False]
    assert np.isnat(centers.closes_on).tolist() == [True, False, True, True]
    assert centers.row == ("line 4", "line 5", "line 3", "line 2")
    assert len(centers) == 4


def test_no_columns_but_the_id_are_needed() -> None:
    """Bear a file without names, countries and days."""
    centers = Centers.from_texts({"center_id": ["A"]}, np.array([1.0]), np.array([2.0]), ["line 2"])
    assert (centers.name, centers.country, len(centers)) == (("",), ("",), 1)
    assert centers.is_open(np.datetime64("2026-12-01")).all()


@pytest.mark.parametrize(
    ("day", "is_open", "is_planned"),
    [
        ("2026-11-30", False, True),
        ("2026-12-01", True, False),
        ("2027-05-31", True, False),
        ("2027-06-01", False, False),
    ],
)
def test_a_center_serves_from_its_opening_day_to_before_its_closing_day(
    day: str, *, is_open: bool, is_planned: bool
) -> None:
    """Serve on the first day, and no more on the last."""
    centers = centers_of([Center("A", 1.0, 2.0, "", "2026-12-01", "2027-06-01")])
    assert centers.is_open(np.datetime64(day, "D")).tolist() == [is_open]
    assert centers.is_planned(np.datetime64(day, "D")).tolist() == [is_planned]


def test_days_are_iso_days_only() -> None:
    """Take ``2026-12-01`` with blanks round it; no other writing, and no day that there is not."""
    assert not np.isnat(days(["2026-12-01", " 2026-12-01 "])).any()
    others = ["", "2026-02-30", "1.12.2026", "2026-12", "20261201", "2026-1-1"]
    assert np.isnat(days(others)).all()
    assert days(["2024-02-29"]).dtype == np.dtype("datetime64[D]")


@pytest.mark.parametrize(
    "text", ["\N{FULLWIDTH DIGIT TWO}026-12-01", "2026-12-01T25:61", "0000-00-00", "2026-12-32"]
)
def test_a_day_in_disguise_is_none(text: str) -> None:
    """Take no full-width digits, no time that there is not, no day that there is not."""
    assert np.isnat(days([text])).all()


def test_all_faults_are_told_at_once() -> None:
    """Name every unusable row in one error, with its line and what is wrong."""
    rows = [
        Center("A", *BASEL, "CH"),
        Center("A", *DENVER, "US"),
        Center(" ", *DENVER, "US"),
        Center("D", np.nan, 47.0, "CH"),
        Center("E", *DENVER, "US", "soon"),
        Center("F", *DENVER, "US", "2026-12-01", "2026-12-01"),
        Center("G", *DENVER, "US", "", "31.12.2026"),
    ]
    with pytest.raises(InputError) as caught:
        centers_of(rows)
    message = str(caught.value)
    for part in (
        "7 problems in ",
        "line 2 ('A'): the center_id 'A' appears more than once",
        "line 3 ('A'): the center_id 'A' appears more than once",
        "line 4 (' '): center_id is empty",
        "line 5 ('D'): its position is missing",
        "line 6 ('E'): opens_on 'soon' is not a date like 2026-12-01",
        "line 7 ('F'): closes_on is not after opens_on",
        "line 8 ('G'): closes_on '31.12.2026' is not a date",
    ):
        assert part in message


def test_many_faults_are_counted() -> None:
    """List the first twenty faults and count the others."""
    with pytest.raises(InputError, match=r"(?s)25 problems .*and 5 more$"):
        centers_of([Center(f"C{i:02}", np.nan, 0.0) for i in range(25)])


def test_countries_that_agree(world: Countries, strict: Convention) -> None:
    """Decide declared, missing and sovereign countries of centers as those of sites."""
    centers = centers_of(
        [
            Center("1", *BASEL, "Switzerland"),
            Center("2", *DENVER),
            Center("3", 55.4481, -20.8789, "FR"),
            Center("4", -66.1057, 18.4655, "USA"),
        ]
    )
    codes = [world.names.codes[n] for n in centers.assigned_countries(world, strict)]
    assert codes == ["CH", "US", "RE", "PR"]


def test_countries_in_doubt_are_one_error(world: Countries, strict: Convention) -> None:
    """Refuse a network with a center whose country is unknown, contradicted or not to be told."""
    rows = [
        Center("1", *BASEL, "CH"),
        Center("2", 0.0, 0.0, "GH"),
        Center("3", *DENVER, "Atlantis"),
        Center("4", 7.6, 47.588),
        Center("5", *DENVER, "CH"),
        Center("6", -40.0, 30.0, "PT"),
        Center("7", -40.0, 30.0, "Mu"),
    ]
    with pytest.raises(InputError) as caught:
        centers_of(rows).assigned_countries(world, strict)
    message = str(caught.value)
    for part in (
        "6 problems in ",
        "line 3 ('2'): its coordinates are 0, 0",
        "line 4 ('3'): unknown country 'Atlantis' (the center is in US)",
        "line 5 ('4'): declares no country and is in DE, too near a border",
        "line 6 ('5'): declares 'CH' but is in US",
        "line 7 ('6'): declares 'PT' but is in no country",
    ):
        assert part in message
    assert "line 2" not in message


def test_a_center_far_at_sea_is_refused(world: Countries, strict: Convention) -> None:
    """Refuse a center 40 km off its coast: any review of a center is an error."""
    place = moved(-124.7, 43.0, 270.0, 40_000)
    with pytest.raises(InputError, match="is in no country"):
        centers_of([Center("1", *place, "US")]).assigned_countries(world, strict)


def test_trusted_countries_stand(world: Countries, policy: Policy) -> None:
    """Let a declared country stand wherever the center lies, if told to; not at 0, 0."""
    trusting = policy.convention(world.names, trust_declared=True)
    centers = centers_of([Center("1", *DENVER, "CH"), Center("2", -40.0, 30.0, "PT")])
    assert [world.names.codes[n] for n in centers.assigned_countries(world, trusting)] == [
        "CH",
        "PT",
    ]
    with pytest.raises(InputError, match="coordinates are 0, 0"):
        centers_of([Center("1", 0.0, 0.0, "GH")]).assigned_countries(world, trusting)
    with pytest.raises(InputError, match="unknown country"):
        centers_of([Center("1", *DENVER, "Atlantis")]).assigned_countries(world, trusting)
