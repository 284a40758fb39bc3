"""``coverage-analyzer criticality``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages, fitted
from coverage_analyzer.errors import quantity

SHOWN: Final = 15
"""Centers that are printed; the file has all."""


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "-o", "--output", metavar="DIR", help="Folder to write.  [default: only print the result]"
)
@click.option(
    "--pairs", is_flag=True, help="Also count what is lost if two neighbouring centers close."
)
@click.option(
    "--weight", default="", metavar="COLUMN", help="Column of the sites' weights.  [1 each]"
)
@options.raw_text
@options.excel
@options.messages
def criticality(
    folder: str, output: str | None, pairs: bool, weight: str, messages: Messages, **choices: Any
) -> int:
    """Show for each center what is lost if it closes.

    DIR is a run folder. Each qualified or pending site is assessed again without the center that
    serves it, in one pass: how many sites lose their level, who would wait for a planned center,
    who takes over, and which sites a single center reaches.

    \b
    Examples:
      coverage-analyzer criticality reports/2026-12
      coverage-analyzer criticality reports/2026-12 --pairs -o reports/criticality
    """
    from coverage_analyzer.batch import Options
    from coverage_analyzer.batch._criticality import CriticalityOptions
    from coverage_analyzer.batch._criticality import criticality as job
    from coverage_analyzer.batch.text_style import text_style

    chosen = Options(**choices)
    result = job(
        folder,
        output,
        CriticalityOptions(
            pairs=pairs,
            weight=weight,
            style=text_style(chosen.style, chosen.excel_locale),
            progress=messages.progress,
        ),
    )
    if not messages.as_json and not messages.quiet:
        click.echo("\n".join(map(fitted, lines(result))))
    files = [f"Wrote {Path(output) / 'criticality.csv'}."] if output else []
    notes = [f"Note: {note}" for note in result["notes"]]
    ledger = (
        f"sites {result['sites']} = served {result['served']} "
        f"+ others {result['sites'] - result['served']}"
    )
    messages.print_findings(result, [], notes, files, ledger=ledger)
    return 0


def lines(manifest: Mapping[str, Any]) -> list[str]:
    """Return the result as text."""
    title, served = manifest["policy"]["title"], quantity(manifest["served"], "site")
    total = f"{manifest['sites']:,}"
    result = [
        f"{title}, as of {manifest['as_of']}: {served} of {total} qualified or pending.",
        f"{manifest['alone']:,} of them are reached by a single open center.",
        "If a center closes:",
        f"  {'lost':>8} {'waiting':>8} {'delayed':>8} {'of sites':>8}  center",
    ]
    busy = [center for center in manifest["centers"] if center["sites"]]
    for c in busy[:SHOWN]:
        heir = f", most go to {c['takes_over']}" if c["takes_over"] else ""
        counts = (c["lost"], c["waiting"], c["delayed"], c["sites"])
        numbers = " ".join(f"{n:>8,}" for n in counts)
        result.append(f"  {numbers}  {c['center_id']} {c['name']}".rstrip() + heir)
    if len(busy) > SHOWN:
        result.append(f"  and {len(busy) - SHOWN:,} more")
    idle = len(manifest["centers"]) - len(busy)
    if idle:
        result.append(f"{quantity(idle, 'center')} without such sites: nothing is lost.")
    return [*result, *_pairs(manifest["pairs"] or [])]


def _pairs(pairs: list[Mapping[str, Any]]) -> list[str]:
    if not pairs:
        return []
    result = [
        "If two close together, and more than one by one:",
        f"  {'lost':>8} {'more':>8}  centers",
    ]
    for pair in sorted(pairs, key=lambda p: -p["extra"])[:SHOWN]:
        where = (
            f"{pair['center_id']} and {pair['other_id']}, {pair['distance_miles']:.1f} miles apart"
        )
        result.append(f"  {pair['together']:>8,} {pair['extra']:>8,}  {where}")
    return result
