"""The letter about one site of a file: find the site while streaming, assess it, write the page."""

import datetime
from pathlib import Path

from coverage_analyzer.batch.letter_job import LetterOptions, open_letter_job
from coverage_analyzer.batch.options import Options
from coverage_analyzer.files.find_site import find_row
from coverage_analyzer.policy import DEFAULT, Policy


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
        ``trust_declared`` and ``warn`` count; and the letterhead of `LetterOptions`.

    Raises
    ------
    InputError
        If a file, the letterhead or the day cannot be used, or the site is not unique.
    MissingExtraError
        If it is a workbook or a database, and its extra is not installed.
    PolicyError
        If the policy is invalid.
    """
    options = LetterOptions.of(options)
    job = open_letter_job(sites, centers, policy=policy, as_of=as_of, options=options)
    site = find_row(job.table, site_id, options.product)
    letter = job.letter(site)
    for message in (*job.warnings, *letter.story.unseen):
        options.warn(message)
    return letter.page
