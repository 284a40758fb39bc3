// Names of places and centers over the map. They are placed by the whole view, so that none is cut
// at the edge of a tile and none overlaps another; the more important one stays.

import { mercatorSouth } from "./mercator.js";
import { PLACE_KINDS } from "./places.js";
import { context2d, element, themeColor } from "./words.js";

const LABEL_ZOOM = 7; // from which centers are named
const PLANNED_ZOOM = 4; // from which planned centers say when they open
const PAD = 0.15; // of the size of the view, drawn around it for dragging
const HALO = 3;
const GAP = 3; // pixels between two names
const TOWN_REACH = 24; // pixels from a center to its town
const COUNTRY_ZOOMS = 3; // more zooms for which the name of a country stays
const IMPORTANT = 2; // zooms that a town has been named for, before centers come
const FONT = "system-ui, sans-serif";

/**
 * A name to be placed: its lines, and its place in pixels.
 *
 * @typedef {{ lines: Line[], x: number, y: number, clear: number, mark: boolean,
 *   rank: number }} Label
 * @typedef {{ text: string, size: number, weight: number, color: string,
 *   spacing?: number }} Line
 * @typedef {{ label: Label, x: number, y: number, width: number, height: number }} Placed
 */

/**
 * Places labels, the first ones first, where they overlap nothing.
 *
 * @param {Label[]} labels
 * @param {number[][]} obstacles Boxes (west, north, east, south) that stay free.
 * @param {(line: Line) => number} widthOf
 * @returns {Placed[]}
 */
export function place(labels, obstacles, widthOf) {
  const grid = new BoxGrid();
  for (const box of obstacles) grid.add(box);
  const placed = [];
  for (const label of labels) {
    const width = Math.max(...label.lines.map(widthOf)) + 2;
    const height = label.lines.reduce((sum, { size }) => sum + size * 1.2, 0);
    for (const [x, y] of positions(label, width, height)) {
      const box = [x - GAP, y - GAP / 2, x + width + GAP, y + height + GAP / 2];
      if (grid.isTaken(box)) continue;
      grid.add(box);
      placed.push({ label, x, y, width, height });
      break;
    }
  }
  return placed;
}

/**
 * The corners at which a label may be: on its place, or clear of the mark there.
 *
 * @param {Label} label
 * @param {number} width
 * @param {number} height
 */
function positions({ x, y, clear }, width, height) {
  const [left, top] = [x - width / 2, y - height / 2];
  if (!clear) return [[left, top]];
  return [
    [left, y - clear - height],
    [left, y + clear],
    [x + clear, top],
    [x - clear - width, top],
  ];
}

/** Boxes that are taken, by squares of the view. */
class BoxGrid {
  constructor() {
    /** @type {Map<number, number[][]>} */
    this.squares = new Map();
  }

  /** @param {number[]} box */
  *keys([west, north, east, south]) {
    for (let i = Math.floor(west / 64); i <= Math.floor(east / 64); i++) {
      for (let j = Math.floor(north / 64); j <= Math.floor(south / 64); j++) yield i * 4096 + j;
    }
  }

  /** @param {number[]} box */
  add(box) {
    for (const key of this.keys(box)) {
      const boxes = this.squares.get(key);
      if (boxes) boxes.push(box);
      else this.squares.set(key, [box]);
    }
  }

  /** @param {number[]} box */
  isTaken(box) {
    for (const key of this.keys(box)) {
      for (const other of this.squares.get(key) ?? []) {
        const beside = other[2] <= box[0] || other[0] >= box[2];
        if (!beside && other[1] < box[3] && other[3] > box[1]) return true;
      }
    }
    return false;
  }
}

/**
 * What is said of a center.
 *
 * @param {Center} center
 * @param {number} zoom
 */
function centerText(center, zoom) {
  const isNamed = zoom >= LABEL_ZOOM;
  if (center.state === "planned" && zoom >= PLANNED_ZOOM) {
    return `${isNamed ? `${center.id}, ` : ""}opens ${center.opens_on}`;
  }
  return isNamed ? center.id : "";
}

/**
 * @param {Place} town
 * @param {number} zoom
 * @returns {Line}
 */
function townLine(town, zoom) {
  return {
    text: town.name,
    size: Math.min(10.5 + 0.9 * (zoom - town.zoom), 14),
    weight: town.kind === PLACE_KINDS.capital ? 700 : 500,
    color: "--label",
  };
}

/**
 * The labels of a view in the order of their importance.
 *
 * @param {{ place: Place, x: number, y: number }[]} places In the view, with their pixels.
 * @param {{ center: Center, x: number, y: number }[]} centers Likewise.
 * @param {number} zoom
 * @param {number} radius Pixels of a center's mark.
 * @returns {Label[]}
 */
export function labelsOf(places, centers, zoom, radius) {
  const towns = places.filter(({ place: { kind } }) => kind !== PLACE_KINDS.country);
  const own = new Map();
  for (const at of centers) {
    const town = towns.find((t) => Math.hypot(t.x - at.x, t.y - at.y) <= TOWN_REACH);
    if (town && !own.has(town)) own.set(town, at);
  }
  const labels = [];
  for (const { center, x, y } of centers) {
    const text = centerText(center, zoom);
    const town = [...own].find(([, at]) => at.center === center && at.x === x)?.[0];
    const lines = town ? [townLine(town.place, zoom)] : [];
    if (text) lines.push({ text, size: 11, weight: 600, color: "--ink" });
    const rank = town ? town.place.zoom - 20 : zoom - IMPORTANT;
    if (lines.length) labels.push({ lines, x, y, clear: radius + 3, mark: false, rank });
  }
  for (const at of places) {
    if (own.has(at)) continue;
    labels.push(placeLabel(at.place, at.x, at.y, zoom));
  }
  return labels.sort((a, b) => a.rank - b.rank);
}

/**
 * @param {Place} place
 * @param {number} x
 * @param {number} y
 * @param {number} zoom
 * @returns {Label}
 */
function placeLabel(place, x, y, zoom) {
  if (place.kind === PLACE_KINDS.country) {
    const size = Math.min(11 + 1.2 * (zoom - place.zoom), 15);
    const line = { text: place.name.toUpperCase(), size, weight: 600, color: "--country" };
    return { lines: [{ ...line, spacing: 1 }], x, y, clear: 0, mark: false, rank: place.zoom - 0.5 };
  }
  const isCapital = place.kind === PLACE_KINDS.capital;
  const rank = place.zoom - (isCapital ? 0.6 : 0);
  return { lines: [townLine(place, zoom)], x, y, clear: 5, mark: true, rank };
}

/**
 * Whether a place has a name at a zoom.
 *
 * @param {Place} place
 * @param {number} zoom
 */
function isNamed(place, zoom) {
  if (place.zoom > zoom) return false;
  return place.kind !== PLACE_KINDS.country || zoom <= place.zoom + COUNTRY_ZOOMS;
}

/**
 * A canvas over the map that is drawn anew after each movement.
 */
const LabelCanvas = L.Layer.extend({
  initialize(/** @type {(canvas: HTMLCanvasElement) => void} */ draw) {
    this.drawOn = draw;
  },
  onAdd(/** @type {LeafletMap} */ map) {
    const pane = map.getPane("labels") ?? map.createPane("labels");
    pane.style.zIndex = "450";
    pane.style.pointerEvents = "none";
    this.canvas = element("canvas", undefined, "labels leaflet-zoom-hide");
    this.canvas.setAttribute("aria-hidden", "true");
    pane.append(this.canvas);
    map.on("moveend zoomend resize viewreset", this.redraw, this);
    this.redraw();
  },
  onRemove(/** @type {LeafletMap} */ map) {
    map.off("moveend zoomend resize viewreset", this.redraw, this);
    this.canvas.remove();
  },
  redraw() {
    if (this._map) this.drawOn(this.canvas);
    return this;
  },
});

/**
 * The layer of all names.
 *
 * @param {App} app
 * @param {Place[]} places
 * @param {(zoom: number) => number} radiusAt Pixels of a center's mark.
 * @returns {Layer}
 */
export function labelLayer(app, places, radiusAt) {
  const { map, meta } = app;
  const centers = meta.centers.map((center) => ({
    center, x: center.lon / 360 + 0.5, y: mercatorSouth(center.lat),
  }));
  const named = places.map((place) => ({ place, x: place.x, y: place.y }));
  return new /** @type {any} */ (LabelCanvas)((/** @type {HTMLCanvasElement} */ canvas) => {
    const { context, inView } = fitted(map, canvas);
    const zoom = map.getZoom();
    const visible = app.layers && map.hasLayer(app.layers.centers.layer) ? centers : [];
    const marks = inView(visible, 40);
    const radius = radiusAt(zoom);
    const texts = inView(named.filter(({ place: p }) => isNamed(p, zoom)), 60);
    const obstacles = marks.map(({ x, y }) => [x - radius, y - radius, x + radius, y + radius]);
    const widthOf = (/** @type {Line} */ line) => {
      context.font = `${line.weight} ${line.size}px ${FONT}`;
      return context.measureText(line.text).width + (line.spacing ?? 0) * line.text.length;
    };
    const placed = place(labelsOf(texts, marks, zoom, radius), obstacles, widthOf);
    for (const one of placed) drawLabel(context, one);
    canvas.dataset.names = JSON.stringify(placed.map(({ label, x, y, width, height }) => [
      label.lines.map(({ text }) => text).join("\n"), x, y, width, height,
    ].map((v) => (typeof v === "number" ? Math.round(v) : v))));
  });
}

/**
 * Puts the canvas over the view, and gives what is in it.
 *
 * @param {LeafletMap} map
 * @param {HTMLCanvasElement} canvas
 */
function fitted(map, canvas) {
  const size = map.getSize();
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [padX, padY] = [Math.round(size.x * PAD), Math.round(size.y * PAD)];
  const [width, height] = [size.x + 2 * padX, size.y + 2 * padY];
  L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([-padX, -padY]));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = context2d(canvas);
  context.scale(ratio, ratio);
  const pixels = 256 * 2 ** map.getZoom();
  const corner = map.project(map.containerPointToLatLng([0, 0])).subtract([padX, padY]);
  /**
   * @template {{ x: number, y: number }} T
   * @param {T[]} items In worlds.
   * @param {number} margin
   * @returns {T[]} In pixels of the canvas, once for each copy of the world.
   */
  const inView = (items, margin) => {
    const found = [];
    for (const item of items) {
      const y = item.y * pixels - corner.y;
      if (y < -margin || y > height + margin) continue;
      const first = Math.ceil((corner.x - margin) / pixels - item.x);
      const last = Math.floor((corner.x + width + margin) / pixels - item.x);
      for (let turn = first; turn <= last; turn++) {
        found.push({ ...item, x: (item.x + turn) * pixels - corner.x, y });
      }
    }
    return found;
  };
  return { context, inView };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Placed} placed
 */
function drawLabel(context, { label, x, y, width }) {
  context.lineJoin = "round";
  context.textAlign = "center";
  context.textBaseline = "middle";
  let top = y;
  for (const { text, size, weight, color, spacing = 0 } of label.lines) {
    context.font = `${weight} ${size}px ${FONT}`;
    context.letterSpacing = `${spacing}px`;
    context.lineWidth = HALO;
    context.strokeStyle = themeColor("--land");
    context.fillStyle = themeColor(color);
    context.strokeText(text, x + width / 2, top + size * 0.6);
    context.fillText(text, x + width / 2, top + size * 0.6);
    top += size * 1.2;
  }
  context.letterSpacing = "0px";
  if (!label.mark) return;
  const isBold = label.lines[0].weight >= 700;
  const side = isBold ? 5 : 3;
  context.fillStyle = themeColor("--label");
  if (isBold) context.fillRect(label.x - side / 2, label.y - side / 2, side, side);
}
