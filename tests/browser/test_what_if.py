"""Changes of centers that are tried in the map: the same counts as the command, and one file."""

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import what_if_cases
from playwright.sync_api import Browser

from browser.pages import MAP, Opened, rows_of
from coverage_analyzer import batch, countries
from coverage_analyzer.batch._what_if import WhatIfChange, what_if
from coverage_analyzer.batch.run_again import RunAgain, open_run
from coverage_analyzer.comparison.changes import Change, LevelRanks, classify
from coverage_analyzer.comparison.what_if import NewCenter
from coverage_analyzer.geodesy import destination
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy

pytestmark = pytest.mark.xdist_group("browser")

DAY = "2026-12-01"
OFF_M = (*(-30_000, -5_000, -20, -3, 3, 20, 5_000, 30_000) * 6, -0.6, -0.002, 0.002, 0.6)
"""Metres beyond a limit: few sites are so near that the page's rounding of places matters."""
KINDS = ("gained", "lost", "sooner", "delayed")
TRY = """(edits) => {
  const block = document.querySelector("fieldset.what-if");
  const press = (words, within = block) => {
    [...within.querySelectorAll("button")].find(({ textContent }) => textContent === words).click();
  };
  const choose = (select, value) => {
    select.value = value;
    if (select.value !== value) throw new Error(`no ${value}`);
    select.dispatchEvent(new Event("change"));
  };
  const buttons = () => [...block.querySelectorAll("button")];
  const [center] = block.querySelectorAll("select");
  const clickAt = ([lat, lon]) => { MAP.fire("click", { latlng: L.latLng(lat, lon) }); };
  const doubtful = (text) => text.includes("in doubt") ? "doubt" : text.split(":")[0].split(" ")[0];
  return edits.map((steps) => {
    block.querySelector("details").open = true;
    const again = buttons().find((b) => b.textContent === "Start again");
    if (!again.disabled) again.click();
    for (const { what, id, place, code } of steps) {
      if (what !== "open") choose(center, id);
      if (what === "close") press("Close it");
      if (what === "move") press("Move it…");
      if (what === "open") press("Open a center…");
      if (what !== "close") clickAt(place);
      if (code) choose([...block.querySelectorAll(".edits select")].at(-1), code);
    }
    return Object.fromEntries([...block.querySelectorAll(".changes li")].map((row) => {
      const number = Number(row.querySelector("strong").textContent.replaceAll(",", ""));
      return [doubtful(row.lastChild.textContent), number];
    }));
  });
}""".replace("MAP", MAP)
"""Makes edits one after the other, as a reader does, and returns the counts of each."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A run, and what its sites and centers are."""

    folder: Path
    places: Sequence[tuple[float, float, str]]
    centers: Sequence[tuple[str, float, float]]


def write_inputs(folder: Path, policy: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Write centers and sites at and around the limits, with own columns for some of them."""
    world, rng = countries.load(), np.random.default_rng(7)
    day = what_if_cases.DAY
    matcher = Matcher(
        what_if_cases.centers(), Policy.load(policy), world, as_of=day, trust_declared=True
    )
    sites = what_if_cases.sites_near(matcher, rng, OFF_M)
    header = ["site_id", "latitude", "longitude", "country", "accuracy_m", *columns]
    lines = [",".join(header)]
    for i in range(len(sites)):
        accuracy = "" if math.isnan(sites.accuracy_m[i]) else str(sites.accuracy_m[i])
        lat, lon = f"{sites.lat[i]:.9f}", f"{sites.lon[i]:.9f}"
        cells = [f"S{i}", lat, lon, world.names.codes[sites.declared[i]], accuracy]
        cells += [values[rng.integers(len(values))] for values in columns.values()]
        lines.append(",".join(cells))
    (folder / "sites.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f"{i},{c},{lat},{lon},{d}" for i, c, lat, lon, d in what_if_cases.CENTERS]
    head = "center_id,country,latitude,longitude,opens_on\n"
    (folder / "centers.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


COLUMNS = {
    "plain": {},
    "two bands": {},
    "rules": {
        "requested_level": ["", "Gold Plus", "Gold", "Silver"],
        "product": ["", "Gate 100", "Gate 200", "unknown"],
        "registered_on": ["", "2026-02-02", "2027-02-02"],
    },
}
PRODUCTS = """product,mainstream_ends_on,extended_ends_on
Gate 100,2028-06-30,2030-06-30
Gate 200,2026-03-31,2027-01-15
"""


@pytest.fixture(scope="module", params=list(COLUMNS))
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Give a run with sites at and around the limits."""
    folder = tmp_path_factory.mktemp("trial")
    policy = "hp-call-to-repair" if request.param == "two bands" else "appliance-maintenance"
    write_inputs(folder, policy, COLUMNS[request.param])
    options = batch.Options(trust_declared=True, areas=False, summary=False)
    if request.param == "rules":
        (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
        options = dataclasses.replace(options, products=folder / "products.csv")
    inputs = folder / "sites.csv", folder / "centers.csv"
    batch.run(*inputs, folder / "out", policy=policy, as_of=DAY, options=options)
    sites = [
        (float(r["latitude"]), float(r["longitude"]), r["country"]) for r in rows_of(inputs[0])
    ]
    centers = [
        (r["center_id"], float(r["latitude"]), float(r["longitude"])) for r in rows_of(inputs[1])
    ]
    return Trial(folder / "out", sites, centers)


def random_edits(trial: Trial, count: int, seed: int) -> list[list[dict[str, Any]]]:
    """Return edits of one to three steps: what closes, what opens and where, what moves."""
    rng = np.random.default_rng(seed)

    def near(lat: float, lon: float, metres: float) -> list[float]:
        x, y = destination([lon], [lat], [rng.uniform(-180, 180)], [metres])
        return [round(float(y[0]), 5), round(float(x[0]), 5)]

    edits = []
    for _ in range(count):
        chosen = rng.choice(len(trial.centers), 3, replace=False).tolist()
        steps: list[dict[str, Any]] = []
        for kind in rng.permutation(["close", "open", "move"])[: rng.integers(1, 4)].tolist():
            center, lat, lon = trial.centers[chosen.pop()]
            if kind == "close":
                steps.append({"what": kind, "id": center})
            elif kind == "move":
                place = near(lat, lon, rng.choice([10, 5_000, 60_000]))
                steps.append({"what": kind, "id": center, "place": place})
            else:
                lat, lon, code = trial.places[rng.integers(len(trial.places))]
                place = near(lat, lon, rng.choice([100, 40_000, 80_467, 112_654]))
                steps.append({"what": kind, "place": place, "code": code})
        edits.append(steps)
    return edits


def change_of(steps: Sequence[Mapping[str, Any]]) -> WhatIfChange:
    """Return the same edits for the command."""
    texts = {id(s): [str(v) for v in s["place"]] for s in steps if "place" in s}
    return WhatIfChange(
        close=[s["id"] for s in steps if s["what"] == "close"],
        open=[NewCenter(*texts[id(s)], s["code"]) for s in steps if s["what"] == "open"],
        move={s["id"]: NewCenter(*texts[id(s)]) for s in steps if s["what"] == "move"},
    )


def test_counts_are_those_of_the_command(browser: Browser, trial: Trial) -> None:
    """For random edits, but for sites in doubt, which are counted; most edits have none."""
    edits = random_edits(trial, 17, seed=len(trial.places))
    opened = Opened(browser, trial.folder / "map.html")
    shown = opened.page.evaluate(TRY, edits)
    assert opened.complaints == []
    run = open_run(trial.folder)
    rows = [run.report.table.site_rows(block) for block in run.rows()]
    certain = 0
    for steps, counts in zip(edits, shown, strict=True):
        told = changes_of(run, rows, change_of(steps))
        doubt = counts.get("doubt", 0)
        off = {kind: abs(told[kind] - counts.get(kind, 0)) for kind in KINDS}
        assert max(off.values()) <= doubt, (json.dumps(steps), told, counts)
        certain += doubt == 0 and told["gained"] + told["lost"] > 0
    assert certain >= 9
    command = what_if(trial.folder, change_of(edits[0])).told["changes"]
    told = changes_of(run, rows, change_of(edits[0]))
    assert {kind: command[kind] for kind in KINDS} == {kind: told[kind] for kind in KINDS}


def changes_of(run: RunAgain, rows: Sequence[SiteRows], change: WhatIfChange) -> Mapping[str, int]:
    """Return what the command counts, without opening the run again."""
    titles = run.spec.policy.titles
    sides = [spec.build() for spec in (run.spec, change.edit(run.spec).apply(run.spec))]
    kinds: Counter[str] = Counter()
    for sites in rows:
        verdicts = [m.columns(m.match(*m.inputs(sites))) for m in sides]
        changes = classify(*verdicts, LevelRanks(titles, titles))
        kinds.update(Change(kind).name for kind in changes.tolist())
    return kinds
