"""What a level says, in all outputs: in the vendor's words, and no target as a promise."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from clocked import DENVER, clock, hours, office, policy_of

from coverage_analyzer.cli.main import program
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.clock_text import clock_sentence
from coverage_analyzer.policy.clocks import Replacement
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.programmes.policy_table import level_rows, policy_rows

# fmt: off
TEXTS = {
    "site": (clock(), "on site within 1 business day of dispatch, business days of the site"),
    "center": (clock("shipped"),
               "shipped within 1 business day of dispatch, business days of the center"),
    "same-day": (
        clock("shipped", 0, start="diagnosis_complete", cut_off="12:00"),
        (
            "shipped on the same business day as the diagnosis, cut-off at 12:00, business days of "
            "the center"
        ),
    ),
    "label": (hours(label="RMA approval"), "on site within 4 hours of RMA approval"),
    "by": (clock(by="17:00", cut_off="14:30", cut_off_zone="vendor", cut_off_counts="before"),
           ("on site within 1 business day of dispatch, by 17:00, cut-off before 14:30 time of the "
           "vendor, business days of the site")),
    "late": (hours(cut_off="13:00", cut_off_zone="America/Denver", late_start="08:00"),
             ("on site within 4 hours of dispatch, cut-off at 13:00 time of America/Denver, later "
             "events from 08:00 on the next business day, business days of the site")),
    "hours": (hours(hours=office(weekdays={"friday": "08:00-14:00", "saturday": "closed"}),
                    hours_in=[{"countries": ["JP", "KR"], **office("09:00", "18:00")}]),
              ("on site within 4 hours of dispatch, counted from 08:00 to 17:00 (Fri 08:00-14:00, "
              "Sat closed), JP, KR 09:00 to 18:00, business days of the site")),
    "defer": (hours("delivered", receiving_hours="defer"),
              "delivered within 4 hours of dispatch, deferred to the receiving hours of the site"),
    "target": (hours("responded", 2, kind="target", start="registered"),
               "target: responded within 2 hours of registration of the request"),
    "average": (hours("repaired", 8, kind="average", start="deemed_necessary"),
                "average: repaired within 8 hours of the decision that it is necessary"),
}
SENTENCES = {
    "label": (hours(label="RMA approval"),
              "A technician is on site within 4 hours after RMA approval."),
    "late": (hours(cut_off="13:00", cut_off_zone="center", late_start="08:00"),
             ("A technician is on site within 4 hours after the dispatch; events after 13:00 (time "
             "of the center) start the time on the next business day at 08:00.")),
    "before": (clock("delivered", cut_off="15:00", cut_off_counts="before", by="12:00"),
               ("A replacement is delivered to this site within 1 business day after the dispatch, "
               "by 12:00 on that day; events from 15:00 on count as the next day's.")),
    "target": (hours("repaired", 6, kind="target"),
               "Target, not a promise: the product works again within 6 hours after the dispatch."),
    "average": (hours("responded", 1, kind="average"),
                "Average, not a promise: support responds within 1 hour after the dispatch."),
}
# fmt: on


@pytest.mark.parametrize(("table", "text"), TEXTS.values(), ids=TEXTS)
def test_a_clock_as_text(table: dict[str, Any], text: str) -> None:
    """All keys are in it, in the order of a contract."""
    policy = policy_of(table, vendor=DENVER)
    assert policy.clock_texts(policy.levels[0]) == [text]
    assert level_rows(policy)["Promise"] == [text]
    assert f"  level     Gold: {text}" in policy.described().splitlines()


@pytest.mark.parametrize(("table", "text"), SENTENCES.values(), ids=SENTENCES)
def test_a_clock_in_a_letter(table: dict[str, Any], text: str) -> None:
    """A sentence for a customer."""
    clock_ = policy_of(table, vendor=DENVER).levels[0].replacement
    assert clock_ is not None
    assert clock_sentence(clock_) == text


def test_the_clocks_of_the_guide_are_a_policy() -> None:
    """Whoever copies them has all keys, and they go together."""
    guide = (Path(__file__).parents[2] / "docs" / "commitments.md").read_text("utf-8")
    block = guide.partition("### Clocks of format 2")[2].partition("```toml")[2].partition("```")[0]
    data = tomllib.loads(block)
    level = data["levels"]
    clauses = dict.fromkeys(("c", "on-site-4-hours", "repair-2-days"), "A clause.")
    policy = policy_of(
        level["replacement"], *level["clocks"], vendor=data["vendor"], clauses=clauses
    )
    assert set(level["replacement"]) | {"by"} == set(Replacement.model_fields)
    assert policy.warnings == ()


def test_format_1_speaks_as_ever() -> None:
    """No word on whose business days: they are the center's."""
    policy = policy_of(clock(start="authorised", cut_off="15:00"), format=1)
    expected = "on site within 1 business day of authorisation, cut-off at 15:00"
    assert policy.clock_texts(policy.levels[0]) == [expected]
    assert str(policy.levels[0].replacement) == expected


SITES = "site_id,latitude,longitude,country\nW,42.3149,-83.0364,CA\n"
CENTERS = "center_id,latitude,longitude,country\nDET,42.3314,-83.0458,US\n"
REQUESTS = "request_id,site_id,dispatched_at,registered_at\nR,W,2026-12-04T10:00,2026-12-04T09:00\n"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return all that a user sees under a policy of a target and an average, by command."""
    folder: Path = tmp_path_factory.mktemp("targets")
    further = {**hours("repaired", 9, kind="average"), "id": "repair"}
    band = {"level": "gold", "countries": ["*"], "up_to_miles": 50, "clause": "c"}
    toml = _toml(policy_of(hours(amount=5, kind="target"), further, bands=[band]))
    files = {"p.toml": toml, "s.csv": SITES, "c.csv": CENTERS, "r.csv": REQUESTS}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    common = ["--centers", f"{folder}/c.csv", "--policy", f"{folder}/p.toml"]
    commands = {
        "run": ["run", f"{folder}/s.csv", *common, "-o", f"{folder}/run"],
        "explain": ["explain", "42.3149", "-83.0364", *common],
        "letter": ["letter", f"{folder}/s.csv", "--site", "W", *common, "-o", f"{folder}/l.html"],
        "commitments": ["commitments", f"{folder}/r.csv", "--sites", f"{folder}/s.csv", *common],
        "show": ["policies", "show", f"{folder}/p.toml"],
        "compare": ["policies", "compare", f"{folder}/p.toml", "hp-call-to-repair"],
    }
    results = {}
    for name, arguments in commands.items():
        result = CliRunner().invoke(program, arguments)
        assert result.exit_code == 0, result.output
        results[name] = result.output
    results["letter"] = (folder / "l.html").read_text("utf-8")
    for name in ("summary.html", "run.json"):
        results[name] = (folder / "run" / name).read_text("utf-8")
    return results


def _toml(policy: Policy) -> str:
    """Return a policy as TOML: each part as an inline value, which JSON almost is."""
    keys = ((key, value) for key, value in policy.to_dict().items() if value is not None)
    return "\n".join(f"{key} = {_inline(value)}" for key, value in keys)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        parts = (f"{key} = {_inline(v)}" for key, v in value.items() if v is not None)
        return f"{{ {', '.join(parts)} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


# amounts that no other policy has
WITHIN = re.compile(r"within\s+(?:5|9)\s+hours")


@pytest.mark.parametrize(
    "name",
    ["explain", "letter", "commitments", "show", "compare", "summary.html", "run.json"],
)
def test_no_target_is_printed_as_a_promise(outputs: dict[str, str], name: str) -> None:
    """Before each of them, and after the one before, it is said that it is only that."""
    text = " ".join(re.sub(r"<[^>]+>|[|]", " ", outputs[name]).split())
    before = 0
    matches = list(WITHIN.finditer(text))
    assert matches
    for match in matches:
        assert re.search("target|average", text[before : match.start()].casefold()), match
        before = match.end()


def test_a_request_has_a_target_and_no_due_time(outputs: dict[str, str]) -> None:
    """The columns of the due times of promises are not even there, but for ``due_at``."""
    lines = outputs["commitments"].splitlines()
    header = next(line for line in lines if line.startswith('"request_id"'))
    row = next(line for line in lines if line.startswith('"R"'))
    assert "repair_target_at" in header
    assert "repair_due_at" not in header
    cells = dict(zip(header.split(","), row.split(","), strict=False))
    assert cells['"due_at"'] == '""'
    assert cells['"status"'] == '"target"'


def test_the_sentence_of_a_map_names_a_target() -> None:
    """And its subject."""
    policy = policy_of(hours(kind="target"))
    assert promise(policy).startswith("Gold: target: technician on site within 4 hours of dispatch")


def test_compared_policies_show_whose_calendar_counts() -> None:
    """Two contracts that differ only there differ in a row."""
    one, other = policy_of(clock()), policy_of(clock(calendar="center"))
    cells = policy_rows([one, other])["Gold: promise"]
    assert [cell.split(", ")[-1] for cell in cells] == [
        "business days of the site",
        "business days of the center",
    ]
