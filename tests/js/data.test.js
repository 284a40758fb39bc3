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

test("a missing block is named", async () => {
  block("b", []);
  await assert.rejects(columnsOf("other", []), /block other is missing/);
});
