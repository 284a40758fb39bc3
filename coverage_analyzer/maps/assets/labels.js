// Where the names of places and centers are: none overlaps another, and the more important stays.

import { PLACE_KINDS } from "./places.js";

const LABEL_ZOOM = 7; // from which centers are named
const PLANNED_ZOOM = 4; // from which planned centers say when they open
const GAP = 3; // pixels between two names
const TOWN_REACH = 24; // pixels from a center to its town
const ASIDE = 22; // pixels by which a name may be away from its place
const COUNTRY_ZOOMS = 3; // more zooms for which the name of a country stays
const IMPORTANT = 2; // zooms that a town has been named for, before centers come

/**
 * A name to be placed: its lines, and its place in pixels.
 *
 * @typedef {{ lines: Line[], x: number, y: number, clear: number, mark: boolean,
 *   rank: number }} Label
 * @typedef {{ text: string, size: number, weight: number, color: string,
 *   spacing?: number }} Line
 * @typedef {{ label: Label, x: number, y: number, width: number, height: number }} Placed
 */

/**
 * Places labels, the first ones first, where they overlap nothing; if possible, beside sites.
 *
 * @param {Label[]} labels
 * @param {number[][]} obstacles Boxes (west, north, east, south) that stay free.
 * @param {(line: Line) => number} widthOf
 * @param {number[][]} sites Boxes that a name covers only where there is no other place for it.
 * @returns {Placed[]}
 */
export function placeLabels(labels, obstacles, widthOf, sites = []) {
  const grid = new BoxGrid();
  for (const box of obstacles) grid.add(box);
  const marks = new BoxGrid();
  for (const box of sites) marks.add(box);
  const placed = [];
  for (const label of labels) {
    const width = Math.max(...label.lines.map(widthOf)) + 2;
    const height = label.lines.reduce((sum, { size }) => sum + size * 1.2, 0);
    const boxOf = (/** @type {number[]} */ [x, y]) =>
      [x - GAP, y - GAP / 2, x + width + GAP, y + height + GAP / 2];
    const free = positions(label, width, height).filter((at) => !grid.isTaken(boxOf(at)));
    const best = free.find((at) => !marks.isTaken(boxOf(at))) ?? free[0];
    if (!best) continue;
    grid.add(boxOf(best));
    placed.push({ label, x: best[0], y: best[1], width, height });
  }
  return placed;
}

/**
 * The corners at which a label may be: clear of the mark at its place, first near to it; or, for a
 * country, anywhere around the middle.
 *
 * @param {Label} label
 * @param {number} width
 * @param {number} height
 */
function positions({ x, y, clear }, width, height) {
  const [left, top] = [x - width / 2, y - height / 2];
  if (!clear) return [0, -1, 1, -2, 2].map((step) => [left, top + step * ASIDE]);
  return [clear, clear + ASIDE / 2].flatMap((away) => [
    [left, y - away - height],
    [left, y + away],
    [x + away, top],
    [x - away - width, top],
  ]);
}

/** Boxes that are taken, by squares of the view. */
class BoxGrid {
  constructor() {
    /** @type {Map<number, number[][]>} */
    this.squares = new Map();
  }

  /** @param {number[]} box */
  *keys([west, north, east, south]) {
    for (let i = Math.floor(west / 64); i <= Math.floor(east / 64); i++) {
      for (let j = Math.floor(north / 64); j <= Math.floor(south / 64); j++) yield i * 4096 + j;
    }
  }

  /** @param {number[]} box */
  add(box) {
    for (const key of this.keys(box)) {
      const boxes = this.squares.get(key);
      if (boxes) boxes.push(box);
      else this.squares.set(key, [box]);
    }
  }

  /** @param {number[]} box */
  isTaken(box) {
    for (const key of this.keys(box)) {
      for (const other of this.squares.get(key) ?? []) {
        const beside = other[2] <= box[0] || other[0] >= box[2];
        if (!beside && other[1] < box[3] && other[3] > box[1]) return true;
      }
    }
    return false;
  }
}

/**
 * What is said of a center.
 *
 * @param {Center} center
 * @param {number} zoom
 */
function centerText(center, zoom) {
  const hasId = zoom >= LABEL_ZOOM;
  if (center.state === "new" && zoom >= PLANNED_ZOOM) return center.name || center.id;
  if (center.state === "planned" && zoom >= PLANNED_ZOOM) {
    return `${hasId ? `${center.id}, ` : ""}opens ${center.opens_on}`;
  }
  return hasId ? center.id : "";
}

/**
 * @param {Place} town
 * @param {number} zoom
 * @returns {Line}
 */
function townLine(town, zoom) {
  return {
    text: town.name,
    size: Math.min(10.5 + 0.9 * (zoom - town.zoom), 14),
    weight: town.kind === PLACE_KINDS.capital ? 700 : 500,
    color: "--label",
  };
}

/**
 * The labels of a view in the order of their importance.
 *
 * @param {{ place: Place, x: number, y: number }[]} places In the view, with their pixels.
 * @param {{ center: Center, x: number, y: number }[]} centers Likewise.
 * @param {number} zoom
 * @param {number} radius Pixels of a center's mark.
 * @returns {Label[]}
 */
export function labelsOf(places, centers, zoom, radius) {
  const towns = places.filter(({ place: { kind } }) => kind !== PLACE_KINDS.country);
  const own = new Map();
  for (const at of centers) {
    const town = towns.find((t) => Math.hypot(t.x - at.x, t.y - at.y) <= TOWN_REACH);
    if (town && !own.has(town)) own.set(town, at);
  }
  const labels = [];
  for (const { center, x, y } of centers) {
    const text = centerText(center, zoom);
    const town = [...own].find(([, at]) => at.center === center && at.x === x)?.[0];
    const lines = town ? [townLine(town.place, zoom)] : [];
    if (text) lines.push({ text, size: 11, weight: 600, color: "--ink" });
    const rank = town ? town.place.zoom - 20 : zoom - IMPORTANT;
    if (lines.length) labels.push({ lines, x, y, clear: radius + 3, mark: false, rank });
  }
  for (const at of places) {
    if (own.has(at)) continue;
    labels.push(placeLabel(at.place, at.x, at.y, zoom));
  }
  return labels.sort((a, b) => a.rank - b.rank);
}

/**
 * @param {Place} place
 * @param {number} x
 * @param {number} y
 * @param {number} zoom
 * @returns {Label}
 */
function placeLabel(place, x, y, zoom) {
  if (place.kind === PLACE_KINDS.country) {
    const size = Math.min(11 + 1.2 * (zoom - place.zoom), 15);
    const line = { text: place.name.toUpperCase(), size, weight: 600, color: "--country" };
    const rank = place.zoom - 0.5;
    return { lines: [{ ...line, spacing: 1 }], x, y, clear: 0, mark: false, rank };
  }
  const isCapital = place.kind === PLACE_KINDS.capital;
  const order = place.zoom - (isCapital ? 0.6 : 0);
  return { lines: [townLine(place, zoom)], x, y, clear: 5, mark: true, rank: order };
}

/**
 * Whether a place has a name at a zoom.
 *
 * @param {Place} place
 * @param {number} zoom
 */
export function isNamed(place, zoom) {
  if (place.zoom > zoom) return false;
  return place.kind !== PLACE_KINDS.country || zoom <= place.zoom + COUNTRY_ZOOMS;
}
