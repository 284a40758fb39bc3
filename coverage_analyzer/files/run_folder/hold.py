"""Held runs: a run that must not replace a good report writes to ``DIR.held`` instead.

A run is held for reasons, which are text: too many rejected rows (`reasons`), or a rule of
``--hold-if`` that fires (`gate`).
Everything that publishes a run (folder, database table, `write_report`, Spark) calls this.
``run.json`` of a held run lists the reasons under ``held``; the next run that is not held removes
the folder, as far as a held run created it. ``DIR.held`` is a `Publication` like ``DIR``, with its
own work folder and lock; a link in its place is refused, because the user has not named it.
"""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from coverage_analyzer import documents
from coverage_analyzer.errors import CoverageError, InputError, PublishError, quantity
from coverage_analyzer.files.overwriting import RunFolder
from coverage_analyzer.files.run_folder import contents
from coverage_analyzer.files.run_folder.publishing import MANIFEST, Publication
from coverage_analyzer.files.work_folder import has_work_folder

SUFFIX: Final = ".held"

DEFAULT_LIMIT: Final = "50%"
"""Default share of rejected rows up to which a run replaces the report."""

MIN_ROWS: Final = 20
"""A percentage applies from this number of rows read; smaller samples are random."""

OPTION: Final = "--max-rejects"
"""The option of the limit, which its reason names."""

LIMIT: Final = re.compile(r"\s*([0-9]{1,18})\s*|\s*([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*%\s*")


@dataclass(frozen=True)
class RejectLimit:
    """Limit of rejected rows: a number, or a share of the rows that are not empty.

    Attributes
    ----------
    count
        The number of rows, if it is a number.
    percent
        The percentage, if it is one; it applies from `MIN_ROWS` rows read.
    """

    count: int | None = None
    percent: Decimal | None = None

    @classmethod
    def parse(cls, value: "RejectLimit | int | str") -> "RejectLimit":
        """Parse a limit from a number or a text such as ``10`` or ``2.5%``.

        Raises
        ------
        InputError
            If it is neither.

        Examples
        --------
        >>> [str(RejectLimit.parse(value)) for value in (10, "10", "2.5 %", "050%")]
        ['10', '10', '2.5%', '50%']
        """
        if isinstance(value, RejectLimit):
            return value
        match = LIMIT.fullmatch(str(value))
        count, percent = match.groups() if match else (None, None)
        if count is not None:
            return cls(count=int(count))
        if percent is not None and Decimal(percent) <= 100:
            return cls(percent=Decimal(percent))
        msg = f"{value!r} is not a limit. Write a number like 10, or a percentage like 5%."
        raise InputError(msg)

    def __str__(self) -> str:
        """Return the limit as it is written in options and ``run.json``."""
        return str(self.count) if self.percent is None else f"{self.percent:f}%"

    def is_exceeded(self, ledger: Mapping[str, int]) -> bool:
        """Return whether more rows are rejected than allowed; exactly the limit is allowed.

        Parameters
        ----------
        ledger
            Numbers of rows ``read``, ``decided`` and ``rejected``.
        """
        rejected = ledger["rejected"]
        if self.percent is None:
            return self.count is not None and rejected > self.count
        filled = rejected + ledger["decided"]
        return ledger["read"] >= MIN_ROWS and rejected * 100 > self.percent * filled


def reasons(limit: RejectLimit, ledger: Mapping[str, int]) -> list[str]:
    """Return the reasons not to replace the report, as text; empty if it may be replaced."""
    if not limit.is_exceeded(ledger):
        return []
    rejected = ledger["rejected"]
    filled = rejected + ledger["decided"]
    return [f"{rejected:,} of {quantity(filled, 'row')} rejected ({OPTION} {limit})"]


def held_path(folder: str | Path) -> Path:
    """Return the folder for the files of a held run: ``DIR.held`` next to ``DIR``."""
    path = Path(folder)
    if path.name in {"", ".."}:  # "." and similar: only the absolute path has a last part
        path = path.resolve()
    return path.parent / f"{path.name}{SUFFIX}"


def run_folders(folder: str | Path) -> tuple[RunFolder, RunFolder]:
    """Return all folders that a run may replace or remove, for `refuse_overwriting`."""
    return RunFolder(folder, contents.FILES), RunFolder(held_path(folder), contents.FILES)


def publish(
    publication: Publication, held: Sequence[str], commit: Callable[[], None] | None = None
) -> Path:
    """Publish a run, or write its files to ``DIR.held``; return the folder.

    Parameters
    ----------
    publication
        Paths of all files, already written, the manifest last.
    held
        Reasons to hold the run, if any.
    commit
        As for `Publication.publish`; called only if the run is not held.

    Raises
    ------
    FolderBusyError
        If another run writes to ``DIR.held``.
    PublishError
        If the disk refuses, or ``DIR.held`` is a link. The old report is kept.
    """
    if not held:
        publication.publish(commit=commit)
        remove_held(publication.folder)
        return publication.folder
    folder = held_path(publication.folder)
    try:
        _refuse_link(folder)
        with Publication(folder, publication.names) as target:
            target.take_over(publication)
            target.publish()
    except PublishError as error:
        msg = (
            f"{'; '.join(held)}. The report is unchanged, but the new files could not be "
            f"written: {error}"
        )
        raise type(error)(msg) from error
    return folder


def _refuse_link(folder: Path) -> None:
    """Raise if there is a link in the place of the folder for held runs.

    Raises
    ------
    PublishError
        With its path.
    """
    if folder.is_symlink():
        msg = f"{folder} is a link, and links are not followed. Move it away."
        raise PublishError(msg)


def remove_held(folder: Path) -> None:
    """Remove the files of an earlier held run next to a folder, and nothing else.

    Other files in ``DIR.held`` are kept, and then so is the folder. If the disk refuses, the next
    run tries again.
    """
    path = held_path(folder)
    with contextlib.suppress(CoverageError, OSError):
        _refuse_link(path)
        if is_held(path) or has_work_folder(path):
            with Publication(path) as old:
                if is_held(path):
                    old.remove()
            path.rmdir()


def is_held(folder: Path) -> bool:
    """Return whether a folder contains a held run."""
    try:
        manifest = documents.read_json(folder / MANIFEST)
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and bool(manifest.get("held"))


def notice(held: Sequence[str], folder: str | Path, kept_in: str | Path, table: str = "") -> str:
    """Return the message about a held run.

    Parameters
    ----------
    held
        Reasons for holding the run.
    folder, kept_in
        The report folder, and the folder of the files.
    table
        The database table for the report, if any.
    """
    places = f"{folder} and {table} are" if table else f"{folder} is"
    advice = []
    if any(OPTION in reason for reason in held):
        advice.append(
            "Check rejects.csv there, correct the input and run again, or allow more rejects "
            "(--max-rejects; max_rejects in Python)."
        )
    if any(OPTION not in reason for reason in held):
        advice.append(
            "If a rule fired on a change that is meant, run once with --hold-if none (hold_if in "
            "Python)."
        )
    return (
        f"Report not replaced: {'; '.join(held)}. {places} unchanged; the files of this run are in "
        f"{kept_in}. {' '.join(advice)}"
    )
