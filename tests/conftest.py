"""What all tests share: one Hypothesis profile, the world, a policy, the sample cases."""

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import json_outputs
import pytest
from hypothesis import HealthCheck, settings
from running import THOROUGH
from serving import PostgreSQL, binaries
from stub import Stub

from coverage_analyzer import countries
from coverage_analyzer.cli import messages
from coverage_analyzer.countries import Countries
from coverage_analyzer.policy import Policy

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=1000 if THOROUGH else 100,
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
    "[docs/spark.md]": "spark",
}
"""Tests that share what takes long to start, by a part of their names; in their order."""

LONG = (
    *SERVICES,
    "tests/browser/",
    "tests/documentation/",
    "tests/faults/",
    "tests/unit/test_notebooks.py",
    "tests/snapshots/",
    "tests/conformance/",
    "tests/property/",
)
"""What takes long is begun first, so that no process works alone at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the tests into the order in which several processes take them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.nodeid))


def _turn(nodeid: str) -> int:
    """Return when a test's turn is, as a position."""
    turns = (turn for turn, path in enumerate(LONG) if path in nodeid)
    return next(turns, len(LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than cores: some wait for a browser, a server or a clock."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Run the tests of a file in one process, and those of a service, so that each starts once.

    The groups of pytest-xdist 3.8 (``--dist loadgroup``) have no effect with pytest 9.2.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByService(LoadScopeScheduling):
        """Each file, and all files of a service, in the order of `LONG`."""

        def _split_scope(self, nodeid: str) -> str:
            services = (name for path, name in SERVICES.items() if path in nodeid)
            return next(services, nodeid.partition("::")[0])

    config.option.loadscopereorder = False
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
    """Return a folder of caches; the index of cities is made in it once, for all processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-caches"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _valid_json() -> Iterator[None]:
    """Hold whatever a command prints as JSON in this process against its schema."""
    if importlib.util.find_spec("jsonschema") is None:
        yield
        return

    def checked(data: object) -> str:
        text = json_text(data)
        command = json_outputs.name_of(click.get_current_context(silent=True))
        if command and command != "policies schema":
            json_outputs.check(command, json.loads(text))
        return text

    json_text = messages.json_text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "json_text", checked)
        yield


@pytest.fixture
def cache(caches: Path, tmp_path: Path) -> Path:
    """Return the path of an empty cache."""
    return caches / f"{tmp_path.name}.sqlite"
