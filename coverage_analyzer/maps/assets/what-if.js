// Trying changes of centers: the state that panel, layer, popups and print share.

import { Effects } from "./what-if-effects.js";
import { TriedCenters } from "./what-if-centers.js";
import { countryAt } from "./what-if-country.js";
import { MARKS, markOf, whatIfLayer } from "./what-if-layer.js";
import { csvLines, saveFile } from "./table.js";
import { quantity } from "./words.js";

/** Name of the file that is saved. */
export const FILE = "centers-tried.csv";
const PLACING = "placing"; // class of a map that waits for a click

/** What the next click on the map does: opens a center, or moves one by its id. */
/** @typedef {{ id: string | null }} Placing */

export class WhatIfState {
  /**
   * @param {App} app
   * @param {WhatIfRule} rule
   */
  constructor(app, rule) {
    this.app = app;
    this.rule = rule;
    this.centers = new TriedCenters(rule, app.meta.centers, app.meta.countries);
    /** @type {Effects | null} */
    this.effects = null;
    /** @type {import("./what-if-layer.js").Shown} */
    this.shown = {
      effects: null, changed: [], entries: [], limitM: (code) => this.centers.limitM(code),
    };
    this.layer = whatIfLayer(app.sites, this.shown);
    /** @type {Placing | null} */
    this.placing = null;
    /** @type {ReturnType<Effects["summary"]> | null} */
    this.summary = null;
    /** @type {(() => void)[]} */
    this.listeners = [];
    /** Ids of centers whose country the reader has said. */
    this.said = new Set();
    /** @type {Map<string, import("./what-if-country.js").Guess>} */
    this.guesses = new Map(); // the country near each center that is new or moved
    app.takeClick = (latlng) => this.place(latlng);
  }

  /** @param {() => void} listener */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** Computes what the first change needs, before somebody waits for it. */
  prepare() {
    this.effects ??= new Effects(this.app.meta, this.app.sites, this.rule);
    this.shown.effects = this.effects;
    return this.effects;
  }

  /**
   * Makes a change of a center, and shows what it does.
   *
   * @param {string} id
   * @param {() => void} change
   */
  change(id, change) {
    const before = this.centers.placesOf(id);
    change();
    const places = [...before, ...this.centers.placesOf(id)];
    const { given } = this.centers;
    this.prepare().update(distinct(places), given, this.centers.now());
    this.show();
  }

  /** Shows the state, and says it. */
  show() {
    const { app, shown, layer } = this;
    this.summary = this.centers.entries.size ? this.prepare().summary() : null;
    shown.changed = this.summary?.changed ?? [];
    shown.entries = [...this.centers.entries.values()];
    if (!shown.entries.length) layer.remove();
    else if (app.map.hasLayer(layer)) layer.redraw();
    else layer.addTo(app.map);
    for (const listener of this.listeners) listener();
    app.say(this.words() || "No change of centers is tried");
  }

  /** @param {string} id */
  close(id) {
    this.change(id, () => this.centers.close(id));
  }

  /**
   * Opens a center where it is clear or said in which country, else asks for it.
   *
   * @param {LatLng} latlng
   */
  open(latlng) {
    const id = this.centers.freeId();
    const guess = countryAt(this.app, this.rule, latlng);
    this.guesses.set(id, guess);
    const code = guess.isSure ? guess.code : "";
    this.change(id, () => this.centers.open(latlng.lat, latlng.lng, code));
    return id;
  }

  /**
   * @param {string} id
   * @param {LatLng} latlng
   */
  move(id, latlng) {
    const guess = countryAt(this.app, this.rule, latlng);
    this.guesses.set(id, guess);
    const { lat, lng } = latlng;
    const isKept = this.centers.find(id) || this.said.has(id) || !guess.isSure;
    const code = isKept ? {} : { code: guess.code };
    this.change(id, () => this.centers.change(id, { lat, lon: lng, ...code }));
  }

  /**
   * What the reader should know of the country of a center; empty if it is clear.
   *
   * @param {string} id
   */
  countryWords(id) {
    const code = this.centers.entries.get(id)?.code;
    if (!this.rule.same_country) return "";
    if (!code) return "Not clear from what is near. It serves nobody until you choose.";
    const guess = this.guesses.get(id);
    if (!guess?.isSure || guess.code === code || this.said.has(id)) return "";
    const title = this.rule.titles[this.rule.codes.indexOf(guess.code)];
    return `What is near is in ${title}: is this its country?`;
  }

  /**
   * @param {string} id
   * @param {string} code
   */
  chooseCountry(id, code) {
    this.said.add(id);
    this.change(id, () => this.centers.change(id, { code }));
  }

  /** Takes the last step back. */
  undo() {
    const last = this.centers.steps[this.centers.steps.length - 1];
    if (last) this.change(last.id, () => this.centers.undo());
  }

  /**
   * Leaves a center as it is in the run.
   *
   * @param {string} id
   */
  forget(id) {
    this.change(id, () => this.centers.set(id, undefined));
  }

  /** Leaves all centers as they are in the run. */
  reset() {
    this.centers.entries.clear();
    this.centers.steps.length = 0;
    this.said.clear();
    this.guesses.clear();
    this.effects?.reset();
    this.wait(null);
    this.show();
  }

  /**
   * Waits for a click on the map, or for none.
   *
   * @param {Placing | null} placing
   */
  wait(placing) {
    this.placing = placing;
    this.app.map.getContainer().classList.toggle(PLACING, placing !== null);
    if (placing) this.app.map.closePopup();
    for (const listener of this.listeners) listener();
  }

  /**
   * Takes a click on the map, if one is waited for.
   *
   * @param {LatLng} latlng
   */
  place(latlng) {
    const { placing } = this;
    if (!placing) return false;
    this.wait(null);
    if (placing.id === null) this.open(latlng);
    else this.move(placing.id, latlng);
    return true;
  }

  /** What is tried and what it does, in words; empty if nothing is. */
  words() {
    const { summary } = this;
    if (!summary) return "";
    const edits = this.shown.entries.map((entry) => this.entryWords(entry));
    const { gained, lost } = summary.counts;
    const doubt = summary.doubtful ? `, ${quantity(summary.doubtful, "site")} in doubt` : "";
    // Also where filters leave out sites: all are judged, as a run will.
    const all = `of ${quantity(this.app.meta.total, "site")} in all`;
    return `Tried, not decided by a run: ${edits.join("; ")}. `
      + `${quantity(gained, "site")} gained, ${quantity(lost, "site")} lost${doubt}, ${all}`;
  }

  /** @param {import("./what-if-centers.js").Entry} entry */
  entryWords({ id, what, lat, lon }) {
    const at = `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
    if (what === "closed") return `${id} closed`;
    return `${id} ${what === "moved" ? "moved to" : "opened at"} ${at}`;
  }

  /**
   * What is tried does to a site, in words; null if nothing.
   *
   * @param {number} i
   */
  siteWords(i) {
    const { effects, summary } = this;
    if (!effects || !summary || !(effects.kind[i] || effects.doubt[i])) return null;
    const name = markOf(effects, i);
    const level = this.rule.ranks[effects.level[i]];
    const order = effects.center[i];
    const id = this.centers.now().find((center) => center.order === order)?.id;
    return `${level}${id ? ` (center ${id})` : ""}. ${MARKS[name].words}`;
  }

  /** Saves the centers as a file for `run`. */
  save() {
    saveFile(FILE, csvLines(this.centers.file()));
    this.app.say(`Centers saved as ${FILE}`);
  }
}

/** @param {import("./what-if-effects.js").Spot3[]} places */
function distinct(places) {
  return places.filter((place, number) => number === places.findIndex(
    ({ lat, lon }) => lat === place.lat && lon === place.lon));
}
