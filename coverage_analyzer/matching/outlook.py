"""Which sites a center in reach would not help, for pages that try changes of centers.

A page that compares distances knows the verdict on a site, and what distance alone would make of
it. What else decides is in the rows: eligibility rules, and a declared country off whose coast the
site is. One bit per site says it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools
from coverage_analyzer.countries import Numbers
from coverage_analyzer.countries.assignment import CountryBasis, assign_country
from coverage_analyzer.matching.eligibility import FailedRule
from coverage_analyzer.matching.matcher import Matcher, MatcherInputs
from coverage_analyzer.schema.verdict import Reason

OUT_OF_REACH: Final = (Reason.beyond_radius, Reason.no_center_in_country, Reason.borderline)
"""Reasons of sites on which no rule has been asked: no open center is certainly in reach."""


def held_back(
    matcher: Matcher, inputs: MatcherInputs, country: Numbers, reason: npt.NDArray[np.int8]
) -> Bools:
    """Return which sites would not get the level of a center that comes into reach.

    Parameters
    ----------
    matcher
        The matcher of their verdicts.
    inputs
        What their rows say.
    country
        Number of the assigned country, shape (n,).
    reason
        Values of `Reason`, shape (n,).

    Returns
    -------
    held
        True where a rule would fail in some band of the country, or where the site is off the coast
        of its country; False where only distance decides, and where another reason is given. Shape
        (n,).
    """
    result = np.zeros(len(country), np.bool_)
    out_of_reach = np.isin(np.arange(len(Reason)), OUT_OF_REACH)
    at = np.flatnonzero(out_of_reach.take(reason))
    if not len(at):
        return result
    sites, facts = inputs.sites, inputs.facts
    held = np.zeros(len(at), np.bool_)
    if matcher.policy.needs_country:
        lon, lat, declared = sites.lon.take(at), sites.lat.take(at), sites.declared.take(at)
        stated = np.flatnonzero((declared > 0) & matcher.world.borders.may_be_at_sea(lon, lat))
        place = lon[stated], lat[stated], declared[stated]
        _, basis = assign_country(*place, matcher.world, matcher.convention)
        held[stated] = basis == CountryBasis.OFFSHORE
    if facts is not None or matcher.gates.everywhere:
        known = None if facts is None else facts.take(at)
        for level in {matcher.policy.level_position(b.level) for b in matcher.policy.bands}:
            promised = np.full(len(at), level, np.int8)
            rule = matcher.gates.failed_rules(known, country[at], promised).rule
            held |= rule != FailedRule.none
    result[at] = held
    return result
