"""The workload as files, made once and kept in the cache."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import workload
from workload import Places

CACHE = Path(__file__).parent / "cache"
ROW_GROUP = 1_000_000
BAND_SITES, BAND_CENTERS = 100_000, 1_000


def sites(count: int, kind: str) -> Path:
    """Return a file of so many sites, as ``csv`` or ``parquet``."""
    path = CACHE / f"sites-{count}.{kind}"
    if not path.exists():
        _write(path, workload.chunks(count))
    return path


def band(kind: str) -> Path:
    """Return a file of sites near the limit."""
    path = CACHE / f"band-{BAND_SITES}.{kind}"
    if not path.exists():
        _write(path, [workload.band(BAND_SITES, workload.centers(BAND_CENTERS))])
    return path


def centers(count: int) -> Path:
    """Return a CSV file of so many centers."""
    path = CACHE / f"centers-{count}.csv"
    if not path.exists():
        _write(path, [workload.centers(count)], "center_id")
    return path


def table(places: Places, identifier: str = "site_id") -> pl.DataFrame:
    """Return places as a customer database would export them."""
    return pl.DataFrame(
        {
            identifier: places.identifier,
            "name": places.name,
            "country": places.country,
            "latitude": places.latitude,
            "longitude": places.longitude,
        }
    )


def _write(path: Path, parts: Iterable[Places], identifier: str = "site_id") -> None:
    """Write places to a file, which is there whole or not at all."""
    CACHE.mkdir(exist_ok=True)
    half = path.with_suffix(".half")
    tables = (table(part, identifier) for part in parts)
    if path.suffix == ".parquet":
        _write_parquet(half, tables)
    else:
        with half.open("wb") as file:
            for number, part in enumerate(tables):
                part.write_csv(file, include_header=number == 0)
    half.replace(path)


def _write_parquet(path: Path, tables: Iterable[pl.DataFrame]) -> None:
    kinds = [pa.string()] * 3 + [pa.float64()] * 2
    schema = pa.schema(
        zip(("site_id", "name", "country", "latitude", "longitude"), kinds, strict=True)
    )
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, schema) as writer:
        for part in tables:
            waiting.append(part.to_arrow().cast(schema))
            if sum(map(len, waiting)) >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
