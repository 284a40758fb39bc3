"""The rows of a run joined with those of the report that it would replace: counts of changes.

The new rows go into a spool while they are written, so that they are not read again; the old ones
follow only when a rule needs the join. Memory does not grow with the rows (`comparison.pairing`).
"""

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

from coverage_analyzer import arrays
from coverage_analyzer.batch.compared_reports import (
    Reading,
    Report,
    headers_of,
    joined,
    open_report,
    spooled,
)
from coverage_analyzer.batch.stream import Judged
from coverage_analyzer.comparison.aligned import Headers, SpooledSide, changes
from coverage_analyzer.comparison.rows import (
    SHOWN,
    Side,
    SideRows,
    Spool,
    VerdictCodes,
    ranks,
)
from coverage_analyzer.comparison.rules import Figures
from coverage_analyzer.comparison.tally import Tally
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.table import Table
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.schema.columns import PARTS, as_text


class RowChanges:
    """The rows of a run on their way into a join with those of the report in its place.

    Parameters
    ----------
    old
        That report.
    headers
        The columns by which rows are matched.
    levels
        Titles of the levels of the new run's policy.
    scratch
        A folder for temporary files.
    """

    def __init__(self, old: Report, headers: Headers, levels: Sequence[str], scratch: Path) -> None:
        self._old, self.headers, self._scratch = old, headers, scratch
        self._codes = VerdictCodes()
        self._spool = Spool(scratch / "rows-after.arrow", self._codes)
        self._side = Side({}, tuple(levels))

    @classmethod
    def of_table(cls, folder: Path, table: Table, matcher: Matcher, scratch: Path) -> Self:
        """Return what takes the rows of a table of sites.

        Parameters
        ----------
        folder
            The run folder with the old report.
        table
            The open table.
        matcher
            Of the run.
        scratch
            A folder for temporary files.

        Raises
        ------
        InputError
            If the old report cannot be read, or either of the two has no ``site_id``.
        """
        old = open_report(folder)
        headers = headers_of(old, Report(folder, {}, WatchedFiles(), table), ())
        return cls(old, headers, matcher.policy.titles, scratch)

    @classmethod
    def of_columns(
        cls, folder: Path, columns: Collection[str], levels: Sequence[str], scratch: Path
    ) -> Self:
        """Return what takes rows with some columns, as `of_table` does.

        Raises
        ------
        InputError
            If the old report cannot be read, or either of the two has no ``site_id``.
        """
        old = open_report(folder)
        if "site_id" not in columns or "site_id" not in old.known:
            msg = "A rule compares rows, which are matched by site_id, and there is no such column."
            raise InputError(msg)
        parts = tuple(name for name in PARTS if name in columns and name in old.known)
        return cls(old, Headers(("site_id",), parts), levels, scratch)

    def add_block(self, rows: Judged, table: Table) -> None:
        """Append rows of a table."""
        block = rows.rows.block
        parts = [as_text(table.column(block, name)) for name in self.headers.part]
        self.add(
            SideRows(
                key=table.site_ids(block),
                part=joined(parts),
                verdict={name: arrays.decoded(rows.columns[name]) for name in SHOWN},
                name=as_text(table.labels(block)[1]),
            )
        )

    def add(self, rows: SideRows) -> None:
        """Append rows."""
        self._spool.add(rows)

    def counts(self) -> Figures:
        """Return the counts of changes, in all and by country (`quantities`).

        Raises
        ------
        InputError
            If the old report cannot be read.
        """
        self._spool.close()
        reading = Reading(self.headers)
        path = self._scratch / "rows-before.arrow"
        new = SpooledSide(self._side, self._spool)
        before = spooled(self._old, reading, self._codes, path, beside=new)
        return _counts(before, new, self.headers, self._scratch)


def report_changes(old: Report, new: Report, levels: Sequence[str], scratch: Path) -> Figures:
    """Return the counts of changes between two reports, in all and by country (`quantities`).

    Parameters
    ----------
    old, new
        The open reports; the new one need not be published yet.
    levels
        Titles of the levels of the new run's policy.
    scratch
        A folder for temporary files.

    Raises
    ------
    InputError
        If a report cannot be read, or has no ``site_id``.
    """
    reading, codes = Reading(headers_of(old, new, ())), VerdictCodes()
    after = spooled(new, reading, codes, scratch / "rows-after.arrow")
    after = dataclasses.replace(after, side=Side({}, tuple(levels)))
    before = spooled(old, reading, codes, scratch / "rows-before.arrow", beside=after)
    return _counts(before, after, reading.headers, scratch)


def _counts(before: SpooledSide, after: SpooledSide, headers: Headers, scratch: Path) -> Figures:
    """Return the counts of changes between two sides; causes are not asked for."""
    before = dataclasses.replace(before, side=dataclasses.replace(before.side, spec=None))
    tally = Tally(ranks(before.side, after.side))
    for _ in changes(before, after, headers, tally, scratch):
        pass
    return tally.figures(before.spool.counts, after.spool.counts)
