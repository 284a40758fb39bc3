"""The interface of report writers."""

from collections.abc import Mapping
from typing import Protocol, Self

import pyarrow as pa


class Writer(Protocol):
    """A report writer of any format: a context that finishes the file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, before it is closed; not all formats can.

        Parameters
        ----------
        metadata
            Texts by key, as `files.run_folder.file_metadata` gives them.
        """
        del metadata

    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Finish the file, also after a failure."""
        self.close()
