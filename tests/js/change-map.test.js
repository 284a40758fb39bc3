import assert from "node:assert/strict";
import { test } from "node:test";

import { placesOf, viewOf } from "./change-map.js";

const group = { kind: "lost", lon: [0, 18000000], lat: [0, 0], before: [0, 0], after: [2, -1] };

test("places are in Web Mercator from 0 to 1", () => {
  const [first, second] = placesOf([group]);
  assert.deepEqual([first.x, first.y, first.before, first.after], [0.5, 0.5, 0, 2]);
  assert.deepEqual([second.x, second.after], [1, -1]);
});

test("a view shows all places, and a single one is not too near", () => {
  const places = placesOf([group]);
  const view = viewOf(places, 800, 400);
  for (const { x, y } of places) {
    assert.ok((x - view.left) * view.scale > 0 && (x - view.left) * view.scale < 800);
    assert.ok((y - view.top) * view.scale > 0 && (y - view.top) * view.scale < 400);
  }
  const near = viewOf(places.slice(0, 1), 800, 400);
  assert.equal(Math.round((0.5 - near.left) * near.scale), 400);
  assert.ok(near.scale < 1e6);
});
