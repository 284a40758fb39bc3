// How many sites there are: in the view, and of those that a filter leaves.

import { eachInView } from "./filters.js";

/**
 * Whether sites of a status are in the page one by one.
 *
 * @param {Meta} meta
 * @param {SiteState} status
 */
export function isCounted({ kept }, status) {
  return kept === "all" || (kept === "not_qualified" && status !== "qualified");
}

/**
 * Counts the shown sites in the view, by status.
 *
 * @param {App} app
 */
export function countInView({ map, meta, sites }) {
  const counts = meta.statuses.map(() => 0);
  eachInView(map, sites, (i) => { counts[sites.status[i]]++; });
  return { counts, total: counts.reduce((sum, n) => sum + n, 0) };
}
