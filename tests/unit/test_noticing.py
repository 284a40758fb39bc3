"""What looks like a column and is not taken, or is stated and not judged, is told by every face."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from running import AS_OF, centers_file, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError

SITES = "site_id,Countries,lat,lon,Part,Model\nA,US,40.0,-75.0,fan,MPX\n"


def notices_of(arguments: list[object]) -> str:
    """Return all that the program says."""
    ended = CliRunner().invoke(program, list(map(str, arguments)))
    return f"{ended.output}{ended.exception or ''}"


def test_headers_that_may_be_meant_are_told_by_all(tmp_path: Path) -> None:
    """Run, check, letter and notebook: the country, and what gates look at."""
    sites, centers = sites_file(tmp_path, SITES), centers_file(tmp_path)
    to = [sites, "--centers", centers]
    letter = [*to, "--site", "A", "-o", tmp_path / "l.html"]
    with pytest.warns(UserWarning, match=r"No column used") as caught:
        ca.read_sites(sites)
    text = "\n".join(str(w.message) for w in caught)
    for words in (
        notices_of(["run", *to, "-o", tmp_path / "out"]),
        notices_of(["check", sites]),
        notices_of(["letter", *letter]),
        text,
    ):
        for header in ("Countries", "Part", "Model"):
            assert f"To use '{header}':" in words
    assert "Not checked" not in notices_of(["check", sites])


def test_a_product_without_a_table_is_told_by_all(tmp_path: Path) -> None:
    """Who states a product believes that it counts."""
    sites = sites_file(tmp_path, "site_id,lat,lon,country,product\nA,40.0,-75.0,US,MPX\n")
    centers = centers_file(tmp_path)
    words = "Product life cycle not checked"
    to = [sites, "--centers", centers]
    assert words in notices_of(["run", *to, "-o", tmp_path / "out"])
    assert words in notices_of(["letter", *to, "--site", "A", "-o", tmp_path / "l.html"])
    place = ["--centers", centers, "--country", "US", "--product", "MPX"]
    assert words in notices_of(["explain", "40.0", "-75.0", *place])
    with pytest.warns(UserWarning, match=words):
        ca.assess(ca.read_sites(sites), ca.read_centers(centers), as_of=AS_OF)


def test_what_is_assessed_again_from_a_report_says_what_it_does_not_know(tmp_path: Path) -> None:
    """A verdict that roads have taken back is judged anew, by distance alone."""
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    batch.run(sites, centers, tmp_path / "out", as_of=AS_OF)
    report = tmp_path / "out" / "report.csv"
    site = pd.read_csv(report, dtype=str)["site_id"][0]
    to = [report, "--centers", centers, "--as-of", AS_OF]
    letter = ["letter", *to, "--site", site, "-o", tmp_path / "l.html"]
    asked = tmp_path / "requests.csv"
    asked.write_text(f"request_id,site_id,authorised_at\nR,{site},2026-12-01T10:00:00Z\n", "utf-8")
    due = ["commitments", asked, "--sites", report, "--centers", centers, "-o", tmp_path / "d.csv"]
    days = ["timeline", report, "--centers", centers, "--to", "2026-12-31"]
    for command in (letter, due, [*days, "-o", tmp_path / "t.csv"]):
        assert "ignores its drive times" in notices_of(command), command[0]


def test_commitments_are_written_as_what_they_are_called(tmp_path: Path) -> None:
    """A file whose name promises another format would be opened by another program."""
    from coverage_analyzer.batch._commitments import answer_requests

    with pytest.raises(
        InputError, match=r"'a\.ods' has an unsupported extension.*written as \.csv or \.xlsx"
    ):
        answer_requests("r.csv", "s.csv", "c.csv", tmp_path / "a.ods")


def test_centers_with_a_decimal_comma(tmp_path: Path) -> None:
    """It is read, whether the command line says so or not; a fault names the cell."""
    sites = sites_file(tmp_path)
    text = "center_id;lat;lon;country\nPHL;39,95;-75,16;US\n"
    to = [sites, "--centers", centers_file(tmp_path, text), "-o", tmp_path / "out"]
    assert "1 of 1 center open" in notices_of(["run", *to])
    assert "1 of 1 center open" in notices_of(["run", *to, "--center-decimal", ","])
    centers_file(tmp_path, text.replace("-75,16", "75,16 N"))
    assert "longitude is '75,16 N', not a number in degrees; 'N'" in notices_of(["run", *to])


def test_explain_and_report_have_the_same_margin(tmp_path: Path) -> None:
    """Rounded away from zero in both: nobody misses by 0.000."""
    sites, centers = sites_file(tmp_path), centers_file(tmp_path)
    network = ca.read_centers(centers)
    with pytest.warns(UserWarning, match="rejected"):
        result = ca.read_sites(sites)
    verdicts = ca.assess(result, network, as_of=AS_OF)
    checked = 0
    for row in verdicts.to_dict("records"):
        if row["status"] not in {"qualified", "fallback"} or pd.isna(row["margin_miles"]):
            continue
        place = {"latitude": row["geometry"].y, "longitude": row["geometry"].x}
        story = ca.explain(network, **place, country=row["country"], as_of=AS_OF)
        assert story.center is not None
        assert story.center.margin_miles == row["margin_miles"]
        checked += 1
    assert checked > 2


def test_amounts_days_and_prose_are_not_offered_as_ids(tmp_path: Path) -> None:
    """What tells rows apart is an id only if it can be one."""
    path = tmp_path / "sites.csv"
    rows = [f'{n},"{n}1,250.00",2026-03-0{n},Firm {n} of Bonn,Q{n},5{n}.5,7.1' for n in range(1, 6)]
    path.write_text("x,Annual Revenue,Since,Remark,Ordernum,lat,lon\n" + "\n".join(rows), "utf-8")
    text = " ".join(batch.check(path)["warnings"])
    assert "To use 'x' or 'Ordernum': --column site_id=x" in text
