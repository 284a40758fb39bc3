// The block of the panel in which changes of centers are tried.

import { mark } from "./marks.js";
import { group } from "./panel.js";
import { button, counted, element, later, quantity, share } from "./words.js";
import { FILE, WhatIfState } from "./what-if.js";
import { MARKS, drawChange } from "./what-if-layer.js";

const LISTED = 12; // countries; the rest is counted
const PREPARE_MS = 50;
const MARK_RADIUS = 6.5;

/** @typedef {import("./what-if-centers.js").Entry} Entry */

/**
 * The block, and in it the state. Where the page cannot try changes, it says why.
 *
 * @param {App} app
 */
export function whatIfBlock(app) {
  const box = group("What if", "what-if");
  const trial = app.meta.what_if;
  if (!trial) {
    box.hidden = true;
    return box;
  }
  if (!trial.rule) {
    box.append(element("p", trial.refused, "note"));
    return box;
  }
  const state = new WhatIfState(app, trial.rule);
  app.whatIf = state;
  const details = element("details");
  details.append(
    element("summary", "Try changes of centers"),
    element("p", "Close, open or move centers and see at once what changes. Nothing is decided "
      + "here: save the centers, and run with them."),
    ...roadNote(app), chooser(state), placer(state), changeList(state), editList(state),
    steps(state), results(state),
  );
  const prepare = later(PREPARE_MS, () => state.prepare());
  details.addEventListener("toggle", () => { if (details.open) prepare(); });
  state.onChange(() => { if (state.placing || state.summary) details.open = true; });
  box.append(details);
  return box;
}

/**
 * What to know where roads were asked.
 *
 * @param {App} app
 */
function roadNote({ meta }) {
  const isByRoad = meta.minutes || meta.reasons.some((reason) => reason.startsWith("road_"));
  return isByRoad ? [element("p", "Drive times are not taken into account: sites that were judged "
    + "by road stay as they are.", "note")] : [];
}

/**
 * What is done to a center of the run, or opens one.
 *
 * @param {WhatIfState} state
 */
function chooser(state) {
  const box = element("div");
  const open = button("Open a center…", () => state.wait(state.placing ? null : { id: null }));
  const row = element("label");
  const select = element("select");
  const none = element("option", "choose a center");
  none.value = "";
  select.append(none, ...state.centers.given.map(({ id, order }) => {
    const { name } = state.app.meta.centers[order];
    const option = element("option", [id, name].filter(Boolean).join(", "));
    option.value = id;
    return option;
  }));
  const close = button("Close it", () => state.close(select.value));
  const move = button("Move it…", () => state.wait({ id: select.value }));
  row.append(element("span", "Try with"), select);
  const choose = () => {
    close.disabled = !select.value;
    move.disabled = !select.value;
    open.setAttribute("aria-pressed", String(state.placing?.id === null));
  };
  select.addEventListener("change", choose);
  state.onChange(choose);
  choose();
  const buttons = element("p", undefined, "tools");
  buttons.append(close, move, open);
  box.append(row, buttons);
  return box;
}

/**
 * What to do while the map waits for a place.
 *
 * @param {WhatIfState} state
 */
function placer(state) {
  const [box, words] = [element("div", undefined, "placer"), element("p")];
  const here = button("Here: the middle of the map", () => state.place(state.app.map.getCenter()));
  box.append(words, here, " ", button("Cancel", () => state.wait(null)));
  state.onChange(() => {
    const wasHidden = box.hidden;
    const hadFocus = box.contains(document.activeElement);
    box.hidden = !state.placing;
    const opener = [...box.previousElementSibling?.querySelectorAll("button") ?? []].at(-1);
    if (box.hidden) return hadFocus ? opener?.focus({ preventScroll: true }) : undefined;
    const what = state.placing?.id ?? "the new center";
    words.textContent = `Click the place of ${what} on the map, or move the map and press:`;
    if (wasHidden) here.focus();
  });
  box.hidden = true;
  return box;
}

/**
 * What is tried, each with what can be done about it.
 *
 * @param {WhatIfState} state
 */
function editList(state) {
  const list = element("ul", undefined, "edits");
  list.setAttribute("aria-label", "Changes that are tried");
  state.onChange(() => {
    const was = list.contains(document.activeElement)
      ? document.activeElement?.getAttribute("aria-label") : null;
    list.replaceChildren(...state.shown.entries.map((entry) => editRow(state, entry)));
    if (was === null) return;
    const parts = [...list.querySelectorAll("[aria-label]")];
    const again = parts.find((part) => part.getAttribute("aria-label") === was) ?? parts.at(-1)
      ?? list.closest("details")?.querySelector("summary");
    /** @type {HTMLElement | null | undefined} */ (again)?.focus();
  });
  return list;
}

/**
 * @param {WhatIfState} state
 * @param {Entry} entry
 */
function editRow(state, entry) {
  const row = element("li");
  row.append(element("span", state.entryWords(entry)));
  const { id } = entry;
  if (entry.what !== "closed") {
    row.append(countryChoice(state, entry));
    const move = button("Move…", () => state.wait({ id }));
    move.setAttribute("aria-label", `Move ${id}`);
    row.append(move);
  }
  const undo = button("Undo", () => state.forget(id));
  undo.setAttribute("aria-label", `Undo the change of ${id}`);
  row.append(undo);
  return row;
}

/**
 * The country of a center that is new or moved.
 *
 * @param {WhatIfState} state
 * @param {Entry} entry
 */
function countryChoice(state, { id, code }) {
  const label = element("label");
  const select = element("select");
  select.setAttribute("aria-label", `Country of ${id}`);
  const none = element("option", "choose its country");
  none.value = "";
  const titled = state.rule.codes.map((each, n) => ({ each, title: state.rule.titles[n] }));
  titled.sort((a, b) => a.title.localeCompare(b.title, "en"));
  select.append(none, ...titled.map(({ each, title }) => {
    const option = element("option", title);
    option.value = each;
    return option;
  }));
  select.value = code;
  select.addEventListener("change", () => state.chooseCountry(id, select.value));
  label.append(select);
  const words = state.countryWords(id);
  if (words) label.append(element("strong", words));
  return label;
}

/**
 * What can be done about all that is tried.
 *
 * @param {WhatIfState} state
 */
function steps(state) {
  const box = element("p", undefined, "tools");
  const undo = button("Undo last step", () => state.undo());
  const again = button("Start again", () => state.reset());
  const save = button("Save centers", () => state.save());
  box.append(undo, again, save);
  const update = () => {
    const hadFocus = box.contains(document.activeElement);
    undo.disabled = again.disabled = !state.centers.steps.length;
    if (hadFocus && undo.disabled) box.closest("details")?.querySelector("summary")?.focus();
    save.disabled = !state.shown.entries.length || state.centers.isIncomplete()
      || !state.centers.now().length;
  };
  state.onChange(update);
  update();
  return box;
}

/**
 * How many sites the changes concern, by kind.
 *
 * @param {WhatIfState} state
 */
function changeList(state) {
  const list = element("ul", undefined, "changes");
  list.setAttribute("aria-label", "Changed sites");
  state.onChange(() => {
    list.replaceChildren();
    if (!state.summary) return;
    const { counts, doubtful } = state.summary;
    for (const name of /** @type {(keyof typeof MARKS)[]} */ (Object.keys(MARKS))) {
      const number = name === "doubt" ? doubtful : counts[name];
      if (!number && name !== "gained" && name !== "lost") continue;
      const row = element("li");
      row.append(mark((context) => drawChange(context, name, 8, 8, MARK_RADIUS)));
      row.append(element("strong", counted(number)), element("span", MARKS[name].words));
      list.append(row);
    }
  });
  return list;
}

/**
 * What the changes do to the shares of countries, and what the page cannot know.
 *
 * @param {WhatIfState} state
 */
function results(state) {
  const box = element("div", undefined, "results-tried");
  state.onChange(() => {
    const { summary } = state;
    box.replaceChildren(...(summary ? resultParts(state, summary) : []));
  });
  return box;
}

/**
 * @param {WhatIfState} state
 * @param {NonNullable<WhatIfState["summary"]>} summary
 */
function resultParts({ app }, { countries, doubtful }) {
  const now = countries.reduce((sum, country) => sum + country.now, 0);
  const was = countries.reduce((sum, country) => sum + country.qualified, 0);
  const { total } = app.meta;
  const sum = element("p", `Qualified: ${counted(was)} (${share(was, total)}) → ${
    counted(now)} (${share(now, total)}) of ${quantity(total, "site")}`);
  return [
    sum, ...countryTable(app, countries),
    ...(doubtful ? [element("p", `In doubt are sites that are so near to a limit that the rounding `
      + `of their place on this map (0.00001 degree) could decide, or whose products may end `
      + `before a center opens.`)] : []),
    element("p", `A run decides: coverage-analyzer run SITES --centers ${FILE}`, "note"),
  ];
}

/**
 * The changes by country.
 *
 * @param {App} app
 * @param {NonNullable<WhatIfState["summary"]>["countries"]} countries
 */
function countryTable({ meta }, countries) {
  const named = countries.map(
    (country, number) => ({ ...country, name: meta.country_names[number] }));
  const rows = named
    .filter(({ gained, lost, now, qualified }) => gained || lost || now !== qualified)
    .sort((a, b) => b.gained + b.lost - a.gained - a.lost);
  if (!rows.length) return [];
  const table = element("table");
  table.append(element("caption", "By country"));
  const head = table.createTHead().insertRow();
  for (const words of ["Country", "+", "−", "Qualified"]) {
    const cell = element("th", words);
    cell.scope = "col";
    if (words === "+") cell.setAttribute("aria-label", "gained");
    if (words === "−") cell.setAttribute("aria-label", "lost");
    head.append(cell);
  }
  const body = table.createTBody();
  for (const { name, gained, lost, qualified, now, total } of rows.slice(0, LISTED)) {
    const line = body.insertRow();
    const first = element("th", name);
    first.scope = "row";
    line.append(
      first, element("td", counted(gained)), element("td", counted(lost)),
      element("td", `${share(qualified, total)} → ${share(now, total)}`),
    );
  }
  const rest = rows.length - LISTED;
  return rest > 0 ? [table, element("p", `and ${counted(rest)} more`)] : [table];
}
