"""The map of a policy in kilometres, in a real browser."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from browser.pages import Opened, rows_of
from coverage_analyzer import batch
from coverage_analyzer.policy import Policy

pytestmark = pytest.mark.xdist_group("browser")


def policy_file(folder: Path) -> Path:
    """Write a policy with a limit of 100 km, and return its path."""
    text = Policy.text("hp-call-to-repair").partition("[[bands]]")[0]
    text = text.replace("format = 1", "format = 2").replace('"hp-call-to-repair"', '"in-km"', 1)
    bands = [
        ("six-hours", "", "up_to_km = 100"),
        ("eight-hours", "above_km = 100", "up_to_km = 200"),
    ]
    for level, above, up_to in bands:
        text += (
            f'[[bands]]\nlevel = "{level}"\ncountries = ["*"]\n{above}\n{up_to}\nclause = "all"\n'
        )
    text = text.replace('clause = "zone-50"', 'clause = "all"')
    text = text.replace('clause = "zone-100"', 'clause = "all"').replace("beyond-100", "all")
    path = folder / "km.toml"
    path.write_text(f'{text}\n[clauses]\nall = "As agreed."\n', encoding="utf-8")
    return path


def test_a_popup_and_the_saved_rows_are_in_kilometres(browser: Browser, tmp_path: Path) -> None:
    """As the report has them, to the last digit, with miles in brackets."""
    degrees = 100_000.002 / (6_378_137.0 * np.pi / 180)
    (tmp_path / "sites.csv").write_text(
        f"site_id,country,latitude,longitude\nS,KE,0,{37 + degrees:.12f}\n", encoding="utf-8"
    )
    (tmp_path / "centers.csv").write_text(
        "center_id,country,latitude,longitude\nC,KE,0,37\n", encoding="utf-8"
    )
    folder = tmp_path / "run"
    batch.run(
        tmp_path / "sites.csv", tmp_path / "centers.csv", folder, policy=policy_file(tmp_path)
    )
    (row,) = rows_of(folder / "report.csv")
    assert (row["level"], row["distance_km"]) == ("8-hour call-to-repair", "100.000")
    opened = Opened(browser, folder / "map.html")
    words = opened.click_at(0.0, 37 + degrees)
    assert "distance\t100.000 km (62.137 mi)" in words
    assert "limit\t200 km (124.3 mi)" in words
    assert "margin\t100.000 km within the limit" in words
    assert opened.complaints == []
