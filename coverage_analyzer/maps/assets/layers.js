// The layers of the map, in the order of the panel. A new layer is listed here.

import { areaLayer, areaShapes } from "./areas.js";
import { centerLayer } from "./centers.js";
import { CellCounts } from "./cells.js";
import { Clusters } from "./clusters.js";
import { Density, densityLayer } from "./density.js";
import { landLayer } from "./land.js";
import { siteLayer } from "./points.js";

/**
 * Makes the layers, and what they are drawn from.
 *
 * @param {App} app
 * @param {Columns} columns
 * @param {Polygon[]} land
 * @returns {Layers}
 */
export function mapLayers(app, columns, land) {
  const { meta, sites } = app;
  app.shapes = areaShapes(meta.areas);
  const open = app.shapes.filter(({ planned }) => !planned);
  const planned = app.shapes.filter((area) => area.planned);
  app.clusters = new Clusters(new CellCounts(meta, columns, sites, app.filters));
  app.density = new Density(meta, columns, sites, app.filters);
  app.land = landLayer(land);
  return {
    sites: { words: "Sites", layer: siteLayer(app.clusters), isOn: true },
    centers: { words: "Centers", layer: centerLayer(meta.centers), isOn: true },
    areas: { words: "Coverage areas", layer: areaLayer(open, "areas"), isOn: true },
    planned: {
      words: "Planned coverage areas", layer: areaLayer(planned, "planned-areas"), isOn: true,
    },
    ...(meta.unserved.length && {
      unserved: {
        words: `Not reached by road within ${meta.minutes} minutes`,
        layer: areaLayer(areaShapes(meta.unserved), "unserved"),
        isOn: true,
      },
    }),
    density: {
      words: "Site density", layer: densityLayer(app.density), isOn: meta.kept !== "all",
    },
  };
}
