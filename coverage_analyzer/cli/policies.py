"""``coverage-analyzer policies``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import print_json
from coverage_analyzer.cli.streams import put

if TYPE_CHECKING:
    from coverage_analyzer.programmes.catalogue import Entry


@dataclass(frozen=True)
class Form:
    """Output format of policies and programmes, other than text."""

    table_format: str | None
    as_json: bool
    as_toml: bool


class PoliciesGroup(click.Group):
    """A group whose options are accepted anywhere, and for which a bare name means `show`."""

    allow_interspersed_args = True

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command (`show` if none is given) and the names to print."""
        named = args[0] in self.commands
        command = args[0] if named else "show"
        # No option is left: the group has taken all of them.
        return super().resolve_command(ctx, [command, "--", *args[named:]])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: the usage and the examples list the commands."""


@click.group(
    cls=PoliciesGroup,
    invoke_without_command=True,
    subcommand_metavar="[show|compare] [NAME|FILE]...",
)
@click.option(
    "--format",
    "table_format",
    type=click.Choice(["text", "markdown", "html"]),
    help="Format of the comparison table.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--toml", "as_toml", is_flag=True, help="Print one policy file, as a start for your own."
)
@options.collected("form", Form)
@click.pass_context
def policies(context: click.Context, form: Form) -> None:
    """List, show or compare policies and support programmes.

    \b
    Examples:
      coverage-analyzer policies
      coverage-analyzer policies show appliance-maintenance
      coverage-analyzer policies compare priority --format markdown
      coverage-analyzer policies compare mine.toml appliance-maintenance
      coverage-analyzer policies appliance-maintenance --toml > mine.toml
    """
    context.obj = form
    if context.invoked_subcommand is None:
        context.invoke(list_)


@policies.command("list")
@click.pass_obj
def list_(form: Form) -> None:
    """List the built-in policies and programmes."""
    _print(form, (), whole=False)


@policies.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...")
@click.pass_obj
def show(form: Form, names: tuple[str, ...]) -> None:
    """Show policies and programmes in full."""
    _print(form, names)


@policies.command()
@click.argument("names", nargs=-1, metavar="[NAME|FILE]...")
@click.pass_obj
def compare(form: Form, names: tuple[str, ...]) -> None:
    """Compare what policies and programmes offer."""
    _print(form, names, tables=True)


def _print(form: Form, names: tuple[str, ...], *, tables: bool = False, whole: bool = True) -> None:
    """Print the named policies and programmes, or all built-in ones."""
    from coverage_analyzer.policy import DEFAULT
    from coverage_analyzer.programmes.catalogue import entries, entry, text

    if form.as_toml:
        put(text(_single(names) or DEFAULT), end="")
        return
    shown = {name: entry(name) for name in names} or entries()
    if form.as_json:
        print_json(_data(shown))
    elif tables or form.table_format:
        _compare(shown, form.table_format or "text", together=bool(names))
    else:
        put("\n\n".join(p.described(clauses=whole) for p in shown.values()))


def _single(names: tuple[str, ...]) -> str:
    """Return the one name given, if any.

    Raises
    ------
    click.UsageError
        If several are given.
    """
    if len(names) > 1:
        msg = "--toml prints one file. Give one name."
        raise click.UsageError(msg, click.get_current_context().parent)  # whose usage is shown
    return names[0] if names else ""


def _data(shown: "dict[str, Entry]") -> dict[str, Any]:
    """Return policies and programmes with their hashes, as plain data."""
    from coverage_analyzer.policy import Policy

    return {
        name: {
            "sha256": p.sha256,
            **(p.model_dump(mode="json") if isinstance(p, Policy) else p.to_dict()),
        }
        for name, p in shown.items()
    }


def _compare(shown: "dict[str, Entry]", form: Any, *, together: bool) -> None:
    """Print what each policy offers, as tables; several named policies share one table."""
    from coverage_analyzer.policy import Policy
    from coverage_analyzer.programmes.offer_table import comparison, side_by_side, written

    policies = {name: p for name, p in shown.items() if isinstance(p, Policy)}
    joined = [side_by_side(policies)] if together and len(policies) > 1 else []
    alone = [p for name, p in shown.items() if not joined or name not in policies]
    put(written([*joined, *map(comparison, alone)], form), end="")
