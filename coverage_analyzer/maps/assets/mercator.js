// Units of the page's coordinates, and Web Mercator.

/** Units of a degree. */
export const UNITS = 100000;
/** Units round the world. */
export const ROUND = 360 * UNITS;

/**
 * Web Mercator with the world from 0 to 1, southward; it ends at 85 degrees.
 *
 * @param {number} lat Degrees.
 */
export function mercatorSouth(lat) {
  const sine = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

/**
 * The latitude in degrees of a place in Web Mercator.
 *
 * @param {number} south From 0 to 1.
 */
export function latitudeAt(south) {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * south))) * 180) / Math.PI;
}

/**
 * Units north of the south pole; what lies beyond Mercator's end is drawn at that end.
 *
 * @param {number} south From 0 to 1.
 */
export function unitsNorth(south) {
  if (south <= 0.0001) return 180 * UNITS;
  if (south >= 0.9999) return 0;
  return Math.round((latitudeAt(south) + 90) * UNITS);
}
