"""The map in a notebook: a folium map to which users can add layers."""

import html as markup
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import folium

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import foreign_layers, page
from coverage_analyzer.maps.page_data import Payload
from coverage_analyzer.schema.content_policy import after_charset

HEIGHT_PIXELS: Final = 560


class CoverageMap(folium.Map):
    """A folium map of verdicts, centers and areas, created by `coverage_map`.

    It shows inline in a notebook. `save` writes one file that works offline. Folium layers can be
    added; their text is the user's responsibility (folium runs templates in it), while no text of
    the verdicts passes through folium.

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
            min_zoom=0,
            maxZoom=18,
            fade_animation=False,
        )
        self._data, self._write = data, write

    def html(self, *, online: bool = False) -> str:
        """Return the whole page.

        Parameters
        ----------
        online
            Whether layers may load data when the page is opened.

        Raises
        ------
        InputError
            If a layer would make network requests, or would be shown broken without them, and
            ``online`` is false.
        """
        shell = self.get_root().render()
        if not online:
            foreign_layers.refuse_broken(shell)
        leaflet = f"<script>\n{page.leaflet()}\n</script>\n<script>\n{self._support()}\n</script>"
        if online:
            shell = re.sub(r'<(script|link)[^>]*"[^"]*/leaflet@[^"]*"[^>]*>(</script>)?', "", shell)
        else:
            shell = self._without_own_links(shell)
        shell = after_charset(shell, leaflet)
        if online:
            return str(page.with_map(shell, self.get_name(), self._data))
        result = str(page.sealed(shell, self.get_name(), self._data, style_attributes=True))
        page.refuse_fetching(result)
        return result

    @staticmethod
    def _support() -> str:
        """Return the script that folium's layers need beside Leaflet."""
        return foreign_layers.support(page.leaflet_folder())

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
            Whether to close it afterwards.
        online
            Whether layers may load data when the page is opened.

        Raises
        ------
        InputError
            If a layer would make network requests, or would be shown broken without them, and
            ``online`` is false; or if the name has the extension of another kind of file.
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

        The frame may run scripts and save files, and nothing else: it has no access to the notebook
        or its cookies. Unless a user's layer makes network requests, the page in it cannot either.
        """
        try:
            page_ = self.html()
        except InputError:
            page_ = self.html(online=True)
        # Whatever the encoding of the page round it: a changed script would not run.
        inner = markup.escape(page_, quote=True).encode("ascii", "xmlcharrefreplace").decode()
        style = f"width:100%;height:{HEIGHT_PIXELS}px;border:0"
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{inner}" style="{style}" '
            f'title="Coverage map"></iframe>'
        )
