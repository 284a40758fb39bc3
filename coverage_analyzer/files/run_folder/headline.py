"""The result of a run in one line per level: how many sites qualify for it."""

from collections import Counter
from collections.abc import Mapping

from coverage_analyzer.errors import quantity
from coverage_analyzer.schema.verdict import Status


def qualified_sites(counts: Mapping[tuple[str, str, str], int]) -> dict[str, int]:
    """Return the number of qualified sites by level, most first.

    Parameters
    ----------
    counts
        The number of sites by country, level and status.

    Examples
    --------
    >>> qualified_sites({("US", "Gold Plus", "qualified"): 3, ("US", "Gold", "fallback"): 5})
    {'Gold Plus': 3}
    """
    totals: Counter[str] = Counter()
    for (_, level, status), n in counts.items():
        if status == Status.qualified.name:
            totals[level] += n
    return dict(totals.most_common())


def headlines(qualified: Mapping[str, int], n_sites: int) -> list[str]:
    """Return how many sites qualify, a line per level.

    Parameters
    ----------
    qualified
        The number of qualified sites by level.
    n_sites
        The number of assessed sites.

    Examples
    --------
    >>> headlines({"Gold Plus": 1543}, 6494)
    ['1,543 of 6,494 sites qualify for Gold Plus (23.8 %)']
    >>> headlines({"Gold Plus": 1}, 1)
    ['1 of 1 site qualifies for Gold Plus (100.0 %)']
    >>> headlines({}, 8), headlines({}, 0)
    (['0 of 8 sites qualify (0.0 %)'], ['No site was assessed'])
    """
    if not n_sites:
        return ["No site was assessed"]
    sites = quantity(n_sites, "site")
    if not qualified:
        return [f"0 of {sites} qualify (0.0 %)"]
    return [
        f"{n:,} of {sites} qualif{'ies' if n == 1 else 'y'} for {level} ({100 * n / n_sites:.1f} %)"
        for level, n in qualified.items()
    ]
