"""What countries are called, where they are, and which one a point counts as: rules a to i."""

from typing import Any

import numpy as np
import pytest
from building import EARTH, moved

from coverage_analyzer import countries
from coverage_analyzer.countries import NONE, UNKNOWN, Countries
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.errors import InputError
from coverage_analyzer.policy import Policy

AGREED, INFERRED, OFFSHORE = CountryBasis.AGREED, CountryBasis.INFERRED, CountryBasis.OFFSHORE
LOST, CONFLICT, NULL_ISLAND = CountryBasis.UNKNOWN, CountryBasis.CONFLICT, CountryBasis.NULL_ISLAND


def reading(world: Countries, **rules: Any) -> Convention:
    """Return how the default policy reads countries, with other rules for them."""
    data = Policy.load("appliance-maintenance").model_dump()
    return Policy.from_mapping({**data, "countries": rules}).convention(world.names)


def decision(
    world: Countries, text: str, lat: float, lon: float, rules: Convention | None = None
) -> tuple[str, CountryBasis]:
    """Return the country and ground of one point."""
    number, ground = assign_country(
        np.array([lon]),
        np.array([lat]),
        world.names.numbers([text]),
        world,
        rules or reading(world),
    )
    return world.names.codes[number[0]], CountryBasis(ground[0])


# ------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        ("usa", "US"),
        ("840", "US"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("uk", "GB"),
        ("Great Britain", "GB"),
        ("EL", "GR"),
        ("NA", "NA"),
        ("na", "NA"),
        ("NAM", "NA"),
        ("516", "NA"),
        (" de ", "DE"),
        ("Deutschland", "DE"),
        ("004", "AF"),
        ("Côte d'Ivoire", "CI"),
        ("Côte d\N{RIGHT SINGLE QUOTATION MARK}Ivoire", "CI"),
        ("COTE D IVOIRE", "CI"),
        ("St. Lucia", "LC"),
        ("The Netherlands", "NL"),
        ("Holland", "NL"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Czechia", "CZ"),
        ("Czech Republic", "CZ"),
        ("South Korea", "KR"),
        ("Russia", "RU"),
        ("Vietnam", "VN"),
        ("Hong Kong", "HK"),
        ("Kosovo", "XK"),
        ("XK", "XK"),
        ("Antigua & Barbuda", "AG"),
        ("UM", "UM"),
    ],
)
def test_a_country_has_many_names(world: Countries, text: str, code: str) -> None:
    """Know codes of all three kinds, names and everyday aliases, in any case."""
    assert world.names.codes[world.names.number(text)] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Turkiye", "TR"),
        ("Tu\N{COMBINING DIAERESIS}rkiye", "TR"),
        ("Osterreich", "AT"),
        ("Re\N{COMBINING ACUTE ACCENT}union", "RE"),
        ("ALAND ISLANDS", "AX"),
        ("Curacao", "CW"),
    ],
)
def test_accents_do_not_matter(world: Countries, text: str, code: str) -> None:
    """Know names without their accents, and with accents as letters of their own."""
    assert world.names.codes[world.names.number(text)] == code


@pytest.mark.parametrize("text", ["", " ", "\t", "\N{NO-BREAK SPACE}"])
def test_blank_is_no_country(world: Countries, text: str) -> None:
    """Take blanks for nothing said."""
    assert world.names.number(text) == NONE


@pytest.mark.parametrize("text", ["Atlantis", "XX", "?", "-", "0", "nan", "U", "USD", "N/A", "'"])
def test_other_text_is_unknown(world: Countries, text: str) -> None:
    """Take text that no table knows for unknown, never for blank: nothing is inferred from it."""
    assert world.names.number(text) == UNKNOWN


def test_every_code_names_itself(world: Countries) -> None:
    """Find each country by its own code and title; no alias takes it from another."""
    names = world.names
    assert [names.number(code) for code in names.codes] == list(range(len(names.codes)))
    assert [names.number(t) for t in names.titles[1:]] == list(range(1, len(names.titles)))
    assert len(names.codes) == 251
    assert list(names.codes) == sorted(set(names.codes))


def test_numbers_of_several_texts(world: Countries) -> None:
    """Read many texts in their order, and none."""
    names = world.names
    read = names.numbers(["CH", "", "Atlantis"])
    assert read.tolist() == [names.codes.index("CH"), NONE, UNKNOWN]
    assert read.dtype == np.int16
    assert names.numbers([]).tolist() == []


@pytest.mark.parametrize("code", ["", "us", "XX", "USA", "UK"])
def test_known_wants_alpha2(world: Countries, code: str) -> None:
    """Take codes of policies strictly."""
    with pytest.raises(InputError, match="is not an ISO 3166-1 alpha-2"):
        world.names.known(code)


def test_sovereigns_have_no_sovereign(world: Countries) -> None:
    """Keep territories one deep, and disputed areas out."""
    sovereign = world.names.sovereign
    assert not sovereign[sovereign[sovereign > 0]].any()
    for code in ("EH", "PS", "TW", "XK", "AQ", "FM", "MH", "PW"):
        assert sovereign[world.names.known(code)] == NONE


def test_the_world_is_loaded_once() -> None:
    """Keep what was loaded."""
    assert countries.load() is countries.load()


# ------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (47.5596, 7.5886, "CH"),
        (47.5896, 7.5299, "FR"),  # EuroAirport
        (47.6975, 8.6886, "DE"),  # Büsingen, inside Switzerland
        (45.9690, 8.9690, "IT"),  # Campione, inside Switzerland
        (51.4460, 4.9310, "NL"),  # Baarle-Nassau
        (51.4383, 4.9303, "BE"),  # Baarle-Hertog
        (41.9029, 12.4534, "VA"),
        (43.9424, 12.4578, "SM"),
        (43.7350, 7.4200, "MC"),
        (-29.3100, 27.4800, "LS"),
        (48.9854, -123.0783, "US"),  # Point Roberts
        (49.3453, -95.0703, "US"),  # Northwest Angle
        (25.1305, 55.1171, "AE"),  # Palm Jumeirah
        (34.0079, -118.4995, "US"),  # Santa Monica Pier
        (55.0633, 14.7596, "DK"),  # Bornholm
        (55.6761, 12.5683, "DK"),
        (28.1000, -15.4000, "ES"),  # Canary Islands
        (21.3069, -157.8583, "US"),
        (-20.8789, 55.4481, "RE"),
        (4.9224, -52.3135, "GF"),
        (18.4655, -66.1057, "PR"),
        (78.2200, 15.6300, "SJ"),
        (70.9900, -8.5000, "SJ"),  # Jan Mayen
        (22.2819, 114.1581, "HK"),
        (42.6629, 21.1655, "XK"),
        (-16.7960, -179.9830, "FJ"),
        (51.3778, 179.2592, "US"),  # Amchitka
        (68.8683, -179.3730, "RU"),
        (-22.5609, 17.0658, "NA"),
        (19.2830, 166.6360, "US"),  # Wake: UM has no polygon
        (0.0, 0.0, ""),
        (90.0, 0.0, ""),
        (30.0, -40.0, ""),
    ],
)
def test_places(world: Countries, lat: float, lon: float, code: str) -> None:
    """Find enclaves, islands, piers, both sides of 180 degrees."""
    assert world.locate(lon, lat) == code


@pytest.mark.parametrize("lon", [-180.0, -90.0, 0.0, 12.5, 180.0])
def test_the_south_pole_is_in_antarctica(world: Countries, lon: float) -> None:
    """Reach the pole at every longitude: the source ends at 85 degrees south."""
    assert world.locate(lon, -90.0) == "AQ"
    assert world.locate(lon, -89.9) == "AQ"


@pytest.mark.parametrize("lat", [-16.8, -16.0, 51.5, 65.5, 68.9, 71.0, -75.0, -84.5, -85.0, 0.0])
def test_180_east_is_180_west(world: Countries, lat: float) -> None:
    """Know one meridian by both its names, and find there what lies 50 m off on either side."""
    west, east, left, right = world.locate([-180.0, 180.0, 179.9995, -179.9995], lat).tolist()
    assert west == east
    assert east in {left, right}


def test_locate_keeps_the_shape(world: Countries) -> None:
    """Broadcast, and answer in the shape asked for; of no points nothing."""
    assert world.locate([[7.5886], [-40.0]], [47.5596, 30.0]).tolist() == [["CH", "DZ"], ["", ""]]
    assert world.locate([], []).shape == (0,)
    assert world.locate(7.5886, 47.5596).shape == ()


@pytest.mark.parametrize(
    ("lon", "lat"), [(np.nan, 0), (0, np.nan), (180.1, 0), (0, -90.1), (np.inf, 0)]
)
def test_locate_refuses_what_is_no_place(world: Countries, lon: float, lat: float) -> None:
    """Say how many coordinates are none, and where the first stands."""
    with pytest.raises(InputError, match=r"1 points have no longitude .* first at \[1\]"):
        world.locate([0.0, lon], [0.0, lat])


def test_a_country_without_a_polygon(world: Countries) -> None:
    """Say that UM has none, and that a made-up code is none."""
    with pytest.raises(InputError, match="UM has no polygon of its own"):
        world.polygon("UM")
    with pytest.raises(InputError, match="not an ISO 3166-1"):
        world.polygon("XX")


def test_near_m_is_symmetric_across_a_border(world: Countries) -> None:
    """Measure to a border from inside and outside; find nothing beyond reach."""
    chosen = np.eye(len(world.names.codes), dtype=np.bool_)
    at = world.names.numbers(["CH", "DE", "FR", "JP"])
    lon, lat = np.full(4, 7.5886), np.full(4, 47.5596)
    near = world.near_m(lon, lat, at, chosen, 400_000.0)
    assert 1000 < near[0] < 5000
    assert 1000 < near[1] < 5000
    assert near[0] == min(near[1], near[2])
    assert near[3] == np.inf
    assert np.isinf(world.near_m(lon, lat, at, chosen, 500.0)).all()


# ------------------------------------------------------------------- the rules, first to last


@pytest.mark.parametrize("text", ["", "US", "Atlantis", "GH"])
@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (-0.0, 0.0), (0.00049, -0.00049)])
def test_a_null_island(world: Countries, text: str, lat: float, lon: float) -> None:
    """Review what coordinates are 0, 0, whatever it says."""
    assert decision(world, text, lat, lon) == ("", NULL_ISLAND)


@pytest.mark.parametrize(("lat", "lon"), [(0.0005, 0.0), (0.0, -0.0005), (5.0, 0.0), (0.0, 9.0)])
def test_a_null_island_is_small(world: Countries, lat: float, lon: float) -> None:
    """Leave alone what lies 0.0005 degrees off, and the equator and Greenwich elsewhere."""
    assert decision(world, "US", lat, lon)[1] != NULL_ISLAND


@pytest.mark.parametrize("text", ["Atlantis", "XX", "?"])
def test_b_unknown_text_is_never_inferred(world: Countries, text: str) -> None:
    """Review a country that no table knows, also in the middle of the United States."""
    assert decision(world, text, 39.7392, -104.9903) == ("", LOST)


def test_c_missing_is_inferred_clear_of_borders(world: Countries) -> None:
    """Take the country where an undeclared point lies."""
    assert decision(world, "", 40.015, -105.2705) == ("US", INFERRED)
    assert decision(world, "", -90.0, 0.0) == ("AQ", INFERRED)
    assert decision(world, "", -20.8789, 55.4481) == ("RE", INFERRED)


def test_c_missing_near_a_border_is_unknown(world: Countries) -> None:
    """Infer nothing within 250 m of another country, or where there is none."""
    assert decision(world, "", 47.588, 7.6) == ("", LOST)
    assert decision(world, "", 30.0, -40.0) == ("", LOST)


def test_c_missing_near_the_own_coast_is_clear(world: Countries) -> None:
    """Fear only other countries: near the outer edge of the own waters nobody else is."""
    away = 22_000.0
    coast = moved(-124.7, 43.0, 270.0, 0)
    while world.locate(*moved(*coast, 270.0, away)) == "":
        away -= 100
    lon, lat = moved(*coast, 270.0, away)
    assert decision(world, "", lat, lon) == ("US", INFERRED)


def test_c_a_fold_makes_a_neighbour_the_same(world: Countries) -> None:
    """Infer next to a border that the policy folds away, between Marigot and Philipsburg."""
    walk = [moved(-63.083, 18.068, 140.0, metres) for metres in range(0, 6000, 100)]
    text = [decision(world, "", lat, lon) for lon, lat in walk]
    assert {code for code, _ in text} == {"MF", "", "SX"}
    folded = reading(world, fold={"MF": "SX"})
    assert {decision(world, "", lat, lon, folded) for lon, lat in walk} == {("SX", INFERRED)}


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("CH", 47.5596, 7.5886),
        ("DE", 47.6975, 8.6886),
        ("AQ", -90.0, 0.0),
        ("PR", 18.4655, -66.1057),
    ],
)
def test_d_declared_where_it_lies(world: Countries, text: str, lat: float, lon: float) -> None:
    """Agree."""
    assert decision(world, text, lat, lon) == (text, AGREED)


@pytest.mark.parametrize(
    ("text", "lat", "lon", "code"),
    [
        ("FR", -20.8789, 55.4481, "RE"),
        ("US", 18.4655, -66.1057, "PR"),
        ("NO", 78.22, 15.63, "SJ"),
        ("GB", 36.1408, -5.3536, "GI"),
        ("CN", 22.2819, 114.1581, "HK"),
        ("NL", 12.1091, -68.9316, "CW"),
        ("DK", 64.1750, -51.7389, "GL"),
        ("NZ", -21.2070, -159.7750, "CK"),
    ],
)
def test_e_the_sovereign_stands_for_its_territory(
    world: Countries, text: str, lat: float, lon: float, code: str
) -> None:
    """Take the sovereign's name for a loose address: the territory decides."""
    assert decision(world, text, lat, lon) == (code, AGREED)


def test_e_another_territorys_name_does_not(world: Countries) -> None:
    """Review GU in the Virgin Islands: one sovereign does not make them one."""
    assert decision(world, "GU", 18.34, -64.93) == ("GU", CONFLICT)
    assert decision(world, "GP", -20.8789, 55.4481) == ("GP", CONFLICT)


@pytest.mark.parametrize(
    ("text", "lat", "lon"), [("HK", 22.54, 114.06), ("MO", 22.22, 113.54), ("AX", 60.30, 21.30)]
)
def test_f_a_territory_near_its_polygon(
    world: Countries, text: str, lat: float, lon: float
) -> None:
    """Let a territory's name stand on its sovereign's ground within 24 nautical miles of it."""
    assert (
        world.locate(lon, lat)
        == countries.load().names.codes[world.names.sovereign[world.names.known(text)]]
    )
    assert decision(world, text, lat, lon) == (text, AGREED)


@pytest.mark.parametrize(
    ("text", "lat", "lon"), [("HK", 23.13, 113.26), ("RE", 48.85, 2.35), ("PR", 25.77, -80.19)]
)
def test_f_a_territory_far_from_its_polygon(
    world: Countries, text: str, lat: float, lon: float
) -> None:
    """Review HK in Guangzhou, RE in Paris, PR in Miami."""
    assert decision(world, text, lat, lon) == (text, CONFLICT)


def test_f_the_24_miles_are_nautical(world: Countries) -> None:
    """Go north from Shenzhen: the name stands up to 44.4 km from Hong Kong's border."""
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    lat = 22.54 + np.arange(0, 0.6, 0.002)
    lon = np.full(len(lat), 114.06)
    number = world.names.numbers(["HK"] * len(lat))
    away = world.near_m(lon, lat, number, itself, 1e5)
    ground = assign_country(lon, lat, number, world, reading(world))[1]
    assert (world.locate(lon, lat) == "CN").all()
    assert away.min() < 24 * 1852 < away.max()
    np.testing.assert_array_equal(ground == AGREED, away <= 24 * 1852)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        (19.283, 166.636),  # Wake
        (28.207, -177.376),  # Midway
        (16.730, -169.530),  # Johnston
        (0.194, -176.476),  # Baker
        (0.807, -176.616),  # Howland
        (-0.375, -159.990),  # Jarvis
        (6.383, -162.400),  # Kingman
        (5.883, -162.080),  # Palmyra
    ],
)
def test_f_um_has_no_polygon(world: Countries, lat: float, lon: float) -> None:
    """Let UM stand, which lies in the polygon of the US; declared US it is the US."""
    assert decision(world, "UM", lat, lon) == ("UM", AGREED)
    assert decision(world, "US", lat, lon) == ("US", AGREED)
    assert decision(world, "", lat, lon) == ("US", INFERRED)


def test_g_a_street_over_the_border(world: Countries) -> None:
    """Let the declared country stand up to 250 m over the border, on both sides of it."""
    for text, lat, lon in (("CH", 47.6570, 9.1720), ("DE", 47.6545, 9.1745)):
        assert world.locate(lon, lat) != text
        assert decision(world, text, lat, lon) == (text, AGREED)


@pytest.mark.parametrize(("text", "other", "azimuth"), [("CH", "DE", 0), ("DE", "CH", 180)])
def test_g_the_reach_is_250_metres(world: Countries, text: str, other: str, azimuth: float) -> None:
    """Walk over the border at Kreuzlingen: agreed up to 250 m from it, then in conflict."""
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    middle = (9.1735, 47.6557)
    walk = [moved(*middle, azimuth, metres) for metres in range(0, 1500, 10)]
    lon, lat = np.array(walk).T
    abroad = world.locate(lon, lat) == other
    lon, lat = lon[abroad], lat[abroad]
    number = world.names.numbers([text] * len(lon))
    away = world.near_m(lon, lat, number, itself, 5000.0)
    assert away.min() < 250 < away.max()
    country, ground = assign_country(lon, lat, number, world, reading(world))
    assert (country == number).all()
    np.testing.assert_array_equal(ground == AGREED, away <= 250)
    assert set(ground[away > 250].tolist()) == {CONFLICT}


def test_h_piers_and_parks_off_the_coast(world: Countries) -> None:
    """Go out to sea: agreed up to 5 km from the waters, offshore up to 200 miles, then conflict."""
    itself = np.eye(len(world.names.codes), dtype=np.bool_)
    out = [moved(-124.7, 43.0, 270.0, metres) for metres in range(1000, 450_000, 500)]
    lon, lat = np.array(out).T
    nowhere = world.locate(lon, lat) == ""
    number = world.names.numbers(["US"] * len(lon))
    away = world.near_m(lon, lat, number, itself, 500_000.0)
    country, ground = assign_country(lon, lat, number, world, reading(world))
    assert (country == number).all()
    assert (ground[~nowhere] == AGREED).all()
    np.testing.assert_array_equal(ground[nowhere] == AGREED, away[nowhere] <= 5000)
    np.testing.assert_array_equal(ground[nowhere] == CONFLICT, away[nowhere] > 200 * 1852)
    assert set(ground[nowhere].tolist()) == {AGREED, OFFSHORE, CONFLICT}


@pytest.mark.parametrize(
    ("text", "lat", "lon", "ground"),
    [
        ("US", 28.8853, -90.0253, OFFSHORE),  # LOOP, 6 km outside
        ("US", 28.1900, -88.4950, OFFSHORE),  # Thunder Horse
        ("NO", 56.5500, 3.2100, OFFSHORE),  # Ekofisk
        ("GB", 61.0300, 1.7100, OFFSHORE),  # Brent
        ("PT", 30.0000, -40.0000, CONFLICT),  # in the middle of the Atlantic
        ("US", 90.0000, 0.0000, CONFLICT),  # the North Pole
        ("UM", 17.0000, -165.0000, CONFLICT),  # far from all that UM could be
    ],
)
def test_h_places_out_at_sea(
    world: Countries, text: str, lat: float, lon: float, ground: CountryBasis
) -> None:
    """Keep the declared country of what no country holds, with a doubt."""
    assert world.locate(lon, lat) == ""
    assert decision(world, text, lat, lon) == (text, ground)


@pytest.mark.parametrize(
    ("text", "lat", "lon"),
    [
        ("US", 19.93, -75.12),  # Guantánamo: Cuba's
        ("KE", 36.8172, -1.2864),  # Nairobi with latitude and longitude swapped
        ("VA", 41.9028, 12.4964),  # the middle of Rome
        ("DE", 47.5596, 7.5886),  # Basel
        ("EH", 33.57, -7.59),  # Casablanca
        ("US", -90.0, 0.0),  # Amundsen-Scott: Antarctica has no sovereign
    ],
)
def test_i_a_conflict(world: Countries, text: str, lat: float, lon: float) -> None:
    """Review what declares one country and lies in another; the declared one names the centers."""
    assert decision(world, text, lat, lon) == (text, CONFLICT)


# --------------------------------------------------------------------- what a policy may change


def test_trusting_the_declared_country(world: Countries, policy: Policy) -> None:
    """Let what is declared stand anywhere but at 0, 0; infer what is missing as ever."""
    rules = policy.convention(world.names, trust_declared=True)
    assert decision(world, "DE", 47.5596, 7.5886, rules) == ("DE", AGREED)
    assert decision(world, "US", 18.4655, -66.1057, rules) == ("US", AGREED)
    assert decision(world, "Atlantis", 47.5596, 7.5886, rules) == ("", LOST)
    assert decision(world, "DE", 0.0, 0.0, rules) == ("", NULL_ISLAND)
    assert decision(world, "", 47.5596, 7.5886, rules) == ("CH", INFERRED)
    assert decision(world, "", 47.588, 7.6, rules) == ("", LOST)


@pytest.mark.parametrize("text", ["PR", "US", ""])
def test_folding_territories(world: Countries, text: str) -> None:
    """Count San Juan as the United States where the policy folds their territories in."""
    rules = reading(world, fold_territories=["US"])
    ground = AGREED if text else INFERRED
    assert decision(world, text, 18.4655, -66.1057, rules) == ("US", ground)
    assert decision(world, "FR", -20.8789, 55.4481, rules) == ("RE", AGREED)


def test_folding_makes_territories_of_one_sovereign_agree(world: Countries) -> None:
    """Agree to GU in the Virgin Islands where both count as the United States."""
    rules = reading(world, fold_territories=["US"])
    assert decision(world, "GU", 18.34, -64.93, rules) == ("US", AGREED)
    assert decision(world, "PR", 25.77, -80.19, rules) == ("US", AGREED)


@pytest.mark.parametrize("text", ["EH", "MA", "Western Sahara"])
def test_folding_one_country_into_another(world: Countries, text: str) -> None:
    """Count Laayoune as Morocco where the policy says so, whichever it declares."""
    rules = reading(world, fold={"EH": "MA"})
    assert decision(world, text, 27.1500, -13.2000, rules) == ("MA", AGREED)
    assert decision(world, text, 33.5700, -7.5900, rules) == ("MA", AGREED)


def test_without_folding_the_disputed_is_a_conflict(world: Countries) -> None:
    """Review EH in Casablanca and MA far in the south by default: no list takes a side."""
    assert decision(world, "EH", 33.57, -7.59) == ("EH", CONFLICT)
    assert decision(world, "MA", 21.35, -16.95)[1] == CONFLICT
    assert decision(world, "EH", 21.35, -16.95) == ("EH", AGREED)


SIMFEROPOL = (44.95, 34.10)
AKROTIRI = (34.59, 32.98)


@pytest.mark.parametrize(
    ("rule", "text", "code", "ground"),
    [
        ("holder", "UA", "UA", AGREED),
        ("holder", "RU", "RU", CONFLICT),
        ("holder", "", "UA", INFERRED),
        ("declared", "UA", "UA", AGREED),
        ("declared", "RU", "RU", AGREED),
        ("declared", "", "", LOST),
        ("declared", "TR", "TR", CONFLICT),
        ("review", "UA", "UA", CONFLICT),
        ("review", "RU", "RU", CONFLICT),
        ("review", "Atlantis", "", LOST),
    ],
)
def test_contested_crimea(
    world: Countries, rule: str, text: str, code: str, ground: CountryBasis
) -> None:
    """Read a zone that two hold as its holder's, as whichever is declared, or for review."""
    assert world.locate(SIMFEROPOL[1], SIMFEROPOL[0]) == "UA"
    assert decision(world, text, *SIMFEROPOL, reading(world, contested=rule)) == (code, ground)


@pytest.mark.parametrize(
    ("rule", "text", "code", "ground"),
    [
        ("holder", "CY", "CY", AGREED),
        ("holder", "GB", "GB", CONFLICT),
        ("declared", "GB", "GB", AGREED),
        ("declared", "UK", "GB", AGREED),
        ("review", "CY", "CY", CONFLICT),
    ],
)
def test_contested_akrotiri(
    world: Countries, rule: str, text: str, code: str, ground: CountryBasis
) -> None:
    """Have the base areas as Cyprus, unless the policy lets Britain say so."""
    assert decision(world, text, *AKROTIRI, reading(world, contested=rule)) == (code, ground)


def test_a_decision_does_not_depend_on_its_company(world: Countries) -> None:
    """Decide many points at once as each alone."""
    rng = np.random.default_rng(3)
    away = rng.uniform(0, 360, 300), rng.uniform(0, 9e3, 300)
    x, y, _ = EARTH.fwd([7.59] * 300, [47.56] * 300, *away)
    lon, lat = np.array(x), np.array(y)
    declared = world.names.numbers(rng.choice(["CH", "DE", "FR", "", "?"], 300).tolist())
    rules = reading(world)
    country, ground = assign_country(lon, lat, declared, world, rules)
    for i in range(0, 300, 7):
        one = slice(i, i + 1)
        alone = assign_country(lon[one], lat[one], declared[one], world, rules)
        assert (alone[0][0], alone[1][0]) == (country[i], ground[i])
    assert set(ground.tolist()) >= {AGREED, INFERRED, LOST, CONFLICT}


def test_nothing_is_decided_of_nothing(world: Countries) -> None:
    """Bear no points at all, and leave the declared numbers as they were."""
    none = np.zeros(0)
    country, ground = assign_country(none, none, np.zeros(0, np.int16), world, reading(world))
    assert (len(country), len(ground)) == (0, 0)
    declared = world.names.numbers(["FR"])
    assign_country(np.array([55.4481]), np.array([-20.8789]), declared, world, reading(world))
    assert world.names.codes[declared[0]] == "FR"
