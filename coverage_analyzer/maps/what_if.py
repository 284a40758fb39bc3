"""What the page needs to try changes of centers: the part of the rule that distance decides.

The page answers at once and decides nothing: it saves the centers as a file, and a run decides.
What it cannot know is refused in words here, so that it never guesses.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coverage_analyzer.countries import NONE, Names, Numbers
from coverage_analyzer.matching.centers import DAYS, TEXTS, Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.distances import METRES
from coverage_analyzer.policy.rules import ALL_OTHERS, Band

ONE_BY_ONE: Final = (
    "Changes cannot be tried on this map, because it does not have all sites one by one: there are "
    "too many. Use coverage-analyzer what-if."
)
BY_ROAD: Final = (
    "Changes cannot be tried on this map, because the policy measures by road, which no straight "
    "line decides. Use coverage-analyzer what-if, then drive-times."
)
NO_DISTANCE: Final = (
    "Changes cannot be tried on this map, because no level of the policy depends on the distance "
    "to a center."
)
LEVELS_AND_RULES: Final = (
    "Changes cannot be tried on this map, because the level of a site depends on several distances "
    "and on other rules: on columns of the sites, or on where a level is offered. Use "
    "coverage-analyzer what-if."
)
OFFERED: Final = (
    "Changes cannot be tried on this map, because the policy offers levels without a distance. Use "
    "coverage-analyzer what-if."
)
STARTS: Final = (
    "Changes cannot be tried on this map, because days of the sites decide when a level starts. "
    "Use coverage-analyzer what-if."
)
NOT_KEPT: Final = (
    "Changes cannot be tried on this map, because an earlier version made the run, which did not "
    "keep the policy. Run again."
)


@dataclass(frozen=True)
class WhatIfRules:
    """The rule of a run, as far as distance decides.

    Attributes
    ----------
    policy
        The policy; None if it is not known.
    fold
        The country that each country counts as, by number.
    has_rules
        Whether eligibility rules read columns of the sites.
    has_products
        Whether the phases of products were checked, so that a rule may fail on a later day.
    trusts_declared
        Whether a declared country counts wherever the site is, so that no area ends at a border.
    """

    policy: Policy | None
    fold: Numbers | None = None
    has_rules: bool = False
    has_products: bool = False
    trusts_declared: bool = False

    @classmethod
    def of(cls, matcher: Matcher, *, has_rules: bool) -> "WhatIfRules":
        """Return the rule of a matcher.

        Parameters
        ----------
        matcher
            The matcher of the verdicts on the map.
        has_rules
            Whether the sites have a column that an eligibility rule reads.
        """
        return cls(
            matcher.policy,
            matcher.convention.fold,
            has_rules=has_rules,
            has_products=matcher.gates.products is not None,
            trusts_declared=matcher.convention.trust_declared,
        )

    @property
    def refused(self) -> str:
        """Why changes cannot be tried, in words; empty if they can."""
        if self.policy is None:
            return NOT_KEPT
        if any(band.metric != "geodesic" for band in self.policy.bands):
            return BY_ROAD
        several = len({band.level for band in self.policy.bands}) > 1
        has_rules = self.has_rules or self.policy.restricts_offers
        reasons = {
            NO_DISTANCE: not self.policy.bands,
            OFFERED: bool(self.policy.offers),
            STARTS: self.policy.has_start_rules and self.has_rules,
            LEVELS_AND_RULES: several and has_rules,
        }
        return next((text for text, is_so in reasons.items() if is_so), "")

    def page_data(self, centers: Centers, country: Numbers, names: Names) -> dict[str, Any]:
        """Return what the page needs.

        Parameters
        ----------
        centers
            As used, sorted by id.
        country
            The number of the assigned country of each.
        names
            The table of countries.
        """
        policy, fold = self.policy, self.fold
        assert policy is not None
        assert fold is not None
        codes = names.codes
        folded = np.flatnonzero(fold != np.arange(len(fold))).tolist()
        known = [number for number in range(len(codes)) if number != NONE and codes[number]]
        header, rows = _as_given(centers)
        return {
            "same_country": policy.qualification.same_country,
            "ranks": list(policy.titles),
            "fallback": policy.level_position(policy.qualification.fallback),
            "interim": policy.level_position(policy.qualification.interim),
            "bands": _bands(policy),
            "codes": [codes[number] for number in known],
            "titles": [names.titles[number] for number in known],
            "fold": [[codes[number], codes[fold[number]]] for number in folded],
            "has_products": self.has_products,
            "areas_are_cut": policy.qualification.same_country and not self.trusts_declared,
            "header": header,
            "rows": rows,
            "center_codes": [codes[number] for number in country.tolist()],
        }


def _miles(band: Band) -> float:
    """Return the upper limit of a band in miles, unrounded."""
    return band.up_to if band.unit == "miles" else band.up_to_m / METRES["miles"]


def _bands(policy: Policy) -> list[dict[str, Any]]:
    """Return the bands of each group of countries, those of all others last."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for code in sorted({code for band in policy.bands for code in band.countries} - {ALL_OTHERS}):
        groups.setdefault(policy.bands_in(code), []).append(code)
    others = policy.bands_in(ALL_OTHERS)
    return [
        {
            "countries": countries,
            "up_to": [_miles(band) for band in bands],
            "levels": [policy.level_position(band.level) for band in bands],
        }
        for bands, countries in (*groups.items(), (others, [ALL_OTHERS]))
    ]


def _as_given(centers: Centers) -> tuple[list[str], list[list[str]]]:
    """Return the centers as a table that `run` reads as they were given: header and rows.

    An opening day that was derived from the order is left out, as it will be derived again.
    """
    columns: dict[str, list[str]] = {}
    for name in TEXTS:
        columns[name] = list(getattr(centers, name)) or [""] * len(centers)
    columns["latitude"] = list(map(repr, centers.lat.tolist()))
    columns["longitude"] = list(map(repr, centers.lon.tolist()))
    derived = ~np.isnat(centers.earliest_on)
    for name in DAYS:
        days = getattr(centers, name)
        blank = np.isnat(days) | (derived & (name == "opens_on"))
        columns[name] = ["" if no else str(day) for no, day in zip(blank, days, strict=True)]
    needed = ("center_id", "name", "country", "latitude", "longitude")
    header = [*needed, *(n for n in columns if n not in needed and any(columns[n]))]
    return header, [list(row) for row in zip(*(columns[n] for n in header), strict=True)]
