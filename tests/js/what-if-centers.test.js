// The centers under trial: steps and the way back, the file that is saved, borders between places.

import assert from "node:assert/strict";
import test from "node:test";

import { TriedCenters } from "./what-if-centers.js";
import { Standing } from "./what-if-standing.js";

const center = (id, lat, lon, state = "open", opens = "") => ({
  id, name: "", country: "", lat, lon, state, opens_on: opens, closes_on: "", served: 0,
});
const RULE = {
  same_country: true, ranks: ["Plus", "Base", "None"], fallback: 1, interim: 1,
  fold: [["PR", "US"]],
  bands: [{ countries: ["US"], up_to: [70], levels: [0] },
    { countries: ["*"], up_to: [50], levels: [0] }],
  codes: ["DE", "PR", "US"], titles: ["Germany", "Puerto Rico", "United States"],
  has_products: false, areas_are_cut: true,
  header: ["center_id", "name", "country", "latitude", "longitude", "opens_on"],
  rows: [["A", "Alpha", "US", "39.123456789", "-94.5", ""], ["B", "", "", "40.0", "-95.0",
    "2027-01-01"], ["NEW-1", "Old", "DE", "50.0", "8.0", ""],
  ["Z", "shut", "DE", "51.0", "8.0", ""]],
  center_codes: ["US", "US", "DE", "DE"],
};
const tried = () => new TriedCenters(RULE, [
  center("A", 39.12346, -94.5), center("B", 40, -95, "planned", "2027-01-01"),
  center("NEW-1", 50, 8), center("Z", 51, 8, "closed"),
], ["US", "DE"]);

test("exact places, countries that fold, planned and closed centers", () => {
  const { given } = tried();
  assert.deepEqual(given.map(({ id, lat, country, isPlanned, opensOn }) =>
    [id, lat, country, isPlanned, opensOn]), [
    ["A", 39.123456789, 0, false, 99999999], ["B", 40, 0, true, 20270101],
    ["NEW-1", 50, 1, false, 99999999],
  ]);
  const centers = tried();
  const id = centers.open(18.4, -66.1, "PR");
  assert.equal(centers.now().find((each) => each.id === id)?.country, 0);
  assert.equal(centers.limitM("PR"), centers.limitM("US"));
  assert.ok(centers.limitM("DE") < centers.limitM("US"));
});

test("each step can be taken back, and ids are free ones", () => {
  const centers = tried();
  assert.equal(centers.open(48, 11, "DE"), "NEW-2");
  centers.change("NEW-2", { lat: 48.1234567, lon: 371 });
  centers.close("A");
  centers.close("A");
  centers.close("Z");
  assert.deepEqual(centers.now().map(({ id, lat, lon }) => [id, lat, lon]), [
    ["B", 40, -95], ["NEW-1", 50, 8], ["NEW-2", 48.12346, 11],
  ]);
  assert.equal(centers.steps.length, 3);
  centers.change("A", { lat: 39, lon: -94 });
  assert.equal(centers.entries.get("A")?.what, "moved");
  centers.undo();
  assert.equal(centers.entries.get("A")?.what, "closed");
  for (let left = 3; left; left--) centers.undo();
  assert.deepEqual([centers.entries.size, centers.undo()], [0, null]);
  assert.deepEqual(centers.now(), centers.given);
});

test("the file has the centers as given, and what was done to them", () => {
  const centers = tried();
  centers.close("NEW-1");
  centers.change("B", { lat: 41, lon: -95 });
  centers.open(18.4, -66.1, "PR");
  assert.deepEqual(centers.file(), [
    [...RULE.header, "tried_in_map"],
    [...RULE.rows[0], ""],
    ["B", "", "", "41", "-95", "2027-01-01", "moved"],
    [...RULE.rows[3], ""],
    ["NEW-2", "", "PR", "18.4", "-66.1", "", "opened"],
  ]);
  centers.change("B", { code: "DE" });
  assert.equal(centers.file()[2][2], "DE");
  assert.equal(centers.isIncomplete(), false);
  centers.open(0, 0, "");
  assert.equal(centers.isIncomplete(), true);
});

test("a verdict stands where a center that stays is in reach and nearest", () => {
  const at = (x) => ({ point: { x, y: 0, z: 0 }, country: 0 });
  const effects = {
    x: [0, 0, 0], y: [0, 0, 0], z: [0, 0, 0], sites: { site_country: [0, 0, 1] },
    judge: { bands: [[{ inner: 100 }], [{ inner: 100 }]], others: [{ inner: 100 }],
      sameCountry: true },
  };
  const stands = (kept, changed, i = 0) => new Standing(effects, kept, changed).at(i);
  assert.equal(stands([at(9)], [at(10)]), true);
  assert.equal(stands([at(9)], [at(8)]), false);
  assert.equal(stands([at(11)], [at(12)]), false);
  assert.equal(stands([], [at(8)]), false);
  assert.equal(stands([at(9)], [at(10)], 2), false);
});
