// Coverage areas: filled so that overlaps are darker; those of planned centers are dashed. What the
// road cannot serve in time lies above them in a colour of its own.

import { ROUND, UNITS, mercatorSouth } from "./mercator.js";
import { boxOf, canvasLayer, touchesRows, traceRing, turnsIn } from "./tiles.js";
import { themeColor } from "./words.js";

const AREA_INKS = { areas: "--area", "planned-areas": "--planned", unserved: "--unserved" };

/**
 * Areas as drawn.
 *
 * @param {PackedArea[]} areas
 * @returns {Area[]}
 */
export function areaShapes(areas) {
  return areas.map((area) => ({
    ...area,
    parts: area.polygons.map((rings) => {
      const traced = rings.map(areaRing);
      return { rings: traced, box: boxOf(traced[0]) };
    }),
  }));
}

/** @param {number[]} steps */
function areaRing(steps) {
  const ring = new Float64Array(steps.length);
  let lon = 0;
  let lat = 0;
  for (let i = 0; i < steps.length; i += 2) {
    lon += steps[i];
    lat += steps[i + 1];
    ring[i] = lon / ROUND + 0.5;
    ring[i + 1] = mercatorSouth(lat / UNITS);
  }
  return ring;
}

/**
 * @param {Area[]} some
 * @param {"areas" | "planned-areas" | "unserved"} className
 */
export function areaLayer(some, className) {
  const planned = className === "planned-areas";
  return canvasLayer((context, tile) => {
    const color = themeColor(AREA_INKS[className]);
    context.fillStyle = context.strokeStyle = color;
    context.lineWidth = planned ? 1.6 : 1.2;
    context.setLineDash(planned ? [6, 5] : []);
    for (const { parts } of some) {
      for (const { rings, box } of parts) {
        if (!touchesRows(tile, box[1], box[3], 2)) continue;
        for (const turn of turnsIn(tile, box[0], box[2], 2)) {
          context.beginPath();
          for (const ring of rings) {
            traceRing(context, ring, tile.west - turn, tile.north, tile.pixels);
          }
          context.globalAlpha = planned ? 0.06 : className === "unserved" ? 0.25 : 0.1;
          context.fill("evenodd");
          context.globalAlpha = 1;
          context.stroke();
        }
      }
    }
  }, { zIndex: 2, className });
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
