// What a click on the map, a result of the search or a row of the table tells.

import { centerNear, shownCenters } from "./centers.js";
import { sitesNear } from "./points.js";
import { centerPage, placePage, sitePage } from "./site-page.js";
import { foot, zoomToCluster } from "./view.js";

const WIDEST = 340; // pixels of a popup's text
const FRAME = 47; // pixels of a popup beside its text
const LOWEST = 120; // pixels of its height, even where the map is lower
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
  const credits = foot(app.map);
  page.style.maxHeight = `${Math.max(LOWEST, size.y - 5 * EDGE - credits)}px`;
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
function sitesAt(app, latlng) {
  return isOn(app, "sites") ? sitesNear(app.clusters, app.map, latlng) : [];
}

/**
 * Whether a layer is shown.
 *
 * @param {App} app
 * @param {"sites" | "centers"} name
 */
function isOn({ map, layers }, name) {
  return map.hasLayer(layers[name].layer);
}

/**
 * A place as it is next to what the map shows now, be it beyond 180 degrees.
 *
 * @param {App} app
 * @param {number} lat
 * @param {number} lon
 */
export function besideView(app, lat, lon) {
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
  const { map, sites } = app;
  map.on("click", async ({ latlng }) => {
    if (app.takeClick(latlng)) return;
    const cluster = isOn(app, "sites") ? app.clusters.at(map, latlng) : null; // above centers
    if (cluster && zoomToCluster(app, cluster)) return;
    const center = isOn(app, "centers") ? centerNear(shownCenters(app), map, latlng) : null;
    const some = cluster ? app.clusters.sitesOf(cluster) : sitesAt(app, latlng);
    const place = { centers: center ? [center] : [], sites: some };
    if (!center && !some.length) return;
    await app.textsReady;
    const [lat, lon] = center ? [center.lat, center.lon]
      : [sites.lat(place.sites[0]), sites.lon(place.sites[0])];
    openPopup(app, besideView(app, lat, lon), placePage(app, place));
  });
  app.wrapper.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") map.closePopup();
  });
}
