"""No input file opens a connection: every reader is run on files that ask for one.

GDAL and PROJ connect in C, below what Python can watch. So the readers run in a process that has no
other network than the loopback, where a listener counts who comes; Python's own attempts are
counted by an audit hook.
"""

import json
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

POINTS = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(-75, 40)], crs="EPSG:4326")

READER = """
import sys
seen = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        seen.append((event, str(args)))
sys.addaudithook(watch)
from coverage_analyzer.schema import columns as tables
from coverage_analyzer.errors import CoverageError
from coverage_analyzer.files import table as reading
for path in sys.argv[1:]:
    for table in (tables.SITES, tables.CENTERS):
        try:
            opened = reading.open_table(path, table)
            rows = sum(len(r.block.lines) for r in opened.rows())
            print(path, "rows", rows)
        except CoverageError as error:
            print(path, "refused", error)
assert not seen, seen
"""


class Listener:
    """A server on the loopback that answers everything with WGS 84 and counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.seen: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(1)
                try:
                    self.seen.append(connection.recv(200))
                except OSError:
                    self.seen.append(b"?")
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        """End it."""
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Return a listener for the time of a test."""
    result = Listener()
    yield result
    result.close()


def geojson_files(folder: Path, url: str) -> None:
    """Write GeoJSON that names its CRS by a link, in the places and spellings that there are."""
    point = {"type": "Point", "coordinates": [-75, 40]}
    feature = {"type": "Feature", "properties": {"id": "a"}, "geometry": point}
    for kind in ("link", "url", "URL", "Link", "name"):
        crs = {"type": kind, "properties": {"href": url, "url": url, "name": url, "type": "ogcwkt"}}
        texts = {
            "top": {"type": "FeatureCollection", "crs": crs, "features": [feature]},
            "end": {"type": "FeatureCollection", "features": [feature], "crs": crs},
            "one": feature | {"crs": crs},
            "in": {"type": "FeatureCollection", "features": [feature | {"crs": crs}]},
            "deep": {
                "type": "FeatureCollection",
                "features": [feature | {"geometry": point | {"crs": crs}}],
            },
            "bare": point | {"crs": crs},
            "topo": {"type": "Topology", "crs": crs, "objects": {}, "arcs": []},
            "esri": {"spatialReference": {"wkt": url}, "crs": crs, "features": [feature]},
        }
        for name, value in texts.items():
            text = json.dumps(value)
            (folder / f"{name}-{kind}.geojson").write_text(text)
            (folder / f"{name}-{kind}-escaped.json").write_text(
                text.replace('"crs"', '"\\u0063rs"')
            )
            twice = text.replace('"crs"', '"crs": null, "crs"', 1)
            (folder / f"{name}-{kind}-twice.json").write_text(twice)
    (folder / "vrt.json").write_text(vrt(url))
    (folder / "url.geojson").write_text(url)
    (folder / "service.json").write_text(json.dumps({"currentVersion": 10, "url": url}))


def vrt(url: str) -> str:
    """Return what GDAL reads as a layer that lies elsewhere."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{url}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def spatial_files(folder: Path, url: str) -> None:
    """Write a GeoPackage, Shapefiles and GeoParquet that lead elsewhere."""
    for suffix in ("shp", "gpkg", "zip", "geojson"):
        (folder / f"v.{suffix}").write_text(vrt(url))
    POINTS.to_file(folder / "s.shp")
    for name, text in (("prj", url), ("cpg", url), ("shp.aux.xml", vrt(url)), ("vrt", vrt(url))):
        (folder / f"s.{name}").write_text(text)
    POINTS.to_file(folder / "p.shp")
    grids = f'EXTENSION["PROJ4","+proj=longlat +nadgrids=@{url}"]'
    (folder / "p.prj").write_text(f'GEOGCS["x",DATUM["y",SPHEROID["z",1,2]],{grids}]')
    with zipfile.ZipFile(folder / "s.zip", "w") as archive:
        for part in folder.glob("s.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    wkb = pa.array(POINTS.geometry.to_wkb().tolist(), pa.binary())
    nadgrids = f"+proj=longlat +ellps=bessel +nadgrids={url} +type=crs"
    urls = (url, f"/vsicurl/{url}", nadgrids, {"type": "link", "href": url}, f"urn:x:{url}")
    for number, crs in enumerate((*urls, "EPSG:4314", "EPSG:27700")):
        geo = {
            "primary_column": "g",
            "columns": {"g": {"encoding": "WKB", "geometry_types": [], "crs": crs}},
        }
        table = pa.table({"id": ["a"], "g": wkb}).replace_schema_metadata({"geo": json.dumps(geo)})
        pq.write_table(table, folder / f"g{number}.parquet")
    bodies = (
        f"SELECT fid, ogr_geocode('{url}') AS geom, id FROM p",
        f"SELECT fid, ogr_datasource_load_layers('/vsicurl/{url}') AS geom, id FROM p",
        f"SELECT fid, load_extension('/vsicurl/{url}') AS geom, id FROM p",
        f"SELECT fid, ImportFromEPSG('{url}') AS geom, id FROM p",
    )
    for number, body in enumerate(bodies):
        geopackage(folder / f"k{number}.gpkg", body, url)


def geopackage(path: Path, body: str, url: str) -> None:
    """Write a GeoPackage whose layer is a view, and whose other parts name an address."""
    POINTS.to_file(path, driver="GPKG", layer="p")
    with sqlite3.connect(path) as base:
        base.execute("DELETE FROM gpkg_geometry_columns")
        base.execute("DELETE FROM gpkg_contents")
        base.execute(f"CREATE VIEW v AS {body}")
        layer = "INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES (?, ?, 4326)"
        base.execute(layer, ("v", "features"))
        base.execute("INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 'POINT', 4326, 0, 0)")
        base.execute("UPDATE gpkg_spatial_ref_sys SET definition = ?, organization = 'x'", (url,))
    base.close()


def other_files(folder: Path, url: str) -> None:
    """Write workbooks, text and SQLite that name an address wherever they can."""
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]><x>&e;</x>'
    with zipfile.ZipFile(folder / "b.xlsx", "w") as book:
        for part in (
            "[Content_Types].xml",
            "xl/workbook.xml",
            "xl/sharedStrings.xml",
            "_rels/.rels",
        ):
            book.writestr(part, xml)
    (folder / "t.csv").write_text(f'id,lat,lon,name\n{url},40,-75,=WEBSERVICE("{url}")\n')
    (folder / "x.gz").write_text(url)
    with sqlite3.connect(folder / "d.db") as base:
        base.execute("CREATE TABLE t (id, lat, lon)")
        base.execute("INSERT INTO t VALUES (?, 40, -75)", (url,))
    base.close()
    bomb = struct.pack("<I", 0xFFFFFFFF) * 4
    (folder / "e.shp").write_bytes(bomb)


def test_no_reader_connects(tmp_path: Path, listener: Listener) -> None:
    """Whatever the files ask for, nobody comes; those without harm in them are read."""
    url = f"http://127.0.0.1:{listener.port}/crs"
    geojson_files(tmp_path, url)
    spatial_files(tmp_path, url)
    other_files(tmp_path, url)
    paths = [str(path) for path in sorted(tmp_path.iterdir()) if path.suffix not in {".db", ".dbf"}]
    paths += [
        url,
        f"/vsicurl/{url}",
        f"/vsicurl/{url}/s.geojson",
        f"{url}/s.gpkg",
        f"GeoJSON:{url}",
    ]
    paths += [f"sqlite:///{tmp_path / 'd.db'}?table=t"]
    environment = {
        "PROJ_NETWORK": "ON",
        "PROJ_NETWORK_ENDPOINT": url,
        "ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": "YES",
        "OGR_GEOCODE_SERVICE": url,
        "PYTHONPATH": ":".join(sys.path),
        "PATH": str(Path(sys.executable).parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", READER, *paths],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert listener.seen == []
    read = [line for line in done.stdout.splitlines() if " rows " in line]
    assert any("g5.parquet" in line for line in read)
    assert any("d.db" in line for line in read)
    assert any("t.csv" in line for line in read)
    refused = [line for line in done.stdout.splitlines() if " refused " in line]
    assert sum("link" in line for line in refused) >= 60


def test_the_listener_would_see_it(listener: Listener) -> None:
    """What is held to see nothing sees a connection."""
    with socket.create_connection(("127.0.0.1", listener.port)) as result:
        result.sendall(b"GET /")
        result.recv(10)
    assert listener.seen == [b"GET /"]
