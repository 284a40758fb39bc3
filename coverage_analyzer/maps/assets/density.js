// How many sites there are, in squares: for far zooms, and for sites that are too many to draw.

const SQUARE = 32; // pixels

// Counts of sites in a grid over the world, for each zoom a coarser one.
class Density {
  constructor(told, columns, sites) {
    this.told = told;
    this.columns = columns;
    this.sites = sites;
    this.isGiven = told.kept !== "all";
    this.forget();
  }

  // To be called when other sites are shown.
  forget() {
    this.levels = new Map();
    this.greatest = new Map();
  }

  // The greatest count with 2 ** level cells on a side.
  mostAt(level) {
    if (!this.greatest.has(level)) {
      this.greatest.set(level, this.at(level).reduce((a, b) => Math.max(a, b), 1));
    }
    return this.greatest.get(level);
  }

  finest() {
    const side = this.told.grid;
    const counts = new Uint32Array(side * side);
    if (this.isGiven) {
      this.told.statuses.forEach((status, number) => {
        if (this.hidden && !this.hidden.statuses.has(number)) return;
        const some = this.columns[`density_${status}`];
        for (let i = 0; i < some.length; i++) counts[this.columns.cell[i]] += some[i];
      });
      return counts;
    }
    const { x, south, shown, count } = this.sites;
    for (let i = 0; i < count; i++) {
      if (!shown[i]) continue;
      const row = Math.min(side - 1, Math.floor(south[i] * side));
      counts[row * side + (Math.floor((x[i] / ROUND) * side) % side)]++;
    }
    return counts;
  }

  // The counts with 2 ** level cells on a side.
  at(level) {
    if (this.levels.has(level)) return this.levels.get(level);
    const side = 2 ** level;
    if (side >= this.told.grid) {
      this.levels.set(level, this.finest());
      return this.levels.get(level);
    }
    const finer = this.at(level + 1);
    const counts = new Uint32Array(side * side);
    for (let row = 0; row < 2 * side; row++) {
      for (let column = 0; column < 2 * side; column++) {
        counts[(row >> 1) * side + (column >> 1)] += finer[row * 2 * side + column];
      }
    }
    this.levels.set(level, counts);
    return counts;
  }
}

function densityLayer(density) {
  const deepest = Math.log2(density.told.grid);
  return new CanvasTiles((context, tile) => {
    const level = Math.min(deepest, tile.zoom + Math.log2(TILE / SQUARE));
    const side = 2 ** level;
    const counts = density.at(level);
    const most = density.mostAt(level);
    const size = tile.pixels / side; // pixels
    const first = Math.floor(tile.west * side);
    const top = Math.floor(tile.north * side);
    const many = Math.max(1, Math.round(TILE / size));
    const text = ink("--ink");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 11px system-ui, sans-serif";
    for (let row = top; row < Math.min(side, top + many); row++) {
      for (let column = first; column < first + many; column++) {
        const count = counts[row * side + column];
        if (!count) continue;
        const x = (column / side - tile.west) * tile.pixels;
        const y = (row / side - tile.north) * tile.pixels;
        context.fillStyle = ink("--area");
        context.globalAlpha = 0.2 + (0.5 * Math.log1p(count)) / Math.log1p(most);
        context.fillRect(x + 1, y + 1, size - 2, size - 2);
        context.globalAlpha = 1;
        if (size > 4 * TILE) continue;
        context.fillStyle = text;
        context.fillText(brief(count), x + size / 2, y + size / 2);
      }
    }
  }, { zIndex: 3, className: "density" });
}
