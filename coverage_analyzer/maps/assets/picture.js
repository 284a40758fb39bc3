// The view as a picture: the map as it is on the screen, with title, legend, scale and credits.

import { symbolMark } from "./marks.js";
import { THEME } from "./theme.js";
import { allDrawn } from "./tiles.js";
import { worldEdges } from "./view.js";
import { context2d, counted, element, quantity, share, themeColor } from "./words.js";

const FONT = "system-ui, sans-serif";
const EDGE = 12; // pixels round texts
const TITLE = 46; // pixels of height
const ROW = 22;
const SCALE_PIXELS = 120;
const METRES_PER_MILE = 1609.344;

/** @typedef {import("./view.js").Corners} Corners */
/** @typedef {{ x: number, y: number, width: number, height: number }} Frame */

/**
 * The canvases of the map, the lowest first.
 *
 * @param {LeafletMap} map
 */
function canvasesOf(map) {
  const depth = (/** @type {Element | null} */ part) =>
    (part ? Number(getComputedStyle(part).zIndex) || 0 : 0);
  const all = [...map.getPane("mapPane")?.querySelectorAll("canvas") ?? []].map((canvas) => ({
    canvas,
    pane: depth(canvas.closest(".leaflet-pane")),
    layer: depth(canvas.closest(".leaflet-layer")),
  }));
  return all.sort((a, b) => a.pane - b.pane || a.layer - b.layer).map(({ canvas }) => canvas);
}

/**
 * Draws the map as it is seen, without what a tile server sent: that may not be saved.
 *
 * @param {App} app
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function drawMap({ map, meta }, context, frame) {
  const corners = /** @type {Corners | null} */ (meta.bounds);
  const { west, north, east, south } = worldEdges(map, corners);
  const top = map.containerPointToLayerPoint([0, 0]);
  const box = map.getContainer().getBoundingClientRect();
  context.save();
  context.translate(frame.x, frame.y);
  context.beginPath();
  context.rect(0, 0, frame.width, frame.height);
  context.clip();
  context.fillStyle = themeColor("--sea");
  context.fillRect(0, 0, frame.width, frame.height);
  context.beginPath();
  context.rect(west - top.x, north - top.y, east - west, south - north);
  context.clip();
  for (const canvas of canvasesOf(map)) {
    const { left, top: above, width, height } = canvas.getBoundingClientRect();
    if (!canvas.width || !width) continue;
    context.drawImage(canvas, left - box.left, above - box.top, width, height);
  }
  context.restore();
}

/**
 * Draws a scale in miles and kilometres, true in the middle of the view.
 *
 * @param {LeafletMap} map
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
function drawScale(map, context, frame) {
  const middle = map.getCenter();
  const metres = middle.distanceTo(map.unproject(map.project(middle).add([SCALE_PIXELS, 0])));
  if (!(metres > 0)) return;
  context.globalAlpha = 0.8;
  context.fillStyle = themeColor("--paper");
  context.fillRect(frame.x, frame.y + frame.height - 44, SCALE_PIXELS + 70, 44);
  context.globalAlpha = 1;
  context.strokeStyle = context.fillStyle = themeColor("--ink");
  context.lineWidth = 1.5;
  context.font = `11px ${FONT}`;
  context.textAlign = "left";
  [["mi", METRES_PER_MILE], ["km", 1000]].forEach(([name, unit], i) => {
    const most = metres / Number(unit);
    const power = 10 ** Math.floor(Math.log10(most));
    const steps = [1, 2, 5].map((n) => n * power).filter((n) => n <= most);
    const long = (Math.max(...steps) * Number(unit) * SCALE_PIXELS) / metres;
    const [x, y] = [frame.x + EDGE, frame.y + frame.height - 30 + 18 * i];
    context.beginPath();
    context.moveTo(x, y - 5);
    context.lineTo(x, y);
    context.lineTo(x + long, y);
    context.lineTo(x + long, y - 5);
    context.stroke();
    context.fillText(`${counted(Math.max(...steps))} ${name}`, x + long + 6, y - 3);
  });
}

/**
 * The legend's entries in rows, as wide as the picture allows.
 *
 * @param {App} app
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 */
function legendRows({ meta, inView }, context, width) {
  context.font = `13px ${FONT}`;
  /** @type {{ mark: HTMLCanvasElement, text: string, x: number }[][]} */
  const rows = [[]];
  let x = EDGE;
  meta.statuses.forEach((status, number) => {
    if (!meta.counts[number]) return;
    const { words } = THEME.statuses[status];
    const count = inView.counts[number];
    const text = `${words}: ${counted(count)} (${share(count, inView.total)})`;
    const wide = 24 + context.measureText(text).width + 18;
    if (x + wide > width && x > EDGE) {
      rows.push([]);
      x = EDGE;
    }
    rows[rows.length - 1].push({ mark: symbolMark(THEME.statuses[status]), text, x });
    x += wide;
  });
  return rows;
}

/**
 * The picture of the view.
 *
 * @param {App} app
 */
function pictureOf(app) {
  const { map, meta } = app;
  const { x: width, y: height } = map.getSize();
  const canvas = element("canvas");
  const context = context2d(canvas);
  const legend = legendRows(app, context, width);
  const ratio = Math.max(1, Math.min(window.devicePixelRatio || 1, 2));
  const below = TITLE + height;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round((below + EDGE / 2 + legend.length * ROW + ROW) * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = themeColor("--paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = "middle";
  const write = (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y,
    /** @type {string} */ font, color = "--ink") => {
    context.font = `${font} ${FONT}`;
    context.fillStyle = themeColor(color);
    context.fillText(text, x, y, width - x - EDGE);
  };
  write(meta.title, EDGE, 15, "600 16px");
  const count = `${quantity(app.inView.total, "site")} in view`;
  const about = [app.whatIf?.words(), meta.policy, `as of ${meta.as_of}`, count];
  write(about.filter(Boolean).join(", "), EDGE, 34, "13px", "--faint");
  const frame = { x: 0, y: TITLE, width, height };
  drawMap(app, context, frame);
  context.textBaseline = "middle";
  drawScale(map, context, frame);
  legend.forEach((row, number) => {
    const y = below + EDGE / 2 + ROW * (number + 0.5);
    for (const { mark, text, x } of row) {
      context.drawImage(mark, x, y - 8, 16, 16);
      write(text, x + 22, y, "13px");
    }
  });
  write(meta.attribution, EDGE, below + EDGE / 2 + ROW * (legend.length + 0.5), "11px", "--faint");
  return canvas;
}

/**
 * Saves the view as a PNG file.
 *
 * @param {App} app
 */
export async function savePicture(app) {
  await allDrawn();
  app.update(); // the counts are those of the view, whatever is still waiting
  const canvas = pictureOf(app);
  const blob = await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  const link = element("a");
  link.href = URL.createObjectURL(/** @type {Blob} */ (blob));
  link.download = "map-view.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  app.say(`Picture of the view saved as ${link.download}`);
}
