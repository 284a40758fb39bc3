// The marks of sites: their shapes and colours on the map, in the legend and in lists.

import { THEME } from "./theme.js";
import { context2d, element } from "./words.js";

/** @typedef {import("./theme.js").SiteStyle} SiteStyle */

/**
 * How a site is drawn, by its status.
 *
 * @param {App} app
 * @param {number} i
 * @returns {SiteStyle}
 */
export function styleOf(app, i) {
  return THEME.statuses[app.meta.statuses[app.sites.status[i]]];
}

/**
 * Draws a shape with the context's colours.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} shape
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function drawShape(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "triangle") {
    context.moveTo(x, y - 1.3 * r);
    context.lineTo(x + 1.2 * r, y + r);
    context.lineTo(x - 1.2 * r, y + r);
    context.closePath();
  } else if (shape === "triangle-down") {
    context.moveTo(x, y + 1.3 * r);
    context.lineTo(x + 1.2 * r, y - r);
    context.lineTo(x - 1.2 * r, y - r);
    context.closePath();
  } else if (shape === "cross") {
    const arm = 0.45 * r;
    const end = 1.3 * r;
    const corners = [[-arm, -end], [arm, -end], [arm, -arm], [end, -arm], [end, arm], [arm, arm],
      [arm, end], [-arm, end], [-arm, arm], [-end, arm], [-end, -arm], [-arm, -arm]];
    for (const [dx, dy] of corners) context.lineTo(x + dx, y + dy);
    context.closePath();
  } else {
    context.moveTo(x, y - 1.4 * r);
    context.lineTo(x + 1.4 * r, y);
    context.lineTo(x, y + 1.4 * r);
    context.lineTo(x - 1.4 * r, y);
    context.closePath();
  }
  context.fill();
  context.stroke();
}

/**
 * A mark for lists: a canvas of 16 pixels, drawn at twice the size.
 *
 * @param {(context: CanvasRenderingContext2D) => void} draw
 */
export function mark(draw) {
  const made = element("canvas", undefined, "mark");
  made.width = made.height = 32;
  made.setAttribute("aria-hidden", "true");
  const context = context2d(made);
  context.scale(2, 2);
  draw(context);
  return made;
}

/**
 * The mark of a status.
 *
 * @param {SiteStyle} style
 */
export function symbolMark(style) {
  return mark((context) => {
    context.fillStyle = style.color;
    context.strokeStyle = THEME.symbolEdge;
    drawShape(context, style.shape, 8, 8, 4.8);
  });
}
