"""``summary.html``: the figures of the run, text of users as text, equal bytes for equal input."""

import html
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from running import SITES, centers_file, contents, judged, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.batch.run_summary import NAME

DATA = Path(__file__).parents[2] / "data"
EVIL = '</style><img src=x onerror="alert(1)">${title}'


def text_of(folder: Path) -> str:
    """Return the text of a summary, without its markup."""
    page = (folder / NAME).read_text("utf-8")
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_its_figures_are_those_of_the_run(tmp_path: Path) -> None:
    """Totals, status, reason, rejects with what to do, the ledger, policy and inputs."""
    manifest = judged(tmp_path)
    text = text_of(tmp_path / "out")
    for line in ("As of 2026-12-01", "read 12 = decided", manifest["policy"]["sha256"]):
        assert line in text
    for reason, n in manifest["counts"]["reason"].items():
        share = 100 * n / manifest["ledger"]["decided"]
        assert re.search(rf"{reason} {n} {share:.1f} % \w", text), reason
    for reason, n in manifest["counts"]["rejects"].items():
        assert re.search(rf"{reason} {n} \w", text), reason
    assert manifest["inputs"]["sites"]["sha256"] in text
    assert "United States 3 1" in text
    page = (tmp_path / "out" / NAME).read_text("utf-8")
    assert page.count('<svg class="picture"') == 1
    assert "<script" not in page
    assert NAME in manifest["files"]


def test_equal_input_gives_equal_bytes_with_and_without_a_map(tmp_path: Path) -> None:
    """The static map is made of the same sample, whoever collects it."""
    result = {}
    for name, options in {"a": {}, "b": {}, "plain": {"map": False}}.items():
        (tmp_path / name).mkdir()
        judged(tmp_path / name, options=batch.Options(**options))
        page = (tmp_path / name / "out" / NAME).read_text("utf-8")
        result[name] = page.replace(str(tmp_path / name), "")
    assert result["a"] == result["b"] == result["plain"]


def test_it_can_be_left_out(tmp_path: Path) -> None:
    """And an old one goes with its run."""
    judged(tmp_path)
    manifest = judged(tmp_path, options=batch.Options(summary=False))
    assert NAME not in manifest["files"]
    assert NAME not in contents(tmp_path / "out")


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    """In ids and names of centers and in the path of the input."""
    folder = tmp_path / "a <b> & 'c'"
    folder.mkdir()
    quoted = EVIL.replace('"', '""')
    network = f'center_id,name,country,latitude,longitude\n"{quoted}","{quoted}",US,40,-75\n'
    sites, centers = sites_file(folder), centers_file(folder, network)
    batch.run(sites, centers, folder / "out", as_of="2026-12-01")
    page = (folder / "out" / NAME).read_text("utf-8")
    assert "<img" not in page
    assert html.escape(EVIL) in page
    assert str(sites) in text_of(folder / "out")


def test_it_counts_what_it_does_not_list(tmp_path: Path) -> None:
    """More countries and centers than a sheet holds: the last row has the others."""
    manifest = batch.run(
        DATA / "customer_sites.csv", DATA / "service_centers.csv", tmp_path, as_of="2026-12-01"
    )
    page = (tmp_path / NAME).read_text("utf-8")
    table = page.partition('<table class="countries">')[2].partition("</table>")[0]
    cells = re.findall(r'<td class="number">([\d,]+)</td><td class="number">([\d,]+)</td>', table)
    sites, qualified = (sum(int(row[i].replace(",", "")) for row in cells) for i in (0, 1))
    assert len(cells) == 20
    assert (sites, qualified) == (
        manifest["ledger"]["decided"],
        manifest["counts"]["status"]["qualified"],
    )
    loads = page.partition('<table class="centers">')[2].partition("</section>")[0]
    listed = [int(n) for n in re.findall(r'<td class="number">(\d+)</td>', loads)]
    others = re.search(r"(\d+) other centers: ([\d,]+)", loads)
    assert others
    assert sum(listed) + int(others[2].replace(",", "")) == qualified
    assert len(page) < 200_000


def test_without_sites_it_says_so(tmp_path: Path) -> None:
    """An empty file, and one of rejects only."""
    manifest = judged(tmp_path, "site_id,latitude,longitude\nA,x,y\n", options=batch.Options(
        max_rejects="100%"))  # fmt: skip
    assert manifest["ledger"]["decided"] == 0
    assert "No site was assessed" in text_of(tmp_path / "out")
    assert "<tbody>\n\n</tbody>" not in (tmp_path / "out" / NAME).read_text("utf-8")


def test_drive_times_renew_it(tmp_path: Path) -> None:
    """A site that moves to review is no longer promised there; a run without one gets none."""
    sites, centers = DATA / "town_sites.csv", DATA / "town_centers.csv"
    batch.run(sites, centers, tmp_path, as_of="2026-12-01")
    before = text_of(tmp_path)
    text = drive(tmp_path, DATA / "town.osm", minutes=1)
    after = text_of(tmp_path)
    assert NAME in text["files"]
    assert after != before
    for reason, n in text["counts"]["reason"].items():
        assert f"{reason} {n} " in after
    batch.run(sites, centers, tmp_path, as_of="2026-12-01", options=batch.Options(summary=False))
    assert NAME not in drive(tmp_path, DATA / "town.osm")["files"]


@pytest.mark.parametrize("with_centers", [True, False])
def test_frames_write_one(tmp_path: Path, with_centers: bool) -> None:
    """With the figures of the verdicts, and a map where centers are given."""
    usable = "".join(SITES.splitlines(keepends=True)[:7])
    sites = ca.read_sites(str(sites_file(tmp_path, usable)))
    centers = ca.read_centers(str(centers_file(tmp_path)))
    verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers if with_centers else None)
    page = (folder / NAME).read_text("utf-8")
    assert ('<svg class="picture"' in page) == with_centers
    counts = json.loads((folder / "run.json").read_text("utf-8"))["counts"]["reason"]
    assert pd.Series(counts).sum() == len(verdicts)
    assert all(f"{reason} {n} " in text_of(folder) for reason, n in counts.items())
