// What a click on the map, a result of the search or a row of the table tells.

import { centerNear } from "./centers.js";
import { textAt } from "./data.js";
import { styleOf, symbolMark } from "./marks.js";
import { sitesNear } from "./points.js";
import { zoomToCluster } from "./view.js";
import { button, counted, element, limitWords, milesAndKm, rowsTable } from "./words.js";

/**
 * The rows of a site's page.
 *
 * @param {App} app
 * @param {number} i
 * @returns {[string, string | number | null | undefined][]}
 */
function siteRows(app, i) {
  const { meta, sites } = app;
  const center = meta.centers[sites.center[i]];
  const { limit, distance, margin } = sites.figures(i);
  const side = margin !== null && margin < 0 ? "beyond the limit" : "within the limit";
  return [
    ["name", textAt(app.texts.name, i)],
    ["level", meta.levels[sites.level[i]]],
    ["status", meta.statuses[sites.status[i]]],
    ["reason", meta.reason_words[sites.reason[i]]],
    ["center", center ? [center.id, center.name].filter(Boolean).join(", ") : null],
    ["distance", milesAndKm(distance)],
    ["limit", limit === null ? null : limitWords(limit)],
    ["margin", margin === null ? null : `${Math.abs(margin).toFixed(3)} mi ${side}`],
    ["country", meta.country_names[sites.site_country[i]]],
    ["available on", meta.days[sites.available_on[i]]],
    ["centers in reach", sites.in_reach[i]],
    ["coordinates", `${sites.lat(i).toFixed(5)}, ${sites.lon(i).toFixed(5)}`],
  ];
}

/**
 * @param {string} text
 * @param {import("./theme.js").SiteStyle} [style]
 */
function heading(text, style) {
  const made = element("h2");
  made.tabIndex = -1;
  if (style) made.append(symbolMark(style));
  made.append(element("span", text));
  return made;
}

/**
 * A page of one site, with a way to the others at the same place.
 *
 * @param {App} app
 * @param {number[]} some
 * @param {number} at
 * @returns {HTMLElement}
 */
function sitePage(app, some, at) {
  const box = element("div", undefined, "popup");
  const i = some[at];
  const style = styleOf(app, i);
  box.append(heading(textAt(app.texts.id, i), style), rowsTable(siteRows(app, i)));
  if (some.length > 1) {
    const place = `Site ${counted(at + 1)} of ${counted(some.length)} at this location `;
    const turn = element("p", place, "turn");
    const go = (/** @type {number} */ step) => {
      const next = sitePage(app, some, (at + step + some.length) % some.length);
      app.popup.setContent(next);
      next.querySelectorAll("button")[step < 0 ? 0 : 1].focus();
    };
    turn.append(button("Previous", () => go(-1)), button("Next", () => go(1)));
    box.append(turn);
  }
  return box;
}

/** @param {Center} center */
function centerPage(center) {
  const box = element("div", undefined, "popup");
  box.append(heading(`Center ${center.id}`));
  box.append(rowsTable([
    ["name", center.name],
    ["country", center.country],
    ["state", center.state],
    ["opens on", center.opens_on],
    ["closes on", center.closes_on],
    ["qualified sites", counted(center.served)],
  ]));
  return box;
}

/**
 * Opens a popup; with `focus`, for somebody who has no pointer.
 *
 * @param {App} app
 * @param {LatLng} latlng
 * @param {HTMLElement} page
 * @param {{ focus?: boolean }} [options]
 */
function openPopup(app, latlng, page, { focus = false } = {}) {
  const cameFrom = /** @type {HTMLElement | null} */ (document.activeElement);
  app.popup.setLatLng(latlng).setContent(page).openOn(app.map);
  if (!focus) return;
  page.querySelector("h2")?.focus();
  app.map.once("popupclose", () => cameFrom?.focus());
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
  openPopup(app, latlng, sitePage(app, [i], 0), { focus: true });
}

/**
 * Shows a center with its popup.
 *
 * @param {App} app
 * @param {Center} center
 */
export function goToCenter(app, center) {
  const latlng = besideView(app, center.lat, center.lon);
  app.map.setView(latlng, Math.max(app.map.getZoom(), 7), { animate: false });
  openPopup(app, latlng, centerPage(center), { focus: true });
}

/**
 * Opens popups where the map is clicked, and hints under the pointer.
 *
 * @param {App} app
 */
export function listenToPointer(app) {
  const { map, meta, sites, layers } = app;
  map.on("click", async ({ latlng }) => {
    const hasSites = map.hasLayer(layers.sites.layer);
    const cluster = hasSites ? app.clusters.at(map, latlng) : null; // drawn above centers
    if (cluster && zoomToCluster(app, cluster)) return undefined;
    const center = map.hasLayer(layers.centers.layer) && centerNear(meta.centers, map, latlng);
    if (center) return openPopup(app, besideView(app, center.lat, center.lon), centerPage(center));
    const some = cluster ? app.clusters.sitesOf(cluster)
      : hasSites ? sitesNear(app.clusters, map, latlng) : [];
    if (!some.length) return undefined;
    await app.textsReady;
    const at = besideView(app, sites.lat(some[0]), sites.lon(some[0]));
    return openPopup(app, at, sitePage(app, some, 0));
  });
  app.wrapper.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") map.closePopup();
  });
}
