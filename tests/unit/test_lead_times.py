"""Centers that are ordered open within a window, and are promised for its last day."""

import datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from running import manifest, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.lead_times import add_period

CENTERS = """\
center_id,country,latitude,longitude,opens_on,closes_on,ordered_on
BOI,US,43.615,-116.2023,,,2026-11-20
GDN,PL,54.35,18.65,,,2026-08-31
KTW,PL,50.26,19.02,2026-12-24,,2026-08-31
"""

SITES = """\
site_id,latitude,longitude,country
boise,43.60,-116.20,US
gdansk,54.36,18.64,PL
katowice,50.25,19.01,PL
"""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Return centers of which two are ordered, and have no opening day."""
    path = tmp_path / "network.csv"
    path.write_text(CENTERS, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("day", "amount", "unit", "then"),
    [
        ("2026-08-31", 6, "months", "2027-02-28"),
        ("2023-08-31", 6, "months", "2024-02-29"),
        ("2026-11-30", 3, "months", "2027-02-28"),
        ("2026-01-15", 12, "months", "2027-01-15"),
        ("2026-12-20", 6, "weeks", "2027-01-31"),
        ("2026-12-31", 1, "days", "2027-01-01"),
        ("2026-12-31", 0, "months", "2026-12-31"),
    ],
)
def test_a_month_ends_where_it_ends(day: str, amount: int, unit: str, then: str) -> None:
    """The 31st leads to the last day of a month that is shorter."""
    assert str(add_period(np.datetime64(day, "D"), amount, unit)) == then


def test_the_latest_day_is_promised(tmp_path: Path, network: Path) -> None:
    """Pending up to the last day of the window; the window stands with the centers."""
    out = tmp_path / "out"
    batch.run(sites_file(tmp_path, SITES), network, out, as_of="2026-12-01")
    report = {r["site_id"]: (r["status"], r["available_on"]) for r in records(out / "report.csv")}
    assert report == {
        "boise": ("pending", "2027-01-01"),
        "gdansk": ("pending", "2027-02-28"),
        "katowice": ("pending", "2026-12-24"),
    }
    rows = {r["center_id"]: r for r in records(out / "centers.csv")}
    shown = {k: (r["ordered_on"], r["opens_earliest_on"], r["opens_on"]) for k, r in rows.items()}
    assert shown == {
        "BOI": ("2026-11-20", "2026-11-20", "2027-01-01"),
        "GDN": ("2026-08-31", "2026-11-30", "2027-02-28"),
        "KTW": ("2026-08-31", "", "2026-12-24"),
    }
    assert manifest(out)["centers"] == {"given": 3, "open": 0}


def test_notebooks_see_the_same_window(tmp_path: Path, network: Path) -> None:
    """Verdicts, areas, map and report of frames; the story tells both days."""
    centers = ca.read_centers(network)
    sites = ca.read_sites(sites_file(tmp_path, SITES))
    verdicts = ca.assess(sites, centers, as_of="2027-01-31")
    assert verdicts["status"].tolist() == ["qualified", "pending", "qualified"]
    areas = ca.coverage_areas(centers, as_of="2027-01-31")
    assert dict(zip(areas["center_id"], areas["planned"], strict=True)) == {
        "BOI": False,
        "GDN": True,
        "KTW": False,
    }
    assert ca.coverage_map(verdicts, centers, areas).html()
    folder = ca.write_report(verdicts, tmp_path / "r", centers=centers)
    rows = {r["center_id"]: r["opens_earliest_on"] for r in records(folder / "centers.csv")}
    assert rows == {"BOI": "2026-11-20", "GDN": "2026-11-30", "KTW": ""}
    point = {"latitude": 54.36, "longitude": 18.64, "country": "PL"}
    story = ca.explain(centers, **point, as_of="2026-12-01")
    assert (story.available_from, story.available_on) == ("2026-11-30", "2027-02-28")
    assert "opens     between 2026-11-30 and 2027-02-28" in str(story)


def test_a_policy_without_lead_times_refuses_orders(network: Path, tmp_path: Path) -> None:
    """A center whose opening cannot be told is never taken for an open one."""
    sites = sites_file(tmp_path, SITES)
    with pytest.raises(InputError, match=r"(?s)2 problems.*'BOI'.*no lead time in US.*opens_on"):
        batch.run(sites, network, tmp_path / "out", policy="hp-call-to-repair")


def test_a_center_closes_after_its_window(network: Path, tmp_path: Path) -> None:
    """One that closes before it is sure to be open is a fault of the file."""
    text = CENTERS.replace(",,,2026-11-20", ",,2026-12-31,2026-11-20")
    network.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="closes_on is not after 2027-01-01"):
        batch.run(sites_file(tmp_path, SITES), network, tmp_path / "out", as_of="2026-12-01")


def test_the_story_tells_of_an_order_to_come(network: Path) -> None:
    """When a center would open here that is ordered on a day."""
    arguments = ["explain", "45.0", "-100.0", "--country", "US", "--centers", str(network)]
    ended = CliRunner().invoke(program, [*arguments, "--ordered-on", "2026-12-01"])
    assert ended.exit_code == 0, ended.output
    assert "a center ordered then would open between 2026-12-01 and 2027-01-12" in ended.output


def test_today_is_the_default_of_a_timeline(network: Path, tmp_path: Path) -> None:
    """From today on, for a year."""
    sites = ca.read_sites(sites_file(tmp_path, SITES))
    changes = ca.timeline(sites, ca.read_centers(network))
    span = [datetime.date.fromisoformat(changes.attrs[n]) for n in ("start", "end")]
    assert span[1] - span[0] == datetime.timedelta(days=365)
