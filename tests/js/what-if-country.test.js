// In which country a place is: by what is near, and by the borders between.

import assert from "node:assert/strict";
import test from "node:test";

globalThis.L = { GridLayer: { extend: () => class {} } };

const { isBorderBetween, isNearBorder } = await import("./what-if-borders.js");
const { clearlyNearest } = await import("./what-if-country.js");

const line = (kind, ...points) => ({
  kind, points: Float64Array.from(points.flat()),
  box: [Math.min(...points.map(([x]) => x)), Math.min(...points.map(([, y]) => y)),
    Math.max(...points.map(([x]) => x)), Math.max(...points.map(([, y]) => y))],
});
const DETAIL = { lines: [line(100, [0.5015, 0.5], [0.5015, 0.504])] };
const WHOLE = { lines: [line(100, [0.6, 0.4], [0.6, 0.6]), line(3, [0.61, 0.4], [0.61, 0.6])] };
const BASE = {
  cells: new Map([[128 * 256 + 128, DETAIL]]), whole: WHOLE, shapesOf: (row) => row,
};
const at = (x, y) => ({ x, y });

test("a border parts two places, a boundary of regions does not", () => {
  assert.equal(isBorderBetween(BASE, at(0.501, 0.502), at(0.502, 0.502)), true);
  assert.equal(isBorderBetween(BASE, at(0.5016, 0.502), at(0.502, 0.502)), false);
  assert.equal(isBorderBetween(BASE, at(0.59, 0.5), at(0.605, 0.51)), true);
  assert.equal(isBorderBetween(BASE, at(0.605, 0.5), at(0.62, 0.5)), false);
  assert.equal(isBorderBetween(BASE, at(0.59, 0.7), at(0.62, 0.7)), false);
});

test("near a border nothing is sure: nearer where the map is in detail", () => {
  const metres = (m) => m / 40075017;
  assert.equal(isNearBorder(BASE, at(0.5015 + metres(200), 0.502)), true);
  assert.equal(isNearBorder(BASE, at(0.5015 + metres(1000), 0.502)), false);
  assert.equal(isNearBorder(BASE, at(0.6 + metres(5000), 0.5)), true);
  assert.equal(isNearBorder(BASE, at(0.6 + metres(20000), 0.5)), false);
});

test("the nearest country is sure if no other one is nearly as near", () => {
  const place = (code, km) => ({ code, square: (km * 1000) ** 2, lat: 0, lon: 0 });
  const guesses = [[place("US", 10), place("CA", 21)], [place("CA", 19), place("US", 10)],
    [place("US", 301)], []].map(clearlyNearest);
  assert.deepEqual(guesses, [{ code: "US", isSure: true }, { code: "US", isSure: false },
    { code: "", isSure: false }, { code: "", isSure: false }]);
});
