// Figures in words.

import assert from "node:assert/strict";
import test from "node:test";

import { brief, counted, limitWords, milesAndKm, quantity, share } from "./words.js";

test("numbers have separators, and nouns their plural", () => {
  assert.equal(counted(1234567), "1,234,567");
  assert.deepEqual([0, 1, 2].map((n) => quantity(n, "site")), ["0 sites", "1 site", "2 sites"]);
});

test("a share has one decimal, and none of nothing", () => {
  assert.equal(share(1543, 6494), "23.8 %");
  assert.equal(share(0, 0), "–");
  assert.equal(share(5, 5), "100.0 %");
});

test("miles stand beside kilometres", () => {
  assert.equal(milesAndKm(70), "70.000 mi (112.654 km)");
  assert.equal(milesAndKm(null), null);
  assert.equal(limitWords(50), "50 mi (80.5 km)");
  assert.equal(milesAndKm(62.137, 100), "100.000 km (62.137 mi)");
  assert.equal(limitWords(62.137119, "km"), "100 km (62.1 mi)");
});

test("numbers in cells are short", () => {
  assert.deepEqual([7, 999, 1234, 45678, 1e6].map(brief), ["7", "999", "1.2k", "46k", "1M"]);
});
