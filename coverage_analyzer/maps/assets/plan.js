// The page of a plan: what is proved, the curve, and the tables, above and below the map.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720;
const HEIGHT = 300;
const EDGE = { left: 70, right: 16, top: 14, bottom: 40 };

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function figure(value) {
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 3 }) : value;
}

// Round steps of an axis from 0.
function steps(greatest, count) {
  const rough = greatest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const result = [];
  for (let value = 0; value <= greatest * 1.0001; value += step) result.push(value);
  return result;
}

function curve(points) {
  const most = Math.max(...points.map((p) => Math.max(p.gained, p.bound ?? 0)));
  const last = points[points.length - 1].new;
  const x = (n) => EDGE.left + (n / last) * (WIDTH - EDGE.left - EDGE.right);
  const y = (v) => HEIGHT - EDGE.bottom - (v / most) * (HEIGHT - EDGE.top - EDGE.bottom);
  const made = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-label": `Gained weight by number of new centers: ${figure(points[points.length - 1].gained)} with ${last}`,
  });
  for (const value of steps(most, 5)) {
    made.append(
      drawn("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value) }),
      drawn("text", { x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }, figure(value)),
    );
  }
  for (const value of steps(last, 10).filter(Number.isInteger)) {
    made.append(drawn("text", { x: x(value), y: HEIGHT - 20, "text-anchor": "middle" }, value));
  }
  made.append(drawn("text", { x: WIDTH / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "new centers"));
  const line = (name, list) => drawn("polyline", { class: name, points: list.map(([n, v]) => `${x(n)},${y(v)}`).join(" ") });
  const bounds = points.filter((p) => p.bound !== null).map((p) => [p.new, p.bound]);
  if (bounds.length > 1) made.append(line("bound", bounds));
  made.append(line("gain", [[0, 0], ...points.map((p) => [p.new, p.gained])]));
  for (const p of points) made.append(drawn("circle", { class: "dot", cx: x(p.new), cy: y(p.gained), r: 3 }));
  return made;
}

function table(columns, rows, label) {
  const box = element("div", undefined, "wide");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", label);
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
    row.forEach((value, i) => line.append(element("td", figure(value), numeric[i] ? "number" : undefined)));
  }
  box.append(made);
  return box;
}

function facts(list) {
  const made = element("ul", undefined, "facts");
  for (const [value, words] of list) {
    const item = element("li");
    item.append(element("b", figure(value)), words);
    made.append(item);
  }
  return made;
}

async function showPlan() {
  const plan = await jsonOf("plan-data");
  const head = document.getElementById("plan-head");
  const body = document.getElementById("plan-body");
  const notes = element("ul", undefined, "notes");
  for (const note of plan.notes) notes.append(element("li", note));
  head.append(element("h1", plan.title), element("p", plan.proof, "proof"), facts(plan.facts), notes);
  if (plan.curve.length) {
    body.append(element("h2", "Gain by number of new centers"), curve(plan.curve));
    if (plan.flattens) body.append(element("p", plan.flattens));
  }
  for (const { title, columns, rows, more } of plan.tables) {
    body.append(element("h2", title), table(columns, rows, title));
    if (more) body.append(element("p", more, "notes"));
  }
  body.append(element("p", plan.attribution, "notes"));
  document.documentElement.dataset.plan = "yes";
}

showPlan();
