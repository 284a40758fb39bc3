"""Letters about many sites, the letterhead, and the names of files made of ids."""

import base64
import csv
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import AS_OF, centers_file, sites_file

from coverage_analyzer import batch
from coverage_analyzer.batch._letters import SeriesOptions, read_site_list, site_letters
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files.safe_names import NAME, SafeNames
from coverage_analyzer.settings.letterhead import MAX_LOGO_BYTES, read_letterhead

CENTERS = "center_id,name,lat,lon,country\nPHL,Philadelphia,39.95,-75.16,US\n"
HOSTILE = (
    "../../etc/passwd",
    "CON",
    "a/b\\c:d*e?f",
    "=cmd|' /C calc'!A0",
    "x" * 300,
    "日本 支店",
    "k-1",
    "K-1",
    "<script>alert(1)</script>",
    ".hidden",
    "-o",
    "trail. ",
    "\u202eright",
)


def rows(*ids: str) -> str:
    """Return sites with ids, all near the center."""
    quoted = ['"{}"'.format(site_id.replace('"', '""')) for site_id in ids]
    lines = [f"{site_id},Name,{40 + n / 1000},-75,US" for n, site_id in enumerate(quoted)]
    return "\n".join(["site_id,name,lat,lon,country", *lines, ""])


def index(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the index of a folder."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(folder: Path, text: str, **options: Any) -> dict[str, Any]:
    """Write letters about some sites into ``folder/out``."""
    sites, centers = sites_file(folder, text), centers_file(folder, CENTERS)
    chosen = SeriesOptions(**options)
    return site_letters(sites, centers, folder / "out", as_of=AS_OF, options=chosen)


def test_hostile_ids_get_safe_files_of_their_own(tmp_path: Path) -> None:
    """One file each, in the folder; the index has each id with its file, escaped for sheets."""
    result = written(tmp_path, rows(*HOSTILE))
    out = tmp_path / "out"
    listed = index(out)
    names = [row["file"] for row in listed]
    assert result["letters"] == len(set(map(str.casefold, names))) == len(HOSTILE)
    assert all(NAME.fullmatch(name) and len(name) < 90 for name in names)
    assert {p.name for p in out.iterdir()} == {*names, "index.csv", "rejects.csv", "letters.json"}
    outcome = [row["site_id"].removeprefix("'") for row in listed]
    assert outcome == [site_id.strip() for site_id in HOSTILE]
    text = (out / names[8]).read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert result["ledger"] == {"read": 13, "decided": 13, "rejected": 0, "blank": 0}


@given(st.lists(st.text(max_size=70), max_size=12))
def test_names_are_unique_and_plain(ids: list[str]) -> None:
    """Whatever the ids, also if they are equal or differ in case alone."""
    names = SafeNames(".html")
    result = [names.name(text) for text in ids]
    assert len({name.casefold() for name in result}) == len(ids)
    assert all(NAME.fullmatch(name) for name in result)


def test_a_letter_of_a_series_is_that_of_the_site(tmp_path: Path) -> None:
    """The same bytes as for one site."""
    written(tmp_path, rows("A", "B"))
    given_files = tmp_path / "sites.csv", "B", tmp_path / "network.csv"
    alone = batch.site_letter(*given_files, as_of=AS_OF)
    assert (tmp_path / "out" / "letter-B.html").read_text("utf-8") == alone


def test_rows_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    """They are counted, and written to rejects.csv; the others get their letters."""
    result = written(tmp_path, rows("A", "B").replace("40.001,-75", "no,-75"))
    assert result["ledger"] == {"read": 2, "decided": 1, "rejected": 1, "blank": 0}
    assert "coordinate_not_a_number" in (tmp_path / "out" / "rejects.csv").read_text("utf-8")
    assert [row["site_id"] for row in index(tmp_path / "out")] == ["A"]


def test_a_list_selects_and_a_missing_site_ends_it(tmp_path: Path) -> None:
    """All rows of a listed site get letters; nothing is written if one is missing."""
    sites = rows("A", "B", "A", "C")
    result = written(tmp_path, sites, only=["A", "C", "A"])
    names = [row["file"] for row in index(tmp_path / "out")]
    assert names == ["letter-A.html", "letter-A-2.html", "letter-C.html"]
    assert result["ledger"]["read"] == 3
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    with pytest.raises(InputError, match=r"no readable row for 2 sites of the list: 'X', 'Y'"):
        written(tmp_path, sites, only=["X", "B", "Y"])
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_a_second_call_replaces_its_own_files_only(tmp_path: Path) -> None:
    """Letters of sites that are gone go; a file of the user stays."""
    written(tmp_path, rows("A", "B"))
    (tmp_path / "out" / "letter-mine.html").write_text("mine", encoding="utf-8")
    written(tmp_path, rows("B", "C"))
    names = {p.name for p in (tmp_path / "out").glob("letter-*")}
    assert names == {"letter-B.html", "letter-C.html", "letter-mine.html"}
    with pytest.raises(PublishError, match=r"letter-mine\.html exists and was not written by"):
        written(tmp_path, rows("mine"))
    assert json.loads((tmp_path / "out" / "letters.json").read_text("utf-8"))["format"] == 1


def test_a_run_folder_and_foreign_files_are_spared(tmp_path: Path) -> None:
    """Neither a run nor an index of somebody else is replaced."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="is a run folder"):
        written(tmp_path, rows("A"))
    (tmp_path / "out" / "run.json").unlink()
    (tmp_path / "out" / "index.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"index\.csv exists and was not written by this"):
        written(tmp_path, rows("A"))


def test_pdfs_are_made_by_what_is_given(tmp_path: Path) -> None:
    """Each gets the page; what fails leaves no folder behind."""
    written(tmp_path, rows("A"), printer=lambda page: b"%PDF " + page[:15].encode())
    assert (tmp_path / "out" / "letter-A.pdf").read_bytes() == b"%PDF <!DOCTYPE html>"

    def broken(_page: str) -> bytes:
        msg = "no browser"
        raise PublishError(msg)

    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(PublishError, match="no browser"):
        written(other, rows("A"), printer=broken)
    assert not (other / "out").exists()


def test_a_list_is_an_id_per_line(tmp_path: Path) -> None:
    """With or without a header, quotes and a byte order mark."""
    path = tmp_path / "l.txt"
    path.write_bytes('\ufeffSite ID\r\n"A"\r\n\r\n B \r\n'.encode())
    assert read_site_list(path) == ["A", "B"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_site_list(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match="is empty"):
        read_site_list(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_site_list(tmp_path / "none.txt")


def called(*arguments: str | Path) -> None:
    """Call the program with arguments as typed."""
    program.main([str(a) for a in arguments], standalone_mode=False)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("-o x.html", "Choose the sites: --site ID for one letter"),
        ("--site A --all -o x", "Choose the sites"),
        ("--site A --format pdf -o x.pdf", "--format is for --sites-file and --all"),
        ("--all -o x.pdf", "Several letters need a folder, but 'x.pdf' looks like a file"),
        ("--site A -o x.docx", "The letter is written as .html or .pdf"),
        ("--site A -o x.pdf --browser nowhere", "nowhere"),
        ("--all --format pdf -o x --browser nowhere", "nowhere"),
        ("--site A --letterhead nowhere.toml -o x.html", "nowhere.toml cannot be read"),
        ("--site A --letterhead h.toml -o h.toml", "is an input file"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    typed: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above all: no HTML under the name of a PDF."""
    monkeypatch.chdir(tmp_path)
    sites_file(tmp_path, rows("A"))
    centers_file(tmp_path, CENTERS)
    (tmp_path / "h.toml").write_text("", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CoverageError, match=re.escape(message)):
        called("letter", "sites.csv", "--centers", "network.csv", "--as-of", AS_OF, *typed.split())
    assert sorted(tmp_path.iterdir()) == before


def png(width: int, height: int) -> bytes:
    """Return a PNG file of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * (width + 1) * min(height, 10))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080002000301011100ffd9")

LOGOS = {
    "svg": (
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        "an SVG, which may contain",
    ),
    "html as png": (b"<html>", "neither; a logo is a PNG or JPEG"),
    "bomb": (png(40_000, 40_000), "40,000 x 40,000 pixels"),
    "no size": (JPEG[:20], "of unknown size"),
    "large": (b"\x89PNG" + bytes(MAX_LOGO_BYTES), "is larger than 524,288 bytes"),
    "empty": (b"", "neither"),
}


@pytest.mark.parametrize(("data", "message"), LOGOS.values(), ids=LOGOS)
def test_a_logo_is_checked_by_its_content(data: bytes, message: str, tmp_path: Path) -> None:
    """Whatever its extension says."""
    (tmp_path / "logo.png").write_bytes(data)
    path = tmp_path / "h.toml"
    path.write_text('[sender]\nname = "A"\nlogo = "logo.png"\n', encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read_letterhead(path)
    assert "line 3, sender.logo" in str(error.value)


@pytest.mark.parametrize(("data", "kind"), [(png(30, 8), "png"), (JPEG, "jpeg")])
def test_a_logo_is_embedded(data: bytes, kind: str, tmp_path: Path) -> None:
    """As it is; the letter may then load data, and only data."""
    (tmp_path / "logo.bin").write_bytes(data)
    path = tmp_path / "h.toml"
    path.write_text('[sender]\nname = "A & <B>"\nlogo = "logo.bin"\n', encoding="utf-8")
    result = batch.site_letter(
        sites_file(tmp_path, rows("A")),
        "A",
        centers_file(tmp_path, CENTERS),
        as_of=AS_OF,
        options=batch.LetterOptions(letterhead=path),
    )
    assert f"data:image/{kind};base64,{base64.b64encode(data).decode()}" in result
    assert 'alt="A &amp; &lt;B&gt;"' in result
    assert "img-src data:" in result


def test_all_problems_of_a_letterhead_are_one_error(tmp_path: Path) -> None:
    """Each with its key and line."""
    path = tmp_path / "h.toml"
    path.write_text(
        '[sender]\nname = ""\nlogo = "https://example.com/a.png"\nadress = ["x"]\n'
        '[letter]\nvalid_until = "31.12.2026"\nissued_on = 2026-12-01T10:00:00\nvalid_days = 0\n'
        f'note = "{"n" * 301}"\n[contact]\nphone = 5\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError) as error:
        read_letterhead(path)
    text = str(error.value)
    for line in (
        "line 2, sender.name: the text is empty.",
        "line 3, sender.logo: 'https://example.com/a.png' is an address. Logos are not fetched",
        "line 4, sender.adress: unknown key. Did you mean 'address'?",
        "line 6, letter.valid_until: '31.12.2026' is not a date. Write it like 2026-12-01.",
        "line 7, letter.issued_on: ",
        "line 8, letter.valid_days: ",
        "line 9, letter.note: ",
        "line 10, contact.name: ",
        "line 11, contact.phone: expected text in quotes, found 5.",
    ):
        assert line in text


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("valid_until = 2026-12-31\nvalid_days = 3", "set either valid_until or valid_days"),
        ("issued_on = 2026-12-01\nvalid_until = 2026-11-30", "is before the date of issue"),
        ("issued_on = 2026-12-02", "use --as-of 2026-12-02"),
        ("valid_until = 2026-11-30", "which is before 2026-12-01, the day of the assessment"),
    ],
)
def test_dates_that_contradict_are_refused(keys: str, message: str, tmp_path: Path) -> None:
    """Within the letterhead, and with the day of the assessment."""
    path = tmp_path / "h.toml"
    path.write_text(f"[letter]\n{keys}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        written(tmp_path, rows("A"), letterhead=path)


def test_a_letterhead_in_a_letter(tmp_path: Path) -> None:
    """Sender, addressee, reference with the id, dates and own words, all as text."""
    path = tmp_path / "h.toml"
    path.write_text(
        '[sender]\nname = "S & Co"\naddress = ["Street 1", "1000 Town"]\nphone = "+1 555"\n'
        '[contact]\nname = "C"\nrole = "R"\nemail = "c@example.com"\n'
        '[letter]\nreference = "Q/{site_id}/{x}"\nissued_on = 2026-11-30\nvalid_days = 31\n'
        'greeting = "Dear <b>"\nintroduction = "$level I"\nnote = "N"\nclosing = "Bye"\n',
        encoding="utf-8",
    )
    written(tmp_path, rows("A<1>"), letterhead=path)
    (file,) = (tmp_path / "out").glob("letter-*.html")
    text = file.read_text("utf-8")
    for part in (
        "<b><bdi>S &amp; Co</bdi></b><br><bdi>Street 1</bdi>, <bdi>1000 Town</bdi><br>",
        "<dt>Reference</dt><dd><bdi>Q/A&lt;1&gt;/{x}</bdi></dd>",
        "<dt>Date</dt><dd><bdi>30 November 2026</bdi></dd>",
        "<dt>Valid until</dt><dd><bdi>31 December 2026</bdi></dd>",
        "<dt>Contact</dt><dd><bdi>C, R</bdi><br><bdi>c@example.com</bdi></dd>",
        "<address><bdi>Name</bdi><br><bdi>United States</bdi></address>",
        "Dear &lt;b&gt;",
        "$level I",
        '<p class="note">N</p>',
    ):
        assert part in text, part
    assert index(tmp_path / "out")[0]["valid_until"] == "2026-12-31"
