"""Import paths of the version before, which work for one release and say so."""

import importlib

import pytest

from coverage_analyzer import roads
from coverage_analyzer.roads import engine, network  # noqa: F401 - loaded as `roads.network`


@pytest.mark.parametrize("name", ["network", "engine"])
def test_the_old_paths_of_roads_work_and_warn(name: str) -> None:
    """The same objects, with a `DeprecationWarning` that names the new path."""
    with pytest.warns(DeprecationWarning, match=rf"coverage_analyzer\.roads\.{name}"):
        old = importlib.import_module(f"coverage_analyzer.online.roads.{name}")
    new = getattr(roads, name)
    assert all(getattr(old, public) is getattr(new, public) for public in old.__all__)
