"""Golden cases of levels without a distance, each named after its trap; worked out by hand.

A center in Basel (CH) and one in Freiburg (DE). Sites lie within the limit (20 km) of Freiburg, or
far from both.
"""

import tomllib
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.matching.eligibility import EligibilityChecker
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.model import register

POLICY: Final = """
format = 2
name = "offered-terms"
title = "Offered terms"

[source]
title = "A contract with levels by country and product"

[[levels]]
id = "onsite"
title = "On-site 4 hours"

[[levels]]
id = "parts"
title = "Parts 4 hours"

[[levels]]
id = "next-day"
title = "Next day"

[[levels]]
id = "depot"
title = "Depot"

[qualification]
same_country = true
fallback = "depot"
interim = "depot"
fallback_clause = "all"

[[bands]]
level = "parts"
countries = ["*"]
up_to_km = 20
clause = "near"

[[offers]]
level = "next-day"
countries = ["DE", "FR"]
clause = "countries"

[[offers]]
level = "onsite"
countries = ["DE"]
products = ["MPX 9100", "SDX 14"]
clause = "products"

[[offers]]
level = "parts"
countries = ["SG"]
clause = "city"

[gates.request]
clause = "all"

[gates.components]
excluded = ["SSD"]
clause = "all"

[clauses]
near = "Within 20 km of a center."
countries = "Next day in Germany and France."
products = "On site in Germany for two products."
city = "Parts within 4 hours everywhere in Singapore."
all = "As agreed."
"""

NEAR: Final = (47.99, 7.90, "DE")
FAR: Final = (52.52, 13.40, "DE")
PARIS: Final = (48.8566, 2.3522, "FR")
MADRID: Final = (40.4168, -3.7038, "ES")
CITY: Final = (1.3521, 103.8198, "SG")
UNKNOWN: Final = (52.52, 13.40, "Atlantis")

CASES: Final = {
    # by distance, product, purchased level, component: level, status, reason
    "a band beats a worse offer": (NEAR, "", "", "", "Parts 4 hours", "qualified", "within_radius"),
    "beyond the band the offer": (FAR, "", "", "", "Next day", "fallback", "beyond_radius"),
    "another country of the offer": (
        PARIS, "", "", "", "Next day", "fallback", "no_center_in_country",
    ),
    "no offer in the country": (MADRID, "", "", "", "Depot", "fallback", "no_center_in_country"),
    "a city offered as a whole": (
        CITY, "", "", "", "Parts 4 hours", "fallback", "no_center_in_country",
    ),
    "the product of a better offer": (
        FAR, "mpx  9100", "", "", "On-site 4 hours", "fallback", "beyond_radius",
    ),
    "another product": (FAR, "MPX 8000", "", "", "Next day", "fallback", "beyond_radius"),
    "a better offer than the band": (
        NEAR, "SDX 14", "", "", "On-site 4 hours", "qualified", "within_radius",
    ),
    "the product is not offered abroad": (
        PARIS, "SDX 14", "", "", "Next day", "fallback", "no_center_in_country",
    ),
    "bought without a band": (
        FAR, "", "On-site 4 hours", "", "On-site 4 hours", "fallback", "beyond_radius",
    ),
    "bought without a band, near a center": (
        NEAR, "SDX 14", "onsite", "", "On-site 4 hours", "fallback", "level_not_requested",
    ),
    "bought less than is offered": (
        FAR, "SDX 14", "Next day", "", "Next day", "fallback", "beyond_radius",
    ),
    "bought less than the band": (
        NEAR, "", "next-day", "", "Next day", "fallback", "level_not_requested",
    ),
    "bought better than is reached": (
        FAR, "", "Parts 4 hours", "", "Next day", "fallback", "beyond_radius",
    ),
    "bought as it is offered in the city": (
        CITY, "", "Parts 4 hours", "", "Parts 4 hours", "fallback", "no_center_in_country",
    ),
    "bought, but not offered here": (
        MADRID, "", "Next day", "", "Depot", "review", "not_offered_in_country",
    ),
    "bought, but not for this product": (
        FAR, "MPX 8000", "On-site 4 hours", "", "Next day", "review", "level_not_requested",
    ),
    "bought the fallback": (FAR, "", "Depot", "", "Depot", "fallback", "beyond_radius"),
    "an unknown level was bought": (
        FAR, "", "Platinum", "", "Depot", "review", "level_not_requested",
    ),
    "an unknown level was bought, near": (
        NEAR, "", "Platinum", "", "Depot", "review", "level_not_requested",
    ),
    "an excluded component near": (
        NEAR, "", "", "SSD", "Next day", "fallback", "component_excluded",
    ),
    "an excluded component where its level is offered": (
        CITY, "", "", "SSD", "Depot", "fallback", "no_center_in_country",
    ),
    "an excluded component and a level without bands": (
        FAR, "SDX 14", "", "SSD", "On-site 4 hours", "fallback", "beyond_radius",
    ),
    "the country is in doubt": (UNKNOWN, "", "", "", "Depot", "review", "country_unknown"),
}  # fmt: skip


@pytest.fixture(scope="module")
def offered() -> Policy:
    """Return the policy."""
    return Policy.from_mapping(tomllib.loads(POLICY))


@pytest.fixture(scope="module")
def centers() -> pd.DataFrame:
    """Return the two centers."""
    return pd.DataFrame(
        {
            "center_id": ["BASEL", "FREIBURG"],
            "country": ["CH", "DE"],
            "latitude": [47.5596, 47.999],
            "longitude": [7.5886, 7.8421],
        }
    )


@pytest.fixture(scope="module")
def sites() -> pd.DataFrame:
    """Return a site for each case."""
    places = [case[0] for case in CASES.values()]
    return pd.DataFrame(
        {
            "site_id": list(CASES),
            "latitude": [place[0] for place in places],
            "longitude": [place[1] for place in places],
            "country": [place[2] for place in places],
            "product": [case[1] for case in CASES.values()],
            "requested_level": [case[2] for case in CASES.values()],
            "component": [case[3] for case in CASES.values()],
        }
    )


@pytest.fixture(scope="module")
def verdicts(sites: pd.DataFrame, centers: pd.DataFrame, offered: Policy) -> Any:
    """Return the verdicts on all cases, by site."""
    return ca.assess(sites, centers, offered, as_of="2026-12-01").set_index("site_id")


@pytest.mark.parametrize("name", CASES)
def test_offers(verdicts: Any, name: str) -> None:
    """Level, status and reason of each case."""
    row = verdicts.loc[name]
    assert (row["level"], row["status"], row["reason"]) == CASES[name][4:]


@pytest.mark.parametrize("name", ["beyond the band the offer", "no offer in the country"])
def test_the_clause_of_the_offer_decides(centers: pd.DataFrame, offered: Policy, name: str) -> None:
    """An explanation cites the offer, else the clause of the fallback."""
    lat, lon, country = CASES[name][0]
    story = ca.explain(
        centers, offered, latitude=lat, longitude=lon, country=country, as_of="2026-12-01"
    )
    assert ("Next day in Germany and France." in story.clauses) == (story.level == "Next day")
    assert ("As agreed." in story.clauses) == (story.level == "Depot")


def test_a_pending_site_has_what_is_offered_meanwhile(sites: Any, offered: Policy) -> None:
    """The better of the interim level and the offer."""
    planned = pd.DataFrame(
        {
            "center_id": ["FREIBURG"],
            "country": ["DE"],
            "latitude": [47.999],
            "longitude": [7.8421],
            "opens_on": ["2027-02-01"],
        }
    )
    near = sites[sites["site_id"] == "a band beats a worse offer"]
    (row,) = ca.assess(near, planned, offered, as_of="2026-12-01").to_dict("records")
    assert (row["level"], row["status"]) == ("Next day", "pending")


def test_missing_products_are_reported(offered: Policy, world: Any) -> None:
    """The column is one that rules read, though no product table is given."""
    checker = EligibilityChecker(offered, None, world, pd.Timestamp("2026-12-01").to_datetime64())
    assert "product" in checker.columns
    assert checker.not_checked(["component", "requested_level"]) == ["product"]


def test_offers_are_described(offered: Policy) -> None:
    """In the text of the policy, and by country."""
    assert "offer     Next day: in DE, FR\n" in offered.described()
    assert "On-site 4 hours: in DE, for MPX 9100, SDX 14" in offered.described()
    assert offered.fallback_in("DE").title == "Next day"
    assert offered.fallback_in("ES").title == "Depot"
    assert offered.needs_country


def test_a_policy_with_offers_is_registered(tmp_path: Any) -> None:
    """It is not taken for a support programme, which has offers, too."""
    (tmp_path / "terms.toml").write_text(POLICY, encoding="utf-8")
    try:
        assert register(tmp_path) == ("offered-terms",)
    finally:
        Policy.unregister("offered-terms")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('level = "parts"\ncountries = ["SG"]', 'level = "part"\ncountries = ["SG"]', "'parts'"),
        ('countries = ["SG"]', 'countries = ["XX"]', "offers.2.countries: 'XX' is not"),
        ('countries = ["SG"]', "countries = []", "offers.2.countries"),
        ("format = 2", "format = 1", "offers: needs format = 2."),
        ('clause = "city"', 'clause = "town"', "offers.2.clause: unknown clause"),
    ],
)
def test_mistakes_in_offers(old: str, new: str, words: str) -> None:
    """The message names the key."""
    assert POLICY.count(old) == 1
    with pytest.raises(PolicyError) as error:
        Policy.from_mapping(tomllib.loads(POLICY.replace(old, new)))
    assert words in str(error.value)


LOST: Final = '[[levels]]\nid = "lost"\ntitle = "Lost"\n\n[[levels]]\nid = "depot"'

FAR_BAND: Final = """up_to_km = 20
clause = "near"

[[bands]]
level = "onsite"
countries = ["*"]
above_km = 20
up_to_km = 50
clause = "near"
"""

LEVELS: Final = {
    "a level that nothing gives": (
        ('[[levels]]\nid = "depot"', LOST),
        "levels.3: no site can have 'lost'",
    ),
    "a better level beyond a worse one": (
        ('up_to_km = 20\nclause = "near"\n', FAR_BAND),
        "bands (*): 'onsite' up to 50 km is a better level than 'parts' up to 20 km",
    ),
}
"""Faults of levels: what is replaced, and the message."""


@pytest.mark.parametrize("name", LEVELS)
def test_the_order_of_levels(name: str) -> None:
    """Each is an error of format 2, and a warning of format 1."""
    (old, new), words = LEVELS[name]
    text = POLICY.replace('[gates.request]\nclause = "all"\n', "").replace(old, new)
    with pytest.raises(PolicyError) as error:
        Policy.from_mapping(tomllib.loads(text))
    assert words in str(error.value)
    data = tomllib.loads(text.replace("_km", "_miles")) | {"format": 1}
    data.pop("offers")
    assert any(
        warning.startswith(words.replace(" km", " miles").partition(":")[0])
        for warning in Policy.from_mapping(data).warnings
    )


def test_what_was_purchased_can_be_any_level() -> None:
    """With ``[gates.request]`` a level without band and offer is the one that was purchased."""
    (old, new), _ = LEVELS["a level that nothing gives"]
    assert Policy.from_mapping(tomllib.loads(POLICY.replace(old, new))).titles[3] == "Lost"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("the product of a better offer", "On-site 4 hours is offered for this site at any"),
        ("a city offered as a whole", "Parts 4 hours is offered for this site at any distance."),
        ("a band beats a worse offer", "Parts 4 hours requires a service center within 20 km"),
        ("beyond the band the offer", "Parts 4 hours is not available for this site: no open"),
    ],
)
def test_a_letter_says_what_is_offered(
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    offered: Policy,
    tmp_path: Path,
    name: str,
    words: str,
) -> None:
    """A level without a distance is not explained by one."""
    pytest.importorskip("holidays", reason="the extra terms is not installed")
    files = {"sites": sites, "centers": centers}
    for what, frame in files.items():
        frame.to_csv(tmp_path / f"{what}.csv", index=False)
    text = batch.site_letter(
        tmp_path / "sites.csv", name, tmp_path / "centers.csv", policy=offered, as_of="2026-12-01"
    )
    assert words in text
