// The page of a comparison: totals, tables, and a map of the changed sites. A line on the map parts
// the earlier report (left) from the later one (right); all text goes in as text.

const UNITS = 100000;
const DOT = 4;
const MAX_SCALE = 4e6;
const WORLD = 360;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function unpacked(id) {
  const holder = document.getElementById(id);
  const binary = atob(holder.textContent.trim());
  holder.remove(); // its text is no longer needed
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function figure(value) {
  if (typeof value !== "number") return value;
  return value.toLocaleString("en", { maximumFractionDigits: 3 });
}

function listOf(texts, className) {
  const made = element("ul", undefined, className);
  for (const text of texts) made.append(element("li", text));
  return made;
}

function table({ title, columns, rows }) {
  const box = element("div", undefined, "wide");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", title);
  const made = element("table");
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const head = made.createTHead().insertRow();
  columns.forEach((column, i) => {
    const cell = element("th", column, numeric[i] ? "number" : undefined);
    cell.scope = "col";
    head.append(cell);
  });
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, i) => {
      line.append(element("td", figure(value), numeric[i] ? "number" : undefined));
    });
  }
  box.append(made);
  return box;
}

// ------------------------------------------------------------------ the map

// Degrees to a square of 360 x 360 units, Web Mercator.
function mercator(lon, lat) {
  const bounded = Math.max(-85.05, Math.min(85.05, lat));
  const sine = Math.sin((bounded * Math.PI) / 180);
  return [lon + 180, 180 - (90 / Math.PI) * Math.log((1 + sine) / (1 - sine))];
}

function landPath(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let x = 0;
    let y = 0;
    return arc.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return mercator(x * scale[0] + translate[0], y * scale[1] + translate[1]);
    });
  });
  const path = new Path2D();
  const ring = (numbers) => {
    let first = true;
    for (const number of numbers) {
      const arc = number < 0 ? arcs[~number].slice().reverse() : arcs[number];
      for (const [x, y] of arc) {
        if (first) path.moveTo(x, y);
        else path.lineTo(x, y);
        first = false;
      }
    }
    path.closePath();
  };
  for (const { type, arcs: parts } of topology.objects.faces.geometries) {
    if (!parts) continue;
    for (const polygon of type === "Polygon" ? [parts] : parts) polygon.forEach(ring);
  }
  return path;
}

function placesOf(groups) {
  const places = [];
  for (const group of groups) {
    group.lon.forEach((lon, i) => {
      const [x, y] = mercator(lon / UNITS, group.lat[i] / UNITS);
      places.push({ x, y, before: group.before[i], after: group.after[i] });
    });
  }
  return places;
}

// The view that shows all places: scale (pixels per unit) and what is at the left and top edge.
function viewOf(places, width, height) {
  const xs = places.map((p) => p.x);
  const ys = places.map((p) => p.y);
  const bound = (values, pick) => values.reduce((a, b) => pick(a, b), values[0] ?? WORLD / 2);
  const [west, east] = [bound(xs, Math.min), bound(xs, Math.max)];
  const [north, south] = [bound(ys, Math.min), bound(ys, Math.max)];
  const across = Math.max(east - west, 2) * 1.2;
  const down = Math.max(south - north, 2) * 1.2;
  const scale = Math.min(width / across, height / down);
  return {
    scale,
    left: (west + east) / 2 - width / scale / 2,
    top: (north + south) / 2 - height / scale / 2,
  };
}

class ChangeMap {
  constructor(holder, data, land) {
    this.statuses = data.statuses;
    this.places = placesOf(data.dots);
    this.land = land;
    this.part = 0.5;
    this.canvas = element("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute(
      "aria-label",
      `Map of ${this.places.length.toLocaleString("en")} changed sites: status before on the left `
        + "of the line, status after on the right. Arrow keys move the map, plus and minus zoom.",
    );
    holder.append(this.bar(), this.canvas, this.legend());
    this.fit();
    this.listen();
  }

  bar() {
    const bar = element("div", undefined, "bar");
    const slider = element("input");
    Object.assign(slider, { type: "range", min: 0, max: 1000, value: 500 });
    slider.setAttribute("aria-label", "Line between before (A) and after (B)");
    slider.addEventListener("input", () => {
      this.part = slider.value / 1000;
      this.draw();
    });
    this.slider = slider;
    const press = (text, label, action) => {
      const made = element("button", text);
      made.type = "button";
      made.setAttribute("aria-label", label);
      made.addEventListener("click", action);
      return made;
    };
    bar.append(
      element("strong", "A (before)"), slider, element("strong", "B (after)"),
      press("+", "Zoom in", () => this.zoom(1.6)),
      press("−", "Zoom out", () => this.zoom(1 / 1.6)),
      press("All", "Show all changed sites", () => this.fit()),
    );
    return bar;
  }

  legend() {
    const made = element("ul", undefined, "legend");
    this.statuses.forEach(({ label, color }, i) => {
      if (!this.places.some((p) => p.before === i || p.after === i)) return;
      const item = element("li");
      const mark = element("i");
      mark.style.background = color;
      item.append(mark, label);
      made.append(item);
    });
    return made;
  }

  size() {
    return [this.canvas.clientWidth || 800, this.canvas.clientHeight || 500];
  }

  fit() {
    this.view = viewOf(this.places, ...this.size());
    this.draw();
  }

  zoom(factor, x, y) {
    const [width, height] = this.size();
    const at = [x ?? width / 2, y ?? height / 2];
    const { scale, left, top } = this.view;
    const next = Math.min(Math.max(scale * factor, width / WORLD / 2), MAX_SCALE);
    this.view = {
      scale: next,
      left: left + at[0] / scale - at[0] / next,
      top: top + at[1] / scale - at[1] / next,
    };
    this.draw();
  }

  move(dx, dy) {
    this.view.left -= dx / this.view.scale;
    this.view.top -= dy / this.view.scale;
    this.draw();
  }

  listen() {
    const { canvas } = this;
    let held = null;
    const isNearLine = (event) => Math.abs(event.offsetX - this.part * this.size()[0]) < 12;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held = { x: event.offsetX, y: event.offsetY, line: isNearLine(event) };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) {
        canvas.style.cursor = isNearLine(event) ? "ew-resize" : "grab";
        return;
      }
      if (held.line) {
        this.part = Math.min(Math.max(event.offsetX / this.size()[0], 0), 1);
        this.slider.value = Math.round(this.part * 1000);
        this.draw();
      } else {
        this.move(event.offsetX - held.x, event.offsetY - held.y);
        Object.assign(held, { x: event.offsetX, y: event.offsetY });
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => { held = null; });
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    }, { passive: false });
    const keys = {
      ArrowLeft: () => this.move(60, 0), ArrowRight: () => this.move(-60, 0),
      ArrowUp: () => this.move(0, 60), ArrowDown: () => this.move(0, -60),
      "+": () => this.zoom(1.6), "-": () => this.zoom(1 / 1.6),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  draw() {
    const [width, height] = this.size();
    const ratio = window.devicePixelRatio || 1;
    const { canvas, view } = this;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    const color = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = color("--sea");
    pen.fillRect(0, 0, width, height);
    const scale = ratio * view.scale;
    pen.setTransform(scale, 0, 0, scale, -view.left * scale, -view.top * scale);
    pen.fillStyle = color("--land");
    pen.fill(this.land, "evenodd");
    pen.strokeStyle = color("--border");
    pen.lineWidth = 0.8 / view.scale;
    pen.stroke(this.land);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const line = this.part * width;
    this.side(pen, "before", 0, line, color("--ink"));
    this.side(pen, "after", line, width, color("--ink"));
    pen.strokeStyle = color("--ink");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(line, 0);
    pen.lineTo(line, height);
    pen.stroke();
    pen.font = "600 14px system-ui, sans-serif";
    pen.fillStyle = color("--ink");
    pen.textAlign = "right";
    pen.fillText("A", line - 8, 18);
    pen.textAlign = "left";
    pen.fillText("B", line + 8, 18);
  }

  // The sites of one report, in the part of the map that is its own. Those that the report does not
  // have are rings.
  side(pen, name, west, east, ink) {
    const { scale, left, top } = this.view;
    const height = this.size()[1];
    pen.save();
    pen.beginPath();
    pen.rect(west, 0, east - west, height);
    pen.clip();
    pen.lineWidth = 1;
    pen.strokeStyle = ink;
    for (const place of this.places) {
      const x = (place.x - left) * scale;
      const y = (place.y - top) * scale;
      if (x < west - DOT || x > east + DOT || y < -DOT || y > height + DOT) continue;
      pen.beginPath();
      pen.arc(x, y, DOT, 0, 2 * Math.PI);
      const status = place[name];
      if (status >= 0) {
        pen.fillStyle = this.statuses[status].color;
        pen.fill();
      }
      pen.stroke();
    }
    pen.restore();
  }
}

async function showComparison() {
  const data = await unpacked("compare-data");
  const head = document.getElementById("compare-head");
  const body = document.getElementById("compare-body");
  document.title = data.title;
  const facts = element("ul", undefined, "facts");
  for (const [value, words] of data.facts) {
    const item = element("li");
    item.append(element("b", figure(value)), words);
    facts.append(item);
  }
  head.append(element("h1", data.title));
  data.sides.forEach((side, i) => head.append(element("p", `${"AB"[i]}: ${side}`, "sides")));
  if (data.differences.length) head.append(listOf(data.differences, "differences"));
  head.append(facts);
  if (data.notes.length) head.append(listOf(data.notes, "notes"));
  for (const each of data.tables) {
    body.append(element("h2", each.title), table(each));
    if (each.more) body.append(element("p", each.more, "more"));
  }
  body.append(element("p", data.attribution, "more"));
  if (data.dots.some((group) => group.lon.length)) {
    const land = landPath(await unpacked("compare-land"));
    window.changeMap = new ChangeMap(document.getElementById("compare-map"), data, land);
  }
  document.documentElement.dataset.compare = "yes";
}

showComparison();
