// The map of a comparison: the changed sites, with the status before on the left of a line and the
// status after on its right.

import { drawShape } from "./marks.js";
import { UNITS, mercatorSouth } from "./mercator.js";
import { landPath } from "./outline.js";
import { button, context2d, counted, element, themeColor } from "./words.js";

const RADIUS = 4.5;
const MARGIN = 1.2;
const LEAST_SPAN = 0.006;
const CLOSEST = 2e8;
const STEP = 60;
const ZOOM = 1.6;
const HANDLE = 12;

/**
 * @typedef {{ label: string, color: string, shape: string }} StatusStyle
 * @typedef {{ kind: string, lon: number[], lat: number[], before: number[], after: number[] }} Dots
 * @typedef {{ x: number, y: number, before: number, after: number }} Place
 * @typedef {{ scale: number, left: number, top: number }} View
 */

/**
 * Places in Web Mercator, from 0 to 1 eastward and southward.
 *
 * @param {Dots[]} groups
 * @returns {Place[]}
 */
export function placesOf(groups) {
  return groups.flatMap((group) => group.lon.map((lon, i) => ({
    x: lon / UNITS / 360 + 0.5,
    y: mercatorSouth(group.lat[i] / UNITS),
    before: group.before[i],
    after: group.after[i],
  })));
}

/**
 * The view that shows all places: pixels per world, and what is at the left and top edge.
 *
 * @param {Place[]} places
 * @param {number} width
 * @param {number} height
 * @returns {View}
 */
export function viewOf(places, width, height) {
  let [west, east, north, south] = [1, 0, 1, 0];
  for (const { x, y } of places) {
    [west, east] = [Math.min(west, x), Math.max(east, x)];
    [north, south] = [Math.min(north, y), Math.max(south, y)];
  }
  const across = Math.max(east - west, LEAST_SPAN) * MARGIN;
  const down = Math.max(south - north, LEAST_SPAN) * MARGIN;
  const scale = Math.min(width / across, height / down);
  return {
    scale,
    left: (west + east) / 2 - width / scale / 2,
    top: (north + south) / 2 - height / scale / 2,
  };
}

export class ChangeMap {
  /**
   * @param {HTMLElement} holder
   * @param {Dots[]} dots
   * @param {StatusStyle[]} statuses
   * @param {Topology} topology
   */
  constructor(holder, dots, statuses, topology) {
    this.places = placesOf(dots);
    this.statuses = statuses;
    this.land = landPath(topology);
    this.part = 0.5;
    this.view = { scale: 1, left: 0, top: 0 };
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `Map of ${counted(this.places.length)} changed sites, `
      + "with the status before on the left of the line and the status after on its right. Arrow "
      + "keys move the map, plus and minus zoom.");
    this.slider = this.slide();
    holder.append(this.bar(), this.canvas, this.legend());
    this.fit();
    this.listen();
  }

  slide() {
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: 1000, value: 500 });
    slider.setAttribute("aria-label", "Line between before (A) and after (B)");
    slider.addEventListener("input", () => {
      this.part = Number(slider.value) / 1000;
      this.draw();
    });
    return slider;
  }

  bar() {
    const bar = element("div", undefined, "bar");
    const zoomIn = button("+", () => this.zoom(ZOOM));
    const zoomOut = button("−", () => this.zoom(1 / ZOOM));
    zoomIn.setAttribute("aria-label", "Zoom in");
    zoomOut.setAttribute("aria-label", "Zoom out");
    bar.append(
      element("strong", "A (before)"), this.slider, element("strong", "B (after)"),
      zoomIn, zoomOut, button("Show all", () => this.fit()),
    );
    return bar;
  }

  legend() {
    const list = element("ul", undefined, "legend");
    const used = new Set(this.places.flatMap((place) => [place.before, place.after]));
    this.statuses.forEach(({ label, color, shape }, i) => {
      if (!used.has(i)) return;
      const item = element("li");
      const picture = document.createElement("canvas");
      Object.assign(picture, { width: 16, height: 16 });
      picture.setAttribute("aria-hidden", "true");
      const pen = context2d(picture);
      pen.fillStyle = color;
      pen.strokeStyle = "transparent";
      drawShape(pen, shape, 8, 8, RADIUS);
      item.append(picture, label);
      list.append(item);
    });
    if (used.has(-1)) list.append(element("li", "○ not in this report"));
    return list;
  }

  size() {
    return [this.canvas.clientWidth || 800, this.canvas.clientHeight || 500];
  }

  fit() {
    const [width, height] = this.size();
    this.view = viewOf(this.places, width, height);
    this.draw();
  }

  /**
   * @param {number} factor
   * @param {number} [x] The place of the canvas that stays, by default its middle.
   * @param {number} [y]
   */
  zoom(factor, x = this.size()[0] / 2, y = this.size()[1] / 2) {
    const { scale, left, top } = this.view;
    const next = Math.min(Math.max(scale * factor, this.size()[0] / 2), CLOSEST);
    this.view = {
      scale: next, left: left + x / scale - x / next, top: top + y / scale - y / next,
    };
    this.draw();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  move(dx, dy) {
    this.view.left -= dx / this.view.scale;
    this.view.top -= dy / this.view.scale;
    this.draw();
  }

  /** @param {number} part */
  moveLine(part) {
    this.part = Math.min(Math.max(part, 0), 1);
    this.slider.value = String(Math.round(this.part * 1000));
    this.draw();
  }

  listen() {
    const { canvas } = this;
    /** @type {{ x: number, y: number, isLine: boolean } | null} */
    let held = null;
    const isOnLine = (/** @type {PointerEvent} */ event) => (
      Math.abs(event.offsetX - this.part * this.size()[0]) < HANDLE
    );
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held = { x: event.offsetX, y: event.offsetY, isLine: isOnLine(event) };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) canvas.style.cursor = isOnLine(event) ? "ew-resize" : "grab";
      else if (held.isLine) this.moveLine(event.offsetX / this.size()[0]);
      else {
        this.move(event.offsetX - held.x, event.offsetY - held.y);
        held = { ...held, x: event.offsetX, y: event.offsetY };
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => { held = null; });
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => this.move(STEP, 0),
      ArrowRight: () => this.move(-STEP, 0),
      ArrowUp: () => this.move(0, STEP),
      ArrowDown: () => this.move(0, -STEP),
      "+": () => this.zoom(ZOOM),
      "-": () => this.zoom(1 / ZOOM),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  draw() {
    const [width, height] = this.size();
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = context2d(this.canvas);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = themeColor("--sea");
    pen.fillRect(0, 0, width, height);
    const scale = ratio * this.view.scale;
    pen.setTransform(scale, 0, 0, scale, -this.view.left * scale, -this.view.top * scale);
    pen.fillStyle = themeColor("--land");
    pen.fill(this.land, "evenodd");
    pen.strokeStyle = themeColor("--border");
    pen.lineWidth = 0.8 / this.view.scale;
    pen.stroke(this.land);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const line = this.part * width;
    this.drawSide(pen, "before", [0, line]);
    this.drawSide(pen, "after", [line, width]);
    this.drawLine(pen, line, height);
  }

  /**
   * The sites of one report in the part of the map that is its own; those that the report does not
   * have are rings.
   *
   * @param {CanvasRenderingContext2D} pen
   * @param {"before" | "after"} name
   * @param {number[]} edges
   */
  drawSide(pen, name, [west, east]) {
    const { scale, left, top } = this.view;
    const height = this.size()[1];
    const [paper, ink] = [themeColor("--paper"), themeColor("--ink")];
    pen.save();
    pen.beginPath();
    pen.rect(west, 0, east - west, height);
    pen.clip();
    pen.lineWidth = 1;
    for (const place of this.places) {
      const x = (place.x - left) * scale;
      const y = (place.y - top) * scale;
      if (x < west - RADIUS || x > east + RADIUS || y < -RADIUS || y > height + RADIUS) continue;
      const style = this.statuses[place[name]];
      pen.fillStyle = style ? style.color : "transparent";
      pen.strokeStyle = style ? paper : ink;
      drawShape(pen, style ? style.shape : "circle", x, y, RADIUS);
    }
    pen.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} x
   * @param {number} height
   */
  drawLine(pen, x, height) {
    pen.strokeStyle = themeColor("--ink");
    pen.fillStyle = themeColor("--ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
    pen.stroke();
    pen.font = "600 14px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.fillText("A", x - 8, 18);
    pen.textAlign = "left";
    pen.fillText("B", x + 8, 18);
  }
}
