// Search by site id, name or center: the text of all sites is one text, which is read through once.

import { rowAt, textAt } from "./data.js";
import { styleOf, symbolMark } from "./marks.js";
import { goToCenter, goToSite } from "./popup.js";
import { button, element, labelled, later, quantity } from "./words.js";

const LISTED = 50;
const SHORTEST = 2;

/**
 * Marks the rows of texts that a pattern is found in, and returns them up to a number.
 *
 * @param {Texts} column
 * @param {RegExp} pattern
 * @param {Uint8Array} marks
 * @param {number[]} listed
 */
function markMatches(column, pattern, marks, listed) {
  const { text, begins } = column;
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const row = rowAt(begins, found.index);
    if (found.index + found[0].length > begins[row + 1]) {
      pattern.lastIndex = found.index + 1; // it runs over into the next text
      continue;
    }
    if (!marks[row]) {
      marks[row] = 1;
      if (listed.length < LISTED) listed.push(row);
    }
    if (begins[row + 1] >= text.length) break;
    pattern.lastIndex = begins[row + 1];
  }
}

/**
 * @param {Texts} texts
 * @param {string} words
 */
function exactMatches({ text, begins }, words) {
  const found = [];
  for (let i = 0; i + 1 < begins.length && found.length < LISTED; i++) {
    if (begins[i + 1] - begins[i] === words.length && text.startsWith(words, begins[i])) {
      found.push(i);
    }
  }
  return found;
}

/**
 * Sites and centers that have some words in them, in whatever case; exact ids come first.
 *
 * @param {App} app
 * @param {string} words
 */
function searched(app, words) {
  const escaped = words.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
  const pattern = () => new RegExp(escaped, "giu");
  const centers = app.meta.centers.filter((c) => pattern().test(c.id) || pattern().test(c.name));
  const marks = new Uint8Array(app.sites.count);
  /** @type {number[]} */
  const rows = [];
  if (app.sites.count) {
    markMatches(app.texts.id, pattern(), marks, rows);
    markMatches(app.texts.name, pattern(), marks, rows);
    rows.unshift(...exactMatches(app.texts.id, words));
  }
  const count = marks.reduce((sum, mark) => sum + mark, 0);
  const listed = [...new Set(rows)].slice(0, LISTED);
  return { centers: centers.slice(0, LISTED), rows: listed, marks, count };
}

/**
 * @param {HTMLElement | null} mark
 * @param {string} words
 * @param {() => void} go
 */
function resultRow(mark, words, go) {
  const row = element("li");
  const link = button("", go);
  if (mark) link.append(mark);
  link.append(element("span", words));
  row.append(link);
  return row;
}

/**
 * @param {App} app
 * @param {HTMLElement} list
 * @param {{ centers: Center[], rows: number[] }} found
 */
function listResults(app, list, { centers, rows }) {
  list.replaceChildren(
    ...centers.map((center) => resultRow(null,
      ["Center", center.id, center.name].filter(Boolean).join(" "), () => goToCenter(app, center))),
    ...rows.map((i) => resultRow(symbolMark(styleOf(app, i)),
      [textAt(app.texts.id, i), textAt(app.texts.name, i)].filter(Boolean).join(" "),
      () => goToSite(app, i))),
  );
}

/** @param {App} app */
export function searchBlock(app) {
  const box = element("search");
  const label = element("label", "Search by site ID, name or center");
  const input = element("input");
  input.type = "search";
  input.autocomplete = "off";
  label.append(input);
  const only = element("label", undefined, "only");
  const check = element("input");
  check.type = "checkbox";
  only.append(check, element("span", "Show only matches"));
  const list = labelled("ul", "Results", "results");
  const look = async () => {
    await app.textsReady;
    const words = input.value.trim();
    const found = words.length < SHORTEST ? null : searched(app, words);
    list.replaceChildren();
    if (found) listResults(app, list, found);
    app.filters.only(found && check.checked ? found.marks : null);
    app.say(found ? `${quantity(found.count, "site")} and ${
      quantity(found.centers.length, "center")} found` : "");
  };
  input.addEventListener("input", later(200, look));
  check.addEventListener("change", look);
  input.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    await look();
    list.querySelector("button")?.click();
  });
  app.onReset(() => {
    input.value = "";
    check.checked = false;
    list.replaceChildren();
  });
  box.append(label, only, list);
  return box;
}
