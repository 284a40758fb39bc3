// What folium's popups and markers need beside Leaflet: markup to elements (of jQuery's many
// functions the only one that folium calls), and the pictures of the default marker.

L.Icon.Default.imagePath = "";
L.Icon.Default.mergeOptions(MARKER_PICTURES);
window.$ ??= (markup) => {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content.children;
};
