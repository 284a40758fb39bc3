// What part of the world the map shows: all sites at first, and the world never twice.

import { latitudeAt, mercatorSouth } from "./mercator.js";
import { TILE } from "./tiles.js";
import { button, element } from "./words.js";

const PADDING = 16; // pixels round what is to be seen
const CUT_PANES = ["tilePane", "labels"];
const MARGIN = 2.5; // degrees
const ONE_PLACE = 1e-4; // degrees
const LEAST_PADDING = 6;
const CLOSEST = 9; // a first view is not nearer
const END = 85.0511; // degrees: where Web Mercator ends
const ANTARCTICA = -60; // degrees: north of it, and south of all other land

/** @typedef {[[number, number], [number, number]]} Corners South-west, north-east; degrees. */

/**
 * The height of what the map's attribution covers, which takes several lines on a phone.
 *
 * @param {LeafletMap} map
 */
export function foot(map) {
  return map.attributionControl?.getContainer()?.offsetHeight ?? 0;
}

/**
 * The zoom at which a box just fits the map.
 *
 * @param {LeafletMap} map
 * @param {Corners} corners
 * @param {number} padding Pixels.
 */
function zoomThatFits(map, [[south, west], [north, east]], padding = PADDING) {
  const { x, y } = map.getSize();
  const width = Math.max((east - west) / 360, 1e-9);
  const height = Math.max(mercatorSouth(south) - mercatorSouth(north), 1e-9);
  const room = (/** @type {number} */ pixels) => Math.max(pixels - 2 * padding, padding);
  return Math.log2(Math.min(room(x) / width, room(y - foot(map)) / height) / TILE);
}

/**
 * A zoom at which a box fits: a whole one, where tiles are sharpest, if it only costs some padding.
 *
 * @param {LeafletMap} map
 * @param {Corners} corners
 */
function tidyZoom(map, corners) {
  const whole = Math.floor(zoomThatFits(map, corners, LEAST_PADDING));
  const fits = zoomThatFits(map, corners);
  return whole > fits ? whole : fits;
}

/**
 * The zoom at which the world is as wide as the map.
 *
 * @param {LeafletMap} map
 */
function zoomOfWorld(map) {
  return Math.log2(map.getSize().x / TILE);
}

/**
 * Shows a place at a zoom between two whole ones, which Leaflet otherwise rounds.
 *
 * @param {LeafletMap} map
 * @param {import("leaflet").LatLngExpression} center
 * @param {number} zoom
 */
export function setExactView(map, center, zoom) {
  const { zoomSnap } = map.options;
  map.options.zoomSnap = 0;
  map.setView(center, zoom, { animate: false });
  map.options.zoomSnap = zoomSnap;
}

/**
 * What `setExactView` shows again.
 *
 * @param {LeafletMap} map
 */
export function exactView(map) {
  return { center: map.getCenter(), zoom: map.getZoom() };
}

/**
 * Lets a map be at its least zoom, which is seldom a whole one: Leaflet limits and rounds each zoom
 * twice, and the second time rounds the limit.
 *
 * @param {LeafletMap} map
 */
function allowLeastZoom(map) {
  const limit = (/** @type {number} */ zoom) => {
    const least = map.getMinZoom();
    const { zoomSnap } = map.options;
    if (zoom <= least) return least;
    const snapped = zoomSnap ? Math.round(zoom / zoomSnap) * zoomSnap : zoom;
    return Math.max(least, Math.min(map.getMaxZoom(), snapped));
  };
  Object.assign(map, { _limitZoom: limit });
}

/**
 * Shows a box of the world as large as the map allows.
 *
 * @param {LeafletMap} map
 * @param {Corners} corners Longitudes may go beyond 180.
 * @param {number} closest The greatest zoom.
 */
export function fitCorners(map, corners, closest = CLOSEST) {
  const [[south, west], [north, east]] = corners;
  const fits = tidyZoom(map, corners);
  const zoom = Math.max(map.getMinZoom(), Math.min(fits, closest));
  const middle = L.CRS.EPSG3857.pointToLatLng(
    L.CRS.EPSG3857.latLngToPoint(L.latLng(clamped(south), west), zoom)
      .add(L.CRS.EPSG3857.latLngToPoint(L.latLng(clamped(north), east), zoom)).divideBy(2)
      .add([0, foot(map) / 2]), zoom,
  );
  setExactView(map, [middle.lat, (west + east) / 2], zoom);
}

/** @param {number} lat */
function clamped(lat) {
  return Math.max(-END, Math.min(END, lat));
}

/**
 * Lets the map zoom out until all sites, or the world, are seen, and no further.
 *
 * @param {LeafletMap} map
 * @param {Corners | null} corners
 */
function limitZoom(map, corners) {
  const fits = corners ? tidyZoom(map, corners) : Infinity;
  map.options.minZoom = Math.max(0, Math.min(zoomOfWorld(map), fits));
}

/**
 * Where the world is on the map, in pixels of Leaflet's layers.
 *
 * @param {LeafletMap} map
 * @param {Corners | null} corners
 */
export function worldEdges(map, corners) {
  const { lat, lng } = map.getCenter();
  const middle = map.latLngToLayerPoint([lat, lng]).x;
  const half = (TILE * 2 ** map.getZoom()) / 2;
  const south = Math.max(-END, Math.min(ANTARCTICA, (corners?.[0][0] ?? 0) - MARGIN));
  return {
    west: middle - half, east: middle + half, north: map.latLngToLayerPoint([END, lng]).y,
    south: map.latLngToLayerPoint([south, lng]).y,
  };
}

/**
 * Shows the world once: on a map that is wider, the copies of it at the sides are cut off; and
 * Antarctica south of what is there.
 *
 * @param {LeafletMap} map
 * @param {Corners | null} corners
 */
function cutWorld(map, corners) {
  const { west, north, east, south } = worldEdges(map, corners);
  const size = map.getSize();
  const top = map.containerPointToLayerPoint([0, 0]);
  const isWhole = west <= top.x + 1 && east >= top.x + size.x - 1 && south >= top.y + size.y;
  const edges = [[west, north], [east, north], [east, south], [west, south]];
  const path = edges.map(([x, y]) => `${Math.round(x)}px ${Math.round(y)}px`).join(", ");
  for (const name of CUT_PANES) {
    const pane = map.getPane(name);
    if (pane) pane.style.clipPath = isWhole ? "" : `polygon(${path})`;
  }
}

/**
 * Shows all sites and centers, and again when the map's size changes, until the reader moves it.
 *
 * @param {App} app
 */
export function showFirstView(app) {
  const { map, meta } = app;
  const corners = /** @type {Corners | null} */ (meta.bounds);
  /** @type {{ center: LatLng, zoom: number } | null} */
  let shown = null;
  const show = () => {
    limitZoom(map, corners);
    if (corners) fitCorners(map, corners);
    else map.setZoom(Math.ceil(map.getMinZoom()), { animate: false });
    shown = { center: map.getCenter(), zoom: map.getZoom() };
  };
  allowLeastZoom(map);
  const cut = () => cutWorld(map, corners);
  map.on("move zoomend viewreset layeradd", cut);
  map.on("resize", () => {
    const moved = !shown || map.getZoom() !== shown.zoom || !isNear(map, shown.center);
    if (moved) limitZoom(map, corners);
    else show();
    cut();
  });
  show();
  cut();
  map.addControl(wholeViewControl(show));
}

/**
 * Shows the sites of a cluster as large as the map allows, or says that a zoom does not part them.
 *
 * @param {App} app
 * @param {import("./clusters.js").Cluster} cluster
 */
export function zoomToCluster({ map, sites, clusters }, cluster) {
  /** @type {Corners} */
  const box = [[90, Infinity], [-90, -Infinity]];
  clusters.members(cluster, (i, turn) => {
    const [lat, lon] = [sites.lat(i), sites.lon(i) + 360 * turn];
    box[0] = [Math.min(box[0][0], lat), Math.min(box[0][1], lon)];
    box[1] = [Math.max(box[1][0], lat), Math.max(box[1][1], lon)];
  });
  const isOnePlace = Math.max(box[1][0] - box[0][0], box[1][1] - box[0][1]) < ONE_PLACE;
  const deepest = map.getMaxZoom();
  if (map.getZoom() >= deepest || (isOnePlace && box[1][0] >= box[0][0])) return false;
  const nearer = Math.min(deepest, Math.floor(map.getZoom()) + 1);
  const fits = box[1][0] < box[0][0] ? 0 : Math.min(deepest, Math.floor(zoomThatFits(map, box)));
  if (fits > nearer) fitCorners(map, box, fits);
  else map.setView([latitudeAt(cluster.y), (cluster.x - 0.5) * 360], nearer);
  return true;
}

/**
 * @param {LeafletMap} map
 * @param {LatLng} place
 */
function isNear(map, place) {
  const { x, y } = map.latLngToContainerPoint(place).subtract(map.getSize().divideBy(2));
  return Math.hypot(x, y) < 2;
}

/**
 * A button on the map that shows all sites again.
 *
 * @param {() => void} show
 */
function wholeViewControl(show) {
  const Control = L.Control.extend({
    onAdd() {
      const box = element("div", undefined, "leaflet-bar");
      const back = button("⤢", show, "whole-view");
      back.title = "Show all sites";
      back.setAttribute("aria-label", "Show all sites");
      box.append(back);
      L.DomEvent.disableClickPropagation(box);
      return box;
    },
  });
  return new /** @type {any} */ (Control)({ position: "topleft" });
}
