// Land and borders as one path, from the TopoJSON of the package, for small maps without tiles.

import { mercatorSouth } from "./mercator.js";

/**
 * The corners of each arc in Web Mercator, from 0 to 1 eastward and southward.
 *
 * @param {Topology} topology
 * @returns {[number, number][][]}
 */
export function arcsOf({ transform: { scale, translate }, arcs }) {
  return arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => {
      [x, y] = [x + dx, y + dy];
      const south = mercatorSouth(y * scale[1] + translate[1]);
      return [(x * scale[0] + translate[0]) / 360 + 0.5, south];
    });
  });
}

/**
 * Land and borders in the same units.
 *
 * @param {Topology} topology
 */
export function landPath(topology) {
  const path = new Path2D();
  const arcs = arcsOf(topology);
  const trace = (/** @type {number[]} */ numbers) => {
    const corners = numbers.flatMap((n) => (n < 0 ? arcs[~n].toReversed() : arcs[n]));
    corners.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  };
  for (const { type, arcs: parts } of Object.values(topology.objects)[0].geometries) {
    for (const polygon of type === "Polygon" ? [parts] : parts || []) polygon.forEach(trace);
  }
  return path;
}
