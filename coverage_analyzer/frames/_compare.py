"""Compare two frames of verdicts in a notebook: which sites changed, and what that comes to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.batch._compare import CompareOptions, compared
from coverage_analyzer.comparison import summary, table
from coverage_analyzer.comparison.aligned import Headers, SpooledSide, changes, tally_of
from coverage_analyzer.comparison.rows import SHOWN, Side, SideRows, Spool, VerdictCodes, join_key
from coverage_analyzer.comparison.tally import FLOWS, SEGMENTS
from coverage_analyzer.errors import InputError, require
from coverage_analyzer.frames.columns import geometries, need, texts
from coverage_analyzer.frames.verdict_sides import inputs_of, side_of, verdict_names_in
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema import notebook
from coverage_analyzer.schema.columns import LABELS, PARTS
from coverage_analyzer.schema.verdict import TYPES, VERDICT

Verdicts = pd.DataFrame | str | Path
"""Verdicts as a frame, or a run folder."""


class ComparisonTable(pd.DataFrame):
    """The changes between two reports: one row for each site that differs, as ``changes.csv``.

    ``.attrs`` holds what ``compare.json`` has: ``ledger``, ``changes``, ``because``,
    ``differences`` and so on. A row or column that is taken out of it is a plain pandas object.

    Attributes
    ----------
    flows, segments
        The other tables, as the files of the same names.
    """

    _metadata = ("flow_rows", "segment_rows")
    flow_rows: Sequence[Sequence[Any]]
    segment_rows: Sequence[Sequence[Any]]

    @property
    def flows(self) -> pd.DataFrame:
        """How many sites have which level before and after, by country."""
        return pd.DataFrame(self.flow_rows, columns=list(FLOWS))

    @property
    def segments(self) -> pd.DataFrame:
        """Groups of sites that lost their level more often than others."""
        return pd.DataFrame(self.segment_rows, columns=list(SEGMENTS))

    def _repr_html_(self) -> str:
        """Return the comparison for a notebook: what changed and why, then the first rows."""
        parts = [
            notebook.table(self.attrs[name].items(), (name, "sites"))
            for name in ("changes", "because")
            if self.attrs.get(name)
        ]
        return "".join(parts) + str(pd.DataFrame(self).to_html(max_rows=20, border=0))

    def to_markdown_summary(self) -> str:
        """Return the comparison as Markdown, for a pull request or a chat."""
        manifest = {str(name): value for name, value in self.attrs.items()}
        return summary.markdown(manifest, self.flow_rows, self.segment_rows)


def compare(  # noqa: PLR0913 - two reports, and what frames do not carry
    before: Verdicts,
    after: Verdicts,
    *,
    key: str | Sequence[str] | None = None,
    weight: str | None = None,
    policy: Policy | tuple[Policy, Policy] | None = None,
    centers: pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame] | None = None,
    output: str | Path | None = None,
) -> ComparisonTable:
    """Compare two reports: which sites changed, why, and what that comes to.

    Parameters
    ----------
    before, after
        Two frames of verdicts as returned by `assess`, or two run folders of any format.
    key
        The column or columns that identify a site; by default its ``site_id``, with product,
        version and component if both reports have them.
    weight
        A column of numbers that says how much a site counts; by default each counts 1.
    policy
        The policy of frames, or one for each, where it is not built in: it ranks their levels.
    centers
        The centers that frames were made with, or those of each: a frame does not hold them, and
        without them the causes of changes are ``not_known``. A run folder has its own.
    output
        For run folders, a folder for ``changes.csv``, ``flows.csv``, ``segments.csv``,
        ``compare.json`` and ``compare.html``.

    Returns
    -------
    changes
        One row for each site that differs, in order of the key: ``level_from``, ``level_to`` and so
        on for status, reason, center, distance, margin and the day on which a level starts; the
        kind of ``change`` (`comparison.changes.Change`); and ``because``
        (`comparison.causes.Cause`). ``.attrs["ledger"]`` says where each row of both reports went,
        ``.flows`` and ``.segments`` are further tables.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a folder is not a run folder, reports have different keys, a column is missing, or
        centers or a policy are not those of the frames.
    MissingExtraError
        If the extra ``compare`` is not installed.
    PublishError
        If the output cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> before = ca.assess(sites, centers, as_of="2026-12-01")
    >>> fewer = centers[centers["center_id"] != "DE-FBG-1"]
    >>> after = ca.assess(sites, fewer, as_of="2026-12-01")
    >>> changes = ca.compare(before, after, centers=(centers, fewer))
    >>> changes[["site_id", "level_from", "level_to", "change", "because"]].to_numpy().tolist()
    [['Loerrach', 'Gold Plus', 'Gold', 'lost', 'centers']]
    >>> changes.attrs["ledger"]
    {'a': 2, 'b': 2, 'same': 1, 'changed': 1, 'left': 0, 'entered': 0}
    """
    require("compare", "duckdb")
    keys = (key,) if isinstance(key, str) else tuple(key or ())
    frames = [isinstance(side, pd.DataFrame) for side in (before, after)]
    if isinstance(before, pd.DataFrame) and isinstance(after, pd.DataFrame):
        if output is not None:
            msg = "Files are written for run folders only: write_report() writes them of frames."
            raise InputError(msg)
        sides = _sides((before, after), policy, centers)
        return _compared_frames((before, after), sides, keys, weight or "")
    if any(frames):
        msg = "Compare two frames, or two run folders: write_report() writes one of a frame."
        raise InputError(msg)
    if centers is not None:
        msg = "A run folder has its own centers: leave them out."
        raise InputError(msg)
    options = CompareOptions(key=keys, weight=weight or "", keep_rows=True)
    result = compared(str(before), str(after), output, options)
    return changes_table(result.rows, result.manifest, result.flows, result.segments)


def changes_table(
    rows: Sequence[pa.RecordBatch],
    manifest: Mapping[str, Any],
    flows: Sequence[Any],
    segments: Sequence[Any],
) -> ComparisonTable:
    """Return changes as a frame."""
    keys = manifest["key"]
    schema = table.schema(keys, weighted=bool(manifest["weight"]))
    whole = pa.Table.from_batches(rows, schema=schema)
    for name in schema.names:
        if pa.types.is_decimal(schema.field(name).type):
            at = whole.schema.get_field_index(name)
            whole = whole.set_column(at, name, whole.column(name).cast(pa.float64()))
    result = ComparisonTable(whole.to_pandas(date_as_object=False))
    result.flow_rows, result.segment_rows = flows, segments
    result.attrs.update(manifest)
    return result


def _sides(
    frames: tuple[pd.DataFrame, pd.DataFrame],
    policy: Policy | tuple[Policy, Policy] | None,
    centers: pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame] | None,
) -> tuple[Side, Side]:
    """Return what is known of both frames.

    Raises
    ------
    InputError
        If one is not a frame of verdicts, or was not made with the given centers or policy.
    """
    for frame in frames:
        need(frame, VERDICT, "verdicts", "assess()")
    policies = policy if isinstance(policy, tuple) else (policy, policy)
    both = centers if isinstance(centers, tuple) else (centers, centers)
    return side_of(frames[0], policies[0], both[0]), side_of(frames[1], policies[1], both[1])


def _compared_frames(
    frames: tuple[pd.DataFrame, pd.DataFrame],
    both: tuple[Side, Side],
    keys: tuple[str, ...],
    weight: str,
) -> ComparisonTable:
    headers = _headers(*frames, keys)
    codes = VerdictCodes()
    sides: list[SpooledSide] = []
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, frame, side in zip("ab", frames, both, strict=True):
            other = sides[0].spool if sides else None
            spool = Spool(folder / f"{name}.arrow", codes, other)
            spool.add(side_rows(frame, headers, weight, groups=name == "a"))
            spool.close()
            sides.append(SpooledSide(side, spool))
        tally = tally_of(sides[0].side, sides[1].side)
        blocks = changes(sides[0], sides[1], headers, tally, folder)
        rows = [table.rows(each, weighted=bool(weight)) for each in blocks if len(each.rows)]
    counts = [side.spool.counts for side in sides]
    manifest = summary.comparison(
        summary.Compared(sides[0].side, counts[0]),
        summary.Compared(sides[1].side, counts[1]),
        tally,
        key=(*headers.key, *headers.part),
        weight=weight,
    )
    return changes_table(rows, manifest, tally.flow_rows(counts[0]), tally.segment_rows(counts[0]))


def _headers(before: pd.DataFrame, after: pd.DataFrame, keys: tuple[str, ...]) -> Headers:
    """Return the columns by which rows are matched.

    Raises
    ------
    InputError
        If a frame does not have them.
    """
    key_names = tuple(dict.fromkeys(keys)) or ("site_id",)
    for what, frame in (("earlier", before), ("later", after)):
        missing = [name for name in key_names if name not in frame]
        if missing:
            ours = verdict_names_in(frame)
            listed = ", ".join(repr(str(c)) for c in frame.columns if c not in ours)
            msg = (
                f"The {what} verdicts have no column {missing[0]!r}, by which rows are matched. "
                f"Name the columns that identify a site with key=. Columns: {listed}."
            )
            raise InputError(msg)
    parts = [n for n in PARTS if n in before and n in after] if not keys else []
    return Headers(key_names, tuple(parts), by_header=bool(keys))


def side_rows(frame: pd.DataFrame, headers: Headers, weight: str, *, groups: bool) -> SideRows:
    """Return the rows of verdicts as a comparison takes them.

    Parameters
    ----------
    frame
        The verdicts.
    headers
        The columns by which rows are matched.
    weight
        A column of weights; empty if each row counts 1.
    groups
        Whether own columns are kept, to look for groups of lost sites.

    Raises
    ------
    InputError
        If a column cannot be used.
    """
    own = _group_names(frame, headers, weight) if groups else []
    n = len(frame)
    return SideRows(
        key=join_key([texts(frame, name) for name in headers.key]),
        part=join_key([texts(frame, name) for name in headers.part]) if headers.part else None,
        verdict={name: _cells(frame, name) for name in SHOWN},
        name=texts(frame, "name") if "name" in frame else arrays.text_array([""] * n),
        weight=weights_in(frame, weight),
        own={name: texts(frame, name) for name in own},
        inputs=inputs_of(frame),
    )


def _cells(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column of the verdict with its type in a report.

    Raises
    ------
    InputError
        If it has another type.
    """
    kind = TYPES[name]
    if pa.types.is_string(kind):
        return texts(frame, name)
    try:
        cells = pa.Array.from_pandas(frame[name]).cast(kind)
    except (pa.ArrowException, ValueError) as error:
        msg = f"The verdicts' column {name!r} must be {kind}: {error}."
        raise InputError(msg) from error
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _group_names(frame: pd.DataFrame, headers: Headers, weight: str) -> list[str]:
    """Return the own columns in which lost sites may have something in common."""
    left = {*verdict_names_in(frame), *LABELS, *headers.key, weight, *geometries(frame)}
    left |= {"latitude", "longitude", "accuracy_m", "country"}
    return [
        str(name)
        for name, cells in frame.items()
        if name not in left and (cells.dtype == object or pd.api.types.is_string_dtype(cells.dtype))
    ]


def weights_in(frame: pd.DataFrame, name: str) -> Any:
    """Return the weight of each row.

    Raises
    ------
    InputError
        If a frame has no such column, or a cell is not a number of 0 or more.
    """
    if not name:
        return None
    if name not in frame:
        msg = f"The verdicts have no column {name!r} of weights."
        raise InputError(msg)
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        row = frame.index[bad[0]]
        msg = f"Row {row!r}: the weight {name!r} is {frame[name].iloc[bad[0]]!r}, not 0 or more."
        raise InputError(msg)
    return values
