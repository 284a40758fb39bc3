"""Commands with a settings file: what is used, what is said, and that it is the same everywhere."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from running import AS_OF, CENTERS, SITES, centers_file, contents, manifest, sites_file

from coverage_analyzer import batch
from coverage_analyzer.batch import _commitments
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.settings.discovery import NAME, PREFIX

BASIC: Final = """\
[sites]
file = "sites.csv"
[centers]
file = "network.csv"
[output]
folder = "out"
"""

Call = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with two inputs and a settings file."""
    sites_file(tmp_path)
    centers_file(tmp_path)
    (tmp_path / NAME).write_text(BASIC)
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    return tmp_path


def called(*arguments: str | Path, **environment: str) -> Result:
    """Call the program."""
    ended = CliRunner().invoke(program, [str(a) for a in arguments], env=environment)
    if ended.exception and not isinstance(ended.exception, (SystemExit, InputError)):
        raise ended.exception
    return ended


def test_run_needs_no_arguments(project: Path) -> None:
    """The same files as with arguments; the settings are named on stderr and in ``run.json``."""
    ended = called("run", "--as-of", AS_OF)
    assert ended.exit_code == 0, ended.output
    assert ended.stderr.startswith(f"Settings: {project / NAME}\n")
    result = manifest(project / "out")
    assert result["settings"]["path"] == str(project / NAME)
    assert len(result["settings"]["sha256"]) == 64
    called("run", "sites.csv", "--centers", "network.csv", "-o", "b", "--as-of", AS_OF)
    with_arguments = contents(project / "b")
    without = contents(project / "out")
    assert {n: d for n, d in without.items() if n != "run.json"} == {
        n: d for n, d in with_arguments.items() if n != "run.json"
    }


def test_a_folder_below_works_alike(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths lead to the folder of the file."""
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert called("run").exit_code == 0
    assert (project / "out" / "run.json").is_file()
    assert not list((project / "below").iterdir())


def test_quiet_runs_do_not_name_the_file(project: Path) -> None:
    """Only warnings and the summary line."""
    assert "Settings:" not in called("run", "--quiet").stderr


@pytest.mark.parametrize("arguments", [["--no-settings"], ["--settings", "empty.toml"]])
def test_the_file_can_be_left_out(project: Path, arguments: list[str]) -> None:
    """Then the message names both ways to give the sites."""
    (project / "empty.toml").write_text("")
    ended = called("run", *arguments)
    assert ended.exit_code == 2
    for part in ("'SITES'", f"[sites] of {NAME}", "COVERAGE_ANALYZER_SITES_FILE", "init SITES"):
        assert part in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["run", "sites.csv"], "'--centers'"),
        (["run", "sites.csv", "--centers", "c.csv"], "'-o / --output'"),
        (["timeline", "sites.csv", "--centers", "c.csv", "-o", "x.csv"], "'--to'"),
        (["map"], "'FOLDER'"),
        (["areas"], "'CENTERS'"),
        (["geocode"], "'ADDRESSES'"),
        (["commitments"], "'REQUESTS'"),
        (["explain", "1", "2"], "'--centers'"),
    ],
)
def test_what_is_missing_is_named_with_its_key(
    project: Path, arguments: list[str], part: str
) -> None:
    """For each command."""
    ended = called(*arguments, "--no-settings")
    assert ended.exit_code == 2
    assert part in ended.stderr
    assert "COVERAGE_ANALYZER_" in ended.stderr


def test_options_come_before_variables_and_these_before_the_file(project: Path) -> None:
    """And all of them before the default."""
    with (project / NAME).open("a") as file:
        file.write('format = "parquet"\n[thresholds]\nmax_rejects = 7\n')
    variable = {"COVERAGE_ANALYZER_OUTPUT_FORMAT": "csv.gz"}
    called("run")
    assert manifest(project / "out")["files"][0] == "report.parquet"
    called("run", **variable)
    assert manifest(project / "out")["files"][0] == "report.csv.gz"
    called("run", "--format", "csv", **variable)
    assert manifest(project / "out")["files"][0] == "report.csv"
    assert manifest(project / "out")["max_rejects"] == "7"
    assert manifest(project / "out")["on_duplicate"] == "keep"


def test_variables_alone_are_enough(project: Path) -> None:
    """Without any file; ``run.json`` then names none."""
    (project / NAME).unlink()
    variables = {
        "COVERAGE_ANALYZER_SITES_FILE": "sites.csv",
        "COVERAGE_ANALYZER_CENTERS_FILE": "network.csv",
        "COVERAGE_ANALYZER_OUTPUT_FOLDER": "from-variables",
        "COVERAGE_ANALYZER_OUTPUT_MAP": "false",
    }
    assert called("run", **variables).exit_code == 0
    result = manifest(project / "from-variables")
    assert result["settings"] is None
    assert "map.html" not in result["files"]


def test_a_variable_names_the_file(project: Path) -> None:
    """As ``--settings`` does."""
    (project / NAME).rename(project / "other.toml")
    ended = called("run", COVERAGE_ANALYZER_SETTINGS="other.toml")
    assert ended.exit_code == 0
    assert manifest(project / "out")["settings"]["path"] == "other.toml"


def test_a_variable_that_is_nearly_a_setting_is_named(project: Path) -> None:
    """Those of a cluster for a service of this name are not."""
    variables = {"COVERAGE_ANALYZER_CENTER_FILE": "x", "COVERAGE_ANALYZER_SERVICE_HOST": "10.0.0.1"}
    ended = called("check", "--max-rejects", "100%", **variables)
    assert "CENTER_FILE is not a setting. Did you mean COVERAGE_ANALYZER_CENTERS_FILE?" in (
        ended.stderr
    )
    assert "SERVICE_HOST" not in ended.stderr


def test_settings_of_one_file_are_not_used_for_another(project: Path) -> None:
    """A separator of the settings' own file is not that of the file on the command line."""
    (project / NAME).write_text(BASIC.replace('sites.csv"', 'sites.csv"\ndelimiter = ";"'))
    sites_file(project, SITES.replace(",", ";"))
    sites_file(project, SITES, name="comma.csv")
    ended = called("check", "comma.csv", "--max-rejects", "100%")
    assert ended.exit_code == 0
    assert "Settings in [sites] are not used: they are about sites.csv." in ended.stderr
    alias = called("check", "./sites.csv", "--max-rejects", "100%")
    assert alias.exit_code == 0
    assert "not used" not in alias.stderr


def test_columns_of_options_and_settings_go_together(project: Path) -> None:
    """An option overrides its own column only."""
    with (project / NAME).open("a") as file:
        file.write('[sites.columns]\nlatitude = "B"\nname = "alt"\n')
    sites_file(project, "B,lon,alt,Kunde\n40,-75,1,2\n")
    called("run", "--column", "name=Kunde")
    assert manifest(project / "out")["columns"] == {
        "latitude": "B",
        "longitude": "lon",
        "name": "Kunde",
    }


def test_the_policy_of_the_settings_is_not_that_of_another_run(project: Path) -> None:
    """``drive-times`` on a different folder reads the policy there."""
    with (project / NAME).open("a") as file:
        file.write('[policy]\nfile = "nowhere.toml"\n')
    called("run", "--policy", "appliance-maintenance", "-o", "other")
    ended = called("drive-times", "other", "--osm", "nowhere.osm.pbf")
    assert "nowhere.toml" not in str(ended.exception)
    assert "Settings in [output] are not used" in ended.stderr


JOBS: Final[dict[str, tuple[Any, str, list[str], dict[str, Any]]]] = {
    "run": (batch, "run", [], {"format": "csv.gz", "excel": True, "types": {"Umsatz": "number"}}),
    "check": (batch, "check", [], {"excel": True}),
    "timeline": (batch, "timeline", [], {"products": "p.csv"}),
    "letter": (batch, "site_letter", ["--site", "1"], {"products": "p.csv"}),
    "commitments": (_commitments, "answer_requests", [], {"request_columns": {"request_id": "Nr"}}),
}


class CalledError(Exception):
    """The job was called."""


@pytest.mark.parametrize("command", JOBS)
def test_each_command_takes_the_settings(
    command: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments: inputs, columns, how they are written, and options."""
    (project / NAME).write_text(
        """
[sites]
file = "s.csv"
encoding = "cp1252"
date_format = "%d.%m.%Y"
columns = { name = "Kunde" }
[centers]
file = "c.csv"
delimiter = ";"
[products]
file = "p.csv"
[requests]
file = "r.csv"
columns = { request_id = "Nr" }
[policy]
trust_declared = true
[output]
folder = "out"
format = "csv.gz"
excel = true
[types]
Umsatz = "number"
[timeline]
output = "t.csv"
to = "2027-12-31"
[letter]
output = "l.html"
[commitments]
output = "o.csv"
"""
    )
    module, job, arguments, expected = JOBS[command]
    calls: list[dict[str, Any]] = []

    def called_job(*_arguments: Any, **options: Any) -> None:
        calls.append(options)
        raise CalledError

    monkeypatch.setattr(module, job, called_job)
    ended = CliRunner().invoke(program, [command, *arguments])
    assert isinstance(ended.exception, CalledError), ended.output
    options = calls[0]["options"]
    assert options.columns == {"name": "Kunde"}
    assert options.dialect == Dialect(encoding="cp1252", date_format="%d.%m.%Y")
    assert options.trust_declared is True
    assert {name: getattr(options, name) for name in expected} == expected
    if command != "check":
        assert options.center_dialect == Dialect(delimiter=";")


def test_map_and_areas_take_the_settings(project: Path) -> None:
    """The run folder, and the centers."""
    with (project / NAME).open("a") as file:
        file.write('[map]\noutput = "m.html"\ntitle = "Ours"\n[areas]\noutput = "a.geojson"\n')
    assert called("run").exit_code == 0
    assert called("map").exit_code == 0
    assert (project / "m.html").is_file()
    assert called("areas").exit_code == 0
    assert (project / "a.geojson").is_file()
    assert called("explain", "48.9", "2.3").exit_code == 0


def test_a_wrong_value_is_an_error_of_the_file_not_of_an_option(project: Path) -> None:
    """The message names the line, whatever command is called."""
    with (project / NAME).open("a") as file:
        file.write("[thresholds]\nmax_rejects = '5 percent'\n")
    ended = called("check")
    assert isinstance(ended.exception, InputError)
    assert "line 8, thresholds.max_rejects: '5 percent' is not a limit" in str(ended.exception)


def test_config_prints_each_value_with_its_source(project: Path) -> None:
    """By key, without passwords."""
    with (project / NAME).open("a") as file:
        file.write("[sites.columns]\nname = 'Kunde'\n[types]\n'Angelegt am' = 'day'\n")
    address = "postgresql://ann:secret@db/sales?table=t"
    variables = {"COVERAGE_ANALYZER_OUTPUT_TABLE": address, "COVERAGE_ANALYZER_OUTPUT_MAP": "0"}
    ended = called("config", **variables, COLUMNS="200")
    rows = {line.split()[0]: line.split(None, 1)[1] for line in ended.stdout.splitlines()[1:]}
    assert rows["sites.file"].split() == ["sites.csv", "file"]
    assert rows["sites.columns.name"].split() == ["Kunde", "file"]
    assert rows["output.map"].split() == [
        *("false", "environment,"),
        "COVERAGE_ANALYZER_OUTPUT_MAP",
    ]
    assert rows["output.format"].split() == ["csv", "default"]
    assert rows["policy.name"].split() == ["appliance-maintenance", "default"]
    assert rows["output.table"].startswith("postgresql://ann:***@db/sales")
    assert "secret" not in ended.output
    output = json.loads(called("config", "--json", **variables).stdout)
    assert "secret" not in json.dumps(output)
    assert output["settings"]["path"] == str(project / NAME)
    assert output["values"]["types.Angelegt am"] == {"value": "day", "source": "file"}
    assert output["values"]["output.map"]["value"] is False


def test_config_leaves_out_what_another_input_overrules(project: Path) -> None:
    """What is about the file of the settings does not apply to the one of a variable."""
    with (project / NAME).open("a") as file:
        file.write("[sites.columns]\nname = 'Kunde'\n")
    output = json.loads(called("config", "--json", COVERAGE_ANALYZER_SITES_FILE="b.csv").stdout)
    assert "sites.columns.name" not in output["values"]
    assert output["values"]["sites.file"]["value"] == "b.csv"


def test_config_without_a_file_says_so(project: Path) -> None:
    """And prints the defaults."""
    ended = called("config", "--no-settings")
    assert "no file in use" in ended.stderr
    assert "policy.name" in ended.stdout


def test_init_writes_what_run_then_uses(project: Path) -> None:
    """One command each; the settings load, and give the report of the plain command."""
    (project / NAME).unlink()
    ended = called("init", "sites.csv", "--centers", "network.csv")
    assert ended.exit_code == 0, ended.output
    assert ended.stderr == f"Wrote {NAME}. Check it, then run: coverage-analyzer run\n"
    assert called("run", "--as-of", AS_OF).exit_code == 0
    plain = ["--centers", "network.csv", "-o", "plain", "--as-of", AS_OF]
    called("run", "sites.csv", *plain, "--no-settings")
    first, second = contents(project / "report"), contents(project / "plain")
    assert first["report.csv"] == second["report.csv"]
    assert first["rejects.csv"] == second["rejects.csv"]


def test_init_shows_what_it_understood(project: Path) -> None:
    """Rows, columns, countries, rejects, doubts, and how many rows were inspected."""
    ended = called("init", "sites.csv", "--centers", "network.csv", "--force")
    for part in (
        "Sites: sites.csv",
        "All 12 rows of the file were inspected, 1 of them empty.",
        "encoding     utf-8",
        "Bêta",
        "Columns used",
        "United States",
        "2 rows would be rejected (16.7%)",
        "coordinate_out_of_range",
        "At latitude 0, longitude 0: 1 site.",
        "Centers: network.csv",
        "2020-01-01",
    ):
        assert part in ended.stdout, part


def test_init_says_what_it_guessed_and_run_uses_it(project: Path) -> None:
    """An export of an ERP: code page 1252, semicolons, decimal commas, a country misspelt."""
    text = "Kunde;Breite;Länge;Land;Umsatz\nMüller;52,5;13,4;Deutschland;1,5\n"
    text += "Größe;48,1;11,6;Deutchland;2,25\n"
    sites_file(project, text.encode("cp1252"))
    ended = called("init", "sites.csv", "--centers", "network.csv", "--force")
    assert "cp1252, guessed" in ended.stdout
    assert "Unknown country 'Deutchland': 1 site. Did you mean 'Deutschland'?" in ended.stdout
    written = (project / NAME).read_text("utf-8")
    assert "A guess from the characters: check it." in " ".join(written.split())
    assert 'encoding = "cp1252"' in written
    assert 'Umsatz = "number"' in written
    assert called("run").exit_code == 0
    assert "Größe" in (project / "report" / "report.csv").read_text("utf-8")


def test_init_says_that_it_has_read_a_part(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes the counts of a part for those of the file."""
    from coverage_analyzer.batch import _inspect
    from coverage_analyzer.files.readers import delimited

    monkeypatch.setattr(_inspect, "MAX_ROWS", 100)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1000)
    rows = "".join(f"{n},40,-75\n" for n in range(1000))
    sites_file(project, f"site_id,lat,lon\n{rows}")
    ended = called("init", "sites.csv", "--centers", "network.csv", "--force")
    assert "of the file were inspected, not the rest." in ended.stdout
    assert "of the first" in (project / NAME).read_text()


def test_init_replaces_only_with_force(project: Path) -> None:
    """A file of settings was corrected by hand."""
    ended = called("init", "sites.csv", "--centers", "network.csv")
    assert "exists. Pass --force" in str(ended.exception)
    assert (project / NAME).read_text() == BASIC
    (project / NAME).unlink()
    (project / NAME).symlink_to("nowhere")
    ended = called("init", "sites.csv", "--centers", "network.csv")
    assert "exists. Pass --force" in str(ended.exception)


def test_init_replaces_no_input(project: Path) -> None:
    """Whatever is forced."""
    ended = called("init", "sites.csv", "--centers", "network.csv", "-o", "sites.csv", "--force")
    assert isinstance(ended.exception, InputError)
    assert (project / "sites.csv").read_bytes() == SITES.encode()
    ended = called("init", "sites.csv", "--centers", "network.csv", "-o", "x.csv")
    assert "written as .toml" in str(ended.exception)


def test_init_leaves_nothing_behind_where_an_input_fails(project: Path) -> None:
    """Atomically, or not at all."""
    before = sorted(path.name for path in project.iterdir())
    ended = called("init", "nowhere.csv", "--centers", "network.csv", "-o", "x.toml")
    assert isinstance(ended.exception, InputError)
    assert sorted(path.name for path in project.iterdir()) == before


def test_init_writes_settings_for_centers_that_are_not_usable_yet(project: Path) -> None:
    """Exit code 1, with every problem; the raw rows are shown."""
    text = CENTERS.replace("PHL,Philadelphia,US", "PHL,Philadelphia,Atlantis")
    centers_file(project, text)
    arguments = ["init", "sites.csv", "--centers", "network.csv", "--force"]
    ended = CliRunner().invoke(program, arguments, standalone_mode=False)
    assert ended.return_value == 1
    assert "A run would fail" in ended.stdout
    assert "Atlantis" in ended.stdout
    assert "Fix the centers file" in ended.stderr
    assert 'file = "network.csv"' in (project / NAME).read_text()


def test_init_keeps_no_password(project: Path) -> None:
    """Neither in the file nor in the message; standard input cannot be named."""
    address = "postgresql://ann:geheim@127.0.0.1:1/d?table=t"
    ended = called("init", address, "--centers", "network.csv", "--force")
    assert "PGPASSWORD" in str(ended.exception)
    assert "geheim" not in f"{ended.exception}{ended.output}"
    ended = called("init", "-", "--centers", "network.csv", "--force")
    assert "standard input" in str(ended.exception)


def test_init_writes_what_it_is_given(project: Path) -> None:
    """Options are settings; types are proposed from the cells; paths are relative to the file."""
    rows = "a;40,0;-75,0;1,5;01.12.2026;007\nb;41,0;-76,0;2;02.12.2026;010\n"
    sites_file(project, f"Nr;B;L;Umsatz;Seit;PLZ\n{rows}")
    (project / "conf").mkdir()
    ended = called(
        *("init", "sites.csv", "--centers", "network.csv", "-o", "conf/own.toml"),
        *("--column", "latitude=B", "--column", "longitude=L", "--column", "site_id=Nr"),
        *("--decimal", ",", "--date-format", "%d.%m.%Y", "--policy", "hp-call-to-repair"),
        "--trust-declared",
    )
    assert ended.exit_code == 0, ended.output
    text = (project / "conf" / "own.toml").read_text()
    for line in (
        'file = "../sites.csv"',
        'delimiter = ";"',
        'decimal = ","',
        'date_format = "%d.%m.%Y"',
        'latitude = "B"',
        'site_id = "Nr"',
        'name = "hp-call-to-repair"',
        "trust_declared = true",
        'Umsatz = "number"',
        'Seit = "day"',
    ):
        assert line in text.splitlines(), line
    assert "PLZ =" not in text
    assert called("check", "--settings", "conf/own.toml").exit_code == 0


def test_init_prints_json(project: Path) -> None:
    """For programs."""
    ended = called("init", "sites.csv", "--centers", "network.csv", "--force", "--json")
    output = json.loads(ended.stdout)
    assert output["settings"] == NAME
    assert output["sites"]["ledger"]["read"] == 12
    assert output["sites"]["countries"]["US"] == 3


def test_init_executes_nothing_and_escapes_what_would_steer_a_terminal(project: Path) -> None:
    """Headers and cells of the input are shown as they are, in escapes."""
    sites_file(project, 'lat,lon,"a\x1b[2J\n[x]"\n40,-75,"\x07$(touch pwned)"\n')
    ended = called("init", "sites.csv", "--centers", "network.csv", "--force")
    assert ended.exit_code == 0
    assert "\x1b" not in ended.stdout
    assert "\x07" not in ended.stdout
    assert "a\\x1b[2J\\n[x]" in ended.stdout
    assert called("run").exit_code == 0
    assert not (project / "pwned").exists()
