"""The sample cases: pairs on the limit, and real places where careless tools go wrong."""

import csv
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import coverage_analyzer as ca
from coverage_analyzer import geodesy
from coverage_analyzer.countries import Countries

EXPECTED = {"qualified": "Gold Plus", "fallback": "Gold", "review": "Review"}


@pytest.fixture(scope="module")
def thresholds(shared: Path) -> pd.DataFrame:
    """Return the pairs on the limit."""
    return pd.read_csv(shared / "thresholds.csv", keep_default_na=False)


def test_thresholds_are_decided_as_true_distances_are(thresholds: pd.DataFrame) -> None:
    """Decide all pairs within a centimetre to a kilometre of a limit, at poles and at 180."""
    t = thresholds
    within = geodesy.within(t["lon1"], t["lat1"], t["lon2"], t["lat2"], t["limit_m"])
    assert len(t) == 300
    np.testing.assert_array_equal(within, t["within"] == 1)


def test_threshold_distances_are_true(thresholds: pd.DataFrame) -> None:
    """Agree with GeographicLib's figures to the last digit of the file."""
    t = thresholds
    result = geodesy.distance_m(t["lon1"], t["lat1"], t["lon2"], t["lat2"])
    np.testing.assert_allclose(result, t["distance_m_true"], rtol=0, atol=2e-8)


def shared_country(t: pd.DataFrame, world: Countries) -> npt.NDArray[np.str_]:
    """Return the country in which both ends lie, if it has the limit of the row, else nothing."""
    one, other = world.locate(t["lon1"], t["lat1"]), world.locate(t["lon2"], t["lat2"])
    limit = np.where(one == "US", 70, 50) * geodesy.MILE_M
    return np.where((one == other) & (np.abs(limit - t["limit_m"]) < 1e-6), one, "")


def test_thresholds_get_their_level(thresholds: pd.DataFrame, world: Countries) -> None:
    """Judge each pair that lies in one country with that country's limit, the whole way."""
    country = shared_country(thresholds, world)
    seen = thresholds[country != ""]
    country = country[country != ""]
    assert len(set(country)) > 1
    for case, code in zip(seen.itertuples(), country, strict=True):
        center = pd.DataFrame(
            {"center_id": ["C"], "latitude": case.lat1, "longitude": case.lon1, "country": code}
        )
        site = pd.DataFrame({"latitude": [case.lat2], "longitude": case.lon2, "country": code})
        verdict = ca.assess(site, center, as_of="2026-12-01").iloc[0]
        expected = "qualified" if case.within else "fallback"
        assert (verdict["status"], case.case_id) == (expected, case.case_id)
        assert verdict["centers_in_reach"] == case.within
        assert (verdict["margin_miles"] >= 0) == bool(case.within)


def edge_cases(shared: Path) -> list[dict[str, str]]:
    """Return the rows of edge_cases.csv, as text."""
    with (shared / "edge_cases.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(path: Path, row: dict[str, str], side: str, id_column: str) -> Path:
    """Write one end of an edge case as a file of its own."""
    columns = ("name", "latitude", "longitude", "country")
    cells = {id_column: row["case"], **{c: row[f"{side}_{c}"] for c in columns}}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(cells))
        writer.writeheader()
        writer.writerow(cells)
    return path


def test_edge_cases_through_files(shared: Path, tmp_path: Path) -> None:
    """Read each case from files and judge it: level, review or reject, and the distance."""
    rows = edge_cases(shared)
    wrong = []
    for row in rows:
        centers = ca.read_centers(written(tmp_path / "centers.csv", row, "center", "center_id"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # rejects are told of
            sites = ca.read_sites(written(tmp_path / "sites.csv", row, "site", "site_id"))
        if sites.empty:
            result = "Review"
        else:
            verdict = ca.assess(sites, centers, as_of="2026-12-01").iloc[0]
            result = EXPECTED[verdict["status"]]
            if row["distance_miles"] and pd.notna(verdict["distance_miles"]):
                true = float(row["distance_miles"])
                assert abs(verdict["distance_miles"] - true) <= 0.00101, row["case"]
        if result != row["expected"]:
            wrong.append((row["case"], result, row["expected"]))
    assert len(rows) >= 57
    assert not wrong
