// The base map: land without lakes, borders, and boundaries of regions (maps/base_map.py).
//
// The world is there in one piece, and in detail in cells, the tiles of zoom 8. A cell is unpacked
// when it is first drawn. From DETAIL_ZOOM on, it replaces its part of the piece.

import { canvasLayer, TILE } from "./tiles.js";
import { themeColor } from "./words.js";

const CELLS = 256;
const SIDE = 4096; // units of the width of a cell
const WORLD = CELLS * SIDE;
const DETAIL_ZOOM = 5;
const BORDER = 100;
const CONTESTED = 101;

/**
 * Where the bytes of a row are in the columns, and its size.
 *
 * @typedef {{ level: number, cell: number, counts: number, x: number, y: number,
 *   shapes: Shapes | null }} Row
 */

/** Reads varints (7 bits a byte, the least first) from a column. */
class Varints {
  /**
   * @param {Numbers} bytes
   * @param {number} at
   */
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  next() {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte < 128) return value + byte * factor;
      value += (byte - 128) * factor;
      factor *= 128;
    }
  }

  signed() {
    const value = this.next();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
}

/** The rows of the base map. */
export class BaseMap {
  /**
   * @param {Columns} columns
   * @param {number[]} shifts Of each level: coordinates are in steps of 2 ** shift units.
   */
  constructor(columns, shifts) {
    this.columns = columns;
    this.shifts = shifts;
    /** @type {Map<number, Row>} */
    this.cells = new Map();
    /** @type {Row | null} */
    this.whole = null;
    const at = { counts: 0, x: 0, y: 0 };
    for (let i = 0; i < columns.cell.length; i++) {
      const row = { level: columns.level[i], cell: columns.cell[i], ...at, shapes: null };
      if (row.level) this.cells.set(row.cell, row);
      else this.whole = row;
      at.counts += columns.counts_size[i];
      at.x += columns.x_size[i];
      at.y += columns.y_size[i];
    }
  }

  /**
   * The polygons and lines of a row, in worlds.
   *
   * @param {Row} row
   * @returns {Shapes}
   */
  shapesOf(row) {
    row.shapes ??= this.unpack(row);
    return row.shapes;
  }

  /**
   * @param {Row} row
   * @returns {Shapes}
   */
  unpack(row) {
    const { columns } = this;
    const counts = new Varints(columns.counts_bytes, row.counts);
    const steps = [new Varints(columns.x_bytes, row.x), new Varints(columns.y_bytes, row.y)];
    const step = 2 ** this.shifts[row.level] / WORLD;
    const corner = row.level
      ? [(row.cell % CELLS) / CELLS, Math.floor(row.cell / CELLS) / CELLS]
      : [0, 0];
    const last = [0, 0];
    const points = (/** @type {number} */ size) => {
      const line = new Float64Array(2 * size);
      for (let i = 0; i < line.length; i++) {
        const axis = i & 1;
        last[axis] += steps[axis].signed();
        line[i] = last[axis] * step + corner[axis];
      }
      return line;
    };
    const rings = [];
    for (let left = counts.next(); left > 0; left--) {
      for (let more = counts.next(); more > 0; more--) rings.push(points(counts.next()));
    }
    const lines = [];
    for (let left = counts.next(); left > 0; left--) {
      const kind = counts.next();
      lines.push({ kind, points: points(counts.next()) });
    }
    return { rings, lines };
  }
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
  const width = (pixels / CELLS) * across;
  return { column, row, across, width };
}

/**
 * Adds the vertices of a ring or line to a path, without those that no pixel shows.
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
  context.moveTo(lastX, lastY);
  for (let i = 2; i < line.length; i += 2) {
    const x = (line[i] - west) * pixels;
    const y = (line[i + 1] - north) * pixels;
    if (isDrawn && !isDrawn(line[i - 2], line[i - 1], line[i], line[i + 1])) {
      context.moveTo(x, y);
    } else if (i < line.length - 2 && Math.abs(x - lastX) + Math.abs(y - lastY) < 0.7) {
      continue;
    } else {
      context.lineTo(x, y);
    }
    lastX = x;
    lastY = y;
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
  return !(x1 === x2 && Number.isInteger(x1 * CELLS)) && !(y1 === y2 && Number.isInteger(y1 * CELLS));
}

/**
 * Fills the land of rows, and draws their lines.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {Shapes[]} pieces
 */
function drawShapes(context, tile, pieces) {
  // All in one path, so that no seam shows between two cells.
  context.beginPath();
  for (const { rings } of pieces) {
    for (const ring of rings) {
      trace(context, ring, tile);
      context.closePath();
    }
  }
  context.fillStyle = themeColor("--land");
  context.fill();
  context.beginPath();
  for (const { rings } of pieces) {
    for (const ring of rings) {
      trace(context, ring, tile, isCoast);
      const end = ring.length - 2;
      if (isCoast(ring[end], ring[end + 1], ring[0], ring[1])) {
        context.lineTo((ring[0] - tile.west) * tile.pixels, (ring[1] - tile.north) * tile.pixels);
      }
    }
  }
  context.strokeStyle = themeColor("--coast");
  context.lineWidth = 0.7;
  context.stroke();
  const isRegion = (/** @type {number} */ kind) => kind < BORDER && kind <= tile.zoom;
  drawLines(context, tile, pieces, isRegion, { color: "--region", width: 0.8, dash: [4, 2] });
  drawLines(context, tile, pieces, (kind) => kind === BORDER, { color: "--border", width: 1.1 });
  drawLines(context, tile, pieces, (kind) => kind === CONTESTED, {
    color: "--border", width: 1.1, dash: [3, 3],
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {Shapes[]} pieces
 * @param {(kind: number) => boolean} isDrawn
 * @param {{ color: string, width: number, dash?: number[] }} style
 */
function drawLines(context, tile, pieces, isDrawn, { color, width, dash = [] }) {
  context.beginPath();
  for (const { lines } of pieces) {
    for (const { kind, points } of lines) if (isDrawn(kind)) trace(context, points, tile);
  }
  context.strokeStyle = themeColor(color);
  context.lineWidth = width;
  context.setLineDash(dash);
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
  for (const [x, y] of cleared) context.clearRect(x, y, Math.min(width, TILE), Math.min(width, TILE));
  if (pieces.length) drawShapes(context, tile, pieces);
}

/** @param {BaseMap} base */
export function baseLayer(base) {
  return canvasLayer((context, tile) => drawBase(base, context, tile), {
    zIndex: 1, className: "land",
  });
}
