"""``coverage-analyzer commitments``."""

import sys
from typing import Any

import click

from coverage_analyzer.cli import options, summary
from coverage_analyzer.cli.messages import Messages, print_json, say, say_ledger


@click.command()
@click.argument("requests")
@click.option("--sites", required=True, metavar="FILE", help="File of customer sites.")
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Output file: .csv or .xlsx.  [default: CSV to standard output]",
)
@click.option("--rejects", metavar="FILE", help="Write the rows without a result to this CSV file.")
@options.policy
@click.option(
    "--as-of",
    metavar="DATE",
    help="Use the levels of this date.  [default: the date of each request]",
)
@click.option(
    "--moment-format",
    default="",
    metavar="FORM",
    help="Format of dates with times, like '%d.%m.%Y %H:%M'.  [default: ISO 8601]",
)
@options.headers_of("requests", "--request-column", "request_columns")
@options.column
@options.center_column
@options.dialect
@options.center_dialect
@options.trust_declared
@options.products
@options.raw_text
@options.excel
@options.max_rejects(
    None, "Exit with code 1 if more than N rows have no result.  [default: no limit]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; requires -o.")
@options.quiet
@options.collected("messages", Messages)
def commitments(
    requests: str,
    sites: str,
    centers: str,
    output: str | None,
    policy: str,
    max_rejects: Any,
    messages: Messages,
    **choices: Any,
) -> int:
    """Calculate the due time of each request.

    The result has the promise, the start of its clock, the due time and the center.

    \b
    Example:
      coverage-analyzer commitments data/requests.csv --sites data/request_sites.csv \\
        --centers data/service_centers.csv -o commitments.csv --rejects rejects.csv
    """
    output = None if output == "-" else output
    _check_output(output, as_json=messages.as_json)
    from coverage_analyzer.batch._commitments import CommitmentOptions, answer_requests

    findings = answer_requests(
        requests,
        sites,
        centers,
        output or sys.stdout.buffer,
        policy=policy,
        options=CommitmentOptions(**choices),
    )
    if messages.as_json:
        print_json(findings)
    elif not messages.quiet:
        for line in summary.commitments_result(findings):
            say(line)
        for reject in findings["first_rejects"]:
            say(f"  {reject}")
    options.name_policy()
    for warning in findings["warnings"]:
        say(f"Warning: {warning}")
    say_ledger(findings["ledger"])
    return int(max_rejects is not None and max_rejects.is_exceeded(findings["ledger"]))


def _check_output(output: str | None, *, as_json: bool) -> None:
    """Raise if the results and the JSON would both go to standard output.

    Raises
    ------
    click.UsageError
        If so.
    """
    if as_json and not output:
        msg = "--json and the results would both go to standard output. Give a file: -o FILE."
        raise click.UsageError(msg)
