/** The types that the page's modules share; `tsc` checks them, and no page contains this file. */

type LatLng = import("leaflet").LatLng;
type LeafletMap = import("leaflet").Map;
/** Karney's algorithms: the script geographiclib-geodesic. */
declare const geodesic: {
  Geodesic: {
    DISTANCE: number;
    WGS84: {
      Inverse: (
        lat1: number, lon1: number, lat2: number, lon2: number, wanted?: number,
      ) => { s12?: number };
      Direct: (
        lat: number, lon: number, azimuth: number, metres: number,
      ) => { lat2?: number; lon2?: number };
    };
  };
};

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

type Columns = Record<string, Numbers>;

/** Rings of x, y, x, y ... in worlds, and their box: west, north, east, south. */
interface Polygon {
  rings: Float64Array[];
  box: number[];
}

interface Area extends PackedArea {
  parts: Polygon[];
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
  /** Pixels of the tile to one of the page: 1 but where the map's zoom is not a whole number. */
  unit: number;
}

/** A layer as the panel lists it. */
interface ListedLayer {
  words: string;
  layer: Layer;
  /** Whether it is on at first. */
  isOn: boolean;
  /** Whether it has nothing, so that the panel does not list it. */
  isEmpty?: boolean;
  /** Its marks for the legend, with words. */
  marks?: { draw: (context: CanvasRenderingContext2D) => void; words?: string }[];
}

type Layers = Record<"sites" | "centers" | "areas" | "planned", ListedLayer>
  & Partial<Record<string, ListedLayer>>;

/** What is read of a site only when somebody asks. */
interface SiteTexts {
  id: Texts;
  name: Texts;
  /** Cells of `own_columns`, in their order. */
  own: Texts[];
  /** Tenths of a minute by road, -1 where unknown; none without roads. */
  minutes?: Numbers;
  /** Thousandths of a mile by road, -1 where unknown. */
  road_miles?: Numbers;
}

/** Land rings and lines of a row of the base map, in worlds. */
interface Shapes {
  rings: Line[];
  lines: (Line & { kind: number })[];
}

/** A line of x, y, x, y ... in worlds, and its box: west, north, east, south. */
interface Line {
  points: Float64Array;
  box: number[];
}

/** A town, or the label of a country. */
interface Place {
  name: string;
  /** Name of its country; empty in a contested zone. */
  country: string;
  kind: number;
  /** The least zoom at which its label has room; the less, the more important. */
  zoom: number;
  /** In worlds. */
  x: number;
  y: number;
  /** Degrees. */
  lat: number;
  lon: number;
}


/** What the modules of the page share. */
interface App {
  map: LeafletMap;
  meta: Meta;
  sites: import("./sites.js").Sites;
  filters: import("./filters.js").Filters;
  clusters: import("./clusters.js").Clusters;
  layers: Layers;
  /** The base map; none if tiles are loaded. */
  land: Layer | null;
  /** What it is drawn from. */
  base: import("./base-rows.js").BaseMap | null;
  /** Towns and countries, the important ones first. */
  towns: Place[];
  /** Coverage areas as drawn. */
  shapes: Area[];
  /** The element round panel and map. */
  wrapper: HTMLElement;
  /** The column of the map, and of what stands below it. */
  main: HTMLElement;
  /** Ids, names, own columns and drives of sites; to be read after `textsReady`. */
  texts: SiteTexts;
  textsReady: Promise<void>;
  /** The field of the search. */
  search: {
    words: () => string;
    isOnly: () => boolean;
    restore: (words: string, isOnly: boolean) => Promise<void>;
  };
  /** The table below the map: whether it is open, and what it is sorted by. */
  table: {
    order: () => { name: string; direction: number } | null;
    isOpen: () => boolean;
    restore: (isOpen: boolean, order: { name: string; direction: number } | null) => void;
  };
  /** To be called after the reader has set something that is neither the view nor a filter. */
  settingsChanged: () => void;
  /** Takes a click on the map, if one is waited for. */
  takeClick: (latlng: LatLng) => boolean;
  /** Changes of centers that are tried; none where the page cannot. */
  whatIf: import("./what-if.js").WhatIfState | null;
  popup: import("leaflet").Popup;
  hint: import("leaflet").Tooltip;
  pointer: LatLng | null;
  /** What the filters select, beside the whole. */
  selection: import("./selection.js").Figures & {
    /** 1 for each center that is shown, by position. */
    centers: Uint8Array;
    /** Whether a filter other than that of the status is set. */
    isNarrowed: boolean;
  };
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
