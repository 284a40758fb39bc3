// Distances on the WGS 84 ellipsoid, as geodesy.py decides them: chords where they suffice, else
// Karney's geodesic by the script geographiclib-geodesic, which is the global variable `geodesic`.

export const MILE_M = 1609.344;
/** Tolerance of every limit for rounding, in metres. */
export const ROUNDING_M = 0.001;
/** The most that a place may be off because the page rounds it to 0.00001 degree, in metres. */
export const SLACK_M = 0.79;

const EQUATOR_M = 6378137;
const FLATTENING = 1 / 298.257223563;
const POLE_M = EQUATOR_M * (1 - FLATTENING);
const ECCENTRICITY2 = FLATTENING * (2 - FLATTENING);
const LEAST_RADIUS_M = (POLE_M * POLE_M) / EQUATOR_M;
const GREATEST_RADIUS_M = (EQUATOR_M * EQUATOR_M) / POLE_M;
const CHORD_ERROR_M = 1e-6;
const DEGREE = Math.PI / 180;
const CORNERS = 120; // of a circle

/** @typedef {{ x: number, y: number, z: number }} Point Earth-centred, in metres. */

/**
 * A place in space.
 *
 * @param {number} lon Degrees.
 * @param {number} lat
 * @returns {Point}
 */
export function pointAt(lon, lat) {
  const north = Math.sin(lat * DEGREE);
  const normal = EQUATOR_M / Math.sqrt(1 - ECCENTRICITY2 * north * north);
  const across = normal * Math.cos(lat * DEGREE);
  return {
    x: across * Math.cos(lon * DEGREE), y: across * Math.sin(lon * DEGREE),
    z: normal * (1 - ECCENTRICITY2) * north,
  };
}

/**
 * The distance along the geodesic in metres.
 *
 * @param {number} lat1 Degrees.
 * @param {number} lon1
 * @param {number} lat2
 * @param {number} lon2
 */
export function distanceM(lat1, lon1, lat2, lon2) {
  const { Geodesic } = geodesic;
  return /** @type {number} */ (
    Geodesic.WGS84.Inverse(lat1, lon1, lat2, lon2, Geodesic.DISTANCE).s12);
}

/**
 * The squares of two chords: up to the first a pair is certainly within a limit, beyond the second
 * certainly not, wherever the page's rounding has moved the site.
 *
 * @param {number} limitM
 */
export function chordSquares(limitM) {
  const chord = (/** @type {number} */ radius, /** @type {number} */ limit) =>
    2 * radius * Math.sin(Math.min(Math.max(limit, 0) / (2 * radius), Math.PI / 2));
  const inner = chord(LEAST_RADIUS_M, limitM + ROUNDING_M - SLACK_M) - CHORD_ERROR_M;
  const outer = chord(GREATEST_RADIUS_M, limitM + ROUNDING_M + SLACK_M) + CHORD_ERROR_M;
  return { inner: inner > 0 ? inner * inner : -1, outer: outer * outer };
}

/**
 * The least and the greatest distance along the ground of places with a chord between them.
 *
 * @param {number} square Of the chord, in m2.
 * @returns {[number, number]} In metres.
 */
export function distanceBounds(square) {
  const chord = Math.sqrt(square);
  const along = (/** @type {number} */ radius) => {
    const half = chord / (2 * radius);
    return half < 1 ? 2 * radius * Math.asin(half) : Infinity;
  };
  return [Math.min(along(GREATEST_RADIUS_M), Math.PI * LEAST_RADIUS_M), along(LEAST_RADIUS_M)];
}

/**
 * The corners of a circle: longitude and latitude in degrees, longitudes next to its middle's.
 *
 * @param {number} lat
 * @param {number} lon
 * @param {number} radiusM
 * @returns {[number, number][]}
 */
export function circle(lat, lon, radiusM) {
  return Array.from({ length: CORNERS }, (_, corner) => {
    const { lat2, lon2 } = geodesic.Geodesic.WGS84.Direct(
      lat, lon, (360 / CORNERS) * corner, radiusM);
    const [east, north] = [Number(lon2), Number(lat2)];
    return [east - 360 * Math.round((east - lon) / 360), north];
  });
}
