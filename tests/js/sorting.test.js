// The first rows of many.

import assert from "node:assert/strict";
import test from "node:test";

import { firstRows } from "./sorting.js";

const TEXTS = ["s10", "S2", null, "É", "e", "a"];

test("numbers in texts count, and neither case nor accents do", () => {
  const rows = [...TEXTS.keys()];
  const sorted = firstRows(rows, (i) => TEXTS[i], { direction: 1, most: 10 });
  assert.deepEqual(sorted.map((i) => TEXTS[i]), ["a", "É", "e", "S2", "s10", null]);
});

test("missing values are last in either direction, and equal rows keep their order", () => {
  const numbers = [3, null, 1, 3, -2];
  const rows = [...numbers.keys()];
  const keyOf = (i) => numbers[i];
  assert.deepEqual(firstRows(rows, keyOf, { direction: 1, most: 9 }), [4, 2, 0, 3, 1]);
  assert.deepEqual(firstRows(rows, keyOf, { direction: -1, most: 9 }), [0, 3, 2, 4, 1]);
});

test("only the first are kept, as of all sorted", () => {
  const numbers = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 997);
  const rows = [...numbers.keys()];
  const whole = [...rows].sort((a, b) => numbers[a] - numbers[b] || a - b);
  const some = firstRows(rows, (i) => numbers[i], { direction: 1, most: 20 });
  assert.deepEqual(some, whole.slice(0, 20));
});
