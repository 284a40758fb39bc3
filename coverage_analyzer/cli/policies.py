"""``coverage-analyzer policies``."""

import json

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--toml", "as_toml", is_flag=True, help="Print the file, to start your own from.")
def policies(name: str | None, as_json: bool, as_toml: bool) -> None:
    """List the built-in policies, or show one (a name or a TOML file) whole.

    \b
    Examples:
      coverage-analyzer policies
      coverage-analyzer policies appliance-maintenance
      coverage-analyzer policies appliance-maintenance --toml > mine.toml
    """
    from coverage_analyzer.policy import DEFAULT, Policy, builtin, text

    if as_toml:
        click.echo(text(name or DEFAULT), nl=False)
        return

    shown = builtin() if name is None else {name: Policy.load(name)}
    if as_json:
        data = {key: {"sha256": p.sha256, **p.model_dump(mode="json")} for key, p in shown.items()}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    click.echo("\n\n".join(p.described(clauses=name is not None) for p in shown.values()))
