// The part of the rule that distance decides, for trying changes of centers: the steps of
// matching/matcher.py for one site, on the place that the page has of it. Where that place is so
// near to a limit that its rounding could decide, the answer is in doubt.

import {
  MILE_M, ROUNDING_M, SLACK_M, chordSquares, distanceBounds, distanceM,
} from "./geodesic.js";

/** Instead of a day: the better level does not start. */
export const NO_DAY = 99999999;
export const NO_CENTER = -1;
const ALL_OTHERS = "*";

/**
 * A center: its place, the number of the country that it serves (or `NOWHERE`), and when.
 *
 * @typedef {object} ServingCenter
 * @property {number} lat Degrees.
 * @property {number} lon
 * @property {import("./geodesic.js").Point} point
 * @property {number} country
 * @property {boolean} isPlanned
 * @property {number} opensOn As a number, YYYYMMDD.
 * @property {number} order Its position, by which ties are decided.
 */

/**
 * A site as the rule takes it; `accuracyM` is -1 if it is not known.
 *
 * @typedef {object} TriedSite
 * @property {number} lat
 * @property {number} lon
 * @property {import("./geodesic.js").Point} point
 * @property {number} country
 * @property {number} accuracyM
 */

/** @typedef {"qualified" | "pending" | "fallback" | "review"} Outcome */

/**
 * What the rule says of a site.
 *
 * @typedef {object} Judgement
 * @property {number} level Its rank, 0 for the best.
 * @property {Outcome} status
 * @property {number} day On which the better level starts, or `NO_DAY`.
 * @property {number} center Order of the center that decides, or `NO_CENTER`.
 * @property {number} doubts So often its distance is so near to a limit that rounding may decide.
 */

/**
 * @typedef {{ miles: number, level: number, inner: number, outer: number }} Band
 */

export class DistanceRule {
  /**
   * @param {WhatIfRule} rule
   * @param {string[]} countries Codes of the sites' countries, by number.
   */
  constructor(rule, countries) {
    this.rule = rule;
    this.sameCountry = rule.same_country;
    /** @type {Band[][]} */
    this.bands = countries.map((code) => this.bandsIn(code));
    this.others = this.bandsIn(ALL_OTHERS);
    const all = rule.bands.flatMap((group) => group.up_to);
    /** The reach of a center anywhere, in metres. */
    this.reachM = Math.max(...all) * MILE_M;
    this.doubts = 0;
  }

  /**
   * @param {string} code
   * @returns {Band[]}
   */
  bandsIn(code) {
    const { bands } = this.rule;
    const group = bands.find(({ countries }) => countries.includes(code))
      ?? bands.find(({ countries }) => countries.includes(ALL_OTHERS));
    if (!group) return [];
    return group.up_to.map((miles, n) => ({
      miles, level: group.levels[n], ...chordSquares(miles * MILE_M),
    }));
  }

  /**
   * What the rule says of a site among some centers.
   *
   * @param {TriedSite} site
   * @param {ServingCenter[]} centers
   * @returns {Judgement}
   */
  judge(site, centers) {
    this.doubts = 0;
    const bands = this.bands[site.country] ?? this.others;
    const [nearest, square] = this.nearest(site, centers);
    const band = nearest ? this.bandOf(site, nearest, square, bands) : null;
    const planned = band ? null : this.planned(site, centers, bands);
    const shown = planned ?? nearest;
    const { fallback, interim } = this.rule;
    /** @type {Judgement} */
    const result = {
      level: fallback, status: "fallback", day: NO_DAY, center: shown ? shown.order : NO_CENTER,
      doubts: 0,
    };
    if (shown && this.isBorderline(site, shown, bands)) result.status = "review";
    else if (planned) {
      Object.assign(result, { status: "pending", level: interim, day: planned.opensOn });
    } else if (band) Object.assign(result, { status: "qualified", level: band.level });
    result.doubts = this.doubts;
    return result;
  }

  /**
   * The nearest open center that may serve a site, and the square of its chord.
   *
   * @param {TriedSite} site
   * @param {ServingCenter[]} centers
   * @returns {[ServingCenter | null, number]}
   */
  nearest(site, centers) {
    /** @type {ServingCenter | null} */
    let best = null;
    let least = Infinity;
    for (const center of centers) {
      if (center.isPlanned || !this.mayServe(center, site)) continue;
      const square = squareOf(site, center);
      if (square < least || (square === least && best && center.order < best.order)) {
        [best, least] = [center, square];
      }
    }
    return [best, least];
  }

  /**
   * @param {ServingCenter} center
   * @param {TriedSite} site
   */
  mayServe(center, site) {
    return !this.sameCountry || center.country === site.country;
  }

  /**
   * The band of the distance to a center; none beyond all.
   *
   * @param {TriedSite} site
   * @param {ServingCenter} center
   * @param {number} square
   * @param {Band[]} bands
   */
  bandOf(site, center, square, bands) {
    return bands.find((band) => this.isWithin(site, center, square, band)) ?? null;
  }

  /**
   * Whether a center is within a limit; near it the answer is noted to be in doubt.
   *
   * @param {TriedSite} site
   * @param {ServingCenter} center
   * @param {number} square
   * @param {Band} band
   */
  isWithin(site, center, square, { miles, inner, outer }) {
    if (square <= inner) return true;
    if (square > outer) return false;
    const beyond = distanceM(site.lat, site.lon, center.lat, center.lon)
      - (miles * MILE_M + ROUNDING_M);
    if (Math.abs(beyond) <= SLACK_M) this.doubts++;
    return beyond <= 0;
  }

  /**
   * The planned center that a site waits for: the first to open, then the nearest.
   *
   * @param {TriedSite} site
   * @param {ServingCenter[]} centers
   * @param {Band[]} bands
   */
  planned(site, centers, bands) {
    const widest = bands[bands.length - 1];
    /** @type {ServingCenter | null} */
    let first = null;
    let least = Infinity;
    for (const center of centers) {
      if (!center.isPlanned || !this.mayServe(center, site)) continue;
      const square = squareOf(site, center);
      if (!this.isWithin(site, center, square, widest)) continue;
      const step = first ? center.opensOn - first.opensOn || square - least
        || center.order - first.order : -1;
      if (step < 0) [first, least] = [center, square];
    }
    return first;
  }

  /**
   * Whether the accuracy of a site leaves open on which side of a limit it is.
   *
   * @param {TriedSite} site
   * @param {ServingCenter} center
   * @param {Band[]} bands
   */
  isBorderline(site, center, bands) {
    if (site.accuracyM < 0) return false;
    const [near, far] = distanceBounds(squareOf(site, center));
    const edges = bands.map(({ miles }) => miles * MILE_M);
    const off = (/** @type {number} */ metres) =>
      Math.min(...edges.map((edge) => Math.abs(edge - metres)));
    const spread = far - near + SLACK_M;
    const rough = off(near);
    if (rough + spread < site.accuracyM || rough - spread > site.accuracyM) {
      return rough < site.accuracyM;
    }
    const exact = off(distanceM(site.lat, site.lon, center.lat, center.lon));
    if (Math.abs(exact - site.accuracyM) <= SLACK_M) this.doubts++;
    return exact < site.accuracyM;
  }
}

/**
 * The square of the chord between two places, in m2.
 *
 * @param {{ point: import("./geodesic.js").Point }} site
 * @param {{ point: import("./geodesic.js").Point }} center
 */
export function squareOf({ point: a }, { point: b }) {
  return (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2;
}

/** @typedef {"gained" | "lost" | "sooner" | "delayed" | "status"} ChangeKind */

/**
 * The kind of a change, as comparison/changes.py has it; null if there is none.
 *
 * @param {{ level: number, status: string, day: number }} before
 * @param {{ level: number, status: string, day: number }} after
 * @returns {ChangeKind | null}
 */
export function changeKind(before, after) {
  if (after.level !== before.level) return after.level < before.level ? "gained" : "lost";
  if (after.day !== before.day) return after.day < before.day ? "sooner" : "delayed";
  return after.status === before.status ? null : "status";
}
