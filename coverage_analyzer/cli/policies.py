"""``coverage-analyzer policies``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import print_json, say
from coverage_analyzer.cli.streams import put
from coverage_analyzer.errors import InputError

if TYPE_CHECKING:
    from coverage_analyzer.programmes.catalogue import Entry


INVALID: Final = 2
"""Exit code of `check` if a document is invalid, as of every command that would load it."""


@dataclass(frozen=True)
class Form:
    """Output format of policies and programmes, and the options of single commands."""

    table_format: str | None
    as_json: bool
    as_toml: bool
    new_file: str | None
    strict: bool


class PoliciesGroup(click.Group):
    """A group whose options are accepted anywhere, and for which a bare name means `show`."""

    allow_interspersed_args = True

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command (`show` if none is given) and the names to print."""
        is_command = args[0] in self.commands
        command = args[0] if is_command else "show"
        # No option is left: the group has taken all of them.
        return super().resolve_command(ctx, [command, "--", *args[is_command:]])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: the usage and the examples list the commands."""


@click.group(
    cls=PoliciesGroup,
    invoke_without_command=True,
    subcommand_metavar="[show|compare|check|new|schema] [NAME|FILE]...",
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
@click.option(
    "-o",
    "--output",
    "new_file",
    metavar="FILE",
    help="File of `new`; - for stdout.  [default: NAME.toml]",
)
@click.option("--strict", is_flag=True, help="`check` ends with 1 if there are warnings.")
@options.collected("form", Form)
@click.pass_context
def policies(context: click.Context, form: Form) -> None:
    """Show, compare, check or start policies and programmes.

    `compare` prints what differs first. `check` prints all problems of a file, each with its line,
    and ends with 2 if there are any. `new` writes a commented policy with every key. `schema`
    prints a JSON Schema for editors.

    \b
    Examples:
      coverage-analyzer policies
      coverage-analyzer policies show appliance-maintenance
      coverage-analyzer policies new our-terms
      coverage-analyzer policies check our-terms.toml
      coverage-analyzer policies compare our-terms.toml appliance-maintenance
      coverage-analyzer policies compare priority --format markdown
      coverage-analyzer policies schema > policy.schema.json
      coverage-analyzer policies appliance-maintenance --toml > mine.toml
    """
    _check_options(context, form)
    context.obj = form
    if context.invoked_subcommand is None:
        context.invoke(list_)


def _check_options(context: click.Context, form: Form) -> None:
    """Raise if an option of one command is given to another.

    Raises
    ------
    click.UsageError
        With the command.
    """
    command = context.invoked_subcommand
    for is_set, flag, name in ((form.new_file, "-o", "new"), (form.strict, "--strict", "check")):
        if is_set and command != name:
            msg = f"{flag} is an option of `policies {name}`."
            raise click.UsageError(msg, context)


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


@policies.command()
@click.argument("names", nargs=-1, required=True, metavar="FILE...")
@click.pass_obj
def check(form: Form, names: tuple[str, ...]) -> int:
    """Check files of policies and programmes."""
    from coverage_analyzer.programmes import checking

    results = [checking.check(name) for name in names]
    if form.as_json:
        print_json([each.to_dict() for each in results])
    else:
        put("\n\n".join(each.text() for each in results))
    if not all(each.is_valid for each in results):
        return INVALID
    return 1 if form.strict and any(each.warnings for each in results) else 0


@policies.command()
@click.argument("name")
@click.pass_obj
def new(form: Form, name: str) -> None:
    """Write a commented policy with every table and key."""
    from coverage_analyzer.policy.skeleton import skeleton

    text = skeleton(name)
    output = form.new_file or f"{name}.toml"
    if output == "-":
        put(text, end="")
        return
    _write_new(Path(output), text)
    say(
        f"Wrote {output}. Put in the values of the contract, then check it: "
        f"coverage-analyzer policies check {output}"
    )


@policies.command()
def schema() -> None:
    """Print the JSON Schema of a policy."""
    from coverage_analyzer.policy.json_schema import json_schema

    print_json(json_schema())


def _write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet.

    Raises
    ------
    InputError
        If it exists.
    """
    from coverage_analyzer.files import atomic

    if path.exists() or path.is_symlink():
        msg = f"{path} exists, and no policy is written over another file. Choose one with -o."
        raise InputError(msg)
    atomic.publish(path, text)


def _print(form: Form, names: tuple[str, ...], *, tables: bool = False, whole: bool = True) -> None:
    """Print the named policies and programmes, or all built-in ones."""
    from coverage_analyzer.policy import DEFAULT
    from coverage_analyzer.programmes.catalogue import entries, entry, text

    if form.as_toml:
        put(text(_single(names) or DEFAULT), end="")
        return
    selected = {name: entry(name) for name in names} or entries()
    if form.as_json:
        print_json(_data(selected))
    elif tables or form.table_format:
        _compare(selected, form.table_format or "text", together=bool(names))
    else:
        put("\n\n".join(p.described(clauses=whole) for p in selected.values()))


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


def _data(selected: "dict[str, Entry]") -> dict[str, Any]:
    """Return policies and programmes with their hashes, as plain data."""
    from coverage_analyzer.policy import Policy

    return {
        name: {
            "sha256": p.sha256,
            **(p.model_dump(mode="json") if isinstance(p, Policy) else p.to_dict()),
        }
        for name, p in selected.items()
    }


def _compare(selected: "dict[str, Entry]", form: Any, *, together: bool) -> None:
    """Print what each policy offers, as tables; several named policies share one table."""
    from coverage_analyzer.policy import Policy
    from coverage_analyzer.programmes.offer_table import comparison, side_by_side, written

    policies = {name: p for name, p in selected.items() if isinstance(p, Policy)}
    joined = [side_by_side(policies)] if together and len(policies) > 1 else []
    alone = [p for name, p in selected.items() if not joined or name not in policies]
    put(written([*joined, *map(comparison, alone)], form), end="")
