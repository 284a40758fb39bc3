// The sites on the map: in a cell with few, each is a symbol; a cell with many is a cluster.

import { clusterRadius, drawCluster } from "./cluster-mark.js";
import { drawShape } from "./marks.js";
import { ROUND } from "./mercator.js";
import { THEME } from "./theme.js";
import { TILE, canvasLayer } from "./tiles.js";
import { context2d, element } from "./words.js";

const DRAWN_IN_ORDER = THEME.drawnInOrder;
const REACH = 12; // pixels round a click

/** @param {number} zoom */
export function symbolRadius(zoom) {
  return zoom < 4 ? 3 : zoom < 7 ? 3.5 : zoom < 10 ? 4.2 : 5.5;
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
  canvas.width = canvas.height = Math.ceil(side * ratio);
  const context = context2d(canvas);
  context.scale(ratio, ratio);
  context.fillStyle = color;
  context.strokeStyle = THEME.symbolEdge;
  context.lineWidth = 0.7;
  drawShape(context, shape, side / 2, side / 2, radius);
  return { canvas, side: canvas.width / ratio };
}

/**
 * The layer of sites.
 *
 * @param {import("./clusters.js").Clusters} clusters
 */
export function siteLayer(clusters) {
  return canvasLayer((context, tile) => {
    const cell = 1 / clusters.side(tile.zoom);
    const across = Math.round(TILE / tile.pixels / cell) + 3; // with what reaches in from beside it
    const part = { west: tile.west - cell, north: tile.north - cell, across };
    const { few, many } = clusters.split(tile.zoom, part);
    const unit = tile.unit ?? 1;
    many.sort((a, b) => b.total - a.total);
    for (const cluster of many) {
      drawCluster(context, cluster, clusters.meta.statuses, {
        x: (cluster.x - tile.west) * tile.pixels, y: (cluster.y - tile.north) * tile.pixels,
        radius: clusterRadius(cluster.total) * unit, unit,
      });
    }
    drawSingly(context, tile, clusters, few);
  }, { zIndex: 4, className: "sites" });
}

/**
 * Draws the sites of some cells, those of the status that matters most on top.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Tile} tile
 * @param {import("./clusters.js").Clusters} clusters
 * @param {import("./clusters.js").Cluster[]} some
 */
function drawSingly(context, tile, clusters, some) {
  const { sites, meta } = clusters;
  const byStatus = meta.statuses.map(() => /** @type {[number, number][]} */ ([]));
  for (const cluster of some) {
    clusters.members(cluster, (i, turn) => byStatus[sites.status[i]].push([i, turn]));
  }
  const unit = tile.unit ?? 1;
  const ratio = tile.ratio / unit;
  for (const status of DRAWN_IN_ORDER) {
    const found = byStatus[meta.statuses.indexOf(status)];
    if (!found.length) continue;
    const { canvas, side } = symbol(THEME.statuses[status], symbolRadius(tile.zoom), ratio);
    const size = side * unit;
    for (const [i, turn] of found) {
      const x = (sites.x[i] / ROUND + turn - tile.west) * tile.pixels;
      const y = (sites.south[i] - tile.north) * tile.pixels;
      context.drawImage(canvas, x - size / 2, y - size / 2, size, size);
    }
  }
}

/**
 * The sites near a place that are drawn one by one, the nearest first.
 *
 * @param {import("./clusters.js").Clusters} clusters
 * @param {LeafletMap} map
 * @param {LatLng} latlng
 */
export function sitesNear(clusters, map, latlng) {
  const { sites } = clusters;
  const at = map.project(latlng);
  const pixels = map.project([0, 180]).x - map.project([0, -180]).x;
  /** @type {{ i: number, away: number }[]} */
  const found = [];
  const [x, y] = [at.x / pixels, at.y / pixels];
  const edge = REACH / pixels;
  const { few } = clusters.near(map, latlng);
  for (const cluster of few) {
    clusters.members(cluster, (i, turn) => {
      const away = Math.hypot(sites.x[i] / ROUND + turn - x, sites.south[i] - y);
      if (away <= edge) found.push({ i, away });
    });
  }
  return found.sort((a, b) => a.away - b.away).map(({ i }) => i);
}
