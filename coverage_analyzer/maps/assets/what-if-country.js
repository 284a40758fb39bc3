// In which country a place of the map is, as far as the page can know: by the coverage areas, which
// end at the border, else by the towns and sites near. Where these differ, the reader is asked.

import { areasAt } from "./areas.js";
import { pointAt } from "./geodesic.js";
import { UNITS } from "./mercator.js";
import { PLACE_KINDS } from "./places.js";

const NEAR_M = 300000; // what is farther away says nothing of the country
const CLEAR = 2; // so many times as far has another country to be

/**
 * The country of a place; `isSure` is false where the reader has to say or to check it.
 *
 * @typedef {{ code: string, isSure: boolean }} Guess
 */

/**
 * The country that is nearest by some distances, if no other one is nearly as near.
 *
 * @param {Map<string, number>} squares Square of the distance to what is nearest of each country.
 * @returns {Guess}
 */
export function clearlyNearest(squares) {
  const sorted = [...squares].sort((a, b) => a[1] - b[1]);
  const [first, second] = sorted;
  if (!first || first[1] > NEAR_M ** 2) return { code: "", isSure: false };
  const isSure = !second || second[1] > CLEAR ** 2 * first[1];
  return { code: first[0], isSure };
}

/**
 * @param {App} app
 * @param {WhatIfRule} rule
 * @param {LatLng} latlng
 * @returns {Guess}
 */
export function countryAt(app, rule, latlng) {
  const inside = new Set(rule.areas_are_cut
    ? areasAt(app.shapes, latlng).map(({ center }) => rule.center_codes[center]) : []);
  if (inside.size === 1) return { code: [...inside][0], isSure: true };
  return clearlyNearest(nearestOfEach(app, rule, latlng));
}

/**
 * The squares of the distances to what is nearest of each country, in m2.
 *
 * @param {App} app
 * @param {WhatIfRule} rule
 * @param {LatLng} latlng
 */
function nearestOfEach({ meta, sites, towns }, rule, { lat, lng }) {
  const here = pointAt(lng, lat);
  /** @type {Map<string, number>} */
  const squares = new Map();
  /**
   * @param {string} code
   * @param {number} north
   * @param {number} east
   */
  const add = (code, north, east) => {
    if (!code) return;
    const there = pointAt(east, north);
    const square = (here.x - there.x) ** 2 + (here.y - there.y) ** 2 + (here.z - there.z) ** 2;
    if (square < (squares.get(code) ?? Infinity)) squares.set(code, square);
  };
  const codes = new Map(rule.titles.map((title, number) => [title, rule.codes[number]]));
  for (const town of towns) {
    if (town.kind !== PLACE_KINDS.country) add(codes.get(town.country) ?? "", town.lat, town.lon);
  }
  meta.centers.forEach((center, number) => add(
    rule.center_codes[number], center.lat, center.lon));
  const review = meta.statuses.indexOf("review");
  const high = 3;
  const wide = Math.min(90, high / Math.max(0.02, Math.cos((lat * Math.PI) / 180)));
  sites.within(
    Math.floor((lng - wide + 180) * UNITS), Math.floor((lat - high + 90) * UNITS),
    Math.ceil((lng + wide + 180) * UNITS), Math.ceil((lat + high + 90) * UNITS),
    (i) => {
      if (sites.status[i] === review) return;
      add(meta.countries[sites.site_country[i]] ?? "", sites.lat(i), sites.lon(i));
    },
  );
  return squares;
}
