"""The interface of report writers."""

from typing import Protocol, Self

import pyarrow as pa


class Writer(Protocol):
    """A report writer of any format: a context that finishes the file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Finish the file, also after a failure."""
        self.close()
