"""The floor in pyarrow, batch by batch: read, write the columns of our report, match nothing."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from common import MILES, US_MILES, Arguments, arguments
from pyarrow import csv


def batches(files: Arguments) -> Iterator[pa.RecordBatch]:
    """Yield the sites."""
    if files.csv:
        texts = {"country": pa.string(), "name": pa.string()}
        convert = csv.ConvertOptions(column_types=texts, strings_can_be_null=False)
        yield from csv.open_csv(files.sites, convert_options=convert)
    else:
        yield from pq.ParquetFile(files.sites).iter_batches(131_072)


def reported(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with the columns of our report."""
    country, rows = batch.column("country"), len(batch)
    distance = pc.round(pc.multiply(pc.abs(batch.column("longitude")), 37.0), 3)
    limit = pc.if_else(pc.equal(country, "US"), float(US_MILES), float(MILES))
    columns = {
        "level": pa.repeat("Gold", rows),
        "status": pa.repeat("fallback", rows),
        "reason": pa.repeat("beyond_radius", rows),
        "center_id": pc.binary_join_element_wise(country, "1", "-"),
        "distance_miles": distance,
        "limit_miles": limit,
        "margin_miles": pc.round(pc.subtract(limit, distance), 3),
        "site_country": country,
        "available_on": pa.nulls(rows, pa.date32()),
        "centers_in_reach": pc.cast(pc.floor(pc.abs(batch.column("latitude"))), pa.int32()),
    }
    names = [*batch.schema.names, *columns]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns.values()], names=names)


def main() -> None:
    """Read and write."""
    files, writer = arguments(), None
    for batch in map(reported, batches(files)):
        if writer is None:
            make = csv.CSVWriter if files.csv else pq.ParquetWriter
            writer = make(files.out, batch.schema)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()
