// The mark of many sites: a ring with the share of each status, and their number in it.

import { THEME } from "./theme.js";
import { brief, themeColor } from "./words.js";

const LEAST_RADIUS = 10; // pixels
const GREATEST_RADIUS = 26;

/**
 * The radius of a cluster in pixels: its number of digits, so that a million has its place.
 *
 * @param {number} total
 */
export function clusterRadius(total) {
  return Math.min(GREATEST_RADIUS, LEAST_RADIUS + 3 * Math.log10(total));
}

/**
 * The mark of a cluster for the legend.
 *
 * @param {Meta["statuses"]} statuses
 */
export function clusterMark(statuses) {
  const counts = statuses.map((status) => ({ qualified: 3, fallback: 5 })[String(status)] ?? 0);
  return (/** @type {CanvasRenderingContext2D} */ context) =>
    drawCluster(context, { total: 8, counts }, statuses, { x: 8, y: 8, radius: 6.6, text: "" });
}

/**
 * Draws a cluster: a ring with the share of each status, from the top clockwise, and the number.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{ total: number, counts: number[] }} cluster
 * @param {Meta["statuses"]} statuses
 * @param {{ x: number, y: number, radius: number, unit?: number, text?: string }} where In pixels
 *   of the context; `unit` of them are one of the screen.
 */
export function drawCluster(context, { total, counts }, statuses, where) {
  const { x, y, radius, unit = 1, text = brief(total) } = where;
  const hole = radius * 0.56;
  context.beginPath();
  context.arc(x, y, radius + 1.2 * unit, 0, 2 * Math.PI);
  context.fillStyle = THEME.symbolEdge;
  context.fill();
  let from = -Math.PI / 2;
  statuses.forEach((status, number) => {
    if (!counts[number]) return;
    const to = from + (2 * Math.PI * counts[number]) / total;
    context.beginPath();
    context.moveTo(x, y);
    context.arc(x, y, radius, from, to);
    context.closePath();
    context.fillStyle = THEME.statuses[status].color;
    context.fill();
    from = to;
  });
  context.beginPath();
  context.arc(x, y, hole, 0, 2 * Math.PI);
  context.fillStyle = themeColor("--paper");
  context.fill();
  const size = Math.min(11 * unit, (2.7 * hole) / Math.max(1, text.replace(".", "").length));
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = themeColor("--ink");
  context.fillText(text, x, y + 0.5 * unit);
}
