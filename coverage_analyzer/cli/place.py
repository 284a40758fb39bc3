"""``coverage-analyzer place``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from coverage_analyzer.cli import options, summary
from coverage_analyzer.cli.messages import Messages
from coverage_analyzer.errors import quantity

if TYPE_CHECKING:
    from coverage_analyzer.batch._place import PlaceInputs
    from coverage_analyzer.siting.question import Question


@dataclass(frozen=True)
class PlanOptions:
    """What is asked, as the options give it; see `siting.question.Question`."""

    new: int | None
    cover: str
    per_country: bool
    max_per_country: int | None
    min_per_country: str
    budget: float | None
    force: tuple[str, ...]
    forbid: tuple[str, ...]
    backup: bool
    close: int | None
    swap: int | None
    alternatives: int
    differ: int
    within: str
    curve: bool
    nested: bool
    time_limit: float | None

    def question(self) -> "Question":
        """Return the question.

        Raises
        ------
        InputError
            If a share is not one.
        """
        from coverage_analyzer.errors import InputError
        from coverage_analyzer.siting.question import Question, share

        least, is_share = None, self.min_per_country.strip().endswith("%")
        if is_share:
            least = share(self.min_per_country, "--min-per-country")
        elif self.min_per_country:
            try:
                least = float(int(self.min_per_country))
            except ValueError:
                msg = f"--min-per-country is {self.min_per_country!r}: write a number or a share."
                raise InputError(msg) from None
        return Question(
            new=self.new,
            cover=share(self.cover, "--cover") if self.cover else None,
            budget=self.budget,
            close=self.close,
            swap=self.swap,
            per_country=self.per_country,
            max_per_country=self.max_per_country,
            min_per_country=least,
            min_is_share=is_share,
            force=self.force,
            forbid=self.forbid,
            backup=self.backup,
            alternatives=self.alternatives,
            differ=self.differ,
            within=share(self.within, "--within") if self.within else None,
            curve=self.curve,
            nested=self.nested,
            time_limit_s=self.time_limit,
        )


def _number(flag: str, help_text: str, **more: Any) -> Callable[[options.Verb], options.Verb]:
    return click.option(flag, type=int, metavar="N", help=help_text, **more)


plan_options = options.collected(
    "plan_options",
    PlanOptions,
    _number("--new", "Open at most N centers that gain as much as possible."),
    click.option(
        "--cover",
        default="",
        metavar="P%",
        help="Open as few centers as possible that gain this share of what candidates can gain.",
    ),
    click.option("--per-country", is_flag=True, help="With --cover: in each country."),
    _number("--max-per-country", "Open at most N centers in each country."),
    click.option(
        "--min-per-country",
        default="",
        metavar="N|P%",
        help="Open at least N centers, or gain at least P% of what can be gained, in each country.",
    ),
    click.option("--budget", type=float, metavar="SUM", help="Spend at most this sum of --cost."),
    click.option("--force", multiple=True, metavar="ID", help="Open this candidate; repeatable."),
    click.option(
        "--forbid", multiple=True, metavar="ID", help="Never open this candidate; repeatable."
    ),
    click.option(
        "--backup", is_flag=True, help="Count sites that get a second center within range."
    ),
    _number("--close", "Close N of the open centers so that as little as possible is lost."),
    _number("--swap", "Move at most N of the open centers: one closes for each that opens."),
    _number("--alternatives", "Write the N best plans that differ.", default=0),
    _number("--differ", "Centers of each better plan that an alternative lacks.", default=1),
    click.option(
        "--within", default="", metavar="P%", help="Leave out alternatives that gain P% less."
    ),
    click.option("--curve", is_flag=True, help="Solve for each number of centers up to --new."),
    click.option("--nested", is_flag=True, help="Compare the opening order with each best plan."),
    click.option(
        "--time-limit",
        type=float,
        metavar="SECONDS",
        help="Stop after this time with the best plan and its proved gap.",
    ),
)


STOPPED: Final = {
    "search_limit": "The search ended at its limit; the plan may be improved up to that bound.",
    "time_limit": "The time limit ended the search; more time may find a better plan.",
    "interrupt": "Interrupted; this is the best plan found so far.",
}
"""What ended the search, in words."""

LISTED: Final = 20
"""Centers that the command prints at most."""


@click.command()
@click.argument("sites")
@click.option("--centers", default="", metavar="FILE", help="Existing and planned centers.")
@click.option("-o", "--output", default="", metavar="DIR", help="Output folder.  [RUN/plan]")
@click.option(
    "--candidates",
    default="",
    metavar="FILE",
    help="Places where a center could be opened.  [generated]",
)
@click.option(
    "--weight", default="", metavar="COLUMN", help="Column of the sites' weights.  [1 each]"
)
@click.option(
    "--cost", default="", metavar="COLUMN", help="Column of the candidates' costs.  [1 each]"
)
@plan_options
@click.option("--policy", default="", metavar="NAME|FILE", help="Built in, or a TOML file.")
@options.as_of
@options.products
@options.column
@options.center_column
@options.headers_of("candidates", "--candidate-column", "candidate_columns")
@options.dialect
@options.center_dialect
@options.trust_declared
@options.raw_text
@options.excel
@options.messages
def place(
    sites: str,
    output: str,
    plan_options: PlanOptions,
    policy: str,
    as_of: str | None,
    messages: Messages,
    **choices: Any,
) -> int:
    """Plan where the next centers should be, and prove how good the plan is.

    SITES is a file, or a run folder, whose report, centers, policy and day are used. Existing and
    planned centers stay; only sites that lack the level because of distance count. Each plan is
    verified by the function that decides levels.

    \b
    Examples:
      coverage-analyzer place sites.csv --centers centers.csv --new 10 -o plan
      coverage-analyzer place sites.csv --centers centers.csv --candidates towns.csv \\
        --weight contracts --cover 95% -o plan
      coverage-analyzer place reports/2026-12 --new 5 --curve
    """
    from coverage_analyzer import batch
    from coverage_analyzer.batch._place import PlaceInputs
    from coverage_analyzer.batch._place import place as job

    names = ("centers", "candidates", "weight", "cost", "candidate_columns")
    inputs = PlaceInputs(sites=sites, **{name: choices.pop(name) for name in names})
    if inputs.is_run and not is_on_command_line("centers"):
        inputs = replace(inputs, centers="")  # those of the settings: a run has its own
    folder = output or default_folder(inputs)
    chosen = batch.Options(**choices, progress=messages.progress)
    plan = job(
        inputs, folder, plan_options.question(), policy=policy or None, as_of=as_of, options=chosen
    )
    warnings = [f"Note: {note}" for note in plan["notes"]]
    warnings += summary.first_rejects(plan)
    messages.print_findings(plan, _lines(plan, folder), warnings)
    return 0


def is_on_command_line(name: str) -> bool:
    """Return whether an option was given on the command line, not by settings."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


def default_folder(inputs: "PlaceInputs") -> str:
    """Return where the plan of a run folder goes.

    Raises
    ------
    InputError
        If the sites are not a run folder.
    """
    from coverage_analyzer.errors import InputError

    if not inputs.is_run:
        msg = "Name the output folder with -o DIR."
        raise InputError(msg)
    return str(Path(inputs.sites) / "plan")


def _lines(plan: dict[str, Any], folder: str) -> list[str]:
    """Return what the plan is, and where to look."""
    before, after = plan["covered_weight_before"], plan["covered_weight_after"]
    lines = [f"{plan['policy']['title']}, as of {plan['as_of']}"]
    n_opened = len(plan["plan"])
    for what, places in (
        ("Open", plan["places"][:n_opened]),
        ("Close", plan["places"][n_opened:]),
    ):
        if places:
            lines.append(f"{what} {len(places)}:")
            lines += [f"  {place}" for place in places[:LISTED]]
        if len(places) > LISTED:
            lines.append(f"  and {len(places) - LISTED} more in plan.csv")
    lines.append(f"{quantity(plan['gained_sites'], 'site')} gained.")
    what = "Weight of the sites" if plan["weight"] else "Sites"
    lines.append(f"{what} with the level: {before:,} -> {after:,}.")
    lines.append(plan["proof"])
    if plan["stopped_by"] != "proved":
        lines.append(STOPPED.get(plan["stopped_by"], f"Stopped by: {plan['stopped_by']}"))
    return [*lines, f"Open {Path(folder) / 'plan.html'} in a browser; rows are in plan.csv."]
