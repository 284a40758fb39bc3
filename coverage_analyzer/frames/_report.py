"""Write verdicts as a run folder."""

import json
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.batch import run_summary
from coverage_analyzer.comparison.figures import RunRecord
from coverage_analyzer.comparison.quantities import Needs
from coverage_analyzer.comparison.rules import Figures
from coverage_analyzer.errors import InputError, PolicyWarning
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.run_folder import contents, hold, kept, report_layers, workbook
from coverage_analyzer.files.run_folder.file_metadata import file_metadata
from coverage_analyzer.files.run_folder.gate import Gate, Rules, decide
from coverage_analyzer.files.run_folder.headline import qualified_sites
from coverage_analyzer.files.run_folder.hold import DEFAULT_LIMIT, RejectLimit
from coverage_analyzer.files.run_folder.manifest import Origin
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.typed_rows import KNOWN_AS_TEXT
from coverage_analyzer.files.writers import delimited, formats
from coverage_analyzer.files.writers.areas import write_geojson
from coverage_analyzer.files.writers.cells import empty_rows
from coverage_analyzer.files.writers.delimited import SAFE
from coverage_analyzer.frames._map import areas_of, check_network, coverage_areas, map_data
from coverage_analyzer.frames.columns import (
    assessed_day,
    centers_of,
    geometries,
    need,
    not_unicode,
    points_name,
    positions,
    rules_of,
    texts,
)
from coverage_analyzer.maps import page
from coverage_analyzer.maps.summary_totals import SummaryTotals
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.lead_times import with_opening_windows
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads.network import ATTRIBUTION as ROADS
from coverage_analyzer.schema.cell_types import OwnText
from coverage_analyzer.schema.verdict import VERDICT, Status, names_in, schema_in, unit_of

PLAIN_OBJECTS: Final = {
    *("string", "bytes", "boolean", "integer", "floating", "decimal"),
    *("date", "datetime", "datetime64", "time", "empty"),
}
"""Types of objects in a column for which Arrow has a type."""

UNDRAWN: Final = "No map: the verdicts have no geometry."


def write_report(  # noqa: PLR0913 - what is written, how, and what keeps it from being written
    verdicts: pd.DataFrame,
    folder: str | Path,
    *,
    centers: pd.DataFrame | None = None,
    policy: Policy | str | None = None,
    kind: formats.Format = "csv",
    max_rejects: RejectLimit | int | str = DEFAULT_LIMIT,
    hold_if: Rules = (),
) -> Path:
    """Write verdicts as a run folder: report, ``summary.csv``, ``summary.html``, ``run.json``.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    folder
        Created if missing; an old report in it is replaced atomically.
    centers
        Written as ``centers.csv``, with ``areas.geojson`` and ``map.html``, if given. They must be
        those used for the assessment; their countries are interpreted in the same way.
    policy
        The policy of the verdicts; required if it is not built in.
    kind
        Report format: ``csv``, ``parquet``, ``xlsx``, or with the points of the sites ``gpkg``,
        ``geojson``, ``geoparquet``.
    max_rejects
        Limit of rows rejected by `read_sites`, as far as the frame records them: a number, or a
        share such as ``"2.5%"``, which applies from 20 rows read. If it is exceeded, the old report
        is kept, and the files are written to ``DIR.held``.
    hold_if
        Rules such as ``"rows_fall > 10%"``, which compare the verdicts with the report in the
        folder (``docs/nightly.md``). If one fires, the old report is kept, too.

    Returns
    -------
    folder
        Folder of the files: `folder`, or the one with the suffix ``.held``.

    Raises
    ------
    InputError
        If the verdicts lack a column, use another policy, name other centers, or exceed a workbook;
        or if `max_rejects` is not a limit, or a rule cannot be used.
    MissingExtraError
        If a workbook is requested and the extra ``excel`` is not installed.
    PublishError
        If the folder cannot be written.

    Warns
    -----
    UserWarning
        With each column that a CSV file cannot hold, which is omitted, and why the report is held,
        if it is.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> import tempfile
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = ca.write_report(verdicts, f"{parent}/2026-12", centers=centers)
    ...     sorted(path.name for path in folder.iterdir())  # doctest: +NORMALIZE_WHITESPACE
    ['areas.geojson', 'centers.csv', 'map.html', 'policy.toml', 'report.csv', 'run.json',
    'summary.csv', 'summary.html']
    """
    need(verdicts, VERDICT, "verdicts", "assess()")
    refuse_overwriting({"report": hold.run_folders(folder)}, [policy_file(policy)])
    rules = rules_of(verdicts, policy)
    gate = Gate.of(max_rejects, hold_if, rules)
    formats.check_rows(kind, len(verdicts))
    table = _table(pd.DataFrame(verdicts.drop(columns=geometries(verdicts))))
    remarks = delimited.left_out(table.schema)
    for words in remarks:
        warnings.warn(words, stacklevel=2)
    table = _with_points(table, kind, verdicts)
    places = zip(*(texts(verdicts, n).to_pylist() for n in contents.SUMMARY[:3]), strict=True)
    name = f"report.{kind}"
    network = ["centers.csv"] if centers is not None else []
    network += kept.names(_products(verdicts), rules)
    coming = [name, "summary.csv", run_summary.NAME, *network, "run.json"]
    with Publication(folder, coming) as publication:
        before = gate.previous(publication.folder)
        joined = _rows_joined(gate, before, verdicts, rules, publication)
        path = publication.path(name)
        own = OwnText(
            names=set(table.schema.names) - {*names_in(table.schema.names), *KNOWN_AS_TEXT}
        )
        with workbook.report_writer(path, kind, table.schema, SAFE, own) as writer:
            for batch in table.to_batches():
                writer.write(batch)
            writer.describe(file_metadata(_manifest(verdicts, rules, [], {})))
        counts, layers, picture = Counter(places), None, ""
        contents.write_summary(publication.path("summary.csv"), counts, countries.load().names)
        summary = publication.path(run_summary.NAME)
        if centers is not None:
            layers, notes, picture = _write_network(publication, verdicts, centers, rules)
            remarks += notes
        kept.write(publication.path, rules, _products(verdicts))
        notes = [*verdicts.attrs.get("warnings", []), *remarks]
        manifest = _manifest(verdicts, rules, notes, counts)
        manifest |= {"max_rejects": str(gate.limit), "hold_if": {}, "held": []}
        manifest["files"] = [*publication.names, "run.json"]
        held = decide(gate, publication, manifest, before, joined).held
        contents.write_manifest(publication.path("run.json"), manifest)
        shown = _summary_contents(verdicts, rules, layers, picture)
        run_summary.write(summary, manifest, counts, shown)
        workbook.finish(writer, _workbook_contents(manifest, counts, layers))
        if layers is not None:
            report_layers.add_layers(path, layers, manifest)
        published = hold.publish(publication, held)
    if held:
        warnings.warn(hold.notice(held, folder, published), stacklevel=2)
    return published


def _rows_joined(
    gate: Gate,
    before: RunRecord | None,
    verdicts: pd.DataFrame,
    policy: Policy,
    publication: Publication,
) -> Callable[[], Figures] | None:
    """Return what joins verdicts with the report in the folder; None if no rule needs that."""
    if before is None or gate.needs < Needs.rows:
        return None
    from coverage_analyzer.batch.row_changes import RowChanges
    from coverage_analyzer.frames._compare import side_rows

    columns = list(map(str, verdicts.columns))
    rows = RowChanges.of_columns(publication.folder, columns, policy.titles, publication.scratch)
    rows.add(side_rows(verdicts, rows.headers, "", groups=False))
    return rows.counts


def _workbook_contents(
    manifest: dict[str, Any], counts: contents.Counts, layers: report_layers.LayerContents | None
) -> workbook.RunContents:
    """Return what a workbook holds beside the rows of the report."""
    names, used = countries.load().names, None
    if layers is not None:
        used = contents.center_rows(layers.centers, layers.country, names)
    return workbook.RunContents(manifest=manifest, counts=counts, names=names, centers=used)


def _summary_contents(
    verdicts: pd.DataFrame,
    rules: Policy,
    layers: report_layers.LayerContents | None,
    picture: str,
) -> run_summary.Shown:
    """Return what the summary shows beside manifest and counts."""
    if layers is None:
        return run_summary.Shown(rules)
    totals = SummaryTotals(len(layers.centers), rules.unit)
    status = pd.Index([each.name for each in Status]).get_indexer(pd.Index(verdicts["status"]))
    center = pd.Index(layers.centers.center_id).get_indexer(pd.Index(verdicts["center_id"]))
    miles = verdicts["distance_miles"].to_numpy(np.float64, na_value=np.nan)
    totals.add(status, np.where(np.isnan(miles), -1, center), miles)
    return run_summary.Shown(rules, layers.centers, totals, picture)


def _with_points(table: pa.Table, kind: formats.Format, verdicts: pd.DataFrame) -> pa.Table:
    """Return a report with the points of its rows, if its format holds them.

    Raises
    ------
    InputError
        If a row has none.
    """
    if not formats.PROPERTIES[kind].has_points:
        return table
    whole = table.combine_chunks().to_batches() or [empty_rows(table.schema)]
    return pa.Table.from_batches(
        [formats.with_points(kind, whole[0], *positions(verdicts, "verdicts"))]
    )


def _table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as report columns, without its index.

    Raises
    ------
    InputError
        If a number or date of the verdict has another type, or text is not Unicode.
    """
    names = [str(name) for name in frame.columns]
    table = pa.table([_cells(frame[name]) for name in frame.columns], names=names)
    for field in schema_in(unit_of(names)):
        if pa.types.is_string(field.type):
            continue
        at = names.index(field.name)
        try:
            cells = table.column(at).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            msg = f"The verdicts' column {field.name!r} must be {field.type}: {error}."
            raise InputError(msg) from error
        table = table.set_column(at, field.name, cells)
    return table


def _cells(cells: "pd.Series[Any]") -> Any:
    """Return a column as an Arrow array; as text if Arrow or CSV has no such type.

    Raises
    ------
    InputError
        If a cell contains text that is not Unicode.
    """
    mixed = cells.dtype == object and (
        pd.api.types.infer_dtype(cells, skipna=True) not in PLAIN_OBJECTS
    )
    if not mixed:
        try:
            array = pa.Array.from_pandas(cells)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            mixed = True
        else:
            mixed = isinstance(array.type, pa.BaseExtensionType) or pa.types.is_duration(array.type)
    try:
        return pa.array([_words(cell) for cell in cells], pa.string()) if mixed else array
    except UnicodeEncodeError as error:
        raise InputError(not_unicode(cells)) from error


def _words(cell: Any) -> str | None:
    if isinstance(cell, (dict, list, tuple, np.ndarray)):
        plain = cell.tolist() if isinstance(cell, np.ndarray) else cell
        return json.dumps(plain, default=str, ensure_ascii=False)
    return None if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell)


def _write_network(
    publication: Publication, verdicts: pd.DataFrame, centers: pd.DataFrame, rules: Policy
) -> tuple[report_layers.LayerContents, list[str], str]:
    """Write centers, areas and map; return them, what is to be known, and the static map."""
    network, world = centers_of(centers), countries.load()
    check_network(verdicts, network)
    trusted = _trusted(verdicts)
    country = network.assigned_countries(
        world, rules.convention(world.names, trust_declared=trusted)
    )
    network = with_opening_windows(network, rules, country, world.names)
    path = publication.path("centers.csv")
    contents.write_centers(path, contents.center_rows(network, country, world.names))
    covered, notes = None, areas.notes(rules, trust_declared=trusted)
    try:
        with warnings.catch_warnings():  # `assess` has already warned about the policy
            warnings.simplefilter("ignore", PolicyWarning)
            covered = coverage_areas(
                centers, rules, as_of=assessed_day(verdicts), trust_declared=trusted
            )
    except InputError as error:  # the verdicts are valid without a map
        notes = [f"No coverage areas: {error}"]
    else:
        _write_areas(publication, covered)
    drawn = None if covered is None else areas_of(covered, network)
    layers = report_layers.LayerContents(network, country, drawn, world.names)
    if points_name(verdicts):
        data = map_data(verdicts, centers, covered)
        page.page(data).write(publication.path("map.html"))
        return layers, notes, data.picture
    return layers, [*notes, UNDRAWN], ""


def _write_areas(publication: Publication, covered: Any) -> None:
    table = pd.DataFrame(covered.drop(columns="geometry"))
    table["opens_on"] = table["opens_on"].dt.strftime("%Y-%m-%d")
    plain = table.astype("object").where(table.notna(), None)
    rows = [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
    path = publication.path("areas.geojson")
    write_geojson(path, rows, covered.geometry.tolist())


def _manifest(
    verdicts: pd.DataFrame, rules: Policy, notes: list[str], places: contents.Counts
) -> dict[str, Any]:
    """Return the manifest of verdicts made in Python, where no files were read."""
    rows, known = len(verdicts), verdicts.attrs
    origin = Origin(
        policy=rules,
        as_of=assessed_day(verdicts),
        trust_declared=_trusted(verdicts),
        columns=known.get("columns", {}),
        center_columns=known.get("center_columns", {}),
        renamed_columns=known.get("renamed_columns", {}),
        warnings=notes,
        centers=known.get("centers", {}),
    )
    read = known if known.get("decided") == rows else {}
    lost = {n: int(read.get(n, 0)) for n in ("rejected", "blank")}
    counts = {"qualified": qualified_sites(places)} | {
        what: dict(Counter(texts(verdicts, what).to_pylist()))
        for what in ("level", "status", "reason")
    }
    return (
        origin.to_dict()
        | _roads(verdicts)
        | {
            "not_checked": list(known.get("not_checked", ())),
            "counts": counts,
            "ledger": {"read": rows + sum(lost.values()), "decided": rows, **lost},
            "spreadsheet_guard": True,
        }
    )


def _roads(verdicts: pd.DataFrame) -> dict[str, Any]:
    """Return the record of the recheck by `drive_times`, if there was one."""
    limits = verdicts.attrs.get("drive_time_limits")
    return {} if limits is None else {"roads": {**limits, "attribution": ROADS}}


def _products(verdicts: pd.DataFrame) -> Products | None:
    """Return the products that these verdicts were made with, if any."""
    products = verdicts.attrs.get("products")
    return None if products is None else Products.from_dict(products)


def _trusted(verdicts: pd.DataFrame) -> bool:
    """Return whether declared countries were trusted for these verdicts."""
    return bool(verdicts.attrs.get("trust_declared", False))
