// Which sites are shown: by status, level, country, center, reason, and what is searched for.

import { ROUND, UNITS } from "./mercator.js";

export const ANY = -2; // -1 is a site that has none

/** @typedef {"site_country" | "center" | "reason" | "level"} FilterColumn */

/** @type {FilterColumn[]} */
const COLUMNS = ["site_country", "center", "reason", "level"];

export class Filters {
  /**
   * @param {Meta} meta
   * @param {import("./sites.js").Sites} sites
   */
  constructor(meta, sites) {
    this.sites = sites;
    this.all = [...meta.statuses.keys()];
    this.statuses = new Set(this.all);
    /** @type {Record<FilterColumn, number>} */
    this.chosen = { site_country: ANY, center: ANY, reason: ANY, level: ANY };
    /** @type {Uint8Array | null} */
    this.matches = null; // 1 for each site that is searched for, if only those are to be shown
    /** @type {number[] | null} */
    this.selected = null; // sites by mark that all filters but that of status leave; null: all
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /** Whether something else than the status decides what is shown. */
  isNarrowed() {
    return this.matches !== null || COLUMNS.some((column) => this.chosen[column] !== ANY);
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** Decides anew which sites are shown, and tells it. */
  apply() {
    const { sites, matches } = this;
    const { shown, status, count } = sites;
    shown.fill(1);
    for (const column of COLUMNS) {
      const wanted = this.chosen[column];
      if (wanted === ANY) continue;
      const values = sites[column];
      for (let i = 0; i < count; i++) if (values[i] !== wanted) shown[i] = 0;
    }
    if (matches) for (let i = 0; i < count; i++) shown[i] &= matches[i];
    const selected = this.all.map(() => 0);
    for (let i = 0; i < count; i++) selected[status[i]] += shown[i];
    this.selected = this.isNarrowed() ? selected : null;
    const isShown = this.all.map((s) => (this.statuses.has(s) ? 1 : 0));
    for (let i = 0; i < count; i++) shown[i] &= isShown[status[i]];
    for (const listener of this.listeners) listener();
  }

  /**
   * @param {number} status
   * @param {boolean} isOn
   */
  toggleStatus(status, isOn) {
    if (isOn) this.statuses.add(status);
    else this.statuses.delete(status);
    this.apply();
  }

  /**
   * @param {FilterColumn} column
   * @param {number} value
   */
  choose(column, value) {
    this.chosen[column] = value;
    this.apply();
  }

  /**
   * Shows only some sites, or all.
   *
   * @param {Uint8Array | null} matches 1 for each site to be shown.
   */
  only(matches) {
    if (!matches && !this.matches) return;
    this.matches = matches;
    this.apply();
  }

  reset() {
    this.statuses = new Set(this.all);
    for (const column of COLUMNS) this.chosen[column] = ANY;
    this.matches = null;
    this.apply();
  }
}

/**
 * Calls for each shown site in the view, once.
 *
 * @param {LeafletMap} map
 * @param {import("./sites.js").Sites} sites
 * @param {(i: number) => void} visit
 */
export function eachInView(map, sites, visit) {
  const bounds = map.getBounds();
  const whole = bounds.getEast() - bounds.getWest() > 360 - 1e-6;
  const west = whole ? 0 : Math.round((bounds.getWest() + 180) * UNITS);
  const east = whole ? ROUND - 1 : Math.round((bounds.getEast() + 180) * UNITS);
  const north = bounds.getNorth() >= 85 ? 90 : bounds.getNorth();
  const south = bounds.getSouth() <= -85 ? -90 : bounds.getSouth();
  sites.within(
    west, Math.round((south + 90) * UNITS), east, Math.round((north + 90) * UNITS),
    (i) => {
      if (sites.shown[i]) visit(i);
    },
  );
}
