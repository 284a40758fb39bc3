"""A policy is a closed model: what it does not understand, it refuses by naming the key."""

import copy
import inspect
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, get_args

import pydantic
import pytest

from coverage_analyzer import countries
from coverage_analyzer.errors import CoverageError, PolicyError
from coverage_analyzer.matching import bands
from coverage_analyzer.policy import DEFAULT, Policy, builtin
from coverage_analyzer.policy.document import FORMAT_2, Model, newer_keys

SHIPPED = (
    "appliance-maintenance",
    "check-point-on-site",
    "cisco-smart-net",
    "fortinet-premium-rma",
    "hp-call-to-repair",
    "hp-travel-zones",
    "ibm-x3550",
    "lenovo-thinkserver",
    "netapp-parts",
    "spectra-logic",
    "watchguard-premium-rma",
)


def source(name: str = DEFAULT) -> str:
    """Return the text of a policy that ships."""
    folder = resources.files("coverage_analyzer") / "resources" / "policies"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


def data() -> dict[str, Any]:
    """Return the default policy as nested data, to be broken."""
    return copy.deepcopy(tomllib.loads(source()))


def changed(old: str, new: str) -> str:
    """Return the text of the default policy with its first ``old`` written as ``new``."""
    assert old in source()
    return source().replace(old, new, 1)


def loaded(folder: Path, text: str) -> Policy:
    """Return a policy from a text, through a file."""
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return Policy.load(path)


def refusal(folder: Path, old: str, new: str) -> str:
    """Return the message that a changed text is refused with."""
    with pytest.raises(PolicyError) as caught:
        loaded(folder, changed(old, new))
    return str(caught.value)


def test_the_policies_that_ship_load() -> None:
    """All are there, and each is called what its file is called."""
    assert tuple(builtin()) == SHIPPED
    assert all(policy.name == name for name, policy in builtin().items())


def test_the_default_policy_sells_what_the_vendor_sells() -> None:
    """70 miles in the US and 50 elsewhere, in the same country; else Gold; levels best first."""
    policy = Policy.load()
    assert [level.title for level in policy.levels] == ["Gold Plus", "Gold", "Silver", "Bronze"]
    assert [b.up_to_miles for b in policy.bands_in("US")] == [70]
    assert [b.up_to_miles for b in policy.bands_in("DE")] == [50]
    assert policy.qualification.same_country
    assert policy.level(policy.qualification.fallback).title == "Gold"
    assert policy.level(policy.qualification.interim).title == "Gold"


def test_a_delivery_clock_is_never_printed_as_a_shipping_clock() -> None:
    """Gold Plus delivers within 4 hours of authorisation; Gold ships within a day of the RMA."""
    promises = {level.title: str(level.replacement) for level in Policy.load().levels}
    assert promises == {
        "Gold Plus": "delivered within 4 hours of authorisation",
        "Gold": "shipped within 1 business day of the RMA number",
        "Silver": "shipped within 1 business day of the RMA number",
        "Bronze": "shipped within 10 business days of the RMA number",
    }


def named_clauses(part: Any) -> set[str]:
    """Return the clauses that rules name, anywhere in a policy."""
    if isinstance(part, dict):
        own = {v for k, v in part.items() if k.endswith("clause") and v}
        own |= set(part.get("footnotes", ()))
        return own.union(*map(named_clauses, part.values()))
    if isinstance(part, (list, tuple)):
        return set().union(*map(named_clauses, part))
    return set()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_clause_is_named_by_a_rule_and_every_rule_names_one(name: str) -> None:
    """A clause that no rule names is one that the program does not keep."""
    rules = tomllib.loads(source(name))
    clauses = rules.pop("clauses")
    assert named_clauses(rules) == set(clauses)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_is_frozen(name: str) -> None:
    """A verdict could not be traced to a policy that has changed under way."""
    policy = Policy.load(name)
    with pytest.raises(pydantic.ValidationError):
        policy.title = "Other"  # type: ignore[misc]
    with pytest.raises(pydantic.ValidationError):
        policy.levels[0].title = "Other"  # type: ignore[misc]


def test_the_hash_does_not_count_comments_and_order(tmp_path: Path) -> None:
    """What says the same has the same hash: comments, blanks, order of keys, 70 or 70.0."""
    was = Policy.load().sha256
    assert loaded(tmp_path, "# a comment\n" + source()).sha256 == was
    assert loaded(tmp_path, changed("up_to_miles = 70", "up_to_miles = 70.0  # same")).sha256 == was
    turned = changed('unit = "hours"\nclause', 'clause = "delivery-4-hours"\nunit = "hours"\n#')
    assert loaded(tmp_path, turned).sha256 == was
    assert len(was) == 64


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("up_to_miles = 70", "up_to_miles = 70.001"),
        ("amount = 4", "amount = 5"),
        ('countries = ["US"]', 'countries = ["US", "CA"]'),
        ("same_country = true", "same_country = false"),
        ("In the United States", "In the States"),
        ("fold_territories = []", 'fold_territories = ["US"]'),
    ],
)
def test_the_hash_changes_with_any_figure_or_word(tmp_path: Path, old: str, new: str) -> None:
    """Two policies that could decide or read differently never share a hash."""
    assert loaded(tmp_path, changed(old, new)).sha256 != Policy.load().sha256


def test_the_hash_survives_a_round_trip() -> None:
    """What ``policies --json`` prints is the policy: taken back in, it has the same hash."""
    for policy in builtin().values():
        assert Policy.from_mapping(policy.model_dump(mode="json")).sha256 == policy.sha256


BAD = {
    "unknown key": ("up_to_miles = 70", "up_to_mile = 70", ["bands.0.up_to_mile", "'up_to_miles'"]),
    "missing key": (
        "up_to_miles = 70\n",
        "",
        ["bands.0: ", "add up_to_miles or up_to_km"],
    ),
    "unit": ('unit = "hours"', 'unit = "hour"', ["levels.0.replacement.unit", "'hour'", "'hours'"]),
    "duplicate key": ("up_to_miles = 70", "up_to_miles = 70\nup_to_miles = 7", ["TOML", "line 82"]),
    "unknown level": (
        'level = "gold-plus"',
        'level = "gold-pls"',
        ["bands.0.level", "'gold-plus'"],
    ),
    "unknown fallback": ('fallback = "gold"', 'fallback = "iron"', ["qualification.fallback"]),
    "unknown interim": (
        'interim = "gold"',
        'interim = "iron"',
        ["qualification.interim", "'iron'"],
    ),
    "unknown clause": ('"radius-us"', '"radius-usa"', ["bands.0.clause", "'radius-us'"]),
    "unknown fallback clause": (
        '"outside-radius"',
        '"x"',
        ["qualification.fallback_clause", "'x'"],
    ),
    "unknown footnote": ('["programme-support"]', '["programme"]', ["levels.0.footnotes"]),
    "country UK": ('countries = ["US"]', 'countries = ["UK"]', ["bands.0.countries", "'GB'"]),
    "country three": (
        'countries = ["US"]',
        'countries = ["USA"]',
        ["bands.0.countries.0", "'USA'"],
    ),
    "no such country": ('countries = ["US"]', 'countries = ["ZZ"]', ["bands.0.countries", "'ZZ'"]),
    "no country": ('countries = ["US"]', "countries = []", ["bands.0.countries"]),
    "country to fold": ("territories = []", 'territories = ["UK"]', ["countries.fold", "'GB'"]),
    "level id twice": ('id = "silver"', 'id = "gold"', ["levels", "id 'gold'"]),
    "level title twice": ('title = "Silver"', 'title = "Gold"', ["levels", "title 'Gold'"]),
    "no band for others": ('["*"]   # all', '["DE"]   # all', ["bands", '"*"']),
    "overlap": ('["*"]   # all', '["US", "*"]   # all', ["bands (US)", "overlaps"]),
    "gap": ("up_to_miles = 70", "up_to_miles = 70\nabove_miles = 5", ["bands (US)", "gap"]),
    "empty band": ("up_to_miles = 70", "up_to_miles = 0", ["bands (US)", "up_to_miles"]),
    "not a number": ("up_to_miles = 70", "up_to_miles = nan", ["bands.0.up_to_miles"]),
    "infinite": ("up_to_miles = 70", "up_to_miles = inf", ["bands.0.up_to_miles"]),
    "negative": ("up_to_miles = 70", "up_to_miles = -70", ["bands.0.up_to_miles", "-70"]),
    "text": ("up_to_miles = 70", 'up_to_miles = "70"', ["bands.0.up_to_miles", "'70'"]),
    "yes": ("up_to_miles = 70", "up_to_miles = true", ["bands.0.up_to_miles", "true"]),
    "half an hour": ("amount = 4", "amount = 4.5", ["levels.0.replacement.amount", "4.5"]),
    "format": ("format = 1", "format = 3", ["format", "3"]),
    "metric": (
        "up_to_miles = 70",
        'up_to_miles = 70\nmetric = "rail"',
        ["bands.0.metric", "'rail'"],
    ),
    "contested": ('"holder"', '"hodler"', ["countries.contested", "'holder'"]),
    "not TOML": ("format = 1", "format: 1", ["TOML", "line"]),
}


@pytest.mark.parametrize(("old", "new", "parts"), BAD.values(), ids=BAD)
def test_a_bad_policy_is_refused_by_the_name_of_the_key(
    tmp_path: Path, old: str, new: str, parts: list[str]
) -> None:
    """The message holds the file, the key, what stands there, and the nearest right word."""
    message = refusal(tmp_path, old, new)
    assert "policy.toml" in message
    assert [p for p in parts if p not in message] == []


def test_a_wrong_country_code_is_one_fault() -> None:
    """``USA`` is wrong once; the list that holds it is not empty."""
    broken = data()
    broken["bands"][0]["countries"] = ["USA"]
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(broken)
    assert "1 problem" in str(caught.value)


def test_a_lead_time_does_not_run_backwards() -> None:
    """``at_least`` 9 and ``at_most`` 6 is a slip that no calendar can keep."""
    broken = data()
    broken["lead_times"][0]["at_least"] = 9
    with pytest.raises(PolicyError, match="at_least"):
        Policy.from_mapping(broken)


def test_all_others_are_no_country_to_fold(tmp_path: Path) -> None:
    """``*`` has no meaning among folded countries; it must not break a run later."""
    with pytest.raises(PolicyError, match="fold_territories"):
        loaded(tmp_path, changed("fold_territories = []", 'fold_territories = ["*"]'))


def test_all_faults_are_told_at_once() -> None:
    """Who mends a policy does not want to run it once for each mistake."""
    broken = data()
    broken["bands"][0]["countries"] = ["UK"]
    broken["qualification"]["fallback"] = "iron"
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(broken)
    assert "'UK'" in str(caught.value)
    assert "'iron'" in str(caught.value)


def test_a_mapping_is_not_changed() -> None:
    """What is read in is only read."""
    mapping = data()
    Policy.from_mapping(mapping)
    assert mapping == data()


def test_bands_in_a_country_are_its_own_or_those_of_all_others() -> None:
    """A country that is named has only the bands that name it, the nearest first."""
    hp = Policy.load("hp-call-to-repair")
    assert [b.up_to_miles for b in hp.bands_in("US")] == [50, 100]
    turned = data()
    turned["bands"].insert(0, {**turned["bands"][0], "above_miles": 70, "up_to_miles": 90})
    policy = Policy.from_mapping(turned)
    assert [b.up_to_miles for b in policy.bands_in("US")] == [70, 90]
    assert [b.up_to_miles for b in policy.bands_in("PR")] == [50]


def test_the_order_of_bands_in_the_file_does_not_matter() -> None:
    """Edges and levels follow the distance, not the lines of the file."""
    first = tomllib.loads(source("hp-call-to-repair"))
    second = {**first, "bands": first["bands"][::-1]}
    world = countries.load()
    rows = [bands.country_rows(Policy.from_mapping(d), world) for d in (first, second)]
    edges = [bands.band_edges(each).tolist() for each in rows]
    assert edges[0] == edges[1]


def test_needs_country() -> None:
    """A policy needs no country only if no rule looks at one."""
    assert Policy.load().needs_country
    assert not Policy.load("hp-call-to-repair").needs_country
    for key, value in (("same_country", True), ("same_country", False)):
        turned = data()
        turned["qualification"][key] = value
        assert Policy.from_mapping(turned).needs_country  # the US has a limit of its own


def test_a_path_is_loaded_also_as_text(tmp_path: Path) -> None:
    """A path may be a Path or a string; a name is one that ships."""
    path = tmp_path / "own.toml"
    path.write_text(source(), encoding="utf-8")
    assert Policy.load(path) == Policy.load(str(path)) == Policy.load("appliance-maintenance")


def test_a_wrong_name_lists_the_right_ones() -> None:
    """The message lists what ships, and the nearest."""
    with pytest.raises(PolicyError) as caught:
        Policy.load("appliance-maintenence")
    message = str(caught.value)
    assert all(name in message for name in SHIPPED)
    assert "Did you mean 'appliance-maintenance'?" in message


@pytest.mark.parametrize("name", ["", "no/such.toml", "a\0b", "../policies/x", "x" * 300])
def test_strange_names_are_refused_cleanly(name: str) -> None:
    """Whatever is given as a name, the end is a PolicyError."""
    with pytest.raises(PolicyError, match="Unknown policy"):
        Policy.load(name)


def test_a_folder_or_binary_file_is_no_policy(tmp_path: Path) -> None:
    """Neither a folder nor bytes that are no UTF-8 end in a traceback."""
    with pytest.raises(PolicyError):
        Policy.load(tmp_path)
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="UTF-8"):
        Policy.load(path)


@pytest.mark.parametrize("value", [None, [], 7, {"levels": 3}, {"bands": {"x": 1}}, {1: 2}])
def test_data_of_any_shape_is_refused_cleanly(value: Any) -> None:
    """JSON that is no policy at all gives the same kind of error."""
    with pytest.raises(PolicyError):
        Policy.from_mapping(value)


def test_described_says_every_level_band_and_lead_time() -> None:
    """The words that ``policies`` prints hold each figure and who it is for."""
    lines = Policy.load().described().splitlines()
    assert lines[0] == "appliance-maintenance: Citrix Appliance Maintenance"
    text = [" ".join(line.split()) for line in lines]
    for expected in (
        "level Gold Plus: delivered within 4 hours of authorisation",
        "band Gold Plus: up to 70 miles in US",
        "band Gold Plus: up to 50 miles in all other countries",
        "center in the same country",
        "fallback Gold",
        "lead time up to 6 weeks in US",
        "lead time 3 to 6 months in all other countries",
    ):
        assert expected in text
    hp = Policy.load("hp-call-to-repair").described()
    assert "8-hour call-to-repair: above 50, up to 100 miles in all other countries" in hp
    assert "Not offered: no replacement promise" in hp
    assert "in any country" in hp


def test_a_policy_error_is_caught_as_what_it_is() -> None:
    """One root for all, and a ValueError for those who do not know us."""
    assert issubclass(PolicyError, CoverageError)
    assert issubclass(PolicyError, ValueError)


@pytest.mark.parametrize(
    ("fold", "territories", "named"),
    [
        ({"AS": "GU", "GU": "US"}, [], "'GU' counts as 'US', but 'AS' as 'GU'"),
        ({"FR": "DE"}, ["FR"], "'FR' counts as 'DE', but 'BL'"),
        ({"MC": "RE"}, ["FR"], "'RE' counts as 'FR', but 'MC' as 'RE'"),
        ({"EH": "MA", "MA": "EH"}, [], "'EH' counts as 'MA', but 'MA' as 'EH'"),
    ],
    ids=["two links", "a sovereign that goes on", "a territory that goes on", "round and round"],
)
def test_a_chain_of_folded_countries_is_refused(
    fold: dict[str, str], territories: list[str], named: str
) -> None:
    """One site must not count as a country that itself counts as another."""
    rules = {"fold": fold, "fold_territories": territories}
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping(data() | {"countries": rules})
    assert named in str(caught.value)


def test_a_territory_may_be_kept_apart_from_its_sovereign() -> None:
    """All of France's territories are France, but Réunion stays itself: no chain."""
    rules = {"fold": {"RE": "RE"}, "fold_territories": ["FR"]}
    policy = Policy.from_mapping(data() | {"countries": rules})
    table = countries.load().names
    fold = policy.convention(table).fold
    assert [table.codes[fold[table.known(c)]] for c in ("RE", "GP")] == ["RE", "FR"]


def test_a_policy_is_its_own_source() -> None:
    """Who takes a policy or its name passes either to the same loader."""
    policy = Policy.load()
    assert Policy.load(policy) is policy


def models(part: Any, result: dict[str, type[Model]] | None = None) -> dict[str, type[Model]]:
    """Return all models that a type is made of, by name."""
    result = {} if result is None else result
    if isinstance(part, type) and issubclass(part, Model) and part.__name__ not in result:
        result[part.__name__] = part
        for field in part.model_fields.values():
            models(field.annotation, result)
    for argument in get_args(part):
        models(argument, result)
    return result


def described(model: type[Model]) -> dict[str, str]:
    """Return the text of each attribute in the docstring of a model."""
    text = inspect.cleandoc(model.__doc__ or "").partition("Attributes\n----------\n")[2]
    text = text.partition("\nExamples\n--------\n")[0]
    parts = re.split(r"^(\w+)\n", text, flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(*[iter(parts)] * 2, strict=True)}


@pytest.mark.parametrize("model", models(Policy).values(), ids=models(Policy))
def test_each_key_is_described_on_its_model(model: type[Model]) -> None:
    """In the order of the model, with the default or that it is required; examples are valid."""
    texts = described(model)
    assert list(texts) == list(model.model_fields)
    for key, field in model.model_fields.items():
        assert ("; required" in texts[key]) == field.is_required(), key
        assert field.is_required() or re.search(r"default|Without it", texts[key]), key
        if example := re.search(r"Example: ``(.+?)``", texts[key]):
            value = tomllib.loads(f"x = {example[1]}")["x"]
            kind = pydantic.TypeAdapter(Annotated[field.annotation, field])
            kind.validate_python(tuple(value) if isinstance(value, list) else value, strict=True)


def test_all_models_of_a_policy_are_looked_at() -> None:
    """Also those that are optional or in lists."""
    assert {"Hours", "NotOffered", "CalendarRule", "Source"} <= models(Policy).keys()
    subset = {"HoursIn", "Clock", "Vendor", "Offer", "InForceAfter", "Relocation"}
    assert subset | {"Area", "Place", "ExcludedArea"} <= models(Policy).keys()


class _Part(Model):
    """A part whose second key came with format 2."""

    old: int
    new: Annotated[int | None, FORMAT_2] = None


class _Whole(Model):
    parts: tuple[_Part, ...]


def test_an_unused_key_of_a_newer_format_changes_no_hash() -> None:
    """Test that a dump leaves it out, and that a used one is named."""
    whole = _Whole(parts=(_Part(old=1), _Part(old=2, new=3)))
    assert whole.model_dump() == {"parts": ({"old": 1}, {"old": 2, "new": 3})}
    assert list(newer_keys(whole)) == ["parts.1.new"]
