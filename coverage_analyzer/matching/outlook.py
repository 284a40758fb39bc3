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
from coverage_analyzer.countries.assignment import CountryBases, CountryBasis
from coverage_analyzer.matching.eligibility import EligibilityInputs, FailedRule
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.schema.verdict import Reason

OUT_OF_REACH: Final = (Reason.beyond_radius, Reason.no_center_in_country, Reason.borderline)
"""Reasons of sites on which no rule has been asked: no open center is certainly in reach."""


def held_back(
    matcher: Matcher,
    facts: EligibilityInputs | None,
    assigned: tuple[Numbers, CountryBases],
    reason: npt.NDArray[np.int8],
) -> Bools:
    """Return which sites would not get the level of a center that comes into reach.

    Parameters
    ----------
    matcher
        The matcher of their verdicts.
    facts
        Inputs of eligibility rules, if a rule has a column.
    assigned
        Number of the assigned country, and the basis, shape (n,) each (`Matcher.countries`).
    reason
        Values of `Reason`, shape (n,).

    Returns
    -------
    held
        True where a rule would fail in some band of the country, or where the site is off the coast
        of its country; False where only distance decides, and where another reason is given. Shape
        (n,).
    """
    result = np.zeros(len(reason), np.bool_)
    out_of_reach = np.isin(np.arange(len(Reason)), OUT_OF_REACH)
    at = np.flatnonzero(out_of_reach.take(reason))
    if not len(at):
        return result
    country, basis = assigned[0].take(at), assigned[1].take(at)
    held: Bools = basis == CountryBasis.OFFSHORE.value
    if facts is not None or matcher.gates.everywhere:
        known = None if facts is None else facts.take(at)
        for level in {matcher.policy.level_position(b.level) for b in matcher.policy.bands}:
            promised = np.full(len(at), level, np.int8)
            rule = matcher.gates.failed_rules(known, country, promised).rule
            held |= rule != FailedRule.none
    result[at] = held
    return result
