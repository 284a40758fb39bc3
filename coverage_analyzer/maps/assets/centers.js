// Service centers as rings; labels.js names them.

import { mercatorSouth } from "./mercator.js";
import { THEME } from "./theme.js";
import { canvasLayer, touchesRows, turnsIn } from "./tiles.js";

const CENTER_RADIUS = 5;
const ABOVE_SITES = 6; // where a plan's centers are what is to be seen
/** @type {{ state: Center["state"], words: string }[]} */
const STATES = [
  { state: "open", words: "open" },
  { state: "planned", words: "planned: opens later" },
  { state: "closed", words: "closed" },
  { state: "new", words: "new: opened by the plan" },
  { state: "closing", words: "closed by the plan" },
];

/** @param {number} zoom */
export function centerRadius(zoom) {
  return zoom < 2 ? 2 : zoom < 4 ? 3 : CENTER_RADIUS;
}

/**
 * Draws the ring of a center, by its state.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Center["state"]} state
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
export function drawCenter(context, state, x, y, radius) {
  if (state === "new") {
    drawNew(context, x, y, radius * 1.9);
    return;
  }
  context.beginPath();
  context.setLineDash(state === "planned" ? [2.5, 2] : []);
  context.arc(x, y, radius, 0, 2 * Math.PI);
  const isShut = state === "closed" || state === "closing";
  context.fillStyle = isShut ? THEME.center.closed : THEME.center.fill;
  context.fill();
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  if (state === "open") {
    context.arc(x, y, radius / 2.8, 0, 2 * Math.PI);
    context.fillStyle = THEME.center.line;
    context.fill();
  } else if (isShut) {
    const end = state === "closing" ? 1.6 * radius : radius / 2;
    context.moveTo(x - end, y - end);
    context.lineTo(x + end, y + end);
    if (state === "closing") { // crossed out, beyond the ring
      context.moveTo(x - end, y + end);
      context.lineTo(x + end, y - end);
    }
    context.stroke();
  }
}

/**
 * Draws the star of a center that a plan opens.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function drawNew(context, x, y, radius) {
  context.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const away = corner % 2 ? radius * 0.45 : radius;
    const angle = (corner / 5 - 0.5) * Math.PI;
    context.lineTo(x + away * Math.cos(angle), y + away * Math.sin(angle));
  }
  context.closePath();
  context.fillStyle = THEME.center.new;
  context.fill();
  context.stroke();
}

/**
 * The marks of the centers' states that there are, for the legend.
 *
 * @param {Center[]} centers
 */
export function centerMarks(centers) {
  const states = STATES.filter(({ state }) => centers.some((center) => center.state === state));
  return states.map(({ state, words }) => ({
    words,
    draw: (/** @type {CanvasRenderingContext2D} */ context) => {
      context.lineWidth = CENTER_RADIUS / 2.8;
      context.strokeStyle = THEME.center.line;
      drawCenter(context, state, 8, 8, CENTER_RADIUS);
    },
  }));
}

/** @param {App} app */
export function centerLayer(app) {
  const isPlan = app.meta.centers.some(({ state }) => state === "new");
  const placed = app.meta.centers.map((center) => ({
    center, x: center.lon / 360 + 0.5, y: mercatorSouth(center.lat),
  }));
  return canvasLayer((context, tile) => {
    const { centers } = app.selection;
    for (const [number, { center, x, y }] of placed.entries()) {
      if (!centers[number] || !touchesRows(tile, y, y, 10)) continue;
      for (const turn of turnsIn(tile, x, x, 10)) {
        const atX = (x + turn - tile.west) * tile.pixels;
        const atY = (y - tile.north) * tile.pixels;
        context.lineWidth = centerRadius(tile.zoom) / 2.8;
        context.strokeStyle = THEME.center.line;
        drawCenter(context, center.state, atX, atY, centerRadius(tile.zoom));
      }
    }
  }, { zIndex: isPlan ? ABOVE_SITES : 3, className: "centers" });
}

/**
 * The center under the pointer, if there is one.
 *
 * @param {Center[]} centers
 * @param {LeafletMap} map
 * @param {LatLng} latlng
 */
export function centerNear(centers, map, latlng) {
  const at = map.project(latlng);
  let nearest = null;
  let least = CENTER_RADIUS + 4;
  const world = map.project([0, 180]).x - map.project([0, -180]).x;
  for (const center of centers) {
    const place = map.project([center.lat, center.lon]);
    const turns = Math.round((at.x - place.x) / world);
    const away = Math.hypot(place.x + turns * world - at.x, place.y - at.y);
    if (away < least) {
      least = away;
      nearest = center;
    }
  }
  return nearest;
}

/**
 * The centers that the filters leave.
 *
 * @param {App} app
 */
export function shownCenters({ meta, selection }) {
  return meta.centers.filter((_, number) => selection.centers[number]);
}
