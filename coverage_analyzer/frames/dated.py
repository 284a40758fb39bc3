"""Frames whose GeoJSON has days and date-times as text, since JSON has no type for them."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd


class DatedFrame(gpd.GeoDataFrame):  # type: ignore[misc] # geopandas has no types
    """A GeoDataFrame that ``to_json``, ``__geo_interface__`` and folium take as it is.

    Columns keep their types; only in features are they text. A column of days alone is written as
    ``2026-12-01``, any other as ``2026-12-01T08:30:00+02:00``.

    Examples
    --------
    >>> import shapely
    >>> days = pd.to_datetime(["2026-12-01", None])
    >>> frame = DatedFrame({"opens_on": days}, geometry=shapely.points([1, 2], [3, 4]))
    >>> [feature["properties"]["opens_on"] for feature in frame.iterfeatures()]
    ['2026-12-01', None]
    """

    def iterfeatures(self, *args: Any, **options: Any) -> Iterator[dict[str, Any]]:
        """Yield features as geopandas does, with days and date-times as text."""
        plain = gpd.GeoDataFrame(self)
        for name, cells in self.items():
            if pd.api.types.is_datetime64_any_dtype(cells):
                plain[name] = _texts(cells)
        yield from plain.iterfeatures(*args, **options)


def _texts(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return days or date-times as text of ISO 8601, None where missing."""
    only_days = cells.dt.tz is None and (cells.dropna() == cells.dropna().dt.normalize()).all()
    texts = [None if pd.isna(cell) else cell.isoformat() for cell in cells]
    result = [text and text[:10] if only_days else text for text in texts]
    return pd.Series(result, index=cells.index, dtype=object)
