// The legend, which filters by status and counts what is in view.

import { isCounted } from "./figures.js";
import { symbolMark } from "./marks.js";
import { group } from "./panel.js";
import { THEME } from "./theme.js";
import { counted, element, share } from "./words.js";

/** @param {App} app */
export function legendBlock(app) {
  const { meta, filters } = app;
  const box = group("Status: in view / all", "legend");
  const cells = meta.statuses.map((status, number) => {
    const row = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = true;
    check.addEventListener("change", () => filters.toggleStatus(number, check.checked));
    filters.onChange(() => { check.checked = filters.statuses.has(number); });
    const count = element("span", "…", "count");
    const style = THEME.statuses[status];
    row.append(check, symbolMark(style), element("span", style.words), count);
    // Most runs name no products, so that no site can be past a phase.
    row.hidden = status === "not_covered" && !meta.counts[number];
    box.append(row);
    return count;
  });
  app.onUpdate(() => updateCells(app, cells));
  return box;
}

/**
 * Writes how many sites there are of each status.
 *
 * @param {App} app
 * @param {HTMLElement[]} cells One for each status.
 */
function updateCells({ meta, inView }, cells) {
  meta.statuses.forEach((status, number) => {
    const shown = isCounted(meta, status) ? counted(inView.counts[number]) : "–";
    cells[number].textContent =
      `${shown} / ${counted(meta.counts[number])} (${share(meta.counts[number], meta.total)})`;
  });
}
