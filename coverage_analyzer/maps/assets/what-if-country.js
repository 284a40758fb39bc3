// In which country a place of the map is, as far as the page can know: by the coverage areas, which
// end at the border, else by the towns, centers and sites near, from which no border of the map
// parts it. Where that is not clear, the reader is asked.

import { areasAt } from "./areas.js";
import { pointAt } from "./geodesic.js";
import { UNITS, mercatorSouth } from "./mercator.js";
import { PLACE_KINDS } from "./places.js";
import { isBorderBetween, isNearBorder } from "./what-if-borders.js";

const NEAR_M = 300000; // what is farther away says nothing of the country
const NEAR_DEGREES = 3;
const CLEAR = 2; // so many times as far has another country to be

/**
 * The country of a place; `isSure` is false where the reader has to say or to check it.
 *
 * @typedef {{ code: string, isSure: boolean }} Guess
 */

/** @typedef {{ code: string, square: number, lat: number, lon: number }} Known */

/**
 * The country that is nearest, if no other one is nearly as near.
 *
 * @param {Known[]} places What is nearest of each country, with the square of its distance in m2.
 * @returns {Guess}
 */
export function clearlyNearest(places) {
  const [first, second] = [...places].sort((a, b) => a.square - b.square);
  if (!first || first.square > NEAR_M ** 2) return { code: "", isSure: false };
  return { code: first.code, isSure: !second || second.square > CLEAR ** 2 * first.square };
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
  const { base } = app;
  const places = nearestOfEach(app, rule, latlng);
  if (!base) return { ...clearlyNearest(places), isSure: false };
  const here = onMap(latlng.lat, latlng.lng);
  const open = places.filter(({ lat, lon }) => !isBorderBetween(base, here, onMap(
    lat, lon + 360 * Math.round((latlng.lng - lon) / 360))));
  const guess = clearlyNearest(open);
  return { ...guess, isSure: guess.isSure && !isNearBorder(base, here) };
}

/**
 * @param {number} lat
 * @param {number} lon
 */
function onMap(lat, lon) {
  return { x: lon / 360 + 0.5, y: mercatorSouth(lat) };
}

/**
 * What is nearest of each country: a town, a center or a site.
 *
 * @param {App} app
 * @param {WhatIfRule} rule
 * @param {LatLng} latlng
 * @returns {Known[]}
 */
function nearestOfEach({ meta, sites, towns }, rule, { lat, lng }) {
  const here = pointAt(lng, lat);
  /** @type {Map<string, Known>} */
  const nearest = new Map();
  /**
   * @param {string} code
   * @param {number} north
   * @param {number} east
   */
  const add = (code, north, east) => {
    if (!code) return;
    const there = pointAt(east, north);
    const square = (here.x - there.x) ** 2 + (here.y - there.y) ** 2 + (here.z - there.z) ** 2;
    if (square >= (nearest.get(code)?.square ?? NEAR_M ** 2)) return;
    nearest.set(code, { code, square, lat: north, lon: east });
  };
  const codes = new Map(rule.titles.map((title, number) => [title, rule.codes[number]]));
  for (const town of towns) {
    if (town.kind !== PLACE_KINDS.country) add(codes.get(town.country) ?? "", town.lat, town.lon);
  }
  meta.centers.forEach((center, number) => add(
    rule.center_codes[number], center.lat, center.lon));
  const review = meta.statuses.indexOf("review");
  const wide = Math.min(90, NEAR_DEGREES / Math.max(0.02, Math.cos((lat * Math.PI) / 180)));
  sites.within(
    Math.floor((lng - wide + 180) * UNITS), Math.floor((lat - NEAR_DEGREES + 90) * UNITS),
    Math.ceil((lng + wide + 180) * UNITS), Math.ceil((lat + NEAR_DEGREES + 90) * UNITS),
    (i) => {
      if (sites.status[i] === review) return;
      add(meta.countries[sites.site_country[i]] ?? "", sites.lat(i), sites.lon(i));
    },
  );
  return [...nearest.values()];
}
