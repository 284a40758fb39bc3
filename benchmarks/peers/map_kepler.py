"""kepler.gl as its widget is shipped (keplergl), in one page: ``map_kepler.py SITES OUT``.

Its own export to HTML loads kepler.gl and React from servers. The widget has all of them in one
module, which is put into the page here, with the data as the widget gets them. There is no base
map, which would be loaded from a server, too.
"""

import base64
import json
import sys
from pathlib import Path

import keplergl
import pandas as pd
from keplergl.serializers import serialize_dataset

CONFIG = {"version": "v1", "config": {"mapStyle": {"styleType": "no_map"}}}

PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><style>{css}</style></head>
<body style="margin: 0"><div id="map"></div>
<script type="application/json" id="model">{model}</script>
<script type="text/plain" id="widget">{widget}</script>
<script type="module">
const bytes = Uint8Array.from(atob(document.getElementById("widget").textContent),
  (c) => c.charCodeAt(0));
const address = URL.createObjectURL(new Blob([bytes], {{ type: "text/javascript" }}));
const values = JSON.parse(document.getElementById("model").textContent);
const model = {{
  get: (name) => values[name], set: (name, value) => {{ values[name] = value; }},
  save_changes() {{}}, on() {{}}, off() {{}}, send() {{}},
}};
const {{ default: widget }} = await import(address);
const parts = typeof widget === "function" ? await widget() : widget;
await parts.initialize?.({{ model }});
await parts.render({{ model, el: document.getElementById("map") }});
</script></body></html>"""


def main() -> None:
    """Write the page."""
    source, out = sys.argv[1:]
    sites = pd.read_csv(source, keep_default_na=False)
    folder = Path(keplergl.__file__).parent / "static"
    model = {
        "data": {"sites": serialize_dataset(sites, "sites", use_arrow=True)},
        "config": CONFIG,
        "height": 800,
        "mapbox_token": "",
        "theme": "light",
        "app_name": "kepler.gl",
    }
    text = PAGE.format(
        css=(folder / "widget.css").read_text(encoding="utf-8"),
        model=json.dumps(model).replace("<", "\\u003c"),
        widget=base64.b64encode((folder / "widget.js").read_bytes()).decode(),
    )
    Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
