"""``coverage-analyzer letter``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from coverage_analyzer.cli import options, summary
from coverage_analyzer.cli.messages import Messages, print_json, say
from coverage_analyzer.errors import InputError, quantity

if TYPE_CHECKING:
    from coverage_analyzer.browser import Browser

HTML, PDF = ".html", ".pdf"

FORMATS: Final = ("html", "pdf")


@dataclass(frozen=True)
class Which:
    """Which sites get letters: one, those of a list, or all."""

    site_id: str
    sites_file: str
    all_sites: bool

    @property
    def is_series(self) -> bool:
        """Whether letters are written into a folder."""
        return bool(self.all_sites or self.sites_file)

    def check(self, file_format: str | None) -> None:
        """Raise unless exactly one choice was made, and a format was chosen for a folder only.

        Raises
        ------
        InputError
            If not.
        """
        chosen = [bool(self.site_id), bool(self.sites_file), self.all_sites]
        if sum(chosen) != 1:
            msg = (
                "Choose the sites: --site ID for one letter, --sites-file FILE for those of a "
                "list, or --all."
            )
            raise InputError(msg)
        if file_format and not self.is_series:
            msg = "--format is for --sites-file and --all; one letter has the format of its name."
            raise InputError(msg)


@dataclass(frozen=True)
class Output:
    """The file or folder, and the format of the letters."""

    output: str
    file_format: str | None
    paper: str


@click.command()
@click.argument("sites")
@click.option("--site", "site_id", default="", metavar="ID", help="ID of the site.")
@click.option(
    "--sites-file",
    default="",
    metavar="FILE",
    help="Write a letter for each site of a list: a text file with an ID per line.",
)
@click.option("--all", "all_sites", is_flag=True, help="Write a letter for each site.")
@options.collected("which", Which)
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PATH",
    help="Output file, .html or .pdf; with --sites-file or --all, the folder for the letters.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    help="Format of letters in a folder.  [default: html]",
)
@click.option(
    "--paper",
    type=click.Choice(["A4", "Letter"]),
    default="A4",
    show_default=True,
    help="Sheet of a PDF.",
)
@options.collected("target", Output)
@click.option(
    "--letterhead",
    default="",
    metavar="FILE",
    help="TOML file with sender, logo, addressee, reference, dates and contact.",
)
@options.rules
@options.column
@options.center_column
@options.dialect
@options.center_dialect
@options.trust_declared
@options.products
@click.option("--product", default="", metavar="NAME", help="Product, if the site has several.")
@options.browser
@options.messages
def letter(
    sites: str,
    which: Which,
    centers: str,
    target: Output,
    rules: options.Rules,
    browser: "Browser",
    messages: Messages,
    **choices: Any,
) -> None:
    """Write a one-page letter about a site: level, promise, dates, reason, map.

    The page prints on one sheet of A4 or US Letter, and makes no network requests. A PDF is made by
    the Chromium, Chrome or Edge that is installed. With --sites-file or --all, a folder gets a
    letter for each site and an index.csv.

    \b
    Examples:
      coverage-analyzer letter sites.csv --site LSZH --centers centers.csv -o letter.html
      coverage-analyzer letter sites.csv --all --centers centers.csv --letterhead head.toml \\
        --format pdf -o letters
    """
    from coverage_analyzer import batch
    from coverage_analyzer.files import atomic
    from coverage_analyzer.files.outputs import kind_of
    from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting

    which.check(target.file_format)
    if which.is_series:
        choices |= {"progress": messages.progress}
        _write_series((sites, centers), which, target, rules, browser, messages, choices)
        return
    chosen = batch.LetterOptions(**choices, warn=lambda warning: say(f"Warning: {warning}"))
    output, head = target.output, choices["letterhead"]
    inputs = [sites, centers, chosen.products, policy_file(rules.policy), head]
    refuse_overwriting({"letter": output}, inputs)
    kind = kind_of(output, [HTML, PDF], what="The letter is", default=HTML)
    printer = _printer(browser, target.paper) if kind == PDF else str.encode
    page = batch.site_letter(
        sites,
        which.site_id,
        centers,
        policy=rules.policy,
        as_of=rules.as_of,
        options=chosen,
    )
    data = printer(page)
    with atomic.replacing(Path(output)) as part:
        part.write_bytes(data)
    hint = "" if kind == PDF else " Open or print it in a browser."
    options.name_policy()
    if messages.as_json:
        print_json({"site_id": which.site_id, "letter": output, "format": kind[1:]})
    elif not messages.quiet:
        say(f"Wrote the letter about {which.site_id} to {output}.{hint}")


def _printer(browser: "Browser", paper: str) -> Callable[[str], bytes]:
    """Return what makes PDFs.

    Raises
    ------
    InputError
        If no browser can make one.
    """
    from coverage_analyzer.browser import Paper, find_browser, render

    find_browser(browser)
    return lambda page: render(page, Paper(paper), browser)


def _write_series(
    inputs: tuple[str, str],
    which: Which,
    target: Output,
    rules: options.Rules,
    browser: "Browser",
    messages: Messages,
    choices: dict[str, Any],
) -> None:
    """Write letters into a folder.

    Raises
    ------
    InputError
        If the name is that of a file.
    """
    from coverage_analyzer.batch._letters import SeriesOptions, read_site_list, site_letters

    if Path(target.output).suffix.lower() in {HTML, PDF}:
        msg = (
            f"Several letters need a folder, but {target.output!r} looks like a file. Name a "
            f"folder with -o; for PDF, add --format pdf."
        )
        raise InputError(msg)
    sites, centers = inputs
    chosen = SeriesOptions(
        **choices,
        only=read_site_list(which.sites_file) if which.sites_file else None,
        printer=_printer(browser, target.paper) if target.file_format == "pdf" else None,
    )
    manifest = site_letters(
        sites, centers, target.output, policy=rules.policy, as_of=rules.as_of, options=chosen
    )
    warnings = [f"Warning: {warning}" for warning in manifest["warnings"]]
    files = [f"Wrote {quantity(manifest['letters'], 'letter')} and index.csv to {target.output}."]
    statuses = ", ".join(f"{n} {name}" for name, n in sorted(manifest["status"].items()))
    rejects = summary.first_rejects(manifest)
    options.name_policy()
    messages.print_findings(
        manifest, [f"Letters: {statuses or 'none'}."], [*warnings, *rejects], files
    )
