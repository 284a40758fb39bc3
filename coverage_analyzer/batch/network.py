"""The centers of a run and their coverage areas, as written to the run folder."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, countries
from coverage_analyzer.countries import Numbers
from coverage_analyzer.countries.assignment import CountryBases
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder import contents, kept, service_areas
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.read_back import areas_as_drawn, centers_as_used
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.writers.areas import write_geojson
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.maps.page_data import Heading, Network
from coverage_analyzer.maps.sites import WhatIfSites
from coverage_analyzer.maps.what_if import WhatIfRules
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher, MatcherInputs
from coverage_analyzer.matching.outlook import held_back
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.verdict import Reason


def coverage_areas(matcher: Matcher) -> tuple[Areas | None, list[str]]:
    """Return the areas of a matcher's centers on its day, with warnings.

    There are none if they cannot be drawn, since verdicts do not depend on them.
    """
    trusted, day = matcher.convention.trust_declared, np.datetime64(matcher.as_of, "D")
    network = (matcher.centers, matcher.center_country, matcher.policy, matcher.world, day)
    try:
        drawn = areas.areas(*network, trust_declared=trusted)
    except InputError as error:
        return None, [f"No coverage areas: {error}"]
    return drawn, areas.notes(matcher.policy, trust_declared=trusted)


def write_network(
    matcher: Matcher, drawn: Areas | None, path: Callable[[str], Path], style: Style
) -> None:
    """Write the centers as used, and their areas.

    Parameters
    ----------
    matcher
        The matcher of the centers.
    drawn
        Areas for ``areas.geojson``, if any.
    path
        Returns where a file of the run is written, by its name.
    style
        Style of text files.
    """
    centers, country, names = matcher.centers, matcher.center_country, matcher.world.names
    contents.write_centers(
        path("centers.csv"), contents.center_rows(centers, country, names), style
    )
    if drawn is not None:
        rows = areas.properties(drawn, centers, country, names)
        write_geojson(path("areas.geojson"), rows, drawn.geometry.tolist())


def heading_of(manifest: Mapping[str, Any], title: str = "") -> Heading:
    """Return what a map says above it, by the manifest of a run."""
    policy, ledger = manifest["policy"], manifest.get("ledger", {})
    return Heading(policy["title"], policy.get("promise", ""), ledger.get("rejected", 0), title)


def with_road_parts(network: Network, path: Path, minutes: float | str) -> Network:
    """Return a network with the parts of its areas that roads do not serve, from their file.

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    return dataclasses.replace(
        network,
        unserved=service_areas.parts(path, network.centers, "unserved"),
        no_road_data=service_areas.parts(path, network.centers, "no_road_data"),
        minutes=minutes,
    )


class WhatIfReader:
    """What the map of a run folder needs to try changes of centers: the rule, and facts of sites.

    Parameters
    ----------
    folder, manifest
        The run folder.
    table
        Its open report.

    Raises
    ------
    InputError
        If a file that the run keeps was damaged.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], table: Table) -> None:
        spec = kept.run_inputs(folder, manifest)
        self._table, self._matcher = table, None if spec is None else spec.build()

    @property
    def rules(self) -> WhatIfRules:
        """The rule; without a policy if an earlier version made the run."""
        if self._matcher is None:
            return WhatIfRules(None)
        return what_if_rules(self._matcher, self._table)

    def sites(self, rows: ParsedRows, verdict: Mapping[str, pa.Array]) -> WhatIfSites | None:
        """Return the facts of the sites of a block, with their verdicts as the report has them."""
        matcher = self._matcher
        if matcher is None:
            return None
        inputs = matcher.inputs(self._table.site_rows(rows))
        country = matcher.world.names.named(as_text(verdict["site_country"]))
        codes = arrays.text_array([reason.name for reason in Reason])
        reason = pc.fill_null(pc.index_in(as_text(verdict["reason"]), codes), 0)
        assigned = country, matcher.countries(inputs.sites)[1]
        return what_if_sites(matcher, inputs, assigned, arrays.as_numpy(reason).astype(np.int8))


def what_if_rules(matcher: Matcher, table: Table) -> WhatIfRules:
    """Return the rule of a run by its matcher and its table of sites."""
    has_rules = any(name in table.columns for name in matcher.gates.columns)
    return WhatIfRules.of(matcher, has_rules=has_rules)


def what_if_sites(
    matcher: Matcher,
    inputs: MatcherInputs,
    assigned: tuple[Numbers, CountryBases],
    reason: npt.NDArray[np.int8],
) -> WhatIfSites:
    """Return what a map needs of sites to try changes; arguments as of `outlook.held_back`."""
    held = held_back(matcher, inputs.facts, assigned, reason)
    return WhatIfSites(inputs.sites.accuracy_m, held)


def network_of(folder: Path, manifest: Mapping[str, Any]) -> Network:
    """Return the centers and coverage areas of a run folder, for a map.

    Raises
    ------
    InputError
        If a file in it cannot be used.
    """
    world, covered = countries.load(), None
    centers, country = centers_as_used(folder, world, style_of(manifest))
    if "areas.geojson" in manifest["files"]:
        covered = areas_as_drawn(folder / "areas.geojson", centers)
    day = np.datetime64(manifest["as_of"], "D")
    numbers = world.names.numbers([country[center_id] for center_id in centers.center_id])
    own = manifest["policy"]["same_country"]
    return Network(centers, numbers, covered, day, same_country=own)
