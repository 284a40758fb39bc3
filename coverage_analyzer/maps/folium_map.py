"""The map in a notebook: a folium map to which users can add layers."""

import html as markup
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import folium

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import page
from coverage_analyzer.maps.page_data import Payload

HEIGHT_PIXELS: Final = 560


class CoverageMap(folium.Map):
    """A folium map of verdicts, centers and areas, created by `coverage_map`.

    It shows inline in a notebook. `save` writes one file that needs no network. Folium layers can
    be added; text in them is the user's own responsibility (folium runs templates in it), while
    no text of the verdicts ever passes through folium.

    Parameters
    ----------
    data
        Of `page_data.payload`.
    write
        Writes a page to a file.
    """

    def __init__(
        self, data: Payload, write: Callable[[Path, bytes], object] = Path.write_bytes
    ) -> None:
        super().__init__(
            location=(20, 0),
            zoom_start=2,
            tiles=None,
            world_copy_jump=True,
            min_zoom=2,
            maxZoom=18,
            fade_animation=False,
        )
        self._data, self._write = data, write

    def html(self, *, online: bool = False) -> str:
        """Return the whole page.

        Parameters
        ----------
        online
            Whether layers may fetch what they need when the page is opened.

        Raises
        ------
        InputError
            If a layer would fetch, and ``online`` is not said.
        """
        shell = self.get_root().render()
        leaflet = f"<script>\n{page.leaflet()}\n</script>"
        if online:
            shell = re.sub(r'<(script|link)[^>]*"[^"]*/leaflet@[^"]*"[^>]*>(</script>)?', "", shell)
        else:
            shell = self._without_own_links(shell)
        shell = shell.replace("<head>", f"<head>\n{leaflet}", 1)
        allowed = None if online else page.policy()
        result = page.filled(shell, self.get_name(), self._data, allowed=allowed)
        if not online:
            page.refuse_fetching(result)
        return result

    def _without_own_links(self, shell: str) -> str:
        """Return folium's page without the links that it adds to every map, all unused here."""
        own = [url for _, url in (*folium.Map.default_js, *folium.Map.default_css)]
        for url in own:
            tag = rf'<(?:script src|link rel="stylesheet" href)="{re.escape(url)}"\s*/?>'
            tag += "(?:</script>)?"
            shell = re.sub(tag, "", shell)
        return shell

    def save(
        self,
        outfile: str | bytes | Path | BinaryIO,
        close_file: bool = True,
        *,
        online: bool = False,
        **_options: Any,
    ) -> None:
        """Write the page to a file.

        Parameters
        ----------
        outfile
            A path, or an open binary file.
        close_file
            Whether to close it then.
        online
            Whether layers may fetch what they need when the page is opened.

        Raises
        ------
        InputError
            If a layer would fetch, and ``online`` is not said; or if the name is that of another
            kind of file.
        PublishError
            If the file cannot be written.
        """
        text = self.html(online=online).encode()
        if isinstance(outfile, (str, bytes, Path)):
            self._write(Path(os.fsdecode(outfile)), text)
            return
        outfile.write(text)
        if close_file:
            outfile.close()

    def _repr_html_(self, **_options: Any) -> str:
        """Return the map in a frame of its own, for display in notebooks.

        The frame may run scripts and save files, and nothing else: it reaches neither the notebook
        nor its cookies. Unless a layer of the user's fetches, the page in it is shut, too.
        """
        try:
            page_ = self.html()
        except InputError:
            page_ = self.html(online=True)
        inner = markup.escape(page_, quote=True)
        style = f"width:100%;height:{HEIGHT_PIXELS}px;border:0"
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{inner}" style="{style}" '
            f'title="Coverage map"></iframe>'
        )
