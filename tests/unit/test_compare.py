"""Comparing run folders: formats, keys, weights, duplicates, rules, roads, and what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from building import moved
from running import manifest as run_manifest
from running import records

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._compare import CompareOptions, compared
from coverage_analyzer.batch.compared_reports import Reading, open_report, spooled
from coverage_analyzer.cli import main
from coverage_analyzer.comparison.aligned import Headers
from coverage_analyzer.comparison.rows import VerdictCodes
from coverage_analyzer.errors import InputError, MissingExtraError, PublishError
from coverage_analyzer.files.run_folder.read_back import refuse_edited
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.schema.rejects import Reject, Rejected

CENTERS = """\
center_id,latitude,longitude,country
PHL,39.95,-75.16,US
PAR,48.8566,2.3522,FR
"""

SITES = """\
site_id,name,country,latitude,longitude,contracts,segment
=1+1,"=cmd(""x"")",US,40.0,-75.0,2.5,@SUM(1)
0002,Bêta,FR,48.85,2.35,4,-2+3
0003,Gamma,FR,48.90,2.30,8,-2+3
0004,Delta,FR,60.0,2.30,16,plain
"""

LATER = CENTERS.replace("PAR,48.8566,2.3522,FR\n", "")

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Return a function that runs over small files once, and returns the folder of all of them."""
    folders: dict[str, Path] = {}

    def run(sites: str, centers: str, day: str, **options: Any) -> Path:
        name = repr((sites, centers, day, options))
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp("kept")
            (folder / "sites.csv").write_text(sites, encoding="utf-8")
            (folder / "centers.csv").write_text(centers, encoding="utf-8")
            chosen = batch.Options(**({"map": False, "areas": False} | options))
            inputs = folder / "sites.csv", folder / "centers.csv"
            batch.run(*inputs, folder / "run", as_of=day, options=chosen)
        return folders[name]

    return run


@pytest.fixture
def new_run(tmp_path: Path, kept: Maker) -> Maker:
    """Return a function that gives a run folder of one's own over small files."""

    def run(name: str, sites: str = SITES, centers: str = CENTERS, **options: Any) -> Path:
        day = options.pop("as_of", "2026-12-01")
        shutil.copytree(kept(sites, centers, day, **options), tmp_path / name)
        return tmp_path / name / "run"

    return run


def changes(before: Path, after: Path, **options: Any) -> list[tuple[str, str, str]]:
    """Return id, change and cause of each change."""
    result = compared(before, after, None, CompareOptions(keep_rows=True, **options))
    rows = [row for batch in result.rows for row in batch.to_pylist()]
    return [(row["site_id"], row["change"], row["because"]) for row in rows]


FORMATS = ("csv", "csv.gz", "csv.zst", "parquet", "xlsx", "gpkg", "geojson", "geoparquet")


@pytest.mark.parametrize("kind", FORMATS[1:])
def test_every_format_compares_equal_to_csv(new_run: Maker, kind: str) -> None:
    """Escaped formulas, ids with zeros, accents and negative numbers are no change."""
    manifest = batch.compare(new_run("a"), new_run("b", format=kind))
    assert manifest["ledger"]["same"] == 4
    assert manifest["differences"] == []


def test_excel_of_a_country_with_decimal_commas_compares_equal(new_run: Maker) -> None:
    """Semicolons and commas are how numbers are written, not what they are."""
    assert changes(new_run("a"), new_run("b", excel_locale="de")) == []


def test_all_files_are_written_and_say_the_same(new_run: Maker, tmp_path: Path) -> None:
    """Weights, flows and groups; formulas in cells are escaped again."""
    before, after = new_run("a"), new_run("b", centers=LATER, format="parquet")
    manifest = batch.compare(before, after, tmp_path / "out", CompareOptions(weight="contracts"))
    assert manifest["ledger"] == {"a": 4, "b": 4, "same": 1, "changed": 3, "left": 0, "entered": 0}
    assert manifest["changes"]["lost"] == 2
    assert manifest["weights"]["lost"] == 12
    assert manifest["because"] == {"centers": 3}
    assert manifest["differences"] == [
        "centers: 2 (2 open) -> 1 (1 open)",
        "centers only before: PAR",
    ]
    assert json.loads((tmp_path / "out/compare.json").read_text("utf-8")) == manifest
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(manifest["files"])
    rows = records(tmp_path / "out/changes.csv")
    assert [(r["site_id"], r["level_from"], r["level_to"], r["weight"]) for r in rows[:1]] == [
        ("0002", "Gold Plus", "Gold", "4")
    ]
    flows = records(tmp_path / "out/flows.csv")
    assert {"from": "Gold Plus", "to": "Gold", "country": "FR", "sites": "2", "weight": "12"} in (
        flows
    )
    assert sum(float(row["weight"]) for row in flows) == 30.5
    groups = {(r["column"], r["value"]): r for r in records(tmp_path / "out/segments.csv")}
    assert groups["segment", "'-2+3"]["lost"] == "2"  # escaped, as in the report
    assert float(groups["segment", "'-2+3"]["factor"]) == 2
    page = (tmp_path / "out/compare.html").read_text("utf-8")
    assert "cmd(" not in page  # texts of the user are in encoded blocks
    assert "Content-Security-Policy" in page


def test_a_comparison_is_replaced_and_nothing_else(new_run: Maker, tmp_path: Path) -> None:
    """A run folder, an input and a file of somebody else are refused."""
    before, after, out = new_run("a"), new_run("b", centers=LATER), tmp_path / "out"
    batch.compare(before, after, out)
    batch.compare(before, after, out, CompareOptions(weight="contracts"))
    assert "weight" in records(out / "changes.csv")[0]
    for folder, error in ((after, InputError), (before, InputError)):
        with pytest.raises(error, match="Choose a different folder"):
            batch.compare(before, after, folder)
    shutil.rmtree(out)
    out.mkdir()
    (out / "flows.csv").write_text("mine")
    with pytest.raises(PublishError, match="was not written by this program"):
        batch.compare(before, after, out)
    assert [path.name for path in out.iterdir()] == ["flows.csv"]


def test_duplicate_ids_are_multisets(new_run: Maker) -> None:
    """Three rows of an id against two: one left, none is collapsed."""
    row = "0002,Bêta,FR,48.85,2.35,4,x\n"
    before = new_run("a", sites=SITES + row * 2)
    after = new_run("b", sites=SITES + row)
    result = compared(before, after)
    assert result.manifest["ledger"] == {
        "a": 6, "b": 5, "same": 5, "changed": 0, "left": 1, "entered": 0,
    }  # fmt: skip
    assert [tuple(f[:4]) for f in result.flows if f[1] == ""] == [("Gold Plus", "", "FR", 1)]


def test_products_of_a_site_are_its_rows(new_run: Maker) -> None:
    """By product; a product that was renamed is a change of the site's data, not two rows."""
    header = "site_id,country,latitude,longitude,product,requested_level\n"
    place = "S,US,40.0,-75.0"
    before = new_run("a", sites=f"{header}{place},MPX,\n{place},SDX,\n")
    after = new_run("b", sites=f"{header}{place},MPX,Gold\n{place},VPX,\n")
    result = compared(before, after, None, CompareOptions(keep_rows=True))
    rows = result.rows[0].to_pylist()
    assert [(r["site_id"], r["product"], r["change"], r["because"]) for r in rows] == [
        ("S", "MPX", "lost", "site_data")
    ]
    assert result.manifest["ledger"]["same"] == 1


def test_without_site_id_a_key_is_asked_for(new_run: Maker) -> None:
    """The error names the columns that both reports have; with them the comparison works."""
    sites = SITES.replace("site_id", "crm")
    before, after = new_run("a", sites=sites), new_run("b", sites=sites, centers=LATER)
    with pytest.raises(InputError, match=r"no site_id.*--key COLUMN.*'crm', 'name'"):
        batch.compare(before, after)
    manifest = batch.compare(before, after, None, CompareOptions(key=("crm", "name")))
    assert manifest["key"] == ["crm", "name"]
    assert manifest["changes"]["lost"] == 2
    with pytest.raises(InputError, match=r"--key 'erp': .* has no such column"):
        batch.compare(before, after, None, CompareOptions(key=("erp",)))


def test_reports_of_different_keys_are_refused(new_run: Maker) -> None:
    """One has a site_id, the other does not."""
    before, after = new_run("a"), new_run("b", sites=SITES.replace("site_id", "crm"))
    with pytest.raises(InputError, match="The reports have different keys"):
        batch.compare(before, after)


def test_ids_that_have_nothing_in_common_are_noted(new_run: Maker) -> None:
    """All left, all entered: which may be true."""
    before, after = (
        new_run("a"),
        new_run("b", sites=SITES.replace("\n000", "\nX00").replace("=1+1", "Z")),
    )
    manifest = batch.compare(before, after)
    assert manifest["ledger"]["left"] == manifest["ledger"]["entered"] == 4
    assert any("different keys" in note for note in manifest["notes"])


def test_unequal_columns_do_not_fail_and_are_named_first(new_run: Maker) -> None:
    """The id has another header, and a column is missing."""
    later = "\n".join(line.rsplit(",", 1)[0] for line in SITES.splitlines()) + "\n"
    manifest = batch.compare(new_run("a"), new_run("b", sites=later.replace("site_id", "id")))
    assert manifest["ledger"]["same"] == 4
    assert manifest["differences"] == [
        "columns only before: site_id, segment",
        "columns only after: id",
    ]


def test_as_many_other_centers_and_products_are_named(new_run: Maker, tmp_path: Path) -> None:
    """Equal counts do not hide that a center moved, got another day, or took another's place."""
    dated = CENTERS.replace("country\n", "country,closes_on\n")
    dated = dated.replace("US\n", "US,2030-01-01\n").replace("FR\n", "FR,\n")
    later = dated.replace("39.95", "39.96").replace("2030", "2031").replace("PAR", "LYS")
    product = tmp_path / "products.csv"
    folders = []
    for name, centers, ends in (("a", dated, "2031-01-31"), ("b", later, "2032-01-31")):
        product.write_text(f"product,version,life_ends_on\nMPX,13.1,{ends}\n", encoding="utf-8")
        folders.append(new_run(name, centers=centers, products=product))
    assert batch.compare(*folders)["differences"] == [
        "centers only before: PAR",
        "centers only after: LYS",
        "centers changed: PHL (coordinates, closes_on)",
        "products changed: MPX 13.1 (life_ends_on)",
    ]
    assert batch.compare(folders[0], new_run("c", centers=dated))["differences"] == [
        "products: 1 -> none"
    ]


@pytest.mark.parametrize("value", ["", "many", "-1", "nan"])
def test_a_weight_that_is_none_is_named(new_run: Maker, value: str) -> None:
    """With its line."""
    before = new_run("a", sites=SITES.replace("2.35,4,", f"2.35,{value},"))
    with pytest.raises(InputError, match="line 3: the weight 'contracts'"):
        batch.compare(before, new_run("b"), None, CompareOptions(weight="contracts"))


def test_an_older_folder_has_no_causes(new_run: Maker) -> None:
    """Levels of a built-in policy are ranked all the same."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    manifest = run_manifest(before)
    manifest["files"].remove("policy.toml")
    (before / "run.json").write_text(json.dumps(manifest), "utf-8")
    (before / "policy.toml").unlink()
    assert {(c, b) for _, c, b in changes(before, after)} == {
        ("lost", "not_known"),
        ("center_only", "not_known"),
    }
    manifest = batch.compare(before, after)
    assert any("does not keep the policy" in note for note in manifest["notes"])


def test_levels_that_no_policy_ranks_are_level_changed(new_run: Maker) -> None:
    """The policy of the folder is not known, and neither is its own level."""
    before, after = new_run("a"), new_run("b")
    for folder in (before, after):
        manifest = run_manifest(folder)
        manifest["files"].remove("policy.toml")
        manifest["policy"]["name"], manifest["policy"]["sha256"] = "unknown", "0"
        (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
    report = after / "report.csv"
    report.write_text(report.read_text("utf-8").replace('"Gold Plus"', '"Platinum"'), "utf-8")
    assert {change for _, change, _ in changes(before, after)} == {"level_changed"}


def test_the_rule_that_declared_countries_are_trusted_is_policy(new_run: Maker) -> None:
    """As the policy's own text would be."""
    sites = SITES.replace("US,40.0", "FR,40.0")
    result = changes(new_run("a", sites=sites), new_run("b", sites=sites, trust_declared=True))
    assert {because for *_, because in result} == {"policy"}


def test_an_ordered_center_opens_by_the_policy(new_run: Maker) -> None:
    """What was derived from the order date is derived again: another lead time is the policy."""
    ordered = CENTERS.replace("country\n", "country,ordered_on\n").replace("US\n", "US,\n")
    ordered = ordered.replace("FR\n", "FR,2026-11-01\n")
    policy = ca.Policy.load().to_dict()
    policy["name"] = "quick"
    policy["lead_times"][1] |= {"at_least": 1, "at_most": 2}
    before, after = new_run("a", centers=ordered), new_run("b", centers=ordered)
    batch.run(
        after.parent / "sites.csv",
        after.parent / "centers.csv",
        after,
        policy=ca.Policy.from_mapping(policy),
        as_of="2026-12-01",
        options=batch.Options(map=False, areas=False),
    )
    assert set(changes(before, after)) == {
        ("0002", "sooner", "policy"),
        ("0003", "sooner", "policy"),
    }


def test_a_recheck_by_road_is_named(tmp_path: Path) -> None:
    """The run before and after `drive-times`; and a change of centers besides."""
    data = Path("data")
    for name in ("a", "b"):
        batch.run(
            data / "town_sites.csv",
            data / "town_centers.csv",
            tmp_path / name,
            as_of="2026-12-01",
            options=batch.Options(map=False, areas=False),
        )
    from coverage_analyzer.batch._drive_times import drive

    drive(tmp_path / "b", data / "town.osm", minutes=5)
    result = changes(tmp_path / "a", tmp_path / "b")
    assert result
    assert {because for *_, because in result} == {"roads"}
    assert {b for *_, b in changes(tmp_path / "b", tmp_path / "a")} == {"roads"}
    assert changes(tmp_path / "b", tmp_path / "b") == []


# ---------------------------------------------------------------- what is refused


def damaged_policy(folder: Path) -> None:
    """Change the policy that a folder keeps."""
    path = folder / "policy.toml"
    path.write_text(path.read_text("utf-8").replace("70.0", "71.0"), "utf-8")


def held(folder: Path) -> None:
    """Let a manifest be that of a held run."""
    manifest = run_manifest(folder)
    manifest["held"] = ["3 of 4 rows rejected"]
    (folder / "run.json").write_text(json.dumps(manifest), "utf-8")


def cut(folder: Path) -> None:
    """Let a report end in the middle of a row."""
    path = folder / "report.csv"
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (shutil.rmtree, "is not a run folder: it has no run.json"),
        (lambda f: (f / "run.json").unlink(), "is not a run folder: it has no run.json"),
        (lambda f: (f / "run.json").write_text("{"), "its run.json is damaged"),
        (lambda f: (f / "run.json").write_text('{"files": 3}'), "its run.json is damaged"),
        (lambda f: (f / "report.csv").unlink(), "report.csv"),
        (lambda f: (f / "centers.csv").write_text("center_id\n"), "centers.csv"),
        (damaged_policy, "policy.toml was changed"),
        (lambda f: (f / "policy.toml").write_text("x"), "policy.toml was damaged"),
        (held, "was held back .3 of 4 rows rejected"),
        (cut, "report.csv"),
    ],
)
def test_bad_folders_are_one_error_and_nothing_is_written(
    new_run: Maker, tmp_path: Path, spoil: Callable[[Path], Any], text: str
) -> None:
    """With what is wrong."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    spoil(after)
    with pytest.raises(InputError, match=text):
        batch.compare(before, after, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_report_that_changes_meanwhile_is_refused(
    new_run: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run was published into one of the folders."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    from coverage_analyzer.batch import _compare as module

    real = module.changes

    def late(*arguments: Any) -> Any:
        (before / "summary.csv").write_text("other")
        return real(*arguments)

    monkeypatch.setattr(module, "changes", late)
    with pytest.raises(InputError, match="changed"):
        batch.compare(before, after, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_one_error(new_run: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match=r"install .*\[compare\]'"):
        batch.compare("a", "b")


# ---------------------------------------------------------------- the command


def called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Run the command; return its code and what it says on both streams."""
    import signal
    import sys

    before = signal.getsignal(signal.SIGTERM)
    argv = ["coverage-analyzer", "compare", *map(str, arguments), "--no-settings"]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as left:
        main.main()
    signal.signal(signal.SIGTERM, before)
    code = left.value.code
    assert isinstance(code, int)
    return code, *capsys.readouterr()


def test_the_command_prints_and_its_rules_decide_its_code(
    new_run: Maker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Text or Markdown on standard output, the ledger last on standard error."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    code, out, err = called(monkeypatch, capsys, before, after)
    assert code == 0
    assert "2  lost: " in out
    assert err.splitlines()[-1] == (
        "before 4 = same 1 + changed 3 + left 0; after 4 = same 1 + changed 3 + entered 0"
    )
    rules = ("--fail-if", "lost > 1", "--warn-if", "centers_vanished > 0; lost[FR] > 5")
    code, out, err = called(monkeypatch, capsys, before, after, *rules, "-o", tmp_path / "out")
    assert code == 1
    assert "Failed: sites that lost a promise: 2; rule: lost > 1" in err
    assert err.count("Warning:") == 1
    manifest = json.loads((tmp_path / "out/compare.json").read_text("utf-8"))
    assert manifest["rules"]["fail_if"] == ["lost > 1"]
    assert len(manifest["rules"]["failed"]) == len(manifest["rules"]["warned"]) == 1
    code, out, err = called(monkeypatch, capsys, before, after, "--format", "markdown")
    assert out.startswith("### Coverage: 2026-12-01")
    assert "| lost | 2 |" in out
    code, out, err = called(monkeypatch, capsys, before, after, "--json")
    assert json.loads(out)["changes"]["lost"] == 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--fail-if", "lots > 0"), "Did you mean 'lost'?"),
        (("--fail-if", "level[Gold Pus] < 3"), "Did you mean 'Gold Plus'?"),
        (("--weight", "contract"), "has no such column"),
        (("--key", "nothing"), "has no such column"),
    ],
)
def test_bad_options_are_one_error_and_nothing_is_written(
    new_run: Maker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    text: str,
) -> None:
    """Exit code 2, no traceback."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    code, _, err = called(monkeypatch, capsys, before, after, *arguments, "-o", tmp_path / "out")
    assert code == 2
    assert text in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- Python


def test_frames_and_folders_in_python(new_run: Maker, tmp_path: Path) -> None:
    """The same changes; the causes of frames are known with their centers."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    folders = ca.compare(before, after, weight="contracts", output=tmp_path / "out")
    assert (tmp_path / "out/compare.html").exists()
    centers = pd.read_csv(before.parent / "centers.csv")
    sites = ca.read_sites(before.parent / "sites.csv")
    verdicts = [
        ca.assess(sites, ca.read_centers(run.parent / "centers.csv"), as_of="2026-12-01")
        for run in (before, after)
    ]
    frames = ca.compare(*verdicts, weight="contracts")
    same = [c for c in frames.columns if not c.startswith("because")]
    pd.testing.assert_frame_equal(pd.DataFrame(frames[same]), pd.DataFrame(folders[same]))
    assert set(folders["because"]) == {"centers"}
    assert set(frames["because"]) == {"not_known"}
    pd.testing.assert_frame_equal(frames.flows, folders.flows)
    assert frames.to_markdown_summary().startswith("### Coverage")
    assert len(centers) == 2
    networks = tuple(ca.read_centers(run.parent / "centers.csv") for run in (before, after))
    result = ca.compare(*verdicts, weight="contracts", centers=networks)
    pd.testing.assert_frame_equal(pd.DataFrame(result), pd.DataFrame(folders))
    assert "centers only before: PAR" in result.attrs["differences"]
    with pytest.raises(InputError, match="its own centers"):
        ca.compare(before, after, centers=networks)
    with pytest.raises(InputError, match="two frames, or two run folders"):
        ca.compare(verdicts[0], after)
    with pytest.raises(InputError, match="no column 'erp'"):
        ca.compare(*verdicts, key="erp")
    with pytest.raises(InputError, match="assess"):
        ca.compare(sites, sites)


def test_causes_of_frames_are_found_in_what_they_carry_and_their_centers() -> None:
    """Policy and day are those of the frames; rows come in any order, also several of an id."""
    lon, lat = moved(8.0, 50.0, 90, MILE_M)
    network = pd.DataFrame(
        [["X", 50.0, 8.0, "DE"]], columns=["center_id", "latitude", "longitude", "country"]
    )
    columns = ["site_id", "latitude", "longitude", "country"]
    places = [["a", lat, lon], ["b", lat, lon], ["d", lat, lon], ["d", 60.0, lon]]
    sites = pd.DataFrame([[*place, "DE"] for place in places], columns=columns)
    later = sites.iloc[::-1].copy()
    later.loc[later["site_id"] == "a", "latitude"] = 53.0
    later.loc[later["site_id"] == "b", "country"] = "FR"
    later.loc[later["site_id"] == "d", "latitude"] = 60.0

    def changed(frame: pd.DataFrame, networks: Any = network, **options: Any) -> Any:
        before = ca.assess(sites, network, as_of="2026-12-01")
        after = ca.assess(frame, network, **({"as_of": "2026-12-01"} | options))
        policies = (ca.Policy.load(), options.get("policy", ca.Policy.load()))
        result = ca.compare(before, after, centers=networks, policy=policies)
        return result[["site_id", "because"]].to_numpy().tolist()

    moves = [["a", "site_moved"], ["b", "site_data"], ["d", "site_moved"]]
    assert changed(later) == moves
    assert changed(later.sample(frac=1, random_state=3)) == moves
    assert changed(sites, as_of="2026-12-02") == []
    policy = ca.Policy.load("hp-call-to-repair")
    causes = dict(changed(sites, policy=policy))
    assert (causes["a"], causes["b"]) == ("policy", "policy")
    other = network.assign(latitude=51.0)
    assert {because for _, because in changed(later, (other, other))} == {"borders_or_version"}


def test_a_frame_written_with_its_centers_and_products_has_causes(tmp_path: Path) -> None:
    """`write_report` keeps the policy, and the products that `assess` used."""
    centers = ca.read_centers("data/service_centers.csv")
    lon, lat = moved(*centers.loc[centers["center_id"] == "DE-FBG-1", ["longitude", "latitude"]]
                     .iloc[0], 90, 20 * MILE_M)  # fmt: skip
    sites = pd.DataFrame(
        {"site_id": ["x"], "country": ["DE"], "latitude": [lat], "longitude": [lon],
         "product": ["Gate 500"]}
    )  # fmt: skip
    products = "data/products.csv"
    for name, day in (("a", "2026-12-01"), ("b", "2026-12-31")):
        verdicts = ca.assess(sites, centers, as_of=day, products=products)
        ca.write_report(verdicts, tmp_path / name, centers=centers)
        assert (tmp_path / name / "products.csv").exists()
    result = ca.compare(tmp_path / "a", tmp_path / "b")
    assert result[["change", "because"]].to_numpy().tolist() in ([], [["lost", "day"]])


def test_the_join_writes_nothing_to_standard_output(tmp_path: Path) -> None:
    """DuckDB shows a progress bar there by default, which would end up in a table or in JSON."""
    from coverage_analyzer.comparison.pairing import open_connection

    with open_connection(tmp_path) as connection:
        (shown,) = connection.execute("SELECT current_setting('enable_progress_bar')").fetchone()
    assert shown in {False, "false"}


def test_shares_of_a_country_are_of_its_sites_before_whatever_its_column_says_later(
    new_run: Maker,
) -> None:
    """A broken column of countries does not hide the losses of a country from a rule."""
    before = new_run("a")
    after = new_run("b", sites=SITES.replace(",FR,", ",US,"))
    rules = ("lost_share[FR] >= 60%; lost[FR] == 2; same[US] == 1", "sites_before[FR] == 3")
    manifest = batch.compare(before, after, None, CompareOptions(fail_if=rules, weight="contracts"))
    assert manifest["changes"]["lost"] == 2
    assert "2 of 3 (66.67 %)" in manifest["rules"]["failed"][0]
    assert len(manifest["rules"]["failed"]) == 4
    assert manifest["countries"]["FR"]["lost"] == 2


def test_flows_add_up_to_the_earlier_report_if_weights_have_changed(new_run: Maker) -> None:
    """A site counts what it counted in the earlier report."""
    before = new_run("a")
    after = new_run("b", sites=SITES.replace(",4,-2+3", ",400,-2+3"), centers=LATER)
    result = compared(before, after, None, CompareOptions(weight="contracts"))
    assert sum(flow[4] for flow in result.flows if flow[0]) == 30.5
    assert all(flow[4] > 0 for flow in result.flows)


def test_the_id_of_a_center_may_begin_with_space(new_run: Maker) -> None:
    """It is read back as it was."""
    odd = CENTERS.replace("PAR", "\tPAR").replace("PHL", " PHL ")
    assert changes(new_run("a", centers=odd), new_run("b", centers=odd, as_of="2026-12-02")) == []


def test_cells_of_a_key_are_not_mixed_up_and_columns_count_once(
    tmp_path: Path, new_run: Maker
) -> None:
    """Whatever characters they have; a column that is named twice is one column."""
    sites = "who,where,country,latitude,longitude\n" + "".join(
        f"{key},FR,{lat},2.35\n" for key, lat in (("a\x1fb,c", 60), ("a,b\x1fc", 48.85))
    )
    before, after = new_run("a", sites=sites), new_run("b", sites=sites, centers=LATER)
    options = CompareOptions(key=("who", "where", "who"), keep_rows=True)
    result = compared(before, after, tmp_path / "out", options)
    rows = [row for batch in result.rows for row in batch.to_pylist()]
    lost = [(r["who"], r["where"]) for r in rows if r["change"] == "lost"]
    assert lost == [("a", "b\x1fc")]
    assert (tmp_path / "out/changes.csv").read_text("utf-8").startswith('"who","where","name"')


@pytest.mark.parametrize("text", ["", " ", ";"])
def test_an_empty_rule_is_an_error(new_run: Maker, text: str) -> None:
    """As of a variable of a job that is not set: a gate that checks nothing."""
    with pytest.raises(InputError, match="empty"):
        batch.compare(new_run("a"), new_run("b"), None, CompareOptions(fail_if=(text,)))


def test_rows_that_a_damaged_report_has_lost_did_not_leave(new_run: Maker) -> None:
    """A report that ends after a whole row is damaged; it is neither compared nor matched again."""
    before, after = new_run("a"), new_run("b")
    report = after / "report.csv"
    report.write_text("".join(report.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    for again in (lambda: batch.compare(before, after), lambda: ca.criticality(after)):
        with pytest.raises(InputError, match="it has 2 rows, and the run wrote 4"):
            again()


@pytest.mark.parametrize("key", ["centers", "inputs", "ledger", "options"])
def test_a_manifest_with_other_types_is_damaged(new_run: Maker, key: str) -> None:
    """That is said, without a traceback."""
    before, after = new_run("a"), new_run("b")
    manifest = run_manifest(after)
    (after / "run.json").write_text(json.dumps(manifest | {key: 5}), "utf-8")
    with pytest.raises(InputError, match="damaged"):
        batch.compare(before, after, None, CompareOptions(fail_if=("centers > 3",)))


ODD_CELLS = (
    'say ""hi""', "two\nlines", "two\r\nlines", "a\rb", "a,b;c\td", " space ", "'", "''=1", "@a(b)",
    "#", "NULL", "\\N", "\x01\x1f", "\ufeffmark", "Größe", "",
)  # fmt: skip
"""Cells of own columns that a reader of CSV files may take for something else."""


@pytest.mark.parametrize("options", [{}, {"excel_locale": "de"}, {"raw_text": True}])
def test_a_scanned_report_has_the_text_that_was_read(
    new_run: Maker, tmp_path: Path, options: dict[str, Any]
) -> None:
    """DuckDB scans reports as CSV; each row has the cells that a Parquet report has."""
    sites = "site_id,name,country,latitude,longitude,note\n" + "".join(
        f'{n},"{text}",FR,48.85,2.35,"{text}"\n' for n, text in enumerate(ODD_CELLS)
    )
    folders = new_run("a", sites=sites, **options), new_run("b", sites=sites, format="parquet")
    reports = [open_report(folder) for folder in folders]
    key = Headers(("site_id", "name", "note"), by_header=True)
    keys = []
    for number, report in enumerate(reports):
        path = tmp_path / f"{number}.arrow"
        spooled(report, Reading(key), VerdictCodes(), path)
        keys.append(pa.ipc.open_file(str(path.with_suffix(".keys"))).read_all()["key"].to_pylist())
        assert (tmp_path / f"{number}.scan").exists() == (number == 0)
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == len(ODD_CELLS)
    assert changes(*folders) == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r\n", 2),
        lambda data: data.replace(b"\n", b"\n\n"),
        lambda data: data + b"\n\n",
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b'"FR"', b"FR"),
    ],
)
def test_a_report_that_was_saved_again_is_read_like_any_input(
    new_run: Maker, edit: Callable[[bytes], bytes]
) -> None:
    """With other line ends, empty lines, a mark or fewer quotes it holds the same."""
    before, after = new_run("a"), new_run("b")
    report = after / "report.csv"
    report.write_bytes(edit(report.read_bytes()))
    assert changes(before, after) == []


@pytest.mark.parametrize("name", ["[a]", "a*", "a?b", "it's", "d=1"])
def test_the_folder_of_a_report_is_no_pattern(new_run: Maker, tmp_path: Path, name: str) -> None:
    """Where a path would be a pattern, the report is read without a scan."""
    before, after = new_run("a"), new_run("b", centers=LATER)
    odd = shutil.copytree(after, tmp_path / name / "run")
    assert changes(before, odd) == changes(before, after)


def test_a_report_in_parts_has_the_text_of_a_whole_one(new_run: Maker) -> None:
    """Spark writes a folder of parts, each with its header: escaped ids are read alike."""
    before, after = new_run("a"), new_run("b")
    report = after / "report.csv"
    header, *lines = report.read_text("utf-8").splitlines(keepends=True)
    report.unlink()
    report.mkdir()
    for number, line in enumerate(lines):
        (report / f"part-{number:05}.csv").write_text(header + line, encoding="utf-8")
    (report / "_SUCCESS").touch()
    assert changes(before, after) == []
    assert changes(after, before) == []


DIALECTS = (
    ("utf-8", ",", ".", {"excel": True}),
    ("cp1252", ";", ",", {}),
    ("cp1252", ";", ",", {"excel": True}),
    ("utf-16", "\t", ".", {"excel_locale": "ch"}),
    ("cp1252", ";", ",", {"raw_text": True}),
)


@pytest.mark.parametrize(("encoding", "delimiter", "decimal", "options"), DIALECTS)
def test_a_report_is_read_by_what_its_run_says(
    new_run: Maker,
    tmp_path: Path,
    encoding: str,
    delimiter: str,
    decimal: str,
    options: dict[str, Any],
) -> None:
    """However the sites were written, and the report is: no change, and the same weights."""
    lines = (line.split(",") for line in SITES.splitlines())
    text = "\n".join(
        delimiter.join([*cells[:3], *(c.replace(".", decimal) for c in cells[3:6]), *cells[6:]])
        for cells in lines
    )
    before, sites = new_run("a"), tmp_path / "odd.csv"
    sites.write_bytes((text + "\n").encode(encoding))
    chosen = batch.Options(map=False, areas=False, **options)
    centers = before.parent / "centers.csv"
    batch.run(sites, centers, tmp_path / "odd", as_of="2026-12-01", options=chosen)
    result = batch.compare(before, tmp_path / "odd", None, CompareOptions(weight="contracts"))
    assert result["ledger"]["same"] == 4
    assert [side["weight"] for side in (result["a"], result["b"])] == [30.5, 30.5]


def test_what_is_no_run_folder_is_said_to_be_what_it_is(new_run: Maker, tmp_path: Path) -> None:
    """A report without its folder, a table, a held run, a report saved in another encoding."""
    before, after = new_run("a"), new_run("b")
    with pytest.raises(InputError, match=r"is a file. Give the run folder that it is in"):
        batch.compare(before, after / "report.csv")
    with pytest.raises(InputError, match="is not a run folder"):
        batch.compare(before, f"sqlite:///{tmp_path}/x.db?table=verdicts")
    reject = Reject(3, Rejected.not_utf8, "byte 0xea is not UTF-8; give its --encoding", "")
    with pytest.raises(InputError, match=r"was changed: line 3: byte 0xea is not UTF-8. Run it"):
        refuse_edited(open_report(after).table, [reject])
