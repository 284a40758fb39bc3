// The layers of the map, in the order of the panel. A new layer is listed here.

import { areaLayer, areaMark, areaReader } from "./areas.js";
import { baseLayer, lineMarks } from "./base-map.js";
import { BaseMap } from "./base-rows.js";
import { CellCounts } from "./cells.js";
import { centerLayer, centerMarks } from "./centers.js";
import { clusterMark } from "./cluster-mark.js";
import { Clusters } from "./clusters.js";
import { Density, densityLayer, drawDensityMark } from "./density.js";
import { labelLayer } from "./label-layer.js";
import { placesOf } from "./places.js";
import { siteLayer } from "./points.js";

/**
 * A layer of areas as the panel lists it.
 *
 * @param {App} app
 * @param {Area[]} some
 * @param {import("./areas.js").AreaKind} kind
 * @param {string} words
 * @returns {ListedLayer}
 */
function listedAreas(app, some, kind, words) {
  return {
    words, layer: areaLayer(app, some, kind), isOn: true, marks: [{ draw: areaMark(kind) }],
    isEmpty: !some.length,
  };
}

/**
 * Makes the layers, and what they are drawn from.
 *
 * @param {App} app
 * @param {Columns} columns
 * @param {Columns} outlines
 * @param {Record<string, Numbers | Texts> | null} base The block of the base map, if any.
 * @returns {Layers}
 */
export function mapLayers(app, columns, outlines, base) {
  const { meta, sites } = app;
  const read = areaReader(outlines);
  app.shapes = read(meta.areas);
  const unserved = read(meta.unserved);
  const unknown = read(meta.no_road_data);
  const open = app.shapes.filter(({ planned }) => !planned);
  const planned = app.shapes.filter((area) => area.planned);
  app.clusters = new Clusters(new CellCounts(meta, columns, sites, app.filters));
  if (base && meta.base) {
    app.base = new BaseMap(/** @type {Columns} */ (base), meta.base.shifts);
    app.land = baseLayer(app.base);
    app.towns = placesOf(base);
  }
  return {
    sites: {
      words: "Sites", layer: siteLayer(app.clusters), isOn: true,
      marks: [{ draw: clusterMark(meta.statuses), words: "Many sites: number and shares" }],
    },
    centers: {
      words: "Centers", layer: centerLayer(app), isOn: true, marks: centerMarks(meta.centers),
    },
    areas: listedAreas(app, open, "areas", "Coverage areas"),
    planned: listedAreas(app, planned, "planned-areas", "Planned coverage areas"),
    ...(unserved.length && { unserved: listedAreas(
      app, unserved, "unserved",
      `Not reached by road within ${meta.minutes} minutes`,
    ) }),
    ...(unknown.length && { noRoadData: listedAreas(
      app, unknown, "no-road-data", "No road data: nothing known of drives",
    ) }),
    // Near, where clusters have only the sites that the page has one by one.
    ...(meta.kept !== "all" && {
      density: {
        words: "Site density", layer: densityLayer(new Density(meta, columns, app.filters)),
        isOn: true, marks: [{ draw: drawDensityMark }],
      },
    }),
    labels: {
      words: "Names of places and centers", layer: labelLayer(app), isOn: true,
      marks: app.land ? lineMarks() : [],
    },
  };
}
