"""Settings files: what they may contain, how mistakes are named, which value is used."""

import dataclasses
import runpy
from pathlib import Path
from typing import Any

import click
import pytest
from running import CENTERS, centers_file, manifest, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli import settings as cli_settings
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.settings import discovery, values
from coverage_analyzer.settings.model import Settings
from coverage_analyzer.settings.proposal import Entry, Section, text_of
from coverage_analyzer.settings.tables import KEYS, Role, Tables
from coverage_analyzer.settings.values import Binding, Layer
from coverage_analyzer.siting.question import Question

ROOT = Path(__file__).parents[2]


def settings_file(folder: Path, text: str, name: str = discovery.NAME) -> Path:
    """Write a settings file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str, *, trusted: bool = True) -> str:
    """Return why a settings file is refused."""
    with pytest.raises(InputError) as error:
        Settings.load(settings_file(folder, text), trusted=trusted)
    return str(error.value)


WRONG = {
    "unknown table": ("\n[site]\n", "line 2, site: unknown key. Did you mean 'sites'?"),
    "unknown key": ("[sites]\nfil = 'x'", "line 2, sites.fil: unknown key. Did you mean 'file'?"),
    "hyphens": ("[drive-times]\nosm='x'", "line 1, drive-times: unknown key. Did you mean"),
    "unknown column": (
        "[sites.columns]\n\nlatitde = 'Breite'",
        "line 3, sites.columns.latitde: unknown key. Did you mean 'latitude'?",
    ),
    "column of another table": (
        "[sites.columns]\nopens_on = 'x'",
        "line 2, sites.columns.opens_on: unknown key.",
    ),
    "number for text": ("[sites]\ndelimiter = 7", "delimiter: expected text in quotes, found 7."),
    "text for truth": (
        '[output]\nareas = "yes"',
        "line 2, output.areas: expected true or false, found 'yes'.",
    ),
    "text for table": ("sites = 'x.csv'", "line 1, sites: expected a table, found 'x.csv'."),
    "table for text": ("[sites.file]\nx = 1", "line 1, sites.file: expected text in quotes"),
    "not a choice": (
        "[output]\n'format' = 'pdf'",
        "line 2, output.format: expected 'csv', 'csv.gz', 'csv.zst', 'parquet', 'xlsx', ",
    ),
    "encoding": ("[sites]\nencoding = 'klingon'", "line 2, sites.encoding: unknown encoding"),
    "delimiter": ("[sites]\ndelimiter = ';;'", "';;' is not one ASCII character"),
    "date format": ("[sites]\ndate_format = '%d.%m'", "line 2, sites.date_format: "),
    "limit": ("[thresholds]\nmax_rejects = '5 percent'", "'5 percent' is not a limit"),
    "limit of truth": ("[thresholds]\nmax_rejects = true", "expected a number of rows"),
    "locale": (
        "[output]\nexcel_locale = 'german'",
        "line 2, output.excel_locale: expected a country",
    ),
    "negative minutes": ("[drive_times]\nminutes = -1", "line 2, drive_times.minutes: "),
    "two policies": ("[policy]\nname='a'\nfile='b'", "line 1, policy: set either name or file"),
    "a path as name": ("[policy]\nname='own.toml'", "line 2, policy.name: expected lower-case"),
    "type": ("[types]\n'x y' = 'bool'", "line 2, types.x y: expected 'text', 'integer', 'number'"),
    "standard input": ("[sites]\nfile = '-'", "line 2, sites.file: standard input and output"),
    "empty": ("[sites]\nfile = ''", "line 2, sites.file: the text is empty."),
    "grade": ("[geocode.accuracy]\ncty = 5", "geocode.accuracy.cty: unknown key. Did you mean"),
    "inline table": ("x=1\nsites = { a = 1 }", "line 2, sites.a: unknown key."),
    "dotted key": ("# hi\n\nsites.columns.nme = 'x'", "line 3, sites.columns.nme: unknown key."),
    "after a long text": ('[map]\ntitle = """a\n[x]\n=\n"""\ntitel = "b"', "line 6, map.titel:"),
    "after a list": ("[types]\nx = [\n 'a', # ]\n 'b'\n]\ny = 1", "line 6, types.y: expected"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_named_with_its_line_and_what_is_expected(case: str, tmp_path: Path) -> None:
    """Nobody has to search."""
    text, message = WRONG[case]
    assert message in refused(tmp_path, text)


def test_all_mistakes_come_in_one_message(tmp_path: Path) -> None:
    """In the order of their lines, and counted beyond the first ones."""
    lines = [f"k{n} = 1" for n in range(30)]
    text = refused(tmp_path, "[sites]\n" + "\n".join(lines))
    assert "has 30 problems" in text
    assert "and 10 more" in text
    assert text.index("line 2,") < text.index("line 9,") < text.index("line 10,")


def test_one_mistake_is_one_problem(tmp_path: Path) -> None:
    """Singular."""
    assert "has 1 problem. Fix it" in refused(tmp_path, "[sites]\nx = 1")


def test_control_characters_of_a_value_are_escaped(tmp_path: Path) -> None:
    """A file cannot steer the terminal through its error."""
    text = refused(tmp_path, '[output]\nformat = "\\u001b[2J"')
    assert "\x1b" not in text
    assert "x1b" in text


CONNECTING = {
    "database of sites": ("[sites]\nfile = 'postgresql://h/d?table=t'", "sites.file: a database"),
    "file of SQLite": ("[centers]\nfile = 'sqlite:///x.db?table=t'", "centers.file: a database"),
    "database of the report": ("[output]\ntable = 'sqlite:///x?table=t'", "a database"),
    "a URI of Spark": ("[sites]\nfile = 's3a://bucket/x.parquet'", "sites.file"),
    "a page": ("[products]\nfile = 'https://example.com/x.csv'", "products.file"),
    "GDAL's network": ("[sites]\nfile = '/vsicurl/http://example.com/x.gpkg'", "sites.file"),
    "a share of Windows": (r"[sites]" + "\n" + r"file = '\\evil\share\x.csv'", "sites.file"),
    "a share with slashes": ("[output]\nfolder = '//evil/share'", "output.folder"),
    "a geocoder": ("[geocode]\nserver = 'http://127.0.0.1'", "geocode.server: a server"),
    "the public geocoder": ("[geocode]\npublic = true", "geocode.public: a server"),
    "roads": ("[drive_times]\noverpass = '1,2,3,4'", "drive_times.overpass: a server"),
    "a cluster": ("[run]\nengine = 'spark'", "run.engine: a server"),
    "tiles": ("[map]\ntiles = 'https://x/{z}/{x}/{y}.png'", "map.tiles: a server"),
}


@pytest.mark.parametrize("case", CONNECTING)
def test_a_file_that_was_merely_found_causes_no_connection(case: str, tmp_path: Path) -> None:
    """It is refused in words there; once it is named, it loads."""
    text, part = CONNECTING[case]
    message = refused(tmp_path, text, trusted=False)
    assert part in message
    assert "only from a file that is named with --settings" in message
    assert Settings.load(tmp_path / discovery.NAME)


def test_a_found_file_may_say_that_nothing_is_to_connect(tmp_path: Path) -> None:
    """``public = false`` names no server."""
    text = "[geocode]\npublic = false\noffline = true\n[run]\nengine = 'local'"
    path = settings_file(tmp_path, text)
    assert Settings.load(path, trusted=False).geocode.offline is True


def test_every_key_that_may_connect_is_refused_in_a_found_file(tmp_path: Path) -> None:
    """Whatever key has the role of a server or an address is covered."""
    for key in KEYS:
        if key.roles:
            table, _, name = key.name.rpartition(".")
            value = "true" if "bool" in str(key.annotation) else "'sqlite:///x?table=t'"
            value = "'spark'" if name == "engine" else value
            text = f"[{table}]\n{name} = {value}"
            assert key.name in refused(tmp_path, text, trusted=False)
    assert sum(Role.server in key.roles for key in KEYS) >= 5


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the working folder they stay as they are; elsewhere the folder comes in front."""
    text = "[sites]\nfile='a.csv'\n[centers]\nfile='/abs/c.csv'\n[output]\nfolder='r'"
    path = settings_file(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    near = Settings.load(discovery.NAME)
    assert (near.sites.file, near.centers.file, near.output.folder) == ("a.csv", "/abs/c.csv", "r")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    far = Settings.load(path)
    assert far.sites.file == str(tmp_path / "a.csv")
    assert Settings.load(Path("..") / discovery.NAME).sites.file == "../a.csv"


def test_a_pattern_and_an_address_stay_what_they_are(tmp_path: Path) -> None:
    """Only the folder comes in front of a pattern, and nothing in front of an address."""
    text = "[sites]\nfile='2026-*/x.csv'\n[centers]\nfile='postgresql://h/d?query=SELECT 1'"
    settings = Settings.load(settings_file(tmp_path, text))
    assert settings.sites.file == f"{tmp_path}/2026-*/x.csv"
    assert settings.centers.file == "postgresql://h/d?query=SELECT 1"


def test_each_key_has_a_description_and_a_variable_of_its_own() -> None:
    """No two keys share a variable; `Tables` has a key for everything."""
    assert len({key.variable for key in KEYS}) == len(KEYS)
    assert all(key.description.endswith(".") for key in KEYS)
    assert {key.table for key in KEYS} | {"types"} == set(Tables.model_fields)


def test_variables_set_values_of_each_type() -> None:
    """Text becomes what the key wants; an empty variable sets nothing."""
    settings = Settings.from_environment(
        {
            "COVERAGE_ANALYZER_SITES_COLUMNS_LATITUDE": "Breite",
            "COVERAGE_ANALYZER_OUTPUT_AREAS": "False",
            "COVERAGE_ANALYZER_DRIVE_TIMES_MINUTES": "90",
            "COVERAGE_ANALYZER_THRESHOLDS_MAX_REJECTS": "5%",
            "COVERAGE_ANALYZER_GEOCODE_ACCURACY_CITY": "1500.5",
            "COVERAGE_ANALYZER_GEOCODE_MAX_UNFOUND": "3",
            "COVERAGE_ANALYZER_SITES_FILE": "",
        }
    )
    assert settings.model_dump(exclude_defaults=True) == {
        "sites": {"columns": {"latitude": "Breite"}},
        "output": {"areas": False},
        "drive_times": {"minutes": 90.0},
        "thresholds": {"max_rejects": "5%"},
        "geocode": {"accuracy": {"city": 1500.5}, "max_unfound": 3},
    }


def test_a_wrong_variable_is_named() -> None:
    """By its own name, not by that of the key."""
    variables = {
        "COVERAGE_ANALYZER_OUTPUT_AREAS": "maybe",
        "COVERAGE_ANALYZER_GEOCODE_MAX_UNFOUND": "1.5",
    }
    with pytest.raises(InputError) as error:
        Settings.from_environment(variables)
    assert "COVERAGE_ANALYZER_OUTPUT_AREAS: expected true or false" in str(error.value)
    assert "COVERAGE_ANALYZER_GEOCODE_MAX_UNFOUND: expected a whole number" in str(error.value)


def layer(source: values.Source, **tables: Any) -> Layer:
    """Return a layer with some tables."""
    return Layer(source, Settings.model_validate(tables))


BOUND = [
    Binding("sites", ("sites.file",), "sites.file"),
    Binding("encoding", ("sites.encoding",), "sites.file"),
    Binding("columns", ("sites.columns",), "sites.file"),
    Binding("policy", ("policy.file", "policy.name")),
    Binding("server", ("geocode.server",)),
    Binding("offline", ("geocode.offline",)),
]


def resolved(*layers: Layer, **options: str) -> dict[str, Any]:
    """Return the value of each option."""
    return {n: v.value for n, v in values.resolve(BOUND, layers, options).items()}


def test_the_environment_comes_before_the_file() -> None:
    """By option, and columns one by one."""
    environment = layer(
        "environment", sites={"columns": {"name": "Kunde"}}, policy={"name": "silver"}
    )
    file = layer(
        "file",
        sites={"file": "a.csv", "columns": {"name": "x", "country": "Land"}},
        policy={"file": "own.toml"},
    )
    assert resolved(environment, file) == {
        "sites": "a.csv",
        "columns": {"name": "Kunde", "country": "Land"},
        "policy": "silver",
    }


def test_settings_about_an_input_apply_to_that_input_only(tmp_path: Path) -> None:
    """However the same file is named; a layer that names none applies to any."""
    path = tmp_path / "a.csv"
    path.write_text("x")
    file = layer("file", sites={"file": str(path), "encoding": "cp1252"})
    assert "encoding" not in resolved(file, sites=str(tmp_path / "b.csv"))
    assert resolved(file, sites=f"{tmp_path}/./a.csv")["encoding"] == "cp1252"
    (tmp_path / "link.csv").hardlink_to(path)
    assert resolved(file, sites=str(tmp_path / "link.csv"))["encoding"] == "cp1252"
    unnamed = layer("file", sites={"encoding": "cp1250"})
    assert resolved(unnamed, sites="b.csv")["encoding"] == "cp1250"
    other = layer("environment", sites={"file": "b.csv"})
    assert "encoding" not in resolved(other, file)


def test_of_options_that_exclude_each_other_one_layer_counts() -> None:
    """A server in the file does not contradict ``--offline`` on the command line."""
    file = layer("file", geocode={"server": "http://x"})
    environment = layer("environment", geocode={"offline": True})
    assert "server" not in resolved(file, offline="x")
    assert resolved(environment, file) == {"offline": True}
    assert resolved(file) == {"server": "http://x"}


WITHOUT_KEY = {
    "as_of",  # a day in a file would become an old one
    "json",
    "as_json",
    "log_format",  # of how the program is started, not of the work
    "quiet",
    "verbose",
    "help",
    "settings_file",
    "no_settings",
    "start",  # likewise
    "site_id",  # of one letter
    "sites_file",  # a list, or all: which sites get letters differs from call to call
    "all_sites",
    "file_format",
    "product",
    "browser_program",  # a file that is merely found must start no program
    "browser_no_sandbox",
}
"""Options that no settings file sets."""


def settable() -> list[click.Command]:
    """Return the commands that use settings."""
    return [
        command
        for command in program.commands.values()
        if any(each.name == "settings_file" for each in command.params)
    ]


@pytest.mark.parametrize("command", settable(), ids=lambda command: str(command.name))
def test_each_option_can_be_set(command: click.Command) -> None:
    """A new option gets a key, or a reason why it has none."""
    bound = {each.option for each in cli_settings._bindings(command)}
    point = {"latitude", "longitude", "accuracy_m", "country", "version", "component"}
    calls = {*point, "reason", "requested_level", "registered_on", "installed_on", "ordered_on"}
    calls |= {"postcode", "region", "purchased_on", "audited_on", "moved_on"}
    calls |= {"former_latitude", "former_longitude", "former_country"}
    free = WITHOUT_KEY | (calls if command.name == "explain" else set())
    if command.name == "place":  # what is asked of a plan differs from plan to plan
        fields = {field.name for field in dataclasses.fields(Question)}
        free |= {
            *fields,
            "time_limit",
            "weight",
            "cost",
            "candidates",
            "candidate_columns",
            "output",
        }
    if command.name == "compare":  # what is compared, and how it is shown
        free |= {"before", "after", "form"}
    if command.name == "what-if":  # likewise what is changed
        free |= {"close", "open", "move", "new_centers", "new_policy", "new_day", "form"}
    if command.name == "sensitivity":  # and what is varied
        free |= {"change", "miles", "accuracy", "territories", "any_country"}
    assert {str(each.name) for each in command.params} - bound - free == set()


def test_each_key_sets_an_option() -> None:
    """No key of the file is without effect."""
    bound = {key for c in settable() for each in cli_settings._bindings(c) for key in each.keys}
    names = {name for key in KEYS for name in (key.name, key.name.rpartition(".")[0])}
    assert {key.name for key in KEYS} - bound == {
        key.name for key in KEYS if key.name.rpartition(".")[0] in bound
    }
    assert bound <= names


def test_the_guide_has_every_key() -> None:
    """``tools/build_settings_guide.py`` renews it."""
    guide = (ROOT / "docs/settings.md").read_text("utf-8")
    tool = runpy.run_path(str(ROOT / "tools/build_settings_guide.py"))
    assert tool["guide"](guide) == guide
    assert all(f"`{key.name.split('.')[1]}`" in guide for key in KEYS)


def test_what_is_proposed_loads_whatever_the_names_are(tmp_path: Path) -> None:
    """Quotes, line feeds, control characters, other scripts, in values, keys and comments."""
    odd = 'a "b" \\ \n\t\x7f\u2028 \u7def\u5ea6 = [x] # y'
    text = text_of(
        [
            Section("sites", [Entry("file", odd), Entry("delimiter", "\t", odd)]),
            Section("sites.columns", [Entry("", {"latitude": odd})], [odd]),
            Section("types", [Entry("", {odd: "number", "": "day"} if False else {odd: "number"})]),
        ]
    )
    settings = Settings.load(settings_file(tmp_path, text))
    assert settings.sites.columns == {"latitude": odd}
    assert settings.types == {odd: "number"}
    assert settings.sites.file == f"{tmp_path}/{odd}"


def test_run_takes_what_is_left_out_from_the_settings(tmp_path: Path) -> None:
    """Arguments and options; ``run.json`` has the file and its hash."""
    sites_file(tmp_path, "site_id,Kunde,lat,lon\nA,Alpha,40,-75\n")
    centers_file(tmp_path, CENTERS)
    text = """
[sites]
file = "sites.csv"
[sites.columns]
name = "Kunde"
[centers]
file = "network.csv"
[output]
folder = "out"
map = false
[thresholds]
max_rejects = 3
"""
    settings = Settings.load(settings_file(tmp_path, text))
    ca.run(settings=settings, options=batch.Options(areas=False))
    result = manifest(tmp_path / "out")
    assert result["settings"] == settings.origin
    assert result["columns"]["name"] == "Kunde"
    assert result["max_rejects"] == "3"
    assert "map.html" not in result["files"]
    assert "areas.geojson" not in result["files"]
    frame = ca.read_sites(settings=settings)
    assert "name" in frame
    assert len(ca.read_centers(settings=settings)) == 6


def test_an_argument_overrides_the_settings(tmp_path: Path) -> None:
    """Also an option that is not at its default."""
    path = sites_file(tmp_path)
    text = "[sites]\nfile='other.csv'\nencoding='cp1252'\n[output]\nformat='parquet'\nfolder='x'"
    settings = Settings.load(settings_file(tmp_path, text))
    options = batch.Options(format="csv.gz", dialect=Dialect(delimiter=","))
    manifest = ca.run(
        path, centers_file(tmp_path), tmp_path / "y", options=options, settings=settings
    )
    assert manifest["files"][0] == "report.csv.gz"
    assert manifest["inputs"]["sites"]["detected"]["encoding"] == "utf-8"
    assert dataclasses.asdict(options)["settings"] is None


def test_what_is_neither_given_nor_set_is_named(tmp_path: Path) -> None:
    """Both ways are in the message."""
    with pytest.raises(InputError, match=r"sites are missing.*\[sites\]"):
        ca.run(centers=centers_file(tmp_path), output=tmp_path / "x")
    with pytest.raises(InputError, match=r"run folder is missing.*\[output\]"):
        ca.run(sites_file(tmp_path), centers_file(tmp_path))
    with pytest.raises(InputError, match=r"centers are missing"):
        ca.read_centers()


def test_without_a_file_load_says_how_to_write_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where it was searched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(discovery, "find", discovery.Discovery)
    with pytest.raises(InputError, match="coverage-analyzer init SITES --centers CENTERS"):
        ca.Settings.load()
