"""The command line: exit codes, what goes to which stream, and no traceback for a slip."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from click.testing import CliRunner
from running import READ, cells, centers_file, contents, judged, part_of, sites_file

from coverage_analyzer import batch
from coverage_analyzer.cli import main
from coverage_analyzer.cli.options import DEFAULT_POLICY
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.policy import DEFAULT, Policy

LEDGER = re.compile(r"read (\d+) = decided (\d+) \+ rejected (\d+) \+ blank (\d+)")


class Ended(NamedTuple):
    """How a call of the program ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Return a way to call the program in this process, as the console script does."""
    before = signal.getsignal(signal.SIGTERM)

    def called(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["coverage-analyzer", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main.main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        code = left.value.code
        return Ended(code if isinstance(code, int) else int(code is not None), *captured)

    yield called
    signal.signal(signal.SIGTERM, before)


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with arguments, warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | environment,
        timeout=60,
    )


def run_arguments(folder: Path, *more: str) -> list[str | Path]:
    """Return the arguments of a small run."""
    sites, centers = sites_file(folder), centers_file(folder)
    files: list[str | Path] = [sites, "--centers", centers, "-o", folder / "out"]
    return ["run", *files, "--as-of", "2026-12-01", *more]


def test_run_publishes_and_ends_with_the_ledger(tmp_path: Path, call: Call) -> None:
    """Exit 0; nothing on standard output; the last line on standard error is the ledger."""
    ended = call(*run_arguments(tmp_path))
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.splitlines()[-1] == f"read {READ} = decided 9 + rejected 2 + blank 1"
    assert ended.err.endswith("\n")
    assert len(cells(tmp_path / "out" / "report.csv")) == 10


def test_run_gives_what_the_library_gives(tmp_path: Path, call: Call) -> None:
    """A verb is a thin face: its files are those of `batch.run`."""
    call(*run_arguments(tmp_path))
    first = contents(tmp_path / "out")
    judged(tmp_path)
    assert contents(tmp_path / "out") == first


def test_run_tells_where_to_look(tmp_path: Path, call: Call) -> None:
    """What came out, where the files are, and that rows were rejected."""
    err = call(*run_arguments(tmp_path)).err
    for part in ("4 of 6 centers open", "Gold Plus", "report.csv", "summary.csv", "rejects.csv"):
        assert part in err


def test_run_tells_of_renamed_columns(tmp_path: Path, call: Call) -> None:
    """An old verdict column under a new name is no secret."""
    sites = sites_file(tmp_path, "level,lat,lon\nx,40,-75\n")
    ended = call("run", sites, "--centers", centers_file(tmp_path), "-o", tmp_path / "out")
    assert "'input_level'" in ended.err
    assert LEDGER.fullmatch(ended.err.splitlines()[-1])


def test_run_json_is_the_manifest(tmp_path: Path, call: Call) -> None:
    """``--json`` puts ``run.json`` on standard output and nothing else."""
    ended = call(*run_arguments(tmp_path, "--json"))
    assert json.loads(ended.out) == json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert LEDGER.fullmatch(ended.err.splitlines()[-1])


def test_run_with_more_rejects_than_allowed(tmp_path: Path, call: Call) -> None:
    """Exit 1 says that the report is there, but too many rows are not in it."""
    assert call(*run_arguments(tmp_path, "--max-rejects", "2")).code == 0
    ended = call(*run_arguments(tmp_path, "--max-rejects", "1"))
    assert ended.code == 1
    assert LEDGER.fullmatch(ended.err.splitlines()[-1])
    assert (tmp_path / "out" / "report.csv").is_file()


def test_run_with_columns_and_format(tmp_path: Path, call: Call) -> None:
    """Columns of sites and centers can be named; the report can be Parquet."""
    sites = sites_file(tmp_path, "Breite,lon\n40,-75\n")
    centers = centers_file(tmp_path, "Kennung,lat,lon\nPHL,39.95,-75.16\n")
    ended = call(
        *("run", sites, "--centers", centers, "-o", tmp_path / "out", "--format", "parquet"),
        *("--column", "latitude=Breite", "--center-column", "center_id=Kennung"),
    )
    assert ended.code == 0
    assert (tmp_path / "out" / "report.parquet").is_file()


MISTAKES = {
    "no verb": [],
    "no such verb": ["rnu"],
    "no such option": ["run", "SITES", "--centre", "CENTERS"],
    "no centers": ["run", "SITES", "-o", "OUT"],
    "no output": ["run", "SITES", "--centers", "CENTERS"],
    "no such file": ["run", "nowhere.csv", "--centers", "CENTERS", "-o", "OUT"],
    "no such centers": ["run", "SITES", "--centers", "nowhere.csv", "-o", "OUT"],
    "no such policy": ["run", "SITES", "--centers", "CENTERS", "-o", "OUT", "--policy", "nil"],
    "no such day": ["run", "SITES", "--centers", "CENTERS", "-o", "OUT", "--as-of", "2026-02-30"],
    "no such format": ["run", "SITES", "--centers", "CENTERS", "-o", "OUT", "--format", "xls"],
    "no such column": ["run", "SITES", "--centers", "CENTERS", "-o", "OUT", "--column", "a=b"],
    "half a column": ["run", "SITES", "--centers", "CENTERS", "-o", "OUT", "--column", "latitude"],
    "files swapped": ["run", "CENTERS", "--centers", "SITES", "-o", "OUT"],
    "long name": ["run", "x" * 300, "--centers", "CENTERS", "-o", "OUT"],
    "latitude 95": ["explain", "95", "0", "--centers", "CENTERS"],
    "longitude 200": ["explain", "5", "200", "--centers", "CENTERS"],
    "latitude nan": ["explain", "nan", "0", "--centers", "CENTERS"],
    "latitude in words": ["explain", "north", "0", "--centers", "CENTERS"],
    "one number": ["explain", "-33.8", "--centers", "CENTERS"],
    "unknown built-in": ["policies", "nil"],
    "no such site": ["letter", "SITES", "--site", "9", "--centers", "CENTERS", "-o", "OUT"],
    "letter over its sites": [
        *("letter", "SITES", "--site", "2", "--centers", "CENTERS", "-o", "SITES"),
    ],
    "two files": ["policies", "priority", "extended-support", "--toml"],
}


@pytest.mark.parametrize("arguments", MISTAKES.values(), ids=MISTAKES)
def test_a_slip_ends_with_two_and_words(tmp_path: Path, call: Call, arguments: list[str]) -> None:
    """Input or usage: exit 2, the reason on standard error, no traceback, nothing made."""
    text = "center_id,lat,lon,country\nPHL,39.95,-75.16,US\n"
    files = {
        "SITES": str(sites_file(tmp_path, "lat,lon\n40,-75\n")),
        "CENTERS": str(centers_file(tmp_path, text)),
        "OUT": str(tmp_path / "out"),
    }
    ended = call(*(files.get(a, a) for a in arguments))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.strip()
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file(tmp_path: Path, call: Call) -> None:
    """Exit 74: could not write."""
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    ended = call("run", sites, "--centers", centers, "-o", sites)
    assert (ended.code, ended.out) == (74, "")
    assert "is a file" in ended.err


def test_a_folder_that_another_run_holds(tmp_path: Path, call: Call) -> None:
    """Exit 75: another run holds the folder."""
    with Publication(tmp_path / "out"):
        ended = call(*run_arguments(tmp_path))
    assert (ended.code, ended.out) == (75, "")
    assert "Another run" in ended.err


def test_control_characters_in_messages_are_made_visible(tmp_path: Path, call: Call) -> None:
    """A header or file name with an escape sequence must not steer the terminal."""
    evil = "\x1b[31m\x07\u202e"
    sites = sites_file(tmp_path, f"{evil}id,lat\n1,2\n")
    ended = call("run", sites, "--centers", centers_file(tmp_path), "-o", tmp_path / "out")
    assert ended.code == 2
    named = call("run", evil, "--centers", evil, "-o", evil)
    verb = call(evil)
    for text in (ended.err, named.err, verb.err):
        assert not set(evil[:1] + "\x07\u202e") & set(text)


def test_control_characters_in_what_a_run_tells_are_made_visible(
    tmp_path: Path, call: Call
) -> None:
    """Also where all went well: the folder's name, and the title of a policy."""
    sites, centers = sites_file(tmp_path, "lat,lon\n40,-75\n"), centers_file(tmp_path)
    ended = call("run", sites, "--centers", centers, "-o", tmp_path / "a\x07b")
    assert ended.code == 0
    assert "\x07" not in ended.err


def test_explain_takes_negative_numbers_as_typed(tmp_path: Path, call: Call) -> None:
    """``explain -33.8688 151.2093`` needs no ``--``, wherever options stand."""
    centers = centers_file(tmp_path)
    words = call("explain", "-22.57", "17.09", "--country", "NA", "--centers", centers)
    assert words.code == 0
    assert words.out.startswith("Gold Plus (qualified)")
    assert "WDH (Windhoek), NA" in words.out
    turned = call("explain", "--centers", centers, "--country", "NA", "-22.57", "17.09")
    assert turned.out == words.out
    south_west = call("explain", "--centers", centers, "-.5", "-75.5", "--json")
    assert json.loads(south_west.out)["longitude"] == -75.5


def test_explain_says_what_decided(tmp_path: Path, call: Call) -> None:
    """The nearest center across the border is named, with why it may not serve."""
    ended = call(
        "explain", "47.593", "7.611", "--country", "DE", "--centers", centers_file(tmp_path)
    )
    assert "Gold (fallback)" in ended.out
    assert "BSL (Basel), CH" in ended.out
    assert "in another country" in ended.out
    assert ended.err == "Policy: appliance-maintenance, the default.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["-22.57", "17.09", "--country", "NA"],
        ["40", "-75", "--country", "Atlantis"],
        ["0", "0"],
        ["43.6", "-116.2", "--as-of", "2026-12-01"],
        ["40", "-75", "--accuracy-m", "50", "--policy", "hp-call-to-repair"],
    ],
)
def test_explain_json_is_json(tmp_path: Path, call: Call, arguments: list[str]) -> None:
    """RFC 8259 has no NaN: other programs must be able to read every story."""

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is not JSON")

    ended = call("explain", *arguments, "--centers", centers_file(tmp_path), "--json")
    story = json.loads(ended.out, parse_constant=refuse)
    assert {"level", "status", "reason", "center", "clauses", "source"} <= set(story)


def test_explain_prints_no_nan(tmp_path: Path, call: Call) -> None:
    """``nan miles within the limit`` is no sentence."""
    for point in (("0", "0"), ("40", "-75")):
        ended = call(
            "explain", *point, "--country", "Atlantis", "--centers", centers_file(tmp_path)
        )
        assert not re.search(r"\bnan\b", ended.out)


def test_policies_lists_shows_and_hashes(call: Call) -> None:
    """All of them in words, one of them, and as JSON with the hash."""
    listed = call("policies")
    assert listed.code == 0
    assert "appliance-maintenance:" in listed.out
    assert "hp-call-to-repair:" in listed.out
    shown = call("policies", "hp-call-to-repair")
    assert "appliance-maintenance" not in shown.out
    data = json.loads(call("policies", "appliance-maintenance", "--json").out)
    assert len(data["appliance-maintenance"]["sha256"]) == 64
    assert list(json.loads(call("policies", "--json").out)) == [
        *Policy.builtin_names(),
        "extended-support",
        "priority",
        "technical-relationship-management",
    ]


def test_policies_shows_programmes_too(call: Call) -> None:
    """``show NAME`` is ``NAME``; clauses are told where one is named, also of a programme."""
    listed = call("policies").out
    assert "extended-support: Citrix Extended Support" in listed
    assert "  clause " not in listed
    shown = call("policies", "show", "extended-support")
    assert shown == call("policies", "extended-support")
    assert "  clause    base-support: " in shown.out
    assert "  covers    XenServer 7.1 LTSR" in shown.out
    assert "clause" in call("policies", "show").out
    toml = call("policies", "priority", "--toml").out
    assert 'name = "priority"' in toml
    assert call("policies", "show", "priority", "--toml").out == toml


def test_policies_compares(call: Call) -> None:
    """A table in text, Markdown or HTML, of one or several; any form asks for the table."""
    text = call("policies", "compare", "priority").out
    assert "under 15 minutes" in text
    assert "delivered within 4 hours" in call("policies", "compare").out
    markdown = call("policies", "compare", "priority", "--format", "markdown").out
    assert markdown.startswith("## Citrix Customer Success Services")
    assert call("policies", "priority", "--format", "markdown").out == markdown
    both = call("policies", "compare", "priority", "extended-support", "--format", "html").out
    assert both.startswith("<!DOCTYPE html>")
    assert both.count("<table") == 2


def test_policies_takes_options_before_and_behind_commands_and_names(call: Call) -> None:
    """A name alone is shown; ``--`` begins names that look like options."""
    shown = call("policies", "show", "priority", "--json")
    assert shown.code == 0
    for arguments in (
        ("--json", "priority"),
        ("--json", "show", "priority"),
        ("show", "--json", "priority"),
        ("priority", "--json"),
        ("--json", "--", "show", "priority"),
        ("compare", "priority", "--json"),
    ):
        assert call("policies", *arguments) == shown
    both = ("appliance-maintenance", "hp-call-to-repair")
    compared = call("policies", "compare", *both, "--format", "html")
    assert call("policies", "--format=html", "compare", *both) == compared
    assert call("policies", "--format", "html", *both) == compared
    assert call("policies", "--toml", "show", "priority") == call("policies", "priority", "--toml")
    for arguments in (("--", "-x"), ("--", "show", "-x"), ("show", "--", "--toml")):
        refused = call("policies", *arguments)
        assert (refused.code, refused.out) == (2, "")
        assert arguments[-1] in refused.err
        assert "option" not in refused.err


def test_policies_list_is_policies(call: Call) -> None:
    """It takes no names; each of the commands has the help of all."""
    assert call("policies", "list") == call("policies")
    assert call("policies", "list", "--json") == call("policies", "--json")
    assert call("policies", "list", "--toml") == call("policies", "--toml")
    refused = call("policies", "list", "priority")
    assert (refused.code, refused.out) == (2, "")
    for command in ("list", "show", "compare"):
        assert call("policies", command, "--help") == call("policies", "--help")


def test_entitlements_of_a_customer_in_a_file(tmp_path: Path, call: Call) -> None:
    """Facts come as TOML, days as days; without a file nothing is known."""
    facts = tmp_path / "acme.toml"
    facts.write_text("success_services = 2026-11-30\n[base_support]\nXenApp = true\n", "utf-8")
    words = ("entitlements", "--product", "XenApp", "--version", "6.5", "--as-of", "2026-12-01")
    process = call(*words, "--customer", facts)
    assert process.code == 0
    assert "Extended Support: does not apply" in process.out
    assert "missing     a current Customer Success Services subscription" in process.out
    data = json.loads(call(*words, "--country", "JP", "--json").out)
    assert data["country"] == "JP"
    assert [o["answer"] for o in data["offers"]][:2] == ["unknown", "unknown"]
    facts.write_text("success_services: yes", "utf-8")
    for path, problem in ((facts, "is not valid TOML"), (tmp_path / "no.toml", "Cannot read")):
        broken = call(*words, "--customer", path)
        assert (broken.code, broken.out) == (2, "")
        assert problem in broken.err


@pytest.mark.parametrize(
    "verb",
    [[], ["run"], ["explain"], ["policies"], ["entitlements"], ["letter"]],
    ids="-".join,
)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_every_verb_has_an_example(call: Call, verb: list[str], option: str) -> None:
    """Help goes to standard output, exit 0, and shows a call that can be copied."""
    ended = call(*verb, option)
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: " in ended.out
    assert re.search(r"Examples?:", ended.out)
    assert f"coverage-analyzer {verb[0] if verb else 'run'}" in ended.out


def test_version(call: Call) -> None:
    """The version is that of the installed package."""
    ended = call("--version")
    assert (
        ended.out.strip() == f"coverage-analyzer, version {metadata.version('coverage-analyzer')}"
    )


def test_python_m(tmp_path: Path) -> None:
    """``python -m coverage_analyzer`` is the same program, clean with warnings as errors."""
    ended = python("-m", "coverage_analyzer", *map(str, run_arguments(tmp_path)))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert LEDGER.fullmatch(ended.stderr.splitlines()[-1])


def test_a_row_in_another_encoding_shows_no_traceback(tmp_path: Path) -> None:
    """Libraries that print what they cannot raise must not print it at the user."""
    sites = sites_file(tmp_path, b"id,lat,lon\n1,40,-75\n2,\xfc\n")
    centers = centers_file(tmp_path)
    arguments = ("run", str(sites), "--centers", str(centers), "-o", str(tmp_path / "out"))
    ended = python("-m", "coverage_analyzer", *arguments)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    assert ended.stderr.splitlines()[-1] == "read 2 = decided 1 + rejected 1 + blank 0"


def test_shell_completion() -> None:
    """The line in the help gives a script for bash."""
    script = Path(sys.executable).with_name("coverage-analyzer")
    if not script.is_file():
        pytest.skip(f"the console script is not beside {sys.executable}")
    ended = subprocess.run(
        [script],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=os.environ | {"_COVERAGE_ANALYZER_COMPLETE": "bash_source"},
        timeout=60,
    )
    assert ended.returncode == 0
    assert "complete" in ended.stdout
    assert "coverage-analyzer" in ended.stdout


def test_shells_complete_the_commands_of_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are no longer words like any other."""
    for name, value in {
        "_COVERAGE_ANALYZER_COMPLETE": "bash_complete",
        "COMP_WORDS": "coverage-analyzer policies ",
        "COMP_CWORD": "2",
    }.items():
        monkeypatch.setenv(name, value)
    ended = CliRunner().invoke(main.program, prog_name="coverage-analyzer")
    assert ended.output.split() == [
        *("plain,check", "plain,compare", "plain,list", "plain,new", "plain,schema", "plain,show"),
    ]


IMPORTS = """
import sys
sys.argv = ["coverage-analyzer", *{arguments!r}]
from coverage_analyzer.cli.main import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print("\\nLOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(arguments: list[Any]) -> set[str]:
    """Return the top modules that a call of the program imports."""
    ended = python("-c", IMPORTS.format(arguments=[str(a) for a in arguments]))
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]], ids=" ".join)
def test_start_up_needs_no_heavy_library(arguments: list[str]) -> None:
    """Help must not wait for arrays, tables, maps or models."""
    heavy = {"numpy", "pyarrow", "pandas", "geopandas", "shapely", "pyproj", "pydantic"}
    assert not loaded(arguments) & heavy


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_a_run_needs_no_data_frames(tmp_path: Path, kind: str) -> None:
    """The batch path takes seconds less without pandas and geopandas."""
    result = loaded(run_arguments(tmp_path, "--format", kind))
    assert "pyarrow" in result
    assert not result & {"pandas", "geopandas", "folium"}


SLOW = """
import signal, sys
from coverage_analyzer.files.readers import delimited
from coverage_analyzer.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
delimited.BLOCK_BYTES = 64
main()
"""
"""The program, reading so little at once that a run takes much longer than a signal does."""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_leaves_the_old_report(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    """A signal in the middle of the rows: the old folder stands byte for byte, without litter."""
    judged(tmp_path)
    out = tmp_path / "out"
    first = contents(out)
    sites = sites_file(tmp_path, "lat,lon\n" + "40.000000,-75.000000\n" * 200_000, "many.csv")
    centers = centers_file(tmp_path)
    command = ["run", str(sites), "--centers", str(centers), "-o", str(out)]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *command], stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            until = time.monotonic() + 50
            while part_of(out, "report.csv") is None:
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < until
                time.sleep(0.01)
            process.send_signal(sent)
            _, err = process.communicate(timeout=50)
        finally:
            process.kill()
    assert process.returncode == code
    assert "Traceback" not in err
    assert contents(out) == first


def test_check_reports_on_standard_output(tmp_path: Path, call: Call) -> None:
    """Exit 1 for rejects; what was found is data, the ledger is talk."""
    ended = call("check", sites_file(tmp_path))
    assert ended.code == 1
    assert "sites with a usable country: 77.78%" in ended.out
    assert "coordinate_out_of_range" in ended.out
    assert ended.err.splitlines()[-1] == f"read {READ} = decided 9 + rejected 2 + blank 1"


def test_check_ends_well_where_rejects_are_allowed(tmp_path: Path, call: Call) -> None:
    """``--max-rejects`` is the limit, which may be reached."""
    assert call("check", sites_file(tmp_path), "--max-rejects", "2").code == 0
    assert call("check", sites_file(tmp_path), "--max-rejects", "1").code == 1


def test_check_speaks_json(tmp_path: Path, call: Call) -> None:
    """Machines get the findings of the function."""
    ended = call("check", sites_file(tmp_path), "--json", "--quiet")
    assert json.loads(ended.out)["ledger"]["rejected"] == 2


def test_check_of_no_file_is_an_input_error(tmp_path: Path, call: Call) -> None:
    """Exit 2, in words."""
    ended = call("check", tmp_path / "none.csv")
    assert ended.code == 2
    assert "none.csv" in ended.err


def test_check_that_cannot_write_its_rejects(tmp_path: Path, call: Call) -> None:
    """Exit 74, in words."""
    ended = call("check", sites_file(tmp_path), "--rejects", tmp_path / "no" / "rejects.csv")
    assert ended.code == 74
    assert "rejects.csv" in ended.err


def test_quiet_leaves_warnings_and_the_ledger(tmp_path: Path, call: Call) -> None:
    """What needs no attention is not said."""
    ended = call(*run_arguments(tmp_path, "--quiet"))
    lines = ended.err.splitlines()
    assert lines[0].startswith("Rejected 2 rows")
    assert lines[-1].startswith("read ")
    assert "within_radius" not in ended.err


def test_verbose_tells_by_module(tmp_path: Path) -> None:
    """Each line names the module that speaks and the time since the start."""
    arguments = map(str, run_arguments(tmp_path, "--verbose"))
    ended = python("-m", "coverage_analyzer", *arguments)
    assert ended.returncode == 0
    assert re.search(r"ms  coverage_analyzer\.batch\._run: .*columns", ended.stderr)
    absent = r"not checked \(columns missing from .*\): component, product, registered_on"
    assert re.search(rf"ms  coverage_analyzer\.batch\.stream: {absent}", ended.stderr)


def test_two_tables_cannot_come_from_standard_input(tmp_path: Path, call: Call) -> None:
    """One stream holds one table."""
    ended = call("run", "-", "--centers", "-", "-o", tmp_path / "out")
    assert ended.code == 2
    assert "cannot both come from standard input" in ended.err


@pytest.mark.parametrize("option", [[], ["--dms"], ["--decimal", ","], ["--decimal", "."]])
@pytest.mark.parametrize(
    "cell", ['"40\u00b00\'0""N","75\u00b00\'0""W"', '"40,0","-75,0"', '40.0,"75,0 W"']
)
def test_every_notation_is_read_with_and_without_options(
    tmp_path: Path, call: Call, cell: str, option: list[str]
) -> None:
    """Options that were needed once are accepted, and change nothing."""
    sites = sites_file(tmp_path, f"latitude,longitude,country\n{cell},US\n")
    arguments = ["run", sites, "--centers", centers_file(tmp_path), "-o", tmp_path / "out"]
    assert call(*arguments, "--max-rejects", "0", "--no-map", "--no-areas", *option).code == 0
    assert cells(tmp_path / "out" / "report.csv")[1][3:5] == ["Gold Plus", "qualified"]


@pytest.mark.parametrize(("cell", "option"), [("40,285", "--wrap-longitude")])
def test_other_notations_are_read_on_request(
    tmp_path: Path, call: Call, cell: str, option: str
) -> None:
    """Longitudes from 0 to 360 give the same verdict as plain ones."""
    sites = sites_file(tmp_path, f"latitude,longitude,country\n{cell},US\n")
    arguments = ["run", sites, "--centers", centers_file(tmp_path), "-o", tmp_path / "out"]
    assert call(*arguments, "--max-rejects", "0").code == 1
    assert call(*arguments, "--max-rejects", "0", option).code == 0
    assert cells(tmp_path / "out" / "report.csv")[1][3:5] == ["Gold Plus", "qualified"]


def test_a_line_feed_in_the_input_forges_no_line(tmp_path: Path, call: Call) -> None:
    """Only the program's own lines begin at the left margin: the ledger is nobody else's."""
    forged = "read 9 = decided 9 + rejected 0 + blank 0"
    sites, centers = sites_file(tmp_path, "lat,lon\n40,-75\n"), centers_file(tmp_path)
    for folder in (tmp_path / f"a\n{forged}", tmp_path / f"a\r{forged}"):
        ended = call("run", sites, "--centers", centers, "-o", folder)
        assert ended.code == 0
        assert [line for line in re.split("[\r\n]", ended.err) if line.startswith("read")] == [
            "read 1 = decided 1 + rejected 0 + blank 0"
        ]
    lost = call("run", f"x\n{forged}", "--centers", centers, "-o", tmp_path / "b")
    assert lost.code == 2
    assert not re.search("^read", lost.err, re.MULTILINE)


def test_the_default_policy_of_the_program_is_the_librarys() -> None:
    """The name appears twice, since help must not import the models of policies."""
    assert DEFAULT_POLICY == DEFAULT


def test_too_little_memory_shows_no_traceback(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrow's error of that kind is one, too."""

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise pa.ArrowMemoryError

    monkeypatch.setattr(batch, "run", fail)
    ended = call(*run_arguments(tmp_path))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "Not enough memory" in ended.err


@pytest.mark.parametrize("name", sorted(main.program.commands))
def test_each_command_has_the_common_options(name: str) -> None:
    """Quiet, log format and verbose are there for every job of the night."""
    options = {text for each in main.program.commands[name].params for text in each.opts}
    assert {"--quiet", "--log-format", "--verbose", "--json"} <= options


def test_messages_as_json(tmp_path: Path, call: Call) -> None:
    """Each message is one object with time, level and text; the last one is the ledger."""
    ended = call(*run_arguments(tmp_path, "--log-format", "json", "--verbose"))
    records = [json.loads(line) for line in ended.err.splitlines()]
    assert {tuple(record) for record in records} == {("time", "level", "message")}
    assert records[-1]["message"].startswith("read ")
    assert {record["level"] for record in records} <= {"info", "warning"}
    failed = call("run", "no-such-file.csv", "--log-format", "json")
    assert json.loads(failed.err.splitlines()[-1])["level"] == "error"


def test_a_run_that_replaces_nothing_is_an_error_in_the_log(tmp_path: Path, call: Call) -> None:
    """Whoever watches the log for errors sees it; the exit code is 1."""
    folder = tmp_path / "out"
    assert call(*run_arguments(tmp_path)).code == 0
    for arguments, begin in (
        (run_arguments(tmp_path, "--hold-if", "decided >= 0"), "Report not replaced: "),
        (["compare", folder, folder, "--fail-if", "lost == 0"], "Failed: "),
    ):
        ended = call(*arguments, "--log-format", "json", "--quiet")
        records = [json.loads(line) for line in ended.err.splitlines()]
        (error,) = (record for record in records if record["level"] == "error")
        assert (ended.code, error["message"].startswith(begin)) == (1, True)


def test_quiet_leaves_the_result(tmp_path: Path, call: Call) -> None:
    """A command that only says what it wrote says nothing."""
    centers = centers_file(tmp_path)
    ended = call("areas", centers, "-o", tmp_path / "areas.geojson", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
