// Text as it is searched: without case and accents, "Zürich" and "zurich" are the same.

import { rowAt } from "./data.js";

// Letters that are typed without their stroke or as two letters, and have no accent to remove.
const LETTERS = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", ŋ: "n", þ: "th",
  ŧ: "t", ŀ: "l", ĸ: "k",
};
const ACCENTS = /[\u0300-\u036f]/g;
const OTHER = /[^\0-\x7f]/;
const STROKES = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

/**
 * Text without case, accents and strokes.
 *
 * @param {string} text
 */
export function folded(text) {
  const lower = text.toLowerCase();
  if (!OTHER.test(lower)) return lower;
  return lower.normalize("NFD").replace(ACCENTS, "")
    .replace(STROKES, (letter) => LETTERS[/** @type {keyof typeof LETTERS} */ (letter)]);
}

/**
 * The texts of a column folded; most of them only change their case, and are copied as one piece.
 *
 * @param {Texts} column
 * @returns {Texts}
 */
export function foldedTexts({ text, begins }) {
  const rows = begins.length - 1;
  const moved = new Uint32Array(begins.length);
  const parts = [];
  const pattern = new RegExp(OTHER, "g");
  let length = 0;
  let next = 0; // the first row that is not yet copied
  const copy = (/** @type {number} */ to) => {
    for (let row = next; row <= to; row++) moved[row] = begins[row] - begins[next] + length;
    parts.push(text.slice(begins[next], begins[to]).toLowerCase());
    length = moved[to];
    next = to;
  };
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const row = rowAt(begins, found.index);
    copy(row);
    const part = folded(text.slice(begins[row], begins[row + 1]));
    parts.push(part);
    length += part.length;
    next = row + 1;
    moved[next] = length;
    pattern.lastIndex = begins[next];
    if (next >= rows) break;
  }
  copy(rows);
  return { text: parts.join(""), begins: moved };
}
