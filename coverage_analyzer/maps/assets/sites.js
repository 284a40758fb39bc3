// The sites that the page has one by one. They stand in the order of Morton's curve, on which a
// square of the plane is a run: so the order itself is the index, and nothing else is built.

const UNITS = 100000; // to a degree
const ROUND = 360 * UNITS;
const ROOT_BITS = 26;
const FEW = 24; // of so few sites each is looked at

// Web Mercator with the world from 0 to 1, southward; it ends at 85 degrees.
function mercatorSouth(lat) {
  const sine = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

function latitudeAt(south) {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * south))) * 180) / Math.PI;
}

// Every second bit of a number of 26 bits.
function everySecond(bits) {
  let v = bits & 0x1555555;
  v = (v | (v >>> 1)) & 0x3333333;
  v = (v | (v >>> 2)) & 0xf0f0f0f;
  v = (v | (v >>> 4)) & 0xff00ff;
  return (v | (v >>> 8)) & 0xffff;
}

class Sites {
  constructor(columns, told) {
    const none = new Int32Array(0);
    this.code = columns.code || new Float64Array(0);
    this.count = this.code.length;
    for (const name of ["status", "level", "reason", "site_country", "available_on",
      "limit_miles", "miles", "margin", "in_reach"]) this[name] = columns[name] || none;
    const centers = Int32Array.from([...told.site_centers, -1]);
    this.center = Int32Array.from(columns.center_id || none, (c) => centers.at(c));
    this.limits = told.limits;
    this.x = new Int32Array(this.count); // units east of 180 degrees west
    this.y = new Int32Array(this.count); // units north of the south pole
    this.south = new Float64Array(this.count);
    this.shown = new Uint8Array(this.count).fill(1);
    this.place();
  }

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

  lon(i) {
    return this.x[i] / UNITS - 180;
  }

  lat(i) {
    return this.y[i] / UNITS - 90;
  }

  // Calls for each site in a box, given in units, with the turns round the world it is seen at.
  within(west, south, east, north, visit) {
    const last = Math.floor(east / ROUND);
    for (let turn = Math.floor(west / ROUND); turn <= last; turn++) {
      const shift = turn * ROUND;
      this.box = { west: west - shift, south, east: east - shift, north, turn, visit };
      this.descend(0, this.count, 0, 0, 0, ROOT_BITS);
    }
  }

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
        this.descend(begin, stop, x + (k & 1) * half, y + (k >> 1) * half, base + k * quarter, bits - 1);
        begin = stop;
      }
    }
  }

  firstFrom(code, from, to) {
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.code[middle] < code) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  // The figures of a verdict, as the report has them; null where there is none.
  figures(i) {
    const at = this.limit_miles[i];
    const limit = at < 0 ? null : this.limits[at];
    if (this.center[i] < 0) return { limit, distance: null, margin: null };
    const left = Math.floor((limit || 0) * 1000 + 0.5) - this.miles[i] + this.margin[i];
    return { limit, distance: this.miles[i] / 1000, margin: left / 1000 };
  }
}
