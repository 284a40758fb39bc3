"""What each command prints with ``--json`` is described by a schema that ships, key by key."""

import contextlib
import importlib.util
import io
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

import jsonschema
import pytest
from json_outputs import FOLDER, check, commands, schemas

from coverage_analyzer.cli import main

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT / "data"
ROWS: Final = ROOT / "tests" / "snapshots" / "data"

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not in the repository")

TOWN: Final = "town_sites.csv --centers town_centers.csv"
OWN: Final = "--centers centers.csv --policy own.toml --products products.csv"
DAY: Final = "--as-of 2026-12-01"
MOVED: Final = (
    "--registered-on 2026-11-20 --moved-on 2026-11-25 --former-latitude 41 --former-longitude=-80"
)
RUNS: Final = (
    f"run {TOWN} {DAY} -o town --no-areas",
    f"run sites.csv {OWN} {DAY} -o own --no-areas --no-map",
)

CALLS: Final[dict[str, tuple[str, ...]]] = {
    "areas": (f"town_centers.csv {DAY} -o a.geojson",),
    "check": ("town_sites.csv", "sites.csv --centers centers.csv --policy own.toml"),
    "commitments": ("requests.csv --sites request_sites.csv --centers centers.csv -o due.csv",),
    "compare": ("town town", "town town -o changes --fail-if 'lost > 5'"),
    "config": ("", "--settings settings.toml"),
    "criticality": ("town", "own --pairs -o critical"),
    "drive-times": ("town --osm town.osm",),
    "entitlements": (
        "--country US",
        f"--product XenApp --version 6.5 --country JP --customer customer.toml {DAY}",
    ),
    "explain": (
        f"47.1 9.5 --country LI --centers town_centers.csv {DAY}",
        f"40 -75 --country US {OWN} --product XenApp {DAY}",
        f"0 0 --country Atlantis --centers centers.csv {DAY} --ordered-on 2026-11-01",
        f"40 -75 --country US --centers plain_centers.csv --policy starts.toml {MOVED} {DAY}",
    ),
    "geocode": ("addresses.csv -o points.csv --offline --cache cache.sqlite",),
    "init": (f"{TOWN} -o one.toml", "sites.csv --centers centers.csv -o two.toml"),
    "letter": (
        f"town_sites.csv --site near --centers town_centers.csv {DAY} -o letter.html",
        f"town_sites.csv --all --centers town_centers.csv {DAY} -o letters",
    ),
    "map": ("town",),
    "place": (
        f"{TOWN} --candidates town_sites.csv --new 1 --curve {DAY} -o plan",
        f"sites.csv --centers centers.csv --new 2 --alternatives 2 {DAY} -o plans",
        f"sites.csv --centers centers.csv --close 1 {DAY} -o closed",
    ),
    "policies check": ("own.toml priority bad.toml",),
    "policies compare": ("hp-call-to-repair",),
    "policies list": ("",),
    "policies show": ("priority", "own.toml starts.toml"),
    "run": (
        f"{TOWN} {DAY} -o again --no-areas --no-map",
        f"start_sites.csv --centers plain_centers.csv --policy starts.toml {DAY} -o s --no-map",
    ),
    "sensitivity": ("town", "own --miles 5 -o sensitive"),
    "timeline": (f"sites.csv {OWN} -o t.csv --from 2026-12-01 --to 2027-06-01",),
    "what-if": ("town --open 47.14,9.52,LI -o tried",),
}
"""For each command with ``--json`` some calls whose outputs have all of its parts."""

OTHERS: Final = {"policies new", "policies schema"}
"""What prints a file, whose schema is another one."""

BAD: Final = "format = 1\nname = 3\n"


def called(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a command in a folder; return what it prints on standard output."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "caches"))
    monkeypatch.setattr(sys, "argv", ["coverage-analyzer", *shlex.split(command)])
    output, messages = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(messages):
        code = main._run()
    assert code in {0, 1, 2}, messages.getvalue()
    return output.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, caches: Path) -> Path:
    """Return a folder with files and two runs, one of them with all kinds of rows."""
    folder = tmp_path_factory.mktemp("json")
    for path in (*ROWS.iterdir(), *DATA.iterdir()):
        shutil.copy(path, folder)
    (folder / "bad.toml").write_text(BAD, encoding="utf-8")
    (folder / "caches").symlink_to(caches, target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        for command in RUNS:
            called(command, folder, patch)
    return folder


def test_each_command_has_one_schema() -> None:
    """A new command, or a new option ``--json``, needs a schema and a call."""
    described = [name for rules in schemas().values() for name in rules.get("x-commands", ())]
    assert sorted(described) == sorted(set(commands()) - OTHERS)
    assert sorted(CALLS) == sorted(described)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("command", CALLS)
def test_an_output_is_as_its_schema_says(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key is described; a key more or less is not valid."""
    for call in CALLS[command]:
        output = json.loads(called(f"{command} {call} --json", folder, monkeypatch))
        check(command, output)
    with pytest.raises(AssertionError, match="is not as its schema says"):
        check(command, {**output, "unheard_of": 1} if isinstance(output, dict) else [output])


@pytest.mark.parametrize("name", schemas())
def test_a_schema_is_closed_and_describes_each_key(name: str) -> None:
    """Nothing undescribed is in an output: only objects whose keys are data are open."""
    rules = schemas()[name]
    jsonschema.Draft202012Validator.check_schema(rules)
    todo = [(name, rules)]
    while todo:
        place, part = todo.pop()
        keys = part.get("properties", {})
        assert not keys or part["additionalProperties"] is False, place
        assert name == "policies" or all(key.get("description") for key in keys.values()), place
        assert set(part.get("required", ())) <= set(keys), place
        todo += [(f"{place}.{key}", value) for key, value in keys.items()]
        inner = (part.get("items"), part.get("additionalProperties"), *part.get("oneOf", ()))
        todo += [(f"{place}[]", value) for value in inner if isinstance(value, dict)]


def test_the_files_are_those_of_the_script() -> None:
    """Who changes a schema changes the script."""
    place = ROOT / "tools" / "build_schemas.py"
    spec = importlib.util.spec_from_file_location("build_schemas", place)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, text in script.written().items():
        assert (FOLDER / name).read_text("utf-8") == text, "run python tools/build_schemas.py"


def test_the_page_lists_each_schema_with_its_commands() -> None:
    """As the files say."""
    text = (ROOT / "docs" / "reference" / "schemas.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| \[([\w-]+)\.schema\.json\].*?\| (.*) \|$", text, re.MULTILINE))
    assert set(rows) == set(schemas())
    for name, rules in schemas().items():
        for command in rules.get("x-commands", ()):
            assert f"`{command} --json`" in rows[name], name
