// The table of the sites in view: sorted by a column, filtered by status, from a row to its place
// on the map and back.

import { textAt } from "./data.js";
import { showHint, siteLines } from "./hover.js";
import { savePicture } from "./picture.js";
import { besideView, goToSite } from "./popup.js";
import { firstRows } from "./sorting.js";
import { ownColumns, rowsInView, saveCsv } from "./table.js";
import { THEME } from "./theme.js";
import { exactView, setExactView } from "./view.js";
import { button, counted, element, labelled, quantity } from "./words.js";

const MOST_ROWS = 200; // so many are shown; the file has all

/**
 * A column: its cells, and what it is sorted by.
 *
 * @typedef {object} Column
 * @property {string} name
 * @property {(i: number) => string} text
 * @property {(i: number) => import("./sorting.js").Key} key
 */

/** @typedef {"distance" | "margin" | "distanceKm" | "marginKm"} Figure */

/**
 * @param {App} app
 * @returns {Column[]}
 */
function columnsOf(app) {
  const { meta, sites, texts } = app;
  const text = (/** @type {string} */ name, /** @type {(i: number) => string} */ cell) =>
    ({ name, text: cell, key: (/** @type {number} */ i) => cell(i) || null });
  const number = (/** @type {string} */ name, /** @type {Figure} */ figure) => ({
    name, text: (/** @type {number} */ i) => sites.figures(i)[figure]?.toFixed(3) ?? "",
    key: (/** @type {number} */ i) => sites.figures(i)[figure],
  });
  const status = (/** @type {number} */ i) => meta.status_codes[sites.status[i]];
  return [
    text("site", (i) => textAt(texts.id, i)),
    text("name", (i) => textAt(texts.name, i)),
    { name: "status", text: status, key: (i) => sites.status[i] },
    text("level", (i) => meta.levels[sites.level[i]] ?? ""),
    text("reason", (i) => meta.reason_words[sites.reason[i]] ?? ""),
    text("center", (i) => meta.centers[sites.center[i]]?.id ?? ""),
    ...(meta.unit === "km"
      ? [number("km", "distanceKm"), number("margin", "marginKm")]
      : [number("miles", "distance"), number("margin", "margin")]),
    ...ownColumns(app).map((own) => text(own.name, (i) => textAt(own.texts, i))),
  ];
}

/** The table below the map. */
class SiteTable {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.sheet = labelled("section", "Sites in view", "sheet");
    this.sheet.tabIndex = 0;
    this.sheet.hidden = true;
    /** @type {{ name: string, direction: number } | null} */
    this.order = null;
    /** @type {{ view: ReturnType<typeof exactView>, zoom: number, site: number } | null} */
    this.visit = null; // the view before a row was followed, and what it led to
    this.filling = 0;
    this.sheet.addEventListener("mouseover", (event) => this.point(event));
    this.sheet.addEventListener("focusin", (event) => this.point(event));
    this.sheet.addEventListener("mouseleave", () => showHint(app, null, []));
  }

  /**
   * Names the site of a row on the map, where it is in view.
   *
   * @param {Event} event
   */
  point({ target }) {
    const { app } = this;
    const row = target instanceof HTMLElement ? target.closest("tr") : null;
    if (row?.dataset.site === undefined) return;
    const i = Number(row.dataset.site);
    const place = besideView(app, app.sites.lat(i), app.sites.lon(i));
    const isSeen = app.map.getBounds().contains(place);
    showHint(app, isSeen ? place : null, siteLines(app, [i]));
  }

  /** Whether the reader still looks at the site of a row: the table then stays as it is. */
  isVisiting() {
    const { map, sites } = this.app;
    if (!this.visit || map.getZoom() !== this.visit.zoom) return false;
    const { site } = this.visit;
    return map.getBounds().contains(besideView(this.app, sites.lat(site), sites.lon(site)));
  }

  /** Fills the table with what is in view. */
  async fill() {
    if (this.sheet.hidden || this.isVisiting()) return;
    this.visit = null;
    const filling = ++this.filling;
    await this.app.textsReady;
    if (filling !== this.filling) return; // a later one has begun
    const rows = rowsInView(this.app);
    const columns = columnsOf(this.app);
    const by = columns.find(({ name }) => name === this.order?.name);
    const some = by && this.order
      ? firstRows(rows, by.key, { direction: this.order.direction, most: MOST_ROWS })
      : rows.slice(0, MOST_ROWS);
    const made = element("table");
    const rest = rows.length > some.length ? `; the first ${some.length} are listed` : "";
    made.append(element("caption", `${quantity(rows.length, "site")} in view${rest}`));
    made.createTHead().insertRow().append(...columns.map((column) => this.header(column)));
    made.createTBody().append(...some.map((i) => this.row(columns, i)));
    const focused = this.focused();
    this.sheet.replaceChildren(this.tools(), made);
    if (focused) this.find(focused)?.focus();
  }

  /** What has the focus, as a selector that finds it in another table. */
  focused() {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !this.sheet.contains(activeElement)) return null;
    const { column, status } = activeElement.dataset;
    if (column !== undefined) return `[data-column="${CSS.escape(column)}"]`;
    if (status !== undefined) return `[data-status="${status}"]`;
    const site = activeElement.closest("tr")?.dataset.site;
    return site === undefined ? null : `tr[data-site="${site}"] button`;
  }

  /**
   * @param {string} selector
   * @returns {HTMLElement | null}
   */
  find(selector) {
    return this.sheet.querySelector(selector);
  }

  /** The filters by status, and the way back. */
  tools() {
    const { filters, inView, meta } = this.app;
    const box = element("p", undefined, "tools");
    meta.statuses.forEach((status, number) => {
      if (!meta.counts[number]) return;
      const isOn = filters.statuses.has(number);
      const words = `${THEME.statuses[status].words}: ${counted(inView.counts[number])}`;
      const toggle = button(isOn ? words : THEME.statuses[status].words, () => {
        filters.toggleStatus(number, !isOn);
        this.focus(`[data-status="${number}"]`);
      });
      toggle.setAttribute("aria-pressed", String(isOn));
      toggle.dataset.status = String(number);
      box.append(toggle);
    });
    return box;
  }

  /**
   * Gives the focus to something of the table, once it is filled.
   *
   * @param {string} selector
   */
  async focus(selector) {
    await this.fill();
    this.find(selector)?.focus();
  }

  /** @param {Column} column */
  header({ name }) {
    const head = element("th");
    head.scope = "col";
    const direction = this.order?.name === name ? this.order.direction : 0;
    head.ariaSort = direction ? (direction > 0 ? "ascending" : "descending") : "none";
    const sort = button(name, () => {
      this.order = direction < 0 ? null : { name, direction: direction ? -1 : 1 };
      this.visit = null;
      this.app.settingsChanged();
      this.focus(`[data-column="${CSS.escape(name)}"]`);
    });
    sort.dataset.column = name;
    sort.append(element("span", direction ? (direction > 0 ? "▲" : "▼") : "", "direction"));
    head.append(sort);
    return head;
  }

  /**
   * @param {Column[]} columns
   * @param {number} i
   */
  row([id, ...columns], i) {
    const row = element("tr");
    row.dataset.site = String(i);
    const head = element("th");
    head.scope = "row";
    head.append(button(id.text(i) || "(no ID)", () => this.go(i, row)));
    row.append(head, ...columns.map(({ text }) => element("td", text(i))));
    return row;
  }

  /**
   * Goes to the place of a row, and offers the way back.
   *
   * @param {number} i
   * @param {HTMLElement} row
   */
  async go(i, row) {
    const { map } = this.app;
    const view = this.isVisiting() && this.visit ? this.visit.view : exactView(map);
    this.visit = { view, zoom: Math.max(map.getZoom(), 0), site: i };
    await goToSite(this.app, i);
    this.visit.zoom = map.getZoom();
    for (const other of this.sheet.querySelectorAll("tr[aria-current]")) {
      other.removeAttribute("aria-current");
    }
    row.setAttribute("aria-current", "true");
    if (this.sheet.querySelector(".back")) return;
    this.sheet.querySelector(".tools")?.prepend(button("← Back to the earlier view",
      () => this.back(), "back"));
  }

  /** Shows the view again from which a row was followed. */
  back() {
    if (!this.visit) return;
    const { view, site } = this.visit;
    this.visit = null;
    this.app.map.closePopup();
    setExactView(this.app.map, view.center, view.zoom);
    this.focus(`tr[data-site="${site}"] button`);
  }

  /** @param {boolean} isOpen */
  toggle(isOpen) {
    this.sheet.hidden = !isOpen;
    this.app.map.invalidateSize({ animate: false });
    this.app.settingsChanged();
    this.fill();
  }
}

/**
 * The buttons of the table, which stands below the map.
 *
 * @param {App} app
 */
export function tableBlock(app) {
  const table = new SiteTable(app);
  app.main.append(table.sheet);
  const open = button("Table of sites in view", () => {
    table.toggle(Boolean(table.sheet.hidden));
    open.setAttribute("aria-expanded", String(!table.sheet.hidden));
  });
  open.setAttribute("aria-expanded", "false");
  app.onUpdate(() => table.fill());
  app.table = {
    order: () => table.order,
    isOpen: () => !table.sheet.hidden,
    restore: (isOpen, order) => {
      table.order = order;
      if (isOpen !== !table.sheet.hidden) open.click();
    },
  };
  const box = element("p", undefined, "buttons");
  box.append(
    open, button("Save as CSV", () => saveCsv(app)), button("Save as PNG", () => savePicture(app)),
  );
  return box;
}
