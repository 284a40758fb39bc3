"""The rules of a verdict, one at a time, at real places."""

import dataclasses
import datetime
import pickle
from typing import Any

import numpy as np
import pytest
from building import Center, Site, centers_of, karney_m, moved, sites_of

from coverage_analyzer.countries import Countries
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts, chunks
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.verdict import VERDICT

DAY = datetime.date(2026, 12, 1)
KANSAS = (-94.5786, 39.0997)
BERLIN = (13.405, 52.52)
BASEL = (7.5886, 47.5596)
FREIBURG = (7.8421, 47.999)
LOERRACH = (7.6614, 47.6156)


def matcher(
    world: Countries,
    centers: list[Center],
    policy: Policy | str = "appliance-maintenance",
    **more: Any,
) -> Matcher:
    """Return a matcher on the first of December."""
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    return Matcher(centers_of(centers), rules, world, **{"as_of": DAY, **more})


def verdicts(
    world: Countries,
    centers: list[Center],
    sites: list[Site],
    policy: Policy | str = "appliance-maintenance",
    **more: Any,
) -> list[dict[str, Any]]:
    """Return the verdicts as rows of the report."""
    result = matcher(world, centers, policy, **more)
    table = result.columns(result.match(sites_of(sites, world)))
    rows = zip(*(values.to_pylist() for values in table.values()), strict=True)
    return [dict(zip(table, row, strict=True)) for row in rows]


def verdict(world: Countries, centers: list[Center], site: Site, **more: Any) -> dict[str, Any]:
    """Return the verdict on one site."""
    return verdicts(world, centers, [site], **more)[0]


def statuses(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Return some cells of a row: by default level, status, reason and center."""
    return tuple(row[n] for n in names or ("level", "status", "reason", "center_id"))


# ----------------------------------------------------------------------------- who qualifies


def test_a_site_at_its_center(world: Countries) -> None:
    """Qualify at no distance, with the whole limit left."""
    row = verdict(world, [Center("K", *KANSAS, "US")], Site(*KANSAS, "US"))
    assert row == {
        "level": "Gold Plus",
        "status": "qualified",
        "reason": "within_radius",
        "center_id": "K",
        "distance_miles": 0.0,
        "limit_miles": 70.0,
        "margin_miles": 70.0,
        "site_country": "US",
        "available_on": None,
        "centers_in_reach": 1,
        "as_of": DAY,
    }


@pytest.mark.parametrize(("place", "code", "limit"), [(KANSAS, "US", 70), (BERLIN, "DE", 50)])
@pytest.mark.parametrize(
    ("offset_m", "inside"),
    [
        (-1, True),
        (-0.001, True),
        (0, True),
        (0.0009, True),
        (0.0011, False),
        (0.01, False),
        (1, False),
    ],
)
def test_the_limit_is_included(
    world: Countries,
    place: tuple[float, float],
    code: str,
    limit: float,
    offset_m: float,
    *,
    inside: bool,
) -> None:
    """Qualify on the limit, with 1 mm for rounding; 70 miles in the US, 50 elsewhere."""
    site = Site(*moved(*place, 180.0, limit * MILE_M + offset_m), code)
    row = verdict(world, [Center("K", *place, code)], site)
    assert statuses(row) == (
        ("Gold Plus", "qualified", "within_radius", "K")
        if inside
        else ("Gold", "fallback", "beyond_radius", "K")
    )
    assert row["limit_miles"] == limit
    assert row["centers_in_reach"] == inside
    assert (row["margin_miles"] >= 0) == inside


def test_the_nearest_center_is_not_the_question(world: Countries) -> None:
    """Give Lörrach its German center 28 miles off, not Basel's across the border, 5 miles off."""
    centers = [Center("CH-BSL", *BASEL, "CH"), Center("DE-FRB", *FREIBURG, "DE")]
    row = verdict(world, centers, Site(*LOERRACH, "DE"))
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "DE-FRB")
    assert row["centers_in_reach"] == 1


def test_no_center_in_the_country(world: Countries) -> None:
    """Fall back where the country has no center, with nothing to measure to."""
    row = verdict(world, [Center("CH-BSL", *BASEL, "CH")], Site(*LOERRACH, "DE"))
    assert statuses(row) == ("Gold", "fallback", "no_center_in_country", None)
    assert statuses(row, "distance_miles", "margin_miles", "limit_miles", "centers_in_reach") == (
        None,
        None,
        50.0,
        0,
    )


def test_ties_go_to_the_smaller_id(world: Countries) -> None:
    """Choose by id among centers at one place, and among mirrored ones, in any order."""
    west, east = moved(*KANSAS, 270.0, 30_000), moved(*KANSAS, 90.0, 30_000)
    same = [Center(i, *KANSAS, "US") for i in ("K2", "K10", "K1")]
    mirrored = [Center("B", *west, "US"), Center("A", -2 * 94.5786 - west[0], west[1], "US")]
    assert abs(mirrored[1].lon - east[0]) < 1e-9
    row = verdict(world, same, Site(-94.5, 39.0, "US"))
    assert statuses(row, "center_id", "centers_in_reach") == ("K1", 3)
    for order in (mirrored, mirrored[::-1]):
        assert verdict(world, order, Site(*KANSAS, "US"))["center_id"] == "A"


def test_nearer_by_a_millimetre_wins_over_the_smaller_id(world: Countries) -> None:
    """Rank by true distance before ids, also where chords can hardly tell."""
    near, far = moved(*KANSAS, 10.0, 100_000), moved(*KANSAS, 200.0, 100_000.001)
    row = verdict(world, [Center("A", *far, "US"), Center("B", *near, "US")], Site(*KANSAS, "US"))
    assert statuses(row, "center_id", "centers_in_reach") == ("B", 2)


def test_centers_in_reach_counts_open_ones_of_the_own_country(world: Countries) -> None:
    """Count no planned, closed or foreign center, and none beyond the limit."""
    here = moved(*LOERRACH, 0.0, 20_000)
    centers = [
        Center("1", *here, "DE"),
        Center("2", *here, "DE", "2026-12-01"),
        Center("3", *here, "DE", "2026-12-02"),
        Center("4", *here, "DE", "", "2026-12-01"),
        Center("5", *BASEL, "CH"),
        Center("6", *BERLIN, "DE"),
    ]
    assert verdict(world, centers, Site(*LOERRACH, "DE"))["centers_in_reach"] == 2


# ----------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("as_of", "status", "available_on"),
    [
        (datetime.date(2026, 11, 30), "pending", datetime.date(2026, 12, 1)),
        (datetime.date(2026, 12, 1), "qualified", None),
        (datetime.date(2027, 5, 31), "qualified", None),
        (datetime.date(2027, 6, 1), "fallback", None),
    ],
)
def test_the_day_decides(
    world: Countries, as_of: datetime.date, status: str, available_on: datetime.date | None
) -> None:
    """Wait for a center before it opens, have it from that day, lose it on its closing day."""
    centers = [Center("K", *KANSAS, "US", "2026-12-01", "2027-06-01")]
    row = verdict(world, centers, Site(*KANSAS, "US"), as_of=as_of)
    assert statuses(row, "status", "available_on") == (status, available_on)
    assert row["level"] == ("Gold Plus" if status == "qualified" else "Gold")
    assert row["center_id"] == (None if status == "fallback" else "K")
    assert row["centers_in_reach"] == (status == "qualified")


def test_pending_waits_for_the_center_that_opens_first(world: Countries) -> None:
    """Choose the earliest opening, then the nearest, then the smaller id."""
    at = [moved(*KANSAS, 90.0, metres) for metres in (0, 30_000, 60_000, 60_000, 200_000)]
    centers = [
        Center("near-late", *at[0], "US", "2027-03-01"),
        Center("first-b", *at[2], "US", "2027-01-15"),
        Center("first-a", *at[3], "US", "2027-01-15"),
        Center("sooner-but-far", *at[4], "US", "2026-12-15"),
        Center("open-but-far", *at[4], "US"),
    ]
    row = verdict(world, centers, Site(*KANSAS, "US"))
    assert statuses(row) == ("Gold", "pending", "center_opens_later", "first-a")
    assert row["available_on"] == datetime.date(2027, 1, 15)
    assert row["distance_miles"] == round(60_000 / MILE_M, 3)
    assert row["centers_in_reach"] == 0
    centers.append(Center("first-nearer", *at[1], "US", "2027-01-15"))
    assert verdict(world, centers, Site(*KANSAS, "US"))["center_id"] == "first-nearer"


def test_the_interim_level_is_not_the_fallback(world: Countries) -> None:
    """Give what the policy says until a center opens, and not what it says beyond the limit."""
    data = Policy.load("appliance-maintenance").model_dump()
    rules = {**data["qualification"], "interim": "silver", "fallback": "bronze"}
    policy = Policy.from_mapping({**data, "qualification": rules})
    centers = [Center("P", *KANSAS, "US", "2027-01-01")]
    sites = [Site(*KANSAS, "US"), Site(*BERLIN, "DE"), Site(*KANSAS, "Atlantis")]
    levels = [r["level"] for r in verdicts(world, centers, sites, policy)]
    assert levels == ["Silver", "Bronze", "Bronze"]


def test_an_open_center_in_reach_ends_the_waiting(world: Countries) -> None:
    """Qualify now with the open center, though one that is planned stands nearer."""
    far = moved(*KANSAS, 0.0, 100_000)
    centers = [Center("P", *KANSAS, "US", "2027-01-01"), Center("Z", *far, "US")]
    row = verdict(world, centers, Site(*KANSAS, "US"))
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "Z")


def test_a_planned_center_beyond_reach_changes_nothing(world: Countries) -> None:
    """Measure a site that no center will reach to its nearest open one."""
    far, farther = moved(*KANSAS, 0.0, 150_000), moved(*KANSAS, 0.0, 250_000)
    centers = [Center("P", *far, "US", "2027-01-01"), Center("Z", *farther, "US")]
    row = verdict(world, centers, Site(*KANSAS, "US"))
    assert statuses(row) == ("Gold", "fallback", "beyond_radius", "Z")
    alone = verdict(world, centers[:1], Site(*KANSAS, "US"))
    assert statuses(alone) == ("Gold", "fallback", "no_center_in_country", None)


def test_today_is_the_default_day(world: Countries, policy: Policy) -> None:
    """Judge today in UTC if no day is given."""
    before = datetime.datetime.now(datetime.UTC).date()
    centers = Matcher(centers_of([Center("K", *KANSAS, "US")]), policy, world)
    assert before <= centers.as_of <= datetime.datetime.now(datetime.UTC).date()
    assert centers.open_centers == 1


# ----------------------------------------------------------------------------- doubt


@pytest.mark.parametrize(
    ("offset_m", "accuracy_m", "status"),
    [
        (-20, 19.9, "qualified"),
        (-20, 20.1, "review"),
        (20, 19.9, "fallback"),
        (20, 20.1, "review"),
        (0, 0.0, "qualified"),
        (-20, float("nan"), "qualified"),
        (-5000, 10_000.0, "review"),
    ],
)
def test_borderline(world: Countries, offset_m: float, accuracy_m: float, status: str) -> None:
    """Review where the coordinates are less exact than the limit is far, on both sides of it."""
    place = moved(*KANSAS, 33.0, 70 * MILE_M + offset_m)
    row = verdict(world, [Center("K", *KANSAS, "US")], Site(*place, "US", accuracy_m))
    assert row["status"] == status
    assert row["level"] == ("Gold Plus" if status == "qualified" else "Gold")
    if status == "review":
        assert row["reason"] == "borderline"
        assert row["center_id"] == "K"


@pytest.mark.parametrize("more", [[], [Center("far", *moved(*KANSAS, 0.0, 400_000), "US")]])
@pytest.mark.parametrize(("accuracy_m", "status"), [(19.9, "pending"), (20.1, "review")])
def test_borderline_of_a_center_to_come(
    world: Countries, more: list[Center], accuracy_m: float, status: str
) -> None:
    """Review, with the planned center and its margin, where coordinates are too rough for it."""
    place = moved(*KANSAS, 33.0, 70 * MILE_M - 20)
    centers = [Center("P", *KANSAS, "US", "2027-01-01"), *more]
    row = verdict(world, centers, Site(*place, "US", accuracy_m))
    assert statuses(row, "level", "status", "center_id", "margin_miles") == (
        "Gold",
        status,
        "P",
        0.013,
    )
    assert (row["available_on"] is None) == (status == "review")


def test_inaccuracy_far_from_the_limit_does_not_matter(world: Countries) -> None:
    """Keep the verdict where 5 km more or less change nothing, and where there is no center."""
    center = [Center("K", *KANSAS, "US")]
    assert verdict(world, center, Site(*KANSAS, "US", 5000.0))["status"] == "qualified"
    assert verdict(world, center, Site(*BERLIN, "DE", 1e6))["reason"] == "no_center_in_country"


def test_null_island_and_unknown_country(world: Countries) -> None:
    """Review with nothing to measure: no country is known that would say to which center."""
    centers = [Center("K", *KANSAS, "US")]
    for site, reason in (
        (Site(0.0, 0.0, "US"), "null_island"),
        (Site(*KANSAS, "Atlantis"), "country_unknown"),
        (Site(7.6, 47.588), "country_unknown"),
    ):
        row = verdict(world, centers, site)
        assert statuses(row) == ("Gold", "review", reason, None)
        empty = ("distance_miles", "limit_miles", "margin_miles", "site_country")
        assert statuses(row, *empty) == (None,) * 4
        assert row["centers_in_reach"] == 0


def test_conflict_measures_to_the_declared_country(world: Countries) -> None:
    """Review a site in the wrong country with center and distance of the one it declares."""
    centers = [Center("CH", *BASEL, "CH"), Center("DE", *FREIBURG, "DE")]
    row = verdict(world, centers, Site(*BASEL, "DE"))
    assert statuses(row) == ("Gold", "review", "country_conflict", "DE")
    assert row["distance_miles"] == round(karney_m(*BASEL, *FREIBURG) / MILE_M, 3)
    assert statuses(row, "site_country", "limit_miles") == ("DE", 50.0)


def test_trusting_the_declared_country(world: Countries) -> None:
    """Qualify the same site if what is declared is trusted."""
    row = verdict(world, [Center("DE", *FREIBURG, "DE")], Site(*BASEL, "DE"), trust_declared=True)
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "DE")


@pytest.mark.parametrize(
    ("metres", "status", "reason"),
    [
        (24_000, "review", "country_conflict"),
        (75_000, "review", "country_conflict"),
        (180_000, "fallback", "beyond_radius"),
        (600_000, "review", "country_conflict"),
    ],
)
def test_out_at_sea(world: Countries, metres: float, status: str, reason: str) -> None:
    """Off Oregon, distance alone denies; what it would grant is for review; so is mid-ocean."""
    center = (-124.2, 43.0)
    place = moved(-124.47, 43.0, 270.0, metres + 10_000)
    row = verdict(world, [Center("OR", *center, "US")], Site(*place, "US"))
    assert world.locate(*place) == ""
    assert statuses(row) == ("Gold", status, reason, "OR")


def test_a_pier_qualifies(world: Countries) -> None:
    """Qualify up to 5 km outside of the waters of the declared country."""
    place = moved(-124.7, 43.0, 270.0, 0)
    out = next(
        p
        for p in (moved(*place, 270.0, m) for m in range(1000, 30_000, 500))
        if world.locate(*p) == ""
    )
    row = verdict(world, [Center("OR", -124.2, 43.0, "US")], Site(*out, "US"))
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "OR")
    inferred = verdict(world, [Center("OR", -124.2, 43.0, "US")], Site(*out))
    assert inferred["reason"] == "country_unknown"


# ----------------------------------------------------------------------------- countries


def test_san_juan_is_not_the_united_states(world: Countries) -> None:
    """Give 67 miles in Puerto Rico no Gold Plus, unless the policy folds it into the US."""
    centers = [Center("SJU", -66.1057, 18.4655, "US")]
    site = Site(-67.1294, 18.4949, "PR")
    row = verdict(world, centers, site)
    assert statuses(row) == ("Gold", "fallback", "beyond_radius", "SJU")
    assert statuses(row, "site_country", "limit_miles") == ("PR", 50.0)
    data = Policy.load("appliance-maintenance").model_dump()
    folded = Policy.from_mapping({**data, "countries": {"fold_territories": ["US"]}})
    row = verdict(world, centers, site, policy=folded)
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "SJU")
    assert statuses(row, "site_country", "limit_miles") == ("US", 70.0)


def test_um_has_the_limit_of_its_own_code(world: Countries) -> None:
    """Give Wake declared UM 50 miles and its own centers; declared US it is the US."""
    place = (166.636, 19.283)
    centers = [Center("UM", *place, "UM"), Center("US", *place, "US")]
    rows = verdicts(world, centers, [Site(*place, "UM"), Site(*place, "US"), Site(*place)])
    assert [statuses(r, "center_id", "limit_miles", "site_country") for r in rows] == [
        ("UM", 50.0, "UM"),
        ("US", 70.0, "US"),
        ("US", 70.0, "US"),
    ]


def test_both_sides_of_180_degrees(world: Countries) -> None:
    """Serve Taveuni from Savusavu, 45 miles across the meridian."""
    row = verdict(world, [Center("SVU", 179.341, -16.8028, "FJ")], Site(-179.983, -16.796, "FJ"))
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "SVU")
    assert row["distance_miles"] == 44.779


@pytest.mark.parametrize("lon", [-180.0, -90.0, 0.0, 180.0])
def test_at_the_south_pole(world: Countries, lon: float) -> None:
    """Serve the pole from 40 miles off at any longitude, whatever its own longitude is called."""
    center = Center("AQ", *moved(0.0, -90.0, lon + 5.0, 40 * MILE_M), "AQ")
    row = verdict(world, [center], Site(lon, -90.0, "AQ"))
    assert statuses(row) == ("Gold Plus", "qualified", "within_radius", "AQ")
    assert row["distance_miles"] == 40.0


def test_a_center_in_doubt_stops_the_run(world: Countries) -> None:
    """Refuse to judge anything with a center whose country is in doubt, or with none at all."""
    with pytest.raises(InputError, match="declares 'CH' but is in US"):
        matcher(world, [Center("K", *KANSAS, "CH")])
    with pytest.raises(InputError, match="The centers are empty"):
        matcher(world, [])


# ----------------------------------------------------------------------------- bands


@pytest.mark.parametrize(
    ("miles", "offset_m", "level", "limit", "status"),
    [
        (0, 0, "6-hour call-to-repair", 50, "qualified"),
        (50, 0, "6-hour call-to-repair", 50, "qualified"),
        (50, 0.0009, "6-hour call-to-repair", 50, "qualified"),
        (50, 0.0011, "8-hour call-to-repair", 100, "qualified"),
        (50, 1, "8-hour call-to-repair", 100, "qualified"),
        (100, 0, "8-hour call-to-repair", 100, "qualified"),
        (100, 0.0009, "8-hour call-to-repair", 100, "qualified"),
        (100, 0.0011, "Not offered", 100, "fallback"),
        (300, 0, "Not offered", 100, "fallback"),
    ],
)
def test_two_bands(
    world: Countries, miles: float, offset_m: float, level: str, limit: float, status: str
) -> None:
    """Buy the level of the band; 50 and 100 miles belong to the nearer one, with 1 mm."""
    place = moved(*KANSAS, 120.0, miles * MILE_M + offset_m)
    row = verdict(
        world, [Center("K", *KANSAS, "US")], Site(*place, "US"), policy="hp-call-to-repair"
    )
    assert statuses(row, "level", "status", "limit_miles", "center_id") == (
        level,
        status,
        limit,
        "K",
    )
    assert row["centers_in_reach"] == (status == "qualified")


@pytest.mark.parametrize("country", ["DE", "CH", "US", "", "Atlantis"])
def test_a_policy_without_countries(world: Countries, country: str) -> None:
    """Serve Lörrach from Basel where no rule asks for a country, whatever the site says."""
    center = [Center("CH", *BASEL, "CH")]
    row = verdict(world, center, Site(*LOERRACH, country), policy="hp-call-to-repair")
    assert statuses(row) == ("6-hour call-to-repair", "qualified", "within_radius", "CH")
    null = verdict(world, center, Site(0.0, 0.0, country), policy="hp-call-to-repair")
    assert statuses(null) == ("Not offered", "review", "null_island", None)


@pytest.mark.parametrize(
    ("miles", "status"), [(49.99, "review"), (50.01, "review"), (51, "qualified")]
)
def test_borderline_between_bands(world: Countries, miles: float, status: str) -> None:
    """Review near the limit between two bands as near the last one."""
    place = moved(*KANSAS, 120.0, miles * MILE_M)
    row = verdict(
        world, [Center("K", *KANSAS, "US")], Site(*place, "US", 100.0), policy="hp-call-to-repair"
    )
    assert row["status"] == status


# ----------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("offset_m", "distance", "margin"),
    [
        (0.0011, 70.0, -0.001),
        (0.5, 70.0, -0.001),
        (1.0, 70.001, -0.001),
        (1.7, 70.001, -0.002),
        (0.0005, 70.0, 0.0),
        (-0.0005, 70.0, 0.001),
        (-1.0, 69.999, 0.001),
        (-1.7, 69.999, 0.002),
    ],
)
def test_margins_are_rounded_away_from_zero(
    world: Countries, offset_m: float, distance: float, margin: float
) -> None:
    """Never print a margin of 0 for who does not qualify, though the distance prints as 70."""
    place = moved(*KANSAS, 250.0, 70 * MILE_M + offset_m)
    row = verdict(world, [Center("K", *KANSAS, "US")], Site(*place, "US"))
    assert statuses(row, "distance_miles", "margin_miles") == (distance, margin)


def test_no_margin_prints_as_minus_zero(world: Countries) -> None:
    """Print 0, not -0, on the limit."""
    limit = 70 * MILE_M
    sites = [Site(*moved(*KANSAS, 250.0, limit + mm / 1000), "US") for mm in np.arange(-1, 1, 0.1)]
    margins = [r["margin_miles"] for r in verdicts(world, [Center("K", *KANSAS, "US")], sites)]
    assert not any(np.signbit(m) for m in margins)


def test_printed_distances_are_karneys(world: Countries) -> None:
    """Round as Karney's geodesic rounds, a nanometre from a boundary and 10,000 km away."""
    steps = (np.array([0.0005, 12.3455, 40.0005, 69.9995, 124.0005, 6000.0005]) * MILE_M).tolist()
    near = [s + o for s in steps for o in (-1e-4, -1e-6, -1e-8, 0, 1e-8, 1e-6, 1e-4)]
    places = [moved(*KANSAS, azimuth, metres) for metres in near for azimuth in (0, 45, 270)]
    rows = verdicts(
        world, [Center("K", *KANSAS, "US")], [Site(*p, "US") for p in places], trust_declared=True
    )
    expected = [round(karney_m(*p, *KANSAS) / MILE_M * 1000) / 1000 for p in places]
    assert [r["distance_miles"] for r in rows] == expected


# ----------------------------------------------------------------------------- arrays


def test_columns_are_those_of_the_report(world: Countries) -> None:
    """Give the columns in the order of the contract, with its types."""
    result = matcher(world, [Center("K", *KANSAS, "US")])
    table = result.columns(result.match(sites_of([Site(*KANSAS, "US")], world)))
    assert tuple(table) == VERDICT
    assert {n: str(c.type) for n, c in table.items()} == {
        "level": "string",
        "status": "string",
        "reason": "string",
        "center_id": "string",
        "distance_miles": "double",
        "limit_miles": "double",
        "margin_miles": "double",
        "site_country": "string",
        "available_on": "date32[day]",
        "centers_in_reach": "int32",
        "as_of": "date32[day]",
    }


def test_no_sites_give_no_verdicts(world: Countries) -> None:
    """Bear an empty batch, with all columns."""
    result = matcher(world, [Center("K", *KANSAS, "US")])
    outcome = result.match(sites_of([], world))
    columns = [getattr(outcome, f.name) for f in dataclasses.fields(Verdicts)]
    assert {len(values) for values in columns if values is not None} == {0}
    assert tuple(result.columns(outcome)) == VERDICT


def test_sites_stay_as_they_were(world: Countries) -> None:
    """Change no array that was given."""
    sites = sites_of([Site(*LOERRACH, "DE", 5.0), Site(0.0, 0.0, "US"), Site(*BASEL)], world)
    copy = {n: v.copy() for n, v in vars(sites).items()}
    for values in vars(sites).values():
        values.setflags(write=False)
    matcher(world, [Center("DE", *FREIBURG, "DE")]).match(sites)
    for name, values in copy.items():
        np.testing.assert_array_equal(getattr(sites, name), values)


def test_batches_are_bounded(world: Countries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut many sites into runs, and lose none at the seams."""
    monkeypatch.setattr("coverage_analyzer.matching.matcher.ROWS_AT_ONCE", 3)
    rows = [Site(*moved(*KANSAS, 0.0, m * 20_000.0), "US") for m in range(10)]
    sites: Sites = sites_of(rows, world)
    assert [run.stop - run.start for run in chunks(len(sites))] == [3, 3, 3, 1]
    result = verdicts(world, [Center("K", *KANSAS, "US")], rows)
    assert [r["status"] for r in result] == ["qualified"] * 6 + ["fallback"] * 4


def test_a_matcher_travels_light(world: Countries) -> None:
    """Pickle to less than a megabyte, the country layer left at home, and judge alike there."""
    result = matcher(world, [Center("K", *KANSAS, "US"), Center("P", *BASEL, "CH", "2027-01-01")])
    sites = sites_of([Site(*KANSAS, "US"), Site(*LOERRACH, "DE"), Site(*BASEL)], world)
    before = result.match(sites)
    carried = pickle.dumps(result)
    assert len(carried) < 1_000_000
    after = pickle.loads(carried).match(sites)  # noqa: S301 - of our own making
    for name, values in vars(before).items():
        np.testing.assert_array_equal(getattr(after, name), values)


def test_order_and_company_change_nothing(world: Countries) -> None:
    """Give each site the verdict that it gets in any order, in blocks of any size."""
    rng = np.random.default_rng(17)
    places = [moved(*BASEL, a, m) for a, m in rng.uniform((-180, 0), (180, 2e5), (400, 2))]
    statuses = rng.choice(["DE", "CH", "FR", ""], 400).tolist()
    rows = [Site(*p, c) for p, c in zip(places, statuses, strict=True)]
    centers = [Center("CH", *BASEL, "CH"), Center("DE", *FREIBURG, "DE")]
    centers += [Center("FR", 7.75, 48.58, "FR", "2027-01-01")]
    expected = verdicts(world, centers, rows)
    order = rng.permutation(400).tolist()
    shuffled = verdicts(world, centers, [rows[i] for i in order])
    assert shuffled == [expected[i] for i in order]
    result = matcher(world, centers)
    for size in (1, 7, 150):
        parts = [result.match(sites_of(rows[i : i + size], world)) for i in range(0, 400, size)]
        centers_ = np.concatenate([p.center for p in parts])
        ids = [result.centers.center_id[i] if i >= 0 else None for i in centers_]
        assert ids == [row["center_id"] for row in expected]
