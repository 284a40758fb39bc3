// Layers that are drawn as canvas tiles: only what is seen is drawn, and the world repeats.

import { context2d, element } from "./words.js";

export const TILE = 256;
const FRAME_MS = 10; // of drawing between two frames, so that moving the map stays smooth

/** @typedef {(context: CanvasRenderingContext2D, tile: Tile) => void} Draw */

/** @type {(() => void)[]} */
const waiting = [];
/** @type {(() => void)[]} */
let drawnAll = [];

/** Draws waiting tiles until the next frame. */
function drawWaiting() {
  const begun = performance.now();
  while (waiting.length && performance.now() - begun < FRAME_MS) waiting.shift()?.();
  if (waiting.length) requestAnimationFrame(drawWaiting);
  else {
    for (const tell of drawnAll) tell();
    drawnAll = [];
  }
}

/**
 * A promise that all tiles that are wanted are drawn.
 *
 * @returns {Promise<void>}
 */
export function allDrawn() {
  return new Promise((tell) => {
    drawnAll.push(tell);
    if (!waiting.length) requestAnimationFrame(drawWaiting);
  });
}

/**
 * How large a map shows its tiles; 1 at whole zooms, and while it zooms to another one.
 *
 * @param {LeafletMap} map
 * @param {number} zoom Of the tiles.
 */
function tileScale(map, zoom) {
  const above = map.getZoom() - zoom;
  return Math.abs(above) <= 0.5 ? 2 ** above : 1;
}

const CanvasTiles = L.GridLayer.extend({
  initialize(/** @type {Draw} */ draw, /** @type {object} */ options) {
    L.setOptions(this, { maxZoom: 18, minZoom: 0, keepBuffer: 1, updateInterval: 100, ...options });
    this.drawTile = draw;
  },
  // A map whose zoom is not a whole number scales tiles: they are drawn for their size on it.
  getEvents() {
    return {
      ...L.GridLayer.prototype.getEvents?.call(this),
      zoomend: () => {
        if (this.drawnScale !== tileScale(this._map, this._tileZoom)) this.redraw();
      },
    };
  },
  createTile(
    /** @type {Coords} */ coords,
    /** @type {DoneCallback} */ done,
  ) {
    const canvas = element("canvas");
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const scale = tileScale(this._map, coords.z);
    this.drawnScale = scale;
    canvas.width = canvas.height = Math.round(TILE * ratio * scale);
    const across = 2 ** coords.z;
    const column = ((coords.x % across) + across) % across;
    const tile = {
      zoom: coords.z, west: column / across, north: coords.y / across, pixels: TILE * across, ratio,
      unit: 1 / scale,
    };
    if (!waiting.length) requestAnimationFrame(drawWaiting);
    waiting.push(() => {
      if (canvas.isConnected) {
        const context = context2d(canvas);
        context.scale(canvas.width / TILE, canvas.width / TILE);
        this.drawTile(context, tile);
      }
      done(undefined, canvas);
    });
    return canvas;
  },
});

/**
 * A layer of tiles, each drawn by a function.
 *
 * @param {Draw} draw
 * @param {{ zIndex: number, className: string }} options
 * @returns {Layer}
 */
export function canvasLayer(draw, options) {
  return /** @type {any} */ (new /** @type {any} */ (CanvasTiles)(draw, options));
}

/**
 * The turns round the world at which something from west to east (in worlds) touches a tile.
 *
 * @param {Tile} tile
 * @param {number} from
 * @param {number} to
 * @param {number} margin Pixels.
 */
export function turnsIn({ west, pixels }, from, to, margin) {
  const edge = margin / pixels;
  const turns = [];
  const last = Math.floor(west + TILE / pixels + edge - from);
  for (let turn = Math.ceil(west - edge - to); turn <= last; turn++) turns.push(turn);
  return turns;
}

/**
 * Adds a ring of x, y, x, y ... to a path, without corners that no pixel shows.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float64Array} ring
 * @param {number} west
 * @param {number} north
 * @param {number} pixels
 */
export function traceRing(context, ring, west, north, pixels) {
  let x = (ring[0] - west) * pixels;
  let y = (ring[1] - north) * pixels;
  context.moveTo(x, y);
  for (let i = 2; i < ring.length; i += 2) {
    const nextX = (ring[i] - west) * pixels;
    const nextY = (ring[i + 1] - north) * pixels;
    if (Math.abs(nextX - x) + Math.abs(nextY - y) < 0.7) continue;
    context.lineTo(nextX, nextY);
    x = nextX;
    y = nextY;
  }
  context.closePath();
}

/**
 * Whether something from north to south touches a tile.
 *
 * @param {Tile} tile
 * @param {number} from
 * @param {number} to
 * @param {number} margin Pixels.
 */
export function touchesRows({ north, pixels }, from, to, margin) {
  const edge = margin / pixels;
  return to >= north - edge && from <= north + TILE / pixels + edge;
}

/**
 * The box of a ring: west, north, east, south.
 *
 * @param {Float64Array} ring
 */
export function boxOf(ring) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < ring.length; i += 2) {
    box[0] = Math.min(box[0], ring[i]);
    box[1] = Math.min(box[1], ring[i + 1]);
    box[2] = Math.max(box[2], ring[i]);
    box[3] = Math.max(box[3], ring[i + 1]);
  }
  return box;
}
