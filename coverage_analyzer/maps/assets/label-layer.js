// The layer of names: a canvas over the whole view, so that no name is cut at the edge of a tile.

import { centerRadius } from "./centers.js";
import { clusterRadius } from "./cluster-mark.js";
import { isNamed, labelsOf, placeLabels } from "./labels.js";
import { ROUND, mercatorSouth } from "./mercator.js";
import { symbolRadius } from "./points.js";
import { allDrawn } from "./tiles.js";
import { worldEdges } from "./view.js";
import { context2d, element, themeColor } from "./words.js";

const PAD = 0.15; // of the size of the view, drawn around it for dragging
const HALO = 3;
const CLUSTER_PART = 0.8; // of the radius of a cluster, which names keep clear of
const FONT = "system-ui, sans-serif";

/** @typedef {import("./labels.js").Line} Line */
/** @typedef {import("./labels.js").Placed} Placed */
/** @typedef {import("./clusters.js").Cluster} Cluster */
/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {import("leaflet").Point} Point */

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
    allDrawn().then(() => this.redraw()); // the tiles come first
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
 * @returns {Layer}
 */
export function labelLayer(app) {
  const { map, meta, towns } = app;
  const centers = meta.centers.map((center) => ({
    center, x: center.lon / 360 + 0.5, y: mercatorSouth(center.lat),
  }));
  const named = towns.map((place) => ({ place, x: place.x, y: place.y }));
  return new /** @type {any} */ (LabelCanvas)((/** @type {HTMLCanvasElement} */ canvas) => {
    const { context, inView } = fitted(map, canvas, meta.bounds);
    const zoom = map.getZoom();
    const isOn = app.layers && map.hasLayer(app.layers.centers.layer);
    const visible = isOn ? centers.filter((_, c) => app.selection.centers[c]) : [];
    const marks = inView(visible, 40);
    const radius = centerRadius(zoom);
    const texts = inView(named.filter(({ place: p }) => isNamed(p, zoom)), 60);
    const { few, many } = clustersInView(app);
    const single = symbolRadius(zoom);
    const sites = inView(placesOf(app, few), 10)
      .map(({ x, y }) => [x - single, y - single, x + single, y + single]);
    const obstacles = [
      ...marks.map(({ x, y }) => [x - radius, y - radius, x + radius, y + radius]),
      ...inView(many, 40).map(({ x, y, total }) => {
        const half = clusterRadius(total) * CLUSTER_PART;
        return [x - half, y - half, x + half, y + half];
      }),
    ];
    const widthOf = (/** @type {Line} */ line) => {
      context.font = `${line.weight} ${line.size}px ${FONT}`;
      return context.measureText(line.text).width + (line.spacing ?? 0) * line.text.length;
    };
    const labels = labelsOf(texts, marks, zoom, radius);
    const placed = placeLabels(labels, obstacles, widthOf, sites);
    for (const one of placed) drawLabel(context, one);
    canvas.dataset.names = JSON.stringify(placed.map(({ label, x, y, width, height }) => [
      label.lines.map(({ text }) => text).join("\n"), x, y, width, height,
    ].map((v) => (typeof v === "number" ? Math.round(v) : v))));
  });
}

/**
 * The clusters that names must not hide, and the cells whose sites are drawn one by one.
 *
 * @param {App} app
 * @returns {{ few: Cluster[], many: Cluster[] }}
 */
function clustersInView({ map, layers, clusters }) {
  if (!layers || !map.hasLayer(layers.sites.layer)) return { few: [], many: [] };
  const zoom = Math.max(0, Math.round(map.getZoom()));
  const side = clusters.side(zoom);
  const bounds = map.getBounds();
  const west = bounds.getWest() / 360 + 0.5;
  const north = Math.max(0, mercatorSouth(bounds.getNorth()));
  const width = Math.max(bounds.getEast() / 360 + 0.5 - west,
    mercatorSouth(bounds.getSouth()) - north);
  const part = { west: west - 1 / side, north: north - 1 / side, across: 0 };
  part.across = Math.min(side, Math.ceil(width * side) + 3);
  return clusters.split(zoom, part);
}

/**
 * The places of the sites of some cells, in worlds.
 *
 * @param {App} app
 * @param {Cluster[]} cells
 */
function placesOf({ clusters, sites }, cells) {
  /** @type {{ x: number, y: number }[]} */
  const found = [];
  for (const cell of cells) {
    clusters.members(cell, (i) => found.push({ x: sites.x[i] / ROUND, y: sites.south[i] }));
  }
  return found;
}

/**
 * Puts the canvas over the view, and gives what is in it.
 *
 * @param {LeafletMap} map
 * @param {HTMLCanvasElement} canvas
 * @param {Meta["bounds"]} bounds Of all sites.
 */
function fitted(map, canvas, bounds) {
  const size = map.getSize();
  const isPrinting = document.documentElement.classList.contains("printing");
  const ratio = isPrinting ? 2 : Math.min(window.devicePixelRatio || 1, 2);
  const [padX, padY] = [Math.round(size.x * PAD), Math.round(size.y * PAD)];
  const [width, height] = [size.x + 2 * padX, size.y + 2 * padY];
  const origin = map.containerPointToLayerPoint([-padX, -padY]);
  L.DomUtil.setPosition(canvas, origin);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = context2d(canvas);
  context.scale(ratio, ratio);
  const pixels = 256 * 2 ** map.getZoom();
  const corner = /** @type {Point} */ (map.getPixelBounds().min)
    .subtract([padX, padY]);
  const edges = worldEdges(map, /** @type {Corners | null} */ (bounds));
  /**
   * @template {{ x: number, y: number }} T
   * @param {T[]} items In worlds.
   * @param {number} margin
   * @returns {T[]} In pixels of the canvas, where the map shows the world.
   */
  const inView = (items, margin) => {
    const found = [];
    for (const item of items) {
      const y = item.y * pixels - corner.y;
      if (y < -margin || y > Math.min(height + margin, edges.south - origin.y)) continue;
      const first = Math.ceil((corner.x - margin) / pixels - item.x);
      const last = Math.floor((corner.x + width + margin) / pixels - item.x);
      for (let turn = first; turn <= last; turn++) {
        const x = (item.x + turn) * pixels - corner.x;
        const isOnWorld = x >= edges.west - origin.x && x <= edges.east - origin.x;
        if (isOnWorld) found.push({ ...item, x, y });
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
