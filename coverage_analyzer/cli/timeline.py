"""``coverage-analyzer timeline``."""

from dataclasses import dataclass
from typing import Any, Final

import click

from coverage_analyzer.cli import options, summary
from coverage_analyzer.cli.messages import Messages
from coverage_analyzer.errors import quantity

PICTURES: Final = [".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".eps", ".ps"]
"""Extensions of the image formats of matplotlib."""


@dataclass(frozen=True)
class Days:
    """The first and the last day of a timeline."""

    start: str | None
    end: str


@click.command()
@click.argument("sites")
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="Output file: .csv, .parquet or .xlsx."
)
@click.option("--from", "start", metavar="DATE", help="First day.  [default: today, UTC]")
@click.option("--to", "end", required=True, metavar="DATE", help="Last day.")
@click.option("--plot", metavar="FILE", help="Also plot the share of sites per level: .png, .svg.")
@options.policy
@options.products
@options.column
@options.center_column
@options.center_dialect
@options.trust_declared
@options.dialect
@options.raw_text
@options.excel
@options.messages
@options.collected("days", Days)
def timeline(
    sites: str,
    centers: str,
    output: str,
    days: Days,
    plot: str | None,
    policy: str,
    messages: Messages,
    **choices: Any,
) -> None:
    """List the days on which each site's level changes.

    A level changes when a center opens or closes, or when a product reaches the end of a support
    phase.

    \b
    Example:
      coverage-analyzer timeline data/customer_sites.csv --centers data/service_centers.csv \\
        --from 2026-12-01 --to 2027-12-31 -o timeline.csv --plot timeline.png
    """
    from coverage_analyzer import batch
    from coverage_analyzer.files.outputs import kind_of
    from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting

    chosen = batch.Options(**choices, progress=messages.progress)
    refuse_overwriting(
        {"timeline": output, "plot": plot}, [sites, centers, chosen.products, policy_file(policy)]
    )
    if plot:
        kind_of(plot, PICTURES, what="The plot is")
    result = batch.timeline(
        sites, centers, output, policy=policy, days=(days.start, days.end), options=chosen
    )
    if plot:
        from coverage_analyzer.frames import _timeline as timing

        timing.draw_levels(result["levels"], result["end"], result["policy"], plot)
    warnings = [f"Warning: {warning}" for warning in result["warnings"]]
    rejects = summary.first_rejects(result)
    files = [f"Wrote {quantity(result['rows'], 'row')} to {output}."]
    messages.print_findings(result, summary.timeline_result(result), [*warnings, *rejects], files)
