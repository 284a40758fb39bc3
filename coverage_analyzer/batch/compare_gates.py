"""Rules that make a comparison fail, or give a warning: ``--fail-if`` and ``--warn-if``."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from coverage_analyzer.batch.compared_reports import Report, side_levels
from coverage_analyzer.comparison.figures import RunRecord, run_changes, run_figures
from coverage_analyzer.comparison.rules import Evidence, Figures, Rule, parse_rules, reasons
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder.run_record import record_of


@dataclass(frozen=True)
class Gates:
    """Rules, and the runs that they are about.

    Attributes
    ----------
    fail_if, warn_if
        The rules.
    records
        What is known of both runs without their rows; empty if there are no rules.
    """

    fail_if: tuple[Rule, ...]
    warn_if: tuple[Rule, ...]
    records: tuple[RunRecord, ...] = ()

    @classmethod
    def of(cls, fail_if: Sequence[str], warn_if: Sequence[str]) -> Self:
        """Parse rules.

        Raises
        ------
        InputError
            If one is not a rule.
        """
        return cls(parse_rules(fail_if), parse_rules(warn_if))

    def about(self, before: Report, after: Report) -> Self:
        """Return the rules about two reports.

        Raises
        ------
        InputError
            If a rule names a level that neither policy has, or a file of a run is damaged.
        """
        rules = (*self.fail_if, *self.warn_if)
        if not rules:
            return self
        titles = dict.fromkeys((*side_levels(before), *side_levels(after)))
        for rule in rules:
            if titles:
                rule.check_levels(tuple(titles))
        return dataclasses.replace(self, records=(_record(before), _record(after)))

    def fired(self, figures: Figures) -> dict[str, list[str]]:
        """Return the rules, and why some of them fire, as ``compare.json`` has them.

        Parameters
        ----------
        figures
            The counts of changes (`Tally.figures`).
        """
        result = {
            "fail_if": [r.text for r in self.fail_if],
            "warn_if": [r.text for r in self.warn_if],
        }
        if not self.records:
            return {**result, "failed": [], "warned": []}
        before, after = self.records
        changes = {**run_changes(before, after), **figures}
        evidence = Evidence(run_figures(after), run_figures(before), changes)
        return {
            **result,
            "failed": reasons(self.fail_if, evidence),
            "warned": reasons(self.warn_if, evidence),
        }


def _record(report: Report) -> RunRecord:
    """Return what is known of a run without its rows.

    Raises
    ------
    InputError
        If a file of it is damaged.
    """
    try:
        return record_of(report.folder, report.manifest)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"The run in {report.folder} is damaged: {error}. Run it again."
        raise InputError(msg) from error
