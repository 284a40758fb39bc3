// Rows of the base map as maps/base_map.py packs them.

import assert from "node:assert/strict";
import test from "node:test";

globalThis.L = { GridLayer: { extend: () => class {} } };
const { BaseMap } = await import("./base-rows.js");
const { cellsOf } = await import("./base-map.js");

test("polygons and lines in worlds, each cell from its own corner", () => {
  // A whole world without anything, and cell 257 (row 1, column 1): a triangle, and a border.
  const columns = {
    cell: [-1, 257], level: [0, 2], counts_size: [2, 7], x_size: [0, 6], y_size: [0, 5],
    counts_bytes: [0, 0, 1, 1, 3, 1, 100, 2],
    x_bytes: [0, 128 + 72, 1, 1, 2, 4], // 0, +100, -1, +1, +2
    y_bytes: [0, 0, 20, 0, 1], // 0, 0, +10, 0, -1
  };
  columns.counts_size[1] = 6;
  const base = new BaseMap(columns, [5, 3, 1]);
  assert.ok(base.whole);
  assert.deepEqual(base.shapesOf(base.whole), { rings: [], lines: [] });
  const row = base.cells.get(257);
  const { rings, lines } = base.shapesOf(row);
  const units = (points) => [...points].map((v) => Math.round(v * 2 ** 20) - 4096);
  assert.deepEqual(units(rings[0].points), [0, 0, 200, 0, 198, 20]);
  assert.deepEqual(units(rings[0].box), [0, 0, 200, 20]);
  assert.deepEqual(lines.map(({ kind, points }) => [kind, units(points)]), [
    [100, [200, 20, 204, 18]],
  ]);
  assert.equal(base.shapesOf(row), row.shapes); // unpacked once
});

test("a tile shows whole cells, or a part of one", () => {
  const tile = (zoom, x, y) => ({
    zoom, west: x / 2 ** zoom, north: y / 2 ** zoom, pixels: 256 * 2 ** zoom,
  });
  assert.deepEqual(cellsOf(tile(5, 3, 2)), { column: 24, row: 16, across: 8, width: 32 });
  assert.deepEqual(cellsOf(tile(8, 255, 7)), { column: 255, row: 7, across: 1, width: 256 });
  assert.deepEqual(cellsOf(tile(10, 7, 5)), { column: 1, row: 1, across: 1, width: 1024 });
});
