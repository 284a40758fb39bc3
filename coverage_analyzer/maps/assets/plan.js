// The page of a plan: what is proved, the curve, and the tables, above and below the map.

import { drawCenter } from "./centers.js";
import { jsonOf } from "./data.js";
import { mark } from "./marks.js";
import { THEME } from "./theme.js";
import { element } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const PRINTED_ROWS = 40; // of a table, as in plan.css
const WIDTH = 720;
const HEIGHT = 300;
const EDGE = { left: 70, right: 16, top: 14, bottom: 40 };

/**
 * An SVG element.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string | number} [text]
 */
function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = String(text);
  return made;
}

/** @param {string | number} value */
function figure(value) {
  if (typeof value !== "number") return value;
  return value.toLocaleString("en", { maximumFractionDigits: 3 });
}

/**
 * Round steps of an axis from 0.
 *
 * @param {number} greatest
 * @param {number} count
 */
function steps(greatest, count) {
  const rough = greatest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) || 10 * power;
  const result = [];
  for (let value = 0; value <= greatest * 1.0001; value += step) result.push(value);
  return result;
}

/**
 * @param {{ new: number, gained: number, bound: number | null }[]} points
 * @param {string} counted What the curve counts.
 */
function curve(points, counted) {
  const most = Math.max(...points.map((p) => Math.max(p.gained, p.bound ?? 0)));
  const last = points[points.length - 1].new;
  const x = (/** @type {number} */ n) => EDGE.left + (n / last) * (WIDTH - EDGE.left - EDGE.right);
  const high = HEIGHT - EDGE.top - EDGE.bottom;
  const y = (/** @type {number} */ v) => HEIGHT - EDGE.bottom - (v / most) * high;
  const gained = figure(points[points.length - 1].gained);
  const made = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-label": `Gained ${counted} by number of new centers: ${gained} with ${last}`,
  });
  const [west, east] = [EDGE.left, WIDTH - EDGE.right];
  for (const value of steps(most, 5)) {
    made.append(
      drawn("line", { class: "grid", x1: west, x2: east, y1: y(value), y2: y(value) }),
      drawn("text", { x: west - 8, y: y(value) + 4, "text-anchor": "end" }, figure(value)),
    );
  }
  for (const value of steps(last, 10).filter(Number.isInteger)) {
    const place = { x: x(value), y: HEIGHT - 20, "text-anchor": "middle" };
    made.append(drawn("text", place, value));
  }
  const middle = { x: WIDTH / 2, y: HEIGHT - 4, "text-anchor": "middle" };
  made.append(drawn("text", middle, `new centers (gained: ${counted})`));
  const line = (/** @type {string} */ name, /** @type {number[][]} */ list) => drawn("polyline", {
    class: name, points: list.map(([n, v]) => `${x(n)},${y(v)}`).join(" "),
  });
  const bounds = points.flatMap((p) => (p.bound === null ? [] : [[p.new, p.bound]]));
  if (bounds.length > 1) made.append(line("bound", bounds));
  made.append(line("gain", [[0, 0], ...points.map((p) => [p.new, p.gained])]));
  for (const p of points) {
    made.append(drawn("circle", { class: "dot", cx: x(p.new), cy: y(p.gained), r: 3 }));
  }
  return made;
}

/**
 * @param {string[]} columns
 * @param {(string | number)[][]} rows
 * @param {string} label
 */
function table(columns, rows, label) {
  const box = element("div", undefined, "wide");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
  const made = element("table");
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const head = made.createTHead().insertRow();
  columns.forEach((column, i) => {
    const cell = element("th", column, numeric[i] ? "number" : undefined);
    cell.scope = "col";
    head.append(cell);
  });
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, i) => {
      line.append(element("td", figure(value), numeric[i] ? "number" : undefined));
    });
  }
  box.append(made);
  return box;
}

/** @param {[string | number, string][]} list */
function facts(list) {
  const made = element("ul", undefined, "facts");
  for (const [value, words] of list) {
    const item = element("li");
    item.append(element("b", figure(value)), words);
    made.append(item);
  }
  return made;
}

/**
 * The marks of centers with their words.
 *
 * @param {[Center["state"], string][]} list
 */
function legend(list) {
  const made = element("ul", undefined, "legend");
  made.setAttribute("aria-label", "Marks of centers on the map");
  for (const [state, words] of list) {
    const item = element("li");
    item.append(mark((context) => {
      context.lineWidth = 1.6;
      context.strokeStyle = THEME.center.line;
      drawCenter(context, state, 8, 8, state === "new" ? 4 : 4.6);
    }), words);
    made.append(item);
  }
  return made;
}

/** @param {string[]} list */
function notes(list) {
  const made = element("ul", undefined, "notes");
  for (const note of list) made.append(element("li", note));
  return made;
}

/** Shows the plan of the page's block above and below the map. */
export async function showPlan() {
  const plan = await jsonOf("plan-data");
  const head = /** @type {HTMLElement} */ (document.getElementById("plan-head"));
  const body = /** @type {HTMLElement} */ (document.getElementById("plan-body"));
  document.title = plan.title;
  const title = element("h1", plan.title);
  head.append(title, element("p", plan.subtitle, "subtitle"), element("p", plan.proof, "proof"));
  head.append(facts(plan.facts), legend(plan.legend));
  if (plan.notes.length) body.append(element("h2", "What to know"), notes(plan.notes));
  if (plan.curve.length) {
    body.append(element("h2", "How much each further center gains"));
    body.append(curve(plan.curve, plan.counted));
    if (plan.flattens) body.append(element("p", plan.flattens));
  }
  for (const { title: words, columns, rows, more } of plan.tables) {
    body.append(element("h2", words), table(columns, rows, words));
    if (rows.length > PRINTED_ROWS) {
      const first = `The first ${PRINTED_ROWS} rows are printed here; the files have all.`;
      body.append(element("p", first, "cut"));
    }
    if (more) body.append(element("p", more, "notes"));
  }
  body.append(element("p", plan.attribution, "notes"));
  document.documentElement.dataset.plan = "yes";
}
