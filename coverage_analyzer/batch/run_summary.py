"""The page ``summary.html`` of a run folder, by whichever job writes the folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coverage_analyzer import countries
from coverage_analyzer.files.run_folder.contents import Counts
from coverage_analyzer.files.run_folder.headline import headlines, qualified_sites
from coverage_analyzer.maps.page_data import Network
from coverage_analyzer.maps.picture import Scene, picture
from coverage_analyzer.maps.site_sample import SiteSample
from coverage_analyzer.maps.summary_page import RunSummary, summary_page
from coverage_analyzer.maps.summary_totals import SummaryTotals
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import Policy

NAME: Final = "summary.html"


@dataclass(frozen=True)
class Shown:
    """What the page shows in addition to the manifest and the counts.

    Attributes
    ----------
    policy
        Of the run.
    centers
        As used; None if unknown.
    totals
        Sites by distance and center, if they were counted.
    picture
        The static map, if there is one.
    """

    policy: Policy
    centers: Centers | None = None
    totals: SummaryTotals | None = None
    picture: str = ""


def write(path: Path, manifest: Mapping[str, Any], counts: Counts, shown: Shown) -> None:
    """Write the page.

    Parameters
    ----------
    path
        Where it is written.
    manifest
        As ``run.json`` holds it.
    counts
        The number of sites by country, level and status.
    shown
        What else it shows.
    """
    lines = headlines(qualified_sites(counts), sum(counts.values()))
    run = RunSummary(
        manifest,
        lines,
        counts,
        countries.load().names,
        shown.policy,
        shown.centers,
        shown.totals,
        shown.picture,
    )
    path.write_text(summary_page(run), encoding="utf-8")


def drawn_picture(sites: SiteSample, network: Network) -> str:
    """Return the static map of a run: its sites, centers and areas."""
    return picture(Scene(sites, network.centers, network.areas, network.day))
