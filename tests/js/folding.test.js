// Text as it is searched.

import assert from "node:assert/strict";
import test from "node:test";

import { textAt } from "./data.js";
import { folded, foldedTexts } from "./folding.js";

/** A column of texts. */
function column(texts) {
  const begins = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => { begins[i + 1] = begins[i] + text.length; });
  return { text: texts.join(""), begins };
}

const NAMES = {
  "Zürich": "zurich", "Zu\u0308rich": "zurich", "SÃO PAULO": "sao paulo", "Łódź": "lodz",
  "Straße": "strasse", "STRASSE": "strasse", "Ærø": "aero", "İzmir": "izmir", "Đà Nẵng": "da nang",
  "東京": "東京", "서울": "서울".normalize("NFD"), "😀": "😀", "": "", "a-1": "a-1",
};

test("accents, strokes and case do not count", () => {
  for (const [name, plain] of Object.entries(NAMES)) assert.equal(folded(name), plain);
});

test("a column keeps its rows, be they longer or shorter when folded", () => {
  const names = Object.keys(NAMES);
  for (const texts of [names, [...names].reverse(), ["A", "", "B"], ["ß"], ["", "é"], []]) {
    const found = foldedTexts(column(texts));
    assert.deepEqual(texts.map((_, i) => textAt(found, i)), texts.map(folded));
    assert.equal(found.begins.at(-1), found.text.length);
  }
});
