"""What a policy promises, and where, in one sentence per level for the readers of a map."""

from itertools import groupby
from typing import Final

from coverage_analyzer.policy.distances import number_text
from coverage_analyzer.policy.model import Policy
from coverage_analyzer.policy.rules import ALL_OTHERS, METRIC_TEXTS, Band

MAX_NAMED: Final = 4
"""Countries of a band that a sentence names; of more it gives the number."""


def promise(policy: Policy) -> str:
    """Return what the levels promise that depend on distance, and for which sites.

    Examples
    --------
    >>> promise(Policy.load("appliance-maintenance"))  # doctest: +NORMALIZE_WHITESPACE
    'Gold Plus: replacement delivered within 4 hours of authorisation, for sites within 70 miles
    (US) or 50 miles of a service center in the same country.'
    """
    own = " in the same country" if policy.qualification.same_country else ""
    sentences = []
    for level in policy.levels:
        bands = [band for band in policy.bands if band.level == level.id]
        if not bands:
            continue
        clock = level.replacement
        main = [policy.clock_text(clock, subject=True)] if clock else []
        what = "; ".join([*main, *policy.clock_texts(level)[1:]])
        what = f"{what}, " if what else ""
        where = f"for sites {_limits(bands)} of a service center{own}"
        sentences.append(f"{level.title}: {what}{where}.")
    return " ".join(sentences)


def _limits(bands: list[Band]) -> str:
    """Return the limits of a level by country, those of all other countries last."""
    ordered = sorted(bands, key=lambda band: ALL_OTHERS in band.countries)
    parts: list[str] = []
    for (above, metric), group in groupby(ordered, key=lambda b: (b.above, b.metric)):
        limits = " or ".join(f"{b.limit_text}{_places(b)}" for b in group)
        start = f"more than {number_text(above)} and up to" if above else "within"
        parts.append(f"{start} {limits}{METRIC_TEXTS[metric]}")
    return " or ".join(parts)


def _places(band: Band) -> str:
    """Return the countries, areas and centers of a band in brackets."""
    codes = [code for code in band.countries if code != ALL_OTHERS]
    country_text = ", ".join(codes) if len(codes) <= MAX_NAMED else f"{len(codes)} countries"
    if not codes or ALL_OTHERS in band.countries:
        country_text = ""
    where = f"{country_text}{band.where_text}".strip()
    return f" ({where})" if where else ""
