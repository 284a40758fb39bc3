// What a change of centers does to the sites: only those in reach of a changed center are judged
// again, with the centers of the run and with those under trial. Where the same center decides, the
// verdict stands.

import { pointAt } from "./geodesic.js";
import { ROUND, UNITS } from "./mercator.js";
import { dayNumber } from "./what-if-centers.js";
import { Standing } from "./what-if-standing.js";
import { DistanceRule, NO_CENTER, NO_DAY, changeKind, squareOf } from "./what-if-rule.js";

/** Reasons of verdicts that distance decides; all others stand whatever the centers are. */
const BY_DISTANCE = [
  "within_radius", "center_opens_later", "beyond_radius", "no_center_in_country", "borderline",
];
const ROUGH_M = 10000; // a worse accuracy counts far beyond the reach of a center
const LEAST_DEGREE_M = 110500; // of latitude

/** The kinds of changes, by the numbers that `kind` has of a site. */
export const KINDS = /** @type {const} */ (["", "gained", "lost", "sooner", "delayed", "status"]);

/** @typedef {import("./what-if-rule.js").TriedSite} TriedSite */
/** @typedef {import("./what-if-rule.js").ServingCenter} ServingCenter */
/** @typedef {{ lat: number, lon: number, point: import("./geodesic.js").Point }} Spot3 */

export class Effects {
  /**
   * @param {Meta} meta
   * @param {import("./sites.js").Sites} sites
   * @param {WhatIfRule} rule
   */
  constructor(meta, sites, rule) {
    const { count } = sites;
    this.meta = meta;
    this.sites = sites;
    this.rule = rule;
    this.judge = new DistanceRule(rule, meta.countries);
    this.rank = Int32Array.from(meta.levels, (title) => rule.ranks.indexOf(title));
    this.days = meta.days.map(dayNumber);
    const byDistance = meta.reasons.map((reason) => BY_DISTANCE.includes(reason));
    const knowsAccuracy = sites.accuracy.length > 0;
    /** 1 for each site whose verdict distance decides. */
    this.isOpen = Uint8Array.from(sites.reason, (reason, i) => {
      const isLocated = sites.site_country[i] >= 0 || !rule.same_country;
      const fits = byDistance[reason] && !sites.held[i] && isLocated;
      return fits && (knowsAccuracy || meta.reasons[reason] !== "borderline") ? 1 : 0;
    });
    this.kind = new Uint8Array(count);
    this.level = new Int8Array(count);
    this.center = new Int32Array(count);
    this.day = new Int32Array(count);
    this.status = new Uint8Array(count);
    this.doubt = new Uint8Array(count);
    this.x = new Float64Array(count);
    this.y = new Float64Array(count);
    this.z = new Float64Array(count);
    /** @type {number[]} */
    this.rough = []; // sites that may be borderline far beyond the reach of a center
    this.place();
    this.whole = this.countWhole();
  }

  /** Computes where the sites are in space. */
  place() {
    const { sites } = this;
    for (let i = 0; i < sites.count; i++) {
      const { x, y, z } = pointAt(sites.lon(i), sites.lat(i));
      this.x[i] = x;
      this.y[i] = y;
      this.z[i] = z;
      if (sites.accuracy[i] > ROUGH_M * 100 && this.isOpen[i]) this.rough.push(i);
    }
  }

  /** Sites and qualified sites of each country, as the run has them. */
  countWhole() {
    const { sites, meta } = this;
    const countries = meta.countries.map(() => ({ total: 0, qualified: 0 }));
    const none = { total: 0, qualified: 0 };
    const qualified = meta.statuses.indexOf("qualified");
    for (let i = 0; i < sites.count; i++) {
      const country = countries[sites.site_country[i]] ?? none;
      country.total++;
      if (sites.status[i] === qualified) country.qualified++;
    }
    return countries;
  }

  /** Forgets all changes. */
  reset() {
    this.kind.fill(0);
    this.doubt.fill(0);
  }

  /**
   * Judges the sites again that are in reach of some places.
   *
   * @param {Spot3[]} places Where a center serves, or did.
   * @param {ServingCenter[]} given The centers of the run.
   * @param {ServingCenter[]} tried Those under trial.
   */
  update(places, given, tried) {
    const reach = this.judge.reachM + 2 + (this.sites.accuracy.length ? ROUGH_M : 0);
    for (const place of places) {
      const near = (/** @type {ServingCenter[]} */ centers) => centers.filter(
        (center) => squareOf({ point: place.point }, center) <= (2 * reach) ** 2);
      const [was, now] = [near(given), near(tried)];
      const kept = was.filter((center) => now.includes(center));
      const changed = [...was, ...now].filter((center) => !kept.includes(center));
      const stands = new Standing(this, kept.filter(({ isPlanned }) => !isPlanned), changed);
      this.eachInReach(place, reach, (i) => {
        if (stands.at(i)) this.kind[i] = this.doubt[i] = 0;
        else this.compare(i, was, now);
      });
    }
    for (const i of this.rough) this.compare(i, given, tried);
  }

  /**
   * @param {Spot3} place
   * @param {number} reach Metres.
   * @param {(i: number) => void} visit
   */
  eachInReach({ lat, lon, point }, reach, visit) {
    const high = reach / LEAST_DEGREE_M;
    const [south, north] = [Math.max(-90, lat - high), Math.min(90, lat + high)];
    const narrow = Math.cos((Math.max(-south, north) * Math.PI) / 180);
    const wide = narrow > 0.01 ? Math.min(180, high / narrow) : 180;
    const [west, east] = wide < 180
      ? [Math.floor((lon - wide + 180) * UNITS), Math.ceil((lon + wide + 180) * UNITS)]
      : [0, ROUND];
    const most = reach ** 2;
    this.sites.within(
      west, Math.floor((south + 90) * UNITS), east, Math.ceil((north + 90) * UNITS), (i) => {
        if (!this.isOpen[i]) return;
        const square = (this.x[i] - point.x) ** 2 + (this.y[i] - point.y) ** 2
          + (this.z[i] - point.z) ** 2;
        if (square <= most) visit(i);
      },
    );
  }

  /**
   * Compares what the rule says of a site with the centers of the run and with those under trial.
   *
   * @param {number} i
   * @param {ServingCenter[]} given
   * @param {ServingCenter[]} tried
   */
  compare(i, given, tried) {
    const site = this.siteAt(i);
    const was = this.judge.judge(site, given);
    const now = this.judge.judge(site, tried);
    const before = this.before(i);
    const isAlike = was.center === now.center && changeKind(was, now) === null
      && !isMoved(now.center, given, tried);
    // The run knows the exact place. Where the page's place gives another verdict than the run's,
    // that the page sees no difference says nothing, unless no limit is near any more.
    const isWrong = was.doubts > 0 && changeKind(before, was) !== null;
    const isSame = isAlike && (!isWrong || now.doubts > 0);
    this.kind[i] = isSame ? 0 : KINDS.indexOf(changeKind(before, now) ?? "");
    const isCertain = isAlike ? !isWrong || !now.doubts : !now.doubts && !this.mayWaitInVain(now);
    this.doubt[i] = isCertain ? 0 : 1;
    this.level[i] = now.level;
    this.center[i] = now.center;
    this.day[i] = now.day;
    this.status[i] = this.meta.statuses.indexOf(now.status);
  }

  /**
   * Whether the phase of a product, which the page does not know, may end before a center opens.
   *
   * @param {{ status: string }} now
   */
  mayWaitInVain({ status }) {
    return this.rule.has_products && status === "pending";
  }

  /**
   * @param {number} i
   * @returns {TriedSite}
   */
  siteAt(i) {
    const { sites } = this;
    return {
      lat: sites.lat(i), lon: sites.lon(i), point: { x: this.x[i], y: this.y[i], z: this.z[i] },
      country: sites.site_country[i],
      accuracyM: sites.accuracy[i] >= 0 ? sites.accuracy[i] / 100 : -1,
    };
  }

  /**
   * The verdict of the run.
   *
   * @param {number} i
   */
  before(i) {
    const { sites, meta } = this;
    return {
      level: this.rank[sites.level[i]],
      status: meta.statuses[sites.status[i]],
      day: this.days[sites.available_on[i]] ?? NO_DAY,
    };
  }

  /** The changed sites, and their number by kind and country. */
  summary() {
    const { sites, meta } = this;
    const qualified = meta.statuses.indexOf("qualified");
    /** @type {Record<string, number>} */
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    const countries = this.whole.map((whole) => ({ ...whole, now: whole.qualified, gained: 0,
      lost: 0 }));
    const nowhere = { now: 0, gained: 0, lost: 0 };
    /** @type {number[]} */
    const changed = [];
    let doubtful = 0;
    for (let i = 0; i < sites.count; i++) {
      doubtful += this.doubt[i];
      const kind = this.kind[i];
      if (!kind) {
        if (this.doubt[i]) changed.push(i);
        continue;
      }
      changed.push(i);
      counts[KINDS[kind]]++;
      const country = countries[sites.site_country[i]] ?? nowhere;
      country.now += Number(this.status[i] === qualified) - Number(sites.status[i] === qualified);
      if (KINDS[kind] === "gained") country.gained++;
      else if (KINDS[kind] === "lost") country.lost++;
    }
    return { counts, countries, changed, doubtful };
  }
}

/**
 * Whether the center that decides is elsewhere than in the run.
 *
 * @param {number} order
 * @param {ServingCenter[]} given
 * @param {ServingCenter[]} tried
 */
function isMoved(order, given, tried) {
  if (order === NO_CENTER) return false;
  const [was, now] = [given, tried].map((list) => list.find((center) => center.order === order));
  return was !== now;
}
