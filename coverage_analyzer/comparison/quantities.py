"""Documented quantities of a run and of a comparison, which rules ask for (`comparison.rules`).

One row per quantity; ``docs/nightly.md`` lists them, and a test compares.
"""

import enum
from typing import Final, Literal, NamedTuple

from coverage_analyzer.schema.verdict import Status


class Needs(enum.IntEnum):
    """What a quantity is computed from; a later one includes the earlier ones."""

    run = 0
    """The counts of one run: of the later one, where two are compared."""

    previous = 1
    """The counts, centers and columns of two runs."""

    rows = 2
    """The rows of two runs, joined by their key."""


Part = Literal["", "country", "level", "reason", "reject"]


class Quantity(NamedTuple):
    """A documented quantity of a run, or of two runs.

    Attributes
    ----------
    name
        Name in rules, and key of the figures (`Evidence`).
    text
        Meaning, as text.
    needs
        What it is computed from.
    whole
        The quantity of which ``NAME_share`` is a share; empty if it has none.
    part
        What a key in brackets selects, if it may have one.
    """

    name: str
    text: str
    needs: Needs
    whole: str = ""
    part: Part = ""


def _of_status(status: Status, text: str) -> Quantity:
    return Quantity(status.name, text, Needs.run, "decided", "country")


QUANTITIES: Final = (
    Quantity("rows", "rows that are not empty", Needs.run),
    Quantity("decided", "rows with a verdict", Needs.run, "rows", "country"),
    Quantity("rejects", "rejected rows", Needs.run, "rows", "reject"),
    Quantity("duplicates", "rows whose site_id appears more than once", Needs.run, "rows"),
    _of_status(Status.qualified, "qualified sites"),
    _of_status(Status.pending, "sites that wait for a center"),
    _of_status(Status.fallback, "sites with the fallback or the purchased level"),
    _of_status(Status.review, "sites in review"),
    _of_status(Status.not_covered, "sites without any level"),
    Quantity("level", "sites with the level", Needs.run, "decided", "level"),
    Quantity("reason", "sites with the reason", Needs.run, "decided", "reason"),
    Quantity("centers", "centers", Needs.run),
    Quantity("open_centers", "centers open on the day", Needs.run),
    Quantity("centers_added", "centers that the previous run did not have", Needs.previous),
    Quantity("centers_vanished", "centers of the previous run that are missing", Needs.previous),
    Quantity("centers_moved", "centers with other coordinates", Needs.previous),
    Quantity(
        "columns_vanished", "columns that the previous run recognised in the sites", Needs.previous
    ),
    Quantity("policy_changed", "1 if the policy has changed, else 0", Needs.previous),
    Quantity("sites_before", "rows of the previous report", Needs.rows, "", "country"),
    Quantity("same", "sites without a change", Needs.rows, "sites_before", "country"),
    Quantity(
        "changed",
        "sites in both reports with another verdict",
        Needs.rows,
        "sites_before",
        "country",
    ),
    Quantity("gained", "sites that gained a better promise", Needs.rows, "sites_before", "country"),
    Quantity("lost", "sites that lost a promise", Needs.rows, "sites_before", "country"),
    Quantity(
        "level_changed",
        "sites with another level of the same rank",
        Needs.rows,
        "sites_before",
        "country",
    ),
    Quantity("sooner", "sites that get their level sooner", Needs.rows, "sites_before", "country"),
    Quantity("delayed", "sites that get their level later", Needs.rows, "sites_before", "country"),
    Quantity(
        "status_only", "sites with another status only", Needs.rows, "sites_before", "country"
    ),
    Quantity(
        "center_only", "sites with another center only", Needs.rows, "sites_before", "country"
    ),
    Quantity(
        "reason_only", "sites with another reason only", Needs.rows, "sites_before", "country"
    ),
    Quantity(
        "entered",
        "sites that the previous report did not have",
        Needs.rows,
        "sites_before",
        "country",
    ),
    Quantity(
        "left",
        "sites of the previous report that are missing",
        Needs.rows,
        "sites_before",
        "country",
    ),
)
"""All quantities, in the order of the documentation."""

BY_NAME: Final = {each.name: each for each in QUANTITIES}

MUST_HAVE_KEY: Final = {"level": "Gold Plus", "reason": "borderline"}
"""Quantities that mean nothing without a key, with an example of one."""


def quantity_names(most: Needs = Needs.rows) -> list[str]:
    """Return all names that a rule may use, with those that are derived.

    Examples
    --------
    >>> [name for name in quantity_names(Needs.previous) if name.startswith("centers_")]
    ['centers_rise', 'centers_fall', 'centers_added', 'centers_vanished', 'centers_moved']
    """
    result = []
    for each in QUANTITIES:
        if each.needs > most:
            continue
        names = [each.name, *([f"{each.name}_share"] if each.whole else [])]
        changes = each.needs == Needs.run and most > Needs.run
        rises = [f"{n}_{change}" for n in names for change in ("rise", "fall")] if changes else []
        result += [*names, *rises]
    return result
