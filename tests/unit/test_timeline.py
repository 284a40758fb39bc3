"""Levels over time: the days on which they change, in frames, files and pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from running import centers_file, records, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, MissingExtraError

SITES = """\
site_id,latitude,longitude,country,product,registered_on
boise,43.60,-116.20,US,,
bergen,60.39,5.33,NO,,
far,45.0,-100.0,US,,
phase,40.0,-75.0,US,Ages,
address,40.0,-75.0,US,,2027-03-05
both,43.60,-116.20,US,Ages,2027-03-05
at-once,43.60,-116.20,US,,2026-12-15
lost,x,-75.0,US,,
"""

PRODUCTS = """\
product,mainstream_ends_on,extended_ends_on,life_ends_on
Ages,2026-12-31,2027-03-31,2028-01-01
"""

START, END = "2026-06-01", "2027-12-31"

EXPECTED = [
    ("boise", "2026-06-01", "Gold", "pending", "center_opens_later", "BOI"),
    ("boise", "2026-12-15", "Gold Plus", "qualified", "within_radius", "BOI"),
    ("bergen", "2026-06-01", "Gold Plus", "qualified", "within_radius", "BGO"),
    ("bergen", "2026-06-30", "Gold", "fallback", "no_center_in_country", ""),
    ("far", "2026-06-01", "Gold", "fallback", "beyond_radius", "PHL"),
    ("far", "2026-12-15", "Gold", "fallback", "beyond_radius", "BOI"),
    ("phase", "2026-06-01", "Gold Plus", "qualified", "within_radius", "PHL"),
    ("phase", "2027-04-01", "Not covered", "not_covered", "lifecycle_phase", "PHL"),
    ("address", "2026-06-01", "Gold", "fallback", "address_not_registered", "PHL"),
    ("address", "2027-03-05", "Gold Plus", "qualified", "within_radius", "PHL"),
    ("both", "2026-06-01", "Gold", "fallback", "address_not_registered", "PHL"),
    ("both", "2026-12-15", "Gold", "fallback", "address_not_registered", "BOI"),
    ("both", "2027-03-05", "Gold Plus", "qualified", "within_radius", "BOI"),
    ("both", "2027-04-01", "Not covered", "not_covered", "lifecycle_phase", "BOI"),
    ("at-once", "2026-06-01", "Gold", "fallback", "address_not_registered", "PHL"),
    ("at-once", "2026-12-15", "Gold Plus", "qualified", "within_radius", "BOI"),
]


OF = {"phase": "Ages", "both": "Ages"}
"""The product of a site; it stands beside the id, as a site may have several."""


@pytest.fixture
def products(tmp_path: Path) -> Path:
    """Return a file of one product, of which each phase ends on its day."""
    path = tmp_path / "products.csv"
    path.write_text(PRODUCTS, encoding="utf-8")
    return path


def written(folder: Path, products: Path, name: str) -> tuple[Path, dict[str, Any]]:
    """Return the timeline of the sites as a file, and what was found."""
    sites, centers, output = sites_file(folder, SITES), centers_file(folder), folder / name
    options = batch.Options(products=products)
    return output, batch.timeline(sites, centers, output, days=(START, END), options=options)


def changes_of(folder: Path, products: Path | None) -> pd.DataFrame:
    """Return the timeline of the sites as a frame."""
    with pytest.warns(UserWarning, match="1 row"):
        sites = ca.read_sites(sites_file(folder, SITES))
    centers = ca.read_centers(centers_file(folder))
    return ca.timeline(sites, centers, start=START, end=END, products=products)


def test_each_change_has_its_day(tmp_path: Path, products: Path) -> None:
    """Openings, closings, ends of phases and registrations, and no other day."""
    changes = changes_of(tmp_path, products)
    days = changes["from_day"].dt.strftime("%Y-%m-%d")
    plain = changes.assign(from_day=days, center_id=changes["center_id"].fillna(""))
    product = plain.pop("product").tolist()
    assert product == [OF.get(row[0], "") for row in EXPECTED]
    assert list(plain.itertuples(index=False, name=None)) == EXPECTED


def test_a_file_says_the_same(tmp_path: Path, products: Path) -> None:
    """As text, with the counts by level of each day and the rows that could not be used."""
    output, data = written(tmp_path, products, "timeline.csv")
    rows = records(output)
    assert [row.pop("product") for row in rows] == [OF.get(row[0], "") for row in EXPECTED]
    assert [tuple(row.values()) for row in rows] == EXPECTED
    assert data["ledger"] == {"read": 8, "decided": 7, "rejected": 1, "blank": 0}
    assert data["rows"] == len(EXPECTED)
    none = {"Not covered": 0}
    assert data["levels"]["2026-06-01"] == {"Gold Plus": 2, "Gold": 5} | none
    assert data["levels"]["2026-12-15"] == {"Gold Plus": 3, "Gold": 4} | none
    assert data["levels"]["2027-03-05"] == {"Gold Plus": 5, "Gold": 2} | none
    assert data["levels"]["2027-04-01"] == {"Gold Plus": 3, "Gold": 2, "Not covered": 2}
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_parquet_keeps_days(tmp_path: Path, products: Path) -> None:
    """A day is a day there."""
    output, _ = written(tmp_path, products, "timeline.parquet")
    rows = pq.read_table(output).to_pylist()
    assert [row["from_day"].isoformat() for row in rows] == [row[1] for row in EXPECTED]


def test_shares_agree_with_the_counts(tmp_path: Path, products: Path) -> None:
    """What the picture shows is what the file's job has counted."""
    _, output = written(tmp_path, products, "timeline.csv")
    shares = ca.level_shares(changes_of(tmp_path, products))
    assert shares.index[-1] == pd.Timestamp(END)
    for day, counts in output["levels"].items():
        row = shares.loc[pd.Timestamp(day)]
        assert {level: round(share * 7) for level, share in row.items()} == counts
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_without_products_no_phase_ends(tmp_path: Path) -> None:
    """A gate closes only on what it sees."""
    changes = changes_of(tmp_path, None)
    assert "lifecycle_phase" not in set(changes["reason"])


def test_a_plot_is_drawn(tmp_path: Path, products: Path) -> None:
    """A picture of the share of each level, the best one below."""
    pytest.importorskip("matplotlib")
    path = tmp_path / "shares.png"
    figure = ca.timeline_plot(changes_of(tmp_path, products), path=path)
    assert path.read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    titles = [text.get_text() for text in axes.get_legend().get_texts()]
    assert titles == ["Not covered", "Gold", "Gold Plus"]
    assert axes.collections[2].get_facecolor()[0].tolist() == [0x76 / 255] * 3 + [1.0]
    with pytest.raises(InputError, match="not a file name for an image"):
        ca.timeline_plot(changes_of(tmp_path, products), path=tmp_path / "shares.xyz")


def test_a_plot_wants_its_extra(
    tmp_path: Path, products: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Say what to install."""
    changes = changes_of(tmp_path, products)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"\[plot\]"):
        ca.timeline_plot(changes)


def test_the_verb(tmp_path: Path, products: Path) -> None:
    """Print the counts by day, write the file and end with the ledger."""
    sites, centers = sites_file(tmp_path, SITES), centers_file(tmp_path)
    output = tmp_path / "out.csv"
    arguments = [str(sites), "--centers", str(centers), "--from", START, "--to", END]
    more = ["-o", str(output), "--products", str(products)]
    ended = CliRunner().invoke(program, ["timeline", *arguments, *more])
    assert ended.exit_code == 0, ended.output
    assert "  2027-03-05, 5 Gold Plus, 2 Gold" in ended.output
    assert ended.output.splitlines()[-1] == "read 8 = decided 7 + rejected 1 + blank 0"
    assert len(records(output)) == len(EXPECTED)


@pytest.mark.parametrize(
    ("name", "days", "message"),
    [
        ("out.txt", (START, END), "unsupported extension"),
        ("out.csv", (END, START), "is empty"),
        ("out.csv", (START, "soon"), "is not a date"),
        ("sites.csv", (START, END), "is an input file"),
    ],
)
def test_what_cannot_be_meant(
    tmp_path: Path, name: str, days: tuple[str, str], message: str
) -> None:
    """Say what is wrong before anything is written."""
    sites, centers = sites_file(tmp_path, SITES), centers_file(tmp_path)
    with pytest.raises(InputError, match=message):
        batch.timeline(sites, centers, tmp_path / name, days=days)
    assert sites.read_text(encoding="utf-8") == SITES
