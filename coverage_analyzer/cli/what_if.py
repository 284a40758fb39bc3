"""``coverage-analyzer what-if``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages, fitted
from coverage_analyzer.errors import quantity

if TYPE_CHECKING:
    from coverage_analyzer.batch._what_if import WhatIfChange


@dataclass(frozen=True)
class ChangeOptions:
    """What is changed, as the options give it; see `batch._what_if.WhatIfChange`."""

    close: tuple[str, ...]
    open: tuple[str, ...]
    move: tuple[str, ...]
    new_centers: str
    new_policy: str
    new_day: str

    def change(self) -> "WhatIfChange":
        """Return the change.

        Raises
        ------
        InputError
            If a center to open or to move cannot be read, or one moves twice.
        """
        from coverage_analyzer.batch._what_if import WhatIfChange
        from coverage_analyzer.comparison.what_if import NewCenter, parse_move
        from coverage_analyzer.errors import InputError

        moves = [parse_move(text) for text in self.move]
        if len(dict(moves)) < len(moves):
            msg = "A center moves twice. Give one place for each."
            raise InputError(msg)
        return WhatIfChange(
            close=self.close,
            open=[NewCenter.parse(text) for text in self.open],
            move=dict(moves),
            centers=self.new_centers,
            policy=self.new_policy or None,
            as_of=self.new_day or None,
        )


change_options = options.collected(
    "change_options",
    ChangeOptions,
    click.option(
        "--close", multiple=True, metavar="ID", help="Close this center, or cancel it; repeatable."
    ),
    click.option(
        "--open",
        multiple=True,
        metavar="LAT,LON[,COUNTRY[,ID[,DAY]]]",
        help="Open a center there, on a day if it is given; repeatable.",
    ),
    click.option(
        "--move", multiple=True, metavar="ID=LAT,LON", help="Move this center; repeatable."
    ),
    click.option(
        "--centers",
        "new_centers",
        default="",
        metavar="FILE",
        help="Use the centers of this file instead of those of the run.",
    ),
    click.option(
        "--policy",
        "new_policy",
        default="",
        metavar="NAME|FILE",
        help="Use this policy instead of that of the run.",
    ),
    click.option(
        "--as-of",
        "new_day",
        default="",
        metavar="DATE",
        help="Assess this day instead of that of the run.",
    ),
)


@click.command(name="what-if")
@click.argument("folder", metavar="DIR")
@change_options
@click.option(
    "-o", "--output", metavar="DIR", help="Folder to write.  [default: only print the result]"
)
@click.option(
    "--weight", default="", metavar="COLUMN", help="Column of the sites' weights.  [1 each]"
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
def what_if(
    folder: str,
    output: str | None,
    change_options: ChangeOptions,
    form: str,
    messages: Messages,
    **choices: Any,
) -> int:
    """Show what changes if a center closes, opens or moves.

    DIR is a run folder; it is not changed. Its sites are assessed again under the change, and the
    comparison is written like that of compare.

    \b
    Examples:
      coverage-analyzer what-if reports/2026-12 --close US-DAL-1 -o reports/without-dallas
      coverage-analyzer what-if reports/2026-12 --open '49.61,6.13,LU' --move 'US-DAL-1=32.9,-97.0'
      coverage-analyzer what-if reports/2026-12 --policy mine.toml --as-of 2027-06-01
    """
    from coverage_analyzer.batch import Options
    from coverage_analyzer.batch._compare import CompareOptions
    from coverage_analyzer.batch._what_if import what_if as job
    from coverage_analyzer.batch.text_style import text_style
    from coverage_analyzer.comparison import summary

    weight = choices.pop("weight")
    chosen = Options(**choices)
    style = text_style(chosen.style, chosen.excel_locale)
    compare_options = CompareOptions(weight=weight, style=style, progress=messages.progress)
    result = job(folder, change_options.change(), output, compare_options)
    manifest = result.manifest
    if not messages.as_json and form == "markdown":
        click.echo(summary.markdown(manifest, result.flows, result.segments), nl=False)
    elif not messages.as_json and not messages.quiet:
        click.echo("\n".join(map(fitted, summary.lines(manifest))))
    files = []
    if output:
        n_changes = quantity(sum(manifest["changes"].values()), "change")
        files = [
            f"Wrote {n_changes} to {Path(output) / 'changes.csv'}.",
            f"Open {Path(output) / 'compare.html'} in a browser.",
        ]
    notes = [f"Note: {note}" for note in manifest["notes"]]
    messages.print_findings(manifest, [], notes, files, ledger=summary.ledger_line(manifest))
    return 0
