"""Columns are recognised by name or not at all; numbers are read by one grammar or not at all."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pytest

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.column_matching import Headers, check_repeated, match_columns
from coverage_analyzer.schema.columns import CENTERS, SITES, Column


def match(
    headers: Sequence[str], table: Sequence[Column], overrides: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return where columns are, by names alone."""
    return match_columns(Headers(headers, table, overrides or {}))


def text(*cells: str | None) -> pa.Array:
    """Return cells as a CSV file gives them."""
    return pa.array(cells, pa.string())


@pytest.mark.parametrize("table", [SITES, CENTERS], ids=["sites", "centers"])
def test_every_synonym_is_recognised(table: tuple[Column, ...]) -> None:
    """Each synonym of each column finds that column, alone beside the required ones."""
    for column in table:
        for synonym in (column.name, *column.synonyms):
            others = [c.name for c in table if c.required and c is not column]
            assert match([*others, synonym], table)[column.name] == len(others)


@pytest.mark.parametrize("table", [SITES, CENTERS], ids=["sites", "centers"])
def test_no_synonym_stands_for_two_columns(table: tuple[Column, ...]) -> None:
    """A header that fits two columns of one table would be a coin tossed for the user."""
    names = [columns.header_key(n) for c in table for n in (c.name, *c.synonyms)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "header", ["Country Code", " country-code ", "COUNTRY_CODE", "countrycode"]
)
def test_headers_are_folded(header: str) -> None:
    """Case, blanks, underscores and hyphens do not tell headers apart."""
    assert match([header, "lat", "lon"], SITES)["country"] == 0


def test_unknown_headers_are_no_columns() -> None:
    """Columns that no table knows are carried along, not guessed at."""
    result = match(["latitude", "longitude", "latency", "longing"], SITES)
    assert result == {"latitude": 0, "longitude": 1}


def test_two_candidates_are_an_error_that_tells_the_way_out() -> None:
    """Both ``lat`` and ``site_lat`` could be the latitude: never pick one in silence."""
    with pytest.raises(InputError) as caught:
        match(["lat", "site_lat", "lon"], SITES)
    message = str(caught.value)
    assert "'lat' and 'site_lat'" in message
    assert "--column latitude=lat" in message
    assert "columns={" in message


def test_spellings_of_one_header_are_ambiguous() -> None:
    """``Lat`` and ``LAT`` are two headers that fold to one."""
    with pytest.raises(InputError, match="'Lat' and 'LAT'"):
        match(["Lat", "LAT", "lon"], SITES)


def test_an_override_ends_the_doubt() -> None:
    """The header that the user names is taken, also against a canonical one."""
    assert match(["lat", "y", "lon"], SITES, {"latitude": "y"})["latitude"] == 1
    result = match(["latitude", "Breite", "lon"], SITES, {"latitude": "Breite"})
    assert result["latitude"] == 1


def test_a_header_twice_is_an_error_where_the_reader_cannot_number_it() -> None:
    """A report could not tell two columns of one name apart."""
    for headers in (["lat", "lat", "lon"], ["lat", "lon", "note", "note"]):
        with pytest.raises(InputError, match="appears twice"):
            check_repeated(headers)


def test_empty_headers_may_repeat() -> None:
    """Spreadsheets write columns without a header at the right edge."""
    assert match(["lat", "lon", "", ""], SITES) == {"latitude": 0, "longitude": 1}


def test_an_override_of_no_column_is_an_error() -> None:
    """A typing error in ``--column`` must not pass for nothing."""
    with pytest.raises(InputError, match=r"Unknown column name 'latitud'.*latitude"):
        match(["lat", "lon"], SITES, {"latitud": "lat"})


def test_an_override_with_no_such_header_is_an_error() -> None:
    """The header is looked for as the file has it; the message lists what there is."""
    with pytest.raises(InputError, match=r"Column 'Lat' not found.*'lat', 'lon'"):
        match(["lat", "lon"], SITES, {"latitude": "Lat"})


def test_a_missing_column_names_what_is_there_and_the_nearest() -> None:
    """The planner sees the header line and the likely typing error."""
    with pytest.raises(InputError) as caught:
        match(["id", "lat", "longitute"], SITES)
    message = str(caught.value)
    assert "'longitude'" in message
    assert "'id', 'lat', 'longitute'" in message
    assert "--column longitude=longitute" in message


def test_a_missing_column_of_a_wide_file_lists_twenty() -> None:
    """Five thousand headers do not fill the screen."""
    headers = [f"c{n}" for n in range(5000)]
    with pytest.raises(InputError, match="and 4980 more"):
        match(headers, SITES)


def test_centers_need_an_id() -> None:
    """A center without an id could not be named in a verdict; a site has its line."""
    with pytest.raises(InputError, match="'center_id'"):
        match(["lat", "lon"], CENTERS)
    assert "site_id" not in match(["lat", "lon"], SITES)


def test_nulls_become_empty_texts() -> None:
    """A null and an empty cell say the same: nothing."""
    assert columns.as_text(pa.array(["NA", None, "US"])).to_pylist() == ["NA", "", "US"]
    assert columns.as_text(pa.array([840, None])).to_pylist() == ["840", ""]
