// Handles of centers that are new or moved: they can be dragged, by mouse and by touch.

import { element } from "./words.js";
import { besideView } from "./popup.js";

const SIDE = 36; // pixels, so that a finger hits it

/**
 * Keeps a handle on each center that is new or moved.
 *
 * @param {App} app
 */
export function followHandles(app) {
  const state = app.whatIf;
  if (!state) return;
  const handles = L.layerGroup().addTo(app.map);
  state.onChange(() => {
    handles.clearLayers();
    for (const { id, what, lat, lon } of state.shown.entries) {
      if (what === "closed") continue;
      const icon = L.divIcon({
        html: element("span", ""), className: "drag-handle", iconSize: [SIDE, SIDE],
      });
      const handle = L.marker(besideView(app, lat, lon), {
        icon, draggable: true, keyboard: false, title: `${id}: drag to move`,
      });
      handle.on("dragend", () => state.move(id, handle.getLatLng()));
      handles.addLayer(handle);
    }
  });
  app.wrapper.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && state.placing) state.wait(null);
  });
}
