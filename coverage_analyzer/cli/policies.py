"""``coverage-analyzer policies``."""

from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli.messages import print_json
from coverage_analyzer.cli.streams import put

if TYPE_CHECKING:
    from coverage_analyzer.programmes.catalogue import Entry

SHOW, COMPARE = "show", "compare"


@click.command()
@click.argument("words", nargs=-1, metavar="[show|compare] [NAME|FILE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html"]),
    help="Format of the comparison table.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--toml", "as_toml", is_flag=True, help="Print one policy file, as a start for your own."
)
def policies(words: tuple[str, ...], form: Any, as_json: bool, as_toml: bool) -> None:
    """List, show or compare policies and support programmes.

    \b
    Examples:
      coverage-analyzer policies
      coverage-analyzer policies show appliance-maintenance
      coverage-analyzer policies compare priority --format markdown
      coverage-analyzer policies compare mine.toml appliance-maintenance
      coverage-analyzer policies appliance-maintenance --toml > mine.toml
    """
    from coverage_analyzer.policy import DEFAULT
    from coverage_analyzer.programmes.catalogue import entries, entry, text

    verb = words[0] if words and words[0] in {SHOW, COMPARE} else ""
    names = words[1:] if verb else words
    if as_toml:
        put(text(_single(names) or DEFAULT), end="")
        return
    shown = {name: entry(name) for name in names} or entries()
    if as_json:
        print_json(_data(shown))
    elif verb == COMPARE or form:
        _compare(shown, form or "text", together=bool(names))
    else:
        whole = bool(names) or verb == SHOW
        put("\n\n".join(p.described(clauses=whole) for p in shown.values()))


def _single(names: tuple[str, ...]) -> str:
    """Return the one name that is given, if any.

    Raises
    ------
    click.UsageError
        If there are more.
    """
    if len(names) > 1:
        msg = "--toml prints one file. Give one name."
        raise click.UsageError(msg)
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
    """Print what each offers, as tables; several policies that are named are in one table."""
    from coverage_analyzer.policy import Policy
    from coverage_analyzer.programmes.offer_table import comparison, side_by_side, written

    policies = {name: p for name, p in shown.items() if isinstance(p, Policy)}
    joined = [side_by_side(policies)] if together and len(policies) > 1 else []
    alone = [p for name, p in shown.items() if not joined or name not in policies]
    put(written([*joined, *map(comparison, alone)], form), end="")
