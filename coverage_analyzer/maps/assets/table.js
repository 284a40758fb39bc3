// The sites in view as a table that can be read aloud, and as a CSV file.

import { textAt } from "./data.js";
import { eachInView } from "./filters.js";
import { goToSite } from "./popup.js";
import { button, element, labelled, quantity } from "./words.js";

const TABLE_ROWS = 200; // so many are shown; the file has all
// What a spreadsheet would run, and what it would not though it begins so: the rule of files/guard.
// eslint-disable-next-line max-len -- a pattern is one piece
const FORMULA = /^'*(?:[\0\t\n\r]|[\p{Cc}\p{Zs}\p{Zl}\p{Zp}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;
const HARMLESS = /^(?: *-+ *| *\+[0-9 ]+|@[\p{L}\p{N}_]+)$/u;
const NUMBER = /^[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*$/;

/** @param {App} app */
function rowsInView(app) {
  /** @type {number[]} */
  const rows = [];
  eachInView(app.map, app.sites, (i) => rows.push(i));
  return rows;
}

/**
 * The verdict on a site as a report has it, by column.
 *
 * @param {App} app
 * @param {number} i
 * @returns {Record<string, string>}
 */
function verdictCells(app, i) {
  const { meta, sites } = app;
  const { limit, distance, margin } = sites.figures(i);
  const fixed = (/** @type {number | null} */ value) => (value === null ? "" : value.toFixed(3));
  return {
    level: meta.levels[sites.level[i]] ?? "",
    status: meta.statuses[sites.status[i]],
    reason: meta.reasons[sites.reason[i]] ?? "",
    center_id: meta.centers[sites.center[i]]?.id ?? "",
    distance_miles: fixed(distance),
    limit_miles: limit === null ? "" : String(limit),
    margin_miles: fixed(margin),
    site_country: meta.countries[sites.site_country[i]] ?? "",
    available_on: meta.days[sites.available_on[i]] ?? "",
    centers_in_reach: String(sites.in_reach[i]),
    as_of: meta.as_of,
  };
}

/** @param {string} text */
function csvCell(text) {
  const runs = FORMULA.test(text) && !NUMBER.test(text) && !HARMLESS.test(text);
  const inert = runs ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}

/**
 * @param {App} app
 * @param {number[]} rows
 */
function csvOf(app, rows) {
  const header = ["site_id", "name", "latitude", "longitude", ...app.meta.verdict];
  const lines = rows.map((i) => {
    const verdict = verdictCells(app, i);
    const texts = [textAt(app.texts.id, i), textAt(app.texts.name, i)];
    const place = [sites5(app.sites.lat(i)), sites5(app.sites.lon(i))];
    return [...texts, ...place, ...app.meta.verdict.map((name) => verdict[name])];
  });
  return [header, ...lines].map((cells) => `${cells.map(csvCell).join(",")}\n`);
}

/** @param {number} degrees */
function sites5(degrees) {
  return String(Number(degrees.toFixed(5)));
}

/** @param {App} app */
async function saveCsv(app) {
  await app.textsReady;
  const blob = new Blob(csvOf(app, rowsInView(app)), { type: "text/csv" });
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = "sites-in-view.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  app.say(`${quantity(app.inView.total, "site")} saved as ${link.download}`);
}

/**
 * @param {App} app
 * @param {number} i
 */
function tableRow(app, i) {
  const verdict = verdictCells(app, i);
  const row = element("tr");
  const head = element("th");
  head.scope = "row";
  head.append(button(textAt(app.texts.id, i) || "(no ID)", () => goToSite(app, i)));
  row.append(head);
  const cells = [textAt(app.texts.name, i), verdict.status, verdict.level,
    app.meta.reason_words[app.sites.reason[i]], verdict.center_id, verdict.distance_miles,
    verdict.margin_miles];
  for (const cell of cells) row.append(element("td", cell));
  return row;
}

/**
 * @param {App} app
 * @param {HTMLElement} sheet
 */
async function fillTable(app, sheet) {
  if (sheet.hidden) return;
  await app.textsReady;
  const rows = rowsInView(app);
  const some = rows.slice(0, TABLE_ROWS);
  const made = element("table");
  const rest = rows.length > some.length ? `; the first ${some.length} are listed` : "";
  made.append(element("caption", `${quantity(rows.length, "site")} in view${rest}`));
  const header = made.createTHead().insertRow();
  for (const name of ["site", "name", "status", "level", "reason", "center", "miles", "margin"]) {
    const head = element("th", name);
    head.scope = "col";
    header.append(head);
  }
  made.createTBody().append(...some.map((i) => tableRow(app, i)));
  sheet.replaceChildren(made);
}

/**
 * The buttons of the table, which stands below the map.
 *
 * @param {App} app
 */
export function tableBlock(app) {
  const sheet = labelled("section", "Sites in view", "sheet");
  sheet.tabIndex = 0;
  sheet.hidden = true;
  app.main.append(sheet);
  const box = element("p", undefined, "buttons");
  const open = button("Table of sites in view", () => {
    sheet.hidden = !sheet.hidden;
    open.setAttribute("aria-expanded", String(!sheet.hidden));
    app.map.invalidateSize({ animate: false });
    fillTable(app, sheet);
  });
  open.setAttribute("aria-expanded", "false");
  app.onUpdate(() => fillTable(app, sheet));
  box.append(open, button("Save as CSV", () => saveCsv(app)));
  return box;
}
