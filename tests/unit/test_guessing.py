"""The encoding of a text that does not say it: UTF-8, or a guess that is always reported."""

import gzip
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coverage_analyzer as ca
from coverage_analyzer.files.readers import encodings, guessing, streams
from coverage_analyzer.files.readers.delimited import DelimitedFile

EXPORTS = {
    "de": (
        "cp1252",
        "Kunde;Ort;Land;Breite;Länge\n1;Müller GmbH;Österreich;48,2;16,4\n2;Köln;;1;2\n",
    ),
    "fr": ("cp1252", "N° agence;Ville;Pays\nA01;Besançon;France\nA02;Évry;Réunion\n"),
    "es": ("cp1252", "Código;Población;País\n1;Coruña;España\n2;Cádiz;España\n"),
    "pt": ("cp1252", "Código;Cidade;País\n1;São Paulo;Brasil\n2;Goiânia;Brasil\n"),
    "sv": ("cp1252", "Kundnr;Ort;Land\n1;Göteborg;Sverige\n2;Ålesund;Norge\n3;Tromsø;Norge\n"),
    "caps": ("cp1252", "1,MÜNCHEN,48\n2,KÖLN,50\n"),
    "degrees": ("cp1252", "lat,lon\n47°36'N,8°30'E\n"),
    "euro": ("cp1252", "a,b\n1,200 €\n"),
    "quotes": ("cp1252", "a\nO\u2019Hare \u2013 \u201cx\u201d\n"),
    "ja": ("cp932", "顧客番号,顧客名,国,緯度,経度\nA-001,株式会社サンプル,日本,36.5,139.9\n"),
    "ja-one": ("cp932", "id,name,lat,lon\n1,東京本社,35.68,139.69\n"),
    "ja-katakana": ("cp932", "1,トウキョウ,35\n2,アイウエオ,36\n"),
    "ja-unix": ("euc_jp", "顧客番号,顧客名,国,緯度,経度\nA-001,株式会社サンプル,日本,36.5,139.9\n"),
    "zh": ("gb18030", "客户编号,客户名称,国家,纬度,经度\nA-001,北京示例有限公司,中国,39.9,116.4\n"),
    "zh-one": ("gb18030", "id,name,lat,lon\n1,北京总部,39.9,116.4\n"),
    "tw": ("big5", "客戶編號,客戶名稱,國家,緯度,經度\nA-001,臺北範例股份有限公司,臺灣,25,121\n"),
    "ko": ("cp949", "고객번호,고객명,국가,위도,경도\nA-001,주식회사 샘플,대한민국,37.56,126.97\n"),
    "ru": (
        "cp1251",
        "Код;Название;Страна;Широта\n1;Завод Ромашка;Россия;55,75\n2;Санкт-Петербург;;1\n",
    ),
    "ru-one": ("cp1251", "id,name,lat,lon\n1,Москва,55.75,37.61\n"),
    "ru-unix": ("koi8_r", "Код;Название;Страна;Широта\n1;Завод Ромашка;Россия;55,75\n2;Тверь;;1\n"),
    "uk": ("cp1251", "Київ;Україна;Львів;Харків\n"),
    "el": ("cp1253", "Κωδικός;Όνομα;Χώρα;Πλάτος\n1;Αθήνα;Ελλάδα;37,98\n2;Θεσσαλονίκη;Ελλάδα;40\n"),
    "he": ("cp1255", "קוד,שם,מדינה,רוחב\n1,תל אביב,ישראל,32.08\n2,ירושלים,ישראל,31.7\n"),
    "ar": ("cp1256", "الرمز,الاسم,البلد,خط العرض\n1,دبي,الإمارات,25.2\n2,القاهرة,مصر,30.04\n"),
    "th": ("cp874", "รหัส,ชื่อ,ประเทศ,ละติจูด\n1,กรุงเทพมหานคร,ไทย,13.75\n2,เชียงใหม่,ไทย,18.79\n"),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_of_many_languages_are_read(name: str) -> None:
    """A planner's export in the code page of its country reads as it was written."""
    codec, text = EXPORTS[name]
    result = guessing.guess(text.encode(codec), at_end=True)
    assert result.guessed
    assert text.encode(codec).decode(result.encoding) == text
    assert guessing.guess(text.encode(), at_end=True) == guessing.UTF_8


def test_a_latin_text_is_taken_for_the_usual_code_page_that_can_hold_it() -> None:
    """The library calls such texts by rare names; bytes that cp1252 lacks need another."""
    assert guessing.guess("Besançon".encode("cp1252"), at_end=True).encoding == "cp1252"
    assert guessing.guess("Plze\u0148 \u0164ava".encode("cp1250"), at_end=True).encoding == "cp1250"
    assert guessing.guess("Köln; Zürich; über".encode("cp850"), at_end=True).encoding == "cp850"


@pytest.mark.parametrize(
    ("data", "guessed"),
    [
        (b"M\xfcller\n", True),
        ("Müller\nM".encode() + b"\xfcller\n", False),  # as many valid as invalid
        ("Müller".encode() + b"\n\xfc\xfc\n", True),
        (b"1,2\n3,\xe2\x82", False),  # cut at the end
        (b"1,caf\xe9", True),
        (b"\xed\xa0\x80,1\n", False),  # half a character, of a broken program
    ],
)
def test_more_than_half_of_the_sequences_decide(data: bytes, guessed: bool) -> None:
    """A valid sequence hardly occurs by chance."""
    assert guessing.guess(data, at_end=True).guessed is guessed


def test_only_the_first_sequences_decide() -> None:
    """The rest of a large file is not read for it."""
    data = "ä".encode() * guessing.SEQUENCES + b"\xfc" * 2 * guessing.SEQUENCES
    assert guessing.guess(data, at_end=True) == guessing.UTF_8
    assert guessing.n_sequences(data) == guessing.SEQUENCES


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def read(data: bytes, path: Path, encoding: str = "") -> tuple[bytes, streams.Encoding]:
    """Return a whole text as UTF-8, read in small pieces, and its encoding."""
    path.write_bytes(data)
    text = streams.utf8_text(path, encoding)
    result = b""
    while piece := text.stream.read(1000):
        result += piece
    text.stream.close()
    return result, text.encoding


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", ["de", "ja", "ja-katakana", "tw", "ru", "th"])
def test_the_first_character_that_tells_may_come_late(
    tmp_path: Path, name: str, pack: type[bytes]
) -> None:
    """After megabytes of ASCII, wherever a read ends."""
    codec, text = EXPORTS[name]
    for size in (0, 999, 1000, 2_500_001):
        whole = "x" * size + "\n" + text
        result, encoding = read(pack(whole.encode(codec)), tmp_path / "x.csv")
        assert result.decode() == whole
        assert encoding.guessed
        assert str(encoding) == f"{encoding.name}, guessed"


def test_a_text_of_ascii_or_with_a_mark_is_not_guessed(tmp_path: Path) -> None:
    """A mark says the encoding; then a wrong byte is one."""
    for data, encoding in (
        (b"a,b\n1,2\n", "utf-8"),
        (b"\xef\xbb\xbfa,b\n\xfc,\xfc\n", "utf-8"),
        ("a,ü\n".encode("utf-16"), "utf-16"),
        ("a,ü\n".encode("utf-32"), "utf-32"),
    ):
        assert str(read(data, tmp_path / "x.csv")[1]) == encoding


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["de", "ja", "ru"])
def test_utf_16_without_a_mark_is_recognised(tmp_path: Path, codec: str, name: str) -> None:
    """Half of the bytes of delimiters and digits are zero."""
    text = EXPORTS[name][1] * 3
    result, encoding = read(text.encode(codec), tmp_path / "x.csv")
    assert (result.decode(), str(encoding)) == (text, f"{codec}, guessed")


def test_an_encoding_that_is_said_is_not_guessed(tmp_path: Path) -> None:
    """The option overrides what shows."""
    result, encoding = read("ł\n".encode("cp1250"), tmp_path / "x.csv", "cp1250")
    assert (result.decode(), str(encoding)) == ("ł\n", "cp1250")


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\xff\xfe", bytes(range(256)) * 4, b"%PDF-1\n\xe2\xe3"]
)
def test_what_is_no_text_is_not_guessed(tmp_path: Path, data: bytes) -> None:
    """A workbook with another name is an error, as before, not a page of odd letters."""
    assert str(read(data, tmp_path / "x.csv")[1]) == "utf-8"


@given(st.binary(max_size=60))
def test_all_bytes_have_some_encoding(data: bytes) -> None:
    """Whatever they are, the guess can be named, and no error is raised."""
    if not data.isascii():
        assert guessing.guess(data, at_end=True).encoding in {
            "utf-8",
            *("cp1252", "cp1250", "cp1254", "cp850", "cp852", "cp437", "mac_roman"),
            *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
            *("cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874"),
        }


def test_one_wrong_byte_in_utf_8_costs_its_row_only(tmp_path: Path) -> None:
    """Umlauts before or behind it show what the file is."""
    path = tmp_path / "x.csv"
    path.write_bytes("id,n\n1,Göteborg\n".encode() + b"2,M\xfcller\n" + "3,Ålesund\n".encode())
    file = DelimitedFile(path)
    blocks = list(file.blocks())
    assert [cell for b in blocks for cell in b.columns.column(1).to_pylist()] == [
        "Göteborg",
        "Ålesund",
    ]
    assert [r.line for b in blocks for r in b.rejects] == [3]
    assert file.detected["encoding"] == "utf-8"


def test_a_byte_that_the_guess_lacks_costs_its_row(tmp_path: Path) -> None:
    """And the message says that the encoding was a guess."""
    rows = "".join(f"{n},Müller\n" for n in range(guessing.SEQUENCES))
    path = tmp_path / "x.csv"
    path.write_bytes(f"id,n\n{rows}".encode("cp1252") + b"x,\x81\ny,\xdf\n")
    blocks = list(DelimitedFile(path).blocks())
    (reject,) = (r for b in blocks for r in b.rejects)
    assert reject.line == guessing.SEQUENCES + 2
    assert "byte 0x81 is not cp1252, guessed" in reject.detail


def test_the_guess_is_said_by_a_run_and_recorded(tmp_path: Path) -> None:
    """In the summary, with the option of that file, and in run.json."""
    (tmp_path / "s.csv").write_bytes("id,name,lat,lon\n1,Zürich,47.4,8.5\n".encode("cp1252"))
    centers = tmp_path / "c.csv"
    centers.write_bytes("center_id,name,lat,lon\nC,東京本社,35.6,139.7\n".encode("cp932"))
    arguments = ["run", tmp_path / "s.csv", "--centers", centers, "-o", tmp_path / "out"]
    ended = python("-m", "coverage_analyzer", *map(str, arguments), "--no-map", "--no-areas")
    assert ended.returncode == 0
    assert "s.csv: the encoding cp1252 is a guess" in ended.stderr
    assert "--center-encoding NAME" in ended.stderr
    manifest = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["inputs"]
    assert manifest["sites"]["detected"]["encoding"] == "cp1252, guessed"
    assert manifest["centers"]["detected"]["encoding"] == "cp932, guessed"
    assert "Zürich" in (tmp_path / "out" / "report.csv").read_text("utf-8")


def test_files_of_a_folder_may_have_several_encodings(tmp_path: Path) -> None:
    """Each is read by its own bytes, and all are told."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.csv").write_text("id,name,lat,lon\n1,Köln,50,7\n", encoding="utf-8")
    (folder / "2.csv").write_bytes("id,name,lat,lon\n2,Zürich,47.4,8.5\n".encode("cp1252"))
    with pytest.warns(UserWarning, match=r"cp1252 is a guess.*--encoding"):
        sites = ca.read_sites(folder)
    assert sites["name"].tolist() == ["Köln", "Zürich"]


def table(rows: list[bytes], name: bytes = b"NAME") -> bytes:
    """Return the bytes of a dBASE table with one column of 20 bytes."""
    head = struct.pack("<4xIHH20x", len(rows), 65, 21)
    field = struct.pack("<11sc4xB15x", name, b"C", 20)
    return head + field + b"\r" + b"".join(b" " + row.ljust(20) for row in rows)


def test_the_table_of_a_shapefile_is_guessed_alike() -> None:
    """Where neither its .cpg nor its header says what it is."""
    assert encodings.guessed(table([b"plain"])) == ""
    assert encodings.guessed(table(["Zürich".encode()])) == ""
    assert encodings.guessed(table(["Zürich".encode("cp1252")])) == "cp1252"
    names = [text.encode("cp1251") for text in ("Москва", "Санкт-Петербург", "Россия")]
    assert encodings.guessed(table(names)) == "cp1251"
    assert encodings.guessed(table([b"x"], "顧客番号".encode("cp932"))) == "cp932"


def test_the_library_is_imported_only_where_it_is_needed() -> None:
    """Start-up does not pay for it, nor do files of UTF-8."""
    code = (
        "import sys; from coverage_analyzer.files.readers import guessing; "
        "guessing.guess('é'.encode(), at_end=True); assert 'charset_normalizer' not in sys.modules"
    )
    assert python("-c", code).returncode == 0
