"""Compare the offers of policies and programmes in tables: text, Markdown or HTML."""

import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coverage_analyzer.errors import visible
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.rules import NOT_STATED
from coverage_analyzer.programmes.model import Programme
from coverage_analyzer.programmes.policy_table import level_rows, policy_rows
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.content_policy import content_policy, with_policy

Format = Literal["text", "markdown", "html"]

FEATURE_WIDTH: Final = 34
VALUE_WIDTH: Final = 24
"""Width of a cell of a text table in characters, before it wraps."""

DIFFERS: Final = "\N{NOT EQUAL TO}"
"""Marks a row in which policies differ."""

WIDE: Final = 4
"""A table with more columns of values is printed on a sheet in landscape format."""

STACKED: Final = 9
"""A table with more columns of values has no sheet that is wide enough: its cells are stacked."""

LONG_WORD: Final = 22
"""A word with more characters, such as an address, may be broken anywhere; others never are."""

_STACK: Final = """\
{0} :is(table, thead, tbody, tr, th, td) {{ display: block; }}
{0} thead {{ display: none; }}
{0} :is(th, td) {{ border: 0; padding: .25rem 0; }}
{0} tbody tr {{ border-top: 2px solid var(--line); padding: .4rem 0; }}
{0} td {{ display: grid; grid-template-columns: minmax(7rem, 34%) minmax(0, 1fr); gap: .6rem; }}
{0} td::before {{ content: attr(data-label); font-style: normal; font-weight: 600; }}
"""
"""The cells of a row one below the other, each with the title of its column."""

STYLE: Final = theme.resolve(
    """\
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; }
main { padding: 0 1rem; }
.wide { max-width: none; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid var(--line); text-align: left; vertical-align: top; }
th, td { padding: .4rem .6rem; }
thead th { border-bottom-width: 2px; }
h1, p { overflow-wrap: break-word; }
.long, td::before { overflow-wrap: anywhere; }
tbody th { font-weight: 600; }
tr, h1 { break-inside: avoid; }
h1 { break-after: avoid; }
.unknown { font-style: italic; }
"""
    + _STACK.format(".stacked")
    + "@media (max-width: 40rem) {\n"
    + _STACK.format("section")
    + """\
}
@page wide { size: landscape; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 9.5pt; margin: 0; max-width: none; }
  main { padding: 0 1px; }
  th, td { padding: .25rem .4rem; }
  .wide { page: wide; font-size: 8.5pt; overflow: visible; }
}
""",
    {"line": theme.TABLE_LINE},
)


@dataclass(frozen=True)
class Comparison:
    """A table: a row per feature, a column per offer, and the clause of each row.

    Attributes
    ----------
    title
        Title of the policy or programme.
    columns
        Titles of the compared items.
    rows
        Title of the feature, and a cell per column.
    clauses
        The clause of each row, empty if missing.
    source, note
        Source and notes.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    clauses: tuple[str, ...]
    source: str
    note: str

    def text(self) -> str:
        """Return it as a text table."""
        head = _row(("", *self.columns))
        rule = "  ".join("-" * w for w in _widths(len(self.columns)))
        rows = [_row((feature, *cells)) for feature, cells in self.rows]
        return "\n".join(
            [
                *textwrap.wrap(visible(self.title), 100),
                "",
                head,
                rule,
                *rows,
                "",
                *textwrap.wrap(visible(f"Source: {self.source}"), 100, break_on_hyphens=False),
                *textwrap.wrap(visible(self.note), 100),
            ]
        ).rstrip()

    def markdown(self) -> str:
        """Return it as a Markdown table with escaped cells."""
        lines = [f"## {_escape_markdown(self.title)}", ""]
        lines.append("| | " + " | ".join(map(_escape_markdown, self.columns)) + " |")
        lines.append("|" + "---|" * (1 + len(self.columns)))
        lines += [
            "| " + " | ".join(map(_escape_markdown, (feature, *cells))) + " |"
            for feature, cells in self.rows
        ]
        lines += ["", f"Source: {_escape_markdown(self.source)}"]
        return "\n".join([*lines, *(["", _escape_markdown(self.note)] if self.note else [])])

    def section(self) -> str:
        """Return it as an HTML section.

        The roles keep it a table for screen readers where its cells are stacked.
        """
        head = "".join(
            f'<th scope="col" role="columnheader">{_breakable(c)}</th>' for c in self.columns
        )
        labels = [html.escape(column) for column in self.columns]
        rows = "\n".join(
            f'<tr role="row"><th scope="row" role="rowheader" title="{html.escape(clause)}">'
            f"{_breakable(feature)}</th>{''.join(map(_cell, cells, labels))}</tr>"
            for (feature, cells), clause in zip(self.rows, self.clauses, strict=True)
        )
        note = f"<p>{_breakable(self.note)}</p>\n" if self.note else ""
        table = (
            f'<table role="table">\n<thead role="rowgroup"><tr role="row"><td role="cell"></td>'
            f'{head}</tr></thead>\n<tbody role="rowgroup">\n{rows}\n</tbody>\n</table>\n'
        )
        count = len(self.columns)
        kind = "stacked" if count > STACKED else "wide" if count > WIDE else "plain"
        title, source = _breakable(self.title), _breakable(self.source)
        return (
            f'<section class="{kind}">\n<h1>{title}</h1>\n{table}<p>Source: {source}</p>\n{note}'
            "</section>\n"
        )


def written(comparisons: Sequence[Comparison], form: Format) -> str:
    """Return tables one below the other, as text, Markdown or one HTML page."""
    if form == "html":
        return html_page(comparisons)
    return "\n\n".join(c.markdown() if form == "markdown" else c.text() for c in comparisons) + "\n"


def html_page(comparisons: Sequence[Comparison]) -> str:
    """Return a page of tables without scripts or network requests."""
    title = html.escape("; ".join(c.title for c in comparisons))
    sections = "\n".join(c.section() for c in comparisons)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{sections}</main>\n</body>\n</html>\n"
    )
    return with_policy(page, content_policy(styles=[f"\n{STYLE}"]))


def comparison(of: Policy | Programme) -> Comparison:
    """Return the table of a policy's levels, or of a programme's offers."""
    return _levels(of) if isinstance(of, Policy) else _offers(of)


def _offers(programme: Programme) -> Comparison:
    """Return the features of a programme by offer."""
    return Comparison(
        programme.title,
        tuple(offer.title for offer in programme.compared),
        tuple((f.title, tuple(map(str, f.values.values()))) for f in programme.features),
        tuple(programme.clauses[f.clause] for f in programme.features),
        str(programme.source),
        " ".join(programme.source.note.split()),
    )


def _levels(policy: Policy) -> Comparison:
    """Return the promises of each level of a policy, and their conditions."""
    rows = level_rows(policy)
    clauses = dict.fromkeys(rows, "")
    named = dict.fromkeys(clock.clause for v in policy.levels for clock in v.all_clocks)
    clauses["Promise"] = " ".join(policy.clauses[name] for name in named)
    if policy.warranty:
        clauses["Manufacturer's warranty"] = policy.clauses[policy.warranty.clause]
    return Comparison(
        policy.title,
        tuple(level.title for level in policy.levels),
        tuple((feature, tuple(cells)) for feature, cells in rows.items()),
        tuple(clauses.values()),
        str(policy.source),
        " ".join(policy.source.note.split()),
    )


def side_by_side(policies: Mapping[str, Policy]) -> Comparison:
    """Return the rules of several policies in one table: first the rows that differ, marked.

    Parameters
    ----------
    policies
        Labels where titles are not unique: a name, or the path of a file.
    """
    listed = list(policies.values())
    titles = [policy.title for policy in listed]
    columns = tuple(
        policy.title if titles.count(policy.title) == 1 else f"{policy.title} ({name})"
        for name, policy in policies.items()
    )
    rows = policy_rows(listed)
    marked = [
        (feature if len(set(cells)) == 1 else f"{DIFFERS} {feature}", tuple(cells))
        for feature, cells in rows.items()
    ]
    marked.sort(key=lambda row: not row[0].startswith(DIFFERS))
    count = sum(len(set(cells)) > 1 for cells in rows.values())
    unit = "row" if count == 1 else "rows"
    return Comparison(
        "Policies compared",
        columns,
        tuple(marked),
        ("",) * len(marked),
        "; ".join(dict.fromkeys(str(p.source) for p in listed)),
        f"{DIFFERS} marks the {count} {unit} of {len(rows)} in which the policies differ.",
    )


def _widths(columns: int) -> list[int]:
    return [FEATURE_WIDTH, *[VALUE_WIDTH] * columns]


def _row(cells: tuple[str, ...]) -> str:
    """Return a row of text with wrapped cells."""
    widths = _widths(len(cells) - 1)
    parts = [textwrap.wrap(visible(c), w) or [""] for c, w in zip(cells, widths, strict=True)]
    height = max(map(len, parts))
    lines = (
        "  ".join(
            f"{(p[i] if i < len(p) else ''):<{w}}" for p, w in zip(parts, widths, strict=True)
        )
        for i in range(height)
    )
    return "\n".join(line.rstrip() for line in lines)


def _escape_markdown(text: str) -> str:
    """Return a text on one line, with Markdown characters escaped."""
    plain = " ".join(visible(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~>])", r"\\\1", plain)


def _cell(text: str, label: str) -> str:
    """Return a cell, with the escaped title of its column for where cells are stacked."""
    style = ' class="unknown"' if text == NOT_STATED else ""
    return f'<td role="cell"{style} data-label="{label}">{_breakable(text)}</td>'


def _breakable(text: str) -> str:
    """Return a text escaped for HTML, in which only long words may be broken.

    Examples
    --------
    >>> _breakable("R&D at https://example.com/support")
    'R&amp;D at <span class="long">https://example.com/support</span>'
    """
    words = re.split(r"(\s+)", text)
    return "".join(
        f'<span class="long">{html.escape(word)}</span>'
        if len(word) > LONG_WORD
        else html.escape(word)
        for word in words
    )
