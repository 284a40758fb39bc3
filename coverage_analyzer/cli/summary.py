"""The summary of a job on the terminal: the result, its reasons, what to check, the files.

Each function returns lines of text in that order of importance; `messages.Messages` prints them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.errors import quantity

EXCEL_HINT: Final = (
    "For Excel, --format xlsx keeps leading zeros of ids and works with settings of any country."
)
"""Printed after a report in CSV that is not written for Excel."""

USUAL: Final[Mapping[str, Sequence[object]]] = {
    "coordinates": ("point",),
    "date_format": ("", "%Y-%m-%d"),
}
"""What was detected and need not be checked, by key of `Table.detected`."""

LABELS: Final = {
    "sheet": "sheet",
    "layer": "layer",
    "member": "file in the archive",
    "coordinates": "coordinates written with",
    "date_format": "dates like",
    "points": "coordinates from",
}
"""How the keys of `Table.detected` are called; others are not shown, or a warning says them."""

NOTATIONS: Final = {"comma": "decimal commas", "mixed": "decimal points and decimal commas"}
"""How coordinates are written, by value of ``coordinates``."""


def run_result(manifest: Mapping[str, Any]) -> list[str]:
    """Return the result of a run, and its reasons.

    Parameters
    ----------
    manifest
        As ``run.json`` holds it.
    """
    from coverage_analyzer.files.run_folder.headline import headlines

    counts, centers, n_sites = (
        manifest["counts"],
        manifest["centers"],
        manifest["ledger"]["decided"],
    )
    lines = [f"{line}." for line in headlines(counts["qualified"], n_sites)]
    lines.append(
        f"{manifest['policy']['title']}, as of {manifest['as_of']}: "
        f"{centers['open']} of {quantity(centers['given'], 'center')} open."
    )
    if n_sites:
        lines += _totals("Level", counts["level"])
        lines += _totals("Status", counts["status"])
        lines += reasons(counts["reason"], same_country=manifest["policy"]["same_country"])
    return lines


def _totals(what: str, counts: Mapping[str, int]) -> list[str]:
    most_first = sorted(counts.items(), key=lambda item: -item[1])
    return [f"{what}: {', '.join(f'{n:,} {name}' for name, n in most_first)}."]


def reasons(counts: Mapping[str, int], *, same_country: bool) -> list[str]:
    """Return how many sites have each reason, with its text, most first.

    Parameters
    ----------
    counts
        The number of sites by code of the reason.
    same_country
        Whether centers serve only sites in their own country.
    """
    from coverage_analyzer.schema.verdict import Reason

    lines = ["Reasons:"]
    for code, n in sorted(counts.items(), key=lambda item: -item[1]):
        text = Reason[code].text_for(same_country=same_country)
        lines.append(f"  {n:>10,}  {text} ({code})")
    return lines


def run_checks(manifest: Mapping[str, Any], folder: Path) -> list[str]:
    """Return what to check after a run: warnings, sites in review, rejects, what was guessed."""
    lines = [f"Warning: {warning}" for warning in manifest["warnings"]]
    if rejected := manifest["ledger"]["rejected"]:
        lines.append(f"Rejected {quantity(rejected, 'row')}; all are in {folder / 'rejects.csv'}:")
        lines += [f"  {reject}" for reject in manifest["first_rejects"]]
    return lines


def first_rejects(findings: Mapping[str, Any]) -> list[str]:
    """Return how many rows were rejected, and the first ones; nothing if there are none."""
    if not (rejected := findings["ledger"]["rejected"]):
        return []
    first = findings["first_rejects"]
    also = "" if rejected == len(first) else f"; the first {len(first)}"
    return [f"Rejected {quantity(rejected, 'row')}{also}:", *(f"  {reject}" for reject in first)]


def run_notes(manifest: Mapping[str, Any]) -> list[str]:
    """Return what to look at after a run that is no warning."""
    lines = []
    if review := manifest["counts"]["status"].get("review", 0):
        verb = "needs" if review == 1 else "need"
        lines.append(
            f"{quantity(review, 'site')} {verb} manual review (status review). What to do: "
            "coverage-analyzer explain --reason CODE"
        )
    for old, new in manifest["renamed_columns"].items():
        lines.append(f"Input column {old!r} is named {new!r} in the report.")
    lines += manifest["hold_if"]["skipped"]
    for name, file in manifest.get("inputs", {}).items():
        lines += detected(name, file.get("detected", {}))
    return lines


def detected(name: str, values: Mapping[str, Any]) -> list[str]:
    """Return what was detected about an input and should be checked, as a line if there is any.

    Parameters
    ----------
    name
        Of the input, such as ``sites``.
    values
        As `Table.detected` returns it.

    Examples
    --------
    >>> detected("sites", {"delimiter": ";", "coordinates": "comma", "date_format": "%d.%m.%Y"})
    ['Detected in the sites: coordinates written with decimal commas; dates like 31.12.2026.']
    >>> detected("sites", {"encoding": "utf-8", "delimiter": ","})
    []
    """
    keys = [key for key in LABELS if values.get(key) and values[key] not in USUAL.get(key, ())]
    if "other_sheets" not in values:  # the only one
        keys = [key for key in keys if key != "sheet"]
    parts = [f"{LABELS[key]} {_value(key, values[key])}" for key in keys]
    return [f"Detected in the {name}: {'; '.join(parts)}."] if parts else []


def _value(key: str, value: Any) -> str:
    """Return a detected value as text."""
    values = list(value.values()) if isinstance(value, Mapping) else [value]
    if key == "date_format":
        from coverage_analyzer.schema.day_forms import example

        values = list(dict.fromkeys(example(form, day=31) for form in values))
    if key == "coordinates":
        values = [NOTATIONS.get(each, each) for each in values]
    return ", ".join(map(str, values))


def run_files(manifest: Mapping[str, Any], folder: Path) -> list[str]:
    """Return where the files of a run are."""
    report = str(manifest["files"][0])
    lines = [f"Report: {folder / report}. Summary by country: {folder / 'summary.csv'}."]
    if "summary.html" in manifest["files"]:
        lines.append(f"To read, print or forward: {folder / 'summary.html'}.")
    if manifest["table"]:
        lines.append(f"The report was also written to {manifest['table']}.")
    if "map.html" in manifest["files"]:
        lines.append(f"Map: {folder / 'map.html'}. Open it in a browser.")
    if ".csv" in report and not manifest.get("byte_order_mark"):
        lines.append(EXCEL_HINT)
    return lines


def timeline_result(result: Mapping[str, Any]) -> list[str]:
    """Return how the number of sites with the best level changes, and all levels by day."""
    title = (
        f"{result['policy']}, from {result['start']} to {result['end']}: number of sites by level"
    )
    levels: Mapping[str, Mapping[str, int]] = result["levels"]
    lines = []
    if levels:
        days = list(levels)
        first, last = levels[days[0]], levels[days[-1]]
        best = next(iter(first))
        total = sum(first.values())
        have = _have(first[best])
        lines.append(
            f"{first[best]:,} of {quantity(total, 'site')} {have} {best} on {days[0]}, "
            f"{last.get(best, 0):,} on {result['end']}."
        )
    lines.append(title)
    for day, counts in levels.items():
        lines.append("  " + ", ".join([day, *(f"{n:,} {level}" for level, n in counts.items())]))
    return lines


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def commitments_result(findings: Mapping[str, Any]) -> list[str]:
    """Return how many requests have a due time, and the others by status."""
    from coverage_analyzer.due_times.calculator import CommitmentStatus

    counts, decided = findings["status"], findings["ledger"]["decided"]
    promised = counts.get(CommitmentStatus.promised.value, 0)
    requests = quantity(decided, "request")
    return [
        f"{promised:,} of {requests} {_have(promised)} a due time.",
        *(f"{n:>10,}  {status}" for status, n in counts.items()),
    ]


def check_result(findings: Mapping[str, Any]) -> list[str]:
    """Return how many rows of a file can be assessed."""
    ledger = findings["ledger"]
    filled = ledger["decided"] + ledger["rejected"]
    lines = [f"{ledger['decided']:,} of {quantity(filled, 'row')} can be assessed."]
    return [*lines, *detected("sites", findings["detected"])]
