"""The notebook's face of the kernel: GeoDataFrames in, GeoDataFrames out."""

import datetime
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from coverage_analyzer import areas, countries, tables
from coverage_analyzer.arrays import Floats
from coverage_analyzer.batch import day, declared_countries
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.explanation import Explanation, explanation
from coverage_analyzer.files import reading, report
from coverage_analyzer.files.blocks import Reject
from coverage_analyzer.files.publishing import Publication
from coverage_analyzer.maps import payload
from coverage_analyzer.matching import Matcher, Sites, Status
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.tables import Column

if TYPE_CHECKING:
    from coverage_analyzer.maps.shell import CoverageMap

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
    table = reading.opened(path, tables.CENTERS, columns)
    centers = reading.read_centers(table, world, convention)
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
    counts = {n: sites.attrs[n] for n in ("decided", "rejected", "blank") if n in sites.attrs}
    result.attrs = counts | {"policy": rules.name, "as_of": matcher.as_of.isoformat()}
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


def coverage_areas(
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    merge: Literal["union", "depth"] | None = None,
) -> gpd.GeoDataFrame:
    """Return what each center may serve: a geodesic disc cut to its country.

    Parameters
    ----------
    centers
        As `read_centers` gives them.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day to judge, by default today in UTC: centers that are closed then have no area.
    merge
        ``union`` joins the areas of each country, ``depth`` parts them by how many overlap.

    Returns
    -------
    areas
        One row a center and band (or, merged, a country, or a country and ``depth``), polygons in
        EPSG:4326, split at 180, with ``area_km2`` on the ellipsoid and ``area_square_miles``. Rims
        lie within 5 m of the true circle; the rule itself is decided by distance (`assess`).

    Raises
    ------
    InputError
        If the centers cannot be used, or a limit is too large to draw.
    PolicyError
        If there is no such policy.
    """
    rules = policy if isinstance(policy, Policy) else Policy.load(policy)
    world, judged = countries.load(), day(as_of) or datetime.datetime.now(datetime.UTC).date()
    network = _centers(centers)
    country = network.decided(world, rules.convention(world.names))
    made = areas.areas(network, country, rules, world, np.datetime64(judged, "D"))
    if merge is None:
        rows = list(areas.properties(made, network, country, world.names))
        frame = pd.DataFrame(rows)
        frame["opens_on"] = pd.to_datetime(frame["opens_on"])
        return gpd.GeoDataFrame(frame, geometry=made.geometry, crs=WGS84)
    parts: list[tuple[int, int | None, Any]] = list(areas.overlap_depth(made, country))
    if merge == "union":
        parts = [(n, None, g) for n, g in areas.union_by_country(made, country).items()]
    geometry = np.array([g for _, _, g in parts], object)
    km2 = areas.area_km2(geometry)
    frame = pd.DataFrame(
        {
            "country": [world.names.codes[n] for n, _, _ in parts],
            "depth": [depth for _, depth, _ in parts],
            "area_km2": km2,
            "area_square_miles": km2 / areas.SQUARE_MILE_KM2,
        }
    )
    unused = ["depth"] if merge == "union" else []
    return gpd.GeoDataFrame(frame.drop(columns=unused), geometry=geometry, crs=WGS84)


def coverage_map(
    verdicts: pd.DataFrame, centers: pd.DataFrame, covered: gpd.GeoDataFrame | None = None
) -> "CoverageMap":
    """Return a map of verdicts, centers and coverage areas.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    centers
        As `read_centers` gives them.
    covered
        As `coverage_areas` gives them, not merged; without, no areas are drawn.

    Returns
    -------
    map
        Shows inline in a notebook; ``.save(path)`` writes one HTML file that needs no network.
        It is a folium map, so folium layers can be added.

    Raises
    ------
    InputError
        If the frames are not those.
    """
    from coverage_analyzer.maps.shell import CoverageMap

    _need(verdicts, tables.VERDICT, "verdicts", "assess()")
    lon, lat = _positions(verdicts, "verdicts")
    known = _known_columns(verdicts, tables.SITES)
    plain = pa.Table.from_pandas(pd.DataFrame(verdicts[list(tables.VERDICT)]), preserve_index=False)
    columns = {name: plain.column(name).combine_chunks() for name in tables.VERDICT}
    ids = verdicts.index.astype(str).to_series(index=verdicts.index)
    labels = verdicts.assign(_row=ids)
    drawn = payload.DrawnSites()
    site_id = _texts(labels, known.get("site_id", "_row"))
    blank = labels.assign(_row="")
    drawn.add(lon, lat, site_id, _texts(blank, known.get("name", "_row")), columns)
    world, network = countries.load(), _centers(centers)
    rules = Policy.load(verdicts.attrs.get("policy", DEFAULT))
    country = network.decided(world, rules.convention(world.names))
    judged = day(verdicts.attrs.get("as_of")) or datetime.datetime.now(datetime.UTC).date()
    own = None if covered is None else _areas(covered, network)
    shown = payload.Network(network, country, own, np.datetime64(judged, "D"))
    counts = Counter(verdicts["status"])
    return CoverageMap(payload.payload(rules.title, drawn, counts, shown, world.names))


def _areas(frame: gpd.GeoDataFrame, centers: Centers) -> areas.Areas:
    """Return the kernel's areas out of a frame of `coverage_areas`.

    Raises
    ------
    InputError
        If it is not such a frame, or holds other centers.
    """
    needed = ("center_id", "level", "above_miles", "limit_miles", "planned", "area_km2")
    _need(frame, needed, "areas", "coverage_areas()")
    position = {center_id: i for i, center_id in enumerate(centers.center_id)}
    strange = [c for c in frame["center_id"] if c not in position]
    if strange:
        msg = f"The areas are of other centers: {strange[0]!r} is not among them."
        raise InputError(msg)
    return areas.Areas(
        center=np.array([position[c] for c in frame["center_id"]], np.int64),
        level=tuple(frame["level"]),
        above_miles=frame["above_miles"].to_numpy(np.float64),
        limit_miles=frame["limit_miles"].to_numpy(np.float64),
        planned=frame["planned"].to_numpy(np.bool_),
        geometry=_points(frame),
        km2=frame["area_km2"].to_numpy(np.float64),
    )


def _need(frame: pd.DataFrame, columns: Sequence[str], what: str, maker: str) -> None:
    missing = [c for c in columns if c not in frame]
    if missing:
        msg = f"These are no {what}: the column {missing[0]!r} is not there. Use {maker}."
        raise InputError(msg)


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
    _need(verdicts, tables.VERDICT, "verdicts", "assess()")
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
    """Return what a notebook can tell of how its verdicts came about.

    Raises
    ------
    InputError
        If the verdicts are by another policy.
    """
    rules = Policy.load(policy) if isinstance(policy, str) else policy
    judged = verdicts.attrs.get("policy")
    if rules and judged and rules.name != judged:
        msg = f"These verdicts are by the policy {judged!r}, not by {rules.name!r}."
        raise InputError(msg)
    named = {"name": rules.name, "title": rules.title, "sha256": rules.sha256} if rules else None
    rows = len(verdicts)
    read = verdicts.attrs if verdicts.attrs.get("decided") == rows else {}
    lost = {n: int(read.get(n, 0)) for n in ("rejected", "blank")}
    return {
        "policy": named or {"name": verdicts.attrs.get("policy")},
        "as_of": verdicts.attrs.get("as_of"),
        "counts": {
            what: verdicts[what].value_counts().to_dict() for what in ("level", "status", "reason")
        },
        "ledger": {"read": rows + sum(lost.values()), "decided": rows, **lost},
        "countries": countries.ATTRIBUTION,
    }
