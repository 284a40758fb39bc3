// Names of towns and countries, from the block of the base map (maps/base_map.py).

import { textAt } from "./data.js";
import { latitudeAt } from "./mercator.js";

const UNITS = 2 ** 20; // of the width of the world

/** Kinds of places. */
export const PLACE_KINDS = { town: 0, seat: 1, capital: 2, country: 3 };

/**
 * The places of a page, those of a low zoom first. Without a base map there are none.
 *
 * @param {Record<string, Numbers | Texts>} columns
 * @returns {Place[]}
 */
export function placesOf(columns) {
  const [x, y, zoom, kind, country] = ["x", "y", "zoom", "kind", "country"].map(
    (name) => /** @type {Numbers} */ (columns[`place_${name}`]),
  );
  const [names, countries] = ["place_name", "country_name"].map(
    (name) => /** @type {Texts} */ (columns[name]),
  );
  const countryNames = Array.from(
    { length: countries.begins.length - 1 }, (_, i) => textAt(countries, i),
  );
  return Array.from(x, (_, i) => {
    const south = y[i] / UNITS;
    return {
      name: textAt(names, i) || countryNames[country[i]],
      country: countryNames[country[i]],
      kind: kind[i],
      zoom: zoom[i],
      x: x[i] / UNITS,
      y: south,
      lat: latitudeAt(south),
      lon: (x[i] / UNITS - 0.5) * 360,
    };
  });
}
