/** Types of the payload: made from payload.schema.json by tools/payload_types.py. */

/** How a site is marked. */
type SiteState = "qualified" | "pending" | "fallback" | "review" | "not_covered" | "road";

/** A server of tiles. */
interface Tiles {
  /** With {z}, {x} and {y}. */
  url: string;
  /** What its owner wants to be named. */
  credit: string;
}

/** A service center. */
interface Center {
  /** Its identifier. */
  id: string;
  /** Its name, or empty. */
  name: string;
  /** Its country in words. */
  country: string;
  /** Degrees. */
  lon: number;
  /** Degrees. */
  lat: number;
  /** On the day judged; new or closing by a plan. */
  state: "open" | "planned" | "closed" | "new" | "closing";
  /** YYYY-MM-DD, or empty. */
  opens_on: string;
  /** YYYY-MM-DD, or empty. */
  closes_on: string;
  /** Qualified sites. */
  served: number;
}

/** An area, whose polygons are in `outlines`. */
interface PackedArea {
  /** Its position in `centers`. */
  center: number;
  /** Whether its center opens later. */
  planned: boolean;
  /** The level that it buys. */
  level?: string;
  /** Miles at which it begins, 0 for a disc. */
  above?: number;
  /** Miles at which it ends. */
  limit?: number;
  /** How many polygons of the outlines are its own. */
  polygons: number;
}

/** How the bytes of a column are laid out. */
interface ColumnSpec {
  /** Name of the column. */
  name: string;
  /** How many numbers. */
  count: number;
  /** Bytes of a number: so many planes of `count` bytes, the last one maybe shorter (`top`). */
  width: number;
  /** What is added to each number. */
  low?: number;
  /** Whether each number is the difference from the one before. */
  steps?: boolean;
  /** Bits of the highest byte, 1, 2 or 4, if several share one: the first ones are the lowest bits. */
  top?: number;
  /** Bytes of UTF-8 behind the numbers, which then are the texts' lengths in UTF-16. */
  text?: number;
  /** If texts are laid out across, the length of the longest: their first characters, then their second ones; shorter texts are filled with zeros. */
  across?: number;
  /** If texts recur, the column of their words, which follows; the numbers are positions in it. */
  words?: ColumnSpec;
  /** If the numbers are texts of one length in ASCII, the least character at each position: above it is a digit of the number. */
  least?: number[];
  /** With `least`, the radix of each digit. */
  radix?: number[];
}

/** The base map (maps/base_map.py): `cell`, `level`, sizes and bytes of rows, then the columns of places; `place_country` counts in `country_name`, whose first is empty. */
interface BaseMeta {
  /** Columns of rows and of places. */
  columns: ColumnSpec[];
  /** Coordinates of a level are in steps of 2 ** shift units; a unit is 2 ** -20 of the width of the world. */
  shifts: number[];
}

/** The bands of some countries, the nearest first. */
interface BandGroup {
  /** ISO codes; `*` is all that no other group names. */
  countries: string[];
  /** The limit of each band in miles. */
  up_to: number[];
  /** The level that each buys, as a position in `ranks`. */
  levels: number[];
}

/** The part of the rule that distance decides, and the centers as a file has them. */
interface WhatIfRule {
  /** Whether a center serves only sites of its own country. */
  same_country: boolean;
  /** Titles of the levels, the best first, and then that of no level. */
  ranks: string[];
  /** The level beyond all bands, as a position in `ranks`. */
  fallback: number;
  /** The level until a center opens. */
  interim: number;
  /** The bands by countries; the group of all others is the last. */
  bands: BandGroup[];
  /** ISO codes of all countries. */
  codes: string[];
  /** The countries in words, in the same order. */
  titles: string[];
  /** Pairs of codes: a country, and the one that it counts as. */
  fold: string[][];
  /** Whether the phases of products may end before a center opens. */
  has_products: boolean;
  /** Columns of a file of centers. */
  header: string[];
  /** Its rows: the centers as they were given, in the order of `centers`. */
  rows: string[][];
  /** ISO code of the country that each center counts as. */
  center_codes: string[];
  /** Whether coverage areas end at the border of their center's country. */
  areas_are_cut: boolean;
}

/** Whether changes of centers can be tried in the page, and what is needed for it. */
interface WhatIf {
  /** Why changes cannot be tried, in words; empty if they can. */
  refused: string;
  /** What is needed; null if changes cannot be tried. */
  rule: WhatIfRule | null;
}

/** Everything that the map's page knows except rows: page_data.py writes it, the scripts read it. Coordinates are on WGS 84; columns of sites are in the blocks that `places` and `texts` lay out. */
interface Meta {
  /** Title of the map, by default that of the policy. */
  title: string;
  /** Title of the policy, if the map has a title of its own; else empty. */
  policy: string;
  /** What the policy promises where, in a sentence per level; empty if unknown. */
  promise: string;
  /** The day for which the verdicts hold, as YYYY-MM-DD. */
  as_of: string;
  /** Sources of borders, coast and names, which a map must name. */
  attribution: string;
  /** What the page omits; empty if nothing. */
  note: string;
  /** Images of a server behind the map, if asked for. */
  tiles: Tiles | null;
  /** How sites are marked, counted and filtered, by the numbers in the column `status`: the statuses, and `road` for those in review only because of the road. */
  statuses: SiteState[];
  /** The code of the status of each mark, as in a report. */
  status_codes: string[];
  /** What each mark means, as a sentence. */
  status_texts: string[];
  /** What to do about sites of each mark. */
  status_actions: string[];
  /** Decided sites by mark, shown one by one or not. */
  counts: number[];
  /** Decided sites. */
  total: number;
  /** Rows that could not be read or decided, and are not on the map. */
  rejected: number;
  /** Which sites the page has one by one. */
  kept: "all" | "not_qualified" | "none";
  /** Cells of the density grid on a side of the world. */
  grid: number;
  /** Titles of levels, by the numbers in the column `level`. */
  levels: string[];
  /** Codes of reasons, by the numbers in the column `reason`. */
  reasons: string[];
  /** The reasons in words. */
  reason_words: string[];
  /** What to do, by the same numbers. */
  reason_actions: string[];
  /** ISO codes, by the numbers in the column `site_country`. */
  countries: string[];
  /** The countries in words. */
  country_names: string[];
  /** Days, by the numbers in the column `available_on`. */
  days: string[];
  /** Unit of the policy's distances, named first. With km the sites have km and margin_km. */
  unit: "miles" | "km";
  /** Limits in miles, by the numbers in the column `limit_miles`. */
  limits: number[];
  /** Positions in `centers`, by the numbers in the column `center_id`. */
  site_centers: number[];
  /** All service centers. */
  centers: Center[];
  /** Coverage areas of open and planned centers. */
  areas: PackedArea[];
  /** The parts of the areas that roads do not serve in time. */
  unserved: PackedArea[];
  /** The parts of the areas for which there are no roads in the data. */
  no_road_data: PackedArea[];
  /** Minutes of driving that `unserved` is of, as a number or in words by country. */
  minutes: number | string;
  /** First view: south and west, north and east, in degrees; longitudes may exceed 180. */
  bounds: number[][] | null;
  /** Columns of numbers of the sites, in the order of a curve. */
  places: ColumnSpec[];
  /** Columns of texts of the sites, in the same order. */
  texts: ColumnSpec[];
  /** Columns of the outlines of `areas`, `unserved` and `no_road_data`, in this order: `rings` of each polygon, `corners` of each ring, and `lon` and `lat` of each corner in 1/100000 degree. Longitudes continue beyond 180. */
  outlines: ColumnSpec[];
  /** Headers of the own columns in `texts`: `own_0` has the cells of the first. */
  own_columns: string[];
  /** How the base map is read; null if tiles are loaded. */
  base: BaseMeta | null;
  /** The columns that a report adds, in its order. */
  verdict: string[];
  /** What the page needs to try changes of centers; null if it does not offer that. */
  what_if: WhatIf | null;
}
