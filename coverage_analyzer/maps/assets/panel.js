// The panel beside the map: title, key figures, the legend that filters, filters and layers.

const STATES = ["open", "planned", "closed"];

function symbolMark(style) {
  const made = element("canvas", undefined, "mark");
  made.width = made.height = 32;
  made.setAttribute("aria-hidden", "true");
  const context = made.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = style.color;
  context.strokeStyle = THEME.symbolEdge;
  drawShape(context, style.shape, 8, 8, 4.8);
  return made;
}

function figure(list, words, value) {
  const box = element("div");
  const shown = element("dd", value);
  box.append(element("dt", words), shown);
  list.append(box);
  return shown;
}

function titleBlock(app) {
  const { told } = app;
  const box = element("header");
  box.append(element("h1", told.title));
  box.append(element("p", [told.policy, `as of ${told.as_of}`].filter(Boolean).join(", ")));
  const list = element("dl", undefined, "figures");
  figure(list, "sites", counted(told.total));
  figure(list, "qualified", share(told.counts[0], told.total));
  const states = STATES.map((s) => told.centers.filter((c) => c.state === s).length);
  const centers = figure(list, states[1] ? "centers open (planned)" : "centers open",
    states[1] ? `${counted(states[0])} (${counted(states[1])})` : counted(states[0]));
  centers.title = STATES.map((s, i) => `${counted(states[i])} ${s}`).join(", ");
  app.inView = figure(list, "sites in view", "…");
  box.append(list, shareBar(told));
  if (told.note) box.append(element("p", told.note, "note"));
  return box;
}

function shareBar(told) {
  const bar = element("div", undefined, "bar");
  bar.setAttribute("aria-hidden", "true"); // the legend tells the same in words
  told.statuses.forEach((status, number) => {
    const part = element("span");
    part.style.flexGrow = told.counts[number];
    part.style.background = THEME.statuses[status].color;
    bar.append(part);
  });
  return bar;
}

function group(words, className) {
  const box = element("fieldset", undefined, className);
  box.append(element("legend", words));
  return box;
}

function legendBlock(app) {
  const { told, filters } = app;
  const box = group("Status: in view / all", "legend");
  app.statusCounts = told.statuses.map((status, number) => {
    const row = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = true;
    check.addEventListener("change", () => filters.toggleStatus(number, check.checked));
    app.onReset.push(() => { check.checked = true; });
    const count = element("span", "…", "count");
    const style = THEME.statuses[status];
    row.append(check, symbolMark(style), element("span", style.words), count);
    // Most runs name no products, so that no site can be past a phase.
    row.hidden = status === "not_covered" && !told.counts[number];
    box.append(row);
    return count;
  });
  return box;
}

// The values that sites have in a column, the most frequent first.
function choices(app, column, words) {
  const counts = new Map();
  for (const value of app.sites[column]) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value, count]) => {
    const option = element("option", `${value < 0 ? "none" : words(value)} (${counted(count)})`);
    option.value = value;
    return option;
  });
}

function filterBlock(app) {
  const { told, filters } = app;
  const box = group("Filters", "filters");
  const centerWords = (c) => [told.centers[c].id, told.centers[c].name].filter(Boolean).join(", ");
  const columns = [
    ["site_country", "Country", (c) => told.country_names[c]],
    ["center", "Center", centerWords],
    ["level", "Level", (c) => told.levels[c]],
    ["reason", "Reason", (c) => told.reason_words[c]],
  ];
  for (const [column, words, name] of columns) {
    const row = element("label");
    const select = element("select");
    const all = element("option", "all");
    all.value = ANY;
    select.append(all, ...choices(app, column, name));
    select.addEventListener("change", () => filters.choose(column, Number(select.value)));
    app.onReset.push(() => { select.value = ANY; });
    row.append(element("span", words), select);
    box.append(row);
  }
  box.append(button("Reset filters", () => {
    for (const reset of app.onReset) reset();
    filters.reset();
  }));
  return box;
}

function layerBlock(app) {
  const box = group("Layers", "layers");
  for (const { words, layer, isOn } of Object.values(app.layers)) {
    const row = element("label");
    const check = element("input");
    check.type = "checkbox";
    check.checked = isOn;
    check.addEventListener("change", () => {
      if (check.checked) layer.addTo(app.map);
      else layer.remove();
    });
    row.append(check, element("span", words));
    box.append(row);
  }
  return box;
}

// Counts what is in view, and tells it in words to those who do not see it.
function updateCounts(app) {
  const { told, sites, map } = app;
  const counts = told.statuses.map(() => 0);
  eachInView(map, sites, (i) => { counts[sites.status[i]]++; });
  told.statuses.forEach((status, number) => {
    const isDrawn = told.kept === "all" || (told.kept === "not_qualified" && status !== "qualified");
    const inView = isDrawn ? counted(counts[number]) : "–";
    app.statusCounts[number].textContent =
      `${inView} / ${counted(told.counts[number])} (${share(told.counts[number], told.total)})`;
  });
  app.countInView = counts.reduce((sum, n) => sum + n, 0);
  app.inView.textContent = told.kept === "none" ? "–" : counted(app.countInView);
}

function panel(app) {
  const made = labelled("aside", "About this map", "panel");
  app.say = element("p", "", "said");
  app.say.setAttribute("role", "status");
  made.append(titleBlock(app), searchBlock(app), legendBlock(app), filterBlock(app),
    layerBlock(app), tableButtons(app), app.say);
  return made;
}
