// What a click on the map, a result of the search or a row of the table tells.

import { areasAt } from "./areas.js";
import { centerNear, shownCenters } from "./centers.js";
import { sitesNear } from "./points.js";
import { centerPage, placePage, sitePage } from "./site-page.js";
import { element, later, limitWords, quantity } from "./words.js";

const WIDEST = 340; // pixels of a popup's text
const FRAME = 47; // pixels of a popup beside its text
const EDGE = 20; // pixels between a popup and the edge of the map

/**
 * Opens a popup; with `focus`, for somebody who has no pointer.
 *
 * @param {App} app
 * @param {LatLng} latlng
 * @param {HTMLElement} page
 * @param {{ focus?: boolean }} [options]
 */
function openPopup(app, latlng, page, { focus = false } = {}) {
  const size = app.map.getSize();
  app.popup.options.maxWidth = Math.min(WIDEST, size.x - FRAME - 2 * EDGE);
  page.style.maxHeight = `${Math.max(120, size.y - 5 * EDGE)}px`;
  const cameFrom = /** @type {HTMLElement | null} */ (document.activeElement);
  app.popup.setLatLng(latlng).setContent(page).openOn(app.map);
  if (!focus) return;
  page.querySelector("h2")?.focus();
  app.map.once("popupclose", () => cameFrom?.focus());
}

/**
 * The sites at a place of the map, the nearest first, if they are shown.
 *
 * @param {App} app
 * @param {LatLng} latlng
 */
function sitesAt({ map, layers, sites }, latlng) {
  return map.hasLayer(layers.sites.layer) ? sitesNear(sites, map, latlng) : [];
}

/**
 * A place as it is next to what the map shows now, be it beyond 180 degrees.
 *
 * @param {App} app
 * @param {number} lat
 * @param {number} lon
 */
function besideView(app, lat, lon) {
  const turns = Math.round((app.map.getCenter().lng - lon) / 360);
  return L.latLng(lat, lon + 360 * turns);
}

/**
 * Shows a site with its popup.
 *
 * @param {App} app
 * @param {number} i
 */
export async function goToSite(app, i) {
  await app.textsReady;
  const latlng = besideView(app, app.sites.lat(i), app.sites.lon(i));
  app.map.setView(latlng, Math.max(app.map.getZoom(), 9), { animate: false });
  openPopup(app, latlng, sitePage(app, { centers: [], sites: [i] }, i), { focus: true });
}

/**
 * Shows a center with its popup.
 *
 * @param {App} app
 * @param {Center} center
 */
export async function goToCenter(app, center) {
  await app.textsReady;
  const latlng = besideView(app, center.lat, center.lon);
  app.map.setView(latlng, Math.max(app.map.getZoom(), 7), { animate: false });
  const place = { centers: [center], sites: sitesAt(app, latlng) };
  openPopup(app, latlng, centerPage(app, place, center), { focus: true });
}

/**
 * Opens popups where the map is clicked, and hints under the pointer.
 *
 * @param {App} app
 */
export function listenToPointer(app) {
  const { map, sites, layers } = app;
  map.on("click", async ({ latlng }) => {
    const center = map.hasLayer(layers.centers.layer)
      ? centerNear(shownCenters(app), map, latlng) : null;
    const place = { centers: center ? [center] : [], sites: sitesAt(app, latlng) };
    if (!center && !place.sites.length) return;
    await app.textsReady;
    const [lat, lon] = center ? [center.lat, center.lon]
      : [sites.lat(place.sites[0]), sites.lon(place.sites[0])];
    openPopup(app, besideView(app, lat, lon), placePage(app, place));
  });
  const hover = later(40, () => showHover(app));
  map.on("mousemove", ({ latlng }) => {
    app.pointer = latlng;
    hover();
  });
  map.on("mouseout movestart", () => {
    app.pointer = null;
    hover();
  });
  app.wrapper.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") map.closePopup();
  });
}

const HOVERED = 4; // so many areas are meta, and the rest counted

/** @param {App} app */
function showHover(app) {
  const { map, pointer, hint, layers } = app;
  const shapes = pointer ? app.shapes.filter((area) => map.hasLayer(
    (area.planned ? layers.planned : layers.areas).layer)) : [];
  const center = pointer && map.hasLayer(layers.centers.layer)
    ? centerNear(shownCenters(app), map, pointer) : null;
  const lines = center ? [[center.id, center.name].filter(Boolean).join(", ")]
    : areaLines(app, pointer ? areasAt(shapes, pointer) : []);
  if (!pointer || !lines.length) return map.removeLayer(hint);
  const box = element("div");
  for (const line of lines) box.append(element("div", line));
  return hint.setLatLng(pointer).setContent(box).addTo(map);
}

/**
 * @param {App} app
 * @param {Area[]} areas
 */
function areaLines(app, areas) {
  const lines = areas.slice(0, HOVERED).map((area) => {
    const center = app.meta.centers[area.center];
    const band = area.above ? `${area.above} to ${area.limit} mi` : limitWords(area.limit ?? 0);
    const opens = area.planned ? `, opens ${center.opens_on}` : "";
    return `${center.id}: ${band}, ${quantity(center.served, "qualified site")}${opens}`;
  });
  if (areas.length > HOVERED) lines.push(`and ${areas.length - HOVERED} more`);
  return lines;
}
