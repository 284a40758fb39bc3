// What the page has beside its layers. A new module is registered here, and nowhere else.

import { filterBlock } from "./filter-block.js";
import { keepAddress } from "./address.js";
import { listenToHover } from "./hover.js";
import { legendBlock } from "./legend.js";
import { layerBlock, titleBlock } from "./panel.js";
import { listenToPointer } from "./popup.js";
import { printSheet } from "./printing.js";
import { searchBlock } from "./search.js";
import { tableBlock } from "./site-table.js";
import { followHandles } from "./what-if-handles.js";
import { whatIfBlock } from "./what-if-panel.js";

/**
 * The blocks of the panel from top to bottom.
 *
 * Each is called once, before the map has a view, and may register listeners with `app.onReset` and
 * `app.onUpdate`.
 *
 * @type {((app: App) => HTMLElement)[]}
 */
export const PANEL_BLOCKS = [
  titleBlock, searchBlock, legendBlock, filterBlock, whatIfBlock, layerBlock, tableBlock,
];

/**
 * What else the page does; each is called once, when panel, first view and layers are there.
 *
 * @type {((app: App) => void)[]}
 */
export const FEATURES = [
  listenToPointer, listenToHover, keepAddress, printSheet, followHandles,
];
