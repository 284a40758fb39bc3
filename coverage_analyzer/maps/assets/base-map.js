// Draws the base map. From DETAIL_ZOOM on, cells replace their part of the world in one piece.

import { CELLS } from "./base-rows.js";
import { canvasLayer, TILE } from "./tiles.js";
import { themeColor } from "./words.js";

const DETAIL_ZOOM = 5;
const FULL_ZOOM = 3; // from which lines have their full width
const BORDER = 100;
const CONTESTED = 101;
const EDGE = 3; // pixels around a tile that lines may reach into

/** @typedef {import("./base-rows.js").BaseMap} BaseMap */
/** @typedef {{ color: string, width: number, dash?: number[] }} LineStyle */

/** @type {Record<"region" | "border" | "contested", LineStyle>} */
const STYLES = {
  region: { color: "--region", width: 0.8, dash: [4, 2] },
  border: { color: "--border", width: 1.1 },
  contested: { color: "--border", width: 1.1, dash: [3, 3] },
};

/**
 * Whether a line may be in a tile, and large enough to be seen.
 *
 * @param {number[]} box
 * @param {Tile} tile
 */
function isSeen(box, { west, north, pixels }) {
  const side = (TILE + 2 * EDGE) / pixels;
  const edge = EDGE / pixels;
  if (box[2] < west - edge || box[0] > west - edge + side) return false;
  if (box[3] < north - edge || box[1] > north - edge + side) return false;
  return (box[2] - box[0] + box[3] - box[1]) * pixels > 1;
}

/**
 * The cells that a tile shows: first and last column and row.
 *
 * @param {Tile} tile
 */
export function cellsOf({ zoom, west, north, pixels }) {
  const across = Math.max(1, 2 ** (8 - zoom));
  const column = Math.floor(west * CELLS + 1e-9);
  const row = Math.floor(north * CELLS + 1e-9);
  const width = pixels / CELLS;
  return { column, row, across, width };
}

/**
 * On which sides outside of a tile a place is, as bits.
 *
 * @param {number} x
 * @param {number} y
 */
function sidesOf(x, y) {
  const across = x < -EDGE ? 1 : x > TILE + EDGE ? 2 : 0;
  return across | (y < -EDGE ? 4 : y > TILE + EDGE ? 8 : 0);
}

/**
 * Adds the vertices of a ring or line to a path, without those that no pixel shows: too near to the
 * last one, or between two others on the same side outside of the tile.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float64Array} line
 * @param {Tile} tile
 * @param {(x1: number, y1: number, x2: number, y2: number) => boolean} [isDrawn] Whether an edge
 *   is drawn; all are by default.
 */
function trace(context, line, { west, north, pixels }, isDrawn) {
  let lastX = (line[0] - west) * pixels;
  let lastY = (line[1] - north) * pixels;
  let [x, y] = [lastX, lastY];
  let lastSides = sidesOf(x, y);
  let sides = lastSides;
  context.moveTo(x, y);
  for (let i = 2; i <= line.length; i += 2) {
    // The vertex before is drawn now that the next one is known.
    const isEnd = i === line.length;
    const nextX = isEnd ? x : (line[i] - west) * pixels;
    const nextY = isEnd ? y : (line[i + 1] - north) * pixels;
    const nextSides = isEnd ? 0 : sidesOf(nextX, nextY);
    const isNear = Math.abs(x - lastX) + Math.abs(y - lastY) < 0.7;
    const isCut = isDrawn && !isEnd && !isDrawn(line[i - 2], line[i - 1], line[i], line[i + 1]);
    if (isEnd || isCut || !(isNear || (lastSides & sides & nextSides))) {
      context.lineTo(x, y);
      [lastX, lastY, lastSides] = [x, y, sides];
    }
    if (isCut) {
      context.moveTo(nextX, nextY);
      [lastX, lastY, lastSides] = [nextX, nextY, nextSides];
    }
    [x, y, sides] = [nextX, nextY, nextSides];
  }
}

/**
 * Whether an edge is a coast, and not a cut along the side of a cell.
 *
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
function isCoast(x1, y1, x2, y2) {
  if (x1 === x2) return !Number.isInteger(x1 * CELLS);
  return y1 !== y2 || !Number.isInteger(y1 * CELLS);
}

/**
 * Fills the land of rows, and draws their lines.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {Shapes[]} pieces
 */
function drawShapes(context, tile, pieces) {
  const rings = pieces.flatMap((piece) => piece.rings.filter(({ box }) => isSeen(box, tile)));
  // All in one path, so that no seam shows between two cells.
  context.beginPath();
  for (const { points } of rings) {
    trace(context, points, tile);
    context.closePath();
  }
  context.fillStyle = themeColor("--land");
  context.fill();
  context.beginPath();
  for (const { points } of rings) {
    trace(context, points, tile, isCoast);
    const end = points.length - 2;
    if (isCoast(points[end], points[end + 1], points[0], points[1])) {
      context.lineTo((points[0] - tile.west) * tile.pixels, (points[1] - tile.north) * tile.pixels);
    }
  }
  context.strokeStyle = themeColor("--coast");
  context.lineWidth = 0.7 * tile.unit;
  context.stroke();
  const isRegion = (/** @type {number} */ kind) => kind < BORDER && kind <= tile.zoom;
  drawLines(context, tile, pieces, isRegion, STYLES.region);
  drawLines(context, tile, pieces, (kind) => kind === BORDER, STYLES.border);
  drawLines(context, tile, pieces, (kind) => kind === CONTESTED, STYLES.contested);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {Shapes[]} pieces
 * @param {(kind: number) => boolean} isDrawn
 * @param {LineStyle} style
 */
function drawLines(context, tile, pieces, isDrawn, { color, width, dash = [] }) {
  context.beginPath();
  for (const { lines } of pieces) {
    for (const { kind, points, box } of lines) {
      if (isDrawn(kind) && isSeen(box, tile)) trace(context, points, tile);
    }
  }
  context.strokeStyle = themeColor(color);
  context.lineWidth = width * tile.unit * (tile.zoom < FULL_ZOOM ? 0.6 : 1);
  context.setLineDash(dash.map((length) => length * tile.unit));
  context.stroke();
  context.setLineDash([]);
}

/**
 * Draws the base map of a tile.
 *
 * @param {BaseMap} base
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 */
export function drawBase(base, context, tile) {
  context.lineJoin = "round";
  const { column, row, across, width } = cellsOf(tile);
  const pieces = [];
  const cleared = [];
  if (tile.zoom >= DETAIL_ZOOM) {
    for (let i = 0; i < across * across; i++) {
      const [right, down] = [i % across, Math.floor(i / across)];
      const found = base.cells.get((row + down) * CELLS + column + right);
      if (!found) continue;
      pieces.push(base.shapesOf(found));
      cleared.push([right * width, down * width]);
    }
  }
  if (base.whole && pieces.length < across * across) {
    drawShapes(context, tile, [base.shapesOf(base.whole)]);
  }
  const side = Math.min(width, TILE);
  for (const [x, y] of cleared) context.clearRect(x, y, side, side);
  if (pieces.length) drawShapes(context, tile, pieces);
}

/**
 * The marks of lines whose meaning does not show by itself, for the legend.
 *
 * @returns {{ draw: (context: CanvasRenderingContext2D) => void, words: string }[]}
 */
export function lineMarks() {
  const line = (/** @type {LineStyle} */ { color, width, dash = [] }) => (
    /** @type {CanvasRenderingContext2D} */ context,
  ) => {
    context.beginPath();
    context.moveTo(0, 8);
    context.lineTo(16, 8);
    context.strokeStyle = themeColor(color);
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  };
  return [
    { draw: line(STYLES.contested), words: "Border of a contested zone" },
    { draw: line(STYLES.region), words: "State or province" },
  ];
}

/** @param {BaseMap} base */
export function baseLayer(base) {
  return canvasLayer((context, tile) => drawBase(base, context, tile), {
    zIndex: 1, className: "land",
  });
}
