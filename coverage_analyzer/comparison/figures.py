"""Figures of runs, as rules ask for them: from a manifest, a summary and centers, without any row.

What an older run folder does not tell is left out, and then no rule on it fires.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coverage_analyzer.schema.verdict import Status

Places = Mapping[tuple[str, str, str], int]
"""The number of sites by country, level and status."""

MOVED_DEGREES: Final = 1e-5
"""Centers whose coordinates differ by more have moved, about 1 m; a file may round."""


@dataclass(frozen=True)
class RunRecord:
    """What is known of a run without reading its report.

    Attributes
    ----------
    manifest
        The content of ``run.json``, or the part that is known before it is written.
    places
        The number of sites by country, level and status, as in ``summary.csv``.
    centers
        Latitude and longitude of each center, by ``center_id``; None if the run wrote no centers.
    """

    manifest: Mapping[str, Any]
    places: Places
    centers: Mapping[str, tuple[float, float]] | None = field(default=None)


def run_figures(record: RunRecord) -> dict[str, int]:
    """Return the quantities of one run, and their parts in brackets.

    Examples
    --------
    >>> ledger = {"read": 4, "decided": 3, "rejected": 1, "blank": 0}
    >>> places = {("US", "Gold", "review"): 1, ("US", "Gold Plus", "qualified"): 2}
    >>> figures = run_figures(RunRecord({"ledger": ledger}, places))
    >>> figures["rows"], figures["review"], figures["qualified[US]"], figures["level[Gold Plus]"]
    (4, 1, 2, 2)
    """
    manifest = record.manifest
    ledger, counts = manifest.get("ledger", {}), manifest.get("counts", {})
    result: dict[str, int] = {}
    if {"decided", "rejected"} <= ledger.keys():
        rejected, decided = int(ledger["rejected"]), int(ledger["decided"])
        result |= {"rows": decided + rejected, "decided": decided, "rejects": rejected}
        result |= {status.name: 0 for status in Status}
    for (country, level, status), n in record.places.items():
        keys = (status, f"{status}[{country}]", f"decided[{country}]", f"level[{level}]")
        for name in keys:
            result[name] = result.get(name, 0) + n
    result |= _parts("reason", counts.get("reason", {}))
    result |= _parts("rejects", counts.get("rejects", {}))
    if "duplicates" in manifest:
        result["duplicates"] = int(manifest["duplicates"]["rows"])
    centers = manifest.get("centers", {})
    names = {"centers": "given", "open_centers": "open"}
    return result | {name: int(centers[key]) for name, key in names.items() if key in centers}


def _parts(name: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {f"{name}[{key}]": int(n) for key, n in counts.items()}


def run_changes(before: RunRecord, after: RunRecord) -> dict[str, int]:
    """Return the quantities of two runs that need no row.

    Examples
    --------
    >>> before = RunRecord({"columns": {"country": "Land"}}, {}, {"A": (0, 0), "B": (1, 1)})
    >>> after = RunRecord({"columns": {}}, {}, {"A": (0, 0.1)})
    >>> changes = run_changes(before, after)
    >>> [changes[f"centers_{name}"] for name in ("added", "vanished", "moved")]
    [0, 1, 1]
    >>> changes["columns_vanished"]
    1
    """
    result: dict[str, int] = {}
    if before.centers is not None and after.centers is not None:
        result |= _center_changes(before.centers, after.centers)
    columns = [record.manifest.get("columns") for record in (before, after)]
    if columns[0] is not None and columns[1] is not None:
        result["columns_vanished"] = len(set(columns[0]) - set(columns[1]))
    policies = [record.manifest.get("policy", {}).get("sha256") for record in (before, after)]
    if all(policies):
        result["policy_changed"] = int(policies[0] != policies[1])
    return result


def _center_changes(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> dict[str, int]:
    """Return how many centers were added, have vanished, and have moved."""
    moved = (_is_elsewhere(before[name], after[name]) for name in before.keys() & after.keys())
    return {
        "centers_added": len(after.keys() - before.keys()),
        "centers_vanished": len(before.keys() - after.keys()),
        "centers_moved": sum(moved),
    }


def _is_elsewhere(one: Iterable[float], other: Iterable[float]) -> bool:
    return any(abs(a - b) > MOVED_DEGREES for a, b in zip(one, other, strict=True))
