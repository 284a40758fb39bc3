"""Whoever takes centers reads their countries as the verdicts did: by policy and by trust."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from running import AS_OF, centers_file, manifest, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch, geodesy
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.frames._map import map_data

PARIS_AS_GERMAN = "center_id,lat,lon,country\nP,48.85,2.35,DE\n"
DHEKELIA_AS_BRITISH = "center_id,lat,lon,country\nD,34.99,33.74,GB\n"
"""In an area that Cyprus and Britain hold; by default it counts as Cyprus."""


@pytest.fixture
def declared_stands() -> ca.Policy:
    """Return the default rules, but either holder of a contested area may be declared."""
    policy = ca.Policy.load()
    rules = policy.countries.model_copy(update={"contested": "declared"})
    return policy.model_copy(update={"name": "mine", "countries": rules})


def sites(latitude: float, longitude: float, country: str) -> pd.DataFrame:
    """Return one site."""
    return pd.DataFrame({"latitude": [latitude], "longitude": [longitude], "country": [country]})


def test_trust_goes_all_the_way(tmp_path: Path) -> None:
    """A center that stands in France and says Germany: verdict, story, area, map and report."""
    centers = ca.read_centers(centers_file(tmp_path, PARIS_AS_GERMAN), trust_declared=True)
    verdicts = ca.assess(sites(48.9, 2.3, "DE"), centers, as_of=AS_OF, trust_declared=True)
    assert verdicts["status"].tolist() == ["qualified"]
    point = {"latitude": 48.9, "longitude": 2.3, "country": "DE", "as_of": AS_OF}
    story = ca.explain(centers, **point, trust_declared=True)
    assert story.status == "qualified"
    assert "declared countries are trusted" in str(story)
    areas = ca.coverage_areas(centers, as_of=AS_OF, trust_declared=True)
    assert areas["country"].tolist() == ["DE"]
    assert ca.coverage_map(verdicts, centers, areas).html()
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers)
    assert records(folder / "centers.csv")[0]["center_country"] == "DE"
    assert manifest(folder)["trust_declared"] is True
    assert any("not clipped at borders" in warning for warning in manifest(folder)["warnings"])


def test_without_trust_all_refuse_alike(tmp_path: Path) -> None:
    """What is not said to be trusted is not, wherever the frame comes from."""
    centers = ca.read_centers(centers_file(tmp_path, PARIS_AS_GERMAN), trust_declared=True)
    for judge in (
        lambda: ca.assess(sites(48.9, 2.3, "DE"), centers),
        lambda: ca.coverage_areas(centers),
        lambda: ca.explain(centers, latitude=48.9, longitude=2.3),
    ):
        with pytest.raises(InputError, match="is in FR"):
            judge()


def test_trusted_areas_are_whole_discs(tmp_path: Path) -> None:
    """A site beyond the border may declare the center's country: no border bounds the area."""
    text = "center_id,lat,lon,country\nB,47.5596,7.5886,CH\n"
    centers = ca.read_centers(centers_file(tmp_path, text))
    cut, whole = (
        ca.coverage_areas(centers, as_of=AS_OF, trust_declared=trusted).geometry.iloc[0]
        for trusted in (False, True)
    )
    freiburg = gpd.points_from_xy([7.85], [47.995])[0]
    assert geodesy.within(7.5886, 47.5596, 7.85, 47.995, 50 * geodesy.MILE_M)
    assert not cut.contains(freiburg)
    assert whole.contains(freiburg)
    verdict = ca.assess(sites(47.995, 7.85, "CH"), centers, as_of=AS_OF, trust_declared=True)
    assert verdict["status"].tolist() == ["qualified"]


def test_a_policy_reads_its_centers(tmp_path: Path, declared_stands: ca.Policy) -> None:
    """What a policy lets a center declare holds in the reader, the areas, the map, the report."""
    path = centers_file(tmp_path, DHEKELIA_AS_BRITISH)
    with pytest.raises(InputError, match="is in CY"):
        ca.read_centers(path)
    centers = ca.read_centers(path, policy=declared_stands)
    assert centers["center_country"].tolist() == ["GB"]
    verdicts = ca.assess(sites(34.99, 33.75, "GB"), centers, declared_stands, as_of=AS_OF)
    assert verdicts["status"].tolist() == ["qualified"]
    areas = ca.coverage_areas(centers, declared_stands, as_of=AS_OF)
    assert ca.coverage_map(verdicts, centers, areas).html()
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=declared_stands)
    assert records(folder / "centers.csv")[0]["center_country"] == "GB"


def test_a_policy_folds_the_centers_that_it_reads(tmp_path: Path) -> None:
    """San Juan counts as the United States where territories are folded, also in centers.csv."""
    policy = ca.Policy.load()
    rules = policy.countries.model_copy(update={"fold_territories": ("US",)})
    folding = policy.model_copy(update={"name": "mine", "countries": rules})
    path = centers_file(tmp_path, "center_id,lat,lon,country\nS,18.42,-66.06,PR\n")
    centers = ca.read_centers(path, policy=folding)
    assert centers["center_country"].tolist() == ["US"]
    verdicts = ca.assess(sites(18.4, -66.0, "US"), centers, folding, as_of=AS_OF)
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers, policy=folding)
    assert records(folder / "centers.csv")[0]["center_country"] == "US"


def called(*arguments: str | Path) -> None:
    """Call the program with arguments as typed."""
    program.main([str(a) for a in arguments], standalone_mode=False)


def test_the_verbs_trust_and_read_policies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``areas`` and ``explain`` take the centers that ``run`` takes."""
    paris = centers_file(tmp_path, PARIS_AS_GERMAN)
    with pytest.raises(InputError, match="is in FR"):
        called("areas", paris, "-o", tmp_path / "a.geojson")
    called("areas", paris, "-o", tmp_path / "a.geojson", "--trust-declared")
    (feature,) = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    assert feature["properties"]["country"] == "DE"
    called("explain", "48.9", "2.3", "--country", "DE", "--centers", paris, "--trust-declared")
    assert "Gold Plus" in capsys.readouterr().out
    british = centers_file(tmp_path, DHEKELIA_AS_BRITISH)
    text = (Path(ca.__file__).parent / "resources/policies/appliance-maintenance.toml").read_text()
    own = tmp_path / "own.toml"
    own.write_text(text.replace('contested = "holder"', 'contested = "declared"'), "utf-8")
    called("areas", british, "-o", tmp_path / "b.geojson", "--policy", own)
    (feature,) = json.loads((tmp_path / "b.geojson").read_text("utf-8"))["features"]
    assert feature["properties"]["country"] == "GB"


def test_a_policy_without_countries_is_not_told_in_countries(tmp_path: Path) -> None:
    """Where any center may serve, neither story nor map speaks of one's own country."""
    centers = ca.read_centers(centers_file(tmp_path))
    policy = "hp-call-to-repair"
    point = {"latitude": 47.593, "longitude": 7.611}
    story = ca.explain(centers, policy, **point, country="DE", as_of=AS_OF)
    assert "an open center is within the limit" in str(story)
    assert "the policy does not require one" in str(story)
    assert "its country" not in str(story)
    verdicts = ca.assess(sites(47.593, 7.611, "DE"), centers, policy, as_of=AS_OF)
    words = map_data(verdicts, centers, None).meta["reason_words"]
    assert words == ["an open center is within the limit"]


def test_a_story_shows_control_characters_as_escapes(tmp_path: Path) -> None:
    """A name cannot steer the terminal, nor begin a line of the story."""
    path = centers_file(tmp_path, 'center_id,name,lat,lon\nP,"a\x1b[2J\nsource",48.85,2.35\n')
    story = str(ca.explain(ca.read_centers(path), latitude=48.9, longitude=2.3, as_of=AS_OF))
    assert r"a\x1b[2J\nsource" in story


def test_a_run_draws_trusted_areas_whole(tmp_path: Path) -> None:
    """The batch job and the notebook draw the same, and both say that nothing is cut."""
    text = "site_id,latitude,longitude,country\n1,48.9,2.3,DE\n"
    centers = centers_file(tmp_path, PARIS_AS_GERMAN)
    options = batch.Options(trust_declared=True)
    ca.run(sites_file(tmp_path, text), centers, tmp_path / "out", as_of=AS_OF, options=options)
    network = ca.read_centers(centers, trust_declared=True)
    judged = ca.assess(sites(48.9, 2.3, "DE"), network, as_of=AS_OF, trust_declared=True)
    ca.write_report(judged, tmp_path / "r", centers=network)
    run, notebook = (
        json.loads((tmp_path / name / "areas.geojson").read_text("utf-8")) for name in ("out", "r")
    )
    assert run == notebook
    assert run["features"][0]["geometry"]["coordinates"]
    assert manifest(tmp_path / "out")["warnings"] == manifest(tmp_path / "r")["warnings"]
