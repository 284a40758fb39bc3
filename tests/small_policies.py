"""Small policies for tests: what is the same in all of them is written once."""

from collections.abc import Mapping, Sequence
from typing import Final

LEVELS: Final = {"fast": "Fast", "middle": "Middle", "slow": "Slow"}
"""Titles of levels by id, the best first; sites beyond all bands get the last."""


def policy_text(
    name: str,
    rules: str,
    *,
    levels: Mapping[str, str] | Sequence[str] = tuple(LEVELS),
    otherwise: str = "all",
    version: int = 2,
) -> str:
    """Return the TOML of a policy that wants site and center in one country.

    Parameters
    ----------
    name
        Its name; its title is the same with a capital letter and spaces.
    rules
        TOML of all that follows: areas, bands, gates, clauses.
    levels
        Ids of levels, the best first, or further TOML of each level by its id.
    otherwise
        The clause of sites that no band has.
    version
        The format.

    Examples
    --------
    >>> print(policy_text("two-clocks", "", levels=["gold-plus"]).split("[qual")[0])
    format = 2
    name = "two-clocks"
    title = "Two clocks"
    [source]
    title = "Terms made for tests"
    [[levels]]
    id = "gold-plus"
    title = "Gold Plus"
    <BLANKLINE>
    """
    further = levels if isinstance(levels, Mapping) else dict.fromkeys(levels, "")
    tables = [
        f'[[levels]]\nid = "{level}"\ntitle = "{_title(level)}"\n{more.lstrip()}'
        for level, more in further.items()
    ]
    last = list(further)[-1]
    return (
        f'format = {version}\nname = "{name}"\ntitle = "{name.replace("-", " ").capitalize()}"\n'
        f'[source]\ntitle = "Terms made for tests"\n{"".join(tables)}'
        f'[qualification]\nsame_country = true\nfallback = "{last}"\ninterim = "{last}"\n'
        f'fallback_clause = "{otherwise}"\n{rules.lstrip()}'
    )


def _title(level: str) -> str:
    """Return the title of a level."""
    return LEVELS.get(level) or level.replace("-", " ").title()
