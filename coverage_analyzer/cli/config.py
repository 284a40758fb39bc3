"""``coverage-analyzer config``."""

from typing import Any

import click

from coverage_analyzer.cli import settings, terminal
from coverage_analyzer.cli.messages import inform, print_json, redacted
from coverage_analyzer.cli.streams import put
from coverage_analyzer.errors import visible


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def config(as_json: bool) -> None:
    """Print the settings in use: each value, and where it is from.

    Options override environment variables, these override the settings file, and that overrides
    the defaults. Keys without a value are not listed.

    \b
    Example:
      coverage-analyzer config
    """
    from coverage_analyzer.settings import values
    from coverage_analyzer.settings.tables import KEYS

    used = settings.current()
    sources = values.sources(used.layers)
    variables = {key.name: key.variable for key in KEYS}
    usual = settings.defaults(_commands(), sources)
    names = [*(key.name for key in KEYS if key.name in sources or key.name in usual)]
    names += [name for name in sources if name not in variables]
    rows = []
    for name in names:
        value = sources.get(name) or values.Value(name, usual[name], "default")
        where = f"environment, {variables[name]}" if value.source == "environment" else value.source
        rows.append((name, _hidden(value.value), where))
    if as_json:
        print_json(
            {
                "settings": settings.origin(),
                "values": {name: {"value": v, "source": w} for name, v, w in rows},
            }
        )
        return
    if used.path is None:
        inform("Settings: no file in use.")
    for line in terminal.table(("KEY", "VALUE", "SOURCE"), [(n, _text(v), w) for n, v, w in rows])[
        0
    ]:
        put(terminal.bold(visible(line)) if isinstance(line, terminal.Title) else visible(line))


def _commands() -> list[click.Command]:
    program = click.get_current_context().find_root().command
    return list(program.commands.values()) if isinstance(program, click.Group) else []


def _hidden(value: Any) -> Any:
    """Return a value without the passwords in it."""
    return redacted(value) if isinstance(value, str) else value


def _text(value: Any) -> str:
    """Return a value as a settings file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return {"\t": "\\t"}.get(value, str(value)) if isinstance(value, str) else f"{value:g}"
