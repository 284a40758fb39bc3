// Land and borders, the same that the rule knows, from a TopoJSON.

import { mercatorSouth } from "./mercator.js";
import { boxOf, canvasLayer, touchesRows, traceRing, turnsIn } from "./tiles.js";
import { themeColor } from "./words.js";

/**
 * Land and borders from a topology.
 *
 * @param {Topology} topology
 * @returns {Polygon[]}
 */
export function landPolygons(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    const points = new Float64Array(arc.length * 2);
    let x = 0;
    let y = 0;
    for (let i = 0; i < arc.length; i++) {
      x += arc[i][0];
      y += arc[i][1];
      points[2 * i] = (x * scale[0] + translate[0]) / 360 + 0.5;
      points[2 * i + 1] = mercatorSouth(y * scale[1] + translate[1]);
    }
    return points;
  });
  const polygons = [];
  for (const geometry of Object.values(topology.objects)[0].geometries) {
    const parts = geometry.type === "Polygon" ? [geometry.arcs] : geometry.arcs || [];
    for (const part of parts) {
      const rings = part.map((/** @type {number[]} */ numbers) => landRing(numbers, arcs));
      polygons.push({ rings, box: boxOf(rings[0]) });
    }
  }
  return polygons;
}

/**
 * @param {number[]} numbers
 * @param {Float64Array[]} arcs
 */
function landRing(numbers, arcs) {
  const length = numbers.reduce((sum, n) => sum + arcs[n >= 0 ? n : ~n].length, 0);
  const ring = new Float64Array(length);
  let at = 0;
  for (const n of numbers) {
    const arc = arcs[n >= 0 ? n : ~n];
    if (n >= 0) ring.set(arc, at);
    else {
      for (let i = 0; i < arc.length; i += 2) {
        ring[at + i] = arc[arc.length - 2 - i];
        ring[at + i + 1] = arc[arc.length - 1 - i];
      }
    }
    at += arc.length;
  }
  return ring;
}

/** @param {Polygon[]} polygons */
export function landLayer(polygons) {
  return canvasLayer((context, tile) => {
    context.fillStyle = themeColor("--land");
    context.strokeStyle = themeColor("--border");
    context.lineWidth = 0.7;
    context.lineJoin = "round";
    for (const { rings, box } of polygons) {
      const tiny = (box[2] - box[0] + box[3] - box[1]) * tile.pixels < 1;
      if (tiny || !touchesRows(tile, box[1], box[3], 2)) continue;
      for (const turn of turnsIn(tile, box[0], box[2], 2)) {
        context.beginPath();
        for (const ring of rings) {
          traceRing(context, ring, tile.west - turn, tile.north, tile.pixels);
        }
        context.fill("evenodd");
        context.stroke();
      }
    }
  }, { zIndex: 1, className: "land" });
}
