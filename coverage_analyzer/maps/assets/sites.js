// The sites that the page has one by one. They stand in the order of Morton's curve, on which a
// square of the plane is a run: so the order itself is the index, and nothing else is built.

import { ROUND, UNITS, mercatorSouth } from "./mercator.js";

const ROOT_BITS = 26;
const FEW = 24; // of so few sites each is looked at

/**
 * Every second bit of a number of 26 bits.
 *
 * @param {number} bits
 */
function everySecond(bits) {
  let v = bits & 0x1555555;
  v = (v | (v >>> 1)) & 0x3333333;
  v = (v | (v >>> 2)) & 0xf0f0f0f;
  v = (v | (v >>> 4)) & 0xff00ff;
  return (v | (v >>> 8)) & 0xffff;
}

/**
 * A box in units, and what is done with the sites in it.
 *
 * @typedef {object} Box
 * @property {number} west
 * @property {number} south
 * @property {number} east
 * @property {number} north
 * @property {number} turn
 * @property {(i: number, turn: number) => void} visit
 */

export class Sites {
  /**
   * @param {Columns} columns
   * @param {Meta} meta
   */
  constructor(columns, meta) {
    const none = new Int32Array(0);
    this.code = columns.code || new Float64Array(0);
    this.count = this.code.length;
    const column = (/** @type {string} */ name) => columns[name] || none;
    this.status = column("status");
    this.level = column("level");
    this.reason = column("reason");
    this.site_country = column("site_country");
    this.available_on = column("available_on");
    this.limit_miles = column("limit_miles");
    this.miles = column("miles");
    this.margin = column("margin");
    this.km = columns.km;
    this.margin_km = columns.margin_km;
    this.in_reach = column("in_reach");
    this.accuracy = column("accuracy"); // centimetres, -1 if unknown; empty if all are
    this.held = column("held"); // 1 where a center in reach would not help; empty if nowhere
    const centers = Int32Array.from([...meta.site_centers, -1]);
    this.center = Int32Array.from(column("center_id"), (c) => Number(centers.at(c)));
    this.limits = meta.limits;
    this.x = new Int32Array(this.count); // units east of 180 degrees west
    this.y = new Int32Array(this.count); // units north of the south pole
    this.south = new Float64Array(this.count);
    this.shown = new Uint8Array(this.count).fill(1);
    /** @type {Box} */
    this.box = { west: 0, south: 0, east: 0, north: 0, turn: 0, visit: () => {} };
    this.place();
  }

  /** Unpacks the positions on the curve. */
  place() {
    const half = 2 ** ROOT_BITS;
    for (let i = 0; i < this.count; i++) {
      const high = Math.floor(this.code[i] / half);
      const low = this.code[i] - high * half;
      this.x[i] = (everySecond(high) << 13) | everySecond(low);
      this.y[i] = (everySecond(high >>> 1) << 13) | everySecond(low >>> 1);
      this.south[i] = mercatorSouth(this.y[i] / UNITS - 90);
    }
  }

  /** @param {number} i */
  lon(i) {
    return this.x[i] / UNITS - 180;
  }

  /** @param {number} i */
  lat(i) {
    return this.y[i] / UNITS - 90;
  }

  /**
   * Calls for each site in a box, given in units, with the turns round the world it is seen at.
   *
   * @param {number} west
   * @param {number} south
   * @param {number} east
   * @param {number} north
   * @param {(i: number, turn: number) => void} visit
   */
  within(west, south, east, north, visit) {
    const last = Math.floor(east / ROUND);
    // Sites at 180 degrees east, where x is ROUND, are on the western edge of the next turn.
    for (let turn = Math.ceil(west / ROUND) - 1; turn <= last; turn++) {
      const shift = turn * ROUND;
      this.box = { west: west - shift, south, east: east - shift, north, turn, visit };
      this.descend(0, this.count, 0, 0, 0, ROOT_BITS);
    }
  }

  /**
   * Visits the sites of a square of the curve that are in the box.
   *
   * @param {number} from
   * @param {number} to
   * @param {number} x
   * @param {number} y
   * @param {number} base
   * @param {number} bits
   */
  // eslint-disable-next-line complexity -- one square of a curve, in one place
  descend(from, to, x, y, base, bits) {
    const { west, south, east, north, turn, visit } = this.box;
    const end = 2 ** bits - 1;
    if (from >= to || x > east || x + end < west || y > north || y + end < south) return;
    if (x >= west && x + end <= east && y >= south && y + end <= north) {
      for (let i = from; i < to; i++) visit(i, turn);
    } else if (to - from <= FEW || bits === 0) {
      for (let i = from; i < to; i++) {
        if (this.x[i] < west || this.x[i] > east) continue;
        if (this.y[i] >= south && this.y[i] <= north) visit(i, turn);
      }
    } else {
      const quarter = 4 ** (bits - 1);
      const half = 2 ** (bits - 1);
      for (let k = 0, begin = from; k < 4; k++) {
        const stop = k === 3 ? to : this.firstFrom(base + (k + 1) * quarter, begin, to);
        const [atX, atY] = [x + (k & 1) * half, y + (k >> 1) * half];
        this.descend(begin, stop, atX, atY, base + k * quarter, bits - 1);
        begin = stop;
      }
    }
  }

  /**
   * The first of some sites at or behind a position on the curve.
   *
   * @param {number} code
   * @param {number} from
   * @param {number} to
   */
  firstFrom(code, from, to) {
    let [first, last] = [from, to];
    while (first < last) {
      const middle = (first + last) >> 1;
      if (this.code[middle] < code) first = middle + 1;
      else last = middle;
    }
    return first;
  }

  /**
   * The figures of a verdict, as the report has them; null where there is none.
   *
   * @param {number} i
   */
  figures(i) {
    const at = this.limit_miles[i];
    const limit = at < 0 ? null : this.limits[at];
    const none = { distance: null, margin: null, distanceKm: null, marginKm: null };
    if (this.center[i] < 0) return { limit, ...none };
    const left = Math.floor((limit || 0) * 1000 + 0.5) - this.miles[i] + this.margin[i];
    const distanceKm = this.km ? this.km[i] / 1000 : null;
    const marginKm = this.margin_km ? this.margin_km[i] / 1000 : null;
    return { limit, distance: this.miles[i] / 1000, margin: left / 1000, distanceKm, marginKm };
  }
}
