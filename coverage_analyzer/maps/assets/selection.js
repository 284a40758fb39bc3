// What the filters select: its figures beside the whole, the centers that belong to it, its place.

import { ANY } from "./filters.js";
import { isCounted } from "./figures.js";
import { foot } from "./view.js";

const DEGREE_PARTS = 10; // of so many parts of a degree each is known to have sites or none
const CLOSEST = 9; // zoom at which one place is shown
const EDGE = 24; // pixels round what is selected

/**
 * The figures of what is selected.
 *
 * @typedef {object} Figures
 * @property {(number | null)[]} counts Sites by mark; null where the page does not have them.
 * @property {number | null} total
 * @property {number | null} qualified
 */

/**
 * The figures of what all filters but that of the status leave, and of all sites without a filter.
 *
 * @param {Meta} meta
 * @param {import("./filters.js").Filters} filters
 * @returns {Figures}
 */
export function figuresOf(meta, { selected }) {
  const counts = selected
    ? selected.map((n, mark) => (isCounted(meta, meta.statuses[mark]) ? n : null))
    : meta.counts;
  const total = counts.some((n) => n === null) ? null
    : counts.reduce((/** @type {number} */ sum, n) => sum + Number(n), 0);
  return { counts, total, qualified: counts[meta.statuses.indexOf("qualified")] };
}

/**
 * Which centers are shown, by position: all without a filter by country or center; else those of
 * the country, and those by which a selected site is or will be served.
 *
 * @param {Meta} meta
 * @param {import("./sites.js").Sites} sites
 * @param {import("./filters.js").Filters} filters
 * @returns {Uint8Array}
 */
export function centersOf(meta, sites, { chosen }) {
  const shown = new Uint8Array(meta.centers.length);
  if (chosen.center !== ANY) {
    if (chosen.center >= 0) shown[chosen.center] = 1;
    return shown;
  }
  if (chosen.site_country === ANY) return shown.fill(1);
  const country = meta.country_names[chosen.site_country];
  meta.centers.forEach((center, c) => { shown[c] = center.country === country ? 1 : 0; });
  const serves = meta.statuses.map((status) => status === "qualified" || status === "pending");
  for (let i = 0; i < sites.count; i++) {
    const isSelected = sites.site_country[i] === chosen.site_country && serves[sites.status[i]];
    if (isSelected && sites.center[i] >= 0) shown[sites.center[i]] = 1;
  }
  return shown;
}

/**
 * The box of some places, which begins east of the widest gap: south-west and north-east in
 * degrees, where longitudes may exceed 180.
 *
 * @param {[number, number][]} places Longitude and latitude in degrees.
 * @returns {[[number, number], [number, number]] | null}
 */
export function boxOfPlaces(places) {
  if (!places.length) return null;
  const round = 360 * DEGREE_PARTS;
  const known = new Uint8Array(round);
  let [south, north] = [90, -90];
  for (const [lon, lat] of places) {
    known[Math.floor((lon + 180) * DEGREE_PARTS) % round] = 1;
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  let [begin, widest, gap] = [0, -1, 0];
  for (let at = 0; at < 2 * round; at++) {
    gap = known[at % round] ? 0 : gap + 1;
    if (gap > widest && gap < round) [widest, begin] = [gap, at + 1];
  }
  const west = (begin % round) / DEGREE_PARTS - 180;
  return [[south, west], [north, west + (round - Math.max(0, widest)) / DEGREE_PARTS]];
}

/**
 * The box of the selected sites and of the centers that belong to them. Sites in review may be in
 * a wrong place, so that they count only if there is nothing else.
 *
 * @param {App} app
 */
function selectedBox({ meta, sites, selection }) {
  /** @type {[number, number][]} */
  const places = [];
  /** @type {[number, number][]} */
  const doubted = [];
  const review = meta.statuses.indexOf("review");
  for (let i = 0; i < sites.count; i++) {
    if (!sites.shown[i]) continue;
    (sites.status[i] === review ? doubted : places).push([sites.lon(i), sites.lat(i)]);
  }
  meta.centers.forEach(({ lon, lat }, c) => { if (selection.centers[c]) places.push([lon, lat]); });
  return boxOfPlaces(places.length ? places : doubted);
}

/**
 * Shows all that a filter by country or center leaves, or the whole again.
 *
 * @param {App} app
 */
export function fitSelection(app) {
  const { chosen } = app.filters;
  const isPlace = chosen.site_country !== ANY || chosen.center !== ANY;
  const box = isPlace ? selectedBox(app) : app.meta.bounds;
  if (!box) return;
  const bounds = /** @type {[number, number][]} */ (box);
  app.map.fitBounds(bounds, {
    maxZoom: CLOSEST, animate: false,
    paddingTopLeft: [EDGE, EDGE], paddingBottomRight: [EDGE, EDGE + foot(app.map)],
  });
}

/**
 * Keeps `app.selection` up to date.
 *
 * @param {App} app
 */
export function followFilters(app) {
  const { meta, sites, filters } = app;
  const select = () => {
    app.selection = {
      ...figuresOf(meta, filters), centers: centersOf(meta, sites, filters),
      isNarrowed: filters.isNarrowed(),
    };
  };
  filters.onChange(select);
  select();
}
