"""Mutants: one wrong line each, for an error that has been made in the field; tests must see it.

``make mutants`` copies the package and its tests for each of them into a folder of its own, changes
the line there, runs the tests that are near it until one fails, and prints a table. A mutant that
survives is a hole in the tests: the exit code is 1 then. With words as arguments, only mutants
that mention one of them are tried.
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
_REGION_CLOCKS = "golden/test_region_clocks.py"
_ADDRESSES, _PROMISES = "golden/test_addresses.py", "property/test_promises.py"
_OFFERS, _ROADS = "unit/test_offers.py", "golden/test_road_cases.py"
_GOLDEN, _LAWS = "golden/test_golden.py", "property/test_laws.py"

TESTS: Final = {
    "areas": ("unit/test_areas.py",),
    "centers": (_CENTERS, _MATCHING, _GOLDEN),
    "countries/borders": (_COUNTRIES, _GOLDEN, _LAWS),
    "countries/decision": (_COUNTRIES, _MATCHING, _GOLDEN),
    "countries/names": (_COUNTRIES, "unit/test_country_text.py", _GOLDEN),
    "files/guard": ("unit/test_guard.py",),
    "files/database/address": (_DATABASE,),
    "files/database/connecting": (_DATABASE,),
    "files/database/source": (_DATABASE,),
    "files/database/target": (_DATABASE,),
    "files/publishing": (_DATABASE, "unit/test_publishing.py"),
    "files/finding": ("unit/test_finding.py",),
    "geodesy": ("unit/test_geodesy.py", _NEARNESS, _MATCHING, _GOLDEN, _LAWS),
    "maps/detail": ("unit/test_letter.py",),
    "maps/land": ("unit/test_letter.py",),
    "maps/letter": ("unit/test_letter.py",),
    "days": ("unit/test_days.py",),
    "gates": (_GATES, "property/test_time.py"),
    "http_client": ("unit/test_http_client.py",),
    "online/geocoding/grades": ("golden/test_places.py",),
    "online/geocoding/places": ("golden/test_places.py",),
    "addresses/postcodes": ("golden/test_places.py",),
    "addresses/units": (_ADDRESSES,),
    "lead_times": ("unit/test_lead_times.py",),
    "matching": (_MATCHING, _GOLDEN, _GATES, _LAWS),
    "products": (_GATES, "unit/test_gates.py"),
    "terms/timeline": ("unit/test_timeline.py", "property/test_time.py"),
    "bands": (_MATCHING, _GOLDEN),
    "cells": (_NEARNESS, _MATCHING, _LAWS),
    "nearness": (_NEARNESS, _MATCHING, _LAWS),
    "terms/addresses": (_ADDRESSES, _PROMISES),
    "terms/calendars": (_CLOCKS, _REGION_CLOCKS, _COMMITMENTS, _PROMISES),
    "terms/clocks": (_CLOCKS, _REGION_CLOCKS, _COMMITMENTS, _PROMISES),
    "terms/commitments": (_COMMITMENTS,),
    "terms/levels": (_COMMITMENTS,),
    "terms/requests": (_COMMITMENTS,),
    "terms/zones": (_COMMITMENTS,),
    "online/roads/drives": (_ROADS,),
    "online/roads/ruling": (_ROADS,),
    "online/roads/shapes": ("property/test_road_laws.py",),
    "policy/checks": (_POLICY,),
    "policy/model": (_POLICY, _OFFERS, _ROADS, _COUNTRIES, _MATCHING, _GOLDEN),
    "policy/parts": (_POLICY,),
    "terms/conditions": ("golden/test_entitlements.py", "unit/test_programmes.py"),
    "terms/entitlements": ("golden/test_entitlements.py", "unit/test_programmes.py"),
    "terms/comparison": ("unit/test_programmes.py",),
    "terms/programmes": ("unit/test_programmes.py",),
}
"""The tests near each module, the quick ones first."""


class Mutant(NamedTuple):
    """A module, a line of it (which occurs once), what it is changed to, and what that is like."""

    module: str
    line: str
    changed: str
    meaning: str


MUTANTS: Final = (
    # ----------------------------------------------------------------------------- roads
    Mutant(
        "online/roads/ruling",
        "result[fits] = policy.level_position(band.level) if offered else NOT_OFFERED",
        "result[fits] = policy.level_position(band.level)",
        "a level by road where it is not offered",
    ),
    Mutant(
        "online/roads/ruling",
        "refused |= (rows.reason == Reason.not_offered_in_country) & offered",
        "refused |= rows.reason == Reason.not_offered_in_country",
        "what the run refused is given by a second look at roads",
    ),
    Mutant(
        "online/roads/ruling",
        "return limits.minutes[np.where(was.by_road & (band >= 0), band, was.level)]",
        "return limits.minutes[was.level]",
        "the clock of another band than the one by road",
    ),
    Mutant(
        "online/roads/drives",
        "late = self.minutes > limit_minutes",
        "late = self.minutes >= limit_minutes",
        "the last minute of a delivery clock is too late",
    ),
    Mutant(
        "online/roads/shapes",
        "far[near] = chosen(*plane(middles[:, 0], middles[:, 1], inverse=True))",
        "far[near] = True",
        "served areas hold sites whose own road is not reached",
    ),
    Mutant(
        "online/roads/shapes",
        "return polygons_of(known), polygons_of(unknown)",
        "return polygons_of(rest), polygons_of(unknown)",
        "what the map does not reach counts as unserved",
    ),
    Mutant(
        "policy/model",
        'if clock is None or clock.unit != "hours" or clock.end == "shipped":',
        'if clock is None or clock.unit != "hours":',
        "a level that only ships bounds the drive",
    ),
    Mutant(
        "policy/model",
        "return next((r for r in rules if r.level == level and r.closes_in(country)), None)",
        "return next((r for r in rules if r.closes_in(country)), None)",
        "a level is not offered where another one is not",
    ),
    # ------------------------------------------------------------------------- databases
    Mutant(
        "files/database/address",
        """head = f"{found['scheme']}{found['user']}:{HIDDEN}@{found['place']}\"""",
        """head = f"{found['scheme']}{found['user']}:{found['password']}@{found['place']}\"""",
        "passwords in messages and manifests",
    ),
    Mutant(
        "files/database/connecting",
        'with connected(address, "ro") as connection:',
        'with connected(address, "rw") as connection:',
        "a source that can be written to",
    ),
    Mutant(
        "files/database/source",
        "rows = batch.slice(1) if skipped else batch",
        "rows = batch.slice(1)",
        "a row lost with each batch",
    ),
    Mutant(
        "files/database/target",
        "if found is not None and not found[0]:",
        "if found is not None and found[0] is None:",
        "the table of a stranger is replaced",
    ),
    Mutant(
        "files/database/target",
        "rows = storable(batch, self._place.kind)",
        "rows = batch",
        "types and names that the database has not",
    ),
    Mutant(
        "files/publishing",
        "if commit is not None:",
        "if commit is not None and not self.names:",
        "rows that nobody ever sees",
    ),
    # ------------------------------------------------------------------------- geodesy
    Mutant(
        "geodesy",
        "MILE_M: Final = 1609.344",
        "MILE_M: Final = 6336000 / 3937",
        "US survey miles for international ones",
    ),
    Mutant(
        "geodesy",
        "ROUNDING_M: Final = 0.001",
        "ROUNDING_M: Final = 0.0",
        "no millimetre for rounded coordinates",
    ),
    Mutant(
        "geodesy",
        "result[doubtful] = exact <= limit_m[doubtful] + ROUNDING_M",
        "result[doubtful] = exact < limit_m[doubtful] + ROUNDING_M",
        "the limit is exclusive",
    ),
    Mutant(
        "geodesy",
        "result[doubtful] = exact <= limit_m[doubtful] + ROUNDING_M",
        "result[doubtful] = chord[doubtful] <= limit_m[doubtful] + ROUNDING_M",
        "a straight line through the earth decides at the limit",
    ),
    Mutant(
        "geodesy",
        '_, _, metres = Geod(ellps="WGS84").inv(a, b, c, d)',
        '_, _, metres = Geod(ellps="sphere").inv(a, b, c, d)',
        "great circles on a sphere for geodesics on the ellipsoid",
    ),
    Mutant(
        "geodesy",
        "ECCENTRICITY2: Final = FLATTENING * (2 - FLATTENING)",
        "ECCENTRICITY2: Final = 0.0",
        "chords of a sphere for chords of the ellipsoid",
    ),
    Mutant(
        "geodesy",
        "inner = 2 * LEAST_RADIUS_M * np.sin(np.minimum(limit / (2 * LEAST_RADIUS_M), np.pi / 2))",
        "inner = 2 * EQUATOR_M * np.sin(np.minimum(limit / (2 * EQUATOR_M), np.pi / 2))",
        "the mean radius for the bound that is sure everywhere: no proof at the limit",
    ),
    Mutant(
        "geodesy",
        "most = np.minimum(most_m(chord + CHORD_ERROR_M), np.pi * GREATEST_RADIUS_M)",
        "most = np.minimum(least_m(chord + CHORD_ERROR_M), np.pi * GREATEST_RADIUS_M)",
        "the nearest by chord for the nearest along the ground",
    ),
    Mutant(
        "geodesy",
        "diameter = 2 * EQUATOR_M / (direction * scale)",
        "diameter = 2 * EQUATOR_M / scale",
        "printed distances by a radius that knows no direction",
    ),
    # ------------------------------------------------------------------------ nearness
    Mutant(
        "cells",
        "search = (self.notes.group.take(earlier) != group[others]) & (earlier > 0)",
        "search = np.zeros(len(others), np.bool_)",
        "a cell knows two groups, and takes one for the other",
    ),
    Mutant(
        "cells",
        'joined["start"] = np.where(joined["count"] > 0, start, 0)  # where nobody stands',
        'joined["start"] = np.minimum(start, len(joined["center"]) - 1)',
        "a country without a center measures to its neighbour's",
    ),
    Mutant(
        "nearness",
        "np.minimum(second, np.maximum(least, square), out=second)",
        "np.copyto(second, square, where=(square >= least) & (square < second))",
        "a rival that was the nearest for a while is forgotten",
    ),
    Mutant(
        "geodesy",
        "return 1e-5 * np.maximum((ratio * ratio) * (ratio * ratio) * ratio, 1)",
        "return np.full_like(ratio, 1e-5)",
        "an arc of 1,000 km is held for as good as one of 200",
    ),
    Mutant(
        "nearness",
        "order = np.lexsort((center, exact, site))",
        "order = np.lexsort((-center, exact, site))",
        "a tie goes to the larger id",
    ),
    Mutant(
        "cells",
        "column = np.minimum(((lon + 180) / self.degrees).astype(np.int64), self.columns - 1)",
        "column = ((lon + 180) / self.degrees).astype(np.int64)",
        "180 degrees east falls off the grid",
    ),
    Mutant(
        "nearness",
        "near = away <= self._reach_m[group[site]] + geodesy.ROUNDING_M",
        "near = away <= self._reach_m[group[site]]",
        "no millimetre for planned centers",
    ),
    Mutant(
        "cells",
        "radius: Floats = step * np.sqrt(1 + widest**2) + geodesy.CHORD_ERROR_M",
        "radius: Floats = 0.7 * step * np.sqrt(1 + widest**2)",
        "candidates for the middle of a cell, not for its corners",
    ),
    Mutant(
        "nearness",
        "kept = rival | ((least <= outer) & (most > inner))",
        "kept = (least <= outer) & (most > inner)",
        "no nearest center where none is in reach",
    ),
    Mutant(
        "nearness",
        "rival = geodesy.rival_chord_m(np.minimum.reduceat(most, starts))",
        "rival = geodesy.rival_chord_m(np.minimum.reduceat(least, starts))",
        "the nearest of a cell's middle for that of each site",
    ),
    Mutant(
        "nearness",
        "in_reach = notes.surely.take(number) + found.surely",
        "in_reach = found.surely.astype(np.int64)",
        "centers that surely reach are not counted",
    ),
    # ------------------------------------------------------------------------ matching
    Mutant(
        "matching",
        "every[self.center_country[every] == number] if own else every",
        "every",
        "the nearest center only, in whatever country",
    ),
    Mutant(
        "matching",
        "self._open = self._index(centers.is_open(day), list_all=False)",
        "self._open = self._index(~(centers.closes_on <= day), list_all=False)",
        "a planned center counts as open",
    ),
    Mutant(
        "matching",
        "order = np.lexsort((center, away, self.centers.opens_on[center], site))",
        "order = np.lexsort((center, self.centers.opens_on[center], away, site))",
        "pending waits for the nearest center, not for the first to open",
    ),
    Mutant(
        "matching",
        "beyond = np.flatnonzero(~now.inside & (ground < Ground.NULL_ISLAND))",
        "beyond = np.flatnonzero(ground < Ground.NULL_ISLAND)",
        "a planned center takes away what an open one grants",
    ),
    Mutant(
        "matching",
        "reach_m = self._bands.widest * MILE_M",
        "reach_m = np.nanmin(self._bands.edges, axis=1) * MILE_M",
        "only the nearest band counts centers in reach",
    ),
    Mutant(
        "bands",
        "for number in reversed(range(self.number)):",
        "for number in range(self.number):",
        "the widest band wins over the one that holds the site",
    ),
    Mutant(
        "matching",
        "less[Status.pending] = position(rules.interim)",
        "less[Status.pending] = position(rules.fallback)",
        "a pending site gets the fallback, not the interim level",
    ),
    Mutant(
        "matching",
        "result[rough] = off * MILE_M < sites.accuracy_m[rough]",
        "result[rough] = off < sites.accuracy_m[rough]",
        "an accuracy in metres held against miles",
    ),
    Mutant(
        "matching",
        "ground, center == NOBODY, inside, pending, self._borderline(sites, country, miles)",
        "ground, center == NOBODY, inside, pending, "
        "self._borderline(sites, country, miles) & ~pending",
        "rough coordinates do not matter for a planned center",
    ),
    Mutant(
        "matching",
        "((ground == Ground.OFFSHORE) & (inside | pending), Status.review, "
        "Reason.country_conflict),",
        "((ground == Ground.OFFSHORE) & (inside & pending), Status.review, "
        "Reason.country_conflict),",
        "a rig in no country is granted the level unseen",
    ),
    Mutant(
        "matching",
        "nearest[_lost(ground)] = NOBODY",
        "pass",
        "a site at 0, 0 is measured to the nearest center",
    ),
    Mutant(
        "matching",
        "if not self.policy.needs_country:",
        "if self.policy.needs_country and not self.policy.bands:",
        "doubts about a country stop a policy that asks for none",
    ),
    Mutant(
        "matching",
        "ask = np.flatnonzero(jumps | (arc_m > geodesy.ARC_REACH_M))",
        "ask = np.flatnonzero(arc_m > geodesy.ARC_REACH_M)",
        "a printed digit that is not Karney's",
    ),
    Mutant(
        "matching",
        "return np.sign(miles) * np.ceil(np.round(np.abs(miles) * 1000, 6)) / 1000",
        "return np.round(miles, 3)",
        "a margin of 0 for who does not qualify",
    ),
    # ---------------------------------------------------------------- programmes, the letter
    Mutant(
        "terms/conditions",
        "has = held if isinstance(held, bool) else date <= held",
        "has = held if isinstance(held, bool) else date < held",
        "the last day of an agreement is not of it",
    ),
    Mutant(
        "terms/conditions",
        "state = State.met if asked.date <= condition.last_day else State.missing",
        "state = State.met if asked.date < condition.last_day else State.missing",
        "no renewal on its last day",
    ),
    Mutant(
        "terms/conditions",
        "if asked.date < markets.valid_from:",
        "if asked.date <= markets.valid_from:",
        "markets begin a day late",
    ),
    Mutant(
        "terms/conditions",
        '"in some countries": State.not_stated,',
        '"in some countries": State.met,',
        "a market of which the page says nothing is guessed",
    ),
    Mutant(
        "terms/conditions",
        "if not words:",
        "if words is None:",
        "7.15 is taken to be no LTSR",
    ),
    Mutant(
        "terms/conditions",
        "return State.not_stated if words.startswith(known) else State.missing",
        "return State.met if words.startswith(known) else State.missing",
        "an update within a version is guessed to be covered",
    ),
    Mutant(
        "terms/conditions",
        'padded = figures + ("0",) * (len(known) - len(figures))',
        "padded = figures",
        "6 is not 6.0",
    ),
    Mutant(
        "terms/entitlements",
        "(State.missing, Answer.does_not),",
        "(State.missing, Answer.unknown),",
        "what is missing is not told as such",
    ),
    Mutant(
        "terms/entitlements",
        "order = (Answer.applies, Answer.unknown, Answer.not_stated, Answer.does_not)",
        "order = (Answer.does_not, Answer.not_stated, Answer.unknown, Answer.applies)",
        "the worst way to an offer is told",
    ),
    Mutant(
        "terms/comparison",
        """plain = " ".join(visible(text).split()).replace("&", "&amp;").replace("<", "&lt;")""",
        """plain = " ".join(visible(text).split())""",
        "markup in a table of Markdown",
    ),
    Mutant(
        "terms/programmes",
        "if list(feature.values) != columns:",
        "if set(columns) > set(feature.values):",
        "cells of a comparison under the wrong head",
    ),
    Mutant(
        "files/finding",
        "lines += block.lines[hits].tolist()",
        "lines = block.lines[hits[:1]].tolist()",
        "of an id that stands twice the first row is taken",
    ),
    Mutant(
        "maps/letter",
        'if story.status == "pending" and story.center:',
        'if story.status == "none" and story.center:',
        "a letter does not say from when on",
    ),
    Mutant(
        "maps/letter",
        "return html.escape(_cut(words, LONGEST))",
        "return _cut(words, LONGEST)",
        "a name is markup in a letter",
    ),
    Mutant(
        "maps/letter",
        '"shipped": "A shipping clock: it stops when the replacement ships, not when it arrives.",',
        '"shipped": "A delivery clock: it stops when the replacement is delivered.",',
        "a shipping clock is told as one of delivery",
    ),
    Mutant(
        "maps/land",
        "return np.asarray(far * np.sin(turn)), np.asarray(far * np.cos(turn))",
        "return np.asarray(far * np.cos(turn)), np.asarray(far * np.sin(turn))",
        "east is north on the map",
    ),
    Mutant(
        "maps/land",
        "seam = (east[1:] & east[:-1]) | (pole[1:] & pole[:-1])",
        "seam = east[1:] & pole[1:]",
        "a coast along 180 degrees",
    ),
    Mutant(
        "maps/land",
        "if not near and not _may_hold(layer.ring(rings[0]), plane):",
        "if not near:",
        "sea where a country fills the whole map",
    ),
    Mutant(
        "maps/detail",
        "middle = center or scene.site",
        "middle = scene.site",
        "the limit stands round the site beside its center",
    ),
    # -------------------------------------------------------------------------- policy
    Mutant(
        "policy/checks",
        "elif band.above_miles < reached:",
        "elif band.above_miles < 0:",
        "an overlap of bands is accepted",
    ),
    Mutant(
        "policy/checks",
        "elif band.above_miles > reached:",
        "elif band.above_miles > 12_000:",
        "a gap between bands is accepted",
    ),
    Mutant(
        "policy/model",
        "return tuple(sorted(named or others, key=lambda b: b.up_to_miles))",
        "return tuple(sorted(others or named, key=lambda b: b.up_to_miles))",
        "50 miles everywhere: the US has no limit of its own",
    ),
    Mutant(
        "policy/model",
        "fold[table.sovereign == number] = number",
        "fold[number] = number",
        "territories are not folded into their sovereign",
    ),
    Mutant(
        "policy/model",
        "return self.qualification.same_country or self.restricts_offers or not everywhere",
        "return self.qualification.same_country or self.restricts_offers",
        "limits by country forgotten where any center may serve",
    ),
    Mutant(
        "policy/parts",
        'model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)',
        'model_config = pydantic.ConfigDict(frozen=True, extra="ignore", strict=True)',
        "a misspelt key of a policy is passed over",
    ),
    # ----------------------------------------------------------------------- countries
    Mutant(
        "countries/borders",
        "under = np.where(x2 > x1, self._right[edge], self._left[edge])[ahead]",
        "under = np.where(x2 > x1, self._left[edge], self._right[edge])[ahead]",
        "a border seen from the wrong side",
    ),
    Mutant(
        "countries/borders",
        "crossed = np.flatnonzero((self._x.take(edge) <= px) != (self._x.take(edge + 1) <= px))",
        "crossed = np.flatnonzero((self._x.take(edge) - px) * (self._x.take(edge + 1) - px) < 0)",
        "a look through a vertex of a border sees none",
    ),
    Mutant(
        "countries/borders",
        "x = np.where(x < 360, x, 0) * UNITS",
        "x = x * UNITS",
        "180 degrees east is not 180 west",
    ),
    Mutant(
        "countries/borders",
        "match = wanted[which[point], self._left[edge]] | wanted[which[point], self._right[edge]]",
        "match = wanted[which[point], self._left[edge]]",
        "a border is near on one of its sides only",
    ),
    Mutant(
        "countries/borders",
        "nearest = a + np.clip(along, 0, 1)[:, None] * d",
        "nearest = a + along[:, None] * d",
        "a border runs on beyond its ends",
    ),
    Mutant(
        "countries/decision",
        "BORDER_ERROR_M: Final = 250.0",
        "BORDER_ERROR_M: Final = 0.0",
        "the 250 m rule is off",
    ),
    Mutant(
        "countries/decision",
        "OFFSHORE_M: Final = 5_000.0",
        "OFFSHORE_M: Final = 0.0",
        "piers and wind parks lie in no country",
    ),
    Mutant(
        "countries/decision",
        "NAUTICAL_MILE_M: Final = 1852.0",
        "NAUTICAL_MILE_M: Final = 1609.344",
        "land miles at sea",
    ),
    Mutant(
        "countries/decision",
        "same = (fold[declared] == fold[located]) | "
        "((sovereign[located] == declared) & (declared > 0))",
        "same = fold[declared] == fold[located]",
        "a territory is not recognised under its sovereign's name",
    ),
    Mutant(
        "countries/decision",
        "territory = ~nowhere & (world.names.sovereign[declared] == located)",
        "territory = ~nowhere & (world.names.sovereign[declared] < 0)",
        "a territory's name does not stand beside it on its sovereign's ground",
    ),
    Mutant(
        "countries/decision",
        "clear = (located != NONE) & ~near",
        "clear = located != NONE",
        "a missing country is inferred next to a border",
    ),
    Mutant(
        "countries/decision",
        "others = (fold != fold[:, None]) & (np.arange(len(fold)) != NONE)",
        "others = fold != fold[:, None]",
        "the own coast makes a missing country doubtful",
    ),
    Mutant(
        "countries/decision",
        "NULL_ISLAND_DEGREES: Final = 0.0005",
        "NULL_ISLAND_DEGREES: Final = 0.0",
        "0, 0 is a place like any other",
    ),
    Mutant(
        "countries/names",
        "if not text:",
        'if text in {"", "NA"}:',
        "NA is unknown: Namibia read as a missing value",
    ),
    Mutant(
        "countries/names",
        "return UNKNOWN if key.isdecimal() else self._index.get(key, UNKNOWN)",
        "return UNKNOWN if key.isdecimal() else self._index.get(key, NONE)",
        "an unknown country counts as none said, and is inferred",
    ),
    Mutant(
        "countries/names",
        'bare = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()',
        "bare = text.casefold()",
        "accents make another country",
    ),
    Mutant(
        "countries/names",
        "return UNKNOWN if key.isdecimal() else self._index.get(key, UNKNOWN)",
        "return self._index.get(key, UNKNOWN)",
        "a point between digits is dropped",
    ),
    Mutant(
        "countries/names",
        "return self._common(found)",
        "return found.pop()",
        "of two countries in a cell one is chosen",
    ),
    Mutant(
        "countries/names",
        "result = np.where(both & ~akin, np.int16(UNKNOWN), result)",
        "result = np.where(both & ~akin, result, result)",
        "a name that contradicts its code is ignored",
    ),
    Mutant(
        "files/guard",
        "return _replaced(cells, at[formula & ~harmless], marked)",
        "return _replaced(cells, at[formula & ~harmless], some.take(chosen))",
        "formulas are not escaped",
    ),
    Mutant(
        "days",
        "cells = pc.local_timestamp(cells)",
        "cells = cells.cast(pa.timestamp(cells.type.unit))",
        "a day with a zone is the day in UTC",
    ),
    # ------------------------------------------------------------------------- centers
    Mutant(
        "centers",
        "return ~self.is_planned(day) & ~(self.closes_on <= day)",
        "return ~self.is_planned(day) & ~(self.closes_on < day)",
        "closes_on is inclusive",
    ),
    Mutant(
        "centers",
        "return self.opens_on > day",
        "return self.opens_on >= day",
        "a center does not serve on its first day",
    ),
    Mutant(
        "centers",
        'order = sorted(usable, key=lambda i: given["center_id"][i])',
        "order = usable",
        "ties go by the order of the file",
    ),
    Mutant(
        "centers",
        "for i in np.flatnonzero(ground >= Ground.OFFSHORE).tolist():",
        "for i in np.flatnonzero(ground > Ground.OFFSHORE).tolist():",
        "a center out at sea is believed",
    ),
    # --------------------------------------------------------------------------- areas
    Mutant(
        "areas",
        "SAMPLED_ERROR_M: Final = 4.5",
        "SAMPLED_ERROR_M: Final = 450.0",
        "the rim is not refined near the pole",
    ),
    Mutant(
        "areas",
        "for i in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)).tolist():",
        "for i in np.flatnonzero((bounds[:, 0] < -540) | (bounds[:, 2] > 540)).tolist():",
        "areas are not split at 180 degrees",
    ),
    Mutant(
        "areas",
        "if abs(turned[-1] - turned[0]) > 180:  # round the pole: close the ring over it",
        "if abs(turned[-1] - turned[0]) > 540:",
        "a disc round the pole is a band without it",
    ),
    Mutant(
        "areas",
        "pole = np.copysign(90.0, lat[number])",
        "pole = 90.0",
        "the South Pole's disc is the rest of the world",
    ),
    Mutant(
        "areas",
        "if own and not trust_declared:",
        "if own and trust_declared:",
        "areas reach over the border",
    ),
    Mutant(
        "areas",
        "served: Bools = convention.fold[world.holder] == number",
        "served: Bools = world.holder == number",
        "a territory that counts as the country is cut away",
    ),
    Mutant(
        "areas",
        "return np.flatnonzero(centers.is_open(day) | centers.is_planned(day))",
        "return np.arange(len(centers))",
        "closed centers are drawn",
    ),
    Mutant(
        "areas",
        "planned=centers.is_planned(day)[center],",
        "planned=centers.is_planned(day)[center] & centers.is_open(day)[center],",
        "planned centers are drawn as open",
    ),
    Mutant(
        "areas",
        "inner = np.flatnonzero(above > 0)",
        "inner = np.flatnonzero(above > 12_000)",
        "the farther band covers the nearer one",
    ),
    Mutant(
        "areas",
        "geometry = shapely.orient_polygons(geometry, exterior_cw=False)",
        "geometry = shapely.orient_polygons(geometry, exterior_cw=True)",
        "rings wound the wrong way: viewers fill the rest of the world",
    ),
    Mutant(
        "areas",
        "e = np.sqrt(geodesy.ECCENTRICITY2)",
        "e = 1e-4",
        "areas on a sphere",
    ),
    Mutant(
        "gates",
        "lower = (facts.requested > promised) | self._has_unbanded(facts)",
        "lower = facts.requested > promised + 1",
        "who bought Gold waits for Gold Plus",
    ),
    Mutant(
        "gates",
        "late = (facts.registration == Registered.late) | (facts.registered_on > self.day)",
        "late = (facts.registration == Registered.late) | (facts.registered_on >= self.day)",
        "an address counts from the day after its registration",
    ),
    Mutant(
        "gates",
        "for code, closes, doubtful in sorted(cases, key=lambda c: (c[2], c[0]), reverse=True):",
        "for code, closes, doubtful in sorted(cases, key=lambda c: c[0], reverse=True):",
        "a doubt hides what is certain",
    ),
    Mutant(
        "gates",
        "return np.append(~some, [False, False]), np.append(some & other, [True, False])",
        "return np.append(~some, [False, False]), np.append(some & other, [False, True])",
        "a product that is not said is in doubt, one that is not in the table is fine",
    ),
    Mutant(
        "products",
        "after, before = self.ends < day, self.ends >= day",
        "after, before = self.ends <= day, self.ends > day",
        "the last day of a phase belongs to the next",
    ),
    Mutant(
        "lead_times",
        'return min(there.astype("datetime64[D]") + number, last)',
        'return there.astype("datetime64[D]") + number',
        "six months from the 31st of August reach into March",
    ),
    Mutant(
        "matching",
        "result.level[shut] = np.where(barred, lowest, np.maximum(given.level, lowest))[shut]",
        "result.level[shut] = given.level[shut]",
        "a gate changes the status alone",
    ),
    Mutant(
        "gates",
        "bounded = self._bounded.take(level)",
        "bounded = self._bounded.take(level) & (level == 0)",
        "a product past its life keeps Gold",
    ),
    Mutant(
        "matching",
        "result.level[phases.past] = len(self.policy.levels)",
        "result.level[phases.past] = len(self.policy.levels) - 1",
        "a product past its life has the least level",
    ),
    Mutant(
        "matching",
        "doubtful = phases.doubtful & (result.status < Status.review)",
        "doubtful = phases.doubtful & (result.status == Status.qualified)",
        "Gold is promised for a product that may be past its life",
    ),
    Mutant(
        "matching",
        "result.level[own] = facts.requested[own]",
        "result.level[own] = np.maximum(result.level, facts.requested)[own]",
        "a level that was bought and that no distance bounds is taken away",
    ),
    Mutant(
        "matching",
        "none = bought & self.gates.not_offered_there(facts, result.country)",
        "none = bought & False",
        "a level that was bought counts where it is not offered",
    ),
    Mutant(
        "online/geocoding/places",
        "return not near",
        "return False",
        "Newport is Newport Pagnell",
    ),
    Mutant(
        "terms/timeline",
        "ends = [*(self.days[1:] - ONE_DAY), self.end]",
        "ends = [*self.days[1:], self.end]",
        "the day of an opening is judged twice, once by the day before",
    ),
    # ------------------------------------------------------------------------- services
    Mutant(
        "http_client",
        "self._socket.settimeout(self._deadline.left_s())",
        "self._socket.settimeout(self._deadline._idle_s)",
        "a drip holds a job for ever",
    ),
    Mutant(
        "http_client",
        "if _host(here) != _host(there):",
        "if False:",
        "a redirect tells another host what was asked",
    ),
    Mutant(
        "http_client",
        "return _port(here) == _port(there)",
        "return True",
        "a redirect tells another port what was asked",
    ),
    Mutant(
        "http_client",
        "return load_json(data, max_depth=MAX_DEPTH, max_bytes=len(data), half_pairs=True)",
        "return load_json(data, max_depth=10**9, max_bytes=len(data), half_pairs=True)",
        "deep JSON is parsed",
    ),
    Mutant(
        "http_client",
        "if _DIGITS.fullmatch(text):",
        "if text.isdigit():",
        "a digit that is none is a number of seconds",
    ),
    Mutant(
        "online/geocoding/grades",
        "if answer.grade > Grade.city and not places.is_there(place, query, is_near):",
        "if False:",
        "a house in another town is a house",
    ),
    Mutant(
        "online/geocoding/places",
        "if asked != found and (found or place.country in STATES):",
        "if False:",
        "any Springfield will do",
    ),
    Mutant(
        "online/geocoding/places",
        "if len(there) <= _count(road, part):  # all of them may be the street",
        "if False:",
        "a street is its town",
    ),
    Mutant(
        "addresses/postcodes",
        "folded = without_phones(folded, country)",
        "folded = str(folded)",
        "a telephone number has a postcode",
    ),
    Mutant(
        "addresses/units",
        "rest = pattern.sub(functools.partial(_take, units, kind), rest)",
        "rest = pattern.sub(' ', rest)",
        "all floors are one",
    ),
    # ------------------------------------------------------------------------- terms
    Mutant(
        "terms/addresses",
        "if _postcodes_differ(one, other) or one.numbers != other.numbers:",
        "if _postcodes_differ(one, other):",
        "numbers are words like others",
    ),
    Mutant(
        "terms/addresses",
        "return Likeness.unclear if _alike(one, other) else Likeness.different",
        "return Likeness.equivalent if _alike(one, other) else Likeness.different",
        "likeness of letters accepts",
    ),
    Mutant(
        "terms/addresses",
        'return {"saint"} if first else {"saint", "street"}',
        'return {"saint", "street"}',
        "a saint is a street",
    ),
    Mutant(
        "terms/addresses",
        "if sorted(v for _, v in one.units) == sorted(v for _, v in other.units):",
        "if len(one.units) == len(other.units):",
        "another flat is only unclear",
    ),
    Mutant(
        "terms/calendars",
        "return self.holidays.is_weekend(day) and day not in self.holidays.weekend_workdays",
        "return day.weekday() in {5, 6}",
        "everybody rests on Saturday and Sunday",
    ),
    Mutant(
        "terms/calendars",
        'return Effect("part" if in_part else "off", name)',
        "return OPEN",
        "no public holidays",
    ),
    Mutant(
        "terms/calendars",
        'if kinds == {"open"}:',
        'if "open" in kinds:',
        "a day off in some regions is a business day where the region is not known",
    ),
    Mutant(
        "terms/calendars",
        'if kinds == {"off"}:',
        'if "off" in kinds:',
        "a day off in some regions is one in all where the region is not known",
    ),
    Mutant(
        "terms/calendars",
        'return Effect("part", partial) if partial else OPEN',
        "return OPEN",
        "a day off in a part of a region is a business day",
    ),
    Mutant(
        "terms/clocks",
        "left = clock.amount + 1",
        "left = clock.amount",
        "the day of the event is the first business day",
    ),
    Mutant(
        "terms/clocks",
        "return local.time() > time and local.astimezone(UTC) > last.astimezone(UTC)",
        "return local.time() >= time and local.astimezone(UTC) >= last.astimezone(UTC)",
        "at the cut-off it is too late",
    ),
    Mutant(
        "terms/clocks",
        "return local.time() > time and local.astimezone(UTC) > last.astimezone(UTC)",
        "return local.time() > time",
        "a later moment counts for an earlier day where clocks are put back",
    ),
    Mutant(
        "terms/clocks",
        "at = _shown(local.astimezone(UTC) + timedelta(hours=clock.amount), zone)",
        "at = local + timedelta(hours=clock.amount)",
        "hours of the wall clock",
    ),
    Mutant(
        "terms/clocks",
        "local = stamped.replace(tzinfo=zone, fold=0)",
        "return stamped.replace(tzinfo=zone, fold=0)",
        "a time that clocks show twice is guessed",
    ),
    Mutant(
        "terms/clocks",
        "at = start_of_day(day + timedelta(days=1), zone)",
        "at = start_of_day(day, zone)",
        "due at the beginning of the last day",
    ),
    Mutant(
        "terms/commitments",
        "zone = self._center_zone(judged.center, start)",
        "zone = case.zone",
        "business days of the site",
    ),
    Mutant(
        "terms/commitments",
        "if likeness in {Likeness.identical, Likeness(rules.accepted)}:",
        "if likeness in {Likeness.identical, Likeness.equivalent}:",
        "a variation of the address is accepted",
    ),
    Mutant(
        "terms/commitments",
        "if installed is not None and case.day < installed:",
        "if installed is not None and case.day > installed:",
        "replaced before it is installed",
    ),
    Mutant(
        "terms/levels",
        "shipping[waiting] = NOBODY",
        "return shipping",
        "a center ships before it opens",
    ),
    Mutant(
        "terms/requests",
        "if (row.registered_on or oldest) <= day:",
        "if (row.registered_on or oldest) < day:",
        "an address holds from the day after",
    ),
    Mutant(
        "terms/zones",
        "apart = [other for other in others if not _agree(own, other, day)]",
        "apart = others[:0]",
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
    """Change the line in a copy; return what is wrong if it does not occur exactly once."""
    path = folder / "coverage_analyzer" / f"{mutant.module}.py"
    lines = path.read_text(encoding="utf-8").split("\n")
    found = [i for i, line in enumerate(lines) if line.strip() == mutant.line]
    if len(found) != 1:
        return f"the line occurs {len(found)} times, not once: {mutant.line}"
    indent = lines[found[0]][: -len(mutant.line)]
    lines[found[0]] = indent + mutant.changed
    path.write_text("\n".join(lines), encoding="utf-8")
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
    said = (run.stdout + run.stderr).strip().splitlines()[-5:]
    return Outcome(failed=False, by="", broken=" / ".join(said) or f"exit {run.returncode}")


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
    return f"| {mutant.module} | {mutant.meaning} | {verdict} | {by} |\n"


def main(words: Sequence[str]) -> int:
    """Try the mutants that mention one of some words, or all; return the exit code."""
    started = time.monotonic()
    chosen = [m for m in MUTANTS if not words or any(w in " ".join(m) for w in words)]
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
        sys.stdout.write("| module | what it stands for | outcome | by |\n|---|---|---|---|\n")
        for mutant, outcome in zip(chosen, outcomes, strict=True):
            sys.stdout.write(row(mutant, outcome.result()))
            sys.stdout.flush()
    caught = sum(outcome.result().failed for outcome in outcomes)
    seconds = time.monotonic() - started
    sys.stdout.write(f"\n{caught} of {len(chosen)} mutants caught in {seconds:.0f} s.\n")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
