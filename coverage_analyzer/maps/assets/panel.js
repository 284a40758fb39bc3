// The panel beside the map: its frame, the title with the key figures, and the layers.

import { THEME } from "./theme.js";
import { counted, element, labelled, share } from "./words.js";

const STATES = ["open", "planned", "closed"];

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
 * Appends a figure with its words to a list, and returns the element of the figure.
 *
 * @param {HTMLElement} list
 * @param {string} words
 * @param {string} value
 */
function figure(list, words, value) {
  const box = element("div");
  const shown = element("dd", value);
  box.append(element("dt", words), shown);
  list.append(box);
  return shown;
}

/** @param {App} app */
export function titleBlock(app) {
  const { meta } = app;
  const box = element("header");
  box.append(element("h1", meta.title));
  box.append(element("p", [meta.policy, `as of ${meta.as_of}`].filter(Boolean).join(", ")));
  const list = element("dl", undefined, "figures");
  figure(list, "sites", counted(meta.total));
  figure(list, "qualified", share(meta.counts[0], meta.total));
  const states = STATES.map((s) => meta.centers.filter((c) => c.state === s).length);
  const centers = figure(list, states[1] ? "centers open (planned)" : "centers open",
    states[1] ? `${counted(states[0])} (${counted(states[1])})` : counted(states[0]));
  centers.title = STATES.map((s, i) => `${counted(states[i])} ${s}`).join(", ");
  const inView = figure(list, "sites in view", "…");
  app.onUpdate(() => {
    inView.textContent = meta.kept === "none" ? "–" : counted(app.inView.total);
  });
  box.append(list, shareBar(meta));
  if (meta.note) box.append(element("p", meta.note, "note"));
  return box;
}

/** @param {Meta} meta */
function shareBar(meta) {
  const bar = element("div", undefined, "bar");
  bar.setAttribute("aria-hidden", "true"); // the legend tells the same in words
  meta.statuses.forEach((status, number) => {
    const part = element("span");
    part.style.flexGrow = String(meta.counts[number]);
    part.style.background = THEME.statuses[status].color;
    bar.append(part);
  });
  return bar;
}

/** @param {App} app */
export function layerBlock(app) {
  const box = group("Layers", "layers");
  for (const listed of Object.values(app.layers)) {
    if (!listed) continue;
    const row = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = listed.isOn;
    check.addEventListener("change", () => {
      if (check.checked) listed.layer.addTo(app.map);
      else listed.layer.remove();
    });
    app.map.on("layeradd layerremove", () => { check.checked = app.map.hasLayer(listed.layer); });
    row.append(check, element("span", listed.words));
    box.append(row);
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
  (made.querySelector("search") ?? made).append(said); // under the field, where the reader looks
  return made;
}
