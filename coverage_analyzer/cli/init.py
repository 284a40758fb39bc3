"""``coverage-analyzer init``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options, preview, terminal
from coverage_analyzer.cli.messages import Messages, print_json, say
from coverage_analyzer.cli.streams import put
from coverage_analyzer.errors import visible
from coverage_analyzer.settings import discovery

if TYPE_CHECKING:
    from coverage_analyzer.batch._inspect import Inspection


@click.command()
@click.argument("sites")
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option(
    "-o",
    "--output",
    default=discovery.NAME,
    metavar="FILE",
    show_default=True,
    help="Settings file to write.",
)
@click.option("--force", is_flag=True, help="Replace a settings file that exists.")
@options.policy
@options.column
@options.center_column
@options.center_dialect
@options.trust_declared
@options.dialect
@options.messages
def init(
    sites: str,
    centers: str,
    output: str,
    force: bool,
    policy: str,
    messages: Messages,
    **choices: Any,
) -> int:
    """Inspect two files, show how they are understood, and write a settings file.

    The first rows, the columns, the countries and the rows that would be rejected are shown. With
    the settings file, `coverage-analyzer run` needs no arguments.

    \b
    Example:
      coverage-analyzer init customers.csv --centers depots.csv
    """
    from coverage_analyzer import batch
    from coverage_analyzer.batch._init import init as job

    chosen = batch.Options(**choices, progress=messages.progress)
    inspection = job(sites, centers, output, policy=policy, force=force, options=chosen)
    if messages.as_json:
        print_json(inspection.to_dict() | {"settings": output})
    elif not messages.quiet:
        for line in preview.lines(inspection):
            text = visible(line)
            put(terminal.bold(text) if isinstance(line, terminal.Title) else text)
    for line in _ending(inspection, output):
        say(line)
    return 1 if inspection.centers.problems else 0


def _ending(inspection: "Inspection", output: str) -> list[str]:
    """Return what was written, and what comes next."""
    note = f"Wrote {output}."
    if inspection.centers.problems:
        return [f"{note} Fix the centers file before the next step: coverage-analyzer run"]
    place = "" if Path(output).name == discovery.NAME else f" --settings {output}"
    return [f"{note} Check it, then run: coverage-analyzer run{place}"]
