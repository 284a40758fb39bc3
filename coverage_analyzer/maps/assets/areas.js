// Coverage areas: filled so that overlaps are darker; those of planned centers are dashed. What the
// road cannot serve in time lies above them in a colour of its own.

import { ROUND, UNITS, mercatorSouth } from "./mercator.js";
import { boxOf, canvasLayer, touchesRows, traceRing, turnsIn } from "./tiles.js";
import { themeColor } from "./words.js";

/** @typedef {"areas" | "planned-areas" | "unserved" | "no-road-data"} AreaKind */

/**
 * How areas of each kind are drawn: colour, opacity of the filling, and the outline.
 *
 * @type {Record<AreaKind, { color: string, fill: number, width: number, dash: number[] }>}
 */
const STYLES = {
  areas: { color: "--area", fill: 0.1, width: 1.2, dash: [] },
  "planned-areas": { color: "--planned", fill: 0.06, width: 1.6, dash: [6, 5] },
  unserved: { color: "--unserved", fill: 0.25, width: 1.2, dash: [] },
  "no-road-data": { color: "--no-road-data", fill: 0.12, width: 1, dash: [1, 3] },
};
const REST = 0.25; // opacity of areas of centers that a filter leaves out

/**
 * Reads areas as drawn, in the order of their outlines (page_data.py, _outlines).
 *
 * @param {Columns} outlines
 */
export function areaReader({ rings, corners, lon, lat }) {
  let polygon = 0;
  let ring = 0;
  let corner = 0;
  const nextRing = () => {
    const traced = new Float64Array(2 * corners[ring++]);
    for (let i = 0; i < traced.length; i += 2) {
      traced[i] = lon[corner] / ROUND + 0.5;
      traced[i + 1] = mercatorSouth(lat[corner++] / UNITS);
    }
    return traced;
  };
  const nextPart = () => {
    const traced = Array.from({ length: rings[polygon++] }, nextRing);
    return { rings: traced, box: boxOf(traced[0]) };
  };
  return (/** @type {PackedArea[]} */ areas) => areas.map((area) => (
    { ...area, parts: Array.from({ length: area.polygons }, nextPart) }
  ));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {AreaKind} kind
 */
function useStyle(context, kind) {
  const { color, width, dash } = STYLES[kind];
  context.fillStyle = context.strokeStyle = themeColor(color);
  context.lineWidth = width;
  context.setLineDash(dash);
}

/**
 * @param {App} app
 * @param {Area[]} some
 * @param {AreaKind} kind
 */
export function areaLayer(app, some, kind) {
  const { fill } = STYLES[kind];
  return canvasLayer((context, tile) => {
    useStyle(context, kind);
    for (const { center, parts } of some) {
      const strength = app.selection.centers[center] ? 1 : REST;
      for (const { rings, box } of parts) {
        if (!touchesRows(tile, box[1], box[3], 2)) continue;
        for (const turn of turnsIn(tile, box[0], box[2], 2)) {
          context.beginPath();
          for (const ring of rings) {
            traceRing(context, ring, tile.west - turn, tile.north, tile.pixels);
          }
          context.globalAlpha = fill * strength;
          context.fill("evenodd");
          context.globalAlpha = strength;
          context.stroke();
        }
      }
    }
  }, { zIndex: 2, className: kind });
}

/**
 * What draws the mark of areas for the legend.
 *
 * @param {AreaKind} kind
 */
export function areaMark(kind) {
  return (/** @type {CanvasRenderingContext2D} */ context) => {
    useStyle(context, kind);
    context.beginPath();
    context.rect(1.5, 2.5, 13, 11);
    context.globalAlpha = Math.min(1, 2 * STYLES[kind].fill);
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  };
}

/**
 * @param {Float64Array[]} rings
 * @param {number} x
 * @param {number} y
 */
function isInRings(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    let j = ring.length - 2;
    for (let i = 0; i < ring.length; j = i, i += 2) {
      const crosses = ring[i + 1] > y !== ring[j + 1] > y;
      if (!crosses) continue;
      const at = ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i];
      if (x < at) inside = !inside;
    }
  }
  return inside;
}

/**
 * The areas that cover a place.
 *
 * @param {Area[]} shapes
 * @param {LatLng} latlng
 */
export function areasAt(shapes, latlng) {
  const y = mercatorSouth(latlng.lat);
  return shapes.filter(({ parts }) =>
    parts.some(({ rings, box }) => {
      if (y < box[1] || y > box[3]) return false;
      const east = latlng.lng / 360 + 0.5;
      const x = east + Math.ceil(box[0] - east); // the copy in or just east of the box's west
      return x <= box[2] && isInRings(rings, x, y);
    }),
  );
}
