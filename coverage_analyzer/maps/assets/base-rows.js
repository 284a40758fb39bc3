// The rows of the base map's block: land without lakes, borders, and boundaries of regions
// (maps/base_map.py).
//
// The world is there in one piece, and in detail in cells, the tiles of zoom 8. A row is unpacked
// when it is first drawn.

import { boxOf } from "./tiles.js";

export const CELLS = 256;
const WORLD = CELLS * 4096; // units of the width of the world

/**
 * Where the bytes of a row begin in the columns.
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
      for (let more = counts.next(); more > 0; more--) rings.push(boxed(points(counts.next())));
    }
    const lines = [];
    for (let left = counts.next(); left > 0; left--) {
      const kind = counts.next();
      lines.push({ kind, ...boxed(points(counts.next())) });
    }
    return { rings, lines };
  }
}

/**
 * @param {Float64Array} points
 * @returns {Line}
 */
function boxed(points) {
  return { points, box: boxOf(points) };
}
