"""What came out of a run in a line or two: how many sites qualify, and for which level."""

from collections import Counter

from coverage_analyzer.files.run_folder.contents import Counts
from coverage_analyzer.schema.verdict import Status


def lines(counts: Counts) -> list[str]:
    """Return how many sites qualify for each level, as sentences.

    Parameters
    ----------
    counts
        The number of sites by country, level and status.

    Examples
    --------
    >>> lines({("US", "Gold Plus", "qualified"): 3, ("US", "Gold", "fallback"): 5})
    ['3 of 8 sites qualify for Gold Plus (37.5 %)']
    >>> lines({("US", "Gold", "fallback"): 1})
    ['None of 1 site qualifies']
    """
    qualified: Counter[str] = Counter()
    for (_, level, status), n in counts.items():
        if status == Status.qualified.name:
            qualified[level] += n
    return sentences(qualified, sum(counts.values()))


def sentences(qualified: "Counter[str] | dict[str, int]", total: int) -> list[str]:
    """Return how many of some sites qualify, by the title of the level.

    Examples
    --------
    >>> sentences({"Gold Plus": 1543}, 6494)
    ['1,543 of 6,494 sites qualify for Gold Plus (23.8 %)']
    >>> sentences({"Gold Plus": 1}, 1)
    ['1 of 1 site qualifies for Gold Plus (100.0 %)']
    """
    if not total:
        return ["No site was decided"]
    sites = f"{total:,} site{'' if total == 1 else 's'}"
    if not qualified:
        return [f"None of {sites} qualif{'ies' if total == 1 else 'y'}"]
    return [
        f"{n:,} of {sites} qualif{'ies' if n == 1 else 'y'} for {level} ({100 * n / total:.1f} %)"
        for level, n in sorted(qualified.items(), key=lambda item: -item[1])
    ]
