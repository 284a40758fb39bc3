"""What a comparison comes to: as data (``compare.json``), as lines of text, and as Markdown."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, Final, NamedTuple

from coverage_analyzer import countries
from coverage_analyzer.comparison.causes import Cause
from coverage_analyzer.comparison.changes import Change
from coverage_analyzer.comparison.input_changes import differences
from coverage_analyzer.comparison.rows import Counts, Side
from coverage_analyzer.comparison.tally import Tally, facts_of, rounded
from coverage_analyzer.errors import quantity

MAX_FLOWS: Final = 12
"""Flows in a text; the file has all."""


class Compared(NamedTuple):
    """A side with the counts of all its rows."""

    side: Side
    counts: Counts


def comparison(
    before: Compared, after: Compared, tally: Tally, *, key: Sequence[str], weight: str
) -> dict[str, Any]:
    """Return what ``compare.json`` holds, without its files.

    Parameters
    ----------
    before, after
        The sides.
    tally
        The counts of all changes.
    key
        Headers of the key.
    weight
        Header of the weights; empty if each row counts 1.

    Raises
    ------
    CoverageError
        If rows do not add up.
    """
    ledger = tally.ledger(before.counts, after.counts)
    weighted = bool(weight)
    sides = [
        {**side.facts, **facts_of(counts, weighted=weighted)} for side, counts in (before, after)
    ]
    kinds = [c for c in Change if c != Change.same]
    manifest: dict[str, Any] = {
        "coverage_analyzer": metadata.version("coverage-analyzer"),
        "differences": differences(before.side, after.side),
        "a": sides[0],
        "b": sides[1],
        "key": list(key),
        "weight": weight,
        "ledger": ledger,
        "changes": {kind.name: tally.total(kind) for kind in kinds},
    }
    if weighted:
        manifest["weights"] = {kind.name: rounded(tally.weights[kind]) for kind in kinds}
    by_country: dict[str, Counter[str]] = {}
    for (kind, country), n in tally.changes.items():
        by_country.setdefault(country, Counter())[kind.name] += n
    return manifest | {
        "countries": {
            country: {kind.name: counts[kind.name] for kind in kinds if counts[kind.name]}
            for country, counts in sorted(by_country.items())
        },
        "because": {cause.name: tally.causes[cause] for cause in Cause if tally.causes[cause]},
        "because_sets": dict(sorted(tally.sets.items())),
        "notes": _notes(before.side, after.side, ledger),
        "attribution": countries.ATTRIBUTION,
    }


def _notes(before: Side, after: Side, ledger: Mapping[str, int]) -> list[str]:
    notes = []
    unknown = [str(s.facts.get("path", "")) for s in (before, after) if not s.is_known]
    if unknown and ledger["changed"]:
        notes.append(
            f"The cause of changes is not known: {' and '.join(filter(None, unknown)) or 'a side'} "
            f"does not keep the policy and centers it was made with. Run it again to have them."
        )
    if min(ledger["a"], ledger["b"]) and not ledger["same"] + ledger["changed"]:
        notes.append("No site is in both reports: they may have different keys.")
    return notes


def ledger_line(manifest: Mapping[str, Any]) -> str:
    """Return where all rows went, in one line.

    Examples
    --------
    >>> ledger = {"a": 9, "b": 10, "same": 7, "changed": 1, "left": 1, "entered": 2}
    >>> ledger_line({"ledger": ledger})
    'before 9 = same 7 + changed 1 + left 1; after 10 = same 7 + changed 1 + entered 2'
    """
    n = manifest["ledger"]
    both = f"same {n['same']} + changed {n['changed']}"
    before = f"before {n['a']} = {both} + left {n['left']}"
    return f"{before}; after {n['b']} = {both} + entered {n['entered']}"


def lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return a comparison as lines of text: what differs, then what changed, then why."""
    result = [f"Made differently: {text}." for text in manifest["differences"]]
    changes = {name: n for name, n in manifest["changes"].items() if n}
    if not changes:
        return [*result, f"No change in {quantity(manifest['ledger']['a'], 'site')}."]
    weights = manifest.get("weights", {})
    for name, n in changes.items():
        weight = f", weight {weights[name]:,g}" if weights else ""
        result.append(f"{n:12,}  {name}: {Change[name].text}{weight}")
    result.append("Because:")
    result += [f"{n:12,}  {name}: {Cause[name].text}" for name, n in manifest["because"].items()]
    combined = {name: n for name, n in manifest["because_sets"].items() if "+" in name}
    result += [f"{n:12,}    {name}" for name, n in combined.items()]
    return result


def markdown(
    manifest: Mapping[str, Any],
    flows: Sequence[Sequence[Any]] = (),
    segments: Sequence[Sequence[Any]] = (),
) -> str:
    """Return a comparison as Markdown, for a pull request or a chat.

    Parameters
    ----------
    manifest
        What ``compare.json`` holds.
    flows, segments
        The rows of ``flows.csv`` and ``segments.csv``.
    """
    a, b, ledger = manifest["a"], manifest["b"], manifest["ledger"]
    changes = manifest["changes"]
    headline = f"**{changes['lost']:,} lost, {changes['gained']:,} gained**"
    parts = [
        f"### Coverage: {_cell(a.get('as_of', 'before'))} -> {_cell(b.get('as_of', 'after'))}",
        (
            f"{headline}; {ledger['changed']:,} of {quantity(ledger['a'], 'site')} changed, "
            f"{ledger['entered']:,} entered, {ledger['left']:,} left."
        ),
    ]
    if manifest["differences"]:
        parts.append("\n".join(f"- {_cell(text)}" for text in manifest["differences"]))
    change_rows = [[name, n, Change[name].text] for name, n in changes.items() if n]
    causes = [[name, n, Cause[name].text] for name, n in manifest["because"].items()]
    moved = [f for f in flows if f[0] != f[1]]
    moved.sort(key=lambda flow: (-flow[3], flow[:3]))
    tables = (
        (["Change", "Sites", "Meaning"], change_rows),
        (["Because", "Sites", "Meaning"], causes),
        (["From", "To", "Country", "Sites"], [f[:4] for f in moved[:MAX_FLOWS]]),
        (
            ["Lost more often", "Value", "Lost", "Of", "Factor"],
            [[*s[:4], s[5]] for s in segments[:MAX_FLOWS]],
        ),
    )
    parts += [_markdown_table(header, rows) for header, rows in tables if rows]
    parts += [_cell(note) for note in manifest["notes"]]
    parts.append(f"<sub>{_cell(manifest['attribution'])}</sub>")
    return "\n\n".join(parts) + "\n"


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(c) for c in line)} |" for line in lines)


def _cell(value: Any) -> str:
    """Return a value as text that Markdown shows as it is."""
    if isinstance(value, int):
        return f"{value:,}"
    if value == "---":
        return "---"
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_{}\[\]<>#|!~])", r"\\\1", text.replace("&", "&amp;"))
