"""``coverage-analyzer policies``."""

import json

import click


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def policies(name: str | None, as_json: bool) -> None:
    """List the built-in policies, or show one (a name or a TOML file) whole.

    \b
    Examples:
      coverage-analyzer policies
      coverage-analyzer policies appliance-maintenance --json
    """
    from coverage_analyzer.policy import Policy, builtin

    shown = builtin() if name is None else {name: Policy.load(name)}
    if as_json:
        data = {key: {"sha256": p.sha256, **p.model_dump(mode="json")} for key, p in shown.items()}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    click.echo("\n\n".join(p.described() for p in shown.values()))
