// The coverage map: draws what the page's data block holds on a Leaflet map.
// All text of the data reaches the page through textContent; nothing is fetched.
"use strict";

const STYLE = {
  // Okabe and Ito's colours, which colour-blind readers tell apart; the shape says it again.
  qualified: { color: "#0072B2", shape: "circle", words: "qualified" },
  pending: { color: "#009E73", shape: "diamond", words: "pending: a center in reach opens later" },
  fallback: { color: "#E69F00", shape: "square", words: "fallback" },
  review: { color: "#CC3399", shape: "triangle", words: "review: the data is not good enough" },
};

// ---------------------------------------------------------------- the data block

async function unpacked(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Web Mercator with the world from 0 to 1, x eastward and y southward.
function mercator(lon, lat) {
  const sine = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

// Polygons of a TopoJSON on Web Mercator, each ring as x, y, x, y, ..., with the box of each.
function landPolygons(topology) {
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
  const ring = (numbers) =>
    Float64Array.from(numbers.flatMap((n) => (n >= 0 ? arcs[n] : arcs[~n].slice().reverse())).flat());
  const polygons = [];
  for (const geometry of Object.values(topology.objects)[0].geometries) {
    const parts = geometry.type === "Polygon" ? [geometry.arcs] : geometry.arcs || [];
    for (const part of parts) {
      const rings = part.map(ring);
      const box = [1, 1, 0, 0];
      for (let i = 0; i < rings[0].length; i += 2) {
        box[0] = Math.min(box[0], rings[0][i]);
        box[1] = Math.min(box[1], rings[0][i + 1]);
        box[2] = Math.max(box[2], rings[0][i]);
        box[3] = Math.max(box[3], rings[0][i + 1]);
      }
      polygons.push({ rings, box });
    }
  }
  return polygons;
}

// ---------------------------------------------------------------- layers

// Land and borders as canvas tiles, so that the world repeats for as long as one pans.
const Land = L.GridLayer.extend({
  initialize(polygons, options) {
    L.setOptions(this, options);
    this.polygons = polygons;
  },
  createTile(coords) {
    const tile = document.createElement("canvas");
    const size = this.getTileSize();
    tile.width = size.x;
    tile.height = size.y;
    const context = tile.getContext("2d");
    const css = getComputedStyle(document.documentElement);
    context.fillStyle = css.getPropertyValue("--land");
    context.strokeStyle = css.getPropertyValue("--border");
    context.lineWidth = 0.7;
    const span = 2 ** coords.z; // tiles round the world
    const column = ((coords.x % span) + span) % span;
    const west = column / span;
    const north = coords.y / span;
    const pixels = size.x * span;
    for (const { rings, box } of this.polygons) {
      if (box[2] < west || box[0] > west + 1 / span) continue;
      if (box[3] < north || box[1] > north + 1 / span) continue;
      context.beginPath();
      for (const ring of rings) {
        context.moveTo((ring[0] - west) * pixels, (ring[1] - north) * pixels);
        for (let i = 2; i < ring.length; i += 2) {
          context.lineTo((ring[i] - west) * pixels, (ring[i + 1] - north) * pixels);
        }
        context.closePath();
      }
      context.fill("evenodd");
      context.stroke();
    }
    return tile;
  },
});

function drawShape(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "triangle") {
    context.moveTo(x, y - 1.3 * r);
    context.lineTo(x + 1.2 * r, y + r);
    context.lineTo(x - 1.2 * r, y + r);
    context.closePath();
  } else {
    context.moveTo(x, y - 1.4 * r);
    context.lineTo(x + 1.4 * r, y);
    context.lineTo(x, y + 1.4 * r);
    context.lineTo(x - 1.4 * r, y);
    context.closePath();
  }
  context.fill();
  context.stroke();
}

// What is drawn later lies on top: the many do not hide the few.
const DRAWN_IN_ORDER = ["fallback", "qualified", "pending", "review"];

// All sites on one canvas over the view; a click finds the nearest.
const Sites = L.Layer.extend({
  initialize(data, onPick) {
    this.data = data;
    this.onPick = onPick;
    this.shown = new Set(data.statuses.keys());
  },
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "sites leaflet-zoom-hide");
    map.getPanes().overlayPane.appendChild(this.canvas);
    map.on("moveend zoomend resize", this.draw, this);
    map.on("click", this.pick, this);
    this.draw();
  },
  onRemove(map) {
    this.canvas.remove();
    map.off("moveend zoomend resize", this.draw, this);
    map.off("click", this.pick, this);
  },
  toggle(status) {
    if (this.shown.has(status)) this.shown.delete(status);
    else this.shown.add(status);
    if (this._map) this.draw();
  },
  // Each site in view as (number, x, y), once for each copy of the world.
  *inView(margin = 10) {
    const { lon, lat, status } = this.data.sites;
    const size = this._map.getSize();
    const world = this._map.project([0, 180]).x - this._map.project([0, -180]).x;
    for (let i = 0; i < lon.length; i++) {
      if (!this.shown.has(status[i])) continue;
      const at = this._map.latLngToContainerPoint([lat[i], lon[i]]);
      if (at.y < -margin || at.y > size.y + margin) continue;
      const first = at.x - Math.ceil((at.x + margin) / world - 1) * world;
      for (let x = first; x < size.x + margin; x += world) yield [i, x, at.y];
    }
  },
  draw() {
    const size = this._map.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, this._map.containerPointToLayerPoint([0, 0]));
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.lineWidth = 0.6;
    context.strokeStyle = "#ffffff";
    const radius = this._map.getZoom() < 5 ? 2.4 : 4;
    const inView = [...this.inView()];
    for (const status of DRAWN_IN_ORDER) {
      const number = this.data.statuses.indexOf(status);
      context.fillStyle = STYLE[status].color;
      for (const [i, x, y] of inView) {
        if (this.data.sites.status[i] === number) {
          drawShape(context, STYLE[status].shape, x, y, radius);
        }
      }
    }
  },
  pick(event) {
    let nearest = null;
    let least = 10 ** 2;
    const { x, y } = event.containerPoint;
    for (const [i, sx, sy] of this.inView()) {
      const away = (sx - x) ** 2 + (sy - y) ** 2;
      if (away < least) {
        least = away;
        nearest = i;
      }
    }
    if (nearest !== null) this.onPick(nearest, event.latlng);
  },
});

// A view whose middle is one of the world's own longitudes sees each thing or its copy on the
// other side of 180, wherever a network lies.
function copies(lon) {
  return [0, lon > 0 ? -360 : 360];
}

function areaLayers(data, planned) {
  const group = L.layerGroup();
  for (const area of data.areas.filter((a) => a.planned === planned)) {
    const center = data.centers[area.center];
    for (const turn of copies(center.lon)) {
      const rings = area.polygons.map((polygon) =>
        polygon.map((ring) => ring.map(([lon, lat]) => [lat, lon + turn])));
      const options = {
        color: planned ? "#009E73" : "#0072B2",
        dashArray: planned ? "6 5" : null,
        weight: 1.2,
        fillOpacity: planned ? 0.06 : 0.1,
        interactive: false,
      };
      group.addLayer(L.polygon(rings, options));
    }
  }
  return group;
}

function centerLayer(data) {
  const group = L.layerGroup();
  for (const center of data.centers) {
    for (const turn of copies(center.lon)) {
      const options = {
        radius: 5,
        weight: 2,
        color: "#222222",
        dashArray: center.state === "planned" ? "2 2" : null,
        fillColor: center.state === "open" ? "#ffffff" : "#bbbbbb",
        fillOpacity: 1,
      };
      const marker = L.circleMarker([center.lat, center.lon + turn], options);
      marker.bindPopup(() => centerPopup(center));
      marker.bindTooltip(() => element("span", center.id));
      group.addLayer(marker);
    }
  }
  return group;
}

// ---------------------------------------------------------------- words

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function table(rows) {
  const made = element("table");
  for (const [what, value] of rows) {
    if (value === null || value === undefined || value === "") continue;
    const row = made.insertRow();
    row.append(element("th", what), element("td", value));
  }
  return made;
}

function miles(value) {
  return value === null ? null : `${value.toFixed(3)} mi (${(value * 1.609344).toFixed(3)} km)`;
}

function centerPopup(center) {
  const box = element("div", undefined, "popup");
  box.append(element("h2", `Center ${center.id}`));
  box.append(table([
    ["name", center.name],
    ["country", center.country],
    ["state", center.state],
    ["opens on", center.opens_on],
    ["closes on", center.closes_on],
  ]));
  return box;
}

function sitePopup(data, i) {
  const sites = data.sites;
  const center = data.centers[sites.center[i]];
  const margin = sites.margin[i];
  const side = margin === null ? null : margin < 0 ? "beyond the limit" : "within the limit";
  const box = element("div", undefined, "popup");
  box.append(element("h2", sites.id[i]));
  box.append(table([
    ["name", sites.name[i]],
    ["level", data.levels[sites.level[i]]],
    ["status", data.statuses[sites.status[i]]],
    ["why", data.reason_words[sites.reason[i]]],
    ["center", center ? [center.id, center.name].filter(Boolean).join(", ") : null],
    ["distance", miles(sites.miles[i])],
    ["limit", miles(sites.limit[i])],
    ["margin", margin === null ? null : `${Math.abs(margin).toFixed(3)} mi ${side}`],
    ["country", data.countries[sites.country[i]]],
    ["available on", sites.available_on[i]],
  ]));
  return box;
}

function symbol(style) {
  const canvas = element("canvas");
  canvas.width = canvas.height = 16;
  const context = canvas.getContext("2d");
  context.fillStyle = style.color;
  context.strokeStyle = "#ffffff";
  drawShape(context, style.shape, 8, 8, 4.5);
  return canvas;
}

function legend(data, sites) {
  const control = L.control({ position: "bottomleft" });
  control.onAdd = () => {
    const box = element("section", undefined, "legend leaflet-bar");
    box.setAttribute("aria-label", "Legend");
    box.append(element("h1", data.title), element("p", `As of ${data.as_of}`));
    const total = data.counts.reduce((sum, count) => sum + count, 0);
    box.append(element("p", `${total.toLocaleString("en")} sites`));
    data.statuses.forEach((status, number) => {
      const row = element("label");
      const check = element("input");
      check.type = "checkbox";
      check.checked = true;
      check.addEventListener("change", () => sites.toggle(number));
      const share = total ? ` (${((100 * data.counts[number]) / total).toFixed(1)} %)` : "";
      const words = `${STYLE[status].words}: ${data.counts[number].toLocaleString("en")}${share}`;
      row.append(check, symbol(STYLE[status]), element("span", words));
      box.append(row);
    });
    if (data.note) box.append(element("p", data.note, "note"));
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return box;
  };
  return control;
}

// ---------------------------------------------------------------- the page

async function showCoverage(map) {
  const [data, land] = await Promise.all([unpacked("coverage-data"), unpacked("coverage-land")]);
  map.attributionControl.setPrefix(false).addAttribution(data.attribution);
  new Land(landPolygons(land), { minZoom: 0, maxZoom: 18, pane: "tilePane" }).addTo(map);
  const popup = L.popup({ maxWidth: 340 });
  const sites = new Sites(data, (i, at) => {
    popup.setLatLng(at).setContent(sitePopup(data, i)).openOn(map);
  });
  const layers = {
    Sites: sites,
    Centers: centerLayer(data),
    "Coverage areas": areaLayers(data, false),
    "Planned coverage areas": areaLayers(data, true),
  };
  for (const layer of Object.values(layers).reverse()) layer.addTo(map);
  L.control.layers(null, layers, { collapsed: false }).addTo(map);
  L.control.scale({ position: "bottomright" }).addTo(map);
  legend(data, sites).addTo(map);
  if (data.bounds) map.fitBounds(data.bounds, { maxZoom: 9, animate: false });
  document.documentElement.dataset.ready = "yes";
}
