"""The letter about one site of a file: find the site while streaming, assess it, write the page."""

import datetime
import re
from pathlib import Path
from typing import Final

from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.stream import build_matcher, products_of
from coverage_analyzer.files.find_site import FoundSite, find_row
from coverage_analyzer.files.mistakes import check_two_tables
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.maps.letter import Addressee, letter
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.explanation import explanation
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.programmes.afterwards import with_route
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.columns import header_key
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import VERDICT

ADDRESS: Final = re.compile(
    r"(site|registered|postal|full|street|delivery)?address(line)?\d?|street|road|(house|street)"
    r"(number|no)|building|suite|floor|suburb|city|town|locality|county|state|province|"
    r"postcode|postalcode|zip|zipcode|country"
)
"""Normalised headers whose cells are parts of an address."""


def site_letter(
    sites: str | Path,
    site_id: str,
    centers: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
) -> str:
    """Return a letter about one site of a file: what is promised, from when, by which clause.

    Parameters
    ----------
    sites, centers
        As for `run`.
    site_id
        Id of the site, which must appear in the file once; the line, if the file has no id column.
    policy
        A policy, the name of a built-in one, or the path of a TOML file.
    as_of
        The day of the assessment, by default today in UTC.
    options
        ``columns``, ``center_columns``, ``dialect``, ``center_dialect``, ``products``, ``product``,
        ``trust_declared`` and ``warn`` count.

    Raises
    ------
    InputError
        If a file or the day cannot be used, or the site is not unique.
    MissingExtraError
        If it is a workbook or a database, and its extra is not installed.
    PolicyError
        If the policy is invalid.
    """
    options = options or Options()
    wanted, rules = day(as_of), Policy.load(policy)
    given = open_table(centers, columns.CENTERS, options.center_columns, options.center_dialect)
    trusting, products = (
        options.trust_declared,
        products_of(options.products, options.product_dialect),
    )
    matcher = build_matcher(given, rules, as_of=wanted, trust_declared=trusting, products=products)
    table = open_table(sites, columns.SITES, options.columns, options.dialect)
    check_two_tables(table, given)
    site = find_row(table, site_id, options.product)
    place = (site.lon, site.lat)
    stating = [site.cell(name) for name in columns.COUNTRY_STATED]
    declared, error = matcher.world.names.stated(stating), site.accuracy_m
    stated = {name: site.cell(name) for name in (*eligibility.TEXTS, *eligibility.DAYS)}
    told_of = explanation(matcher, *place, country=declared, accuracy_m=error, stated=stated)
    story = with_route(told_of, rules)
    for told in (*rules.warnings, *_doubts(table), *story.unseen, *matcher.region_warnings):
        options.warn(told)
    return letter(matcher, story, Addressee(site.site_id, site.cell("name"), address(site)))


def _doubts(table: Table) -> list[str]:
    """Return warnings to check before a letter is sent."""
    told = list(table.notices)
    if set(VERDICT) <= set(table.headers):
        told.append(
            "The input is a report. The letter assesses it again and ignores its drive times."
        )
    return told


def address(site: FoundSite) -> str:
    """Return the address of a site from its address columns, in their order.

    A country alone is not an address.

    Examples
    --------
    >>> cells = {"Street": "Main St 1", "lat": "1", "City": "Springfield", "zip": "", "iso": "US"}
    >>> address(FoundSite("1", 2, 0.0, 0.0, 0.0, cells, {"country": "iso"}))
    'Main St 1, Springfield, US'
    """
    known = {header for name, header in site.columns.items() if name not in {"country", "address"}}
    country = site.columns.get("country")
    parts = {
        header: " ".join(cell.split())
        for header, cell in site.cells.items()
        if header not in known and (header == country or ADDRESS.fullmatch(header_key(header)))
    }
    said = [cell for cell in parts.values() if cell]
    alone = not any(cell for header, cell in parts.items() if header != country)
    return "" if alone else ", ".join(said)
