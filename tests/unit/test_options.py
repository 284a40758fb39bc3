"""Options of commands: how they are collected, and that each reaches the field of its job."""

import inspect
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import click
import pytest
from click.testing import CliRunner

from coverage_analyzer import batch
from coverage_analyzer.batch import _commitments, _geocode
from coverage_analyzer.cli import options
from coverage_analyzer.cli.main import program
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.run_folder.hold import RejectLimit

MOST_PARAMETERS = 8

SITES = [
    *("--column", "name=Kunde", "--delimiter", "\\t", "--decimal", ",", "--encoding", "cp1252"),
    *("--dms", "--sheet", "S", "--wrap-longitude", "--date-format", "%d.%m.%Y"),
]
OF_SITES = {
    "columns": {"name": "Kunde"},
    "dialect": Dialect(
        delimiter="\t",
        decimal=",",
        encoding="cp1252",
        dms=True,
        sheet="S",
        wrap_longitude=True,
        date_format="%d.%m.%Y",
    ),
}
CENTERS = [
    *("--centers", "c.csv", "--center-column", "name=Lager", "--center-delimiter", ";"),
    *("--center-decimal", ",", "--center-encoding", "latin-1", "--center-sheet", "L"),
]
OF_CENTERS = {
    "center_columns": {"name": "Lager"},
    "center_dialect": Dialect(delimiter=";", decimal=",", encoding="latin-1", sheet="L"),
}
RULES = ["--policy", "p.toml", "--as-of", "2026-12-01"]
OF_RULES = {"policy": "p.toml", "as_of": "2026-12-01"}
CASES: dict[str, tuple[Any, str, list[str], dict[str, Any], dict[str, Any]]] = {
    "run": (
        batch,
        "run",
        [
            *("s.csv", "-o", "out", *RULES, *SITES, *CENTERS, "--format", "parquet"),
            *("--table", "sqlite:///x?table=t", "--products", "p.csv", "--trust-declared"),
            *("--no-areas", "--no-map", "--on-duplicate", "first", "--raw-text", "--excel"),
            *("--max-rejects", "7", "--map-columns", "a,b", "--threads", "3"),
        ],
        OF_RULES,
        OF_SITES
        | OF_CENTERS
        | {"map_columns": "a,b"}
        | {"format": "parquet", "table": "sqlite:///x?table=t", "products": "p.csv"}
        | {"trust_declared": True, "areas": False, "map": False, "on_duplicate": "first"}
        | {"raw_text": True, "excel": True, "max_rejects": RejectLimit.parse("7")}
        | {"threads": 3},
    ),
    "check": (
        batch,
        "check",
        [
            *("s.csv", *RULES[:2], *SITES, "--trust-declared", "--raw-text", "--excel"),
            *("--rejects", "r.csv"),
        ],
        {"policy": "p.toml", "rejects": "r.csv", "centers": None},
        OF_SITES | {"trust_declared": True, "raw_text": True, "excel": True},
    ),
    "timeline": (
        batch,
        "timeline",
        [
            *("s.csv", "-o", "o.csv", "--from", "2026-12-01", "--to", "2027-12-31", *RULES[:2]),
            *(*SITES, *CENTERS, "--products", "p.csv", "--trust-declared", "--raw-text"),
        ],
        {"policy": "p.toml", "days": ("2026-12-01", "2027-12-31")},
        OF_SITES | OF_CENTERS | {"products": "p.csv", "trust_declared": True, "raw_text": True},
    ),
    "letter": (
        batch,
        "site_letter",
        [
            *("s.csv", "--site", "A", "-o", "o.html", *RULES, *SITES, *CENTERS),
            *("--products", "p.csv", "--product", "X", "--trust-declared"),
        ],
        OF_RULES,
        OF_SITES | OF_CENTERS | {"products": "p.csv", "product": "X", "trust_declared": True},
    ),
    "commitments": (
        _commitments,
        "answer_requests",
        [
            *("r.csv", "--sites", "s.csv", "-o", "o.csv", *RULES, *SITES, *CENTERS),
            *("--rejects", "x.csv", "--moment-format", "%d.%m.%Y %H:%M", "--raw-text"),
            *("--request-column", "request_id=Nr", "--products", "p.csv", "--trust-declared"),
        ],
        {"policy": "p.toml"},
        OF_SITES
        | OF_CENTERS
        | {"rejects": "x.csv", "as_of": "2026-12-01", "moment_format": "%d.%m.%Y %H:%M"}
        | {"request_columns": {"request_id": "Nr"}, "products": "p.csv"}
        | {"trust_declared": True, "raw_text": True},
    ),
    "geocode": (
        _geocode,
        "geocode",
        [
            *("a.csv", "-o", "o.csv", "--offline", *SITES, "--accuracy", "city=15000"),
            *("--rejects", "x.csv", "--raw-text"),
        ],
        {},
        OF_SITES | {"accuracy_m": {"city": 15000.0}, "rejects": "x.csv", "raw_text": True},
    ),
}
"""For each command the job that it calls, by module and name; options; what the job is to get."""


class CalledError(Exception):
    """The job was called."""


@pytest.mark.parametrize("command", CASES)
def test_each_option_reaches_its_field(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Given on the command line, each option of a job is the field of that name."""
    module, job, arguments, keywords, expected = CASES[command]
    calls: list[dict[str, Any]] = []

    def called(*_arguments: Any, **options: Any) -> NoReturn:
        calls.append(options)
        raise CalledError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, job, called)
    ended = CliRunner().invoke(program, [command, *arguments])
    assert isinstance(ended.exception, CalledError), ended.output
    (given,) = calls
    chosen = given.pop("options")
    assert given == keywords
    usual = type(chosen)()
    plain = {f.name for f in fields(chosen)} - {"progress", "warn"}
    assert {name: getattr(chosen, name) for name in expected} == expected
    assert all(getattr(chosen, name) != getattr(usual, name) for name in expected)
    assert all(getattr(chosen, n) == getattr(usual, n) for n in plain - set(expected))


@pytest.mark.parametrize(
    "command", program.commands.values(), ids=lambda command: str(command.name)
)
def test_functions_of_commands_take_few_parameters(command: click.Command) -> None:
    """Options that belong together come as one value."""
    assert command.callback is not None
    parameters = inspect.signature(inspect.unwrap(command.callback)).parameters
    assert len(parameters) <= MOST_PARAMETERS


@pytest.mark.parametrize(
    "command", program.commands.values(), ids=lambda command: str(command.name)
)
def test_verbose_is_the_last_option_of_each_command(command: click.Command) -> None:
    """One place adds it."""
    assert [option.name for option in command.params if option.name == "verbose"] == ["verbose"]
    assert command.params[-1].name == "verbose"


def test_bundles_keep_the_order_of_options_and_collect_what_stands_above() -> None:
    """A value takes options that it declares, others by their names, and other values."""

    @dataclass(frozen=True)
    class Place:
        north: int
        name: str

    @dataclass(frozen=True)
    class Journey:
        place: Place
        days: int

    @click.command()
    @click.option("--days", "how_long", type=int, default=1)
    @options.collected(
        "place", Place, click.option("--north", type=int, default=2), click.option("--name")
    )
    @click.option("--last", default="x")
    @options.collected("journey", Journey, days="how_long")
    def travel(journey: Journey, **others: Any) -> None:
        click.echo(f"{journey.place.north} {journey.place.name} {journey.days} {others}")

    assert [option.name for option in travel.params] == ["how_long", "north", "name", "last"]
    ended = CliRunner().invoke(travel, ["--name", "Oslo", "--days", "3"])
    assert ended.output == "2 Oslo 3 {'last': 'x'}\n"
