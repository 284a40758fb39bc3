"""What all tests share: one Hypothesis profile, the world, a policy, the sample cases."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from serving import PostgreSQL, binaries
from stub import Stub

from coverage_analyzer import countries
from coverage_analyzer.countries import Countries
from coverage_analyzer.policy import Policy

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let tests of snapshots keep what they see as what is expected."""
    parser.addoption(
        "--renew-snapshots",
        action="store_true",
        help="write tests/snapshots/expected anew, to be looked through as a diff of git",
    )


SERVICES = {
    "tests/engines/": "spark",
    "tests/unit/test_partitions.py": "spark",
    "tests/unit/test_preview.py": "spark",
    "tests/browser/": "browser",
}
"""Tests that share what takes long to start, by the beginning of their path."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run all tests of a service in one process, so that it starts once.

    The groups of pytest-xdist 3.8 (``--dist loadgroup``) have no effect with pytest 9.2.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByService(LoadScopeScheduling):
        """Each test alone, but those of a service together."""

        def _split_scope(self, nodeid: str) -> str:
            found = [service for path, service in SERVICES.items() if nodeid.startswith(path)]
            return found[0] if found else nodeid

    return ByService(config, log)


@pytest.fixture(scope="session")
def world() -> Countries:
    """Return the countries that ship with the package."""
    return countries.load()


@pytest.fixture(scope="session")
def policy() -> Policy:
    """Return the policy that applies if none is named."""
    return Policy.load("appliance-maintenance")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Return a server of our own, of which each worker that needs one starts its own."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed, or nobody to run it as")
    with PostgreSQL(programs) as server:
        yield server


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the sample cases, which are kept outside of the repository."""
    beside = Path(__file__).parents[2] / "shared" / "cases"
    folder = Path(os.environ.get("COVERAGE_CASES", beside))
    if not folder.is_dir():
        pytest.skip(f"no sample cases in {folder}; set COVERAGE_CASES to their folder")
    return folder


@pytest.fixture
def server() -> Iterator[Stub]:
    """Return a Nominatim that gives recorded answers."""
    with Stub() as running:
        yield running


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of caches; the index of cities is made in it once."""
    return tmp_path_factory.mktemp("caches")


@pytest.fixture
def cache(caches: Path, tmp_path: Path) -> Path:
    """Return the path of an empty cache."""
    return caches / f"{tmp_path.name}.sqlite"
