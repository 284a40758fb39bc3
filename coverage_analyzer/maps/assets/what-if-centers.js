// The centers under trial: those of the run, and what the reader closes, opens and moves. Each step
// can be taken back. What is saved is a file of centers that `run` takes.

import { MILE_M, pointAt } from "./geodesic.js";
import { NO_DAY } from "./what-if-rule.js";

const NEW_ID = "NEW-";
const NOWHERE = -9; // the country of a center that serves no site of the page
const DIGITS = 5; // of degrees, as the map places a center
/** The column that says what was done to a center; by it `run` knows such a file. */
export const TRIED = "tried_in_map";

/**
 * What is done to a center.
 *
 * @typedef {object} Entry
 * @property {string} id
 * @property {"closed" | "moved" | "opened"} what
 * @property {number} lat Degrees; of a closed center, where it is.
 * @property {number} lon
 * @property {string} code Of its country; empty if the reader still has to say it.
 */

/** @typedef {import("./what-if-rule.js").ServingCenter & { id: string }} TriedCenter */

/** @param {string} day As YYYY-MM-DD, or empty. */
export function dayNumber(day) {
  return day ? Number(day.replaceAll("-", "")) : NO_DAY;
}

/** @param {number} degrees */
function rounded(degrees) {
  return Number(degrees.toFixed(DIGITS));
}

/**
 * A longitude of the world, from -180 to 180.
 *
 * @param {number} lon
 */
function onWorld(lon) {
  return lon - 360 * Math.floor((lon + 180) / 360);
}

export class TriedCenters {
  /**
   * @param {WhatIfRule} rule
   * @param {Center[]} centers
   * @param {string[]} countries Codes of the sites' countries, by number.
   */
  constructor(rule, centers, countries) {
    this.rule = rule;
    this.centers = centers;
    this.fold = new Map(rule.fold.map(([code, other]) => [code, other]));
    this.numbers = new Map(countries.map((code, number) => [code, number]));
    const [lat, lon] = ["latitude", "longitude"].map((name) => rule.header.indexOf(name));
    /** @type {TriedCenter[]} */
    this.given = centers.flatMap((center, number) => (center.state === "closed" ? [] : [{
      ...this.serving(
        Number(rule.rows[number][lat]), Number(rule.rows[number][lon]), rule.center_codes[number],
      ),
      id: center.id, isPlanned: center.state === "planned", opensOn: dayNumber(center.opens_on),
      order: number,
    }]));
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {{ id: string, before: Entry | undefined }[]} */
    this.steps = [];
  }

  /**
   * A place as the rule takes it.
   *
   * @param {number} lat
   * @param {number} lon
   * @param {string} code
   */
  serving(lat, lon, code) {
    const country = this.numbers.get(this.fold.get(code) ?? code) ?? NOWHERE;
    return { lat, lon, point: pointAt(lon, lat), country };
  }

  /**
   * The centers that serve, as they are under trial.
   *
   * @returns {TriedCenter[]}
   */
  now() {
    const kept = this.given.flatMap((center) => {
      const entry = this.entries.get(center.id);
      if (!entry) return [center];
      if (entry.what === "closed") return [];
      return [{ ...center, ...this.serving(entry.lat, entry.lon, entry.code) }];
    });
    const opened = this.opened().map((entry, number) => ({
      ...this.serving(entry.lat, entry.lon, entry.code), id: entry.id, isPlanned: false,
      opensOn: NO_DAY, order: this.centers.length + number,
    }));
    return [...kept, ...opened];
  }

  /** The centers that are new. */
  opened() {
    return [...this.entries.values()].filter(({ what }) => what === "opened");
  }

  /**
   * A center of the run that serves or will serve, by its id.
   *
   * @param {string} id
   */
  find(id) {
    return this.given.find((center) => center.id === id);
  }

  /**
   * The code of the country of a center of the run.
   *
   * @param {TriedCenter} center
   */
  codeOf({ order }) {
    return this.rule.center_codes[order];
  }

  /**
   * Changes what is done to a center; each is a step.
   *
   * @param {string} id
   * @param {Entry | undefined} entry None: as in the run.
   */
  set(id, entry) {
    this.steps.push({ id, before: this.entries.get(id) });
    this.put(id, entry);
  }

  /**
   * @param {string} id
   * @param {Entry | undefined} entry
   */
  put(id, entry) {
    if (entry) this.entries.set(id, entry);
    else this.entries.delete(id);
  }

  /**
   * Takes the last step back, and returns the id of its center.
   *
   * @returns {string | null}
   */
  undo() {
    const step = this.steps.pop();
    if (!step) return null;
    this.put(step.id, step.before);
    return step.id;
  }

  /** @param {string} id */
  close(id) {
    const center = this.find(id);
    if (!center || this.entries.get(id)?.what === "closed") return;
    const { lat, lon } = center;
    this.set(id, { id, what: "closed", lat, lon, code: this.codeOf(center) });
  }

  /**
   * Opens a center and returns its id.
   *
   * @param {number} lat
   * @param {number} lon
   * @param {string} code
   */
  open(lat, lon, code) {
    const id = this.freeId();
    this.set(id, { id, what: "opened", lat: rounded(lat), lon: rounded(onWorld(lon)), code });
    return id;
  }

  freeId() {
    const used = new Set([...this.centers.map(({ id }) => id), ...this.entries.keys()]);
    let number = 1;
    while (used.has(NEW_ID + number)) number++;
    return NEW_ID + number;
  }

  /**
   * Moves a center, or says another country of it.
   *
   * @param {string} id
   * @param {{ lat?: number, lon?: number, code?: string }} change
   */
  change(id, change) {
    const was = this.asMoved(id);
    if (!was) return;
    const { lat = was.lat, lon = was.lon, code = was.code } = change;
    const isPlace = change.lat !== undefined;
    const place = isPlace ? { lat: rounded(lat), lon: rounded(onWorld(lon)) } : { lat, lon };
    this.set(id, { ...was, ...place, code });
  }

  /**
   * A center as one that is moved or opened, where it is now.
   *
   * @param {string} id
   * @returns {Entry | null}
   */
  asMoved(id) {
    const entry = this.entries.get(id);
    if (entry && entry.what !== "closed") return entry;
    const center = this.find(id);
    if (!center) return null;
    return { id, what: "moved", lat: center.lat, lon: center.lon, code: this.codeOf(center) };
  }

  /**
   * The places where a center serves, or would, now and in the run: in their reach verdicts may
   * change.
   *
   * @param {string} id
   */
  placesOf(id) {
    const places = [...this.given, ...this.now()].filter((center) => center.id === id);
    return places.map(({ lat, lon, point }) => ({ lat, lon, point }));
  }

  /** Whether some center has no country yet. */
  isIncomplete() {
    return this.rule.same_country && [...this.entries.values()].some(({ code }) => !code);
  }

  /**
   * The limit of a center in a country, in metres.
   *
   * @param {string} code
   */
  limitM(code) {
    const folded = this.fold.get(code) ?? code;
    const { bands } = this.rule;
    const group = bands.find(({ countries }) => countries.includes(folded))
      ?? bands[bands.length - 1];
    return Math.max(...group.up_to) * MILE_M;
  }

  /**
   * A file of the centers under trial, as rows of cells.
   *
   * @returns {string[][]}
   */
  file() {
    const { header, rows } = this.rule;
    const at = (/** @type {string} */ name) => header.indexOf(name);
    const write = (/** @type {string[]} */ cells, /** @type {Entry} */ entry) => {
      const row = [...cells];
      row[at("latitude")] = String(entry.lat);
      row[at("longitude")] = String(entry.lon);
      const center = this.find(entry.id);
      if (!center || entry.code !== this.codeOf(center)) row[at("country")] = entry.code;
      return [...row, entry.what];
    };
    const kept = this.centers.flatMap(({ id }, number) => {
      const entry = this.entries.get(id);
      if (!entry) return [[...rows[number], ""]];
      return entry.what === "closed" ? [] : [write(rows[number], entry)];
    });
    const opened = this.opened().map((entry) => {
      const cells = header.map((name) => (name === "center_id" ? entry.id : ""));
      return write(cells, entry);
    });
    return [[...header, TRIED], ...kept, ...opened];
  }
}
