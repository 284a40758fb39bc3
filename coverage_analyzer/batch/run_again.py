"""A run folder opened to match its sites again: without a center, with others, at other limits."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from coverage_analyzer import countries, documents
from coverage_analyzer.batch.compared_reports import Report, check_rows, open_report, weights_of
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files.overwriting import RunFolder, refuse_overwriting
from coverage_analyzer.files.run_folder import contents, kept
from coverage_analyzer.files.run_folder.publishing import MANIFEST, Publication
from coverage_analyzer.files.run_folder.read_back import refuse_edited
from coverage_analyzer.files.table import ParsedRows
from coverage_analyzer.files.writers.delimited import Style, write_rows
from coverage_analyzer.matching.spec import MatcherSpec

BY_ROAD: Final = (
    "The report was rechecked by road. This looks at distances only: what the recheck changed is "
    "not taken into account."
)


@dataclass(frozen=True)
class RunAgain:
    """An open run folder, and what its verdicts were made of.

    Attributes
    ----------
    report
        The folder with its open report.
    spec
        Centers, policy, products and day.
    """

    report: Report
    spec: MatcherSpec

    @property
    def facts(self) -> dict[str, Any]:
        """What a result says of the run: its folder, policy and day."""
        manifest = self.report.manifest
        return {
            "run": str(self.report.folder),
            "policy": {name: manifest["policy"].get(name) for name in ("name", "title", "sha256")},
            "as_of": manifest["as_of"],
        }

    @property
    def notes(self) -> list[str]:
        """What a reader of a result should know, as text."""
        return [BY_ROAD] if "roads" in self.report.manifest else []

    def rows(self) -> Generator[ParsedRows, None, None]:
        """Yield the rows of the report, all of which are usable; the next block is read ahead.

        Raises
        ------
        InputError
            If one is not or is missing, or a file has changed meanwhile.
        """
        table, n_rows = self.report.table, 0
        with closing(ahead(table.rows(), table.source.cancel)) as blocks:
            for rows in blocks:
                n_rows += len(rows.block.lines)
                refuse_edited(table, rows.rejects)
                yield rows
        self.report.watched.check()
        check_rows(self.report, n_rows)

    def weights(self, rows: ParsedRows, header: str) -> Any:
        """Return the weight of each row, shape (n,); None if each counts 1.

        Raises
        ------
        InputError
            If the column is unknown, or a cell is not a number of 0 or more.
        """
        return weights_of(self.report, rows.block, header)

    def record(
        self, weight: str, results: Mapping[str, Any], notes: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return what the manifest of results says.

        Parameters
        ----------
        weight
            Header of the weights; empty if each site counts 1.
        results
            The figures and tables.
        notes
            Added to those of the run.
        """
        return {
            "coverage_analyzer": metadata.version("coverage-analyzer"),
            **self.facts,
            "weight": weight,
            **results,
            "notes": [*self.notes, *notes],
            "files": [],
            "attribution": countries.ATTRIBUTION,
        }


def open_run(folder: str | Path) -> RunAgain:
    """Open a run folder, to match its sites again.

    Raises
    ------
    InputError
        If it is not a run folder, its run was held back, a file of it is damaged, or an earlier
        version wrote it, which did not keep what verdicts were made of.
    MissingExtraError
        If the report is a workbook and the extra ``excel`` is not installed.
    """
    report = open_report(folder)
    spec = kept.run_inputs(report.folder, report.manifest)
    if spec is None:
        msg = (
            f"{folder} does not keep the policy and the centers it was made with: an earlier "
            f"version wrote it, or write_report without centers. Run again."
        )
        raise InputError(msg)
    return RunAgain(report, spec)


@dataclass(frozen=True)
class ResultFolder:
    """A folder of results: its files are replaced atomically, the manifest last.

    Attributes
    ----------
    what
        What it holds, in messages.
    names
        All files that may be in it; the last is the manifest, which has the list of its ``files``.
    """

    what: str
    names: tuple[str, ...]

    def check(self, folder: str | Path, inputs: Mapping[str, object]) -> None:
        """Raise if the folder is a run folder, or a file in it would replace an input.

        Raises
        ------
        InputError
            With what to choose instead.
        """
        if (Path(folder) / MANIFEST).exists():
            msg = f"{folder} is a run folder. Choose a different folder for the {self.what}."
            raise InputError(msg)
        refuse_overwriting({self.what: RunFolder(folder, self.names)}, list(inputs.values()))

    def write_manifest(self, publication: Publication, record: dict[str, Any]) -> None:
        """Write the manifest, once all other files are written, with the list of them."""
        name = self.names[-1]
        record["files"] = [*publication.names, name]
        contents.write_manifest(publication.path(name), record)

    def earlier(self, folder: Path) -> list[str]:
        """Return the files that an earlier result put into a folder."""
        try:
            names = documents.read_json(folder / self.names[-1])["files"]
            return [name for name in names if name in self.names]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def new(self, folder: Path) -> list[str]:
        """Return the files that are not in the folder yet, as far as a result wrote it."""
        earlier = self.earlier(folder)
        return [name for name in self.names if name not in earlier]


def published(
    place: ResultFolder,
    output: str | Path | None,
    make: Callable[[Publication | None], dict[str, Any]],
) -> dict[str, Any]:
    """Return a result, and publish its files if there is a folder for them.

    Raises
    ------
    CoverageError
        What making it raises.
    PublishError
        If the folder cannot be written.
    """
    if output is None:
        return make(None)
    folder = Path(output)
    with Publication(folder, place.new(folder)) as publication:
        try:
            result = make(publication)
            publication.publish(place.earlier(folder))
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The {place.what} could not be written to {folder}: {error}."
            raise PublishError(msg) from error
    return result


def write_table(path: Path, table: pa.Table, style: Style) -> None:
    """Write a small table as CSV; nothing for what is missing."""
    columns = [["" if v is None else v for v in c.to_pylist()] for c in table.columns]
    write_rows(path, table.column_names, list(zip(*columns, strict=True)), style)
