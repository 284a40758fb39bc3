// The printed sheet. Tiles are drawn between two frames, and a printer waits for none; so the view
// is drawn at once into one picture, in light colours, which replaces the map on paper.

import { TILE } from "./tiles.js";
import { worldEdges } from "./view.js";
import { context2d, counted, element, labelled, themeColor } from "./words.js";

const DETAIL = 2; // pixels of the picture to a pixel of the screen
const MOST_PIXELS = 16e6;
const SCALE_PIXELS = 160;
const SCALE_UNITS = /** @type {[string, number][]} */ ([["mi", 1609.344], ["km", 1000]]);
const PRINTING = "printing";

/**
 * Draws the part of the map that is in view, layer by layer.
 *
 * @param {LeafletMap} map
 * @param {import("./view.js").Corners | null} corners Of all sites.
 * @param {HTMLCanvasElement} canvas
 */
function drawView(map, corners, canvas) {
  const { x: width, y: height } = map.getSize();
  const detail = Math.min(DETAIL, Math.sqrt(MOST_PIXELS / Math.max(width * height, 1)));
  // What is drawn on the canvas itself while printing becomes paths: megabytes for a million sites.
  const pixels = new OffscreenCanvas(
    Math.max(1, Math.round(width * detail)), Math.max(1, Math.round(height * detail)),
  );
  const context = /** @type {CanvasRenderingContext2D} */ (
    /** @type {unknown} */ (pixels.getContext("2d")));
  context.scale(detail, detail);
  context.save();
  clipWorld(map, corners, context);
  drawImages(map, context);
  /** @type {any[]} */
  const layers = [];
  map.eachLayer((layer) => { if ("drawTile" in layer) layers.push(layer); });
  layers.sort((a, b) => (a.options.zIndex || 0) - (b.options.zIndex || 0));
  for (const layer of layers) drawLayer(map, context, layer, detail);
  drawNames(map, context);
  context.restore();
  // Last, and below all: a layer may erase what another has drawn, down to the sea.
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = themeColor("--sea");
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "source-over";
  drawScale(map, context);
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  context2d(canvas).drawImage(pixels, 0, 0);
}

/**
 * Leaves out what the screen leaves out: the copies of the world.
 *
 * @param {LeafletMap} map
 * @param {import("./view.js").Corners | null} corners
 * @param {CanvasRenderingContext2D} context
 */
function clipWorld(map, corners, context) {
  const { west, north, east, south } = worldEdges(map, corners);
  const top = map.containerPointToLayerPoint([0, 0]);
  context.beginPath();
  context.rect(west - top.x, north - top.y, east - west, south - north);
  context.clip();
}

/**
 * Draws a layer of tiles.
 *
 * @param {LeafletMap} map
 * @param {CanvasRenderingContext2D} context
 * @param {{ drawTile: (context: CanvasRenderingContext2D, tile: Tile) => void }} layer
 * @param {number} detail
 */
function drawLayer(map, context, layer, detail) {
  const bounds = map.getPixelBounds();
  const [left, top] = [/** @type {any} */ (bounds.min).x, /** @type {any} */ (bounds.min).y];
  const size = map.getSize();
  const zoom = Math.round(map.getZoom());
  const side = TILE * 2 ** (map.getZoom() - zoom);
  const across = 2 ** zoom;
  const lastRow = Math.min(across - 1, Math.floor((top + size.y) / side));
  for (let row = Math.max(0, Math.floor(top / side)); row <= lastRow; row++) {
    for (let column = Math.floor(left / side); column * side < left + size.x; column++) {
      context.save();
      context.translate(column * side - left, row * side - top);
      context.scale(side / TILE, side / TILE);
      context.beginPath();
      context.rect(0, 0, TILE, TILE);
      context.clip();
      layer.drawTile(context, {
        zoom,
        west: (((column % across) + across) % across) / across,
        north: row / across,
        pixels: TILE * across,
        ratio: detail,
        unit: TILE / side,
      });
      context.restore();
    }
  }
}

/**
 * Draws the layers that are one canvas over the view, such as that of names.
 *
 * @param {LeafletMap} map
 * @param {CanvasRenderingContext2D} context
 */
function drawNames(map, context) {
  const frame = map.getContainer().getBoundingClientRect();
  map.eachLayer((layer) => {
    if (!("drawOn" in layer)) return;
    const { canvas } = /** @type {any} */ (layer).redraw();
    const box = canvas.getBoundingClientRect();
    const [left, top] = [box.left - frame.left, box.top - frame.top];
    context.drawImage(canvas, left, top, box.width, box.height);
  });
}

/**
 * Draws the images of a tile server that are there.
 *
 * @param {LeafletMap} map
 * @param {CanvasRenderingContext2D} context
 */
function drawImages(map, context) {
  const frame = map.getContainer().getBoundingClientRect();
  for (const image of map.getPane("tilePane")?.querySelectorAll("img.leaflet-tile-loaded") || []) {
    const box = image.getBoundingClientRect();
    context.drawImage(
      /** @type {HTMLImageElement} */ (image), box.left - frame.left, box.top - frame.top,
      box.width, box.height,
    );
  }
}

/**
 * Draws a scale in miles and kilometres, true in the middle of the view.
 *
 * @param {LeafletMap} map
 * @param {CanvasRenderingContext2D} context
 */
function drawScale(map, context) {
  const { x: width, y: height } = map.getSize();
  const pixels = Math.min(SCALE_PIXELS, width / 4);
  const middle = map.getCenter();
  const east = map.unproject(map.project(middle).add([pixels, 0]));
  const metres = middle.distanceTo(east);
  if (!(metres > 0)) return;
  context.fillStyle = themeColor("--paper");
  context.globalAlpha = 0.8;
  context.fillRect(8, height - 48, pixels + 96, 40);
  context.globalAlpha = 1;
  context.strokeStyle = context.fillStyle = themeColor("--ink");
  context.lineWidth = 1.5;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  SCALE_UNITS.forEach(([unit, length], i) => {
    const most = metres / length;
    const power = 10 ** Math.floor(Math.log10(most));
    const step = Math.max(...[1, 2, 5].map((n) => n * power).filter((n) => n <= most));
    const long = (step * length * pixels) / metres;
    const y = height - 32 + i * 18;
    context.beginPath();
    context.moveTo(14, y - 6);
    context.lineTo(14, y);
    context.lineTo(14 + long, y);
    context.lineTo(14 + long, y - 6);
    context.stroke();
    context.fillText(`${counted(step)} ${unit}`, 20 + long, y);
  });
}

/**
 * The filters that are set, as text.
 *
 * @param {App} app
 */
function filterWords(app) {
  const words = [];
  const selects = /** @type {NodeListOf<HTMLSelectElement>} */ (
    app.wrapper.querySelectorAll(".filters select"));
  for (const select of selects) {
    const chosen = select.selectedOptions[0];
    if (!chosen || select.selectedIndex === 0) continue;
    const label = select.closest("label")?.querySelector("span")?.textContent || "";
    words.push(`${label}: ${chosen.textContent}`);
  }
  return words.join("; ");
}

/**
 * Prepares the sheet whenever the page is printed, and gives the screen back afterwards.
 *
 * @param {App} app
 */
export function printSheet(app) {
  const { map, meta } = app;
  const sheet = element("figure", undefined, "printed");
  const canvas = labelled("canvas", "Map of sites, centers and coverage areas");
  const caption = element("figcaption");
  sheet.append(canvas, caption);
  app.main.append(sheet);
  const root = document.documentElement;
  const prepare = () => {
    if (!map.getSize().x || root.classList.contains(PRINTING)) return;
    root.classList.add(PRINTING); // light colours, before paper has its own
    app.update();
    drawView(map, /** @type {any} */ (meta.bounds), canvas);
    const filters = filterWords(app);
    caption.textContent = [
      `As of ${meta.as_of}`, filters && `only ${filters}`, app.whatIf?.words(),
      meta.attribution, meta.tiles?.credit,
    ].filter(Boolean).join(". ");
  };
  const finish = () => {
    root.classList.remove(PRINTING);
    map.eachLayer((layer) => { if ("drawOn" in layer) /** @type {any} */ (layer).redraw(); });
    canvas.style.imageRendering = "";
    canvas.width = canvas.height = 0; // a large picture that nobody sees
    map.invalidateSize({ animate: false });
  };
  window.addEventListener("beforeprint", ({ isTrusted }) => {
    prepare();
    // Chromium shrinks a picture a little that it smooths on paper, where each pixel has its place.
    if (isTrusted) canvas.style.imageRendering = "pixelated";
  });
  window.addEventListener("afterprint", finish);
  // Where the medium changes without these events.
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? prepare : finish)());
}
