"""Mutants: each is one error that was made in the field, put into the code; tests must notice it.

``make mutants`` copies the package and its tests for each of them into a folder of its own, changes
one place there, runs the tests that are near it until one fails, and prints a table. A mutant that
survives is a gap in the tests: the exit code is 1 then. With words as arguments, only mutants
that mention one of them are tried.

A mutant names a function, a place in its syntax tree and an operator; `mutation` explains places
and operators. If a module is moved, one line of `MODULES` changes. If a function is renamed, its
name changes here too; local variables are never named.

An old mutant, which is a line and its replacement, is converted so: parse the module before and
after, go down both trees together as long as they differ in one child only, and take that node.
Name it by the shortest place that matches nothing else, and choose the first operator that gives
the changed node: `Delete`, `Operator`, `Rename`, `Value`, `Keep`, `Swap`, else `Rewrite`, where
each local variable becomes a place. The meaning is the same if ``ast.dump(ast.parse(...))`` of
`mutation.mutated` equals that of the module with the changed line.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mutation import (
    Change,
    Delete,
    Keep,
    Operator,
    PlaceError,
    Rename,
    Rewrite,
    Swap,
    Value,
    mutated,
)

MODULES: Final = {
    "geometry": "geometry",
    "outcomes": "matching.outcomes",
    "policy_document": "policy.document",
    "areas": "matching.areas",
    "centers": "matching.centers",
    "borders": "countries.borders",
    "border_cells": "countries.border_cells",
    "decision": "countries.assignment",
    "country_names": "countries.names",
    "documents": "documents",
    "guard": "files.formulas",
    "database_address": "files.database.address",
    "database_connecting": "files.database.connection",
    "database_source": "files.database.reader",
    "database_target": "files.database.writer",
    "publishing": "files.run_folder.publishing",
    "finding": "files.find_site",
    "geodesy": "geodesy",
    "map_land": "maps.base_layer",
    "letter": "maps.letter",
    "letter_words": "maps.letter_words",
    "promise": "matching.promise",
    "days": "schema.days",
    "gates": "matching.eligibility",
    "http_client": "http_client",
    "geocoding_grades": "geocoding.grades",
    "geocoding_places": "geocoding.places",
    "postcodes": "addresses.postcodes",
    "units": "addresses.units",
    "lead_times": "matching.lead_times",
    "matching": "matching.matcher",
    "products": "matching.products",
    "timeline": "matching.timeline",
    "bands": "matching.bands",
    "matching_offers": "matching.offers",
    "site_zones": "matching.zones",
    "policy_areas": "policy.areas",
    "cells": "matching.grid",
    "nearness": "matching.nearest",
    "addresses": "addresses.compare",
    "calendars": "due_times.calendars",
    "clocks": "due_times.clocks",
    "commitments": "due_times.calculator",
    "levels": "due_times.levels",
    "requests": "due_times.requests",
    "zones": "due_times.time_zones",
    "road_drives": "roads.drive_times",
    "road_ruling": "roads.recheck",
    "road_fastest": "roads.fastest",
    "road_shapes": "roads.isochrones",
    "policy_checks": "policy.validation",
    "policy_distances": "policy.distances",
    "policy_model": "policy.model",
    "policy_clocks": "policy.clocks",
    "sides": "due_times.sides",
    "wall_times": "due_times.wall_times",
    "conditions": "programmes.conditions",
    "entitlements": "programmes.entitlements",
    "comparison": "programmes.offer_table",
    "programmes": "programmes.model",
}
"""The module behind the first part of each target, as a path in the package."""

ROOT: Final = Path(__file__).resolve().parents[1]
PARTS: Final = ("coverage_analyzer", "tests", "data", "pyproject.toml")
AT_ONCE: Final = 2
SECONDS: Final = 240
"""No run takes so long, but one that never ends."""

GUARD: Final = '''
"""A plugin that stops pytest if it would test any package but the copy beside this file."""
from pathlib import Path

import coverage_analyzer
import pytest


def pytest_configure():
    found, wanted = Path(coverage_analyzer.__file__).parents[1], Path(__file__).parent
    if found.resolve() != wanted.resolve():
        raise pytest.UsageError(f"tests would import {found}, not the copy {wanted}")
'''

_CENTERS, _COUNTRIES = "unit/test_centers.py", "unit/test_countries.py"
_MATCHING, _NEARNESS = "unit/test_matching.py", "unit/test_nearness.py"
_DATABASE = "unit/test_database.py"
_POLICY = "unit/test_policy.py"
_GATES = "golden/test_gate_cases.py"
_COMMITMENTS, _CLOCKS = "unit/test_commitments.py", "golden/test_clocks.py"
_SIDES, _CLOCK_LAWS = "golden/test_clock_sides.py", "property/test_clock_laws.py"
_REGION_CLOCKS = "golden/test_region_clocks.py"
_ADDRESSES, _PROMISES = "golden/test_addresses.py", "property/test_promises.py"
_OFFERS, _ROADS = "unit/test_offers.py", "golden/test_road_cases.py"
_GOLDEN, _LAWS = "golden/test_golden.py", "property/test_laws.py"

TESTS: Final = {
    "geometry": ("unit/test_areas.py",),
    "outcomes": (_MATCHING, _GOLDEN, "conformance/test_brute_force.py"),
    "policy_document": (
        "unit/test_policy.py",
        "unit/test_register.py",
        "unit/test_policy_warnings.py",
    ),
    "areas": ("unit/test_areas.py",),
    "centers": (_CENTERS, _MATCHING, _GOLDEN),
    "borders": (_COUNTRIES, _GOLDEN, _LAWS),
    "border_cells": ("unit/test_border_cells.py", _COUNTRIES, _GOLDEN, _LAWS),
    "decision": (_COUNTRIES, _MATCHING, _GOLDEN),
    "country_names": (_COUNTRIES, "unit/test_country_text.py", _GOLDEN),
    "documents": ("unit/test_documents.py", "unit/test_http_client.py"),
    "guard": ("unit/test_guard.py",),
    "database_address": (_DATABASE,),
    "database_connecting": (_DATABASE,),
    "database_source": (_DATABASE,),
    "database_target": (_DATABASE,),
    "publishing": (_DATABASE, "unit/test_publishing.py"),
    "finding": ("unit/test_finding.py",),
    "geodesy": ("unit/test_geodesy.py", _NEARNESS, _MATCHING, _GOLDEN, _LAWS),
    "map_land": ("unit/test_letter.py",),
    "letter": ("unit/test_letter.py",),
    "letter_words": ("unit/test_letter.py",),
    "promise": ("unit/test_letter.py",),
    "days": ("unit/test_days.py",),
    "gates": (_GATES, "property/test_time.py"),
    "http_client": ("unit/test_http_client.py",),
    "geocoding_grades": ("golden/test_places.py",),
    "geocoding_places": ("golden/test_places.py",),
    "postcodes": ("golden/test_places.py",),
    "units": (_ADDRESSES,),
    "lead_times": ("unit/test_lead_times.py",),
    "site_zones": (_MATCHING, _GOLDEN, "golden/test_area_cases.py", "property/test_area_laws.py"),
    "policy_areas": ("unit/test_policy.py", _GOLDEN, "unit/test_policy_areas.py"),
    "matching": (_MATCHING, _GOLDEN, _GATES, _OFFERS, _LAWS),
    "products": (_GATES, "unit/test_gates.py"),
    "timeline": ("unit/test_timeline.py", "property/test_time.py"),
    "bands": (_MATCHING, _GOLDEN, "golden/test_kilometre_cases.py"),
    "matching_offers": ("golden/test_offer_cases.py",),
    "road_fastest": ("golden/test_drive_time_cases.py",),
    "policy_distances": ("golden/test_drive_time_cases.py", "golden/test_kilometre_cases.py"),
    "cells": (_NEARNESS, _MATCHING, _LAWS),
    "nearness": (_NEARNESS, _MATCHING, _LAWS),
    "addresses": (_ADDRESSES, _PROMISES),
    "calendars": (_CLOCKS, _REGION_CLOCKS, _COMMITMENTS, _PROMISES),
    "clocks": (_CLOCKS, _REGION_CLOCKS, _SIDES, _COMMITMENTS, _PROMISES, _CLOCK_LAWS),
    "commitments": (_COMMITMENTS,),
    "levels": (_COMMITMENTS,),
    "requests": (_COMMITMENTS,),
    "zones": (_COMMITMENTS,),
    "road_drives": (_ROADS,),
    "road_ruling": (_ROADS,),
    "road_shapes": ("property/test_road_laws.py",),
    "policy_checks": (_POLICY,),
    "policy_clocks": (_SIDES, "unit/test_clock_checks.py"),
    "sides": (_SIDES, _COMMITMENTS),
    "wall_times": (_SIDES, _CLOCKS, _CLOCK_LAWS),
    "policy_model": (_POLICY, _OFFERS, _ROADS, _COUNTRIES, _MATCHING, _GOLDEN),
    "conditions": ("golden/test_entitlements.py", "unit/test_programmes.py"),
    "entitlements": ("golden/test_entitlements.py", "unit/test_programmes.py"),
    "comparison": ("unit/test_programmes.py",),
    "programmes": ("unit/test_programmes.py",),
}
"""The tests near each module, the quick ones first."""


class Mutant(NamedTuple):
    """A function or constant, a place in it, what is changed there, and what that stands for."""

    target: str
    place: str
    change: Change
    meaning: str

    @property
    def module(self) -> str:
        """The key in `MODULES` and `TESTS`."""
        return self.target.partition(".")[0]

    @property
    def name(self) -> str:
        """The dotted name in the module."""
        return self.target.partition(".")[2]

    def path(self, folder: Path) -> Path:
        """Return the file of the module, in a folder that contains the package."""
        return folder.joinpath("coverage_analyzer", *MODULES[self.module].split(".")).with_suffix(
            ".py"
        )

    def source(self, folder: Path) -> str:
        """Return the changed source of the module.

        Raises
        ------
        PlaceError
            If the function or the place in it does not exist, or is not the only one.
        """
        text = self.path(folder).read_text(encoding="utf-8")
        return mutated(text, self.name, self.place, self.change)


MUTANTS: Final = (
    Mutant(
        "gates.EligibilityChecker._cases",
        "BinOp[|]{Call[has_unbanded]}",
        Rewrite("_1 > _2 + 1", ".left.left", ".left.comparators.0"),
        "who bought Gold waits for Gold Plus",
    ),
    Mutant(
        "matching.Matcher._without_ended_levels",
        "Compare",
        Rewrite("_1 == Status.qualified", ".left"),
        "Gold is promised for a product that may be past its life",
    ),
    Mutant(
        "matching.Matcher._without_levels_not_offered",
        "Call[not_offered_there]",
        Value(False),
        "a level that was bought counts where it is not offered",
    ),
    Mutant(
        "geocoding_places._is_longer",
        "Return#1/2.value",
        Value(False),
        "Newport is Newport Pagnell",
    ),
    # ----------------------------------------------------------------------------- roads
    Mutant(
        "road_ruling._band_by_road",
        "IfExp{Name[NOT_OFFERED]}",
        Keep(".body"),
        "a level by road where it is not offered",
    ),
    Mutant(
        "road_ruling.verdicts_before_roads",
        "BinOp[&]{Attribute[not_offered_in_country]}",
        Keep(".left"),
        "what the run refused is given by a second look at roads",
    ),
    Mutant(
        "road_ruling.limit_minutes",
        "Call[where]",
        Keep(".args.2"),
        "the clock of another band than the one by road",
    ),
    Mutant(
        "road_drives.DriveTimes.compared_with",
        "Compare",
        Operator(">="),
        "the last minute of a delivery clock is too late",
    ),
    Mutant(
        "road_shapes.place_polygon",
        "Assign{keyword[inverse]}.value",
        Value(True),
        "served areas hold sites whose own road is not reached",
    ),
    Mutant(
        "road_shapes.parts_not_served",
        "Call[polygons_of]#1/2",
        Rewrite("polygons_of(_1)", "Call[intersection].args.0"),
        "what the map does not reach counts as unserved",
    ),
    Mutant(
        "policy_clocks.Replacement.limits_drive",
        "BoolOp.values.2",
        Delete(),
        "a level that only ships bounds the drive",
    ),
    Mutant(
        "policy_model.Policy.not_offered_rule",
        "BoolOp",
        Keep(".values.1"),
        "a level is not offered where another one is not",
    ),
    # ------------------------------------------------------------------------- databases
    Mutant(
        "database_address.address",
        "Name[HIDDEN]",
        Rewrite("_1['password']", "If{Name[HIDDEN]}.test.value"),
        "passwords in messages and manifests",
    ),
    Mutant(
        "database_connecting.reading",
        "Call[connected].args.1",
        Value("rw"),
        "a source that can be written to",
    ),
    Mutant(
        "database_source.DatabaseTable.blocks",
        "IfExp",
        Keep(".body"),
        "a row lost with each batch",
    ),
    Mutant(
        "database_target.TableWriter._old",
        "UnaryOp",
        Rewrite("_1 is None", ".operand"),
        "the table of a stranger is replaced",
    ),
    Mutant(
        "database_target.TableWriter.write",
        "Call[storable]",
        Keep(".args.0"),
        "types and names that the database has not",
    ),
    Mutant(
        "publishing.Publication.publish",
        "Compare",
        Rewrite("_ and not self.names"),
        "rows that nobody ever sees",
    ),
    # ------------------------------------------------------------------------- geodesy
    Mutant(
        "geodesy.MILE_M",
        "Constant",
        Rewrite("6336000 / 3937"),
        "US survey miles for international ones",
    ),
    Mutant(
        "geodesy.ROUNDING_M",
        "Constant",
        Value(0.0),
        "no millimetre for rounded coordinates",
    ),
    Mutant(
        "geodesy.within_chord",
        "If Compare",
        Operator("<"),
        "the limit is exclusive",
    ),
    Mutant(
        "geodesy.within_chord",
        "If Compare.left",
        Rewrite("_1[_2]", "arguments.args.0", "Attribute[any].value"),
        "a straight line through the earth decides at the limit",
    ),
    Mutant(
        "geodesy.distance_m",
        "Constant",
        Value("sphere"),
        "great circles on a sphere for geodesics on the ellipsoid",
    ),
    Mutant(
        "geodesy.ECCENTRICITY2",
        "BinOp[*]",
        Value(0.0),
        "chords of a sphere for chords of the ellipsoid",
    ),
    Mutant(
        "geodesy.chord_limits_m",
        "Assign{Name[LEAST_RADIUS_M]}.value",
        Rename("LEAST_RADIUS_M", "EQUATOR_M"),
        "the mean radius for the bound that is sure everywhere: no proof at the limit",
    ),
    Mutant(
        "geodesy.rival_chord_m",
        "Name[most_m]",
        Rewrite("lambda chord: 2 * GREATEST_RADIUS_M * np.arcsin(chord / 2 / GREATEST_RADIUS_M)"),
        "the nearest by chord for the nearest along the ground",
    ),
    Mutant(
        "geodesy.arc_m",
        "AugAssign[*]#5/6",
        Delete(),
        "printed distances by a radius that knows no direction",
    ),
    # ------------------------------------------------------------------------ nearness
    Mutant(
        "cells.ShortlistCache.find",
        "BinOp[&]",
        Rewrite("np.zeros(_1, np.bool_)", "Call[len]"),
        "a cell knows two groups, and takes one for the other",
    ),
    Mutant(
        "cells.ShortlistCache.add",
        "Call[where]{Constant[0]}",
        Rewrite("np.minimum(_, len(_1.center) - 1)", "Attribute[shortlists]#1/3"),
        "a country without a center measures to its neighbour's",
    ),
    Mutant(
        "nearness._nearest_of",
        "Call[minimum]{Call[maximum]}",
        Rewrite(
            "np.copyto(_1, _2, where=(_2 >= _3) & (_2 < _1))",
            ".args.0",
            ".args.1.args.1",
            ".args.1.args.0",
        ),
        "a rival that was the nearest for a while is forgotten",
    ),
    Mutant(
        "geodesy.arc_error_m",
        "Call[maximum]",
        Rewrite("_1.fill(1)", ".args.0"),
        "an arc of 1,000 km is held for as good as one of 200",
    ),
    Mutant(
        "nearness._first_of",
        "Call[lexsort].args.0.elts.0",
        Rewrite("-_"),
        "a tie goes to the larger id",
    ),
    Mutant(
        "cells.Grid.cell",
        "Call[minimum]",
        Keep(".args.0"),
        "180 degrees east falls off the grid",
    ),
    Mutant(
        "nearness.ReachIndex.in_reach",
        "BinOp[+]",
        Keep(".left"),
        "no millimetre for planned centers",
    ),
    Mutant(
        "cells.Grid.radius_m",
        "AnnAssign.value",
        Rewrite("0.7 * _1 * _2", ".left.left", ".left.right"),
        "candidates for the middle of a cell, not for its corners",
    ),
    Mutant(
        "nearness._Index._filter",
        "Call[_could_be_nearest]",
        Rewrite("_ & _1", "Compare[<=]#1/2"),
        "no nearest center where none is in reach",
    ),
    Mutant(
        "nearness._could_be_nearest",
        "Call[rival_chord_m]#1/2.args.0",
        Keep(".left"),
        "the nearest of a cell's middle for that of each site",
    ),
    Mutant(
        "nearness.NearestIndex.search",
        "Call[take]{Attribute[certain]}",
        Rewrite("np.zeros_like(_)"),
        "centers that surely reach are not counted",
    ),
    # ------------------------------------------------------------------------ matching
    Mutant(
        "site_zones.Zones.groups",
        "ListComp{Attribute[_country]}.elt",
        Keep(".value"),
        "the nearest center only, in whatever country",
    ),
    Mutant(
        "matching.Matcher.__init__",
        "Call[is_open]",
        Rewrite("~(_1.closes_on <= _2)", ".func.value", ".args.0"),
        "a planned center counts as open",
    ),
    Mutant(
        "matching.Matcher._planned_centers",
        "Call[lexsort]",
        Swap(".args.0.elts.1", ".args.0.elts.2"),
        "pending waits for the nearest center, not for the first to open",
    ),
    Mutant(
        "matching.Matcher._match_in",
        "BinOp[&]",
        Keep(".right"),
        "a planned center takes away what an open one grants",
    ),
    Mutant(
        "site_zones.Zones.groups",
        "Attribute[widest]",
        Rewrite("np.nanmin(self.bands.edges, axis=1)"),
        "only the nearest band counts centers in reach",
    ),
    Mutant(
        "bands.Bands.of",
        "Call[minimum]",
        Rewrite("np.copyto(_1, _2)", ".args.0", ".args.1"),
        "the widest band wins over the one that holds the site",
    ),
    Mutant(
        "matching.Matcher._levels",
        "Attribute[interim]",
        Rename("interim", "fallback"),
        "a pending site gets the fallback, not the interim level",
    ),
    Mutant(
        "matching.Matcher._borderline",
        "Call[abs]",
        Rewrite("_ / 1609.344"),
        "an accuracy in metres held against miles",
    ),
    Mutant(
        "matching.Matcher._verdicts_by_distance",
        "Call[statuses].args.4",
        Rewrite("_ & ~_1", "Call[statuses].args.3"),
        "rough coordinates do not matter for a planned center",
    ),
    Mutant(
        "outcomes._outcomes",
        "BinOp[|]",
        Operator("&"),
        "a rig in no country is granted the level unseen",
    ),
    Mutant(
        "matching.Matcher._open_centers",
        "Assign{Call[without_country]}",
        Delete(),
        "a site at 0, 0 is measured to the nearest center",
    ),
    Mutant(
        "matching.Matcher.countries",
        "UnaryOp{Attribute[needs_country]}",
        Rewrite("_1 and not self.policy.bands", ".operand"),
        "doubts about a country stop a policy that asks for none",
    ),
    Mutant(
        "matching_offers.Offers.best",
        "For.iter",
        Rewrite("reversed(_)"),
        "the worst offer wins",
    ),
    Mutant(
        "matching_offers.Offers._closed_levels",
        "Assign{Name[NO_PRODUCT]}",
        Delete(),
        "a purchased level is refused for want of a product",
    ),
    Mutant(
        "road_fastest.fastest_centers",
        "Call[where]",
        Keep(".args.2"),
        "a center that is not open yet gives a level by drive time",
    ),
    Mutant(
        "policy_distances.reach_of",
        "BinOp[+]",
        Keep(".left"),
        "a site a kilometre off the road is out without being looked at",
    ),
    Mutant(
        "outcomes.printed_metres",
        "AugAssign",
        Delete(),
        "a printed digit that is not Karney's",
    ),
    Mutant(
        "outcomes.away_from_zero",
        "Call[copysign]",
        Rewrite("np.round(_1, 3)", ".args.1"),
        "a margin of 0 for who does not qualify",
    ),
    # ---------------------------------------------------------------- programmes, the letter
    Mutant(
        "conditions._holds",
        "Compare[<=]",
        Operator("<"),
        "the last day of an agreement is not of it",
    ),
    Mutant(
        "conditions._by",
        "Compare[<=]",
        Operator("<"),
        "no renewal on its last day",
    ),
    Mutant(
        "conditions._market",
        "Compare[<]",
        Operator("<="),
        "markets begin a day late",
    ),
    Mutant(
        "conditions._market",
        "Dict.values.2",
        Rename("not_stated", "met"),
        "a market of which the page says nothing is guessed",
    ),
    Mutant(
        "conditions._compare_words",
        "UnaryOp",
        Rewrite("_1 is None", ".operand"),
        "7.15 is taken to be no LTSR",
    ),
    Mutant(
        "conditions._compare_words",
        "Attribute[not_stated]",
        Rename("not_stated", "met"),
        "an update within a version is guessed to be covered",
    ),
    Mutant(
        "conditions._one_version",
        "BinOp[+]",
        Keep(".left"),
        "6 is not 6.0",
    ),
    Mutant(
        "entitlements._answer",
        "Attribute[does_not]",
        Rename("does_not", "unknown"),
        "what is missing is not told as such",
    ),
    Mutant(
        "entitlements._rank",
        "Assign.value",
        Rewrite(
            "(OfferStatus.does_not, OfferStatus.not_stated,"
            " OfferStatus.unknown, OfferStatus.applies)"
        ),
        "the worst way to an offer is told",
    ),
    Mutant(
        "comparison._escape_markdown",
        "Assign.value",
        Keep(".func.value.func.value"),
        "markup in a table of Markdown",
    ),
    Mutant(
        "programmes._faults",
        "Compare[!=]",
        Rewrite("set(_1) > set(_2)", ".comparators.0", ".left.args.0"),
        "cells of a comparison under the wrong head",
    ),
    Mutant(
        "finding._Search.add",
        "AugAssign{Attribute[lines]}",
        Rewrite(
            "_1 = _2[_3].tolist()", ".target", ".value.func.value.value", "Call[_cut_block].args.1"
        ),
        "of an id that stands twice the first row is taken",
    ),
    Mutant(
        "letter.Letters.valid_until",
        "Call[min]",
        Rewrite("max(_1, default=None)", ".args.0"),
        "a letter is valid after the end of its promise",
    ),
    Mutant(
        "letter_words.MEANINGS",
        "Dict.values.1",
        Value(""),
        "a shipping clock is told as one of delivery",
    ),
    Mutant(
        "promise.Promises.end",
        "Compare[>]",
        Operator(">="),
        "a promise ends on any change",
    ),
    Mutant(
        "letter._text",
        "Call[escape]",
        Keep(".args.0"),
        "a name is markup in a letter",
    ),
    Mutant(
        "map_land.Plane.metres",
        "Return",
        Swap(".value.elts.0", ".value.elts.1"),
        "east is north on the map",
    ),
    Mutant(
        "map_land._lines",
        "BinOp[|]",
        Rewrite("_1 & _2", ".left.left", ".right.left"),
        "a coast along 180 degrees",
    ),
    # -------------------------------------------------------------------------- policy
    Mutant(
        "policy_checks._gaps",
        "Compare[<].comparators.0",
        Value(0),
        "an overlap of bands is accepted",
    ),
    Mutant(
        "policy_checks._gaps",
        "Compare[>].comparators.0",
        Value(12_000),
        "a gap between bands is accepted",
    ),
    Mutant(
        "policy_areas.of_country",
        "BoolOp",
        Swap(".values.0", ".values.1"),
        "50 miles everywhere: the US has no limit of its own",
    ),
    Mutant(
        "policy_model.Policy.convention",
        "Compare",
        Keep(".comparators.0"),
        "territories are not folded into their sovereign",
    ),
    Mutant(
        "policy_model.Policy.needs_country",
        "BoolOp.values.2",
        Delete(),
        "limits by country forgotten where any center may serve",
    ),
    Mutant(
        "policy_document.Model.model_config",
        "keyword[extra].value",
        Value("ignore"),
        "a misspelt key of a policy is passed over",
    ),
    Mutant(
        "policy_document._refuse_taken",
        "Assign#2/4",
        Rewrite("pass"),
        "a registered policy has the name of a built-in one",
    ),
    Mutant(
        "policy_document._refuse_taken",
        "BoolOp.values.1",
        Value(value=False),
        "one name is registered from two files",
    ),
    Mutant(
        "policy_document.Document.model_copy",
        "Delete",
        Rewrite("pass"),
        "a changed copy of a policy keeps the hash of the original",
    ),
    Mutant(
        "policy_document.Document.file_of",
        "Return#1/3.value",
        Value(None),
        "a report replaces the file of a registered policy",
    ),
    Mutant(
        "policy_document.mentions",
        "BoolOp.values.1",
        Delete(),
        "a rule cites a clause that the policy does not have",
    ),
    # ----------------------------------------------------------------------- countries
    Mutant(
        "borders.Borders._seen_northward",
        "Call[where]",
        Swap(".args.1", ".args.2"),
        "a border seen from the wrong side",
    ),
    Mutant(
        "borders.Borders._seen_northward",
        "Compare[!=]{Call[take]}",
        Rewrite(
            "(_1 - _2) * (_3 - _2) < 0", ".left.left", ".left.comparators.0", ".comparators.0.left"
        ),
        "a look through a vertex of a border sees none",
    ),
    Mutant(
        "borders._cell",
        "Assign{Compare[>=]}",
        Delete(),
        "180 degrees east is not 180 west",
    ),
    Mutant(
        "borders.Borders._border_within",
        "BinOp[|]",
        Keep(".left"),
        "a border is near on one of its sides only",
    ),
    Mutant(
        "border_cells.Box.in_cell",
        "AnnAssign.value",
        Rewrite("_ | True", ".left.left"),
        "a border in the next cell of the grid is not near",
    ),
    Mutant(
        "borders._to_segment",
        "Call[clip]",
        Keep(".args.0"),
        "a border runs on beyond its ends",
    ),
    Mutant(
        "decision.BORDER_ERROR_M",
        "Constant",
        Value(0.0),
        "the 250 m rule is off",
    ),
    Mutant(
        "decision.OFFSHORE_M",
        "Constant",
        Value(0.0),
        "piers and wind parks lie in no country",
    ),
    Mutant(
        "decision.NAUTICAL_MILE_M",
        "Constant",
        Value(1609.344),
        "land miles at sea",
    ),
    Mutant(
        "decision._compare_with_location",
        "BinOp[|]",
        Keep(".left"),
        "a territory is not recognised under its sovereign's name",
    ),
    Mutant(
        "decision._reconciled",
        "Compare{Attribute[names]}",
        Rewrite("_1 < 0", ".left"),
        "a territory's name does not stand beside it on its sovereign's ground",
    ),
    Mutant(
        "decision._inferred",
        "BinOp[&]#2/2",
        Keep(".left"),
        "a missing country is inferred next to a border",
    ),
    Mutant(
        "decision._inferred",
        "BinOp[&]{Call[len]}",
        Keep(".left"),
        "the own coast makes a missing country doubtful",
    ),
    Mutant(
        "decision.NULL_ISLAND_DEGREES",
        "Constant",
        Value(0.0),
        "0, 0 is a place like any other",
    ),
    Mutant(
        "country_names.Names._one",
        "UnaryOp",
        Rewrite("_1 in {'', 'NA'}", ".operand"),
        "NA is unknown: Namibia read as a missing value",
    ),
    Mutant(
        "country_names.country_key",
        "Attribute[casefold]#2/2",
        Rewrite("_1.casefold", "arg"),
        "accents make another country",
    ),
    Mutant(
        "country_names.Names._one",
        "BoolOp.values.1.args.1",
        Rename("UNKNOWN", "NONE"),
        "an unknown country counts as none said, and is inferred",
    ),
    Mutant(
        "country_names.Names._one",
        "Call[isdecimal]",
        Rewrite("not _1", ".func.value"),
        "a point between digits is dropped",
    ),
    Mutant(
        "country_names.code_key",
        "Call[isascii]",
        Keep(".func.value"),
        "a name with accents is read as a code: Austria in Vietnamese as Angola",
    ),
    Mutant(
        "country_names.Names._several",
        "Call[_common]",
        Rewrite("_1.pop()", ".args.0"),
        "of two countries in a cell one is chosen",
    ),
    Mutant(
        "country_names.Names.agreed",
        "Call[int16]",
        Rewrite("_1", "Return.value"),
        "a name that contradicts its code is ignored",
    ),
    Mutant(
        "guard.escape_formulas",
        "Call[_replace].args.2",
        Rewrite("_1", "Call[take]#2/2"),
        "formulas are not escaped",
    ),
    Mutant(
        "days.local_days",
        "Call[local_timestamp]",
        Rewrite("_1(pa.timestamp(_2.unit))", "Attribute[cast]", "Call[is_timestamp].args.0"),
        "a day with a zone is the day in UTC",
    ),
    # ------------------------------------------------------------------------- centers
    Mutant(
        "centers.Centers.is_open",
        "Compare",
        Operator("<"),
        "closes_on is inclusive",
    ),
    Mutant(
        "centers.Centers.is_planned",
        "Compare",
        Operator(">="),
        "a center does not serve on its first day",
    ),
    Mutant(
        "centers.Centers.from_texts",
        "Call[sorted]",
        Keep(".args.0"),
        "ties go by the order of the file",
    ),
    Mutant(
        "centers._country_faults",
        "Compare[>=]",
        Operator(">"),
        "a center out at sea is believed",
    ),
    # --------------------------------------------------------------------------- areas
    Mutant(
        "geometry.SAMPLED_ERROR_M",
        "Constant",
        Value(450.0),
        "the rim is not refined near the pole",
    ),
    Mutant(
        "geometry.split_at_antimeridian",
        "BinOp[|]",
        Rewrite("(_1 < -540) | (_2 > 540)", ".left.left", ".right.left"),
        "areas are not split at 180 degrees",
    ),
    Mutant(
        "geometry._unwrapped",
        "Constant[180]",
        Value(540),
        "a disc round the pole is a band without it",
    ),
    Mutant(
        "geometry._unwrapped",
        "Call[copysign]",
        Value(90.0),
        "the South Pole's disc is the rest of the world",
    ),
    Mutant(
        "areas.areas",
        "UnaryOp#2/2",
        Keep(".operand"),
        "areas reach over the border",
    ),
    Mutant(
        "areas._served",
        "Subscript{Attribute[holder]}",
        Keep(".slice"),
        "a territory that counts as the country is cut away",
    ),
    Mutant(
        "areas._serving",
        "Call[flatnonzero]",
        Rewrite("np.arange(len(_1))", ".args.0.left.func.value"),
        "closed centers are drawn",
    ),
    Mutant(
        "areas.areas",
        "keyword[planned].value",
        Rewrite("_ & _1.is_open(_2)[_3]", ".value.func.value", ".value.args.0", ".slice"),
        "planned centers are drawn as open",
    ),
    Mutant(
        "areas._discs",
        "Constant",
        Value(12_000),
        "the farther band covers the nearer one",
    ),
    Mutant(
        "areas.areas",
        "keyword[exterior_cw].value",
        Value(True),
        "rings wound the wrong way: viewers fill the rest of the world",
    ),
    Mutant(
        "geometry._equal_area",
        "Call[sqrt]",
        Value(1e-4),
        "areas on a sphere",
    ),
    Mutant(
        "gates.EligibilityChecker._cases_of_values",
        "Compare{Attribute[day]}",
        Operator(">="),
        "an address counts from the day after its registration",
    ),
    Mutant(
        "gates.EligibilityChecker.failed_rules",
        "Lambda.body",
        Keep(".elts.1"),
        "a doubt hides what is certain",
    ),
    Mutant(
        "gates.EligibilityChecker._phase_table",
        "List{Constant[True]}",
        Swap(".elts.0", ".elts.1"),
        "a product that is not said is in doubt, one that is not in the table is fine",
    ),
    Mutant(
        "products.Products.possible_phases",
        "Tuple{Attribute[ends]}",
        Rewrite("(self.ends <= _1, self.ends > _1)", ".elts.0.comparators.0"),
        "the last day of a phase belongs to the next",
    ),
    Mutant(
        "lead_times.add_periods",
        "Call[minimum]",
        Keep(".args.0"),
        "six months from the 31st of August reach into March",
    ),
    Mutant(
        "matching.Matcher._apply_rules",
        "Call[maximum]",
        Keep(".args.0"),
        "a gate changes the status alone",
    ),
    Mutant(
        "gates.EligibilityChecker.phases",
        "Call[take]{Attribute[_bounded]}",
        Rewrite("_ & (_1 == 0)", ".args.0"),
        "a product past its life keeps Gold",
    ),
    Mutant(
        "matching.Matcher._without_ended_levels",
        "Call[len]",
        Rewrite("_ - 1"),
        "a product past its life has the least level",
    ),
    Mutant(
        "matching.Matcher._with_purchased_level",
        "Attribute[requested]",
        Rewrite("np.maximum(_1, _)", "Call[maximum]"),
        "a level that was bought and that no distance bounds is taken away",
    ),
    Mutant(
        "timeline.Timeline._changes",
        "BinOp[-]",
        Keep(".left"),
        "the day of an opening is judged twice, once by the day before",
    ),
    # ------------------------------------------------------------------------- services
    Mutant(
        "http_client._TimedReader.readinto",
        "Call[left_s]",
        Rewrite("self._deadline._idle_s"),
        "a drip holds a job for ever",
    ),
    Mutant(
        "http_client._same_server",
        "Compare[!=]",
        Value(False),
        "a redirect tells another host what was asked",
    ),
    Mutant(
        "http_client._same_server",
        "If{Call[_port]} Return.value",
        Value(True),
        "a redirect tells another port what was asked",
    ),
    Mutant(
        "documents._measure",
        "Compare{Call[max]}.comparators.0",
        Rewrite("10**9"),
        "deep JSON is parsed",
    ),
    Mutant(
        "http_client.retry_after_s",
        "Call[fullmatch]{Name[_DIGITS]}",
        Rewrite("_1.isdigit()", ".args.0"),
        "a digit that is none is a number of seconds",
    ),
    Mutant(
        "geocoding_grades.checked",
        "BoolOp{Call[is_there]}",
        Value(False),
        "a house in another town is a house",
    ),
    Mutant(
        "geocoding_places.is_there",
        "BoolOp[and]",
        Value(False),
        "any Springfield will do",
    ),
    Mutant(
        "geocoding_places._names_town",
        "Compare[<=]",
        Value(False),
        "a street is its town",
    ),
    Mutant(
        "postcodes.codes_in",
        "Call[without_phones]",
        Rewrite("str(_1)", ".args.0"),
        "a telephone number has a postcode",
    ),
    Mutant(
        "units.lifted",
        "Call[partial]",
        Value(" "),
        "all floors are one",
    ),
    # ------------------------------------------------------------------------- terms
    Mutant(
        "addresses._compare_parts",
        "BoolOp{Attribute[numbers]}",
        Keep(".values.0"),
        "numbers are words like others",
    ),
    Mutant(
        "addresses._compare_parts",
        "IfExp{Call[_alike]}.body",
        Rename("unclear", "equivalent"),
        "likeness of letters accepts",
    ),
    Mutant(
        "addresses._meanings",
        "IfExp#2/4",
        Keep(".orelse"),
        "a saint is a street",
    ),
    Mutant(
        "addresses._by_units",
        "Compare{Call[sorted]}",
        Rewrite(
            "len(_1) == len(_2)",
            ".left.args.0.generators.0.iter",
            ".comparators.0.args.0.generators.0.iter",
        ),
        "another flat is only unclear",
    ),
    Mutant(
        "calendars.RegionCalendar._rests",
        "BoolOp{Call[is_weekend]}",
        Rewrite("_1 in {5, 6}", "Call[weekday]#1/2"),
        "everybody rests on Saturday and Sunday",
    ),
    Mutant(
        "calendars.RegionCalendar._holiday",
        "If Return",
        Rewrite("return OPEN"),
        "no public holidays",
    ),
    Mutant(
        "calendars.Calendar._status",
        "Compare[==]#1/2",
        Rewrite("'open' in _1", ".left"),
        "a day off in some regions is a business day where the region is not known",
    ),
    Mutant(
        "calendars.Calendar._status",
        "Compare[==]#2/2",
        Rewrite("'off' in _1", ".left"),
        "a day off in some regions is one in all where the region is not known",
    ),
    Mutant(
        "calendars.RegionCalendar._holiday",
        "IfExp{Call[Effect]}",
        Keep(".orelse"),
        "a day off in a part of a region is a business day",
    ),
    Mutant(
        "clocks._after_days",
        "BinOp[+]{Attribute[amount]}",
        Keep(".left"),
        "the day of the event is the first business day",
    ),
    Mutant(
        "clocks._is_late",
        "BoolOp#2/2",
        Rewrite(
            "_1 >= _2 and _3 >= _4",
            ".values.0.left",
            ".values.0.comparators.0",
            ".values.1.left",
            ".values.1.comparators.0",
        ),
        "at the cut-off it is too late",
    ),
    Mutant(
        "clocks._is_late",
        "BoolOp#2/2",
        Keep(".values.0"),
        "a later moment counts for an earlier day where clocks are put back",
    ),
    Mutant(
        "clocks.due",
        "Call[in_zone]{keyword[hours]}",
        Rewrite("_1 + _2", "Call[_Count].args.1", ".args.0.right"),
        "hours of the wall clock",
    ),
    Mutant(
        "clocks.moment",
        "Assign{Call[replace]}",
        Rewrite("return _1", ".value"),
        "a time that clocks show twice is guessed",
    ),
    Mutant(
        "clocks._end_of",
        "Call[start_of_day].args.0",
        Keep(".left"),
        "due at the beginning of the last day",
    ),
    Mutant(
        "sides.Sides.due",
        "Call[zone_side]",
        Rewrite("'site'"),
        "business days of the site",
    ),
    Mutant(
        "policy_clocks.calendar_side",
        "BoolOp",
        Keep(".values.0"),
        "a part ships on the business days of the site",
    ),
    Mutant(
        "clocks._Count.first_day",
        "Call[max]",
        Keep(".args.1"),
        "a cut-off in a zone behind takes a request for one of the day before",
    ),
    Mutant(
        "clocks._begin",
        "Call[max]",
        Keep(".args.0"),
        "a late event starts the clock at night",
    ),
    Mutant(
        "clocks._end_of",
        "Compare[is]",
        Operator("is not"),
        "the closing time of a business day is passed over",
    ),
    Mutant(
        "wall_times.next_receiving",
        "Compare[<=]",
        Operator("<"),
        "what is due as receiving ends is deferred",
    ),
    Mutant(
        "wall_times._at",
        "If",
        Rewrite("return _1", "Assign{Call[astimezone]}#1/2.value"),
        "a time of day that clocks skip is an hour off",
    ),
    Mutant(
        "commitments.Committer._check_address",
        "Call[AddressMatch]",
        Rewrite("Likeness.equivalent"),
        "a variation of the address is accepted",
    ),
    Mutant(
        "commitments._check_installed",
        "Compare[<]",
        Operator(">"),
        "replaced before it is installed",
    ),
    Mutant(
        "levels.LevelLookup._shipping",
        "Assign{Name[NO_CENTER]}#1/2",
        Rewrite("return _1", ".targets.0.value"),
        "a center ships before it opens",
    ),
    Mutant(
        "requests._holding",
        "Compare",
        Operator("<"),
        "an address holds from the day after",
    ),
    Mutant(
        "zones.zone",
        "ListComp",
        Rewrite("_1[:0]", ".generators.0.iter"),
        "a border of zones is guessed",
    ),
)


class Outcome(NamedTuple):
    """What came of a run: whether the tests failed, by which, or why it was no run at all."""

    failed: bool
    by: str
    broken: str = ""


def lay_out(folder: Path) -> None:
    """Copy the package and its tests, without what was compiled from them."""
    for part in PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    (folder / "only_the_copy.py").write_text(GUARD, encoding="utf-8")


def mutate(folder: Path, mutant: Mutant) -> str:
    """Change one place in a copy; return what is wrong if that is not possible."""
    try:
        source = mutant.source(folder)
    except PlaceError as error:
        return f"{mutant.place}: {error}"
    mutant.path(folder).write_text(source, encoding="utf-8")
    return ""


def tested(folder: Path, tests: Sequence[str]) -> Outcome:
    """Run tests of a copy on the package in it, until the first fails."""
    paths = [f"tests/{test}" for test in tests]
    options = ["-x", "-q", "--tb=no", "-p", "only_the_copy", "-p", "no:cacheprovider"]
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *paths],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(failed=True, by=f"no end within {SECONDS} s")
    named = re.search(r"^(?:FAILED|ERROR) tests/(.*?::.*?)(?: - .*)?$", run.stdout, re.MULTILINE)
    if run.returncode == 1 and named:  # by a test: a file that cannot be collected catches nothing
        return Outcome(failed=True, by=named[1])
    if run.returncode == 0:
        return Outcome(failed=False, by="")
    output = (run.stdout + run.stderr).strip().splitlines()[-5:]
    return Outcome(failed=False, by="", broken=" / ".join(output) or f"exit {run.returncode}")


def tried(mutant: Mutant | None) -> Outcome:
    """Run the tests near a mutant on a copy with it; without one, all tests on a true copy."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name).resolve()
        lay_out(folder)
        if mutant is None:
            every = dict.fromkeys(test for tests in TESTS.values() for test in tests)
            return tested(folder, list(every))
        wrong = mutate(folder, mutant)
        if wrong:
            return Outcome(failed=False, by="", broken=wrong)
        return tested(folder, TESTS[mutant.module])


def row(mutant: Mutant, outcome: Outcome) -> str:
    """Return a line of the table."""
    verdict = "caught" if outcome.failed else "**broken**" if outcome.broken else "**survived**"
    by = (outcome.by or outcome.broken).replace("|", "\\|")
    return f"| {mutant.target} | {mutant.meaning} | {verdict} | {by} |\n"


def main(words: Sequence[str]) -> int:
    """Try the mutants that mention one of some words, or all; return the exit code."""
    started = time.monotonic()
    chosen = [
        m for m in MUTANTS if not words or any(w in f"{m} {MODULES[m.module]}" for w in words)
    ]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        whole = pool.submit(tried, None)
        outcomes = [pool.submit(tried, mutant) for mutant in chosen]
        healthy = whole.result()
        if healthy.failed or healthy.broken:
            pool.shutdown(cancel_futures=True)
            sys.stderr.write(
                "Without any mutant the tests fail, so they can tell nothing: "
                f"{healthy.by or healthy.broken}\n"
            )
            return 2
        sys.stdout.write("| function | what it stands for | outcome | by |\n|---|---|---|---|\n")
        for mutant, outcome in zip(chosen, outcomes, strict=True):
            sys.stdout.write(row(mutant, outcome.result()))
            sys.stdout.flush()
    caught = sum(outcome.result().failed for outcome in outcomes)
    seconds = time.monotonic() - started
    sys.stdout.write(f"\n{caught} of {len(chosen)} mutants caught in {seconds:.0f} s.\n")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
