"""``coverage-analyzer entitlements``."""

import json
from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.streams import put


@click.command()
@click.option("--product", default="", metavar="NAME", help="Such as XenApp.")
@click.option("--version", default="", metavar="TEXT", help="Such as '7.15 LTSR'.")
@click.option("--country", default="", metavar="NAME", help="Of the customer.")
@click.option(
    "--customer", metavar="FILE", help="TOML with what the customer has.  [nothing is known]"
)
@click.option(
    "--end-of-maintenance", metavar="DATE", help="Of the version, if known.  [not checked]"
)
@options.as_of
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def entitlements(customer: str | None, as_of: str | None, as_json: bool, **question: Any) -> None:
    """Tell which support programmes a customer can have, and which prerequisite is missing.

    In the customer's file each fact is true, false, or the last day of an agreement:

    \b
      success_services = 2027-03-31
      os_vendor_support = true
      base_support = { XenApp = true }

    \b
    Example:
      coverage-analyzer entitlements --product XenApp --version 6.5 --customer acme.toml
    """
    from coverage_analyzer.programmes.entitlements import entitlements as found

    facts = _facts(customer) if customer else {}
    told = found(facts, date=as_of, **question)
    shown = json.dumps(told.to_dict(), indent=2, ensure_ascii=False) if as_json else str(told)
    put(shown)


def _facts(path: str) -> dict[str, Any]:
    """Return what a file says of a customer.

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
        msg = f"{path} cannot be read as TOML: {error}."
        raise InputError(msg) from error
