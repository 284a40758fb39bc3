// Sees at a glance which verdicts stand: most sites of a trial are served by a center that stays.

/** @typedef {import("./what-if-rule.js").ServingCenter} ServingCenter */

/** Coordinates of centers in arrays, as many sites are compared with each. */
class Packed {
  /** @param {ServingCenter[]} centers */
  constructor(centers) {
    this.x = Float64Array.from(centers, ({ point }) => point.x);
    this.y = Float64Array.from(centers, ({ point }) => point.y);
    this.z = Float64Array.from(centers, ({ point }) => point.z);
    this.country = Int32Array.from(centers, ({ country }) => country);
  }

  /**
   * The least square of a chord from a place, in m2.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} z
   * @param {number} country That of the centers; -1 is any.
   */
  least(x, y, z, country) {
    const { x: xs, y: ys, z: zs, country: countries } = this;
    let least = Infinity;
    for (let c = 0; c < xs.length; c++) {
      if (country >= 0 && countries[c] !== country) continue;
      const dx = xs[c] - x;
      const dy = ys[c] - y;
      const dz = zs[c] - z;
      const square = dx * dx + dy * dy + dz * dz;
      if (square < least) least = square;
    }
    return least;
  }
}

/** Sees at a glance that a verdict stands: for most sites a center that is not changed decides. */
export class Standing {
  /**
   * @param {import("./what-if-effects.js").Effects} effects
   * @param {ServingCenter[]} kept Open in the run and under trial, at the same place.
   * @param {ServingCenter[]} changed All others.
   */
  constructor(effects, kept, changed) {
    this.effects = effects;
    this.kept = new Packed(kept);
    this.changed = new Packed(changed);
    const { bands, others, sameCountry } = effects.judge;
    this.sameCountry = sameCountry;
    this.inner = Float64Array.from(bands, (list) => list[list.length - 1].inner);
    this.others = others[others.length - 1].inner;
  }

  /**
   * Whether a center that is not changed is certainly in reach of a site, and all changed ones are
   * farther: then it decides now as before.
   *
   * @param {number} i
   */
  at(i) {
    const { effects } = this;
    const country = effects.sites.site_country[i];
    const group = this.sameCountry ? country : -1;
    const x = effects.x[i];
    const y = effects.y[i];
    const z = effects.z[i];
    const least = this.kept.least(x, y, z, group);
    if (least > (country < 0 ? this.others : this.inner[country])) return false;
    return this.changed.least(x, y, z, group) > least;
  }
}
