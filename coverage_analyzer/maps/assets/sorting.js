// The first rows of many in some order, without sorting them all.

/** @typedef {number | string | null} Key What rows are sorted by; null is always last. */

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * @param {Key} a
 * @param {Key} b
 * @param {number} direction 1 or -1.
 */
function compared(a, b, direction) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return direction * (a - b);
  return direction * COLLATOR.compare(String(a), String(b));
}

/**
 * The first rows by a key; rows with equal keys keep their order.
 *
 * @param {number[]} rows
 * @param {(row: number) => Key} keyOf
 * @param {{ direction: number, most: number }} how Direction is 1 for ascending, or -1.
 * @returns {number[]}
 */
export function firstRows(rows, keyOf, { direction, most }) {
  /** @type {{ row: number, key: Key }[]} */
  const best = [];
  for (const row of rows) {
    const key = keyOf(row);
    const last = best[most - 1];
    if (last && compared(key, last.key, direction) >= 0) continue;
    let from = 0;
    let to = best.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (compared(key, best[middle].key, direction) < 0) to = middle;
      else from = middle + 1;
    }
    best.splice(from, 0, { row, key });
    best.length = Math.min(best.length, most);
  }
  return best.map(({ row }) => row);
}
