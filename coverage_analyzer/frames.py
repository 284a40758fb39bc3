"""The notebook's face of the kernel: GeoDataFrames in, GeoDataFrames out."""

import datetime
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer import countries, tables
from coverage_analyzer.arrays import Floats
from coverage_analyzer.batch import day, declared_countries
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.explanation import Explanation, explanation
from coverage_analyzer.files import reading, report
from coverage_analyzer.files.blocks import Reject
from coverage_analyzer.files.publishing import Publication
from coverage_analyzer.matching import Matcher, Sites, Status
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.tables import Column

WGS84: Final = "EPSG:4326"
NUMERIC: Final = ("latitude", "longitude", "accuracy_m")


def read_sites(
    path: str | Path,
    *,
    rejects: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Read customer sites.

    Parameters
    ----------
    path
        A CSV or Parquet file.
    rejects
        Where to write the rows that cannot be used, with line, reason and raw text.
    columns
        The header to take for a column where names alone do not tell, such as
        ``{"latitude": "Breite"}``.

    Returns
    -------
    sites
        The usable rows in the order of the file, points in EPSG:4326. Known columns have their
        own names (``site_id``, by default the line number, ``name``, ``country``, ...), others
        keep theirs; text stays text. ``.attrs`` holds the counts of the ledger.

    Raises
    ------
    InputError
        If the file cannot be read, or its columns are missing or ambiguous.

    Warns
    -----
    UserWarning
        With the number and the first lines of rows that cannot be used.
    """
    table = reading.opened(path, tables.SITES, columns)
    parts, lines, lon, lat, accuracy, refused = [], [], [], [], [], []
    blank = 0
    for rows in table.rows():
        parts.append(rows.block.columns)
        lines.append(rows.block.lines)
        lon.append(rows.coordinates.lon)
        lat.append(rows.coordinates.lat)
        accuracy.append(rows.coordinates.accuracy_m)
        refused += rows.rejects
        blank += rows.block.blank
    names = {at: name for name, at in table.columns.items()}
    headers = [names.get(i, h) for i, h in enumerate(table.headers)]
    whole = pa.Table.from_batches(parts).rename_columns(headers)
    frame = pd.DataFrame({n: whole.column(i).to_pandas() for i, n in enumerate(headers)})
    for name, values in zip(NUMERIC, (lat, lon, accuracy), strict=True):
        if name in frame:
            frame[name] = np.concatenate(values)
    if "site_id" not in frame:
        frame.insert(0, "site_id", np.concatenate(lines).astype(str))
    _tell_rejects(refused, rejects, Path(path))
    sites = _with_points(frame, np.concatenate(lon), np.concatenate(lat))
    sites.attrs = {"decided": len(sites), "rejected": len(refused), "blank": blank}
    return sites


def _tell_rejects(refused: Sequence[Reject], path: str | Path | None, source: Path) -> None:
    if path is not None:
        writer = report.RejectsWriter(Path(path))
        writer.write(refused)
        writer.close()
    if refused:
        first = "; ".join(f"line {r.line}: {r.detail}" for r in refused[:3])
        where = f"all are in {path}" if path else "give rejects=PATH to keep them"
        warnings.warn(
            f"{source}: {len(refused)} row(s) cannot be used ({first}); {where}.", stacklevel=3
        )


def read_centers(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    trust_declared: bool = False,
) -> gpd.GeoDataFrame:
    """Read service centers, sorted by ``center_id``.

    Parameters
    ----------
    path
        A CSV or Parquet file.
    columns
        The header to take for a column where names alone do not tell.
    trust_declared
        Whether a declared country stands wherever a center lies.

    Returns
    -------
    centers
        ``center_id``, ``name``, ``country`` as declared, ``latitude``, ``longitude``,
        ``opens_on``, ``closes_on``, ``center_country`` as decided, and points in EPSG:4326.

    Raises
    ------
    InputError
        One error that names every unusable, conflicting or duplicate row.
    """
    world = countries.load()
    fold = np.arange(len(world.names.codes), dtype=np.int16)
    convention = Convention(fold, trust_declared=trust_declared)
    centers = reading.read_centers(path, world, convention, columns)
    decided = centers.decided(world, convention)
    frame = pd.DataFrame(
        {
            "center_id": list(centers.center_id),
            "name": list(centers.name),
            "country": list(centers.country),
            "latitude": centers.lat,
            "longitude": centers.lon,
            "opens_on": centers.opens_on.astype("datetime64[s]"),
            "closes_on": centers.closes_on.astype("datetime64[s]"),
            "center_country": np.array(world.names.codes)[decided],
        }
    )
    return _with_points(frame, centers.lon, centers.lat)


def _with_points(frame: pd.DataFrame, lon: Floats, lat: Floats) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lon, lat), crs=WGS84)


def assess(
    sites: pd.DataFrame,
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    trust_declared: bool = False,
) -> gpd.GeoDataFrame:
    """Judge sites: one verdict a row.

    Parameters
    ----------
    sites
        A GeoDataFrame of points in any CRS, or a DataFrame with ``latitude`` and ``longitude`` in
        degrees on WGS 84. ``country`` and ``accuracy_m`` (metres) are read if they are there.
    centers
        Likewise, with ``center_id`` and optionally ``name``, ``country``, ``opens_on``,
        ``closes_on``; as `read_centers` gives them.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day to judge, by default today in UTC.
    trust_declared
        Whether a declared country stands wherever a point lies.

    Returns
    -------
    verdicts
        The sites with their index, points in EPSG:4326, and the columns of the verdict:
        ``level``, ``status``, ``reason``, ``center_id``, ``distance_miles`` (geodesic),
        ``limit_miles``, ``margin_miles`` (negative outside), ``site_country``, ``available_on``,
        ``centers_in_reach``. Neither input is changed.

    Raises
    ------
    InputError
        If a row has no usable coordinates, a frame has no CRS, or a center's country is doubtful.
    PolicyError
        If there is no such policy.
    """
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    matcher = Matcher(
        _centers(centers), rules, countries.load(), as_of=day(as_of), trust_declared=trust_declared
    )
    lon, lat = _positions(sites, "sites")
    known = _known_columns(sites, tables.SITES)
    text = _texts(sites, known["country"]) if "country" in known else None
    declared = (
        np.zeros(len(sites), np.int16)
        if text is None
        else declared_countries(text, matcher.world.names)
    )
    verdicts = matcher.match(Sites(lon, lat, declared, _accuracy(sites, known)))
    names = report.renamed([str(c) for c in sites.columns])
    if names:
        warnings.warn(f"Input columns renamed beside the verdict's: {names}.", stacklevel=2)
    frame = pd.DataFrame(sites.drop(columns=_points_name(sites)).rename(columns=names))
    for name, values in matcher.columns(verdicts).items():
        frame[name] = values.to_pandas(date_as_object=False).array
    points = _points(sites) if isinstance(sites, gpd.GeoDataFrame) else shapely.points(lon, lat)
    result = gpd.GeoDataFrame(frame, geometry=points, crs=WGS84)
    result.attrs = {"policy": rules.name, "as_of": matcher.as_of.isoformat()}
    return result


def _geometries(frame: pd.DataFrame) -> list[str]:
    return [str(n) for n in frame.columns if frame[n].dtype == "geometry"]


def _known_columns(frame: pd.DataFrame, table: Sequence[Column]) -> dict[str, str]:
    """Return the frame's name of each known column; coordinates may come from the geometry."""
    headers = [str(c) for c in frame.columns if c not in _geometries(frame)]
    wanted = [
        Column(c.name, c.synonyms, required=c.required and c.name not in NUMERIC) for c in table
    ]
    return {name: headers[at] for name, at in tables.recognised(headers, wanted).items()}


def _positions(frame: pd.DataFrame, what: str) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in degrees on WGS 84.

    Raises
    ------
    InputError
        If there is no CRS, or a row has no point in range.
    """
    if isinstance(frame, gpd.GeoDataFrame):
        if frame.crs is None:
            msg = (
                f"The {what} have no CRS: say which one with .set_crs(), "
                f'"EPSG:4326" for degrees of longitude and latitude.'
            )
            raise InputError(msg)
        points = _points(frame)
        kinds = shapely.get_type_id(points)
        bad = (kinds != shapely.GeometryType.POINT) & (kinds != shapely.GeometryType.MISSING)
        if bad.any():
            first = frame.index[bad][0]
            msg = f"{bad.sum()} of the {what} are no points, the first in row {first!r}."
            raise InputError(msg)
        points = np.where(shapely.is_empty(points), None, points)
        lon, lat = shapely.get_x(points), shapely.get_y(points)
    else:
        lon, lat = (
            _numbers(frame, name)
            for name in (_column(frame, "longitude"), _column(frame, "latitude"))
        )
    bad = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if bad.any():
        msg = (
            f"{bad.sum()} of the {len(frame)} {what} have no coordinates that can be used, the "
            f"first in row {frame.index[bad][0]!r}. Drop or mend them; read_sites does so and "
            f"tells which."
        )
        raise InputError(msg)
    return lon, lat


def _points_name(frame: pd.DataFrame) -> list[str]:
    return [str(frame.geometry.name)] if isinstance(frame, gpd.GeoDataFrame) else []


def _points(frame: gpd.GeoDataFrame) -> Any:
    return frame.geometry.to_crs(WGS84).to_numpy()


def _column(frame: pd.DataFrame, name: str) -> str:
    headers = [str(c) for c in frame.columns]
    return headers[tables.recognised(headers, (tables.LATITUDE, tables.LONGITUDE))[name]]


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    cells = frame[name]
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64, na_value=np.nan)
    return tables.numbers(_texts(frame, name))[0]


def _texts(frame: pd.DataFrame, name: str) -> pa.Array:
    cells = pa.array(frame[name].astype("string").fillna(""), pa.string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _accuracy(frame: pd.DataFrame, known: Mapping[str, str]) -> Floats:
    if "accuracy_m" not in known:
        return np.full(len(frame), np.nan)
    name = known["accuracy_m"]
    accuracy = _numbers(frame, name)
    bad = frame[name].notna().to_numpy() & ~(accuracy >= 0)
    if not pd.api.types.is_numeric_dtype(frame[name]):
        bad &= frame[name].astype("string").fillna("").str.strip().ne("").to_numpy()
    if bad.any():
        first = frame.index[bad][0]
        msg = f"{bad.sum()} rows have no distance in {name!r}, the first in row {first!r}."
        raise InputError(msg)
    return accuracy


def _centers(frame: pd.DataFrame) -> Centers:
    """Return the kernel's centers out of a frame."""
    known = _known_columns(frame, tables.CENTERS)
    texts: dict[str, list[str]] = {}
    for name in ("center_id", "name", "country", "opens_on", "closes_on"):
        if name in known:
            cells = frame[known[name]]
            if pd.api.types.is_datetime64_any_dtype(cells):
                texts[name] = cells.dt.strftime("%Y-%m-%d").fillna("").tolist()
            else:
                texts[name] = cells.astype("string").fillna("").tolist()
    lon, lat = _positions(frame, "centers")
    return Centers.from_texts(texts, lon, lat, [f"row {i!r}" for i in frame.index])


def summarize(verdicts: pd.DataFrame, by: str | list[str] = "site_country") -> pd.DataFrame:
    """Count verdicts by status in groups.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    by
        One or more columns to group by.

    Returns
    -------
    summary
        One row a group, the largest first: a column of counts for each status, ``sites`` in all,
        and ``qualified_share`` between 0 and 1.

    Raises
    ------
    InputError
        If there is no such column.
    """
    keys = [by] if isinstance(by, str) else list(by)
    missing = [k for k in (*keys, "status") if k not in verdicts]
    if missing:
        there = ", ".join(map(str, verdicts.columns))
        msg = f"There is no column {missing[0]!r} in the verdicts; there are {there}."
        raise InputError(msg)
    plain = pd.DataFrame(verdicts[[*keys, "status"]])
    plain[keys] = plain[keys].astype("object").where(plain[keys].notna(), "")
    for status in Status:
        plain[status.name] = (plain["status"] == status.name).astype(np.int64)
    counts = plain.drop(columns="status").groupby(keys).sum()
    counts["sites"] = counts.sum(axis=1)
    counts["qualified_share"] = counts["qualified"] / counts["sites"]
    return counts.sort_values("sites", ascending=False, kind="stable")


def explain(
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    latitude: float,
    longitude: float,
    country: str = "",
    as_of: datetime.date | str | None = None,
) -> Explanation:
    """Tell why a site at a point gets its level; ``print`` it, or take its ``to_dict()``.

    Parameters
    ----------
    centers
        As `read_centers` gives them.
    policy
        A policy, or the name of a built-in one.
    latitude, longitude
        Degrees on WGS 84.
    country
        As the site declares it, if it does.
    as_of
        The day to judge, by default today in UTC.

    Raises
    ------
    InputError
        If the point is out of range, or the centers cannot be used.
    PolicyError
        If there is no such policy.
    """
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    matcher = Matcher(_centers(centers), rules, countries.load(), as_of=day(as_of))
    return explanation(matcher, longitude, latitude, country=country)


def write_report(
    verdicts: pd.DataFrame,
    folder: str | Path,
    *,
    centers: pd.DataFrame | None = None,
    policy: Policy | str | None = None,
) -> Path:
    """Write verdicts as a run's folder: ``report.csv``, ``summary.csv``, ``run.json``.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    folder
        Made if it is not there; an old report in it is replaced whole, or stays.
    centers
        Written as ``centers.csv``, if given.
    policy
        Named in ``run.json`` with its hash, if given.

    Returns
    -------
    folder

    Raises
    ------
    InputError
        If the verdicts lack a column.
    PublishError
        If the folder cannot be written.
    """
    missing = [c for c in tables.VERDICT if c not in verdicts]
    if missing:
        msg = f"These are no verdicts: the column {missing[0]!r} is not there. Use assess()."
        raise InputError(msg)
    plain = pd.DataFrame(verdicts.drop(columns=_geometries(verdicts)))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    days = table.schema.get_field_index("available_on")
    table = table.set_column(days, "available_on", table.column(days).cast(pa.date32()))
    places = zip(*(plain[n].fillna("") for n in report.SUMMARY[:3]), strict=True)
    with Publication(folder) as publication:
        writer = report.report_writer(publication.path("report.csv"), "csv", table.schema)
        for batch in table.to_batches():
            writer.write(batch)
        writer.close()
        report.write_summary(publication.path("summary.csv"), Counter(places))
        if centers is not None:
            plain = pd.DataFrame(centers.drop(columns=_geometries(centers)))
            plain.to_csv(publication.path("centers.csv"), index=False, lineterminator="\n")
        files = ["report.csv", "summary.csv", *(["centers.csv"] if centers is not None else [])]
        manifest = _manifest(verdicts, policy) | {"files": [*files, "run.json"]}
        report.write_manifest(publication.path("run.json"), manifest)
        publication.publish(report.earlier_files(publication.folder))
    return Path(folder)


def _manifest(verdicts: pd.DataFrame, policy: Policy | str | None) -> dict[str, Any]:
    rules = Policy.load(policy) if isinstance(policy, str) else policy
    named = {"name": rules.name, "title": rules.title, "sha256": rules.sha256} if rules else None
    rows = len(verdicts)
    return {
        "policy": named or {"name": verdicts.attrs.get("policy")},
        "as_of": verdicts.attrs.get("as_of"),
        "counts": {
            what: verdicts[what].value_counts().to_dict() for what in ("level", "status", "reason")
        },
        "ledger": {"read": rows, "decided": rows, "rejected": 0, "blank": 0},
        "countries": countries.ATTRIBUTION,
    }
