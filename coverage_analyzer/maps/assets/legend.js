// The legend of the sites' marks: it filters by status, counts, and says what each means.

import { isCounted } from "./figures.js";
import { symbolMark } from "./marks.js";
import { group } from "./panel.js";
import { THEME } from "./theme.js";
import { counted, element, share } from "./words.js";

/** Marks that most runs have no sites of, so that they are listed only where there are some. */
const RARE = ["not_covered", "road"];

/** @param {App} app */
export function legendBlock(app) {
  const { meta, filters } = app;
  const box = group("Status: in view / all", "legend");
  const title = /** @type {HTMLElement} */ (box.querySelector("legend"));
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
    row.hidden = isAbsent(meta, number);
    box.append(row);
    return count;
  });
  box.append(meanings(meta));
  app.onUpdate(() => {
    title.textContent = app.selection.isNarrowed
      ? "Status: in view / selected" : "Status: in view / all";
    updateCells(app, cells);
  });
  return box;
}

/**
 * @param {Meta} meta
 * @param {number} number Of a mark.
 */
function isAbsent(meta, number) {
  return RARE.includes(meta.statuses[number]) && !meta.counts[number];
}

/**
 * What each status means, and what to do about its sites.
 *
 * @param {Meta} meta
 */
function meanings(meta) {
  const box = element("details");
  box.append(element("summary", "What they mean, and what to do"));
  const list = element("dl", undefined, "meanings");
  meta.statuses.forEach((status, number) => {
    if (isAbsent(meta, number)) return;
    const { words } = THEME.statuses[status];
    const told = element("dd", meta.status_texts[number]);
    told.append(" ", element("b", meta.status_actions[number]));
    list.append(element("dt", words.split(":")[0]), told);
  });
  box.append(list);
  return box;
}

/**
 * Writes how many sites there are of each mark: in the view, selected, and their share of those
 * selected; beside a selection also of all.
 *
 * @param {App} app
 * @param {HTMLElement[]} cells One for each mark.
 */
function updateCells({ meta, inView, selection }, cells) {
  meta.statuses.forEach((status, number) => {
    const shown = isCounted(meta, status) ? counted(inView.counts[number]) : "–";
    const count = selection.counts[number];
    const some = count === null ? "–" : counted(count);
    const part = count === null || selection.total === null ? "–" : share(count, selection.total);
    const cell = cells[number];
    cell.replaceChildren(`${shown} / ${some} (${part})`);
    if (selection.isNarrowed) {
      cell.append(" ", element("small", `of ${counted(meta.counts[number])}`));
    }
  });
}
