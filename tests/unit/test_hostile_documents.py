"""A manifest, journal, policy or programme that no honest program wrote: never a traceback."""

import json
from pathlib import Path

import pytest
from running import AS_OF, centers_file, judged, manifest, sites_file

import coverage_analyzer as ca
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PolicyError, PublishError
from coverage_analyzer.files.run_folder import publishing

DEEP = 100_000

BAD_JSON = {
    "deep": "[" * DEEP,
    "deep_objects": '{"files":' * DEEP,
    "digits": '{"files": ' + "1" * 5000 + "}",
    "surrogate": '{"files": ["\\ud800"]}',
    "other": "[]",
    "number": '{"files": 1, "spreadsheet_guard": true}',
}
BAD_TOML = {
    "digits": "x = 1" + "0" * 5000,
    "hex": "x = 0x1" + "0" * 5000,
    "lists": "a=" + "[" * 5000,
    "tables": "a=" + "{b=" * 5000,
    "dotted_table": "[a" + ".a" * 50_000 + "]",
    "dotted_key": "a" + ".a" * 50_000 + " = 1",
    "latin_1": "# caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "long": "#" * (2 << 20),
    "huge_number": "base_support = 1" + "0" * 900,
}


def refusal(*args: object) -> str:
    """Return how the program refuses to do something: an error in words, which is exit code 2."""
    with pytest.raises((InputError, PolicyError)) as raised:
        program.main([str(arg) for arg in args], standalone_mode=False)
    return str(raised.value)


@pytest.mark.parametrize("bad", BAD_JSON)
def test_a_run_json_beside_an_input_blocks_no_reading(tmp_path: Path, bad: str) -> None:
    """It is none of a run, so the file beside it is an ordinary one."""
    (tmp_path / "run.json").write_text(BAD_JSON[bad])
    assert judged(tmp_path)["ledger"]["read"] == 12


@pytest.mark.parametrize("bad", BAD_JSON)
def test_a_bad_manifest_in_the_output_folder_is_nobody_s_to_replace(
    tmp_path: Path, bad: str
) -> None:
    """No run wrote it: the message names it, and all stays as it is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text(BAD_JSON[bad])
    with pytest.raises(PublishError, match=r"run\.json"):
        judged(tmp_path)
    assert (out / "run.json").read_text() == BAD_JSON[bad]


@pytest.mark.parametrize("bad", BAD_JSON)
def test_a_bad_journal_moves_no_file(tmp_path: Path, bad: str) -> None:
    """It names no step that could be undone; the run goes on."""
    out = tmp_path / "out"
    out.mkdir()
    (out / publishing.JOURNAL).write_text(BAD_JSON[bad])
    (out / "mine.txt").write_text("mine")
    judged(tmp_path)
    assert manifest(out)["ledger"]["read"] == 12
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("bad", BAD_JSON)
@pytest.mark.parametrize("command", ["map", "drive-times"])
def test_a_command_on_a_folder_with_a_bad_manifest(tmp_path: Path, bad: str, command: str) -> None:
    """The folder is no run's, and the message names it."""
    judged(tmp_path)
    (tmp_path / "out" / "run.json").write_text(BAD_JSON[bad])
    extract = sites_file(tmp_path, b"", "x.osm.pbf")
    more = ["--osm", extract] if command == "drive-times" else []
    assert str(tmp_path) in refusal(command, tmp_path / "out", *more)


@pytest.mark.parametrize("key", ["columns", "renamed_columns", "files", "notation", "policy"])
def test_a_manifest_whose_parts_are_of_another_kind(tmp_path: Path, key: str) -> None:
    """It is no run's, either."""
    judged(tmp_path)
    changed = manifest(tmp_path / "out") | {key: 7}
    (tmp_path / "out" / "run.json").write_text(json.dumps(changed))
    assert "is not a run folder" in refusal("map", tmp_path / "out")


def test_areas_nested_without_end(tmp_path: Path) -> None:
    """The map needs the areas, and names the file."""
    judged(tmp_path)
    (tmp_path / "out" / "areas.geojson").write_text('{"features":' + "[" * DEEP)
    assert "areas.geojson" in refusal("map", tmp_path / "out")


@pytest.mark.parametrize("bad", BAD_TOML)
def test_a_policy_beyond_the_limits(tmp_path: Path, bad: str) -> None:
    """Every command that takes a policy names the file, soon."""
    path = tmp_path / "p.toml"
    path.write_text(BAD_TOML[bad], encoding="latin-1")
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    args = [sites, "--centers", centers, "-o", tmp_path / "out", "--as-of", AS_OF]
    assert "p.toml" in refusal("run", *args, "--policy", path)
    assert not (tmp_path / "out").exists()
    assert "p.toml" in refusal("policies", "show", path)
    with pytest.raises(PolicyError, match=r"p\.toml"):
        ca.Policy.load(path)


@pytest.mark.parametrize("bad", BAD_TOML)
def test_facts_of_a_customer_beyond_the_limits(tmp_path: Path, bad: str) -> None:
    """`entitlements` reads TOML, too."""
    path = tmp_path / "acme.toml"
    path.write_text(BAD_TOML[bad], encoding="latin-1")
    what = "base_support" if bad == "huge_number" else "acme.toml"
    assert what in refusal("entitlements", "--product", "XenApp", "--customer", path)


def test_geo_metadata_nested_without_end(tmp_path: Path) -> None:
    """GeoParquet says in JSON what its columns are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for number, bad in enumerate(BAD_JSON.values()):
        table = pa.table({"geometry": [b""]}).replace_schema_metadata({"geo": bad})
        path = tmp_path / f"s{number}.parquet"
        pq.write_table(table, path)
        with pytest.raises(InputError, match=path.name):
            ca.read_sites(path)
