// What a trial of centers changes, drawn above all: changed sites, changed centers and the reach of
// those that are new or moved.

import { drawCenter } from "./centers.js";
import { circle } from "./geodesic.js";
import { ROUND, mercatorSouth } from "./mercator.js";
import { symbolRadius } from "./points.js";
import { THEME } from "./theme.js";
import { TILE, boxOf, canvasLayer, touchesRows, traceRing, turnsIn } from "./tiles.js";
import { themeColor } from "./words.js";
import { KINDS } from "./what-if-effects.js";

const ABOVE_ALL = 7;
const CELL = 5; // pixels in which one changed site stands for all
const EDGE = 60; // pixels that a mark or a name reaches beyond its place
const MARK_RADIUS = 6; // pixels of a center
const NAME_BELOW = 20; // pixels

/** How changes of sites are drawn: a sign, so that nothing depends on colour alone. */
export const MARKS = /** @type {const} */ ({
  gained: { color: "--gained", sign: "+", words: "gained: a better level" },
  lost: { color: "--lost", sign: "−", words: "lost: a lower level" },
  sooner: { color: "--gained", sign: "<", words: "sooner: the better level starts earlier" },
  delayed: { color: "--lost", sign: ">", words: "delayed: the better level starts later" },
  status: { color: "--doubt", sign: "~", words: "another status, the same level" },
  doubt: { color: "--doubt", sign: "?", words: "in doubt: only a run decides" },
});

/** @typedef {keyof typeof MARKS} MarkName */

/**
 * Draws the mark of a change.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {MarkName} name
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function drawChange(context, name, x, y, radius) {
  const { color, sign } = MARKS[name];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = themeColor(color);
  context.fill();
  context.strokeStyle = themeColor("--paper");
  context.lineWidth = radius / 5;
  context.stroke();
  context.fillStyle = themeColor("--paper");
  context.font = `700 ${Math.round(radius * 1.7)}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sign, x, y + radius / 12);
}

/**
 * A mark drawn once, to be stamped many times.
 *
 * @param {MarkName} name
 * @param {number} radius
 * @param {number} ratio
 */
function stamp(name, radius, ratio) {
  const canvas = document.createElement("canvas");
  const side = Math.ceil(2.4 * radius + 2);
  canvas.width = canvas.height = Math.ceil(side * ratio);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  drawChange(context, name, side / 2, side / 2, radius);
  return { canvas, side: canvas.width / ratio };
}

/**
 * The mark of a changed site.
 *
 * @param {import("./what-if-effects.js").Effects} effects
 * @param {number} i
 * @returns {MarkName}
 */
export function markOf({ kind, doubt }, i) {
  return doubt[i] || !kind[i] ? "doubt" : /** @type {MarkName} */ (KINDS[kind[i]]);
}

/**
 * What is drawn.
 *
 * @typedef {object} Shown
 * @property {import("./what-if-effects.js").Effects | null} effects
 * @property {number[]} changed Sites.
 * @property {import("./what-if-centers.js").Entry[]} entries
 * @property {(code: string) => number} limitM
 */

/**
 * @param {import("./sites.js").Sites} sites
 * @param {Shown} shown
 */
export function whatIfLayer(sites, shown) {
  return canvasLayer((context, tile) => {
    for (const entry of shown.entries) drawReach(context, tile, entry, shown);
    drawSites(context, tile, sites, shown);
    for (const entry of shown.entries) drawEntry(context, tile, entry);
  }, { zIndex: ABOVE_ALL, className: "tried" });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {import("./sites.js").Sites} sites
 * @param {Shown} shown
 */
function drawSites(context, tile, sites, { effects, changed }) {
  if (!effects) return;
  const unit = tile.unit ?? 1;
  const ratio = tile.ratio / unit;
  const radius = symbolRadius(tile.zoom) + 1.5;
  /** @type {Partial<Record<MarkName, ReturnType<typeof stamp>>>} */
  const stamps = {};
  const seen = new Set();
  const across = Math.ceil(TILE / CELL) + 8;
  for (const i of changed) {
    const south = sites.south[i];
    if (!touchesRows(tile, south, south, EDGE)) continue;
    const name = markOf(effects, i);
    for (const turn of turnsIn(tile, sites.x[i] / ROUND, sites.x[i] / ROUND, EDGE)) {
      const x = (sites.x[i] / ROUND + turn - tile.west) * tile.pixels;
      const y = (south - tile.north) * tile.pixels;
      const cell = Math.floor(y / CELL + 4) * across + Math.floor(x / CELL + 4);
      const key = `${name}${cell}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const { canvas, side } = stamps[name] ??= stamp(name, radius, ratio);
      const size = side * unit;
      context.drawImage(canvas, x - size / 2, y - size / 2, size, size);
    }
  }
}

/**
 * The limit round a center that is new or moved, which no border cuts.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {import("./what-if-centers.js").Entry} entry
 * @param {Shown} shown
 */
function drawReach(context, tile, { lat, lon, code, what }, { limitM }) {
  if (what === "closed") return;
  const corners = circle(lat, lon, limitM(code));
  const ring = Float64Array.from(corners.flatMap(
    ([east, north]) => [east / 360 + 0.5, mercatorSouth(north)]));
  const [west, north, east, south] = boxOf(ring);
  if (!touchesRows(tile, north, south, 2)) return;
  context.strokeStyle = context.fillStyle = themeColor("--planned");
  context.lineWidth = 1.6;
  context.setLineDash([6, 5]);
  for (const turn of turnsIn(tile, west, east, 2)) {
    context.beginPath();
    traceRing(context, ring, tile.west - turn, tile.north, tile.pixels);
    context.globalAlpha = 0.08;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  }
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 * @param {number} x
 * @param {number} y
 */
function drawName(context, name, x, y) {
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = themeColor("--paper");
  context.strokeText(name, x, y);
  context.fillStyle = themeColor("--ink");
  context.fillText(name, x, y);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {import("./what-if-centers.js").Entry} entry
 */
function drawEntry(context, tile, { id, lat, lon, what }) {
  const [x, y] = [lon / 360 + 0.5, mercatorSouth(lat)];
  if (!touchesRows(tile, y, y, EDGE)) return;
  const state = what === "closed" ? "closing" : "new";
  for (const turn of turnsIn(tile, x, x, EDGE)) {
    const atX = (x + turn - tile.west) * tile.pixels;
    const atY = (y - tile.north) * tile.pixels;
    context.lineWidth = 2;
    context.strokeStyle = THEME.center.line;
    drawCenter(context, state, atX, atY, MARK_RADIUS);
    drawName(context, id, atX, atY + NAME_BELOW);
  }
}
