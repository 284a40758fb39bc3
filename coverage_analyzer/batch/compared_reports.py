"""Reports as the sides of a comparison: run folders are opened, and their rows spooled."""

import contextlib
import dataclasses
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer.arrays import Floats
from coverage_analyzer.comparison import csv_scan
from coverage_analyzer.comparison.aligned import Headers, SpooledSide
from coverage_analyzer.comparison.rows import (
    SHOWN,
    Side,
    SideRows,
    Spool,
    VerdictCodes,
    join_key,
)
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files import formulas
from coverage_analyzer.files.formulas import unescape_formulas
from coverage_analyzer.files.readers.base import RowBlock
from coverage_analyzer.files.run_folder import kept
from coverage_analyzer.files.run_folder.publishing import MANIFEST
from coverage_analyzer.files.run_folder.read_back import (
    read_manifest,
    refuse_edited,
    report_table,
    typed_cells,
)
from coverage_analyzer.files.table import Table, usable
from coverage_analyzer.fingerprint import WatchedFiles
from coverage_analyzer.matching.eligibility import DAYS, TEXTS
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import COUNTRY_STATED, LABELS, PARTS, as_text
from coverage_analyzer.schema.coordinates import numbers
from coverage_analyzer.schema.verdict import TEXT_BESIDE, names_in

INPUTS: Final = ("latitude", "longitude", "accuracy_m", *COUNTRY_STATED, *TEXTS, *DAYS)
"""The known columns that a verdict depends on."""

NOT_GROUPS: Final = frozenset(
    {*LABELS, "latitude", "longitude", "accuracy_m", *DAYS, *COUNTRY_STATED}
)
"""Known columns in which sites have nothing in common."""


@dataclass(frozen=True)
class Report:
    """A run folder with its open report.

    Attributes
    ----------
    folder, manifest
        The run folder, and the content of its ``run.json``.
    watched
        Its files, as they were when the manifest was read.
    table
        The open report.
    """

    folder: Path
    manifest: Mapping[str, Any]
    watched: WatchedFiles
    table: Table

    @property
    def known(self) -> dict[str, int]:
        """Position of each known column that was given, not made of points."""
        return dict(self.table.columns)


def open_report(folder: str | Path) -> Report:
    """Open the report of a run folder.

    Raises
    ------
    InputError
        If it is not a run folder, the run was held back, or its report cannot be read.
    MissingExtraError
        If the report is a workbook and the extra ``excel`` is not installed.
    """
    path = Path(folder)
    first = WatchedFiles(path / MANIFEST)
    manifest = read_manifest(path)
    if held := manifest.get("held"):
        msg = (
            f"{path} is a run that was held back ({'; '.join(map(str, held))}), not a report. "
            f"Give the folder of the last published report. To see what the held run would change, "
            f"run into another folder with -o."
        )
        raise InputError(msg)
    return opened(path, manifest, first)


def opened(folder: Path, manifest: Mapping[str, Any], first: WatchedFiles | None = None) -> Report:
    """Return a run folder whose manifest has been read, with its open report.

    Parameters
    ----------
    folder, manifest
        The run folder; it need not be published yet.
    first
        Its manifest, as it was before it was read.

    Raises
    ------
    InputError
        If the report cannot be read, or another run was published meanwhile.
    """
    named = [folder / str(name) for name in manifest["files"]]
    parts = [file for path in named if path.is_dir() for file in sorted(path.iterdir())]
    watched = WatchedFiles(*(path for path in (*named, *parts) if path.is_file()))
    if first is not None:
        first.check()
    return Report(folder, manifest, watched, report_table(folder, manifest))


def check_rows(report: Report, rows: int) -> None:
    """Raise if a report does not have as many rows as its run decided, as of a truncated file.

    Raises
    ------
    InputError
        With both numbers.
    """
    expected = report.manifest.get("ledger", {}).get("decided", rows)
    if rows != expected:
        msg = (
            f"{report.table.path} is damaged: it has {rows} rows, and the run wrote {expected}. "
            f"Run again."
        )
        raise InputError(msg)


def check_different(before: Report, after: Report) -> list[str]:
    """Return a note if both reports are the same folder."""
    same = before.folder.resolve() == after.folder.resolve()
    return [f"{before.folder} is compared with itself."] if same else []


def headers_of(before: Report, after: Report, key: tuple[str, ...]) -> Headers:
    """Return the columns by which rows are matched.

    Parameters
    ----------
    before, after
        The reports.
    key
        Headers of own columns; empty for ``site_id``.

    Raises
    ------
    InputError
        If a report does not have them, and what to do.
    """
    if key:
        for report in (before, after):
            _check_headers(report, key, "--key")
        return Headers(tuple(dict.fromkeys(key)), by_header=True)
    have = ["site_id" in report.known for report in (before, after)]
    if not all(have):
        lacks = after if have[0] else before
        both = [h for h in _own_headers(before) if h in after.table.headers]
        common = ", ".join(map(repr, both[:20])) or "none"
        different = "The reports have different keys: " if any(have) else ""
        msg = (
            f"{different}{lacks.table.path} has no site_id, by which rows are matched. Name the "
            f"columns that identify a site with --key COLUMN. Columns that both reports have: "
            f"{common}."
        )
        raise InputError(msg)
    parts = [name for name in PARTS if all(name in r.known for r in (before, after))]
    return Headers(("site_id",), tuple(parts))


def _own_headers(report: Report) -> list[str]:
    """Return the headers of the sites: without those of the verdict, and what formats add."""
    added = {*names_in(report.table.headers), *TEXT_BESIDE.values(), *report.table.source.made}
    return [header for header in report.table.headers if header not in added]


def _check_headers(report: Report, headers: tuple[str, ...], option: str) -> None:
    """Raise if a report lacks a column.

    Raises
    ------
    InputError
        With the columns that it has.
    """
    for header in headers:
        if header not in report.table.headers:
            names = ", ".join(map(repr, _own_headers(report)[:20]))
            msg = f"{option} {header!r}: {report.table.path} has no such column. Columns: {names}."
            raise InputError(msg)


@dataclass(frozen=True)
class Reading:
    """How the rows of a report are read.

    Attributes
    ----------
    headers
        The columns by which rows are matched.
    weight
        Header of the column of weights; empty if each row counts 1.
    progress
        Called with the number of rows read so far, and their share.
    """

    headers: Headers
    weight: str = ""
    progress: Callable[[int, float], None] | None = None


def spooled(
    report: Report,
    reading: Reading,
    codes: VerdictCodes,
    path: Path,
    *,
    beside: SpooledSide | None = None,
) -> SpooledSide:
    """Read all rows of a report into a spool.

    Parameters
    ----------
    report
        Open, and not read yet.
    reading
        How it is read.
    codes
        The codes of both sides.
    path
        The file of the spool.
    beside
        The other report, if it is spooled already. Own columns are kept of the first one only, to
        look for groups of lost sites.

    Raises
    ------
    InputError
        If a row cannot be read or is missing, or a weight is not a number.
    """
    if reading.weight:
        _check_headers(report, (reading.weight,), "--weight")
    own = group_headers(report, reading) if beside is None else []
    other = None if beside is None else beside.spool
    spool = None
    if csv_scan.can_scan(Path(str(report.table.path))):
        blocks = _scanned_blocks(report, reading, own, path.with_suffix(".scan"))
        with contextlib.suppress(InputError):  # below, the same file says what is wrong and where
            spool = _fill(Spool(path, codes, other), report, reading, own, blocks)
    if spool is None:
        blocks = report.table.blocks()
        spool = _fill(Spool(path, codes, other), report, reading, own, blocks)
    return SpooledSide(side_of(report), spool)


def _fill(
    spool: Spool,
    report: Report,
    reading: Reading,
    own: Sequence[str],
    blocks: Generator[RowBlock, None, None],
) -> Spool:
    """Return a spool with the rows of a report.

    Raises
    ------
    InputError
        If a row cannot be read or is missing, or a weight is not a number.
    """
    decided = report.manifest.get("ledger", {}).get("decided", 0)
    with closing(_side_rows(report, reading, own, blocks)) as parts:
        for rows in parts:
            spool.add(rows)
            if reading.progress:
                n_rows = spool.counts.rows
                reading.progress(n_rows, n_rows / decided if decided else float("nan"))
    check_rows(report, spool.counts.rows)
    spool.close()
    return spool


def _scanned_blocks(
    report: Report, reading: Reading, own: Sequence[str], folder: Path
) -> Generator[RowBlock, None, None]:
    """Yield the rows of a report, with the columns that a comparison reads.

    Raises
    ------
    InputError
        If its file is not one that a run has written.
    """
    table = report.table
    path = Path(str(table.path))
    folder.mkdir()
    own_columns = [table.columns[n] for n in {*INPUTS, *LABELS, *PARTS} & table.columns.keys()]
    headers = {*reading.headers.key, *own, *SHOWN, reading.weight} & set(table.headers)
    positions = {*own_columns, *map(table.headers.index, headers)}
    delimiter = str(table.detected["delimiter"])
    escaped = {*_own_headers(report), "center_id"} if formulas.is_escaped(path) else set()
    first = 1
    for batch in csv_scan.scan(path, len(table.headers), delimiter, positions, folder):
        texts = [
            unescape_formulas(cells) if header in escaped else cells
            for header, cells in zip(table.headers, batch.columns, strict=True)
        ]
        rows = pa.RecordBatch.from_arrays(texts, names=batch.schema.names)
        yield RowBlock(np.arange(first, first + len(rows)), rows, lambda _row: "")
        first += len(rows)


def side_of(report: Report) -> Side:
    """Return what is known of a report besides its rows.

    Raises
    ------
    InputError
        If a file of its folder was damaged.
    """
    manifest, inputs = report.manifest, kept.run_inputs(report.folder, report.manifest)
    columns = {*report.known, *report.table.area_columns}
    names = [name for name in INPUTS if name in columns]
    facts = {
        "path": str(report.folder),
        "report": Path(str(report.table.path)).name,
        "as_of": manifest["as_of"],
        "policy": {n: manifest["policy"].get(n) for n in ("name", "title", "sha256")},
        "trust_declared": bool(manifest.get("trust_declared")),
        "coverage_analyzer": str(manifest.get("coverage_analyzer", "")),
        "centers": dict(manifest.get("centers", {})),
        "columns": _own_headers(report),
        "roads": "roads" in manifest,
        "inputs_known": inputs is not None,
    }
    return Side(
        facts,
        side_levels(report),
        inputs,
        by_road="roads" in manifest,
        site_rows=_site_reader(report.table, names),
    )


def side_levels(report: Report) -> tuple[str, ...]:
    """Return the titles of the levels of a run's policy, the best first; empty if unknown.

    Raises
    ------
    InputError
        If the policy in its folder was damaged.
    """
    if kept.POLICY in report.manifest["files"]:
        return kept.kept_policy(report.folder, report.manifest).titles
    policy = _known_policy(report)
    return () if policy is None else policy.titles


def _known_policy(report: Report) -> Policy | None:
    """Return the policy of an older run, if it is built in or registered and has not changed."""
    recorded = report.manifest["policy"]
    try:
        policy = Policy.load(str(recorded.get("name")))
    except PolicyError:
        return None
    return policy if policy.sha256 == recorded.get("sha256") else None


def _site_reader(table: Table, names: Sequence[str]) -> Callable[[pa.RecordBatch], SiteRows]:
    """Return what reads the inputs of rows as the run did."""
    columns = {name: at for at, name in enumerate(names)}
    spool = dataclasses.replace(table, columns=columns)

    def site_rows(cells: pa.RecordBatch) -> SiteRows:
        block = RowBlock(np.arange(1, len(cells) + 1), cells, lambda _row: "")
        rows = usable(block, spool)
        if rows.rejects:
            msg = f"{table.path} was changed: {rows.rejects[0].detail}. Run again."
            raise InputError(msg)
        return spool.site_rows(rows)

    return site_rows


def _side_rows(
    report: Report,
    reading: Reading,
    own: Sequence[str],
    blocks: Generator[RowBlock, None, None],
) -> Generator[SideRows, None, None]:
    """Yield the rows of a report, block by block.

    Raises
    ------
    InputError
        If a row cannot be read.
    """
    table = report.table
    for block in blocks:
        refuse_edited(table, block.rejects)
        cells = dict(zip(table.headers, block.columns.columns, strict=True))
        verdict = typed_cells(cells, SHOWN, str(table.path))
        inputs = [name for name in INPUTS if table.column(block, name) is not None]
        yield SideRows(
            key=joined(_keys(table, block, reading.headers)),
            part=joined(_parts(table, block, reading.headers)),
            verdict=verdict,
            name=as_text(table.labels(block)[1]),
            weight=weights_of(report, block, reading.weight),
            own={header: as_text(cells[header]) for header in own},
            inputs={name: table.column(block, name) for name in inputs},
        )


def _keys(table: Table, block: RowBlock, headers: Headers) -> list[pa.Array]:
    """Return the columns of the key of a block, as text."""
    if headers.by_header:
        return [as_text(block.columns.column(table.headers.index(h))) for h in headers.key]
    return [table.site_ids(block)]


def _parts(table: Table, block: RowBlock, headers: Headers) -> list[pa.Array]:
    """Return the columns that tell the rows of a site apart, as text."""
    return [as_text(block.columns.column(table.columns[name])) for name in headers.part]


def joined(columns: list[pa.Array]) -> pa.Array | None:
    """Return columns of a key as one; None if there are none."""
    return join_key(columns) if columns else None


def group_headers(report: Report, reading: Reading) -> list[str]:
    """Return the own columns in which lost sites may have something in common."""
    table = report.table
    not_groups = {table.headers[at] for name, at in table.columns.items() if name in NOT_GROUPS}
    left = {*not_groups, *reading.headers.key, reading.weight}
    types = dict(zip(table.headers, table.source.types, strict=True))
    return [h for h in _own_headers(report) if h not in left and _is_group(types[h])]


def _is_group(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_boolean)
    return any(test(kind) for test in tests)


def weights_of(report: Report, block: RowBlock, header: str) -> Floats | None:
    """Return the weight of each row of a block.

    Raises
    ------
    InputError
        If one is not a number of 0 or more.
    """
    if not header:
        return None
    cells = block.columns.column(report.table.headers.index(header))
    kind = cells.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    weights = numbers(cells if is_number else as_text(cells), decimal=report.table.decimal_mark)[0]
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        row = int(bad[0])
        msg = (
            f"{report.table.path}, line {block.lines[row]}: the weight {header!r} is "
            f"{as_text(cells)[row].as_py()!r}, not a number of 0 or more."
        )
        raise InputError(msg)
    return weights
