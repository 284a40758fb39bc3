/** The types that the page's modules share; `tsc` checks them, and no page contains this file. */

type LatLng = import("leaflet").LatLng;
type LeafletMap = import("leaflet").Map;
type Layer = import("leaflet").GridLayer;
type Coords = import("leaflet").Coords;
type DoneCallback = import("leaflet").DoneCallback;

/** Numbers or texts of a column of a block, as packing.py wrote it. */
type Numbers = Int16Array | Int32Array | Float64Array;

/** All texts of a column as one, with the position at which each begins, and the end. */
interface Texts {
  text: string;
  begins: Uint32Array;
}

/** How the bytes of a column are laid out (packing.py, `Block`). */
interface ColumnSpec {
  name: string;
  count: number;
  /** Bytes of a number. */
  width: number;
  /** The least number, if it is not 0. */
  low?: number;
  /** Whether the numbers are differences. */
  steps?: boolean;
  /** Bytes of text behind the numbers, which then are lengths. */
  text?: number;
}

type Columns = Record<string, Numbers>;

type SiteState = "qualified" | "pending" | "fallback" | "review" | "not_covered";

interface Center {
  id: string;
  name: string;
  country: string;
  lon: number;
  lat: number;
  state: "open" | "planned" | "closed";
  opens_on: string;
  closes_on: string;
  /** Qualified sites. */
  served: number;
}

/** An area as in the payload: rings of differences in units, longitude and latitude in turn. */
interface PackedArea {
  center: number;
  planned: boolean;
  polygons: number[][][];
  level?: string;
  above?: number;
  limit?: number;
}

/** Rings of x, y, x, y ... in worlds, and their box: west, north, east, south. */
interface Polygon {
  rings: Float64Array[];
  box: number[];
}

interface Area extends PackedArea {
  parts: Polygon[];
}

/** Everything of the payload except rows (page_data.py). */
interface Meta {
  title: string;
  policy: string;
  as_of: string;
  attribution: string;
  note: string;
  tiles: { url: string; credit: string } | null;
  statuses: SiteState[];
  counts: number[];
  total: number;
  kept: "all" | "not_qualified" | "none";
  grid: number;
  levels: string[];
  reasons: string[];
  reason_words: string[];
  countries: string[];
  country_names: string[];
  days: string[];
  limits: number[];
  site_centers: number[];
  centers: Center[];
  areas: PackedArea[];
  unserved: PackedArea[];
  minutes: number | string;
  bounds: [[number, number], [number, number]] | null;
  places: ColumnSpec[];
  texts: ColumnSpec[];
  verdict: string[];
}

interface Topology {
  transform: { scale: [number, number]; translate: [number, number] };
  arcs: [number, number][][];
  objects: Record<string, { geometries: { type: string; arcs: any[] }[] }>;
}

/** A tile to draw: its place in the world, which is 1 wide. */
interface Tile {
  zoom: number;
  west: number;
  north: number;
  /** Pixels of the width of the world. */
  pixels: number;
  /** Pixels of the screen to a pixel. */
  ratio: number;
}

/** A layer as the panel lists it. */
interface ListedLayer {
  words: string;
  layer: Layer;
  /** Whether it is on at first. */
  isOn: boolean;
}

type Layers = Record<"sites" | "centers" | "areas" | "planned" | "density", ListedLayer>
  & Partial<Record<string, ListedLayer>>;

/** What the modules of the page share. */
interface App {
  map: LeafletMap;
  meta: Meta;
  sites: import("./sites.js").Sites;
  filters: import("./filters.js").Filters;
  density: import("./density.js").Density;
  layers: Layers;
  land: Layer;
  /** Coverage areas as drawn. */
  shapes: Area[];
  /** The element round panel and map. */
  wrapper: HTMLElement;
  /** The column of the map, and of what stands below it. */
  main: HTMLElement;
  /** Ids and names of sites; to be read after `textsReady`. */
  texts: { id: Texts; name: Texts };
  textsReady: Promise<void>;
  popup: import("leaflet").Popup;
  hint: import("leaflet").Tooltip;
  pointer: LatLng | null;
  /** The shown sites in the view, by status. */
  inView: { counts: number[]; total: number };
  /** Says something to those who do not see the map. */
  say: (words: string) => void;
  /** Registers what the button "Reset filters" does. */
  onReset: (listener: () => void) => void;
  reset: () => void;
  /** Registers what happens after the view or the filters have changed. */
  onUpdate: (listener: () => void) => void;
  update: () => void;
}
