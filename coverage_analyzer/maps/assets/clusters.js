// The clusters of the map: a cell with many sites is drawn as a ring with the share of each status,
// a cell with few site by site. One rule for ten sites and for a million, at every zoom.

import { CELL, levelAt } from "./cells.js";
import { clusterRadius } from "./cluster-mark.js";
import { ROUND, mercatorSouth, unitsNorth } from "./mercator.js";
import { TILE } from "./tiles.js";

const MOST_SINGLE = 24; // so many sites of a cell are drawn one by one: they leave half of it

/** @typedef {{ west: number, north: number, across: number }} Part In worlds; cells of a row. */

/**
 * The sites of a cell.
 *
 * @typedef {object} Cluster
 * @property {number} level
 * @property {number} column
 * @property {number} row
 * @property {number} total
 * @property {number[]} counts By status.
 * @property {number} x Its middle in worlds.
 * @property {number} y
 */

export class Clusters {
  /** @param {import("./cells.js").CellCounts} cells */
  constructor(cells) {
    this.cells = cells;
    this.meta = cells.meta;
    this.sites = cells.sites;
    this.origin = cells.origin;
  }

  /** To be called when other sites are shown. */
  forget() {
    this.cells.forget();
  }

  /**
   * The clusters of a part of the world: one of each cell that has sites.
   *
   * @param {number} zoom
   * @param {Part} part
   * @returns {Cluster[]}
   */
  clusters(zoom, part) {
    const cells = this.cells.part(zoom, part);
    const { level, across, counts, x, y } = cells;
    const side = 2 ** level;
    const { statuses } = this.cells;
    const result = [];
    for (let cell = 0; cell < across * across; cell++) {
      const some = [...counts.subarray(cell * statuses, (cell + 1) * statuses)];
      const total = some.reduce((sum, n) => sum + n, 0);
      if (!total) continue;
      const column = cells.column + (cell % across);
      const row = cells.row + Math.floor(cell / across);
      // In the middle of its sites, but not so near to the next cell that two clusters overlap.
      const edge = (clusterRadius(total) + 1) / CELL;
      const inside = (/** @type {number} */ place, /** @type {number} */ begin) =>
        (begin + Math.max(edge, Math.min(1 - edge, place * side - begin))) / side;
      result.push({
        level, column, row, total, counts: some,
        x: inside(x[cell] / total + Math.floor(column / side), column) + this.origin,
        y: inside(y[cell] / total, row),
      });
    }
    return result;
  }

  /**
   * Calls for each shown site of a cell that the page has one by one.
   *
   * @param {Cluster} cluster
   * @param {(i: number, turn: number) => void} visit
   */
  members({ level, column, row }, visit) {
    const { sites } = this;
    const side = 2 ** level;
    sites.within(
      Math.floor((column / side + this.origin) * ROUND) - 1, unitsNorth((row + 1) / side) - 1,
      Math.ceil(((column + 1) / side + this.origin) * ROUND) + 1, unitsNorth(row / side) + 1,
      (i, turn) => {
        const east = sites.x[i] / ROUND + turn - this.origin;
        if (!sites.shown[i] || Math.floor(east * side) !== column) return;
        if (Math.min(side - 1, Math.floor(sites.south[i] * side)) === row) visit(i, turn);
      },
    );
  }

  /**
   * The sites of a cluster that the page has one by one.
   *
   * @param {Cluster} cluster
   */
  sitesOf(cluster) {
    /** @type {number[]} */
    const some = [];
    this.members(cluster, (i) => some.push(i));
    return some;
  }

  /**
   * Cells on a side of the world.
   *
   * @param {number} zoom
   */
  side(zoom) {
    return 2 ** levelAt(zoom);
  }

  /**
   * Whether the sites of a cell are drawn one by one: few, and all in the page.
   *
   * @param {Cluster} cluster
   */
  isSingle({ level, total, counts }) {
    const { kept, statuses } = this.meta;
    if (total > MOST_SINGLE) return false;
    if (kept === "all" || level > this.cells.deepest()) return true;
    return kept === "not_qualified" && counts[statuses.indexOf("qualified")] === 0;
  }

  /**
   * The cells of a part with few sites, and those that are drawn as one.
   *
   * @param {number} zoom
   * @param {Part} part
   */
  split(zoom, part) {
    /** @type {Cluster[]} */
    const few = [];
    /** @type {Cluster[]} */
    const many = [];
    for (const cluster of this.clusters(zoom, part)) {
      (this.isSingle(cluster) ? few : many).push(cluster);
    }
    return { few, many };
  }

  /**
   * The cells round a place.
   *
   * @param {LeafletMap} map
   * @param {LatLng} latlng
   */
  near(map, latlng) {
    const zoom = Math.max(0, Math.round(map.getZoom()));
    const [x, y] = [latlng.lng / 360 + 0.5, mercatorSouth(latlng.lat)];
    const cell = 1 / this.side(zoom);
    return this.split(zoom, { west: x - cell, north: y - cell, across: 3 });
  }

  /**
   * The cluster under a place of the map.
   *
   * @param {LeafletMap} map
   * @param {LatLng} latlng
   * @returns {Cluster | null}
   */
  at(map, latlng) {
    const [x, y] = [latlng.lng / 360 + 0.5, mercatorSouth(latlng.lat)];
    const pixels = TILE * 2 ** map.getZoom();
    const away = (/** @type {Cluster} */ c) => Math.hypot(c.x - x, c.y - y) * pixels;
    const hit = this.near(map, latlng).many.filter((c) => away(c) <= clusterRadius(c.total) + 1);
    return hit.sort((a, b) => away(a) - away(b))[0] ?? null;
  }
}
