"""Values that tasks of Spark leave in files: nobody else's file is unpickled."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from coverage_analyzer.errors import PublishError
from coverage_analyzer.spark.sealed import read_sealed, write_sealed

KEY = bytes(range(16))


class Harmful:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> Any:
        """Return what runs code."""
        return pytest.fail, ("code of a file was run",)


def test_a_value_comes_back(tmp_path: Path) -> None:
    """The key is that of the run."""
    write_sealed(tmp_path / "value", {"sites": [1, 2]}, KEY)
    assert read_sealed(tmp_path / "value", KEY) == {"sites": [1, 2]}


@pytest.mark.parametrize("before", [b"", b"0" * 32])
def test_a_file_of_somebody_else_is_not_read(tmp_path: Path, before: bytes) -> None:
    """Whoever can write to the folder does not have the key."""
    (tmp_path / "value").write_bytes(before + pickle.dumps(Harmful()))
    with pytest.raises(PublishError, match="not what this run wrote"):
        read_sealed(tmp_path / "value", KEY)


def test_a_damaged_file_is_not_read(tmp_path: Path) -> None:
    """A byte that changed, or a file that was cut."""
    write_sealed(tmp_path / "value", list(range(100)), KEY)
    content = (tmp_path / "value").read_bytes()
    for other in (content[:-1], content[:40], b"", content[:50] + b"x" + content[51:]):
        (tmp_path / "value").write_bytes(other)
        with pytest.raises(PublishError):
            read_sealed(tmp_path / "value", KEY)
