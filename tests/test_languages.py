"""One catalogue of texts for readers: found in code and templates, filled, English where it lacks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import languages
from digest.languages import Catalogue, dates, extract, fill, gettext, ngettext, speaking

DAY = date(2026, 3, 17)


def test_texts_are_english_where_nobody_said_otherwise() -> None:
    assert languages.current() == "en"
    assert gettext("Papers by {name}", name="Ada") == "Papers by Ada"
    assert [ngettext("{number} paper", "{number} papers", n) for n in (0, 1, 2)] == [
        "0 papers",
        "1 paper",
        "2 papers",
    ]


def test_a_text_that_a_catalogue_lacks_is_english() -> None:
    with speaking("de"):
        assert gettext("no catalogue has this") == "no catalogue has this"
        assert ngettext("{number} such", "{number} suches", 2) == "2 suches"


def test_an_unknown_language_is_english_and_ends_with_its_block() -> None:
    with speaking("de"):
        with speaking("xx"):
            assert languages.current() == "en"
        assert languages.current() == "de"
    assert languages.current() == "en"


def test_a_catalogue_of_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no language 'xx'"):
        languages.catalogue("xx")


def test_plurals_follow_the_rule_of_their_language() -> None:
    polish = Catalogue("pl", {("", "{number} paper"): ("praca", "prace", "prac")}, lambda n: min(n - 1, 2))
    assert [polish.counted("{number} paper", "", n) for n in (1, 2, 5)] == ["praca", "prace", "prac"]


@given(st.text(), st.text())
def test_a_value_is_never_read_as_a_place(name: str, other: str) -> None:
    assert fill("{name} and {other}", {"name": name, "other": other}) == f"{name} and {other}"


def test_a_place_reaches_into_no_object() -> None:
    """An operator's template gives texts: `str.format` would let it out of the sandbox."""
    assert fill("{name.__class__}", {"name": "x"}) == "{name.__class__}"


def test_days_are_written_in_the_language_of_the_reader() -> None:
    assert dates.long_day(DAY) == "Tuesday 17 March 2026"
    assert dates.day_name(DAY) == "Tuesday 17 March"
    assert [dates.short_date(DAY, year) for year in (2026, 2027)] == ["17 Mar", "17 Mar 2026"]


def test_numbers_are_written_in_the_language_of_the_reader() -> None:
    assert dates.number(12_345) == "12,345"
    with speaking("de"):
        assert dates.number(12_345) == "12.345"
    assert [dates.short_number(n) for n in (312, 1_234, 34_567, 1_234_567)] == ["312", "1.2k", "34k", "1.2M"]
    with speaking("zh"):
        assert dates.short_number(34_567) == "3.5万"


def test_texts_are_found_in_code_and_in_templates() -> None:
    found = extract.texts()
    assert found[extract.Text("Read on the web", "", "")] == {
        "templates/email/digest/body.html",
        "templates/email/digest/body.txt",
    }
    assert found[extract.Text("d MMMM y", "", "date")] == {"digest/languages/dates.py"}
