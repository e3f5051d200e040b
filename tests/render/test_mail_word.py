"""Mails as Outlook for Windows sees them, whose engine is Word's, conditional comments included.

Word reads widths of tables, cells and pictures from attributes, and padding on cells alone; it takes no
`max-width` but on tables; a line height in pixels or `em` cuts letters off unless `mso-line-height-rule`
stands with it; `!important` counts behind a space only (caniemail).
"""

import re
from functools import cache

import pytest

from tests.mail_html import Element, Page
from tests.render.test_mail_programs import for_word, mails

# Padding elsewhere than on cells: what stands in its place.
UNPADDED = {
    "sheet": "the padding of the cell around it, which only Word reads",
    "doors": "its margin",
    "paper": "the margins of titles and links in word.css",
    "line": "its margin in word.css",
    "note": "its margin; the ground ends with the text",
    "hit": "the ground ends with the word",
    "button": "a link on a coloured ground",
    "page": "",  # none: 0
}
OPEN, CLOSE = "<!--[if mso]>", "<![endif]-->"


@cache
def seen() -> tuple[Page, ...]:
    return tuple(Page(html.replace(OPEN, "").replace(CLOSE, "")) for html in mails())


def styles(element: Element) -> dict[str, str]:
    return dict(each.split(":", 1) for each in element.attributes.get("style", "").split(";") if each)


def test_conditional_comments_are_balanced_and_never_nested() -> None:
    for html in mails():
        marks = re.findall(r"<!--\[if [^\]]*\]>|<!\[endif\]-->|<!--|-->", html)
        assert marks == [OPEN, CLOSE] * (len(marks) // 2)
        assert len(for_word(html)) == 3  # styles, the table's beginning, its end


def test_with_what_only_word_reads_every_element_is_closed_in_its_order() -> None:
    for html, page in zip(mails(), seen(), strict=True):
        assert page._open == [], "an element stays open"
        others = Page(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
        assert len([e for e in page.elements if e.tag == "table"]) == 1 + len(
            [e for e in others.elements if e.tag == "table"]
        )


def test_word_gets_a_column_of_640_pixels_with_its_padding() -> None:
    for html, page in zip(mails(), seen(), strict=True):
        column = [e for e in page.elements if e.tag == "td" and e.attributes.get("width") == "640"]
        assert len(column) == 1
        sheet = next(e for e in page.elements if e.attributes.get("class") == "sheet")
        given, wanted = styles(column[0]), styles(sheet)
        assert given["padding"] == wanted["padding"]
        assert given["background-color"] == wanted["background"]
        assert html.index(OPEN, html.index("<body")) < html.index('class="sheet"') < html.rindex(OPEN)


def test_tables_say_in_attributes_how_wide_they_are_and_that_they_are_layout() -> None:
    for page in seen():
        for table in (each for each in page.elements if each.tag == "table"):
            assert re.fullmatch(r"640|100%", table.attributes["width"])
            assert table.attributes["role"] == "presentation"
            assert {table.attributes[name] for name in ("cellpadding", "cellspacing", "border")} == {"0"}


def test_pictures_say_their_size_in_attributes_and_their_width_in_css() -> None:
    pictures = [each for page in seen() for each in page.elements if each.tag == "img"]
    assert pictures
    for each in pictures:
        assert int(each.attributes["height"]) > 0
        assert styles(each)["width"] == f"{each.attributes['width']}px"
        assert "height" not in styles(each)  # Yahoo makes `min-height` of it


def test_only_cells_are_padded_or_something_stands_in_its_place() -> None:
    for page in seen():
        for each in page.elements:
            padding = styles(each).get("padding", "0")
            assert each.tag == "td" or padding == "0" or each.attributes["class"] in UNPADDED


def test_no_line_height_can_cut_letters_off() -> None:
    for html in mails():
        assert "line-height" not in html, "use the shorthand `font` with a number"
        for size, height in re.findall(r"font:[a-z ]*([\d.]+px)(?:/([^ ;\"]+))? ", html):
            assert re.fullmatch(r"1\.\d+", height), f"{size}/{height}"


def test_margins_are_never_negative_and_borders_thin() -> None:
    for page in seen():
        for each in page.elements:
            for name, value in styles(each).items():
                assert not (name.startswith("margin") and "-" in value)
                if name in ("border", "border-bottom"):
                    assert re.match(r"1px solid #", value)


def test_importance_is_said_behind_a_space_where_word_reads() -> None:
    for html in mails()[:3]:
        style = for_word(html)[0]
        assert "!important" in style
        assert not re.search(r"[^ ]!important", style)


@pytest.mark.parametrize("family", ["Arial", "sans-serif"])
def test_word_gets_a_font_that_it_has(family: str) -> None:
    assert all(family in for_word(html)[0] for html in mails())
