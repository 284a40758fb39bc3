"""A folder of one's own policies and programmes: their names load as those of built-in ones do."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import coverage_analyzer as ca
from coverage_analyzer import policy
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.programmes import catalogue
from coverage_analyzer.programmes.model import Programme

SITES = "site_id,latitude,longitude,country\n1,48.9,2.3,FR\n"
CENTERS = "center_id,lat,lon,country\nP,48.85,2.35,FR\n"


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Leave no name behind."""
    yield
    Policy.unregister()
    Programme.unregister()


def own(folder: Path, name: str = "our-terms", *, file: str = "terms.toml") -> Path:
    """Return the file of the default policy with another name and 71 miles in the US."""
    text = policy.text(DEFAULT).replace(f'"{DEFAULT}"', f'"{name}"', 1)
    path = folder / file
    path.write_text(text.replace("= 70", "= 71").replace(" 70 ", " 71 "), encoding="utf-8")
    return path


def test_a_registered_name_loads_as_a_built_in_one(tmp_path: Path) -> None:
    """By every way that takes a name; what is built-in stays as it was."""
    path = own(tmp_path)
    with pytest.raises(PolicyError, match="Unknown policy 'our-terms'"):
        Policy.load("our-terms")
    assert policy.register(tmp_path) == ("our-terms",)
    loaded = Policy.load("our-terms")
    assert loaded == Policy.load(path)
    assert loaded.warnings == ()
    assert [band.up_to_miles for band in loaded.bands_in("US")] == [71]
    assert policy.text("our-terms") == path.read_text("utf-8")
    assert catalogue.entry("our-terms") == catalogue.entries()["our-terms"] == loaded
    assert "our-terms" in Policy.names()
    assert "our-terms" not in policy.builtin()
    with pytest.raises(PolicyError, match=r"Did you mean 'our-terms'\?"):
        Policy.load("our-term")
    shown = CliRunner().invoke(program, ["policies", "show", "our-terms"])
    assert shown.output.startswith("our-terms: ")


def test_a_run_names_the_registered_policy(tmp_path: Path) -> None:
    """Its manifest holds name and hash, and the file is guarded as any input is."""
    folder = tmp_path / "policies"
    folder.mkdir()
    path = own(folder)
    policy.register(str(folder))
    sites, centers = tmp_path / "sites.csv", tmp_path / "centers.csv"
    sites.write_text(SITES, "utf-8")
    centers.write_text(CENTERS, "utf-8")
    ca.run(sites, centers, tmp_path / "out", policy="our-terms", as_of="2026-12-01")
    run = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["policy"]
    assert (run["name"], run["sha256"]) == ("our-terms", Policy.load(path).sha256)
    with pytest.raises(InputError, match="input"):
        _areas_to(path, centers)


def _areas_to(path: Path, centers: Path) -> None:
    arguments = ["areas", str(centers), "--policy", "our-terms", "-o", str(path)]
    program.main(arguments, standalone_mode=False)


def test_what_is_registered_is_what_was_read_then(tmp_path: Path) -> None:
    """A file that changes or goes changes nothing until the folder is registered again."""
    path = own(tmp_path)
    policy.register(tmp_path)
    before = Policy.load("our-terms").sha256
    path.write_text(path.read_text("utf-8").replace("= 71", "= 72"), "utf-8")
    assert Policy.load("our-terms").sha256 == before
    policy.register(tmp_path)
    assert Policy.load("our-terms").sha256 == Policy.load(path).sha256 != before
    path.unlink()
    assert Policy.load("our-terms").bands_in("US")[0].up_to_miles == 72


@pytest.mark.parametrize("name", [DEFAULT, "priority"])
def test_a_built_in_name_is_refused(tmp_path: Path, name: str) -> None:
    """Of a policy or of a programme: a report could be traced to the wrong one."""
    path = own(tmp_path, name)
    with pytest.raises(PolicyError, match=f"the name '{name}' is built-in") as caught:
        policy.register(tmp_path)
    assert str(path) in str(caught.value)


def test_a_name_has_one_file(tmp_path: Path) -> None:
    """Two files with one name are refused, in one folder or in two."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        own(folder)
    policy.register(first)
    policy.register(first)
    with pytest.raises(PolicyError, match=r"'our-terms' is that of .*first.*terms\.toml"):
        policy.register(second)
    own(first, file="zz.toml")
    with pytest.raises(PolicyError, match=r"zz\.toml: the name 'our-terms' is that of"):
        policy.register(first)


def test_all_or_none_are_registered(tmp_path: Path) -> None:
    """A policy that breaks a rule, or is not TOML, keeps the others of its folder out."""
    own(tmp_path, "a-terms", file="a.toml")
    bad = own(tmp_path, "b-terms", file="b.toml")
    bad.write_text(bad.read_text("utf-8").replace("gold-plus", "iron", 1), "utf-8")
    with pytest.raises(PolicyError, match=r"b\.toml has 3 problems"):
        policy.register(tmp_path)
    bad.write_text("format: 1", "utf-8")
    with pytest.raises(PolicyError, match=r"b\.toml is not valid TOML"):
        policy.register(tmp_path)
    assert Policy.names() == Policy.builtin_names()


def test_a_folder_without_policies_is_an_error(tmp_path: Path) -> None:
    """Empty, missing, a file, or a name that no system takes."""
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(PolicyError, match="contains no policy file"):
        policy.register(tmp_path)
    for folder in (tmp_path / "none", tmp_path / "notes.txt", "a\0b"):
        with pytest.raises(PolicyError, match="as a folder of policies"):
            policy.register(folder)


def test_programmes_are_registered_by_their_class(tmp_path: Path) -> None:
    """One folder may hold both; a policy may then name the programme that comes afterwards."""
    text = Programme.text("extended-support").replace('"extended-support"', '"our-extension"', 1)
    (tmp_path / "extension.toml").write_text(text, "utf-8")
    path = own(tmp_path)
    named = path.read_text("utf-8").replace('afterwards = "ext', 'afterwards = "our-ext')
    path.write_text(named.replace("our-extended-support", "our-extension"), "utf-8")
    with pytest.raises(PolicyError, match="unknown programme 'our-extension'"):
        policy.register(tmp_path)
    assert Programme.register(tmp_path) == ("our-extension",)
    assert policy.register(tmp_path) == ("our-terms",)
    assert Programme.load("our-extension").sha256 == catalogue.entry("our-extension").sha256
    names = [e.programme for e in ca.entitlements({}, "XenApp", "6.5", date="2026-12-01")]
    assert "our-extension" in names


def test_copies_of_a_document_are_hashed_anew() -> None:
    """A programme's hash is worked out once, and not carried into a copy with other content."""
    programme = Programme.load("priority")
    before = programme.sha256
    assert programme.model_copy(update={"title": "Other"}).sha256 != before
