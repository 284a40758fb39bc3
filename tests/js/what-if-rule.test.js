// The page's part of the rule says of each site what the kernel says (tests/what_if_cases.py).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

import { chordSquares, distanceBounds, distanceM, pointAt, MILE_M } from "./geodesic.js";
import { DistanceRule, NO_CENTER, NO_DAY, changeKind } from "./what-if-rule.js";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf-8");

globalThis.window = globalThis;
vm.runInThisContext(
  read("coverage_analyzer/resources/geodesic/geographiclib-geodesic.min.js"));

const number = (day) => (day ? Number(day.replaceAll("-", "")) : NO_DAY);

for (const { policy, rule, countries, centers, sites } of
  JSON.parse(read("tests/js/what-if-cases.json"))) {
  test(`each site has the kernel's verdict: ${policy}`, () => {
    const judge = new DistanceRule(rule, countries);
    const serving = centers.map(([lat, lon, code, day], order) => ({
      lat, lon, point: pointAt(lon, lat), country: countries.indexOf(code), order,
      isPlanned: Boolean(day), opensOn: number(day),
    }));
    let doubtful = 0;
    for (const [lat, lon, country, accuracyM, level, status, day, center] of sites) {
      const site = { lat, lon, point: pointAt(lon, lat), country, accuracyM };
      const said = judge.judge(site, serving);
      doubtful += Number(said.doubts > 0);
      assert.deepEqual(
        [said.level, said.status, said.day, said.center], [level, status, number(day), center],
        JSON.stringify(site));
    }
    assert.ok(doubtful > 20 && doubtful < sites.length / 2, `${doubtful} in doubt`);
  });
}

test("a site that rounding could move over a limit is in doubt, another one is not", () => {
  const rule = {
    same_country: true, ranks: ["Plus", "Base", "None"], fallback: 1, interim: 1,
    bands: [{ countries: ["*"], up_to: [50], levels: [0] }],
  };
  const judge = new DistanceRule(rule, ["US"]);
  const center = {
    lat: 0, lon: 0, point: pointAt(0, 0), country: 0, isPlanned: false, opensOn: NO_DAY, order: 0,
  };
  const { Geodesic } = globalThis.geodesic;
  const at = (metres) => {
    const { lat2: lat, lon2: lon } = Geodesic.WGS84.Direct(0, 0, 37, metres);
    return judge.judge({ lat, lon, point: pointAt(lon, lat), country: 0, accuracyM: -1 }, [center]);
  };
  const limit = 50 * MILE_M;
  assert.deepEqual([-2, -0.5, 0.5, 2].map((off) => at(limit + off)).map(
    ({ status, doubts }) => [status, doubts]),
  [["qualified", 0], ["qualified", 1], ["fallback", 1], ["fallback", 0]]);
  assert.equal(judge.judge({ ...center, country: 1, accuracyM: -1 }, [center]).center, NO_CENTER);
});

test("bounds of distances hold the geodesic", () => {
  for (const [lat, lon] of [[0, 0.7], [0.7, 0], [60, 30], [-89, 180], [1, 179]]) {
    const [a, b] = [pointAt(0, 0), pointAt(lon, lat)];
    const square = (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2;
    const metres = distanceM(0, 0, lat, lon);
    const [least, most] = distanceBounds(square);
    assert.ok(least <= metres + 1e-6 && metres <= most + 1e-6, `${least} ${metres} ${most}`);
    const { inner, outer } = chordSquares(metres);
    assert.ok(inner < square && square <= outer);
  }
});

test("kinds of changes are those of compare", () => {
  const site = (level, status, day) => ({ level, status, day });
  const [plus, base] = [site(0, "qualified", NO_DAY), site(1, "fallback", NO_DAY)];
  const [soon, late] = [site(1, "pending", 20270101), site(1, "pending", 20270301)];
  const kinds = [[base, plus], [plus, base], [base, late], [late, soon], [soon, late],
    [soon, base], [plus, soon], [base, site(1, "review", NO_DAY)], [plus, plus]];
  assert.deepEqual(kinds.map(([a, b]) => changeKind(a, b)), [
    "gained", "lost", "sooner", "sooner", "delayed", "delayed", "lost", "status", null]);
});
