// What the page says, and how it says it: text goes in as text, and never as markup.

export const KM_PER_MILE = 1.609344;

/**
 * An element with a text.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string | number | null} [text]
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = String(text);
  if (className) made.className = className;
  return made;
}

/**
 * An element with a label for those who hear the page.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} label
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function labelled(tag, label, className) {
  const made = element(tag, undefined, className);
  made.setAttribute("aria-label", label);
  return made;
}

/**
 * @param {string} text
 * @param {() => void} onClick
 * @param {string} [className]
 */
export function button(text, onClick, className) {
  const made = element("button", text, className);
  made.type = "button";
  made.addEventListener("click", (event) => {
    event.stopPropagation(); // a button in a popup is no place on the map
    onClick();
  });
  return made;
}

/**
 * A table of names and values, without the rows that have no value.
 *
 * @param {[string, string | number | null | undefined][]} rows
 */
export function rowsTable(rows) {
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

/**
 * What a canvas is drawn with.
 *
 * @param {HTMLCanvasElement} canvas
 */
export function context2d(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}

/** @param {number} number */
export function counted(number) {
  return number.toLocaleString("en");
}

/**
 * A number with its noun: "1 site", "2 sites".
 *
 * @param {number} number
 * @param {string} noun
 */
export function quantity(number, noun) {
  return `${counted(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * @param {number} part
 * @param {number} whole
 */
export function share(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(1)} %` : "–";
}

/**
 * A distance in both units, that of the policy first.
 *
 * @param {number | null} miles
 * @param {number | null} [km] Where the policy states its distances in kilometres.
 */
export function milesAndKm(miles, km) {
  if (miles === null) return null;
  if (typeof km === "number") return `${km.toFixed(3)} km (${miles.toFixed(3)} mi)`;
  return `${miles.toFixed(3)} mi (${(miles * KM_PER_MILE).toFixed(3)} km)`;
}

/**
 * A drive in words; null where it is not known.
 *
 * @param {number | null} minutes
 * @param {number | null} miles
 */
export function driveWords(minutes, miles) {
  if (minutes === null) return null;
  const km = miles === null ? "" : ` (${(miles * KM_PER_MILE).toFixed(1)} km)`;
  return `${minutes.toFixed(1)} minutes${miles === null ? "" : `, ${miles.toFixed(1)} mi`}${km}`;
}

/**
 * A limit in both units, that of the policy first.
 *
 * @param {number} miles
 * @param {string} [unit] Of the policy's distances.
 */
export function limitWords(miles, unit) {
  if (unit === "km") {
    const km = Number((miles * KM_PER_MILE).toFixed(3));
    return `${km} km (${Number(miles.toFixed(1))} mi)`;
  }
  return `${miles} mi (${Number((miles * KM_PER_MILE).toFixed(1))} km)`;
}

/**
 * A short number for a cell of the map.
 *
 * @param {number} number
 */
export function brief(number) {
  if (number < 1000) return String(number);
  if (number < 1e6) return `${Number((number / 1e3).toPrecision(2))}k`;
  return `${Number((number / 1e6).toPrecision(2))}M`;
}

/**
 * An action that waits until it has not been asked for during some time.
 *
 * @param {number} milliseconds
 * @param {() => void} action
 */
export function later(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = Number(setTimeout(action, milliseconds));
  };
}

/**
 * A colour of the scheme in force, by its use (schema/theme.py).
 *
 * @param {string} name Of a CSS variable, such as "--land".
 */
export function themeColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
