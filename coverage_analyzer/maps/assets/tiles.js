// Layers that are drawn as canvas tiles: only what is seen is drawn, and the world repeats.

const TILE = 256;
const FRAME_MS = 10; // of drawing between two frames, so that moving the map stays smooth

const waiting = [];
let drawnAll = [];

function drawWaiting() {
  const begun = performance.now();
  while (waiting.length && performance.now() - begun < FRAME_MS) waiting.shift()();
  if (waiting.length) requestAnimationFrame(drawWaiting);
  else {
    for (const tell of drawnAll) tell();
    drawnAll = [];
  }
}

// A promise that all tiles that are wanted are drawn.
function allDrawn() {
  return new Promise((tell) => {
    drawnAll.push(tell);
    if (!waiting.length) requestAnimationFrame(drawWaiting);
  });
}

// draw(context, tile) gets the tile's place in the world, which is 1 wide: west, north, pixels
// (how many the world is wide), and zoom.
const CanvasTiles = L.GridLayer.extend({
  initialize(draw, options) {
    L.setOptions(this, { maxZoom: 18, minZoom: 0, keepBuffer: 1, updateInterval: 100, ...options });
    this.drawTile = draw;
  },
  createTile(coords, done) {
    const canvas = document.createElement("canvas");
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.width = canvas.height = TILE * ratio;
    const across = 2 ** coords.z;
    const column = ((coords.x % across) + across) % across;
    const tile = {
      zoom: coords.z, west: column / across, north: coords.y / across, pixels: TILE * across, ratio,
    };
    if (!waiting.length) requestAnimationFrame(drawWaiting);
    waiting.push(() => {
      if (canvas.isConnected) {
        const context = canvas.getContext("2d");
        context.scale(ratio, ratio);
        this.drawTile(context, tile);
      }
      done(null, canvas);
    });
    return canvas;
  },
});

// The turns round the world at which something from west to east (in worlds) touches a tile.
function turnsIn({ west, pixels }, from, to, margin) {
  const edge = margin / pixels;
  const turns = [];
  const last = Math.floor(west + TILE / pixels + edge - from);
  for (let turn = Math.ceil(west - edge - to); turn <= last; turn++) turns.push(turn);
  return turns;
}

// Adds a ring of x, y, x, y ... to a path, without corners that no pixel shows.
function traceRing(context, ring, west, north, pixels) {
  let x = (ring[0] - west) * pixels;
  let y = (ring[1] - north) * pixels;
  context.moveTo(x, y);
  for (let i = 2; i < ring.length; i += 2) {
    const nextX = (ring[i] - west) * pixels;
    const nextY = (ring[i + 1] - north) * pixels;
    if (Math.abs(nextX - x) + Math.abs(nextY - y) < 0.7) continue;
    context.lineTo(nextX, nextY);
    x = nextX;
    y = nextY;
  }
  context.closePath();
}

function touchesRows({ north, pixels }, from, to, margin) {
  const edge = margin / pixels;
  return to >= north - edge && from <= north + TILE / pixels + edge;
}

function boxOf(ring) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < ring.length; i += 2) {
    box[0] = Math.min(box[0], ring[i]);
    box[1] = Math.min(box[1], ring[i + 1]);
    box[2] = Math.max(box[2], ring[i]);
    box[3] = Math.max(box[3], ring[i + 1]);
  }
  return box;
}
