// The panel beside the map: its frame, the title with the key figures, and the layers.

import { mark } from "./marks.js";
import { THEME } from "./theme.js";
import { counted, element, labelled, quantity, share } from "./words.js";

const STATES = ["open", "planned", "closed"];
/** @type {Partial<Record<Center["state"], string>>} */
const COUNTED_AS = { new: "planned", closing: "closed" };

/**
 * A group of the panel.
 *
 * @param {string} words
 * @param {string} className
 */
export function group(words, className) {
  const box = element("fieldset", undefined, className);
  box.append(element("legend", words));
  return box;
}

/**
 * Appends a figure with its words to a list, and returns what writes it: the figure of what is
 * selected, and that of the whole beside it.
 *
 * @param {HTMLElement} list
 * @param {string} words
 * @returns {(value: string, whole: string) => void}
 */
function figure(list, words) {
  const box = element("div");
  const name = element("dt", words);
  const shown = element("dd");
  box.append(name, shown);
  list.append(box);
  return (value, whole) => {
    shown.replaceChildren(value, ...(whole ? [" ", element("small", whole)] : []));
  };
}

/** @param {number | null} number */
function countedOr(number) {
  return number === null ? "–" : counted(number);
}

/**
 * How many centers are open, planned and closed.
 *
 * @param {Center[]} centers
 */
function stateCounts(centers) {
  const stateOf = (/** @type {Center} */ { state }) => COUNTED_AS[state] ?? state;
  return STATES.map((state) => centers.filter((center) => stateOf(center) === state).length);
}

/** @param {App} app */
export function titleBlock(app) {
  const { meta } = app;
  const box = element("header");
  box.append(element("h1", meta.title));
  box.append(element("p", [meta.policy, `as of ${meta.as_of}`].filter(Boolean).join(", ")));
  if (meta.promise) box.append(element("p", meta.promise, "promise"));
  const list = element("dl", undefined, "figures");
  const whole = stateCounts(meta.centers);
  const sites = figure(list, "sites");
  const qualified = figure(list, "qualified");
  const centers = figure(list, whole[1] ? "centers open (planned)" : "centers open");
  const inView = figure(list, "sites in view");
  const bars = [shareBar(meta, "bar"), shareBar(meta, "bar whole")];
  bars[1].fill(meta.counts);
  app.onUpdate(() => {
    const { selection } = app;
    const beside = (/** @type {string} */ words) => (selection.isNarrowed ? words : "");
    sites(countedOr(selection.total), beside(`of ${counted(meta.total)}`));
    const { qualified: some, total } = selection;
    qualified(
      some === null || total === null ? "–" : share(some, total),
      beside(`all: ${share(meta.counts[0], meta.total)}`),
    );
    const [open, planned] = stateCounts(meta.centers.filter((_, c) => selection.centers[c]));
    const isSome = open < whole[0] || planned < whole[1];
    centers(whole[1] ? `${counted(open)} (${counted(planned)})` : counted(open),
      isSome ? `of ${counted(whole[0])}${whole[1] ? ` (${counted(whole[1])})` : ""}` : "");
    inView(meta.kept === "none" ? "–" : counted(app.inView.total), "");
    bars[0].fill(selection.counts);
    bars[1].bar.hidden = !selection.isNarrowed;
  });
  box.append(list, ...bars.map(({ bar }) => bar));
  if (meta.note) box.append(element("p", meta.note, "note"));
  if (meta.rejected) {
    box.append(element("p", `${quantity(meta.rejected, "row")} could not be read, and ${
      meta.rejected === 1 ? "is" : "are"} not on the map.`, "rejected"));
  }
  return box;
}

/**
 * A bar with the share of each mark; the legend tells the same in words.
 *
 * @param {Meta} meta
 * @param {string} className
 */
function shareBar(meta, className) {
  const bar = element("div", undefined, className);
  bar.setAttribute("aria-hidden", "true");
  const parts = meta.statuses.map((status) => {
    const part = element("span");
    part.style.background = THEME.statuses[status].color;
    return part;
  });
  bar.append(...parts);
  const fill = (/** @type {(number | null)[]} */ counts) => parts.forEach((part, number) => {
    part.style.flexGrow = String(counts[number] ?? 0);
  });
  return { bar, fill };
}

/**
 * The layers with their marks: what can be seen on the map beside sites, and whether it is shown.
 *
 * @param {App} app
 */
export function layerBlock(app) {
  const box = group("On the map", "layers");
  for (const listed of Object.values(app.layers)) {
    if (!listed || listed.isEmpty) continue;
    const { marks = [] } = listed;
    const row = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = listed.isOn;
    row.append(check);
    const [first] = marks;
    if (first && !first.words) row.append(mark(first.draw));
    row.append(element("span", listed.words));
    const rows = [row, ...marks.filter(({ words }) => words).map(({ draw, words }) => {
      const line = element("p", undefined, "kind");
      line.append(mark(draw), element("span", words));
      return line;
    })];
    const show = () => rows.forEach((each) => each.classList.toggle("off", !check.checked));
    check.addEventListener("change", () => {
      if (check.checked) listed.layer.addTo(app.map);
      else listed.layer.remove();
      show();
    });
    app.map.on("layeradd layerremove", () => {
      check.checked = app.map.hasLayer(listed.layer);
      show();
    });
    show();
    box.append(...rows);
  }
  return box;
}

/**
 * The panel of some blocks, with a line that is read aloud when it changes.
 *
 * @param {App} app
 * @param {((app: App) => HTMLElement)[]} blocks
 */
export function panel(app, blocks) {
  const made = labelled("aside", "About this map", "panel");
  const said = element("p", "", "said");
  said.setAttribute("role", "status");
  app.say = (words) => { said.textContent = words; };
  made.append(...blocks.map((block) => block(app)));
  made.append(said);
  made.querySelector(".results")?.before(said); // under the field, where the reader looks
  return made;
}
