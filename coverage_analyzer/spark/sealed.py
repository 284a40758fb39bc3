"""Values that driver and tasks pass in files: sealed, so that only those of this run are read.

A file of the work folder is on storage that others may write to, and reading a pickled value can
run code. So each begins with a keyed hash, whose key the tasks get from Spark and no file has.
"""

import hmac
import pickle
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.errors import PublishError

HASH: Final = "sha256"
SEAL_BYTES: Final = 32


def write_sealed(path: Path, value: object, key: bytes) -> None:
    """Write a value to a file.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    path.write_bytes(hmac.digest(key, data, HASH) + data)


def read_sealed(path: Path, key: bytes) -> Any:
    """Return the value of a file that `write_sealed` wrote with the same key.

    Raises
    ------
    PublishError
        If the file is another one.
    OSError
        If it cannot be read.
    """
    content = path.read_bytes()
    seal, data = content[:SEAL_BYTES], content[SEAL_BYTES:]
    if not hmac.compare_digest(seal, hmac.digest(key, data, HASH)):
        msg = f"{path} is not what this run wrote: it is damaged, or was replaced. Run again."
        raise PublishError(msg)
    return pickle.loads(data)  # noqa: S301 - sealed by this run
