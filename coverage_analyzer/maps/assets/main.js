// The page: unpacks the blocks, draws the layers, and puts panel and table round the map.

function mapLayers(app, columns, land) {
  const { told, sites } = app;
  app.shapes = areaShapes(told.areas);
  const [open, planned] = [false, true].map((is) => app.shapes.filter((a) => a.planned === is));
  app.density = new Density(told, columns, sites);
  app.density.hidden = app.filters;
  const dense = told.kept !== "all";
  app.land = landLayer(land);
  return {
    sites: { words: "Sites", layer: siteLayer(sites, told), isOn: true },
    centers: { words: "Centers", layer: centerLayer(told.centers), isOn: true },
    areas: { words: "Coverage areas", layer: areaLayer(open, "areas"), isOn: true },
    planned: {
      words: "Planned coverage areas", layer: areaLayer(planned, "planned-areas"), isOn: true,
    },
    ...(told.unserved.length && {
      unserved: {
        words: `Not reached by road within ${told.minutes} minutes`,
        layer: areaLayer(areaShapes(told.unserved), "unserved"),
        isOn: true,
      },
    }),
    density: { words: "Site density", layer: densityLayer(app.density), isOn: dense },
  };
}

// Puts the map into a wrapper beside the panel, wherever in a page it stands.
function arrange(app) {
  const container = app.map.getContainer();
  app.wrapper = element("div", undefined, "coverage");
  container.before(app.wrapper);
  const main = element("main");
  main.append(container);
  app.wrapper.append(panel(app), main);
  main.append(app.sheet);
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", "Map of sites, centers and coverage areas");
  app.map.invalidateSize({ animate: false });
}

function showTiles(app) {
  const { tiles } = app.told;
  if (!tiles) return;
  // Leaflet takes an attribution for markup, which a text must not become.
  const attribution = element("span", tiles.credit).innerHTML;
  L.tileLayer(tiles.url, { attribution, maxZoom: 18, zIndex: 1 }).addTo(app.map);
}

function listenToChanges(app) {
  const { map, filters, layers } = app;
  const update = later(80, () => {
    updateCounts(app);
    fillTable(app);
  });
  map.on("moveend resize", update);
  filters.onChange(() => {
    app.density.forget();
    for (const { layer } of [layers.sites, layers.density]) {
      if (map.hasLayer(layer)) layer.redraw();
    }
    updateCounts(app);
    fillTable(app);
    app.tell(`${quantity(app.countInView, "site")} in view`);
  });
  const { sites, ...others } = layers; // sites have colours of their own in either scheme
  const inked = Object.values(others).map(({ layer }) => layer);
  const redraw = () => {
    for (const layer of [app.land, ...inked]) if (map.hasLayer(layer)) layer.redraw();
  };
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(query).addEventListener("change", redraw);
  }
  window.addEventListener("resize", () => map.invalidateSize({ animate: false }));
}

function failed(map, error) {
  const words = "DecompressionStream" in window ? `The map cannot be shown: ${error.message}`
    : "This browser is too old for this map. Use one from 2023 or later.";
  map.getContainer().append(element("p", words, "failed"));
  throw error;
}

async function showCoverage(map) {
  try {
    await shown(map);
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    failed(map, error);
  }
}

async function shown(map) {
  const told = await jsonOf("coverage-told");
  document.title = `${told.title}: coverage map`;
  const [columns, land] = await Promise.all([
    columnsOf("coverage-places", told.places), jsonOf("coverage-land"),
  ]);
  const sites = new Sites(columns, told);
  const app = { map, told, sites, filters: new Filters(told, sites), onReset: [], pointer: null };
  app.tell = (words) => { app.say.textContent = words; };
  app.popup = L.popup({ maxWidth: 340, autoPanPadding: [20, 20] });
  app.hint = L.tooltip({ direction: "top", offset: [0, -8], opacity: 1, className: "hint" });
  app.layers = mapLayers(app, columns, landPolygons(land));
  arrange(app);
  if (told.bounds) map.fitBounds(told.bounds, { maxZoom: 9, padding: [10, 10], animate: false });
  map.attributionControl.setPrefix(false).addAttribution(told.attribution);
  if (!told.tiles) app.land.addTo(map);
  showTiles(app);
  for (const { layer, isOn } of Object.values(app.layers)) if (isOn) layer.addTo(map);
  L.control.scale({ position: "bottomright" }).addTo(map);
  // Texts come after the picture: nothing shows them before somebody asks.
  const drawn = allDrawn();
  app.textsReady = drawn.then(() => columnsOf("coverage-texts", told.texts))
    .then((texts) => { app.texts = texts; });
  updateCounts(app);
  listenToPointer(app);
  listenToChanges(app);
  await drawn;
  document.documentElement.dataset.drawn = "yes";
  await app.textsReady;
}
