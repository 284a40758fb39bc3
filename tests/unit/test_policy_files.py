"""Files of policies for people: a skeleton, a check, a schema and a page, all from the model."""

import copy
import json
import re
import runpy
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.policy.json_schema import json_schema
from coverage_analyzer.policy.keys import example_value, key_at, tables_of
from coverage_analyzer.policy.problems import MORE
from coverage_analyzer.policy.skeleton import skeleton
from coverage_analyzer.policy.suggestions import suggestion
from coverage_analyzer.programmes.checking import Checked, check

ROOT = Path(__file__).parents[2]
TECHNICAL = re.compile(
    r"pydantic|Input should|String should|\bregex|pattern|\^|\$|\\[dSw]|[Tt]uple|\bint\b|\bstr\b"
    r"|\bdict|\bNone\b|\bTrue\b|\bFalse\b|type=|errors\.|literal"
)
"""What a planner does not read: words of the library, of Python, and regular expressions."""


def call(*arguments: object) -> Result:
    """Run ``policies`` with arguments; the exit code is that of the program."""
    words = ["policies", *map(str, arguments)]
    ended = CliRunner().invoke(program, words, standalone_mode=False)
    if isinstance(ended.return_value, int):
        ended.exit_code = ended.return_value
    return ended


@pytest.fixture(name="checked")
def _checked(tmp_path: Path) -> Callable[[str], Checked]:
    """Return a function that checks a text."""

    def checked(text: str) -> Checked:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return check(path)

    return checked


# ---------------------------------------------------------------------- keys


@pytest.mark.parametrize("table", tables_of(Policy), ids=lambda table: table.header or "top")
def test_every_key_is_documented(table: Any) -> None:
    """With its meaning; with a default or an example, if its kind does not list its values."""
    assert table.title.endswith(".")
    for key in table.keys:
        assert key.text, key.name
        assert "``" not in key.kind or key.kind.count("``") % 2 == 0
        assert key.model or key.default or key.example or "``" in key.kind or "true" in key.kind
        if key.example:
            assert example_value(key) is not None, f"{table.header} {key.name}: not TOML"
        if key.unit and key.unit != "unit":
            assert key.unit in {
                "miles",
                "kilometres",
                "degrees",
                "metres",
                "minutes",
                "hours",
                "days",
            }


def test_a_key_is_found_by_its_path() -> None:
    """Through lists and tables."""
    result = [key_at(Policy, path) for path in (("bands", 0, "level"), ("levels", 3), ("x", 1))]
    assert [key.name if key else None for key in result] == ["level", "levels", None]


# ---------------------------------------------------------------------- the skeleton


def opened(text: str) -> str:
    """Return a skeleton with all of its examples in use."""
    return re.sub(r"(?m)^#(?=[^ :\n]|$)", "", text)


def test_a_skeleton_is_valid_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written to a file of its name, and checks without a warning."""
    monkeypatch.chdir(tmp_path)
    written = call("new", "our-terms")
    assert (written.exit_code, written.stdout) == (0, "")
    assert "our-terms.toml" in written.stderr
    data = check("our-terms.toml")
    assert data == Checked("our-terms.toml", (), ())
    assert Policy.load("our-terms.toml").name == "our-terms"


def test_a_skeleton_has_every_table_and_key() -> None:
    """Those of the model, whichever it has; examples are where they belong."""
    data = tomllib.loads(opened(skeleton("our-terms")))
    for table in tables_of(Policy):
        part: Any = data
        for name in table.path:
            part = part[name]
            part = part[0] if isinstance(part, list) else part
        assert set(part) >= {key.name for key in table.keys}, table.header
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(data)
    assert "unknown key" not in str(caught.value)  # examples only contradict each other


def test_a_skeleton_explains_each_key() -> None:
    """In comments that fit a screen, next to what they are about."""
    lines = skeleton("our-terms").splitlines()
    assert max(map(len, lines)) <= 100
    assert "# Whether a site qualifies only by a center in its own country. Required." in lines
    assert "# By road, " not in lines[0]
    assert not [line for line in lines if "``" in line]


def test_no_file_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it holds, also through a link that leads nowhere."""
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text("precious", "utf-8")
    Path("link.toml").symlink_to("nowhere")
    for name in ("mine", "link"):
        refused = call("new", name)
        assert refused.exit_code != 0
        assert call("new", "other", "-o", f"{name}.toml").exit_code != 0
    assert Path("mine.toml").read_text("utf-8") == "precious"
    assert not Path("nowhere").exists()
    assert call("new", "mine", "-o", "-").stdout == skeleton("mine")
    assert call("new", "mine", "-o", "new.toml").exit_code == 0
    assert Path("new.toml").read_text("utf-8") == skeleton("mine")


@pytest.mark.parametrize("name", ["Our Terms", "", "../x", "a--b", DEFAULT, "priority"])
def test_a_name_that_a_policy_may_not_have(name: str) -> None:
    """Nothing is written."""
    with pytest.raises(PolicyError):
        skeleton(name)


# ---------------------------------------------------------------------- the schema

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def wrong_documents() -> Iterator[Any]:
    """Yield a document for each way in which a key may be wrong."""
    good = tomllib.loads(Policy.text(DEFAULT))
    for path, value in (
        (("bands", 0, "up_to_mile"), 3),
        (("bands", 0, "up_to_miles"), "70"),
        (("bands", 0, "up_to_miles"), -1),
        (("bands", 0, "countries"), []),
        (("bands", 0, "countries"), ["USA"]),
        (("levels", 0, "replacement", "unit"), "hour"),
        (("levels", 0, "replacement", "cut_off"), "25:00"),
        (("levels", 0, "id"), "Gold Plus"),
        (("levels",), []),
        (("format",), 3),
        (("gates", "lifecycle", "phases"), ["past"]),
        (("commitments", "calendars"), [{"countries": ["DE"], "weekend": ["sun"]}]),
        (("clauses", "Bad Name"), "x"),
        (("qualification", "same_country"), "yes"),
    ):
        wrong = copy.deepcopy(good)
        part = wrong
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value
        yield wrong
    for key in ("name", "levels", "clauses"):
        yield {k: v for k, v in good.items() if k != key}


def test_the_schema_is_a_schema_with_words() -> None:
    """Of the draft that it names, closed, each key with its meaning."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(call("schema").stdout) == SCHEMA
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        assert part["additionalProperties"] is False
        assert part["description"]
        assert all(own["description"] for own in part["properties"].values())
        assert not [
            own for own in part["properties"].values() if isinstance(own.get("format"), int)
        ]
        for own in part["properties"].values():
            for value in own.get("examples", ()):
                validator = VALIDATOR.evolve(schema=own | {"$defs": SCHEMA["$defs"]})
                assert validator.is_valid(value)


@pytest.mark.parametrize("name", Policy.builtin_names())
def test_the_schema_takes_what_ships(name: str) -> None:
    """Each built-in policy, and the skeleton."""
    assert not list(VALIDATOR.iter_errors(tomllib.loads(Policy.text(name))))
    assert VALIDATOR.is_valid(tomllib.loads(skeleton("our-terms")))


def test_the_schema_refuses_what_is_wrong() -> None:
    """Each document that the model refuses for a single key."""
    for wrong in wrong_documents():
        with pytest.raises(PolicyError):
            Policy.from_mapping(wrong)
        assert not VALIDATOR.is_valid(wrong)


# ---------------------------------------------------------------------- the check

WRONG = {
    "up_to_miles = 70": "up_to_miles = 70\nradius = 3\nmetric = 'rail'",
    'unit = "hours"': 'unit = "hour"\ncut_off = "9"\nhours = "always"',
    "amount = 10": 'amount = "10"',
    "same_country = true": 'same_country = "yes"',
    'title = "Silver"\n': "",
    'id = "bronze"': 'id = "Bronze Level"',
    "hardware_days = 365": "hardware_days = -1",
    '["US"]\nat_least = 0': '"US"\nat_least = 0.5',
    "excluded = []": "excluded = [1, true, nan, 2020-01-01]",
    "fold_territories = []": "fold_territories = ['uk']\nfold = { x = 'US' }",
    'phases = ["mainstream", "extended"]': "phases = []",
    "[clauses]": "[clauses]\nBad = 3",
}
"""Parts of the default policy, and how somebody wrote them."""


@pytest.mark.parametrize("old", WRONG)
def test_a_mistake_has_its_line_and_plain_words(
    checked: Callable[[str], Checked], old: str
) -> None:
    """No word of a library, no pattern; the line is the one that was changed, or its table."""
    text = Policy.text(DEFAULT)
    assert old in text
    result = checked(text.replace(old, WRONG[old], 1))
    first = text[: text.index(old)].count("\n") + 1
    assert result.problems
    for problem in result.problems:
        assert problem.text.startswith(f"{problem.key}: ")
        assert not TECHNICAL.search(problem.text.replace("$", "")), problem.text
        assert problem.line is not None
        assert first - 5 <= problem.line <= first + 3


def test_all_mistakes_are_in_one_message(checked: Callable[[str], Checked]) -> None:
    """Those of keys together with those between the parts, in the order of the lines."""
    text = Policy.text(DEFAULT)
    for old, new in {
        'title = "Citrix, Appliance': 'titel = "x"\ntitle = "Citrix, Appliance',
        'level = "gold-plus"\ncountries = ["US"]': 'level = "gold-pls"\ncountries = ["US"]',
        "up_to_miles = 50": "above_miles = 5\nup_to_miles = 50",
        "at_most = 6": "at_most = 6.5",
        'clause = "warranty"': 'clause = "guarantee"',
        "[source]": "[source]\naddress = 3",
    }.items():
        assert old in text
        text = text.replace(old, new, 1)
    text = text.replace('\naddress = "http://www', '\n# address = "http://www', 1)
    result = checked(text)
    assert [problem.key for problem in result.problems] == [
        "source.address",
        "source.titel",
        "warranty.clause",
        "bands.0.level",
        "bands.1",
        "lead_times.0.at_most",
    ]
    lines = [problem.line or 0 for problem in result.problems]
    assert lines == sorted(lines)
    assert result.is_complete


def test_what_follows_from_a_mistake_is_no_second_one(checked: Callable[[str], Checked]) -> None:
    """A band with a wrong country leaves a gap only because it is left out."""
    text = Policy.text("hp-call-to-repair").replace("up_to_miles = 50", 'up_to_miles = "50"')
    result = checked(text)
    assert [problem.key for problem in result.problems] == ["bands.0.up_to_miles"]
    result = checked(text.replace('id = "six-hours"', 'id = "Six Hours"'))
    assert len(result.problems) == 2
    assert not result.is_complete
    assert result.text().endswith(MORE)


def test_the_command_ends_with_two_one_or_zero(tmp_path: Path) -> None:
    """Two if it is invalid; one for warnings if they count; a file of TOML errors has its line."""
    path = tmp_path / "mine.toml"
    assert call("check", DEFAULT, "priority").exit_code == 0
    path.write_text(Policy.text(DEFAULT).replace("up_to_miles = 70", "up_to_miles = 80"), "utf-8")
    warned = call("check", path)
    assert warned.exit_code == 0
    assert "The policy has the name of the built-in policy" in warned.stdout
    assert "  line 78: bands.0: the clause 'radius-us' says 70 miles" in warned.stdout
    assert call("check", path, "--strict").exit_code == 1
    path.write_text("format = 1\nname three\n", "utf-8")
    refused = call("check", path, "--json", "--strict")
    assert refused.exit_code == 2
    (data,) = json.loads(refused.stdout)
    assert [data["valid"], data["problems"][0]["line"]] == [False, 2]
    assert call("check", tmp_path / "none.toml").exit_code != 0
    assert call("check").exit_code != 0
    assert call("show", "--strict").exit_code != 0
    assert call("list", "-o", "x").exit_code != 0


def test_a_clause_that_no_rule_names(checked: Callable[[str], Checked]) -> None:
    """A rule was forgotten, or the words."""
    result = checked(skeleton("mine") + 'export = "Some countries need an approval."\n')
    (warning,) = result.warnings
    assert warning.key == "clauses.export"
    assert warning.line == skeleton("mine").count("\n") + 1


@pytest.mark.parametrize(
    ("stated", "hours", "is_warned"),
    [
        ("24x7", "", False),
        ("9x5x4", "", True),
        ("9x5x4", 'hours = { opens = "08:00", closes = "17:00" }', False),
        ("8 x 5", 'hours = { opens = "08:00", closes = "17:00" }', True),
        ("9x7", 'hours = { opens = "08:00", closes = "17:00" }', True),
        ("9x7", 'hours = { opens = "08:00", closes = "17:00", days = "every_day" }', False),
        ("24x7x365", 'hours = { opens = "08:00", closes = "17:00" }', True),
        ("business hours", "", False),
    ],
)
def test_hours_of_service_that_the_clock_does_not_keep(
    checked: Callable[[str], Checked], stated: str, hours: str, is_warned: bool
) -> None:
    """``9x5x4`` without hours of the clock promises nights and weekends."""
    text = skeleton("mine").replace('#coverage_hours = "24x7x365"', f'coverage_hours = "{stated}"')
    text = text.replace('\nunit = "hours"', f'\nunit = "hours"\n{hours}')
    keys = [warning.key for warning in checked(text).warnings]
    assert keys == ["levels.0.coverage_hours"] * is_warned


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        ("gold-pls", ["gold", "gold-plus"], "gold-plus"),
        ("Gold Plus", ["gold", "gold-plus"], "gold-plus"),
        ("UpToMiles", ["up_to_miles", "above_miles"], "up_to_miles"),
        ("radius", ["up_to_miles", "metric"], "up_to_miles"),
        ("countrys", ["countries", "clause"], "countries"),
        ("platinum", ["gold", "silver", "platform"], None),
        ("at_least", ["at_most", "unit"], None),
        ("iron", ["ion-plus", "bronze"], None),
        ("silver", ["sliver-services", "gold"], None),
        ("beyond", ["bond", "basic"], None),
        ("premium", ["minimum"], None),
    ],
)
def test_a_suggestion_is_near_in_meaning(word: str, names: list[str], meant: str | None) -> None:
    """A misspelling or another word for it, never only some equal letters."""
    assert suggestion(word, names) == meant


# ---------------------------------------------------------------------- the pages

IN_REPOSITORY = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not in the repository")


@IN_REPOSITORY
def test_the_page_of_keys_is_that_of_the_model() -> None:
    """``tools/build_policy_keys.py`` renews it."""
    page = (ROOT / "docs/policy-keys.md").read_text("utf-8")
    tool = runpy.run_path(str(ROOT / "tools/build_policy_keys.py"))
    assert tool["page"]() == page
    for table in tables_of(Policy):
        assert f"(#{tool['anchor_of'](table)})" in page
        assert all(f"\n| `{key.name}`" in page for key in table.keys)


@IN_REPOSITORY
def test_the_problems_that_the_guide_shows(tmp_path: Path) -> None:
    """They are those of its policy with three mistakes; its other blocks are run elsewhere."""
    guide = (ROOT / "docs/policies.md").read_text("utf-8")
    (whole,) = re.findall(r"```toml title[^\n]*\n(format.*?)```", guide, re.DOTALL)
    draft = whole.replace('"hours"', '"hour"', 1).replace('level = "same-day"', 'level = "sameday"')
    draft = draft.replace("up_to_miles = 60", 'up_to_miles = 60\ncut_off = "15:00"')
    path = tmp_path / "draft.toml"
    path.write_text(draft, "utf-8")
    assert check(path).text().replace(str(path), "draft.toml") in guide
