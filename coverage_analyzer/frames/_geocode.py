"""Geocode the addresses in a frame."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_analyzer import geocoding, geometry
from coverage_analyzer.batch import _geocode as job
from coverage_analyzer.files.outputs import free_names
from coverage_analyzer.files.readers.spatial import WGS84
from coverage_analyzer.frames.columns import check_labels, known_columns, texts
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.geocoding import Geocoder, Service
from coverage_analyzer.schema.column_matching import Headers, match_columns
from coverage_analyzer.schema.columns import ADDRESSES


def geocode(
    table: pd.DataFrame,
    *,
    server: str | None = None,
    contact: str = "",
    cache: str | Path | None = None,
    accuracy_m: Mapping[str, float] | None = None,
    columns: Mapping[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """Find the coordinates of each address.

    Parameters
    ----------
    table
        With a column ``address``, or its parts: ``street``, ``house_number``, ``postcode``,
        ``city``, ``state``, ``country``.
    server
        URL of a Nominatim server, preferably your own. By default no server is used: only the cache
        and bundled data.
    contact
        Contact of the user; the public server requires one.
    cache
        Cache file, by default one per user.
    accuracy_m
        Accuracy of each grade in metres, where it differs from `geocoding.ACCURACY_M`, such as
        ``{"city": 8000}``.
    columns
        The frame's name of a column where names are ambiguous, such as ``{"address":
        "Anschrift"}``.

    Returns
    -------
    sites
        The rows with their index, points in EPSG:4326 (None if not found), and ``latitude``,
        ``longitude``, ``geocode_grade``, ``accuracy_m``, ``matched_address``, ``geocoded_by``,
        ``geocoded_on``, ``geocode_reason``. The input is not changed.

    Raises
    ------
    InputError
        If there is no address column, or the cache cannot be used.
    MissingExtraError
        If the extra ``geocode`` is not installed.
    ServiceError
        If the server has never answered.

    Warns
    -----
    UserWarning
        With the new names of columns that collide with added ones.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> table = pd.DataFrame({"postcode": ["10118"], "city": ["New York"], "country": ["US"]})
    >>> with tempfile.TemporaryDirectory() as folder:  # without server nothing is asked
    ...     sites = ca.geocode(table, cache=f"{folder}/answers.db")
    >>> sites[["geocode_grade", "accuracy_m"]].to_numpy().tolist(), sites.crs.to_string()
    ([['postcode', 15000.0]], 'EPSG:4326')
    """
    by_grade = geocoding.accuracies(accuracy_m)
    check_labels(table, "addresses")
    headers = [str(c) for c in table.columns]
    header_of = known_columns(table, ADDRESSES)
    if columns:
        matched = match_columns(Headers(headers, ADDRESSES, columns or {}))
        header_of = {name: headers[at] for name, at in matched.items()}
    job.check_columns(header_of, headers)
    cells = {name: texts(table, header).to_pylist() for name, header in header_of.items()}
    with Geocoder(Service(server=server or "", contact=contact, cache=cache)) as geocoder:
        answers = geocoder.answers(job.queries(cells))
        geocoder.check()
    names = job.renamed(headers) | free_names(headers, ("geometry",))
    if names:
        warnings.warn(
            f"Input columns renamed, because the result uses their names: {names}.", stacklevel=2
        )
    frame = pd.DataFrame(table).rename(columns=names)
    for name, values in job.columns(answers, by_grade).items():
        frame[name] = values.to_pandas(date_as_object=False).array
    lon, lat = (frame[n].to_numpy(np.float64) for n in ("longitude", "latitude"))
    points = geometry.points(lon, lat)
    points[np.isnan(lon)] = None
    return DatedFrame(frame, geometry=points, crs=WGS84)
