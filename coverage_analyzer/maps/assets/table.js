// The sites in view, with their verdicts as a report has them, and as a CSV file.

import { textAt } from "./data.js";
import { eachInView } from "./filters.js";
import { KM_PER_MILE, element, quantity } from "./words.js";

// What a spreadsheet would run, and what it would not though it begins so: the rule of files/guard.
// eslint-disable-next-line max-len -- a pattern is one piece
const FORMULA = /^'*(?:[\0\t\n\r]|[\p{Cc}\p{Zs}\p{Zl}\p{Zp}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;
const HARMLESS = /^(?: *-+ *| *\+[0-9 ]+|@[\p{L}\p{N}_]+)$/u;
const NUMBER = /^[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*$/;

/**
 * The shown sites in the view, in the order of the curve.
 *
 * @param {App} app
 */
export function rowsInView(app) {
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
  const { limit, distance, margin, distanceKm, marginKm } = sites.figures(i);
  const fixed = (/** @type {number | null} */ value) => (value === null ? "" : value.toFixed(3));
  return {
    level: meta.levels[sites.level[i]] ?? "",
    status: meta.status_codes[sites.status[i]],
    reason: meta.reasons[sites.reason[i]] ?? "",
    center_id: meta.centers[sites.center[i]]?.id ?? "",
    distance_miles: fixed(distance),
    limit_miles: limit === null ? "" : String(limit),
    margin_miles: fixed(margin),
    distance_km: fixed(distanceKm),
    limit_km: limit === null ? "" : String(Number((limit * KM_PER_MILE).toFixed(3))),
    margin_km: fixed(marginKm),
    site_country: meta.countries[sites.site_country[i]] ?? "",
    available_on: meta.days[sites.available_on[i]] ?? "",
    centers_in_reach: String(sites.in_reach[i]),
    as_of: meta.as_of,
  };
}

/**
 * The columns of the sites file that the map was asked to carry.
 *
 * @param {App} app
 * @returns {{ name: string, texts: Texts }[]}
 */
export function ownColumns({ meta, texts }) {
  return meta.own_columns.map((name, number) => ({ name, texts: texts.own[number] }));
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
  const own = ownColumns(app);
  const names = own.map(({ name }) => name);
  const header = ["site_id", "name", "latitude", "longitude", ...names, ...app.meta.verdict];
  const lines = rows.map((i) => {
    const verdict = verdictCells(app, i);
    const texts = [textAt(app.texts.id, i), textAt(app.texts.name, i)];
    const place = [sites5(app.sites.lat(i)), sites5(app.sites.lon(i))];
    const cells = own.map(({ texts: column }) => textAt(column, i));
    return [...texts, ...place, ...cells, ...app.meta.verdict.map((name) => verdict[name])];
  });
  return csvLines([header, ...lines]);
}

/** @param {number} degrees */
function sites5(degrees) {
  return String(Number(degrees.toFixed(5)));
}

/**
 * Saves the sites in view as a file.
 *
 * @param {App} app
 */
export async function saveCsv(app) {
  await app.textsReady;
  saveFile("sites-in-view.csv", csvOf(app, rowsInView(app)));
  app.say(`${quantity(app.inView.total, "site")} saved as sites-in-view.csv`);
}

/**
 * Saves lines as a file of the reader.
 *
 * @param {string} name
 * @param {string[]} lines
 */
export function saveFile(name, lines) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/**
 * Rows of cells as lines of a CSV file, in which no spreadsheet runs a cell.
 *
 * @param {string[][]} rows
 */
export function csvLines(rows) {
  return rows.map((cells) => `${cells.map(csvCell).join(",")}\n`);
}
