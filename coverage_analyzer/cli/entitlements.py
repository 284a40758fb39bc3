"""``coverage-analyzer entitlements``."""

from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import print_json
from coverage_analyzer.cli.streams import put


@click.command()
@click.option("--product", default="", metavar="NAME", help="Product name, such as XenApp.")
@click.option("--version", default="", metavar="TEXT", help="Product version, such as '7.15 LTSR'.")
@click.option("--country", default="", metavar="NAME", help="Country of the customer.")
@click.option(
    "--customer",
    metavar="FILE",
    help="TOML file of the customer's agreements.  [default: nothing is known]",
)
@click.option(
    "--end-of-maintenance",
    metavar="DATE",
    help="End of Maintenance of the version, if known.  [default: not checked]",
)
@options.as_of
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def entitlements(customer: str | None, as_of: str | None, as_json: bool, **question: Any) -> None:
    """List a customer's support programmes and missing prerequisites.

    In the customer file, each fact is true, false, or the last day of an agreement:

    \b
      success_services = 2027-03-31
      os_vendor_support = true
      base_support = { XenApp = true }

    \b
    Example:
      coverage-analyzer entitlements --product XenApp --version 6.5 --customer acme.toml
    """
    from coverage_analyzer.programmes.entitlements import entitlements as job

    facts = _facts(customer) if customer else {}
    answer = job(facts, date=as_of, **question)
    if as_json:
        print_json(answer.to_dict())
    else:
        put(str(answer))


def _facts(path: str) -> dict[str, Any]:
    """Return the facts of a customer file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    from coverage_analyzer import documents
    from coverage_analyzer.errors import InputError

    try:
        return documents.read_toml(Path(path))
    except InputError as error:
        msg = f"{path} {error}."
        raise InputError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"Cannot read {path} as TOML: {error}."
        raise InputError(msg) from error
