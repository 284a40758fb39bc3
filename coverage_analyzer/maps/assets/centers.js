// Service centers: rings with what opens when, and their names where there is room.

import { mercatorSouth } from "./mercator.js";
import { THEME } from "./theme.js";
import { canvasLayer, touchesRows, turnsIn } from "./tiles.js";
import { themeColor } from "./words.js";

const LABEL_ZOOM = 7;
const PLANNED_LABEL_ZOOM = 4;
const LABEL_PIXELS = 180;
const CENTER_RADIUS = 5;
const ABOVE_SITES = 6; // where a plan's centers are what is to be seen

/** @param {number} zoom */
function centerRadius(zoom) {
  return zoom < 2 ? 2 : zoom < 4 ? 3 : CENTER_RADIUS;
}

/**
 * @param {Center} center
 * @param {number} zoom
 */
function centerLabel(center, zoom) {
  if (center.state === "new") return zoom >= PLANNED_LABEL_ZOOM ? center.name || center.id : "";
  if (center.state === "planned" && zoom >= PLANNED_LABEL_ZOOM) {
    return zoom >= LABEL_ZOOM
      ? `${center.id}, opens ${center.opens_on}`
      : `opens ${center.opens_on}`;
  }
  return zoom >= LABEL_ZOOM ? center.id : "";
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
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
function drawLabel(context, text, x, y) {
  context.font = "600 11px system-ui, sans-serif";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = themeColor("--land");
  context.fillStyle = themeColor("--ink");
  context.textAlign = "center";
  context.strokeText(text, x, y + 18);
  context.fillText(text, x, y + 18);
}

/** @param {Center[]} centers */
export function centerLayer(centers) {
  const isPlan = centers.some(({ state }) => state === "new");
  const placed = centers.map((center) => ({
    center, x: center.lon / 360 + 0.5, y: mercatorSouth(center.lat),
  }));
  return canvasLayer((context, tile) => {
    for (const { center, x, y } of placed) {
      if (!touchesRows(tile, y, y, 30)) continue;
      for (const turn of turnsIn(tile, x, x, LABEL_PIXELS)) {
        const atX = (x + turn - tile.west) * tile.pixels;
        const atY = (y - tile.north) * tile.pixels;
        context.lineWidth = centerRadius(tile.zoom) / 2.8;
        context.strokeStyle = THEME.center.line;
        drawCenter(context, center.state, atX, atY, centerRadius(tile.zoom));
        const label = centerLabel(center, tile.zoom);
        if (label) drawLabel(context, label, atX, atY);
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
