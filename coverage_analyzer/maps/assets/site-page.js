// What a popup tells of sites and centers.

import { textAt } from "./data.js";
import { styleOf, symbolMark } from "./marks.js";
import {
  button, counted, driveWords, element, limitWords, milesAndKm, rowsTable,
} from "./words.js";

const NOTHING = "Nothing."; // what is to be done where all is well (schema/actions.py)
const LISTED = 8; // so many other sites and centers are listed, and the rest is counted

/**
 * What is at a place of the map: centers, and sites, the nearest first.
 *
 * @typedef {{ centers: Center[], sites: number[] }} Spot
 */

/**
 * A value of a column of drives, null where it is not known.
 *
 * @param {Numbers | undefined} values
 * @param {number} i
 * @param {number} parts
 */
function known(values, i, parts) {
  return values && values[i] >= 0 ? values[i] / parts : null;
}

/**
 * The rows of a site's page: the verdict, and the own columns that were asked for.
 *
 * @param {App} app
 * @param {number} i
 * @returns {[string, string | number | null | undefined][]}
 */
function siteRows(app, i) {
  const { meta, sites, texts } = app;
  const center = meta.centers[sites.center[i]];
  const { limit, distance, margin, distanceKm, marginKm } = sites.figures(i);
  const [left, unit] = marginKm === null ? [margin, "mi"] : [marginKm, "km"];
  const side = left !== null && left < 0 ? "beyond the limit" : "within the limit";
  const action = meta.reason_actions[sites.reason[i]];
  const drive = driveWords(known(texts.minutes, i, 10), known(texts.road_miles, i, 1000));
  return [
    ["name", textAt(texts.name, i)],
    ["level", meta.levels[sites.level[i]]],
    ["status", meta.status_codes[sites.status[i]]],
    ["reason", meta.reason_words[sites.reason[i]]],
    ["what to do", action === NOTHING ? null : action],
    ["center", center ? centerName(center) : null],
    ["distance", milesAndKm(distance, distanceKm)],
    ["by road", drive],
    ["limit", limit === null ? null : limitWords(limit, meta.unit)],
    ["margin", left === null ? null : `${Math.abs(left).toFixed(3)} ${unit} ${side}`],
    ["country", meta.country_names[sites.site_country[i]]],
    ["available on", meta.days[sites.available_on[i]]],
    ["centers in reach", sites.in_reach[i]],
    ["if tried centers", app.whatIf?.siteWords(i)],
    ["coordinates", `${sites.lat(i).toFixed(5)}, ${sites.lon(i).toFixed(5)}`],
    ...meta.own_columns.map((name, column) =>
      /** @type {[string, string]} */ ([name, textAt(texts.own[column], i)])),
  ];
}

/** @param {Center} center */
function centerName(center) {
  return [center.id, center.name].filter(Boolean).join(", ");
}

/**
 * @param {string} text
 * @param {import("./theme.js").SiteStyle} [style]
 */
function heading(text, style) {
  const made = element("h2");
  made.tabIndex = -1;
  if (style) made.append(symbolMark(style));
  made.append(element("span", text));
  return made;
}

/**
 * Shows a page in the open popup instead of the one there, with the focus on its heading or on one
 * of its buttons.
 *
 * @param {App} app
 * @param {HTMLElement} page
 * @param {string} [focused]
 */
function turnTo(app, page, focused = "h2") {
  const before = /** @type {HTMLElement | undefined} */ (app.popup.getContent());
  page.style.maxHeight = before?.style.maxHeight ?? "";
  app.popup.setContent(page);
  const target = /** @type {HTMLElement | null} */ (page.querySelector(focused));
  target?.focus();
}

/**
 * The sites of a place by their exact location: those at that of a site, and the others.
 *
 * @param {App} app
 * @param {Spot} place
 * @param {number} i
 */
function atSameLocation({ sites }, place, i) {
  const isSame = (/** @type {number} */ j) =>
    sites.x[j] === sites.x[i] && sites.y[j] === sites.y[i];
  return { same: place.sites.filter(isSame), others: place.sites.filter((j) => !isSame(j)) };
}

/**
 * The page of one site: its verdict, a way to the others at the same location, and what else is
 * near.
 *
 * @param {App} app
 * @param {Spot} place
 * @param {number} i
 * @returns {HTMLElement}
 */
export function sitePage(app, place, i) {
  const box = element("div", undefined, "popup");
  box.append(heading(textAt(app.texts.id, i), styleOf(app, i)), rowsTable(siteRows(app, i)));
  const { same, others } = atSameLocation(app, place, i);
  if (same.length > 1) {
    const at = same.indexOf(i);
    const words = `Site ${counted(at + 1)} of ${counted(same.length)} at this location `;
    const turn = element("p", words, "turn");
    const go = (/** @type {number} */ step) => {
      const next = same[(at + step + same.length) % same.length];
      turnTo(app, sitePage(app, place, next), step < 0 ? ".turn button" : ".turn button + button");
    };
    turn.append(button("Previous", () => go(-1)), button("Next", () => go(1)));
    box.append(turn);
  }
  box.append(...othersList(app, place, { centers: place.centers, sites: others }, "Also near"));
  return box;
}

/**
 * The page of a center, with the sites under its mark and near it.
 *
 * @param {App} app
 * @param {Spot} place
 * @param {Center} center
 * @returns {HTMLElement}
 */
export function centerPage(app, place, center) {
  const box = element("div", undefined, "popup");
  box.append(heading(`Center ${center.id}`));
  box.append(rowsTable([
    ["name", center.name],
    ["country", center.country],
    ["state", center.state],
    ["opens on", center.opens_on],
    ["closes on", center.closes_on],
    ["qualified sites", counted(center.served)],
  ]));
  box.append(...tryButtons(app, center));
  const centers = place.centers.filter((other) => other !== center);
  box.append(...othersList(app, place, { centers, sites: place.sites }, "Sites here"));
  return box;
}

/**
 * What can be tried with a center.
 *
 * @param {App} app
 * @param {Center} center
 */
function tryButtons({ map, whatIf }, { id }) {
  if (!whatIf?.centers.find(id)) return [];
  const row = element("p", "What if: ", "turn");
  row.append(
    button("Close it", () => {
      map.closePopup();
      whatIf.close(id);
    }),
    button("Move it…", () => whatIf.wait({ id })),
  );
  return [row];
}

/**
 * The page of what is nearest at a place: a center before the sites under its mark.
 *
 * @param {App} app
 * @param {Spot} place With a center or a site.
 */
export function placePage(app, place) {
  const [center] = place.centers;
  return center ? centerPage(app, place, center) : sitePage(app, place, place.sites[0]);
}

/**
 * A list of links to other centers and sites at a place; none if there are none.
 *
 * @param {App} app
 * @param {Spot} place
 * @param {Spot} others
 * @param {string} words
 */
function othersList(app, place, others, words) {
  const total = others.centers.length + others.sites.length;
  if (!total) return [];
  const list = element("ul", undefined, "others");
  const centers = others.centers.map((center) => link(
    app, null, `Center ${centerName(center)}`, () => centerPage(app, place, center)));
  const sites = others.sites.slice(0, LISTED).map((i) => link(
    app, symbolMark(styleOf(app, i)),
    [textAt(app.texts.id, i), textAt(app.texts.name, i)].filter(Boolean).join(" "),
    () => sitePage(app, place, i)));
  list.append(...centers, ...sites);
  const rest = total - centers.length - sites.length;
  const more = rest ? [element("p", `and ${counted(rest)} more: zoom in to see them.`)] : [];
  return [element("h3", `${words}: ${counted(total)}`), list, ...more];
}

/**
 * A row of a list that turns to another page.
 *
 * @param {App} app
 * @param {HTMLElement | null} mark
 * @param {string} words
 * @param {() => HTMLElement} page
 */
function link(app, mark, words, page) {
  const row = element("li");
  const go = button("", () => turnTo(app, page()));
  if (mark) go.append(mark);
  go.append(element("span", words));
  row.append(go);
  return row;
}
