"""The report that a run would replace: its record, and what joins its rows with the new ones.

The join is imported where it is needed, as few runs need it, and it takes time at the start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.comparison.quantities import Needs
from coverage_analyzer.comparison.rules import Figures
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder.gate import Gate
from coverage_analyzer.files.table import Table
from coverage_analyzer.matching.matcher import Matcher

if TYPE_CHECKING:
    from coverage_analyzer.batch.row_changes import RowChanges
    from coverage_analyzer.batch.stream import Judged


@dataclass(frozen=True)
class Previous:
    """What a run has to know of the report that it would replace.

    Attributes
    ----------
    record
        Of that report; None if there is none, or no rule needs it.
    rows
        Takes the new rows, if they are to be joined.
    join
            Joins both reports instead, if the new rows are read back from theirs
        (`row_changes.report_changes`).
    """

    record: RunRecord | None = None
    rows: "RowChanges | None" = None
    join: Callable[[], Figures] | None = None

    def add(self, rows: "Judged", table: Table) -> None:
        """Take rows of the run."""
        if self.rows is not None:
            self.rows.add_block(rows, table)

    @property
    def changes(self) -> Callable[[], Figures] | None:
        """What joins the rows and returns the counts of changes; None if they are not joined."""
        return self.join if self.rows is None else self.rows.counts

    @classmethod
    def of(
        cls, gate: Gate, folder: Path, table: Table, matcher: Matcher, scratch: Path
    ) -> "Previous":
        """Return what a gate needs of the report in a folder.

        Raises
        ------
        InputError
            If a file of the report is damaged, or a rule compares rows that have no key.
        """
        record = gate.previous(folder)
        if record is None or not (gate.joins or gate.needs == Needs.rows):
            return cls(record)
        from coverage_analyzer.batch.row_changes import RowChanges

        try:
            return cls(record, RowChanges.of_table(folder, table, matcher, scratch))
        except InputError:
            if gate.needs == Needs.rows:
                raise
            return cls(record)  # for the metrics alone no run fails
