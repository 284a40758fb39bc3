// Search by site, center, town or country: the text of all sites is one text, read through once.

import { rowAt, textAt } from "./data.js";
import { folded, foldedTexts } from "./folding.js";
import { showHint } from "./hover.js";
import { styleOf, symbolMark } from "./marks.js";
import { besideView, goToCenter, goToSite } from "./popup.js";
import { fitSelection } from "./selection.js";
import { button, element, labelled, later, quantity } from "./words.js";

const LISTED = 50;
const LISTED_PLACES = 8;
const TOWN_ZOOM = 9;
const COUNTRY = 3; // the kind of a place that is a country

/**
 * What was found: things to list, and which sites.
 *
 * @typedef {object} Found
 * @property {number[]} exact Sites whose id is what was searched for.
 * @property {number[]} rows Other sites to list.
 * @property {Center[]} centers
 * @property {number[]} countries Positions in the payload.
 * @property {Place[]} towns
 * @property {Uint8Array} marks 1 for each site that was found.
 * @property {number} count Of sites.
 */

/**
 * Marks the rows of folded texts that some words are in, and lists the first of them.
 *
 * @param {Texts} column
 * @param {string} words
 * @param {Uint8Array} marks
 * @param {number[]} listed
 */
function markMatches({ text, begins }, words, marks, listed) {
  for (let at = text.indexOf(words); at >= 0;) {
    const row = rowAt(begins, at);
    const isInside = at + words.length <= begins[row + 1];
    if (isInside && !marks[row]) {
      marks[row] = 1;
      if (listed.length < LISTED) listed.push(row);
    }
    at = text.indexOf(words, isInside ? begins[row + 1] : at + 1);
  }
}

/**
 * @param {Texts} texts
 * @param {string} words
 */
function exactMatches({ text, begins }, words) {
  const found = [];
  for (let i = 0; i + 1 < begins.length && found.length < LISTED; i++) {
    if (begins[i + 1] - begins[i] === words.length && text.startsWith(words, begins[i])) {
      found.push(i);
    }
  }
  return found;
}

/**
 * Whether a word of a name begins with some words.
 *
 * @param {string} name
 * @param {string} words
 */
function hasWord(name, words) {
  const plain = folded(name);
  return plain.startsWith(words) || plain.includes(` ${words}`) || plain.includes(`-${words}`);
}

/**
 * How well a name fits some words: 0 if it is them, 1 if it begins with them, 2 else.
 *
 * @param {string} name
 * @param {string} words
 */
function fit(name, words) {
  const plain = folded(name);
  if (plain === words) return 0;
  return plain.startsWith(words) ? 1 : 2;
}

/**
 * Looks for folded words.
 *
 * @param {App} app
 * @param {{ id: Texts, name: Texts }} texts Folded.
 * @param {string} words
 * @returns {Found}
 */
function search({ meta, sites, towns = [] }, texts, words) {
  const marks = new Uint8Array(sites.count);
  /** @type {number[]} */
  const rows = [];
  const exact = exactMatches(texts.id, words);
  markMatches(texts.id, words, marks, rows);
  markMatches(texts.name, words, marks, rows);
  const centers = meta.centers.filter(({ id, name }) =>
    folded(id).includes(words) || folded(name).includes(words));
  const countries = [...meta.country_names.keys()].filter((c) =>
    hasWord(meta.country_names[c], words) || folded(meta.countries[c]) === words);
  const known = new Set(meta.country_names);
  const places = towns.filter(({ name, kind }) =>
    hasWord(name, words) && (kind !== COUNTRY || !known.has(name)));
  places.sort((a, b) => fit(a.name, words) - fit(b.name, words)); // else those of a low zoom first
  return {
    exact, rows: rows.filter((i) => !exact.includes(i)).slice(0, LISTED), marks,
    centers: centers.slice(0, LISTED), countries, towns: places.slice(0, LISTED_PLACES),
    count: marks.reduce((sum, mark) => sum + mark, 0),
  };
}

/** @param {Found} found */
function countWords({ count, centers, countries, towns }) {
  const nations = countries.length === 1 ? "1 country" : `${countries.length} countries`;
  const parts = [
    count ? quantity(count, "site") : "", centers.length ? quantity(centers.length, "center") : "",
    countries.length ? nations : "", towns.length ? quantity(towns.length, "place") : "",
  ].filter(Boolean);
  const last = parts.pop();
  return parts.length ? `${parts.join(", ")} and ${last} found` : `${last} found`;
}

/**
 * A result: a button that goes to it.
 *
 * @param {HTMLElement | null} mark
 * @param {(string | undefined)[]} words
 * @param {() => void} go
 */
function resultRow(mark, words, go) {
  const row = element("li");
  const link = button("", go);
  if (mark) link.append(mark);
  link.append(element("span", words.filter(Boolean).join(" ")));
  row.append(link);
  return row;
}

/**
 * @param {App} app
 * @param {Found} found
 */
function resultRows(app, { exact, rows, centers, countries, towns }) {
  const site = (/** @type {number} */ i) => resultRow(symbolMark(styleOf(app, i)),
    [textAt(app.texts.id, i), textAt(app.texts.name, i)], () => goToSite(app, i));
  return [
    ...exact.map(site),
    ...centers.map((center) => resultRow(null, ["Center", center.id, center.name],
      () => goToCenter(app, center))),
    ...countries.map((c) => resultRow(null, ["Country", app.meta.country_names[c]],
      () => {
        app.filters.choose("site_country", c);
        fitSelection(app);
      })),
    ...towns.map((town) => resultRow(null, [town.kind === COUNTRY ? "Country" : "Place",
      [town.name, town.kind === COUNTRY ? "" : town.country].filter(Boolean).join(", ")],
    () => goToTown(app, town))),
    ...rows.map(site),
  ];
}

/**
 * @param {App} app
 * @param {Place} town
 */
function goToTown(app, { name, kind, zoom, lat, lon }) {
  const place = besideView(app, lat, lon);
  const nearer = kind === COUNTRY ? zoom + 1 : Math.max(zoom, TOWN_ZOOM);
  app.map.setView(place, Math.min(nearer, app.map.getMaxZoom()), { animate: false });
  showHint(app, place, [name]);
}

/** @param {App} app */
export function searchBlock(app) {
  const box = element("search");
  const label = element("label", "Search by site ID, name, center, place or country");
  const input = element("input");
  input.type = "search";
  input.autocomplete = "off";
  label.append(input);
  const only = element("label", undefined, "only");
  const check = element("input");
  check.type = "checkbox";
  only.append(check, element("span", "Show only matching sites"));
  const list = labelled("ul", "Results", "results");
  /** @type {{ id: Texts, name: Texts } | null} */
  let texts = null; // folded when first needed
  const look = async () => {
    await app.textsReady;
    const words = folded(input.value.trim());
    texts ??= { id: foldedTexts(app.texts.id), name: foldedTexts(app.texts.name) };
    const found = words ? search(app, texts, words) : null;
    const rows = found ? resultRows(app, found) : [];
    list.replaceChildren(...rows);
    app.filters.only(found && check.checked ? found.marks : null);
    if (!found) app.say("");
    else app.say(rows.length ? countWords(found) : `Nothing found for “${input.value.trim()}”`);
  };
  input.addEventListener("input", later(200, look));
  check.addEventListener("change", look);
  input.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    await look();
    list.querySelector("button")?.click();
  });
  app.onReset(() => {
    input.value = "";
    check.checked = false;
    list.replaceChildren();
  });
  app.search = {
    words: () => input.value.trim(), isOnly: () => check.checked,
    restore: (words, isOnly) => {
      input.value = words;
      check.checked = isOnly;
      return look();
    },
  };
  box.append(label, only, list);
  return box;
}
