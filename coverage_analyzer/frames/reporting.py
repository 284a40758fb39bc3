"""Verdicts written as a run's folder."""

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from coverage_analyzer import countries, tables
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files import report
from coverage_analyzer.files.guard import guarded_text
from coverage_analyzer.files.publishing import Publication
from coverage_analyzer.frames.columns import geometries, need
from coverage_analyzer.frames.drawing import coverage_areas, map_data
from coverage_analyzer.maps import page
from coverage_analyzer.policy import Policy


def write_report(
    verdicts: pd.DataFrame,
    folder: str | Path,
    *,
    centers: pd.DataFrame | None = None,
    policy: Policy | str | None = None,
    kind: report.Format = "csv",
) -> Path:
    """Write verdicts as a run's folder: the report, ``summary.csv``, ``run.json``.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    folder
        Made if it is not there; an old report in it is replaced whole, or stays.
    centers
        Written as ``centers.csv``, with ``areas.geojson`` and ``map.html``, if given.
    policy
        The one that the verdicts are by; needed if it is not built in.
    kind
        Of the report: ``csv``, ``parquet`` or ``xlsx``.

    Returns
    -------
    folder

    Raises
    ------
    InputError
        If the verdicts lack a column, are by another policy, or do not fit into a workbook.
    MissingExtraError
        If a workbook is wanted and the extra ``excel`` is not installed.
    PublishError
        If the folder cannot be written.
    """
    need(verdicts, tables.VERDICT, "verdicts", "assess()")
    rules = _rules(verdicts, policy)
    report.check_rows(kind, len(verdicts))
    plain = pd.DataFrame(verdicts.drop(columns=geometries(verdicts)))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    days = table.schema.get_field_index("available_on")
    table = table.set_column(days, "available_on", table.column(days).cast(pa.date32()))
    places = zip(*(plain[n].fillna("") for n in report.SUMMARY[:3]), strict=True)
    with Publication(folder) as publication:
        path = publication.path(f"report.{kind}")
        with report.report_writer(path, kind, table.schema) as writer:
            for batch in table.to_batches():
                writer.write(batch)
        report.write_summary(publication.path("summary.csv"), Counter(places))
        if centers is not None:
            _write_network(publication, verdicts, centers, rules)
        files = [*publication.names, "run.json"]
        manifest = _manifest(verdicts, rules) | {"files": files, "spreadsheet_guard": True}
        report.write_manifest(publication.path("run.json"), manifest)
        publication.publish(report.earlier_files(publication.folder))
    return Path(folder)


def _write_network(
    publication: Publication,
    verdicts: pd.DataFrame,
    centers: pd.DataFrame,
    rules: Policy,
) -> None:
    """Write the centers, their coverage areas and the map."""
    plain = pd.DataFrame(centers.drop(columns=geometries(centers)))
    plain = plain.rename(columns=lambda name: guarded_text(str(name)))
    for name in plain.columns[[not pd.api.types.is_numeric_dtype(t) for t in plain.dtypes]]:
        if not pd.api.types.is_datetime64_any_dtype(plain[name]):
            cells = plain[name].astype("object")
            plain[name] = cells.map(lambda cell: guarded_text(str(cell)), na_action="ignore")
    plain.to_csv(publication.path("centers.csv"), index=False, lineterminator="\n")
    covered = coverage_areas(centers, rules, as_of=verdicts.attrs.get("as_of"))
    table = pd.DataFrame(covered.drop(columns="geometry"))
    table["opens_on"] = table["opens_on"].dt.strftime("%Y-%m-%d")
    plain = table.astype("object").where(table.notna(), None)
    rows = [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]
    path = publication.path("areas.geojson")
    report.write_geojson(path, rows, covered.geometry.tolist())
    if "geometry" in verdicts:
        data = map_data(verdicts, centers, covered)
        publication.path("map.html").write_text(page.page(data), encoding="utf-8")


def _rules(verdicts: pd.DataFrame, policy: Policy | str | None) -> Policy:
    """Return the policy that the verdicts are by.

    Raises
    ------
    InputError
        If it is not the one given, or cannot be told.
    """
    name, sha256 = (verdicts.attrs.get(n) for n in ("policy", "policy_sha256"))
    try:
        rules = policy if isinstance(policy, Policy) else Policy.load(policy or name or "")
    except PolicyError:
        msg = f"Say by which policy these verdicts are ({name or 'unknown'}): give policy=..."
        raise InputError(msg) from None
    if sha256 and rules.sha256 != sha256:
        msg = f"These verdicts are not by this policy {rules.name!r}, but by {name!r} as it was."
        raise InputError(msg)
    return rules


def _manifest(verdicts: pd.DataFrame, rules: Policy) -> dict[str, Any]:
    """Return what a notebook can tell of how its verdicts came about."""
    rows = len(verdicts)
    read = verdicts.attrs if verdicts.attrs.get("decided") == rows else {}
    lost = {n: int(read.get(n, 0)) for n in ("rejected", "blank")}
    return {
        "policy": {"name": rules.name, "title": rules.title, "sha256": rules.sha256},
        "as_of": verdicts.attrs.get("as_of"),
        "counts": {
            what: verdicts[what].value_counts().to_dict() for what in ("level", "status", "reason")
        },
        "ledger": {"read": rows + sum(lost.values()), "decided": rows, **lost},
        "countries": countries.ATTRIBUTION,
    }
