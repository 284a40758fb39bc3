// The filters of the panel: a list of choices for each column.

import { ANY } from "./filters.js";
import { group } from "./panel.js";
import { fitSelection } from "./selection.js";
import { button, counted, element, quantity } from "./words.js";

/**
 * Filters that the map goes to: those by place.
 *
 * @type {import("./filters.js").FilterColumn[]}
 */
const IS_PLACE = ["site_country", "center"];

/**
 * The values that sites have in a column, the most frequent first.
 *
 * @param {Numbers} values
 * @param {(value: number) => string} words
 */
function choices(values, words) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value, count]) => {
    const option = element("option", `${value < 0 ? "none" : words(value)} (${counted(count)})`);
    option.value = String(value);
    return option;
  });
}

/** @param {App} app */
export function filterBlock(app) {
  const { meta, filters, sites } = app;
  const box = group("Filters", "filters");
  const centerWords = (/** @type {number} */ c) =>
    [meta.centers[c].id, meta.centers[c].name].filter(Boolean).join(", ");
  /** @type {[import("./filters.js").FilterColumn, string, (value: number) => string][]} */
  const columns = [
    ["site_country", "Country", (c) => meta.country_names[c]],
    ["center", "Center", centerWords],
    ["level", "Level", (c) => meta.levels[c]],
    ["reason", "Reason", (c) => meta.reason_words[c]],
  ];
  for (const [column, words, name] of columns) {
    const row = element("label");
    const select = element("select");
    const all = element("option", "all");
    all.value = String(ANY);
    select.append(all, ...choices(sites[column], name));
    select.addEventListener("change", () => {
      filters.choose(column, Number(select.value));
      if (!IS_PLACE.includes(column)) return;
      fitSelection(app);
      app.say(`${quantity(app.selection.total ?? 0, "site")} selected`);
    });
    filters.onChange(() => { select.value = String(filters.chosen[column]); });
    row.append(element("span", words), select);
    box.append(row);
  }
  box.append(button("Reset filters", () => {
    const wasPlace = IS_PLACE.some((column) => filters.chosen[column] !== ANY);
    app.reset();
    filters.reset();
    if (wasPlace) fitSelection(app);
  }));
  return box;
}
