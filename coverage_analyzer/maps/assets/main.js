// The page: unpacks the blocks, draws the layers, and puts the panel beside the map.

import { columnsOf, jsonOf } from "./data.js";
import { FEATURES, PANEL_BLOCKS } from "./features.js";
import { countInView } from "./figures.js";
import { Filters } from "./filters.js";
import { mapLayers } from "./layers.js";
import { panel } from "./panel.js";
import { followFilters } from "./selection.js";
import { Sites } from "./sites.js";
import { allDrawn } from "./tiles.js";
import { showFirstView } from "./view.js";
import { element, later, quantity } from "./words.js";

const MAX_ZOOM = 12; // of the base map, which is good to about 100 m
const VIEW_MS = 80; // from the last movement of the map to what depends on it

/**
 * Puts the map into a wrapper beside the panel, wherever in a page it stands.
 *
 * @param {App} app
 */
function arrange(app) {
  const container = app.map.getContainer();
  app.wrapper = element("div", undefined, "coverage");
  container.before(app.wrapper);
  app.main = element("main");
  app.main.append(container);
  app.wrapper.append(panel(app, PANEL_BLOCKS), app.main);
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", "Map of sites, centers and coverage areas");
  app.map.invalidateSize({ animate: false });
}

/** @param {App} app */
function showTiles(app) {
  const { tiles } = app.meta;
  if (!tiles) return;
  // Leaflet takes an attribution for markup, which a text must not become.
  const attribution = element("span", tiles.credit).innerHTML;
  L.tileLayer(tiles.url, { attribution, maxZoom: 18, zIndex: 1 }).addTo(app.map);
}

/**
 * Ends zooming where the base map shows nothing more, unless a server's tiles do.
 *
 * @param {App} app
 */
function limitZoom({ map, land }) {
  let hasTiles = false;
  map.eachLayer((layer) => { hasTiles ||= layer instanceof L.TileLayer; });
  if (land && !hasTiles) map.setMaxZoom(MAX_ZOOM);
}

/** @param {App} app */
function listenToChanges(app) {
  const { map, filters, layers } = app;
  map.on("moveend resize", later(VIEW_MS, app.update));
  filters.onChange(() => {
    app.clusters.forget();
    for (const listed of Object.values(layers)) {
      if (listed && map.hasLayer(listed.layer)) listed.layer.redraw();
    }
    app.update();
    app.say(`${quantity(app.inView.total, "site")} in view`);
  });
  const inked = Object.values(layers).map((listed) => /** @type {ListedLayer} */ (listed).layer);
  const redraw = () => {
    for (const layer of [app.land, ...inked]) if (layer && map.hasLayer(layer)) layer.redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  window.addEventListener("resize", () => map.invalidateSize({ animate: false }));
}

/**
 * @param {LeafletMap} map
 * @param {Error} error
 */
function showFailure(map, error) {
  const words = "DecompressionStream" in window ? `The map cannot be shown: ${error.message}`
    : "This browser is too old for this map. Use one from 2023 or later.";
  map.getContainer().append(element("p", words, "failed"));
  throw error;
}

/**
 * Shows the coverage map of the page's blocks in a map.
 *
 * @param {LeafletMap} map
 */
export async function showCoverage(map) {
  try {
    await show(map);
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    showFailure(map, /** @type {Error} */ (error));
  }
}

/**
 * What the modules share, before the layers and the panel are made.
 *
 * @param {LeafletMap} map
 * @param {Meta} meta
 * @param {Columns} columns
 * @returns {App}
 */
function createApp(map, meta, columns) {
  const sites = new Sites(columns, meta);
  /** @type {(() => void)[]} */
  const resets = [];
  /** @type {(() => void)[]} */
  const updates = [];
  const call = (/** @type {(() => void)[]} */ listeners) => () => {
    for (const listener of listeners) listener();
  };
  const app = {
    map,
    meta,
    sites,
    filters: new Filters(meta, sites),
    popup: L.popup({ maxWidth: 340, autoPanPadding: [20, 20] }),
    hint: L.tooltip({ direction: "top", offset: [0, -8], opacity: 1, className: "hint" }),
    pointer: null,
    land: null,
    base: null,
    towns: [],
    inView: { counts: [], total: 0 },
    onReset: resets.push.bind(resets),
    reset: call(resets),
    onUpdate: updates.push.bind(updates),
    settingsChanged: () => {},
    takeClick: () => false,
    whatIf: null,
  };
  const shared = /** @type {App} */ (/** @type {unknown} */ (app));
  followFilters(shared); // first, so that all that listens to the filters finds it
  shared.update = () => {
    shared.inView = countInView(shared); // which all that listen to an update may read
    call(updates)();
  };
  return shared;
}

/**
 * @param {Meta} meta
 * @param {Record<string, Numbers | Texts>} columns
 * @returns {SiteTexts}
 */
function siteTexts({ own_columns: names }, columns) {
  const own = names.map((_, number) => columns[`own_${number}`]);
  return /** @type {SiteTexts} */ (/** @type {unknown} */ ({ ...columns, own }));
}

/** @param {LeafletMap} map */
async function show(map) {
  const meta = /** @type {Meta} */ (await jsonOf("coverage-meta"));
  if (!document.documentElement.dataset.titled) document.title = `${meta.title}: coverage map`;
  const [columns, outlines, base] = await Promise.all([
    columnsOf("coverage-places", meta.places),
    columnsOf("coverage-outlines", meta.outlines),
    meta.base && columnsOf("coverage-base", meta.base.columns),
  ]);
  const app = createApp(map, meta, /** @type {Columns} */ (columns));
  app.layers = mapLayers(
    app, /** @type {Columns} */ (columns), /** @type {Columns} */ (outlines), base,
  );
  arrange(app);
  map.attributionControl.setPrefix(false).addAttribution(meta.attribution);
  showFirstView(app);
  app.land?.addTo(map);
  limitZoom(app);
  showTiles(app);
  for (const listed of Object.values(app.layers)) if (listed?.isOn) listed.layer.addTo(map);
  L.control.scale({ position: "bottomright" }).addTo(map);
  // Texts come after the picture: nothing shows them before somebody asks.
  const drawn = allDrawn();
  app.textsReady = drawn.then(() => columnsOf("coverage-texts", meta.texts)).then((texts) => {
    app.texts = siteTexts(meta, texts);
  });
  app.update();
  listenToChanges(app);
  for (const feature of FEATURES) feature(app);
  await drawn;
  document.documentElement.dataset.drawn = "yes";
  await app.textsReady;
}
