"""Programmes are closed models, as policies are; what the source lost reads ``not stated``."""

import copy
import json
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pydantic
import pytest

import coverage_analyzer as ca
from coverage_analyzer import policy
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.maps import external_links
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.rules import NOT_STATED
from coverage_analyzer.programmes import catalogue
from coverage_analyzer.programmes.model import Programme
from coverage_analyzer.programmes.offer_table import Comparison, comparison, written

TRM = "technical-relationship-management"
SHIPPED = ("extended-support", "priority", TRM)
HOSTILE = "<img src=x onerror=alert(1)> {{ 7*7 }} `x` ${1} | a\n</style></title><script>1</script>"


def data(name: str = TRM) -> dict[str, Any]:
    """Return a programme as nested data, to be broken."""
    return copy.deepcopy(tomllib.loads(Programme.text(name)))


def test_the_programmes_that_ship_load() -> None:
    """All are there, and each is called what its file is called."""
    assert tuple(Programme.builtin()) == SHIPPED
    assert all(programme.name == name for name, programme in Programme.builtin().items())


def test_the_comparison_holds_the_figures_of_the_page_and_no_guess() -> None:
    """Of 24 cells the page has kept 4; the marks of the others are lost."""
    table = comparison(Programme.load("priority"))
    cells = dict(table.rows)
    assert table.columns == ("TRM (in limited markets)", "Priority", "Priority Plus")
    assert len(table.rows) == 8
    queue = cells.pop("Priority queue: first response to severity 1")
    assert queue == (NOT_STATED, "under 15 minutes", "under 10 minutes")
    scheduled = cells.pop("Scheduled support for changes, migrations and updates")
    assert scheduled == (NOT_STATED, "40 hours", "80 hours")
    assert set(cells.values()) == {(NOT_STATED,) * 3}


def test_the_other_figures_of_the_page_are_there() -> None:
    """200 hours, unlimited incidents, one region; 2019-10-01, one year; eight versions and 7.1."""
    cells = [value for _, (value,) in comparison(Programme.load(TRM)).rows]
    assert cells[2:] == ["at least 200 hours", "unlimited", "1 region", "2019-10-01", "1 year"]
    covered = {p.title: p.versions for p in Programme.load("extended-support").products}
    assert covered == {
        "XenDesktop": ("7.15 LTSR", "7.6 LTSR", "5.x"),
        "XenApp": ("7.15 LTSR", "7.6 LTSR", "6.5", "6.0", "5.0 for Windows Server 2008"),
        "XenServer": ("7.1 LTSR",),
    }


def named(part: Any) -> set[str]:
    """Return the clauses that are named anywhere."""
    if isinstance(part, dict):
        own = {part["clause"]} if "clause" in part else set()
        return own.union(*map(named, part.values()))
    return set().union(*map(named, part)) if isinstance(part, list) else set()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_clause_is_named_by_a_rule_and_every_rule_names_one(name: str) -> None:
    """A clause that no rule names is one that the program does not keep."""
    rules = data(name)
    assert named(rules) == set(rules["clauses"])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_programme_survives_a_round_trip(name: str) -> None:
    """What ``--json`` prints, taken back in, has the same hash; and it is frozen."""
    programme = Programme.load(name)
    again = Programme.from_mapping(json.loads(json.dumps(programme.to_dict())))
    assert again == programme
    assert again.sha256 == programme.sha256
    with pytest.raises(pydantic.ValidationError):
        programme.title = "Other"  # type: ignore[misc]


def test_the_hash_changes_with_any_figure() -> None:
    """Two programmes that could answer otherwise never share a hash."""
    changed = data()
    changed["ways"][2]["conditions"][1]["last_day"] = "2019-10-02"
    assert Programme.from_mapping(changed).sha256 != Programme.load(TRM).sha256


BROKEN: dict[str, tuple[list[str | int], Any, list[str]]] = {
    "unknown key": (["offer"], [], ["offer: unknown key", "'offers'"]),
    "no such offer": (["ways", 0, "offer"], "trm", ["ways.0.offer", "'trm'"]),
    "no such clause": (["markets", "clause"], "markets", ["unknown clause 'markets'"]),
    "no such country": (["markets", "regions", 0, "countries"], ["ZZ"], ["'ZZ'"]),
    "country twice": (["markets", "regions", 0, "countries"], ["US"], ["'US' is in two regions"]),
    "no such kind": (["ways", 0, "conditions", 0], {"kind": "luck"}, ["ways.0.conditions.0"]),
    "no such holding": (["ways", 0, "conditions", 1, "any_of"], ["luck"], ["'luck'"]),
    "no day": (["ways", 2, "conditions", 1, "last_day"], "soon", ["last_day", "'soon'"]),
    "a value left out": (["features", 3, "values"], {}, ["features.3.values", TRM]),
    "no products": (["ways", 0, "conditions", 0], {"kind": "product"}, ["no products"]),
    "is not a version": (
        ["products"],
        [{"title": "X", "versions": ["new"], "clause": "packages"}],
        ["'new' is not a version"],
    ),
    "offer twice": (["offers", 1, "id"], TRM, ["two offers have the id"]),
    "no markets": (["markets"], None, ["lists no markets"]),
}


@pytest.mark.parametrize(("path", "value", "parts"), BROKEN.values(), ids=BROKEN)
def test_a_bad_programme_is_refused_by_the_name_of_the_key(
    path: list[str | int], value: Any, parts: list[str]
) -> None:
    """The message names the key, and what stands there."""
    broken: Any = data()
    at = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with pytest.raises(PolicyError) as caught:
        Programme.from_mapping(broken)
    assert [p for p in parts if p not in str(caught.value)] == []


def test_a_programme_from_a_file(tmp_path: Path) -> None:
    """A path is loaded as a policy's is; what is no TOML, or not there, is refused in words."""
    path = tmp_path / "own.toml"
    path.write_text(Programme.text("priority"), encoding="utf-8")
    assert Programme.load(path) == Programme.load("priority") == catalogue.entry(str(path))
    programme = Programme.load("priority")
    assert Programme.load(programme) is programme
    path.write_text("format: 1", encoding="utf-8")
    for load in (Programme.load, catalogue.entry):
        with pytest.raises(PolicyError, match="not valid TOML"):
            load(path)
    with pytest.raises(PolicyError, match=r"Did you mean 'priority'\?"):
        Programme.load("prioritty")
    path.write_text("format = 1979-05-27T07:32:00\n[x]\ny = 07:32:00", encoding="utf-8")
    with pytest.raises(PolicyError, match="x: unknown key"):
        Programme.load(path)


def test_the_catalogue_holds_policies_and_programmes() -> None:
    """One name finds either; a wrong one is told what there is of both."""
    assert list(catalogue.entries()) == [*policy.builtin(), *SHIPPED]
    assert isinstance(catalogue.entry("appliance-maintenance"), Policy)
    assert isinstance(catalogue.entry(TRM), Programme)
    with pytest.raises(PolicyError) as caught:
        catalogue.entry("extended-suport")
    assert "appliance-maintenance" in str(caught.value)
    assert "Did you mean 'extended-support'?" in str(caught.value)


def test_the_levels_of_a_policy_are_a_table_too() -> None:
    """A delivery clock stays one, a shipping clock too."""
    table = comparison(Policy.load())
    rows = dict(table.rows)
    assert table.columns == ("Gold Plus", "Gold", "Silver", "Bronze")
    assert rows["Promise"][0] == "delivered within 4 hours of authorisation"
    assert [cell.split()[0] for cell in rows["Promise"][1:]] == ["shipped"] * 3
    assert rows["Coverage hours"][2:] == ("business hours", "business hours")
    assert len(table.rows) == len(table.clauses) == 11
    for feature in ("Software updates", "Technical support"):  # the copy has lost their marks
        assert set(rows[feature]) == {NOT_STATED}
    assert rows["Radius in US"] == ("up to 70 miles", *("any distance",) * 3)
    assert rows["Radius in all other countries"][0] == "up to 50 miles"
    assert rows["New center in US"][0] == "up to 6 weeks"
    assert rows["New center in all other countries"][0] == "3 to 6 months"
    assert rows["Manufacturer's warranty"][0] == "hardware 1 year, software 90 days"
    assert "export approval" not in rows["Footnotes"][0]
    assert all("export approval" in cell for cell in rows["Footnotes"][1:])
    bare = comparison(Policy.load("hp-call-to-repair"))
    assert "nothing" in dict(bare.rows)["Promise"]


class Page(HTMLParser):
    """Gathers the elements and cells of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the name of an element, and the policy of the page."""
        del attrs
        self.tags.append(tag)
        if tag in {"td", "th"}:
            self.cells.append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        self.in_cell = self.in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        """Keep the text of a cell."""
        if self.in_cell:
            self.cells[-1] += data


def test_a_page_of_a_table_is_escaped_and_shut() -> None:
    """Whatever stands in a text is text: no element, nothing fetched, a policy that shuts it."""
    table = Comparison(HOSTILE, (HOSTILE,), ((HOSTILE, (HOSTILE,)),), (HOSTILE,), HOSTILE, HOSTILE)
    text = written([table], "html")
    page = Page()
    page.feed(text)
    assert set(page.tags) <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1"),
        *("table", "thead", "tbody", "tr", "td", "th", "p", "section", "span"),
    }
    assert [cell.rstrip() for cell in page.cells] == ["", *[HOSTILE] * 3]
    assert external_links.fetched(text) == []
    assert "default-src 'none'" in text
    assert "script-src" not in text


def test_a_table_of_markdown_keeps_its_cells() -> None:
    """No text ends a cell or a row, or is markup."""
    table = Comparison("t", (HOSTILE, "b"), ((HOSTILE, ("x|y", "[a](b)")),), ("",), "s", "")
    _, _, head, rule, row, *_ = written([table], "markdown").splitlines()
    assert rule == "|---|---|---|"
    for line in (head, row):
        assert line.replace("\\|", "").count("|") == 4
        assert "<" not in line
    assert "\\[a\\]\\(b\\)" in row


def test_a_table_of_text_goes_on_below() -> None:
    """Long cells wrap within their column; control characters are escapes."""
    table = Comparison("T\x1b", ("c",), (("f", ("word " * 12,)),), ("",), "s", "")
    text = written([table], "text")
    assert "\x1b" not in text
    lines = [line for line in text.splitlines() if "word" in line]
    assert len(lines) == 3
    assert {line.index("word") for line in lines} == {36}


def test_facts_of_a_customer_that_cannot_be_read_are_refused() -> None:
    """A misspelt key or a text for a day is an error that says what is wanted."""
    for facts, words in (
        ({"sucess_services": True}, "Did you mean 'success_services'"),
        ({"success_services": "yes"}, "success_services: 'yes'"),
        ({"base_support": {"XenApp": 1}}, "base_support"),
        ({"priority": 1}, "priority: 1"),
    ):
        with pytest.raises(InputError) as caught:
            ca.entitlements(facts)
        assert words in str(caught.value)
    with pytest.raises(InputError, match="not a date"):
        ca.entitlements({}, date="1.12.2026")


def test_an_answer_tells_its_grounds_in_words_and_as_data() -> None:
    """State and words of each condition, clauses, source; JSON holds the same."""
    facts = {"success_services": True, "os_vendor_support": False}
    result = ca.entitlements(facts, "XenApp", "6.5", "DE", "2026-12-01")
    text = str(result)
    assert text.startswith("XenApp 6.5, DE, on 2026-12-01\n")
    assert "Extended Support: does not apply (bought for a fee)" in text
    assert "  missing     equivalent support by the vendor of the operating system" in text
    assert "  unknown     a base technical support agreement for XenApp" in text
    assert "  clause      The customer must be current on Customer Success Services" in text
    assert json.loads(json.dumps(result.to_dict()))["offers"][0]["answer"] == "does not apply"
    assert len(result) == 5
    assert [e.offer for e in result][:2] == ["extended-support", "priority"]
    with pytest.raises(InputError, match="Unknown offer 'gold'"):
        result["gold"]
    nothing = str(ca.entitlements({}, "X\x1b[2J", date="2026-12-01"))
    assert nothing.startswith("X\\x1b[2J, no country given")


def test_a_milestone_that_is_known_counts() -> None:
    """Before its End of Maintenance a version needs no Extended Support."""
    facts = {"success_services": True, "os_vendor_support": True, "base_support": True}
    for ends, answer in (("2026-12-01", "applies"), ("2026-12-02", "does not apply")):
        result = ca.entitlements(facts, "XenApp", "6.5", date="2026-12-01", end_of_maintenance=ends)
        assert str(result["extended-support"].answer) == answer


def test_a_region_that_is_left_out_is_not_stated() -> None:
    """Where no region has the country and none has all others."""
    broken = data()
    broken["markets"]["regions"].pop()
    markets = Programme.from_mapping(broken).markets
    assert markets is not None
    assert markets.region("DE") is None
    assert markets.region("US") == markets.regions[2]


def test_values_stand_in_the_order_of_their_offers() -> None:
    """A cell under the wrong head would promise what another offer does."""
    broken = data("priority")
    values = broken["features"][3]["values"]
    broken["features"][3]["values"] = dict(reversed(values.items()))
    with pytest.raises(PolicyError, match=r"features\.3\.values"):
        Programme.from_mapping(broken)
