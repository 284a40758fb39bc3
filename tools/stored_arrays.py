"""Write arrays as a file that the package maps into memory (`coverage_analyzer.arrays.stored`)."""

from pathlib import Path

import numpy as np
import pyarrow as pa

HALF = 16


def write(path: Path, columns: dict[str, np.ndarray | pa.Array]) -> None:
    """Write arrays in one row of list columns, uncompressed: the wheel is compressed as a whole."""
    lists = [_as_list(values) for values in columns.values()]
    batch = pa.record_batch(lists, names=list(columns))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as out:
        out.write_batch(batch)


def _as_list(values: np.ndarray | pa.Array) -> pa.Array:
    """Return a list array of one row that holds the values."""
    cells = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.ListArray.from_arrays(pa.array([0, len(cells)], pa.int32()), cells)


def steps(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of which `coverage_analyzer.arrays.from_steps` makes integers again."""
    step = np.diff(values, prepend=0)
    zigzag = np.where(step >= 0, 2 * step, -2 * step - 1).astype(np.uint32)
    low, high = (half.astype(np.uint16) for half in (zigzag & (1 << HALF) - 1, zigzag >> HALF))
    return {f"{name}_low": low, f"{name}_high": high}


def cells(name: str, values: list[bytes]) -> dict[str, np.ndarray]:
    """Return a column of bytes as their sizes and all bytes, one cell after the other."""
    sizes = np.array([len(value) for value in values], np.uint32)
    return {f"{name}_sizes": sizes, f"{name}_bytes": np.frombuffer(b"".join(values), np.uint8)}
