"""``coverage-analyzer compare``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages, fitted
from coverage_analyzer.errors import quantity


@dataclass(frozen=True)
class Rules:
    """Rules of a comparison: those that make it fail, and those that warn."""

    fail_if: tuple[str, ...]
    warn_if: tuple[str, ...]


@click.command()
@click.argument("before", metavar="DIR_A")
@click.argument("after", metavar="DIR_B")
@click.option(
    "-o", "--output", metavar="DIR", help="Folder to write.  [default: only print the result]"
)
@click.option(
    "--key",
    multiple=True,
    metavar="COLUMN",
    help="Column that identifies a site, if not site_id; may be repeated.",
)
@click.option(
    "--weight", default="", metavar="COLUMN", help="Column of the sites' weights.  [1 each]"
)
@click.option(
    "--fail-if",
    type=options.RuleText(),
    multiple=True,
    metavar="RULE",
    help="Exit with code 1 if a rule fires, such as 'lost > 0'; may be repeated.",
)
@click.option(
    "--warn-if",
    type=options.RuleText(),
    multiple=True,
    metavar="RULE",
    help="Warn if a rule fires, such as 'review_share > 2%'; may be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    help="Print the result as text, or as Markdown on standard output.",
    show_default=True,
)
@options.raw_text
@options.excel
@options.messages
@options.collected("rules", Rules)
def compare(
    before: str,
    after: str,
    output: str | None,
    rules: Rules,
    form: str,
    messages: Messages,
    **choices: Any,
) -> int:
    """Compare two run folders: which sites changed, and why.

    DIR_A has the earlier report, DIR_B the later one; their formats may differ. Sites are matched
    by site_id. Each change is explained: its site is judged again with one input of DIR_A at a time
    replaced by that of DIR_B.

    \b
    Examples:
      coverage-analyzer compare reports/2026-11 reports/2026-12 -o reports/changes
      coverage-analyzer compare reports/2026-11 reports/2026-12 --fail-if 'lost > 0'
      coverage-analyzer compare reports/2026-11 reports/2026-12 --format markdown > comment.md
    """
    from coverage_analyzer.batch import Options
    from coverage_analyzer.batch._compare import CompareOptions, compared
    from coverage_analyzer.batch.text_style import text_style
    from coverage_analyzer.comparison import summary

    key, weight = tuple(choices.pop("key")), choices.pop("weight")
    chosen = Options(**choices)
    job_options = CompareOptions(
        key=key,
        weight=weight,
        fail_if=rules.fail_if,
        warn_if=rules.warn_if,
        style=text_style(chosen.style, chosen.excel_locale),
        progress=messages.progress,
    )
    result = compared(before, after, output, job_options)
    manifest = result.manifest
    if not messages.as_json and form == "markdown":
        click.echo(summary.markdown(manifest, result.flows, result.segments), nl=False)
    elif not messages.as_json and not messages.quiet:
        click.echo("\n".join(map(fitted, summary.lines(manifest))))
    warnings = [f"Note: {note}" for note in manifest["notes"]]
    warnings += [f"Warning: {reason}" for reason in manifest["rules"]["warned"]]
    warnings += [f"Failed: {reason}" for reason in manifest["rules"]["failed"]]
    files = []
    if output:
        n_changes = sum(manifest["changes"].values())
        files = [
            f"Wrote {quantity(n_changes, 'change')} to {Path(output) / 'changes.csv'}.",
            f"Open {Path(output) / 'compare.html'} in a browser.",
        ]
    ledger = summary.ledger_line(manifest)
    messages.print_findings(manifest, [], warnings, files, ledger=ledger)
    return 1 if manifest["rules"]["failed"] else 0
