"""What all tests share: one Hypothesis profile, the world, a policy, the sample cases."""

import os
from collections.abc import Iterator
from pathlib import Path

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
