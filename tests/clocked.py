"""Policies with clocks of all kinds, for tests: tables as in TOML, and a policy around them."""

from typing import Any

from coverage_analyzer.policy import Policy

DENVER = {"country": "US", "region": "US-CO", "time_zone": "America/Denver"}


def clock(end: str = "on_site", amount: int = 1, **keys: Any) -> dict[str, Any]:
    """Return the table of a clock, of business days unless it says more."""
    table = {"start": "dispatched", "end": end, "amount": amount, "unit": "business_days"}
    return {**table, "clause": "c", **keys}


def hours(end: str = "on_site", amount: int = 4, **keys: Any) -> dict[str, Any]:
    """Return the table of a clock of hours."""
    return clock(end, amount, unit="hours", **keys)


def office(opens: str = "08:00", closes: str = "17:00", **keys: Any) -> dict[str, Any]:
    """Return the table of hours of service on business days."""
    return {"opens": opens, "closes": closes, **keys}


def policy_of(*clocks: dict[str, Any], **parts: Any) -> Policy:
    """Return a policy of one level that serves all places, whatever their country."""
    main, *further = clocks
    level = {"id": "gold", "title": "Gold", "replacement": main}
    return Policy.from_mapping(
        {
            "format": 2,
            "name": "own",
            "title": "Own terms",
            "source": {"title": "Own terms"},
            "levels": [{**level, "clocks": further} if further else level],
            "qualification": {
                "same_country": False,
                "fallback": "gold",
                "interim": "gold",
                "fallback_clause": "c",
            },
            "bands": [{"level": "gold", "countries": ["*"], "up_to_miles": 12000, "clause": "c"}],
            "clauses": {"c": "The clause."},
            **parts,
        }
    )
