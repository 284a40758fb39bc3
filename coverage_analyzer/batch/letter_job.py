"""What letters about sites of a file need: the open tables, the rules, the sender."""

import dataclasses
import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.stream import build_matcher, products_of
from coverage_analyzer.files.find_site import FoundSite
from coverage_analyzer.files.mistakes import assessed_again, check_two_tables, is_report
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.maps.letter import NO_LETTERHEAD, Letters, LetterSite
from coverage_analyzer.maps.letterhead import Letterhead
from coverage_analyzer.matching import eligibility
from coverage_analyzer.matching.explanation import Explanation, explanation
from coverage_analyzer.matching.promise import Promises
from coverage_analyzer.policy import Policy
from coverage_analyzer.programmes.afterwards import with_route
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import ROAD_REASONS, Status
from coverage_analyzer.settings.letterhead import read_letterhead

WITHOUT_PROMISE = frozenset({Status.review.name, Status.not_covered.name})
"""Statuses of sites to which nothing is promised."""

BY_ROAD = frozenset(reason.name for reason in ROAD_REASONS)
"""Reasons of a report whose sites need manual review of the drive."""


@dataclass(frozen=True, kw_only=True)
class LetterOptions(Options):
    """Options of letters.

    Attributes
    ----------
    letterhead
        Sender, addressee and dates, or the path of a TOML file with them.
    """

    letterhead: Letterhead | str | Path = ""

    @classmethod
    def of(cls, options: Options | None) -> Self:
        """Return the given options with the defaults of the others."""
        if isinstance(options, cls):
            return options
        fields = [] if options is None else dataclasses.fields(options)
        return cls(**{each.name: getattr(options, each.name) for each in fields})


@dataclass(frozen=True)
class SiteLetter:
    """A letter: its page, why the site has its level, and the last day on which it is valid."""

    page: str
    story: Explanation
    valid_until: datetime.date | None


@dataclass(frozen=True)
class LetterJob:
    """Open sites, and all that the letters about them need."""

    table: Table
    letters: Letters
    promises: Promises

    @property
    def warnings(self) -> list[str]:
        """Warnings that concern all letters."""
        matcher = self.letters.matcher
        return [*matcher.policy.warnings, *_doubts(self.table), *matcher.region_warnings]

    def letter(self, site: FoundSite) -> SiteLetter:
        """Return the letter about a site."""
        matcher = self.letters.matcher
        countries = [site.cell(name) for name in columns.COUNTRY_STATED]
        declared = matcher.world.names.stated(countries)
        stated = {name: site.cell(name) for name in (*eligibility.TEXTS, *eligibility.DAYS)}
        place, accuracy_m = (site.lon, site.lat), site.accuracy_m
        explained = explanation(
            matcher, *place, country=declared, accuracy_m=accuracy_m, stated=stated
        )
        rechecked = _as_rechecked(explained, self.table, site)
        complete = with_route(rechecked, matcher.policy)
        has_promise = complete.status not in WITHOUT_PROMISE
        end = self.promises.end(complete, declared) if has_promise else None
        name, lines = site.cell("name"), site.address(complete.country)
        page = self.letters.write(complete, LetterSite(site.site_id, name, lines), end)
        return SiteLetter(page, complete, self.letters.valid_until(end) if has_promise else None)


def open_letter_job(
    sites: str | Path,
    centers: str | Path,
    *,
    policy: Policy | str | Path,
    as_of: datetime.date | str | None,
    options: LetterOptions,
) -> LetterJob:
    """Open the files of letters.

    Raises
    ------
    InputError
        If a file, the letterhead or the day cannot be used.
    MissingExtraError
        If a file is a workbook or a database, and its extra is not installed.
    PolicyError
        If the policy is invalid.
    """
    as_of_day, rules = day(as_of), Policy.load(policy)
    head = options.letterhead or NO_LETTERHEAD
    head = head if isinstance(head, Letterhead) else read_letterhead(head)
    center_table = open_table(
        centers, columns.CENTERS, options.center_columns, options.center_dialect
    )
    matcher = build_matcher(
        center_table,
        rules,
        as_of=as_of_day,
        trust_declared=options.trust_declared,
        products=products_of(options.products, options.product_dialect),
    )
    letters = Letters(matcher, head)
    known_columns = columns.site_columns(rules.start_columns)
    table = open_table(sites, known_columns, options.columns, options.dialect)
    check_two_tables(table, center_table)
    return LetterJob(table, letters, Promises(matcher))


def _as_rechecked(explained: Explanation, table: Table, site: FoundSite) -> Explanation:
    """Return an explanation by distance with the manual review that a report asks for by road.

    A letter must not promise what the drive time of the site has called into question.
    """
    reason = site.cells.get("reason", "") if is_report(table) else ""
    if explained.status != Status.qualified.name or reason not in BY_ROAD:
        return explained
    level = site.cells.get("level", "") or explained.level
    return dataclasses.replace(explained, level=level, status=Status.review.name, reason=reason)


def _doubts(table: Table) -> list[str]:
    """Return warnings to check before a letter is sent."""
    again = assessed_again(table, "The letter")
    kept = ["A site that the report has in review by road stays in review."] if again else []
    return [*table.notices, *again, *kept]
