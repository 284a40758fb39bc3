// The order of sites as an index: what is in a box, on both sides of 180 degrees too.

import assert from "node:assert/strict";
import test from "node:test";

import { Filters, eachInView } from "./filters.js";
import { ROUND, UNITS, latitudeAt, mercatorSouth } from "./mercator.js";
import { Sites } from "./sites.js";

const META = { site_centers: [0], limits: [50], statuses: ["qualified", "fallback"] };

/** A place on Morton's curve, as packing.py computes it. */
function morton(lon, lat) {
  let [x, y] = [Math.round((lon + 180) * UNITS), Math.round((lat + 90) * UNITS)].map(BigInt);
  let code = 0n;
  for (let bit = 0n; x || y; bit += 2n, x >>= 1n, y >>= 1n) {
    code |= ((x & 1n) << bit) | ((y & 1n) << (bit + 1n));
  }
  return Number(code);
}

function sitesAt(places) {
  const sorted = places.map(([lon, lat]) => morton(lon, lat)).sort((a, b) => a - b);
  const zeros = new Int32Array(places.length);
  return new Sites({
    code: Float64Array.from(sorted), status: Int32Array.from(places, (_, i) => i % 2),
    site_country: zeros, center_id: zeros, reason: zeros, level: zeros,
    limit_miles: zeros, miles: zeros.map(() => 12345), margin: zeros,
  }, META);
}

function inBox(sites, west, south, east, north) {
  const [x0, x1] = [west, east].map((lon) => Math.round((lon + 180) * UNITS));
  const [y0, y1] = [south, north].map((lat) => Math.round((lat + 90) * UNITS));
  const listed = [];
  sites.within(x0, y0, x1, y1, (i) => listed.push(i));
  return listed.map((i) => [sites.lon(i), sites.lat(i)]);
}

test("a box holds what a look at each site finds", () => {
  let seed = 1;
  const random = () => { seed = (seed * 48271) % 2147483647; return seed / 2147483647; };
  const places = Array.from({ length: 500 }, () => [random() * 360 - 180, random() * 180 - 90]);
  const sites = sitesAt(places);
  for (let turn = 0; turn < 20; turn++) {
    const [west, south] = [random() * 360 - 180, random() * 180 - 90];
    const [east, north] = [west + random() * 90, Math.min(90, south + random() * 40)];
    const wanted = Array.from({ length: sites.count }, (_, i) => i).filter((i) => {
      const inside = [sites.lon(i), sites.lon(i) + 360].some((lon) => lon >= west && lon <= east);
      return inside && sites.lat(i) >= south && sites.lat(i) <= north;
    });
    assert.equal(inBox(sites, west, south, east, north).length, wanted.length);
  }
});

test("a box over 180 degrees has both sides", () => {
  const sites = sitesAt([[179.9, -17], [-179.9, -16], [0, -16]]);
  assert.equal(inBox(sites, 179, -18, 181, -15).length, 2);
  assert.equal(sites.lon(0) + sites.lon(1) + sites.lon(2) < 1e-6, true);
});

test("figures are a report's: thousandths, and the margin from limit and distance", () => {
  const sites = sitesAt([[0, 0]]);
  const { limit, distance, margin } = sites.figures(0);
  assert.deepEqual([limit, distance, margin], [50, 12.345, 37.655]);
  assert.equal(sites.figures(0).distanceKm, null);
});

test("figures in kilometres are those of the report, not converted miles", () => {
  const sites = sitesAt([[0, 0]]);
  sites.km = Int32Array.of(100000);
  sites.margin_km = Int32Array.of(-1);
  const { distanceKm, marginKm } = sites.figures(0);
  assert.deepEqual([distanceKm, marginKm], [100, -0.001]);
});

test("filters combine, and a reset brings all back", () => {
  const sites = sitesAt([[0, 0], [1, 1], [2, 2], [3, 3]]);
  const filters = new Filters(META, sites);
  let told = 0;
  filters.onChange(() => { told++; });
  filters.toggleStatus(1, false);
  assert.deepEqual([...sites.shown], [1, 0, 1, 0]);
  filters.only(Uint8Array.of(1, 1, 0, 0));
  assert.deepEqual([...sites.shown], [1, 0, 0, 0]);
  filters.choose("site_country", 7);
  assert.deepEqual([...sites.shown], [0, 0, 0, 0]);
  filters.reset();
  assert.deepEqual([...sites.shown], [1, 1, 1, 1]);
  assert.equal(told, 4);
});

test("Mercator is inverted, and ends at 85 degrees", () => {
  for (const lat of [-80, -12.5, 0, 47.6, 84]) {
    assert.ok(Math.abs(latitudeAt(mercatorSouth(lat)) - lat) < 1e-9);
  }
  assert.equal(mercatorSouth(90), mercatorSouth(85.0511));
  assert.equal(ROUND, 36_000_000);
});

test("sites at 180 degrees east are in each box on that meridian, once", () => {
  const sites = sitesAt([[180, 10], [-180, 20], [0, 30]]);
  assert.equal(inBox(sites, 180, 0, 190, 90).length, 2);
  assert.equal(inBox(sites, -180, 0, -170, 90).length, 2);
  assert.equal(inBox(sites, -180, 0, 179.99999, 90).length, 3);
});

test("a view of the whole world has the sites at 180 degrees east", () => {
  const sites = sitesAt([[180, 10], [-180, 20], [0, 30], [180, -90]]);
  const edges = {
    getWest: () => -190, getEast: () => 200, getNorth: () => 86, getSouth: () => -86,
  };
  const seen = [];
  eachInView({ getBounds: () => edges }, sites, (i) => seen.push(i));
  assert.deepEqual(seen.sort(), [0, 1, 2, 3]);
});
