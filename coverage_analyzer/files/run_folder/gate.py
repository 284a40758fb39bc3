"""The gate before a report is replaced: the limit of rejected rows, and the rules of `--hold-if`.

Every way to publish a run (folder, database table, `write_report`, Spark) asks it once, with the
record of the new run and that of the report in its place; `hold` then does what follows.
"""

import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from coverage_analyzer.comparison.figures import RunRecord, run_changes, run_figures
from coverage_analyzer.comparison.quantities import Needs
from coverage_analyzer.comparison.rules import (
    Evidence,
    Figures,
    Rule,
    most_needed,
    parse_rules,
    reasons,
)
from coverage_analyzer.errors import quantity, require
from coverage_analyzer.files.run_folder import hold
from coverage_analyzer.files.run_folder.hold import RejectLimit
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.run_folder.run_record import read_record, record_of
from coverage_analyzer.policy import Policy

Rules = str | Iterable[str]
"""Rules as texts, of which each may hold several, separated by ``;``."""


@dataclass(frozen=True)
class Decision:
    """Whether a run replaces the report.

    Attributes
    ----------
    held
        Why it does not, as text; empty if it does.
    skipped
        Rules that could not be checked, with the reason, as text.
    changes
        The counts of changes that were computed (`Evidence.changes`).
    """

    held: Sequence[str]
    skipped: Sequence[str]
    changes: Mapping[str, int]


@dataclass(frozen=True)
class Gate:
    """The limit and the rules of a run.

    Attributes
    ----------
    limit
        Limit of rejected rows.
    rules
        A run is held if one of them fires.
    joins
        Whether the rows are joined even if no rule needs them, as `--metrics` does; without the
        extra ``compare`` they are not.
    """

    limit: RejectLimit
    rules: tuple[Rule, ...] = ()
    joins: bool = False

    @classmethod
    def of(
        cls,
        max_rejects: RejectLimit | int | str,
        hold_if: Rules,
        policy: Policy,
        *,
        joins: bool = False,
    ) -> "Gate":
        """Return the gate of a run, from its options.

        Raises
        ------
        InputError
            If the limit or a rule cannot be used, or names a level that the policy does not have.
        MissingExtraError
            If a rule compares rows, and the extra ``compare`` is not installed.
        """
        rules = parse_rules(hold_if)
        for rule in rules:
            rule.check_levels(policy.titles)
        if most_needed(rules) == Needs.rows:
            require("compare", "duckdb")
        elif joins:
            joins = importlib.util.find_spec("duckdb") is not None
        return cls(RejectLimit.parse(max_rejects), rules, joins)

    @property
    def needs(self) -> Needs:
        """What has to be known to check the rules."""
        return most_needed(self.rules)

    def decide(
        self,
        after: RunRecord,
        before: RunRecord | None,
        rows: Callable[[], Figures] | None = None,
    ) -> Decision:
        """Return whether a run replaces the report.

        Parameters
        ----------
        after
            The new run.
        before
            That of the report in its place; None if missing.
        rows
            Joins the rows of both reports and returns the counts of changes; called if a rule needs
            them and none that needs less fires, or always if `joins`. None if they cannot be.
        """
        held = hold.reasons(self.limit, after.manifest["ledger"])
        figures = run_figures(after)
        if before is None:
            evidence = Evidence(figures)
            return Decision(
                [*held, *reasons(self.rules, evidence)], self._skipped_rules(evidence), {}
            )
        changes = run_changes(before, after)
        evidence = Evidence(figures, run_figures(before), changes)
        fired = reasons([rule for rule in self.rules if rule.needs < Needs.rows], evidence)
        needs_rows = self.needs == Needs.rows and not (held or fired)
        if rows is not None and (needs_rows or self.joins):
            changes |= rows()
        fired = reasons(self.rules, evidence)
        skipped = [] if held or fired else self._skipped_rules(evidence)
        return Decision([*held, *fired], skipped, changes)

    def _skipped_rules(self, evidence: Evidence) -> list[str]:
        """Return which rules were not checked, and why, as text."""
        waiting = [rule for rule in self.rules if not rule.is_known(evidence)]
        if not waiting:
            return []
        why = "There is no previous report"
        if evidence.before is not None:
            why = "The previous report does not have the figures"
        texts = ", ".join(repr(rule.text) for rule in waiting)
        were = "was" if len(waiting) == 1 else "were"
        return [f"{why}: {quantity(len(waiting), 'rule')} {were} not checked ({texts})."]

    def previous(self, folder: Path) -> RunRecord | None:
        """Return the record of the report in a folder, if a rule or `joins` needs it.

        Raises
        ------
        InputError
            If a file of it is damaged.
        """
        return read_record(folder) if self.joins or self.needs > Needs.run else None


class RunFiles(Protocol):
    """The files of a run on their way into its folder, as a `Publication` has them.

    Attributes
    ----------
    names
        Those that have a path so far.
    """

    @property
    def names(self) -> list[str]:
        """Those that have a path so far."""
        ...

    def path(self, name: str) -> Path:
        """Return where a file is written."""
        ...

    def written(self, name: str) -> Path:
        """Return where a file has been written."""
        ...


def decide(
    gate: Gate,
    publication: RunFiles,
    manifest: dict[str, Any],
    before: RunRecord | None,
    rows: Callable[[], Figures] | None = None,
) -> Decision:
    """Return whether a run replaces the report in its folder, and note that in its manifest.

    Parameters
    ----------
    gate
        Of the run.
    publication
        With its summary and centers, as far as it has any, already written.
    manifest
        Of the run, with its ledger, counts and files. Changed: ``hold_if`` and ``held`` are set.
    before
        As `Gate.previous` returned it.
    rows
        As for `Gate.decide`.

    Raises
    ------
    InputError
        If the centers cannot be used.
    """
    folder = publication.written(MANIFEST).parent
    record = record_of(folder, manifest) if gate.rules else RunRecord(manifest, {})
    decision = gate.decide(record, before, rows)
    note(manifest, gate, decision)
    return decision


def note(manifest: dict[str, Any], gate: Gate, decision: Decision) -> None:
    """Set what ``run.json`` says of the gate."""
    rules = [rule.text for rule in gate.rules]
    manifest["hold_if"] = {"rules": rules, "skipped": list(decision.skipped)}
    manifest["held"] = list(decision.held)
    if decision.held and "table" in manifest:
        manifest["table"] = None
