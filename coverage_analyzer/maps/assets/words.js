// What the page says, and how it says it: text goes in as text, and never as markup.

const KM_PER_MILE = 1.609344;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function labelled(tag, label, className) {
  const made = element(tag, undefined, className);
  made.setAttribute("aria-label", label);
  return made;
}

function button(text, onClick, className) {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", (event) => {
    event.stopPropagation(); // a button in a popup is no place on the map
    onClick();
  });
  return made;
}

function rowsTable(rows) {
  const made = element("table");
  for (const [what, value] of rows) {
    if (value === null || value === undefined || value === "") continue;
    const row = made.insertRow();
    const head = element("th", what);
    head.scope = "row";
    row.append(head, element("td", value));
  }
  return made;
}

function counted(number) {
  return number.toLocaleString("en");
}

// A number with its noun: "1 site", "2 sites".
function quantity(number, noun) {
  return `${counted(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function share(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(1)} %` : "–";
}

function milesAndKm(miles) {
  if (miles === null) return null;
  return `${miles.toFixed(3)} mi (${(miles * KM_PER_MILE).toFixed(3)} km)`;
}

function limitWords(miles) {
  return `${miles} mi (${Number((miles * KM_PER_MILE).toFixed(1))} km)`;
}

// A short number for a cell of the map.
function brief(number) {
  if (number < 1000) return String(number);
  if (number < 1e6) return `${Number((number / 1e3).toPrecision(2))}k`;
  return `${Number((number / 1e6).toPrecision(2))}M`;
}

function later(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

// How the status of a site is drawn: colour, shape, words; THEME is put in by maps/page.py.
function styleOf(app, i) {
  return THEME.statuses[app.told.statuses[app.sites.status[i]]];
}

function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
