// Whether a border is between two places, by the lines of the base map: good to some 100 m in cells
// with sites and centers, and to some 5 km elsewhere.

import { CELLS } from "./base-rows.js";

const FIRST_BORDER = 100; // kind of a line: a border, or the next one, that of a contested zone
const DETAIL_M = 300;
const COARSE_M = 8000;
const ROUND_M = 40075017; // of the equator

/** @typedef {{ x: number, y: number }} Place2 In worlds, as Web Mercator has it. */

/**
 * The border lines that may touch a box, and how far they may be off, in metres.
 *
 * @param {import("./base-rows.js").BaseMap} base
 * @param {number[]} box West, north, east, south; in worlds.
 */
function linesIn(base, [west, north, east, south]) {
  const cell = (/** @type {number} */ at) => Math.floor(at * CELLS);
  const rows = [];
  let hasAll = true;
  for (let row = cell(north); row <= cell(south); row++) {
    for (let column = cell(west); column <= cell(east); column++) {
      const found = base.cells.get(row * CELLS + (((column % CELLS) + CELLS) % CELLS));
      if (found) rows.push(found);
      else hasAll = false;
    }
  }
  if (!hasAll && base.whole) rows.push(base.whole);
  const lines = rows.flatMap((row) => base.shapesOf(row).lines).filter(({ kind, box }) =>
    kind >= FIRST_BORDER && box[0] <= east && box[2] >= west && box[1] <= south && box[3] >= north);
  return { lines, error: hasAll ? DETAIL_M : COARSE_M };
}

/**
 * @param {Line[]} lines
 * @param {(ax: number, ay: number, bx: number, by: number) => boolean} fits
 */
function someEdge(lines, fits) {
  return lines.some(({ points }) => {
    for (let i = 0; i + 3 < points.length; i += 2) {
      if (fits(points[i], points[i + 1], points[i + 2], points[i + 3])) return true;
    }
    return false;
  });
}

/**
 * Whether a place is so near to a border that its side is not certain.
 *
 * @param {import("./base-rows.js").BaseMap} base
 * @param {Place2} place
 */
export function isNearBorder(base, { x, y }) {
  const latitude = Math.atan(Math.sinh(Math.PI * (1 - 2 * y)));
  const worlds = (/** @type {number} */ metres) => metres / (ROUND_M * Math.cos(latitude));
  const { error } = linesIn(base, [x, y, x, y]);
  const far = worlds(error);
  const { lines } = linesIn(base, [x - far, y - far, x + far, y + far]);
  return someEdge(lines, (ax, ay, bx, by) => {
    const [dx, dy] = [bx - ax, by - ay];
    const along = dx * dx + dy * dy ? ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy) : 0;
    const t = Math.max(0, Math.min(1, along));
    return Math.hypot(x - ax - t * dx, y - ay - t * dy) < far;
  });
}

/**
 * Whether the straight line between two places of the map meets a border.
 *
 * @param {import("./base-rows.js").BaseMap} base
 * @param {Place2} from
 * @param {Place2} to
 */
export function isBorderBetween(base, from, to) {
  const { lines } = linesIn(base, [
    Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y),
  ]);
  const side = (
    /** @type {Place2} */ a, /** @type {Place2} */ b,
    /** @type {number} */ x, /** @type {number} */ y,
  ) => Math.sign((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x));
  return someEdge(lines, (ax, ay, bx, by) => {
    if (side(from, to, ax, ay) === side(from, to, bx, by)) return false;
    const [a, b] = [{ x: ax, y: ay }, { x: bx, y: by }];
    return side(a, b, from.x, from.y) !== side(a, b, to.x, to.y);
  });
}
