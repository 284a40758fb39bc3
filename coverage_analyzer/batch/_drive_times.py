"""Drive times of a run folder: its report is rechecked by road and published again.

All files of the folder are published together and atomically, as by the run. The effect of roads on
a verdict depends on its row alone (`roads.recheck`), so repeating it changes nothing.
"""

import dataclasses
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from coverage_analyzer import arrays, countries
from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.batch import ledger, run_summary
from coverage_analyzer.batch.network import WhatIfReader, heading_of, network_of, with_road_parts
from coverage_analyzer.batch.report_output import ReportOutput
from coverage_analyzer.errors import InputError, PolicyError, PublishError, quantity
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.overwriting import RunFolder, policy_file, refuse_overwriting
from coverage_analyzer.files.row_types import RowTyper
from coverage_analyzer.files.run_folder import (
    contents,
    kept,
    report_layers,
    service_areas,
    workbook,
)
from coverage_analyzer.files.run_folder.drive_times import NAME, DriveTimesWriter
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.run_folder.read_back import (
    centers_as_used,
    map_columns,
    report_columns,
    report_table,
    verdict_columns,
    watched_run,
)
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.fingerprint import WatchedFiles, unchanged_during
from coverage_analyzer.maps import page
from coverage_analyzer.maps.page_data import Network as DrawnNetwork
from coverage_analyzer.maps.page_data import payload
from coverage_analyzer.maps.sites import Details, DrawnSites, Drive
from coverage_analyzer.maps.summary_totals import SummaryTotals
from coverage_analyzer.maps.what_if import WhatIfRules
from coverage_analyzer.policy import Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.drive_times import (
    DriveTimes,
    discard_results,
    open_engine,
    road_area,
    snap_limit_m,
)
from coverage_analyzer.roads.engine import Engine, Places
from coverage_analyzer.roads.fastest import moved
from coverage_analyzer.roads.isochrones import parts_not_served
from coverage_analyzer.roads.limits import DriveLimits, checked_minutes, drive_limits, minutes_shown
from coverage_analyzer.roads.measurement import Measurement, ServingCenters
from coverage_analyzer.roads.needed_drives import DriveOptions, measured_drives, near_centers
from coverage_analyzer.roads.network import ATTRIBUTION, Network
from coverage_analyzer.roads.off_road import OffRoad
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.verdict import TYPES, Reason, Status

ROWS_AT_ONCE: Final = 2_000_000
"""Rows whose drives are measured together, at about 150 bytes each."""

DEFAULT_OPTIONS: Final = DriveOptions()

MARK: Final = "By road: "
"""Prefix of the road warnings in ``run.json``, which the next recheck replaces."""

KINDS: Final = ("served", "unserved", "no_road_data")
"""The kinds of parts in ``service_areas.geojson``, in order."""

UNCHANGED: Final = (
    "rejects.csv",
    "centers.csv",
    kept.POLICY,
    *kept.AREAS,
    kept.PRODUCTS,
    "areas.geojson",
)


def drive(
    folder: str | Path,
    roads: str | Path | Network | Engine,
    *,
    minutes: float | None = None,
    policy: Policy | str | Path | None = None,
    options: DriveOptions = DEFAULT_OPTIONS,
) -> dict[str, Any]:
    """Measure the drive to each site of a run, and publish the run folder again.

    Parameters
    ----------
    folder
        A run folder with ``run.json``, the report and ``centers.csv``.
    roads
        A file of roads (`roads.network.load_network`), a network, or an engine.
    minutes
        Drive-time limit from the center to the site; by default the delivery clock of the level of
        the site's band (`roads.limits`).
    policy
        The policy of the run; required if it is not built in.
    options
        How drives are measured.

    Returns
    -------
    manifest
        The content of ``run.json``; ``roads`` describes the recheck.

    Raises
    ------
    InputError
        If it is not a run folder, a file in it or the roads cannot be used or changed while being
        read, the limit is invalid, or none is given and the policy has no delivery clock in hours.
    MissingExtraError
        If the extra ``roads`` is not installed.
    PolicyError
        If the policy differs.
    PublishError
        If the folder cannot be written.
    """
    folder = Path(folder)
    refuse_overwriting({"report": RunFolder(folder, contents.FILES)}, [roads, policy_file(policy)])
    minutes = None if minutes is None else checked_minutes(minutes)
    watched, manifest = watched_run(folder)
    rules = run_policy(_check_engine(folder, manifest), policy)
    limits = drive_limits(rules, minutes)
    centers = serving_centers(folder, manifest)
    engine = open_engine(roads, near_centers(centers, rules), options.processes)
    with Publication(folder, [NAME]) as publication:
        job = Job(folder, manifest, rules, engine, limits, centers, options)
        try:
            result = job.publish(publication, watched)
        except PublishError:
            raise
        except OSError as error:
            msg = f"The report could not be written to {folder}: {error}."
            raise PublishError(msg) from error
    discard_results(engine)
    return result


def serving_centers(folder: Path, manifest: Mapping[str, Any]) -> ServingCenters:
    """Return the centers of a run, with the country of each and whether it was open.

    Raises
    ------
    InputError
        If their file cannot be used.
    """
    centers, country = centers_as_used(folder, countries.load(), style_of(manifest))
    return ServingCenters(
        centers.center_id,
        Places(centers.lon, centers.lat),
        np.array([country[center_id] for center_id in centers.center_id], object),
        centers.is_open(np.datetime64(manifest["as_of"], "D")),
    )


def _check_engine(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of a run whose report is a single file.

    Raises
    ------
    InputError
        If the run was by Spark, whose report is a folder of parts.
    """
    if manifest.get("engine") == "spark":
        msg = (
            f"The run in {folder} used Spark, and its report is a folder of parts, which cannot be "
            f"rechecked by road. Run again without --engine spark."
        )
        raise InputError(msg)
    return manifest


def run_policy(manifest: Mapping[str, Any], policy: Policy | str | Path | None) -> Policy:
    """Return the policy of a run.

    Raises
    ------
    PolicyError
        If it is unknown, or differs from the given one.
    """
    name, sha256 = (manifest["policy"].get(n) for n in ("name", "sha256"))
    try:
        rules = Policy.load(policy or str(name))
    except PolicyError:
        if policy is not None:
            raise
        msg = f"The run used the policy {name!r}, which is not built in. Give its file (--policy)."
        raise PolicyError(msg) from None
    if rules.sha256 != sha256:
        msg = (
            f"The run used a different version or policy: {name!r}, not this {rules.name!r}. Give "
            f"its file (--policy)."
        )
        raise PolicyError(msg)
    return rules


@dataclass
class Totals:
    """Totals over all rows."""

    places: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    roads: Counter[str] = field(default_factory=Counter)
    other_centers: int = 0
    off_road: OffRoad = field(default_factory=OffRoad)
    drawn: DrawnSites = field(default_factory=DrawnSites)
    summary: SummaryTotals | None = None
    report: Writer | None = None
    what_if: WhatIfRules | None = None


class RowFacts(NamedTuple):
    """What the drives of a block depend on.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84 of each site, shape (n,).
    before
        Its verdict.
    named
        Position of the center that it names; -1 without one, shape (n,).
    miles
        Geodesic distance to that, shape (n,).
    """

    lon: Floats
    lat: Floats
    before: recheck.VerdictRows
    named: Ints
    miles: Floats


class DrivenRows(NamedTuple):
    """A block of the report with its drives.

    Attributes
    ----------
    rows
        As they were parsed.
    drives
        One for each row.
    chosen
        Position of the center that decides the verdict; -1 for none, shape (n,).
    """

    rows: ParsedRows
    drives: DriveTimes
    chosen: Ints


@dataclass(frozen=True)
class Job:
    """One recheck by road: a run, its policy and the options."""

    folder: Path
    manifest: dict[str, Any]
    policy: Policy
    engine: Engine
    limits: DriveLimits
    centers: ServingCenters
    options: DriveOptions = DEFAULT_OPTIONS

    @property
    def style(self) -> Style:
        """Text style of the files of the run."""
        return style_of(self.manifest)

    def publish(self, publication: Publication, watched: WatchedFiles) -> dict[str, Any]:
        """Stream the report, write and publish all files, and return the manifest.

        Parameters
        ----------
        publication
            The run folder.
        watched
            The files of the run, as they were when its manifest was read.

        Raises
        ------
        InputError
            If one of them has changed since then.
        """
        with unchanged_during(watched):
            manifest = self._write_files(publication)
        publication.publish()
        return manifest

    def _write_files(self, publication: Publication) -> dict[str, Any]:
        """Stream the report, write all files and return the manifest."""
        table = report_table(self.folder, self.manifest)
        totals = self._stream_rows(table, publication)
        contents.write_summary(
            publication.path("summary.csv"), totals.places, countries.load().names, self.style
        )
        files = self.manifest["files"]
        for name in UNCHANGED:
            if name in files:
                shutil.copyfile(self.folder / name, publication.path(name))
        network = network_of(self.folder, self.manifest)
        if network.areas is not None:
            path = publication.path(service_areas.NAME)
            credit = f"{countries.ATTRIBUTION}; {ATTRIBUTION}"
            service_areas.write(path, self._service_parts(network), credit)
            network = with_road_parts(network, path, minutes_shown(self.limits.distinct))
        summary = publication.path(run_summary.NAME) if run_summary.NAME in files else None
        picture = self._write_map(publication, totals, network)
        manifest = self._new_manifest(totals)
        manifest["files"] = [*publication.names, "run.json"]
        contents.write_manifest(publication.path("run.json"), manifest)
        if summary is not None:
            shown = run_summary.Shown(self.policy, network.centers, totals.summary, picture)
            run_summary.write(summary, manifest, totals.places, shown)
        workbook.finish(
            totals.report, self._workbook_contents(publication, manifest, totals, network)
        )
        layers = report_layers.LayerContents(
            network.centers, network.country, network.areas, countries.load().names
        )
        report_layers.add_layers(publication.written(Path(str(table.path)).name), layers, manifest)
        return manifest

    def _write_map(self, publication: Publication, totals: Totals, network: DrawnNetwork) -> str:
        """Write the map, if the run has one, and return its static picture."""
        if "map.html" not in self.manifest["files"]:
            return run_summary.drawn_picture(totals.drawn.sample, network)
        names = countries.load().names
        network = dataclasses.replace(network, what_if=totals.what_if)
        shown = payload(heading_of(self.manifest), totals.drawn, network, names)
        page.page(shown).write(publication.path("map.html"))
        return shown.picture

    def _workbook_contents(
        self,
        publication: Publication,
        manifest: dict[str, Any],
        totals: Totals,
        network: DrawnNetwork,
    ) -> workbook.RunContents:
        """Return what a workbook holds beside the rows of the report."""
        names, rejects = countries.load().names, "rejects.csv"
        return workbook.RunContents(
            manifest=manifest,
            counts=totals.places,
            names=names,
            rejects=publication.written(rejects) if rejects in self.manifest["files"] else None,
            centers=contents.center_rows(network.centers, network.country, names),
        )

    def _service_parts(self, network: DrawnNetwork) -> list[service_areas.ServicePart]:
        """Return what each center on the map reaches in time, and the unserved part of its area."""
        covered = network.areas
        if covered is None:
            return []
        limits = np.array([self.limits.of_title(title) for title in covered.level])
        roads, parts = road_area(self.engine), []
        for center, minutes in np.unique(np.column_stack([covered.center, limits]), axis=0):
            if not np.isfinite(minutes):
                continue
            at = int(center)
            own = covered.geometry[(covered.center == at) & (limits == minutes)]
            place = float(network.centers.lon[at]), float(network.centers.lat[at])
            served = self.engine.isochrone(*place, float(minutes) / self.options.minutes_factor)
            unserved, unknown = parts_not_served(shapely.union_all(own), served, roads)
            kinds = {"served": served, "unserved": unserved, "no_road_data": unknown}
            parts += [
                service_areas.ServicePart(
                    network.centers.center_id[at],
                    float(minutes),
                    kind,
                    shapely.orient_polygons(shape),
                )
                for kind, shape in kinds.items()
                if not shape.is_empty
            ]
        return sorted(parts, key=lambda part: KINDS.index(part.kind))

    def _stream_rows(self, table: Table, publication: Publication) -> Totals:
        """Recheck all rows block by block, write the report and the drive times, and count."""
        kind: Any = Path(str(table.path)).name.removeprefix("report.")
        path, totals = publication.path(f"report.{kind}"), Totals()
        totals.summary = SummaryTotals(len(self.centers.center_id), self.policy.unit)
        with ExitStack() as stack:
            with_points = formats.PROPERTIES[kind].has_points
            typer = RowTyper(table, left_out=table.source.made if with_points else ())
            report = ReportOutput(path, kind, self.style, typer, stack)
            times = stack.enter_context(closing(self._writer(publication)))
            shown_columns = map_columns(self.manifest)
            own = report_columns(table, self.manifest, shown_columns)
            totals.drawn = DrawnSites(shown_columns)
            trial = WhatIfReader(self.folder, self.manifest, table)
            totals.what_if = trial.rules
            for driven in self._driven_rows(table):
                rows, block = driven.rows, driven.rows.block
                verdict = _typed(verdict_columns(table, rows))
                after = verdict | self._changed_by_roads(driven, verdict)
                report.write(_replaced(table, rows, after), rows)
                ids, names = table.labels(block)
                self._write_drives(times, driven, ids, verdict["center_id"])
                self._count(totals, driven, after, ids)
                drive = Drive(driven.drives.minutes, driven.drives.road_miles)
                texts = own_columns.texts(table, block, own)
                details = Details(texts, drive, trial.sites(rows, verdict))
                where = rows.coordinates
                totals.drawn.add(where.lon, where.lat, ids, names, after, details)
            totals.report = report.writer
            report.describe(self.manifest | {"roads": {"attribution": ATTRIBUTION}})
        return totals

    def _writer(self, publication: Publication) -> DriveTimesWriter:
        return DriveTimesWriter(publication.path(NAME), ATTRIBUTION, self.style)

    def _write_drives(
        self, times: DriveTimesWriter, driven: DrivenRows, ids: pa.Array, center_id: pa.Array
    ) -> None:
        """Write the drives of the rows that have a center.

        Parameters
        ----------
        times
            Where they go.
        driven
            The rows.
        ids, center_id
            Their ids, and those of the centers of their verdicts.
        """
        started = arrays.take_texts(driven.drives.center, arrays.text_array(self.centers.center_id))
        shown = as_text(ids), as_text(center_id), started
        times.write(shown, driven.drives.columns(), np.flatnonzero(driven.chosen >= 0))

    def _count(
        self, totals: Totals, driven: DrivenRows, verdict: Mapping[str, pa.Array], ids: pa.Array
    ) -> None:
        """Add a block to the totals, by its verdicts after the recheck and the ids of its sites."""
        drives, chosen = driven.drives, driven.chosen
        texts = {n: as_text(verdict[n]).to_pylist() for n in (*contents.SUMMARY[:3], "reason")}
        totals.places.update(zip(*(texts[n] for n in contents.SUMMARY[:3]), strict=True))
        totals.reasons.update(texts["reason"])
        totals.roads.update(drives.columns()["status"][chosen >= 0].tolist())
        totals.other_centers += int(((drives.center >= 0) & (drives.center != chosen)).sum())
        labels = as_text(ids).to_pylist(), as_text(verdict["center_id"]).to_pylist()
        totals.off_road.add(labels, drives, snap_limit_m(self.engine))
        if totals.summary is not None:
            statuses = _positions(verdict["status"], _names(Status))
            totals.summary.add(statuses, chosen, arrays.as_numpy(verdict["distance_miles"]))

    def _driven_rows(self, table: Table) -> Iterator[DrivenRows]:
        """Yield each block of the report with its drives.

        The report is read twice: many blocks ahead for the facts that drives depend on, so that a
        center is searched once for all its sites, and again for the blocks themselves.
        """
        again = table.rows()
        ahead = report_table(self.folder, self.manifest)
        for facts in _groups(map(partial(self._facts, ahead), ahead.rows()), ROWS_AT_ONCE):
            sites = Places(
                *(np.concatenate([getattr(f, n) for f in facts]) for n in Places._fields)
            )
            drives, chosen = measured_drives(
                Measurement(self.engine, self.centers, sites, self.options.minutes_factor),
                (
                    recheck.VerdictRows.concatenate([f.before for f in facts]),
                    np.concatenate([f.named for f in facts]),
                    np.concatenate([f.miles for f in facts]),
                ),
                (self.policy, self.limits),
                all_sites=self.options.all_sites,
            )
            ends = np.cumsum([0, *(len(f.lon) for f in facts)]).tolist()
            for start, end in pairwise(ends):
                yield DrivenRows(next(again), drives.take(slice(start, end)), chosen[start:end])

    def _facts(self, table: Table, rows: ParsedRows) -> "RowFacts":
        """Return what the drives of a block depend on."""
        verdict = _typed(verdict_columns(table, rows))
        return RowFacts(
            rows.coordinates.lon,
            rows.coordinates.lat,
            self._rows(verdict),
            _positions(verdict["center_id"], self.centers.center_id),
            arrays.as_numpy(verdict["distance_miles"]),
        )

    def _rows(self, verdict: Mapping[str, pa.Array]) -> recheck.VerdictRows:
        """Return the verdict columns that roads can change, as numbers."""
        codes = {n: _positions(verdict[n], texts) for n, texts in self._names.items()}
        return recheck.VerdictRows(
            **{n: c.astype(np.int8) for n, c in codes.items()},
            country=np.array(as_text(verdict["site_country"]).to_pylist(), object),
            limit_miles=arrays.as_numpy(verdict["limit_miles"]),
            margin_miles=arrays.as_numpy(verdict["margin_miles"]),
            in_reach=arrays.as_numpy(verdict["centers_in_reach"]).astype(np.float64),
        )

    @property
    def _names(self) -> dict[str, list[str]]:
        """Texts of the columns that roads can change."""
        titles = list(self.policy.titles)
        return {"level": titles, "status": _names(Status), "reason": _names(Reason)}

    def _changed_by_roads(
        self, driven: DrivenRows, verdict: Mapping[str, pa.Array]
    ) -> dict[str, pa.Array]:
        """Return the verdict columns that roads can change."""
        before, (rows, drives, chosen) = self._rows(verdict), driven
        was = recheck.verdicts_before_roads(before, self.policy)
        after = recheck.apply_drive_times(
            before, self.policy, drives.status, drives.road_miles, drives.minutes, was
        )
        result = {
            name: _merged(verdict[name], getattr(before, name), getattr(after, name), texts)
            for name, texts in self._names.items()
        }
        sites = Places(rows.coordinates.lon, rows.coordinates.lat)
        times = chosen, drives.minutes
        by_time = moved(self.centers, sites, (before, after), times, was, self.policy)
        if len(by_time.rows):
            where = np.zeros(len(chosen), np.bool_)
            where[by_time.rows] = True
            ids = arrays.take_texts(by_time.center, arrays.text_array(self.centers.center_id))
            new = {"center_id": ids} | {n: pa.array(v) for n, v in by_time.distances.items()}
            mask = arrays.from_numpy(where)
            result |= {n: pc.replace_with_mask(verdict[n], mask, v) for n, v in new.items()}
        return result

    def _new_manifest(self, totals: Totals) -> dict[str, Any]:
        """Return the manifest updated by this recheck."""
        other_warnings = [
            w for w in self.manifest.get("warnings", []) if not str(w).startswith(MARK)
        ]
        return self.manifest | {
            "warnings": [*other_warnings, *(MARK + words for words in self._warnings(totals))],
            "counts": self.manifest.get("counts", {})
            | ledger.totals(totals.places, totals.reasons),
            "roads": {
                "engine": self.engine.fingerprint(),
                **self.limits.to_dict(),
                **self.options.to_dict(),
                "status": dict(sorted(totals.roads.items())),
                "from_other_centers": totals.other_centers,
                "attribution": ATTRIBUTION,
            },
        }

    def _warnings(self, totals: Totals) -> list[str]:
        """Return warnings, as text, about rows that need manual review."""
        warnings = []
        late, lost = (totals.reasons[n] for n in ("road_over_budget", "road_unreachable"))
        minutes = " or ".join(f"{m:g}" for m in self.limits.distinct)
        if late + lost:
            warnings.append(
                f"{quantity(late + lost, 'qualified site')} moved to review: {late:,} with a drive "
                f"of more than {minutes} minutes, {lost:,} without a road. A road map alone does "
                f"not decide: manual review needed."
            )
        if totals.other_centers:
            warnings.append(
                f"{quantity(totals.other_centers, 'site')} cannot be reached in time from the "
                f"center of the verdict, but from another center in reach: see drive_center_id in "
                f"{NAME}. The verdicts are unchanged."
            )
        warnings += totals.off_road.warnings(snap_limit_m(self.engine))
        if self.manifest.get("table"):
            warnings.append(
                f"The rows in {self.manifest['table']} are unchanged. To update them, run again."
            )
        return warnings


def _groups(facts: Iterable[RowFacts], n_rows: int) -> Iterator[list[RowFacts]]:
    """Yield the facts of consecutive blocks together, some n rows at a time."""
    group: list[RowFacts] = []
    for block in facts:
        group.append(block)
        if sum(len(f.lon) for f in group) >= n_rows:
            yield group
            group = []
    if group:
        yield group


def _names(kind: type[Status] | type[Reason]) -> list[str]:
    return [member.name for member in kind]


def _positions(cells: pa.Array, texts: Any) -> npt.NDArray[np.int64]:
    """Return the position of each cell among texts; -1 if it is not among them."""
    at = pc.index_in(as_text(cells), value_set=arrays.text_array(list(texts)))
    indices = arrays.as_numpy(at)
    return np.where(np.isnan(indices), -1, indices).astype(np.int64)


def _merged(
    cells: pa.Array, old: npt.NDArray[np.int8], new: npt.NDArray[np.int8], texts: list[str]
) -> pa.Array:
    """Return cells with those that changed replaced."""
    changed = old != new
    changed_texts = arrays.take_texts(new[changed], arrays.text_array(texts))
    return pc.replace_with_mask(as_text(cells), arrays.from_numpy(changed), changed_texts)


def _typed(verdict: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return verdict columns with their types, which text files do not preserve."""
    return {name: _cast(cells, TYPES[name]) for name, cells in verdict.items()}


def _cast(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    if not pa.types.is_string(cells.type):
        return cells.cast(kind)
    blank = pc.equal(as_text(cells), arrays.text_array([""])[0])
    return pc.if_else(blank, pa.nulls(len(cells), pa.string()), cells).cast(kind)


def _replaced(table: Table, rows: ParsedRows, verdict: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Return a block of the report with its verdicts replaced."""
    columns = [
        verdict.get(name, cells)
        for name, cells in zip(table.headers, rows.block.columns.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=table.headers)
