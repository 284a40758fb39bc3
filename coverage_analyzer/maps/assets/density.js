// How many sites there are, in squares, where they are too many to be in the page one by one.

import { levelAt } from "./cells.js";
import { TILE, canvasLayer } from "./tiles.js";
import { brief, themeColor } from "./words.js";

const SQUARE = 32; // pixels

/** Counts of sites in a grid over the world, for each zoom a coarser one. */
export class Density {
  /**
   * @param {Meta} meta
   * @param {Columns} columns
   * @param {import("./filters.js").Filters} filters
   */
  constructor(meta, columns, filters) {
    this.meta = meta;
    this.columns = columns;
    this.filters = filters;
    this.forget();
    filters.onChange(() => this.forget());
  }

  /** To be called when other sites are shown. */
  forget() {
    /** @type {Map<number, Uint32Array>} */
    this.levels = new Map();
    /** @type {Map<number, number>} */
    this.greatest = new Map();
  }

  /**
   * The greatest count with 2 ** level cells on a side.
   *
   * @param {number} level
   */
  mostAt(level) {
    const most = this.greatest.get(level) || this.at(level).reduce((a, b) => Math.max(a, b), 1);
    this.greatest.set(level, most);
    return most;
  }

  /** The counts of the finest grid. */
  finest() {
    const side = this.meta.grid;
    const counts = new Uint32Array(side * side);
    this.meta.statuses.forEach((status, number) => {
      if (!this.filters.statuses.has(number)) return;
      const some = this.columns[`density_${status}`];
      for (let i = 0; i < some.length; i++) counts[this.columns.cell[i]] += some[i];
    });
    return counts;
  }

  /**
   * The counts with 2 ** level cells on a side.
   *
   * @param {number} level
   * @returns {Uint32Array}
   */
  at(level) {
    const known = this.levels.get(level);
    if (known) return known;
    const side = 2 ** level;
    if (side >= this.meta.grid) {
      const finest = this.finest();
      this.levels.set(level, finest);
      return finest;
    }
    const finer = this.at(level + 1);
    const counts = new Uint32Array(side * side);
    for (let row = 0; row < 2 * side; row++) {
      for (let column = 0; column < 2 * side; column++) {
        counts[(row >> 1) * side + (column >> 1)] += finer[row * 2 * side + column];
      }
    }
    this.levels.set(level, counts);
    return counts;
  }
}

/**
 * Draws the mark of the density for the legend.
 *
 * @param {CanvasRenderingContext2D} context
 */
export function drawDensityMark(context) {
  context.fillStyle = themeColor("--area");
  for (const [x, y, strength] of [[1, 1, 0.25], [8, 1, 0.7], [1, 8, 0.5], [8, 8, 0.35]]) {
    context.globalAlpha = strength;
    context.fillRect(x, y, 6.5, 6.5);
  }
  context.globalAlpha = 1;
}

/** @param {Density} density */
export function densityLayer(density) {
  const deepest = Math.log2(density.meta.grid);
  return canvasLayer((context, tile) => {
    if (levelAt(tile.zoom) <= deepest) return; // all sites are in clusters
    const level = Math.min(deepest, tile.zoom + Math.log2(TILE / SQUARE));
    const side = 2 ** level;
    const counts = density.at(level);
    const most = density.mostAt(level);
    const size = tile.pixels / side; // pixels
    const first = Math.floor(tile.west * side);
    const top = Math.floor(tile.north * side);
    const many = Math.max(1, Math.round(TILE / size));
    const text = themeColor("--ink");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 11px system-ui, sans-serif";
    for (let row = top; row < Math.min(side, top + many); row++) {
      for (let column = first; column < first + many; column++) {
        const count = counts[row * side + column];
        if (!count) continue;
        const x = (column / side - tile.west) * tile.pixels;
        const y = (row / side - tile.north) * tile.pixels;
        context.fillStyle = themeColor("--area");
        context.globalAlpha = 0.2 + (0.5 * Math.log1p(count)) / Math.log1p(most);
        context.fillRect(x + 1, y + 1, size - 2, size - 2);
        context.globalAlpha = 1;
        if (size > 4 * TILE) continue;
        context.fillStyle = text;
        context.fillText(brief(count), x + size / 2, y + size / 2);
      }
    }
  }, { zIndex: 3, className: "density" });
}
