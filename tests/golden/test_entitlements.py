"""Questions about programmes, each answer worked out by hand from the vendor's page.

What the page says, in short:

- Extended Support covers XenDesktop 7.15 LTSR, 7.6 LTSR, 5.x; XenApp 7.15 LTSR, 7.6 LTSR, 6.5,
  6.0, 5.0 for Windows Server 2008; XenServer 7.1 LTSR. It takes support for Windows by its vendor,
  current Customer Success Services, and base support for the product line, in whatever country.
- TRM is sold, from 2019-01-01 on, in APJ, LAC and some countries of EMEA only, with any software
  or appliance maintenance agreement. Existing agreements may be renewed until 2019-10-01, for one
  year.
- Of Priority and Priority Plus it says what they are, but not who can buy them.
"""

from typing import Any

import pytest

import coverage_analyzer as ca
from coverage_analyzer.errors import InputError
from coverage_analyzer.programmes.model import Programme

ALL = {"success_services": True, "base_support": True, "os_vendor_support": True}
APPLIES, NOT, UNKNOWN, UNSTATED = "applies", "does not apply", "unknown", "not stated"
NONE_HELD = {"relationship_management": False}

Case = tuple[dict[str, Any], str, str, str, str]

EXTENDED = {
    # Each version of the list, with all three prerequisites.
    "xendesktop-715": ((ALL, "XenDesktop", "7.15 LTSR", "DE", "2020-01-01"), APPLIES, ""),
    "xendesktop-76": ((ALL, "XenDesktop", "7.6 LTSR", "US", "2020-01-01"), APPLIES, ""),
    "xendesktop-5x": ((ALL, "XenDesktop", "5.6", "JP", "2020-01-01"), APPLIES, ""),
    "xendesktop-5x-itself": ((ALL, "XenDesktop", "5.x", "JP", "2020-01-01"), APPLIES, ""),
    "xenapp-715": ((ALL, "XenApp", "7.15 LTSR", "BR", "2020-01-01"), APPLIES, ""),
    "xenapp-76": ((ALL, "xenapp", "v7.6 ltsr", "GB", "2020-01-01"), APPLIES, ""),
    "xenapp-65": ((ALL, "Citrix XenApp", "6.5", "GB", "2020-01-01"), APPLIES, ""),
    "xenapp-60": ((ALL, "XenApp", "6.0", "ZA", "2020-01-01"), APPLIES, ""),
    "xenapp-6-is-60": ((ALL, "XenApp", "6", "ZA", "2020-01-01"), APPLIES, ""),
    "xenapp-50": (
        (ALL, "XenApp", "5.0 for Windows Server 2008", "IN", "2020-01-01"),
        APPLIES,
        "",
    ),
    "xenserver-71": ((ALL, "XenServer", "7.1LTSR", "FR", "2020-01-01"), APPLIES, ""),
    "family-name": ((ALL, "Citrix Hypervisor", "7.1 LTSR", "FR", "2020-01-01"), APPLIES, ""),
    "country-does-not-matter": ((ALL, "XenApp", "6.5", "", "2020-01-01"), APPLIES, ""),
    # Not on the list: 7.16; 6.5 belongs to XenApp; 5.0 on another Windows; 7.10 is not 7.1.
    "version-716": ((ALL, "XenApp", "7.16", "DE", "2020-01-01"), NOT, "7.16"),
    "version-of-another": ((ALL, "XenDesktop", "6.5", "DE", "2020-01-01"), NOT, "6.5"),
    "windows-2003": (
        (ALL, "XenApp", "5.0 for Windows Server 2003", "DE", "2020-01-01"),
        NOT,
        "2003",
    ),
    "710-is-not-71": ((ALL, "XenServer", "7.10 LTSR", "DE", "2020-01-01"), NOT, "7.10"),
    "current-release": ((ALL, "XenApp", "7.6 CR", "DE", "2020-01-01"), NOT, "7.6 CR"),
    "appliance": ((ALL, "NetScaler MPX", "12.1", "DE", "2020-01-01"), NOT, "'NetScaler MPX'"),
    # 7.15 alone may be the LTSR or not; of updates within a version the page says nothing.
    "715-of-which-kind": ((ALL, "XenApp", "7.15", "DE", "2020-01-01"), UNKNOWN, ""),
    "50-on-what": ((ALL, "XenApp", "5.0", "DE", "2020-01-01"), UNKNOWN, ""),
    "some-seven": ((ALL, "XenApp", "7.x", "DE", "2020-01-01"), UNKNOWN, ""),
    "update-of-715": ((ALL, "XenApp", "7.15 LTSR CU3", "DE", "2020-01-01"), UNSTATED, ""),
    "build-of-76": ((ALL, "XenApp", "7.6.300 LTSR", "DE", "2020-01-01"), UNSTATED, ""),
    "windows-2008-r2": (
        (ALL, "XenApp", "5.0 for Windows Server 2008 R2", "DE", "2020-01-01"),
        UNSTATED,
        "",
    ),
    "no-version": ((ALL, "XenApp", "", "DE", "2020-01-01"), UNKNOWN, ""),
    "version-in-words": ((ALL, "XenApp", "newest", "DE", "2020-01-01"), UNKNOWN, ""),
    "no-product": ((ALL, "", "6.5", "DE", "2020-01-01"), UNKNOWN, ""),
    "slip-of-the-pen": ((ALL, "XenDesktp", "5.6", "DE", "2020-01-01"), UNKNOWN, ""),
    # One prerequisite fails, or is not known.
    "no-windows-support": (
        (ALL | {"os_vendor_support": False}, "XenApp", "6.5", "DE", "2020-01-01"),
        NOT,
        "vendor of the operating system",
    ),
    "success-services-ended": (
        (ALL | {"success_services": "2019-12-31"}, "XenApp", "6.5", "DE", "2020-01-01"),
        NOT,
        "Customer Success Services",
    ),
    "success-services-last-day": (
        (ALL | {"success_services": "2020-01-01"}, "XenApp", "6.5", "DE", "2020-01-01"),
        APPLIES,
        "",
    ),
    "base-support-of-another-line": (
        (
            ALL | {"base_support": {"XenServer": True, "XenApp": False}},
            "XenApp",
            "6.5",
            "DE",
            "2020-01-01",
        ),
        NOT,
        "agreement for XenApp",
    ),
    "base-support-by-family-name": (
        (ALL | {"base_support": {"citrix xenapp": True}}, "XenApp", "6.5", "DE", "2020-01-01"),
        APPLIES,
        "",
    ),
    "base-support-not-told": (
        (ALL | {"base_support": {"XenServer": True}}, "XenApp", "6.5", "DE", "2020-01-01"),
        UNKNOWN,
        "",
    ),
    "windows-support-not-told": (
        (ALL | {"os_vendor_support": None}, "XenApp", "6.5", "DE", "2020-01-01"),
        UNKNOWN,
        "",
    ),
    # What is missing settles it, whatever else is not known.
    "missing-outweighs-unknown": (
        ({"success_services": False}, "XenApp", "7.15", "DE", "2020-01-01"),
        NOT,
        "Customer Success Services",
    ),
    # Where both are silent, the page's silence is told: no customer can mend it.
    "silence-outweighs-unknown": (
        ({}, "XenApp", "7.15 LTSR CU3", "DE", "2020-01-01"),
        UNSTATED,
        "",
    ),
}

MAINTAINED = {"software_maintenance": True} | NONE_HELD
APPLIANCE = {"appliance_maintenance": "2026-12-31", "software_maintenance": False} | NONE_HELD

TRM = {
    # APJ and LAC are markets; either kind of maintenance will do.
    "japan": ((MAINTAINED, "", "", "Japan", "2019-06-01"), APPLIES, ""),
    "australia": ((APPLIANCE, "", "", "AU", "2026-12-31"), APPLIES, ""),
    "brazil": ((MAINTAINED, "", "", "BRA", "2026-12-01"), APPLIES, ""),
    "market-on-the-first-day": ((MAINTAINED, "", "", "JP", "2019-01-01"), APPLIES, ""),
    # Before that day the page is silent.
    "market-a-day-before": ((MAINTAINED, "", "", "JP", "2018-12-31"), UNSTATED, ""),
    # Appliance maintenance has run out, and there is no other.
    "maintenance-ended": (
        (APPLIANCE, "", "", "AU", "2027-01-01"),
        NOT,
        "maintenance agreement",
    ),
    "no-maintenance-told": ((NONE_HELD, "", "", "AU", "2026-12-01"), UNKNOWN, ""),
    # "Select markets only": the United States are not among those named.
    "united-states": ((MAINTAINED, "", "", "US", "2026-12-01"), NOT, "US (United States"),
    # Some countries of EMEA, of which none is named.
    "germany": ((MAINTAINED, "", "", "DE", "2026-12-01"), UNSTATED, ""),
    # A territory of the US in the Caribbean: in neither list.
    "puerto-rico": ((MAINTAINED, "", "", "PR", "2026-12-01"), UNSTATED, ""),
    "no-country": ((MAINTAINED, "", "", "", "2026-12-01"), UNKNOWN, ""),
    # An agreement in force applies wherever it is, to its last day.
    "running-in-the-us": (
        ({"relationship_management": "2020-05-31"}, "", "", "US", "2020-05-31"),
        APPLIES,
        "",
    ),
    "ended-in-the-us": (
        ({"relationship_management": "2020-05-31"}, "", "", "US", "2020-06-01"),
        NOT,
        "",
    ),
    "not-told-in-the-us": (
        (MAINTAINED | {"relationship_management": None}, "", "", "US", "2026-12-01"),
        UNKNOWN,
        "",
    ),
}

RUNS: dict[str, Any] = {"relationship_management": True}

RENEWAL = {
    # Asked in the US, where nothing is sold anew: until 2019-10-01, one more year, once.
    "last-day": (
        (RUNS | {"relationship_management_renewed": False}, "", "", "US", "2019-10-01"),
        APPLIES,
        "",
    ),
    "a-day-late": (
        (RUNS | {"relationship_management_renewed": False}, "", "", "US", "2019-10-02"),
        NOT,
        "2019-10-01",
    ),
    "second-time": (
        (RUNS | {"relationship_management_renewed": True}, "", "", "US", "2019-09-01"),
        NOT,
        "additional year",
    ),
    "renewed-or-not-told": ((RUNS, "", "", "US", "2019-09-01"), UNKNOWN, ""),
    "nothing-to-renew": (
        (NONE_HELD | {"relationship_management_renewed": False}, "", "", "JP", "2019-09-01"),
        NOT,
        "agreement in force",
    ),
}

PRIORITY = {
    "held": (({"priority": True}, "", "", "US", "2026-12-01"), APPLIES, ""),
    "held-until-today": (({"priority": "2026-12-01"}, "", "", "US", "2026-12-01"), APPLIES, ""),
    # Whoever has it not may be able to buy it: the page does not say.
    "not-held": (({"priority": False}, "", "", "US", "2026-12-01"), UNSTATED, ""),
    "plus-is-not-priority": (
        ({"priority_plus": True, "priority": False}, "", "", "US", "2026-12-01"),
        UNSTATED,
        "",
    ),
    "not-told": (({}, "", "", "US", "2026-12-01"), UNKNOWN, ""),
}

PLUS = {
    "plus-held": (({"priority_plus": True}, "", "", "US", "2026-12-01"), APPLIES, ""),
    "plus-ended": (({"priority_plus": "2026-11-30"}, "", "", "", "2026-12-01"), UNSTATED, ""),
}

CASES = [
    pytest.param(offer, *case, id=f"{offer}-{name}")
    for offer, cases in (
        ("extended-support", EXTENDED),
        ("technical-relationship-management", TRM),
        ("technical-relationship-management-renewal", RENEWAL),
        ("priority", PRIORITY),
        ("priority-plus", PLUS),
    )
    for name, case in cases.items()
]


def dated(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with ISO days as days."""
    return {k: ca_day(v) if isinstance(v, str) else v for k, v in facts.items()}


def ca_day(text: str) -> Any:
    """Return a day."""
    from coverage_analyzer.schema.days import day

    return day(text)


@pytest.mark.parametrize(("offer", "case", "answer", "missing"), CASES)
def test_golden(offer: str, case: Case, answer: str, missing: str) -> None:
    """The answer, and what is named as missing where one thing is."""
    facts, *question = case
    result = ca.entitlements(dated(facts), *question)[offer]
    assert str(result.answer) == answer
    assert missing in " ".join(result.missing)
    assert bool(result.missing) == (answer == NOT)
    if answer != NOT:  # else what cannot be told does not matter
        assert bool(result.undecided) == (answer != APPLIES)
    assert result.clauses
    assert set(result.clauses) <= set(Programme.builtin()[result.programme].clauses.values())


def test_a_country_that_is_none_is_refused() -> None:
    """A slip must not read as a country that is not known."""
    with pytest.raises(InputError, match="'Atlantis' is not a known country"):
        ca.entitlements({}, country="Atlantis")


def test_every_clause_of_every_programme_is_reached() -> None:
    """A clause that no answer and no row of a table cites is one that the program does not keep."""
    cited: dict[str, set[str]] = {name: set() for name in Programme.builtin()}
    for parameters in CASES:
        _, (facts, *question), *_ = parameters.values
        for result in ca.entitlements(dated(facts), *question):
            cited[result.programme] |= set(result.clauses)
    for name, programme in Programme.builtin().items():
        shown = {programme.clauses[feature.clause] for feature in programme.features}
        assert cited[name] | shown == set(programme.clauses.values())
