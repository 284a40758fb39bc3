// How many sites of each status there are in the cells of the map: squares of 64 pixels.

import { ROUND, unitsNorth } from "./mercator.js";
import { TILE } from "./tiles.js";

export const CELL = 64; // pixels
const DEEPEST = 9; // 2 ** DEEPEST cells on a side are counted for the whole world at once

/**
 * Cells in rows, and what is in each.
 *
 * @typedef {object} Cells
 * @property {number} level There are 2 ** level cells on a side of the world.
 * @property {number} column Of the first cell; beyond the world for a copy of it.
 * @property {number} row Of the first cell.
 * @property {number} across Cells of a row.
 * @property {Uint32Array} counts Sites by cell and status.
 * @property {Float64Array} x Sum of the places of a cell, in worlds eastward of the first cell.
 * @property {Float64Array} y Southward.
 */

/**
 * The level of the cells at a zoom.
 *
 * @param {number} zoom
 */
export function levelAt(zoom) {
  return zoom + Math.log2(TILE / CELL);
}

/**
 * @param {number} level
 * @param {number} column
 * @param {number} row
 * @param {number} across
 * @param {number} statuses
 * @returns {Cells}
 */
function emptyCells(level, column, row, across, statuses) {
  const size = across * across;
  return {
    level, column, row, across, counts: new Uint32Array(size * statuses),
    x: new Float64Array(size), y: new Float64Array(size),
  };
}

/** Counts the shown sites in cells. */
export class CellCounts {
  /**
   * @param {Meta} meta
   * @param {Columns} columns
   * @param {import("./sites.js").Sites} sites
   * @param {import("./filters.js").Filters} filters
   */
  constructor(meta, columns, sites, filters) {
    this.meta = meta;
    this.columns = columns;
    this.sites = sites;
    this.filters = filters;
    this.statuses = meta.statuses.length;
    // Cells begin where the first view cuts the world, so that no cell is cut; a given grid at 180.
    const [[, west], [, east]] = meta.bounds ?? [[0, 0], [0, 0]];
    this.origin = meta.kept === "all" ? (west + east) / 720 : 0; // in worlds
    /** @type {Map<number, Cells>} */
    this.levels = new Map();
  }

  /** To be called when other sites are shown. */
  forget() {
    this.levels.clear();
  }

  /** The deepest level at which all sites are counted. */
  deepest() {
    return this.meta.kept === "all" ? DEEPEST : Math.log2(this.meta.grid);
  }

  /**
   * The cells of the whole world.
   *
   * @param {number} level At most `deepest`.
   * @returns {Cells}
   */
  world(level) {
    const known = this.levels.get(level);
    if (known) return known;
    const cells = level < this.deepest() ? this.coarser(this.world(level + 1)) : this.finest();
    this.levels.set(level, cells);
    return cells;
  }

  /** @returns {Cells} */
  finest() {
    const side = 2 ** this.deepest();
    const cells = emptyCells(this.deepest(), 0, 0, side, this.statuses);
    if (this.meta.kept === "all") {
      const { count, shown } = this.sites;
      for (let i = 0; i < count; i++) {
        if (shown[i]) this.add(cells, i, -Math.floor(this.sites.x[i] / ROUND - this.origin));
      }
      return cells;
    }
    const { counts, x, y } = cells;
    this.meta.statuses.forEach((status, number) => {
      if (!this.filters.statuses.has(number)) return;
      const some = this.columns[`density_${status}`];
      for (let i = 0; i < some.length; i++) {
        const cell = this.columns.cell[i];
        counts[cell * this.statuses + number] += some[i];
        x[cell] += (some[i] * ((cell % side) + 0.5)) / side;
        y[cell] += (some[i] * (Math.floor(cell / side) + 0.5)) / side;
      }
    });
    return cells;
  }

  /**
   * Adds a site to the cell that it is in, if there is such a cell.
   *
   * @param {Cells} cells
   * @param {number} i
   * @param {number} turn The copy of the world.
   */
  add(cells, i, turn) {
    const { sites } = this;
    const side = 2 ** cells.level;
    const east = sites.x[i] / ROUND + turn;
    const column = Math.floor((east - this.origin) * side) - cells.column;
    const row = Math.min(side - 1, Math.floor(sites.south[i] * side)) - cells.row;
    if (column < 0 || row < 0 || column >= cells.across || row >= cells.across) return;
    const cell = row * cells.across + column;
    cells.counts[cell * this.statuses + sites.status[i]]++;
    cells.x[cell] += east - this.origin - Math.floor(east - this.origin);
    cells.y[cell] += sites.south[i];
  }

  /**
   * Joins four cells each.
   *
   * @param {Cells} finer Of the whole world.
   * @returns {Cells}
   */
  coarser(finer) {
    const { statuses } = this;
    const across = finer.across / 2;
    const cells = emptyCells(finer.level - 1, 0, 0, across, statuses);
    for (let from = 0; from < finer.x.length; from++) {
      if (!finer.x[from] && !finer.y[from]) continue;
      const to = (Math.floor(from / finer.across) >> 1) * across + ((from % finer.across) >> 1);
      cells.x[to] += finer.x[from];
      cells.y[to] += finer.y[from];
      for (let s = 0; s < statuses; s++) {
        cells.counts[to * statuses + s] += finer.counts[from * statuses + s];
      }
    }
    return cells;
  }

  /**
   * The cells of a part of the world, which may go beyond 180 degrees.
   *
   * @param {number} zoom Of the tiles.
   * @param {{ west: number, north: number, across: number }} part In worlds, and cells of a row.
   * @returns {Cells}
   */
  part(zoom, { west, north, across }) {
    const level = levelAt(zoom);
    const side = 2 ** level;
    const [column, row] = [Math.floor((west - this.origin) * side), Math.floor(north * side)];
    const cells = emptyCells(level, column, row, across, this.statuses);
    if (level <= this.deepest()) this.copy(cells);
    else {
      const end = (/** @type {number} */ edge) => Math.min(1, Math.max(0, edge / side));
      this.sites.within(
        Math.floor((column / side + this.origin) * ROUND) - 1, unitsNorth(end(row + across)) - 1,
        Math.ceil(((column + across) / side + this.origin) * ROUND) + 1, unitsNorth(end(row)) + 1,
        (i, turn) => { if (this.sites.shown[i]) this.add(cells, i, turn); },
      );
    }
    return cells;
  }

  /**
   * Fills cells from those of the whole world.
   *
   * @param {Cells} cells
   */
  copy(cells) {
    const { statuses } = this;
    const world = this.world(cells.level);
    const side = world.across;
    for (let row = 0; row < cells.across; row++) {
      if (cells.row + row < 0 || cells.row + row >= side) continue;
      for (let column = 0; column < cells.across; column++) {
        const from = (cells.row + row) * side + ((((cells.column + column) % side) + side) % side);
        const to = row * cells.across + column;
        cells.x[to] = world.x[from];
        cells.y[to] = world.y[from];
        for (let s = 0; s < statuses; s++) {
          cells.counts[to * statuses + s] = world.counts[from * statuses + s];
        }
      }
    }
  }
}
