// The page of a comparison: totals, the map of the changed sites, tables. All text goes in as text.

import { ChangeMap } from "./change-map.js";
import { jsonOf } from "./data.js";
import { element } from "./words.js";

/**
 * @typedef {{
 *   title: string, columns: string[], rows: (string | number)[][], more: string,
 * }} Rows
 */

/** @param {string | number} value */
function figure(value) {
  if (typeof value !== "number") return value;
  return value.toLocaleString("en", { maximumFractionDigits: 3 });
}

/**
 * @param {string[]} texts
 * @param {string} className
 */
function listOf(texts, className) {
  const list = element("ul", undefined, className);
  for (const text of texts) list.append(element("li", text));
  return list;
}

/** @param {Rows} rows */
function table({ title, columns, rows }) {
  const box = element("div", undefined, "wide");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", title);
  const made = document.createElement("table");
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const head = made.createTHead().insertRow();
  columns.forEach((column, i) => {
    const cell = document.createElement("th");
    cell.textContent = column;
    cell.scope = "col";
    if (numeric[i]) cell.className = "number";
    head.append(cell);
  });
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, i) => {
      line.append(element("td", String(figure(value)), numeric[i] ? "number" : undefined));
    });
  }
  box.append(made);
  return box;
}

/** @param {[number, string][]} facts */
function totals(facts) {
  const list = element("ul", undefined, "facts");
  for (const [value, words] of facts) {
    const item = element("li");
    item.append(element("b", String(figure(value))), words);
    list.append(item);
  }
  return list;
}

/** @param {string} id */
function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no part ${id}.`);
  return found;
}

export async function showComparison() {
  const data = await jsonOf("compare-data");
  const head = part("compare-head");
  const body = part("compare-body");
  document.title = data.title;
  head.append(element("h1", data.title));
  data.sides.forEach((/** @type {string} */ side, /** @type {number} */ i) => {
    head.append(element("p", `${"AB"[i]}: ${side}`, "sides"));
  });
  if (data.differences.length) head.append(listOf(data.differences, "differences"));
  head.append(totals(data.facts));
  if (data.notes.length) head.append(listOf(data.notes, "notes"));
  for (const each of data.tables) {
    body.append(element("h2", each.title), table(each));
    if (each.more) body.append(element("p", each.more, "more"));
  }
  body.append(element("p", data.attribution, "more"));
  if (data.dots.length) {
    const topology = await jsonOf("compare-land");
    const map = new ChangeMap(part("compare-map"), data.dots, data.statuses, topology);
    map.canvas.dataset.places = String(map.places.length);
  }
  document.documentElement.dataset.ready = "yes";
}
