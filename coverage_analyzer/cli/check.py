"""``coverage-analyzer check``."""

from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages, print_json, say, say_ledger


@click.command()
@click.argument("sites")
@options.policy
@options.column
@options.trust_declared
@options.dialect
@click.option("--rejects", metavar="FILE", help="Write the rejected rows to this CSV file.")
@options.raw_text
@options.excel
@options.max_rejects("0", "Exit with code 1 if more than N rows would be rejected.")
@options.messages
def check(
    sites: str,
    policy: str,
    rejects: str | None,
    max_rejects: Any,
    messages: Messages,
    **choices: Any,
) -> int:
    """Check a sites file without assessing it. List the rows that `run` would reject, and why.

    \b
    Example:
      coverage-analyzer check data/customer_sites.csv --max-rejects 10
    """
    from coverage_analyzer import batch

    chosen = batch.Options(**choices, progress=messages.progress)
    findings = batch.check(sites, policy=policy, rejects=rejects, options=chosen)
    if messages.as_json:
        print_json(findings)
    elif not messages.quiet:
        for line in _lines(findings):
            say(line, stdout=True)
    for warning in findings["warnings"]:
        say(f"Warning: {warning}")
    say_ledger(findings["ledger"])
    return int(max_rejects.is_exceeded(findings["ledger"]))


def _lines(findings: dict[str, Any]) -> list[str]:
    """Return the findings as lines of text."""
    lines = [f"  {name:<15} {header!r}" for name, header in findings["columns"].items()]
    others = ", ".join(map(repr, findings["other_columns"])) or "none"
    lines = ["columns used", *lines, f"columns copied unchanged: {others}"]
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
    return lines
