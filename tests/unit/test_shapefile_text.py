"""Text and names in Shapefiles: encodings that GDAL mangles, names cut to ten letters."""

import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from running import AS_OF, centers_file, records

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import encodings
from coverage_analyzer.files.table import open_table
from coverage_analyzer.schema.columns import SITES

SAMPLES = {
    "cp1250": "Łódź, Plzeň",
    "cp1251": "Москва",
    "cp1252": "Hôtel Été €",
    "cp1253": "Αθήνα",
    "cp1254": "İstanbul Şişli",
    "cp1255": "תל אביב",
    "cp1256": "القاهرة",
    "cp1257": "Šiauliai",
    "cp1258": "Hà Nội đ".replace("ộ", "ô"),
    "cp437": "Cañón é",
    "cp850": "Åre Ñ",
    "cp866": "Минск",
    "cp874": "กรุงเทพ",
    "cp932": "東京ソ能",
    "gbk": "北京",
    "gb18030": "北京𠀀",
    "big5": "台北",
    "cp949": "서울",
    "koi8_r": "Казань",
    "iso8859-2": "Łódź",
    "iso8859-15": "Žilina €",
    "utf-8": "東京 תל אביב",
    "mac_roman": "Été",
}
SPELLINGS = {
    "cp1252": ["ANSI 1252", "1252", "windows-1252", "CP1252", "WINDOWS_1252\n", "ansi1252"],
    "utf-8": ["UTF8", "UTF-8", "65001", "utf_8 \r\n", "\ufeffUTF-8"],
    "iso8859-1": ["ISO 88591", "ISO-8859-1", "8859-1", "iso88591", "88591", "28591"],
    "iso8859-15": ["ISO 885915", "ISO-8859-15", "28605"],
    "cp850": ["OEM 850", "850", "IBM850", "cp850"],
    "cp932": ["932", "ANSI 932"],
    "cp1255": ["1255", "ANSI 1255", "windows-1255"],
    "big5": ["Big5", "BIG-5"],
    "gbk": ["936", "ANSI 936", "GBK"],
}


def table(folder: Path, rows: list[dict[str, bytes]], *, name: str = "s", driver: int = 0) -> Path:
    """Write points near Philadelphia whose table holds bytes as they are."""
    points = [shapely.Point(-75, 40)] * len(rows)
    frame = gpd.GeoDataFrame({"n": range(len(rows))}, geometry=points, crs="EPSG:4326")
    frame.to_file(folder / f"{name}.shp")
    (folder / f"{name}.cpg").unlink()
    header, width = b"", 80
    for column in rows[0]:
        header += struct.pack("<11sc4xB15x", column.encode("latin-1"), b"C", width)
    size = 32 + len(header) + 1
    begin = struct.pack(
        "<B3BIHH17xB2x", 3, 126, 1, 1, len(rows), size, 1 + width * len(rows[0]), driver
    )
    cells = b"".join(b" " + b"".join(v.ljust(width) for v in row.values()) for row in rows)
    (folder / f"{name}.dbf").write_bytes(begin + header + b"\r" + cells + b"\x1a")
    return folder / f"{name}.shp"


def run(folder: Path, sites: Path, **dialect: str) -> list[dict[str, str]]:
    """Return the report on a file."""
    from coverage_analyzer.files.readers.delimited import Dialect

    options = batch.Options(map=False, areas=False, dialect=Dialect(**dialect))
    batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=options)
    return records(folder / "out" / "report.csv")


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("codec", SAMPLES)
def test_shp_text_is_what_its_bytes_are(tmp_path: Path, codec: str, *, zipped: bool) -> None:
    """Python decodes the bytes: no letter is lost, and the country that is declared counts."""
    text = SAMPLES[codec]
    rows = [{"site_id": b"1", "name": text.encode(codec), "country": b"CA"}]
    path = table(tmp_path, rows)
    (tmp_path / "s.cpg").write_text(codec)
    if zipped:
        with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(tmp_path.glob("s.???")):
                archive.write(part, part.name)
        path = tmp_path / "s.zip"
    (row,) = run(tmp_path, path)
    assert (row["name"], row["country"]) == (text, "CA")
    assert (row["status"], row["reason"]) == ("review", "country_conflict")


@pytest.mark.parametrize(
    ("codec", "spelling"), [(c, s) for c, subset in SPELLINGS.items() for s in subset]
)
def test_shp_spellings_of_an_encoding(tmp_path: Path, codec: str, spelling: str) -> None:
    """As ArcGIS, QGIS, GDAL, FME and people write them into a .cpg."""
    path = table(tmp_path, [{"site_id": b"1", "name": SAMPLES.get(codec, "é").encode(codec)}])
    (tmp_path / "s.cpg").write_text(spelling, encoding="utf-8")
    assert run(tmp_path, path)[0]["name"] == SAMPLES.get(codec, "é")


@pytest.mark.parametrize(
    "spelling",
    [
        "Klingon",
        "99999",
        "utf-16",
        "utf-7",
        "rot13",
        "hex",
        "idna",
        "punycode",
        "unicode_escape",
        "1200",
        "é",
        "x" * 500,
    ],
)
def test_shp_an_unknown_encoding_is_refused(tmp_path: Path, spelling: str) -> None:
    """The message names the .cpg and says what to do; --encoding ends the doubt."""
    path = table(tmp_path, [{"site_id": b"1", "name": b"x"}])
    (tmp_path / "s.cpg").write_text(spelling, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"s\.shp: its \.cpg file names the unknown encoding .*--encoding"
    ):
        open_table(path, SITES)
    assert run(tmp_path, path, encoding="cp1252")[0]["name"] == "x"
    with pytest.raises(InputError, match="--encoding names the unknown encoding 'Klingon'"):
        run(tmp_path, path, encoding="Klingon")


@pytest.mark.parametrize(
    ("driver", "codec"), [(0x57, "cp1252"), (0xC9, "cp1251"), (0x65, "cp866"), (0x7D, "cp1255")]
)
def test_shp_the_byte_of_the_table_counts_without_a_cpg(
    tmp_path: Path, driver: int, codec: str
) -> None:
    """A .cpg that is there, and not empty, counts more."""
    rows = [{"site_id": b"1", "name": SAMPLES[codec].encode(codec)}]
    path = table(tmp_path, rows, driver=driver)
    assert run(tmp_path, path)[0]["name"] == SAMPLES[codec]
    (tmp_path / "s.cpg").write_text(" \n")
    assert run(tmp_path, path)[0]["name"] == SAMPLES[codec]
    (tmp_path / "s.cpg").write_text("mac_roman")
    assert run(tmp_path, path)[0]["name"] == rows[0]["name"].decode("mac_roman")


def test_shp_nothing_says_the_encoding(tmp_path: Path) -> None:
    """UTF-8 where it is that, else the code page of most such tables."""
    rows = [{"site_id": b"1", "name": "東京".encode()}, {"site_id": b"2", "name": b"\xc9t\xe9"}]
    assert [r["name"] for r in run(tmp_path, table(tmp_path, rows))] == ["東京", "Été"]


def test_shp_bytes_that_are_no_text_cost_their_row(tmp_path: Path) -> None:
    """A character that the width of the field cut in two, and a byte that the code page lacks."""
    rows = [{"site_id": b"1", "name": "é".encode()[:1]}, {"site_id": b"2", "name": b"x"}]
    path = table(tmp_path, rows)
    for code in ("UTF-8", "cp1255"):
        (tmp_path / "s.cpg").write_text(code)
        rows[0]["name"] = b"\xc3" if code == "UTF-8" else b"\xd9"
        path = table(tmp_path, rows)
        (tmp_path / "s.cpg").write_text(code)
        assert [r["site_id"] for r in run(tmp_path, path)] == ["2"]
        (reject,) = records(tmp_path / "out" / "rejects.csv")
        assert (reject["line"], reject["reason"]) == ("1", "not_utf8")


def test_shp_names_of_columns_are_decoded(tmp_path: Path) -> None:
    """A name is text as the cells are."""
    path = table(tmp_path, [{"site_id": b"1", "Stra\xdfe": b"x"}])
    (tmp_path / "s.cpg").write_text("1252")
    assert run(tmp_path, path)[0]["Straße"] == "x"
    (tmp_path / "s.cpg").write_text("UTF-8")
    with pytest.raises(InputError, match=r"name is not utf-8 text: Stra.xdfe"):
        open_table(path, SITES)


@pytest.mark.parametrize(
    ("cut", "column"),
    [
        ("requested_", "requested_level"),
        ("Requested_", "requested_level"),
        ("RequestedL", "requested_level"),
        ("level_requ", "requested_level"),
        ("receiving_", "receiving_hours"),
        ("installed_", "installed_on"),
        ("installati", "installed_on"),
        ("product_ve", "version"),
        ("product_na", "product"),
        ("component_", "component"),
        ("country_na", "country"),
        ("customer_i", "site_id"),
        ("accuracy_m", "accuracy_m"),
    ],
)
def test_shp_names_that_were_cut(tmp_path: Path, cut: str, column: str) -> None:
    """Ten letters of a name are the name, if only one begins so."""
    result = open_table(table(tmp_path, [{cut: b""}]), SITES).matched_columns
    assert result[column] == cut


def test_shp_a_silver_customer_stays_silver(tmp_path: Path) -> None:
    """The level that was bought is read, so no better one is promised."""
    rows = [
        {"site_id": b"1", "requested_": b"Silver"},
        {"site_id": b"2", "requested_": b"Gold Plus"},
    ]
    assert [r["level"] for r in run(tmp_path, table(tmp_path, rows))] == ["Silver", "Gold Plus"]


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (["registered"], "'registered_address' or 'registered_on'"),
        (
            ["requested_", "level_requ"],
            "'requested_' and 'level_requ' are|'level_requ' and 'requested_' are",
        ),
        (["requested_", "requeste_1"], "'requested_' and 'requeste_1' are cut"),
        (["requested_", "requested1"], "column|cut"),
    ],
)
def test_shp_names_that_were_cut_alike(tmp_path: Path, columns: list[str], what: str) -> None:
    """Both are named, and --column ends the doubt."""
    path = table(tmp_path, [dict.fromkeys(columns, b"")])
    if columns == ["requested_", "requested1"]:
        assert open_table(path, SITES).matched_columns["requested_level"] == "requested_"
        return
    with pytest.raises(InputError, match=what):
        open_table(path, SITES)


def test_shp_a_full_name_counts_more_than_a_cut_one(tmp_path: Path) -> None:
    """With ``address`` there, ``registered`` can only be the day."""
    path = table(tmp_path, [{"address": b"", "registered": b""}])
    result = open_table(path, SITES).matched_columns
    assert (result["address"], result["registered_on"]) == ("address", "registered")
    path = table(tmp_path, [{"registered": b""}])
    result = open_table(path, SITES, {"registered_on": "registered"}).matched_columns
    assert result["registered_on"] == "registered"
    assert "address" not in result


def test_names_are_not_cut_elsewhere(tmp_path: Path) -> None:
    """A CSV keeps names: ten letters are no beginning of one."""
    (tmp_path / "s.csv").write_text("lat,lon,requested_\n40,-75,Silver\n")
    assert "requested_level" not in open_table(tmp_path / "s.csv", SITES).matched_columns


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf", ".prj", ".cpg"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_with_a_damaged_part(tmp_path: Path, suffix: str, method: int) -> None:
    """An upload that was cut or flipped: words that name the file, whatever the method."""
    table(tmp_path, [{"site_id": b"%d" % n, "name": b"x%d" % (n * 7919)} for n in range(200)])
    (tmp_path / "s.cpg").write_text("UTF-8 " * 20)
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for part in sorted(tmp_path.glob("s.???")):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    whole = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"s{suffix}")
    begin = info.header_offset + 30 + len(info.filename)
    for place in (0, info.compress_size // 2, info.compress_size - 4):
        damaged = bytearray(whole)
        for at in range(begin + place, min(begin + place + 40, begin + info.compress_size)):
            damaged[at] ^= 0x5A
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"s\.zip"):
            open_table(path, SITES)


def test_ldid_names_are_codecs() -> None:
    """Each is one that Python has."""
    for name in encodings.LANGUAGE_DRIVERS.values():
        assert encodings.codec(name)
