"""What one task does: read a part, assess its rows, and write its report and rejects itself.

No row crosses to Java: the task returns one small object of counts and file names. Its files have
names of their own, with a random part, so that a second attempt (a retry, or a speculative one)
writes others; only those that the driver receives from Spark, one result per part, are published.
"""

import dataclasses
import platform
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.batch._run import Totals, count
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.report_output import ReportOutput
from coverage_analyzer.batch.stream import judged
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.row_types import RowTyper
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.work_folder import to_disk
from coverage_analyzer.files.writers.delimited import RejectsWriter, Style
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.maps.summary_totals import SummaryTotals
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.schema.coordinates import Written
from coverage_analyzer.spark._assess import built_once
from coverage_analyzer.spark.part_ids import HashFile, PartIds
from coverage_analyzer.spark.part_sample import PartSample
from coverage_analyzer.spark.parts import Part
from coverage_analyzer.spark.sealed import read_sealed, write_sealed

TOKEN_BYTES: Final = 8


@dataclass
class PartResult:
    """What a task returns.

    Attributes
    ----------
    part
        Which part it has read.
    totals
        Its counts; without the sites of the map, which are in a file.
    report, rejects, drawn
        The files that it has written; None if there was nothing to write.
    sample, hashes
        Further files.
    detected, written
        What was found out about the file.
    last_line
        The last line or row of the part.
    sha256
        Of the whole file, if this was its first part.
    """

    part: Part
    totals: Totals
    report: Path
    rejects: Path | None = None
    drawn: Path | None = None
    sample: PartSample | None = None
    hashes: HashFile | None = None
    detected: Mapping[str, Any] = field(default_factory=dict)
    written: Written = field(default_factory=Written)
    last_line: int = 0
    sha256: str | None = None


@dataclass(frozen=True)
class PartJob:
    """Reads parts; an object that Spark sends to its workers.

    Attributes
    ----------
    spec
        Builds the matcher.
    table
        The whole input, without its reader.
    options
        Of the run, without what only the driver can use.
    style
        Of text files.
    folder
        Where files are written, which driver and workers must both see.
    about
        What a report says of itself.
    seeds
        Secret bytes of this run: of the hashes of ids, and the key of sealed files.
    refused
        The file of rejected lines by file, if duplicates are rejected.
    """

    spec: MatcherSpec
    table: Table
    options: Options
    style: Style
    folder: Path
    about: Mapping[str, Any]
    seeds: bytes
    refused: Path | None = None

    def __call__(self, part: Part) -> PartResult:
        """Assess a part.

        Raises
        ------
        InputError
            If it cannot be read.
        PublishError
            If this machine does not see the folder, or its disk refuses.
        """
        with self._disk_errors():
            return self._assessed(part)

    def _assessed(self, part: Part) -> PartResult:
        base, table = self.base(part), self.opened(part)
        matcher, options = built_once(self.spec), self.options
        result = PartResult(part, self._totals(), Path(f"{base}.{options.format}"))
        shown = own_columns.named(options.map_columns) if options.map else None
        with ExitStack() as stack:
            result.sample = result.totals.drawn.sample = PartSample(base)
            stack.callback(result.sample.close)
            ids = stack.enter_context(PartIds(Path(f"{base}.ids"), part.file, self.seeds))
            typer = RowTyper(table)
            report = ReportOutput(result.report, options.format, self.style, typer, stack)
            rejects = _Rejects(base, self.style, part, stack)
            for verdicts in judged(table.rows(), table, matcher, coded=True):
                report.write(verdicts.report, verdicts.rows)
                rejects.write(verdicts.rows)
                count(result.totals, table, verdicts, matcher, shown)
                block = verdicts.rows.block
                if options.on_duplicate == "keep":
                    ids.add(table.keys(block), block.lines)
                result.last_line = _last_line(verdicts.rows, result.last_line)
            report.describe(self.about)
            result.hashes, result.rejects = ids.written(), rejects.path
        return self._finished(result, table, base)

    def ids(self, part: Part) -> HashFile:
        """Write the hashes of the ids of the usable rows of a part.

        Raises
        ------
        InputError
            If it cannot be read.
        PublishError
            If this machine does not see the folder, or its disk refuses.
        """
        with self._disk_errors():
            base, table = self.base(part), self.opened(part)
            with PartIds(Path(f"{base}.ids"), part.file, self.seeds) as ids:
                for rows in table.rows():
                    ids.add(table.keys(rows.block), rows.block.lines)
                return ids.written()

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Translate errors of the disk, and name the machine.

        Raises
        ------
        CoverageError
            Our own, as it is.
        PublishError
            With the error.
        """
        try:
            yield
        except CoverageError:
            raise
        except OSError as error:
            msg = f"{self.folder} on {platform.node()} cannot be written: {error}."
            raise PublishError(msg) from error

    def base(self, part: Part) -> Path:
        """Return the path of the files of this attempt, without their endings.

        Raises
        ------
        PublishError
            If this machine does not see the folder.
        """
        if not self.folder.is_dir():
            msg = (
                f"{self.folder} is not on {platform.node()}, where a task of Spark runs. "
                f"Write to a folder that all machines see, or to hdfs: or s3a:."
            )
            raise PublishError(msg)
        return self.folder / f"{part.number:05}-{secrets.token_hex(TOKEN_BYTES)}"

    def opened(self, part: Part) -> Table:
        """Open a part, with the lines of it that are rejected as duplicates.

        Raises
        ------
        InputError
            If it cannot be read, or this machine does not see it.
        """
        if not part.path.exists():
            msg = (
                f"{part.path} is not on {platform.node()}, where a task of Spark runs. Put it "
                f"where all machines see it, or on hdfs: or s3a:."
            )
            raise InputError(msg)
        table = part.opened(self.table, self.options.columns)
        if self.refused is None:
            return table
        path = self.refused / str(part.file)
        return dataclasses.replace(table, refused=read_sealed(path, self.seeds))

    def _totals(self) -> Totals:
        """Return counts of nothing."""
        matcher, options = built_once(self.spec), self.options
        totals = Totals(drawn=DrawnSites(own_columns.named(options.map_columns)))
        if options.summary:
            totals.summary = SummaryTotals(len(matcher.centers), matcher.policy.unit)
        return totals

    def _finished(self, result: PartResult, table: Table, base: Path) -> PartResult:
        """Return a result whose files are on disk."""
        result.detected, result.written = table.source.detected, table.written
        if result.part.is_first:
            result.sha256 = table.source.sha256()
        drawn, result.totals.drawn = result.totals.drawn, DrawnSites()
        if self.options.map:
            result.drawn = Path(f"{base}.map")
            drawn.sample = DrawnSites().sample
            write_sealed(result.drawn, drawn, self.seeds)
        for path in (result.report, result.rejects):
            if path is not None:
                to_disk(path)
        return result


class _Rejects:
    """The rejects of a part, whose file is created with the first of them."""

    def __init__(self, base: Path, style: Style, part: Part, stack: ExitStack) -> None:
        self._new, self._style, self._stack = Path(f"{base}.rejects"), style, stack
        self._source = f"file:{part.path}"
        self._writer: RejectsWriter | None = None
        self.path: Path | None = None

    def write(self, rows: ParsedRows) -> None:
        """Append the rejects of a block."""
        if not rows.rejects:
            return
        if self._writer is None:
            self.path = self._new
            self._writer = RejectsWriter(self.path, self._style, self._source)
            self._stack.callback(self._writer.close)
        self._writer.write(rows.rejects)


def _last_line(rows: ParsedRows, last: int) -> int:
    """Return the last line of a block, given that of the block before."""
    rejects = [reject.line for reject in rows.rejects[-1:]]
    return int(max([last, *rows.block.lines[-1:], *rejects]))
