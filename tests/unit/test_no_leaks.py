"""No output of a policy has a word of another vendor: its levels, its title, its events, its rules.

Each built-in policy, and one of nobody's, goes through all commands that read a policy. The inputs
have no columns of another vendor's events, so that each such word is the program's own.
"""

import base64
import contextlib
import csv
import io
import os
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from coverage_analyzer.cli import main
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.clock_text import STARTS

INVENTED = """\
format = 2
name = "zephyr"
title = "Zephyr Care"
source = { title = "Zephyr Corp, Care Terms" }

[[levels]]
id = "swift"
title = "Swift Swap"
[levels.replacement]
start = "registered"
label = "ticket creation"
end = "on_site"
amount = 7
unit = "hours"
clause = "swift"

[[levels]]
id = "calm"
title = "Calm Swap"

[qualification]
same_country = true
fallback = "calm"
interim = "calm"
fallback_clause = "calm"

[[bands]]
level = "swift"
countries = ["*"]
up_to_km = 90
clause = "swift"

[clauses]
swift = "Swift Swap: an engineer is on site 7 hours after ticket creation, within 90 km of a base."
calm = "Elsewhere there is Calm Swap."
"""

SITES = """\
site_id,name,country,latitude,longitude,accuracy_m,address,requested_level,component,product
A1,Alpha,US,40.0,-75.0,,1 Main St,,,
B2,Beta,FR,48.85,2.35,50,2 Rue A,,,
C3,Far,US,45.0,-100.0,,,,,
D4,Lost,US,0,0,,,,,
"""

CENTERS = """\
center_id,name,country,latitude,longitude,opens_on
c1,Philadelphia,US,39.95,-75.16,
c2,Paris,FR,48.8566,2.3522,2027-01-01
"""

WORDS = {"SITES": "sites.csv --centers centers.csv", "DAY": "--as-of 2026-12-01"}

NOT_BY_ROAD = ("areas", "place")
"""Commands that a policy by road cannot answer."""

COMMANDS = (
    "run SITES DAY -o before --policy POLICY",
    "run SITES DAY -o after --policy POLICY --no-map --json",
    "check SITES --policy POLICY",
    "explain 40 -75 --country US --centers centers.csv DAY --policy POLICY",
    "explain 45 -100 --country US --centers centers.csv DAY --policy POLICY --json",
    "timeline SITES --from 2026-12-01 --to 2027-02-01 --policy POLICY -o timeline.csv",
    "commitments requests.csv --sites SITES --policy POLICY",
    "commitments requests.csv --sites SITES --policy POLICY --json -o commitments.csv",
    "letter sites.csv --site A1 --centers centers.csv DAY --policy POLICY -o a.html",
    "letter sites.csv --site C3 --centers centers.csv DAY --policy POLICY -o c.html",
    "areas centers.csv DAY --policy POLICY -o areas.geojson",
    "compare before after",
    "what-if before --close c1",
    "criticality before",
    "sensitivity before --miles 5",
    "place before --new 1 -o plan --policy POLICY",
    "policies show POLICY",
    "policies compare POLICY",
    "policies compare POLICY zephyr.toml",
    "policies compare POLICY zephyr.toml --format html",
    "policies check POLICY",
    "init SITES --policy POLICY -o settings.toml --force",
)
"""What is run, with its files for SITES, a day for DAY, and the name of the policy for POLICY."""

OFTEN = (
    Policy.builtin_names()
    if os.environ.get("EVERY_POLICY")
    else ("appliance-maintenance", "hp-call-to-repair", "spectra-logic")
)
"""Policies that each run of the tests tries; all of them take two minutes (`make nightly`)."""

GENERAL = (
    *(f"{command} --help" for command in ("--help", *sorted(main.MODULES))),
    "policies new our-terms -o -",
    "policies schema",
    "policies compare zephyr.toml calm.toml",
)
"""What is run for no vendor."""

BLOCK = re.compile(r"[\w+/=]{100,}")
"""Data of a page."""

ANYWHERE = ("Standard", "Not offered", "Check")
"""Titles of levels, and a part of a vendor's name, that are also plain English."""


def events(policy: Policy) -> set[str]:
    """Return the words for the events that start the clocks of a policy."""
    clocks = [clock for level in policy.levels for clock in level.all_clocks]
    return {clock.label or STARTS[clock.start].noun for clock in clocks}


def words(policy: Policy) -> set[str]:
    """Return the words that are a vendor's own: titles, levels, events, texts."""
    vendor = {policy.title.split()[0], policy.name, policy.title}
    own = {level.title for level in policy.levels} | {*policy.clauses.values()}
    rma = {"RMA"} if "RMA" in str(policy) else set()
    return (vendor | own | events(policy) | rma) - {*ANYWHERE}


def call(command: str) -> str:
    """Run a command in this process; return all that it prints. It must work."""
    result = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with (
        mock.patch.object(sys, "argv", ["coverage-analyzer", *command.split()]),
        contextlib.redirect_stdout(result),
        contextlib.redirect_stderr(result),
        pytest.raises(SystemExit) as left,
    ):
        main.main()
    result.flush()
    result.seek(0)
    text = result.read()
    assert left.value.code in (None, 0), f"{command}: {text}"
    return text


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file, with the data inside pages."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".csv", ".json", ".html", ".geojson", ".toml"}:
            text = path.read_text("utf-8")
            yield path.name, BLOCK.sub("", text)
            yield path.name, "\n".join(map(_unpacked, BLOCK.findall(text)))


def _unpacked(block: str) -> str:
    """Return the text of a block of data in a page; empty if it is none."""
    with contextlib.suppress(ValueError, zlib.error):
        data = zlib.decompress(base64.b64decode(block), wbits=47)
        return " ".join(re.findall(r"[ -~]{12,}", data.decode("latin-1")))
    return ""


@pytest.fixture(name="work")
def _work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the inputs."""
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("sites.csv", SITES),
        ("centers.csv", CENTERS),
        ("zephyr.toml", INVENTED),
        ("calm.toml", INVENTED.replace('"zephyr"', '"calm-terms"').replace("= 90", "= 80")),
    ):
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


def foreign_words(policy: Policy | None, text: str, also: Policy) -> list[str]:
    """Return the words of other vendors in an output."""
    mine = words(policy) if policy else set()
    others = [*Policy.builtin().values(), also]
    result = set().union(*(words(p) for p in others if p != policy)) - mine
    own = "\n".join(mine)
    return [
        word
        for word in sorted(result)
        if word not in own and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
    ]


@pytest.mark.parametrize("name", [*OFTEN, "zephyr.toml"])
def test_no_word_of_another_vendor(name: str, work: Path) -> None:
    """In what is printed, and in every file."""
    policy, invented = Policy.load(name), Policy.load("zephyr.toml")
    starts = {clock.start for level in policy.levels for clock in level.all_clocks}
    header = ",".join(["request_id", "site_id", *(f"{start}_at" for start in sorted(starts))])
    moments = ",".join(["2026-12-01T10:00:00-05:00"] * len(starts))
    rows = [header, *(f"R{n},{site},{moments}" for n, site in enumerate(("A1", "B2", "C3")))]
    Path("requests.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    leaks = {}
    by_road = any(band.metric == "road" for band in policy.bands)
    for command in COMMANDS:
        if by_road and command.startswith(NOT_BY_ROAD):
            continue
        result = call(re.sub(r"[A-Z]{3,}", lambda m: (WORDS | {"POLICY": name})[m[0]], command))
        if "compare POLICY zephyr" in command:
            result = "" if name != "zephyr.toml" else result  # two vendors are meant
        if outcome := foreign_words(policy, result, invented):
            leaks[command] = outcome
    for file, text in texts(work):
        if file not in {"zephyr.toml", "calm.toml"} and (
            outcome := foreign_words(policy, text, invented)
        ):
            leaks[file] = outcome
    assert leaks == {}


def test_help_and_what_is_new_belong_to_no_vendor(work: Path) -> None:
    """Names of built-in policies are in examples; their words are not."""
    assert work.is_dir()
    names = {*Policy.builtin_names(), "RMA"}  # of which an example of a key speaks
    invented = Policy.load("zephyr.toml")
    for command in GENERAL:
        result = call(command)
        own = invented if "zephyr" in command else None
        assert {*foreign_words(own, result, invented)} - names == set(), command


def test_no_address_is_compared_without_a_rule(work: Path) -> None:
    """A missing table is no rule: neither another address nor a missing one is a word."""
    moment = "2026-12-01T10:00:00-05:00"
    rows = ["request_id,site_id,address,registered_at"]
    rows += [f"R1,A1,99 Elsewhere Rd,{moment}", f"R2,A1,,{moment}", f"R3,A1,1 Main St,{moment}"]
    (work / "requests.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    call(f"commitments requests.csv --sites {WORDS['SITES']} --policy zephyr.toml -o due.csv")
    text = (work / "due.csv").read_text("utf-8")
    table = list(csv.DictReader(text.splitlines()))
    assert [row["status"] for row in table] == ["promised"] * 3
    assert len({row["due_at"] for row in table}) == 1
    assert "address" not in text.partition("\n")[2]


def test_a_command_names_the_policy_that_it_takes(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, only where neither the command line nor the settings name one."""
    command = "explain 40 -75 --country US --centers centers.csv --as-of 2026-12-01"
    line = "Policy: appliance-maintenance, the default."
    assert line in call(command).splitlines()
    assert "the default" not in call(f"{command} --policy appliance-maintenance")
    assert "the default" not in call(f"{command} --policy zephyr.toml")
    (work / "own.toml").write_text('[policy]\nname = "hp-call-to-repair"\n', encoding="utf-8")
    assert "the default" not in call(f"{command} --settings own.toml")
    monkeypatch.setenv("COVERAGE_ANALYZER_POLICY_NAME", "hp-call-to-repair")
    assert "the default" not in call(command)
    monkeypatch.delenv("COVERAGE_ANALYZER_POLICY_NAME")
    assert "the default" not in call(f"{command} --quiet")
    text = call("run sites.csv --centers centers.csv --as-of 2026-12-01 -o out --no-map --no-areas")
    assert "Citrix Appliance Maintenance, as of 2026-12-01" in text
