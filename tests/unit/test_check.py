"""`check` tells beforehand what a run would reject, by the same reading."""

from pathlib import Path

import pytest
from running import SITES, cells, judged, sites_file

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import delimited


def test_check_foretells_a_run(tmp_path: Path) -> None:
    """Ledger, reasons, first lines, columns and the rejects file are those of the run."""
    result = batch.check(sites_file(tmp_path), rejects=tmp_path / "rejects.csv")
    run = judged(tmp_path)
    assert result["ledger"] == run["ledger"]
    assert result["rejects"] == run["counts"]["rejects"]
    assert result["first_rejects"] == run["first_rejects"]
    assert result["columns"] == run["columns"]
    assert cells(tmp_path / "rejects.csv") == cells(tmp_path / "out" / "rejects.csv")


def test_check_counts_usable_countries(tmp_path: Path) -> None:
    """Agreed and inferred countries are good enough; unknown ones and null island are not."""
    result = batch.check(sites_file(tmp_path))
    assert result["countries"] == {"agreed": 7, "null_island": 1, "unknown": 1}
    assert result["usable_country"] == pytest.approx(7 / 9)


def test_check_reads_block_by_block_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The findings do not depend on how the file is cut."""
    whole = batch.check(sites_file(tmp_path))
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 50)
    assert batch.check(sites_file(tmp_path)) == whole


def test_check_names_what_is_carried_along_and_what_looks_meant(tmp_path: Path) -> None:
    """Other columns are listed; one that looks like a country is asked about."""
    text = "latitude,longitude,Country of Sale,note\n1,2,US,x\n"
    result = batch.check(sites_file(tmp_path, text))
    assert result["other_columns"] == ["Country of Sale", "note"]
    assert any("Country of Sale" in warning for warning in result["warnings"])


def test_check_of_no_rows_has_no_share(tmp_path: Path) -> None:
    """A header alone is readable, and nothing is said of countries."""
    result = batch.check(sites_file(tmp_path, SITES.splitlines()[0] + "\n"))
    assert result["ledger"]["read"] == 0
    assert result["usable_country"] is None


def test_check_writes_no_rejects_unasked(tmp_path: Path) -> None:
    """It looks, and leaves nothing behind."""
    batch.check(sites_file(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["sites.csv"]


def test_check_trusts_as_a_run_does(tmp_path: Path) -> None:
    """With trusted countries a conflict is none."""
    sites = sites_file(tmp_path, "latitude,longitude,country\n48.85,2.35,US\n")
    assert batch.check(sites)["usable_country"] == 0
    trusting = batch.Options(trust_declared=True)
    assert batch.check(sites, options=trusting)["usable_country"] == 1


def test_check_spares_its_input(tmp_path: Path) -> None:
    """The rejects may not go over the sites."""
    sites = sites_file(tmp_path)
    with pytest.raises(InputError, match=r"sites\.csv"):
        batch.check(sites, rejects=sites)
    assert sites.read_text(encoding="utf-8") == SITES
