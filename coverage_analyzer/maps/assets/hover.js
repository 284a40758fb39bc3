// What is under the pointer: the name of a site, the shares of a cluster, a center, or the areas.

import { areasAt } from "./areas.js";
import { centerNear, shownCenters } from "./centers.js";
import { textAt } from "./data.js";
import { styleOf } from "./marks.js";
import { sitesNear } from "./points.js";
import { THEME } from "./theme.js";
import { counted, element, later, limitWords, quantity, share } from "./words.js";

const NAMED = 4; // so many areas or sites are named, and the rest is counted
const HOVER_MS = 40;

/** @param {App} app */
export function listenToHover(app) {
  const { map } = app;
  const hover = later(HOVER_MS, () => {
    const found = app.pointer ? linesAt(app, app.pointer) : { lines: [], isMark: false };
    map.getContainer().classList.toggle("on-mark", found.isMark);
    showHint(app, app.pointer, found.lines);
  });
  map.on("mousemove", ({ latlng }) => {
    app.pointer = latlng;
    hover();
  });
  map.on("mouseout movestart", () => {
    app.pointer = null;
    hover();
  });
}

/**
 * Shows some lines at a place of the map, or none.
 *
 * @param {App} app
 * @param {LatLng | null} place
 * @param {string[]} lines
 */
export function showHint({ map, hint }, place, lines) {
  if (!place || !lines.length) {
    map.removeLayer(hint);
    return;
  }
  const box = element("div");
  for (const line of lines) box.append(element("div", line));
  hint.setLatLng(place).setContent(box).addTo(map);
}

/**
 * What is at a place, the nearest to the reader first, and whether it can be clicked.
 *
 * @param {App} app
 * @param {LatLng} place
 */
function linesAt(app, place) {
  const { map, layers } = app;
  const isOn = (/** @type {"sites" | "centers"} */ name) => map.hasLayer(layers[name].layer);
  const cluster = isOn("sites") ? app.clusters.at(map, place) : null;
  if (cluster) return { lines: clusterLines(app, cluster), isMark: true };
  const some = isOn("sites") ? sitesNear(app.clusters, map, place) : [];
  const center = isOn("centers") ? centerNear(shownCenters(app), map, place) : null;
  const names = [...siteLines(app, some), ...(center ? [centerWords(center)] : [])];
  if (names.length) return { lines: names, isMark: true };
  const shapes = app.shapes.filter(({ planned }) =>
    map.hasLayer((planned ? layers.planned : layers.areas).layer));
  return { lines: areaLines(app, areasAt(shapes, place)), isMark: false };
}

/**
 * @param {App} app
 * @param {import("./clusters.js").Cluster} cluster
 */
function clusterLines({ meta }, { total, counts }) {
  const lines = meta.statuses.map((status, number) => (counts[number]
    ? `${counted(counts[number])} (${share(counts[number], total)}) ${THEME.statuses[status].words}`
    : ""));
  return [quantity(total, "site"), ...lines.filter(Boolean)];
}

/**
 * Sites by id, name and status.
 *
 * @param {App} app
 * @param {number[]} some
 */
export function siteLines(app, some) {
  const { texts } = app;
  const lines = some.slice(0, NAMED).map((i) => {
    const names = texts ? [textAt(texts.id, i), textAt(texts.name, i)] : [];
    return [...names, styleOf(app, i).words].filter(Boolean).join(", ");
  });
  if (some.length > NAMED) lines.push(`and ${counted(some.length - NAMED)} more`);
  return lines;
}

/** @param {Center} center */
function centerWords(center) {
  return [center.id, center.name].filter(Boolean).join(", ");
}

/**
 * @param {App} app
 * @param {Area[]} areas
 */
function areaLines(app, areas) {
  const lines = areas.slice(0, NAMED).map((area) => {
    const center = app.meta.centers[area.center];
    const { unit } = app.meta;
    const above = area.above ? `above ${limitWords(area.above, unit)}, up to ` : "";
    const limit = limitWords(area.limit ?? 0, unit);
    const band = above && unit !== "km" ? `${area.above} to ${area.limit} mi` : above + limit;
    const opens = area.planned ? `, opens ${center.opens_on}` : "";
    return `${center.id}: ${band}, ${quantity(center.served, "qualified site")}${opens}`;
  });
  if (areas.length > NAMED) lines.push(`and ${areas.length - NAMED} more`);
  return lines;
}
