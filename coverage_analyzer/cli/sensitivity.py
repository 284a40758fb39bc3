"""``coverage-analyzer sensitivity``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages, fitted

if TYPE_CHECKING:
    from coverage_analyzer.comparison.sensitivity import Question


@dataclass(frozen=True)
class VariationOptions:
    """What is varied, as the options give it; see `comparison.sensitivity.Question`."""

    change: tuple[float, ...]
    miles: tuple[float, ...]
    accuracy: tuple[float, ...]
    territories: bool
    any_country: bool

    def question(self) -> "Question":
        """Return the question; without an option for numbers, its defaults are asked."""
        from coverage_analyzer.comparison.sensitivity import Question

        usual = Question()
        is_set = self.change or self.miles or self.accuracy
        return Question(
            change_miles=self.change if is_set else usual.change_miles,
            miles=self.miles,
            accuracy_m=self.accuracy if is_set else usual.accuracy_m,
            territories=self.territories,
            any_country=self.any_country,
        )


variation_options = options.collected(
    "variation_options",
    VariationOptions,
    click.option(
        "--change",
        type=float,
        multiple=True,
        metavar="MILES",
        help="Change all limits by these miles, such as -5; repeatable.  [-10, -5, 5, 10]",
    ),
    click.option(
        "--miles",
        type=float,
        multiple=True,
        metavar="MILES",
        help="Use this limit in all countries; repeatable.",
    ),
    click.option(
        "--accuracy",
        type=float,
        multiple=True,
        metavar="METRES",
        help="Take all coordinates to be this accurate; repeatable.  [0, 100, 1000]",
    ),
    click.option(
        "--territories/--no-territories",
        default=True,
        help="Fold territories into their sovereign, or not if the policy does.",
    ),
    click.option(
        "--any-country/--no-any-country",
        default=True,
        help="Let centers serve sites in other countries.",
    ),
)


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "-o", "--output", metavar="DIR", help="Folder to write.  [default: only print the result]"
)
@variation_options
@click.option(
    "--near",
    type=float,
    default=1.0,
    show_default=True,
    metavar="MILES",
    help="List sites within this distance of the limit.",
)
@click.option("--plot", metavar="FILE", help="Also draw gained and lost sites: .png, .svg or .pdf.")
@click.option(
    "--weight", default="", metavar="COLUMN", help="Column of the sites' weights.  [1 each]"
)
@options.raw_text
@options.excel
@options.messages
def sensitivity(
    folder: str,
    output: str | None,
    variation_options: VariationOptions,
    plot: str | None,
    messages: Messages,
    **choices: Any,
) -> int:
    """Show which sites flip if the rule is varied.

    DIR is a run folder. Its sites are assessed again, in one pass, with other limits, with
    territories folded or not, across borders, and with other accuracies of the coordinates.

    \b
    Examples:
      coverage-analyzer sensitivity reports/2026-12
      coverage-analyzer sensitivity reports/2026-12 --change -5 --change 5 -o reports/sensitivity
      coverage-analyzer sensitivity reports/2026-12 --miles 60 --miles 80 --plot radii.png
    """
    from coverage_analyzer.batch import Options
    from coverage_analyzer.batch._sensitivity import SensitivityOptions
    from coverage_analyzer.batch._sensitivity import sensitivity as job
    from coverage_analyzer.batch.text_style import text_style
    from coverage_analyzer.cli.timeline import PICTURES
    from coverage_analyzer.files.outputs import kind_of
    from coverage_analyzer.files.overwriting import refuse_overwriting

    if plot:
        refuse_overwriting({"plot": plot}, [folder])
        kind_of(plot, PICTURES, what="The plot is")
    near, weight = choices.pop("near"), choices.pop("weight")
    chosen = Options(**choices)
    result = job(
        folder,
        output,
        variation_options.question(),
        SensitivityOptions(
            near_miles=near,
            weight=weight,
            style=text_style(chosen.style, chosen.excel_locale),
            progress=messages.progress,
        ),
    )
    if plot:
        from coverage_analyzer.frames import _sensitivity

        _sensitivity.draw(result["table"], result["policy"]["title"], plot)
    if not messages.as_json and not messages.quiet:
        click.echo("\n".join(map(fitted, lines(result))))
    files = [f"Wrote {Path(output) / 'sensitivity.csv'}."] if output else []
    files += [f"Wrote {plot}."] if plot else []
    notes = [f"Note: {note}" for note in result["notes"]]
    run_row = result["table"][0]
    ledger = (
        f"sites {result['sites']} = qualified {run_row['qualified']} "
        f"+ others {result['sites'] - run_row['qualified']}"
    )
    messages.print_findings(result, [], notes, files, ledger=ledger)
    return 0


def lines(data: Mapping[str, Any]) -> list[str]:
    """Return the result as text: all countries together; the file has each."""
    result = [
        f"{data['policy']['title']}, as of {data['as_of']}:",
        f"  {'qualified':>10} {'gained':>8} {'lost':>8} {'review':>8}  scenario",
    ]
    for row in data["table"]:
        if not row["country"]:
            counts = f"{row['qualified']:>10,} {row['gained']:>8,} {row['lost']:>8,}"
            result.append(f"  {counts} {row['review']:>8,}  {row['scenario']}")
    are = "site is" if data["near"] == 1 else "sites are"
    miles = f"{data['near_miles']:g} mile{'' if data['near_miles'] == 1 else 's'}"
    return [*result, f"{data['near']:,} {are} within {miles} of the limit."]
