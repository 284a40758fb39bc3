// Counts of sites in the cells of the map.

import assert from "node:assert/strict";
import test from "node:test";

import { ROUND, UNITS } from "./mercator.js";

globalThis.L = { GridLayer: { extend: () => null } };
const { CellCounts } = await import("./cells.js");
const { Clusters } = await import("./clusters.js");
const { Sites } = await import("./sites.js");

const META = { statuses: ["qualified", "fallback"], kept: "all", grid: 1024, limits: [],
  site_centers: [], bounds: [[-20, 170], [-10, 187]] };

/** Sites at places, all in curve order of a curve that has only these. */
function clustersOf(places, meta = META) {
  const code = ([lat, lon]) => {
    const [x, y] = [Math.round((lon + 180) * UNITS), Math.round((lat + 90) * UNITS)];
    let at = 0;
    for (let bit = 25; bit >= 0; bit--) {
      at = at * 4 + (Math.floor(y / 2 ** bit) % 2) * 2 + (Math.floor(x / 2 ** bit) % 2);
    }
    return at;
  };
  const sorted = places.map((place, i) => [code(place), i % 2]).sort((a, b) => a[0] - b[0]);
  const columns = {
    code: Float64Array.from(sorted, ([at]) => at), status: Int16Array.from(sorted, ([, s]) => s),
  };
  const sites = new Sites(columns, meta);
  return new Clusters(new CellCounts(meta, columns, sites, { statuses: new Set([0, 1]) }));
}

const RANDOM = Array.from({ length: 400 }, (_, i) =>
  [((i * 37.77) % 160) - 80, ((i * 71.3) % 360) - 180]);

test("each zoom counts each site once, counted for the world or for a part", () => {
  const clusters = clustersOf(RANDOM);
  for (const zoom of [0, 3, 7, 8]) {
    const across = clusters.side(zoom);
    const west = clusters.origin;
    const found = clusters.clusters(zoom, { west, north: 0, across });
    assert.equal(found.reduce((sum, { total }) => sum + total, 0), RANDOM.length);
    for (const cluster of found.slice(0, 50)) {
      assert.equal(clusters.sitesOf(cluster).length, cluster.total);
      assert.equal(cluster.counts[0] + cluster.counts[1], cluster.total);
    }
  }
});

test("sites on both sides of 180 degrees are one cluster between them", () => {
  const places = Array.from({ length: 30 }, (_, i) => [-17, i % 2 ? 179.99 : -179.99]);
  const clusters = clustersOf(places);
  const found = clusters.clusters(4, { west: 0.9, north: 0.4, across: 20 });
  assert.equal(found.length, 1);
  assert.equal(found[0].total, 30);
  assert.ok(Math.abs(found[0].x - 1) < 1e-3, `${found[0].x} worlds`);
  assert.ok(!clusters.isSingle(found[0]));
});

test("few sites are drawn one by one, and hidden ones not counted", () => {
  const clusters = clustersOf(RANDOM.slice(0, 12));
  const part = { west: clusters.origin, north: 0, across: clusters.side(0) };
  assert.deepEqual(clusters.split(0, part).many, []);
  clusters.sites.shown.fill(0);
  clusters.forget();
  assert.deepEqual(clusters.clusters(0, part), []);
  assert.equal(clusters.sites.x.every((x) => x >= 0 && x < ROUND), true);
});

test("sites that the page has not one by one are a cluster, however few", () => {
  const clusters = clustersOf(RANDOM.slice(0, 3), { ...META, kept: "not_qualified" });
  const cluster = { level: 3, column: 0, row: 0, total: 3, counts: [1, 2], x: 0, y: 0 };
  assert.ok(!clusters.isSingle(cluster));
  assert.ok(clusters.isSingle({ ...cluster, counts: [0, 3] }));
  assert.ok(clusters.isSingle({ ...cluster, level: 11 }));
});
