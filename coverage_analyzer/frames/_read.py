"""Read files into frames."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.errors import quantity
from coverage_analyzer.files import table as reading
from coverage_analyzer.files.database.address import Address
from coverage_analyzer.files.mistakes import open_sites, read_network
from coverage_analyzer.files.overwriting import refuse_overwriting
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.writers.rejects import check_rejects, rejects_file
from coverage_analyzer.frames.columns import NUMERIC, SETTLED, with_points
from coverage_analyzer.matching import eligibility
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.schema.rejects import Reject
from coverage_analyzer.settings.arguments import input_arguments, policy_argument

if TYPE_CHECKING:
    from coverage_analyzer.schema.days import Days
    from coverage_analyzer.settings.model import Settings


def read_sites(
    path: str | Path | None = None,
    *,
    rejects: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
    policy: Policy | str | Path | None = None,
    settings: "Settings | None" = None,
) -> gpd.GeoDataFrame:
    """Read customer sites.

    Parameters
    ----------
    path
        A file in any format, or the address of rows in a database: see `files.table.open_table`.
    rejects
        File for the rejected rows, with line, reason and raw text.
    columns
        The header to use for a column where names are ambiguous, such as ``{"latitude":
        "Breite"}``.
    dialect
        The dialect of a text file, where it cannot be detected, such as ``Dialect(delimiter=";",
        decimal=",", encoding="cp1252", date_format="%d.%m.%Y")``.
    policy
        A policy whose rules read more columns of sites, such as ``purchased_on``: those are then
        known columns, too. None by default.
    settings
        Settings of a project: the path if it is left out, and what they say about this file.

    Returns
    -------
    sites
        The usable rows in file order, points in EPSG:4326. Known columns have their own names
        (``site_id``, by default the line number, ``name``, ``country``, ...), others keep theirs;
        text stays text. ``.attrs`` has the counts of the ledger.

    Raises
    ------
    InputError
        If the file cannot be read, its columns are missing or ambiguous, or the rejects would
        replace it.
    MissingExtraError
        If it is a workbook and the extra ``excel`` is not installed.
    PolicyError
        If the policy is unknown, or it is invalid.
    PublishError
        If the rejects cannot be written.

    Warns
    -----
    UserWarning
        With the number and the first lines of rejected rows, and for each unused header that looks
        like a known column.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> sites = ca.read_sites("data/town_sites.csv")
    >>> sites["site_id"].tolist()
    ['near', 'south', 'ferry', 'east', 'island', 'field']
    >>> sites.attrs["decided"], sites.attrs["rejected"], sites.crs.to_string()
    (6, 0, 'EPSG:4326')
    """
    path, columns, dialect = input_arguments(settings, "sites", path, columns, dialect)
    refuse_overwriting({"rejects": rejects}, [path])
    check_rejects(rejects)
    read = () if policy is None else Policy.load(policy).start_columns
    table = open_sites(path, columns, dialect, read=read)
    parts, lines, lon, lat, accuracy, refused = [], [], [], [], [], []
    days: dict[str, list[Days]] = {name: [] for name in eligibility.DAYS if name in table.columns}
    blank = 0
    for rows in table.rows():
        parts.append(rows.block.columns)
        lines.append(rows.block.lines)
        lon.append(rows.coordinates.lon)
        lat.append(rows.coordinates.lat)
        accuracy.append(rows.coordinates.accuracy_m)
        for name, values in rows.days.items():
            days[name].append(values)
        refused += rows.rejects
        blank += rows.block.blank
    names = {at: name for name, at in table.columns.items()}
    headers = _unique_names(names, table.headers)
    whole = pa.Table.from_batches(parts).rename_columns(headers)
    numbers = map(np.concatenate, (lat, lon, accuracy))
    read_as: dict[str, npt.NDArray[Any]] = dict(zip(NUMERIC, numbers, strict=True))
    place = read_as["longitude"], read_as["latitude"]
    read_as |= {n: np.concatenate(dates).astype("datetime64[s]") for n, dates in days.items()}
    cells = {} if "site_id" in headers else {"site_id": np.concatenate(lines).astype(str)}
    for at, name in enumerate(headers):
        cells[name] = read_as[name] if name in read_as else whole.column(at).to_pandas()
    frame = pd.DataFrame(cells, copy=False)
    del whole, parts, lines, cells, lon, lat, accuracy
    pa.default_memory_pool().release_unused()  # else what reading needed stays, beside the points
    for message in (*table.guesses, *table.notices):
        warnings.warn(message, stacklevel=2)
    _tell_rejects(refused, rejects, table.path)
    sites = with_points(frame, *place)
    settled = {SETTLED: True} if "country" in (columns or ()) else {}
    sites.attrs = {"decided": len(sites), "rejected": len(refused), "blank": blank, **settled}
    return sites


def _unique_names(names: Mapping[int, str], headers: Sequence[str]) -> list[str]:
    """Return unique names for all columns; known ones keep theirs, others are renamed.

    Warns
    -----
    UserWarning
        With the renamed columns.
    """
    used, result, renamed = {*names.values(), "geometry"}, [], {}
    for i, header in enumerate(headers):
        name = names.get(i, header)
        while i not in names and name in used:
            name = f"input_{name}" if name else f"column_{i + 1}"
        if i not in names and name != header:
            renamed[header] = name
        used.add(name)
        result.append(name)
    if renamed:
        warnings.warn(f"Columns renamed, because names must be unique: {renamed}.", stacklevel=3)
    return result


def _tell_rejects(
    refused: Sequence[Reject], path: str | Path | None, source: Path | Address
) -> None:
    if path is not None:
        with rejects_file(Path(path)) as writer:
            writer.write(refused)
    if refused:
        first = "; ".join(f"line {r.line}: {r.detail}" for r in refused[:3])
        where = f"all are in {path}" if path else "save them with rejects=PATH"
        warnings.warn(
            f"{source}: rejected {quantity(len(refused), 'row')} ({first}); {where}.",
            stacklevel=3,
        )


def read_centers(
    path: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
    policy: Policy | str | Path = DEFAULT,
    trust_declared: bool = False,
    settings: "Settings | None" = None,
) -> gpd.GeoDataFrame:
    """Read service centers, sorted by ``center_id``.

    Parameters
    ----------
    path
        A file in any format of `read_sites`.
    columns
        The header to use for a column where names are ambiguous.
    dialect
        The dialect of the file, where it cannot be detected.
    policy
        The policy for the assessment, whose country rules apply: which countries it merges, and
        which ones may be declared in contested areas.
    trust_declared
        Whether to use the declared country of a center even where it disagrees with the
        coordinates.
    settings
        Settings of a project: the path and the policy if they are left out, and what they say about
        this file.

    Returns
    -------
    centers
        ``center_id``, ``name``, ``country`` as declared, ``latitude``, ``longitude``, ``opens_on``,
        ``closes_on``, ``center_country`` as assigned; ``ordered_on``, ``time_zone`` and ``region``
        (ISO 3166-2) if any center has one; and points in EPSG:4326.

    Raises
    ------
    InputError
        One error that names every unusable, conflicting or duplicate row.
    PolicyError
        If the policy is unknown.

    Warns
    -----
    UserWarning
        With the number and the first rows of regions that are not codes of the center's country.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> centers.columns.tolist()  # doctest: +NORMALIZE_WHITESPACE
    ['center_id', 'name', 'country', 'latitude', 'longitude', 'opens_on', 'closes_on',
    'center_country', 'geometry']
    >>> len(centers), centers.crs.to_string()
    (148, 'EPSG:4326')
    """
    path, columns, dialect = input_arguments(settings, "centers", path, columns, dialect)
    policy = policy_argument(settings, policy)
    trust_declared = trust_declared or (settings is not None and settings.trusts_declared)
    world = countries.load()
    convention = Policy.load(policy).convention(world.names, trust_declared=trust_declared)
    table = reading.open_table(path, CENTERS, columns, dialect)
    centers = read_network(table, world, convention)
    country = centers.assigned_countries(world, convention)
    frame = pd.DataFrame(
        {
            "center_id": list(centers.center_id),
            "name": list(centers.name),
            "country": list(centers.country),
            "latitude": centers.lat,
            "longitude": centers.lon,
            "opens_on": centers.opens_on.astype("datetime64[s]"),
            "closes_on": centers.closes_on.astype("datetime64[s]"),
            "center_country": np.array(world.names.codes)[country],
        }
    )
    if not np.isnat(centers.ordered_on).all():
        frame["ordered_on"] = centers.ordered_on.astype("datetime64[s]")
    regions = centers.assigned_regions(country, world.names)
    for warning in (*table.guesses, *regions.warnings):
        warnings.warn(warning, stacklevel=2)
    for name, values in (("time_zone", centers.time_zone), ("region", regions.codes)):
        if any(values):
            frame[name] = list(values)
    return with_points(frame, centers.lon, centers.lat)
