// Blocks as maps/packing.py packs them.

import assert from "node:assert/strict";
import test from "node:test";

import { columnsOf, rowAt, textAt } from "./data.js";
import { gzipSync } from "node:zlib";

/** Puts a block where data.js looks for it. */
function block(id, bytes) {
  const text = gzipSync(Buffer.from(bytes)).toString("base64");
  globalThis.document = { getElementById: (wanted) =>
    (wanted === id ? { textContent: ` ${text}\n`, remove() {} } : null) };
}

test("numbers are differences from the least, plane by plane", async () => {
  block("b", [0, 1, 2, 0, 0, 1]); // 0, 1, 258 in two planes
  const { n } = await columnsOf("b", [{ name: "n", count: 3, width: 2, low: -5 }]);
  assert.deepEqual([...n], [-5, -4, 253]);
});

test("steps add up beyond what 32 bits hold", async () => {
  block("b", [255, 1, 255, 0, 255, 0, 255, 0, 255, 0]);
  const { n } = await columnsOf("b", [{ name: "n", count: 2, width: 5, steps: true }]);
  assert.deepEqual([...n], [2 ** 40 - 1, 2 ** 40]);
});

test("texts have their lengths in UTF-16, as packing.py counts them", async () => {
  const text = Buffer.from("ab😀é", "utf8");
  block("b", [2, 0, 2, 1, ...text]);
  const spec = { name: "t", count: 4, width: 1, low: 0, text: text.length };
  const { t } = await columnsOf("b", [spec]);
  assert.deepEqual([0, 1, 2, 3].map((i) => textAt(t, i)), ["ab", "", "😀", "é"]);
  assert.deepEqual([0, 1, 2, 3, 4].map((at) => rowAt(t.begins, at)), [0, 0, 2, 2, 3]);
});

test("texts laid out across are read along", async () => {
  block("b", [2, 1, 3, ...Buffer.from("acdb\0e\0\0f", "utf8")]);
  const spec = { name: "t", count: 3, width: 1, low: 0, text: 9, across: 3 };
  const { t } = await columnsOf("b", [spec, { name: "n", count: 1, width: 0, low: 7 }]);
  assert.deepEqual([0, 1, 2].map((i) => textAt(t, i)), ["ab", "c", "def"]);
});

test("texts of one length are numbers of a mixed radix", async () => {
  block("b", [0, 36, 75]); // S-01, S-41, S-84
  const least = [83, 45, 48, 49];
  const spec = { name: "t", count: 3, width: 1, low: 0, least, radix: [1, 1, 9, 9] };
  const { t } = await columnsOf("b", [spec]);
  assert.deepEqual([0, 1, 2].map((i) => textAt(t, i)), ["S-01", "S-41", "S-84"]);
});

test("numbers of texts are exact beyond 32 bits", async () => {
  block("b", [255, 255, 255, 255, 255, 255, 31]); // 2 ** 53 - 1
  const radix = Array(16).fill(10);
  const spec = { name: "t", count: 1, width: 7, least: Array(16).fill(48), radix };
  const { t } = await columnsOf("b", [spec]);
  assert.equal(textAt(t, 0), String(2 ** 53 - 1));
});

test("words that recur are stored once", async () => {
  const words = Buffer.from("aé😀", "utf8");
  block("b", [0b11100100, 1, 0, 1, 2, ...words, 5]);
  const spec = { name: "t", count: 4, width: 1, low: 0, top: 2,
    words: { name: "t", count: 4, width: 1, low: 0, text: words.length } };
  const { t, n } = await columnsOf("b", [spec, { name: "n", count: 1, width: 1 }]);
  assert.deepEqual([0, 1, 2, 3].map((i) => textAt(t, i)), ["a", "", "é", "😀"]);
  assert.deepEqual([...n], [5]);
});

test("several numbers share a highest byte", async () => {
  block("b", [7, 8, 9, 0b101, 0b11100100, 0b10]);
  const { m, n } = await columnsOf("b", [
    { name: "m", count: 3, width: 2, low: 1, top: 1 },
    { name: "n", count: 5, width: 1, top: 2 },
  ]);
  assert.deepEqual([...m], [264, 9, 266]);
  assert.deepEqual([...n], [0, 1, 2, 3, 2]);
});

test("a missing block is named", async () => {
  block("b", []);
  await assert.rejects(columnsOf("other", []), /block other is missing/);
});
