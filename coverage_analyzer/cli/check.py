"""``coverage-analyzer check``."""

from typing import Any, Final

import click

from coverage_analyzer.cli import options, summary
from coverage_analyzer.cli.messages import Messages, print_json, say, say_ledger


@click.command()
@click.argument("sites")
@click.option(
    "--centers", default=None, metavar="FILE", help="File of service centers, checked as well."
)
@options.policy
@options.column
@options.center_column
@options.trust_declared
@options.dialect
@options.center_dialect
@click.option("--rejects", metavar="FILE", help="Write the rejected rows to this CSV file.")
@options.raw_text
@options.excel
@options.max_rejects("0", "Exit with code 1 if more than N rows would be rejected.")
@options.messages
def check(
    sites: str,
    centers: str | None,
    policy: str,
    rejects: str | None,
    max_rejects: Any,
    messages: Messages,
    **choices: Any,
) -> int:
    """Check files without assessing sites. List the rows that `run` would reject, and why.

    \b
    Example:
      coverage-analyzer check data/customer_sites.csv --max-rejects 10
    """
    from coverage_analyzer import batch

    chosen = batch.Options(**choices, progress=messages.progress)
    findings = batch.check(sites, centers=centers, policy=policy, rejects=rejects, options=chosen)
    if messages.as_json:
        print_json(findings)
    elif not messages.quiet:
        for line in _lines(findings):
            say(line, stdout=True)
    of_centers = findings["centers"]["warnings"] if findings["centers"] else []
    for warning in [*findings["warnings"], *of_centers]:
        say(f"Warning: {warning}")
    say_ledger(findings["ledger"])
    return int(max_rejects.is_exceeded(findings["ledger"]))


def _lines(findings: dict[str, Any]) -> list[str]:
    """Return the findings as lines of text."""
    lines = [*summary.check_result(findings), *_columns(findings, "")]
    if findings["rejects"]:
        lines.append("rows that would be rejected")
        lines += [f"  {n:>10,}  {reason}" for reason, n in findings["rejects"].items()]
        first = findings["first_rejects"]
        lines += [f"  {reject}" for reject in first]
        if more := findings["ledger"]["rejected"] - len(first):
            lines.append(f"  and {more:,} more; list all with --rejects FILE")
    if findings["usable_country"] is not None:
        lines.append(f"sites with a usable country: {findings['usable_country']:.2%}")
        lines += [f"  {n:>10,}  {ground}" for ground, n in findings["countries"].items()]
    lines += _countries(findings)
    if centers := findings["centers"]:
        lines += [f"centers: {centers['given']:,}", *_columns(centers, "centers: ")]
    return lines


def _columns(findings: dict[str, Any], what: str) -> list[str]:
    """Return the columns used and copied of a file as lines of text."""
    used = [f"  {name:<15} {header!r}" for name, header in findings["columns"].items()]
    others = ", ".join(map(repr, findings["other_columns"])) or "none"
    return [f"{what}columns used", *used, f"{what}columns copied unchanged: {others}"]


MOST: Final = 20
"""Maximum number of pairs of countries and of unknown names shown; --json prints all."""


def _countries(findings: dict[str, Any]) -> list[str]:
    """Return conflicts by pair of countries and unknown names as lines of text."""
    pairs, unknown = findings["country_conflicts"], findings["unknown_countries"]
    lines = ["country conflicts"] if pairs else []
    lines += [f"  {pair['sites']:>10,}  {pair['text']}" for pair in pairs[:MOST]]
    lines += ["unknown countries"] if unknown else []
    lines += [
        f"  {name['sites']:>10,}  {name['text']}{': ' if name['nearest'] else ''}{name['nearest']}"
        f"{'?' if name['nearest'] else ''}"
        for name in unknown[:MOST]
    ]
    more = max(len(pairs) - MOST, 0) + max(len(unknown) - MOST, 0)
    return [*lines, *([f"  and {more:,} more; list all with --json"] if more else [])]
