"""The summary of a run: one printable page of text, bars and a static map, without scripts.

All text of the user is escaped in one place (`static_parts.escaped`). Equal input, equal bytes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Final

from coverage_analyzer.countries import Names
from coverage_analyzer.errors import quantity
from coverage_analyzer.maps.scripts import asset
from coverage_analyzer.maps.static_parts import (
    ORDER,
    escaped,
    figure,
    sentence,
    share,
    share_bar,
    static_style,
    statuses,
    table,
)
from coverage_analyzer.maps.summary_totals import BINS, STEPS, SummaryTotals
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.actions import REASON_ACTIONS, REJECT_ACTIONS
from coverage_analyzer.schema.content_policy import content_policy, with_policy
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

SAME: Final = "in the same country"
"""Where centers are, by a policy whose centers serve only their own country."""

MOST_COUNTRIES: Final = 20
MOST_CENTERS: Final = 12
MOST_NOTES: Final = 12
"""Maximum rows of a table, so that the page fits on two sheets; the last row counts the others."""

NO_COUNTRY: Final = "(no country)"

HISTOGRAM: Final = (640, 190)
BASE: Final = 160
"""Size of the histogram, and the height at which its bars stand, in CSS pixels."""


@dataclass(frozen=True)
class RunSummary:
    """What the summary shows.

    Attributes
    ----------
    manifest
        As ``run.json`` holds it.
    headlines
        The result as text, a line per level.
    counts
        The number of sites by country, level and status.
    names
        Of countries.
    policy
        Of the run.
    centers
        As used; None if unknown.
    totals
        Sites by distance and center; None if they were not counted.
    picture
        The static map as SVG; empty if there is none.
    """

    manifest: Mapping[str, Any]
    headlines: Sequence[str]
    counts: Mapping[tuple[str, str, str], int]
    names: Names
    policy: Policy
    centers: Centers | None = None
    totals: SummaryTotals | None = None
    picture: str = ""


def summary_page(run: RunSummary) -> str:
    """Return the page."""
    by_status = Counter[str]()
    for (_, _, status), n in run.counts.items():
        by_status[status] += n
    manifest = run.manifest
    held = "; ".join(map(str, manifest.get("held") or ()))
    style = _style()
    filled = {
        "style": style,
        "title": escaped(f"{run.policy.title}: summary of {manifest['as_of']}"),
        "heading": escaped(run.policy.title),
        "day": escaped(f"As of {manifest['as_of']}"),
        "promise": escaped(promise(run.policy)),
        "held": f'<p class="held">Held back, not published: {escaped(held)}</p>' if held else "",
        "headlines": "".join(f"<p>{escaped(line)}.</p>" for line in run.headlines),
        "bar": share_bar(by_status),
        "rule": "\n".join(f"<li>{escaped(line)}</li>" for line in _rule(run.policy)),
        "statuses": statuses(by_status),
        "map": figure(run.picture),
        "countries": _countries(run),
        "reasons": _reasons(run),
        "rejects": _rejects(manifest["counts"].get("rejects") or {}),
        "centers": _centers(run),
        "distances": _histogram(run.totals),
        "origin": "\n".join(_origin(run)),
        "notes": _notes(manifest),
        "footer": escaped(
            f"Made by coverage-analyzer {manifest['coverage_analyzer']}. {manifest['countries']}"
        ),
    }
    page = Template(asset("summary.html")).substitute(filled)
    return with_policy(page, content_policy(styles=[f"\n{style}"]))


def _style() -> str:
    """Return the page's style: light, dark, and light on paper."""
    return f"{theme.page_style()}{static_style()}{asset('summary.css')}"


def _rule(policy: Policy) -> Iterator[str]:
    """Yield the lines of a policy about its levels, bands and centers."""
    for line in policy.described().splitlines():
        kind, _, text = line.strip().partition(" ")
        if kind in {"level", "band"}:
            yield text.strip()
        elif kind == "center":
            place = text.strip()
            yield f"Center {place} as the site" if place == SAME else f"Center {place}"


def _countries(run: RunSummary) -> str:
    by_country: dict[str, Counter[str]] = {}
    for (code, _, status), n in run.counts.items():
        by_country.setdefault(code, Counter())[status] += n
    titles = dict(zip(run.names.codes, run.names.titles, strict=True))
    ordered = sorted(by_country, key=lambda code: (-by_country[code].total(), code))
    shown = [(titles.get(code) or NO_COUNTRY, by_country[code]) for code in ordered]
    if len(shown) > MOST_COUNTRIES:
        others = sum((counts for _, counts in shown[MOST_COUNTRIES - 1 :]), Counter[str]())
        many = quantity(len(shown) - MOST_COUNTRIES + 1, "other country", "other countries")
        shown = [*shown[: MOST_COUNTRIES - 1], (many, others)]
    rows = [
        (
            escaped(title),
            f"{counts.total():,}",
            f"{counts[Status.qualified.name]:,}",
            share(counts[Status.qualified.name], counts.total()),
            share_bar(counts),
        )
        for title, counts in shown
    ]
    head = ("Country", "Sites#", "Qualified#", "Share#", "By status")
    return _tall("By country", table(head, rows, "countries")) if rows else ""


def _reasons(run: RunSummary) -> str:
    counts = run.manifest["counts"]["reason"]
    same_country = bool(run.manifest["policy"]["same_country"])
    total = sum(counts.values())
    found = [(reason, counts[reason.name]) for reason in Reason if counts.get(reason.name)]
    rows = [
        (
            _coded(sentence(reason.text_for(same_country=same_country)), reason.name),
            f"{n:,}",
            share(n, total),
            escaped(REASON_ACTIONS[reason]),
        )
        for reason, n in sorted(found, key=lambda item: (-item[1], item[0]))
    ]
    head = ("Reason", "Sites#", "Share#", "What to do")
    return _tall("By reason", table(head, rows, "reasons")) if rows else ""


def _tall(title: str, listed: str) -> str:
    """Return a section that may go on in the next column of a sheet."""
    return f'<section class="tall">\n<h2>{title}</h2>\n{listed}\n</section>'


def _coded(text: str, code: str) -> str:
    return f"{escaped(text)} <code>{escaped(code)}</code>"


def _rejects(counts: Mapping[str, int]) -> str:
    rows = [
        (f"<code>{reason.value}</code>", f"{n:,}", escaped(REJECT_ACTIONS[reason]))
        for reason in Rejected
        if (n := counts.get(reason.value, 0))
    ]
    if not rows:
        return ""
    rows.sort(key=lambda row: (-int(row[1].replace(",", "")), row[0]))
    listed = table(("Reason", "Rows#", "What to do"), rows, "rejects")
    return f"<section>\n<h2>Rejected rows</h2>\n{listed}\n</section>"


def _centers(run: RunSummary) -> str:
    """Return the centers by the number of sites that they serve."""
    if run.totals is None or run.centers is None:
        return ""
    served, ids = run.totals.served.tolist(), run.centers.center_id
    ordered = sorted(range(len(ids)), key=lambda i: (-served[i], ids[i]))
    shown = [i for i in ordered if served[i]][:MOST_CENTERS]
    if not shown:
        return ""
    most = served[shown[0]]
    rows = [
        (
            escaped(f"{ids[i]} {run.centers.name[i]}"),
            f"{served[i]:,}",
            share_bar({Status.qualified.name: served[i]}, most),
        )
        for i in shown
    ]
    listed = table(("Center", "Qualified sites#", ""), rows, "centers")
    without, rest = served.count(0), sum(served) - sum(served[i] for i in shown)
    more = [
        f"{quantity(len(ids) - without - len(shown), 'other center')}: {rest:,}" if rest else "",
        f"{quantity(without, 'center')} without a qualified site" if without else "",
    ]
    note = "; ".join(filter(None, more))
    return (
        f"<section>\n<h2>Centers by load</h2>\n{listed}\n"
        f"{f'<p>{escaped(note)}.</p>' if note else ''}\n</section>"
    )


def _histogram(totals: SummaryTotals | None) -> str:
    """Return how many sites there are by distance, as bars of statuses."""
    if totals is None or not totals.distances.any():
        return ""
    counts, size, unit = totals.distances, STEPS[totals.unit], totals.unit
    most, (width, height) = int(counts.sum(axis=1).max()), HISTOGRAM
    step, parts = width / BINS, []
    for bin_, row in enumerate(counts.tolist()):
        down = float(BASE)
        for status in ORDER:
            tall = row[status] / most * (BASE - 16)
            if tall:
                down -= tall
                parts.append(
                    f'<rect class="{status.name}" x="{bin_ * step + 1:.1f}" y="{down:.2f}" '
                    f'width="{step - 2:.1f}" height="{tall:.2f}"/>'
                )
        if bin_ % 2 == 0 and bin_ < BINS - 1:
            parts.append(_label(bin_ * step, f"{bin_ * size}"))
    last = f"{(BINS - 1) * size}+"
    parts.append(f'<text x="{width}" y="{BASE + 20}" text-anchor="end">{last}</text>')
    label = "; ".join(
        f"from {i * size} {unit}: {quantity(n, 'site')}"
        for i, n in enumerate(counts.sum(axis=1).tolist())
        if n
    )
    return (
        f"<section>\n<h2>Distance to the center</h2>\n"
        f'<svg class="histogram" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="Sites by distance, {label}">{"".join(parts)}'
        f'<path class="axis" d="M0 {BASE}h{width}"/></svg>\n'
        f"<p>{unit.capitalize() if unit == 'miles' else 'Kilometres'} to the center named in the "
        f"report, in steps of {size}; the highest bar is "
        f"{quantity(most, 'site')}.</p>\n</section>"
    )


def _label(x: float, text: str) -> str:
    return f'<text x="{x + 1:.1f}" y="{BASE + 20}">{text}</text>'


def _origin(run: RunSummary) -> Iterator[str]:
    """Yield what the run was made of, as rows of a list."""
    manifest, policy = run.manifest, run.manifest["policy"]
    ledger, centers = manifest["ledger"], manifest.get("centers") or {}
    parts = " + ".join(f"{n} {ledger[n]:,}" for n in ("decided", "rejected", "blank"))
    yield _fact("Rows", f"read {ledger['read']:,} = {parts}")
    if centers:
        yield _fact("Centers open", f"{centers['open']:,} of {centers['given']:,}")
    yield _fact("Policy", f"{policy['title']} ({policy['name']})", policy["sha256"])
    for name, file in manifest.get("inputs", {}).items():
        yield _fact(name.capitalize(), str(file["path"]), str(file.get("sha256") or ""))


def _fact(name: str, text: str, sha256: str = "") -> str:
    digest = f"<br><code>sha256 {escaped(sha256)}</code>" if sha256 else ""
    return f"<dt>{escaped(name)}</dt><dd>{escaped(text)}{digest}</dd>"


def _notes(manifest: Mapping[str, Any]) -> str:
    warnings = [str(each) for each in manifest.get("warnings") or ()]
    if not warnings:
        return ""
    shown = warnings[:MOST_NOTES]
    if len(warnings) > MOST_NOTES:
        shown.append(f"{quantity(len(warnings) - MOST_NOTES, 'more warning')} in run.json")
    listed = "\n".join(f"<li>{escaped(each)}</li>" for each in shown)
    return f"<section>\n<h2>To check</h2>\n<ul>\n{listed}\n</ul>\n</section>"
