"""A nightly job with rules: what stands in the folder after a good, a bad and a good night."""

import json
import sqlite3
import warnings
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import pandas as pd
import pytest
from click.testing import CliRunner
from running import AS_OF, CENTERS, centers_file, contents, manifest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._init import HOLD_IF
from coverage_analyzer.cli.main import CODES, program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder.metrics import PREFIX, TEXTS

HEADER: Final = "site_id,country,latitude,longitude\n"
LEAN: Final = ("--no-map", "--no-areas", "--as-of", AS_OF)


def sites(number: int) -> str:
    """Return sites near a center."""
    return HEADER + "".join(f"G{n},US,{40 + n / 1000:.3f},-75.1\n" for n in range(number))


class Ended(NamedTuple):
    """How the program ended: its exit code, and what it printed or would print."""

    exit_code: int
    output: str


def ended(*arguments: str) -> Ended:
    """Call the program in this process."""
    result = CliRunner().invoke(program, list(arguments), standalone_mode=False)
    error = result.exception
    if error is None:
        return Ended(int(result.return_value or 0), result.output)
    codes = [*CODES, (click.UsageError, 2)]
    code = next((code for kind, code in codes if isinstance(error, kind)), 70)
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    return Ended(code, result.output + text)


def called(folder: Path, *more: str, text: str = "") -> Ended:
    """Run the program over sites, with a settings file if there is one."""
    path, centers = folder / "sites.csv", folder / "network.csv"
    if text:
        path.write_text(text, encoding="utf-8")
    if not centers.exists():
        centers_file(folder)
    arguments = ["run", str(path), "--centers", str(centers), "-o", str(folder / "out")]
    return ended(*arguments, *LEAN, *more)


def rules(*texts: str) -> list[str]:
    """Return rules as options."""
    return [part for text in texts for part in ("--hold-if", text)]


def test_good_bad_good_again(tmp_path: Path) -> None:
    """A truncated file does not replace the report; the next good file does, and tidies up."""
    out, held, metrics = tmp_path / "out", tmp_path / "out.held", tmp_path / "m.prom"
    options = (*rules(*HOLD_IF, "lost > 0"), "--metrics", str(metrics))
    first = called(tmp_path, *options, text=sites(200))
    assert first.exit_code == 0, first.output
    assert "There is no previous report: 7 rules were not checked" in first.output
    good, success = contents(out), times(metrics)
    assert not held.exists()
    assert value(metrics, "held") == 0

    whole = sites(200)
    bad = called(tmp_path, *options, text=whole[: len(whole) * 2 // 3])
    assert bad.exit_code == 1
    assert "rows that are not empty: 135, before 200; rule: rows_fall > 10%" in bad.output
    assert "--hold-if none" in bad.output
    assert "--max-rejects" not in bad.output
    assert contents(out) == good
    result = manifest(held)
    assert result["held"] == ["rows that are not empty: 135, before 200; rule: rows_fall > 10%"]
    assert result["hold_if"]["rules"] == [*HOLD_IF, "lost > 0"]
    assert result["ledger"]["decided"] == 134
    assert value(metrics, "held") == 1
    assert times(metrics)[1] == success[1]  # the last success is that of the first night

    again = called(tmp_path, *options, text=sites(205))
    assert again.exit_code == 0, again.output
    assert not held.exists()
    assert manifest(out)["ledger"]["decided"] == 205
    assert manifest(out)["held"] == []
    assert value(metrics, "held") == 0
    assert value(metrics, "changed_sites", 'change="entered"') == 5
    assert times(metrics)[1] > success[1]


def value(path: Path, name: str, label: str = "") -> float:
    """Return a metric."""
    lines = [
        line
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(f"{PREFIX}{name}{{") and label in line
    ]
    assert len(lines) == 1
    return float(lines[0].rpartition(" ")[2])


def times(path: Path) -> tuple[float, float]:
    """Return when the last run ended, and the last one that replaced the report."""
    names = ("last_run_timestamp_seconds", "last_success_timestamp_seconds")
    return value(path, names[0]), value(path, names[1])


def test_metrics_are_prometheus_text(tmp_path: Path) -> None:
    """Each metric has help and type once, before its samples; labels are escaped."""
    folder = tmp_path / 'a"b\\c'
    folder.mkdir()
    path = folder / "m.prom"
    result = called(folder, "--metrics", str(path), text=sites(3) + "B,US,x,y\n")
    assert result.exit_code == 0, result.output
    lines = path.read_text("utf-8").splitlines()
    helped = [line.split()[2].removeprefix(PREFIX) for line in lines if line.startswith("# HELP")]
    assert helped == [name for name in TEXTS if name != "changed_sites"]
    assert [line.split()[2] for line in lines if line.startswith("# TYPE")] == [
        PREFIX + name for name in helped
    ]
    label = str(folder / "out").replace("\\", "\\\\").replace('"', '\\"')
    assert f'{PREFIX}rows{{report="{label}",outcome="rejected"}} 1' in lines
    assert f'{PREFIX}sites{{report="{label}",status="qualified"}} 3' in lines
    assert all(line.startswith(("#", PREFIX)) for line in lines)


def test_a_lost_promise_holds_the_run(tmp_path: Path) -> None:
    """Rows are joined: as many rows, as many centers, but one site has moved out of reach."""
    assert called(tmp_path, text=sites(30)).exit_code == 0
    moved = sites(30).replace("G7,US,40.007,-75.1", "G7,US,45.007,-100.1")
    kept = contents(tmp_path / "out")
    held = called(tmp_path, *rules("lost > 0"), text=moved)
    assert held.exit_code == 1
    assert "sites that lost a promise: 1; rule: lost > 0" in held.output
    assert contents(tmp_path / "out") == kept
    assert called(tmp_path, *rules("lost > 1", "lost[FR] > 0")).exit_code == 0


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "xlsx", "geojson"])
def test_rows_are_joined_in_every_format(tmp_path: Path, kind: str) -> None:
    """A report of one format stands, and one of the same or another follows."""
    first = called(tmp_path, "--format", kind, text=sites(25).replace("G3,", "=G3,"))
    assert first.exit_code == 0, first.output
    same = called(tmp_path, *rules("changed > 0", "left > 0", "entered > 0"), "--format", kind)
    assert same.exit_code == 0, same.output
    text = sites(24).replace("G3,", "=G3,")
    held = called(tmp_path, *rules("left > 0"), text=text)
    assert held.exit_code == 1
    assert "sites of the previous report that are missing: 1; rule: left > 0" in held.output


@pytest.mark.parametrize(
    ("rule", "network", "fires"),
    [
        ("centers_vanished > 0", CENTERS.replace("BGO,", "BG2,"), True),
        ("centers_added > 0", CENTERS.replace("BGO,", "BG2,"), True),
        ("centers_moved > 0", CENTERS.replace("48.8566", "48.9566"), True),
        ("centers_moved > 0", CENTERS.replace("2020-01-01", "2021-01-01"), False),
        ("open_centers_fall > 0", CENTERS.replace("2020-01-01", "2027-01-01"), True),
        ("qualified_fall > 50%", CENTERS.replace("PHL,", "PHL,").replace("-75.16", "-85.16"), True),
        ("policy_changed > 0", CENTERS, False),
    ],
)
def test_a_center_vanished(tmp_path: Path, rule: str, network: str, *, fires: bool) -> None:
    """What changes about the centers is seen without a look at any row."""
    assert called(tmp_path, text=sites(30)).exit_code == 0
    centers_file(tmp_path, network)
    result = called(tmp_path, *rules(rule))
    assert result.exit_code == int(fires), result.output


def test_a_column_vanished(tmp_path: Path) -> None:
    """An export without its country is held, though each row can still be read."""
    assert called(tmp_path, text=sites(30)).exit_code == 0
    lacks = "".join(
        ",".join(cells[:1] + cells[2:]) + "\n"
        for cells in (line.split(",") for line in sites(30).splitlines())
    )
    result = called(tmp_path, *rules("columns_vanished > 0"), text=lacks)
    assert result.exit_code == 1
    assert "columns that the previous run recognised in the sites: 1" in result.output


def test_the_settings_have_rules_and_an_option_replaces_them(tmp_path: Path) -> None:
    """`init` writes sensible ones; `--hold-if none` lets one run pass."""
    (tmp_path / "sites.csv").write_text(sites(40), encoding="utf-8")
    centers_file(tmp_path)
    settings = tmp_path / "coverage-analyzer.toml"
    init = ["init", str(tmp_path / "sites.csv"), "--centers", str(tmp_path / "network.csv")]
    process = ended(*init, "-o", str(settings))
    assert process.exit_code == 0, process.output
    assert ca.Settings.load(settings).thresholds.hold_if == "; ".join(HOLD_IF)
    named = ("--settings", str(settings))
    assert called(tmp_path, *named).exit_code == 0
    assert manifest(tmp_path / "out")["hold_if"]["rules"] == list(HOLD_IF)
    assert called(tmp_path, *named, text=sites(10)).exit_code == 1
    passed = called(tmp_path, *named, "--hold-if", "none")
    assert passed.exit_code == 0, passed.output
    assert manifest(tmp_path / "out")["ledger"]["decided"] == 10
    options = batch.Options(map=False, areas=False, metrics=tmp_path / "m.prom")
    result = ca.run(
        output=tmp_path / "new", settings=ca.Settings.load(settings), as_of=AS_OF, options=options
    )
    assert result["hold_if"]["rules"] == list(HOLD_IF)
    assert (tmp_path / "m.prom").exists()


def test_a_table_is_not_replaced_either(tmp_path: Path) -> None:
    """One mechanism: the rows of a held run are not committed to the database."""
    base = tmp_path / "x.db"
    table = ("--table", f"sqlite:///{base}?table=verdicts")
    assert called(tmp_path, *table, text=sites(30)).exit_code == 0
    assert called(tmp_path, *table, *rules("rows_fall > 10%"), text=sites(3)).exit_code == 1
    assert manifest(tmp_path / "out.held")["table"] is None
    with sqlite3.connect(base) as connection:
        assert connection.execute("select count(*) from verdicts").fetchone() == (30,)
    connection.close()


def test_write_report_is_held_alike(tmp_path: Path) -> None:
    """Verdicts of a notebook are compared with the report in the folder."""
    path, network = tmp_path / "s.csv", centers_file(tmp_path)
    centers = ca.read_centers(network)
    for number, expected in ((30, "out"), (3, "out.held"), (31, "out")):
        path.write_text(sites(number), encoding="utf-8")
        verdicts = ca.assess(ca.read_sites(path), centers, as_of=AS_OF)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            folder = ca.write_report(
                verdicts, tmp_path / "out", centers=centers, hold_if=["rows_fall > 10%"]
            )
        assert folder.name == expected
        assert any("rows_fall" in str(each.message) for each in caught) == (expected == "out.held")
    assert not (tmp_path / "out.held").exists()
    assert manifest(tmp_path / "out")["hold_if"]["rules"] == ["rows_fall > 10%"]
    moved = ca.read_sites(path).assign(latitude=45.0, longitude=-100.0).drop(columns="geometry")
    lost = ca.assess(pd.DataFrame(moved), centers, as_of=AS_OF)
    with pytest.warns(UserWarning, match="sites that lost a promise: 31; rule: lost > 30"):
        ca.write_report(lost, tmp_path / "out", centers=centers, hold_if="lost > 30")
    unnamed = lost.drop(columns="site_id")
    with pytest.raises(InputError, match="site_id"):
        ca.write_report(unnamed, tmp_path / "out", centers=centers, hold_if="lost > 30")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (rules("rows_fal > 10%"), ["unknown quantity 'rows_fal'", "'rows_fall'"]),
        (rules("level[Gold Plos] > 1"), ["no level 'Gold Plos'", "'Gold Plus'"]),
        (["--metrics", "m.csv"], [".prom"]),
    ],
)
def test_bad_rules_write_nothing(tmp_path: Path, more: list[str], words: list[str]) -> None:
    """One clear error, exit 2, and no folder."""
    result = called(tmp_path, *more, text=sites(3))
    assert result.exit_code == 2
    assert all(word in result.output for word in words)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.held").exists()


def test_the_metrics_never_replace_an_input(tmp_path: Path) -> None:
    """A file of sites may be called like that."""
    path = tmp_path / "sites.prom"
    path.write_text(sites(3), encoding="utf-8")
    options = batch.Options(map=False, areas=False, metrics=path)
    with pytest.raises(InputError, match="metrics"):
        batch.run(path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF, options=options)
    assert path.read_text("utf-8") == sites(3)


@pytest.mark.parametrize("name", ["run.json", "summary.csv", "centers.csv"])
def test_a_damaged_report_is_one_clear_error(tmp_path: Path, name: str) -> None:
    """With rules on two runs, a report that cannot be compared is not replaced unseen."""
    assert called(tmp_path, text=sites(30)).exit_code == 0
    path = tmp_path / "out" / name
    damaged: Any = path.read_text("utf-8")
    if name == "run.json":
        data = json.loads(damaged)
        del data["files"]
        path.write_text(json.dumps(data), "utf-8")
    else:
        path.write_text(damaged.replace(",", ";"), "utf-8")
    before = contents(tmp_path / "out")
    result = called(tmp_path, *rules("rows_fall > 10%"))
    assert result.exit_code in {2, 74}, result.output
    assert "Traceback" not in result.output
    assert contents(tmp_path / "out") == before


def test_a_report_of_an_older_version_is_said_not_to_have_the_figures(tmp_path: Path) -> None:
    """A rule that cannot be checked does not fire, and a reader learns that."""
    assert called(tmp_path, text=sites(30)).exit_code == 0
    path = tmp_path / "out" / "run.json"
    data = json.loads(path.read_text("utf-8"))
    del data["ledger"], data["centers"]
    path.write_text(json.dumps(data), "utf-8")
    result = called(tmp_path, *rules("rows_fall > 10%", "centers_vanished > 0"), text=sites(3))
    assert result.exit_code == 0, result.output
    assert "does not have the figures: 1 rule was not checked ('rows_fall > 10%')" in result.output
