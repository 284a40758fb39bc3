// The sites as symbols. In a cell of two pixels only one is drawn, of the status that matters most,
// so that a tile costs the same with a hundred sites and with a million.

import { drawShape } from "./marks.js";
import { ROUND, UNITS, latitudeAt } from "./mercator.js";
import { THEME } from "./theme.js";
import { TILE, canvasLayer } from "./tiles.js";
import { context2d, element } from "./words.js";

const DRAWN_IN_ORDER = THEME.drawnInOrder;
const CELL = 2;
const POINT_MARGIN = 12;
const REACH = 12; // pixels round a click

/** @param {number} zoom */
function symbolRadius(zoom) {
  return zoom < 4 ? 2.2 : zoom < 7 ? 3 : zoom < 10 ? 4 : 5.5;
}

/**
 * A symbol drawn once, to be stamped many times.
 *
 * @param {import("./theme.js").SiteStyle} style
 * @param {number} radius
 * @param {number} ratio
 */
function symbol({ color, shape }, radius, ratio) {
  const canvas = element("canvas");
  const side = Math.ceil(2 * 1.4 * radius + 3);
  canvas.width = canvas.height = side * ratio;
  const context = context2d(canvas);
  context.scale(ratio, ratio);
  context.fillStyle = color;
  context.strokeStyle = THEME.symbolEdge;
  context.lineWidth = 0.7;
  drawShape(context, shape, side / 2, side / 2, radius);
  return { canvas, side };
}

/**
 * For a tile, the site to be drawn in each cell, and its rank plus one; 0 where there is none.
 *
 * @param {import("./sites.js").Sites} sites
 * @param {number[]} ranks By status.
 * @param {Tile} tile
 */
function topmost(sites, ranks, tile) {
  const { west, north, pixels } = tile;
  const across = (TILE + 2 * POINT_MARGIN) / CELL;
  const best = new Uint8Array(across * across);
  const at = new Int32Array(across * across);
  const edge = POINT_MARGIN / pixels;
  const top = north - edge;
  const bottom = north + TILE / pixels + edge;
  sites.within(
    Math.floor((west - edge) * ROUND), unitsNorth(bottom),
    Math.ceil((west + TILE / pixels + edge) * ROUND), unitsNorth(top),
    (i, turn) => {
      if (!sites.shown[i]) return;
      const east = sites.x[i] / ROUND + turn - west + edge;
      const column = Math.floor((east * pixels) / CELL);
      const row = Math.floor(((sites.south[i] - top) * pixels) / CELL);
      if (column < 0 || row < 0 || column >= across || row >= across) return;
      const cell = row * across + column;
      const rank = ranks[sites.status[i]];
      if (rank < best[cell]) return;
      best[cell] = rank;
      at[cell] = i;
    },
  );
  return { best, at, across };
}

/**
 * Units north of the south pole; what lies beyond Mercator's end is drawn at that end.
 *
 * @param {number} south
 */
function unitsNorth(south) {
  if (south <= 0.0001) return 180 * UNITS;
  if (south >= 0.9999) return 0;
  return Math.round((latitudeAt(south) + 90) * UNITS);
}

/**
 * @param {import("./sites.js").Sites} sites
 * @param {Meta} meta
 */
export function siteLayer(sites, meta) {
  const ranks = meta.statuses.map((status) => DRAWN_IN_ORDER.indexOf(status) + 1);
  return canvasLayer((context, tile) => {
    const { best, at, across } = topmost(sites, ranks, tile);
    const radius = symbolRadius(tile.zoom);
    const byRank = DRAWN_IN_ORDER.map(() => /** @type {number[]} */ ([]));
    for (let cell = 0; cell < across * across; cell++) {
      if (best[cell]) byRank[best[cell] - 1].push(at[cell]);
    }
    byRank.forEach((some, rank) => {
      if (!some.length) return;
      const { canvas, side } = symbol(THEME.statuses[DRAWN_IN_ORDER[rank]], radius, tile.ratio);
      const snap = (/** @type {number} */ v) =>
        Math.round((v - side / 2) * tile.ratio) / tile.ratio;
      for (const i of some) {
        // Of the copies round the world, the one next to this tile.
        let x = sites.x[i] / ROUND - tile.west;
        x -= Math.round(x - TILE / tile.pixels / 2);
        const y = (sites.south[i] - tile.north) * tile.pixels;
        context.drawImage(canvas, snap(x * tile.pixels), snap(y), side, side);
      }
    });
  }, { zIndex: 4, className: "sites" });
}

/**
 * The shown sites near a place, the nearest first.
 *
 * @param {import("./sites.js").Sites} sites
 * @param {LeafletMap} map
 * @param {LatLng} latlng
 */
export function sitesNear(sites, map, latlng) {
  const at = map.project(latlng);
  const pixels = map.project([0, 180]).x - map.project([0, -180]).x;
  /** @type {{ i: number, away: number }[]} */
  const found = [];
  const [x, y] = [at.x / pixels, at.y / pixels];
  const edge = REACH / pixels;
  sites.within(
    Math.floor((x - edge) * ROUND), unitsNorth(y + edge),
    Math.ceil((x + edge) * ROUND), unitsNorth(y - edge),
    (i, turn) => {
      if (!sites.shown[i]) return;
      const away = Math.hypot(sites.x[i] / ROUND + turn - x, sites.south[i] - y) * pixels;
      if (away <= REACH) found.push({ i, away });
    },
  );
  return found.sort((a, b) => a.away - b.away).map(({ i }) => i);
}
