"""The map of a run's folder, made again, is the map of the run."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from running import SITES, contents, judged, manifest

from coverage_analyzer import Dialect, Policy, batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.maps import page
from coverage_analyzer.maps.page_data import Payload

FORMULAS = SITES.replace("0002,Bêta", "=0002,'-Bêta")
"""A site whose id and name the report guards."""


def essence(data: Payload) -> dict[str, Any]:
    """Return all that a page shows but the outlines, which a file has with fewer digits."""
    areas = [{k: v for k, v in a.items() if k != "polygons"} for a in data.meta["areas"]]
    return data.meta | {"areas": areas, "blocks": (data.places.packed(), data.texts.packed())}


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Payload]:
    """Give what pages are made of."""
    result: list[Payload] = []
    original = page.page

    def recorded(data: Payload) -> page.Page:
        result.append(data)
        return original(data)

    monkeypatch.setattr(page, "page", recorded)
    return result


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("text", [SITES, FORMULAS, "latitude,longitude\n48.85,2.35\n"])
def test_it_is_the_map_of_the_run(
    tmp_path: Path, shown: list[Payload], kind: Any, text: str
) -> None:
    """From any format, formulas unguarded, with and without ids and names."""
    judged(tmp_path, text, options=batch.Options(format=kind))
    again = redrawn(tmp_path / "out")
    first, second = essence(shown[0]), essence(again)
    if text.startswith("site_id"):
        assert second == first
    assert second["places"] == first["places"]
    assert len(again.meta["areas"]) == len(shown[0].meta["areas"]) > 0


def test_columns_with_names_of_verdicts_are_told_apart(
    tmp_path: Path, shown: list[Payload]
) -> None:
    """A report of a report: the old columns have new names, and the ids are still found."""
    text = SITES.replace("site_id,name", "site_id,status")
    judged(tmp_path, text, options=batch.Options(columns={"name": "status"}))
    assert essence(redrawn(tmp_path / "out")) == essence(shown[0])


def test_the_run_tells_how_coordinates_are_written(tmp_path: Path) -> None:
    """They stand in a report as they were given; a report that was changed is refused."""
    text = "site_id;latitude;longitude\nA;48,85;2,35\n"
    comma = Dialect(decimal=",")
    judged(tmp_path, text, options=batch.Options(dialect=comma))
    assert redrawn(tmp_path / "out").meta["total"] == 1
    path = tmp_path / "out" / "report.csv"
    path.write_text(path.read_text("utf-8").replace("48,85", "48_85"), encoding="utf-8")
    with pytest.raises(InputError, match=r"was changed: line 2: .*Run it again"):
        redrawn(tmp_path / "out")


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    """A folder without a run, with a broken one, without centers, without its report."""
    with pytest.raises(InputError, match="is not a run folder"):
        redrawn(tmp_path)
    judged(tmp_path)
    out = tmp_path / "out"
    result = manifest(out)
    for change, words in (
        ({"files": ["run.json"]}, "no centers.csv"),
        ({"files": ["centers.csv"]}, "has no report"),
        ({"policy": None}, "is not a run folder"),
        ({"notation": {"comma": 1}}, "is not a run folder"),
        ({"as_of": "someday"}, "is not a run folder"),
    ):
        (out / "run.json").write_text(json.dumps(result | change), encoding="utf-8")
        with pytest.raises(InputError, match=words):
            redrawn(out)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            "report.csv",
            "margin_miles",
            "margin",
            "is not a report: it has no column 'margin_miles'",
        ),
        ("report.csv", "within_radius", "because", "Unknown reason 'because'"),
        ("report.csv", "PHL", "LHP", "a center that is not among the given ones: 'LHP'"),
        ("centers.csv", "center_country", "land", "no column 'center_country'"),
        ("areas.geojson", '"limit_miles"', '"limit"', "does not contain the coverage areas"),
        ("areas.geojson", '"PHL"', '"LHP"', "does not contain the coverage areas"),
    ],
)
def test_a_file_that_was_changed_is_named(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    """Each with what is wrong in it."""
    judged(tmp_path)
    path = tmp_path / "out" / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        redrawn(tmp_path / "out")


def test_the_reasons_are_those_of_the_policy(tmp_path: Path, shown: list[Payload]) -> None:
    """Where a center serves another country, the words say so, in both maps."""
    rules = Policy.load()
    anyone = rules.qualification.model_copy(update={"same_country": False})
    bands = rules.model_copy(update={"qualification": anyone, "needs_country": False})
    judged(tmp_path, "site_id,country,latitude,longitude\nX,DE,47.5930,7.6110\n", policy=bands)
    again = redrawn(tmp_path / "out").meta["reason_words"]
    assert again == shown[0].meta["reason_words"] == ["an open center is within the limit"]


def test_the_verb_renews_or_writes_elsewhere(tmp_path: Path) -> None:
    """The page in the folder if there is one; else it has to be said where; never another file."""
    judged(tmp_path)
    out = tmp_path / "out"
    before = contents(out)
    (out / "map.html").unlink()
    verb = CliRunner()
    ended = verb.invoke(program, ["map", str(out)])
    assert ended.exit_code == 0, ended.output
    assert "Wrote a map of 9 sites" in ended.output
    after = contents(out)
    assert after.keys() == before.keys()
    assert after["report.csv"] == before["report.csv"]
    place = tmp_path / "new.html"
    ended = verb.invoke(program, ["map", str(out), "-o", str(place), "--title", "December"])
    assert ended.exit_code == 0, ended.output
    assert place.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    refused = verb.invoke(program, ["map", str(out), "-o", str(out / "report.csv")])
    assert isinstance(refused.exception, InputError)
    assert "report.csv is an input file" in str(refused.exception)


def test_the_verb_asks_where_there_was_no_map(tmp_path: Path) -> None:
    """A stray file in a run's folder would be in the way of the next run."""
    judged(tmp_path, options=batch.Options(map=False))
    ended = CliRunner().invoke(program, ["map", str(tmp_path / "out")])
    assert ended.exit_code == 2
    assert "Give an output file: -o FILE" in ended.output


def test_the_verb_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Into a folder that is not there."""
    judged(tmp_path)
    arguments = ["map", str(tmp_path / "out"), "-o", str(tmp_path / "no" / "map.html")]
    ended = CliRunner().invoke(program, arguments)
    assert isinstance(ended.exception, PublishError)
    assert not (tmp_path / "no").exists()


def test_tiles_open_the_page_for_one_host(tmp_path: Path) -> None:
    """The policy of the page names it, and nothing else changes."""
    judged(tmp_path)
    place = tmp_path / "tiles.html"
    url = "https://tiles.example/{z}/{x}/{y}.png"
    arguments = ["map", str(tmp_path / "out"), "-o", str(place), "--tiles", url]
    ended = CliRunner().invoke(program, [*arguments, "--tiles-credit", "Example"])
    assert ended.exit_code == 0, ended.output
    assert "img-src data: https://tiles.example; connect-src 'none'" in place.read_text("utf-8")
    assert "img-src data:; connect-src 'none'" in (tmp_path / "out" / "map.html").read_text("utf-8")


def test_a_run_says_what_its_map_has_not_got(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many sites: a warning in the manifest, which the program prints."""
    monkeypatch.setattr("coverage_analyzer.maps.sites.MOST_SITES", 6)
    manifest = judged(tmp_path)
    (messages,) = (w for w in manifest["warnings"] if not w.startswith("Not checked"))
    assert messages.startswith("The map: 9 sites are too many to draw one by one: qualified sites")
