// The page's address after "#": view, filters, search, layers and table. A link to the page, or the
// page opened again, shows the same. What an address has that the page does not know is ignored.

import { ANY } from "./filters.js";
import { fitSelection } from "./selection.js";
import { exactView, setExactView } from "./view.js";
import { later } from "./words.js";

const WRITE_MS = 300;
const VIEW = /^(-?[\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/;
const NONE = "-"; // a site that has none

/** @typedef {import("./filters.js").FilterColumn} FilterColumn */

/**
 * The names of a filter's values in an address.
 *
 * @param {Meta} meta
 * @returns {Record<string, { column: FilterColumn, names: string[] }>}
 */
function filterNames(meta) {
  return {
    country: { column: "site_country", names: meta.countries },
    center: { column: "center", names: meta.centers.map(({ id }) => id) },
    level: { column: "level", names: meta.levels },
    reason: { column: "reason", names: meta.reasons },
  };
}

/** @param {App} app */
function viewText({ map }) {
  const { center, zoom } = exactView(map);
  const { lat, lng } = center;
  return [Number(zoom.toFixed(3)), lat.toFixed(4), lng.toFixed(4)].join("/");
}

/**
 * What the page shows, as its address has it.
 *
 * @param {App} app
 */
function addressOf(app) {
  const { map, meta, filters } = app;
  /** @type {Record<string, string>} */
  const parts = { map: viewText(app) };
  if (filters.statuses.size < meta.statuses.length) {
    parts.status = [...filters.statuses].sort().map((s) => meta.statuses[s]).join(",");
  }
  for (const [key, { column, names }] of Object.entries(filterNames(meta))) {
    const value = filters.chosen[column];
    if (value !== ANY) parts[key] = names[value] ?? NONE;
  }
  if (app.search.words()) parts[app.search.isOnly() ? "only" : "find"] = app.search.words();
  for (const [key, is] of [["hide", true], ["show", false]]) {
    const names = Object.entries(app.layers).filter(([, listed]) =>
      listed && listed.isOn === is && map.hasLayer(listed.layer) !== is);
    if (names.length) parts[String(key)] = names.map(([name]) => name).join(",");
  }
  const order = app.table.order();
  if (app.table.isOpen()) {
    parts.table = order ? `${order.direction < 0 ? "-" : ""}${order.name}` : "";
  }
  const plain = (/** @type {string} */ text) => encodeURIComponent(text)
    .replaceAll("%2F", "/").replaceAll("%2C", ",");
  return Object.entries(parts).map(([key, value]) => `${key}=${plain(value)}`).join("&");
}

/**
 * Shows what an address has.
 *
 * @param {App} app
 * @param {URLSearchParams} parts
 */
async function restore(app, parts) {
  restoreFilters(app, parts);
  restoreLayers(app, (parts.get("hide") ?? "").split(","), (parts.get("show") ?? "").split(","));
  const sorted = parts.get("table");
  const direction = sorted?.startsWith("-") ? -1 : 1;
  app.table.restore(sorted !== null,
    sorted ? { name: sorted.slice(direction < 0 ? 1 : 0), direction } : null);
  if (!restoreView(app, parts.get("map") ?? "")) fitSelection(app);
  const words = parts.get("only") ?? parts.get("find");
  if (words) await app.search.restore(words, parts.has("only"));
}

/**
 * @param {App} app
 * @param {string[]} hidden Names of layers.
 * @param {string[]} shown
 */
function restoreLayers({ map, layers }, hidden, shown) {
  for (const [name, listed] of Object.entries(layers)) {
    if (!listed) continue;
    const isOn = shown.includes(name) || (listed.isOn && !hidden.includes(name));
    if (isOn) listed.layer.addTo(map);
    else listed.layer.remove();
  }
}

/**
 * Shows the view of an address, or says that there is none.
 *
 * @param {App} app
 * @param {string} text
 */
function restoreView({ map }, text) {
  const found = VIEW.exec(text);
  if (!found) return false;
  const [zoom, lat, lon] = found.slice(1).map(Number);
  if (![zoom, lat, lon].every(Number.isFinite) || Math.abs(lat) > 90) return false;
  const limits = Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), zoom));
  setExactView(map, [lat, lon], limits);
  return true;
}

/**
 * @param {App} app
 * @param {URLSearchParams} parts
 */
function restoreFilters({ meta, filters }, parts) {
  const statuses = (parts.get("status") ?? meta.statuses.join(",")).split(",");
  const numbers = filters.all.filter((s) => statuses.includes(meta.statuses[s]));
  const chosen = Object.entries(filterNames(meta)).map(([key, { column, names }]) => {
    const name = parts.get(key);
    const value = name === NONE ? -1 : names.indexOf(name ?? "");
    return { column, value: name === null || (value < 0 && name !== NONE) ? ANY : value };
  });
  const isSame = numbers.length === filters.statuses.size
    && numbers.every((s) => filters.statuses.has(s))
    && chosen.every(({ column, value }) => filters.chosen[column] === value);
  if (isSame) return;
  filters.statuses = new Set(numbers);
  for (const { column, value } of chosen) filters.chosen[column] = value;
  filters.apply();
}

/**
 * Shows what the address has, and keeps the address as what is shown.
 *
 * @param {App} app
 */
export function keepAddress(app) {
  const first = addressOf(app);
  let written = "";
  const read = () => {
    if (location.hash.slice(1) === written) return Promise.resolve(); // also if there is none
    return restore(app, new URLSearchParams(location.hash.slice(1)));
  };
  const write = () => {
    const text = addressOf(app);
    if (text === written || (text === first && !location.hash)) return;
    written = text;
    try {
      history.replaceState(null, "", `#${text}`);
    } catch {
      // A frame of a notebook has no address of its own.
    }
  };
  const soon = later(WRITE_MS, write);
  read().then(() => {
    app.map.on("moveend layeradd layerremove", soon);
    app.filters.onChange(soon);
    app.settingsChanged = soon;
    window.addEventListener("hashchange", read);
  });
}
