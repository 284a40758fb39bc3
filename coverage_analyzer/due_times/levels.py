"""The level of a site on a day, and the open center that ships to it.

A verdict names the center that decides; until that one opens, another ships.
"""

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.regions import AssignedRegions
from coverage_analyzer.due_times.requests import MatchedRequest
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.in_force import OWN_DAY
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.matching.products import Products
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.rules import Level
from coverage_analyzer.schema.days import NO_DAY
from coverage_analyzer.schema.verdict import Reason, Status


class LevelOnDay(NamedTuple):
    """The verdict on a site, and the center that ships to it.

    ``center`` is the position of the open center that ships, or `NO_CENTER`, ``center_country`` its
    country and ``center_region`` its region, if known; ``papers`` says whether the site's country
    requires export approval; ``opens`` names the pending center and its opening day, ``starts`` is
    the day on which a level is in force that is not yet, and ``by_road`` says whether road distance
    must still confirm it.
    """

    level: Level
    status: Status
    reason: str
    country: str
    center: int
    center_country: str
    center_region: str
    papers: bool
    opens: tuple[str, datetime.date] | None
    by_road: bool
    starts: datetime.date | None = None


@dataclasses.dataclass(frozen=True)
class LevelLookup:
    """The levels of a policy for the given centers, on any day."""

    centers: Centers
    policy: Policy
    world: Countries
    _: dataclasses.KW_ONLY
    trust_declared: bool = False
    products: Products | None = None

    @functools.cached_property
    def regions(self) -> AssignedRegions:
        """Region of each center, and a warning about values that are not codes of its country.

        Raises
        ------
        InputError
            If the country of a center is uncertain.
        """
        convention = self.policy.convention(self.world.names, trust_declared=self.trust_declared)
        country = self.centers.assigned_countries(self.world, convention)
        return self.centers.assigned_regions(country, self.world.names)

    def on_day(self, cases: Sequence[MatchedRequest], day: datetime.date) -> list[LevelOnDay]:
        """Return the verdict on each request's site on a day, including eligibility rules.

        Raises
        ------
        InputError
            If there is no center, or the country of one is uncertain.
        """
        matcher = self._matcher(self.centers, day)
        sites, facts = matcher.inputs(_site_rows(cases))
        verdicts = matcher.match(sites, facts)
        reasons = matcher.columns(verdicts)["reason"].to_pylist()
        shipping = self._shipping(verdicts, sites, matcher)
        codes = self.world.names.codes
        return [
            LevelOnDay(
                level=self.policy.level_at(verdicts.level[n]),
                status=Status(verdicts.status[n]),
                reason=reasons[n],
                country=codes[max(verdicts.country[n], 0)],
                center=center,
                center_country="" if center == NO_CENTER else codes[matcher.center_country[center]],
                center_region="" if center == NO_CENTER else self.regions.codes[center],
                papers=codes[max(verdicts.country[n], 0)] in matcher.gates.papers,
                opens=self._opens(verdicts, n),
                by_road=self._by_road(verdicts, n),
                starts=_starts(verdicts, n),
            )
            for n, center in enumerate(shipping.tolist())
        ]

    def _matcher(self, centers: Centers, day: datetime.date) -> Matcher:
        spec = MatcherSpec(centers, self.policy, day, self.trust_declared, self.products)
        return spec.build(self.world)

    def _shipping(self, verdicts: Verdicts, sites: Sites, matcher: Matcher) -> Ints:
        """Return the open center that ships to each site; a planned one ships once it is open.

        The centers are those of the matcher, including opening windows of ordered ones.
        """
        shipping = verdicts.center.astype(np.int64)
        waiting = np.flatnonzero(verdicts.status == Status.pending)
        centers, day = matcher.centers, matcher.as_of
        serving = np.flatnonzero(centers.is_open(np.datetime64(day, "D")))
        shipping[waiting] = NO_CENTER
        if len(waiting) and len(serving):
            open_ones = centers.take(serving)
            nearest = self._matcher(open_ones, day).match(sites.take(waiting)).center
            shipping[waiting] = np.where(nearest == NO_CENTER, NO_CENTER, serving[nearest])
        return shipping

    def _by_road(self, verdicts: Verdicts, number: int) -> bool:
        country = self.world.names.codes[max(verdicts.country[number], 0)]
        band = self.policy.band_for(country, verdicts.limit_miles[number])
        return band is not None and band.metric != "geodesic"

    def _opens(self, verdicts: Verdicts, number: int) -> tuple[str, datetime.date] | None:
        if verdicts.reason[number] != Reason.center_opens_later:
            return None
        day: datetime.date = verdicts.available_on[number].astype(object)
        return self.centers.center_id[verdicts.center[number]], day


def _starts(verdicts: Verdicts, number: int) -> datetime.date | None:
    """Return the day on which a level is in force that is not yet."""
    own = verdicts.reason[number] in OWN_DAY
    if not own or verdicts.status[number] != Status.pending:
        return None
    day: datetime.date = verdicts.available_on[number].astype(object)
    return day


def _site_rows(cases: Sequence[MatchedRequest]) -> SiteRows:
    """Return the sites of requests as rows."""
    sites = [case.site for case in cases]
    accuracy_m = [np.nan if site.accuracy_m is None else site.accuracy_m for site in sites]
    return SiteRows(
        np.array([site.lon for site in sites]),
        np.array([site.lat for site in sites]),
        np.array(accuracy_m),
        [arrays.text_array([site.country for site in sites])],
        _rule_inputs(cases),
    )


def _rule_inputs(cases: Sequence[MatchedRequest]) -> dict[str, Any]:
    """Return the rule inputs from requests and the rows of their sites, as columns."""
    columns: dict[str, Any] = {
        name: arrays.text_array([case.stated.get(name, "") for case in cases])
        for name in eligibility.TEXTS
        if any(name in case.stated for case in cases)
    }
    for name in eligibility.DAYS:
        days = [getattr(case.site, name) for case in cases]
        if any(days):
            columns[name] = np.array([day or NO_DAY for day in days], "datetime64[D]")
    return columns
