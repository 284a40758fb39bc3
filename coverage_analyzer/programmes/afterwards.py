"""Offers for a product that is past the phases of a policy's levels."""

import dataclasses

from coverage_analyzer.matching.explanation import Explanation
from coverage_analyzer.policy import Policy
from coverage_analyzer.programmes.conditions import State, covered_state
from coverage_analyzer.programmes.model import Programme
from coverage_analyzer.schema.verdict import Status


def route(policy: Policy, product: str, version: str = "") -> str:
    """Return the programme that may apply to a product without a level; empty if none does.

    Parameters
    ----------
    policy
        The policy, whose ``gates.lifecycle.afterwards`` names the programme.
    product, version
        As in the row. A version that is missing, or less exact than those of the programme, may be
        one that it covers.

    Examples
    --------
    >>> route(Policy.load(), "XenApp", "6.5")
    'Extended Support may apply: see `entitlements`'
    >>> route(Policy.load(), "XenApp", "4.0")
    ''
    """
    rule = policy.gates.lifecycle
    if rule is None or rule.afterwards is None or not product.strip():
        return ""
    programme = Programme.by_name()[rule.afterwards]
    if covered_state(programme, product.strip(), version.strip()) == State.missing:
        return ""
    return f"{programme.offers[0].title} may apply: see `entitlements`"


def with_route(explanation: Explanation, policy: Policy) -> Explanation:
    """Return an explanation that names what may apply where no level is available."""
    if explanation.status != Status.not_covered.name:
        return explanation
    stated = explanation.stated
    words = route(policy, stated.get("product", ""), stated.get("version", ""))
    return dataclasses.replace(explanation, afterwards=words)
