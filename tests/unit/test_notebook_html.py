"""What a notebook shows of results: tables and bars in which every text is escaped."""

import re

import pandas as pd
import pytest

import coverage_analyzer as ca
from coverage_analyzer.frames._assess import MAX_GROUPS
from coverage_analyzer.schema import notebook
from coverage_analyzer.schema.theme import FILLS

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def verdicts() -> pd.DataFrame:
    """Return the verdicts on the sites of the town, with a hostile group."""
    centers = ca.read_centers("data/town_centers.csv")
    sites = ca.read_sites("data/town_sites.csv").assign(group=HOSTILE)
    return ca.assess(sites, centers, as_of="2026-12-01")


def test_a_summary_has_a_bar_for_each_group(verdicts: pd.DataFrame) -> None:
    """Each part is as wide as its share, in the colour of the map; texts are escaped."""
    summary = ca.summarize(verdicts, by="group")
    page = summary._repr_html_()
    assert "<script>" not in page
    assert page.count('role="img"') == len(summary)
    share = summary["qualified_share"].iloc[0]
    assert f"width:{share:.1%};background:{FILLS['qualified']}" in page


def test_a_long_summary_says_how_many_more() -> None:
    """The largest groups are shown."""
    counts = pd.DataFrame({"site_country": range(MAX_GROUPS + 5), "status": "fallback"})
    page = ca.summarize(counts)._repr_html_()
    assert "and 5 more" in page
    assert page.count('role="img"') == MAX_GROUPS


def test_a_part_of_a_summary_is_shown_as_pandas_does(verdicts: pd.DataFrame) -> None:
    """Rows have their bars; a selection of columns is a table as any other."""
    summary = ca.summarize(verdicts)
    assert summary.head(1)._repr_html_().count('role="img"') == 1
    assert "role=" not in summary[["sites"]]._repr_html_()


def test_explanation_and_policy_are_tables() -> None:
    """Headline and labelled lines, escaped."""
    centers = ca.read_centers("data/service_centers.csv").assign(name=HOSTILE)
    explanation = ca.explain(centers, latitude=47.6145, longitude=7.6645, country="DE")
    page = explanation._repr_html_()
    assert "<script>" not in page
    assert len(re.findall("<tr>", page)) == len(str(explanation).splitlines()) - 1
    assert "Gold Plus" in ca.Policy.load()._repr_html_()


def test_a_comparison_says_what_changed(verdicts: pd.DataFrame) -> None:
    """Counts by change and cause, then the rows."""
    worse = verdicts.assign(level="Gold", status="fallback", reason="beyond_radius")
    worse.attrs = dict(verdicts.attrs)
    page = ca.compare(verdicts, worse)._repr_html_()
    assert ">lost<" in page
    assert "<script>" not in page


def test_a_share_that_is_nearly_nothing_is_seen() -> None:
    """A part of one in a million has a width."""
    page = notebook.bar({"qualified": 1e-6, "fallback": 1 - 1e-6}, FILLS)
    assert "width:0.4%" in page


def test_plots_are_of_the_data(verdicts: pd.DataFrame) -> None:
    """Bars add up to 100 per cent and to the number of sites."""
    pytest.importorskip("matplotlib")
    shares = ca.plot_shares(verdicts).axes[0]
    assert sum(patch.get_width() for patch in shares.patches) == pytest.approx(
        100 * verdicts["site_country"].nunique()
    )
    distances = ca.plot_distances(verdicts).axes[0]
    tops = {patch.get_x(): patch.get_y() + patch.get_height() for patch in distances.patches}
    assert sum(tops.values()) == verdicts["distance_miles"].notna().sum()


@pytest.mark.parametrize("plot", [ca.plot_curve, ca.plot_distances, ca.plot_shares])
def test_a_plot_of_something_else_is_refused(plot: object) -> None:
    """In words."""
    with pytest.raises(ca.CoverageError):
        plot(pd.DataFrame({"a": [1]}))  # type: ignore[operator]
